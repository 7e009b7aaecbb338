"""What a run is at -> whether it has time for what can wait."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

from embedarchive.run.engine import Row

LEAST_S, SHARE = 2.0, 0.05
"""How much longer a run may get for what could have waited: so many seconds, or this share of what it took."""

Work = Callable[[Row], Coroutine[Any, Any, None]]


@dataclass
class SpareTime:
    """A run has time while its browser waits for a platform's turn, and a little when all is done.

    A run that visits nothing has none: no browser is started for what can wait.
    """

    monotonic: Callable[[], float] = time.monotonic
    _tasks: int = 0
    _visits: int = 0
    _has_visited: bool = False
    _began: float = field(init=False)
    _ended: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self._ended = self.monotonic()

    def counted(self, work: Work) -> Work:
        """The same work, known to be going on from the moment it is asked for."""

        def start(row: Row) -> Coroutine[Any, Any, None]:
            self._tasks += 1
            return do(row)

        async def do(row: Row) -> None:
            try:
                await work(row)
            finally:
                self._tasks -= 1
                self._ended = self.monotonic()

        return start

    @contextlib.contextmanager
    def visiting(self) -> Iterator[None]:
        """The browser is at work."""
        self._visits += 1
        try:
            yield
        finally:
            self._visits -= 1
            self._has_visited = True

    def is_left(self) -> bool:
        """Whether there is time now."""
        if self._visits or not self._has_visited:
            return False
        rested = self.monotonic() - self._ended
        return self._tasks > 0 or rested < max(LEAST_S, SHARE * (self._ended - self._began))
