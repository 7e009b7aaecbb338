"""Whoever is asked about is found wherever an archive holds something of them; a column that is new must say so."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pytest

from archive_builder import ARTICLES, SAMPLES, build_archive, draw_picture
from embedarchive.library.subject_access import (
    BESIDE,
    KIND_OF,
    SCANNED,
    WORDLESS,
    WORDS,
    DataSubject,
    Kind,
    Naming,
    find_traces,
    identify_person,
)
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.rows import FULL_TEXT, index
from embedarchive.store.sharing import read_level
from in_process import run

PLAIN = {
    "browsing": "platform status kept kind lang posted_at lost_in",
    "browsing_counts": "outlet platform status kept kind lang month lost_in",
    "browsing_totals": "facet",
    "collections": "kind at",
    "access": "kind platform level from_at until_at decided_at",
    "articles": "lang published_at first_seen_at fetch_after reread_after forgotten_at",
    "artifacts": "role sha256 content_type",
    "blobs": "sha256 encoding",
    "budgets": "day",
    "checkpoints": "note",
    "captures": "post_key outcome reason started_at finished_at uid origin purpose seen_at",
    "changes": "id change after by capture_before capture_by",
    "checks": "checked_at outcome embedding",
    "conclusions": "status last_checked_at last_available_at first_gone_at confirmed_at came_back_at embedding kept joined "
    "due_at losses",
    "consulted": "asked_at outcome reason content_type truncated",
    "crawls": "command started_at finished_at ended version clock_suspect",
    "deliveries": "change_id noted_at due_at delivered_at",
    "descriptions": "post_key described_at kind lang posted_at",
    "embeds": "kind platform post_key form layer seen_in posted_at lang",
    "exchanges": "method resource_type content_type body_sha256 remote_address started_at truncated",
    "exports": "made_at form eyes sha256 gone_at",
    "fetches": "fetched_at outcome content_type remote_address html_sha256 truncated rendered_at dom_sha256 "
    "screenshot_sha256",
    "holds": "platform since until released_at",
    "imports": "what at version",
    "held_by": "kind numbers",
    "listings": "kind read_at",
    "log": "kind",
    "log_keys": "origin public_key since",
    "mementos": "source seen_at mime digest tried_at verdict",
    "merged_archives": "name merged_at keys checkpoint",
    "merged_log": "kind",
    "merged_stamps": "stamped_at note root",
    "notes": "subject_kind at",
    "openings": "opened_at",
    "page_files": "kind content_type fetched_at sha256",
    "page_places": "sha256",
    "optouts": "kind platform from_at until_at removed_at",
    "pacing": "platform solved_on",
    "pending": "work",
    "platforms": "name title denial",
    "post_counts": "platform status kept",
    "posts": "platform native_id posted_at same_as first_seen_at capture_after forgotten_at",
    "redactions": "table_name column_name sha256 redacted_at replaced_by",
    "replays": "checked_at",
    "schedule": "platform observe_after observe_why last_seen_at",
    "searches": "source due_at asked_at answer",
    "seeds": "fetch_after",
    "stamps": "state due_at stamped_at root",
    "targets": "turn",
    "totals": "what",
    "withdrawals": "received_at reason due_at decision decided_at hold_until erased_at",
}
"""Columns that hold hashes, times, keys of rows and words of ours: nobody can be named in them."""

NAME = "Zofia Kanarek"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("subject") / "embeds.db")


def read_columns(conn: sqlite3.Connection) -> dict[str, list[sqlite3.Row]]:
    """The tables of an archive, with what SQLite says of their columns."""
    sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
    tables = [row[0] for row in conn.execute(sql) if row[0] != "_sqlite_migrations"]
    return {table: conn.execute(f"PRAGMA table_info({table})").fetchall() for table in tables}


# --------------------------------------------------------------------------------------------------------- every column


def test_every_column_says_whether_somebody_can_be_named_in_it(path: Path) -> None:
    """A new text column belongs in WORDS, or, where nobody can be named in it, in PLAIN."""
    with closing(open_reader(path)) as conn:
        columns = read_columns(conn)
    assert set(columns) == set(WORDS) | WORDLESS
    for table, rows in columns.items():
        texts = {row[1] for row in rows if row[2] == "TEXT"}
        assert texts == {*WORDS.get(table, ()), *PLAIN.get(table, "").split()}, table
    assert set(KIND_OF) == set(WORDS)
    assert set(KIND_OF.values()) <= set(get_args(Kind))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with a name in each column of words, each in a row of its own, and in the bytes of a file."""
    made = build_archive(tmp_path_factory.mktemp("planted") / "embeds.db")
    with closing(sqlite3.connect(made, isolation_level=None)) as conn:
        conn.execute("PRAGMA ignore_check_constraints = ON")
        for table, rows in read_columns(conn).items():
            for column in WORDS.get(table, ()):
                plant(conn, table, column, rows)
        body = f"<p>Only the page says <b>{NAME.replace(' ', '&#32;')}</b>.</p>".encode()
        conn.execute("INSERT INTO blobs VALUES (?, ?, 'identity', ?)", (sha256(body).hexdigest(), len(body), body))
    return made


def plant(conn: sqlite3.Connection, table: str, column: str, rows: list[sqlite3.Row]) -> None:
    """Add a row that is empty but for the name in one column."""
    number = 1_000 * (1 + list(WORDS).index(table)) + WORDS[table].index(column)
    fills = {"TEXT": f"{table}.{column}", "INTEGER": number, "REAL": 0.0, "BLOB": b""}
    values: dict[str, object] = {}
    for _, name, kind, needed, default, key in rows:
        if key or (needed and default is None):
            values[name] = fills[kind]
    values[column] = json.dumps([f"a word before {NAME}, and after"])
    marks = ", ".join("?" * len(values))
    names = ", ".join(f'"{name}"' for name in values)
    conn.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))
    if table in FULL_TEXT:
        index(conn, table, number)


def test_whoever_is_named_is_found_in_every_column(planted: Path) -> None:
    with closing(open_reader(planted)) as conn:
        quick = find_traces(conn, identify_person(conn, [NAME]))
        thorough = find_traces(conn, identify_person(conn, [NAME.upper()]), thorough=True)
    every = {(table, column) for table, columns in WORDS.items() for column in columns}
    known = {(table, column) for table in SCANNED for column in WORDS[table]}
    known |= {(table, column) for table, columns in FULL_TEXT.items() for column in columns}
    known |= {("descriptions", column) for column in BESIDE}
    found = {(each.table, each.column) for each in thorough if each.column}
    assert found == every | {("blobs", "body")}
    assert known <= {(each.table, each.column) for each in quick if each.column}
    assert {each.kind for each in thorough} >= {"claim", "mention", "note", "seed", "run", "withdrawal", "opening"}


# -------------------------------------------------------------------------------------------------------- what is theirs


def test_everything_that_hangs_on_their_posts_is_listed(path: Path, tmp_path: Path) -> None:
    """The list has each row of their post, and no row that is of another's post alone."""
    kept = tmp_path / "embeds.db"
    kept.write_bytes(path.read_bytes())
    post, other = SAMPLES[0].post, SAMPLES[1].post
    assert run("access", "hide", post.key, "-a", kept, "--ref", "2026-041").code == 0
    assert run("access", "open", post.key, "-a", kept, "--why", "to answer", "-o", tmp_path / "card.html").code == 0
    with Archive(kept, platforms=PLATFORMS) as archive:
        archive.conn.execute(
            "UPDATE descriptions SET quoted_url = ? WHERE post_key = ?", (post.url + "?igsh=1", other.key)
        )
    with closing(open_reader(kept)) as conn:
        places = find_traces(conn, identify_person(conn, ["instagram:@Marit.Solheim.foto"]))
        rows = conn.execute("SELECT count(*) FROM captures WHERE post_key = ?", (post.key,)).fetchone()[0]
    kinds = {each.kind for each in places}
    assert kinds >= {"post", "description", "quote", "embed", "article", "page", "visit", "picture", "file", "exchange",
                     "observation", "standing", "change", "note", "withdrawal", "opening", "seed", "plan"}  # fmt: skip
    assert len([each for each in places if each.kind == "visit"]) == rows
    assert {each.post for each in places if each.kind == "quote"} == {other.key}
    assert {each.post for each in places if each.kind != "quote"} <= {post.key, None}
    assert not any(each.says for each in places if each.post == post.key)  # sealed: that it is kept, not what


@pytest.mark.parametrize(
    ("who", "post"),
    [
        ("@clara_writes", SAMPLES[3].post.key),
        ("x:@Clara_Writes", SAMPLES[3].post.key),
        ("https://x.com/clara_writes", SAMPLES[3].post.key),
        ("clara whitcombe", SAMPLES[3].post.key),
        ("Whitcombe, Clara", SAMPLES[3].post.key),
        (SAMPLES[3].post.url, SAMPLES[3].post.key),
        ("東京夜景部", SAMPLES[1].post.key),
        ("@kystvakta.nord", SAMPLES[0].post.key),
        ("@teatro.della.lanterna", SAMPLES[5].post.key),
        ("instagram:@clara_writes", None),
        ("@clara", None),
        ("@writes", None),
        ("Clara Writer", None),
    ],
)
def test_a_person_is_who_is_meant(path: Path, who: str, post: str | None) -> None:
    with closing(open_reader(path)) as conn:
        places = find_traces(conn, identify_person(conn, [who]))
    posts = {each.post for each in places if each.kind in ("post", "description", "embed")}
    assert post in posts or (post is None and not posts)


def test_a_picture_is_of_whoever_is_in_it(path: Path, tmp_path: Path) -> None:
    face = tmp_path / "face.png"
    face.write_bytes(draw_picture("bowl:1", (900, 900)))
    with closing(open_reader(path)) as conn:
        person = identify_person(conn, [str(face)])
        assert {each.post for each in find_traces(conn, person) if each.kind == "picture"} == {SAMPLES[4].post.key}


@pytest.mark.parametrize("text", ["Zo%66ia Kanarek", "Zofia%20Kanarek", "KANAREK, Zofia", "Zofia\\u0020Kanarek",
                                  "Zófia Kanárek", "Zofia&nbsp;Kanarek", "/zofia-kanarek-1/", "Zofia\nKanarek"])  # fmt: skip
def test_a_name_is_known_however_it_is_written(text: str) -> None:
    assert Naming(NAME).stands_in(f"x {text} y")
    assert Naming(NAME).stands_in("word " * 6_000 + text)


@pytest.mark.parametrize("text", ["@ann.b", "@ann_b", "@anna", "joann", "ann-marie"])
def test_a_handle_is_no_part_of_another(text: str) -> None:
    assert not Naming("ann", is_handle=True).stands_in(f"with {text} today")
    assert Naming("ann", is_handle=True).stands_in(f"with {text} and @ann.")


def test_an_account_takes_along_what_it_wrote_with_others(path: Path, tmp_path: Path) -> None:
    """And whoever hides a post is told of those that quote it, which stay: they are others' words."""
    kept = tmp_path / "embeds.db"
    kept.write_bytes(path.read_bytes())
    post, other = SAMPLES[0].post, SAMPLES[1].post
    with Archive(kept, platforms=PLATFORMS) as archive:
        archive.conn.execute("UPDATE descriptions SET quoted_url = ? WHERE post_key = ?", (post.url, other.key))
    done = run("access", "hide", "@kystvakta.nord", "-a", kept)
    assert f"post     {post.key}" in done.out
    assert f"1 post of others that quote it. To withhold these, too: embedarchive access hide {other.key}" in done.err
    with closing(open_reader(kept)) as conn:
        assert [read_level(conn, each.key) for each in (post, other)] == ["sealed", "public"]
    assert "quote it" not in run("access", "hide", "x:@kystvakta.nord", "-a", kept).err


# ------------------------------------------------------------------------------------------------------ the command


def test_the_list_is_text_json_and_csv(path: Path) -> None:
    told = run("access", "subject", "@marit.solheim.foto", "-a", path)
    lines = [
        json.loads(each)
        for each in run("access", "subject", "@marit.solheim.foto", "-a", path, "--json").out.splitlines()
    ]
    table = list(csv.DictReader(io.StringIO(run("access", "subject", "@marit.solheim.foto", "-a", path, "--csv").out)))
    assert told.code == 0
    assert f"{len(lines)} places" in told.err
    assert [each["id"] for each in table] == [each["id"] for each in lines]
    assert ARTICLES[0][0] in told.out
    assert "more (--all)" in told.out
    assert run("access", "subject", "@nobody.at.all", "-a", path).code == 1
    assert run("access", "subject", "@", "-a", path).code == 2


def test_nobody_asked_about_nothing_found(path: Path) -> None:
    with closing(open_reader(path)) as conn:
        assert find_traces(conn, DataSubject()) == []
