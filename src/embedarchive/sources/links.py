"""A page's HTML turned into the addresses it gives: its own canonical one, and where its links lead. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
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

_MAY_LIST = re.compile(
    r"(?i)sitemap|feed|rss|atom|\.(?:xml|csv|tsv|txt|json)(?:\.gz)?(?:[?#]|$)|[?&](?:output|format)="
)
"""How addresses look that may be those of a sitemap, a feed or a list."""


@dataclass(frozen=True, slots=True)
class LinkScope:
    """Which addresses are taken, and which belong to the site that is followed.

    `include` and `exclude` are regular expressions searched for in the whole URL of whatever may be an article: a seed, an
    entry of a listing, a link, the target of a redirect. `since` is an ISO date: what changed (or was saved) before it is left
    out; what says no date is not. `reach` is `prefix` (below the seed's folder), `host` (`www.` or not), or `domain` (hosts
    below it as well), and `depth` counts links from a seed.
    """

    seeds: tuple[str, ...]
    reach: Literal["prefix", "host", "domain"] = "host"
    depth: int = 3
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    since: str | None = None
    roots: list[str] = field(default_factory=list, compare=False)
    """Seeds that lists named, as they are read: what they reach is followed like what those named at once reach."""

    def admits(self, url: str) -> bool:
        """Whether a checked URL is in reach, included and not excluded."""
        return self.reaches(url) and self.includes(url) and not self.excludes(url)

    def reaches(self, url: str) -> bool:
        """Whether a checked URL belongs to the site of a seed."""
        return any(_is_within(url, seed, self.reach) for seed in (*self.seeds, *self.roots))

    def follow_from(self, url: str) -> None:
        """Let what a seed reaches be followed, however the seed was named."""
        if self.depth > 0 and not self.reaches(url):
            self.roots.append(url)

    def includes(self, url: str) -> bool:
        """Whether an address is of those asked for."""
        return not self.include or any(re.search(pattern, url) for pattern in self.include)

    def excludes(self, url: str) -> bool:
        """Whether an address is of those that are not even asked for."""
        return any(re.search(pattern, url) for pattern in self.exclude)

    def takes(self, *urls: str) -> bool:
        """Whether an article with these addresses (as named, where it leads) is taken, wherever it is."""
        return all(self.includes(url) and not self.excludes(url) for url in urls)

    def chooses(self, url: str, changed_at: str | None, kind: str) -> bool:
        """Whether an entry of a listing is taken. It was chosen by naming the listing, wherever it leads: only `include`,
        `exclude` and `since` apply, and to what is a listing itself only the last two."""
        if kind == "sitemap_index":
            wanted = not self.excludes(url)
        else:
            wanted = self.takes(url)
        return wanted and self.is_recent(changed_at)

    def asks_for(self, url: str, origin: str) -> bool:
        """Whether a seed is fetched: also one that is not included where it may list or lead to what is."""
        may_lead = self.depth > 0 or origin == "argument" or may_list(url)
        return not self.excludes(url) and (may_lead or self.includes(url))

    def is_recent(self, changed_at: str | None) -> bool:
        """Whether a date is not before `since`. ISO times sort as they read."""
        return not self.since or not changed_at or changed_at[: len(self.since)] >= self.since


def may_list(url: str) -> bool:
    """Whether an address looks like that of a sitemap, a feed or a list."""
    return _MAY_LIST.search(url) is not None


def _is_within(url: str, seed: str, reach: str) -> bool:
    here, there = urlsplit(seed), urlsplit(url)
    base, host = here.netloc.removeprefix("www."), there.netloc.removeprefix("www.")
    if reach == "domain":
        return host == base or host.endswith(f".{base}")
    folder = ""
    if reach == "prefix":
        folder = here.path[: here.path.rfind("/") + 1]
    return host == base and there.path.startswith(folder)


def find_links(html: bytes, base_url: str) -> tuple[str, ...]:
    """The http(s) addresses a page's links lead to, in their order, each once, without fragments; 10,000 at most."""
    tree = LexborHTMLParser(limit_nesting(html[:_MOST_HTML]))
    base = tree.css_first("base[href]")
    if base:
        base_url = _join(base_url, base.attributes.get("href") or "")
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
        said = ""
        if node:
            said = (node.attributes.get(name) or "").strip()
        url = None
        if said:
            url = _check(_join(base_url or "", said))
        if url:
            return url
    return None


_REFRESH = re.compile(r"""(?i)^\s*(\d+(?:\.\d*)?|\.\d+)\s*[;,\s]\s*(?:url\s*=\s*)?['"]?\s*(.+?)\s*['"]?\s*$""")
_SOON_S = 5.0
"""Seconds before a refresh within which nobody is meant to read the page."""


def find_refresh(html: bytes, base_url: str) -> str | None:
    """Where a page sends its readers at once (`<meta http-equiv=refresh>`), unless to itself or only without scripts."""
    head = html[:_HEAD]
    if b"refresh" not in head.lower():
        return None
    tree = LexborHTMLParser(limit_nesting(head))
    tree.strip_tags(["noscript", "template"])
    for node in tree.css("meta[http-equiv='refresh' i][content]"):
        said = _REFRESH.match(node.attributes.get("content") or "")
        target = None
        if said and float(said[1]) <= _SOON_S:
            target = _check(_join(base_url, said[2]))
        if target and target != base_url.partition("#")[0]:
            return target
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
