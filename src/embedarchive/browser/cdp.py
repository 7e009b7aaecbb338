"""The Chrome DevTools Protocol over a pipe: commands to a browser, its answers and events.

https://chromedevtools.github.io/devtools-protocol/ A message is JSON ended by a zero byte. Whatever can be spoken to, the
browser itself, a page, a frame of another site, a worker, has a session, whose name stands in its messages.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

Event = dict[str, Any]
CLOSED = "the session has been closed"


class ProtocolError(Exception):
    """A command that the browser refused, or that nobody is there any more to answer."""


class ScriptError(ProtocolError):
    """A script that ended with an exception."""


class Session:
    """A line to one target. Handlers are called in the order of their events, and of the answers between them."""

    def __init__(self, connection: BrowserPipe, name: str) -> None:
        self.name = name
        self._connection = connection
        self._handlers: defaultdict[str, list[Callable[[Event], None]]] = defaultdict(list)
        self._waiting: dict[int, asyncio.Future[Event]] = {}
        self._is_closed = False

    def send(self, method: str, parameters: Mapping[str, Any] | None = None) -> asyncio.Future[Event]:
        """Send a command, at once; await its result, or do not. Raises ProtocolError where it is awaited."""
        answer: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(_take_note)
        if self._is_closed:
            answer.set_exception(ProtocolError(CLOSED))
        else:
            self._waiting[self._connection.write(self.name, method, parameters or {})] = answer
        return answer

    def on(self, event: str, handler: Callable[[Event], None]) -> None:
        """Call the handler with the parameters of each such event, for the session's life."""
        self._handlers[event].append(handler)

    def hear(self, message: Event) -> None:
        """Take a message of the browser's to this session."""
        if "id" not in message:
            for handler in self._handlers.get(message["method"], ()):
                handler(message["params"])
            return
        answer = self._waiting.pop(message["id"], None)
        if answer is None or answer.done():
            return
        if "error" in message:
            answer.set_exception(ProtocolError(message["error"]["message"]))
        else:
            answer.set_result(message["result"])

    def close(self) -> None:
        """Let nobody wait any longer."""
        self._is_closed = True
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(ProtocolError(CLOSED))
        self._waiting.clear()


def _take_note(answer: asyncio.Future[Event]) -> None:
    """An error that nobody awaits is nobody's."""
    if not answer.cancelled():
        answer.exception()


class BrowserPipe(asyncio.Protocol):
    """The pipe to one browser, and all sessions over it. `root` is the browser's own; `lost` is set when it has ended."""

    def __init__(self) -> None:
        self.root = Session(self, "")
        self.lost = asyncio.Event()
        self._sessions = {"": self.root}
        self._pipe: asyncio.WriteTransport | None = None
        self._count = 0
        self._begun: list[bytes] = []

    def attach(self, name: str) -> Session:
        """Open the session that the browser has given that name."""
        session = self._sessions[name] = Session(self, name)
        return session

    def detach(self, name: str) -> None:
        """Close a session that the browser has ended."""
        if session := self._sessions.pop(name, None):
            session.close()

    def write(self, session: str, method: str, parameters: Mapping[str, Any]) -> int:
        """Send a command to a session; give the number that its answer will have."""
        assert self._pipe, "a connection is connected before it is used"
        self._count += 1
        message = {"id": self._count, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._pipe.write(json.dumps(message).encode() + b"\0")
        return self._count

    def close(self) -> None:
        """Close the pipe: the browser then ends by itself."""
        if self._pipe:
            self._pipe.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._pipe = transport

    def data_received(self, data: bytes) -> None:
        first, *others = data.split(b"\0")
        self._begun.append(first)
        for begun in others:
            self._hear(b"".join(self._begun))
            self._begun = [begun]

    def connection_lost(self, error: Exception | None) -> None:
        self.lost.set()
        for session in self._sessions.values():
            session.close()

    def _hear(self, text: bytes) -> None:
        message = json.loads(text)
        if session := self._sessions.get(message.get("sessionId", "")):
            session.hear(message)


def whole_text(text: str) -> str:
    """Replace lone surrogates, which JavaScript strings may hold and UTF-8 cannot."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
