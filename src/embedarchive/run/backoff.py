"""What platforms answered -> how long to leave each alone. A block page is met with a longer wait, never with more requests."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from embedarchive.core.model import Verdict

FIRST_WAIT_S, GROWTH = 20.0, 3.0  # between visits to a platform that has put up a wall
LONGEST_WAIT_IN_RUN_S = 90.0  # a platform that wants more rest than this gets the rest of the run
SILENCES_BEFORE_COOL_DOWN = 10  # visits in a row that gave no answer at all
POST_WAIT_S, LONGEST_POST_WAIT_S = 15 * 60.0, 24 * 3600.0  # before a post that fell through is due again


@dataclass
class BackOff:
    """Keeps, per platform, when it may next be visited, and how many visits in a row met a wall or silence.

    A platform that keeps us out three times in a row, asks for a long wait, or stays silent ten times rests for the
    remainder of the run: its posts stay due. `delay` is the least time in seconds between two visits to one platform.
    """

    delay: float = 0.0
    monotonic: Callable[[], float] = time.monotonic
    _next: dict[str, float] = field(default_factory=dict)
    _turns: defaultdict[str, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _blocks: dict[str, int] = field(default_factory=dict)
    _silences: dict[str, int] = field(default_factory=dict)
    _cooling_down: set[str] = field(default_factory=set)

    async def turn(self, platform: str) -> None:
        """Wait until this platform may be visited again, and take the turn: one after the other, as they came.

        The time counts from when the turn before was really taken, however late a busy machine let it.
        """
        async with self.hold(platform):
            pass

    @contextlib.asynccontextmanager
    async def hold(self, platform: str) -> AsyncIterator[None]:
        """The same, for as long as a `with`: the time until the next turn counts from its end."""
        async with self._turns[platform]:
            # A wall may put it off meanwhile, so that there is no one time to wake at.
            while (wait := self._next.get(platform, 0.0) - self.monotonic()) > 0:  # noqa: ASYNC110
                await asyncio.sleep(wait)
            try:
                yield
            finally:
                self._next[platform] = max(self._next.get(platform, 0.0), self.monotonic() + self.delay)

    def learn(self, platform: str, verdict: Verdict, retry_after_s: float | None) -> float:
        """Take in one visit's verdict; give how many seconds that post should wait if it fell through."""
        blocks = self._blocks[platform] = self._blocks.get(platform, 0) + 1 if verdict.outcome == "blocked" else 0
        silences = self._silences[platform] = self._silences.get(platform, 0) + 1 if verdict.outcome == "error" else 0
        if not blocks:
            if silences >= SILENCES_BEFORE_COOL_DOWN:
                self._cooling_down.add(platform)
            return POST_WAIT_S
        if retry_after_s is not None:
            wait = retry_after_s
        else:
            wait = FIRST_WAIT_S * GROWTH ** (blocks - 1)
        if wait > LONGEST_WAIT_IN_RUN_S:
            self._cooling_down.add(platform)
        in_run = min(wait, LONGEST_WAIT_IN_RUN_S)
        self._next[platform] = max(self._next.get(platform, 0.0), self.monotonic() + in_run)
        return min(max(wait, POST_WAIT_S), LONGEST_POST_WAIT_S)

    def rest(self, platform: str) -> None:
        """Leave a platform alone for the remainder of the run."""
        self._cooling_down.add(platform)

    @property
    def cooling_down(self) -> frozenset[str]:
        return frozenset(self._cooling_down)

    def resting_json(self) -> str:
        return json.dumps(sorted(self._cooling_down))
