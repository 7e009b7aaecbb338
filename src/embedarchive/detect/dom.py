"""A document -> the sightings of posts in it: the visible ones in document order, then what only its state tells.
Pure."""

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
    sight_byline_paragraph,
    sight_emptied,
    sight_frame,
    sight_mark,
    sight_quote,
    sight_unknown,
)
from embedarchive.detect.identity import identify_post
from embedarchive.detect.marks import AMP, LINKED, QUOTED
from embedarchive.detect.markup import looks_like_markup
from embedarchive.detect.needles import CALLS, find_needles, find_telling
from embedarchive.detect.scope import Attrs, Scope, is_apart, make_sighting
from embedarchive.detect.scripts import sight_calls, sight_literals, sight_state
from embedarchive.detect.sighting import Sighting, merge_sightings
from embedarchive.detect.survey import Survey, find_addresses, survey
from embedarchive.detect.tame import tame
from embedarchive.model import Claim

RAW = frozenset(("script", "template", "textarea"))


def find_sightings(markup: str, scope: Scope) -> list[Sighting]:
    """Parse a text and find all sightings in it, those of one appearance merged."""
    raw = markup.encode("utf-8", "replace")
    if scope.thorough:
        return sight_tree(LexborHTMLParser(tame(raw)), scope)
    needles = find_needles(raw)
    seen = survey(raw, needles)
    return sight_tree(LexborHTMLParser(tame(raw, needles)), replace(scope, survey=seen)) if seen else []


def make_scope(
    url: str | None = None,
    *,
    mentions: bool = False,
    unknown: bool = False,
    survey: Survey | None = None,
    thorough: bool = False,
) -> Scope:
    """The scope of a whole document; without a survey, every element is looked at."""
    return Scope(find_sightings, url, mentions, unknown, survey, thorough)


def sight_tree(tree: LexborHTMLParser, scope: Scope) -> list[Sighting]:
    """All sightings of a parsed document."""
    seen: list[Sighting] = []
    scripts: list[tuple[LexborNode, str, list[str]]] = []
    before: LexborNode | None = None
    for node in _find_candidates(tree, scope):
        found = _sight_node(node, scope)
        if found:
            if before is not None and found[0].post and found[0].post == seen[-1].post and is_apart(before, node):
                found[0] = replace(found[0], apart=True)
            seen.extend(found)
            before = node
        if node.tag == "script" and scope.depth == 0 and node.first_child is not None and is_live(node.attributes):
            text = node.text()
            raw = text.encode("utf-8", "replace")
            needles = find_needles(raw)
            if any(needle in CALLS for _, needle in needles):
                seen.extend(sight_calls(node, text))
            addresses = find_addresses(raw, needles)
            if addresses:
                seen.extend(sight_literals(node, text))
                scripts.append((node, text, addresses))
    known = {s.post.key for s in seen if s.post}
    told = {s.post.key for s in seen if s.post and (s.claim != Claim() or s.platform not in QUOTED)}
    for node, text, addresses in scripts:
        expected = told if "blockquote" in text else known
        if any((post := identify_post(a)) is None or post.key not in expected for a in addresses):
            seen.extend(replace(s, layer="state") for s in sight_state(node, text, scope))
    kept = merge_sightings(seen)
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
    found = [*sorted(FRAMES - {"param"}), "template", "textarea"]
    if survey.quoted:
        found.append("blockquote")
    if survey.marked:
        found += LINKED
    if survey.deep:
        found.append("script")
    if survey.amp:
        found += AMP
    found += sorted(survey.alone)
    found += [f"[{_escape(n)}]" for n in sorted(survey.names) if n.isprintable()]
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
    found = sight_attributes(node, attrs, scope) if attrs and _may_carry(attrs, scope.survey) else []
    if not found and (tag in RAW or (tag == "iframe" and looks_like_markup(node.text()))):
        found = sight_raw(node, attrs, scope)
    if not found and tag in PARAGRAPHS:
        one = sight_bare(node) or (sight_byline_paragraph(node) if tag == "p" else None)
    elif not found and tag == "a":
        one = sight_emptied(node, attrs)
    elif not found and tag in FRAMES and scope.unknown:
        one = sight_unknown(node, attrs, scope)
    return found or ([one] if one else [])


def _may_carry(attrs: Attrs, survey: Survey | None) -> bool:
    """Whether an element has an attribute in which the survey saw something, and there is something in it here."""
    if survey is None or not survey.ids.isdisjoint(attrs):
        return True
    return bool(find_telling(value for name in survey.names.intersection(attrs) if (value := attrs[name])))


def _find_mentions(tree: LexborHTMLParser, kept: list[Sighting]) -> Iterator[Sighting]:
    """Posts that the page only links, each once."""
    known = {s.post.key for s in kept if s.post}
    for a in tree.css("a[href]"):
        href = a.attributes.get("href") or ""
        post = identify_post(href) if "/" in href else None
        if post and post.key not in known:
            known.add(post.key)
            yield replace(make_sighting(a, post, href, "link", "link"), kind="mention")
