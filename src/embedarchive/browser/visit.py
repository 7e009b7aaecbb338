"""A post's frame and a tab -> what came back: the page, its picture, everything it loaded. Decides nothing about it."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field, replace
from time import monotonic
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Response
from playwright.async_api import TimeoutError as PlaywrightTimeout

from embedarchive import clock
from embedarchive.browser.launch import within
from embedarchive.browser.record import BODY_S, Recorder
from embedarchive.browser.redact import redact_headers, redact_url
from embedarchive.browser.tab import MAX_SIDE, PageLeft, Shutter, Tab
from embedarchive.describe import decode_html
from embedarchive.egress import Door, Refusal
from embedarchive.errors import BrowserCrashed
from embedarchive.model import Exchange, Page, Post
from embedarchive.platform import Frame, Visitable, fill_url

MAX_STRANGE_HEIGHT = 4000
"""Pixels kept of a page that is not the post: enough to see what it was."""


_GRACE_S = 4.0
"""How much later than its own deadline an answer from inside the page may come before the page counts as hung."""
_HUNG_S = 1.0
_STRANGE_SHOT_S = 3.0
_MOVES_ON = 4
"""How often a page may leave while it is being looked at before it counts as one that never rests."""


@dataclass(frozen=True, slots=True)
class Limits:
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
class Visit:
    """What one visit brought back. `late` and `broken` say what was not ready in time or did not load."""

    page: Page
    started_at: str
    finished_at: str = ""
    exchanges: list[Exchange] = field(default_factory=list)
    bodies: dict[str, Exchange] = field(default_factory=dict)
    screenshot: bytes | None = None
    cut: bool = False
    settled: str = ""
    alterations: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    timings: dict[str, int] = field(default_factory=dict)
    popups: int = 0
    dialogs: int = 0


class _Watch:
    """Notes how long each step took."""

    def __init__(self, timings: dict[str, int]) -> None:
        self._timings, self._last = timings, monotonic()

    def note(self, name: str) -> None:
        now = monotonic()
        self._timings[f"{name}_ms"], self._last = round((now - self._last) * 1000), now


async def visit_frame(tab: Tab, visit: Visitable, post: Post, door: Door, limits: Limits, shutter: Shutter) -> Visit:
    """Visit the post's frame. The world's faults are in the answer; only the browser's own raise BrowserCrashed."""
    frame, url = visit.frame, fill_url(visit.frame.url, post, visit)
    seen = Visit(Page(url, url, None), clock.now())
    watch = _Watch(seen.timings)
    recorder = tab.recorder = Recorder(door.remote_address)
    await tab.resize(frame.width, frame.height)
    response = await _navigate(tab, seen, frame, limits, door)
    watch.note("navigate")
    if response is not None:
        try:
            await _look(tab, seen, frame, response, limits, shutter, watch)
        except TimeoutError:
            await _blame(tab, seen, "hung")
    await recorder.settle(_HUNG_S if tab.spoiled else BODY_S)
    _read_document(seen, recorder, response)
    seen.exchanges, seen.bodies = recorder.exchanges(), recorder.bodies()
    seen.popups, seen.dialogs = tab.popups, tab.dialogs
    seen.finished_at = clock.now()
    return seen


async def _navigate(tab: Tab, seen: Visit, frame: Frame, limits: Limits, door: Door) -> Response | None:
    """Go to the frame; a failure becomes the page's `error`."""
    timeout = limits.navigate_s * 1000
    before = len(door.refusals)
    try:
        going = tab.page.goto(seen.page.url, wait_until="commit", timeout=timeout, referer=frame.referrer or None)
        response = await tab.race(going, limits.navigate_s + _GRACE_S)
    except (PlaywrightTimeout, TimeoutError):
        await _blame(tab, seen, "timeout")
        return None
    except PlaywrightError as error:
        # A navigation is also aborted when the page's process dies; word of that may come a moment later.
        aborted = "ERR_ABORTED" in error.message and await tab.has_crashed(0.5)
        if aborted or re.search(r"closed|crashed", error.message):
            raise BrowserCrashed(error.message.splitlines()[0]) from error
        refusals = list(door.refusals)[before:] or list(door.refusals)[-1:]
        seen.page = replace(seen.page, error=name_failure(error.message, refusals))
        return None
    if response is None:
        seen.page = replace(seen.page, error="no_document")
    return response


async def _blame(tab: Tab, seen: Visit, error: str) -> None:
    """Something did not answer: when the browser still does, it was the page, and `error` is the page's."""
    tab.spoiled = True
    if not await tab.chrome.answers():
        tab.chrome.kill()
        raise BrowserCrashed("the browser hung")
    seen.page = replace(seen.page, error=error)


_FAILURES = (
    ("too_many_redirects", r"TOO_MANY_REDIRECTS"),
    ("tls_expired", r"CERT_DATE_INVALID"),
    ("tls_wrong_host", r"CERT_COMMON_NAME_INVALID"),
    ("tls_untrusted", r"CERT_AUTHORITY_INVALID"),
    ("tls", r"ERR_(?:CERT|SSL|BAD_SSL)_?"),
    ("timeout", r"TIMED_OUT"),
    ("incomplete", r"CONTENT_LENGTH_MISMATCH|INCOMPLETE_CHUNKED|CONTENT_DECODING"),
    ("bad_http", r"INVALID_(?:HTTP|RESPONSE|CHUNKED)|RESPONSE_HEADERS|UNEXPECTED"),
    ("no_document", r"ABORTED|Download is starting"),
    ("refused_url", r"UNSAFE_PORT|UNKNOWN_URL_SCHEME|INVALID_URL|BLOCKED_BY"),
)


def name_failure(message: str, refusals: Iterable[Refusal] = ()) -> str:
    """Turn what Chromium says of a failed navigation, or the door of a refused one, into a short reason."""
    if "TUNNEL_CONNECTION_FAILED" in message:
        return next((refusal.reason for refusal in reversed(list(refusals))), "connection")
    return next((name for name, pattern in _FAILURES if re.search(pattern, message)), "connection")


async def _look(
    tab: Tab, seen: Visit, frame: Frame, response: Response, limits: Limits, shutter: Shutter, watch: _Watch
) -> None:
    """Wait for the card, do the moves, wait until all is there, and take the picture."""
    seen.page = replace(seen.page, status=response.status)
    for _ in range(_MOVES_ON):
        seen.settled = await _settle(tab, frame, limits)
        watch.note("settle")
        try:
            if seen.settled == "card":
                await _act(tab, seen, frame, response, limits)
            await _rest(tab, seen, frame, limits)
            box = await _measure(tab, seen, frame, limits, shutter)
        except PageLeft:
            continue
        watch.note("rest")
        await _photograph(tab, seen, box, limits, shutter)
        watch.note("screenshot")
        return
    seen.page = replace(seen.page, error="restless")


async def _measure(tab: Tab, seen: Visit, frame: Frame, limits: Limits, shutter: Shutter) -> dict[str, float]:
    """Take the page as it is now into the visit; give the box to photograph."""
    shown = ", ".join(frame.dead) if seen.settled == "dead" else frame.card
    measured = await tab.evaluate("measure", {"card": shown}, limits.settle_s)
    seen.page = replace(seen.page, final_url=measured["url"], dom=_whole_text(measured["dom"]))
    box = _round_out(measured["box"])
    tallest = MAX_SIDE / shutter.scale if measured["found"] else MAX_STRANGE_HEIGHT
    seen.cut = bool(measured["found"]) and box["height"] > tallest
    return {**box, "height": min(box["height"], tallest)}


async def _photograph(tab: Tab, seen: Visit, box: dict[str, float], limits: Limits, shutter: Shutter) -> None:
    is_known = seen.settled in ("card", "dead")
    try:
        seen.screenshot = await tab.photograph(box, shutter, limits.screenshot_s if is_known else _STRANGE_SHOT_S)
    except TimeoutError:
        if is_known:
            raise
        # A document that broke off may never draw anything; the tab is left with a picture still being waited for.
        seen.late.append("no picture could be taken")
        tab.spoiled = True


async def _settle(tab: Tab, frame: Frame, limits: Limits) -> str:
    """Give `card`, `dead`, `strange` (quiet, and neither), `cut` (the document broke off) or `late`.

    A page that moves on by script is looked at again. One that never ends is stopped, so that it can be photographed.
    """
    ask = {"card": frame.card, "dead": ", ".join(frame.dead), "quiet": limits.quiet_ms}
    state = "late"
    for left in _until(limits.settle_s):
        try:
            state = await _ask_state(tab, {**ask, "deadline": left * 1000}, left + _GRACE_S)
        except PageLeft:
            await asyncio.sleep(0.05)  # a redirect by script: the next document is about to be there
            continue
        if state != "strange" or not (tab.recorder and tab.recorder.pending):
            break
    if state in ("cut", "late"):
        await within(limits.settle_s, tab.cdp.send("Page.stopLoading"), "stop loading")
    return state


async def _ask_state(tab: Tab, ask: dict[str, Any], seconds: float) -> str:
    """Ask the page what it has settled to; a document that breaks off meanwhile is not waited for."""
    asking = asyncio.ensure_future(tab.evaluate("settle", ask, seconds))
    assert tab.recorder
    breaking = asyncio.ensure_future(tab.recorder.document_failed.wait())
    try:
        await asyncio.wait((asking, breaking), return_when=asyncio.FIRST_COMPLETED)
        return "cut" if breaking.done() else str(await asking)
    finally:
        breaking.cancel()
        asking.cancel()


def _until(seconds: float) -> Iterator[float]:
    """Yield the seconds that are left, as long as there are some."""
    end = monotonic() + seconds
    while (left := end - monotonic()) > 0:
        yield left


async def _act(tab: Tab, seen: Visit, frame: Frame, response: Response, limits: Limits) -> None:
    """Do those of the platform's moves that this document calls for."""
    served = ""
    if any(move.when for move in frame.moves) and tab.recorder:
        await tab.recorder.settle()
        entry = tab.recorder.main_entry(response)
        served = (entry.body or b"").decode("utf-8", "replace") if entry else ""
    moves = [move for move in frame.moves if move.when in served]
    if not moves:
        return
    seconds = sum(move.ms * move.times for move in moves) / 1000 + 5
    acted = await tab.evaluate("act", {"moves": [asdict(m) for m in moves]}, min(seconds, limits.whole_s))
    seen.alterations += acted["done"]
    seen.late += acted["unmet"]


async def _rest(tab: Tab, seen: Visit, frame: Frame, limits: Limits) -> None:
    ask = {"card": frame.card, "pending": ", ".join(frame.pending), "deadline": limits.rest_s * 1000}
    if seen.settled not in ("card", "dead"):
        ask["deadline"] = 1000
    rested: dict[str, Any] = await tab.evaluate("rest", ask, limits.rest_s + _GRACE_S)
    seen.late += (f"{what} not complete in time" for what in rested["late"])
    seen.broken += (redact_url(url) for url in rested["broken"])
    if rested["eager"]:
        seen.alterations.append(f"loading=eager on {rested['eager']} images")


def _read_document(seen: Visit, recorder: Recorder, response: Response | None) -> None:
    """Put the main document as served into the page: the one at the final address, else the one first answered."""
    if response is None:
        return
    entries = [e for e in recorder.entries.values() if e.response and e.request.is_navigation_request()]
    final = seen.page.final_url.partition("#")[0]
    entry = next((e for e in reversed(entries) if e.request.url.partition("#")[0] == final), None)
    entry = entry or recorder.main_entry(response)
    if entry is None or entry.response is None:
        return
    seen.page = replace(
        seen.page,
        status=entry.response.status,
        headers=redact_headers(entry.response.headers.items()),
        body=decode_html(entry.body or b"", entry.response.headers.get("content-type")),
        truncated=entry.truncated
        or (name_failure(entry.error) if entry.error else None if entry.finished else "timeout"),
        redirects=tuple(_redirects(recorder)),
    )


def _redirects(recorder: Recorder) -> Iterator[tuple[int, str]]:
    for entry in recorder.entries.values():
        if entry.response and 300 <= entry.response.status < 400 and entry.request.is_navigation_request():
            yield entry.response.status, redact_url(entry.request.url)


def _round_out(box: dict[str, float]) -> dict[str, float]:
    """Widen a box to whole pixels, so that no edge is blurred or lost."""
    x, y = max(0, math.floor(box["x"])), max(0, math.floor(box["y"]))
    right, bottom = math.ceil(box["x"] + box["width"]), math.ceil(box["y"] + box["height"])
    return {"x": x, "y": y, "width": max(1, right - x), "height": max(1, bottom - y)}


def _whole_text(text: str) -> str:
    """Replace lone surrogates, which JavaScript strings may hold and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
