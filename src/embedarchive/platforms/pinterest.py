"""Pinterest: pins by number; its buttons are no posts. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import SplitResult

from embedarchive.core.model import Answer, Media, Post
from embedarchive.platforms.kit.fields import as_count, as_kind, as_list, as_text, as_time, dig
from embedarchive.platforms.kit.framed import Framed, Said, as_seconds, as_url, make_visit, read_json_answer
from embedarchive.platforms.kit.ids import match_path, query
from embedarchive.platforms.kit.specification import (
    Assumption,
    Example,
    Frame,
    LiveCheck,
    MarkupExample,
    Platform,
    Selector,
)

_PATH = re.compile(r"^/pin/(?:[\w%-]{1,4000}--)?(\d{6,20})(?!\w)")


def identify(url: SplitResult) -> str | None:
    """The number of a pin."""
    if url.path.startswith("/ext/embed.html"):
        found = query(url, "id")
        if found and found.isdigit():
            return found
        return None
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


SELECTORS = (
    Selector("link", "a[data-pin-do=embedpin]", url=("@href",)),
    Selector(
        "custom-element",
        "[data-pin-do=embedpin]",
        url=("@href", "@data-pin-url", "@data-pin-href"),
        id=("@data-pin-id",),
    ),
    Selector("amp", "amp-pinterest[data-do=embedpin]", url=("@data-url",)),
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
        frame=True,
    ),
    Example(
        "https://pinterest.fr/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.es/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.it/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.at/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.ch/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.ca/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.se/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.dk/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.pt/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.jp/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.ie/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.nz/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.ph/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.cl/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.co.uk/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.co.kr/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.com.au/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.com.mx/pin/99360735500167749/",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example(
        "https://pinterest.de/pin/m--99360735500167749",
        "99360735500167749",
        "https://www.pinterest.com/pin/99360735500167749/",
    ),
    Example("https://pinterest.de/pin/993607", "993607", "https://www.pinterest.com/pin/993607/", bare=("993607",)),
)

MARKUP = (
    MarkupExample(
        '<a data-pin-do="embedPin" data-pin-width="medium" href="https://www.pinterest.com/pin/99360735500167749/"></a>',
        ("99360735500167749",),
        "link",
    ),
    MarkupExample(
        '<a data-pin-do="embedpin" href="https://www.pinterest.com/pin/99360735500167749/"></a>',
        ("99360735500167749",),
        "link",
    ),
    MarkupExample(
        '<div data-pin-do="embedpin" href="https://www.pinterest.com/pin/99360735500167749/"></div>'
        '<div data-pin-do="embedpin" data-pin-url="https://www.pinterest.com/pin/99360735500167749/"></div>'
        '<div data-pin-do="embedpin" data-pin-href="https://www.pinterest.com/pin/99360735500167749/"></div>'
        '<div data-pin-do="embedpin" data-pin-id="99360735500167749"></div>'
        '<div data-pinterestid="99360735500167749"></div>'
        '<div data-pinid="99360735500167749"></div>'
        '<div data-provider="pinterest" data-id="99360735500167749"></div>',
        ("99360735500167749",) * 7,
        "custom-element",
    ),
    MarkupExample(
        '<amp-pinterest data-do="embedpin" data-url="https://www.pinterest.com/pin/99360735500167749/"></amp-pinterest>',
        ("99360735500167749",),
        "amp",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing


def read_pin(answer: Answer, post: Post) -> Said:
    """Read the pin's object, from the widgets' service or from the site's own."""
    data = read_json_answer(answer)
    pin = dig(data, "data", 0) or dig(data, "resource_response", "data")
    if not isinstance(pin, dict) or not pin.get("id"):
        denied = isinstance(data, dict) and "data" in data and not data["data"]
        if denied:
            return None
        return {}
    owner = pin.get("pinner")
    name, media = as_text(dig(owner, "username")), tuple(_read_media(pin))
    face = as_url(dig(owner, "image_small_url"))
    return {
        "id": str(pin["id"]),
        "kind": as_kind(media),
        "author_name": as_text(dig(owner, "full_name")),
        "author_handle": name,
        "author_url": as_text(dig(owner, "profile_url")) or (name and f"https://www.pinterest.com/{name}/"),
        "author_followers": as_count(dig(owner, "follower_count")),
        "title": as_text(pin.get("grid_title")) or as_text(pin.get("title")),
        "text": (as_text(pin.get("description")) or "").strip(),
        "alt_text": as_text(pin.get("alt_text")) or as_text(pin.get("auto_alt_text")),
        "posted_at": _read_time(pin.get("created_at")),
        "likes": as_count(dig(pin, "reaction_counts", "1")),
        "comments": as_count(pin.get("comment_count")),
        "shares": as_count(pin.get("repin_count")),
        "media": (*media, Media("avatar", 0, face)) if face else media,
    }


def _read_media(pin: dict[str, Any]) -> Iterator[Media]:
    """The slides of a carousel, a film with its poster, or the picture as uploaded."""
    slides = as_list(dig(pin, "carousel_data", "carousel_slots")) or [pin]
    for position, slide in enumerate(slides, 1):
        film, picture = _find_film(dig(slide, "videos", "video_list")), _find_picture(dig(slide, "images"))
        if film:
            length = as_seconds(film.get("duration"))
            seconds = length and length / 1000
            yield Media("media", position, film["url"], film.get("width"), film.get("height"), duration_s=seconds)
        if picture:
            yield Media("poster" if film else "media", position, *picture)


def _find_film(films: Any) -> dict[str, Any] | None:
    """The largest file; the other entries are lists of pieces."""
    files = [f for f in (films.values() if isinstance(films, dict) else ()) if ".mp4" in str(dig(f, "url"))]
    return max(files, key=lambda f: as_count(f.get("width")) or 0, default=None)


def _find_picture(images: Any) -> tuple[str, int | None, int | None] | None:
    """The picture as uploaded, else the largest that is no crop: `600x315` and squares are cut to fit."""
    if isinstance(images, dict):
        sizes = images
    else:
        sizes = {}
    whole = [sizes[k] for k in ("orig", "1200x", "736x", "564x", "474x", "345x", "237x", "236x") if k in sizes]
    best = next((s for s in whole if as_text(dig(s, "url"))), None)
    if not best:
        return None
    return (best["url"], as_count(best.get("width")), as_count(best.get("height")))


def _read_time(created: object) -> str | None:
    """ISO time of `Fri, 26 Jun 2026 17:55:16 +0000`."""
    try:
        return as_time(parsedate_to_datetime(str(created or "")).isoformat())
    except ValueError:
        return None


FRAMED = Framed(
    frame=Frame(
        "https://assets.pinterest.com/ext/embed.html?id={id}&src=oembed",
        card="body:has(img[src*='pinimg.com'])",
        width=450,
    ),
    kind="",
    asks={
        "pin": "https://widgets.pinterest.com/v3/pidgets/pins/info/?pin_ids={id}",
        "oembed": "https://www.pinterest.com/oembed.json?url={quoted_url}",
    },
    readers={"pin": read_pin},
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`assets.pinterest.com/ext/embed.html?id=` is the frame",
        "verified",
        source="an oEmbed answer",
    ),
    Assumption(
        "Its pictures come from `pinimg.com`; nothing more of its markup is known, so it must hold "
        "the pin's title, words or file",
        "guess",
        check="look at one",
    ),
    Assumption(
        "`widgets.pinterest.com/v3/pidgets/pins/info/?pin_ids=` gives the pin without a token, in "
        "`data[0]`; a missing one as empty `data`",
        "guess",
        source="the first part reported",
        check="ask for both",
        live=LiveCheck("pin", lacks=("data", 0)),
    ),
    Assumption(
        "The pin's object: `grid_title`, `images.orig`, `videos.video_list`, `reaction_counts`",
        "verified",
        source="of the site's own service",
    ),
)

# ---------------------------------------------------------------------------------------------------------------- value

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
    selectors=SELECTORS,
    examples=EXAMPLES,
    short_links=("https://pin.it/3AbCdEf",),
    markup=MARKUP,
    not_posts=(
        "https://www.pinterest.com/maralind/",
        "https://pinterest.com/ext/embed.html",
    ),
    not_embeds=(
        '<a data-pin-do="buttonPin" href="https://www.pinterest.com/pin/create/button/?url=https%3A%2F%2Fnews.example%2F"></a>',
        '<a data-pin-do="embedBoard" href="https://www.pinterest.com/maralind/birds/"></a>',
    ),
    visit=make_visit(FRAMED, rules=2),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://www.pinterest.com/pin/{id}/",
        "https://assets.pinterest.com/ext/embed.html?id={id}",
    ),
    made_up_url="https://www.pinterest.com/pin/999999999999999999/",
    states=("live", "gone", "unsure", "refused", "strange", "wrong_post"),
)
