"""What archives are asked, how often, and what is made of their answers, however the weather is. No browser."""

from __future__ import annotations

import asyncio
import io
import json
import subprocess
import sys
from bisect import bisect_left
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, closing
from heapq import heapify, heappush
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from embedarchive.core.mementos import ListedMemento, Unreadable, group_forms, read_moment, sort_by_nearness
from embedarchive.core.model import Fetch
from embedarchive.detect import identify_post
from embedarchive.egress import Door, DoorPolicy, parse_resolve
from embedarchive.fetch import Fetcher
from embedarchive.platforms import BY_NAME
from embedarchive.politeness import PoliteClient
from embedarchive.politeness.gates import find_gate
from embedarchive.politeness.limiter import RateLimiter
from embedarchive.recovery import commoncrawl, wayback
from embedarchive.replica import Replica, Saved
from embedarchive.replica.sites.commoncrawl import make_record
from embedarchive.run.recorded import gather, judge
from embedarchive.sources.warcs import read_record

START = 1_773_064_800.0
POST = "https://www.instagram.com/p/DUm6L771dVL/"


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.time = START
        self.sleeping: list[float] = []

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        wakes = self.time + seconds
        heappush(self.sleeping, wakes)
        while self.time < wakes:
            await asyncio.sleep(0)
            if self.sleeping[0] == wakes:
                self.time = max(self.time, wakes)
        self.sleeping.remove(wakes)
        heapify(self.sleeping)


@pytest.fixture(scope="module")
def replica() -> Any:
    with Replica() as running:
        running.archives.per_minute = dict.fromkeys(running.archives.per_minute, 100_000)
        yield running


@pytest.fixture(autouse=True)
def empty(replica: Replica) -> None:
    replica.archives.held.clear()
    replica.archives.troubles.clear()
    replica.clear_hits()


@asynccontextmanager
async def asking(replica: Replica, path: Path | str, clock: Clock) -> AsyncIterator[PoliteClient]:
    policy = DoorPolicy(resolve=tuple(map(parse_resolve, replica.resolve)))
    async with (
        Door(policy) as door,
        Fetcher(door, user_agent="embedarchive/1", ca_file=str(replica.ca_file)) as fetcher,
        PoliteClient(path, fetcher, "embedarchive/1", 0.0, now=clock.now, sleep=clock.sleep) as client,
    ):
        yield client


def ask(replica: Replica, *urls: str, headers: dict[str, str] | None = None) -> list[Fetch]:
    async def run() -> list[Fetch]:
        async with asking(replica, ":memory:", Clock()) as client:
            return [await client.fetch(url, headers=headers, robots=False) for url in urls]

    return asyncio.run(run())


def is_post(url: str) -> bool:
    named = identify_post(url)
    return named is not None and named.url == POST


# ---------------------------------------------------------------------------------------------------------------- rates


def watched(clock: Clock, sent: list[float], act: Callable[..., Awaitable[Fetch]]) -> Callable[..., Awaitable[Fetch]]:
    """The fetcher's own fetch, which notes when each request goes out."""

    async def fetch(url: str, **how: Any) -> Fetch:
        sent.append(clock.time)
        return await act(url, **how)

    return fetch


@pytest.mark.parametrize(
    ("url", "most"),
    [(wayback.ask_index("a.example/"), 24), ("https://web.archive.org/web/2020id_/https://a.example/", 480)],
)
def test_no_minute_has_more_requests_than_are_allowed(replica: Replica, tmp_path: Path, url: str, most: int) -> None:
    """However many ask at once, and when the process is another in the middle of it."""
    clock, sent = Clock(), list[float]()

    async def run(count: int) -> None:
        async with asking(replica, tmp_path / "hosts.db", clock) as client:

            async def turn() -> None:
                await client.turn(url)
                sent.append(clock.time)

            await asyncio.gather(*(turn() for _ in range(count)))

    for count in (20, 3, 20):
        asyncio.run(run(count))
    apart = [later - earlier for earlier, later in pairwise(sent)]
    assert len(sent) == 43
    assert min(apart) > 60 / most
    assert max(apart) < 60 / most * 1.1


@pytest.mark.parametrize("where", ["cdx", "web"])
@pytest.mark.parametrize("trouble", ["429", "429_after"])
def test_after_too_many_requests_there_is_a_minute_of_silence(
    replica: Replica, tmp_path: Path, where: str, trouble: Any
) -> None:
    replica.trouble(where, trouble)
    clock, sent = Clock(), list[float]()
    urls = {"cdx": wayback.ask_index("a.example/"), "web": "https://web.archive.org/web/2020id_/https://a.example/"}

    async def run(*asked: str) -> list[int | None]:
        async with asking(replica, tmp_path / "hosts.db", clock) as client:
            client.fetcher.fetch = watched(clock, sent, client.fetcher.fetch)  # type: ignore[method-assign]
            found = await asyncio.gather(*(client.fetch(url, robots=False) for url in asked))
            return [each.status for each in found]

    asyncio.run(run(urls[where]))
    asyncio.run(run(*urls.values(), *urls.values()))  # another process
    assert sent[1] - sent[0] >= 60
    assert len(sent) == 5


TAKE = """
import sys
from embedarchive.politeness.limiter import RateLimiter
path, queue, delay, now = sys.argv[1:]
limiter = RateLimiter(path)
limiter.close_host("web.archive.org", None, float(now), 60.0)
while True:
    print(limiter.take_slot(queue, float(delay), float(now)), flush=True)
"""


def test_rates_hold_over_two_processes_that_are_killed(tmp_path: Path) -> None:
    """Both take turns of one queue at once, and are killed in the midst of it: no turn is given twice, nor one too soon."""
    path, gate = tmp_path / "hosts.db", find_gate("https://web.archive.org/cdx/search/cdx?url=a")
    assert gate
    command = [sys.executable, "-c", TAKE, str(path), gate.name, str(gate.delay_s), str(START)]
    children = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    slots: list[float] = []
    try:
        for child in children:
            assert child.stdout
            slots += [float(child.stdout.readline()) for _ in range(40)]
    finally:
        for child in children:
            child.kill()
    for child in children:
        left = child.communicate()[0]
        slots += [float(line) for line in left.splitlines(keepends=True) if line.endswith("\n")]
    with closing(RateLimiter(path)) as limiter:
        slots += [limiter.take_slot(gate.name, gate.delay_s, START) for _ in range(5)]
        assert limiter.closed_for("web.archive.org", START) >= 60
    ordered = sorted(slots)
    assert len(ordered) >= 85
    assert min(later - earlier for earlier, later in pairwise(ordered)) > gate.delay_s - 1e-6
    assert max(bisect_left(ordered, at + 60) - place for place, at in enumerate(ordered)) <= 24


def test_other_hosts_have_no_gate() -> None:
    assert find_gate("https://www.instagram.com/p/1/") is None
    assert find_gate("https://web.archive.org.evil.example/cdx/") is None


# -------------------------------------------------------------------------------------------------------------- answers


def test_one_question_asks_for_every_address_that_begins_so() -> None:
    post = identify_post(POST)
    assert post
    assert group_forms(BY_NAME["instagram"].archived_forms(post)) == (
        "instagram.com/p/DUm6L771dVL", "instagram.com/reel/DUm6L771dVL", "instagram.com/tv/DUm6L771dVL",
    )  # fmt: skip


def test_an_index_is_read(replica: Replica) -> None:
    replica.archive_post("fjord", "20230501101500")
    replica.archive_post("fjord", "20230502101500", state="login")
    replica.archive_post("fjord", "20230503101500", flaw="revisit")
    replica.archive_post("fjord", "20230603101500", flaw="day_00")
    replica.archive("https://www.instagram.com/p/DUm6L771dVLx/", "20230504101500", saved=Saved())
    answer = wayback.read_index(ask(replica, wayback.ask_index("instagram.com/p/DUm6L771dVL"))[0], is_post)
    assert answer.said == "held"
    assert [(each.seen_at, each.status, each.mime) for each in answer.held] == [
        ("2023-05-01T10:15:00.000Z", 200, "text/html"), ("2023-05-02T10:15:00.000Z", 302, "text/html"),
        ("2023-05-03T10:15:00.000Z", None, "warc/revisit"), ("2023-06-01T10:15:00.000Z", 200, "text/html"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("trouble", "said"),
    [("503", "refused"), ("text", "error"), ("cut", "error"), ("blocked", "excluded"), ("429", "refused")],
)
def test_no_weather_is_taken_for_an_answer(replica: Replica, trouble: Any, said: str) -> None:
    replica.archive_post("fjord", "20230501101500")
    replica.trouble("cdx", trouble)
    assert wayback.read_index(ask(replica, wayback.ask_index("instagram.com/p/DUm6L771dVL"))[0], is_post).said == said


@pytest.mark.parametrize("body", [b"[1]", b"{}", b"[[", b"null", b'[["a"],[1,2,3,4,5]]', b"\xff\xfe", b"<html>"])
def test_whatever_an_index_answers_is_an_answer(body: bytes) -> None:
    fetch = Fetch("u", "u", "", "ok", 200, body=body)
    assert wayback.read_index(fetch, lambda url: True).said in ("none", "error")
    assert commoncrawl.read_index(fetch, lambda url: True).said in ("none", "error")
    assert commoncrawl.read_crawls(body) == ()


def test_nothing_held_is_nothing(replica: Replica) -> None:
    crawl = "https://index.commoncrawl.org/CC-MAIN-2024-18-index"
    answers = ask(replica, wayback.ask_index("a.example/x"), commoncrawl.ask_index(crawl, "a.example/x"))
    assert wayback.read_index(answers[0], is_post).said == "none"
    assert commoncrawl.read_index(answers[1], is_post).said == "none"


@pytest.mark.parametrize(
    ("digits", "moment"),
    [("20230500101500", "2023-05-01T10:15:00.000Z"), ("20230000000000", "2023-01-01T00:00:00.000Z"),
     ("2023", "2023-01-01T00:00:00.000Z"), ("20231332000000", None), ("x", None), ("20230230000000", None)],
)  # fmt: skip
def test_moments_of_an_index(digits: str, moment: str | None) -> None:
    assert read_moment(digits) == moment


def test_what_is_nearest_is_tried_first() -> None:
    seen: tuple[tuple[int, int | None], ...] = ((19, 200), (23, 200), (22, 404), (21, None))
    held = [ListedMemento("u", f"20{year}-05-01T00:00:00.000Z", "", status) for year, status in seen]
    assert [each.seen_at[2:4] for each in sort_by_nearness(held, "2022-04-01T00:00:00Z")] == ["21", "23", "19", "22"]


# ------------------------------------------------------------------------------------------------------------- captures


def read_held(replica: Replica, place: str) -> Any:
    return wayback.read_capture(ask(replica, place)[0])


def judged(exchanges: Any) -> str:
    post = identify_post(POST)
    assert post
    sights = gather(post, exchanges)
    return " ".join(f"{found.outcome}/{found.reason}" for found in (judge(sight).verdict for sight in sights))


def test_a_capture_is_the_post_as_it_was_served(replica: Replica) -> None:
    held = replica.archive_post("fjord", "20230501101500")
    (exchange,) = read_held(replica, f"https://web.archive.org/web/20220101000000id_/{held.url}")
    assert (exchange.url, exchange.started_at, exchange.body) == (held.url, "2023-05-01T10:15:00.000Z", held.body)
    assert judged([exchange]) == "available/None"


@pytest.mark.parametrize(
    ("state", "found"),
    [("login", "blocked/login"), ("gone", "unavailable"), ("shell", "blocked"), ("rate", "blocked/rate")],
)
def test_walls_are_never_the_post(replica: Replica, state: str, found: str) -> None:
    held = replica.archive_post("fjord", "20230501101500", state=state)
    replica.archive("https://www.instagram.com/accounts/login/?next=/p/DUm6L771dVL/embed/captioned/", "20230501101501")
    exchanges = read_held(replica, f"https://web.archive.org/web/20230501101500id_/{held.url}")
    assert judged(exchanges).startswith(found)


@pytest.mark.parametrize(("flaw", "reason"), [("missing", "not_held"), ("excluded", "excluded")])
def test_what_is_not_given_is_lost(replica: Replica, flaw: Any, reason: str) -> None:
    held = replica.archive_post("fjord", "20230501101500", flaw=flaw)
    assert read_held(replica, f"https://web.archive.org/web/20230501101500id_/{held.url}") == Unreadable("lost", reason)


def test_a_cut_capture_says_so(replica: Replica) -> None:
    held = replica.archive_post("fjord", "20230501101500", flaw="truncated")
    (exchange,) = read_held(replica, f"https://web.archive.org/web/20230501101500id_/{held.url}")
    assert exchange.truncated


def test_what_was_cut_when_it_was_archived_says_so_too(replica: Replica) -> None:
    """Its own headers announce more than there is; the archive gives all that it has."""
    held = replica.archive_post("tt-band", "20230501101500", state="truncated")
    (exchange,) = read_held(replica, f"https://web.archive.org/web/20230501101500id_/{held.url}")
    assert exchange.truncated == "incomplete"


def test_what_was_cut_when_a_crawl_recorded_it_says_so(replica: Replica) -> None:
    held = replica.archive_post("tt-band", "20240503101500", holder="commoncrawl", state="truncated")
    listed = ListedMemento(held.url, "2024-05-03T10:15:00.000Z", "crawl.warc.gz 0 1", 200, None, held.digest)
    record = make_record(held)
    fetch = Fetch("u", "u", "", "ok", 206, body=record)
    [exchange] = commoncrawl.read_record(fetch, listed, read_record(io.BytesIO(record), "crawl.warc.gz"))
    assert exchange.truncated == "incomplete"


CUT = "no_record incomplete damaged"


@pytest.mark.parametrize(("flaw", "found"), [("", ""), ("truncated", CUT), ("wrong_digest", "wrong_digest")])
def test_common_crawl_gives_one_record(replica: Replica, flaw: Any, found: str) -> None:
    held = replica.archive_post("fjord", "20240503101500", holder="commoncrawl", flaw=flaw)
    replica.archive_post("harbour", "20240504101500", holder="commoncrawl")
    crawls = commoncrawl.read_crawls(ask(replica, commoncrawl.CRAWLS)[0].body)
    (crawl,) = commoncrawl.choose_crawls(crawls, "2024-05-01", 1)
    answer = commoncrawl.read_index(
        ask(replica, commoncrawl.ask_index(crawl.index, "instagram.com/p/DUm6L771dVL"))[0], is_post
    )
    url, headers = commoncrawl.ask_record(answer.held[0].place)
    fetch = ask(replica, url, headers=headers)[0]
    read = commoncrawl.read_record(fetch, answer.held[0], read_record(io.BytesIO(fetch.body), "crawl.warc.gz"))
    if isinstance(read, Unreadable):
        assert read.reason in found.split()
    else:
        assert not found
        assert (read[0].url, read[0].body, judged(read)) == (held.url, held.body, "available/None")


def test_a_page_is_looked_for_in_the_crawl_after_its_post() -> None:
    rows = [(f"i{year}", f"{year}-03-01T00:00:00", f"{year}-03-14T00:00:00") for year in (2025, 2024, 2023)]
    listed = json.dumps([{"cdx-api": index, "from": first, "to": last} for index, first, last in rows])
    crawls = commoncrawl.read_crawls(listed.encode())
    assert [each.index for each in commoncrawl.choose_crawls(crawls, "2023-06-01", 2)] == ["i2024", "i2025"]
    assert [each.index for each in commoncrawl.choose_crawls(crawls, "2025-06-01", 2)] == ["i2025", "i2024"]
    assert [each.index for each in commoncrawl.choose_crawls(crawls, None, 2)] == ["i2025", "i2024"], (
        "posted who knows when"
    )
