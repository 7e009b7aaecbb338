"""Every form that posts can be written into: a line each, and what its module is given and gives.

A form is one module of this folder, named as its option is, with `write(job) -> Written`. It is imported when it is asked
for, since some bring much along.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, cast

from embedarchive.export.selection import Selection


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """What a form is written to, and the line that the help says of it. A `text` may go to standard output."""

    goes_to: Literal["file", "text", "folder"]
    says: str


FORMATS: Mapping[str, ExportFormat] = {
    "wacz": ExportFormat("file", "Write a web archive, with all that proves the posts."),
    "jsonl": ExportFormat("text", "Write a table as one JSON object a line."),
    "csv": ExportFormat("text", "Write a table as CSV, safe in a spreadsheet."),
    "parquet": ExportFormat("file", "Write a table as Parquet (needs pyarrow)."),
    "dehydrated": ExportFormat(
        "text", "Write ids, places, times, outcomes and hashes, no content (rehydrate joins it)."
    ),
    "pseudonymised": ExportFormat(
        "text", "Write who, where and when with keyed hashes for people, posts and articles, no content."
    ),
    "site": ExportFormat("folder", "Write a web site of plain files, to browse from a disk or any host."),
}


@dataclass(frozen=True, slots=True)
class ExportJob:
    """What is to be written, and where: the archive and a reader of it, the selection, the user's choices.

    `now` is ISO 8601. `table` is one of TABLES; `raw`, `thumbnails_only`, `overwrite`, `key` and `base_url` are
    the options of these names.
    Whoever writes long tells `on_progress` how many of how many are done.
    """

    conn: sqlite3.Connection
    archive: Path
    out: Path
    chosen: Selection
    now: str
    table: str = "posts"
    raw: bool = False
    thumbnails_only: bool = False
    overwrite: bool = False
    key: Path | None = None
    base_url: str | None = None
    on_progress: Callable[[int, int], None] = lambda done, total: None


@dataclass(frozen=True, slots=True)
class Written:
    """What came of a job: in numbers, as `--json` prints them, and in a sentence.

    `damaged` names the bytes that were not handed on, by sha256, with what is wrong with them.
    """

    summary: Mapping[str, Any]
    says: str
    damaged: Mapping[str, str] = field(default_factory=dict)


def load_writer(name: str) -> Callable[[ExportJob], Written]:
    """The function that writes one of FORMATS."""
    return cast(Callable[[ExportJob], Written], import_module(f"embedarchive.export.{name}").write)
