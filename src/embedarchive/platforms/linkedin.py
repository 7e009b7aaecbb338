"""LinkedIn: update urns, in frames; ids that are clocks. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, unquote

from embedarchive.platform import Example, MarkupExample, Platform
from embedarchive.platforms._ids import date_ms

_PATH = re.compile(r"^/(?:embed/)?(?:feed|pulse)?/?update/(urn:li:(?:share|ugcPost|activity):\d{10,25})(?!\d)", re.I)
_SLUG = re.compile(r"^/posts/[^/]{1,300}?-(share|ugcPost|activity)-(\d{10,25})(?!\d)", re.I)


def identify(url: SplitResult) -> str | None:
    """The urn of an update."""
    path = unquote(url.path)
    m = _PATH.match(path)
    if m:
        return m[1]
    slug = _SLUG.match(path)
    return f"urn:li:{slug[1]}:{slug[2]}" if slug else None


def canonical(native_id: str) -> str:
    """The update's page."""
    return f"https://www.linkedin.com/feed/update/{native_id}/"


def date(native_id: str) -> str | None:
    """The id's upper bits are milliseconds."""
    return date_ms(int(native_id.rpartition(":")[2]) >> 22)


def handle(url: SplitResult) -> str | None:
    """The author's name in the address, where it carries one."""
    m = re.match(r"^/posts/([\w%-]{1,100}?)_", url.path)
    return m[1] if m else None


def is_short(url: SplitResult) -> bool:
    """`lnkd.in/CODE` redirects."""
    return (url.hostname or "").endswith("lnkd.in") and len(url.path) > 4


def is_frame(url: SplitResult) -> bool:
    """`/embed/feed/update/…`."""
    return url.path.startswith("/embed/")


EXAMPLES = (
    Example(
        "https://www.linkedin.com/embed/feed/update/urn%3Ali%3Ashare%3A7000000000000000000",
        "urn:li:share:7000000000000000000",
        "https://www.linkedin.com/feed/update/urn:li:share:7000000000000000000/",
        "2022-11-20T07:40:53",
    ),
    Example(
        "https://www.linkedin.com/posts/maralind_birds-activity-7000000000000000000-AbCd",
        "urn:li:activity:7000000000000000000",
        "https://www.linkedin.com/feed/update/urn:li:activity:7000000000000000000/",
    ),
)

MARKUP = (
    MarkupExample(
        '<iframe src="https://www.linkedin.com/embed/feed/update/urn:li:ugcPost:7000000000000000000" height="800"></iframe>',
        ("urn:li:ugcPost:7000000000000000000",),
        "iframe",
    ),
)

PLATFORM = Platform(
    name="linkedin",
    title="LinkedIn",
    hosts=("linkedin.com", "lnkd.in"),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_short=is_short,
    is_frame=is_frame,
    id_pattern=r"urn:li:(?:share|ugcPost|activity):\d{10,25}",
    id_names=("linkedinurn", "linkedinid"),
    traces=(r"linkedin\.com/(?:embed/)?(?:feed/|pulse/)?update/", r"linkedin\.com/posts/", r"lnkd\.in/"),
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://www.linkedin.com/in/maralind",
        "https://www.linkedin.com/shareArticle?url=https%3A%2F%2Fnews.example",
    ),
)
