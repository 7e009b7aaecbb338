"""What the replica's platforms hold: frozen facts about invented people and posts, the oracle of every test. Pure."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from embedarchive.core.model import Embedding, Outcome

_SHORTCODE_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_INSTAGRAM_EPOCH_MS = 1314220021721


@dataclass(frozen=True, slots=True)
class Person:
    """An invented account. `picture` names the recipe of the avatar."""

    handle: str
    name: str
    picture: str
    verified: bool = False
    followers: int = 0
    posts: int = 120

    @property
    def id(self) -> str:
        return str(number_from(f"person:{self.handle}", 10**10))


@dataclass(frozen=True, slots=True)
class Slide:
    """One picture or video of a post. `picture` names the recipe; a video's picture is its poster."""

    picture: str
    alt: str | None = None
    video: bool = False
    width: int = 1080
    height: int = 1350


@dataclass(frozen=True, slots=True)
class State:
    """One way in which a platform can answer for a post: what is answered, and what a visit must make of it."""

    says: str
    outcome: Outcome = "available"
    reason: str | None = None
    whole: bool = True
    """Whether the files of a post that is available come, too."""
    tells: Callable[[PostFact], Mapping[str, Any]] | None = None
    """What is told of the post; None: all that its site publishes where the post is available, else nothing."""
    embedding: Embedding | None = None
    """`refused` where only the frame is refused, and the post is seen elsewhere."""


@dataclass(frozen=True, slots=True)
class PostFact:
    """One invented post as its author made it. `state` is what the platform answers on the first visit.

    `key` is the platform's native id (an Instagram shortcode, a tweet id …); `name` is how the newsroom calls it.
    `edited` is the caption after an edit. `audio` is (artist, title).
    """

    platform: str
    name: str
    key: str
    url: str
    kind: str
    author: Person
    posted_at: str
    caption: str
    slides: tuple[Slide, ...] = ()
    likes: int = 0
    comments: int = 0
    collaborator: Person | None = None
    audio: tuple[str, str] | None = None
    copyright_blocked: bool = False
    edited: str | None = None
    lang: str = "en"
    state: str = "live"
    quotes: str | None = None
    """Name of the post this one quotes."""
    unlike: Mapping[str, tuple[Outcome, str | None]] = field(default_factory=dict)
    """States that end otherwise for this post than for others of its platform."""

    @property
    def media_id(self) -> str:
        """The number an Instagram shortcode stands for."""
        value = 0
        for letter in self.key:
            value = value * 64 + _SHORTCODE_ALPHABET.index(letter)
        return str(value)


@dataclass(frozen=True, slots=True)
class ArticleFact:
    """One invented article: the posts it embeds in reading order, as often as they appear.

    `unresolved` is how many more embeds it holds that name no post.
    """

    url: str
    title: str
    outlet: str
    lang: str
    published_at: str
    posts: tuple[PostFact, ...]
    unresolved: int = 0


def kind_of(slides: tuple[Slide, ...]) -> str:
    """What kind of post these slides make: text, carousel, video or photo."""
    if not slides:
        return "text"
    if len(slides) > 1:
        return "carousel"
    if slides[0].video:
        return "video"
    return "photo"


def number_from(text: str, below: int) -> int:
    """Give a number that is always the same for the same text."""
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") % below


def milliseconds(iso: str) -> int:
    """Turn an ISO time into milliseconds since 1970."""
    return int(dt.datetime.fromisoformat(iso.replace("Z", "+00:00")).timestamp() * 1000)


def shortcode_at(iso: str, name: str) -> str:
    """Make the Instagram shortcode of a post of that moment; `name` fills the bits that carry no time."""
    number = (milliseconds(iso) - _INSTAGRAM_EPOCH_MS) << 23 | number_from(f"post:{name}", 1 << 23)
    letters = ""
    while number:
        number, digit = divmod(number, 64)
        letters = _SHORTCODE_ALPHABET[digit] + letters
    return letters
