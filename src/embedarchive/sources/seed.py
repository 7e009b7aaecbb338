"""One article to look at, and what named it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from embedarchive.core.model import Fetch


@dataclass(frozen=True, slots=True)
class Seed:
    """An article by address. `origin` is what named it: `argument`, `-`, `@FILE`, a file, the address of a listing.

    `fetch` is there when the page is already in hand (saved, or in a web archive). `changed_at` is what a listing says.
    """

    url: str
    origin: str
    fetch: Fetch | None = None
    changed_at: str | None = None
