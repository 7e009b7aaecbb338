"""How long something is waited for: a while in any case, and then as long as it gets on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from time import monotonic
from typing import TypeVar

T = TypeVar("T")

MOST_CROWDED = 6.0
"""A machine more crowded than this is waited for no longer: what hangs must end some time."""
_MOMENT_S = 0.1
_LOOKED_UP_S = 0.25


@dataclass
class Patience:
    """A wait that began when this was made. Times are in seconds, moments are of the monotonic clock.

    `least` passes in any case. From then on the wait lasts while `owes()` and something was `heard()` less than `idle`
    ago, and never longer than `most` in all.
    """

    least: float
    idle: float
    most: float
    heard: Callable[[], float]
    owes: Callable[[], bool] = lambda: True
    now: Callable[[], float] = monotonic
    began: float = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.now()

    def left(self) -> float:
        """How many seconds to wait before asking again; 0 or less when there is nothing to wait for."""
        now = self.now()
        waited = now - self.began
        if waited < self.least:
            return min(self.least, self.most) - waited
        if not self.owes():
            return 0.0
        return min(self.idle - (now - (self.heard() or self.began)), self.most - waited)

    async def wait(self, work: Awaitable[T]) -> T:
        """Await something as long as that. Raises TimeoutError, and cancels it, when the patience is at its end."""
        working = asyncio.ensure_future(work)
        try:
            while True:
                await asyncio.wait((working,), timeout=max(self.left(), _MOMENT_S))
                if working.done():
                    return await working
                if self.left() <= 0:
                    raise TimeoutError
        finally:
            working.cancel()


def crowding() -> float:
    """How many programs want each processor, one at least: what takes a second alone may take so many here.

    It is asked for with every call of the browser's, and looked up once in `_LOOKED_UP_S`.
    """
    return _look_up_crowding(int(monotonic() / _LOOKED_UP_S))


@lru_cache(maxsize=1)
def _look_up_crowding(_moment: int) -> float:
    """The load average follows slowly, so the programs that want to run right now are counted too, where that is told."""
    with suppress(AttributeError, OSError):
        wanting = os.getloadavg()[0]
        with suppress(OSError, ValueError, IndexError):  # https://man7.org/linux/man-pages/man5/proc_loadavg.5.html
            wanting = max(wanting, float(Path("/proc/loadavg").read_text().split()[3].partition("/")[0]))
        return min(max(1.0, wanting / (os.cpu_count() or 1)), MOST_CROWDED)
    return 1.0
