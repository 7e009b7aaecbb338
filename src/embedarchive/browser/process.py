"""A program and its switches -> a browser's process: the pipe to it, what it says, its profile, its end."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import re
import shutil
import signal
import socket
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from time import time

from embedarchive.browser.cdp import BrowserPipe

_PASSED_ON = re.compile(
    r"^(?:PATH|HOME|USER|LOGNAME|LANG|LC_\w+|TMPDIR|TEMP|TMP|XDG_\w+|FONTCONFIG_\w+|DISPLAY|WAYLAND_DISPLAY"
    r"|SystemRoot|SystemDrive|LOCALAPPDATA|APPDATA|PROGRAM\w+|USERPROFILE|COMSPEC|WINDIR)$",
    re.I,
)
"""Environment variables a browser may see: no proxy settings, no keys, nobody's tokens."""

_PROFILES = "embedarchive-browser-"
_HELD = "held"
_NEW_S = 60.0


class Tail(asyncio.Protocol):
    """The end of what a program writes; all of it is read, or the program would wait."""

    MOST = 16_384

    def __init__(self) -> None:
        self.text = b""

    def data_received(self, data: bytes) -> None:
        self.text = (self.text + data)[-self.MOST :]


@dataclass
class Process:
    """A browser's process, the leader of a group of its own, with a profile that ends with it."""

    pid: int
    profile: Path
    _hold: int
    _line: socket.socket
    _errors: socket.socket
    _tail: Tail = field(default_factory=Tail)
    _has_ended: bool = False

    @classmethod
    def start(cls, path: str, switches: list[str]) -> Process:
        """Start a program that is told by its descriptors 3 and 4 what to do. Raises OSError."""
        clear_profiles()
        profile = Path(tempfile.mkdtemp(prefix=_PROFILES))
        hold = os.open(profile / _HELD, os.O_CREAT | os.O_RDWR)
        fcntl.flock(hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
        line, its_line = socket.socketpair()
        errors, its_errors = socket.socketpair()
        try:
            pid = _spawn(
                [path, *switches, f"--user-data-dir={profile}", "--remote-debugging-pipe"], its_line, its_errors
            )
        except OSError:
            line.close()
            errors.close()
            os.close(hold)
            shutil.rmtree(profile, ignore_errors=True)
            raise
        finally:
            its_line.close()
            its_errors.close()
        return cls(pid, profile, hold, line, errors)

    async def connect(self) -> BrowserPipe:
        """Open the pipe to it; to be called once."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self._tail, sock=self._errors)
        _, pipe = await loop.create_connection(BrowserPipe, sock=self._line)
        return pipe

    @property
    def said(self) -> str:
        """The last that it wrote on standard error."""
        return self._tail.text.decode("utf-8", "replace")

    def kill(self) -> None:
        """Kill it and all that it started, unless it has ended: its number may be another's then."""
        if not self._has_ended:
            kill_group(self.pid)

    async def end(self) -> None:
        """Kill what is left of it, wait until it has ended, and clear its profile away."""
        if self._has_ended:
            return
        self.kill()
        with contextlib.suppress(ChildProcessError):
            await asyncio.to_thread(os.waitpid, self.pid, 0)
        self._has_ended = True
        os.close(self._hold)
        await asyncio.to_thread(shutil.rmtree, self.profile, ignore_errors=True)


def _spawn(arguments: list[str], line: socket.socket, errors: socket.socket) -> int:
    """Start a program, with a group of its own and nothing open but what it is given. Raises OSError."""
    nothing = os.open(os.devnull, os.O_RDWR)
    # What is given must not stand where it is given to, or one would write over the other.
    given = [fcntl.fcntl(each, fcntl.F_DUPFD_CLOEXEC, 10) for each in (nothing, errors, line)]
    places = {0: given[0], 1: given[0], 2: given[1], 3: given[2], 4: given[2]}
    try:
        return os.posix_spawn(
            arguments[0],
            arguments,
            {name: value for name, value in os.environ.items() if _PASSED_ON.match(name)},
            file_actions=[(os.POSIX_SPAWN_DUP2, own, place) for place, own in places.items()],
            setpgroup=0,
            setsigmask=[],
            setsigdef=[signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGHUP],
        )
    finally:
        for each in (nothing, *given):
            os.close(each)


def kill_group(group: int) -> None:
    """Kill a process and all that it started, at once and without asking."""
    with contextlib.suppress(OSError):
        os.killpg(group, signal.SIGKILL)


def clear_profiles() -> None:
    """Clear away the profiles of those who were killed: nobody holds them any more."""
    for profile in Path(tempfile.gettempdir()).glob(f"{_PROFILES}*"):
        with contextlib.suppress(OSError):
            if time() - profile.stat().st_mtime < _NEW_S:
                continue  # perhaps it is about to be held
            with (profile / _HELD).open("r+") as held:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(profile, ignore_errors=True)
