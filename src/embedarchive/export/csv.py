"""A table of an archive -> CSV that a spreadsheet can open without running anything."""

from __future__ import annotations

import csv
import re
import sqlite3
from collections.abc import Iterable
from typing import Any, TextIO

from embedarchive.export.atomic import drafting
from embedarchive.export.formats import ExportJob, Written
from embedarchive.export.selection import EVERYTHING, Selection
from embedarchive.export.tables import open_table, say_rows

# What spreadsheets take for the beginning of a formula, in both widths, also behind what they or a reader's eye skip
# (OWASP, CSV injection).
FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")


def write(job: ExportJob) -> Written:
    with drafting(job.out, job.overwrite) as file:
        rows = export_csv(job.conn, job.table, file, job.chosen, raw=job.raw)
    return say_rows(job.out, rows)


def guard_cell(value: Any) -> Any:
    """A text that a spreadsheet would run gets an apostrophe before it; all else stays. Pure."""
    if isinstance(value, str) and FORMULA.match(value):
        return f"'{value}"
    return value


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
