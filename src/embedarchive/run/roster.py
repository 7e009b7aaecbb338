"""What a farm's workers say and do -> which of them is given the next visit, and which none, and why. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from statistics import median

ENOUGH_VISITS = 10
"""Visits by which a worker may be compared with the others."""
ENOUGH_LACKING = 3
"""Captures with a file missing that may be chance."""
POOR = 2.0
"""So many times as often as the others' median is more than chance."""

MOST_REST = 6
"""Faults in a row after which a worker's rest grows no more: an hour of the first minute's."""


@dataclass(frozen=True, slots=True)
class WorkerIdentity:
    """What a worker must share with whoever gives it work: a capture must not depend on who made it.

    `rules` is a digest of the rules of every platform and of the finder. `browser` is the version of the browser that shows
    posts, "" where there is none or it does not say; `playwright` that of the package whose `install` brings one.
    """

    embedarchive: str
    rules: str
    browser: str
    playwright: str

    @property
    def major(self) -> str:
        """What pages tell browsers apart by: the first number of the version."""
        return self.browser.partition(".")[0]

    @property
    def mend_line(self) -> str:
        """What makes another machine like this one."""
        wanted = f"'embedarchive[farm]=={self.embedarchive}' playwright=={self.playwright}"
        return f"On that machine: pip install {wanted} && embedarchive install"

    def shares_browser(self, other: WorkerIdentity) -> bool:
        """Whether both would show a post by the same browser, as far as they know."""
        return not (self.major and other.major) or self.major == other.major

    def find_mend(self, worker: WorkerIdentity) -> str:
        """Why a worker is refused, with the line that mends it; "" where it is the same."""
        if worker.embedarchive != self.embedarchive:
            return f"it has embedarchive {worker.embedarchive} in place of {self.embedarchive}. {self.mend_line}"
        if not self.shares_browser(worker):
            return (
                f"its browser is Chromium {worker.browser} in place of {self.browser}. {self.mend_line}, or start the "
                "worker with --browser-path and a browser of that version"
            )
        if worker.rules != self.rules:
            return (
                "its rules for platforms are others. Both sides need the same code and the same platforms of one's own. "
                f"There: pip install --force-reinstall --no-deps 'embedarchive=={self.embedarchive}'"
            )
        return ""


@dataclass
class FarmWorker:
    """One worker, as the run that gives it work knows it. Times are seconds of the run's own clock.

    `refused` says why it gets no work at all; `heard_at` is when it last gave a sign of life, `last_seen` what that was, and
    `silent` that this is too long ago; its clock is `ahead_s` ahead of this machine's, or `unsure_s` more or less.
    `visits` are those that saw a post, `lacking` those of them that lack a file which another visit may bring.
    """

    address: str
    name: str = ""
    tabs: int = 1
    admitted: bool = False
    refused: str = ""
    busy: int = 0
    faults: int = 0
    rests_until: float = 0.0
    last_seen: float = 0.0
    heard_at: float = 0.0
    silent: bool = False
    ahead_s: float = 0.0
    unsure_s: float = 0.0
    visits: int = 0
    lacking: int = 0

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.name} at {self.address}".removeprefix(" at ")

    def is_usable(self, now: float) -> bool:
        """Whether it may be given work, now or as soon as one of its tabs is free."""
        return self.admitted and not (self.refused or self.silent) and self.rests_until <= now

    def hear(self, last_seen: float, now: float) -> None:
        """Take in what the scheduler last heard of it: only that it changes tells anything, clocks may differ."""
        if last_seen != self.last_seen:
            self.last_seen, self.heard_at, self.silent = last_seen, now, False

    def fail(self, now: float, rest_s: float) -> None:
        """It failed by itself: let it rest, twice as long each time in a row."""
        self.rests_until = now + rest_s * 2.0 ** min(self.faults, MOST_REST)
        self.faults += 1


@dataclass
class Roster:
    """All workers that were seen, by address. Each may be given `ahead` visits more than it has tabs."""

    workers: dict[str, FarmWorker] = field(default_factory=dict)
    ahead: int = 0

    def room(self, now: float) -> int:
        """How many visits at once there is room for; one at least, so that somebody waits for what comes."""
        return max(1, sum(each.tabs + self.ahead for each in self.workers.values() if each.is_usable(now)))

    def choose(self, now: float) -> FarmWorker | None:
        """The worker that has the least to do for its tabs, if any has a place free."""
        free = [each for each in self.workers.values() if each.is_usable(now) and each.busy < each.tabs + self.ahead]
        return min(free, key=lambda each: each.busy / each.tabs, default=None)

    def hear(self, seen: Mapping[str, float], now: float) -> tuple[list[FarmWorker], list[FarmWorker]]:
        """Take in which workers the scheduler has, and when it heard of each; give those that are new, and that are gone."""
        gone = [self.workers.pop(address) for address in list(self.workers) if address not in seen]
        new = [FarmWorker(address, heard_at=now) for address in seen if address not in self.workers]
        self.workers |= {each.address: each for each in new}
        for address, last_seen in seen.items():
            self.workers[address].hear(last_seen, now)
        return new, gone

    def silence(self, now: float, longest_s: float) -> list[FarmWorker]:
        """Mark those that were not heard of for longer than that, and give them."""
        silent = [each for each in self.workers.values() if now - each.heard_at > longest_s]
        for each in silent:
            each.silent = True
        return silent

    def drop(self, address: str) -> None:
        """Forget a worker: it is new when it is seen again."""
        self.workers.pop(address, None)

    def find_poor(self) -> list[FarmWorker]:
        """Those whose captures lack media twice as often as the median of the others, and more than by chance."""
        known = [each for each in self.workers.values() if each.admitted and each.visits >= ENOUGH_VISITS]
        return [each for each in known if not each.refused and is_poor(each, [o for o in known if o is not each])]


def is_poor(worker: FarmWorker, others: Iterable[FarmWorker]) -> bool:
    """Whether a worker's captures lack files more often than others'; without others nothing can be said."""
    rates = [each.lacking / each.visits for each in others]
    if not rates or worker.lacking < ENOUGH_LACKING:
        return False
    return worker.lacking / worker.visits >= POOR * median(rates)


def find_address(said: str) -> str:
    """The address in what a server said of whoever asked: a line `ip=…`, JSON with `ip` or `origin`, or it alone; else ""."""
    text = said.strip()
    named = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    found = named.get("ip", text)
    if text.startswith("{"):
        found = read_json_address(text)
    if is_address(found.strip()):
        return found.strip()
    return ""


def read_json_address(text: str) -> str:
    try:
        told = json.loads(text)
    except ValueError:
        return ""
    return str(told.get("ip") or told.get("origin") or "")


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
