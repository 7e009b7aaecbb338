"""Time what is done with a whole archive, backup, verify and publish: for the first time, and the night after.

usage: python bench/scale.py [--gb 0.25 0.5 1 2]     (needs four times the largest size of disk)

The archives are made up: 4,000 posts a gigabyte, each with a picture of 250 kB that does not pack, three embeds, two captures
and a description (`read.py` makes the rows). The night after, one post in a hundred is new, and one is withheld from the copy
for the public.

Growth is fitted over the sizes (time = c * size^growth) and what 11 and 100 GB would take is extrapolated by it, and called so.
Processor seconds stand beside the clock: on a machine that others use, they are what the work costs. All figures go to standard
error; the last line, on standard output, is one JSON object of seconds, for the largest archive.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from embedarchive.core.clock import now
from embedarchive.core.model import Artifact, Capture, Post, Verdict
from embedarchive.export.publish import publish
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.backup import back_up
from embedarchive.store.cases import Subject, set_level
from embedarchive.store.verify import VerifyScope, verify
from read import Invented, code, make

POSTS_A_GB = 4_000
PICTURE = 250_000
FAR = (11, 100)
NIGHT = "2026-03-30T02:00:00.000Z"
Times = dict[str, tuple[float, float]]
"""What was done -> seconds by the clock, and of the processor."""


def give_pictures(path: Path, numbers: range, started: str) -> None:
    """Give posts a visit with a picture each, as a run keeps it: logged, and due to be concluded from."""
    with Archive(path, platforms=PLATFORMS) as archive:
        archive.conn.execute("PRAGMA synchronous = OFF")
        for n in numbers:
            post = Post("instagram", code(n), f"https://www.instagram.com/p/{code(n)}/")
            picture = Artifact("media", random.Random(n).randbytes(PICTURE), "image/jpeg", 1)
            archive.keep_target(1, post, started, forced=False)
            archive.keep_capture(
                Capture(post, post.url, post.url, started, started, Verdict("available"), 200, (picture,)), 1
            )


def work_a_night(path: Path, posts: int) -> None:
    """What a run adds: one post in a hundred, with their pictures; and one post is withheld."""
    give_pictures(path, range(posts, posts + max(1, posts // 100)), NIGHT)
    with Archive(path, platforms=PLATFORMS) as archive, archive.transaction() as conn:
        set_level(conn, None, [Subject("post", f"instagram:{code(7)}")], "sealed", now())


def time_it(work: Callable[[], object]) -> tuple[float, float]:
    began, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - busy


def look_through(path: Path, scope: VerifyScope) -> None:
    with closing(open_reader(path)) as conn:
        flaws = list(verify(conn, scope))
    assert not flaws, flaws[:3]


def measure(room: Path, gb: float) -> Iterator[tuple[str, tuple[float, float]]]:
    """Do all of it with an archive of that size, and take everything away again."""
    path, kept, public = room / "embeds.db", room / "backup.db", room / "public.db"
    posts = round(gb * POSTS_A_GB)
    make(path, Invented(posts))
    give_pictures(path, range(posts), "2026-03-18T02:00:00.000Z")
    yield "backup, the first", time_it(lambda: back_up(path, kept))
    yield "verify, all", time_it(lambda: look_through(path, VerifyScope()))
    yield "publish, the first", time_it(lambda: publish(path, public, now()))
    work_a_night(path, posts)
    yield "backup, the night after", time_it(lambda: back_up(path, kept))
    yield "verify, since the day before", time_it(lambda: look_through(path, VerifyScope(since=NIGHT)))
    yield "verify, a thirtieth", time_it(lambda: look_through(path, VerifyScope(sample=1 / 30, seed=1)))
    yield "publish, the night after", time_it(lambda: publish(path, public, now()))
    print(f"{gb} GB: {path.stat().st_size / 1e9:.2f} GB, {posts} posts", file=sys.stderr)
    for each in (path, kept, public):
        each.unlink()


def fit(sizes: list[float], times: list[float]) -> tuple[float, float]:
    """(growth, seconds of one gigabyte) of time = c * size^growth, by least squares of the logarithms. Pure."""
    xs, ys = [math.log(size) for size in sizes], [math.log(max(t, 0.001)) for t in times]
    x, y = statistics.mean(xs), statistics.mean(ys)
    growth = sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)
    return growth, math.exp(y - growth * x)


def print_table(measured: dict[float, Times]) -> None:
    sizes = sorted(measured)
    heads = (
        "".join(f" {size:g} GB |" for size in sizes)
        + " growth |"
        + "".join(f" {far} GB, extrapolated |" for far in FAR)
    )
    print(f"| seconds: clock (processor) |{heads}", file=sys.stderr)
    print("|---" * (len(sizes) + 2 + len(FAR)) + "|", file=sys.stderr)
    for name in measured[sizes[0]]:
        cells = "".join(f" {measured[size][name][0]:.1f} ({measured[size][name][1]:.1f}) |" for size in sizes)
        told = ""
        if len(sizes) > 1:
            growth, one = fit(sizes, [measured[size][name][1] for size in sizes])
            told = f" {growth:.2f} |" + "".join(f" {one * far**growth:.0f} of the processor |" for far in FAR)
        print(f"| {name} |{cells}{told}", file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gb", type=float, nargs="+", default=[0.25, 0.5, 1, 2])
    options = parser.parse_args()
    measured: dict[float, Times] = {}
    for gb in options.gb:
        with tempfile.TemporaryDirectory() as room:
            measured[gb] = {}
            for name, spent in measure(Path(room), gb):
                measured[gb][name] = spent
                print(
                    f"{gb:>6} GB {name:>30} {spent[0]:8.2f} s by the clock {spent[1]:8.2f} s of the processor",
                    file=sys.stderr,
                )
    print_table(measured)
    largest = max(measured)
    seconds = {
        name.replace(", ", "_").replace(" ", "_"): round(spent[0], 2) for name, spent in measured[largest].items()
    }
    print(json.dumps({**seconds, "gb": largest}))


if __name__ == "__main__":
    main()
