"""A document -> the sightings of posts in it: the visible ones in document order, then what only its state tells. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.detect.carried import is_live, sight_attributes, sight_raw
from embedarchive.detect.elements import (
    FRAMES,
    PARAGRAPHS,
    sight_bare,
    sight_frame,
    sight_mark,
    sight_quote,
    sight_unknown,
)
from embedarchive.detect.identity import identify_post
from embedarchive.detect.markup import looks_like_markup
from embedarchive.detect.marks import AMP, LINKED
from embedarchive.detect.scope import Scope, make_sighting
from embedarchive.detect.scripts import sight_calls, sight_state
from embedarchive.detect.sighting import Sighting, merge_sightings
from embedarchive.detect.survey import Survey, has_trace

RAW = frozenset(("script", "template", "textarea"))
_EVERYWHERE = frozenset(("href", "content", "class", "id", "style", "title", "alt", "type", "rel", "target", "src"))
"""Attributes of nearly every element; those that may carry an embed in them are asked for by tag or mark."""


def find_sightings(markup: str, scope: Scope) -> list[Sighting]:
    """Parse a text and find all sightings in it, those of one appearance merged."""
    return sight_tree(LexborHTMLParser(markup), scope)


def make_scope(
    url: str | None = None, *, mentions: bool = False, unknown: bool = False, survey: Survey | None = None
) -> Scope:
    """The scope of a whole document; without a survey, every element is looked at."""
    return Scope(find_sightings, url, mentions, unknown, survey)


def sight_tree(tree: LexborHTMLParser, scope: Scope) -> list[Sighting]:
    """All sightings of a parsed document."""
    seen: list[Sighting] = []
    state: list[Sighting] = []
    for node in _find_candidates(tree, scope):
        seen.extend(_sight_node(node, scope))
        if node.tag == "script" and scope.depth == 0 and is_live(node.attributes):
            text = node.text()
            seen.extend(sight_calls(node, text))
            if not has_trace(text):
                continue
            state.extend(sight_state(node, text, scope))
    kept = merge_sightings([*seen, *(replace(s, layer="state") for s in state)])
    return [*kept, *_find_mentions(tree, kept)] if scope.mentions and scope.depth == 0 else kept


def _find_candidates(tree: LexborHTMLParser, scope: Scope) -> Iterator[LexborNode]:
    """Every element that can carry an embed, once, in document order."""
    if scope.survey is None:
        nodes: Iterable[LexborNode] = (n for n in tree.root.traverse() if n.is_element_node) if tree.root else ()
    else:
        nodes = tree.css(join_selectors(scope.survey))
    last = 0
    for node in nodes:
        if node.mem_id != last:
            last = node.mem_id
            yield node


def join_selectors(survey: Survey) -> str:
    """One CSS list of all that may carry what the survey saw; a longer list costs as much as a second parse."""
    found = ["iframe", "embed", "object", "frame", "blockquote", "template", "textarea", *LINKED]
    if survey.deep or "src" in survey.names:
        found.append("script")  # a widget's call needs the address of its library
    if survey.bare:
        found += sorted(PARAGRAPHS)
    if survey.amp:
        found += AMP
    found += [f"[{_escape(n)}]" for n in sorted(survey.names - _EVERYWHERE) if n.isprintable()]
    return ",".join(found)


def _escape(name: str) -> str:
    """An attribute's name as a CSS identifier; Angular, Vue and CMSs write names no identifier may have."""
    escaped = re.sub(r"([^a-zA-Z0-9_-])", r"\\\1", name)
    return f"\\3{escaped[0]} {escaped[1:]}" if escaped[:1].isdigit() else escaped


def _sight_node(node: LexborNode, scope: Scope) -> list[Sighting]:
    """What one element carries, by the first rule that sees anything."""
    tag, attrs = node.tag or "", node.attributes
    one = sight_mark(node, attrs)
    if one is None and tag in FRAMES:
        one = sight_frame(node, attrs)
    elif one is None and tag == "blockquote":
        one = sight_quote(node, attrs)
    if one is not None:
        return [one]
    found = sight_attributes(node, attrs, scope) if attrs else []
    if not found and (tag in RAW or (tag == "iframe" and looks_like_markup(node.text()))):
        found = sight_raw(node, attrs, scope)
    if not found and tag in PARAGRAPHS:
        one = sight_bare(node)
    elif not found and tag in FRAMES and scope.unknown:
        one = sight_unknown(node, attrs, scope)
    return found or ([one] if one else [])


def _find_mentions(tree: LexborHTMLParser, kept: list[Sighting]) -> Iterator[Sighting]:
    """Posts that the page only links, each once."""
    known = {s.post.key for s in kept if s.post}
    for a in tree.css("a[href]"):
        href = a.attributes.get("href") or ""
        post = identify_post(href) if "/" in href else None
        if post and post.key not in known:
            known.add(post.key)
            yield replace(make_sighting(a, post, href, "link", "link"), kind="mention")
