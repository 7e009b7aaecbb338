"""What the replica's web archives hold of posts and articles, and in which weather they answer.

A memento is what a site of the replica answers for an address while its post is in some state: a wall, a shell and a deleted
post are archived as they were served, as real archives have them.
"""

from __future__ import annotations

import base64
import hashlib
import re
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, urlsplit

from embedarchive.replica.wire import Headers, Reply, html

Holder = Literal["wayback", "commoncrawl"]
Flaw = Literal["", "excluded", "revisit", "truncated", "wrong_digest", "day_00", "missing"]
"""What is wrong with a memento: its owner had it excluded; the index knows it only as the same as another; its record is cut;
its digest is another's; the index names no day; the index lists it and nobody has it."""

Trouble = Literal["fair", "429", "429_after", "503", "cut", "text", "hang", "blocked"]
"""What an archive may answer instead: too many requests (with and without Retry-After), overloaded, half of its answer, an
error in words with 200, nothing at all, and that the site is excluded; `fair`: what it would answer anyway."""


@dataclass(frozen=True, slots=True)
class Memento:
    """What one archive holds of one address. `at` has 14 digits; `headers` and `body` are the site's own."""

    url: str
    at: str
    status: int = 200
    headers: Headers = ()
    body: bytes = b""
    flaw: Flaw = ""
    holder: Holder = "wayback"

    @property
    def mime(self) -> str:
        return next((v for k, v in self.headers if k.lower() == "content-type"), "text/html").partition(";")[0]

    @property
    def digest(self) -> str:
        """SHA-1 of the body in base 32, as indexes have it."""
        body = b"another"
        if self.flaw != "wrong_digest":
            body = self.body
        return base64.b32encode(hashlib.sha1(body).digest()).decode()


EXAMPLE = Memento(
    "https://example.com/", "20200101000000", 200, (("Content-Type", "text/html"),), b"<title>Example Domain</title>"
)
"""A page that every archive holds."""


@dataclass
class Archives:
    """All that the web archives hold, what the next answers are, and how many a minute each gives out.

    `per_minute` are the real limits: so many requests of an index, and of pages, then 429.
    """

    held: list[Memento] = field(default_factory=lambda: [EXAMPLE])
    troubles: dict[str, deque[Trouble]] = field(default_factory=dict)
    per_minute: dict[str, int] = field(default_factory=lambda: {"cdx": 30, "web": 600, "index": 60, "data": 600})
    asked: dict[str, list[float]] = field(default_factory=dict)
    """When each was asked, in seconds of the monotonic clock."""

    def count(self, name: str) -> Reply | None:
        """Count a request; give what is answered instead of what was asked for, if anything."""
        now, asked = time.monotonic(), self.asked.setdefault(name, [])
        asked.append(now)
        waiting = self.troubles.get(name)
        if waiting and (trouble := waiting.popleft()) != "fair":
            return answer_trouble(trouble)
        if sum(at > now - 60 for at in asked) > self.per_minute[name]:
            return answer_trouble("429")
        return None

    def find(self, holder: Holder, url: str, match: str) -> list[Memento]:
        """What is held of an address (`exact`), of all that begin so (`prefix`), or of a host; in the order of an index."""
        wanted = make_key(url)
        kept = [each for each in self.held if each.holder == holder and is_match(make_key(each.url), wanted, match)]
        return sorted(kept, key=lambda each: (make_key(each.url), each.at))


def is_match(key: str, wanted: str, match: str) -> bool:
    """Whether the key of an address is what was asked for."""
    host = wanted.partition(")")[0]
    if match == "prefix":
        return key.startswith(wanted.rstrip("/"))
    if match == "host":
        return key.startswith(f"{host})")
    if match == "domain":
        return key.startswith((f"{host})", f"{host},"))
    return key == wanted


def make_key(url: str) -> str:
    """The key of an address in an index: the host backwards without `www.`, small letters, the query in order.

    https://github.com/iipc/urlcanon (SURT); as the Wayback Machine has it.
    """
    parts = urlsplit(url if re.match(r"https?://", url) else f"http://{url}")
    host = re.sub(r"^www\d*\.", "", (parts.hostname or "").lower())
    path = parts.path.lower().rstrip("/") or "/"
    query = "&".join(sorted(f"{k}={v}" if v else k for k, v in parse_qsl(parts.query.lower(), keep_blank_values=True)))
    return f"{','.join(reversed(host.split('.')))}){path}" + (f"?{query}" if query else "")


def answer_trouble(name: Trouble) -> Reply:
    """Give the answer of an archive that has other things to do."""
    answers: dict[Trouble, Reply] = {
        "429": html("<html><head><title>429 Too Many Requests</title></head></html>", 429),
        "429_after": html("", 429, (("Retry-After", "60"),)),
        "503": html("<html><title>503 Service Temporarily Unavailable</title></html>", 503),
        "cut": Reply(200, (("Content-Type", "application/json"),), b'[["urlkey","timestamp","original"', sent=0.5),
        "text": Reply(200, (("Content-Type", "text/plain"),), b"java.lang.RuntimeException: index shard is away\n"),
        "hang": Reply(ending="hang"),
        "blocked": Reply(
            403,
            (("Content-Type", "text/plain"),),
            b"org.archive.util.io.RuntimeIOException: org.archive.wayback.exception.AdministrativeAccessControlException:"
            b" Blocked Site Error\n",
        ),
    }
    return answers[name]


def choose_fields(names: Iterable[str], row: dict[str, str]) -> list[str]:
    return [row[name] for name in names if name in row]
