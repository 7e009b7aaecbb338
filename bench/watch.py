"""The schedule of a watch against the best fixed interval with as many observations, over two invented years.

python bench/watch.py [--posts 3000] [--kills 1000]

Posts of many accounts, some of which vanish whole; both schedules observe the same world. Then three things that must never
happen: a day that costs more than its budget though its process is killed again and again (real kills, a real SQLite), an
interval that does not hold the moment of the loss, and a change that is lost, or told twice to who honours its id, over kills.
Prints figures, and one line of JSON last; the log is results/watch.md.
"""

from __future__ import annotations

import argparse
import heapq
import http.server
import json
import math
import os
import random
import signal
import sqlite3
import tempfile
import threading
import time
import urllib.request
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from embedarchive.core.changes import trace_changes
from embedarchive.core.model import Outcome
from embedarchive.core.schedule import LONGEST_D, chance_of_loss, find_interval, solve_pace, spread_by
from embedarchive.core.standing import LivenessCheck, follow, later
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive
from embedarchive.store.rows import insert
from embedarchive.store.watching import FEED, announce, keep_delivery, spend

YEARS_D = 730.0
FLOCK_A_DAY = 50


@dataclass(frozen=True, slots=True)
class Lived:
    """One invented post: when it was posted and lost (days), its account, and how many articles embed it."""

    key: str
    account: int
    posted: float
    lost: float
    articles: int


def invent_posts(count: int, seed: int) -> list[Lived]:
    """Posts with the losses that are known of X (18 % in three months, most of them as their account goes whole)."""
    rng = random.Random(seed)
    accounts = max(1, count * 3 // 20)
    vanishes = [rng.uniform(0, YEARS_D) if rng.random() < 0.12 else math.inf for _ in range(accounts)]
    posts = []
    for n in range(count):
        account = min(int(rng.paretovariate(0.9)) - 1, accounts - 1) if rng.random() < 0.3 else rng.randrange(accounts)
        posted = rng.uniform(-365, YEARS_D - 90)
        lost = min(posted + draw_life(rng), vanishes[account])
        if lost > max(posted, 0.0):
            posts.append(Lived(f"x:{n}", account, posted, lost, min(200, int(rng.paretovariate(1.1)))))
    return posts


def draw_life(rng: random.Random) -> float:
    """Days until a post is deleted by itself."""
    left, age = rng.expovariate(1.0), 0.0
    for end in (7.0, 90.0, 365.0):
        rate = 0.5 * chance_of_loss("x", age)  # the other half goes with its account
        if left <= rate * (end - age):
            return age + left / rate
        left, age = left - rate * (end - age), end
    return age + left / (0.5 * chance_of_loss("x", age))


@dataclass
class Learned:
    """What a schedule cost, and (delay in days, articles) of each loss that it learned of."""

    looks: int
    delays: list[tuple[float, int]]

    @property
    def mean(self) -> float:
        return sum(delay * w for delay, w in self.delays) / sum(w for _, w in self.delays)

    def quantile(self, share: float, *, weighted: bool) -> float:
        rows = sorted(self.delays)
        sums, total = [], 0
        for _, articles in rows:
            total += articles if weighted else 1
            sums.append(total)
        return rows[bisect_left(sums, share * total)][0]


def observe_fixed(posts: list[Lived], interval: float) -> Learned:
    """Every post every `interval` days, each from a moment of its own, until it is seen to be lost."""
    looks, delays = 0, []
    for post in posts:
        at = max(post.posted, 0.0) + (spread_by(post.key) + 1) / 2 * interval
        end = min(post.lost, YEARS_D)
        n = max(0, math.ceil((end - at) / interval))
        found = at + n * interval
        looks += n
        if found < YEARS_D and post.lost < YEARS_D:
            looks += 1
            delays.append((found - post.lost, post.articles))
    return Learned(looks, delays)


def observe_watched(posts: list[Lived], per_day: float) -> Learned:
    """By the rules of a watch: intervals by worth, paced from the budget every day, an account's first loss as an alarm."""
    by_account: dict[int, list[int]] = defaultdict(list)
    for n, post in enumerate(posts):
        by_account[post.account].append(n)
    begun: set[int] = set()
    living: dict[int, None] = {}
    due_at: dict[int, float] = {}
    seen_at: dict[int, float] = {}
    queue: list[tuple[float, int]] = []
    starts = sorted((max(post.posted, 0.0), n) for n, post in enumerate(posts))
    looks, delays, pace, started = 0, [], 1.0, 0

    def plan(n: int, now: float) -> None:
        post = posts[n]
        chance = chance_of_loss("x", now - post.posted)
        days = max(1.0, find_interval(chance, post.articles, pace) * (1 + 0.1 * spread_by(post.key)))
        due_at[n], seen_at[n] = now + days, now
        heapq.heappush(queue, (due_at[n], n))

    for day in range(int(YEARS_D)):
        while started < len(starts) and starts[started][0] <= day:
            n = starts[started][1]
            living[n] = None
            plan(n, float(day))
            started += 1
        if day % 7 == 0 and living:
            groups: dict[tuple[float, int], int] = defaultdict(int)
            for n in living:
                groups[chance_of_loss("x", day - posts[n].posted), posts[n].articles] += 1
            new = solve_pace(((c, w, k) for (c, w), k in groups.items()), 0.9 * per_day, LONGEST_D)
            if new != pace:
                pace, queue = new, []
                for n in living:
                    at = seen_at[n]
                    plan(n, at)
        left = int(per_day)
        flock: dict[int, int] = defaultdict(int)
        while queue and left and queue[0][0] <= day + 1:
            at, n = heapq.heappop(queue)
            if due_at.get(n) != at or n not in living:
                continue
            looks, left = looks + 1, left - 1
            now = max(at, float(day))
            post = posts[n]
            if post.lost > now:
                plan(n, now)
                continue
            del living[n]
            delays.append((now - post.lost, post.articles))
            if post.account not in begun:
                begun.add(post.account)
                for other in sorted(by_account[post.account], key=lambda m: seen_at.get(m, 0.0)):
                    if other in living and flock[post.account] < FLOCK_A_DAY:
                        flock[post.account] += 1
                        due_at[other] = min(due_at[other], now + (spread_by(posts[other].key) + 1) / 2)
                        heapq.heappush(queue, (due_at[other], other))
    return Learned(looks, delays)


def find_fixed(posts: list[Lived], looks: int) -> Learned:
    """The fixed interval that costs as many observations."""
    least, most = 0.5, 200.0
    for _ in range(40):
        middle = math.sqrt(least * most)
        if observe_fixed(posts, middle).looks > looks:
            least = middle
        else:
            most = middle
    return observe_fixed(posts, most)


SEEDS = (1, 2, 3)
BUDGETS = (1 / 28, 1 / 14, 1 / 7, 1 / 4)
"""Observations a day, as a share of the posts."""


def compare(count: int, per_post: float) -> tuple[float, float, float]:
    """Gain in embed-weighted mean delay, and the longest tenth of delays against equal intervals: by embeds, by posts."""
    watched, fixed = Learned(0, []), Learned(0, [])
    for seed in SEEDS:
        posts = invent_posts(count, seed)
        ours = observe_watched(posts, len(posts) * per_post)
        theirs = find_fixed(posts, ours.looks)
        for total, one in ((watched, ours), (fixed, theirs)):
            total.looks += one.looks
            total.delays += one.delays
    gain = 1 - watched.mean / fixed.mean
    ratios = [watched.quantile(0.9, weighted=flag) / fixed.quantile(0.9, weighted=flag) for flag in (True, False)]
    print(
        f"| 1 in {1 / per_post:.0f} days | {watched.looks:,} / {fixed.looks:,} | {len(watched.delays):,} | "
        f"{watched.mean:.2f} / {fixed.mean:.2f} | {gain:.1%} | {ratios[0]:.2f} | {ratios[1]:.2f} |",
        flush=True,
    )
    return gain, ratios[0], ratios[1]


# ------------------------------------------------------------------------------------------------------------ over kills


def kill_after(work: Callable[[int], None], signs: int, rng: random.Random) -> int:
    """Let a child work that writes a byte for each thing it does, kill it a moment after so many; give how many it did."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            work(write)
        finally:
            os._exit(0)
    os.close(write)
    done = 0
    while done < signs and os.read(read, 1):
        done += 1
    time.sleep(rng.uniform(0, 0.002))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(read, "rb") as rest:
        return done + len(rest.read())


def open_bare(path: Path) -> sqlite3.Connection:
    """The archive's file as its writer has it, without the lock: the kills are ours, one writer at a time."""
    conn = sqlite3.connect(path, isolation_level=None, timeout=60)
    conn.row_factory = sqlite3.Row
    conn.execute("PRAGMA synchronous = OFF")  # it is killed, and keeps its power
    return conn


def count_broken_budgets(path: Path, kills: int, rng: random.Random) -> int:
    """Days that cost more than their budget, of which a process that was killed `kills` times made the observations."""
    allowed, seen = 25, Counter[str]()
    for kill in range(kills):
        day = f"2026-{1 + kill // 560:02}-{1 + kill // 20 % 28:02}"

        def observe(write: int, day: str = day) -> None:
            with closing(open_bare(path)) as conn:
                while True:
                    conn.execute("BEGIN IMMEDIATE")
                    may = spend(conn, "x", day, allowed)
                    conn.execute("COMMIT")
                    if not may:
                        return
                    os.write(write, b".")  # the visit

        seen[day] += kill_after(observe, rng.randint(0, 4), rng)
    made = f"{sum(seen.values()):,} observations on {len(seen)} days of {allowed}; most on one: {max(seen.values())}"
    print(f"\n{kills:,} kills, {made}")
    return sum(count > allowed for count in seen.values())


BEGUN = "2026-01-01T00:00:00.000Z"


def count_true_intervals(losses: int, rng: random.Random) -> float:
    """The share of losses whose interval holds the moment; looks, walls, faults and doubts at random around them."""
    true = 0
    for n in range(losses):
        lost = rng.uniform(5, 60)
        moments = sorted(
            {0.0, *(rng.uniform(0, 90) for _ in range(rng.randint(3, 40))), lost + rng.uniform(0.01, 3), 95.0}
        )
        looks = []
        for number, day in enumerate(moments):
            outcome: Outcome = "available" if day < lost else "gone"
            if 0 < number < len(moments) - 1 and rng.random() < 0.4:
                outcome = rng.choice(("blocked", "error", "unavailable"))
            reason = "unconfirmed" if outcome == "unavailable" else None
            control = number == len(moments) - 1 or rng.random() < 0.7
            looks.append(
                LivenessCheck(
                    later("2026-01-01T00:00:00.000Z", day * 86_400), outcome, reason, control, uid=str(number)
                )
            )
        second_day = rng.random() < 0.5
        changes = trace_changes(f"x:{n}", looks, follow(looks, (), second_day=second_day))
        at = later(BEGUN, lost * 86_400)
        told = [each for each in changes if each.change == "missing"]
        if second_day and not told:  # one denial of the last day alone is not believed
            true += 1
            continue
        true += len(told) == 1 and (told[0].after or "") < at <= told[0].by
    return true / losses


def tell_over_kills(path: Path, kills: int, rng: random.Random) -> tuple[int, int, int]:
    """Changes never told, those told twice to who honours the id, and requests in all, over kills."""
    received: Counter[str] = Counter()
    taken: Counter[str] = Counter()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            key = self.headers["Idempotency-Key"]
            self.rfile.read(int(self.headers["Content-Length"]))
            received[key] += 1
            if received[key] == 1:
                taken[key] += 1
            self.send_response(204)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/"
    now = "2026-03-01T00:00:00.000Z"

    def tell(write: int) -> None:
        with closing(open_bare(path)) as conn:
            conn.execute("BEGIN IMMEDIATE")
            announce(conn, now, ("hook",))
            conn.execute("COMMIT")
            for row in conn.execute("SELECT id FROM changes_to_tell").fetchall():
                asked = urllib.request.Request(url, b"{}", {"Idempotency-Key": row["id"]}, method="POST")
                urllib.request.urlopen(asked).read()
                os.write(write, b".")
                conn.execute("BEGIN IMMEDIATE")
                keep_delivery(conn, "hook", row["id"], now, "ok", None)
                conn.execute("COMMIT")

    with closing(open_bare(path)) as conn:
        for n in range(kills):
            insert(
                conn, "posts", {"key": f"x:{n}", "platform": "x", "native_id": str(n), "url": "u", "first_seen_at": now}
            )
            ends = {"after": now, "by": now, "capture_by": "b", "articles": 1}
            insert(conn, "changes", {"id": f"{n:032}", "post_key": f"x:{n}", "change": "missing"} | ends)
    while kill_after(tell, rng.randint(1, 6), rng):
        pass
    server.shutdown()
    with closing(open_bare(path)) as conn:
        noted = conn.execute("SELECT count(*) FROM deliveries WHERE channel = ?", (FEED,)).fetchone()[0]
    twice = sum(times > 1 for times in taken.values())
    return kills - len(taken) + kills - noted, twice, sum(received.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--posts", type=int, default=3000)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--losses", type=int, default=5000)
    asked = parser.parse_args()
    print(
        "| budget | observations, ours / equal intervals | losses | mean delay, days | gain | p90 by embeds | p90 by posts |"
    )
    print("|---|---|---|---|---|---|---|")
    found = [compare(asked.posts, per_post) for per_post in BUDGETS]
    rng = random.Random(7)
    with tempfile.TemporaryDirectory() as room:
        path = Path(room) / "embeds.db"
        Archive(path, platforms=PLATFORMS).close()
        broken = count_broken_budgets(path, asked.kills, rng)
        true = count_true_intervals(asked.losses, rng)
        lost, twice, requests = tell_over_kills(path, 200, rng)
    print(f"{asked.losses:,} losses: {true:.2%} of the intervals hold the moment")
    print(
        f"200 changes told in {requests} requests over kills: {lost} lost, {twice} told twice to who honours the id\n"
    )
    print(
        json.dumps(
            {
                "delay_gain": round(min(gain for gain, *_ in found), 3),
                "p90_ratio": round(max(ratio for _, ratio, _ in found), 3),
                "p90_ratio_by_posts": round(max(ratio for *_, ratio in found), 3),
                "budget_broken": broken,
                "intervals_true": true,
                "announced_twice": twice,
                "changes_lost": lost,
            }
        )
    )


if __name__ == "__main__":
    main()
