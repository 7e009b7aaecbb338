"""TikTok: the player page with its state, the post page, oEmbed, short links; live, gone, private."""

from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import urlsplit

from embedarchive.replica import people as p
from embedarchive.replica.assets import asset, read
from embedarchive.replica.facts import Person, PostFact, Slide, milliseconds, number_from
from embedarchive.replica.pictures import resized
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text, redirect
from embedarchive.replica.world import World

STATES = {"live": "the post", "gone": "400 on the player, 10204 on the page", "private": "400 and 10222"}
_CODES = {"live": 0, "gone": 10204, "private": 10222}


def _post(name: str, at: str, author: Person, text: str, slide: Slide, **more: Any) -> PostFact:
    key = str(milliseconds(at) // 1000 << 32 | number_from(f"tiktok:{name}", 1 << 32))
    url = f"https://www.tiktok.com/@{author.handle}/video/{key}"
    return PostFact("tiktok", name, key, url, "video", author, at, text, (slide,), **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "tt-band",
        "2026-03-09T10:02:44Z",
        p.BEES,
        "the brass band at km 21 only knows ONE song #marathon #brassband",
        Slide("city:market", None, video=True, width=720, height=1280),
        likes=412_300,
        comments=3_904,
        audio=("Harbour Bees", "original sound"),
    ),
    _post(
        "tt-glaze",
        "2025-12-01T08:15:00Z",
        p.BERGAMOT,
        "pov: the kiln decides #pottery",
        Slide("still:bowl", None, video=True, width=720, height=1280),
        likes=18_020,
        comments=211,
        audio=("Studio Bergamot", "original sound"),
        state="gone",
    ),
)
_BY_KEY = {post.key: post for post in POSTS}


def quote_html(post: PostFact) -> str:
    """Give the embed code: caption, tags and sound."""
    artist, title = post.audio or ("", "original sound")
    handle = post.author.handle
    return (
        f'<blockquote class="tiktok-embed" cite="{post.url}" data-video-id="{post.key}" data-embed-from="oembed" '
        f'style="max-width:605px; min-width:325px;"><section><a target="_blank" title="@{handle}" '
        f'href="https://www.tiktok.com/@{handle}?refer=embed">@{handle}</a> <p>{escape(post.caption)}</p> '
        f'<a target="_blank" title="♬ {title} - {artist}" href="https://www.tiktok.com/music/original-sound-1?refer=embed">'
        f'♬ {title} - {artist}</a></section></blockquote><script async src="https://www.tiktok.com/embed.js"></script>'
    )


def _answer(request: Request, world: World) -> Reply | None:
    parts = request.path.strip("/").split("/")
    if request.path == "/embed.js":
        return asset("tiktok/embed.js")
    if request.path == "/oembed":
        return _answer_oembed(request, world)
    post = _BY_KEY.get(parts[-1])
    state = world.state(post) if post else "gone"
    if parts[:2] in (["embed", "v2"], ["player", "v1"]):
        if post is None or state != "live":
            return html("<!DOCTYPE html><title>TikTok</title><div class=error>Video currently unavailable</div>", 400)
        return html(_player(post))
    if len(parts) == 3 and parts[1] in ("video", "photo"):
        return html(_page(post, state))
    return None


def _info(post: PostFact) -> dict[str, Any]:
    return {
        "itemInfos": {
            "id": post.key,
            "text": post.caption,
            "createTime": str(milliseconds(post.posted_at) // 1000),
            "playCount": post.likes * 9,
            "diggCount": post.likes,
            "commentCount": post.comments,
            "shareCount": post.comments // 3,
            "covers": [f"https://p16-sign.tiktokcdn.example/{post.key}.jpeg"],
            "video": {"videoMeta": {"width": 720, "height": 1280, "duration": 2}},
        },
        "authorInfos": {"uniqueId": post.author.handle, "nickName": post.author.name, "verified": post.author.verified},
        "musicInfos": {"musicName": (post.audio or ("", ""))[1], "authorName": (post.audio or ("", ""))[0]},
    }


def _player(post: PostFact) -> str:
    state = {"source": {"data": {f"/embed/v2/{post.key}": {"videoData": _info(post), "isError": False}}}}
    text = json.dumps(state, ensure_ascii=False).replace("<", "\\u003c")
    return read("tiktok/player.html").decode().replace("{state}", text)


def _page(post: PostFact | None, state: str) -> str:
    detail: dict[str, Any] = {
        "statusCode": _CODES.get(state, 0),
        "statusMsg": "" if state == "live" else "item doesn't exist",
    }
    if post and state == "live":
        author = {"uniqueId": post.author.handle, "nickname": post.author.name}
        detail["itemInfo"] = {"itemStruct": {"id": post.key, "desc": post.caption, "author": author}}
    data = json.dumps({"__DEFAULT_SCOPE__": {"webapp.video-detail": detail}}, ensure_ascii=False).replace(
        "<", "\\u003c"
    )
    return (
        "<!DOCTYPE html><html><head><title>TikTok - Make Your Day</title></head><body>"
        f'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{data}</script></body></html>'
    )


def _answer_oembed(request: Request, world: World) -> Reply:
    post = _BY_KEY.get(urlsplit(request.param("url")).path.rstrip("/").rpartition("/")[2])
    if post is None or world.state(post) != "live":
        return json_text('{"code":400,"message":"Something went wrong"}', 400)
    answer = {
        "version": "1.0",
        "type": "video",
        "title": post.caption,
        "author_url": f"https://www.tiktok.com/@{post.author.handle}",
        "author_name": post.author.name,
        "author_unique_id": post.author.handle,
        "embed_product_id": post.key,
        "html": quote_html(post),
        "thumbnail_url": f"https://p16-sign.tiktokcdn.example/{post.key}.jpeg",
        "provider_url": "https://www.tiktok.com",
        "provider_name": "TikTok",
    }
    return json_text(json.dumps(answer))


def _answer_cover(request: Request, world: World) -> Reply | None:
    post = _BY_KEY.get(request.path.strip("/").partition(".")[0])
    if not post:
        return None
    slide = post.slides[0]
    return Reply(200, (("Content-Type", "image/jpeg"),), lambda: resized(slide.picture, 1080, 1920, (720, 1280)))


def _answer_short(request: Request, world: World) -> Reply | None:
    name = request.path.strip("/").removeprefix("t/")
    post = next((post for post in POSTS if post.name == name), None)
    return redirect(f"{post.url}?_r=1&_t={name}", 301) if post else None


SITES = (
    Site(("www.tiktok.com",), _answer, POSTS, STATES),
    Site(("p16-sign.tiktokcdn.example",), _answer_cover),
    Site(("vm.tiktok.com", "vt.tiktok.com"), _answer_short),
)
