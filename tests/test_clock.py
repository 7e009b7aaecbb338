"""A clock that is wrong: its run keeps what it saw, and says nothing of when; and the order in which things were seen."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive_builder import day
from embedarchive.core.model import Capture, Exchange, Outcome, Verdict
from embedarchive.library import post_record
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, archive_path, open_reader
from embedarchive.store.clocks import SLACK_S, ClockWatch, find_newer
from in_process import run
from test_time_shifted import NAMED, Look, keep_look

POST = NAMED["in part"].post
WRONG = Look(1, "gone", "not_found")
SETTLED = "SELECT status, doubt, last_checked_at, last_available_at, first_gone_at, due_at FROM conclusions"
LATE = "2090-01-01T00:00:00.000Z"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return archive_path(tmp_path / "archive")


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    with closing(open_reader(path)) as conn:
        return [tuple(row) for row in conn.execute(sql)]


def visit(path: Path, look: Look, *, doubted: bool = False) -> None:
    """A run that looks at the post once."""
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("check", look.at, "test", {})
        if doubted:
            archive.doubt_clock(crawl, "before 2026-03-09T09:00:00.000Z, which the archive holds")
        archive.keep_target(crawl, POST, look.at, forced=False)
        keep_look(archive, crawl, POST, look)
        archive.conclude_all()
        archive.finish_crawl(crawl, look.at, "done", {})


def test_a_wrong_clock_settles_nothing(path: Path) -> None:
    visit(path, Look(9))
    before = rows(path, SETTLED)
    visit(path, WRONG, doubted=True)
    assert rows(path, SETTLED) == before
    assert rows(path, "SELECT outcome FROM captures WHERE started_at < '2026-03-02' AND purpose = 'post'") == [
        ("gone",)
    ]
    visit(path, Look(12, "gone", "not_found"))
    now = rows(path, f"SELECT status, last_available_at, first_gone_at FROM conclusions WHERE post_key = '{POST.key}'")
    assert now == [("gone", Look(9).at, Look(12).at)]


def test_a_post_seen_only_by_a_wrong_clock_stays_due(path: Path) -> None:
    visit(path, WRONG, doubted=True)
    assert rows(path, "SELECT * FROM conclusions") == []
    assert POST.key in {row[0] for row in rows(path, "SELECT key FROM posts_to_capture")}
    assert rows(path, f"SELECT status, reason FROM post_status WHERE key = '{POST.key}'") == [
        ("unavailable", "unconfirmed")
    ]


def test_a_run_before_what_the_archive_holds_says_so_and_concludes_nothing(path: Path, tmp_path: Path) -> None:
    visit(path, Look(9))
    with Archive(path, platforms=PLATFORMS) as archive:  # by a clock that was far ahead
        crawl = archive.start_crawl("check", LATE, "test", {})
        keep_look(archive, crawl, POST, Look(10))
        archive.finish_crawl(crawl, LATE, "done", {})
    (tmp_path / "page.html").write_text("<p>nothing</p>", "utf-8")
    done = run("crawl", tmp_path / "page.html", "-a", path)
    assert done.code == 0
    assert "clock" in done.err
    assert "--trust-clock" in done.err
    why = rows(path, "SELECT clock_suspect FROM crawls ORDER BY id")
    assert why == [(None,), (None,), (f"before {LATE}, which the archive holds",)]
    assert rows(path, "SELECT count(*) FROM pending WHERE work = 'conclude'") != [(0,)]

    done = run("check", "--trust-clock", "-a", path)
    assert done.out == "1 run believed again, 1 no more; their posts are concluded anew.\n"
    first, ahead, last = (row[0] for row in rows(path, "SELECT clock_suspect FROM crawls ORDER BY id"))
    assert (first, last) == (None, None)
    assert ahead.startswith("after 20")
    assert rows(path, "SELECT last_available_at FROM conclusions") == [(Look(9).at,)]
    again = run("crawl", tmp_path / "page.html", "-a", path, "--json")
    assert "clock" not in again.err
    assert json.loads(again.out)


def test_clocks_that_differ_a_little_are_right(path: Path) -> None:
    visit(path, Look(9))
    with closing(open_reader(path)) as conn:
        assert find_newer(conn, "2026-03-09T08:59:30.000Z") is None
        assert find_newer(conn, "2026-03-09T08:58:00.000Z") == "2026-03-09T09:00:00.000Z"
        assert find_newer(conn, "2036-03-09T09:00:00.000Z") is None


def test_a_clock_that_is_set_back_is_noticed_while_a_run_goes_on() -> None:
    watch = ClockWatch(wall=1_000_000.0, steady=50.0)
    assert not watch.is_set_back(1_000_100.0, 150.0)
    assert not watch.is_set_back(1_000_100.0 - SLACK_S / 2, 150.0)
    assert not watch.is_set_back(2_000_000.0, 150.0)  # ahead, or asleep: it may be right now
    assert watch.is_set_back(996_400.0, 150.0)


def test_what_was_seen_at_one_moment_is_ordered_by_uid(path: Path) -> None:
    """The same in every archive that holds the two, in whichever order they came into it."""
    kept = []
    for turn in (1, -1):
        part = path.with_name(f"{turn}.db")
        outcomes: list[tuple[Outcome, str | None]] = [("available", None), ("unavailable", "private")]
        with Archive(part, platforms=PLATFORMS) as archive:
            crawl = archive.start_crawl("check", day("03-01"), "test", {})
            for outcome, reason in outcomes[::turn]:
                page = Exchange(POST.url, status=200, body=outcome.encode(), resource_type="document")
                verdict = Verdict(outcome, reason)
                at = day("03-03")
                archive.keep_capture(Capture(POST, POST.url, POST.url, at, at, verdict, 200, (), (page,)), crawl)
            archive.conclude_all()
        with closing(open_reader(part)) as conn:
            conn.row_factory = sqlite3.Row
            record = post_record(conn, POST.key)
            assert record is not None
            history = [row["outcome"] for row in conn.execute("SELECT outcome FROM post_history")]
            status = [tuple(row) for row in conn.execute("SELECT status, reason FROM post_status")]
            looks = [each.outcome for each in record.observations]
            kept.append((history, status, looks, [each.outcome for each in record.captures]))
    assert kept[0] == kept[1]
    assert len(kept[0][0]) == 2
