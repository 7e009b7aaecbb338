"""Bandcamp: albums and tracks, by number in players, by name in links. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, MarkupExample, Platform

_PLAYER = re.compile(r"^/EmbeddedPlayer/(?:v=\d/|[a-z_]+=[^/]{0,40}/){0,10}?(track|album)=(\d{4,15})", re.I)
_PAGE = re.compile(r"^/(album|track)/([\w-]{1,150})")


def identify(url: SplitResult) -> str | None:
    """`album=N` or `track=N` of a player (the album where both are named); `host/kind/name` of a page."""
    m = _PLAYER.match(url.path)
    if m:
        return f"{m[1].lower()}={m[2]}"
    page = _PAGE.match(url.path)
    return f"{url.hostname}/{page[1]}/{page[2]}" if page else None


def canonical(native_id: str) -> str:
    """The page, or the player where only the number is known."""
    return f"https://bandcamp.com/EmbeddedPlayer/{native_id}/" if "=" in native_id else f"https://{native_id}"


def is_frame(url: SplitResult) -> bool:
    """`/EmbeddedPlayer/…`."""
    return url.path.lower().startswith("/embeddedplayer")


EXAMPLES = (
    Example(
        "https://bandcamp.com/EmbeddedPlayer/album=3296236997/size=large/tracklist=false/",
        "album=3296236997",
        "https://bandcamp.com/EmbeddedPlayer/album=3296236997/",
    ),
    Example(
        "https://maralind.bandcamp.com/album/kestrel",
        "maralind.bandcamp.com/album/kestrel",
        "https://maralind.bandcamp.com/album/kestrel",
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe seamless src="https://bandcamp.com/EmbeddedPlayer/album=3296236997/size=large/"><a href="#">Kestrel</a></iframe>',
        ("album=3296236997",),
        "iframe",
    ),
)

PLATFORM = Platform(
    name="bandcamp",
    title="Bandcamp",
    hosts=("bandcamp.com",),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    traces=(
        r"bandcamp\.com/EmbeddedPlayer",
        r"[\w.\-]{2,60}+(?<=\.bandcamp\.com)/(?:album|track)",
    ),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://maralind.bandcamp.com/",),
)
