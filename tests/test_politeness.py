"""A guest's manners: robots.txt as RFC 9309 has it, one gate for all processes, Retry-After, back-off."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from embedarchive.core.model import Fetch
from embedarchive.fetch import Fetcher
from embedarchive.politeness import PoliteClient, find_retry_after
from embedarchive.politeness.limiter import RateLimiter
from loopback import Origin, door_to, page

NOW = 1_773_064_800.0  # 2026-03-09T14:00:00Z


class Clock:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.time = NOW
        self.slept: list[float] = []
        self.at_sleep: Callable[[], None] | None = None

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if self.at_sleep:
            self.at_sleep, happening = None, self.at_sleep
            happening()
        self.time += seconds
        await asyncio.sleep(0)


class Site:
    """An origin with a robots.txt and one answer for everything else."""

    def __init__(
        self, robots: bytes = page(b"", status="404 Not Found"), answer: bytes = page(b"<p>hello</p>")
    ) -> None:
        self.robots, self.answer = robots, answer
        self.paths: list[str] = []
        self.origin = Origin(self.reply)

    async def reply(self, head: bytes, writer: asyncio.StreamWriter) -> None:
        self.paths.append(head.split()[1].decode())
        answer = self.robots if self.paths[-1] == "/robots.txt" else self.answer
        writer.write(answer)
        if not answer:
            writer.close()


@asynccontextmanager
async def guest(
    site: Site, path: Path | str = ":memory:", clock: Clock | None = None, **options: object
) -> AsyncIterator[PoliteClient]:
    clock = clock or Clock()
    async with (
        site.origin,
        door_to(site.origin) as door,
        Fetcher(door, user_agent="embedarchive/1.0 (+http://x.test)") as fetcher,
    ):
        polite = PoliteClient(
            path, fetcher, "embedarchive/1.0 (+http://x.test)", now=clock.now, sleep=clock.sleep, **options
        )  # type: ignore[arg-type]
        async with polite:
            yield polite


def robots(text: str) -> bytes:
    return page(text.encode(), "Content-Type: text/plain")


# ------------------------------------------------------------------------------------------------------------ robots


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("User-agent: *\nDisallow: /private/\n", "/private/a", False),
        ("User-agent: *\nDisallow: /private/\n", "/public", True),
        ("User-agent: *\nDisallow: /\nAllow: /news/\n", "/news/a", True),
        ("User-agent: *\nDisallow: /*.pdf$\n", "/a.pdf", False),
        ("User-agent: *\nDisallow: /\n\nUser-agent: embedarchive\nDisallow: /x\n", "/news", True),
        ("User-agent: EmbedArchive\nDisallow: /\n", "/news", False),
        ("User-agent: otherbot\nDisallow: /\n", "/news", True),
        ("\ufeffUser-agent: *\nDisallow: /a\n", "/a", False),
        ("<html>no robots here</html>", "/a", True),
        ("", "/a", True),
    ],
)
async def test_robots_txt_is_obeyed(text: str, path: str, allowed: bool) -> None:
    site = Site(robots(text))
    async with guest(site) as polite:
        got = await polite.fetch(f"http://news.test{path}")
    assert (got.outcome, got.reason) == (("ok", None) if allowed else ("failed", "robots"))
    assert site.paths == ["/robots.txt", path] if allowed else ["/robots.txt"]


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (page(b"", status="404 Not Found"), None),
        (page(b"", status="403 Forbidden"), None),
        (page(b"", "Location: /robots.txt", status="301 Moved"), None),
        (page(b"", status="503 Busy"), "robots_unreachable"),
        (page(b"", status="429 Slow down"), "robots_unreachable"),
        (b"", "connection"),
    ],
)
async def test_no_robots_txt_allows_all_and_an_unknown_one_nothing(answer: bytes, reason: str | None) -> None:
    site = Site(answer)
    async with guest(site) as polite:
        got = await polite.fetch("http://news.test/a")
    assert got.reason == reason
    assert ("/a" in site.paths) == (reason is None)


async def test_robots_txt_is_asked_once_for_all_who_wait_and_kept_for_the_next_process(tmp_path: Path) -> None:
    site, clock = Site(robots("User-agent: *\nDisallow: /private\n")), Clock()
    async with guest(site, tmp_path / "hosts.db", clock, delay=0.0) as polite:
        await asyncio.gather(*(polite.fetch(f"http://news.test/{i}") for i in range(20)))
        again = PoliteClient(tmp_path / "hosts.db", polite.fetcher, "embedarchive/2", now=clock.now, sleep=clock.sleep)
        assert (await again.allow("http://news.test/private")).reason == "robots"
        assert site.paths.count("/robots.txt") == 1
        clock.time += 2 * 86400
        site.robots = robots("User-agent: *\nDisallow:\n")
        assert (await again.allow("http://news.test/private")).allowed
        assert site.paths.count("/robots.txt") == 2


async def test_robots_txt_can_be_left_unasked() -> None:
    site = Site(robots("User-agent: *\nDisallow: /\n"))
    async with guest(site, robots=False) as polite:
        assert (await polite.fetch("http://news.test/a")).outcome == "ok"
    async with guest(other := Site(robots("User-agent: *\nDisallow: /\n"))) as polite:
        assert (await polite.fetch("http://news.test/a", robots=False)).outcome == "ok"
    assert site.paths + other.paths == ["/a", "/a"]


async def test_what_the_door_would_refuse_is_not_even_asked_for() -> None:
    async with guest(Site()) as polite:
        assert (await polite.fetch("file:///etc/passwd")).reason == "refused_scheme"
        assert (await polite.fetch("http://127.0.0.1/")).reason == "refused_loopback"


# --------------------------------------------------------------------------------------------------------------- gate


async def test_requests_to_one_host_are_spaced_and_to_others_not() -> None:
    clock = Clock()
    async with guest(Site(), clock=clock, delay=2.0) as polite:
        for host in ("a.test", "a.test", "a.test", "b.test"):
            await polite.turn(f"http://{host}/")
    assert clock.slept == [0.0, 2.0, 2.0, 0.0]


@pytest.mark.parametrize(("said", "kept"), [("5", 5.0), ("0.5", 2.0), ("9999", 60.0), ("soon", 2.0)])
async def test_a_crawl_delay_is_kept_within_reason(said: str, kept: float) -> None:
    clock = Clock()
    async with guest(Site(robots(f"User-agent: *\nCrawl-delay: {said}\n")), clock=clock, delay=2.0) as polite:
        for _ in range(2):
            await polite.fetch("http://news.test/")
    assert clock.slept == [0.0, kept]


_TAKE = """
import sys, time
from embedarchive.politeness.limiter import RateLimiter
gate = RateLimiter(sys.argv[1])
print(*(gate.take_slot("news.test", 0.05, 1000.0) for _ in range(100)))
"""


def test_the_gate_holds_across_processes(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _TAKE, str(tmp_path / "hosts.db")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    slots = sorted(float(slot) for process in running for slot in process.communicate()[0].split())
    assert len(slots) == 300
    gaps = [b - a for a, b in itertools.pairwise(slots)]
    assert min(gaps) == pytest.approx(0.05, abs=1e-6)
    assert max(gaps) == pytest.approx(0.05, abs=1e-6)


def test_a_clock_that_was_wrong_closes_nothing_for_good() -> None:
    gate = RateLimiter(":memory:")
    gate.take_slot("news.test", 1.0, NOW + 10 * 365 * 86400)
    gate.close_host("news.test", 60.0, NOW + 10 * 365 * 86400)
    assert gate.take_slot("news.test", 1.0, NOW) == NOW
    assert gate.closed_for("news.test", NOW) == 0.0


def test_a_broken_file_does_not_stop_the_crawl(tmp_path: Path) -> None:
    path = tmp_path / "hosts.db"
    path.write_bytes(b"this is no database" * 100)
    assert RateLimiter(path).take_slot("news.test", 1.0, NOW) == NOW
    assert path.read_bytes() == b"this is no database" * 100


def test_the_file_is_plain_sqlite(tmp_path: Path) -> None:
    RateLimiter(tmp_path / "hosts.db").take_slot("news.test", 1.0, NOW)
    rows = sqlite3.connect(tmp_path / "hosts.db").execute("SELECT host, free_at FROM hosts").fetchall()
    assert rows == [("news.test", NOW + 1.0)]


# ----------------------------------------------------------------------------------------------------------- back-off


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        (" 7 ", 7.0),
        ("1.5", 1.5),
        ("Mon, 09 Mar 2026 14:01:40 GMT", 100.0),
        ("Monday, 09-Mar-26 14:01:40 GMT", 100.0),
        ("Mon, 09 Mar 2026 13:00:00 GMT", 0.0),
        ("Mon, 09 Mar 9999 13:00:00 GMT", 86400.0),
        ("99999999999999999999999999", 86400.0),
        ("9" * 5000, 86400.0),
        ("-5", None),
        ("soon", None),
        ("²", None),
        ("Mon, 99 Mar 2026 99:00:00 GMT", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read(value: str | None, seconds: float | None) -> None:
    assert find_retry_after(value, NOW) == seconds


async def test_an_overloaded_host_is_left_alone_longer_each_time_and_forgiven_at_once() -> None:
    site, clock = Site(answer=page(b"", status="503 Busy")), Clock()
    async with guest(site, clock=clock, delay=0.0) as polite:
        for _ in range(4):
            assert (await polite.fetch("http://news.test/a")).reason == "http_503"
        assert clock.slept == [0.0, 10.0, 20.0, 40.0]
        site.answer = page(b"<p>better</p>")
        assert (await polite.fetch("http://news.test/a")).outcome == "ok"
        site.answer = page(b"", status="503 Busy")
        before = clock.time
        await polite.fetch("http://news.test/a")
        assert clock.time == before
        assert (await polite.allow("http://news.test/a")).wait_s == 10.0


async def test_a_host_that_asks_for_a_long_rest_is_deferred_without_a_request() -> None:
    site, clock = Site(answer=page(b"", "Retry-After: 7200", status="429 Slow down")), Clock()
    async with guest(site, clock=clock, delay=0.0) as polite:
        first, second = [await polite.fetch("http://news.test/a") for _ in range(2)]
        elsewhere = await polite.fetch("http://other.test/a")
        clock.time += 7200
        third = await polite.fetch("http://news.test/a")
    assert [f.reason for f in (first, second, elsewhere, third)] == ["http_429", "deferred", "http_429", "http_429"]
    assert second.fetched_at == "2026-03-09T14:00:00.000Z"
    assert site.paths.count("/a") == 3


async def test_those_already_waiting_do_not_go_on_when_the_host_closes() -> None:
    busy = Fetch("http://a.test/", "http://a.test/", "", "failed", 429, "http_429", (("Retry-After", "30"),))
    clock = Clock()
    async with guest(Site(), clock=clock, delay=1.0) as polite:
        asking = polite.turn("http://a.test/")
        clock.at_sleep = lambda: polite.learn(busy)
        assert await asking
    assert clock.slept == [0.0, 30.0]


async def test_a_wait_that_becomes_too_long_is_given_up() -> None:
    busy = Fetch("http://a.test/", "http://a.test/", "", "failed", 429, "http_429", (("Retry-After", "3000"),))
    clock = Clock()
    async with guest(Site(), clock=clock, delay=1.0) as polite:
        clock.at_sleep = lambda: polite.learn(busy)
        assert (await polite.fetch("http://a.test/")).reason == "deferred"
    assert clock.slept == [0.0]
