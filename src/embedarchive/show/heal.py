"""An article's HTML and the cards of lost posts -> the same HTML with those cards in its holes. Pure, reversible.

Only what carried a lost post is replaced; every other byte stays. The original markup goes along in the replacement, so
that `undo` gives back the article as it was.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass

from embedarchive.detect import find_embeds
from embedarchive.detect.spans import Span, find_carrier, find_spans
from embedarchive.library.records import PostRecord
from embedarchive.show.tags import Html, tag

MARKER = b"data-embedarchive-original"
_HEALED = re.compile(
    rb'<div data-embedarchive-key="[^"]*" data-embedarchive-original="([A-Za-z0-9+/=]*)".*?<!--/embedarchive--></div>',
    re.S,
)


@dataclass(frozen=True, slots=True)
class Hole:
    """Where in an article a lost post is embedded: bytes `start` to `end`; both None when no one element carries it."""

    key: str
    position: int
    form: str
    start: int | None = None
    end: int | None = None


def is_lost(record: PostRecord) -> bool:
    """Whether a post is confirmed gone and we have something to show in its place."""
    return record.status == "gone" and record.best is not None


def find_holes(html: bytes, lost: frozenset[str], content_type: str | None = None) -> tuple[Hole, ...]:
    """The embeds of lost posts in an article, in reading order, each with the bytes that carry it."""
    found = find_embeds(html, content_type=content_type).embeds
    embeds = [e for e in found if e.kind == "embed" and e.post and e.post.key in lost]
    spans = find_spans(html) if embeds else ()
    holes: list[Hole] = []
    taken: list[Span] = []
    for embed in embeds:
        span = find_carrier(html, embed, spans, taken, content_type)
        key = embed.post.key if embed.post else ""
        holes.append(Hole(key, embed.position, embed.form, *(span or (None, None))))
        taken += [span] if span else []
    return tuple(holes)


def heal(html: bytes, cards: Mapping[str, str], content_type: str | None = None) -> tuple[bytes, tuple[Hole, ...]]:
    """Put each lost post's card (key -> HTML fragment, from `render_inline`) in its holes; give what was found, too.

    Holes without a place are left as they are; so is an article that was healed already.
    """
    if MARKER in html:
        return html, ()
    holes = find_holes(html, frozenset(cards), content_type)
    out, done = [], 0
    for hole in sorted((h for h in holes if h.start is not None), key=lambda h: h.start or 0):
        start, end = hole.start or 0, hole.end or 0
        out += [html[done:start], _replacement(hole.key, cards[hole.key], html[start:end])]
        done = end
    return b"".join([*out, html[done:]]), holes


def undo(html: bytes) -> bytes:
    """The article as it was before `heal`."""
    return _HEALED.sub(lambda match: b64decode(match[1]), html)


def _replacement(key: str, card: str, original: bytes) -> bytes:
    """The card and the original in one element, in ASCII, so that it fits any charset that extends it."""
    opened = tag(
        "div",
        Html(card),
        Html("<!--/embedarchive-->"),
        data_embedarchive_key=key,
        data_embedarchive_original=b64encode(original).decode("ascii"),
    )
    return opened.encode("ascii", "xmlcharrefreplace")
