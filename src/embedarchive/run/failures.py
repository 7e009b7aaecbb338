"""Events of a run -> the table of all that could not be done, each with its reason and what to do about it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING

from embedarchive.core.errors import UsageError
from embedarchive.run.ledger import Event
from embedarchive.run.report import Report, Tally
from embedarchive.sources.intake import LOST

if TYPE_CHECKING:
    from embedarchive.run.session import Watcher

ADVICE: Mapping[str, str] = {
    "robots": "the site asks robots to leave this page alone; ask the site, or --ignore-robots where you may",
    "dns": "no such host is known; look at the address, or whether an archive of the web holds the page",
    "timeout": "the server was too slow; run the same command again",
    "deferred": "the host asked to be left alone for a while; embedarchive doctor says until when, and how to lift that",
    "tls": "the server's certificate is not valid; look at the page in a browser",
    "proxy_refused": "the proxy (--proxy) does not let this address be reached; ask whoever runs it",
    "refused": "an address that is not connected to; --allow-private if it is your own network",
    "unsupported_encoding": "packed in a way that this version cannot undo; fetch or save the page in another way",
    "bad_encoding": "packed wrongly by the server; run the same command again, or save the page in a browser",
    "damaged": "the file is damaged; what stood before was taken, copy or fetch the file anew",
    "unreadable": "look at the file's rights, or copy it anew",
    "no_article": "a picture, a PDF, JSON or the like, and no article; give the address of the page that shows it",
    "http_401": "behind a login; save the page in your browser and give the file",
    "http_403": "the site keeps us out; save the page in your browser and give the file",
    "http_404": "the page is gone; look for it in an archive of the web and give its WARC or saved page",
    "http_410": "the page is gone; look for it in an archive of the web and give its WARC or saved page",
    "http_429": "too many requests for this site; run the same command again later, with a longer --delay",
    "http_451": "kept from us by law in this place; save the page elsewhere and give the file",
    "http_5": "the server failed; run the same command again",
    "too_large": "more than is read of one document; what was read is kept",
    "incomplete": "the answer ended early; what came is kept, run the same command again with --refresh 0s",
    "paywall": "the page says that it is not free to read; save it in your browser, logged in, and give the file",
    "consent": "a page that asks for consent came in its place; save the article in your browser and give the file",
    "challenge": "a page that tests readers came in its place; save the article in your browser and give the file",
    "blocked": "the platform kept us out; its posts stay due, run the same command again later",
    "error": "the visit failed; run the same command again",
    "partial": "something of the post is missing; run the same command again, it tries what may still be had",
    "unavailable": "it cannot be told whether the post stands; it stays due, run the same command again",
    "link": "a short link that names no post; open it in a browser",
    "fault": "something broke here; run the same command again, and report it if it breaks again",
}
"""What to do, by reason or its beginning, else by outcome or what failed."""


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that could not be done, or not in full. `what` is that of the event."""

    what: str
    subject: str
    outcome: str
    reason: str
    to_do: str


OF_THE_RUN = ("conclude", "replay", "pace", "control", "hold", "closed")
"""Events that tell of the run, and of nothing that was to be had."""
FAILED = ("failed", "truncated", "error", "blocked")


def find_failure(event: Event) -> Failure | None:
    """What an event says that was not done; None if all is well. Posts that are gone are an outcome, no failure."""
    what, outcome, detail = event.what, event.outcome, event.detail
    if what in OF_THE_RUN:
        return None
    if what == "skipped":
        return find_lost(event)
    is_partial = bool(detail) and what in ("article", "listing", "search")
    if (what, outcome) == ("capture", "available") and detail:
        is_partial, outcome = True, "partial"
    if outcome in FAILED or (what, outcome) == ("capture", "unavailable") or is_partial or what == "fault":
        return Failure(what, event.subject, outcome, detail, find_advice(detail, outcome, what))
    return None


def find_lost(event: Event) -> Failure | None:
    """What was left out of what a reader read, where somebody may have wanted it."""
    said = LOST.get(event.outcome)
    if not said:
        return None
    detail = event.outcome
    if event.detail:
        detail = f"{event.outcome}: {event.detail}"
    return Failure(event.what, event.subject, "lost", detail, said)


def find_advice(reason: str, outcome: str, what: str) -> str:
    """What to do about a reason, else about an outcome, else about what failed; of a visit the outcome tells."""
    if what == "capture" and outcome in ADVICE:
        return ADVICE[outcome]
    by_reason = (advice for start, advice in ADVICE.items() if reason.startswith(start))
    return next(by_reason, None) or ADVICE.get(outcome) or ADVICE.get(what) or ADVICE["error"]


class FailureTable:
    """A watcher that writes each failure to a table as it happens, and tells all on to another."""

    def __init__(self, path: Path, watcher: Watcher) -> None:
        self.watcher = watcher
        self.path = path
        try:
            # UTF-8 with its mark, as spreadsheets want it.
            with path.open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerow([column.name for column in fields(Failure)])
        except OSError as error:
            raise UsageError(f"{path} cannot be written ({error.strerror}). Nothing was done.") from error

    def begin(self, tally: Tally) -> None:
        self.watcher.begin(tally)

    def emit(self, event: Event) -> None:
        failure = find_failure(event)
        if failure:
            with self.path.open("a", encoding="utf-8", newline="") as file:
                csv.writer(file).writerow([_tame(cell) for cell in astuple(failure)])
        self.watcher.emit(event)

    def note(self, text: str) -> None:
        self.watcher.note(text)

    def end(self, report: Report) -> None:
        self.watcher.end(report)


def _tame(cell: str) -> str:
    """A cell that no spreadsheet runs as a formula."""
    if cell.startswith(("=", "+", "-", "@", "\t", "\r")):
        return f"'{cell}"
    return cell
