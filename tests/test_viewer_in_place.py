"""Posts as their articles showed them: the picture of each stands on its article's page and on its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from playwright.async_api import Browser

from archive_builder import ARTICLES, NOW, SAMPLES, SENSITIVE, build_archive
from embedarchive.export.site import export_site
from embedarchive.library import article_record, post_record
from embedarchive.store import open_reader
from reading_room import serve_room

pytestmark = pytest.mark.browser

SHIPS, STATEMENT, UNSEEN = SAMPLES[0].post.key, SAMPLES[3].post.key, SAMPLES[7].post.key
SAMPLE_POSTS = (*SAMPLES[:4], SENSITIVE, *SAMPLES[5:])
PLACED = (
    (0, 0, "available", None), (1, 0, "available", None), (1, 3, "unavailable", "fallback"),
    (3, 4, "available", None), (1, 0, "unavailable", "unconfirmed"), (2, 7, "unavailable", "frame_refused"),
)  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db", SAMPLE_POSTS, PLACED)


@pytest.fixture(scope="module")
def room(path: Path) -> Iterator[str]:
    with serve_room(path) as origin:
        yield f"{origin}/embeds/-"


def test_each_article_has_its_newest_picture_of_a_post(path: Path) -> None:
    with closing(open_reader(path)) as conn:
        article, ships = article_record(conn, 2), post_record(conn, SHIPS)
    assert article is not None
    assert ships is not None
    seen = {placed.post.key: placed.seen.reason for placed in article.embeds if placed.post and placed.seen}
    assert seen == {STATEMENT: "fallback", SHIPS: "unconfirmed"}
    assert [(c.article_id, c.reason) for c in ships.in_place] == [(2, "unconfirmed"), (1, None)]
    assert ships.best
    assert ships.best.article_id is None  # a visit of its own shows more


@pytest.mark.asyncio(loop_scope="module")
async def test_the_article_shows_each_post_as_it_stood_there(browser: Browser, room: str) -> None:
    page = await browser.new_page(java_script_enabled=False)
    await page.goto(f"{room}/article/2")
    folds = page.locator("details.seen")
    assert await folds.count() == 2
    await folds.first.locator("summary").click()
    assert "readers saw the publisher's own markup" in await folds.first.inner_text()
    assert await folds.first.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 540
    await page.goto(f"{room}/article/4")
    await page.locator("details.seen summary").click()
    assert await page.locator("details.seen .blur").get_by_text("Show it").is_visible()
    await page.goto(f"{room}/article/1")
    assert await page.locator("details.seen p").count() == 0  # what was seen was the post: nothing to explain


@pytest.mark.asyncio(loop_scope="module")
async def test_the_post_shows_itself_in_its_articles(browser: Browser, room: str) -> None:
    page = await browser.new_page(java_script_enabled=False)
    await page.goto(f"{room}/post/{SHIPS}")
    places = page.locator(".places li")
    assert await places.locator("a[dir=auto]").all_inner_texts() == [ARTICLES[1][1], ARTICLES[0][1]]
    assert "does not prove that it is gone" in await places.first.inner_text()
    await places.first.locator("a[dir=auto]").click()
    assert await page.inner_text("h1") == ARTICLES[1][1]
    await page.goto(f"{room}/post/{UNSEEN}")  # which nobody has visited by itself
    assert "did not let itself be framed there" in await page.locator(".places").inner_text()
    await page.click("text=visit 26")
    await page.click("text=an article that embeds it")
    assert await page.inner_text("h1") == ARTICLES[2][1]


def test_a_site_shows_them_too(path: Path, tmp_path: Path) -> None:
    export_site(path, tmp_path / "site", NOW)
    text = (tmp_path / "site" / "articles" / "2.html").read_text("utf-8")
    shots = re.findall(r'<img src="\.\./(media/[^"]+)" alt="The embed as the article showed it"', text)
    assert len(shots) == 2
    assert all((tmp_path / "site" / shot).is_file() for shot in shots)
