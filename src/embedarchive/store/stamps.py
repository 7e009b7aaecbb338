"""Checkpoints that are to be stamped, and what authorities answered: a queue, and what came of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography import x509

from embedarchive.store import evidence
from embedarchive.store.rows import insert
from embedarchive.store.timestamps import Judged, judge_stamp


@dataclass(frozen=True, slots=True)
class DueStamp:
    """One checkpoint, as `note`, that an authority is to be asked about; it was `tried` times."""

    id: int
    authority: str
    note: str
    tried: int


SUPERSEDED = "a later checkpoint is stamped instead"


def want_stamps(conn: sqlite3.Connection, authorities: Iterable[str], now: str, *, at_once: bool = False) -> None:
    """Have the newest checkpoint stamped by each authority; earlier ones that are not yet need it no more.

    With `at_once` those that did not answer are due now, also where they had been given up.
    """
    newest = conn.execute("SELECT max(id) FROM checkpoints").fetchone()[0]
    if newest is None:
        return
    conn.execute(
        "UPDATE stamps SET due_at = NULL, answer = ? WHERE checkpoint_id < ? AND due_at IS NOT NULL",
        (SUPERSEDED, newest),
    )
    for authority in authorities:
        row = {"checkpoint_id": newest, "authority": authority, "state": "unstamped", "due_at": now}
        insert(conn, "stamps", row, or_ignore=True)
    if at_once:
        conn.execute("UPDATE stamps SET due_at = ? WHERE checkpoint_id = ? AND state = 'unstamped'", (now, newest))


def read_due_stamps(conn: sqlite3.Connection, now: str) -> list[DueStamp]:
    """Whom to ask now, about what."""
    sql = (
        "SELECT s.id, s.authority, c.note, s.tried FROM stamps s JOIN checkpoints c ON c.id = s.checkpoint_id "
        "WHERE s.due_at <= ? ORDER BY s.id"
    )
    return [DueStamp(*row) for row in conn.execute(sql, (now,))]


def keep_no_answer(conn: sqlite3.Connection, stamp: DueStamp, why: str, retry_at: str | None) -> None:
    """Keep that an authority did not answer: it is asked again then, or, with None, no more."""
    conn.execute("UPDATE stamps SET tried = tried + 1, due_at = ?, answer = ? WHERE id = ?", (retry_at, why, stamp.id))


def keep_answer(conn: sqlite3.Connection, stamp_id: int, token: bytes, judged: Judged) -> None:
    """Keep what an authority answered, also where it proves nothing."""
    state = "refused"
    if judged.code == "stamped":
        state = "stamped"
    answer = None
    if state != "stamped":
        answer = f"{judged.code}: {judged.says}"
    conn.execute(
        "UPDATE stamps SET tried = tried + 1, due_at = NULL, state = ?, stamped_at = ?, token = ?, root = ?, answer = ? "
        "WHERE id = ?",
        (state, judged.stamped_at, token, judged.root, answer, stamp_id),
    )
    if state == "stamped":
        evidence.append(conn, "stamp", stamp_id)


def is_stamped(conn: sqlite3.Connection, authority: str) -> bool:
    """Whether an authority has stamped the newest checkpoint."""
    sql = (
        "SELECT 1 FROM stamps WHERE authority = ? AND state = 'stamped' "
        "AND checkpoint_id = (SELECT max(id) FROM checkpoints)"
    )
    return conn.execute(sql, (authority,)).fetchone() is not None


def judge_refused(conn: sqlite3.Connection, roots: Sequence[x509.Certificate]) -> int:
    """Judge answers again that proved nothing, as where their root is trusted only now; give how many are good."""
    sql = (
        "SELECT s.id, s.token, c.note FROM stamps s JOIN checkpoints c ON c.id = s.checkpoint_id "
        "WHERE s.state = 'refused' AND s.token IS NOT NULL"
    )
    good = 0
    for number, token, note in conn.execute(sql).fetchall():
        judged = judge_stamp(token, note.encode(), roots)
        if judged.code == "stamped":
            keep_answer(conn, number, token, judged)
            good += 1
    return good
