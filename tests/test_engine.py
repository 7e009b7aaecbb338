"""Passes run side by side over what is due, and stop as asked."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from embedarchive.run.engine import Found, Pass, Row, run_passes
from embedarchive.run.in_order import in_order
from embedarchive.run.session import run_apart
from waiting import BOUND_S, NEVER_S

Stage = dict[int, str]


def due(board: Stage, stage: str) -> Callable[[int], Sequence[Row]]:
    return lambda n: [{"id": key} for key, at in board.items() if at == stage][:n]


async def ask(find: Callable[[], Found]) -> Found:
    return find()


def no_fault(name: str, row: Row, error: Exception) -> None:
    raise AssertionError(f"{name} {row} {error!r}")


def moving(board: Stage, name: str, start: str, end: str, workers: int, log: list[str] | None = None) -> Pass:
    async def work(row: Row) -> None:
        await asyncio.sleep(0.001)
        board[row["id"]] = end
        if log is not None:
            log.append(name)

    return Pass(name, workers, due(board, start), work, "id")


async def test_work_flows_through_passes_without_waiting_for_the_slowest() -> None:
    board, log = dict.fromkeys(range(12), "new"), list[str]()
    passes = [moving(board, "fetch", "new", "fetched", 2, log), moving(board, "search", "fetched", "done", 1, log)]
    await run_passes(passes, asyncio.Event(), no_fault, ask)
    assert set(board.values()) == {"done"}
    assert log.index("search") < len(log) - 1 - log[::-1].index("fetch"), "a search came before the last fetch"


async def test_no_more_at_once_than_workers_and_no_row_twice_at_once() -> None:
    board = dict.fromkeys(range(20), "new")
    busy: list[int] = []
    most = 0

    async def work(row: Row) -> None:
        nonlocal most
        assert row["id"] not in busy
        busy.append(row["id"])
        most = max(most, len(busy))
        await asyncio.sleep(0.001)
        busy.remove(row["id"])
        board[row["id"]] = "done"

    await run_passes([Pass("p", 3, due(board, "new"), work, "id")], asyncio.Event(), no_fault, ask)
    assert most == 3


async def test_a_row_whose_work_raises_is_told_once_and_the_rest_goes_on() -> None:
    board, faults = dict.fromkeys(range(5), "new"), list[tuple[int, str]]()

    async def work(row: Row) -> None:
        if row["id"] == 2:
            raise ValueError("bad row")
        board[row["id"]] = "done"

    step = Pass("p", 2, due(board, "new"), work, "id")
    await run_passes([step], asyncio.Event(), lambda name, row, error: faults.append((row["id"], str(error))), ask)
    assert faults == [(2, "bad row")]
    assert [k for k, v in board.items() if v == "done"] == [0, 1, 3, 4]


async def test_stop_finishes_what_is_at_work_and_takes_nothing_new() -> None:
    board, stop = dict.fromkeys(range(10), "new"), asyncio.Event()

    async def work(row: Row) -> None:
        stop.set()
        await asyncio.sleep(0.01)
        board[row["id"]] = "done"

    await run_passes([Pass("p", 2, due(board, "new"), work, "id")], stop, no_fault, ask)
    assert sorted(v for v in board.values() if v == "done") == ["done", "done"]


async def test_cancelling_drops_what_is_at_work() -> None:
    board, dropped, begun = {1: "new"}, list[int](), asyncio.Event()

    async def work(row: Row) -> None:
        begun.set()
        try:
            await asyncio.sleep(NEVER_S)
        finally:
            dropped.append(row["id"])

    running = asyncio.create_task(
        run_passes([Pass("p", 1, due(board, "new"), work, "id")], asyncio.Event(), no_fault, ask)
    )
    await asyncio.wait_for(begun.wait(), BOUND_S)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert dropped == [1]


async def test_a_fault_that_must_end_the_run_does() -> None:
    async def work(row: Row) -> None:
        raise OSError("disk full")

    def on_fault(name: str, row: Row, error: Exception) -> None:
        raise error

    with pytest.raises(OSError, match="disk full"):
        await run_passes([Pass("p", 1, due({1: "new"}, "new"), work, "id")], asyncio.Event(), on_fault, ask)


# ------------------------------------------------------------------------------------------------------------ in order


async def count(n: int) -> AsyncIterator[int]:
    for i in range(n):
        yield i


async def test_results_come_in_the_order_of_what_they_are_of_and_few_at_once() -> None:
    at_work: set[int] = set()
    most = 0

    async def work(i: int) -> int:
        nonlocal most
        at_work.add(i)
        most = max(most, len(at_work))
        await asyncio.sleep(0.001 * (7 - i % 7))
        at_work.discard(i)
        return i * i

    assert [pair async for pair in in_order(count(40), work, 5)] == [(i, i * i) for i in range(40)]
    assert 1 < most <= 5


async def test_a_result_is_given_while_the_next_thing_is_not_there_yet() -> None:
    given = asyncio.Event()

    async def things() -> AsyncIterator[int]:
        yield 1
        await asyncio.wait_for(given.wait(), BOUND_S)
        yield 2

    async def work(i: int) -> int:
        return i

    results = in_order(things(), work, 4)
    assert await anext(results) == (1, 1)
    given.set()
    assert [pair async for pair in results] == [(2, 2)]


@pytest.mark.parametrize("where", ["the things", "the work"])
async def test_a_fault_is_raised_after_what_came_before_it(where: str) -> None:
    async def things() -> AsyncIterator[int]:
        yield 1
        if where == "the things":
            raise ValueError
        yield 2

    async def work(i: int) -> int:
        if i == 2:
            raise ValueError
        return i

    results = in_order(things(), work, 4)
    assert await anext(results) == (1, 1)
    with pytest.raises(ValueError):  # noqa: PT011 (ours, of above)
        await anext(results)


async def test_whoever_stops_asking_leaves_nothing_at_work() -> None:
    before = asyncio.all_tasks()
    results = in_order(count(9), lambda i: asyncio.sleep(NEVER_S * (i > 0), i), 3)
    async for i, _ in results:
        assert i == 0
        break
    await results.aclose()  # type: ignore[attr-defined]
    assert asyncio.all_tasks() == before


def test_a_signal_that_the_kernel_gave_to_another_thread_is_heard() -> None:
    heard = threading.Event()

    async def work() -> bool:
        signal.pthread_kill(threading.get_ident(), signal.SIGUSR1)
        return await asyncio.to_thread(heard.wait, BOUND_S)

    before = signal.signal(signal.SIGUSR1, lambda number, frame: heard.set())
    try:
        assert run_apart(work())
    finally:
        signal.signal(signal.SIGUSR1, before)
