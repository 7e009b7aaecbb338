"""What attributes, templates and scripts carry (markup in any escaping, JSON, ids) -> matches. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from selectolax.lexbor import LexborNode

from embedarchive.core.model import Claim, Post
from embedarchive.detect.claims import read_record_claim
from embedarchive.detect.data import Named, find_named, split_words
from embedarchive.detect.elements import NOT_CARRYING, NOT_CARRYING_TAGS
from embedarchive.detect.literals import read_literal
from embedarchive.detect.markup import DEEPEST, find_markup, read_json
from embedarchive.detect.match import Match, merge_claims
from embedarchive.detect.scope import Attrs, Scope, add_handle, make_match, read_trail
from embedarchive.detect.selectors import CARDS
from embedarchive.detect.state import StateRecord, make_records, unwrap_astro, walk_own, walk_plain

_LARGEST = 4_000_000
_EXPANDERS = frozenset(("embed", "oembed", "embedly", "iframely"))
_SOURCES = frozenset(("source", "template", "slides", "markdown", "deck"))
_TO_COPY = re.compile(r"clipboard|copy|share", re.I)
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)


def match_raw(node: LexborNode, attrs: Attrs, scope: Scope) -> list[Match]:
    """Elements whose content the parser leaves as text: parked scripts, templates, hidden text areas, frames'
    fallback."""
    tag = node.tag or ""
    if (tag == "script" and not is_parked(attrs)) or (tag == "textarea" and not _is_hidden(attrs)):
        return []
    if tag == "template":
        text = (node.html or "").partition(">")[2].rpartition("</")[0]
    else:
        text = node.text()
    return dive(text, node, scope, tag, tag)


def is_parked(attrs: Attrs) -> bool:
    """Whether a script's type is one that no browser runs, and that is no data either."""
    kind = (attrs.get("type") or "").lower()
    return (
        bool(kind) and "javascript" not in kind and "ecmascript" not in kind and "json" not in kind and kind != "module"
    )


def is_live(attrs: Attrs) -> bool:
    """Whether a script runs or holds its page's state; JSON-LD tells machines what the page shows, and shows
    nothing."""
    return not is_parked(attrs) and (attrs.get("type") or "").lower() != "application/ld+json"


def _is_hidden(attrs: Attrs) -> bool:
    """Hidden, named for a machine, or the source of a slide deck: a visible text area is for a reader to copy from."""
    return (
        bool(split_words(f"{attrs.get('id') or ''} {attrs.get('class') or ''}") & _SOURCES)
        or "hidden" in attrs
        or bool(_HIDING.search(attrs.get("style") or ""))
        or any(n.startswith("data-") for n in attrs)
    )


def dive(text: str | None, host: LexborNode, scope: Scope, layer: str, rule: str) -> list[Match]:
    """Search markup carried by an element, as if it stood where the element is."""
    if not text or len(text) < 24 or len(text) > _LARGEST or scope.depth >= DEEPEST:
        return []
    markup = find_markup(text)
    if markup is None:
        return []
    trail = read_trail(host)
    inner = scope.dive(markup, replace(scope, prefilter=None, depth=scope.depth + 1))
    return [
        replace(s, layer=layer if s.layer == "dom" else s.layer, rule=f"{rule} > {s.rule}", trail=trail) for s in inner
    ]


def match_attributes(node: LexborNode, attrs: Attrs, scope: Scope) -> list[Match]:
    """Attributes that hold escaped markup, JSON, an address or an id."""
    tag = node.tag or ""
    if tag in NOT_CARRYING_TAGS:
        return []
    pairs = {n: v for n, v in attrs.items() if v and n not in NOT_CARRYING}
    if tag == "a":
        pairs = _read_link(pairs, attrs)
    if not pairs:
        return []
    for name, value in pairs.items():
        if len(value) > 24 and not _TO_COPY.search(name):
            found = _match_value(node, name, value, scope)
        else:
            found = []
        if found:
            return found
    if tag == "img":
        pairs.pop("src", None)
    named = find_named(pairs, f"{tag} {attrs.get('class') or ''} {attrs.get('id') or ''}", plain=tag == "img")
    if named is None or (tag == "li" and named.rule == "named-address" and not split_words(named.name) & _EXPANDERS):
        return []  # an entry of a list that names its target: a menu, or where a thing can be had
    one = make_match(node, named.post, named.url, "custom-element", f"{named.rule}@{named.name}")
    return [replace(one, claim=merge_claims(_read_beside(pairs, named.post), one.claim))]


def _read_beside(pairs: Mapping[str, str], post: Post) -> Claim:
    """What JSON in another attribute of the element says of the post, in the record that bears its id."""
    own = re.split(r"[/:]", post.native_id)[-1]
    for value in pairs.values():
        data = None
        if value.startswith("{") and own in value:
            data = read_json(value)
        for each in walk_plain(data):
            if own in (str(each.get("id")), str(each.get("id_str"))):
                return read_record_claim({k: v for k, v in each.items() if isinstance(v, str)})
    return Claim()


def _read_link(pairs: dict[str, str], attrs: Attrs) -> dict[str, str]:
    """Of a link, the attributes that a script is to expand; its plain address only where its class is to be a card."""
    kept = {n: v for n, v in pairs.items() if n.startswith("data-") and split_words(n) & _EXPANDERS}
    classes = frozenset((attrs.get("class") or "").split())
    replaced = any(card.fits("a", classes, attrs) for card in CARDS)
    return kept | ({"embed-href": attrs.get("href") or ""} if replaced else {})


def _match_value(node: LexborNode, name: str, value: str, scope: Scope) -> list[Match]:
    """One attribute: markup in some escaping, or JSON."""
    start = value.lstrip()[:3]
    if start[:1] in ("{", "[") or start[:1] == "&" or start.upper() == "%7B":
        data = read_json(value)
        if data is None:
            data = read_literal(value)
        if data is not None:
            if node.tag == "astro-island":
                data = unwrap_astro(data)
            return match_json(data, node, scope, "attribute", f"@{name}")
    return dive(value, node, scope, "attribute", f"@{name}")


def match_json(data: Any, node: LexborNode, scope: Scope, layer: str, rule: str) -> list[Match]:
    """JSON that an element carries: its own article's records only, each by its markup or its names."""
    seen: list[Match] = []
    words = ""
    if layer == "attribute":
        words = f"{node.tag} {node.attributes.get('class') or ''} {rule}"
    for record in make_records(walk_own(data, scope.url), telling=layer == "state"):
        found = [s for key, text in record.texts for s in dive(text, node, scope, layer, f"{rule}.{key}")]
        if not found:
            named = find_named(record.pairs, f"{words} {record.context}", ids=False)
            if named:
                found = [_make(node, record, named, layer, rule)]
            else:
                found = []
        seen.extend(found)
    return seen


def _make(node: LexborNode, record: StateRecord, named: Named, layer: str, rule: str) -> Match:
    form = "json"
    if layer == "attribute":
        form = "json-attribute"
    claim = add_handle(read_record_claim(record.pairs), named.url)
    if layer == "attribute":
        markup = make_match(node, named.post, named.url, form, rule).markup
    else:
        markup = json.dumps(record.pairs, ensure_ascii=False)
    return Match(
        "embed",
        named.post.platform,
        named.post,
        named.url,
        form,
        layer,
        f"{rule}.{named.name}",
        markup,
        claim,
        read_trail(node),
    )
