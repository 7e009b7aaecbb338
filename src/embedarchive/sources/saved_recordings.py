"""What a browser saved (MHTML, HAR, a page with its folder of files, SingleFile) -> what it holds, address by address.

Read for posts: a saved page that is a post's own, or has a post's frame in it, tells what its reader saw. The markup is that of
the page as drawn, so each page is given twice: as what came from its address, and as the DOM of it (`urn:dom:…`).
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import email
import email.policy
import glob
import html
import json
import mimetypes
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from embedarchive.core.errors import SourceError
from embedarchive.core.model import Exchange
from embedarchive.core.urls import join_url
from embedarchive.sources.files import (
    MAX_BYTES,
    as_bytes_of_ascii,
    find_file_date,
    find_noted_address,
    identify_kind,
    read_body,
    walk_files,
)
from embedarchive.sources.intake import Intake
from embedarchive.sources.media import is_html
from embedarchive.sources.recordings import Recording, RecordingReader, clean_name
from embedarchive.sources.saved import (
    find_payload,
    find_saved_date,
    is_files_ending,
    read_field,
    read_iso,
    read_location,
    read_mail_date,
)
from embedarchive.store.blobs import hash_bytes

DOM = "urn:dom:"
MOST_FILES = 1000
LARGEST_FILE = 32 * 1024 * 1024
LARGEST_FOLDER = 256 * 1024 * 1024
"""Bytes that are read of one file and of all files beside a saved page: the rest is left out."""
BROWSER = "a browser that saved the page"


def find_saved_pages(path: Path) -> Iterator[Path]:
    """A page that a browser saved, or every one below a folder, sorted by path."""
    if path.is_dir():
        files = sorted(walk_files(path, Intake()))
    else:
        files = [path]
    yield from (file for file in files if is_saved_page(file))


def is_saved_page(path: Path) -> bool:
    """Whether a file is a page that a browser saved and says where it was."""
    kind = identify_kind(path)
    if kind != "html":
        return kind in ("mhtml", "har")
    try:
        return find_noted_address(read_body(path, 4096)[0]) is not None
    except SourceError:
        return False


def read_recorded(reader: RecordingReader, path: Path) -> Iterator[Recording]:
    """What is wanted of a web archive, or of a saved page. Raises SourceError for what cannot be read."""
    if is_saved_page(path):
        return (each for each in read_saved_recordings(path) if reader.wants(each.exchange.url, None))
    return reader.read(path)


def read_saved_recordings(path: Path) -> Iterator[Recording]:
    """Everything that a saved page holds under an address of the web. Raises SourceError for what cannot be read."""
    body, _ = read_body(path, MAX_BYTES)
    kind = identify_kind(path)
    if kind == "mhtml":
        found = read_parts(body, find_file_date(path))
    elif kind == "har":
        found = read_entries(body)
    else:
        found = read_files(path, body)
    for seen_by, exchange in found:
        yield Recording(exchange, None, None, seen_by, path.name)
        if is_html(exchange.content_type or "", (exchange.body or b"")[:512]):
            dom = Exchange(f"{DOM}{exchange.url}", status=200, body=exchange.body, content_type=exchange.content_type,
                           started_at=exchange.started_at)  # fmt: skip
            yield Recording(dom, None, None, seen_by, path.name)


Held = Iterator[tuple[str, Exchange]]
"""Who wrote something down, and what."""


def read_parts(data: bytes, saved_at: str) -> Held:
    """The parts of an MHTML file (RFC 2557) that have an address. Pure."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    at = read_mail_date(read_field(message, "Date")) or saved_at
    by = name_browser(clean_name((read_field(message, "From") or "").strip("<>")))
    for part in message.walk():
        address = read_location(part)
        if part.is_multipart() or not is_of_the_web(address):
            continue
        charset = part.get_content_charset()
        kind = part.get_content_type() + (f"; charset={charset}" if charset else "")
        yield by, Exchange(address or "", status=200, body=find_payload(part), content_type=kind, started_at=at)


def name_browser(sender: str) -> str:
    """Whoever saved a page, by its sender: browsers write `Saved by Blink` there. Pure."""
    found = re.fullmatch(r"(?i)saved by (\S.*)", sender)
    if found:
        return f"a browser ({found[1]}) that saved the page"
    return sender or BROWSER


def read_entries(data: bytes) -> Held:
    """The answers in a HAR file that have a body or lead elsewhere. Pure."""
    try:
        log = json.loads(data)["log"]
        entries, creator = log["entries"], log.get("creator") or {}
        by = clean_name(f"{creator.get('name', '')} {creator.get('version', '')}") or BROWSER
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return
    for entry in entries if isinstance(entries, list) else ():
        try:
            exchange = read_entry(entry)
        except (KeyError, TypeError, AttributeError, ValueError, binascii.Error):
            continue
        if is_of_the_web(exchange.url) and exchange.started_at:
            yield by, exchange


def read_entry(entry: Any) -> Exchange:
    """One entry of a HAR file. Raises KeyError, TypeError, ValueError and their like for what is none. Pure."""
    response = entry["response"]
    content = response.get("content") or {}
    text = content.get("text")
    body = None
    if text is not None and content.get("encoding") == "base64":
        body = base64.b64decode(text)
    elif text is not None:
        body = str(text).encode("utf-8", "replace")
    headers = tuple((str(each["name"]), str(each["value"])) for each in response.get("headers") or ())
    kind = str(content.get("mimeType") or "") or None
    if body is not None and content.get("encoding") != "base64":  # it came as text, in whatever letters it was served
        kind = f"{say_essence(kind, body)}; charset=utf-8"
    return Exchange(
        str(entry["request"]["url"]).partition("#")[0], status=int(response.get("status") or 0) or None,
        response_headers=headers, body=body, content_type=kind, started_at=read_iso(entry.get("startedDateTime")) or "",
    )  # fmt: skip


def say_essence(kind: str | None, body: bytes) -> str:
    """A content type without its parameters; of a text without one, or with a wrong one, that of HTML, where it is that."""
    if is_html(kind or "", body[:512]):
        return "text/html"
    return (kind or "text/plain").partition(";")[0].strip()


def read_files(path: Path, page: bytes) -> Held:
    """A page that was saved as HTML, and what lies in its folder or in itself: frames under their own addresses, files beside
    the page that they draw."""
    page = as_bytes_of_ascii(page)
    url = find_noted_address(page)
    if url is None:
        return
    at = find_saved_date(page) or find_file_date(path)
    by = "SingleFile"
    if b"SingleFile" not in page[:512]:
        by = BROWSER
    held = read_folder(path)
    frames = {file: (own, as_bytes_of_ascii(body)) for file, body in held.items() if (own := find_frame(body))}
    pages = {path: (url, page)} | frames
    for place, (address, body) in pages.items():
        body, inside = take_out(resolve_files(body, place, address, held), address)
        yield by, make_page(address, body, at)
        for there, data in inside.items():
            yield by, make_file(there, data, at)
        for file in held.keys() - pages.keys():
            yield by, make_file(join_url(address, name_beside(file, place)), held[file], at)


def find_frame(body: bytes) -> str | None:
    """The address of a saved frame, as the browser noted it."""
    if not is_html("", body[:512]):
        return None
    return find_noted_address(body)


def name_beside(file: Path, page: Path) -> str:
    return quote(file.relative_to(page.parent).as_posix())


def make_file(url: str, body: bytes, at: str) -> Exchange:
    return Exchange(url, status=200, body=body, content_type=mimetypes.guess_type(url)[0], started_at=at)


_WORD = re.compile(rb"""(["'(\s,]|&quot;)((?:\./)?[^"'()\s,\\&<>]{1,500})""")


def resolve_files(page: bytes, path: Path, url: str, files: Iterable[Path]) -> bytes:
    """The page with its files under absolute addresses, as a platform's rules take them: beside the page. One pass over it."""
    there: dict[bytes, bytes] = {}
    for file in files:
        if file.is_relative_to(path.parent):
            name = name_beside(file, path)
            there[name.encode()] = join_url(url, name).encode()
    for folder in {name.partition(b"/")[0] for name in there if b"/" in name}:
        plain = unquote(folder.decode())
        for spelling in (plain, html.escape(plain)):
            page = page.replace(spelling.encode() + b"/", folder + b"/")

    def resolve(match: re.Match[bytes]) -> bytes:
        word = match[2].removeprefix(b"./")
        found = there.get(word) or there.get(quote(word).encode())
        if found:
            return match[1] + found
        return match[0]

    return _WORD.sub(resolve, page)


_INSIDE = re.compile(rb"data:(image|video|audio)/([\w.+-]{2,40});base64,([A-Za-z0-9+/=]{400,})")
_ENDINGS = {b"jpeg": "jpg", b"svg+xml": "svg"}


def take_out(page: bytes, url: str) -> tuple[bytes, dict[str, bytes]]:
    """A page without the files that SingleFile put into it, and those files under addresses beside the page. Pure."""
    files: dict[str, bytes] = {}

    def name(match: re.Match[bytes]) -> bytes:
        try:
            body = base64.b64decode(match[3], validate=True)
        except binascii.Error:
            return match[0]
        ending = _ENDINGS.get(match[2], match[2].decode())
        there = join_url(url, f"saved/{hash_bytes(body)[:32]}.{ending}")
        files[there] = body
        return there.encode()

    return _INSIDE.sub(name, page), files


def make_page(url: str, body: bytes, at: str) -> Exchange:
    return Exchange(url, status=200, body=body, content_type=f"text/html{find_charset(body)}", started_at=at)


_CHARSET = re.compile(rb"""(?i)<meta[^>]+charset\s*=\s*["']?([\w-]+)""")


def find_charset(page: bytes) -> str:
    """The charset of a page as a parameter of its type; nothing where its beginning does not say it."""
    found = _CHARSET.search(page[:4096])
    if found:
        return f"; charset={found[1].decode('ascii', 'replace')}"
    return ""


def list_files(path: Path) -> Iterator[Path]:
    """The files in the folder beside a saved page; links are not followed."""
    stem = path.name.removesuffix(path.suffix)
    if stem:
        near = path.parent.glob(f"{glob.escape(stem[:200])}*")
        folders = [each for each in sorted(near) if is_own_folder(each, stem)]
    else:
        folders = []
    for folder in folders:
        files = (each for each in sorted(folder.rglob("*")) if each.is_file() and not each.is_symlink())
        for number, file in enumerate(files):
            if number == MOST_FILES:
                return
            yield file


def is_own_folder(folder: Path, stem: str) -> bool:
    """Whether a folder is that of the page: of its name, and what browsers add to it; not that of a neighbour."""
    added = folder.name[len(stem) :]
    return folder.name.startswith(stem) and is_files_ending(added) and folder.is_dir() and not folder.is_symlink()


def read_folder(path: Path) -> dict[Path, bytes]:
    """What lies in the folder beside a saved page, as far as its bounds reach; what cannot be read is left out."""
    held: dict[Path, bytes] = {}
    left = LARGEST_FOLDER
    for file in list_files(path):
        with contextlib.suppress(OSError):
            if file.stat().st_size <= min(LARGEST_FILE, left):
                held[file] = file.read_bytes()
                left -= len(held[file])
    return held


def is_of_the_web(address: str | None) -> bool:
    return bool(address) and str(address).startswith(("http://", "https://"))
