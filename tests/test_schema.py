"""The schema has a history: numbered steps that stay as they are, and archives of every age that open and go on."""

from __future__ import annotations

import gzip
import hashlib
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive_builder import build_archive
from embedarchive import open_archive
from embedarchive.core.errors import ArchiveError, OlderArchive
from embedarchive.core.model import Capture, Post, Verdict
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader, schema
from embedarchive.store.exports import WAITING
from embedarchive.store.fulltext import INDEXES
from in_process import run
from reading_room import open_room

FROZEN = {
    "001.sql": "879041af4a4d926d80830d5f869d6b66da1f68106d8c5baa6ad5d7c3226045cf",
    "002.sql": "20a4919188ce06a2d16ea720aa8acc6f8786928cc2215ab236a5853cc22a9287",
    "003.sql": "6435393830caf84565b2583131d845c0d44708d74db0628cf3e9cf82967c3c64",
    "004.sql": "88d78eb2070084d9081a657f669c26fe8785173869207a0960b08b63c3b8fcda",
    "005.sql": "0c13e6c3eec045b5b805cdfb1e739c34cdd63f151a2e491afdbffa2501dbbabd",
    "006.sql": "6a168940891adaf9b54d37ca6008496eca916bdc7e2e883ef798565c1c5fbde6",
    "007.sql": "bb36db7208e630c6b40d8f0a2eaec8d46e3825456eeab49dcb396dd4332c8952",
    "008.sql": "a087464616ae85f2b8186d5f172c4ce67da99e157f2d03e64c9ddef8bc066b66",
    "009.sql": "f4d8e4a1d6d50dd363619ead96f6e5650e40312a3b59a98535e2b2112027cdab",
    "010.sql": "f049221a56a794184b7413a9ce09a838d978b45f278012ddd9d7bb72d862fe9e",
    "011.sql": "809de689152d269e8bd8816567fb5d95f03f7876c4518242f913787a49b8cc01",
    "012.sql": "074bb03284d72d5bb0eb288345122a9ab9484cec42ed8e399d091b37cda94fdd",
    "013.sql": "e814d82ed08ca125a6216bcf500e7c5d8e56564d4b8d684a26f2d20837364715",
    "014.sql": "2afea566e13376cdc25a96a0dc8ffc1edffbe79fc8539325f130ef9bb29de5bf",
    "015.sql": "6cdf3cd0c86b8def798c41e3dc1a289d84aaabc696800fdee38cc496d99f1206",
    "016.sql": "9c9156aa29f049378623bd1842e6afe1f3493ba0a43a40a99aa2676229f33eaf",
    "017.sql": "1b6252979f1747a2ace12dea08732b41187fc7e408459e7be062b10deb0fa266",
    "018.sql": "4c17b2e79b098643dde081cbacfeac0b25d25d4f2738ce26bf844f347cca5955",
    "019.sql": "7c1f4e47c67d649d8d77c043d408e5a27571f8d457bf61d12d62c13d4d349f7a",
    "020.sql": "7e25d83d1083855eab7139ec5e553e90a2c43be48b0eb78e6ce2bdb909378117",
    "021.sql": "fcc55495e2e9fd75c200520a56ad85d31329105542264f6809e2b4d0d10d1a66",
    "022.sql": "3bc2c210f42678a4680241767c7d5f254749056efde43db2c884447523f1580e",
}
"""sha256 of each step. A step that is on the main branch is never edited: archives have taken it. Add another instead."""


def new_archive() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    schema.apply_schema(conn)
    return conn


def test_no_step_is_edited_and_none_is_missing() -> None:
    assert {name: hashlib.sha256(schema.read_sql(name).encode()).hexdigest() for name in schema.STEPS} == FROZEN
    assert [int(name.removesuffix(".sql")) for name in schema.STEPS] == list(range(1, schema.SCHEMA_VERSION + 1))


def test_the_tables_are_made_by_the_steps_alone() -> None:
    """Whatever else made or changed a table would be missing in archives that are brought up from an older schema."""
    with closing(new_archive()) as conn:
        records = {name for name in schema.read_objects(conn) if "_sqlite_migrations" in name}
        built = {name: sql for name, sql in schema.read_objects(conn).items() if name not in records}
        assert built == schema.read_built(schema.SCHEMA_VERSION)
        assert schema.read_version(conn) == schema.SCHEMA_VERSION
        taken = conn.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'embedarchive'").fetchall()
        assert [f"{row[0]}.sql" for row in taken] == list(schema.STEPS)


# --------------------------------------------------------------------------------------------- archives of every age

ARCHIVES = sorted((Path(__file__).parent / "archives").glob("*.db.gz"))
KEPT, LOST, GONE = "instagram:DSKNf_7ug1s", "instagram:DOk9AsTqLAJ", "x:1967167689326947990"
ARTICLE = "https://www.kuestenblatt.example/kultur/werftfotos-zum-ersten-mal-oeffentlich-1847213.html"

READING: dict[str, tuple[str, ...]] = {
    "lookup": ("lookup", KEPT),
    "lookup an article": ("lookup", ARTICLE),
    "search": ("search", "house"),
    "show": ("show", LOST),
    "show as a card": ("show", KEPT, "-o", "{out}"),
    "stats": ("stats", "--json"),
    "query": (
        "query",
        "SELECT uid, origin, purpose, embedding FROM captures LEFT JOIN checks ON capture_id = captures.id",
    ),
    "query, saved": ("query", "lost-by-outlet"),
    "export a table": ("export", "--jsonl", "{out}"),
    "export, dehydrated": ("export", "--dehydrated", "{out}"),
    "export a web archive": ("export", "--wacz", "{out}"),
    "export a site": ("export", "--site", "{out}"),
    "publish": ("publish", "{out}"),
}


@pytest.fixture(params=ARCHIVES, ids=lambda path: path.name.partition(".")[0])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """An archive that the code of some age made (see archives/make.py)."""
    path = tmp_path / "old" / "embeds.db"
    path.parent.mkdir()
    path.write_bytes(gzip.decompress(request.param.read_bytes()))
    return path


def migrate(path: Path) -> None:
    Archive(path, platforms=PLATFORMS).close()


def files_of(folder: Path) -> dict[str, bytes]:
    """All files, but for the list beside an archive of what was handed out of it: the next that writes takes it in."""
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(WAITING)}


def test_every_age_has_its_archive() -> None:
    """All but the newest, which every other test makes anew: before a step is added, archives/make.py keeps one."""
    ages = {int(path.name.partition(".")[0]) for path in ARCHIVES}
    assert ages >= set(range(1, schema.SCHEMA_VERSION))
    for path in ARCHIVES:
        assert path.stat().st_size < 250_000
        age, header = int(path.name.partition(".")[0]), gzip.decompress(path.read_bytes())[:100]
        assert int.from_bytes(header[60:64], "big") == age


def test_an_archive_of_any_age_is_what_its_steps_make(old: Path, request: pytest.FixtureRequest) -> None:
    """The other half of keeping a step as it is: what the code of that age really made."""
    with closing(sqlite3.connect(old)) as conn:
        schema.check_tables(conn, schema.read_version(conn), schema.read_built(schema.read_version(conn)))


@pytest.mark.parametrize("command", READING)
def test_an_archive_of_any_age_is_read_and_not_written(command: str, old: Path, tmp_path: Path) -> None:
    before = files_of(old.parent)
    done = run(*(word.replace("{out}", str(tmp_path / "out")) for word in READING[command]), "-a", old)
    assert (done.code, "Traceback" in done.err) == (0, False), done.err
    after = files_of(old.parent)
    after.pop(old.name + WAITING, None)  # what was handed out is noted beside it, until somebody writes to it
    assert after == before


async def test_the_reading_room_reads_an_archive_of_any_age(old: Path) -> None:
    before = files_of(old.parent)
    room = await open_room(old, settings={"sql_time_limit_ms": 30_000})  # of a busy machine
    with open_archive(old) as library:
        capture = library.post(KEPT).captures[0].id  # type: ignore[union-attr]
    for page in ("archive", "lost", "desk", "alerts.atom", "outlets",
                 f"post/{KEPT}", f"post/{LOST}", f"card/{KEPT}", f"capture/{capture}",
                 "article/1", f"evidence/{KEPT}"):  # fmt: skip
        answer = await room.client.get(f"/embeds/-/{page}")
        assert answer.status_code == 200, (page, answer.text)
    for table in ("posts", "captures", "post_status", "lost_posts"):
        answer = await room.client.get(f"/embeds/{table}.json?_shape=array")
        assert (answer.status_code, len(answer.json()) > 0 or table == "lost_posts") == (200, True), (
            table,
            answer.text,
        )
    assert files_of(old.parent) == before


DUE = "_to_"
"""In the name of each view of what is due: that also hangs on what this version can do."""


def tell_all(path: Path) -> dict[str, object]:
    """What a reader learns of an archive, as records."""
    with open_archive(path) as library:
        return {
            "posts": list(library.posts()),
            "records": [library.post(post.key) for post in library.posts()],
            "articles": [library.article(article.id) for article in library.articles()],
            "embeds": list(library.embeds(kind=None)),
            "found": [library.search(words) for words in ("house", "clara", "harbour", "werft")],
            "figures": replace(library.stats(), bytes=0),  # of the file
            "outlets": library.outlets(),
            "views": {
                name: list(library.query(f"SELECT * FROM {name}")) for name in schema.read_views() if DUE not in name
            },
        }


def test_an_archive_of_any_age_says_the_same_when_it_is_brought_up(old: Path) -> None:
    before = tell_all(old)
    migrate(old)
    assert tell_all(old) == before
    with closing(new_archive()) as newest, closing(sqlite3.connect(old)) as conn:
        assert schema.read_version(conn) == schema.SCHEMA_VERSION
        present = schema.read_objects(conn)
        assert {name: present[name] for name in schema.read_objects(newest)} == schema.read_objects(newest)
        assert schema.find_our_views(conn) == schema.find_our_views(newest)
        assert conn.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        for index in INDEXES:
            if index.endswith("_fts"):
                conn.execute(f"INSERT INTO {index}({index}) VALUES ('integrity-check')")


def test_what_was_kept_before_has_what_newer_steps_added(old: Path) -> None:
    migrate(old)
    with closing(open_reader(old)) as conn:
        captures = conn.execute(
            "SELECT c.*, r.command, (SELECT x.body_sha256 FROM exchanges x WHERE x.capture_id = c.id AND x.resource_type = "
            "'document' AND x.body_sha256 IS NOT NULL ORDER BY x.position LIMIT 1) AS document "
            "FROM captures c JOIN crawls r ON r.id = c.crawl_id"
        ).fetchall()
        assert len(captures) >= 5
        assert len({row["uid"] for row in captures}) == len(captures)
        for row in captures:
            assert row["uid"] == schema.capture_uid(row["post_key"], row["started_at"], row["document"] or "")
            assert (row["origin"], row["seen_at"]) == ("visit", row["started_at"])
            assert row["purpose"] in ("check" if row["command"] == "check" else "post", "control")
        assert {row["purpose"] for row in captures} >= {"check", "post"}


def test_a_capture_is_named_alike_by_the_writer_and_by_the_step(tmp_path: Path) -> None:
    """What is kept today bears the name that an archive of the first schema would give it when it is brought up."""
    path = build_archive(tmp_path / "embeds.db")
    with closing(sqlite3.connect(path)) as conn:
        kept = conn.execute("SELECT id, uid, seen_at FROM captures ORDER BY id").fetchall()
        update = schema.read_sql("002.sql").partition("UPDATE captures SET")[2].partition(";")[0]
        conn.create_function("capture_uid", 3, schema.capture_uid)
        conn.execute("DROP TRIGGER captures_no_update")
        conn.execute("UPDATE captures SET uid = NULL")
        conn.execute("UPDATE captures SET" + update)
        assert conn.execute("SELECT id, uid, seen_at FROM captures ORDER BY id").fetchall() == kept


def test_kept_twice_a_capture_is_there_once(tmp_path: Path) -> None:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        crawl_id = archive.start_crawl("crawl", "2026-03-01T10:00:00.000Z", "test", {})
        post = Post("instagram", "C79gQqLpkul", "https://www.instagram.com/p/C79gQqLpkul/")
        at = "2026-03-01T10:00:00.000Z"
        capture = Capture(post, post.url, post.url, at, at, Verdict("available"))
        assert archive.keep_capture(capture, crawl_id) == archive.keep_capture(capture, crawl_id)
        later = archive.keep_capture(replace(capture, started_at="2026-03-01T10:00:00.001Z"), crawl_id)
        assert later != archive.keep_capture(capture, crawl_id)
        assert archive.conn.execute("SELECT count(*) FROM captures").fetchone()[0] == 2


# ------------------------------------------------------------------------------------------- what others may have made


@pytest.fixture
def first(tmp_path: Path) -> Path:
    path = tmp_path / "first.db"
    path.write_bytes(gzip.decompress(ARCHIVES[0].read_bytes()))
    return path


def test_an_archive_from_before_there_were_records_is_taken_up(first: Path) -> None:
    with closing(sqlite3.connect(first)) as conn:
        conn.execute("DROP TABLE _sqlite_migrations")
    migrate(first)
    with closing(open_reader(first)) as conn:
        taken = [row[0] for row in conn.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]
        assert [f"{name}.sql" for name in taken] == list(schema.STEPS)


def test_an_archive_between_two_versions_is_read_and_left_alone(first: Path, tmp_path: Path) -> None:
    """As they were made while the first schema was edited in place: columns and tables are missing under its number."""
    with closing(sqlite3.connect(first)) as conn:
        for number in range(1, 5):
            conn.execute(f"DROP INDEX artifacts_dhash_{number}")
        conn.execute("DROP VIEW preserved_posts")
        conn.execute("ALTER TABLE artifacts DROP COLUMN dhash")
        conn.execute("DROP TABLE replays")
    before = first.read_bytes()
    for command in ("lookup", "search", "show", "stats", "export a table", "export a web archive"):
        done = run(*(word.replace("{out}", str(tmp_path / command)) for word in READING[command]), "-a", first)
        assert done.code == 0, (command, done.err)
    with pytest.raises(OlderArchive, match=r"between two versions.*left untouched, and can still be read"):
        Archive(first, platforms=PLATFORMS)
    done = run("capture", "https://www.instagram.com/p/C79gQqLpkul/", "-a", first)
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert first.read_bytes() == before


THEIRS = (
    "CREATE TABLE clippings (id INTEGER PRIMARY KEY, note TEXT)",
    "INSERT INTO clippings (note) VALUES ('mine')",
    "CREATE INDEX captures_by_address ON captures(visit_url)",
    "CREATE TRIGGER clippings_marked AFTER INSERT ON clippings BEGIN SELECT 1; END",
    "CREATE VIEW my_losses AS SELECT * FROM post_status WHERE status <> 'available'",
)


def add_theirs(path: Path) -> list[tuple[str, ...]]:
    """Make in an archive what a researcher might, a copy of one of our views included; give their rows of the schema."""
    with closing(sqlite3.connect(path)) as conn:
        for sql in THEIRS:
            conn.execute(sql)
        [(ours,)] = conn.execute("SELECT sql FROM sqlite_schema WHERE name = 'lost_posts'").fetchall()
        conn.execute(ours.replace("CREATE VIEW lost_posts", "CREATE VIEW lost_posts_of_mine"))
        conn.commit()
    return theirs_in(path)


def theirs_in(path: Path) -> list[tuple[str, ...]]:
    names = ["clippings", "captures_by_address", "clippings_marked", "my_losses", "lost_posts_of_mine"]
    with closing(sqlite3.connect(path)) as conn:
        marks = ", ".join("?" * len(names))
        return conn.execute(f"SELECT * FROM sqlite_schema WHERE name IN ({marks}) ORDER BY name", names).fetchall()


def test_what_users_made_survives_a_newer_schema(old: Path) -> None:
    made = add_theirs(old)
    assert len(made) == 5
    migrate(old)
    assert [row[:3] + row[4:] for row in theirs_in(old)] == [row[:3] + row[4:] for row in made]
    with closing(open_reader(old)) as conn:
        assert conn.execute("SELECT note FROM clippings").fetchone()[0] == "mine"
        assert conn.execute("SELECT key FROM my_losses ORDER BY key").fetchall()
        assert conn.execute("SELECT count(*) FROM lost_posts_of_mine").fetchall()


def test_a_name_of_theirs_that_a_step_needs_is_told(first: Path) -> None:
    with closing(sqlite3.connect(first)) as conn:
        conn.execute("CREATE TABLE Notes (mine TEXT)")
    before = first.read_bytes()
    with pytest.raises(ArchiveError, match=r"holds a table of yours named Notes, a name .* Nothing was changed; give"):
        migrate(first)
    assert first.read_bytes() == before
    with closing(sqlite3.connect(first)) as conn:
        conn.execute("ALTER TABLE Notes RENAME TO my_notes")
    migrate(first)
    with closing(open_reader(first)) as conn:
        assert conn.execute("SELECT count(*) FROM my_notes, notes").fetchone()[0] == 0


def test_a_view_of_theirs_with_a_name_of_ours_is_told(tmp_path: Path) -> None:
    path = tmp_path / "embeds.db"
    migrate(path)
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("DROP VIEW lost_posts")
        conn.execute("CREATE VIEW lost_posts AS SELECT 'mine' AS key")
    with pytest.raises(ArchiveError, match="holds a view of yours named lost_posts"):
        migrate(path)
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("SELECT key FROM lost_posts").fetchone()[0] == "mine"


# ------------------------------------------------------------------------------------------------- all of it or nothing


def test_steps_are_taken_whole_or_not_at_all(first: Path, tmp_path: Path) -> None:
    """Killed anywhere in between, an archive is as it was, or of the newest schema; and the next run goes on."""
    script = (
        "import os, sqlite3, sys; from embedarchive.store import opening, schema; from pathlib import Path\n"
        "conn = opening.connect(Path(sys.argv[1]))\n"
        "left = [int(sys.argv[2])]\n"
        "def tick(_):\n"
        "    left[0] -= 1\n"
        "    if left[0] == 0: os.kill(os.getpid(), 9)\n"
        "conn.set_trace_callback(tick); schema.apply_schema(conn); print(int(sys.argv[2]) - left[0])"
    )
    whole = tmp_path / "whole.db"
    shutil.copy(first, whole)
    done = subprocess.run(
        [sys.executable, "-c", script, str(whole), "1000000"], capture_output=True, text=True, check=True
    )
    statements = int(done.stdout)
    assert statements > 50
    before = tell_all(first)
    for number in {*range(2, statements, statements // 3), statements}:
        path = tmp_path / f"{number}.db"
        shutil.copy(first, path)
        done = subprocess.run([sys.executable, "-c", script, str(path), str(number)], capture_output=True, check=False)
        assert done.returncode == -9
        assert tell_all(path) == before
        with closing(sqlite3.connect(path)) as conn:
            assert schema.read_version(conn) in (1, schema.SCHEMA_VERSION)
            schema.check_tables(conn, schema.read_version(conn), schema.read_built(schema.read_version(conn)))
        migrate(path)
        assert tell_all(path) == before


# ------------------------------------------------------------------------------------------- append-only, but to redact

LICENSED = {
    "captures": {"evidence", "visit_url", "final_url", "missing", "alterations", "environment"},
    "artifacts": {"url", "alt", "dhash"},
    "exchanges": {"url", "content_type", "request_headers", "response_headers", "error"},
    "replays": {"note"},
    "openings": {"why"},
}
"""Append-only table -> the columns that may be emptied where a row of `redactions` names them. Of no other table any may."""

ONCE = {
    "log": {"salt"},
    "merged_log": {"salt"},
    "holds": {"released_at", "released_by"},
    "optouts": {"removed_at"},
    "exports": {"gone_at"},
}
"""Columns that are filled once, or emptied once, for good."""


def append_only_tables(conn: sqlite3.Connection) -> list[str]:
    rows = conn.execute("SELECT tbl_name FROM sqlite_schema WHERE type = 'trigger' AND name = tbl_name || '_no_update'")
    return sorted({row[0] for row in rows} - {"stamps"})  # a stamp is append-only once it is there


def fill_row(conn: sqlite3.Connection, table: str) -> list[str]:
    """A row with another value in each column; give its columns."""
    columns = conn.execute("SELECT name, type FROM pragma_table_info(?)", (table,)).fetchall()
    words = {"INTEGER": "{}", "REAL": "{}", "BLOB": "x'0{}'"}
    values = [words.get(kind, "'word {}'").format(number + 1) for number, (_, kind) in enumerate(columns)]
    if "id" in [name for name, _ in columns]:
        values[0] = "1"
    conn.execute(f"INSERT INTO {table} VALUES ({', '.join(values)})")
    return [name for name, _ in columns]


def is_let(conn: sqlite3.Connection, change: str) -> bool:
    """Whether a change to the one row of a table is let; it is taken back."""
    conn.execute("SAVEPOINT tried")
    try:
        conn.execute(change)
    except sqlite3.IntegrityError:
        return False
    finally:
        conn.execute("ROLLBACK TO tried")
    return True


def test_what_is_append_only_may_be_emptied_where_a_redaction_names_it_and_not_else() -> None:
    with closing(new_archive()) as conn:
        conn.execute("PRAGMA foreign_keys = OFF")
        tables = append_only_tables(conn)
        assert {*LICENSED, "blobs", "checks", "access", "redactions", "export_posts", *ONCE} <= set(tables)
        for table in tables:
            columns = fill_row(conn, table)
            key = columns[0]
            assert not is_let(conn, f"DELETE FROM {table}")
            assert not is_let(conn, f"UPDATE {table} SET {key} = {key}")
            others = [name for name in columns if name not in ONCE.get(table, set())]
            for name in others:
                for value in ("NULL", "''", "'[]'", "1", "'else'"):
                    assert not is_let(conn, f"UPDATE {table} SET {name} = {value}"), (table, name, value)
            row = conn.execute(f"SELECT {key} FROM {table}").fetchone()[0]
            for named in others:
                conn.execute("SAVEPOINT named")
                schema_row = (table, str(row), named, "asked", "2026-03-20T08:00:00.000Z")
                conn.execute(
                    "INSERT INTO redactions (table_name, row_id, column_name, reason, redacted_at) VALUES (?, ?, ?, ?, ?)",
                    schema_row,
                )
                if table != "redactions":
                    for name in others:
                        licensed = name == named and name in LICENSED.get(table, set())
                        emptied = [
                            is_let(conn, f"UPDATE {table} SET {name} = {value}") for value in ("''", "x''", "NULL")
                        ]
                        assert any(emptied) == (licensed or (table, named, name) == ("blobs", "body", "body"))
                        assert not is_let(conn, f"UPDATE {table} SET {name} = x'01'")
                conn.execute("ROLLBACK TO named")


def test_a_file_that_was_withdrawn_before_is_withdrawn_still(old: Path) -> None:
    sql = "SELECT sha256, size, reason, redacted_at FROM redactions ORDER BY sha256"
    with closing(open_reader(old)) as conn:
        before = [tuple(row) for row in conn.execute(sql)]
    migrate(old)
    with closing(open_reader(old)) as conn:
        assert [tuple(row) for row in conn.execute(sql)] == before != []
        keys = conn.execute("SELECT DISTINCT table_name, row_id = sha256, column_name FROM redactions").fetchall()
    assert [tuple(row) for row in keys] == [("blobs", 1, "body")]
