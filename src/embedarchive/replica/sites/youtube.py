"""YouTube: the player frame, oEmbed, thumbnails; live, gone, private, age, embedding off, without a referrer."""

from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import parse_qs, urlsplit

from embedarchive.core.model import Media
from embedarchive.replica import people as p
from embedarchive.replica.assets import read
from embedarchive.replica.cdn import answer_media, avatar_url
from embedarchive.replica.facts import Person, PostFact, Slide, State
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault, in_languages, split_language
from embedarchive.replica.pictures import resized
from embedarchive.replica.published import Published, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text, redirect
from embedarchive.replica.world import World

FACES = "yt3.ggpht.com"
STATES = {
    **in_languages(
        {
            "live": State("the video"),
            "gone": State("the frame says unavailable; oEmbed 404", "gone", "deleted"),
            "private": State("the frame says private; oEmbed 403", "unavailable", "private"),
            "embed_off": State(
                "the frame says watch elsewhere; oEmbed 401",
                "unavailable",
                "embed_refused",
                embedding="refused",
                tells=lambda post: publish(post, "kind"),
            ),
        },
        "gone",
        "embed_off",
    ),
    "geo": State(
        "the frame says not in your country; oEmbed has the video",
        tells=lambda post: _publish_oembed(post),
        embedding="refused",
    ),
    "age": State("the frame asks for the age", "unavailable", "age"),
    "unsure": State("the frame says unavailable; oEmbed answers 500", "unavailable", "unconfirmed"),
    "wrong_post": State("another video under this address", "error", "wrong_post"),
    "consent": State("redirect to the consent page", "blocked", "consent"),
    **FAULTS,
}
_STATUS: dict[str, dict[str, Any]] = {
    "live": {"status": "OK", "playableInEmbed": True},
    "gone": {"status": "ERROR"},
    "unsure": {"status": "ERROR"},
    "private": {"status": "LOGIN_REQUIRED"},
    "embed_off": {"status": "UNPLAYABLE", "playableInEmbed": False},
    "geo": {"status": "UNPLAYABLE", "playableInEmbed": True},
    "age": {"status": "AGE_VERIFICATION_REQUIRED", "desktopLegacyAgeGateReason": 1},
}
_OEMBED = {"gone": 404, "private": 403, "embed_off": 401, "age": 401, "unsure": 500}
_SAID = {
    "en": "Video unavailable",
    "de": "Video nicht verfügbar",
    "ja": "この動画は再生できません",
    "ar": "الفيديو غير متاح",
}


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
    _post(
        "yt-yakei",
        "Zr3vNq8KpLw",
        "2025-12-31T15:00:00Z",
        p.YAKEI,
        "終電の車窓から｜東京夜景部",
        Slide("city:tram", None, video=True, width=1280, height=720),
        lang="ja",
    ),
    _post(
        "yt-first",
        "jNQXAC9IVRw",
        "2005-04-24T03:31:52Z",
        p.HAFEN,
        "At the harbour",
        Slide("sea:harbour:tour", None, video=True, width=1280, height=720),
    ),  # no article's: the living post that the platform's file names as a control
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
    if wall := answer_block_page(request):
        return wall
    folder, _, key = request.path.strip("/").partition("/")
    if folder == "embed":
        return _answer_player(request, world, key)
    if folder in ("watch", "shorts", "live"):
        # The watch page is 200 whatever became of the video.
        return html("<!DOCTYPE html><html><head><title>- YouTube</title></head><body></body></html>")
    return None


def _answer_player(request: Request, world: World, key: str) -> Reply:
    post = _BY_KEY.get(key)
    state, lang = split_language(world.state(post), request)
    if fault := answer_fault(state, request):
        return fault
    if state == "consent":
        return redirect("https://consent.youtube.com/m?continue=https%3A%2F%2Fwww.youtube.com")
    shown = next(p for p in POSTS if p.key != key) if state == "wrong_post" else post
    status = _STATUS.get(state, _STATUS["live"])
    said = ""
    if status["status"] != "OK":
        said = _SAID[lang]
    if not request.header("referer") and request.host == "www.youtube.com":
        said = "Error 153"
    response: dict[str, Any] = {"previewPlayabilityStatus": status}
    if shown and status["status"] == "OK":
        response["embedPreview"] = {"thumbnailPreviewRenderer": _preview(shown)}
    config = {"video_id": shown.key if shown else key, "embedded_player_response": json.dumps(response)}
    page = read("youtube/player.html").decode().replace("{said}", said)
    return html(page.replace("{config}", json.dumps({"PLAYER_VARS": config}).replace("<", "\\u003c")))


def _preview(post: PostFact) -> dict[str, Any]:
    channel = {"title": {"runs": [{"text": post.author.name}]}}
    link = {"urlEndpoint": {"urlEndpoint": {"url": f"/@{post.author.handle}"}}}
    return {
        "title": {"runs": [{"text": post.caption}]},
        "videoDurationSeconds": "212",
        "defaultThumbnail": {
            "thumbnails": [
                {"url": f"https://i.ytimg.com/vi/{post.key}/default.jpg", "width": 120, "height": 90},
                {"url": f"https://i.ytimg.com/vi/{post.key}/sddefault.jpg", "width": 640, "height": 360},
            ]
        },
        "videoDetails": {
            "embeddedPlayerOverlayVideoDetailsRenderer": {
                "channelThumbnail": {"thumbnails": [{"url": avatar_url(FACES, post.author), "width": 68}]},
                "channelThumbnailEndpoint": {"channelThumbnailEndpoint": link},
                "expandedRenderer": {"embeddedPlayerOverlayVideoDetailsExpandedRenderer": channel},
            }
        },
    }


def _answer_oembed(request: Request, world: World) -> Reply:
    parts = urlsplit(request.param("url"))
    key = (parse_qs(parts.query).get("v") or [parts.path.rpartition("/")[2]])[0]
    post = _BY_KEY.get(key)
    state = world.state(post)
    refused = _OEMBED.get(split_language(state, request)[0])
    if post is None or refused:
        return html({404: "Not Found", 403: "Forbidden", 401: "Unauthorized"}.get(refused or 404, ""), refused or 404)
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
    post = None
    if len(parts) == 4:
        post = _BY_KEY.get(parts[2])
    if post is None or world.state(post).startswith("gone"):
        return None
    picture = post.slides[0].picture
    return Reply(200, (("Content-Type", "image/jpeg"),), lambda: resized(picture, 1280, 720, (640, 360)))


def _answer_short(request: Request, world: World) -> Reply | None:
    return redirect(f"https://www.youtube.com/watch?v={request.path.strip('/')}&feature=youtu.be", 303)


def _answer_consent(request: Request, world: World) -> Reply:
    return html("<!DOCTYPE html><title>Before you continue</title><form><button>Accept all</button></form>")


def _publish(post: PostFact) -> Published:
    poster = Media("poster", 1, f"https://i.ytimg.com/vi/{post.key}/sddefault.jpg", 640, 360)
    film = Media("media", 1, "", duration_s=212.0, missing="not_served")
    face = Media("avatar", 0, avatar_url(FACES, post.author), 68)
    link = f"https://www.youtube.com/@{post.author.handle}"
    return publish(post, "kind", "author_name", "author_handle", "title", author_url=link, media=(film, poster, face))


def _publish_oembed(post: PostFact) -> Published:
    return {**_publish(post), "media": (Media("poster", 1, f"https://i.ytimg.com/vi/{post.key}/hqdefault.jpg"),)}


SITES = (
    Site(
        ("www.youtube.com", "youtube.com", "www.youtube-nocookie.com", "m.youtube.com"),
        _answer,
        POSTS,
        STATES,
        publishes=_publish,
    ),
    Site(("i.ytimg.com",), _answer_images),
    Site((FACES,), lambda request, world: answer_media(request, world, POSTS)),
    Site(("consent.youtube.com",), _answer_consent),
    Site(("youtu.be",), _answer_short),
)
