"""Vimeo: numeric ids, in players and AMP. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.model import Media, Page, Post
from embedarchive.platforms.kit.fields import as_count, as_list, as_text, dig, read_json_after
from embedarchive.platforms.kit.framed import (
    FRAMED_STATES,
    Framed,
    Said,
    as_seconds,
    as_url,
    file_or_stream,
    make_visit,
    poster_of,
)
from embedarchive.platforms.kit.ids import match_path, query
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

_PATH = re.compile(
    r"^/(?:video/|manage/videos/|(?:channels|groups)/[\w-]{1,80}/(?:videos/)?|(?:album|showcase)/\d{1,12}/video/|ondemand/[\w-]{1,80}/|[\w-]{1,80}/review/|event/\d{1,12}/videos/|[\w-]{1,80}/[\w-]{1,120}/video/|moogaloop\.swf/)?(\d{5,12})(?![\w.])"
)


def identify(url: SplitResult) -> str | None:
    """The number of a video."""
    found = None
    if "moogaloop" in url.path:
        found = query(url, "clip_id")
    if found and found.isdigit():
        return found
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The video's page."""
    return f"https://vimeo.com/{native_id}"


def permalink(url: SplitResult) -> str | None:
    """The address of an unlisted video, which nobody can see without its hash."""
    found, secret = identify(url), read_secret(url)
    if found and secret:
        return f"https://vimeo.com/{found}/{secret}"
    return None


def read_secret(url: SplitResult) -> str | None:
    """The hash of an unlisted video, behind its number or in `h`."""
    m = re.search(r"/\d+/([0-9a-f]{6,20})/?$", url.path) or re.fullmatch(r"([0-9a-f]{6,20})", query(url, "h") or "")
    if m:
        return m[1]
    return None


def is_frame(url: SplitResult) -> bool:
    """The player's host, and the old player."""
    return (url.hostname or "").startswith("player.") or "moogaloop" in url.path


SELECTORS = (
    Selector("custom-element", "lite-vimeo, vimeo-video, vimeo-embed", url=("@src",), id=("@videoid", "@video-id")),
    Selector(
        "custom-element", ".vimeo-wrap[data-attrs], [data-component-name=vimeotodom]", id=("@data-attrs{videoId}",)
    ),
    Selector("amp", "amp-vimeo", id=("@data-videoid",)),
    Selector("custom-element", "embetty-video[type=vimeo]", id=("@video-id",)),
)

EXAMPLES = (
    Example(
        "https://vimeo.com/user21297594/review/879269983/3c257a1b5d",
        "879269983",
        "https://vimeo.com/879269983",
        permalink="https://vimeo.com/879269983/3c257a1b5d",
    ),
    Example("https://vimeopro.com/rookfield/kestrels/video/879269983", "879269983", "https://vimeo.com/879269983"),
    Example(
        "https://player.vimeo.com/video/879269983?h=0a1b2c3d4e&dnt=1",
        "879269983",
        "https://vimeo.com/879269983",
        permalink="https://vimeo.com/879269983/0a1b2c3d4e",
        frame=True,
    ),
    Example("https://vimeo.com/channels/staffpicks/879269983", "879269983", "https://vimeo.com/879269983"),
    Example("https://vimeo.com/moogaloop.swf/879269983", "879269983", "https://vimeo.com/879269983", frame=True),
    Example("https://vimeo.com/groups/maralind/879269983", "879269983", "https://vimeo.com/879269983"),
    Example(
        "https://vimeo.com/879269983/879269",
        "879269983",
        "https://vimeo.com/879269983",
        permalink="https://vimeo.com/879269983/879269",
    ),
    Example("https://vimeo.com/album/8/video/879269983", "879269983", "https://vimeo.com/879269983"),
    Example("https://vimeo.com/87926", "87926", "https://vimeo.com/87926", bare=("87926",)),
)

MARKUP = (
    MarkupExample('<script>new Vimeo.Player("v", {width: 640, id: 879269983});</script>', ("879269983",), "call"),
    MarkupExample("<script>new Vimeo.Player(el,{'id':'879269983'})</script>", ("879269983",), "call"),
    MarkupExample(
        '<div><a href="https://vimeo.com/879269983"><img src="https://vumbnail.com/879269983.jpg"></a></div>',
        ("879269983",),
        "facade",
    ),
    MarkupExample(
        '<iframe src="https://player.vimeo.com/video/879269983?h=0a1b2c3d4e"></iframe>', ("879269983",), "iframe"
    ),
    MarkupExample('<div data-provider="vimeo" data-id="879269983"></div>', ("879269983",), "custom-element"),
    MarkupExample(
        '<lite-vimeo src="https://vimeo.com/879269983/0a1b2c3d4e"></lite-vimeo>'
        '<lite-vimeo videoid="879269983"></lite-vimeo>'
        '<lite-vimeo video-id="879269983"></lite-vimeo>'
        '<vimeo-video src="https://vimeo.com/879269983/0a1b2c3d4e"></vimeo-video>'
        '<vimeo-video videoid="879269983"></vimeo-video>'
        '<vimeo-video video-id="879269983"></vimeo-video>'
        '<vimeo-embed src="https://vimeo.com/879269983/0a1b2c3d4e"></vimeo-embed>'
        '<vimeo-embed videoid="879269983"></vimeo-embed>'
        '<vimeo-embed video-id="879269983"></vimeo-embed>'
        '<div data-attrs="{&quot;videoId&quot;:&quot;879269983&quot;}" class="vimeo-wrap"></div>'
        '<div data-component-name="vimeotodom" data-attrs="{&quot;videoId&quot;:&quot;879269983&quot;}"></div>'
        '<embetty-video type="vimeo" video-id="879269983"></embetty-video>'
        '<div data-vimeoid="879269983"></div>'
        '<div data-vimeovideoid="879269983"></div>'
        '<div data-provider="vimeo" data-id="879269983"></div>',
        ("879269983",) * 15,
        "custom-element",
    ),
    MarkupExample(
        '<amp-vimeo data-videoid="879269983"></amp-vimeo>',
        ("879269983",),
        "amp",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_CONFIG = r"\b(?:playerC|c)onfig\s*=\s*(?=\{)"
_PASSWORD = 4


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read the configuration that the player is started with (its shape: yt-dlp)."""
    config = _read_config(page)
    video = dig(config, "video")
    if not isinstance(video, dict) or not video.get("id"):
        return {}
    files = as_list(dig(config, "request", "files", "progressive")) or as_list(dig(video, "files", "progressive"))
    best: dict[str, Any] = max(
        (f for f in files if as_url(dig(f, "url"))), key=lambda f: as_count(f.get("width")) or 0, default={}
    )
    thumbs = dig(video, "thumbs") or {}
    picture = as_url(video.get("thumbnail_url")) or as_url(
        thumbs.get("1280") or thumbs.get("640") or thumbs.get("base")
    )
    length = as_seconds(video.get("duration"))
    size = best.get("width") or video.get("width"), best.get("height") or video.get("height")
    return {
        "id": str(video["id"]),
        "author_name": as_text(dig(video, "owner", "name")),
        "author_url": as_url(dig(video, "owner", "url")),
        "title": as_text(video.get("title")),
        "lang": as_text(video.get("lang")),
        "media": (file_or_stream(best.get("url"), *size, length), *poster_of(picture), *_read_subtitles(config)),
    }


def _read_subtitles(config: Any) -> Iterator[Media]:
    """The words that a player can show; their addresses are often without a host."""
    for position, track in enumerate(as_list(dig(config, "request", "text_tracks")), 1):
        url = as_text(dig(track, "url"))
        if url:
            yield Media(
                "subtitles", position, urljoin("https://player.vimeo.com/", url), alt=as_text(dig(track, "lang"))
            )


def _read_config(page: Page) -> Any:
    return read_json_after(page.body, _CONFIG) or read_json_after(page.dom, _CONFIG)


def find_gate(page: Page, tree: LexborHTMLParser) -> str | None:
    """A player that is started to ask for a password."""
    if dig(_read_config(page), "view") == _PASSWORD:
        return "password"
    return None


def frame_query(post: Post) -> dict[str, str]:
    """An unlisted video needs the hash that its address carries."""
    secret = read_secret(urlsplit(post.url))
    return {"query": "?dnt=1" + (f"&h={secret}" if secret else "")}


FRAMED = Framed(
    frame=Frame("https://player.vimeo.com/video/{id}{query}", card="#player, .player", width=640, height=360),
    says=read_frame,
    signatures={"frame": r"(?i)<title>[^<]*\bvimeo\b"},
    asks={"oembed": "https://vimeo.com/api/oembed.json?url={quoted_url}"},
    gate=find_gate,
    refusals=(403,),
    fields=frame_query,
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "Vimeo's player is started with a `playerConfig` holding `video`, "
        "`request.files.progressive`, and `view: 4` for a password",
        "reported",
        check="look at one of each",
        live=LiveCheck("frame", "known", holds="playerConfig"),
    ),
    Assumption(
        "Frame 403 and an oEmbed answer without a title is a film only for some sites; 403 and a full answer is a film"
        " that is there, whoever its frame is refused to",
        "guess",
        source="both oEmbed answers verified, the meaning of the frame's 403 guess",
        check="open one",
    ),
    Assumption(
        "An unlisted film needs the hash of its address",
        "reported",
    ),
)
GAPS = (
    Gap("not_told", "Nobody says when it was posted", "it has no date of its own", ("posted_at",)),
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="vimeo",
    title="Vimeo",
    hosts=("vimeo.com", "vimeopro.com"),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    is_frame=is_frame,
    calls=(r"new\s+Vimeo\.Player\([^{}]{0,200}\{[^{}]{0,300}?\bid[\"']?\s*:\s*[\"']?(\d{5,12})\b",),
    id_pattern=r"\d{5,12}",
    thumbnails=(r"vumbnail\.com/(\d{5,12})[._]",),
    id_names=("vimeoid", "vimeovideoid"),
    selectors=SELECTORS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://vimeo.com/maralind",
        "https://vimeo.com/maralind?clip_id=879269983",
    ),
    visit=make_visit(FRAMED, rules=2),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    archived=(
        "https://vimeo.com/{id}",
        "https://player.vimeo.com/video/{id}",
    ),
    known_url="https://vimeo.com/76979871",
    made_up_url="https://vimeo.com/999999999999",
    states=(*FRAMED_STATES, "domain", "forbidden", "password"),
)
