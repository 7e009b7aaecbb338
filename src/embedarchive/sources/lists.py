"""A list as people keep them (lines, CSV, TSV, JSON, OPML, a browser's bookmarks) turned into what names a seed, by line. Pure.

One bad line never stops the rest: what a line means is decided by whoever asks, and each knows its number.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.errors import UsageError
from embedarchive.core.urls import clean_url, find_urls
from embedarchive.detect.nesting import limit_nesting
from embedarchive.sources.media import is_platform_page

_ADDRESS = re.compile(r"(?i)\b(?:https?|file)://[^\s<>\"\u201c\u201d]+")
_FILE = re.compile(r"(?i)\bfile://[^\s<>\"\u201c\u201d]+")
_HOSTLIKE = re.compile(r"(?i)(?:[a-z0-9_-]{1,63}\.)+[a-z]{2,24}(?::\d{1,5})?(?:[/?#]\S*)?$")
_ENDING = re.compile(r"[.,;:!?'\"*_\]}>]+$")
_HEADINGS = re.compile(
    r"(?i)(?:(?:article|page|source|original|canonical|post|web|news)[ _-]?)?"
    r"(?:urls?|links?|uri|address(?:es)?|href|website)(?:[ _-]?address)?"
)
_BOOKMARKS = re.compile(
    r"(?i)^\s*(?:<!doctype netscape-bookmark|<!doctype html>\s*<html>\s*<!--so long and thanks|(?:<\?xml[^>]*>\s*)?<opml\b"
    r"|(?:<!doctype html>\s*)?<html>\s*<head>[^\x00]{0,300}?<title>\s*(?:instapaper|pocket) ?(?::\s*)?export)"
)
_HTML = re.compile(r"(?i)\s*<(?:!doctype|html)\b")
_JSON = re.compile(r"""\s*[{\[][^\x00]*?"(?:article|article_url|url|uri|href|link)"\s*:\s*"(?:https?:|place:|about:)""")
_JSON_ADDRESSES = ("article", "article_url", "url", "uri", "href", "link")
_JSON_IDS = re.compile(r"(?i)guid|type|index|.*id|.*icon.*|.*uri|.*url")
_SEPARATOR = re.compile(r"(?i)sep=(.)\r?\n")
_ONLY_BETWEEN = re.compile(r"[\s,;|]+")
_TABLES = {".csv": ",", ".tsv": "\t", ".tab": "\t"}


@dataclass(frozen=True, slots=True)
class Line:
    """What one line or row names. `text` is an address, a file's name or what could not be understood.

    `notes` are the other columns by their headings (or the title of a bookmark); a `heading` names nothing.
    """

    number: int
    text: str
    notes: Mapping[str, str] = field(default_factory=dict)
    heading: bool = False


def decode_list(data: bytes) -> str:
    """Decode a list: UTF-8, UTF-16 (what Windows calls Unicode, with its mark or without), else Windows' Western letters."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    if data[:200].count(0) > len(data[:200]) // 4:
        return data.decode("utf-16-be" if data[:1] == b"\x00" else "utf-16-le", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read_list(text: str, name: str, column: str | None = None) -> Iterator[Line]:
    """Give what each line of a list names. `name` is the file's, whose ending tells CSV and TSV.

    `column` is the heading or the number (from 1) of the column that holds addresses; else it is found. Raises UsageError for a
    column that is not there.
    """
    if _BOOKMARKS.match(text) or _HTML.match(text):
        return _read_links(text)
    if is_json_list(text):
        return _read_json(text)
    told = _SEPARATOR.match(text)  # Excel's own first line
    text = text[told.end() :] if told else text
    if told:
        separator = told[1]
    else:
        separator = _find_separator(text, name, column)
    if separator:
        return _read_table(text, separator, column)
    return read_lines(text.splitlines())


def read_lines(lines: Iterable[str]) -> Iterator[Line]:
    """Give what each line names. A `#` begins a comment at the start of a line or after white space: URLs have fragments."""
    first = True
    for number, line in enumerate(lines, 1):
        text = re.sub(r"(?:^|\s)#.*", "", line.strip("\ufeff\r\n")).strip().strip("\x00")
        if text:
            several = _ONLY_BETWEEN.split(text.strip(",;| "))
            if len(several) > 1 and all(map(_ADDRESS.fullmatch, several)):
                yield from (Line(number, each) for each in several)
            else:
                yield Line(number, text, heading=first and _HEADINGS.fullmatch(text.strip("\"'")) is not None)
            first = False


def find_address(text: str) -> str | None:
    """The address that a line holds, in whatever stands around it (see `find_urls`); one with a scheme first, None if none."""
    file = _FILE.search(text)
    if file:
        return _ENDING.sub("", file[0])
    text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
    found = [url for url in find_urls(text) if not url.startswith("at://") and f"://{url}" not in text]
    found = [url.partition("|")[0] if "|" in text.partition(url)[0] else url for url in found]  # between columns
    whole = next((url for url in found if url[:4].lower() == "http"), None)
    if whole or found:
        return clean_url(whole or found[0])
    first = text.strip("\"'<>[]() ").split()[:1]
    word = ""
    if first:
        word = _ENDING.sub("", first[0].split(",")[0])
    if _HOSTLIKE.match(word):
        return word
    return None


def _is_address(cell: str) -> bool:
    cell = cell.strip().strip("<>\"'")
    return bool(_ADDRESS.match(cell) or _HOSTLIKE.match(cell))


def _find_separator(text: str, name: str, column: str | None) -> str | None:
    """What separates columns, None if there are none: by the file's ending, else by its first line's headings."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    for separator in (";", "\t", ","):
        cells = [cell.strip().strip("\"'") for cell in first.split(separator)]
        if len(cells) > 1 and any(_HEADINGS.fullmatch(cell) for cell in cells):
            return separator
    by_name = next((_TABLES[end] for end in _TABLES if name.lower().endswith(end)), None)
    if by_name == "," and first.count(";") > first.count(","):
        return ";"
    if by_name or column is None:
        return by_name or ("\t" if "\t" in first else None)
    if "\t" in first:
        return "\t"
    return ","


def _read_table(text: str, separator: str, column: str | None) -> Iterator[Line]:
    """Give the addresses of a table: of its one column of them, or of every cell where no heading tells columns apart."""
    csv.field_size_limit(1 << 24)
    rows = _read_rows(text, separator)
    start = list(islice(rows, 200))
    headings = _find_headings(start)
    at = _find_column(headings, start[1 if headings else 0 :], column)
    for number, row in enumerate((*start, *rows), 1):
        if not any(cell.strip() for cell in row):
            continue
        if number == 1 and headings:
            yield Line(1, separator.join(row), heading=True)
        elif at is None:
            cells = [cell for cell in row if _is_address(cell)]
            yield from (Line(number, cell.strip()) for cell in cells or [separator.join(row)])
        else:
            names = headings or [f"column {place}" for place in range(1, len(row) + 1)]
            notes = {
                name: cell.strip() for place, (name, cell) in enumerate(zip(names, row, strict=False)) if place != at
            }
            yield Line(number, row[at].strip() if at < len(row) else "", {n: c for n, c in notes.items() if c})


def _read_rows(text: str, separator: str) -> Iterator[list[str]]:
    """Give the rows of a table. One that csv cannot read is given as what stands in its line."""
    rows = csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=separator, skipinitialspace=True)
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield [f"a row that cannot be read ({error})"]


def _find_headings(start: list[list[str]]) -> list[str] | None:
    """The headings of a table: a first row that holds no address, above rows that do."""
    if not start or any(_ADDRESS.search(cell) for cell in start[0]):
        return None
    below = any(_is_address(cell) for row in start[1:] for cell in row)
    named = any(_HEADINGS.fullmatch(cell.strip()) for cell in start[0])
    if below or named:
        return [cell.strip() for cell in start[0]]
    return None


def _find_column(headings: list[str] | None, rows: list[list[str]], column: str | None) -> int | None:
    if column is not None:
        return _find_named(headings, rows, column)
    if headings is None:
        return None
    counts = [sum(place < len(row) and _is_address(row[place]) for row in rows) for place in range(len(headings))]
    named = [place for place, heading in enumerate(headings) if _HEADINGS.fullmatch(heading)]
    best = [place for place in named if counts[place]] or named
    if best:
        return best[0]
    return max(range(len(counts)), key=counts.__getitem__)


def _find_named(headings: list[str] | None, rows: list[list[str]], column: str) -> int:
    names = [heading.casefold() for heading in headings or ()]
    if column.casefold() in names:
        return names.index(column.casefold())
    widest = max(map(len, rows), default=len(names))
    if column.isdecimal() and 1 <= int(column) <= max(widest, len(names)):
        return int(column) - 1
    if headings:
        there = f"there are {', '.join(headings)}"
    else:
        there = f"there are {widest} columns"
    raise UsageError(f"The list has no column {column!r}; {there}. Nothing was done.")


def _read_links(text: str) -> Iterator[Line]:
    """Give the links of a browser's bookmark file, of what Pocket and Instapaper export, of OPML, of a page given as a list."""
    tree = LexborHTMLParser(limit_nesting(text.encode()))
    for number, node in enumerate(tree.css("a[href], outline[xmlurl], outline[url]"), 1):
        said = node.attributes
        address = (said.get("href") or said.get("xmlurl") or said.get("url") or "").strip()
        title = node.text(strip=True) or said.get("title") or said.get("text")
        yield _make_line(number, address, {"title": title} if title else {})


def _read_json(text: str) -> Iterator[Line]:
    """Give the addresses in JSON (bookmarks of Firefox and Chrome, exports) or JSON Lines; texts beside them are notes."""
    number, waiting = 0, _load_all(text)[::-1]
    while waiting:
        value = waiting.pop()
        number += not isinstance(value, list)
        if isinstance(value, str):
            yield Line(number, value)
            continue
        if isinstance(value, dict) and (address := _find_in_json(value)):
            notes = {name: said for name, said in value.items() if isinstance(said, str) and said and said != address}
            yield _make_line(number, address, {n: said for n, said in notes.items() if not _JSON_IDS.fullmatch(n)})
        if isinstance(value, dict):
            children = value.values()
        else:
            children = value
        waiting += reversed([child for child in children if isinstance(child, dict | list)])


def _find_in_json(value: Mapping[str, Any]) -> str | None:
    return next((value[name] for name in _JSON_ADDRESSES if isinstance(value.get(name), str)), None)


def _load_all(text: str) -> list[Any]:
    """The values of a JSON text, or of each line of JSON Lines; a line that is none, as it stands."""
    try:
        return [json.loads(text)]
    except (ValueError, RecursionError):
        return [_load_line(line) for line in text.splitlines() if line.strip()]


def _load_line(line: str) -> Any:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return line
    if isinstance(value, dict | list):
        return value
    return line


def _make_line(number: int, address: str, notes: Mapping[str, str]) -> Line:
    """A link of a list. What is no page's (`place:`, `javascript:`) names nothing, as a heading does."""
    return Line(number, address, notes, heading=re.match(r"(?i)(?:https?|file):", address) is None)


def is_json_list(start: str) -> bool:
    """Whether a file's first characters are those of JSON that names addresses."""
    return start.lstrip()[:1] in ("{", "[") and _JSON.match(start[:4096]) is not None


def has_columns(first: str, column: str | None) -> bool:
    """Whether a list's first line is that of a table."""
    return _SEPARATOR.match(first) is not None or _find_separator(first, "", column) is not None


def has_columns_of_addresses(text: str) -> bool:
    """Whether a text is a table whose headings name a column of addresses, with an address below."""
    separator = _find_separator(text, "", None)
    lines = text.splitlines()
    return bool(separator) and len(lines) > 1 and not _ADDRESS.search(lines[0]) and bool(_ADDRESS.search(lines[1]))


def is_address_list(text: str) -> bool:
    """Whether a text is nothing but addresses of pages, one a line, as a text sitemap is; posts' are a text of posts."""
    lines = [line.strip().lstrip("\ufeff") for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    whole = lines[:-1] or lines  # the last may be cut
    return bool(whole) and all(_ADDRESS.fullmatch(line) and not is_platform_page(line) for line in whole)


def is_bookmarks(start: str) -> bool:
    """Whether a file's first characters are those of a browser's bookmarks."""
    return _BOOKMARKS.match(start) is not None
