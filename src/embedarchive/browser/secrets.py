"""What must not be kept of a login -> the same texts and bytes without it, however it is written in them.

A page hands its visitor's secrets back in many spellings, one within another: JSON in an attribute, an address within an
address, base64 of either. So no spelling is guessed at: each layer of a text is decoded, and what comes out is compared.
"""

from __future__ import annotations

import base64
import binascii
import html
import json
import re
import zlib
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cached_property
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from embedarchive.browser.pictures import sniff
from embedarchive.browser.redact import REDACTED
from embedarchive.core.model import Post

T = TypeVar("T")
Span = tuple[int, int]

SHORTEST_SECRET = 8
"""Characters: a shorter value (`1`, `en`, `dark`) stands everywhere, and is known by its place only, beside its name."""
DEEPEST = 4
"""Layers of spelling that are taken off."""
LARGEST_INFLATED = 64_000_000

CREDENTIAL = re.compile(
    r"(?i)auth|^sid$|sess|token|csrf|xsrf|passw|secret|jwt|api_?key|fb_dtsg|(?:^|[_-])(?:sid|ssid|key|sig)(?:$|[_-])"
)
"""Names of cookies, stored values and parameters whose values let their bearer act as somebody."""


@dataclass(frozen=True)
class Secrets:
    """Values that must not be kept, and short ones that must not be kept beside their names."""

    values: frozenset[str]
    named: frozenset[tuple[str, str]] = frozenset()

    def __repr__(self) -> str:
        return f"Secrets({len(self.values)} values)"

    def __or__(self, other: Secrets) -> Secrets:
        return Secrets(self.values | other.values, self.named | other.named)

    @cached_property
    def needles(self) -> tuple[str, ...]:
        """The values as they may come out of some layer, the longest first."""
        found = {form for value in self.values for form in write_forms(value)}
        return tuple(sorted((form for form in found if len(form) >= SHORTEST_SECRET), key=len, reverse=True))

    @cached_property
    def raw(self) -> tuple[bytes, ...]:
        return tuple(needle.encode("utf-8", "replace") for needle in self.needles)

    @cached_property
    def pairs(self) -> re.Pattern[str]:
        """Short values where their names stand before them: `sid=abc`, `"sid": "abc"`, `name="sid" value="abc"`."""
        ways = (
            rf"(?<![\w-]){re.escape(name)}(?:[\"'\s:=,;>\\]|value|content){{1,24}}({re.escape(value)})(?![\w-])"
            for name, value in sorted(self.named)
        )
        return re.compile("|".join(ways) or r"(?!)")


# --------------------------------------------------------------------------------------------------------- what they are


def read_secrets(pairs: Iterable[tuple[str, str, bool]]) -> Secrets:
    """The secrets among named values; each with whether it is one whatever its name says."""
    values, named = set[str](), set[tuple[str, str]]()
    for name, value, sure in pairs:
        if len(value) >= SHORTEST_SECRET:
            values |= {value, *(each for each in find_strings(unquote(value)) if _OPAQUE.fullmatch(each))}
        elif value and (sure or CREDENTIAL.search(name)):
            named.add((name, value))
    return Secrets(frozenset(values), frozenset(named))


_OPAQUE = re.compile(r"(?!.*://)(?=\S*\d)(?=\S*[A-Za-z])\S+|(?!.*://)\S{24,}")
"""What may be a token: no words, no address."""
_WORD = re.compile(r"[A-Za-z]{1,15}")


def read_stored(pairs: Iterable[tuple[str, str]], *, given: bool = False) -> Secrets:
    """The secrets among stored values: of those of a login (`given`) every one, of what a page stored what may be a token.

    Pages store also what they show. A single word is known by its place only.
    """
    values, named = set[str](), set[tuple[str, str]]()
    for name, value in pairs:
        credential = bool(CREDENTIAL.search(name))
        if len(value) < SHORTEST_SECRET or (_WORD.fullmatch(value) and not credential):
            named |= {(name, value)} if value and (credential or len(value) >= SHORTEST_SECRET) else set()
            continue
        if given or credential or _OPAQUE.fullmatch(value):
            values.add(value)
        if given or credential:
            values |= {each for each in find_strings(value) if (given and len(each) >= 16) or _OPAQUE.fullmatch(each)}
    return Secrets(frozenset(values), frozenset(named))


def find_strings(value: str) -> Iterator[str]:
    """The texts within a stored value that is JSON: tokens lie there among settings."""
    try:
        left = [json.loads(value)]
    except (ValueError, RecursionError):
        return
    while left:
        match left.pop():
            case str(text) if len(text) >= SHORTEST_SECRET:
                yield text
            case dict(some):
                left += some.values()
            case list(some):
                left += some


def read_parameters(url: str) -> Iterator[tuple[str, str, bool]]:
    """The values that an address passes on under a credential's name, in its query or its fragment."""
    try:
        parts = urlsplit(url)
        asked = [*parse_qsl(parts.query, max_num_fields=500), *parse_qsl(parts.fragment, max_num_fields=500)]
    except ValueError:
        return
    yield from ((name, value, False) for name, value in asked if CREDENTIAL.search(name))


def write_forms(value: str) -> set[str]:
    """A value as it is, decoded, and in the parts that pages take it apart into."""
    forms, left = set[str](), [value, value.strip('"'), value.rstrip("="), value.replace(" ", "+")]
    for _ in range(DEEPEST):
        forms |= set(left)
        left = [
            decoded for each in left for decoded in (unquote(each), _decode_escapes(each).text) if decoded not in forms
        ]
    parts = {part for form in forms for part in re.split(r"[^\w-]+", form) if len(part) >= 2 * SHORTEST_SECRET}
    return forms | {part for part in parts if re.search(r"\d", part) and re.search(r"[^\W\d]", part)}


# ----------------------------------------------------------------------------------------------------------- forgetting


def forget(value: T, secrets: Secrets) -> T:
    """Any value of ours without the secrets: texts, bytes, and whatever holds them. A post's identity is no secret."""
    return _forget(value, secrets)  # type: ignore[no-any-return]


def _forget(value: Any, secrets: Secrets) -> Any:
    match value:
        case str():
            return forget_text(value, secrets)
        case bytes():
            return forget_bytes(value, secrets)
        case tuple() | list():
            return type(value)(_forget_place(each, secrets) for each in value)
        case Mapping():
            return {_forget(name, secrets): _forget(each, secrets) for name, each in value.items()}
        case Post():
            return value
    if is_dataclass(value) and not isinstance(value, type):
        now = {each.name: getattr(value, each.name) for each in fields(value) if each.init}
        new = {name: _forget(each, secrets) for name, each in now.items()}
        return replace(value, **{name: each for name, each in new.items() if each is not now[name]})
    return value


def _forget_place(value: Any, secrets: Secrets) -> Any:
    """What stands in a list; of a header, (name, value), also a short secret that is its whole value."""
    is_pair = isinstance(value, tuple) and len(value) == 2 and all(isinstance(each, str) for each in value)
    if is_pair and any(value[1].strip() == short for _, short in secrets.named):
        return (value[0], REDACTED)
    return _forget(value, secrets)


def forget_text(text: str, secrets: Secrets) -> str:
    """A text without the secrets."""
    spans = sorted(find_spans(text, secrets))
    if not spans:
        return text
    pieces, at = [], 0
    for first, last in spans:
        if first >= at:
            pieces += [text[at:first], REDACTED]
        at = max(at, last)
    return "".join([*pieces, text[at:]])


def forget_bytes(body: bytes, secrets: Secrets) -> bytes:
    """Bytes without the secrets: a picture or a film keeps its length, what is packed and holds one is withheld whole."""
    if sniff(body):
        for needle in secrets.raw:
            body = body.replace(needle, b"x" * len(needle))
        return body
    inflated = _inflate(body)
    if inflated is not None:
        if forget_bytes(inflated, secrets) != inflated:
            return REDACTED.encode()
        return body
    # Whatever is no UTF-8 comes out of this as it went in.
    text = body.decode("utf-8", "surrogateescape")
    less = forget_text(text, secrets)
    if less is text:
        return body
    return less.encode("utf-8", "surrogateescape")


def _inflate(body: bytes) -> bytes | None:
    """What a body holds that is packed by gzip or zlib, or None."""
    if body[:2] != b"\x1f\x8b" and body[:1] != b"\x78":
        return None
    try:
        return zlib.decompressobj(47).decompress(body, LARGEST_INFLATED)
    except zlib.error:
        return None


def find_spans(text: str, secrets: Secrets) -> set[Span]:
    """Where in a text a secret stands, in any spelling of any layer."""
    return _Search(secrets).find(text, DEEPEST)


@dataclass
class _Search:
    """One search, which looks at no text twice: layers may be taken off in any order, and come out the same."""

    secrets: Secrets
    found: dict[tuple[str, int], set[Span]] = field(default_factory=dict)
    runs: dict[tuple[str, int, object], bool] = field(default_factory=dict)

    def find(self, text: str, depth: int) -> set[Span]:
        for looked in range(depth, DEEPEST + 1):
            if (text, looked) in self.found:
                return self.found[text, looked]
        found = self.found[text, depth] = set(_find_plain(text, self.secrets))
        if depth == 0:
            return found
        for decode in (_decode_escapes, _decode_css, _decode_quoted, _join_lines, _drop_nuls):
            layer = decode(text)
            if layer.edits:
                found |= {layer.place(span) for span in self.find(layer.text, depth - 1)}
        for pattern, read in ((_BASE64, _read_base64), (_HEX, _read_hex)):
            found |= {run.span() for run in pattern.finditer(text) if self.holds(run[0], read, depth)}
        return found

    def holds(self, run: str, read: Callable[[str], Iterator[bytes]], depth: int) -> bool:
        """Whether there is a secret in a run of letters, once it is read."""
        known = self.runs.get((run, depth, read))
        if known is None:
            texts = (inner.decode("utf-8", "replace") for inner in read(run) if _TEXT.search(inner))
            known = self.runs[run, depth, read] = any(self.find(each, depth - 1) for each in texts)
        return known


def _find_plain(text: str, secrets: Secrets) -> Iterator[Span]:
    for needle in secrets.needles:
        at = text.find(needle)
        while at >= 0:
            yield at, at + len(needle)
            at = text.find(needle, at + len(needle))
    if secrets.named:
        for match in secrets.pairs.finditer(text):
            yield next(match.span(group) for group in range(1, len(match.groups()) + 1) if match[group] is not None)


# ------------------------------------------------------------------------------------------------------------- layers


@dataclass(frozen=True)
class Layer:
    """A text decoded once. An edit is (place in it, its length there, first and last place in the text before)."""

    text: str
    edits: tuple[tuple[int, int, int, int], ...] = ()

    @cached_property
    def _places(self) -> list[int]:
        return [edit[0] for edit in self.edits]

    def place(self, span: Span) -> Span:
        """Where a span stood before the text was decoded."""
        return self._move(span[0], end=False), self._move(span[1], end=True)

    def _move(self, at: int, *, end: bool) -> int:
        number = bisect_right(self._places, at - 1 if end else at) - 1
        if number < 0:
            return at
        place, length, first, last = self.edits[number]
        if at < place + length or (end and at == place + length):
            if end:
                return last
            return first
        return last + at - place - length


def _decode(text: str, pattern: re.Pattern[str], read: Callable[[re.Match[str]], str]) -> Layer:
    pieces, edits, at, size = [], [], 0, 0
    for match in pattern.finditer(text):
        instead = read(match)
        if instead == match[0]:
            continue
        before = text[at : match.start()]
        size += len(before)
        edits.append((size, len(instead), *match.span()))
        pieces += [before, instead]
        size, at = size + len(instead), match.end()
    if edits:
        return Layer("".join([*pieces, text[at:]]), tuple(edits))
    return Layer(text)


_ESCAPES = re.compile(
    r"(?:%[0-9a-fA-F]{2})+|(?:%u[0-9a-fA-F]{4})+"
    r"|&(?:\#\d{1,7};?|\#[xX][0-9a-fA-F]{1,6};?|[A-Za-z][A-Za-z0-9]{1,31};)"
    r"|(?:\\u[0-9a-fA-F]{4})+|\\u\{[0-9a-fA-F]{1,6}\}|\\U[0-9a-fA-F]{8}|\\x[0-9a-fA-F]{2}|\\[0-7]{1,3}|\\[^uUx0-7]",
    re.DOTALL,
)
_LETTERS = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", "v": "\v"}


def _decode_escapes(text: str) -> Layer:
    """Addresses, markup, and string literals of JSON, JavaScript, PHP and Python."""
    if "%" not in text and "&" not in text and "\\" not in text:
        return Layer(text)
    return _decode(text, _ESCAPES, _read_escape)


def _read_escape(match: re.Match[str]) -> str:
    found = match[0]
    if found[0] == "&":
        return html.unescape(found)
    if found[0] == "%" and found[1] != "u":
        return unquote(found)
    if found[1] == "u" and found[2] != "{":
        units = b"".join(int(found[at : at + 4], 16).to_bytes(2, "big") for at in range(2, len(found), 6))
        return units.decode("utf-16-be", "replace")
    if found[1] in "uUx":
        number = int(found[2:].strip("{}"), 16)
        if number < 0x110000:
            return chr(number)
        return found
    if found[1] in "01234567":
        return chr(int(found[1:], 8))
    return _LETTERS.get(found[1], found[1])


_CSS = re.compile(r"\\([0-9a-fA-F]{1,6})(?:\r\n|[ \t\n\f])?")
_QUOTED = re.compile(r"(?:=[0-9a-fA-F]{2})+")
_SOFT_BREAK = re.compile(r"=\r?\n")
_NULS = re.compile("\0+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{10,}(?:\r?\n[A-Za-z0-9+/_-]{4,})*={0,2}")
_HEX = re.compile(r"[0-9a-fA-F]{16,}")
_TEXT = re.compile(rb"[\x20-\x7e\r\n\t]{8}")
"""What a secret, or any spelling of one, begins with; bytes that are no text seldom have as much."""


def _decode_css(text: str) -> Layer:
    """Escapes of style sheets (https://www.w3.org/TR/css-syntax-3/#consume-escaped-code-point)."""
    if "\\" in text:
        return _decode(text, _CSS, _read_css)
    return Layer(text)


def _read_css(match: re.Match[str]) -> str:
    number = int(match[1], 16)
    if number < 0x110000:
        return chr(number)
    return match[0]


def _decode_quoted(text: str) -> Layer:
    """Quoted-printable, as in saved pages (https://www.rfc-editor.org/rfc/rfc2045#section-6.7)."""
    if "=" in text:
        return _decode(text, _QUOTED, lambda m: unquote(m[0].replace("=", "%")))
    return Layer(text)


def _join_lines(text: str) -> Layer:
    """Its soft line breaks; apart, for an address has its own signs of equality."""
    if "=" in text:
        return _decode(text, _SOFT_BREAK, lambda _: "")
    return Layer(text)


def _drop_nuls(text: str) -> Layer:
    """UTF-16 read as if it were not."""
    if "\0" in text:
        return _decode(text, _NULS, lambda _: "")
    return Layer(text)


def _read_base64(run: str) -> Iterator[bytes]:
    """What a run of letters may be in base64, of either alphabet, begun at any of its first four letters."""
    bare = re.sub(r"[\r\n=]", "", run).replace("-", "+").replace("_", "/")
    for first in range(4):
        whole = bare[first : first + (len(bare) - first) // 4 * 4 + 4]
        if len(whole) % 4 == 1:
            padded = whole[: len(whole) // 4 * 4]
        else:
            padded = whole + "=" * (-len(whole) % 4)
        try:
            yield base64.b64decode(padded)
        except (binascii.Error, ValueError):
            continue


def _read_hex(run: str) -> Iterator[bytes]:
    for first in (0, 1):
        whole = run[first : first + (len(run) - first) // 2 * 2]
        yield bytes.fromhex(whole)
