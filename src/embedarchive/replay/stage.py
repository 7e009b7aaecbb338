"""A capture read from an archive -> what a browser makes of it with the network shut."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from weakref import WeakKeyDictionary

from embedarchive.browser import BrowserChoice, VisitLimits
from embedarchive.browser.cdp import Event, ProtocolError, Session
from embedarchive.browser.launch import Chrome, launch, within
from embedarchive.browser.patience import crowding
from embedarchive.browser.tab import CLEAR_S, OPEN_S, ScreenshotFormat, Tab
from embedarchive.browser.tabs import WarmTabs
from embedarchive.browser.target import Target
from embedarchive.browser.visit import visit_frame
from embedarchive.core.errors import BrowserCrashed
from embedarchive.egress import Door, DoorPolicy, Refusal
from embedarchive.replay.answers import Replaying
from embedarchive.replay.kept import Replayable

SHUT = DoorPolicy(ports=frozenset())
"""A door without a port lets nothing out, whatever gets past the answers: sockets, workers, prefetches."""

LIMITS = VisitLimits(navigate_s=10.0, rest_s=8.0, whole_s=60.0)
READ_S = 10.0
ATTEMPTS = 2

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


@dataclass
class Prompter:
    """Answers what a tab asks, from the replay that is on in it; between two replays nobody is answered."""

    replaying: Replaying | None = None
    unanswered: list[str] = field(default_factory=list)
    _answering: set[asyncio.Future[Event]] = field(default_factory=set)

    def answer(self, session: Session, event: Event) -> None:
        """Answer one request as it was answered then, or not at all."""
        request, found = event["request"], None
        url = request["url"] + request.get("urlFragment", "")
        if self.replaying:
            found = self.replaying.find(request["method"], url)
        if found:
            command, answer = "Fetch.fulfillRequest", fulfil(found.status, found.framed(), found.body)
        elif allowed := allow_preflight(request):
            command, answer = "Fetch.fulfillRequest", fulfil(204, allowed)
        else:
            self.unanswered.append(f"{request['method']} {url}")
            command, answer = "Fetch.failRequest", {"errorReason": "InternetDisconnected"}
        answering = session.send(command, {"requestId": event["requestId"], **answer})
        self._answering.add(answering)
        answering.add_done_callback(self._answering.discard)

    async def stop(self) -> bool:
        """Answer no more, and wait for the answers on their way, which could set cookies; False if they do not end."""
        self.replaying, self.unanswered = None, []
        if self._answering:
            await asyncio.wait(self._answering, timeout=CLEAR_S)
        return not self._answering


def fulfil(status: int, headers: Mapping[str, str], body: bytes = b"") -> Event:
    """An answer as Fetch.fulfillRequest takes it: lines of one name are headers of their own."""
    lines = [{"name": name, "value": line} for name, value in headers.items() for line in value.split("\n")]
    return {"responseCode": status, "responseHeaders": lines, "body": base64.b64encode(body).decode()}


def allow_preflight(request: Event) -> dict[str, str] | None:
    """The answer to a question that a browser asks before another request, which is the one that matters; else None."""
    asked = {name.lower(): value for name, value in request["headers"].items()}
    if request["method"] != "OPTIONS" or "access-control-request-method" not in asked:
        return None
    return {
        "Access-Control-Allow-Origin": asked.get("origin", "*"),
        "Access-Control-Allow-Methods": asked["access-control-request-method"],
        "Access-Control-Allow-Headers": asked.get("access-control-request-headers", ""),
        "Access-Control-Allow-Credentials": "true",
    }


class ReplayBrowser:
    """Tabs behind a shut door, opened with `async with`, in a browser of their own or in one that is running anyway.

    `show` may be called by many tasks; as many are at work at once as there are `tabs`. Tabs are reused, and nothing of
    one replay is left in the next. `running` gives the browser to use, started again if it died: the door is a tab's, so
    one browser can have tabs that visit and tabs that reach nothing.
    """

    def __init__(
        self,
        choice: BrowserChoice,
        limits: VisitLimits = LIMITS,
        *,
        tabs: int = 3,
        running: Callable[[], Awaitable[Chrome]] | None = None,
    ) -> None:
        self.limits = limits
        self._choice = choice
        self._running = running or self._start
        self._door = Door(SHUT)
        self._chrome: Chrome | None = None
        self._starting = asyncio.Lock()
        self._places = asyncio.Semaphore(tabs)
        self._tabs = WarmTabs(self._door, self._furnish)
        self._prompters: WeakKeyDictionary[Tab, Prompter] = WeakKeyDictionary()
        self.opened = 0
        """Tabs opened so far."""

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
        async with self._places:
            for _ in range(ATTEMPTS - 1):
                with contextlib.suppress(BrowserCrashed):  # perhaps another replay's doing
                    return await self._show(capture)
            return await self._show(capture)

    async def _show(self, capture: Replayable) -> Shown:
        chrome, frame = await self._running(), capture.visit.frame
        async with self._tabs.lend(chrome, (frame.width, frame.height), capture.scale) as tab:
            try:
                async with asyncio.timeout(self.limits.whole_s * crowding()):
                    return await self._prompt(tab, capture, self._prompters[tab])
            except TimeoutError as error:
                chrome.kill()
                raise BrowserCrashed("the replay did not end") from error

    async def _prompt(self, tab: Tab, capture: Replayable, prompter: Prompter) -> Shown:
        """Show a capture in a tab, its requests answered as they were then."""
        prompter.replaying, prompter.unanswered = capture.answers.replay(), []
        shown = Shown(unanswered=prompter.unanswered)
        try:
            await self._look(tab, capture, shown)
        finally:
            tab.spoiled |= not await prompter.stop()
            tab.been.clear()  # no answer ever comes from the cache
        return shown

    async def _look(self, tab: Tab, capture: Replayable, shown: Shown) -> None:
        screenshot_format = ScreenshotFormat(scale=capture.scale)
        seen = await visit_frame(
            tab, capture.visit, capture.post, self._door, self.limits, screenshot_format, bodies=False
        )
        shown.screenshot, shown.settled = seen.screenshot, seen.settled
        if capture.in_place and shown.settled:  # there the frame was photographed, not the card in it
            window = {"x": 0.0, "y": 0.0, "width": float(tab.size[0]), "height": float(tab.size[1])}
            shown.screenshot = await tab.photograph(window, screenshot_format, self.limits.screenshot_s)
        await look(tab.target, capture.visit.frame.card, shown)

    async def _furnish(self, tab: Tab) -> None:
        """Let a prompter answer all that a new tab asks, for its life; Chromium then keeps nothing in its cache."""
        self.opened += 1
        prompter = self._prompters[tab] = Prompter()
        tab.target.on_paused = prompter.answer
        await within(OPEN_S, tab.target.pause({"patterns": [{"urlPattern": "*"}]}), "answer requests")
        await within(OPEN_S, tab.session.send("Network.setCacheDisabled", {"cacheDisabled": True}), "cache nothing")

    async def _start(self) -> Chrome:
        """A browser of its own, started again if it died."""
        async with self._starting:
            if self._chrome and self._chrome.is_running:
                return self._chrome
            if self._chrome:
                await self._chrome.stop()
            self._chrome = await launch(self._choice, self._door.server)
            return self._chrome


async def look(target: Target, card: str, shown: Shown) -> None:
    """Read the words and count the pictures on show, in the card and in the frames within the page."""
    for frame in tuple(target.frames.values()):
        with contextlib.suppress(ProtocolError, TimeoutError):
            async with asyncio.timeout(READ_S):
                told = await frame.call(_LOOK, card)
            shown.text += f"\n{told['text']}"
            shown.pictures += told["shown"]
            shown.whole += told["whole"]
