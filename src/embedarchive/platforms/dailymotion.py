"""Dailymotion: video ids, in players and AMP. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import match_path, query

_PATH = re.compile(r"^/(?:embed/)?(?:video|swf)/(?:video/)?([A-Za-z0-9]{5,20})(?![A-Za-z0-9])")
_SHORT = re.compile(r"^/([A-Za-z0-9]{5,20})/?$")


def identify(url: SplitResult) -> str | None:
    """The id of a video."""
    if (url.hostname or "").endswith("dai.ly"):
        return match_path(_SHORT, url)
    if (url.hostname or "").startswith("geo."):
        return query(url, "video")
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://www.dailymotion.com/video/{native_id}"


def is_frame(url: SplitResult) -> bool:
    """The players' addresses."""
    return url.path.startswith(("/embed/", "/swf/")) or (url.hostname or "").startswith("geo.")


MARKS = (
    Mark("amp", "amp-dailymotion", id=("@data-videoid",)),
    Mark("custom-element", ".dailymotion-player, .dm-player", id=("@data-video", "@data-id", "@data-video-id")),
)

EXAMPLES = (
    Example(
        "https://www.dailymotion.com/embed/video/x67iqc9?autoplay=1",
        "x67iqc9",
        "https://www.dailymotion.com/video/x67iqc9",
    ),
    Example(
        "https://geo.dailymotion.com/player/xabc.html?video=x67iqc9",
        "x67iqc9",
        "https://www.dailymotion.com/video/x67iqc9",
    ),
    Example("https://dai.ly/x67iqc9", "x67iqc9", "https://www.dailymotion.com/video/x67iqc9"),
)

MARKUP = (MarkupExample('<iframe src="//www.dailymotion.com/embed/video/x67iqc9"></iframe>', ("x67iqc9",), "iframe"),)

PLATFORM = Platform(
    name="dailymotion",
    title="Dailymotion",
    hosts=("dailymotion.com", "dai.ly"),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    id_pattern=r"[xk][A-Za-z0-9]{5,18}",
    id_names=("dailymotionid", "dmvideoid"),
    traces=(r"dailymotion\.com/(?:embed/|swf/)?(?:video|player)", r"dai\.ly/", r"geo\.dailymotion\.com/"),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.dailymotion.com/maralind",),
)
