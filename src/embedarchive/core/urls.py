"""Text that should be a URL -> a split, cleaned URL; and the URLs that stand inside other URLs. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from urllib.parse import SplitResult, parse_qsl, unquote, urlencode, urljoin, urlsplit, urlunsplit

LONGEST_URL = 8_000
"""Characters. Longer than any server accepts; a bound for every rule below."""

_PLAIN = re.compile(r"https?://[a-zA-Z0-9][a-zA-Z0-9./?=_%:+~#,;@!$'()*-]{1,2000}")
"""An address in which there is nothing to mend: most are."""
_ENTITY = re.compile(r"&#?\w{1,32};")
_CONTROLS = re.compile(r"[\x00-\x20\x7f]+")
_SCHEME = re.compile(r"(?i)^(https?):/*")
_HOSTLIKE = re.compile(r"(?i)^(?:[a-z0-9_-]{1,63}\.){1,8}[a-z]{2,24}(?::\d{1,5})?(?:[/?#]|$)")
_ARCHIVED = re.compile(r"(?i)^(?:https?:)?//[^/?#]+/(?:web|wayback|memento)?/?\d{4,14}(?:[a-z]{2}_)?/(https?:/.*)$")
_ARCHIVED_SHORT = re.compile(r"(?i)^(?:https?:)?/?/?[^?#]*?/\d{14}(?:[a-z]{2}_)?/(https?:/.*)$")


def clean_url(text: str) -> str | None:
    """Mend what markup does to a URL: entities, `\\/`, percent-encoding as a whole, a missing scheme.

    None if it is none.
    """
    text = text.strip()
    if not text or len(text) > LONGEST_URL:
        return None
    if _PLAIN.fullmatch(text):
        return text
    # Twice: consent managers escape markup that was escaped already.
    text = unescape_entities(unescape_entities(text))
    text = _CONTROLS.sub("", text.replace("\\/", "/").replace("\\u002F", "/").replace("\\u0026", "&"))
    if re.match(r"(?i)^(?:(?:https?)?(?::|%3a)?%2f%2f|https?%3a//)", text):
        text = unquote(text)
    if "\\" in text:
        return None
    if text.startswith("//"):
        return "https:" + text
    if _SCHEME.match(text):
        return _SCHEME.sub(lambda m: m[1].lower() + "://", text)
    if _HOSTLIKE.match(text):
        return "https://" + text
    return None


def unescape_entities(text: str) -> str:
    """Read `&amp;` and its like, but never `&copy=`: without its semicolon a name is a parameter's."""
    if _ENTITY.search(text):
        return html.unescape(text)
    return text


@lru_cache(maxsize=512)
def split_url(text: str) -> SplitResult | None:
    """Clean and split a URL; None unless it is http(s) with one unambiguous host."""
    url = clean_url(text)
    if url is None:
        return None
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "." not in host.lstrip(".") or "@" in parts.netloc:
        return None
    return parts


def split_anything(text: str) -> SplitResult:
    """Split any text as urllib does; what it cannot split (`http://[`) has no part. Never raises."""
    try:
        return urlsplit(text)
    except ValueError:
        return SplitResult("", "", "", "", "")


def host_of(url: SplitResult) -> str:
    """The host in lower case, without port and final dot."""
    return _read_host(url.netloc)


@lru_cache(maxsize=4096)
def _read_host(netloc: str) -> str:
    return (SplitResult("", netloc, "", "", "").hostname or "").rstrip(".")


def find_parents(host: str) -> Iterator[str]:
    """`a.b.c` -> `a.b.c`, `b.c`, `c`: what a host may be matched against, most exact first."""
    while host:
        yield host
        _, _, host = host.partition(".")


def unwrap_archived(url: str) -> str | None:
    """The original of a web archive's address (`…/web/20200101000000if_/https://…`), or None."""
    if "/http" not in url.lower():
        return None
    m = _ARCHIVED.match(url) or _ARCHIVED_SHORT.match(url)
    if m:
        return m[1]
    return None


_INNER = re.compile(r"(?i)https?(?::|%(?:25)*3a)(?:/|%(?:25)*2f){1,2}(?=[^/%])")
_INNER_HOST = re.compile(r"(?i)(?<=/)(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/(?=[^/])")
_MOST_INNER = 8
_VALUE = re.compile(r"(?i)https?:|https?%3a|at://|/{1,2}[^/]|(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/")


def find_inner(url: SplitResult) -> Iterator[str]:
    """The addresses that stand in an address: at the end of its path, as its whole query, or as a parameter of
    its query or fragment. A path alone is one of the same site."""
    whole = url.geturl()
    archived = unwrap_archived(whole)
    if archived:
        yield archived
    behind = len(url.scheme) + len("://") + len(url.netloc)
    if url.query:
        query_at = whole.find("?", behind)
    else:
        query_at = len(whole)
    starts = [m.start() for m in islice(_INNER.finditer(whole, behind), _MOST_INNER)]
    for at in starts:
        if at < query_at + 2:
            yield _unquote_whole(whole[at:])
    for query in (url.query, url.fragment):
        yield from _find_values(url, query)


def find_bare_inner(url: SplitResult) -> Iterator[str]:
    """The addresses without a scheme that a path may end with (`cdn.ampproject.org/c/s/news.example/1`)."""
    path = url.path + (f"?{url.query}" if url.query else "")
    return (path[m.start() :] for m in islice(_INNER_HOST.finditer(path), _MOST_INNER))


def _unquote_whole(text: str) -> str:
    """An address that is percent-encoded as a whole, however often, as it was."""
    for _ in range(3):
        if not re.match(r"(?i)https?%", text):
            break
        text = unquote(text)
    return text


def _find_values(url: SplitResult, query: str) -> Iterator[str]:
    """The addresses that parameters hold."""
    if "=" not in query or not ("%" in query or "/" in query or "." in query) or query.count("&") >= 100:
        return
    for _, value in parse_qsl(query[:LONGEST_URL], max_num_fields=100):
        value = _unquote_whole(value)
        if _VALUE.match(value):
            yield join_url(url._replace(path="/", query="", fragment="").geturl(), value) if value[0] == "/" else value


_IN_TEXT = re.compile(
    r"""(?ix)
    (?: (?:hxxps?|https?) (?: :/{1,2} | %(?:25)*3a (?:%(?:25)*2f){1,2} )
      | at://
      | (?<![\w@.-]) (?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/ )
    [^\s<>"'`\u201c\u201d\u00ab\u00bb\u3000-\u303f\uff08\uff09]+
    """
)
_CLOSED = {")": "(", "]": "[", "}": "{"}


def find_urls(text: str) -> list[str]:
    """The addresses that stand in a text: in a sentence, in Markdown, in brackets; with or without a scheme."""
    return [found for m in islice(_IN_TEXT.finditer(text), 1_000) if (found := _trim_url(m[0]))]


def _trim_url(run: str) -> str:
    """A run of letters without the punctuation of the sentence that it stands in."""
    run = re.sub(r"(?i)^hxxp", "http", run)
    while run:
        if "](" in run or "][" in run:  # Markdown whose label is an address; Org's address before a label
            run = re.split(r"\]\(|\]\[", run)[0]
        elif _ends_in_punctuation(run):
            run = run[:-1]
        else:
            break
    return run


def _ends_in_punctuation(run: str) -> bool:
    """Whether the last letter is a sentence's: a mark that is no ellipsis, or a bracket that was opened before the run."""
    last = run[-1]
    if last in _CLOSED:
        return run.count(last) > run.count(_CLOSED[last])
    return last in ".,;:!?*_|~\\" and not run.endswith("...")


# ------------------------------------------------------------------------------------------------------------ canonical

TRACKING = re.compile(
    r"(?i)^(?:utm_\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid|igsh(?:id)?|mc_[ce]id|_hs\w+|mkt_tok|"
    r"ref(?:_?src|_?url|errer)?|cmpid?|ns_\w+|wt_?\w*mc\w*|xtor|at_\w+|amp(?:_\w+)?|outputtype|print|share|source|src|"
    r"ICID|s_?cid|spm|ocid|guccounter|guce_\w+|__twitter_impression|sfnsn|mibextid)$"
)
_AMP_PATH = re.compile(r"(?i)(?:/amp(?:\.html?)?|\.amp(?:\.html?)?|/amp\.html)/?$")
_AMP_HOST = re.compile(r"(?i)^amp\.")


_CANONICAL = re.compile(r"https?://(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/[a-zA-Z0-9_./%~+-]{0,2000}")


def is_canonical(url: str) -> bool:
    """Whether an address is such that nothing would be changed in it, seen without taking it apart; most are."""
    return _CANONICAL.fullmatch(url) is not None and "amp" not in url.lower()


def canonicalize_url(url: str) -> str:
    """One address for all variants of an article: no tracking, AMP or fragment; lower-case host, default port dropped.

    The text is given back unchanged when it is no http(s) URL.
    """
    if is_canonical(url):
        return url
    parts = split_url(url)
    if parts is None:
        return url
    host = host_of(parts)
    port = ""
    if parts.port and parts.port not in (80, 443):
        port = f":{parts.port}"
    path = _drop_amp(parts.path) or "/"
    if parts.query:
        asked = parse_qsl(parts.query, keep_blank_values=True)
    else:
        asked = []
    kept = urlencode([(k, v) for k, v in asked if not TRACKING.match(k)])
    return urlunsplit((parts.scheme, _AMP_HOST.sub("www.", host) + port, path, kept, ""))


def _drop_amp(path: str) -> str:
    """A path without what says at its end that it is AMP, however often."""
    while (shorter := _AMP_PATH.sub("/" if path.endswith("/") else "", path)) != path:
        path = shorter
    return path


def join_url(base: str | None, url: str) -> str:
    """Resolve a reference against the page's address; never raises."""
    try:
        return urljoin(base or "", url.strip())
    except ValueError:
        return url
