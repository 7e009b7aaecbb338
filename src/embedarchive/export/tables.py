"""An archive -> rows for other programs: JSON Lines, and CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TextIO

from embedarchive.export.selection import EVERYTHING, Selection


@dataclass(frozen=True, slots=True)
class Table:
    """One SELECT. `chosen` says of a row whether it belongs to a selection of posts and articles."""

    select: str
    chosen: str
    order: str


_POSTS, _ARTICLES = "(SELECT value FROM json_each(:posts))", "(SELECT value FROM json_each(:articles))"

TABLES: Mapping[str, Table] = {
    "posts": Table(
        "SELECT s.key, s.platform, s.native_id, s.url, s.status, s.reason, s.posted_at, s.first_seen_at, "
        "s.last_available_at, s.first_gone_at, s.last_checked_at, s.articles, d.author_name, d.author_handle, d.kind, "
        "d.title, d.text, d.alt_text, d.lang, d.likes, d.comments, d.shares, d.views, s.best_capture_id AS capture_id "
        "FROM post_status s LEFT JOIN current_descriptions d ON d.capture_id = s.best_capture_id",
        f"s.key IN {_POSTS}",
        "s.key",
    ),
    "embeds": Table(
        "SELECT e.article_url, e.outlet, e.article_title, a.published_at, e.position, e.kind, e.platform, "
        "e.post_key, e.url, e.form, e.author_name, e.author_handle, e.text, e.posted_at "
        "FROM current_embeds e JOIN articles a ON a.id = e.article_id",
        f"(e.post_key IN {_POSTS} OR e.article_id IN {_ARTICLES})",
        "e.article_url, e.position",
    ),
    "looks": Table(
        "SELECT k.post_key, k.checked_at, k.outcome, k.reason, k.capture_id FROM checks k",
        f"k.post_key IN {_POSTS}",
        "k.post_key, k.checked_at, k.id",
    ),
}

# What spreadsheets take for the beginning of a formula, in both widths, also behind what they or a reader's eye skip
# (OWASP, CSV injection).
FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")


def guard_cell(value: Any) -> Any:
    """A text that a spreadsheet would run gets an apostrophe before it; all else stays. Pure."""
    return f"'{value}" if isinstance(value, str) and FORMULA.match(value) else value


def open_table(conn: sqlite3.Connection, name: str, chosen: Selection = EVERYTHING) -> sqlite3.Cursor:
    """A cursor over one of TABLES, whole or of a selection."""
    table, values = (
        TABLES[name],
        {"posts": json.dumps(chosen.posts or ()), "articles": json.dumps(chosen.articles or ())},
    )
    where = f" WHERE {table.chosen}" if chosen.posts is not None else ""
    return conn.execute(f"{table.select}{where} ORDER BY {table.order}", values)


def read_table(conn: sqlite3.Connection, name: str, chosen: Selection = EVERYTHING) -> Iterator[dict[str, Any]]:
    """The rows of one of TABLES, one at a time."""
    cursor = open_table(conn, name, chosen)
    names = [column[0] for column in cursor.description]
    for row in cursor:
        yield dict(zip(names, tuple(row), strict=True))


def export_csv(
    conn: sqlite3.Connection, name: str, out: TextIO, chosen: Selection = EVERYTHING, *, raw: bool = False
) -> int:
    """Write a table as CSV with a header and give the number of rows; `raw` leaves formulas as they are."""
    cursor = open_table(conn, name, chosen)
    return write_csv([column[0] for column in cursor.description], cursor, out, raw=raw)


def write_csv(names: Iterable[str], rows: Iterable[Iterable[Any]], out: TextIO, *, raw: bool = False) -> int:
    """Write rows as CSV (RFC 4180) and give their number."""
    number = 0
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names)
    for row in rows:
        writer.writerow([value if raw else guard_cell(value) for value in row])
        number += 1
    return number


def export_jsonl(conn: sqlite3.Connection, name: str, out: TextIO, chosen: Selection = EVERYTHING) -> int:
    """Write a table as one JSON object a line and give the number of rows."""
    return write_jsonl(read_table(conn, name, chosen), out)


def write_jsonl(rows: Iterable[Mapping[str, Any]], out: TextIO) -> int:
    """Write one JSON object a line and give their number."""
    number = 0
    for row in rows:
        out.write(to_line(row) + "\n")
        number += 1
    return number


def to_line(row: Mapping[str, Any]) -> str:
    """JSON without any character that some reader takes for the end of a line. Pure."""
    text = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").replace("\x85", "\\u0085")
