"""An article opened in a browser, exported, and shown by two players of others' making: its style, its picture, its posts.

The article frames its posts under addresses that no visit has: a script's with parameters of its own, a host of the
platform's that sets no cookies.
"""

from __future__ import annotations

import asyncio
import io
import os
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from PIL import Image
from playwright.async_api import Frame, Page, async_playwright
from selectolax.lexbor import LexborHTMLParser

from capturing import Camera, open_camera, post_of
from embedarchive.api.commands import import_files
from embedarchive.browser import find_browser
from embedarchive.browser.page_files import LONGEST, LONGEST_IN_ALL, MOST, choose_page_files
from embedarchive.core import clock
from embedarchive.core.model import Exchange, Fetch
from embedarchive.egress import Door, DoorPolicy, parse_resolve
from embedarchive.export import export_wacz
from embedarchive.export.drawn import draw_page, find_frames
from embedarchive.platforms import PLATFORMS
from embedarchive.replica import Replica
from embedarchive.replica.world import Saved
from embedarchive.store import Archive, open_reader
from player import make_site, no_names, replay, serve
from tools import find_python_tools
from waiting import BOUND_S, wait_until

ARTICLE = "https://news.example/2026/fog"
STYLE, PICTURE = "https://static.news.example/site.css", "https://img.news.example/fog-800.png?fit=800,600"
PURPLE = "rgb(102, 51, 153)"
PAGE = """<!doctype html><html><head><title>Fog over the fjord</title>
<link rel="stylesheet" href="//static.news.example/site.css"></head><body>
<h1>Fog over the fjord</h1>
<picture><source srcset="https://img.news.example/fog-400.png?fit=400,300 400w, {picture} 800w" sizes="800px">
<img src="https://img.news.example/small.png" alt="Fog"></picture>
<blockquote class="instagram-media" data-instgrm-permalink="{post}"><a href="{post}">A post</a></blockquote>
<iframe width="560" height="315" src="https://www.youtube-nocookie.com/embed/{film}?rel=0&amp;start=7"></iframe>
<p id="late"></p>
<script>
  document.querySelector("#late").textContent = "said by a script";
  const frame = document.createElement("iframe");
  frame.src = "{post}embed/captioned/?cr=1&v=14&wp=540&rd=https%3A%2F%2Fnews.example";
  frame.width = 540, frame.height = 900;
  document.querySelector("blockquote").replaceWith(frame);
</script></body></html>"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wacz(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The article, rendered, and its two posts, exported."""
    folder = tmp_path_factory.mktemp("drawn")
    with Replica() as replica, Archive(folder / "embeds.db", platforms=PLATFORMS) as archive:
        async with open_camera(replica) as camera:
            await keep_article(camera, archive)
    with closing(open_reader(folder / "embeds.db")) as conn:
        kept = [row[0] for row in conn.execute("SELECT url FROM page_files ORDER BY position")]
        assert kept == [STYLE, PICTURE], "none of the frames' files"
        export_wacz(conn, folder / "posts.wacz", clock.now())
    return folder / "posts.wacz"


async def keep_article(camera: Camera, archive: Archive) -> None:
    replica, crawl = camera.replica, archive.start_crawl("crawl", clock.now(), "0", {})
    photo, film = replica.post("fjord"), replica.post("yt-start")
    html = PAGE.format(post=post_of(photo).url, film=film.key, picture=PICTURE).encode()
    replica.serve(ARTICLE, Saved(body=html))
    replica.serve(STYLE, Saved(headers=(("Content-Type", "text/css"),), body=f"h1 {{ color: {PURPLE} }}".encode()))
    replica.serve(PICTURE, Saved(headers=(("Content-Type", "image/png"),), body=draw_png()))
    fetch = Fetch(ARTICLE, ARTICLE, clock.now(), "ok", 200, content_type="text/html", body=html)
    fetch_id = archive.keep_fetch(archive.keep_seed(crawl, ARTICLE, "seed", clock.now()), crawl, fetch)
    assert fetch_id
    rendering = await camera.browser.read_article(ARTICLE)
    assert rendering.reason is None
    archive.keep_rendering(fetch_id, rendering)
    for name in ("fjord", "yt-start"):
        capture = await camera.take(name)
        assert capture.verdict.outcome == "available"
        archive.keep_capture(capture, crawl)


def draw_png() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (80, 60), (200, 210, 220)).save(file, "PNG")
    return file.getvalue()


async def assert_shown(page: Frame) -> None:
    """The article in a player: style, picture, what a script said, and both posts in their places."""
    heading, picture = page.locator("h1"), page.locator("img")
    await heading.wait_for()
    assert await heading.evaluate("node => getComputedStyle(node).color") == PURPLE
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") == 80
    assert await page.locator("#late").inner_text() == "said by a script"
    assert await page.locator("iframe").count() == 2
    photo = page.frame_locator("iframe").nth(0).locator("img.EmbeddedMediaImage")
    await photo.wait_for()
    assert await photo.evaluate("image => image.decode().then(() => image.naturalWidth)") >= 540
    film = page.frame_locator("iframe").nth(1)
    await film.get_by_text("River Marathon").first.wait_for(state="attached")


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_an_archive_takes_all_of_it_back(wacz: Path, tmp_path: Path) -> None:
    """And nothing of what was made for players: neither their page of the article nor what leads its frames."""
    told = "SELECT f.url, rendered_at, p.position, p.url, p.kind, p.status, p.headers, p.fetched_at, p.sha256 " \
           "FROM fetches f JOIN page_files p ON p.fetch_id = f.id ORDER BY f.id, p.position"  # fmt: skip
    counted = "SELECT (SELECT count(*) FROM fetches), (SELECT count(*) FROM captures), (SELECT count(*) FROM articles)"
    await asyncio.to_thread(import_files, wacz, archive=tmp_path)
    with (
        closing(open_reader(wacz.with_name("embeds.db"))) as ours,
        closing(open_reader(tmp_path / "embeds.db")) as theirs,
    ):
        assert [tuple(row) for row in theirs.execute(told)] == [tuple(row) for row in ours.execute(told)]
        assert tuple(theirs.execute(counted).fetchone()) == tuple(ours.execute(counted).fetchone())


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_a_player_in_the_browser_shows_the_article_as_it_was(
    wacz: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serve(make_site(wacz, tmp_path_factory.mktemp("site"))) as site:
        async with replay(site, ARTICLE) as (page, frame):
            await assert_shown(frame)
            await page.screenshot(path=str(wacz.with_name("article.png")))


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_a_player_on_a_server_shows_the_article_as_it_was(
    wacz: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serve_pywb(wacz, tmp_path_factory.mktemp("pywb")) as port:
        async with open_page(port, f"/posts/{ARTICLE}") as page:
            await page.locator("#replay_iframe").wait_for()
            await assert_shown(next(frame for frame in page.frames if f"mp_/{ARTICLE}" in frame.url))
            await page.screenshot(path=str(wacz.with_name("pywb.png")))


@contextmanager
def serve_pywb(wacz: Path, folder: Path) -> Iterator[int]:
    """pywb as published, with our WACZ as its collection; give its port."""
    tools = find_python_tools("pywb")
    for command in (("init", "posts"), ("add", "posts", str(wacz), "--unpack-wacz")):
        subprocess.run([tools / "wb-manager", *command], cwd=folder, check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [tools / "wayback", "--bind", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: answers(port), "pywb does not answer")
        yield port
    finally:
        process.terminate()
        process.wait(timeout=BOUND_S)


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=BOUND_S).status_code == 200
    except httpx.ConnectError:
        return False


@asynccontextmanager
async def open_page(port: int, path: str) -> AsyncIterator[Page]:
    """A page of a server on loopback; nothing else can be reached, or was asked for."""
    policy = DoorPolicy(resolve=(parse_resolve(f"127.0.0.1:{port}:127.0.0.1:{port}"),))
    async with Door(policy, resolver=no_names) as door, async_playwright() as playwright:
        choice = find_browser(None, os.environ)
        browser = await playwright.chromium.launch(executable_path=choice.path, proxy=door.proxy)
        page = await browser.new_page(viewport={"width": 1000, "height": 1600})
        page.set_default_timeout(BOUND_S * 1000)
        await page.goto(f"http://127.0.0.1:{port}{path}")
        yield page
        await browser.close()
        assert not door.refusals


# ------------------------------------------------------------------------------------------------------------ pure parts


def test_a_picture_keeps_the_one_address_that_was_drawn() -> None:
    html = """<picture><source srcset="/a-400.png 400w, /a,b.png?x=1,2 800w"><img src="/s.png" srcset="/t.png 2x"></picture>"""
    shown = draw_page(LexborHTMLParser(html), ARTICLE, {"https://news.example/a,b.png?x=1,2"})
    assert '<picture><img src="/a,b.png?x=1,2"></picture>' in shown
    assert "srcset" in draw_page(LexborHTMLParser(html), ARTICLE, ()), "of what nobody kept nothing is said"


def test_nothing_runs_again_and_what_scripts_made_stays() -> None:
    html = """<script>document.write(1)</script><noscript>none</noscript><p>made</p><link rel="preload" href="/x">"""
    shown = draw_page(LexborHTMLParser(html), ARTICLE, ())
    assert "<p>made</p>" in shown
    assert not any(word in shown for word in ("script", "preload"))


def test_frames_are_named_absolutely_and_others_are_none() -> None:
    html = """<iframe src="//a.example/x#t"></iframe><iframe src="about:blank"></iframe><iframe srcdoc="x"></iframe>
    <iframe src=" /y?a=1&amp;b "></iframe><iframe src="https://[broken"></iframe>"""
    assert list(find_frames(LexborHTMLParser(html), ARTICLE)) == ["https://a.example/x", "https://news.example/y?a=1&b"]


def answer(url: str, body: bytes = b"x", kind: str = "image", **more: Any) -> Exchange:
    return Exchange(url, status=200, body=body, resource_type=kind, started_at="", **more)


def test_only_whole_files_that_draw_the_page_are_kept_and_no_more_than_enough() -> None:
    kept = [answer("https://a.example/1"), answer("https://a.example/2", kind="font")]
    left_out = [
        kept[0],
        answer("https://a.example/3", kind="script"),
        answer("https://a.example/4", truncated="too_large"),
        answer("https://a.example/5", body=b""),
        answer("https://a.example/6", body=bytes(LONGEST + 1)),
    ]
    assert list(choose_page_files([*kept, *left_out])) == kept
    many = [answer(f"https://a.example/{n}") for n in range(MOST + 5)]
    assert len(list(choose_page_files(many))) == MOST
    large = [answer(f"https://a.example/{n}", body=bytes(LONGEST)) for n in range(9)]
    assert sum(len(each.body or b"") for each in choose_page_files(large)) <= LONGEST_IN_ALL
