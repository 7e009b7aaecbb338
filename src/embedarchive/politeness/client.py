"""A URL turned into a `Fetch` politely: is it allowed, is it our turn, and what does the answer ask of us."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from protego import Protego

from embedarchive.core.dates import to_iso
from embedarchive.core.errors import RefusedError
from embedarchive.core.model import Fetch
from embedarchive.egress import check_url
from embedarchive.fetch import FetchLimits
from embedarchive.politeness.gates import find_gate
from embedarchive.politeness.limiter import RateLimiter, StoredRobots, find_retry_after

if TYPE_CHECKING:
    from embedarchive.fetch import Fetcher

LONGEST_CRAWL_DELAY_S = 60.0
LONGEST_WAITED_FOR_S = 120.0
"""A host that wants to be left alone for longer than this is not waited for: the fetch is `deferred`."""

# RFC 9309, 2.5: at least 500 kibibytes of a robots.txt are read; 2.3.1.2: five redirects.
_ROBOTS_LIMITS = FetchLimits(total_s=20.0, idle_s=10.0, max_bytes=512_000, redirects=5)
_ROBOTS_LIFE_S = 24 * 3600.0 - 1
_UNKNOWN_LIFE_S = 600.0
_OVERLOADED = frozenset([429, 502, 503, 504])
_REMEMBERED = 2000
_NOT_REQUESTED = frozenset({"robots", "robots_unreachable", "deferred", "out_of_scope"})
"""Why the last address of a fetch was not requested: nothing is learned of its host."""
_NOBODY_ASKED = frozenset({"dns", "dns_timeout", "no_network"})
"""Why a host was not even asked: then it costs it nothing to be tried again."""


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether a URL may be fetched now; if not, why (`robots`, `robots_unreachable`, `deferred`, `refused_…`)."""

    allowed: bool
    reason: str | None = None
    wait_s: float = 0.0


class PoliteClient:
    """The manners of one crawler. All processes share the file at `path`; `delay` is in seconds, per host.

    `robots` False leaves robots.txt unasked, for those who have the site's own permission.
    """

    def __init__(
        self,
        path: Path | str,
        fetcher: Fetcher,
        user_agent: str,
        delay: float = 1.0,
        *,
        robots: bool = True,
        now: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.fetcher = fetcher
        self.delay = delay
        self._product = user_agent.partition("/")[0]
        self._ask_robots = robots
        self._now, self._sleep = now, sleep
        self._limiter = RateLimiter(path)
        self._rules: dict[str, tuple[Protego | None, StoredRobots]] = {}
        self._asking: dict[str, asyncio.Lock] = {}
        self._at_gate: dict[str, asyncio.Lock] = {}

    async def __aenter__(self) -> PoliteClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._limiter.close()

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        headers: Mapping[str, str] | None = None,
        limits: FetchLimits | None = None,
        robots: bool = True,
        excludes: Callable[[str], bool] | None = None,
    ) -> Fetch:
        """Fetch when allowed and when it is our turn, and so for each redirect.

        `robots` False is for what a reader would open himself; `excludes` says which addresses are not to be asked for
        (then the fetch is `out_of_scope`).
        """

        if find_gate(url):  # one at a time, so that nothing is on its way while it says that we are too fast
            async with self._at_gate.setdefault(_host_of(url), asyncio.Lock()):
                return await self._fetch(url, etag, last_modified, headers, limits, robots, excludes)
        return await self._fetch(url, etag, last_modified, headers, limits, robots, excludes)

    async def _fetch(
        self,
        url: str,
        etag: str | None,
        last_modified: str | None,
        headers: Mapping[str, str] | None,
        limits: FetchLimits | None,
        robots: bool,
        excludes: Callable[[str], bool] | None,
    ) -> Fetch:
        async def may_go(target: str) -> str | None:
            if excludes and excludes(target):
                return "out_of_scope"
            permission = await self.allow(target, robots=robots)
            if permission.allowed and not await self.turn(target):
                return "deferred"
            return permission.reason

        if reason := await may_go(url):
            refused = Fetch(url, url, _say_moment(self._now()), "failed", reason=reason)
            return replace(refused, closed_until=self.closed_until(url) if reason == "deferred" else None)
        fetch = await self.fetcher.fetch(
            url, etag=etag, last_modified=last_modified, headers=headers, limits=limits, may_go=may_go
        )
        self.learn(fetch)
        if fetch.outcome == "failed":
            return replace(fetch, closed_until=self.closed_until(fetch.final_url))
        return fetch

    def closed_until(self, url: str) -> str | None:
        """Until when (ISO 8601) the URL's host asks to be left alone, if that is too long to be waited for."""
        now = self._now()
        wait = self._limiter.closed_for(_host_of(url), now)
        if wait > LONGEST_WAITED_FOR_S:
            return _say_moment(now + wait)
        return None

    async def allow(self, url: str, *, robots: bool = True) -> Permission:
        """Say whether a URL may be fetched: nothing is waited for but its host's robots.txt."""
        try:
            url = check_url(url)
        except RefusedError as error:
            return Permission(False, error.reason)
        closed = self._limiter.closed_for(_host_of(url), self._now())
        if closed > LONGEST_WAITED_FOR_S:
            return Permission(False, "deferred", closed)
        if robots and self._ask_robots:
            rules, kept = await self._find_rules(url)
            if kept.state not in ("rules", "none"):
                return Permission(False, kept.state, _UNKNOWN_LIFE_S)
            if rules and not rules.can_fetch(url, self._product):
                return Permission(False, "robots")
        return Permission(True, wait_s=closed)

    async def turn(self, url: str) -> bool:
        """Wait until the URL's host may be asked again; False if that is too far away.

        Who comes first, in whichever process, goes first.
        """
        host, gate = _host_of(url), find_gate(url)
        queue = gate.name if gate else host
        while (closed := self._limiter.closed_for(host, self._now())) <= LONGEST_WAITED_FOR_S:
            if gate and closed:
                await self._sleep(closed)  # a gate's queue knows nothing of its host
            slot = self._limiter.take_slot(queue, self._find_delay(url), self._now())
            await self._sleep(max(0.0, slot - self._now()))
            if not self._limiter.closed_for(host, self._now()):
                return True
        return False

    def learn(self, fetch: Fetch) -> None:
        """Take in how a host answered: one that is overloaded, or silent, is left alone for a while."""
        host = _host_of(fetch.final_url)
        if fetch.reason in _NOT_REQUESTED:
            return
        if fetch.status in _OVERLOADED or fetch.reason in ("timeout", "reset", "connection"):
            now = self._now()
            gate = find_gate(fetch.final_url)
            least = 0.0
            if gate and fetch.status == 429:
                least = gate.silence_s
            self._limiter.close_host(host, find_retry_after(fetch.header("retry-after"), now), now, least)
        elif fetch.status is not None:
            self._limiter.reopen_host(host)

    def _find_delay(self, url: str) -> float:
        rules = self._rules.get(_origin_of(url), (None, None))[0]
        asked = None
        if rules:
            asked = rules.crawl_delay(self._product)
        gate = find_gate(url)
        least = gate.delay_s if gate else 0.0
        return max(self.delay, least, min(float(asked or 0.0), LONGEST_CRAWL_DELAY_S))

    async def _find_rules(self, url: str) -> tuple[Protego | None, StoredRobots]:
        """The rules of the URL's origin, from memory, the shared file or the host, asked once however many wait."""
        origin = _origin_of(url)
        async with self._asking.setdefault(origin, asyncio.Lock()):
            known = self._rules.get(origin)
            if known and known[1].expires_at > self._now():
                return known
            kept = self._limiter.find_robots(origin, self._now())
            if kept is None:
                kept = await self._fetch_robots(origin)
                self._limiter.keep_robots(origin, kept)
            rules = None
            if kept.state == "rules":
                rules = Protego.parse(kept.body.decode("utf-8-sig", "replace"))
            if len(self._rules) >= _REMEMBERED:
                self._rules.clear()
                self._asking.clear()
            self._rules[origin] = rules, kept
            return rules, kept

    async def _fetch_robots(self, origin: str) -> StoredRobots:
        """Ask for robots.txt. None there means all is allowed; when nobody knows, nothing is (RFC 9309, 2.3.1)."""
        fetch = await self.fetcher.fetch(f"{origin}/robots.txt", limits=_ROBOTS_LIMITS)
        now = self._now()
        if fetch.outcome == "ok":
            return StoredRobots("rules", fetch.body, now + _ROBOTS_LIFE_S)
        if fetch.status and 300 <= fetch.status < 500 and fetch.status != 429:
            return StoredRobots("none", b"", now + _ROBOTS_LIFE_S)
        state = "robots_unreachable"
        if fetch.reason and not fetch.status:
            state = fetch.reason
        asked = state not in _NOBODY_ASKED
        return StoredRobots(state, b"", now + _UNKNOWN_LIFE_S if asked else now)


def _say_moment(seconds: float) -> str:
    return to_iso(datetime.fromtimestamp(seconds, UTC))


def _host_of(url: str) -> str:
    return urlsplit(url).netloc.lower()


def _origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
