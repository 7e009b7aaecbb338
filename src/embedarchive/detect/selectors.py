"""Elements -> the marks they bear; marks -> the post they name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from selectolax.lexbor import LexborNode

from embedarchive.core.model import Post
from embedarchive.detect.identity import identify_post, read_bare_id
from embedarchive.detect.markup import read_json
from embedarchive.platforms import PLATFORMS
from embedarchive.platforms.kit.specification import Platform, Selector

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


def parse_compound(css: str) -> Compound:
    """Read one compound of a mark's `css`; raises ValueError for anything richer."""
    m = _COMPOUND.match(css.strip())
    if not m:
        raise ValueError(f"not a simple compound: {css!r}")
    pairs = re.findall(r"""\[([\w:-]+)(?:=["']?([^\]"']*)["']?)?\]""", m[3])
    classes = tuple(c for c in m[2].split(".") if c)
    return Compound((m[1] or "").replace("\\", ""), classes, tuple((n, v or None) for n, v in pairs))


_Entry = tuple[Compound, Platform, Selector]


def _index() -> tuple[dict[str, list[_Entry]], dict[str, list[_Entry]], dict[str, list[_Entry]]]:
    by_class: dict[str, list[_Entry]] = {}
    by_attr: dict[str, list[_Entry]] = {}
    by_tag: dict[str, list[_Entry]] = {}
    for platform in PLATFORMS:
        for mark in platform.selectors:
            for css in mark.css.split(","):
                c = parse_compound(css)
                if c.classes:
                    entries = by_class.setdefault(c.classes[0], [])
                elif c.attrs:
                    entries = by_attr.setdefault(c.attrs[0][0], [])
                else:
                    entries = by_tag.setdefault(c.tag, [])
                entries.append((c, platform, mark))
    return by_class, by_attr, by_tag


BY_CLASS, BY_ATTR, BY_TAG = _index()
_PLACED = [(css.strip(), m) for p in PLATFORMS for m in p.selectors for css in m.css.split(",")]
QUOTED = frozenset(p.name for p in PLATFORMS if any(mark.form == "blockquote" for mark in p.selectors))
"""Platforms whose fallback is a quote: it says who wrote the post, and what."""
AMP: tuple[str, ...] = tuple(css for css, _ in _PLACED if css.startswith("amp-"))
_NO_CLASSES: frozenset[str] = frozenset()
LINKED: tuple[str, ...] = (
    "[data-attrs]",
    "a.embedly-card",
    *dict.fromkeys(
        re.sub(r"=[^\]]*", "", css)
        for css, m in _PLACED
        if css.startswith("script")
        or not (css.startswith(("blockquote", "amp-")) or (*m.url, *m.id)[0].startswith(("@data", "@src", "@video")))
    ),
)
"""Marks that no attribute of their own gives away: what names the post is inside them, or in a plain link."""


def find_marks(node: LexborNode, attrs: Mapping[str, str | None]) -> Iterator[tuple[Platform, Selector]]:
    """The marks an element bears, without asking the CSS engine."""
    tag = node.tag or ""
    named = attrs.get("class")
    classes = frozenset(named.split()) if named else _NO_CLASSES
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
    for compound, platform, mark in entries or ():
        if compound.fits(tag, classes, attrs):
            yield platform, mark


def read_mark(node: LexborNode, platform: Platform, mark: Selector) -> tuple[Post | None, str | None]:
    """(post, the address as written) that the mark names on this element."""
    for place in mark.url:
        for value in read_place(node, place):
            post = identify_post(value)
            if post and post.platform == platform.name:
                return post, value
    for place in mark.id:
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
    attr, _, key = attr.rstrip("}").partition("{")
    nodes = [node] if not css else node.css(css)[:500]
    for each in reversed(nodes) if last else nodes:
        value = each.attributes.get(attr)
        if value:
            yield from _read_key(value, key) if key else (value,)


def _read_key(value: str, key: str) -> Iterator[str]:
    """One string of a JSON object in an attribute."""
    data = read_json(value)
    if isinstance(data, dict) and isinstance(data.get(key), (str, int)):
        yield str(data[key])
