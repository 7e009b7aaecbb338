"""What is due: found without walking through what is done, and taken in turns, so that nobody waits behind one outlet."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from embedarchive.core.model import Capture, Claim, Description, Embed, Exchange, Fetch, Found, Post, Replay, Verdict
from embedarchive.platforms import PLATFORMS
from embedarchive.run import ledger
from embedarchive.run.engine import schedule_fairly
from embedarchive.run.ledger import Run
from embedarchive.store import Archive
from waiting import BOUND_S

NOW = "2026-03-01T10:00:00.000Z"
RULES = 5
QUERIES = {
    name: getattr(ledger, name)
    for name in (
        "ARTICLES",
        "RENDERINGS",
        "FETCHES",
        "PAGES",
        "LINKS",
        "POSTS",
        "PLACES",
        "CAPTURES",
        "REPLAYS",
        "REPLAYS_LATER",
    )
}
BINDINGS = {
    "crawl": 2, "now": "2026-04-01", "n": 6, "finder": RULES, "resting": '["x"]', "depth": 2, "replay": True, "later": True,
    "served": "",
}  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        archive.conn.execute("PRAGMA synchronous = OFF")
        yield archive


def post_of(n: int, platform: str = "instagram") -> Post:
    return Post(platform, f"C{n:09}", f"https://www.{platform}.com/p/C{n:09}/")


def keep_history(archive: Archive, crawl_id: int, size: int) -> None:
    """So many articles fetched and searched, their posts captured, described and replayed; as many left behind."""
    for n in range(size):
        url, post = f"https://paper-{n % 7}.example/{n}", post_of(n)
        article_id = archive.keep_seed(crawl_id, url, "list", NOW)
        fetch = Fetch(url, url, NOW, "ok", 200, content_type="text/html", body=f"<p>{n}".encode())
        fetch_id = archive.keep_fetch(article_id, crawl_id, fetch)
        assert fetch_id is not None
        embed = Embed(1, "embed", post.platform, post, post.url, "blockquote", "dom", "quote", "<q>", Claim("Ines"))
        archive.keep_found(fetch_id, Found((embed,)), RULES, NOW, crawl_id)
        page = Exchange(post.url, status=200, body=b"x", content_type="text/html", resource_type="document")
        capture = Capture(post, post.url, post.url, NOW, NOW, Verdict("available"), 200, exchanges=(page,))
        capture_id = archive.keep_capture(capture, crawl_id)
        archive.keep_description(capture_id, post.key, Description(text="said"), 99, NOW)
        archive.keep_replay(capture_id, Replay(1, 0, 1, 0, 0, None, NOW))
        archive.keep_seed(crawl_id, f"https://paper-{n % 7}.example/left/{n}", "list", NOW)
        archive.keep_target(crawl_id, post_of(10**6 + n), NOW, forced=False)


def keep_new(archive: Archive, crawl_id: int, size: int) -> None:
    """What one run is about: articles, posts of two platforms (one is resting), and nothing done yet."""
    for n in range(size):
        archive.keep_seed(crawl_id, f"https://new.example/{n}", "list", NOW)
        archive.keep_target(crawl_id, post_of(2 * 10**6 + n), NOW, forced=False)
        archive.keep_target(crawl_id, post_of(2 * 10**6 + n, "x"), NOW, forced=False)


def count_steps(archive: Archive, sql: str) -> int:
    """How many steps SQLite's machine takes to answer: a measure of work that no other load disturbs."""
    taken = 0

    def step() -> int:
        nonlocal taken
        taken += 1
        return 0

    archive.conn.set_progress_handler(step, 1)
    archive.conn.execute(sql, BINDINGS).fetchall()
    archive.conn.set_progress_handler(None, 0)
    return taken


def measure(archive: Archive, old: int, new: int) -> dict[str, int]:
    keep_history(archive, archive.start_crawl("crawl", NOW, "test", {}), old)
    keep_new(archive, archive.start_crawl("crawl", NOW, "test", {}), new)
    return {name: count_steps(archive, sql) for name, sql in QUERIES.items()}


@pytest.mark.parametrize(("old", "new"), [(120, 8), (12, 80)], ids=["a long history", "a long run"])
def test_asking_what_is_due_costs_no_more_in_a_larger_archive(tmp_path: Path, old: int, new: int) -> None:
    steps = []
    for name, sizes in {"small": (12, 8), "large": (old, new)}.items():
        with Archive(tmp_path / f"{name}.db", platforms=PLATFORMS) as archive:
            archive.conn.execute("PRAGMA synchronous = OFF")
            steps.append(measure(archive, *sizes))
    small, large = steps
    assert {name: (small[name], large[name]) for name in QUERIES if large[name] > 1.1 * small[name] + 10} == {}


@pytest.mark.parametrize("analyzed", [False, True])
def test_no_question_walks_a_table_from_end_to_end(archive: Archive, analyzed: bool) -> None:
    measure(archive, 120, 8)
    if analyzed:
        archive.conn.execute("ANALYZE")
    small = {"turns", "f", "some", "json_each", "CONSTANT"}  # outlets whose turn it is, platforms, short lists
    small |= {f"(subquery-{n})" for n in range(20)}  # whatever is within is in the plan, too
    for name, sql in QUERIES.items():
        plan = [row[3] for row in archive.conn.execute("EXPLAIN QUERY PLAN " + sql, BINDINGS)]
        assert [line for line in plan if line.startswith("SCAN ") and line.split()[1] not in small] == [], name
        assert [line for line in plan if "TEMP B-TREE" in line] == [], name


def test_what_is_due_is_what_the_new_run_is_about(archive: Archive) -> None:
    measure(archive, 12, 8)
    asked = {name: archive.conn.execute(sql, BINDINGS).fetchall() for name, sql in QUERIES.items()}
    assert {name: len(rows) for name, rows in asked.items() if rows} == {"ARTICLES": 6, "POSTS": 6}
    assert {row["platform"] for row in asked["POSTS"]} == {"instagram"}, "x is resting"
    assert {row["outlet"] for row in asked["ARTICLES"]} == {"new.example"}


# ---------------------------------------------------------------------------------------------------------------- turns


class Servers:
    """A world whose slow servers answer when they are told to; the order in which all were asked."""

    def __init__(self, *slow: str) -> None:
        self.slow, self.asked, self.answered = set(slow), list[str](), Counter[str]()
        self.most: Counter[str] = Counter()
        self.third, self.awake = asyncio.Event(), asyncio.Event()

    async def fetch(self, url: str, **_: Any) -> Fetch:
        host = urlsplit(url).hostname or ""
        self.asked.append(host)
        self.most[host] = max(self.most[host], self.asked.count(host) - self.answered[host])
        if len(self.asked) == 3:
            self.third.set()
        if host in self.slow:
            await self.awake.wait()
        self.answered[host] += 1
        if self.answered.total() - sum(self.answered[h] for h in self.slow) == 15:
            self.awake.set()
        return Fetch(url, url, NOW, "failed", reason="http_404")


def start(archive: Archive, servers: Servers, due: dict[str, int], fetchers: int) -> Run:
    crawl_id = archive.start_crawl("crawl", NOW, "test", {})
    for host, count in due.items():
        pairs = [(f"https://{host}/{n}", "list") for n in range(count)]
        archive.keep_seeds(crawl_id, pairs, NOW, "", 0, None)
    return Run(archive, servers, crawl_id, lambda event: None, fetchers=fetchers)  # type: ignore[arg-type]


async def test_a_slow_server_holds_up_nobody_else(archive: Archive) -> None:
    servers = Servers("slow.example")
    quick = {f"quick-{n}.example": 3 for n in range(5)}
    run = start(archive, servers, {"slow.example": 40, **quick}, fetchers=4)
    await asyncio.wait_for(run.run(asyncio.Event()), BOUND_S)  # would never end if the slow one took all four
    assert servers.answered.total() == 55
    assert servers.asked.index("slow.example") < 6, "it has its turn, too"


async def test_outlets_take_turns(archive: Archive) -> None:
    servers = Servers()
    run = start(archive, servers, {"c.example": 5, "a.example": 3, "b.example": 2}, fetchers=1)
    await run.run(asyncio.Event())
    assert [host[0] for host in servers.asked] == list("abcabcaccc")


async def test_one_outlet_alone_keeps_every_fetcher_at_work(archive: Archive) -> None:
    servers = Servers("only.example")
    run = start(archive, servers, {"only.example": 9}, fetchers=3)
    task = asyncio.create_task(run.run(asyncio.Event()))
    await asyncio.wait_for(servers.third.wait(), BOUND_S)
    servers.awake.set()
    await task
    assert (servers.most["only.example"], servers.answered["only.example"]) == (3, 9)


async def test_an_article_that_failed_waits_until_it_is_due_again(archive: Archive) -> None:
    class Failing(Servers):
        async def fetch(self, url: str, **_: Any) -> Fetch:
            self.asked.append(url)
            return Fetch(url, url, NOW, "failed", reason="timeout")

    servers = Failing()
    run = start(archive, servers, {"a.example": 2, "b.example": 1}, fetchers=2)
    await run.run(asyncio.Event())
    assert len(servers.asked) == 3
    again = archive.start_crawl("crawl", NOW, "test", {})
    archive.keep_all_due(again)
    later = BINDINGS | {"crawl": again, "now": "2999-01-01"}
    assert archive.conn.execute(QUERIES["ARTICLES"], later | {"now": NOW}).fetchall() == []
    assert len(archive.conn.execute(QUERIES["ARTICLES"], later).fetchall()) == 3


@pytest.mark.parametrize(
    ("due", "busy", "room", "taken"),
    [
        ("aaa", "", 2, "aa"),
        ("aaab", "", 2, "ab"),
        ("aaabc", "a", 2, "bc"),
        ("aaabb", "a", 4, "bab" + "a"),
        ("ab", "aab", 1, "b"),
        ("", "a", 3, ""),
    ],
)
def test_rows_of_the_lanes_with_least_at_work_come_first(due: str, busy: str, room: int, taken: str) -> None:
    rows, at_work = ([{"id": n, "lane": queue} for n, queue in enumerate(queues)] for queues in (due, busy))
    assert "".join(row["lane"] for row in schedule_fairly(rows, "lane", at_work, room)) == taken
