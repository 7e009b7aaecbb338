"""Pinterest: the frame drawn by script from the widgets' service, that service, oEmbed; pictures, a film, gone."""

from __future__ import annotations

import json
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from embedarchive.core.model import Media
from embedarchive.replica import people as p
from embedarchive.replica.assets import read
from embedarchive.replica.cdn import answer_media, avatar_url, picture_url, video_url
from embedarchive.replica.facts import Person, PostFact, Slide, State
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

STATES = {
    "live": State("the pin"),
    "gone": State("an empty frame; the widgets' service has no data, oEmbed says 404", "gone", "deleted"),
    "unsure": State("an empty frame; oEmbed says 404, the widgets' service 500", "unavailable", "unconfirmed"),
    "refused": State("an empty frame; oEmbed has the pin", "unavailable", "unconfirmed"),
    "strange": State("a page of another make", "unavailable", "unconfirmed"),
    "wrong_post": State("the widgets' service gives another pin", "error", "unrecognized"),
    **FAULTS,
}
_CDN, _FILMS = "i.pinimg.com", "v1.pinimg.com"


def _post(name: str, key: str, at: str, author: Person, title: str, slide: Slide, **more: Any) -> PostFact:
    url, kind = f"https://www.pinterest.com/pin/{key}/", "video" if slide.video else "photo"
    return PostFact("pinterest", name, key, url, kind, author, at, title, (slide,), **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "pi-bowl",
        "704391289215847361",
        "2024-10-10T10:00:00Z",
        p.BERGAMOT,
        "Celadon, second try",
        Slide("still:bowl", "A green bowl on grey wood.", width=1080, height=1350),
        likes=412,
        comments=9,
    ),
    _post(
        "pi-olives",
        "704391289215847999",
        "2024-11-02T10:00:00Z",
        p.ZAYTOUNA,
        "زيتون مخلل في دقيقة",
        Slide("still:olives", None, video=True, width=720, height=1280),
        likes=77,
        comments=2,
        lang="ar",
    ),
)
_BY_KEY = {post.key: post for post in POSTS}


def _pin(post: PostFact) -> dict[str, Any]:
    """Give a pin as the widgets' service does."""
    slide, handle = post.slides[0], post.author.handle.replace(".", "")
    at = picture_url(_CDN, post, 0)
    names = {"full_name": post.author.name, "username": handle, "follower_count": post.author.followers}
    owner = {
        **names,
        "profile_url": f"https://www.pinterest.com/{handle}/",
        "image_small_url": avatar_url(_CDN, post.author),
    }
    size = {"width": slide.width, "height": slide.height}
    images = {"237x": {"url": f"{at}?w=237", "width": 237, "height": 296}, "orig": {"url": at, **size}}
    film = {"V_720P": {"url": video_url(_FILMS, post, 0), **size, "duration": 1960}}
    counts = {"repin_count": 31, "comment_count": post.comments, "reaction_counts": {"1": post.likes}}
    said = {"id": post.key, "grid_title": post.caption, "title": "", "description": " ", "alt_text": slide.alt}
    when = format_datetime(datetime.fromisoformat(post.posted_at.replace("Z", "+00:00")))
    films = {"videos": {"video_list": film}} if slide.video else {"videos": None}
    return {**said, **counts, **films, "created_at": when, "pinner": owner, "images": images}


def _answer_frame(request: Request, world: World) -> Reply | None:
    if wall := answer_block_page(request):
        return wall
    if request.path != "/ext/embed.html":
        return None
    post = _BY_KEY.get(request.param("id"))
    state = world.state(post)
    if state == "strange":
        return html("<!DOCTYPE html><title>Pinterest</title><main><h1>Welcome</h1><p>Log in to see more.</p></main>")
    return answer_fault(state, request) or html(read("pinterest/frame.html").decode())


def _answer_widgets(request: Request, world: World) -> Reply | None:
    post = _BY_KEY.get(request.param("pin_ids"))
    state = world.state(post)
    origin = (("Access-Control-Allow-Origin", "*"),)
    if state == "unsure":
        return html("<h1>Error</h1>", 500, origin)
    if post and state == "wrong_post":
        post, state = next(each for each in POSTS if each is not post), "live"
    if post is None or state != "live":
        return json_text('{"status":"failure","code":0,"message":"ok","data":[]}', headers=origin)
    return json_text(
        json.dumps({"status": "success", "code": 0, "message": "ok", "data": [_pin(post)]}), headers=origin
    )


def _answer_site(request: Request, world: World) -> Reply | None:
    post = next((post for key, post in _BY_KEY.items() if key in request.target), None)
    if request.path != "/oembed.json":
        return html("<!DOCTYPE html><title>Pinterest</title><div id=root></div>")
    if post is None or world.state(post) in ("gone", "unsure"):
        return json_text('{"status":"failure","message":"Not found"}', 404)
    at = picture_url(_CDN, post, 0)
    said = {"version": "1.0", "type": "rich", "provider_name": "Pinterest", "title": post.caption}
    author = {"author_name": post.author.name, "author_url": "https://www.pinterest.com/x/"}
    return json_text(json.dumps({**said, **author, "thumbnail_url": f"{at}?w=236", "html": "<iframe></iframe>"}))


def _answer_media(request: Request, world: World) -> Reply | None:
    return answer_media(request, world, POSTS)


def _publish(post: PostFact) -> Published:
    handle = post.author.handle.replace(".", "")
    names = ("kind", "author_name", "author_followers", "title", "posted_at", "likes", "comments")
    slide = post.slides[0]
    files = list_files(post, _CDN, sizes=True, alts=False)
    if slide.video:
        film = Media("media", 1, video_url(_FILMS, post, 0), slide.width, slide.height, duration_s=1.96)
        files = (film, *files[1:])
    face = Media("avatar", 0, avatar_url(_CDN, post.author))
    link = f"https://www.pinterest.com/{handle}/"
    return publish(
        post, *names, author_handle=handle, author_url=link, shares=31, alt_text=slide.alt, media=(*files, face)
    )


SITES = (
    Site(("assets.pinterest.com",), _answer_frame, POSTS, STATES, publishes=_publish),
    Site(("widgets.pinterest.com",), _answer_widgets),
    Site(("www.pinterest.com",), _answer_site),
    Site((_CDN, _FILMS), _answer_media),
)
