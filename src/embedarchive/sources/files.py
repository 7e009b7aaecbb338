"""Saved pages on disk turned into `Seed`s that carry their page as a `Fetch`, as if it had come from the network."""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urljoin

from embedarchive.core import clock
from embedarchive.core.dates import to_iso
from embedarchive.core.decode import to_utf8
from embedarchive.core.errors import RefusedError, SourceError
from embedarchive.core.model import Fetch
from embedarchive.egress import check_url
from embedarchive.fetch.body import Body
from embedarchive.sources.intake import Intake
from embedarchive.sources.links import find_canonical
from embedarchive.sources.listing import find_listing, identify_listing
from embedarchive.sources.lists import decode_list, is_address_list, is_bookmarks, is_json_list
from embedarchive.sources.media import is_asset, is_platform_page, starts_as_html
from embedarchive.sources.saved import (
    find_saved_date,
    find_saved_file,
    is_files_folder,
    is_har,
    is_mhtml,
    put_frames_in,
    read_har,
    read_mhtml,
)
from embedarchive.sources.seed import Seed

MAX_BYTES = 100 * 1024 * 1024
_CHUNK = 1 << 16

Kind = Literal["html", "text", "web archive", "mhtml", "har", "listing", "list", "unknown"]

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
    ".mhtml": "mhtml",
    ".mht": "mhtml",
    ".har": "har",
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
    for file in sorted(walk_files(path, intake)):
        kind = identify_kind(file)
        if kind == "list" and not is_asset(file.name):
            intake.skip(str(path), "list_in_folder", str(file))
            continue
        if kind in ("unknown", "list"):
            intake.skip(str(path), "other_type" if is_asset(file.name) else "unknown_kind", str(file))
            continue
        address = base_url and urljoin(base_url.rstrip("/") + "/", quote(file.relative_to(path).as_posix()))
        try:
            yield from _read_file(file, kind, address, intake)
        except SourceError:
            yield _describe_unreadable(file, address)


def find_web_archives(path: Path) -> Iterator[Path]:
    """A WARC, ARC or WACZ file, or every one below a folder, sorted by path."""
    if path.is_dir():
        files = sorted(walk_files(path, Intake()))
    else:
        files = [path]
    yield from (file for file in files if identify_kind(file) == "web archive")


def walk_files(folder: Path, intake: Intake) -> Iterator[Path]:
    """Every file below a folder; links to folders are not followed, so there is no loop to walk into.

    What browsers put in a folder beside a page that they saved is part of it.
    """
    for parent, folders, names in os.walk(folder):
        beside = any(name.lower().endswith((".html", ".htm", ".xhtml")) for name in names)
        for name in [name for name in folders if beside and is_files_folder(name)]:
            folders.remove(name)
            intake.skip(str(folder), "part_of_page", str(Path(parent, name)))
        yield from (Path(parent, name) for name in names if not name.startswith("."))


def identify_kind(path: Path) -> Kind:
    """Tell what a file is by the end of its name, else by its beginning."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    known = _ENDINGS.get(Path(name).suffix)
    if known and known not in ("html", "text"):
        return known
    try:
        start = b""
        if not path.is_dir():
            start = read_body(path, 4096)[0]
    except SourceError:
        return known or "unknown"
    if is_bookmarks(decode_list(start)) or is_address_list(decode_list(start)):
        return "list"
    if known:
        return known
    if identify_listing(start.removeprefix(b"\xef\xbb\xbf").lstrip()):
        return "listing"
    if is_mhtml(start) or is_har(start):
        if is_mhtml(start):
            return "mhtml"
        return "har"
    if start.startswith((b"WARC/", b"filedesc://")) or _is_zip(path):
        return "web archive"
    if is_json_list(decode_list(start)):
        return "list"
    if starts_as_html(start):
        return "html"
    return "unknown"


def _is_zip(path: Path) -> bool:
    """A ZIP file that is no document of an office's: a WACZ may be called so."""
    return (path.suffix.lower() == ".zip" or not is_asset(path.name)) and zipfile.is_zipfile(path)


def _read_file(path: Path, kind: Kind, base_url: str | None, intake: Intake) -> Iterator[Seed]:
    if kind == "web archive" and intake.apart:
        yield Seed(path.resolve().as_uri(), str(path), web_archive=path)
        return
    if kind == "web archive":
        from embedarchive.sources.warcs import read_web_archive

        yield from read_web_archive(path, intake)
        return
    if kind == "unknown":
        raise SourceError(
            f"{path} is no HTML, text, feed, sitemap, MHTML, HAR, WARC, ARC or WACZ file. Nothing was done. "
            f"If it is a list of addresses, give it as @{path}"
        )
    body, truncated = read_body(path, MAX_BYTES)
    if kind in ("mhtml", "har"):
        yield from _read_saved(path, kind, body, base_url, intake)
        return
    if kind == "listing":
        yield from _read_listing(path, body, truncated, base_url, intake)
        return
    if kind == "html":
        body = put_frames_in(body, partial(_read_frame, path.parent))
    url = base_url or path.resolve().as_uri()
    if kind == "html" and not base_url:
        url = find_address(body) or url
    fetch = Fetch(
        url=url,
        final_url=url,
        fetched_at=find_saved_date(body) or find_file_date(path),
        outcome="ok",
        content_type="text/html" if kind == "html" else "text/plain",
        body=body,
        truncated=truncated,
        source=str(path),
    )
    yield Seed(url, str(path), fetch)


def find_file_date(path: Path) -> str:
    return to_iso(datetime.fromtimestamp(path.stat().st_mtime, UTC))


def _read_frame(folder: Path, address: str) -> bytes | None:
    """A frame that was saved in a folder beside its page; nothing else on this machine is read for a page."""
    name = find_saved_file(address)
    path = None
    if name and len(name) < 1000:
        path = folder / name
    try:
        inside = (
            path is not None and path.resolve().is_relative_to(folder.resolve()) and is_files_folder(path.parent.name)
        )
        if path and inside and path.is_file() and path.stat().st_size < MAX_BYTES:
            return path.read_bytes()
        return None
    except (OSError, ValueError):
        return None


def _read_saved(path: Path, kind: Kind, body: bytes, base_url: str | None, intake: Intake) -> Iterator[Seed]:
    """Give the pages of an MHTML or a HAR file, and count what else is in it."""
    try:
        if kind == "mhtml":
            pages = [page for page in [read_mhtml(body)] if page]
        else:
            pages = list(read_har(body))
    except (ValueError, KeyError, TypeError, RecursionError):
        intake.skip(str(path), "damaged", str(path))
        return
    taken = False
    for page in pages:
        url = (kind == "mhtml" and base_url) or _check_address(page.url)
        reason = page.reason or ("platform_page" if url and kind == "har" and is_platform_page(url) else None)
        if reason:
            intake.skip(str(path), reason, page.url or str(path))
            continue
        taken, url = True, url or path.resolve().as_uri()
        fetch = Fetch(
            url=url, final_url=url, fetched_at=page.saved_at or find_file_date(path), outcome="ok",
            status=page.status, content_type=page.content_type, body=page.body, source=str(path),
        )  # fmt: skip
        yield Seed(url, str(path), fetch)
    if not taken:
        intake.skip(str(path), "nothing_found", str(path))


def _read_listing(
    path: Path, body: bytes, truncated: str | None, base_url: str | None, intake: Intake
) -> Iterator[Seed]:
    """Give the articles that a saved feed or sitemap names."""
    listing = find_listing(body, base_url or "", truncated)
    for entry in listing.entries if listing else ():
        yield Seed(entry.url, str(path), changed_at=entry.changed_at, content=entry.content)
    if listing and listing.truncated:
        intake.skip(str(path), "too_many" if listing.truncated == "too_many" else "damaged", str(path))
    if not listing or not listing.entries:
        intake.skip(str(path), "nothing_found", str(path))


def _check_address(url: str | None) -> str | None:
    try:
        return check_url((url or "").partition("#")[0])
    except RefusedError:
        return None


def find_address(html: bytes) -> str | None:
    """The address a saved page says it has: canonical or og:url, else what the program that saved it wrote down."""
    noted = find_noted_address(html)
    for url in (find_canonical(html, noted), noted):
        try:
            if url:
                return check_url(url)
        except RefusedError:
            continue
    return None


def find_noted_address(html: bytes) -> str | None:
    """The address that the program which saved a page wrote at its top. Pure."""
    saved = _SAVED_FROM.search(as_bytes_of_ascii(html[:8192])[:4096])
    if saved is None:
        return None
    return (saved[1] or saved[2]).decode("utf-8", "replace")


def as_bytes_of_ascii(page: bytes) -> bytes:
    """A page in characters of two bytes (Windows calls them Unicode) as UTF-8; any other as it is. Pure."""
    if b"\x00" in page[:64]:
        return to_utf8(page)
    return page


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
    if start.startswith(b"\x28\xb5\x2f\xfd"):
        return ("zstd",)
    return ()


def _describe_unreadable(path: Path, base_url: str | None) -> Seed:
    """A file of a folder that cannot be read: a failed fetch, so that the rest goes on and it is not forgotten."""
    url = base_url or path.resolve().as_uri()
    fetch = Fetch(url, url, clock.now(), "failed", reason="unreadable", source=str(path))
    return Seed(url, str(path), fetch)
