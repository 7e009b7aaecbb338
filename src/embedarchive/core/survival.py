"""Between which looks posts went -> how long posts live: a curve, and a band around it. Pure.

Nobody sees a post go. Of each it is known at what age it was first seen alive (it is in the sample only because it had lived
so long: *late entry*), at what age last, and, if it went, at what age it was first missing. The estimate is the one that makes
such data likeliest without supposing any shape (Turnbull, 1976, https://doi.org/10.1111/j.2517-6161.1976.tb01597.x), given
that each post was alive at its entry. In cumulative hazards the likelihood is concave, and late entry is no more than
exposure that is not counted. It is climbed by turns of expectation-maximisation (with Poisson counts: Wang et al., 2016,
https://doi.org/10.1111/biom.12389) and of the iterative convex minorant (Wellner and Zhan, 1997,
https://doi.org/10.1080/01621459.1997.10474041).

The band is a bootstrap over accounts and not over posts, for accounts lose their posts in flocks. Its edges are laid where
the estimate is nearly normal, at the logarithm of the cumulative hazard (Kalbfleisch and Prentice's log-log interval), and by
Student's t with as many degrees of freedom as the losses have accounts in effect (Kish, 1965): of few, a spread is itself
known badly. Measured beside the percentiles of the bootstrap in bench/results/survival.md.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from math import ceil, exp, expm1, floor, log
from operator import mul
from statistics import NormalDist, stdev
from typing import Any, Protocol

METHOD = "Turnbull 2"
"""The estimate and its version: a number that changes is explained by a method that did."""

LEAST_POSTS, LEAST_LOST = 30, 5
"""Below, there is no curve."""

LEAST_AT_RISK, FEW_AT_RISK = 10, 30
"""A curve ends where fewer posts are at risk than the first, and is thin where there are fewer than the second."""

SETTLED = 0.25
"""The curve begins at the first age at which so large a share is at risk of all that will be within one gap between looks.
Where few are watched and many join, the likeliest curve falls before they do, whatever the truth (Pan and Chappell, 1998,
https://doi.org/10.1023/A:1009637624440): what is said then is said of posts that had lived so long."""

BAND = 0.95
LEAST_FREEDOM = 2.0
"""Degrees of freedom that a band is given at least, however few accounts lost posts."""

RESAMPLES = 200
MOST_POOLS = 400
"""Accounts are drawn one by one up to so many; of more, pools of accounts taken by lot are, each as independent."""

HOUR = 1 / 24
MOST_CELLS = 300
"""Ages are whole hours, for many posts go on their first day. Where there are more ages than this, those of older posts are
taken together: two that differ by some per cent are one."""

_MOST_HAZARD = 30.0
_LONGEST_CLIMB = 500


@dataclass(frozen=True, slots=True)
class Lifetime:
    """What is known of one post, in days since time zero: first seen alive, last seen alive, first missing (None: it is there).

    `account` is whose it is: posts of one account stand and fall together.
    """

    entered: float
    seen: float
    missing: float | None
    account: str


@dataclass(frozen=True, slots=True)
class SurvivalCurve:
    """The share of posts still there at each age in `days`, of those that were there at the first of them.

    Days have fractions, of whole hours. `low` and `high` are the band, `at_risk` the posts whose age then was under
    observation. Between two ages the curve is
    drawn as if posts went at a steady rate; that is a drawing, not an estimate.
    """

    days: tuple[float, ...]
    alive: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    at_risk: tuple[int, ...]

    def alive_at(self, day: float) -> tuple[float, float, float] | None:
        """(Share, low, high) at an age; None where the curve does not reach."""
        if not self.days[0] <= day <= self.days[-1]:
            return None
        return (
            _read_off(self.days, self.alive, day),
            _read_off(self.days, self.low, day),
            _read_off(self.days, self.high, day),
        )

    def day_when(self, share: float) -> tuple[float | None, float | None, float | None]:
        """The age at which that share is left, and the ages at which the band's lower and upper edge have it; None: not yet."""
        alive, low, high = (_first_below(self.days, edge, share) for edge in (self.alive, self.low, self.high))
        return alive, low, high


def _read_off(days: Sequence[float], values: Sequence[float], day: float) -> float:
    for (day0, value0), (day1, value1) in zip(
        zip(days, values, strict=True), zip(days[1:], values[1:], strict=True), strict=False
    ):
        if day0 <= day <= day1:
            part = (day - day0) / (day1 - day0)
            if value1 <= 0:
                if part < 1:
                    return value0
                return value1
            if not (value0 > 0):
                return 0.0
            return value0 * exp(part * log(value1 / value0))
    return values[-1]


def _first_below(days: Sequence[float], values: Sequence[float], share: float) -> float | None:
    for number, value in enumerate(values):
        if value <= share:
            if not number or values[number - 1] <= share or value <= 0:
                return days[number]
            before, after = values[number - 1], value
            part = log(before / share) / log(before / after)
            return days[number - 1] + part * (days[number] - days[number - 1])
    return None


# -------------------------------------------------------------------------------------------------------------- in cells


@dataclass(frozen=True, slots=True)
class _Spell:
    """A lifetime in whole hours: it may have gone in any of `seen + 1` … `missing`."""

    entered: int
    seen: int
    missing: int | None
    account: str

    @property
    def end(self) -> int:
        """The last hour in which it counts as at risk."""
        if self.missing is None:
            return self.seen
        return self.missing


def _round_off(life: Lifetime) -> _Spell:
    entered = max(0, round(life.entered / HOUR))
    seen = max(entered, round(life.seen / HOUR))
    missing = None
    if life.missing is not None:
        missing = max(seen + 1, round(life.missing / HOUR))
    return _Spell(entered, seen, missing, life.account)


def count_at_risk(spells: Sequence[_Spell], last: int) -> list[int]:
    """How many posts are at risk in each hour of age, from 0 to `last`."""
    steps = [0] * (last + 2)
    for spell in spells:
        steps[spell.entered] += 1
        steps[spell.end + 1] -= 1
    return list(accumulate(steps))[:-1]


def _find_stretch(at_risk: Sequence[int]) -> tuple[int, int] | None:
    """The hours from which to which enough posts are at risk; where there are several such, those with most post-hours."""
    best: tuple[int, int] | None = None
    most, since = 0, None
    for day, number in enumerate([*at_risk, 0]):
        if number >= LEAST_AT_RISK:
            if since is None:
                since = day
        elif since is not None:
            held = sum(at_risk[since:day])
            if held > most and day - 1 > since:
                best, most = (since, day - 1), held
            since = None
    return best


def _settle(at_risk: Sequence[int], spells: Sequence[_Spell], first: int, last: int) -> int:
    """The first hour from which on enough of those are at risk who soon will be."""
    gaps = sorted(spell.missing - spell.seen for spell in spells if spell.missing is not None)
    gap = gaps[len(gaps) * 9 // 10]
    peaks: deque[int] = deque()
    settled = first
    for hour in range(last, first - 1, -1):  # the most at risk from each hour to a gap later, from the last hour back
        while peaks and at_risk[peaks[-1]] <= at_risk[hour]:
            peaks.pop()
        peaks.append(hour)
        while peaks[0] > hour + gap:
            peaks.popleft()
        if at_risk[hour] >= SETTLED * at_risk[peaks[0]]:
            settled = hour
    return settled


def _choose_hours(spells: Sequence[_Spell], first: int, last: int) -> list[int]:
    """The ages at which the curve may bend: those at which something was seen, and fewer of them where they are too many.

    They reach as far as anything was seen, for what a post was seen to be before `first` and after `last` tells of it between.
    """
    seen = {at for spell in spells for at in (spell.entered, spell.seen, spell.missing) if at is not None}
    hours = sorted({first, last} | seen)
    share = 1 / MOST_CELLS
    thinned = hours
    while len(thinned) > MOST_CELLS:
        thinned = [hours[0]]
        for hour in hours:
            if hour in (first, last, hours[-1]) or hour - thinned[-1] >= share * (hour - hours[0]):
                thinned.append(hour)
        share *= 1.25
    return list(dict.fromkeys(thinned))


@dataclass(slots=True)
class _Sample:
    """Lifetimes by cells; cell k is the hours after `hours[k - 1]` up to `hours[k]`, cell 0 has none.

    `exposed[k]` is how many posts lived through cell k, `losses` how many went in one of the cells from first to last.
    """

    exposed: list[float]
    losses: list[tuple[int, int, float]]


class _Cells:
    """Where each hour falls, and every post by the pool that its account is of."""

    def __init__(self, spells: Sequence[_Spell], hours: Sequence[int], pools: Sequence[int]) -> None:
        nearest = _find_nearest(hours)
        number = max(pools) + 1
        patterns: dict[tuple[int, int], int] = {}
        exposed = [[0] * (len(hours) + 1) for _ in range(number)]
        self.lost: list[Counter[int]] = [Counter() for _ in range(number)]
        for spell, pool in zip(spells, pools, strict=True):
            entered, seen = nearest[spell.entered - hours[0]], nearest[spell.seen - hours[0]]
            exposed[pool][entered + 1] += 1
            exposed[pool][seen + 1] -= 1
            if spell.missing is not None:
                # Where both looks are nearest to one age it went about then: in the cell that ends there.
                gone = max(nearest[spell.missing - hours[0]], 1)
                self.lost[pool][patterns.setdefault((min(seen, gone - 1), gone), len(patterns))] += 1
        self.patterns = list(patterns)
        self.columns = list(zip(*exposed, strict=True))

    def weigh(self, weights: Sequence[int] | None) -> _Sample:
        """The sample in which each pool stands so many times; without weights, each once."""
        if weights is None:
            weights = [1] * len(self.lost)
        steps = [sum(map(mul, weights, column)) for column in self.columns]
        counts = [0] * len(self.patterns)
        for weight, lost in zip(weights, self.lost, strict=True):
            if weight:
                for pattern, number in lost.items():
                    counts[pattern] += weight * number
        losses = [(*pattern, float(n)) for pattern, n in zip(self.patterns, counts, strict=True) if n]
        return _Sample(list(map(float, accumulate(steps)))[:-1], losses)

    def count_accounts(self, cells: int) -> list[float]:
        """Kish's effective number: to how many pools that lost equally the losses up to each cell come."""
        lost_in: list[Counter[int]] = [Counter() for _ in range(cells)]
        for pool, patterns in enumerate(self.lost):
            for pattern, number in patterns.items():
                lost_in[self.patterns[pattern][1]][pool] += number
        lost: Counter[int] = Counter()
        out, total, squares = [], 0, 0
        for here in lost_in:
            for pool, number in here.items():
                squares += number * (2 * lost[pool] + number)
                lost[pool] += number
                total += number
            out.append(total**2 / squares if squares else 0.0)
        return out


def _find_nearest(hours: Sequence[int]) -> list[int]:
    """For each hour from the first to the last, the number of the nearest of `hours`."""
    nearest: list[int] = []
    number = 0
    for hour in range(hours[0], hours[-1] + 1):
        while number + 1 < len(hours) and hours[number + 1] - hour <= hour - hours[number]:
            number += 1
        nearest.append(number)
    return nearest


# -------------------------------------------------------------------------------------------------------------- climbing


def _climb(sample: _Sample, start: Sequence[float], tolerance: float) -> list[float]:
    """The cumulative hazard at each age that makes the sample likeliest, from a first guess on."""
    hazards = list(start)
    lost = sum(n for *_, n in sample.losses)
    if not lost:
        return [0.0] * len(hazards)
    for _ in range(_LONGEST_CLIMB):
        hazards = _expect(sample, hazards)
        slopes, weights = _slopes(sample, hazards)
        if _gap(hazards, slopes) <= tolerance * lost:
            break
        hazards = _step(sample, hazards, slopes, weights)
    return hazards


def _expect(sample: _Sample, hazards: Sequence[float]) -> list[float]:
    """One turn of expectation and maximisation."""
    steps, at_stake = [0.0] * (len(hazards) + 1), [0.0] * (len(hazards) + 1)
    for seen, gone, number in sample.losses:
        expected = number / -expm1(-max(hazards[gone] - hazards[seen], 1e-12))
        steps[seen + 1] += expected
        steps[gone + 1] -= expected
        at_stake[seen + 1] += number
        at_stake[gone + 1] -= number
    total, before, told, stake, out = 0.0, 0.0, 0.0, 0.0, [0.0]
    for cell in range(1, len(hazards)):
        told += steps[cell]
        stake += at_stake[cell]
        here = hazards[cell] - hazards[cell - 1]
        exposure = sample.exposed[cell] + stake
        if here > 0 and exposure > 1e-9:
            total += here * max(told, 0.0) / exposure
        before = min(total, _MOST_HAZARD)
        out.append(before)
    return out


def _slopes(sample: _Sample, hazards: Sequence[float]) -> tuple[list[float], list[float]]:
    """How the log-likelihood rises with each cumulative hazard, and how it bends there."""
    slopes = [after - here for here, after in zip(sample.exposed, [*sample.exposed[1:], 0.0], strict=True)]
    bends = [1e-9] * len(hazards)
    for seen, gone, number in sample.losses:
        odds = 1 / expm1(max(hazards[gone] - hazards[seen], 1e-9))
        bend = number * odds * (1 + odds)
        slopes[gone] += number * odds
        slopes[seen] -= number * odds
        bends[gone] += bend
        bends[seen] += bend
    return slopes, bends


def _gap(hazards: Sequence[float], slopes: Sequence[float]) -> float:
    """How far the log-likelihood may still be from its maximum, for a curve that falls about as far as this one."""
    rest, most, turned = 0.0, 0.0, 0.0
    for cell in range(len(hazards) - 1, 0, -1):
        rest += slopes[cell]
        most = max(most, rest)
        turned += rest * (hazards[cell] - hazards[cell - 1])
    return most * max(hazards[-1], 1e-3) + abs(turned)


def _step(sample: _Sample, hazards: Sequence[float], slopes: Sequence[float], bends: Sequence[float]) -> list[float]:
    """The nearest rising curve to where each hazard wants to be; half the way, a quarter …, until that is likelier."""
    wanted = [here * bend + slope for here, bend, slope in zip(hazards, bends, slopes, strict=True)]
    aim = [0.0, *_rise(wanted[1:], bends[1:])]
    here = _say_likely(sample, hazards)
    for halving in range(12):
        part = 0.5**halving
        there = [old + part * (new - old) for old, new in zip(hazards, aim, strict=True)]
        if _say_likely(sample, there) > here:
            return there
    return list(hazards)


def _rise(sums: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The rising values nearest to sums / weights, each weighed (pool adjacent violators), within 0 and the most."""
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(sums, weights, strict=True):
        block = (value, weight, 1)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            last = blocks.pop()
            block = (last[0] + block[0], last[1] + block[1], last[2] + block[2])
        blocks.append(block)
    out: list[float] = []
    for value, weight, length in blocks:
        out += [min(max(value / weight, 0.0), _MOST_HAZARD)] * length
    return out


def _say_likely(sample: _Sample, hazards: Sequence[float]) -> float:
    """The log-likelihood."""
    said = -sum(
        exposed * (here - before)
        for exposed, here, before in zip(sample.exposed[1:], hazards[1:], hazards, strict=False)
    )
    for seen, gone, number in sample.losses:
        apart = hazards[gone] - hazards[seen]
        if apart <= 0:
            return float("-inf")
        said += number * log(-expm1(-apart))
    return said


# ------------------------------------------------------------------------------------------------------------ estimating


class Lots(Protocol):
    """What draws accounts by lot: `random.Random` does."""

    def shuffle(self, x: Any) -> None: ...

    def choices(self, population: Any, *, k: int) -> list[Any]: ...


def estimate(
    lifetimes: Iterable[Lifetime], lots: Lots | None = None, resamples: int = RESAMPLES
) -> SurvivalCurve | None:
    """The curve of these posts with its band; None where posts, losses or posts at risk are too few for one.

    The band holds 95 of 100 such samples of accounts at each age by itself; without `lots` there is none: it is the curve.
    """
    spells = list(map(_round_off, lifetimes))
    if len(spells) < LEAST_POSTS or sum(spell.missing is not None for spell in spells) < LEAST_LOST:
        return None
    at_risk = count_at_risk(spells, max(spell.end for spell in spells))
    stretch = _find_stretch(at_risk)
    if stretch is None:
        return None
    first, last = _settle(at_risk, spells, *stretch), stretch[1]
    if first >= last:
        return None
    hours = _choose_hours(spells, first, last)
    pools = _pool_accounts([spell.account for spell in spells], lots)
    cells = _Cells(spells, hours, pools)
    whole = cells.weigh(None)
    hazards = _climb(whole, _first_guess(whole, hours), 1e-7)
    if lots:
        others = [_resample(cells, hazards, lots) for _ in range(resamples)]
    else:
        others = []
    shown = slice(hours.index(first), hours.index(last) + 1)
    told, *others = (_begin_at_nought(each[shown]) for each in (hazards, *others))
    edges = _find_edges(told, others, cells.count_accounts(len(hours))[shown])
    at = hours[shown]
    return SurvivalCurve(
        tuple(round(hour * HOUR, 4) for hour in at),
        tuple(exp(-hazard) for hazard in told),
        tuple(exp(-edge) for edge in edges.high),
        tuple(exp(-edge) for edge in edges.low),
        tuple(at_risk[hour] for hour in at),
    )


def _begin_at_nought(hazards: Sequence[float]) -> list[float]:
    return [hazard - hazards[0] for hazard in hazards]


def _pool_accounts(accounts: Sequence[str], lots: Lots | None) -> list[int]:
    """The pool of each post: its account's own, or, of too many accounts, one by lot."""
    names = list(dict.fromkeys(accounts))
    if lots and len(names) > MOST_POOLS:
        lots.shuffle(names)
    numbers = {name: number % MOST_POOLS for number, name in enumerate(names)}
    return [numbers[name] for name in accounts]


def _first_guess(sample: _Sample, hours: Sequence[int]) -> list[float]:
    """The same hazard in every hour."""
    lived = sum(n * (b - a) for n, a, b in zip(sample.exposed[1:], hours, hours[1:], strict=False))
    rate = sum(n for *_, n in sample.losses) / max(lived, 1.0)
    return [rate * (hour - hours[0]) for hour in hours]


def _resample(cells: _Cells, start: Sequence[float], lots: Lots) -> list[float]:
    pools = len(cells.lost)
    drawn = Counter(lots.choices(range(pools), k=pools))
    return _climb(cells.weigh([drawn[pool] for pool in range(pools)]), start, 1e-4)


# -------------------------------------------------------------------------------------------------------------- the band


@dataclass(frozen=True, slots=True)
class _Edges:
    """The cumulative hazards between which the true one is, at each age."""

    low: Sequence[float]
    high: Sequence[float]


def _find_edges(told: Sequence[float], others: Sequence[Sequence[float]], accounts: Sequence[float]) -> _Edges:
    """The band around a curve, of those that other samples gave. An edge never falls: nobody comes back."""
    if len(others) < 2:
        return _Edges(told, told)
    each = [_find_edge(*at) for at in zip(told, zip(*others, strict=True), accounts, strict=True)]
    high = list(accumulate((high for _, high in each), max))
    low = list(accumulate((low for low, _ in reversed(each)), min))[::-1]
    return _Edges(low, high)


def _find_edge(hazard: float, others: Sequence[float], accounts: float) -> tuple[float, float]:
    """The edges at one age: log-log with Student's t; percentiles where a sample had no loss yet, which has no logarithm."""
    if min(hazard, *others) <= 0:
        low, high = _find_percentiles(others)
        return min(low, hazard), max(high, hazard)
    apart = find_t(max(accounts - 1, LEAST_FREEDOM)) * stdev(map(log, others))
    return hazard * exp(-apart), hazard * exp(apart)


def _find_percentiles(values: Sequence[float]) -> tuple[float, float]:
    ordered = sorted(values)
    outside = (1 - BAND) / 2 * (len(ordered) - 1)
    return ordered[floor(outside)], ordered[ceil(len(ordered) - 1 - outside)]


def find_t(freedom: float) -> float:
    """The quantile of Student's t for the band (Abramowitz and Stegun, 26.7.5); off by .03 at three degrees, later by less."""
    z = NormalDist().inv_cdf((1 + BAND) / 2)
    terms = (
        z,
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
    )
    return sum(term / freedom**power for power, term in enumerate(terms))
