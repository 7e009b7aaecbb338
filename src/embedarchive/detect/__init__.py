"""HTML or text of an article -> the embeds in it, in reading order, and what the article says of itself. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.decode import decode_html, to_utf8
from embedarchive.core.model import Found
from embedarchive.detect.anything import Meaning, identify_anything
from embedarchive.detect.dom import make_scope, match_tree
from embedarchive.detect.head import read_facts
from embedarchive.detect.identity import identify_post
from embedarchive.detect.keywords import find_keywords
from embedarchive.detect.match import number_embeds
from embedarchive.detect.nesting import limit_nesting
from embedarchive.detect.obstacles import find_obstacle
from embedarchive.detect.prefilter import prefilter_document
from embedarchive.detect.text import find_in_text

FINDER_RULES = 8
"""Raised whenever the finder improves; the ledger then searches kept fetches again, without any network."""

__all__ = [
    "FINDER_RULES",
    "Meaning",
    "decode_html",
    "find_embeds",
    "find_in_document",
    "find_in_text",
    "identify_anything",
    "identify_post",
]


def find_in_document(body: bytes, *, content_type: str | None = None, **options: Any) -> Found:
    """Find every embed of a document that is HTML, unless its type says that it is plain text.

    With the option `obstacles`, what holds no embed is `truncated` by what stands in its place, if something does.
    """
    if (content_type or "").lower().startswith("text/plain"):
        return find_in_text(decode_html(body, content_type))
    return _find(to_utf8(body, content_type), **options)


def find_embeds(
    html: bytes | str,
    *,
    url: str | None = None,
    content_type: str | None = None,
    mentions: bool = False,
    unknown: bool = False,
    prefilter: bool = True,
) -> Found:
    """Find every embed of one document, in reading order, and what the document says of itself.

    `url` is the document's address, `content_type` its HTTP header (for the charset). `mentions` adds posts that are only
    linked, `unknown` adds third-party frames of no known platform. `prefilter=False` looks at every element whatever the
    bytes say: slower by an order of magnitude, for comparison. Raises nothing for any bytes; it is not bounded in time,
    as `crawl` is.
    """
    return _find(to_utf8(html, content_type), url, mentions=mentions, unknown=unknown, prefilter=prefilter)


def _find(
    body: bytes,
    url: str | None = None,
    *,
    mentions: bool = False,
    unknown: bool = False,
    prefilter: bool = True,
    obstacles: bool = False,
) -> Found:
    keywords = find_keywords(body)
    found = read_facts(body, url, keywords)
    seen = prefilter_document(body, keywords)
    if seen is not None or mentions or unknown or not prefilter:
        scope = make_scope(
            found.canonical_url or url,
            mentions=mentions,
            unknown=unknown,
            prefilter=seen if prefilter and not unknown else None,
            thorough=not prefilter,
        )
        tree = LexborHTMLParser(limit_nesting(body, keywords))
        found = replace(found, embeds=number_embeds(match_tree(tree, scope)))
    if obstacles and not any(embed.kind == "embed" for embed in found.embeds):
        return replace(found, truncated=find_obstacle(body, url, keywords))
    return found
