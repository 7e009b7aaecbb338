"""A process group -> which of its processes have eaten too much memory. Reads /proc; elsewhere it finds nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")


def find_members(group: int) -> Iterator[int]:
    """Yield the processes of a group."""
    for entry in os.scandir(_PROC) if _PROC.is_dir() else ():
        if entry.name.isdecimal():
            try:
                if os.getpgid(int(entry.name)) == group:
                    yield int(entry.name)
            except OSError:
                continue


def find_children(pid: int) -> list[int]:
    """Name the processes that a process started itself."""
    if _PROC.is_dir():
        return [int(entry.name) for entry in os.scandir(_PROC) if parent_of(entry.name) == pid]
    return []


def parent_of(name: str) -> int | None:
    """The parent of a process; None when that cannot be known."""
    try:
        after_name = (_PROC / name / "stat").read_text().rpartition(")")[2]
        if name.isdecimal():
            return int(after_name.split()[1])
        return None
    except (OSError, ValueError, IndexError):
        return None


def find_heavy(group: int, limit_mb: int) -> list[int]:
    """Name the processes of a group that hold more memory of their own than the limit."""
    if group:
        return [pid for pid in find_members(group) if (resident_mb(pid) or 0) > limit_mb]
    return []


def resident_mb(pid: int) -> int | None:
    """Memory that a process holds and shares with no other, in MB; None when that cannot be known."""
    try:
        fields = (_PROC / str(pid) / "statm").read_text().split()
        return (int(fields[1]) - int(fields[2])) * os.sysconf("SC_PAGE_SIZE") >> 20
    except (OSError, ValueError, IndexError):
        return None
