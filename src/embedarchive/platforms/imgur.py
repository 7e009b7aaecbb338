"""Imgur: images and albums, in the quote; a bare image file is no embed. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform

_PATH = re.compile(r"^/(?:(a)/|(?:gallery|t/\w{1,40}|r/\w{1,40})/(?:[\w-]{1,120}-)?)?(\w{5,8})(?:/(?:embed.*)?)?$")
_ROUTES = {"upload", "about", "search", "signin", "register", "gallery", "random", "memegen", "privacy"}


def identify(url: SplitResult) -> str | None:
    """The id of an image, or `a/id` of an album."""
    m = _PATH.match(url.path) if not (url.hostname or "").startswith(("i.", "s.", "api.")) else None
    return "/".join(g for g in m.groups() if g) if m and m[2].lower() not in _ROUTES else None


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://imgur.com/{native_id}"


def is_frame(url: SplitResult) -> bool:
    """`/ID/embed`."""
    return "/embed" in url.path


MARKS = (
    Mark("blockquote", "blockquote.imgur-embed-pub", id=("@data-id",), url=("a:last@href",)),
    Mark("amp", "amp-imgur", id=("@data-imgur-id",)),
)

EXAMPLES = (
    Example("https://imgur.com/UDZqhJo", "UDZqhJo", "https://imgur.com/UDZqhJo"),
    Example("https://imgur.com/a/UDZqhJo/embed?pub=true", "a/UDZqhJo", "https://imgur.com/a/UDZqhJo"),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="imgur-embed-pub" lang="en" data-id="UDZqhJo"><a href="//imgur.com/UDZqhJo">A kestrel</a></blockquote>',
        ("UDZqhJo",),
        "blockquote",
    ),
)

PLATFORM = Platform(
    name="imgur",
    title="Imgur",
    hosts=("imgur.com",),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    id_pattern=r"(?:a/)?\w{5,8}",
    id_names=("imgurid",),
    traces=(r"imgur\.com/(?:a/|gallery/|[tr]/)?[^\s\"'<>.]{5}",),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://i.imgur.com/UDZqhJo.jpg",),
)
