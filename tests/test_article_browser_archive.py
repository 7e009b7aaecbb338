"""Which articles a run opens in a browser, and what it keeps of that: the archive alone decides."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from embedarchive.core.model import Post, Rendering, Verdict
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.store import Archive, archive_path
from embedarchive.store.reading import read_placed
from test_archive import ARTICLE, LATER, NOW, POST, crawl, due, fetched, found, visited

EVEN_LATER = "2026-03-03T10:00:00.000Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return archive_path(tmp_path / "archive")


def rendered_run(archive: Archive, now: str = NOW, **options: bool) -> int:
    return archive.start_crawl("crawl", now, "0", options)


def test_what_is_to_be_rendered_is_searched_once_in_both_texts(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id = rendered_run(archive, render=True)
        article_id = archive.keep_seed(crawl_id, ARTICLE, "argument", NOW)
        fetch_id = archive.keep_fetch(article_id, crawl_id, fetched())
        assert [r["id"] for r in due(archive, "fetches_to_render")] == [fetch_id]
        assert not due(archive, "fetches_to_search")
        archive.keep_rendering(fetch_id or 0, Rendering(ARTICLE, ARTICLE, NOW, 200, dom="<p>drawn</p>"))
        assert not due(archive, "fetches_to_render")
        assert [r["dom_sha256"] is not None for r in due(archive, "fetches_to_search")] == [True]


def test_a_failed_rendering_is_tried_again_by_the_next_run_that_renders(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id = rendered_run(archive, render=True)
        article_id = archive.keep_seed(crawl_id, ARTICLE, "argument", NOW)
        fetch_id = archive.keep_fetch(article_id, crawl_id, fetched()) or 0
        archive.keep_rendering(fetch_id, Rendering(ARTICLE, ARTICLE, LATER, reason="timeout"))
        for now, asked, expected in ((NOW, True, 0), (LATER, False, 0), ("2027-01-01T00:00:00.000Z", True, 1)):
            crawl_id = rendered_run(archive, now, render=asked)
            archive.keep_seed(crawl_id, ARTICLE, "argument", now, fresh_since=NOW)
            assert len(due(archive, "fetches_to_render")) == expected, now


def test_saved_pages_and_other_files_are_not_rendered(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id = rendered_run(archive, render=True)
        article_id = archive.keep_seed(crawl_id, ARTICLE, "argument", NOW)
        archive.keep_fetch(article_id, crawl_id, fetched(source="story.html"))
        archive.keep_fetch(article_id, crawl_id, replace(fetched(b"plain"), content_type="text/plain"))
        assert not due(archive, "fetches_to_render")


VIMEO_LIKE = replace(BY_NAME["vimeo"], visit=None)
FILM = Post("vimeo", "76979871", "https://vimeo.com/76979871")
REFUSED = Verdict("unavailable", "embed_refused", embedding="refused")


@pytest.mark.parametrize(
    ("in_article", "post", "visit", "expected"),
    [
        (False, POST, None, False),
        (True, POST, None, True),
        (False, POST, Verdict("available"), False),
        (False, POST, Verdict("unavailable", "private"), False),
        (False, POST, REFUSED, True),
        (False, POST, Verdict("available", embedding="refused"), True),
        (False, FILM, None, True),
    ],
)
def test_posts_are_photographed_in_place_when_asked_or_when_nothing_else_shows_them(
    path: Path, in_article: bool, post: Post, visit: Verdict | None, expected: bool
) -> None:
    platforms = [VIMEO_LIKE if p.name == "vimeo" else p for p in PLATFORMS]
    with Archive(path, platforms=platforms) as archive:
        crawl_id = rendered_run(archive, in_article=in_article)
        article_id = archive.keep_seed(crawl_id, ARTICLE, "argument", NOW)
        fetch_id = archive.keep_fetch(article_id, crawl_id, fetched()) or 0
        archive.keep_found(fetch_id, found(post), 1, NOW, crawl_id)
        if visit:
            archive.keep_capture(replace(visited(), verdict=visit), crawl_id)
        assert bool(due(archive, "articles_to_open")) == expected
        if not expected:
            return
        assert [p.key for p in read_placed(archive.conn, crawl_id, fetch_id)] == [post.key]
        archive.keep_capture_in_place(replace(visited(at=LATER), post=post), crawl_id, fetch_id)
        archive.keep_opened(fetch_id, crawl_id, [post], Rendering(ARTICLE, ARTICLE, NOW, 200, screenshot=b"jpeg"))
        assert not due(archive, "articles_to_open")
        crawl_id = rendered_run(archive, in_article=in_article)
        archive.keep_seed(crawl_id, ARTICLE, "argument", LATER, fresh_since=NOW)
        assert not due(archive, "articles_to_open"), "a second run does nothing twice"


def test_refused_posts_of_one_article_wait_for_each_other(path: Path) -> None:
    other = Post("instagram", "DUm6L771dVM", "https://www.instagram.com/p/DUm6L771dVM/")
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id = rendered_run(archive)
        article_id = archive.keep_seed(crawl_id, ARTICLE, "argument", NOW)
        archive.keep_found(
            archive.keep_fetch(article_id, crawl_id, fetched()) or 0, found(POST, other), 1, NOW, crawl_id
        )
        for post, waiting in ((POST, True), (other, False)):
            capture = replace(visited(), post=post, verdict=REFUSED)
            archive.keep_capture(capture, crawl_id)
            assert bool(due(archive, "articles_to_open")) != waiting


def test_a_picture_in_place_says_nothing_of_a_posts_end_and_is_never_preferred(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, POST)
        own = archive.keep_capture(replace(visited(), missing=("poster: http_404",)), crawl_id)
        archive.keep_capture_in_place(replace(visited(at=LATER), started_at=LATER), crawl_id, 1)
        unseen = replace(visited(at=EVEN_LATER), verdict=Verdict("unavailable", "fallback"))
        archive.keep_capture_in_place(unseen, crawl_id, 1)
        status = archive.conn.execute("SELECT status, best_capture_id, visits FROM post_status").fetchone()
        assert tuple(status) == ("available", own, 3)
        assert archive.conn.execute("SELECT count(*) FROM checks").fetchone()[0] == 2
