"""Instagram's media object (GraphQL, in any shape since 2017) -> fields and media of a description. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from embedarchive.describe import as_count, as_list, as_size, as_text, dig, find_key, read_json, read_json_after
from embedarchive.model import Media

CONTEXT = re.compile(r'"contextJSON":\s*("(?:[^"\\]|\\.)*"|null)')
"""What the frame's script gets: JSON inside a JSON string, or null for a photo."""
_OLDER = (r"__additionalDataLoaded\(\s*['\"][^'\"]*['\"]\s*,\s*", r"_sharedData\s*=\s*")
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
