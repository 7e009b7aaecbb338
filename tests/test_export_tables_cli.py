"""Questions, tables and dehydrated exports from the command line: what a pipe, a spreadsheet and a terminal get."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from archive_builder import SAMPLES, Look, Sample, build_archive
from commands import command
from embedarchive import Library, open_archive
from embedarchive.core.errors import SourceError
from embedarchive.export.dehydrated import FORMAT, dehydrate, rehydrate
from embedarchive.library.questions import QUESTIONS
from embedarchive.store import open_reader
from in_process import run
from waiting import BOUND_S

EVIL = '=HYPERLINK("http://evil.example","x")\r\n\u2028,"quoted" \x1b]0;owned\x07'
SHIPS, STATEMENT, UNSEEN = SAMPLES[0].post.key, SAMPLES[3].post.key, SAMPLES[7].post.key
COUNCIL = "https://the-meridian.example/2026/03/what-the-council-deleted"


def evil_sample() -> Sample:
    says = SAMPLES[3].says
    assert says is not None
    return replace(SAMPLES[3], says=replace(says, text=EVIL), looks=(Look("2026-03-03T09:00:00.000Z"),))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = (*SAMPLES[:3], evil_sample(), *SAMPLES[4:])
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db", samples)


# ---------------------------------------------------------------------------------------------------------------- query


def test_every_saved_question_answers_by_its_name(path: Path) -> None:
    """One process for all: what the command runs, and the library that it asks, are the same."""
    listed = run("query", "--list").json
    assert [each["name"].replace("-", "_") for each in listed] == list(QUESTIONS)
    with open_archive(path) as library:
        answered = {each["name"]: len(list(ask(library, each))) for each in listed}
    assert {name for name, rows in answered.items() if rows} >= {
        "lost-by-outlet", "lifetimes", "holes", "coverage", "kinds", "languages", "loss-by-platform", "posts-by-handle",
        "most-embedded", "lost-and-not-kept",
        "embeds-without-a-post", "edited-posts", "embedded-after", "walls-by-month", "post-of-a-url",
    }  # fmt: skip


def ask(library: Library, listed: dict[str, str]) -> list[dict[str, object]]:
    values = {"handle": "marit.solheim.foto", "url": SAMPLES[0].post.url + "?igsh=1"}
    needed = {name: values[name] for name in listed["needs"].split()}
    return list(library.query(QUESTIONS[listed["name"].replace("-", "_")]["sql"], **needed))


def test_a_pipe_gets_json_and_whoever_asks_gets_csv(path: Path) -> None:
    rows = run("query", "posts-by-handle", "-p", "handle", "clara_writes", "-a", path).json
    assert rows[0]["text"] == EVIL
    sheet = run("query", "posts-by-handle", "-p", "handle", "clara_writes", "--csv", "-a", path).out
    cells = [row["text"] for row in csv.DictReader(io.StringIO(sheet, newline=""))]
    assert cells[0].startswith("'=HYPERLINK")


def test_nothing_in_a_table_speaks_to_the_terminal(path: Path) -> None:
    done = run("query", "SELECT text, x'00ff' AS bytes FROM preserved_posts", "-t", "-a", path, COLUMNS="100")
    assert done.code == 0, done.err
    assert "\x1b" not in done.out
    assert "\x07" not in done.out
    assert "HYPERLINK" in done.out
    assert "<2 bytes>" in done.out


def test_limits_are_told(path: Path) -> None:
    done = run("query", "SELECT key FROM posts", "--nl", "--limit", "3", "-a", path)
    assert (done.code, len(done.out.splitlines())) == (3, 3)
    assert "raise --limit" in done.err
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n"
    slow = run("query", "-", "--timeout", "0.3", "-a", path, stdin=endless)
    assert slow.code == 2
    assert "stopped after 0.3 seconds" in slow.err


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("no-such-question",), "embedarchive query --list"),
        (("posts-by-handle",), "-p handle VALUE"),
        ((), "Say what to ask"),
        (("DELETE FROM posts",), "readonly"),
    ],
)
def test_a_wrong_question_says_what_to_do(path: Path, arguments: tuple[str, ...], says: str) -> None:
    done = run("query", *arguments, "-a", path)
    assert (done.code, done.out) == (2, "")
    assert says in done.err
    assert "Traceback" not in done.err


def test_a_closed_pipe_is_no_fault(path: Path) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 90000) SELECT i FROM n"
    asking = subprocess.Popen(
        command("query", many, "--nl", "-a", path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=os.environ
    )
    assert asking.stdout is not None
    assert asking.stderr is not None
    assert asking.stdout.readline() == b'{"i":1}\n'
    asking.stdout.close()
    assert asking.stderr.read() == b""
    assert asking.wait(timeout=BOUND_S) == 0
    asking.stderr.close()


# --------------------------------------------------------------------------------------------------------------- export


@pytest.mark.parametrize(
    ("table", "selection", "rows"),
    [
        ("posts", (), 8),
        ("posts", (SHIPS, UNSEEN), 2),  # also a post that was never visited
        ("posts", (COUNCIL,), 3),
        ("embeds", (), 12),
        ("embeds", (COUNCIL,), 5),  # its four, the unresolved one among them, and where else these posts stand
        ("embeds", (SHIPS,), 2),
        ("looks", (SHIPS,), 5),
    ],
)
def test_a_table_leaves_whole_or_as_selected(path: Path, table: str, selection: tuple[str, ...], rows: int) -> None:
    done = run("export", "--jsonl", "-", "--table", table, *selection, "-a", path, "-q")
    assert done.code == 0, done.err
    assert len([json.loads(line) for line in done.out.splitlines()]) == rows


def test_a_sheet_is_safe_unless_raw_and_never_replaced_unasked(path: Path, tmp_path: Path) -> None:
    out = tmp_path / "posts.csv"
    done = run("export", "--csv", out, "-a", path, "--json")
    assert done.json == {"rows": 8, "path": str(out)}
    written = out.read_bytes()
    assert b"\"'=HYPERLINK" in written
    again = run("export", "--csv", out, "-a", path)
    assert again.code == 2
    assert out.read_bytes() == written
    raw = run("export", "--csv", out, "-a", path, "--raw", "--overwrite")
    assert raw.code == 0
    assert b'"=HYPERLINK' in out.read_bytes()
    assert [p.name for p in tmp_path.iterdir()] == ["posts.csv"]


@pytest.mark.parametrize("arguments", [(), ("--csv", "a.csv", "--jsonl", "b.jsonl")])
def test_exactly_one_form_is_written(path: Path, tmp_path: Path, arguments: tuple[str, ...]) -> None:
    done = run("export", *arguments, "-a", path)
    assert done.code == 2
    assert "one form at a time" in done.err


# ----------------------------------------------------------------------------------------------------------- dehydrated


def test_a_dehydrated_export_holds_ids_and_no_content(path: Path) -> None:
    conn = open_reader(path)
    lines = list(dehydrate(conn))
    text = json.dumps(lines, ensure_ascii=False)
    conn.close()
    assert [line["type"] for line in lines] == ["format", *["embed"] * 12, *["post"] * 8]
    for said in (
        "Solheim",
        "marit",
        "fjord",
        "東京",
        "Balladyna",
        "HYPERLINK",
        "cdn.example",
        "The last ferry",
        "blockquote ",
    ):
        assert said not in text
    ships = next(line for line in lines if line.get("key") == SHIPS)
    assert [look["outcome"] for look in ships["looks"]] == ["available", "available", "blocked", "gone", "gone"]
    assert {file["role"] for file in ships["looks"][0]["files"]} == {"media", "avatar", "dom", "screenshot"}
    assert sum(line.get("post") is None for line in lines if line["type"] == "embed") == 2


def test_it_joins_again_with_the_archive_that_holds_it(path: Path, tmp_path: Path) -> None:
    shared, study = tmp_path / "shared.jsonl", tmp_path / "study.jsonl"
    assert run("export", "--dehydrated", shared, "-a", path).code == 0
    done = run("rehydrate", shared, "-a", path, "-o", study)
    lines = [json.loads(line) for line in study.read_text("utf-8").splitlines()]
    ships = next(line for line in lines if line.get("key") == SHIPS)
    assert ships["held"] is True
    assert ships["description"]["author_handle"] == "marit.solheim.foto"
    assert [("description" in look) for look in ships["looks"]] == [True, True, False, False, False]
    assert ships["looks"][0]["description"]["text"] != ships["looks"][1]["description"]["text"]
    assert all(file["held"] for look in ships["looks"] for file in look["files"])
    embeds = [line for line in lines if line["type"] == "embed"]
    assert all(line["held"] for line in embeds)
    assert {line["claim"]["author_name"] for line in embeds} >= {"Marit Solheim", "Balladyna 🕊"}
    assert done.code == 3  # three of its posts were never seen by anyone
    assert "Held: 5 of 8 posts, 12 of 12 embeds" in done.err


def test_it_says_what_another_archive_does_not_hold(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    assert run("publish", other, STATEMENT, "-a", path).code == 0
    shared = tmp_path / "shared.jsonl"
    assert run("export", "--dehydrated", shared, "-a", path, "-q").code == 0
    done = run("rehydrate", shared, "-a", other, "-o", "-")
    lines = [json.loads(line) for line in done.out.splitlines()]
    held = {line["key"]: line["held"] for line in lines if line["type"] == "post"}
    assert [key for key, is_held in held.items() if is_held] == [STATEMENT]
    statement = next(line for line in lines if line.get("key") == STATEMENT)
    assert {file["role"]: file["held"] for file in statement["looks"][0]["files"]} == {
        "avatar": True, "screenshot": True, "dom": False
    }  # fmt: skip
    assert done.code == 3
    assert f"not held: {SHIPS}" in done.err


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "nonsense",
        "[" * 100_000,
        '{"format": "another"}',
        json.dumps({"format": FORMAT}) + "\n[1]",
        "\x00",
    ],
    ids=lambda text: f"{text[:12]!r}",
)
def test_what_is_no_such_export_is_refused_by_line(path: Path, text: str) -> None:
    conn = open_reader(path)
    if text:
        with pytest.raises(SourceError, match=r"Line \d is not of a dehydrated export"):
            rehydrate(conn, text.split("\n"), io.StringIO())
    else:
        assert rehydrate(conn, [], io.StringIO()).complete
    conn.close()


@pytest.mark.parametrize(
    "line",
    [
        {"type": "post", "key": ["x"], "looks": 7},
        {"type": "post", "key": 10**30, "looks": [{"files": [{"sha256": {}}, 3]}, "x"]},
        {"type": "post", "key": "\ud800"},
        {"type": "embed", "article": None, "position": {}, "post": "' OR 1 --"},
        {"type": "later"},
    ],
)
def test_damaged_lines_are_not_held_and_stop_nothing(path: Path, line: dict[str, object]) -> None:
    conn = open_reader(path)
    out = io.StringIO()
    rehydrate(conn, [json.dumps({"format": FORMAT}), json.dumps(line)], out)
    conn.close()
    assert json.loads(out.getvalue().split("\n")[1]).get("held", False) is False
