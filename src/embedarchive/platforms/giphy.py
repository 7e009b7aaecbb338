"""Giphy: gifs and clips, in frames. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platforms.kit.framed import FRAMED_STATES, Framed, make_visit
from embedarchive.platforms.kit.ids import match_path
from embedarchive.platforms.kit.specification import Assumption, Example, Frame, Gap, MarkupExample, Platform, Selector

_PATH = re.compile(
    r"^/(?:embed|gifs|clips|stickers|videos)/(?:[\w%-]{1,2000}-)?((?=[^/]*[A-Z0-9])[A-Za-z0-9]{8,30})(?![\w-])"
)


def identify(url: SplitResult) -> str | None:
    """The id of a gif."""
    if not (url.hostname or "").startswith(("media", "i.")):
        return match_path(_PATH, url)
    return None


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://giphy.com/gifs/{native_id}"


def is_short(url: SplitResult) -> bool:
    """`gph.is/CODE` redirects."""
    return (url.hostname or "").endswith("gph.is") and len(url.path) > 4


def is_frame(url: SplitResult) -> bool:
    """`/embed/ID`."""
    return url.path.startswith("/embed/")


SELECTORS = (Selector("custom-element", ".giphy-embed[data-giphy-id], [data-giphy-id]", id=("@data-giphy-id",)),)

EXAMPLES = (
    Example(
        "https://giphy.com/embed/3o7TKsQ8gqVrXhq5Ha",
        "3o7TKsQ8gqVrXhq5Ha",
        "https://giphy.com/gifs/3o7TKsQ8gqVrXhq5Ha",
        frame=True,
    ),
    Example(
        "https://giphy.com/gifs/bird-kestrel-3o7TKsQ8gqVrXhq5Ha",
        "3o7TKsQ8gqVrXhq5Ha",
        "https://giphy.com/gifs/3o7TKsQ8gqVrXhq5Ha",
    ),
    Example(
        "https://giphy.com/videos/heath-kestrel-3o7TKsQ8gqVrXhq5Ha",
        "3o7TKsQ8gqVrXhq5Ha",
        "https://giphy.com/gifs/3o7TKsQ8gqVrXhq5Ha",
    ),
    Example("https://gph.is/clips/3o7TKsQ8", "3o7TKsQ8", "https://giphy.com/gifs/3o7TKsQ8"),
    Example("https://gph.is/stickers/3o7TKsQ8", "3o7TKsQ8", "https://giphy.com/gifs/3o7TKsQ8"),
    Example("https://giphy.com/gifs/3o7TKsQ8", "3o7TKsQ8", "https://giphy.com/gifs/3o7TKsQ8", bare=("3o7TKsQ8",)),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://giphy.com/embed/3o7TKsQ8gqVrXhq5Ha" class="giphy-embed"></iframe>',
        ("3o7TKsQ8gqVrXhq5Ha",),
        "iframe",
    ),
    MarkupExample(
        '<div data-giphy-id="3o7TKsQ8gqVrXhq5Ha" class="giphy-embed"></div>'
        '<div data-giphy-id="3o7TKsQ8gqVrXhq5Ha"></div>'
        '<div data-giphyid="3o7TKsQ8gqVrXhq5Ha"></div>'
        '<div data-provider="giphy" data-id="3o7TKsQ8gqVrXhq5Ha"></div>',
        ("3o7TKsQ8gqVrXhq5Ha",) * 4,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

FRAMED = Framed(
    frame=Frame("https://giphy.com/embed/{id}", card="img[src*='giphy.com/'], video", width=480, height=480),
    kind="photo",
    signatures={"oembed": r'"meta"\s*:\s*\{[^{}]*"status"\s*:\s*404'},
    asks={"oembed": "https://giphy.com/services/oembed?url={quoted_url}"},
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`giphy.com/embed/ID` shows the file from a host of `giphy.com`; oEmbed gives it as a `photo`",
        "reported",
        check="ask for one",
    ),
)
GAPS = (
    Gap("not_told", "Nobody says when it was posted", "it has no date of its own", ("posted_at",)),
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="giphy",
    title="Giphy",
    hosts=("giphy.com", "gph.is"),
    identify=identify,
    canonical=canonical,
    is_short=is_short,
    is_frame=is_frame,
    id_pattern=r"[A-Za-z0-9]{8,30}",
    id_names=("giphyid",),
    selectors=SELECTORS,
    examples=EXAMPLES,
    short_links=("https://gph.is/2AbCdEf",),
    markup=MARKUP,
    not_posts=(
        "https://giphy.com/maralind",
        "https://i.giphy.com/gifs/maralind",
    ),
    visit=make_visit(FRAMED),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    archived=(
        "https://giphy.com/gifs/{id}",
        "https://giphy.com/embed/{id}",
    ),
    states=FRAMED_STATES,
)
