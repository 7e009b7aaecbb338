"""What a run says to whoever ran it: in full where it is piped, with the next step, and in a log with times."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from archive_builder import Sample, build_archive, instagram, make_embed
from embedarchive.cli.lines import NARROW, event_line, say_event
from embedarchive.cli.progress import say_no_visits
from embedarchive.core.errors import ExitCode
from embedarchive.core.model import Fetch, Found, PostStanding
from embedarchive.platforms import PLATFORMS
from embedarchive.run.at_work import AtWork, say_wait
from embedarchive.run.board import Board, find_posts
from embedarchive.run.ledger import Event
from embedarchive.run.report import Tally, read_newly_gone
from embedarchive.show.terminal import STATE_MARKS
from embedarchive.store import Archive, open_reader
from in_process import run


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("told") / "embeds.db")


LONG = f"https://paper.example/{'a-very-long-slug-' * 12}"


@pytest.mark.parametrize(("said", "meant"), [("crwal", "crawl"), ("serch", "search"), ("doctr", "doctor"), ("zzz", "")])
def test_a_command_that_is_none_says_which_was_meant(said: str, meant: str) -> None:
    done = run(said)
    assert (done.code, f"Did you mean {meant}?" in done.err) == (2, bool(meant))


@pytest.mark.parametrize("command", ["find", "crawl"])
@pytest.mark.parametrize("seed", ["nothing-here.txt", "@none.txt", "ftp://a.test/", "http://"])
def test_a_bad_seed_is_wrong_use(command: str, seed: str, tmp_path: Path) -> None:
    done = run(command, seed, *(["-a", tmp_path / "a"] if command == "crawl" else []))
    assert (done.code, "Nothing was done" in done.err, (tmp_path / "a").exists()) == (2, True, False)


def test_a_crawl_of_nothing_makes_no_archive(tmp_path: Path) -> None:
    done = run("crawl", "-a", tmp_path / "a")
    assert (done.code, "Nothing was done" in done.err, (tmp_path / "a").exists()) == (2, True, False)


def test_an_article_is_asked_for_only_where_there_is_an_archive_to_heal_it_from(tmp_path: Path) -> None:
    done = run("heal", "https://paper.example/story", "-a", tmp_path / "a")
    assert (done.code, "There is no archive" in done.err) == (1, True)


@pytest.mark.parametrize(("outcome", "reason"), [("error", "dns"), ("error", "timeout"), ("blocked", "login_wall")])
def test_a_visit_that_failed_carries_the_next_step(outcome: str, reason: str) -> None:
    assert event_line(Event("capture", "x:1", outcome, reason)).plain.endswith(")")


@pytest.mark.parametrize(
    "reason", ["dns", "http_404", "http_403", "timeout", "robots", "deferred", "no_article", "tls_expired"]
)
def test_a_failure_carries_the_next_step(reason: str) -> None:
    assert event_line(Event("article", LONG, "failed", reason)).plain.endswith(")")


STATES = ("available", "gone", "perhaps gone", "unavailable", "blocked", "error", "due", "not captured", "unresolved")


def make_article(states: tuple[str, ...], kept: str = "whole") -> Event:
    posts = tuple(PostStanding("instagram", state, kept) for state in states)
    return Event("posts", LONG, "ok", "", len(posts), posts)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 300])
@pytest.mark.parametrize("kept", ["whole", "partial", "none"])
@pytest.mark.parametrize("states", [(), *((state, state) for state in STATES), ("available", "gone", "due")])
def test_an_article_has_its_posts_beside_it(states: tuple[str, ...], kept: str, width: int) -> None:
    event = make_article(states, kept)
    told = say_event(event, width).plain.splitlines()
    assert len(told) == (2 if width < NARROW else 1)
    if len(states) < 3:
        assert all(cell_len(line) <= width for line in told)
    marks = [char for char in told[-1] if char in STATE_MARKS.values()]
    assert len(marks) == len(set(states)), "a mark for each state"
    for mark in marks:
        number, word = told[-1].partition(mark)[2].split()[:2]
        assert number.isdigit(), "no mark stands without its number and its word"
        assert word.isalpha() or word.endswith(",")
    assert say_event(event).plain.startswith(LONG), "piped, nothing is cut"


def test_every_article_is_told_once_and_with_all_its_posts(tmp_path: Path) -> None:
    with Archive(build_archive(tmp_path / "a"), platforms=PLATFORMS) as archive:
        urls = [row["url"] for row in archive.conn.execute("SELECT url FROM articles")]
        run_id = archive.start_crawl("crawl", "2026-11-01T00:00:00.000Z", "0", {})
        archive.keep_seeds(run_id, [(url, url) for url in urls], "2026-11-01T00:00:00.000Z", "", 0, None)
        told: dict[str, list[tuple[PostStanding, ...]]] = {}

        async def keep(call: Callable[..., Any], *args: Any) -> Any:
            return call(*args)

        async def settle_all() -> None:
            board = Board(archive, run_id, keep, lambda url, posts: told.setdefault(url, []).append(posts))
            for _ in range(2):
                for row in archive.conn.execute("SELECT key FROM posts").fetchall():
                    await board.settle(row["key"])
            await board.close()

        asyncio.run(settle_all())
        embeds = "SELECT count(*) FROM current_embeds WHERE kind = 'embed' AND article_url = ?"
        named = "SELECT DISTINCT article_url AS url FROM current_embeds WHERE post_key IS NOT NULL"
        assert told.keys() == {row["url"] for row in archive.conn.execute(named)}
        for url, times in told.items():
            assert [len(posts) for posts in times] == [archive.conn.execute(embeds, (url,)).fetchone()[0]]
        assert {each.state for times in told.values() for each in times[0]} >= {"available", "gone"}


def test_an_article_of_many_posts_is_looked_at_a_few_times_only(tmp_path: Path) -> None:
    """Each time a post is settled the article could be asked for all of its posts: of 300 that would be 90,000 rows."""
    samples = [Sample(instagram(3_850_000_000_000_000_000 + number), None, ()) for number in range(300)]
    url, now = "https://paper.example/live", "2026-11-01T00:00:00.000Z"
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        run_id = archive.start_crawl("crawl", now, "0", {})
        article = archive.keep_seed(run_id, url, url, now)
        fetch = archive.keep_fetch(
            article, run_id, Fetch(url, url, now, "ok", 200, content_type="text/html", body=b"<p>")
        )
        embeds = tuple(make_embed(number, sample) for number, sample in enumerate(samples, 1))
        archive.keep_found(fetch or 0, Found(embeds), 1, now, run_id)
        keys = [sample.post.key for sample in samples]
        random.Random(7).shuffle(keys)
        asked, told = [], []

        async def keep(call: Callable[..., Any], *args: Any) -> Any:
            asked.append(call)
            return call(*args)

        async def settle_all() -> None:
            board = Board(archive, run_id, keep, lambda _, posts: told.append(posts))
            await board.look(article, url)
            for key in keys:
                assert not told
                archive.conn.execute("UPDATE targets SET visited = 1 WHERE post_key = ?", (key,))
                await board.settle(key)

        asyncio.run(settle_all())
        assert [len(posts) for posts in told] == [300]
        assert asked.count(find_posts) <= 40


def test_what_a_run_waits_for_is_named() -> None:
    assert say_wait("fetch", {"id": 3, "url": "https://paper.example/a"}) == "the answer of paper.example"
    assert say_wait("capture", {"key": "x:1", "platform": "x"}) == "the visit to x:1"

    async def check_oldest() -> None:
        now, seen = [10.0], []
        at_work = AtWork(lambda: now[0])

        async def work(row: Any) -> None:
            now[0] += 5
            seen.append(at_work.find_oldest(starting=row["id"] == 2))

        await at_work.watched("fetch", work)({"id": 1, "url": "https://a.test/"})
        await at_work.watched("capture", work)({"id": 2, "key": "x:1"})
        assert seen == [("the answer of a.test", 5.0), ("the browser to start", 5.0)]
        assert at_work.find_oldest(starting=True) == ("", 0.0)

    asyncio.run(check_oldest())


def test_what_is_piped_is_neither_wrapped_nor_cut(tmp_path: Path) -> None:
    quote = '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/CpQ9x1mNq8r/"></blockquote>'
    (tmp_path / "a.html").write_text(f"<title>{'word ' * 60}</title><link rel=canonical href={LONG}>{quote}")
    done = run("find", tmp_path / "a.html", COLUMNS="40")
    assert LONG in done.out.splitlines()
    assert any("instagram:CpQ9x1mNq8r" in line and "blockquote" in line for line in done.out.splitlines())
    done = run("platforms", COLUMNS="40")
    assert all("yes" in line for line in done.out.splitlines()[1:] if line.strip())
    done = run(
        "crawl",
        tmp_path / "a.html",
        "--platform",
        "vine",
        "-a",
        tmp_path / ("long" * 20),
        "--browser-path=/none",
        COLUMNS="40",
    )
    assert any(line.startswith("Archive") and line.rstrip().endswith("MB)") for line in done.out.splitlines())


PIPED = ("show", "lookup", "search", "stats", "query", "export", "doctor", "platforms", "access", "article")


@pytest.mark.parametrize("line", PIPED)
def test_no_command_that_is_piped_wraps_cuts_or_fills_up(line: str, archive: Path) -> None:
    with closing(open_reader(archive)) as conn:
        long = "SELECT key FROM posts ORDER BY length(key) DESC LIMIT 1"
        key = conn.execute(long).fetchone()[0]
        url = conn.execute("SELECT url FROM articles ORDER BY length(url) DESC LIMIT 1").fetchone()[0]
    words = {
        "show": ("show", key), "lookup": ("lookup", key), "search": ("search", "the"), "stats": ("stats",),
        "query": ("query", f"select '{key}' as k, '{LONG}' as u"), "export": ("export", "--csv", "-"),
        "doctor": ("doctor", "config", "crawl"), "platforms": ("platforms",), "access": ("access", "list"),
        "article": ("show", url),
    }[line]  # fmt: skip
    wide, narrow = (
        run(*words, *(() if line == "platforms" else ("-a", archive)), COLUMNS=str(columns)) for columns in (300, 20)
    )
    assert narrow.code == 0, narrow.err
    assert narrow.out == wide.out, "a width that nobody has changes nothing"
    assert not [each for each in narrow.out.splitlines() if each.endswith(" ") and line != "export"]
    assert "…" not in narrow.out or line in ("search", "lookup", "article", "platforms"), "these show a beginning"
    if line in ("show", "lookup"):
        assert any(key in each.split() for each in narrow.out.splitlines())


def test_none_were_due_never_stands_beside_work_that_was_done() -> None:
    assert say_no_visits(Tally()) == "none were due"
    for tally in (Tally(embeds=3), Tally(in_place=2), Tally(due={"waiting": 4})):
        assert "none were due" not in say_no_visits(tally)


def test_a_log_has_every_event_with_its_time(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text("<p>Words without posts.")
    log = tmp_path / "runs.jsonl"
    for code in (ExitCode.DONE, ExitCode.DONE):
        done = run("crawl", tmp_path / "a.html", "-a", tmp_path / "out", "--log-file", log, "--quiet")
        assert done.code == code
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["what"] for line in lines if line["what"] in ("begin", "end")] == ["begin", "end"] * 2
    assert {"article", "search"} <= {line["what"] for line in lines}
    assert lines[-1]["exit_code"] == 0
    times = [datetime.fromisoformat(line["at"]) for line in lines]
    assert times == sorted(times)
    done = run("crawl", "-a", tmp_path / "out", "--log-file", tmp_path)
    assert done.code == 2
    done = run("check", "-a", tmp_path / "none", "--log-file", log)
    assert (done.code, json.loads(log.read_text().splitlines()[-1])["what"]) == (1, "error")


def test_a_run_names_what_it_found_newly_gone(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "a")
    with closing(sqlite3.connect(path)) as conn:
        gone = "SELECT post_key, confirmed_at FROM conclusions WHERE status = 'gone' AND last_available_at IS NOT NULL"
        lost = conn.execute(gone).fetchall()
        runs = conn.execute("SELECT id, started_at FROM crawls").fetchall()
        seen = {
            run_id: {k for (k,) in conn.execute("SELECT post_key FROM captures WHERE crawl_id = ?", (run_id,))}
            for run_id, _ in runs
        }
    assert lost
    with Archive(path, platforms=PLATFORMS) as archive:
        named = {run_id: set(read_newly_gone(archive, run_id)) for run_id, _ in runs}
    for run_id, started_at in runs:
        assert named[run_id] == {key for key, at in lost if at and at >= started_at and key in seen[run_id]}
    assert set().union(*named.values())
