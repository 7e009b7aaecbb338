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

from embedarchive.browser.cdp import CLOSED, Event, ProtocolError, ScriptError, Session
from embedarchive.browser.launch import CLOSE_S, Chrome, within
from embedarchive.browser.network import Listener, PageResponse
from embedarchive.browser.patience import crowding
from embedarchive.browser.record import BodyCache, Recorder
from embedarchive.browser.target import Command, Target, let_on
from embedarchive.core.errors import BrowserCrashed
from embedarchive.egress import Door

T = TypeVar("T")

OPEN_S = 20.0
CLEAR_S = 10.0
MAX_SIDE = 16_384
"""Pixels: Chromium's pictures cannot be taller or wider."""

PAGE_SCRIPT = files("embedarchive.browser").joinpath("page.js").read_text(encoding="utf-8").rstrip()
_SHOTS = 3
_SCRIPTS = (
    "if (window === window.top) window.name = '';",
    "if (self.ServiceWorkerContainer) ServiceWorkerContainer.prototype.register = async () => {};",
)
"""What every document runs first: no name outlives a visit, and no service worker stands between a page and the network."""
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
    target: Target
    door: Door
    user: str
    size: tuple[int, int]
    scale: float
    recorder: Recorder | None = None
    body_cache: BodyCache = field(default_factory=BodyCache)
    spoiled: bool = False
    visits: int = 0
    been: set[str] = field(default_factory=set)
    written: list[tuple[str, str, bool]] = field(default_factory=list)
    """Of a tab with a login: the cookies that answers set on this visit, each a secret whatever its name."""
    stored: list[tuple[str, str]] = field(default_factory=list)
    """And the values that pages stored."""
    _asking_anew: bool = False

    @property
    def session(self) -> Session:
        """The line to the page itself."""
        return self.target.session

    async def go(self, url: str, seconds: float, referrer: str = "", *, anew: bool = False) -> PageResponse | None:
        """Go to an address; what comes is what its server says now, never what an earlier visit left in the cache.

        The cache is this tab's own, so it can hold the document only where the tab has been; `anew` is for pages whose
        frames may be such documents.
        """
        address = url.partition("#")[0]
        if anew or address in self.been:
            await self._ask_anew()
        self.been.add(address)
        self.door.admit(self.user)
        async with asyncio.timeout(seconds):
            return await self.target.navigate(url, referrer)

    async def _ask_anew(self) -> None:
        """Let every document of this visit come as after a reader's hard reload, and all else from the cache as ever.

        Chromium's own switch, Network.setCacheDisabled, cannot be turned back before the first styles are asked for; to
        pause each document for its headers costs 5 ms of a visit's 250.
        """
        if not self._asking_anew:
            self._asking_anew = True
            self.target.on_paused = _send_anew
            await within(OPEN_S, self.target.pause({"patterns": [{"resourceType": "Document"}]}), "intercept")

    def spoil(self) -> None:
        """Let nobody use it again."""
        self.spoiled = True

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
            return await self.race(self.target.main.evaluate(expression, isolated=isolated), seconds)
        except ScriptError as error:
            raise PageLeft(str(error)) from error
        except ProtocolError as error:
            said = str(error)
            if said != CLOSED and any(word in said.lower() for word in _LOST) and not self.spoiled:
                raise PageLeft(said) from error
            raise BrowserCrashed(said) from error

    async def race(self, work: Awaitable[T], seconds: float) -> T:
        """Await something of the page's.

        Raises BrowserCrashed as soon as the page's process dies, TimeoutError after so many seconds of silence.
        """
        working = asyncio.ensure_future(work)
        crashing = asyncio.ensure_future(self.target.crashed.wait())
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
            async with asyncio.timeout(seconds):
                await self.target.crashed.wait()
        return self.target.crashed.is_set()

    async def resize(self, width: int, height: int) -> None:
        """Give the page a viewport of that size."""
        if self.size != (width, height):
            await within(OPEN_S, self.session.send(*_window(width, height, self.scale)), "resize")
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
        clip = {**box, "scale": 1}  # of the pixels that the page is emulated with
        options: dict[str, Any] = {"format": screenshot_format.kind, "clip": clip, "captureBeyondViewport": beyond}
        if screenshot_format.kind != "png":
            options["quality"] = screenshot_format.quality
        for attempt in range(_SHOTS):
            try:
                shot = await self.race(self.session.send("Page.captureScreenshot", options), seconds)
                return base64.b64decode(shot["data"])
            except ProtocolError as error:
                if "Unable to capture" not in str(error) or attempt == _SHOTS - 1:
                    raise BrowserCrashed(str(error)) from error
        raise AssertionError("a loop of at least one attempt returns or raises")

    async def clear(self) -> None:
        """Leave the post and forget everything: cookies, every storage, workers, history. The HTTP cache may stay.

        Beacons outlive their page, and their answers may set cookies when the next post is on show. So the door bars
        the tab from here to its next visit, which ends them all; what had arrived by then is cleared at last. A page may
        also store something as it is left: it has done so when the empty page answers and its history is gone. Asked in this
        order, the history goes at the first attempt; asked straight after the page was left it took a second in most visits.
        """
        self.record(None)
        if self._asking_anew:
            await within(CLEAR_S, self.target.pause(None), "intercept no more")
            self.target.on_paused, self._asking_anew = let_on, False
        await within(CLEAR_S, self.target.navigate("about:blank"), "leave the page")
        self.door.bar(self.user)
        await within(CLEAR_S, self.session.send("Runtime.evaluate", {"expression": "0"}), "hear from the empty page")
        await within(CLEAR_S, self._forget_history(), "clear the history")
        everything = {"origin": "*", "storageTypes": "all"}
        await within(CLEAR_S, self.session.send("Storage.clearDataForOrigin", everything), "clear the identity")
        await within(CLEAR_S, self.session.send("Network.clearBrowserCookies"), "clear the last cookies")
        self.target.network.forget()
        self.target.popups = self.target.dialogs = 0
        self.written.clear()
        self.stored.clear()
        self.visits += 1

    async def count_held(self) -> int:
        """Bytes that the page's process holds for scripts and documents, what it could throw away included."""
        told = await within(CLEAR_S, self.session.send("Runtime.getHeapUsage"), "say what it holds")
        return sum(int(told.get(heap, 0)) for heap in ("usedSize", "embedderHeapUsedSize", "backingStorageSize"))

    def record(self, recorder: Recorder | None) -> None:
        """Let a recorder hear of every request from now on, or nobody."""
        self.recorder = recorder
        self.target.network.listener = recorder or Listener()

    async def _forget_history(self) -> None:
        """Clear the history until the empty page is all there is.

        While the page that was left is still being exchanged for the empty one, Chromium refuses, or takes the page that
        was left for the one to keep. It ends only so: whoever awaits it sets a bound.
        """
        while True:
            try:
                resetting = self.session.send("Page.resetNavigationHistory")
                history = await self.session.send("Page.getNavigationHistory")
                await resetting
                if [entry["url"] for entry in history["entries"]] == ["about:blank"]:
                    return
            except ProtocolError as error:
                if "active page" not in str(error):
                    raise
            await asyncio.sleep(0.02)

    async def close(self) -> bool:
        """Close the tab and its context; False when it does not close, which only the browser's end can mend."""
        self.record(None)
        try:
            async with asyncio.timeout(CLOSE_S * crowding()):
                await self.chrome.targets.close(self.target)
        except (ProtocolError, TimeoutError):
            return False
        return True


async def open_tab(chrome: Chrome, door: Door, size: tuple[int, int], scale: float) -> Tab:
    """Open a context and a page in it, which leave by that door, whichever the browser was started with.

    Its password is given once, for the context's life.
    """
    settings = [*_settings(chrome), *(("Page.addScriptToEvaluateOnNewDocument", {"source": s}) for s in _SCRIPTS)]
    target = await within(OPEN_S, chrome.targets.open(settings, door.server), "new page")
    target.session.send(*_window(*size, scale))
    target.session.send("Emulation.setFocusEmulationEnabled", {"enabled": True})
    user = f"tab-{secrets.token_hex(8)}"
    await within(OPEN_S, sign_in(target, door, user), "sign in at the door")
    tab = Tab(chrome, target, door, user, size, scale)
    target.session.on("Inspector.targetCrashed", lambda _: tab.spoil())
    await tab.clear()  # the first visit must find the same empty tab as every other
    return tab


def _settings(chrome: Chrome) -> list[Command]:
    """What makes every page the same: who the browser is, its language, its time zone, how it draws."""
    features = {"prefers-color-scheme": "light", "prefers-reduced-motion": "reduce"}
    media = [{"name": name, "value": value} for name, value in features.items()]
    return [
        ("Emulation.setUserAgentOverride", chrome.identity),
        ("Emulation.setLocaleOverride", {"locale": "en-US"}),
        ("Emulation.setTimezoneOverride", {"timezoneId": "UTC"}),
        ("Emulation.setEmulatedMedia", {"features": media}),
    ]


def _window(width: int, height: int, scale: float) -> Command:
    """The command that gives a page a window and screen of that size, in CSS pixels."""
    size = {"width": width, "height": height, "screenWidth": width, "screenHeight": height}
    return "Emulation.setDeviceMetricsOverride", {**size, "deviceScaleFactor": scale, "mobile": False}


async def sign_in(target: Target, door: Door, user: str = "door") -> None:
    """Let Chromium learn the door's password.

    Chromium remembers a proxy's password by itself, so one intercepted visit to the door's own address is enough; an
    interception that stays would turn the HTTP cache off.
    Raises BrowserCrashed when the door does not let the browser in.
    """
    proxy, session = door.proxy_for(user), target.session
    answer = {"response": "ProvideCredentials", "username": proxy["username"], "password": proxy["password"]}
    is_signing_in = True

    def on_auth(event: Event) -> None:
        ours = is_signing_in and event["authChallenge"].get("source") == "Proxy"
        if ours:
            reply = answer
        else:
            reply = {"response": "CancelAuth"}
        session.send("Fetch.continueWithAuth", {"requestId": event["requestId"], "authChallengeResponse": reply})

    session.on("Fetch.authRequired", on_auth)
    await target.pause({"handleAuthRequests": True})
    response = await target.navigate(door.sign_in_url)
    await target.pause(None)
    is_signing_in = False
    if response is None or response.status != 200:
        raise BrowserCrashed("the browser could not sign in at the door")


def _send_anew(session: Session, event: Event) -> None:
    """Let a paused document come from its server."""
    sent = [each for each in event["request"]["headers"].items() if each[0].lower() not in _ANEW]
    headers = [{"name": name, "value": value} for name, value in (*_ANEW.items(), *sent)]
    session.send("Fetch.continueRequest", {"requestId": event["requestId"], "headers": headers})
