"""What a watch was asked for -> what is due of it now: budgets, whom to tell, and whether there is anything to do."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from embedarchive.core.schedule import DAY_S, LONGEST_D, observations_a_day
from embedarchive.run.telling import Webhook
from embedarchive.store import watching

PER_DAY = 500
"""Observations of one platform a day, where nothing else is asked for."""

MOST_READINGS = 200
"""Articles read again in one round."""

MOST_IN_A_ROUND = 100
"""Posts of one platform observed in one round of a watch that stays: what they show is told at its end."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How an archive is watched.

    `budgets` are observations a day, by platform, `per_day` those of the others. No interval is longer than `longest_d` days.
    `webhooks` are told of what changed, with links to the reading room at `room`. One that `stays` spreads a day's budget over
    the day. Of a `collection` only its posts are observed, its articles and feeds read, and its changes told.
    """

    budgets: Mapping[str, int] = field(default_factory=dict)
    per_day: int = PER_DAY
    longest_d: float = LONGEST_D
    webhooks: tuple[Webhook, ...] = ()
    room: str = ""
    stays: bool = False
    collection: str | None = None

    @property
    def channels(self) -> tuple[str, ...]:
        """What the archive calls the webhooks."""
        return tuple(each.name for each in self.webhooks)

    def channels_json(self) -> str:
        return json.dumps(self.channels)

    def budget(self, platform: str) -> int:
        return self.budgets.get(platform, self.per_day)

    def allowed(self, platform: str, now: str, used: int) -> int:
        """How many observations of a platform may be made now, of which today so many were made."""
        most = self.budget(platform)
        if not self.stays:
            return max(0, most - used)
        moment = datetime.fromisoformat(now)
        begun = (moment.hour * 3600 + moment.minute * 60 + moment.second + 3600) / DAY_S
        return max(0, min(math.ceil(most * min(begun, 1.0)) - used, MOST_IN_A_ROUND))


def find_allowed(conn: sqlite3.Connection, watch: Watch, now: str) -> dict[str, int]:
    """Platform -> observations that may be made now, of each platform that has posts to observe."""
    used = watching.read_used(conn, now[:10])
    return {name: watch.allowed(name, now, used.get(name, 0)) for name in watching.find_platforms(conn)}


def has_work(conn: sqlite3.Connection, watch: Watch, now: str) -> bool:
    """Whether anything is due that may be done now."""
    allowed = [name for name, most in find_allowed(conn, watch, now).items() if most > 0]
    observable = any(watching.has_due(conn, name, now, watch.collection) for name in allowed)
    return observable or watching.has_other_work(conn, now, watch.collection)


@dataclass(frozen=True, slots=True)
class PlatformPlan:
    """What a platform's posts need, observations a day: each once a day would be `posts`; `needed` at the longest intervals.

    `planned` is what the schedule comes to; `due` posts are due now, and `late_days` is how many days of the budget they are.
    """

    platform: str
    posts: int
    budget: int
    used: int
    needed: float
    planned: float
    due: int
    late_days: float


def plan_watch(conn: sqlite3.Connection, watch: Watch, now: str) -> tuple[PlatformPlan, ...]:
    """What an archive needs a day, by platform, and what a budget leaves late."""
    used = watching.read_used(conn, now[:10])
    plans = []
    for name in watching.find_platforms(conn):
        groups = watching.read_groups(conn, name, watch.collection)
        due, budget = watching.count_due(conn, name, now, watch.collection), watch.budget(name)
        if watch.collection is not None and not groups and not due:
            continue
        pace = watching.find_pace(conn, name, budget, watch.longest_d)
        plans.append(
            PlatformPlan(
                name,
                sum(n for *_, n in groups),
                budget,
                used.get(name, 0),
                round(observations_a_day(groups, math.inf, watch.longest_d), 1),
                round(observations_a_day(groups, pace, watch.longest_d), 1),
                due,
                round(due / budget, 1) if budget else math.inf,
            )
        )
    return tuple(plans)
