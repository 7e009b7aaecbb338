"""One reused tab: opened behind the door, looked at from a world of its own, emptied of all identity between posts."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, TypeVar

from playwright.async_api import BrowserContext, CDPSession, Page, Request, Response
from playwright.async_api import Error as PlaywrightError

from embedarchive.browser.launch import CLOSE_S, Chrome, within
from embedarchive.browser.patience import crowding
from embedarchive.browser.record import BodyCache, Recorder
from embedarchive.core.errors import BrowserCrashed
from embedarchive.egress import Door

T = TypeVar("T")

OPEN_S = 20.0
CLEAR_S = 10.0
MAX_SIDE = 16_384
"""Pixels: Chromium's pictures cannot be taller or wider."""

PAGE_SCRIPT = files("embedarchive.browser").joinpath("page.js").read_text(encoding="utf-8").rstrip()
_SHOTS = 3
_FORGET_NAME = "if (window === window.top) window.name = '';"
_ANEW = {"pragma": "no-cache", "cache-control": "no-cache"}
_LOST = ("context", "navigat", "frame", "detached")


class PageLeft(Exception):
    """The page went elsewhere while it was being looked at."""


@dataclass(frozen=True, slots=True)
class ScreenshotFormat:
    """How pictures are taken. `kind` is `jpeg`, `webp` or `png` (lossless); `quality` is of the first two.

    Measured on cards at scale 1: JPEG 85 takes 70 KB and 45 ms, WebP 85 37 KB and 100 ms, PNG 360 KB and 190 ms; text
    is as easy to read in each, so the quick one is the default.
    """

    kind: str = "jpeg"
    quality: int = 85
    scale: float = 1.0


@dataclass(eq=False)
class Tab:
    """A page in a browser context of its own, so that no two posts on show share a cookie. The door knows it as `user`.

    `spoiled` is set when its renderer crashed or hung: it is not to be used again.
    """

    chrome: Chrome
    context: BrowserContext
    page: Page
    cdp: CDPSession
    door: Door
    user: str
    size: tuple[int, int]
    scale: float
    crash: asyncio.Event = field(default_factory=asyncio.Event)
    recorder: Recorder | None = None
    body_cache: BodyCache = field(default_factory=BodyCache)
    popups: int = 0
    dialogs: int = 0
    spoiled: bool = False
    visits: int = 0
    been: set[str] = field(default_factory=set)
    written: list[tuple[str, str, bool]] = field(default_factory=list)
    """Of a tab with a login: the cookies that answers set on this visit, each a secret whatever its name."""
    stored: list[tuple[str, str]] = field(default_factory=list)
    """And the values that pages stored."""
    _asking_anew: bool = False
    _frame: str = field(default="")

    async def go(self, url: str, seconds: float, referrer: str = "", *, anew: bool = False) -> Response | None:
        """Go to an address; what comes is what its server says now, never what an earlier visit left in the cache.

        The cache is this tab's own, so it can hold the document only where the tab has been; `anew` is for pages whose
        frames may be such documents.
        """
        address = url.partition("#")[0]
        if anew or address in self.been:
            await self._ask_anew()
        self.been.add(address)
        self.door.admit(self.user)
        return await self.page.goto(url, wait_until="commit", timeout=seconds * 1000, referer=referrer or None)

    async def _ask_anew(self) -> None:
        """Let every document of this visit come as after a reader's hard reload, and all else from the cache as ever.

        Chromium's own switch, Network.setCacheDisabled, cannot be turned back before the first styles are asked for; to
        pause each document for its headers costs 5 ms of a visit's 250.
        """
        if not self._asking_anew:
            self._asking_anew = True
            patterns = {"patterns": [{"resourceType": "Document"}]}
            await within(OPEN_S, self.cdp.send("Fetch.enable", patterns), "intercept")

    def heard(self) -> float:
        """When, by the monotonic clock, something last arrived for this tab, or it asked for something."""
        return max(self.door.heard(self.user), self.recorder.touched if self.recorder else 0.0)

    async def evaluate(
        self, function: str, data: dict[str, Any], seconds: float, script: str = PAGE_SCRIPT, *, isolated: bool = True
    ) -> Any:
        """Call a function of page.js in an isolated world, or of a script that has to do with the page's own in the page's.

        Raises PageLeft when the page navigates meanwhile or the function fails, BrowserCrashed when the page is lost,
        TimeoutError when it does not answer in so many seconds.
        """
        expression = f"{script}.{function}({json.dumps(data)})"
        try:
            options: dict[str, Any] = {"awaitPromise": True, "returnByValue": True}
            if isolated:
                where = {"frameId": self._frame, "worldName": "embedarchive"}
                world = await self.race(self.cdp.send("Page.createIsolatedWorld", where), seconds)
                options["contextId"] = world["executionContextId"]
            answer = await self.race(self.cdp.send("Runtime.evaluate", {"expression": expression, **options}), seconds)
        except PlaywrightError as error:
            lost = any(word in error.message.lower() for word in _LOST) and "has been closed" not in error.message
            if lost and not self.spoiled:
                raise PageLeft(error.message) from error
            raise BrowserCrashed(error.message.splitlines()[0]) from error
        if "exceptionDetails" in answer:
            raise PageLeft(str(answer["exceptionDetails"].get("text")))
        return answer["result"].get("value")

    async def race(self, work: Awaitable[T], seconds: float) -> T:
        """Await something of the page's.

        Raises BrowserCrashed as soon as the page's process dies, TimeoutError after so many seconds of silence.
        """
        working = asyncio.ensure_future(work)
        crashing = asyncio.ensure_future(self.crash.wait())
        try:
            await asyncio.wait((working, crashing), timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if working.done():
                return await working
            if crashing.done():
                raise BrowserCrashed("the page's process died")
            raise TimeoutError
        finally:
            working.cancel()
            crashing.cancel()

    async def has_crashed(self, seconds: float) -> bool:
        """Whether the page's process has died, or does so within so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self.crash.wait(), seconds)
        return self.crash.is_set()

    async def resize(self, width: int, height: int) -> None:
        """Give the page a viewport of that size."""
        if self.size != (width, height):
            await within(OPEN_S, self.page.set_viewport_size({"width": width, "height": height}), "resize")
            self.size = (width, height)

    async def photograph(
        self, box: dict[str, float], screenshot_format: ScreenshotFormat, seconds: float, *, in_view: bool = False
    ) -> bytes:
        """Take a picture of a box of the document, given in CSS pixels, beyond the viewport too.

        `in_view` says that a scrolled page shows the box as it is, so that the viewport must not grow for it.
        Chromium sometimes says "Unable to capture screenshot" for no reason that lasts: then it is asked again.
        Raises BrowserCrashed when it does not give the picture, TimeoutError when it is silent for so many seconds.
        """
        fits = box["x"] + box["width"] <= self.size[0] and box["y"] + box["height"] <= self.size[1]
        beyond = not (fits or in_view)
        clip = {**box, "scale": screenshot_format.scale}
        options: dict[str, Any] = {"format": screenshot_format.kind, "clip": clip, "captureBeyondViewport": beyond}
        if screenshot_format.kind != "png":
            options["quality"] = screenshot_format.quality
        for attempt in range(_SHOTS):
            try:
                shot = await self.race(self.cdp.send("Page.captureScreenshot", options), seconds)
                return base64.b64decode(shot["data"])
            except PlaywrightError as error:
                if "Unable to capture" not in error.message or attempt == _SHOTS - 1:
                    raise BrowserCrashed(error.message.splitlines()[0]) from error
        raise AssertionError("a loop of at least one attempt returns or raises")

    async def clear(self) -> None:
        """Leave the post and forget everything: cookies, every storage, workers, history. The HTTP cache may stay.

        Beacons outlive their page, and their answers may set cookies when the next post is on show. So the door bars
        the tab from here to its next visit, which ends them all; what had arrived by then is cleared at last.
        """
        self.recorder = None
        if self._asking_anew:
            await within(CLEAR_S, self.cdp.send("Fetch.disable"), "intercept no more")
            self._asking_anew = False
        await within(CLEAR_S, self.page.goto("about:blank", wait_until="commit"), "leave the page")
        self.door.bar(self.user)
        everything = {"origin": "*", "storageTypes": "all"}
        await within(CLEAR_S, self.cdp.send("Storage.clearDataForOrigin", everything), "clear the identity")
        await within(CLEAR_S, self._forget_history(), "clear the history")
        await within(CLEAR_S, self.cdp.send("Network.clearBrowserCookies"), "clear the last cookies")
        self.popups = self.dialogs = 0
        self.written.clear()
        self.stored.clear()
        self.visits += 1

    async def _forget_history(self) -> None:
        """Clear the history until the empty page is all there is.

        While the page that was left is still being exchanged for the empty one, Chromium refuses, or takes the page that
        was left for the one to keep. It ends only so: whoever awaits it sets a bound.
        """
        while True:
            try:
                await self.cdp.send("Page.resetNavigationHistory")
                history = await self.cdp.send("Page.getNavigationHistory")
                if [entry["url"] for entry in history["entries"]] == ["about:blank"]:
                    return
            except PlaywrightError as error:
                if "active page" not in error.message:
                    raise
            await asyncio.sleep(0.02)

    async def close(self) -> bool:
        """Close the tab and its context; False when it does not close, which only the browser's end can mend."""
        self.recorder = None
        try:
            await asyncio.wait_for(self.context.close(), CLOSE_S * crowding())
        except (PlaywrightError, TimeoutError):
            return False
        return True


async def open_tab(chrome: Chrome, door: Door, size: tuple[int, int], scale: float) -> Tab:
    """Open a context and a page in it, which leave by that door, whichever the browser was started with.

    Its password is given once, for the context's life.
    """
    context = await within(
        OPEN_S,
        chrome.browser.new_context(
            accept_downloads=False,
            service_workers="block",
            viewport={"width": size[0], "height": size[1]},
            device_scale_factor=scale,
            locale="en-US",
            timezone_id="UTC",
            color_scheme="light",
            reduced_motion="reduce",
            user_agent=chrome.user_agent,
            permissions=[],
            proxy={"server": door.server},
        ),
        "new context",
    )
    await within(OPEN_S, context.add_init_script(_FORGET_NAME), "init script")
    page = await within(OPEN_S, context.new_page(), "new page")
    cdp = await within(OPEN_S, context.new_cdp_session(page), "CDP session")
    await within(OPEN_S, cdp.send("Emulation.setUserAgentOverride", chrome.identity), "user agent")
    user = f"tab-{secrets.token_hex(8)}"
    await within(OPEN_S, sign_in(page, cdp, door, user), "sign in at the door")
    tree = await within(OPEN_S, cdp.send("Page.getFrameTree"), "frame tree")
    tab = Tab(chrome, context, page, cdp, door, user, size, scale, _frame=tree["frameTree"]["frame"]["id"])
    _listen(tab)
    await tab.clear()  # the first visit must find the same empty tab as every other
    return tab


async def sign_in(page: Page, cdp: CDPSession, door: Door, user: str = "door") -> None:
    """Let Chromium learn the door's password.

    Playwright could give it (`proxy=`), but then intercepts every request and turns the HTTP cache off for good.
    Chromium remembers a proxy's password by itself, so one intercepted visit to the door's own address is enough.
    Raises BrowserCrashed when the door does not let the browser in.
    """
    proxy = door.proxy_for(user)
    answer = {"response": "ProvideCredentials", "username": proxy["username"], "password": proxy["password"]}
    working: set[asyncio.Future[Any]] = set()

    def send(method: str, parameters: dict[str, Any]) -> None:
        work = asyncio.ensure_future(cdp.send(method, parameters))
        working.add(work)
        work.add_done_callback(lambda done: done.cancelled() or done.exception())

    def on_auth(event: dict[str, Any]) -> None:
        ours = event["authChallenge"].get("source") == "Proxy"
        reply = answer if ours else {"response": "CancelAuth"}
        send("Fetch.continueWithAuth", {"requestId": event["requestId"], "authChallengeResponse": reply})

    def on_paused(event: dict[str, Any]) -> None:
        send("Fetch.continueRequest", {"requestId": event["requestId"]})

    cdp.on("Fetch.authRequired", on_auth)
    cdp.on("Fetch.requestPaused", on_paused)
    await cdp.send("Fetch.enable", {"handleAuthRequests": True})
    response = await page.goto(door.sign_in_url)
    await cdp.send("Fetch.disable")
    cdp.remove_listener("Fetch.authRequired", on_auth)
    cdp.remove_listener("Fetch.requestPaused", on_paused)
    if response is None or response.status != 200:
        raise BrowserCrashed("the browser could not sign in at the door")


def _listen(tab: Tab) -> None:
    """Send the page's events to whichever recorder is on, and close what the page opens."""

    def on_popup(page: Page) -> None:
        if page is not tab.page:
            tab.popups += 1
            closing = asyncio.ensure_future(page.close())
            closing.add_done_callback(lambda done: done.cancelled() or done.exception())

    def on_dialog(dialog: Any) -> None:
        tab.dialogs += 1
        closing = asyncio.ensure_future(dialog.dismiss())
        closing.add_done_callback(lambda done: done.cancelled() or done.exception())

    def on_crash(_: Page) -> None:
        tab.spoiled = True
        tab.crash.set()

    def on_paused(event: dict[str, Any]) -> None:
        if tab._asking_anew:
            sent = [each for each in event["request"]["headers"].items() if each[0].lower() not in _ANEW]
            headers = [{"name": name, "value": value} for name, value in (*_ANEW.items(), *sent)]
            request = {"requestId": event["requestId"], "headers": headers}
            going = asyncio.ensure_future(tab.cdp.send("Fetch.continueRequest", request))
            going.add_done_callback(lambda done: done.cancelled() or done.exception())

    def to_recorder(name: str) -> Any:
        def pass_on(event: Request | Response) -> None:
            if tab.recorder:
                getattr(tab.recorder, name)(event)

        return pass_on

    tab.context.on("page", on_popup)
    tab.page.on("dialog", on_dialog)
    tab.page.on("crash", on_crash)
    tab.cdp.on("Fetch.requestPaused", on_paused)
    tab.page.on("request", to_recorder("on_request"))
    tab.page.on("response", to_recorder("on_response"))
    tab.page.on("requestfinished", to_recorder("on_finished"))
    tab.page.on("requestfailed", to_recorder("on_failed"))
