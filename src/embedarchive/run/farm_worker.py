"""A machine of a farm -> captures, articles and replays for whoever runs the farm: one door and warm browsers, nothing kept.

It is a plugin of a Dask worker (https://distributed.dask.org/en/stable/plugins.html). What a run asks of it are the
functions below; they travel by name, and platforms do too: each side has its own, and both must be the same.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import re
import socket
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import Any

import dask.config
from distributed import Scheduler, Worker, WorkerPlugin

from embedarchive.browser.find import ask_version, find_browser
from embedarchive.browser.limits import VisitLimits
from embedarchive.browser.watch import resident_mb
from embedarchive.core import clock
from embedarchive.core.errors import BrowserCrashed, BrowserMissing, EmbedArchiveError, UsageError
from embedarchive.core.model import Capture, Post, Rendering
from embedarchive.core.shell import say_command
from embedarchive.core.version import __version__
from embedarchive.detect import FINDER_RULES
from embedarchive.fetch import FetchLimits
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import Frame
from embedarchive.replay import Replayable, Shown
from embedarchive.run.farm_tls import make_security
from embedarchive.run.roster import WorkerIdentity, find_address
from embedarchive.run.scan_child import ScanChild, ScanOrder
from embedarchive.run.services import Services, Settings

PLUGIN = "embedarchive"
JOIN_S = 30.0
"""A scheduler that does not answer for so long is said to be missing; it is asked again."""
ADDRESS_LIMITS = FetchLimits(total_s=20.0, idle_s=10.0, max_bytes=4_000)
ADDRESS_EVERY_S = 3600.0

LATE_S = 5.0
"""A visit that was asked for longer ago and has not begun is none any more: its turn at the platform passes to another."""

QUIET = {
    "distributed.worker.http.routes": [],
    "distributed.scheduler.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.reuse-broadcast-comm": True,
}
"""Dask's settings in our processes: no page of its own is served, and connections are used again."""

SHOWN = {"distributed.scheduler.http.routes": dask.config.get("distributed.scheduler.http.routes")}
"""With a dashboard: the pages that Dask's scheduler has by itself."""


def quieten() -> dask.config.set:
    """Dask as we use it, until the end of a `with`; what happens on a farm is ours to say, so its own loggers are silent."""
    for name in ("distributed", *filter(re.compile("distributed|tornado").match, logging.root.manager.loggerDict)):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    return dask.config.set(QUIET)


@dataclass(frozen=True, slots=True)
class WorkerState:
    """What a worker says of itself.

    `load` is programs a processor, `address` what others see it come from, if asked; `clock_s` is its clock as it answers.
    """

    name: str
    tabs: int
    identity: WorkerIdentity
    load: float
    address: str
    visits: int
    walls: int
    since: str
    resident_mb: int
    clock_s: float


def read_identity(settings: Settings | None = None) -> WorkerIdentity:
    """What this process would capture by; without `settings` no browser is asked for its version."""
    rules = {p.name: p.visit.rules for p in PLATFORMS if p.visit}
    digest = hashlib.sha256(json.dumps([FINDER_RULES, rules], sort_keys=True).encode()).hexdigest()[:16]
    browser = ""
    if settings:
        browser = read_version(settings)
    return WorkerIdentity(__version__, digest, browser, version("playwright"))


def read_version(settings: Settings) -> str:
    """The version of the browser that this machine would show posts by; "" where there is none."""
    try:
        return ask_version(find_browser(settings.browser_path, settings.environ))
    except BrowserMissing:
        return ""


def read_load() -> float:
    """How many programs want each processor."""
    try:
        return round(os.getloadavg()[0] / (os.cpu_count() or 1), 2)
    except OSError:
        return 0.0


class VisitLate(EmbedArchiveError):
    """A visit could not begin before another may have begun; it was not made."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A visit's turn at its platform: asked for at `asked_s`, by the worker's clock.

    Whoever gave it is told under `topic`, by its `number`, that the platform was asked; with `spaced`, others wait for that.
    """

    asked_s: float
    topic: str
    number: int
    spaced: bool

    def check(self) -> None:
        """Raise VisitLate where it has passed, as after a stop."""
        late_s = time.time() - self.asked_s
        if late_s > LATE_S:
            raise VisitLate(f"asked for {late_s:.1f} s ago")


class FarmHand(WorkerPlugin):
    """What a worker of ours has that Dask's own has not. `ask_address` says where to ask for one's own address, if at all."""

    name = PLUGIN

    def __init__(self, settings: Settings, label: str, ask_address: str = "") -> None:
        self.settings, self.label, self.ask_address = settings, label, ask_address
        self.identity = read_identity(settings)
        self.address = ""
        self.visits = self.walls = 0
        self.since = clock.now()
        self._stack = contextlib.AsyncExitStack()
        self._opening = asyncio.Lock()
        self._services: dict[VisitLimits, Services] = {}
        self._asked = -ADDRESS_EVERY_S
        self._scanning = set[ScanChild]()
        self._idle = list[ScanChild]()

    async def close(self) -> None:
        """Close the browsers and the door, and end what searches files."""
        for child in (*self._scanning, *self._idle):
            child.stop()
        await self._stack.aclose()

    def scan(self, order: ScanOrder) -> bytes:
        """Search a file in a child of this process, which is kept for the next. To be called from any thread."""
        try:
            child = self._idle.pop()
        except IndexError:
            child = ScanChild()
        self._scanning.add(child)
        try:
            return zlib.compress(b"\n".join(child.scan(order)), 1)
        finally:
            self._scanning.discard(child)
            self._idle.append(child)

    async def open_services(self, limits: VisitLimits) -> Services:
        """The edges by which posts are visited within these limits: one browser for each that runs ask for."""
        async with self._opening:
            if limits not in self._services:
                services = Services(replace(self.settings, limits=limits))
                self._services[limits] = await self._stack.enter_async_context(services)
            await self._learn_address(self._services[limits])
        return self._services[limits]

    async def _learn_address(self, services: Services) -> None:
        """Ask, once an hour, what address others see this machine come from."""
        now = asyncio.get_running_loop().time()
        if self.ask_address and now - self._asked > ADDRESS_EVERY_S:
            self._asked = now
            client = await services.open_client()
            told = await client.fetcher.fetch(self.ask_address, limits=ADDRESS_LIMITS)
            self.address = find_address(told.body.decode("utf-8", "replace")) if told.outcome == "ok" else ""

    def say_state(self) -> WorkerState:
        """What it is and did."""
        return WorkerState(
            self.label, self.settings.tabs, self.identity, read_load(), self.address, self.visits, self.walls, self.since,
            resident_mb(os.getpid()) or 0, time.time(),
        )  # fmt: skip

    def sign(self, capture: Capture) -> Capture:
        """The capture, which says who made it and what state that was in."""
        self.visits += 1
        self.walls += capture.verdict.outcome == "blocked"
        worker = {"name": self.label, "load": read_load()} | ({"address": self.address} if self.address else {})
        return replace(capture, environment={**capture.environment, "worker": worker})


def find_hand(worker: Worker) -> FarmHand:
    """Our part of a Dask worker. Raises UsageError for one that was started by Dask's own command."""
    hand = worker.plugins.get(PLUGIN)
    if not isinstance(hand, FarmHand):
        raise UsageError("it was not started by: embedarchive farm worker")
    return hand


# ------------------------------------------------------------------------------------- what a run asks, by these names


async def say_state(dask_worker: Worker) -> WorkerState:
    """Say what a worker is. Raises UsageError for one that is not ours."""
    return find_hand(dask_worker).say_state()


async def warm_up(limits: VisitLimits, dask_worker: Worker) -> None:
    """Start the browser, so that no visit has to wait for it. Raises BrowserMissing."""
    services = await find_hand(dask_worker).open_services(limits)
    await services.open_browser()


async def capture(post: Post, media: bool, limits: VisitLimits, turn: Turn, dask_worker: Worker) -> Capture:
    """Visit a post at its turn, which is good for one visit: where the browser crashed, the next is another worker's.

    Raises VisitLate where the turn has passed before the visit could begin, and what `Services.visit` does.
    """
    hand = find_hand(dask_worker)
    turn.check()
    begun, asked = asyncio.Event(), asyncio.Event()

    async def take() -> None:
        if turn.spaced:
            if begun.is_set():
                raise BrowserCrashed("its turn was for one visit")
            turn.check()
        begun.set()

    def pass_on() -> None:
        if not asked.is_set():
            asked.set()
            dask_worker.log_event(turn.topic, turn.number)

    services = await hand.open_services(limits)
    return hand.sign(await services.visit(post, BY_NAME[post.platform], media=media, ready=take, asked=pass_on))


async def render(url: str, posts: Sequence[Post], limits: VisitLimits, dask_worker: Worker) -> Rendering:
    """Open an article, whose host the run has made sure is ready for it. Raises what `Services.read_article` does."""
    hand = find_hand(dask_worker)
    services = await hand.open_services(limits)
    rendering = await services.read_article(url, posts)
    return replace(rendering, captures=tuple(map(hand.sign, rendering.captures)))


async def scan(order: Mapping[str, Any], dask_worker: Worker) -> bytes:
    """Search a web archive that this machine can read; the answers of `ScanChild.scan`, a line each, packed by zlib."""
    return await asyncio.to_thread(find_hand(dask_worker).scan, ScanOrder(**order))


async def show(parts: Mapping[str, Any], frame: Frame, limits: VisitLimits, dask_worker: Worker) -> Shown:
    """Show a capture again; `parts` are those of a `Replayable` without the platform's rules."""
    services = await find_hand(dask_worker).open_services(limits)
    visit = BY_NAME[parts["post"].platform].visit
    assert visit is not None, "only captures of visitable platforms are shown"
    return await services.show(Replayable(visit=replace(visit, frame=frame), **parts))


# ------------------------------------------------------------------------------------------------- a machine's process


async def serve_farm(scheduler: str, hand: FarmHand, tell: Callable[[str], None]) -> None:
    """Work for whoever asks through that scheduler, until cancelled; join again whenever the connection breaks."""
    told = ""
    with quieten():
        try:
            while True:
                worker = Worker(
                    scheduler, nthreads=hand.settings.tabs, plugins=(hand,), memory_limit=0, death_timeout=JOIN_S,
                    security=make_security(scheduler, "worker"), dashboard_address="127.0.0.1:0",
                )  # fmt: skip
                try:
                    async with worker:
                        tell(f"{hand.label} works for {scheduler}, {hand.settings.tabs} posts at once.")
                        told = ""
                        await worker.finished()
                    tell(f"The connection to {scheduler} ended; joining again.")
                except (OSError, RuntimeError, ValueError) as error:
                    said = f"No scheduler can be joined at {scheduler} ({type(error).__name__}). It is tried again."
                    if said != told:
                        tell(said)
                    told = said
                await asyncio.sleep(1.0)
        finally:
            await hand.close()


def name_machine() -> str:
    return socket.gethostname()


async def serve_scheduler(address: str, *, dashboard: bool, tell: Callable[[str], None]) -> None:
    """Be a Dask scheduler at that address until cancelled; its dashboard is for this machine only, and off unless asked for.

    Raises UsageError for an address that cannot be listened at.
    """
    page = "127.0.0.1:0"
    if dashboard:
        page = "127.0.0.1:8787"
    with quieten(), dask.config.set(SHOWN if dashboard else {}):
        protocol, _, place = address.partition("://")
        host, _, port = place.rpartition(":")
        try:
            scheduler = Scheduler(
                host=host,
                port=int(port),
                protocol=protocol,
                security=make_security(address, "scheduler"),
                dashboard=dashboard,
                dashboard_address=page,
            )
            async with scheduler:
                start = say_command("embedarchive", "farm", "worker", scheduler.address)
                tell(f"The farm's scheduler is at {scheduler.address}. Workers: {start}")
                await scheduler.finished()
        except (OSError, TypeError, ValueError, RuntimeError) as error:
            raise UsageError(f"{address} cannot be listened at: {error}. Nothing was done.") from error
