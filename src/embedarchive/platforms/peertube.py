"""PeerTube: videos of any instance, so the host is in the key; players that a script draws. Pure.

As its source has it (github.com/Chocobozzz/PeerTube): `client/src/standalone/videos/embed.ts` and `player-html.ts` for
the player, `server/core/lib/html/shared` for what its page says of the video, `packages/models` for the API.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult
from uuid import UUID

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Answer, Media, Page, Post
from embedarchive.core.urls import split_anything
from embedarchive.platforms.kit.fields import as_count, as_list, as_size, as_text, as_time, dig, read_json_ld
from embedarchive.platforms.kit.framed import (
    FRAMED_STATES,
    Framed,
    Said,
    as_seconds,
    as_url,
    file_or_stream,
    make_visit,
    poster_of,
    read_json_answer,
)
from embedarchive.platforms.kit.ids import match_path, read_digits, write_digits
from embedarchive.platforms.kit.specification import (
    Assumption,
    Example,
    Frame,
    LiveCheck,
    MarkupExample,
    Platform,
)

_LONG = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
_SHORT = r"[1-9A-HJ-NP-Za-km-z]{22}"
_VIDEO = rf"/(?:w|videos/watch|videos/embed)/({_LONG}|{_SHORT})"
_PATH = re.compile(rf"^{_VIDEO}(?:;[^/]*)?/?$")
_DIGITS = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
"""Of the short form of an id: its UUID as a number, in base 58."""


def identify(url: SplitResult) -> str | None:
    """`host/UUID`: every instance that federates a video shows it under the same UUID, and may lose it by itself."""
    found = read_uuid(url)
    if not found:
        return None
    return f"{(url.hostname or '').lower()}/{found}"


def read_uuid(url: SplitResult) -> str | None:
    """The UUID of a video from its address, in either form."""
    found = match_path(_PATH, url)
    if found is None or "-" in found:
        return found
    number = read_digits(found, _DIGITS)
    long = ""
    if number < 1 << 128:
        long = str(UUID(int=number))
    if re.fullmatch(_LONG, long):
        return long
    return None


def canonical(native_id: str) -> str:
    """The address that the instance itself gives out, with the short form of the id."""
    host, _, long = native_id.rpartition("/")
    short = write_digits(UUID(long).int, _DIGITS)
    return f"https://{host}/w/{short.rjust(22, _DIGITS[0])}"


def is_frame(url: SplitResult) -> bool:
    """`/videos/embed/ID`; the host says nothing here, so the path must be whole."""
    return url.path.startswith("/videos/embed/") and identify(url) is not None


EXAMPLES = (
    Example(
        "https://tube.example/w/kkGMgK9ZtnKfYAgnEtQxbv",
        "tube.example/9c9de5e8-0a1e-484a-b099-e80766180a6d",
        "https://tube.example/w/kkGMgK9ZtnKfYAgnEtQxbv",
    ),
    Example(
        "https://tube.example/videos/watch/9c9de5e8-0a1e-484a-b099-e80766180a6d",
        "tube.example/9c9de5e8-0a1e-484a-b099-e80766180a6d",
        "https://tube.example/w/kkGMgK9ZtnKfYAgnEtQxbv",
    ),
    Example(
        "https://tube.example/videos/embed/01234567-89ab-4cde-8f01-23456789abcd?title=0&warningTitle=0",
        "tube.example/01234567-89ab-4cde-8f01-23456789abcd",
        "https://tube.example/w/199CM6S7tjeVkhq7FmZWxF",
        frame=True,
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe title="Hands, clay, one hour" width="560" height="315" src="https://tube.example/videos/embed/'
        '9c9de5e8-0a1e-484a-b099-e80766180a6d" style="border: 0px;" allow="fullscreen" '
        'sandbox="allow-same-origin allow-scripts allow-popups allow-forms"></iframe>',
        ("tube.example/9c9de5e8-0a1e-484a-b099-e80766180a6d",),
        "iframe",
    ),
    MarkupExample(
        '<iframe data-src="https://tube.example/videos/embed/kkGMgK9ZtnKfYAgnEtQxbv?p2p=0"></iframe>',
        ("tube.example/9c9de5e8-0a1e-484a-b099-e80766180a6d",),
        "lazy-iframe",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

CARD = ".video-js"
REFUSAL = '#error-block[style*="flex"]'
PASSWORD = '#video-password-block[style*="flex"]'
"""Both blocks stand in every player's page; the script shows one by its style."""


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read what the server wrote into the player's page of a video that everybody may see."""
    video = next((each for each in read_json_ld(tree) if each.get("@type") == "VideoObject"), None)
    if video is None or tree.css_first(CARD) is None:
        return {}
    return {
        "id": read_uuid(split_anything(as_url(video.get("embedUrl")) or as_url(video.get("url")) or "")),
        "title": as_text(video.get("name")),
        "media": poster_of(as_url(video.get("thumbnailUrl"))),
    }


def read_answer(answer: Answer, post: Post) -> Said:
    """Read the API's video: who made it, its words, its counts, its largest file."""
    video = read_json_answer(answer)
    if not isinstance(video, dict) or not video.get("uuid"):
        return {}
    home = f"https://{post.native_id.rpartition('/')[0]}"
    channel, picture = video.get("channel"), as_text(video.get("previewPath"))
    name, host = as_text(dig(channel, "name")), as_text(dig(channel, "host"))
    return {
        "id": as_text(video["uuid"]),
        "author_name": as_text(dig(channel, "displayName")),
        "author_handle": f"{name}@{host}" if name and host else None,
        "author_url": as_url(dig(channel, "url")),
        "author_followers": as_count(dig(channel, "followersCount")),
        "title": as_text(video.get("name")),
        "text": as_text(video.get("description")),
        "lang": as_text(dig(video, "language", "id")),
        "sensitive": video["nsfw"] if isinstance(video.get("nsfw"), bool) else None,
        "posted_at": as_time(video.get("publishedAt")),
        "likes": as_count(video.get("likes")),
        "comments": as_count(video.get("comments")),
        "views": as_count(video.get("views")),
        "media": (_read_film(video), *poster_of(f"{home}{picture}" if picture else None)),
    }


def _read_film(video: dict[str, Any]) -> Media:
    """The largest file; those of the first list play by themselves, those of a stream are its whole as well."""
    streams = as_list(video.get("streamingPlaylists"))
    files = [*as_list(video.get("files")), *(each for stream in streams for each in as_list(dig(stream, "files")))]
    best = max(files, key=lambda each: as_size(dig(each, "resolution", "id")) or 0, default=None)
    size = dig(best, "width"), dig(best, "height") or dig(best, "resolution", "id")
    return file_or_stream(as_url(dig(best, "fileUrl")), *size, as_seconds(video.get("duration")))


def find_gate(page: Page, tree: LexborHTMLParser) -> str | None:
    """A player that asks for a password."""
    if tree.css_first(PASSWORD):
        return "password"
    return None


FRAMED = Framed(
    frame=Frame("https://{host}/videos/embed/{name}", card=CARD, dead=(REFUSAL, PASSWORD), width=560, height=315),
    says=read_frame,
    asks={"video": "https://{host}/api/v1/videos/{name}"},
    readers={"video": read_answer},
    first="video",
    gate=find_gate,
    absent=(),
)

ASSUMPTIONS = (
    Assumption(
        "`/videos/embed/ID` answers 200 for any id; of a video that everybody may see it holds a `VideoObject` as JSON-LD, "
        "with the title and `embedUrl`",
        "verified",
        "its source code; the page of old servers holds none, and then the API's title must stand in the player",
        "open one",
    ),
    Assumption(
        "Its script draws `.video-js`, or shows `#error-block` or `#video-password-block` by `display: flex`",
        "verified",
        "its source code",
        "open one, and a made-up id",
        LiveCheck("frame", css="#error-block"),
    ),
    Assumption(
        "`/api/v1/videos/ID` needs no token: 404 for a video that is not there, 401 or 403 for one that is kept from us",
        "verified",
        "its source code",
        "ask for a made-up id",
        LiveCheck("video", status=(404,)),
    ),
    Assumption(
        "The short form of an id is its UUID in base 58", "verified", "its source code, and an id in both forms"
    ),
)

PLATFORM = Platform(
    name="peertube",
    title="PeerTube",
    hosts=("*",),
    path_pattern=_VIDEO,
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    distinctive=False,
    visit=make_visit(FRAMED, silent=(200, '<p id="error-block" style="display: flex">-</p>')),
    assumptions=ASSUMPTIONS,
    made_up_url="https://framatube.org/videos/watch/00000000-0000-4000-8000-000000000001",
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://tube.example/w/p/9c9de5e8-0a1e-484a-b099-e80766180a6d",
        "https://tube.example/w/aaaaaaaaaaaaaaaaaaaaaa",
        "https://tube.example/en/videos/embed/9c9de5e8-0a1e-484a-b099-e80766180a6d",
    ),
    not_embeds=(
        "<p>https://tube.example/w/kkGMgK9ZtnKfYAgnEtQxbv</p>",
        '<iframe src="https://tube.example/w/kkGMgK9ZtnKfYAgnEtQxbv"></iframe>',
        '<iframe src="https://tube.example/video-playlists/embed/9c9de5e8-0a1e-484a-b099-e80766180a6d"></iframe>',
    ),
    states=(*FRAMED_STATES, "password"),
)
