"""Documents made to choke a finder: found in full or said to be cut, in time that grows no faster than they do."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import time

import pytest

from embedarchive.detect import find_embeds
from embedarchive.detect.bounded import SearchLimits, search_bounded, search_page
from embedarchive.detect.nesting import limit_nesting, measure_depth
from waiting import BOUND_S

EMBED = (
    '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/{:011d}/"><p>By (@x)</p>'
)

GROWING = {
    "flat-embeds": lambda n: "".join(EMBED.format(i) + "</blockquote>" for i in range(n // 20)),
    "nested-embeds": lambda n: "".join(EMBED.format(i) for i in range(n // 20)),
    "nested-boxes": lambda n: "<div>" * (10 * n) + EMBED.format(1),
    "nested-boxes-with-classes": lambda n: "<div class=a>" * (10 * n) + EMBED.format(1),
    "bold": lambda n: "<b>" * (10 * n) + EMBED.format(1),
    "attributes": lambda n: "<div " + " ".join(f"a{i}=1" for i in range(10 * n)) + ">" + EMBED.format(1),
    "links": lambda n: '<a href="https://x.com/a/status/1349129669258448897">' * n + EMBED.format(1),
    "addresses-in-one-value": lambda n: '<div data-x="' + "https://www.instagram.com/p/BwAAAAAAAAA/ " * n + '">' + EMBED.format(1),
    "quotes": lambda n: "'\"=" * (10 * n) + EMBED.format(1),
    "entities": lambda n: '<div data-x="' + "&lt;" * (10 * n) + '//x.com/a/status/1349129669258448897">',
    "percents": lambda n: '<div data-x="' + "%25" * (10 * n) + '//x.com/a/status/1349129669258448897">',
    "json-openers": lambda n: "<script>" + "={" * (10 * n) + '"https://www.instagram.com/p/BwAAAAAAAAA/"</script>',
    "deep-json": lambda n: "<script>a=" + "[" * (10 * n) + '"https://www.instagram.com/p/BwAAAAAAAAA/"</script>',
    "backslashes": lambda n: "<script>f('" + "\\" * (10 * n) + "//x.com/a/status/1349129669258448897')</script>",
    "slashes": lambda n: "/" * (20 * n) + EMBED.format(1),
    "hosts": lambda n: "//" + "a." * (10 * n) + EMBED.format(1),
    "ids": lambda n: "-id=" * (10 * n) + EMBED.format(1),
    "open-script": lambda n: "<script>" + '"https://www.instagram.com/p/BwAAAAAAAAA/",' * n,
    "script-starts": lambda n: "<script " * (5 * n) + EMBED.format(1),
    "script-spaces": lambda n: ("<script>" + " " * 99) * n + EMBED.format(1),
    "told-metas": lambda n: '<meta name="og:title" content="' * n + EMBED.format(1),
    "linked-data": lambda n: '<script type="application/ld+json">' * n + EMBED.format(1),
    "metas": lambda n: "<meta " * (5 * n) + EMBED.format(1),
    "bylines": lambda n: EMBED.format(1) + "(@" * (5 * n) + "</blockquote>",
    "svgs": lambda n: EMBED.format(1) + "<svg>" * (5 * n) + "</blockquote>",
    "base64": lambda n: '<div data-borlabs-cookie-id="instagram" data-x="' + "PGlm" * (10 * n) + '">',
    "literals": lambda n: "<script>" + "={a:" * (5 * n) + '"https://www.instagram.com/p/BwAAAAAAAAA/"</script>',
    "unclosed-texts": lambda n: "<script>a={b:" + "'\\'" * (5 * n) + '"https://www.instagram.com/p/BwAAAAAAAAA/"</script>',
    "unclosed-comments": lambda n: "<script>a={b:[" + "/*" * (5 * n) + '"https://www.instagram.com/p/BwAAAAAAAAA/"</script>',
    "calls-in-literals": lambda n: "<script>a={b:" + "c(" * (5 * n) + '"https://www.instagram.com/p/BwAAAAAAAAA/"</script>',
    "rows-of-a-stream": lambda n: "<script>self.__next_f.push([1," + '"1:T9,' * n + '"https://www.instagram.com/p/BwAAAAAAAAA/"])</script>',
    "shortcodes": lambda n: "[embed " * n + "[embed]https://www.instagram.com/p/BwAAAAAAAAA/[/embed]" + "<p>[a " * n,
    "comments": lambda n: "<!" * (10 * n) + ">" + EMBED.format(1),
}  # fmt: skip


def best_of(body: bytes, times: int) -> float:
    spent = []
    for _ in range(times):
        start = time.process_time()
        find_embeds(body)
        spent.append(time.process_time() - start)
    return min(spent)


@pytest.mark.parametrize("name", GROWING)
def test_time_grows_no_faster_than_the_document(name: str) -> None:
    small, large = (GROWING[name](n).encode() for n in (4_000, 16_000))
    before, after = best_of(small, 3), best_of(large, 2)
    # Four times the input: 4 for linear, 16 for quadratic; very short runs are noise.
    assert after < 0.15 or after / before < 9, (before, after)


@pytest.mark.parametrize("closed", [False, True], ids=["nested", "flat"])
def test_fifty_thousand_embeds_are_all_found(closed: bool) -> None:
    quote = EMBED.replace("<p>By (@x)</p>", "")  # what they claim is not the question here
    page = "".join(quote.format(i) + ("</blockquote>" if closed else "") for i in range(50_000))
    found = search_bounded(page.encode(), limits=SearchLimits(cpu_s=120, wall_s=3 * BOUND_S))
    assert found.truncated is None
    assert [e.post.native_id for e in found.embeds if e.post] == [f"{i:011d}" for i in range(50_000)]
    assert [e.position for e in found.embeds[:3]] == [1, 2, 3]


def test_a_tame_document_is_left_alone() -> None:
    body = b"<div class=a>" * 300 + b"<p>text" * 20_000
    assert limit_nesting(body) is body
    assert measure_depth(b"<div><div></div><div>") == 2


def test_what_is_cut_is_said() -> None:
    page = b"<p>text</p>" * 1_000 + EMBED.format(1).encode()
    assert search_bounded(page, limits=SearchLimits(most_bytes=5_000), small=0).truncated == "size"
    assert search_bounded(page, limits=SearchLimits(), small=0).truncated is None
    assert len(search_bounded(page, limits=SearchLimits(), small=0).embeds) == 1


def test_a_child_that_takes_too_long_or_too_much_is_stopped() -> None:
    page = "".join(EMBED.format(i) + "</blockquote>" for i in range(30_000)).encode()
    assert search_bounded(page, limits=SearchLimits(cpu_s=1, wall_s=BOUND_S)).truncated == "time"
    assert search_bounded(page, limits=SearchLimits(wall_s=0.5)).truncated == "time"
    assert search_bounded(page, limits=SearchLimits(memory=60_000_000, wall_s=BOUND_S)).truncated in {"memory", "crash"}


async def test_the_search_of_a_crawl() -> None:
    found = await search_page(EMBED.format(7).encode(), url="https://news.example/a")
    assert [e.post.key for e in found.embeds if e.post] == ["instagram:00000000007"]


@pytest.mark.parametrize("raw", ["xmp", "iframe", "noembed", "noframes", "textarea", "noscript", "script", "plaintext"])
@pytest.mark.parametrize("text", ["<![\x01 x", "<![if x", "<!", "</", "<?", "<!DOCTYPE", "<![CDATA[", "&#", "<a <b"])
def test_text_that_looks_like_a_declaration_breaks_no_claim(raw: str, text: str) -> None:
    url = "https://www.instagram.com/p/BwiVvR9lD0m/"
    inner = f'<{raw}>{text}</{raw}><a href="{url}">A post by Rook Field (@rook.field)</a>'
    found = find_embeds(
        f'<blockquote class="instagram-media" data-instgrm-permalink="{url}">{inner}</blockquote>'
    ).embeds
    assert [e.post.key for e in found if e.post] == ["instagram:BwiVvR9lD0m"]
