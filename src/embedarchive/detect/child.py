"""A process that searches documents, one after the other, and may be killed by any of them: limits first, then pages.

It is sent the compiled keywords, then batches: a line of JSON that says each page's options and length, and the pages; and
answers a line of JSON for each. A batch is read as a whole before the first answer: neither side waits for the other.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import resource
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from types import TracebackType
from typing import IO, Any, Self

from embedarchive.core.model import Claim, Embed, Found, Post
from embedarchive.detect import find_in_document
from embedarchive.detect.keywords import dump_machine, load_machine

_OUT_OF_MEMORY = 75
"""The code that a child ends with when there is no more memory for a page."""


_DEATHS = {
    _OUT_OF_MEMORY: "memory",
    -signal.SIGABRT: "memory",
    -signal.SIGXCPU: "time",
    -signal.SIGKILL: "time",
}
"""How a child ended -> what its page was too dear in."""


@dataclass(frozen=True, slots=True)
class SearchLimits:
    """What a search may cost: bytes read, seconds of CPU and by the clock, bytes of memory."""

    most_bytes: int = 100_000_000
    cpu_s: int = 40
    wall_s: float = 60.0
    memory: int = 4_000_000_000


@dataclass(frozen=True, slots=True)
class Document:
    """A document to search, and the options of `find_embeds` to search it with."""

    body: bytes
    options: Mapping[str, Any]


class SearchChild:
    """A child process, started with the first batch, and anew after a page that it died of."""

    def __init__(self, limits: SearchLimits) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None
        self._read = b""
        self._stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def search(self, pages: Sequence[Document]) -> Iterator[Found]:
        """What is in each page of a batch. The one at which the child dies is `truncated`; a new child takes the rest.

        Where it is stopped by another thread, the rest is not searched.
        """
        done = 0
        while done < len(pages) and not self._stopped:
            self._send(pages[done:])
            while done < len(pages):
                line = self._read_line()
                yield read_found(line) if line else Found(truncated=self._explain_death())
                done += 1
                if not line:
                    break

    def stop(self) -> None:
        """End it for good, whatever it is at. May be called from any thread."""
        self._stopped = True
        process = self._process
        if process:
            process.kill()

    def close(self) -> int:
        """End the child; give how it ended."""
        process, self._process, self._read = self._process, None, b""
        if process is None:
            return 0
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        return process.wait()

    def _send(self, pages: Sequence[Document]) -> None:
        orders = [{**page.options, "length": len(page.body)} for page in pages]
        pieces = [json.dumps(orders).encode() + b"\n", *(page.body for page in pages)]
        try:
            self._write(pieces)
        except BrokenPipeError:  # it was killed while it had nothing to do
            self.close()
            with contextlib.suppress(BrokenPipeError):
                self._write(pieces)

    def _write(self, pieces: Sequence[bytes]) -> None:
        if self._process:
            machine = []
        else:
            machine = [frame(dump_machine())]
        pipe = self._start().stdin
        assert pipe is not None
        for piece in (*machine, *pieces):
            pipe.write(piece)
        pipe.flush()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            limits = json.dumps({"cpu_s": self._limits.cpu_s, "memory": self._limits.memory})
            command = [sys.executable, "-I", "-m", "embedarchive.detect.child", limits]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        return self._process

    def _read_line(self) -> bytes:
        """The next answer; nothing if the child died, or had to be killed for taking too long."""
        pipe = self._start().stdout
        assert pipe is not None
        ends = time.monotonic() + self._limits.wall_s
        while b"\n" not in self._read:
            ready, _, _ = select.select([pipe], [], [], max(0.0, ends - time.monotonic()))
            more = b""
            if ready:
                more = os.read(pipe.fileno(), 1 << 16)
            if not more:
                return b""
            self._read += more
        line, _, self._read = self._read.partition(b"\n")
        return line

    def _explain_death(self) -> str:
        """Why a page was not searched to its end: a word for `truncated`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self._process:
                self._process.wait(timeout=0.2)
        return explain_code(self.close())


def explain_code(code: int) -> str:
    """How a child ended -> a word for `truncated`."""
    return _DEATHS.get(code, "crash")


def frame(data: bytes) -> bytes:
    """Bytes behind their length, as a child reads them."""
    return b"%d\n%s" % (len(data), data)


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
        os._exit(_OUT_OF_MEMORY)


def main() -> None:
    """The child."""
    limit_process(json.loads(sys.argv[1]), _serve)


if __name__ == "__main__":
    main()
