"""An archive -> a table as Parquet, for those who compute with it: the columns of the CSV, with their types.

https://parquet.apache.org. It is written by pyarrow, an optional dependency larger than all others together.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from embedarchive.core.errors import UsageError
from embedarchive.export.atomic import atomic_write
from embedarchive.export.formats import ExportJob, Written
from embedarchive.export.selection import EVERYTHING, Selection
from embedarchive.export.tables import open_table, say_rows

WHOLE_NUMBERS = frozenset(
    {"articles", "likes", "comments", "shares", "views", "capture_id", "position", "held", "expected"}
)
"""The columns that hold no text. Times stay the text they are: a publisher's may be any."""

ROWS_AT_ONCE = 10_000
"""Rows of a row group, the most that memory holds."""


def write(job: ExportJob) -> Written:
    with atomic_write(job.out, job.overwrite) as draft:
        rows = export_parquet(job.conn, job.table, draft, job.chosen)
    return say_rows(job.out, rows)


def export_parquet(conn: sqlite3.Connection, name: str, out: Path, chosen: Selection = EVERYTHING) -> int:
    """Write one of TABLES to the file `out` and give the number of rows. Raises UsageError without pyarrow."""
    arrow, parquet = load_arrow()
    cursor = open_table(conn, name, chosen)
    names = [column[0] for column in cursor.description]
    schema = arrow.schema([(each, arrow.int64() if each in WHOLE_NUMBERS else arrow.string()) for each in names])
    number = 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for rows in read_batches(cursor):
            columns = [
                arrow.array(column, field.type) for column, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            writer.write_batch(arrow.record_batch(columns, schema=schema))
            number += len(rows)
    return number


def read_batches(cursor: sqlite3.Cursor) -> Iterator[list[Any]]:
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        yield rows


def load_arrow() -> tuple[ModuleType, ModuleType]:
    """The modules `pyarrow` and `pyarrow.parquet`. Raises UsageError when they are not installed."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise UsageError(
            "Parquet is written by pyarrow, which is not installed; nothing was written. Install it with: pip install "
            "'embedarchive[parquet]'. Or write --jsonl posts.jsonl, and: "
            "duckdb -c \"copy (from 'posts.jsonl') to 'posts.parquet'\""
        ) from error
    return pyarrow, parquet
