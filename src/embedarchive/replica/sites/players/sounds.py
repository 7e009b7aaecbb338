"""Players of sounds, and frames of pictures: SoundCloud, Bandcamp, Imgur, Giphy, Flickr, VK."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from embedarchive.core.model import Media
from embedarchive.replica import people as p
from embedarchive.replica.cdn import picture_url
from embedarchive.replica.facts import PostFact, Slide, State
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites.players.stage import (
    Stage,
    film,
    film_slide,
    oembed,
    page,
    picture,
    post_of,
    sound,
    tail_of,
    within,
)
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

_SC_CDN = "i1.sndcdn.com"


def _oembed_soundcloud(post: PostFact) -> dict[str, Any]:
    said = oembed(post, _SC_CDN, "SoundCloud", title=f"{post.caption} by {post.author.name}", type="rich")
    return {**said, "description": "Recorded on line 6.", "author_url": f"https://soundcloud.com/{post.author.handle}"}


def _publish_soundcloud(post: PostFact) -> Published:
    """The sound is given to its player alone, and nobody says when it was posted."""
    files = Media("media", 1, "", missing="only_streamed"), Media("poster", 1, picture_url(_SC_CDN, post, 0))
    link = f"https://soundcloud.com/{post.author.handle}"
    return publish(post, "kind", "author_name", "title", author_url=link, text="Recorded on line 6.", media=files)


def _draw_soundcloud(post: PostFact) -> str:
    player = sound(post, _SC_CDN, "SOUNDCLOUD", 'id="widget" class="widget sound"')
    return page("#f50", within("app", player), ink="#333")


SOUNDCLOUD = Stage(
    "soundcloud",
    ("w.soundcloud.com",),
    _SC_CDN,
    _draw_soundcloud,
    (
        post_of(
            "soundcloud",
            "sc-depot",
            "tracks/1766554433",
            "https://api.soundcloud.com/tracks/1766554433",
            "2025-02-01T00:00:00Z",
            p.NIGHTBUS,
            "Depot, 03:40",
            Slide("city:tram", width=500, height=500),
            kind="audio",
        ),
    ),
    {"soundcloud.com/oembed": _oembed_soundcloud},
    dead=html(
        page(
            "#f50", '<div id="widget" class="widget"><div class="errorMessage widgetError">Hm.</div></div>', ink="#333"
        )
    ),
    late=True,
    publishes=_publish_soundcloud,
    refused=_publish_soundcloud,
)


_BC_CDN = "f4.bcbits.com"


def _draw_bandcamp(post: PostFact) -> str:
    files = {"mp3-128": "https://t4.bcbits.com/stream/opening.mp3"}
    tracks = [{"title": f"{post.caption} {n}", "duration": 180.5, "file": files if n == 1 else None} for n in (1, 2)]
    data = {"album_title": post.caption, "artist": post.author.name, "tracks": tracks}
    data["album_art_lg"] = picture_url(_BC_CDN, post, 0)
    player = sound(post, _BC_CDN, "bandcamp", 'id="player" class="sound tall"')
    body = within("trackInfo", within("trackInfoInner", player))
    return page("#629aa9", body, f'<script data-player-data="{escape(json.dumps(data))}"></script>', ink="#222")


def _bandcamp_details(post: PostFact) -> dict[str, Any]:
    tracks = [{"track_num": n, "title": f"{post.caption} {n}", "duration": 180.5} for n in (1, 2)]
    said = {"id": int(tail_of(post)), "type": "a", "title": post.caption, "tralbum_artist": post.author.name}
    return {**said, "tracks": tracks}


def _publish_bandcamp(post: PostFact) -> Published:
    """Of two tracks one may be heard."""
    first = Media("media", 1, "https://t4.bcbits.com/stream/opening.mp3", alt=f"{post.caption} 1", duration_s=180.5)
    second = Media("media", 2, "", alt=f"{post.caption} 2", duration_s=180.5, missing="not_served")
    files = (first, second, Media("poster", 1, picture_url(_BC_CDN, post, 0)))
    return publish(post, "kind", "author_name", "title", media=files)


def _refuse_bandcamp(post: PostFact) -> Published:
    return publish(post, "kind", "author_name", "title", media=(Media("media", 1, "", missing="only_streamed"),))


BANDCAMP = Stage(
    "bandcamp",
    ("bandcamp.com",),
    _BC_CDN,
    _draw_bandcamp,
    (
        post_of(
            "bandcamp",
            "bc-pine",
            "album=3296411223",
            "https://bandcamp.com/EmbeddedPlayer/album=3296411223/",
            "2024-03-03T00:00:00Z",
            p.HANOK,
            "Pine, Morning, Tea",
            Slide("forest:mist", width=700, height=700),
            kind="audio",
        ),
    ),
    {"bandcamp.com/api/mobile/24/tralbum_details": _bandcamp_details},
    publishes=_publish_bandcamp,
    refused=_refuse_bandcamp,
    denial=json_text('{"error":true,"error_message":"no such item"}', 404),
)


_IMGUR_CDN = "i.imgur.com"


def _imgur_object(post: PostFact) -> dict[str, Any]:
    items = [
        {
            "id": f"{tail_of(post)}{n}",
            "type": "image",
            "mime_type": "image/jpeg",
            "url": picture_url(_IMGUR_CDN, post, n),
            "width": slide.width,
            "height": slide.height,
            "metadata": {"title": "", "description": slide.alt or "", "is_animated": False, "duration": 0},
        }
        for n, slide in enumerate(post.slides)
    ]
    counts = {"upvote_count": post.likes, "comment_count": post.comments, "view_count": post.likes * 20}
    owner = {"username": post.author.handle.replace(".", "")}
    said = {
        "id": tail_of(post),
        "title": post.caption,
        "description": "",
        "created_at": post.posted_at,
        "account": owner,
    }
    return {**said, **counts, "media": items}


def _imgur_oembed(post: PostFact) -> dict[str, Any]:
    quote = f'<blockquote class="imgur-embed-pub" lang="en" data-id="{post.key}"></blockquote>'
    return {"version": "1.0", "type": "rich", "provider_name": "Imgur", "width": 540, "height": 500, "html": quote}


def _publish_imgur(post: PostFact) -> Published:
    name = post.author.handle.replace(".", "")
    who = {"author_name": name, "author_handle": name, "author_url": f"https://imgur.com/user/{name}"}
    names, files = ("kind", "title", "posted_at", "likes", "comments"), list_files(post, _IMGUR_CDN, sizes=True)
    return publish(post, *names, **who, views=post.likes * 20, media=files)


IMGUR = Stage(
    "imgur",
    ("imgur.com",),
    _IMGUR_CDN,
    lambda post: page(
        "#1bb76e",
        within("root", picture(post, _IMGUR_CDN, "imgur", 'id="image" class="post"', f"https://imgur.com/{post.key}")),
        ink="#333",
    ),
    (
        post_of(
            "imgur",
            "im-kestrel",
            "a/Kq7RzT2",
            "https://imgur.com/a/Kq7RzT2",
            "2025-04-02T10:00:00Z",
            p.TRAM,
            "Every tram of one Tuesday",
            Slide("city:tram", "Line 6 at the depot.", width=1080, height=810),
            Slide("city:neon", None, width=1080, height=810),
            kind="carousel",
            likes=812,
            comments=44,
        ),
    ),
    {"api.imgur.com/post/v1/": _imgur_object, "api.imgur.com/oembed": _imgur_oembed},
    late=True,
    publishes=_publish_imgur,
    refused=_publish_imgur,
    denial=json_text('{"errors":[{"code":"404","status":"Not Found","detail":"Unable to find post"}]}', 404),
)


_GIPHY_CDN = "media.giphy.com"


def _draw_giphy(post: PostFact) -> str:
    body = (
        f'<a href="https://giphy.com/gifs/{post.key}"><img id="gif" class="whole" alt="{escape(post.caption)}" '
        f'src="{picture_url(_GIPHY_CDN, post, 0)}"></a><video hidden></video><em class="mark">GIPHY</em>'
    )
    return page("#111", body)


def _publish_picture(post: PostFact, host: str) -> Published:
    """Give what a photo's oEmbed tells: not when, nor how many liked it."""
    return publish(post, "kind", "author_name", "title", media=list_files(post, host, sizes=True))


GIPHY = Stage(
    "giphy",
    ("giphy.com",),
    _GIPHY_CDN,
    _draw_giphy,
    (
        post_of(
            "giphy",
            "gi-wave",
            "xT9IgzoKnwFNmISR8I",
            "https://giphy.com/gifs/xT9IgzoKnwFNmISR8I",
            "2024-06-01T00:00:00Z",
            p.LENA,
            "Rooftop Wave GIF by Lena Okafor",
            Slide("sea:squall", width=480, height=480),
            kind="photo",
        ),
    ),
    {
        "giphy.com/services/oembed": lambda post: oembed(
            post, _GIPHY_CDN, "GIPHY", type="photo", url=picture_url(_GIPHY_CDN, post, 0), width=480, height=480
        )
    },
    publishes=lambda post: _publish_picture(post, _GIPHY_CDN),
    refused=lambda post: _publish_picture(post, _GIPHY_CDN),
    denial=json_text('{"data":[],"meta":{"msg":"Not Found!","status":404}}', 404),
)


_FLICKR_CDN = "live.staticflickr.com"
FLICKR = Stage(
    "flickr",
    ("embedr.flickr.com",),
    _FLICKR_CDN,
    lambda post: page(
        "#0063dc", picture(post, _FLICKR_CDN, "flickr", 'class="photo-card slide"', post.url), ink="#333"
    ),
    (
        post_of(
            "flickr",
            "fl-ridge",
            "54012345678",
            "https://www.flickr.com/photos/halleyridge/54012345678/",
            "2025-08-14T22:10:00Z",
            p.HALLEY,
            "Ridge, forty minutes",
            Slide("stars:ridge", width=1080, height=810),
            kind="photo",
        ),
    ),
    {
        "www.flickr.com/services/oembed/": lambda post: oembed(
            post, _FLICKR_CDN, "Flickr", type="photo", url=picture_url(_FLICKR_CDN, post, 0), width=1080, height=810
        )
    },
    alias={"54012345678": "2qhToBh"},
    publishes=lambda post: _publish_picture(post, _FLICKR_CDN),
    refused=lambda post: _publish_picture(post, _FLICKR_CDN),
    denial=json_text('{"stat":"fail","code":1,"message":"Photo not found"}', 404),
)


_VK_CDN = "sun9-1.userapi.com"


def _draw_vk(post: PostFact) -> str:
    meta = f'<meta property="og:title" content="{escape(post.caption)}">'
    if post.key.startswith("video"):
        player = film(post, _VK_CDN, "VK Видео", 'id="video_player" class="videoplayer"')
        hidden = f'<video hidden preload="none" poster="{picture_url(_VK_CDN, post, 0)}"></video><img'
        return page("#0077ff", player.replace("<img", hidden, 1), head=meta)
    images = "".join(
        f'<img class="whole" alt="" src="{picture_url(_VK_CDN, post, n)}">' for n in range(len(post.slides))
    )
    body = (
        f'<div class="wall_post_cont" data-post-id="{post.key[4:]}"><a class="author" href="/tramvaj">'
        f'{escape(post.author.name)}</a><div class="wall_post_text">{escape(post.caption)}</div>{images}</div>'
    )
    return page("#0077ff", body, ink="#222")


def _vk_page(post: PostFact) -> str:
    title = f'<meta property="og:title" content="{escape(post.caption)}">'
    return page("#222", "", head=f'{title}<meta property="og:video" content="{post.url}">')


def _publish_vk(post: PostFact) -> Published:
    """A wall post has words and names its author, a film a title; neither says when."""
    if post.kind == "video":
        return publish(post, "kind", "title", media=list_files(post, _VK_CDN, missing="only_streamed"))
    names = ("kind", "author_name", "text")
    return publish(post, *names, author_url="https://vk.com/tramvaj", media=list_files(post, _VK_CDN))


def _refuse_vk(post: PostFact) -> Published:
    if post.kind == "video":
        return publish(post, "kind", "title", media=(Media("media", 1, "", missing="only_streamed"),))
    return {}


VK = Stage(
    "vk",
    ("vk.com",),
    _VK_CDN,
    _draw_vk,
    (
        post_of(
            "vk",
            "vk-depo",
            "wall-20551_8841",
            "https://vk.com/wall-20551_8841",
            "2025-03-08T06:00:00Z",
            p.TRAM,
            "Депо, шоста ранку. Перший вагон ще порожній.",
            Slide("city:tram", width=1080, height=810),
            kind="photo",
            lang="uk",
        ),
        post_of(
            "vk",
            "vk-film",
            "video-20551_456239",
            "https://vk.com/video-20551_456239",
            "2025-03-09T06:00:00Z",
            p.TRAM,
            "Маршрут 6, без слів",
            film_slide("city:neon"),
            lang="uk",
            unlike={"gone": ("gone", "deleted"), "refused": ("unavailable", "embed_refused")},
        ),
    ),
    {
        "m.vk.com/wall-20551_8841": lambda post: page("#222", f"<p>{escape(post.caption)}</p>"),
        "vk.com/video-20551_456239": _vk_page,
    },
    dead=html(
        page(
            "#0077ff",
            '<div class="message_page video_layer_message" id="video_ext_msg">Запись не найдена</div>',
            ink="#222",
        )
    ),
    states={
        "private": State("no frame; the page answers 403", "unavailable", "unconfirmed"),
        "refused": State("no frame; the page for phones tells of it", "unavailable", "unconfirmed"),
    },
    alias={"video-20551_456239": "oid=-20551&id=456239"},
    publishes=_publish_vk,
    refused=_refuse_vk,
)


def answer_track(request: Request, world: World) -> Reply | None:
    """Serve the first seconds of a track: silence, as MPEG frames after an ID3 head."""
    silence = (b"\xff\xfb\x90\x64" + bytes(413)) * 20
    return Reply(200, (("Content-Type", "audio/mpeg"),), b"ID3\x04\x00\x00\x00\x00\x00\x00" + silence)


SOUNDS = (SOUNDCLOUD, BANDCAMP, IMGUR, GIPHY, FLICKR, VK)
