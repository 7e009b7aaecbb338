"""Spotify: a track's and an album's frame with the state it is drawn from, oEmbed; gone answers 200 too."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from typing import Any

from embedarchive.core.model import Media
from embedarchive.replica import people as p
from embedarchive.replica.cdn import answer_media, picture_url
from embedarchive.replica.facts import PostFact, Slide, State
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault
from embedarchive.replica.published import Published, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

STATES = {
    "live": State("the track"),
    "gone": State("a frame of nothing, with 200; oEmbed 404", "gone", "deleted"),
    "unsure": State("a frame of nothing; oEmbed 500", "unavailable", "unconfirmed"),
    "refused": State(
        "a frame of nothing; oEmbed has the track",
        "unavailable",
        "embed_refused",
        tells=lambda post: _publish_oembed(post),
        embedding="refused",
    ),
    "strange": State("a page of another make", "unavailable", "unconfirmed"),
    "wrong_post": State("the frame of another track", "error", "wrong_post"),
    **FAULTS,
}
_CDN, _PREVIEWS = "i.scdn.co", "p.scdn.co"


def _post(name: str, key: str, at: str, title: str, picture: str) -> PostFact:
    url = f"https://open.spotify.com/{key}"
    return PostFact("spotify", name, key, url, "audio", p.NIGHTBUS, at, title, (Slide(picture, width=640, height=640),))


POSTS: tuple[PostFact, ...] = (
    _post("sp-terminal", "track/4mVqRx0tQ2nL8yWcKzB7hd", "2025-05-02T00:00:00Z", "Terminal Stop", "stage:concert"),
    _post("sp-lines", "album/7pXwTn3vG5kM1sRdJbC9qf", "2025-05-02T00:00:00Z", "Lines & Transfers", "city:tram"),
)
_BY_ID = {post.key.partition("/")[2]: post for post in POSTS}


def frame_html(post: PostFact) -> str:
    """Give the embed code."""
    return (
        f'<iframe style="border-radius:12px" src="https://open.spotify.com/embed/{post.key}?utm_source=generator" '
        'width="100%" height="152" frameborder="0" loading="lazy"></iframe>'
    )


def _answer(request: Request, world: World) -> Reply | None:
    if wall := answer_block_page(request):
        return wall
    post = next((post for id_, post in _BY_ID.items() if id_ in request.target), None)
    state = world.state(post)
    if request.path == "/oembed":
        return _answer_oembed(post, state)
    if not request.path.startswith("/embed/"):
        return None
    if fault := answer_fault(state, request):
        return fault
    if state == "strange":
        return html("<!DOCTYPE html><title>Spotify</title><main><h1>Music for everyone.</h1><p>Hello.</p></main>")
    if post and state == "wrong_post":
        post, state = next(each for each in POSTS if each is not post), "live"
    if post is None or state != "live":
        nothing = {"status": 404, "title": "Page not found", "description": "", "links": []}
        return html(_page('<div class="nothing">Page not found</div>', nothing))
    return html(_page(_card(post), {"state": {"data": {"entity": _entity(post)}}}))


def _answer_oembed(post: PostFact | None, state: str) -> Reply:
    if state == "unsure":
        return html("<h1>Error</h1>", 500)
    if post is None or state not in ("live", "refused"):
        return json_text('{"error":"not found"}', 404)
    answer = {"type": "rich", "version": "1.0", "title": post.caption, "provider_name": "Spotify"}
    return json_text(json.dumps({**answer, "html": frame_html(post), "thumbnail_url": picture_url(_CDN, post, 0)}))


def _entity(post: PostFact) -> dict[str, Any]:
    kind, _, key = post.key.partition("/")
    cover = {"image": [{"url": picture_url(_CDN, post, 0), "maxWidth": 640, "maxHeight": 640}]}
    who = {"artists": [{"name": post.author.name}], "subtitle": post.author.name}
    when = {"releaseDate": {"isoString": post.posted_at}, "duration": 187_000}
    if kind == "track":
        sound = {"audioPreview": {"url": f"https://{_PREVIEWS}/mp3-preview/{key}"}}
    else:
        sound = {}
    what = {"type": kind, "name": post.caption, "title": post.caption, "uri": f"spotify:{kind}:{key}", "id": key}
    return {**what, **who, **when, **sound, "visualIdentity": cover}


def _page(body: str, props: dict[str, Any]) -> str:
    data = json.dumps({"props": {"pageProps": props}}, ensure_ascii=False).replace("<", "\\u003c")
    style = (
        "body{margin:0;font:600 17px/1.4 'Noto Sans','DejaVu Sans',sans-serif;color:#fff}"
        ".card{display:flex;gap:20px;align-items:center;background:#27456b;border-radius:12px;padding:18px 22px;"
        "box-sizing:border-box;height:152px}.card img{width:116px;height:116px;border-radius:6px}"
        ".card small{opacity:.8;font-weight:400}.card i{margin-left:auto;width:44px;line-height:44px;border-radius:50%;"
        "background:#fff;color:#27456b;text-align:center;font-style:normal}.nothing{color:#333;padding:40px}"
    )
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Spotify Embed</title><style>{style}</style>'
        f'</head><body>{body}<script id="__NEXT_DATA__" type="application/json">{data}</script></body></html>'
    )


def _card(post: PostFact) -> str:
    return (
        f'<div data-testid="embed-widget-container" class="card"><img alt="" src="{picture_url(_CDN, post, 0)}">'
        f"<div>{escape(post.caption)}<br><small>{escape(post.author.name)}</small></div><i>▶</i></div>"
    )


def _answer_files(request: Request, world: World) -> Reply | None:
    return answer_media(request, world, POSTS)


def _answer_preview(request: Request, world: World) -> Reply | None:
    """Serve thirty seconds of silence, shortened: an ID3 head and MPEG frames."""
    body = b"ID3\x04\x00\x00\x00\x00\x00\x00" + (b"\xff\xfb\x90\x64" + bytes(413)) * 20
    return Reply(200, (("Content-Type", "audio/mpeg"),), body)


def _publish(post: PostFact) -> Published:
    """A track's sound is the half minute that all may hear; an album has none of its own."""
    kind, _, key = post.key.partition("/")
    heard = Media("media", 1, f"https://{_PREVIEWS}/mp3-preview/{key}")
    if kind == "track":
        sound = heard
    else:
        sound = replace(heard, url="", missing="only_streamed")
    cover = Media("poster", 1, picture_url(_CDN, post, 0), 640, 640)
    return publish(post, "kind", "author_name", "title", "posted_at", media=(sound, cover))


def _publish_oembed(post: PostFact) -> Published:
    files = Media("media", 1, "", missing="only_streamed"), Media("poster", 1, picture_url(_CDN, post, 0))
    return publish(post, "kind", "title", media=files)


SITES = (
    Site(("open.spotify.com",), _answer, POSTS, STATES, publishes=_publish),
    Site((_CDN,), _answer_files),
    Site((_PREVIEWS,), _answer_preview),
)
