"""The bytes of a document -> whether an embed may be in it, and in which attributes, before any parsing. Pure.

Each rule of the finder needs one of these in the bytes: an address that a platform's `traces` match (plain, or
escaped as JSON,
percent or entities), an attribute whose name ends in `id` and whose value is a telling id, AMP's component, the
class of a mark
that is content with a byline, or base64 of an address. A document that has none of them has no embed and is not
parsed; where
they stand tells which attributes are worth reading in the others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from embedarchive.platforms import PLATFORMS
from embedarchive.urls import SUBDOMAIN

_SLASH = r"(?:/|\\{1,2}/|%2F|%252F|&#x2F;|&#47;|\\u002F|\\x2F)"
_COLON = r"(?::|%3A|%253A|&#58;|&#x3A;|\\u003A|\\x3A)"
ANY_HOST = r"[\w.\-]{2,60}+"
_AMP = r"cdn.ampproject.org/v0/amp-(?:{})-".format("|".join(p.name.replace("x", "twitter") for p in PLATFORMS))
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


_S9E = rf"{ANY_HOST}/iframe/\d+/\w+\.min\.html"
_TRACES = _group([t for p in PLATFORMS for t in p.traces] + [_AMP, _S9E])
_ADDRESS = re.compile(f"//{SUBDOMAIN}(?:{_TRACES})".encode())
_ESCAPED = re.compile(
    rf"http(?!s?://)(?:s?{_COLON}(?i:{_SLASH}){{2}}){SUBDOMAIN}(?:{_TRACES.replace('/', _SLASH)})".encode()
)
_ID = re.compile(
    rf"""d=(?<=[\w-][iI]d=)["']?\s?(?:(?i:{_SERVICES})["'\s>]|(?:\d{{9,20}}|(?=[\w-]{{0,11}}[A-Z\d_-])[\w-]{{11}})["'\s>])""".encode()
)
_WORDS = (b"instagram-media", b"embetty-")
_LINK_WORDS = (
    b"blockquote",
    b"BLOCKQUOTE",
    b"embedPin",
    b"flickr-embed",
    b"tweet static",
    b"reddit-embed",
    b"data-attrs",
    b"VK.Widgets",
    b"createTweet",
    b"telegram-post",
)
"""What makes a plain link part of an embed: a quote around it, or the mark of a script that expands it."""

_BASE64 = (b"aHR0c", b"h0dH", b"odHRw")
"""`http` in base64, at each of the three places it can start."""

_NAME = re.compile(rb"""[^\s"'<>/=]{1,80}+\Z""")
_SCHEME = b"htpsHTPS:"
_ALONE = re.compile(rb"[^\s<>\"']{6,400}\s*(?:</a>\s*)?</(p|div|figure|span|section)\b", re.I)
_EVERYWHERE = frozenset(("href", "content", "class", "id", "style", "title", "alt", "type", "rel", "target", "src"))
"""Attributes of nearly every element; those that may carry an embed in them are asked for by tag or mark."""
_LINKING = re.compile(rb"(?<![\w-])href\W")
_URL = re.compile(r"[^\s\"'<>&]{8,400}")
_AHEAD = 80


@dataclass(frozen=True, slots=True)
class Survey:
    """Where something was seen: in which attributes (those of nearly every element left out), alone in which
    elements, deep
    in a script or in another text; whether a library of calls or AMP is there."""

    names: frozenset[str]
    alone: frozenset[str]
    deep: bool
    amp: bool
    plain: bool
    """Nothing but the addresses of links."""


def survey(body: bytes) -> Survey | None:
    """Look for anything an embed needs; None when there is nothing."""
    places = [m.start() for m in _ADDRESS.finditer(body)]
    places += [m.start() for m in _ESCAPED.finditer(body)]
    ids = [m.start() + 2 for m in _ID.finditer(body)]
    other = any(word in body for word in _WORDS)
    places += (at for start in _BASE64 for at in _find_all(body, start))
    if not (places or ids or other):
        return None
    found = _locate(body, sorted(places), ids)
    if found.plain and not ids and not (other or any(w in body for w in _LINK_WORDS)):
        return None
    return found


def _find_all(body: bytes, start: bytes) -> Iterator[int]:
    at = body.find(start)
    while at >= 0:
        yield at
        at = body.find(start, at + 1)


def _read_name(before: bytes) -> bytes:
    """The attribute whose value begins where this text ends, or nothing."""
    rest = before.rstrip()
    if rest.endswith((b'"', b"'")):
        rest = rest[:-1].rstrip()
    if not rest.endswith(b"="):
        return b""
    m = _NAME.search(rest[:-1].rstrip())
    return m[0].lower() if m else b""


def _locate(body: bytes, places: list[int], ids: list[int]) -> Survey:
    names: set[bytes] = set()
    alone: set[bytes] = set()
    deep = amp = False
    double = single = -1
    seen_to = 0
    for at in places:
        amp = amp or body.startswith(b"//cdn.ampproject", at)
        before = body[max(0, at - _AHEAD) : at].rstrip(_SCHEME)
        name = _read_name(before)
        names.add(name)
        if before.rstrip().endswith(b">") and (closed := _ALONE.match(body, at)):
            alone.add(closed[1].lower())
        deep = deep or not name
        # An address deep in a value: the attribute's name stands before the last quote of the kind that delimits it.
        double = max(body.rfind(b'"', seen_to, at), double)
        single = max(body.rfind(b"'", seen_to, at), single)
        seen_to = at
        for quote in (double, single):
            names.add(_read_name(body[max(0, quote - _AHEAD) : quote]) if quote > 0 else b"")
    for at in ids:
        deep = True  # what the id is for may be parked in a script
        names.add(_read_name(body[max(0, at - _AHEAD) : at]))
    names.discard(b"")
    plain = bool(names <= {b"href"} and not (alone or deep))
    told = frozenset(n.decode("utf-8", "replace") for n in names)
    return Survey(told - _EVERYWHERE, frozenset(t.decode() for t in alone), deep or "src" in told, amp, plain)


def find_addresses(text: str) -> list[str]:
    """The addresses in a script that a platform's traces match, unescaped; those of plain links only where there
    are quotes."""
    raw = text.encode("utf-8", "replace")
    starts = [m.start() for p in (_ADDRESS, _ESCAPED) for m in p.finditer(raw)]
    if b"blockquote" not in raw:
        starts = [at for at in starts if not _LINKING.search(raw, max(0, at - 24), at)]
    found = (raw[at : at + 400].decode("utf-8", "replace") for at in starts)
    return [m[0] for each in found if (m := _URL.match(_unescape(each)))]


def _unescape(address: str) -> str:
    return address.replace("\\u002F", "/").replace("\\/", "/").replace("\\", " ")
