"""Vimeo: numeric ids, in players and AMP. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import match_path, query

_PATH = re.compile(
    r"^/(?:video/|(?:channels|groups)/[\w-]{1,80}/(?:videos/)?|(?:album|showcase)/\d{1,12}/video/|ondemand/[\w-]{1,80}/|moogaloop\.swf/)?(\d{5,12})(?![\w.])"
)


def identify(url: SplitResult) -> str | None:
    """The number of a video."""
    found = query(url, "clip_id") if "moogaloop" in url.path else None
    return found if found and found.isdigit() else match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The video's page."""
    return f"https://vimeo.com/{native_id}"


def is_frame(url: SplitResult) -> bool:
    """The player's host, and the old player."""
    return (url.hostname or "").startswith("player.") or "moogaloop" in url.path


MARKS = (
    Mark("custom-element", "lite-vimeo, vimeo-video, vimeo-embed", url=("@src",), id=("@videoid", "@video-id")),
    Mark("custom-element", ".vimeo-wrap[data-attrs], [data-component-name=vimeotodom]", id=("@data-attrs{videoId}",)),
    Mark("amp", "amp-vimeo", id=("@data-videoid",)),
    Mark("custom-element", "embetty-video[type=vimeo]", id=("@video-id",)),
)

EXAMPLES = (
    Example("https://player.vimeo.com/video/879269983?h=0a1b2c3d4e&dnt=1", "879269983", "https://vimeo.com/879269983"),
    Example("https://vimeo.com/channels/staffpicks/879269983", "879269983", "https://vimeo.com/879269983"),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://player.vimeo.com/video/879269983?h=0a1b2c3d4e"></iframe>', ("879269983",), "iframe"
    ),
    MarkupExample('<div data-provider="vimeo" data-id="879269983"></div>', ("879269983",), "custom-element"),
)

PLATFORM = Platform(
    name="vimeo",
    title="Vimeo",
    hosts=("vimeo.com",),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    id_pattern=r"\d{5,12}",
    id_names=("vimeoid", "vimeovideoid"),
    traces=(r"vimeo\.com/[^\s\"'<>]{0,120}?\d{5}",),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://vimeo.com/maralind",),
)
