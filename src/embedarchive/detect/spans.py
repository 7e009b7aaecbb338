"""An article's HTML -> where its elements lie in its bytes, and which of them carries an embed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from embedarchive.core.html import blunt
from embedarchive.core.model import Embed
from embedarchive.detect import find_embeds

Span = tuple[int, int]
"""Bytes from, to."""

VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())  # noqa: SIM905
WHOLES = frozenset(("head", "body", "html"))
HIDDEN = frozenset(("script", "style", "template", "textarea"))
"""Elements whose content is no part of the page: the page's own state may name the post, and is no carrier of it."""

_HIDDEN = re.compile(rb"(?is)<(%s)\b.*?(?:</\1\s*>|\Z)" % "|".join(sorted(HIDDEN)).encode())


def find_carrier(
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


def find_spans(html: bytes, *, tags: bool = False) -> tuple[Span, ...]:
    """The bytes of every closed element, smallest first, equal ones in document order; with `tags` of every tag and
    comment as well."""
    # Latin-1 gives every byte one character: offsets in the text are offsets in the bytes, whatever the charset.
    reader = _Spans(html.decode("latin-1"), tags=tags)
    return tuple(sorted(reader.find(), key=lambda span: (span[1] - span[0], span[0])))


class _Spans(HTMLParser):
    """Where each element begins and ends."""

    def __init__(self, text: str, *, tags: bool) -> None:
        super().__init__(convert_charrefs=False)
        self.text = text
        self.tags = tags
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
        if self.tags:
            self.spans.append((self._at(), self._at() + len(self.get_starttag_text() or "")))
        if name not in VOID:
            self.open.append((name, self._at()))

    def handle_comment(self, data: str) -> None:
        if self.tags:
            end = self.text.find(">", self._at() + len(data)) + 1 or len(self.text)
            self.spans.append((self._at(), end))

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
