"""Native ids -> the time they were made, and the small readers of URLs that platforms share. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import SplitResult, parse_qs

from embedarchive.core.urls import split_url

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST, _LATEST = 1_100_000_000_000, 4_102_444_800_000  # 2004-11 … 2100: outside it an id is no clock

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_SORTABLE32 = "234567abcdefghijklmnopqrstuvwxyz"


def date_ms(ms: int) -> str | None:
    """Milliseconds since 1970 as ISO UTC; None when no post can be of that time."""
    if not _EARLIEST < ms < _LATEST:
        return None
    return (_EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def read_digits(text: str, digits: str) -> int:
    """A number in the base of so many `digits`, the highest first. Raises ValueError for what is none of them."""
    value = 0
    for char in text:
        value = value * len(digits) + digits.index(char)
    return value


def write_digits(number: int, digits: str) -> str:
    """The inverse of `read_digits`; zero is the empty text."""
    text = ""
    while number:
        number, digit = divmod(number, len(digits))
        text = digits[digit] + text
    return text


def decode_base64url(code: str) -> int:
    """A number as Instagram and Threads write their ids."""
    return read_digits(code, BASE64URL)


def encode_base64url(number: int) -> str:
    """The inverse of `decode_base64url`."""
    return write_digits(number, BASE64URL)


def decode_tid(key: str) -> int | None:
    """Microseconds since 1970 of an AT Protocol record key; None when it is no TID (atproto.com/specs/tid)."""
    if len(key) != 13 or any(c not in _SORTABLE32 for c in key):
        return None
    return read_digits(key, _SORTABLE32) >> 10


def query(url: SplitResult, *names: str) -> str | None:
    """The first non-empty query parameter of one of these names."""
    if "=" not in url.query or url.query.count("&") > 200:
        return None
    fields = parse_qs(url.query)
    return next((fields[n][0] for n in names if n in fields), None)


def match_path(pattern: re.Pattern[str], url: SplitResult) -> str | None:
    """The first group of `pattern` at the start of the path that is filled, or None."""
    m = pattern.match(url.path)
    if m:
        return next((g for g in m.groups() if g), None)
    return None


def match_on_instance(pattern: re.Pattern[str], url: SplitResult) -> str | None:
    """The id that `match_path` finds as `host/id`: in the Fediverse an id means something on its own instance only."""
    found = match_path(pattern, url)
    if found is None:
        return None
    return f"{(url.hostname or '').lower()}/{found}"


def unwrap_exit(link: str, home: str) -> str:
    """Meta's links out (`l.facebook.com/l.php?u=…`) without their redirector, links within `home` without trackers."""
    parts = split_url(link)
    if parts and parts.path == "/l.php" and (parts.hostname or "").startswith(("l.", "lm.")):
        return query(parts, "u") or link
    if link.startswith(home):
        return link.partition("?")[0]
    return link
