"""Survival curves of another program, surpyval, from an environment of its own (`make tools`), for judging ours by.

Within an interval that nobody looked into, ours is drawn straight and theirs steps: only ages at which a lost post was looked
at are compared. lifelines has the same estimate and no late entry; its climb ends early (.009 from both) or takes minutes.
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

# Runs over there: data sets on standard input, and for each the curve at the ages that are asked for.
ASK = """
import json, sys, warnings
warnings.filterwarnings("ignore")
import numpy
from surpyval import Turnbull

def ask_surpyval(entered, seen, gone, ages, late):
    given = {"tl": entered} if late else {}
    fitted = Turnbull.fit(xl=seen, xr=gone, turnbull_estimator="Kaplan-Meier", max_iter=20000, **given)
    at = numpy.searchsorted(fitted.x, ages, side="right") - 1
    return [float(fitted.R[n]) if n >= 0 else 1.0 for n in at]

answers = []
for each in json.load(sys.stdin):
    entered, seen, ages = (numpy.array(each[name], float) for name in ("entered", "seen", "ages"))
    gone = numpy.array([numpy.inf if g is None else g for g in each["gone"]], float)
    answers.append(ask_surpyval(entered, seen, gone, ages, each["late"]))
json.dump(answers, sys.stdout)
"""


def find_python() -> Path | None:
    """The interpreter of the environment that has it, if it was prepared."""
    home = HOME / ENVIRONMENT
    return home / "bin" / "python" if (home / "ready").exists() else None


def make_lifetimes(seed: int, *, late: bool) -> list[Lifetime]:
    """Two hundred lifetimes in whole days."""
    draw = random.Random(seed)
    out = []
    while len(out) < 200:
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


def compare_with_oracle(sets: int) -> float | None:
    """How far its curve is from ours at most, over so many data sets, half of them with late entry; None without it."""
    python = find_python()
    if python is None:
        return None
    given: list[dict[str, Any]] = []
    curves: list[SurvivalCurve] = []
    for seed in range(sets):
        late = bool(seed % 2)
        lives = make_lifetimes(seed, late=late)
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
    done = subprocess.run(
        [python, "-c", ASK], input=json.dumps(given), capture_output=True, text=True, timeout=5 * BOUND_S, check=False
    )
    assert done.returncode == 0, done.stderr
    return max(
        abs(dict(zip(curve.days, curve.alive, strict=True))[age] - theirs)
        for curve, asked, answer in zip(curves, given, json.loads(done.stdout), strict=True)
        for age, theirs in zip(asked["ages"], answer, strict=True)
    )
