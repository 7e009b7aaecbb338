"""How visits ended -> how many at once: fewer as soon as many run out of time, one more when none does. Pure.

The rule that keeps the internet usable (additive increase, multiplicative decrease), with visits for packets: whether it
is a server, the line or this machine that has too much to do, fewer at once is what helps. Visits that were on their way
when the number fell say nothing of the new one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from embedarchive.core.model import Capture

_WINDOW = 4
"""Visits that are looked at together, at least; twice as many as there are tabs."""
_OUT_OF_TIME = frozenset({"timeout", "hung", "late", "browser_crashed"})


@dataclass(frozen=True, slots=True)
class Pace:
    """How many visits at once, `tabs` of `most`. `window` counts the changes; a visit belongs to the one it began in."""

    most: int
    tabs: int
    window: int = 0
    ended: int = 0
    late: int = 0

    def after(self, window: int, *, out_of_time: bool) -> Pace:
        """The pace when a visit has ended that began in that window."""
        if window != self.window:
            return self
        ended, late, enough = self.ended + 1, self.late + out_of_time, max(_WINDOW, 2 * self.tabs)
        if 2 * late >= enough:
            return self._turn_to(max(1, self.tabs // 2))
        if ended < enough:
            return replace(self, ended=ended, late=late)
        return self._turn_to(self.tabs if late else min(self.most, self.tabs + 1))

    def within(self, most: int) -> Pace:
        """The pace where there is room for `most` visits now, as on a farm that machines join and leave."""
        if most == self.most:
            return self
        at_most = self.tabs == self.most and not self.late
        return Pace(most, most if at_most else min(self.tabs, most), self.window + 1)

    def _turn_to(self, tabs: int) -> Pace:
        return Pace(self.most, tabs, self.window + 1)


def ran_out_of_time(capture: Capture) -> bool:
    """Whether a visit, or a file that it was to bring, took longer than it was given."""
    return capture.verdict.reason in _OUT_OF_TIME or any(": timeout" in line for line in capture.missing)
