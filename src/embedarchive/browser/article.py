"""An article and a tab -> what the page became: its rendered text, its embeds photographed in place, its picture."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from importlib.resources import files
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from embedarchive.browser.cdp import ProtocolError, whole_text
from embedarchive.browser.network import PageResponse
from embedarchive.browser.patience import crowding
from embedarchive.browser.record import Recorder
from embedarchive.browser.redact import redact_url
from embedarchive.browser.tab import MAX_SIDE, PAGE_SCRIPT, PageLeft, ScreenshotFormat, Tab
from embedarchive.browser.visit import name_failure
from embedarchive.core import clock
from embedarchive.core.errors import BrowserCrashed
from embedarchive.core.model import Rendering
from embedarchive.egress import Door

WINDOW = (1280, 1200)
_ARTICLE_SCRIPT = files("embedarchive.browser").joinpath("article.js").read_text(encoding="utf-8").rstrip()
_SCRIPT = f"Object.assign({PAGE_SCRIPT},\n{_ARTICLE_SCRIPT})"
_TIMERS = files("embedarchive.browser").joinpath("timers.js").read_text(encoding="utf-8").rstrip()
_STARTS = 3
"""How often a page may leave for another while it is being looked at."""
_LONGEST_DOM = 32_000_000
_PICTURE_QUALITY = 70
"""Of the whole page: it is there for context, the embeds have pictures of their own."""


_GROWTH = 1.3
_DRAW_S = 3.0
_DRAWN = "() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"


@dataclass(frozen=True, slots=True)
class ArticleLimits:
    """Seconds: to the first byte, until the page is quiet, for scrolling, for one embed, for all embeds, in all.

    What a script does on a timer as its place is scrolled to is waited for `linger_s`. An embed whose frame is still arriving
    is given more, up to `late_embed_s`, while no `idle_s` pass without a byte. A page whose answer is
    `grace_s` late has hung.
    """

    navigate_s: float = 45.0
    quiet_s: float = 8.0
    scroll_s: float = 25.0
    linger_s: float = 3.0
    embed_s: float = 12.0
    idle_s: float = 30.0
    late_embed_s: float = 90.0
    embeds_s: float = 240.0
    screenshot_s: float = 20.0
    whole_s: float = 480.0
    grace_s: float = 4.0
    quiet_ms: int = 500
    step_ms: int = 800


@dataclass
class Opened:
    """An open article: what it became so far. `reason` says what went wrong."""

    tab: Tab
    url: str
    door: Door
    limits: ArticleLimits
    screenshot_format: ScreenshotFormat
    started_at: str
    final_url: str = ""
    status: int | None = None
    reason: str | None = None
    dom: str = ""
    screenshot: bytes | None = None
    alterations: list[str] = field(default_factory=list)

    async def ask(self, function: str, seconds: float, **data: Any) -> Any:
        """Call a function of article.js, which is told to end before its time is up."""
        deadline = {"deadline": seconds * 1000, **data}
        return await self.tab.evaluate(function, deadline, seconds + self.limits.grace_s * crowding(), _SCRIPT)

    async def time(self, function: str, seconds: float, **data: Any) -> None:
        """Call a function of timers.js in the page's own world, where its scripts set their timers."""
        deadline = {"deadline": seconds * 1000, **data}
        await self.tab.evaluate(function, deadline, seconds + self.limits.grace_s * crowding(), _TIMERS, isolated=False)

    async def alter(self, function: str, seconds: float = 5.0, **data: Any) -> None:
        """Call a function that changes the page, and note what it did."""
        done: list[str] = await self.ask(function, seconds, **data)
        self.alterations += (each for each in done if each not in self.alterations)

    async def rest(self) -> None:
        """Wait until the page is quiet and owes nothing, as far as its time reaches."""
        for left in seconds_left(self.limits.quiet_s):
            state = await self.ask("calm", left, quiet=self.limits.quiet_ms)
            if state != "calm" or not (self.tab.recorder and self.tab.recorder.pending):
                return

    def rendering(self) -> Rendering:
        final = redact_url(self.final_url or self.url)
        kind = f"image/{self.screenshot_format.kind}"
        return Rendering(
            self.url, final, self.started_at, self.status, self.reason,
            self.dom, self.screenshot, kind, tuple(self.alterations),
        )  # fmt: skip


async def open_article(
    tab: Tab, url: str, door: Door, limits: ArticleLimits, screenshot_format: ScreenshotFormat
) -> Opened:
    """Open an article as a reader would, to its end, with nothing over it. The world's faults are in `reason`."""
    opened = Opened(tab, url, door, limits, screenshot_format, clock.now())
    tab.record(Recorder(door.remote_address))
    await tab.resize(*WINDOW)
    response = await _navigate(opened)
    if response is None or opened.reason:
        return opened
    for _ in range(_STARTS):
        try:
            await _read(opened)
            return opened
        except PageLeft:
            opened.alterations.clear()
        except TimeoutError:
            tab.spoiled, opened.reason = True, "hung"
            return opened
    opened.reason = "restless"
    return opened


async def _navigate(opened: Opened) -> PageResponse | None:
    before, seconds = len(opened.door.refusals), opened.limits.navigate_s
    try:
        async with asyncio.timeout(seconds + opened.limits.grace_s):
            response = await opened.tab.go(opened.url, seconds, anew=True)
    except TimeoutError:
        opened.tab.spoiled, opened.reason = True, "timeout"
        return None
    except ProtocolError as error:
        refusals = list(opened.door.refusals)[before:] or list(opened.door.refusals)[-1:]
        opened.reason = name_failure(str(error), refusals)
        return None
    if response is None:
        opened.reason = "no_document"
    elif response.status >= 400:
        opened.status, opened.reason = response.status, f"http_{response.status}"
    elif not _is_same_page(response.url, opened.url):
        opened.status, opened.final_url, opened.reason = response.status, response.url, "led_elsewhere"
    else:
        opened.status = response.status
    return response


def _is_same_page(one: str, other: str) -> bool:
    """Whether an address is the one that was asked for: a wall for consent or login has another path."""
    pages = (urlsplit(url) for url in (one, other))
    return len({((p.hostname or "").removeprefix("www."), p.path.rstrip("/")) for p in pages}) == 1


async def _read(opened: Opened) -> None:
    """Wait, clear the view, go to the end and back, and write down what the page has become."""
    limits = opened.limits
    await opened.rest()
    await opened.alter("unblur")
    await opened.time("watch", 5.0, longest=limits.linger_s * 1000)
    stopped = await opened.ask("descend", limits.scroll_s, step_ms=limits.step_ms)
    await opened.time("end", limits.linger_s)
    await opened.ask("ascend", 5.0)
    opened.alterations.append(f"scrolled until {stopped}" if stopped else "scrolled to the end")
    await opened.rest()
    await opened.alter("unblur")
    written = await opened.ask("serialise", limits.screenshot_s, longest=_LONGEST_DOM)
    opened.final_url, opened.dom = written["url"], whole_text(written["dom"])
    opened.reason = "too_large" if written["cut"] else None


async def photograph_page(opened: Opened) -> None:
    """Take one picture of the whole article; a page that gives none goes without."""
    tab, limits = opened.tab, opened.limits
    screenshot_format = replace(
        opened.screenshot_format, quality=min(opened.screenshot_format.quality, _PICTURE_QUALITY)
    )
    try:
        width, height = await _unroll(opened)
        box = {"x": 0, "y": 0, "width": width, "height": min(height, MAX_SIDE / screenshot_format.scale)}
        opened.screenshot = await tab.photograph(box, screenshot_format, limits.screenshot_s * crowding())
    except (PageLeft, TimeoutError, BrowserCrashed):
        tab.spoiled = True


async def _unroll(opened: Opened) -> tuple[int, int]:
    """Make the window as tall as the page, for Chromium draws no frame of another site that is out of sight.

    Not where the page then grows, because its parts are as tall as the window.
    """
    await opened.tab.resize(*WINDOW)
    before = await opened.ask("extent", 5.0)
    tallest = int(MAX_SIDE / opened.screenshot_format.scale)
    await opened.tab.resize(WINDOW[0], min(before["height"], tallest))
    after = await opened.ask("extent", 5.0)
    if after["height"] > _GROWTH * before["height"]:
        await opened.tab.resize(*WINDOW)
        after = await opened.ask("extent", 5.0)
    drawing = [asyncio.ensure_future(frame.call(_DRAWN)) for frame in tuple(opened.tab.target.frames.values())]
    _, undrawn = await asyncio.wait(drawing, timeout=_DRAW_S * crowding())
    for each in undrawn:
        each.cancel()
    await asyncio.gather(*drawing, return_exceptions=True)
    return after["width"], after["height"]


async def find_candidates(opened: Opened) -> list[dict[str, Any]]:
    """What in the page may be an embed now: its tag, the beginning of its markup, whether it is shown."""
    found: list[dict[str, Any]] = await opened.ask("candidates", 10.0, most=400, longest=12_000)
    return found


def seconds_left(seconds: float) -> Iterator[float]:
    """Yield the seconds that are left, as long as there are some."""
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0:
        yield left
