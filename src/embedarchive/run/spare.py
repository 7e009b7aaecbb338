"""What a run is at -> whether it has time for what can wait."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from embedarchive.run.engine import Row

Work = Callable[[Row], Coroutine[Any, Any, None]]

MOST_MARKED = 3_000
"""Captures whose pictures are marked in one run, the newest first: of an older archive, some minutes' worth."""

MOST_MARKED_AT_THE_END = 50
"""Captures whose pictures a run marks before it ends, if its own are no more: four seconds, where its visits left no time for
it, and each is found by its picture at once. A run of hundreds that never had to wait is over at once, and says how many
are left to the next."""


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


@dataclass
class Marking:
    """Whether it is the time to mark pictures, the newest first: while no visit has to wait for it, some at the end, and in a
    run that `visits_nothing` at once. It asks no archive: it is told what the run keeps and marks.
    """

    spare: SpareTime
    visits_nothing: bool = False
    _kept: int = 0
    _marked: int = 0
    _at_the_end: int = 0

    def note_kept(self) -> None:
        """A capture was made, which may have pictures."""
        self._kept += 1

    def note_marked(self) -> None:
        """A capture's pictures are about to be marked."""
        self._marked += 1
        self._at_the_end += self.spare.at_the_end

    @property
    def is_due(self) -> bool:
        """Whether another capture is to be marked now."""
        if self.visits_nothing or self.spare.while_visits_wait:
            return self._marked < MOST_MARKED
        return self.spare.at_the_end and self._are_few

    @property
    def _are_few(self) -> bool:
        """Whether what this run left is so little that all of it is marked."""
        return self._kept - self._marked <= MOST_MARKED_AT_THE_END > self._at_the_end
