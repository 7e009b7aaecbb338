"""What came into an archive otherwise than by a run -> what is derived of it: embeds, descriptions, conclusions. Sends nothing.

A run's passes do the same beside all else; here nothing is fetched, visited or opened in a browser.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from embedarchive.core import clock
from embedarchive.core.errors import EmbedArchiveError
from embedarchive.core.model import Described, Found, Page, Post
from embedarchive.detect import FINDER_RULES
from embedarchive.detect.bounded import search_bounded
from embedarchive.detect.identity import make_post
from embedarchive.detect.merge import merge_found
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.recorded import describe_recorded
from embedarchive.run.languages import add_language
from embedarchive.run.referred import find_files, read_due
from embedarchive.show.words import say_count
from embedarchive.store import Archive, conclusions
from embedarchive.store.reading import read_fetched, read_page, read_post

log = logging.getLogger(__name__)

DOM_TYPE = "text/html; charset=utf-8"
AT_ONCE = 100
FETCHES = """SELECT * FROM fetches_to_search WHERE coalesce(searched_rules, 0) < :rules AND id > :last
             ORDER BY id LIMIT :most"""
NEWEST = """SELECT * FROM fetches WHERE article_id = ? AND outcome = 'ok' AND html_sha256 IS NOT NULL AND to_render = 0
            AND (fetched_at, id) > (SELECT fetched_at, id FROM fetches WHERE id = ?)
            ORDER BY fetched_at DESC, id DESC LIMIT 1"""
CAPTURES = "SELECT * FROM captures_to_describe WHERE id > :last ORDER BY id LIMIT :most"

Row = Any


@dataclass
class Derived:
    """How many downloads were searched, visits described and posts concluded, and what could not be."""

    searched: int = 0
    described: int = 0
    concluded: int = 0
    failed: int = 0


def derive_all(archive: Archive, crawl_id: int, done: Derived, on_step: Callable[[], None] = lambda: None) -> None:
    """Make all that is due and needs nobody outside. Raises ArchiveError where nothing more can be kept."""
    searched: dict[int, int] = {}
    for row in each_due(archive, FETCHES):
        done.searched += attempt(search_fetch, archive, crawl_id, row, done)
        searched[row["article_id"]] = row["id"]
        on_step()
    for article, number in search_referred(archive, crawl_id, done):
        searched[article] = number
        on_step()
    for article, last in searched.items():  # what an article says of itself is what it said last
        newest = archive.conn.execute(NEWEST, (article, last)).fetchone()
        if newest:
            attempt(search_fetch, archive, crawl_id, newest, done)
    for row in each_due(archive, CAPTURES):
        done.described += attempt(describe_capture, archive, crawl_id, row, done)
        on_step()
    while some := archive.conclude_all():
        done.concluded += some
        on_step()


def each_due(archive: Archive, query: str) -> Iterator[Row]:
    """The rows of a view of what is due, each once, whether it can be done or not."""
    last = 0
    while found := archive.conn.execute(query, {"rules": FINDER_RULES, "last": last, "most": AT_ONCE}).fetchall():
        yield from found
        last = found[-1]["id"]


def attempt(
    work: Callable[[Archive, int, Row], None], archive: Archive, crawl_id: int, row: Row, done: Derived
) -> bool:
    """Do one row, which stays due if it cannot be done: one bad row never stops the rest."""
    try:
        work(archive, crawl_id, row)
        return True
    except Exception as error:
        if isinstance(error, EmbedArchiveError) and error.ends_run:
            raise
        done.failed += 1
        log.warning("Of row %s nothing could be made (%s); it stays due.", row["id"], error)
        return False


def search_fetch(archive: Archive, crawl_id: int, row: Row) -> None:
    """Find what a download of an article embeds, as it was served and as it was rendered."""
    page = read_fetched(archive.conn, row["id"], "html_sha256")
    found = search(page, row["final_url"], row["content_type"])
    if row["dom_sha256"]:
        dom = read_fetched(archive.conn, row["id"], "dom_sha256")
        found = merge_found(found, search(dom, row["final_url"], DOM_TYPE))
    keep_found(archive, crawl_id, row, found)


def search_referred(archive: Archive, crawl_id: int, done: Derived) -> Iterator[tuple[int, int]]:
    """Search pages that are kept by reference again; give the article and the number of each download that was searched."""
    for each in find_files(archive.conn):
        due = read_due(archive.conn, each["file"])
        for row, body in due.read():
            work = partial(search_body, body)
            done.searched += attempt(work, archive, crawl_id, row, done)
            yield row["article_id"], row["id"]
        if due.left:
            log.warning("Of %s %s kept by reference stay due: %s", due.file, say_count(len(due.left), "page"), due.why)


def search_body(body: bytes, archive: Archive, crawl_id: int, row: Row) -> None:
    """Find what a page embeds that is in hand."""
    keep_found(archive, crawl_id, row, search(body, row["final_url"], row["content_type"]))


def keep_found(archive: Archive, crawl_id: int, row: Row, found: Found) -> None:
    """Keep what a download embeds, and have it concluded anew."""
    archive.keep_found(row["id"], found, FINDER_RULES, clock.now(), crawl_id)
    with archive.transaction() as conn:
        keys = conn.execute("SELECT DISTINCT post_key FROM embeds WHERE fetch_id = ?", (row["id"],)).fetchall()
        for (key,) in keys:
            conclusions.ask_for_post(conn, key)


def search(body: bytes, url: str, content_type: str | None) -> Found:
    return search_bounded(body, url=url, content_type=content_type, obstacles=True)


def describe_capture(archive: Archive, _: int, row: Row) -> None:
    """Read what a post said from the page of a visit."""
    page, post = read_page(archive.conn, row["id"]), read_post(archive.conn, row["post_key"])
    assert post is not None, "a capture refers to its post"
    archive.keep_described(row["id"], post.key, describe_page(page, post, row["origin"]))


def describe_page(page: Page, post: Post, origin: str) -> Described:
    """What a post said, read by its platform's rules."""
    platform = BY_NAME[post.platform]
    visit = platform.visit
    assert visit is not None, "only captures of visitable platforms are due"
    describe = visit.describe
    if origin != "visit":
        describe = partial(describe_recorded, visit=visit)
    also = tuple(make_post(platform, native_id) for native_id in visit.also(page, post))
    return Described(add_language(describe(page, post)), also, visit.rules)
