"""Scripts -> the JSON in them; JSON -> its records, those of other articles left out. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from embedarchive.detect.data import split_words
from embedarchive.detect.identity import identify_post
from embedarchive.detect.keywords import find_telling
from embedarchive.detect.markup import LARGEST_JSON, unescape_js

_START = re.compile(r"(?:^|[=(,:]|return)\s{0,20}(?=[{\[])|JSON\.parse\(\s{0,20}(?=[\"'])")
_MOST_STARTS = 60
_MOST_VALUES = 400_000
_TITLES = frozenset(("headline", "headlines", "title", "headLine"))
_ADDRESSES = ("canonical_url", "canonicalUrl", "website_url", "websiteUrl", "url", "permalink", "link", "href", "uri",
              "path",
              "urlAlias", "slug", "longurl")  # fmt: skip
_ELSEWHERE = frozenset(
    [
        "related",
        "recommended",
        "recommendations",
        "recommendation",
        "more",
        "latest",
        "trending",
        "popular",
        "teaser",
        "teasers",
        "promo",
        "promos",
        "sidebar",
        "rail",
        "raillist",
        "suggested",
        "suggestions",
        "similar",
        "mostread",
        "mostviewed",
        "readnext",
        "upnext",
        "comments",
    ]
)
_MARKUP = re.compile(r"(?i)<(?:blockquote|iframe|amp-|div|figure|script|object|embed|p\b|section)|&lt;|%3C")
_DECODER = json.JSONDecoder()
_CONTAINERS = frozenset((dict, list))


@dataclass(frozen=True, slots=True)
class StateRecord:
    """One JSON object: its plain values, its texts that hold markup, and the keys above it."""

    context: str
    pairs: dict[str, str]
    texts: tuple[tuple[str, str], ...]


class Walked(NamedTuple):
    """A JSON object, the last two keys above it, and whether there may be markup in it."""

    above: str
    name: str
    item: dict[str, Any]
    marked: bool


def read_scripts(text: str) -> Iterator[Any]:
    """Every JSON value a script assigns, passes or is; each start is tried once, at most 60, none inside another."""
    if len(text) > LARGEST_JSON:
        return
    end = 0
    for _ in range(_MOST_STARTS):
        m = _START.search(text, end)
        if m is None:
            return
        try:
            value, end = _DECODER.raw_decode(text, m.end())
        except (ValueError, RecursionError):
            end = max(m.end(), end + 1)
            continue
        value = _parse_inner(value)
        if isinstance(value, (dict, list)) and value:
            yield value
            yield from _read_flight(value)


def _parse_inner(value: Any) -> Any:
    """`JSON.parse("…")` holds JSON in a string."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value


def _read_flight(value: Any) -> Iterator[Any]:
    """`self.__next_f.push([1, "id:JSON\\n…"])`: rows of a React stream."""
    if isinstance(value, list) and len(value) == 2 and value[0] == 1 and isinstance(value[1], str):
        for row in value[1].split("\n")[:2_000]:
            inner = _parse_inner(row.partition(":")[2])
            if isinstance(inner, (dict, list)):
                yield inner


def resolve_devalue(table: Any) -> Any:
    """A `devalue` table (`__NUXT_DATA__`): a list whose integers are places in itself; every object with its
    values put in."""
    if not (isinstance(table, list) and len(table) > 2 and any(isinstance(v, dict) for v in table[:50])):
        return table

    def at(i: Any) -> Any:
        if isinstance(i, int) and not isinstance(i, bool) and 0 <= i < len(table):
            return table[i]
        return i

    return [
        {k: v for k, i in o.items() if not isinstance(v := at(i), (dict, list))} for o in table if isinstance(o, dict)
    ]


def walk_own(data: Any, url: str | None) -> Iterator[Walked]:
    """Every object of a JSON value that may belong to the article at `url` and may hold an address or markup, in
    reading order; never recursive."""
    stack: list[tuple[str, str, Any]] = [("", "", data)]
    for _ in range(_MOST_VALUES):
        if not stack:
            return
        above, name, item = stack.pop()
        if type(item) is list:
            if _is_flat(item):
                yield Walked(above, name, dict(zip(item[::2], item[1::2], strict=False)), True)
            else:
                stack.extend((above, name, v) for v in reversed(item) if type(v) in _CONTAINERS)
            continue
        if type(item) is not dict or is_elsewhere(item, url):
            continue
        inner: list[tuple[str, str, Any]] = []
        linked = marked = False
        for key, value in item.items():
            if type(value) is str:
                linked = linked or "//" in value or "%" in value
                marked = marked or "<" in value or "&lt;" in value or "%3C" in value or "%3c" in value
            elif value and type(value) in _CONTAINERS and _is_own_key(key):
                inner.append((name, key, value))
        if linked or marked:
            yield Walked(above, name, item, marked)
        stack.extend(reversed(inner))


def make_records(walked: Iterable[Walked], *, telling: bool) -> list[StateRecord]:
    """What the objects hold; of the `telling` ones only, those with markup or with anything an embed is known by."""
    kept = list(walked)
    if telling:
        told = find_telling("\n".join(v for v in w.item.values() if type(v) is str) for w in kept)
        kept = [w for i, w in enumerate(kept) if w.marked or i in told]
    return [_make_record(w) for w in kept]


@lru_cache(maxsize=4096)
def _is_own_key(key: str) -> bool:
    return _ELSEWHERE.isdisjoint(split_words(key[:60]))


def _is_flat(item: list[Any]) -> bool:
    """A list of alternating names and values, as s9e/TextFormatter writes frames."""
    return 3 < len(item) < 60 and all(isinstance(v, str) for v in item) and "src" in item[::2]


def _make_record(walked: Walked) -> StateRecord:
    pairs = {k: str(v) for k, v in walked.item.items() if isinstance(v, (str, int)) and not isinstance(v, bool)}
    texts = tuple((k, v) for k, v in pairs.items() if len(v) > 24 and _MARKUP.search(v[:20_000]))
    return StateRecord(f"{walked.above[:80]}/{walked.name[:80]}", pairs, texts)


def is_elsewhere(item: dict[Any, Any], url: str | None) -> bool:
    """Whether an object is another article: it has a title, and an address that is neither this page nor a post."""
    if url is None or _TITLES.isdisjoint(item):
        return False
    addresses = [v for k in _ADDRESSES if isinstance(v := item.get(k), str) and v.strip("/ ")]
    return bool(addresses) and not any(_is_here(a, url) for a in addresses)


def _is_here(address: str, url: str) -> bool:
    """Whether an address (whole, a path, or a slug) is this page's, or is no page at all but a post or a frame."""
    path = address.split("?")[0].split("#")[0].rstrip("/").removesuffix(".html")
    tail = path.rpartition("/")[2]
    return (len(tail) > 3 and tail in url) or identify_post(address) is not None


def find_literals(text: str) -> Iterator[str]:
    """String literals that a call takes first: `render("https://…")`."""
    for m in re.finditer(r"[\w$\])]\(\s{0,20}(\"[^\"\n]{12,2000}\"|'[^'\n]{12,2000}')", text[:200_000]):
        yield unescape_js(m[1][1:-1])
