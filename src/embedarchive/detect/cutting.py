"""A document and the posts that are to go from it -> the same document with them cut out.

What carries an embed is cut as a whole. After it goes every smallest element, tag or comment that still holds the post: its id,
or a run of its words, in text, in an attribute or in a page's own state, under any escape. What cannot be got clean that
way is not for keeping: then there is no document any more.
"""

from __future__ import annotations

import html as markup
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from embedarchive.core.decode import choose_encoding
from embedarchive.detect.bounded import search_bounded
from embedarchive.detect.spans import Span, find_carrier, find_spans

RUN = 5
"""Words in a row that are nobody else's."""

RUN_OF_CHARACTERS = 12
"""The same where a script has no spaces: each character counts as a word."""

SHORTEST = 8
"""Characters of a whole text below which it may stand anywhere by chance."""

SHORTEST_ID = 5
"""The same of an id, which is looked for where no letter or digit goes on with it."""

LONGEST = 20_000_000
"""Bytes of a document that are looked through; a longer one goes as a whole."""

ROUNDS = 4
MOST_READ_ALONE = 3_000
LONGEST_READ_ALONE = 20_000
MARK = b"<!-- a post was erased here -->"

_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")
_NO_SPACES = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_TAG = re.compile(r"<[^<>]*>")
_ESCAPE = re.compile(r"\\+u([0-9a-fA-F]{4})")
_BREAK = re.compile(r"\\+[nrt]")

Run = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PostTraces:
    """What is to go: the keys of posts, the ids by which they are named, and runs of what they say."""

    keys: frozenset[str]
    ids: frozenset[str]
    runs: frozenset[Run]

    def and_texts(self, texts: Iterable[str | None]) -> PostTraces:
        return PostTraces(self.keys, self.ids, self.runs | find_runs(texts))


def make_traces(keys: Iterable[str], texts: Iterable[str | None] = ()) -> PostTraces:
    """The posts of these keys, and what they are known to say."""
    named = frozenset(keys)
    ids = {key.partition(":")[2].rpartition("/")[2].lower() for key in named}  # of host/id the id
    return PostTraces(named, frozenset(each for each in ids if len(each) >= SHORTEST_ID), find_runs(texts))


def find_runs(texts: Iterable[str | None]) -> frozenset[Run]:
    """Every run of words of texts by which they are known again; of a short text all of it, where that is long enough."""
    found: set[Run] = set()
    for text in filter(None, texts):
        words = split_words(text)
        length = run_length(text)
        if len(words) >= length:
            found.update(runs_of(words, length))
        elif sum(map(len, words)) >= SHORTEST:
            found.add(words)
    return frozenset(found)


def run_length(text: str) -> int:
    if len(_NO_SPACES.findall(text)) * 2 > len(text.replace(" ", "")):
        return RUN_OF_CHARACTERS
    return RUN


def split_words(text: str) -> Run:
    return tuple(_WORDS.findall(unescape(text).casefold()))


def runs_of(words: Run, length: int) -> Iterator[Run]:
    return zip(*(words[n:] for n in range(length)), strict=False)


def unescape(text: str) -> str:
    """Text without what HTML, JSON and addresses may have made of it, twice over."""
    for _ in range(2):
        text = markup.unescape(_ESCAPE.sub(lambda m: chr(int(m[1], 16)), text))
        text = unquote(_BREAK.sub(" ", text).replace("\\/", "/"), errors="replace")
    return text


def holds(text: str, traces: PostTraces) -> bool:
    """Whether a text, markup or not, still names one of the posts or holds a run of its words."""
    plain = unescape(text)
    low = plain.lower()
    if any(has_id(low, each) for each in traces.ids):
        return True
    if not traces.runs:
        return False
    lengths = {len(run) for run in traces.runs}
    for version in (plain, _TAG.sub(" ", plain)):
        words = tuple(_WORDS.findall(version.casefold()))
        if any(not traces.runs.isdisjoint(runs_of(words, length)) for length in lengths):
            return True
    return False


def has_id(text: str, name: str) -> bool:
    """Whether an id stands in a text, and not as a part of a longer one."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (text[at - 1 : at].isalnum() or text[end : end + 1].isalnum()):
            return True
        at = text.find(name, at + 1)
    return False


def holds_post(body: bytes, traces: PostTraces, content_type: str | None = None) -> bool:
    """The same of bytes."""
    return holds(body.decode(choose_encoding(body, content_type), "replace"), traces)


def cut_posts(body: bytes, traces: PostTraces, content_type: str | None = None) -> bytes | None:
    """A document without these posts; the same bytes where it has none of them, None where it cannot be got clean."""
    codec = choose_encoding(body, content_type)
    if len(body) > LONGEST or codec.startswith("utf-16"):
        return None
    found = [e for e in search_bounded(body, content_type=content_type, mentions=True).embeds if e.post]
    embeds = [e for e in found if e.post and e.post.key in traces.keys]
    traces = traces.and_texts(e.claim.text for e in embeds)
    if not embeds and not holds(body.decode(codec, "replace"), traces):
        return body
    spans, taken = find_spans(body), list[Span]()
    for embed in embeds:
        span = None
        if embed.kind == "embed":
            span = find_carrier(body, embed, spans, taken, content_type)
        taken += [span] if span else []
    body = cut_spans(body, taken)
    for _ in range(ROUNDS):
        if not holds(body.decode(codec, "replace"), traces):
            if not names_post(body, traces, content_type):
                return body
            left = find_named(body, traces, content_type)
        else:
            left = find_left(body, traces, codec)
        if not left:
            return None
        body = cut_spans(body, left)
    return None


def names_post(body: bytes, traces: PostTraces, content_type: str | None) -> bool:
    """Whether the finder still finds one of the posts in a document."""
    found = search_bounded(body, content_type=content_type, mentions=True).embeds
    return any(e.post is not None and e.post.key in traces.keys for e in found)


def find_left(body: bytes, traces: PostTraces, codec: str) -> list[Span]:
    """The smallest elements, tags and comments that hold a post, none within another."""
    left: list[Span] = []
    for start, end in find_spans(body, tags=True):
        if any(start <= a and b <= end for a, b in left):
            continue
        if holds(body[start:end].decode(codec, "replace"), traces):
            left.append((start, end))
    return left


def find_named(body: bytes, traces: PostTraces, content_type: str | None) -> list[Span]:
    """The same of those that the finder, reading them alone, takes for one of the posts: its id is in no text then."""
    left: list[Span] = []
    for start, end in find_spans(body, tags=True)[:MOST_READ_ALONE]:
        inside = any(start <= a and b <= end for a, b in left)
        if not inside and end - start < LONGEST_READ_ALONE and names_post(body[start:end], traces, content_type):
            left.append((start, end))
    return left


def cut_spans(body: bytes, spans: Iterable[Span]) -> bytes:
    """A document with a mark in place of each of these spans; of two that overlap the later begins where the other ends."""
    out, done = list[bytes](), 0
    for start, end in sorted(spans):
        if end > done:
            out += [body[done : max(start, done)], MARK]
            done = end
    return b"".join([*out, body[done:]])
