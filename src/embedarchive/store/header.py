"""An archive's file -> its first bytes, read without taking away the locks that SQLite holds on it in this process.

Linux and macOS drop every lock that a process has on a file as soon as the process closes any descriptor of it
(https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_): whoever reads the
header beside an open connection and closes the file lets another program write under that connection. So a file that was
read here once is kept open.
"""

from __future__ import annotations

import os
import struct
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Self

SIZE = 100
MAGIC = b"SQLite format 3\0"
MOST_OPEN = 64
"""Of so many files no two are archives that one process still has open; the one read longest ago is closed."""

_open: dict[tuple[int, int], int] = {}
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Header:
    """What the first 100 bytes of a SQLite file say (https://www.sqlite.org/fileformat.html#the_database_header)."""

    page_size: int
    has_log: bool
    """Whether its changes go to a write-ahead log; only then does a log beside it belong to it."""
    changes: int
    pages: int
    cookie: int
    """Its schema's number, which every run moves on: see `sidefiles`."""
    user_version: int
    counted_at: int
    """The number of changes at which `pages` was right."""
    application: int

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read at least 100 bytes of page 1. Pure."""
        page_size, write_version, changes, pages, cookie = struct.unpack(">HB5xII8xI", data[16:44])
        user_version, application, counted_at = struct.unpack(">I4xI20xI", data[60:96])
        if page_size == 1:
            page_size = 65536
        return cls(page_size, write_version == 2, changes, pages, cookie, user_version, counted_at, application)


def read_first(path: Path, length: int = SIZE) -> bytes:
    """The first bytes of a file, or all it has. Raises OSError."""
    with _lock:
        found = path.stat()
        descriptor = _open.pop((found.st_dev, found.st_ino), None)
        if descriptor is None:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            found = os.fstat(descriptor)
            _close_unneeded()
        _open[found.st_dev, found.st_ino] = descriptor
        return os.pread(descriptor, length, 0)


def _close_unneeded() -> None:
    """Close what was deleted since, for it takes room on the disk, and the oldest of too many."""
    for key, descriptor in list(_open.items()):
        if len(_open) >= MOST_OPEN or os.fstat(descriptor).st_nlink == 0:
            os.close(_open.pop(key))
