"""A post's public page as others recorded it -> what it tells of the post, where it says itself that it is that post's. Pure.

For platforms whose rules visit a frame and read no page. A page counts where its own canonical address (or `og:url`) names the
post, and an object in it does so too: schema.org's, as JSON-LD or as microdata, or the platform's own markup
(`Visitable.read_page`). What an article says in the same way of a post that it embeds is never asked: only what was recorded at
the post's own address comes here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.model import Answer, Media, Post
from embedarchive.core.urls import split_anything
from embedarchive.platforms.kit.fields import as_text, as_time, parse_html, read_json_ld, read_meta, text_of
from embedarchive.platforms.kit.framed import as_url, names_id
from embedarchive.platforms.kit.outcomes import MAX_HTML

KINDS = {
    "SocialMediaPosting": "", "DiscussionForumPosting": "", "VideoObject": "video", "Clip": "video", "ImageObject": "photo",
    "Photograph": "photo", "AudioObject": "audio", "MusicRecording": "audio", "MusicAlbum": "audio", "PodcastEpisode": "audio",
    "RadioEpisode": "audio",
}  # fmt: skip
"""Types of schema.org that a post is, and what such a post is; '' where it does not say."""
_FILMS = ("video", "audio")


def parse_page(answer: Answer, post: Post) -> LexborHTMLParser | None:
    """The page, where it was served and says of itself that it is the post's and no other's."""
    if answer.status != 200 or answer.error:
        return None
    tree = parse_html(answer.body[:MAX_HTML])
    meta = read_meta(tree)
    own = [meta[name] for name in ("canonical", "og:url") if meta.get(name)]
    if own and all(is_of(url, answer.url, post) for url in own):
        return tree
    return None


def is_of(url: str, page: str, post: Post) -> bool:
    """Whether an address is one of the post's at the host of a page."""
    if url.partition("//")[2].rstrip("/") == post.url.partition("//")[2].rstrip("/"):
        return True
    return find_site(url) in ("", find_site(page)) and names_id(url, post.native_id.rpartition("/")[2])


def find_site(url: str) -> str:
    """The last two labels of an address's host; '' of an address without one."""
    return ".".join((split_anything(url).hostname or "").split(".")[-2:])


def read_objects(answer: Answer, post: Post) -> Mapping[str, Any]:
    """What schema.org's objects in a post's own page tell of it; empty where none names it."""
    tree = parse_page(answer, post)
    if tree is None:
        return {}
    items = (*unfold(read_json_ld(tree)), *read_microdata(tree))
    own = (item for item in items if find_kind(item) is not None and names_itself(item, answer.url, post))
    return next((fields for item in own if (fields := read_object(item))), {})


def unfold(items: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Objects, and those that they are about."""
    for item in items:
        yield item
        inner = item.get("mainEntity")
        if isinstance(inner, dict):
            yield inner


def find_kind(item: Mapping[str, Any]) -> str | None:
    named = item.get("@type")
    types = named if isinstance(named, list) else [named]
    return next((KINDS[each] for each in types if isinstance(each, str) and each in KINDS), None)


def names_itself(item: Mapping[str, Any], page: str, post: Post) -> bool:
    """Whether all addresses that an object gives for itself are the post's, and there is one."""
    main = item.get("mainEntityOfPage")
    if isinstance(main, dict):
        main = main.get("@id")
    given = [each for each in (item.get("url"), item.get("@id"), main) if isinstance(each, str) and "/" in each]
    return bool(given) and all(is_of(each, page, post) for each in given)


def read_object(item: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a description in an object of schema.org."""
    kind = find_kind(item) or None
    author = first_of(item.get("author") or item.get("creator") or item.get("byArtist"))
    who = author if isinstance(author, dict) else {"name": author}
    title = as_text(item.get("headline")) or as_text(item.get("name"))
    text = as_text(item.get("articleBody")) or as_text(item.get("text")) or as_text(item.get("description"))
    handle = as_text(who.get("alternateName")) or ""
    return {
        "kind": kind, "author_name": as_text(who.get("name")), "author_url": as_url(who.get("url")),
        "author_handle": handle.removeprefix("@") if handle.startswith("@") else None, "title": title, "text": text or title,
        "posted_at": as_time(item.get("datePublished") or item.get("uploadDate") or item.get("dateCreated")),
        "media": tuple(read_files(item, kind)),
    }  # fmt: skip


def first_of(value: Any) -> Any:
    if isinstance(value, list):
        return value[0] if value else None
    return value


def read_files(item: Mapping[str, Any], kind: str | None) -> Iterator[Media]:
    """The post's own file, and the picture that stands for it."""
    file = as_url(first_of(item.get("contentUrl")))
    still = first_of(item.get("thumbnailUrl") or item.get("thumbnail") or item.get("image"))
    if isinstance(still, dict):
        still = still.get("url") or still.get("contentUrl")
    if file:
        yield Media("media", 1, file)
    elif kind in _FILMS:
        yield Media("media", 1, "", missing="only_streamed")
    if (picture := as_url(still)) and picture != file:
        yield Media("poster", 1, picture)


# ------------------------------------------------------------------------------------------------------------- microdata


def read_microdata(tree: LexborHTMLParser) -> Iterator[Mapping[str, Any]]:
    """Objects of schema.org that are spelt as attributes, as JSON-LD would spell them."""
    for node in tree.css('[itemscope][itemtype*="schema.org/"]'):
        item = read_item(node)
        if find_kind(item) is not None:
            yield item


def read_item(node: LexborNode) -> dict[str, Any]:
    """An element's own properties; of one that is an object, that object's."""
    item: dict[str, Any] = {"@type": (node.attributes.get("itemtype") or "").rpartition("/")[2]}
    for each in node.css("[itemprop]"):
        if find_owner(each) == node and each != node:
            inner = "itemscope" in each.attributes
            item.setdefault(each.attributes.get("itemprop") or "", read_item(each) if inner else read_value(each))
    return item


def find_owner(node: LexborNode) -> LexborNode | None:
    above = node.parent
    while above is not None and "itemscope" not in (above.attributes or {}):
        above = above.parent
    return above


def read_value(node: LexborNode) -> str | None:
    said = node.attributes
    return said.get("content") or said.get("href") or said.get("src") or said.get("datetime") or text_of(node)
