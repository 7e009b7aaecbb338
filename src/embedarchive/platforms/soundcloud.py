"""SoundCloud: tracks and playlists, by number in players, by name in links. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.core.model import Answer, Post
from embedarchive.core.urls import split_anything, split_url
from embedarchive.platforms.kit.framed import FRAMED_STATES, Framed, Said, make_visit, read_oembed_answer
from embedarchive.platforms.kit.ids import query
from embedarchive.platforms.kit.specification import Assumption, Example, Frame, Gap, MarkupExample, Platform, Selector

_NUMBER = re.compile(
    r"^/(?:v\d/)?(tracks|playlists)/(?:soundcloud(?::|%3A)(?:tracks|playlists)(?::|%3A))?(\d{3,15})(?!\d)", re.I
)
_PAGES = ("soundcloud.com", "www.soundcloud.com", "m.soundcloud.com")
"""Hosts whose paths are users' names: the others are for help, news and developers."""
_NAME = re.compile(r"^/([\w-]{2,60})/((?:sets/)?[\w-]{2,120})(?:/(s-\w+))?/?$")
_NOT_USERS = {
    "player",
    "oembed",
    "you",
    "discover",
    "stream",
    "search",
    "charts",
    "pages",
    "upload",
    "tags",
    "terms-of-use",
    *[
        "jobs",
        "imprint",
        "legal",
        "press",
        "community-guidelines",
        "feed",
        "mobile",
        "apps",
        "getstarted",
        "creators",
        "explore",
        "people",
        "groups",
        "messages",
        "notifications",
        "settings",
        "logout",
        "signin",
        "login",
        "store",
        "pro",
        "go",
        "checkout",
        "stations",
        "for-artists",
        "partners",
        "help",
        "dashboard",
        "popular",
        "network",
        "oauth",
        "connect",
        "robots",
        "transparency-reports",
        "language",
        "activate",
        "advertise",
        "artists",
    ],
}
_NOT_TRACKS = {
    *[
        "sets",
        "tracks",
        "albums",
        "likes",
        "followers",
        "following",
        "reposts",
        "popular-tracks",
        "comments",
        "spotlight",
        "toptracks",
        "info",
        "recommended",
        "contact",
        "playlists",
        "groups",
        "favorites",
    ]
}


def identify(url: SplitResult) -> str | None:
    """`tracks/N`, `playlists/N`, or `user/name`; a player's address holds one of them in `url`."""
    if is_frame(url):
        inner = split_url(query(url, "url") or "")
        if inner and "soundcloud" in (inner.hostname or ""):
            return identify(inner)
        return None
    m = _NUMBER.match(url.path)
    if m:
        return f"{m[1].lower()}/{m[2]}"
    n = None
    if url.hostname in _PAGES:
        n = _NAME.match(url.path)
    if n and n[1] not in _NOT_USERS and n[2] not in _NOT_TRACKS:
        return f"{n[1]}/{n[2]}"
    return None


def canonical(native_id: str) -> str:
    """The page; for numbers, the address that players use."""
    numbered = native_id.startswith(("tracks/", "playlists/"))
    return f"https://{'api.' if numbered else ''}soundcloud.com/{native_id}"


def permalink(url: SplitResult) -> str | None:
    """The address of an unlisted sound, which nobody can hear without its token."""
    if is_frame(url):
        inner = split_url(query(url, "url") or "")
        if inner:
            return permalink(inner)
        return None
    found, secret = identify(url), read_secret(url)
    if not found or not secret:
        return None
    return canonical(found) + (f"?secret_token={secret}" if _NUMBER.match(url.path) else f"/{secret}")


def read_secret(url: SplitResult) -> str | None:
    """The token of an unlisted sound, behind its name or in `secret_token`."""
    named = _NAME.match(url.path)
    asked = re.fullmatch(r"s-\w{3,40}", query(url, "secret_token") or "")
    return (named and named[3]) or (asked[0] if asked else None)


def is_short(url: SplitResult) -> bool:
    """`on.soundcloud.com/CODE` redirects to the track."""
    return (url.hostname or "").startswith("on.") and len(url.path) > 4


def is_frame(url: SplitResult) -> bool:
    """`w.soundcloud.com/player`, and the old `player.soundcloud.com/player.swf`."""
    return url.path.rstrip("/").endswith(("/player", "/player.swf"))


SELECTORS = (
    Selector("amp", "amp-soundcloud[data-trackid]", id=("@data-trackid",)),
    Selector("amp", "amp-soundcloud[data-playlistid]", id=("playlists/{@data-playlistid}",)),
    Selector(
        "custom-element", ".soundcloud_player[data-playable-id]", id=("{@data-playable-type}s/{@data-playable-id}",)
    ),
)

EXAMPLES = (
    Example(
        "http://player.soundcloud.com/player.swf?url=http%3A%2F%2Fapi.soundcloud.com%2Ftracks%2F243169232&show_comments=true",
        "tracks/243169232",
        "https://api.soundcloud.com/tracks/243169232",
        frame=True,
    ),
    Example(
        "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/180961263&auto_play=false",
        "tracks/180961263",
        "https://api.soundcloud.com/tracks/180961263",
        frame=True,
    ),
    Example(
        "https://soundcloud.com/maralind/kestrel-song?in=x",
        "maralind/kestrel-song",
        "https://soundcloud.com/maralind/kestrel-song",
    ),
    Example(
        "https://soundcloud.com/v1/tracks/180961263", "tracks/180961263", "https://api.soundcloud.com/tracks/180961263"
    ),
    Example(
        "https://soundcloud.com/playlists/180961263",
        "playlists/180961263",
        "https://api.soundcloud.com/playlists/180961263",
    ),
    Example(
        "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/180961263%3Fsecret_token%3Ds-AbC12",
        "tracks/180961263",
        "https://api.soundcloud.com/tracks/180961263",
        permalink="https://api.soundcloud.com/tracks/180961263?secret_token=s-AbC12",
        frame=True,
    ),
    Example(
        "https://soundcloud.com/maralind/kestrel-song/s-AbC12",
        "maralind/kestrel-song",
        "https://soundcloud.com/maralind/kestrel-song",
        permalink="https://soundcloud.com/maralind/kestrel-song/s-AbC12",
    ),
    Example("https://soundcloud.com/maralind/ma", "maralind/ma", "https://soundcloud.com/maralind/ma"),
    Example("https://soundcloud.com/ma/maralind", "ma/maralind", "https://soundcloud.com/ma/maralind"),
    Example(
        "https://api.soundcloud.com/tracks/18096",
        "tracks/18096",
        "https://api.soundcloud.com/tracks/18096",
        bare=("18096",),
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://s9e.github.io/iframe/2/soundcloud.min.html#maralind/kestrel-song"></iframe>',
        ("maralind/kestrel-song",),
        "wrapper",
    ),
    MarkupExample(
        '<iframe src="https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/180961263"></iframe>',
        ("tracks/180961263",),
        "iframe",
    ),
    MarkupExample('<amp-soundcloud data-trackid="180961263"></amp-soundcloud>', ("tracks/180961263",), "amp"),
    MarkupExample(
        '<amp-soundcloud data-trackid="180961263"></amp-soundcloud>'
        '<amp-soundcloud data-playlistid="180961263"></amp-soundcloud>',
        ("tracks/180961263", "playlists/180961263"),
        "amp",
    ),
    MarkupExample(
        '<div class="soundcloud_player" data-playable-id="180961263" data-playable-type="track"></div>'
        '<div class="soundcloud_player" data-playable-id="180961263" data-playable-type="playlist"></div>',
        ("tracks/180961263", "playlists/180961263"),
        "custom-element",
    ),
    MarkupExample(
        '<div data-soundcloudid="180961263"></div>'
        '<div data-soundcloudtrackid="180961263"></div>'
        '<div data-provider="soundcloud" data-id="180961263"></div>',
        ("tracks/180961263",) * 3,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_PLACEHOLDER = "/fb_placeholder."


def read_sound(answer: Answer, post: Post) -> Said:
    """Read the oEmbed answer: its title ends with ` by ` and the author, its picture may be none of the sound's.

    It names a sound by its number alone: of one that is known by user and name, it can but name the user.
    """
    said = dict(read_oembed_answer(answer, post) or {})
    user, _, name = post.native_id.partition("/")
    is_theirs = split_anything(said.get("author_url") or "").path.strip("/").lower() == user.lower()
    if is_theirs and re.search(r"(?:tracks|playlists)(?:%2F|/)\d", answer.body):  # a user's own player holds `users`
        said["id"] = name
    author = said.get("author_name")
    if said and author:
        said["title"] = (said.get("title") or "").removesuffix(f" by {author}")
    return said | ({"media": tuple(m for m in said["media"] if _PLACEHOLDER not in m.url)} if said else {})


FRAMED = Framed(
    frame=Frame(
        "https://w.soundcloud.com/player/?url={quoted_url}&auto_play=false&show_teaser=false",
        card="#widget, .widget, #app",
        dead=(".errorMessage", ".widgetError"),
        width=600,
        height=166,
    ),
    kind="audio",
    asks={"oembed": "https://soundcloud.com/oembed?format=json&url={quoted_url}"},
    readers={"oembed": read_sound},
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "SoundCloud's oEmbed titles end with ` by AUTHOR`",
        "verified",
    ),
    Assumption(
        "SoundCloud's oEmbed knows `api.soundcloud.com/tracks/N`; its widget marks a missing sound by `.errorMessage`",
        "guess",
        check="ask and open a made-up number",
    ),
)
GAPS = (
    Gap("no_file", "The sound is only streamed", "its file is said to be missing, its cover is kept"),
    Gap("not_told", "Nobody says when it was posted", "it has no date of its own", ("posted_at",)),
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="soundcloud",
    title="SoundCloud",
    hosts=("soundcloud.com",),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    is_short=is_short,
    is_frame=is_frame,
    id_pattern=r"(?:tracks/|playlists/)?\d{5,12}",
    from_id=lambda bare: bare if "/" in bare else f"tracks/{bare}",
    id_addresses=("https://soundcloud.com/{}",),
    id_names=("soundcloudid", "soundcloudtrackid"),
    selectors=SELECTORS,
    examples=EXAMPLES,
    short_links=("https://on.soundcloud.com/AbCdE",),
    markup=MARKUP,
    not_posts=(
        "https://soundcloud.com/maralind",
        "https://soundcloud.com/you/kestrel-song",
        "https://soundcloud.com/mara/sets",
        "https://soundcloud.com/mara/likes",
        "https://soundcloud.com/mara/spotlight",
        "https://soundcloud.com/jobs/all",
        "https://help.soundcloud.com/hc/en",
        "https://blog.soundcloud.com/2020/kestrel",
        "https://soundcloud.com/discover/sets/weekly",
        "https://soundcloud.com/mara/tracks",
        "https://soundcloud.com/mara/reposts",
        "https://soundcloud.com/mara/comments",
        "https://soundcloud.com/mara/followers",
        "https://soundcloud.com/mara/following",
        "https://soundcloud.com/mara/popular-tracks",
        "https://soundcloud.com/player/kestrel-song",
        "https://soundcloud.com/oembed/kestrel-song",
        "https://soundcloud.com/upload/kestrel-song",
        "https://soundcloud.com/terms-of-use/kestrel-song",
        "https://soundcloud.com/mara/albums",
        "https://soundcloud.com/mara/player",
        "https://soundcloud.com/tags/kestrel-song",
        "https://soundcloud.com/pages/kestrel-song",
        "https://soundcloud.com/stream/kestrel-song",
        "https://soundcloud.com/search/kestrel-song",
        "https://soundcloud.com/charts/kestrel-song",
        "https://soundcloud.com/discover/kestrel-song",
    ),
    visit=make_visit(FRAMED),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    states=FRAMED_STATES,
)
