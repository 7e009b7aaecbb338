"""The platforms' values -> the words that their embeds are known by, and every place where one stands in a document. Pure.

Nothing is listed here: a host, a selector, a name of an id, a call or a parameter that a platform's file gains is looked
for from then on. One pass of Hyperscan over the bytes (`plain_search` where that cannot be had) finds all of them, in any case
and in the escapings that markup is carried in (JSON, entities, percent signs, base64). What stands at a place is for
`prefilter` to judge: a word found too often costs time, a word found too seldom loses a post.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from importlib.util import find_spec
from itertools import accumulate, product
from typing import Any

from embedarchive.detect.data import ID_KEYS
from embedarchive.detect.head import HEAD_PATTERNS, META, NAMES
from embedarchive.detect.identity import ANY_HOST, NAMED_PAGE
from embedarchive.detect.obstacles import OBSTACLE_PATTERNS
from embedarchive.detect.plain_search import Needle, compile_search, find_literals
from embedarchive.detect.selectors import COMPOUNDS
from embedarchive.platforms import PLATFORMS

ADDRESS, TOKEN, ID, ESCAPED_ID = "address", "token", "id", "escaped id"
CALL, PARAMETER, BASE64, BYLINE, QUOTE, SCRIPT = "call", "parameter", "base64", "byline", "blockquote", "script"
THUMBNAIL, SAVED = "thumbnail", "srcdoc"
"""Kinds of keywords. `address` stands within the address of a post, `token` is a word of a selector, `id` ends an
attribute with a value that some platform's id may be (`escaped id`: only the name and `=` are looked at), `script` ends
the start tag of a script that is not empty."""

Hit = tuple[int, str, str]
"""(place, kind, word): where in the bytes a keyword stands. The word is empty where a pattern found it."""

_Pattern = tuple[str, str, str, int]
"""(regular expression, kind, word, how far before the match's end the keyword is said to stand)."""

_ESCAPES = {
    "/": r"(?:/|\\{1,3}/|%(?:25)?2F|&#(?:x2F|47);|\\u002F|\\x2F)",
    ":": r"(?::|%(?:25)?3A|&#(?:x3A|58);|\\u003A|\\x3A)",
    "@": r"(?:@|%(?:25)?40|&#(?:x40|64);|\\u0040|\\x40)",
    "#": r"(?:#|%(?:25)?23|&#(?:x23|35);|\\u0023|\\x23)",
}
_IN_VALUE = r"""(?:[\s"'=;+]|2[027]|\\[nrt])"""
"""What may stand before a word of an attribute: a space or quote, or how JSON, entities and percent signs write one."""
_IN_TAG = r"[<;c]"
"""What may stand before a tag's name: `<`, `&lt;`, `%3C`, `\\u003c`."""
_FAR = re.compile(r"\{(\d+),\d\d+\}")
"""A repetition that counts to ten or further."""
_EQUALS_ESCAPED = r"\s?(?:=\s?(?:\\+[\"']|\\*&(?:amp;)*(?:quot|#34|#39|#x27|#x22);)|%(?:25)*3D|\\u003d)"
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FIRST = (*'<{[&%" \n\r\t', "http")
"""What markup, JSON, an escaping of them, or an address begins with."""
LEAST_BASE64 = 24


def _escape_signs(pattern: str) -> str:
    """Let `/`, `:`, `@` and `#` stand in any escaping, save in classes of characters and in `(?:`."""
    return re.sub(r"\[[^\]]*\]|\(\?:|[/:@#]", lambda m: _ESCAPES.get(m[0], m[0]), pattern)


def _write_literal(word: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word.encode())


def _begin_base64(text: str) -> str:
    """At least 24 letters of base64 that begin with a text, whose end settles a letter but in part."""
    bits = "".join(f"{byte:08b}" for byte in text.encode())
    whole = len(bits) // 6 * 6
    letters = "".join(_BASE64[int(bits[i : i + 6], 2)] for i in range(0, whole, 6))
    may_follow = "".join(letter for i, letter in enumerate(_BASE64) if f"{i:06b}".startswith(bits[whole:]))
    return f"{letters}[{may_follow}][A-Za-z0-9+/]{{{LEAST_BASE64 - len(letters) - 1}}}"


def _find_addresses() -> Iterator[_Pattern]:
    for host in sorted({host for p in PLATFORMS for host in (*p.hosts, *p.mirrors) if host != ANY_HOST}):
        word, after = (host[:-1], "[a-z0-9]") if host.endswith(".*") else (host, "[^a-z0-9.-]")
        yield rf"(?:[^a-z0-9-]|2[027f]|3d){re.escape(word)}{after}", ADDRESS, word, len(word) + 1
    for path in sorted({p.path_pattern for p in PLATFORMS if ANY_HOST in p.hosts}):
        yield _escape_signs(path), ADDRESS, "", 1
    yield _escape_signs(rf"\.{NAMED_PAGE}"), ADDRESS, "", 1


def _find_tokens() -> Iterator[_Pattern]:
    for token in sorted({token for compound in COMPOUNDS for token in compound.tokens} - {QUOTE}):
        if any(token == compound.tag for compound in COMPOUNDS):
            before = _IN_TAG
        else:
            before = _IN_VALUE
        yield rf"{before}{re.escape(token)}[^\w-]", TOKEN, token, len(token) + 1


def _find_ids() -> Iterator[_Pattern]:
    """Attributes by the last two letters of their names, since `tweetid` is `data-tweet-id` as well as `tweetId`.

    Each end has a pattern of its own: with two of them in one, Hyperscan takes its slower engine (twice the time of all
    keywords together). No id in it is too long, for counting far makes the machine ten times as dear.
    """
    ends: dict[str, set[str]] = {}
    for platform in PLATFORMS:
        for name in (*platform.id_names, *ID_KEYS) if platform.id_pattern else ():
            ends.setdefault(name[-2:], set()).add(_FAR.sub(r"{\1,}", _escape_signs(platform.id_pattern)))
    for end, ids in sorted(ends.items()):
        yield rf"""[\w.:-]{end}\s?=\s?["']?(?:{"|".join(sorted(ids))})["'\s>]""", ID, "", 1
    yield rf"[\w.:-](?:{'|'.join(sorted(ends))}){_EQUALS_ESCAPED}", ESCAPED_ID, "", 0


def _find_others() -> Iterator[_Pattern]:
    yield from ((call, CALL, "", 1) for p in PLATFORMS for call in p.calls)
    yield from ((_write_literal(q), PARAMETER, q, len(q)) for p in PLATFORMS for q in p.link_parameters)
    yield from ((_escape_signs(thumbnail), THUMBNAIL, "", 1) for p in PLATFORMS for thumbnail in p.thumbnails)
    for opened, space, at in product((r"\(", "%28", "\xef\xbc\x88"), ("", r"\s"), ("@", "%40", "\xef\xbc\xa0")):
        yield opened + space + at, BYLINE, "", 1
    yield QUOTE, QUOTE, QUOTE, len(QUOTE)
    yield r"<iframe\b[^>]*\ssrcdoc\s?=", SAVED, "", 0
    yield r"<script\b[^>]*>\s*(?:[^\s<]|<[^/])", SCRIPT, "", 0
    for first in _FIRST:
        yield rf"""[\s"'=;>]{_begin_base64(first)}""", BASE64, "", LEAST_BASE64
    yield from HEAD_PATTERNS
    yield from OBSTACLE_PATTERNS


_SIGNS = {ID: ("=",), ESCAPED_ID: ("=", "%", r"\\u003d")}
_IDS, _ESCAPED_IDS = 300, 60
"""Bytes in which an attribute's end, its sign and what follows are looked at."""


def make_needle(regex: str, kind: str, word: str) -> Needle:
    """How a pattern is looked for without Hyperscan."""
    if word:
        return Needle(regex, (word.lower(),), before=3, behind=len(word) + 1)
    if kind in _SIGNS:
        ends = re.findall(r"[a-z]{2}", regex.partition(r"\s")[0].removeprefix(r"[\w.:-]"))
        named = "|".join(ends)
        place = "|".join(f"{s}(?:(?<=(?:{named}){s})|(?<=(?:{named})\\s{s}))" for s in _SIGNS[kind])
        return Needle(regex, place=place, before=4, behind=_IDS if kind == ID else _ESCAPED_IDS)
    if kind == BYLINE:
        return Needle(
            regex, (next(at for at in ("@", "%40", "\xef\xbc\xa0") if regex.endswith(at)),), before=8, behind=8
        )
    known = {
        SCRIPT: Needle(regex, ("<script",), before=0, behind=20_000),
        SAVED: Needle(regex, ("srcdoc",), before=20_000, behind=20),
        META: Needle(regex, NAMES, before=64, behind=40),
        THUMBNAIL: Needle(regex, find_literals(regex), before=24, behind=100),
        BASE64: Needle(regex, run=True),
    }
    return known.get(kind) or Needle(regex, find_literals(regex))


def compile_plainly() -> Callable[[bytes], list[Hit]]:
    """What finds all keywords without Hyperscan."""
    patterns = _list_patterns()
    search = compile_search([make_needle(*pattern[:3]) for pattern in patterns])

    def find(body: bytes) -> list[Hit]:
        return [(end - patterns[i][3], patterns[i][1], patterns[i][2]) for end, i in search(body)]

    return find


HAS_HYPERSCAN = find_spec("hyperscan") is not None
"""Whether keywords are looked for by Hyperscan."""
_compile_plainly = cache(compile_plainly)
_dumped: list[bytes] = []
"""The machine as another process compiled it, if there is one."""


def _list_patterns() -> list[_Pattern]:
    return [*_find_addresses(), *_find_tokens(), *_find_ids(), *_find_others()]


def dump_machine() -> bytes:
    """The compiled machine, for a process that this one starts; nothing where there is none."""
    if not HAS_HYPERSCAN:
        return b""
    import hyperscan

    return hyperscan.dumpb(_compile()[1])


def load_machine(dumped: bytes) -> None:
    """Take a machine that was compiled by the process that started this one, before anything is looked for."""
    if dumped:
        _dumped.append(dumped)


@cache
def _compile() -> tuple[list[tuple[str, str, int]], Any, Any]:
    """All keywords as one machine, made when first asked for (it takes half a second), and the room that a scan
    works in. They belong together: a room does not keep its machine alive."""
    import hyperscan

    patterns = _list_patterns()
    if _dumped:
        machine = hyperscan.loadb(_dumped[0], hyperscan.HS_MODE_BLOCK)
    else:
        machine = _compile_patterns(patterns)
    return [(kind, word, back) for _, kind, word, back in patterns], machine, hyperscan.Scratch(machine)


def _compile_patterns(patterns: Sequence[_Pattern]) -> Any:
    import hyperscan

    machine = hyperscan.Database()
    machine.compile(
        expressions=[pattern.encode("latin-1") for pattern, *_ in patterns],
        ids=list(range(len(patterns))),
        # A pattern that Hyperscan cannot follow in full (one that looks ahead) finds too much, and never too little.
        flags=[
            (0 if kind == BASE64 else hyperscan.HS_FLAG_CASELESS) | (hyperscan.HS_FLAG_PREFILTER if not word else 0)
            for _, kind, word, _ in patterns
        ],
    )
    return machine


def find_keywords(body: bytes) -> list[Hit]:
    """Every keyword of a document, in the order of their ends."""
    if not HAS_HYPERSCAN:
        return _compile_plainly()(body)
    keywords, machine, room = _compile()
    found: list[Hit] = []

    def take(i: int, _start: int, end: int, _flags: int, _context: object) -> None:
        kind, word, back = keywords[i]
        found.append((end - back, kind, word))

    machine.scan(body, match_event_handler=take, scratch=room.clone())  # no two scans may share a room
    return found


def find_telling(texts: Iterable[str]) -> set[int]:
    """Which of some texts may hold an address of a post, all looked at in one go."""
    raw = [text.encode("utf-8", "replace") for text in texts]
    ends = list(accumulate(len(each) + 1 for each in raw))
    found = find_keywords(b"\n".join((b"", *raw, b"")))
    return {bisect_right(ends, at - 1) for at, kind, _ in found if kind == ADDRESS}
