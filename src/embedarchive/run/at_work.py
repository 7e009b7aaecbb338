"""What a run has begun and not ended -> what it waits for, in words, for whoever wonders why nothing happens."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from embedarchive.run.engine import Row

Work = Callable[[Row], Coroutine[Any, Any, None]]

WAITS: dict[str, str] = {
    "fetch": "the answer of {host}",
    "link": "the answer of {host}",
    "follow": "the links of {subject}",
    "search": "the embeds of {subject} to be found",
    "render": "{subject} to be opened in the browser",
    "in place": "{subject} to be photographed in the browser",
    "capture": "the visit to {subject}",
    "describe": "{subject} to be described",
    "conclude": "{subject} to be concluded",
    "replay": "{subject} to be shown again",
    "replay later": "{subject} to be shown again",
}
"""What a run waits for while a pass is at work on a row."""


@dataclass
class AtWork:
    """Knows what is at work, and since when (`clock`, in seconds)."""

    clock: Callable[[], float] = time.monotonic
    _begun: dict[object, tuple[float, str]] = field(default_factory=dict)

    def watched(self, name: str, work: Work) -> Work:
        """The same work, known for as long as it goes on."""

        async def do(row: Row) -> None:
            token = object()
            self._begun[token] = (self.clock(), say_wait(name, row))
            try:
                await work(row)
            finally:
                del self._begun[token]

        return do

    def find_oldest(self, *, starting: bool) -> tuple[str, float]:
        """What was begun first, and how many seconds ago; a browser that is `starting` stands for all that waits for it."""
        if not self._begun:
            return "", 0.0
        began, what = min(self._begun.values())
        return ("the browser to start" if starting else what), self.clock() - began


def say_wait(name: str, row: Row) -> str:
    """What a run waits for while this row is at work. Pure."""
    values = dict(row)
    named = next((values[column] for column in ("url", "post_key", "key", "id") if values.get(column)), "")
    subject = str(named)
    return WAITS.get(name, "{subject}").format(subject=subject, host=urlsplit(subject).hostname or subject)
