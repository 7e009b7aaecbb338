"""Records -> the words a reader meets: dates, states, sizes, changes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from embedarchive.core.model import Description, Outcome
from embedarchive.library.records import CaptureRecord, Change, Observation, PostLine, PostRecord, Status

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip

STATUS_WORDS: dict[str, str] = {
    "available": "Online",
    "gone": "Gone",
    "unavailable": "Unavailable",
    "blocked": "Not known",
    "error": "Not known",
    "not captured": "Not visited",
}

STATUS_MEANINGS: dict[str, str] = {
    "available": "The post itself was seen at the last look.",
    "gone": "The platform says, by two independent signs, that there is no such post any more.",
    "unavailable": "The platform answered, but not with the post: it is private, age-restricted or not embeddable.",
    "blocked": "The platform kept us out (a login wall or a rate limit), so nothing is known of the post.",
    "error": "There was no usable answer, so nothing is known of the post.",
    "not captured": "The post was found in an article and has not been visited yet.",
}

IN_PLACE: dict[str, str] = {
    "fallback": "No frame of the post: readers saw the publisher's own markup.",
    "frame_refused": "The platform did not let itself be framed there.",
    "not_loaded": "The frame stayed empty, as for a reader who has not consented.",
    "not_shown": "Nothing of the post was drawn, as for a reader who has not consented.",
    "not_judged": "Photographed as it was; this version has no rules for the platform.",
    "unconfirmed": "The frame showed no post. That alone does not prove that it is gone.",
}
"""What a post's picture in an article shows when it is not the post."""

FIELD_WORDS: dict[str, str] = {
    "author_name": "author", "author_handle": "handle", "author_url": "author's page", "author_verified": "verified",
    "author_followers": "followers", "text": "text", "alt_text": "alternative text", "posted_at": "date",
    "sensitive": "marked as sensitive", "quoted_url": "quoted post", "lang": "language",
}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------- dates


def read_time(iso: str | None) -> datetime | None:
    """The moment an ISO text means, in UTC; None if it means none."""
    try:
        moment = datetime.fromisoformat(iso or "")
    except ValueError:
        return None
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError:
        return None


def say_date(iso: str | None, *, short: bool = False) -> str:
    """`9 March 2026` (or `9 Mar 2026`); a text that is no date is given back as it is."""
    moment = read_time(iso)
    if moment is None:
        return iso or ""
    month = MONTHS[moment.month - 1]
    return f"{moment.day} {month[:3] if short else month} {moment.year}"


def say_time(iso: str | None) -> str:
    """`9 March 2026, 14:05:06 UTC`."""
    moment = read_time(iso)
    return f"{say_date(iso)}, {moment:%H:%M:%S} UTC" if moment else iso or ""


# -------------------------------------------------------------------------------------------------------------- numbers


def say_number(number: int) -> str:
    return f"{number:,}"


def say_count(number: int, one: str, many: str = "") -> str:
    """`1 article`, `2,000 articles`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def say_size(size: int) -> str:
    """`820 bytes`, `14 kB`, `3.1 MB`."""
    for limit, unit in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if size >= limit:
            scaled = size / limit
            return f"{scaled:.1f} {unit}" if scaled < 10 else f"{scaled:.0f} {unit}"
    return f"{size} bytes"


def say_similarity(distance: int) -> str:
    """How alike two pictures are whose hashes differ in that many of 64 bits."""
    if distance <= 2:
        return "the same picture"
    return "nearly the same picture" if distance <= 6 else "a similar picture"


_CUT = re.compile(r"(media|poster|avatar|thumbnail)( \d+)?: (.+)", re.S)
_FILES = {"media": "file", "poster": "still", "avatar": "the author's picture", "thumbnail": "thumbnail"}


def say_missing(line: str) -> str:
    """A line of what could not be kept, in words: `media 1: not_served` -> `file 1: not served`."""
    cut = _CUT.fullmatch(line)
    if cut is None:
        return line
    why = cut[3] if " " in cut[3] else say_reason(cut[3])
    return f"{_FILES[cut[1]]}{(cut[2] or '').replace(' 0', '')}: {why}"


def say_value(value: Any) -> str:
    """A circumstance of a visit, as recorded in JSON: `[540, 1000]` -> `540, 1000`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{str(name).replace('_', ' ')} {say_value(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(say_value, value)) or "none"
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def say_in_place(capture: CaptureRecord) -> str:
    """What a picture of a post in an article shows, if not the post as such."""
    return "" if capture.outcome == "available" else IN_PLACE.get(capture.reason or "", say_reason(capture.reason))


def say_reason(code: str | None) -> str:
    """A short code in words: `login_wall` -> `login wall`."""
    return (code or "").replace("_", " ").replace("-", " ")


# --------------------------------------------------------------------------------------------------------------- status


def say_status(
    status: Status,
    last_available_at: str | None,
    first_gone_at: str | None,
    *,
    preserved: bool,
    reason: str | None = None,
) -> str:
    """One line that tells where a post stands and whether it is kept: `Gone by 9 Mar 2026 · preserved 3 Mar 2026`.

    "By", not "since": it went somewhere between the last look that saw it and the first that did not.
    """
    kept = f"preserved {say_date(last_available_at, short=True)}" if preserved else "not preserved"
    if status == "gone":
        state = f"Gone by {say_date(first_gone_at, short=True)}" if first_gone_at else "Gone"
    elif status == "available":
        state, kept = f"Online {say_date(last_available_at, short=True)}", "preserved" if preserved else "not preserved"
    elif status == "not captured":
        return "Not visited yet"
    else:
        state = STATUS_WORDS[status] + (f" ({say_reason(reason)})" if reason else "")
    return f"{state} · {kept}"


def say_post_status(post: PostRecord | PostLine) -> str:
    """The status line of a post."""
    preserved = post.preserved if isinstance(post, PostLine) else post.best is not None
    reason = post.reason if isinstance(post, PostRecord) else None
    return say_status(post.status, post.last_available_at, post.first_gone_at, preserved=preserved, reason=reason)


@dataclass(frozen=True, slots=True)
class DiffRun:
    """Consecutive looks with the same outcome."""

    outcome: Outcome
    reason: str | None
    first_at: str
    last_at: str
    looks: int
    capture_id: int


def find_runs(observations: Iterable[Observation]) -> tuple[DiffRun, ...]:
    """A history, oldest first, with equal neighbours put together."""
    runs: list[DiffRun] = []
    for seen in observations:
        last = runs[-1] if runs else None
        if last and (last.outcome, last.reason) == (seen.outcome, seen.reason):
            runs[-1] = DiffRun(last.outcome, last.reason, last.first_at, seen.at, last.looks + 1, seen.capture_id)
        else:
            runs.append(DiffRun(seen.outcome, seen.reason, seen.at, seen.at, 1, seen.capture_id))
    return tuple(runs)


def say_run(run: DiffRun) -> str:
    """`Online 3 Mar – 5 Mar 2026`, `Gone by 9 Mar 2026`."""
    first, last = say_date(run.first_at, short=True), say_date(run.last_at, short=True)
    word = STATUS_WORDS[run.outcome]
    if run.outcome == "gone":
        return f"{word} by {first}"
    return f"{word} {first}" if first == last else f"{word} {first} – {last}"


# -------------------------------------------------------------------------------------------------------------- changes

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
MOST_COMPARED = 3_000
"""Words and the spaces between them; comparing takes the square of it."""

COMPARED = (
    "author_name", "author_handle", "author_verified", "title", "text", "alt_text", "location", "audio", "quoted_url",
)  # fmt: skip


def find_changes(captures: Sequence[CaptureRecord]) -> tuple[Change, ...]:
    """What differs between captures of the post itself, newest change first. Counts always move: left out."""
    seen = sorted(
        (c for c in captures if c.outcome == "available" and c.description), key=lambda c: (c.started_at, c.id)
    )
    changes: list[Change] = []
    for before, after in pairwise(seen):
        for name, old, new in _differences(before.description, after.description):
            changes.append(Change(name, old, new, before.id, after.id, after.started_at))
    return tuple(reversed(changes))


def _differences(before: Description | None, after: Description | None) -> Iterable[tuple[str, str, str]]:
    if before is None or after is None:
        return
    for name in COMPARED:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield name, _say(old), _say(new)
    slides = tuple(sum(m.role == "media" for m in each.media) for each in (before, after))
    if slides[0] != slides[1]:
        yield "media", say_count(slides[0], "file"), say_count(slides[1], "file")


def _say(value: object) -> str:
    return "" if value is None else str(value)


def find_difference(before: str, after: str) -> tuple[tuple[str, str], ...]:
    """Word by word, what was kept (`same`), taken out (`out`) and put in (`in`)."""
    old, new = _WORDS.findall(before)[:MOST_COMPARED], _WORDS.findall(after)[:MOST_COMPARED]
    pieces: list[tuple[str, str]] = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            pieces.append(("same", "".join(old[a:b])))
            continue
        pieces += [("out", "".join(old[a:b]))] if b > a else []
        pieces += [("in", "".join(new[c:d]))] if d > c else []
    return tuple(pieces)


def say_field(name: str) -> str:
    return FIELD_WORDS.get(name, name.replace("_", " "))


def shorten(text: str, length: int = 140) -> str:
    """The first words of a text on one line."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    return (cut[: cut.rfind(" ")] if " " in cut[length // 2 :] else cut).rstrip(" ,.;:") + "…"
