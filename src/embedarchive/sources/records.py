"""The bytes of a web archive (WARC, ARC) -> its records as warcio reads them, and what each says of itself.

Records are read from a stream that is unpacked here, so that it does not matter how the file was packed: record by record,
whole, with gzip or zstd. Where one is damaged, it goes on with the next. Bodies go through the fetcher's own rules.
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import IO, Any, Protocol
from zipfile import BadZipFile

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed

from embedarchive.core.dates import to_iso
from embedarchive.core.errors import RefusedError
from embedarchive.egress import check_url
from embedarchive.fetch.body import DECODER_FAULTS, Body, decode_stream
from embedarchive.fetch.zstd import zstd
from embedarchive.sources.media import starts_as_html

MAX_BYTES = 100 * 1024 * 1024
"""Of one page, decoded."""

CHUNK = 1 << 16
# A ZIP's unknown packing is a NotImplementedError, a password that is wanted a RuntimeError.
DAMAGE = (
    *(ArchiveLoadFailed, OSError, EOFError, BadZipFile, *DECODER_FAULTS),
    *(UnicodeError, ValueError, OverflowError, NotImplementedError, RuntimeError),
)


class _Records(ArchiveIterator):  # type: ignore[misc]  # warcio has no types
    INC_RECORD = ""
    """What warcio writes to the terminal about a record whose length is wrong. Damage is told by us, once."""


logging.getLogger("warcio.recordloader").disabled = True  # it quotes a stranger's addresses, as they are


class Stream(Protocol):
    """What records are read from."""

    def read(self, size: int, /) -> bytes: ...


def iterate_records(stream: Stream, on_damage: Callable[[int], None] = lambda at: None) -> Iterator[Any]:
    """Give the records of a web archive, as `locate_records` does, without their places."""
    for record, _, _ in locate_records(stream, on_damage):
        yield record


def locate_records(
    stream: Stream, on_damage: Callable[[int], None] = lambda at: None
) -> Iterator[tuple[Any, int | None, int]]:
    """Give the records of a web archive, each with the byte of the stream at which it begins, if that can be said, and the
    one before which it ends. Where one cannot be read, it goes on with the next that begins behind the last.

    A record that says a wrong length hides the beginning of the next, and nothing is lost. Where something had to be
    passed over, `on_damage` is told at which byte. Raises ArchiveLoadFailed where no further record begins, and what else
    there is in `DAMAGE`; a LookupError is its own, and is caught.
    """
    window, passed, ends = _Window(stream), 0, 0
    for _ in range(_MOST_DAMAGE):
        records = _Records(window, arc2warc=True)
        try:
            while record := next(records, None):
                passed = window.given - records.reader.rem_length()
                if record.rec_headers.get_header("Content-Length") is None:
                    raise LookupError("it does not say its length")
                begins, ends = window.find_record(ends), passed + getattr(record.raw_stream, "limit", 0)
                yield record, begins, ends
            stream.read(1)  # a fault of what is packed was an end to warcio
            begun = window.find_record(ends)
            if begun is not None or ends > window.given:
                on_damage(window.given if begun is None else begun)  # as was a record that is cut
            return
        except (ArchiveLoadFailed, AttributeError, TypeError, LookupError) as error:
            if records.reader:
                failed = window.given - records.reader.rem_length()
            else:
                failed = window.given
            begins = window.go_to_record(passed, ends)
            if begins is None:
                raise ArchiveLoadFailed(f"A record cannot be read ({error}).") from error
            if begins > failed:
                on_damage(failed)
            passed, ends = begins + 1, -1
    raise ArchiveLoadFailed("Too many records cannot be read.")


_RECORD = re.compile(
    rb"WARC/\d\.\d{1,2}\r?\n(?=[A-Za-z-]{1,64}:)"
    rb"|[a-z][a-z0-9+.-]{1,10}:\S{1,2000} (?:\d{1,3}\.){3}\d{1,3} \d{14} \S{1,200} (?:\S{1,200} ){0,5}\d{1,12}\r?\n"
)
"""How a record begins: with WARC's first line, or the one that is the header of ARC's."""
_BEGINNING = re.compile(rb"(?:\A|(?<=\n))(?:" + _RECORD.pattern + rb")")
_LONGEST_BEGINNING = 4096
_MOST_DAMAGE = 10_000
"""Places in one file behind which a further record is looked for."""

_KEPT = 1 << 20


class _Window:
    """A stream whose last megabyte can be looked at again. `given` counts its bytes up to the next that is given."""

    def __init__(self, stream: Stream) -> None:
        self.given = 0
        self._stream = stream
        self._last = bytearray()
        self._again = b""

    def read(self, size: int) -> bytes:
        if self._again:
            data, self._again = self._again[:size], self._again[size:]
        else:
            data = self._stream.read(size)
        self._last += data
        self.given += len(data)
        if len(self._last) > 2 * _KEPT:
            del self._last[:-_KEPT]
        return data

    def go_to_record(self, behind: int, ends: int) -> int | None:
        """Make the next record that begins behind a byte the next that is given; give where it begins, None if there is none.

        Where the last one `ends`, one may begin without a line of its own.
        """
        at = ends - (self.given - len(self._last))
        begins = ends if at >= 0 and _RECORD.match(self._last, at) else self.find_record(behind)
        while begins is None:
            del self._last[:-_LONGEST_BEGINNING]
            if not self.read(CHUNK):
                return None
            begins = self.find_record(behind)
        at = begins - self.given  # from the end
        self._again = bytes(self._last[at:]) + self._again
        del self._last[at:]
        self.given = begins
        return begins

    def find_record(self, behind: int) -> int | None:
        """Where, behind a byte, a record begins in what was given last."""
        first = self.given - len(self._last)
        found = _BEGINNING.search(self._last, max(0, behind - first))
        if found:
            return first + found.start()
        return None


# ---------------------------------------------------------------------------------------------------------- unpacking


def peek(file: IO[bytes], size: int) -> bytes:
    start = file.read(size)
    file.seek(0)
    return start


def unpack_records(file: IO[bytes]) -> Stream:
    """A stream of records, however the file is packed."""
    start = peek(file, 8)
    if start.startswith(b"\x1f\x8b"):
        return unpack_pieces(iter(partial(file.read, CHUNK), b""), "gzip")
    if start[:4] in (_ZSTD_FRAME, _ZSTD_DICTIONARY):
        dictionary = _read_dictionary(file)
        return unpack_pieces(iter(partial(file.read, CHUNK), b""), "zstd", dictionary)
    return file


def unpack_pieces(pieces: Iterator[bytes], coding: str, dictionary: zstd.ZstdDict | None = None) -> Stream:
    """A stream of what is packed with gzip or zstd."""
    return _Unpacked(decode_stream(pieces, coding, dictionary))


class _Unpacked:
    """Pieces as a file that is read once. A fault is first an end, so that readers give what they had before it (else they drop
    that), and then raised at every further read: a record's reader that lives with it must not hide it from the next."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = b""
        self._fault: Exception | None = None

    def read(self, size: int) -> bytes:
        if self._fault:
            raise self._fault
        while not self._piece:
            try:
                piece = next(self._pieces, None)
            except (ValueError, OSError, *DECODER_FAULTS) as fault:
                self._fault = fault
                return b""
            if piece is None:
                return b""
            self._piece = piece
        given, self._piece = self._piece[:size], self._piece[size:]
        return given


_ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
_ZSTD_DICTIONARY = b"\x5d\x2a\x4d\x18"
"""A skippable frame at the very start of a .warc.zst holds its dictionary, itself packed or not
(https://iipc.github.io/warc-specifications/specifications/warc-zstd/)."""


def _read_dictionary(file: IO[bytes]) -> zstd.ZstdDict | None:
    start = file.read(8)
    packed = b""
    if start[:4] == _ZSTD_DICTIONARY:
        packed = file.read(min(struct.unpack("<I", start[4:])[0], MAX_BYTES))
    file.seek(0)
    if not packed:
        return None
    if packed.startswith(_ZSTD_FRAME):
        packed = zstd.ZstdDecompressor().decompress(packed, MAX_BYTES)
    return zstd.ZstdDict(packed)


def is_web_archive(name: str) -> bool:
    plain = name.lower().removesuffix(".gz").removesuffix(".zst")
    return plain.endswith((".warc", ".arc"))


# ------------------------------------------------------------------------------------------------- what a record says


def find_url(record: Any) -> str | None:
    said = (record.rec_headers.get_header("WARC-Target-URI") or "").strip().strip("<>")
    try:
        return check_url(said.partition("#")[0])
    except RefusedError:
        return None


def find_status(record: Any) -> int | None:
    if not record.http_headers:
        return None
    said = record.http_headers.get_statuscode() or ""
    if said.isdecimal():
        return int(said)
    return None


def find_header(record: Any, name: str) -> str | None:
    return record.http_headers.get_header(name) if record.http_headers else None


def find_type(record: Any) -> str | None:
    """The page's own content type; of a record without HTTP headers it is the record's."""
    if record.http_headers:
        return find_header(record, "Content-Type")
    # Of a revisit it is the type of the record, not of the page.
    return None if record.rec_type == "revisit" else record.rec_headers.get_header("Content-Type")


def read_payload(record: Any, codings: tuple[str, ...]) -> Body:
    """Read and decode a record's body. warcio takes a cut file for a short one; the length it announced tells.

    Some crawlers keep the body as the browser had it, decoded, and the headers as the server sent them.
    """
    stream: Stream = record.raw_stream
    body, first = Body(codings, MAX_BYTES), True
    if "chunked" in (find_header(record, "Transfer-Encoding") or "").lower():
        stream = ChunkedDataReader(stream, decomp_type=None)
    elif isinstance(stream, BytesIO) and not codings:
        body.take(stream.getvalue())
        return body
    try:
        while chunk := stream.read(CHUNK):
            if first and codings and starts_as_html(chunk):
                body = Body((), MAX_BYTES)
            first = False
            if not body.add(chunk):
                break
        else:
            body.finish(framed=True)
            while record.raw_stream.read(CHUNK):
                pass  # what follows the last chunk: trailers
    except DAMAGE:
        body.cut("damaged")
    if getattr(record.raw_stream, "limit", 0) > 0 and not body.truncated:
        body.cut("incomplete")
    return body


def read_date(record: Any, path: Path) -> str:
    """When a record was captured; where it does not say, when its file was written."""
    try:
        moment = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date") or "")
    except ValueError:
        moment = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return to_iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
