"""Saved pages on disk turned into `Seed`s that carry their page as a `Fetch`, as if it had come from the network."""

from __future__ import annotations

import os
import re
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
from embedarchive.sources.links import find_canonical
from embedarchive.sources.seed import Seed

MAX_BYTES = 100 * 1024 * 1024
_CHUNK = 1 << 16

Kind = Literal["html", "text", "warc", "wacz", "unknown"]

_ENDINGS: dict[str, Kind] = {
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".shtml": "html",
    ".txt": "text",
    ".text": "text",
    ".warc": "warc",
    ".wacz": "wacz",
}
_HTML_START = re.compile(
    rb"(?is)^[\s\xef\xbb\xbf\xfe\xff\x00]*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head)\b"
)
# What browsers' "save as" and SingleFile write at the top of the file.
_SAVED_FROM = re.compile(rb"<!-- saved from url=\(\d+\)(\S+) -->|<!--\s+Page saved with SingleFile\s+url:\s+(\S+)")


def read_path(path: Path, base_url: str | None) -> Iterator[Seed]:
    """Give the articles of a file, or of every file under a folder, sorted by path.

    `base_url` is the address of the page; for a folder, the address the folder stands for.
    """
    if not path.is_dir():
        yield from _read_file(path, identify_kind(path), base_url)
        return
    for file in sorted(_walk(path)):
        kind = identify_kind(file)
        if kind == "unknown":
            continue
        address = base_url and urljoin(base_url.rstrip("/") + "/", quote(file.relative_to(path).as_posix()))
        try:
            yield from _read_file(file, kind, address)
        except SourceError:
            yield _describe_unreadable(file, address)


def _walk(folder: Path) -> Iterator[Path]:
    """Every file below a folder; links to folders are not followed, so there is no loop to walk into."""
    for parent, _, names in os.walk(folder):
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def identify_kind(path: Path) -> Kind:
    """Tell what a file is by the end of its name, else by its beginning."""
    name = path.name.lower().removesuffix(".gz")
    known = _ENDINGS.get(Path(name).suffix)
    if known:
        return known
    try:
        start = read_body(path, 4096)[0]
    except SourceError:
        return "unknown"
    if start.startswith(b"WARC/"):
        return "warc"
    return "html" if _HTML_START.match(start) else "unknown"


def _read_file(path: Path, kind: Kind, base_url: str | None) -> Iterator[Seed]:
    if kind in ("warc", "wacz"):
        from embedarchive.sources.warcs import read_web_archive

        yield from read_web_archive(path)
        return
    if kind == "unknown":
        raise SourceError(f"{path} is no HTML, text, WARC or WACZ file. Nothing was done.")
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
    """Read a file, unpacked if it is gzip, and say why it is not the whole if it is not.

    Raises SourceError when it cannot be read at all.
    """
    try:
        with path.open("rb") as file:
            first = file.read(_CHUNK)
            body = Body("gzip" if first.startswith(b"\x1f\x8b") else "", max_bytes)
            while first and body.add(first):
                first = file.read(_CHUNK)
            if not first:
                body.finish(framed=True)
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}. Nothing was done.") from error
    return bytes(body.data), body.truncated


def _describe_unreadable(path: Path, base_url: str | None) -> Seed:
    """A file of a folder that cannot be read: a failed fetch, so that the rest goes on and it is not forgotten."""
    url = base_url or path.resolve().as_uri()
    fetch = Fetch(url, url, clock.now(), "failed", reason="unreadable", source=str(path))
    return Seed(url, str(path), fetch)
