"""An archive -> its totals, which it keeps itself; and estimates, made in the background and kept until the file changes.

No page waits long.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from embedarchive import library
from embedarchive.library.estimates import Rot, Survival
from embedarchive.library.lifetimes import gather, read_rot
from embedarchive.library.records import Counts
from embedarchive.viewer.archives import read
from embedarchive.viewer.eyes import eyes_of, find_version

LONGEST_WAIT_S = 0.5
"""How long a page waits for a count that has just begun."""

LONGEST_COUNT_MS = 300_000
MOST_OUTLETS = 500
MOST_GROUPS = 12
"""Of a page; the command has more."""


@dataclass
class _Kept:
    """What was last made of one archive, and what is being made."""

    made: Any = None
    of: object = None
    task: asyncio.Task[None] | None = None
    loop: asyncio.AbstractEventLoop | None = field(default=None, repr=False)


async def counts_of(datasette: Any, database: Any) -> Counts | None:
    """The totals, of as many outlets as a page shows; None while they are counted of an archive that does not keep them."""
    if await read(database, keeps_figures):
        return await read(database, count_shown)

    async def count() -> Counts:
        return await read(database, count_shown, LONGEST_COUNT_MS)

    counts: Counts | None = await _keep(datasette, database, "counts", count)
    return counts


def keeps_figures(conn: sqlite3.Connection) -> bool:
    """Whether an archive has taken the step since which it keeps its figures."""
    return conn.execute("SELECT 1 FROM main.sqlite_schema WHERE name = 'outlet_figures'").fetchone() is not None


def count_shown(conn: sqlite3.Connection) -> Counts:
    return library.count(conn, MOST_OUTLETS)


async def survival_of(datasette: Any, database: Any, by: str) -> Survival | None:
    """How long posts live, as last estimated; None while the first estimate is under way."""

    async def estimate() -> Survival:
        gathered = await read(database, lambda conn: gather(conn, by), LONGEST_COUNT_MS)
        async with _one_at_a_time(datasette):  # it takes a processor for as long as it takes
            return await asyncio.to_thread(gathered.estimate, MOST_GROUPS)

    told: Survival | None = await _keep(datasette, database, f"survival {by}", estimate)
    return told


async def rot_of(datasette: Any, database: Any, by: str) -> Rot | None:
    """How many articles have a hole, as last counted; None while the first count is under way."""

    async def count() -> Rot:
        return await read(database, lambda conn: read_rot(conn, by), LONGEST_COUNT_MS)

    told: Rot | None = await _keep(datasette, database, f"rot {by}", count)
    return told


def _one_at_a_time(datasette: Any) -> asyncio.Lock:
    loop = asyncio.get_running_loop()
    held: tuple[asyncio.AbstractEventLoop, asyncio.Lock] | None = getattr(datasette, "_embedarchive_lock", None)
    if held is None or held[0] is not loop:
        held = datasette._embedarchive_lock = (loop, asyncio.Lock())
    return held[1]


async def _keep(datasette: Any, database: Any, what: str, make: Callable[[], Awaitable[Any]]) -> Any:
    """What was last made; begin to make it anew where the file has changed since, and wait a moment for that."""
    if not hasattr(datasette, "_embedarchive_kept"):
        datasette._embedarchive_kept = {}
    state: _Kept = datasette._embedarchive_kept.setdefault((database.name, eyes_of(database), what), _Kept())
    version = find_version(database)
    loop = asyncio.get_running_loop()
    if state.made is not None and state.of == version:
        return state.made

    async def work() -> None:
        state.made, state.of = await make(), version

    if state.task is None or state.task.done() or state.loop is not loop:
        state.loop, state.task = loop, loop.create_task(work())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LONGEST_WAIT_S):
            await asyncio.shield(state.task)
    return state.made
