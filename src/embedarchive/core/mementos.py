"""What an archive answers when it is asked what it holds: the words and values that all archives share. Pure."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

from embedarchive.core.dates import parse_iso, to_iso
from embedarchive.core.model import Exchange, Fetch, Headers

Source = Literal["archive", "files", "wayback", "articles", "commoncrawl", "cdn"]
SOURCES: tuple[Source, ...] = ("archive", "files", "wayback", "articles", "commoncrawl", "cdn")
"""Who is asked, in this order: the archive's own claims, archives and files in hand, the Wayback Machine about the post, and
about the articles that embed it, Common Crawl, the platform's own server for files whose addresses were kept earlier."""

Said = Literal["held", "none", "excluded", "refused", "error"]
"""`excluded`: its owner wants it shown to nobody. `refused`: we asked too often, and are to come again later."""


@dataclass(frozen=True, slots=True)
class ListedMemento:
    """One thing that an archive says it holds.

    `url` is the address as archived, `seen_at` when it was (ISO 8601), `place` where it is read: an address, and of Common
    Crawl the file, first byte and length. `status` is None where the index does not say it, as for what is the same as before.
    """

    url: str
    seen_at: str
    place: str
    status: int | None = None
    mime: str | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class IndexAnswer:
    """What an archive said, and what it holds. With a `resume` it holds more than it said: what to go on with."""

    said: Said
    reason: str | None = None
    held: tuple[ListedMemento, ...] = ()
    resume: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why nothing can be made of a memento: `lost` (the archive has it no more, or does not give it), `unreadable`."""

    verdict: Literal["lost", "unreadable"]
    reason: str


REFUSING = frozenset((429, 503))
"""What a busy archive answers: it is to be left alone, and asked again."""


def judge_failure(fetch: Fetch) -> IndexAnswer | None:
    """What a failed question means; None where there is an answer to read."""
    if fetch.status in REFUSING or fetch.reason == "deferred":
        return IndexAnswer("refused", fetch.reason)
    if fetch.status is None or fetch.status >= 500:
        return IndexAnswer("error", fetch.reason or "connection")
    if fetch.truncated:
        return IndexAnswer("error", fetch.truncated)
    return None


def read_moment(digits: str) -> str | None:
    """A time of an index (14 digits; month and day may be 00, what is missing is the beginning) as ISO 8601, or None."""
    if not re.fullmatch(r"[0-9]{4,14}", digits):
        return None
    full = digits + "00000101000000"[len(digits) :]
    month, day = full[4:6].replace("00", "01"), full[6:8].replace("00", "01")
    try:
        return to_iso(datetime.strptime(full[:4] + month + day + full[8:], "%Y%m%d%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        return None


def read_status(text: object) -> int | None:
    """A status as an index writes it; `-` and anything else is None."""
    digits = str(text)
    if re.fullmatch(r"[1-9][0-9]{2}", digits):
        return int(digits)
    return None


def differs(exchange: Exchange, digest: str | None) -> bool:
    """Whether a body is not the one that an index names by its SHA-1 in base 32.

    Nothing is said where the body came in a coding: then nobody knows which bytes the digest is of.
    """
    coded = any(name.lower() in ("content-encoding", "transfer-encoding") for name, _ in exchange.response_headers)
    if coded or not digest or exchange.body is None or not re.fullmatch(r"[A-Z2-7]{32}", digest):
        return False
    return base64.b32encode(hashlib.sha1(exchange.body, usedforsecurity=False).digest()).decode() != digest


def say_cut(headers: Headers, body: bytes) -> str | None:
    """Why a body is not the whole that its own headers announce; None where it is, or they do not say it of these bytes."""
    said = {name.lower(): value for name, value in headers}
    length = said.get("content-length", "")
    is_cut = length.isdecimal() and len(length) < 16 and "content-encoding" not in said and len(body) < int(length)
    if is_cut:
        return "incomplete"
    return None


def group_forms(forms: Iterable[str]) -> tuple[str, ...]:
    """Addresses -> what an index is asked for, so that each of them begins with one of these: without scheme, `www.` and the
    slash at the end, in the order of the first that begins so."""
    bare = list(dict.fromkeys(map(strip_address, forms)))
    kept = [each for each in bare if not any(each != other and each.startswith(other) for other in bare)]
    order = {each: min(at for at, form in enumerate(bare) if form.startswith(each)) for each in kept}
    return tuple(sorted(kept, key=order.__getitem__))


def strip_address(url: str) -> str:
    """An address as indexes compare it: without scheme, `www.`, fragment and the slash at the end; host in small letters."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{parts.path.rstrip('/')}{query}"


def sort_by_nearness(held: Iterable[ListedMemento], near: str | None) -> list[ListedMemento]:
    """What is worth trying first: pages that were there, nearest to a moment (ISO 8601), the earlier of equals."""

    def distance(each: ListedMemento) -> tuple[bool, float, str]:
        away = 0.0
        if near:
            away = abs((_moment(each.seen_at) - _moment(near)).total_seconds())
        return each.status not in (200, None), away // 86_400, each.seen_at

    return sorted(held, key=distance)


def _moment(iso: str) -> datetime:
    return parse_iso(iso) or datetime(2020, 1, 1, tzinfo=UTC)
