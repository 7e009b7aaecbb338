"""Make deliberate mistakes in the platforms' files, and count how many of them the conformance suite notices.

usage: python bench/mutate.py [--sample N] [--seed N] [--only PLATFORM] [--half finding|capture] [--jobs N] [--log]
       python bench/mutate.py --again [--only PLATFORM]

Each mutant is a platform's file with one thing in it that is wrong (`mutants.py`), put to `embedarchive.conformance` in a
process of its own. It is caught when the suite says something of it that it does not say of the file as it is, or when
it does not load, or hangs. What a browser is needed for is recorded once, and taken again by each mutant's rules (`retake.py`).
Survivors are listed by line; `REASONS` says of a kind of them why it cannot matter. A run with `--log` keeps them, and
`--again` puts those to the suite as it is now, without a browser: a minute, where the whole takes twenty.
"""

from __future__ import annotations

import argparse
import ast
import asyncio
import compileall
import importlib
import importlib.util
import json
import os
import pickle
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

from embedarchive.conformance import CHECKS, Check
from embedarchive.conformance.playing import Play, judge_frame, judge_play, list_scenes
from embedarchive.conformance.recording import record_plays
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform
from mutants import HALVES, Half, Mutant, list_places, make_mutant, repeat_change
from retake import retake

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "src" / "embedarchive" / "platforms"
LOG = ROOT / "bench" / "results" / "mutate.md"
KEPT = LOG.with_name("mutate.survivors.json")
"""The survivors of the last run with `--log`: what was changed, and which of several that are alike."""
TIMES = {"pattern": 3}
"""A pattern holds many things: it is changed in so many ways."""
LIMIT_S = 300
"""A mutant that takes longer hangs; a whole suite takes a second on a quiet machine."""

REASONS: Mapping[str, str] = {
    r"_ms|ms=|\bms\b": "how long is waited at most: longer than any replica takes",
    r"number: .* or 0": "what an unknown size or place counts for: less than any known one, as one is",
    r"number: .*(?:width|height|card=)|number: \d+, \d+": "how large the window is: the card is photographed whole in any",
    r"number: .*(?:rules=|make_visit\(|Visitable\()": "raised when rules improve, to read captures anew: any new number does",
    r"number: .*len\(url\.path\)": "how short a code may be: every real one is longer by far",
    r"number: .*(?:_FIRST|_EPOCH)": "one unit beside a moment at which no post was made",
    r"boolean: .*navigate": "which headers are sent: the replica answers both alike",
    r"text: .*(?:Sign\(|verdict\(|known = )": "what a sign says of itself, to people",
    r"dailymotion pattern: .*named": "every player's ID that is known has five characters, above the bound before and after",
    r"facebook pattern: .*comment_embed\.php": "an address that is read and never visited: what stands behind `.` is not read",
    r"instagram number: .*_PRIVATE_TAIL": "a code since 2011 has nine letters at least, and 37 with its private tail",
    r"tiktok pattern: .*item": "how short an id may be: every real one has 17 digits or more",
    r"tiktok text: .posted_at": "the id tells it first, and every id is dated",
    r"vk number: .*query\(url": "how much of a parameter is read: the longest name of a post has 31 characters",
    r"instagram text: css=": "where a wait begins: plays are recorded after it, and only a browser waits",
    r"reddit condition: return canonical\(found\)": "asked only of addresses that name a post",
    r"bluesky text: seen = ": "what a sign saw where there was nothing, said to people",
}
"""Why a survivor cannot matter, or what it asks for, by its file, operator and line."""
ASKED = {
    "finding": "may matter: asks for a spelling or an example that shows it",
    "capture": "may matter: asks for a reading or a state that shows it",
}
"""What is said of all others: nobody has looked at them one by one."""


def make_mutants(seed: int, sample: int, only: str = "", half: str = "") -> tuple[Mutant, ...]:
    """A sample of the mutants of each half, the same for the same seed."""
    sources = {path.stem: path.read_text("utf-8") for path in sorted(FOLDER.glob("[!_]*.py"))}
    places = [(name, each) for name, source in sources.items() for each in list_places(ast.parse(source))]
    chosen: list[Mutant] = []
    for each in HALVES if not half else (half,):
        mine = [(name, p, n) for name, p in places if p.half == each for n in range(TIMES.get(p.operator, 1))]
        random.Random(f"{seed} {each}").shuffle(mine)
        made: dict[tuple[str, int, str], Mutant] = {}
        for name, place, n in mine:
            if len(made) == sample:
                break
            if only not in ("", name):
                continue
            mutant = make_mutant(name, sources[name], place, random.Random(f"{seed} {name} {place.number} {n}"))
            if mutant:
                made[name, place.number, mutant.after] = mutant
        chosen += sorted(made.values(), key=lambda m: (m.file, m.line, m.after))
    return tuple(chosen)


def keep_mutants(mutants: Sequence[Mutant]) -> str:
    """Mutants as JSON, to be made again when the files are others."""
    kept = []
    for m in mutants:
        change = {name: getattr(m, name) for name in ("operator", "context", "before", "after")}
        made = [source for _, source in repeat_change((FOLDER / f"{m.file}.py").read_text("utf-8"), **change)]
        kept.append({"half": m.half, "file": m.file, **change, "nth": made.index(m.source)})
    return json.dumps(kept, indent=1, ensure_ascii=False) + "\n"


def make_again(kept: str, only: str = "") -> tuple[list[Mutant], list[str]]:
    """The mutants that were kept, in the files as they are now; and the lines that those stood in which cannot be made."""
    again, lost = [], []
    for each in json.loads(kept):
        if only not in ("", each["file"]):
            continue
        change = {name: each[name] for name in ("operator", "context", "before", "after")}
        made = repeat_change((FOLDER / f"{each['file']}.py").read_text("utf-8"), **change)
        if each["nth"] >= len(made):
            lost.append(f"{each['half']} `{each['file']}.py`: `{each['context']}`")
            continue
        line, source = made[each["nth"]]
        again.append(Mutant(each["file"], each["half"], line, source=source, **change))
    return again, lost


# ------------------------------------------------------------------------------------------------------------- judging


SHARED = ("embedarchive.detect", "embedarchive.conformance")
"""Rooms that make something of all platforms as they are imported."""
LEFT_OUT: Mapping[Half, tuple[str, ...]] = {
    "finding": ("words", "readings", "nothing seen"),
    "capture": (
        "examples", "addresses", "mirrors", "dates", "bare ids", "short links", "other pages", "spellings", "shown",
        "not embeds", "markup", "prefilter",
    ),
}  # fmt: skip
"""Checks that only touch the other half."""
OF_ITSELF = ("spellings", "shown", "words", "readings")
"""Checks that ask the platform's value alone, and nothing that is made of all of them. They cost least: they come first."""
SLOW = ("not embeds", "markup", "frame address", "prefilter", "nothing seen")
"""Checks that take most of the time: they come last."""


def run_suite(name: str, source: str, half: Half, plays: Sequence[Play]) -> Iterator[str]:
    """Every finding of the suite about a platform as this source has it; only in a process that is thrown away."""
    was = BY_NAME[name]
    now = load_source(f"embedarchive.platforms.{name}", source).PLATFORM
    BY_NAME[name] = now
    yield from run_checks(now, [each for each in choose_checks(half) if each.name in OF_ITSELF])
    if half == "finding":
        import_anew()
    yield from run_checks(now, [each for each in choose_checks(half) if each.name not in (*OF_ITSELF, *SLOW)])
    if half == "capture":
        yield from judge_plays(was, now, plays)
    yield from run_checks(now, [each for each in choose_checks(half) if each.name in SLOW])


def choose_checks(half: Half) -> list[Check]:
    """The checks that have to do with a half, as they are imported now."""
    known = importlib.import_module("embedarchive.conformance").CHECKS
    return [check for check in known if check.name not in LEFT_OUT[half]]


def import_anew() -> None:
    """Have all that is made of every platform (hosts, keywords, selectors) made again of those that are known now."""
    sys.modules["embedarchive.platforms"].PLATFORMS = tuple(BY_NAME.values())  # type: ignore[attr-defined]
    for module in [m for m in sys.modules if m.startswith(("embedarchive.detect", "embedarchive.conformance"))]:
        del sys.modules[module]


def run_checks(platform: Platform, checks: Sequence[Check]) -> Iterator[str]:
    """What these checks say; a check that cannot be made says so."""
    for check in checks:
        try:
            yield from (f"{check.name}: {case}" for case, _ in check.run(platform))
        except Exception as error:
            yield f"{check.name}: raises {type(error).__name__}"


def judge_plays(was: Platform, now: Platform, plays: Sequence[Play]) -> Iterator[str]:
    """What the suite says of every recorded play, taken again by the mutant's rules."""
    taken = []
    for play in plays:
        try:
            again = retake(play, was, now)
            if isinstance(again, str):
                yield f"{play.scene.case}: {again}"
                continue
            taken.append(again)
            yield from (f"{f.check}: {f.case}: {f.problem}" for f in judge_play(again))
        except Exception as error:
            yield f"{play.scene.case}: raises {type(error).__name__}"
    yield from (f"{f.check}: {f.case}" for f in judge_frame(now, taken))


def load_source(name: str, source: str) -> ModuleType:
    """A module of that name from its source, in a file of its own, so that it can be inspected as any other."""
    path = Path(tempfile.gettempdir()) / f"{name}.{os.getpid()}.py"
    path.write_text(source, "utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def in_child(work: Iterator[str], *, first: frozenset[str] | None = None) -> list[str]:
    """What some work says, done in a process of its own; where `first` is given, only the first that is not in it."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        signal.alarm(LIMIT_S)
        try:
            said = list(work) if first is None else [s for s in [next((s for s in work if s not in first), "")] if s]
        except BaseException as error:
            said = [f"does not load: {error!r}"]
        with os.fdopen(writing, "w") as pipe:
            json.dump(said, pipe)
            pipe.flush()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    return json.loads(answer) if status == 0 else [f"hangs or dies ({status})"]


def judge_all(mutants: Sequence[Mutant], plays: Mapping[str, Sequence[Play]], jobs: int) -> list[str]:
    """What the suite says first of each mutant and not of its file as it is; an empty text where it says nothing."""
    sys.dont_write_bytecode = True
    compileall.compile_dir(FOLDER.parent, quiet=2)
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(jobs) as pool:
        tempfile.tempdir = folder
        keys = sorted({(m.file, m.half) for m in mutants})
        for name, _ in keys:  # what is remembered of the files as they are, every child then has
            list(run_checks(BY_NAME[name], CHECKS))
        sources = {name: ast.unparse(ast.parse((FOLDER / f"{name}.py").read_text("utf-8"))) for name, _ in keys}

        def judge_file(key: tuple[str, Half]) -> frozenset[str]:
            name, half = key
            return frozenset(in_child(run_suite(name, sources[name], half, plays.get(name, ()))))

        def judge(m: Mutant) -> str:
            suite = run_suite(m.file, m.source, m.half, plays.get(m.file, ()))
            return next(iter(in_child(suite, first=known[m.file, m.half])), "")

        known = dict(zip(keys, pool.map(judge_file, keys), strict=True))
        said = []
        for answer in pool.map(judge, mutants):
            said.append(answer)
            if len(said) % 50 == 0:
                print(f"{len(said)} of {len(mutants)}", file=sys.stderr)
        tempfile.tempdir = None
    return said


# -------------------------------------------------------------------------------------------------------------- saying


def report(mutants: Sequence[Mutant], said: Sequence[str], seconds: float) -> str:
    """The table of both halves, every survivor by its line, and the figures as JSON in the last line."""
    lines = [
        "# Deliberate mistakes in the platforms' files",
        "",
        "| half | mutants | caught | by |",
        "|---|---|---|---|",
    ]
    rates: dict[str, float] = {}
    for half in HALVES:
        mine = [s for m, s in zip(mutants, said, strict=True) if m.half == half]
        if not mine:
            continue
        caught = sum(map(bool, mine))
        rates[f"{half}_caught"] = round(caught / len(mine), 3)
        by = ", ".join(f"{name} {n}" for name, n in Counter(s.partition(":")[0] for s in mine if s).most_common(6))
        lines.append(f"| {half} | {len(mine)} | {caught} | {by} |")
    lines += ["", "## Survivors", ""]
    lines += [f"- {_say(m)}" for m, s in zip(mutants, said, strict=True) if not s]
    lines += ["", f"{seconds:.0f} s", "", json.dumps({**rates, "mutants": len(mutants)})]
    return "\n".join(lines)


def _say(m: Mutant, caught: str = "") -> str:
    before, after = _focus(m.before, m.after)
    where = f"{m.file} {m.operator}: {m.context}"
    reason = next((why for pattern, why in REASONS.items() if re.search(pattern, where)), ASKED[m.half])
    reason = f"caught: {caught}" if caught else reason
    return f"{m.half} `{m.file}.py:{m.line}` {m.operator}: `{before}` → `{after}`: {reason}"


def _focus(before: str, after: str) -> tuple[str, str]:
    """The two texts around the place where they part."""
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), 0)
    start = max(0, at - 30)
    return before[start : at + 30], after[start : at + 30]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sample", type=int, default=350, help="mutants of each half")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", metavar="PLATFORM")
    parser.add_argument("--half", default="", choices=("", *HALVES))
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--plays", type=Path, help="where the recorded plays are kept from one run to the next")
    parser.add_argument("--log", action="store_true", help=f"write {LOG.relative_to(ROOT)}")
    parser.add_argument("--again", action="store_true", help=f"only what {KEPT.name} has, and no browser")
    given = parser.parse_args()
    began = time.monotonic()
    if given.again:
        return put_again(given.only, given.jobs)
    mutants = make_mutants(given.seed, given.sample, given.only, given.half)
    plays = find_plays({m.file for m in mutants if m.half == "capture"}, given.plays)
    judged = judge_all(mutants, plays, given.jobs)
    said = report(mutants, judged, time.monotonic() - began)
    if given.log:
        LOG.write_text(said + "\n", "utf-8")
        KEPT.write_text(keep_mutants([m for m, caught in zip(mutants, judged, strict=True) if not caught]), "utf-8")
    print(said)
    return 0


def put_again(only: str, jobs: int) -> int:
    """Say of each survivor that was kept what catches it now, or why it cannot matter."""
    mutants, lost = make_again(KEPT.read_text("utf-8"), only)
    for m, caught in zip(mutants, judge_all(mutants, {}, jobs), strict=True):
        print(f"- {_say(m, caught)}")
    print("".join(f"- {line}: stands there no more\n" for line in lost), end="")
    return 0


def find_plays(names: set[str], kept: Path | None) -> Mapping[str, Sequence[Play]]:
    """Every scene of these platforms as a browser captured it, recorded now or kept from before."""
    if kept and kept.exists():
        captures = pickle.loads(kept.read_bytes())
        scenes = {name: list_scenes(BY_NAME[name]) for name in names}
        return {
            name: [Play(s, captures[s.fact.name, s.name]) for s in mine if (s.fact.name, s.name) in captures]
            for name, mine in scenes.items()
        }
    plays = asyncio.run(record_plays([BY_NAME[name] for name in sorted(names)]))
    if kept:
        kept.write_bytes(pickle.dumps({(p.scene.fact.name, p.scene.name): p.capture for p in plays}))
    found: dict[str, list[Play]] = {}
    for play in plays:
        found.setdefault(play.scene.fact.platform, []).append(play)
    return found


if __name__ == "__main__":
    sys.exit(main())
