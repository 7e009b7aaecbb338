"""Flickr: photos by number, in the link that its script expands and in players. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote

from embedarchive.core.model import Post
from embedarchive.platforms.kit.framed import FRAMED_STATES, Framed, make_visit
from embedarchive.platforms.kit.ids import match_path, query
from embedarchive.platforms.kit.specification import Assumption, Example, Frame, Gap, MarkupExample, Platform, Selector

_PATH = re.compile(r"^/photos/[\w@.%\-]{1,60}/(\d{5,15})(?!\d)")
_FRAME = re.compile(r"^/photos/(\d{5,15})/?$")


def identify(url: SplitResult) -> str | None:
    """The number of a photo."""
    if url.path == "/photo.gne":
        found = query(url, "id")
        if found and found.isdigit():
            return found
        return None
    return match_path(_FRAME if is_embed_host(url) else _PATH, url)


def canonical(native_id: str) -> str:
    """The address that needs no owner."""
    return f"https://www.flickr.com/photo.gne?id={native_id}"


def permalink(url: SplitResult) -> str | None:
    """The photo's own address, which carries its owner."""
    m = re.match(r"^/photos/[\w@.%\-]{1,60}/\d{5,15}", url.path)
    if m:
        return f"https://www.flickr.com{m[0]}/"
    return None


def is_short(url: SplitResult) -> bool:
    """`flic.kr/p/CODE` redirects."""
    return (url.hostname or "").endswith("flic.kr") and url.path.startswith("/p/")


def is_frame(url: SplitResult) -> bool:
    """`…/player/`, and the embed host."""
    return url.path.rstrip("/").endswith("/player") or is_embed_host(url)


def is_embed_host(url: SplitResult) -> bool:
    """`embedr.flickr.com`, whose addresses name no owner."""
    return (url.hostname or "").startswith("embedr.")


SELECTORS = (Selector("link", "a[data-flickr-embed]", url=("@href",)),)

EXAMPLES = (
    Example(
        "https://www.flickr.com/photos/maralind/51234567890/in/dateposted/",
        "51234567890",
        "https://www.flickr.com/photo.gne?id=51234567890",
        permalink="https://www.flickr.com/photos/maralind/51234567890/",
    ),
    Example("https://embedr.flickr.com/photos/51234", "51234", "https://www.flickr.com/photo.gne?id=51234", frame=True),
    Example(
        "https://flic.kr/photos/m/51234567890",
        "51234567890",
        "https://www.flickr.com/photo.gne?id=51234567890",
        permalink="https://www.flickr.com/photos/m/51234567890/",
    ),
    Example(
        "https://flickr.com/photos/maralind/51234567890/in/dateposted//player",
        "51234567890",
        "https://www.flickr.com/photo.gne?id=51234567890",
        permalink="https://www.flickr.com/photos/maralind/51234567890/",
        frame=True,
    ),
    Example(
        "https://flic.kr/photos/maralind/51234",
        "51234",
        "https://www.flickr.com/photo.gne?id=51234",
        permalink="https://www.flickr.com/photos/maralind/51234/",
    ),
)

MARKUP = (
    MarkupExample(
        '<a data-flickr-embed="true" href="https://www.flickr.com/photos/maralind/51234567890/" title="A kestrel"><img src="x.jpg"></a>',
        ("51234567890",),
        "link",
    ),
    MarkupExample(
        '<a data-flickr-embed="" href="https://www.flickr.com/photos/maralind/51234567890/"></a>',
        ("51234567890",),
        "link",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_BASE58 = "123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"


def short_link(number: int) -> str:
    """The short address that Flickr makes of a photo's number; its oEmbed service knows no other without the owner."""
    code = ""
    while number:
        number, digit = divmod(number, 58)
        code = _BASE58[digit] + code
    return f"https://flic.kr/p/{code}"


def asked_address(post: Post) -> dict[str, str]:
    """The address to ask about."""
    if "/photos/" in post.url:
        address = post.url
    else:
        address = short_link(int(post.native_id))
    return {"address": quote(address, safe="")}


FRAMED = Framed(
    frame=Frame("https://embedr.flickr.com/photos/{id}", card=".photo-card, .slide, img[src*='staticflickr.com']"),
    kind="photo",
    signatures={"oembed": r'"stat"\s*:\s*"fail"'},
    asks={"oembed": "https://www.flickr.com/services/oembed/?format=json&url={address}"},
    fields=asked_address,
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`embedr.flickr.com/photos/ID` is the frame; oEmbed knows `flic.kr/p/` in base 58",
        "reported",
        source="the second part documented",
        check="ask for one",
    ),
)
GAPS = (
    Gap("not_told", "Nobody says when it was posted", "it has no date of its own", ("posted_at",)),
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="flickr",
    title="Flickr",
    hosts=("flickr.com", "flic.kr"),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    is_short=is_short,
    is_frame=is_frame,
    selectors=SELECTORS,
    examples=EXAMPLES,
    short_links=("https://flic.kr/p/2kXyZab",),
    markup=MARKUP,
    not_posts=(
        "https://www.flickr.com/photos/maralind/",
        "https://flickr.com/photo.gne",
    ),
    not_embeds=('<a href="https://www.flickr.com/photos/maralind/51234567890/">Photo: Mara Lind</a>',),
    visit=make_visit(FRAMED),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    archived=(
        "https://www.flickr.com/photos/{handle}/{id}/",
        "https://embedr.flickr.com/photos/{id}",
    ),
    states=FRAMED_STATES,
)
