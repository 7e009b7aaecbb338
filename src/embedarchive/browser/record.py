"""A page's network events -> exchanges, in order, with their bodies; what one visit leaves as evidence."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from time import monotonic
from urllib.parse import urlsplit

from embedarchive.browser.cdp import ProtocolError
from embedarchive.browser.frame import PageFrame
from embedarchive.browser.network import Listener, PageRequest, PageResponse
from embedarchive.browser.patience import crowding
from embedarchive.browser.redact import redact_headers, redact_url
from embedarchive.core.dates import to_iso
from embedarchive.core.model import Exchange

BODY_S = 60.0
"""To hand over a body that has arrived: only a browser that hangs, or a crowded machine, needs more than a moment."""
OWED_S = 1.0
"""A page's requests in flight for this long are what it waits for; shorter ones may be it asking again and again."""
_NEEDED = {"document", "stylesheet", "script", "image", "font", "xhr", "fetch"}
MAX_BODY = 32 * 1024 * 1024
MAX_TOTAL = 128 * 1024 * 1024
MAX_EXCHANGES = 2000
_NO_BODY = {204, 205, 304}

RemoteAddress = Callable[[str, int], str | None]


@dataclass
class RecordedRequest:
    request: PageRequest
    asked_at: float
    response: PageResponse | None = None
    finished: bool = False
    error: str | None = None
    body: bytes | None = None
    truncated: str | None = None
    reading: asyncio.Task[None] | None = None
    exchange: Exchange | None = None

    @property
    def in_flight(self) -> bool:
        return not self.finished and not self.error


class BodyCache:
    """Bodies a tab has received, for when its own HTTP cache gives them again: no need to carry them over twice.

    Taken from here is only what Chromium can have had nowhere else: an answer without a request (it has no request
    time), or one that was served as immutable, with the very same headers. The oldest go when there are too many.
    """

    def __init__(self, places: int = 48, largest: int = 1 << 20) -> None:
        self._held: dict[str, tuple[Mapping[str, str], bytes]] = {}
        self._places, self._largest = places, largest

    def find(self, response: PageResponse) -> bytes | None:
        held = self._held.get(response.url)
        if held is None or held[0] != response.headers:
            return None
        sure = response.is_from_cache or "immutable" in held[0].get("cache-control", "")
        if sure:
            return held[1]
        return None

    def keep(self, response: PageResponse, body: bytes) -> None:
        if len(body) <= self._largest and response.status == 200 and not response.request.is_navigation:
            self._held.pop(response.url, None)
            self._held[response.url] = (response.headers, body)
            while len(self._held) > self._places:
                del self._held[next(iter(self._held))]


@dataclass
class Recorder(Listener):
    """Collects one visit's requests, as a page's listener; ask for `exchanges` at the end.

    `reads` is False where nobody wants the bodies. `asked` is called when a document was asked for.
    """

    remote_address: RemoteAddress
    body_cache: BodyCache = field(default_factory=BodyCache)
    reads: bool = True
    entries: dict[PageRequest, RecordedRequest] = field(default_factory=dict)
    total: int = 0
    overflow: int = 0
    touched: float = 0.0
    """When, by the monotonic clock, a request was last made or answered."""
    document_failed: asyncio.Event = field(default_factory=asyncio.Event)
    asked: Callable[[], None] | None = None

    def on_sent(self, request: PageRequest) -> None:
        if self.asked and request.is_navigation:
            self.asked()

    def on_request(self, request: PageRequest) -> None:
        if request.url.startswith(("data:", "blob:")):
            return
        if len(self.entries) >= MAX_EXCHANGES:
            self.overflow += 1
        else:
            self.touched = monotonic()
            self.entries[request] = RecordedRequest(request, self.touched)

    def on_response(self, response: PageResponse) -> None:
        if entry := self.entries.get(response.request):
            entry.response = response
            self.touched = monotonic()

    def on_finished(self, request: PageRequest) -> None:
        """A response is whole: read its body now, for the page may leave and take it along."""
        entry = self.entries.get(request)
        if entry and not entry.finished:
            entry.finished = True
            self.touched = monotonic()
            if self.reads and entry.response and _has_body(entry.response.status):
                entry.reading = asyncio.ensure_future(self._read(entry, entry.response))

    def on_failed(self, request: PageRequest) -> None:
        if entry := self.entries.get(request):
            entry.error = (request.failure or "failed").removeprefix("net::")
            if entry.response and _kind(request) == "document":
                self.document_failed.set()

    @property
    def pending(self) -> int:
        """How many requests have neither finished nor failed."""
        return sum(e.in_flight for e in self.entries.values())

    def owes(self, frame: PageFrame | None = None) -> bool:
        """Whether something a page (or one frame of it) is built of has been on its way for a while.

        Films and sockets are not counted: they may go on for ever.
        """
        since = monotonic() - OWED_S
        owed = (e for e in self.entries.values() if e.in_flight and e.asked_at < since)
        needed = (e.request for e in owed if e.request.resource_type in _NEEDED)
        return any(frame is None or _is_of(request, frame) for request in needed)

    async def _read(self, entry: RecordedRequest, response: PageResponse) -> None:
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:18]) > MAX_BODY:
            entry.truncated = "too_large"
            return
        body = self.body_cache.find(response)
        if body is None:
            try:
                async with asyncio.timeout(BODY_S * crowding()):
                    body = await response.body()
            except (ProtocolError, TimeoutError):
                entry.truncated = "unreadable"
                return
            self.body_cache.keep(response, body)
        if len(body) > MAX_BODY or self.total + len(body) > MAX_TOTAL:
            entry.truncated = "too_large"
            return
        self.total += len(body)
        entry.body = body
        if response.status == 206:
            entry.truncated = "partial_content"

    async def settle(self, seconds: float = BODY_S) -> None:
        """Wait until every body that was being read has been read."""
        readings = [e.reading for e in self.entries.values() if e.reading]
        if readings:
            await asyncio.wait(readings, timeout=seconds)

    def main_entry(self, response: PageResponse | None) -> RecordedRequest | None:
        if response:
            return self.entries.get(response.request)
        return None

    def bodies(self) -> dict[str, Exchange]:
        """Every whole successful answer by its address, for whoever wants those bytes without asking again."""
        whole = (e for e in self.entries.values() if e.body and not e.truncated and e.response)
        return {e.request.url: self._exchange(e) for e in whole if e.response and e.response.status == 200}

    def exchanges(self, frame: PageFrame | None = None) -> list[Exchange]:
        """All requests in the order they were made, secrets redacted; those of one frame, and of the frames in it."""
        chosen = (e for e in self.entries.values() if frame is None or _is_of(e.request, frame))
        return [self._exchange(entry) for entry in chosen]

    def page_exchanges(self, page: PageFrame) -> list[Exchange]:
        """Those that a page itself made, none of the frames in it."""
        return [self._exchange(entry) for entry in self.entries.values() if entry.request.frame is page]

    def _exchange(self, entry: RecordedRequest) -> Exchange:
        """The entry as it is kept; made once, when the visit is over."""
        entry.exchange = entry.exchange or self._make_exchange(entry)
        return entry.exchange

    def _make_exchange(self, entry: RecordedRequest) -> Exchange:
        request, response = entry.request, entry.response
        headers = response.headers if response else {}
        return Exchange(
            url=redact_url(request.url),
            method=request.method,
            status=response.status if response else None,
            request_headers=redact_headers(request.headers.items()),
            response_headers=redact_headers(headers.items()),
            body=entry.body,
            content_type=headers.get("content-type"),
            resource_type=_kind(request),
            remote_address=self.remote_address(*_endpoint(request.url)),
            started_at=to_iso(datetime.fromtimestamp(request.started_at, UTC)),
            elapsed_ms=request.elapsed_ms,
            truncated=entry.truncated or (None if entry.finished or entry.error else "unfinished"),
            error=entry.error,
        )


def _has_body(status: int) -> bool:
    return status not in _NO_BODY and not 300 <= status < 400


def _kind(request: PageRequest) -> str:
    """Chromium's resource type, except that a frame's document is called a frame: there is one document."""
    if request.resource_type == "document" and request.frame and request.frame.parent:
        return "frame"
    return request.resource_type


def _is_of(request: PageRequest, frame: PageFrame) -> bool:
    at = request.frame
    while at and at is not frame:
        at = at.parent
    return at is frame


def _endpoint(url: str) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        return parts.hostname or "", parts.port or (80 if parts.scheme in ("http", "ws") else 443)
    except ValueError:
        return "", 0
