"""Commands that write go on with an archive of any age, and leave alone what its users made in it."""

from __future__ import annotations

import gzip
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from commands import through
from embedarchive.cli import COMMANDS
from embedarchive.replica import Replica
from embedarchive.store import open_reader, schema
from in_process import run as embedarchive
from test_schema import ARCHIVES, ARTICLE, KEPT, LOST, add_theirs, theirs_in

pytestmark = pytest.mark.browser

WRITING = {
    "crawl": (ARTICLE, "--refresh", "0"),
    "capture": ("https://www.instagram.com/p/DSKNf_7ug1s/", "--again"),
    "check": (),
}


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


ENDS = (ARCHIVES[0], ARCHIVES[-1])
RUNS = [(age, tuple(WRITING) if age in ENDS else ("crawl",)) for age in ARCHIVES]
"""Every age is crawled into, which writes to nearly every table; the other commands go on with the oldest and the newest."""


def test_these_are_all_that_write() -> None:
    """A command that opens an archive for writing belongs into this test. (The demo makes an archive of its own; what is
    imported is kept by the same functions, and `test_importing.py` is about them.)"""
    writing = {name for name, (module, _) in COMMANDS.items() if module == "running"} - {"demo", "import"}
    assert writing == WRITING.keys()


def read_all(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(open_reader(path)) as conn:
        return [tuple(row) for row in conn.execute(sql)]


OBSERVED = """SELECT id, post_key, outcome, reason, started_at, evidence FROM captures WHERE id <= {0}
UNION ALL SELECT id, capture_id, role, position, sha256, size FROM artifacts WHERE capture_id <= {0}
UNION ALL SELECT id, capture_id, url, status, body_sha256, NULL FROM exchanges WHERE capture_id <= {0}
UNION ALL SELECT id, post_key, capture_id, checked_at, outcome, reason FROM checks WHERE capture_id <= {0}"""


@pytest.mark.parametrize(("age", "commands"), RUNS, ids=[age.stem[:3] for age in ARCHIVES])
def test_an_archive_of_any_age_goes_on(age: Path, commands: tuple[str, ...], replica: Replica, tmp_path: Path) -> None:
    """Commands that write, one after another: what was observed stays, and what is new is as in a new archive."""
    old = tmp_path / "embeds.db"
    old.write_bytes(gzip.decompress(age.read_bytes()))
    made = add_theirs(old)
    last = read_all(old, "SELECT max(id) FROM captures")[0][0]
    fetches = read_all(old, "SELECT count(*) FROM fetches")[0][0]
    before = read_all(old, OBSERVED.format(last))
    replica.set_state(LOST.partition(":")[2], "gone")
    for command in commands:
        done = embedarchive(command, *WRITING[command], "-a", old, *through(replica))
        assert done.code in (0, 3), (command, done.err)
        assert [row[:3] + row[4:] for row in theirs_in(old)] == [row[:3] + row[4:] for row in made], command
    replica.set_state(LOST.partition(":")[2], "live")
    assert read_all(old, OBSERVED.format(last)) == before
    new = read_all(old, f"SELECT purpose, origin, length(uid), seen_at = started_at FROM captures WHERE id > {last}")
    assert {"post", "check"} >= {row[0] for row in new} >= {name for name in ("check",) if name in commands}
    assert {row[1:] for row in new} <= {("visit", 32, 1)}
    assert read_all(old, "SELECT count(*) FROM fetches")[0][0] > fetches
    assert read_all(old, "SELECT count(*) FROM clippings WHERE note = 'mine'") == [(1,)]
    status = dict(read_all(old, "SELECT key, status FROM post_status"))
    assert (status[KEPT], status[LOST]) == ("available", "gone")


def test_it_then_is_like_one_that_was_made_today(replica: Replica, tmp_path: Path) -> None:
    """The same post captured into an archive of the first schema and into none: the same schema, and like rows."""
    first, today = tmp_path / "first.db", tmp_path / "today.db"
    first.write_bytes(gzip.decompress(ARCHIVES[0].read_bytes()))
    for path in (first, today):
        assert embedarchive("capture", *WRITING["capture"], "-a", path, *through(replica)).code == 0
    with closing(sqlite3.connect(first)) as one, closing(sqlite3.connect(today)) as other:
        made_one, made_other = schema.read_objects(one), schema.read_objects(other)
        assert made_one.keys() - made_other.keys() <= {"sqlite_stat1", "sqlite_stat4"}
        assert {name: made_one[name] for name in made_other} == made_other
        assert schema.find_our_views(one) == schema.find_our_views(other)
        newest = (
            "SELECT d.kind, d.author_name, d.author_handle, d.text, d.likes, d.posted_at, d.media, c.outcome, c.origin, "
            "c.purpose, (SELECT group_concat(role || position, ' ') FROM artifacts a WHERE a.capture_id = c.id) "
            "FROM captures c LEFT JOIN current_descriptions d ON d.capture_id = c.id "
            f"WHERE c.post_key = '{KEPT}' ORDER BY c.id DESC LIMIT 1"
        )
        assert one.execute(newest).fetchall() == other.execute(newest).fetchall()
