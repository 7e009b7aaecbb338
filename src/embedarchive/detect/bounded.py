"""The search of one document, bounded: HTML of any size and malice -> what was found, or what cut the search short.

Small documents are searched in this process: every rule is linear in their size. Larger ones go to a child with
limits on CPU
time and memory, killed at a deadline; whatever happens to it is said in `truncated`, never taken for "nothing found".
"""

from __future__ import annotations

import asyncio
from contextlib import closing
from dataclasses import replace
from typing import Any

from embedarchive.core.model import Found
from embedarchive.detect.child import Document, SearchChild, search_here
from embedarchive.detect.line_process import SearchLimits

SMALL = 2_000_000
"""Bytes. Up to here the worst input known takes a few seconds (see the bench), and a child would cost more than
the search."""


def search_bounded(
    html: bytes,
    *,
    url: str | None = None,
    content_type: str | None = None,
    mentions: bool = False,
    unknown: bool = False,
    obstacles: bool = False,
    limits: SearchLimits | None = None,
    small: int = SMALL,
) -> Found:
    """Find the embeds of a document within limits; `truncated` is `size`, `time`, `memory` or `crash` when they
    were met. With `obstacles`, what holds no embed is `truncated` by what stands in its place: `paywall`, `consent`,
    `challenge`.

    `small` is up to how many bytes the search may happen in this process.
    """
    limits = limits or SearchLimits()
    asked = {"mentions": mentions, "unknown": unknown, "obstacles": obstacles}
    page = make_page(html, limits, url=url, content_type=content_type, **asked)
    if len(page.body) <= small:
        return search_here(page.body, page.options)
    with closing(SearchChild(limits)) as child:
        [found] = child.search([page])
    return say_cut(found, html, page)


def make_page(html: bytes, limits: SearchLimits, **options: Any) -> Document:
    """A document as far as it is read."""
    return Document(html[: limits.most_bytes], options)


def say_cut(found: Found, html: bytes, page: Document) -> Found:
    """What was found, and that the document is longer than what was read of it, if it is."""
    if found.truncated or len(page.body) == len(html):
        return found
    return replace(found, truncated="size")


async def search_page(html: bytes, *, limits: SearchLimits | None = None, **options: Any) -> Found:
    """The same without holding up the event loop: a thread waits for it."""
    return await asyncio.to_thread(search_bounded, html, limits=limits, **options)
