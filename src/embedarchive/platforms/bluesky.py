"""Bluesky: repository and record key, the quote with full text, the frame. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import date_ms, decode_tid, match_path

_PATH = re.compile(
    r"^/(?:profile|embed)/((?:did:[a-z]+:[\w.:%-]{5,100}|[\w.-]{3,253}))/(?:post|app\.bsky\.feed\.post)/(\w{5,20})(?!\w)"
)


def identify(url: SplitResult) -> str | None:
    """`did/key`, or `handle/key` where the address names the author so."""
    m = _PATH.match(url.path.replace("%3A", ":").replace("%3a", ":"))
    return f"{m[1]}/{m[2]}" if m else None


def canonical(native_id: str) -> str:
    """The page of the post."""
    author, _, key = native_id.rpartition("/")
    return f"https://bsky.app/profile/{author}/post/{key}"


def date(native_id: str) -> str | None:
    """The record key is a clock in microseconds."""
    us = decode_tid(native_id.rpartition("/")[2])
    return date_ms(us // 1000) if us else None


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    found = match_path(_PATH, url)
    return None if not found or found.startswith("did:") else found


def is_frame(url: SplitResult) -> bool:
    """`embed.bsky.app/embed/…`."""
    return url.path.startswith("/embed/")


MARKS = (
    Mark(
        "blockquote",
        "blockquote.bluesky-embed, [data-bluesky-uri]",
        id=("@data-bluesky-uri",),
        url=("@cite", "a:last@href"),
    ),
    Mark("custom-element", "bluesky-post", url=("@src", "@href"), id=("@src", "@uri")),
)

EXAMPLES = (
    Example(
        "https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p",
        "mara.example/3lcxjuygrwk2p",
        "https://bsky.app/profile/mara.example/post/3lcxjuygrwk2p",
    ),
    Example(
        "https://embed.bsky.app/embed/did:plc:abcdefghijklmnop/app.bsky.feed.post/3lcxjuygrwk2p?id=1",
        "did:plc:abcdefghijklmnop/3lcxjuygrwk2p",
        "https://bsky.app/profile/did:plc:abcdefghijklmnop/post/3lcxjuygrwk2p",
    ),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="bluesky-embed" data-bluesky-uri="at://did:plc:abcdefghijklmnop/app.bsky.feed.post/3lcxjuygrwk2p"'
        ' data-bluesky-cid="bafy"><p lang="en">The kestrel is back.</p>&mdash; Mara Lind ('
        '<a href="https://bsky.app/profile/did:plc:abcdefghijklmnop">@mara.example</a>) '
        '<a href="https://bsky.app/profile/did:plc:abcdefghijklmnop/post/3lcxjuygrwk2p">Dec 10, 2024</a></blockquote>',
        ("did:plc:abcdefghijklmnop/3lcxjuygrwk2p",),
        "blockquote",
        author_name="Mara Lind",
        author_handle="mara.example",
        text="The kestrel is back.",
        posted_at="2024-12-10",
    ),
)

PLATFORM = Platform(
    name="bluesky",
    title="Bluesky",
    hosts=("bsky.app",),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_frame=is_frame,
    id_pattern=r"at://(did:[a-z]+:[\w.:%-]{5,100}|[\w.-]{3,253})/app\.bsky\.feed\.post/(\w{5,20})",
    id_names=("blueskyuri", "blueskyposturi", "blueskyembeduri", "uri", "aturi"),
    services=("bsky",),
    traces=(
        r"bsky\.app/(?:profile|embed)/[^\s\"'<>]{3,300}?post/",
        r"did:[a-z]+:[\w.:%-]{5,100}/app\.bsky\.feed\.post",
    ),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://bsky.app/profile/mara.example",),
)
