"""A sha256 -> the bytes that an archive holds under it, checked: what is not what its name says is never handed on.

Bytes are read in pieces, however many there are, and what is packed is unpacked no further than its row says it goes.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from deflate import DeflateError, adler32, zlib_decompress

from embedarchive.core.errors import WrongBytes
from embedarchive.store.blobs import LARGEST_WORTH_PACKING

PIECE = 1_000_000
LARGEST_IN_MEMORY = 150_000_000
"""Bytes that are ever held at once. A capture keeps no file as large; larger ones can be exported, in pieces."""

LARGEST_UNPACKED_AT_ONCE = 16_000_000

DAMAGED = "damaged: "
"""How the reason begins for which a public copy lacks bytes that were damaged."""

WRONG = {
    "blob_hash": "their sha256 is another",
    "blob_size": "there are more or fewer than the archive says",
    "blob_packing": "they do not unpack",
}
"""What can be wrong with bytes: code -> words. The codes are those of `verify`."""


@dataclass(frozen=True, slots=True)
class Held:
    """Where bytes are kept, and what their row says of them. `stored` is their length as they lie in the file."""

    sha256: str
    rowid: int
    encoding: str
    size: int
    stored: int


def find_held(conn: sqlite3.Connection, sha256: str, schema: str = "main") -> Held | None:
    """The bytes of that hash, unread; None if the archive does not hold them, or they were withdrawn."""
    blobs = "blobs"  # of a shared archive, what may be seen of it
    if schema != "main":
        blobs = f"{schema}.blobs"
    row = conn.execute(
        f"SELECT rowid, encoding, size, length(body) FROM {blobs} WHERE sha256 = ?", (sha256,)
    ).fetchone()
    if row is None or (row[2] and not row[3]):
        return None
    return Held(sha256, *row)


def read_stored(conn: sqlite3.Connection, held: Held, schema: str = "main") -> Iterator[bytes]:
    """The bytes as they lie in the file."""
    with conn.blobopen("blobs", "body", held.rowid, readonly=True, name=schema) as blob:
        while piece := blob.read(PIECE):
            yield piece


def read_pieces(conn: sqlite3.Connection, held: Held, schema: str = "main") -> Iterator[bytes]:
    """The bytes themselves, not checked against their hash. Raises WrongBytes when there are not as many as there should be."""
    return unpack(read_stored(conn, held, schema), held)


def unpack(stored: Iterator[bytes], held: Held) -> Iterator[bytes]:
    """Stored bytes as the bytes themselves, never more of them than their row says. Raises WrongBytes."""
    if not is_known(held):
        raise wrong(held.sha256, "blob_packing")
    given = 0
    if held.encoding != "identity":
        stored = inflate(stored, held.sha256)
    for piece in stored:
        given += len(piece)
        if given > held.size:
            raise wrong(held.sha256, "blob_size")
        yield piece
    if given != held.size:
        raise wrong(held.sha256, "blob_size")


def is_known(held: Held) -> bool:
    """Whether bytes are kept in a way that ours are: what is packed was never larger than is worth it. Pure."""
    return held.encoding == "identity" or (held.encoding == "zlib" and held.size <= LARGEST_WORTH_PACKING)


def inflate(stored: Iterator[bytes], sha256: str) -> Iterator[bytes]:
    """Packed bytes unpacked, a piece at a time. Raises WrongBytes for what is no whole packed text."""
    inflater = zlib.decompressobj()
    try:
        for data in stored:
            more = True
            while more:
                piece = inflater.decompress(data, PIECE)
                data = inflater.unconsumed_tail
                more = not inflater.eof and (bool(data) or len(piece) == PIECE)
                yield piece
    except zlib.error:
        raise wrong(sha256, "blob_packing") from None
    if not inflater.eof or inflater.unused_data:
        raise wrong(sha256, "blob_packing")


def wrong(sha256: str, code: str, name: object = "The archive") -> WrongBytes:
    """The error for bytes that are not what they should be; `code` is one of WRONG."""
    return WrongBytes.of(sha256, code, WRONG[code], name)


def find_wrong(conn: sqlite3.Connection, held: Held, schema: str = "main") -> str | None:
    """Which of WRONG is the matter with kept bytes; None when they are what their hash says. Reads all of them."""
    return judge(held, read_stored(conn, held, schema))


def judge(held: Held, stored: Iterator[bytes]) -> str | None:
    """Which of WRONG is the matter with bytes as they lie in the file. Pure but for the reading of them."""
    digest = hashlib.sha256()
    try:
        for piece in unpack(stored, held):
            digest.update(piece)
    except WrongBytes as error:
        return error.code
    if digest.hexdigest() == held.sha256:
        return None
    return "blob_hash"


def judge_whole(held: Held, body: bytes) -> str | None:
    """As `judge`, of bytes that are all there: a text of the usual size is unpacked at once, in half the time. Pure."""
    if held.encoding == "zlib" and is_known(held) and held.size <= LARGEST_UNPACKED_AT_ONCE:
        with contextlib.suppress(DeflateError):  # what is wrong is found below
            text = zlib_decompress(body, held.size)
            # A packed text ends with its checksum: nothing lies behind it.
            is_all = len(text) == held.size and body[-4:] == adler32(text).to_bytes(4, "big")
            if is_all and hashlib.sha256(text).hexdigest() == held.sha256:
                return None
    return judge(held, iter((body,)))


def read_blob(
    conn: sqlite3.Connection, sha256: str, largest: int = LARGEST_IN_MEMORY, schema: str = "main"
) -> bytes | None:
    """The bytes of that hash; None if the archive does not hold them, they were withdrawn, or are more than `largest`.

    Raises WrongBytes when they are not those of the hash.
    """
    held = find_held(conn, sha256, schema)
    if held is None or (is_known(held) and max(held.size, held.stored) > largest):
        return None
    name = getattr(conn, "name", "The archive")
    try:
        body = b"".join(read_pieces(conn, held, schema))
    except WrongBytes as error:
        raise wrong(sha256, error.code, name) from None
    if hashlib.sha256(body).hexdigest() != sha256:
        raise wrong(sha256, "blob_hash", name)
    return body


@dataclass
class Checked:
    """Reads the bytes of one archive for somebody outside, and remembers which were not handed on."""

    conn: sqlite3.Connection
    damaged: dict[str, str] = field(default_factory=dict)
    """sha256 -> which of WRONG."""
    _sound: set[str] = field(default_factory=set)

    def read(self, sha256: str) -> bytes | None:
        """As `read_blob`. Raises WrongBytes, which is remembered."""
        try:
            return read_blob(self.conn, sha256)
        except WrongBytes as error:
            self.damaged[sha256] = error.code
            raise

    def find(self, sha256: str | None) -> Held | None:
        """The bytes of that hash where the archive holds them and they are sound; each is looked at once."""
        held = None
        if sha256 and sha256 not in self.damaged:
            held = find_held(self.conn, sha256)
        if held is None or held.sha256 in self._sound:
            return held
        if code := find_wrong(self.conn, held):
            self.damaged[held.sha256] = code
            return None
        self._sound.add(held.sha256)
        return held


def say_damaged(damaged: Mapping[str, str]) -> str:
    """Which bytes were not handed on and why, a line each, for the end of a report."""
    lines = [f"  {code} {sha256}: {WRONG[code]}" for sha256, code in damaged.items()]
    return "\n".join(["Damaged in the archive and not handed on (embedarchive verify looks through all):", *lines])
