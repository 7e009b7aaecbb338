"""Any URL, id or pasted markup -> the post it names. Pure."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from urllib.parse import SplitResult, unquote

from embedarchive.core.model import Post
from embedarchive.core.urls import find_bare_inner, find_inner, find_parents, host_of, split_url
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
        for host in (*platform.hosts, *platform.mirrors):
            index[host] = (*index.get(host, ()), platform)
    return index


BY_HOST = _index_hosts()
_NO_POSTS: tuple[Platform, ...] = ()


def find_platforms(url: SplitResult) -> tuple[Platform, ...]:
    """The platforms that live on the URL's host or a parent of it, or are mirrored there; else those that may live on any
    host."""
    return _find_on_host(host_of(url))


@lru_cache(maxsize=4096)
def _find_on_host(host: str) -> tuple[Platform, ...]:
    known = next((BY_HOST[each] for each in find_parents(host) if each in BY_HOST), _NO_POSTS)
    return known or BY_HOST.get(host.partition(".")[0] + ".*", ()) or BY_HOST.get(ANY_HOST, ())


def make_post(platform: Platform, native_id: str, permalink: str | None = None) -> Post:
    """The identity of a post from its platform's own id, and from its address where the id alone leads nowhere."""
    return Post(platform.name, native_id, permalink or platform.canonical(native_id), platform.date(native_id))


def read_bare_id(platform: Platform, value: str) -> Post | None:
    """The post that a bare value can be the id of, or None. Ids are ASCII everywhere."""
    m = None
    if platform.id_pattern and len(value) < 200:
        m = re.fullmatch(platform.id_pattern, value, re.ASCII)
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


@lru_cache(maxsize=1024)
def identify_pasted(text: str) -> Post | None:
    """The post that an address names, or one that stands anywhere in it: behind a redirector, in an archive's address, in
    what a button shares. Not for an article's markup, where a button that shares a post does not show it."""
    return _identify(text, DEEPEST_WRAPPER, anywhere=True)


_WRAPPERS = re.compile(
    r"(?i)oembed|/xrpc/|^/l\.php|^/redirect|^/attribution_link|/url$|/safety/?$|/out$|/away|/login/?$|^/offsite"
)
_CUT = re.compile(r"(?i)(?:\u2026|%e2%80%a6|\.{3,})/?$")
"""How an address ends that was shortened to be shown. If the cut is in its path, what it names is another post, or none."""


def _may_wrap(url: SplitResult) -> bool:
    """Whether an address may hold another. A platform's own may not (`plugins/like.php?href=` is a button), save its
    endpoints and redirectors."""
    own = any(ANY_HOST not in p.hosts for p in find_platforms(url))
    return not own or bool(_WRAPPERS.search(url.path))


def _identify(text: str, depth: int, *, embedded: bool = False, anywhere: bool = False) -> Post | None:
    path_only = text.startswith("/") and not text.startswith("//")
    url = split_url("https://of.this.site" + text if path_only else text)
    if url is None:
        return _read_uri(text)
    if _CUT.search(url.path) and not (url.query or url.fragment):
        return None
    for platform in find_platforms(url):
        native_id = platform.identify(url)
        if native_id and (not embedded or platform.distinctive or platform.is_frame(url)):
            return make_post(platform, native_id, platform.permalink(url))
        if platform.is_short(url):
            link = url._replace(scheme="https", query="", fragment="").geturl()
            return Post(platform.name, link, link, resolved=False)
        if depth >= 0 and platform.is_frame(url) and (short := _find_short(platform, url)):
            return short
    if depth <= 0 or not (anywhere or _may_wrap(url)):
        return None
    held = chain(find_inner(url), find_bare_inner(url) if anywhere else ())
    inner = (_identify(each, depth - 1, embedded=embedded, anywhere=anywhere) for each in held)
    return next((post for post in inner if post), None) or _identify_named_page(url)


def _find_short(platform: Platform, url: SplitResult) -> Post | None:
    """The short link that a platform's own frame is told to show; what a frame in it is told to show is not asked."""
    inner = (split_url(each) for each in find_inner(url))
    found = (_identify(each.geturl(), -1) for each in inner if each and platform in find_platforms(each))
    return next((post for post in found if post and not post.resolved), None)


def _read_uri(text: str) -> Post | None:
    """`at://…`, `spotify:track:…`: an address of a scheme of its own, which a platform takes for an id."""
    if not _URI.match(text) or len(text) > 400:
        return None
    found = (read_bare_id(p, text.strip()) for p in PLATFORMS if ":" in p.id_pattern)
    return next((post for post in found if post), None)


_URI = re.compile(r"(?!https?:)\s*[a-z]{2,10}:\S")


def _identify_named_page(url: SplitResult) -> Post | None:
    """`…/twitter.min.html#1807756048868024522`: a wrapper page named for the platform, the bare id in its fragment."""
    m = None
    if url.fragment:
        m = _NAMED_PAGE.search(url.path)
    platform = None
    if m:
        platform = next((p for p in PLATFORMS if m[1].lower() in (p.name, *p.services)), None)
    shown = unquote(url.fragment).partition("#")[0]
    if platform is None or not shown:
        return None
    paths = (_identify(pattern.format(shown), 0) for pattern in platform.id_addresses)
    return read_bare_id(platform, shown) or next(
        (post for post in paths if post and post.platform == platform.name), None
    )
