"""What a user wrote on the command line turned into `Seed`s, one article each, lazily."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from embedarchive.core.errors import RefusedError, SourceError
from embedarchive.egress import check_url
from embedarchive.sources.files import read_path
from embedarchive.sources.seed import Seed

_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*://")
_FILELIKE = re.compile(r"(?i)[^/]*\.(?:html?|txt|xml|gz|warc|wacz|json|csv)")
_HOSTLIKE = re.compile(r"(?i)(?:[a-z0-9_-]{1,63}\.)+[a-z]{2,24}(?::\d{1,5})?(?:[/?#]|$)")


def expand_seeds(
    args: Iterable[str], *, base_url: str | None = None, stdin: Iterable[str] | None = None
) -> Iterator[Seed]:
    """Give the articles that the arguments name, in their order, each address once.

    An argument is a URL, a saved page (.html or .txt, plain or gzip), a folder of them, a WARC or WACZ file, `@FILE` or
    `-` for a list with one of these on a line (`#` begins a comment). Raises `SourceError` for what is none of them.
    """
    base = _check_base(base_url)
    seen: set[str] = set()
    for arg in args:
        for seed in _expand(arg, base, sys.stdin if stdin is None else stdin):
            if seed.fetch is None and seed.url in seen:
                continue
            seen.add(seed.url)
            yield seed


def _expand(arg: str, base_url: str | None, stdin: Iterable[str]) -> Iterator[Seed]:
    if arg == "-":
        yield from _expand_lines(stdin, "-", base_url)
    elif arg.startswith("@") and not _is_here(arg):
        yield from _expand_lines(_read_lines(Path(arg[1:])), arg, base_url)
    else:
        yield from _expand_one(arg, "argument", base_url)


def _expand_lines(lines: Iterable[str], origin: str, base_url: str | None) -> Iterator[Seed]:
    """Expand each line. A `#` is a comment at the start of a line or after white space: URLs have fragments."""
    for line in lines:
        text = re.sub(r"(?:^|\s)#.*", "", line.strip("\ufeff\r\n")).strip()
        if text:
            yield from _expand_one(text, origin, base_url)


def _expand_one(text: str, origin: str, base_url: str | None) -> Iterator[Seed]:
    if text.lower().startswith("file://"):
        yield from read_path(Path(unquote(urlsplit(text).path)), base_url)
    elif _SCHEME.match(text):
        yield Seed(_check(text), origin)
    elif _is_here(text):
        yield from read_path(Path(text), base_url)
    elif _HOSTLIKE.match(text) and not _FILELIKE.fullmatch(text):
        yield Seed(_check(f"https://{text}"), origin)
    else:
        raise SourceError(
            f"{text!r} is neither an address nor a file that is here. Nothing was done. "
            "Give a URL (https://…), a saved page, a folder, a WARC or WACZ file, @LIST, or - for standard input."
        )


def _is_here(name: str) -> bool:
    try:
        return bool(name) and Path(name).exists()
    except OSError:  # longer than a file name may be
        return False


def _check(url: str) -> str:
    try:
        return check_url(url.partition("#")[0])
    except RefusedError as error:
        raise SourceError(f"{url!r} cannot be fetched. {error} Nothing was done.") from error


def _check_base(base_url: str | None) -> str | None:
    return None if base_url is None else _check(base_url)


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"The list {path} cannot be read: {error}. Nothing was done.") from error
