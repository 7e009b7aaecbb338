"""A record (an element's attributes, or a JSON object) -> the post it embeds. One rule for both, since CMSs write
the same
names in both. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, pairwise

from embedarchive.core.model import Post
from embedarchive.core.urls import split_url
from embedarchive.detect.identity import find_platforms, identify_embedded, identify_post, read_bare_id
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import Platform

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")
_EMBED_WORDS = frozenset(
    (
        "embed", "embeds", "embedded", "embedly", "oembed", "iframe", "iframely", "rich", "social", "tweet", "video",
        "player", "consent", "lazy", "provider", "placeholder", "blocked", "blocker", "externalcontent", "extcontent",
        "thirdparty", "onebox",
    )
).union(name for p in PLATFORMS for name in (p.name, *p.services) if len(name) > 2)  # fmt: skip
_OTHER_WORDS = frozenset(
    (
        "share", "sharing", "sharer", "follow", "button", "btn", "icon", "icons", "gallery", "lightbox", "thumb",
        "thumbnail", "grid", "credit", "credits", "avatar", "nav", "menu", "proxy", "login", "comment", "comments",
        "count", "like", "likes", "profile", "author", "related", "caption", "copyright", "copy", "clipboard", "source",
        "sameas", "logo", "badge", "cta", "redirect", "track", "tracking", "analytics", "ad", "ads", "sbi", "feedzy",
        "comingfrom", "listen", "subscribe",
    )
)  # fmt: skip
_SERVICE_KEYS = frozenset(
    (
        "provider", "providername", "type", "service", "network", "platform", "source", "embedtype", "socialtype",
        "kind", "subtype", "vendor", "site", "servicename", "embedprovider", "videoprovider", "videotype", "mediatype",
        "socialnetwork", "contenttype", "extcontenttype", "name", "typename",
    )
)  # fmt: skip
ID_KEYS = frozenset(
    (
        "id",
        "embedid",
        "postid",
        "mediaid",
        "itemid",
        "contentid",
        "externalid",
        "playableid",
        "embed",
        "video",
        "code",
        "shortcode",
        "embedcode",
        "embedkey",
        "lazyid",
    )
)
_ID_ENDS = ("videoid", "embedid", "postid", "mediaid", "shortcode", "lazyid")
"""What a name ends with that promises an id whatever library's prefix it bears (`data-plyr-embed-id`)."""
_SERVICE_ENDS = ("provider", "service", "platform", "network", "embed", "vendor", "component", "layout", "type")
_DIRECTORY = frozenset(
    ("apple", "itunes", "google", "pocket", "deezer", "amazon", "rss", "overcast", "castbox", "stitcher", "tidal",
     "audible", "iheart", "tunein", "podbean", "castro", "playerfm")
)  # fmt: skip
"""Services that a thing can be had from besides the platforms."""
_TEASERS = frozenset(("teaser", "teasers", "promo"))
"""Types of records that lead elsewhere."""
_OF_PLAYER = frozenset(("width", "height", "aspectratio", "autostart", "controls", "skin", "primary"))
"""Options of a player that has its film from a `file`."""
_LINKING = frozenset(("icon", "icons", "sameas", "menu", "nav"))
"""Words of a record's names that make of its address a link."""
_NEVER = frozenset(
    (
        "class", "style", "alt", "title", "aria-label", "href", "srcset", "sizes", "placeholder",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Named:
    """A post a record names: by which of its names, and in which words (`url` as written, or None for a bare id)."""

    post: Post
    name: str
    url: str | None
    rule: str


@lru_cache(maxsize=4096)
def split_words(text: str) -> frozenset[str]:
    """`data-embedUrl` -> data, embed, url: the words of a name, in lower case."""
    return frozenset(w.lower() for w in _WORD.findall(text[:500]))


@lru_cache(maxsize=4096)
def squeeze(name: str) -> str:
    """`data-tweet-id`, `tweetId`, `tweet_id` -> tweetid."""
    return re.sub(r"[^a-z0-9]", "", name.lower().removeprefix("data-"))


def _index_services() -> dict[str, Platform]:
    index = {p.name: p for p in PLATFORMS} | {squeeze(p.title): p for p in PLATFORMS}
    for platform in PLATFORMS:
        index.update(dict.fromkeys(platform.services, platform))
    return index


SERVICES = _index_services()
ID_NAMES: dict[str, Platform] = {name: p for p in PLATFORMS for name in p.id_names}


def is_any_id(name: str) -> bool:
    """Whether a squeezed name promises an id, of whatever service."""
    return name in ID_KEYS or name.endswith(_ID_ENDS)


def is_service_key(name: str) -> bool:
    """Whether a squeezed name promises the name of a service."""
    return name in _SERVICE_KEYS or name.endswith(_SERVICE_ENDS)


@lru_cache(maxsize=4096)
def split_type(text: str) -> frozenset[str]:
    """`DocumentBlockExternalContent` -> its words, each alone and joined to the next, and all of them as one."""
    words = [w.lower() for w in _WORD.findall(text[:200])]
    return frozenset((*words, *map("".join, pairwise(words)), "".join(words)))


def find_named(pairs: Mapping[str, str], context: str, *, plain: bool = False, ids: bool = True) -> Named | None:
    """The post a record embeds, by the strongest sign: a frame's address, an id under a telling name, an id in a
    record that
    says of which service, an address in a record that says it embeds.

    `context` is what names the record: tag and classes, or the JSON keys above it. `plain` records (images) are
    believed
    only the strongest sign; `ids` says whether bare ids count.
    """
    framed = next(_find_frames(pairs), None)
    if framed or plain:
        return framed
    if ids:
        named = next(_find_ids(pairs), None) or next(_find_of_service(pairs, context), None)
        if named:
            return named
    return next(_find_permalinks(pairs, context), None)


def _find_frames(pairs: Mapping[str, str]) -> Iterator[Named]:
    """The player of a record; one that has several, under names of its own, is a table of settings."""
    found: list[Named] = []
    for name, value in _urls(pairs):
        url = split_url(value)
        if url and any(p.is_frame(url) for p in find_platforms(url)):
            post = identify_post(value)
            if post:
                found.append(Named(post, name, value, "frame-address"))
    if len({named.post.key for named in found}) == 1:
        yield found[0]


def _find_ids(pairs: Mapping[str, str]) -> Iterator[Named]:
    for name, value in pairs.items():
        platform = ID_NAMES.get(squeeze(name))
        post = None
        if platform:
            post = read_bare_id(platform, value)
        if post:
            yield Named(post, name, None, "named-id")


def _find_of_service(pairs: Mapping[str, str], context: str) -> Iterator[Named]:
    """`provider=youtube` with `data-id=…`; the service may also be a word of the record's own name (`lite-youtube`)."""
    said = [squeeze(v) for k, v in pairs.items() if is_service_key(squeeze(k)) and len(v) < 40]
    named = sorted(word for word in split_type(context) if len(word) > 1)
    services = [SERVICES[s] for s in (*said, *named) if s in SERVICES]
    for platform in services[:3]:
        for name, value in pairs.items():
            # `data-id="dailymotion"` names a service, though it has the shape of a YouTube id.
            told = is_any_id(squeeze(name)) and value.lower() not in SERVICES
            post = None
            if told:
                post = read_bare_id(platform, value)
            if post:
                yield Named(post, name, None, "id-of-service")


def _find_permalinks(pairs: Mapping[str, str], context: str) -> Iterator[Named]:
    around = split_words(context)
    if around & (_OTHER_WORDS | _TEASERS):
        return
    said = (v for k, v in pairs.items() if is_service_key(squeeze(k)) and len(v) < 80 and not _is_url(v))
    services = {word for value in said for word in split_type(value)}
    chosen = {SERVICES[service].name for service in services if service in SERVICES}
    if services & (_OTHER_WORDS | _TEASERS) or _is_link(pairs):
        return
    several = _lists_services(pairs)
    if several and not chosen:
        return
    named = _EMBED_WORDS.intersection(chain.from_iterable(split_words(name) for name in pairs))
    for name, value in _urls(pairs):
        words = split_words(name) | {squeeze(name)} | named
        if value.startswith("/"):
            words |= split_words(value.split("?")[0])
        if squeeze(name) == "file" and not _OF_PLAYER.isdisjoint(pairs):
            words |= {"player"}
        other = words & _OTHER_WORDS
        if other - {"source"} or not (words | around | services) & _EMBED_WORDS:
            continue
        post = identify_embedded(value)
        if post and several and post.platform not in chosen:
            continue
        # What a thing has its `source` in is a credit, save where the record says that it embeds, or of which service it is.
        if post and (not other or services & {"embed", "oembed", post.platform, *BY_NAME[post.platform].services}):
            yield Named(post, name, value, "named-address")


def _is_link(pairs: Mapping[str, str]) -> bool:
    """Whether a record is a link with its icon."""
    return any(split_words(name) & _LINKING for name in pairs)


def _lists_services(pairs: Mapping[str, str]) -> bool:
    """Whether a record has addresses under names of several services: where one thing can be had, or what one of them is
    to be chosen of."""
    words = [split_words(name) for name, value in pairs.items() if _is_url(value)]
    return len({word for each in words for word in each & (SERVICES.keys() | _DIRECTORY)}) > 1


def _urls(pairs: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    """The addresses of a record; `_iframeUrl` beside `iframeUrl` is what would be shown if it were switched on."""
    if any(n[:1] == "_" for n in pairs):
        pairs = {n: v for n, v in pairs.items() if not (n[:1] == "_" and n[1:] in pairs)}
    return ((n, v) for n, v in pairs.items() if n not in _NEVER and 10 < len(v) < 4000 and _is_url(v))


def _is_url(value: str) -> bool:
    """An address, or a path of this site that may hold one in its query."""
    start = value.lstrip()[:4].lower()
    return (
        start in ("http", "www.")
        or start.startswith("//")
        or (start.startswith("/") and "?" in value and "%2f" in value.lower())
    )
