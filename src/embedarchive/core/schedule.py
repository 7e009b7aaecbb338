"""A living post's age, platform and articles -> its chance of being lost, and when it is observed next. Pure.

What an observation is worth is the delay it saves those who read: chance of a loss × articles that embed the post. The mean of
all delays would be least with intervals in inverse proportion to the square root of that; but then what is old and in one
article is forgotten, and the longest delays grow (tried in bench/watch.py). The fifth root keeps most of the gain, and leaves
the longest delays no longer than equal intervals do. `pace` is the one constant of the rule; it is solved from the budget.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from embedarchive.core.standing import Standing, later, seconds_between

DAY_S = 86_400
SHORTEST_D = 1.0
LONGEST_D = 30.0
SPREAD = 0.1
"""An interval is up to a tenth shorter or longer, by the post's key: what was seen together is not due together for ever."""

ROOT = 0.2

PACE = 2.0
"""For a platform whose budget nothing was solved from yet: a new post of one article is then observed about once a week."""

AGES = (0.0, 7.0, 90.0, 365.0, math.inf)
"""Days: chances are constant between two of them."""

CHANCES = {
    # 18 % of posts are gone within three months, most of them early: Pew Research Center, When Online Content Disappears, 2024.
    "x": (0.006, 0.0019, 0.0004, 0.0002),
}
# Of shared resources 11 % were lost in the first year and 0.02 % a day later: SalahEldeen & Nelson, Losing My Revolution, 2012.
USUAL = (0.003, 0.0005, 0.0002, 0.0002)
"""Chance of a loss a day, by age. What an archive has seen itself scales it (`factor`)."""

ENOUGH_LOSSES = 200
"""Of a platform, for its own to be believed rather than the table."""


def chance_of_loss(platform: str, age_d: float, factor: float = 1.0) -> float:
    """The chance a day that a post of that age (days; unknown ages are those of old posts) is lost."""
    rates = CHANCES.get(platform, USUAL)
    band = next(n for n, end in enumerate(AGES[1:]) if age_d < end or end == math.inf)
    return rates[band] * factor


def expected_losses(platform: str, from_d: float, to_d: float) -> float:
    """How many losses the table expects of one post observed from one age to another (days)."""
    rates = CHANCES.get(platform, USUAL)
    return sum(
        rate * max(0.0, min(to_d, end) - max(from_d, begin))
        for rate, (begin, end) in zip(rates, pairwise(AGES), strict=True)
    )


def age_in_days(posted_at: str | None, first_seen_at: str, now: str) -> float:
    """The age of a post at a moment; from when it was first seen where its date is not known, or is none."""
    since = _read_moment(posted_at) or datetime.fromisoformat(first_seen_at)
    return max(0.0, (datetime.fromisoformat(now) - since).total_seconds() / DAY_S)


def _read_moment(text: str | None) -> datetime | None:
    """The moment that a text means with its time zone, or None: dates of posts are claims."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if moment.tzinfo:
        return moment
    return None


def spread_by(key: str) -> float:
    """A number from -1 to 1 that a key always has, and that says nothing of it."""
    return int.from_bytes(hashlib.sha256(key.encode("utf-8", "replace")).digest()[:4], "big") / 2**31 - 1


def find_interval(chance: float, articles: int, pace: float, longest_d: float = LONGEST_D) -> float:
    """Days between two observations of a post, before they are spread."""
    worth = chance * max(1, articles)
    wanted = pace / worth**ROOT if worth > 0 else math.inf
    return min(max(wanted, SHORTEST_D), longest_d / (1 + SPREAD))


def next_observation(
    key: str, seen_at: str, chance: float, articles: int, pace: float, longest_d: float = LONGEST_D
) -> str:
    """When a post seen alive at `seen_at` is observed next: at the earliest in a day, at the latest in `longest_d` days."""
    days = max(SHORTEST_D, find_interval(chance, articles, pace, longest_d) * (1 + SPREAD * spread_by(key)))
    return later(seen_at, days * DAY_S)


def bring_forward(key: str, lost_at: str) -> str:
    """When another post of an account is observed that has lost its first: within a day of that."""
    return later(lost_at, (spread_by(key) + 1) / 2 * DAY_S)


def observations_a_day(posts: Iterable[tuple[float, int, int]], pace: float, longest_d: float = LONGEST_D) -> float:
    """What (chance, articles, number) of living posts cost a day at that pace."""
    return sum(number / find_interval(chance, articles, pace, longest_d) for chance, articles, number in posts)


def solve_pace(posts: Iterable[tuple[float, int, int]], per_day: float, longest_d: float = LONGEST_D) -> float:
    """The smallest pace that costs no more than `per_day`, in steps of a fifth; the largest where none does.

    In steps, so that it does not move every day, and with it every post.
    """
    groups = list(posts)
    step, least, most = 2**0.25, -40, 40
    while least < most:
        middle = (least + most) // 2
        if observations_a_day(groups, step**middle, longest_d) <= per_day:
            most = middle
        else:
            least = middle + 1
    return float(step**most)


WALL_S = (3600, 2 * 3600, 4 * 3600, 8 * 3600, DAY_S)
"""Seconds to wait after one wall or fault, two in a row …: they say nothing of the post, so it stays due."""


def after_walls(at: str, walls: int) -> str:
    """When a post is tried again after so many answers in a row, the last one then, that said nothing of it."""
    return later(at, WALL_S[min(walls, len(WALL_S)) - 1])


READING_S = ((2, DAY_S / 4), (14, DAY_S), (90, 7 * DAY_S), (math.inf, 30 * DAY_S))
"""(Age in days, seconds between two readings of an article): newsrooms edit what is new."""

FEED_S = 3600.0
"""Seconds between two readings of a feed."""
SITEMAP_S = 86_400.0
"""Seconds between two readings of a sitemap that nothing but a person named."""


def next_reading(url: str, first_seen_at: str, read_at: str) -> str:
    """When an article read at `read_at` is read again."""
    age = max(0.0, seconds_between(first_seen_at, read_at) / DAY_S)
    wait = next(seconds for days, seconds in READING_S if age < days)
    return later(read_at, wait * (1 + SPREAD * spread_by(url)))


@dataclass(frozen=True, slots=True)
class Watched:
    """What is known of a post that was seen alive, as far as its next observation hangs on it.

    `answered_at` is the last answer about the post itself; `walls` answers since then, the last at `wall_at`, said nothing of
    it. `account_lost_at` is when another post of its account was first found gone. `confirmed` says that two days agree that
    it is gone.
    """

    key: str
    standing: Standing
    answered_at: str
    chance: float
    articles: int
    walls: int = 0
    wall_at: str | None = None
    account_lost_at: str | None = None
    confirmed: bool = False


def plan_observation(post: Watched, pace: float, longest_d: float = LONGEST_D) -> tuple[str, str]:
    """When a post is observed next (ISO 8601), and why then."""
    at, why = _plan_answered(post, pace, longest_d)
    if post.walls and post.wall_at and (waits := after_walls(post.wall_at, post.walls)) > at:
        return waits, "wall"
    return at, why


def _plan_answered(post: Watched, pace: float, longest_d: float) -> tuple[str, str]:
    """The same, but for what said nothing of the post."""
    standing = post.standing
    if standing.doubt and standing.due_at:
        return standing.due_at, "confirm"
    if standing.status == "gone" and not post.confirmed:
        first = standing.first_gone_at or post.answered_at
        return max(later(first, DAY_S), later(post.answered_at, DAY_S) if post.answered_at > first else ""), "confirm"
    if standing.status == "gone":
        return next_observation(post.key, post.answered_at, 0.0, 1, pace, longest_d), "gone"
    at = next_observation(post.key, post.answered_at, post.chance, post.articles, pace, longest_d)
    if post.account_lost_at and post.answered_at < post.account_lost_at:
        forward = bring_forward(post.key, post.account_lost_at)
        if forward < at:
            return forward, "account"
    return at, "often embedded" if post.articles > 1 else "age"
