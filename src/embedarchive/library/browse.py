"""What posts are to be like -> which they are, newest first, and how many there are of each kind of them. Read-only.

Of an archive of a million posts no page reads more than some thousand rows: which way is short is told by the counts.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from embedarchive.core.periods import Period, read_period, split_months
from embedarchive.library.articles import place
from embedarchive.library.posts import IN_KEYS, read_lines
from embedarchive.library.records import Placed, PostLine
from embedarchive.library.rows import APPEARANCE, in_list, select

ON_A_PAGE = 50
FEW = 5_000
"""So many posts are found kind by kind and sorted; of more, the newest are met soon when all are walked through."""

STATES: Mapping[str, tuple[str, str]] = {
    "online": ("Online", "status = 'available'"),
    "gone-kept": ("Gone and kept", "status = 'gone' AND kept <> 'none'"),
    "gone-lost": ("Gone and lost", "status = 'gone' AND kept = 'none'"),
    "partly-kept": ("Partly kept", "kept = 'partial'"),
    "unavailable": ("Unavailable", "status = 'unavailable'"),
    "unknown": ("Not known", "status IN ('blocked', 'error')"),
    "not-visited": ("Not visited", "status = 'not captured'"),
    "unresolved": ("Unresolved", "status = 'unresolved'"),
}
"""State -> what it is called, and what of the columns status and kept it is. A post may be of two: gone, and kept in part."""

FACETS = ("platform", "outlet", "author", "period", "state", "kind", "lang", "collection", "tag")


@dataclass(frozen=True, slots=True)
class Filters:
    """What posts are to be like; None: whatever. `period` is of their date, `author` in lower case, `lang` without country."""

    platform: str | None = None
    outlet: str | None = None
    author: str | None = None
    period: Period | None = None
    state: str | None = None
    kind: str | None = None
    lang: str | None = None
    collection: str | None = None
    tag: str | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str | None]) -> Filters:
        """What an address or options ask for; values that mean nothing are left out."""
        told = {name: (asked.get(name) or "").strip()[:200] or None for name in FACETS if name != "period"}
        if told["state"] not in STATES:
            told["state"] = None
        for name in ("author", "lang", "platform", "outlet"):
            told[name] = (told[name] or "").lower().removeprefix("@") or None
        period = read_period(asked.get("period") or "")
        return cls(**told, period=period if isinstance(period, Period) else None)

    def tell(self, **changed: Any) -> dict[str, str]:
        """The same as an address has it, some of it `changed`; None takes away."""
        told = replace(self, **changed)
        values = {each.name: getattr(told, each.name) for each in fields(told)}
        return {name: getattr(value, "key", value) for name, value in values.items() if value is not None}

    @property
    def by_month(self) -> bool:
        """Whether the counts by months tell all of it: not of an author, a collection or single days."""
        if self.author or self.collection or self.tag:
            return False
        return self.period is None or all(len(bound) < 10 or bound.endswith("-01") for bound in self.period.bounds)

    @property
    def where(self) -> tuple[list[str], dict[str, str]]:
        """What of the columns that rows and counts share it is, but for outlet and date: SQL, and its values."""
        parts, values = [], {}
        for name in ("platform", "kind", "lang"):
            if value := getattr(self, name):
                parts.append(f"+b.{name} = :{name}")  # the plus keeps SQLite from taking an index by it
                values[name] = value
        if self.state:
            parts.append(f"({STATES[self.state][1]})")
        return parts, values


@dataclass(frozen=True, slots=True)
class Facets:
    """How many posts there are, and of them of each value; `months` and `lost_months` by the month of their date or loss."""

    posts: int
    platforms: tuple[tuple[str, int], ...] = ()
    states: tuple[tuple[str, int], ...] = ()
    kinds: tuple[tuple[str, int], ...] = ()
    langs: tuple[tuple[str, int], ...] = ()
    months: Mapping[str, int] = field(default_factory=dict)
    lost_months: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Makers:
    """Who published and who wrote most of the posts asked for, each with how many."""

    outlets: tuple[tuple[str, int], ...] = ()
    authors: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class PostsPage:
    """One page of posts, newest first. `after` is where the next begins, None at the end."""

    lines: tuple[PostLine, ...]
    after: str | None = None


# ------------------------------------------------------------------------------------------------------------- counting

_CELL = "platform, status, kept, kind, lang, {month}, lost_in"


def count_facets(conn: sqlite3.Connection, asked: Filters = Filters()) -> Facets:
    """How many posts are as asked for, by each of their kinds."""
    if asked == Filters():
        return count_everything(conn)
    told = read_cells(conn, asked)
    sums: dict[str, Counter[str]] = {name: Counter() for name in ("platform", "kind", "lang", "month", "lost", "state")}
    total = 0
    for platform, status, kept, kind, lang, month, lost_in, posts in told:
        total += posts
        sums["platform"][platform] += posts
        sums["kind"][kind] += posts
        sums["lang"][lang] += posts
        sums["month"][month] += posts
        sums["lost"][lost_in] += posts
        sums["state"][f"{status}/{kept}"] += posts
    return make_facets(total, sums)


def count_everything(conn: sqlite3.Connection) -> Facets:
    """The same of all posts, from totals that are kept: no matter how many there are."""
    sums: dict[str, Counter[str]] = {name: Counter() for name in ("platform", "kind", "lang", "month", "lost", "state")}
    rows = conn.execute(
        "SELECT what, value, number FROM totals WHERE what IN ('platform', 'kind', 'lang', 'month', 'lost_in', 'state')"
    )
    for what, value, number in rows:
        sums[what.removesuffix("_in")][value] += number
    return make_facets(sum(sums["platform"].values()), sums)


def make_facets(total: int, sums: Mapping[str, Counter[str]]) -> Facets:
    """Sums by value -> what is told of them. Pure."""
    states = {name: sum(n for at, n in sums["state"].items() if is_state(name, *at.split("/"))) for name in STATES}
    return Facets(
        total,
        list_most(sums["platform"]),
        tuple((name, number) for name, number in states.items() if number > 0),
        list_most(sums["kind"]),
        list_most(sums["lang"]),
        {month: number for month, number in sorted(sums["month"].items()) if number > 0 and month},
        {month: number for month, number in sorted(sums["lost"].items()) if number > 0 and month},
    )


def list_most(counted: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Values with their numbers, most first; what nobody knows is no value. Pure."""
    known = [(value, number) for value, number in counted.items() if value and number > 0]
    return tuple(sorted(known, key=lambda each: (-each[1], each[0])))


def is_state(name: str, status: str, kept: str) -> bool:
    """Whether a post of that status and keeping is of a state. Pure."""
    matches = {
        "online": status == "available",
        "gone-kept": status == "gone" and kept != "none",
        "gone-lost": status == "gone" and kept == "none",
        "partly-kept": kept == "partial",
        "unavailable": status == "unavailable",
        "unknown": status in ("blocked", "error"),
        "not-visited": status == "not captured",
        "unresolved": status == "unresolved",
    }
    return matches[name]


def read_cells(conn: sqlite3.Connection, asked: Filters) -> list[tuple[Any, ...]]:
    """Counts of posts that are alike: of the kept ones where they tell it, else counted now."""
    if asked.period and not asked.by_month and replace(asked, period=None).by_month:
        whole, edges = split_months(asked.period)
        if whole:  # days are counted one by one at the edges only
            parts_of = [whole, *edges]
            return [cell for part in parts_of for cell in read_cells(conn, replace(asked, period=part))]
    if not asked.by_month:
        source, values = select_rows(asked)
        cell = _CELL.format(month="substr(posted_at, 1, 7)")
        return [tuple(row) for row in conn.execute(f"SELECT {cell}, count(*) {source} GROUP BY {cell}", values)]
    parts, values = asked.where
    values["outlet"] = asked.outlet or ""
    parts = ["outlet = :outlet", *(part.replace("+b.", "") for part in parts)]
    if asked.period:
        since, until = asked.period.bounds
        parts.append("month >= :since AND month < :until")
        values |= {"since": since[:7], "until": until[:7]}
    cell = _CELL.format(month="month")
    sql = f"SELECT {cell}, posts FROM browsing_counts WHERE {' AND '.join(parts)}"
    return [tuple(row) for row in conn.execute(sql, values)]


def select_rows(asked: Filters, after: tuple[str, str] | None = None) -> tuple[str, dict[str, str]]:
    """FROM and WHERE of the rows that are as asked for, behind a place in their order; and the values. Pure."""
    parts, values = asked.where
    parts = [part.replace("status", "b.status").replace("kept", "b.kept") for part in parts]
    tables = "FROM browsing b"
    if asked.collection:
        tables = (
            "FROM (SELECT DISTINCT post_key AS chosen FROM collection_posts WHERE name = :collection) c "
            "CROSS JOIN browsing b ON b.post_key = c.chosen"
        )
        values["collection"] = asked.collection
    if asked.tag:
        parts.append("b.post_key IN (SELECT post_key FROM tagged_posts WHERE tag = :tag)")
        values["tag"] = asked.tag
    values["outlet"] = asked.outlet or ""
    if asked.author:
        parts.append("b.author = :author AND b.author <> ''")
        values["author"] = asked.author
    parts.append("b.outlet = :outlet")
    if asked.period:
        values["since"], values["until"] = asked.period.bounds
        parts.append("b.posted_at >= :since AND b.posted_at < :until")
        if not values["since"]:
            parts.append("b.posted_at <> ''")
    if after:
        values["at"], values["key"] = after
        parts.append("(b.posted_at, b.post_key) < (:at, :key)")
    return f"{tables} WHERE {' AND '.join(parts)}", values


def count_makers(conn: sqlite3.Connection, asked: Filters = Filters(), most: int = 12) -> Makers:
    """The outlets and authors of most posts; quick for all posts, and else as slow as there are many."""
    if asked == Filters():
        return Makers(*(read_totals(conn, facet, most) for facet in ("outlet", "author")))
    source, values = select_rows(asked)
    authors = conn.execute(
        f"SELECT author, count(*) AS posts {source} AND author <> '' GROUP BY author ORDER BY posts DESC, author LIMIT {most}",
        values,
    )
    outlets: tuple[tuple[Any, ...], ...] = ()
    if not asked.outlet:
        source, values = select_rows(replace(asked, outlet=None))
        source = source.replace("b.outlet = :outlet", "b.outlet <> ''")
        values.pop("outlet")
        found = conn.execute(
            f"SELECT outlet, count(*) AS posts {source} GROUP BY outlet ORDER BY posts DESC, outlet LIMIT {most}",
            values,
        )
        outlets = tuple(tuple(row) for row in found)
    return Makers(outlets, tuple(tuple(row) for row in authors))


def read_totals(conn: sqlite3.Connection, facet: str, most: int) -> tuple[tuple[str, int], ...]:
    """The values of a facet that most posts have. Those that are withheld come as negative rows, and are added up."""
    rows = conn.execute(
        "SELECT value, posts FROM browsing_totals WHERE facet = ? AND value <> '' AND posts > 0 ORDER BY posts DESC LIMIT ?",
        (facet, 2 * most),
    ).fetchall()
    names = in_list({row[0] for row in rows})
    sums = conn.execute(
        f"SELECT value, sum(posts) FROM browsing_totals WHERE facet = ? AND value {IN_KEYS} GROUP BY value",
        (facet, names),
    )
    return list_most(Counter(dict(tuple(row) for row in sums)))[:most]


# -------------------------------------------------------------------------------------------------------------- listing


def list_posts(conn: sqlite3.Connection, asked: Filters, after: str | None = None, most: int = ON_A_PAGE) -> PostsPage:
    """A page of the posts that are as asked for, newest first; `after` is what the page before said."""
    found = find_keys(conn, asked, read_place(after), most + 1)
    lines = read_lines(conn, (key for _, key in found[:most]))
    return PostsPage(tuple(lines.values()), tell_place(found[most - 1]) if len(found) > most else None)


def find_keys(
    conn: sqlite3.Connection, asked: Filters, after: tuple[str, str] | None, most: int
) -> list[tuple[str, str]]:
    """(date, key) of posts, newest first."""
    source, values = select_rows(asked, after)
    order = f"ORDER BY posted_at DESC, post_key DESC LIMIT {most}"
    if asked.by_month and asked.where[0]:
        cells = read_cells(conn, asked)
        if sum(cell[-1] for cell in cells) <= FEW:
            kinds = {cell[:5] for cell in cells}
            values["cells"] = json.dumps(sorted(kinds))
            names = ("platform", "status", "kept", "kind", "lang")
            same = " AND ".join(f"b.{name} = json_extract(c.value, '$[{at}]')" for at, name in enumerate(names))
            source = source.replace(
                "FROM browsing b WHERE", f"FROM json_each(:cells) c CROSS JOIN browsing b WHERE {same} AND"
            )
    rows = conn.execute(f"SELECT posted_at, post_key {source} {order}", values)
    return [(row[0], row[1]) for row in rows]


def read_place(after: str | None) -> tuple[str, str] | None:
    """Where a page begins, from an address. Pure."""
    at, sign, key = (after or "").partition("~")
    if sign:
        return (at, key)
    return None


def tell_place(at: tuple[str, str]) -> str:
    return "~".join(at)


def list_unnamed(
    conn: sqlite3.Connection, asked: Filters, before: int | None = None, most: int = ON_A_PAGE
) -> tuple[Placed, ...]:
    """Embeds whose markup names no post, the newest first, of an outlet and a platform if asked for."""
    rows = select(
        conn,
        APPEARANCE + "WHERE e.post_key IS NULL AND e.kind = 'embed' AND e.id < ? AND (? IS NULL OR a.outlet = ?) "
        "AND (? IS NULL OR e.platform = ?) ORDER BY e.id DESC LIMIT ?",
        before or 2**62, asked.outlet, asked.outlet, asked.platform, asked.platform, most,
    )  # fmt: skip
    return place(conn, [row for row in rows if row["current"]])


def keep_only(conn: sqlite3.Connection, keys: Sequence[str], asked: Filters) -> set[str]:
    """Those of some posts that are as asked for."""
    source, values = select_rows(asked)
    values["keys"] = in_list(keys)
    rows = conn.execute(f"SELECT b.post_key {source} AND b.post_key IN (SELECT value FROM json_each(:keys))", values)
    return {row[0] for row in rows}


# ----------------------------------------------------------------------------------------------------------------- days


def find_nearest(conn: sqlite3.Connection, period: Period) -> tuple[tuple[str, str], ...]:
    """(date, key) of the last post before some days and of the first after them."""
    since, until = period.bounds
    before = conn.execute(
        "SELECT posted_at, post_key FROM browsing WHERE outlet = '' AND posted_at < ? AND posted_at <> '' "
        "ORDER BY posted_at DESC, post_key DESC LIMIT 1",
        (since,),
    )
    after = conn.execute(
        "SELECT posted_at, post_key FROM browsing WHERE outlet = '' AND posted_at >= ? "
        "ORDER BY posted_at, post_key LIMIT 1",
        (until,),
    )
    return tuple((row[0], row[1]) for row in (*before, *after))


@dataclass(frozen=True, slots=True)
class CollectionLine:
    """One collection: how many members it has, how many posts that are, how many of those are gone, and kept."""

    name: str
    members: int
    posts: int
    gone: int
    kept: int


def list_collections(conn: sqlite3.Connection) -> tuple[str, ...]:
    """The names of all collections, in their order."""
    return tuple(row[0] for row in conn.execute("SELECT DISTINCT name FROM collections ORDER BY name"))


def find_collections_of(conn: sqlite3.Connection, kind: str, subject: str) -> tuple[str, ...]:
    """The collections that a post or an article was put into by itself."""
    sql = "SELECT name FROM collections WHERE kind = ? AND subject = ? ORDER BY name"
    return tuple(row[0] for row in conn.execute(sql, (kind, subject)))


def read_collections(conn: sqlite3.Connection) -> tuple[CollectionLine, ...]:
    """Every collection with its figures, by name."""
    sql = """SELECT c.name, count(*) AS members FROM collections c GROUP BY c.name ORDER BY c.name"""
    found = []
    for name, members in conn.execute(sql).fetchall():
        cells = read_cells(conn, Filters(collection=name))
        gone = sum(cell[-1] for cell in cells if cell[1] == "gone")
        kept = sum(cell[-1] for cell in cells if cell[2] != "none")
        found.append(CollectionLine(name, members, sum(cell[-1] for cell in cells), gone, kept))
    return tuple(found)
