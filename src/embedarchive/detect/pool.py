"""The search of many documents on every core: bounded children that take pages in batches and answer one by one.

The first pages are searched in this process, for a child takes a fifth of a second to start: children begin when pages wait.
Each has the limits of `bounded`, for every page anew; one that dies costs the page that it was at. What comes out is the same
as from `search_bounded`, whoever searched.
"""

from __future__ import annotations

import asyncio
import os
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from embedarchive.core.model import Found
from embedarchive.detect.bounded import make_page, say_cut, search_bounded
from embedarchive.detect.child import Document, SearchChild
from embedarchive.detect.line_process import SearchLimits

FEW = 32
"""Pages that are searched in this process, before it is worth it to start another."""
MANY = 8
"""Pages that wait, at which a child is started."""
_MOST_PAGES, _MOST_BYTES = 8, 4_000_000
"""Of a batch; what is longer is a batch of its own."""


@dataclass(frozen=True, slots=True)
class _Order:
    """A document to search, and where the answer goes."""

    html: bytes
    page: Document
    answer: Future[Found]


def count_cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class SearchPool:
    """Searches documents side by side.

    `processes` is how many children there may be, by default one for each core; with one, all is searched in this process.
    """

    def __init__(self, processes: int | None = None, limits: SearchLimits | None = None) -> None:
        self.processes = count_cores() if processes is None else processes
        self._limits = limits or SearchLimits()
        self._waiting: queue.SimpleQueue[_Order | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self.children: list[SearchChild] = []
        self._submitted = 0
        self._helped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(self, html: bytes, **options: Any) -> Future[Found]:
        """Have a document searched: options and answer of `search_bounded`. To be called from one thread."""
        order = _Order(html, make_page(html, self._limits, **options), Future())
        self._waiting.put(order)
        self._submitted += 1
        if not self._threads:
            self._begin(self._work_here)
        if 1 < self.processes > len(self.children) and self._submitted > FEW and self._waiting.qsize() > MANY:
            self.children.append(SearchChild(self._limits))
            self._begin(partial(self._work_in_child, self.children[-1]))
        return order.answer

    async def search(self, html: bytes, **options: Any) -> Found:
        """The same, for an event loop."""
        return await asyncio.wrap_future(self.submit(html, **options))

    def close(self) -> None:
        """Leave what waits, and end the children, whatever they are at."""
        while not self._waiting.empty():
            order = self._waiting.get()
            if order:
                order.answer.cancel()
        for child in self.children:
            child.stop()
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            thread.join()
        self._threads, self.children = [], []

    def _begin(self, work: Callable[[], None]) -> None:
        thread = threading.Thread(target=work, name="search", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work_here(self) -> None:
        """Search in this process, until another has begun to answer."""
        while not self._helped and (order := self._waiting.get()):
            if order.answer.set_running_or_notify_cancel():
                try:
                    order.answer.set_result(search_bounded(order.html, limits=self._limits, **order.page.options))
                except Exception as error:
                    order.answer.set_exception(error)

    def _work_in_child(self, child: SearchChild) -> None:
        with closing(child):
            while batch := self._take_batch():
                orders = [order for order in batch if order.answer.set_running_or_notify_cancel()]
                try:
                    found = child.search([order.page for order in orders])
                    for order, each in zip(orders, found, strict=True):
                        order.answer.set_result(say_cut(each, order.html, order.page))
                    self._helped = True
                except Exception as error:
                    for order in orders:
                        if not order.answer.done():
                            order.answer.set_exception(error)

    def _take_batch(self) -> list[_Order]:
        """What one child takes at a time: no more than its share of what waits. Nothing at the end."""
        first = self._waiting.get()
        batch = [first] if first else []
        share = min(_MOST_PAGES, 1 + self._waiting.qsize() // self.processes)
        while batch and len(batch) < share and sum(len(order.html) for order in batch) < _MOST_BYTES:
            try:
                order = self._waiting.get_nowait()
            except queue.Empty:
                break
            if order is None:
                self._waiting.put(None)  # it is for the next time
                break
            batch.append(order)
        return batch
