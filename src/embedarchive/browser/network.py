"""The network events of a page's sessions -> requests and their answers, each one object from its beginning to its end."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from embedarchive.browser.cdp import Event, Session, whole_text
from embedarchive.browser.frame import PageFrame
from embedarchive.core.decode import encode_as_sent


@dataclass(eq=False)
class PageRequest:
    """A request. `frame` is the one that made it, if it is known; header names are in lower case.

    `started_at` is in seconds since 1970; `elapsed_ms` is known when it has ended. `failure` says how it failed.
    """

    id: str
    url: str
    method: str
    headers: Mapping[str, str]
    resource_type: str
    frame: PageFrame | None
    is_navigation: bool
    session: Session
    started_at: float
    clock: float
    """When it was made, by the browser's own clock."""
    redirected_from: PageRequest | None = None
    response: PageResponse | None = None
    failure: str | None = None
    elapsed_ms: int = 0
    is_from_memory: bool = False


@dataclass(eq=False)
class PageResponse:
    """The answer to a request; `is_from_cache` says that nothing was sent for it."""

    request: PageRequest
    url: str
    status: int
    headers: Mapping[str, str]
    is_from_cache: bool

    async def body(self) -> bytes:
        """Read the body. Raises ProtocolError when the browser has it no more."""
        answer = await self.request.session.send("Network.getResponseBody", {"requestId": self.request.id})
        if answer["base64Encoded"]:
            return base64.b64decode(answer["body"])
        # A text comes decoded, by the encoding that its server or the document named: what was sent is kept.
        return encode_as_sent(whole_text(answer["body"]), self.headers.get("content-type"))


class Listener:
    """Whom requests are told to; by itself it does nothing about them."""

    def on_request(self, request: PageRequest) -> None: ...

    def on_sent(self, request: PageRequest) -> None: ...

    def on_response(self, response: PageResponse) -> None: ...

    def on_finished(self, request: PageRequest) -> None: ...

    def on_failed(self, request: PageRequest) -> None: ...


@dataclass(eq=False)
class Network:
    """All requests of one page. An event of one may come by another session than the one before."""

    find_frame: Callable[[str], PageFrame | None]
    listener: Listener = field(default_factory=Listener)
    _requests: dict[str, PageRequest] = field(default_factory=dict)

    def listen(self, session: Session, frame: PageFrame | None = None) -> None:
        """Take the events of a session; `frame` is whose requests they are that name none."""
        session.on("Network.requestWillBeSent", lambda event: self._on_request(session, frame, event))
        session.on("Network.requestWillBeSentExtraInfo", self._on_sent)
        session.on("Network.requestServedFromCache", self._on_memory)
        session.on("Network.responseReceived", self._on_response)
        session.on("Network.loadingFinished", lambda event: self._on_finished(session, event))
        session.on("Network.loadingFailed", self._on_failed)
        session.send("Network.enable")

    def forget(self) -> None:
        """Let go of all requests: the page that made them has been left."""
        self._requests.clear()

    def find_document(self, loader: str | None) -> PageResponse | None:
        """The answer to a navigation, redirects followed."""
        if request := self._requests.get(loader or ""):
            return request.response
        return None

    def _on_request(self, session: Session, owner: PageFrame | None, event: Event) -> None:
        before, told = self._requests.get(event["requestId"]), event["request"]
        if before and "redirectResponse" not in event:
            return  # told by two sessions
        if before:
            self._answer(before, event["redirectResponse"])
            self._end(before, event["timestamp"])
        kind = event.get("type", "Other")
        request = self._requests[event["requestId"]] = PageRequest(
            event["requestId"], told["url"] + told.get("urlFragment", ""), told["method"], _lower(told["headers"]),
            kind.lower(), self.find_frame(event.get("frameId", "")) or owner,
            kind == "Document" and event["requestId"] == event["loaderId"],
            session, event["wallTime"], event["timestamp"], before,
        )  # fmt: skip
        self.listener.on_request(request)

    def _on_sent(self, event: Event) -> None:
        """Told when the connection is there and the headers go out."""
        if request := self._requests.get(event["requestId"]):
            self.listener.on_sent(request)

    def _on_memory(self, event: Event) -> None:
        if request := self._requests.get(event["requestId"]):
            request.is_from_memory = True

    def _on_response(self, event: Event) -> None:
        if request := self._requests.get(event["requestId"]):
            self._answer(request, event["response"])

    def _answer(self, request: PageRequest, told: Mapping[str, Any]) -> None:
        timing = None
        if not request.is_from_memory:
            timing = told.get("timing")
        was_sent = False
        if timing:
            was_sent = timing["sendStart"] >= 0
            request.started_at += timing["requestTime"] - request.clock
        request.response = PageResponse(request, told["url"], told["status"], _lower(told["headers"]), not was_sent)
        self.listener.on_response(request.response)

    def _on_finished(self, session: Session, event: Event) -> None:
        if request := self._forget(event["requestId"]):
            request.session = session
            self._end(request, event["timestamp"])

    def _end(self, request: PageRequest, at: float) -> None:
        request.elapsed_ms = max(0, round((at - request.clock) * 1000))
        self.listener.on_finished(request)

    def _on_failed(self, event: Event) -> None:
        if request := self._forget(event["requestId"]):
            request.failure = event.get("errorText") or event.get("blockedReason") or "failed"
            self.listener.on_failed(request)

    def _forget(self, number: str) -> PageRequest | None:
        """A request that ends; a document is remembered until the page is left."""
        request = self._requests.get(number)
        if request and not request.is_navigation:
            del self._requests[number]
        return request


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
