"""Any URL, id or pasted markup -> the post it names. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import SplitResult

from embedarchive.core.model import Post
from embedarchive.core.urls import find_inner, find_parents, host_of, split_url
from embedarchive.platforms import PLATFORMS
from embedarchive.platforms.kit.specification import Platform

ANY_HOST = "*"
DEEPEST_WRAPPER = 3
NAMED_PAGE = "html#"
"""What the address holds of a page that is named for a platform, and shows the post that its fragment names."""
_NAMED_PAGE = re.compile(r"/(\w+)(?:\.min)?\.html$")


def _index_hosts() -> dict[str, tuple[Platform, ...]]:
    index: dict[str, tuple[Platform, ...]] = {}
    for platform in PLATFORMS:
        for host in platform.hosts:
            index[host] = (*index.get(host, ()), platform)
    return index


BY_HOST = _index_hosts()


def find_platforms(url: SplitResult) -> tuple[Platform, ...]:
    """The platforms that live on the URL's host or a parent of it; else those that may live on any host."""
    return _find_on_host(host_of(url))


@lru_cache(maxsize=4096)
def _find_on_host(host: str) -> tuple[Platform, ...]:
    return next((BY_HOST[each] for each in find_parents(host) if each in BY_HOST), BY_HOST.get(ANY_HOST, ()))


def make_post(platform: Platform, native_id: str, permalink: str | None = None) -> Post:
    """The identity of a post from its platform's own id, and from its address where the id alone leads nowhere."""
    return Post(platform.name, native_id, permalink or platform.canonical(native_id), platform.date(native_id))


def read_bare_id(platform: Platform, value: str) -> Post | None:
    """The post that a bare value can be the id of, or None. Ids are ASCII everywhere."""
    m = re.fullmatch(platform.id_pattern, value, re.ASCII) if platform.id_pattern and len(value) < 200 else None
    if m is None:
        return None
    return make_post(platform, platform.from_id("/".join(m.groups()) if m.groups() else value))


@lru_cache(maxsize=4096)
def identify_post(url: str) -> Post | None:
    """The post that a URL names, in any of its forms: permalink, embed frame, short link, or wrapped in another URL."""
    return _identify(url, DEEPEST_WRAPPER)


@lru_cache(maxsize=4096)
def identify_embedded(url: str) -> Post | None:
    """The post that a URL names where it is to be shown. An address of a shape that many sites have names one only if it
    is a frame's: on a host that nobody knows, `/w/…` may be anything."""
    return _identify(url, DEEPEST_WRAPPER, embedded=True)


_WRAPPERS = re.compile(r"(?i)oembed|^/l\.php|^/redirect|/url$|/safety/?$|/out$|/away")


def _may_wrap(url: SplitResult) -> bool:
    """Whether an address may hold another. A platform's own may not (`plugins/like.php?href=` is a button), save
    its oEmbed
    endpoint and its redirector."""
    own = any(ANY_HOST not in p.hosts for p in find_platforms(url))
    return not own or bool(_WRAPPERS.search(url.path))


def _identify(text: str, depth: int, *, embedded: bool = False) -> Post | None:
    path_only = text.startswith("/") and not text.startswith("//")
    url = split_url("https://of.this.site" + text if path_only else text)
    if url is None:
        return None
    for platform in find_platforms(url):
        native_id = platform.identify(url)
        if native_id and (not embedded or platform.distinctive or platform.is_frame(url)):
            return make_post(platform, native_id, platform.permalink(url))
        if platform.is_short(url):
            link = url._replace(scheme="https", query="", fragment="").geturl()
            return Post(platform.name, link, link, resolved=False)
    if depth == 0 or not _may_wrap(url):
        return None
    inner = (_identify(each, depth - 1, embedded=embedded) for each in find_inner(url))
    return next((post for post in inner if post), None) or _identify_named_page(url)


def _identify_named_page(url: SplitResult) -> Post | None:
    """`…/twitter.min.html#1807756048868024522`: a wrapper page named for the platform, the bare id in its fragment."""
    m = _NAMED_PAGE.search(url.path) if url.fragment else None
    platform = next((p for p in PLATFORMS if m[1].lower() in (p.name, *p.services)), None) if m else None
    return read_bare_id(platform, url.fragment.partition("#")[0]) if platform else None
