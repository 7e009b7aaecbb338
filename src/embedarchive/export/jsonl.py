"""A table of an archive -> JSON Lines."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any, TextIO

from embedarchive.export.atomic import drafting
from embedarchive.export.formats import ExportJob, Written
from embedarchive.export.selection import EVERYTHING, Selection
from embedarchive.export.tables import read_table, say_rows


def write(job: ExportJob) -> Written:
    with drafting(job.out, job.overwrite) as file:
        rows = export_jsonl(job.conn, job.table, file, job.chosen)
    return say_rows(job.out, rows)


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
