"""Imgur: images and albums, in the quote; a bare image file is no embed. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult

from embedarchive.core.model import Answer, Media, Post
from embedarchive.platforms.kit.fields import as_count, as_kind, as_list, as_text, as_time, dig
from embedarchive.platforms.kit.framed import (
    FRAMED_STATES,
    Framed,
    Said,
    as_seconds,
    as_url,
    make_visit,
    read_json_answer,
)
from embedarchive.platforms.kit.specification import Assumption, Example, Frame, MarkupExample, Platform, Selector

_PATH = re.compile(
    r"^/(?:(a|gallery|t/\w{1,40}|topic/[\w-]{1,80})/|r/\w{1,40}/)?(?:[\w%-]{1,2000}-)?([A-Za-z0-9]{5,8})(?:/(?:embed.*|all/?|layout/.*|comment/.*)?)?$"
)
_ROUTES = frozenset(
    [
        "upload",
        "about",
        "search",
        "signin",
        "register",
        "gallery",
        "random",
        "memegen",
        "privacy",
        "rules",
        "store",
        "vidgif",
        "removal",
        "account",
        "settings",
        "topics",
        "terms",
        "topic",
    ]
)


_NO_PAGES = re.compile(r"(?:i|s|api|apidocs|help|blog|store|status|community)\.imgur\.")


def identify(url: SplitResult) -> str | None:
    """The id of an image, or `a/id` of an album, which the gallery shows under the same id."""
    m = None
    if not _NO_PAGES.match(url.hostname or ""):
        m = _PATH.match(url.path)
    if m is None or m[2].lower() in _ROUTES or (not m[1] and _is_word(url.path)):
        return None
    if m[1]:
        return f"a/{m[2]}"
    return m[2]


def _is_word(path: str) -> bool:
    """Whether a path is one word of small letters: a page of the site, since one id in five hundred is."""
    return re.fullmatch(r"/[a-z]+/?", path) is not None


def permalink(url: SplitResult) -> str | None:
    """The gallery's own address: it shows albums and single images."""
    m = re.match(r"/(?:gallery|t|topic)/[^?#]+", url.path)
    if not m:
        return None
    return f"https://imgur.com{m[0].rstrip('/').partition('/embed')[0]}"


def canonical(native_id: str) -> str:
    """The public page."""
    return f"https://imgur.com/{native_id}"


def is_frame(url: SplitResult) -> bool:
    """`/ID/embed`."""
    return "/embed" in url.path


SELECTORS = (
    Selector("blockquote", "blockquote.imgur-embed-pub", id=("@data-id",), url=("a:last@href",)),
    Selector("amp", "amp-imgur", id=("@data-imgur-id",)),
)

EXAMPLES = (
    Example("https://imgur.io/UDZqhJo", "UDZqhJo", "https://imgur.com/UDZqhJo"),
    Example("https://imgur.com/a/UDZqhJo/all", "a/UDZqhJo", "https://imgur.com/a/UDZqhJo"),
    Example("https://imgur.com/UDZqhJo", "UDZqhJo", "https://imgur.com/UDZqhJo"),
    Example("https://imgur.com/a/UDZqhJo/embed?pub=true", "a/UDZqhJo", "https://imgur.com/a/UDZqhJo", frame=True),
    Example(
        "https://imgur.com/t/m/UDZqhJo",
        "a/UDZqhJo",
        "https://imgur.com/a/UDZqhJo",
        permalink="https://imgur.com/t/m/UDZqhJo",
    ),
    Example(
        "https://imgur.com/gallery/a-kestrel-UDZqhJo",
        "a/UDZqhJo",
        "https://imgur.com/a/UDZqhJo",
        permalink="https://imgur.com/gallery/a-kestrel-UDZqhJo",
    ),
    Example("https://imgur.com/r/m/UDZqhJo", "UDZqhJo", "https://imgur.com/UDZqhJo"),
    Example("https://imgur.com/a-kestrel-over-the-heath-UDZqhJo", "UDZqhJo", "https://imgur.com/UDZqhJo"),
    Example("https://imgur.com/a/a-kestrel-over-the-heath-UDZqhJo", "a/UDZqhJo", "https://imgur.com/a/UDZqhJo"),
    Example("https://imgur.com/UDZqh", "UDZqh", "https://imgur.com/UDZqh", bare=("UDZqh",)),
)

MARKUP = (
    MarkupExample(
        '<blockquote class="imgur-embed-pub" lang="en" data-id="UDZqhJo"><a href="//imgur.com/UDZqhJo">A kestrel</a></blockquote>',
        ("UDZqhJo",),
        "blockquote",
    ),
    MarkupExample(
        '<blockquote class="imgur-embed-pub"><a href="https://imgur.com/UDZqhJo">View</a></blockquote>'
        '<blockquote class="imgur-embed-pub" data-id="UDZqhJo"></blockquote>',
        ("UDZqhJo",) * 2,
        "blockquote",
    ),
    MarkupExample(
        '<amp-imgur data-imgur-id="UDZqhJo"></amp-imgur>',
        ("UDZqhJo",),
        "amp",
    ),
    MarkupExample(
        '<div data-imgurid="UDZqhJo"></div><div data-provider="imgur" data-id="a/UDZqhJo"></div>',
        ("UDZqhJo", "a/UDZqhJo"),
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_CLIENT = "546c25a59c58ad7"
"""How imgur.com's own pages name themselves to their service (source: yt-dlp); nobody's account."""


def read_post(answer: Answer, post: Post) -> Said:
    """Read the post's object: an album's items, or the one picture."""
    data = read_json_answer(answer)
    if not isinstance(data, dict) or not data.get("id"):
        return {}
    name, media = as_text(dig(data, "account", "username")), tuple(_read_items(data))
    return {
        "id": str(data["id"]),
        "kind": as_kind(media),
        "author_name": name,
        "author_handle": name,
        "author_url": name and f"https://imgur.com/user/{name}",
        "title": as_text(data.get("title")),
        "text": as_text(data.get("description")),
        "posted_at": as_time(data.get("created_at")),
        "likes": as_count(data.get("upvote_count")),
        "comments": as_count(data.get("comment_count")),
        "views": as_count(data.get("view_count")),
        "sensitive": data["is_mature"] if isinstance(data.get("is_mature"), bool) else None,
        "media": media,
    }


def _read_items(data: dict[str, Any]) -> Iterator[Media]:
    for position, item in enumerate(as_list(data.get("media")), 1):
        url, extra = as_url(dig(item, "url")), dig(item, "metadata")
        size = as_count(dig(item, "width")), as_count(dig(item, "height"))
        if url:
            seconds = as_seconds(dig(extra, "duration"))
            yield Media("media", position, url, *size, as_text(dig(extra, "description")), seconds)
        if dig(item, "type") == "video":
            yield Media("poster", position, f"https://i.imgur.com/{dig(item, 'id')}h.jpg")


FRAMED = Framed(
    frame=Frame("https://imgur.com/{id}/embed?pub=true", card="#image, .post, #root", width=540, height=500),
    kind="",
    signatures={"post": r'"errors"\s*:\s*\[\s*\{[^{}]*"code"\s*:\s*"?404'},
    asks={
        "post": f"https://api.imgur.com/post/v1/{{kind}}/{{name}}?client_id={_CLIENT}&include=media%2Caccount",
        "oembed": "https://api.imgur.com/oembed.json?url={quoted_url}",
    },
    readers={"post": read_post},
    fields=lambda post: {"kind": "albums" if post.native_id.startswith("a/") else "media"},
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`imgur.com/ID/embed?pub=true` is the frame; `api.imgur.com/post/v1/` answers to the client "
        "name of Imgur's own pages",
        "guess",
        source="the answers verified",
        check="ask for a deleted one",
    ),
    Assumption(
        "Imgur's oEmbed answers with the quote and no title field",
        "verified",
    ),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="imgur",
    title="Imgur",
    hosts=("imgur.com", "imgur.io"),
    identify=identify,
    canonical=canonical,
    permalink=permalink,
    is_frame=is_frame,
    id_pattern=r"(?:a/)?[A-Za-z0-9]{5,8}",
    mirrors=("rimgo.*", "imgur.artemislena.eu"),
    id_names=("imgurid",),
    selectors=SELECTORS,
    titled=True,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://i.imgur.com/UDZqhJo.jpg",
        "https://i.imgur.com/maral",
        "https://imgur.com/about",
        "https://imgur.com/emerald",
        "https://imgur.com/arcade",
        "https://imgur.com/upload",
        "https://imgur.com/search",
        "https://imgur.com/signin",
        "https://imgur.com/random",
        "https://imgur.com/gallery",
        "https://imgur.com/memegen",
        "https://imgur.com/privacy",
        "https://imgur.com/register",
        "https://s.imgur.com/maral",
        "https://api.imgur.com/maral",
    ),
    visit=make_visit(FRAMED, rules=3),
    assumptions=ASSUMPTIONS,
    archived=(
        "https://imgur.com/{id}",
        "https://imgur.com/{id}/embed",
    ),
    states=FRAMED_STATES,
)
