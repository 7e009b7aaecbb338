"""The page that a link led to -> the post that it says it shows, where its address names none. Pure.

A page of Rumble's has an id of its own: which film it plays, its player's address tells (oEmbed, JSON-LD, `twitter:player`).
"""

from __future__ import annotations

import html
import re

from embedarchive.core.model import Post
from embedarchive.detect.identity import identify_post
from embedarchive.detect.markup import unescape_js

_HEAD = 500_000
_SAYS = re.compile(
    r"""(?i)"embedUrl"\s*:\s*"([^"\s]{8,2000})\""""
    r"""|<link\b[^<>]{0,300}\+oembed[^<>]{0,300}?\bhref\s*=\s*["']([^"'\s<>]{8,2000})"""
    r"""|<meta\b[^<>]{0,200}\b(?:twitter:player|og:video:url|og:video)["'][^<>]{0,200}?\bcontent\s*=\s*["']([^"'\s<>]{8,2000})"""
)


def find_shown(body: bytes, platform: str) -> Post | None:
    """The one post of that platform whose player the page names as its own; None where it names none, or several."""
    text = body[:_HEAD].decode("utf-8", "replace")
    named = (html.unescape(unescape_js(m[1])) if m[1] else html.unescape(m[2] or m[3]) for m in _SAYS.finditer(text))
    posts = (identify_post(url) for url in named)
    found = {post.key: post for post in posts if post and post.resolved and post.platform == platform}
    if len(found) == 1:
        return next(iter(found.values()))
    return None
