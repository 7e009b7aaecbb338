"""A text that nothing was found for -> other ways to write what it may be: an address broken over lines, half of one. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from itertools import chain

from embedarchive.core.urls import find_bare_inner, find_inner, find_urls, split_url

_TRANSLATED = ".translate.goog"
"""Google's translation shows `www.news-site.example` under `www-news--site-example.translate.goog`."""

_PART_OF_PATH = re.compile(r"/?(?:[\w.@-]+/){1,4}([\w.-]+)/?")
_AROUND = " \t\"'“”„‘’«»()[]{}<>.,:;!?…/|`*"
"""What stands around a word in a text and is no part of it."""

_OPENED = (
    (r"(?:tg|telegram)://resolve\?domain=(\w+)&post=(\d+).*", r"https://t.me/\1/\2"),
    (r"twitter://status\?(?:id|status_id)=(\d+).*", r"https://x.com/i/status/\1"),
    (r"instagram://media\?id=(\d+).*", r"\1"),
    (r"(?:vnd\.)?youtube:(?://)?(?:watch/?\?v=|www\.youtube\.com/watch\?v=)?([\w-]{11}).*", r"https://youtu.be/\1"),
    (r"/?(?:watch)?\??v=([\w-]{11})(?:&.*)?", r"https://youtu.be/\1"),
    (r"(?:https?://)?deck\.blue/(profile/.+)", r"https://bsky.app/\1"),
    (r"(?:https?://)?tgstat\.\w+/channel/@?(\w+/\d+)", r"https://t.me/\1"),
    (
        r"(?:https?://)?(?:www\.)?(?:reveddit|unddit|undelete)\.\w+/[rv](/\w+/comments/\w+).*",
        r"https://www.reddit.com/r\1/",
    ),
    (r"(\d{4})(\d{2})(\d{2})(?:\d{6})?", r"\1-\2-\3"),
)
"""Addresses that open an app, tails of addresses, dates without anything between -> what says the same."""

_DEFANGED = re.compile(r"\[(?:\.|dot)\]|\((?:\.|dot)\)")
_LINK = re.compile(r"(?:https?://|pic\.(?:twitter|x)\.com/)\S+")
_SKIN = re.compile("[\U0001f3fb-\U0001f3ff\u200d\ufe0f]")
_TATWEEL = "\u0640"
"""A stroke that lengthens an Arabic word, and is no letter of it."""


def write_otherwise(text: str) -> tuple[str, ...]:
    """Other spellings of a text, the likeliest first; none that is the text itself."""
    others = chain.from_iterable(rule(text) for rule in _RULES)
    return tuple(other for other in dict.fromkeys(others) if other and other != text)


def _write_plain(text: str) -> Iterator[str]:
    """Slashes as JSON escapes them, wide letters, a translated page, an address in pieces or made harmless."""
    yield text.replace("\\/", "/")
    yield unicodedata.normalize("NFKC", text)
    yield find_translated(text) or ""
    if re.match(r"(?i)https?\s?://|hxxps?|www\.", text) or _DEFANGED.search(text):
        whole = "".join(_DEFANGED.sub(".", text).split())
        yield re.sub(r"(?i)^hxxp", "http", whole)
    if match := _PART_OF_PATH.fullmatch(text):
        yield match[1]


def _write_opened(text: str) -> Iterator[str]:
    for form, same in _OPENED:
        if re.fullmatch(form, text):
            yield re.sub(form, same, text)


def _write_bare(text: str) -> Iterator[str]:
    """Without quotation marks and punctuation around it, without links in it."""
    yield text.strip(_AROUND)
    unlinked = " ".join(_LINK.sub(" ", text).split()).strip(_AROUND)
    if " " in unlinked:
        yield unlinked


def _write_signs(text: str) -> Iterator[str]:
    """Emoji once each, whatever their skin, hair and sex; Arabic without its long strokes."""
    yield text.replace(_TATWEEL, "")
    if not any(map(str.isalnum, text)):
        signs = dict.fromkeys(_SKIN.sub(" ", text).replace(" ", ""))
        yield " ".join(signs)
        yield next(iter(signs), "")


_RULES: tuple[Callable[[str], Iterator[str]], ...] = (_write_plain, _write_opened, _write_bare, _write_signs)


# ------------------------------------------------------------------------------------------------------------ addresses


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


_EDITION = re.compile(
    r"(?i)/(?:print|printer|drucken|druckansicht|imprimir|imprimer|stampa|amp|embed|feed|rss|comments?|kommentare|all|single|"
    r"full|(?:index|default)\.\w{2,5}|page[/-]\d{1,2}|seite[/-]?\d{1,2}|comment-page-\d{1,3}|\d{1,2})/?$|"
    r"[,._-](?:print|druck|amp|mobile)(?=\.\w{2,5}$|$)|^/(?:print|druck|mobile|amp|m)(?=/.)"
)
"""What the path of a page says more than the article: how it is laid out, which part of it, what stands below it."""

_EXTENSION = re.compile(r"(?i)\.(?:html?|php|aspx?|shtml|jsp|amp)$")
_SITE_EDITION = re.compile(r"(?i)^(?:mobil|mobi|touch|print|wap|beta|edition)\.")
_SLUG = re.compile(r"[^/]-[^/]|\d{3}")
"""What the path of an article has and that of a page that takes its article from the query has not."""


def write_page_otherwise(url: str) -> tuple[str, ...]:
    """Other addresses of the article that a page shows, the likeliest first: to print, its second page, its comments."""
    parts = split_url(url)
    if parts is None or not _SLUG.search(parts.path):
        return ()
    paths = [parts.path]
    while (shorter := _EDITION.sub("", paths[-1])) != paths[-1]:
        paths.append(shorter)
    plain = paths[-1].rstrip("/")
    bare = _EXTENSION.sub("", plain)
    paths += [bare, f"{bare}.html", f"{bare}.htm", plain.lower()]
    hosts = dict.fromkeys((parts.netloc, _SITE_EDITION.sub("", parts.netloc)))
    made = [
        parts._replace(netloc=host, path=path, query="", fragment="").geturl()
        for path in dict.fromkeys(paths)
        for host in hosts
        if _SLUG.search(path)
    ]
    return tuple(each for each in dict.fromkeys(made) if each != url)


_NUMBER = re.compile(r"(?<!\d)\d{6,12}(?!\d)")


def find_page_number(url: str) -> str | None:
    """The number that a newsroom's system knows an article by, where its address has one: the last of six digits or more."""
    parts = split_url(url)
    numbers = _NUMBER.findall(parts.path) if parts else []
    return next(reversed(numbers), None)


_FILE = re.compile(r"([\w~-]{12,150})(?:\.(?:jpe?g|png|webp|heic|gif|mp4|mov|webm|m4v))?(?::\w+)?", re.I)
_OF_FILES = re.compile(r"(?i)cdn|twimg|scontent|media|img|images")
_FILE_LIKE = re.compile(r"(?i)\.(?:jpe?g|png|webp|heic|gif|mp4|mov|webm|m4v)(?::\w+)?$|\d_n$")


def find_file_name(text: str) -> str | None:
    """The name, without its ending, of a file that an address or a text names, where it is one that only that file has."""
    parts = None
    if "/" in text:
        parts = split_url(text)
    name = text
    if parts:
        name = parts.path.rstrip("/").rpartition("/")[2]
    elif "/" in text:
        return None
    m = _FILE.fullmatch(name)
    if m is None or not any(map(str.isdigit, m[1])):
        return None
    if _FILE_LIKE.search(name) or (parts and _OF_FILES.search(parts.netloc)):
        return m[1]
    return None


# -------------------------------------------------------------------------------------------------------- several, or in it

MOST_PIECES = 20
_THING = re.compile(r"(?:https?://|www\.)\S+|[a-z]{1,12}:[\w./:-]{5,200}|@[\w.-]+(?:@[\w.-]+)?|\d{9,25}")
_BULLET = re.compile(r"^(?:[-*•·>]|\d{1,3}[.)])\s+")


def split_pieces(text: str) -> tuple[str, ...]:
    """The addresses, keys, numbers and handles of a text that is a list of them; empty where it is anything else."""
    urls = list(dict.fromkeys(u for each in re.split(r"[,;|](?=https?://)", text) for u in find_urls(each)))
    if len(urls) > 1 and "<" not in text and all("://" in url for url in urls):
        return tuple(urls[:MOST_PIECES])
    pieces = [
        each for line in text.splitlines() for each in re.split(r"[\s,;|]+", _BULLET.sub("", line.strip())) if each
    ]
    if len(pieces) > 1 and all(map(_THING.fullmatch, pieces)):
        return tuple(dict.fromkeys(pieces))[:MOST_PIECES]
    return ()


_TOKEN = re.compile(r"(?<![\w-])[\w-]{9,40}(?![\w-])", re.ASCII)
_DIGITS = re.compile(r"(?<!\d)(?:\d{9,25}|\d{1,3}(?:[,.  ]\d{3}){3,7})(?!\d)")
SURE_DIGITS = 15
"""A number of so many digits is that of one post in the world; of fewer, a page may have it too."""


def find_ids(text: str) -> tuple[str, ...]:
    """What stands in a text and may be the id of a post: long numbers, and runs of letters that are no word."""
    numbers = [re.sub(r"\D", "", each) for each in _DIGITS.findall(text)]
    codes = [each for each in _TOKEN.findall(text) if _is_code(each)]
    return tuple(dict.fromkeys([*codes, *numbers]))[:MOST_PIECES]


def _is_code(token: str) -> bool:
    """Whether it mixes letters as no word does: `DUm6L771dVL`."""
    inner = token[1:]
    capitals = any(map(str.isupper, inner)) and any(map(str.islower, inner))
    return len(token) <= 12 and (capitals or (any(map(str.isdigit, token)) and any(map(str.isalpha, token))))
