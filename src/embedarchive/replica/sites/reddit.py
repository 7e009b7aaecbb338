"""Reddit: the embed frame with its data, oEmbed, widgets.js; every kind of post, removed, private, gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from typing import Any
from urllib.parse import urlsplit

from embedarchive.core.model import Media
from embedarchive.replica import people as p
from embedarchive.replica.assets import asset, read
from embedarchive.replica.cdn import answer_media
from embedarchive.replica.facts import Person, PostFact, Slide, State, milliseconds
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault, in_languages, split_language
from embedarchive.replica.published import Published, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

STATES = {
    **in_languages(
        {"live": State("the post"), "gone": State("a shell without canonical address; oEmbed 404", "gone", "deleted")},
        "gone",
    ),
    "removed": State("the address, without kind, title and score; oEmbed has it", "unavailable", "removed"),
    "removed_gone": State("the same; oEmbed 404", "gone", "deleted"),
    "private": State("the shell; oEmbed is a page of the site with 403", "unavailable", "unconfirmed"),
    "refused": State("the shell; oEmbed has the post", tells=lambda post: _publish_oembed(post), embedding="refused"),
    "strange": State("a page of another make; oEmbed 404", "unavailable", "unconfirmed"),
    "wrong_post": State("the frame of another post", "error", "wrong_post"),
    **FAULTS,
}
_SAID = {
    "en": "This post is not available.",
    "de": "Dieser Beitrag ist nicht verfügbar.",
    "ja": "この投稿は表示できません。",
    "ar": "هذا المنشور غير متاح.",
}
_SUB = "UrbanBeekeeping"
_MEDIA = "i.redd.it"
_TYPES = {"photo": "image", "carousel": "gallery"}


def _post(name: str, key: str, at: str, author: Person, title: str, *slides: Slide, **more: Any) -> PostFact:
    url = f"https://www.reddit.com/r/{_SUB}/comments/{key}/"
    return PostFact("reddit", name, key, url, more.pop("kind", "link"), author, at, title, slides, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "rd-honey",
        "1m4q7zx",
        "2025-07-20T18:44:00Z",
        p.BEES,
        "Neighbours say our honey tastes of fried fish. It does not. AMA.",
        likes=4_812,
        comments=603,
    ),
    _post(
        "rd-swarm", "1lz0k2b", "2025-06-30T07:12:00Z", p.BEES, "Swarm on a tram stop, what now?", likes=91, state="gone"
    ),
    _post(
        "rd-frame",
        "1m7d0qk",
        "2025-07-23T09:30:00Z",
        p.BEES,
        "First full frame of the year",
        Slide("still:honey", "A wooden frame of honey.", width=1080, height=1350),
        kind="photo",
        likes=1_207,
        comments=58,
    ),
    _post(
        "rd-roofs",
        "1m9c4tt",
        "2025-07-26T17:05:00Z",
        p.BEES,
        "Three roofs, three harvests",
        Slide("still:honey", None, width=1080, height=1350),
        Slide("city:tram", None, width=1080, height=1350),
        Slide("sea:harbour", None, width=1080, height=1350),
        kind="carousel",
        likes=640,
        comments=21,
    ),
    _post(
        "rd-varroa",
        "1mb2yyu",
        "2025-07-28T06:00:00Z",
        p.BEES,
        "How we count mites without killing a single bee",
        kind="text",
        likes=388,
        comments=97,
    ),
    _post(
        "rd-hum",
        "1mcc81p",
        "2025-07-29T20:15:00Z",
        p.BEES,
        "The hum at dusk [sound on]",
        Slide("still:honey", None, video=True, width=1080, height=1350),
        kind="video",
        likes=2_044,
        comments=112,
    ),
)
_BY_KEY = {post.key: post for post in POSTS}
BODIES = {"rd-varroa": "Powdered sugar, a jar with a mesh lid, two minutes.\n\nThe bees go home white and offended."}
"""What text posts say below their title."""


def quote_html(post: PostFact) -> str:
    """Give the embed code: title, author, community, and when the code was made (not the post)."""
    return (
        f'<blockquote class="reddit-embed-bq" style="height:316px" data-embed-height="316" '
        f'data-embed-created="2025-07-21T09:00:00.000Z"><a href="{post.url}">{escape(post.caption)}</a><br> by'
        f'<a href="https://www.reddit.com/user/{handle(post)}/">u/{handle(post)}</a> in'
        f'<a href="https://www.reddit.com/r/{_SUB}/">{_SUB}</a></blockquote>'
        '<script async src="https://embed.reddit.com/widgets.js" charset="UTF-8"></script>'
    )


def handle(post: PostFact) -> str:
    """Give the author's name on Reddit, which has no points."""
    return post.author.handle.replace(".", "_")


def _key_in(path: str) -> str:
    parts = path.strip("/").split("/")
    if "comments" in parts[:-1]:
        return parts[parts.index("comments") + 1]
    return ""


def _answer_frame(request: Request, world: World) -> Reply | None:
    if request.path == "/widgets.js":
        return asset("reddit/widgets.js")
    if wall := answer_block_page(request):
        return wall
    post = _BY_KEY.get(_key_in(request.path))
    state, lang = split_language(world.state(post), request)
    if fault := answer_fault(state, request):
        return fault
    if state == "strange":
        return html("<!DOCTYPE html><title>Reddit</title><main><h1>Welcome</h1><p>Pick a community.</p></main>")
    if post and state == "wrong_post":
        post, state = next(each for each in POSTS if each is not post), "live"
    if post and state.startswith("removed"):
        return html(_page(_address(post) + _data(post, {}) + f"<shreddit-embed>{_SAID['en']}</shreddit-embed>"))
    if post is None or state != "live":
        shell = '<input type="hidden" id="canonical-url-updater" value="https://www.reddit.com/undefined">'
        return html(_page(f"{shell}<shreddit-embed-error>{_SAID[lang]}</shreddit-embed-error>"))
    return html(_page(_card(post, whole=not request.path.startswith("/r/_/"))))


def _page(inside: str) -> str:
    return read("reddit/frame.html").decode().replace("{post}", inside)


def _address(post: PostFact) -> str:
    return f'<input type="hidden" id="canonical-url-updater" value="{post.url}">'


def _data(post: PostFact, more: dict[str, Any]) -> str:
    about = {"id": f"t3_{post.key}", "created_timestamp": milliseconds(post.posted_at), "nsfw": False, **more}
    data = escape(json.dumps({"post": about, "subreddit": {"name": _SUB}}))
    return f'<shreddit-screenview-data data="{data}"></shreddit-screenview-data>'


def _file(post: PostFact, index: int) -> str:
    return f"{post.key}file{index}"


def _card(post: PostFact, *, whole: bool) -> str:
    """Give the post as the frame shows it; in a community it is not in, title, author and score are left out."""
    url = {"photo": f"https://{_MEDIA}/{_file(post, 0)}.jpg", "video": f"https://v.redd.it/{post.key}film"}
    kind = {"type": _TYPES.get(post.kind, post.kind), "url": url.get(post.kind, post.url)}
    who = f'<a href="https://www.reddit.com/user/{handle(post)}/">u/{handle(post)}</a>'
    head = f'<div class="head"><b>r/{_SUB}</b><span>{who if whole else ""} · {post.posted_at[:10]}</span></div>'
    title = ""
    if whole:
        title = f'<h1 class="line-clamp-3"><a href="{post.url}">{escape(post.caption)}</a></h1>'
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in BODIES.get(post.name, "").split("\n\n") if part)
    body = ""
    if paragraphs:
        body = f'<div id="t3_{post.key}-post-rtjson-content">{paragraphs}</div>'
    score = ""
    if whole:
        score = f'<span>▲ <faceplate-number number="{post.likes}">{post.likes:,}</faceplate-number></span>'
    foot = f'<div class="foot">{score}<a href="{post.url}">View {post.comments:,} comments</a></div>'
    inside = f"{head}{title}{body}{_pictures(post)}{foot}"
    return f'{_address(post)}{_data(post, kind)}<shreddit-embed canonical-url="{post.url}">{inside}</shreddit-embed>'


def _pictures(post: PostFact) -> str:
    if not post.slides:
        return ""
    preview = "https://preview.redd.it/a-title-v0-"
    images = "".join(
        f'<img alt="{escape(slide.alt or "")}" src="{preview}{_file(post, n)}.jpg?width=640&amp;s=1">'
        for n, slide in enumerate(post.slides)
    )
    if post.kind == "video":
        poster = f"https://external-preview.redd.it/{_file(post, 0)}.jpg?s=1"
        player = f'<shreddit-player src="https://v.redd.it/{post.key}film/HLSPlaylist.m3u8" poster="{poster}">'
        return f'{player}</shreddit-player><div class="film"><img alt="" src="{poster}"></div>'
    if post.kind == "carousel":
        return f"<gallery-carousel>{images}</gallery-carousel>"
    return images


def _answer_site(request: Request, world: World) -> Reply | None:
    if request.path != "/oembed":
        # As data centres meet it.
        return html("<title>Blocked</title>whoa there, pardner!", 403)
    post = _BY_KEY.get(_key_in(urlsplit(request.param("url")).path))
    state = world.state(post)
    if state == "private":
        return html("<title>Forbidden</title><h1>Forbidden</h1>", 403)
    if post is None or state not in ("live", "removed", "refused"):
        return json_text('{"message":"Not Found","error":404}', 404)
    answer = {
        "provider_url": "https://www.reddit.com/",
        "version": "1.0",
        "title": post.caption,
        "provider_name": "reddit",
        "type": "rich",
        "html": quote_html(post),
        "height": 316,
        "author_name": handle(post),
    }
    return json_text(json.dumps(answer))


def _answer_media(request: Request, world: World) -> Reply | None:
    """Serve a picture by its file's name, whole at `i.redd.it`, as a preview elsewhere."""
    for post in POSTS:
        for number in range(len(post.slides)):
            if _file(post, number) in request.path:
                asked = Request("GET", "https", request.host, f"/{post.name}/{number}.jpg", request.headers)
                return answer_media(asked, world, POSTS)
    return None


def _publish(post: PostFact) -> Published:
    """The frame names the author by handle alone, and a film's files are streams."""
    names = ("kind", "title", "posted_at", "likes", "comments")
    return publish(post, *names, text=BODIES.get(post.name), sensitive=False, media=tuple(_files(post)), **_who(post))


def _files(post: PostFact) -> Iterator[Media]:
    for number, slide in enumerate(post.slides):
        if slide.video:
            yield Media("media", 1, "", missing="only_streamed")
            yield Media("poster", 1, f"https://external-preview.redd.it/{_file(post, number)}.jpg")
        else:
            yield Media("media", number + 1, f"https://{_MEDIA}/{_file(post, number)}.jpg", alt=slide.alt)


def _who(post: PostFact) -> Published:
    name = handle(post)
    return {"author_name": name, "author_handle": name, "author_url": f"https://www.reddit.com/user/{name}/"}


def _publish_oembed(post: PostFact) -> Published:
    return publish(post, "title", author_name=handle(post))


SITES = (
    Site(("embed.reddit.com", "www.redditmedia.com"), _answer_frame, POSTS, STATES, publishes=_publish),
    Site(("www.reddit.com", "reddit.com", "old.reddit.com"), _answer_site),
    Site((_MEDIA, "preview.redd.it", "external-preview.redd.it"), _answer_media),
)
