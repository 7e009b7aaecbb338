"""How long platforms are left alone."""

from __future__ import annotations

import pytest

from embedarchive.model import Outcome, Verdict
from embedarchive.patience import Patience


def learn(patience: Patience, *outcomes: Outcome, retry_after_s: float | None = None) -> float:
    wait = 0.0
    for outcome in outcomes:
        wait = patience.learn("instagram", Verdict(outcome), retry_after_s)
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
    patience = Patience()
    learn(patience, *outcomes, retry_after_s=retry_after_s)
    assert ("instagram" in patience.resting) == rests


def test_a_post_that_fell_through_waits_at_least_a_quarter_hour_and_at_most_a_day() -> None:
    assert learn(Patience(), "error") == 900
    assert learn(Patience(), "blocked", retry_after_s=1) == 900
    assert learn(Patience(), "blocked", retry_after_s=7200) == 7200
    assert learn(Patience(), "blocked", retry_after_s=10**9) == 86400


async def test_turns_are_spaced_per_platform() -> None:
    now = 1000.0
    patience = Patience(delay=0.02, monotonic=lambda: now)
    await patience.turn("instagram")
    await patience.turn("x")
    assert patience._next == {"instagram": 1000.02, "x": 1000.02}
    await patience.turn("instagram")
    assert patience._next["instagram"] == pytest.approx(1000.04)
