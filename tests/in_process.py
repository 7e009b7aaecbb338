"""The command line in this process: the same `main`, without the second that starting an interpreter takes."""

from __future__ import annotations

import gc
import io
import os
import sys
from pathlib import Path
from unittest import mock

from commands import Done
from embedarchive.cli import main


def run(*args: str | Path, stdin: str = "", **env: str) -> Done:
    """What a command printed and exited with; its streams are no terminal."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    given = io.TextIOWrapper(io.BytesIO(stdin.encode()), "utf-8")
    streams = mock.patch.multiple(sys, argv=["embedarchive", *map(str, args)], stdin=given, stdout=out, stderr=err)
    code: object = 0
    pace = gc.get_threshold()
    with streams, mock.patch.dict(os.environ, env):
        try:
            main()
        except SystemExit as done:
            code = done.code
        finally:
            gc.set_threshold(*pace)  # a command takes it for the whole of its process
    return Done(code if isinstance(code, int) else int(code is not None), read(out), read(err))


def read(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")
