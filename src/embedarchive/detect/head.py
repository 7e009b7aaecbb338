"""The head of an article -> its title, canonical address, date, language and site name. Pure.

Read from the bytes by one linear pattern, without a parser: every document is asked for these, few hold an embed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from embedarchive.core.model import Found
from embedarchive.core.urls import canonicalize_url, is_canonical, join_url, split_url, unwrap_archived
from embedarchive.detect.markup import read_json
from embedarchive.detect.written_dates import parse_time

HEAD_END, TITLE, HTML, CANONICAL, LINKED_DATA, META = "</head>", "<title", "<html", "canonical", "ld+json", "meta"
"""Kinds of the keywords that `read_facts` goes by. `meta` ends the name of a tag that tells one of the names below."""

_DATES = ("article:published_time", "datepublished", "og:published_time", "date", "dc.date", "dcterms.created",
          "parsely-pub-date", "sailthru.date", "pubdate", "publish-date")  # fmt: skip
NAMES = (*_DATES, "og:title", "twitter:title", "og:url", "og:locale", "og:site_name", "application-name")

HEAD_PATTERNS = (
    *((re.escape(word), word, word, len(word)) for word in (HEAD_END, TITLE, HTML, CANONICAL, LINKED_DATA)),
    (rf"""(?:property|name|itemprop)\s*=\s*["']?\s*(?:{"|".join(map(re.escape, NAMES))})["'\s/>]""", META, "", 0),
)
"""What `keywords` looks for on behalf of the head: (regular expression, kind, word, how far before its end)."""

_LONGEST_HEAD = 300_000
_LONGEST_TAG = 3_000
_TAG = re.compile(
    rb"<(?:(?:[mM][eE][tT][aA]|[lL][iI][nN][kK]|[hH][tT][mM][lL])\s([^<>]{1,3000})>|[tT][iI][tT][lL][eE][^<>]{0,200}>([^<]{1,2000}))"
)
_USUAL = re.compile(
    rb"""(?i)<(?:meta\s+(?:property|name)=["']([\w:.-]{1,60})["']\s+content|link\s+rel=["']canonical["']\s+href)="""
    rb"""(?:"([^"<>]{1,3000})"|'([^'<>]{1,3000})')"""
)
"""A tag as nearly all are written: read at once, the others attribute by attribute."""
_ATTR = re.compile(r"""([a-zA-Z:._-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""")
_LINKED = re.compile(rb"""(?i)<script[^<>]{0,200}application/ld\+json[^<>]{0,200}>""")
_TOLD = frozenset((META, TITLE, HTML, CANONICAL))
_ARTICLE_TYPES = re.compile(r"Article|Posting|Report|Review|WebPage")


def read_facts(body: bytes, url: str | None, keywords: Sequence[tuple[int, str, str]]) -> Found:
    """What the document says of itself: og, meta, `<link rel=canonical>`, `<title>`, `<html lang>`, then JSON-LD.

    `keywords` are the document's.
    """
    meta = _read_tags(body, keywords)
    linked: dict[str, str] = {}
    dated = [meta[name] for name in _DATES if name in meta]
    if not (dated and meta.get("og:title")):
        linked = _read_linked_data(body, [at for at, kind, _ in keywords if kind == LINKED_DATA])
    return Found(
        title=_first(meta.get("og:title"), linked.get("headline"), meta.get("twitter:title"), meta.get("<title")),
        canonical_url=_read_canonical(meta, url),
        published_at=_read_published([*dated, linked.get("datePublished", "")]),
        lang=_first(meta.get("<lang"), meta.get("og:locale"), linked.get("inLanguage")),
        site_name=_first(meta.get("og:site_name"), meta.get("application-name"), linked.get("publisher")),
    )


def _read_tags(body: bytes, keywords: Sequence[tuple[int, str, str]]) -> dict[str, str]:
    """What each wanted tag says, the first one counts."""
    said: dict[str, str] = {}
    last = -1
    for at, kind, _ in keywords:
        if kind == HEAD_END or at > _LONGEST_HEAD:
            break
        if kind not in _TOLD:
            continue
        start = body.rfind(b"<", max(0, at - _LONGEST_TAG), at + 1)
        if start <= last:
            continue
        last = start
        name, value = _read_at(body, start)
        if value:
            said.setdefault(name, html.unescape(value))
    return said


def _read_at(body: bytes, start: int) -> tuple[str, str | None]:
    """What the tag that starts there tells, and its words."""
    if usual := _USUAL.match(body, start):
        return _read_usual(usual)
    if tag := _TAG.match(body, start):
        return _read_tag(tag)
    return "", None


def _read_usual(m: re.Match[bytes]) -> tuple[str, str]:
    return m[1].decode().lower() if m[1] else "<canonical", (m[2] or m[3]).decode("utf-8", "replace")


def _read_tag(m: re.Match[bytes]) -> tuple[str, str | None]:
    """What a tag tells, and its words."""
    if m[2]:
        return "<title", m[2].decode("utf-8", "replace")
    a = {k.lower(): v or w or x for k, v, w, x in _ATTR.findall(m[1].decode("utf-8", "replace"))}
    name = a.get("property") or a.get("name") or a.get("itemprop")
    if name and a.get("content"):
        return name.lower(), a["content"]
    if "rel" in a:
        return "<canonical", a.get("href") if "canonical" in a["rel"].lower().split() else None
    return "<lang", (a.get("lang") or a.get("xml:lang")) if "content" not in a else None


def _first(*values: str | None) -> str | None:
    return next((" ".join(v.split()) for v in values if v and v.strip()), None)


def _read_canonical(meta: dict[str, str], url: str | None) -> str | None:
    said = meta.get("<canonical") or meta.get("og:url")
    if said:
        if not said.startswith(("https://", "http://")):
            said = join_url(url, said)
        said = unwrap_archived(said) or said
        if is_canonical(said):
            return said
        if split_url(said):
            return canonicalize_url(said)
    if url:
        return canonicalize_url(url)
    return None


def _read_published(said: list[str]) -> str | None:
    return next((when for when in map(parse_time, said) if when), None)


def _read_linked_data(body: bytes, places: list[int]) -> dict[str, str]:
    """Headline, date, language and publisher of the first JSON-LD object that is an article."""
    for start in islice(_find_linked(body, places), 10):
        text = body[start : body.find(b"</script", start)].decode("utf-8", "replace")
        for item in _flatten(read_json(_strip_cdata(text))):
            if _ARTICLE_TYPES.search(str(item.get("@type"))) and (item.get("headline") or item.get("datePublished")):
                publisher = item.get("publisher")
                said = {**item, "publisher": publisher.get("name") if isinstance(publisher, dict) else None}
                return {k: v for k, v in said.items() if isinstance(v, str)}
    return {}


def _find_linked(body: bytes, places: list[int]) -> Iterator[int]:
    """Where the scripts begin whose start tags say `ld+json` at these places."""
    for at in places:
        m = _LINKED.match(body, max(0, body.rfind(b"<", max(0, at - 300), at)))
        if m and at < 2 * _LONGEST_HEAD:
            yield m.end()


def _strip_cdata(text: str) -> str:
    """JSON that some XHTML wraps in `//<![CDATA[ … //]]>`."""
    text = text.strip()
    inner = text.removeprefix("//").removeprefix("<![CDATA[")
    if len(inner) < len(text):
        return inner.removesuffix("]]>").removesuffix("//")
    return text


def _flatten(data: Any) -> list[dict[str, Any]]:
    if isinstance(data, list):
        items = data
    else:
        items = [data]
    graph = [g for i in items if isinstance(i, dict) and isinstance(i.get("@graph"), list) for g in i["@graph"]]
    return [i for i in (*items, *graph) if isinstance(i, dict)]
