"""Survival curves of two other programs, surpyval and lifelines, from an environment of their own (`make tools`).

Within an interval that nobody looked into, ours is drawn straight and theirs steps: only ages at which a lost post was looked
at are compared. lifelines has no late entry, and its climb is told to go on until it hardly moves (at its own tolerance it ends
.009 from both): it is asked of fewer posts.
"""

from __future__ import annotations

import json
import random
import subprocess
from pathlib import Path
from typing import Any

from embedarchive.core.survival import Lifetime, SurvivalCurve, estimate
from tools import HOME
from waiting import BOUND_S

ENVIRONMENT = "statistics"
ORACLES = {"surpyval": (200, True, 50), "lifelines": (60, False, 4)}
"""Program -> how many posts it is asked of at once, whether it knows of late entry, of how many sets it takes no hours."""

# Runs over there: a program's name and data sets on standard input, and for each the curve at the ages that are asked for.
ASK = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy

def ask_surpyval(entered, seen, gone, ages, late):
    from surpyval import Turnbull
    given = {"tl": entered} if late else {}
    fitted = Turnbull.fit(xl=seen, xr=gone, turnbull_estimator="Kaplan-Meier", max_iter=20000, **given)
    at = numpy.searchsorted(fitted.x, ages, side="right") - 1
    return [float(fitted.R[n]) if n >= 0 else 1.0 for n in at]

def ask_lifelines(entered, seen, gone, ages, late):
    from lifelines.fitters.npmle import npmle
    after = seen + 0.01  # its intervals hold both their ends; ours do not hold the look at which the post was still there
    parts, within, *_ = npmle(after, gone, tol=1e-12, max_iter=1e6, optimize=False)
    ends = numpy.array([each.right for each in within])
    return [1.0 - float(parts[ends <= age].sum()) for age in ages]

asked = json.load(sys.stdin)
ask = {"surpyval": ask_surpyval, "lifelines": ask_lifelines}[asked["oracle"]]
answers = []
for each in asked["sets"]:
    entered, seen, ages = (numpy.array(each[name], float) for name in ("entered", "seen", "ages"))
    gone = numpy.array([numpy.inf if g is None else g for g in each["gone"]], float)
    answers.append(ask(entered, seen, gone, ages, each["late"]))
json.dump(answers, sys.stdout)
"""


def find_python() -> Path | None:
    """The interpreter of the environment that has it, if it was prepared."""
    home = HOME / ENVIRONMENT
    return home / "bin" / "python" if (home / "ready").exists() else None


def make_lifetimes(seed: int, number: int, *, late: bool) -> list[Lifetime]:
    """So many lifetimes in whole days."""
    draw = random.Random(seed)
    out = []
    while len(out) < number:
        died = draw.weibullvariate(150, draw.choice((0.7, 1.0, 2.0)))
        entered = float(draw.randrange(0, 60)) if late and draw.random() < 0.5 else 0.0
        if died <= entered:
            continue
        at, until = entered, entered + draw.randrange(20, 220)
        seen, gone = entered, None
        while gone is None and (at := at + draw.randrange(1, 30)) <= until:
            gone, seen = (at, seen) if died <= at else (None, at)
        if seen > entered or not late:  # the programs do not take one that was seen but once
            out.append(Lifetime(entered, seen, gone, str(len(out))))
    return out


def compare_with_oracle(oracle: str, sets: int) -> float | None:
    """How far its curve is from ours at most, over so many data sets at most; None without it.

    Half of the sets have late entry, where the program knows of that.
    """
    python = find_python()
    if python is None:
        return None
    posts, knows_late, most = ORACLES[oracle]
    given: list[dict[str, Any]] = []
    curves: list[SurvivalCurve] = []
    for seed in range(min(sets, most)):
        late = knows_late and bool(seed % 2)
        lives = make_lifetimes(seed, posts, late=late)
        curve = estimate(lives)
        assert curve is not None
        curves.append(curve)
        columns = {
            "entered": [x.entered for x in lives],
            "seen": [x.seen for x in lives],
            "gone": [x.missing for x in lives],
        }
        looked = {age for x in lives if x.missing is not None for age in (x.seen, x.missing)}
        ages = [day for day in curve.days if day in looked]
        given.append({**columns, "ages": ages, "late": late})
    asked = json.dumps({"oracle": oracle, "sets": given})
    done = subprocess.run(
        [python, "-c", ASK], input=asked, capture_output=True, text=True, timeout=5 * BOUND_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return max(
        abs(dict(zip(curve.days, curve.alive, strict=True))[age] - theirs)
        for curve, asked, answer in zip(curves, given, json.loads(done.stdout), strict=True)
        for age, theirs in zip(asked["ages"], answer, strict=True)
    )
