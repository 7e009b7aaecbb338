"""Telegram: messages of public channels, in a script's attribute or a frame. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import match_path, query

_PATH = re.compile(r"^/(?:s/)?([A-Za-z]\w{3,40})/(\d{1,12})(?:/(\d{1,12}))?/?$")
_NOT_CHANNELS = {"share", "joinchat", "addstickers", "proxy", "socks", "login", "iv", "addlist"}


def identify(url: SplitResult) -> str | None:
    """`channel/number`; a topic's message keeps its last number."""
    m = _PATH.match(url.path)
    return f"{m[1]}/{m[3] or m[2]}" if m and m[1].lower() not in _NOT_CHANNELS else None


def canonical(native_id: str) -> str:
    """The public address."""
    return f"https://t.me/{native_id}"


def handle(url: SplitResult) -> str | None:
    """The channel's name."""
    return match_path(_PATH, url)


def is_frame(url: SplitResult) -> bool:
    """`?embed=1`."""
    return query(url, "embed") is not None


MARKS = (Mark("script", "script[data-telegram-post]", id=("@data-telegram-post",)),)

EXAMPLES = (Example("https://t.me/s/rookfield/123?embed=1", "rookfield/123", "https://t.me/rookfield/123"),)

MARKUP = (
    MarkupExample(
        '<script async src="https://telegram.org/js/telegram-widget.js?22" data-telegram-post="rookfield/123" data-width="100%"></script>',
        ("rookfield/123",),
        "script",
    ),
    MarkupExample('<iframe src="https://t.me/rookfield/123?embed=1"></iframe>', ("rookfield/123",), "iframe"),
)

PLATFORM = Platform(
    name="telegram",
    title="Telegram",
    hosts=("t.me", "telegram.me"),
    identify=identify,
    canonical=canonical,
    handle=handle,
    is_frame=is_frame,
    id_pattern=r"[A-Za-z]\w{3,40}/\d{1,12}",
    id_names=("telegrampost",),
    traces=(
        r"t\.me/(?:s/)?\w{4,41}/\d",
        r"telegram\.me/(?:s/)?\w{4,41}/\d",
        r"telegram\.org/js/",
    ),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://t.me/rookfield", "https://t.me/share/url?url=https%3A%2F%2Fnews.example"),
)
