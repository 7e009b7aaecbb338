"""Any URL, id or pasted markup -> the post it names. Pure."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import SplitResult

from embedarchive.model import Post
from embedarchive.platform import Platform
from embedarchive.platforms import PLATFORMS
from embedarchive.urls import find_inner, find_parents, host_of, split_url

ANY_HOST = "*"
DEEPEST_WRAPPER = 3


def _index_hosts() -> dict[str, tuple[Platform, ...]]:
    index: dict[str, tuple[Platform, ...]] = {}
    for platform in PLATFORMS:
        for host in platform.hosts:
            index[host] = (*index.get(host, ()), platform)
    return index


BY_HOST = _index_hosts()


def find_platforms(url: SplitResult) -> tuple[Platform, ...]:
    """The platforms that live on the URL's host or a parent of it; else those that may live on any host."""
    for host in find_parents(host_of(url)):
        if host in BY_HOST:
            return BY_HOST[host]
    return BY_HOST.get(ANY_HOST, ())


def make_post(platform: Platform, native_id: str) -> Post:
    """The identity of a post from its platform's own id."""
    return Post(platform.name, native_id, platform.canonical(native_id), platform.date(native_id))


@lru_cache(maxsize=4096)
def identify_post(url: str) -> Post | None:
    """The post that a URL names, in any of its forms: permalink, embed frame, short link, or wrapped in another URL."""
    return _identify(url, DEEPEST_WRAPPER)


def _identify(text: str, depth: int) -> Post | None:
    url = split_url(text)
    if url is None:
        return None
    for platform in find_platforms(url):
        native_id = platform.identify(url)
        if native_id:
            return make_post(platform, native_id)
        if platform.is_short(url):
            link = url._replace(scheme="https", query="", fragment="").geturl()
            return Post(platform.name, link, link, resolved=False)
    if depth == 0:
        return None
    inner = (_identify(each, depth - 1) for each in find_inner(url))
    return next((post for post in inner if post), None)
