"""Archives from strangers: whatever stands in the file, no command runs it, hangs, fills memory or ends in a traceback."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from archive_builder import SAMPLES
from commands import Done
from embedarchive import open_archive
from embedarchive.core.errors import ArchiveError, ExitCode, StrangeArchive
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader, reading
from embedarchive.store.schema import SCHEMA_VERSION, read_built
from embedarchive.store.schema.strangers import find_others, find_strange
from embedarchive.store.verify import read_columns
from in_process import run
from reading_room import open_room
from tampering import BOMB_SIZE, force_type, make_bomb, plant, tamper
from test_damaged import FULL, READING, WRITING, ask, build_whole, takes_turn
from waiting import BOUND_S

MOST_MB = 280
"""For any command; half of it is what Python and our libraries take."""

LONGEST_S = 20.0
"""Of processor time, which a crowded machine does not make longer, for a command that would else run for ever."""

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
COLUMNS = read_columns(SCHEMA_VERSION)
TABLES = tuple(COLUMNS)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_whole(tmp_path_factory.mktemp("whole"))


CROSSED = "SELECT 1 AS i FROM " + ", ".join(f"platforms p{n}" for n in range(9))
"""A view that SQLite takes apart before it asks whether it may be read."""


def endless_view(table: str, body: str = ENDLESS) -> str:
    columns = ", ".join(f"i AS {column}" for column in COLUMNS[table])
    return f"DROP TABLE {table}; CREATE VIEW {table} AS SELECT {columns} FROM ({body});"


PLANTED: dict[str, tuple[str, str, str]] = {
    "a trigger": (
        "CREATE TRIGGER evil AFTER INSERT ON crawls BEGIN INSERT INTO posts (key, platform, native_id, url, first_seen_at) "
        "VALUES ('x:1', 'x', '1', 'javascript:1', '2026'); END", "schema_trigger", "evil"),
    "an endless trigger": (
        f"CREATE TRIGGER evil BEFORE INSERT ON crawls BEGIN SELECT max(i) FROM ({ENDLESS}); END", "schema_trigger", "evil"),
    "a trigger in other letters": (
        'CREATE TRIGGER "Evil" AFTER UPDATE ON "POSTS" BEGIN SELECT 1; END', "schema_trigger", "Evil"),
    "a trigger on full text": (
        "CREATE TRIGGER evil AFTER INSERT ON descriptions_fts_data BEGIN SELECT 1; END", "schema_trigger", "evil"),
    "a trigger on the record of steps": (
        "CREATE TRIGGER evil AFTER INSERT ON _sqlite_migrations BEGIN SELECT 1; END", "schema_trigger", "evil"),
    "an expression index": ("CREATE INDEX evil ON posts(length(url))", "schema_index", "evil"),
    "a partial index": ("CREATE INDEX evil ON posts(url) WHERE length(url) > 3", "schema_index", "evil"),
    "a dropped trigger": ("DROP TRIGGER captures_no_update", "schema_missing", "captures_no_update"),
    "a trigger made harmless": (
        "DROP TRIGGER captures_no_update; CREATE TRIGGER captures_no_update BEFORE UPDATE ON captures BEGIN SELECT 1; END",
        "schema_altered", "captures_no_update"),
    "a dropped index": ("DROP INDEX posts_due", "schema_missing", "posts_due"),
    "a column more": ("ALTER TABLE posts ADD COLUMN mine TEXT", "schema_altered", "posts"),
    "a computed column": ("ALTER TABLE posts ADD COLUMN mine TEXT AS (upper(url))", "schema_altered", "posts"),
    "another full text": (
        "DROP TABLE articles_fts; CREATE VIRTUAL TABLE articles_fts USING fts5(title, site_name)", "schema_altered",
        "articles_fts"),
    "a virtual table": (
        "DROP TABLE replays; CREATE VIRTUAL TABLE replays USING fts5(id, capture_id, checked_at, score, distance, "
        "text_found, media_found, media_expected, note)", "schema_foreign", "replays"),
    "a view under full text": (
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET type = 'view', rootpage = 0, "
        f"sql = 'CREATE VIEW descriptions_fts_docsize AS SELECT i AS id, i AS sz FROM ({ENDLESS})' "
        "WHERE name = 'descriptions_fts_docsize'", "schema_foreign", "descriptions_fts_docsize"),
    "a key that acts": (
        "CREATE TABLE mine (k TEXT REFERENCES posts(key) ON DELETE CASCADE)", "schema_key", "mine"),
}  # fmt: skip


def unharmed(done: Done, began: float, *others: ExitCode) -> bool:
    """Whether a command ended in time, in one of its ways, without a traceback."""
    return (
        done.code in (0, 1, 2, 3, 7, *others)
        and "Traceback" not in done.err
        and time.process_time() - began < LONGEST_S
    )


@pytest.mark.parametrize("kind", PLANTED)
def test_what_is_planted_is_named_and_nothing_is_written(kind: str, whole: Path, tmp_path: Path) -> None:
    script, code, name = PLANTED[kind]
    path = plant(whole, tmp_path / "embeds.db", script)
    before = path.read_bytes()
    with closing(open_reader(path)) as conn:
        assert (code, name) in [(each.code, each.name) for each in find_strange(conn)]
    for command in ("crawl", "capture", "check"):
        done = run(command, *WRITING[command], "-a", path)
        assert done.code == 1, done
        assert "is not as embedarchive makes it" in done.err
        assert name in done.err
    with pytest.raises(StrangeArchive, match=name):
        Archive(path, platforms=PLATFORMS)
    assert path.read_bytes() == before
    done = run("verify", "-a", path)
    assert (done.code, f"{code} {name}: " in done.out) == (7, True)


@pytest.mark.parametrize("table", COLUMNS)
def test_an_endless_view_in_place_of_any_table_hangs_nothing(table: str, whole: Path, tmp_path: Path) -> None:
    body = ENDLESS if len(table) % 2 else CROSSED
    path = plant(whole, tmp_path / "embeds.db", endless_view(table, body))
    with pytest.raises(StrangeArchive, match=table):
        Archive(path, platforms=PLATFORMS)
    for number, command in enumerate(READING):
        if not takes_turn(TABLES, table, number, command):
            continue
        began = time.process_time()
        done = ask(command, path, whole, tmp_path / str(number) / "out")
        assert unharmed(done, began), (command, done)
        if done.code == 1 and not command.startswith(("query", "lookup", "search")):
            assert table in done.err, (command, done)
            assert "is not as embedarchive makes it" in done.err, (command, done)
    for words in (("verify",), ("backup", tmp_path / "copy.db"), ("restore", path)):
        began = time.process_time()
        done = run(*words, "-a", path if words[0] != "restore" else tmp_path / "new")
        assert unharmed(done, began), (words, done)
        assert done.code in (1, 2, 7), (words, done)


async def test_no_page_of_the_reading_room_hangs_either(whole: Path, tmp_path: Path) -> None:
    path = plant(whole, tmp_path / "embeds.db", endless_view("replays") + endless_view("checks"))
    room = await open_room(path)
    for page in (f"/embeds/-/post/{SAMPLES[0].post.key}", "/embeds/-/archive", "/embeds/-/capture/1"):
        began = time.process_time()
        answer = await room.client.get(page, follow_redirects=True)
        assert answer.status_code in (200, 500, 503)
        assert time.process_time() - began < LONGEST_S


THEIRS = (
    "CREATE TABLE clippings (id INTEGER PRIMARY KEY, key TEXT REFERENCES posts(key)); "
    "CREATE TRIGGER clippings_marked AFTER INSERT ON clippings BEGIN SELECT 1; END; "
    "CREATE INDEX posts_by_url ON posts(url); CREATE INDEX clippings_long ON clippings(length(key)); "
    "CREATE VIEW my_posts AS SELECT * FROM posts; CREATE VIRTUAL TABLE my_words USING fts5(words)"
)


def test_what_is_a_user_s_own_is_left_alone_kept_and_named(whole: Path, tmp_path: Path) -> None:
    path = plant(whole, tmp_path / "embeds.db", THEIRS)
    with Archive(path, platforms=PLATFORMS) as archive:
        archive.start_crawl("crawl", "2026-03-20T08:00:00.000Z", "0.1.0", {})
    with closing(open_reader(path)) as conn:
        assert find_strange(conn) == ()
        assert {"clippings", "my_posts", "my_words"} <= set(find_others(conn))
        assert conn.execute("SELECT count(*) FROM my_posts").fetchone()[0] > 3
    told = " ".join(run("doctor", "-a", path, COLUMNS="200").out.split())
    assert "of your own, and left alone: clippings, my_posts, my_words" in told
    assert "not looked through (--full does" in told


def test_the_doctor_names_all_that_is_strange(whole: Path, tmp_path: Path) -> None:
    planted = PLANTED["a trigger"][0] + ";" + PLANTED["a dropped index"][0] + "; CREATE TABLE mine (x)"
    path = plant(whole, tmp_path / "embeds.db", planted)
    done = run("doctor", "-a", path, COLUMNS="400")
    told = " ".join(done.out.split())
    assert done.code == 1
    for said in ("the trigger evil runs when crawls is written", "posts_due is missing", "left alone: mine"):
        assert said in told


def test_names_cannot_speak_to_a_terminal(whole: Path, tmp_path: Path) -> None:
    name = "evil\x1b]0;pwned\x07\u202e"
    path = plant(whole, tmp_path / "embeds.db", f'CREATE TRIGGER "{name}" AFTER INSERT ON crawls BEGIN SELECT 1; END')
    for done in (run("capture", SAMPLES[0].post.url, "-a", path), run("verify", "-a", path)):
        assert not set("\x1b\x07\u202e") & set(done.err + done.out)


def test_the_plan_knows_every_object_of_ours() -> None:
    """In an archive as we make it nothing is strange, and all of it is ours."""
    assert set(read_built(SCHEMA_VERSION)) >= set(COLUMNS)


# --------------------------------------------------------------------------------------------------------------- in cells


def own_columns(table: str) -> list[str]:
    """Columns that no key and no constraint keeps from holding one value in all rows."""
    fixed = {"url", "position", "role", "uid", "body", "capture_id", "fetch_id", "article_id", "crawl_id", "post_key"}
    return [
        name
        for name, (_, is_key) in COLUMNS[table].items()
        if not is_key and not fixed & {name} and "sha256" not in name
    ]


@pytest.mark.parametrize("table", [table for table in COLUMNS if own_columns(table)])
def test_values_of_wrong_types_end_no_command_in_a_traceback(table: str, whole: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    force_type(path, table, f"UPDATE {table} SET " + ", ".join(f"{column} = x'00ff'" for column in own_columns(table)))
    check_all(path, whole, tmp_path, table)


def check_all(path: Path, whole: Path, tmp_path: Path, table: str = FULL[0]) -> None:
    for number, command in enumerate(READING):
        if not takes_turn(TABLES, table, number, command):
            continue
        began = time.process_time()
        done = ask(command, path, whole, tmp_path / str(number) / "out")
        assert unharmed(done, began), (command, done.err[-2000:])
    check_writing(path, whole, tmp_path, table)


def check_writing(path: Path, whole: Path, tmp_path: Path, table: str) -> None:
    """The commands that write or look the file over, each over a copy in which all is due anew that is made of what is kept.

    Of a table that holds little, `crawl` alone, which goes through every pass. They have no browser and no network: what they
    could read there is the replica's business (`test_capture*.py`).
    """
    due = shutil.copy(path, tmp_path / "due.db")
    with closing(sqlite3.connect(due, isolation_level=None)) as conn:
        for change in ALL_DUE:
            with suppress(sqlite3.Error):  # of a table that is the one spoiled
                conn.execute(change)
    for command, *words in CHANGING if table in FULL else CHANGING[:1]:
        began = time.process_time()
        copy = shutil.copy(due, tmp_path / "copy.db")
        done = run(command, *(word.format(whole=whole.parent, room=tmp_path) for word in words), "-a", copy)
        assert unharmed(done, began, ExitCode.NO_BROWSER), (command, done.err[-2000:])


CHANGING = (
    ("crawl", "{whole}/nothing.html", "--base-url", "https://news.example/nothing", "--no-replay"),
    ("capture", SAMPLES[0].post.url, "--again", "--browser-path", "/no/browser"),
    ("check", "--browser-path", "/no/browser"),
    ("verify",),
    ("backup", "{room}/backup.db"),
    ("doctor", "--browser-path", "/no/browser"),
)
ALL_DUE = (
    "UPDATE fetches SET searched_rules = NULL",
    "INSERT OR IGNORE INTO pending (capture_id, work) SELECT id, 'describe' FROM captures",
    "INSERT OR IGNORE INTO pending (capture_id, work) SELECT id, 'conclude' FROM captures",
)


def test_addresses_that_cannot_be_split_end_no_command_in_a_traceback(whole: Path, tmp_path: Path) -> None:
    changes = ("exchanges SET url = 'http://['", "captures SET visit_url = 'http://[', final_url = '//['",
               "articles SET url = 'http://[' || id", "posts SET url = 'http://['")  # fmt: skip
    path = tamper(whole, tmp_path / "embeds.db", *(f"UPDATE {change}" for change in changes))
    check_all(path, whole, tmp_path)


@pytest.mark.parametrize("column", ["outcome", "reason", "checked_at"])
def test_words_that_nobody_knows_are_told(column: str, whole: Path, tmp_path: Path) -> None:
    path = tamper(whole, tmp_path / "embeds.db", f"UPDATE checks SET {column} = 'nonsense'")
    check_all(path, whole, tmp_path)


DEEP = "[" * 200_000
BROKEN = {
    "no JSON": "{", "another kind": '"text"', "a number": "5", "nothing": "null", "too deep": DEEP,
    "lists of other things": "[1, [2], {}]", "a record of other things": '{"rule": [], "0": {}}',
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_broken_json_ends_no_command_in_a_traceback(kind: str, whole: Path, tmp_path: Path) -> None:
    from embedarchive.store.verify import JSON

    text = BROKEN[kind]
    changes = [(f"UPDATE {table} SET {column} = ?", (text,)) for table in JSON for column in JSON[table]]
    check_all(tamper(whole, tmp_path / "embeds.db", *changes), whole, tmp_path)


@pytest.mark.parametrize("table", ["articles", "conclusions", "embeds", "replays"])
async def test_the_reading_room_says_what_is_wrong(table: str, whole: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    force_type(path, table, f"UPDATE {table} SET " + ", ".join(f"{column} = x'00ff'" for column in own_columns(table)))
    room = await open_room(path)
    for page in (f"/embeds/-/post/{SAMPLES[0].post.key}", "/embeds/-/archive", "/embeds/-/article/1"):
        answer = await room.client.get(page, follow_redirects=True)
        assert answer.status_code in (200, 500)
        assert answer.status_code == 200 or f"is damaged ({table}." in answer.text, page


@pytest.mark.parametrize("table", [table for table in COLUMNS if own_columns(table)])
def test_a_value_too_long_for_a_reader_is_told(
    table: str, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a smaller bound than is used, so that the test is cheap; the next one is of the true size."""
    texts = [column for column in own_columns(table) if COLUMNS[table][column][0] == "TEXT"]
    if not texts:
        pytest.skip("it has no text")
    changes = ", ".join(f"{column} = printf('%.*c', 400000, 'x')" for column in texts)
    path = tamper(whole, tmp_path / "embeds.db", f"UPDATE {table} SET {changes}")
    monkeypatch.setattr(reading, "LONGEST_VALUE", 300_000)
    check_all(path, whole, tmp_path, table)


CHILD = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from test_damaged import FULL, READING, ask
from test_strangers import check_writing
path, whole, room = map(Path, sys.argv[2:5])
codes = {}
for number, command in enumerate(READING):
    done = ask(command, path, whole, room / str(number) / "out")
    codes[command] = [int(done.code), "Traceback" in done.err]
check_writing(path, whole, room, FULL[0])
# Not `ru_maxrss`: a process begins with that of the one which started it.
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"codes": codes, "peak_mb": int(peak) / 1024}))
"""
MAKE = """
import sqlite3, sys
conn = sqlite3.connect(sys.argv[1])
conn.execute(sys.argv[2])
conn.commit()
"""
LARGE = "UPDATE descriptions SET text = CAST(zeroblob(400000000) AS TEXT) WHERE id = 1"


def test_a_value_of_400_mb_fills_no_memory(whole: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    subprocess.run([sys.executable, "-c", MAKE, path, LARGE], check=True, timeout=5 * BOUND_S)
    heard = run_child(path, whole, tmp_path)
    path.unlink()
    assert all(code in (0, 1, 2, 3, 7) and not failed for code, failed in heard["codes"].values()), heard
    assert heard["codes"]["show"][0] == heard["codes"]["publish"][0] == 7
    assert heard["peak_mb"] < MOST_MB


def run_child(path: Path, whole: Path, tmp_path: Path) -> dict[str, Any]:
    """Every command, in a process of its own, for a process's peak never sinks again."""
    (tmp_path / "room").mkdir()
    words = [sys.executable, "-c", CHILD, str(Path(__file__).parent), str(path), str(whole), str(tmp_path / "room")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=5 * BOUND_S, check=True)
    heard: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return heard


def test_bombs_in_every_blob_fill_no_memory(whole: Path, tmp_path: Path) -> None:
    change = "UPDATE blobs SET body = ?, encoding = 'zlib', size = ?"
    path = tamper(whole, tmp_path / "embeds.db", (change, (make_bomb(), BOMB_SIZE)))
    heard = run_child(path, whole, tmp_path)
    assert all(code in (0, 1, 2, 3, 7) and not failed for code, failed in heard["codes"].values()), heard
    assert heard["codes"]["export a web archive"][0] == 7
    assert heard["peak_mb"] < MOST_MB


def test_from_python_a_strange_archive_is_an_error_of_ours(whole: Path, tmp_path: Path) -> None:
    path = plant(whole, tmp_path / "embeds.db", endless_view("captures"))
    with open_archive(path) as library, pytest.raises(ArchiveError, match="captures"):
        library.post(SAMPLES[0].post.key)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'captures'").fetchone() == (1,)
