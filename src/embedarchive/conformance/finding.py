"""A platform's markup: found as its examples say, and with the prefilter exactly as without. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from embedarchive.conformance.findings import Problem, say_post
from embedarchive.core.model import Embed
from embedarchive.detect import find_embeds, identify_post
from embedarchive.detect.selectors import parse_compound
from embedarchive.platforms.kit.specification import MarkupExample, Platform, Selector

CLAIMS = ("author_name", "author_handle", "text", "posted_at")


def check_markup(platform: Platform) -> Iterator[Problem]:
    """Each example of markup gives its posts in order, in its form, with its claim; what the prefilter makes of it is asked
    elsewhere."""
    for example in platform.markup:
        found = find_embeds(example.html, prefilter=False).embeds
        yield from ((example.html[:60], said) for said in _compare(platform, example, found))


def _compare(platform: Platform, example: MarkupExample, found: tuple[Embed, ...]) -> Iterator[str]:
    ids = tuple(e.post.native_id if e.post else None for e in found)
    if ids != example.ids:
        yield f"gives {ids}, not {example.ids}"
        return
    if {e.platform for e in found} != {platform.name}:
        yield f"found as {', '.join(str(e.platform) for e in found)}"
    if {e.form for e in found} != {example.form}:
        yield f"found in the form {', '.join(e.form for e in found)}, not {example.form}"
    for name in CLAIMS:
        told, claims = getattr(example, name), {getattr(e.claim, name) for e in found}
        if told is not None and claims != {told or None}:
            yield f"claims the {name} {', '.join(map(repr, claims))}, not {told!r}"


def check_not_embeds(platform: Platform) -> Iterator[Problem]:
    """What only looks like an embed is none."""
    for html in platform.not_embeds:
        if found := find_embeds(html).embeds:
            yield html[:60], f"found as {say_post(found[0].post)} in the form {found[0].form}"


# ------------------------------------------------------------------------------------------------------- the prefilter


def check_prefilter(platform: Platform) -> Iterator[Problem]:
    """Every selector and every shape of id gives the same embeds with and without the prefilter."""
    addresses = (written for example in platform.examples for written in spell_address(example.url))
    carried = (f'<div data-embed-url="{written}"></div>' for written in addresses)
    for html in (*carried, *(m.html for m in platform.markup), *platform.not_embeds, *write_markup(platform)):
        with_it, without = (find_embeds(html, prefilter=each).embeds for each in (True, False))
        if with_it != without:
            yield html, f"{_say(with_it)} with the prefilter, {_say(without)} without"


def spell_address(url: str) -> tuple[str, ...]:
    """An address as markup writes it: plain, escaped as JSON, percent-encoded, in capitals."""
    plain = re.sub(r"^//", "https://", url)
    encoded = plain.replace(":", "%3A").replace("/", "%2F")
    return plain, plain.replace("/", "\\/"), encoded, plain.upper()[:8] + plain[8:]


def write_markup(platform: Platform) -> Iterator[str]:
    """Markup in which each selector, at each of its places, and each name of an id carries each example."""
    for example in platform.examples:
        post = identify_post(example.url)
        addresses = dict.fromkeys((example.url, example.canonical, post.url if post else ""))
        bare = read_bare_ids(platform, example.native_id)
        for selector in platform.selectors:
            for compound in selector.css.split(","):
                yield from (
                    write_element(selector, compound, at, url) for at in _plain(selector.url) for url in addresses
                )
                yield from (write_element(selector, compound, at, each) for at in _plain(selector.id) for each in bare)
        for name in platform.id_names:
            yield from (f'<div data-{name}="{escape(each)}"></div>' for each in bare)


def _plain(places: tuple[str, ...]) -> list[str]:
    """Places that hold a value as it is; those put together from several are shown by examples alone."""
    return [place for place in places if "{@" not in place]


def read_bare_ids(platform: Platform, native_id: str) -> tuple[str, ...]:
    """Bare ids that mean this post: the native id, or its last part, where `id_pattern` takes them."""
    shapes = dict.fromkeys((native_id, native_id.rpartition("/")[2]))
    return tuple(s for s in shapes if platform.id_pattern and re.fullmatch(platform.id_pattern, s))


def write_element(selector: Selector, compound: str, place: str, value: str) -> str:
    """One element that a compound of a selector fits, with a value at one of the selector's places."""
    fits = parse_compound(compound)
    attributes = {name: wanted or "" for name, wanted in fits.attrs}
    if fits.classes:
        attributes["class"] = " ".join(fits.classes)
    css, _, name = place.partition("@")
    name, _, key = name.rstrip("}").partition("{")
    inner = ""
    if place == "text":
        inner = value
    if css:
        inside = parse_compound(css.removesuffix(":last"))
        inner = _open(inside.tag or "a", {name: value}) + f"View</{inside.tag or 'a'}>"
    elif key:
        attributes[name] = f'{{"{key}":"{value}"}}'
    elif name:
        attributes[name] = value
    tag = fits.tag or "div"
    return f"{_open(tag, attributes)}{inner}</{tag}>"


def _open(tag: str, attributes: dict[str, str]) -> str:
    written = [f'{name}="{escape(value)}"' for name, value in attributes.items()]
    return f"<{' '.join([tag, *written])}>"


def _say(embeds: tuple[Embed, ...]) -> str:
    return ", ".join(f"{say_post(e.post)} by {e.layer} {e.rule}" for e in embeds) or "nothing"
