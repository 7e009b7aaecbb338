"""Made-up worlds whose truth is known -> how far the survival curve is off, whether its band holds, and how long it takes.

Four worlds (Weibull, flat, bathtub, flocks), looked at as an archive looks: from when a post was found on, at uneven gaps, with
walls. Errors are judged at 1, 6 and 24 months. Another program's estimates are compared where it is prepared (`make tools`).

python bench/survival.py                                       a first answer, three minutes
python bench/survival.py --seeds 200 --into FILE --minutes 3   what the log holds, in slices: it goes on where FILE ends
"""

from __future__ import annotations

import argparse
import json
import math
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from embedarchive.core.survival import LEAST_AT_RISK, Lifetime, estimate

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from survival_oracles import ORACLES, compare_with_oracle

AGES = (30.4, 182.6, 730.5)
SPAN = 1000.0
Judged = tuple[str, int, float, float, bool]
"""World, seed, age in days, error of the curve, whether the band holds the truth."""

Draw = Callable[[random.Random], float]


def weibull(draw: random.Random) -> float:
    """Many go early, the rest live long."""
    return draw.weibullvariate(900, 0.7)


def flat(draw: random.Random) -> float:
    """The same hazard at every age."""
    return draw.expovariate(1 / 800)


def bathtub(draw: random.Random) -> float:
    """Many go early, few in the middle, more when they are old: the least of two clocks and a late one."""
    return min(draw.weibullvariate(20_000, 0.4), draw.weibullvariate(1_100, 3))


WORLDS: dict[str, tuple[Draw, Callable[[float], float]]] = {
    "weibull": (weibull, lambda t: math.exp(-((t / 900) ** 0.7))),
    "flat": (flat, lambda t: math.exp(-t / 800)),
    "bathtub": (bathtub, lambda t: math.exp(-((t / 20_000) ** 0.4) - (t / 1_100) ** 3)),
    "flocks": (flat, lambda t: math.exp(-t / 800 - t / 2_000)),
}


def live(world: str, posts: int, draw: random.Random) -> Iterator[Lifetime]:
    """Lifetimes as an archive has them. In the world of flocks a closed account takes all its posts along."""
    clock, _ = WORLDS[world]
    accounts: list[float] = []
    made = 0
    while made < posts:
        account = len(accounts)
        accounts.append(draw.expovariate(1 / 2_000) if world == "flocks" else math.inf)
        size = min(1 + int(draw.paretovariate(1.2)), 40)
        for _ in range(size):
            made += 1
            seen = look(min(clock(draw), accounts[account]), draw)
            if seen:
                yield Lifetime(*seen, f"{world}:{account}")


def look(died: float, draw: random.Random) -> tuple[float, float, float | None] | None:
    """(First seen, last seen, missing) of a post that dies at that age; None where it was gone before anyone came."""
    entered = draw.expovariate(1.0) if draw.random() < 0.75 else draw.uniform(0, 500)
    if died <= entered:
        return None
    until = entered + draw.uniform(60, SPAN)
    at = seen = entered
    gap = draw.uniform(1, 20)
    while (at := at + draw.uniform(0.5, 1.5) * gap) < until:
        if draw.random() < 0.1:
            continue  # a wall
        if at >= died:
            return entered, seen, at
        seen = at
        gap = min(60.0, gap * 1.2)
    return entered, seen, None


def judge(world: str, seed: int, posts: int, resamples: int) -> list[Judged]:
    """One curve of a world, at each age that it reaches."""
    _, truth = WORLDS[world]
    curve = estimate(live(world, posts, random.Random(f"{world} {seed}")), random.Random(seed), resamples)
    judged: list[Judged] = []
    if curve is None:
        return judged
    for age in AGES:
        if read := curve.alive_at(age):
            alive, low, high = read
            true = truth(age) / truth(curve.days[0])
            judged.append((world, seed, age, alive - true, low <= true <= high))
    return judged


def judge_all(args: argparse.Namespace) -> list[Judged]:
    """Every curve; those that the file has are taken from it, and it gets the others as they are made."""
    until = time.monotonic() + 60 * args.minutes
    lines = args.into.read_text("utf-8").splitlines() if args.into and args.into.exists() else []
    made: dict[tuple[str, int], list[Judged]]
    made = {(world, seed): [(*each,) for each in judged] for world, seed, judged in map(json.loads, lines)}
    for seed in range(args.seeds):
        for world in WORLDS:
            if (world, seed) not in made and time.monotonic() < until:
                made[world, seed] = judge(world, seed, args.posts, args.resamples)
                if args.into:
                    with args.into.open("a", encoding="utf-8") as file:
                        file.write(json.dumps([world, seed, made[world, seed]]) + "\n")
    return [each for judged in made.values() for each in judged]


def say_judged(judged: list[Judged]) -> tuple[float, float]:
    """Print a table of them; (greatest mean error, smallest share of bands that hold the truth)."""
    print("| world | age, days | mean error | band holds | curves |\n|---|---|---|---|---|")
    bias, held = [], []
    for world in WORLDS:
        for age in AGES:
            errors = [error for at, _, on, error, _ in judged if (at, on) == (world, age)]
            holds = [hold for at, _, on, _, hold in judged if (at, on) == (world, age)]
            if errors:
                bias.append(sum(errors) / len(errors))
                held.append(sum(holds) / len(holds))
                print(f"| {world} | {age:g} | {bias[-1]:+.4f} | {held[-1]:.3f} | {len(errors)} |")
    return max(map(abs, bias)), min(held)


def measure_large(posts: int, resamples: int) -> tuple[float, float, int]:
    """(Seconds of a curve, of its band, posts) for so many posts."""
    lives = list(live("flocks", posts, random.Random(1)))
    start = time.process_time()
    estimate(lives)
    point = time.process_time() - start
    estimate(lives, random.Random(1), resamples)
    return point, (time.process_time() - start - 2 * point) * 200 / resamples, len(lives)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--posts", type=int, default=1_000)
    parser.add_argument("--resamples", type=int, default=100)
    parser.add_argument("--oracles", type=int, default=50)
    parser.add_argument("--into", type=Path, help="a file of curves already judged, made longer")
    parser.add_argument("--minutes", type=float, default=1e6, help="begin no curve after so many")
    args = parser.parse_args()
    print(f"{args.seeds} seeds of {args.posts} posts, {args.resamples} resamples; at least {LEAST_AT_RISK} at risk\n")
    bias, held = say_judged(judge_all(args))
    apart = {}
    for oracle in ORACLES:
        apart[oracle] = compare_with_oracle(oracle, args.oracles)
        print(f"\nFurthest from {oracle} over {min(args.oracles, ORACLES[oracle][2])} data sets: {apart[oracle]}")
    point, band, posts = measure_large(300_000, 10)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{posts:,} posts: curve {point:.1f} s, band of 200 {band:.1f} s of CPU; {memory:.0f} MB at most\n")
    print(json.dumps({
        "bias_max": round(bias, 4), "coverage": round(held, 3), "oracle_max": apart, "seconds_300k": round(point, 2),
    }))  # fmt: skip


if __name__ == "__main__":
    main()
