"""Text that carries markup, JSON or a URL in some escaping -> the plain thing. Pure."""

from __future__ import annotations

import base64
import html
import json
import re
from typing import Any
from urllib.parse import unquote

DEEPEST = 3
"""How many escapings may lie around an embed."""

LARGEST_JSON = 8_000_000
_BASE64 = re.compile(r"^[A-Za-z0-9+/_-]{24,}={0,2}$")
_TAG = re.compile(r"<[a-zA-Z!]")
_ESCAPED_TAG = re.compile(r"(?i)&(?:amp;)?(?:lt|#0*60|#x0*3c);")
_PERCENT_TAG = re.compile(r"(?i)%(?:25)?3c")
_UNICODE_TAG = re.compile(r"(?i)\\u003c|\\x3c")


def looks_like_markup(text: str) -> bool:
    return bool(_TAG.search(text))


def _from_base64(text: str) -> str | None:
    compact = "".join(text.split())
    if not _BASE64.match(compact):
        return None
    try:
        raw = base64.b64decode(compact.replace("-", "+").replace("_", "/") + "=" * (-len(compact) % 4), validate=True)
        return raw.decode("utf-8")
    except ValueError:
        return None


def peel(text: str) -> str | None:
    """Take one escaping off, the outermost; None when there is none left."""
    if _UNICODE_TAG.search(text):
        return unescape_js(text)
    if _PERCENT_TAG.search(text):
        return unquote(text)
    if _ESCAPED_TAG.search(text):
        return html.unescape(text)
    return _from_base64(text)


def unescape_js(text: str) -> str:
    """`\\u003c` `\\x3c` `\\/` `\\"` `\\n` as JavaScript reads them; lone surrogates become U+FFFD."""

    def one(m: re.Match[str]) -> str:
        code = m[1] or m[2]
        if code:
            return chr(int(code, 16))
        return {"n": "\n", "t": "\t", "r": "\r"}.get(m[3], m[3])

    plain = re.sub(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([^ux]))", one, text)
    return plain.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def find_markup(text: str) -> str | None:
    """The markup that a text is, or is an escaping of (at most three deep)."""
    for _ in range(DEEPEST + 1):
        if looks_like_markup(text) and not _UNICODE_TAG.search(text):
            return text
        inner = peel(text)
        if inner is None or inner == text:
            return None
        text = inner
    return None


def read_json(text: str) -> Any:
    """JSON that may be wrapped in entities, percent signs or base64; None when it is none, or nests too deep."""
    for _ in range(DEEPEST + 1):
        start = text.lstrip()[:1]
        if start in ("{", "[", '"') and len(text) <= LARGEST_JSON:
            try:
                return json.loads(text)
            except (ValueError, RecursionError):
                if "&" not in text:
                    return None
        inner = _unwrap(text)
        if inner is None or inner == text:
            return None
        text = inner
    return None


def _unwrap(text: str) -> str | None:
    if "&" in text:
        return html.unescape(text)
    if "%7B" in text[:8].upper():
        return unquote(text)
    return _from_base64(text)
