"""A page as captured -> the same page sanitised, within bounds: a large one in a child process that has limits.

A page of a few megabytes may be nested a million deep, or have one tag with a million attributes; no parser takes every
such page in less than minutes.
"""

from __future__ import annotations

import asyncio
import resource
import subprocess
import sys

from embedarchive.show.snapshot import LARGEST_SNAPSHOT, render_sanitised

SMALL = 100_000
"""Bytes that no parser takes long for."""

LONGEST_S = 4
MOST_MEMORY = 1_000_000_000
_at_work = asyncio.Semaphore(2)


async def sanitise(body: bytes, note: str) -> str | None:
    """The page under a line that says so (`note`); None if it cannot be made within the limits."""
    if len(body) <= SMALL:
        return render_sanitised(body.decode("utf-8", "replace"), note)
    async with _at_work:
        return await asyncio.to_thread(_sanitise_in_child, body[:LARGEST_SNAPSHOT], note)


def _sanitise_in_child(body: bytes, note: str) -> str | None:
    command = [sys.executable, "-I", "-m", "embedarchive.viewer.sanitising", note]
    try:
        done = subprocess.run(command, input=body, capture_output=True, timeout=LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        return None
    if done.returncode == 0:
        return done.stdout.decode("utf-8", "replace")
    return None


def main() -> None:
    """The child: limits first, then a page from standard input, the answer to standard output."""
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST_S, LONGEST_S + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    page = render_sanitised(sys.stdin.buffer.read().decode("utf-8", "replace"), sys.argv[1])
    sys.stdout.buffer.write(page.encode("utf-8", "replace"))


if __name__ == "__main__":
    main()
