"""Reddit: the embed frame, oEmbed, widgets.js; live and gone. Every id answers 200."""

from __future__ import annotations

import json
from html import escape
from typing import Any
from urllib.parse import urlsplit

from embedarchive.replica import people as p
from embedarchive.replica.assets import asset, read
from embedarchive.replica.facts import Person, PostFact
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

STATES = {"live": "the post", "gone": "a shell without canonical address; oEmbed 404"}
_SUB = "UrbanBeekeeping"


def _post(name: str, key: str, at: str, author: Person, title: str, **more: Any) -> PostFact:
    url = f"https://www.reddit.com/r/{_SUB}/comments/{key}/"
    return PostFact("reddit", name, key, url, "link", author, at, title, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "rd-honey",
        "1m4q7zx",
        "2025-07-20T18:44:00Z",
        p.BEES,
        "Neighbours say our honey tastes of fried fish. It does not. AMA.",
        likes=4_812,
        comments=603,
    ),
    _post(
        "rd-swarm", "1lz0k2b", "2025-06-30T07:12:00Z", p.BEES, "Swarm on a tram stop, what now?", likes=91, state="gone"
    ),
)
_BY_KEY = {post.key: post for post in POSTS}


def quote_html(post: PostFact) -> str:
    """Give the embed code: title, author, community, and when the code was made (not the post)."""
    return (
        f'<blockquote class="reddit-embed-bq" style="height:316px" data-embed-height="316" '
        f'data-embed-created="2025-07-21T09:00:00.000Z"><a href="{post.url}">{escape(post.caption)}</a><br> by'
        f'<a href="https://www.reddit.com/user/{post.author.handle}/">u/{post.author.handle}</a> in'
        f'<a href="https://www.reddit.com/r/{_SUB}/">{_SUB}</a></blockquote>'
        '<script async src="https://embed.reddit.com/widgets.js" charset="UTF-8"></script>'
    )


def _key_in(path: str) -> str:
    parts = path.strip("/").split("/")
    return parts[3] if len(parts) > 3 and parts[2] == "comments" else ""


def _shown(world: World, path: str) -> PostFact | None:
    post = _BY_KEY.get(_key_in(path))
    return post if post and world.state(post) == "live" else None


def _answer_frame(request: Request, world: World) -> Reply | None:
    if request.path == "/widgets.js":
        return asset("reddit/widgets.js")
    post = _shown(world, request.path)
    page = read("reddit/frame.html").decode()
    if post is None:
        return html(
            page.replace(
                "{post}",
                '<shreddit-embed-error canonical-url="https://www.reddit.com/undefined"></shreddit-embed-error>',
            )
        )
    return html(page.replace("{post}", _card(post)))


def _card(post: PostFact) -> str:
    return (
        f'<shreddit-embed canonical-url="{post.url}" data-post-id="t3_{post.key}"><div class="head"><b>r/{_SUB}</b>'
        f'<span>u/{escape(post.author.handle)} · <time datetime="{post.posted_at}">{post.posted_at[:10]}</time></span>'
        f'</div><h1>{escape(post.caption)}</h1><div class="foot"><span>▲ {post.likes:,}</span>'
        f"<span>💬 {post.comments:,}</span>"
        f'<a href="{post.url}">Read more on Reddit</a></div></shreddit-embed>'
    )


def _answer_site(request: Request, world: World) -> Reply | None:
    if request.path != "/oembed":
        # As data centres meet it.
        return html("<title>Blocked</title>whoa there, pardner!", 403)
    post = _shown(world, urlsplit(request.param("url")).path)
    if post is None:
        return json_text('{"message":"Not Found","error":404}', 404)
    answer = {
        "provider_url": "https://www.reddit.com/",
        "version": "1.0",
        "title": post.caption,
        "provider_name": "reddit",
        "type": "rich",
        "html": quote_html(post),
        "height": 316,
        "author_name": post.author.handle,
    }
    return json_text(json.dumps(answer))


SITES = (
    Site(("embed.reddit.com", "www.redditmedia.com"), _answer_frame, POSTS, STATES),
    Site(("www.reddit.com", "reddit.com", "old.reddit.com"), _answer_site),
)
