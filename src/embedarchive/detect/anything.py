"""Whatever a person pastes -> the posts, handle or article address it can mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from embedarchive.core.model import Post
from embedarchive.core.urls import canonicalize_url, find_urls, split_url
from embedarchive.detect.data import SERVICES
from embedarchive.detect.dom import find_matches, make_scope
from embedarchive.detect.identity import identify_pasted, identify_post, make_post, read_bare_id
from embedarchive.detect.markup import find_markup
from embedarchive.platforms import BY_NAME, PLATFORMS

_HANDLE = re.compile(r"^@?([A-Za-z0-9_][\w.\-]{0,62}(?:@[\w.\-]{3,80})?)$")
_SHORTCODE = re.compile(r"^(?=.*[A-Z0-9_-])[A-Za-z0-9_-]{10,12}$")
_BROKEN = re.compile(r"[\s<>\[\]()\"`\u201c\u201d]")
"""What stands in a text around its addresses, and in no address by itself."""
_AUTOLINK = re.compile(r"(?i)<((?:https?|at)://[^\s<>]+)>")
_DIGITS = re.compile(r"^\d{9,25}(?:_\d{1,20})?$")


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a text can mean: posts (surest first), a handle (no @), an address that is no post (an article's)."""

    posts: tuple[Post, ...] = ()
    handle: str | None = None
    url: str | None = None


def identify_anything(text: str) -> Meaning:
    """Read a post's address in any form, a key (`instagram:CODE`), a shortcode, a numeric id, a handle, an
    article's address
    or pasted embed markup."""
    text = _AUTOLINK.sub(r"\1", text.strip())
    markup = None
    if len(text) > 20:
        markup = find_markup(text)
    if markup:
        seen = find_matches(markup, make_scope(mentions=True, thorough=True))
        handle = next((s.claim.author_handle for s in seen if s.claim.author_handle), None)
        return Meaning(_unique(s.post for s in seen if s.post), handle)
    posts = find_pasted(text)
    if posts:
        # An address of a shape that many sites have is a post's at most: it may be an article's as well.
        sure = len(posts) > 1 or BY_NAME[posts[0].platform].distinctive or not split_url(text)
        return Meaning(posts, url=None if sure else canonicalize_url(text))
    if split_url(text) and not _BROKEN.search(text):
        urls = [text]
    else:
        urls = [u for u in find_urls(text) if "://" in u]
    if urls:
        return Meaning(url=canonicalize_url(urls[0]))
    if keyed := _read_key(text):
        return Meaning((keyed,))
    m = _HANDLE.match(text)
    return Meaning(_unique(_read_ids(text)), m[1] if m and not _DIGITS.match(text) else None)


def _read_key(text: str) -> Post | None:
    """The post of a key (`instagram:CODE`)."""
    platform, _, native_id = text.partition(":")
    named = BY_NAME.get(platform.lower()) or SERVICES.get(platform.lower())
    try:
        post = None
        if named and native_id:
            post = identify_post(named.canonical(native_id))
    except ValueError:  # no id of that platform
        return None
    if named and post and post.platform == named.name:
        return post
    return None


def find_pasted(text: str) -> tuple[Post, ...]:
    """The posts that the addresses in a text name, in order: one address, or a sentence, a list or Markdown with some."""
    text = _AUTOLINK.sub(r"\1", text.strip())
    if not _BROKEN.search(text):
        post = identify_pasted(text) or identify_pasted("https://" + text) or find_pictured(text)
        if post:
            return (post,)
    return _unique(post for url in find_urls(text) if (post := identify_pasted(url)))


def find_pictured(url: str) -> Post | None:
    """The post whose own picture an address is of, where its platform names such pictures by its id."""
    for platform in PLATFORMS:
        for pattern in platform.thumbnails:
            if m := re.search(pattern, url):
                return read_bare_id(platform, m[1])
    return None


def _unique(posts: Iterable[Post]) -> tuple[Post, ...]:
    return tuple({p.key: p for p in posts}.values())


def _read_ids(text: str) -> list[Post]:
    """Bare ids: a shortcode, or a number, which Instagram writes as `pk` or `pk_owner` and others as their ids."""
    if _DIGITS.match(text):
        return [make_post(p, i) for p in PLATFORMS for i in p.read_number(text)]
    if _SHORTCODE.match(text):
        return [post for p in PLATFORMS if (post := read_bare_id(p, text))]
    return []
