"""Saved pages on disk turned into `Seed`s that carry their page as a `Fetch`, as if it had come from the network."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urljoin

from embedarchive.core import clock
from embedarchive.core.dates import to_iso
from embedarchive.core.errors import RefusedError, SourceError
from embedarchive.core.model import Fetch
from embedarchive.egress import check_url
from embedarchive.fetch.body import Body
from embedarchive.sources.intake import Intake
from embedarchive.sources.links import find_canonical
from embedarchive.sources.lists import decode_list, is_bookmarks
from embedarchive.sources.media import is_asset, starts_as_html
from embedarchive.sources.seed import Seed

MAX_BYTES = 100 * 1024 * 1024
_CHUNK = 1 << 16

Kind = Literal["html", "text", "web archive", "list", "unknown"]

_ENDINGS: dict[str, Kind] = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".shtml": "html",
    ".txt": "text",
    ".text": "text",
    ".warc": "web archive",
    ".arc": "web archive",
    ".wacz": "web archive",
    ".csv": "list",
    ".tsv": "list",
}
# What browsers' "save as" and SingleFile write at the top of the file.
_SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d+\)(\S+) -->|<!--\s+Page saved with SingleFile\s+url:\s+(\S+)")


def read_path(path: Path, base_url: str | None, intake: Intake) -> Iterator[Seed]:
    """Give the articles of a file, or of every file under a folder, sorted by path. What is left out is counted.

    `base_url` is the address of the page; for a folder, the address the folder stands for.
    """
    if not path.is_dir():
        yield from _read_file(path, identify_kind(path), base_url, intake)
        return
    for file in sorted(_walk(path)):
        kind = identify_kind(file)
        if kind == "list":
            intake.skip(str(path), "list_in_folder", str(file))
            continue
        if kind == "unknown":
            intake.skip(str(path), "other_type" if is_asset(file.name) else "unknown_kind", str(file))
            continue
        address = base_url and urljoin(base_url.rstrip("/") + "/", quote(file.relative_to(path).as_posix()))
        try:
            yield from _read_file(file, kind, address, intake)
        except SourceError:
            yield _describe_unreadable(file, address)


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder; links to folders are not followed, so there is no loop to walk into."""
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def identify_kind(path: Path) -> Kind:
    """Tell what a file is by the end of its name, else by its beginning."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    known = _ENDINGS.get(Path(name).suffix)
    if known and known != "html":
        return known
    try:
        start = b"" if path.is_dir() else read_body(path, 4096)[0]
    except SourceError:
        return known or "unknown"
    if is_bookmarks(decode_list(start)):
        return "list"
    if known:
        return known
    if start.startswith((b"WARC/", b"filedesc://")) or _is_zip(path):
        return "web archive"
    return "html" if starts_as_html(start) else "unknown"


def _is_zip(path: Path) -> bool:
    """A ZIP file that is no document of an office's: a WACZ may be called so."""
    return (path.suffix.lower() == ".zip" or not is_asset(path.name)) and zipfile.is_zipfile(path)


def _read_file(path: Path, kind: Kind, base_url: str | None, intake: Intake) -> Iterator[Seed]:
    if kind == "web archive":
        from embedarchive.sources.warcs import read_web_archive

        yield from read_web_archive(path, intake)
        return
    if kind == "unknown":
        raise SourceError(f"{path} is no HTML, text, WARC, ARC or WACZ file. Nothing was done.")
    body, truncated = read_body(path, MAX_BYTES)
    url = base_url or path.resolve().as_uri()
    if kind == "html" and not base_url:
        url = find_address(body) or url
    fetch = Fetch(
        url=url,
        final_url=url,
        fetched_at=to_iso(datetime.fromtimestamp(path.stat().st_mtime, UTC)),
        outcome="ok",
        content_type="text/html" if kind == "html" else "text/plain",
        body=body,
        truncated=truncated,
        source=str(path),
    )
    yield Seed(url, str(path), fetch)


def find_address(html: bytes) -> str | None:
    """The address a saved page says it has: canonical or og:url, else what the program that saved it wrote down."""
    saved = _SAVED_FROM.search(html[:4096])
    noted = (saved[1] or saved[2]).decode("utf-8", "replace") if saved else None
    for url in (find_canonical(html, noted), noted):
        try:
            if url:
                return check_url(url)
        except RefusedError:
            continue
    return None


def read_body(path: Path, max_bytes: int) -> tuple[bytes, str | None]:
    """Read a file, unpacked if it is gzip or zstd, and say why it is not the whole if it is not.

    Raises SourceError when it cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            first = file.read(_CHUNK)
            body = Body(_find_packing(first), max_bytes)
            while first and body.add(first):
                first = file.read(_CHUNK)
            if not first:
                body.finish(framed=True)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}. Nothing was done.") from error
    return bytes(body.data), body.truncated


def _find_packing(start: bytes) -> tuple[str, ...]:
    if start.startswith(b"\x1f\x8b"):
        return ("gzip",)
    return ("zstd",) if start.startswith(b"\x28\xb5\x2f\xfd") else ()


def _describe_unreadable(path: Path, base_url: str | None) -> Seed:
    """A file of a folder that cannot be read: a failed fetch, so that the rest goes on and it is not forgotten."""
    url = base_url or path.resolve().as_uri()
    fetch = Fetch(url, url, clock.now(), "failed", reason="unreadable", source=str(path))
    return Seed(url, str(path), fetch)
