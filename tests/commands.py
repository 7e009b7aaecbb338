"""The command line as users run it: a process of its own, against a replica in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedarchive.replica import Replica
from waiting import BOUND_S


@dataclass(frozen=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def command(*args: str | Path) -> list[str]:
    return [sys.executable, "-c", "from embedarchive.cli import main; main()", *map(str, args)]


def embedarchive(*args: str | Path, stdin: str | None = None, timeout: float = 3 * BOUND_S, **env: str) -> Done:
    done = subprocess.run(
        command(*args), input=stdin, capture_output=True, text=True, timeout=timeout, env=os.environ | env, check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


def through(replica: Replica) -> list[str]:
    """The options that let a command meet the replica at the real host names."""
    return [*(f"--resolve={r}" for r in replica.resolve), f"--ca-file={replica.ca_file}", "--delay=0"]
