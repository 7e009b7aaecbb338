"""A Mastodon server: the frame, the API, oEmbed, embed.js; live and gone."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from embedarchive.replica import people as p
from embedarchive.replica.assets import asset, read
from embedarchive.replica.facts import Person, PostFact, milliseconds, number_from
from embedarchive.replica.pictures import photo
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

STATES = {"live": "the post", "gone": "404: record not found"}
HOST = "social.wattwetter.example"


def _post(name: str, at: str, author: Person, text: str, **more: Any) -> PostFact:
    number = str(milliseconds(at) << 16 | number_from(f"mastodon:{name}", 1 << 16))
    handle = author.handle.split("_")[0]
    url = f"https://{HOST}/@{handle}/{number}"
    return PostFact("mastodon", name, f"{HOST}/{number}", url, "text", author, at, text, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "ms-amboss",
        "2025-10-21T16:22:08Z",
        p.CLARA,
        "From 140 km away it looked like a folded napkin.\n\nI have never been so happy about a napkin.",
        likes=311,
        comments=24,
    ),
    _post("ms-erratum", "2025-10-22T07:00:00Z", p.CLARA, "Correction: 138 km.", likes=40, comments=2, state="gone"),
)
_BY_NUMBER = {post.key.partition("/")[2]: post for post in POSTS}


def _user(post: PostFact) -> str:
    return post.url.split("@")[1].partition("/")[0]


def quote_html(post: PostFact) -> str:
    """Give the embed code: no text of the post, only where it is."""
    return (
        f'<blockquote class="mastodon-embed" data-embed-url="{post.url}/embed" style="border: 1px solid #3f3a4a; '
        f'max-width: 540px; min-width: 270px; padding: 0;"><a href="{post.url}" target="_blank"><div>Post by '
        f"@{_user(post)}@{HOST}</div><div>View on Mastodon</div></a></blockquote>"
        f'<script data-allowed-prefixes="https://{HOST}/" async src="https://{HOST}/embed.js"></script>'
    )


def _status(post: PostFact) -> dict[str, Any]:
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in post.caption.split("\n\n"))
    account = {
        "id": post.author.id,
        "username": _user(post),
        "acct": _user(post),
        "display_name": post.author.name,
        "url": f"https://{HOST}/@{_user(post)}",
        "avatar": f"https://{HOST}/avatars/{post.author.picture[7:]}.jpg",
        "followers_count": post.author.followers,
    }
    return {
        "id": post.key.partition("/")[2],
        "created_at": post.posted_at.replace("Z", ".000Z"),
        "visibility": "public",
        "language": post.lang,
        "uri": post.url,
        "url": post.url,
        "replies_count": post.comments,
        "reblogs_count": post.likes // 4,
        "favourites_count": post.likes,
        "content": paragraphs,
        "account": account,
        "media_attachments": [],
    }


def _answer(request: Request, world: World) -> Reply | None:
    parts = request.path.strip("/").split("/")
    if request.path == "/embed.js":
        return asset("mastodon/embed.js")
    if parts[0] == "avatars":
        return Reply(200, (("Content-Type", "image/jpeg"),), lambda: photo(POSTS[0].author.picture, 96, 96))
    if parts[:3] == ["api", "v1", "statuses"]:
        post = _shown(world, parts[-1])
        return json_text(json.dumps(_status(post))) if post else json_text('{"error":"Record not found"}', 404)
    if request.path == "/api/oembed":
        post = _shown(world, request.param("url").rstrip("/").rpartition("/")[2])
        if not post:
            return json_text('{"error":"Record not found"}', 404)
        answer = {"type": "rich", "version": "1.0", "author_name": post.author.name, "html": quote_html(post)}
        return json_text(json.dumps(answer))
    if parts[0].startswith("@") and len(parts) in (2, 3):
        return _answer_page(world, parts)
    return None


def _answer_page(world: World, parts: list[str]) -> Reply:
    post = _shown(world, parts[1])
    if post is None:
        return html("<!DOCTYPE html><title>404</title><p>The page you are looking for isn't here.</p>", 404)
    if len(parts) == 2:
        head = f'<meta property="og:title" content="{escape(post.author.name)}"><title>Mastodon</title>'
        return html(f"<!DOCTYPE html><html><head>{head}</head></html>", headers=(("X-Frame-Options", "DENY"),))
    state = json.dumps(_status(post), ensure_ascii=False).replace("<", "\\u003c")
    return html(read("mastodon/frame.html").decode().replace("{status}", state))


def _shown(world: World, number: str) -> PostFact | None:
    post = _BY_NUMBER.get(number)
    return post if post and world.state(post) == "live" else None


SITES = (Site((HOST,), _answer, POSTS, STATES),)
