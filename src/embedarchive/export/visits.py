"""A visit or an article download in an archive -> its WARC records and its line in a list of pages. Read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from embedarchive.core.texts import cut_text
from embedarchive.export.drawn import find_drawn_records
from embedarchive.export.lines import (
    ExportLine,
    Row,
    Stored,
    find_exchange_records,
    make_id,
    make_metadata,
    make_resource,
    name_artifact,
)
from embedarchive.store.blobs import parse_json
from embedarchive.store.fixity import Checked, read_pieces
from embedarchive.store.reading import main_document, select_rows

LONGEST_TITLE = 120
SECONDS = len("2026-11-27T18:06:38")


@dataclass(frozen=True, slots=True)
class PageLine:
    """A page that a player can open: the address and time of a document among the records. `id` is stable."""

    id: str
    url: str
    date: str
    title: str
    text: str = ""


def hold(files: Checked, sha256: str | None) -> Stored | None:
    """Name the bytes of that hash if the archive has them, sound (they may have been withdrawn, or be damaged)."""
    held = files.find(sha256)
    if held:
        return Stored(held.sha256, held.size)
    return None


def tell_damaged(files: Checked, hashes: Iterable[str | None]) -> Mapping[str, Any]:
    """Which of these bytes are left out because they are not those of their hash; nothing at all where none are."""
    damaged = sorted({each for each in hashes if each in files.damaged})
    if damaged:
        return {"damaged": damaged}
    return {}


# --------------------------------------------------------------------------------------------------------------- visits


def find_visit_records(files: Checked, capture: Row) -> Iterator[ExportLine]:
    """All records of one visit: its exchanges, what was made of the page, what it said, what we know of it."""
    conn = files.conn
    written: set[tuple[str, str]] = set()
    visit = f"{capture['post_key']} {capture['started_at']}"
    exchanges = select_rows(conn, "SELECT * FROM exchanges WHERE capture_id = ? ORDER BY position", capture["id"])
    document = main_document(exchanges, capture["final_url"])
    about = None
    for row in exchanges:
        dated = dict(row) | {"started_at": row["started_at"] or capture["started_at"]}
        records = list(find_exchange_records(dated, f"{visit} {row['position']}", hold(files, row["body_sha256"])))
        if document is not None and row["position"] == document["position"]:
            about = records[0].id
        written.add((row["url"], row["body_sha256"]))
        yield from records
    page, date = name_page(conn, capture), capture["finished_at"]
    yield from find_artifact_records(files, capture, page, visit, written)
    said = find_description(conn, capture["id"])
    if said and said["text"]:
        text = said["text"].encode("utf-8", "replace")
        yield make_resource(f"urn:text:{page}", date, visit, "text/plain; charset=utf-8", text)
    kept = select_rows(conn, "SELECT sha256 FROM artifacts WHERE capture_id = ?", capture["id"])
    damaged = tell_damaged(files, [row["body_sha256"] for row in exchanges] + [row["sha256"] for row in kept])
    yield make_metadata(page, date, visit, about, {**tell_visit(conn, capture, said), **damaged})


def name_page(conn: sqlite3.Connection, capture: Row) -> str:
    """What a visit's pictures and texts are named after: the page visited, or the post where that is an article."""
    if capture.get("fetch_id") is None:
        return str(capture["final_url"])
    return str(select_rows(conn, "SELECT url FROM posts WHERE key = ?", capture["post_key"])[0]["url"])


def find_artifact_records(
    files: Checked, capture: Row, page: str, visit: str, written: set[tuple[str, str]]
) -> Iterator[ExportLine]:
    """What was made of the page, and files that came another way than the page's own requests."""
    for row in select_rows(files.conn, "SELECT * FROM artifacts WHERE capture_id = ? ORDER BY id", capture["id"]):
        name = name_artifact(row["role"], row["position"], row["url"], page)
        held = hold(files, row["sha256"])
        if held and (name, row["sha256"]) not in written:
            warc = (("WARC-Truncated", "unspecified"),) if row["truncated"] else ()
            place = f"{visit} {row['role']} {row['position']}"
            yield make_resource(name, capture["finished_at"], place, row["content_type"], held, warc)


def find_description(conn: sqlite3.Connection, capture_id: int) -> sqlite3.Row | None:
    found = select_rows(conn, "SELECT * FROM current_descriptions WHERE capture_id = ?", capture_id)
    if found:
        return found[0]
    return None


def tell_visit(conn: sqlite3.Connection, capture: Row, said: sqlite3.Row | None) -> Mapping[str, Any]:
    """What the archive knows of a visit beside its bytes, in the archive's own words."""
    [post] = select_rows(conn, "SELECT key, platform, url, posted_at FROM posts WHERE key = ?", capture["post_key"])
    seen_in = select_rows(conn, "SELECT DISTINCT a.url, a.title FROM embeds e JOIN articles a ON a.id = e.article_id "
                         "WHERE e.post_key = ? AND e.kind = 'embed' ORDER BY a.url", capture["post_key"])  # fmt: skip
    known = dict(post)
    standing = "SELECT status, doubt, kept, held, expected, lacking FROM post_status WHERE key = ?"
    for row in select_rows(conn, standing, capture["post_key"]):
        known |= {**dict(row), "lacking": parse_json(row["lacking"])}
    plain = (
        "origin", "outcome", "reason", "visit_url", "final_url", "status", "started_at", "finished_at", "seen_at",
    )  # fmt: skip
    told: dict[str, Any] = {"post": known} | {name: capture[name] for name in plain}
    told |= {name: parse_json(capture[name]) for name in ("evidence", "missing", "alterations", "environment")}
    told["embedded_in"] = [dict(row) for row in seen_in]
    if said:
        lists = {name: parse_json(said[name]) for name in ("collaborators", "media", "sources")}
        told["description"] = dict(said) | lists
    return told


def find_visit_page(files: Checked, capture: Row) -> PageLine | None:
    """The page of a visit, None where there is no document to show."""
    conn = files.conn
    of_visit = "capture_id = ? AND resource_type = 'document' ORDER BY position"
    documents = select_rows(conn, f"SELECT * FROM exchanges WHERE {of_visit}", capture["id"])
    document = main_document(documents, capture["final_url"])
    if document is None or not hold(files, document["body_sha256"]):
        return None
    said = find_description(conn, capture["id"])
    date = document["started_at"] or capture["started_at"]
    title, text = title_visit(capture, said), said["text"] if said else None
    return PageLine(make_id("page", document["url"], date).strip("<>"), document["url"], date, title, text or "")


def title_visit(capture: Row, said: sqlite3.Row | None) -> str:
    """`@handle: the beginning of the text`, or the post's key and what the visit met."""
    if said is None or capture["outcome"] != "available":
        return " · ".join(filter(None, (capture["post_key"], capture["outcome"], capture["reason"])))
    if said["author_handle"]:
        who = f"@{said['author_handle']}"
    else:
        who = said["author_name"] or capture["post_key"]
    words = " ".join((said["text"] or said["title"] or said["kind"] or "").split())
    title = f"{who}: {words}" if words else who
    return cut_text(title, LONGEST_TITLE)


# ------------------------------------------------------------------------------------------------------------- articles


def find_fetch_records(files: Checked, fetch: Row) -> Iterator[ExportLine]:
    """One article download: an exchange if we made it, a resource if it was read from a file or another archive.

    With it goes what a browser made of the article, where one did.
    """
    held = hold(files, fetch["html_sha256"])
    about, place = None, f"fetch {fetch['fetched_at']} {fetch['source']}"
    if fetch["source"] == "network" and fetch["status"] is not None:
        row = dict(fetch) | {
            "url": fetch["final_url"], "started_at": fetch["fetched_at"], "method": "GET", "error": None,
            "response_headers": fetch["headers"], "request_headers": "[]",
        }  # fmt: skip
        for record in find_exchange_records(row, place, held):
            about = about or record.id
            yield leave_to_rendered(files, fetch, record)
    elif held:
        kind = fetch["content_type"] or "text/html"
        resource = make_resource(fetch["final_url"], fetch["fetched_at"], place, kind, held)
        about = resource.id
        yield leave_to_rendered(files, fetch, resource)
    for what, column in (("view", "screenshot_sha256"), ("dom", "dom_sha256")):
        if made := hold(files, fetch.get(column)):
            kind = "text/html; charset=utf-8"
            if what != "dom":
                kind = read_picture_type(files, made)
            date = fetch["rendered_at"] or fetch["fetched_at"]
            yield make_resource(f"urn:{what}:{fetch['final_url']}", date, place, kind, made)
    yield from find_drawn_records(files, fetch, place)
    named = ("html_sha256", "screenshot_sha256", "dom_sha256")
    told = {**tell_fetch(files.conn, fetch), **tell_damaged(files, [fetch.get(column) for column in named])}
    yield make_metadata(fetch["final_url"], fetch["fetched_at"], place, about, told)


def leave_to_rendered(files: Checked, fetch: Row, served: ExportLine) -> ExportLine:
    """A page as served is not offered to players where they could not tell it from the rendered one: they know seconds."""
    rendered_at = fetch.get("rendered_at") or ""
    if rendered_at[:SECONDS] == served.date[:SECONDS] and hold(files, fetch.get("dom_sha256")):
        return replace(served, found_by=None)
    return served


def read_picture_type(files: Checked, picture: Stored) -> str:
    """The type of a screenshot by its first byte: it is one of the three that browsers make."""
    held = files.find(picture.sha256)
    first = b""
    if held:
        first = next(read_pieces(files.conn, held), b"")[:1]
    return {b"\x89": "image/png", b"R": "image/webp"}.get(first, "image/jpeg")


def tell_fetch(conn: sqlite3.Connection, fetch: Row) -> Mapping[str, Any]:
    """What the archive knows of an article download: where it came from, and what it embeds."""
    plain = ("url", "final_url", "fetched_at", "outcome", "status", "source", "truncated")
    claims = "position, kind, platform, post_key, url, form, author_name, author_handle, text, posted_at"
    embeds = select_rows(conn, f"SELECT {claims} FROM embeds WHERE fetch_id = ? ORDER BY position", fetch["id"])
    told = {name: fetch[name] for name in plain}
    return told | {"redirects": parse_json(fetch["redirects"]), "embeds": [dict(row) for row in embeds]}


def find_fetch_page(files: Checked, fetch: Row) -> PageLine | None:
    """The page of an article download, None where its bytes are not held."""
    if not hold(files, fetch["html_sha256"]):
        return None
    article = select_rows(files.conn, "SELECT title, url FROM articles WHERE id = ?", fetch["article_id"])[0]
    url, date = fetch["final_url"], fetch["fetched_at"]
    if hold(files, fetch["dom_sha256"]):
        date = fetch["rendered_at"]
    return PageLine(make_id("page", url, date).strip("<>"), url, date, article["title"] or article["url"])
