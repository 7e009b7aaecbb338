"""VK: wall posts, videos and clips by owner and number; the widget's call. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, MarkupExample, Platform
from embedarchive.platforms._ids import query

_POSTS = r"(?:video_ext|widget_post|js/api/|[^\s\"'<>]{0,200}?(?:wall|video|clip|photo)-?\d)"
_PATH = re.compile(r"^/(?:[\w.]{1,60})?.*?(wall|video|clip|photo)(-?\d{1,12}_\d{1,12})(?!\d)")


def identify(url: SplitResult) -> str | None:
    """`wall-1_2`, `video-1_2`, `clip-1_2`."""
    if url.path.startswith("/video_ext.php"):
        owner, number = query(url, "oid"), query(url, "id")
        return (
            f"video{owner}_{number}" if owner and number and re.fullmatch(r"-?\d+_\d+", f"{owner}_{number}") else None
        )
    m = _PATH.match(url.path[:300]) or _PATH.match("/" + (query(url, "w", "z") or "")[:100])
    return f"{m[1]}{m[2]}" if m else None


def canonical(native_id: str) -> str:
    """The post's page."""
    return f"https://vk.com/{native_id}"


def is_frame(url: SplitResult) -> bool:
    """`video_ext.php` and the widgets' frames."""
    return url.path.startswith(("/video_ext.php", "/widget_post.php"))


EXAMPLES = (
    Example("https://vk.com/rookfield?w=wall-12345_678", "wall-12345_678", "https://vk.com/wall-12345_678"),
    Example(
        "https://vk.com/video_ext.php?oid=-12345&id=678&hash=ab", "video-12345_678", "https://vk.com/video-12345_678"
    ),
    Example("https://vkvideo.ru/video-12345_678", "video-12345_678", "https://vk.com/video-12345_678"),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://vk.com/video_ext.php?oid=-12345&id=678&hash=ab"></iframe>', ("video-12345_678",), "iframe"
    ),
    MarkupExample(
        '<script src="https://vk.com/js/api/openapi.js?169"></script><div id="vk_post_-12345_678"></div><script>VK.Widgets.Post("vk_post_-12345_678", -12345, 678, "AbC");</script>',
        ("wall-12345_678",),
        "call",
    ),
)

PLATFORM = Platform(
    name="vk",
    title="VK",
    hosts=("vk.com", "vk.ru", "vkvideo.ru", "vkontakte.ru"),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    id_pattern=r"(?:wall|video|clip)-?\d{1,12}_\d{1,12}",
    services=("vkontakte", "vkvideo"),
    traces=(rf"vk\.(?:com|ru)/{_POSTS}", rf"vkvideo\.ru/{_POSTS}", rf"vkontakte\.ru/{_POSTS}"),
    calls=(r"VK\.Widgets\.Post\(\s*[^,)]{1,100},\s*[\"']?(-?\d{1,12})[\"']?\s*,\s*[\"']?(\d{1,12})",),
    from_call=lambda groups: f"wall{groups[0]}_{groups[1]}",
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://vk.com/rookfield", "https://vk.com/share.php?url=https%3A%2F%2Fnews.example"),
)
