"""Passes -> work done side by side until nothing is due: the local executor.

It knows nothing of articles or posts: a pass says what is due, what to do with one row, and what to keep of it. Another
executor (a farm) only needs the same face.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Pass:
    """One line of the ledger. `due(n)` gives rows, `work` does one and keeps its result; `id` names a row.

    With a `queue`, a column, rows are scheduled fairly by it: first those of the queues that have the least at work. `due(n)`
    must then give n rows of n queues, where there are so many; else n rows will do. `workers` may change meanwhile.
    """

    name: str
    workers: int | Callable[[], int]
    due: Callable[[int], Sequence[Row]]
    work: Callable[[Row], Coroutine[Any, Any, None]]
    id: str
    queue: str = ""


Found = list[tuple["Pass", Row]]
Ask = Callable[[Callable[[], Found]], Awaitable[Found]]
"""Calls a function where it can be asked what is due, as in the thread that has the archive."""


async def run_passes(
    passes: Sequence[Pass], stop: asyncio.Event, on_fault: Callable[[str, Row, Exception], None], ask: Ask
) -> None:
    """Work on whatever is due in any pass until nothing is due and nothing is at work, or until `stop` is set.

    All passes are asked at once, through `ask`. Rows at work when `stop` is set are finished. A row whose work raises is told
    to `on_fault` (which may raise, to end the run) and left alone from then on. Cancelling this coroutine cancels all that is
    at work.
    """
    working: dict[asyncio.Future[Any], tuple[str, Row]] = {}
    left_alone: set[tuple[str, Any]] = set()
    stopping: asyncio.Future[Any] = asyncio.create_task(stop.wait())
    try:
        while True:
            if not stop.is_set():
                for step, row in await ask(partial(find_due, passes, tuple(working.values()), left_alone)):
                    working[asyncio.create_task(step.work(row), name=step.name)] = (step.name, row)
            if not working:
                return
            if stop.is_set():
                watched = set(working)
            else:
                watched = {*working, stopping}
            done, _ = await asyncio.wait(watched, return_when=asyncio.FIRST_COMPLETED)
            for task in done - {stopping}:
                name, row = working.pop(task)
                if error := task.exception():
                    if not isinstance(error, Exception):
                        raise error
                    left_alone.add((name, next(row[s.id] for s in passes if s.name == name)))
                    on_fault(name, row, error)
    finally:
        stopping.cancel()
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)


def find_due(passes: Sequence[Pass], working: Sequence[tuple[str, Row]], left_alone: set[tuple[str, Any]]) -> Found:
    """All that can be taken on now, in the order of the passes."""
    return [(step, row) for step in passes for row in due_rows(step, working, left_alone)]


def due_rows(step: Pass, working: Sequence[tuple[str, Row]], left_alone: set[tuple[str, Any]]) -> list[Row]:
    """The rows a pass can take on now: due, not at work, not left alone, and no more than it has workers free."""
    busy = [row for name, row in working if name == step.name]
    room = (step.workers() if callable(step.workers) else step.workers) - len(busy)
    if room <= 0:
        return []
    taken = {*(row[step.id] for row in busy), *(key for name, key in left_alone if name == step.name)}
    rows = [row for row in step.due(room + len(taken)) if row[step.id] not in taken]
    if step.queue:
        return schedule_fairly(rows, step.queue, busy, room)
    return rows[:room]


def schedule_fairly(rows: Sequence[Row], queue: str, busy: Sequence[Row], room: int) -> list[Row]:
    """So many rows that no queue has more at work than it must; of equals the first. Pure."""
    at_work, left, chosen = Counter(row[queue] for row in busy), list(rows), list[Row]()
    while left and len(chosen) < room:
        chosen.append(left.pop(min(range(len(left)), key=lambda at: at_work[left[at][queue]])))
        at_work[chosen[-1][queue]] += 1
    return chosen
