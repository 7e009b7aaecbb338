"""Posts of another archive -> the same here, by their keys: what is known of their identity in either is known here."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from embedarchive.platforms import BY_NAME
from embedarchive.store import conclusions, rows
from embedarchive.store.merging.beside import columns_of
from embedarchive.store.posts import CONCLUSIVE

AT_ONCE = 1_000
_ANSWERED = f"EXISTS (SELECT 1 FROM checks k WHERE k.post_key = posts.key AND k.outcome IN {CONCLUSIVE}) AS answered"


class CountedPosts(Protocol):
    posts: int
    told: list[str]


def unite_posts(conn: sqlite3.Connection, other: sqlite3.Connection, _: object, done: CountedPosts) -> Iterator[int]:
    """Keep the posts, a batch each time it is asked for."""
    names = columns_of(conn, "posts")
    last = ""
    while batch := read_posts(other, names, "key > ? ORDER BY key LIMIT ?", (last, AT_ONCE)):
        last = batch[-1]["key"]
        keys = json.dumps([each["key"] for each in batch])
        here = read_posts(conn, names, "key IN (SELECT value FROM json_each(?))", (keys,))
        known = {each["key"]: each for each in here}
        for theirs in batch:
            mine = known.get(theirs["key"])
            if mine is None:
                row = {name: theirs[name] for name in names}
                rows.insert(conn, "posts", row | {"same_as": None})
                done.posts += 1
            else:
                unite_post(conn, mine, theirs)
        yield len(batch)


def read_posts(conn: sqlite3.Connection, names: list[str], where: str, given: tuple[Any, ...]) -> list[dict[str, Any]]:
    found = conn.execute(f"SELECT {_ANSWERED}, {', '.join(names)} FROM posts WHERE {where}", given).fetchall()
    return [dict(zip(("answered", *names), tuple(row), strict=True)) for row in found]


def unite_post(conn: sqlite3.Connection, mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> None:
    """Let what both know of one post be known of it."""
    united = {
        "url": choose_url(mine, theirs),
        "posted_at": min(filter(None, (mine["posted_at"], theirs["posted_at"])), default=None),
        "resolved": max(mine["resolved"], theirs["resolved"]),
        "first_seen_at": min(mine["first_seen_at"], theirs["first_seen_at"]),
        "is_control": min(mine["is_control"], theirs["is_control"]),
        "forgotten_at": least_of_both(mine["forgotten_at"], theirs["forgotten_at"]),
        "capture_after": choose_due(mine, theirs),
    }
    changed = {name: value for name, value in united.items() if mine[name] != value}
    if changed:
        sets = ", ".join(f"{name} = ?" for name in changed)
        conn.execute(f"UPDATE posts SET {sets} WHERE key = ?", (*changed.values(), mine["key"]))
        conclusions.ask_for_post(conn, mine["key"])


def least_of_both(one: str | None, two: str | None) -> str | None:
    """The earlier of two times; None where one is None. Pure."""
    if one is None or two is None:
        return None
    return min(one, two)


def choose_url(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> str:
    """A post's own address, which names its author or community, rather than one that was made of its id. Pure."""
    urls = {mine["url"], theirs["url"]}
    if "" in urls:  # it was erased
        return ""
    platform = BY_NAME.get(mine["platform"])
    made = None
    if platform:
        made = platform.canonical(mine["native_id"])
    return str(max(urls - {made} or urls))


def choose_due(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> str | None:
    """When it is visited next, until it is concluded anew: as those say that have an answer, or else either. Pure."""
    if "" in (mine["url"], theirs["url"]):
        return None
    plans = [each for each in (mine, theirs) if not each["is_control"]] or [mine, theirs]
    answered = [each for each in plans if each["answered"]] or plans
    times = [each["capture_after"] for each in answered if each["capture_after"]]
    return min(times, default=None)


def join_names(conn: sqlite3.Connection, other: sqlite3.Connection, _: object, done: CountedPosts) -> Iterator[int]:
    """Let a post be the same as another where either archive found that it is: all in one batch."""
    pairs = other.execute("SELECT key, same_as FROM posts WHERE same_as IS NOT NULL ORDER BY key").fetchall()
    for key, same_as in pairs:
        root = conn.execute("SELECT coalesce(same_as, key) FROM posts WHERE key = ?", (same_as,)).fetchone()[0]
        mine = conn.execute("SELECT same_as FROM posts WHERE key = ?", (key,)).fetchone()[0]
        if root in (key, mine):
            continue
        if mine is not None:
            done.told.append(f"{key} is {mine} here and {root} there; the one of both that comes first is kept")
            root = min(mine, root)
            if root == mine:
                continue
            # What it embeds as the other is to be found anew: an embed does not say under which name it was found. What was
            # found in a page that is kept by reference stays until that page was read again.
            conn.execute(
                "UPDATE fetches SET searched_rules = iif(html_sha256 IS NULL, 0, NULL) "
                "WHERE (html_sha256 IS NOT NULL OR id IN (SELECT fetch_id FROM page_places)) "
                "AND id IN (SELECT fetch_id FROM embeds WHERE post_key = ?)",
                (mine,),
            )
            conclusions.ask_for_post(conn, mine)
        conn.execute("UPDATE posts SET same_as = ?, capture_after = NULL WHERE key = ?", (root, key))
        conn.execute("UPDATE embeds SET post_key = ? WHERE post_key = ?", (root, key))
        conclusions.ask_for_post(conn, root)
    if pairs:
        yield len(pairs)
