"""A request of somebody whose stories these are -> what changed in the last month, by story, as a page and as feeds."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from datasette.utils.asgi import Response

from embedarchive.core import clock
from embedarchive.core.standing import later
from embedarchive.library.alerts import read_alerts
from embedarchive.library.records import Alert, ToldStory
from embedarchive.show.feed import MEDIA_TYPE, list_heals, render_feed
from embedarchive.viewer.archives import CHANGES, Missing, find_archives, open_archive, read
from embedarchive.viewer.memento import make_link
from embedarchive.viewer.pages import links_to, show

DAY_S = 86_400
PERIODS = (("In the last day", DAY_S), ("In the week before", 7 * DAY_S), ("In the month before", 30 * DAY_S))
LOSSES = ("missing", "gone")
MOST_IN_A_FEED = 100


@dataclass
class StoryChanges:
    """What changed of the posts of one story; None where no story embeds them now."""

    story: ToldStory | None
    alerts: list[Alert] = field(default_factory=list)

    @property
    def healable(self) -> bool:
        """Whether the story has a hole that a copy can be put in."""
        return any(each.healable for each in self.alerts)


async def show_desk(datasette: Any, request: Any) -> Response:
    """What went in the last day, week and month, by story."""
    database = await open_archive(datasette, request, *CHANGES)
    outlet, now = request.args.get("outlet") or None, clock.now()
    since = later(now, -PERIODS[-1][1])
    alerts = await read(database, lambda conn: read_alerts(conn, since, outlet))
    return await show(
        datasette, request, database, "desk.html",
        periods=divide(alerts, now), outlet=outlet, most=len(alerts),
    )  # fmt: skip


def divide(alerts: Sequence[Alert], now: str) -> list[tuple[str, list[StoryChanges]]]:
    """Alerts by period, and in each by story, newest first; of a post's loss only the newest word. Pure."""
    told: set[str] = set()
    kept = []
    for alert in alerts:
        if alert.change in LOSSES and alert.post.key in told:
            continue
        told |= {alert.post.key} if alert.change in LOSSES else set()
        kept.append(alert)
    periods, until = [], "9999"
    for name, seconds in PERIODS:
        since = later(now, -seconds)
        periods.append((name, group(each for each in kept if since <= each.noted_at < until)))
        until = since
    return periods


def group(alerts: Iterable[Alert]) -> list[StoryChanges]:
    """Alerts by the story that embeds their post; a post of several stories stands under each. Pure."""
    found: dict[int, StoryChanges] = {}
    for alert in alerts:
        for story in alert.stories or (None,):
            found.setdefault(story.id if story else 0, StoryChanges(story)).alerts.append(alert)
    return list(found.values())


async def lead_to_feed(datasette: Any, request: Any) -> Response:
    """From `/-/embedarchive/alerts.atom` to the feed of the only archive."""
    names = await find_archives(datasette, request.actor)
    if len(names) != 1:
        raise Missing("There is not one archive here: each has its own feed, on its page Desk.")
    return Response.redirect(links_to(datasette, names[0]).feed())


async def serve_feed(datasette: Any, request: Any) -> Response:
    """What changed, as Atom; of one outlet's stories where the address names one."""
    database = await open_archive(datasette, request, *CHANGES)
    outlet = None
    if request.url_vars.get("outlet"):
        outlet = unquote(request.url_vars["outlet"])

    def load(conn: sqlite3.Connection) -> tuple[tuple[Alert, ...], str]:
        begun = conn.execute("SELECT min(started_at) FROM crawls").fetchone()[0]
        return read_alerts(conn, "", outlet, MOST_IN_A_FEED), begun or "1970-01-01T00:00:00.000Z"

    alerts, begun = await read(database, load)
    links = links_to(datasette, database.name)
    body = render_feed(
        alerts,
        title=f"Changes of embedded posts · {outlet or database.name}",
        named=f"embedarchive:{begun}:{outlet or ''}",
        self_url=make_link(datasette, request, links.feed(outlet)),
        page_url=make_link(datasette, request, links.desk(outlet)),
        updated=begun,
        post_url=lambda key: make_link(datasette, request, links.post(key)),
        heal=list_heals,
    )
    headers = {"x-content-type-options": "nosniff", "cache-control": "max-age=60"}
    return Response(body.decode(), headers=headers, content_type=MEDIA_TYPE)
