"""What leaves as a table is complete, one row a line, and runs in no spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive_builder import ARTICLES, NOW, SAMPLES, Look, build_archive
from embedarchive.export.csv import export_csv, guard_cell
from embedarchive.export.jsonl import export_jsonl
from embedarchive.export.tables import TABLES, read_table
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader

EVIL = '=HYPERLINK("http://evil.example","x")\r\n\u2028,"quoted"'


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    says = SAMPLES[3].says
    assert says is not None
    evil = replace(
        SAMPLES[3], says=replace(says, text=EVIL, author_name="@cmd"), looks=(Look("2026-03-03T09:00:00.000Z"),)
    )
    path = build_archive(tmp_path_factory.mktemp("archive") / "embeds.db", (*SAMPLES[:3], evil, *SAMPLES[4:]))
    with Archive(path, platforms=PLATFORMS) as archive:
        archive.keep_remark("posts", SAMPLES[0].post.key, "note", EVIL, "desk", NOW)
        archive.keep_notes([(ARTICLES[1][0], "Collection", "council")], "sheet.csv", NOW)
    return path


@pytest.mark.parametrize("name", TABLES)
def test_every_table_leaves_whole(path: Path, name: str) -> None:
    conn = open_reader(path)
    rows = list(read_table(conn, name))
    lines, sheet = io.StringIO(), io.StringIO(newline="")
    assert export_jsonl(conn, name, lines) == export_csv(conn, name, sheet) == len(rows) > 0
    assert [json.loads(line) for line in lines.getvalue().splitlines()] == rows
    sheet.seek(0)
    assert len(list(csv.DictReader(sheet))) == len(rows)
    conn.close()


def test_formulas_are_guarded_unless_asked_for_raw(path: Path) -> None:
    conn = open_reader(path)
    for raw, mark in ((False, "'"), (True, "")):
        out = io.StringIO(newline="")
        export_csv(conn, "posts", out, raw=raw)
        row = next(r for r in csv.DictReader(io.StringIO(out.getvalue(), newline="")) if "HYPERLINK" in r["text"])
        assert row["text"] == mark + EVIL
        assert row["author_name"] == mark + "@cmd"
    conn.close()


@settings(deadline=None)
@given(st.text(max_size=8) | st.integers() | st.none())
def test_no_guarded_cell_begins_a_formula(value: object) -> None:
    guarded = guard_cell(value)
    assert not isinstance(guarded, str) or not guarded.strip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert guarded in (value, f"'{value}")
