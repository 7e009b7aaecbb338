"""X, formerly Twitter: status ids, the widget quote and what CMSs made of it. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import date_ms, match_path, query

# --------------------------------------------------------------------------------------------------------------- identity

_PATH = re.compile(
    r"(?i)^/(?:#!/)?(?:(?:i/)?(?:web/)?|@?\w{1,20}/|i/events/)status(?:es)?/(\d{1,20})(?!\d)|^/i/(?:videos/)?(?:tweet/)?(\d{5,20})(?!\d)"
)
_HANDLE = re.compile(r"^/@?(\w{1,20})/status", re.I)
_FIRST_SNOWFLAKE = 29_700_000_000
_EPOCH_MS = 1_288_834_974_657


def identify(url: SplitResult) -> str | None:
    """The status id of a permalink, of an embed frame, or of the old widget's address."""
    if url.path.startswith("/embed/"):
        found = query(url, "id", "tweetId")
        return found if found and found.isdigit() else None
    if url.fragment.startswith("!/"):
        url = url._replace(path=url.fragment[1:])
    return match_path(_PATH, url)


def date(status_id: str) -> str | None:
    """When it was posted: ids since November 2010 are snowflakes."""
    number = int(status_id)
    return date_ms((number >> 22) + _EPOCH_MS) if number > _FIRST_SNOWFLAKE else None


def canonical(status_id: str) -> str:
    """The address that needs no handle."""
    return f"https://x.com/i/status/{status_id}"


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    m = _HANDLE.match(url.path)
    return m[1] if m and m[1].lower() not in {"i", "web", "statuses"} else None


def is_frame(url: SplitResult) -> bool:
    """`platform.twitter.com/embed/Tweet.html?id=…`."""
    return url.path.startswith("/embed/")


# ---------------------------------------------------------------------------------------------------------------- finding

MARKS = (
    Mark(
        "blockquote",
        "blockquote.twitter-tweet, blockquote.twitter-video",
        url=("a:last@href", "@cite"),
        id=("@data-tweet-id",),
    ),
    Mark("amp", "amp-twitter", id=("@data-tweetid", "@tweetid"), url=("@data-tweetid", "@data-src")),
)

EXAMPLES = (
    Example(
        "https://twitter.com/jack/status/1349129669258448897?s=20",
        "1349129669258448897",
        "https://x.com/i/status/1349129669258448897",
        "2021-01-12T23:02:33",
    ),
    Example("https://x.com/i/web/status/20", "20", "https://x.com/i/status/20"),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="twitter-tweet" data-lang="de"><p lang="de" dir="ltr">Guten Tag</p>&mdash; Mara Lind (@maralind)'
        ' <a href="https://twitter.com/maralind/status/1349129669258448897">12. Januar 2021</a></blockquote>',
        ("1349129669258448897",),
        "blockquote",
        author_name="Mara Lind",
        author_handle="maralind",
        text="Guten Tag",
    ),
)

# ------------------------------------------------------------------------------------------------------------------ value

PLATFORM = Platform(
    name="x",
    title="X",
    hosts=(
        "x.com",
        "twitter.com",
        "fxtwitter.com",
        "vxtwitter.com",
        "fixupx.com",
        "fixvx.com",
        "xcancel.com",
        "nitter.net",
    ),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_frame=is_frame,
    read_number=lambda number: (number,) if number.isdigit() and len(number) <= 20 and date(number) else (),
    id_pattern=r"\d{9,20}",
    id_names=("tweetid", "tweetidstr", "twitterid", "xid"),
    services=("twitter", "tweet"),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
)
