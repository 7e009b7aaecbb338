"""Signals in the main thread -> a stop in two stages of the run in its own thread, and then on to whoever was there before.

Python delivers signals to the main thread only. A run that was called from another takes none, and a program that embeds
it keeps its own ways to end.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupts:
    """The signals that came while a run went on."""

    def __init__(self) -> None:
        self.received: list[int] = []
        self._tell: Callable[[], object] | None = None

    @contextlib.contextmanager
    def taken(self) -> Iterator[None]:
        """Take the signals in the thread that waits for the run, if it is the main one."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._receive) for number in SIGNALS}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler or signal.SIG_DFL)  # None: it was not set by Python

    def _receive(self, number: int, frame: FrameType | None) -> None:
        self.received.append(number)
        if tell := self._tell:
            with contextlib.suppress(RuntimeError):  # the loop closed at this moment: there is nothing left to stop
                tell()

    @contextlib.contextmanager
    def stopping(
        self,
        stop: asyncio.Event,
        running: asyncio.Future[None],
        note: Callable[[str], None],
        waits: Callable[[], bool],
    ) -> Iterator[None]:
        """In the run's thread: let the first signal set `stop`, and the second cancel `running`.

        While `waits()` says that nothing is at work that could be finished, the first does.
        """

        def interrupt() -> None:
            if stop.is_set() or waits():
                running.cancel()
                return
            note("Finishing what is at work. Interrupt again to drop it; all that is kept stays kept.")
            stop.set()

        loop = asyncio.get_running_loop()
        self._tell = lambda: loop.call_soon_threadsafe(interrupt)
        for _ in tuple(self.received):  # they came before the loop turned
            interrupt()
        try:
            yield
        finally:
            self._tell = None

    def pass_on(self) -> None:
        """Let the signal do what it would have done without us: raise KeyboardInterrupt, or end the process."""
        for number in self.received[:1]:
            signal.raise_signal(number)
