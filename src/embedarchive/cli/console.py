"""A stream -> a console that prints to it: on a terminal as wide as that, elsewhere never wrapped, cut or filled up."""

from __future__ import annotations

import re
import sys
from typing import IO, cast

from rich.console import Console

WIDER_THAN_ANY = 100_000


class TrimmedStream:
    """A stream for lines without the spaces that fill up their columns."""

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream
        self.encoding: str = getattr(stream, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        return self.stream.write(re.sub(r" +$", "", text, flags=re.M))

    def flush(self) -> None:
        self.stream.flush()

    def isatty(self) -> bool:
        return False


def open_console(*, stderr: bool = False) -> Console:
    """The console of a standard stream. What is piped goes to a program, or a file, which has no width."""
    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        return Console(file=stream, highlight=False)
    return Console(file=cast(IO[str], TrimmedStream(stream)), highlight=False, width=WIDER_THAN_ANY)
