"""A date, a platform's name, an outlet's: what names many posts -> the newest of them, and how to browse all. Read-only."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from datetime import date

from embedarchive.core.periods import Ambiguous, Period, is_date, read_period, say_day
from embedarchive.library.browse import Filters, count_facets, find_nearest, list_posts
from embedarchive.library.posts import read_lines
from embedarchive.library.records import Lookup

ALSO_CALLED = {"twitter": "x", "x.com": "x", "insta": "instagram", "ig": "instagram", "fb": "facebook", "yt": "youtube"}
"""What people call a platform besides its name and title."""


def look_up_named(conn: sqlite3.Connection, text: str, limit: int) -> Lookup | None:
    """What a text names that is a date, a platform or an outlet and nothing else; None where it is none of them."""
    period = read_period(text)
    if isinstance(period, Ambiguous):
        says = " or ".join(each.says for each in period.readings)
        return Lookup(
            text,
            "a date that means two days",
            tried=(f"nothing: it may be {says}",),
            spelt=tuple(each.key for each in period.readings),
        )
    if period and len(text) > len("2026"):  # four digits alone may be an id or a word
        return look_up_days(conn, text, period, limit)
    if period is None and is_date(text):
        return Lookup(text, "a date", tried=("nothing: there is no such day",), browse=find_year(text))
    if platform := find_platform(conn, text):
        return look_up_all(conn, text, "a platform", Filters(platform=platform), limit)
    if outlet := find_outlet(conn, text):
        return look_up_all(conn, text, "an outlet", Filters(outlet=outlet), limit)
    return None


def look_up_days(conn: sqlite3.Connection, text: str, period: Period, limit: int) -> Lookup:
    """The posts of some days; where there are none the nearest before and after, which are no answer."""
    found = look_up_all(conn, text, f"posts of {period.says}", Filters(period=period), limit)
    if found.found:
        return found
    nearest = find_nearest(conn, period)
    lines = read_lines(conn, (key for _, key in nearest))
    near = tuple((lines[key], say_distance(at, period)) for at, key in nearest if key in lines)
    return Lookup(text, "a date", tried=(f"posts of {period.says}",), near=near, browse=find_year(period.key))


def find_year(text: str) -> Mapping[str, str]:
    """The year of a date, as what to browse by where the date itself has nothing. Pure."""
    if year := re.search(r"\d{4}", text):
        return {"period": year[0]}
    return {}


def say_distance(at: str, period: Period) -> str:
    """How far a date is from some days: `of 9 February 2026, 2 days before`. Pure."""
    day = date.fromisoformat(at[:10])
    early = (period.start - day).days
    late = (day - period.end).days
    days, side = max(early, late), "before" if early > 0 else "after"
    return f"of {say_day(day)}, {days:,} {'day' if days == 1 else 'days'} {side}"


def look_up_all(conn: sqlite3.Connection, text: str, understood: str, asked: Filters, limit: int) -> Lookup:
    """The newest posts that are as asked for, and how many there are."""
    page = list_posts(conn, asked, most=limit)
    total = count_facets(conn, asked).posts
    return Lookup(text, understood, posts=page.lines, tried=(understood,), browse=asked.tell(), total=total)


def find_platform(conn: sqlite3.Connection, text: str) -> str | None:
    """The platform of the archive's posts that a word names, by its name, title or what people call it."""
    word = text.lower()
    row = conn.execute(
        "SELECT name FROM platforms WHERE (name = ? OR lower(title) = ?) "
        "AND EXISTS (SELECT 1 FROM browsing WHERE outlet = '' AND platform = name)",
        (ALSO_CALLED.get(word, word), word),
    ).fetchone()
    return row[0] if row else None


def find_outlet(conn: sqlite3.Connection, text: str) -> str | None:
    """The outlet of that host."""
    host = text.lower().removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
    if "." not in host:
        return None
    row = conn.execute(
        "SELECT sum(posts) FROM browsing_totals WHERE facet = 'outlet' AND value = ?", (host,)
    ).fetchone()
    return host if row and row[0] else None
