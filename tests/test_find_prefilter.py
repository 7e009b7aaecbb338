"""With and without the prefilter the same is found: every platform, selector, id and way of carrying it."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from embedarchive.conformance.finding import read_bare_ids, write_element, write_markup
from embedarchive.core.model import Embed
from embedarchive.detect import find_embeds, keywords, prefilter
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import Platform

Way = Callable[[str], str]


def in_attribute(value: str, name: str = "data-content") -> str:
    return f'<div class="box" {name}="{html.escape(value)}"></div>'


def unquote_values(markup: str) -> str:
    return re.sub(r'="([^"\s<>=`\']+)"', r"=\1", markup)


def shout(markup: str) -> str:
    """Tags and names of attributes in capitals."""
    return re.sub(r'(</?[\w:-]+|\s[\w:-]+(?=="))', lambda m: m[0].upper(), markup)


def escape_json(markup: str) -> str:
    return json.dumps(markup).replace("<", "\\u003c").replace(">", "\\u003E").replace("/", "\\u002F")


def encode(markup: str) -> str:
    return base64.b64encode(markup.encode()).decode()


WAYS: dict[str, Way] = {
    "as it is": lambda m: m,
    "single quotes": lambda m: m.replace('"', "'") if "'" not in m else m,
    "no quotes": unquote_values,
    "capitals": shout,
    "spaces": lambda m: re.sub(r'="', ' = "', m),
    "lines": lambda m: re.sub(r' (?=[\w-]+=")', "\n\t", m),
    "noscript": lambda m: f"<noscript>{m}</noscript>",
    "template": lambda m: f"<template>{m}</template>",
    "hidden text area": lambda m: f"<textarea hidden>{html.escape(m)}</textarea>",
    "parked script": lambda m: f'<script type="text/plain" data-category="marketing">{m}</script>',
    "srcdoc": lambda m: f'<iframe srcdoc="{html.escape(m)}"></iframe>',
    "attribute": in_attribute,
    "attribute in single quotes": lambda m: f"<div data-html='{m}'></div>" if "'" not in m else m,
    "attribute, escaped twice": lambda m: in_attribute(html.escape(m)),
    "attribute, escaped three times": lambda m: in_attribute(html.escape(html.escape(m))),
    "attribute of an odd name": lambda m: f'<div @load.once="{html.escape(m)}"></div>',
    "percent signs": lambda m: f'<div data-content="{quote(m)}"></div>',
    "percent signs, all": lambda m: f'<div data-content="{quote(m, safe="")}"></div>',
    "base64": lambda m: f'<div data-content="{encode(m)}"></div>',
    "base64, shifted": lambda m: f'<div data-content="{encode("<b>" + m)}"></div>',
    "base64, shifted again": lambda m: f'<div data-content="{encode("<br>" + m)}"></div>',
    "JSON in an attribute": lambda m: in_attribute(json.dumps({"html": m}), "data-props"),
    "JSON in single quotes": lambda m: f"<div data-props='{escape_json(m)}'></div>",
    "state": lambda m: f'<script>window.__STATE__ = {{"body": {escape_json(m)}}};</script>',
    "state, slashes escaped": lambda m: (
        f'<script>let s = {{"a": {json.dumps(m).replace("/", chr(92) + "/")}}}</script>'
    ),
    "state in a string": lambda m: f"<script>s = JSON.parse({json.dumps(json.dumps({'html': m}))})</script>",
    "state of Next": lambda m: f'<script type="application/json">{json.dumps({"props": [{"html": m}]})}</script>',
    "state of Nuxt": lambda m: f"<script>window.__NUXT__=(function(a){{return {{h:{escape_json(m)}}}}})(1)</script>",
    "JSON-LD": lambda m: f'<script type="application/ld+json">{json.dumps({"text": m})}</script>',
    "comment": lambda m: f"<!-- {m} -->",
}

AROUND = """<p>It's "a" text, with <a href='/x?a=b'>a link</a>.</p><blockquote>It's said.</blockquote>
{}<p title="it's">End.</p>"""


def find_both(page: str) -> tuple[tuple[Embed, ...], tuple[Embed, ...]]:
    return find_embeds(page).embeds, find_embeds(page, prefilter=False).embeds


def write_addresses(platform: Platform) -> Iterator[str]:
    """Markup that carries a platform's addresses without any selector: frames, quotes, records, lone lines."""
    for example in platform.examples:
        for url in dict.fromkeys((example.url, example.canonical, example.url.partition("//")[2])):
            written = html.escape(url)
            yield f'<iframe src="{written}"></iframe>'
            yield f'<iframe data-cmp-src="{written}"></iframe>'
            yield f'<div data-embed-url="{written}"></div>'
            yield f'<div data-oembed="https://embeds.example/oembed?url={quote(url, safe="")}&amp;key=1"></div>'
            yield f'<blockquote><p>Words</p>Mara (@mara) <a href="{written}">May 1</a></blockquote>'
            yield f'<blockquote cite="{written}"><p>Words</p></blockquote>'
            yield f"<p>{written}</p>"
            yield f'<div class="wp-block-embed"><div>\n{written}\n</div></div>'
            yield f'<p><a href="{written}"><span>{written}</span></a>'
            yield f'<object><param name="movie" value="{written}"><embed src="{written}"></object>'
            yield f'<a class="embedly-card" href="{written}">Card</a>'


def write_ids(platform: Platform) -> Iterator[str]:
    """Markup that names a service beside a bare id."""
    for example in platform.examples:
        for bare in read_bare_ids(platform, example.native_id):
            written = html.escape(bare)
            yield f'<div data-service="{platform.name}" data-id="{written}"></div>'
            yield f'<{platform.name}-player class="{platform.name}" data-post-id="{written}"></{platform.name}-player>'
            yield f'<div data-provider="{platform.title}" data-embed_id="{written}" data-videoId="{written}"></div>'
            yield f'<iframe src="https://media.example/iframe/2/{platform.name}.min.html#{written}"></iframe>'


@cache
def write_all() -> list[str]:
    written: list[str] = []
    for platform in PLATFORMS:
        written += (m.html for m in platform.markup)
        written += (*write_markup(platform), *write_addresses(platform), *write_ids(platform))
    return list(dict.fromkeys(written))


@pytest.mark.parametrize("way", WAYS)
def test_every_platform_selector_and_example(way: str) -> None:
    """Plain markup all of it; each other way takes a tenth, so that every piece of markup is carried in several."""
    several = 10 if way != "as it is" else 1
    pages = [AROUND.format(WAYS[way](m)) for m in write_all()[list(WAYS).index(way) % several :: several]]
    found = {page: find_both(page) for page in pages}
    assert [page for page, (with_it, without) in found.items() if with_it != without] == []
    assert any(without for _, without in found.values()) or way in ("JSON-LD", "comment")


# ----------------------------------------------------------------------------------------------------------------- ids

WITH_IDS = [p for p in PLATFORMS if p.id_pattern]
SHAPES = {
    "as it comes": lambda bare: bare,
    "letters only": lambda bare: re.sub(r"[^a-zA-Z/:.]", "k", bare),
    "small letters only": lambda bare: re.sub(r"[^a-z/:.]", "k", bare),
    "digits only": lambda bare: re.sub(r"[^0-9/:.]", "7", bare),
    "with - and _": lambda bare: re.sub(r"(?<=\w)[a-zA-Z](?=\w)", "-", re.sub(r"[0-9](?=\w)", "_", bare)),
}


@st.composite
def ids(draw: st.DrawFn, platform: Platform) -> str:
    """A bare id by the platform's own pattern, in each of the shapes that the pattern allows."""
    pattern = re.compile(platform.id_pattern, re.ASCII)
    bare = draw(st.from_regex(pattern, fullmatch=True))
    shaped = SHAPES[draw(st.sampled_from(sorted(SHAPES)))](bare)
    return shaped if pattern.fullmatch(shaped) and len(shaped) < 200 else bare


@st.composite
def elements(draw: st.DrawFn, platform: Platform, bare: str) -> str:
    """An element that names a post by a bare id: by a selector, by a name that promises it, or beside a service."""
    written = [
        write_element(selector, compound, place, bare)
        for selector in platform.selectors
        for compound in selector.css.split(",")
        for place in selector.id
        if "{@" not in place
    ]
    for name in platform.id_names:
        cut = draw(st.integers(0, len(name) - 2))
        between = draw(st.sampled_from(["-", "_", ""]))
        written.append(f'<div data-{name[:cut]}{between}{name[cut:]}="{html.escape(bare)}"></div>')
    return draw(
        st.sampled_from(written or [f'<div data-provider="{platform.name}" data-id="{html.escape(bare)}"></div>'])
    )


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from([p.name for p in WITH_IDS]), st.sampled_from(sorted(WAYS)))
def test_an_id_of_any_shape(data: st.DataObject, name: str, way: str) -> None:
    platform = BY_NAME[name]
    bare = data.draw(ids(platform))
    markup = data.draw(elements(platform, bare))
    assert [e.platform for e in find_embeds(markup, prefilter=False).embeds] == [platform.name]
    with_it, without = find_both(AROUND.format(WAYS[way](markup)))
    assert with_it == without


def test_what_a_platform_gains_is_looked_for() -> None:
    """The words are derived: none of a platform's own stands in the modules that look for them."""
    folder = Path(prefilter.__file__).parent
    source = "".join((folder / f"{name}.py").read_text("utf-8") for name in ("keywords", "prefilter", "addresses"))
    code = "\n".join(line for line in re.sub(r'""".*?"""', "", source, flags=re.S).splitlines())
    told = {word for p in PLATFORMS for word in (p.name, *p.hosts, *p.services, *p.id_names) if len(word) > 4}
    assert {word for word in told if word in code} == set()


# ----------------------------------------------------------------------------------------------------------- Hyperscan


@pytest.fixture
def without_hyperscan(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], tuple[Embed, ...]]:
    """The finder where Hyperscan cannot be had."""

    def find(page: str) -> tuple[Embed, ...]:
        with monkeypatch.context() as patch:
            patch.setattr(keywords, "HAS_HYPERSCAN", False)
            return find_embeds(page).embeds

    return find


def test_without_hyperscan_the_same_is_found(without_hyperscan: Callable[[str], tuple[Embed, ...]]) -> None:
    """Of all markup so much that each way of carrying it is met several times."""
    written, ways = write_all(), list(WAYS.values())
    pages = [AROUND.format(ways[n % len(ways)](written[n])) for n in range(0, len(written), 41)]
    assert [page for page in pages if without_hyperscan(page) != find_embeds(page).embeds] == []


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data(), st.sampled_from([p.name for p in WITH_IDS]), st.sampled_from(sorted(WAYS)))
def test_without_hyperscan_an_id_of_any_shape_is_found(
    without_hyperscan: Callable[[str], tuple[Embed, ...]], data: st.DataObject, name: str, way: str
) -> None:
    page = AROUND.format(WAYS[way](data.draw(elements(BY_NAME[name], data.draw(ids(BY_NAME[name]))))))
    assert without_hyperscan(page) == find_embeds(page).embeds


def test_without_hyperscan_every_keyword_of_a_page_is_found() -> None:
    """In the same place, and not more of them; of an address that ends in figures the last place alone."""
    page = AROUND.format("".join(write_all()[::40])).encode()
    plain, found = set(keywords.compile_plainly()(page)), set(keywords.find_keywords(page))
    assert plain <= found
    assert {(kind, word) for _, kind, word in found - plain} <= {(keywords.ADDRESS, "")}
