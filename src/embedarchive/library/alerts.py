"""What changed of posts -> records to tell people of: which post, in whose stories, within which interval. Read-only."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Any

from embedarchive.core.shell import say_command, say_heal
from embedarchive.core.texts import cut_text
from embedarchive.library.posts import IN_KEYS, read_lines
from embedarchive.library.records import Alert, ToldStory
from embedarchive.library.rows import Row, in_list, select
from embedarchive.store.watching import GONE_ARTICLE

MOST_ALERTS = 500
LONGEST_WORDS = 200


_NOTED = """SELECT c.*, d.noted_at FROM deliveries d JOIN changes c ON c.id = d.change_id
            WHERE d.channel = 'feed' AND d.noted_at >= :since AND d.answer IS NULL"""
_UNNOTED = """SELECT c.*, c.by AS noted_at FROM changes c WHERE c.by >= :since
              AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.channel = 'feed' AND d.change_id = c.id)"""
_ONE = """SELECT c.*, coalesce(d.noted_at, c.by) AS noted_at FROM changes c
          LEFT JOIN deliveries d ON d.channel = 'feed' AND d.change_id = c.id WHERE c.id = ?"""
_CONFIRMED = f"SELECT post_key, missing_at FROM losses WHERE confirmed = 1 AND post_key {IN_KEYS} ORDER BY missing_at"
_STORIES = f"""
SELECT e.post_key, a.id, a.url, a.title, a.outlet FROM embeds e JOIN articles a ON a.id = e.article_id
WHERE e.post_key {IN_KEYS} AND e.kind = 'embed'
  AND e.fetch_id = (SELECT f.id FROM fetches f WHERE f.article_id = e.article_id AND f.searched_rules IS NOT NULL
                    ORDER BY f.fetched_at DESC, f.id DESC LIMIT 1)
  AND NOT {GONE_ARTICLE} GROUP BY e.post_key, a.id ORDER BY coalesce(a.published_at, a.first_seen_at) DESC, a.id"""


_OF_OUTLET = "SELECT e.post_key FROM articles a JOIN embeds e ON e.article_id = a.id WHERE a.outlet = :outlet"


def read_alerts(
    conn: sqlite3.Connection,
    since: str = "",
    outlet: str | None = None,
    most: int = MOST_ALERTS,
    collection: str | None = None,
) -> tuple[Alert, ...]:
    """What was first told since a moment, newest first; of one outlet's stories, of one collection, or of all."""
    asked = {"since": since, "most": most, "outlet": outlet, "collection": collection}
    within = "WHERE TRUE"
    if outlet is not None:
        within += f" AND post_key IN ({_OF_OUTLET})"
    if collection is not None:
        within += " AND post_key IN (SELECT post_key FROM collection_posts WHERE name = :collection)"
    rows = conn.execute(
        f"SELECT * FROM ({_NOTED} UNION ALL {_UNNOTED}) {within} ORDER BY noted_at DESC, by DESC, id LIMIT :most", asked
    ).fetchall()
    return make_alerts(conn, rows)


def read_alert(conn: sqlite3.Connection, change_id: str) -> Alert | None:
    """One change, or None if it is none any more."""
    return next(iter(make_alerts(conn, select(conn, _ONE, change_id))), None)


def make_alerts(conn: sqlite3.Connection, rows: Sequence[Row]) -> tuple[Alert, ...]:
    """Rows of changes, each with its post and the stories that embed it."""
    keys = in_list({row["post_key"] for row in rows})
    lines = read_lines(conn, [row["post_key"] for row in rows])
    confirmed: dict[str, list[str]] = {}
    for row in select(conn, _CONFIRMED, keys):
        confirmed.setdefault(row["post_key"], []).append(row["missing_at"])
    stories: dict[str, list[ToldStory]] = {}
    for row in select(conn, _STORIES, keys):
        stories.setdefault(row["post_key"], []).append(ToldStory(row["id"], row["url"], row["title"], row["outlet"]))
    return tuple(
        Alert(
            row["id"], row["change"], row["after"], row["by"], row["noted_at"],
            row["change"] == "gone" or (row["change"] == "missing" and row["by"] in confirmed.get(row["post_key"], ())),
            lines[row["post_key"]], tuple(stories.get(row["post_key"], ())),
            find_first_denial(row, confirmed.get(row["post_key"], ())),
        )
        for row in rows
        if row["post_key"] in lines
    )  # fmt: skip


def find_first_denial(change: Row, denied: Sequence[str]) -> str | None:
    """Of a change that confirms a loss the answer that first said so, of those in their order. Pure."""
    if change["change"] != "gone":
        return None
    return next((at for at in reversed(denied) if at <= change["by"]), None)


def describe_alert(alert: Alert, archive: str = "", room: str = "") -> Mapping[str, Any]:
    """An alert as JSON has it: never a picture, and no more words than a line. Pure.

    `archive` is how a command names the archive, '' for the usual place; `room` the address of its reading room, '' if none.
    """
    post = alert.post
    where: tuple[str, ...] = ()
    if archive:
        where = ("-a", archive)
    copy = None
    if room and post.preserved:
        copy = f"{room.rstrip('/')}/-/embedarchive/post/{post.url}"
    heal = []
    if alert.healable:
        heal = [say_heal(each.url, archive) for each in alert.stories]
    words = " ".join((post.text or "").split())
    return {
        "id": alert.id,
        "change": alert.change,
        "after": alert.after,
        "by": alert.by,
        "happened_by": alert.happened_by,
        "confirmed": alert.confirmed,
        "noted_at": alert.noted_at,
        "post": post.key,
        "url": post.url,
        "author": post.author_name or post.author_handle,
        "text": cut_text(words, LONGEST_WORDS),
        "preserved": post.kept,
        "stories": [{"url": each.url, "title": each.title, "outlet": each.outlet} for each in alert.stories],
        "copy": copy,
        "show": say_command("embedarchive", "show", post.key, *where),
        "heal": heal,
    }
