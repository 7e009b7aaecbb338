"""What a user wrote on the command line turned into `Seed`s, one article each, lazily."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from urllib.parse import unquote, urlsplit

from embedarchive.core.errors import RefusedError, SourceError
from embedarchive.egress import check_url
from embedarchive.sources.files import MAX_BYTES, identify_kind, read_body, read_path
from embedarchive.sources.intake import Intake
from embedarchive.sources.lists import Line, decode_list, find_address, has_columns, read_lines, read_list
from embedarchive.sources.seed import Seed

Scan = Callable[[Iterator[Seed], Intake], Iterator[Seed]]
"""What reads web archives apart: seeds, some of them whole files -> seeds, pages in place of the files."""

_SCHEME = re.compile(r"(?i)[a-z][a-z0-9+.-]*://")
_FILELIKE = re.compile(r"(?i)[^/]*\.(?:html?|txt|xml|gz|zst|warc|arc|wacz|zip|json|csv|tsv|mhtml?|har)")
_HOSTLIKE = re.compile(r"(?i)(?:[a-z0-9_-]{1,63}\.)+[a-z]{2,24}(?::\d{1,5})?(?:[/?#]|$)")


def expand_seeds(
    args: Iterable[str],
    *,
    base_url: str | None = None,
    stdin: Iterable[str] | None = None,
    column: str | None = None,
    intake: Intake | None = None,
    scan: Scan | None = None,
) -> Iterator[Seed]:
    """Give the articles that the arguments name, in their order, each address once.

    An argument is a URL, a saved page (HTML, text, MHTML, HAR, plain or gzip), a folder of them, a WARC, ARC or WACZ file, a
    saved feed or sitemap, a table (CSV, TSV) or a browser's bookmarks, `@FILE` or `-` for a list with one of these on a line
    (`#` begins a comment). With `scan`, web archives are left to it, one seed each, and what it makes of them is given in
    their place. `column` is the column of tables that holds addresses; an address that another row names with
    notes is given again with these. What is not taken is counted in `intake`, as is a bad line of a list. Raises
    `SourceError` for an argument that is none of them, UsageError for no such column.
    """
    base, intake = _check_base(base_url), Intake() if intake is None else intake
    seeds = _expand_each(args, _Expander(base, sys.stdin if stdin is None else stdin, column, intake), intake)
    if scan:
        intake.apart = True
        seeds = scan(seeds, intake)
    yield from seeds
    if intake.revisits:
        from embedarchive.sources.warcs import resolve_revisits

        yield from resolve_revisits(intake)


def _expand_each(args: Iterable[str], expander: _Expander, intake: Intake) -> Iterator[Seed]:
    """The articles that the arguments name, each address once; a file that is read twice is told twice."""
    seen: set[str] = set()
    for arg in args:
        for seed in expander.expand(arg):
            named = seed.fetch is None and seed.web_archive is None
            if named and seed.url in seen:
                intake.skip(seed.origin, "repeated", seed.url)
                if not seed.notes:  # what a further row notes of an article is kept as well
                    continue
            seen.add(seed.url)
            yield seed


class _Expander:
    """What the arguments of one command are read with."""

    def __init__(self, base_url: str | None, stdin: Iterable[str], column: str | None, intake: Intake) -> None:
        self._base_url = base_url
        self._stdin = stdin
        self._column = column
        self._intake = intake

    def expand(self, arg: str) -> Iterator[Seed]:
        if arg == "-":
            yield from self._expand_stdin()
        elif arg.startswith("@") and not _is_here(arg):
            yield from self._expand_list(Path(arg[1:]), arg)
        elif _is_here(arg) and identify_kind(Path(arg)) == "list":
            yield from self._expand_list(Path(arg), arg)
        else:
            yield from self._expand_one(arg, "argument")

    def _expand_stdin(self) -> Iterator[Seed]:
        """Lines as they come, so that a pipe is followed while it is written; a table is known by its first line."""
        lines = iter(self._stdin)
        first = next(lines, "")
        if first.lstrip().startswith(("<", "{", "[")) or has_columns(first, self._column):
            yield from self._expand_lines(read_list("".join((first, *lines)), "-", self._column), "-")
        else:
            yield from self._expand_lines(read_lines(chain((first,), lines)), "-")

    def _expand_list(self, path: Path, origin: str) -> Iterator[Seed]:
        text = decode_list(_read_list_file(path))
        named = False
        for seed in self._expand_lines(read_list(text, path.name, self._column), origin):
            named = True
            yield seed
        if not named:
            self._intake.skip(origin, "nothing_found", origin)

    def _expand_lines(self, lines: Iterable[Line], origin: str) -> Iterator[Seed]:
        """Expand each line; one that cannot be understood is counted, by its number, and the rest goes on."""
        for line in lines:
            if line.heading:
                self._intake.skip(origin, "comment", line.text)
                continue
            try:
                for seed in self._expand_line(line.text, origin):
                    yield replace(seed, notes=line.notes, noted_by=origin) if line.notes else seed
            except SourceError as error:
                said = str(error).removesuffix(" Nothing was done.")
                self._intake.skip(origin, "bad_line", f"line {line.number}: {line.text[:200]}", said)

    def _expand_line(self, text: str, origin: str) -> Iterator[Seed]:
        if _is_here(text):
            return self._expand_one(text, origin)
        return self._expand_one(find_address(text) or text, origin)

    def _expand_one(self, text: str, origin: str) -> Iterator[Seed]:
        if text.lower().startswith("file://"):
            yield from read_path(Path(unquote(urlsplit(text).path)), self._base_url, self._intake)
        elif _SCHEME.match(text):
            yield Seed(_check(text), origin)
        elif _is_here(text):
            yield from read_path(Path(text), self._base_url, self._intake)
        elif _HOSTLIKE.match(text) and not _FILELIKE.fullmatch(text):
            yield Seed(_check(f"https://{text}"), origin)
        else:
            raise SourceError(
                f"{text!r} is neither an address nor a file that is here. Nothing was done. "
                "Give a URL (https://…), a saved page, a folder, a web archive, @LIST, or - for standard input."
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
    if base_url is None:
        return None
    return _check(base_url)


def _read_list_file(path: Path) -> bytes:
    try:
        return read_body(path, MAX_BYTES)[0]
    except SourceError as error:
        raise SourceError(f"The list {path} cannot be read. {error}") from error
