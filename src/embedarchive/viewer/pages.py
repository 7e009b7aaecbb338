"""A request for a page of the reading room -> what the archive knows, as HTML."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from datasette.utils.asgi import Response

from embedarchive import library
from embedarchive.detect.identity import identify_pasted
from embedarchive.library.browse import STATES, Facets, Makers, count_facets, count_makers
from embedarchive.library.records import Lookup, StoredFile
from embedarchive.show import words as phrases
from embedarchive.show.card import CARD_POLICY, author_of, fullest_claim, render_card, render_post, title_of
from embedarchive.show.pages import HELPERS, title_of_platform
from embedarchive.show.snapshot import SANITISED_POLICY
from embedarchive.show.social import describe_article_link, describe_post_link
from embedarchive.show.timeline import add_years, render_timeline
from embedarchive.viewer import media, uploads
from embedarchive.viewer.archives import BROWSED, EVIDENCE, FIGURES, NOTES, WORDS, Missing, open_archive, read
from embedarchive.viewer.assets import asset_path
from embedarchive.viewer.counting import counts_of
from embedarchive.viewer.eyes import eyes_of, may_note, refuse_withheld
from embedarchive.viewer.hosts import is_only_here
from embedarchive.viewer.links import Links
from embedarchive.viewer.memento import make_link
from embedarchive.viewer.sanitising import sanitise
from embedarchive.viewer.shims import read_options

PAGE_HEADERS = {
    "content-security-policy": "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'self'; "
    "script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'self'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}

CARD_HEADERS = {
    # Anyone may frame a card, also a page opened from disk (`frame-ancestors *` would not do): that is what it is for.
    # Nothing in it runs; its links may open.
    "content-security-policy": f"{CARD_POLICY}; sandbox allow-popups allow-popups-to-escape-sandbox",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def links_to(datasette: Any, name: str) -> Links:
    return Links(str(datasette.urls.database(name)), str(datasette.urls.instance()))


async def show(
    datasette: Any, request: Any, database: Any, template: str, status: int = 200, **context: Any
) -> Response:
    """Render one of our templates with our headers.

    Its own address, `canonical`, is told where others can reach it: the path without what only says how it was come by.
    """
    links = links_to(datasette, database.name)
    if "canonical" not in context and status == 200 and not is_only_here(datasette, request):
        context["canonical"] = make_link(datasette, request, request.path)
    feeds = {f"What was {what}": links.posts_feed(what) for what in ("preserved", "lost")}
    html = await datasette.render_template(
        f"embedarchive/{template}",
        {
            **HELPERS,
            **context,
            "links": links,
            "feeds": feeds,
            "may_note": may_note(datasette, request, database),
            "archive": database.name,
            "takes_pictures": True,
            "takes_pages": bool(read_options(datasette).get("intake")),
            "asset": lambda name: datasette.urls.path(asset_path(name)),
        },
        request=request,
    )
    return Response.html(html, status=status, headers=dict(PAGE_HEADERS))


LONGEST_CARD = 40_000_000
"""Bytes of all files in a card that is one file."""


# ---------------------------------------------------------------------------------------------------------- front, find


async def show_front(datasette: Any, request: Any) -> Response:
    database = await open_archive(datasette, request, *FIGURES)
    front = await read(database, library.front)
    counts = await counts_of(datasette, database)
    ways = await read_ways(database)
    return await show(datasette, request, database, "front.html", front=front, counts=counts, **ways)


async def read_ways(database: Any) -> dict[str, Any]:
    """The ways to browse an archive from its first page: each with its values, and how many posts they have."""

    def load(conn: sqlite3.Connection) -> tuple[Facets, Makers]:
        return count_facets(conn), count_makers(conn)

    facets, makers = await read(database, load)
    ways = (
        ("State", "state", [(name, STATES[name][0], number) for name, number in facets.states]),
        ("Platform", "platform", [(name, title_of_platform(name), number) for name, number in facets.platforms]),
        ("Posted", "period", sorted(((y, y, n) for y, n in add_years(facets.months).items()), reverse=True)),
        ("Outlet", "outlet", [(name, name, number) for name, number in makers.outlets]),
        ("Author", "author", [(name, name, number) for name, number in makers.authors]),
        ("Kind", "kind", [(name, name, number) for name, number in facets.kinds]),
        ("Language", "lang", [(name, name, number) for name, number in facets.langs]),
    )
    return {"browse": facets, "ways": ways, "timeline": render_timeline(facets.months, facets.lost_months)}


async def show_lost(datasette: Any, request: Any) -> Response:
    database = await open_archive(datasette, request)
    lines = await read(database, lambda conn: library.recent_losses(conn, 120))
    return await show(datasette, request, database, "lost.html", lines=lines)


async def show_results(datasette: Any, request: Any) -> Response:
    """What a pasted text or a sent picture means here; straight to the page when it can mean only one thing."""
    database = await open_archive(datasette, request, *WORDS)
    if request.method == "POST":
        form = await uploads.read_form(request)
    else:
        form = {}
    if picture := form.get("picture"):
        asked = await uploads.read_upload(picture)
        found = await read(database, lambda conn: library.lookup_picture(conn, asked, body=picture))
        return await show(datasette, request, database, "find.html", found=found, text="", picture=True)
    text = request.args.get("q") or form.get("q", b"").decode("utf-8", "replace")
    found = await read(database, lambda conn: library.lookup(conn, text))
    if not found.found and (post := identify_pasted(text)):
        await read(database, lambda conn: refuse_withheld(conn, post.key, eyes_of(database)))
    only = the_only_page(found, links_to(datasette, database.name))
    if only:
        return Response.redirect(only)
    return await show(datasette, request, database, "find.html", found=found, text=text, picture=False)


def the_only_page(found: Lookup, links: Links) -> str | None:
    """Where an exact address or id leads, if to one thing. Pure."""
    if found.is_post and len(found.posts) == 1:
        return links.post(found.posts[0].key)
    if len(found.articles) == 1 and not found.hits:
        return links.article(found.articles[0].id)
    return None


# ---------------------------------------------------------------------------------------------------------------- posts


async def show_post(datasette: Any, request: Any) -> Response:
    database, key = await open_archive(datasette, request, *WORDS), unquote(request.url_vars["key"])
    record = await read(database, lambda conn: library.post_record(conn, key))
    if record is None:
        await read(database, lambda conn: refuse_withheld(conn, key, eyes_of(database)))
        found = await read(database, lambda conn: library.lookup(conn, key))
        return await show(datasette, request, database, "find.html", status=404, found=found, text=key, picture=False)
    links = links_to(datasette, database.name)
    version_url = make_link(datasette, request, links.card(record.post.key))
    return await show(
        datasette, request, database, "post.html",
        record=record,
        title=title_of(record),
        author=author_of(record),
        card=render_post(record, links.shown, version_url=version_url),
        runs=phrases.find_runs(record.observations),
        changes=phrases.find_changes(record.captures),
        claim=fullest_claim(record),
        page_url=make_link(datasette, request, links.post(record.post.key)),
        only_here=is_only_here(datasette, request),
        social=describe_post_link(record, lambda kept: find_address(datasette, request, links, kept)),
        card_url=version_url,
        oembed_url=make_link(datasette, request, datasette.urls.path("/-/embedarchive/oembed")),
    )  # fmt: skip


def find_address(datasette: Any, request: Any, links: Links, kept: StoredFile) -> str | None:
    """The whole address of a file that a page may show."""
    shown = links.shown(kept)
    if shown:
        return make_link(datasette, request, shown)
    return None


async def show_card(datasette: Any, request: Any) -> Response:
    """The card alone, to be framed or saved."""
    database, key = await open_archive(datasette, request, *NOTES, *BROWSED), unquote(request.url_vars["key"])
    version_url = make_link(datasette, request, links_to(datasette, database.name).card(key))

    def render(conn: sqlite3.Connection) -> str | None:
        record = library.post_record(conn, key)
        if record:
            return render_card(record, bounded_loader(conn), version_url=version_url)
        refuse_withheld(conn, key, eyes_of(database))
        return None

    card = await read(database, render)
    if card is None:
        raise Missing("The archive does not know this post.")
    return Response.html(card, headers=dict(CARD_HEADERS))


def bounded_loader(conn: sqlite3.Connection) -> Callable[[str], bytes | None]:
    """What loads files by their hash until all of them together are LONGEST_CARD bytes."""
    left = LONGEST_CARD

    def load(sha256: str) -> bytes | None:
        nonlocal left
        body = media.load(conn, sha256, left)
        left -= len(body or b"")
        return body

    return load


async def show_embed(datasette: Any, request: Any) -> Response:
    """An embed that names no post; one that does leads to its post."""
    database, number = await open_archive(datasette, request), int(request.url_vars["id"])
    record = await read(database, lambda conn: library.embed_record(conn, number))
    if record is None:
        raise Missing("The archive does not know this embed.")
    return await show(datasette, request, database, "embed.html", record=record)


async def show_capture(datasette: Any, request: Any) -> Response:
    """The evidence of one visit."""
    database, number = await open_archive(datasette, request, *EVIDENCE), int(request.url_vars["id"])
    capture = await read(database, lambda conn: library.capture_record(conn, number))
    if capture is None:
        raise Missing("The archive does not know this visit.")
    exchanges = await read(database, lambda conn: library.read_exchanges(conn, number))
    return await show(datasette, request, database, "capture.html", capture=capture, exchanges=exchanges)


async def show_snapshot(datasette: Any, request: Any) -> Response:
    """The page as rendered at capture time, sanitised."""
    database, number = await open_archive(datasette, request), int(request.url_vars["id"])

    def load(conn: sqlite3.Connection) -> tuple[str, bytes] | None:
        capture = library.capture_record(conn, number)
        dom = None
        if capture:
            dom = next(iter(capture.kept("dom")), None)
        body = None
        if dom:
            body = media.load(conn, dom.sha256, media.LONGEST_SOURCE)
        if capture and body is not None:
            return (capture.started_at, body)
        return None

    found = await read(database, load)
    if found is None:
        raise Missing("No page was kept of this visit, or it is too large to show.")
    note = f"As rendered on {phrases.say_time(found[0])}; scripts, frames, forms and outside files are taken out."
    headers = {**PAGE_HEADERS, "content-security-policy": SANITISED_POLICY}
    page = await sanitise(found[1], note)
    if page is None:
        raise Missing(
            "The page that was kept of this visit is built so that it cannot be shown; its source can be read."
        )
    return Response.html(page, headers=headers)


# ------------------------------------------------------------------------------------------------------------- articles


async def show_article(datasette: Any, request: Any) -> Response:
    database, number = (
        await open_archive(datasette, request, *NOTES, *BROWSED, "page_places"),
        int(request.url_vars["id"]),
    )
    record = await read(database, lambda conn: library.article_record(conn, number))
    if record is None:
        raise Missing("The archive does not know this article.")
    social = describe_article_link(record)
    return await show(datasette, request, database, "article.html", record=record, social=social)


async def show_outlet(datasette: Any, request: Any) -> Response:
    database, name = await open_archive(datasette, request, *FIGURES), unquote(request.url_vars["name"])
    page = page_of(request)
    record = await read(database, lambda conn: library.outlet_record(conn, name, page))
    if record is None:
        raise Missing("The archive knows no article of this outlet.")
    return await show(datasette, request, database, "outlet.html", record=record, page=page)


async def show_outlets(datasette: Any, request: Any) -> Response:
    database = await open_archive(datasette, request, *FIGURES)
    counts = await counts_of(datasette, database)
    return await show(datasette, request, database, "outlets.html", counts=counts)


def page_of(request: Any) -> int:
    text = request.args.get("page") or "1"
    if text.isdigit() and len(text) < 6:
        return max(1, int(text))
    return 1
