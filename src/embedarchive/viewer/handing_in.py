"""A page that a reader has open -> one that waits for the next run; and the page of the room that gives the button for it.

A form is posted from another site, so no cookie says who sends it: a token does, which the bookmark holds. A page on which the
button was used may have read it, and so a page is taken only from the site that it is of, as the browser tells it (`Origin`,
https://www.rfc-editor.org/rfc/rfc6454#section-7): whoever has the token can hand in what is theirs, and see nothing.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from datasette.utils import tilde_decode
from datasette.utils.asgi import Forbidden, Response

from embedarchive.core import clock
from embedarchive.core.errors import IntakeError, RefusedError
from embedarchive.core.shell import say_command
from embedarchive.egress import check_url
from embedarchive.show.pages import load_asset
from embedarchive.show.tags import tag
from embedarchive.show.words import say_size
from embedarchive.sources import canonicalize_article
from embedarchive.sources.media import is_html, is_platform_page, starts_as_html
from embedarchive.store.handed_in import LARGEST_PAGE, ListedPage, hand_in, list_handed_in, read_token
from embedarchive.store.optouts import read_optouts
from embedarchive.viewer.archives import Missing, known_archives, open_archive, read
from embedarchive.viewer.eyes import is_staff
from embedarchive.viewer.hosts import App, ForeignHost, is_loopback, is_only_here, make_absolute
from embedarchive.viewer.pages import links_to, show
from embedarchive.viewer.refusals import refuse, tell
from embedarchive.viewer.shims import read_options
from embedarchive.viewer.uploads import TooLarge, read_form

LARGEST_HANDED_FORM = LARGEST_PAGE + 100_000
MOST_SHOWN = 100
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")

ORIGIN = "embedarchive_origin"
AMBIENT = (b"cookie", b"origin", b"sec-fetch-site")
"""Headers that Datasette judges a form by; one that hands a page in is judged here."""

CLOSED = "This reading room takes no pages in. Start it with: embedarchive serve --intake"
NOT_YOURS = (
    "The save button is for whoever keeps this archive: it is shown on the machine that the room runs on, and to staff who are "
    "signed in."
)
STATES = {
    "waiting": "waits for the next crawl or round of watch",
    "ok": "taken up",
    "unchanged": "was kept already, just as it is",
    "failed": "could not be read",
    "opted_out": "does not want to be archived",
    "damaged": "damaged while it waited; hand it in again",
}
"""What became of a page, in words."""


class NotTaken(Exception):
    """Why a page is not taken: the status of the answer, a heading, a sentence or two."""

    def __init__(self, status: int, title: str, why: str) -> None:
        super().__init__(why)
        self.status, self.title, self.why = status, title, why


async def take_page(datasette: Any, request: Any) -> Response:
    """Show the button and what came in; of a form, take the page."""
    if not read_options(datasette).get("intake"):
        raise Missing(CLOSED)
    if request.method == "POST":
        return await answer_form(datasette, request)
    return await show_button(datasette, request)


# ----------------------------------------------------------------------------------------------------------- the button


async def show_button(datasette: Any, request: Any) -> Response:
    """The page that gives the bookmark, to whom it is for. Raises Forbidden for others, Missing where there is no archive."""
    database = await open_archive(datasette, request)
    if not (is_staff(datasette, request.actor) or is_on_this_machine(datasette, request)):
        raise Forbidden(NOT_YOURS)
    path = find_archive_file(datasette, database.name)
    try:
        token = await asyncio.to_thread(read_token, path)
        listed = await asyncio.to_thread(list_handed_in, path, MOST_SHOWN)
        room = make_absolute(datasette, request, links_to(datasette, database.name).save)
    except IntakeError as error:
        return refuse(datasette, 500, "No page can be handed in", str(error))
    except ForeignHost:
        return refuse(
            datasette, 421, "No page can be handed in", "This room has no name here that a bookmark could hold."
        )
    numbers = await read(database, lambda conn: find_articles(conn, listed))
    code = make_bookmarklet(room, token)
    button = tag("a", f"Save to {database.name}", href=code, class_="save-button")
    return await show(
        datasette, request, database, "save.html",
        button=button, code=code, listed=listed, numbers=numbers, words=STATES, largest=LARGEST_PAGE,
    )  # fmt: skip


def is_on_this_machine(datasette: Any, request: Any) -> bool:
    """Whether whoever asks sits at the machine that the room runs on, with nothing between that hands requests on."""
    client = (request.scope.get("client") or ("",))[0]
    is_direct = not any(request.headers.get(name) for name in FORWARDED)
    return is_loopback(client) and is_direct and is_only_here(datasette, request)


def find_archive_file(datasette: Any, name: str) -> Path:
    """Where the archive is, beside which pages wait. Raises Missing for one that is served to be read only."""
    attached = datasette.databases[name]
    if not (attached.is_mutable and attached.path):
        raise Missing("This archive is served to be read only: no page can be handed in.")
    return Path(attached.path)


def find_articles(conn: sqlite3.Connection, listed: tuple[ListedPage, ...]) -> dict[str, int]:
    """Address as it was handed in -> the number of the article that is kept under it."""
    urls = {canonicalize_article(page.url): page.url for page in listed}
    query = "SELECT url, id FROM articles WHERE url IN (SELECT value FROM json_each(?))"
    return {urls[row[0]]: row[1] for row in conn.execute(query, (json.dumps(list(urls)),))}


def make_bookmarklet(room: str, token: str) -> str:
    """The button as the address of a bookmark, without comments: `javascript://` would begin a host. Pure."""
    lines = (line.strip() for line in load_asset("save.js").decode().splitlines())
    script = "\n".join(line for line in lines if line and not line.startswith("//"))
    for name, value in (('"ROOM"', room), ('"TOKEN"', token), ("MOST", LARGEST_PAGE)):
        script = script.replace(name, json.dumps(value), 1)
    return "javascript:" + quote(script, safe="(){}[];,=.:!?*+-&|<>/'$")


# ---------------------------------------------------------------------------------------------------------- what came in


def without_cookies(app: App) -> App:
    """The application, to which a page that is handed in comes without any cookie, and its site (ORIGIN) beside the headers.

    Datasette 1.0 refuses every form of another site, for what a cookie could allow it to do.
    """

    async def bare(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].endswith("/-/save"):
            headers = [pair for pair in scope["headers"] if pair[0].lower() not in AMBIENT]
            scope = {**scope, "headers": headers, ORIGIN: find_header(scope["headers"], b"origin")}
        await app(scope, receive, send)

    return bare


def find_header(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> str | None:
    """The first header of that name. Pure."""
    return next((value.decode("latin-1") for key, value in headers if key.lower() == name), None)


async def answer_form(datasette: Any, request: Any) -> Response:
    """Take a page that was posted, or say in a sentence why not."""
    try:
        return await receive_page(datasette, request)
    except NotTaken as refusal:
        return refuse(datasette, refusal.status, refusal.title, f"{refusal.why} Nothing was kept.")
    except TooLarge:
        why = f"A page may have {say_size(LARGEST_PAGE)}. Save it as a file, and give that to embedarchive crawl."
        return refuse(datasette, 413, "Too large", f"{why} Nothing was kept.")
    except IntakeError as error:
        return refuse(datasette, 500, "No page can be handed in", str(error))


async def receive_page(datasette: Any, request: Any) -> Response:
    """Judge a form, and put its page where the next run finds it. Raises NotTaken, TooLarge and Missing."""
    name = find_database(datasette, request)
    path = find_archive_file(datasette, name)
    refuse_background(request)
    form = await read_form(request, LARGEST_HANDED_FORM)
    token = await asyncio.to_thread(read_token, path)
    if not secrets.compare_digest(form.get("token", b""), token.encode()):
        raise NotTaken(
            403,
            "Not this bookmark",
            "The bookmark is of another room, or of before its token was renewed: make it anew.",
        )
    url = read_address(form.get("url", b"").decode("utf-8", "replace"))
    refuse_foreign_origin(url, request.scope.get(ORIGIN))
    body = form.get("page", b"").replace(b"\r\n", b"\n")  # as the DOM has it; forms write every end of a line so
    refuse_no_page(form.get("type", b"").decode("utf-8", "replace"), body)
    if why := await datasette.databases[name].execute_fn(lambda conn: find_bar(conn, url)):
        raise NotTaken(403, "Not to be archived", why)
    receipt = await asyncio.to_thread(hand_in, path, url, body, clock.now())
    if receipt == "full":
        raise NotTaken(
            507,
            "Too much waits",
            "As many pages wait as may; let embedarchive crawl take them up, and hand it in again.",
        )
    why = "It waits for the next crawl or round of watch, which looks for posts in it. This window can be closed."
    return tell(datasette, 202, "Handed in", f"{url} {why}", links_to(datasette, name).save)


def find_database(datasette: Any, request: Any) -> str:
    """The name of the archive that a form is for. Raises Missing."""
    try:
        name = str(datasette.get_database(route=tilde_decode(request.url_vars["database"])).name)
    except KeyError:
        name = ""
    if name not in known_archives(datasette):
        raise Missing("There is no such archive here.")
    return name


def refuse_background(request: Any) -> None:
    """Raise NotTaken for what a script sent in the background: a reader sees that a page is handed in."""
    if request.headers.get("sec-fetch-dest", "document") != "document":
        raise NotTaken(
            403, "Not by a form", "A page is handed in by a form in a window of its own, and by nothing else."
        )


def read_address(text: str) -> str:
    """The address of a page, in our spelling. Raises NotTaken for what is no article's."""
    try:
        url = check_url(text.partition("#")[0])
    except RefusedError as error:
        raise NotTaken(400, "No address", f"The page has no address at which others could find it: {error}") from error
    if is_loopback(urlsplit(url).hostname or ""):
        raise NotTaken(400, "No address", "The page is of this machine, and no article.")
    if is_platform_page(url):
        command = say_command("embedarchive", "capture", url)
        raise NotTaken(400, "No article", f"The page is a platform's own. A post is kept by its address: {command}")
    return url


def refuse_foreign_origin(url: str, origin: str | None) -> None:
    """Raise NotTaken unless the browser says that the form comes from the site of that address."""
    try:
        told = urlsplit(check_url(f"{origin}/"))
    except RefusedError as error:
        why = "The browser does not say from which site the page comes. Save it as a file, and give that to embedarchive crawl."
        raise NotTaken(403, "From nowhere", why) from error
    said = urlsplit(url)
    if (told.scheme, told.netloc) != (said.scheme, said.netloc):
        raise NotTaken(
            403, "From elsewhere", f"{told.netloc} can hand in its own pages only, and this is one of {said.netloc}."
        )


def refuse_no_page(content_type: str, body: bytes) -> None:
    """Raise NotTaken for what is no HTML, TooLarge for what is too large to be kept."""
    if not is_html(content_type, body[:4096]) or not starts_as_html(body):
        raise NotTaken(415, "Not HTML", "Only HTML pages are searched for posts, and this is none.")
    if len(body) > LARGEST_PAGE:
        raise TooLarge


def find_bar(conn: sqlite3.Connection, url: str) -> str:
    """Why a page is not to be archived, in a sentence; empty where nothing is against it."""
    article = canonicalize_article(url)
    if any(map(read_optouts(conn, clock.now()).bars_address, (url, article))):
        return "This address does not want to be archived (embedarchive access optout list)."
    query = "SELECT 1 FROM access_now WHERE (kind = 'article' AND subject = ?) OR (kind = 'outlet' AND subject = ?)"
    outlet = (urlsplit(article).hostname or "").removeprefix("www.")
    if conn.execute(query, (article, outlet)).fetchone():
        return "This page is withheld here (embedarchive access list)."
    return ""
