"""A request about all archives that are served together -> the shelf of them, and what each has of what is looked up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from datasette.utils import tilde_encode
from datasette.utils.asgi import Forbidden, Response

from embedarchive import library
from embedarchive.library.records import Counts, Lookup
from embedarchive.show.pages import HELPERS
from embedarchive.viewer import pages, uploads
from embedarchive.viewer.archives import FIGURES, WORDS, Missing, find_archives, open_named, read
from embedarchive.viewer.assets import asset_path
from embedarchive.viewer.counting import counts_of
from embedarchive.viewer.links import Links


@dataclass(frozen=True, slots=True)
class ShelfLinks:
    """The addresses that the pages of all archives together have; `front` is their list."""

    front: str
    search: str


@dataclass(frozen=True, slots=True)
class Volume:
    """One archive of the shelf. `counts` is None while they are being counted, `found` where nothing was looked up."""

    name: str
    links: Links
    counts: Counts | None = None
    found: Lookup | None = None


async def list_archives(datasette: Any, request: Any) -> list[str]:
    """The names of the archives here. Raises Missing where there is none."""
    names = await find_archives(datasette, request.actor)
    if not names:
        raise Missing("No embedarchive archive is attached here, or you may not see it.")
    return names


async def lead_to_front(datasette: Any, request: Any) -> Response:
    """From `/-/embedarchive` to the only archive; the shelf when there are several."""
    names = await list_archives(datasette, request)
    if len(names) == 1:
        return Response.redirect(pages.links_to(datasette, names[0]).front)
    return await show_shelf(datasette, request, names)


async def show_root(datasette: Any, request: Any) -> Response:
    """What `/` is where nothing but reading rooms is served: the only archive's front page, or the shelf."""
    names = await list_archives(datasette, request)
    if len(names) == 1:
        request.scope["url_route"]["kwargs"]["database"] = tilde_encode(names[0])
        return await pages.show_front(datasette, request)
    return await show_shelf(datasette, request, names)


async def show_shelf(datasette: Any, request: Any, names: list[str]) -> Response:
    volumes = []
    for name in names:
        database = await open_named(datasette, request.actor, name, *FIGURES)
        volumes.append(Volume(name, pages.links_to(datasette, name), await counts_of(datasette, database)))
    return await show(datasette, request, "shelf.html", volumes=volumes, text="")


async def find_in_all(datasette: Any, request: Any) -> Response:
    """What a pasted text or a sent picture means in each archive; straight to the page where it can mean only one thing."""
    names = await list_archives(datasette, request)
    if request.method == "POST":
        form = await uploads.read_form(request)
    else:
        form = {}
    picture = form.get("picture")
    asked = None
    if picture:
        asked = await uploads.read_upload(picture)
    text = request.args.get("q") or form.get("q", b"").decode("utf-8", "replace")

    def look_up(conn: Any) -> Lookup:
        if picture:
            return library.lookup_picture(conn, asked, body=picture)
        return library.lookup(conn, text)

    volumes = []
    for name in names:
        try:
            database = await open_named(datasette, request.actor, name, *WORDS)
        except Forbidden:
            continue
        found = await read(database, look_up)
        volumes.append(Volume(name, pages.links_to(datasette, name), found=found))
    having = [volume for volume in volumes if volume.found and volume.found.found]
    if len(having) == 1 and having[0].found and (only := pages.the_only_page(having[0].found, having[0].links)):
        return Response.redirect(only)
    return await show(
        datasette, request, "shelf_find.html",
        volumes=having, without=[each for each in volumes if each not in having], text=text, picture=bool(picture),
    )  # fmt: skip


async def show(datasette: Any, request: Any, template: str, **context: Any) -> Response:
    """Render a page that is about no archive by itself."""
    links = ShelfLinks(str(datasette.urls.instance()), datasette.urls.path("/-/embedarchive/find"))
    html = await datasette.render_template(
        f"embedarchive/{template}",
        {
            **HELPERS,
            **context,
            "links": links,
            "archive": "Archives",
            "takes_pictures": True,
            "asset": lambda name: datasette.urls.path(asset_path(name)),
        },
        request=request,
    )
    return Response.html(html, headers=dict(pages.PAGE_HEADERS))
