"""A capture read from an archive -> what a browser makes of it with the network shut."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page, Route

from embedarchive.browser import BrowserChoice, VisitLimits
from embedarchive.browser.launch import Chrome, launch
from embedarchive.browser.tab import ScreenshotFormat, Tab, open_tab
from embedarchive.browser.visit import visit_frame
from embedarchive.core.errors import BrowserCrashed
from embedarchive.egress import Door, DoorPolicy, Refusal
from embedarchive.replay.answers import Replaying
from embedarchive.replay.kept import Replayable

SHUT = DoorPolicy(ports=frozenset())
"""A door without a port lets nothing out, whatever gets past the answers: sockets, workers, prefetches."""

LIMITS = VisitLimits(navigate_s=10.0, rest_s=8.0, whole_s=60.0)
READ_S = 10.0

_LOOK = """card => {
  const box = document.querySelector(card) || document.body;
  const shown = [...box.querySelectorAll("img, video")].filter(node => node.getBoundingClientRect().width > 8);
  const whole = node => node.tagName === "IMG" ? node.complete && node.naturalWidth > 0 : !node.error;
  return { text: box.innerText, shown: shown.length, whole: shown.filter(whole).length };
}"""


@dataclass
class Shown:
    """What came of a replay. `pictures` counts those on show, `whole` those of them that are drawn."""

    screenshot: bytes | None = None
    settled: str = ""
    text: str = ""
    pictures: int = 0
    whole: int = 0
    unanswered: list[str] = field(default_factory=list)


class ReplayBrowser:
    """A browser behind a shut door. Open with `async with`; `show` gives each replay a context of its own."""

    def __init__(self, choice: BrowserChoice, limits: VisitLimits = LIMITS) -> None:
        self.limits = limits
        self._choice = choice
        self._door = Door(SHUT)
        self._chrome: Chrome | None = None
        self._starting = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._door.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._chrome:
            await asyncio.shield(self._chrome.stop())
        await self._door.__aexit__(kind, error, trace)

    @property
    def refusals(self) -> deque[Refusal]:
        """What tried to get out past the answers, and was refused."""
        return self._door.refusals

    async def show(self, capture: Replayable) -> Shown:
        """Show a capture again as it was visited. Raises BrowserCrashed when that says nothing about the capture."""
        chrome = await self._running()
        frame = capture.visit.frame
        tab = await open_tab(chrome, self._door, (frame.width, frame.height), capture.scale)
        try:
            async with asyncio.timeout(self.limits.whole_s):
                return await self._show(tab, capture)
        except TimeoutError as error:
            chrome.kill()
            raise BrowserCrashed("the replay did not end") from error
        finally:
            await asyncio.shield(tab.close())

    async def _show(self, tab: Tab, capture: Replayable) -> Shown:
        shown, replaying = Shown(), capture.answers.replay()
        await tab.context.route("**/*", lambda route: answer(route, replaying, shown))
        screenshot_format = ScreenshotFormat(scale=capture.scale)
        seen = await visit_frame(tab, capture.visit, capture.post, self._door, self.limits, screenshot_format)
        shown.screenshot, shown.settled = seen.screenshot, seen.settled
        if capture.in_place and shown.settled:  # there the frame was photographed, not the card in it
            window = {"x": 0.0, "y": 0.0, "width": float(tab.size[0]), "height": float(tab.size[1])}
            shown.screenshot = await tab.photograph(window, screenshot_format, self.limits.screenshot_s)
        await look(tab.page, capture.visit.frame.card, shown)
        return shown

    async def _running(self) -> Chrome:
        async with self._starting:
            if self._chrome and not self._chrome.dead and self._chrome.browser.is_connected():
                return self._chrome
            if self._chrome:
                await self._chrome.stop()
            self._chrome = await launch(self._choice, self._door.server)
            return self._chrome


async def answer(route: Route, replaying: Replaying, shown: Shown) -> None:
    """Answer one request as it was answered then, or not at all."""
    request = route.request
    found = replaying.find(request.method, request.url)
    with contextlib.suppress(PlaywrightError):  # the page is gone, nobody waits for the answer
        if found is None:
            shown.unanswered.append(f"{request.method} {request.url}")
            await route.abort("internetdisconnected")
        else:
            await route.fulfill(status=found.status, headers=found.framed(), body=found.body)


async def look(page: Page, card: str, shown: Shown) -> None:
    """Read the words and count the pictures on show, in the card and in the frames within the page."""
    for frame in page.frames:
        with contextlib.suppress(PlaywrightError, TimeoutError):
            told = await asyncio.wait_for(frame.evaluate(_LOOK, card), READ_S)
            shown.text += f"\n{told['text']}"
            shown.pictures += told["shown"]
            shown.whole += told["whole"]
