"""A Mastodon server: the frame, the API, oEmbed, embed.js."""

from __future__ import annotations

import json
from typing import Any

from embedarchive.replica import people as p
from embedarchive.replica.facts import Person, PostFact, Slide, kind_of, milliseconds, number_from
from embedarchive.replica.sites import Site
from embedarchive.replica.statuses import STATES, answer_server, publish_status, user
from embedarchive.replica.wire import Reply, Request, json_text
from embedarchive.replica.world import World

HOST = "social.wattwetter.example"


def _post(name: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    number = str(milliseconds(at) << 16 | number_from(f"mastodon:{name}", 1 << 16))
    handle = author.handle.split("_")[0].split(".")[0]
    kind = kind_of(slides)
    url = f"https://{HOST}/@{handle}/{number}"
    return PostFact("mastodon", name, f"{HOST}/{number}", url, kind, author, at, text, slides, **more)


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
    _post(
        "ms-tram",
        "2026-01-12T06:40:00Z",
        p.TRAM,
        "Перший трамвай після ночі.\nВодій сказав: «Ну, поїхали».",
        Slide("city:tram", "Трамвай у сніговій темряві", width=1080, height=1350),
        Slide("city:neon", None),
        likes=205,
        comments=9,
        lang="uk",
    ),
    _post(
        "ms-storm",
        "2026-03-02T23:10:00Z",
        p.KYSTVAKTA,
        "CW: heavy sea, people in danger\n\nAll eleven are safe. This is what it looked like.",
        Slide("sea:storm", "Photo of a small light on a dark, heavy sea.", video=True),
        likes=1_022,
        comments=77,
    ),
)
_BY_URL = {post.url: post for post in POSTS}


def quote_html(post: PostFact) -> str:
    """Give the embed code: no text of the post, only where it is."""
    return (
        f'<blockquote class="mastodon-embed" data-embed-url="{post.url}/embed" style="border: 1px solid #3f3a4a; '
        f'max-width: 540px; min-width: 270px; padding: 0;"><a href="{post.url}" target="_blank"><div>Post by '
        f"@{user(post)}@{HOST}</div><div>View on Mastodon</div></a></blockquote>"
        f'<script data-allowed-prefixes="https://{HOST}/" async src="https://{HOST}/embed.js"></script>'
    )


def _answer(request: Request, world: World) -> Reply | None:
    if request.path != "/api/oembed":
        return answer_server(request, world, POSTS)
    post = _BY_URL.get(request.param("url").rstrip("/"))
    if post is None or world.state(post).startswith("gone"):
        return json_text('{"error":"Record not found"}', 404)
    answer = {"type": "rich", "version": "1.0", "author_name": post.author.name, "html": quote_html(post)}
    return json_text(json.dumps(answer))


SITES = (Site((HOST,), _answer, POSTS, STATES, publishes=lambda post: publish_status(post, HOST)),)
