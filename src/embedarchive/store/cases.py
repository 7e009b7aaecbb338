"""Requests to withdraw something, and the levels they gave: their rows, in the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from embedarchive.core.errors import UsageError

Kind = Literal["post", "account", "article", "outlet", "picture"]
Level = Literal["public", "staff", "sealed", "erased"]


def say_account(handle: str, platform: str | None) -> str:
    """`instagram:@handle`, or `@handle` of every platform. Pure."""
    if platform:
        return f"{platform}:@{handle}"
    return f"@{handle}"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a level is about. `name` is as table `access` has it: a key, a handle, an address, a host, a sha256.

    `platform` is that of an account, None for the accounts of that handle on every platform.
    """

    kind: Kind
    name: str
    platform: str | None = None

    def __str__(self) -> str:
        if self.kind == "account":
            return say_account(self.name, self.platform)
        return self.name


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """One request and what became of it; times are ISO 8601."""

    id: int
    received_at: str
    reason: str
    reference: str | None
    due_at: str
    decision: str | None
    basis: str | None
    decided_by: str | None
    decided_at: str | None
    note: str | None
    hold_until: str | None
    erased_at: str | None
    subjects: tuple[Subject, ...] = ()


_COLUMNS = (
    "id, received_at, reason, reference, due_at, decision, basis, decided_by, decided_at, note, hold_until, erased_at"
)


def set_level(
    conn: sqlite3.Connection,
    withdrawal: int | None,
    subjects: Iterable[Subject],
    level: Level,
    now: str,
    until: str | None = None,
) -> None:
    conn.executemany(
        "INSERT INTO access (kind, subject, platform, level, from_at, until_at, withdrawal_id, decided_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [(each.kind, each.name, each.platform, level, now, until, withdrawal, now) for each in subjects],
    )


def read_withdrawals(conn: sqlite3.Connection) -> tuple[Withdrawal, ...]:
    """Every request, those still open first, by when they are due."""
    rows = conn.execute(f"SELECT {_COLUMNS} FROM withdrawals ORDER BY decision IS NOT NULL, due_at, id").fetchall()
    return tuple(read_case(conn, row) for row in rows)


def read_withdrawal(conn: sqlite3.Connection, number: int) -> Withdrawal:
    """One request. Raises UsageError where there is none of that number."""
    row = conn.execute(f"SELECT {_COLUMNS} FROM withdrawals WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise UsageError(f"There is no withdrawal {number}. See which there are with: embedarchive access list")
    return read_case(conn, row)


def find_posts(conn: sqlite3.Connection, case: Withdrawal) -> set[str]:
    """The keys of the posts that a case is about: those that it names, and all that it withholds now."""
    named = {each.name for each in case.subjects if each.kind == "post"}
    return named | {
        row[0] for row in conn.execute("SELECT key FROM withheld_posts WHERE withdrawal_id = ?", (case.id,))
    }


def read_case(conn: sqlite3.Connection, row: Any) -> Withdrawal:
    names = _COLUMNS.split(", ")
    return Withdrawal(**dict(zip(names, tuple(row), strict=True)), subjects=read_subjects(conn, row[0]))


def read_subjects(conn: sqlite3.Connection, number: int) -> tuple[Subject, ...]:
    rows: Iterable[Any] = conn.execute(
        "SELECT DISTINCT kind, subject, platform FROM access WHERE withdrawal_id = ? ORDER BY kind, subject", (number,)
    )
    return tuple(Subject(row[0], row[1], row[2]) for row in rows)
