"""An address, a content type and the first bytes of a document -> whether it may be an article. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache

from embedarchive.core.model import Fetch
from embedarchive.core.urls import split_anything
from embedarchive.detect.identity import identify_embedded
from embedarchive.detect.keywords import HAS_HYPERSCAN, find_telling
from embedarchive.platforms import PLATFORMS

_HTML = ("text/html", "application/xhtml+xml")
# What servers say that do not know what they send.
_UNKNOWN = ("", "application/octet-stream", "unknown/unknown", "application/unknown", "*/*", "text/htm", "html")
_HTML_START = re.compile(
    rb"(?is)^[\s\xef\xbb\xbf\xfe\xff\x00]*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta)\b"
)


def starts_as_html(start: bytes) -> bool:
    """Whether these first bytes are those of an HTML document, in whatever width of characters."""
    return _HTML_START.match(start[:4096].replace(b"\x00", b"")) is not None


# What is never an article, by the last part of its path.
_ASSET = re.compile(
    r"(?i)\.(?:jpe?g|png|gif|webp|avif|svg|ico|bmp|tiff?|mp[34]|m4[av]|webm|og[gv]|wav|avi|mov|pdf|docx?|xlsx?|pptx?|zip|gz|rar"
    r"|7z|tar|exe|dmg|apk|css|js|json|woff2?|ttf|ics|epub)$"
)


def is_asset(path: str) -> bool:
    """Whether a path ends as those of pictures, scripts, documents and the like do."""
    return _ASSET.search(path) is not None


def is_html(content_type: str | None, start: bytes | None = None) -> bool | None:
    """Whether a document is HTML by what is declared, else by its first bytes; None if those are needed and not given."""
    declared = (content_type or "").split(";")[0].strip().lower()
    if declared in _HTML:
        return True
    if declared not in _UNKNOWN:
        return False
    if start is None:
        return None
    return starts_as_html(start)


_NO_ARTICLE = re.compile(
    r"(?i)(?:image|video|audio|font|model)/|text/(?:css|javascript)|application/(?:pdf|json|ld\+json|zip|gzip|javascript|msword"
    r"|x-javascript|vnd\.|x-zip|epub|x-shockwave-flash)"
)


def refuse_no_article(fetch: Fetch) -> Fetch:
    """A fetch as it is, or as failed where what came is a picture, a film, a PDF, JSON or the like, and so no article."""
    said = (fetch.content_type or "").strip()
    unknown = said.split(";")[0].strip().lower() in _UNKNOWN[1:]
    binary = unknown and not starts_as_html(fetch.body) and b"\x00" in fetch.body[:1024]
    if fetch.outcome == "ok" and (binary or (_NO_ARTICLE.match(said) and not starts_as_html(fetch.body))):
        return replace(fetch, outcome="failed", reason="no_article", body=b"", truncated=None)
    return fetch


@lru_cache(maxsize=1)
def _platform_hosts() -> frozenset[str]:
    return frozenset(host.removeprefix("www.") for platform in PLATFORMS for host in platform.hosts)


def is_platform_page(url: str) -> bool:
    """Whether a page is a platform's own, or a frame of it: in an archive of others that is never an article."""
    if HAS_HYPERSCAN and not find_telling((url,)):  # one look, in a tenth of the time that it takes to read an address
        return False
    host = (split_anything(url).hostname or "").removeprefix("www.")
    labels = host.split(".")
    within = any(".".join(labels[at:]) in _platform_hosts() for at in range(len(labels) - 1))
    return within or identify_embedded(url) is not None
