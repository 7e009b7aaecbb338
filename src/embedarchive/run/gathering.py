"""What was recorded of posts, on its way into an archive: a small database in a file that goes when it is closed.

Which responses belong together is known only when all of a web archive was read, and they may be more than memory holds.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from embedarchive.core.model import Exchange, Post
from embedarchive.run.recorded import without_query
from embedarchive.sources.recordings import Recording
from embedarchive.store.blobs import hash_bytes

MOST_OF_A_POST = 400
"""Responses that are looked at of one post."""

_SCHEMA = """
CREATE TABLE recorded (id INTEGER PRIMARY KEY, post TEXT, url TEXT, plain TEXT, at TEXT, told TEXT, sha256 TEXT, digest TEXT,
  refers_url TEXT, refers_at TEXT, seen_by TEXT, source TEXT);
CREATE UNIQUE INDEX recorded_once ON recorded(url, at, coalesce(sha256, ''), coalesce(digest, ''));
CREATE INDEX recorded_plain ON recorded(plain);
CREATE INDEX recorded_post ON recorded(post);
CREATE INDEX recorded_digest ON recorded(digest);
CREATE TABLE bodies (sha256 TEXT PRIMARY KEY, body BLOB);
CREATE TABLE posts (key TEXT PRIMARY KEY, told TEXT);
"""


@dataclass
class Gathering:
    """What was recorded of posts, until it is judged: a database in a file that goes when it is closed."""

    conn: sqlite3.Connection
    damaged: list[tuple[str, int]] = field(default_factory=list)

    @classmethod
    def open(cls, folder: Path) -> Self:
        """An empty one, in a file of that folder."""
        conn = sqlite3.connect(folder / "gathered.db", isolation_level=None)
        conn.execute("PRAGMA journal_mode = OFF")
        conn.execute("PRAGMA synchronous = OFF")
        conn.executescript(_SCHEMA)
        return cls(conn)

    def add(self, recording: Recording, post: str | None) -> None:
        """Keep one record, with its body once however often it was recorded."""
        exchange = recording.exchange
        told = {
            "status": exchange.status, "headers": exchange.response_headers, "content_type": exchange.content_type,
            "remote_address": exchange.remote_address, "truncated": exchange.truncated,
        }  # fmt: skip
        sha256 = None
        if exchange.body is not None:
            sha256 = hash_bytes(exchange.body)
            self.conn.execute("INSERT OR IGNORE INTO bodies VALUES (?, ?)", (sha256, exchange.body))
        refers = recording.refers_to or (None, None)
        self.conn.execute(
            "INSERT OR IGNORE INTO recorded VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (post, exchange.url, without_query(exchange.url), exchange.started_at, json.dumps(told), sha256,
             recording.digest, *refers, recording.seen_by, recording.source),
        )  # fmt: skip

    def add_post(self, post: Post) -> None:
        told = json.dumps((post.platform, post.native_id, post.url, post.posted_at))
        self.conn.execute("INSERT OR IGNORE INTO posts VALUES (?, ?)", (post.key, told))

    def keep_only(self, keys: Iterable[str]) -> None:
        """Forget all posts but these."""
        self.conn.execute(
            "DELETE FROM posts WHERE key NOT IN (SELECT value FROM json_each(?))", (json.dumps(list(keys)),)
        )

    def list_posts(self) -> Iterator[Post]:
        """The posts of which something was recorded, by key."""
        for (told,) in self.conn.execute("SELECT told FROM posts ORDER BY key").fetchall():
            yield Post(*json.loads(told))

    def list_sources(self) -> set[str]:
        """The names of the files in which something of a post was recorded."""
        rows = self.conn.execute("SELECT DISTINCT source FROM recorded WHERE post IS NOT NULL")
        return {str(source).partition("!")[0] for (source,) in rows}

    def read_post(self, post: Post) -> list[tuple[Exchange, str, str]]:
        """What was recorded of a post, as (exchange, who wrote it down, in which file)."""
        query = f"SELECT * FROM recorded WHERE post = ? ORDER BY at, id LIMIT {MOST_OF_A_POST}"
        return [(self.read_exchange(row), row["seen_by"], row["source"]) for row in self._rows(query, post.key)]

    def read_exchange(self, row: sqlite3.Row) -> Exchange:
        told = json.loads(row["told"])
        body = self.read_body(row)
        return Exchange(
            url=row["url"],
            status=told["status"] or (200 if body is not None else None),
            response_headers=tuple((str(name), str(value)) for name, value in told["headers"]),
            body=body,
            content_type=told["content_type"],
            remote_address=told["remote_address"],
            started_at=row["at"],
            truncated=told["truncated"],
        )

    def read_body(self, row: sqlite3.Row) -> bytes | None:
        """The bytes of a record; of one that refers to another, that one's."""
        sha256 = row["sha256"] or self.find_original(row)
        found = self.conn.execute("SELECT body FROM bodies WHERE sha256 = ?", (sha256,)).fetchone()
        if found:
            return bytes(found[0])
        return None

    def find_original(self, row: sqlite3.Row) -> str | None:
        """The sha256 of what a record refers to, by digest, else by address and time."""
        found = self.conn.execute(
            "SELECT sha256 FROM recorded WHERE sha256 IS NOT NULL AND digest = ? LIMIT 1", (row["digest"],)
        ).fetchone()
        found = (
            found
            or self.conn.execute(
                "SELECT sha256 FROM recorded WHERE sha256 IS NOT NULL AND url = ? "
                "AND substr(at, 1, 19) = substr(?, 1, 19) LIMIT 1",
                (row["refers_url"], row["refers_at"]),
            ).fetchone()
        )
        if found:
            return str(found[0])
        return None

    def find_file(self, url: str) -> Exchange | None:
        """A recorded file at an address, else where only what is signed in the address differs; a whole one first."""
        query = """SELECT * FROM recorded WHERE plain = ? AND (url = ? OR ?) ORDER BY url <> ?,
                   json_extract(told, '$.status') NOT IN (200, 203), json_extract(told, '$.truncated') IS NOT NULL, at"""
        found = (self.read_exchange(row) for row in self._rows(query, without_query(url), url, names_file(url), url))
        return next((each for each in found if each.body), None)

    def list_missing(self) -> tuple[set[str], set[tuple[str, str]]]:
        """What records refer to that was not gathered yet: digests, and addresses with times (to the second)."""
        rows = self._rows(
            "SELECT * FROM recorded WHERE sha256 IS NULL AND (digest IS NOT NULL OR refers_url IS NOT NULL)"
        )
        lacking = [row for row in rows if self.find_original(row) is None]
        digests = {row["digest"] for row in lacking if row["digest"]}
        return digests, {(row["refers_url"], row["refers_at"]) for row in lacking if row["refers_url"]}

    def _rows(self, query: str, *values: Any) -> list[sqlite3.Row]:
        cursor = self.conn.cursor()
        cursor.row_factory = sqlite3.Row
        return cursor.execute(query, values).fetchall()


def names_file(url: str) -> bool:
    """Whether the path of an address names a file, so that its query only signs it or says how large it is wanted. Pure."""
    name = urlsplit(url).path.rpartition("/")[2]
    return len(name) >= 8 and not name.endswith((".php", ".aspx", ".ashx", ".jsp"))
