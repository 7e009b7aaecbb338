"""What a run asks of a browser -> a farm's workers, and back: the transport of `--farm`, and nothing else.

The run itself is as ever: this machine alone writes, keeps each host's gate, the budgets and the controls, and knows what
is due. A worker keeps nothing; what it brings is acknowledged when it is in the archive.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import count
from typing import Any, Self
from uuid import uuid4

from distributed import Client

from embedarchive.browser.pool import fail_visit
from embedarchive.core import clock
from embedarchive.core.completeness import Lack, read_reasons
from embedarchive.core.errors import BrowserError, BrowserMissing, EmbedArchiveError, UsageError
from embedarchive.core.model import Capture, Post, Rendering
from embedarchive.core.shell import say_command
from embedarchive.platforms.kit.specification import Platform
from embedarchive.replay import Replayable, Shown
from embedarchive.run import farm_worker
from embedarchive.run.farm_tls import make_security
from embedarchive.run.roster import FarmWorker, Roster, WorkerIdentity
from embedarchive.run.services import Services, Settings

ANSWER_S = 15.0
"""A worker that has not said by then how it is, hangs."""

ATTEMPTS = 2
"""Workers that a post is given to, one after the other, before its visit counts as one that failed."""

ASKING_S = 5.0
"""A visit that has begun asks its platform within that time."""

MOST_LATE = 5
"""Times that a visit may have come too late to its worker, which is nobody's fault."""


@dataclass(frozen=True, slots=True)
class FarmLimits:
    """Seconds that a farm is given.

    `look_s` passes between two looks at who is there; a worker that is silent for `silence_s` is given up, and a visit that
    lasts `visit_s`. One that failed by itself rests for `rest_s`, longer each time in a row. A new one may take `warm_s` to
    start its browser; a farm that has no worker to give work to is waited for as long as `patience_s`.
    """

    look_s: float = 2.0
    silence_s: float = 30.0
    visit_s: float = 3600.0
    rest_s: float = 60.0
    warm_s: float = 180.0
    patience_s: float = 180.0


class WorkerLost(BrowserError):
    """A worker did not bring what it was asked for, by no fault of the post's."""


class FarmServices(Services):
    """As `Services`, with a farm's browsers in place of this machine's; `note` tells the user something.

    Visits are spaced as platforms are asked: while one is on its way, no other is sent to its platform.
    """

    def __init__(self, settings: Settings, note: Callable[[str], None], limits: FarmLimits | None = None) -> None:
        super().__init__(settings)
        self.limits = limits or FarmLimits()
        # Where no gap is to be kept, one visit waits at each worker, so that no tab of its waits for the wire.
        self.roster = Roster(ahead=0 if settings.delay else 1)
        self.identity = farm_worker.read_identity(settings)
        self._note = note
        self._topic = f"embedarchive-{uuid4()}"
        self._numbers = count()
        self._asked: dict[int, asyncio.Event] = {}
        self._farm: Client | None = None
        self._lost: dict[str, asyncio.Event] = {}
        self._changed = asyncio.Event()
        self._tasks = set[asyncio.Task[None]]()
        self._told = set[str]()

    async def __aenter__(self) -> Self:
        self._stack.enter_context(farm_worker.quieten())
        self._stack.push_async_callback(self._leave)
        await super().__aenter__()
        self._begin(self._keep_looking())
        return self

    async def _leave(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._farm:
            await self._farm.close()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def starting(self) -> bool:
        """Whether everything waits for the first worker."""
        return not any(each.admitted for each in self.roster.workers.values())

    def room(self) -> int:
        """How many visits there is room for now, those counted that wait at a worker."""
        return self.roster.room(now())

    @property
    def ahead(self) -> int:
        """None besides those that the roster has counted."""
        return 0

    # ------------------------------------------------------------------------------------------------ what a run asks

    async def capture(self, post: Post, platform: Platform, *, media: bool) -> Capture:
        """Have a post visited; by another worker, at the platform's next turn, where the first was lost.

        A post that no worker brought is an error of that visit. Raises BrowserMissing for a farm without workers.
        """
        started, lost, late, why = clock.now(), 0, 0, ""
        while lost < ATTEMPTS and late < MOST_LATE:
            async with self._lend() as worker:
                try:
                    taken = await self._visit(worker, post, media=media)
                except WorkerLost as error:
                    lost, why = lost + 1, str(error)
                except farm_worker.VisitLate as error:
                    late, why = late + 1, str(error)
                    self.roster.drop(worker.address)  # seen anew, its clock is compared anew
                else:
                    lost += 1
                    if self._learn(worker, taken, media=media) or lost == ATTEMPTS:
                        return taken
        assert platform.visit is not None, "only posts of visitable platforms are due"
        return fail_visit(post, platform.visit, started, "worker_lost", why)

    async def _visit(self, worker: FarmWorker, post: Post, *, media: bool) -> Capture:
        """Have one worker visit a post at the platform's next turn; the turn ends when the platform was asked.

        Raises what `_ask` does.
        """
        number = next(self._numbers)
        asked = self._asked[number] = asyncio.Event()
        spaced = self.settings.delay > 0
        try:
            async with self._gate.hold(post.platform):
                turn = farm_worker.Turn(time.time() + worker.ahead_s, self._topic, number, spaced)
                visit = self._ask(worker, farm_worker.capture, post, media, self.settings.limits, turn)
                call: asyncio.Task[Capture] = asyncio.create_task(visit)
                if spaced:
                    await see_asked(call, asked, farm_worker.LATE_S + ASKING_S + worker.unsure_s)
            return await call
        finally:
            del self._asked[number]

    def _hear(self, event: tuple[float, int]) -> None:
        """Take in that a worker has asked a platform for a post."""
        asked = self._asked.get(event[1])
        if asked:
            asked.set()

    async def read_article(self, url: str, posts: Sequence[Post] = ()) -> Rendering:
        """Have an article opened. Raises BrowserMissing for a farm without workers."""
        for _ in range(ATTEMPTS):
            with contextlib.suppress(WorkerLost):
                async with self._lend() as worker:
                    opened: Rendering = await self._ask(
                        worker, farm_worker.render, url, tuple(posts), self.settings.limits
                    )
                    return opened
        return Rendering(url, url, clock.now(), reason="worker_lost")

    async def show(self, capture: Replayable) -> Shown:
        """Have a capture shown again. Raises BrowserMissing for a farm without workers, WorkerLost where two were lost."""
        parts = {each.name: getattr(capture, each.name) for each in fields(capture) if each.name != "visit"}
        ask = (farm_worker.show, parts, capture.visit.frame, self.settings.limits)
        for attempt in range(ATTEMPTS):
            try:
                async with self._lend() as worker:
                    shown: Shown = await self._ask(worker, *ask)
                    return shown
            except WorkerLost:
                if attempt + 1 == ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _learn(self, worker: FarmWorker, taken: Capture, *, media: bool) -> bool:
        """Take in how a visit went; False where it was the worker's browser that failed."""
        if taken.verdict.reason == "browser_crashed":
            self._rest(worker, "its browser crashed")
            return False
        worker.faults = 0
        if media and taken.verdict.outcome == "available":
            worker.visits += 1
            worker.lacking += lacks_media(taken)
        for poor in self.roster.find_poor():
            self._refuse(poor, f"{poor.lacking} of {poor.visits} captures lack media, twice as often as the others' do")
        return True

    # -------------------------------------------------------------------------------------------------- one request

    @contextlib.asynccontextmanager
    async def _lend(self) -> AsyncIterator[FarmWorker]:
        """Lend one place at a worker. Raises BrowserMissing if none comes."""
        until = now() + self.limits.patience_s
        while (worker := self.roster.choose(now())) is None:
            if any(each.is_usable(now()) for each in self.roster.workers.values()):
                until = now() + self.limits.patience_s
            if now() > until:
                raise BrowserMissing(self._say_missing())
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self.limits.look_s):
                    await self._changed.wait()
        worker.busy += 1
        try:
            yield worker
        finally:
            worker.busy -= 1
            self._changed.set()

    async def _ask(self, worker: FarmWorker, function: Callable[..., Any], *args: Any) -> Any:
        """Have a worker do something.

        Raises WorkerLost when it failed by itself, UsageError when it is none of ours, VisitLate when it was asked too late,
        and whatever else is raised there: that is a fault of what was asked.
        """
        if self._farm is None:
            raise WorkerLost("the farm's scheduler is away")
        call = asyncio.ensure_future(self._farm.run(function, *args, workers=[worker.address]))
        lost = asyncio.ensure_future(self._lost[worker.address].wait())
        try:
            await asyncio.wait({call, lost}, timeout=self.limits.visit_s, return_when=asyncio.FIRST_COMPLETED)
            if not call.done():
                raise self._lose(worker, "it gave no sign of life" if lost.done() else "its visit did not end")
            return call.result()[worker.address]
        except (OSError, EmbedArchiveError) as error:  # a broken connection, too, is an OSError
            if isinstance(error, WorkerLost | UsageError | farm_worker.VisitLate):
                raise
            raise self._lose(worker, f"{type(error).__name__}: {error}"[:300]) from error
        finally:
            call.cancel()
            lost.cancel()
            await asyncio.gather(call, lost, return_exceptions=True)

    def _lose(self, worker: FarmWorker, why: str) -> WorkerLost:
        self._rest(worker, why)
        return WorkerLost(f"worker {worker.label} was lost: {why}")

    def _rest(self, worker: FarmWorker, why: str) -> None:
        worker.fail(now(), self.limits.rest_s)
        self._tell(f"Worker {worker.label} gets no work for a while: {why}")

    def _refuse(self, worker: FarmWorker, why: str) -> None:
        worker.refused = why
        self._tell(f"Worker {worker.label} gets no work: {why}")
        self._changed.set()

    # ------------------------------------------------------------------------------------------------- who is there

    async def _keep_looking(self) -> None:
        """Look who is there, at once and then every few seconds; a scheduler that is away is asked again."""
        while True:
            try:
                async with asyncio.timeout(self.limits.silence_s):
                    await self._look()
            except Exception as error:  # whatever breaks at the scheduler's end, the run goes on as far as it can
                self._tell(f"The farm's scheduler at {self.settings.farm} does not answer ({type(error).__name__}).")
            self._part_with(self.roster.silence(now(), self.limits.silence_s))
            await asyncio.sleep(self.limits.look_s)

    async def _look(self) -> None:
        client = await self._connect()
        new, gone = self.roster.hear(await find_workers(client), now())
        self._part_with(gone)
        for worker in new:
            self._lost[worker.address] = asyncio.Event()
            self._begin(self._admit(worker))
        for worker in self.roster.workers.values():
            if not worker.silent and self._lost[worker.address].is_set():
                self._lost[worker.address] = asyncio.Event()

    def _part_with(self, workers: Iterable[FarmWorker]) -> None:
        """Give up what these are at: they are gone, or silent."""
        for worker in workers:
            self._lost[worker.address].set()

    async def _admit(self, worker: FarmWorker) -> None:
        """Give a new worker work once its browser runs, if it is as we are; else say why not."""
        try:
            asked_s = time.time()
            state: farm_worker.WorkerState = await self._ask(worker, farm_worker.say_state)
            worker.name, worker.tabs = state.name, state.tabs
            answered_s = time.time()
            worker.unsure_s = (answered_s - asked_s) / 2
            worker.ahead_s = state.clock_s - asked_s - worker.unsure_s
            refused = self.identity.find_mend(state.identity)
            if refused:
                self._refuse(worker, refused)
                return
            async with asyncio.timeout(self.limits.warm_s):
                await self._ask(worker, farm_worker.warm_up, self.settings.limits)
        except (WorkerLost, TimeoutError):  # it is looked at anew, if it is still there then
            await asyncio.sleep(self.limits.rest_s)
            self.roster.drop(worker.address)
            return
        except Exception as error:
            self._refuse(worker, f"it is no worker of ours, or of another version ({error}). {self.identity.mend_line}")
            return
        if not self.identity.browser:  # this machine has none: whoever comes first says which it is
            self.identity = replace(self.identity, browser=state.identity.browser)
        worker.admitted = True
        self._changed.set()

    async def _connect(self) -> Client:
        assert self.settings.farm is not None, "only a farm is connected to"
        if self._farm is None or self._farm.status not in ("running", "connecting"):
            self._farm = await connect(self.settings.farm, self.limits.silence_s)
            self._farm.subscribe_topic(self._topic, self._hear)
        return self._farm

    def _tell(self, text: str) -> None:
        """Tell the user something, once."""
        if text not in self._told:
            self._told.add(text)
            self._note(text)

    def _say_missing(self) -> str:
        refused = "".join(
            f" Worker {each.label} gets no work: {each.refused}."
            for each in self.roster.workers.values()
            if each.refused
        )
        return (
            f"The farm at {self.settings.farm} has no worker that can be given work.{refused} "
            f"Start one, on any machine: {say_command('embedarchive', 'farm', 'worker', self.settings.farm or '')}"
        )


async def see_asked(call: asyncio.Task[Capture], asked: asyncio.Event, bound_s: float) -> None:
    """Wait until a visit has asked its platform, or can do so no more: a lost worker may do so until `bound_s` have passed.

    Cancelled, it takes the call with it.
    """
    until = now() + bound_s
    asking = asyncio.create_task(asked.wait())
    try:
        await asyncio.wait({call, asking}, timeout=bound_s, return_when=asyncio.FIRST_COMPLETED)
        if call.done() and isinstance(call.exception(), WorkerLost):
            await asyncio.wait({asking}, timeout=max(0.0, until - now()))
    except asyncio.CancelledError:
        call.cancel()
        raise
    finally:
        asking.cancel()


async def connect(address: str, timeout_s: float) -> Client:
    """A client of that scheduler. Raises what the connection does, UsageError where a certificate is wanted."""
    security = make_security(address, "client")
    client = Client(address, asynchronous=True, security=security, timeout=timeout_s, set_as_default=False)
    try:
        await client
    except BaseException:
        with contextlib.suppress(Exception):
            await client.close()
        raise
    return client


async def find_workers(client: Client) -> dict[str, float]:
    """Each worker's address, and when the scheduler last heard of it, by the scheduler's clock."""
    assert client.scheduler is not None, "it is connected"
    there = (await client.scheduler.identity())["workers"]
    return {at: float(each["last_seen"]) for at, each in there.items()}


def now() -> float:
    return time.monotonic()


def lacks_media(taken: Capture) -> bool:
    """Whether a capture lacks a file of its post that another visit may bring. Pure."""
    return any(Lack(position, why).passing for position, why in read_reasons(taken.missing).items())


async def ask_states(address: str) -> list[dict[str, Any]]:
    """What the workers of a farm say of themselves, and in `refused` why one would get no work from this machine.

    Raises UsageError when nobody answers there.
    """
    mine = farm_worker.read_identity(Settings())
    with farm_worker.quieten():
        try:
            client = await connect(address, ANSWER_S)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"No scheduler answers at {address} ({error}). Start it: embedarchive farm start"
            ) from error
        async with client:
            there = sorted(await find_workers(client))
            answers = await asyncio.gather(*(ask_state(client, at) for at in there))
    return [describe_state(at, answer, mine) for at, answer in zip(there, answers, strict=True)]


async def ask_state(client: Client, at: str) -> object:
    """What one worker says of itself, or what came in place of that."""
    try:
        async with asyncio.timeout(ANSWER_S):
            return (await client.run(farm_worker.say_state, workers=[at]))[at]
    except TimeoutError:
        return f"it does not answer for {ANSWER_S:.0f} s"
    except Exception as error:  # of another version it may be any
        return error


def describe_state(at: str, answer: object, mine: WorkerIdentity) -> dict[str, Any]:
    """One worker's answer as a record."""
    if not isinstance(answer, farm_worker.WorkerState):
        return {"worker": at, "name": at, "refused": f"{answer}. {mine.mend_line}"}
    return {"worker": at, **asdict(answer), "refused": mine.find_mend(answer.identity)}
