"""A file, or words of a row -> emptied, with the row of `redactions` that alone licenses it; in the caller's transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable


def license_words(
    conn: sqlite3.Connection,
    table: str,
    rows: Iterable[int | str],
    columns: Iterable[str],
    reason: str,
    now: str,
    withdrawal: int | None = None,
) -> None:
    """Note that these columns of these rows may be emptied. What was noted before stays as it was."""
    named = tuple(columns)
    conn.executemany(
        "INSERT OR IGNORE INTO redactions (table_name, row_id, column_name, reason, redacted_at, withdrawal_id) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        [(table, str(row), column, reason, now, withdrawal) for row in rows for column in named],
    )


def redact_file(
    conn: sqlite3.Connection,
    sha256: str,
    reason: str,
    now: str,
    withdrawal: int | None = None,
    replaced_by: str | None = None,
) -> None:
    """Empty a file; its row stays with its sha256 and size. `replaced_by` is the sha256 of what stands there instead."""
    conn.execute(
        "INSERT OR IGNORE INTO redactions "
        "(table_name, row_id, column_name, sha256, size, reason, redacted_at, withdrawal_id, replaced_by) "
        "SELECT 'blobs', sha256, 'body', sha256, size, ?, ?, ?, ? FROM blobs WHERE sha256 = ?",
        (reason, now, withdrawal, replaced_by, sha256),
    )
    conn.execute("UPDATE blobs SET encoding = 'identity', body = x'' WHERE sha256 = ?", (sha256,))
