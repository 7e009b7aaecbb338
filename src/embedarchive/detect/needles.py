"""Bytes -> where every word stands that an embed of any platform needs, in one pass. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from embedarchive.platforms import PLATFORMS

_LONG_NAME = 6
_A_CHUNK = 36
"""So many needles are looked for side by side, 32 bytes at a time; with more the search is three times slower."""

MARKS = (
    b"instagram-media", b"embetty-", b"embedpin", b"flickr-embed", b"tweet static", b"reddit-embed", b"data-attrs",
    b"telegram-post", b"embedly-card",
)  # fmt: skip
"""What makes a plain link, or no link at all, an embed: the mark of a script that expands it."""

STRUCTURE = (b"<script", b"</script", b"blockquote")
BASE64 = (b"ahr0c", b"h0dh", b"odhrw")
"""`http` in base64 at each of the three places it can start, in lower case."""

AMP = b"amp-"
"""Elements of AMP pages, the platforms' own only: some name their post by an id alone."""

BYLINE = (b"(@", "\uff08@".encode())
"""What ends a byline; it may be all that is left of a quote."""

_ON_ANY_HOST = (b"/@", b"2f@", b";@", b"%40", b"statuses", b"app.bsky.feed", b".min.html")


def _shorten(host: str) -> bytes:
    """A long name is enough without what follows it: `pinterest.` for its twenty countries."""
    name = host.partition(".")[0]
    return (f"{name}." if len(name) >= _LONG_NAME else host).encode()


def _name_call(call: str) -> bytes:
    """The first word of a call's pattern: `VK.Widgets.Post`."""
    words: list[str] = re.findall(r"(?:[A-Za-z]|\\\.){6,}", call)
    return words[0].replace("\\", "").lower().encode()


def _drop_longer(needles: Iterable[bytes]) -> list[bytes]:
    """Leave out what another needle would find already."""
    found = sorted(set(needles))
    return [n for n in found if not any(other != n and other in n for other in found)]


CALLS = tuple(_name_call(call) for p in PLATFORMS for call in p.calls)
HOSTS = tuple(_drop_longer(_shorten(host) for p in PLATFORMS for host in p.hosts if host != "*"))
_LONG = sorted({*HOSTS, *MARKS, *STRUCTURE, *BASE64, *CALLS} | {n for n in _ON_ANY_HOST if len(n) > 3})
_CHUNKS = [_LONG[i : i + _A_CHUNK] for i in range(0, len(_LONG), _A_CHUNK)]
_CHUNKS += [[*BYLINE, *(n for n in _ON_ANY_HOST if len(n) <= 3)]]
_FINDERS = [(BytesAhoCorasick(chunk, matchkind=MatchKind.LeftmostFirst), chunk) for chunk in _CHUNKS]
_AMP_TAGS = tuple(css.partition("[")[0].encode() for p in PLATFORMS for m in p.marks for css in re.split(r",\s*", m.css)
                  if css.encode().startswith(AMP))  # fmt: skip
_AMP_FINDER = BytesAhoCorasick([AMP], matchkind=MatchKind.LeftmostFirst)
_ID_FINDER = BytesAhoCorasick([b"id="], matchkind=MatchKind.LeftmostFirst)


def find_needles(low: bytes) -> list[tuple[int, bytes]]:
    """(place, needle) of every needle in a text in lower case, in order."""
    found = [(at, chunk[i]) for finder, chunk in _FINDERS for i, at, _ in finder.find_matches_as_indexes(low)]
    found += [(at, AMP) for _, at, _ in _AMP_FINDER.find_matches_as_indexes(low) if low.startswith(_AMP_TAGS, at)]
    found.sort()
    return found


def find_id_names(low: bytes) -> list[int]:
    """Where the `=` stands of every attribute whose name ends with `id`, and is not `id` itself."""
    return [at - 1 for _, _, at in _ID_FINDER.find_matches_as_indexes(low) if low[at - 4] not in b" \t\r\n\"'?&"]


def holds_needle(texts: Iterable[str]) -> bool:
    """Whether any of some texts holds any needle."""
    low = "\n".join(texts).lower().encode("utf-8", "replace")
    return any(finder.find_matches_as_indexes(low) for finder, _ in _FINDERS)
