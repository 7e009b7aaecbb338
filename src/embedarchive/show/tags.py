"""Values -> HTML in which every text is escaped: the only way our pages are made outside templates. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import escape
from html.parser import HTMLParser
from typing import Final
from urllib.parse import quote, urlsplit

from embedarchive.core.html import blunt


class Html(str):
    """Text that is HTML already; any other text is escaped when it is put into a tag."""

    __slots__ = ()

    def __html__(self) -> str:
        """What template engines ask for before they escape."""
        return str(self)


Child = str | None | Iterable["Child"]
Value = str | int | bool | None

EMPTY: Final = Html("")
VOID = {"br", "hr", "img", "input", "link", "meta", "source", "track"}

# Characters HTML forbids in text (https://html.spec.whatwg.org/#preprocessing-the-input-stream). Marks that reorder
# text stay, for honest right-to-left posts use them: <bdi> and dir=auto keep them from their neighbours.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_IN_URL = "%/:?#[]@!$&'()*+,;=-._~"
"""Characters that stand for themselves in a URL (RFC 3986), and what is percent-encoded already."""

_LANG = re.compile(r"^[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,4}$")


def escape_text(text: str) -> Html:
    """Escape a text for use between tags or in a quoted attribute."""
    return Html(escape(_FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)))


def join(*children: Child) -> Html:
    """Put children after each other; None is nothing, plain text is escaped."""
    return Html("".join(_flatten(children)))


def _flatten(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if child is None:
            continue
        if isinstance(child, Html):
            yield child
        elif isinstance(child, str):
            yield escape_text(child)
        else:
            yield from _flatten(child)


def tag(name: str, /, *children: Child, **attributes: Value) -> Html:
    """An element. In attribute names `_` stands for `-`, a final one is dropped; None and False leave them out."""
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape_text(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    if name in VOID:
        return Html(f"<{name}{written}>")
    return Html(f"<{name}{written}>{join(*children)}</{name}>")


def link_target(url: str | None) -> str | None:
    """The URL if a reader may follow it (http or https with a host), else None."""
    if not url or _FORBIDDEN.search(url):
        return None
    try:
        parts = urlsplit(url.strip())
        if parts.scheme.lower() in ("http", "https") and parts.hostname:
            return url.strip()
        return None
    except ValueError:
        return None


def link_outward(url: str | None, says: str | None = None) -> Html:
    """A link that leads out of our pages; only its words, `says` or the URL, where a reader may not follow it."""
    target, words = link_target(url), says or url or ""
    if target is None:
        return tag("bdi", words)
    return tag("a", words, href=target, rel=OUTWARD["rel"], dir="ltr")


def link_original(url: str | None) -> Html:
    """The element that tells programs where a page's post stood, if anybody may follow that."""
    target = link_target(url)
    if target is None:
        return EMPTY
    return tag("link", rel="original", href=target)


def link_header(url: str | None, relation: str) -> str | None:
    """One entry of a `Link` header (RFC 8288), if a reader may follow it: nothing in the URL can end it."""
    target = link_target(url)
    if target:
        return f'<{quote(target, safe=_IN_URL)}>; rel="{relation}"'
    return None


def language(code: str | None) -> str | None:
    """A language code fit for a `lang` attribute, or None."""
    if code and _LANG.match(code):
        return code.replace("_", "-")
    return None


# ----------------------------------------------------------------------------------------------------------- sanitising


OUTWARD = {"rel": "noopener noreferrer nofollow", "target": "_blank"}


class _Reader(HTMLParser):
    """Keeps text, `<a href>` to http(s) and `<br>`; of all else only the text, and of scripts and styles nothing."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.out: list[str] = []
        self.anchored = False
        self.silent = 0

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        if name in ("script", "style"):
            self.silent += 1
        elif name == "br":
            self.out.append("<br>")
        elif name == "a" and not self.anchored:
            href = link_target(dict(attrs).get("href"))
            if href:
                self.anchored = True
                self.out.append(f'<a href="{escape_text(href)}" rel="{OUTWARD["rel"]}" target="{OUTWARD["target"]}">')

    def handle_endtag(self, name: str) -> None:
        if name in ("script", "style"):
            self.silent = max(0, self.silent - 1)
        elif name == "a" and self.anchored:
            self.anchored = False
            self.out.append("</a>")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.out.append(escape_text(data))


def sanitize(html: str) -> Html:
    """A post's text with its links and line breaks, and nothing else that markup can do."""
    reader = _Reader()
    reader.feed(blunt(html))
    reader.close()
    if reader.anchored:
        reader.out.append("</a>")
    return Html("".join(reader.out))
