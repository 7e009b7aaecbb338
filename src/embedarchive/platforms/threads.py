"""Threads: codes as Instagram writes them, the quote that holds no text. Pure."""

from __future__ import annotations

import re
from urllib.parse import SplitResult

from embedarchive.platform import Example, Mark, MarkupExample, Platform
from embedarchive.platforms._ids import date_ms, decode_base64url, match_path

_PATH = re.compile(r"^/(?:@[\w.]{0,40}/post|t)/([A-Za-z0-9_-]{5,64})(?![A-Za-z0-9_-])")
_HANDLE = re.compile(r"^/@([\w.]{2,40})/post/")
_FIRST_MS = 1_314_220_021_721


def identify(url: SplitResult) -> str | None:
    """The code of a post."""
    return match_path(_PATH, url)


def canonical(native_id: str) -> str:
    """The address that needs no handle."""
    return f"https://www.threads.com/t/{native_id}"


def date(native_id: str) -> str | None:
    """As on Instagram: the id's upper bits are milliseconds."""
    return date_ms((decode_base64url(native_id) >> 23) + _FIRST_MS)


def handle(url: SplitResult) -> str | None:
    """The author's handle, where the address carries it."""
    return match_path(_HANDLE, url)


def is_frame(url: SplitResult) -> bool:
    """`…/embed`."""
    return url.path.rstrip("/").endswith("/embed")


MARKS = (
    Mark(
        "blockquote",
        "blockquote.text-post-media, blockquote[data-text-post-permalink]",
        url=("@data-text-post-permalink", "a:last@href"),
    ),
)

EXAMPLES = (
    Example(
        "https://www.threads.net/@mara.lind/post/DDYEM_foiI1?xmt=1",
        "DDYEM_foiI1",
        "https://www.threads.com/t/DDYEM_foiI1",
        "2024-12-09T23:27:23",
    ),
    Example(
        "https://www.threads.com/@mara.lind/post/DDYEM_foiI1/embed",
        "DDYEM_foiI1",
        "https://www.threads.com/t/DDYEM_foiI1",
    ),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="text-post-media" data-text-post-permalink="https://www.threads.com/@mara.lind/post/DDYEM_foiI1"'
        ' data-text-post-version="0" id="ig-tp-DDYEM_foiI1"><a href="https://www.threads.com/@mara.lind/post/DDYEM_foiI1">'
        "<div>View on Threads</div></a></blockquote>",
        ("DDYEM_foiI1",),
        "blockquote",
        author_handle="mara.lind",
    ),
)

PLATFORM = Platform(
    name="threads",
    title="Threads",
    hosts=("threads.net", "threads.com"),
    identify=identify,
    canonical=canonical,
    date=date,
    handle=handle,
    is_frame=is_frame,
    id_pattern=r"[A-Za-z0-9_-]{10,12}",
    id_names=("threadsid",),
    services=("threadsnet",),
    traces=(r"threads\.(?:net|com)/(?:@[\w.]{0,40}/post|t)/",),
    marks=MARKS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=("https://www.threads.com/@mara.lind",),
)
