"""A platform's rules for what a visit brings back: they make of pages and answers what they should.

`readings/NAME.json` holds examples of what the platform brings in shapes that no state of its replica plays. Most differ
from another in one thing, and say only that.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from embedarchive.conformance.findings import Problem
from embedarchive.core.model import Answer, Description, Media, Outcome, Page, Post
from embedarchive.detect import identify_post
from embedarchive.platforms.kit.specification import Platform, fill_url

READINGS = "readings"
"""The folder of the examples, one file for each platform that has some."""
Raw = dict[str, Any]
"""A reading as its file has it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a visit may bring back, and all that must be made of it: what is left out must not be told.

    `page` is the document as drawn, `served` as served where that is not the same; `data` is put into both, as JSON in the
    place of `{json}`, as a text that holds JSON in that of `{json string}`, escaped in that of `{json attribute}`. `answers`
    are the probes' by name: status (200 where it is left out), error, and body, sent as JSON where it is no text. `told`
    are the fields of the description, but for what the id alone tells. `asks` are addresses that the visit goes to:
    `frame`, or the name of a probe. `url` is the post's address.

    In a file, a reading may be `like` another by its name: then it says what it is `without` (JSON pointers), what it has
    `but` (values by JSON pointer), which texts of the page it would `swap`, and what is told otherwise.
    """

    name: str = ""
    outcome: Outcome = "available"
    reason: str | None = None
    embedding: str | None = None
    page: str = ""
    served: str = ""
    data: Any = None
    status: int | None = 200
    final_url: str = ""
    answers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)
    asks: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


@cache
def find_readings(name: str) -> tuple[Reading, ...]:
    """The readings of a platform, from every folder of that name that belongs to the package; none where it has none."""
    folders = (Path(root, "conformance", READINGS) for root in sys.modules["embedarchive"].__path__)
    files = (folder / f"{name}.json" for folder in folders)
    return tuple(r for file in files if file.exists() for r in make_readings(json.loads(file.read_text("utf-8"))))


def make_readings(raws: list[Raw]) -> Iterator[Reading]:
    """The readings of a file. Raises KeyError for one that is like none before it, or is changed where there is nothing."""
    known: dict[str, Raw] = {}
    for number, raw in enumerate(raws, 1):
        if "like" in raw:
            whole = change_reading(known[raw["like"]], raw)
        else:
            whole = raw
        known[raw.get("name", "")] = whole
        title = raw.get("name") or f"{number}, {raw.get('like', 'of itself')}, {json.dumps(_say_change(raw))[:80]}"
        yield Reading(**{**whole, "name": title})


def _say_change(raw: Raw) -> Raw:
    return {key: raw[key] for key in ("without", "but", "swap", "status") if key in raw}


def change_reading(base: Raw, change: Raw) -> Raw:
    """The reading that is like another but for one thing. What is told stays only where the outcome does.

    Raises KeyError for a change of what is not there.
    """
    made = copy.deepcopy({key: value for key, value in base.items() if key != "name"})
    own = {key: value for key, value in change.items() if key not in ("like", "without", "but", "swap", "told", "name")}
    if own.get("outcome", base.get("outcome")) == base.get("outcome"):
        told = made.get("told", {})
    else:
        told = {}
    made |= own | {"told": {**told, **change.get("told", {})}}
    for pointer in change.get("without", ()):
        holder, key = find_place(made, pointer)
        del holder[key]
    for pointer, value in change.get("but", {}).items():
        holder, key = find_place(made, pointer)
        holder[key] = value
    for old, new in change.get("swap", {}).items():
        if old not in made["page"]:
            raise KeyError(old)
        made["page"] = made["page"].replace(old, new)
    return made


def find_place(value: Any, pointer: str) -> tuple[Any, str | int]:
    """The object or list that a JSON pointer (RFC 6901) leads into, and the key or index in it. Raises KeyError."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.removeprefix("/").split("/")]
    for step in steps[:-1]:
        if isinstance(value, list):
            value = value[int(step)]
        else:
            value = value[step]
    return value, int(steps[-1]) if isinstance(value, list) else steps[-1]


# ------------------------------------------------------------------------------------------------------------- judging


def check_readings(platform: Platform) -> Iterator[Problem]:
    """Each reading asks at its addresses, ends in its outcome and tells what it says, field by field."""
    try:
        readings = find_readings(platform.name)
    except (LookupError, TypeError, ValueError) as error:
        yield f"{platform.name}.json", f"cannot be read: {error!r}"
        return
    for reading in readings:
        post = identify_post(reading.url)
        if platform.visit is None or post is None:
            yield reading.name, "is of no post that can be visited"
            continue
        yield from ((reading.name, said) for said in try_reading(platform, reading, post))


def try_reading(platform: Platform, reading: Reading, post: Post) -> Iterator[str]:
    """What the platform's rules make of a reading otherwise than it says."""
    visit = platform.visit
    assert visit
    templates = {probe.name: probe.url for probe in visit.probes} | {"frame": visit.frame.url}
    for name, address in reading.asks.items():
        asked = "nobody"
        if name in templates:
            asked = fill_url(templates[name], post, visit)
        if asked != address:
            yield f"{name} asks {asked}, not {address}"
    if reading.asks and not reading.page:
        return
    page = make_page(platform, reading, post)
    found = visit.classify(page, post)
    seen, wanted = ((each.outcome, each.reason, each.embedding) for each in (found, reading))
    if seen != wanted:
        yield f"is {', '.join(map(str, seen))}, not {', '.join(map(str, wanted))}"
    by_id = {"posted_at": platform.date(post.native_id)}
    said, told = tell_fields(visit.describe(page, post)), {**by_id, **tell_wanted(reading.told)}
    for key in sorted(said.keys() | told.keys()):
        if said.get(key) != told.get(key):
            yield f"{key} is {said.get(key)!r}, not {told.get(key)!r}"


def make_page(platform: Platform, reading: Reading, post: Post) -> Page:
    """What a visit would have brought."""
    visit = platform.visit
    assert visit
    urls = {probe.name: fill_url(probe.url, post, visit) for probe in visit.probes}
    answers = tuple(_make_answer(name, urls.get(name, ""), each) for name, each in reading.answers.items())
    url = fill_url(visit.frame.url, post, visit)
    page, served = (_put_data(text, reading.data) for text in (reading.page, reading.served))
    return Page(url, reading.final_url or url, reading.status, served or page, page, answers=answers)


def _make_answer(name: str, url: str, answer: Mapping[str, Any]) -> Answer:
    body = answer.get("body", "")
    if isinstance(body, str):
        text = body
    else:
        text = json.dumps(body)
    return Answer(name, url, answer.get("status", 200), answer.get("final_url", url), text, answer.get("error"))


def _put_data(text: str, data: Any) -> str:
    plain = json.dumps(data, ensure_ascii=False)
    text = text.replace("{json string}", json.dumps(plain)).replace("{json attribute}", escape(plain))
    return text.replace("{json}", plain)


def tell_fields(said: Description) -> Raw:
    """What is told, and of each file what is told of it; nothing that is empty."""
    names = [name for name in said.__slots__ if name not in ("sources", "media")]
    told = {name: getattr(said, name) for name in names if getattr(said, name) not in (None, "", ())}
    return {**told, **{f"file {n}": media for n, media in enumerate(said.media, 1)}}


def tell_wanted(told: Mapping[str, Any]) -> Raw:
    """The same of what a reading says is told. Raises TypeError for what no file has."""
    lists = {key: tuple(value) if isinstance(value, list) else value for key, value in told.items() if key != "media"}
    wanted = {key: value for key, value in lists.items() if value not in (None, "", ())}
    return {**wanted, **{f"file {n}": Media(**media) for n, media in enumerate(told.get("media") or (), 1)}}
