"""What others saw of a post -> kept as theirs: it is no check, and nothing is due of it; it is held, and shown as theirs."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from embedarchive.core.model import Capture, Post
from embedarchive.store import evidence, posts, rows, visits
from embedarchive.store.archive import Archive
from embedarchive.store.merging.logs import name_archive
from embedarchive.store.optouts import is_barred, read_optouts


def keep_recorded(archive: Archive, capture: Capture, crawl_id: int, now: str) -> int:
    """Keep what others saw of a post (`Capture.origin`) with all its bytes, in one transaction; give its number.

    Kept twice, it is there once. Nothing is kept (0) of a post that was erased or does not want to be archived, nor of what is
    dated after `now` (ISO 8601), which nobody can have seen.
    """
    with archive.transaction() as conn:
        unwanted = is_barred(conn, read_optouts(conn, now), capture.post.key, capture.post.url)
        if unwanted or rows.is_barred(conn, capture.post.key) or capture.started_at > now:
            return 0
        if (known := visits.find_capture(conn, capture)) is not None:
            return known
        posts.keep_post_of_others(conn, capture.post, now)
        capture_id = visits.keep_visit(conn, capture, crawl_id, None)
        evidence.append(conn, "capture", capture_id)
        return capture_id


# ------------------------------------------------------------------------------------- what an archive of ours gave away


@dataclass(frozen=True, slots=True)
class CheckRow:
    """The liveness observation that a visit was."""

    checked_at: str
    outcome: str
    reason: str | None
    embedding: str | None


@dataclass(frozen=True, slots=True)
class Whole:
    """A capture out of another archive of ours, as it was there.

    `uid` is its name there, `check` the observation that it was, `names` other names of its post; `place` the download of the
    article that it was photographed in (its address and time), if it was. `holders` are the archives that held it.
    """

    capture: Capture
    uid: str
    check: CheckRow | None = None
    names: tuple[Post, ...] = ()
    place: tuple[str, str] | None = None
    holders: tuple[str, ...] = ()


def keep_whole(archive: Archive, whole: Whole, crawl_id: int, now: str) -> str:
    """Keep a capture as it was, whoever's observation it was; give `kept`, `known` or `not wanted`. In one transaction.

    Raises ValueError where it is not the capture that its name is made of, or holds a word that no capture of ours does.
    """
    capture = whole.capture
    if visits.uid_of(capture) != whole.uid:
        raise ValueError("its name was made of something else")
    with archive.transaction() as conn:
        unwanted = is_barred(conn, read_optouts(conn, now), capture.post.key, capture.post.url)
        if unwanted or rows.is_barred(conn, capture.post.key):
            return "not wanted"
        if (known := visits.find_capture(conn, capture)) is not None:
            keep_holders(conn, "capture", known, whole.holders, now)
            return "known"
        keep_name(conn, capture, now)
        fetch_id = None
        if whole.place:
            fetch_id = find_fetch(conn, *whole.place)
        capture_id = visits.keep_visit(conn, capture, crawl_id, fetch_id)
        if whole.check and capture.origin == "visit" and capture.purpose != "control":
            row = dataclasses.asdict(whole.check) | {"post_key": capture.post.key, "capture_id": capture_id}
            rows.insert(conn, "checks", row)
        for name in whole.names:
            posts.join_posts(conn, capture.post.key, name, now)
        evidence.append(conn, "capture", capture_id)
        keep_holders(conn, "capture", capture_id, whole.holders, now)
        return "kept"


def keep_holders(conn: sqlite3.Connection, kind: str, subject: int, names: Iterable[str], now: str) -> None:
    """Note which archives held something that a file of theirs brought: by name, for their logs are not in it.

    When one of them is merged, its log proves what is only said here.
    """
    own = name_archive(conn)
    for name in names:
        if name == own:
            continue
        known = conn.execute("SELECT id FROM merged_archives WHERE name = ? ORDER BY id", (name,)).fetchone()
        number = (
            known[0] if known else rows.insert(conn, "merged_archives", {"name": name, "merged_at": now, "place": ""})
        )
        held = "INSERT OR IGNORE INTO held_by (kind, subject, archive_id, seq, numbers) VALUES (?, ?, ?, NULL, '[]')"
        conn.execute(held, (kind, subject, number))


def keep_doubted_run(archive: Archive, why: str, version: str, now: str) -> int:
    """The run under which is kept what a run elsewhere saw whose clock could not be right: nothing is concluded from it."""
    row = {"command": "import", "started_at": now, "finished_at": now, "ended": "done", "version": version,
           "options": "{}", "clock_suspect": why}  # fmt: skip
    with archive.transaction() as conn:
        return rows.insert(conn, "crawls", row)


def keep_name(conn: sqlite3.Connection, capture: Capture, now: str) -> None:
    """Keep the identity of a capture's post: nothing of it is due that only others saw, or that was a control."""
    if capture.purpose == "control":
        posts.keep_control_post(conn, capture.post, now)
    elif capture.origin != "visit":
        posts.keep_post_of_others(conn, capture.post, now)


def find_fetch(conn: sqlite3.Connection, url: str, fetched_at: str) -> int | None:
    """The download of the article of an address at a time, if it is kept."""
    query = """SELECT min(f.id) FROM article_urls u CROSS JOIN fetches f ON f.article_id = u.article_id
               WHERE u.url = ? AND f.fetched_at = ?"""
    found = conn.execute(query, (url, fetched_at)).fetchone()[0]
    if found:
        return int(found)
    return None


def has_rendering(conn: sqlite3.Connection, fetch_id: int) -> bool:
    """Whether what a browser made of a download is kept."""
    return evidence.has_rendering(conn, fetch_id)
