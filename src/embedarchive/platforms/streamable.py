"""Streamable: short ids, in frames. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, MarkupExample, Platform
from embedarchive.platforms._ids import match_path

_PATH = re.compile(r"^/(?:[eost]/)?([a-z0-9]{4,8})(?:/[a-z0-9]{4,8})?/?$")
_ROUTES = {"login", "signup", "about", "terms", "privacy", "pricing", "upload", "help", "blog", "clipper", "video"}


def identify(url: SplitResult) -> str | None:
    """The id of a video."""
    found = match_path(_PATH, url)
    return (
        found
        if found and found not in _ROUTES and not (url.hostname or "").startswith(("cdn", "ajax", "api"))
        else None
    )


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://streamable.com/{native_id}"


def is_frame(url: SplitResult) -> bool:
    """`/e/ID` and its relatives."""
    return bool(re.match(r"^/[eos]/\w", url.path))


EXAMPLES = (Example("https://streamable.com/e/moo12x?loop=0", "moo12x", "https://streamable.com/moo12x"),)

MARKUP = (MarkupExample('<iframe src="https://streamable.com/e/moo12x"></iframe>', ("moo12x",), "iframe"),)

PLATFORM = Platform(
    name="streamable",
    title="Streamable",
    hosts=("streamable.com",),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    traces=(r"streamable\.com/(?:[eost]/)?\w{4}",),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://streamable.com/login",),
)
