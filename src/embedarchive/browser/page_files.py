"""What an article was drawn with: the style sheets, pictures and typefaces that its own page asked for, within bounds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from embedarchive.core.model import Exchange

KINDS = frozenset(("stylesheet", "image", "font"))
"""Scripts are not among them: the page is kept as it was once they had run."""

MOST = 300
LONGEST = 4_000_000
LONGEST_IN_ALL = 24_000_000
"""Bytes, of one file and of all files of a page. A page is there for context; its posts have captures of their own."""


def choose_page_files(exchanges: Iterable[Exchange]) -> Iterator[Exchange]:
    """Whole answers that draw the page, each address once, in the order in which they were asked for, until it is enough."""
    left, seen = LONGEST_IN_ALL, set[str]()
    for each in exchanges:
        if not draws(each) or each.url in seen or len(each.body or b"") > left:
            continue
        seen.add(each.url)
        left -= len(each.body or b"")
        yield each
        if len(seen) == MOST:
            return


def draws(exchange: Exchange) -> bool:
    body = exchange.body or b""
    whole = exchange.status == 200 and exchange.method == "GET" and not exchange.truncated and not exchange.error
    return whole and exchange.resource_type in KINDS and 0 < len(body) <= LONGEST
