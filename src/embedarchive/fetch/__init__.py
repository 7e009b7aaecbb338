"""A URL turned into a `Fetch`, through the door, bounded in time, bytes, hops and decompression."""

from embedarchive.fetch.fetcher import (
    ARTICLE_LIMITS,
    NAVIGATION_HEADERS,
    Fetcher,
    FetchLimits,
    redact_headers,
)

__all__ = ["ARTICLE_LIMITS", "NAVIGATION_HEADERS", "FetchLimits", "Fetcher", "redact_headers"]
