"""Records -> the words a reader meets: dates, states, sizes, changes. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Any

from embedarchive.core.completeness import is_chosen
from embedarchive.core.dates import parse_iso
from embedarchive.core.model import Description, Outcome, PagePlace, Tombstone
from embedarchive.core.months import ENGLISH
from embedarchive.core.texts import shorten
from embedarchive.library.records import (
    CaptureRecord,
    Change,
    MissingFile,
    Observation,
    PostLine,
    PostRecord,
    PostState,
    Sighting,
    Status,
)

MONTHS = ENGLISH

STATUS_WORDS: dict[str, str] = {
    "available": "Online",
    "gone": "Gone",
    "unavailable": "Unavailable",
    "blocked": "Not known",
    "error": "Not known",
    "not captured": "Not visited",
}

STATES_BROWSED: dict[str, str] = {
    "available": "online", "unavailable": "unavailable", "blocked": "unknown", "error": "unknown",
    "not captured": "not-visited",
}  # fmt: skip
"""Status -> the state to browse by that has all of it; gone has two, by whether it is kept."""

WAY_WORDS: dict[str, str] = {
    "words": "",
    "respelt": "The same words, written in another way.",
    "fragment": "No word is just that; it stands inside of these.",
    "ending": "Nearly: the same word with another ending.",
    "part": "Nearly: nothing holds all of these words; this holds most of them.",
    "similar": "Nearly: nobody wrote just that; this is spelt almost so.",
}
"""How words were found -> why it is not quite what was asked for."""

LOOK_WORDS: dict[str, str] = STATUS_WORDS | {"gone": "Said to be gone"}
"""What one visit saw. That a post is gone is concluded from more than one."""

STATUS_MEANINGS: dict[str, str] = {
    "available": "The post itself was seen at the last look.",
    "gone": "The platform itself says that there is no such post any more, while others of its posts could be seen.",
    "perhaps gone": "An answer says that the post is gone, and that is not confirmed.",
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

DOUBTS: dict[str, str] = {
    "no control": "no other post of its platform was seen alive at that hour",
    "second day": "a second answer, on another day, must say the same",
    "held: control failed": "withheld, for no living post of its platform could be seen either",
    "held: many at once": "withheld until a person has looked, for too many posts seemed gone at once",
}
"""Why an answer that a post is gone is not believed yet."""

DENIALS = {
    "deleted": "the platform says there is no such post",
    "not_found": "the platform says there is no such post",
}
"""What an answer that a post is gone says. Who took it away, its author, the platform or a court, is not said."""

EMBEDDING_REFUSED = "its author or platform does not let it be embedded"

NO_SIGNATURE = "the answer does not bear the platform's own signature"

_OVER = re.compile(r"over_(\d+)_bytes")

REASON_WORDS: dict[str, str] = {
    "no_film": "was left out, as all films were",
    "only_streamed": "is only streamed",
    "not_served": "is not served to anybody",
    "withheld": "is withheld by the platform",
    "withdrawn": "was withdrawn from the archive",
    "copyright_blocked": "is blocked for copyright",
    "unknown_attachment": "is of a kind that this version cannot read",
    "too_large": "is larger than is kept",
    "too_many": "is beyond the number of files that are kept of one post",
    "not_read": "could not be read",
    "not_asked": "was not asked for",
    "not_recorded": "was not recorded by whoever saw it",
    "no_media_file": "was answered with something that is no media file",
    "no_answer": "was not answered",
    "timeout": "took too long",
    "stalled": "stalled on its way",
    "late": "took too long",
    "reset": "was broken off",
    "connection": "could not be connected to",
    "incomplete": "came in part only",
    "http_401": "was refused",
    "http_403": "was refused",
    "http_429": "was refused for the time being",
}
"""Why a file of a post is not held, as the end of a sentence whose subject it is."""

FIELD_WORDS: dict[str, str] = {
    "author_name": "author", "author_handle": "handle", "author_url": "author's page", "author_verified": "verified",
    "author_followers": "followers", "text": "text", "alt_text": "alternative text", "posted_at": "date",
    "sensitive": "marked as sensitive", "quoted_url": "quoted post", "lang": "language",
}  # fmt: skip


# ---------------------------------------------------------------------------------------------------------------- dates


def say_date(iso: str | None, *, short: bool = False) -> str:
    """`9 March 2026` (or `9 Mar 2026`); a text that is no date is given back as it is."""
    moment = parse_iso(iso)
    if moment is None:
        return iso or ""
    month = MONTHS[moment.month - 1]
    return f"{moment.day} {month[:3] if short else month} {moment.year}"


def say_time(iso: str | None) -> str:
    """`9 March 2026, 14:05:06 UTC`."""
    moment = parse_iso(iso)
    if moment:
        return f"{say_date(iso)}, {moment:%H:%M:%S} UTC"
    return iso or ""


# -------------------------------------------------------------------------------------------------------------- numbers


def say_number(number: int) -> str:
    return f"{number:,}"


def printable(text: str) -> str:
    """Text without the control characters that could speak to a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def say_count(number: int, one: str, many: str = "") -> str:
    """`1 article`, `2,000 articles`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def say_size(size: int) -> str:
    """`820 bytes`, `14 kB`, `3.1 MB`."""
    for limit, unit in ((1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")):
        if size >= limit:
            scaled = size / limit
            if scaled < 10:
                return f"{scaled:.1f} {unit}"
            return f"{scaled:.0f} {unit}"
    return f"{size} bytes"


NEARLY = 10
"""Bits of 64 that a picture's hash differs in when it is all of the same picture (`ALIKE` of core/image_hash.py)."""


def say_similarity(distance: int, mirrored: bool = False) -> str:
    """How alike two pictures are whose hashes differ in that many of 64 bits, and that were seen to show the same."""
    if mirrored:
        return "the same picture, mirrored"
    if distance <= 2:
        return "the same picture"
    if distance <= NEARLY:
        return "nearly the same picture"
    return "a part of the same picture, or more than it: compare the words, others may have posted it, too"


_CUT = re.compile(r"(media|poster|avatar|thumbnail|subtitles)( \d+)?: (.+)", re.S)
_ADDRESS = re.compile(r"https?://\S+")
_FILES = {
    "media": "file",
    "poster": "still",
    "avatar": "the author's picture",
    "thumbnail": "thumbnail",
    "subtitles": "subtitles",
}


def say_missing(line: str) -> str:
    """A line of what could not be kept, in words: `media 1: not_served` -> `file 1: not served`.

    The address of a file is no reader's: it is signed, and dies within a day or two.
    """
    if line.startswith("image did not load"):
        return "a picture of the page did not load"
    line = _ADDRESS.sub("(its address)", line)
    cut = _CUT.fullmatch(line)
    if cut is None:
        return line
    if " " in cut[3]:
        why = cut[3]
    else:
        why = say_reason(cut[3])
    return f"{_FILES[cut[1]]}{(cut[2] or '').replace(' 0', '')}: {why}"


def say_partly(partly: int) -> str:
    """After a number of preserved posts: how many of them lack something."""
    if partly:
        return f", {say_number(partly)} of them partly"
    return ""


def say_value(value: Any) -> str:
    """A circumstance of a visit, as recorded in JSON: `[540, 1000]` -> `540, 1000`."""
    if isinstance(value, Mapping):
        return ", ".join(f"{str(name).replace('_', ' ')} {say_value(each)}" for name, each in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(say_value, value)) or "none"
    if isinstance(value, bool):
        return {True: "yes", False: "no"}[value]
    return str(value)


def say_in_place(capture: CaptureRecord) -> str:
    """What a picture of a post in an article shows, if not the post as such."""
    if capture.outcome == "available":
        return ""
    return IN_PLACE.get(capture.reason or "", say_reason(capture.reason))


SOURCES = {"reader": "handed in by a reader"}


def say_source(source: str) -> str:
    """Where a page comes from: `network`, a reader, a file or web archive by its name."""
    return SOURCES.get(source, source)


def say_place(place: PagePlace) -> str:
    """Where a page stands in a web archive that is kept elsewhere: the file, and the byte at which its record begins."""
    name = place.file
    if place.member:
        name = f"{name}!{place.member}"
    if place.offset is None:
        return f"{name}, sha256:{place.sha256[:12]}…"
    return f"{name}, {place.length:,} bytes at {place.offset:,}, sha256:{place.sha256[:12]}…"


def say_reason(code: str | None) -> str:
    """A short code in words: `login_wall` -> `login wall`. Why a post is gone only its platform knows: that is what is said."""
    if code in DENIALS:
        return DENIALS[code]
    return (code or "").replace("_", " ").replace("-", " ")


# --------------------------------------------------------------------------------------------------------------- status


def say_kept(post: PostState) -> str:
    """How much of a post is kept: `preserved`, `partly preserved: 2 of 3 pictures`, `not preserved`."""
    if post.kept == "none":
        return "not preserved"
    if post.kept == "whole":
        return "preserved"
    if not post.lacking:
        return "partly preserved"
    return f"partly preserved: {_say_part(post)}"


def _say_part(post: PostState) -> str:
    """What of a post is kept, or what it is kept without."""
    first = post.lacking[0]
    if first.position == 0:
        return f"what it says {say_why(first)}"
    if post.expected > 1:
        part = "none"
        if post.held != 0:
            part = say_number(post.held)
        return f"{part} of {say_count(post.expected, post.what)}"
    return f"without its {first.what}, which {say_why(first)}"


def say_why(missing: MissingFile) -> str:
    """Why a file is not held, as the end of a sentence: `is only streamed`, `took too long`."""
    code, _, detail = missing.why.partition(":")
    if code.startswith("http_5"):
        return "was answered with a fault"
    known = REASON_WORDS.get(code)
    if over := _OVER.fullmatch(code):
        return f"is larger than was to be kept ({say_size(int(over[1]))})"
    if known is None:
        return f"did not come ({say_reason(missing.why)})"
    if detail.strip():
        return f"{known} ({say_reason(detail)})"
    return known


def say_lacking(post: PostState) -> tuple[str, ...]:
    """A sentence for each file that is not held, and one that says whether and when it is tried again."""
    told = [_say_missing_file(post, each) for each in post.lacking]
    if again := say_again(post):
        return (*told, again)
    return tuple(told)


def _say_missing_file(post: PostState, missing: MissingFile) -> str:
    if missing.position == 0:
        return f"What it says {say_why(missing)}."
    alone = post.expected == 1
    if alone:
        return f"The {missing.what} {say_why(missing)}."
    return f"File {missing.position} {say_why(missing)}."


def say_again(post: PostState) -> str:
    """When what is missing, or in doubt, is tried again; '' where nothing of it may change.

    No time is given where it is no longer tried by itself, or by somebody else: a public copy does not hold what is due.
    """
    if post.due_at:
        return f"Tried again from {say_moment(post.due_at)} on."
    if any(each.passing for each in post.lacking):
        return "Another visit may still bring it."
    if any(is_chosen(each.why) for each in post.lacking):
        return "It was not to be kept; a run without --no-film or --max-bytes may bring it."
    if post.lacking:
        return "No other visit would bring it."
    return ""


def say_moment(iso: str) -> str:
    """`9 March 2026, 14:05 UTC`."""
    moment = parse_iso(iso)
    if moment:
        return f"{say_date(iso)}, {moment:%H:%M} UTC"
    return iso


def say_interval(after: str | None, by: str) -> str:
    """`between 9 March 2026, 14:05 UTC and 10 March 2026, 09:00 UTC`: later than the one, no later than the other."""
    end = say_moment(by)
    if not after:
        return f"by {end}"
    begin = say_moment(after)
    if begin == end:
        return f"within the minute of {end}"
    return f"between {begin} and {end}"


CHANGE_WORDS: dict[str, str] = {
    "missing": "Missing, being confirmed", "gone": "Gone", "private": "Private", "unavailable": "Unavailable",
    "came back": "Came back", "embedding refused": "May not be embedded any more", "embedding allowed": "May be embedded again",
    "edited": "Edited",
}  # fmt: skip


def say_lent(lent_at: str | None, position: int, what: str = "file") -> str:
    """That a file of a post is from another visit: `File 3 is from the visit of 5 March 2026`."""
    if lent_at:
        return f"{what.capitalize()} {position} is from the visit of {say_date(lent_at)}"
    return ""


def is_doubted(post: PostState) -> bool:
    """Whether an answer says that a post is gone, and that is not confirmed."""
    return post.doubt is not None or post.reason == "unconfirmed"


def say_doubt(post: PostState) -> str:
    """Why an answer that a post is gone is not believed."""
    if post.doubt is None:
        return NO_SIGNATURE
    return DOUBTS.get(post.doubt, say_reason(post.doubt))


ORIGIN_WORDS: dict[str, str] = {"import": "Imported", "memento": "Memento"}
"""Whose observation a capture is that is not ours, in a word."""


def say_sighting(seen: Sighting) -> str:
    """Who saw a post where it was not us, when, and how that came here, in a sentence without its full stop.

    `Seen by Browsertrix-Crawler 1.5.0 on 9 March 2024; imported from harbour.wacz on 27 November 2026`.
    """
    when = say_date(seen.seen_at)
    taken = ""
    if seen.taken_over_at:
        taken = f" on {say_date(seen.taken_over_at)}"
    if seen.origin == "memento":
        return f"Memento of {seen.seen_by}, which saw it on {when}; fetched from there{taken}"
    place = ""
    if seen.source:
        place = f" from {seen.source.partition('!')[0]}"
    return f"Seen by {seen.seen_by} on {when}; imported{place}{taken}"


def say_briefly(seen: Sighting) -> str:
    """The same where there is little room: `seen by Browsertrix-Crawler 1.5.0, 9 Mar 2024`, `memento of Wayback Machine, …`."""
    when = say_date(seen.seen_at, short=True)
    name = shorten(seen.seen_by.partition(" (")[0], 40)
    if seen.origin == "memento":
        return f"memento of {name}, {when}"
    return f"seen by {name}, {when}"


def say_post_status(post: PostRecord | PostLine) -> str:
    """One line that tells where a post stands and how much of it is kept: `Gone by 9 Mar 2026 · preserved 3 Mar 2026`.

    "By", not "since": it went somewhere between the last look that saw it and the first that did not.
    """
    if post.status == "not captured" and post.sighting is None:
        return "Not visited yet"
    return " · ".join(filter(None, (say_state(post), _say_kept_when(post), say_embedding(post))))


WITHHELD = {
    "staff": "It is kept, and shown to staff only",
    "sealed": "It is kept, and nobody is shown it",
    "erased": "It was erased",
}
WITHDRAWN_FOR = {
    "request": "on request",
    "court": "by order of a court",
    "minor": "to protect a minor",
    "rights": "on account of somebody's rights",
    "danger": "because somebody would be in danger",
    "mistake": "because it was kept by mistake",
}


def say_tombstone(stone: Tombstone) -> str:
    """What stands in the place of a post that is withheld: that it is, since when and why; nothing of it. Pure."""
    why = ""
    if stone.reason in WITHDRAWN_FOR:
        why = f", {WITHDRAWN_FOR[stone.reason]}"
    return f"This post is withheld since {say_date(stone.at)}{why}. {WITHHELD.get(stone.level, '')}."


def say_embedding(post: PostRecord | PostLine) -> str:
    """That a post which is there may not be shown in articles; '' where that is not known, or the state says it."""
    is_there = post.status == "available" or (post.status == "unavailable" and post.reason != "embed_refused")
    if post.embedding == "refused" and is_there and not is_doubted(post):
        return EMBEDDING_REFUSED
    return ""


def _say_kept_when(post: PostRecord | PostLine) -> str:
    """How much is kept, and of when it is where the post itself no longer says it."""
    kept = say_kept(post)
    state, colon, part = kept.partition(":")
    if post.preserved and post.sighting:
        return f"{state}, {say_briefly(post.sighting)}{colon}{part}"
    if not post.preserved or post.status == "available" or not post.last_available_at:
        return kept
    return f"{state} {say_date(post.last_available_at, short=True)}{colon}{part}"


def say_state(post: PostRecord | PostLine) -> str:
    """Where a post stands: `Online 5 Mar 2026`, `Gone by 9 Mar 2026`, `Perhaps gone, not confirmed (…)`."""
    if post.status == "gone":
        if post.first_gone_at:
            return f"Gone by {say_date(post.first_gone_at, short=True)}"
        return "Gone"
    if post.status == "available":
        back = ""
        if post.came_back_at:
            back = f", back by {say_date(post.came_back_at, short=True)} after it was gone"
        return f"Online {say_date(post.last_available_at, short=True)}{back}"
    if is_doubted(post):
        return f"Perhaps gone, not confirmed ({say_doubt(post)})"
    if post.status == "not captured" and post.sighting:
        return "Not visited by us"
    return STATUS_WORDS[post.status] + (f" ({say_reason(post.reason)})" if post.reason else "")


def say_word(post: PostRecord | PostLine) -> str:
    """The state in a word or two, for where there is little room."""
    if post.status == "unavailable" and is_doubted(post):
        word = "Perhaps gone"
    else:
        word = STATUS_WORDS[post.status]
    if post.kept == "partial":
        return f"{word}, in part"
    return word


@dataclass(frozen=True, slots=True)
class DiffRun:
    """Consecutive looks with the same outcome. `doubted` is True of one that says gone and is not believed."""

    outcome: Outcome
    reason: str | None
    first_at: str
    last_at: str
    looks: int
    capture_id: int
    doubted: bool = False

    @property
    def state(self) -> Status:
        """What may be said of the post for it: a loss that is not believed is none."""
        if self.doubted:
            return "unavailable"
        return self.outcome

    @property
    def word(self) -> str:
        """The state in a word or two."""
        is_doubted = self.doubted or (self.outcome, self.reason) == ("unavailable", "unconfirmed")
        if is_doubted:
            return "Perhaps gone"
        return STATUS_WORDS[self.outcome]


@dataclass(frozen=True, slots=True)
class PostEvent:
    """One thing that is known of a post at a moment: how looks from then on saw it (`run`), which fields were edited, or that
    others saw it (`sighting`)."""

    at: str
    run: DiffRun | None = None
    edited: tuple[str, ...] = ()
    sighting: Sighting | None = None


def find_events(
    runs: Sequence[DiffRun], changes: Sequence[Change], captures: Sequence[CaptureRecord] = ()
) -> tuple[PostEvent, ...]:
    """What is known of a post over time, oldest first; all edits that one look found are one event."""
    edits: dict[str, list[str]] = {}
    for change in changes:
        edits.setdefault(change.at, []).append(say_field(change.field))
    found = [PostEvent(run.first_at, run) for run in runs]
    found += [PostEvent(at, edited=tuple(dict.fromkeys(fields))) for at, fields in edits.items()]
    others = (each.sighting for each in captures if each.sighting and each.outcome == "available")
    found += [PostEvent(seen.seen_at, sighting=seen) for seen in others]
    return tuple(sorted(found, key=lambda event: (event.at, event.run is None)))


def find_crowded_days(moments: Iterable[str | None]) -> frozenset[str]:
    """The days on which more than one of these happened: there the hour is told."""
    days = Counter(moment[:10] for moment in moments if moment)
    return frozenset(day for day, number in days.items() if number > 1)


def is_span(first_at: str, last_at: str, crowded: Collection[str]) -> bool:
    """Whether two moments are told apart where they are shown: by their days, on a `crowded` one by their minutes."""
    if say_date(first_at) != say_date(last_at):
        return True
    return first_at[:10] in crowded and say_moment(first_at) != say_moment(last_at)


def is_younger(posted_at: str | None, published_at: str | None) -> bool:
    """Whether a post is younger than an article by a day and more, in whatever time zone each was dated."""
    posted, published = parse_iso(posted_at), parse_iso(published_at)
    return posted is not None and published is not None and (posted.date() - published.date()).days > 1


YOUNGER = "younger than the article: it was put in later, or one of the dates is wrong"


def find_runs(observations: Iterable[Observation]) -> tuple[DiffRun, ...]:
    """A history, oldest first, with equal neighbours put together."""
    runs: list[DiffRun] = []
    for seen in observations:
        last = runs[-1] if runs else None
        if last and (last.outcome, last.reason, last.doubted) == (seen.outcome, seen.reason, seen.doubted):
            runs[-1] = replace(last, last_at=seen.at, looks=last.looks + 1, capture_id=seen.capture_id)
        else:
            runs.append(DiffRun(seen.outcome, seen.reason, seen.at, seen.at, 1, seen.capture_id, seen.doubted))
    return tuple(runs)


def say_run(run: DiffRun) -> str:
    """`Online 3 Mar – 5 Mar 2026`, `Gone by 9 Mar 2026`."""
    first, last = say_date(run.first_at, short=True), say_date(run.last_at, short=True)
    word = run.word
    if run.state == "gone":
        return f"{word} by {first}"
    if first == last:
        return f"{word} {first}"
    return f"{word} {first} – {last}"


# -------------------------------------------------------------------------------------------------------------- changes

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
MOST_COMPARED = 3_000
"""Words and the spaces between them; comparing takes the square of it."""

COMPARED = ("author_name", "author_handle", "author_verified", "alt_text", "location", "audio", "quoted_url")
WORDS = ("title", "text")


def find_changes(captures: Sequence[CaptureRecord]) -> tuple[Change, ...]:
    """What differs between our captures of the post itself, newest change first. Counts always move: left out."""
    ours = (c for c in captures if c.outcome == "available" and c.description and c.sighting is None)
    seen = sorted(ours, key=lambda c: (c.started_at, c.id))
    changes = list(_find_rewordings(seen))
    for before, after in pairwise(seen):
        for name, old, new in _differences(before.description, after.description):
            changes.append(Change(name, old, new, before.id, after.id, after.started_at))
    return tuple(sorted(changes, key=lambda change: (change.at, change.to_capture), reverse=True))


def _find_rewordings(seen: Iterable[CaptureRecord]) -> Iterator[Change]:
    """Words are compared with those last read at the same place of the page: another place may tell more or less of them."""
    for name in WORDS:
        read: dict[str | None, tuple[str, CaptureRecord]] = {}
        for capture in seen:
            said = capture.description
            words: str | None = getattr(said, name)
            if said is None or words is None:
                continue
            place = said.sources.get(name)
            before = read.get(place)
            if before and before[0].split() != words.split():
                yield Change(name, before[0], words, before[1].id, capture.id, capture.started_at)
                read.clear()
            read[place] = words, capture


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
    if value is None:
        return ""
    return str(value)


def find_edit(record: PostRecord) -> Change | None:
    """The newest edit of a post's words that was seen, or None. Beside a text a title is often a link's, not the author's."""
    words = "title"
    if any(c.description and c.description.text for c in record.captures):
        words = "text"
    return next((change for change in find_changes(record.captures) if change.field == words), None)


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
