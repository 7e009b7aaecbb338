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


def decode_base64url(code: str) -> int:
    """A big-endian base 64 number, as Instagram and Threads write their ids."""
    value = 0
    for char in code:
        value = value * 64 + BASE64URL.index(char)
    return value


def encode_base64url(number: int) -> str:
    """The inverse of `decode_base64url`."""
    code = ""
    while number:
        number, digit = divmod(number, 64)
        code = BASE64URL[digit] + code
    return code


def decode_tid(key: str) -> int | None:
    """Microseconds since 1970 of an AT Protocol record key; None when it is no TID (atproto.com/specs/tid)."""
    if len(key) != 13 or any(c not in _SORTABLE32 for c in key):
        return None
    value = 0
    for char in key:
        value = value * 32 + _SORTABLE32.index(char)
    return value >> 10


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


def unwrap_exit(link: str, home: str) -> str:
    """Meta's links out (`l.facebook.com/l.php?u=…`) without their redirector, links within `home` without trackers."""
    parts = split_url(link)
    if parts and parts.path == "/l.php" and (parts.hostname or "").startswith(("l.", "lm.")):
        return query(parts, "u") or link
    if link.startswith(home):
        return link.partition("?")[0]
    return link
