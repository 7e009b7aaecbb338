"""Lost embeds become their cards, all else stays byte for byte, and the way back is exact."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from playwright.async_api import async_playwright
from pytest_httpserver import HTTPServer

from archive_builder import SAMPLES, build_archive
from embedarchive.browser import find_browser
from embedarchive.detect.spans import find_spans
from embedarchive.library import post_record
from embedarchive.show.card import render_inline
from embedarchive.show.heal import find_holes, heal, is_lost, undo
from embedarchive.store import open_reader
from embedarchive.store.reading import read_blob
from in_process import run

LOST, ALIVE, NEVER_SEEN, WALLED = (SAMPLES[n].post for n in (0, 1, 5, 6))
QUOTE = (
    '<blockquote class="instagram-media" data-instgrm-permalink="{url}?utm_source=ig_embed" data-instgrm-version="14">'
    '<div><a href="{url}">View this post on Instagram</a><p>A post shared by '
    "M\N{LATIN SMALL LETTER A WITH RING ABOVE}rit</p></div></blockquote>"
)
SCRIPT = '<script async src="//www.instagram.com/embed.js"></script>'
FORMS = {
    "blockquote": QUOTE.format(url=LOST.url),
    "iframe": f'<iframe src="{LOST.url}embed/captioned/" width=400 height=500></iframe>',
}
CARD = {LOST.key: "<p>the card \N{DOVE OF PEACE}</p>"}


def article(*parts: str) -> str:
    head = "<!doctype html><html><head><meta charset=utf-8><title>x</title></head>"
    return head + "<body><article>" + "\n".join(parts) + "</article></body></html>"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
@pytest.mark.parametrize("form", FORMS)
def test_a_lost_embed_is_replaced_and_nothing_else(form: str, encoding: str) -> None:
    alive = QUOTE.format(url=ALIVE.url)
    before, after = "<p>Café\r\n &amp; more<br/>", f"<P CLASS=x>odd markup <b>kept</P>{alive}{SCRIPT}"
    html = article(before, FORMS[form], after).replace("utf-8", encoding).encode(encoding)
    healed, holes = heal(html, CARD, f"text/html; charset={encoding}")
    form_bytes = FORMS[form].encode(encoding)
    start = html.index(form_bytes)
    end = start + len(form_bytes)
    assert [(hole.key, hole.start, hole.end) for hole in holes] == [(LOST.key, start, end)]
    assert healed.startswith(html[:start])
    assert healed.endswith(html[end:])
    assert b"the card &#128330;" in healed
    assert LOST.native_id.encode() not in healed.replace(LOST.key.encode(), b"")
    assert undo(healed) == html
    assert heal(healed, CARD)[0] == healed


def test_the_same_post_twice_is_replaced_twice() -> None:
    html = article(FORMS["blockquote"], "<p>between</p>", FORMS["iframe"]).encode()
    healed, holes = heal(html, CARD)
    assert len(holes) == healed.count(b"the card") >= 1
    assert b"<p>between</p>" in healed
    assert undo(healed) == html


def test_an_article_without_losses_is_given_back_as_it_is() -> None:
    html = article(QUOTE.format(url=ALIVE.url)).encode()
    assert heal(html, CARD) == (html, ())


def test_what_only_a_script_carries_is_named_and_left() -> None:
    escaped = FORMS["iframe"].replace('"', '\\"').replace("/", "\\/")
    state = f'<script type="application/json">{{"embed": "{escaped}"}}</script>'
    html = article("<p>x</p>", state).encode()
    healed, holes = heal(html, CARD)
    assert [(hole.key, hole.start) for hole in holes] == [(LOST.key, None)]
    assert healed == html


@settings(deadline=None)
@given(st.binary(max_size=300), st.binary(max_size=300))
@example(b"", b"<![\x00")
def test_any_bytes_around_it_survive(before: bytes, after: bytes) -> None:
    html = before + FORMS["iframe"].encode() + after
    healed, _ = heal(html, CARD)
    assert undo(healed) == html


@settings(deadline=None)
@given(st.text(alphabet="<>/ab c=\"'!-\n", max_size=200))
def test_spans_are_inside_the_text(text: str) -> None:
    html = text.encode()
    assert all(0 <= start < end <= len(html) for start, end in find_spans(html))


@pytest.mark.browser
async def test_a_healed_article_shows_the_post_in_its_own_style(tmp_path: Path) -> None:
    conn = open_reader(build_archive(tmp_path / "embeds.db"))
    records = [post_record(conn, sample.post.key) for sample in SAMPLES]
    cards = {r.post.key: render_inline(r, lambda h: read_blob(conn, h)) for r in records if r and is_lost(r)}
    assert set(cards) == {LOST.key, SAMPLES[3].post.key}
    page_style = "<style>html { direction: rtl } p { color: rgb(1, 2, 3) } .post { display: none }</style>"
    healed, _ = heal(article(page_style, "<p id=own>text</p>", FORMS["blockquote"]).encode(), cards)
    (tmp_path / "healed.html").write_bytes(healed)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser(None, os.environ).path, args=["--no-sandbox"]
        )
        page = await browser.new_page()
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        await page.goto((tmp_path / "healed.html").as_uri())
        post = page.locator("article.post")
        assert await post.is_visible()
        assert "Three mornings at the mouth" in await post.inner_text()
        assert await post.evaluate("(post) => getComputedStyle(post).direction") == "ltr", (
            "its dates read as they are written"
        )
        assert await page.evaluate("getComputedStyle(document.querySelector('#own')).color") == "rgb(1, 2, 3)"
        assert not [url for url in requests if not url.startswith(("file:", "data:"))]
        await browser.close()
    conn.close()


def test_a_link_to_a_lost_post_is_no_hole() -> None:
    html = article(f'<p>She wrote <a href="{LOST.url}">a post</a> about it.</p>').encode()
    assert heal(html, CARD) == (html, ())


# ---------------------------------------------------------------------------------------------------- the command line

HEALABLE = article(QUOTE.format(url=LOST.url), QUOTE.format(url=ALIVE.url), QUOTE.format(url=WALLED.url)).encode()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("healing") / "embeds.db")


def test_the_command_heals_a_saved_page_and_gives_it_back(archive: Path, tmp_path: Path) -> None:
    page, healed, again = (tmp_path / f"{name}.html" for name in ("page", "healed", "again"))
    page.write_bytes(HEALABLE)
    done = run("heal", page, "-a", archive, "-o", healed)
    assert done.code == 0, done.err
    assert "1 of 3 embeds replaced" in done.err
    made = healed.read_bytes()
    assert made.startswith(HEALABLE[: HEALABLE.index(b"<blockquote")])
    assert made.endswith(HEALABLE[HEALABLE.index(QUOTE.format(url=ALIVE.url).encode()) :])
    assert run("heal", healed, "--undo", "-o", again).code == 0
    assert again.read_bytes() == HEALABLE
    assert run("heal", page, "-a", archive, "-o", healed).code == 2
    assert healed.read_bytes() == made


def test_a_dry_run_says_what_it_would_do_and_writes_nothing(archive: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(HEALABLE)
    done = run("heal", page, "-a", archive, "--dry-run", "-o", tmp_path / "out.html")
    assert (done.code, done.out) == (0, "")
    assert sorted(tmp_path.iterdir()) == [page]
    lines = done.err.splitlines()
    assert "would be replaced" in lines[0]
    assert LOST.key in lines[0]
    assert [line.split()[1] for line in lines[1:3]] == ["left", "left"]


def test_a_lost_post_that_was_never_kept_stays_a_hole_and_is_told(archive: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(article(QUOTE.format(url=NEVER_SEEN.url)).encode())
    done = run("heal", page, "-a", archive, "--json", "-o", tmp_path / "out.html")
    assert done.code == 3
    (told,) = json.loads(done.err)
    assert (told["key"], told["lost"], told["replaced"]) == (NEVER_SEEN.key, True, False)
    assert (tmp_path / "out.html").read_bytes() == page.read_bytes()


def test_an_address_is_fetched_and_healed(archive: Path, tmp_path: Path, httpserver: HTTPServer) -> None:
    httpserver.expect_request("/story").respond_with_data(HEALABLE, content_type="text/html; charset=utf-8")
    out, options = tmp_path / "out.html", ["-a", str(archive), "--delay=0", "--ignore-robots"]
    options.append(f"--resolve=news.example:80:127.0.0.1:{httpserver.port}")
    done = run("heal", "http://news.example/story", "-o", out, *options, XDG_STATE_HOME=str(tmp_path))
    assert done.code == 0, done.err
    assert undo(out.read_bytes()) == HEALABLE
    gone = run("heal", "http://news.example/none", *options, XDG_STATE_HOME=str(tmp_path))
    assert (gone.code, gone.out) == (2, "")
    assert "Nothing was written" in gone.err


def test_only_what_is_gone_and_kept_is_healed() -> None:
    assert find_holes(article(FORMS["blockquote"]).encode(), frozenset()) == ()
