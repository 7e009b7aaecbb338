"""Observations of a post and where it stood after each -> what changed of it, each change within an interval. Pure.

A change lies between two observations: the last one before it and the first one after it. Block pages, faults and answers
that are not believed are none: they move neither end.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from embedarchive.core.standing import Hold, LivenessCheck, Standing, seconds_between

ChangeKind = Literal[
    "missing", "gone", "private", "unavailable", "came back", "embedding refused", "embedding allowed", "edited"
]
"""`missing`: found gone, being confirmed. `gone`: a second answer, a day later or more, says the same."""
CHANGE_KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)

SECOND_LOOK_S = 86_400


@dataclass(frozen=True, slots=True)
class PostChange:
    """One change of a post: later than `after`, and no later than `by`; with the captures that are the two ends."""

    id: str
    post_key: str
    change: ChangeKind
    after: str | None
    by: str
    capture_before: str | None
    capture_by: str


_EMBEDDING: Mapping[str, ChangeKind] = {"refused": "embedding refused", "allowed": "embedding allowed"}


def name_change(post_key: str, change: str, capture_by: str) -> str:
    """What names a change whenever it is derived: 128 bits in hex."""
    told = "\n".join((post_key, change, capture_by))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


def trace_changes(
    post_key: str, seen: Sequence[LivenessCheck], standings: Sequence[Standing], holds: Sequence[Hold] = ()
) -> tuple[PostChange, ...]:
    """What changed of a post, in the order in which it was observed; `standings` are those after each observation."""
    trace = _Trace(post_key, holds)
    for each, standing in zip(seen, standings, strict=True):
        trace.take(each, standing)
    return tuple(trace.changes)


@dataclass
class _Trace:
    """What is believed of a post so far."""

    post_key: str
    holds: Sequence[Hold]
    known: str | None = None
    last: LivenessCheck | None = None
    alive: LivenessCheck | None = None
    denials: dict[str, LivenessCheck] = field(default_factory=dict)
    confirmed: bool = False
    embedding: LivenessCheck | None = None
    read: dict[str | None, LivenessCheck] = field(default_factory=dict)
    changes: list[PostChange] = field(default_factory=list)

    def take(self, seen: LivenessCheck, standing: Standing) -> None:
        if seen.outcome == "gone":
            self.denials[seen.at] = seen
        if seen.outcome not in ("available", "gone", "unavailable") or standing.doubt or seen.reason == "unconfirmed":
            return
        self.see_embedding(seen)
        if seen.outcome == "gone":
            self.see_gone(seen, standing)
        elif seen.outcome == "available":
            self.see_available(seen)
        elif seen.reason != "embed_refused":
            now: ChangeKind = "unavailable"
            if seen.reason == "private":
                now = "private"
            if self.known not in (None, now):
                self.tell(now, self.last, seen)
            self.known = now
        self.last = seen

    def see_gone(self, seen: LivenessCheck, standing: Standing) -> None:
        first = self.denials.get(standing.first_gone_at or seen.at, seen)
        if self.known != "gone":
            self.confirmed = False
            if self.alive:
                self.tell("missing", self.alive, first)
        self.known = "gone"
        later_day = seconds_between(first.at, seen.at) >= SECOND_LOOK_S
        if later_day and not self.confirmed and self.is_believed(seen):
            self.confirmed = True
            if self.alive:
                self.tell("gone", self.alive, seen)

    def see_available(self, seen: LivenessCheck) -> None:
        if self.known not in (None, "available"):
            self.tell("came back", self.last, seen)
        self.known, self.alive, self.confirmed = "available", seen, False
        if seen.words is not None:
            self.see_words(seen, seen.words_from)

    def see_words(self, seen: LivenessCheck, source: str | None) -> None:
        """Compare words with those last read at the same place of the page: another place may tell more or less of them."""
        before = self.read.get(source)
        if before and _plain(before.words) != _plain(seen.words):
            self.tell("edited", before, seen)
            self.read.clear()
        self.read[source] = seen

    def see_embedding(self, seen: LivenessCheck) -> None:
        if seen.embedding is None:
            return
        if self.embedding and self.embedding.embedding != seen.embedding:
            self.tell(_EMBEDDING[seen.embedding], self.embedding, seen)
        self.embedding = seen

    def is_believed(self, seen: LivenessCheck) -> bool:
        return seen.control and not any(hold.covers(seen.at) for hold in self.holds)

    def tell(self, change: ChangeKind, before: LivenessCheck | None, by: LivenessCheck) -> None:
        named = name_change(self.post_key, change, by.uid)
        after, after_uid = None, None
        if before:
            after, after_uid = before.at, before.uid
        self.changes.append(PostChange(named, self.post_key, change, after, by.at, after_uid, by.uid))


def _plain(words: str | None) -> str:
    """Words as they are compared: how they are broken into lines is no edit."""
    return " ".join((words or "").split())
