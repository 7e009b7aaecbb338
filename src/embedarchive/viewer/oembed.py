"""The address of a preserved post -> oEmbed, so that any CMS shows its card (https://oembed.com)."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from datasette.utils.asgi import Response

from embedarchive.core.urls import split_anything
from embedarchive.library.records import PostRecord
from embedarchive.platforms import BY_NAME
from embedarchive.show.card import title_of
from embedarchive.show.tags import link_target, tag
from embedarchive.show.words import say_kept, say_post_status
from embedarchive.viewer.hosts import ForeignHost, make_absolute
from embedarchive.viewer.memento import find_post

WIDTH, HEIGHT = 560, 720
NAMELESS = (
    "this server was not told under which name it is reached, and does not repeat the one of a request: set base_url "
    "under plugins: embedarchive, or serve with --base-url"
)


async def serve_oembed(datasette: Any, request: Any) -> Response:
    """Answer for a post's page or card here, and for the post's own address anywhere."""
    if (request.args.get("format") or "json") != "json":
        return Response.json({"error": "only JSON is provided"}, status=501)
    url = request.args.get("url") or ""
    found = await find_post(datasette, request, original_of(url) or url)
    if not found:
        return Response.json({"error": "no archive here knows this post"}, status=404)
    links, record = found
    width, height = bounded(request.args.get("maxwidth"), WIDTH), bounded(request.args.get("maxheight"), HEIGHT)
    try:
        card = make_absolute(datasette, request, links.card(record.post.key))
    except ForeignHost:
        return Response.json({"error": NAMELESS}, status=421)
    return Response.json(describe(record, card, width, height), headers={"access-control-allow-origin": "*"})


def original_of(url: str) -> str | None:
    """The post's own address for the address of its page or card here, or None. Pure."""
    for part in ("/-/post/", "/-/card/"):
        path = ""
        if part in url:
            path = split_anything(url).path
        key = unquote(path.partition(part)[2])
        name, _, native_id = key.partition(":")
        if name in BY_NAME and native_id:
            return BY_NAME[name].canonical(native_id)
    return None


def bounded(text: str | None, most: int) -> int:
    if text and text.isdigit() and len(text) < 6:
        return min(max(int(text), 120), most)
    return most


def describe(record: PostRecord, card: str, width: int, height: int) -> dict[str, Any]:
    """The oEmbed answer: a frame around the card, which needs no script. Pure."""
    frame = tag(
        "iframe", src=card, width=width, height=height, title=title_of(record), loading="lazy",
        sandbox="allow-popups allow-popups-to-escape-sandbox", style="border:0;max-width:100%",
    )  # fmt: skip
    said = record.said
    return {
        "version": "1.0",
        "type": "rich",
        "html": str(frame),
        "width": width,
        "height": height,
        "title": title_of(record),
        "author_name": said.author_name if said else None,
        "author_url": link_target(said.author_url) if said else None,
        "provider_name": "embedarchive",
        "cache_age": 3600,
        # Beyond oEmbed, for heal.js: whether there is a hole to fill, and with what.
        "status": record.status,
        "preserved": record.preserved,
        "kept": say_kept(record),
        "says": say_post_status(record),
        "card_url": card,
    }
