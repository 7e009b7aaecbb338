"""Bandcamp: albums and tracks, by number in players, by name in links. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Answer, Media, Page, Post
from embedarchive.platforms.kit.fields import as_list, as_text, dig
from embedarchive.platforms.kit.framed import (
    FRAMED_STATES,
    Framed,
    Said,
    as_seconds,
    as_url,
    make_visit,
    poster_of,
    read_attribute,
    read_json_answer,
)
from embedarchive.platforms.kit.specification import Assumption, Example, Frame, Gap, LiveCheck, MarkupExample, Platform

_PLAYER = re.compile(r"^/EmbeddedPlayer/(?:v=\d/|[a-z_]+=[^/]{0,40}/){0,10}?(track|album)=(\d{4,15})", re.I)
_PAGE = re.compile(r"^/(album|track)/([\w-]{1,150})")


def identify(url: SplitResult) -> str | None:
    """`album=N` or `track=N` of a player (the album where both are named); `host/kind/name` of a page."""
    m = _PLAYER.match(url.path)
    if m:
        return f"{m[1].lower()}={m[2]}"
    page = _PAGE.match(url.path)
    if page:
        return f"{url.hostname}/{page[1]}/{page[2]}"
    return None


def canonical(native_id: str) -> str:
    """The page, or the player where only the number is known."""
    if "=" in native_id:
        return f"https://bandcamp.com/EmbeddedPlayer/{native_id}/"
    return f"https://{native_id}"


def is_frame(url: SplitResult) -> bool:
    """`/EmbeddedPlayer/…`."""
    return url.path.lower().startswith("/embeddedplayer")


EXAMPLES = (
    Example(
        "https://bandcamp.com/EmbeddedPlayer/album=3296236997/size=large/tracklist=false/",
        "album=3296236997",
        "https://bandcamp.com/EmbeddedPlayer/album=3296236997/",
        frame=True,
    ),
    Example(
        "https://maralind.bandcamp.com/album/kestrel",
        "maralind.bandcamp.com/album/kestrel",
        "https://maralind.bandcamp.com/album/kestrel",
    ),
    Example(
        "https://bandcamp.com/EmbeddedPlayer/size=small/track=3296236997",
        "track=3296236997",
        "https://bandcamp.com/EmbeddedPlayer/track=3296236997/",
        frame=True,
    ),
    Example(
        "https://maralind.bandcamp.com/track/m",
        "maralind.bandcamp.com/track/m",
        "https://maralind.bandcamp.com/track/m",
    ),
    Example(
        "https://maralind.bandcamp.com/album/m",
        "maralind.bandcamp.com/album/m",
        "https://maralind.bandcamp.com/album/m",
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
    data = next((each for each in (player, album) if isinstance(each, dict)), {})
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
    url = None
    if isinstance(files, dict):
        url = next((u for u in map(as_url, files.values()) if u), None)
    seconds = as_seconds(dig(track, "duration"))
    missing = None if url else "not_served"
    return Media("media", position, url or "", alt=as_text(dig(track, "title")), duration_s=seconds, missing=missing)


def read_details(answer: Answer, post: Post) -> Said:
    """Read what the service of Bandcamp's own application says of a number; what it does not know is an `error`."""
    data = read_json_answer(answer)
    if not isinstance(data, dict):
        return {}
    if data.get("error") is True:
        return None
    cover = data.get("art_id")
    return {
        "id": as_text(str(data.get("id") or "")),
        "title": as_text(data.get("title")),
        "author_name": as_text(data.get("tralbum_artist")) or as_text(dig(data, "band", "name")),
        "media": poster_of(f"https://f4.bcbits.com/img/a{cover:010d}_10.jpg" if isinstance(cover, int) else None),
    }


def find_addresses(post: Post) -> dict[str, str]:
    """A number has a player, and a service that knows it; a name has only its page: neither tells of the other."""
    kind, is_player, number = post.native_id.partition("=")
    if not is_player:
        return {"frame": post.url, "details": ""}
    look = "size=large/bgcol=ffffff/linkcol=0687f5/tracklist=true/transparent=true/"
    asked = f"band_id=1&tralbum_type={kind[0]}&tralbum_id={number}"
    return {
        "frame": f"https://bandcamp.com/EmbeddedPlayer/{post.native_id}/{look}",
        "details": f"https://bandcamp.com/api/mobile/24/tralbum_details?{asked}",
    }


FRAMED = Framed(
    frame=Frame("{frame}", card="#player, #trackInfo, #trackInfoInner", width=400, height=700),
    kind="audio",
    says=read_frame,
    signatures={"details": r'"error"\s*:\s*true'},
    asks={"details": "{details}"},
    readers={"details": read_details},
    fields=find_addresses,
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "Bandcamp's player keeps its tracks in `data-player-data`, a page in `data-tralbum`",
        "reported",
        check="look at one",
    ),
    Assumption(
        "`api/mobile/24/tralbum_details?band_id=1&tralbum_type=&tralbum_id=` tells of any number without a token",
        "reported",
        source="eight projects",
        check="ask for one",
    ),
    Assumption(
        'There, an unknown number is 404 or `"error": true`, and its player is 404',
        "guess",
        check="ask for a made-up number",
        live=LiveCheck("details", status=(200, 404), has=("error",)),
    ),
)
GAPS = (
    Gap("no_second_sign", "Nobody but the page knows an address by name", "a lost one stays `unconfirmed`"),
    Gap("no_file", "Only tracks that may be heard without paying have a file", "the others are said to be missing"),
    Gap("not_told", "Nobody says when it was posted", "it has no date of its own", ("posted_at",)),
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="bandcamp",
    title="Bandcamp",
    hosts=("bandcamp.com",),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://maralind.bandcamp.com/",),
    visit=make_visit(FRAMED),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    made_up_url="https://bandcamp.com/EmbeddedPlayer/album=9999999999/",
    states=FRAMED_STATES,
)
