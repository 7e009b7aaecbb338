"""The address of a post on the web -> its page here, its TimeMap, the capture nearest to a moment (RFC 7089)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import quote, unquote

from datasette.utils.asgi import Response

from embedarchive import library
from embedarchive.core.dates import parse_iso
from embedarchive.detect.identity import identify_post
from embedarchive.library.records import CaptureRecord, PostRecord
from embedarchive.show.tags import link_header
from embedarchive.viewer.archives import BROWSED, NOTES, NOUNS, Missing, find_archives, read
from embedarchive.viewer.eyes import see_as
from embedarchive.viewer.hosts import ForeignHost, make_absolute
from embedarchive.viewer.links import Links
from embedarchive.viewer.shims import ensure_tables


def asked_url(request: Any) -> str:
    """The URL at the end of our own address: percent-encoded as a whole, or plain with its query."""
    url = unquote(request.url_vars["url"])
    if request.query_string:
        return f"{url}?{request.query_string}"
    return url


async def find_post(datasette: Any, request: Any, url: str) -> tuple[Links, PostRecord] | None:
    """The first attached archive that knows the post, and what it knows."""
    post = identify_post(url)
    for name in await find_archives(datasette, request.actor) if post else ():
        await ensure_tables(datasette, request.actor, name, (*NOUNS, *NOTES, *BROWSED))
        database = await see_as(datasette, request.actor, datasette.get_database(name))
        record = await read(database, _reader(post.key if post else ""))
        if record:
            return Links(str(datasette.urls.database(name)), str(datasette.urls.instance())), record
    return None


def _reader(key: str) -> Any:
    return lambda conn: library.post_record(conn, key)


async def lead_to_post(datasette: Any, request: Any) -> Response:
    """To the page of the post that the URL names; to a search for it when no archive here knows it."""
    url = asked_url(request)
    found = await find_post(datasette, request, url)
    if found:
        links, record = found
        return Response.redirect(links.post(record.post.key))
    names = await find_archives(datasette, request.actor)
    if not names:
        raise Missing("No embedarchive archive is attached here, or you may not see it.")
    return Response.redirect(Links(str(datasette.urls.database(names[0]))).find(url))


async def serve_timemap(datasette: Any, request: Any) -> Response:
    """Every capture of a post in link format (RFC 7089 section 5)."""
    found = await find_post(datasette, request, asked_url(request))
    captures = seen(found[1]) if found else []
    if not found or not captures:
        raise Missing("No capture of this post is kept here.")
    links, record = found
    about = quote(record.post.url, safe=":/?&=%@~+,")
    self_url = make_link(datasette, request, datasette.urls.path(f"/timemap/link/{about}"))
    gate = make_link(datasette, request, datasette.urls.path(f"/timegate/{about}"))
    original = link_header(record.post.url, "original")
    lines = [
        *([original] if original else []),
        f'<{self_url}>; rel="self"; type="application/link-format"',
        f'<{gate}>; rel="timegate"',
    ]
    for number, capture in enumerate(captures):
        rel = " ".join(w for w, on in (("first", number == 0), ("last", number == len(captures) - 1)) if on)
        address = make_link(datasette, request, links.capture(capture.id))
        lines.append(f'<{address}>; rel="{f"{rel} memento".strip()}"; datetime="{http_date(capture.started_at)}"')
    return Response(",\n".join(lines), content_type="application/link-format")


async def serve_timegate(datasette: Any, request: Any) -> Response:
    """To the capture nearest to `Accept-Datetime`; to the newest without one."""
    found = await find_post(datasette, request, asked_url(request))
    captures = seen(found[1]) if found else []
    if not found or not captures:
        raise Missing("No capture of this post is kept here.")
    links, record = found
    nearest = find_nearest(captures, request.headers.get("accept-datetime"))
    original = link_header(record.post.url, "original")
    headers = {"vary": "accept-datetime", **({"link": original} if original else {})}
    return Response.redirect(links.capture(nearest.id), headers=headers)


def make_link(datasette: Any, request: Any, path: str) -> str:
    """The whole address of a path here; the path alone where that would repeat a stranger's name (RFC 8288 section 3.1)."""
    try:
        return make_absolute(datasette, request, path)
    except ForeignHost:
        return path


def seen(record: PostRecord) -> list[CaptureRecord]:
    """The captures that show the post itself, oldest first. Pure."""
    return sorted((c for c in record.captures if c.outcome == "available"), key=lambda c: c.started_at)


def find_nearest(captures: list[CaptureRecord], accept: str | None) -> CaptureRecord:
    """The capture nearest to an HTTP date; the newest when there is none or it is none. Pure."""
    try:
        wanted = parsedate_to_datetime(accept or "")
    except (TypeError, ValueError):
        return captures[-1]
    if not wanted.tzinfo:
        wanted = wanted.replace(tzinfo=UTC)
    return min(captures, key=lambda c: abs((parse_iso(c.started_at) or datetime.max.replace(tzinfo=UTC)) - wanted))


def http_date(iso: str) -> str:
    moment = parse_iso(iso)
    if moment:
        return format_datetime(moment, usegmt=True)
    return iso
