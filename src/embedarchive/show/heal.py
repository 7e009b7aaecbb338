"""An article's HTML and the cards of lost posts -> the same HTML with those cards in its holes. Pure, reversible.

Only what carried a lost post is replaced; every other byte stays. The original markup goes along in the replacement, so
that `undo` gives back the article as it was.
"""

from __future__ import annotations

import re
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

from embedarchive.core.html import blunt
from embedarchive.core.model import Embed
from embedarchive.detect import find_embeds
from embedarchive.library.records import PostRecord
from embedarchive.show.tags import Html, tag

VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
WHOLES = frozenset(("head", "body", "html"))
HIDDEN = frozenset(("script", "style", "template", "textarea"))
"""Elements whose content is no part of the page: the page's own state may name the post, and must stay."""

MARKER = b"data-embedarchive-original"
_HIDDEN = re.compile(rb"(?is)<(%s)\b.*?(?:</\1\s*>|\Z)" % "|".join(sorted(HIDDEN)).encode())
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
    taken: list[tuple[int, int]] = []
    for embed in embeds:
        span = _find_carrier(html, embed, spans, taken, content_type)
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


# ------------------------------------------------------------------------------------------------------------- carriers

Span = tuple[int, int]


def _find_carrier(
    html: bytes, embed: Embed, spans: tuple[Span, ...], taken: list[Span], content_type: str | None
) -> Span | None:
    """The smallest element that, read alone, is this very embed: the same post in the same form."""
    wanted = (embed.post.key if embed.post else None, embed.form)
    keyword = (embed.post.native_id if embed.post else "").encode()
    for start, end in spans:
        if keyword in _blank_hidden(html[start:end]) and not any(start < b and a < end for a, b in taken):
            found = find_embeds(html[start:end], content_type=content_type).embeds
            if [(e.post.key if e.post else None, e.form) for e in found] == [wanted]:
                return start, end
    return None


def _blank_hidden(html: bytes) -> bytes:
    return _HIDDEN.sub(b"", html)


def find_spans(html: bytes) -> tuple[Span, ...]:
    """The bytes of every closed element, smallest first, equal ones in document order."""
    # Latin-1 gives every byte one character: offsets in the text are offsets in the bytes, whatever the charset.
    reader = _Spans(html.decode("latin-1"))
    return tuple(sorted(reader.find(), key=lambda span: (span[1] - span[0], span[0])))


class _Spans(HTMLParser):
    """Where each element begins and ends."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=False)
        self.text = text
        self.lines = [0, *(match.end() for match in re.finditer("\n", text))]
        self.open: list[tuple[str, int]] = []
        self.spans: list[Span] = []

    def find(self) -> Iterator[Span]:
        self.feed(blunt(self.text))
        self.close()
        yield from self.spans

    def _at(self) -> int:
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        if name not in VOID:
            self.open.append((name, self._at()))

    def handle_startendtag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        # In HTML a slash closes nothing: `<iframe src=x />` waits for its end tag like any other.
        self.handle_starttag(name, attrs)

    def handle_endtag(self, name: str) -> None:
        if not any(each == name for each, _ in self.open):
            return
        end = self.text.find(">", self._at()) + 1 or len(self.text)
        while self.open:
            opened, start = self.open.pop()
            if opened == name:
                self.spans += [] if name in WHOLES else [(start, end)]
                return
