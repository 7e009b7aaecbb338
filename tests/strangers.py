"""A folder that may not be written to, also where the tests are run by root, whom everything is let."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OVERRIDES = 0b110
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: to write and read what a file's rights forbid (capabilities(7))."""


@contextmanager
def write_protected(folder: Path) -> Iterator[None]:
    """Let this thread, and those it starts, read what is in a folder and write nothing there."""
    folder.chmod(0o555)
    for path in folder.iterdir():
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = set_overrides(0) if os.geteuid() == 0 else 0
    try:
        yield
    finally:
        if before:
            set_overrides(before)
        folder.chmod(0o755)


def set_overrides(wanted: int) -> int:
    """Let root's overrides be in force or not (capget(2)); give which were."""
    libc = ctypes.CDLL(None, use_errno=True)
    head, sets = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    if libc.capget(head, sets):
        raise OSError(ctypes.get_errno(), "capget")
    before = sets[0] & OVERRIDES
    sets[0] = sets[0] & ~OVERRIDES | wanted
    if libc.capset(head, sets):
        raise OSError(ctypes.get_errno(), "capset")
    return before
