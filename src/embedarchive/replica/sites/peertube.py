"""A PeerTube instance: the player that its script draws, the page around it, the API."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from html import escape
from typing import Any
from uuid import UUID

from embedarchive.core.model import Media
from embedarchive.replica import people as p
from embedarchive.replica.cdn import answer_media, picture_url, video_url
from embedarchive.replica.facts import Person, PostFact, State
from embedarchive.replica.published import Published, publish
from embedarchive.replica.sites.players.stage import Stage, film, film_slide, page, site_of, tail_of
from embedarchive.replica.wire import Reply, Request, html
from embedarchive.replica.world import World

HOST = "film.deichrand.example"
ELSEWHERE = "framatube.org"
"""Another instance, which has none of the posts."""
_CDN = f"static.{HOST}"
_PREVIEWS = "/lazy-static/previews/"
_HEAD = '<meta name="robots" content="noindex"><meta property="og:platform" content="PeerTube">'
_BODY = """<style>#error-block, #video-password-block { display: none; padding: 40px }</style>
<div id="error-block"><h1 id="error-title">Sorry</h1><div id="error-content">This video does not exist.</div></div>
<div id="video-password-block"><h1>This video is password protected</h1><form><input type="password"
id="video-password-input"><button>Watch</button></form></div>
<div id="video-wrapper" style="height: 100%"></div><template id="player">PLAYER</template>
<script>addEventListener("load", () => setTimeout(() => { const shown = document.getElementById("SHOWN");
if (shown) { shown.style.display = "flex" }
else { document.getElementById("video-wrapper").append(document.getElementById("player").content) } }, 60))</script>"""
"""Both blocks stand in every page; the script shows one of them, or puts the player into its wrapper."""


def _post(name: str, at: str, author: Person, title: str, recipe: str, **more: Any) -> PostFact:
    key = f"{HOST}/{UUID(bytes=sha256(name.encode()).digest()[:16], version=4)}"
    url = f"https://{HOST}/videos/watch/{key.partition('/')[2]}"
    return PostFact("peertube", name, key, url, "video", author, at, title, (film_slide(recipe),), **more)


POSTS = (
    _post(
        "pt-weir", "2026-02-11T06:40:00Z", p.ILSE, "De sluis gaat open", "sea:harbour", likes=87, comments=6, lang="nl"
    ),
    _post("pt-bowl", "2025-09-30T17:05:00Z", p.BERGAMOT, "One bowl, no cuts", "still:bowl", likes=412, comments=31),
)


def frame_html(post: PostFact) -> str:
    """Give the embed code that the share window gives."""
    return (
        f'<iframe title="{escape(post.caption)}" width="560" height="315" src="https://{HOST}/videos/embed/'
        f'{tail_of(post)}" style="border: 0px;" allow="fullscreen" sandbox="allow-same-origin allow-scripts '
        'allow-popups allow-forms"></iframe>'
    )


def _draw(post: PostFact) -> str:
    """Give the player of a video, with what the server tells of it in the head."""
    data = {
        "@context": "http://schema.org",
        "@type": "VideoObject",
        "name": post.caption,
        "url": post.url,
        "embedUrl": f"https://{HOST}/videos/embed/{tail_of(post)}",
        "thumbnailUrl": picture_url(_CDN, post, 0),
        "uploadDate": post.posted_at,
    }
    known = f'<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>'
    player = film(post, _CDN, "PeerTube", 'class="video-js vjs-peertube-skin player"')
    return page("#ff8f37", _BODY.replace("PLAYER", player).replace("SHOWN", ""), head=_HEAD + known)


def _draw_block(name: str) -> Reply:
    body = _BODY.replace("PLAYER", "").replace("SHOWN", name)
    return html(page("#ff8f37", body, head=_HEAD, ink="#222"))


def _own(post: PostFact, state: str) -> Reply | None:
    if state == "password":
        return _draw_block("video-password-block")
    return None


def _video(post: PostFact) -> dict[str, Any]:
    name = post.author.handle.replace(".", "_")
    channel = {
        "name": name,
        "host": HOST,
        "displayName": post.author.name,
        "url": f"https://{HOST}/video-channels/{name}",
        "followersCount": post.author.followers,
    }
    files = [
        {"resolution": {"id": 360, "label": "360p"}, "fileUrl": video_url(_CDN, post, 0, "?q=360")},
        {"resolution": {"id": 720, "label": "720p"}, "fileUrl": video_url(_CDN, post, 0), "width": 1280, "height": 720},
    ]
    return {
        "uuid": tail_of(post),
        "name": post.caption,
        "description": "Filmed in one go.",
        "language": {"id": post.lang, "label": post.lang},
        "publishedAt": post.posted_at.replace("Z", ".000Z"),
        "duration": 2,
        "likes": post.likes,
        "comments": post.comments,
        "views": post.likes * 12,
        "nsfw": False,
        "previewPath": f"{_PREVIEWS}{post.name}.jpg",
        "channel": channel,
        "files": [],
        "streamingPlaylists": [{"files": files}],
    }


def _publish(post: PostFact) -> Published:
    host, name = post.key.partition("/")[0], post.author.handle.replace(".", "_")
    names = ("kind", "author_name", "author_followers", "title", "lang", "posted_at", "likes", "comments")
    who = {"author_handle": f"{name}@{host}", "author_url": f"https://{host}/video-channels/{name}"}
    film = Media("media", 1, video_url(_CDN, post, 0), 1280, 720, duration_s=2.0)
    files = film, Media("poster", 1, f"https://{host}{_PREVIEWS}{post.name}.jpg")
    more = {"text": "Filmed in one go.", "views": post.likes * 12, "sensitive": False}
    return publish(post, *names, **who, **more, media=files)


_STAGE = Stage(
    "peertube",
    (HOST, ELSEWHERE),
    _CDN,
    _draw,
    POSTS,
    {f"{host}/api/v1/videos/": _video for host in (HOST, ELSEWHERE)},
    dead=_draw_block("error-block"),
    states={
        "password": State("the player asks for a password; the API says 403", "unavailable", "password"),
        "wrong_post": State("the frame of another film", "error", "wrong_post"),
    },
    own=_own,
    publishes=_publish,
    refused=_publish,
)

_SITE = site_of(_STAGE, embed=frame_html)


def _answer(request: Request, world: World) -> Reply | None:
    """Previews are on the instance itself."""
    if request.path.startswith(_PREVIEWS):
        target = f"/{request.path.removeprefix(_PREVIEWS).removesuffix('.jpg')}/0.jpg"
        return answer_media(replace(request, target=target), world, POSTS)
    return _SITE.answer(request, world)


SITES = (replace(_SITE, answer=_answer),)
