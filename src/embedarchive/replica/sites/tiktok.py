"""TikTok: the player page with its state, the post page, oEmbed, short links; live, gone, private, refused."""

from __future__ import annotations

import json
from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import urlsplit

from embedarchive.core.model import Media
from embedarchive.replica import people as p
from embedarchive.replica.assets import asset, read
from embedarchive.replica.cdn import answer_media, avatar_url, picture_url, video_url
from embedarchive.replica.facts import Person, PostFact, Slide, State, milliseconds, number_from
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault, in_languages, split_language
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text, redirect
from embedarchive.replica.world import World

MEDIA = "p16-sign.tiktokcdn.example"
STATES = {
    **in_languages(
        {
            "live": State("the post"),
            "gone": State("400 on the player, 10204 on the page", "gone", "deleted"),
            "gone_quietly": State("200 on the player without the post, 10204 on the page", "gone", "deleted"),
            "private": State("400 and 10222", "unavailable", "private"),
        },
        "gone",
    ),
    "friends": State("400 and 10204 with the word for friends only", "unavailable", "private"),
    "embed_refused": State(
        "400 on the player; the page has the post",
        tells=lambda post: _publish_page(post),
        embedding="refused",
    ),
    "bounced": State("400; the page is the home page", "unavailable", "unconfirmed"),
    "waf": State("a script to be solved in the player's place", "blocked", "challenge"),
    "truncated": State("the beginning of the player, then the connection ends", "error", "truncated"),
    **FAULTS,
}
_CODES = {"live": 0, "embed_refused": 0, "gone": 10204, "gone_quietly": 10204, "friends": 10204, "private": 10222}
_SAID = {
    "en": "Video currently unavailable",
    "de": "Video derzeit nicht verfügbar",
    "ja": "この動画は現在ご利用いただけません",
    "ar": "الفيديو غير متاح حاليًا",
}


def _post(name: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    key = str(milliseconds(at) // 1000 << 32 | number_from(f"tiktok:{name}", 1 << 32))
    kind = "video" if slides[0].video else "carousel"
    url = f"https://www.tiktok.com/@{author.handle}/{'video' if slides[0].video else 'photo'}/{key}"
    return PostFact("tiktok", name, key, url, kind, author, at, text, slides, **more)


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
    _post(
        "tt-zaytoun",
        "2026-02-14T17:20:09Z",
        p.ZAYTOUNA,
        "قهوة بالهيل، خطوة خطوة ☕ #قهوة",
        Slide("still:bowl"),
        Slide("still:olives"),
        Slide("city:market"),
        likes=9_411,
        comments=87,
        audio=("مقهى زيتونة", "صوت أصلي"),
        lang="ar",
    ),
    PostFact(
        "tiktok",
        "tt-first",
        "6718335390845095173",
        f"https://www.tiktok.com/@{p.BERGAMOT.handle}/video/6718335390845095173",
        "video",
        p.BERGAMOT,
        "2019-07-27T13:32:33Z",
        "first bowl, still wet #pottery",
        (Slide("still:bowl", None, video=True, width=720, height=1280),),
        audio=("Studio Bergamot", "original sound"),
    ),  # no article's: the living post that the platform's file names as a control
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
    if wall := answer_block_page(request):
        return wall
    post = _BY_KEY.get(parts[-1])
    state, lang = split_language(world.state(post), request)
    if fault := answer_fault(state, request):
        return fault
    if parts[:2] in (["embed", "v2"], ["player", "v1"]):
        return _answer_player(post, parts[-1], state, lang)
    if len(parts) == 3 and parts[1] in ("video", "photo"):
        return html(_page(post, state))
    return None


def _answer_player(post: PostFact | None, key: str, state: str, lang: str) -> Reply:
    if state == "waf":
        return html("<!DOCTYPE html><body>Please wait...<p id=cs></p><script>window._wafchallengeid='wci'</script>")
    if state == "gone_quietly":
        return html(_state_page({f"/embed/v2/{key}": {"isError": True, "errorStatus": 404}}))
    if post is None or state not in ("live", "truncated"):
        style = "padding:60px 20px;text-align:center;color:#75767b;font:15px sans-serif"
        return html(f'<!DOCTYPE html><title>TikTok</title><div class=error style="{style}">{_SAID[lang]}</div>', 400)
    reply = html(_state_page({f"/embed/v2/{post.key}": {"videoData": _info(post), "isError": False}}))
    if state == "truncated":
        return replace(reply, sent=0.7)
    return reply


def _info(post: PostFact) -> dict[str, Any]:
    slide, artist = post.slides[0], post.audio or ("", "")
    moving = post.kind == "video"
    if moving:
        size = {"width": slide.width, "height": slide.height, "duration": 2}
    else:
        size = {}
    info: dict[str, Any] = {
        "itemInfos": {
            "id": post.key,
            "text": post.caption,
            "createTime": str(milliseconds(post.posted_at) // 1000),
            "playCount": post.likes * 9,
            "diggCount": post.likes,
            "commentCount": post.comments,
            "shareCount": post.comments // 3,
            "covers": [picture_url(MEDIA, post, 0)],
            "video": {"urls": [video_url(MEDIA, post, 0)] if moving else [], "videoMeta": size},
        },
        "authorInfos": {
            "uniqueId": post.author.handle,
            "nickName": post.author.name,
            "verified": post.author.verified,
            "covers": [avatar_url(MEDIA, post.author)],
        },
        "authorStats": {"followerCount": post.author.followers},
        "musicInfos": {"musicName": artist[1], "authorName": artist[0]},
    }
    if not moving:
        images = [{"urlList": [picture_url(MEDIA, post, n)]} for n in range(len(post.slides))]
        info["imagePostInfo"] = {"displayImages": images}
    return info


def _state_page(data: dict[str, Any]) -> str:
    text = json.dumps({"source": {"data": data}}, ensure_ascii=False).replace("<", "\\u003c")
    return read("tiktok/player.html").decode().replace("{state}", text)


def _page(post: PostFact | None, state: str) -> str:
    said = {"friends": "status_friend_see", "live": "", "embed_refused": ""}.get(state, "item doesn't exist")
    detail: dict[str, Any] = {"statusCode": _CODES.get(state, 0), "statusMsg": said}
    if post and state in ("live", "embed_refused"):
        detail["itemInfo"] = {"itemStruct": _item(post)}
    name = (
        "webapp.reflow.video.detail" if state == "private" else "webapp.video-detail"
    )  # the page for phones, and the other
    if state == "bounced":
        scope = {}
    else:
        scope = {name: detail}
    data = json.dumps({"__DEFAULT_SCOPE__": scope}, ensure_ascii=False).replace("<", "\\u003c")
    return (
        "<!DOCTYPE html><html><head><title>TikTok - Make Your Day</title></head><body>"
        f'<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__" type="application/json">{data}</script></body></html>'
    )


_WORDS = f"https://{MEDIA}/words.vtt"


def _answer_file(request: Request, world: World) -> Reply | None:
    if request.path == "/words.vtt":
        return Reply(200, (("content-type", "text/vtt"),), b"WEBVTT\n\n00:00.000 --> 00:02.000\nThe band plays.\n")
    return answer_media(request, world, POSTS)


def _item(post: PostFact) -> dict[str, Any]:
    artist, slide = post.audio or ("", ""), post.slides[0]
    return {
        "id": post.key,
        "desc": post.caption,
        "author": {"uniqueId": post.author.handle, "nickname": post.author.name, "verified": post.author.verified},
        "stats": {"diggCount": post.likes, "commentCount": post.comments, "shareCount": 1, "playCount": post.likes * 9},
        "music": {"title": artist[1], "authorName": artist[0]},
        "video": {
            "playAddr": video_url(MEDIA, post, 0),
            "cover": picture_url(MEDIA, post, 0),
            "width": slide.width,
            "subtitleInfos": [{"Url": _WORDS, "Format": "webvtt", "LanguageCodeName": "eng-US"}],
        },
        "warnInfo": [],
        "textLanguage": post.lang,
    }


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
        "thumbnail_url": picture_url(MEDIA, post, 0),
        "provider_url": "https://www.tiktok.com",
        "provider_name": "TikTok",
    }
    return json_text(json.dumps(answer))


def _answer_short(request: Request, world: World) -> Reply | None:
    name = request.path.strip("/").removeprefix("t/")
    post = next((post for post in POSTS if post.name == name), None)
    if not post:
        return None
    return redirect(f"{post.url}?_r=1&_t={name}", 301)


def _publish(post: PostFact) -> Published:
    counts = {"views": post.likes * 9, "shares": post.comments // 3}
    names = ("kind", "author_name", "author_handle", "author_verified", "author_followers", "text", "title", "likes")
    moving = post.kind == "video"
    files = list_files(post, MEDIA, sizes=moving, alts=False, avatar=True, seconds=2)
    return publish(post, *names, "comments", "posted_at", audio=_sound(post), media=files, **_link(post), **counts)


def _publish_page(post: PostFact) -> Published:
    slide = post.slides[0]
    film = Media("media", 1, video_url(MEDIA, post, 0), slide.width), Media("poster", 1, picture_url(MEDIA, post, 0))
    words = Media("subtitles", 1, _WORDS, alt="eng-US")
    names = ("kind", "author_name", "author_handle", "author_verified", "text", "lang", "likes", "comments")
    counts = {"views": post.likes * 9, "shares": 1}
    return publish(post, *names, audio=_sound(post), sensitive=False, media=(*film, words), **_link(post), **counts)


def _sound(post: PostFact) -> str:
    return " · ".join(post.audio or ())


def _link(post: PostFact) -> Published:
    return {"author_url": f"https://www.tiktok.com/@{post.author.handle}"}


SITES = (
    Site(("www.tiktok.com",), _answer, POSTS, STATES, publishes=_publish),
    Site((MEDIA,), _answer_file),
    Site(("vm.tiktok.com", "vt.tiktok.com"), _answer_short),
)
