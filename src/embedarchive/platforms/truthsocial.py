"""Truth Social: status numbers, in frames like Mastodon's. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import date_ms, match_path

_PATH = re.compile(
    r"^/(?:@[\w.\-]{1,64}(?:/posts)?|users/[\w.\-]{1,64}/statuses|statuses|api/v1/statuses)/(\d{12,20})(?!\d)"
)
_HANDLE = re.compile(r"^/(?:@|users/)([\w.\-]{1,64})/")


def identify(url: SplitResult) -> str | None:
    """The number of a status."""
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The address that needs no handle."""
    return f"https://truthsocial.com/statuses/{native_id}"


def date(native_id: str) -> str | None:
    """The id's upper bits are milliseconds."""
    return date_ms(int(native_id) >> 16)


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    return match_path(_HANDLE, url)


def is_frame(url: SplitResult) -> bool:
    """`…/embed`."""
    return url.path.rstrip("/").endswith("/embed")


MARKS = (Mark("blockquote", "blockquote.truthsocial-embed", url=("@data-embed-url", "@cite", "a:last@href")),)

EXAMPLES = (
    Example(
        "https://truthsocial.com/@maralind/posts/113628000000000000",
        "113628000000000000",
        "https://truthsocial.com/statuses/113628000000000000",
        "2024-12-10T10:14:43",
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://truthsocial.com/@maralind/113628000000000000/embed" class="truthsocial-embed"></iframe>',
        ("113628000000000000",),
        "iframe",
    ),
)

PLATFORM = Platform(
    name="truthsocial",
    title="Truth Social",
    hosts=("truthsocial.com",),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_frame=is_frame,
    id_pattern=r"\d{15,20}",
    id_names=("truthid", "truthsocialid"),
    services=("truth",),
    traces=(r"truthsocial\.com/[\w@.\-/]{1,100}?\d{12}",),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://truthsocial.com/@maralind",),
)
