"""A place in bytes where an address stands -> where it begins, whether a link leads there, and which post it names. Pure.

Markup may be escaped as JSON, as entities or with percent signs, several times over, and an address may be a parameter of
another. Each escaping is taken off until a platform knows the address, or none is left.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from embedarchive.core.model import Post
from embedarchive.core.urls import unescape_entities
from embedarchive.detect.identity import identify_embedded
from embedarchive.detect.keywords import ADDRESS, QUOTE, Hit
from embedarchive.detect.markup import DEEPEST, unescape_js

_LONGEST_BEFORE = 400
_RUN = re.compile(rb"[^\s\"'<>]*")
_SCHEMELESS = re.compile(
    rb"""(?xi)(?:
        (?! (?:22|72|02|a0|d0|90|[ced]3)(?:52)*%    # %22 %27 %20 %0A %0D %09 %3C %3D %3E, also as %2522
          | (?:22|72|[ced]3)00u\\                   # \u0022 \u0027 \u003C \u003D \u003E
          | [nrt]\\                                 # \n \r \t
        ) [\w.@/%\\-]
    )*"""
)
"""The two above are held against bytes read backwards: what may stand in an address, to what was a delimiter once."""
_ADDRESS = re.compile(rb"[^\s\"'<>]{0,6000}")
_END = re.compile(r"\\*[\"'<>\s`]|\\[nrt]")
_ENCODED = re.compile(r"(?i)(?:https?)?%(?:25)*(?:3a|2f)")
_LINKING = re.compile(rb"(?i)(?<![\w-])href\W(?:\W|quot|amp|u00\d[\dd]|3d|22)*\Z")


def is_plain_link(body: bytes, at: int) -> bool:
    """Whether an address is the target of a link that is written as nearly all are: seen at a glance."""
    quote = body.rfind(b'"', max(0, at - 32), at)
    return body[max(0, quote - 6) : max(0, quote)] == b" href="


def is_link(body: bytes, start: int) -> bool:
    """Whether the address that begins here is the target of a plain link, however its markup is escaped."""
    return _LINKING.search(body, max(0, start - 60), start) is not None


def find_start(body: bytes, at: int) -> int:
    """Where the address begins that a keyword stands in: at its scheme, its slashes, or its host."""
    before = _RUN.match(body[max(0, at - _LONGEST_BEFORE) : at][::-1])[0].lower()  # type: ignore[index]
    for scheme in (b"ptth", b"//"):
        start = before.find(scheme)
        if start >= 0:
            return at - start - len(scheme)
    return at - len(_SCHEMELESS.match(before)[0])  # type: ignore[index]


def read_post(body: bytes, start: int) -> Post | None:
    """The post that the address names which begins here, whatever escapings it is carried in."""
    text = _ADDRESS.match(body, start)[0].decode("utf-8", "replace")  # type: ignore[index]
    for _ in range(DEEPEST + 1):
        text = _END.split(text, maxsplit=1)[0].rstrip("\\")
        # Encoded as a whole it may be a parameter, and end with it.
        post = identify_embedded(text) or (identify_embedded(text.partition("&")[0]) if _ENCODED.match(text) else None)
        if post:
            return post
        inner = _unescape(text)
        if inner == text:
            return None
        text = inner
    return None


def _unescape(text: str) -> str:
    if "\\" in text:
        return unescape_js(text)
    if "&" in text:
        return unescape_entities(text)
    return unquote(text)


def find_posts(raw: bytes, keywords: Sequence[Hit]) -> Iterator[Post]:
    """The posts that a script's addresses name; those of plain links only where there are quotes. `keywords` are the
    script's."""
    quoted = any(kind == QUOTE for _, kind, _ in keywords)
    for at, kind, _ in keywords:
        if kind == ADDRESS:
            start = find_start(raw, at)
            post = None
            if quoted or not is_link(raw, start):
                post = read_post(raw, start)
            if post:
                yield post
