"""The bytes of a document -> whether an embed may be in it, and where, before any parsing. Pure.

One pass finds the words that embeds need (`keywords`). Where a host stands, the platforms' `url_patterns` say whether it is in
an address of a post (plain, or escaped as JSON, percent or entities); what stands around it says in which attribute,
text, quote or script. A document that names no post, or only links posts, is not parsed; in the others only the places
told here are looked at.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from functools import cache

from embedarchive.core.urls import SUBDOMAIN
from embedarchive.detect.data import ID_KEYS, ID_NAMES, squeeze
from embedarchive.detect.keywords import (
    ADDRESSES,
    AMP,
    BASE64,
    BYLINE,
    CALLS,
    HOSTS,
    ID,
    QUOTE,
    SCRIPT,
    SELECTORS,
    SERVICES,
    TELLING,
    Keywords,
    find_keywords,
    shorten_host,
)
from embedarchive.platforms import PLATFORMS

_SLASH = r"(?:/|\\{1,2}/|%2F|%252F|&#x2F;|&#47;|\\u002F|\\x2F)"
_COLON = r"(?::|%3A|%253A|&#58;|&#x3A;|\\u003A|\\x3A)"
ANY_HOST = r"[\w.\-]{2,60}+"


def _group(url_patterns: list[str]) -> str:
    """One alternation of all URL patterns, those with the same first letter together: most addresses fail on one look."""
    by_letter: dict[str, list[str]] = {}
    odd = [t for t in url_patterns if not t[0].isalpha()]
    for trace in url_patterns:
        if trace[0].isalpha():
            by_letter.setdefault(trace[0].lower(), []).append(trace[1:])
    # Sites on any host share one walk over the host's letters.
    tails = [t.removeprefix(ANY_HOST) for t in odd]
    groups = [f"[{k}{k.upper()}](?i:{'|'.join(ts)})" for k, ts in sorted(by_letter.items())]
    return "|".join([*groups, *([f"{ANY_HOST}(?i:{'|'.join(tails)})"] if tails else [])])


_S9E = rf"{ANY_HOST}/(?:[\w.\-]{{1,40}}+/){{0,5}}\w+\.min\.html"
_TRACES = _group([t for p in PLATFORMS for t in p.url_patterns] + [_S9E])
_ADDRESS = re.compile(f"//{SUBDOMAIN}(?:{_TRACES})".encode())
_ESCAPED = re.compile(
    rf"(?i)http(?!s?://)(?:s?{_COLON}{_SLASH}{{2}}){SUBDOMAIN}(?:{_TRACES.replace('/', _SLASH)})".encode()
)
_ID = re.compile(
    rf"""=["']?\s?(?:((?i:{SERVICES}))|\d{{9,20}}|(?=[\w-]{{0,11}}[A-Z\d_-])[\w-]{{11}})["'\s>]""".encode()
)

_EMAN = re.compile(rb"""[\w:.@()\[\]#*-]{1,80}+(?![^\s"'<])""")
"""An attribute's name, from its end to its start."""
_SCHEME = b"htpsHTPS:"
_ALONE = re.compile(rb"(?i)[^\s<>\"']{6,400}\s*(?:</a>\s*)?</(p|div|figure|span|section)\b")
_CLASS = re.compile(rb"""(?i)class\W{1,12}[\w\s-]*\Z""")
_EVERYWHERE = frozenset(("href", "content", "class", "id", "style", "title", "alt", "type", "rel", "target", "src"))
"""Attributes of nearly every element; those that may carry an embed in them are asked for by tag or mark."""
_LINK_MARK = re.compile("|".join(re.escape(m) for p in PLATFORMS for m in p.link_parameters).encode(), re.I)
_LINKING = re.compile(rb"(?i)(?<![\w-])href\W")
_URL = re.compile(r"[^\s\"'<>&]{8,400}")
_AHEAD = 80
_LONGEST_ADDRESS = 160
_USUAL_SUBDOMAINS = (b"", b"www.", b"m.", b"platform.")
"""Between `//` and a platform's name: such an address is written plainly, and in no escaping."""
_LIBRARIES = (b"widgets.js", b"/js/")
_BASE64_SHIFT = dict(zip(BASE64, (0, 2, 3), strict=True))
_BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/]{24,240}")
_SPEAKING = frozenset((*SELECTORS, *CALLS))
_MARK_IDS = {squeeze(place[1:]) for p in PLATFORMS for mark in p.selectors for place in mark.id if place[0] == "@"}
_TELLING = ID_NAMES.keys() | ID_KEYS | _MARK_IDS
_TITLES = "|".join(re.escape(p.title.lower()) for p in PLATFORMS if len(p.title) > 1)
_TITLED = re.compile(_TITLES.encode())


@dataclass(frozen=True, slots=True)
class Prefilter:
    """Where something was seen: in which attributes (those of nearly every element left out), of which `ids` tell a bare
    id; alone in which elements; in a script; whether AMP, the marks of links to expand, and quotes are there."""

    names: frozenset[str]
    ids: frozenset[str]
    alone: frozenset[str]
    deep: bool
    amp: bool
    marked: bool
    quoted: bool


@dataclass(slots=True)
class _Seen:
    """What one walk over the keywords gathers. `quoted` and `script` say where the walk is."""

    names: set[bytes] = field(default_factory=set)
    ids: set[bytes] = field(default_factory=set)
    alone: set[bytes] = field(default_factory=set)
    deep: bool = False
    amp: bool = False
    marked: bool = False
    linked: bool = False
    quotes: int = 0
    quoted: int = 0
    script: int = -1
    double: int = -1
    single: int = -1
    seen_to: int = 0


def prefilter_document(body: bytes, keywords: Keywords | None = None) -> Prefilter | None:
    """Look for anything an embed needs; None when there is nothing, or nothing but plain links. `keywords` are the
    document's, where they are at hand."""
    seen = _Seen()
    last = -1
    for at, keyword in find_keywords(body) if keywords is None else keywords:
        if keyword in ADDRESSES:
            start = find_address(body, at, keyword)
            if start > last:
                last = start
                _locate(seen, body, start)
        elif keyword == SCRIPT:
            seen.script = at
        elif keyword not in TELLING:
            continue
        elif keyword == QUOTE:
            _enter(seen, body[at - 1 : at])
        elif keyword == ID:
            _locate_id(seen, body, at)
        elif keyword in _SPEAKING:
            seen.marked = seen.marked or keyword != b"instagram-media" or bool(_CLASS.search(body, max(0, at - 99), at))
            seen.deep = seen.deep or (keyword in CALLS and _is_in_script(seen, body, at))
        elif keyword == AMP:
            _note_element(seen, body, at)
        elif keyword in BYLINE:
            before = body[max(0, at - 500) : at].lower()
            if b"</p" in before and _TITLED.search(before):
                seen.alone.add(b"p")
        elif keyword in _BASE64_SHIFT and names_address(body, at, keyword):
            _locate(seen, body, at)
    return _tell(seen)


def _tell(seen: _Seen) -> Prefilter | None:
    seen.names.discard(b"")
    if not (
        seen.marked or seen.deep or seen.amp or seen.alone or seen.names - {b"href"} or (seen.linked and seen.quotes)
    ):
        return None
    names, ids, alone = (
        frozenset(n.decode("utf-8", "replace") for n in each) for each in (seen.names, seen.ids, seen.alone)
    )
    return Prefilter(names - _EVERYWHERE, ids, alone, seen.deep, seen.amp, seen.marked, seen.quotes > 0)


@cache
def _compile_address(keyword: bytes) -> re.Pattern[bytes]:
    """The addresses that a keyword may stand in: for a host's name, those of its platforms."""
    if keyword not in HOSTS:
        return _ADDRESS
    owners = [p for p in PLATFORMS if any(keyword in shorten_host(host) for host in p.hosts)]
    return re.compile(f"//{SUBDOMAIN}(?:{_group([t for p in owners for t in p.url_patterns])})".encode())


def find_address(body: bytes, at: int, keyword: bytes) -> int:
    """Where the address of a post begins that the keyword stands in, or -1."""
    earliest = max(0, at - _LONGEST_ADDRESS)
    start = body.rfind(b"//", earliest, at + 1)
    if start >= 0:
        m = _compile_address(keyword).match(body, start)
        if m:
            return -1 if m[0].lower().endswith(_LIBRARIES) else start
        if body[start + 2 : at].lower() in _USUAL_SUBDOMAINS:
            return -1
    start = body[earliest:at].lower().rfind(b"http")
    return earliest + start if start >= 0 and _ESCAPED.match(body, earliest + start) else -1


def names_address(body: bytes, at: int, keyword: bytes) -> bool:
    """Whether base64 holds the address of a post, and not that of a drawing's format."""
    m = _BASE64_TEXT.match(body, at - _BASE64_SHIFT[keyword]) if at >= 3 else None
    if m is None:
        return False
    text = base64.b64decode(m[0][: len(m[0]) // 4 * 4])
    return bool(_ADDRESS.search(text) or _ESCAPED.search(text))


def _enter(seen: _Seen, before: bytes) -> None:
    """Keep count of the quotes that the walk is in, by what stands before the tag's name; escaped ones count as well."""
    if before in b"/fF":
        seen.quoted = max(0, seen.quoted - 1)
    elif before in b"<cC;":
        seen.quotes += 1
        seen.quoted += 1


def _is_in_script(seen: _Seen, body: bytes, at: int) -> bool:
    """Whether the script that began last is still open. Each stretch of it is looked at once."""
    if seen.script >= 0 and body.find(b"</script", seen.script, at) >= 0:
        seen.script = -1
    elif seen.script >= 0:
        seen.script = max(seen.script, at - len(b"</script"))
    return seen.script >= 0


def _note_element(seen: _Seen, body: bytes, at: int) -> None:
    """An AMP element: its tag stands after `<`, or after `&lt;`, `%3c`, `\\u003c` where it is carried in something."""
    before = body[at - 1 : at]
    seen.amp = seen.amp or before in b"<;cC"
    if before in b";cC":
        _locate(seen, body, at)


def _read_name(before: bytes) -> bytes:
    """The attribute whose value begins where this text ends, or nothing."""
    rest = before.rstrip()
    if rest.endswith((b'"', b"'")):
        rest = rest[:-1].rstrip()
    if not rest.endswith(b"="):
        return b""
    m = _EMAN.match(rest[:-1].rstrip()[::-1])
    return m[0][::-1].lower() if m else b""


def _locate(seen: _Seen, body: bytes, at: int) -> None:
    """Say in which attribute, text or script an address stands."""
    before = body[max(0, at - _AHEAD) : at].rstrip(_SCHEME)
    name = _read_name(before)
    seen.names.add(name)
    seen.linked = seen.linked or seen.quoted > 0
    seen.deep = seen.deep or ((name != b"href" or seen.quoted > 0) and _is_in_script(seen, body, at))
    if name == b"href" and not seen.quoted and _LINK_MARK.search(body, at, at + _LONGEST_ADDRESS):
        seen.alone.add(b"a")
    if not name:
        open_text = before.rstrip()
        if open_text.endswith(b">") and (closed := _ALONE.match(body, at)):
            seen.alone.add(closed[1].lower())
        seen.deep = seen.deep or before[-1:] not in b" \t\r\n>("
    # An address deep in a value: the attribute's name stands before the last quote of the kind that delimits it.
    seen.double = max(body.rfind(b'"', seen.seen_to, at), seen.double)
    seen.single = max(body.rfind(b"'", seen.seen_to, at), seen.single)
    seen.seen_to = at
    for quote in (seen.double, seen.single):
        if quote > 0:
            seen.names.add(_read_name(body[max(0, quote - _AHEAD) : quote]))


def _locate_id(seen: _Seen, body: bytes, end: int) -> None:
    """An attribute that tells an id, or a service; what a service is named for may be parked in a script."""
    at = body.rfind(b"=", 0, end)
    m = _ID.match(body, at)
    name = _read_name(body[max(0, at - _AHEAD) : at + 1]) if m else b""
    if m and (m[1] or _tells_id(name)):
        seen.names.add(name)
        seen.ids.add(name)
        seen.deep = seen.deep or bool(m[1])


def _tells_id(name: bytes) -> bool:
    squeezed = squeeze(name.decode("utf-8", "replace"))
    return squeezed in _TELLING or squeezed.endswith("videoid")


def find_addresses(raw: bytes, keywords: Keywords) -> list[str]:
    """The addresses in a script that a platform's URL patterns match, unescaped; those of plain links only where there
    are quotes. `keywords` are the script's."""
    starts = sorted({find_address(raw, at, keyword) for at, keyword in keywords if keyword in ADDRESSES} - {-1})
    if all(keyword != QUOTE for _, keyword in keywords):
        starts = [at for at in starts if not _LINKING.search(raw, max(0, at - 24), at)]
    found = (raw[at : at + 400].decode("utf-8", "replace") for at in starts)
    return [m[0] for each in found if (m := _URL.match(_unescape(each)))]


def _unescape(address: str) -> str:
    return address.replace("\\u002F", "/").replace("\\/", "/").replace("\\", " ")
