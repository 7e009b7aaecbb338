"""Seeds of which some are web archives -> the pages in them, searched: file by file, side by side, in the order of the seeds.

Each file is one task: of a child process (`scan_child`), or of a farm's worker (`farm_scan`). Where there is but one file, and
its pages are not kept by reference, it is read here: then its pages are what can be searched side by side. What comes out is
the same, whoever searched; a page that a child dies of costs itself, and a file that cannot be searched to its end is told.
"""

from __future__ import annotations

import json
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol, Self

from embedarchive.core.errors import SourceError
from embedarchive.detect.pool import count_cores
from embedarchive.run.scan_child import ScanChild, ScanOrder, read_end, read_page
from embedarchive.sources.intake import Intake
from embedarchive.sources.seed import Seed
from embedarchive.sources.warcs import read_web_archive

AHEAD = 4
"""Files for each searcher that are searched, or wait for it, while the first is given."""
MOST_SEEDS = 100
"""Seeds that wait for their turn while a file is read: some hold a page."""
MOST_HELD = 32_000_000
"""Bytes of answers of one file that wait to be read; its searcher waits then, too."""


class Searcher(Protocol):
    """Whoever searches a file: a child process, or a worker."""

    def scan(self, order: ScanOrder) -> Iterator[bytes]:
        """The answers of a file, each a line of JSON: one a page, and one of the file; none of that if it was not searched
        to its end."""

    def stop(self) -> None:
        """End it for good, whatever it is at; from any thread."""

    def close(self) -> object:
        """Let go of what it holds."""


class FileTask:
    """A file at work: lines that a searcher puts in and the reader takes out, no more at a time than can be held."""

    def __init__(self, order: ScanOrder) -> None:
        self.order = order
        self._lines: deque[bytes] = deque()
        self._held = 0
        self._ended = self._left = False
        self._changed = threading.Condition()
        self.fault = ""

    def fill(self, lines: Iterator[bytes]) -> None:
        """Take in all lines, as there is room; until nobody wants them any more."""
        try:
            for line in lines:
                with self._changed:
                    self._changed.wait_for(lambda: self._left or self._held < MOST_HELD)
                    if self._left:
                        return
                    self._lines.append(line)
                    self._held += len(line)
                    self._changed.notify_all()
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def leave(self) -> None:
        """Want no more lines."""
        with self._changed:
            self._left = True
            self._changed.notify_all()

    def read(self) -> Iterator[bytes]:
        """Give the lines as they come."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._lines or self._ended)
                if not self._lines:
                    return
                line = self._lines.popleft()
                self._held -= len(line)
                self._changed.notify_all()
            yield line


class FileScan:
    """Searches web archives side by side: by what `find_searchers` gives for the first file, one file each at a time.

    `options` are those of `find_embeds`; with `refer` pages come with their digests and headers, for whoever keeps where they
    stand; with `copy` each is in hand, for whoever keeps it: it is read here as well. With `always` a file is searched so, too,
    that has no other beside it.
    """

    def __init__(
        self,
        find_searchers: Callable[[], Sequence[Searcher]],
        options: Mapping[str, Any],
        *,
        refer: bool = False,
        copy: bool = False,
        always: bool = False,
    ) -> None:
        self._options, self._refer, self._always = options, refer, refer or always
        self._read = read_task
        if copy:
            self._read = pair_pages
        self._find_searchers = find_searchers
        self._searchers: Sequence[Searcher] = ()
        self._waiting: queue.SimpleQueue[FileTask | None] = queue.SimpleQueue()
        self._tasks: deque[FileTask] = deque()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin(self, path: Path) -> FileTask:
        """Have a file searched as soon as a searcher is free."""
        self._searchers = self._searchers or self._find_searchers()
        task = FileTask(ScanOrder(str(path), self._options, self._refer))
        self._tasks.append(task)
        self._waiting.put(task)
        if len(self._threads) < len(self._searchers):
            searcher = self._searchers[len(self._threads)]
            self._threads.append(threading.Thread(target=partial(self._work, searcher), name="scan", daemon=True))
            self._threads[-1].start()
        return task

    def close(self) -> None:
        """Leave what is at work, and end the searchers."""
        for task in self._tasks:
            task.leave()
        for searcher in self._searchers:
            searcher.stop()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        for searcher in self._searchers:
            searcher.close()

    def _work(self, searcher: Searcher) -> None:
        while task := self._waiting.get():
            try:
                task.fill(searcher.scan(task.order))
            except Exception as error:  # whatever it is, the file is told as one that was not searched to its end
                task.fault = f"{type(error).__name__}: {error}"[:300]

    # -------------------------------------------------------------------------------------------------------- in order

    def expand(self, seeds: Iterator[Seed], intake: Intake) -> Iterator[Seed]:
        """Give seeds, the pages of a web archive in the place of the file. Raises SourceError for one that cannot be read."""
        turns = _Turns(seeds)
        while turn := turns.take():
            path = turn.seed.web_archive
            if path is None:
                yield turn.seed
                continue
            files = [turn, *turns.look_ahead(AHEAD * max(1, len(self._searchers)))]
            if len(files) > 1 or self._threads or self._always:
                for each in files:
                    if each.task is None and each.seed.web_archive is not None:
                        each.task = self.begin(each.seed.web_archive)
            if turn.task is None:
                yield from read_web_archive(path, intake)
            else:
                yield from self._read(turn.task, path, intake)
                self._tasks.remove(turn.task)


@dataclass(slots=True)
class _Turn:
    """A seed in its place, and the task that it is, once that is begun."""

    seed: Seed
    task: FileTask | None = None


class _Turns:
    """Seeds one after the other, with a look at the files that come next. What they raise is raised in its turn."""

    def __init__(self, seeds: Iterator[Seed]) -> None:
        self._unread = iter(seeds)
        self._ahead: deque[_Turn] = deque()
        self._fault: SourceError | None = None

    def take(self) -> _Turn | None:
        """The next seed, or None. Raises SourceError."""
        if not self._ahead:
            self._read()
        if self._ahead:
            return self._ahead.popleft()
        if self._fault:
            raise self._fault
        return None

    def look_ahead(self, most: int) -> list[_Turn]:
        """The files that come next, at most so many."""
        files = [each for each in self._ahead if each.seed.web_archive]
        while len(files) < most and len(self._ahead) < MOST_SEEDS and self._read():
            if self._ahead[-1].seed.web_archive:
                files.append(self._ahead[-1])
        return files

    def _read(self) -> bool:
        if self._fault:
            return False
        try:
            seed = next(self._unread, None)
        except SourceError as error:
            self._fault = error
            return False
        if seed is None:
            return False
        self._ahead.append(_Turn(seed))
        return True


def read_task(task: FileTask, path: Path, intake: Intake) -> Iterator[Seed]:
    """Give the pages of a file as they come. Raises SourceError for one that cannot be read."""
    for line in task.read():
        answer = json.loads(line)
        if "fetch" in answer:
            yield read_page(answer)
            continue
        read_end(answer, path, intake)
        return
    intake.skip(str(path), "unsearched", str(path), task.fault)


def pair_pages(task: FileTask, path: Path, intake: Intake) -> Iterator[Seed]:
    """Read the pages of a file here, each with what its searcher found in it, as far as that came.

    Pages do not travel, and what is read here is what counts. Raises SourceError for a file that cannot be read here.
    """
    answers = map(json.loads, task.read())
    for seed in read_web_archive(path, intake):
        answer: dict[str, Any] = next(answers, {})
        if "fetch" not in answer:
            yield seed
            continue
        searched = read_page(answer)
        if name_page(searched) == name_page(seed):
            seed = replace(seed, found=searched.found)
        yield seed
    deque(answers, maxlen=0)  # its searcher goes on to the next file only from the end of this one


def name_page(seed: Seed) -> tuple[object, ...]:
    """What tells a page of a file from another: its address, its time, and where it stands. Pure."""
    assert seed.fetch is not None, "web archives give pages in hand"
    return seed.url, seed.fetch.fetched_at, seed.fetch.outcome, seed.fetch.place and seed.fetch.place.offset


def make_scan(
    farm: str | None,
    options: Mapping[str, Any],
    *,
    refer: bool = False,
    copy: bool = False,
    note: Callable[[str], object] = lambda text: None,
) -> FileScan:
    """Search files in children of this process, one for each core; or, with the address of a farm, by its workers.

    A farm is asked when there is a file; UsageError is then raised for one that has no worker.
    """
    if farm is None:
        return FileScan(lambda: [ScanChild() for _ in range(count_cores())], options, refer=refer, copy=copy)

    def find_searchers() -> Sequence[Searcher]:
        from embedarchive.run.farm_scan import open_farm_searchers

        return open_farm_searchers(farm, note)

    return FileScan(find_searchers, options, refer=refer, copy=copy, always=True)
