"""Addresses: mended as browsers mend them, matched by parsed host, and never an exception."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedarchive.core.urls import canonicalize_url, clean_url, is_canonical, split_url
from embedarchive.detect import identify_anything, identify_post
from embedarchive.platforms import PLATFORMS
from embedarchive.platforms.kit.specification import Platform

POST = "https://www.instagram.com/p/BwiVvR9lD0m/"


@pytest.mark.parametrize(
    "written",
    [
        POST,
        "  " + POST + "\n",
        "//www.instagram.com/p/BwiVvR9lD0m/",
        "www.instagram.com/p/BwiVvR9lD0m",
        "HTTPS://WWW.Instagram.COM/p/BwiVvR9lD0m/",
        "https:\\/\\/www.instagram.com\\/p\\/BwiVvR9lD0m\\/",
        "https%3A%2F%2Fwww.instagram.com%2Fp%2FBwiVvR9lD0m%2F",
        "https://www.instagram.com/p/BwiVvR9lD0m/?a=1&amp;amp;b=2",
        "https://www.insta\ngram.com/p/BwiVvR9lD0m/",
        "https://web.archive.org/web/20200101000000if_/https://www.instagram.com/p/BwiVvR9lD0m/",
        "https://cdn.embedly.com/widgets/media.html?src=x&url=https%3A%2F%2Fwww.instagram.com%2Fp%2FBwiVvR9lD0m%2F",
        "https://news.example/embed?url=https%3A%2F%2Fwww.instagram.com%2Fp%2FBwiVvR9lD0m&id=mntl-sc-block_1-0",
        "/embed?url=https%3A%2F%2Fwww.instagram.com%2Fp%2FBwiVvR9lD0m",
        "https://graph.facebook.com/v8.0/instagram_oembed?url=https://www.instagram.com/p/BwiVvR9lD0m/",
        "https://l.facebook.com/l.php?u=https%3A%2F%2Fwww.instagram.com%2Fp%2FBwiVvR9lD0m%2F&h=AT0",
    ],
)
def test_one_post_however_written(written: str) -> None:
    post = identify_post(written)
    assert post is not None
    assert post.key == "instagram:BwiVvR9lD0m"


@pytest.mark.parametrize(
    "trap",
    [
        "https://instagram.com.evil.example/p/BwiVvR9lD0m/",
        "https://evil.example/instagram.com/p/BwiVvR9lD0m/",
        "https://notinstagram.com/p/BwiVvR9lD0m/",
        "https://www.instagram.com@evil.example/p/BwiVvR9lD0m/",
        "http://evil.example\\@www.instagram.com/p/BwiVvR9lD0m/",
        "javascript:alert('https://www.instagram.com/p/BwiVvR9lD0m/')",
        "https://www.instagram.com/p/../x/",
        "https://www.instagram.com/p/ab/",
        "https://[::1/p/BwiVvR9lD0m/",
        "https://www.instagram.com:99999999/p/BwiVvR9lD0m/",
        "",
        "about:blank",
    ],
)
def test_traps_name_no_post(trap: str) -> None:
    assert identify_post(trap) is None


@given(st.text(max_size=300))
def test_any_text_is_read_without_error(text: str) -> None:
    clean_url(text)
    split_url("https://" + text)
    identify_post("https://x.com/" + text)
    identify_anything(text)
    canonicalize_url("https://news.example/" + text)


@pytest.mark.parametrize(
    "url", ["http://../amp..", "https://a.test/x/amp/amp", "https://a.test/x.amp/amp/", "http://a.test../amp"]
)
def test_canonical_is_final(url: str) -> None:
    assert canonicalize_url(once := canonicalize_url(url)) == once


@pytest.mark.parametrize(
    "variant",
    [
        "https://www.news.example/a/story",
        "https://www.news.example/a/story?utm_source=x&fbclid=y",
        "https://www.news.example:443/a/story#comments",
        "https://amp.news.example/a/story/amp",
        "https://www.news.example/a/story.amp?print=1",
        "HTTPS://WWW.NEWS.EXAMPLE/a/story",
    ],
)
def test_variants_of_an_article_are_one_article(variant: str) -> None:
    assert canonicalize_url(variant) == "https://www.news.example/a/story"


@given(st.from_regex(r"https?://[a-z.-]{1,20}\.[a-z]{2,5}(:80)?/[a-zA-Z0-9_./%~+ ?#@-]{0,40}", fullmatch=True))
def test_what_is_canonical_at_a_glance_is_so_when_taken_apart(url: str) -> None:
    if is_canonical(url):
        assert split_url(url) is not None
        assert canonicalize_url(url + "#part") == url


def test_what_names_an_article_is_kept() -> None:
    assert canonicalize_url("https://news.example/?p=12&utm_medium=x") == "https://news.example/?p=12"


@pytest.mark.parametrize(
    ("asked", "keys", "handle", "url"),
    [
        (POST + "embed/", ["instagram:BwiVvR9lD0m"], None, None),
        ("instagram.com/p/BwiVvR9lD0m", ["instagram:BwiVvR9lD0m"], None, None),
        ("instagram:BwiVvR9lD0m", ["instagram:BwiVvR9lD0m"], None, None),
        ("twitter:20", ["x:20"], None, None),
        ("3386004377145068453_99", ["instagram:C79gQqLpkul"], None, None),
        ("@rook.field", [], "rook.field", None),
        ("https://news.example/a?utm_source=x", [], None, "https://news.example/a"),
        (
            f'<blockquote class="instagram-media" data-instgrm-permalink="{POST}"></blockquote>',
            ["instagram:BwiVvR9lD0m"],
            None,
            None,
        ),
    ],
)
def test_anything_a_person_pastes(asked: str, keys: list[str], handle: str | None, url: str | None) -> None:
    meaning = identify_anything(asked)
    assert [p.key for p in meaning.posts] == keys
    assert (meaning.handle, meaning.url) == (handle, url)


@pytest.mark.parametrize("key", ["X::", "x:abc", "mastodon:x", "youtube::", "vk:", "instagram:../.."])
def test_a_key_whose_id_is_none_names_no_post(key: str) -> None:
    assert identify_anything(key).posts == ()


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p.name)
def test_a_key_names_its_post(platform: Platform) -> None:
    for example in platform.examples:
        key = f"{platform.name}:{example.native_id}"
        assert [p.key for p in identify_anything(key).posts] == [key]


def test_a_bare_shortcode_may_be_a_post_or_a_handle() -> None:
    meaning = identify_anything("BwiVvR9lD0m")
    assert "instagram:BwiVvR9lD0m" in [p.key for p in meaning.posts]
    assert meaning.handle == "BwiVvR9lD0m"
