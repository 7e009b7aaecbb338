"""A stream -> a console that prints to it: on a terminal as wide as that, elsewhere never wrapped and never cut."""

from __future__ import annotations

import sys

from rich.console import Console

WIDER_THAN_ANY = 100_000


def open_console(*, stderr: bool = False) -> Console:
    """The console of a standard stream. What is piped goes to a program, or a file, which has no width."""
    stream = sys.stderr if stderr else sys.stdout
    return Console(file=stream, highlight=False, width=None if stream.isatty() else WIDER_THAN_ANY)
