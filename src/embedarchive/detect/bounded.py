"""The search of one document, bounded: HTML of any size and malice -> what was found, or what cut the search short.

Small documents are searched in this process: every rule is linear in their size. Larger ones go to a child with
limits on CPU
time and memory, killed at a deadline; whatever happens to it is said in `truncated`, never taken for "nothing found".
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from embedarchive.core.model import Claim, Embed, Found, Post
from embedarchive.detect import find_in_document

SMALL = 2_000_000
"""Bytes. Up to here the worst input known takes a few seconds (see the bench), and a child would cost more than
the search."""


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """What a search may cost: bytes read, seconds of CPU and by the clock, bytes of memory."""

    most_bytes: int = 100_000_000
    cpu_s: int = 40
    wall_s: float = 60.0
    memory: int = 4_000_000_000


def search_bounded(
    html: bytes,
    *,
    url: str | None = None,
    content_type: str | None = None,
    mentions: bool = False,
    unknown: bool = False,
    limits: SearchLimits | None = None,
    small: int = SMALL,
) -> Found:
    """Find the embeds of a document within limits; `truncated` is `size`, `time`, `memory` or `crash` when they
    were met.

    `small` is up to how many bytes the search may happen in this process.
    """
    limits = limits or SearchLimits()
    body = html[: limits.most_bytes]
    options = {"url": url, "content_type": content_type, "mentions": mentions, "unknown": unknown}
    if len(body) <= small:
        return _search_here(body, options)
    found = _search_in_child(body, options, limits)
    return replace(found, truncated=found.truncated or ("size" if len(body) < len(html) else None))


async def search_page(html: bytes, *, limits: SearchLimits | None = None, **options: Any) -> Found:
    """The same without holding up the event loop: a thread waits for it."""
    return await asyncio.to_thread(search_bounded, html, limits=limits, **options)


def _search_here(body: bytes, options: Mapping[str, Any]) -> Found:
    try:
        return find_in_document(body, **options)
    except (RecursionError, MemoryError) as error:
        return Found(truncated=type(error).__name__)


def _search_in_child(body: bytes, options: Mapping[str, Any], limits: SearchLimits) -> Found:
    order = json.dumps({**options, "cpu_s": limits.cpu_s, "memory": limits.memory}).encode() + b"\n"
    command = [sys.executable, "-I", "-m", "embedarchive.detect.bounded"]
    try:
        done = subprocess.run(command, input=order + body, capture_output=True, timeout=limits.wall_s, check=False)
    except subprocess.TimeoutExpired:
        return Found(truncated="time")
    if done.returncode == 0:
        return read_found(done.stdout)
    if b"MemoryError" in done.stderr or done.returncode == -6:
        return Found(truncated="memory")
    return Found(truncated="time" if done.returncode in (-24, -9) else "crash")


def read_found(text: bytes) -> Found:
    """The child's answer as values."""
    data = json.loads(text)
    embeds = tuple(
        Embed(**{**e, "post": Post(**e["post"]) if e["post"] else None, "claim": Claim(**e["claim"])})
        for e in data["embeds"]
    )
    return Found(**{**data, "embeds": embeds})


def main() -> None:
    """The child: limits first, then one document from standard input, the answer to standard output."""
    order = json.loads(sys.stdin.buffer.readline())
    resource.setrlimit(resource.RLIMIT_CPU, (order["cpu_s"], order["cpu_s"] + 1))
    resource.setrlimit(resource.RLIMIT_AS, (order["memory"], order["memory"]))
    options = {k: order[k] for k in ("url", "content_type", "mentions", "unknown")}
    found = find_in_document(sys.stdin.buffer.read(), **options)
    sys.stdout.write(json.dumps(asdict(found)))


if __name__ == "__main__":
    main()
