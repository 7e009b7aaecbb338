"""What is marked as sensitive: out of focus on every page, card, table and site until a reader asks, without a script."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from archive_builder import NOW, SAMPLES, SENSITIVE, Look, build_archive, day
from embedarchive.export.site import export_site
from embedarchive.library import capture_record, post_record
from embedarchive.store import open_reader
from reading_room import serve_room

pytestmark = pytest.mark.browser

KEY = SENSITIVE.post.key
# Its newest rules no longer say so: what was marked once stays so.
UNSURE = replace(SENSITIVE.says, sensitive=None) if SENSITIVE.says else None
MARKED = replace(SENSITIVE, looks=(Look(day("03-06")), Look(day("03-10"), says=UNSURE), *SENSITIVE.looks[1:]))

IN_FOCUS = """[...document.images].filter((image) => {
  for (let each = image; each; each = each.parentElement)
    if (getComputedStyle(each).filter.includes("blur")) return false;
  return true;
}).map((image) => image.src)"""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = (*SAMPLES[:4], MARKED, *SAMPLES[5:])  # the fifth stands in an article
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db", samples)


@pytest.fixture(scope="module")
def hidden(path: Path) -> set[str]:
    """The hashes of what nobody should see unasked: the post's pictures, and one of the article around it."""
    with closing(open_reader(path)) as conn:
        record = post_record(conn, KEY)
        assert record is not None
        posts = {kept.sha256 for c in record.captures for role in ("media", "screenshot") for kept in c.kept(role)}  # type: ignore[arg-type]
        article = conn.execute("SELECT screenshot_sha256 FROM fetches WHERE article_id = 4").fetchone()[0]
    assert len(posts) == 3
    return posts | {article}


@pytest.fixture(scope="module")
def room(path: Path) -> Iterator[str]:
    with serve_room(path) as origin:
        yield f"{origin}/embeds"


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser) -> Page:
    return await browser.new_page(java_script_enabled=False)


async def find_in_focus(page: Page) -> set[str]:
    """What the pictures in focus are called: their hash, or the beginning of their bytes."""
    return {re.sub(r".*/|\.\w+$", "", source) for source in await page.evaluate(IN_FOCUS)}


async def count_of(page: Page, hidden: set[str]) -> int:
    sources = await page.evaluate("[...document.images].map((image) => image.src)")
    return sum(any(sha256 in source for sha256 in hidden) for source in sources)


@pytest.mark.parametrize(
    ("where", "pictures"),
    [("-/archive", 1), ("-/lost", 1), ("-/find?q=flood", 1), ("-/article/4", 2), (f"-/post/{KEY}", 3),
     ("-/capture/15", 1), ("artifacts?_size=100", 6), ("preserved_posts", 1), ("lost_posts", 1)],
)  # fmt: skip
@pytest.mark.asyncio(loop_scope="module")
async def test_no_page_shows_it_unasked(room: str, page: Page, hidden: set[str], where: str, pictures: int) -> None:
    await page.goto(f"{room}/{where}")
    assert await count_of(page, hidden) == pictures
    seen = await find_in_focus(page)
    assert not seen & hidden
    assert seen or pictures < 4  # others are in focus


@pytest.mark.asyncio(loop_scope="module")
async def test_it_is_shown_to_whoever_asks_and_hidden_again(room: str, page: Page, hidden: set[str]) -> None:
    await page.goto(f"{room}/-/post/{KEY}")
    slides = page.locator(".post > .blur")
    assert await slides.get_by_text("Marked as sensitive").is_visible()
    assert not await slides.get_by_text("Hide it again").is_visible()
    await slides.click()  # anywhere on it
    assert len(await find_in_focus(page) & hidden) == 2
    await slides.get_by_text("Hide it again").click()
    assert not await find_in_focus(page) & hidden
    await page.get_by_role("checkbox").first.focus()
    await page.keyboard.press("Space")
    assert len(await find_in_focus(page) & hidden) == 2
    await page.get_by_text("As a reader saw it").click()
    assert len(await find_in_focus(page) & hidden) == 2
    await page.locator(".post-shot .blur-ask").click()
    assert len(await find_in_focus(page) & hidden) == 3


@pytest.mark.asyncio(loop_scope="module")
async def test_the_card_and_the_site_keep_it_so(
    room: str, page: Page, path: Path, hidden: set[str], tmp_path: Path
) -> None:
    await page.goto(f"{room}/-/card/{KEY}")
    await page.get_by_text("As a reader saw it").click()
    assert await page.locator("img").count() == 4
    assert len(await page.evaluate(IN_FOCUS)) == 1  # the author's face
    await page.get_by_text("Show it").first.click()
    assert len(await page.evaluate(IN_FOCUS)) == 3
    export_site(path, tmp_path / "site", NOW)
    shown = 0
    for place in sorted((tmp_path / "site").rglob("*.html")):
        await page.goto(place.as_uri())
        assert not await find_in_focus(page) & hidden, place
        shown += await count_of(page, hidden)
    assert shown >= 5


def test_a_mark_once_seen_stays(path: Path) -> None:
    with closing(open_reader(path)) as conn:
        record = post_record(conn, KEY)
        assert record is not None
        assert record.best is not None
        assert record.best.description is not None
        assert record.best.description.sensitive is None
        assert record.best.sensitive
        other = capture_record(conn, 1)
        assert other is not None
        assert not other.sensitive
