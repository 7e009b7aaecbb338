"""How often a service that says so may be asked: a queue of its own for each part of a host, one request at a time. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Gate:
    """A part of a host with a limit of its own.

    `name` is its queue in the shared file, `begins` how its addresses begin, without the scheme. Two requests are at least
    `delay_s` apart; after a 429 the whole host is left alone for `silence_s`, or longer where it says so.
    """

    name: str
    begins: str
    delay_s: float
    silence_s: float = 60.0


GATES = (
    Gate("web.archive.org cdx", "web.archive.org/cdx/", 60 / 23),
    Gate("web.archive.org web", "web.archive.org/web/", 60 / 479),
    Gate("index.commoncrawl.org", "index.commoncrawl.org/", 60 / 23),
    Gate("data.commoncrawl.org", "data.commoncrawl.org/", 60 / 479),
)
"""The Internet Archive allows 30 questions to its index a minute, and 600 captures: four fifths of that, so that no minute has
more than 24 and 480, wherever it begins. Common Crawl says no number; it is asked no faster."""


def find_gate(url: str) -> Gate | None:
    """The gate that an address lies behind, or None where only its host's own delay holds."""
    rest = url.partition("://")[2]
    return next((gate for gate in GATES if rest.startswith(gate.begins)), None)
