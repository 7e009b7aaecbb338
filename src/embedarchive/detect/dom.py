"""A parsed document -> the sightings of posts in it, in document order. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.detect.claims import read_claim
from embedarchive.detect.identity import find_platforms, identify_post
from embedarchive.detect.marks import SELECTORS, find_marks, read_mark
from embedarchive.detect.markup import DEEPEST, find_markup, find_strings, looks_like_markup, peel, read_json
from embedarchive.detect.records import find_named
from embedarchive.detect.sighting import LONGEST_SNIPPET, Sighting, merge_sightings
from embedarchive.detect.state import find_in_state
from embedarchive.model import Claim, Post
from embedarchive.platform import Platform
from embedarchive.platforms import BY_NAME
from embedarchive.urls import host_of, split_url

FRAMES = frozenset(("iframe", "frame", "embed", "object", "param", "amp-iframe"))
RAW = frozenset(("script", "template", "textarea", "noscript"))
_PLAIN_LINKS = frozenset(
    ("a", "area", "link", "meta", "base", "img", "source", "input", "button", "form", "time", "html", "body")
)
_PARAGRAPHS = frozenset(("p", "div", "figure", "li", "td", "span", "section"))
_STYLE = re.compile(r"""\sstyle=(?:"[^"]*"|'[^']*')|</?(?:span|center|font)\b[^<>]*>""")
_DIV = re.compile(r"</?(?:div|section class|article)\b[^<>]*>")
_SKIPPED_NAMES = frozenset(("class", "style", "id", "name", "title", "alt", "allow", "sandbox", "width", "height"))
_HIDING = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
_LONGEST_TRAIL = 16
_MOST_NODES = 3_000


@dataclass(frozen=True, slots=True)
class Scope:
    """What a search looks for and where it stands. `names` are the attributes worth reading, None for all."""

    url: str | None = None
    mentions: bool = False
    unknown: bool = False
    names: frozenset[str] | None = None
    depth: int = 0


def find_sightings(markup: str | bytes, scope: Scope) -> list[Sighting]:
    """Parse a text and find all sightings in it, those of one appearance merged."""
    return sight_tree(LexborHTMLParser(markup), scope)


def sight_tree(tree: LexborHTMLParser, scope: Scope) -> list[Sighting]:
    """All sightings of a parsed document: the visible ones in order, then what only its state tells."""
    seen: list[Sighting] = []
    scripts: list[LexborNode] = []
    for node in _candidates(tree, scope):
        if node.tag == "script":
            scripts.append(node)
        seen.extend(_sight_node(node, scope))
    if scope.depth == 0:
        seen.extend(find_in_state([s.text() for s in scripts if _is_state(s)], scope.url))
    return merge_sightings(seen)


def _candidates(tree: LexborHTMLParser, scope: Scope) -> Iterator[LexborNode]:
    """Every element that can carry an embed, once, in document order."""
    if scope.names is None:
        nodes: Iterable[LexborNode] = (n for n in tree.root.traverse() if n.is_element_node) if tree.root else ()
    else:
        nodes = tree.css(_union(scope.names))
    last = 0
    for node in nodes:
        if node.mem_id != last:
            last = node.mem_id
            yield node


def _union(names: Iterable[str]) -> str:
    attrs = ["[" + re.sub(r"([^a-zA-Z0-9_-])", r"\\\1", n) + "]" for n in sorted(names)]
    return ",".join((*sorted(FRAMES), *sorted(RAW), "blockquote", "p", *SELECTORS, *attrs))


def _trail(node: LexborNode) -> tuple[int, ...]:
    trail: list[int] = []
    up: LexborNode | None = node
    while up is not None and len(trail) < _LONGEST_TRAIL and up.tag not in ("body", "html"):
        trail.append(up.mem_id)
        up = up.parent
    return tuple(trail)


def _outer(node: LexborNode) -> str:
    """The element's markup; only its start tag when it holds too much to be one embed."""
    if sum(1 for _ in islice(node.traverse(), _MOST_NODES + 1)) <= _MOST_NODES:
        return (node.html or "")[: LONGEST_SNIPPET * 2]
    pairs = "".join(f' {k}="{(v or "").replace(chr(34), "&quot;")}"' for k, v in node.attributes.items())
    return f"<{node.tag}{pairs}>"[:LONGEST_SNIPPET]


def _compact(markup: str) -> str:
    """Leave out what says nothing: styles and the nesting of boxes (an official quote has 60 of them)."""
    return _DIV.sub("\n", _STYLE.sub("", markup))


def _make(
    node: LexborNode,
    post: Post | None,
    platform: Platform | None,
    url: str | None,
    form: str,
    rule: str,
    claimed: bool = False,
) -> Sighting:
    markup = _outer(node)
    claim = read_claim(_compact(markup), platform) if claimed else Claim()
    return Sighting(
        "embed",
        platform.name if platform else None,
        post,
        url,
        form,
        "dom",
        rule,
        markup,
        add_handle(claim, url),
        _trail(node),
    )


def add_handle(claim: Claim, url: str | None) -> Claim:
    """Fill the author's handle from the post's address, where the address has it and the text has not."""
    parts = split_url(url) if url and not claim.author_handle else None
    if parts is None:
        return claim
    return replace(claim, author_handle=next((h for p in find_platforms(parts) if (h := p.handle(parts))), None))


# ------------------------------------------------------------------------------------------------------------------ rules


def _sight_node(node: LexborNode, scope: Scope) -> list[Sighting]:
    """What one element carries, by the first rule that sees anything."""
    tag, attrs = node.tag or "", node.attributes
    for platform, mark in find_marks(node, attrs):
        post, url = read_mark(node, platform, mark)
        if post or (mark.bare and _has_byline(node)):
            return [_make(node, post, platform, url, mark.form, f"{platform.name}:{mark.form}", claimed=True)]
    if tag in RAW:
        return _sight_raw(node, attrs, scope)
    if tag in FRAMES:
        return _sight_frame(node, attrs, scope)
    return (
        _sight_quote(node)
        if tag == "blockquote"
        else [] or _sight_attributes(node, tag, attrs, scope) or _sight_bare(node, tag)
    )


def _has_byline(node: LexborNode) -> bool:
    return "@" in node.text()[:LONGEST_SNIPPET]


def _sight_fragment(markup: str, host: LexborNode, scope: Scope, layer: str, rule: str) -> list[Sighting]:
    """Search markup that stands inside an attribute or a script, as if it stood where its element is."""
    if scope.depth >= DEEPEST:
        return []
    trail = _trail(host)
    inner = find_sightings(markup, replace(scope, names=None, depth=scope.depth + 1))
    return [
        replace(s, layer=layer if s.layer == "dom" else s.layer, rule=f"{rule} > {s.rule}", trail=trail) for s in inner
    ]


def _sight_raw(node: LexborNode, attrs: Mapping[str, str | None], scope: Scope) -> list[Sighting]:
    """Elements whose content the parser leaves as text: parked scripts, templates, hidden text areas."""
    tag = node.tag or ""
    found = _sight_attributes(node, tag, attrs, scope)
    if found or tag == "noscript":
        return found
    if tag == "script" and not _is_parked(attrs):
        return []
    if tag == "textarea" and not _is_hidden(attrs):
        return []
    text = (node.html or "").partition(">")[2].rpartition("</")[0] if tag == "template" else node.text()
    markup = find_markup(text) if text else None
    return _sight_fragment(markup, node, scope, tag, tag) if markup else []


def _is_parked(attrs: Mapping[str, str | None]) -> bool:
    """A script type that no browser runs, and that is no data either."""
    kind = (attrs.get("type") or "").lower()
    return bool(kind) and "javascript" not in kind and "json" not in kind and kind != "module"


def _is_hidden(attrs: Mapping[str, str | None]) -> bool:
    """Hidden, or named for a machine: a visible text area is for a reader to copy from."""
    return (
        "hidden" in attrs or bool(_HIDING.search(attrs.get("style") or "")) or any(n.startswith("data-") for n in attrs)
    )


def _is_state(node: LexborNode) -> bool:
    return not _is_parked(node.attributes)


def _sight_frame(node: LexborNode, attrs: Mapping[str, str | None], scope: Scope) -> list[Sighting]:
    """A frame shows whatever its address names, wherever the address is parked."""
    for name in sorted(attrs, key=lambda n: n not in ("src", "data", "value")):
        value = attrs[name]
        if not value or name in _SKIPPED_NAMES or len(value) < 8:
            continue
        post = identify_post(value) or _identify_peeled(value)
        if post:
            return [
                _make(
                    node,
                    post,
                    BY_NAME[post.platform],
                    value,
                    _frame_form(node, attrs, name, post),
                    f"{node.tag}@{name}",
                )
            ]
    found = _sight_attributes(node, node.tag or "", attrs, scope)
    if not found and node.tag == "iframe" and looks_like_markup(text := node.text()):
        found = _sight_fragment(text, node, scope, "dom", "iframe-text")
    return found or ([_make_unknown(node, attrs)] if scope.unknown and _is_foreign(attrs, scope) else [])


def _identify_peeled(value: str) -> Post | None:
    """A whole address behind one escaping (base64 or percent)."""
    inner = peel(value) if len(value) > 24 and "<" not in value else None
    return identify_post(inner) if inner else None


def _frame_form(node: LexborNode, attrs: Mapping[str, str | None], name: str, post: Post) -> str:
    if "-rendered" in (attrs.get("class") or "") or "data-instgrm-payload-id" in attrs or "data-tweet-id" in attrs:
        return "rendered-iframe"
    if node.tag not in ("iframe", "frame"):
        return "amp" if (node.tag or "").startswith("amp-") else "object"
    if name != "src":
        return "lazy-iframe"
    parts = split_url(attrs[name] or "")
    own = parts is not None and any(p.name == post.platform for p in find_platforms(parts))
    return "iframe" if own else "wrapper"


def _is_foreign(attrs: Mapping[str, str | None], scope: Scope) -> bool:
    source = split_url(attrs.get("src") or attrs.get("data-src") or attrs.get("data") or "")
    home = split_url(scope.url or "")
    return source is not None and (home is None or host_of(source) != host_of(home))


def _make_unknown(node: LexborNode, attrs: Mapping[str, str | None]) -> Sighting:
    url = attrs.get("src") or attrs.get("data-src") or attrs.get("data")
    return replace(_make(node, None, None, url, node.tag or "", "unknown-frame"), kind="unknown")


def _sight_quote(node: LexborNode) -> list[Sighting]:
    """A quotation that lost its class: its last link names a post, and the link ends it as a byline does."""
    cited = node.attributes.get("cite")
    links = [a for a in node.css("a[href]")[-3:] if a.attributes.get("href")]
    hrefs = [links[-1].attributes["href"] or ""] if links else []
    for url in (*([cited] if cited else []), *hrefs):
        post = identify_post(url)
        if post and (url == cited or _ends_with(node, links[-1])):
            return [_make(node, post, BY_NAME[post.platform], url, "blockquote", "plain-blockquote", claimed=True)]
    return []


def _ends_with(node: LexborNode, link: LexborNode) -> bool:
    text, tail = " ".join(node.text().split()), " ".join(link.text().split())
    return text.endswith(tail) and (not text or "@" in text or text == tail)


def _sight_attributes(node: LexborNode, tag: str, attrs: Mapping[str, str | None], scope: Scope) -> list[Sighting]:
    """Attributes that hold escaped markup, JSON, an address or an id."""
    pairs = {n: v for n, v in attrs.items() if v and len(v) > 4 and n not in _SKIPPED_NAMES}
    if not pairs or (tag in _PLAIN_LINKS and not any(_is_telling(n) for n in pairs)):
        return []
    if scope.names is not None and not (scope.names & pairs.keys()):
        return []
    for name, value in pairs.items():
        found = _sight_value(node, tag, name, value, attrs, scope)
        if found:
            return found
    context = f"{tag} {attrs.get('class') or ''} {attrs.get('id') or ''}"
    named = None if tag in _PLAIN_LINKS else find_named({k: v or "" for k, v in attrs.items()}, context)
    if named is None:
        return []
    return [
        _make(
            node,
            named.post,
            BY_NAME[named.post.platform],
            named.url,
            "custom-element",
            f"{named.rule}@{named.name}",
            claimed=True,
        )
    ]


def _is_telling(name: str) -> bool:
    return name.startswith("data-") and any(
        w in name for w in ("embed", "html", "iframe", "content", "consent", "config")
    )


def _sight_value(
    node: LexborNode, tag: str, name: str, value: str, attrs: Mapping[str, str | None], scope: Scope
) -> list[Sighting]:
    """One attribute: markup in some escaping, or a JSON record."""
    if len(value) < 24:
        return []
    markup = find_markup(value)
    if markup and len(markup) < 2_000_000:
        found = _sight_fragment(markup, node, scope, "attribute", f"@{name}")
        if found:
            return found
    if value.lstrip()[:1] in "{[&" or value[:3].upper() == "%7B":
        return _sight_json_attribute(node, tag, name, value, attrs, scope)
    return []


def _sight_json_attribute(
    node: LexborNode, tag: str, name: str, value: str, attrs: Mapping[str, str | None], scope: Scope
) -> list[Sighting]:
    data = read_json(value)
    if data is None:
        return []
    strings = list(find_strings(data, 2_000))
    for key, text in strings:
        markup = find_markup(text) if len(text) > 24 else None
        found = _sight_fragment(markup, node, scope, "attribute", f"@{name}.{key}") if markup else []
        if found:
            return found
    pairs = data if isinstance(data, dict) else dict(strings)
    if isinstance(data, list):
        # a flat list of alternating names and values, as s9e/TextFormatter writes frames
        flat = [s for _, s in strings]
        pairs = dict(zip(flat[::2], flat[1::2], strict=False))
    named = find_named(
        {str(k): str(v) for k, v in pairs.items() if isinstance(v, (str, int))},
        f"{tag} {attrs.get('class') or ''} {name}",
    )
    if named is None:
        return []
    seen = _make(node, named.post, BY_NAME[named.post.platform], named.url, "json-attribute", f"@{name}.{named.name}")
    return [replace(seen, layer="attribute", claim=add_handle(_read_record_claim(pairs), named.url))]


def _read_record_claim(pairs: Mapping[str, object]) -> Claim:
    """Author and text of a record that keeps them under their plain names."""

    def pick(*names: str) -> str | None:
        return next((v.strip() for n in names if isinstance(v := pairs.get(n), str) and v.strip()), None)

    return Claim(
        author_name=pick("author_name", "name", "authorName"),
        author_handle=(pick("username", "screen_name", "author_handle") or "").lstrip("@") or None,
        text=pick("full_text", "text", "title"),
    )


_BARE = re.compile(r"^(?:https?:)?//\S{8,400}$")


def _sight_bare(node: LexborNode, tag: str) -> list[Sighting]:
    """An address alone in its paragraph: the CMS was to expand it, and did not."""
    if tag not in _PARAGRAPHS:
        return []
    child = node.first_child
    if child is None or (child.next is not None and child.next.next is not None):
        return []
    text = node.text(strip=True)
    if not _BARE.match(text):
        return []
    post = identify_post(text)
    return [_make(node, post, BY_NAME[post.platform], text, "bare-url", "address-alone")] if post else []
