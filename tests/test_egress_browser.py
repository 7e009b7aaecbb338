"""A hostile page in a real Chromium behind the door: nothing it tries reaches an address on loopback, by TCP or UDP."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from embedarchive.browser import find_browser
from embedarchive.browser.cdp import ProtocolError
from embedarchive.browser.launch import launch
from embedarchive.browser.tab import sign_in
from embedarchive.browser.target import Target
from embedarchive.egress import Door, DoorPolicy, parse_resolve
from loopback import Authority, Origin, page
from waiting import BOUND_S, until

pytestmark = pytest.mark.browser

# Every way a page has of reaching out, aimed at CANARY; an address behind /to/ is reached by a redirect.
HOSTILE = (Path(__file__).parent / "pages/hostile.html").read_text()


class Canary(asyncio.DatagramProtocol):
    """A TCP and UDP listener on one loopback port that must never hear anything."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.heard.append("udp")

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard.append("tcp")
        writer.close()

    async def __aenter__(self) -> Canary:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        address = ("127.0.0.1", self.port)
        self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=address)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        self._udp.close()


def hostile_site(canary: Canary, host: str, scheme: str) -> Origin:
    """An origin whose one page tries everything against the canary, and whose /to/ paths redirect there."""
    at = f"{host}:{canary.port}"
    target = f"{scheme}://{at}"
    sockets = target.replace("http", "ws", 1)
    html = HOSTILE.replace("WSCANARY", sockets).replace("CANARY", target).replace("HOSTPORT", at).encode()

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        path = head.split()[1].decode()
        if path.startswith("/to/"):
            writer.write(page(b"", f"Location: {path.removeprefix('/to/')}", status="307 Away"))
        elif path == "/sw.js":
            script = f"fetch('{target}/sw', {{mode: 'no-cors'}}); fetch('/to/{target}/sw-redirected')"
            writer.write(page(script.encode(), "Content-Type: text/javascript"))
        else:
            writer.write(page(html, "Content-Type: text/html"))

    return Origin(answer)


@asynccontextmanager
async def chromium(door: Door | None, ca_file: Path | None = None) -> AsyncIterator[Target]:
    """A page of a browser started as captures start it, but with service workers and downloads allowed."""
    chrome = await launch(find_browser(None, os.environ), door.server if door else None, ca_file)
    try:
        tab = await chrome.targets.open([], door.server if door else None)
        if door:
            await sign_in(tab, door)
        yield tab
    finally:
        await chrome.stop()


async def visit(tab: Target, url: str, tried: Callable[[], bool]) -> None:
    """Open the page, wait until it has tried enough, and give what is slower a second more to come through."""
    with contextlib.suppress(ProtocolError):
        await asyncio.wait_for(tab.navigate(url), BOUND_S)
    await until(tried, "the page tried little")
    await asyncio.sleep(1)


@pytest.mark.parametrize(("scheme", "host"), [("http", "127.0.0.1"), ("http", "rebound.test"), ("https", "127.0.0.1")])
async def test_a_hostile_page_reaches_nothing(scheme: str, host: str, tmp_path: Path) -> None:
    async def resolver(name: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    authority = Authority(tmp_path)
    async with Canary() as canary:
        site = hostile_site(canary, host, scheme)
        site.tls = authority.context("evil.test") if scheme == "https" else None
        async with site:
            port = 443 if scheme == "https" else 80
            rule = parse_resolve(f"evil.test:{port}:127.0.0.1:{site.port}")
            policy = DoorPolicy(resolve=(rule,), ports=frozenset({80, 443, canary.port}))
            async with Door(policy, resolver=resolver) as door, chromium(door, authority.file) as tab:

                def refused() -> list[str]:
                    return [r.reason for r in door.refusals if r.port == canary.port]

                await visit(tab, f"{scheme}://evil.test/", lambda: len(refused()) >= 5)
                assert set(refused()) == {"refused_loopback"}
    assert canary.heard == []


async def test_without_the_door_the_same_page_reaches_a_lot() -> None:
    async with Canary() as canary, hostile_site(canary, "127.0.0.1", "http") as site, chromium(None) as tab:
        await visit(tab, f"http://127.0.0.1:{site.port}/", lambda: canary.heard.count("tcp") >= 10)
