"""A WARC or WACZ file turned into `Seed`s: the HTML pages in it, with the address and date they were captured at."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin
from zipfile import BadZipFile, ZipFile

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from embedarchive.core import clock
from embedarchive.core.dates import to_iso
from embedarchive.core.errors import RefusedError, SourceError
from embedarchive.core.model import Fetch
from embedarchive.egress import check_url
from embedarchive.fetch import redact_headers
from embedarchive.sources.seed import Seed

MAX_BYTES = 100 * 1024 * 1024
"""Of one page, decoded."""

_MAX_PAGES_LIST = 64 * 1024 * 1024
_CHUNK = 1 << 16
_HTML = ("text/html", "application/xhtml+xml")
_DAMAGE = (ArchiveLoadFailed, OSError, EOFError, zlib.error, BadZipFile, UnicodeError, ValueError)


def read_web_archive(path: Path) -> Iterator[Seed]:
    """Give the pages of a WARC or WACZ file one by one. Damage ends it with a failed fetch that says so.

    Raises SourceError when the file cannot be read at all.
    """
    is_wacz = path.suffix.lower() == ".wacz"
    try:
        yield from _read_wacz(path) if is_wacz else _read_warc_file(path)
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno:
            raise SourceError(f"{path} cannot be read: {error.strerror}. Nothing of it was taken.") from error
        yield Seed(path.resolve().as_uri(), str(path), _describe_damage(path))


def _read_warc_file(path: Path) -> Iterator[Seed]:
    with path.open("rb") as file:
        yield from _read_warc(file, str(path), None)


def _read_wacz(path: Path) -> Iterator[Seed]:
    """Read each WARC inside, as a stream: nothing is unpacked to disk, so no name in the file can lead anywhere."""
    with ZipFile(path) as wacz:
        pages = _read_pages(wacz)
        for name in sorted(n for n in wacz.namelist() if n.startswith("archive/") and ".warc" in n):
            with wacz.open(name) as file:
                yield from _read_warc(file, f"{path}!{name}", pages)


def _read_pages(wacz: ZipFile) -> set[str] | None:
    """The addresses that the crawl called pages (all other HTML is frames), or None where it does not say."""
    pages: set[str] = set()
    for name in ("pages/pages.jsonl", "pages/extraPages.jsonl"):
        if name not in wacz.namelist():
            continue
        with wacz.open(name) as file:
            for line in file.read(_MAX_PAGES_LIST).splitlines():
                page = _read_json(line)
                if isinstance(page, dict) and isinstance(page.get("url"), str):
                    pages.add(page["url"])
    return pages or None


def _read_json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _read_warc(file: IO[bytes], source: str, pages: set[str] | None) -> Iterator[Seed]:
    for record in ArchiveIterator(file):
        if record.rec_type != "response" or not record.http_headers:
            continue
        url = record.rec_headers.get_header("WARC-Target-URI") or ""
        if pages is not None and url not in pages:
            continue
        status, location = record.http_headers.get_statuscode(), record.http_headers.get_header("Location")
        if pages is not None and status.startswith("3") and location:
            pages.add(urljoin(url, location))  # the page is where its redirect led
        content_type = (record.http_headers.get_header("Content-Type") or "").lower()
        if status == "200" and content_type.startswith(_HTML):
            seed = _read_record(record, url, source)
            if seed:
                yield seed


def _read_record(record: Any, url: str, source: str) -> Seed | None:
    try:
        url = check_url(url.partition("#")[0])
    except RefusedError:
        return None
    body, truncated = _read_payload(record)
    fetch = Fetch(
        url=url,
        final_url=url,
        fetched_at=_read_date(record.rec_headers.get_header("WARC-Date")),
        outcome="ok",
        status=200,
        headers=redact_headers(record.http_headers.headers),
        content_type=record.http_headers.get_header("Content-Type"),
        body=body,
        truncated=truncated or record.rec_headers.get_header("WARC-Truncated"),
        remote_address=record.rec_headers.get_header("WARC-IP-Address"),
        source=source,
    )
    return Seed(url, source, fetch)


def _read_payload(record: Any) -> tuple[bytes, str | None]:
    """Read and decode a record's body. warcio takes a cut file for a short one; the length it announced tells."""
    stream, body = record.content_stream(), bytearray()
    try:
        while chunk := stream.read(_CHUNK):
            body += chunk
            if len(body) > MAX_BYTES:
                return bytes(body[:MAX_BYTES]), "too_large"
    except _DAMAGE:
        return bytes(body), "damaged"
    return bytes(body), "incomplete" if getattr(record.raw_stream, "limit", 0) > 0 else None


def _read_date(text: str | None) -> str:
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return clock.now()
    return to_iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _describe_damage(path: Path) -> Fetch:
    url = path.resolve().as_uri()
    return Fetch(url, url, clock.now(), "failed", reason="damaged", source=str(path))
