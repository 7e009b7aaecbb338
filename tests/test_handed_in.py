"""Pages that readers hand in wait beside the archive, bounded, until a run takes them up."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from embedarchive.core.errors import IntakeError
from embedarchive.platforms import PLATFORMS
from embedarchive.run.ledger import Event
from embedarchive.run.prepare import take_handed_in
from embedarchive.store import Archive, handed_in, open_reader
from embedarchive.store.handed_in import (
    LISTED_S,
    find_newest,
    hand_in,
    intake_path,
    list_handed_in,
    read_token,
    read_waiting,
    settle_page,
)
from embedarchive.store.optouts import OptOut, add_optouts
from in_process import run

NOW = "2026-03-20T08:00:00.000Z"
URL = "https://thelanternpost.example/2026/03/ferry"
PAGE = (
    b"<!doctype html><html><head><title>Ferry</title></head><body><blockquote class='twitter-tweet'>"
    b"<a href='https://twitter.com/ida/status/1932100000000000201'>x</a></blockquote></body></html>"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "embeds.db"


def states(path: Path) -> list[str]:
    return [each.state for each in list_handed_in(path, 100)]


def test_a_page_waits_once_and_its_bytes_go_when_it_is_settled(path: Path) -> None:
    assert find_newest(path) == 0
    assert not intake_path(path).exists(), "who is never handed anything gets no file"
    assert hand_in(path, URL, PAGE, NOW) == "waiting"
    assert hand_in(path, URL, PAGE, NOW) == "repeated"
    assert hand_in(path, URL, PAGE + b"<!-- later -->", NOW) == "waiting"
    first, second = read_waiting(path)
    assert (first.url, first.body, first.received_at) == (URL, PAGE, NOW)
    settle_page(path, first.id, "ok", NOW)
    assert [page.id for page in read_waiting(path)] == [second.id]
    assert states(path) == ["waiting", "ok"]
    with closing(sqlite3.connect(intake_path(path))) as conn:
        assert [row[0] is None for row in conn.execute("SELECT packed FROM pages ORDER BY id")] == [True, False]
    assert intake_path(path).stat().st_mode & 0o077 == 0, "the token is its owner's alone"


def test_no_more_waits_than_is_bounded(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handed_in, "MOST_WAITING", 2)
    assert [hand_in(path, f"{URL}/{n}", PAGE, NOW) for n in range(3)] == ["waiting", "waiting", "full"]
    monkeypatch.setattr(handed_in, "MOST_WAITING", 100)
    monkeypatch.setattr(handed_in, "MOST_WAITING_BYTES", 10)
    assert hand_in(path, f"{URL}/9", PAGE, NOW) == "full"
    monkeypatch.setattr(handed_in, "MOST_WAITING_BYTES", 10**9)
    monkeypatch.setattr(handed_in, "MOST_OF_A_SITE", 2)
    assert hand_in(path, f"{URL}/9", PAGE, NOW) == "full", "of this site"
    assert hand_in(path, "https://elsewhere.example/", PAGE, NOW) == "waiting"
    assert len(list(read_waiting(path))) == 3


def test_the_list_forgets_after_a_week(path: Path) -> None:
    hand_in(path, URL, PAGE, NOW)
    settle_page(path, find_newest(path), "ok", NOW)
    hand_in(path, f"{URL}/2", PAGE, handed_in.later(NOW, LISTED_S - 1))
    assert states(path) == ["waiting", "ok"]
    hand_in(path, f"{URL}/3", PAGE, handed_in.later(NOW, LISTED_S + 1))
    assert states(path) == ["waiting", "waiting"]


def test_a_token_stays_until_it_is_renewed(path: Path) -> None:
    token = read_token(path)
    assert len(token) > 40
    assert read_token(path) == token
    assert read_token(path, renew=True) != token


def take_up(path: Path) -> list[Event]:
    """What a run does first: take up what waits."""
    told: list[Event] = []
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id = archive.start_crawl("crawl", NOW, "0", {})
        take_handed_in(archive, crawl_id, told.append)
    return told


def test_a_run_takes_up_what_waits_and_says_what_became_of_it(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        add_optouts(archive, [OptOut("host", "elsewhere.example")], NOW, "a letter")
    hand_in(path, URL, PAGE, NOW)
    hand_in(path, "https://elsewhere.example/x", PAGE, NOW)
    assert [(each.what, each.outcome) for each in take_up(path)] == [("article", "ok"), ("skipped", "opted_out")]
    assert states(path) == ["opted_out", "ok"]
    with closing(open_reader(path)) as conn:
        rows = [tuple(row) for row in conn.execute("SELECT url, source, outcome, fetched_at FROM fetches")]
        assert rows == [(URL, "reader", "ok", NOW)]
        assert [row[0] for row in conn.execute("SELECT origin FROM seeds")] == ["reader"]
        assert conn.execute("SELECT count(*) FROM fetches_to_search").fetchone()[0] == 1
        assert conn.execute("SELECT count(*) FROM articles_to_fetch").fetchone()[0] == 0, "the page is in hand"
    hand_in(path, URL, PAGE, handed_in.later(NOW, 60))
    take_up(path)
    assert states(path)[0] == "unchanged"


def test_a_killed_run_takes_a_page_up_again_and_keeps_it_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hand_in(path, URL, PAGE, NOW)

    def be_killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("embedarchive.run.prepare.settle_page", be_killed)
        with pytest.raises(KeyboardInterrupt):
            take_up(path)
    assert states(path) == ["waiting"]
    take_up(path)
    assert states(path) == ["unchanged"]
    with closing(open_reader(path)) as conn:
        assert conn.execute("SELECT count(*) FROM fetches").fetchone()[0] == 1


def test_damage_to_the_file_ends_no_run(path: Path) -> None:
    hand_in(path, URL, PAGE, NOW)
    with closing(sqlite3.connect(intake_path(path))) as conn:
        conn.execute("UPDATE pages SET packed = x'00'")
        conn.commit()
    assert [(each.what, each.outcome) for each in take_up(path)] == [("skipped", "damaged")]
    intake_path(path).write_bytes(b"no database " * 1000)
    assert [(each.what, each.outcome) for each in take_up(path)] == [("skipped", "unreadable")]
    with pytest.raises(IntakeError, match="handed in"):
        hand_in(path, URL, PAGE, NOW)


def test_what_unpacks_without_end_is_cut(path: Path) -> None:
    assert len(handed_in.unpack_page(zlib.compress(bytes(2 * handed_in.LARGEST_PAGE)))) == handed_in.LARGEST_PAGE
    assert handed_in.unpack_page(b"\x00") == b""


def test_the_next_crawl_and_its_plan_know_of_what_waits(tmp_path: Path) -> None:
    page = b"<!doctype html><html><p>No post here."
    (tmp_path / "a.html").write_bytes(page)
    path = tmp_path / "embeds.db"
    hand_in(path, URL, page + b" Nor here.", NOW)
    assert run("crawl", tmp_path / "a.html", "--plan", "--json", "-a", path).json["in_hand"] == 2
    assert states(path) == ["waiting"], "a plan takes nothing up"
    done = run("crawl", tmp_path / "a.html", "-a", path)
    assert (done.code, "2 fetched" in done.out) == (0, True), done.err
    assert states(path) == ["ok"]
