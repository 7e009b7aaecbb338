"""A URL turned into a `Fetch`, through the door, bounded in time, bytes, hops and decompression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedarchive.core.lazy import import_lazily
from embedarchive.fetch.limits import ARTICLE_LIMITS, NAVIGATION_HEADERS, FetchLimits, redact_headers

if TYPE_CHECKING:
    from embedarchive.fetch.fetcher import Fetcher

__all__ = ["ARTICLE_LIMITS", "NAVIGATION_HEADERS", "FetchLimits", "Fetcher", "redact_headers"]

__getattr__ = import_lazily(__name__, {"Fetcher": "fetcher"})
