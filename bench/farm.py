"""A farm under faults, and how fast it is beside the same command without one.

usage: python bench/farm.py [--parts speed faults limit] [--posts 40] [--rounds 2] [--faults 100] [--seed 1]   (Linux, root)

The posts are those of `bench/capture.py`, served by another process. `speed`: the command as it is shipped, by itself and with
one worker of as many tabs, in turn; then workers pinned to a core each, one and two, in turn. `faults`: three workers of one
tab; again and again one is killed (-9), stopped (SIGSTOP, and let go), has its connections dropped or its disk filled, or the
machine with the archive dies (kill -9, the same command again). A worker that ended is started again, as a service would be.
What the run told as kept must be in the archive, every post must be captured at last, and a killed worker must leave no
browser behind. `limit`: simulated, workers that answer from memory with a capture of a real visit, to see what the machine with
the archive can take in. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from distributed import Client, Worker

from capture import post_fact, site
from embedarchive.browser.pool import Asked, Ready
from embedarchive.browser.watch import find_children
from embedarchive.cli import main as run_command
from embedarchive.core.model import Capture, Post
from embedarchive.platforms.kit.specification import Platform
from embedarchive.run import farm, farm_worker
from embedarchive.run.services import Services

Through = tuple[tuple[str, ...], Path]
ALL_CORES = tuple(sorted(os.sched_getaffinity(0)))
GATE_S = 0.2
"""Between two visits to one platform, while there are faults."""
UNDISTURBED = 0.01
"""The chance, each tenth of a second, that a fault comes though no visit was sent since the one before; on a crowded machine
workers take longer to come back than faults to come, and would else be broken while nothing is at work."""
QUICK = partial(farm.FarmLimits, look_s=0.5, silence_s=6.0, rest_s=2.0)
"""What a farm is given here, so that a hundred faults fit into some minutes; the rest is as shipped."""


# ---------------------------------------------------------------------------------------------------------- processes


def command(*args: str) -> list[str]:
    return [sys.executable, "-c", "from embedarchive.cli import main; main()", *args]


def reach(through: Through) -> list[str]:
    rules, ca_file = through
    return [f"--ca-file={ca_file}", *(f"--resolve={rule}" for rule in rules)]


def read_until(process: subprocess.Popen[str], sign: str) -> str:
    """Read what a process says until a line with that sign, and give the line."""
    assert process.stderr
    for line in process.stderr:
        if sign in line:
            return line
    raise RuntimeError(f"{process.args!r} ended without a word of {sign!r}")


@contextlib.contextmanager
def scheduler() -> Iterator[str]:
    with subprocess.Popen(command("farm", "start", "tcp://127.0.0.1:0"), stderr=subprocess.PIPE, text=True) as process:
        try:
            yield read_until(process, "scheduler is at").split()[5].rstrip(".")
        finally:
            process.terminate()


@dataclass
class Machine:
    """One worker's process, which may be started again; `disk` is its own small one for temporary files, if it has one."""

    name: str
    address: str
    through: Through
    tabs: int = 3
    cores: tuple[int, ...] = ALL_CORES
    disk: Path | None = None
    process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Start it, and go on at once."""
        options = ["--name", self.name, "--tabs", str(self.tabs), "--ask-address", "", *reach(self.through)]
        line = command("farm", "worker", self.address, *options)
        if self.disk:  # in a mount namespace of its own, with 64 MB for its browser's profile
            mount = 'mount -t tmpfs -o size=64m tmpfs "$0" && TMPDIR="$0" exec "$@"'
            line = ["unshare", "-m", "sh", "-c", mount, str(self.disk), *line]
        line = ["taskset", "-c", ",".join(map(str, self.cores)), *line]
        self.process = subprocess.Popen(line, stderr=subprocess.DEVNULL, text=True)

    @property
    def running(self) -> subprocess.Popen[str]:
        assert self.process, "it was started"
        return self.process

    def end(self) -> None:
        self.running.send_signal(signal.SIGCONT)
        self.running.terminate()
        self.running.wait()


def wait_for_workers(address: str, count: int) -> None:
    """Until so many have joined."""
    while len(asyncio.run(farm.ask_states(address))) != count:
        time.sleep(0.5)


def find_below(pid: int) -> Iterator[int]:
    for child in find_children(pid):
        yield child
        yield from find_below(child)


def is_alive(pid: int) -> bool:
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


# --------------------------------------------------------------------------------------------------------------- speed


@dataclass(frozen=True)
class Timed:
    """One run of `capture`: its whole time, and captures a minute between the first and the last."""

    wall_s: float
    per_minute: float


def capture_all(count: int, through: Through, *options: str) -> Timed:
    urls = [post_fact(n).url for n in range(count)]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.jsonl"
        line = command(
            "capture", *urls, "-a", folder, "--delay=0", f"--log-file={log}", "-q", *options, *reach(through)
        )
        began = time.perf_counter()
        subprocess.run(line, check=True, stdout=subprocess.DEVNULL)
        wall = time.perf_counter() - began
        events = [json.loads(text) for text in log.read_text().splitlines()]
    at = [seconds(each["at"]) for each in events if each["what"] == "capture" and each["outcome"] == "available"]
    assert len(at) == count, Counter(each.get("outcome") for each in events)
    return Timed(wall, (count - 1) / (at[-1] - at[0]) * 60)


def seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def measure_speed(count: int, rounds: int, through: Through) -> dict[str, float]:
    """With one worker beside without a farm, and two pinned workers beside one."""
    figures: dict[str, list[Timed]] = {"local": [], "farm": [], "one": [], "two": []}

    def measure(way: str, *options: str) -> None:
        figures[way].append(capture_all(count, through, *options))
        print(f"{way:6} {figures[way][-1]}, load {os.getloadavg()[0]:.1f}", flush=True)

    with scheduler() as address:
        machine = Machine("only", address, through)
        machine.start()
        wait_for_workers(address, 1)
        capture_all(3, through, "--farm", address)  # its browser is warm from now on, as a farm's is
        for _ in range(rounds):
            measure("local")
            measure("farm", "--farm", address)
        machine.end()
    with scheduler() as one, scheduler() as two:
        machines = [Machine("a", one, through, cores=ALL_CORES[:1])]
        machines += [Machine(f"b{core}", two, through, cores=(core,)) for core in ALL_CORES[:2]]
        for each in machines:
            each.start()
        wait_for_workers(one, 1)
        wait_for_workers(two, 2)
        for address in (one, two):
            capture_all(6, through, "--farm", address)
        for _ in range(rounds):
            measure("one", "--farm", one)
            measure("two", "--farm", two)
        for each in machines:
            each.end()
    ratios = [a.wall_s / b.wall_s for a, b in zip(figures["local"], figures["farm"], strict=True)]
    doubled = [b.per_minute / a.per_minute for a, b in zip(figures["one"], figures["two"], strict=True)]
    return {"one_worker": round(median(ratios), 2), "two_over_one": round(median(doubled), 2)}


# -------------------------------------------------------------------------------------------------------------- faults


def be_coordinator(dispatched: Path, args: Sequence[str]) -> None:
    """The command, in this process, by a farm that is given little time; each visit is noted as it is sent out."""

    class NotingServices(farm.FarmServices):
        async def _ask(self, worker: Any, function: Callable[..., Any], *given: Any) -> Any:
            if function is farm_worker.capture:
                with dispatched.open("a") as file:
                    print(time.time(), given[0].key, worker.name, file=file)
            return await super()._ask(worker, function, *given)

    farm.FarmLimits = QUICK  # type: ignore[misc, assignment]
    farm.FarmServices = NotingServices  # type: ignore[misc]
    sys.argv[1:] = args
    run_command()


@dataclass
class Trial:
    """A farm of three workers and one archive, with faults."""

    folder: Path
    address: str
    through: Through
    posts: int
    chance: random.Random
    machines: list[Machine] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    orphans: int = 0
    left_s: list[float] = field(default_factory=list)
    restarts: int = 0
    waiting: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    def begin(self) -> subprocess.Popen[bytes]:
        """The command, once more."""
        urls = [post_fact(n).url for n in range(self.posts)]
        args = [
            "capture",
            *urls,
            "-a",
            str(self.folder),
            f"--delay={GATE_S}",
            "--farm",
            self.address,
            "--no-replay",
            "-q",
        ]
        args += [f"--log-file={self.folder / 'log.jsonl'}"]
        line = [sys.executable, __file__, "--coordinator", str(self.folder / "dispatched"), *args]
        return subprocess.Popen(line, stderr=(self.folder / "said").open("a"))

    def count_sent(self) -> int:
        """How many visits were sent out."""
        dispatched = self.folder / "dispatched"
        if not dispatched.exists():
            return 0
        return len(dispatched.read_text().splitlines())

    def do(self, kind: str, run: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        """One fault; what mends it by itself comes later. Give the run that goes on."""
        self.faults[kind] += 1
        if kind == "dead coordinator":
            run.kill()
            run.wait()
            return self.begin()
        machine = self.chance.choice(self.machines)
        getattr(self, kind.replace(" ", "_"))(machine)
        return run

    def kill(self, machine: Machine) -> None:
        left = list(find_below(machine.running.pid))
        machine.running.kill()
        threading.Thread(target=self.watch, args=(left, time.monotonic()), daemon=True).start()

    def watch(self, left: Sequence[int], killed_at: float) -> None:
        """See how long what a killed worker had started is there; a minute is for good."""
        while any(map(is_alive, left)) and time.monotonic() - killed_at < 60:
            time.sleep(0.1)
        self.left_s.append(time.monotonic() - killed_at)
        self.orphans += sum(map(is_alive, left))

    def stop(self, machine: Machine) -> None:
        process = machine.running
        process.send_signal(signal.SIGSTOP)
        self.later(self.chance.uniform(1, 12), lambda: process.send_signal(signal.SIGCONT))

    def drop_connections(self, machine: Machine) -> None:
        with contextlib.suppress(OSError):
            asyncio.run(drop_connections(self.address, machine.name))

    def full_disk(self, machine: Machine) -> None:
        assert machine.disk
        filled = Path(f"/proc/{machine.running.pid}/root{machine.disk}/filled")
        with contextlib.suppress(OSError), filled.open("wb") as file:
            while True:
                file.write(bytes(1 << 20))
        self.later(4, lambda: filled.unlink(missing_ok=True))

    def later(self, wait_s: float, mend: Callable[[], object]) -> None:
        self.waiting.append((time.monotonic() + wait_s, mend))

    def see_to(self) -> None:
        """Mend what is to be mended by now, and start what ended."""
        now = time.monotonic()
        for due in [each for each in self.waiting if each[0] <= now]:
            self.waiting.remove(due)
            with contextlib.suppress(OSError):
                due[1]()
        for machine in self.machines:
            if machine.running.poll() is not None:
                machine.start()
                self.restarts += 1


async def drop_connections(address: str, name: str) -> None:
    """Cut every connection of a worker, as a router that restarts does; whether all answer does not matter."""
    async with Client(address, asynchronous=True, timeout=5, set_as_default=False) as client:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(client.run(cut, name, on_error="ignore"), 3)


def cut(name: str, dask_worker: Worker) -> None:
    if dask_worker.plugins["embedarchive"].label == name:  # type: ignore[attr-defined]
        for comm in [*dask_worker._comms, dask_worker.batched_stream.comm]:
            if comm is not None:
                comm.abort()


KINDS = (
    "kill",
    "kill",
    "kill",
    "stop",
    "stop",
    "stop",
    "drop connections",
    "drop connections",
    "full disk",
    "dead coordinator",
)


def measure_faults(count: int, seed: int, through: Through, arrivals: Path, most_s: float) -> dict[str, float]:
    chance = random.Random(seed)
    arrivals.write_text("")  # what was asked for before is no matter of this trial
    with tempfile.TemporaryDirectory() as place, ExitStack() as stack:
        folder, address = Path(place), stack.enter_context(scheduler())
        trial = Trial(folder, address, through, posts=count, chance=chance)
        for n in range(3):
            disk = folder / f"disk{n}"
            disk.mkdir()
            trial.machines.append(Machine(f"w{n}", address, through, tabs=1, disk=disk))
            trial.machines[-1].start()
        wait_for_workers(address, 3)
        run, began, next_at = trial.begin(), time.monotonic(), time.monotonic() + 5
        runs, sent = 1, 0
        while time.monotonic() - began < most_s:
            if run.poll() is not None:  # all captured, or what is left has to be tried again
                if count_done(folder) >= count and sum(trial.faults.values()) >= count:
                    break
                run, runs = trial.begin(), runs + 1
            at_work = trial.count_sent() > sent or chance.random() < UNDISTURBED
            if time.monotonic() > next_at and sum(trial.faults.values()) < count and at_work:
                run = trial.do(chance.choice(KINDS), run)
                next_at, sent = time.monotonic() + chance.uniform(0.5, 4.0), trial.count_sent()
            trial.see_to()
            time.sleep(0.1)
        run.kill()
        run.wait()
        for machine in trial.machines:
            machine.end()
        return judge(trial, count, arrivals, time.monotonic() - began)


def count_done(folder: Path) -> int:
    """Posts that are captured, or were tried and are due again at a time of their own."""
    with closing(sqlite3.connect(f"file:{folder / 'embeds.db'}?mode=ro", uri=True)) as conn:
        return int(conn.execute(f"SELECT count(*) FROM posts WHERE {SEEN} OR {DUE_LATER}").fetchone()[0])


SEEN = "key IN (SELECT post_key FROM captures WHERE outcome = 'available')"
DUE_LATER = "capture_after > strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"


def judge(trial: Trial, count: int, arrivals: Path, took_s: float) -> dict[str, float]:
    """What came of it, by the archive, by what the runs told, by what they sent out, and by what the platform was asked."""
    events = [json.loads(line) for line in (trial.folder / "log.jsonl").read_text().splitlines() if line.endswith("}")]
    told = {each["subject"] for each in events if each["what"] == "capture" and each["outcome"] == "available"}
    sent = [line.split() for line in (trial.folder / "dispatched").read_text().splitlines()]
    with closing(sqlite3.connect(trial.folder / "embeds.db")) as conn:
        kept = {key for (key,) in conn.execute("SELECT post_key FROM captures WHERE outcome = 'available'")}
        outcomes = conn.execute("SELECT outcome, reason, count(*) FROM captures GROUP BY 1, 2").fetchall()
        due = conn.execute(f"SELECT count(*) FROM posts WHERE NOT {SEEN} AND capture_after IS NOT NULL").fetchone()[0]
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        starts = sorted(seconds(at) for (at,) in conn.execute("SELECT started_at FROM captures"))
    moments = sorted(float(at) for at, *_ in sent)
    visits = Counter(key for _, key, _ in sent)
    faults = sum(trial.faults.values())
    asked = sorted(float(line.split()[0]) for line in arrivals.read_text().splitlines())
    sent_s, begun_s, asked_s = (sorted(b - a for a, b in pairwise(each)) for each in (moments, starts, asked))
    said = {
        "faults": dict(trial.faults), "worker_restarts": trial.restarts, "seconds": round(took_s), "outcomes": outcomes,
        "posts": count, "captured": len(kept), "due": due, "visits": len(sent), "most_visits_of_one_post": max(visits.values()),
        "least_gap_sent_s": round(sent_s[0], 3), "least_gap_begun_s": round(begun_s[0], 3), "gate_s": GATE_S,
        "least_gaps_seen_s": [round(each, 3) for each in asked_s[:8]],
        "left_after_kill_s": [round(each, 1) for each in sorted(trial.left_s)], "orphans": trial.orphans,
    }  # fmt: skip
    print(json.dumps(said), flush=True)
    return {
        "lost": len(told - kept), "forgotten": count - len(kept) - due,
        "repeats_per_fault": round((len(sent) - len(visits)) / max(1, faults), 2), "orphans": trial.orphans,
        "least_gap_over_gate": round(begun_s[0] / GATE_S, 2),
    }  # fmt: skip


# --------------------------------------------------------------------------------------------------------------- limit


class RememberedServices(Services):
    """Visits one post, and answers with what came of that for every other: simulated."""

    taken: Capture | None = None

    async def visit(
        self, post: Post, platform: Platform, *, media: bool, ready: Ready, asked: Asked | None = None
    ) -> Capture:
        if self.taken is None:
            self.taken = await super().visit(post, platform, media=media, ready=ready, asked=asked)
        else:
            await ready()
            if asked:
                asked()
        mark = post.native_id.encode()
        artifacts = tuple(
            replace(each, body=each.body + mark) if each.role == "media" else each for each in self.taken.artifacts
        )
        return replace(self.taken, post=post, artifacts=artifacts)


def be_remembering_worker(args: Sequence[str]) -> None:
    farm_worker.Services = RememberedServices  # type: ignore[attr-defined]
    sys.argv[1:] = args
    run_command()


def measure_limit(count: int, through: Through) -> dict[str, float]:
    """Captures a minute that the machine with the archive takes in, and what that costs it."""
    with scheduler() as address, tempfile.TemporaryDirectory() as folder:
        options = ["farm", "worker", address, "--tabs", "6", "--ask-address", "", *reach(through)]
        workers = [subprocess.Popen([sys.executable, __file__, "--remembering", *options], stderr=subprocess.DEVNULL)
                   for _ in range(2)]  # fmt: skip
        wait_for_workers(address, 2)
        capture_all(12, through, "--farm", address, "--no-replay")
        urls = [post_fact(n).url for n in range(count)]
        log = Path(folder) / "log.jsonl"
        line = command("capture", *urls, "-a", folder, "--delay=0", "--no-replay", "--farm", address, "-q",
                       f"--log-file={log}", *reach(through))  # fmt: skip
        process = subprocess.Popen(line, stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(process.pid, 0)
        assert status == 0, status
        for each in workers:
            each.terminate()
            each.wait()
        events = [json.loads(text) for text in log.read_text().splitlines()]
        at = [seconds(each["at"]) for each in events if each["what"] == "capture"]
        wall, size = at[-1] - at[0], (Path(folder) / "embeds.db").stat().st_size
    cpu = used.ru_utime + used.ru_stime
    print(f"limit (simulated): {count} captures in {wall:.0f} s, {cpu / count:.3f} CPU-s each, peak {used.ru_maxrss >> 10} MB, "
          f"{size // count // 1000} KB each, load {os.getloadavg()[0]:.1f}", flush=True)  # fmt: skip
    return {
        "coordinator_per_minute": round((count - 1) / wall * 60),
        "coordinator_per_cpu_minute": round(count / cpu * 60), "coordinator_mb": used.ru_maxrss >> 10,
    }  # fmt: skip


def main() -> None:
    if sys.argv[1:2] == ["--coordinator"]:
        be_coordinator(Path(sys.argv[2]), sys.argv[3:])
    if sys.argv[1:2] == ["--remembering"]:
        be_remembering_worker(sys.argv[2:])
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--parts", nargs="+", choices=("speed", "faults", "limit"), default=["speed", "faults", "limit"]
    )
    parser.add_argument("-n", "--posts", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--faults", type=int, default=100)
    parser.add_argument("--most-s", type=float, default=900.0, help="A trial with faults ends then in any case.")
    parser.add_argument("--limit-posts", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    assert shutil.which("taskset")
    assert shutil.which("unshare")
    result: dict[str, float] = {}
    arrivals = Path(tempfile.mkstemp(prefix="arrivals-")[1])
    with site(max(options.posts, options.faults, options.limit_posts), arrivals) as through:
        if "speed" in options.parts:
            result |= measure_speed(options.posts, options.rounds, through)
        if "faults" in options.parts:
            result |= measure_faults(options.faults, options.seed, through, arrivals, options.most_s)
        if "limit" in options.parts:
            result |= measure_limit(options.limit_posts, through)
    arrivals.unlink()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
