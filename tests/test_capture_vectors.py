"""A hostile page in a post's place: every way out of a browser, and every spelling of an address that is ours."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest
import pytest_asyncio

from capturing import PATIENT, Camera, open_camera, open_playwright, post_of
from embedarchive.platforms import instagram
from embedarchive.replica import Replica, Saved
from waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PAGE = (Path(__file__).parent / "pages/hostile.html").read_text()

# Ways out that the shared page does not try, one path each.
MORE = (Path(__file__).parent / "pages/hostile_more.html").read_text()


class Canary(asyncio.DatagramProtocol):
    """Listens on every address of this machine, TCP and UDP, and notes what arrives: nothing must."""

    def __init__(self) -> None:
        self.connections = 0
        self.tcp: list[str] = []
        self.udp = 0

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.udp += 1

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.suppress(OSError, ValueError):
            words = (await reader.readline()).decode("latin-1").split(" ")
            self.tcp += words[1:2]
        writer.close()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "0.0.0.0", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._servers = [self._server]
        with contextlib.suppress(OSError):  # a machine without IPv6
            self._servers.append(await asyncio.start_server(self._accept, "::1", self.port))
        address = ("0.0.0.0", self.port)
        self._udp, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, local_addr=address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.close()
        self._udp.close()


def hostile(canary: Canary) -> str:
    host = f"127.0.0.1:{canary.port}"
    page = PAGE.replace("</body>", MORE + "</body>")
    return page.replace("WSCANARY", f"ws://{host}").replace("CANARY", f"http://{host}").replace("HOSTPORT", host)


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(replica: Replica) -> AsyncIterator[Camera]:
    """A door that lets every port through, so that only its rules about addresses stand between page and canary."""
    ports, limits = (
        frozenset(range(1, 65536)),
        replace(PATIENT, rest_s=4.0, idle_s=4.0),
    )  # what is refused never comes to rest
    async with open_camera(replica, ports=ports, limits=limits) as opened:
        yield opened


async def capture_page(camera: Camera, html: str, scheme: str) -> None:
    """Capture a post whose frame is this page; over http nothing counts as mixed content, so more is tried."""
    fact = camera.replica.post("aurora")
    visit = instagram.PLATFORM.visit
    assert visit
    url = visit.frame.url.replace("https", scheme)
    platform = replace(instagram.PLATFORM, visit=replace(visit, frame=replace(visit.frame, url=url)))
    camera.replica.serve(url.format(id=fact.key), Saved(body=html.encode()))
    await camera.browser.capture(post_of(fact), platform)


ENOUGH = "https://www.instagram.com/enough"
UNTIL_ENOUGH = """<script>(async () => {
  while ((await (await fetch("/enough", {cache: "no-store"})).text()) !== "enough")
    await new Promise((done) => setTimeout(done, 100));
  document.body.insertAdjacentHTML("beforeend", "<div class=Embed>A card, so that the visit can end</div>");
})()</script>"""


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_no_way_out_of_the_page_reaches_us(camera: Camera, scheme: str) -> None:
    async with Canary() as canary:

        def refused() -> list[str]:
            return [refusal.reason for refusal in camera.door.refusals if refusal.port == canary.port]

        camera.replica.serve(ENOUGH, Saved(body=b"not yet"))
        visiting = asyncio.create_task(capture_page(camera, hostile(canary) + UNTIL_ENOUGH, scheme))
        await until(lambda: len(refused()) >= 40, "the page was blocked before it could try")
        camera.replica.serve(ENOUGH, Saved(body=b"enough"))
        await visiting
        assert set(refused()) == {"refused_loopback"}
        assert (canary.connections, canary.udp) == (0, 0)


async def test_the_same_page_without_the_door_gets_out_in_many_ways() -> None:
    """Else the test above could not fail."""
    async with Canary() as canary, open_playwright() as browser:
        page = await browser.new_page()
        await page.set_content(hostile(canary), wait_until="commit")
        await until(lambda: len(ways_out(canary)) >= 56 and canary.udp, f"{len(ways_out(canary))} ways are tried")


def ways_out(canary: Canary) -> set[str]:
    return {path.partition("?")[0] for path in canary.tcp}


# ------------------------------------------------------------------------------------------------------------ spellings

HOSTS = (
    *("127.0.0.1", "localhost", "LOCALHOST", "localhost.", "127.1", "127.0.1", "0177.0.0.1", "0x7f.1", "0x7f000001"),
    *("2130706433", "017700000001", "0", "0.0.0.0", "127.0.0.1.", "127.127.127.127", "127.0.0.001", "0x7F.0x0.0x0.0x1"),
    *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]"),
    *(
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "127。0。0。1",
        "①②⑦.⓪.⓪.①",
        "ⓛocalhost",
        "loc%61lhost",
        "%31%32%37.0.0.1",
    ),
    *("127%2e0%2e0%2e1", "a@127.0.0.1", "www.instagram.com@127.0.0.1", "a:b@localhost", "127.0.0.1%09"),
    *("x.localhost", "localhost.localdomain"),
)
FORMS = ("http://{}:{}/", "HTTP://{}:{}/", "https://{}:{}/", "//{}:{}/", "http:/{}:{}/", "ws://{}:{}/")
KNOCK = """for (const url of URLS) { try {
  if (url.startsWith("ws")) new WebSocket(url);
  else { new Image().src = url; fetch(url, {mode: "no-cors"}).catch(() => 0) }
} catch (e) {} }"""


async def test_no_spelling_of_an_address_reaches_us(camera: Camera) -> None:
    async with Canary() as canary:
        urls = [form.format(host, canary.port) for host, form in itertools.product(HOSTS, FORMS)]
        assert len(urls) >= 200
        await capture_page(camera, f"<p>x<script>{KNOCK.replace('URLS', json.dumps(urls))}</script>", "http")
        assert len([r for r in camera.door.refusals if r.port == canary.port]) >= 100
        assert (canary.connections, canary.udp) == (0, 0)
