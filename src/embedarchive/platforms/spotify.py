"""Spotify: tracks, albums, playlists, episodes and shows. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import query

_PATH = re.compile(
    r"^/(?:intl-[a-z]{2}/)?(?:embed(?:-podcast|-legacy)?/)?(?:user/[^/]{1,60}/)?(track|album|playlist|episode|show|artist)/(\w{15,30})(?!\w)"
)
_URI = re.compile(r"spotify:(?:user:[^:]{1,60}:)?(track|album|playlist|episode|show|artist):(\w{15,30})")


def identify(url: SplitResult) -> str | None:
    """`kind/id`."""
    m = _PATH.match(url.path) or _URI.search((query(url, "uri") or "")[:300])
    return f"{m[1]}/{m[2]}" if m else None


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://open.spotify.com/{native_id}"


def is_short(url: SplitResult) -> bool:
    """`spotify.link/CODE` redirects."""
    return (url.hostname or "").endswith("spotify.link") and len(url.path) > 4


def is_frame(url: SplitResult) -> bool:
    """`/embed/…`, and the old `embed.spotify.com`."""
    return url.path.startswith("/embed") or "/embed" in url.path[:16] or (url.hostname or "").startswith("embed.")


MARKS = (Mark("amp", "amp-spotify", url=("@src", "@data-src")),)

EXAMPLES = (
    Example(
        "https://open.spotify.com/embed/album/5xPxMLvzGXqfOD5hZ0h3or?utm_source=generator",
        "album/5xPxMLvzGXqfOD5hZ0h3or",
        "https://open.spotify.com/album/5xPxMLvzGXqfOD5hZ0h3or",
    ),
    Example(
        "https://embed.spotify.com/?uri=spotify:track:5xPxMLvzGXqfOD5hZ0h3or",
        "track/5xPxMLvzGXqfOD5hZ0h3or",
        "https://open.spotify.com/track/5xPxMLvzGXqfOD5hZ0h3or",
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe data-lazy-src="https://open.spotify.com/embed/album/5xPxMLvzGXqfOD5hZ0h3or"></iframe>',
        ("album/5xPxMLvzGXqfOD5hZ0h3or",),
        "lazy-iframe",
    ),
)

PLATFORM = Platform(
    name="spotify",
    title="Spotify",
    hosts=("spotify.com", "spotify.link"),
    identify=identify,
    canonical=canonical,
    is_short=is_short,
    is_frame=is_frame,
    id_pattern=r"spotify:(track|album|playlist|episode|show|artist):(\w{15,30})",
    id_names=("spotifyuri",),
    traces=(r"spotify\.com/(?:\?uri|[^\s\"'<>]{0,60}?(?:track|album|playlist|episode|show|artist))", r"spotify\.link/"),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://open.spotify.com/user/maralind",),
)
