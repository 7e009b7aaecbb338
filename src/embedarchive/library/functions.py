"""SQL functions for researchers: what the core knows of addresses and ids, inside a query."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

from embedarchive.core.image_hash import image_distance
from embedarchive.core.shares import wilson
from embedarchive.core.urls import LONGEST_URL, canonicalize_url
from embedarchive.detect.identity import identify_pasted
from embedarchive.platforms import BY_NAME


def post_key(url: str | None) -> str | None:
    """The key of the post that an address names in any of its forms, or NULL."""
    post = identify_pasted(url) if url else None
    if post:
        return post.key
    return None


def canonical_url(url: str | None) -> str | None:
    """One address for all variants of an article; a post's own address for all variants of a post's."""
    if not url:
        return None
    post = identify_pasted(url)
    if post:
        return post.url
    return canonicalize_url(url)


def id_date(key: str | None) -> str | None:
    """When the post with that key was made, as its id tells, or NULL."""
    name, _, native_id = (key or "").partition(":")
    platform = BY_NAME.get(name)
    try:
        if platform and native_id:
            return platform.date(native_id)
        return None
    except (ValueError, OverflowError):
        return None  # no id of that platform


def wilson_low(part: int | None, whole: int | None) -> float | None:
    """The lower end of the 95 % interval of the share part / whole (Wilson), from 0 to 1, or NULL."""
    return wilson(part, whole)[0] if _is_share(part, whole) else None  # type: ignore[arg-type]


def wilson_high(part: int | None, whole: int | None) -> float | None:
    """The upper end of the 95 % interval of the share part / whole (Wilson), from 0 to 1, or NULL."""
    return wilson(part, whole)[1] if _is_share(part, whole) else None  # type: ignore[arg-type]


def _is_share(part: object, whole: object) -> bool:
    return isinstance(part, int) and isinstance(whole, int) and 0 <= part <= whole


OF_ADDRESSES = (post_key, canonical_url, id_date)


def register_functions(conn: sqlite3.Connection) -> None:
    """Let questions on this connection use them."""
    for function in OF_ADDRESSES:
        conn.create_function(function.__name__, 1, forgiving(function), deterministic=True)
    for share in (wilson_low, wilson_high):
        conn.create_function(share.__name__, 2, share, deterministic=True)
    conn.create_function("image_distance", 2, _between_hashes, deterministic=True)


def _between_hashes(a: object, b: object) -> int | None:
    """In how many of 64 bits two pictures' hashes (`artifacts.dhash`) differ, or NULL."""
    if isinstance(a, int) and isinstance(b, int):
        return image_distance(a, b)
    return None


def forgiving(function: Callable[[str | None], str | None]) -> Callable[[object], str | None]:
    """A function over any SQL value: what is no text gives NULL, as SQL's own functions do, and so does what is too long."""
    return lambda value: function(value) if isinstance(value, str) and len(value) <= LONGEST_URL else None
