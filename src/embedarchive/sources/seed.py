"""One article to look at, and what named it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from embedarchive.core.model import Fetch, Found


@dataclass(frozen=True, slots=True)
class Seed:
    """An article by address. `origin` is what named it: `argument`, `-`, `@FILE`, a file, the address of a listing.

    `fetch` is there when the page is already in hand (saved, or in a web archive). `changed_at` is what a listing says.
    `found` is what a search of that page gave, where it was searched already, and only then its body may be missing;
    `web_archive` a file that is to be read apart, in place of the pages that are in it.
    `notes` are what the list `noted_by` says of it, by its headings; `content` is its HTML as a feed carries it.
    """

    url: str
    origin: str
    fetch: Fetch | None = None
    changed_at: str | None = None
    notes: Mapping[str, str] = field(default_factory=dict)
    noted_by: str = ""
    content: str | None = None
    found: Found | None = None
    web_archive: Path | None = None
