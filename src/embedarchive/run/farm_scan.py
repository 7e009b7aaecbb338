"""Web archives -> a farm's workers, one file each at a time, and back: what `--farm` is to a search of whole files.

A worker reads the file where it stands, by the same path, as on a disk that all machines share, and answers as a child of this
machine would: children of its own do the work. No browser is started for that.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
import time
import zlib
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, TypeVar

from distributed import Client

from embedarchive.core.errors import EmbedArchiveError, UsageError
from embedarchive.core.shell import say_command
from embedarchive.run import farm_worker
from embedarchive.run.farm import ANSWER_S, WorkerLost, connect, find_workers
from embedarchive.run.scan_child import ScanOrder

T = TypeVar("T")

ATTEMPTS = 3
"""Workers that a file is given to, one after the other, before it counts as one that was not searched."""
LOOK_S = 2.0
SILENCE_S = 30.0
"""A worker that gave no sign of life for so long is given up."""


def open_farm_searchers(address: str, note: Callable[[str], object]) -> Sequence[FarmSearcher]:
    """One searcher for each place at a worker of the farm. Raises UsageError for one that has none."""
    farm = _Farm(address, note)
    try:
        places = farm.call(farm.open())
    except Exception as error:
        farm.leave()
        if isinstance(error, EmbedArchiveError):
            raise
        raise UsageError(f"No farm can be reached at {address} ({type(error).__name__}). Nothing was done.") from error
    return [FarmSearcher(farm) for _ in range(places)]


class FarmSearcher:
    """Has files searched by whichever worker is free (see `scanning.Searcher`)."""

    def __init__(self, farm: _Farm) -> None:
        self._farm = farm

    def scan(self, order: ScanOrder) -> Iterator[bytes]:
        """The answers of a file; by another worker where one was lost or cannot read it. Raises WorkerLost if none is left."""
        order = replace(order, path=str(Path(order.path).absolute()))
        lines = list[bytes]()
        for _ in range(ATTEMPTS):
            address = self._farm.take_place()
            try:
                lines = self._farm.call(self._farm.ask(address, order))
            except WorkerLost as error:
                self._farm.drop(address, str(error))
                continue
            self._farm.places.put(address)
            if not lines or not lines[0].startswith(b'{"unreadable"'):
                break
        yield from lines

    def stop(self) -> None:
        """Leave the farm, whatever is at work there; a file that a worker is at is searched in vain."""
        self._farm.leave()

    close = stop


class _Farm:
    """A client of a farm's scheduler in a thread and an event loop of its own."""

    def __init__(self, address: str, note: Callable[[str], object]) -> None:
        self.places: queue.SimpleQueue[str] = queue.SimpleQueue()
        """Addresses of workers that are free, each as often as it has tabs."""
        self._address, self._note = address, note
        self._lost: set[str] = set()
        self._there: set[str] = set()
        self._client: Client | None = None
        self._calls: set[Future[Any]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="farm", daemon=True)
        self._thread.start()
        self._quiet = contextlib.ExitStack()
        self._quiet.enter_context(farm_worker.quieten())
        self._left = False

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something in the farm's loop, and wait for it. Raises WorkerLost once it was left."""
        if self._left:
            work.close()
            raise WorkerLost("the search was ended")
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        self._calls.add(future)
        try:
            return future.result()
        finally:
            self._calls.discard(future)

    def leave(self) -> None:
        """Part with the farm; whoever waits for it is told."""
        if self._left:
            return
        self._left = True
        for future in list(self._calls):
            future.cancel()
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(ANSWER_S)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._quiet.close()
        self.places.put("")

    async def _close(self) -> None:
        if self._client:
            await self._client.close()

    async def open(self) -> int:
        """Connect, and give how many files the workers that are as we are can search at once. Raises UsageError if none."""
        self._client = await connect(self._address, SILENCE_S)
        mine, refused, places = farm_worker.read_identity(), list[str](), 0
        for address in await find_workers(self._client):
            try:
                async with asyncio.timeout(ANSWER_S):
                    states = await self._client.run(farm_worker.say_state, workers=[address])
                state = states[address]
                mend = mine.find_mend(state.identity)
            except Exception as error:
                mend, state = f"it is no worker of ours, or hangs ({type(error).__name__}). {mine.mend_line}", None
            if mend or state is None:
                refused.append(f"Worker {address} gets no work: {mend}")
                continue
            places += state.tabs
            self._there.add(address)
            for _ in range(state.tabs):
                self.places.put(address)
        for each in refused:
            self._note(each)
        if not places:
            start = say_command("embedarchive", "farm", "worker", self._address)
            raise UsageError(f"The farm at {self._address} has no worker that can be given work. Start one: {start}")
        return places

    def take_place(self) -> str:
        """The address of a worker that is free; waited for. Raises WorkerLost where all are lost."""
        while self._there - self._lost and not self._left:
            address = self.places.get()
            if address and address not in self._lost:
                return address
        self.places.put("")  # so that others who wait look, too
        raise WorkerLost("the farm has no worker any more")

    def drop(self, address: str, why: str) -> None:
        """Give a worker no more work."""
        if address not in self._lost and not self._left:
            self._lost.add(address)
            self._note(f"Worker {address} gets no more files: {why}")
        self.places.put("")

    async def ask(self, address: str, order: ScanOrder) -> list[bytes]:
        """The answers of a worker about a file. Raises WorkerLost when it gives no more sign of life, or fails by itself."""
        assert self._client is not None, "it was opened"
        call = asyncio.ensure_future(self._client.run(farm_worker.scan, asdict(order), workers=[address]))
        seen, heard = 0.0, time.monotonic()
        try:
            while not (await asyncio.wait({call}, timeout=LOOK_S))[0]:
                async with asyncio.timeout(SILENCE_S):
                    last = (await find_workers(self._client)).get(address)
                if last is not None and last != seen:
                    seen, heard = last, time.monotonic()
                if last is None or time.monotonic() - heard > SILENCE_S:
                    raise WorkerLost("it gave no sign of life")
            packed: bytes = call.result()[address]
            return zlib.decompress(packed).splitlines()
        except (OSError, KeyError, TimeoutError, EmbedArchiveError) as error:
            raise WorkerLost(str(error)[:300] or type(error).__name__) from error
        finally:
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
