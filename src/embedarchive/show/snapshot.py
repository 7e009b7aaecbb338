"""A page as captured -> the same page that can do nothing: no script, no frame, no form, no address to call. Pure."""

from __future__ import annotations

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.show.tags import escape_text, tag

SANITISED_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'; sandbox"
)
"""Sent with every snapshot. Not enough alone: Chromium connects to a nested frame's host before the policy refuses the
frame, so frames are taken out as well."""

_ACTIVE = (
    "script", "noscript", "link", "base", "meta", "object", "embed", "applet", "portal", "fencedframe", "template",
)  # fmt: skip
_FRAMES = ("iframe", "frame", "frameset")
_SAFE_ATTRIBUTES = frozenset(
    [
        "class",
        "id",
        "style",
        "dir",
        "lang",
        "alt",
        "title",
        "width",
        "height",
        "colspan",
        "rowspan",
        "datetime",
        "aria-label",
        "aria-hidden",
        "role",
        "type",
        "value",
        "viewbox",
        "d",
        "fill",
        "stroke",
        "points",
        "x",
        "y",
        "r",
        "cx",
        "cy",
        "rx",
        "ry",
        "x1",
        "y1",
        "x2",
        "y2",
        "transform",
    ]
)
LARGEST_SNAPSHOT = 8_000_000


def render_sanitised(html: str, note: str) -> str:
    """The page's markup without anything that acts or calls, under a line that says so (`note`)."""
    tree = LexborHTMLParser(html[:LARGEST_SNAPSHOT])
    for name in _ACTIVE:
        for node in tree.css(name):
            node.decompose()
    for name in _FRAMES:
        for node in tree.css(name):
            _replace_frame(node)
    for node in tree.css("*"):
        _disarm(node)
    head = tag("meta", charset="utf-8")
    banner = tag(
        "p", note, style="font:14px sans-serif;padding:8px 12px;margin:0 0 12px;border-bottom:1px solid;opacity:.8"
    )
    styles = "".join(f"<style>{_text_of(node)}</style>" for node in tree.css("style"))
    if tree.body:
        body = tree.body.inner_html
    else:
        body = escape_text(html[:LARGEST_SNAPSHOT])
    return f"<!DOCTYPE html><html><head>{head}{styles}</head><body>{banner}{body or ''}</body></html>"


def _replace_frame(node: LexborNode) -> None:
    source = (node.attributes.get("src") or "another page")[:200]
    node.replace_with(f"[A frame stood here: {source}]")


def _disarm(node: LexborNode) -> None:
    """Keep only attributes that describe; a picture keeps its source only if it carries it inside."""
    for name in list(node.attributes):
        value = node.attributes.get(name) or ""
        inside = name == "src" and node.tag == "img" and value.startswith("data:image/")
        if name.lower() not in _SAFE_ATTRIBUTES and not inside:
            del node.attrs[name]


def _text_of(node: LexborNode) -> str:
    """A style sheet without imports; its end tag cannot stand inside it."""
    return (node.text() or "").replace("</", "<\\/").replace("@import", "@no-import")
