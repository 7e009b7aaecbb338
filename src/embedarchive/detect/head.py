"""The head of an article -> its title, canonical address, date, language and site name. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from embedarchive.detect.claims import parse_time
from embedarchive.detect.markup import read_json
from embedarchive.urls import canonicalize_url, join_url, split_url, unwrap_archived

_ARTICLE_TYPES = re.compile(r"Article|Posting|Report|Review|WebPage", re.I)


@dataclass(frozen=True, slots=True)
class Facts:
    title: str | None = None
    canonical_url: str | None = None
    published_at: str | None = None
    lang: str | None = None
    site_name: str | None = None


def read_facts(tree: LexborHTMLParser, url: str | None) -> Facts:
    """Read og, meta, JSON-LD, `<link rel=canonical>`, `<title>` and `<html lang>`, the most explicit first."""
    meta = _read_meta(tree)
    linked = _read_linked_data(tree)
    title = tree.css_first("title")
    html = tree.css_first("html")
    lang = (html.attributes.get("lang") or html.attributes.get("xml:lang")) if html else None
    return Facts(
        title=_first(
            meta.get("og:title"), linked.get("headline"), meta.get("twitter:title"), title.text() if title else None
        ),
        canonical_url=_read_canonical(tree, meta, url),
        published_at=_read_published(tree, meta, linked),
        lang=_first(lang, meta.get("og:locale"), linked.get("inLanguage")),
        site_name=_first(meta.get("og:site_name"), meta.get("application-name"), linked.get("publisher")),
    )


def _first(*values: str | None) -> str | None:
    return next((" ".join(v.split()) for v in values if v and v.strip()), None)


def _read_meta(tree: LexborHTMLParser) -> dict[str, str]:
    meta: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        a = node.attributes
        name = a.get("property") or a.get("name") or a.get("itemprop")
        if name and a.get("content"):
            meta.setdefault(name.lower(), a["content"] or "")
    return meta


def _read_canonical(tree: LexborHTMLParser, meta: dict[str, str], url: str | None) -> str | None:
    node = tree.css_first("link[rel~=canonical][href]")
    said = (node.attributes.get("href") if node else None) or meta.get("og:url")
    if said:
        said = join_url(url, said)
        said = unwrap_archived(said) or said
        if split_url(said):
            return canonicalize_url(said)
    return canonicalize_url(url) if url else None


def _read_published(tree: LexborHTMLParser, meta: dict[str, str], linked: dict[str, str]) -> str | None:
    names = ("article:published_time", "datepublished", "og:published_time", "date", "dc.date", "dcterms.created",
             "parsely-pub-date", "sailthru.date", "pubdate", "publish-date")  # fmt: skip
    for said in (linked.get("datePublished"), *(meta.get(n) for n in names)):
        when = parse_time(said) if said else None
        if when:
            return when
    node = tree.css_first("time[datetime][pubdate], time[datetime][itemprop=datePublished], article time[datetime]")
    return parse_time(node.attributes.get("datetime") or "") if node else None


def _read_linked_data(tree: LexborHTMLParser) -> dict[str, str]:
    """Headline, date, language and publisher of the first JSON-LD object that is an article."""
    for node in tree.css('script[type="application/ld+json"]')[:20]:
        for item in _flatten(read_json(re.sub(r"^\s*(?://)?<!\[CDATA\[|(?://)?\]\]>\s*$", "", node.text()))):
            if _ARTICLE_TYPES.search(str(item.get("@type"))) and (item.get("headline") or item.get("datePublished")):
                publisher = item.get("publisher")
                said = {**item, "publisher": publisher.get("name") if isinstance(publisher, dict) else None}
                return {k: v for k, v in said.items() if isinstance(v, str)}
    return {}


def _flatten(data: Any) -> list[dict[str, Any]]:
    items = data if isinstance(data, list) else [data]
    graph = [g for i in items if isinstance(i, dict) and isinstance(i.get("@graph"), list) for g in i["@graph"]]
    return [i for i in (*items, *graph) if isinstance(i, dict)]
