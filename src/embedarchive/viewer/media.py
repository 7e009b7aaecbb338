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

from datasette.utils.asgi import Response

from embedarchive.show.content_types import SNIFFED, sniff_type
from embedarchive.store.fixity import find_held, judge, read_blob, read_stored, wrong
from embedarchive.store.reading import read_piece
from embedarchive.viewer.archives import LONGEST_VALUE, Missing, open_archive, read

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
    "cache-control": "private, max-age=31536000, immutable",
}

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
    head = read_piece(conn, row[0], 0, SNIFFED) if row[2] == "identity" else b""
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
    return (first, min(last, first + LARGEST_RANGE - 1)) if first <= last else None


async def serve_media(datasette: Any, request: Any, send: Any) -> Response | None:
    """A picture, sound or video of types that can hold no script; anything else as a download."""
    database, sha256 = await open_archive(datasette, request), request.url_vars["sha256"]
    blob = await read(database, lambda conn: find_blob(conn, sha256)) if _SHA256.match(sha256) else None
    if blob is None:
        raise Missing("The archive does not hold these bytes.")
    headers = {**HEADERS, "etag": f'"{sha256}"', "content-type": blob.media_type or "application/octet-stream"}
    if blob.media_type is None:
        headers["content-disposition"] = f'attachment; filename="{sha256[:16]}.bin"'
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response("", status=304, headers=headers, content_type=headers["content-type"])
    whole = request.method == "GET" and not request.headers.get("range")
    if blob.encoding != "identity" or (whole and blob.size <= LARGEST_AT_ONCE):
        body = await read(database, lambda conn: load(conn, sha256)) or b""
        return Response(body, headers=headers | {"accept-ranges": "bytes"}, content_type=headers["content-type"])
    await look_through(database, sha256)
    await _send_pieces(database, blob, headers, request, send)
    return None


async def look_through(database: Any, sha256: str) -> None:
    """Read a large file whole before any of it is sent, unless that was done a short while ago. Raises WrongBytes."""
    state = Path(database.path).stat() if database.path else None
    name = (database.path, state and state.st_mtime_ns, state and state.st_size, sha256)
    if time.monotonic() - _looked_through.get(name, -math.inf) < LOOK_LASTS_S:
        return
    held = await read(database, lambda conn: find_held(conn, sha256))
    code = await database.execute_fn(lambda conn: judge(held, read_stored(conn, held))) if held else None
    if code:
        raise wrong(sha256, code, database.name)
    while len(_looked_through) >= MOST_LOOKS:
        del _looked_through[next(iter(_looked_through))]
    _looked_through[name] = time.monotonic()


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
    body = await read(database, lambda conn: load(conn, sha256)) if _SHA256.match(sha256) else None
    if body is None:
        raise Missing("The archive does not hold these bytes, or they are too many to show.")
    headers = {**HEADERS, "etag": f'"{sha256}"'}
    return Response(body, headers=headers, content_type="text/plain; charset=utf-8")
