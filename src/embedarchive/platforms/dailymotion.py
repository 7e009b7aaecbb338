"""Dailymotion: video ids, in players and AMP. Pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

from embedarchive.core.model import Answer, Post
from embedarchive.platforms.kit.fields import as_count, as_text, as_time, dig
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

_PATH = re.compile(r"^/(?:embed/|crawler/|partner/)?(?:video|swf)/(?:video/)?([A-Za-z0-9]{5,20})(?![A-Za-z0-9])")
_PLAYER = re.compile(r"^/player/(\w{3,20})\.(?:html|js)$")
_SHORT = re.compile(r"^/([A-Za-z0-9]{5,20})/?$")


def identify(url: SplitResult) -> str | None:
    """The id of a video."""
    if (url.hostname or "").endswith("dai.ly"):
        return match_path(_SHORT, url)
    if (url.hostname or "").startswith("geo."):
        return query(url, "video")
    shown = re.match(r"(?:.*&)?video=([A-Za-z0-9]{5,20})(?:&|$)", url.fragment)
    return match_path(_PATH, url) or (shown[1] if shown else None)


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://www.dailymotion.com/video/{native_id}"


def permalink(url: SplitResult) -> str | None:
    """The film's page, with the ID of the article's own player in its query: some films play in no other."""
    player = None
    if (url.hostname or "").startswith("geo."):
        player = _PLAYER.match(url.path)
    found = identify(url)
    if player:
        named = player[1]
    else:
        named = query(url, "player")
    if found and named and re.fullmatch(r"\w{3,20}", named):
        return f"{canonical(found)}?player={named}"
    return None


def find_player(post: Post) -> dict[str, str]:
    """The player of the article that embeds the film, else the one that needs no ID; and the address to ask about."""
    named = query(urlsplit(post.url), "player")
    player = "player.html"
    if named:
        player = f"player/{named}.html"
    return {"player": player, "asked": quote(canonical(post.native_id), safe="")}


def is_frame(url: SplitResult) -> bool:
    """The players' addresses."""
    return url.path.startswith(("/embed/", "/swf/")) or (url.hostname or "").startswith("geo.")


SELECTORS = (
    Selector("script", "script[data-video]", url=("{@src}?video={@data-video}",)),
    Selector("amp", "amp-dailymotion", id=("@data-videoid",)),
    Selector("custom-element", ".dailymotion-player, .dm-player", id=("@data-video", "@data-id", "@data-video-id")),
)

EXAMPLES = (
    Example(
        "https://www.dailymotion.com/embed/video/x67iqc9?autoplay=1",
        "x67iqc9",
        "https://www.dailymotion.com/video/x67iqc9",
        frame=True,
    ),
    Example(
        "https://geo.dailymotion.com/player/xabc.html?video=x67iqc9",
        "x67iqc9",
        "https://www.dailymotion.com/video/x67iqc9",
        permalink="https://www.dailymotion.com/video/x67iqc9?player=xabc",
        frame=True,
    ),
    Example(
        "https://geo.dailymotion.com/player.html?video=x67iqc9",
        "x67iqc9",
        "https://www.dailymotion.com/video/x67iqc9",
        frame=True,
    ),
    Example("https://dai.ly/x67iqc9", "x67iqc9", "https://www.dailymotion.com/video/x67iqc9"),
    Example("https://dailymotion.com/swf/x67iqc9", "x67iqc9", "https://www.dailymotion.com/video/x67iqc9", frame=True),
    Example("https://dai.ly/maral", "maral", "https://www.dailymotion.com/video/maral"),
    Example("https://dailymotion.com/video/maral", "maral", "https://www.dailymotion.com/video/maral"),
    Example(
        "https://www.dailymotion.com/video/xx67iq",
        "xx67iq",
        "https://www.dailymotion.com/video/xx67iq",
        bare=("xx67iq",),
    ),
)

MARKUP = (
    MarkupExample(
        '<div><a href="https://www.dailymotion.com/video/x67iqc9">'
        '<img src="https://www.dailymotion.com/thumbnail/640x360/video/x67iqc9"></a></div>',
        ("x67iqc9",),
        "facade",
    ),
    MarkupExample(
        '<script src="https://geo.dailymotion.com/player/xb2l3.js" data-video="x67iqc9"></script>',
        ("x67iqc9",),
        "script",
    ),
    MarkupExample('<iframe src="//www.dailymotion.com/embed/video/x67iqc9"></iframe>', ("x67iqc9",), "iframe"),
    MarkupExample(
        '<amp-dailymotion data-videoid="x67iqc9"></amp-dailymotion>',
        ("x67iqc9",),
        "amp",
    ),
    MarkupExample(
        '<div class="dailymotion-player" data-video="x67iqc9"></div>'
        '<div class="dailymotion-player" data-id="x67iqc9"></div>'
        '<div class="dailymotion-player" data-video-id="x67iqc9"></div>'
        '<div class="dm-player" data-video="x67iqc9"></div>'
        '<div class="dm-player" data-id="x67iqc9"></div>'
        '<div class="dm-player" data-video-id="x67iqc9"></div>'
        '<div data-dailymotionid="x67iqc9"></div>'
        '<div data-dmvideoid="x67iqc9"></div>'
        '<div data-provider="dailymotion" data-id="x67iqc9"></div>',
        ("x67iqc9",) * 9,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_FIELDS = (
    "id,title,description,created_time,duration,views_total,likes_total,thumbnail_url,language,explicit,"
    "owner.screenname,owner.username,owner.url"
)


def read_video(answer: Answer, post: Post) -> Said:
    """Read the video's object of the public data service."""
    data: Any = read_json_answer(answer)
    if not as_text(dig(data, "id")):
        return {}
    return {
        "id": data["id"],
        "author_name": as_text(data.get("owner.screenname")),
        "author_handle": as_text(data.get("owner.username")),
        "author_url": as_url(data.get("owner.url")),
        "title": as_text(data.get("title")),
        "text": as_text(data.get("description")),
        "lang": as_text(data.get("language")),
        "sensitive": data["explicit"] if isinstance(data.get("explicit"), bool) else None,
        "posted_at": as_time(data.get("created_time")),
        "likes": as_count(data.get("likes_total")),
        "views": as_count(data.get("views_total")),
        "media": (
            file_or_stream(None, seconds=as_seconds(data.get("duration"))),
            *poster_of(as_url(data.get("thumbnail_url"))),
        ),
    }


FRAMED = Framed(
    frame=Frame(
        "https://geo.dailymotion.com/{player}?video={id}&mute=true",
        card="#player, .player, video",
        width=640,
        height=360,
    ),
    signatures={"video": r'"error"\s*:\s*\{[^{}]*"code"\s*:\s*4\d\d'},
    asks={
        "video": f"https://api.dailymotion.com/video/{{id}}?fields={_FIELDS}",
        "oembed": "https://www.dailymotion.com/services/oembed?url={asked}",
    },
    readers={"video": read_video},
    fields=find_player,
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`geo.dailymotion.com/player.html?video=` plays; `api.dailymotion.com/video/ID?fields=` "
        "answers without a token",
        "reported",
        source="an oEmbed answer; documented",
        check="ask for a deleted one",
        live=LiveCheck("video", "known", has=("title",)),
    ),
    Assumption(
        "A player without an ID (`player.html`) plays what articles embed; where it does not, the article's own "
        "(`player/ID.html`, `player/ID.js`) does, and is taken",
        "guess",
        source="that some films want a Player ID is reported, 2026",
        check="open a film of an article in both",
        live=LiveCheck("visit", "known", outcome="available"),
    ),
    Assumption(
        "A 404 of its own is JSON of its own form",
        "verified",
        source="saved answer",
        check="ask for a made-up id",
    ),
)
GAPS = (
    Gap("no_file", "The film is only streamed", "its file is said to be missing, its poster is kept"),
    Gap("not_told", "Nobody says how many commented", "this count stays empty", ("comments",)),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="dailymotion",
    title="Dailymotion",
    hosts=("dailymotion.com", "dai.ly"),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    is_frame=is_frame,
    id_pattern=r"[xk][A-Za-z0-9]{5,18}",
    thumbnails=(r"dailymotion\.com/thumbnail/(?:\d{1,4}x\d{1,4}/)?video/([A-Za-z0-9]{5,20})",),
    id_names=("dailymotionid", "dmvideoid"),
    selectors=SELECTORS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.dailymotion.com/maralind",),
    visit=make_visit(FRAMED, rules=2, denial="verified"),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    archived=(
        "https://www.dailymotion.com/video/{id}",
        "https://www.dailymotion.com/embed/video/{id}",
    ),
    made_up_url="https://www.dailymotion.com/video/x000000000",
    states=FRAMED_STATES,
)
