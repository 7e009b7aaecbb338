"""A text that nothing was found for -> other ways to write what it may be: an address broken over lines, half of one. Pure."""

from __future__ import annotations

import re
import unicodedata
from itertools import chain

from embedarchive.core.urls import find_bare_inner, find_inner, split_url

_TRANSLATED = ".translate.goog"
"""Google's translation shows `www.news-site.example` under `www-news--site-example.translate.goog`."""

_PART_OF_PATH = re.compile(r"/?(?:[\w.@-]+/){1,4}([\w.-]+)/?")


def write_otherwise(text: str) -> tuple[str, ...]:
    """Other spellings of a text, the likeliest first; none that is the text itself."""
    others = [text.replace("\\/", "/"), unicodedata.normalize("NFKC", text), find_translated(text) or text]
    if re.match(r"(?i)https?://", text):
        others.append("".join(text.split()))
    if match := _PART_OF_PATH.fullmatch(text):
        others.append(match[1])
    return tuple(other for other in dict.fromkeys(others) if other != text)


def find_wrapped(url: str) -> tuple[str, ...]:
    """The addresses that stand in an address: of a web archive, a cache, a redirection, a translation."""
    parts = split_url(url)
    if parts is None:
        return ()
    bare = (f"https://{each}" for each in find_bare_inner(parts))
    found = list(chain(find_inner(parts), bare))
    return tuple(dict.fromkeys(found))


def find_translated(url: str) -> str | None:
    """The address that Google's translation shows another page for: `--` is a hyphen there, `-` a dot."""
    parts = split_url(url)
    if parts is None or not parts.netloc.endswith(_TRANSLATED):
        return None
    host = parts.netloc.removesuffix(_TRANSLATED)
    plain = host.replace("--", "\0").replace("-", ".").replace("\0", "-")
    return parts._replace(netloc=plain, query="").geturl()
