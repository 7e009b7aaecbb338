"""YouTube: the player frame, oEmbed, thumbnails; live, gone, private, embedding off."""

from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from embedarchive.replica import people as p
from embedarchive.replica.assets import read
from embedarchive.replica.facts import Person, PostFact, Slide
from embedarchive.replica.pictures import resized
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text, redirect
from embedarchive.replica.world import World

STATES = {
    "live": "the video",
    "gone": "the frame says unavailable; oEmbed 404",
    "private": "the frame says private; oEmbed 401",
    "embed_off": "the frame says watch elsewhere; oEmbed 401",
}
_SAID = {"gone": "Video unavailable", "private": "Private video", "embed_off": "Watch on YouTube"}


def _post(name: str, key: str, at: str, author: Person, title: str, slide: Slide, **more: Any) -> PostFact:
    url = f"https://www.youtube.com/watch?v={key}"
    return PostFact("youtube", name, key, url, "video", author, at, title, (slide,), **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "yt-start",
        "q7ZxLrT2fNo",
        "2026-03-09T08:40:00Z",
        p.ASHA,
        "River Marathon: the start, from the bridge",
        Slide("dunes:evening:start", None, video=True, width=1280, height=720),
    ),
    _post(
        "yt-opening",
        "Lw0cK-hT9aQ",
        "2025-09-14T12:00:00Z",
        p.HAFEN,
        "Rundgang durch die Werftfotos",
        Slide("sea:harbour:tour", None, video=True, width=1280, height=720),
        state="gone",
        lang="de",
    ),
)
_BY_KEY = {post.key: post for post in POSTS}


def frame_html(post: PostFact) -> str:
    """Give the embed code."""
    return (
        f'<div class="video"><iframe width="560" height="315" src="https://www.youtube-nocookie.com/embed/{post.key}" '
        f'title="{escape(post.caption)}" frameborder="0" allowfullscreen loading="lazy"></iframe></div>'
    )


def _answer(request: Request, world: World) -> Reply | None:
    if request.path == "/oembed":
        return _answer_oembed(request, world)
    folder, _, key = request.path.strip("/").partition("/")
    if folder == "embed":
        post = _BY_KEY.get(key)
        state = world.state(post) if post else "gone"
        said = "" if post and state == "live" else _SAID[state]
        page = read("youtube/player.html").decode()
        values = {"{id}": escape(key), "{title}": escape(post.caption) if post else "", "{said}": said}
        for name, value in values.items():
            page = page.replace(name, value)
        return html(page)
    if folder in ("watch", "shorts", "live"):
        # The watch page is 200 whatever became of the video.
        return html("<!DOCTYPE html><html><head><title>- YouTube</title></head><body></body></html>")
    return None


def _answer_oembed(request: Request, world: World) -> Reply:
    parts = urlsplit(request.param("url"))
    key = (parse_qs(parts.query).get("v") or [parts.path.rpartition("/")[2]])[0]
    post = _BY_KEY.get(key)
    state = world.state(post) if post else "gone"
    if post is None or state == "gone":
        return html("Not Found", 404)
    if state != "live":
        return html("Unauthorized", 401)
    answer = {
        "title": post.caption,
        "author_name": post.author.name,
        "author_url": f"https://www.youtube.com/@{post.author.handle}",
        "type": "video",
        "height": 113,
        "width": 200,
        "version": "1.0",
        "provider_name": "YouTube",
        "provider_url": "https://www.youtube.com/",
        "thumbnail_url": f"https://i.ytimg.com/vi/{post.key}/hqdefault.jpg",
        "html": frame_html(post),
    }
    return json_text(json.dumps(answer))


def _answer_images(request: Request, world: World) -> Reply | None:
    parts = request.path.split("/")
    post = _BY_KEY.get(parts[2]) if len(parts) == 4 else None
    if post is None or world.state(post) == "gone":
        return None
    picture = post.slides[0].picture
    return Reply(200, (("Content-Type", "image/jpeg"),), lambda: resized(picture, 1280, 720, (640, 360)))


def _answer_short(request: Request, world: World) -> Reply | None:
    return redirect(f"https://www.youtube.com/watch?v={request.path.strip('/')}&feature=youtu.be", 303)


SITES = (
    Site(("www.youtube.com", "youtube.com", "www.youtube-nocookie.com", "m.youtube.com"), _answer, POSTS, STATES),
    Site(("i.ytimg.com",), _answer_images),
    Site(("youtu.be",), _answer_short),
)
