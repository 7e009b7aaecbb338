"""A post's frame and a tab -> what came back: the page, its picture, everything it loaded. Decides nothing about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from time import monotonic

from embedarchive.browser.cdp import ProtocolError
from embedarchive.browser.limits import VisitLimits
from embedarchive.browser.network import PageResponse
from embedarchive.browser.observe import Look, be_patient, look_at_frame
from embedarchive.browser.record import BODY_S, RecordedRequest, Recorder
from embedarchive.browser.redact import redact_headers, redact_url
from embedarchive.browser.tab import ScreenshotFormat, Tab
from embedarchive.core import clock
from embedarchive.core.decode import decode_html
from embedarchive.core.errors import BrowserCrashed
from embedarchive.core.model import Exchange, Page, Post
from embedarchive.egress import Door, Refusal
from embedarchive.platforms.kit.specification import Frame, Visitable, fill_url

MAX_STRANGE_HEIGHT = 4000
"""Pixels kept of a page that is not the post: enough to see what it was."""


_HUNG_S = 1.0


@dataclass
class Visit:
    """What one visit brought back. `late` and `broken` say what was not ready in time or did not load; `unseen` names
    what of the post was still on its way when the picture was taken."""

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
    unseen: list[str] = field(default_factory=list)
    timings: dict[str, int] = field(default_factory=dict)
    popups: int = 0
    dialogs: int = 0


async def visit_frame(
    tab: Tab,
    visit: Visitable,
    post: Post,
    door: Door,
    limits: VisitLimits,
    screenshot_format: ScreenshotFormat,
    *,
    bodies: bool = True,
    asked: Callable[[], None] | None = None,
) -> Visit:
    """Visit the post's frame. The world's faults are in the answer; only the browser's own raise BrowserCrashed.

    Without `bodies` neither what the page received is read nor what it became. `asked` is called when the frame was asked for,
    once or more often.
    """
    frame, url = visit.frame, fill_url(visit.frame.url, post, visit)
    seen = Visit(Page(url, url, None), clock.now())
    began = monotonic()
    recorder = Recorder(door.remote_address, tab.body_cache, reads=bodies, asked=asked)
    tab.record(recorder)
    await tab.resize(frame.width, frame.height)
    response = await _navigate(tab, seen, frame, limits, door)
    if asked:
        asked()
    seen.timings["navigate_ms"] = round((monotonic() - began) * 1000)
    if response is not None:
        seen.page = replace(seen.page, status=response.status)
        try:
            _take(seen, await look_at_frame(tab, frame, limits, screenshot_format, writes=bodies))
        except TimeoutError:
            await _blame(tab, seen, "hung")
    await recorder.settle(_HUNG_S if tab.spoiled else BODY_S)
    _read_document(seen, recorder, response)
    seen.exchanges, seen.bodies = recorder.exchanges(), recorder.bodies()
    if recorder.overflow:
        seen.late.append(f"{recorder.overflow} more requests than are kept of one page")
    seen.popups, seen.dialogs = tab.target.popups, tab.target.dialogs
    seen.finished_at = clock.now()
    return seen


async def _navigate(tab: Tab, seen: Visit, frame: Frame, limits: VisitLimits, door: Door) -> PageResponse | None:
    """Go to the frame; a failure becomes the page's `error`."""
    before = len(door.refusals)
    try:
        going = tab.go(seen.page.url, limits.phase_s, frame.referrer)
        patience = be_patient(tab, limits, limits.navigate_s)
        response = await tab.race(patience.wait(going), limits.phase_s + limits.grace_s)
    except TimeoutError:
        await _blame(tab, seen, "timeout")
        return None
    except ProtocolError as error:
        # A navigation is also aborted when the page's process dies; word of that may come a moment later.
        aborted = "ERR_ABORTED" in str(error) and await tab.has_crashed(0.5)
        if aborted or re.search(r"closed|crashed", str(error)):
            raise BrowserCrashed(str(error)) from error
        refusals = list(door.refusals)[before:] or list(door.refusals)[-1:]
        seen.page = replace(seen.page, error=name_failure(str(error), refusals))
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
    ("reset", r"CONNECTION_RESET"),
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


def _take(seen: Visit, look: Look) -> None:
    """Put what was seen into the visit."""
    seen.settled, seen.screenshot, seen.cut = look.settled, look.screenshot, look.cut
    seen.alterations, seen.late, seen.unseen = look.alterations, look.late, look.unseen
    seen.broken = [redact_url(url) for url in look.broken]
    seen.timings |= look.timings
    if look.url:
        seen.page = replace(seen.page, final_url=look.url, dom=look.dom)
    else:
        seen.page = replace(seen.page, error="restless")


def _read_document(seen: Visit, recorder: Recorder, response: PageResponse | None) -> None:
    """Put the main document as served into the page: the one at the final address, else the one first answered."""
    if response is None:
        return
    entries = [e for e in recorder.entries.values() if e.response and e.request.is_navigation]
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
        truncated=_find_cut(entry),
        redirects=tuple(_redirects(recorder)),
    )


def _find_cut(entry: RecordedRequest) -> str | None:
    """Why the document is not the whole, or None."""
    if entry.truncated:
        return entry.truncated
    if entry.error:
        return name_failure(entry.error)
    if entry.finished:
        return None
    return "timeout"


def _redirects(recorder: Recorder) -> Iterator[tuple[int, str]]:
    for entry in recorder.entries.values():
        if entry.response and 300 <= entry.response.status < 400 and entry.request.is_navigation:
            yield entry.response.status, redact_url(entry.request.url)
