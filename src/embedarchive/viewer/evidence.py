"""A post -> what proves it, and what to hand over: a page, an evidence pack, a web archive with every visit to it."""

from __future__ import annotations

import asyncio
import re
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from datasette.utils.asgi import Response, asgi_send_file

from embedarchive import library
from embedarchive.core import clock
from embedarchive.core.errors import DamagedArchive, UsageError
from embedarchive.export import export_wacz, find_selection
from embedarchive.export.exhibits import find_exhibits
from embedarchive.export.pack import make_name, write_pack
from embedarchive.export.package import Sign
from embedarchive.export.read_me import list_commands
from embedarchive.export.signing import find_signer
from embedarchive.library.posts import find_key
from embedarchive.library.proofs import read_proof
from embedarchive.library.records import PostRecord, ProofRecord
from embedarchive.show.card import author_of, title_of
from embedarchive.show.check_pack import find_policy, render_check_page
from embedarchive.show.proof import list_limits, render_facts, say_proof
from embedarchive.store.exports import HandedOut
from embedarchive.store.handing_out import note_beside
from embedarchive.store.sharing import Eyes, open_shared
from embedarchive.viewer.archives import BROWSED, EVIDENCE, LOG, NOTES, Missing, open_archive, read, within
from embedarchive.viewer.eyes import eyes_of, refuse_withheld
from embedarchive.viewer.pages import show

LONGEST_EXPORT_MS = 60_000
PIECE = 1_000_000
HEADERS = {"x-content-type-options": "nosniff", "cache-control": "private, no-store"}
_writing = asyncio.Semaphore(2)
PLACE = "a visitor of the reading room"
"""Where to a copy went, in its note: nothing is kept of who it was."""
_noted: dict[str, set[tuple[str, ...]]] = {}
"""Today -> what was noted, so that a post which is asked for a thousand times is noted once."""


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
        export_wacz(conn, out, clock.now(), find_selection(conn, [key]), sign=find_room_signer())
    note_copy(path, "wacz", key, eyes)


def note_copy(path: Path, form: str, key: str, eyes: Eyes) -> None:
    """Note once a day that a copy of a post went to a visitor. A room never writes to the archive: the note waits beside it."""
    now, copy = clock.now(), (str(path), form, key, eyes)
    today = now[:10]
    if today not in _noted:
        _noted.clear()
    noted = _noted.setdefault(today, set())
    if copy not in noted:
        noted.add(copy)
        note_beside(path, HandedOut(now, form, PLACE, eyes, posts=(key,), count=1))


def find_room_signer() -> Sign | None:
    """What signs web archives here; None where the room has no place of its own to keep a key."""
    try:
        return find_signer()
    except (OSError, UsageError):
        return None


# ----------------------------------------------------------------------------------------------------------------- proof


async def show_proof(datasette: Any, request: Any) -> Response:
    """What proves a post, in a sentence, and the pack to take along. Raises Missing, Forbidden, Withheld."""
    asked = unquote(request.url_vars["key"])
    database = await open_archive(datasette, request, *NOTES, *BROWSED, *EVIDENCE, *LOG)

    def find(conn: sqlite3.Connection) -> tuple[PostRecord, ProofRecord | None, str] | None:
        record = library.post_record(conn, asked)
        if record is None:
            refuse_withheld(conn, asked, eyes_of(database))
            return None
        return (record, *prove_best(conn, record))

    found = await read(database, find)
    if found is None:
        raise Missing("The archive does not know this post.")
    record, proof, says = found
    return await show(
        datasette, request, database, "proof.html",
        record=record,
        title=title_of(record),
        author=author_of(record),
        proof=proof,
        says=says,
        facts=render_facts(proof) if proof else "",
        limits=list_limits(proof) if proof else (),
        commands=say_commands(proof) if proof else (),
    )  # fmt: skip


def prove_best(conn: sqlite3.Connection, record: PostRecord) -> tuple[ProofRecord | None, str]:
    """What proves the capture that shows a post best, if anything does, and the sentence that says so."""
    if record.best is None:
        return None, "Nothing of this post was captured, so there is nothing to prove."
    try:
        proof = read_proof(conn, "capture", record.best.id)
    except DamagedArchive as error:
        return None, f"Nothing: what is kept is not what was logged. {error}"
    if proof is None:
        return (
            None,
            "Nothing yet: the log is signed at the end of a run, and this capture is newer than the last signature.",
        )
    return proof, say_proof(proof)


def say_commands(proof: ProofRecord) -> tuple[str, str, str]:
    """The commands that check the pack of one capture. Pure."""
    return list_commands(["data/evidence/checkpoint.note"], proof.stamps[0].at if proof.stamps else None)


async def serve_check(datasette: Any) -> Response:
    """The page that checks a dropped pack, by itself: it needs no archive, and sends nothing."""
    headers = {
        "content-security-policy": find_policy(),
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    room = str(datasette.urls.path("/-/embedarchive"))
    return Response.html(render_check_page(room), headers=headers)


async def serve_pack(datasette: Any, request: Any, send: Any) -> None:
    """Write the evidence pack of a post to a place of its own and send it. Raises Missing, Forbidden, Withheld, TooSlow."""
    database = await open_archive(datasette, request, *EVIDENCE, *LOG)
    asked, every = unquote(request.url_vars["key"]), bool(request.args.get("all"))
    key = await read(database, lambda conn: find_key(conn, asked))
    if key is None or not database.path:
        await read(database, lambda conn: refuse_withheld(conn, asked, eyes_of(database)))
        raise Missing("The archive does not know this post.")
    with tempfile.TemporaryDirectory(prefix="embedarchive-") as room:
        out = Path(room) / f"evidence-{make_name(key)}.zip"
        async with _writing:
            await asyncio.to_thread(write_post_pack, Path(database.path), key, out, eyes_of(database), every)
        await asgi_send_file(send, out, out.name, "application/zip", PIECE, dict(HEADERS))


def write_post_pack(path: Path, key: str, out: Path, eyes: Eyes, every: bool) -> None:
    """On a connection of its own, as `write_evidence`. Raises Missing for what nothing proves yet, TooSlow."""
    with closing(open_shared(path, eyes)) as conn, within(conn, LONGEST_EXPORT_MS):
        try:
            write_pack(conn, out, find_exhibits(conn, key, every=every), find_room_signer())
        except UsageError as error:
            raise Missing(str(error)) from None
    note_copy(path, "pack", key, eyes)
