"""The head of an article -> its title, canonical address, date, language and site name. Pure.

Read from the bytes by one linear pattern, without a parser: every document is asked for these, few hold an embed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from embedarchive.detect.claims import parse_time
from embedarchive.detect.markup import read_json
from embedarchive.model import Found
from embedarchive.urls import canonicalize_url, join_url, split_url, unwrap_archived

_LONGEST_HEAD = 300_000
_LONGEST_TAG = 3_000
_TAG = re.compile(
    rb"<(?:(?:[mM][eE][tT][aA]|[lL][iI][nN][kK]|[hH][tT][mM][lL])\s([^<>]{1,3000})>|[tT][iI][tT][lL][eE][^<>]{0,200}>([^<]{1,2000}))"
)
_ATTR = re.compile(r"""([a-zA-Z:._-]{1,40})\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'<>]+))""")
_LINKED = re.compile(rb"""(?i)<script[^<>]{0,200}application/ld\+json[^<>]{0,200}>""")
_WANTED = BytesAhoCorasick(
    b"<html <title og:title og:url og:site_name og:locale og:published article:publ canonical \"date 'date =date .date"
    b" dcterms pubdate publish-date parsely-pub application-name twitter:title".split(),
    matchkind=MatchKind.LeftmostFirst,
)
_ARTICLE_TYPES = re.compile(r"Article|Posting|Report|Review|WebPage")
_DATES = ("article:published_time", "datepublished", "og:published_time", "date", "dc.date", "dcterms.created",
          "parsely-pub-date", "sailthru.date", "pubdate", "publish-date")  # fmt: skip


def read_facts(body: bytes, low: bytes, url: str | None) -> Found:
    """What the document says of itself: og, meta, `<link rel=canonical>`, `<title>`, `<html lang>`, then JSON-LD.

    `low` is the document in lower case.
    """
    end = low.find(b"</head", 0, _LONGEST_HEAD)
    meta = _read_tags(body, low[: end if end > 0 else _LONGEST_HEAD])
    linked: dict[str, str] = {}
    if not (meta.get("og:title") and any(n in meta for n in _DATES)):
        linked = _read_linked_data(body)
    return Found(
        title=_first(meta.get("og:title"), linked.get("headline"), meta.get("twitter:title"), meta.get("<title")),
        canonical_url=_read_canonical(meta, url),
        published_at=_read_published(meta, linked),
        lang=_first(meta.get("<lang"), meta.get("og:locale"), linked.get("inLanguage")),
        site_name=_first(meta.get("og:site_name"), meta.get("application-name"), linked.get("publisher")),
    )


def _read_tags(body: bytes, low_head: bytes) -> dict[str, str]:
    """What each wanted tag says, the first one counts."""
    said: dict[str, str] = {}
    last = -1
    for _, at, _ in _WANTED.find_matches_as_indexes(low_head):
        start = body.rfind(b"<", max(0, at - _LONGEST_TAG), at + 1)
        m = _TAG.match(body, start, len(low_head)) if start > last else None
        last = max(last, start)
        if m and m[2]:
            said.setdefault("<title", html.unescape(m[2].decode("utf-8", "replace")))
        elif m:
            a = {k.lower(): html.unescape(v or w or x) for k, v, w, x in _ATTR.findall(m[1].decode("utf-8", "replace"))}
            for name, value in _read_tag(a):
                said.setdefault(name, value)
    return said


def _read_tag(a: dict[str, str]) -> Iterator[tuple[str, str]]:
    name = a.get("property") or a.get("name") or a.get("itemprop")
    if name and a.get("content"):
        yield name.lower(), a["content"]
    elif "canonical" in a.get("rel", "").lower().split() and a.get("href"):
        yield "<canonical", a["href"]
    elif "content" not in a and "rel" not in a and (a.get("lang") or a.get("xml:lang")):
        yield "<lang", a.get("lang") or a["xml:lang"]


def _first(*values: str | None) -> str | None:
    return next((" ".join(v.split()) for v in values if v and v.strip()), None)


def _read_canonical(meta: dict[str, str], url: str | None) -> str | None:
    said = meta.get("<canonical") or meta.get("og:url")
    if said:
        said = join_url(url, said)
        said = unwrap_archived(said) or said
        if split_url(said):
            return canonicalize_url(said)
    return canonicalize_url(url) if url else None


def _read_published(meta: dict[str, str], linked: dict[str, str]) -> str | None:
    dates = (parse_time(said) for said in (*(meta.get(n) for n in _DATES), linked.get("datePublished")) if said)
    return next((when for when in dates if when), None)


def _read_linked_data(body: bytes) -> dict[str, str]:
    """Headline, date, language and publisher of the first JSON-LD object that is an article."""
    for m in islice(_find_linked(body), 10):
        text = body[m.end() : body.find(b"</script", m.end())].decode("utf-8", "replace")
        for item in _flatten(read_json(re.sub(r"^\s*(?://)?<!\[CDATA\[|(?://)?\]\]>\s*$", "", text))):
            if _ARTICLE_TYPES.search(str(item.get("@type"))) and (item.get("headline") or item.get("datePublished")):
                publisher = item.get("publisher")
                said = {**item, "publisher": publisher.get("name") if isinstance(publisher, dict) else None}
                return {k: v for k, v in said.items() if isinstance(v, str)}
    return {}


def _find_linked(body: bytes) -> Iterator[re.Match[bytes]]:
    """The start tags of JSON-LD scripts."""
    at = body.find(b"ld+json", 0, 2 * _LONGEST_HEAD)
    while at >= 0:
        m = _LINKED.match(body, max(0, body.rfind(b"<", max(0, at - 300), at)))
        if m:
            yield m
        at = body.find(b"ld+json", at + 1, 2 * _LONGEST_HEAD)


def _flatten(data: Any) -> list[dict[str, Any]]:
    items = data if isinstance(data, list) else [data]
    graph = [g for i in items if isinstance(i, dict) and isinstance(i.get("@graph"), list) for g in i["@graph"]]
    return [i for i in (*items, *graph) if isinstance(i, dict)]
