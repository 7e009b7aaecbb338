"""A document -> the matches of posts in it: the visible ones in document order, then what only its state tells.
Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.model import Claim
from embedarchive.detect.carried import is_live, sight_attributes, sight_raw
from embedarchive.detect.elements import (
    FRAMES,
    PARAGRAPHS,
    match_selector,
    sight_bare,
    sight_byline_paragraph,
    sight_emptied,
    sight_frame,
    sight_quote,
    sight_unknown,
)
from embedarchive.detect.identity import identify_post
from embedarchive.detect.keywords import CALLS, find_keywords, find_telling
from embedarchive.detect.markup import looks_like_markup
from embedarchive.detect.match import Match, merge_matches
from embedarchive.detect.nesting import limit_nesting
from embedarchive.detect.prefilter import Prefilter, find_addresses, prefilter_document
from embedarchive.detect.scope import Attrs, Scope, is_apart, make_match
from embedarchive.detect.scripts import match_calls, sight_literals, sight_state
from embedarchive.detect.selectors import AMP, LINKED, QUOTED

RAW = frozenset(("script", "template", "textarea"))


def find_matches(markup: str, scope: Scope) -> list[Match]:
    """Parse a text and find all matches in it, those of one appearance merged."""
    raw = markup.encode("utf-8", "replace")
    if scope.thorough:
        return match_tree(LexborHTMLParser(limit_nesting(raw)), scope)
    keywords = find_keywords(raw)
    seen = prefilter_document(raw, keywords)
    return match_tree(LexborHTMLParser(limit_nesting(raw, keywords)), replace(scope, prefilter=seen)) if seen else []


def make_scope(
    url: str | None = None,
    *,
    mentions: bool = False,
    unknown: bool = False,
    prefilter: Prefilter | None = None,
    thorough: bool = False,
) -> Scope:
    """The scope of a whole document; without a prefilter, every element is looked at."""
    return Scope(find_matches, url, mentions, unknown, prefilter, thorough)


def match_tree(tree: LexborHTMLParser, scope: Scope) -> list[Match]:
    """All matches of a parsed document."""
    seen: list[Match] = []
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
            keywords = find_keywords(raw)
            if any(keyword in CALLS for _, keyword in keywords):
                seen.extend(match_calls(node, text))
            addresses = find_addresses(raw, keywords)
            if addresses:
                seen.extend(sight_literals(node, text))
                scripts.append((node, text, addresses))
    known = {s.post.key for s in seen if s.post}
    told = {s.post.key for s in seen if s.post and (s.claim != Claim() or s.platform not in QUOTED)}
    for node, text, addresses in scripts:
        expected = told if "blockquote" in text else known
        if any((post := identify_post(a)) is None or post.key not in expected for a in addresses):
            seen.extend(replace(s, layer="state") for s in sight_state(node, text, scope))
    kept = merge_matches(seen)
    return [*kept, *_find_mentions(tree, kept)] if scope.mentions and scope.depth == 0 else kept


def _find_candidates(tree: LexborHTMLParser, scope: Scope) -> Iterator[LexborNode]:
    """Every element that can carry an embed, once, in document order."""
    if scope.prefilter is None:
        nodes: Iterable[LexborNode] = (n for n in tree.root.traverse() if n.is_element_node) if tree.root else ()
    else:
        nodes = tree.css(join_selectors(scope.prefilter))
    last = 0
    for node in nodes:
        if node.mem_id != last:
            last = node.mem_id
            yield node


def join_selectors(prefilter: Prefilter) -> str:
    """One CSS list of all that may carry what the prefilter saw; a longer list costs as much as a second parse."""
    found = [*sorted(FRAMES - {"param"}), "template", "textarea"]
    if prefilter.quoted:
        found.append("blockquote")
    if prefilter.marked:
        found += LINKED
    if prefilter.deep:
        found.append("script")
    if prefilter.amp:
        found += AMP
    found += sorted(prefilter.alone)
    found += [f"[{_escape(n)}]" for n in sorted(prefilter.names) if n.isprintable()]
    return ",".join(found)


def _escape(name: str) -> str:
    """An attribute's name as a CSS identifier; Angular, Vue and CMSs write names no identifier may have."""
    escaped = re.sub(r"([^a-zA-Z0-9_-])", r"\\\1", name)
    return f"\\3{escaped[0]} {escaped[1:]}" if escaped[:1].isdigit() else escaped


def _sight_node(node: LexborNode, scope: Scope) -> list[Match]:
    """What one element carries, by the first rule that sees anything."""
    tag, attrs = node.tag or "", node.attributes
    one = match_selector(node, attrs)
    if one is None and tag in FRAMES:
        one = sight_frame(node, attrs)
    elif one is None and tag == "blockquote":
        one = sight_quote(node, attrs)
    if one is not None:
        return [one]
    found = sight_attributes(node, attrs, scope) if attrs and _may_carry(attrs, scope.prefilter) else []
    if not found and (tag in RAW or (tag == "iframe" and looks_like_markup(node.text()))):
        found = sight_raw(node, attrs, scope)
    if not found and tag in PARAGRAPHS:
        one = sight_bare(node) or (sight_byline_paragraph(node) if tag == "p" else None)
    elif not found and tag == "a":
        one = sight_emptied(node, attrs)
    elif not found and tag in FRAMES and scope.unknown:
        one = sight_unknown(node, attrs, scope)
    return found or ([one] if one else [])


def _may_carry(attrs: Attrs, prefilter: Prefilter | None) -> bool:
    """Whether an element has an attribute in which the prefilter saw something, and there is something in it here."""
    if prefilter is None or not prefilter.ids.isdisjoint(attrs):
        return True
    return bool(find_telling(value for name in prefilter.names.intersection(attrs) if (value := attrs[name])))


def _find_mentions(tree: LexborHTMLParser, kept: list[Match]) -> Iterator[Match]:
    """Posts that the page only links, each once."""
    known = {s.post.key for s in kept if s.post}
    for a in tree.css("a[href]"):
        href = a.attributes.get("href") or ""
        post = identify_post(href) if "/" in href else None
        if post and post.key not in known:
            known.add(post.key)
            yield replace(make_match(a, post, href, "link", "link"), kind="mention")
