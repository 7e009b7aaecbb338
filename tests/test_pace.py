"""Fewer visits at once when they run out of time, more again when they do not: the rule, and a run that keeps to it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capturing import SHORT, Edges, open_camera, post_of
from embedarchive.core import clock
from embedarchive.core.model import Capture, Post, Verdict
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import Platform
from embedarchive.replica import Replica, Weather
from embedarchive.run.ledger import Event, Run
from embedarchive.run.pace import Pace
from embedarchive.run.services import AHEAD, Services, make_settings
from embedarchive.store import Archive

FULL = Pace(8, 8)


def after(pace: Pace, ends: Iterable[bool]) -> Pace:
    for late in ends:
        pace = pace.after(pace.window, out_of_time=late)
    return pace


def test_it_halves_when_half_of_the_visits_run_out_of_time() -> None:
    assert after(FULL, [True] * 7).tabs == 8
    assert after(FULL, [True] * 8).tabs == 4
    assert after(FULL, [True, False] * 8).tabs == 4
    assert after(FULL, [True] * 60).tabs == 1


def test_one_server_that_hangs_slows_nobody_down() -> None:
    assert after(FULL, [True, False, False, False, False] * 20).tabs == 8


def test_it_rises_by_one_when_none_does() -> None:
    slow = Pace(8, 1)
    assert after(slow, [False] * 3).tabs == 1
    assert after(slow, [False] * 4).tabs == 2
    assert after(slow, [False] * 100).tabs == 8


def test_visits_that_began_before_a_change_say_nothing_of_it() -> None:
    fallen = after(FULL, [True] * 8)
    for _ in range(8):
        fallen = fallen.after(FULL.window, out_of_time=True)
    assert (fallen.tabs, fallen.late) == (4, 0)


@given(st.integers(1, 16), st.lists(st.booleans(), max_size=200))
def test_it_stays_within_its_bounds_and_never_jumps(most: int, ends: list[bool]) -> None:
    pace = Pace(most, most)
    for late in ends:
        before, pace = pace, pace.after(pace.window, out_of_time=late)
        assert 1 <= pace.tabs <= most
        assert pace.tabs in (before.tabs, before.tabs + 1, max(1, before.tabs // 2))


@pytest.mark.browser
async def test_a_run_against_a_server_that_stalls_uses_fewer_tabs_and_rises_again(tmp_path: Path) -> None:
    paces: list[Event] = []
    limits = replace(SHORT, rest_s=1.5, idle_s=2.0)
    with Replica() as replica:
        posts = [post_of(p) for p in replica.posts if p.platform == "instagram" and p.state == "live"][:16]
        async with open_camera(replica, tabs=3, limits=limits) as camera:
            with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
                crawl_id = archive.start_crawl("capture", clock.now(), "test", {})
                for post in posts:
                    archive.keep_target(crawl_id, post, clock.now(), forced=False)
                replica.weather = Weather(stall_every=1, stall_s=60, hosts=("nrd1-1.cdninstagram.com",))
                edges: Any = Edges(camera)

                def watch(event: Event) -> None:
                    if event.what == "pace":
                        paces.append(event)
                        replica.weather = Weather()  # the server recovers as soon as it has less to do
                        edges.seen.clear()

                await Run(archive, edges, crawl_id, watch, tabs=3).run(asyncio.Event())
    assert [(p.outcome, p.subject) for p in paces[:2]] == [("fewer", "1 at once"), ("more", "2 at once")]
    assert paces[-1].subject == "3 at once"
    assert max(edges.seen) <= 3


# -------------------------------------------------------------------------------------------------------- ahead of a tab


class Crowd:
    """A world in which visits begin to end when `expected` of them are at work; how many were, at each beginning."""

    def __init__(self, expected: int) -> None:
        self.expected, self.at_work, self.seen = expected, 0, list[int]()
        self.full = asyncio.Event()

    async def capture(self, post: Post, platform: Platform, *, media: bool) -> Capture:
        self.at_work += 1
        self.seen.append(self.at_work)
        if self.at_work == self.expected:
            self.full.set()
        await self.full.wait()
        self.at_work -= 1
        return Capture(post, post.url, post.url, clock.now(), clock.now(), Verdict("available"), 200)


def begin(archive: Archive, count: int) -> int:
    """A run that is about so many posts."""
    crawl_id = archive.start_crawl("capture", clock.now(), "test", {})
    for n in range(count):
        post = Post("instagram", f"C{n:09}", f"https://www.instagram.com/p/C{n:09}/")
        archive.keep_target(crawl_id, post, clock.now(), forced=False)
    return crawl_id


@pytest.mark.parametrize("ahead", [0, 1, 2])
async def test_posts_wait_for_a_tab_as_many_as_may(tmp_path: Path, ahead: int) -> None:
    crowd: Any = Crowd(3 + ahead)
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        run = Run(archive, crowd, begin(archive, 12), lambda event: None, tabs=3, ahead=ahead)
        async with asyncio.timeout(300):
            await run.run(asyncio.Event())
        run.pace = Pace(3, 2)
        assert run.captures_at_once() == 2, "where fewer visits are made than there are tabs, nobody waits for one"
    assert len(crowd.seen) == 12
    assert max(crowd.seen) == 3 + ahead


@pytest.mark.parametrize(("delay", "ahead"), [(0, AHEAD), (0.5, 0), (1, 0)])
def test_nobody_waits_for_a_tab_where_a_gap_is_to_be_kept(delay: float, ahead: int) -> None:
    assert Services(make_settings(delay=delay)).ahead == ahead


async def test_rules_that_fail_lose_no_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(page: object, post: object) -> Any:
        raise ValueError("a fault in the rules")

    visit = BY_NAME["instagram"].visit
    assert visit
    monkeypatch.setitem(BY_NAME, "instagram", replace(BY_NAME["instagram"], visit=replace(visit, describe=fail)))
    told: list[Event] = []
    crowd: Any = Crowd(1)
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        await Run(archive, crowd, begin(archive, 1), told.append, tabs=1).run(asyncio.Event())
        assert [tuple(row) for row in archive.conn.execute("SELECT outcome FROM captures")] == [("available",)]
        assert archive.conn.execute("SELECT count(*) FROM captures_to_describe").fetchone()[0] == 1, "it stays due"
    faults = [event for event in told if event.what == "fault"]
    assert [(event.outcome, event.detail) for event in faults] == [("describe", "ValueError: a fault in the rules")]
