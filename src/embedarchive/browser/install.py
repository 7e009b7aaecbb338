"""A machine without a browser -> one with a browser: Playwright's download, else Debian's packages."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedarchive.browser.find import ADVICE, BrowserChoice, find_browser
from embedarchive.browser.process import kill_group
from embedarchive.core.errors import BrowserMissing

_FONTS = ("fonts-noto-cjk", "fonts-noto-core", "fonts-noto-color-emoji")
_PACKAGES = ("chromium-headless-shell", "chromium")
_PATIENCE_S = 900


async def ensure_browser(explicit: str | None, env: Mapping[str, str]) -> BrowserChoice:
    """Find a browser; install one if there is none and none was asked for by name."""
    try:
        return find_browser(explicit, env)
    except BrowserMissing:
        if explicit or env.get("EMBEDARCHIVE_BROWSER"):
            raise
    return await install_browser(env)


async def install_browser(env: Mapping[str, str]) -> BrowserChoice:
    """Install a browser and give it, or raise BrowserMissing saying what was tried."""
    tried: list[str] = []
    for commands in (_with_playwright(), *_with_apt(env)):
        if await _run_all(commands, env, tried):
            with contextlib.suppress(BrowserMissing):
                return find_browser(None, env)
    attempts = "\n  ".join(tried)
    raise BrowserMissing(f"There is no browser, and none could be installed. Tried:\n  {attempts}\n{ADVICE}")


def _with_playwright() -> Sequence[Sequence[str]]:
    return ([sys.executable, "-m", "playwright", "install", "--only-shell", "chromium"],)


def _with_apt(env: Mapping[str, str]) -> Sequence[Sequence[Sequence[str]]]:
    """For each package that would do, the commands; nothing where we may not (not Debian-like, not root)."""
    apt = shutil.which("apt-get", path=env.get("PATH"))
    if not apt or not Path("/etc/debian_version").exists() or getattr(os, "geteuid", lambda: 1)() != 0:
        return ()
    quiet = [apt, "-y", "-q", "-o", "Dpkg::Use-Pty=0"]
    install = [*quiet, "install", "--no-install-recommends"]
    return tuple(([*quiet, "update"], [*install, package, *_FONTS]) for package in _PACKAGES)


async def _run_all(commands: Sequence[Sequence[str]], env: Mapping[str, str], tried: list[str]) -> bool:
    """Run commands one after the other, as long as they succeed."""
    for command in commands:
        if not await _run(command, env, tried):
            return False
    return True


async def _run(command: Sequence[str], env: Mapping[str, str], tried: list[str]) -> bool:
    """Run one command without a terminal; note it and the last thing it said if it failed.

    It runs in a process group of its own, which is killed when its time is up or nobody waits for it any longer.
    """
    quiet_env = {**env, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        process = await asyncio.create_subprocess_exec(
            *command, env=quiet_env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        tried.append(f"{' '.join(command)}: {error}")
        return False
    try:
        async with asyncio.timeout(_PATIENCE_S):
            told, _ = await process.communicate()
    except TimeoutError:
        tried.append(f"{' '.join(command)}: it did not end within {_PATIENCE_S} s")
        return False
    finally:
        if process.returncode is None:
            kill_group(process.pid)
            await process.wait()  # else its pipes outlive the event loop, and complain of that
    if process.returncode == 0:
        return True
    said = told.decode("utf-8", "replace").strip().splitlines() or ["no message"]
    tried.append(f"{' '.join(command)}: {said[-1][:200]}")
    return False
