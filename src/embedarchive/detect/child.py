"""A process that searches documents, one after the other, and may be killed by any of them: limits first, then pages.

It is sent the compiled keywords, then batches: a line of JSON that says each page's options and length, and the pages; and
answers a line of JSON for each. A batch is read as a whole before the first answer: neither side waits for the other.
"""

from __future__ import annotations

import json
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import IO, Any

from embedarchive.core.model import Claim, Embed, Found, Post
from embedarchive.detect import find_in_document
from embedarchive.detect.keywords import load_machine
from embedarchive.detect.line_process import OUT_OF_MEMORY, LineProcess, SearchLimits


@dataclass(frozen=True, slots=True)
class Document:
    """A document to search, and the options of `find_embeds` to search it with."""

    body: bytes
    options: Mapping[str, Any]


class SearchChild:
    """A child process, started with the first batch, and anew after a page that it died of."""

    def __init__(self, limits: SearchLimits) -> None:
        self.process = LineProcess("embedarchive.detect.child", limits)

    def search(self, pages: Sequence[Document]) -> Iterator[Found]:
        """What is in each page of a batch. The one at which the child dies is `truncated`; a new child takes the rest.

        Where it is stopped by another thread, the rest is not searched.
        """
        done = 0
        while done < len(pages) and not self.process.stopped:
            self._send(pages[done:])
            while done < len(pages):
                line = self.process.read_line()
                yield read_found(line) if line else Found(truncated=self.process.explain_death())
                done += 1
                if not line:
                    break

    def _send(self, pages: Sequence[Document]) -> None:
        orders = [{**page.options, "length": len(page.body)} for page in pages]
        self.process.send([json.dumps(orders).encode() + b"\n", *(page.body for page in pages)])

    def stop(self) -> None:
        """End it for good, whatever it is at. May be called from any thread."""
        self.process.stop()

    def close(self) -> int:
        """End the child; give how it ended."""
        return self.process.close()


def dump_found(found: Found) -> dict[str, Any]:
    """What was found as JSON can hold it."""
    if found.embeds:
        return asdict(found)
    return {each.name: getattr(found, each.name) for each in fields(found)}


def parse_found(data: Mapping[str, Any]) -> Found:
    """The same as values again."""
    embeds = tuple(
        Embed(**{**e, "post": Post(**e["post"]) if e["post"] else None, "claim": Claim(**e["claim"])})
        for e in data["embeds"]
    )
    return Found(**{**data, "embeds": embeds})


def read_found(text: bytes) -> Found:
    """The child's answer as values."""
    return parse_found(json.loads(text))


def search_here(body: bytes, options: Mapping[str, Any]) -> Found:
    """Search a document in this process; what Python itself gives up at is said."""
    try:
        return find_in_document(body, **options)
    except MemoryError:
        return Found(truncated="memory")
    except RecursionError:
        return Found(truncated="crash")


def allow_cpu(seconds: int) -> None:
    """Let the process use so much CPU time from now on; at the limit the system ends it."""
    _, most = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(time.process_time()) + seconds, most))


def take_machine(orders: IO[bytes]) -> None:
    """Take over the compiled keywords from whoever started this process."""
    load_machine(orders.read(int(orders.readline())))


def _serve(orders: IO[bytes], answers: IO[bytes], cpu_s: int) -> None:
    take_machine(orders)
    while line := orders.readline():
        batch = json.loads(line)
        bodies = [orders.read(order.pop("length")) for order in batch]
        for order, body in zip(batch, bodies, strict=True):
            allow_cpu(cpu_s)
            answers.write(json.dumps(dump_found(search_here(body, order))).encode() + b"\n")
            answers.flush()


def limit_process(limits: Mapping[str, int], serve: Callable[[IO[bytes], IO[bytes], int], None]) -> None:
    """Serve orders within limits until there are no more. Whoever interrupts the run interrupts the parent, whose end of the
    pipe ends this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (limits["memory"], limits["memory"]))
    allow_cpu(limits["cpu_s"])
    try:
        serve(sys.stdin.buffer, sys.stdout.buffer, limits["cpu_s"])
    except MemoryError:
        os._exit(OUT_OF_MEMORY)


def main() -> None:
    """The child."""
    limit_process(json.loads(sys.argv[1]), _serve)


if __name__ == "__main__":
    main()
