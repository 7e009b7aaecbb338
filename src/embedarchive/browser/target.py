"""The pages of a browser: each in a context of its own, with its frames in whatever processes they are.

A frame of another site has a session of its own, and so has a worker. The browser lets each begin only when it has been
told what the page's own session was told, so that no request of theirs goes unseen.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from embedarchive.browser.cdp import BrowserPipe, Event, ProtocolError, Session
from embedarchive.browser.frame import PageFrame
from embedarchive.browser.network import Network, PageResponse

Command = tuple[str, Mapping[str, Any]]
_ATTACH = {"autoAttach": True, "waitForDebuggerOnStart": True, "flatten": True}


@dataclass(eq=False)
class Target:
    """One page. `settings` are the commands that every frame's session hears first, `scripts` what each document runs.

    What it opens besides itself is closed. `pauses` says what of its requests wait to be continued, and `on_paused` does it.
    """

    connection: BrowserPipe
    context: str
    settings: list[Command]
    on_paused: Callable[[Session, Event], None]
    network: Network = field(init=False)
    frames: dict[str, PageFrame] = field(default_factory=dict)
    dialogs: int = 0
    popups: int = 0
    crashed: asyncio.Event = field(default_factory=asyncio.Event)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    _sessions: dict[str, Session] = field(default_factory=dict)
    _pauses: Mapping[str, Any] | None = None

    def __post_init__(self) -> None:
        self.network = Network(self.frames.get)

    @property
    def main(self) -> PageFrame:
        return next(iter(self.frames.values()))

    @property
    def session(self) -> Session:
        return self.main.session

    def begin(self, session: Session, number: str) -> None:
        """Take the page that was made for this context."""
        self.frames[number] = PageFrame(number, None, session)
        session.on("Inspector.targetCrashed", lambda _: self.crashed.set())
        self._listen(session)
        self.opened.set()

    async def navigate(self, url: str, referrer: str = "") -> PageResponse | None:
        """Go to an address, until its document is there; give its answer, if it was one. Raises ProtocolError."""
        where = {"url": url}
        if referrer:
            where |= {"referrer": referrer, "referrerPolicy": "unsafeUrl"}
        answer = await self.session.send("Page.navigate", where)
        if error := answer.get("errorText"):
            raise ProtocolError(error)
        return self.network.find_document(answer.get("loaderId"))

    async def pause(self, options: Mapping[str, Any] | None) -> None:
        """Pause requests, as Fetch.enable takes it, in every frame there is and will be; or, with None, no more."""
        self._pauses = options
        if options is None:
            await self._tell("Fetch.disable", {})
        else:
            await self._tell("Fetch.enable", options)

    async def add_script(self, source: str) -> None:
        """Let every document to come run a script before its own."""
        command = ("Page.addScriptToEvaluateOnNewDocument", {"source": source})
        self.settings.append(command)
        await self._tell(*command)

    async def close(self) -> None:
        """Close the page and its context. Raises ProtocolError."""
        await self.connection.root.send("Target.disposeBrowserContext", {"browserContextId": self.context})

    def close_popup(self, session: Session, number: str) -> None:
        """Close what the page opened, before it asks for anything.

        It waits in the page's own process, whose other pages wait with it: closed without being let on, it would leave
        that process waiting for ever.
        """
        self.popups += 1
        session.send("Fetch.enable")
        session.send("Runtime.runIfWaitingForDebugger")
        self.connection.root.send("Target.closeTarget", {"targetId": number})

    async def _tell(self, method: str, parameters: Mapping[str, Any]) -> None:
        """Tell every frame's session; what has ended meanwhile need not hear it, the page itself must."""
        others = [each.send(method, parameters) for each in self._sessions.values() if each is not self.session]
        await self.session.send(method, parameters)
        await asyncio.gather(*others, return_exceptions=True)

    def _listen(self, session: Session) -> None:
        """Tell a frame's session all that it is to know, listen to it, and let it begin."""
        self._sessions[session.name] = session
        session.on("Page.frameAttached", lambda event: self._on_attached(session, event))
        session.on("Page.frameNavigated", lambda event: self._on_navigated(session, event["frame"]))
        session.on("Page.navigatedWithinDocument", self._on_moved)
        session.on("Page.frameDetached", self._on_detached)
        session.on("Page.javascriptDialogOpening", lambda event: self._on_dialog(session, event))
        session.on("Fetch.requestPaused", lambda event: self.on_paused(session, event))
        session.on("Target.attachedToTarget", lambda event: self._on_target(session, event))
        session.on("Target.detachedFromTarget", self._on_target_gone)
        session.send("Page.enable")
        self.network.listen(session)
        for command in self.settings:
            session.send(*command)
        if self._pauses is not None:
            session.send("Fetch.enable", self._pauses)
        session.send("Target.setAutoAttach", _ATTACH)
        session.send("Runtime.runIfWaitingForDebugger")

    def _on_target(self, session: Session, event: Event) -> None:
        """A frame of another site, or a worker, has begun, and waits."""
        told, name = event["targetInfo"], event["sessionId"]
        line = self.connection.attach(name)
        if told["type"] == "iframe":
            number = told["targetId"]
            parent = self.frames.get(told.get("parentFrameId", ""), self.main)
            frame = self.frames.setdefault(number, PageFrame(number, parent, line, told["url"]))
            frame.session = line
            self._listen(line)
        elif told["type"] == "worker":
            self.network.listen(line, self.main)
            line.send("Runtime.runIfWaitingForDebugger")
        else:
            let_go(session, line)

    def _on_target_gone(self, event: Event) -> None:
        gone = self._sessions.pop(event["sessionId"], None)
        for frame in self.frames.values():
            if frame.parent and frame.session is gone:
                frame.session = frame.parent.session
        self.connection.detach(event["sessionId"])

    def _on_attached(self, session: Session, event: Event) -> None:
        number, parent = event["frameId"], self.frames.get(event["parentFrameId"])
        if parent and number not in self.frames:
            self.frames[number] = PageFrame(number, parent, session)

    def _on_navigated(self, session: Session, told: Mapping[str, Any]) -> None:
        frame = self.frames.get(told["id"])
        if frame is None and (parent := self.frames.get(told.get("parentId", ""))):
            frame = self.frames[told["id"]] = PageFrame(told["id"], parent, session)
        if frame:
            for child in self._below(frame):
                self.frames.pop(child.id, None)
            frame.session, frame.url = session, told["url"] + told.get("urlFragment", "")

    def _on_moved(self, event: Event) -> None:
        if frame := self.frames.get(event["frameId"]):
            frame.url = event["url"]

    def _on_detached(self, event: Event) -> None:
        """A frame is gone, or (`swap`) goes on in another process."""
        frame = self.frames.get(event["frameId"])
        if frame is None or frame.parent is None:
            return
        for child in self._below(frame):
            self.frames.pop(child.id, None)
        if event.get("reason") != "swap":
            del self.frames[frame.id]

    def _below(self, frame: PageFrame) -> list[PageFrame]:
        """The frames within a frame, the innermost last."""
        found = [frame]
        for each in found:
            found += [other for other in self.frames.values() if other.parent is each]
        return found[1:]

    def _on_dialog(self, session: Session, event: Event) -> None:
        """Say no to everything but that the page may be left."""
        self.dialogs += 1
        session.send("Page.handleJavaScriptDialog", {"accept": event["type"] == "beforeunload"})


class Targets:
    """The pages of one browser, by the context that each has for itself."""

    def __init__(self, connection: BrowserPipe) -> None:
        self._connection = connection
        self._by_context: dict[str, Target] = {}
        connection.root.on("Target.attachedToTarget", self._on_target)
        connection.root.on("Target.detachedFromTarget", lambda event: connection.detach(event["sessionId"]))
        connection.root.send("Target.setAutoAttach", _ATTACH)

    def __iter__(self) -> Iterator[Target]:
        return iter(self._by_context.values())

    async def open(self, settings: Sequence[Command], proxy: str | None = None) -> Target:
        """Open a page that knows nobody, downloads nothing and is permitted nothing. Raises ProtocolError."""
        root = self._connection.root
        way: dict[str, Any] = {"disposeOnDetach": True}
        if proxy:
            way |= {"proxyServer": proxy, "proxyBypassList": "<-loopback>"}
        made = await root.send("Target.createBrowserContext", way)
        context = {"browserContextId": made["browserContextId"]}
        target = self._by_context[made["browserContextId"]] = Target(
            self._connection, made["browserContextId"], list(settings), let_on
        )
        root.send("Browser.setDownloadBehavior", {"behavior": "deny", **context})
        root.send("Browser.grantPermissions", {"permissions": [], **context})
        await root.send("Target.createTarget", {"url": "about:blank", **context})
        await target.opened.wait()
        return target

    async def close(self, target: Target) -> None:
        """Close a page and its context. Raises ProtocolError."""
        self._by_context.pop(target.context, None)
        await target.close()

    def _on_target(self, event: Event) -> None:
        told, session = event["targetInfo"], self._connection.attach(event["sessionId"])
        target = self._by_context.get(told.get("browserContextId", ""))
        if target is None or told["type"] != "page":
            let_go(self._connection.root, session)
        elif target.opened.is_set():
            target.close_popup(session, told["targetId"])
        else:
            target.begin(session, told["targetId"])


def let_on(session: Session, event: Event) -> None:
    """Let a paused request go on as it is."""
    session.send("Fetch.continueRequest", {"requestId": event["requestId"]})


def let_go(owner: Session, session: Session) -> None:
    """Let go of what nobody wants to speak to."""
    session.send("Runtime.runIfWaitingForDebugger")
    owner.send("Target.detachFromTarget", {"sessionId": session.name})
