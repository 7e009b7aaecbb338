"""The scripts of a document -> what they draw themselves, and what only their state tells. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborNode

from embedarchive.detect.carried import sight_json
from embedarchive.detect.identity import find_platforms, identify_post, make_post
from embedarchive.detect.scope import Scope, read_trail
from embedarchive.detect.sighting import Sighting
from embedarchive.detect.state import find_literals, read_scripts, resolve_devalue
from embedarchive.platforms import PLATFORMS
from embedarchive.urls import split_url

_CALLS = [(re.compile(call), p) for p in PLATFORMS for call in p.calls]
_LONGEST_CALLER = 20_000
"""Characters. A script that draws one post where it stands is short; state and libraries are long."""


def sight_calls(node: LexborNode, text: str) -> Iterator[Sighting]:
    """A short script that draws a post where it stands: a widget's own call, or a call with a frame's address."""
    if len(text) > _LONGEST_CALLER or "(" not in text:
        return
    trail = read_trail(node)
    for pattern, platform in _CALLS:
        for m in pattern.finditer(text):
            post = make_post(platform, platform.from_call(m.groups()))
            yield Sighting("embed", platform.name, post, None, "call", "script", "widget-call", m[0], trail=trail)
    for literal in find_literals(text):
        url = split_url(literal) if "//" in literal[:10] else None
        post_or_none = identify_post(literal) if url and any(p.is_frame(url) for p in find_platforms(url)) else None
        if post_or_none:
            yield Sighting(
                "embed",
                post_or_none.platform,
                post_or_none,
                literal,
                "call",
                "script",
                "frame-in-call",
                text[:500],
                trail=trail,
            )


def sight_state(node: LexborNode, text: str, scope: Scope) -> list[Sighting]:
    """What the article's own state embeds, as far as JSON can be read in a script."""
    rule = node.attributes.get("id") or "script"
    seen: list[Sighting] = []
    for value in read_scripts(text):
        table = resolve_devalue(value) if "nuxt" in rule.lower() else value
        seen.extend(sight_json(table, node, scope, "state", rule))
    return seen
