"""Bytes that would choke a tree parser -> bytes with the same embeds, flat. Pure.

Measured: the parser needs over 12 s for 100,000 nested boxes and for 200,000 attributes on one tag, 0.1 s for
50,000 flat
embeds. So a document of unnatural depth loses the boxes that carry nothing, and its quotes no longer nest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from embedarchive.detect.keywords import QUOTE, Hit, find_keywords

MOST_TAGS = 15_000
MOST_QUOTES = 60
"""With fewer tags, and fewer quotes, no nesting is slow."""
DEEPEST = 300
LONGEST_TAG = 100_000
MOST_ATTRIBUTES = 1_000

_QUOTES = re.compile(rb"(?i)<blockquote")
_ANY_TAG = re.compile(rb"<(/?)([a-zA-Z][^\s<>/]{0,60})[^<>]*>?")
_VOID = frozenset(
    b"area base br col embed hr img input link meta param source track wbr p li option".split()
    + b"td tr th dt dd thead tbody".split()
)
_CARRIERS = frozenset(
    b"html head body title meta link base area p a br time blockquote iframe frame".split()
    + b"embed object param script style template textarea".split()
)
_LONG_TAG = re.compile(rb"<[a-zA-Z][^<>]{%d,}>?" % LONGEST_TAG)
_ATTRIBUTE = re.compile(rb"""[^\s=<>"']{1,200}(?:\s?=\s?(?:"[^"]*"|'[^']*'|[^\s"'<>]*))?""")


def limit_nesting(body: bytes, keywords: Sequence[Hit] | None = None) -> bytes:
    """The document itself, unless it is made to choke a parser. `keywords` are its own, where they are at hand."""
    if _may_hold_long_tag(body):
        body = _LONG_TAG.sub(_shorten_tag, body)
    if len(body) < MOST_QUOTES * len(b"<blockquote"):
        return body
    told = sum(kind == QUOTE for _, kind, _ in (find_keywords(body) if keywords is None else keywords))
    many_quotes = told > MOST_QUOTES and len(_QUOTES.findall(body)) > MOST_QUOTES
    many = many_quotes or (len(body) > 3 * MOST_TAGS and body.count(b"<") > MOST_TAGS)
    if many and measure_depth(body) > (MOST_QUOTES if many_quotes else DEEPEST):
        return _ANY_TAG.sub(_flatten_tag, body)
    return body


def _may_hold_long_tag(body: bytes) -> bool:
    """Whether any stretch of half the longest tag is without `<`, and behind a tag that was not closed."""
    half = LONGEST_TAG // 2
    bare = (at for at in range(0, len(body) - half, half) if body.find(b"<", at, at + half) < 0)
    return any(body.find(b">", max(0, body.rfind(b"<", 0, at)), at + half) < 0 for at in bare)


def measure_depth(body: bytes) -> int:
    """How deep the tags nest, as far as they are closed in order: an estimate, in one pass."""
    depth = deepest = 0
    for m in _ANY_TAG.finditer(body):
        if m[2].lower() not in _VOID:
            depth = max(0, depth - 1) if m[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest


def _flatten_tag(m: re.Match[bytes]) -> bytes:
    """Drop a box, or close it at once when an attribute of it may carry something; let no quote stand in another."""
    name, tag = m[2].lower(), m[0]
    if name == b"blockquote":
        if m[1]:
            return b"</blockquote>"
        return b"</blockquote>" + tag
    if name in _CARRIERS or name.startswith((b"amp-", b"lite-", b"fb:")):
        return tag
    if m[1]:
        return b" "
    if b"//" in tag or b"data-" in tag or b"class=" in tag:
        return tag + b"</" + name + b">"
    return b" "


def _shorten_tag(m: re.Match[bytes]) -> bytes:
    """Of a tag with thousands of attributes keep the first, and all that hold an address."""
    tag = m[0]
    attributes: list[bytes] = _ATTRIBUTE.findall(tag[1:].rstrip(b">"))
    name = attributes.pop(0)
    if len(attributes) <= MOST_ATTRIBUTES:
        return tag
    kept = (
        attributes[:MOST_ATTRIBUTES]
        + [a for a in attributes[MOST_ATTRIBUTES:] if b"//" in a or b"id=" in a][:MOST_ATTRIBUTES]
    )
    return b"<" + name + b" " + b" ".join(kept) + b">"
