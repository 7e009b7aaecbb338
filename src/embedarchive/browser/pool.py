"""A browser with a few reused tabs -> one capture per call, however badly pages or the browser behave."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from embedarchive.browser.article import ArticleLimits, open_article
from embedarchive.browser.evidence import Asks, conclude
from embedarchive.browser.find import BrowserChoice
from embedarchive.browser.in_place import conclude_in_place, failed_in_place, photograph_posts
from embedarchive.browser.launch import Chrome, find_tofu, launch
from embedarchive.browser.limits import VisitLimits
from embedarchive.browser.login import (
    Login,
    check_login,
    give_cookies,
    give_storage,
    learn_secrets,
    mark_capture,
    mark_rendering,
    watch_secrets,
)
from embedarchive.browser.page_files import choose_page_files
from embedarchive.browser.pictures import Picture, look_at
from embedarchive.browser.secrets import Secrets, forget
from embedarchive.browser.tab import ScreenshotFormat, Tab
from embedarchive.browser.tabs import WarmTabs
from embedarchive.browser.visit import Visit, visit_frame
from embedarchive.browser.watch import find_heavy
from embedarchive.core import clock
from embedarchive.core.errors import BrowserCrashed
from embedarchive.core.model import Capture, Exchange, Page, Post, Rendering, Sign, Verdict
from embedarchive.egress import Door
from embedarchive.platforms.kit.specification import Platform, Visitable, fill_url

ATTEMPTS = 2
WATCH_S = 2.0
TAB_SIZE = (540, 1000)

Ready = Callable[[], Awaitable[None]]
"""What is waited for once a tab is in hand, straight before each visit: the platform's turn."""
Asked = Callable[[], None]
"""What is told each visit's asking for its frame: the platform has been visited."""


class Browser:
    """Open with `async with`; `capture` may be called by many tasks, as many at work at once as there are tabs.

    With a `login` every visit begins with its cookies and local storage, and nothing of them is in what comes back.
    """

    def __init__(
        self,
        door: Door,
        choice: BrowserChoice,
        *,
        ca_file: Path | None = None,
        tabs: int = 3,
        fetcher: Asks,
        limits: VisitLimits | None = None,
        article_limits: ArticleLimits | None = None,
        screenshot_format: ScreenshotFormat | None = None,
        login: Login | None = None,
    ) -> None:
        self.limits = limits or VisitLimits()
        self.article_limits = article_limits or ArticleLimits()
        self.screenshot_format = screenshot_format or ScreenshotFormat()
        self._door, self._choice, self._ca_file, self._fetcher = door, choice, ca_file, fetcher
        self._login = login
        self._chrome: Chrome | None = None
        self._tabs = WarmTabs(door, self._furnish)
        self._places = asyncio.Semaphore(tabs)
        self._starting = asyncio.Lock()
        self._drawing = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        chrome = await self.running()
        if self._login:
            await check_login(chrome, self._login)
        self._watching = asyncio.create_task(self._watch_memory())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._watching:
            self._watching.cancel()
        if self._chrome:
            chrome, self._chrome = self._chrome, None
            try:
                await asyncio.shield(chrome.stop())
            finally:
                chrome.kill()

    @property
    def user_agent(self) -> str:
        """What visits say they are. Raises BrowserCrashed when the browser is not running."""
        if self._chrome is None:
            raise BrowserCrashed("the browser is not running")
        return self._chrome.user_agent

    async def capture(
        self,
        post: Post,
        platform: Platform,
        *,
        media: bool = True,
        ready: Ready | None = None,
        asked: Asked | None = None,
    ) -> Capture:
        """Visit a post, once it is `ready`, and keep what came. Whatever goes wrong is in the verdict; of the world's nothing
        is raised. Where the browser crashed the post is visited anew, once it is ready again.

        Raises what `ready` does, but BrowserCrashed; BrowserMissing when the browser died and none can be started any more;
        ValueError when the platform has no frame to visit.
        """
        visit = platform.visit
        if visit is None:
            raise ValueError(f"{platform.name} has no frame to visit")
        started = clock.now()
        crash = ""
        for _ in range(ATTEMPTS):
            try:
                seen, chrome, secrets = await self._visit(post, visit, ready, asked)
            except BrowserCrashed as error:
                crash = crash or str(error)
                continue
            picture = await _look(seen)
            taken = await conclude(
                seen, picture, post, visit, self._fetcher, chrome, self.screenshot_format,
                media=media, limits=self.limits,
            )  # fmt: skip
            return await self._keep_no_secret(taken, secrets)
        return await self._keep_no_secret(fail_visit(post, visit, started, "browser_crashed", crash))

    async def _keep_no_secret(self, taken: Capture, secrets: Secrets | None = None) -> Capture:
        """The capture as it may be kept: without anything of the login, and saying that there was one."""
        if self._login is None:
            return taken
        return mark_capture(await asyncio.to_thread(forget, taken, secrets or self._login.secrets), self._login)

    async def _visit(
        self, post: Post, visit: Visitable, ready: Ready | None, asked: Asked | None
    ) -> tuple[Visit, Chrome, Secrets | None]:
        async with self._places:
            chrome = await self.running()
            async with self._tab(chrome) as tab:
                if ready:
                    await ready()
                try:
                    async with asyncio.timeout(self.limits.whole_s):
                        seen = await visit_frame(
                            tab, visit, post, self._door, self.limits, self.screenshot_format, asked=asked
                        )
                        secrets = None
                        if self._login:
                            secrets = await learn_secrets(tab, self._login, (post,))
                except TimeoutError as error:
                    chrome.kill()
                    raise BrowserCrashed("the visit did not end") from error
        return seen, chrome, secrets

    async def read_article(self, url: str, posts: Sequence[Post] = ()) -> Rendering:
        """Open an article to its end and write down what it became; photograph those posts in it.

        Raises BrowserMissing when the browser died and none can be started any more, nothing else.
        """
        started, reason, detail = clock.now(), "browser_crashed", ""
        for _ in range(ATTEMPTS):
            try:
                return await self._read_article(url, posts)
            except BrowserCrashed as error:
                detail = str(error)
        captures = tuple(failed_in_place(post, url, started, reason, detail) for post in posts)
        return Rendering(url, url, started, reason=reason, captures=captures)

    async def _read_article(self, url: str, posts: Sequence[Post]) -> Rendering:
        async with self._places:
            chrome = await self.running()
            async with self._tab(chrome) as tab:
                try:
                    async with asyncio.timeout(self.article_limits.whole_s):
                        opened = await open_article(tab, url, self._door, self.article_limits, self.screenshot_format)
                        if posts:
                            taken = await photograph_posts(opened, posts)
                        else:
                            taken = []
                        files = await read_page_files(tab)
                        secrets = None
                        if self._login:
                            secrets = await learn_secrets(tab, self._login, tuple(posts))
                except TimeoutError as error:
                    chrome.kill()
                    raise BrowserCrashed("the article did not end") from error
        captures = [
            await conclude_in_place(one, await _look(one.seen), opened, self._fetcher, chrome, self.limits)
            for one in taken
        ]
        rendering = replace(opened.rendering(), captures=tuple(captures))
        if self._login is None or secrets is None:
            return replace(rendering, files=files)
        return mark_rendering(await asyncio.to_thread(forget, rendering, secrets), self._login)

    @contextlib.asynccontextmanager
    async def _tab(self, chrome: Chrome) -> AsyncIterator[Tab]:
        """Lend a tab that knows nobody, or the login alone."""
        async with self._tabs.lend(chrome, TAB_SIZE, self.screenshot_format.scale) as tab:
            if self._login:
                await give_cookies(tab, self._login)
            yield tab

    async def _furnish(self, tab: Tab) -> None:
        async with self._drawing:
            if tab.chrome.missing_fonts is None:
                tab.chrome.missing_fonts = await find_tofu(tab.target)
        if self._login:
            await give_storage(tab, self._login)
            await watch_secrets(tab)

    @property
    def starting(self) -> bool:
        """Whether the browser is being started, for the first time or anew."""
        return self._starting.locked()

    async def running(self) -> Chrome:
        """The browser, started again if it died. Raises BrowserMissing when it cannot be started."""
        async with self._starting:
            chrome = self._chrome
            if chrome and chrome.is_running:
                return chrome
            if chrome:
                await chrome.stop()
            self._chrome = await launch(self._choice, self._door.server, self._ca_file)
            self._chrome.proxy = self._door.upstream.label if self._door.upstream else None
            return self._chrome

    async def _watch_memory(self) -> None:
        """Kill renderers that grow beyond all measure; their page then counts as crashed, the others go on."""
        while True:
            await asyncio.sleep(WATCH_S)
            if self._chrome and not self._chrome.dead:
                for pid in await asyncio.to_thread(find_heavy, self._chrome.group, self.limits.memory_mb):
                    with contextlib.suppress(OSError):
                        os.kill(pid, signal.SIGKILL)


async def read_page_files(tab: Tab) -> tuple[Exchange, ...]:
    """What the page in a tab was drawn with, once it is all read."""
    if tab.recorder is None or tab.spoiled:
        return ()
    await tab.recorder.settle()
    return tuple(choose_page_files(tab.recorder.page_exchanges(tab.target.main)))


async def _look(seen: Visit) -> Picture | None:
    """Look at the screenshot in a thread; bytes that are no picture count as none."""
    if seen.screenshot is None:
        return None
    try:
        return await asyncio.to_thread(look_at, seen.screenshot)
    except (OSError, ValueError, SyntaxError):
        return None


def fail_visit(post: Post, visit: Visitable, started: str, reason: str, detail: str) -> Capture:
    """The capture of a visit that never came to an end, by no fault of the post's."""
    url = fill_url(visit.frame.url, post, visit)
    page = Page(url, url, None, error=reason)
    verdict = Verdict("error", reason, (Sign("browser works", "browser", detail[:300]),))
    return Capture(post, page.url, page.final_url, started, clock.now(), verdict)
