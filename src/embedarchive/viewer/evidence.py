"""A post -> one web archive with every visit to it, to download: what a court, an archive or a colleague can check."""

from __future__ import annotations

import asyncio
import re
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from datasette.utils.asgi import asgi_send_file

from embedarchive.core import clock
from embedarchive.export import export_wacz, find_selection
from embedarchive.library.posts import find_key
from embedarchive.store.sharing import Eyes, open_shared
from embedarchive.viewer.archives import EVIDENCE, Missing, open_archive, read, within
from embedarchive.viewer.eyes import eyes_of

LONGEST_EXPORT_MS = 60_000
PIECE = 1_000_000
HEADERS = {"x-content-type-options": "nosniff", "cache-control": "private, no-store"}
_writing = asyncio.Semaphore(2)


async def serve_evidence(datasette: Any, request: Any, send: Any) -> None:
    """Write the archive of one post to a place of its own and send it. Raises Missing, Forbidden, TooSlow."""
    database = await open_archive(datasette, request, *EVIDENCE)
    asked = unquote(request.url_vars["key"])
    key = await read(database, lambda conn: find_key(conn, asked))
    if key is None or not database.path:
        raise Missing("The archive does not know this post.")
    with tempfile.TemporaryDirectory(prefix="embedarchive-") as room:
        out = Path(room) / f"{re.sub(r'[^A-Za-z0-9.-]+', '-', key)}.wacz"
        async with _writing:
            await asyncio.to_thread(write_evidence, Path(database.path), key, out, eyes_of(database))
        await asgi_send_file(send, out, out.name, "application/wacz", PIECE, dict(HEADERS))


def write_evidence(path: Path, key: str, out: Path, eyes: Eyes) -> None:
    """On a connection of its own: a post may hold files larger than any value that a page may read. Raises TooSlow."""
    with closing(open_shared(path, eyes)) as conn, within(conn, LONGEST_EXPORT_MS):
        export_wacz(conn, out, clock.now(), find_selection(conn, [key]))
