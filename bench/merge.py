"""Pairs of archives drawn by chance, merged either way, killed and again; and how fast a large one is merged.

usage: python bench/merge.py [--pairs 200] [--first 0] [--captures 100000] [--write]

The pairs are drawn from real visits and downloads of the replica (`tests/pairs.py`): edits, losses, holds, notes,
tags, collections, opt-outs, levels, erasures, in one archive, the other or both. Each pair is merged one way and the
other, and a third time by a process that is killed after a random time and begun again; all three must say the same
by name, `verify` must find nothing wrong with any, and the same again must bring nothing. Each is told as it is done, so
that --first goes on behind the last. The large archives are
synthetic: half of each is held by both, with four files and seven exchanges a visit, all bytes known already. The
last line is the result as JSON; --write puts it into bench/results/merge.md.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

import pairs  # noqa: E402
from embedarchive.api.merging import merge  # noqa: E402
from embedarchive.platforms import PLATFORMS  # noqa: E402
from embedarchive.store import Archive, open_reader  # noqa: E402
from embedarchive.store.blobs import hash_bytes  # noqa: E402
from embedarchive.store.merging.captures import insert_rows, log_captures  # noqa: E402
from embedarchive.store.merging.union import Merged, merge_archive  # noqa: E402
from embedarchive.store.schema import capture_uid  # noqa: E402
from embedarchive.store.verify import VerifyScope, verify  # noqa: E402
from embedarchive.store.verify_log import LogScope  # noqa: E402

RESULTS = ROOT / "bench" / "results" / "merge.md"
AGES = ("005", "011", "014", "017")
NOW = "2026-06-01T08:00:00.000Z"
LONGEST_RUN_S = 0.5
"""Of a merge that is killed, from its first transaction to after its last."""
FILES, EXCHANGES = 4, 7


def find_flaws(path: Path) -> list[str]:
    with closing(open_reader(path)) as conn:
        return [flaw.says for flaw in verify(conn, VerifyScope(log=LogScope()))]


def copy(path: Path, folder: Path) -> Path:
    folder.mkdir()
    return Path(shutil.copy(path, folder / path.name))


def kill_merge(other: Path, path: Path, after_s: float) -> None:
    """Begin a merge in a process of its own, and kill it after so long."""
    child = os.fork()
    if child == 0:
        try:
            merge(other, archive=path)
        finally:
            os._exit(0)
    time.sleep(after_s)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def try_pair(world: pairs.World, seed: int, folder: Path) -> list[str]:
    """What is wrong with a pair, merged every way; nothing, as it should be."""
    chance = random.Random(seed)
    first, second = pairs.draw_pair(world, seed, 14)
    one = pairs.build(folder / "a" / "embeds.db", first)
    two = pairs.build(folder / "b" / "embeds.db", second)
    here, there, killed = copy(one, folder / "ab"), copy(two, folder / "ba"), copy(one, folder / "killed")
    merge(two, archive=here)
    merge(one, archive=there)
    for _ in range(chance.randint(1, 3)):
        kill_merge(two, killed, chance.uniform(0, LONGEST_RUN_S))
    merge(two, archive=killed)
    wrong = [f"either way: {each}" for each in pairs.find_differences(here, there)]
    wrong += [f"killed: {each}" for each in pairs.find_differences(here, killed)]
    wrong += [f"verify: {each}" for path in (here, there, killed) for each in find_flaws(path)]
    (again,) = merge(two, archive=here).merged
    wrong += [] if again.is_nothing else ["a second time brought something"]
    return wrong + [f"twice: {each}" for each in pairs.find_differences(here, there)]


def try_pairs(first: int, count: int) -> tuple[int, list[str]]:
    unequal, told = 0, []
    with tempfile.TemporaryDirectory(prefix="embedarchive-merge-") as room:
        folder = Path(room)
        os.environ["XDG_STATE_HOME"] = str(folder / "state")
        archives = ROOT / "tests" / "archives"
        worlds = [pairs.read_world(pairs.unpack(archives / f"{age}.db.gz", folder / age / "embeds.db")) for age in AGES]
        captures = tuple(each for world in worlds for each in world.captures)
        world = pairs.World(captures, tuple(each for world in worlds for each in world.fetches))
        for seed in range(first, first + count):
            place = folder / str(seed)
            wrong = try_pair(world, seed, place)
            unequal += bool(wrong)
            told += [f"{seed} {each}" for each in wrong[:5]]
            shutil.rmtree(place)
            print(f"pair {seed}: {len(wrong)} differences", *wrong[:5], sep="\n  ", flush=True)
    return unequal, told


# ------------------------------------------------------------------------------------------------------------- large ones


def build_large(path: Path, first: int, count: int) -> None:
    """Visits of these numbers, of ten to a post, with files and exchanges that all share."""
    bodies = [f"file {number}".encode() for number in range(50)]
    hashes = [hash_bytes(body) for body in bodies]
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "bench", {})
        with archive.transaction() as conn:
            conn.executemany(
                "INSERT OR IGNORE INTO blobs (sha256, size, encoding, body) VALUES (?, ?, 'identity', ?)",
                [(sha256, len(body), body) for sha256, body in zip(hashes, bodies, strict=True)],
            )
        for start in range(first, first + count, 1_000):
            with archive.transaction() as conn:
                numbers = range(start, min(start + 1_000, first + count))
                conn.executemany(
                    "INSERT OR IGNORE INTO posts (key, platform, native_id, url, first_seen_at) VALUES (?, 'x', ?, ?, ?)",
                    [(f"x:{n // 10}", str(n // 10), f"https://x.com/i/status/{n // 10}", NOW) for n in numbers],
                )
                kept = make_rows(numbers, first, crawl, hashes)
                for table, rows in kept.items():
                    insert_rows(conn, table, rows)
                log_captures(conn, kept)


def make_rows(numbers: range, first: int, crawl: int, hashes: list[str]) -> dict[str, list[dict[str, object]]]:
    kept: dict[str, list[dict[str, object]]] = {name: [] for name in ("captures", "artifacts", "exchanges", "checks")}
    for number in numbers:
        here, url = number - first + 1, f"https://platform.twitter.com/embed/Tweet.html?id={number // 10}"
        at = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}T{number % 24:02}:{number % 60:02}:00.{number % 1000:03}Z"
        key = f"x:{number // 10}"
        kept["captures"].append({
            "id": here, "post_key": key, "crawl_id": crawl, "fetch_id": None, "outcome": "unavailable", "reason": "private",
            "evidence": "[]", "visit_url": url, "final_url": url, "status": 200, "started_at": at, "finished_at": at,
            "missing": "[]", "alterations": "[]", "environment": '{"browser":"x"}', "uid": capture_uid(key, at, str(number)),
            "origin": "visit", "purpose": "post", "seen_at": at,
        })  # fmt: skip
        kept["checks"].append({
            "id": here, "post_key": key, "capture_id": here, "checked_at": at, "outcome": "unavailable", "reason": "private",
            "embedding": None,
        })  # fmt: skip
        kept["artifacts"] += [
            {"id": (here - 1) * FILES + place + 1, "capture_id": here, "role": "media", "position": place + 1,
             "sha256": hashes[(number + place) % 50], "content_type": "video/mp4", "size": 7, "url": f"{url}&{place}",
             "width": 640, "height": 480, "alt": None, "truncated": None, "dhash": None}
            for place in range(FILES)
        ]  # fmt: skip
        kept["exchanges"] += [
            {"id": (here - 1) * EXCHANGES + place + 1, "capture_id": here, "position": place + 1, "url": f"{url}&{place}",
             "method": "GET", "status": 200, "resource_type": "script", "content_type": "text/html",
             "request_headers": '[["user-agent","bench"],["accept","*/*"]]',
             "response_headers": '[["content-type","text/html"],["date","Mon, 01 Jun 2026 08:00:00 GMT"]]',
             "body_sha256": hashes[(number + place) % 50], "remote_address": "192.0.2.1", "started_at": at, "elapsed_ms": 12,
             "truncated": None, "error": None}
            for place in range(EXCHANGES)
        ]  # fmt: skip
    return kept


def try_large(count: int) -> dict[str, float]:
    """Merge one of so many visits into another of as many, half of which are the same; the speed and the memory that took."""
    with tempfile.TemporaryDirectory(prefix="embedarchive-merge-") as room:
        one, two = Path(room) / "a" / "embeds.db", Path(room) / "b" / "embeds.db"
        build_large(one, 0, count)
        build_large(two, count // 2 // 10 * 10, count)
        done = Merged(two)
        with Archive(one, platforms=PLATFORMS) as archive:
            wall, cpu = time.monotonic(), time.process_time()
            merge_archive(archive, done, NOW)
            wall, cpu = time.monotonic() - wall, time.process_time() - cpu
        flaws = find_flaws(one) if count <= 20_000 else []
    assert not flaws, flaws[:3]
    visits = done.captures + done.captures_known
    return {
        "captures": count, "new": done.captures,
        "captures_per_s": round(visits / wall), "captures_per_cpu_s": round(visits / cpu),
        "new_per_cpu_s": round(done.captures / cpu),
        "memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first pair")
    parser.add_argument("--captures", type=int, default=100_000)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    large = try_large(options.captures) if options.captures else {}
    print(json.dumps(large), flush=True)
    unequal, told = try_pairs(options.first, options.pairs)
    print("\n".join(told))
    result = {"pairs": options.pairs, "unequal": unequal, **large}
    if options.write:
        write_results(result)
    print(json.dumps(result))
    return int(unequal > 0)


def write_results(result: dict[str, float]) -> None:
    lines = [
        "# Merging", "",
        f"`python bench/merge.py` on {time.strftime('%Y-%m-%d')}: {result['pairs']} pairs of archives drawn by chance from",
        "real visits and downloads of the replica, each merged either way, and killed one to three times and begun again;",
        f"compared by name with all that they say, and verified. Unequal: **{result['unequal']}**.", "",
    ]  # fmt: skip
    if "captures" in result:
        lines += [
            f"Two synthetic archives of {result['captures']:,} visits each, half of them the same, four files and",
            f"seven exchanges a visit, all bytes known: {result['captures_per_s']:,} visits a second by the clock,",
            f"{result['captures_per_cpu_s']:,} a second of processor time ({result['new_per_cpu_s']:,} of such as are new),",
            f"{result['memory_mb']:,} MB of memory at most. What is derived of them is made afterwards.", "",
        ]  # fmt: skip
    RESULTS.write_text("\n".join(lines), "utf-8")


if __name__ == "__main__":
    sys.exit(main())
