"""A command that writes -> one run over an archive, from opening to report, with a stop in two stages.

The archive is opened, prepared and closed in the thread that calls. The run itself has a thread and an event loop of its
own, so that whoever calls may have a loop already, as a notebook has.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, Protocol, TypeVar

from embedarchive.core import clock
from embedarchive.core.errors import ArchiveError, EmbedArchiveError, SigningError, UsageError
from embedarchive.core.version import __version__
from embedarchive.platforms import PLATFORMS
from embedarchive.run.backoff import BackOff
from embedarchive.run.interrupts import Interrupts
from embedarchive.run.ledger import Event, Run
from embedarchive.run.prepare import Emit, Prepare
from embedarchive.run.recovered import read_recovery
from embedarchive.run.report import (
    Ended,
    Report,
    Tally,
    count_left_out,
    read_captured,
    read_newly_gone,
    read_standings,
    say_closed,
    say_hold,
)
from embedarchive.run.services import Services, Settings
from embedarchive.store import Archive
from embedarchive.store.checkpoints import make_checkpoint, read_head
from embedarchive.store.clocks import SET_BACK, ClockWatch, find_newer, read_clocks, say_before, tell_doubt
from embedarchive.store.keyring import Keyring
from embedarchive.store.marks import count_unmarked
from embedarchive.store.sample import count_waiting

T = TypeVar("T")

DEAF_S = 0.5
"""Python runs what handles a signal in its main thread, which a signal does not wake that another thread was given."""

CHECKPOINT_EVERY_S = 3600.0
"""In a run that lasts longer; each run makes one at its end."""

LONGEST_SILENCE_S = 15.0
"""After so many seconds without an event a run says what it waits for."""

PROGRESS = """
SELECT (SELECT count(*) FROM seeds WHERE crawl_id = :crawl) AS articles,
       (SELECT count(*) FROM targets WHERE crawl_id = :crawl AND visited) AS visited,
       (SELECT count(*) FROM targets_to_visit WHERE crawl_id = :crawl) AS waiting,
       (SELECT count(*) FROM targets t JOIN posts p ON p.key = t.post_key LEFT JOIN platforms f ON f.name = p.platform
        WHERE t.crawl_id = :crawl AND p.resolved AND coalesce(f.visitable, 0) = 0
          AND NOT EXISTS (SELECT 1 FROM captures c WHERE c.post_key = p.key)) AS beyond"""


class Watcher(Protocol):
    """Whoever watches a run, as a display does.

    `emit` and `note` are called in the run's thread (`emit` of what was in hand in the caller's), the others in the caller's.
    """

    def begin(self, tally: Tally) -> None:
        """It begins; `tally` is what it did so far, at any time."""

    def emit(self, event: Event) -> None:
        """One thing happened."""

    def note(self, text: str) -> None:
        """Something that the user should know."""

    def end(self, report: Report) -> None:
        """It has ended, and was not broken off by an error."""


def run_session(
    path: Path,
    command: str,
    settings: Settings,
    options: Mapping[str, Any],
    prepare: Prepare,
    watcher: Watcher,
    **choices: Any,
) -> Report:
    """Run one command to its end, leave the summary in the archive, and give the report.

    `choices` are the run's own: `media`, `scope`, `limit`, `fresh_since`, `replay` (see `Run`). SIGINT and SIGTERM let
    what is at work be finished, a second one drops it; then they do what they would have done without us.
    """
    interrupts = Interrupts()
    report: Report | None = None
    try:
        with Archive(path, platforms=PLATFORMS, private=settings.login is not None) as archive:
            report = run_within(archive, command, settings, options, prepare, watcher, interrupts, choices)
    finally:
        if report is not None:  # also where the disk failed as the archive was closed, which is told after it
            watcher.end(report)
    interrupts.pass_on()
    return report


def run_within(
    archive: Archive,
    command: str,
    settings: Settings,
    options: Mapping[str, Any],
    prepare: Prepare,
    watcher: Watcher,
    interrupts: Interrupts,
    choices: Mapping[str, Any],
) -> Report:
    """Run one command over an open archive, and leave the summary in it."""
    tally = Tally()
    emit = make_emit(tally, watcher)
    before = archive.conn.execute("SELECT coalesce(max(id), 0) FROM captures").fetchone()[0]
    newer = find_newer(archive.conn, clock.now())
    crawl_id = archive.start_crawl(command, clock.now(), __version__, options)
    watcher.begin(tally)
    try:
        if newer:
            doubt_clock(archive, crawl_id, say_before(newer), watcher)
        prepare(archive, crawl_id, emit)
        with interrupts.taken():
            ended = run_apart(run_over(archive, crawl_id, settings, choices, tally, watcher, emit, interrupts))
    except BaseException as error:
        with contextlib.suppress(ArchiveError):  # it may be what failed
            finish(archive, crawl_id, "failed" if isinstance(error, Exception) else "interrupted", tally, watcher)
        if isinstance(error, EmbedArchiveError) and error.ends_run and not isinstance(error, UsageError):
            error.add_note(tell_kept(tally))
        raise
    finish(archive, crawl_id, ended, tally, watcher, settings)
    return Report(archive.path, ended, **tally.summary(), kept=read_captured(archive, crawl_id, before))


def make_emit(tally: Tally, watcher: Watcher) -> Emit:
    """What counts an event and tells it on; a hold, and a host that wants to be left alone, are told in full, once."""
    told: set[tuple[str, str]] = set()
    told_hosts: set[str] = set()

    def emit(event: Event) -> None:
        tally.count(event)
        watcher.emit(event)
        held = (event.subject, event.detail)
        if event.what == "hold" and held not in told:
            told.add(held)
            watcher.note(say_hold(*held))
        if event.what == "closed" and event.subject not in told_hosts:
            told_hosts.add(event.subject)
            watcher.note(say_closed(event.subject, event.detail))

    return emit


def run_apart(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in a thread and an event loop of its own, and wait for it.

    Signals are handled between two waits: one that the kernel gave to another thread ends none.
    """
    with ThreadPoolExecutor(1, "run") as thread:
        running = thread.submit(asyncio.run, work)
        while wait((running,), DEAF_S).not_done:
            pass
        return running.result()


async def run_over(
    archive: Archive,
    crawl_id: int,
    settings: Settings,
    choices: Mapping[str, Any],
    tally: Tally,
    watcher: Watcher,
    emit: Emit,
    interrupts: Interrupts,
) -> Ended:
    """Open the edges, run until nothing is due or somebody interrupts, and say how it ended."""
    async with make_services(settings, watcher) as services:
        run = Run(
            archive, services, crawl_id, emit,
            fetchers=settings.concurrency, tabs=settings.tabs, room=services.room, ahead=services.ahead,
            backoff=BackOff(settings.delay), **choices,
        )  # fmt: skip
        reporting = asyncio.ensure_future(report_due(run, services, tally, watcher, emit))
        stop = asyncio.Event()
        running = asyncio.ensure_future(run.run(stop))
        try:
            with interrupts.stopping(stop, running, watcher.note, lambda: services.starting):
                await running
        except asyncio.CancelledError:
            return "interrupted"
        finally:
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)
    if stop.is_set():
        return "interrupted"
    if run.backoff.cooling_down:
        return "kept out"
    return "done"


def make_services(settings: Settings, watcher: Watcher) -> Services:
    """The edges of a run: this machine's, or a farm's."""
    if settings.farm is None:
        return Services(settings)
    from embedarchive.run.farm import FarmServices

    return FarmServices(settings, watcher.note)


def finish(
    archive: Archive, crawl_id: int, ended: str, tally: Tally, watcher: Watcher, settings: Settings | None = None
) -> None:
    """Leave in the archive how a run ended, and what it did."""
    if left := count_left_out(archive, crawl_id):
        tally.skipped["other_platform"] = left
    tally.newly_gone = read_newly_gone(archive, crawl_id)
    tally.due = read_due(archive, crawl_id)
    tally.not_replayed = count_waiting(archive.conn)
    tally.not_marked = count_unmarked(archive.conn)
    tally.standing = read_standings(archive, crawl_id)
    tally.recovery = read_recovery_of(archive, crawl_id)
    tally.log = sign_log(archive, watcher)
    if settings and settings.tsa and tally.log:
        tally.log["stamps"] = stamp_log(archive, settings, watcher)
    archive.finish_crawl(crawl_id, clock.now(), ended, tally.summary())


def read_recovery_of(archive: Archive, crawl_id: int) -> dict[str, Any]:
    """What a run that recovers asked, and what came of it; of any other nothing."""
    query = "SELECT 1 FROM crawls WHERE id = ? AND command = 'recover'"
    recovers = archive.conn.execute(query, (crawl_id,)).fetchone()
    if recovers:
        return read_recovery(archive.conn, crawl_id)
    return {}


def sign_log(archive: Archive, watcher: Watcher) -> dict[str, Any]:
    """Make a checkpoint of the log, and give the newest. Where none can be signed, what was captured is kept all the same."""
    try:
        make_checkpoint(archive, Keyring(), clock.now())
        return read_head(archive.conn)
    except SigningError as error:
        watcher.note(f"{error} All that was captured is kept and logged; the next run signs it too.")
        return {}


def stamp_log(archive: Archive, settings: Settings, watcher: Watcher) -> int:
    """Have the newest checkpoint stamped, and give by how many; where nobody can be asked, a later run asks."""
    from embedarchive.run.stamping import stamp_newest  # which reads certificates, as few runs do

    try:
        return run_apart(stamp_newest(archive, settings, watcher.note))
    except ArchiveError:
        raise
    except EmbedArchiveError as error:
        watcher.note(f"The checkpoint was not stamped: {error}")
        return 0


def tell_kept(tally: Tally) -> str:
    """What a run that was cut short leaves behind, in a sentence or two."""
    kept = f"Kept in this run: {tally.articles['ok']} articles and {tally.visits} visits to posts."
    waiting = f" Posts that wait for a visit: {tally.waiting}; the same command goes on with them."
    return kept + (waiting if tally.waiting else "")


async def report_due(run: Run, services: Services, tally: Tally, watcher: Watcher, emit: Emit) -> None:
    """Count twice a second how much the run is about, as the archive has it, say what it waits for, look at the clock."""
    watch, signed = ClockWatch(), time.monotonic()
    while True:
        if time.monotonic() - signed > CHECKPOINT_EVERY_S:
            signed = time.monotonic()
            await run.keep(sign_log, run.archive, watcher)
        if watch.is_set_back(*read_clocks()) and not run.archive.doubts_clock:
            await run.keep(doubt_clock, run.archive, run.crawl_id, SET_BACK, watcher)
        tally.due = await run.keep(read_due, run.archive, run.crawl_id)
        tally.waits_for, tally.waited_s = run.at_work.find_oldest(starting=services.starting)
        if tally.quiet_s > LONGEST_SILENCE_S and tally.waits_for:
            emit(Event("waiting", tally.waits_for, "", f"{tally.waited_s:.0f} s"))
        await asyncio.sleep(0.5)


def doubt_clock(archive: Archive, crawl_id: int, why: str, watcher: Watcher) -> None:
    """Believe no time of this run any more, and say so."""
    archive.doubt_clock(crawl_id, why)
    watcher.note(tell_doubt(clock.now(), why))


def read_due(archive: Archive, crawl_id: int) -> dict[str, int]:
    return dict(archive.conn.execute(PROGRESS, {"crawl": crawl_id}).fetchone())
