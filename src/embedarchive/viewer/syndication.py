"""A request for what others read of an archive -> Atom of what was preserved and what was lost, and sitemaps."""

from __future__ import annotations

import sqlite3
from typing import Any

from datasette.utils.asgi import Response

from embedarchive.library.figures import count_public, list_moments, list_public
from embedarchive.library.records import PostLine
from embedarchive.show.feed import MEDIA_TYPE, MOST_IN_A_SITEMAP, render_posts_feed, render_sitemap
from embedarchive.viewer.archives import FIGURES, Missing, open_archive, read
from embedarchive.viewer.memento import make_link
from embedarchive.viewer.pages import links_to, page_of

HEADERS = {"x-content-type-options": "nosniff", "cache-control": "max-age=60"}
TITLES = {"preserved": "Preserved posts", "lost": "Lost posts"}


async def serve_posts_feed(datasette: Any, request: Any) -> Response:
    """What was preserved or what was lost last, as Atom."""
    database, what = await open_archive(datasette, request), request.url_vars["what"]

    def load(conn: sqlite3.Connection) -> tuple[list[tuple[PostLine, str]], str]:
        begun = conn.execute("SELECT min(started_at) FROM crawls").fetchone()[0]
        return list_moments(conn, what), begun or "1970-01-01T00:00:00.000Z"

    lines, begun = await read(database, load)
    links = links_to(datasette, database.name)
    pages = {"lost": links.lost, "preserved": links.browse({"state": "online"})}
    body = render_posts_feed(
        lines,
        title=f"{TITLES[what]} · {database.name}",
        named=f"embedarchive:{begun}:{what}",
        self_url=make_link(datasette, request, links.posts_feed(what)),
        page_url=make_link(datasette, request, pages[what]),
        updated=begun,
        post_url=lambda key: make_link(datasette, request, links.post(key)),
    )
    return Response(body.decode(), headers=HEADERS, content_type=MEDIA_TYPE)


async def serve_sitemap(datasette: Any, request: Any) -> Response:
    """The pages of all posts of which something is kept or known; of many an index of such maps."""
    database = await open_archive(datasette, request, *FIGURES)
    links = links_to(datasette, database.name)
    page, asked = page_of(request), "page" in request.args
    total = await read(database, count_public)
    pages = max(1, -(-total // MOST_IN_A_SITEMAP))
    if pages > 1 and not asked:
        maps = [(make_link(datasette, request, links.sitemap(number)), None) for number in range(1, pages + 1)]
        return Response(render_sitemap(maps, "sitemap").decode(), headers=HEADERS, content_type="application/xml")
    if page > pages:
        raise Missing("There is no such sitemap.")
    found = await read(database, lambda conn: list_public(conn, page, MOST_IN_A_SITEMAP))
    named = [(make_link(datasette, request, links.post(key)), at) for key, at in found]
    return Response(render_sitemap(named).decode(), headers=HEADERS, content_type="application/xml")
