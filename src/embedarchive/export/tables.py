"""An archive -> rows for other programs: JSON Lines, and CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

TABLES: Mapping[str, str] = {
    "posts": "SELECT s.key, s.platform, s.native_id, s.url, s.status, s.reason, s.posted_at, s.first_seen_at, "
    "s.last_available_at, s.first_gone_at, s.last_checked_at, s.articles, d.author_name, d.author_handle, d.kind, "
    "d.title, d.text, d.alt_text, d.lang, d.likes, d.comments, d.shares, d.views, s.best_capture_id AS capture_id "
    "FROM post_status s LEFT JOIN current_descriptions d ON d.capture_id = s.best_capture_id ORDER BY s.key",
    "embeds": "SELECT e.article_url, e.outlet, e.article_title, a.published_at, e.position, e.kind, e.platform, "
    "e.post_key, e.url, e.form, e.author_name, e.author_handle, e.text, e.posted_at "
    "FROM current_embeds e JOIN articles a ON a.id = e.article_id ORDER BY e.article_url, e.position",
    "looks": "SELECT post_key, checked_at, outcome, reason, capture_id FROM checks ORDER BY post_key, checked_at, id",
    # Ids, places and hashes, no content: to be shared, and joined again with an archive that holds the content.
    "dehydrated": "SELECT e.article_url, e.position, e.post_key, k.checked_at, k.outcome, f.role, "
    "f.position AS slide, f.sha256 FROM current_embeds e JOIN checks k ON k.post_key = e.post_key "
    "LEFT JOIN artifacts f ON f.capture_id = k.capture_id "
    "ORDER BY e.article_url, e.position, k.checked_at, f.role, f.position",
}

# What spreadsheets take for the beginning of a formula, in both widths (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def guard_cell(value: Any) -> Any:
    """A text that a spreadsheet would run gets an apostrophe before it; all else stays. Pure."""
    if isinstance(value, str) and value.lstrip(" \u00a0\u3000").startswith(FORMULA):
        return "'" + value
    return value


def read_table(conn: sqlite3.Connection, name: str) -> Iterator[dict[str, Any]]:
    """The rows of one of TABLES, one at a time."""
    cursor = conn.execute(TABLES[name])
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, tuple(row), strict=True))


def export_csv(conn: sqlite3.Connection, name: str, out: TextIO, *, raw: bool = False) -> int:
    """Write a table as CSV with a header and give the number of rows; `raw` leaves formulas as they are."""
    rows = 0
    writer = csv.writer(out, lineterminator="\r\n")
    cursor = conn.execute(TABLES[name])
    writer.writerow([column[0] for column in cursor.description])
    for row in cursor:
        writer.writerow([value if raw else guard_cell(value) for value in row])
        rows += 1
    return rows


def export_jsonl(conn: sqlite3.Connection, name: str, out: TextIO) -> int:
    """Write a table as one JSON object a line and give the number of rows."""
    rows = 0
    for row in read_table(conn, name):
        out.write(_one_line(row) + "\n")
        rows += 1
    return rows


def _one_line(row: dict[str, Any]) -> str:
    """JSON without any character that some reader takes for the end of a line."""
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")
