"""What a fetch may cost, what it sends, what of its headers is kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from embedarchive.core.model import Headers


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may cost: seconds without a byte, seconds in all, decoded (and raw) bytes, redirects.

    What still arrives is waited for: `total_s` is there for servers that would never come to an end.
    """

    total_s: float = 300.0
    idle_s: float = 45.0
    max_bytes: int = 20 * 1024 * 1024
    redirects: int = 10


ARTICLE_LIMITS = FetchLimits()

NAVIGATION_HEADERS: Mapping[str, str] = {
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.9",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "Sec-Fetch-User": "?1",
    "Upgrade-Insecure-Requests": "1",
}
"""What a browser sends when someone types an address."""

_SECRET = frozenset(["set-cookie", "set-cookie2"])


def redact_headers(headers: Iterable[tuple[str, str]]) -> Headers:
    """Headers as sent, without what could be a secret: an archive is passed around."""
    return tuple((name, "[redacted]" if name.lower() in _SECRET else value) for name, value in headers)
