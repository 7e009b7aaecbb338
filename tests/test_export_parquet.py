"""A table as Parquet: what pyarrow reads back is what the JSON Lines say, in typed columns, written piece by piece."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pyarrow
import pytest
from pyarrow import parquet

from archive_builder import SAMPLES, build_archive
from embedarchive.export.parquet import ROWS_AT_ONCE, export_parquet
from embedarchive.export.tables import TABLES
from in_process import run
from waiting import BOUND_S


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = build_archive(tmp_path_factory.mktemp("archive") / "embeds.db")
    assert run("note", "add", SAMPLES[0].post.url, "for the desk", "-a", made).code == 0
    assert run("collection", "add", "mine", SAMPLES[0].post.url, "-a", made).code == 0
    return made


@pytest.mark.parametrize("selection", [(), (SAMPLES[0].post.url,)], ids=["whole", "one post"])
@pytest.mark.parametrize("table", TABLES)
def test_it_holds_what_the_lines_hold(path: Path, tmp_path: Path, table: str, selection: tuple[str, ...]) -> None:
    out = tmp_path / "table.parquet"
    done = run("export", "--parquet", out, "--table", table, "--json", "-a", path, *selection)
    assert done.code == 0, done.err
    lines = run("export", "--jsonl", "-", "--table", table, "-a", path, "-q", *selection).out.splitlines()
    read = parquet.read_table(out)
    assert read.to_pylist() == [json.loads(line) for line in lines]
    assert done.json == {"rows": len(lines), "path": str(out)}
    assert lines
    header = run("export", "--csv", "-", "--table", table, "-a", path, "-q").out.split("\r\n")[0]
    assert read.column_names == header.split(",")


def test_numbers_are_numbers_and_all_else_is_text(path: Path, tmp_path: Path) -> None:
    for table in TABLES:
        out = tmp_path / f"{table}.parquet"
        assert run("export", "--parquet", out, "--table", table, "-a", path).code == 0
        types = {field.name: field.type for field in parquet.read_schema(out)}
        with closing(sqlite3.connect(path)) as conn:
            cursor = conn.execute(f"SELECT * FROM ({TABLES[table].select})")
            names = [column[0] for column in cursor.description]
            seen = {(name, type(value)) for row in cursor for name, value in zip(names, row, strict=True)}
        for name, kind in seen - {(name, type(None)) for name in names}:
            assert types[name] == {int: pyarrow.int64(), str: pyarrow.string()}[kind], (table, name)


def test_it_is_written_piece_by_piece(tmp_path: Path) -> None:
    rows = 2 * ROWS_AT_ONCE + 7
    with closing(sqlite3.connect(":memory:")) as conn:
        conn.execute("CREATE TABLE checks (id INTEGER PRIMARY KEY, post_key, checked_at, outcome, reason, capture_id)")
        conn.executemany(
            "INSERT INTO checks VALUES (?, ?, 'now', 'gone', NULL, ?)", ((n, f"x:{n:06}", n) for n in range(rows))
        )
        assert export_parquet(conn, "looks", tmp_path / "looks.parquet") == rows
    file = parquet.ParquetFile(tmp_path / "looks.parquet")
    assert [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)] == [ROWS_AT_ONCE, ROWS_AT_ONCE, 7]
    assert file.read(["capture_id"]).column(0).to_pylist() == list(range(rows))


def test_an_empty_table_keeps_its_columns(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "none.parquet"
    unseen = SAMPLES[7].post.url
    assert run("export", "--parquet", out, "--table", "looks", "-a", path, unseen).code == 0
    assert parquet.read_table(out).num_rows == 0
    assert "checked_at" in parquet.read_schema(out).names


def test_what_is_there_stays_unless_told_otherwise(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "posts.parquet"
    out.write_text("mine", "utf-8")
    assert run("export", "--parquet", out, "-a", path).code == 2
    assert out.read_text("utf-8") == "mine"
    assert run("export", "--parquet", out, "-a", path, "--overwrite").code == 0
    assert parquet.read_table(out).num_rows == len(SAMPLES)


def test_without_pyarrow_it_says_what_to_install(path: Path, tmp_path: Path) -> None:
    absent = "import sys; sys.modules['pyarrow'] = None; from embedarchive.cli import main; main()"
    out = tmp_path / "posts.parquet"
    command = [sys.executable, "-c", absent, "export", "--parquet", str(out), "-a", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BOUND_S, check=False)
    assert done.returncode == 2
    assert "pip install 'embedarchive[parquet]'" in done.stderr
    assert "nothing was written" in done.stderr
    assert list(tmp_path.iterdir()) == []
