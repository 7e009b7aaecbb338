"""One article to look at, and what named it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from embedarchive.core.model import Fetch


@dataclass(frozen=True, slots=True)
class Seed:
    """An article by address. `origin` is what named it: `argument`, `-`, `@FILE`, a file, the address of a listing.

    `fetch` is there when the page is already in hand (saved, or in a web archive). `changed_at` is what a listing says.
    `notes` are what the list `noted_by` says of it, by its headings; `content` is its HTML as a feed carries it.
    """

    url: str
    origin: str
    fetch: Fetch | None = None
    changed_at: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    noted_by: str = ""
    content: str | None = None
