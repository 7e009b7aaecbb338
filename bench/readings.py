"""Propose readings for a platform: changes to its examples of pages and answers that show mistakes which nothing shows yet.

usage: python bench/readings.py NAME … [--plays FILE] [--all] [--tell | --anew]

Each reading of `conformance/readings/NAME.json` is changed in one thing at a time; what shows a mutant that survives the
suite (`mutate.py`) is added to the file with what today's rules make of it. Today's rules may be wrong: read what is added,
and mend the rules or throw the reading away. `--tell` only fills in what is told in readings that say nothing of it; `--anew`
in those that do not hold any more, and shows each. `--all` takes mutants that the suite catches elsewhere as well. Files are
written as people would: what fits stands on one line.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import types
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import embedarchive.conformance
from embedarchive.conformance.reading import Raw, Reading, change_reading, make_page, make_readings, try_reading
from embedarchive.core.model import Media
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform
from mutants import Mutant

FOLDER = Path(embedarchive.conformance.__file__).parent / "readings"
WIDTH = 118
VERDICT = ("outcome", "reason", "embedding")
STATUSES = (200, 401, 403, 404, 410, 429, 500)


# ------------------------------------------------------------------------------------------------------------- writing


def write_value(value: Any, indent: int = 0, taken: int = 0) -> str:
    """JSON in lines that are filled up to the width. `taken` is what stands before it on its line."""
    flat = json.dumps(value, ensure_ascii=False)
    if indent + taken + len(flat) <= WIDTH or not isinstance(value, dict | list) or not value:
        return flat
    names = (
        [f"{json.dumps(key, ensure_ascii=False)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    )
    members = list(value.values()) if isinstance(value, dict) else value
    parts = [name + write_value(each, indent + 1, len(name)) for name, each in zip(names, members, strict=True)]
    lines: list[str] = []
    for part in parts:
        if lines and "\n" not in part and len(lines[-1]) + len(part) < WIDTH - indent and "\n" not in lines[-1]:
            lines[-1] += f", {part}"
        else:
            lines.append(part)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    pad = " " * (indent + 1)
    return f"{opening}\n{pad}" + f",\n{pad}".join(lines) + f"\n{' ' * indent}{closing}"


def write_file(name: str, raws: Sequence[Raw]) -> None:
    """Write a platform's readings."""
    text = ",\n ".join(write_value(raw, 1) for raw in raws)
    (FOLDER / f"{name}.json").write_text(f"[\n {text}\n]\n", "utf-8")


# ------------------------------------------------------------------------------------------------------------- judging


def load_platform(name: str, source: str) -> Platform | None:
    """The platform of a source that is not in the folder; None where it cannot be loaded."""
    module = types.ModuleType(f"mutant_{name}")
    module.__package__ = "embedarchive.platforms"
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, f"<{name}>", "exec", dont_inherit=True), module.__dict__)
        return module.PLATFORM  # type: ignore[no-any-return]
    except Exception:
        return None


def judge_reading(platform: Platform, raw: Raw) -> tuple[Raw, Raw] | str:
    """What the rules of a platform make of a reading: the verdict, what is told; or that they fail."""
    post = identify_post(raw["url"])
    assert post
    assert platform.visit
    try:
        page = make_page(platform, Reading(**{k: v for k, v in raw.items() if k in Reading.__slots__}), post)
        found = platform.visit.classify(page, post)
        said = platform.visit.describe(page, post)
        by_id = platform.date(post.native_id)
    except Exception as error:
        return f"raises {type(error).__name__}"
    told = {n: getattr(said, n) for n in said.__slots__ if n not in ("sources", "media")}
    told = {n: list(v) if isinstance(v, tuple) else v for n, v in told.items() if v not in (None, "", ())}
    if told.get("posted_at") == by_id:
        told.pop("posted_at", None)
    if said.media:
        told["media"] = [_say_file(m) for m in said.media]
    return {name: getattr(found, name) for name in VERDICT}, told


def _say_file(media: Media) -> Raw:
    return {k: v for k, v in asdict(media).items() if v is not None}


def tell(platform: Platform, raws: Sequence[Raw], *, anew: bool = False) -> list[Raw]:
    """The readings, each with what today's rules make of it where it says nothing of that, or (`anew`) something else."""
    known: dict[str, Raw] = {}
    made = []
    for raw in raws:
        base = known[raw["like"]] if "like" in raw else {}
        whole = change_reading(base, raw) if base else raw
        if whole.get("page") and ("told" not in whole or (anew and not holds(platform, whole))):
            raw = {key: value for key, value in raw.items() if key not in (*VERDICT, "told")}
            judged = judge_reading(platform, change_reading(base, raw) if base else raw)
            assert not isinstance(judged, str), (judged, raw)
            raw = {**raw, **say_result(judged, base)}
            print(f"{platform.name}: {json.dumps(raw, ensure_ascii=False)[:400]}")
            whole = change_reading(base, raw) if base else raw
        known[raw.get("name", "")] = whole
        made.append(raw)
    return made


def holds(platform: Platform, whole: Raw) -> bool:
    """Whether today's rules make of a reading what it says."""
    [reading] = make_readings([{key: value for key, value in whole.items() if key != "like"}])
    post = identify_post(reading.url)
    return post is not None and not list(try_reading(platform, reading, post))


def say_result(judged: tuple[Raw, Raw], base: Raw) -> Raw:
    """What a reading says is made of it, where that is not what is made of the one that it is like."""
    verdict, told = judged
    usual = {"outcome": "available", "reason": None, "embedding": None}
    said = {name: verdict[name] for name in VERDICT if verdict[name] != base.get(name, usual[name])}
    before = base.get("told", {}) if "outcome" not in said else {}
    changed = {k: told.get(k) for k in (*told, *before) if told.get(k) != before.get(k)}
    return {**said, "told": changed} if changed or not base else said


# ----------------------------------------------------------------------------------------------------------- proposing


def list_changes(raw: Raw) -> Iterator[Raw]:
    """Every change of one thing: something left out, a value of another kind, another status, a piece of the page."""
    for root in ("data", "answers"):
        if root in raw:
            yield from _change_value(raw[root], f"/{root}")
    for name, answer in raw.get("answers", {}).items():
        was = answer.get("status", 200)
        yield from ({"but": {f"/answers/{name}/status": each}} for each in STATUSES if each != was)
        yield {"but": {f"/answers/{name}/body": "<!DOCTYPE html><title>x</title>"}}
        yield {"but": {f"/answers/{name}/status": None, f"/answers/{name}/error": "timeout"}}
        if isinstance(answer.get("body"), str):
            yield from ({"but": {f"/answers/{name}/body": each}} for each in _change_text(answer["body"]))
    yield from ({"status": each} for each in STATUSES if each != raw.get("status", 200))
    page = raw.get("page", "")
    yield from ({"page": each} for each in _change_text(page))


def _change_value(value: Any, pointer: str) -> Iterator[Raw]:
    if isinstance(value, dict):
        for key, each in value.items():
            place = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"
            yield {"without": [place]}
            yield from _change_value(each, place)
    elif isinstance(value, list):
        yield {"but": {pointer: []}}
        if value:
            yield {"but": {pointer: [None, *value]}}
            yield {"but": {pointer: [*value, value[0]]}}
        for n, each in enumerate(value):
            yield {"without": [f"{pointer}/{n}"]}
            yield from _change_value(each, f"{pointer}/{n}")
    others: tuple[Any, ...] = ()
    if isinstance(value, bool):
        others = (not value, "true", 1)
    elif isinstance(value, int | float):
        others = (0, 1, -1, value + 1, value * 1000, str(value), None)
    elif isinstance(value, str):
        others = ("", 5, None, value + "x", "x" + value, value.upper(), value[1:], "ftp://x.example/")
    elif isinstance(value, dict | list):
        others = (5, None)
    elif value is None:
        others = (5, "x", [], {})
    yield from ({"but": {pointer: other}} for other in others if type(other) is not type(value) or other != value)


_PIECES = re.compile(r'<[a-z][^<>]*>|\s[\w:-]+="[^"]*"|="[^"]*"|>[^<>]+<')


def _change_text(text: str) -> Iterator[str]:
    """A page without one of its elements, attributes or texts, or with another in its place."""
    for m in _PIECES.finditer(text):
        piece = m[0]
        if "{json" in piece:
            continue
        if piece.startswith("<"):
            others = [""]
        elif piece.startswith(">"):
            others = ["><", ">5<", ">x <"]
        elif piece.startswith("="):
            others = ['=""', '="5"', '="x"']
        else:
            others = [""]
        yield from (text[: m.start()] + other + text[m.end() :] for other in others)


def shorten(base: Raw, change: Raw) -> Raw:
    """A change of the page as a swap, where the text that is swapped stands there once."""
    if "page" not in change:
        return change
    old, new = base["page"], change["page"]
    start = next((i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    end = 0
    while end < min(len(old), len(new)) - start and old[-1 - end] == new[-1 - end]:
        end += 1
    for more in range(60):
        left, right = max(0, start - more), max(0, end - more)
        piece = old[left : len(old) - right]
        if piece and old.count(piece) == 1:
            return {"swap": {piece: new[left : len(new) - right]}}
    return change


def find_unshown(name: str, wholes: Sequence[Raw], mutants: Sequence[Mutant]) -> list[tuple[Mutant, Platform]]:
    """The mutants of which every reading is made what is made of it today."""
    platform = BY_NAME[name]
    judged = [(whole, judge_reading(platform, whole)) for whole in wholes if whole.get("page")]
    loaded = ((m, found) for m in mutants if (found := load_platform(name, m.source)) and found.visit)
    return [(m, p) for m, p in loaded if all(judge_reading(p, whole) == said for whole, said in judged)]


def expand(raws: Sequence[Raw]) -> tuple[list[Raw], dict[str, Raw]]:
    """The readings with all that they have of others, and those of them that have a name."""
    known: dict[str, Raw] = {}
    wholes = []
    for raw in raws:
        wholes.append(change_reading(known[raw["like"]], raw) if "like" in raw else raw)
        if "name" in raw:
            known[raw["name"]] = wholes[-1]
    return wholes, known


def propose(name: str, raws: list[Raw], mutants: Sequence[Mutant]) -> tuple[list[Raw], list[Mutant]]:
    """The readings, with those that show mutants which no reading shows; and the mutants that none can be found for."""
    platform = BY_NAME[name]
    wholes, known = expand(raws)
    left = find_unshown(name, wholes, mutants)
    candidates: list[tuple[str, Raw, Raw, Any]] = []
    seen: set[str] = set()
    for title, base in known.items():
        if not base.get("page"):
            continue
        for change in list_changes(base):
            try:
                whole = change_reading(base, change)
            except (KeyError, IndexError, TypeError):
                continue
            judged = judge_reading(platform, whole)
            key = json.dumps(whole, sort_keys=True)
            if key not in seen and not isinstance(judged, str):
                seen.add(key)
                candidates.append((title, change, whole, judged))
    shows: dict[int, set[int]] = {}
    for number, (_, mutant) in enumerate(left):
        for at, (_, _, whole, judged) in enumerate(candidates):
            if judge_reading(mutant, whole) != judged:
                shows.setdefault(at, set()).add(number)
    added: list[Raw] = []
    open_ = set(range(len(left)))
    while shows:
        best = max(shows, key=lambda at: (len(shows[at] & open_), -len(json.dumps(candidates[at][1]))))
        if not shows[best] & open_:
            break
        open_ -= shows[best]
        title, change, _, judged = candidates[best]
        added.append({"like": title, **shorten(known[title], change), **say_result(judged, known[title])})
    return [*raws, *added], [left[n][0] for n in sorted(open_)]


def read_file(name: str) -> list[Raw]:
    """The readings of a platform as its file has them."""
    path = FOLDER / f"{name}.json"
    return json.loads(path.read_text("utf-8")) if path.exists() else []


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--plays", type=Path, help="where the recorded plays are kept from one run to the next")
    parser.add_argument("--tell", action="store_true")
    parser.add_argument("--anew", action="store_true")
    parser.add_argument("--all", action="store_true")
    given = parser.parse_args()
    from mutate import find_plays, judge_all, make_mutants

    for name in given.names:
        raws = tell(BY_NAME[name], read_file(name), anew=given.anew)
        write_file(name, raws)
        if given.tell or given.anew:
            continue
        mutants = make_mutants(1, 10**6, name, "capture")
        mutants = tuple(m for m, _ in find_unshown(name, expand(raws)[0], mutants))
        if not given.all:
            said = judge_all(mutants, find_plays({name}, given.plays), 2)
            mutants = tuple(m for m, s in zip(mutants, said, strict=True) if not s)
        more, left = propose(name, raws, mutants)
        write_file(name, more)
        print(f"{name}: {len(raws)} readings, {len(more) - len(raws)} added; shown by none:")
        print(*(f"  {m.line} {m.operator} {m.before[:60]} -> {m.after[:60]}" for m in left), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
