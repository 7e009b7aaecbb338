"""Scripts -> the JSON in them; JSON -> its records, those of other articles left out. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from embedarchive.detect.data import SERVICES, split_type, squeeze
from embedarchive.detect.identity import identify_post
from embedarchive.detect.keywords import find_telling
from embedarchive.detect.literals import Reader
from embedarchive.detect.markup import LARGEST_JSON, unescape_js

_START = re.compile(
    r"(?:^|[=(,:]|return)\s{0,20}(?=[{\[])|(?:JSON\.parse|\.enqueue)\(\s{0,20}(?=[\"'])|^\s{0,20}(?=\")"
)
_MOST_STARTS = 60
_MOST_ROWS = 5_000
_MOST_PLAIN = 1_000
_DEEPEST_ISLAND = 60
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
    """A JSON object, the last two keys above it, whether there may be markup in it, and of which type the object is whose
    value it is (`{"type": "tweet", "attrs": {…}}`)."""

    above: str
    name: str
    item: dict[str, Any]
    marked: bool
    kind: str = ""


def read_scripts(text: str) -> Iterator[Any]:
    """Every JSON value a script assigns, passes or is; each start is tried once, at most 60, none inside another."""
    if len(text) > LARGEST_JSON:
        return
    end = 0
    reader: Reader | None = None
    for _ in range(_MOST_STARTS):
        m = _START.search(text, end)
        if m is None:
            return
        try:
            value, end = _DECODER.raw_decode(text, m.end())
        except (ValueError, RecursionError):
            reader = reader or Reader(text)
            try:
                value, end = reader.read(m.end())
            except ValueError:
                end = max(m.end(), end + 1)
                continue
        value = _parse_inner(value)
        if isinstance(value, str) and _MARKUP.search(value[:20_000]):
            value = {"html": value}
        if isinstance(value, (dict, list)) and value and not is_flight(value):
            yield resolve_stream(value)


def _parse_inner(value: Any) -> Any:
    """`JSON.parse("…")` holds JSON in a string."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return None
    return value


def is_flight(value: Any) -> bool:
    """Whether a value is a piece of a React stream: `self.__next_f.push([1, "…"])`."""
    return isinstance(value, list) and len(value) == 2 and value[0] == 1 and isinstance(value[1], str)


FLIGHT = "__next_f.push("
_ROW = re.compile(r"([0-9a-f]{1,6}):(?:T([0-9a-f]{1,7}),|[A-Z]{0,2}(?=[\[{\"]))")
_NEXT_ROW = re.compile(rf"(?<=\n){_ROW.pattern}")
"""What a row of a React stream begins with: its number, and of a text its length in bytes."""


def read_flight(texts: Iterable[str]) -> Iterator[Any]:
    """The values of a React stream (`self.__next_f.push([1, "…"])`), whose rows may begin in one script and end in the
    next: JSON, or a text that markup refers to by its number."""
    pieces = (_read_piece(text, m.end()) for text in texts for m in re.finditer(re.escape(FLIGHT), text))
    stream = "".join(piece for piece in pieces if piece)[:LARGEST_JSON]
    at = 0
    for _ in range(_MOST_ROWS):
        m = _ROW.match(stream, at) or _NEXT_ROW.search(stream, at)
        if m is None:
            return
        if m[2]:
            text = stream[m.end() : m.end() + int(m[2], 16)].encode()[: int(m[2], 16)].decode("utf-8", "ignore")
            at = m.end() + len(text)
            yield {"html": text}
            continue
        try:
            value, at = _DECODER.raw_decode(stream, m.end())
        except (ValueError, RecursionError):
            at = m.end()
            continue
        if isinstance(value, (dict, list)):
            yield value


def _read_piece(text: str, at: int) -> str:
    try:
        value, _ = _DECODER.raw_decode(text, at)
    except (ValueError, RecursionError):
        return ""
    return value[1] if is_flight(value) else ""


def resolve_stream(table: Any) -> Any:
    """A table of Remix (`{"_1": 2}`: the name at place 1, the value at place 2); every object with its values put in."""
    if not (isinstance(table, list) and table and isinstance(table[0], dict) and all(map(_PLACE.match, table[0]))):
        return table

    def at(i: Any) -> Any:
        if isinstance(i, int) and 0 <= i < len(table):
            return table[i]
        return None

    objects = (item for item in table if isinstance(item, dict))
    return [
        {
            str(at(int(name[1:]))): v
            for name, i in item.items()
            if _PLACE.match(name) and not isinstance(v := at(i), (dict, list))
        }
        for item in objects
    ]


_PLACE = re.compile(r"_\d{1,9}$")


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
    stack: list[tuple[str, str, Any, str]] = [("", "", data, "")]
    for _ in range(_MOST_VALUES):
        if not stack:
            return
        above, name, item, kind = stack.pop()
        if type(item) is list:
            if _is_flat(item):
                yield Walked(above, name, dict(zip(item[::2], item[1::2], strict=False)), True)
            else:
                stack.extend((above, name, v, "") for v in reversed(item) if type(v) in _CONTAINERS)
            continue
        if type(item) is not dict or is_elsewhere(item, url):
            continue
        own = ""
        if not _NAMING.isdisjoint(item):
            own = _read_kind(item)
        inner: list[tuple[str, str, Any, str]] = []
        linked = marked = False
        for key, value in item.items():
            if type(value) is str:
                linked = linked or "//" in value or "%" in value
                marked = marked or "<" in value or "&lt;" in value or "%3C" in value or "%3c" in value
            elif value and type(value) in _CONTAINERS and _is_own_key(key):
                inner.append((name, key, value, own))
        if linked or marked:
            yield Walked(above, name, item, marked, kind)
        stack.extend(reversed(inner))


_KINDS = ("type", "_type", "__typename", "component", "__component", "kind", "blockName", "acf_fc_layout", "slice_type")


_NAMING = frozenset((*_KINDS, "sys", "name"))


def _read_kind(item: dict[str, Any]) -> str:
    """What an object says that it is; Contentful says so three objects further in."""
    said = " ".join([v[:60] for k in _KINDS if k in item and isinstance(v := item[k], str)])
    named = item.get("name")
    if isinstance(named, str) and squeeze(named[:60]) in SERVICES:
        said = f"{said} {named}"
    if (
        not said
        and isinstance(system := item.get("sys"), dict)
        and isinstance(typed := system.get("contentType"), dict)
    ):
        of_type = typed.get("sys")
        said = ""
        if isinstance(of_type, dict):
            said = str(of_type.get("id") or "")
    return said[:79]


def unwrap_astro(data: Any, depth: int = 0) -> Any:
    """What an island of Astro is given: every value in a list behind the number of its kind (`{"url": [0, "https://…"]}`)."""
    if depth > _DEEPEST_ISLAND:
        return None
    if isinstance(data, list) and len(data) == 2 and data[0] in (0, 1):
        held = data[1]
        if isinstance(held, list):
            return [unwrap_astro(v, depth + 1) for v in held]
        return unwrap_astro(held, depth + 1)
    if isinstance(data, dict):
        return {k: unwrap_astro(v, depth + 1) for k, v in data.items()}
    return data


def walk_plain(data: Any) -> Iterator[dict[str, Any]]:
    """The objects of a JSON value, at most a thousand, outermost first."""
    waiting = [data]
    for _ in range(_MOST_PLAIN):
        if not waiting:
            return
        item = waiting.pop(0)
        if isinstance(item, dict):
            yield item
        if isinstance(item, (dict, list)):
            waiting.extend(v for v in (item.values() if isinstance(item, dict) else item) if type(v) in _CONTAINERS)


def make_records(walked: Iterable[Walked], *, telling: bool) -> list[StateRecord]:
    """What the objects hold; of the `telling` ones only, those with markup or with anything an embed is known by."""
    kept = list(walked)
    if telling:
        told = find_telling("\n".join(v for v in w.item.values() if type(v) is str) for w in kept)
        kept = [w for i, w in enumerate(kept) if w.marked or i in told]
    return [_make_record(w) for w in kept]


@lru_cache(maxsize=4096)
def _is_own_key(key: str) -> bool:
    return _ELSEWHERE.isdisjoint(split_type(key[:60]))


def _is_flat(item: list[Any]) -> bool:
    """A list of alternating names and values, as s9e/TextFormatter writes frames."""
    return 3 < len(item) < 60 and all(isinstance(v, str) for v in item) and "src" in item[::2]


def _make_record(walked: Walked) -> StateRecord:
    pairs = {k: str(v) for k, v in walked.item.items() if isinstance(v, (str, int)) and not isinstance(v, bool)}
    if walked.kind and "type" not in pairs:
        pairs["type"] = walked.kind
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
