"""Truth Social: frames and API like Mastodon's, on one host."""

from __future__ import annotations

from typing import Any

from embedarchive.replica import people as p
from embedarchive.replica.facts import Person, PostFact, Slide, kind_of, milliseconds, number_from
from embedarchive.replica.sites import Site
from embedarchive.replica.statuses import STATES, answer_server, publish_status, user

HOST = "truthsocial.com"


def _post(name: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    number = str(milliseconds(at) << 16 | number_from(f"truth:{name}", 1 << 16))
    kind = kind_of(slides)
    url = f"https://{HOST}/@{author.handle.replace('.', '_')}/posts/{number}"
    return PostFact("truthsocial", name, number, url, kind, author, at, text, slides, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "ts-nightbus",
        "2026-02-05T23:59:00Z",
        p.NIGHTBUS,
        "Line 9 runs all night again.\n\nBring a book. 📻",
        Slide("stage:concert", "Photo of lights over a crowd.", width=1080, height=1350),
        likes=802,
        comments=64,
    ),
    _post(
        "ts-swell",
        "2026-01-28T18:20:00Z",
        p.KYSTVAKTA,
        "CW: people in danger\n\nAll eleven are ashore.",
        Slide("sea:squall", "A boat in a high swell", width=1080, height=1350),
        likes=64,
    ),
    _post("ts-dunas", "2026-01-09T08:00:00Z", p.DUNAS, "Viento del este.\nPlaya cerrada.", likes=19, lang="es"),
)


def frame_html(post: PostFact) -> str:
    """Give the embed code: a frame and the script that fits its height."""
    src = f"{post.url.replace('/posts/', '/')}/embed"
    return (
        f'<iframe src="{src}" class="truthsocial-embed" style="max-width: 100%; border: 0" width="600" '
        f'allowfullscreen="allowfullscreen" title="@{user(post)}"></iframe>'
        f'<script src="https://{HOST}/embed.js" async="async"></script>'
    )


SITES = (
    Site(
        (HOST,),
        lambda request, world: answer_server(request, world, POSTS),
        POSTS,
        STATES,
        publishes=lambda post: publish_status(post, HOST),
    ),
)
