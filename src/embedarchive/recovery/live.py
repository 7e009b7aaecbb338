"""What is taken for granted of web archives -> what to ask of them, and what their answers say of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from embedarchive.core.mementos import IndexAnswer, Unreadable
from embedarchive.core.model import Fetch
from embedarchive.platforms.kit.specification import Assumption
from embedarchive.recovery import commoncrawl, wayback

ASSUMED: dict[str, tuple[str, tuple[Assumption, ...]]] = {
    "wayback": ("The Wayback Machine", wayback.ASSUMPTIONS),
    "commoncrawl": (commoncrawl.NAME, commoncrawl.ASSUMPTIONS),
}
"""Web archive -> its title, and what is taken for granted of it."""

KNOWN, MADE_UP = "example.com/", "no-such-page.example.com/7f3a9c"
_NO_HOST = "https://no-such-host-7f3a9c.example.com/"
_CAPTURE = f"{wayback.HOST}/web/2020id_/"


@dataclass(frozen=True, slots=True)
class ArchiveQuestion:
    """One thing to ask of a web archive; `holds` says of its answer whether it is as assumed."""

    archive: str
    says: str
    url: str
    holds: Callable[[Fetch], bool]


def _lists(fetch: Fetch) -> bool:
    return wayback.read_index(fetch, lambda url: True).said == "held"


def _lists_nothing(fetch: Fetch) -> bool:
    return wayback.read_index(fetch, lambda url: True) == IndexAnswer("none")


def _gives(fetch: Fetch) -> bool:
    read = wayback.read_capture(fetch)
    return not isinstance(read, Unreadable) and bool(read[-1].response_headers) and read[-1].status == 200


def _has_not(fetch: Fetch) -> bool:
    return wayback.read_capture(fetch) == Unreadable("lost", "not_held")


def _lists_crawls(fetch: Fetch) -> bool:
    return len(commoncrawl.read_crawls(fetch.body)) > 10


ARCHIVE_QUESTIONS = (
    ArchiveQuestion("wayback", "its index gives a table", wayback.ask_index(KNOWN, exact=True), _lists),
    ArchiveQuestion(
        "wayback", "nothing held is an empty table", wayback.ask_index(MADE_UP, exact=True), _lists_nothing
    ),
    ArchiveQuestion(
        "wayback", "a capture says when it was, and has its own headers", f"{_CAPTURE}https://{KNOWN}", _gives
    ),
    ArchiveQuestion("wayback", "what it does not hold is told", f"{_CAPTURE}{_NO_HOST}", _has_not),
    ArchiveQuestion("commoncrawl", "its crawls are listed", commoncrawl.CRAWLS, _lists_crawls),
)


def judge_answer_of(question: ArchiveQuestion, fetch: Fetch) -> tuple[bool | None, str]:
    """Whether an assumption holds by this answer, and what was seen; None when nothing was heard."""
    if fetch.status:
        seen = f"status {fetch.status}"
    else:
        seen = fetch.reason or "no answer"
    if fetch.status is None or fetch.status in (429, 502, 503, 504):
        return None, seen
    return question.holds(fetch), seen
