"""Whatever a person pastes -> the posts, handle or article address it can mean. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from embedarchive.core.model import Post
from embedarchive.core.urls import canonicalize_url, split_url
from embedarchive.detect.data import SERVICES
from embedarchive.detect.dom import find_matches, make_scope
from embedarchive.detect.identity import identify_post, make_post, read_bare_id
from embedarchive.detect.markup import find_markup
from embedarchive.platforms import BY_NAME, PLATFORMS

_HANDLE = re.compile(r"^@?([A-Za-z0-9_][\w.\-]{0,62}(?:@[\w.\-]{3,80})?)$")
_SHORTCODE = re.compile(r"^(?=.*[A-Z0-9_-])[A-Za-z0-9_-]{10,12}$")
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
    text = text.strip()
    markup = find_markup(text) if len(text) > 20 else None
    if markup:
        seen = find_matches(markup, make_scope(mentions=True, thorough=True))
        handle = next((s.claim.author_handle for s in seen if s.claim.author_handle), None)
        return Meaning(_unique(s.post for s in seen if s.post), handle)
    post = identify_post(text) or identify_post("https://" + text)
    if post:
        return Meaning((post,))
    url = split_url(text)
    if url:
        return Meaning(url=canonicalize_url(text))
    platform, _, native_id = text.partition(":")
    named = BY_NAME.get(platform.lower()) or SERVICES.get(platform.lower())
    keyed = identify_post(named.canonical(native_id)) if named and native_id else None
    if named and keyed and keyed.platform == named.name:
        return Meaning((keyed,))
    m = _HANDLE.match(text)
    return Meaning(_unique(_read_ids(text)), m[1] if m and not _DIGITS.match(text) else None)


def _unique(posts: Iterable[Post]) -> tuple[Post, ...]:
    return tuple({p.key: p for p in posts}.values())


def _read_ids(text: str) -> list[Post]:
    """Bare ids: a shortcode, or a number, which Instagram writes as `pk` or `pk_owner` and others as their ids."""
    if _DIGITS.match(text):
        return [make_post(p, i) for p in PLATFORMS for i in p.read_number(text)]
    if _SHORTCODE.match(text):
        return [post for p in PLATFORMS if (post := read_bare_id(p, text))]
    return []
