"""A command that writes -> one run over an archive, from opening to summary, with a two-stage stop."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

from embedarchive.core import clock
from embedarchive.core.version import __version__
from embedarchive.platforms import PLATFORMS
from embedarchive.run.backoff import BackOff
from embedarchive.run.ledger import Event, Run
from embedarchive.run.services import Services, Settings
from embedarchive.store import Archive

PROGRESS = """
SELECT (SELECT count(*) FROM seeds WHERE crawl_id = :crawl) AS articles,
       (SELECT count(*) FROM targets WHERE crawl_id = :crawl AND visited) AS visited,
       (SELECT count(*) FROM targets_to_visit WHERE crawl_id = :crawl) AS waiting,
       (SELECT count(*) FROM targets t JOIN posts p ON p.key = t.post_key LEFT JOIN platforms f ON f.name = p.platform
        WHERE t.crawl_id = :crawl AND p.resolved AND coalesce(f.visitable, 0) = 0
          AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.post_key = p.key)) AS beyond"""

Prepare = Callable[[Archive, int], None]
"""Puts into the archive what a run is about: seeds, targets."""


class Watcher(Protocol):
    """Whoever watches a run: gets its events, its totals, and notes for the user."""

    def emit(self, event: Event) -> None: ...
    def note(self, text: str) -> None: ...
    def set_due(self, due: Mapping[str, int]) -> None: ...
    def summary(self) -> dict[str, Any]: ...


async def run_session(
    path: Path,
    command: str,
    settings: Settings,
    options: Mapping[str, Any],
    prepare: Prepare,
    watcher: Watcher,
    **choices: Any,
) -> str:
    """Run one command to its end; give `done`, `interrupted` or `kept out`, and leave the summary in the archive.

    `choices` are the run's own: `media`, `scope`, `limit`, `fresh_since` (see `Run`).
    """
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id = archive.start_crawl(command, clock.now(), __version__, options)
        ended = "failed"
        try:
            prepare(archive, crawl_id)
            async with Services(settings) as services:
                run = Run(
                    archive, services, crawl_id, watcher.emit,
                    fetchers=settings.concurrency, tabs=settings.tabs, backoff=BackOff(settings.delay), **choices,
                )  # fmt: skip
                ended = await run_stoppable(run, watcher)
        finally:
            watcher.set_due(read_due(archive, crawl_id))
            archive.finish_crawl(crawl_id, clock.now(), ended, watcher.summary())
    return ended


async def run_stoppable(run: Run, watcher: Watcher) -> str:
    """Run until nothing is due; on the first interrupt finish what is at work, on the second drop it."""
    stop = asyncio.Event()
    running = asyncio.ensure_future(run.run(stop))
    reporting = asyncio.ensure_future(report_due(run, watcher))
    with two_stage_stop(stop, running, watcher):
        try:
            await running
        except asyncio.CancelledError:
            return "interrupted"
        finally:
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)
    if stop.is_set():
        return "interrupted"
    return "kept out" if run.backoff.cooling_down else "done"


@contextlib.contextmanager
def two_stage_stop(stop: asyncio.Event, running: asyncio.Future[None], watcher: Watcher) -> Iterator[None]:
    """Take SIGINT and SIGTERM while a run goes on."""

    def interrupt() -> None:
        if stop.is_set():
            running.cancel()
            return
        watcher.note("Finishing what is at work. Interrupt again to drop it; all that is kept stays kept.")
        stop.set()

    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, interrupt)
    try:
        yield
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


async def report_due(run: Run, watcher: Watcher) -> None:
    """Tell the watcher twice a second how much the run is about, as the archive has it."""
    while True:
        watcher.set_due(await run.keep(read_due, run.archive, run.crawl_id))
        await asyncio.sleep(0.5)


def read_due(archive: Archive, crawl_id: int) -> dict[str, int]:
    return dict(archive.conn.execute(PROGRESS, {"crawl": crawl_id}).fetchone())
