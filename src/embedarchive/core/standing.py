"""Observations of a post -> where it stands: what may be said of it, and when it is to be looked at again. Pure.

Observations never change; a standing is concluded from them, and can be concluded anew. A platform's answer that a post is
gone is believed when the platform was itself at that hour (a *control*: another of its posts was seen alive by the same
route), when nothing withholds it (a *hold*), and, where the platform's denial is only guessed at, when a second answer of
another day agrees. Until then the post is `unavailable: unconfirmed`, and stays due.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from embedarchive.core.completeness import Holding
from embedarchive.core.dates import to_iso
from embedarchive.core.model import Outcome

CONTROL_S = 3600
"""A control counts for an answer of the same hour, before it or after it."""

SECOND_DAY_S = 20 * 3600
"""What lies between two answers of two days, for somebody who looks once a day but not to the minute."""

TRIES = (0, 3600, 6 * 3600, 86_400, 3 * 86_400)
"""Seconds to wait after the first visit, the second … that left a file behind which may still be had: five more tries in
less than seven days, and then it is left."""

TRIED_WITHIN_S = 7 * 86_400

DOUBT_S = (86_400, 2 * 86_400, 4 * 86_400, 7 * 86_400)
"""Seconds between the looks at a post that is perhaps gone; the last is repeated."""


@dataclass(frozen=True, slots=True)
class LivenessCheck:
    """One visit to a post by itself, or a sight of it in an article (then only an `available` one is an observation).

    `control` says that another post of its platform was seen alive by the same route within the hour.
    `with_media` says that its files were asked for. `uid` names its capture, `embedding` is what it says of that, `words` are
    those of the post as it showed them, and `words_from` where they were read.
    """

    at: str
    outcome: Outcome
    reason: str | None = None
    control: bool = False
    with_media: bool = True
    uid: str = ""
    embedding: str | None = None
    words: str | None = None
    words_from: str | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """From when to when (None: until further notice) nothing of a platform counts as gone, and why."""

    since: str
    until: str | None
    why: str

    def covers(self, at: str) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True)
class Loss:
    """One time for which a post is believed to have been gone: from the first answer that said so to the one that did not.

    `confirmed_at` is the answer with which it was believed; `ended_at` is None while it lasts.
    """

    first_gone_at: str
    confirmed_at: str
    ended_at: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a post stands.

    `status` is the newest answer about the post itself (block pages and faults say nothing of it), `reason` its code.
    `doubt` says why an answer that it is gone is not believed yet. `first_gone_at` is the first such answer since it was
    last seen, `confirmed_at` the one with which it was believed; both are None until then. `losses` are all that are believed,
    the oldest first. `due_at` is when the post is to be visited again for this reason, None if for none.
    """

    status: str = "not captured"
    reason: str | None = None
    doubt: str | None = None
    last_available_at: str | None = None
    first_gone_at: str | None = None
    confirmed_at: str | None = None
    came_back_at: str | None = None
    losses: tuple[Loss, ...] = ()
    due_at: str | None = None


def conclude(
    observations: Iterable[LivenessCheck], holds: Sequence[Hold], holding: Holding | None, *, second_day: bool
) -> Standing:
    """Where a post stands after these observations, in the order in which they were made.

    `second_day` demands that two days agree on its loss: its platform's denial was never read, only guessed at.
    """
    seen = list(observations)
    standing = next(reversed(follow(seen, holds, second_day=second_day)), Standing())
    visits_with_media = [each.at for each in seen if each.outcome == "available" and each.with_media]
    return replace(standing, due_at=_find_due(standing, holding, visits_with_media))


def follow(observations: Iterable[LivenessCheck], holds: Sequence[Hold], *, second_day: bool) -> list[Standing]:
    """Where a post stood after each of these observations; `due_at` is for its being doubted alone."""
    standing = Standing()
    believed: list[str] = []
    doubts = 0
    standings = []
    for seen in observations:
        if seen.outcome == "available":
            standing = _see_alive(standing, seen)
            believed, doubts = [], 0
        elif seen.outcome == "gone":
            standing, doubts = _weigh_loss(standing, seen, holds, believed, doubts, second_day=second_day)
        elif seen.outcome == "unavailable":
            standing, doubts = _see_refused(standing, seen, doubts)
            if seen.reason != "unconfirmed":
                believed = []
        elif standing.status in ("not captured", "blocked", "error"):
            standing = replace(standing, status=seen.outcome, reason=seen.reason)
        standings.append(standing)
    return standings


def _see_alive(standing: Standing, seen: LivenessCheck) -> Standing:
    came_back = seen.at if standing.status == "gone" else standing.came_back_at
    losses = _end_loss(standing, seen.at)
    return Standing("available", seen.reason, last_available_at=seen.at, came_back_at=came_back, losses=losses)


def _end_loss(standing: Standing, at: str) -> tuple[Loss, ...]:
    """The losses of a post of which something else was seen at that moment."""
    if not standing.losses:
        return ()
    *before, last = standing.losses
    return (*before, replace(last, ended_at=last.ended_at or at))


def _see_refused(standing: Standing, seen: LivenessCheck, doubts: int) -> tuple[Standing, int]:
    """There is an answer and it is not the post. One that says nothing certain takes back no loss that was certain."""
    uncertain = seen.reason == "unconfirmed"
    if uncertain and standing.status == "gone":
        return standing, doubts
    doubts = doubts + 1 if uncertain else 0
    due = None
    if uncertain:
        due = later(seen.at, _pick(DOUBT_S, doubts))
    refused = replace(standing, status="unavailable", reason=seen.reason, doubt=None, due_at=due)
    return replace(refused, first_gone_at=None, confirmed_at=None, losses=_end_loss(standing, seen.at)), doubts


def _weigh_loss(
    standing: Standing,
    seen: LivenessCheck,
    holds: Sequence[Hold],
    believed: list[str],
    doubts: int,
    *,
    second_day: bool,
) -> tuple[Standing, int]:
    """Believe an answer that the post is gone, or say why not yet."""
    if standing.status == "gone":
        return standing, doubts
    hold = next((hold for hold in holds if hold.covers(seen.at)), None)
    doubt = None
    if hold:
        doubt = f"held: {hold.why}"
    elif not seen.control:
        doubt = "no control"
    else:
        believed.append(seen.at)
        if second_day and seconds_between(believed[0], seen.at) < SECOND_DAY_S:
            doubt = "second day"
    if doubt is None:
        gone = replace(standing, status="gone", reason=seen.reason, doubt=None, due_at=None)
        losses = (*standing.losses, Loss(believed[0], seen.at))
        return replace(gone, first_gone_at=believed[0], confirmed_at=seen.at, losses=losses), 0
    doubts += 1
    due = later(seen.at, _pick(DOUBT_S, doubts))
    return replace(standing, status="unavailable", reason="unconfirmed", doubt=doubt, due_at=due), doubts


def _find_due(standing: Standing, holding: Holding | None, visits: Sequence[str]) -> str | None:
    """When to look again: at a post that is perhaps gone, or at one of which a file may still be had."""
    if standing.status != "available":
        return standing.due_at
    if holding is None or not holding.passing or not visits:
        return None
    tries = sum(seconds_between(at, visits[-1]) < TRIED_WITHIN_S for at in visits)
    if tries <= len(TRIES):
        return later(visits[-1], TRIES[tries - 1])
    return None


def _pick(waits: Sequence[int], count: int) -> int:
    """The wait after so many times, from 1; the last one ever after."""
    return waits[min(count, len(waits)) - 1]


def later(at: str, seconds: float) -> str:
    """The moment so many seconds after another."""
    return to_iso(datetime.fromisoformat(at) + timedelta(seconds=seconds))


def seconds_between(one: str, other: str) -> float:
    """Seconds from one moment to a later one; negative where it is earlier."""
    return (datetime.fromisoformat(other) - datetime.fromisoformat(one)).total_seconds()
