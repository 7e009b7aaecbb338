"""The bytes of a document -> which of its elements may carry an embed, as one CSS list, before any parsing. Pure.

`keywords` tells where the platforms' words stand. An address there counts only if a platform's own `identify` reads a
post in it, an id only if it fits a platform's own pattern; what stands around it says in which attribute, script or text
it is. None means that nothing is carried: such a document is not even parsed, nor is one that only links posts. The list
may name too many elements, since each of them is judged by the rules themselves, but never too few.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from embedarchive.detect.addresses import find_start, is_link, is_plain_link, read_post
from embedarchive.detect.carried import is_live, is_parked
from embedarchive.detect.data import ID_NAMES, is_any_id, squeeze
from embedarchive.detect.elements import NOT_CARRYING, NOT_CARRYING_TAGS, PARAGRAPHS
from embedarchive.detect.keywords import (
    ADDRESS,
    BASE64,
    BYLINE,
    CALL,
    ESCAPED_ID,
    ID,
    LEAST_BASE64,
    PARAMETER,
    QUOTE,
    SAVED,
    SCRIPT,
    THUMBNAIL,
    TOKEN,
    Hit,
    find_keywords,
)
from embedarchive.detect.scope import FRAMES
from embedarchive.detect.selectors import COMPOUNDS
from embedarchive.platforms import PLATFORMS

_ALWAYS = (*sorted(FRAMES - {"param"}), "template", "textarea")
"""Elements that are looked at in every document that is parsed: few, and made to carry something."""
_EVERYTHING = "*"
ANY_LINK = "a[href]"
_MOST_SELECTORS = 300
"""A longer list would take longer than to look at every element."""
_ANYWHERE = frozenset((ADDRESS, TOKEN, ID, ESCAPED_ID, CALL, PARAMETER, BASE64, BYLINE, QUOTE, THUMBNAIL))
_IN_LIVE_SCRIPT = frozenset((ADDRESS, CALL, QUOTE))
_LONGEST_RUN, _LONGEST_TAG, _LONGEST_NAME, _NEAR = 400, 4_000, 80, 500
"""Bytes that are looked at before and after a place."""

_NAME = re.compile(rb"""\s*([^\s"'<>/=]{1,80})""")
_UNQUOTED = re.compile(rb"""[^\s"'<>]*?\s?=\s?([^\s"'<>/=]{1,80}+)[\s/]""")
_ESCAPED_NAME = re.compile(rb"(?i)[^=]{0,24}?(?:=|d3(?:52)*%|d300u\\)\s?([\w.:-]{2,80})")
"""The three above are held against bytes read backwards, from a place to what stands before it."""
_VALUE = re.compile(rb"""\s*["']?([^\s"'<>]{1,200})""")
_IN_CLASS = re.compile(rb"(?i)class[^<>]*\Z")
_TYPE = re.compile(rb"""(?i)\stype\s*=\s*["']?([^\s"'>]+)""")
_TAG = re.compile(rb"[a-zA-Z][\w:-]*")
_ALONE = re.compile(rb"""[^\s<>"']{6,4000}\s*<""")
_SHORTCODE = re.compile(rb"""\[\w{2,30}(?:[^\[\]<>]{0,200}\]|[ =][^\[\]<>]{0,20})\s{0,9}\Z""")
_ALONE_IN_BRACKETS = re.compile(rb"""\[[^<>]{6,4000}\]\s*<""")
_AFTER_ESCAPED_TAG = re.compile(rb"(?i)(?:gt;|3e)\s*\Z")
_DEEPEST_ALONE = 8
_SAFE = re.compile(r"[\w.:/@+%-]+")

_LONGEST_BOX = 2_000
_PICTURED = re.compile(rb"(?i)(?<!/a)>[^<>]{0,200}(?:<(?!/a)[^<>]*>[^<>]{0,200}){0,4}?<(?:img|picture|amp-img)\b")
_EMBED_BOX = re.compile(rb"(?i)\b(?:class|id)\s*=[^<>]*embed")
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_CLASSES = frozenset(name for compound in COMPOUNDS for name in compound.classes)
_TITLES = tuple(sorted({p.title.encode().lower() for p in PLATFORMS if len(p.title) > 1}))
_DASH = rb"(?:\xe2\x80[\x93\x94]|&[mn]dash;|&#(?:8212|8211|x2014|x2013);)"
_DASHED = re.compile(rb"(?i)<p\b[^<>]*>\s*" + _DASH + rb"\s?[^<>]{1,200}\Z")
_DATED = re.compile(rb"[^)\xef]{1,60}(?:\)|\xef\xbc\x89)\s+(?:<a\b[^<>]*>)?\s*[^<>\s][^<>]{4,80}(?:</a>\s*)?</p", re.I)
"""What begins a paragraph that is the line that ended a quote, and what ends it."""
_DASHED_ESCAPED = re.compile(
    rb"(?i)(?:%E2%80%9[34]|\\u201[34]|(?:gt;|3e).{0,20}?(?:\xe2\x80[\x93\x94]|[mn]dash;|#(?:x201[34]|821[12]);))"
)
"""The same where tags are escaped, in any way: only that there is a dash."""
_COMPOUNDS = [(compound.tokens, compound.css) for compound in COMPOUNDS]
_SERVICES = [
    (re.compile(p.id_pattern, re.ASCII), [name.lower().encode() for name in (p.name, p.title, *p.services)])
    for p in PLATFORMS
    if p.id_pattern
]


@dataclass(slots=True)
class _Look:
    """One walk over the keywords of a document: what was found, and where the walk is. A link to a post carries nothing
    but in a quote (or in a frame that was saved), so links in quotes, and where quotes stand, are gathered apart."""

    body: bytes
    found: set[str] = field(default_factory=set)
    tokens: set[str] = field(default_factory=set)
    links: list[int] = field(default_factory=list)
    quotes: set[str] = field(default_factory=set)
    carries: bool = False
    saved: bool = False
    quoted: dict[bool, int] = field(default_factory=lambda: {True: 0, False: 0})
    script: int = -1
    began: int = -1
    heard: frozenset[str] | None = None
    last: dict[bytes, int] = field(default_factory=lambda: {b'"': -1, b"'": -1})
    read_to: int = 0


def prefilter_document(body: bytes, keywords: Sequence[Hit] | None = None) -> str | None:
    """A CSS list of the elements to look at, or None. `keywords` are the document's, where they are at hand."""
    look = _Look(body)
    hits = find_keywords(body) if keywords is None else keywords
    words = {word for _, kind, word in hits if kind in (TOKEN, QUOTE)}
    if words:
        compounds = [(tokens, css) for tokens, css in _COMPOUNDS if tokens <= words]
    else:
        compounds = []
    wanted = frozenset(token for tokens, _ in compounds for token in tokens)
    for at, kind, word in hits:
        if kind == ADDRESS and is_plain_link(body, at):
            _follow_link(look, at)
        elif kind == SAVED:
            look.saved = True
        elif kind == SCRIPT:
            look.script, look.began, look.heard = at, at, None
        elif kind in _ANYWHERE and (kind != TOKEN or word in wanted):
            inside = _is_in_script(look, at)
            if not inside or _is_heard(look, kind):
                _judge(look, at, kind, word, inside)
    look.found.update(css for tokens, css in compounds if tokens <= look.tokens)
    if look.links and (look.carries or any(read_post(body, find_start(body, at)) for at in look.links)):
        look.found |= look.quotes
        look.carries = True
    if not look.carries:
        return None
    if len(look.found) < _MOST_SELECTORS:
        return ",".join((*_ALWAYS, *sorted(look.found)))
    return _EVERYTHING


def _judge(look: _Look, at: int, kind: str, word: str, inside: bool) -> None:
    """Decide whether a keyword carries anything where it stands, and if so what is to be looked at."""
    body = look.body
    if kind == ADDRESS:
        start = find_start(body, at)
        if not is_link(body, start):
            if read_post(body, start) and not _locate_in_text(look, start, inside):
                _locate(look, at, word, inside)
        else:
            _follow_link(look, at)
    elif kind == THUMBNAIL:
        if _read_tag(body, at) not in NOT_CARRYING_TAGS:
            look.carries = True
            look.found.add(ANY_LINK)
            # The player may wait as a whole in an attribute, escaped; a picture's own address holds none.
            look.found.update(css for css in _find_places(look, at, word, inside) if css != "[src]")
    elif kind == QUOTE:
        _enter_quote(look, at, inside)
    elif kind == TOKEN:
        if word not in _CLASSES or _IN_CLASS.search(body, max(0, at - _LONGEST_RUN), at):
            look.tokens.add(word)
            _locate(look, at, word, inside)
    elif kind == PARAMETER:
        look.found.add(f'a[href*="{word}"]')
        _locate(look, at, word, inside)
    elif kind == BYLINE:
        before = body[max(0, at - 500) : at]
        signed = not look.quoted[True] and _DASHED.search(before) and _DATED.match(body, at)
        lowered = before.lower()
        if b"/p" in lowered and (signed or _names_platform(lowered) or _DASHED_ESCAPED.search(before)):
            look.found.add("p")
            _locate(look, at, word, inside)
    elif kind == BASE64:
        begun = body[at : at + LEAST_BASE64]
        if _NO_TEXT.search(base64.b64decode(begun)) is None:
            _locate(look, at, begun.decode(), inside)
    elif (kind == CALL and inside) or (kind in (ID, ESCAPED_ID) and _tells_id(body, at, kind)):
        _locate(look, at, word, inside)


def _names_platform(lowered: bytes) -> bool:
    return any(title in lowered for title in _TITLES)


def _follow_link(look: _Look, at: int) -> None:
    """A link counts in a quote, in a frame whose page was saved in its place, or around a picture in a box that says that it
    is an embed."""
    if look.saved and not look.carries:
        look.carries = read_post(look.body, find_start(look.body, at)) is not None
    if any(look.quoted.values()):
        look.links.append(at)
    body, before = look.body, max(0, at - _LONGEST_BOX)
    if body.rfind(b"mbed", before, at) < 0 or body.find(b"img", at, at + _LONGEST_BOX) < 0:
        return
    if _PICTURED.search(body, at, at + _LONGEST_BOX) and _EMBED_BOX.search(body, before, at):
        look.found.add(ANY_LINK)
        look.carries = True


def _enter_quote(look: _Look, at: int, inside: bool) -> None:
    """Keep count of the quotes that the walk is in, as markup and in any escaping, and of where they stand."""
    body = look.body
    plain = body[max(0, at - 2) : at].endswith((b"<", b"</"))
    if body[at - 1 : at] in b"/fF":
        look.quoted[plain] = max(0, look.quoted[plain] - 1)
    else:
        look.quoted[plain] += 1
        look.tokens.add(QUOTE)
        look.quotes.add(QUOTE)
        look.quotes.update(_find_places(look, at, QUOTE, inside))


# ----------------------------------------------------------------------------------------------------------------- ids


def _tells_id(body: bytes, end: int, kind: str) -> bool:
    """Whether the attribute that ends here tells an id: its name promises one, or its element names a service whose ids
    look like its value (which is not read where it is escaped)."""
    name = _read_id_name(body, end, kind)
    if name in ID_NAMES or not is_any_id(name):
        return name in ID_NAMES
    value = None
    if kind == ID:
        value = _VALUE.match(body, body.rfind(b"=", 0, end) + 1)
    bare = ""
    if value:
        bare = value[1].decode("utf-8", "replace")
    start = min(end - _NEAR, body.rfind(b"<", max(0, end - _LONGEST_TAG), end))
    around = body[max(0, start) : max(end + _NEAR, body.find(b">", end, end + _LONGEST_TAG))].lower()
    fitting = (names for pattern, names in _SERVICES if kind == ESCAPED_ID or pattern.fullmatch(bare))
    return any(name in around for names in fitting for name in names)


def _read_id_name(body: bytes, end: int, kind: str) -> str:
    """The squeezed name of the attribute that ends here. In escaped markup an escaped space or line may stick to it."""
    if kind == ID:
        equals = body.rfind(b"=", max(0, end - _LONGEST_RUN), end)
        m = _NAME.match(body[max(0, equals - _LONGEST_NAME) : equals][::-1])
        if not m:
            return ""
        return squeeze(m[1][::-1].decode("utf-8", "replace"))
    m = _ESCAPED_NAME.match(body[max(0, end - 2 * _LONGEST_NAME) : end][::-1])
    name = m[1][::-1].decode() if m else ""
    names = (name[stuck:] for stuck in (0, 1, 2) if name[stuck:].lower() not in NOT_CARRYING)
    return next((each for each in map(squeeze, names) if each in ID_NAMES or is_any_id(each)), "")


# -------------------------------------------------------------------------------------------------------------- places


def _is_heard(look: _Look, kind: str) -> bool:
    """Whether a kind of keyword counts in the script that the walk is in."""
    if look.heard is None:
        look.heard = _read_heard(look.body, look.began)
    return kind in look.heard


def _read_heard(body: bytes, at: int) -> frozenset[str]:
    """The kinds of keywords that count in a script: in one that no browser runs all do, in one that tells machines what
    the page shows none, in others those that its calls and its state are read for."""
    tag = body[max(0, body.rfind(b"<script", max(0, at - _LONGEST_TAG), at)) : at]
    m = _TYPE.search(tag)
    if m:
        attrs = {"type": m[1].decode("utf-8", "replace")}
    else:
        attrs = {}
    if is_parked(attrs):
        return _ANYWHERE
    if is_live(attrs):
        return _IN_LIVE_SCRIPT
    return frozenset()


def _is_in_script(look: _Look, at: int) -> bool:
    """Whether the script that began last is still open. Each stretch of it is looked at once."""
    if look.script >= 0 and look.body.find(b"</script", look.script, at) >= 0:
        look.script = -1
    elif look.script >= 0:
        look.script = max(look.script, at - len(b"</script"))
    return look.script >= 0


def _read_tag(body: bytes, at: int) -> str:
    """The name of the start tag that a place is in, or nothing in text."""
    earliest = max(0, at - _LONGEST_TAG)
    opened = body.rfind(b"<", earliest, at)
    tag = None
    if opened >= 0 and opened > body.rfind(b">", earliest, at):
        tag = _TAG.match(body, opened + 1)
    if tag:
        return tag[0].lower().decode()
    return ""


def _locate_in_text(look: _Look, start: int, inside: bool) -> bool:
    """Whether an address begins in text that carries nothing: in plain words, not alone between tags."""
    body = look.body
    if inside or _read_tag(body, start):
        return False
    shortcode = _SHORTCODE.search(body, max(0, start - _LONGEST_RUN), start)
    if shortcode:
        alone = _find_around(body, shortcode.start(), _ALONE_IN_BRACKETS)
        look.found |= alone
        return not alone
    if body[start - 1 : start] not in b" \t\r\n>(" or _AFTER_ESCAPED_TAG.search(body, max(0, start - 40), start):
        return False
    alone = _find_around(body, start)
    look.found |= alone
    return not alone


def _find_around(body: bytes, end: int, alone: re.Pattern[bytes] = _ALONE) -> set[str]:
    """The elements of which the address that begins here may be all they hold: their start tags stand before it."""
    around: set[str] = set()
    for _ in range(_DEEPEST_ALONE if alone.match(body, end) else 0):
        end -= len(body[max(0, end - _LONGEST_RUN) : end]) - len(body[max(0, end - _LONGEST_RUN) : end].rstrip())
        start = body.rfind(b"<", max(0, end - _LONGEST_TAG), end)
        tag = _TAG.match(body, start + 1)
        if start < 0 or not tag or body[end - 1 : end] != b">":
            break
        # With a `>` in a value, the tag may begin before the last `<`.
        around |= PARAGRAPHS if b">" in body[start : end - 1] else PARAGRAPHS & {tag[0].lower().decode()}
        end = start
    return around


def _locate(look: _Look, at: int, word: str, inside: bool) -> None:
    """Have the places looked at where a keyword stands that carries something."""
    if inside:
        look.heard = frozenset()  # the script will be looked at as a whole
    elif _read_tag(look.body, at) in NOT_CARRYING_TAGS:
        return
    look.carries = True
    look.found.update(_find_places(look, at, word, inside))


def _find_places(look: _Look, at: int, word: str, inside: bool) -> Iterator[str]:
    """The script, and the attributes, that a keyword stands in."""
    if inside:
        yield "script:not(:empty)"
    for name in _read_names(look, at):
        if name not in NOT_CARRYING and name.isprintable():
            held = ""
            if _SAFE.fullmatch(word):
                held = f'*="{_read_word(look, at, word)}"'
            yield f"[{_escape(name)}{held}]"


def _read_word(look: _Look, at: int, word: str) -> str:
    """The keyword in the case in which it is written."""
    return look.body[at : at + len(word)].decode("utf-8", "replace")


def _read_names(look: _Look, at: int) -> Iterator[str]:
    """The attributes whose values may hold a place: the one before the last quote of each kind (in a value there is none
    of the kind that delimits it), and that of a value without quotes."""
    body = look.body
    at = max(at, look.read_to)
    for delimiter in look.last:
        look.last[delimiter] = max(look.last[delimiter], body.rfind(delimiter, look.read_to, at))
    look.read_to = at
    for quote in look.last.values():
        before = body[max(0, quote - _LONGEST_NAME) : max(0, quote)].rstrip()
        m = None
        if before.endswith(b"="):
            m = _NAME.match(before[:-1][::-1])
        if m:
            yield m[1][::-1].lower().decode("utf-8", "replace")
    m = _UNQUOTED.match(body[max(0, at - _LONGEST_RUN) : at][::-1])
    if m:
        yield m[1][::-1].lower().decode("utf-8", "replace")


def _escape(name: str) -> str:
    """An attribute's name as a CSS identifier; Angular, Vue and CMSs write names no identifier may have."""
    escaped = re.sub(r"([^a-zA-Z0-9_-])", r"\\\1", name)
    if escaped[:1].isdigit():
        return f"\\3{escaped[0]} {escaped[1:]}"
    return escaped
