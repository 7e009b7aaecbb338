"""Kill and fail a run, over and over: at random, and the real command at its calls; verify what is left, and go on.

usage: python bench/sweep.py [--kills 10000] [--cases 400] [--lanes 2] [--seed 1]
       (Linux; the second part needs strace and a browser; a part of which none is asked for keeps its place in the log)

**At random.** A writer over a synthetic run (articles, captures, conclusions), killed with SIGKILL at a moment drawn by lot.
What it had acknowledged must be there with all its bytes, `verify` must find nothing, and the next writer goes on.

**At its calls.** `embedarchive crawl` with a real browser, of one article of the bundled newsroom with a lost post and two that
are there: the smallest that makes every kind of call. Each call that it makes on the archive's files (write, sync,
rename, unlink, truncate) kills it, fails with ENOSPC or with EIO; of more than `--cases` a sample drawn by `--seed`, of each
kind alike. It must end without a traceback, and say so where the disk failed; `verify` must find nothing, and the same
command again completes the job.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from embedarchive.core.errors import EmbedArchiveError
from embedarchive.core.model import Artifact, Capture, Description, Exchange, Fetch, Post, Verdict
from embedarchive.platforms import PLATFORMS
from embedarchive.platforms.instagram import shortcode_of
from embedarchive.replica import Replica
from embedarchive.store import Archive, open_reader
from embedarchive.store.verify import VerifyScope, verify

ROOT = Path(__file__).resolve().parent.parent
RESULT = ROOT / "bench" / "results" / "sweep.md"
NOW = "2026-03-01T10:00:00.000Z"
CALLS = ("openat", "write", "pwrite64", "fsync", "fdatasync", "rename", "unlink", "ftruncate")
FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO")
LONGEST_S = 120
HEADING = "# Sweep: a run killed and failed, verified, and gone on with"
TITLES = {"kills": "## Killed at random", "calls": "## The real command, at its calls"}
"""Of the parts of the log."""
ARTICLE = "/the-cloud-that-everyone-saw"
"""The end of its address in the bundled newsroom."""
NEW_ARCHIVE_EVERY = 50
"""Kills. Until then each writer goes on where the one before was killed."""


# ------------------------------------------------------------------------------------------------------------- at random


def write_on(path: Path, first: int, say: int) -> None:
    """Keep one capture after the other, until somebody kills this process; say the number of each that is kept."""
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id = archive.start_crawl("crawl", NOW, "bench", {})
        for number in range(first, first + 100_000):
            url = f"https://news.example/{number}"
            article_id = archive.keep_seed(crawl_id, url, "bench", NOW)
            body = f"<p>article {number}</p>".encode() * 500
            archive.keep_fetch(
                article_id, crawl_id, Fetch(url, url, NOW, "ok", 200, content_type="text/html", body=body)
            )
            capture = make_capture(number)
            capture_id = archive.keep_capture(capture, crawl_id)
            archive.keep_description(
                capture_id, capture.post.key, Description(kind="photo", text=f"post {number}"), 1, NOW
            )
            archive.conclude(capture.post.key)
            os.write(say, b"%d\n" % number)


def make_post(number: int) -> Post:
    code = shortcode_of(3_842_007_115_046_129_731 + number)
    return Post("instagram", code, f"https://www.instagram.com/p/{code}/")


def make_capture(number: int) -> Capture:
    noise = random.Random(number)
    picture = Artifact("media", noise.randbytes(noise.choice((2_000, 60_000, 700_000))), "image/jpeg", 1)
    page = Exchange(
        "https://www.instagram.com/", status=200, body=b"<p>%d</p>" % number * 900, resource_type="document"
    )
    post = make_post(number)
    return Capture(post, post.url, post.url, NOW, NOW, Verdict("available"), 200, (picture,), (page,))


def kill_at_random(path: Path, first: int, longest_s: float, chance: random.Random) -> list[int]:
    """Let a writer begin and kill it: in half of the cases while it begins, else after it acknowledged; give what it had."""
    read, say = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            write_on(path, first, say)
        finally:
            os._exit(1)
    os.close(say)
    if chance.random() < 0.5:
        select.select([read], [], [], LONGEST_S)
    time.sleep(chance.random() * longest_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(read, "rb") as told:
        return [int(line) for line in told.read().splitlines()]


def find_wrong(path: Path, acknowledged: set[int]) -> list[str]:
    """What is wrong with an archive after a kill; an empty list is a pass."""
    if not path.exists():
        return [f"lost {len(acknowledged)}: no archive"] if acknowledged else []
    try:
        with closing(open_reader(path)) as conn:
            wrong = [f"{flaw.code} {flaw.says}" for flaw in verify(conn, VerifyScope())]
            kept = {row[0] for row in conn.execute("SELECT post_key FROM captures")}
    except EmbedArchiveError as error:
        return [str(error)]
    return wrong + [f"lost {number}" for number in acknowledged if make_post(number).key not in kept]


def sweep_lane(kills: int, seed: int, most_s: float) -> Counter[str]:
    """Kill writers one after the other; give how many, what was acknowledged, and what was wrong how often."""
    chance, done, until = random.Random(seed), Counter[str](), time.monotonic() + most_s
    while done["kills"] < kills and time.monotonic() < until:
        with tempfile.TemporaryDirectory(prefix="embedarchive-sweep-") as folder:
            path, known = Path(folder) / "embeds.db", set[int]()
            for _ in range(min(NEW_ARCHIVE_EVERY, kills - done["kills"])):
                known |= set(kill_at_random(path, max(known, default=-1) + 1, 0.5, chance))
                done["kills"] += 1
                done["logs"] += path.with_name("embeds.db-wal").exists()
                done.update(f"wrong: {what}" for what in find_wrong(path, known))
            done["acknowledged"] += len(known)
            done.update(f"wrong: {file.name} was set aside" for file in Path(folder).glob("*.orphan-*"))
        print(f"{done['kills']} of {kills} kills by seed {seed}, {count_wrong(done)} wrong", flush=True)
    return done


def count_wrong(done: Counter[str]) -> int:
    return sum(number for what, number in done.items() if what.startswith("wrong: "))


def sweep_at_random(kills: int, seed: int, lanes: int, most_s: float) -> Iterator[str]:
    """Lines of the log; as many writers at a time as there are lanes, each killed for itself."""
    started, done = time.monotonic(), Counter[str]()
    with ProcessPoolExecutor(lanes) as pool:
        parts = [kills // lanes + (lane < kills % lanes) for lane in range(lanes)]
        for part in pool.map(sweep_lane, parts, (seed * 1000 + lane for lane in range(lanes)), [most_s] * lanes):
            done.update(part)
    seconds = time.monotonic() - started
    yield from (TITLES["kills"], "", f"Seed {seed}.", "")
    yield f"{done['kills']:,} kills in {seconds:,.0f} s, {lanes} at a time; {done['logs']:,} of them left a log."
    yield f"{done['acknowledged']:,} captures were acknowledged. Wrong: {count_wrong(done)}."
    yield from (f"- {number} times {what}" for what, number in done.most_common() if what.startswith("wrong: "))
    figures = {"kills": done["kills"], "wrong": count_wrong(done), "acknowledged": done["acknowledged"]}
    yield from ("", json.dumps(figures), "")


# ---------------------------------------------------------------------------------------------------------- at its calls


def make_command(replica: Replica, path: Path) -> list[str]:
    """The crawl of one article, whose posts a browser visits."""
    (seed,) = (url for url in replica.article_urls if url.endswith(ARTICLE))
    door = [part for each in replica.resolve for part in ("--resolve", each)]
    options = ["--ca-file", str(replica.ca_file), "--delay", "0", "--tabs", "1", "--no-replay", "-v", "-a", str(path)]
    return [sys.executable, "-m", "embedarchive", "crawl", seed, *door, *options]


def trace(path: Path, log: Path, calls: tuple[str, ...], *what: str) -> list[str]:
    """strace over `calls` on the archive's own files, whichever thread makes them.

    The kernel's filter lets all other calls of the command and its browser pass unseen, three times as fast; but where strace
    stops by it, no signal can be sent (its injected KILL is lost: tried).
    """
    names = [path, *(path.with_name(path.name + end) for end in ("-wal", "-journal", ".new", ".new-journal", ".lock"))]
    only = [part for name in names for part in ("-P", str(name))]
    quick = [] if any("signal=" in part for part in what) else ["--seccomp-bpf"]
    return ["strace", "-f", *quick, "-qq", "-o", str(log), *only, "-e", "trace=" + ",".join(calls), *what]


def run_bounded(command: list[str]) -> tuple[int, str]:
    """A command's exit code and what it said; it and its children are killed when they take too long."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        _, said = process.communicate(timeout=LONGEST_S)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        _, said = process.communicate()
        said += "\nTraceback: it took too long"
    return process.returncode, said


def count_calls(replica: Replica) -> dict[str, int]:
    """Call -> how often the thread that makes it most often makes it, in a crawl that nothing happens to."""
    with tempfile.TemporaryDirectory(prefix="embedarchive-sweep-") as folder:
        path, log = Path(folder) / "embeds.db", Path(folder) / "strace.log"
        code, said = run_bounded([*trace(path, log, CALLS), *make_command(replica, path)])
        if code:
            raise SystemExit(f"The crawl that is to be swept ends with {code} by itself:\n{said}")
        made = Counter(re.findall(r"^(\d+) +(\w+)\(", log.read_text("utf-8", "replace"), re.M))
    most: dict[str, int] = {}
    for (_, call), number in made.items():
        most[call] = max(most.get(call, 0), number)
    return most


def draw_cases(calls: dict[str, int], most: int, chance: random.Random) -> list[tuple[str, str, int]]:
    """(call, fault, its number): as many of each call and fault as of any other, while there are some. Pure."""
    kinds = [[(call, fault, n) for n in range(1, calls[call] + 1)] for call in sorted(calls) for fault in FAULTS]
    for kind in kinds:
        chance.shuffle(kind)
    turns = itertools.chain.from_iterable(itertools.zip_longest(*kinds))
    return [case for case in turns if case][:most]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a crawl ended one call of which failed, and what was wrong."""

    how: str
    wrong: list[str]


def try_case(replica: Replica, call: str, fault: str, number: int) -> Ended:
    """Fail one call of a crawl, verify, crawl again."""
    with tempfile.TemporaryDirectory(prefix="embedarchive-sweep-") as folder:
        path, log = Path(folder) / "a" / "embeds.db", Path(folder) / "strace.log"
        path.parent.mkdir()
        inject = trace(path, log, (call,), "-e", f"inject={call}:{fault}:when={number}")
        code, said = run_bounded([*inject, *make_command(replica, path)])
        wrong = ["a traceback"] if "Traceback" in said else []
        kept = set(re.findall(r"capture +available +(\S+)", said))
        wrong += find_lost(path, kept)
        again, said_then = run_bounded(make_command(replica, path))
        wrong += [f"the same command ended with {again}: {said_then[-200:]}"] if again else []
        wrong += find_lost(path, kept)
        wrong += [f"{file.name} was set aside" for file in path.parent.glob("*.orphan-*")]
        # What the archive does not miss may fail: an empty log that stays, or a draft that was never there.
        if code == 0 and "error" in fault and call != "unlink" and "INJECTED" in log.read_text("utf-8", "replace"):
            wrong.append("the disk failed, and the command says that all is done")
        return Ended(f"ended with {code}", wrong)


def find_lost(path: Path, kept: set[str]) -> list[str]:
    """What is wrong with an archive, and which posts are lost of which was said that they are kept."""
    if not path.exists():
        return [f"lost {key}: no archive" for key in kept]
    try:
        with closing(open_reader(path)) as conn:
            wrong = [f"{flaw.code} {flaw.says}" for flaw in verify(conn, VerifyScope())]
            held = {row[0] for row in conn.execute("SELECT post_key FROM captures WHERE outcome = 'available'")}
    except EmbedArchiveError as error:
        return [str(error)]
    return wrong + [f"lost {key}" for key in kept - held]


def sweep_calls(most_cases: int, seed: int, lanes: int, most_s: float) -> Iterator[str]:
    """Lines of the log; as many crawls at a time as there are lanes."""
    yield from (TITLES["calls"], "")
    if not shutil.which("strace"):
        print("\n*** THE REAL COMMAND WAS NOT SWEPT: strace is not here (apt-get install strace) ***\n", flush=True)
        yield from ("**Not swept: strace was not there.**", "")
        return
    started, endings, wrong = time.monotonic(), Counter[tuple[str, str, str]](), []
    with Replica() as replica, ThreadPoolExecutor(lanes) as pool:
        calls = count_calls(replica)
        cases = draw_cases(calls, most_cases, random.Random(seed))
        every = sum(calls.values()) * len(FAULTS)

        def try_one(case: tuple[str, str, int]) -> Ended | None:
            return try_case(replica, *case) if time.monotonic() - started < most_s else None

        for case, ended in zip(cases, pool.map(try_one, cases), strict=True):
            if ended is None:
                continue
            call, fault, number = case
            endings[call, fault, ended.how] += 1
            wrong += [f"{call} {number} {fault}: {problem}" for problem in ended.wrong]
            print(f"{endings.total()} of {len(cases)}: {call} {number} {fault} {ended.how}", *ended.wrong, flush=True)
    took, done = time.monotonic() - started, endings.total()
    yield f"Calls: {', '.join(f'{number} {call}' for call, number in sorted(calls.items()))}, of the thread that makes most."
    yield f"Of {every:,} cases {done} were tried, drawn by seed {seed}; {took:,.0f} s, {lanes} at a time."
    yield from ("", "| call | fault | the command | times |", "|---|---|---|---|")
    yield from (f"| {call} | {fault} | {how} | {n} |" for (call, fault, how), n in sorted(endings.items()))
    yield from ("", *(f"- {what}" for what in wrong), "", json.dumps({"cases": done, "wrong": len(wrong)}), "")


def read_part(title: str) -> list[str]:
    """The lines of one part of the log as it stands."""
    text = RESULT.read_text("utf-8") if RESULT.exists() else ""
    _, _, after = text.partition(f"{title}\n")
    part = after.partition("\n## ")[0].strip()
    return [title, "", *part.splitlines(), ""] if part else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--lanes", type=int, default=2, help="Writers, then crawls, at a time.")
    parser.add_argument("--cases", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--most-s", type=float, default=4 * 3600, help="Begin no kill and no case of the command after so long."
    )
    args = parser.parse_args()
    kills, calls = read_part(TITLES["kills"]), read_part(TITLES["calls"])
    figures = []
    if args.kills:
        kills = list(sweep_at_random(args.kills, args.seed, args.lanes, args.most_s))
        figures += read_figures(kills)
    if args.cases:
        calls = list(sweep_calls(args.cases, args.seed, args.lanes, args.most_s))
        figures += read_figures(calls)
    RESULT.write_text("\n".join([HEADING, "", *kills, *calls]), "utf-8")
    print(*map(json.dumps, figures), sep="\n")
    return int(any(each["wrong"] for each in figures))


def read_figures(lines: list[str]) -> list[dict[str, int]]:
    """The JSON objects among lines of the log. Pure."""
    return [json.loads(line) for line in lines if line.startswith("{")]


if __name__ == "__main__":
    sys.exit(main())
