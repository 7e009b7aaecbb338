"""Flickr: photos by number, in the link that its script expands and in players. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import match_path, query

_PATH = re.compile(r"^/photos/[\w@.\-]{1,60}/(\d{5,15})(?!\d)")


def identify(url: SplitResult) -> str | None:
    """The number of a photo."""
    if url.path == "/photo.gne":
        found = query(url, "id")
        return found if found and found.isdigit() else None
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The address that needs no owner."""
    return f"https://www.flickr.com/photo.gne?id={native_id}"


def permalink(url: SplitResult) -> str | None:
    """The photo's own address, which carries its owner."""
    m = re.match(r"^/photos/[\w@.\-]{1,60}/\d{5,15}", url.path)
    return f"https://www.flickr.com{m[0]}/" if m else None


def is_short(url: SplitResult) -> bool:
    """`flic.kr/p/CODE` redirects."""
    return (url.hostname or "").endswith("flic.kr") and url.path.startswith("/p/")


def is_frame(url: SplitResult) -> bool:
    """`…/player/`, and the embed host."""
    return url.path.rstrip("/").endswith("/player") or (url.hostname or "").startswith("embedr.")


MARKS = (Mark("link", "a[data-flickr-embed]", url=("@href",)),)

EXAMPLES = (
    Example(
        "https://www.flickr.com/photos/maralind/51234567890/in/dateposted/",
        "51234567890",
        "https://www.flickr.com/photo.gne?id=51234567890",
    ),
)

MARKUP = (
    MarkupExample(
        '<a data-flickr-embed="true" href="https://www.flickr.com/photos/maralind/51234567890/" title="A kestrel"><img src="x.jpg"></a>',
        ("51234567890",),
        "link",
    ),
)

PLATFORM = Platform(
    name="flickr",
    title="Flickr",
    hosts=("flickr.com", "flic.kr"),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    is_short=is_short,
    is_frame=is_frame,
    traces=(r"flickr\.com/photo\.gne", r"flickr\.com/photos/[^\s\"'<>/]{1,60}/\d", r"flic\.kr/p/"),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.flickr.com/photos/maralind/",),
    not_embeds=('<a href="https://www.flickr.com/photos/maralind/51234567890/">Photo: Mara Lind</a>',),
)
