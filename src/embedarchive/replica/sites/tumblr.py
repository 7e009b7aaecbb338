"""Tumblr: the frame that embed codes name by a token or a blog, oEmbed; text and pictures, gone."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from embedarchive.replica import people as p
from embedarchive.replica.assets import read
from embedarchive.replica.cdn import answer_media, avatar_url, picture_url
from embedarchive.replica.facts import Person, PostFact, Slide, State
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

STATES = {
    "live": State("the post"),
    "gone": State("404 from the frame and from oEmbed", "gone", "deleted"),
    "unsure": State("404 from the frame; oEmbed 500", "unavailable", "unconfirmed"),
    "private": State("404 from the frame; oEmbed 403", "unavailable", "private"),
    "refused": State(
        "404 from the frame; oEmbed has the post",
        "unavailable",
        "embed_refused",
        tells=lambda post: _publish_oembed(post),
        embedding="refused",
    ),
    "strange": State("a page of another make", "error", "unrecognized"),
    "wrong_post": State("the frame of another post", "error", "wrong_post"),
    **FAULTS,
}
_CDN = "64.media.tumblr.com"
TOKEN = "t:Kp3vQx9LmZaT7rWb"


def _post(name: str, key: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    url = f"https://www.tumblr.com/{author.handle.replace('_', '-')}/{key}"
    return PostFact("tumblr", name, key, url, more.pop("kind", "text"), author, at, text, slides, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "tu-cloud",
        "775120334455667712",
        "2025-02-14T14:00:00Z",
        p.CLARA,
        "a cloud is a lake that got ideas\n\n(draft four)",
        Slide("sea:squall", "A tall grey cloud over water.", width=1080, height=1350),
        kind="photo",
    ),
    _post("tu-note", "775230445566778823", "2025-02-15T09:00:00Z", p.CLARA, "the sky owes me nothing. rude, though."),
)
_BY_KEY = {post.key: post for post in POSTS}


def _blog(post: PostFact) -> str:
    return post.author.handle.replace("_", "-")


def _answer(request: Request, world: World) -> Reply | None:
    if wall := answer_block_page(request):
        return wall
    post = next((post for key, post in _BY_KEY.items() if key in request.target), None)
    state = world.state(post)
    if request.host == "www.tumblr.com":
        if request.path == "/oembed/1.0":
            return _answer_oembed(post, state)
        return None
    if not request.path.startswith("/embed/post/"):
        return None
    if fault := answer_fault(state, request):
        return fault
    if state == "strange":
        return html("<!DOCTYPE html><title>Tumblr</title><main><h1>Hello</h1><p>Explore.</p></main>")
    known = post is not None and request.path.split("/")[3] in (TOKEN, _blog(post))
    if post and state == "wrong_post":
        post, state = next(each for each in POSTS if each is not post), "live"
    if post is None or state != "live" or not known:
        return html(_page('<div class="nothing">Nothing here.</div>'), 404)
    return html(_page(_card(post)))


def _answer_oembed(post: PostFact | None, state: str) -> Reply:
    statuses = {"gone": 404, "private": 403}
    if state == "unsure":
        return html("<h1>Error</h1>", 500)
    if post is None or state in statuses:
        return json_text('{"meta":{"status":404,"msg":"Not Found"}}', statuses.get(state, 404))
    code = f'<div class="tumblr-post" data-href="https://embed.tumblr.com/embed/post/{TOKEN}/{post.key}/v2"></div>'
    said = {"url": post.url, "provider_name": "Tumblr", "version": "1.0", "type": "rich", "html": code}
    return json_text(
        json.dumps({**said, "author_name": _blog(post), "author_url": f"https://www.tumblr.com/{_blog(post)}"})
    )


def _page(body: str) -> str:
    return read("tumblr/frame.html").decode().replace("{body}", body)


def _card(post: PostFact) -> str:
    text = "".join(f"<p>{escape(part)}</p>" for part in post.caption.split("\n\n"))
    images = "".join(
        f'<figure><img alt="{escape(slide.alt or "")}" src="{picture_url(_CDN, post, n, "?s640")}" '
        f'srcset="{picture_url(_CDN, post, n, "?s640")} 640w, {picture_url(_CDN, post, n)} {slide.width}w" '
        'sizes="540px"></figure>'
        for n, slide in enumerate(post.slides)
    )
    return (
        f'<div class="post" data-post-id="{post.key}"><article data-post-id="{post.key}">'
        f'<header><img alt="" src="{avatar_url(_CDN, post.author)}">'
        f'<a rel="author" href="https://www.tumblr.com/{_blog(post)}">{escape(post.author.name)}</a></header>{images}'
        f'<div class="post-content">{text}</div><footer><a href="{post.url}"><time datetime="{post.posted_at}">'
        f"{post.posted_at[:10]}</time></a><span>View on Tumblr</span></footer></article></div>"
    )


def _answer_media(request: Request, world: World) -> Reply | None:
    return answer_media(request, world, POSTS)


def _publish(post: PostFact) -> Published:
    """Nobody says how many liked it."""
    names = ("kind", "author_name", "text", "posted_at")
    return publish(post, *names, author_handle=_blog(post), author_url=_link(post), media=list_files(post, _CDN))


def _link(post: PostFact) -> str:
    return f"https://www.tumblr.com/{_blog(post)}"


def _publish_oembed(post: PostFact) -> Published:
    return {"author_name": _blog(post), "author_url": _link(post)}


SITES = (
    Site(("embed.tumblr.com", "www.tumblr.com"), _answer, POSTS, STATES, publishes=_publish),
    Site((_CDN,), _answer_media),
)
