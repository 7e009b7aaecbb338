"""A Datasette with an archive attached, to be asked in this process, or served to a real browser."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from datasette.app import Datasette
from playwright.async_api import Browser, async_playwright

from embedarchive.browser import find_browser
from waiting import BOUND_S

SERVE = (
    "import sys; from pathlib import Path; from embedarchive.viewer.serve import serve; "
    "serve(*map(Path, sys.argv[1:]), port=0, on_ready=lambda url: print(url, flush=True))"
)


async def open_room(*paths: Path, **options: Any) -> Datasette:
    """A Datasette as `datasette FILE` starts it."""
    datasette = Datasette([str(path) for path in paths], **options)
    await datasette.invoke_startup()
    return datasette


@contextmanager
def serve_room(*paths: Path) -> Iterator[str]:
    """The origin of the served archives; ended with Ctrl-C, which must leave no trace of a crash."""
    with serving(*paths) as (origin, _):
        yield origin


@contextmanager
def serving(*paths: Path, quiet: bool = True) -> Iterator[tuple[str, int]]:
    """The same, with the server's process id. Datasette prints a traceback for whatever it answers with an error."""
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, *map(str, paths)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:"), process.communicate(timeout=BOUND_S)
        yield url.rstrip("/"), process.pid
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=BOUND_S)
    assert process.returncode == 0, errors
    assert not (quiet and "Traceback" in errors)


@asynccontextmanager
async def a_browser(*args: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        choice = find_browser(None, os.environ)
        browser = await playwright.chromium.launch(executable_path=choice.path, args=["--no-sandbox", *args])
        yield browser
        await browser.close()
