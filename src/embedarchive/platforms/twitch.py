"""Twitch: clips, videos and collections; a channel's live player is no post. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, MarkupExample, Platform
from embedarchive.platforms._ids import match_path, query

_SLUG = r"([A-Za-z0-9]{5,}[\w-]{0,100})"
_CLIP = re.compile(rf"^/\w{{1,40}}/clip/{_SLUG}|^/clip/{_SLUG}")
_VIDEO = re.compile(r"^/(?:\w{1,40}/)?(?:videos|v|video)/v?(\d{5,15})(?!\d)")
_BARE = re.compile(rf"^/{_SLUG}/?$")


def identify(url: SplitResult) -> str | None:
    """A clip's slug, or `v` and the number of a video."""
    host = url.hostname or ""
    if host.startswith("clips."):
        return query(url, "clip") if url.path.startswith("/embed") else match_path(_BARE, url)
    if host.startswith(("player.", "embed.")):
        video = query(url, "video")
        return f"v{video.lstrip('v')}" if video and video.lstrip("v").isdigit() else None
    video = match_path(_VIDEO, url)
    return f"v{video}" if video else match_path(_CLIP, url)


def canonical(native_id: str) -> str:
    """The public page."""
    if re.fullmatch(r"v\d+", native_id):
        return f"https://www.twitch.tv/videos/{native_id[1:]}"
    return f"https://clips.twitch.tv/{native_id}"


def is_frame(url: SplitResult) -> bool:
    """The players' addresses."""
    host = url.hostname or ""
    return host.startswith(("player.", "embed.")) or (host.startswith("clips.") and url.path.startswith("/embed"))


EXAMPLES = (
    Example(
        "https://clips.twitch.tv/embed?clip=IcyOriginalTriangle-5GQ9hBdA&parent=news.example",
        "IcyOriginalTriangle-5GQ9hBdA",
        "https://clips.twitch.tv/IcyOriginalTriangle-5GQ9hBdA",
    ),
    Example(
        "https://www.twitch.tv/maralind/clip/IcyOriginalTriangle-5GQ9hBdA",
        "IcyOriginalTriangle-5GQ9hBdA",
        "https://clips.twitch.tv/IcyOriginalTriangle-5GQ9hBdA",
    ),
    Example(
        "https://player.twitch.tv/?video=v123456789&parent=news.example",
        "v123456789",
        "https://www.twitch.tv/videos/123456789",
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://clips.twitch.tv/embed?clip=IcyOriginalTriangle-5GQ9hBdA&parent=news.example"></iframe>',
        ("IcyOriginalTriangle-5GQ9hBdA",),
        "iframe",
    ),
)

PLATFORM = Platform(
    name="twitch",
    title="Twitch",
    hosts=("twitch.tv",),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    id_names=("twitchclip", "twitchclipid"),
    traces=(
        r"clips\.twitch\.tv/",
        r"player\.twitch\.tv/",
        r"embed\.twitch\.tv/",
        r"twitch\.tv/[^\s\"'<>]{0,60}?(?:clip|videos?|v)/",
    ),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.twitch.tv/maralind", "https://player.twitch.tv/?channel=maralind"),
)
