"""Who may see what -> kept: requests to withdraw something, decisions, holds, openings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from embedarchive.core.errors import UsageError
from embedarchive.store.archive import Archive
from embedarchive.store.cases import Level, Subject, Withdrawal, read_withdrawal, set_level

Decision = Literal["restore", "staff", "seal", "erase"]

REASONS = ("request", "court", "minor", "rights", "danger", "mistake")
"""Why something is withdrawn, in one word that may be told to anybody."""

DECIDED: dict[Decision, Level] = {"restore": "public", "staff": "staff", "seal": "sealed", "erase": "sealed"}
"""What each decision makes of the level at once; `erase` seals until the bytes themselves are gone."""


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
    erased = "SELECT 1 FROM access WHERE withdrawal_id = ? AND level = 'erased'"
    if archive.conn.execute(erased, (number,)).fetchone():
        raise UsageError(f"Case {number} was erased: there is nothing left to decide. Nothing was changed.")
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
