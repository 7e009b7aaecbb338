"""HTML or text of an article -> the embeds in it, in reading order, and what the article says of itself. Pure."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser

from embedarchive.detect.anything import Meaning, identify_anything
from embedarchive.detect.decode import decode_html
from embedarchive.detect.dom import Scope, sight_tree
from embedarchive.detect.head import read_facts
from embedarchive.detect.identity import identify_post
from embedarchive.detect.sighting import number_embeds
from embedarchive.detect.text import find_in_text
from embedarchive.model import Found

FINDER_RULES = 1
"""Raised whenever the finder improves; the ledger then searches kept fetches again, without any network."""

__all__ = [
    "FINDER_RULES",
    "Meaning",
    "decode_html",
    "find_embeds",
    "find_in_text",
    "identify_anything",
    "identify_post",
]


def find_embeds(
    html: bytes | str,
    *,
    url: str | None = None,
    content_type: str | None = None,
    mentions: bool = False,
    unknown: bool = False,
) -> Found:
    """Find every embed of one document.

    `url` is the document's address, `content_type` its HTTP header (for the charset). `mentions` adds posts that are only
    linked, `unknown` adds third-party frames of no known platform.
    """
    text = decode_html(html, content_type)
    tree = LexborHTMLParser(text)
    facts = read_facts(tree, url)
    embeds = number_embeds(sight_tree(tree, Scope(url=facts.canonical_url or url, mentions=mentions, unknown=unknown)))
    return Found(
        embeds=embeds,
        title=facts.title,
        canonical_url=facts.canonical_url,
        published_at=facts.published_at,
        lang=facts.lang,
        site_name=facts.site_name,
    )
