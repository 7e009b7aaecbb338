"""What a user names -> which captures and downloads go into an evidence pack, each with what proves it. Read-only.

A pack never joins files of two captures: each stands in it by itself, as it was kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, replace

from embedarchive import library
from embedarchive.core.errors import UsageError
from embedarchive.core.shell import say_command
from embedarchive.export.selection import find_post_key
from embedarchive.library.proofs import read_proof
from embedarchive.library.records import CaptureRecord, PostRecord, ProofRecord, Subject
from embedarchive.library.rows import select, select_one
from embedarchive.show.words import LOOK_WORDS

CAPTURES = (
    "SELECT id, outcome, finished_at FROM captures WHERE post_key = ? AND purpose <> 'control' ORDER BY started_at, id"
)
# Also where the page is not for whoever asks: what proves it is.
NEWEST = """SELECT f.* FROM fetches f JOIN main.fetches whole ON whole.id = f.id
  WHERE f.article_id = ? AND whole.html_sha256 IS NOT NULL ORDER BY f.fetched_at DESC, f.id DESC LIMIT 1"""
POSTS = "SELECT DISTINCT post_key FROM embeds WHERE fetch_id = ? AND post_key IS NOT NULL AND kind = 'embed' ORDER BY position"


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One observation of a pack. `subject` is the id of the capture or the download, `at` when it was over (ISO 8601).

    `key` is the post of a capture; `title` says in a line what is seen, `label` is part of its folder's name.
    """

    kind: Subject
    subject: int
    at: str
    title: str
    label: str
    proof: ProofRecord
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """What goes into a pack: `name` is what its folder is called after, `posts` are the keys of those it tells of."""

    name: str
    exhibits: tuple[Exhibit, ...]

    @property
    def posts(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(each.key for each in self.exhibits if each.key))


def find_exhibits(conn: sqlite3.Connection, name: str, *, every: bool = False) -> Chosen:
    """What belongs into the pack of a post (by its key or any of its addresses) or of an article (by its address).

    Of a post it is the capture that shows it best, or `every` one; of an article its newest download, what a browser made
    of that, and the captures of the posts it embeds. Raises UsageError for what is not known, was never captured, or is not
    in a signed checkpoint yet; DamagedArchive where rows are not as they were logged.
    """
    if key := find_post_key(conn, name):
        chosen = Chosen(key, tuple(find_captures(conn, key, every=every)))
        if not chosen.exhibits:
            raise UsageError(f"{key} was never captured, so there is nothing to prove. Nothing was written.")
        return chosen
    article = library.find_article(conn, name)
    fetch = None
    if article:
        fetch = select_one(conn, NEWEST, article)
    if fetch is None:
        raise UsageError(
            f"The archive has no post and no downloaded article {name}. Nothing was written; see what it has "
            f"with: {say_command('embedarchive', 'lookup', name)}"
        )
    named, at = f"The article {fetch['final_url']}", fetch["fetched_at"]
    found = [prove(conn, "fetch", fetch["id"], at, f"{named}, as it was downloaded", "article-as-downloaded")]
    if fetch["dom_sha256"] or fetch["screenshot_sha256"]:
        title, at = f"{named}, as a browser showed it", fetch["rendered_at"] or at
        found.append(prove(conn, "rendering", fetch["id"], at, title, "article-as-shown"))
    for row in select(conn, POSTS, fetch["id"]):
        found += find_captures(conn, row["post_key"], every=every)
    return Chosen(fetch["final_url"].partition("://")[2].partition("?")[0], tuple(found))


def find_captures(conn: sqlite3.Connection, key: str, *, every: bool) -> Iterator[Exhibit]:
    """The capture that shows a post best, else its newest; or every one, oldest first."""
    rows = select(conn, CAPTURES, key)
    if not every:
        best = select_one(conn, "SELECT best_capture_id AS id FROM post_status WHERE key = ?", key)
        rows = [row for row in rows if best and row["id"] == best["id"]] or rows[-1:]
    for row in rows:
        title = f"The post {key}, as a browser showed it"
        if row["outcome"] != "available":
            met = LOOK_WORDS[row["outcome"]].lower()
            title = f"A visit to the post {key}, and what it met in its place ({met})"
        yield replace(prove(conn, "capture", row["id"], row["finished_at"], title, key), key=key)


def prove(conn: sqlite3.Connection, kind: Subject, subject: int, at: str, title: str, label: str) -> Exhibit:
    """An exhibit with what proves it. Raises UsageError where nothing does yet."""
    proof = read_proof(conn, kind, subject)
    if proof is None:
        raise UsageError(
            f"{title} on {at[:10]} is in no signed checkpoint of this archive yet. Nothing was written. A run signs one at "
            f"its end; to sign now: {say_command('embedarchive', 'evidence', 'checkpoint')}"
        )
    return Exhibit(kind, subject, at, title, label, proof)


def show_alone(record: PostRecord, capture: CaptureRecord) -> PostRecord:
    """A post as one capture alone has it, without files or words of any other. Pure."""
    is_whole = record.best is not None and record.best.id == capture.id and not record.joined
    kept = "partial" if record.kept == "whole" and not is_whole else record.kept
    lacking = record.lacking if is_whole else ()
    alone = replace(record, best=capture, captures=(capture,), said=capture.description, joined={})
    return replace(alone, kept=kept, lacking=lacking)
