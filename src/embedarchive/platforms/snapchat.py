"""Snapchat: spotlights, stories, lenses and public profiles' snaps. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform

_PATH = re.compile(r"^/(?:embed/)?(?:@[\w.\-]{1,40}/)?(spotlight|lens|p|s|story|o)/([\w.\-]{6,120})")


def identify(url: SplitResult) -> str | None:
    """`kind/id`, since each kind counts for itself."""
    m = _PATH.match(url.path)
    return f"{m[1]}/{m[2]}" if m else None


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://www.snapchat.com/{native_id}"


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    m = re.match(r"^/(?:embed/)?@([\w.\-]{1,40})/", url.path)
    return m[1] if m else None


def is_short(url: SplitResult) -> bool:
    """`/t/CODE` redirects."""
    return bool(re.match(r"^/t/\w{5,}", url.path))


def is_frame(url: SplitResult) -> bool:
    """`…/embed`."""
    return url.path.startswith("/embed/") or url.path.rstrip("/").endswith("/embed")


MARKS = (
    Mark(
        "blockquote",
        "blockquote.snapchat-embed, [data-snapchat-embed-url]",
        url=("@data-snapchat-embed-url", "a:last@href"),
    ),
)

EXAMPLES = (
    Example(
        "https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        "spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
        "https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",
    ),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="snapchat-embed" data-snapchat-embed-url="https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAY/embed">'
        "</blockquote>",
        ("spotlight/W7_EDlXWTBiXAEEniNoMPwAAY",),
        "blockquote",
    ),
)

PLATFORM = Platform(
    name="snapchat",
    title="Snapchat",
    hosts=("snapchat.com",),
    identify=identify,
    canonical=canonical,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    traces=(r"snapchat\.com/[^\s\"'<>]{0,80}?(?:spotlight|lens|p|s|t|story|o)/",),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.snapchat.com/add/maralind",),
)
