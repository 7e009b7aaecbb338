"""The scripts of a document -> what they draw themselves, and what only their state tells. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from embedarchive.core.model import Post
from embedarchive.core.urls import split_url
from embedarchive.detect.carried import dive, match_json
from embedarchive.detect.identity import find_platforms, identify_post, make_post
from embedarchive.detect.markup import unescape_js
from embedarchive.detect.match import LONGEST_SNIPPET, Match
from embedarchive.detect.scope import Scope, read_trail
from embedarchive.detect.state import find_literals, read_flight, read_scripts, resolve_devalue
from embedarchive.platforms import PLATFORMS

_CALLS = [(re.compile(call), p) for p in PLATFORMS for call in p.calls]
_LONGEST_CALLER = 20_000
"""Characters. A script that draws one post where it stands is short; state and libraries are long."""


_ASSIGNED = re.compile(r"^\s*(?:window|self|globalThis|var|const|let)?[.\s]?[\w.$\[\]\"']{2,80}\s*=")
"""State that is assigned: where no value of it can be read, all of its text is searched for markup."""


def match_calls(node: LexborNode, text: str) -> Iterator[Match]:
    """The calls by which a widget's library is told to draw a post where the script stands."""
    if len(text) > _LONGEST_CALLER or "(" not in text:
        return
    for pattern, platform in _CALLS:
        for m in pattern.finditer(text):
            post = make_post(platform, platform.from_call(m.groups()))
            yield _make(node, post, None, "widget-call", m[0])


def match_literals(node: LexborNode, text: str) -> Iterator[Match]:
    """A short script that calls something with a frame's address, and so draws it where it stands."""
    for literal in find_literals(text) if len(text) <= _LONGEST_CALLER else ():
        url = None
        if "//" in literal[:10]:
            url = split_url(literal)
        post = None
        if url and any(p.is_frame(url) for p in find_platforms(url)):
            post = identify_post(literal)
        if post:
            yield _make(node, post, literal, "frame-in-call", text)


def _make(node: LexborNode, post: Post, url: str | None, rule: str, markup: str) -> Match:
    return Match(
        "embed", post.platform, post, url, "call", "script", rule, markup[:LONGEST_SNIPPET], trail=read_trail(node)
    )


def match_state(node: LexborNode, text: str, scope: Scope) -> list[Match]:
    """What the article's own state embeds, as far as JSON can be read in a script."""
    rule = node.attributes.get("id") or "script"
    seen: list[Match] = []
    read = False
    for value in read_scripts(text):
        if "nuxt" in rule.lower():
            table = resolve_devalue(value)
        else:
            table = value
        seen.extend(match_json(table, node, scope, "state", rule))
        read = True
    if not read and _ASSIGNED.match(text[:500]):
        seen.extend(dive(unescape_js(text), node, scope, "state", f"{rule} (not JSON)"))
    return seen


def match_flight(node: LexborNode, texts: list[str], scope: Scope) -> list[Match]:
    """What a React stream embeds that a document's scripts bring in pieces."""
    return [seen for value in read_flight(texts) for seen in match_json(value, node, scope, "state", "flight")]
