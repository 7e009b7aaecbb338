"""Readers that platforms share: markup, JSON and meta tags into the fields of a `Description`. Pure.

Every reader gives None rather than a value it is not sure of; `merge_readings` remembers who said what.
"""

from __future__ import annotations

import dataclasses
import html
import json
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.dates import to_iso
from embedarchive.core.model import Answer, Description, Media

Reading = tuple[str, Mapping[str, Any]]
"""Where it was read (`contextJSON`, `markup` …) and the fields found there; None means not found."""


FIELDS = frozenset(field.name for field in dataclasses.fields(Description)) - {"sources"}


def add_choices(text: str, rich: str, choices: Iterable[str | None]) -> tuple[str, str]:
    """A text, plain and as HTML, with the choices of its poll below it, one a line: they are words of the author's."""
    lines = [f"○ {choice}" for choice in choices if choice]
    if not lines:
        return text, rich
    gap = "\n\n" if text else ""
    below = html.escape(gap + "\n".join(lines), quote=False).replace("\n", "<br>")
    return text + gap + "\n".join(lines), rich + below


def merge_readings(*readings: Reading) -> Description:
    """Take each field from the first reading that has it, and note whose it was.

    Raises TypeError for a field that descriptions do not have, found or not.
    """
    fields: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, values in readings:
        if unknown := values.keys() - FIELDS:
            raise TypeError(f"{source} reads {', '.join(sorted(unknown))}, which no description has")
        for name, value in values.items():
            if name not in fields and value not in (None, "", ()):
                fields[name], sources[name] = value, source
    return Description(**fields, sources=sources)


# --------------------------------------------------------------------------------------------------------------- markup


def parse_html(text: str) -> LexborHTMLParser:
    """Parse markup; lone surrogates (legal in a page's own strings, not in UTF-8) become U+FFFD."""
    return LexborHTMLParser(text.encode("utf-8", "replace").decode())


def text_of(node: LexborNode | None) -> str | None:
    """The node's text with white space collapsed, or None when there is none."""
    if node:
        return " ".join(node.text().split()) or None
    return None


def read_srcset(srcset: str) -> tuple[tuple[str, int], ...]:
    """Split a srcset into (url, width in px); a candidate without a width counts as 0. URLs may hold commas."""
    found = re.findall(r"(\S*[^,\s])(?:\s+(\d+)w|\s+[\d.]+x)?\s*(?:,|$)", srcset)
    return tuple((url.lstrip(","), int(width or 0)) for url, width in found)


def read_rich_text(
    node: LexborNode | None, base: str, leave_out: str = "", clean: Callable[[str], str] = str, *, pre: bool = False
) -> tuple[str, str]:
    """Give a node's text twice: plain with line breaks, and as HTML holding only <a href>, <br> and text; '' for no node.

    `leave_out` is a selector of parts that are not the text; `clean` is applied to each absolute link; `pre` says that
    the site shows line breaks of its source as such (`white-space: pre-wrap`). Between paragraphs stands an empty line.
    """
    if node is None:
        return "", ""
    skip = set()
    if leave_out:
        skip = {n.mem_id for n in node.css(leave_out)}
    plain: list[str] = []
    rich: list[str] = []
    for kind, value in _walk_text(node, skip, base, pre):
        if kind == "br":
            plain.append("\n")
            rich.append("<br>")
        elif kind == "text":
            plain.append(value)
            rich.append(html.escape(value, quote=False))
        elif value:
            rich.append(f'<a href="{html.escape(clean(value))}">')
        else:
            rich.append("</a>")
    return _trim_breaks("".join(plain)), _trim_rich("".join(rich))


def _walk_text(node: LexborNode, skip: set[int], base: str, pre: bool) -> Iterator[tuple[str, str]]:
    """Yield ("text", …), ("br", ""), ("a", href) and ("a", "") in document order, without recursion."""
    pending: list[LexborNode | tuple[str, str]] = [*reversed(list(node.iter(include_text=True)))]
    while pending:
        item = pending.pop()
        if isinstance(item, tuple):
            yield item
        elif item.tag == "-text":
            yield from _split_text(item.text(deep=False), pre)
        elif item.tag == "br":
            yield "br", ""
        elif item.mem_id not in skip and item.tag not in {"script", "style", "template", "noscript"}:
            if item.tag == "p":
                yield from (("br", ""), ("br", ""))
            href = _link(item, base)
            if href:
                yield "a", href
                pending.append(("a", ""))
            pending.extend(reversed(list(item.iter(include_text=True))))


def _split_text(text: str, pre: bool) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(text.split("\n") if pre else [text]):
        if number:
            yield "br", ""
        yield "text", re.sub(r"[ \t\r\n\f]+", " ", line)


def _link(node: LexborNode, base: str) -> str | None:
    if node.tag != "a" or not node.attributes.get("href"):
        return None
    try:
        url = urljoin(base, node.attributes["href"] or "")
        if urlsplit(url).scheme in {"http", "https"}:
            return url
        return None
    except ValueError:
        return None


def _trim_breaks(text: str) -> str:
    return re.sub(r" *\n *", "\n", text).strip()


def _trim_rich(rich: str) -> str:
    rich = re.sub(r" *<br> *", "<br>", rich).strip()
    return re.sub(r"^(?:<br>)+|(?:<br>)+$", "", rich).strip()


def read_meta(tree: LexborHTMLParser) -> dict[str, str]:
    """Collect <meta property|name content>, the first of each name, plus `canonical`."""
    meta: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        name = node.attributes.get("property") or node.attributes.get("name")
        if name:
            meta.setdefault(name.lower(), node.attributes.get("content") or "")
    canonical = tree.css_first('link[rel="canonical"][href]')
    if canonical:
        meta.setdefault("canonical", canonical.attributes.get("href") or "")
    return meta


def read_json_ld(tree: LexborHTMLParser) -> list[dict[str, Any]]:
    """Collect the objects of every JSON-LD script, `@graph` unfolded; broken ones are passed over."""
    found: list[dict[str, Any]] = []
    for node in tree.css('script[type="application/ld+json"]'):
        value = read_json(node.text())
        for item in value if isinstance(value, list) else [value]:
            graph = None
            if isinstance(item, dict):
                graph = item.get("@graph")
            found.extend(i for i in (graph if isinstance(graph, list) else [item]) if isinstance(i, dict))
    return found


# ----------------------------------------------------------------------------------------------------------------- JSON


def read_json(text: str) -> Any:
    """Parse JSON, or give None: bad JSON, too deep or too long a number are all "not found"."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def read_json_after(text: str, marker: str) -> Any:
    """Parse the JSON value that follows the first match of the `marker` pattern, or give None."""
    match = re.search(marker, text)
    if not match:
        return None
    try:
        return json.JSONDecoder().raw_decode(text, match.end())[0]
    except (ValueError, RecursionError):
        return None


def dig(value: Any, *path: str | int) -> Any:
    """Follow keys and indexes into JSON; None as soon as one is missing."""
    for step in path:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def find_key(value: Any, names: Iterable[str], limit: int = 200_000) -> Any:
    """Find the shallowest object under one of `names`, looking at no more than `limit` values."""
    names = tuple(names)
    queue = deque([value])
    while queue and limit > 0:
        limit -= 1
        item = queue.popleft()
        if isinstance(item, dict):
            for name in names:
                if isinstance(item.get(name), dict):
                    return item[name]
            queue.extend(item.values())
        elif isinstance(item, list):
            queue.extend(item)
    return None


def as_text(value: Any) -> str | None:
    """The value if it is a string with something in it, else None."""
    if isinstance(value, str) and value.strip():
        return value
    return None


def as_count(value: Any) -> int | None:
    """The value if it is a whole number from 0 up to what SQLite can hold, else None."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63:
        return value
    return None


def as_list(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    if isinstance(value, list):
        return value
    return []


def as_size(value: Any) -> int | None:
    """The value if it is a plausible size in pixels, else None."""
    count = as_count(value)
    if count and count <= 100_000:
        return count
    return None


def as_time(value: Any) -> str | None:
    """ISO UTC with milliseconds of an ISO text or of whole seconds since 1970; None when it is neither."""
    try:
        if isinstance(value, int) or str(value).isdecimal():
            when = datetime.fromtimestamp(int(value), UTC)
        else:
            when = datetime.fromisoformat(value)
        return to_iso(when.replace(tzinfo=when.tzinfo or UTC))
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def as_kind(media: Sequence[Media], *, moving: bool = False) -> str:
    """What a post with these files is: `carousel`, `video`, `photo` or `text`; `moving` says that one is a video."""
    slides = {m.position for m in media if m.position}
    if len(slides) > 1:
        return "carousel"
    if moving or any(m.role == "poster" or m.duration_s for m in media):
        return "video"
    if slides:
        return "photo"
    return "text"


def read_oembed(answer: Answer | None) -> Mapping[str, Any]:
    """Read the fields any oEmbed answer may carry; empty when it is not a good one."""
    data = None
    if answer and answer.status == 200:
        data = read_json(answer.body)
    return {
        "author_name": as_text(dig(data, "author_name")),
        "author_url": as_text(dig(data, "author_url")),
        "title": as_text(dig(data, "title")),
    }
