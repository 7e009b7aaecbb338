"""Records -> a WARC file, one gzip member a record; says where each of them stands. Bodies are streamed, never held."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import zlib
from dataclasses import dataclass
from typing import IO, cast

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from embedarchive.core.errors import DamagedArchive
from embedarchive.export.lines import ExportLine, Stored
from embedarchive.store.fixity import find_held, read_blob

LEVEL = 6  # of zlib: 9 takes twice as long and saves a hundredth


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands in its file, and the sha256 of its compressed bytes."""

    offset: int
    length: int
    sha256: str


class Members:
    """A binary sink that packs what is written into one gzip member until it is told to end it."""

    def __init__(self, out: IO[bytes]) -> None:
        self.size = 0
        self._out = out
        self._begin()

    def _begin(self) -> None:
        self._start = self.size
        self._hash = hashlib.sha256()
        self._packer = zlib.compressobj(LEVEL, zlib.DEFLATED, zlib.MAX_WBITS | 16)

    def write(self, data: bytes) -> None:
        self._pass_on(self._packer.compress(data))

    def flush(self) -> None:
        """Nothing: warcio flushes after each part, and a member may be flushed only once."""

    def end(self) -> Place:
        self._pass_on(self._packer.flush())
        place = Place(self._start, self.size - self._start, self._hash.hexdigest())
        self._begin()
        return place

    def _pass_on(self, packed: bytes) -> None:
        self._out.write(packed)
        self._hash.update(packed)
        self.size += len(packed)


class _Sha256:
    """What warcio asks of a digest; sha256 in hex is what the archive itself names bytes by."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, data: bytes) -> None:
        self._hash.update(data)

    def __str__(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


class _Writer(WARCWriter):  # type: ignore[misc]
    _create_digester = staticmethod(_Sha256)


class Warc:
    """A WARC file being written to `out`; bodies come from the archive behind `conn`."""

    def __init__(self, conn: sqlite3.Connection, out: IO[bytes]) -> None:
        self._conn = conn
        self._members = Members(out)
        self._writer = _Writer(self._members, gzip=False, warc_version="WARC/1.1")

    @property
    def size(self) -> int:
        """Bytes written."""
        return self._members.size

    def write(self, record: ExportLine) -> Place:
        """Write one record and say where it stands."""
        body = record.body
        if isinstance(body, Stored):
            size = body.size
        else:
            size = len(body)
        payload = find_digest(body)
        headers = {"WARC-Record-ID": record.id, "WARC-Date": record.date, **dict(record.warc)}
        if record.type not in ("warcinfo", "request"):
            headers["WARC-Payload-Digest"] = payload
        if record.type == "revisit":
            size = 0
        http = None
        if record.start:
            http = StatusAndHeaders(*split_start(record), is_http_request=False)
        if size:
            stream = self._open(body)
        else:
            stream = io.BytesIO()
        try:
            made = self._writer.create_warc_record(
                record.url, record.type, stream, size, record.content_type, headers, http_headers=http
            )
            self._writer.write_record(made)
        finally:
            stream.close()
        return self._members.end()

    def _open(self, body: bytes | Stored) -> IO[bytes]:
        if isinstance(body, bytes):
            return io.BytesIO(body)
        return open_blob(self._conn, body)


def find_digest(body: bytes | Stored) -> str:
    """The digest of a body, as headers and indexes write it."""
    return f"sha256:{body.sha256 if isinstance(body, Stored) else hashlib.sha256(body).hexdigest()}"


def split_start(record: ExportLine) -> tuple[str, list[tuple[str, str]], str]:
    """warcio's three parts of a message head: the rest of the start line, the headers, its first word."""
    first, _, rest = record.start.partition(" ")
    return rest, list(record.http), first


def open_blob(conn: sqlite3.Connection, stored: Stored) -> IO[bytes]:
    """The archive's bytes as a stream: packed ones (text) inflated in memory, all others read piece by piece.

    They were looked through when they were found (`Checked.find`). Raises DamagedArchive where they went since.
    """
    held = find_held(conn, stored.sha256)
    if held is None:
        raise DamagedArchive.seen(f"the bytes of sha256 {stored.sha256} are gone")
    if held.encoding == "identity":
        return cast(IO[bytes], conn.blobopen("blobs", "body", held.rowid, readonly=True))
    return io.BytesIO(read_blob(conn, stored.sha256) or b"")
