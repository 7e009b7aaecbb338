"""How long platforms are left alone."""

from __future__ import annotations

import pytest

from embedarchive.core.model import Outcome, Verdict
from embedarchive.run.backoff import BackOff


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


async def test_turns_are_spaced_per_platform() -> None:
    now = 1000.0
    backoff = BackOff(delay=0.02, monotonic=lambda: now)
    await backoff.turn("instagram")
    await backoff.turn("x")
    assert backoff._next == {"instagram": 1000.02, "x": 1000.02}
    await backoff.turn("instagram")
    assert backoff._next["instagram"] == pytest.approx(1000.04)
