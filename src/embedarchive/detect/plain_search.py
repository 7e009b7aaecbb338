"""Many regular expressions over the same bytes -> where each of them matches, by Python's `re` alone. Pure.

What stands in where Hyperscan cannot be had: it finds what that finds, and takes longer. Most expressions hold a literal that
is looked for first, so that `re` looks at few places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

_BASE64 = re.compile(rb"[A-Za-z0-9+/]")
_LETTERS = bytes(ord("a") if _BASE64.match(bytes([i])) else ord(" ") for i in range(256))
"""What makes an `a` of every letter of base64, and a space of every other byte."""
_LEAST_RUN = b"a" * 24
_CLASS = re.compile(r"\[(?:\\.|[^\]\\])*\](?:[?*+]|\{[^}]*\})*\??")
_GROUP = re.compile(r"\((?:\\.|[^()\\])*\)(?:[?*+]|\{[^}]*\})*\??")
_SHORTHAND = re.compile(r"\\[bdswBDSW](?:[?*+]|\{[^}]*\})*\??")
_LITERAL = re.compile(r"(?:(?:\\[^\w]|[A-Za-z0-9_:/@=<>-])(?![?*{]))+")

Ends = list[tuple[int, int]]
"""(where a match ends, which expression it is of), in the order of the ends."""


@dataclass(frozen=True, slots=True)
class Needle:
    """A regular expression, and the literals (in lower case) one of which every match of it holds.

    A `place` is a regular expression that stands for literals. A match begins at most `before` bytes before the literal, and
    ends at most `behind` bytes behind it. Without literals all places are looked at. A match of one that is a `run` is a byte
    and 24 letters of base64.
    """

    regex: str
    literals: tuple[str, ...] = ()
    place: str = ""
    before: int = 64
    behind: int = 1_000
    run: bool = False


def find_literals(regex: str) -> tuple[str, ...]:
    """The longest literal that stands outside of every group, class and repetition; nothing if there is none."""
    plain = _CLASS.sub("\0", _SHORTHAND.sub("\0", regex))
    while (less := _GROUP.sub("\0", plain)) != plain:
        plain = less
    if "|" in re.sub(r"\\.", "", plain):
        return ()
    found = (re.sub(r"\\(.)", r"\1", literal).lower() for literal in _LITERAL.findall(plain))
    longest = max(found, key=len, default="")
    if len(longest) > 2:
        return (longest,)
    return ()


def compile_search(needles: Sequence[Needle]) -> Callable[[bytes], Ends]:
    """What finds all needles in some bytes. A place is found once for each needle that ends there."""
    finders = [_compile_needle(needle) for needle in needles]

    def search(body: bytes) -> Ends:
        lower, runs = body.lower(), list(_find_runs(body))
        return sorted({(end, i) for i, find in enumerate(finders) for end in find(body, lower, runs)})

    return search


_Finder = Callable[[bytes, bytes, Sequence[int]], Iterator[int]]
"""The bytes, the same in lower case, and where runs of letters begin -> where matches end."""


_Places = Callable[[bytes], Iterator[int]]
"""The bytes in lower case -> where a literal stands."""


def _compile_needle(needle: Needle) -> _Finder:
    raw = needle.regex.encode("latin-1")
    if needle.run:
        return partial(_find_in_runs, re.compile(raw))
    if not needle.literals and not needle.place:
        return partial(_find_anywhere, re.compile(raw, re.IGNORECASE))
    places: _Places = partial(_find_literals, [literal.encode("latin-1") for literal in needle.literals])
    if needle.place:
        places = partial(_find_place, re.compile(needle.place.encode("latin-1")))
    return partial(_find_near, re.compile(raw, re.IGNORECASE), places, needle)


def _find_literals(literals: Sequence[bytes], lower: bytes) -> Iterator[int]:
    for literal in literals:  # four times as fast as an expression of them all
        at = lower.find(literal)
        while at >= 0:
            yield at
            at = lower.find(literal, at + 1)


def _find_place(place: re.Pattern[bytes], lower: bytes) -> Iterator[int]:
    return (m.start() for m in place.finditer(lower))


def _find_near(
    regex: re.Pattern[bytes], places: _Places, needle: Needle, body: bytes, lower: bytes, _: Sequence[int]
) -> Iterator[int]:
    for at in places(lower):
        start = max(0, at - needle.before)
        while (m := regex.search(body, start, at + needle.behind)) and m.start() <= at:
            if m.end() > at:
                yield m.end()
            start = m.start() + 1


def _find_anywhere(regex: re.Pattern[bytes], body: bytes, _lower: bytes, _runs: Sequence[int]) -> Iterator[int]:
    at = 0
    while m := regex.search(body, at):
        yield m.end()
        at = m.start() + 1


def _find_in_runs(regex: re.Pattern[bytes], body: bytes, _: bytes, runs: Sequence[int]) -> Iterator[int]:
    return (m.end() for at in runs if (m := regex.match(body, at)))


def _find_runs(body: bytes) -> Iterator[int]:
    """The bytes before which no letter of base64 stands, and behind which 24 do."""
    letters = body.translate(_LETTERS)
    at = letters.find(_LEAST_RUN)
    while at >= 0:
        if at:
            yield at - 1
        end = letters.find(b" ", at)
        if end >= 0:
            at = letters.find(_LEAST_RUN, end)
        else:
            at = -1
