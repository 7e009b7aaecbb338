"""Many requests at one moment -> as many as are answered in time; the others are told at once to come again.

What one question may take is bounded (`bounds.py`), so what all take is bounded by how many are at work. Of the threads that
read, one is left to our own pages whatever is asked, so that a person who reads is not kept waiting by programs that ask.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import ExitStack
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_QUESTIONS = 3
"""At work at a time; Datasette has four threads for them (`serve.SETTINGS`)."""
MOST_PAGES = 8
LONGEST_WAIT_S = 1.0
"""For a place. A question has three seconds, so that every request is answered within five."""

BUSY = "The reading room is busy with other questions. Nothing was asked; try again in a few seconds.\n"

_FILES = re.compile(r"/-/(?:static|static-plugins|media)/")
_QUESTIONS = re.compile(r"/-/(?:query|find|embedarchive/find|snapshot|source|evidence)\b")


def limit_admission(app: App) -> App:
    """The app, of which only so many requests are at work at a time."""
    questions, pages = asyncio.Semaphore(MOST_QUESTIONS), asyncio.Semaphore(MOST_PAGES)

    async def admit(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or _FILES.search(scope["path"]):
            await app(scope, receive, send)
            return
        if is_question(scope["path"]):
            places = questions
        else:
            places = pages
        try:
            async with asyncio.timeout(LONGEST_WAIT_S):
                await places.acquire()
        except TimeoutError:
            await refuse(send)
            return
        with ExitStack() as held:
            held.callback(places.release)

            async def send_on(message: MutableMapping[str, Any]) -> None:
                if message["type"] == "http.response.start":
                    held.close()  # the work is done; who reads it slowly keeps no place
                await send(message)

            await app(scope, receive, send_on)

    return admit


def is_question(path: str) -> bool:
    """Whether whoever asks says what is looked at, and how: Datasette's own pages, and ours of a whole text. Pure."""
    return bool(_QUESTIONS.search(path)) or ("/-/" not in path and path != "/")


async def refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"retry-after", b"3"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": BUSY.encode()})
