"""Whole sites, again and again: sitemaps, feeds, following, conditional requests, edited articles, web archives.

No browser is needed: with a limit of no posts due (`find`, or articles whose posts are already known gone) the run only
fetches and searches, and that is what is looked at here.
"""

from __future__ import annotations

import gzip
import io
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from commands import Done, through
from embedarchive.core.errors import ExitCode
from embedarchive.detect import identify_post
from embedarchive.replica import Replica, Saved
from embedarchive.store import open_reader
from in_process import run as embedarchive

HTML = (("content-type", "text/html; charset=utf-8"),)
QUOTE = '<blockquote class="instagram-media" data-instgrm-permalink="{}"><a href="{}">A post shared</a></blockquote>'
GONE = ("https://www.instagram.com/p/BgoneAAAAA1/", "https://www.instagram.com/p/BgoneAAAAA2/")


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "embeds.db"


def page(*posts: str, links: tuple[str, ...] = (), canonical: str = "") -> Saved:
    quotes = "".join(QUOTE.format(post, post) for post in posts)
    anchors = "".join(f'<a href="{link}">more</a>' for link in links)
    head = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    return Saved(200, HTML, f"<html><head><title>T</title>{head}</head><body>{quotes}{anchors}</body></html>".encode())


def crawl(replica: Replica, path: Path, *args: str) -> Done:
    return embedarchive("crawl", *args, "-a", path, "--json", *through(replica))


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    conn = open_reader(path)
    try:
        return [tuple(row) for row in conn.execute(sql)]
    finally:
        conn.close()


def asked(replica: Replica, host: str) -> list[str]:
    return [hit.path for hit in replica.hits if hit.url.split("/")[2] == host and hit.path != "/robots.txt"]


def test_following_reaches_every_article_once_and_the_second_time_changes_nothing(replica: Replica, path: Path) -> None:
    site = "https://follow.example"
    names = [f"/story-{n}" for n in range(6)]
    replica.serve(f"{site}/", page(links=(*names, "/story-0?utm_source=x", "/story-1#top", "https://away.example/")))
    for n, name in enumerate(names):
        replica.serve(site + name, page(GONE[n % 2], links=("/", *names)))
    for attempt in range(2):
        replica.clear_hits()
        done = crawl(replica, path, f"{site}/", "--follow")
        assert done.code == 0, done.err
        assert sorted(asked(replica, "follow.example")) == (["/", *names] if attempt == 0 else [])
        assert done.json["articles"]["ok"] == (7 if attempt == 0 else 0)
    assert rows(path, "SELECT count(*) FROM articles WHERE outlet = 'away.example'") == [(0,)]
    assert rows(path, "SELECT outcome, count(*) FROM captures WHERE purpose = 'post' GROUP BY 1") == [("gone", 2)]


def test_following_goes_on_after_it_was_cut_short(replica: Replica, path: Path) -> None:
    """A second run with a fresh front page still follows it: what is left was written down, not remembered."""
    site = "https://resume.example"
    replica.serve(f"{site}/", page(links=tuple(f"/s{n}" for n in range(5))))
    for n in range(5):
        replica.serve(f"{site}/s{n}", page())
    assert crawl(replica, path, f"{site}/", "--follow", "--limit", "3").json["articles"]["ok"] == 3
    assert crawl(replica, path, f"{site}/", "--follow").json["articles"]["ok"] == 3
    assert rows(path, "SELECT count(*) FROM articles") == [(6,)]


@pytest.mark.parametrize("listing", ["sitemap-index.xml", "sitemap.xml", "feed.xml"])
def test_listings_stand_for_their_articles(replica: Replica, path: Path, listing: str) -> None:
    host = replica.article_urls[0].split("/")[2]
    wanted = {article.url for article in replica.articles if article.url.split("/")[2] == host}
    done = embedarchive("find", f"https://{host}/{listing}", "--nl", *through(replica))
    assert done.code == 0, done.err
    with_embeds = {a.url for a in replica.articles if a.url in wanted and (a.posts or a.unresolved)}
    found = {line.split('"article": "')[1].split('"')[0] for line in done.out.splitlines()}
    assert found <= wanted
    assert len(found) >= (len(with_embeds) if "sitemap" in listing else 1)


def test_a_sitemap_is_kept_as_a_listing_and_not_as_an_article(replica: Replica, path: Path) -> None:
    site = "https://listed.example"
    urls = "".join(f"<url><loc>{site}/a{n}</loc></url>" for n in range(3))
    sitemap = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()
    replica.serve(f"{site}/sitemap.xml.gz", Saved(200, (("content-type", "application/gzip"),), gzip.compress(sitemap)))
    for n in range(3):
        replica.serve(f"{site}/a{n}", page())
    assert crawl(replica, path, f"{site}/sitemap.xml.gz").json["articles"]["ok"] == 3
    assert rows(path, "SELECT kind, entries FROM listings") == [("sitemap", 3)]
    assert rows(path, "SELECT count(*) FROM articles") == [(3,)]


def test_an_unchanged_article_costs_a_304_and_changes_nothing(replica: Replica, path: Path) -> None:
    url = min((a for a in replica.articles if a.posts), key=lambda article: len(article.posts)).url
    embedarchive("find", url, *through(replica))  # warms nothing: find keeps nothing
    crawl_only_articles(replica, path, url)
    before = rows(path, "SELECT * FROM embeds")
    assert before
    replica.clear_hits()
    crawl_only_articles(replica, path, url, "--refresh", "0s")
    assert [hit.status for hit in replica.hits if hit.url == url] == [304]
    assert rows(path, "SELECT * FROM embeds") == before
    assert rows(path, "SELECT outcome FROM fetches ORDER BY id") == [("ok",), ("unchanged",)]


def crawl_only_articles(replica: Replica, path: Path, *args: str) -> None:
    """Crawl with a browser that does not start: articles are fetched and searched, posts stay due."""
    done = embedarchive("crawl", *args, "-a", path, "--browser-path", "/bin/false", *through(replica))
    assert done.code == ExitCode.NO_BROWSER, done.err


def test_an_edited_article_shows_what_appeared_and_what_vanished(replica: Replica, path: Path) -> None:
    url = "https://edited.example/story"
    replica.serve(url, page(GONE[0]))
    crawl(replica, path, url)
    replica.serve(url, page(GONE[1]))
    crawl(replica, path, url, "--refresh", "0s")
    history = rows(path, "SELECT post_key, appeared_later, vanished FROM embed_history ORDER BY post_key")
    first, second = sorted(post.key for post in map(identify_post, GONE) if post)
    assert history == [(first, 0, 1), (second, 1, 0)]
    assert rows(path, "SELECT post_key FROM current_embeds") == [(second,)]


def test_variants_of_an_address_are_one_article(replica: Replica, path: Path) -> None:
    site = "https://variants.example"
    canonical = f"{site}/2026/03/a-long-story"
    for variant in (canonical, f"{site}/amp-pages/a-long-story"):
        replica.serve(variant, page(GONE[0], canonical=canonical))
    seeds = (canonical, f"{canonical}?utm_source=x&fbclid=1", f"{canonical}#part", f"{site}/amp-pages/a-long-story")
    crawl(replica, path, *seeds)
    assert rows(path, "SELECT url FROM articles") == [(canonical,)]
    assert rows(path, "SELECT count(*) FROM current_embeds") == [(1,)]


def test_a_web_archive_gives_its_pages_with_their_own_dates(tmp_path: Path) -> None:
    path, warc = tmp_path / "embeds.db", tmp_path / "old.warc.gz"
    body = QUOTE.format(GONE[0], GONE[0]).encode()
    with warc.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        date = {"WARC-Date": "2019-05-06T07:08:09Z"}
        record = writer.create_warc_record(
            "https://old.example/story", "response", io.BytesIO(body), http_headers=headers, warc_headers_dict=date
        )
        writer.write_record(record)
    found = embedarchive("find", warc, "--nl")
    assert found.json["article"] == "https://old.example/story"
    embedarchive("crawl", warc, "-a", path, "--browser-path", "/bin/false")
    with sqlite3.connect(path) as conn:
        kept = conn.execute(
            "SELECT a.url, f.fetched_at, f.source FROM fetches f JOIN articles a ON a.id = f.article_id"
        ).fetchall()
    assert kept == [("https://old.example/story", "2019-05-06T07:08:09.000Z", str(warc))]


def test_robots_txt_is_obeyed_unless_told_otherwise(replica: Replica, path: Path) -> None:
    site = "https://closed.example"
    replica.serve(
        f"{site}/robots.txt", Saved(200, (("content-type", "text/plain"),), b"User-agent: *\nDisallow: /private/")
    )
    replica.serve(f"{site}/private/story", page())
    done = crawl(replica, path, f"{site}/private/story")
    assert (done.code, done.json["articles"]["failed"]) == (3, 1)
    assert rows(path, "SELECT reason FROM fetches") == [("robots",)]
    assert asked(replica, "closed.example") == []
    assert crawl(replica, path, f"{site}/private/story", "--ignore-robots").json["articles"]["ok"] == 1
