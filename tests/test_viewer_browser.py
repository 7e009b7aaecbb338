"""The reading room in a real browser: hostile texts do nothing, pictures load, it works without scripts."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image
from playwright.async_api import Browser, FilePayload, Page

from archive_builder import SAMPLES, Look, Sample, build_archive, day, instagram, make_artifacts
from commands import through
from embedarchive.core.model import Claim, Description
from embedarchive.library import post_record
from embedarchive.replica import Replica
from embedarchive.show.card import render_card
from embedarchive.store import open_reader
from embedarchive.store.reading import read_blob
from hostile import BUNDLES
from in_process import run
from reading_room import serve_room
from waiting import BOUND_S

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
KEY = SAMPLES[0].post.key
PAGES = ("archive", "lost", "desk", "outlets", "article/1", "article/2", "embed/5", "capture/1")
SEARCHES = ("find?q=window", "find?q=fjord", "find?q=%3Cscript%3Ewindow.pwned=1%3C/script%3E", "find")


def sample_saying(number: int, text: str) -> Sample:
    """A post whose every field is that text."""
    said = Description(
        kind=text, author_name=text, author_handle=text, author_url=text, collaborators=(text,), title=text, text=text,
        text_html=text, alt_text=text, lang=text, location=text, audio=text, quoted_url=text, sources={text: text},
    )  # fmt: skip
    post = instagram(3_842_007_115_046_129_731 + (number << 30))
    looks = (
        Look(day("03-03"), says=said, missing=(text,)),
        Look(day("03-04"), says=replace(said, text=text + " edited")),
    )
    claim = Claim(text, text, text, text, text)
    return Sample(post, said, (*looks, Look(day("03-05"), "gone", text)), ("quay:1",), (text,), "avatar:x", claim)


def build_saying(path: Path, texts: tuple[str, ...]) -> Path:
    return build_archive(path, tuple(sample_saying(n, text) for n, text in enumerate(texts)))


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serve_room(build_archive(tmp_path_factory.mktemp("plain") / "embeds.db")) as origin:
        yield origin


async def until(page: Page, condition: str) -> None:
    """Wait for a condition of the page; its own policy forbids what `wait_for_function` does."""
    async with asyncio.timeout(BOUND_S):
        while not await page.evaluate(condition):
            await page.wait_for_timeout(25)


async def watch(page: Page, origin: str) -> list[str]:
    """What a page must never do, as it does it."""
    alarms: list[str] = []
    page.on("dialog", lambda dialog: alarms.append(f"dialog {dialog.message}"))
    page.on("request", lambda r: None if r.url.startswith((origin, "data:", "file:")) else alarms.append(r.url))
    page.on("pageerror", lambda error: alarms.append(str(error)))
    return alarms


# Where texts differ, so do the links, line breaks and marks inside them; all else must be equal.
OUTLINE = "[...document.querySelectorAll(':not(br, a, mark, del, ins)')].map(e => e.tagName).join(' ')"
FOREIGN = "plaintext, object, embed, base, marquee, template, math, applet, x, [onerror], [onload], [onfocus], [srcdoc]"


async def test_hostile_texts_stay_texts_on_every_page(browser: Browser, tmp_path: Path) -> None:
    hostile = build_saying(tmp_path / "hostile" / "embeds.db", BUNDLES)
    plain = build_saying(
        tmp_path / "plain" / "embeds.db", tuple(f"window {n} plain words" for n in range(len(BUNDLES)))
    )
    posts = [f"post/{sample_saying(n, '').post.key}" for n in range(len(BUNDLES))]
    with serve_room(hostile) as bad, serve_room(plain) as good:
        page = await browser.new_page()
        alarms = await watch(page, bad)
        outlines = {}
        for where in (*PAGES, *SEARCHES, "snapshot/1", *posts):
            await page.goto(f"{bad}/embeds/-/{where}")
            assert await page.evaluate("window.pwned") is None, where
            assert await page.locator(FOREIGN).count() == 0, where
            outlines[where] = await page.evaluate(OUTLINE)
        assert alarms == []
        for where in (*PAGES, *posts[::3]):
            await page.goto(f"{good}/embeds/-/{where}")
            assert await page.evaluate(OUTLINE) == outlines[where], where


async def test_hostile_cards_make_no_request_and_run_nothing(browser: Browser, tmp_path: Path) -> None:
    path = build_saying(tmp_path / "embeds.db", BUNDLES)
    conn = open_reader(path)
    page = await browser.new_page()
    alarms = await watch(page, "file:")
    for number in range(len(BUNDLES)):
        record = post_record(conn, sample_saying(number, "").post.key)
        assert record is not None
        card = tmp_path / "card.html"
        card.write_text(render_card(record, lambda sha256: read_blob(conn, sha256)), "utf-8")
        await page.goto(card.as_uri())
        assert await page.evaluate("window.pwned") is None, BUNDLES[number]
        assert (
            await page.evaluate("document.querySelectorAll('script, iframe, object, embed, form, base, link').length")
            == 0
        )
        await page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
        await until(page, "[...document.images].every(i => i.complete && i.naturalWidth > 0)")
    assert alarms == []
    conn.close()


@pytest.mark.parametrize("width", [1280, 360])
async def test_pages_fit_load_and_name_everything(browser: Browser, room: str, width: int) -> None:
    page = await browser.new_page(viewport={"width": width, "height": 900})
    alarms = await watch(page, room)
    for where in (*PAGES, *SEARCHES, f"post/{KEY}", *(f"post/{sample.post.key}" for sample in SAMPLES[1:])):
        await page.goto(f"{room}/embeds/-/{where}")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), where
        await page.evaluate("document.querySelectorAll('[loading=lazy]').forEach(i => i.loading = 'eager')")
        await until(page, "[...document.images].every(i => i.complete)")
        assert await page.evaluate("[...document.images].every(i => i.naturalWidth > 0 && i.hasAttribute('alt'))"), (
            where
        )
        assert await page.evaluate("document.querySelectorAll('h1').length") == 1, where
        assert await page.evaluate("[...document.querySelectorAll('button')].every(b => b.textContent || b.ariaLabel)")
    assert alarms == []


async def test_a_journalist_pastes_a_link_and_reads_the_post(browser: Browser, room: str) -> None:
    page = await browser.new_page()
    await page.goto(f"{room}/-/embedarchive")
    await until(page, "document.activeElement.matches('input')")  # the box has the focus without a click
    await page.keyboard.type(f"instagram.com/reel/{SAMPLES[0].post.native_id}?igsh=abc")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/-/post/**")
    assert await page.inner_text("h1") == "Marit Solheim"
    assert "Gone by 9 Mar 2026" in await page.inner_text(".verdict")
    assert "People waiting on a quay" in (await page.get_attribute(".slides img", "alt") or "")
    await page.click("[aria-label='Next slide']")
    await until(page, "document.querySelector('.slides').scrollLeft > 100")
    await page.click("text=What the council deleted")
    assert await page.inner_text(".numbered .row:nth-child(2) h2 a") == "Marit Solheim"


async def test_a_live_article_is_healed_where_posts_are_lost_and_only_there(
    browser: Browser, room: str, tmp_path: Path
) -> None:
    lost, alive = SAMPLES[0].post.url, SAMPLES[1].post.url
    quote = '<blockquote class="instagram-media" data-instgrm-permalink="{}"><a href="{}">A post</a></blockquote>'
    plain = "<blockquote id=own>A quotation of our own</blockquote>"
    script = f'<script src="{room}/-/embedarchive/heal.js" defer></script>'
    article = tmp_path / "article.html"
    article.write_text(quote.format(lost, lost) + plain + quote.format(alive, alive) + script, "utf-8")
    page = await browser.new_page()
    await page.goto(article.as_uri())
    card = page.frame_locator("iframe").locator("article.post")
    assert "Three mornings at the mouth" in await card.inner_text()
    assert await page.locator("blockquote").count() == 2
    assert await page.locator("#own").is_visible()


async def test_everything_can_be_read_without_scripts(browser: Browser, room: str) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{room}/embeds/-/archive")
    await page.fill("#q-large", "ferry")
    await page.press("#q-large", "Enter")
    await page.click("text=Marit Solheim")
    assert "three mornings" in (await page.inner_text("main")).lower()
    assert await page.locator(".slides li").count() == 3


LIKE = replace(SAMPLES[1], post=instagram(3_849_000_000_000_000_000), scenes=("neon:5~",))
"""Shows nearly the picture that another post shows."""

GIVE = """([bytes, how]) => {
  const given = new DataTransfer();
  given.items.add(new File([new Uint8Array(bytes)], "shot.webp", {type: "image/webp"}));
  const place = document.querySelector("main");
  const about = {bubbles: true, cancelable: true};
  if (how === "paste") return place.dispatchEvent(new ClipboardEvent("paste", {...about, clipboardData: given}));
  place.dispatchEvent(new DragEvent("dragover", {...about, dataTransfer: given}));
  const told = getComputedStyle(document.body, "::after").content;
  place.dispatchEvent(new DragEvent("drop", {...about, dataTransfer: given}));
  return told;
}"""


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A room in which two posts show nearly the same picture."""
    with serve_room(build_archive(tmp_path_factory.mktemp("twins") / "embeds.db", (*SAMPLES, LIKE))) as origin:
        yield f"{origin}/embeds/-"


def make_shot(sample: Sample) -> bytes:
    """The post's picture as it comes back from elsewhere: smaller, in another format, compressed anew."""
    out = io.BytesIO()
    with Image.open(io.BytesIO(make_artifacts(sample)[0].body)) as drawn:
        drawn.resize((300, 375)).save(out, "WEBP", quality=60)
    return out.getvalue()


@pytest.mark.parametrize(
    ("how", "sample", "other"),
    [("choose", SAMPLES[1], LIKE), ("drop", LIKE, SAMPLES[1]), ("paste", SAMPLES[1], LIKE)],
    ids=["choose", "drop", "paste"],
)
async def test_a_picture_finds_its_post_first_and_what_is_like_it_next(
    browser: Browser, twins: str, how: str, sample: Sample, other: Sample
) -> None:
    shot = make_shot(sample)
    page = await browser.new_page()
    alarms = await watch(page, twins.removesuffix("/embeds/-"))
    if how == "choose":
        await page.goto(f"{twins}/archive")
        file: FilePayload = {"name": "shot.webp", "mimeType": "image/webp", "buffer": shot}
        await page.get_by_label("screenshot of a post").set_input_files(file)
    else:
        await page.goto(f"{twins}/post/{KEY}")  # anywhere: this page has no place to choose a file
        told = await page.evaluate(GIVE, [list(shot), how])
        assert how == "paste" or "Drop the picture" in told
    await page.wait_for_url("**/find")
    rows = page.locator("ul.rows > li")
    assert [await row.locator("h2 a").get_attribute("href") for row in await rows.all()] == [
        f"/embeds/-/post/{each.post.key}" for each in (sample, other)
    ]
    assert "the same picture" in await rows.first.inner_text()  # or nearly
    assert await page.input_value("#q") == ""
    assert alarms == []


@pytest.mark.parametrize("what", [b"no picture at all", b""])
async def test_what_is_dropped_and_is_no_picture_is_answered(browser: Browser, room: str, what: bytes) -> None:
    page = await browser.new_page()
    await page.goto(f"{room}/embeds/-/archive")
    await page.evaluate(GIVE, [list(what), "drop"])
    await page.wait_for_url("**/find")
    assert await page.inner_text("h1") in ("Nothing was looked for", "Look up")
    assert await page.get_by_label("screenshot of a post").is_visible()  # another can be given at once


async def test_pasted_words_stay_words(browser: Browser, room: str) -> None:
    page = await browser.new_page()
    await page.goto(f"{room}/embeds/-/archive")
    kept = await page.evaluate(
        """() => { const given = new DataTransfer(); given.setData("text/plain", "ferry");
        const paste = new ClipboardEvent("paste", {bubbles: true, cancelable: true, clipboardData: given});
        return document.querySelector("#q-large").dispatchEvent(paste); }"""
    )
    assert kept  # the browser goes on and puts them into the box
    assert page.url.endswith("/archive")


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_screenshot_is_looked_up(browser: Browser, room: str, tmp_path: Path, scripts: bool) -> None:
    picture = tmp_path / "shot.webp"
    picture.write_bytes(make_shot(SAMPLES[1]))
    page = await browser.new_page(java_script_enabled=scripts)
    await page.goto(f"{room}/embeds/-/archive")
    await page.get_by_label("screenshot of a post").set_input_files(picture)
    if not scripts:
        await page.get_by_role("button", name="Find it").click()
    first = page.locator("ul.rows > li").first
    assert SAMPLES[1].says
    assert SAMPLES[1].says.author_name in await first.inner_text()
    assert "same picture" in await first.inner_text()


PLAY = """async () => {
    const film = document.querySelector('video'), track = film.textTracks[0];
    track.mode = 'showing';
    film.muted = true;
    await film.play();
    await new Promise((shown) => { if (track.activeCues?.length) shown(); else track.oncuechange = shown; });
    return [track.language, track.activeCues[0].text];
}"""


async def test_a_captured_film_plays_with_its_subtitles_wherever_it_is_shown(browser: Browser, tmp_path: Path) -> None:
    path, site, card = (tmp_path / name for name in ("embeds.db", "site", "card.html"))
    with Replica() as replica:
        fact = replica.post("vm-hands")
        assert run("capture", fact.url, "--archive", path, "--tabs", "1", *through(replica)).code == 0
    assert run("export", "--site", site, "--archive", path).code == 0
    conn, key = open_reader(path), f"vimeo:{fact.key}"
    record = post_record(conn, key)
    assert record is not None
    card.write_text(render_card(record, lambda sha256: read_blob(conn, sha256)), "utf-8")
    (page_of_site,) = (site / "posts").glob("*.html")
    with serve_room(path) as room:
        page = await browser.new_page()
        for where in (f"{room}/embeds/-/post/{key}", card.as_uri(), page_of_site.as_uri()):
            await page.goto(where)
            async with asyncio.timeout(BOUND_S):
                assert await page.evaluate(PLAY) == ["en", fact.caption], where
