"""A request for posts as they are asked for -> a page of them with pictures, how many there are of each kind, and when."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from datasette.utils.asgi import Response

from embedarchive.library.browse import (
    STATES,
    Facets,
    Filters,
    Makers,
    PostsPage,
    count_facets,
    count_makers,
    list_collections,
    list_posts,
    list_unnamed,
)
from embedarchive.library.notes import list_tags
from embedarchive.show.pages import title_of_platform
from embedarchive.show.timeline import add_years, render_timeline, say_losses, say_month
from embedarchive.viewer.archives import BROWSED, NOTES, PageTooSlow, open_archive, read
from embedarchive.viewer.hosts import is_only_here
from embedarchive.viewer.memento import make_link
from embedarchive.viewer.pages import links_to, show

MAKERS_MS = 60
"""Outlets and authors among many posts are shown without numbers when they cannot be counted in that time."""
MOST_VALUES = 12
Value = tuple[str, str, int | None, Mapping[str, str]]
"""What one value of a facet is called, its name, how many posts have it, and what to ask for to see them."""


@dataclass(frozen=True, slots=True)
class Facet:
    """One way to choose among posts."""

    name: str
    title: str
    values: tuple[Value, ...]


async def show_browse(datasette: Any, request: Any) -> Response:
    """Posts as the address asks for them, fifty to a page."""
    database = await open_archive(datasette, request, *NOTES, *BROWSED)
    asked = Filters.read({name: request.args.get(name) for name in request.args})
    after = request.args.get("after")

    def load(conn: sqlite3.Connection) -> tuple[Facets, PostsPage, tuple[Any, ...], tuple[str, ...], tuple[str, ...]]:
        unnamed: tuple[Any, ...] = ()
        if asked.state == "unresolved" and not after:
            unnamed = list_unnamed(conn, asked)
        named = list_collections(conn), list_tags(conn)
        return count_facets(conn, asked), list_posts(conn, asked, after), unnamed, *named

    facets, page, unnamed, collections, tags = await read(database, load)
    makers, counted = await read_makers(database, asked)
    return await show(
        datasette, request, database, "browse.html",
        asked=asked,
        canonical=say_canonical(datasette, request, links_to(datasette, database.name).browse(asked.tell(), after or "")),
        told=asked.tell(),
        chosen=list_chosen(asked),
        facets=list_facets(asked, facets, makers, collections, tags, counted=counted),
        total=facets.posts,
        page=page,
        unnamed=unnamed,
        after=after,
        timeline=render_timeline(facets.months, facets.lost_months),
        losses=sum(facets.lost_months.values()),
        say_losses=say_losses(facets.lost_months),
    )  # fmt: skip


def say_canonical(datasette: Any, request: Any, path: str) -> str | None:
    """The address of a choice, the same however it was come by; None where it works on this machine only."""
    if is_only_here(datasette, request):
        return None
    return make_link(datasette, request, path)


async def read_makers(database: Any, asked: Filters) -> tuple[Makers, bool]:
    """The outlets and authors of the posts asked for; where that takes long those of all posts, and False."""
    with suppress(PageTooSlow):
        return await read(database, lambda conn: count_makers(conn, asked, MOST_VALUES), MAKERS_MS), True
    return await read(database, lambda conn: count_makers(conn, Filters(), MOST_VALUES)), False


def list_chosen(asked: Filters) -> list[tuple[str, str, Mapping[str, str]]]:
    """What was asked for, in words, and what to ask for to take it away. Pure."""
    names = {
        "platform": title_of_platform(asked.platform),
        "state": STATES[asked.state][0] if asked.state else "",
        "period": asked.period.says if asked.period else "",
    }
    return [(name, names.get(name) or value, asked.tell(**{name: None})) for name, value in asked.tell().items()]


def list_facets(
    asked: Filters,
    facets: Facets,
    makers: Makers,
    collections: tuple[str, ...],
    tags: tuple[str, ...],
    *,
    counted: bool,
) -> list[Facet]:
    """Every way to choose further that splits what is left. Pure."""
    found = [
        Facet("state", "State", tuple((n, STATES[n][0], k, asked.tell(state=n)) for n, k in facets.states)),
        Facet(
            "platform",
            "Platform",
            tuple((n, title_of_platform(n), k, asked.tell(platform=n)) for n, k in facets.platforms),
        ),
        Facet("period", "Posted", tuple(list_periods(asked, facets))),
        Facet("outlet", "Outlet", name_makers(asked, "outlet", makers.outlets, counted=counted)),
        Facet("author", "Author", name_makers(asked, "author", makers.authors, counted=counted)),
        Facet("kind", "Kind", tuple((n, n, k, asked.tell(kind=n)) for n, k in facets.kinds)),
        Facet("lang", "Language", tuple((n, n, k, asked.tell(lang=n)) for n, k in facets.langs)),
        Facet("collection", "Collection", tuple((n, n, None, asked.tell(collection=n)) for n in collections)),
        Facet("tag", "Tag", tuple((n, n, None, asked.tell(tag=n)) for n in tags)),
    ]
    return [each for each in found if each.values and (getattr(asked, each.name) is None or each.name == "period")]


def name_makers(asked: Filters, facet: str, makers: tuple[tuple[str, int], ...], *, counted: bool) -> tuple[Value, ...]:
    told = []
    for name, number in makers:
        told.append((name, name, number if counted else None, asked.tell(**{facet: name})))
    return tuple(told)


def list_periods(asked: Filters, facets: Facets) -> list[Value]:
    """The years of what is left, newest first; within one year its months. Pure."""
    years = add_years(facets.months)
    if len(years) == 1:
        months = facets.months
    else:
        months = years
    if len(months) == 1 and asked.period:
        return []
    told = asked.tell(period=None)
    return [(at, say_month(at), months[at], {**told, "period": at}) for at in sorted(months, reverse=True)]
