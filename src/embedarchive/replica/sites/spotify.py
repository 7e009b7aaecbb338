"""Spotify: a track's frame and its oEmbed; live and gone."""

from __future__ import annotations

import json
from html import escape

from embedarchive.replica import people as p
from embedarchive.replica.facts import PostFact
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

STATES = {"live": "the track", "gone": "404 from frame and oEmbed"}
_ID = "4mVqRx0tQ2nL8yWcKzB7hd"

POSTS: tuple[PostFact, ...] = (
    PostFact(
        "spotify",
        "sp-terminal",
        f"track/{_ID}",
        f"https://open.spotify.com/track/{_ID}",
        "audio",
        p.NIGHTBUS,
        "2025-05-02T00:00:00Z",
        "Terminal Stop",
    ),
)
_POST = POSTS[0]


def frame_html(post: PostFact) -> str:
    """Give the embed code."""
    return (
        f'<iframe style="border-radius:12px" src="https://open.spotify.com/embed/{post.key}?utm_source=generator" '
        'width="100%" height="152" frameborder="0" loading="lazy"></iframe>'
    )


def _answer(request: Request, world: World) -> Reply | None:
    live = world.state(_POST) == "live"
    if request.path == "/oembed":
        if not live or _ID not in request.param("url"):
            return json_text('{"error":"not found"}', 404)
        answer = {"type": "rich", "title": _POST.caption, "provider_name": "Spotify", "html": frame_html(_POST)}
        return json_text(json.dumps(answer))
    if request.path == f"/embed/{_POST.key}":
        return html(_card() if live else "<title>Page not found</title>", 200 if live else 404)
    return None


def _card() -> str:
    style = "background:#27456b;color:#fff;border-radius:12px;padding:22px 26px;height:152px;box-sizing:border-box"
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Spotify Embed</title></head>'
        '<body style="margin:0;font:600 17px/1.5 sans-serif">'
        f'<div data-testid="embed-widget-container" style="{style}">'
        f"<div>{escape(_POST.caption)}</div><small>{escape(_POST.author.name)}</small></div></body></html>"
    )


SITES = (Site(("open.spotify.com",), _answer, POSTS, STATES),)
