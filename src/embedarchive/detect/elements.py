"""Elements that carry a post by themselves (widgets, frames, quotes, lone addresses) -> matches. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from urllib.parse import SplitResult, unquote

from selectolax.lexbor import LexborNode

from embedarchive.core.model import Claim, Post
from embedarchive.core.urls import host_of, split_url, unescape_entities
from embedarchive.detect.claims import read_record_claim
from embedarchive.detect.data import SERVICES, split_words, squeeze
from embedarchive.detect.identity import find_platforms, identify_embedded, identify_post
from embedarchive.detect.markup import peel, read_json
from embedarchive.detect.match import LONGEST_SNIPPET, Match, merge_claims
from embedarchive.detect.scope import Attrs, Scope, make_match, read_trail
from embedarchive.detect.selectors import find_selectors, read_selector
from embedarchive.detect.text import match_byline, match_signature, name_platform
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform, Selector

PARAGRAPHS = frozenset(("p", "div", "figure", "span", "section"))
_SOURCES = ("src", "data", "value")
NOT_CARRYING = frozenset(
    ("class", "style", "id", "name", "title", "alt", "allow", "sandbox", "width", "height", "sizes", "srcset", "href")
)
"""Attributes whose values are of the element itself: a post in them is named or linked, never carried."""
NOT_CARRYING_TAGS = frozenset(
    ("area", "link", "meta", "base", "input", "button", "form", "time", "html", "body", "track")
)
"""Elements that show nothing by themselves, whatever their attributes say."""
_LARGEST_FRAME = 2_000_000
_SAYS_ITSELF = re.compile(
    r"""(?i)saved from url=\(\d{1,6}\)(https?:[^\s<>"']{8,2000})"""
    r"""|<link\b[^>]{0,200}\brel=["']?canonical["']?[^>]{0,200}?\bhref=["']?(https?:[^\s"'<>]{8,2000})"""
    r"""|<meta\b[^>]{0,200}\bog:url["']?[^>]{0,200}?\bcontent=["']?(https?:[^\s"'<>]{8,2000})"""
)
_IN_COMMENTS = re.compile(
    r"(?:^|\s)(?:(?:wpd?|[a-z]|js|post|user|reader|fb|article)-{1,2})?(?:comments?(?:[-_]{1,2}(?:list|content|body|text|area|section|thread|item|entry|inner|wrap|wrapper|"
    r"container|\d+))?|comment-?list|replies)(?:\s|$)",
    re.I,
)
_ASIDE = frozenset(
    ("related", "sidebar", "widget", "widgets", "playlist", "menu", "nav", "footer", "recommended", "recommendations",
     "popular", "latest", "teaser", "teasers", "trending", "feed", "carousel", "grid", "gallery", "archive")
)  # fmt: skip
"""Words in the classes of boxes that show what is elsewhere."""
_MOST_SIDE_BY_SIDE = 2
_BOXES = 4
"""How many elements around a linked picture may say what it is."""
_SHORTCODE = re.compile(
    r"""\[(?!(?:link|url|a|img)\b)(\w{2,30})[^\[\]]{0,200}\]\s{0,9}(https?://[^\s\[\]]+)\s{0,9}\[/\1\]$"""
    r"""|\[(?!(?:link|url|a|img)\b)\w{2,30}[ =](?:(?:url|src|link|id)=)?["'\u201c\u201d]?(https?://[^\s\[\]"'\u201c\u201d]+)[^\[\]]{0,200}\]$"""
)
"""What an editor wrote for a plugin that is gone: `[embed]https://…[/embed]`, `[tweet https://…]`."""
_ADDRESS = re.compile(r"^(?:https?:)?//\S{8,4000}$")


def match_selector(node: LexborNode, attrs: Attrs) -> Match | None:
    """A widget that matches a platform's selector and names its post, or at least its author."""
    for platform, selector in find_selectors(node, attrs):
        post, url = read_selector(node, platform, selector)
        if (
            post
            or (selector.bare and "@" in node.text()[:LONGEST_SNIPPET])
            or _is_unresolved(node, attrs, platform, selector)
        ):
            seen = make_match(node, post, url, selector.form, f"{platform.name}:{selector.form}", platform.name)
            return replace(seen, claim=merge_claims(_read_attributes(selector, attrs), seen.claim))
    return None


def _is_unresolved(node: LexborNode, attrs: Attrs, platform: Platform, selector: Selector) -> bool:
    """Whether a widget's quote lost its link, and holds words of a post or says which version of the widget made it. One that
    names another page of the platform's (a profile, a page) is that."""
    if node.tag != "blockquote" or selector.form != "blockquote" or not attrs.get("class"):
        return False
    urls = [split_url(value) for value in attrs.values() if value and "//" in value[:10]]
    if any(url and platform in find_platforms(url) for url in urls):
        return False
    links = [split_url(a.attributes.get("href") or "") for a in node.css("a[href]")[:20]]
    if any(url and platform in find_platforms(url) and not is_profile(url) for url in links):
        return False
    words = len(node.text()[:LONGEST_SNIPPET].split()) > 2
    return words or any(name.endswith("-version") for name in attrs)


def is_profile(url: SplitResult) -> bool:
    """Whether an address has one name for its path."""
    return re.fullmatch(r"/@?[\w.\-]{1,60}/?", url.path) is not None and url.path.strip("/") not in ("share", "intent")


def _read_attributes(selector: Selector, attrs: Attrs) -> Claim:
    """What the JSON claims that a selector finds its post in."""
    names = {place.partition("@")[2].partition("{")[0] for place in (*selector.url, *selector.id) if "{" in place}
    data = next((read_json(value) for name in names if (value := attrs.get(name))), None)
    if isinstance(data, dict):
        pairs = {k: v for k, v in data.items() if isinstance(v, str)}
    else:
        pairs = {}
    return read_record_claim(pairs)


def match_frame(node: LexborNode, attrs: Attrs) -> Match | None:
    """A frame shows whatever its address names, wherever the address is parked."""
    for name in sorted(attrs, key=lambda n: n not in _SOURCES):
        value = attrs[name]
        if not value or len(value) < 8 or name in NOT_CARRYING or name == "srcdoc":
            continue
        post = identify_embedded(value) or _identify_peeled(value)
        if post:
            seen = make_match(node, post, value, _frame_form(node, attrs, name, post), f"{node.tag}@{name}")
            # What an object is told stands for the object: its `embed` is the same once more.
            of_object = node.tag == "param" and node.parent is not None
            if of_object:
                return replace(seen, trail=seen.trail[1:])
            return seen
    return _match_saved(node, attrs.get("srcdoc") or "")


def _match_saved(node: LexborNode, kept: str) -> Match | None:
    """A frame whose page was saved in its place: that page says itself which post it shows."""
    for m in islice(_SAYS_ITSELF.finditer(kept[:_LARGEST_FRAME]), 20):
        url = unescape_entities(m[1] or m[2] or m[3])
        post = identify_post(url)
        if post:
            return make_match(node, post, url, "saved-frame", f"{node.tag}@srcdoc says itself")
    return _match_saved_widget(node, kept)


_LINKED = re.compile(r"""(?i)\shref\s*=\s*["']?(https?://[^\s"'<>]+)""")


def _match_saved_widget(node: LexborNode, kept: str) -> Match | None:
    """A frame that is a platform's widget by its own class, id, name or title: the first link in it to a post of that
    platform."""
    called = " ".join(node.attributes.get(name) or "" for name in ("class", "id", "name", "title")).lower()
    for m in islice(_LINKED.finditer(kept[:_LARGEST_FRAME]), 50) if called.strip() else ():
        url = unescape_entities(m[1])
        post = identify_post(url)
        stems = (host.partition(".")[0] for host in BY_NAME[post.platform].hosts) if post else ()
        if post and any(len(stem) > 2 and stem in called for stem in stems):
            return make_match(node, post, url, "saved-frame", f"{node.tag}@srcdoc links to it")
    return None


def _identify_peeled(value: str) -> Post | None:
    """A whole address behind one escaping (base64 or percent)."""
    inner = None
    if 24 < len(value) < 4_000 and "<" not in value:
        inner = peel(value)
    if inner:
        return identify_embedded(inner)
    return None


def _frame_form(node: LexborNode, attrs: Attrs, name: str, post: Post) -> str:
    if "-rendered" in (attrs.get("class") or "") or "data-instgrm-payload-id" in attrs or "data-tweet-id" in attrs:
        return "rendered-iframe"
    if node.tag not in ("iframe", "frame"):
        if (node.tag or "").startswith("amp-"):
            return "amp"
        return "object"
    if name != "src":
        return "lazy-iframe"
    parts = split_url(attrs[name] or "")
    own = parts is not None and BY_NAME[post.platform] in find_platforms(parts)
    if own:
        return "iframe"
    return "wrapper"


def match_unknown(node: LexborNode, attrs: Attrs, scope: Scope) -> Match | None:
    """A frame from elsewhere, of no platform we know."""
    url = next((attrs[n] for n in ("src", "data-src", "data") if attrs.get(n)), None)
    source, home = split_url(url or ""), split_url(scope.url or "")
    if source is None or (home and host_of(source) == host_of(home)):
        return None
    seen = make_match(node, None, url, node.tag or "", "unknown-frame")
    return Match("unknown", None, None, url, seen.form, "dom", seen.rule, seen.markup, trail=seen.trail)


def match_quote(node: LexborNode, attrs: Attrs) -> Match | None:
    """A quotation that lost its class: it names one post only, and its author as `@handle`, or ends with the
    post's link."""
    cited = attrs.get("cite")
    post = None
    if cited:
        post = identify_embedded(cited)
    if post:
        return make_match(node, post, cited, "blockquote", "cited-blockquote")
    links = [(a, a.attributes.get("href") or "") for a in node.css("a[href]")[-40:]]
    if links and "embedly-card" in (attrs.get("class") or "") and (post := identify_embedded(links[0][1])):
        return make_match(node, post, links[0][1], "blockquote", "embedly-card")
    named = [(a, href, found) for a, href in links if (found := identify_embedded(href))]
    if not named or len({found.key for *_, found in named}) > 1:
        return None
    a, href, post = named[-1]
    if _names_author(node, href) or (a.mem_id == links[-1][0].mem_id and _ends_with(node, a)):
        return make_match(node, post, href, "blockquote", "plain-blockquote")
    return None


def _names_author(node: LexborNode, href: str) -> bool:
    parts = split_url(href)
    handle = None
    if parts:
        handle = next((h for p in find_platforms(parts) if (h := p.handle(parts))), None)
    return bool(handle) and f"@{handle}".lower() in node.text().lower()


def _ends_with(node: LexborNode, link: LexborNode) -> bool:
    text, tail = " ".join(node.text().split()), " ".join(link.text().split())
    return text.endswith(tail) and (not text or "@" in text or text == tail)


def match_lone_address(node: LexborNode) -> Match | None:
    """An address alone in its paragraph: the CMS was to expand it, and did not."""
    filled = 0
    child = node.first_child
    while child is not None:
        filled += not (child.is_text_node and not (child.text() or "").strip())
        if filled > 1 or (child.tag in PARAGRAPHS and child.tag != "span"):
            return None
        child = child.next
    text = node.text(strip=True)
    if text.startswith("[") and (m := _SHORTCODE.match(text)):
        text = m[2] or m[3]
    post = None
    if len(text) <= 4000 and _ADDRESS.match(text):
        post = identify_embedded(text)
    if post is None or _is_in_comments(node):
        return None
    return make_match(node, post, text, "bare-url", "address-alone")


def _find_around(node: LexborNode, most: int) -> Iterator[LexborNode]:
    """The elements around one, innermost first."""
    up = node.parent
    for _ in range(most):
        if up is None or up.tag in ("body", "html"):
            return
        yield up
        up = up.parent


def _is_in_comments(node: LexborNode) -> bool:
    """Whether an element stands in what readers wrote, or in a menu."""
    return any(
        up.tag == "nav" or any(_IN_COMMENTS.search(up.attributes.get(name) or "") for name in ("class", "id"))
        for up in (node, *_find_around(node, 30))
    )


def match_picture(node: LexborNode, attrs: Attrs) -> Match | None:
    """A link to a post around, or beside, the picture that stands for it: the platform's own thumbnail of that post, which
    plays on a click; or any picture in a box whose class says that it is an embed."""
    href = attrs.get("href") or ""
    post = identify_embedded(href)
    if post is None:
        return None
    boxes = [node, *_find_around(node, _BOXES)]
    if any(up.tag in ("nav", "aside", "footer") or _read_words(up) & _ASIDE for up in _find_around(node, 12)):
        return None
    for box in boxes:
        if len(box.css("a[href]")[:4]) > 3:
            return None
        if shows_thumbnail(box.html or "", post):
            if _is_of_list(box, BY_NAME[post.platform]):
                return None
            return make_match(box, post, href, "facade", "thumbnail")
    if node.css_first("img, picture, amp-img") is None or len(node.text(strip=True)) > 80:
        return None
    says = next((box for box in boxes[1:] if _read_words(box) & _EMBED_BOX and len(box.text(strip=True)) < 300), None)
    if says is not None:
        return make_match(says, post, href, "picture", "linked-picture")
    return None


_EMBED_BOX = frozenset(("embed", "embeds", "embedded", "oembed"))


def _is_of_list(box: LexborNode, platform: Platform) -> bool:
    """Whether a thumbnail is one of several side by side, with no paragraph between them: films to choose from."""
    for up in islice(_find_around(box, _BOXES), _BOXES):
        if up.css_first("p") is not None:
            return False
        shown = unquote(unquote((up.html or "")[: 3 * LONGEST_SNIPPET]))
        if len({m[1] for pattern in platform.thumbnails for m in re.finditer(pattern, shown)}) > _MOST_SIDE_BY_SIDE:
            return True
    return False


def _read_words(node: LexborNode) -> frozenset[str]:
    return split_words(f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}")


def shows_thumbnail(markup: str, post: Post) -> bool:
    """Whether markup shows a picture that the platform keeps under the post's own id, also through a proxy."""
    patterns = BY_NAME[post.platform].thumbnails
    plain = ""
    if patterns:
        plain = unquote(unquote(markup[:LONGEST_SNIPPET]))
    return any(m[1] == post.native_id for pattern in patterns for m in re.finditer(pattern, plain))


def match_source(node: LexborNode, attrs: Attrs) -> Match | None:
    """`<source type="video/youtube" src=…>`: a film that a player's script has from a platform."""
    kind = squeeze((attrs.get("type") or "").rpartition("/")[2].removeprefix("x-"))
    src = attrs.get("src") or ""
    post = None
    if kind in SERVICES:
        post = identify_embedded(src)
    if post is None or BY_NAME[post.platform] is not SERVICES[kind]:
        return None
    return make_match(node, post, src, "custom-element", "source-of-service")


def match_byline_paragraph(node: LexborNode) -> Match | None:
    """What is left of a quote that a CMS stripped: a paragraph that names the platform, the next one its byline."""
    before = _find_next(node, back=True)
    line = ""
    if before is not None and before.tag == "p":
        line = " ".join(node.text().split())
    signed = None
    if before is not None and "(@" in line:
        signed = _match_signed(node, before, line)
    if signed is not None:
        return signed
    if before is None or "(" not in line or node.css_first("a, img") or before.css_first("a, img"):
        return None
    shown = " ".join(before.text().split())
    seen = None
    if name_platform(shown) and not _is_in_quote(node):
        seen = match_byline(shown, line)
    if seen:
        return replace(seen, layer="dom", rule="byline-paragraph", form="bare-byline", trail=read_trail(node))
    return None


def _match_signed(node: LexborNode, before: LexborNode, line: str) -> Match | None:
    """The line that ends a platform's quote, and the paragraph before it, where the quote around them was stripped; its
    only link, if there is one, names the post."""
    seen = None
    if not _is_in_quote(node):
        seen = match_signature(" ".join(before.text().split()), line)
    links = [a.attributes.get("href") or "" for a in node.css("a[href]")[:2]]
    if seen is None or len(links) > 1:
        return None
    post = None
    if links:
        post = identify_embedded(links[0])
    if links and (post is None or post.platform != seen.platform):
        return None
    url = links[0] if links else None
    return replace(seen, post=post, url=url, layer="dom", form="bare-byline", trail=read_trail(node))


def match_emptied(node: LexborNode, attrs: Attrs) -> Match | None:
    """A link that was copied out of an embed code, beside the box that a script was to fill and that holds nothing."""
    href = attrs.get("href") or ""
    post = None
    if "?" in href:
        post = identify_post(href)
    platform = None
    if post:
        platform = BY_NAME[post.platform]
    if platform is None or not any(parameter in href for parameter in platform.link_parameters) or _is_in_quote(node):
        return None
    if node.parent is not None and node.parent.tag in PARAGRAPHS:
        block = node.parent
    else:
        block = node
    beside = (_find_next(block, back=True), _find_next(block, back=False))
    if not any(each is not None and _is_emptied(each, platform) for each in beside):
        return None
    return make_match(node, post, href, "emptied", "emptied-placeholder")


def _find_next(node: LexborNode, *, back: bool) -> LexborNode | None:
    """The next node that is not blank text."""
    found = node.prev if back else node.next
    while found is not None and found.is_text_node and not (found.text() or "").strip():
        found = found.prev if back else found.next
    return found


def _is_emptied(node: LexborNode, platform: Platform) -> bool:
    """An element without any content whose class names the platform."""
    if node.is_element_node:
        words = split_words(node.attributes.get("class") or "")
    else:
        words = frozenset[str]()
    empty = node.first_child is None or (
        not node.text(strip=True) and node.css_first("img, iframe, video, svg, a") is None
    )
    return empty and not words.isdisjoint((platform.name, *platform.services))


def _is_in_quote(node: LexborNode) -> bool:
    up = node.parent
    while up is not None and up.tag != "blockquote":
        up = up.parent
    return up is not None
