"""What a run is at -> whether it has time for what can wait."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from embedarchive.run.engine import Row

Work = Callable[[Row], Coroutine[Any, Any, None]]


@dataclass
class SpareTime:
    """Knows what a run has at work. One that visits nothing has no time: no browser is started for what can wait."""

    _tasks: int = 0
    _waiting: int = 0
    _visits: int = 0
    _has_visited: bool = False

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

        return start

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """A visit waits until its platform may be visited again."""
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    @contextlib.contextmanager
    def visiting(self) -> Iterator[None]:
        """The browser is at work."""
        self._visits += 1
        try:
            yield
        finally:
            self._visits -= 1
            self._has_visited = True

    @property
    def while_visits_wait(self) -> bool:
        """Whether the browser rests because every visit waits."""
        return self._has_visited and self._waiting > 0 and self._visits == 0

    @property
    def at_the_end(self) -> bool:
        """Whether all is done that could not wait."""
        return self._has_visited and self._tasks == 0
