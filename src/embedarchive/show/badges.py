"""States and dates -> HTML that tells them by shape and word. Pure."""

from __future__ import annotations

from collections.abc import Collection

from embedarchive.library.records import Sighting
from embedarchive.show.tags import EMPTY, Html, tag
from embedarchive.show.words import ORIGIN_WORDS, say_date, say_moment, say_sighting, say_time


def render_date(iso: str | None) -> Html:
    """A date a human reads, the exact moment on hover and for machines."""
    if not iso:
        return EMPTY
    return tag("time", say_date(iso), datetime=iso, title=say_time(iso))


def render_moment(iso: str | None, crowded: Collection[str] = ()) -> Html:
    """The same with the hour where its day is `crowded`: the day alone would not tell what came first."""
    if not iso or iso[:10] not in crowded:
        return render_date(iso)
    return tag("time", say_moment(iso), datetime=iso, title=say_time(iso), data_hours="1")


# Each state has a shape of its own, so that it is told without colour.
SHAPES: dict[str, str] = {
    "available": '<circle cx="6" cy="6" r="5" fill="currentColor"/>',
    "gone": '<circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M2.8 9.2 9.2 2.8" stroke="currentColor" stroke-width="1.6"/>',
    "unavailable": '<circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M6 1.4a4.6 4.6 0 0 1 0 9.2z" fill="currentColor"/>',
    "blocked": '<rect x="1.6" y="1.6" width="8.8" height="8.8" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "error": '<path d="M6 1.5 11 10.5H1z" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "not captured": '<circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" stroke-width="1.4" '
    'stroke-dasharray="2 1.6"/>',
}


def render_mark(status: str) -> Html:
    """The shape of a state."""
    shape = Html(SHAPES.get(status, SHAPES["not captured"]))
    return tag("svg", shape, viewBox="0 0 12 12", aria_hidden="true")


def render_status(status: str, words: str) -> Html:
    """A state by shape and word."""
    return tag("span", render_mark(status), tag("span", words), class_=f"status {status.replace(' ', '-')}")


# Whose observation it is, where it is not ours, has a shape and a colour that no state has.
ORIGIN_SHAPES: dict[str, str] = {
    "import": '<path d="M1.5 7.5v3h9v-3M6 1v6.5M3.2 5 6 7.8 8.8 5" fill="none" stroke="currentColor" stroke-width="1.6"/>',
    "memento": '<path d="M6 .8 11.2 6 6 11.2 .8 6z" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M6 3.4V6l1.9 1.3" fill="none" stroke="currentColor" stroke-width="1.3"/>',
}


def render_origin(seen: Sighting | None, *, brief: bool = False, more: str = "") -> Html:
    """Who saw a post where it was not us, by shape, colour and words; nothing where it was us.

    `brief` is a word; `more` follows the words.
    """
    if seen is None:
        return EMPTY
    if brief:
        words = ORIGIN_WORDS.get(seen.origin, seen.origin)
    else:
        words = say_sighting(seen)
    shape = tag("svg", Html(ORIGIN_SHAPES.get(seen.origin, "")), viewBox="0 0 12 12", aria_hidden="true")
    return tag("span", shape, tag("bdi", words + more), class_=f"origin {seen.origin}", title=say_sighting(seen))
