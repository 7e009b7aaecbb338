"""Every platform's own examples, run generically: a new platform is tested by being there."""

from __future__ import annotations

import re

import pytest

from embedarchive.core.urls import split_url
from embedarchive.detect import find_embeds, identify_post
from embedarchive.detect.identity import find_platforms
from embedarchive.detect.prefilter import prefilter_document
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import Example, MarkupExample, Platform

EXAMPLES = [pytest.param(p, e, id=f"{p.name}:{e.url[:60]}") for p in PLATFORMS for e in p.examples]
MARKUP = [pytest.param(p, m, id=f"{p.name}:{m.html[:40]}") for p in PLATFORMS for m in p.markup]
NOT_POSTS = [pytest.param(p, u, id=u[:70]) for p in PLATFORMS for u in p.not_posts]
NOT_EMBEDS = [pytest.param(p, h, id=f"{p.name}:{h[:50]}") for p in PLATFORMS for h in p.not_embeds]


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda p: p.name)
def test_every_platform_brings_its_own_examples(platform: Platform) -> None:
    assert platform.examples
    assert platform.markup
    assert platform.not_posts or platform.name in {"instagram", "x"}
    assert platform.url_patterns
    assert BY_NAME[platform.name] is platform


@pytest.mark.parametrize(("platform", "example"), EXAMPLES)
def test_permalink_to_id_and_back(platform: Platform, example: Example) -> None:
    post = identify_post(example.url)
    assert post is not None
    assert (post.platform, post.native_id) == (platform.name, example.native_id)
    assert platform.canonical(post.native_id) == example.canonical
    again = identify_post(example.canonical)
    assert again is not None
    assert again.key == post.key
    assert identify_post(post.url) == post


@pytest.mark.parametrize(("platform", "example"), [p for p in EXAMPLES if p.values[1].posted_at])
def test_dates_come_from_ids(platform: Platform, example: Example) -> None:
    made = platform.date(example.native_id)
    assert made is not None
    assert made.startswith(str(example.posted_at))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", made)


@pytest.mark.parametrize(("platform", "example"), EXAMPLES)
def test_no_other_platform_claims_it(platform: Platform, example: Example) -> None:
    url = split_url(example.url)
    assert url is not None
    assert [p.name for p in find_platforms(url) if p.identify(url)] == [platform.name]


@pytest.mark.parametrize(("platform", "example"), EXAMPLES)
def test_the_prefilter_sees_every_address(platform: Platform, example: Example) -> None:
    plain = re.sub(r"^//", "https://", example.url)
    for written in (
        plain,
        plain.replace("/", "\\/"),
        plain.replace(":", "%3A").replace("/", "%2F"),
        plain.upper()[:8] + plain[8:],
    ):
        assert prefilter_document(f'<div data-any="{written}"></div>'.encode()), written


@pytest.mark.parametrize(("platform", "example"), MARKUP)
def test_markup_is_found(platform: Platform, example: MarkupExample) -> None:
    found = find_embeds(example.html).embeds
    assert tuple(e.post.native_id if e.post else None for e in found) == example.ids
    assert {e.platform for e in found} == {platform.name}
    assert {e.form for e in found} == {example.form}
    for name in ("author_name", "author_handle", "text", "posted_at"):
        if getattr(example, name):
            assert getattr(found[0].claim, name) == getattr(example, name)


@pytest.mark.parametrize(("platform", "url"), NOT_POSTS)
def test_other_pages_are_no_posts(platform: Platform, url: str) -> None:
    assert identify_post(url) is None


@pytest.mark.parametrize(("platform", "html"), NOT_EMBEDS)
def test_false_friends_are_no_embeds(platform: Platform, html: str) -> None:
    assert find_embeds(html).embeds == ()


@pytest.mark.parametrize(
    ("url", "platform"),
    [
        ("https://vm.tiktok.com/ZMabc123/", "tiktok"),
        ("https://www.tiktok.com/t/ZTabc123/", "tiktok"),
        ("https://fb.watch/abcDEF123/", "facebook"),
        ("https://www.facebook.com/share/p/1AbCdEfGh/", "facebook"),
        ("https://www.instagram.com/share/p/BAbCdEfGhI/", "instagram"),
        ("https://www.reddit.com/r/birds/s/AbCdEfGhIj", "reddit"),
        ("https://pin.it/3AbCdEf", "pinterest"),
        ("https://on.soundcloud.com/AbCdE", "soundcloud"),
        ("https://spotify.link/AbCdEfGhIj", "spotify"),
    ],
)
def test_short_links_wait_for_resolution(url: str, platform: str) -> None:
    post = identify_post(url)
    assert post is not None
    assert (post.platform, post.resolved) == (platform, False)


def test_instagram_kinds_share_one_key_and_private_codes_lose_their_tail() -> None:
    code = "BwiVvR9lD0m"
    forms = [f"https://www.instagram.com/{kind}/{code}/" for kind in ("p", "reel", "reels", "tv")]
    forms += [f"https://www.instagram.com/p/{code}{'x' * 28}/", f"http://instagr.am/p/{code}/embed/captioned/?cr=1#a"]
    assert {p.key for p in map(identify_post, forms) if p} == {f"instagram:{code}"}
    assert identify_post("https://www.instagram.com/reels/audio/123456789/") is None
    other_case = identify_post(f"https://www.instagram.com/p/{code.swapcase()}/")
    assert other_case is not None
    assert other_case.native_id != code
