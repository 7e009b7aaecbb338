"""Vine, closed in 2017: video ids, in frames that no longer answer. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import match_path

_PATH = re.compile(r"^/v/(\w{6,20})(?!\w)")


def identify(url: SplitResult) -> str | None:
    """The id of a video."""
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://vine.co/v/{native_id}"


def is_frame(url: SplitResult) -> bool:
    """`…/embed/simple`, `/embed/postcard`, `/card`."""
    return "/embed" in url.path or url.path.endswith("/card")


MARKS = (Mark("amp", "amp-vine", id=("@data-vineid",)),)

EXAMPLES = (Example("https://vine.co/v/OHQBTeUJ9jT/embed/simple", "OHQBTeUJ9jT", "https://vine.co/v/OHQBTeUJ9jT"),)

MARKUP = (
    MarkupExample(
        '<iframe class="vine-embed" src="https://vine.co/v/OHQBTeUJ9jT/embed/simple"></iframe>',
        ("OHQBTeUJ9jT",),
        "iframe",
    ),
)

PLATFORM = Platform(
    name="vine",
    title="Vine",
    hosts=("vine.co",),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    id_pattern=r"\w{9,13}",
    id_names=("vineid",),
    traces=(r"vine\.co/v/",),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://vine.co/maralind",),
)
