"""An element of a parsed document -> the match it is: its markup, bounded, its claim, and where it stands. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from selectolax.lexbor import LexborNode

from embedarchive.core.model import Claim, Post
from embedarchive.core.urls import split_url
from embedarchive.detect.claims import read_claim
from embedarchive.detect.identity import find_platforms
from embedarchive.detect.match import LONGEST_SNIPPET, Match
from embedarchive.platforms import BY_NAME

FRAMES = frozenset(("iframe", "frame", "embed", "object", "param", "amp-iframe"))
_LONGEST_TRAIL = 16
_MOST_NODES = 1_500
_MOST_STEPS = 100
_UNSEEN = frozenset(("script", "style", "noscript", "template", "-comment"))
_SAYS_NOTHING = re.compile(r"""\s(?:style|class)=(?:"[^"]*"|'[^']*')|</?(?:span|center|font)\b[^<>]*>""")
_STYLE = re.compile(r"""\sstyle=(?:"[^"]*"|'[^']*')""")
_FEW_BOXES = 12
_TELLING = re.compile(r"""class=["']?[^"'<>]{0,200}(?:author|user|handle|name|date|time|footer|header)""", re.I)
_DRAWN = re.compile(r"""class=["']?[^"'<>]{0,200}(?:tweet|toot)""", re.I)
"""A post that a script or the publisher drew anew, in elements whose classes say what they hold."""
_DRAWING = re.compile(r"<svg\b.{0,9000}?</svg>", re.S)
_BOX = re.compile(r"</?(?:div|article)\b[^<>]*>")

Attrs = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a search looks for and where it stands.

    `prefilter` is a CSS list of the elements to look at, None is everywhere; `thorough` looks everywhere in what is
    carried, too. `depth` counts the escapings around this document. `dive` searches markup that was carried in one.
    """

    dive: Callable[[str, Scope], list[Match]]
    url: str | None = None
    mentions: bool = False
    unknown: bool = False
    prefilter: str | None = None
    thorough: bool = False
    depth: int = 0


def read_trail(node: LexborNode) -> tuple[int, ...]:
    """The element and those around it, innermost first."""
    trail: list[int] = []
    up: LexborNode | None = node
    while up is not None and len(trail) < _LONGEST_TRAIL and up.tag != "html":
        trail.append(up.mem_id)
        up = up.parent
    return tuple(trail)


def is_apart(earlier: LexborNode, later: LexborNode) -> bool:
    """Whether a reader sees text between two elements, the later one of which does not stand in the earlier."""
    around = frozenset(read_trail(later))
    at = _step(earlier)
    for _ in range(_MOST_STEPS):
        if at is None or at.mem_id == later.mem_id:
            return False
        if at.mem_id in around:
            at = at.first_child
        elif at.tag not in _UNSEEN and (at.text() or "").strip():
            return True
        else:
            at = _step(at)
    return False


def _step(node: LexborNode) -> LexborNode | None:
    """What follows an element and all that is in it."""
    up: LexborNode | None = node
    while up is not None and up.next is None:
        up = up.parent
    if up is not None:
        return up.next
    return None


def read_markup(node: LexborNode) -> str:
    """The element's markup; only its start tag when it holds too much to be one embed."""
    if sum(1 for _ in islice(node.traverse(), _MOST_NODES + 1)) <= _MOST_NODES:
        return (node.html or "")[: LONGEST_SNIPPET * 2]
    pairs = "".join(f' {k}="{(v or "").replace(chr(34), "&quot;")}"' for k, v in node.attributes.items())
    return f"<{node.tag}{pairs}>"[:LONGEST_SNIPPET]


def compact(markup: str) -> str:
    """Leave out what says nothing: drawings, styles, and the nesting of boxes where there are many (an official quote has 60
    of them; in a quote of a few, their classes tell what they hold)."""
    if _TELLING.search(markup, markup.find(">")) and markup.count("<div") <= _FEW_BOXES:
        return _STYLE.sub("", _DRAWING.sub("", markup))
    return _BOX.sub("\n", _SAYS_NOTHING.sub("", _DRAWING.sub("", markup)))


def make_match(
    node: LexborNode, post: Post | None, url: str | None, form: str, rule: str, platform: str | None = None
) -> Match:
    """The match an element is, with what its content claims."""
    markup = read_markup(node)
    name = post.platform if post else platform
    claim = add_handle(Claim(), url)
    # What a frame holds is for browsers that show no frames, or the rest of the page where it was not closed.
    # The words of a box that waits for consent are the publisher's own.
    quoted = node.tag == "blockquote" or rule.startswith(f"{name}:") or "<blockquote" in markup or "(@" in markup
    drawn = not quoted and _DRAWN.search(markup) is not None and _TELLING.search(markup) is not None
    written = drawn or (quoted and any(sign in markup for sign in ("<p", "</a>", "(@")))
    if name and written and node.tag not in FRAMES:
        claim = read_claim(compact(markup), BY_NAME[name], claim.author_handle, quoted=quoted)
    return Match("embed", name, post, url, form, "dom", rule, markup, claim, read_trail(node), spare=_is_spare(node))


def _is_spare(node: LexborNode) -> bool:
    """Whether an element stands in `noscript`."""
    up: LexborNode | None = node.parent
    for _ in range(_LONGEST_TRAIL):
        if up is None or up.tag == "noscript":
            break
        up = up.parent
    return up is not None and up.tag == "noscript"


def add_handle(claim: Claim, url: str | None) -> Claim:
    """Fill the author's handle from the post's address, where the address has it and the text has not."""
    parts = None
    if url and not claim.author_handle:
        parts = split_url(url)
    if parts is None:
        return claim
    return replace(claim, author_handle=next((h for p in find_platforms(parts) if (h := p.handle(parts))), None))
