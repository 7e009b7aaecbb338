"""Whatever someone names -> what a level of access can be about. Read-only."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

from embedarchive.core.errors import UsageError
from embedarchive.core.image_hash import hash_picture, image_distance, is_picture
from embedarchive.core.shell import say_command
from embedarchive.library.articles import find_article
from embedarchive.library.candidates import find_candidates
from embedarchive.library.pictures import LARGEST_PICTURE
from embedarchive.library.posts import find_key
from embedarchive.library.rows import in_list, select, select_one
from embedarchive.store.cases import Subject

SAME_PICTURE = 4
"""Bits of 64 in which the hashes of one picture, scaled and compressed anew, may differ."""

MOST_PICTURES = 100_000
ACCOUNT = re.compile(r"^(?:([a-z]+):)?@([\w.@-]+)$")


def find_subjects(conn: sqlite3.Connection, text: str) -> tuple[Subject, ...]:
    """What a text names: a post by its key or any of its addresses, `@handle` or `platform:@handle`, an article's
    address, an outlet's host, or the file of a picture (then every file that the archive has of it).

    Raises UsageError where it is none of these.
    """
    from embedarchive.detect.identity import identify_pasted
    from embedarchive.platforms import BY_NAME

    text = text.strip()
    if Path(text).is_file():
        return find_pictures(conn, Path(text))
    account = ACCOUNT.match(text)
    if account and account[1] in (None, *BY_NAME):
        return (Subject("account", account[2].lower(), account[1]),)
    post = identify_pasted(text)
    for key in (text, post.key if post else ""):
        if known := find_key(conn, key):
            return (Subject("post", known),)
    if article := find_article(conn, text):
        row = select_one(conn, "SELECT url FROM articles WHERE id = ?", article)
        if row:
            return (Subject("article", row["url"]),)
        return ()
    outlet = text.lower().removeprefix("www.")
    if select_one(conn, "SELECT 1 FROM articles WHERE outlet = ? LIMIT 1", outlet):
        return (Subject("outlet", outlet),)
    if post:  # not held yet: what comes of it later is withheld as well
        return (Subject("post", post.key),)
    raise UsageError(
        f"{text} is no post, account (@handle), article, outlet or picture that the archive knows. Nothing was changed; see "
        f"what it has with: {say_command('embedarchive', 'lookup', text)}"
    )


def find_pictures(conn: sqlite3.Connection, path: Path) -> tuple[Subject, ...]:
    """Every file of the archive that shows the same picture. Raises UsageError where there is none."""
    body = b""
    if path.stat().st_size <= LARGEST_PICTURE:
        body = path.read_bytes()
    dhash = None
    if is_picture(body):
        dhash = hash_picture(body)
    if dhash is None:
        raise UsageError(f"{path} is no picture whose like can be looked for. Nothing was changed.")
    alike = find_candidates(conn, dhash, MOST_PICTURES)
    near = [row for row in alike if image_distance(dhash, row["dhash"]) <= SAME_PICTURE]
    rows = select(
        conn,
        "SELECT DISTINCT sha256 FROM artifacts WHERE capture_id IN (SELECT value FROM json_each(?)) "
        "AND dhash IN (SELECT value FROM json_each(?)) AND role IN ('media', 'poster', 'avatar') ORDER BY sha256",
        in_list({row["capture_id"] for row in near}),
        in_list({row["dhash"] for row in near}),
    )
    if not rows:
        raise UsageError(f"The archive holds no picture like {path}. Nothing was changed.")
    return tuple(Subject("picture", row["sha256"]) for row in rows)
