"""A page's HTML turned into the addresses it gives: its own canonical one, and where its links lead. Pure."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

_HEAD = 256 * 1024
"""Bytes in which a page's own address is looked for: all of any real head, and little enough for any hostile one."""

_BODY = re.compile(rb"(?i)<body[\s>]")


def find_canonical(html: bytes, base_url: str | None = None) -> str | None:
    """The page's address by its own word: `<link rel=canonical>`, else og:url."""
    body = _BODY.search(html, 0, _HEAD)
    tree = LexborHTMLParser(html[: body.start() if body else _HEAD])
    link = tree.css_first("link[rel~=canonical i][href]")
    meta = tree.css_first("meta[property='og:url' i][content], meta[name='og:url' i][content]")
    for node, name in ((link, "href"), (meta, "content")):
        said = (node.attributes.get(name) or "").strip() if node else ""
        url = urljoin(base_url or "", said) if said else ""
        if url.startswith(("http://", "https://")):
            return url
    return None
