"""Work on what comes, several at once, and give the results in the order in which it came."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


async def in_order(
    things: AsyncIterator[T], work: Callable[[T], Awaitable[R]], at_once: int
) -> AsyncIterator[tuple[T, R]]:
    """Give each thing with what the work made of it, as soon as it is its turn; at most `at_once` are at work or wait for it.

    Raises what the things or the work raise, once all that came before was given.
    """
    begun: asyncio.Queue[tuple[T, asyncio.Task[R]] | None] = asyncio.Queue()
    room = asyncio.Semaphore(at_once)
    tasks: set[asyncio.Task[R]] = set()

    async def begin() -> None:
        try:
            async for thing in things:
                await room.acquire()
                task = asyncio.create_task(_await(work(thing)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
                begun.put_nowait((thing, task))
        finally:
            begun.put_nowait(None)

    beginning = asyncio.create_task(begin())
    try:
        while pair := await begun.get():
            thing, task = pair
            yield thing, await task
            room.release()
        await beginning
    finally:
        for waiting in (beginning, *tasks):
            waiting.cancel()
        await asyncio.gather(beginning, *tasks, return_exceptions=True)


async def _await(result: Awaitable[R]) -> R:
    return await result
