"""The newsroom: articles, feeds and sitemaps that agree with each other, and markup the finder can be measured by."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from embedarchive.detect import find_embeds
from embedarchive.replica import ArticleFact, Replica
from embedarchive.replica.markup import FORMS, NOT_EMBEDS
from embedarchive.replica.sites.forms import ALL_URLS, form_url
from replica_client import get

LOCATION = "{http://www.sitemaps.org/schemas/sitemap/0.9}loc"
WITHOUT_POST = {"14-profile-iframe"}


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


def test_it_is_a_newsroom_of_many_shapes_and_scripts(replica: Replica) -> None:
    assert len(replica.articles) >= 20
    assert {article.lang for article in replica.articles} == {"en", "de", "ar"}
    assert len({post.platform for article in replica.articles for post in article.posts}) >= 8
    seen = [post.key for article in replica.articles for post in article.posts]
    assert len(seen) > len(set(seen)), "some posts are embedded more than once"


def test_every_article_holds_exactly_the_posts_it_is_said_to(replica: Replica) -> None:
    def found_in(article: ArticleFact) -> list[str | None]:
        found = find_embeds(get(replica, article.url).body, url=article.url).embeds
        return [embed.post.key if embed.post else None for embed in found if embed.kind == "embed"]

    for article in replica.articles:
        said = [f"{post.platform}:{post.key}" for post in article.posts]
        found = found_in(article)
        assert sorted(filter(None, found)) == sorted(said), article.url
        assert found.count(None) == article.unresolved, article.url


@pytest.mark.parametrize("host", ["www.thelanternpost.example", "www.kuestenblatt.example"])
def test_front_page_sitemaps_and_feeds_name_every_article(replica: Replica, host: str) -> None:
    urls = {url for url in replica.article_urls if urlsplit(url).hostname == host}
    robots = get(replica, f"https://{host}/robots.txt").text
    assert f"Sitemap: https://{host}/sitemap-index.xml" in robots
    index = ET.fromstring(get(replica, f"https://{host}/sitemap-index.xml").body)
    for sitemap in [node.text or "" for node in index.iter(LOCATION)]:
        assert {node.text for node in ET.fromstring(get(replica, sitemap).body).iter(LOCATION)} == urls
    front = get(replica, f"https://{host}/").text
    assert all(f'href="{urlsplit(url).path}"' in front for url in urls)
    rss = ET.fromstring(get(replica, f"https://{host}/feed.xml").body)
    assert {node.text for node in rss.iter("link")} - {f"https://{host}/"} == urls
    assert "<entry>" in get(replica, f"https://{host}/atom.xml").text


def test_an_article_that_did_not_change_says_so(replica: Replica) -> None:
    first = get(replica, replica.article_urls[0])
    again = get(replica, replica.article_urls[0], If_None_Match=first.headers["etag"])
    assert (first.status, again.status, again.body) == (200, 304, b"")


def test_every_shape_of_markup_has_a_page(replica: Replica) -> None:
    key = replica.post("fjord").key
    assert {get(replica, url).status for url in ALL_URLS} == {200}
    for name in set(FORMS) - WITHOUT_POST:
        page = get(replica, form_url(name)).text
        assert key in page or name.startswith(("22", "23")), name
    assert all(get(replica, f"https://forms.example/not-embeds/{name}").status == 200 for name in NOT_EMBEDS)
