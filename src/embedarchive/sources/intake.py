"""What a reader saw and did not take, counted by reason, so that nothing vanishes in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

MOST_NAMED = 10_000
"""Losses that are named one by one; all are counted."""

ORDINARY: Mapping[str, str] = {
    "other_type": "no page (pictures, scripts, documents …)",
    "redirect": "redirects",
    "http_error": "answers that are no page (404 and the like)",
    "about_the_crawl": "records about requests and the crawl",
    "no_web_address": "records without a web address",
    "not_listed": "frames and pages that the archive does not list",
    "platform_page": "pages of platforms (posts are captured, they are no articles)",
    "part_of_page": "files that belong to a saved page",
    "comment": "comments and headings",
    "repeated": "named before",
    "out_of_scope": "left out by --include, --exclude or --since",
    "opted_out": "articles and posts that do not want to be archived (access optout list)",
    "other_platform": "posts of other platforms than --platform names; what is due of them stays due",
    "not_read_again": "pages kept by reference that a newer finder searches once their web archive is back in its place",
    "other_site": "addresses of other sites in sitemaps",
}
"""What is rightly left, in words."""

LOST: Mapping[str, str] = {
    "revisit_unresolved": "revisits whose original is in none of the files; give the files that hold them to the same command",
    "bad_line": "lines that name no article; mend them and give the list again",
    "unknown_kind": "files of a kind that is not read; save them as HTML, WARC, WACZ, HAR or MHTML",
    "only_address": "addresses without a page, for which import asks nobody; give them to embedarchive crawl",
    "without_body": "pages that their file names and does not hold (a HAR exported without content); save them again, with it",
    "unreadable": "files that cannot be read; look at their rights, or copy them anew",
    "list_in_folder": "lists in a folder, which are read only when they are named: @FILE",
    "nothing_found": "files without any article; look whether they are the right ones",
    "damaged": "damaged files or records; what stands around the damage was taken, fetch or copy the file anew",
    "unsearched": "web archives of which the rest was not searched, for the search died of too much in them; what came before "
    "was taken, the same command begins them anew",
    "too_many": "entries beyond what is read of one document; split it",
    "unread_listing": "sitemaps of an index that could not be read; run the same command again",
    "too_many_listings": "indexes whose sitemaps are more, or deeper, than one run reads; give those that matter themselves",
}
"""What somebody may have wanted, in words, and what to do about it."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """One thing that was lost: what stands in `source` (a file, a list) under `subject` (a line, an address)."""

    source: str
    reason: str
    subject: str
    detail: str = ""


@dataclass
class Intake:
    """What the readers of one command did not take. Readers write to it, whoever reports reads it.

    `skipped` counts by reason; `lost` names what somebody may have wanted, 10,000 at most. `web_archives` and `revisits` are
    what `sources/warcs.py` needs to resolve, at the end, what refers to another record.
    """

    skipped: Counter[str] = field(default_factory=Counter)
    lost: list[Skipped] = field(default_factory=list)
    web_archives: list[Any] = field(default_factory=list)
    revisits: list[Any] = field(default_factory=list)
    apart: bool = False
    """Whether a web archive is given as one seed, for whoever reads such files apart."""

    def skip(self, source: str, reason: str, subject: str = "", detail: str = "") -> None:
        """Count one thing that is not taken; `reason` is one of `ORDINARY` or of `LOST`."""
        self.skipped[reason] += 1
        if reason in LOST:
            self.name((Skipped(source, reason, subject, detail),))

    def name(self, lost: Iterable[Skipped]) -> None:
        """Name losses that are counted, as long as there are not too many."""
        self.lost.extend(islice(lost, max(0, MOST_NAMED - len(self.lost))))

    @property
    def losses(self) -> int:
        """How many things somebody may have wanted were not taken."""
        return sum(count for reason, count in self.skipped.items() if reason in LOST)


def say_skipped(skipped: Mapping[str, int]) -> str:
    """What was not taken, in words: losses first, then the most frequent."""
    order = sorted(skipped.items(), key=lambda pair: (pair[0] not in LOST, -pair[1]))
    return "; ".join(f"{count} {LOST.get(reason) or ORDINARY.get(reason, reason)}" for reason, count in order if count)
