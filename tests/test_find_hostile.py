"""Documents made to choke a finder: found in full or said to be cut, in time that grows no faster than they do."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import fields, is_dataclass
from itertools import pairwise
from typing import Any

import pytest

import embedarchive
from embedarchive.detect import find_embeds, pool
from embedarchive.detect.anything import identify_anything
from embedarchive.detect.bounded import search_bounded, search_page
from embedarchive.detect.child import Document, SearchChild
from embedarchive.detect.line_process import SearchLimits
from embedarchive.detect.nesting import limit_nesting, measure_depth
from embedarchive.platforms import BY_NAME, PLATFORMS
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


@pytest.mark.parametrize(("count", "end"), [(20_000, ""), (10_000, "</blockquote>")], ids=["nested", "flat"])
def test_many_thousand_embeds_are_all_found(count: int, end: str) -> None:
    quote = EMBED.replace("<p>By (@x)</p>", "")  # what they claim is not the question here
    page = "".join(quote.format(i) + end for i in range(count))
    found = search_bounded(page.encode(), limits=SearchLimits(cpu_s=120, wall_s=3 * BOUND_S))
    assert found.truncated is None
    assert [e.post.native_id for e in found.embeds if e.post] == [f"{i:011d}" for i in range(count)]
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
    with closing(SearchChild(SearchLimits(cpu_s=1, wall_s=BOUND_S))) as child:
        small = Document(EMBED.format(7).encode(), {})
        found = list(child.search([small, Document(page, {}), small]))
    assert [each.truncated for each in found] == [None, "time", None], "it costs its own page, none of its batch"
    assert found[0] == found[2] == search_bounded(small.body)
    assert search_bounded(page, limits=SearchLimits(wall_s=0.5)).truncated == "time"
    assert search_bounded(page, limits=SearchLimits(memory=60_000_000, wall_s=BOUND_S)).truncated in {"memory", "crash"}


async def test_pages_searched_side_by_side_are_found_as_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "FEW", 2)
    monkeypatch.setattr(pool, "MANY", 0)
    pages = [EMBED.format(i).encode() * (i % 3) for i in range(60)]
    with pool.SearchPool(2) as searches:
        tasks = [searches.search(page, url=f"https://news.test/{i}") for i, page in enumerate(pages)]
        found = await asyncio.gather(*tasks)
        assert len(searches.children) == 2
    assert found == [search_bounded(page, url=f"https://news.test/{i}") for i, page in enumerate(pages)]


def test_what_waits_when_a_pool_is_closed_is_left() -> None:
    page = b"<p>x</p>" * 20_000
    with pool.SearchPool(1) as searches:
        answers = [searches.submit(page) for _ in range(2_000)]
    assert answers[0].result() is not None
    assert answers[-1].cancelled()


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


# ---------------------------------------------------------------------------------------------------- patterns, addresses


@contextmanager
def at_most(cpu_s: float) -> Iterator[None]:
    """Fail what takes longer, by the clock of this process: a crowded machine does not make that run."""

    def end(number: int, frame: object) -> None:
        raise AssertionError(f"not done after {cpu_s} s of the processor")

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, cpu_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def read_patterns(value: object, depth: int = 0) -> Iterator[re.Pattern[Any]]:
    """The patterns in a module's value: itself, in lists and tables, in the fields of frozen records."""
    if isinstance(value, re.Pattern):
        yield value
    elif depth > 3 or isinstance(value, str | bytes | type):
        return
    elif isinstance(value, Mapping):
        for each in (*value.keys(), *value.values()):
            yield from read_patterns(each, depth + 1)
    elif isinstance(value, tuple | list | frozenset | set):
        for each in value:
            yield from read_patterns(each, depth + 1)
    elif is_dataclass(value):
        for field in fields(value):
            yield from read_patterns(getattr(value, field.name, None), depth + 1)


def find_patterns() -> dict[tuple[Any, int], re.Pattern[Any]]:
    """Every pattern of ours that is compiled as its module is read."""
    names = (each.name for each in pkgutil.walk_packages(embedarchive.__path__, "embedarchive."))
    modules = (importlib.import_module(name) for name in names if not name.endswith("__main__"))
    values = (value for module in modules for value in vars(module).values())
    return {(each.pattern, each.flags): each for value in values for each in read_patterns(value)}


def repeat_its_parts(pattern: re.Pattern[Any]) -> Iterator[str]:
    """Texts of what a pattern is made of, over and over, and then something that it does not expect."""
    source = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
    letters = list(
        dict.fromkeys('a0 /<\n\\".' + "".join(c for c in source if c.isalnum() or c in "<>'=&;:-_%@#?{}[],"))
    )[:30]
    words = re.findall(r"[A-Za-z0-9<>=/:._-]{2,12}", source)[:6]
    yield from (letter * 600 + "\0" for letter in letters)
    yield from ((a + b) * 300 + "\0" for a, b in pairwise(letters))
    for word in words:
        yield word * (1200 // len(word)) + "\0"
        yield (word + " ") * 300 + "\0"


def test_no_pattern_takes_more_than_the_square_of_a_text() -> None:
    """Of 600 letters that is a hundredth of a second; what takes a power more, or doubles with each letter, is found."""
    patterns = find_patterns()
    assert len(patterns) > 300
    for pattern in patterns.values():
        for text in repeat_its_parts(pattern):
            with at_most(2.0):
                began = time.process_time()
                pattern.search(text if isinstance(pattern.pattern, str) else text.encode("latin-1"))
                assert time.process_time() - began < 0.25, (pattern.pattern, text[:20])


FRAMES = {"tiktok": "https://tiktok.com/player/v1/73", "facebook": "https://www.facebook.com/plugins/post.php?href="}


@pytest.mark.parametrize("name", [platform.name for platform in PLATFORMS if platform.examples])
def test_addresses_in_addresses_are_looked_into_so_far_and_no_further(name: str) -> None:
    """Each holds all that follow: whoever looks into each of them from each of them is never done."""
    examples = {each.url: None for each in BY_NAME[name].examples if each.url}
    for address in [*[*examples][:3], *filter(None, [FRAMES.get(name)])]:
        with at_most(5.0):
            find_embeds(f'<iframe src="{address * 25}"></iframe>'.encode(), url="https://news.test/a", unknown=True)
            identify_anything(address * 25)
