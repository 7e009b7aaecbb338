"""Bandcamp: albums and tracks, by number in players, by name in links. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult

from selectolax.lexbor import LexborHTMLParser

from embedarchive.describe import as_list, as_text, dig
from embedarchive.model import Media, Page, Post
from embedarchive.platform import Example, Frame, MarkupExample, Platform
from embedarchive.platforms._framed import Framed, Said, as_seconds, as_url, make_visit, poster_of, read_attribute

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

# ------------------------------------------------------------------------------------------------------------ capturing


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read what the player, or the page, keeps in an attribute for its script."""
    player = read_attribute(tree, "[data-player-data]", "data-player-data")
    album = read_attribute(tree, "[data-tralbum]", "data-tralbum")
    data = player if isinstance(player, dict) else album if isinstance(album, dict) else {}
    tracks = as_list(data.get("tracks")) or as_list(data.get("trackinfo"))
    if not tracks:
        return {}
    cover = as_url(data.get("album_art_lg")) or as_url(data.get("album_art"))
    first = as_text(dig(tracks, 0, "title"))
    return {
        "author_name": as_text(data.get("artist")),
        "author_url": as_url(data.get("band_url")),
        "title": as_text(data.get("album_title")) or as_text(dig(data, "current", "title")) or first,
        "media": (*(_read_track(track, n) for n, track in enumerate(tracks, 1)), *poster_of(cover)),
    }


def _read_track(track: Any, position: int) -> Media:
    files = dig(track, "file")
    url = next((u for u in map(as_url, files.values()) if u), None) if isinstance(files, dict) else None
    seconds = as_seconds(dig(track, "duration"))
    missing = None if url else "not_served"
    return Media("media", position, url or "", alt=as_text(dig(track, "title")), duration_s=seconds, missing=missing)


def frame_address(post: Post) -> dict[str, str]:
    """A number has a player; a name has only its page, for the two cannot be told from each other."""
    is_player = "=" in post.native_id
    look = "size=large/bgcol=ffffff/linkcol=0687f5/tracklist=true/transparent=true/"
    return {"frame": f"https://bandcamp.com/EmbeddedPlayer/{post.native_id}/{look}" if is_player else post.url}


FRAMED = Framed(
    frame=Frame("{frame}", card="#player, #trackInfo, #trackInfoInner", width=400, height=700),
    kind="audio",
    says=read_frame,
    fields=frame_address,
)

# ---------------------------------------------------------------------------------------------------------------- value

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
    visit=make_visit(FRAMED),
)
