"""Pinterest: pins by number; its buttons are no posts. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import match_path, query

_PATH = re.compile(r"^/pin/(?:[\w%-]{1,200}--)?(\d{6,20})(?!\w)")


def identify(url: SplitResult) -> str | None:
    """The number of a pin."""
    if url.path.startswith("/ext/embed.html"):
        found = query(url, "id")
        return found if found and found.isdigit() else None
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The pin's page."""
    return f"https://www.pinterest.com/pin/{native_id}/"


def is_short(url: SplitResult) -> bool:
    """`pin.it/CODE` redirects to the pin."""
    return (url.hostname or "").endswith("pin.it") and len(url.path) > 4


def is_frame(url: SplitResult) -> bool:
    """`assets.pinterest.com/ext/embed.html`."""
    return url.path.startswith("/ext/embed.html")


MARKS = (
    Mark("link", "a[data-pin-do=embedpin]", url=("@href",)),
    Mark(
        "custom-element",
        "[data-pin-do=embedpin]",
        url=("@href", "@data-pin-url", "@data-pin-href"),
        id=("@data-pin-id",),
    ),
    Mark("amp", "amp-pinterest[data-do=embedpin]", url=("@data-url",)),
)

EXAMPLES = (
    Example(
        "https://www.pinterest.de/pin/a-kestrel--99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://assets.pinterest.com/ext/embed.html?id=99360735500167749",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
)

MARKUP = (
    MarkupExample(
        '<a data-pin-do="embedPin" data-pin-width="medium" href="https://www.pinterest.com/pin/99360735500167749/"></a>',
        ("99360735500167749",),
        "link",
    ),
)

PLATFORM = Platform(
    name="pinterest",
    title="Pinterest",
    hosts=(
        "pinterest.com",
        "pinterest.de",
        "pinterest.fr",
        "pinterest.es",
        "pinterest.it",
        "pinterest.at",
        "pinterest.ch",
        "pinterest.ca",
        "pinterest.se",
        "pinterest.dk",
        "pinterest.pt",
        "pinterest.jp",
        "pinterest.ie",
        "pinterest.nz",
        "pinterest.co.uk",
        "pinterest.com.au",
        "pinterest.com.mx",
        "pinterest.co.kr",
        "pinterest.ph",
        "pinterest.cl",
        "pin.it",
    ),
    identify=identify,
    canonical=canonical,
    is_short=is_short,
    is_frame=is_frame,
    id_pattern=r"\d{6,20}",
    id_names=("pinterestid", "pinid"),
    traces=(r"pinterest\.[a-z.]{2,6}/(?:pin/[^\s\"'<>]{0,200}?\d{6}|ext/embed)", r"pin\.it/"),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.pinterest.com/maralind/",),
    not_embeds=(
        '<a data-pin-do="buttonPin" href="https://www.pinterest.com/pin/create/button/?url=https%3A%2F%2Fnews.example%2F"></a>',
        '<a data-pin-do="embedBoard" href="https://www.pinterest.com/maralind/birds/"></a>',
    ),
)
