"""A WARC or ARC file, however it is packed -> its records.

A file that is packed record by record with gzip is read member by member (`members`), and a record without anything odd about
it as it stands (`plain_records`): that is faster than any reader of streams, and a damaged member costs itself. All else is
read by warcio from a stream (`records`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from io import BytesIO
from typing import IO, Any, NamedTuple

from embedarchive.sources.members import Member, read_members
from embedarchive.sources.plain_records import is_whole, read_plain_record
from embedarchive.sources.records import (
    CHUNK,
    DAMAGE,
    Stream,
    iterate_records,
    locate_records,
    peek,
    unpack_pieces,
    unpack_records,
)


class Located(NamedTuple):
    """A record, and where it stands in its file as that is packed, in bytes; None where no part of the file is it alone."""

    record: Any
    offset: int | None = None
    length: int | None = None


def locate_file(file: IO[bytes], on_damage: Callable[[int], None] = lambda at: None) -> Iterator[Located]:
    """Give the records of a file and where each stands; `on_damage` is told at which byte something had to be passed over.

    Of what is packed, that is a byte of the file as it is. Raises what there is in `DAMAGE` where no further record begins.
    """
    if not peek(file, 2).startswith(b"\x1f\x8b"):
        stream = unpack_records(file)
        for each, begins, ends in locate_records(stream, on_damage):
            if stream is file and begins is not None:
                yield Located(each, begins, ends - begins)
            else:
                yield Located(each)
        return
    for member in read_members(file):
        record = None
        if member.data:
            record = read_plain_record(member.data)
        length = None
        if member.end is not None:
            length = member.end - member.start
        if record is not None:
            yield Located(record, member.start, length)
        elif member.data and is_whole(member.data):
            for each in _iterate_member(BytesIO(member.data), member, on_damage):
                yield Located(each, member.start, length)
        elif member.data or member.end is None:
            rest = iterate_records(unpack_pieces(_read_range(file, member.start, None), "gzip"), on_damage)
            yield from map(Located, rest)
            return
        else:
            stream = unpack_pieces(_read_range(file, member.start, member.end), "gzip")
            for each in _iterate_member(stream, member, on_damage):
                yield Located(each, member.start, length)


def _iterate_member(stream: Stream, member: Member, on_damage: Callable[[int], None]) -> Iterator[Any]:
    """Give what can be had of a member that is odd, damaged or too long to be held. Damage is told once, and ends nothing."""
    told = [member.start] if member.damaged else []
    try:
        yield from iterate_records(stream, told.append)
    except DAMAGE as error:
        if isinstance(error, OSError) and error.errno:
            raise
        told.append(member.start)
    if told:
        on_damage(member.start)


def _read_range(file: IO[bytes], start: int, end: int | None) -> Iterator[bytes]:
    """The bytes from one place in a file to another, or to its end. Others may read the file between two pieces."""
    while end is None or start < end:
        file.seek(start)
        if end is None:
            length = CHUNK
        else:
            length = min(CHUNK, end - start)
        piece = file.read(length)
        if not piece:
            return
        start += len(piece)
        yield piece
