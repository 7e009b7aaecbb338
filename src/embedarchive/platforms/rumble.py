"""Rumble: video ids, in frames. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, MarkupExample, Platform
from embedarchive.platforms._ids import match_path

_PATH = re.compile(r"^/(?:embed/(?:u\w{1,10}\.)?|(?=v\w{3,10}-[^/]*\.html))(v?[a-z0-9]{4,10})(?![\w])")


def identify(url: SplitResult) -> str | None:
    """The id of a player or of a page; the two differ for one video."""
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The player's address: a page's needs its title."""
    return f"https://rumble.com/embed/{native_id}/"


def is_frame(url: SplitResult) -> bool:
    """`/embed/ID/`."""
    return url.path.startswith("/embed/")


EXAMPLES = (
    Example("https://rumble.com/embed/v2abcd/?pub=4", "v2abcd", "https://rumble.com/embed/v2abcd/"),
    Example("https://rumble.com/v2abcd-a-kestrel.html", "v2abcd", "https://rumble.com/embed/v2abcd/"),
)

MARKUP = (
    MarkupExample(
        '<iframe class="rumble" src="https://rumble.com/embed/v2abcd/?pub=4"></iframe>', ("v2abcd",), "iframe"
    ),
)

PLATFORM = Platform(
    name="rumble",
    title="Rumble",
    hosts=("rumble.com",),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    traces=(r"rumble\.com/(?:embed/|v\w{3,10}-)",),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://rumble.com/c/maralind",),
)
