"""A process of ours that any order may kill: bytes in, a line for each answer out, started anew after it died."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from embedarchive.detect.keywords import dump_machine

OUT_OF_MEMORY = 75
"""The code that a child ends with when there is no more memory for a page."""

_DEATHS = {
    OUT_OF_MEMORY: "memory",
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


class LineProcess:
    """A module of ours run as a process of its own, with limits and the compiled keywords.

    It is started with the first order. An answer may take as long as `limits.wall_s`.
    """

    def __init__(self, module: str, limits: SearchLimits) -> None:
        self.stopped = False
        self._module, self._limits = module, limits
        self._process: subprocess.Popen[bytes] | None = None
        self._read = bytearray()

    @property
    def pid(self) -> int | None:
        """Its number while it runs."""
        if self._process is None:
            return None
        return self._process.pid

    def send(self, pieces: Sequence[bytes]) -> None:
        """Give an order. What is wrong with the process is seen when its answer is read."""
        try:
            self._write(pieces)
        except BrokenPipeError:  # it was killed while it had nothing to do
            self.close()
            with contextlib.suppress(BrokenPipeError):
                self._write(pieces)

    def read_line(self) -> bytes:
        """The next answer; nothing if the process died, or had to be given up for taking too long."""
        if self._process is None or self._process.stdout is None:
            return b""
        pipe, ends, at = self._process.stdout, time.monotonic() + self._limits.wall_s, 0
        while (end := self._read.find(b"\n", at)) < 0:
            at = len(self._read)
            ready, _, _ = select.select([pipe], [], [], max(0.0, ends - time.monotonic()))
            more = b""
            if ready:
                more = os.read(pipe.fileno(), 1 << 16)
            if not more:
                return b""
            self._read += more
        line = bytes(self._read[:end])
        del self._read[: end + 1]
        return line

    def explain_death(self) -> str:
        """Why the last order was not carried out: a word for `truncated`."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            if self._process:
                self._process.wait(timeout=0.2)
        return explain_code(self.close())

    def stop(self) -> None:
        """End it for good, whatever it is at. May be called from any thread."""
        self.stopped = True
        process = self._process
        if process:
            process.kill()

    def close(self) -> int:
        """End the process; give how it ended."""
        process, self._process, self._read = self._process, None, bytearray()
        if process is None:
            return 0
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        return process.wait()

    def _write(self, pieces: Sequence[bytes]) -> None:
        machine = []
        if self._process is None:
            machine = [frame(dump_machine())]
            limits = json.dumps({"cpu_s": self._limits.cpu_s, "memory": self._limits.memory})
            command = [sys.executable, "-I", "-m", self._module, limits]
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        pipe = self._process.stdin
        assert pipe is not None
        for piece in (*machine, *pieces):
            pipe.write(piece)
        pipe.flush()


def explain_code(code: int) -> str:
    """How a child ended -> a word for `truncated`."""
    return _DEATHS.get(code, "crash")


def frame(data: bytes) -> bytes:
    """Bytes behind their length, as a child reads them."""
    return b"%d\n%s" % (len(data), data)
