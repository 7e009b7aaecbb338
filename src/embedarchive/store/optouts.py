"""Who does not want to be archived, as the archive keeps it -> whether an address or a post is to be left alone.

A run, a check, a watch, and whoever recovers, asks `OptOuts`; what is shown to everybody reads the view `access_now`, in which
an opt-out is as the level staff.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Literal

from embedarchive.core.urls import find_parents, host_of, split_url
from embedarchive.store.archive import Archive
from embedarchive.store.cases import say_account

OptOutKind = Literal["host", "account", "post", "prefix"]

OPTED_OUT = "opted_out"
"""The reason with which a run leaves something alone."""

_HOLDS = "removed_at IS NULL AND from_at <= :now AND (until_at IS NULL OR until_at > :now)"

_NAMED = """SELECT author_handle FROM embeds WHERE post_key = :key AND author_handle IS NOT NULL
UNION SELECT author_handle FROM descriptions WHERE post_key = :key AND author_handle IS NOT NULL
UNION SELECT j.value FROM descriptions d, json_each(d.collaborators) j
  WHERE d.post_key = :key AND json_valid(d.collaborators)"""


@dataclass(frozen=True, slots=True)
class OptOut:
    """One line of the list. `pattern` is a host, a handle, a post's key, or the beginning of an address (see `strip_address`).

    `platform` is that of an account, None for the accounts of that handle on every platform.
    """

    kind: OptOutKind
    pattern: str
    platform: str | None = None

    def __str__(self) -> str:
        if self.kind == "account":
            return say_account(self.pattern, self.platform)
        return self.pattern


@dataclass(frozen=True, slots=True)
class ListedOptOut:
    """One line of the list with its story: since when, until when, who says so, when it was taken off. Times are ISO 8601."""

    id: int
    optout: OptOut
    from_at: str
    until_at: str | None
    source: str
    removed_at: str | None


@dataclass(frozen=True, slots=True)
class OptOuts:
    """The list as it holds at one moment."""

    hosts: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    posts: frozenset[str] = frozenset()
    accounts: frozenset[tuple[str | None, str]] = frozenset()

    @property
    def is_empty(self) -> bool:
        return not (self.hosts or self.prefixes or self.posts or self.accounts)

    def bars_address(self, url: str) -> bool:
        """Whether nothing is to be had from an address: of its host, of a host above it, or because it begins so. Pure."""
        if self.is_empty:
            return False
        parts = split_url(url)
        hosts = find_parents(host_of(parts)) if parts else ()
        return any(host in self.hosts for host in hosts) or strip_address(url).startswith(self.prefixes)

    def bars_post(self, key: str, url: str, handles: Iterable[str] = ()) -> bool:
        """Whether a post is to be left alone: by itself, by its address, or by one of whom it is known to be. Pure."""
        if self.is_empty:
            return False
        platform = key.partition(":")[0]
        named = (each.lower().removeprefix("@") for each in handles)
        by = any((None, each) in self.accounts or (platform, each) in self.accounts for each in named)
        return by or key in self.posts or self.bars_address(url)


def strip_address(url: str) -> str:
    """An address as beginnings are compared: without its scheme and www., its host in small letters. Pure."""
    rest = url.partition("://")[2] or url
    host, slash, path = rest.partition("/")
    return host.lower().removeprefix("www.") + slash + path


# -------------------------------------------------------------------------------------------------------------- reading


def read_optouts(conn: sqlite3.Connection, now: str) -> OptOuts:
    """The list as it holds at `now` (ISO 8601)."""
    rows = conn.execute(f"SELECT kind, pattern, platform FROM optouts WHERE {_HOLDS}", {"now": now}).fetchall()

    def of(kind: OptOutKind) -> list[str]:
        return [row[1] for row in rows if row[0] == kind]

    accounts = frozenset((row[2], row[1].lower()) for row in rows if row[0] == "account")
    return OptOuts(frozenset(of("host")), tuple(of("prefix")), frozenset(of("post")), accounts)


def is_barred(conn: sqlite3.Connection, optouts: OptOuts, key: str, url: str) -> bool:
    """Whether a post is to be left alone, by whom it is of as far as the archive knows."""
    if optouts.is_empty:
        return False
    if optouts.accounts:
        handles = [str(row[0]) for row in conn.execute(_NAMED, {"key": key})]
    else:
        handles = []
    return optouts.bars_post(key, url, handles)


def list_optouts(conn: sqlite3.Connection) -> tuple[ListedOptOut, ...]:
    """Every line that there ever was, oldest first."""
    rows = conn.execute(
        "SELECT id, kind, pattern, platform, from_at, until_at, source, removed_at FROM optouts ORDER BY id"
    )
    return tuple(ListedOptOut(row[0], OptOut(row[1], row[2], row[3]), *tuple(row)[4:]) for row in rows)


# ------------------------------------------------------------------------------------------------------------- changing


def add_optouts(
    archive: Archive, optouts: Iterable[OptOut], now: str, source: str, until: str | None = None
) -> Collection[OptOut]:
    """Put on the list what is not on it; give what was new."""
    with archive.transaction() as conn:
        return insert_optouts(conn, optouts, now, source, until)


def insert_optouts(
    conn: sqlite3.Connection, optouts: Iterable[OptOut], now: str, source: str, until: str | None = None
) -> Collection[OptOut]:
    """The same, within a transaction of its own caller."""
    known = {each.optout for each in list_optouts(conn) if each.removed_at is None and each.until_at is None}
    new = [each for each in dict.fromkeys(optouts) if each not in known]
    conn.executemany(
        "INSERT INTO optouts (kind, pattern, platform, from_at, until_at, source) VALUES (?, ?, ?, ?, ?, ?)",
        [(each.kind, each.pattern, each.platform, now, until, source) for each in new],
    )
    return new


def remove_optouts(
    archive: Archive, optouts: Iterable[OptOut], now: str, source: str | None = None
) -> Collection[OptOut]:
    """Take off the list what is on it, of one source if one is named; give what was on it."""
    wanted = set(optouts)
    held = [
        each
        for each in list_optouts(archive.conn)
        if each.optout in wanted and each.removed_at is None and source in (None, each.source)
    ]
    with archive.transaction() as conn:
        conn.executemany("UPDATE optouts SET removed_at = ? WHERE id = ?", [(now, each.id) for each in held])
    return [each.optout for each in held]
