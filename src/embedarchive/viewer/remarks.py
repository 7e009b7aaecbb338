"""What staff says of a post or an article in the reading room -> notes, tags and collections of the archive.

Nobody else is shown the form, and nobody else's is taken. While a run writes to the archive nothing else can, and that is said.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from datasette.utils.asgi import Forbidden, Response

from embedarchive.core import clock
from embedarchive.core.errors import ArchiveLocked
from embedarchive.store import Archive
from embedarchive.store.collections import find_member, keep_members, split_names
from embedarchive.viewer.archives import BROWSED, NOTES, Missing, open_archive, read
from embedarchive.viewer.eyes import may_note
from embedarchive.viewer.pages import links_to

LONGEST_TEXT = 10_000
PATIENCE_S = 2.0
BUSY = "A run is writing to this archive, and nothing else can meanwhile. Nothing was noted; send it again when it ended.\n"
TABLE_OF = {"post": "posts", "article": "articles"}


async def keep_note(datasette: Any, request: Any) -> Response:
    """Take what the form of a post's or an article's page says, and lead back to it."""
    database = await open_archive(datasette, request, *NOTES, *BROWSED)
    if request.method != "POST":
        raise Missing("Notes are sent by the form of a post's or an article's page.")
    if not may_note(datasette, request, database):
        raise Forbidden("Only staff who are signed in may note something.")
    form = await request.post_vars()
    member = await read(database, lambda conn: find_member(conn, form.get("of", "")[:LONGEST_TEXT]))
    if member is None or member[0] not in TABLE_OF:
        raise Missing("The archive has no such post and no such article.")
    said = {name: form.get(name, "").strip()[:LONGEST_TEXT] for name in ("note", "tags", "collections")}
    actor = str(request.actor.get("id") or "staff")
    try:
        await asyncio.to_thread(write, Path(database.path), member, said, actor)
    except ArchiveLocked:
        return Response.text(BUSY, status=503, headers={"retry-after": "60"})
    links = links_to(datasette, database.name)
    if member[0] == "post":
        return Response.redirect(links.post(member[1]))
    number = await read(database, lambda conn: find_number(conn, member[1]))
    return Response.redirect(links.article(number))


def find_number(conn: Any, url: str) -> int:
    return int(conn.execute("SELECT id FROM articles WHERE url = ?", (url,)).fetchone()[0])


def write(path: Path, member: tuple[str, str], said: dict[str, str], by: str) -> None:
    """Keep what was said. Raises ArchiveLocked while a run writes."""
    kind, subject = member
    now = clock.now()
    with Archive(path, patience_s=PATIENCE_S) as archive:
        if said["note"]:
            archive.keep_remark(TABLE_OF[kind], subject, "note", said["note"], by, now)
        for tag in split_names(said["tags"]):
            name = tag.removeprefix("#")
            archive.keep_remark(TABLE_OF[kind], subject, f"tag {name}", name, by, now)
        with archive.transaction() as conn:
            for name in split_names(said["collections"]):
                keep_members(conn, name, [member], by, now)
