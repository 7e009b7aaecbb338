"""Bytes -> where every word stands that an embed of any platform, or the head of an article, is known by, in one pass
over the document as it is (Hyperscan looks for all of them at once, in either case). Pure."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from functools import cache
from itertools import accumulate

import hyperscan

from embedarchive.platforms import PLATFORMS

_LONG_NAME = 6

SELECTORS = (
    b"instagram-media", b"embetty-", b"embedpin", b"flickr-embed", b"tweet static", b"reddit-embed", b"data-attrs",
    b"telegram-post", b"embedly-card",
)  # fmt: skip
"""What makes a plain link, or no link at all, an embed: the mark of a script that expands it."""

QUOTE = b"blockquote"
SCRIPT = b"<script"
"""A script that is not empty: found where its text begins."""

BASE64 = (b"aHR0c", b"h0dH", b"odHRw")
"""`http` in base64 at each of the three places it can start; the only words whose case counts."""

AMP = b"amp-"
"""Elements of AMP pages, the platforms' own only: some name their post by an id alone."""

BYLINE = (b"(@", "\uff08@".encode())
"""What ends a byline; it may be all that is left of a quote."""

ID = b"id="
"""An attribute whose name ends with `id`, is not `id` itself, and tells what may be a post's id, or a service: found at
what ends its value."""

HEAD_END, TITLE, HTML, CANONICAL, LINKED_DATA = b"</head>", b"<title", b"<html", b"canonical", b"ld+json"
META = b"meta"
"""A tag of the head that tells one of `HEAD_NAMES`: found at the name's end."""

HEAD_DATES = ("article:published_time", "datepublished", "og:published_time", "date", "dc.date", "dcterms.created",
              "parsely-pub-date", "sailthru.date", "pubdate", "publish-date")  # fmt: skip
HEAD_NAMES = (*HEAD_DATES, "og:title", "twitter:title", "og:url", "og:locale", "og:site_name", "application-name")

SERVICES = "|".join(sorted({p.name for p in PLATFORMS if len(p.name) > 1} | {"twitter"}))
_ON_ANY_HOST = (
    b"/@", b"2f@", b";@", b"%40", b"statuses", b"app.bsky.feed", b".min.html", b"/p/", b"/p\\/", b"2fp%2f", b"web/post/",
    b"/w/", b"/w\\/", b"2fw%2f", b"videos/watch", b"videos\\/watch", b"videos%2fwatch", b"videos/embed",
    b"videos\\/embed", b"videos%2fembed",
)  # fmt: skip


def shorten_host(host: str) -> bytes:
    """A long name is enough without what follows it: `pinterest.` for its twenty countries."""
    name = host.partition(".")[0]
    return (f"{name}." if len(name) >= _LONG_NAME else host).encode()


def _name_call(call: str) -> bytes:
    """The first word of a call's pattern: `VK.Widgets.Post`."""
    words: list[str] = re.findall(r"(?:[A-Za-z]|\\\.){6,}", call)
    return words[0].replace("\\", "").lower().encode()


def _drop_longer(keywords: Iterable[bytes]) -> list[bytes]:
    """Leave out what another keyword would find already."""
    found = sorted(set(keywords))
    return [n for n in found if not any(other != n and other in n for other in found)]


CALLS = tuple(_name_call(call) for p in PLATFORMS for call in p.calls)
HOSTS = frozenset(_drop_longer(shorten_host(host) for p in PLATFORMS for host in p.hosts if host != "*"))
ADDRESSES = HOSTS.union(_ON_ANY_HOST)
"""Words that stand in the addresses of posts."""

TELLING = ADDRESSES.union(SELECTORS, CALLS, BASE64, BYLINE, (AMP, ID, QUOTE))
"""Words that an embed is known by; the others tell of the document."""

_AMP_TAGS = {css.partition("[")[0] for p in PLATFORMS for m in p.selectors for css in re.split(r",\s*", m.css)
             if css.encode().startswith(AMP)}  # fmt: skip
_PLAIN = (*ADDRESSES, *SELECTORS, *CALLS, *BYLINE, QUOTE)
_HEAD = (HEAD_END, TITLE, HTML, CANONICAL, LINKED_DATA)
_SCRIPTS = r"<script\b[^>]*>\s*(?:[^\s<]|<[^/])"
_IDS = rf"""[^\s"'?&]id=["']?\s?(?:{SERVICES}|\d{{9,20}}|[\w-]{{11}})["'\s>]"""
_NAMES = rf"""(?:property|name|itemprop)\s*=\s*["']?\s*(?:{"|".join(map(re.escape, HEAD_NAMES))})["'\s/>]"""

Keywords = list[tuple[int, bytes]]
Word = tuple[bytes, bytes, int]
"""A pattern, the keyword it finds, and how far before the match's end the keyword is said to stand."""


def _spell(word: bytes) -> bytes:
    return b"".join(b"\\x%02x" % byte for byte in word)


_WORDS: list[Word] = [(_spell(w), w, len(w)) for w in _PLAIN + _HEAD + BASE64]
_WORDS += [(_spell(tag.encode()), AMP, len(tag)) for tag in sorted(_AMP_TAGS)]
_WORDS += [(_SCRIPTS.encode(), SCRIPT, 0), (_IDS.encode(), ID, 1), (_NAMES.encode(), META, 0)]
_KEYWORDS = [(keyword, back) for _, keyword, back in _WORDS]


@cache
def _compile() -> tuple[hyperscan.Database, hyperscan.Scratch]:
    """All words as one machine, made when first asked for (it takes some hundredths of a second), and the room that a
    scan works in. They belong together: a room does not keep its machine alive."""
    words = hyperscan.Database()
    words.compile(
        expressions=[pattern for pattern, *_ in _WORDS],
        ids=list(range(len(_WORDS))),
        flags=[0 if keyword in BASE64 else hyperscan.HS_FLAG_CASELESS for _, keyword, _ in _WORDS],
    )
    return words, hyperscan.Scratch(words)


def _take(i: int, _start: int, end: int, _flags: int, found: object) -> None:
    keyword, back = _KEYWORDS[i]
    found.append((end - back, keyword))  # type: ignore[attr-defined]


def find_keywords(body: bytes) -> Keywords:
    """(place, keyword) of every keyword in a text, in the order of their ends."""
    found: Keywords = []
    words, room = _compile()
    words.scan(body, match_event_handler=_take, context=found, scratch=room.clone())  # no two scans may share a room
    return found


def find_telling(texts: Iterable[str]) -> set[int]:
    """Which of some texts hold what an embed may be known by, all looked at in one go."""
    raw = [text.encode("utf-8", "replace") for text in texts]
    ends = list(accumulate(len(each) + 1 for each in raw))
    return {bisect_right(ends, at) for at, keyword in find_keywords(b"\n".join(raw)) if keyword in TELLING}
