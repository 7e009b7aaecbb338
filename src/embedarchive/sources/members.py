"""A file packed with gzip record by record, as crawlers write WARC -> its members, each unpacked whole.

libdeflate unpacks a member that is in hand several times as fast as a stream is unpacked. A member that is damaged costs
itself: the next one begins where gzip's first bytes stand again. What is no such file is for a reader of streams.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import IO

from deflate import DeflateError, crc32, gzip_decompress

_MAGIC = b"\x1f\x8b\x08"
_LEAST = 18
"""Bytes of gzip's head and tail: no member is shorter."""
_READ = 1 << 20
_LONGEST = 32 << 20
"""Bytes of a packed member that is held; what is longer is left to a reader of streams."""
_LARGEST = 128 << 20
"""Bytes of an unpacked one."""
_MOST_OF_ONE = 1032
"""How many bytes deflate can make of one (https://zlib.net/zlib_tech.html)."""


@dataclass(frozen=True, slots=True)
class Member:
    """One member of a gzip file: where it starts and ends, in bytes, and what it holds.

    `data` is None where it is too long to be held, or `damaged`; `end` too where no further member can be found behind it.
    """

    start: int
    end: int | None
    data: bytearray | None
    damaged: bool = False


def read_members(file: IO[bytes]) -> Iterator[Member]:
    """Give the members of a gzip file, up to the first whose end cannot be found. Raises OSError where it cannot be read."""
    ahead = _Ahead(file)
    while ahead.read_to(_LEAST):
        member = _find_first(ahead)
        if member.end is None and len(ahead.bytes) >= _LONGEST:
            member = replace(member, end=_measure(file, ahead.start))
        yield member
        if member.end is None:
            return
        ahead.go_on(member.end)


class _Ahead:
    """The bytes of a file from the start of a member on, as many as were asked for."""

    def __init__(self, file: IO[bytes]) -> None:
        self.start = 0
        self.bytes = bytearray()
        self._file = file

    def read_to(self, length: int) -> bool:
        """Whether there are so many bytes; they are read if need be."""
        while len(self.bytes) < length:
            self._file.seek(self.start + len(self.bytes))  # others read the file between two members
            more = self._file.read(_READ)
            self.bytes += more
            if not more:
                return False
        return True

    def go_on(self, place: int) -> None:
        """Begin anew at a place in the file."""
        del self.bytes[: place - self.start]
        self.start = place

    def find_ends(self, start: int = 0) -> Iterator[int]:
        """Where a member that starts there may end: before gzip's first bytes, and at the end of the file."""
        at = start + _LEAST
        while len(self.bytes) < _LONGEST:
            found = self.bytes.find(_MAGIC, at)
            if found >= 0:
                yield found
                at = found + 1
                continue
            at = max(at, len(self.bytes) - len(_MAGIC) + 1)
            if not self.read_to(len(self.bytes) + 1):
                yield len(self.bytes)
                return

    def unpack(self, start: int, end: int) -> bytearray | None:
        """What a member holds that reaches from there to there, or None if there is none.

        The last eight bytes of a member are the checksum and the number of the bytes that it holds (RFC 1952).
        """
        size = int.from_bytes(self.bytes[end - 4 : end], "little")
        if not self.bytes.startswith(_MAGIC, start) or not 0 < size <= min(_LARGEST, (end - start) * _MOST_OF_ONE):
            return None
        try:
            data = gzip_decompress(self.bytes[start:end], size)
        except DeflateError:
            return None
        ends = len(data) == size and crc32(data) == int.from_bytes(self.bytes[end - 8 : end - 4], "little")
        if ends:
            return data
        return None


def _find_first(ahead: _Ahead) -> Member:
    """The first member of what is ahead. Where it is damaged it ends before one that is not."""
    for length in ahead.find_ends():
        data, end = ahead.unpack(0, length), ahead.start + length
        if data is not None:
            return Member(ahead.start, end, data)
        if _begins_record(ahead, length):
            return Member(ahead.start, end, None, damaged=True)
    return Member(ahead.start, None, None)


_TRIES = 3


def _begins_record(ahead: _Ahead, start: int) -> bool:
    """Whether a member begins there that holds a record. Its packed bytes may look like the start of another, seldom twice."""
    for end, _ in zip(ahead.find_ends(start), range(_TRIES), strict=False):
        data = ahead.unpack(start, end)
        if data is not None:
            return data.startswith(b"WARC/")
    return False


def _measure(file: IO[bytes], start: int) -> int | None:
    """Where a member of any size ends, unpacked piece by piece; None if it is damaged."""
    file.seek(start)
    inflater, end = zlib.decompressobj(31), start
    try:
        while not inflater.eof:
            packed = inflater.unconsumed_tail or file.read(_READ)
            if not packed:
                return None
            inflater.decompress(packed, 16 * _READ)
            end += len(packed) - len(inflater.unconsumed_tail) - len(inflater.unused_data)
    except zlib.error:
        return None
    return end
