"""A player of others' making, replayweb.page as published: its files on loopback beside a WACZ, and a page shown in it."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

from playwright.async_api import Browser, Frame, Page, async_playwright
from playwright.async_api import TimeoutError as PlaywrightTimeout

from embedarchive.browser import find_browser
from embedarchive.egress import Door, DoorPolicy, parse_resolve
from tools import find_npm_package
from waiting import BOUND_S


class _Handler(SimpleHTTPRequestHandler):
    """Files of a folder, also by range (players read archives piece by piece), and nothing said on the terminal."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        wanted = self.headers.get("Range", "")
        if not wanted.startswith("bytes=") or not path.is_file():
            return super().do_GET()
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        size = path.stat().st_size
        start = int(first) if first else max(0, size - int(last))
        end = min(int(last), size - 1) if first and last else size - 1
        self.send_response(206)
        self.send_header("Content-Type", "application/wacz")
        self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
        self.send_header("Content-Length", str(end - start + 1))
        self.end_headers()
        with path.open("rb") as file:
            file.seek(start)
            self.wfile.write(file.read(end - start + 1))
        return None

    def end_headers(self) -> None:
        self.send_header("Accept-Ranges", "bytes")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


STARTS, START_S = 7, 10
"""How often the player is started, and how many seconds more each start is given than the one before."""

SHOW = """<!doctype html><script src="ui.js"></script>
<style>replay-web-page { display: block; width: 600px; height: 1200px }</style>
<script>
  const player = document.createElement("replay-web-page");
  const url = new URLSearchParams(location.search).get("url");
  const wanted = { embed: "replayonly", source: "posts.wacz", replayBase: "/replay/", url };
  for (const [name, value] of Object.entries(wanted))
    player.setAttribute(name, value);
  document.documentElement.append(player);
</script>"""


def make_site(wacz: Path, folder: Path) -> Path:
    """Fill a folder with the player and a WACZ; give it. Skips the test that asks where the player is not there."""
    package = find_npm_package("replaywebpage")
    (folder / "replay").mkdir()
    shutil.copy(package / "ui.js", folder)
    shutil.copy(package / "sw.js", folder / "replay")
    shutil.copy(wacz, folder / "posts.wacz")
    (folder / "show.html").write_text(SHOW)
    return folder


async def no_names(host: str, port: int) -> list[str]:
    raise OSError(f"{host} is not to be asked for")


async def start_player(browser: Browser, address: str) -> Page:
    """A page in which the player shows something. Its service worker now and then never takes its page over (one start in
    ten, here): then it is started again, in a fresh context."""
    for left in reversed(range(STARTS)):
        page = await browser.new_page(viewport={"width": 640, "height": 1240})
        page.set_default_timeout(BOUND_S * 1000)
        await page.goto(address)
        inner = page.frame_locator("replay-web-page iframe").frame_locator("iframe")
        try:
            await inner.locator("body").wait_for(timeout=START_S * (STARTS - left) * 1000)
            return page
        except PlaywrightTimeout:
            await page.close()
            if not left:
                raise
    raise AssertionError("a loop of at least one start returns or raises")


@asynccontextmanager
async def replay(site: str, url: str) -> AsyncIterator[tuple[Page, Frame]]:
    """Show one page of the WACZ in the player; nothing but the player's own site can be reached, or was asked for."""
    port = urlsplit(site).port
    policy = DoorPolicy(resolve=(parse_resolve(f"127.0.0.1:{port}:127.0.0.1:{port}"),))
    async with asyncio.timeout(2 * BOUND_S), Door(policy, resolver=no_names) as door, async_playwright() as playwright:
        choice = find_browser(None, os.environ)
        browser = await playwright.chromium.launch(executable_path=choice.path, proxy=door.proxy)
        page = await start_player(browser, f"{site}/show.html?{urlencode({'url': url})}")
        frame = next(f for f in page.frames if f"mp_/{url}" in f.url)
        await frame.wait_for_load_state("load")
        yield page, frame
        await browser.close()
        assert not door.refusals
