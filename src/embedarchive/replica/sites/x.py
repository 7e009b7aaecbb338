"""X: the widget script, the frame drawn by script, the JSON behind it, oEmbed; live, deleted, withheld, unknown."""

from __future__ import annotations

import json
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

from embedarchive.core.model import Media
from embedarchive.replica import people as p
from embedarchive.replica.assets import asset
from embedarchive.replica.facts import Person, PostFact, Slide, State, milliseconds, number_from
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault
from embedarchive.replica.pictures import photo, resized
from embedarchive.replica.published import Published, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text, not_found, redirect
from embedarchive.replica.world import World

STATES = {
    "live": State("the post"),
    "gone": State("404 from the JSON and from oEmbed", "gone", "deleted"),
    "deleted_note": State("a tombstone whose text says who deleted it", "unavailable", "tombstone"),
    "withheld": State("an empty tombstone: age or sensitivity, not deletion", "unavailable", "tombstone"),
    "suspended": State("the post without its user", "unavailable", "suspended"),
    "api_rate": State("429 from the JSON", "blocked", "rate"),
    **FAULTS,
}
_SNOWFLAKE_EPOCH_MS = 1288834974657


def snowflake_at(iso: str, name: str) -> str:
    """Make the id of a post of that moment."""
    return str((milliseconds(iso) - _SNOWFLAKE_EPOCH_MS) << 22 | number_from(f"tweet:{name}", 1 << 22))


def _post(name: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    key = snowflake_at(at, name)
    handle = author.handle.replace(".", "_")[:15].rpartition("_")[0]
    url, kind = f"https://x.com/{handle}/status/{key}", "photo" if slides else "text"
    return PostFact("x", name, key, url, kind, author, at, text, slides, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "x-alarm",
        "2026-03-02T22:31:05Z",
        p.KYSTVAKTA,
        "Vessel in distress 14 nm west of Sørskjær. Two lifeboats and one helicopter under way. "
        "Please keep channel 16 free.",
        likes=2_114,
        comments=188,
    ),
    _post(
        "x-hail",
        "2025-10-21T15:58:40Z",
        p.CLARA,
        "Hail the size of my patience. ⛈️ #stormspotting",
        Slide("sea:squall", "Storm cloud over the sea.", width=1080, height=1080),
        likes=940,
        comments=51,
    ),
    _post(
        "x-roof",
        "2026-03-07T17:02:12Z",
        p.LANTERNA,
        "Il tetto è finito. Le sedie no. Portate un cuscino. 🎭",
        likes=3_301,
        comments=212,
        lang="it",
    ),
    _post(
        "x-quote",
        "2026-03-08T08:14:30Z",
        p.LENA,
        "I was the one on the ladder.",
        likes=118,
        comments=6,
        quotes="x-roof",
    ),
    _post(
        "x-gone",
        "2025-09-14T10:05:00Z",
        p.HAFEN,
        "Der Mann mit der Mütze ist gefunden: Danke an Familie Petersen!",
        likes=77,
        comments=9,
        lang="de",
        state="gone",
    ),
    PostFact(
        "x",
        "x-first",
        "20",
        "https://x.com/kystvakta/status/20",
        "text",
        p.KYSTVAKTA,
        "2006-03-21T20:50:14Z",
        "Setting up the radio.",
    ),  # no article's: the living post that the platform's file names as a control
)
_BY_KEY = {post.key: post for post in POSTS}
_BY_NAME = {post.name: post for post in POSTS}


def handle(post: PostFact) -> str:
    """Give the author's handle on X."""
    return urlsplit(post.url).path.split("/")[1]


def quote_html(post: PostFact, *, link_text: bool = True) -> str:
    """Give the embed code: the whole text, name, handle and date."""
    day = datetime.fromisoformat(post.posted_at.replace("Z", "+00:00"))
    shown = f"{day:%B} {day.day}, {day.year}"
    text = escape(post.caption).replace("\n", "<br>")
    link = f"https://twitter.com/{handle(post)}/status/{post.key}?ref_src=twsrc%5Etfw"
    return (
        f'<blockquote class="twitter-tweet" data-dnt="true"><p lang="{post.lang}" dir="ltr">{text}</p>'
        f'&mdash; {escape(post.author.name)} (@{handle(post)}) <a href="{link}">{shown if link_text else ""}</a>'
        "</blockquote>"
    )


def amp_html(post: PostFact) -> str:
    """Give the element of AMP pages."""
    return f'<amp-twitter width="375" height="472" layout="responsive" data-tweetid="{post.key}"></amp-twitter>'


WIDGETS = '<script async src="https://platform.twitter.com/widgets.js" charset="utf-8"></script>'


def _answer_platform(request: Request, world: World) -> Reply | None:
    if request.path == "/widgets.js":
        return asset("x/widgets.js")
    if wall := answer_block_page(request):
        return wall
    if request.path not in ("/embed/Tweet.html", "/embed/index.html"):
        return None
    post = _BY_KEY.get(request.param("id"))
    return (post and answer_fault(world.state(post), request)) or asset("x/tweet.html")


def _answer_json(request: Request, world: World) -> Reply | None:
    if request.path != "/tweet-result":
        return None
    post = _BY_KEY.get(request.param("id"))
    origin = (("Access-Control-Allow-Origin", "*"), ("Cache-Control", "no-store"))
    if not request.param("token"):
        return json_text("{}", headers=origin)
    state = world.state(post)
    if post is None or state == "gone":
        return html("<!DOCTYPE html><title>404</title>", 404, origin)
    if state == "api_rate":
        return json_text('{"errors":[{"code":88}]}', 429, origin)
    tombstone: dict[str, Any] = {"__typename": "TweetTombstone", "tombstone": {}}
    if state == "deleted_note":
        said = "This Post was deleted by the Post author. Learn more"
        tombstone["tombstone"] = {"text": {"text": said, "entities": [], "rtl": False}}
    if state in ("withheld", "deleted_note"):
        result = tombstone
    else:
        result = tweet(post)
    if state == "suspended":
        result.pop("user")
    return json_text(json.dumps(result), headers=origin)


def tweet(post: PostFact) -> dict[str, Any]:
    """Give the JSON of a live post."""
    shown: dict[str, Any] = {
        "__typename": "Tweet",
        "lang": post.lang,
        "favorite_count": post.likes,
        "conversation_count": post.comments,
        "created_at": post.posted_at.replace("Z", ".000Z"),
        "display_text_range": [0, len(post.caption)],
        "entities": {"hashtags": [], "urls": [], "user_mentions": [], "symbols": []},
        "id_str": post.key,
        "text": post.caption,
        "user": _user(post),
        "edit_control": {"edit_tweet_ids": [post.key], "is_edit_eligible": False},
        "isEdited": False,
    }
    if post.slides:
        shown["mediaDetails"] = [_media(post, n) for n in range(len(post.slides))]
        shown["photos"] = [
            {
                "url": _image_url(post, n),
                "width": s.width,
                "height": s.height,
                "expandedUrl": f"{post.url}/photo/{n + 1}",
            }
            for n, s in enumerate(post.slides)
        ]
    if post.quotes:
        shown["quoted_tweet"] = tweet(_BY_NAME[post.quotes])
    return shown


def _user(post: PostFact) -> dict[str, Any]:
    author = post.author
    return {
        "id_str": author.id,
        "name": author.name,
        "screen_name": handle(post),
        "profile_image_url_https": f"https://pbs.twimg.com/profile_images/{author.id}/{author.picture[7:]}_normal.jpg",
        "verified": False,
        "is_blue_verified": author.verified,
    }


def _image_url(post: PostFact, number: int) -> str:
    return f"https://pbs.twimg.com/media/{post.key}-{number}.jpg"


def _media(post: PostFact, number: int) -> dict[str, Any]:
    slide = post.slides[number]
    return {
        "type": "photo",
        "media_url_https": _image_url(post, number),
        "ext_alt_text": slide.alt,
        "expanded_url": f"{post.url}/photo/{number + 1}",
        "original_info": {"width": slide.width, "height": slide.height},
    }


def _answer_images(request: Request, world: World) -> Reply | None:
    kind = (("Content-Type", "image/jpeg"), ("Access-Control-Allow-Origin", "*"))
    parts = request.path.removesuffix(".jpg").split("/")
    if parts[1] == "profile_images":
        recipe = f"avatar:{parts[3].partition('_')[0]}"
        if recipe in {post.author.picture for post in POSTS}:
            return Reply(200, kind, lambda: photo(recipe, 96, 96))
    key, _, number = parts[-1].partition("-")
    if parts[1] == "media" and key in _BY_KEY and number.isdigit():
        slide = _BY_KEY[key].slides[int(number)]
        small = (680, round(680 * slide.height / slide.width))
        if request.param("name") == "small":
            return Reply(200, kind, lambda: resized(slide.picture, slide.width, slide.height, small))
        return Reply(200, kind, lambda: photo(slide.picture, slide.width, slide.height))
    return None


def _answer_oembed(request: Request, world: World) -> Reply | None:
    if request.path != "/oembed":
        return None
    post = _BY_KEY.get(urlsplit(request.param("url")).path.rstrip("/").rpartition("/")[2])
    if post is None or world.state(post) != "live":
        return json_text('{"error":"Not Found","request":"/oembed"}', 404)
    answer = {
        "url": post.url.replace("x.com", "twitter.com"),
        "author_name": post.author.name,
        "author_url": f"https://twitter.com/{handle(post)}",
        "html": quote_html(post) + WIDGETS,
        "width": 550,
        "height": None,
        "type": "rich",
        "cache_age": "3153600000",
        "provider_name": "Twitter",
        "provider_url": "https://twitter.com",
        "version": "1.0",
    }
    return json_text(json.dumps(answer))


def _answer_site(request: Request, world: World) -> Reply | None:
    if request.host != "x.com":
        return redirect(f"https://x.com{request.target}", 301)
    # The site itself is an application: 200 and nothing in it, whatever became of the post.
    return html("<!DOCTYPE html><html><head><title>X</title></head><body><div id=react-root></div></body></html>")


def _answer_short(request: Request, world: World) -> Reply | None:
    post = _BY_NAME.get(request.path.strip("/"))
    if post:
        return redirect(post.url, 301)
    return not_found()


def _publish(post: PostFact) -> Published:
    names = ("kind", "author_name", "author_verified", "text", "lang", "posted_at", "likes", "comments")
    who = {"author_handle": handle(post), "author_url": f"https://x.com/{handle(post)}"}
    files = [
        Media("media", n, _image_url(post, n - 1).removesuffix(".jpg"), slide.width, slide.height, slide.alt)
        for n, slide in enumerate(post.slides, 1)
    ]
    face = f"https://pbs.twimg.com/profile_images/{post.author.id}/{post.author.picture[7:]}_400x400.jpg"
    if post.quotes:
        quoted = {"quoted_url": f"https://x.com/i/status/{_BY_NAME[post.quotes].key}"}
    else:
        quoted = {}
    return publish(post, *names, **who, **quoted, media=(*files, Media("avatar", 0, face)))


SITES = (
    Site(("platform.twitter.com", "platform.x.com"), _answer_platform, POSTS, STATES, publishes=_publish),
    Site(("cdn.syndication.twimg.com",), _answer_json),
    Site(("pbs.twimg.com",), _answer_images),
    Site(("publish.x.com", "publish.twitter.com"), _answer_oembed),
    Site(("x.com", "twitter.com", "www.twitter.com", "mobile.twitter.com"), _answer_site),
    Site(("t.co",), _answer_short),
)
