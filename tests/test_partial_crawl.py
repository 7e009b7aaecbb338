"""A post whose picture was refused once: said to be kept in part, still due, and completed by the same command."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from capturing import SHORT
from commands import through
from embedarchive.cli.progress import Display
from embedarchive.core.model import Post
from embedarchive.detect import identify_post
from embedarchive.platforms import PLATFORMS
from embedarchive.replica import PostFact, Replica, Weather
from embedarchive.run.prepare import Prepare, prepare_capture, prepare_check, prepare_crawl
from embedarchive.run.report import Report
from embedarchive.run.services import Settings
from embedarchive.run.session import run_session
from embedarchive.sources.intake import Intake
from embedarchive.sources.versions import FeedVersions
from embedarchive.store import Archive, open_reader
from embedarchive.store.conclusions import RECOUNT, ask_for_all
from in_process import run as embedarchive

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@pytest.fixture
def photo(replica: Replica) -> Iterator[PostFact]:
    """A photo whose file is refused, until `serve` is called."""
    fact = next(p for p in replica.posts if p.platform == "instagram" and p.kind == "photo" and p.state == "live")
    replica.set_state(fact.key, "images_403")
    yield fact
    replica.set_state(fact.key, fact.state)


def rows(path: Path, sql: str) -> list[sqlite3.Row]:
    conn = open_reader(path)
    try:
        return conn.execute(sql).fetchall()
    finally:
        conn.close()


def assert_remade_alike(path: Path) -> None:
    """Conclusions and counts made anew from the observations are those that were kept."""
    sql = "SELECT * FROM conclusions ORDER BY post_key", "SELECT * FROM post_counts ORDER BY 1, 2, 3"
    kept = [list(map(tuple, rows(path, each))) for each in sql]
    with Archive(path, platforms=PLATFORMS) as archive:
        with archive.transaction() as conn:
            conn.execute("DELETE FROM post_counts")
            conn.execute(RECOUNT)
        assert [tuple(row) for row in archive.conn.execute(sql[1])] == kept[1], "the counts equal a recount"
        with archive.transaction() as conn:
            ask_for_all(conn)
        archive.conclude_all()
        assert [[tuple(row) for row in archive.conn.execute(each)] for each in sql] == kept
        assert archive.conn.execute("SELECT count(*) FROM pending WHERE work = 'conclude'").fetchone()[0] == 0


@pytest.mark.parametrize("second", ["capture", "check", "crawl"])
def test_what_is_missing_is_brought_by_the_next_run(
    replica: Replica, photo: PostFact, tmp_path: Path, second: str
) -> None:
    path = tmp_path / "embeds.db"
    where = ("-a", path, "--no-replay", *through(replica))
    first = embedarchive("capture", photo.url, *where)
    assert first.code == 3, first.err
    told = " ".join(first.out.split())
    assert "1 post partly preserved; each says what is missing. 1 may be completed by the same command" in told
    assert "cdninstagram" not in first.out + first.err, "no address of a file is told"
    [row] = rows(path, "SELECT status, kept, held, expected, passing, lacking FROM post_status")
    assert tuple(row)[:5] == ("available", "partial", 0, 1, 1)
    assert '"http_403"' in row["lacking"]
    shown = embedarchive("show", f"instagram:{photo.key}", "-a", path)
    assert "partly preserved: without its picture, which was refused" in " ".join(shown.out.replace("│", "").split())
    assert "cdninstagram" not in shown.out
    assert "1 of them partly" in embedarchive("stats", "-a", path).out
    assert_remade_alike(path)

    replica.set_state(photo.key, "live")
    again = {"capture": ("capture", photo.url), "check": ("check",), "crawl": ("crawl",)}[second]
    done = embedarchive(*again, *where)
    assert done.code == 0, (done.out, done.err)
    assert "partly" not in done.out
    [row] = rows(path, "SELECT status, kept, held, expected, passing, joined, due_at FROM post_status")
    assert tuple(row) == ("available", "whole", 1, 1, 0, "{}", None)
    assert len(rows(path, "SELECT 1 FROM captures")) == 2
    looked = embedarchive("lookup", photo.url, "-a", path, "--json").json["posts"][0]
    assert (looked["kept"], looked["preserved"], looked["says"][-11:]) == ("whole", True, "· preserved")
    assert_remade_alike(path)
    if second == "crawl":
        assert "none were due" in embedarchive("crawl", *where).out


# ------------------------------------------------------------------------------------------------------- stalled once

HASTY = Settings(delay=0.0, ignore_robots=True, limits=replace(SHORT, rest_s=1.0, idle_s=1.0))
"""How a run meets a server that stalls: a file that sends nothing for a second is given up."""
STALLED = "olives"


def run_hastily(path: Path, replica: Replica, command: str, prepare: Prepare) -> Report:
    settings = replace(HASTY, resolve=replica.resolve, ca_file=replica.ca_file)
    with Display("stalled once", quiet=True, verbose=False, as_json=False) as display:
        return run_session(path, command, settings, {}, prepare, display, replay="none")


def tell_kept(path: Path) -> tuple[str, int, int, int]:
    [row] = rows(path, "SELECT kept, held, expected, passing FROM post_status")
    return tuple(row)  # type: ignore[return-value]


@pytest.fixture(scope="module")
def stalled(replica: Replica, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of one photo whose file halted in its middle when it was captured."""
    path, post = tmp_path_factory.mktemp("stalled") / "embeds.db", identify_post(replica.post(STALLED).url)
    assert post
    replica.weather = Weather(stall_every=1, stall_s=60, hosts=("-1.cdninstagram.com",))
    try:
        first = run_hastily(path, replica, "capture", prepare_capture([post], again=False))
    finally:
        replica.weather = Weather()
    assert (first.exit_code, first.to_complete) == (3, 1)
    assert first.kept[0].missing[0].startswith("media 1: ")
    assert tell_kept(path) == ("partial", 0, 1, 1)
    return path


NEXT: dict[str, Callable[[Post], Prepare]] = {
    "capture": lambda post: prepare_capture([post], again=False),
    "check": lambda post: prepare_check(seen_before="9999", limit=None),
    "crawl": lambda post: prepare_crawl(iter(()), Intake(), FeedVersions(), limit=None, fresh_since="", all_due=True),
}


@pytest.mark.parametrize("command", NEXT)
def test_a_photo_that_stalled_once_is_whole_after_the_next_run(
    replica: Replica, stalled: Path, tmp_path: Path, command: str
) -> None:
    path = Path(shutil.copy(stalled, tmp_path / "embeds.db"))
    post = identify_post(replica.post(STALLED).url)
    assert post
    done = run_hastily(path, replica, command, NEXT[command](post))
    assert (done.exit_code, done.to_complete) == (0, 0)
    assert tell_kept(path) == ("whole", 1, 1, 0)
    assert len(rows(path, "SELECT 1 FROM captures")) == 2, "a new visit, and one is enough"
