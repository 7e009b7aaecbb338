"""A post's key -> all that the archive knows of it; many keys -> one line each. Read-only."""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from embedarchive.core.completeness import tell_what
from embedarchive.core.model import Description, Post
from embedarchive.library.notes import read_post_notes
from embedarchive.library.records import (
    Appearance,
    CaptureRecord,
    EmbedRecord,
    ExchangeRecord,
    MissingFile,
    Observation,
    PostLine,
    PostRecord,
    StoredFile,
)
from embedarchive.library.rows import (
    APPEARANCE,
    HELD,
    Row,
    in_list,
    pick,
    read_appearance,
    read_capture,
    read_description,
    read_json,
    read_kept,
    read_sighting,
    select,
    select_one,
)

SENSITIVE = "EXISTS (SELECT 1 FROM descriptions m WHERE m.post_key = {} AND m.sensitive)"
"""Once marked as sensitive, a post stays so: a later answer may only have left the mark out."""

MOST_APPEARANCES = 200
MOST_CAPTURES = 200
IN_KEYS = "IN (SELECT value FROM json_each(?))"
PICTURES = {"poster": 0, "media": 1, "thumbnail": 2, "screenshot": 3}
"""What stands for a post in a list, best first; the last two are pictures of the whole card."""


def find_key(conn: sqlite3.Connection, key: str) -> str | None:
    """The key under which a post is kept: its own, or that of the post its short link turned out to name."""
    row = select_one(conn, "SELECT coalesce(same_as, key) AS key FROM posts WHERE key = ?", key)
    return row["key"] if row else None


def post_record(conn: sqlite3.Connection, key: str) -> PostRecord | None:
    """All that the archive knows of a post, or None if it never met it."""
    key = find_key(conn, key) or key
    row = select_one(conn, "SELECT * FROM post_status WHERE key = ?", key)
    if row is None:
        return None
    captures = read_captures(conn, key, row["best_capture_id"])
    appearances = read_appearances(conn, key)
    best = next((c for c in captures if c.id == row["best_capture_id"]), None)
    joined = read_joined(row)
    return PostRecord(
        **read_standing(row, best.description if best else None),
        post=Post(row["platform"], row["native_id"], row["url"], row["posted_at"], bool(row["resolved"])),
        status=row["status"],
        first_seen_at=row["first_seen_at"],
        last_checked_at=row["last_checked_at"],
        observations=find_doubted(row, read_observations(conn, key)),
        captures=captures,
        best=replace(best, artifacts=lend(best.artifacts, joined, read_lenders(conn, joined))) if best else None,
        said=find_newest(captures, best),
        appearances=appearances[:MOST_APPEARANCES],
        more_appearances=count_more(conn, key, len(appearances)),
        notes=read_post_notes(conn, key),
        collections=read_collections_of(conn, key),
    )


def read_collections_of(conn: sqlite3.Connection, key: str) -> tuple[str, ...]:
    """The collections that a post belongs to, by itself, its articles or what named those."""
    sql = """SELECT name FROM collections WHERE kind = 'post' AND subject = :key
      UNION SELECT c.name FROM embeds e CROSS JOIN article_urls u ON u.article_id = e.article_id
        CROSS JOIN collections c ON c.kind = 'article' AND c.subject = u.url WHERE e.post_key = :key AND e.kind = 'embed'
      UNION SELECT c.name FROM embeds e CROSS JOIN seeds s ON s.article_id = e.article_id
        CROSS JOIN collections c ON c.kind = 'seed' AND c.subject = s.origin WHERE e.post_key = :key AND e.kind = 'embed'
      ORDER BY 1"""
    return tuple(row[0] for row in conn.execute(sql, {"key": key}))


def find_newest(captures: Sequence[CaptureRecord], best: CaptureRecord | None) -> Description | None:
    """What a post said when it was last seen by itself and its words were read, else what the best capture says.

    `captures` come newest first. A look that keeps no files can still be the one that saw an edit. What others saw and what
    we saw are never mixed.
    """
    origin = None
    if best and best.sighting:
        origin = best.sighting.origin
    own = (c for c in captures if (c.sighting.origin if c.sighting else None) == origin)
    seen = (c.description for c in own if c.outcome == "available" and c.fetch_id is None)
    newest = next((said for said in seen if said and said.text), None)
    return newest or (best.description if best else None)


# ------------------------------------------------------------------------------------------------------------- standing


def read_standing(row: Row, said: Description | None) -> dict[str, Any]:
    """The fields of `PostState` from a row of the view post_status; `said` is what the best capture read."""
    same = (
        "reason", "doubt", "last_available_at", "first_gone_at", "confirmed_at", "came_back_at", "embedding", "kept",
        "expected", "held", "due_at",
    )  # fmt: skip
    if said:
        files = {m.position: tell_what(m, said) for m in said.media if m.role == "media"}
    else:
        files = {}
    kinds = set(files.values())
    lacking = (pick(MissingFile, each) for each in read_json(row["lacking"], list))
    return {name: row[name] for name in same} | {
        "lacking": tuple(replace(n, passing=bool(n.passing), what=files.get(n.position, "file")) for n in lacking if n),
        "what": kinds.pop() if len(kinds) == 1 else "file",
        "joined": read_joined(row),
        "sighting": read_sighting(row["origin"], row["seen_at"], read_json(row["sighting"], dict)),
    }


def read_joined(row: Row) -> dict[int, int]:
    """The position of each file that another capture lends -> that capture."""
    return {int(position): int(number) for position, number in read_json(row["joined"], dict).items()}


def read_lenders(conn: sqlite3.Connection, joined: Mapping[int, int]) -> dict[int, tuple[str, Sequence[StoredFile]]]:
    """When each capture that lends a file was made, and what it kept."""
    rows = select(conn, f"SELECT id, started_at FROM captures WHERE id {IN_KEYS}", in_list(set(joined.values())))
    if joined:
        kept = read_artifacts(conn, set(joined.values()))
    else:
        kept = {}
    return {row["id"]: (row["started_at"], kept.get(row["id"], ())) for row in rows}


def lend(
    files: Sequence[StoredFile], joined: Mapping[int, int], lenders: Mapping[int, tuple[str, Sequence[StoredFile]]]
) -> tuple[StoredFile, ...]:
    """The files of the best capture, and in their places those that others lend, each saying of when it is. Pure."""
    own = [each for each in files if not (each.role == "media" and each.position in joined)]
    lent = [
        replace(each, lent_at=at)
        for position, number in joined.items()
        for at, kept in (lenders.get(number, ("", ())),)
        for each in kept
        if each.role == "media" and each.position == position
    ]
    return (*own, *sorted(lent, key=lambda each: each.position))


def find_doubted(row: Row, seen: Sequence[Observation]) -> tuple[Observation, ...]:
    """A post's history, in which each answer that it is gone says whether that is believed. Pure.

    Believed are those of its losses, from the first answer that said so to the one that did not.
    """
    kept = (each for each in read_json(row["losses"], list) if isinstance(each, dict))
    losses = [(str(each.get("first_gone_at")), each.get("ended_at")) for each in kept]

    def is_believed(at: str) -> bool:
        return any(first <= at and (ended is None or at < str(ended)) for first, ended in losses)

    return tuple(replace(each, doubted=each.outcome == "gone" and not is_believed(each.at)) for each in seen)


def read_observations(conn: sqlite3.Connection, key: str) -> tuple[Observation, ...]:
    """Every look at a post, oldest first."""
    rows = select(
        conn,
        "SELECT k.checked_at, k.outcome, k.reason, k.capture_id FROM checks k JOIN captures c ON c.id = k.capture_id "
        "WHERE k.post_key = ? ORDER BY coalesce(c.seen_at, k.checked_at), c.uid",
        key,
    )
    return tuple(Observation(r["checked_at"], r["outcome"], r["reason"], r["capture_id"]) for r in rows)


# ------------------------------------------------------------------------------------------------------------- captures

CAPTURE = (
    "SELECT c.*, r.version, iif(r.command = 'import' AND c.origin = 'visit', r.options, NULL) AS brought, "
    f"f.article_id, {SENSITIVE.format('c.post_key')} AS sensitive, y.score AS replay_score, "
    "y.note AS replay_note, EXISTS (SELECT 1 FROM pending w WHERE w.work IN ('replay', 'replay later') "
    "AND w.capture_id = c.id) AS replay_due FROM captures c LEFT JOIN crawls r ON r.id = c.crawl_id "
    "LEFT JOIN fetches f ON f.id = c.fetch_id LEFT JOIN replays y ON y.id = "
    "(SELECT id FROM replays WHERE capture_id = c.id ORDER BY checked_at DESC, id DESC LIMIT 1) "
)


def read_captures(conn: sqlite3.Connection, key: str, best: int | None = None) -> tuple[CaptureRecord, ...]:
    """The visits to a post with what they kept and what was read from them, newest first; the best is always in."""
    rows = select(
        conn,
        CAPTURE + "WHERE c.post_key = ? AND c.purpose <> 'control' "
        "ORDER BY c.id IS ? DESC, c.outcome = 'available' DESC, coalesce(c.seen_at, c.started_at) DESC, c.uid DESC LIMIT ?",
        key,
        best,
        MOST_CAPTURES,
    )
    rows.sort(key=lambda r: (r["seen_at"] or r["started_at"], r["uid"] or ""), reverse=True)
    return _complete(conn, rows)


def capture_record(conn: sqlite3.Connection, capture_id: int) -> CaptureRecord | None:
    """One visit, or None."""
    return next(iter(_complete(conn, select(conn, CAPTURE + "WHERE c.id = ?", capture_id))), None)


def read_in_place(conn: sqlite3.Connection, article_id: int) -> dict[str, CaptureRecord]:
    """For each post that was photographed in an article, the newest picture of it there."""
    in_place = (
        "WHERE c.fetch_id IN (SELECT id FROM fetches WHERE article_id = ?) "
        "ORDER BY coalesce(c.seen_at, c.started_at), c.uid"
    )
    captures = _complete(conn, select(conn, CAPTURE + in_place, article_id))
    return {capture.post_key: capture for capture in captures if capture.kept("screenshot")}


def _complete(conn: sqlite3.Connection, rows: Sequence[Row]) -> tuple[CaptureRecord, ...]:
    ids = [r["id"] for r in rows]
    artifacts, descriptions = read_artifacts(conn, ids), read_descriptions(conn, ids)
    return tuple(read_capture(r, artifacts[r["id"]], descriptions.get(r["id"])) for r in rows)


LEFT_OUT = "(SELECT reason FROM redactions r WHERE r.sha256 = a.sha256)"
"""Why bytes are not held, if that was said."""


def read_artifacts(conn: sqlite3.Connection, capture_ids: Iterable[int]) -> dict[int, list[StoredFile]]:
    """What each capture kept, by role and position."""
    kept: dict[int, list[StoredFile]] = defaultdict(list)
    held = HELD.format("a.sha256")
    for row in select(
        conn,
        f"SELECT a.*, {held} AS held, {LEFT_OUT} AS left_out FROM artifacts a "
        f"WHERE a.capture_id {IN_KEYS} ORDER BY a.role, a.position",
        in_list(capture_ids),
    ):
        kept[row["capture_id"]].append(read_kept(row))
    return kept


def read_descriptions(conn: sqlite3.Connection, capture_ids: Iterable[int]) -> dict[int, Description]:
    """What the newest rules read from each capture."""
    rows = select(
        conn, f"SELECT * FROM descriptions WHERE capture_id {IN_KEYS} ORDER BY capture_id, rules", in_list(capture_ids)
    )
    return {row["capture_id"]: read_description(row) for row in rows}


def read_exchanges(conn: sqlite3.Connection, capture_id: int) -> tuple[ExchangeRecord, ...]:
    """What a visit asked the network for and got, in order."""
    rows = select(
        conn,
        "SELECT x.*, b.size FROM exchanges x LEFT JOIN blobs b ON b.sha256 = x.body_sha256 "
        "WHERE x.capture_id = ? ORDER BY x.position",
        capture_id,
    )
    return tuple(
        ExchangeRecord(
            position=r["position"],
            url=r["url"],
            method=r["method"],
            status=r["status"],
            resource_type=r["resource_type"],
            content_type=r["content_type"],
            sha256=r["body_sha256"],
            size=r["size"],
            started_at=r["started_at"],
            elapsed_ms=r["elapsed_ms"],
            remote_address=r["remote_address"],
            error=r["error"],
        )
        for r in rows
    )


# ---------------------------------------------------------------------------------------------------------- appearances


def read_appearances(conn: sqlite3.Connection, key: str) -> tuple[Appearance, ...]:
    """The appearances of a post in articles, one an article and position: the newest download that still has it."""
    rows = select(
        conn,
        APPEARANCE + f"WHERE e.post_key {IN_KEYS} ORDER BY f.fetched_at DESC, f.id DESC, e.position LIMIT ?",
        in_list(_aliases(conn, key)),
        4 * MOST_APPEARANCES,
    )
    newest: dict[tuple[int, str], Row] = {}
    for row in rows:
        # A later download repeats what an earlier one had: only the newest of equal appearances is shown.
        newest.setdefault((row["article_id"], row["form"]), row)
    found = sorted(newest.values(), key=lambda r: (r["article_published_at"] or r["fetched_at"], r["position"]))
    return tuple(read_appearance(row) for row in found)


def _aliases(conn: sqlite3.Connection, key: str) -> list[str]:
    """The key itself, and those of short links that turned out to name the same post."""
    return [key, *(r["key"] for r in select(conn, "SELECT key FROM posts WHERE same_as = ?", key))]


def count_more(conn: sqlite3.Connection, key: str, read: int) -> int:
    if read <= MOST_APPEARANCES:
        return 0
    row = select_one(conn, "SELECT count(DISTINCT article_id) AS n FROM embeds WHERE post_key = ?", key)
    return max(0, (row["n"] if row else 0) - MOST_APPEARANCES)


def embed_record(conn: sqlite3.Connection, embed_id: int) -> EmbedRecord | None:
    """An embed with its article, whether or not it names a post; or None."""
    row = select_one(conn, APPEARANCE + "WHERE e.id = ?", embed_id)
    if row:
        return EmbedRecord(row["embed_id"], read_appearance(row), row["html_sha256"])
    return None


def is_sensitive_file(conn: sqlite3.Connection, sha256: str) -> bool:
    """Whether a post that is marked as sensitive shows that file."""
    marked = SENSITIVE.format("c.post_key")
    shown = "SELECT 1 FROM artifacts a JOIN captures c ON c.id = a.capture_id WHERE a.sha256 = ?"
    return select_one(conn, f"{shown} AND {marked} LIMIT 1", sha256) is not None


# ---------------------------------------------------------------------------------------------------------------- lines

# What is said of a post in a list is what it said last, be it that only a look without files saw it.
LINE = (
    "SELECT s.key, s.platform, s.url, s.status, s.reason, s.doubt, s.posted_at AS dated_at, s.last_available_at, "
    "s.first_gone_at, s.confirmed_at, s.came_back_at, s.embedding, s.kept, s.expected, s.held, s.lacking, s.joined, "
    "s.due_at, s.best_capture_id, s.origin, s.seen_at, s.sighting, "
    "d.author_name, d.author_handle, d.kind, coalesce(n.text, d.text) AS text, d.title, "
    f"d.alt_text, d.lang, {SENSITIVE.format('s.key')} AS sensitive, d.posted_at "
    "FROM post_status s LEFT JOIN descriptions d ON d.id = (SELECT x.id FROM descriptions x "
    "WHERE x.capture_id = s.best_capture_id ORDER BY x.rules DESC LIMIT 1) "
    "LEFT JOIN descriptions n ON n.id = (SELECT x.id FROM descriptions x JOIN captures c ON c.id = x.capture_id "
    "WHERE c.post_key = s.key AND c.outcome = 'available' AND c.fetch_id IS NULL AND c.purpose <> 'control' "
    "AND c.origin = coalesce(s.origin, 'visit') AND x.text IS NOT NULL "
    "ORDER BY coalesce(c.seen_at, c.started_at) DESC, c.uid DESC, x.rules DESC LIMIT 1) "
)


def read_lines(conn: sqlite3.Connection, keys: Iterable[str]) -> dict[str, PostLine]:
    """One line for each key that the archive knows, in the order of the keys."""
    wanted = list(dict.fromkeys(keys))
    rows = {r["key"]: r for r in select(conn, LINE + f"WHERE s.key {IN_KEYS}", in_list(wanted))}
    artifacts = read_artifacts(conn, [r["best_capture_id"] for r in rows.values() if r["best_capture_id"]])
    said = read_descriptions(conn, [r["best_capture_id"] for r in rows.values() if r["kept"] == "partial"])
    claims = read_claims(conn, [k for k, r in rows.items() if not (r["text"] or r["author_name"] or r["title"])])
    return {
        key: _line(
            rows[key],
            artifacts.get(rows[key]["best_capture_id"], []),
            claims.get(key),
            said.get(rows[key]["best_capture_id"]),
        )
        for key in wanted
        if key in rows
    }


def read_claims(conn: sqlite3.Connection, keys: Sequence[str]) -> dict[str, Row]:
    """For each post the fullest words that a publisher's markup has for it."""
    rows = select(
        conn,
        f"SELECT post_key, author_name, author_handle, text, posted_at, lang FROM embeds WHERE post_key {IN_KEYS} "
        "AND coalesce(text, author_name, author_handle) IS NOT NULL ORDER BY length(coalesce(text, '')), id DESC",
        in_list(keys),
    )
    return {row["post_key"]: row for row in rows}


def _line(row: Row, artifacts: Sequence[StoredFile], claim: Row | None, described: Description | None) -> PostLine:
    """One line; `described` is what the best capture read, needed only where something is lacking."""
    said = claim or row
    text = said["text"] or row["title"]
    # Words are read better as words than as a small picture of a card.
    if text:
        roles = {"poster", "media"}
    else:
        roles = set(PICTURES)
    pictures = [a for a in artifacts if a.role in roles and a.held and a.content_type.startswith("image/")]
    return PostLine(
        **read_standing(row, described),
        key=row["key"],
        platform=row["platform"],
        url=row["url"],
        status=row["status"],
        author_name=said["author_name"],
        author_handle=said["author_handle"],
        kind=row["kind"],
        text=text,
        alt=row["alt_text"],
        sensitive=bool(row["sensitive"]),
        lang=said["lang"],
        posted_at=row["dated_at"] or said["posted_at"],
        claimed=claim is not None,
        picture=min(pictures, key=lambda a: (PICTURES[a.role], a.position), default=None),
    )
