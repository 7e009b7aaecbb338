"""A tab that has gone to a post's frame -> the frame as a reader sees it: settled, complete, measured, photographed.

What is waited for, and in which order, is page.js; here are the deadlines, and what to do when they pass.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any

from embedarchive.browser.launch import within
from embedarchive.browser.tab import MAX_SIDE, PageLeft, ScreenshotFormat, Tab
from embedarchive.platforms.kit.specification import Frame

GRACE_S = 4.0
"""How much later than its own deadline an answer from inside the page may come before the page counts as hung."""
MAX_STRANGE_HEIGHT = 4000
"""Pixels kept of a page that is not the post: enough to see what it was."""

_PING_S = 3.0
_STRANGE_SHOT_S = 3.0


@dataclass(frozen=True, slots=True)
class VisitLimits:
    """Seconds a visit may take: to the first byte of the page, until it has settled, until it is complete, in all.

    `memory_mb` is what one page may hold; a page that holds more is killed.
    """

    navigate_s: float = 30.0
    settle_s: float = 20.0
    rest_s: float = 15.0
    screenshot_s: float = 15.0
    whole_s: float = 100.0
    quiet_ms: int = 700
    memory_mb: int = 1500


@dataclass
class Look:
    """What was seen.

    `settled` is `card`, `dead`, `strange` (quiet, and neither), `cut` (the document broke off) or `late`. The lists
    `late` and `broken` say what was not ready in time or did not load; `url` is empty when the page would not rest.
    """

    settled: str = ""
    url: str = ""
    dom: str = ""
    screenshot: bytes | None = None
    cut: bool = False
    alterations: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    timings: dict[str, int] = field(default_factory=dict)


async def look_at_frame(tab: Tab, frame: Frame, limits: VisitLimits, screenshot_format: ScreenshotFormat) -> Look:
    """Wait for the card, do the moves, wait until all is there, and take the picture.

    Raises TimeoutError when the page does not answer at all.
    """
    ask = {
        "card": frame.card,
        "dead": ", ".join(frame.dead),
        "pending": ", ".join(frame.pending),
        "moves": [asdict(move) for move in frame.moves],
        "quiet": limits.quiet_ms,
        "rest": limits.rest_s * 1000,
    }
    later = sum(move.ms * move.times for move in frame.moves) / 1000 + limits.rest_s
    answer = await _settle(tab, ask, later, limits)
    look = Look(answer["state"])
    if "url" not in answer:
        return look
    look.url, look.dom = answer["url"], _whole_text(answer["dom"])
    look.alterations = answer["done"] + ([f"loading=eager on {answer['eager']} images"] if answer["eager"] else [])
    look.late = answer["unmet"] + [f"{what} not complete in time" for what in answer["late"]]
    look.broken, look.timings = answer["broken"], answer["timings"]
    began = monotonic()
    await _photograph(tab, look, answer, limits, screenshot_format)
    look.timings["screenshot_ms"] = round((monotonic() - began) * 1000)
    return look


async def _settle(tab: Tab, ask: dict[str, Any], later: float, limits: VisitLimits) -> dict[str, Any]:
    """Ask the page until it gives an answer to go by. A page that moves on by script is asked again where it went."""
    state = "late"
    for left in _until(limits.settle_s):
        try:
            answer = await _ask(tab, {**ask, "settle": left * 1000}, left, later)
        except PageLeft:
            await asyncio.sleep(0.05)  # the next document is about to be there
            continue
        state = answer["state"]
        if state in ("card", "dead"):
            return answer
        if state != "strange" or not (tab.recorder and tab.recorder.pending):
            break
    if state in ("cut", "late"):  # a page that never ends is stopped, else it could not be photographed
        await within(limits.settle_s, tab.cdp.send("Page.stopLoading"), "stop loading")
    try:
        last: dict[str, Any] = await tab.evaluate("look", {**ask, "settle": 0, "accept": state}, later + GRACE_S)
    except PageLeft:
        return {"state": state}
    return last


async def _ask(tab: Tab, ask: dict[str, Any], settle_s: float, later: float) -> dict[str, Any]:
    """Put one question to the page. A document that breaks off is not waited for, nor is a page that hangs."""
    assert tab.recorder
    asking = asyncio.ensure_future(tab.evaluate("look", ask, settle_s + later + GRACE_S))
    breaking = asyncio.ensure_future(tab.recorder.document_failed.wait())
    either = (asking, breaking)
    try:
        done, _ = await asyncio.wait(either, timeout=settle_s + GRACE_S, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            await tab.race(tab.cdp.send("Runtime.evaluate", {"expression": "1"}), _PING_S)
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        answer: dict[str, Any] = {"state": "cut"} if breaking.done() else await asking
        return answer
    finally:
        for task in either:
            task.cancel()


def _until(seconds: float) -> Iterator[float]:
    """Yield the seconds that are left, as long as there are some."""
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0:
        yield left


async def _photograph(
    tab: Tab, look: Look, answer: dict[str, Any], limits: VisitLimits, screenshot_format: ScreenshotFormat
) -> None:
    box = _round_out(answer["box"])
    tallest = MAX_SIDE / screenshot_format.scale if answer["found"] else MAX_STRANGE_HEIGHT
    look.cut = bool(answer["found"]) and box["height"] > tallest
    box["height"] = min(box["height"], tallest)
    is_known = look.settled in ("card", "dead")
    try:
        look.screenshot = await tab.photograph(
            box, screenshot_format, limits.screenshot_s if is_known else _STRANGE_SHOT_S
        )
    except TimeoutError:
        if is_known:
            raise
        # A document that broke off may never draw anything; the tab is left with a picture still being waited for.
        look.late.append("no picture could be taken")
        tab.spoiled = True


def _round_out(box: dict[str, float]) -> dict[str, float]:
    """Widen a box to whole pixels, so that no edge is blurred or lost."""
    x, y = max(0, math.floor(box["x"])), max(0, math.floor(box["y"]))
    right, bottom = math.ceil(box["x"] + box["width"]), math.ceil(box["y"] + box["height"])
    return {"x": x, "y": y, "width": max(1, right - x), "height": max(1, bottom - y)}


def _whole_text(text: str) -> str:
    """Replace lone surrogates, which JavaScript strings may hold and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
