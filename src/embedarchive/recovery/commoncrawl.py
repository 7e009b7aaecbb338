"""Common Crawl: its crawls, the index of each, and one record of one file. Pure.

https://commoncrawl.org/cdxj-index; each record is a gzip member of its own, so that a range of bytes is one record.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from embedarchive.core.mementos import (
    IndexAnswer,
    ListedMemento,
    Unreadable,
    differs,
    judge_failure,
    read_moment,
    read_status,
    say_cut,
)
from embedarchive.core.model import Exchange, Fetch
from embedarchive.platforms.kit.specification import Assumption

NAME = "Common Crawl"
CRAWLS = "https://index.commoncrawl.org/collinfo.json"
DATA = "https://data.commoncrawl.org/"
MOST_ROWS = 100
LARGEST_RECORD = 20_000_000


@dataclass(frozen=True, slots=True)
class Crawl:
    """One crawl: the address of its index, and from when to when it went (ISO 8601)."""

    index: str
    first: str
    last: str


def read_crawls(body: bytes) -> tuple[Crawl, ...]:
    """The crawls that there are; none where the list cannot be read."""
    try:
        listed = json.loads(body)
        return tuple(Crawl(each["cdx-api"], each["from"], each["to"]) for each in listed)
    except (ValueError, TypeError, KeyError, RecursionError):
        return ()


def choose_crawls(crawls: tuple[Crawl, ...], near: str | None, most: int) -> tuple[Crawl, ...]:
    """The crawls that came first after a moment (ISO 8601), for a page is there soon after its post; then the last before.

    Of a post of which no moment is known the last crawls are asked: the first ones were before most posts.
    """
    if near is None:
        return tuple(sorted(crawls, key=lambda each: each.first, reverse=True)[:most])
    after = sorted((each for each in crawls if each.last >= near), key=lambda each: each.first)
    before = sorted((each for each in crawls if each.last < near), key=lambda each: each.first, reverse=True)
    return tuple([*after, *before][:most])


def ask_index(crawl: str, form: str) -> str:
    """The address that says what a crawl holds of an address and of all that begin with it."""
    return f"{crawl}?{urlencode({'url': form, 'matchType': 'prefix', 'output': 'json', 'limit': str(MOST_ROWS)})}"


def read_index(fetch: Fetch, wanted: Callable[[str], bool]) -> IndexAnswer:
    """What an index says that its crawl holds, of the addresses that are `wanted`; 404 means nothing."""
    if failed := judge_failure(fetch):
        return failed
    if fetch.status == 404 and b"No Captures" in fetch.body:
        return IndexAnswer("none")
    if fetch.status != 200:
        return IndexAnswer("error", f"http_{fetch.status}")
    rows = [_read_line(line) for line in fetch.body.splitlines() if line.strip()]
    held = tuple(row for row in rows if row and wanted(row.url))
    if rows and not any(rows):
        return IndexAnswer("error", "no_table")
    return IndexAnswer("held" if held else "none", None, held)


def _read_line(line: bytes) -> ListedMemento | None:
    try:
        row: dict[str, Any] = json.loads(line)
        place = f"{row['filename']} {int(row['offset'])} {int(row['length'])}"
        seen_at = read_moment(str(row["timestamp"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    if seen_at is None or int(row["length"]) > LARGEST_RECORD:
        return None
    return ListedMemento(
        str(row["url"]), seen_at, place, read_status(row.get("status")), row.get("mime"), row.get("digest")
    )


def ask_record(place: str) -> tuple[str, dict[str, str]]:
    """The address of the file that holds a record, and the header that asks for that record only."""
    name, offset, length = place.rsplit(" ", 2)
    return DATA + name, {"Range": f"bytes={offset}-{int(offset) + int(length) - 1}", "Accept-Encoding": "identity"}


def read_record(fetch: Fetch, held: ListedMemento, found: Fetch | None) -> tuple[Exchange, ...] | Unreadable:
    """What was archived: `found` is what the bytes of its record were read as."""
    if fetch.status != 206:
        return Unreadable("lost", fetch.reason or f"http_{fetch.status}")
    if found is None or found.url != held.url:
        return Unreadable("unreadable", "no_record")
    if found.truncated:
        return Unreadable("unreadable", found.truncated)
    exchange = Exchange(
        found.url, status=found.status, response_headers=found.headers, body=found.body, content_type=found.content_type,
        started_at=found.fetched_at, truncated=say_cut(found.headers, found.body),
    )  # fmt: skip
    if differs(exchange, held.digest):
        return Unreadable("unreadable", "wrong_digest")
    return (exchange,)


ASSUMPTIONS = (
    Assumption(
        "`index.commoncrawl.org/collinfo.json` lists the crawls; each index answers with JSON lines, 404 where it has nothing",
        "reported",
        source="cdx_toolkit, and pywb, which serves it",
        check="ask one for example.com and for a made-up host",
    ),
    Assumption(
        "`data.commoncrawl.org` gives the bytes `offset` to `offset + length - 1` of a file: one gzip member with one record",
        "reported",
        source="cdx_toolkit, which reads them so",
        check="ask for one",
    ),
    Assumption("Both answer 503 to who asks too fast", "reported", source="Common Crawl's own guidance"),
)
