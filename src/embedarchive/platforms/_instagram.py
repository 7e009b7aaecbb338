"""What Instagram's pages carry of a post (media object, card, metadata) -> fields of a description. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from selectolax.lexbor import LexborNode

from embedarchive.core.model import Media, Page
from embedarchive.platforms.kit.counts import read_count
from embedarchive.platforms.kit.fields import (
    as_count,
    as_list,
    as_size,
    as_text,
    dig,
    find_key,
    parse_html,
    read_json,
    read_json_after,
    read_meta,
    read_rich_text,
    read_srcset,
    text_of,
)

CONTEXT = re.compile(r'"contextJSON":\s*("(?:[^"\\]|\\.)*"|null)')
"""What the frame's script gets: JSON inside a JSON string, or null for a photo."""
_OLDER = (r"__additionalDataLoaded\(\s*['\"][^'\"]*['\"]\s*,\s*", r"_sharedData\s*=\s*")
_HOME = "https://www.instagram.com/"
_MEDIA_NAMES = ("shortcode_media", "xdt_shortcode_media")


def read_media_object(body: str) -> dict[str, Any]:
    """The media object that reels, videos and carousels carry (photos have none), in any shape since 2017."""
    context = CONTEXT.search(body)
    text = read_json(context[1]) if context else None
    outer = read_json(text) if isinstance(text, str) else None
    for candidate in (outer, *(read_json_after(body, marker) for marker in _OLDER)):
        media = find_key(candidate, _MEDIA_NAMES)
        if media:
            return {**media, "copyright_blocked": dig(candidate, "context", "copyright_blocked") is True}
    return {}


def read_media_fields(data: dict[str, Any], blocked: bool) -> dict[str, Any]:
    owner = data.get("owner")
    name = as_text(dig(owner, "username"))
    music = data.get("clips_music_attribution_info")
    song = [s for s in (as_text(dig(music, "artist_name")), as_text(dig(music, "song_name"))) if s]
    return {
        "kind": name_kind(str(data.get("__typename") or ""), data.get("product_type") == "clips"),
        "author_name": as_text(dig(owner, "full_name")),
        "author_handle": name,
        "author_url": name and f"https://www.instagram.com/{name}/",
        "author_verified": dig(owner, "is_verified"),
        "author_followers": as_count(dig(owner, "edge_followed_by", "count")),
        "text": as_text(dig(data, "edge_media_to_caption", "edges", 0, "node", "text")),
        "alt_text": as_text(data.get("accessibility_caption")),
        "location": as_text(dig(data, "location", "name")),
        "likes": as_count(dig(data, "edge_liked_by", "count")),
        "comments": as_count(dig(data, "edge_media_to_comment", "count")),
        "views": as_count(data.get("video_view_count")) or None,  # 0 on real reels: not a count
        "audio": " · ".join(song),
        "media": _read_slides(data, blocked),
    }


def name_kind(typename: str, is_clip: bool) -> str | None:
    kinds = {"Image": "photo", "Video": "reel" if is_clip else "video", "Sidecar": "carousel"}
    return kinds.get(re.sub(r"^(?:XDT)?Graph", "", typename))


def _read_slides(data: dict[str, Any], blocked: bool) -> tuple[Media, ...]:
    edges = as_list(dig(data, "edge_sidecar_to_children", "edges"))
    nodes = [node for edge in edges if isinstance(node := dig(edge, "node"), dict)] or [data]
    slides = [m for position, node in enumerate(nodes, 1) for m in _read_slide(node, position, blocked)]
    avatar = as_text(dig(data, "owner", "profile_pic_url"))
    return (*slides, Media("avatar", 0, avatar)) if avatar and slides else tuple(slides)


def _read_slide(node: dict[str, Any], position: int, blocked: bool) -> Iterator[Media]:
    size = as_size(dig(node, "dimensions", "width")), as_size(dig(node, "dimensions", "height"))
    pictures = [(as_text(node.get("display_url")) or "", size[0] or 0)]
    for each in as_list(node.get("display_resources")):
        pictures += [(as_text(dig(each, "src")) or "", as_size(dig(each, "config_width")) or 0)]
    picture, alt = find_widest(pictures), as_text(node.get("accessibility_caption"))
    if node.get("is_video") is not True:
        if picture:
            yield Media("media", position, picture, *size, alt=alt)
        return
    video, length = as_text(node.get("video_url")), node.get("video_duration")
    why = None if video else "copyright_blocked" if blocked else "not_served"
    seconds = float(length) if isinstance(length, int | float) else None
    yield Media("media", position, video or "", *size, alt=alt, duration_s=seconds, missing=why)
    if picture:
        yield Media("poster", position, picture, *size, alt=alt)


def find_widest(pictures: Iterable[tuple[str, int]]) -> str | None:
    """The widest picture that is no square crop (`stp=c0.135.1080.1080a_…`), the first of equals."""
    whole = [p for p in pictures if p[0] and not re.search(r"[?&]stp=c\d+\.\d+\.\d+\.\d+a?_", p[0])]
    return max(whole, key=lambda p: p[1])[0] if whole else None


def read_card(card: LexborNode) -> dict[str, Any]:
    """Read the server's markup: for a photo the only source, and the only one of links and collaborators."""
    both = card.css_first(".CollabUsername .UsernameText")
    name = text_of(both or card.css_first(".HeaderText .UsernameText") or card.css_first(".CaptionUsername"))
    others = (text_of(n) for n in card.css(".CollabUsernameRow .UsernameText"))
    caption = card.css_first(".Caption")
    text, rich = (
        read_rich_text(caption, _HOME, ".CaptionUsername, .CaptionComments", _drop_query) if caption else ("", "")
    )
    permalink = card.attributes.get("data-permalink") or ""
    return {
        "kind": name_kind(card.attributes.get("data-media-type") or "", "/reel/" in permalink),
        "author_handle": name,
        "author_url": name and f"{_HOME}{name}/",
        "author_verified": True if card.css_first(".HeaderText .VerifiedSprite") else None if both else False,
        "author_followers": read_count(text_of(card.css_first(".FollowerCountText"))),
        "collaborators": tuple(o for o in others if o and o != name),
        "text": text,
        "text_html": rich,
        "likes": read_count(text_of(card.css_first(".SocialProof"))),
        "comments": read_count(text_of(card.css_first(".CaptionCommentsExpand"))),
        "audio": text_of(card.css_first(".HeaderSecondaryContent > span:not(.FollowerCountText)")),
        "media": _read_card_media(card, name),
    }


def _read_card_media(card: LexborNode, owner: str | None) -> tuple[Media, ...]:
    picture = card.css_first("img.EmbeddedMediaImage")
    video = card.css_first(".EmbeddedMediaVideo[src]")
    is_video = card.attributes.get("data-media-type") == "GraphVideo"
    media: list[Media] = []
    if is_video or video:
        url = (video.attributes.get("src") if video else None) or ""
        media.append(Media("media", 1, url, missing=None if url else "not_served"))
    if picture:
        sizes = dict(choices := read_srcset(picture.attributes.get("srcset") or ""))
        url = find_widest(choices) or picture.attributes.get("src") or ""
        alt = picture.attributes.get("alt") or None
        media.append(Media("poster" if is_video else "media", 1, url, sizes.get(url) or None, alt=alt))
    for link in card.css("a.Avatar, a.CollabAvatar"):
        face = link.css_first("img[src]")
        if face and urlsplit(link.attributes.get("href") or "").path.strip("/") == owner:
            media.append(Media("avatar", 0, face.attributes.get("src") or ""))
    return tuple(m for m in media if m.url or m.missing)


def read_og(page: Page) -> dict[str, Any]:
    """Read the full page's metadata, all there is when embedding was refused."""
    full = page.answer("page")
    meta = read_meta(parse_html(full.body)) if full and full.status == 200 else {}
    name = re.match(r"(.+?) \(@([\w.]+)\)", meta.get("twitter:title", ""), re.S)
    quoted = re.match(r'.+?: ["“](.*)["”]$', meta.get("og:title", ""), re.S)
    owner = _first_segment(meta.get("og:url", "")) or (name[2] if name else None)
    picture = meta.get("og:image")
    return {
        "author_name": name[1] if name else None,
        "author_handle": owner,
        "author_url": owner and f"{_HOME}{owner}/",
        "title": meta.get("og:title"),
        "text": quoted[1] if quoted else None,
        "media": (Media("poster", 1, picture),) if picture else (),
    }


def _first_segment(link: str) -> str | None:
    """The owner's handle, with which the full page's own address begins."""
    found = re.match(r"https://www\.instagram\.com/([\w.]+)/(?:p|reel|tv)/", link)
    return found[1] if found else None


def _drop_query(link: str) -> str:
    """Links to Instagram lose their trackers; a link elsewhere stays as it is."""
    return link.partition("?")[0] if link.startswith(_HOME) else link
