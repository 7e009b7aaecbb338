"""A web archive (WARC, ARC, WACZ) -> what was recorded in it at addresses that are asked for, one record at a time.

Articles are read by `warcs.py`; this is for posts: every record is looked at, whether the archive lists it as a page or not,
and those at addresses that `wants` wants are given with their bodies. Also read here is what a WACZ of ours carries beside its
records (`export/whole.py`).
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile, is_zipfile

from embedarchive.core.errors import SourceError
from embedarchive.core.model import Exchange
from embedarchive.fetch.body import find_codings
from embedarchive.sources.records import (
    DAMAGE,
    Stream,
    find_header,
    find_status,
    find_type,
    find_url,
    is_web_archive,
    iterate_records,
    peek,
    read_date,
    read_payload,
    unpack_records,
)

Wants = Callable[[str, str | None], bool]
"""Whether a record is wanted, by its address and the digest of its payload as it is written there."""

_KINDS = ("response", "resource", "conversion", "revisit")
_DEEPEST = 3
_LONGEST_LINE = 16 * 1024 * 1024
_PIECE = 1 << 16
_LONGEST_NAME = 120
_SOFTWARE = re.compile(r"(?im)^software:[ \t]*(.+?)[ \t]*\r?$")


@dataclass(frozen=True, slots=True)
class Recording:
    """One record of a web archive at an address that was asked for.

    `exchange` is what it says: `url` (http, or a crawler's own `urn:…` for a picture of a page), status, headers, body
    (decoded; None where it only says "the same as before"), and its date. `digest` is that of its payload as written,
    `refers_to` the address and time (to the second) of the record that it is the same as. `seen_by` is the software that
    wrote the file, as the file says; '' where it does not.
    """

    exchange: Exchange
    digest: str | None
    refers_to: tuple[str, str] | None
    seen_by: str
    source: str


@dataclass
class RecordingReader:
    """Reads web archives; what is damaged is passed over, and told to `on_damage` (which file, at which byte)."""

    wants: Wants
    on_damage: Callable[[str, int], None] = lambda source, at: None
    _seen_by: str = field(default="", init=False)

    def read(self, path: Path) -> Iterator[Recording]:
        """Give what is wanted of a file. Raises SourceError when it cannot be read at all; damage only ends it."""
        try:
            with path.open("rb") as file:
                yield from self._read_file(file, path.name, path, 0)
        except DAMAGE as error:
            if isinstance(error, OSError) and error.errno:
                raise SourceError(f"{path} cannot be read: {error.strerror}. Nothing of it was taken.") from error
            self.on_damage(path.name, -1)

    def _read_file(self, file: IO[bytes], source: str, path: Path, depth: int) -> Iterator[Recording]:
        self._seen_by = ""
        if not peek(file, 4).startswith(b"PK"):
            yield from self._read_records(unpack_records(file), source, path)
            return
        with ZipFile(file) as wacz:
            packed_by = read_software(wacz)
            for name in sorted(wacz.namelist()):
                self._seen_by = packed_by
                if is_web_archive(name):
                    with wacz.open(name) as member:
                        yield from self._read_records(unpack_records(member), f"{source}!{name}", path)
                elif name.lower().endswith(".wacz") and depth < _DEEPEST:
                    with wacz.open(name) as member:
                        yield from self._read_file(member, f"{source}!{name}", path, depth + 1)

    def _read_records(self, stream: Stream, source: str, path: Path) -> Iterator[Recording]:
        for record in iterate_records(stream, partial(self.on_damage, source)):
            if record.rec_type == "warcinfo":
                said = record.content_stream().read(_PIECE).decode("utf-8", "replace")
                named = _SOFTWARE.search(said)
                self._seen_by = clean_name(named[1]) if named else self._seen_by
            elif record.rec_type in _KINDS and (found := self._take(record, source, path)):
                yield found

    def _take(self, record: Any, source: str, path: Path) -> Recording | None:
        headers = record.rec_headers
        url = find_url(record) or _find_made(record)
        digest = headers.get_header("WARC-Payload-Digest")
        if url is None or not self.wants(url, digest):
            return None
        uri, date = headers.get_header("WARC-Refers-To-Target-URI"), headers.get_header("WARC-Refers-To-Date")
        refers_to = None
        if uri and date:
            refers_to = (uri.strip("<>"), date[:19])
        return Recording(_read_exchange(record, url, path), digest, refers_to, self._seen_by, source)


def _find_made(record: Any) -> str | None:
    """The name that a crawler gave to what it made of a page: `urn:view:https://…`."""
    said = (record.rec_headers.get_header("WARC-Target-URI") or "").strip().strip("<>")
    if said.startswith("urn:"):
        return said
    return None


def _read_exchange(record: Any, url: str, path: Path) -> Exchange:
    body = truncated = None
    if record.rec_type != "revisit":
        codings = find_codings(find_header(record, "Content-Encoding"))
        read = None
        if codings is not None:
            read = read_payload(record, codings)
        truncated = (read.truncated if read else "unsupported_encoding") or record.rec_headers.get_header(
            "WARC-Truncated"
        )
        body = bytes(read.data) if read else None
    status = find_status(record)
    return Exchange(
        url=url,
        status=200 if status is None and record.rec_type != "revisit" else status,
        response_headers=tuple(record.http_headers.headers) if record.http_headers else (),
        body=body,
        content_type=find_type(record),
        remote_address=record.rec_headers.get_header("WARC-IP-Address"),
        started_at=read_date(record, path),
        truncated=truncated,
    )


def read_software(wacz: ZipFile) -> str:
    """What a WACZ says that it was made by; '' where it does not."""
    try:
        with wacz.open("datapackage.json") as file:
            told = json.loads(file.read(_LONGEST_LINE))
    except (KeyError, ValueError, RecursionError):
        return ""
    software = None
    if isinstance(told, dict):
        software = told.get("software")
    if isinstance(software, str):
        return clean_name(software)
    return ""


def clean_name(text: str) -> str:
    """A name on one line, as long as a name is. Pure."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST_NAME]


# ------------------------------------------------------------------------------------------------------ a WACZ of ours


def holds_part(path: Path, part: str) -> bool:
    """Whether a file is a WACZ that has this part."""
    try:
        if not is_zipfile(path):
            return False
        with ZipFile(path) as wacz:
            return part in wacz.namelist()
    except DAMAGE:
        return False


def read_whole(path: Path, part: str, form: str) -> Iterator[dict[str, Any]]:
    """The lines of a part of a WACZ of ours; lines that are none are left out. Nothing where it is of another form.

    Raises SourceError for what cannot be read.
    """
    try:
        with ZipFile(path) as wacz, wacz.open(part) as file:
            lines = _unpack_lines(file)
            if _read_line(next(lines, b"")).get("format") != form:
                return
            yield from filter(None, map(_read_line, lines))
    except (*DAMAGE, KeyError, zlib.error) as error:
        raise SourceError(
            f"{path} cannot be read: its part {part} is damaged ({error}). What came before it was kept."
        ) from error


def _unpack_lines(file: IO[bytes]) -> Iterator[bytes]:
    """Lines out of one gzip member. Raises zlib.error, ValueError for a line that is longer than any of ours."""
    unpacker, rest = zlib.decompressobj(zlib.MAX_WBITS | 16), b""
    while not unpacker.eof:
        data = unpacker.unconsumed_tail or file.read(_PIECE)
        if not data:
            raise ValueError("it ends too soon")
        *lines, rest = (rest + unpacker.decompress(data, _PIECE)).split(b"\n")
        if len(rest) > _LONGEST_LINE:
            raise ValueError("a line is too long")
        yield from lines


def _read_line(line: bytes) -> dict[str, Any]:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if isinstance(told, dict):
        return told
    return {}
