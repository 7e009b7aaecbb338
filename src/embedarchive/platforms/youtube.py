"""YouTube: eleven characters, in players, lite players, AMP and a dozen plugins' attributes. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import match_path, query

_ID = r"([A-Za-z0-9_-]{11})(?![A-Za-z0-9_-])"
_PATH = re.compile(rf"^/+(?:embed|v|vi|e|shorts|live|watch)/+{_ID}")
_SHORT = re.compile(rf"^/+{_ID}")
_NO_VIDEO = {"videoseries", "live_stream"}


def identify(url: SplitResult) -> str | None:
    """The id of a video."""
    host = url.hostname or ""
    if host.endswith("youtu.be"):
        return match_path(_SHORT, url)
    if not host.startswith(("img.", "i.")):
        found = match_path(_PATH, url) or _read_id(query(url, "v", "video_id", "vi"))
        return None if found in _NO_VIDEO else found
    return None


def _read_id(value: str | None) -> str | None:
    m = re.match(rf"^{_ID}", value) if value else None
    return m[1] if m else None


def canonical(native_id: str) -> str:
    """The watch page."""
    return f"https://www.youtube.com/watch?v={native_id}"


def is_frame(url: SplitResult) -> bool:
    """The players' addresses."""
    return bool(re.match(r"^/+(?:embed|v)/", url.path))


MARKS = (
    Mark(
        "custom-element",
        "lite-youtube, youtube-video, youtube-embed",
        url=("@src", "@url"),
        id=("@videoid", "@video-id"),
    ),
    Mark("amp", "amp-youtube", id=("@data-videoid", "@videoid"), url=("@src",)),
    Mark(
        "custom-element", ".youtube-wrap[data-attrs], [data-component-name=youtube2todom]", id=("@data-attrs{videoId}",)
    ),
    Mark("custom-element", "embetty-video[type=youtube]", id=("@video-id",)),
    Mark(
        "custom-element",
        ".arve-play-btn, .rll-youtube-player, .lyte, .youtube-player",
        url=("@data-iframe", "@data-src", "@data-url"),
        id=("@data-id", "@data-video-id", "@data-videoid"),
    ),
)

EXAMPLES = (
    Example(
        "https://www.youtube.com/watch?v=jP6fEHm-lA0&t=12s",
        "jP6fEHm-lA0",
        "https://www.youtube.com/watch?v=jP6fEHm-lA0",
    ),
    Example("https://youtu.be/jP6fEHm-lA0?si=x", "jP6fEHm-lA0", "https://www.youtube.com/watch?v=jP6fEHm-lA0"),
    Example(
        "//www.youtube-nocookie.com/embed/jP6fEHm-lA0?rel=0",
        "jP6fEHm-lA0",
        "https://www.youtube.com/watch?v=jP6fEHm-lA0",
    ),
    Example("https://m.youtube.com/shorts/jP6fEHm-lA0", "jP6fEHm-lA0", "https://www.youtube.com/watch?v=jP6fEHm-lA0"),
)

MARKUP = (
    MarkupExample(
        '<iframe src="//www.youtube.com/embed/jP6fEHm-lA0" allowfullscreen></iframe>', ("jP6fEHm-lA0",), "iframe"
    ),
    MarkupExample('<lite-youtube videoid="jP6fEHm-lA0"></lite-youtube>', ("jP6fEHm-lA0",), "custom-element"),
    MarkupExample(
        '<amp-youtube data-videoid="jP6fEHm-lA0" layout="responsive"></amp-youtube>', ("jP6fEHm-lA0",), "amp"
    ),
    MarkupExample(
        '<div data-service="youtube" data-id="jP6fEHm-lA0" data-autoscale></div>', ("jP6fEHm-lA0",), "custom-element"
    ),
    MarkupExample('<div class="x" data-youtube-id="jP6fEHm-lA0"></div>', ("jP6fEHm-lA0",), "custom-element"),
)

PLATFORM = Platform(
    name="youtube",
    title="YouTube",
    hosts=("youtube.com", "youtube-nocookie.com", "youtu.be", "youtubeeducation.com"),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    id_pattern=r"[A-Za-z0-9_-]{11}",
    id_names=("youtubeid", "youtubevideoid", "ytid", "ytvideoid", "videoyoutubeid", "youtube", "youtubevideo"),
    services=("yt", "ytplayer", "youtubevideo", "youtubenocookie"),
    calls=(r"new\s+YT\.Player\([^{}]{0,200}\{[^{}]{0,300}?videoId[\"']?\s*:\s*[\"']([A-Za-z0-9_-]{11})[\"']",),
    traces=(r"youtube(?:-nocookie|education)?\.com/{1,2}(?:embed|v|vi|e|shorts|live|watch)", r"youtu\.be/"),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.youtube.com/@maralind", "https://www.youtube.com/channel/UCabcdefghijklmnop"),
    not_embeds=(
        '<a href="https://www.youtube.com/watch?v=jP6fEHm-lA0">Film</a>',
        '<iframe src="https://www.youtube.com/subscribe_embed?channel=UCabc"></iframe>',
    ),
)
