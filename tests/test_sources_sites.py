"""Sitemaps, feeds and whole sites become articles; variants of an article's address are one."""

from __future__ import annotations

import asyncio
import gzip
import resource
import time
from collections.abc import Awaitable, Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedarchive.core.errors import RefusedError
from embedarchive.core.model import Fetch
from embedarchive.fetch import Fetcher
from embedarchive.sources import LinkScope, Seed, canonicalize_article, find_links, find_listing, walk
from loopback import Origin, door_to, page

BASE = "https://news.test/sitemap.xml"
SITEMAP = b"""<?xml version="1.0" encoding="UTF-8"?>
<!-- made by hand -->
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
        xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
  <url><loc>https://news.test/a?x=1&amp;y=2</loc><lastmod>2026-03-09T15:00:00+01:00</lastmod>
       <image:image><image:loc>https://news.test/photo.jpg</image:loc></image:image></url>
  <url><loc>
     https://news.test/b </loc><news:news><news:publication_date>2026-03-08</news:publication_date></news:news></url>
  <url><loc>/c</loc><lastmod>2026-02</lastmod></url>
  <url><loc>https://elsewhere.test/d</loc></url>
  <url><loc>javascript:alert(1)</loc></url>
  <url><loc>https://news.test/a?x=1&amp;y=2</loc><lastmod>2026-03-09T15:00:00+01:00</lastmod></url>
  <url></url>
</urlset>"""
INDEX = b"""<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<sitemap><loc>https://news.test/one.xml</loc><lastmod>2026-03-01</lastmod></sitemap>
<sitemap><loc>https://news.test/two.xml.gz</loc></sitemap></sitemapindex>"""
RSS = b"""<?xml version="1.0"?><!DOCTYPE rss PUBLIC "-//Netscape//DTD RSS 0.91//EN" "http://dtd.test/rss.dtd">
<rss version="2.0" xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel><title>N</title>
<link>https://news.test/</link>
<item><link>https://count.test/x</link><feedburner:origLink>https://news.test/a</feedburner:origLink>
<pubDate>Mon, 09 Mar 2026 15:00:00 +0100</pubDate></item>
<item><link>https://other.test/b</link></item><item><title>no link</title></item></channel></rss>"""
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><entry><link rel="self" href="https://news.test/a.atom"/>
<link rel="alternate" href="https://news.test/a"/><updated>2026-03-09T14:00:00Z</updated></entry></feed>"""
JSON_FEED = b"""{"version": "https://jsonfeed.org/version/1.1", "items": [{"url": "/a", "date_published":
"2026-03-09T14:00:00Z"}, {"external_url": "https://other.test/b"}, {"id": 3}, 7]}"""

NOON = "2026-03-09T14:00:00.000Z"


@pytest.mark.parametrize(
    ("body", "kind", "entries"),
    [
        (
            SITEMAP,
            "sitemap",
            [
                ("https://news.test/a?x=1&y=2", NOON),
                ("https://news.test/b", "2026-03-08T00:00:00.000Z"),
                ("https://news.test/c", "2026-02-01T00:00:00.000Z"),
            ],
        ),
        (
            INDEX,
            "sitemap_index",
            [("https://news.test/one.xml", "2026-03-01T00:00:00.000Z"), ("https://news.test/two.xml.gz", None)],
        ),
        (RSS, "feed", [("https://news.test/a", NOON), ("https://other.test/b", None)]),
        (ATOM, "feed", [("https://news.test/a", NOON)]),
        (JSON_FEED, "feed", [("https://news.test/a", NOON), ("https://other.test/b", None)]),
    ],
)
def test_listings_are_known_by_their_first_bytes_and_read(
    body: bytes, kind: str, entries: list[tuple[str, str | None]]
) -> None:
    for spelling in (body, b"\xef\xbb\xbf\n" + body.lstrip(), gzip.compress(body)):
        listing = find_listing(spelling, BASE)
        assert listing
        assert (listing.kind, listing.truncated) == (kind, None)
        assert [(e.url, e.changed_at) for e in listing.entries] == entries


@pytest.mark.parametrize(
    "body",
    [
        *[
            b"",
            b"<!doctype html><html><body>urlset</body></html>",
            b"plain",
            b'{"a": 1}',
            b"<?xml version='1.0'?><html/>",
        ],
        *[b"<svg><feed/></svg>", b"\xff\xd8\xff", b"\x1f\x8bjunk", b"<", b"<?xml", b"<!--" * 5000],
    ],
)
def test_what_lists_nothing_is_no_listing(body: bytes) -> None:
    assert find_listing(body, BASE) is None


def test_names_and_addresses_that_are_none_are_passed_over() -> None:
    entries = b"<loc>http://news.test/a</loc><l2:4:5>x</l2:4:5></url><url><loc>http://[</loc></url>"
    found = find_listing(b"<urlset><url>" + entries + b"</urlset>", BASE)
    assert found
    assert [entry.url for entry in found.entries] == ["http://news.test/a"]
    listed = find_listing(b"http://[\n", BASE)
    assert listed is None or not listed.entries


def test_ampersands_are_read_however_they_were_written() -> None:
    locs = ["a?x=1&y=2", "b?x=1&amp;y=2", "c?x&nbsp;y", "<![CDATA[https://news.test/d?x&y]]>", "&#233;", "f?&amp;amp"]
    text = "<?xml version='1.0'?><urlset>" + "".join(f"<url><loc>{loc}</loc></url>" for loc in locs) + "</urlset>"
    expected = ["a?x=1&y=2", "b?x=1&y=2", "c?x&nbsp;y", "d?x&y", "%C3%A9", "f?&amp"]
    for body in (text.encode(), text.encode("utf-16")):
        listing = find_listing(body, BASE)
        assert listing
        assert [e.url for e in listing.entries] == [f"https://news.test/{path}" for path in expected]


def test_a_sitemap_cut_in_half_gives_its_first_half() -> None:
    listing = find_listing(SITEMAP[: SITEMAP.index(b"/c</loc>")], BASE, "too_large")
    assert listing
    assert [e.url for e in listing.entries] == ["https://news.test/a?x=1&y=2", "https://news.test/b"]
    assert listing.truncated == "too_large"


def entity_bomb(root: str) -> bytes:
    lols = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 12))
    return f'<!DOCTYPE x [<!ENTITY l0 "ha">{lols}]><{root}><url><loc>&l11;</loc></url></{root}>'.encode()


@pytest.mark.parametrize(
    "body",
    [
        entity_bomb("urlset"),
        entity_bomb("rss"),
        b'<!DOCTYPE x [<!ENTITY e "%s">]><urlset><url><loc>%s</loc></url></urlset>' % (b"a" * 50_000, b"&e;" * 50_000),
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><urlset><url><loc>http://news.test/&e;</loc></url></urlset>',
        b'<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd"><urlset><url><loc>http://news.test/a</loc></url></urlset>',
        b"<urlset>" + b"<url>" * 100_000,
        b"<urlset " + b'a="b" ' * 100_000 + b"/>",
        b"[" * 100_000,
        b'{"version": "https://jsonfeed.org/version/1", "items": ' + b"[" * 100_000,
    ],
)
def test_hostile_xml_is_neither_expanded_nor_followed(body: bytes) -> None:
    began = time.process_time()
    listing = find_listing(body, "http://news.test/")
    assert time.process_time() - began < 3
    assert listing is None or not any("root:" in e.url or len(e.url) > 1000 for e in listing.entries)


def test_a_million_addresses_are_bounded_in_number_and_memory() -> None:
    body = (
        b"<urlset>"
        + b"".join(b"<url><loc>https://news.test/%d</loc></url>" % i for i in range(1_000_000))
        + b"</urlset>"
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    listing = find_listing(body, BASE)
    assert listing
    assert (len(listing.entries), listing.truncated) == (100_000, "too_many")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024


# --------------------------------------------------------------------------------------------------------------- links


def test_links_are_found_in_order_and_once() -> None:
    html = b"""<base href="/sub/"><a href="a">1</a><A HREF='/b#x'>2</A><area href=//other.test/c><a href="a#again">3</a>
    <a href=mailto:x@y>m</a><a href="javascript:void(0)">j</a><a href="photo.JPG?w=1">p</a><a>no</a><a href="">self</a>
    <a href="http://[bad">b</a><a href=" ../d
">4</a><link href="/style.css"><a href="https://user@news.test/">u</a>"""
    assert find_links(html, "https://news.test/story/one") == (
        *("https://news.test/sub/a", "https://news.test/b", "https://other.test/c", "https://news.test/sub/"),
        "https://news.test/d",
    )


@pytest.mark.parametrize(
    ("reach", "inside", "outside"),
    [
        ("prefix", ["/world/", "/world/a", "/world/2026/b"], ["/", "/sport/a", "/worldly", "//blog.news.test/world/a"]),
        (
            "host",
            ["/", "/sport/a", "//www.news.test/a"],
            ["//blog.news.test/", "//news.test.evil.test/", "//evilnews.test/"],
        ),
        (
            "domain",
            ["/", "//blog.news.test/a", "//www.news.test/"],
            ["//evilnews.test/", "//test/", "//news.test.evil.test/"],
        ),
    ],
)
def test_a_scope_has_a_reach(reach: str, inside: list[str], outside: list[str]) -> None:
    scope = LinkScope(("https://news.test/world/index.html",), reach)  # type: ignore[arg-type]
    full = [f"https:{p}" if p.startswith("//") else f"https://news.test{p}" for p in inside + outside]
    assert [scope.admits(url) for url in full] == [True] * len(inside) + [False] * len(outside)


def test_a_scope_includes_excludes_and_knows_since_when() -> None:
    scope = LinkScope(("https://news.test/",), include=(r"/20\d\d/",), exclude=(r"/live/",), since="2026-03-01")
    assert scope.admits("https://news.test/2026/a")
    assert not scope.admits("https://news.test/about")
    assert not scope.admits("https://news.test/2026/live/a")
    dates = ["2026-03-01T00:00:00.000Z", "2026-02-28T23:59:59.000Z", "2027-01-01T00:00:00.000Z", None]
    assert [scope.is_recent(date) for date in dates] == [True, False, True, True]


# ---------------------------------------------------------------------------------------------------------------- walks


def site(pages: dict[str, bytes]) -> Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        body = pages.get(head.split()[1].decode())
        writer.write(page(b"", status="404 Not Found") if body is None else page(body))

    return answer


def linking(*targets: str) -> bytes:
    return ("<html><body>" + "".join(f'<a href="{t}">x</a>' for t in targets) + "</body></html>").encode()


def sitemap(*urls: str, root: str = "urlset", each: str = "url") -> bytes:
    return f"<{root}>{''.join(f'<{each}><loc>{u}</loc></{each}>' for u in urls)}</{root}>".encode()


async def stroll(
    pages: dict[str, bytes], seeds: Iterable[str], scope: LinkScope | None = None, **options: int
) -> tuple[list[Seed], list[str]]:
    """Walk a site over real sockets. Give the articles, and the paths asked for."""
    origin = Origin(site(pages))
    async with origin, door_to(origin) as door, Fetcher(door, user_agent="t") as fetcher:

        async def fetch(url: str) -> Fetch:
            return await fetcher.fetch(url)

        found = [s async for s in walk([Seed(url, "argument") for url in seeds], fetch, scope, **options)]
    return found, [head.split()[1].decode() for head in origin.requests]


N = "http://news.test"


async def test_a_walk_without_scope_fetches_its_seeds_and_no_more() -> None:
    found, asked = await stroll({"/a": linking("/b"), "/b": b"<p>b"}, [f"{N}/a", f"{N}/gone"])
    assert sorted((s.url, s.fetch.outcome) for s in found if s.fetch) == [(f"{N}/a", "ok"), (f"{N}/gone", "failed")]
    assert sorted(asked) == ["/a", "/gone"]


async def test_a_site_is_followed_once_each_within_its_depth() -> None:
    pages = {
        "/": linking("/a", "/b?utm_source=x", "/b", "https://other.test/z", "/#top"),
        "/a": linking("/", "/c", "/c/"),
        "/b": linking("/a?fbclid=1"),
        "/c": linking("/d"),
        "/d": b"<p>too deep",
    }
    found, asked = await stroll(pages, [f"{N}/"], LinkScope((f"{N}/",), depth=2))
    assert sorted(s.url for s in found) == [f"{N}/", f"{N}/a", f"{N}/b?utm_source=x", f"{N}/c", f"{N}/c/"]
    assert sorted(asked) == ["/", "/a", "/b?utm_source=x", "/c", "/c/"]
    assert {s.url: s.origin for s in found}[f"{N}/c"] == f"{N}/a"


async def test_sitemaps_lead_to_articles_that_are_not_fetched_yet() -> None:
    pages = {
        "/sitemap.xml": sitemap(f"{N}/1.xml", f"{N}/2.xml", f"{N}/sitemap.xml", root="sitemapindex", each="sitemap"),
        "/1.xml": sitemap(f"{N}/a", f"{N}/b"),
        "/2.xml": gzip.compress(sitemap(f"{N}/b?fbclid=2", f"{N}/c")),
    }
    found, asked = await stroll(pages, [f"{N}/sitemap.xml"])
    assert sorted(canonicalize_article(s.url) for s in found) == [f"{N}/a", f"{N}/b", f"{N}/c"]
    assert all(s.fetch is None and s.origin in (f"{N}/1.xml", f"{N}/2.xml") for s in found)
    assert sorted(asked) == ["/1.xml", "/2.xml", "/sitemap.xml"]


async def test_a_feed_is_narrowed_by_include_and_since() -> None:
    scope = LinkScope((f"{N}/feed",), include=("news",), since="2026-03-10")
    found, _ = await stroll({"/feed": RSS}, [f"{N}/feed"])
    narrowed, _ = await stroll({"/feed": RSS}, [f"{N}/feed"], scope)
    assert [s.url for s in found] == ["https://news.test/a", "https://other.test/b"]
    assert narrowed == []


async def test_a_limit_ends_the_walk() -> None:
    pages = {f"/{i}": linking(*(f"/{j}" for j in range(50))) for i in range(50)}
    found, asked = await stroll(pages, [f"{N}/0"], LinkScope((f"{N}/",), depth=9), limit=7, width=2)
    assert len(found) == 7
    assert len(asked) < 12


async def test_sitemaps_without_end_are_ended() -> None:
    async def fetch(url: str) -> Fetch:
        number = int(url.rsplit("/", 1)[1])
        body = sitemap(f"{N}/{number + 1}", f"{N}/{number + 100_000}", root="sitemapindex", each="sitemap")
        return Fetch(url, url, NOON, "ok", 200, body=body)

    assert [s async for s in walk([Seed(f"{N}/0", "argument")], fetch)] == []


async def test_what_is_in_hand_is_passed_on() -> None:
    async def fetch(url: str) -> Fetch:
        raise AssertionError("nothing to fetch")

    seed = Seed("file:///a.html", "a.html", Fetch("file:///a.html", "file:///a.html", NOON, "ok"))
    assert [s async for s in walk([seed, seed], fetch)] == [seed]


# ------------------------------------------------------------------------------------------------------------ variants

STORY = "https://news.test/2026/03/a-long-story-here"


@pytest.mark.parametrize(
    ("variant", "article"),
    [
        (f"{STORY}?utm_source=x&utm_medium=y#part", STORY),
        (f"{STORY}?id=7&fbclid=abc&page=2", f"{STORY}?id=7&page=2"),
        (f"{STORY}?UTM_Source=x&at_custom3=1&mc_cid=9&_ga=2&__twitter_impression=true", STORY),
        (f"{STORY}?&&", STORY),
        (f"{STORY}?amp", STORY),
        (f"{STORY}?amp=1&id=3", f"{STORY}?id=3"),
        (f"{STORY}?outputType=amp", STORY),
        (f"{STORY}/amp", STORY),
        (f"{STORY}/amp/", f"{STORY}/"),
        (f"{STORY}/print/", f"{STORY}/"),
        (f"{STORY}.amp.html", f"{STORY}.html"),
        (f"{STORY}.amp", STORY),
        (f"{STORY}.html/amp", f"{STORY}.html"),
        (f"{STORY}?print=1", STORY),
        (f"{STORY}?view=print&printable=true&print", STORY),
        (f"{STORY}?view=gallery&format=json", f"{STORY}?view=gallery&format=json"),
        ("https://www.google.com/amp/s/news.test/a-b-c?amp=1", "https://news.test/a-b-c"),
        ("https://www.google.co.uk/amp/news.test/x", "http://news.test/x"),
        ("https://news-test.cdn.ampproject.org/c/s/news.test/a-b-c.amp.html?id=1", "https://news.test/a-b-c.html?id=1"),
        ("https://news-test.cdn.ampproject.org/v/news.test/a", "http://news.test/a"),
        ("HTTPS://News.Test:443", "https://news.test/"),
        # What must stay as it is.
        ("https://news.test/guitars/amp", "https://news.test/guitars/amp"),
        ("https://news.test/amp/", "https://news.test/amp/"),
        ("https://news.test/print", "https://news.test/print"),
        ("https://news.test/a?ref=home&q=utm_source", "https://news.test/a?ref=home&q=utm_source"),
        ("https://news.test/a?b=%26utm_source%3D1", "https://news.test/a?b=%26utm_source%3D1"),
        ("https://www.google.com/amplifiers", "https://www.google.com/amplifiers"),
        ("https://m.news.test/a", "https://m.news.test/a"),
        ("https://news.test/a/", "https://news.test/a/"),
    ],
)
def test_variants_of_an_address_are_one_article(variant: str, article: str) -> None:
    assert canonicalize_article(variant) == article


@given(st.text(max_size=60), st.text(max_size=30))
def test_an_address_is_canonical_or_refused_and_canonical_is_final(path: str, query: str) -> None:
    try:
        once = canonicalize_article(f"https://news.test/{path}?{query}")
    except RefusedError:
        return
    assert once.startswith("https://news.test/")
    assert canonicalize_article(once) == once
