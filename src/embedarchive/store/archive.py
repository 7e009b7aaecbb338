"""Values -> rows: the only writer of an archive. Everything one call keeps is one durable transaction."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import urlsplit

from embedarchive.errors import ArchiveError, ArchiveLocked, DiskFull
from embedarchive.model import Capture, Description, Embed, Fetch, Found, Post
from embedarchive.platform import Platform
from embedarchive.store.blobs import hash_bytes, pack_blob
from embedarchive.store.schema import apply_schema, check_identity

Row = Mapping[str, Any]
MAX_INTEGER = 2**63 - 1
FULL_TEXT = {
    "articles": ("title", "site_name"),
    "embeds": ("author_name", "author_handle", "text"),
    "descriptions": ("author_name", "author_handle", "title", "text", "alt_text"),
}


def archive_path(name: str | Path) -> Path:
    """The archive file a user means: a .db file, or a folder that holds embeds.db."""
    path = Path(name).expanduser()
    return path if path.suffix in (".db", ".sqlite", ".sqlite3") else path / "embeds.db"


class Archive:
    """An archive open for writing, by one process at a time. Use it as a context manager.

    Raises ArchiveLocked, NotAnArchive, NewerArchive on opening, DiskFull when nothing more can be kept.
    """

    def __init__(self, path: Path, *, platforms: Iterable[Platform] = ()) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = lock_archive(path)
        try:
            if path.exists():
                check_identity(path)
            self.conn = connect(path)
            apply_schema(self.conn)
            self.keep_platforms(platforms)
        except BaseException:
            self._lock.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave a single file at rest: `datasette -i` does not read a write-ahead log."""
        with contextlib.suppress(sqlite3.Error):
            self.conn.execute("PRAGMA optimize")
            self.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self.conn.execute("PRAGMA journal_mode = DELETE")
        self.conn.close()
        self._lock.close()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            self.conn.execute("BEGIN IMMEDIATE")
            try:
                yield self.conn
            except BaseException:
                self.conn.execute("ROLLBACK")
                raise
            self.conn.execute("COMMIT")
        except sqlite3.OperationalError as error:
            raise explain(error, self.path) from error

    # ------------------------------------------------------------------------------------------------------ the run

    def keep_platforms(self, platforms: Iterable[Platform]) -> None:
        """Tell the archive what this version can visit, so that its views know what is due."""
        rows = [(p.name, p.title, p.visit.rules if p.visit else None, int(p.visit is not None)) for p in platforms]
        known = self.conn.execute("SELECT name, title, rules, visitable FROM platforms").fetchall()
        if rows and sorted(map(tuple, known)) != sorted(rows):
            with self.transaction() as conn:
                conn.execute("DELETE FROM platforms")
                conn.executemany("INSERT INTO platforms VALUES (?, ?, ?, ?)", rows)

    def start_crawl(self, command: str, now: str, version: str, options: Mapping[str, Any]) -> int:
        row = {"command": command, "started_at": now, "version": version, "options": to_json(options)}
        with self.transaction() as conn:
            return insert(conn, "crawls", row)

    def finish_crawl(self, crawl_id: int, now: str, ended: str, summary: Mapping[str, Any]) -> None:
        with self.transaction() as conn:
            conn.execute(
                "UPDATE crawls SET finished_at = ?, ended = ?, summary = ? WHERE id = ?",
                (now, ended, to_json(summary), crawl_id),
            )

    # ----------------------------------------------------------------------------------------------------- articles

    def keep_seed(self, crawl_id: int, url: str, seed: str, now: str, fresh_since: str = "") -> int:
        """Keep that a crawl is about this article; it falls due unless it was fetched well since `fresh_since`."""
        with self.transaction() as conn:
            article_id = keep_article(conn, url, now)
            conn.execute("INSERT OR IGNORE INTO seeds VALUES (?, ?, ?)", (crawl_id, article_id, clean(seed)))
            conn.execute(
                "UPDATE articles SET fetch_after = ? WHERE id = ? AND fetch_after IS NULL AND NOT EXISTS "
                "(SELECT 1 FROM fetches WHERE article_id = articles.id AND outcome <> 'failed' AND fetched_at >= ?)",
                (now, article_id, fresh_since),
            )
            return article_id

    def keep_fetch(
        self, article_id: int, crawl_id: int | None, fetch: Fetch, retry_at: str | None = None
    ) -> int | None:
        """Keep one download and clear what was due; None if it only repeats what is already kept.

        `retry_at` is when a failed fetch falls due again, if ever.
        """
        with self.transaction() as conn:
            sha256 = keep_blob(conn, fetch.body, fetch.content_type) if fetch.outcome == "ok" else None
            failed = fetch.outcome == "failed"
            conn.execute(
                "UPDATE articles SET fetch_after = ?, failures = iif(?, failures + 1, 0) WHERE id = ?",
                (retry_at if failed else None, failed, article_id),
            )
            if sha256 and fetch.source != "network" and is_kept(conn, article_id, fetch.source, sha256):
                return None
            row = dataclasses.asdict(fetch) | {
                "article_id": article_id, "crawl_id": crawl_id, "html_sha256": sha256,
                "headers": to_json(fetch.headers), "redirects": to_json(fetch.redirects),
            }  # fmt: skip
            del row["body"]
            return insert(conn, "fetches", row)

    def keep_found(self, fetch_id: int, found: Found, rules: int, now: str) -> None:
        """Keep what a search of one fetch gave, in place of what older rules gave."""
        with self.transaction() as conn:
            article_id = conn.execute("SELECT article_id FROM fetches WHERE id = ?", (fetch_id,)).fetchone()[0]
            remove_embeds(conn, fetch_id)
            for embed in found.embeds:
                insert(
                    conn,
                    "embeds",
                    embed_row(conn, embed, now) | {"fetch_id": fetch_id, "article_id": article_id},
                )
            conn.execute(
                "UPDATE fetches SET searched_rules = ?, search_note = ? WHERE id = ?",
                (rules, found.truncated, fetch_id),
            )
            keep_head(conn, article_id, found)

    # -------------------------------------------------------------------------------------------------------- posts

    def keep_post(self, post: Post, now: str) -> str:
        with self.transaction() as conn:
            return keep_post(conn, post, now)

    def keep_capture(self, capture: Capture, crawl_id: int | None) -> int:
        """Keep a visit with all its bytes, and the liveness observation it is, in one transaction."""
        with self.transaction() as conn:
            keep_post(conn, capture.post, capture.started_at)
            verdict = capture.verdict
            capture_id = insert(conn, "captures", {
                "post_key": capture.post.key, "crawl_id": crawl_id,
                "outcome": verdict.outcome, "reason": verdict.reason,
                "evidence": to_json([dataclasses.asdict(s) for s in verdict.signs]),
                "visit_url": capture.visit_url, "final_url": capture.final_url, "status": capture.status,
                "started_at": capture.started_at, "finished_at": capture.finished_at,
                "missing": to_json(capture.missing), "alterations": to_json(capture.alterations),
                "environment": to_json(capture.environment),
            })  # fmt: skip
            keep_artifacts(conn, capture_id, capture)
            keep_exchanges(conn, capture_id, capture)
            insert(conn, "checks", {
                "post_key": capture.post.key, "capture_id": capture_id, "checked_at": capture.started_at,
                "outcome": verdict.outcome, "reason": verdict.reason,
            })  # fmt: skip
            return capture_id

    def keep_description(self, capture_id: int, post_key: str, description: Description, rules: int, now: str) -> None:
        row = {f.name: getattr(description, f.name) for f in dataclasses.fields(description)} | {
            "collaborators": to_json(description.collaborators),
            "media": to_json([dataclasses.asdict(m) for m in description.media]),
            "sources": to_json(description.sources),
            "capture_id": capture_id, "post_key": post_key, "rules": rules, "described_at": now,
        }  # fmt: skip
        with self.transaction() as conn:
            insert(conn, "descriptions", row, or_ignore=True)


# -------------------------------------------------------------------------------------------------------------- opening


def lock_archive(path: Path) -> IO[bytes]:
    """Hold the archive for this process until the file is closed (or the process dies)."""
    lock = path.with_name(path.name + ".lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise ArchiveLocked(
            f"Another embedarchive is writing to {path}. Nothing was changed; wait for it to end, or name another -a."
        ) from error
    return lock


def connect(path: Path) -> sqlite3.Connection:
    """Open for writing, durable at every commit (https://www.sqlite.org/pragma.html#pragma_synchronous)."""
    conn = sqlite3.connect(path, isolation_level=None, timeout=30, check_same_thread=False)
    conn.row_factory = sqlite3.Row
    conn.execute("PRAGMA page_size = 8192")
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    ):
        conn.execute(f"PRAGMA {pragma}")
    return conn


def explain(error: sqlite3.OperationalError, path: Path) -> ArchiveError:
    message = str(error)
    if "full" in message or "disk I/O" in message:
        return DiskFull(
            f"No more can be written to {path} ({message}). All that was reported as kept is kept; "
            "make room and run the same command again."
        )
    return ArchiveError(f"{path}: {message}. What was reported as kept is kept.")


# ----------------------------------------------------------------------------------------------------------------- rows


def insert(conn: sqlite3.Connection, table: str, row: Row, *, or_ignore: bool = False) -> int:
    """Insert one row of our own column names (never of remote keys) and give its rowid."""
    columns, marks = ", ".join(row), ", ".join("?" * len(row))
    verb = "INSERT OR IGNORE" if or_ignore else "INSERT"
    cursor = conn.execute(f"{verb} INTO {table} ({columns}) VALUES ({marks})", [clean(v) for v in row.values()])
    rowid = int(cursor.lastrowid or 0)
    if cursor.rowcount and table in FULL_TEXT:
        index(conn, table, rowid)
    return rowid


def index(conn: sqlite3.Connection, table: str, rowid: int, *, remove: bool = False) -> None:
    """Put a row's words into the full-text index; `remove` takes them out, and must come before the row changes."""
    columns = ", ".join(FULL_TEXT[table])
    if remove:
        into, values = f"{table}_fts, rowid, {columns}", f"'delete', id, {columns}"
    else:
        into, values = f"rowid, {columns}", f"id, {columns}"
    conn.execute(f"INSERT INTO {table}_fts({into}) SELECT {values} FROM {table} WHERE id = ?", (rowid,))


def clean(value: Any) -> Any:
    """A value SQLite can hold: no NUL or lone surrogate in text, no integer beyond 64 bits."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        return None
    return value


def to_json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def keep_blob(conn: sqlite3.Connection, body: bytes, content_type: str | None) -> str:
    sha256 = hash_bytes(body)
    if not conn.execute("SELECT 1 FROM blobs WHERE sha256 = ?", (sha256,)).fetchone():
        encoding, packed = pack_blob(body, content_type)
        conn.execute("INSERT INTO blobs VALUES (?, ?, ?, ?)", (sha256, len(body), encoding, packed))
    return sha256


def keep_article(conn: sqlite3.Connection, url: str, now: str) -> int:
    host = urlsplit(url).hostname or ""
    insert(conn, "articles", {"url": url, "outlet": host.removeprefix("www."), "first_seen_at": now}, or_ignore=True)
    return int(conn.execute("SELECT id FROM articles WHERE url = ?", (clean(url),)).fetchone()[0])


def keep_head(conn: sqlite3.Connection, article_id: int, found: Found) -> None:
    """Keep what an article's head says of itself; what it no longer says stays as it was."""
    index(conn, "articles", article_id, remove=True)
    conn.execute(
        "UPDATE articles SET title = coalesce(?, title), site_name = coalesce(?, site_name), "
        "lang = coalesce(?, lang), published_at = coalesce(?, published_at) WHERE id = ?",
        (*map(clean, (found.title, found.site_name, found.lang, found.published_at)), article_id),
    )
    index(conn, "articles", article_id)


def remove_embeds(conn: sqlite3.Connection, fetch_id: int) -> None:
    """Forget what older rules found in a fetch; embeds are derived, the fetched bytes are not."""
    for (rowid,) in conn.execute("SELECT id FROM embeds WHERE fetch_id = ?", (fetch_id,)).fetchall():
        index(conn, "embeds", rowid, remove=True)
    conn.execute("DELETE FROM embeds WHERE fetch_id = ?", (fetch_id,))


def keep_post(conn: sqlite3.Connection, post: Post, now: str) -> str:
    conn.execute(
        "INSERT OR IGNORE INTO posts VALUES (?, ?, ?, ?, ?, ?, ?)",
        (post.key, post.platform, post.native_id, clean(post.url), post.posted_at, int(post.resolved), now),
    )
    return post.key


def is_kept(conn: sqlite3.Connection, article_id: int, source: str, sha256: str) -> bool:
    query = "SELECT 1 FROM fetches WHERE article_id = ? AND source = ? AND html_sha256 = ?"
    return conn.execute(query, (article_id, source, sha256)).fetchone() is not None


def embed_row(conn: sqlite3.Connection, embed: Embed, now: str) -> dict[str, Any]:
    post_key = keep_post(conn, embed.post, now) if embed.post else None
    row = {f.name: getattr(embed, f.name) for f in dataclasses.fields(embed) if f.name not in ("post", "claim")}
    return row | dataclasses.asdict(embed.claim) | {"post_key": post_key}


def keep_artifacts(conn: sqlite3.Connection, capture_id: int, capture: Capture) -> None:
    for artifact in capture.artifacts:
        row = {f.name: getattr(artifact, f.name) for f in dataclasses.fields(artifact) if f.name != "body"}
        sha256 = keep_blob(conn, artifact.body, artifact.content_type)
        insert(conn, "artifacts", row | {"capture_id": capture_id, "sha256": sha256, "size": len(artifact.body)})


def keep_exchanges(conn: sqlite3.Connection, capture_id: int, capture: Capture) -> None:
    for position, exchange in enumerate(capture.exchanges, 1):
        row = {f.name: getattr(exchange, f.name) for f in dataclasses.fields(exchange) if f.name != "body"}
        sha256 = keep_blob(conn, exchange.body, exchange.content_type) if exchange.body is not None else None
        headers = {k: to_json(row[k]) for k in ("request_headers", "response_headers")}
        insert(
            conn,
            "exchanges",
            row | headers | {"capture_id": capture_id, "position": position, "body_sha256": sha256},
        )
