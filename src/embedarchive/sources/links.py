"""A page's HTML turned into the addresses it gives: its own canonical one, and where its links lead. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.errors import RefusedError
from embedarchive.detect.nesting import limit_nesting
from embedarchive.egress import check_url
from embedarchive.sources.media import is_asset

MAX_LINKS = 10_000
_MOST_HTML = 5_000_000
"""Bytes of a page whose links are followed; with `limit_nesting`, a bound on what a hostile page may cost (a few seconds)."""

_HEAD = 256 * 1024
"""Bytes in which a page's own address is looked for: all of any real head, and little enough for any hostile one."""

_BODY = re.compile(rb"(?i)<body[\s>]")


@dataclass(frozen=True, slots=True)
class LinkScope:
    """Which addresses belong to the site that is followed.

    `reach` is `prefix` (below the seed's folder), `host` (`www.` or not), or `domain` (hosts below it as well).
    `include` and `exclude` are regular expressions searched for in the whole URL; `depth` counts links from a seed.
    `since` is an ISO date: listings' entries that changed before it are left out; those without a date are not.
    """

    seeds: tuple[str, ...]
    reach: Literal["prefix", "host", "domain"] = "host"
    depth: int = 3
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    since: str | None = None

    def admits(self, url: str) -> bool:
        """Whether a checked URL is in reach, included and not excluded."""
        return (
            any(_is_within(url, seed, self.reach) for seed in self.seeds)
            and (not self.include or any(re.search(pattern, url) for pattern in self.include))
            and not any(re.search(pattern, url) for pattern in self.exclude)
        )

    def chooses(self, url: str, changed_at: str | None, kind: str) -> bool:
        """Whether an entry of a listing is taken. It was chosen by naming the listing, wherever it leads: only `include`,
        `exclude` and `since` apply, and to what is a listing itself only `since`."""
        own = LinkScope((url,), "host", 0, self.include, self.exclude)
        return self.is_recent(changed_at) and (kind == "sitemap_index" or own.admits(url))

    def is_recent(self, changed_at: str | None) -> bool:
        """Whether a date is not before `since`. ISO times sort as they read."""
        return not self.since or not changed_at or changed_at[: len(self.since)] >= self.since


def _is_within(url: str, seed: str, reach: str) -> bool:
    here, there = urlsplit(seed), urlsplit(url)
    base, host = here.netloc.removeprefix("www."), there.netloc.removeprefix("www.")
    if reach == "domain":
        return host == base or host.endswith(f".{base}")
    folder = here.path[: here.path.rfind("/") + 1] if reach == "prefix" else ""
    return host == base and there.path.startswith(folder)


def find_links(html: bytes, base_url: str) -> tuple[str, ...]:
    """The http(s) addresses a page's links lead to, in their order, each once, without fragments; 10,000 at most."""
    tree = LexborHTMLParser(limit_nesting(html[:_MOST_HTML]))
    base = tree.css_first("base[href]")
    base_url = _join(base_url, base.attributes.get("href") or "") if base else base_url
    found: dict[str, None] = {}
    for node in tree.css("a[href], area[href]"):
        url = _check(_join(base_url, node.attributes.get("href") or ""))
        if url and not is_asset(urlsplit(url).path):
            found[url] = None
        if len(found) >= MAX_LINKS:
            break
    return tuple(found)


def find_canonical(html: bytes, base_url: str | None = None) -> str | None:
    """The page's address by its own word: `<link rel=canonical>`, else og:url."""
    body = _BODY.search(html, 0, _HEAD)
    tree = LexborHTMLParser(html[: body.start() if body else _HEAD])
    link = tree.css_first("link[rel~=canonical i][href]")
    meta = tree.css_first("meta[property='og:url' i][content], meta[name='og:url' i][content]")
    for node, name in ((link, "href"), (meta, "content")):
        said = (node.attributes.get(name) or "").strip() if node else ""
        url = _check(_join(base_url or "", said)) if said else None
        if url:
            return url
    return None


def _join(base: str, href: str) -> str:
    try:
        return urljoin(base, href.strip(" \t\n\r\f"))
    except ValueError:
        return ""


def _check(url: str) -> str | None:
    try:
        return check_url(url.partition("#")[0])
    except RefusedError:
        return None
