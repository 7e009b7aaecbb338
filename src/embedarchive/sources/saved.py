"""What browsers save (MHTML, HAR, a page with its folder of files) turned into pages as bytes. Pure."""

from __future__ import annotations

import base64
import binascii
import email
import email.header
import email.policy
import email.utils
import html
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from typing import Any
from urllib.parse import unquote

from embedarchive.core.dates import to_iso
from embedarchive.sources.media import is_html

MOST_FRAMES = 200
_FRAME_BYTES = 5 * 1024 * 1024
_DEEPEST = 3

_FRAME = re.compile(rb"""(?is)<i?frame\b[^>]*?\ssrc\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+)[^>]*>""")
_FOLDER = re.compile(
    r"(?i)[ _.-](?:files|dateien|fichiers|archivos|arquivos|ficheiros|file|bestanden|filer|tiedostot|pliki|soubory|elemei|"
    r"dosyalar|bylos|kartotes|failid|datoteke|fitxers|fitxategiak)$"
)


@dataclass(frozen=True, slots=True)
class SavedPage:
    """A page as a browser had it. `saved_at` is ISO 8601, None where the file does not say; `status` None likewise."""

    url: str | None
    body: bytes
    content_type: str
    saved_at: str | None = None
    status: int | None = None
    reason: str | None = None
    """Why it is not taken: one of `intake.ORDINARY`."""


def is_files_folder(name: str) -> bool:
    """Whether a folder is one in which a browser put what belongs to a page that it saved, in any language."""
    return _FOLDER.search(name) is not None


def is_files_ending(added: str) -> bool:
    """Whether this, and no more, is what a browser adds to a page's name for such a folder."""
    return _FOLDER.match(added) is not None


def put_frames_in(page: bytes, read: Callable[[str], bytes | None], depth: int = 0) -> bytes:
    """A page with its frames that were saved beside it as their `srcdoc`, so that they can be searched with it.

    `read` gives what a frame's address stands for, None for what was not saved. Bounded in number, bytes and depth.
    """
    left = MOST_FRAMES

    def put(match: re.Match[bytes]) -> bytes:
        nonlocal left
        address = html.unescape(match[1].strip(b"\"'").decode("utf-8", "replace"))
        frame = None
        if left > 0 and b"srcdoc" not in match[0].lower():
            frame = read(address)
        if frame is None or len(frame) > _FRAME_BYTES:
            return match[0]
        left -= 1
        if depth < _DEEPEST:
            inner = put_frames_in(frame, read, depth + 1)
        else:
            inner = frame
        quoted = inner.replace(b"&", b"&amp;").replace(b'"', b"&quot;")
        return match[0][:-1].rstrip(b"/") + b' srcdoc="' + quoted + b'">'

    return _FRAME.sub(put, page)


def find_saved_file(address: str) -> str | None:
    """The path of a frame beside its page, None for an address that leads elsewhere."""
    path = unquote(address.split("?")[0].split("#")[0]).removeprefix("./")
    inside = path and "://" not in path and not path.startswith(("/", "\\", "data:", "about:", "javascript:", "cid:"))
    if inside and ".." not in path.split("/"):
        return path
    return None


# -------------------------------------------------------------------------------------------------------------- MHTML


def is_mhtml(start: bytes) -> bool:
    """Whether a file's first bytes are those of an MHTML page."""
    head = start.lower()
    return b"mime-version:" in head and b"multipart/related" in head


def read_mhtml(data: bytes) -> SavedPage | None:
    """The page of an MHTML file (RFC 2557), its frames put in; None if it holds no HTML."""
    message = email.message_from_bytes(data, policy=email.policy.compat32)
    parts = [part for part in message.walk() if not part.is_multipart()]
    pages = [part for part in parts if is_html(part.get_content_type())]
    start = str(message.get_param("start") or "")
    root = next(
        (part for part in pages if start and read_field(part, "Content-ID") == start), pages[0] if pages else None
    )
    if root is None:
        return None
    frames = {name: part for part in pages if part is not root for name in _find_names(part)}

    def read(address: str) -> bytes | None:
        part = frames.get(address)
        if part is not None:
            return find_payload(part)
        return None

    url = read_location(root) or read_field(message, "Snapshot-Content-Location") or read_location(message)
    charset = root.get_content_charset()
    return SavedPage(
        url=url,
        body=put_frames_in(find_payload(root), read),
        content_type="text/html" + (f"; charset={charset}" if charset else ""),
        saved_at=read_mail_date(read_field(message, "Date")),
    )


def read_field(part: Message, name: str) -> str | None:
    """A field's text; one with bytes beyond ASCII comes as an object (`email.header.Header`)."""
    said = part.get(name)
    if said is None:
        return None
    return str(said).strip() or None


def read_location(part: Message) -> str | None:
    """The address that a part is of: a long one may be folded or encoded as in mail (RFC 2557, 4.4.2)."""
    said = read_field(part, "Content-Location")
    if said is None:
        return None
    if "=?" in said:
        said = str(email.header.make_header(email.header.decode_header(said)))
    return "".join(said.split()) or None


def _find_names(part: Message) -> Iterator[str]:
    if name := read_field(part, "Content-ID"):
        yield f"cid:{name.strip('<>')}"
    if address := read_location(part):
        yield address


def find_payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    if isinstance(payload, bytes):
        return payload
    return b""


def read_mail_date(text: str | None) -> str | None:
    try:
        moment = email.utils.parsedate_to_datetime(text or "")
    except (ValueError, TypeError):
        return None
    return to_iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


# ---------------------------------------------------------------------------------------------------------------- HAR


def is_har(start: bytes) -> bool:
    """Whether a file's first bytes are those of a HAR file."""
    return re.match(rb'(?s)[\s\xef\xbb\xbf]*\{\s*"log"\s*:\s*\{', start) is not None


def read_har(data: bytes) -> Iterator[SavedPage]:
    """Give what a HAR file (http://www.softwareishard.com/blog/har-12-spec/) holds: its pages, and why the rest is none.

    Of each page that it recorded, the first HTML is the page, all other HTML its frames. Raises ValueError for what is no HAR.
    """
    try:
        entries = json.loads(data)["log"]["entries"]
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError("This is no HAR file: it has no entries.") from error
    seen: set[str] = set()
    for entry in entries if isinstance(entries, list) else ():
        try:
            page = _read_entry(entry)
        except (KeyError, TypeError, AttributeError, binascii.Error, ValueError):
            yield SavedPage(None, b"", "", reason="damaged")
            continue
        visit = str(entry.get("pageref") or page.url)
        if page.reason is None and visit in seen:
            yield SavedPage(page.url, b"", page.content_type, reason="not_listed")
            continue
        if page.reason is None:
            seen.add(visit)
        yield page


def _read_entry(entry: Any) -> SavedPage:
    url, response = str(entry["request"]["url"]), entry["response"]
    status, content = int(response.get("status") or 0), response.get("content") or {}
    kind, text = str(content.get("mimeType") or ""), content.get("text")
    if entry.get("_resourceType", "document") != "document":
        return SavedPage(url, b"", kind, reason="other_type")
    was_cached = status == 304 and bool(text)
    if status >= 300 and not was_cached:
        return SavedPage(url, b"", kind, reason="redirect" if status < 400 else "http_error")
    if text is None:
        return SavedPage(url, b"", kind, reason="without_body" if is_html(kind) else "other_type")
    encoded = content.get("encoding") == "base64"
    if encoded:
        body = base64.b64decode(text)
    else:
        body = str(text).encode("utf-8", "replace")
    if not is_html(kind, body[:4096]):
        return SavedPage(url, b"", kind, reason="other_type")
    if not encoded:
        kind = "text/html; charset=utf-8"
    return SavedPage(url, body, kind, read_iso(entry.get("startedDateTime")), status or None)


def read_iso(text: Any) -> str | None:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return to_iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


_SINGLEFILE_DATE = re.compile(rb"(?i)saved date:\s*\w{3} (\w{3} \d{1,2} \d{4} \d{2}:\d{2}:\d{2}) GMT([+-]\d{4})")


def find_saved_date(page: bytes) -> str | None:
    """When SingleFile saved a page, by the comment that it puts at the top."""
    found = _SINGLEFILE_DATE.search(page[:4096])
    if not found:
        return None
    try:
        said = f"{found[1].decode()} {found[2].decode()}"
        return to_iso(datetime.strptime(said, "%b %d %Y %H:%M:%S %z"))
    except ValueError:
        return None
