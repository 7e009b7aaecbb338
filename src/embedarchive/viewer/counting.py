"""An archive -> its totals, counted in the background and kept until the file changes: no page waits for them long."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Any

from embedarchive import library
from embedarchive.library.records import Counts
from embedarchive.viewer.archives import read
from embedarchive.viewer.eyes import eyes_of, find_version

LONGEST_WAIT_S = 0.5
"""How long a page waits for a count that has just begun."""

LONGEST_COUNT_MS = 300_000


@dataclass
class _Counting:
    """The last finished count of one archive, and the one under way."""

    counts: Counts | None = None
    of: object = None
    task: asyncio.Task[Counts] | None = None
    loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)


async def counts_of(datasette: Any, database: Any) -> Counts | None:
    """The totals as last counted; None while the first count is under way."""
    if not hasattr(datasette, "_embedarchive_counts"):
        datasette._embedarchive_counts = {}
    state: _Counting = datasette._embedarchive_counts.setdefault((database.name, eyes_of(database)), _Counting())
    version = find_version(database)
    loop = asyncio.get_running_loop()
    if state.counts is not None and state.of == version:
        return state.counts
    if state.task is None or state.task.done() or state.loop is not loop:
        state.loop, state.task = loop, loop.create_task(_count(state, database, version))
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(asyncio.shield(state.task), LONGEST_WAIT_S)
    return state.counts


async def _count(state: _Counting, database: Any, version: object) -> Counts:
    counts = await read(database, library.count, LONGEST_COUNT_MS)
    state.counts, state.of = counts, version
    return counts
