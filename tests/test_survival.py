"""The survival curve: what it says of made-up lives whose truth is known, and beside the curves of other programs."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedarchive.core.survival import (
    FEW_AT_RISK,
    LEAST_AT_RISK,
    LEAST_LOST,
    LEAST_POSTS,
    MOST_CELLS,
    Lifetime,
    SurvivalCurve,
    estimate,
    find_t,
)
from survival_oracles import ORACLES, compare_with_oracle


def curve_of(lives: list[Lifetime], resamples: int = 0) -> SurvivalCurve:
    curve = estimate(lives, random.Random(1) if resamples else None, resamples)
    assert curve is not None
    return curve


def own(entered: float, seen: float, missing: float | None, number: object) -> Lifetime:
    return Lifetime(entered, seen, missing, str(number))


def watch(
    posts: int, died: float, gap: float, seed: int = 1, entered: float = 0.0, until: float = 400.0
) -> list[Lifetime]:
    """Lives that end at a steady rate, `died` days in the mean, looked at about every `gap` days."""
    draw, out = random.Random(seed), []
    while len(out) < posts:
        ends, at = entered + draw.expovariate(1 / died), entered
        seen, missing = entered, None
        while missing is None and (at := at + draw.uniform(0.5, 1.5) * gap) < until:
            seen, missing = (at, None) if ends > at else (seen, at)
        out.append(own(entered, seen, missing, len(out)))
    return out


def test_where_every_day_is_looked_at_it_is_the_share_that_is_left() -> None:
    lives = [own(0, n // 2, n // 2 + 1, n) for n in range(40)] + [own(0, 60, None, 100 + n) for n in range(60)]
    curve = curve_of(lives)
    for day in range(1, 21):
        assert curve.alive_at(day)[0] == pytest.approx(1 - 2 * day / 100, abs=1e-4)  # type: ignore[index]


def test_a_loss_is_not_dated_by_the_look_that_found_it() -> None:
    """Kaplan-Meier on the day it was found missing, which is what everybody does, says that more are left than are."""
    lives = watch(3_000, died=100, gap=40)
    left = curve_of(lives).alive_at(30)[0]  # type: ignore[index]
    naive = 1.0
    for day in sorted({life.missing for life in lives if life.missing is not None and life.missing <= 30}):
        at_risk = sum((life.missing or life.seen) >= day for life in lives)
        naive *= 1 - sum(life.missing == day for life in lives) / at_risk
    assert abs(left - math.exp(-30 / 100)) < 0.03
    assert naive - math.exp(-30 / 100) > 0.05


def test_posts_that_came_late_say_nothing_of_the_days_before() -> None:
    early, late = watch(500, died=100, gap=5), watch(2_000, died=100, gap=5, entered=150, seed=2)
    told = curve_of(early + [own(life.entered, life.seen, life.missing, f"late {life.account}") for life in late])
    for day in (30, 140, 200, 300):
        assert abs(told.alive_at(day)[0] - math.exp(-day / 100)) < 0.05  # type: ignore[index]
    assert curve_of(late).days[0] == 150


def test_those_that_live_on_are_counted() -> None:
    """Leaving out what is still there, as the question of losses alone does, would say that half are gone in a month."""
    lives = [own(0, 29, 30, n) for n in range(50)] + [own(0, 300, None, 50 + n) for n in range(450)]
    assert curve_of(lives).alive_at(200)[0] == pytest.approx(0.9, abs=1e-3)  # type: ignore[index]


@pytest.mark.parametrize(
    "lives",
    [
        [],
        [own(0, 10, 11, n) for n in range(LEAST_POSTS - 1)],
        [own(0, 10, None, n) for n in range(200)] + [own(0, 10, 11, f"lost {n}") for n in range(LEAST_LOST - 1)],
        [own(20 * n, 20 * n + 1, 20 * n + 2, n) for n in range(60)],  # never ten at risk at one age
    ],
    ids=["none", "too few posts", "too few losses", "too few at risk"],
)
def test_there_is_no_curve_of_too_little(lives: list[Lifetime]) -> None:
    assert estimate(lives) is None


def test_it_ends_where_few_are_left_at_risk() -> None:
    lives = [own(0, 10, 11, n) for n in range(20)] + [own(0, 50 + n, None, 100 + n) for n in range(40)]
    curve = curve_of(lives)
    assert min(curve.at_risk) >= LEAST_AT_RISK
    assert curve.days[-1] == 50 + 40 - LEAST_AT_RISK
    assert curve.at_risk[-1] < FEW_AT_RISK
    assert curve.alive_at(curve.days[-1] + 1) is None


def test_the_band_knows_that_accounts_lose_their_posts_in_flocks() -> None:
    def band(flock: int) -> float:
        lost = [own(0, 29, 30, f"a{n // flock}") for n in range(100)]
        lives = lost + [own(0, 99, None, f"b{n // flock}") for n in range(300)]
        _, low, high = curve_of(lives, resamples=200).alive_at(60) or (0, 0, 0)
        assert low <= 0.75 <= high
        return high - low

    assert band(20) > 2.5 * band(1)


@pytest.mark.parametrize(
    ("freedom", "quantile"), [(2, 4.303), (3, 3.182), (5, 2.571), (10, 2.228), (30, 2.042), (1e6, 1.960)]
)
def test_of_few_accounts_the_band_is_as_wide_as_students_t_says(freedom: float, quantile: float) -> None:
    """The quantiles are those of printed tables."""
    assert find_t(freedom) == pytest.approx(quantile, rel=0.032)


def test_the_same_posts_give_the_same_curve_and_band() -> None:
    lives = watch(200, died=100, gap=20)
    assert estimate(lives, random.Random(7), 20) == estimate(lives, random.Random(7), 20)


def test_many_ages_are_taken_together() -> None:
    lives = watch(4_000, died=300, gap=11, until=3_000)
    curve = curve_of(lives)
    assert len(curve.days) <= MOST_CELLS
    for day in (7, 30, 365, 1_000):
        assert abs(curve.alive_at(day)[0] - math.exp(-day / 300)) < 0.03  # type: ignore[index]


def test_half_are_left_when_half_are_left() -> None:
    curve = curve_of(watch(1_000, died=100, gap=10), resamples=20)
    median, low, high = curve.day_when(0.5)
    assert median is not None
    assert abs(median - 100 * math.log(2)) < 15
    assert low is not None
    assert high is not None
    assert low < median < high
    assert curve.day_when(1e-9) == (None, None, None)


ages = st.floats(-5, 4_000, allow_nan=False)
lifetimes = st.lists(st.tuples(ages, ages, st.none() | ages, st.integers(0, 9)), max_size=80)


@given(lifetimes)
@settings(max_examples=60, deadline=None)
def test_it_falls_from_one_within_its_band(told: list[tuple[float, float, float | None, int]]) -> None:
    curve = estimate([own(*each) for each in told], random.Random(1), 3)
    if curve:
        assert curve.alive[0] == curve.low[0] == curve.high[0] == 1
        for values in (curve.alive, curve.low, curve.high):
            assert all(0 <= b <= a <= 1 for a, b in pairwise(values))
        assert list(curve.days) == sorted(set(curve.days))
        assert all(low <= high for low, high in zip(curve.low, curve.high, strict=True))


@pytest.mark.parametrize("oracle", ORACLES)
def test_another_program_finds_the_same_curve(oracle: str) -> None:
    apart = compare_with_oracle(oracle, 2)
    if apart is None:
        pytest.skip(f"NOT CHECKED by {oracle}, which is not here: `make tools` prepares it")
    assert apart <= 0.003
