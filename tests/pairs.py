"""Real visits and downloads -> pairs of archives that hold some of them each, drawn by chance; what an archive says.

A pair shares part of its history, as two copies of one archive do that were crawled on apart: the same events at the same
times, drawn for one, the other or both.

Beside visits these are edits, losses, holds, notes, tags, collections, opt-outs, levels, erasures.
"""

from __future__ import annotations

import gzip
import json
import random
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from embedarchive.core.model import Artifact, Capture, Exchange, Fetch, Post, Sign, Verdict
from embedarchive.core.standing import later
from embedarchive.platforms import PLATFORMS
from embedarchive.run.deriving import Derived, derive_all
from embedarchive.store import Archive, open_reader
from embedarchive.store.access import decide, withhold
from embedarchive.store.cases import Subject
from embedarchive.store.checkpoints import make_checkpoint
from embedarchive.store.collections import keep_members
from embedarchive.store.compacting import compact
from embedarchive.store.conclusions import MANY_AT_ONCE, PostScope
from embedarchive.store.fixity import read_blob
from embedarchive.store.keyring import Keyring
from embedarchive.store.optouts import OptOut, add_optouts

NOW = "2026-06-01T08:00:00.000Z"
DAY_S = 86_400.0
LARGEST = 60_000
"""Bytes of a page: larger ones are searched in a child, which takes a second each."""

Event = Callable[[Archive, int], None]


@dataclass(frozen=True)
class World:
    """Real observations, to draw from."""

    captures: tuple[Capture, ...]
    fetches: tuple[Fetch, ...]


# ---------------------------------------------------------------------------------------------------------------- world


def unpack(packed: Path, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.decompress(packed.read_bytes()))
    return path


def read_world(path: Path, largest: int = LARGEST) -> World:
    """The visits and downloads of an archive, as values that its writer takes."""
    with closing(open_reader(path)) as conn:
        captures = [read_capture(conn, row) for row in conn.execute("SELECT * FROM captures ORDER BY id").fetchall()]
        fetches = [read_fetch(conn, row) for row in conn.execute("SELECT * FROM fetches ORDER BY id").fetchall()]
    small = (each for each in fetches if len(each.body) <= largest)
    return World(tuple(each for each in captures if each.purpose != "control"), tuple(small))


def read_capture(conn: sqlite3.Connection, row: Any) -> Capture:
    post = conn.execute(
        "SELECT platform, native_id, url, posted_at FROM posts WHERE key = ?", (row["post_key"],)
    ).fetchone()
    artifacts = conn.execute("SELECT * FROM artifacts WHERE capture_id = ? ORDER BY id", (row["id"],)).fetchall()
    exchanges = conn.execute("SELECT * FROM exchanges WHERE capture_id = ? ORDER BY id", (row["id"],)).fetchall()
    signs = tuple(Sign(**each) for each in json.loads(row["evidence"]))
    return Capture(
        Post(*post), row["visit_url"], row["final_url"], row["started_at"], row["finished_at"],
        Verdict(row["outcome"], row["reason"], signs), row["status"],
        tuple(read_artifact(conn, each) for each in artifacts),
        tuple(read_exchange(conn, each) for each in exchanges),
        tuple(json.loads(row["alterations"])), tuple(json.loads(row["missing"])), json.loads(row["environment"]),
        purpose=row["purpose"],
    )  # fmt: skip


def read_artifact(conn: sqlite3.Connection, row: Any) -> Artifact:
    body = (
        read_blob(conn, row["sha256"]) or row["sha256"].encode()
    )  # large files were taken out of the archives of tests
    names = ("content_type", "position", "url", "width", "height", "alt", "truncated", "dhash")
    return Artifact(row["role"], body, *(row[name] for name in names))


def read_exchange(conn: sqlite3.Connection, row: Any) -> Exchange:
    headers = (tuple(map(tuple, json.loads(row[name]))) for name in ("request_headers", "response_headers"))
    body = read_blob(conn, row["body_sha256"]) if row["body_sha256"] else None
    names = ("content_type", "resource_type", "remote_address", "started_at", "elapsed_ms", "truncated", "error")
    return Exchange(row["url"], row["method"], row["status"], *headers, body, *(row[name] for name in names))  # type: ignore[arg-type]


def read_fetch(conn: sqlite3.Connection, row: Any) -> Fetch:
    body = read_blob(conn, row["html_sha256"]) if row["html_sha256"] else b""
    headers = tuple(map(tuple, json.loads(row["headers"])))
    return Fetch(
        row["url"], row["final_url"], row["fetched_at"], row["outcome"], row["status"], row["reason"], headers,  # type: ignore[arg-type]
        row["content_type"], body or b"", row["truncated"],
    )  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------- pairs


def draw_pair(world: World, seed: int, size: int = 12) -> tuple[list[Event], list[Event]]:
    """Two lists of events that share some."""
    chance = random.Random(seed)
    events = [draw_event(world, chance, number) for number in range(size)]
    drawn: tuple[list[Event], list[Event]] = ([], [])
    for event in events:
        for each in chance.choice((drawn, drawn, drawn[:1], drawn[1:])):
            each.append(event)
    return drawn


def draw_event(world: World, chance: random.Random, number: int) -> Event:
    """Something that happens to an archive, on the day of that number."""
    at = later("2026-05-01T10:00:00.000Z", number * DAY_S + chance.randrange(40_000) + chance.random())
    kinds = (visit, visit, visit, visit, visit, read_article, read_article, read_article, beside, beside, withdraw)
    return chance.choice(kinds)(world, chance, at)


def visit(world: World, chance: random.Random, at: str) -> Event:
    """A visit as one was, at another time; or one that says that the post is gone."""
    seen = chance.choice(world.captures)
    shift = {"started_at": at, "finished_at": later(at, 3.0)}
    if chance.random() < 0.3:
        frame = chance.choice(world.captures).visit_url
        denied = Verdict(
            "gone", "not_found", (Sign("frame", seen.visit_url, "not found"), Sign("second", frame, "404"))
        )
        made = replace(seen, verdict=denied, artifacts=(), exchanges=seen.exchanges[:1], status=404, **shift)
    else:
        made = replace(seen, **shift)
    return lambda archive, crawl: void(archive.keep_capture(made, crawl))


def read_article(world: World, chance: random.Random, at: str) -> Event:
    """An article read at another time, under another of its addresses sometimes, edited sometimes."""
    seen = chance.choice(world.fetches)
    url = seen.url + chance.choice(("", "", "?page=all"))
    body = seen.body + chance.choice((b"", b"<!-- edited -->"))
    made = replace(seen, url=url, final_url=url, fetched_at=at, body=body)

    def keep(archive: Archive, crawl: int) -> None:
        archive.keep_fetch(archive.keep_seed(crawl, url, url, at), crawl, made)

    return keep


def beside(world: World, chance: random.Random, at: str) -> Event:
    """A note, a tag, a collection, a hold, an opt-out."""
    post, by = chance.choice(world.captures).post, chance.choice(("ana", "ben"))
    value = chance.choice(("seen", "asked", None))
    options: tuple[Event, ...] = (
        lambda archive, _: archive.keep_remark("posts", post.key, "status", value, by, at),
        lambda archive, _: archive.keep_remark("posts", post.key, "tag flood", "flood", by, at),
        lambda archive, _: void(keep_members(archive.conn, "floods", [("post", post.key)], by, at)),
        lambda archive, crawl: archive.keep_hold(PostScope(post.platform), at, MANY_AT_ONCE, crawl),
        lambda archive, _: void(add_optouts(archive, [OptOut("post", post.key)], at, by)),
    )
    return chance.choice(options)


def withdraw(world: World, chance: random.Random, at: str) -> Event:
    """A post that is sealed, shown again, or erased."""
    subject, decision = (
        Subject("post", chance.choice(world.captures).post.key),
        chance.choice(("seal", "restore", "erase")),
    )

    def keep(archive: Archive, _: int) -> None:
        case = withhold(archive, [subject], "sealed", at, later(at, DAY_S), reference=at)
        decide(archive, case, decision, later(at, 60.0), basis="asked", by="ana")  # type: ignore[arg-type]
        if decision == "erase":
            archive.erase(case, later(at, 120.0))

    return keep


def void(_: object) -> None:
    pass


def build(path: Path, events: Iterable[Event], keys: Path | None = None) -> Path:
    """An archive to which these things happened, derived and signed."""
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", "2026-05-01T09:00:00.000Z", "0.1.0", {})
        for event in events:
            event(archive, crawl)
        derive_all(archive, crawl, Derived())
        make_checkpoint(archive, Keyring(keys or path.parent / "keys"), NOW)
        erased = [row[0] for row in archive.conn.execute("SELECT id FROM withdrawals WHERE decision = 'erase'")]
    for case in erased:
        compact(path, case, NOW)
    return path


# ----------------------------------------------------------------------------------------------------------------- dump

_FETCH = "f.url || ' ' || f.fetched_at || ' ' || f.source"
DUMPED = {
    "posts": "SELECT key, platform, native_id, url, posted_at, resolved, same_as, first_seen_at, capture_after, is_control, "
    "forgotten_at FROM posts",
    "articles": "SELECT url, outlet, title, site_name, lang, published_at, first_seen_at, fetch_after, failures, "
    "reread_after, "
    "forgotten_at FROM articles",
    "article_urls": "SELECT u.url, a.url FROM article_urls u JOIN articles a ON a.id = u.article_id",
    "fetches": "SELECT a.url, f.url, final_url, fetched_at, outcome, reason, status, content_type, headers, redirects, "
    "remote_address, elapsed_ms, html_sha256, truncated, source, rendered_at, dom_sha256, alterations, screenshot_sha256, "
    "searched_rules, search_note FROM fetches f JOIN articles a ON a.id = f.article_id",
    "embeds": f"SELECT {_FETCH}, position, kind, platform, post_key, e.url, form, layer, rule, snippet, seen_in, "
    "author_name, "
    "author_handle, text, posted_at, lang FROM embeds e JOIN fetches f ON f.id = e.fetch_id",
    "captures": "SELECT uid, post_key, outcome, reason, evidence, visit_url, final_url, status, started_at, "
    "finished_at, missing, "
    "alterations, environment, origin, purpose, seen_at FROM captures",
    "artifacts": "SELECT c.uid, role, position, sha256, content_type, size, url, width, height, alt, truncated, dhash "
    "FROM artifacts a JOIN captures c ON c.id = a.capture_id",
    "exchanges": "SELECT c.uid, position, url, method, x.status, resource_type, content_type, request_headers, "
    "response_headers, "
    "body_sha256, remote_address, x.started_at, elapsed_ms, truncated, error FROM exchanges x JOIN captures c "
    "ON c.id = x.capture_id",
    "checks": "SELECT c.uid, k.post_key, checked_at, k.outcome, k.reason, embedding FROM checks k JOIN captures c "
    "ON c.id = k.capture_id",
    "descriptions": "SELECT c.uid, d.post_key, rules, kind, author_name, author_handle, author_url, collaborators, "
    "title, text, "
    "alt_text, lang, posted_at, likes, comments, shares, views, media, sources FROM current_descriptions d JOIN captures c "
    "ON c.id = d.capture_id",
    "conclusions": "SELECT n.post_key, n.status, n.reason, doubt, last_checked_at, last_available_at, first_gone_at, "
    "confirmed_at, "
    "came_back_at, embedding, kept, expected, held, lacking, passing, visits, due_at, losses, c.uid FROM conclusions n "
    "LEFT JOIN captures c ON c.id = n.best_capture_id",
    "schedule": "SELECT * FROM schedule",
    "changes": "SELECT * FROM changes",
    "post_counts": "SELECT * FROM post_counts",
    "browsing": "SELECT * FROM browsing",
    "browsing_counts": "SELECT * FROM browsing_counts",
    "browsing_totals": "SELECT * FROM browsing_totals",
    "notes": "SELECT subject_kind, subject, name, value, by, at FROM notes",
    "collections": "SELECT * FROM collections",
    "listings": "SELECT * FROM listings",
    "seeds": "SELECT r.command, r.started_at, a.url, s.origin, s.depth, s.followed FROM seeds s JOIN articles a "
    "ON a.id = s.article_id JOIN crawls r ON r.id = s.crawl_id",
    "holds": "SELECT platform, host, since, until, why, released_at, released_by FROM holds",
    "page_files": f"SELECT {_FETCH}, p.position, p.url, p.kind, p.status, p.headers, p.content_type, p.fetched_at, p.sha256 "
    "FROM page_files p JOIN fetches f ON f.id = p.fetch_id",
    "page_places": f"SELECT {_FETCH}, file, member, offset, length, sha256, size FROM page_places p "
    "JOIN fetches f ON f.id = p.fetch_id",
    "replays": "SELECT c.uid, r.checked_at, r.score, r.note FROM replays r JOIN captures c ON c.id = r.capture_id",
    "pacing": "SELECT platform, solved_on, per_day, pace, longest_d, factor FROM pacing",
    "openings": "SELECT opened_at, opened_by, subject, why FROM openings",
    "deliveries": "SELECT * FROM deliveries",
    "exports": "SELECT made_at, form, place, eyes, posts, options, sha256, gone_at FROM exports",
    "export_posts": "SELECT e.made_at, e.place, p.post_key FROM export_posts p JOIN exports e ON e.id = p.export_id",
    "searches": "SELECT post_key, source, turn, asked_at, answer, reason, mementos, requests, rules FROM searches "
    "WHERE asked_at IS NOT NULL",
    "mementos": "SELECT m.post_key, source, m.url, m.seen_at, a.url, m.status, mime, digest, place, tried_at, verdict, "
    "m.reason, c.uid FROM mementos m LEFT JOIN articles a ON a.id = m.article_id LEFT JOIN captures c ON c.id = m.capture_id",
    "crawls": "SELECT command, started_at, version, finished_at, ended, summary, clock_suspect FROM crawls "
    "WHERE command <> 'merge'",
    "withdrawals": "SELECT received_at, reason, reference, due_at, decision, basis, decided_by, decided_at, note, hold_until "
    "FROM withdrawals",
    "access": "SELECT DISTINCT kind, subject, platform, level, from_at, until_at, "
    "w.reference FROM access a LEFT JOIN withdrawals w "
    "ON w.id = a.withdrawal_id WHERE level <> 'erased'",
    "erased": "SELECT DISTINCT kind, subject, platform FROM access WHERE level = 'erased'",
    "levels": "SELECT key, strictness FROM withheld_posts",
    "optouts": "SELECT kind, pattern, platform, until_at, source, removed_at FROM optouts WHERE source <> 'withdrawal'",
    "opted out": "SELECT DISTINCT kind, pattern, platform FROM optouts WHERE removed_at IS NULL",
    "files": "SELECT sha256, size, length(body) > 0 FROM blobs",
    "withdrawn files": "SELECT sha256 FROM redactions WHERE table_name = 'blobs'",
    "words": "SELECT table_name, column_name, count(*) FROM redactions WHERE table_name <> 'blobs' GROUP BY 1, 2",
    "due": "SELECT work, c.uid FROM pending w JOIN captures c ON c.id = w.capture_id WHERE work IN ('describe', 'conclude') "
    "AND NOT EXISTS (SELECT 1 FROM barred_posts b WHERE b.key = c.post_key)",
}  # fmt: skip
"""What two archives that hold the same say alike: all but numbers of rows, runs, log, tree, checkpoints, "
    "who held what; when a
description was made; and of an erasure when this file was rid of it."""


def dump(path: Path) -> dict[str, list[str]]:
    """What an archive says, by names."""
    with closing(open_reader(path)) as conn:
        return {
            name: sorted(json.dumps([str(each) for each in row]) for row in conn.execute(sql))
            for name, sql in DUMPED.items()
        }


def find_differences(one: Path, two: Path) -> list[str]:
    """What one archive says and the other does not, a line each."""
    first, second = dump(one), dump(two)
    found = []
    for name in DUMPED:
        found += [f"{name} - {row}" for row in first[name] if first[name].count(row) > second[name].count(row)]
        found += [f"{name} + {row}" for row in second[name] if second[name].count(row) > first[name].count(row)]
    return found
