"""The Datasette plugin: a reading room for every attached archive, on Datasette 0.65 and 1.0."""

# mypy: disable-error-code="untyped-decorator"
# (pluggy's marker carries no types)

from __future__ import annotations

import sqlite3
from contextlib import suppress
from html import escape
from typing import Any

from datasette import hookimpl
from datasette.utils import tilde_decode
from jinja2 import ChoiceLoader

from embedarchive import library
from embedarchive.library.functions import register_functions
from embedarchive.library.questions import ADDRESSED
from embedarchive.show.pages import load_templates
from embedarchive.store.schema.meanings import describe_database, describe_tables
from embedarchive.viewer import (
    browsing,
    cells,
    desk,
    handing_in,
    hosts,
    links,
    media,
    memento,
    oembed,
    pages,
    remarks,
    shelf,
    studies,
    syndication,
)
from embedarchive.viewer.admission import limit_admission
from embedarchive.viewer.archives import find_archives, guard_connection, is_archive, known_archives, read
from embedarchive.viewer.assets import serve_asset, serve_heal
from embedarchive.viewer.bounds import HEAP_OF_A_DATABASE_MB, STEPS, limit_heap
from embedarchive.viewer.evidence import serve_check, serve_evidence, serve_pack, show_proof
from embedarchive.viewer.eyes import is_closed
from embedarchive.viewer.listing import leave_out_bytes
from embedarchive.viewer.refusals import guarded, is_too_much, refuse_fault, refuse_too_much
from embedarchive.viewer.shims import (
    add_queries,
    keep_out_of,
    look_at_the_clock_every,
    quiet_tracebacks,
    read_options,
    set_descriptions,
)

DB = r"^/(?P<database>[^/]+)/-"


@hookimpl
def register_routes(datasette: Any) -> list[tuple[str, Any]]:
    # A Datasette that merely has this plugin keeps its own front page.
    if read_options(datasette).get("is_front"):
        root = [(r"^/$", shelf.show_root)]
    else:
        root = []
    routes: list[tuple[str, Any]] = [
        *root,
        (r"^/-/embedarchive/?$", shelf.lead_to_front),
        (r"^/-/embedarchive/find$", shelf.find_in_all),
        (r"^/-/embedarchive/assets/[0-9a-f]+/(?P<name>[\w.-]+)$", serve_asset),
        (r"^/-/embedarchive/post/(?P<url>.+)$", memento.lead_to_post),
        (r"^/-/embedarchive/check$", serve_check),
        (r"^/-/embedarchive/oembed$", oembed.serve_oembed),
        (r"^/-/embedarchive/heal\.js$", serve_heal),
        (r"^/timemap/link/(?P<url>.+)$", memento.serve_timemap),
        (r"^/timegate/(?P<url>.+)$", memento.serve_timegate),
        (DB + r"/archive$", pages.show_front),
        (DB + r"/find$", pages.show_results),
        (r"^/-/embedarchive/alerts\.atom$", desk.lead_to_feed),
        (DB + r"/desk$", desk.show_desk),
        (DB + r"/alerts\.atom$", desk.serve_feed),
        (DB + r"/outlet/(?P<outlet>[^/]+)/alerts\.atom$", desk.serve_feed),
        (DB + r"/lost$", pages.show_lost),
        (DB + r"/browse$", browsing.show_browse),
        (DB + r"/note$", remarks.keep_note),
        (DB + r"/save$", handing_in.take_page),
        (DB + r"/(?P<what>preserved|lost)\.atom$", syndication.serve_posts_feed),
        (DB + r"/sitemap\.xml$", syndication.serve_sitemap),
        (DB + r"/outlets$", pages.show_outlets),
        (DB + r"/(?P<study>survival|rot)(?P<form>\.svg|\.csv)?$", studies.show_study),
        (DB + r"/post/(?P<key>.+)$", pages.show_post),
        (DB + r"/card/(?P<key>.+)$", pages.show_card),
        (DB + r"/evidence/(?P<key>.+)$", serve_evidence),
        (DB + r"/proof/(?P<key>.+)$", show_proof),
        (DB + r"/pack/(?P<key>.+)$", serve_pack),
        (DB + r"/embed/(?P<id>\d{1,18})$", pages.show_embed),
        (DB + r"/capture/(?P<id>\d{1,18})$", pages.show_capture),
        (DB + r"/snapshot/(?P<id>\d{1,18})$", pages.show_snapshot),
        (DB + r"/article/(?P<id>\d{1,18})$", pages.show_article),
        (DB + r"/outlet/(?P<name>[^/]+)$", pages.show_outlet),
        (DB + r"/media/(?P<sha256>[^/]+)$", media.serve_media),
        (DB + r"/source/(?P<sha256>[^/]+)$", media.serve_source),
    ]
    return [(pattern, guarded(view)) for pattern, view in routes]


@hookimpl
def asgi_wrapper(datasette: Any) -> Any:
    """Answer to known names alone, where the room was told which; and leave the bytes out of the list of files.

    A process that serves a reading room and nothing else bounds how much is asked at a time, too.
    """

    def wrap(app: Any) -> Any:
        names = hosts.find_names(datasette)
        listing = leave_out_bytes(handing_in.without_cookies(app), datasette)
        if read_options(datasette).get("memory_mb"):
            admitted = limit_admission(listing)
        else:
            admitted = listing
        if names is None:
            return admitted
        return hosts.refuse_foreign(admitted, names)

    return wrap


@hookimpl
def prepare_jinja2_environment(env: Any) -> None:
    """Find the templates that the reading room shares with exported sites; its own come first."""
    env.loader = ChoiceLoader([env.loader, load_templates()])


@hookimpl
def prepare_connection(conn: sqlite3.Connection, database: str | None, datasette: Any) -> None:
    register_functions(conn)
    attached = datasette.databases.get(database)
    guard_connection(conn, database, immutable=attached is not None and not attached.is_mutable)


@hookimpl
def render_cell(row: Any, value: Any, column: str, table: str | None, database: str, datasette: Any) -> Any:
    if database not in known_archives(datasette):
        return None
    links = pages.links_to(datasette, database)
    sha256 = cells.find_picture(row, value, column)
    if sha256 is None:
        return cells.render_cell(row, value, column, links)

    async def picture() -> Any:
        archive = datasette.get_database(database)
        sensitive = await read(archive, lambda conn: library.is_sensitive_file(conn, sha256))
        return cells.render_picture(sha256, cells.read_role(row, column), links, sensitive=sensitive)

    return picture


@hookimpl
def menu_links(datasette: Any) -> list[dict[str, str]]:
    names = known_archives(datasette)
    label = "Reading room: {}"
    if len(names) == 1:
        label = "Reading room"
    return [{"href": pages.links_to(datasette, name).front, "label": label.format(name)} for name in names]


@hookimpl
def database_actions(datasette: Any, database: str) -> list[dict[str, str]]:
    if database not in known_archives(datasette):
        return []
    return [{"href": pages.links_to(datasette, database).front, "label": "Open the reading room"}]


@hookimpl
def extra_template_vars(datasette: Any, request: Any, view_name: str, database: str | None) -> Any:
    """What our parts of Datasette's own pages name: the reading rooms, and an archive's tables in an order of our own."""

    async def find_rooms() -> dict[str, Any]:
        if view_name == "database" and database in known_archives(datasette):
            return {"order_tables": order_tables}
        if view_name != "index":
            return {}
        names = await find_archives(datasette, request.actor)
        return {"reading_rooms": [(name, pages.links_to(datasette, name).front) for name in names]}

    return find_rooms


def order_tables(tables: list[Any]) -> list[Any]:
    """Datasette's list of tables with the nouns first: its box for SQL begins with a question to the first. Pure.

    They are dicts; in Datasette 1.0, values with a `name`.
    """
    first = {name: place for place, name in enumerate(TABLES)}

    def place_of(table: Any) -> int:
        if isinstance(table, dict):
            name = table["name"]
        else:
            name = table.name
        return first.get(name, len(first))

    return sorted(tables, key=place_of)


@hookimpl
def startup(datasette: Any) -> Any:
    """Find our archives once, and tell Datasette what their tables mean and what may be asked of them."""

    quiet_tracebacks()
    look_at_the_clock_every(STEPS)
    if memory_mb := read_options(datasette).get("memory_mb"):
        limit_heap(int(memory_mb) + HEAP_OF_A_DATABASE_MB * len(datasette.databases))

    async def prepare() -> None:
        for name, database in datasette.databases.items():
            if not name.startswith("_") and await database.execute_fn(is_archive):
                known_archives(datasette).append(name)
                with suppress(sqlite3.Error):  # of a damaged or locked archive: its pages say so
                    await set_descriptions(datasette, name, introduce_views(datasette, name), await _present(database))
                await add_queries(datasette, name, ADDRESSED)

    return prepare


async def _present(database: Any) -> dict[str, dict[str, Any]]:
    names = {*await database.table_names(), *await database.view_names()}
    return {table: meaning for table, meaning in describe_tables().items() if table in names}


@hookimpl(tryfirst=True)
def handle_exception(datasette: Any, request: Any, exception: Exception) -> Any:
    """Say what is wrong with an archive on Datasette's own pages, too; what programs read stays as Datasette has it."""
    name = ""
    if getattr(request, "url_vars", None):
        name = tilde_decode(request.url_vars.get("database", ""))
    if name not in known_archives(datasette):
        return None
    if is_too_much(exception):
        return refuse_too_much(datasette, request)
    if request.path.endswith((".json", ".csv")):
        return None
    return refuse_fault(datasette, request, exception)


@hookimpl(optionalhook=True)
def skip_csrf(datasette: Any, scope: dict[str, Any]) -> bool | None:
    """A picture to look up changes nothing here; without this its form would need a cookie and a token."""
    if scope["path"].endswith(("/-/find", "/-/embedarchive/find")):
        return True
    return None


# Only Datasette 1.0 asks this one.


@hookimpl(optionalhook=True)
async def permission_resources_sql(datasette: Any, actor: Any, action: str) -> Any:
    closed = [name for name in known_archives(datasette) if await is_closed(datasette, actor, action, name)]
    if closed:
        return keep_out_of(datasette, closed)
    return None


# Only Datasette 0.65 asks these three; 1.0 was told at startup.


@hookimpl(optionalhook=True)
def get_metadata(datasette: Any, key: str | None) -> dict[str, Any]:
    if key in UNTOLD:
        return {}
    # Copies: Datasette merges the instance's own metadata, permissions included, into what it is given.
    tables = {name: {**about, "columns": dict(about["columns"])} for name, about in describe_tables().items()}
    tables[MIGRATIONS] = {"hidden": True}
    told = {}
    for name in known_archives(datasette):
        told[name] = {"description_html": introduce_views(datasette, name), "tables": tables}
    return {"databases": told}


MIGRATIONS = "_sqlite_migrations"
"""Which steps an archive has taken: sqlite-utils' own table, and no reader's."""


def introduce_views(datasette: Any, name: str) -> str:
    """What the page of a database begins with: what it is, its reading room, and the views that answer most questions."""
    room = str(links.Links(str(datasette.urls.database(name))).front)
    parts = [
        f'<p>{escape(describe_database())} <a href="{escape(room)}">Open the reading room</a>, ',
        "or begin with these views:</p><ul>",
    ]
    for view in VIEWS:
        says = describe_tables()[view]["description"].partition(". ")[0].rstrip(".")
        href = escape(str(datasette.urls.table(name, view)))
        parts.append(f'<li><a href="{href}">{view}</a>: {escape(says)}</li>')
    return "".join([*parts, "</ul>"])


VIEWS = (
    "post_status",
    "preserved_posts",
    "lost_posts",
    "losses",
    "current_embeds",
    "holes",
    "lifetimes",
    "embeds_by_outlet",
)
"""Those to begin with."""

TABLES = ("posts", "articles", "embeds", "captures", "descriptions", "checks", "artifacts", "fetches")
"""Those that a list begins with; the others follow by their names."""

UNTOLD = ("allow", "allow_sql", "plugins", "queries", "tables")
"""Of these we say nothing; Datasette copies what it is told for each permission of each request, and takes 0.5 ms to."""


@hookimpl(optionalhook=True, trylast=True)  # the last word counts
def permission_allowed(datasette: Any, actor: Any, action: str, resource: Any) -> Any:
    async def judge() -> bool | None:
        if isinstance(resource, tuple):
            name = resource[0]
        else:
            name = resource
        if await is_closed(datasette, actor, action, name):
            return False
        return None

    return judge


@hookimpl(optionalhook=True)
def canned_queries(datasette: Any, database: str) -> dict[str, dict[str, str]]:
    if database in known_archives(datasette):
        return ADDRESSED
    return {}
