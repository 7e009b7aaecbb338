"""A platform's rules for addresses and bare ids, in spellings that no example has: the shortest, each forbidden word.

`spellings/NAME.json` holds, by address or bare id, what the platform's own rules make of it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from embedarchive.conformance.findings import Problem
from embedarchive.core.urls import find_parents, host_of, split_url
from embedarchive.detect.identity import read_bare_id
from embedarchive.platforms.kit.specification import Platform

SPELLINGS = "spellings"
"""The folder, one file for each platform that has some."""
Said = str | dict[str, Any] | None
"""What is made of a spelling: the native id alone, or with all else that is told (`kept`, the post's own address; `handle`;
`dated`; whether it is a `frame`'s or a `short` link); nothing where it names no post."""


@cache
def find_spellings(name: str) -> dict[str, Said]:
    """The spellings of a platform, from every folder of that name that belongs to the package; none where it has none."""
    folders = (Path(root, "conformance", SPELLINGS) for root in sys.modules["embedarchive"].__path__)
    files = (folder / f"{name}.json" for folder in folders)
    return {text: said for file in files if file.exists() for text, said in json.loads(file.read_text("utf-8")).items()}


def check_spellings(platform: Platform) -> Iterator[Problem]:
    """Of each spelling is made what its file says."""
    for text, wanted in find_spellings(platform.name).items():
        said = say_spelling(platform, text)
        if said != wanted:
            yield text, f"is {said}, not {wanted}"


def say_spelling(platform: Platform, text: str) -> Said:
    """What a platform's own rules make of an address, or of a bare id."""
    told: dict[str, Any]
    url = None
    if "://" in text.partition("?")[0] and text.startswith("http"):
        url = split_url(text)
    if url is None:
        post = read_bare_id(platform, text)
        if text.isdigit():
            numbers = list(platform.read_number(text))
        else:
            numbers = []
        told = {"id": post.native_id if post else None, "numbers": numbers}
    else:
        found = platform.identify(url)
        if not lives_on(platform, host_of(url)) or not (found or platform.is_short(url)):
            return None
        told = {
            "id": found,
            "kept": platform.permalink(url),
            "handle": platform.handle(url),
            "dated": platform.date(found) if found else None,
            "frame": platform.is_frame(url),
            "short": platform.is_short(url),
        }
    told = {name: value for name, value in told.items() if value}
    if not told:
        return None
    native_id: str | None = told.get("id")
    if list(told) == ["id"]:
        return native_id
    return told


def lives_on(platform: Platform, host: str) -> bool:
    """Whether a host, or a parent of it, is one of the platform's or of its mirrors' (`name.*` is one of any domain)."""
    own = {*platform.hosts, *platform.mirrors}
    return bool(own.intersection(("*", host.partition(".")[0] + ".*", *find_parents(host))))
