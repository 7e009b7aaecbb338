"""Elements -> the platforms' selectors that they match; a selector -> the post that an element names by it. Pure.

A selector is a comma list of compounds, so simple that an element is held against all of them by a look into three
tables. What words a document must hold for a compound to match in it, the compound says itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from selectolax.lexbor import LexborNode

from embedarchive.core.model import Post
from embedarchive.detect.identity import identify_post, read_bare_id
from embedarchive.detect.markup import read_json
from embedarchive.platforms import PLATFORMS
from embedarchive.platforms.kit.specification import Platform, Selector

_FILLED = re.compile(r"\{@([\w:-]+)\}")
_COMPOUND = re.compile(r"""^([a-z][\w\\:-]*)?((?:\.[\w-]+)*)((?:\[[\w:-]+(?:=["']?[^\]"']*["']?)?\])*)$""")


@dataclass(frozen=True, slots=True)
class Compound:
    """One simple selector: a tag, classes, attributes (None: any value)."""

    tag: str
    classes: tuple[str, ...]
    attrs: tuple[tuple[str, str | None], ...]

    def fits(self, tag: str, classes: frozenset[str], attrs: Mapping[str, str | None]) -> bool:
        return (
            (not self.tag or self.tag == tag)
            and all(c in classes for c in self.classes)
            and all(n in attrs and (v is None or (attrs[n] or "").lower() == v) for n, v in self.attrs)
        )

    @property
    def tokens(self) -> frozenset[str]:
        """The words that a document holds if anything in it fits: a tag of its own is enough, else every class, of every
        attribute its value (its name where any value will do), and the tag if it is a rare one."""
        if "-" in self.tag or ":" in self.tag:
            return frozenset((self.tag,))
        rare = (self.tag,) if self.tag == "blockquote" else ()
        return frozenset((*rare, *self.classes, *(value or name for name, value in self.attrs)))

    @property
    def css(self) -> str:
        """The compound for a CSS engine, in any case."""
        classes = "".join(f".{name}" for name in self.classes)
        attrs = "".join(f'[{name}="{value}" i]' if value else f"[{name}]" for name, value in self.attrs)
        return self.tag.replace(":", "\\:") + classes + attrs


def parse_compound(css: str) -> Compound:
    """Read one compound of a selector's `css`; raises ValueError for anything richer."""
    m = _COMPOUND.match(css.strip())
    if not m:
        raise ValueError(f"not a simple compound: {css!r}")
    pairs = re.findall(r"""\[([\w:-]+)(?:=["']?([^\]"']*)["']?)?\]""", m[3])
    classes = tuple(c for c in m[2].split(".") if c)
    return Compound((m[1] or "").replace("\\", ""), classes, tuple((n, v or None) for n, v in pairs))


_Entry = tuple[Compound, Platform, Selector]


def _read_entries() -> Iterator[_Entry]:
    for platform in PLATFORMS:
        for selector in platform.selectors:
            yield from ((parse_compound(css), platform, selector) for css in selector.css.split(","))


def _index(
    entries: Iterable[_Entry],
) -> tuple[dict[str, list[_Entry]], dict[str, list[_Entry]], dict[str, list[_Entry]]]:
    """The entries by the class, else the attribute, else the tag that an element must have to fit them."""
    by_class: dict[str, list[_Entry]] = {}
    by_attr: dict[str, list[_Entry]] = {}
    by_tag: dict[str, list[_Entry]] = {}
    for entry in entries:
        compound = entry[0]
        if compound.classes:
            by_class.setdefault(compound.classes[0], []).append(entry)
        elif compound.attrs:
            by_attr.setdefault(compound.attrs[0][0], []).append(entry)
        else:
            by_tag.setdefault(compound.tag, []).append(entry)
    return by_class, by_attr, by_tag


BY_CLASS, BY_ATTR, BY_TAG = _index(_read_entries())
CARDS = tuple(map(parse_compound, ("a.embedly-card", "a[data-iframely-url]")))
"""Plain links that a service of no platform replaces by a card, or the player, of what they lead to."""
COMPOUNDS: tuple[Compound, ...] = (*dict.fromkeys(compound for compound, *_ in _read_entries()), *CARDS)
"""Every shape of element that carries a post because of what it is, not of what stands in it."""
QUOTED = frozenset(p.name for p in PLATFORMS if any(selector.form == "blockquote" for selector in p.selectors))
"""Platforms whose fallback is a quote: it says who wrote the post, and what."""
_NO_CLASSES: frozenset[str] = frozenset()


def find_selectors(node: LexborNode, attrs: Mapping[str, str | None]) -> Iterator[tuple[Platform, Selector]]:
    """The selectors an element matches, without asking the CSS engine."""
    tag = node.tag or ""
    named = attrs.get("class")
    if named:
        classes = frozenset(named.split())
    else:
        classes = _NO_CLASSES
    if tag not in BY_TAG and BY_ATTR.keys().isdisjoint(attrs) and BY_CLASS.keys().isdisjoint(classes):
        return
    for c in classes:
        yield from _fitting(BY_CLASS.get(c), tag, classes, attrs)
    for a in attrs:
        yield from _fitting(BY_ATTR.get(a), tag, classes, attrs)
    yield from _fitting(BY_TAG.get(tag), tag, classes, attrs)


def _fitting(
    entries: list[_Entry] | None, tag: str, classes: frozenset[str], attrs: Mapping[str, str | None]
) -> Iterator[tuple[Platform, Selector]]:
    for compound, platform, selector in entries or ():
        if compound.fits(tag, classes, attrs):
            yield platform, selector


def read_selector(node: LexborNode, platform: Platform, selector: Selector) -> tuple[Post | None, str | None]:
    """(post, the address as written) that an element names at the places its selector knows."""
    for place in selector.url:
        for value in read_place(node, place):
            post = identify_post(value)
            if post and post.platform == platform.name:
                return post, value
    for place in selector.id:
        for value in read_place(node, place):
            found = read_bare_id(platform, value.strip())
            if found:
                return found, None
    return None, None


def read_place(node: LexborNode, place: str) -> Iterator[str]:
    """What stands at one place of a selector: an attribute, one of an inner element, the text."""
    css, _, attr = place.partition("@")
    last = css.endswith(":last")
    css = css.removesuffix(":last")
    if place == "text":
        yield node.text(strip=True)[:4000]
        return
    if "{@" in place:
        yield from _fill_place(place, node.attributes)
        return
    attr, _, key = attr.rstrip("}").partition("{")
    if css:
        nodes = node.css(css)[:500]
    else:
        nodes = [node]
    for each in reversed(nodes) if last else nodes:
        value = each.attributes.get(attr)
        if value:
            yield from _read_key(value, key) if key else (value,)


def _fill_place(place: str, attrs: Mapping[str, str | None]) -> Iterator[str]:
    """A text put together from attributes, if all of them are there; in the query of an address they are quoted."""
    names = _FILLED.findall(place)
    if all(attrs.get(name) for name in names):
        held = {name: (attrs[name] or "").strip() for name in names}
        inside = "?" in place.partition("{")[0]
        yield _FILLED.sub(lambda m: quote(held[m[1]], safe="") if inside else held[m[1]], place)


def _read_key(value: str, key: str) -> Iterator[str]:
    """One string of a JSON object in an attribute."""
    data = read_json(value)
    if isinstance(data, dict) and isinstance(data.get(key), (str, int)):
        yield str(data[key])
