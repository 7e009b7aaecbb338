"""Bluesky: the frame, the public API, oEmbed; live and gone."""

from __future__ import annotations

import json
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

from embedarchive.replica import people as p
from embedarchive.replica.assets import asset, read
from embedarchive.replica.facts import Person, PostFact, milliseconds, number_from
from embedarchive.replica.pictures import photo
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

STATES = {"live": "the post", "gone": "not found, from frame and API"}
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


def record_key(iso: str, name: str) -> str:
    """Make the record key of a post of that moment: microseconds and a clock id, in sortable base 32."""
    number = milliseconds(iso) * 1000 << 10 | number_from(f"bsky:{name}", 1 << 10)
    letters = ""
    for _ in range(13):
        number, digit = divmod(number, 32)
        letters = _ALPHABET[digit] + letters
    return letters


def _did(person: Person) -> str:
    number, letters = number_from(f"did:{person.handle}", 1 << 62), ""
    for _ in range(24):
        number, digit = (number * 6364136223846793005 + 1442695040888963407) % (1 << 64), number >> 57 & 31
        letters += "abcdefghijklmnopqrstuvwxyz234567"[digit]
    return f"did:plc:{letters}"


def _handle(person: Person) -> str:
    return f"{person.handle.replace('.', '-').replace('_', '-')}.bsky.social"


def _post(name: str, at: str, author: Person, text: str, **more: Any) -> PostFact:
    key = f"{_did(author)}/{record_key(at, name)}"
    url = f"https://bsky.app/profile/{_did(author)}/post/{key.partition('/')[2]}"
    return PostFact("bluesky", name, key, url, "text", author, at, text, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "bs-comet",
        "2026-01-03T18:20:11Z",
        p.HALLEY,
        "Four hours, one comet, no sleep.\n\nIt will be back in 68,000 years. Set a reminder.",
        likes=5_120,
        comments=88,
    ),
    _post(
        "bs-typo",
        "2025-10-22T09:00:30Z",
        p.CLARA,
        "It was hail, not Hal. Sorry, Hal.",
        likes=402,
        comments=17,
        state="gone",
    ),
)
_BY_KEY = {post.key: post for post in POSTS}


def _uri(post: PostFact) -> str:
    did, _, key = post.key.partition("/")
    return f"at://{did}/app.bsky.feed.post/{key}"


def quote_html(post: PostFact) -> str:
    """Give the embed code: the whole text, name, handle and date."""
    text = escape(post.caption).replace("\n", "<br>")
    day = datetime.fromisoformat(post.posted_at.replace("Z", "+00:00"))
    return (
        f'<blockquote class="bluesky-embed" data-bluesky-uri="{_uri(post)}" data-bluesky-cid="bafyreib2rxk3rh6kzwq">'
        f'<p lang="{post.lang}">{text}</p>&mdash; {escape(post.author.name)} (<a href="https://bsky.app/profile/'
        f'{_did(post.author)}?ref_src=embed">@{_handle(post.author)}</a>) <a href="{post.url}?ref_src=embed">'
        f"{day:%B} {day.day}, {day.year} at {day:%H:%M}</a></blockquote>"
        '<script async src="https://embed.bsky.app/static/embed.js" charset="utf-8"></script>'
    )


def _view(post: PostFact) -> dict[str, Any]:
    author = post.author
    return {
        "$type": "app.bsky.feed.defs#postView",
        "uri": _uri(post),
        "cid": "bafyreib2rxk3rh6kzwq",
        "author": {
            "did": _did(author),
            "handle": _handle(author),
            "displayName": author.name,
            "avatar": f"https://cdn.bsky.app/img/avatar/plain/{author.picture[7:]}@jpeg",
        },
        "record": {
            "$type": "app.bsky.feed.post",
            "createdAt": post.posted_at,
            "langs": [post.lang],
            "text": post.caption,
        },
        "replyCount": post.comments,
        "repostCount": post.likes // 11,
        "likeCount": post.likes,
        "quoteCount": 3,
        "indexedAt": post.posted_at,
        "labels": [],
    }


def _shown(world: World, uri: str) -> PostFact | None:
    post = _BY_KEY.get(uri.removeprefix("at://").replace("/app.bsky.feed.post/", "/"))
    return post if post and world.state(post) == "live" else None


def _answer_api(request: Request, world: World) -> Reply | None:
    origin = (("Access-Control-Allow-Origin", "*"),)
    if request.path == "/xrpc/app.bsky.feed.getPosts":
        post = _shown(world, request.param("uris"))
        return json_text(json.dumps({"posts": [_view(post)] if post else []}), headers=origin)
    if request.path == "/xrpc/app.bsky.feed.getPostThread":
        uri = request.param("uri")
        if post := _shown(world, uri):
            thread = {"$type": "app.bsky.feed.defs#threadViewPost", "post": _view(post), "replies": []}
            return json_text(json.dumps({"thread": thread}), headers=origin)
        return json_text(json.dumps({"error": "NotFound", "message": f"Post not found: {uri}"}), 400, origin)
    return None


def _answer_frame(request: Request, world: World) -> Reply | None:
    parts = request.path.strip("/").split("/")
    if request.path == "/static/embed.js":
        return asset("bluesky/embed.js")
    if request.path == "/oembed":
        key = urlsplit(request.param("url")).path.removeprefix("/profile/").replace("/post/", "/")
        post = _BY_KEY.get(key)
        if post is None or world.state(post) != "live":
            return json_text('{"message":"Not Found"}', 404)
        answer = {"type": "rich", "version": "1.0", "author_name": post.author.name, "html": quote_html(post)}
        return json_text(json.dumps({**answer, "provider_name": "Bluesky Social", "width": 600, "height": None}))
    if len(parts) == 4 and parts[0] == "embed":
        if not parts[1].startswith("did:"):
            return html("Bad Request", 400)
        return Reply(200, (("Content-Type", "text/html; charset=utf-8"),), read("bluesky/frame.html"))
    return None


def _answer_images(request: Request, world: World) -> Reply | None:
    recipe = "avatar:" + request.path.rpartition("/")[2].partition("@")[0]
    if recipe not in {post.author.picture for post in POSTS}:
        return None
    return Reply(200, (("Content-Type", "image/jpeg"),), lambda: photo(recipe, 96, 96))


SITES = (
    Site(("embed.bsky.app",), _answer_frame, POSTS, STATES),
    Site(("public.api.bsky.app", "api.bsky.app"), _answer_api),
    Site(("cdn.bsky.app",), _answer_images),
)
