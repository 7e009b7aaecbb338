"""Time how fast an archive is verified: every byte against its sha256, every row, and SQLite's own structure.

usage: python bench/verify.py [--megabytes 800] [--text] [--keep FILE]

The archive is synthetic and the same on every machine: pictures and videos (bytes that do not compress, of the sizes that
posts have), and of each visit a page of markup, deflated to about a fifth. It is read once before, so that the disk counts
for nothing; seconds are those of all threads together. All figures go to standard error; the last line, on standard output,
is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import zlib
from contextlib import closing
from pathlib import Path

from embedarchive.core.model import Artifact, Capture, Exchange, Verdict
from embedarchive.detect.identity import make_post
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.verify import CHECKS, VerifyScope, verify

SIZES = (40_000, 120_000, 250_000, 400_000, 1_200_000, 6_000_000)
"""Bytes of pictures and videos, each as often as the next but for the videos: see `WEIGHTS`."""
WEIGHTS = (20, 30, 25, 15, 8, 2)
WORDS = 400


def make_markup(chance: random.Random, words: list[str]) -> bytes:
    """A page of some 300 KB that deflates to about a fifth, as a platform's does."""
    return " ".join(f'<div class="{chance.choice(words)}">{chance.choice(words)}</div>' for _ in range(9_000)).encode()


def build(path: Path, megabytes: int, sizes: tuple[int, ...] = SIZES) -> None:
    """An archive of `megabytes` of files, or, without sizes of files, of pages alone."""
    chance = random.Random(20261127)
    words = [chance.randbytes(6).hex() for _ in range(WORDS)]
    kept, number = 0, 0
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("capture", "2026-03-01T08:00:00.000Z", "bench", {})
        while kept < megabytes * 1_000_000:
            number += 1
            post = make_post(BY_NAME["x"], str(2_028_591_126_443_921_508 + number))
            archive.keep_target(crawl, post, "2026-03-01T08:00:00.000Z", forced=False)
            files = [chance.randbytes(size) for size in chance.choices(sizes, WEIGHTS, k=6)] if sizes else []
            at = f"2026-03-01T08:00:{number % 60:02}.{number % 1000:03}Z"
            artifacts = tuple(Artifact("media", body, "image/jpeg", n) for n, body in enumerate(files, 1))
            markup = make_markup(chance, words)
            page = Exchange(post.url, status=200, body=markup, content_type="text/html",
                            resource_type="document", started_at=at)  # fmt: skip
            archive.keep_capture(
                Capture(post, post.url, post.url, at, at, Verdict("available"), 200, artifacts, (page,)), crawl
            )
            kept += sum(map(len, files)) or len(zlib.compress(markup, 6))


def measure(path: Path) -> dict[str, float]:
    """Seconds of work of each check, and of all; megabytes of stored bytes a second of one core."""
    with closing(open_reader(path)) as conn:
        list(verify(conn, VerifyScope()))  # everything is in memory from here on
    times: dict[str, float] = {}
    for check in CHECKS:
        with closing(open_reader(path)) as conn:
            began = time.process_time()
            assert not list(check(conn, VerifyScope()))
            times[check.__name__] = time.process_time() - began
    scope = VerifyScope()
    with closing(open_reader(path)) as conn:
        began, wall = time.process_time(), time.monotonic()
        assert not list(verify(conn, scope))
        spent, took = time.process_time() - began, time.monotonic() - wall
    for name, seconds in times.items():
        print(f"{name:18} {seconds:6.2f} CPU-s", file=sys.stderr)
    print(
        f"{scope.blobs} files, {scope.bytes / 1e6:.0f} MB stored, {scope.rows} rows: {spent:.2f} CPU-s, {took:.2f} s",
        file=sys.stderr,
    )
    return {
        "stored_mb": round(scope.bytes / 1e6), "cpu_s": round(spent, 2), "wall_s": round(took, 2),
        "mb_per_cpu_s": round(scope.bytes / 1e6 / spent),
        "bytes_alone_mb_per_cpu_s": round(scope.bytes / 1e6 / times["check_blobs"]),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=800)
    parser.add_argument("--text", action="store_true", help="pages alone, no pictures and videos")
    parser.add_argument("--keep", type=Path, help="build the archive there, or use the one that is there")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        path = given.keep or Path(room) / "embeds.db"
        if not path.exists():
            build(path, given.megabytes, () if given.text else SIZES)
        print(json.dumps(measure(path)))


if __name__ == "__main__":
    main()
