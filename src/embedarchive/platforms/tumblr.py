"""Tumblr: post numbers, in the box that names its own frame. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import match_path

_PATH = re.compile(
    r"^/(?:embed/post/[\w:-]{3,60}|post|(?:blog/view/|blog/)?[\w-]{1,60}|[\w-]{1,60}/post)/(\d{8,20})(?!\d)"
)


def identify(url: SplitResult) -> str | None:
    """The number of a post; unique over all blogs."""
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The address that needs no blog."""
    return f"https://www.tumblr.com/post/{native_id}"


def permalink(url: SplitResult) -> str | None:
    """The post's own address, which carries its blog."""
    blog, number = handle(url), identify(url)
    return f"https://www.tumblr.com/{blog}/{number}" if blog and number else None


def handle(url: SplitResult) -> str | None:
    """The blog's name, where the address carries it."""
    host = url.hostname or ""
    blog = host.partition(".")[0]
    m = re.match(r"^/(?:blog/view/|blog/)?([\w-]{1,60})/\d{8,20}", url.path)
    return blog if blog not in ("www", "tumblr", "embed", "m") else m[1] if m and m[1] != "post" else None


def is_short(url: SplitResult) -> bool:
    """`tmblr.co/CODE` redirects to the post."""
    return (url.hostname or "").endswith("tmblr.co") and len(url.path) > 4


def is_frame(url: SplitResult) -> bool:
    """`embed.tumblr.com/embed/post/…`."""
    return url.path.startswith("/embed/post/")


MARKS = (Mark("custom-element", ".tumblr-post", url=("@data-href", "a:last@href")),)

EXAMPLES = (
    Example(
        "https://maralind.tumblr.com/post/767123456789012345/kestrel",
        "767123456789012345",
        "https://www.tumblr.com/post/767123456789012345",
    ),
    Example(
        "https://embed.tumblr.com/embed/post/t:AbCdEfGhIjKl/767123456789012345/v2",
        "767123456789012345",
        "https://www.tumblr.com/post/767123456789012345",
    ),
)

MARKUP = (
    MarkupExample(
        '<div class="tumblr-post" data-href="https://embed.tumblr.com/embed/post/t:AbCdEfGhIjKl/767123456789012345">'
        '<a href="https://www.tumblr.com/maralind/767123456789012345">https://www.tumblr.com/maralind/767123456789012345</a></div>',
        ("767123456789012345",),
        "custom-element",
    ),
)

PLATFORM = Platform(
    name="tumblr",
    title="Tumblr",
    hosts=("tumblr.com", "tmblr.co"),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    id_names=("tumblrid",),
    traces=(
        r"tumblr\.com/[^\s\"'<>]{0,120}?\d{8}",
        r"[\w.\-]{2,60}+(?<=\.tumblr\.com)/[^\s\"'<>]{0,120}?\d{8}",
        r"tmblr\.co/",
    ),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.tumblr.com/maralind", "https://www.tumblr.com/share/link?url=x"),
)
