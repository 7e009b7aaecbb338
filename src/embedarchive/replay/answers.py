"""Exchanges of a visit -> the answer to each request of its replay. Pure, but for remembering what was asked before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urldefrag, urljoin

from embedarchive.browser.redact import redact_url
from embedarchive.core.model import Headers

MOST_REDIRECTS = 10
_FRAMING = frozenset({"content-encoding", "transfer-encoding", "content-length", "connection", "keep-alive"})


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """One answer as it came, decoded."""

    method: str
    url: str
    status: int
    headers: Headers
    body: bytes

    @property
    def is_picture(self) -> bool:
        named = next((value for name, value in self.headers if name.lower() == "content-type"), "")
        return self.status == 200 and named.startswith("image/")

    @property
    def location(self) -> str | None:
        """Where a redirect leads."""
        to = next((value for name, value in self.headers if name.lower() == "location"), None)
        if to and 300 <= self.status < 400:
            return urljoin(self.url, to)
        return None

    def framed(self) -> dict[str, str]:
        """Its headers, as they are true for the decoded body."""
        headers: dict[str, str] = {}
        for name, value in self.headers:
            if name.lower() not in _FRAMING and not name.startswith(":"):
                headers[name] = f"{headers[name]}\n{value}" if name in headers else value
        return headers


class Answers:
    """All answers of one visit. `replay` starts a replay anew."""

    def __init__(self, kept: Iterable[StoredAnswer]) -> None:
        self._kept: dict[tuple[str, str], list[StoredAnswer]] = defaultdict(list)
        self._sizes: dict[str, StoredAnswer] = {}
        for each in kept:
            self._kept[key_of(each.method, each.url)].append(each)
            if each.is_picture and len(each.body) > len(self._sizes.get(path_of(each.url), each).body) - 1:
                self._sizes[path_of(each.url)] = each

    def replay(self) -> Replaying:
        return Replaying({key: iter(found) for key, found in self._kept.items()}, self._sizes, {})


@dataclass
class Replaying:
    """One replay's use of the answers: who asks twice is answered as the visit was, the last answer repeated.

    A picture is asked for in the size that a window wants; where that one never came, another of its sizes answers (the
    same path, another query), the largest that did.
    """

    _left: dict[tuple[str, str], Iterator[StoredAnswer]]
    _sizes: dict[str, StoredAnswer]
    _last: dict[tuple[str, str], StoredAnswer]

    def find(self, method: str, url: str) -> StoredAnswer | None:
        """The answer to a request, redirects followed (the browser would ask for their targets past us); or None."""
        for _ in range(MOST_REDIRECTS):
            found = self._next(key_of(method, url))
            if found is None and method == "GET":
                found = self._sizes.get(path_of(url))
            if found is None or found.location is None:
                return found
            method, url = "GET", found.location
        return None

    def _next(self, key: tuple[str, str]) -> StoredAnswer | None:
        found = next(self._left.get(key, iter(())), None) or self._last.get(key)
        if found:
            self._last[key] = found
        return found


def path_of(url: str) -> str:
    """The address without its query."""
    return url.partition("?")[0]


def key_of(method: str, url: str) -> tuple[str, str]:
    """What a request is known by: kept addresses have no fragment and no credentials."""
    return method, redact_url(urldefrag(url)[0])
