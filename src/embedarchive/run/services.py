"""Settings -> the edges a run acts through, opened on demand and closed together."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypedDict, TypeVar, Unpack

from embedarchive.browser.find import BrowserChoice, find_browser
from embedarchive.browser.limits import VisitLimits
from embedarchive.core import clock
from embedarchive.core.errors import BrowserMissing, NetworkDown, UsageError
from embedarchive.core.model import Capture, Fetch, Found, Post, Rendering
from embedarchive.core.version import __version__
from embedarchive.detect.pool import SearchPool
from embedarchive.egress import Door, DoorPolicy, Upstream, parse_proxy, parse_resolve
from embedarchive.egress.door import say_proxy_fault
from embedarchive.fetch import FetchLimits
from embedarchive.platforms.kit.specification import Platform
from embedarchive.politeness import PoliteClient
from embedarchive.politeness.limiter import manners_path
from embedarchive.replay import Replayable
from embedarchive.run.backoff import BackOff
from embedarchive.sources.links import find_refresh

if (
    TYPE_CHECKING
):  # httpx and Playwright take half a second to load, and most runs of most commands need one of them or none
    from embedarchive.browser import Browser, Login
    from embedarchive.browser.pool import Asked, Ready
    from embedarchive.fetch import Fetcher
    from embedarchive.replay import ReplayBrowser, Shown
    from embedarchive.run.farm_tls import Side

T = TypeVar("T")

MOST_REFRESHES = 5
"""Pages that may send readers on to the next before it counts as a loop."""

HAND_OVER = FetchLimits(total_s=30.0, idle_s=15.0, max_bytes=100_000)

AHEAD = 2
"""Posts that wait for a tab where no gap is to be kept: 200 posts took 15.7 s without any, 14.7 with one, 14.5 with two."""

OUTAGE_S = 10.0
"""For so long nothing at all may be reached before the network counts as down."""


@dataclass(frozen=True)
class Settings:
    """How a run meets the world. `delay` is in seconds, between two requests to one host; `login` is the browser's,
    `limits` are those of a visit. The authorities `tsa` are asked to stamp each checkpoint, and believed by `tsa_root`."""

    resolve: tuple[str, ...] = ()
    proxy: Upstream | None = None
    ca_file: Path | None = None
    allow_private: bool = False
    browser_path: str | None = None
    delay: float = 1.0
    concurrency: int = 6
    tabs: int = 3
    contact: str | None = None
    ignore_robots: bool = False
    login: Login | None = None
    tsa: tuple[str, ...] = ()
    tsa_root: Path | None = None
    farm: str | None = None
    """The scheduler of a farm whose workers visit posts and open articles in this machine's place."""
    limits: VisitLimits = field(default_factory=VisitLimits)
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def user_agent(self) -> str:
        """An honest name for article fetches; `contact` is a URL or address that a webmaster can turn to."""
        return f"embedarchive/{__version__}" + (f" (+{self.contact})" if self.contact else "")


class SettingsOptions(TypedDict, total=False):
    """How a run meets the world, by the names of the commands' options.

    `resolve` connects to other addresses than names say, as curl does (`HOST:PORT:ADDR[:PORT]`); `proxy` sends everything
    through a proxy (`http://…`, `socks5h://…`, `socks5://…`), whose user and password are neither kept nor told; `ca_file` is
    trusted too, `allow_private` lets private addresses be reached: for replicas and test networks. `browser_path` is the
    Chromium, Chrome or Edge to use. `delay` is the least number of seconds between two requests to one host,
    `concurrency` how many articles at once (1 to 64), `tabs` how many posts (1 to 16). `contact` is a URL or address for
    webmasters, `ignore_robots` fetches what robots.txt asks robots to leave alone. `storage_state` is a file of
    Playwright's by which the browser is logged in; nothing of it is kept. With `no_film` films are not kept, with `max_bytes`
    no media file that is larger: their posts are partly preserved, and a run without has them due. `tsa` are addresses of
    time stamping authorities (RFC 3161) that are asked about each checkpoint, `tsa_root` a file of certificates by which they
    are believed; else those are that this system trusts. `farm` is the address of a Dask scheduler whose workers visit the
    posts.
    """

    resolve: Sequence[str]
    proxy: str | None
    ca_file: str | Path | None
    allow_private: bool
    browser_path: str | None
    delay: float
    concurrency: int
    tabs: int
    contact: str | None
    ignore_robots: bool
    no_film: bool
    max_bytes: int | None
    storage_state: str | Path | None
    tsa: Sequence[str]
    tsa_root: str | Path | None
    farm: str | None


BOUNDS = {"delay": (0, math.inf), "concurrency": (1, 64), "tabs": (1, 16), "max_bytes": (1, math.inf)}


def make_settings(**options: Unpack[SettingsOptions]) -> Settings:
    """The settings that these options mean. Raises UsageError for values that cannot be meant, TypeError for others."""
    for name in options.keys() - SettingsOptions.__annotations__.keys():
        raise TypeError(f"unexpected keyword argument {name!r}; there are {', '.join(SettingsOptions.__annotations__)}")
    given: dict[str, Any] = dict(options)
    for name, (least, most) in BOUNDS.items():
        if given.get(name) is not None and not least <= given[name] <= most:
            raise UsageError(f"{name} is {given[name]}, and can be {least} to {most}. Nothing was done.")
    state = given.pop("storage_state", None)
    ca_file = given.pop("ca_file", None)
    if ca_file and not Path(ca_file).is_file():
        raise UsageError(f"There is no certificate authority at {ca_file}. Nothing was done.")
    check_farm(given.get("farm"), with_login=bool(state))
    login = None
    if state:
        login = load_login(Path(state))
    resolve = tuple(given.pop("resolve", ()))
    for rule in resolve:
        parse_resolve(rule)
    proxy = given.pop("proxy", None)
    tsa, tsa_root = tuple(given.pop("tsa", ())), given.pop("tsa_root", None)
    check_authorities(tsa, tsa_root)
    limits = VisitLimits(film=not given.pop("no_film", False), max_bytes=given.pop("max_bytes", None))
    return Settings(
        **given,
        resolve=resolve,
        proxy=parse_proxy(proxy) if proxy else None,
        limits=limits,
        tsa=tsa,
        tsa_root=Path(tsa_root) if tsa_root else None,
        ca_file=Path(ca_file) if ca_file else None,
        login=login,
    )


def load_login(state: Path) -> Login:
    """A login out of a file of Playwright's. Raises UsageError."""
    from embedarchive.browser import read_login

    return read_login(state, time.time())


def check_farm(address: str | None, side: Side = "client", *, with_login: bool = False) -> None:
    """Raise UsageError where there is no farm to be had at such an address, or none that may be given a login."""
    if address is None:
        return
    if not re.fullmatch(r"(tcp|tls)://[^/\s]+:\d+", address):
        raise UsageError(
            f"{address!r} is no scheduler's address; write tcp://HOST:PORT or tls://HOST:PORT. Nothing was done."
        )
    if with_login:
        raise UsageError("--storage-state does not go with --farm: a login leaves no machine. Nothing was done.")
    if not find_spec("distributed"):
        raise UsageError("A farm needs Dask: pip install 'embedarchive[farm]'. Nothing was done.")
    from embedarchive.run.farm_tls import make_security

    make_security(address, side)


def check_authorities(tsa: Sequence[str], root: str | Path | None) -> None:
    """Raise UsageError for what is no address of an authority, or no file."""
    for url in tsa:
        if not url.startswith(("http://", "https://")):
            raise UsageError(f"{url!r} is no http(s) address of a time stamping authority. Nothing was done.")
    if root and not Path(root).is_file():
        raise UsageError(f"There are no certificates at {root}. Nothing was done.")


def join_fetches(first: Fetch, then: Fetch) -> Fetch:
    """One fetch of two, where the first page sent its readers to the second. Pure."""
    hops = (*first.redirects, (first.status or 200, first.final_url), *then.redirects)
    took = first.elapsed_ms + then.elapsed_ms
    return replace(then, url=first.url, fetched_at=first.fetched_at, redirects=hops, elapsed_ms=took)


@dataclass(frozen=True)
class FetcherOnDemand:
    """Opens what fetches with the first thing that it is asked for: many a visit brings all back by itself."""

    open: Callable[[], Awaitable[PoliteClient]]

    async def fetch(
        self, url: str, *, headers: Mapping[str, str] | None = None, limits: FetchLimits | None = None
    ) -> Fetch:
        client = await self.open()
        return await client.fetcher.fetch(url, headers=headers, limits=limits)


class Services:
    """The door and what leaves through it. The browser starts with the first visit: a run without posts needs none."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._stack = contextlib.AsyncExitStack()
        self._starting = asyncio.Lock()
        self._opening = asyncio.Lock()
        self._client: PoliteClient | None = None
        self._browser: Browser | None = None
        self._missing: BrowserMissing | None = None
        self._stage: ReplayBrowser | None = None
        self._searches = SearchPool()
        self._gate = BackOff(settings.delay)

    async def __aenter__(self) -> Self:
        s = self.settings
        policy = DoorPolicy(allow_private=s.allow_private, resolve=tuple(parse_resolve(r) for r in s.resolve))
        self.door = await self._stack.enter_async_context(Door(policy, upstream=s.proxy))
        self._stack.push_async_callback(asyncio.to_thread, self._searches.close)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    def room(self) -> int:
        """How many visits there is room for at once, now."""
        return self.settings.tabs

    @property
    def ahead(self) -> int:
        """Posts that may wait for a tab: where a gap is to be kept, a platform may put up a wall before they have one."""
        if self.settings.delay:
            return 0
        return AHEAD

    async def open_client(self) -> PoliteClient:
        """What fetches, opened once: a run about what is in hand sends nothing, and needs none."""
        async with self._opening:
            if self._client is None:
                self._client = await self._open_client()
        return self._client

    async def _open_client(self) -> PoliteClient:
        s, enter = self.settings, self._stack.enter_async_context
        fetching = await asyncio.to_thread(import_module, "embedarchive.fetch.fetcher")  # httpx: visits may be at work
        fetcher: Fetcher = await enter(fetching.Fetcher(self.door, user_agent=s.user_agent, ca_file=s.ca_file))
        robots = not s.ignore_robots
        return await enter(PoliteClient(manners_path(), fetcher, user_agent=s.user_agent, delay=s.delay, robots=robots))

    @property
    def starting(self) -> bool:
        """Whether everything waits for a browser to start, so that nothing is lost by not waiting for it."""
        if self._browser:
            return self._browser.starting
        return self._starting.locked()

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        robots: bool = True,
        excludes: Callable[[str], bool] | None = None,
    ) -> Fetch:
        """Fetch politely, also where a page sends its readers on at once, as redirects do.

        `robots` False is for what a reader would open himself, as a short link; `excludes` says what is not asked for.
        """
        client = await self.open_client()
        ask = partial(client.fetch, etag=etag, last_modified=last_modified, robots=robots, excludes=excludes)
        fetch = await self._insist_on_network(partial(ask, url))
        for _ in range(MOST_REFRESHES):
            target = None
            if fetch.outcome == "ok":
                target = await asyncio.to_thread(find_refresh, fetch.body, fetch.final_url)
            if target is None:
                return fetch
            fetch = join_fetches(fetch, await self._insist_on_network(partial(ask, target)))
        return replace(fetch, outcome="failed", reason="too_many_redirects", body=b"", truncated=None)

    async def hand_over(self, url: str, content: bytes, headers: Mapping[str, str]) -> Fetch:
        """Post something to an address that the user named, through the door."""
        client = await self.open_client()
        return await client.fetcher.fetch(url, method="POST", content=content, headers=headers, limits=HAND_OVER)

    async def consult(self, url: str, headers: Mapping[str, str] | None = None) -> Fetch:
        """Ask a web archive, at the pace that it allows: what it gives to programs needs no robots.txt."""
        client = await self.open_client()
        return await self._insist_on_network(partial(client.fetch, url, headers=headers, robots=False))

    async def search(
        self, body: bytes, *, url: str, content_type: str | None, mentions: bool = False, unknown: bool = False
    ) -> Found:
        more = {"mentions": mentions, "unknown": unknown, "obstacles": True}
        return await self._searches.search(body, url=url, content_type=content_type, **more)

    async def render(self, url: str, posts: Sequence[Post] = ()) -> Rendering:
        """Open an article as a reader's browser would, when its host is ready for it; photograph those posts in it."""
        client = await self.open_client()
        if not await client.turn(url):
            return Rendering(url, url, clock.now(), reason="deferred")
        return await self.read_article(url, posts)

    async def read_article(self, url: str, posts: Sequence[Post] = ()) -> Rendering:
        """Open an article now: whoever calls has waited until its host is ready."""
        browser = await self.open_browser()
        return await self._insist_on_network(partial(browser.read_article, url, posts))

    async def capture(self, post: Post, platform: Platform, *, media: bool) -> Capture:
        """Visit a post at its platform's turn, taken with a tab in hand: what waited for a browser is not visited at once."""
        return await self.visit(post, platform, media=media, ready=partial(self._gate.turn, post.platform))

    async def visit(
        self, post: Post, platform: Platform, *, media: bool, ready: Ready, asked: Asked | None = None
    ) -> Capture:
        """Visit a post once it is `ready`; `asked` is told of it. Raises what `ready` does, and BrowserMissing."""
        browser = await self.open_browser()
        return await self._insist_on_network(
            partial(browser.capture, post, platform, media=media, ready=ready, asked=asked)
        )

    async def _insist_on_network(self, act: Callable[[], Awaitable[T]]) -> T:
        """Do something out there. When the network itself is away, wait a little, try once more, then raise NetworkDown."""
        began = asyncio.get_running_loop().time()
        done = await act()
        if self.door.proxy_fault:
            raise NetworkDown(self.door.proxy_fault)
        if not self.door.is_cut_off(began):
            return done
        await asyncio.sleep(OUTAGE_S)
        done = await act()
        if not self.door.is_cut_off(began):
            return done
        refused = self.door.refusals[-1]
        if self.settings.proxy and refused.reason.startswith("proxy_"):
            raise NetworkDown(say_proxy_fault(self.settings.proxy, f"away for {OUTAGE_S:.0f} s"))
        raise NetworkDown(
            f"This machine reaches nothing at all: neither {refused.host} ({refused.reason}) nor any other host answered "
            f"for {OUTAGE_S:.0f} s. When it is connected again, run the same command."
        )

    async def show(self, capture: Replayable) -> Shown:
        """Show a capture again from the archive alone, in tabs of the run's browser whose door is shut."""
        browser = await self.open_browser()
        async with self._starting:
            if self._stage is None:
                from embedarchive.replay import ReplayBrowser

                choice = await self.choose_browser()
                stage = ReplayBrowser(choice, tabs=self.settings.tabs, running=browser.running)
                self._stage = await self._stack.enter_async_context(stage)
        return await self._stage.show(capture)

    async def open_browser(self) -> Browser:
        """The run's browser, started once. Raises BrowserMissing with the command that would bring one."""
        async with self._starting:
            if self._missing:
                raise self._missing  # whoever waited meanwhile need not try it again
            try:
                return self._browser or await self._start_browser()
            except BrowserMissing as error:
                self._missing = error
                raise

    async def _start_browser(self) -> Browser:
        s, choice = self.settings, await self.choose_browser()
        pool = await asyncio.to_thread(import_module, "embedarchive.browser.pool")
        fetcher = FetcherOnDemand(self.open_client)
        browser: Browser = pool.Browser(
            self.door, choice, ca_file=s.ca_file, tabs=s.tabs, fetcher=fetcher, login=s.login, limits=s.limits
        )
        self._browser = await self._stack.enter_async_context(browser)
        return browser

    async def choose_browser(self) -> BrowserChoice:
        return await asyncio.to_thread(find_browser, self.settings.browser_path, self.settings.environ)
