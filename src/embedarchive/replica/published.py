"""An invented post -> what its platform's pages and answers say of it, in the fields of a description.

A site names the fields that it publishes as the author made them, and gives the others as it writes them. What it does
not name it tells nobody: a description that has it was not read there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from embedarchive.core.model import Media
from embedarchive.replica.cdn import avatar_url, picture_url, video_url
from embedarchive.replica.facts import PostFact

Published = Mapping[str, Any]


def publish(post: PostFact, *names: str, **own: Any) -> Published:
    """Give the named fields as the author made them, and `own` as the platform writes them."""
    author = post.author
    made = {
        "kind": post.kind,
        "author_name": author.name,
        "author_handle": author.handle,
        "author_verified": author.verified,
        "author_followers": author.followers,
        "text": post.caption,
        "title": post.caption,
        "lang": post.lang,
        "posted_at": post.posted_at.replace("Z", ".000Z"),
        "likes": post.likes,
        "comments": post.comments,
        "views": post.likes,
    }
    return {**{name: made[name] for name in names}, **own}


def list_files(
    post: PostFact,
    host: str,
    *,
    sizes: bool = False,
    alts: bool = True,
    posters: bool = True,
    avatar: bool = False,
    seconds: float | None = None,
    missing: str | None = None,
) -> tuple[Media, ...]:
    """Give a post's slides, posters and avatar at a host. `missing` says why its films are given to nobody."""
    files = []
    for position, slide in enumerate(post.slides, 1):
        width, height = (slide.width, slide.height) if sizes else (None, None)
        alt = slide.alt if alts else None
        picture = picture_url(host, post, position - 1)
        if not slide.video:
            files.append(Media("media", position, picture, width, height, alt))
            continue
        film = ""
        if not missing:
            film = video_url(host, post, position - 1)
        files.append(Media("media", position, film, width, height, alt, seconds, missing))
        files += [Media("poster", position, picture, width, height, alt)] if posters else []
    if avatar:
        return (*files, Media("avatar", 0, avatar_url(host, post.author)))
    return tuple(files)
