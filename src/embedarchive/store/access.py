"""Who may see what, as the archive keeps it: requests to withdraw something, levels, decisions, openings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from embedarchive.core.errors import UsageError
from embedarchive.store.archive import Archive

Kind = Literal["post", "account", "article", "outlet", "picture"]
Level = Literal["public", "staff", "sealed", "erased"]
Decision = Literal["restore", "staff", "seal", "erase"]

REASONS = ("request", "court", "minor", "rights", "danger", "mistake")
"""Why something is withdrawn, in one word that may be told to anybody."""

DECIDED: dict[Decision, Level] = {"restore": "public", "staff": "staff", "seal": "sealed", "erase": "sealed"}
"""What each decision makes of the level at once; `erase` seals until the bytes themselves are gone."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a level is about. `name` is as table `access` has it: a key, a handle, an address, a host, a sha256.

    `platform` is that of an account, None for the accounts of that handle on every platform.
    """

    kind: Kind
    name: str
    platform: str | None = None

    def __str__(self) -> str:
        if self.kind != "account":
            return self.name
        return f"{self.platform}:@{self.name}" if self.platform else f"@{self.name}"


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
    subjects: tuple[Subject, ...] = ()


_COLUMNS = "id, received_at, reason, reference, due_at, decision, basis, decided_by, decided_at, note, hold_until"


def withhold(
    archive: Archive,
    subjects: Sequence[Subject],
    level: Level,
    now: str,
    due_at: str,
    *,
    reason: str = "request",
    reference: str | None = None,
    until: str | None = None,
) -> int:
    """Keep a request and give its subjects a level at once, in one transaction; give the number of the request."""
    with archive.transaction() as conn:
        made = conn.execute(
            "INSERT INTO withdrawals (received_at, reason, reference, due_at) VALUES (?, ?, ?, ?)",
            (now, reason, reference, due_at),
        )
        number = int(made.lastrowid or 0)
        set_level(conn, number, subjects, level, now, until)
    return number


def set_level(
    conn: sqlite3.Connection,
    withdrawal: int,
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


def decide(
    archive: Archive,
    number: int,
    decision: Decision,
    now: str,
    *,
    basis: str | None = None,
    by: str | None = None,
    note: str | None = None,
) -> Withdrawal:
    """Keep what was decided about a request, and give its subjects the level that follows. Raises UsageError."""
    request = read_withdrawal(archive.conn, number)
    with archive.transaction() as conn:
        conn.execute(
            "UPDATE withdrawals SET decision = ?, basis = ?, decided_by = ?, decided_at = ?, note = ? WHERE id = ?",
            (decision, basis, by, now, note, number),
        )
        set_level(conn, number, request.subjects, DECIDED[decision], now)
    return read_withdrawal(archive.conn, number)


def hold_until(archive: Archive, number: int, until: str | None) -> None:
    """Put a request under a legal hold until then, or lift it: nothing of it is erased before. Raises UsageError."""
    read_withdrawal(archive.conn, number)
    with archive.transaction() as conn:
        conn.execute("UPDATE withdrawals SET hold_until = ? WHERE id = ?", (until, number))


def keep_opening(archive: Archive, key: str, now: str, by: str, why: str) -> None:
    """Note that somebody opened a post that is sealed."""
    with archive.transaction() as conn:
        conn.execute(
            "INSERT INTO openings (opened_at, opened_by, subject, why) VALUES (?, ?, ?, ?)", (now, by, key, why)
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


def read_case(conn: sqlite3.Connection, row: Any) -> Withdrawal:
    names = _COLUMNS.split(", ")
    return Withdrawal(**dict(zip(names, tuple(row), strict=True)), subjects=read_subjects(conn, row[0]))


def read_subjects(conn: sqlite3.Connection, number: int) -> tuple[Subject, ...]:
    rows: Iterable[Any] = conn.execute(
        "SELECT DISTINCT kind, subject, platform FROM access WHERE withdrawal_id = ? ORDER BY kind, subject", (number,)
    )
    return tuple(Subject(row[0], row[1], row[2]) for row in rows)
