"""The Wayback Machine: addresses to ask, and its answers as values. Pure.

Its index: https://github.com/internetarchive/wayback/tree/master/wayback-cdx-server. A capture's own bytes are at `id_`; what
was served comes with its own status, its headers as `x-archive-orig-…`, and RFC 7089's `Memento-Datetime` and `Link`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from embedarchive.core.dates import to_iso
from embedarchive.core.mementos import (
    IndexAnswer,
    ListedMemento,
    Unreadable,
    judge_failure,
    read_moment,
    read_status,
    say_cut,
    strip_address,
)
from embedarchive.core.model import Exchange, Fetch
from embedarchive.platforms.kit.specification import Assumption

NAME = "Internet Archive"
HOST = "https://web.archive.org"
FIELDS = ("timestamp", "original", "mimetype", "statuscode", "digest")
MOST_ROWS = 300
"""Captures of one address that are asked for: more of one post are of no use."""

_PLACE = re.compile(r"https://web\.archive\.org/web/(\d{4,14})(?:id_|im_)?/(.+)", re.S)


def ask_index(form: str, resume: str = "", *, exact: bool = False) -> str:
    """The address that says what is held of an address and of all that begin with it."""
    asked = {"url": form, "output": "json", "fl": ",".join(FIELDS), "limit": str(MOST_ROWS), "showResumeKey": "true"}
    match = {} if exact else {"matchType": "prefix"}
    return f"{HOST}/cdx/search/cdx?{urlencode(asked | match | ({'resumeKey': resume} if resume else {}))}"


def read_index(fetch: Fetch, wanted: Callable[[str], bool]) -> IndexAnswer:
    """What its index says that it holds, of the addresses that are `wanted`."""
    if failed := judge_failure(fetch):
        return failed
    text = fetch.body.decode("utf-8", "replace")
    if "AdministrativeAccessControl" in text or "Blocked Site" in text:
        return IndexAnswer("excluded", "excluded")
    if fetch.status != 200:
        return IndexAnswer("error", f"http_{fetch.status}")
    table = _read_table(text)
    if table is None:
        return IndexAnswer("error", "no_table")
    resume = ""
    if len(table) > 1 and table[-2] == [] and table[-1]:
        resume = str(table[-1][0])
    rows = [each for each in table[1:] if len(each) == len(FIELDS)]
    held = tuple(found for row in rows if (found := _read_row(row)) and wanted(found.url))
    return IndexAnswer("held" if held else "none", None, held, resume)


def _read_table(text: str) -> list[list[Any]] | None:
    if not text.strip():
        return []
    try:
        table = json.loads(text)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(table, list) and all(isinstance(row, list) for row in table)
    return table if whole else None


def _read_row(row: list[Any]) -> ListedMemento | None:
    at, url, mime, status, digest = map(str, row)
    seen_at = read_moment(at)
    if seen_at is None:
        return None
    return ListedMemento(url, seen_at, f"{HOST}/web/{at}id_/{url}", read_status(status), mime, digest)


def ask_file(url: str, at: str) -> str:
    """The address of a picture or film as it was at a moment (ISO 8601), or nearest to it."""
    digits = re.sub(r"\D", "", at)[:14]
    return f"{HOST}/web/{digits}im_/{url}"


def read_capture(fetch: Fetch) -> tuple[Exchange, ...] | Unreadable:
    """What was archived at an address: the redirects that were archived, and where they led, as they were served."""
    hops = [place[2] for _, url in fetch.redirects if (place := _PLACE.fullmatch(url))]
    last = _PLACE.fullmatch(fetch.final_url)
    if last is None:
        return Unreadable("lost", "not_an_archive")
    moment = _read_datetime(fetch.header("memento-datetime"))
    originals = [*hops, last[2]]
    at = moment or read_moment(last[1]) or ""
    moves = [(one, other) for one, other in pairwise(originals) if not _is_same(one, other)]
    led = tuple(
        Exchange(one, status=302, response_headers=(("Location", other),), body=b"", started_at=at)
        for one, other in moves
    )
    if moment is None:
        return led or Unreadable("lost", _say_refusal(fetch))
    if fetch.reason and fetch.status is None:
        return Unreadable("lost", fetch.reason)
    return (*led, _read_served(fetch, last[2], moment))


def _read_served(fetch: Fetch, url: str, at: str) -> Exchange:
    own = "x-archive-orig-"
    headers = tuple((name[len(own) :], value) for name, value in fetch.headers if name.lower().startswith(own))
    return Exchange(
        url, status=fetch.status, response_headers=headers, body=fetch.body, content_type=fetch.content_type, started_at=at,
        truncated=fetch.truncated or say_cut(headers, fetch.body), elapsed_ms=fetch.elapsed_ms,
    )  # fmt: skip


def _is_same(one: str, other: str) -> bool:
    """Whether two addresses are one to an archive: a redirect between them leads to another moment of it."""
    return strip_address(one).lower() == strip_address(other).lower()


def _read_datetime(text: str | None) -> str | None:
    try:
        return to_iso(parsedate_to_datetime(text or "").astimezone(UTC))
    except (ValueError, TypeError, OverflowError):
        return None


def _say_refusal(fetch: Fetch) -> str:
    said = fetch.header("x-archive-wayback-runtime-error") or ""
    for sign, reason in (("ResourceNotInArchive", "not_held"), ("AccessControl", "excluded")):
        if sign in said:
            return reason
    return fetch.reason or f"http_{fetch.status}"


ASSUMPTIONS = (
    Assumption(
        "`/cdx/search/cdx?output=json` answers with an array of arrays, the first row naming the columns; nothing held is `[]`",
        "reported",
        source="the clients wayback 0.5.1 and cdx_toolkit, and their recorded answers",
        check="ask it for example.com and for a made-up host",
    ),
    Assumption(
        "Over 30 questions to the index, or 600 captures, a minute: 429; who goes on is shut out for an hour",
        "reported",
        source="the Internet Archive to the authors of wayback; we stay at four fifths",
    ),
    Assumption(
        "A capture at `id_` has the original body, `Memento-Datetime`, and the original headers as `x-archive-orig-*`",
        "reported",
        source="wayback 0.5.1, which reads them so",
        check="fetch a capture of example.com",
    ),
    Assumption(
        "What its owner had excluded is 403 with `AdministrativeAccessControlException`, what is not held 404 with "
        "`ResourceNotInArchiveException`",
        "reported",
        source="wayback 0.5.1",
    ),
    Assumption(
        "The digest of the index is the SHA-1 of the body as it was sent, in base 32", "reported", source="IIPC, CDX"
    ),
)
