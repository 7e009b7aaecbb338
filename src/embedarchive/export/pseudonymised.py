"""An archive -> what may be shared of it about people without saying who they are: JSON Lines with keyed hashes.

Like the dehydrated form, and without what leads back: a post, an article, a handle and a name are each an HMAC-SHA256 under a
key (RFC 2104), so that one can count, join and follow them, and nobody without the key can try names until one fits. Left out
are texts, addresses, files and their hashes; a post's time is a day. Outlets are named: they are no persons.
"""

from __future__ import annotations

import hmac
import json
import os
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from embedarchive.core.errors import UsageError
from embedarchive.export.atomic import drafting
from embedarchive.export.formats import ExportJob, Written
from embedarchive.export.jsonl import write_jsonl
from embedarchive.export.selection import EVERYTHING, Selection
from embedarchive.export.tables import say_rows
from embedarchive.library.rows import select, select_each

FORMAT = "embedarchive-pseudonymised-1"
LEAST_KEY = 16
"""Bytes: fewer could be tried out."""

_EMBEDS = (
    "SELECT e.outlet, e.article_url AS article, e.position, e.kind, e.platform, e.post_key AS post, e.form, "
    "e.author_handle AS author, e.author_name AS name, f.fetched_at "
    "FROM current_embeds e JOIN fetches f ON f.id = e.fetch_id "
    "WHERE (:all OR e.post_key IN (SELECT value FROM json_each(:posts)) "
    "OR e.article_id IN (SELECT value FROM json_each(:articles)))"
)
_POSTS = (
    "SELECT s.key AS post, s.platform, d.author_handle AS author, d.author_name AS name, d.kind, d.lang, "
    "substr(coalesce(s.posted_at, d.posted_at), 1, 10) AS posted_on, length(d.text) AS letters, s.status, s.reason, s.kept, "
    "s.held, s.expected, s.articles FROM post_status s LEFT JOIN current_descriptions d ON d.capture_id = s.best_capture_id "
    "WHERE (:all OR s.key IN (SELECT value FROM json_each(:posts)))"
)
_LOOKS = "SELECT checked_at AS at, outcome, reason FROM checks WHERE post_key = ? ORDER BY checked_at, id"


def write(job: ExportJob) -> Written:
    key = read_key(job.key)
    with drafting(job.out, job.overwrite) as file:
        rows = write_jsonl(pseudonymise(job.conn, key, job.chosen), file)
    return say_rows(job.out, rows)


def read_key(path: Path | None) -> bytes:
    """The secret in a file, which is made where there is none; without a file one that nobody will know again.

    Raises UsageError for a file that holds too little to be a secret.
    """
    if path is None:
        return secrets.token_bytes(32)
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_hex(32) + "\n")
    key = path.read_bytes().strip()
    if len(key) < LEAST_KEY:
        raise UsageError(
            f"{path} holds too little for a key: at least {LEAST_KEY} bytes. Without the file, one is made."
        )
    return key


def pseudonymise(conn: sqlite3.Connection, key: bytes, chosen: Selection = EVERYTHING) -> Iterator[dict[str, Any]]:
    """The lines of a pseudonymised export; in the order of their pseudonyms, for any other would tell of what is hidden."""
    posts, articles = json.dumps(chosen.posts or ()), json.dumps(chosen.articles or ())
    given = {"all": int(chosen.posts is None), "posts": posts, "articles": articles}
    yield {"type": "format", "format": FORMAT}
    embeds = [_hide(row, key) for row in select_each(conn, _EMBEDS, given)]
    for row in sorted(embeds, key=lambda each: (each["article"], each["position"])):
        yield {"type": "embed", **row}
    hidden = {hide(key, "post", row["post"]): row for row in select_each(conn, _POSTS, given)}
    for name in sorted(hidden):
        row = hidden[name]
        yield {"type": "post", **_hide(row, key), "looks": [dict(look) for look in select(conn, _LOOKS, row["post"])]}


def _hide(row: Mapping[str, Any], key: bytes) -> dict[str, Any]:
    handle = str(row["author"] or "").strip().removeprefix("@").lower()
    hidden = {
        "post": row["post"] and hide(key, "post", row["post"]),
        "author": hide(key, f"handle {row['platform']}", handle) if handle else None,
        "name": row["name"] and hide(key, "name", " ".join(row["name"].split())),
    }
    if "article" in row:
        hidden["article"] = hide(key, "article", row["article"])
    return {**row, **hidden}


def hide(key: bytes, what: str, value: str) -> str:
    """The pseudonym of a value: 128 bits in hex, another for each kind of thing."""
    return hmac.digest(key, f"{what}\n{value}".encode("utf-8", "replace"), "sha256").hex()[:32]
