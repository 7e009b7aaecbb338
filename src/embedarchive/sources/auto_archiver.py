"""What auto-archiver wrote down (sheets, databases, `metadata.json`) -> what each row says of a post, and its files in hand.

https://github.com/bellingcat/auto-archiver: `gsheet_feeder_db` fills a sheet, which is here as CSV; `csv_db` writes the columns
`status, metadata, media`, whose cells are Python's own spelling of values; `json_enricher` writes the same as JSON. Cells are
parsed and looked at, never run. Files are taken from the folder in which the row's own file lies, and from nowhere else.
"""

from __future__ import annotations

import ast
import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from selectolax.lexbor import LexborHTMLParser

from embedarchive.core.dates import to_iso
from embedarchive.core.errors import SourceError
from embedarchive.detect.nesting import limit_nesting
from embedarchive.sources.files import read_body, walk_files
from embedarchive.sources.intake import Intake
from embedarchive.sources.lists import decode_list

NAME = "auto-archiver"
_SEPARATOR = re.compile(r"sep=[,;\t]\r?\n")
"""The first line that Excel takes for its own."""
_METADATA = re.compile(r'(?s)(?=.*"status"\s*:\s*")(?=.*"metadata"\s*:\s*\{)\s*\{\s*"(?:status|metadata|media)"\s*:')
REPORT = b'href="https://github.com/bellingcat/auto-archiver"'
"""What stands in each page that it makes of a row (`html_formatter`): a report, and nobody's article."""
LARGEST_SHEET = 100 * 1024 * 1024
LONGEST_CELL = 4 * 1024 * 1024
LARGEST_FILE = 512 * 1024 * 1024
MOST_INDEXED = 500_000
"""Files of a folder among which a row's are looked for."""

READERS = re.compile(
    r"(?i)^(?:\[cached\] )?(?:yt-dlp_(?!generic\b)\w+|insta post|instagram|insta-via-bot|twitter-api|telegram|telethon)"
    r"[\w -]*: success"
)
"""What read the post itself. What only kept a page (`wacz`, `wayback`) may have kept a login."""

_CSV_DB = ["status", "metadata", "media"]
_SHEET = {
    "link": "url", "archive status": "status", "archive location": "archive", "archive date": "at", "text content": "text",
    "upload title": "title", "upload timestamp": "posted_at", "hash": "hash",
}  # fmt: skip
"""The headings that a sheet has where nobody named others."""
_NO_MEDIA = (
    "screenshot",
    "browsertrix",
    "metadata_json",
    "_final_media",
    "thumbnail",
    "pdq",
    "timestamp",
    "ssl",
    "wacz",
)
"""What auto-archiver made itself, by the `id` that it gives."""
_KINDS = ("image/", "video/", "audio/")


@dataclass(frozen=True, slots=True)
class ToldFile:
    """A file of a post: where it says it is (`url`, of the web or ''), in hand at `path` or not, and its hash as noted."""

    url: str
    path: Path | None
    noted_hash: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What one row says of an address; `at` is when it was archived (ISO 8601) or None, `status` as it stands there."""

    url: str
    status: str
    at: str | None
    title: str | None = None
    text: str | None = None
    author: str | None = None
    posted_at: str | None = None
    files: tuple[ToldFile, ...] = ()

    @property
    def is_read(self) -> bool:
        """Whether something read the post itself, and tells anything of it."""
        return READERS.match(self.status) is not None and bool(self.text or self.title or self.files)


def find_sheets(path: Path) -> Iterator[Path]:
    """A sheet, a database or a `metadata.json` of auto-archiver's, or every one below a folder, sorted by path."""
    files = [path]
    if path.is_dir():
        files = sorted(walk_files(path, Intake()))
    yield from (file for file in files if is_sheet(file))


def is_sheet(path: Path) -> bool:
    """Whether a file is one that auto-archiver filled, by its first line."""
    ending = path.suffix.lower()
    if ending not in (".csv", ".tsv", ".json"):
        return False
    try:
        start = decode_list(read_body(path, 64 * 1024)[0])
    except SourceError:
        return False
    if ending == ".json":
        return _METADATA.match(start) is not None
    headings, _ = split_table(start)
    return headings == _CSV_DB or {"link", "archive status"} <= set(headings)


def split_table(text: str) -> tuple[list[str], Iterator[list[str]]]:
    """The headings of a table, in small letters, and its rows; of a text that is none no headings.

    Between cells is what Excel and others put there: a comma, where a comma is in numbers a semicolon, or a tab. Lines end as
    they may.
    """
    told = _SEPARATOR.match(text)
    if told:
        text = text[told.end() :]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    line = text.partition("\n")[0]
    separator = max(",;\t", key=line.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        return [cell.strip().lower() for cell in next(rows, [])], rows
    except csv.Error:
        return [], rows


def read_sheet(path: Path) -> Iterator[Told | None]:
    """What each row says; None for one that cannot be read. Raises SourceError where the file cannot be read at all."""
    body, _ = read_body(path, LARGEST_SHEET)
    text = decode_list(body).replace("\x00", "")
    at_hand = FilesAtHand(path.parent)
    if path.suffix.lower() == ".json":
        yield read_told(load_json(text), at_hand)
        return
    csv.field_size_limit(1 << 24)
    headings, rows = split_table(text)
    while True:
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error:
            yield None
            continue
        if any(cell.strip() for cell in cells):
            row = dict(zip(headings, cells, strict=False))
            yield read_told(load_row(row), at_hand) if headings == _CSV_DB else read_row(row, at_hand)


# ----------------------------------------------------------------------------------------------------------------- values


def load_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def load_row(row: Mapping[str, str]) -> Any:
    """A row of `csv_db` as the values that its cells spell."""
    return {"status": row["status"]} | {name: load_value(row.get(name, "")) for name in ("metadata", "media")}


def load_value(text: str) -> Any:
    """What a cell in Python's spelling says, parsed and never run; None for what is none."""
    if len(text) > LONGEST_CELL:
        return None
    try:
        return read_node(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, RecursionError, MemoryError, TypeError):
        return None


def read_node(node: ast.AST) -> Any:
    """A value by its syntax: texts, numbers, lists, mappings, moments; of anything else nothing."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
        return -node.operand.value if isinstance(node.operand.value, int | float) else None
    if isinstance(node, ast.List | ast.Tuple | ast.Set):
        return [read_node(each) for each in node.elts]
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        return {key.value: read_node(value) for key, value in pairs if isinstance(key, ast.Constant)}
    if isinstance(node, ast.Call) and ast.unparse(node.func) in ("datetime.datetime", "datetime"):
        return read_moment(node)
    return None


def read_moment(node: ast.Call) -> str | None:
    """A moment as ISO 8601; one whose zone is not UTC is none, for we would have to run code to know it."""
    numbers = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, int)]
    zone = next((ast.unparse(each.value) for each in node.keywords if each.arg == "tzinfo"), "datetime.timezone.utc")
    if zone not in ("datetime.timezone.utc", "tzutc()") or len(numbers) != len(node.args) or len(numbers) < 3:
        return None
    try:
        return to_iso(datetime(*numbers[:7], tzinfo=UTC))  # type: ignore[arg-type, misc]
    except ValueError:
        return None


def as_moment(value: Any) -> str | None:
    """A moment as auto-archiver spells it in JSON and in sheets, as ISO 8601 in UTC; None where it is none."""
    try:
        when = datetime.fromisoformat(str(value).strip().replace("Z", "+00:00"))
        return to_iso(when.replace(tzinfo=when.tzinfo or UTC).astimezone(UTC))
    except (ValueError, OverflowError):
        return None


def as_text(value: Any) -> str | None:
    if isinstance(value, str) and value.strip():
        return value.strip()
    return None


# ------------------------------------------------------------------------------------------------------------------- rows


class FilesAtHand:
    """The files below a folder, found by what a row calls them; nothing outside of it is ever looked at."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._by_name: dict[str, list[Path]] | None = None

    def find(self, places: Iterable[Any]) -> Path | None:
        """The file that one of these places (a path, an address) names: by the longest end of it that is here."""
        for place in places:
            path = unquote(urlsplit(place).path) if isinstance(place, str) and is_plain(place) else ""
            parts = [part for part in path.split("/") if part not in ("", ".", "..")]
            near = self._list().get(parts[-1], []) if parts else []
            ends = sorted(near, key=lambda each: -count_alike(each.parts, parts))
            if ends and (len(near) == 1 or count_alike(ends[0].parts, parts) > count_alike(ends[1].parts, parts)):
                return ends[0]
        return None

    def _list(self) -> dict[str, list[Path]]:
        if self._by_name is None:
            self._by_name = {}
            for number, path in enumerate(walk_files(self._folder, Intake())):
                if number == MOST_INDEXED:
                    break
                if not path.is_symlink():
                    self._by_name.setdefault(path.name, []).append(path)
        return self._by_name


def is_plain(place: str) -> bool:
    try:
        urlsplit(place)
    except ValueError:
        return False
    return len(place) < 4000


def count_alike(one: tuple[str, ...], other: list[str]) -> int:
    """How many of the last parts of two paths are the same."""
    count = 0
    for mine, theirs in zip(reversed(one), reversed(other), strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def read_told(value: Any, at_hand: FilesAtHand) -> Told | None:
    """What a row of `csv_db`, or a `metadata.json`, says; None where it names no address."""
    if not isinstance(value, dict) or not isinstance(said := value.get("metadata"), dict):
        return None
    url = as_text(said.get("url"))
    if url is None:
        return None
    media = value.get("media")
    listed = [each for each in media if isinstance(each, dict)] if isinstance(media, list) else []
    return Told(
        url, str(value.get("status") or ""), as_moment(said.get("_processed_at")), as_text(said.get("title")),
        as_text(said.get("content")) or as_text(said.get("description")), as_text(said.get("author")),
        as_moment(said.get("timestamp")), tuple(file for each in listed for file in read_media(each, at_hand)),
    )  # fmt: skip


def read_media(media: Mapping[str, Any], at_hand: FilesAtHand) -> Iterator[ToldFile]:
    """The file that one of a row's media is, where it is the post's own."""
    noted = media.get("properties")
    properties: Mapping[str, Any] = noted if isinstance(noted, dict) else {}
    made_as = str(properties.get("id") or "").lower()
    kind = str(media.get("_mimetype") or "image/")
    if made_as.startswith(_NO_MEDIA) or not kind.startswith(_KINDS):
        return
    urls = media.get("urls")
    places = [*(urls if isinstance(urls, list) else ()), media.get("_key"), media.get("filename")]
    address = next((each for each in (properties.get("src"), *places) if is_of_the_web(each)), "")
    yield ToldFile(str(address), at_hand.find(places), str(properties.get("hash") or ""))


def read_row(row: Mapping[str, str], at_hand: FilesAtHand) -> Told | None:
    """What a row of a sheet says; None where it names no address."""
    said = {name: row.get(heading, "").strip() for heading, name in _SHEET.items()}
    if not said["url"]:
        return None
    places = said["archive"].split("\n")
    files: tuple[ToldFile, ...] = ()
    kept = at_hand.find(places)
    if kept is not None and kept.suffix.lower() in (".html", ".htm"):
        files = tuple(read_list_of_files(kept, at_hand))
    elif kept is not None or places[0].lower().endswith((".jpg", ".jpeg", ".png", ".webp", ".mp4", ".webm")):
        address = next((each for each in places if is_of_the_web(each)), "")
        files = (ToldFile(address, kept, said["hash"]),)
    return Told(
        said["url"], said["status"], as_moment(said["at"]), as_text(said["title"]), as_text(said["text"]), None,
        as_moment(said["posted_at"]), files,
    )  # fmt: skip


def read_list_of_files(page: Path, at_hand: FilesAtHand) -> Iterator[ToldFile]:
    """The files that a page of auto-archiver's lists (`html_formatter`): one row of its table each, with what it is."""
    try:
        body, _ = read_body(page, LARGEST_SHEET)
    except SourceError:
        return
    for row in LexborHTMLParser(limit_nesting(body)).css("table.content tr"):
        first = row.css_first("td > ul")
        said: dict[str, str] = {}
        for item in first.css("li") if first else ():
            name, _, value = item.text(strip=True).partition(":")
            said.setdefault(name.strip(), value.strip())
        links = [link.attributes.get("href") for link in row.css("a[href]") if link.text(strip=True) == "open"]
        properties = {"id": said.get("id", ""), "src": said.get("src", ""), "hash": said.get("hash", "")}
        if said.get("type"):
            media = {"_mimetype": said["type"], "urls": links, "_key": said.get("key"), "properties": properties}
            yield from read_media(media, at_hand)


def is_of_the_web(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def read_file(file: ToldFile) -> bytes | None:
    """The bytes of a file in hand; None for one that is not, is too large, or is not what its row's hash is of."""
    if file.path is None:
        return None
    try:
        if file.path.stat().st_size > LARGEST_FILE:
            return None
        body = file.path.read_bytes()
    except OSError:
        return None
    if file.noted_hash and not is_hash_of(file.noted_hash, body):
        return None
    return body


_HASHES = {"sha-256": "sha256", "sha3-512": "sha3_512"}


def is_hash_of(noted: str, body: bytes) -> bool:
    """Whether a hash as auto-archiver writes it (`SHA-256:…`) is of these bytes; one of a kind not known says nothing."""
    kind, _, digest = noted.partition(":")
    name = _HASHES.get(kind.strip().lower())
    if name is None:
        return True
    return hashlib.new(name, body).hexdigest() == digest.strip().lower()
