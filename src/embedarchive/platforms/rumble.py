"""Rumble: video ids, in frames. Pure."""

from __future__ import annotations

import html
import re
from typing import Any
from urllib.parse import SplitResult

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
from embedarchive.platforms.kit.ids import match_path
from embedarchive.platforms.kit.specification import Assumption, Example, Frame, Gap, LiveCheck, MarkupExample, Platform

_PLAYER = re.compile(r"^/embed/(?:u\w{1,10}\.)?(v?[a-z0-9]{4,10})(?!\w)")
_PAGE = re.compile(r"(?i)^/(?:shorts/)?v(?:[a-z0-9]{3,9}-[^/]*|(?=[a-z]*\d)[a-z0-9]{3,9}(?:\.html)?)/?$")


def identify(url: SplitResult) -> str | None:
    """The id of a player. Pages have ids of their own, of the same shape: one taken for the other is another film."""
    return match_path(_PLAYER, url)


def canonical(native_id: str) -> str:
    """The player's address."""
    return f"https://rumble.com/embed/{native_id}/"


def is_short(url: SplitResult) -> bool:
    """A page's address: which player it shows is known only when it is read."""
    return bool(_PAGE.match(url.path))


def is_frame(url: SplitResult) -> bool:
    """`/embed/ID/`."""
    return url.path.startswith("/embed/")


EXAMPLES = (
    Example("https://rumble.com/embed/v2abcd/?pub=4", "v2abcd", "https://rumble.com/embed/v2abcd/", frame=True),
    Example("https://rumble.com/embed/mara", "mara", "https://rumble.com/embed/mara/", frame=True),
)

MARKUP = (
    MarkupExample(
        '<iframe class="rumble" src="https://rumble.com/embed/v2abcd/?pub=4"></iframe>', ("v2abcd",), "iframe"
    ),
    MarkupExample(
        '<div id="rumble_v2abcd"></div><script>Rumble("play", {"video":"v2abcd","div":"rumble_v2abcd"});</script>',
        ("v2abcd",),
        "call",
    ),
    MarkupExample('<script>Rumble("play",{video:"v2abcd",div:"rumble_v2abcd"});</script>', ("v2abcd",), "call"),
)

# ------------------------------------------------------------------------------------------------------------ capturing


def read_video(answer: Answer, post: Post) -> Said:
    """Read what the player is told (its shape: yt-dlp). It names no id: page and player have different ones."""
    data = read_json_answer(answer)
    if not as_text(dig(data, "title")):
        if data is False:
            return None
        return {}
    films = dig(data, "ua", "mp4")
    files = [f for f in (films.values() if isinstance(films, dict) else ()) if as_url(dig(f, "url"))]
    best: dict[str, Any] = max(files, key=lambda f: as_count(dig(f, "meta", "h")) or 0, default={})
    seconds, size = as_seconds(data.get("duration")), (dig(best, "meta", "w"), dig(best, "meta", "h"))
    return {
        "author_name": as_text(dig(data, "author", "name")),
        "author_url": as_url(dig(data, "author", "url")),
        "title": html.unescape(data["title"]),
        "posted_at": as_time(data.get("pubDate")),
        "media": (file_or_stream(best.get("url"), *size, seconds), *poster_of(as_url(data.get("i")))),
    }


FRAMED = Framed(
    frame=Frame(
        "https://rumble.com/embed/{id}/", card="#videoPlayer, .videoPlayer-Rumble-cls, video", width=640, height=360
    ),
    asks={
        "video": "https://rumble.com/embedJS/u3/?request=video&ver=2&v={id}",
        "oembed": "https://rumble.com/api/Media/oembed.json?url={quoted_url}",
    },
    readers={"video": read_video},
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`embedJS/u3/?request=video&ver=2&v=` gives title, author and files; `false` for a missing film",
        "guess",
        source="the first part reported",
        check="ask for both",
        live=LiveCheck("video", holds="false"),
    ),
)
GAPS = (
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="rumble",
    title="Rumble",
    hosts=("rumble.com",),
    identify=identify,
    canonical=canonical,
    is_short=is_short,
    is_frame=is_frame,
    calls=(r"Rumble\(\s*[\"']play[\"']\s*,\s*\{[^{}]{0,300}?[\"']?video[\"']?\s*:\s*[\"'](v?[a-z0-9]{4,10})[\"']",),
    short_links=("https://rumble.com/v2zz9qb-a-kestrel-over-the-heath.html", "https://rumble.com/shorts/v5abcd"),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://rumble.com/c/maralind", "https://rumble.com/videos", "https://rumble.com/vkestrels"),
    visit=make_visit(FRAMED),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    made_up_url="https://rumble.com/embed/vzzzzzzz/",
    states=FRAMED_STATES,
)
