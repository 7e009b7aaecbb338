"""A Pixelfed instance: the frame, the page, the API."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from typing import Any

from embedarchive.replica import people as p
from embedarchive.replica.cdn import answer_media, avatar_url
from embedarchive.replica.facts import Person, PostFact, Slide, State, kind_of, milliseconds, number_from
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.statuses import publish_status, status_json, user
from embedarchive.replica.wire import Reply, Request, html, json_text, not_found
from embedarchive.replica.world import World

HOST = "bilder.moorlicht.example"
ELSEWHERE = "pixelfed.social"
"""Another instance, which has none of the posts."""
_EPOCH_MS = 1_549_756_800_000
STATES = {
    "live": State("the post"),
    "gone": State("the card that says no; the API knows no such row", "gone", "deleted"),
    "private": State("the card that says no; the API says 403", "unavailable", "private"),
    "hidden": State(
        "the card that says no; the API says 404 (the account is private, or the post a draft)",
        "unavailable",
        "unconfirmed",
    ),
    "embed_refused": State(
        "the card that says no; the API has the post (it is sensitive, or its instance wants no embeds)",
        tells=lambda post: _publish(post),
        embedding="refused",
    ),
    "api_closed": State("the post; the API says 403", tells=lambda post: _publish_card(post)),
    "frame_missing": State("404 in the frame and in the API, both another server's", "error", "http_404"),
    "application": State("the web application in the frame's place", "error", "unrecognized"),
    "wrong_post": State("another post under this address", "error", "wrong_post"),
    "truncated": State("the beginning of the frame, then the connection ends", "error", "truncated"),
    **FAULTS,
}
_STYLE = (
    "body{margin:0;font:14px/1.5 sans-serif;color:#212529}a{color:inherit;text-decoration:none}hr{border:0;border-top:"
    "1px solid #eee}.status-card-embed{border:1px solid #dee2e6;border-radius:4px;overflow:hidden}.card-header,.card-"
    "footer{display:flex;align-items:center;gap:8px;padding:10px 14px}.card-header img{border-radius:32px}.username{"
    "font-weight:700}.card-body{padding:14px}.card-footer{justify-content:space-between;color:#6c757d}img{display:block}"
    "figure{margin:0}.carousel-item{display:none}.carousel-item.active{display:block}.carousel-item img,video{width:100%}"
    ".embed-card.border .card-body{text-align:center;padding:120px 40px}"
)


def _post(name: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    number = str((milliseconds(at) - _EPOCH_MS) << 22 | number_from(f"pixelfed:{name}", 1 << 22))
    kind = kind_of(slides)
    url = f"https://{HOST}/p/{author.handle.replace('.', '_')}/{number}"
    return PostFact("pixelfed", name, f"{HOST}/{number}", url, kind, author, at, text, slides, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "pf-heath",
        "2026-02-08T07:15:00Z",
        p.HAFEN,
        "Der Nebel war schneller als wir.\n\nUnd leiser.",
        Slide("forest:mist", "Ein Waldrand im Nebel"),
        likes=1_204,
        comments=38,
        lang="de",
    ),
    _post(
        "pf-stalls",
        "2025-11-22T12:00:00Z",
        p.ZAYTOUNA,
        "ثلاث صور من السوق.",
        Slide("city:market", "سوق مسقوف"),
        Slide("still:olives", None),
        Slide("still:bowl", None),
        likes=388,
        comments=12,
        lang="ar",
    ),
    _post(
        "pf-waves",
        "2026-01-03T16:48:00Z",
        p.KYSTVAKTA,
        "Eleven metres at the outer buoy.",
        Slide("sea:storm", "A breaking wave", video=True, width=1280, height=720),
        likes=96,
        comments=3,
    ),
)
_BY_NUMBER = {post.key.rpartition("/")[2]: post for post in POSTS}


def frame_html(post: PostFact) -> str:
    """Give the embed code: a frame, and the script that fits its height."""
    return (
        f'<iframe title="Pixelfed Post Embed" src="{post.url}/embed?caption=true&likes=false&layout=full" '
        'class="pixelfed__embed" style="max-width: 100%; border: 0" width="400" allowfullscreen="allowfullscreen">'
        f'</iframe><script async defer src="https://{HOST}/embed.js"></script>'
    )


_RESIZE = (
    "document.querySelectorAll('iframe.pixelfed__embed').forEach(function(f,i){addEventListener('message',function(e){"
    "if(e.data.type==='setHeight'&&e.source===f.contentWindow)f.height=e.data.height});f.onload=function(){"
    "f.contentWindow.postMessage({type:'setHeight',id:i},'*')}})"
)
_HEIGHT = (
    "<script>addEventListener('message',function(e){if(e.data.type==='setHeight')parent.postMessage({type:'setHeight',"
    "id:e.data.id,height:document.documentElement.scrollHeight},'*')})</script>"
)


def _answer(request: Request, world: World) -> Reply | None:
    parts = request.path.strip("/").split("/")
    if request.path == "/embed.js":
        return Reply(200, (("Content-Type", "application/javascript"),), _RESIZE.encode())
    if wall := answer_block_page(request):
        return wall
    if parts[0] == "storage":
        return answer_media(replace(request, target=request.target.removeprefix("/storage")), world, POSTS)
    number = next((part for part in reversed(parts) if part.isdecimal()), "")
    post = _BY_NUMBER.get(number)
    state = world.state(post)
    if fault := answer_fault(state, request):
        return fault
    if state == "frame_missing":
        return not_found()
    if parts[:2] == ["api", "v2"]:
        return _answer_api(post, number, state)
    if parts[0] == "p" and parts[-1] == "embed":
        return _answer_frame(post, state)
    return html(_page("<div id=app>Pixelfed</div>"), 200 if post and state in ("live", "api_closed") else 404)


def _answer_api(post: PostFact | None, number: str, state: str) -> Reply:
    if post is None or state == "gone":
        return json_text(json.dumps({"error": f"No query results for model [App\\Status] {number}"}), 500)
    if state in ("private", "hidden", "api_closed"):
        return json_text('{"error":""}', 404 if state == "hidden" else 403)
    said = status_json(post, HOST, "storage")
    account = {**said["account"], "url": f"https://{HOST}/{user(post)}"}
    said |= {"account": account, "reply_count": said.pop("replies_count"), "language": None}
    return json_text(json.dumps({"status": said}))


def _answer_frame(post: PostFact | None, state: str) -> Reply:
    if post is None or state in ("gone", "private", "hidden", "embed_refused"):
        said = "The link to this photo or video may be broken, or the post may have been removed."
        return html(
            _page(
                '<div class="embed-card border"><div class="card status-card-embed card-md-rounded-0 card-body">'
                f"<div><p>Pixelfed</p><p>{said}</p></div></div></div>"
            )
        )
    if state == "application":
        return html(_page('<div id="app"><h1>Pixelfed</h1><p>Photo sharing. For everyone.</p></div>'))
    if state == "wrong_post":
        shown = next(each for each in POSTS if each is not post)
    else:
        shown = post
    head = f'<meta property="og:type" content="article"><meta property="og:url" content="{shown.url}">'
    reply = html(_page(f'<div class="embed-card">{_card(shown)}</div>{_HEIGHT}', head))
    if state == "truncated":
        return replace(reply, sent=0.6)
    return reply


def _page(body: str, head: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Pixelfed</title>{head}<style>{_STYLE}</style>'
        f'</head><body class="bg-white">{body}</body></html>'
    )


def _card(post: PostFact) -> str:
    name, home = user(post), f"https://{HOST}/{user(post)}"
    link = f'<a class="username font-weight-bold" target="_blank" href="{home}">{name}</a>'
    caption = escape(post.caption).replace("\n", "<br>")
    return (
        '<div class="card status-card-embed card-md-rounded-0 border"><div class="card-header"><img width="32" '
        f'height="32" src="{avatar_url(f"{HOST}/storage", post.author)}">{link}</div>'
        f'<a href="{post.url}" target="_blank">{_shown(post)}</a><div class="card-body"><div class="view-more">'
        f'<a href="{post.url}">View More on Pixelfed</a></div><hr><div class="caption"><p><span class="username"><bdi>'
        f'<a href="{home}">{name}</a></bdi></span> <span class="caption-container">{caption}</span></p></div></div>'
        f'<div class="card-footer"><p class="small"><a href="{post.url}">3 weeks ago</a></p><a href="https://{HOST}">'
        f"{HOST}</a></div></div>"
    )


def _shown(post: PostFact) -> str:
    files = [each["url"] for each in status_json(post, HOST, "storage")["media_attachments"]]
    if post.slides[0].video:
        film = f'<video class="video" preload="none" controls loop><source src="{files[0]}" type="video/mp4"></video>'
        return f'<div class="embed-responsive embed-responsive-16by9">{film}</div>'
    if len(files) == 1:
        return f'<div class="filter-none"><img src="{files[0]}" width="100%"></div>'
    items = (
        f'<div class="carousel-item {"active" if n == 0 else ""}"><figure><img class="d-block w-100" src="{file}" '
        f'alt="{escape(post.caption)}"></figure></div>'
        for n, file in enumerate(files)
    )
    return f'<div class="carousel slide"><div class="carousel-inner">{"".join(items)}</div></div>'


def _publish(post: PostFact) -> Published:
    """The API knows no language of a post."""
    return {**publish_status(post, _host(post), "storage"), "lang": None, "author_url": _link(post)}


def _publish_card(post: PostFact) -> Published:
    """The card names the author by handle alone, and describes pictures by the caption."""
    files = list_files(post, f"{_host(post)}/storage", alts=False, posters=False, avatar=True)
    handle = f"{user(post)}@{_host(post)}"
    return publish(post, "kind", "text", author_handle=handle, author_url=_link(post), media=files)


def _host(post: PostFact) -> str:
    return post.key.partition("/")[0]


def _link(post: PostFact) -> str:
    return f"https://{_host(post)}/{user(post)}"


SITES = (Site((HOST, ELSEWHERE), _answer, POSTS, STATES, publishes=_publish, embed=frame_html),)
