"""How long platforms are left alone."""

from __future__ import annotations

import asyncio
import contextlib
import time
from itertools import pairwise

import pytest

from embedarchive.core.model import Outcome, Verdict
from embedarchive.run.backoff import BackOff
from waiting import BOUND_S


def learn(backoff: BackOff, *outcomes: Outcome, retry_after_s: float | None = None) -> float:
    wait = 0.0
    for outcome in outcomes:
        wait = backoff.learn("instagram", Verdict(outcome), retry_after_s)
    return wait


@pytest.mark.parametrize(
    ("outcomes", "retry_after_s", "rests"),
    [
        (("available", "gone", "unavailable"), None, False),
        (("blocked",), None, False),
        (("blocked", "blocked"), None, False),
        (("blocked", "blocked", "blocked"), None, True),
        (("blocked", "blocked", "available", "blocked"), None, False),
        (("blocked",), 60.0, False),
        (("blocked",), 600.0, True),
        (("error",) * 9, None, False),
        (("error",) * 10, None, True),
        (("error",) * 9 + ("available",) + ("error",) * 9, None, False),
    ],
)
def test_a_platform_rests_after_walls_or_silence(
    outcomes: tuple[Outcome, ...], retry_after_s: float | None, rests: bool
) -> None:
    backoff = BackOff()
    learn(backoff, *outcomes, retry_after_s=retry_after_s)
    assert ("instagram" in backoff.cooling_down) == rests


def test_a_post_that_fell_through_waits_at_least_a_quarter_hour_and_at_most_a_day() -> None:
    assert learn(BackOff(), "error") == 900
    assert learn(BackOff(), "blocked", retry_after_s=1) == 900
    assert learn(BackOff(), "blocked", retry_after_s=7200) == 7200
    assert learn(BackOff(), "blocked", retry_after_s=10**9) == 86400


async def test_turns_are_spaced_per_platform_however_busy_the_machine_is() -> None:
    backoff = BackOff(delay=0.04)
    taken: list[float] = []

    async def visit() -> None:
        await backoff.turn("instagram")
        taken.append(time.monotonic())
        time.sleep(0.03)  # noqa: ASYNC251  (nobody else gets a word in)

    await asyncio.gather(*(visit() for _ in range(4)))
    assert min(b - a for a, b in pairwise(taken)) >= 0.04
    async with asyncio.timeout(BOUND_S):
        await backoff.turn("x")


async def test_a_turn_that_is_held_lasts_until_it_is_let_go_whatever_became_of_it() -> None:
    backoff = BackOff(delay=0.04)
    let_go: list[float] = []
    for _ in range(2):
        with contextlib.suppress(ValueError):
            async with backoff.hold("instagram"):
                await asyncio.sleep(0.02)
                let_go.append(time.monotonic())
                raise ValueError
    await backoff.turn("instagram")
    assert time.monotonic() - let_go[1] >= 0.04
    assert let_go[1] - let_go[0] >= 0.06


async def test_whoever_waits_for_a_turn_waits_longer_where_a_wall_comes_up() -> None:
    now = 1000.0
    backoff = BackOff(delay=0.05, monotonic=lambda: now)
    await backoff.turn("instagram")
    waiting = asyncio.create_task(backoff.turn("instagram"))
    await asyncio.sleep(0)
    learn(backoff, "blocked", retry_after_s=60)
    now += 0.06
    await asyncio.sleep(0.1)
    assert not waiting.done()
    waiting.cancel()
