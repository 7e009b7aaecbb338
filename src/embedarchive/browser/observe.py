"""A tab that has gone to a post's frame -> the frame as a reader sees it: settled, complete, measured, photographed.

What is waited for, and in which order, is page.js; here are the deadlines, and what to do when they pass.
"""

from __future__ import annotations

import asyncio
import math
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any

from embedarchive.browser.cdp import whole_text
from embedarchive.browser.launch import within
from embedarchive.browser.limits import VisitLimits
from embedarchive.browser.patience import Patience, crowding
from embedarchive.browser.tab import MAX_SIDE, PageLeft, ScreenshotFormat, Tab
from embedarchive.platforms.kit.specification import Frame

MAX_STRANGE_HEIGHT = 4000
"""Pixels kept of a page that is not the post: enough to see what it was."""

_STRANGE_SHOT_S = 3.0
_NO_PICTURE = "no picture could be taken"
_OF_THE_POST = frozenset({"pictures", "posters", "pending"})


_NEXT_DOCUMENT_S = 0.05
"""Where a page has left, the next document is about to be there."""
_LAST_LOOKS_S = 1.0
"""A document that broke off may be put in place of itself while it is looked at for the last time."""


@dataclass
class Look:
    """What was seen.

    `settled` is `card`, `dead`, `strange` (quiet, and neither), `cut` (the document broke off) or `late`. The lists
    `late` and `broken` say what was not ready in time or did not load, `unseen` what of it is the post's own; `url` is
    empty when the page would not rest.
    """

    settled: str = ""
    url: str = ""
    dom: str = ""
    screenshot: bytes | None = None
    cut: bool = False
    alterations: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    unseen: list[str] = field(default_factory=list)
    timings: dict[str, int] = field(default_factory=dict)


async def look_at_frame(
    tab: Tab, frame: Frame, limits: VisitLimits, screenshot_format: ScreenshotFormat, *, writes: bool = True
) -> Look:
    """Wait for the card, do the moves, wait until all is there, and take the picture; write the page down if it `writes`.

    Raises TimeoutError when the page does not answer at all.
    """
    rest_s = limits.rest_s * crowding()
    ask = {
        "card": frame.card,
        "dead": ", ".join(frame.dead),
        "pending": ", ".join(frame.pending),
        "moves": [asdict(move) for move in frame.moves],
        "quiet": limits.quiet_ms,
        "rest": rest_s * 1000,
        "mute": not writes,
    }
    later = sum(move.ms * move.times for move in frame.moves) / 1000 + rest_s
    answer = await _settle(tab, ask, later, limits)
    answer = await _rest(tab, ask, answer, limits)
    look = Look(answer["state"])
    if "url" not in answer:
        return look
    look.url, look.dom = answer["url"], whole_text(answer["dom"])
    look.alterations = answer["done"] + ([f"loading=eager on {answer['eager']} images"] if answer["eager"] else [])
    look.late = answer["unmet"] + [f"{what} not complete in time" for what in answer["late"]]
    look.unseen = sorted(_OF_THE_POST.intersection(answer["late"]))
    look.broken, look.timings = answer["broken"], answer["timings"]
    if look.settled == "cut" and "stillness" in answer["late"]:
        # Chromium draws nothing of a document that broke off while its styles were awaited: no picture would come.
        look.late.append(_NO_PICTURE)
        return look
    began = monotonic()
    await _photograph(tab, look, answer, limits, screenshot_format)
    look.timings["screenshot_ms"] = round((monotonic() - began) * 1000)
    return look


async def _settle(tab: Tab, ask: dict[str, Any], later: float, limits: VisitLimits) -> dict[str, Any]:
    """Ask the page until it gives an answer to go by. A page that moves on by script is asked again where it went."""
    state = "late"
    patience = be_patient(tab, limits, limits.settle_s)
    while (left := patience.left()) > 0:
        try:
            answer = await _ask(tab, {**ask, "settle": left * 1000}, left, later, limits.grace_s)
        except PageLeft:
            await asyncio.sleep(_NEXT_DOCUMENT_S)
            continue
        state = answer["state"]
        if state in ("card", "dead"):
            return answer
        if state == "cut" or (state == "strange" and not (tab.recorder and tab.recorder.pending)):
            break
    if state in ("cut", "late"):  # a page that never ends is stopped, else it could not be photographed
        await within(limits.settle_s, tab.session.send("Page.stopLoading"), "stop loading")
    end = monotonic() + _LAST_LOOKS_S * crowding()
    while monotonic() < end:
        try:
            last: dict[str, Any] = await tab.evaluate(
                "look", {**ask, "settle": 0, "accept": state}, later + limits.grace_s * crowding()
            )
        except PageLeft:
            await asyncio.sleep(_NEXT_DOCUMENT_S)
        else:
            return last
    return {"state": state}


async def _rest(tab: Tab, ask: dict[str, Any], answer: dict[str, Any], limits: VisitLimits) -> dict[str, Any]:
    """Ask again while something of the post, or else of the page, is still arriving. The moves are not made again."""
    patience = be_patient(tab, limits, 0.0)
    again = {**ask, "accept": answer["state"], "moves": []}
    while answer["state"] in ("card", "dead") and answer.get("late"):
        patience.idle = limits.idle_s if _OF_THE_POST.intersection(answer["late"]) else limits.rest_s
        if (left := patience.left()) <= 0:
            break
        before = answer
        try:
            answer = await tab.evaluate(
                "look", {**again, "rest": min(left, limits.rest_s) * 1000}, left + limits.grace_s * crowding()
            )
        except PageLeft:
            break
        took = {name: before["timings"][name] + answer["timings"][name] for name in answer["timings"]}
        eager = before["eager"] + answer["eager"]
        answer |= {"done": before["done"], "unmet": before["unmet"], "eager": eager, "timings": took}
    return answer


def be_patient(tab: Tab, limits: VisitLimits, least: float) -> Patience:
    """The patience for one phase of a visit."""
    assert tab.recorder, "a visit is recorded"
    return Patience(least * crowding(), limits.idle_s, limits.phase_s, tab.heard, tab.recorder.owes)


async def _ask(tab: Tab, ask: dict[str, Any], settle_s: float, later: float, grace_s: float) -> dict[str, Any]:
    """Put one question to the page. A document that breaks off is not waited for, nor is a page that hangs."""
    assert tab.recorder
    asking = asyncio.ensure_future(tab.evaluate("look", ask, settle_s + later + grace_s * crowding()))
    breaking = asyncio.ensure_future(tab.recorder.document_failed.wait())
    either = (asking, breaking)
    try:
        silence = settle_s + grace_s * crowding()
        done, _ = await asyncio.wait(either, timeout=silence, return_when=asyncio.FIRST_COMPLETED)
        if not done:
            await tab.race(tab.session.send("Runtime.evaluate", {"expression": "1"}), grace_s * crowding())
            await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        answer: dict[str, Any] = {"state": "cut"} if breaking.done() else await asking
        return answer
    finally:
        for task in either:
            task.cancel()


async def _photograph(
    tab: Tab, look: Look, answer: dict[str, Any], limits: VisitLimits, screenshot_format: ScreenshotFormat
) -> None:
    box = _round_out(answer["box"])
    if answer["found"]:
        tallest = MAX_SIDE / screenshot_format.scale
    else:
        tallest = MAX_STRANGE_HEIGHT
    look.cut = bool(answer["found"]) and box["height"] > tallest
    box["height"] = min(box["height"], tallest)
    is_known = look.settled in ("card", "dead")
    if is_known:
        seconds = limits.screenshot_s
    else:
        seconds = _STRANGE_SHOT_S
    try:
        look.screenshot = await tab.photograph(box, screenshot_format, seconds * crowding())
    except TimeoutError:
        if is_known:
            raise
        # A document that broke off may never draw anything; the tab is left with a picture still being waited for.
        look.late.append(_NO_PICTURE)
        tab.spoiled = True


def _round_out(box: dict[str, float]) -> dict[str, float]:
    """Widen a box to whole pixels, so that no edge is blurred or lost."""
    x, y = max(0, math.floor(box["x"])), max(0, math.floor(box["y"]))
    right, bottom = math.ceil(box["x"] + box["width"]), math.ceil(box["y"] + box["height"])
    return {"x": x, "y": y, "width": max(1, right - x), "height": max(1, bottom - y)}
