"""A document -> the matches of posts in it: the visible ones in document order, then what only its state tells.
Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.model import Claim, Post
from embedarchive.detect.addresses import find_posts
from embedarchive.detect.carried import is_live, match_attributes, match_raw
from embedarchive.detect.elements import (
    PARAGRAPHS,
    match_byline_paragraph,
    match_emptied,
    match_frame,
    match_lone_address,
    match_picture,
    match_quote,
    match_selector,
    match_source,
    match_unknown,
)
from embedarchive.detect.identity import identify_embedded
from embedarchive.detect.keywords import CALL, find_keywords, find_telling
from embedarchive.detect.markup import looks_like_markup
from embedarchive.detect.match import Match, merge_matches
from embedarchive.detect.nesting import limit_nesting
from embedarchive.detect.prefilter import ANY_LINK, prefilter_document
from embedarchive.detect.scope import FRAMES, Scope, is_apart, make_match
from embedarchive.detect.scripts import match_calls, match_flight, match_literals, match_state
from embedarchive.detect.selectors import QUOTED
from embedarchive.detect.state import FLIGHT

_BEGINNING = 200
"""Characters of a script in which it says that it is a piece of a stream."""
RAW = frozenset(("script", "template", "textarea"))


def find_matches(markup: str, scope: Scope) -> list[Match]:
    """Parse a text and find all matches in it, those of one appearance merged."""
    raw = markup.encode("utf-8", "replace")
    if scope.thorough:
        return match_tree(LexborHTMLParser(limit_nesting(raw)), scope)
    keywords = find_keywords(raw)
    seen = prefilter_document(raw, keywords)
    if seen:
        return match_tree(LexborHTMLParser(limit_nesting(raw, keywords)), replace(scope, prefilter=seen))
    return []


def make_scope(
    url: str | None = None,
    *,
    mentions: bool = False,
    unknown: bool = False,
    prefilter: str | None = None,
    thorough: bool = False,
) -> Scope:
    """The scope of a whole document; without a prefilter, every element is looked at."""
    return Scope(find_matches, url, mentions, unknown, prefilter, thorough)


def match_tree(tree: LexborHTMLParser, scope: Scope) -> list[Match]:
    """All matches of a parsed document."""
    seen: list[Match] = []
    scripts: list[tuple[LexborNode, str, list[Post]]] = []
    streamed: list[str] = []
    before: LexborNode | None = None
    for node in _find_candidates(tree, scope):
        found = _match_node(node, scope)
        if found:
            if before is not None and found[0].post and found[0].post == seen[-1].post and is_apart(before, node):
                found[0] = replace(found[0], apart=True)
            seen.extend(found)
            before = node
        if node.tag == "script" and scope.depth == 0 and node.first_child is not None and is_live(node.attributes):
            text = node.text()
            if FLIGHT in text[:_BEGINNING]:
                streamed.append(text)
            raw = text.encode("utf-8", "replace")
            keywords = find_keywords(raw)
            if any(kind == CALL for _, kind, _ in keywords):
                seen.extend(match_calls(node, text))
            posts = list(find_posts(raw, keywords))
            if posts:
                seen.extend(match_literals(node, text))
                scripts.append((node, text, posts))
    known = {s.post.key for s in seen if s.post}
    told = {s.post.key for s in seen if s.post and (s.claim != Claim() or s.platform not in QUOTED)}
    for node, text, posts in scripts:
        if "blockquote" in text:
            expected = told
        else:
            expected = known
        if any(post.key not in expected for post in posts):
            told_there = match_state(node, text, scope)
            if streamed and FLIGHT in text[:_BEGINNING]:
                told_there += match_flight(node, streamed, scope)
                streamed = []
            seen.extend(replace(s, layer="state") for s in told_there)
    kept = merge_matches(seen)
    if scope.mentions and scope.depth == 0:
        return [*kept, *_find_mentions(tree, kept)]
    return kept


def _find_candidates(tree: LexborHTMLParser, scope: Scope) -> Iterator[LexborNode]:
    """Every element that can carry an embed, once, in document order."""
    if scope.prefilter is None:
        nodes: Iterable[LexborNode] = (n for n in tree.root.traverse() if n.is_element_node) if tree.root else ()
    else:
        nodes = tree.css(scope.prefilter)
        if ANY_LINK in scope.prefilter.split(","):
            nodes = _leave_links(tree, nodes, scope.prefilter)
    last = 0
    for node in nodes:
        if node.mem_id != last:
            last = node.mem_id
            yield node


def _leave_links(tree: LexborHTMLParser, nodes: list[LexborNode], wanted: str) -> Iterator[LexborNode]:
    """Leave those links that are looked at for their address only, and whose address can be no post's: most of a page's."""
    others = ",".join(css for css in wanted.split(",") if css != ANY_LINK)
    otherwise = {node.mem_id for node in tree.css(others)}
    links = [node for node in nodes if node.tag == "a" and node.mem_id not in otherwise]
    telling = find_telling(node.attributes.get("href") or "" for node in links)
    left = {node.mem_id for n, node in enumerate(links) if n not in telling}
    return (node for node in nodes if node.mem_id not in left)


def _match_node(node: LexborNode, scope: Scope) -> list[Match]:
    """What one element carries, by the first rule that sees anything."""
    tag, attrs = node.tag or "", node.attributes
    one = match_selector(node, attrs)
    if one is None and tag in FRAMES:
        one = match_frame(node, attrs)
    elif one is None and tag == "blockquote":
        one = match_quote(node, attrs)
    elif one is None and tag == "source":
        if source := match_source(node, attrs):
            return [source]
        return []
    if one is not None:
        return [one]
    if attrs:
        found = match_attributes(node, attrs, scope)
    else:
        found = []
    if not found and (tag in RAW or (tag == "iframe" and looks_like_markup(node.text()))):
        found = match_raw(node, attrs, scope)
    if not found and tag in PARAGRAPHS:
        one = match_lone_address(node) or (match_byline_paragraph(node) if tag == "p" else None)
    elif not found and tag == "a":
        one = match_emptied(node, attrs) or match_picture(node, attrs)
    elif not found and tag in FRAMES and scope.unknown:
        one = match_unknown(node, attrs, scope)
    return found or ([one] if one else [])


def _find_mentions(tree: LexborHTMLParser, kept: list[Match]) -> Iterator[Match]:
    """Posts that the page only links, each once."""
    known = {s.post.key for s in kept if s.post}
    for a in tree.css("a[href]"):
        href = a.attributes.get("href") or ""
        post = None
        if "/" in href:
            post = identify_embedded(href)
        if post and post.key not in known:
            known.add(post.key)
            yield replace(make_match(a, post, href, "link", "link"), kind="mention")
