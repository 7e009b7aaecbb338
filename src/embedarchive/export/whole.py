"""Visits and downloads -> the lines that a WACZ of ours carries beside its records, by which an archive takes them back whole.

Records hold the bytes; these lines say which of them make up a capture, in which role and order, how the visit was judged, and
whose observation it was. Bytes are named by their sha256. Players and validators look at none of it.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from embedarchive.export.lines import Row
from embedarchive.export.package import Part
from embedarchive.store.blobs import parse_json
from embedarchive.store.merging.logs import name_archive
from embedarchive.store.reading import select_rows

FORMAT = "embedarchive-whole-1.0"
CAPTURES = "embedarchive/captures.gz"
FETCHES = "embedarchive/fetches.gz"

POST = ("platform", "native_id", "url", "posted_at", "resolved")
CAPTURE = (
    "uid", "outcome", "reason", "visit_url", "final_url", "status", "started_at", "finished_at", "origin", "purpose", "seen_at",
)  # fmt: skip
CAPTURE_LISTS = ("evidence", "missing", "alterations", "environment")
ARTIFACT = (
    "role", "position", "sha256", "content_type", "size", "url", "width", "height", "alt", "truncated", "dhash",
)  # fmt: skip
EXCHANGE = (
    "url", "method", "status", "resource_type", "content_type", "body_sha256", "remote_address", "started_at", "elapsed_ms",
    "truncated", "error",
)  # fmt: skip
EXCHANGE_LISTS = ("request_headers", "response_headers")
CHECK = ("checked_at", "outcome", "reason", "embedding")
FETCH = (
    "url", "final_url", "fetched_at", "outcome", "reason", "status", "content_type", "remote_address", "elapsed_ms",
    "html_sha256", "truncated", "source", "rendered_at", "render_reason", "dom_sha256", "screenshot_sha256",
)  # fmt: skip
FETCH_LISTS = ("headers", "redirects", "alterations")
PAGE_FILE = ("url", "kind", "status", "content_type", "fetched_at", "sha256")


def tell_capture(conn: sqlite3.Connection, capture: Row) -> Mapping[str, Any]:
    """One line: a capture with its post and that post's other names, its files and exchanges, and the check that it was."""
    number, key = capture["id"], capture["post_key"]
    [post] = select_rows(conn, "SELECT * FROM posts WHERE key = ?", key)
    names = select_rows(conn, "SELECT * FROM posts WHERE same_as = ? ORDER BY key", key)
    artifacts = select_rows(conn, "SELECT * FROM artifacts WHERE capture_id = ? ORDER BY id", number)
    exchanges = select_rows(conn, "SELECT * FROM exchanges WHERE capture_id = ? ORDER BY position", number)
    checks = select_rows(conn, "SELECT * FROM checks WHERE capture_id = ? ORDER BY id LIMIT 1", number)
    return {
        "post": pick(post, POST),
        "names": [pick(each, POST) for each in names],
        **pick(capture, CAPTURE, CAPTURE_LISTS),
        "in_article": find_place(conn, capture["fetch_id"]),
        "artifacts": [pick(each, ARTIFACT) for each in artifacts],
        "exchanges": [pick(each, EXCHANGE, EXCHANGE_LISTS) for each in exchanges],
        "check": next((pick(each, CHECK) for each in checks), None),
        **tell_run(conn, capture["crawl_id"]),
        "held_by": name_holders(conn, "capture", number),
    }


def tell_run(conn: sqlite3.Connection, crawl_id: int | None) -> Mapping[str, Any]:
    """Why the times of a run are not believed, where they are not."""
    [row] = select_rows(conn, "SELECT max(clock_suspect) AS clock_suspect FROM crawls WHERE id = ?", crawl_id)
    return dict(row)


def name_holders(conn: sqlite3.Connection, kind: str, subject: int) -> list[str]:
    """The archives that held a visit or a download before whoever is given it: this one, then those merged into it."""
    query = """SELECT DISTINCT a.name FROM held_by h JOIN merged_archives a ON a.id = h.archive_id
               WHERE h.kind = ? AND h.subject = ? ORDER BY a.name"""
    return [name_archive(conn), *(row["name"] for row in select_rows(conn, query, kind, subject))]


def find_place(conn: sqlite3.Connection, fetch_id: int | None) -> Mapping[str, Any] | None:
    """The download of the article that a post was photographed in, as its own line names it."""
    query = "SELECT a.url AS article, f.fetched_at FROM fetches f JOIN articles a ON a.id = f.article_id WHERE f.id = ?"
    found = select_rows(conn, query, fetch_id)
    return next((dict(each) for each in found), None)


def tell_fetch(conn: sqlite3.Connection, fetch: Row) -> Mapping[str, Any]:
    """One line: a download of an article, and the address that the article is kept under."""
    [article] = select_rows(conn, "SELECT url FROM articles WHERE id = ?", fetch["article_id"])
    drawn = select_rows(conn, "SELECT * FROM page_files WHERE fetch_id = ? ORDER BY position", fetch["id"])
    files = [pick(each, PAGE_FILE, ("headers",)) for each in drawn]
    told = {"article": article["url"], **pick(fetch, FETCH, FETCH_LISTS), "page_files": files}
    return {**told, **tell_run(conn, fetch["crawl_id"]), "held_by": name_holders(conn, "fetch", fetch["id"])}


def pick(row: Row | sqlite3.Row, plain: Iterable[str], lists: Iterable[str] = ()) -> dict[str, Any]:
    return {name: row[name] for name in plain} | {name: parse_json(row[name]) for name in lists}


def write_packed(part: Part, lines: Iterator[Mapping[str, Any]]) -> None:
    """Write lines of JSON in one gzip member, after one that names their form; the same lines are always the same bytes."""
    packer = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    part.write(packer.compress(render({"format": FORMAT})))
    for line in lines:
        part.write(packer.compress(render(line)))
    part.write(packer.flush())


def render(line: Mapping[str, Any]) -> bytes:
    return (json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n").encode("utf-8", "replace")
