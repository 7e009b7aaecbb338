"""Spotify: tracks, albums, playlists, episodes and shows. Pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Page, Post
from embedarchive.platforms.kit.fields import as_count, as_list, as_text, as_time, dig
from embedarchive.platforms.kit.framed import Framed, Said, as_url, file_or_stream, make_visit, poster_of, read_script
from embedarchive.platforms.kit.ids import query
from embedarchive.platforms.kit.specification import (
    Assumption,
    Example,
    Frame,
    Gap,
    LiveCheck,
    MarkupExample,
    Platform,
    Selector,
)

_FRAME_PATH = re.compile(r"^/(?:intl-[a-zA-Z-]{2,8}/)?embed")
_PATH = re.compile(
    r"^/(?:intl-[a-zA-Z-]{2,8}/)?(?:embed(?:-podcast|-legacy)?/)?(?:user/[^/]{1,60}/)?(track|album|playlist|episode|show|artist)/(\w{15,30})(?!\w)"
)
_URI = re.compile(r"spotify:(?:user:[^:]{1,60}:)?(track|album|playlist|episode|show|artist):(\w{15,30})")


def identify(url: SplitResult) -> str | None:
    """`kind/id`."""
    button = url.path.startswith("/follow/")
    m = _PATH.match(url.path) or (None if button else _URI.search((query(url, "uri") or "")[:300]))
    if m:
        return f"{m[1]}/{m[2]}"
    return None


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://open.spotify.com/{native_id}"


def is_short(url: SplitResult) -> bool:
    """`spotify.link/CODE` redirects."""
    return (url.hostname or "").endswith("spotify.link") and len(url.path) > 4


def is_frame(url: SplitResult) -> bool:
    """`/embed/…`, in any language, and the old `embed.spotify.com`."""
    return bool(_FRAME_PATH.match(url.path)) or (url.hostname or "").startswith("embed.")


SELECTORS = (Selector("amp", "amp-spotify", url=("@src", "@data-src")),)

EXAMPLES = (
    Example(
        "https://open.spotify.com/embed/album/5xPxMLvzGXqfOD5hZ0h3or?utm_source=generator",
        "album/5xPxMLvzGXqfOD5hZ0h3or",
        "https://open.spotify.com/album/5xPxMLvzGXqfOD5hZ0h3or",
        frame=True,
    ),
    Example(
        "https://embed.spotify.com/?uri=spotify:track:5xPxMLvzGXqfOD5hZ0h3or",
        "track/5xPxMLvzGXqfOD5hZ0h3or",
        "https://open.spotify.com/track/5xPxMLvzGXqfOD5hZ0h3or",
        frame=True,
    ),
    Example(
        "https://spotify.com/show/maralindmaralin",
        "show/maralindmaralin",
        "https://open.spotify.com/show/maralindmaralin",
    ),
    Example(
        "https://spotify.com/episode/maralindmaralin",
        "episode/maralindmaralin",
        "https://open.spotify.com/episode/maralindmaralin",
    ),
    Example(
        "https://spotify.com/playlist/maralindmaralin",
        "playlist/maralindmaralin",
        "https://open.spotify.com/playlist/maralindmaralin",
    ),
    Example(
        "https://open.spotify.com/artist/5xPxMLvzGXqfOD5",
        "artist/5xPxMLvzGXqfOD5",
        "https://open.spotify.com/artist/5xPxMLvzGXqfOD5",
        bare=("spotify:artist:5xPxMLvzGXqfOD5",),
    ),
)

MARKUP = (
    MarkupExample(
        "<script>api.createController(el, {uri: 'spotify:episode:7makk4oTQel546B0PZlDM5'}, done)</script>",
        ("episode/7makk4oTQel546B0PZlDM5",),
        "call",
    ),
    MarkupExample(
        '<iframe data-lazy-src="https://open.spotify.com/embed/album/5xPxMLvzGXqfOD5hZ0h3or"></iframe>',
        ("album/5xPxMLvzGXqfOD5hZ0h3or",),
        "lazy-iframe",
    ),
    MarkupExample(
        '<amp-spotify src="https://open.spotify.com/album/5xPxMLvzGXqfOD5hZ0h3or"></amp-spotify>'
        '<amp-spotify data-src="https://open.spotify.com/album/5xPxMLvzGXqfOD5hZ0h3or"></amp-spotify>',
        ("album/5xPxMLvzGXqfOD5hZ0h3or",) * 2,
        "amp",
    ),
    MarkupExample(
        '<div data-spotifyuri="spotify:artist:5xPxMLvzGXqfOD5"></div>'
        '<div class="spotify_player" spotifyID="artist/5xPxMLvzGXqfOD5"></div>'
        '<div data-provider="spotify" data-id="spotify:artist:5xPxMLvzGXqfOD5"></div>',
        ("artist/5xPxMLvzGXqfOD5",) * 3,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read the state the frame is drawn from. A frame of nothing answers 200 too, with a 404 inside and no state."""
    props = dig(read_script(tree, "script#__NEXT_DATA__"), "props", "pageProps")
    entity = dig(props, "state", "data", "entity")
    if not isinstance(entity, dict):
        if dig(props, "status") == 404:
            return None
        return {}
    artists = [n for n in (as_text(dig(a, "name")) for a in as_list(entity.get("artists"))) if n]
    covers = as_list(dig(entity, "visualIdentity", "image")) or as_list(dig(entity, "coverArt", "sources"))
    best: dict[str, Any] = max(
        (c for c in covers if as_url(dig(c, "url"))), key=lambda c: as_count(c.get("maxWidth")) or 0, default={}
    )
    sound = as_url(dig(entity, "audioPreview", "url"))
    return {
        "id": as_text(entity.get("id")) or (as_text(entity.get("uri")) or "").rpartition(":")[2],
        "author_name": ", ".join(artists) or as_text(entity.get("subtitle")),
        "title": as_text(entity.get("name")) or as_text(entity.get("title")),
        "posted_at": as_time(dig(entity, "releaseDate", "isoString")),
        "sensitive": entity["isExplicit"] if isinstance(entity.get("isExplicit"), bool) else None,
        "media": (file_or_stream(sound), *poster_of(best.get("url"), best.get("maxWidth"), best.get("maxHeight"))),
    }


FRAMED = Framed(
    frame=Frame(
        "https://open.spotify.com/embed/{id}", card="[data-testid='embed-widget-container']", width=540, height=352
    ),
    kind="audio",
    says=read_frame,
    asks={"oembed": "https://open.spotify.com/oembed?url={quoted_url}"},
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "Spotify's frame carries `__NEXT_DATA__` with `state.data.entity`; a missing one answers 200 "
        "with `status: 404` inside",
        "reported",
        source="tried by others in 2026",
        live=LiveCheck("frame", css="script#__NEXT_DATA__", holds="404"),
    ),
    Assumption(
        "Spotify's `audioPreview` is what a reader without an account hears",
        "reported",
    ),
    Assumption(
        "oEmbed answers 404 with an empty body for a missing item",
        "verified",
        source="saved answer of 2024",
        check="ask for a made-up id",
    ),
)
GAPS = (
    Gap(
        "no_file",
        "An album has no sound that all may hear, a track only half a minute",
        "what is missing is said, the cover is kept",
    ),
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="spotify",
    title="Spotify",
    hosts=("spotify.com", "spotify.link"),
    identify=identify,
    canonical=canonical,
    is_short=is_short,
    is_frame=is_frame,
    calls=(r"\buri[\"']?\s*:\s*[\"']spotify:(track|album|playlist|episode|show):([A-Za-z0-9]{22})[\"']",),
    from_call="/".join,
    id_pattern=r"(?:spotify:)?(track|album|playlist|episode|show|artist)[:/](\w{15,30})",
    id_names=("spotifyuri", "spotifyid"),
    id_addresses=("https://open.spotify.com/{}",),
    mirrors=("fxspotify.com",),
    selectors=SELECTORS,
    examples=EXAMPLES,
    short_links=("https://spotify.link/AbCdEfGhIj",),
    markup=MARKUP,
    not_posts=(
        "https://open.spotify.com/user/maralind",
        "https://open.spotify.com/follow/1/?uri=spotify:artist:5xPxMLvzGXqfOD5hZ0h3or",
    ),
    visit=make_visit(FRAMED, rules=3, denial="reported"),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    archived=(
        "https://open.spotify.com/{id}",
        "https://open.spotify.com/embed/{id}",
    ),
    made_up_url="https://open.spotify.com/track/0000000000000000000000",
    states=("live", "gone", "unsure", "refused", "strange", "wrong_post"),
)
