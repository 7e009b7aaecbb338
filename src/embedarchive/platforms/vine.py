"""Vine, closed in 2017: video ids, in frames that no longer answer. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.core.model import Answer, Post
from embedarchive.platforms.kit.fields import as_count, as_text, as_time, dig
from embedarchive.platforms.kit.framed import (
    FRAMED_STATES,
    Framed,
    Said,
    as_url,
    file_or_stream,
    make_visit,
    poster_of,
    read_json_answer,
)
from embedarchive.platforms.kit.ids import match_path
from embedarchive.platforms.kit.specification import Assumption, Example, Frame, MarkupExample, Platform, Selector

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


SELECTORS = (Selector("amp", "amp-vine", id=("@data-vineid",)),)

EXAMPLES = (
    Example("https://vine.co/v/OHQBTeUJ9jT/embed/simple", "OHQBTeUJ9jT", "https://vine.co/v/OHQBTeUJ9jT", frame=True),
    Example("https://vine.co/v/marali", "marali", "https://vine.co/v/marali"),
    Example("https://vine.co/v/OHQBTeUJ9", "OHQBTeUJ9", "https://vine.co/v/OHQBTeUJ9", bare=("OHQBTeUJ9",)),
)

MARKUP = (
    MarkupExample(
        '<iframe class="vine-embed" src="https://vine.co/v/OHQBTeUJ9jT/embed/simple"></iframe>',
        ("OHQBTeUJ9jT",),
        "iframe",
    ),
    MarkupExample(
        '<amp-vine data-vineid="OHQBTeUJ9jT"></amp-vine>',
        ("OHQBTeUJ9jT",),
        "amp",
    ),
    MarkupExample(
        '<div data-vineid="OHQBTeUJ9jT"></div><div class="vine-embed" data-id="OHQBTeUJ9jT"></div>',
        ("OHQBTeUJ9jT",) * 2,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing


def read_archive(answer: Answer, post: Post) -> Said:
    """Read the archive that Vine left when it closed."""
    data = read_json_answer(answer)
    if not as_text(dig(data, "videoUrl")):
        return {}
    return {
        "author_name": as_text(data.get("username")),
        "text": as_text(data.get("description")),
        "posted_at": as_time(f"{data.get('created')}+00:00"),
        "likes": as_count(data.get("likes")),
        "comments": as_count(data.get("comments")),
        "shares": as_count(data.get("reposts")),
        "views": as_count(data.get("loops")),
        "media": (file_or_stream(as_url(data["videoUrl"])), *poster_of(as_url(data.get("thumbnailUrl")))),
    }


FRAMED = Framed(
    frame=Frame("https://vine.co/v/{id}/embed/simple", card=".vine-embed, #app, video", width=480, height=480),
    signatures={"archive": r"<Code>(?:NoSuchKey|AccessDenied)</Code>"},
    asks={"archive": "https://archive.vine.co/posts/{id}.json"},
    readers={"archive": read_archive},
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`archive.vine.co/posts/ID.json` still answers",
        "reported",
        source="some years ago",
        check="ask for one",
    ),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="vine",
    title="Vine",
    hosts=("vine.co",),
    identify=identify,
    canonical=canonical,
    is_frame=is_frame,
    id_pattern=r"\w{9,13}",
    id_names=("vineid",),
    selectors=SELECTORS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://vine.co/maralind",),
    visit=make_visit(FRAMED),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://vine.co/v/{id}",
        "https://vine.co/v/{id}/embed/simple",
        "https://vine.co/v/{id}/card",
    ),
    states=FRAMED_STATES,
)
