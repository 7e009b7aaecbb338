"""A sha256 -> its bytes over HTTP: pictures, video by ranges, all else as plain text or a download."""

from __future__ import annotations

import math
import re
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasette.utils.asgi import Forbidden, Response

from embedarchive.show.content_types import SNIFFED, sniff_type
from embedarchive.store.fixity import find_held, judge, read_blob, read_stored, wrong
from embedarchive.store.reading import read_piece
from embedarchive.viewer.archives import LONGEST_VALUE, Missing, open_archive, read
from embedarchive.viewer.shims import may_see_table

PIECE = 1_000_000
LARGEST_RANGE = 8_000_000
"""Bytes of one answer to a range; the player asks again from there (RFC 9110 section 15.3.7 lets us send fewer)."""

LARGEST_AT_ONCE = 2_000_000
"""Bytes that are read whole, checked and sent; of larger files a player asks for pieces, many times."""

LOOK_LASTS_S = 600.0
MOST_LOOKS = 1_000
_looked_through: dict[tuple[Any, ...], float] = {}
"""Large files of a state of an archive's file -> when all their bytes were last checked, by the monotonic clock."""

HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self' data:; media-src 'self'; "
    "style-src 'unsafe-inline'; sandbox",
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    # No longer than a withdrawal may take to be seen; after that the ETag saves the bytes, not the question.
    "cache-control": "private, max-age=300",
}

LONGEST_SOURCE = 16_000_000
"""Bytes of a page's source, or of a page shown again, in one answer."""

_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_RANGE = re.compile(r"^bytes=(\d{0,15})-(\d{0,15})$")


@dataclass(frozen=True, slots=True)
class Blob:
    """Where a blob is and what its first bytes prove it to be."""

    rowid: int
    size: int
    encoding: str
    stored: int
    media_type: str | None


def find_blob(conn: sqlite3.Connection, sha256: str) -> Blob | None:
    """The blob of that hash if the archive holds its bytes, or None."""
    row = conn.execute(
        "SELECT rowid, size, encoding, length(body) AS stored FROM blobs WHERE sha256 = ?", (sha256,)
    ).fetchone()
    if row is None or (not row[3] and row[1]):
        return None
    head = b""
    if row[2] == "identity":
        head = read_piece(conn, row[0], 0, SNIFFED)
    return Blob(row[0], row[1], row[2], row[3], sniff_type(head))


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The first and last byte that a Range header asks for, or None. Pure."""
    match = _RANGE.match(header or "")
    if not match or size == 0 or not (match[1] or match[2]):
        return None
    if not match[1]:
        first, last = max(0, size - int(match[2])), size - 1
    else:
        first, last = int(match[1]), min(int(match[2] or size - 1), size - 1)
    if first <= last:
        return (first, min(last, first + LARGEST_RANGE - 1))
    return None


async def serve_media(datasette: Any, request: Any, send: Any) -> Response | None:
    """A picture, sound or video of types that can hold no script; anything else as a download."""
    database, sha256 = await open_archive(datasette, request), request.url_vars["sha256"]
    hidden = await find_hidden(datasette, request, database)
    found = None
    if _SHA256.match(sha256):
        found = await read(database, lambda conn: _begin(conn, sha256, hidden))
    if found is None:
        raise Missing("The archive does not hold these bytes.")
    blob, body = found
    headers = {**HEADERS, "etag": f'"{sha256}"', "content-type": blob.media_type or "application/octet-stream"}
    if blob.media_type is None:
        headers["content-disposition"] = f'attachment; filename="{sha256[:16]}.bin"'
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response("", status=304, headers=headers, content_type=headers["content-type"])
    whole = request.method == "GET" and not request.headers.get("range")
    if blob.encoding != "identity" or (whole and body is not None):
        return Response(body or b"", headers=headers | {"accept-ranges": "bytes"}, content_type=headers["content-type"])
    await look_through(database, sha256)
    await _send_pieces(database, blob, headers, request, send)
    return None


async def look_through(database: Any, sha256: str) -> None:
    """Read a large file whole before any of it is sent, unless that was done a short while ago. Raises WrongBytes."""
    state = None
    if database.path:
        state = Path(database.path).stat()
    name = (database.path, state and state.st_mtime_ns, state and state.st_size, sha256)
    if time.monotonic() - _looked_through.get(name, -math.inf) < LOOK_LASTS_S:
        return
    held = await read(database, lambda conn: find_held(conn, sha256))
    code = None
    if held:
        code = await database.execute_fn(lambda conn: judge(held, read_stored(conn, held)))
    if code:
        raise wrong(sha256, code, database.name)
    while len(_looked_through) >= MOST_LOOKS:
        del _looked_through[next(iter(_looked_through))]
    _looked_through[name] = time.monotonic()


async def find_hidden(datasette: Any, request: Any, database: Any) -> tuple[str, ...]:
    """Which of the tables that name blobs, beside those of NOUNS, the request's actor may not see."""
    if await may_see_table(datasette, request.actor, database.name, "exchanges"):
        return ()
    return ("exchanges",)


def _begin(conn: sqlite3.Connection, sha256: str, hidden: tuple[str, ...]) -> tuple[Blob, bytes | None] | None:
    """A blob, and its bytes if they are few, in one visit to the reading thread. Raises WrongBytes, Forbidden."""
    if hidden:
        refuse_hidden(conn, sha256)
    blob = find_blob(conn, sha256)
    if blob is None:
        return None
    at_once = blob.encoding != "identity" or blob.size <= LARGEST_AT_ONCE
    return blob, load(conn, sha256) if at_once else None


def refuse_hidden(conn: sqlite3.Connection, sha256: str) -> None:
    """Raise Forbidden for bytes that nothing names but what came over the network.

    Those of an article have no index; this is asked only where somebody may not see the exchanges.
    """
    query = """SELECT 1 WHERE EXISTS (SELECT 1 FROM artifacts WHERE sha256 = :sha256)
               OR EXISTS (SELECT 1 FROM fetches WHERE :sha256 IN (html_sha256, dom_sha256, screenshot_sha256))"""
    if conn.execute(query, {"sha256": sha256}).fetchone() is None:
        raise Forbidden("view-table")


async def _send_pieces(database: Any, blob: Blob, headers: dict[str, str], request: Any, send: Any) -> None:
    wanted = request.headers.get("range")
    part = read_range(wanted, blob.size)
    if wanted and wanted.startswith("bytes=") and part is None:
        await _start(send, 416, {**headers, "content-range": f"bytes */{blob.size}", "content-length": "0"})
        await send({"type": "http.response.body", "body": b""})
        return
    first, last = part or (0, blob.size - 1)
    headers = {**headers, "accept-ranges": "bytes", "content-length": str(last - first + 1)}
    if part:
        headers["content-range"] = f"bytes {first}-{last}/{blob.size}"
    await _start(send, 206 if part else 200, headers)
    if request.method != "HEAD":
        for start in range(first, last + 1, PIECE):
            length = min(PIECE, last + 1 - start)
            body = await read(database, _piece(blob.rowid, start, length))
            await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


def _piece(rowid: int, start: int, length: int) -> Callable[[sqlite3.Connection], bytes]:
    return lambda conn: read_piece(conn, rowid, start, length)


async def _start(send: Any, status: int, headers: dict[str, str]) -> None:
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})


def load(conn: sqlite3.Connection, sha256: str, largest: int = LONGEST_VALUE) -> bytes | None:
    """A whole blob, or None if the archive does not hold it or it is larger than `largest`. Raises WrongBytes."""
    return read_blob(conn, sha256, largest)


async def serve_source(datasette: Any, request: Any) -> Response:
    """Any bytes as plain text: raw evidence to read, in which nothing acts."""
    database, sha256 = await open_archive(datasette, request), request.url_vars["sha256"]
    hidden = await find_hidden(datasette, request, database)

    def read_source(conn: sqlite3.Connection) -> bytes | None:
        if hidden:
            refuse_hidden(conn, sha256)
        return load(conn, sha256, LONGEST_SOURCE)

    body = None
    if _SHA256.match(sha256):
        body = await read(database, read_source)
    if body is None:
        raise Missing("The archive does not hold these bytes, or they are too many to show.")
    headers = {**HEADERS, "etag": f'"{sha256}"'}
    return Response(body, headers=headers, content_type="text/plain; charset=utf-8")
