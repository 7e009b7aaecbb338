"""A post or an article -> what other sites show of a link to its page (https://ogp.me): title, words, a picture. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from embedarchive.core.texts import shorten
from embedarchive.library.records import ArticleRecord, PostRecord, StoredFile
from embedarchive.show.card import title_of
from embedarchive.show.words import say_count, say_post_status

LONGEST = 200
Address = Callable[[StoredFile], str | None]
"""The whole address of a kept file, or None where it may not be shown."""


@dataclass(frozen=True, slots=True)
class Social:
    """What is shown of a link. `picture` is None where there is none that everybody may see."""

    title: str
    description: str
    picture: str | None = None
    width: int | None = None
    height: int | None = None


def describe_post_link(record: PostRecord, address: Address) -> Social:
    """A post by its card: who it is by, where it stands, what it said, as a browser saw it. Nothing sensitive is shown."""
    words = ""
    if record.said and record.said.text:
        words = record.said.text
    description = f"{say_post_status(record)}. {shorten(words, LONGEST)}".strip()
    best = record.best
    if best and not best.sensitive:
        shots = best.kept("screenshot")
    else:
        shots = ()
    for shot in shots:
        if shot.held and (url := address(shot)):
            return Social(title_of(record), description, url, shot.width, shot.height)
    return Social(title_of(record), description)


def describe_article_link(record: ArticleRecord) -> Social:
    """An article by its title and how its embeds fared."""
    gone = sum(placed.post is not None and placed.post.status == "gone" for placed in record.embeds)
    fared = f", {gone} of them gone" if gone else ""
    return Social(record.title or record.url, f"{say_count(len(record.embeds), 'embed')}{fared}. {record.url}")
