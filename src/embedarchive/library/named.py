"""A date, a platform's name, an outlet's: what names many posts -> the newest of them, and how to browse all. Read-only."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from embedarchive.core.grams import fold
from embedarchive.core.periods import Ambiguous, Period, is_date, read_period, say_day
from embedarchive.library.browse import Filters, count_facets, find_nearest, list_posts
from embedarchive.library.posts import read_lines
from embedarchive.library.records import Lookup
from embedarchive.library.search import search

ALSO_CALLED = {
    "twitter": "x", "x.com": "x", "tweet": "x", "tweets": "x", "insta": "instagram", "ig": "instagram", "fb": "facebook",
    "yt": "youtube", "skeets": "bluesky", "bsky": "bluesky", "toots": "mastodon", "tiktoks": "tiktok", "subreddit": "reddit",
}  # fmt: skip
"""What people call a platform besides its name and title."""

_POSTS = re.compile(r" (?:posts?|videos?|reels?|clips?|pins|threads|messages|beiträge)$")
"""What may stand behind the name of a platform and says no more than that."""

LEAST_NAME = 4
"""Letters of an outlet's name that is looked for among their hosts."""


def look_up_named(conn: sqlite3.Connection, text: str, limit: int) -> Lookup | None:
    """What a text names that is a date, a platform or an outlet and nothing else; None where it is none of them."""
    period = read_period(text)
    if isinstance(period, Ambiguous):
        says = " or ".join(each.says for each in period.readings)
        return Lookup(
            text,
            "a date that can be read in several ways",
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


def look_up_beside(conn: sqlite3.Connection, text: str, limit: int) -> Lookup | None:
    """A platform's name before or behind an account, a date or words (`instagram feb 2026`), or an outlet's name in words."""
    words = text.replace(":", " ").split()
    for named, rest in ((words[0], words[1:]), (words[-1], words[:-1])) if len(words) > 1 else ():
        if platform := find_platform(conn, named):
            found = _look_up_within(conn, text, Filters(platform=platform), " ".join(rest), limit)
            if found:
                return found
    if outlet := find_outlet_called(conn, text):
        return look_up_all(conn, text, "an outlet", Filters(outlet=outlet), limit)
    return None


def _look_up_within(conn: sqlite3.Connection, text: str, asked: Filters, rest: str, limit: int) -> Lookup | None:
    """Those of the posts that are as asked for, of which the rest of a text says the date, the author or words."""
    period = read_period(rest)
    if isinstance(period, Period):
        found = look_up_all(
            conn, text, f"posts of {period.says}, on {asked.platform}", replace(asked, period=period), limit
        )
    else:
        author = replace(asked, author=rest.removeprefix("@").lower())
        found = look_up_all(conn, text, f"posts by {rest}, on {asked.platform}", author, limit)
    if found.found:
        return found
    hits = tuple(hit for hit in search(conn, rest, limit, asked) if hit.way in ("words", "respelt"))
    if hits:
        return Lookup(text, f"words in posts on {asked.platform}", hits=hits, tried=(f"“{rest}” on {asked.platform}",))
    return None


def find_outlet_called(conn: sqlite3.Connection, text: str) -> str | None:
    """The outlet whose host has a name for its first part, written as one word: `Lantern Post`, `the-lantern-post`."""
    word = "".join(filter(str.isalnum, fold(text)))
    if len(word) < LEAST_NAME:
        return None
    named = [f"{begin}{word}.%" for begin in ("", "the")]
    row = conn.execute(
        "SELECT value FROM browsing_totals WHERE facet = 'outlet' AND posts > 0 "
        "AND (replace(value, '-', '') LIKE ? OR replace(value, '-', '') LIKE ?) ORDER BY posts DESC LIMIT 1",
        named,
    ).fetchone()
    return row[0] if row else None


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
    word = _POSTS.sub("", " ".join(text.lower().split())).replace(" ", "")
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
