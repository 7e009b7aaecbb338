"""A farm: real Dask, real browsers, one archive; workers are killed, refused, shut out, and found wanting."""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import dask
import pytest
from distributed import Scheduler, Security, Worker

import embedarchive
from commands import command
from embedarchive.browser.limits import VisitLimits
from embedarchive.browser.pool import Asked, Ready
from embedarchive.browser.watch import find_children
from embedarchive.core.errors import BrowserCrashed, BrowserMissing, UsageError
from embedarchive.core.model import Capture, Post, Verdict
from embedarchive.detect.bounded import search_bounded
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform
from embedarchive.replica import Replica
from embedarchive.run.farm import FarmLimits, FarmServices, ask_states, connect, lacks_media
from embedarchive.run.farm_worker import FarmHand, Turn, VisitLate, capture, quieten, read_identity, serve_farm
from embedarchive.run.ledger import Event
from embedarchive.run.pace import Pace
from embedarchive.run.report import Report, Tally
from embedarchive.run.roster import FarmWorker, Roster, WorkerIdentity, find_address
from embedarchive.run.scan_child import ScanOrder
from embedarchive.run.scanning import make_scan
from embedarchive.run.services import Services, Settings
from embedarchive.sources import Seed, expand_seeds
from in_process import run
from loopback import Authority
from test_scanning import write_pages
from waiting import BOUND_S, until, wait_until

BRISK = FarmLimits(look_s=0.2, silence_s=60.0, rest_s=0.2, patience_s=3.0)
MINE = WorkerIdentity("1.2.3", "abc", "143.0.7499.4", "1.58.0")

# ------------------------------------------------------------------------------------------------ who is given work


def make_roster(*workers: FarmWorker) -> Roster:
    return Roster({each.address: each for each in workers})


def make_worker(name: str, **given: object) -> FarmWorker:
    return replace(FarmWorker(name, name, tabs=3, admitted=True), **given)  # type: ignore[arg-type]


def test_work_goes_to_whoever_has_the_least_to_do_and_to_nobody_without_a_tab() -> None:
    roster = make_roster(make_worker("a", busy=2), make_worker("b", busy=1), make_worker("c", tabs=1, busy=1))
    chosen = roster.choose(0.0)
    assert chosen is roster.workers["b"]
    for each in roster.workers.values():
        each.busy = each.tabs
    assert roster.choose(0.0) is None
    assert roster.room(0.0) == 7
    roster.ahead = 1
    assert roster.choose(0.0) is roster.workers["a"]
    assert roster.room(0.0) == 10


@pytest.mark.parametrize("trouble", [{"admitted": False}, {"refused": "old"}, {"silent": True}, {"rests_until": 9.0}])
def test_no_work_goes_to_whoever_cannot_be_trusted_with_it_now(trouble: dict[str, object]) -> None:
    roster = make_roster(make_worker("a", **trouble))
    assert (roster.choose(8.0), roster.room(8.0)) == (None, 1)


def test_a_worker_that_fails_rests_longer_each_time() -> None:
    worker, rests = make_worker("a"), []
    for _ in range(9):
        worker.fail(0.0, 60.0)
        rests.append(worker.rests_until)
    assert rests[:3] == [60.0, 120.0, 240.0]
    assert rests[-1] == rests[-2] == 3840.0


def test_silence_is_told_by_this_clock_alone() -> None:
    roster = Roster()
    new, gone = roster.hear({"a": 5_000.0, "b": 1.0}, 10.0)  # the workers' clocks say anything
    assert ([each.address for each in new], gone) == (["a", "b"], [])
    roster.hear({"a": 5_001.0, "b": 1.0}, 40.0)
    assert [each.address for each in roster.silence(41.0, 30.0)] == ["b"]
    roster.hear({"b": 2.0}, 42.0)
    assert list(roster.workers) == ["b"]
    assert not roster.workers["b"].silent


@pytest.mark.parametrize(
    ("lacking", "poor"),
    [
        ([(20, 8), (20, 2), (20, 2)], ["0"]),  # four times as often as the others
        ([(20, 4), (20, 2), (20, 2)], ["0"]),  # twice
        ([(20, 3), (20, 2), (20, 2)], []),
        ([(9, 9), (20, 0), (20, 0)], []),  # too few visits to be compared
        ([(20, 2), (20, 0), (20, 0)], []),  # may be chance
        ([(20, 20)], []),  # nobody to be compared with
        ([(20, 20), (20, 20), (20, 20)], []),  # it is the platform
        ([(20, 6), (20, 0)], ["0"]),
    ],
)
def test_a_worker_that_lacks_more_than_the_others_is_found(lacking: list[tuple[int, int]], poor: list[str]) -> None:
    workers = (make_worker(str(n), visits=v, lacking=k) for n, (v, k) in enumerate(lacking))
    assert [each.name for each in make_roster(*workers).find_poor()] == poor


def test_a_refusal_has_the_line_that_mends_it() -> None:
    assert MINE.find_mend(MINE) == ""
    mend = "pip install 'embedarchive[farm]==1.2.3' playwright==1.58.0 && embedarchive install"
    old = MINE.find_mend(replace(MINE, embedarchive="1.2.2"))
    assert "embedarchive 1.2.2 in place of 1.2.3" in old
    assert mend in old
    other = MINE.find_mend(replace(MINE, browser="142.0.1.2"))
    assert "its browser is Chromium 142.0.1.2 in place of 143.0.7499.4" in other
    assert mend in other
    for alike in ("143.0.7500.0", ""):  # a later build, and one that does not say
        assert MINE.find_mend(replace(MINE, browser=alike, playwright="1.57.0")) == ""
    assert "rules" in MINE.find_mend(replace(MINE, rules="abd"))


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ("fl=1\nip=203.0.113.7\nts=1\n", "203.0.113.7"),
        ("ip=2001:db8::7\n", "2001:db8::7"),
        (' {"ip": "203.0.113.7"}', "203.0.113.7"),
        ('{"origin": "203.0.113.7"}', "203.0.113.7"),
        ("203.0.113.7\n", "203.0.113.7"),
        ("<html>404</html>", ""),
        ("{", ""),
        ("[1]", ""),
        ('{"ip": null}', ""),
    ],
)
def test_the_address_is_read_out_of_what_servers_say(said: str, address: str) -> None:
    assert find_address(said) == address


def test_the_pace_follows_the_machines_that_join_and_leave() -> None:
    assert Pace(3, 3).within(8).tabs == 8
    assert Pace(8, 2).within(6).tabs == 2  # slow for a reason, which more machines do not take away
    assert Pace(8, 8).within(1).within(8).tabs == 8
    assert Pace(3, 2).within(3) == Pace(3, 2)


# ------------------------------------------------------------------------------------------------- who may join


@pytest.mark.parametrize(
    "args",
    [
        ("crawl", "https://news.example/a", "--farm", "http://127.0.0.1:1"),
        ("crawl", "https://news.example/a", "--farm", "tcp://127.0.0.1"),
        ("crawl", "https://news.example/a", "--farm", "tls://127.0.0.1:1"),  # without a certificate
        ("farm", "worker", "127.0.0.1:8786"),
        ("farm", "start", "tcp://0.0.0.0:8786"),  # beyond this machine, and in plain text
        ("farm", "start", "tls://127.0.0.1:8786"),  # without a certificate
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_done(args: tuple[str, ...], tmp_path: Path) -> None:
    archive = ("-a", str(tmp_path / "a")) if args[0] == "crawl" else ()
    done = run(*args, *archive)
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert "Nothing was done." in done.err
    assert not (tmp_path / "a").exists()


def test_a_login_leaves_no_machine(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text('{"cookies": [], "origins": []}')
    with pytest.raises(UsageError, match="a login leaves no machine"):
        embedarchive.capture(
            "https://www.instagram.com/p/BwiVvR9lD0m/", archive=tmp_path / "a", farm="tcp://127.0.0.1:8786",
            storage_state=state,
        )  # fmt: skip


@pytest.fixture
async def scheduler() -> AsyncIterator[Scheduler]:
    with quieten():
        async with Scheduler(host="127.0.0.1", port=0, protocol="tcp", dashboard=False, dashboard_address=":0") as held:
            yield held


def make_hand(label: str, **settings: object) -> FarmHand:
    return FarmHand(Settings(**settings), label)  # type: ignore[arg-type]


async def test_a_worker_that_is_not_as_we_are_is_refused_by_name(scheduler: Scheduler) -> None:
    old, strange = make_hand("old-machine"), make_hand("strange-machine")
    old.identity = replace(old.identity, embedarchive="0.0.1")
    strange.identity = replace(strange.identity, rules="0")
    told: list[str] = []
    at = scheduler.address
    async with (
        Worker(at, nthreads=1, plugins=(old,), dashboard_address=":0"),
        Worker(at, nthreads=1, plugins=(strange,), dashboard_address=":0"),
        Worker(at, nthreads=1, dashboard_address=":0"),  # as `dask worker` starts one
        FarmServices(Settings(farm=at), told.append, BRISK) as services,
    ):
        await until(lambda: len(told) == 3, "three refusals")
        states = await ask_states(at)
        with pytest.raises(BrowserMissing, match=r"has no worker that can be given work.*embedarchive farm worker tcp"):
            await services.capture(post_of("instagram"), BY_NAME["instagram"], media=True)
    said = "\n".join(sorted(told))
    assert f"embedarchive 0.0.1 in place of {embedarchive.__version__}" in said
    assert "Worker strange-machine" in said
    assert said.count("pip install") == 3
    assert "it was not started by: embedarchive farm worker" in said
    assert sorted(bool(each["refused"]) for each in states) == [True] * 3


class FullDisk(Services):
    """A machine whose disk is full by the time that it is given work."""

    async def visit(self, post: Post, platform: Platform, *, media: bool, ready: Ready, asked: Asked) -> Capture:
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.browser
async def test_a_post_that_two_workers_lost_is_an_error_of_theirs_and_nobodys_loss(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedarchive.run.farm_worker.Services", FullDisk)
    told: list[str] = []
    first, second = (make_hand(label) for label in ("first", "second"))
    at = scheduler.address
    async with (
        Worker(at, nthreads=1, plugins=(first,), dashboard_address=":0"),
        Worker(at, nthreads=1, plugins=(second,), dashboard_address=":0"),
        FarmServices(Settings(farm=at), told.append, replace(BRISK, rest_s=600.0)) as services,
    ):
        await until(lambda: services.room() == 6, "two workers of three tabs")
        wrong = next(iter(services.roster.workers.values()))
        wrong.ahead_s -= 60.0  # as if its clock had been set: it is compared anew, and no fault of its own
        taken = await services.capture(post_of("instagram"), BY_NAME["instagram"], media=True)
        assert services.roster.workers[wrong.address] is not wrong
        with pytest.raises(BrowserMissing, match="has no worker"):  # both rest
            await services.capture(post_of("instagram"), BY_NAME["instagram"], media=True)
    for hand in (first, second):
        await hand.close()
    assert (taken.verdict.outcome, taken.verdict.reason) == ("error", "worker_lost")
    assert "No space left on device" in taken.verdict.signs[0].saw
    assert sorted(text.split()[1] for text in told) == ["first", "second"]


async def test_a_worker_that_brings_posts_without_their_media_gets_no_more_work_and_is_named() -> None:
    told: list[str] = []
    services = FarmServices(Settings(farm="tcp://127.0.0.1:1"), told.append)
    good, poor = make_worker("good"), make_worker("poor")
    services.roster = make_roster(good, poor)
    whole = Capture(post_of("instagram"), "", "", "", "", Verdict("available"))
    cases = {"media 1: timeout": 1, "media 2: copyright_blocked": 0, "avatar: timeout": 0, "": 0}
    for line, counts in cases.items():
        assert lacks_media(replace(whole, missing=(line,))) == bool(counts), line
    for n in range(20):
        services._learn(good, replace(whole, missing=("media 1: copyright_blocked",)), media=True)
        services._learn(good, replace(whole, missing=("media 1: not_asked",)), media=False)
        services._learn(poor, replace(whole, missing=("media 1: timeout",) if n % 2 else ()), media=True)
    assert (good.visits, good.lacking, good.refused) == (20, 0, "")
    assert poor.refused.startswith("5 of 10 captures lack media")
    assert [text.split()[1] for text in told] == ["poor"]
    assert services.room() == 3


def post_of(platform: str) -> Post:
    return Post(platform, "BwiVvR9lD0m", "https://www.instagram.com/p/BwiVvR9lD0m/")


async def test_a_visit_that_reaches_its_worker_too_late_is_not_made(scheduler: Scheduler) -> None:
    """As a machine that was stopped would make it, when its turn at the platform is another's."""
    hand = make_hand("stopped")
    at = scheduler.address
    async with Worker(at, nthreads=1, plugins=(hand,), dashboard_address=":0"), await connect(at, BOUND_S) as client:
        turn = Turn(time.time() - 60.0, "topic", 1, spaced=True)
        with pytest.raises(VisitLate, match="asked for 60"):
            await client.run(capture, post_of("instagram"), True, VisitLimits(), turn)
    assert hand.visits == 0


class SlowToBegin(Services):
    """Machines whose tabs are free, and that connect, now at once and now late; a fourth of their visits fails before."""

    visits = 0
    begun: ClassVar[list[float]] = []

    async def visit(self, post: Post, platform: Platform, *, media: bool, ready: Ready, asked: Asked) -> Capture:
        SlowToBegin.visits += 1
        if SlowToBegin.visits % 4 == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        await asyncio.sleep(0.25 * (SlowToBegin.visits % 2))
        await ready()
        await asyncio.sleep(0.1 * (SlowToBegin.visits % 3))
        SlowToBegin.begun.append(time.monotonic())
        asked()
        with pytest.raises(BrowserCrashed):  # the next visit, as after a crash, is another turn's
            await ready()
        return Capture(post, "", "", "", "", Verdict("available"))


@pytest.mark.browser
async def test_a_platform_is_not_visited_before_its_time_by_whichever_worker_and_however_late_it_begins(
    scheduler: Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("embedarchive.run.farm_worker.Services", SlowToBegin)
    monkeypatch.setattr("embedarchive.run.farm_worker.LATE_S", 1.0)
    hands, at = [make_hand(label) for label in ("first", "second")], scheduler.address
    async with (
        Worker(at, nthreads=3, plugins=(hands[0],), dashboard_address=":0"),
        Worker(at, nthreads=3, plugins=(hands[1],), dashboard_address=":0"),
        FarmServices(Settings(farm=at, delay=0.2), lambda _: None, replace(BRISK, patience_s=BOUND_S)) as services,
    ):
        await until(lambda: services.room() == 6, "two workers of three tabs")
        visits = (services.capture(post_of("instagram"), BY_NAME["instagram"], media=True) for _ in range(6))
        taken = await asyncio.gather(*visits)
    for hand in hands:
        await hand.close()
    assert len(taken) == 6
    assert len(SlowToBegin.begun) >= 4
    assert min(b - a for a, b in pairwise(SlowToBegin.begun)) >= 0.2


async def test_web_archives_are_searched_by_workers_as_here(scheduler: Scheduler, tmp_path: Path) -> None:
    """One of the two cannot: what it was given goes to the other, and it is named."""
    files = [write_pages(tmp_path / f"{n}.warc.gz", range(5 * n, 5 * n + 5)) for n in range(3)]
    names, told = [*map(str, files)], list[str]()

    def search() -> list[Seed]:
        with make_scan(scheduler.address, {}, note=told.append) as scan:
            return list(expand_seeds(names, scan=scan.expand))

    good, full, at = make_hand("good"), make_hand("full"), scheduler.address
    full.scan = full_disk  # type: ignore[method-assign, assignment]
    with quieten():
        async with (
            Worker(at, nthreads=1, plugins=(good,), dashboard_address=":0"),
            Worker(at, nthreads=1, plugins=(full,), dashboard_address=":0") as lost,
        ):
            found = await asyncio.to_thread(search)
    await good.close()
    assert found == [
        replace(
            seed, fetch=replace(seed.fetch, body=b"", headers=()), found=search_bounded(seed.fetch.body, url=seed.url)
        )
        for seed in expand_seeds(names)
        if seed.fetch
    ]
    assert [text for text in told if lost.address not in text] == []
    assert len(told) <= 1


def full_disk(order: ScanOrder) -> bytes:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_only_who_holds_the_certificate_joins_a_farm_with_tls(tmp_path: Path) -> None:
    mine, others = (make_certificate(tmp_path / name) for name in ("mine", "others"))
    told: list[str] = []
    with quieten(), dask.config.set(mine):
        security = Security()
        async with Scheduler(
            host="127.0.0.1", port=0, protocol="tls", security=security, dashboard=False, dashboard_address=":0"
        ) as held:
            joining = asyncio.create_task(serve_farm(held.address, make_hand("mine"), told.append))
            await until(lambda: len(held.workers) == 1, "the worker with the certificate")
            assert [each["name"] for each in await ask_states(held.address)] == ["mine"]
            with dask.config.set(others), pytest.raises(UsageError, match="No scheduler answers at tls://"):
                await ask_states(held.address)
            with pytest.raises(UsageError, match="No scheduler answers at tcp://"):
                await ask_states(held.address.replace("tls", "tcp"))
            joining.cancel()
            await asyncio.gather(joining, return_exceptions=True)
    assert told == [f"mine works for {held.address}, 3 posts at once."]


def make_certificate(folder: Path) -> dict[str, str]:
    """Dask's settings for one certificate that is its own authority, as the documentation has it made."""
    folder.mkdir()
    Authority(folder).context("farm")
    own, ca = next(folder.glob("farm*.pem")), folder / "ca.pem"
    sides = ("scheduler", "worker", "client")
    named = {f"distributed.comm.tls.{side}.{part}": str(own) for side in sides for part in ("cert", "key")}
    return named | {"distributed.comm.tls.ca-file": str(ca)}


# ------------------------------------------------------------------------------------------------ a farm at work


class Killer:
    """Kills a worker with -9 while it is at work, as soon as the run has kept its first captures."""

    def __init__(self, victim: subprocess.Popen[str]) -> None:
        self.victim, self.notes, self.captured = victim, list[str](), list[str]()
        self.left: list[int] = []

    def begin(self, tally: Tally) -> None:
        pass

    def emit(self, event: Event) -> None:
        if event.what == "capture":
            self.captured.append(event.subject)
        if len(self.captured) == 2 and not self.left:
            self.left = list(find_below(self.victim.pid))
            self.victim.kill()

    def note(self, text: str) -> None:
        self.notes.append(text)

    def end(self, report: Report) -> None:
        pass


def find_below(pid: int) -> Iterator[int]:
    for child in find_children(pid):
        yield child
        yield from find_below(child)


def is_there(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False


@pytest.mark.browser
def test_a_worker_that_is_killed_costs_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    with Replica() as replica:
        through = [*(f"--resolve={rule}" for rule in replica.resolve), f"--ca-file={replica.ca_file}"]
        with start("farm", "start", "tcp://127.0.0.1:0") as scheduler:
            address = read_line(scheduler).rpartition(" ")[2].strip()
            join = ("farm", "worker", address, "--tabs", "2", "--ask-address", "", *through)
            with start(*join, "--name", "first") as first, start(*join, "--name", "second") as second:
                for each in (first, second):
                    read_line(each)
                killer = Killer(first)
                report = embedarchive.crawl(
                    *replica.article_urls[:2], archive=tmp_path, farm=address, watcher=killer, delay=0,
                    resolve=replica.resolve, ca_file=replica.ca_file, replay=False,
                )  # fmt: skip
                wait_until(lambda: not any(map(is_there, killer.left)), "the end of the killed worker's browser")
    assert first.returncode == -signal.SIGKILL
    assert report.ended == "done"
    with closing(sqlite3.connect(tmp_path / "embeds.db")) as conn:
        visits = Counter(key for (key,) in conn.execute("SELECT post_key FROM captures"))
        wanted = {key for (key,) in conn.execute("SELECT post_key FROM targets")}
        lost = conn.execute("SELECT count(*) FROM captures WHERE reason = 'worker_lost'").fetchone()[0]
        workers = {w for (w,) in conn.execute("SELECT environment ->> '$.worker.name' FROM captures")}
        load = conn.execute("SELECT min(environment ->> '$.worker.load') FROM captures").fetchone()[0]
    assert wanted <= visits.keys()
    assert (max(visits.values()), lost) == (1, 0)
    assert workers <= {"first", "second"}
    assert load >= 0


def start(*args: str) -> subprocess.Popen[str]:
    return Ended(command(*args), stderr=subprocess.PIPE, text=True, env=dict(os.environ))


class Ended(subprocess.Popen[str]):
    """A process that is ended with its block."""

    def __exit__(self, *error: object) -> None:
        self.terminate()
        super().__exit__(*error)  # type: ignore[arg-type]


def read_line(process: subprocess.Popen[str]) -> str:
    assert process.stderr
    return process.stderr.readline()


def test_this_process_says_of_itself_what_its_captures_depend_on() -> None:
    assert read_identity() == read_identity()
    assert read_identity().embedarchive == embedarchive.__version__
