"""The bytes of a document -> whether an embed may be in it, and where, before any parsing. Pure.

One pass finds the words that embeds need (`needles`). Where a host stands, the platforms' `traces` say whether it is in
an address of a post (plain, or escaped as JSON, percent or entities); what stands around it says in which attribute,
text, quote or script. A document that names no post, or only links posts, is not parsed; in the others only the places
told here are looked at.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field

from embedarchive.detect.needles import AMP, BASE64, BYLINE, CALLS, MARKS, STRUCTURE, find_id_names, find_needles
from embedarchive.detect.records import ID_KEYS, ID_NAMES, squeeze
from embedarchive.platforms import PLATFORMS
from embedarchive.urls import SUBDOMAIN

_SLASH = r"(?:/|\\{1,2}/|%2F|%252F|&#x2F;|&#47;|\\u002F|\\x2F)"
_COLON = r"(?::|%3A|%253A|&#58;|&#x3A;|\\u003A|\\x3A)"
ANY_HOST = r"[\w.\-]{2,60}+"
_SERVICES = "|".join(sorted({p.name for p in PLATFORMS if len(p.name) > 1} | {"twitter"}))


def _group(traces: list[str]) -> str:
    """One alternation of all traces, those with the same first letter together: most addresses fail on one look."""
    by_letter: dict[str, list[str]] = {}
    odd = [t for t in traces if not t[0].isalpha()]
    for trace in traces:
        if trace[0].isalpha():
            by_letter.setdefault(trace[0].lower(), []).append(trace[1:])
    # Sites on any host share one walk over the host's letters.
    tails = [t.removeprefix(ANY_HOST) for t in odd]
    groups = [f"[{k}{k.upper()}](?i:{'|'.join(ts)})" for k, ts in sorted(by_letter.items())]
    return "|".join([*groups, f"{ANY_HOST}(?i:{'|'.join(tails)})"])


_S9E = rf"{ANY_HOST}/(?:[\w.\-]{{1,40}}+/){{0,5}}\w+\.min\.html"
_TRACES = _group([t for p in PLATFORMS for t in p.traces] + [_S9E])
_ADDRESS = re.compile(f"//{SUBDOMAIN}(?:{_TRACES})".encode())
_ESCAPED = re.compile(
    rf"(?i)http(?!s?://)(?:s?{_COLON}{_SLASH}{{2}}){SUBDOMAIN}(?:{_TRACES.replace('/', _SLASH)})".encode()
)
_ID = re.compile(
    rf"""=["']?\s?(?:((?i:{_SERVICES}))|\d{{9,20}}|(?=[\w-]{{0,11}}[A-Z\d_-])[\w-]{{11}})["'\s>]""".encode()
)

_NAME = re.compile(rb"""(?<![^\s"'<])[\w:.@()\[\]#*-]{1,80}+\Z""")
_SCHEME = b"htpsHTPS:"
_ALONE = re.compile(rb"[^\s<>\"']{6,400}\s*(?:</a>\s*)?</(p|div|figure|span|section)\b")
_CLASS = re.compile(rb"""class\W{1,12}[\w\s-]*\Z""")
_EVERYWHERE = frozenset(("href", "content", "class", "id", "style", "title", "alt", "type", "rel", "target", "src"))
"""Attributes of nearly every element; those that may carry an embed in them are asked for by tag or mark."""
_LINK_MARK = re.compile("|".join(re.escape(m) for p in PLATFORMS for m in p.link_marks).encode())
_LINKING = re.compile(rb"(?<![\w-])href\W")
_URL = re.compile(r"[^\s\"'<>&]{8,400}")
_AHEAD = 80
_LONGEST_ADDRESS = 160
_LIBRARIES = (b"widgets.js", b"/js/")
_BASE64_SHIFT = {needle: shift for shift, needle in zip((0, 2, 3), BASE64, strict=True)}
_BASE64_TEXT = re.compile(rb"[A-Za-z0-9+/]{24,240}")
_SPEAKING = frozenset((*MARKS, *CALLS))
_MARK_IDS = {squeeze(place[1:]) for p in PLATFORMS for mark in p.marks for place in mark.id if place[0] == "@"}
_TELLING = ID_NAMES.keys() | ID_KEYS | _MARK_IDS
_NO_HOST = _SPEAKING | {*STRUCTURE, *BASE64, *BYLINE, AMP}
_TITLES = "|".join(re.escape(p.title.lower()) for p in PLATFORMS if len(p.title) > 1)
_TITLED = re.compile(_TITLES.encode())


@dataclass(frozen=True, slots=True)
class Survey:
    """Where something was seen: in which attributes (those of nearly every element left out), alone in which
    elements, in a script; whether AMP, the marks of links to expand, and quotes are there."""

    names: frozenset[str]
    alone: frozenset[str]
    deep: bool
    amp: bool
    marked: bool
    quoted: bool


@dataclass(slots=True)
class _Seen:
    """What one walk over the needles gathers. `quoted` and `scripted` say where the walk is."""

    names: set[bytes] = field(default_factory=set)
    alone: set[bytes] = field(default_factory=set)
    deep: bool = False
    amp: bool = False
    marked: bool = False
    linked: bool = False
    quotes: int = 0
    quoted: int = 0
    scripted: bool = False
    double: int = -1
    single: int = -1
    seen_to: int = 0


def survey(body: bytes, low: bytes | None = None) -> Survey | None:
    """Look for anything an embed needs; None when there is nothing, or nothing but plain links. `low` is the
    document in lower case, where that is at hand."""
    low = body.lower() if low is None else low
    seen = _Seen()
    last = -1
    for at, needle in find_needles(low):
        if needle in STRUCTURE:
            _enter(seen, low, at, needle)
        elif needle in _SPEAKING:
            seen.marked = seen.marked or needle != b"instagram-media" or bool(_CLASS.search(low, max(0, at - 99), at))
            seen.deep = seen.deep or (needle in CALLS and seen.scripted)
        elif needle == AMP:
            _note_element(seen, low, at)
        elif needle in BYLINE:
            if b"</p" in low[max(0, at - 500) : at] and _TITLED.search(low, max(0, at - 500), at):
                seen.alone.add(b"p")
        elif needle in _BASE64_SHIFT:
            if names_address(body, at, needle):
                _locate(seen, low, at)
        else:
            start = find_address(low, at)
            if start > last:
                last = start
                _locate(seen, low, start)
    _locate_ids(seen, body, low)
    seen.names.discard(b"")
    if not (
        seen.marked or seen.deep or seen.amp or seen.alone or seen.names - {b"href"} or (seen.linked and seen.quotes)
    ):
        return None
    told = frozenset(n.decode("utf-8", "replace") for n in seen.names)
    return Survey(
        told - _EVERYWHERE, frozenset(t.decode() for t in seen.alone), seen.deep, seen.amp, seen.marked, seen.quotes > 0
    )


def find_address(low: bytes, at: int) -> int:
    """Where the address of a post begins that the needle stands in, or -1."""
    start = low.rfind(b"//", max(0, at - _LONGEST_ADDRESS), at + 1)
    m = _ADDRESS.match(low, start) if start >= 0 else None
    if m:
        return -1 if m[0].endswith(_LIBRARIES) else start
    start = low.rfind(b"http", max(0, at - _LONGEST_ADDRESS), at)
    return start if start >= 0 and _ESCAPED.match(low, start) else -1


def names_address(body: bytes, at: int, needle: bytes) -> bool:
    """Whether base64 holds the address of a post, and not that of a drawing's format."""
    m = _BASE64_TEXT.match(body, at - _BASE64_SHIFT[needle]) if at >= 3 else None
    if m is None:
        return False
    text = base64.b64decode(m[0][: len(m[0]) // 4 * 4])
    return bool(_ADDRESS.search(text) or _ESCAPED.search(text))


def _enter(seen: _Seen, low: bytes, at: int, needle: bytes) -> None:
    """Keep count of the script or quotes that the walk is in; escaped ones count as well."""
    if needle != b"blockquote":
        seen.scripted = needle == b"<script"
    elif low[at - 1 : at] in b"/f":
        seen.quoted = max(0, seen.quoted - 1)
    elif low[at - 1 : at] in b"<c;":
        seen.quotes += 1
        seen.quoted += 1


def _note_element(seen: _Seen, low: bytes, at: int) -> None:
    """An AMP element: its tag stands after `<`, or after `&lt;`, `%3c`, `\\u003c` where it is carried in something."""
    before = low[at - 1 : at]
    seen.amp = seen.amp or before in b"<;c"
    if before in b";c":
        _locate(seen, low, at)


def _read_name(before: bytes) -> bytes:
    """The attribute whose value begins where this text ends, or nothing."""
    rest = before.rstrip()
    if rest.endswith((b'"', b"'")):
        rest = rest[:-1].rstrip()
    if not rest.endswith(b"="):
        return b""
    m = _NAME.search(rest[:-1].rstrip())
    return m[0] if m else b""


def _locate(seen: _Seen, low: bytes, at: int) -> None:
    """Say in which attribute, text or script an address stands."""
    before = low[max(0, at - _AHEAD) : at].rstrip(_SCHEME)
    name = _read_name(before)
    seen.names.add(name)
    seen.linked = seen.linked or seen.quoted > 0
    seen.deep = seen.deep or (seen.scripted and (name != b"href" or seen.quoted > 0))
    if name == b"href" and not seen.quoted and _LINK_MARK.search(low, at, at + _LONGEST_ADDRESS):
        seen.alone.add(b"a")
    if not name:
        open_text = before.rstrip()
        if open_text.endswith(b">") and (closed := _ALONE.match(low, at)):
            seen.alone.add(closed[1])
        seen.deep = seen.deep or before[-1:] not in b" \t\r\n>("
    # An address deep in a value: the attribute's name stands before the last quote of the kind that delimits it.
    seen.double = max(low.rfind(b'"', seen.seen_to, at), seen.double)
    seen.single = max(low.rfind(b"'", seen.seen_to, at), seen.single)
    seen.seen_to = at
    for quote in (seen.double, seen.single):
        if quote > 0:
            seen.names.add(_read_name(low[max(0, quote - _AHEAD) : quote]))


def _locate_ids(seen: _Seen, body: bytes, low: bytes) -> None:
    """Attributes that tell an id, or a service; what a service is named for may be parked in a script."""
    for at in find_id_names(low):
        m = _ID.match(body, at)
        name = _read_name(low[max(0, at - _AHEAD) : at + 1]) if m else b""
        if m and (m[1] or _tells_id(name)):
            seen.names.add(name)
            seen.deep = seen.deep or bool(m[1])


def _tells_id(name: bytes) -> bool:
    squeezed = squeeze(name.decode("utf-8", "replace"))
    return squeezed in _TELLING or squeezed.endswith("videoid")


def find_addresses(text: str) -> list[str]:
    """The addresses in a script that a platform's traces match, unescaped; those of plain links only where there
    are quotes."""
    raw = text.encode("utf-8", "replace")
    low = raw.lower()
    starts = sorted({find_address(low, at) for at, needle in find_needles(low) if needle not in _NO_HOST} - {-1})
    if b"blockquote" not in raw:
        starts = [at for at in starts if not _LINKING.search(raw, max(0, at - 24), at)]
    found = (raw[at : at + 400].decode("utf-8", "replace") for at in starts)
    return [m[0] for each in found if (m := _URL.match(_unescape(each)))]


def _unescape(address: str) -> str:
    return address.replace("\\u002F", "/").replace("\\/", "/").replace("\\", " ")
