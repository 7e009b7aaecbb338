"""Film players: Vimeo, Twitch, Dailymotion, Rumble, Streamable, Snapchat, Vine."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from embedarchive.core.model import Media
from embedarchive.replica import people as p
from embedarchive.replica.cdn import picture_url, video_url, words_url
from embedarchive.replica.facts import Person, PostFact, State, milliseconds
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites.players.stage import (
    Stage,
    film,
    film_slide,
    oembed,
    page,
    post_of,
    script,
    seconds,
    tail_of,
    within,
)
from embedarchive.replica.wire import Reply, html, json_text


def _vimeo(name: str, key: str, at: str, author: Person, title: str, recipe: str) -> PostFact:
    return post_of("vimeo", name, key, f"https://vimeo.com/{key}", at, author, title, film_slide(recipe))


_VIMEO_CDN = "i.vimeocdn.com"


def _draw_vimeo(post: PostFact) -> str:
    owner = {"name": post.author.name, "url": "https://vimeo.com/" + post.author.handle.replace(".", "")}
    video = {"id": int(post.key), "title": post.caption, "duration": 2, "width": 1280, "height": 720, "owner": owner}
    video["thumbnail_url"] = picture_url(_VIMEO_CDN, post, 0)
    files = [
        {"quality": "360p", "width": 640, "height": 360, "url": video_url(_VIMEO_CDN, post, 0, "?q=360")},
        {"quality": "720p", "width": 1280, "height": 720, "url": video_url(_VIMEO_CDN, post, 0)},
    ]
    words = [{"id": 1, "lang": "en", "kind": "captions", "url": words_url(_VIMEO_CDN, post, 0)}]
    request = {"files": {"progressive": files}, "text_tracks": words}
    config = json.dumps({"view": 1, "video": video, "request": request}).replace("<", "\\u003c")
    return page("#00adef", film(post, _VIMEO_CDN, "vimeo"), f"<script>window.playerConfig = {config}</script>")


def _own_vimeo(post: PostFact, state: str) -> Reply | None:
    if state in ("domain", "forbidden", "private"):
        return html("<!DOCTYPE html><title>Sorry</title><h1>Sorry</h1>", 403)
    if state == "password":
        asks = '<div id="player" class="player"><form><input type="text"><button>Watch</button></form></div>'
        return html(page("#00adef", asks, '<script>window.playerConfig = {"view": 4}</script>'))
    return None


def _oembed_vimeo(post: PostFact) -> dict[str, Any]:
    return oembed(post, _VIMEO_CDN, "Vimeo", video_id=int(post.key), description="One take.", duration=2)


def _withheld(post: PostFact) -> dict[str, Any]:
    """What oEmbed tells of a video that is only for some sites."""
    return {
        "type": "video",
        "version": "1.0",
        "video_id": int(post.key),
        "html": "<iframe></iframe>",
        "domain_status_code": 403,
    }


def _publish_vimeo(post: PostFact) -> Published:
    """Nobody says when it was posted, nor how many liked it; the words are oEmbed's."""
    link = "https://vimeo.com/" + post.author.handle.replace(".", "")
    film = Media("media", 1, video_url(_VIMEO_CDN, post, 0), 1280, 720, duration_s=2.0)
    poster = Media("poster", 1, picture_url(_VIMEO_CDN, post, 0))
    files = (film, poster, Media("subtitles", 1, words_url(_VIMEO_CDN, post, 0), alt="en"))
    return publish(post, "kind", "author_name", "title", author_url=link, text="One take.", media=files)


def _stream(post: PostFact, host: str, seconds: float | None = None) -> tuple[Media, ...]:
    """Give a film that only its player gets, and its poster."""
    return list_files(post, host, seconds=seconds, missing="only_streamed")


def _refuse_vimeo(post: PostFact) -> Published:
    return publish(post, "kind", "author_name", "title", text="One take.", media=_stream(post, _VIMEO_CDN))


def _refuse_domain(post: PostFact) -> Published:
    return publish(post, "kind", media=(Media("media", 1, "", missing="only_streamed"),))


VIMEO = Stage(
    "vimeo",
    ("player.vimeo.com",),
    _VIMEO_CDN,
    _draw_vimeo,
    (
        _vimeo("vm-hands", "918273645", "2024-11-05T08:00:00Z", p.BERGAMOT, "Hands, clay, one hour", "still:bowl"),
        # No article's: the living post that the platform's file names as a control.
        _vimeo("vm-first", "76979871", "2013-10-14T08:00:00Z", p.BERGAMOT, "The new kiln", "still:bowl"),
        _vimeo("vm-tide", "827364519", "2024-12-01T08:00:00Z", p.ILSE, "Tij, gefilmd door Ilse", "sea:sails"),
    ),
    {"vimeo.com/api/oembed.json": _oembed_vimeo},
    dead=html("<!DOCTYPE html><title>Sorry | Vimeo</title><h1>Sorry</h1>", 404),
    states={
        "domain": State(
            "frame 403, oEmbed has it: only for some sites",
            "unavailable",
            "embed_refused",
            tells=_refuse_domain,
            embedding="refused",
        ),
        "forbidden": State("frame 403, oEmbed tells of the film", tells=_refuse_vimeo, embedding="refused"),
        "password": State("the player asks for a password", "unavailable", "password"),
        "wrong_post": State("the frame of another film", "error", "wrong_post"),
    },
    own=_own_vimeo,
    told={"domain": _withheld},
    publishes=_publish_vimeo,
    refused=_refuse_vimeo,
)


_TWITCH_CDN = "clips-media-assets2.twitch.tv"


def _draw_twitch(post: PostFact) -> str:
    body = film(post, _TWITCH_CDN, "twitch", 'class="video-player" data-a-target="video-player"')
    source = f'<video hidden src="{video_url(_TWITCH_CDN, post, 0)}" preload="none"></video>'
    return page("#9146ff", body.replace('<div class="top">', f'{source}<div class="top">'))


def _twitch_page(post: PostFact) -> str:
    film_url = f'<meta property="og:video" content="https://clips.twitch.tv/embed?clip={post.key}">'
    return (
        f'<!DOCTYPE html><meta property="og:title" content="{escape(post.caption)}">{film_url}'
        f'<meta property="og:image" content="{picture_url(_TWITCH_CDN, post, 0)}"><title>Twitch</title>'
    )


_GATE = (
    '<div class="video-player" data-a-target="video-player">'
    '<div data-a-target="player-overlay-content-gate" class="content-overlay-gate">'
    "This clip is no longer available.</div></div>"
)


def _publish_twitch(post: PostFact) -> Published:
    """Neither frame nor page names who made it, or when."""
    return publish(post, "kind", "title", media=list_files(post, _TWITCH_CDN))


def _refuse_twitch(post: PostFact) -> Published:
    return publish(post, "kind", "title", media=_stream(post, _TWITCH_CDN))


TWITCH = Stage(
    "twitch",
    ("clips.twitch.tv", "player.twitch.tv", "www.twitch.tv"),
    _TWITCH_CDN,
    _draw_twitch,
    (
        post_of(
            "twitch",
            "tw-bridge",
            "CalmAmberFerryKappa-9xQ2LmZr",
            "https://clips.twitch.tv/CalmAmberFerryKappa-9xQ2LmZr",
            "2025-10-10T20:00:00Z",
            p.NIGHTBUS,
            "the whole depot sings",
            film_slide("stage:concert"),
        ),
    ),
    {"clips.twitch.tv/CalmAmberFerryKappa-9xQ2LmZr": _twitch_page},
    dead=html(page("#9146ff", _GATE)),
    states={
        "gone": State("the player's gate, and 404 from the page", "unavailable", "unconfirmed"),
        "private": State("the player's gate, and 403 from the page", "unavailable", "unconfirmed"),
        "refused": State(
            "the player's gate; the page does not say whose it is", "unavailable", "embed_refused", embedding="refused"
        ),
    },
    late=True,
    publishes=_publish_twitch,
    refused=_refuse_twitch,
)


_DM_CDN = "s2.dmcdn.net"


def _dailymotion_object(post: PostFact) -> dict[str, Any]:
    owner = {"owner.screenname": post.author.name, "owner.username": post.author.handle.replace(".", "")}
    times = {"created_time": seconds(post), "duration": 2, "views_total": post.likes * 30, "likes_total": post.likes}
    picture_at = {"thumbnail_url": picture_url(_DM_CDN, post, 0)}
    return {"id": post.key, "title": post.caption, "description": "Sans paroles.", **owner, **times, **picture_at}


def _publish_dailymotion(post: PostFact) -> Published:
    handle, names = post.author.handle.replace(".", ""), ("kind", "author_name", "title", "posted_at", "likes")
    files = _stream(post, _DM_CDN, 2.0)
    return publish(post, *names, author_handle=handle, text="Sans paroles.", views=post.likes * 30, media=files)


DAILYMOTION = Stage(
    "dailymotion",
    ("geo.dailymotion.com",),
    _DM_CDN,
    lambda post: page("#0066dc", film(post, _DM_CDN, "dailymotion")),
    (
        post_of(
            "dailymotion",
            "dm-quai",
            "x9qk2zt",
            "https://www.dailymotion.com/video/x9qk2zt",
            "2025-05-05T12:00:00Z",
            p.ZAYTOUNA,
            "Le quai, à l'aube",
            film_slide("sea:harbour"),
            likes=61,
        ),
        post_of(
            "dailymotion",
            "dm-phare",
            "x9r4v1m",
            "https://www.dailymotion.com/video/x9r4v1m?player=xb2l3",
            "2025-06-11T12:00:00Z",
            p.ZAYTOUNA,
            "Le phare, au soir",
            film_slide("sea:lighthouse"),
            likes=19,
        ),
    ),
    {
        "api.dailymotion.com/video/": _dailymotion_object,
        "www.dailymotion.com/services/oembed": lambda post: oembed(post, _DM_CDN, "Dailymotion"),
    },
    dead=html(page("#0066dc", '<div id="player" class="player"><p class="error">Content unavailable</p></div>')),
    denial=json_text('{"error":{"code":404,"message":"This video does not exist.","type":"not_found"}}', 404),
    states={
        "unsure": State("a frame of nothing, which says nothing by structure; the others 500", "error", "unrecognized"),
        "refused": State("the same; the others tell of the film", "error", "unrecognized"),
    },
    only={"x9r4v1m": "/player/xb2l3.html"},
    late=True,
    publishes=_publish_dailymotion,
)


_RUMBLE_CDN = "sp.rmbl.ws"


def _rumble_object(post: PostFact) -> dict[str, Any]:
    film_at = {"url": video_url(_RUMBLE_CDN, post, 0), "meta": {"w": 1280, "h": 720, "bitrate": 900}}
    owner = {"name": post.author.name, "url": f"https://rumble.com/c/{post.author.handle}"}
    told = {"title": escape(post.caption), "author": owner, "pubDate": post.posted_at, "duration": 2}
    return {**told, "i": picture_url(_RUMBLE_CDN, post, 0), "ua": {"mp4": {"720": film_at}}}


def _publish_rumble(post: PostFact) -> Published:
    names, link = ("kind", "author_name", "title", "posted_at"), f"https://rumble.com/c/{post.author.handle}"
    return publish(post, *names, author_url=link, media=_film_at(post, _RUMBLE_CDN))


def _film_at(post: PostFact, host: str) -> tuple[Media, ...]:
    """Give a film in its own size and length, and its poster."""
    slide = post.slides[0]
    film = Media("media", 1, video_url(host, post, 0), slide.width, slide.height, duration_s=2.0)
    return film, Media("poster", 1, picture_url(host, post, 0))


RUMBLE = Stage(
    "rumble",
    ("rumble.com",),
    _RUMBLE_CDN,
    lambda post: page("#85c742", film(post, _RUMBLE_CDN, "rumble", 'id="videoPlayer" class="videoPlayer-Rumble-cls"')),
    (
        post_of(
            "rumble",
            "ru-dunes",
            "v6kq2ab",
            "https://rumble.com/embed/v6kq2ab/",
            "2025-01-20T16:00:00Z",
            p.DUNAS,
            "Dunes & wind, no music",
            film_slide("dunes:gold"),
        ),
    ),
    {
        "rumble.com/embedJS/": _rumble_object,
        "rumble.com/api/Media/oembed.json": lambda post: oembed(post, _RUMBLE_CDN, "Rumble.com"),
    },
    publishes=_publish_rumble,
    refused=_publish_rumble,
    denial=json_text("false"),
)


_ST_CDN = "cdn-cf-east.streamable.com"


def _streamable_object(post: PostFact) -> dict[str, Any]:
    film_at = {"url": video_url(_ST_CDN, post, 0)[6:], "width": 1280, "height": 720, "duration": 2.0}
    told = {
        "status": 2,
        "url": post.url.removeprefix("https://"),
        "title": post.caption,
        "plays": post.likes,
        "date_added": float(seconds(post)),
    }
    return {**told, "files": {"mp4": film_at}, "thumbnail_url": picture_url(_ST_CDN, post, 0)[6:]}


def _publish_streamable(post: PostFact) -> Published:
    return publish(post, "kind", "author_name", "title", "posted_at", "views", media=_film_at(post, _ST_CDN))


STREAMABLE = Stage(
    "streamable",
    ("streamable.com",),
    _ST_CDN,
    lambda post: page("#0f90fa", film(post, _ST_CDN, "Streamable")),
    (
        post_of(
            "streamable",
            "st-goal",
            "k3r7ax",
            "https://streamable.com/k3r7ax",
            "2025-11-11T19:00:00Z",
            p.ASHA,
            "Last 200 metres",
            film_slide("portrait:runner"),
            likes=4_409,
        ),
    ),
    {
        "ajax.streamable.com/videos/": _streamable_object,
        "api.streamable.com/oembed.json": lambda post: oembed(post, _ST_CDN, "Streamable"),
    },
    publishes=_publish_streamable,
    refused=_publish_streamable,
    denial=json_text('{"status":0,"message":"Video does not exist"}', 404),
)


_SNAP_CDN = "cf-st.sc-cdn.net"


def _draw_snapchat(post: PostFact) -> str:
    creator = {
        "personCreator": {"username": post.author.handle, "name": post.author.name, "url": "https://snapchat.com/"}
    }
    video = {
        "name": post.caption,
        "description": "",
        "uploadDateMs": str(milliseconds(post.posted_at)),
        "viewCount": str(post.likes),
        "contentUrl": video_url(_SNAP_CDN, post, 0),
        "thumbnailUrl": picture_url(_SNAP_CDN, post, 0),
        "width": 720,
        "height": 1280,
        "durationMs": "2000",
        "creator": creator,
    }
    story = {"story": {"storyId": {"value": tail_of(post)}}, "metadata": {"videoMetadata": video}}
    props = {"props": {"pageProps": {"spotlightFeed": {"spotlightStories": [story]}}}}
    return page(
        "#fffc00", within("root", f"<main>{film(post, _SNAP_CDN, 'Snapchat')}</main>"), script("__NEXT_DATA__", props)
    )


def _publish_snapchat(post: PostFact) -> Published:
    names = ("kind", "author_name", "author_handle", "title", "posted_at", "views")
    return publish(post, *names, author_url="https://snapchat.com/", media=_film_at(post, _SNAP_CDN))


SNAPCHAT = Stage(
    "snapchat",
    ("www.snapchat.com",),
    _SNAP_CDN,
    _draw_snapchat,
    (
        post_of(
            "snapchat",
            "sn-flour",
            "spotlight/W7_EDlXWTBiXAEEniNoMPwAAYb2tq",
            "https://www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAYb2tq",
            "2025-07-07T07:07:07Z",
            p.BERGAMOT,
            "the bowl that fell",
            film_slide("still:bowl", 720, 1280),
            likes=5_120,
        ),
    ),
    {"www.snapchat.com/spotlight/W7_EDlXWTBiXAEEniNoMPwAAYb2tq": _draw_snapchat},
    dead=html('<!DOCTYPE html><title>Snapchat</title><script id="__NEXT_DATA__">{"page":"/404"}</script>', 404),
    denial=html('<!DOCTYPE html><title>Snapchat</title><script id="__NEXT_DATA__">{"page":"/404"}</script>', 404),
    states={"private": State("no frame; the page answers 403", "unavailable", "unconfirmed")},
    publishes=_publish_snapchat,
    refused=_publish_snapchat,
)


_VINE_CDN = "v.cdn.vine.co"


def _vine_object(post: PostFact) -> dict[str, Any]:
    times = {"created": post.posted_at.removesuffix("Z") + ".000000", "likes": post.likes, "comments": post.comments}
    files = {"videoUrl": video_url(_VINE_CDN, post, 0), "thumbnailUrl": picture_url(_VINE_CDN, post, 0)}
    told = {"username": post.author.name, "description": post.caption, "shareUrl": post.url, "reposts": 3, "loops": 900}
    return {**told, **times, **files}


def _publish_vine(post: PostFact) -> Published:
    names = ("kind", "author_name", "text", "posted_at", "likes", "comments")
    return publish(post, *names, shares=3, views=900, media=list_files(post, _VINE_CDN))


VINE = Stage(
    "vine",
    ("vine.co",),
    _VINE_CDN,
    lambda post: page("#00b488", within("app", film(post, _VINE_CDN, "Vine", 'class="vine-embed"'))),
    (
        post_of(
            "vine",
            "vi-gull",
            "OHQBTeUJ9jT",
            "https://vine.co/v/OHQBTeUJ9jT",
            "2015-05-05T10:00:00Z",
            p.HAFEN,
            "gull vs. sandwich",
            film_slide("sea:harbour", 480, 480),
            likes=310,
            comments=12,
        ),
    ),
    {"archive.vine.co/posts/": _vine_object},
    publishes=_publish_vine,
    refused=_publish_vine,
    denial=Reply(404, (("Content-Type", "application/xml"),), b"<Error><Code>NoSuchKey</Code></Error>"),
)


FILMS = (VIMEO, TWITCH, DAILYMOTION, RUMBLE, STREAMABLE, SNAPCHAT, VINE)
