"""One or more archive files -> a local reading room, until Ctrl-C."""

from __future__ import annotations

import contextlib
import itertools
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from datasette.app import Datasette
from datasette.database import Database

from embedarchive.core.errors import UsageError
from embedarchive.store.reading import open_reader
from embedarchive.viewer.bounds import LARGEST_HEAP_MB
from embedarchive.viewer.hosts import read_name
from embedarchive.viewer.shims import configure

SETTINGS = {"default_page_size": 50, "sql_time_limit_ms": 3000, "num_sql_threads": 4}


def serve(
    *paths: Path,
    host: str = "127.0.0.1",
    port: int = 8001,
    open_browser: bool = False,
    base_url: str | None = None,
    intake: bool = False,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve an archive, or a shelf of them, until Ctrl-C or SIGTERM; `on_ready` is called with the address once it answers.

    It answers to loopback's names, to `host` and to the name in `base_url`, the address at which others reach it. With `intake`
    pages can be handed in.
    Raises ArchiveError when there is no archive at one of the paths, UsageError when the port is taken or `base_url` is no
    address.
    """
    options, settings = arrange(host, base_url)
    options["intake"] = intake
    for path in paths:
        open_reader(path).close()
    listening = listen(host, port)
    url = f"http://{show_host(host)}:{listening.getsockname()[1]}{settings.get('base_url', '/')}"
    config = uvicorn.Config(
        make_app(paths, options, settings),
        log_level="warning",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=3,
    )
    server = _Announcing(config, settings.get("base_url", "/"), lambda: announce(url, open_browser, on_ready))
    with contextlib.suppress(KeyboardInterrupt), listening:
        server.run(sockets=[listening])


def make_app(paths: Sequence[Path], options: dict[str, Any], settings: dict[str, Any]) -> Any:
    """A Datasette whose front page is the reading room, or the shelf of several."""
    if len(paths) == 1:
        return Datasette([str(paths[0])], settings=settings, **configure(options)).app()
    datasette = Datasette([], settings=settings, **configure(options))
    for name, path in name_archives(paths).items():
        datasette.add_database(Database(datasette, path=str(path), is_mutable=True), name=name)
    return datasette.app()


def name_archives(paths: Sequence[Path]) -> dict[str, Path]:
    """A name for each archive of a shelf: its folder's where the file bears the usual name, else the file's. Pure."""
    named: dict[str, Path] = {}
    for path in paths:
        name = path.stem
        if path.name == "embeds.db":
            name = path.absolute().parent.name or path.stem
        twins = (f"{name}_{number}" for number in itertools.count(2))
        named[name if name not in named else next(twin for twin in twins if twin not in named)] = path
    return named


def arrange(host: str, base_url: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our options and Datasette's settings for a room at these names. Raises UsageError."""
    options: dict[str, Any] = {"memory_mb": LARGEST_HEAP_MB, "hosts": [show_host(host)], "is_front": True}
    if base_url is None:
        return options, SETTINGS
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not read_name(parts.netloc) or parts.query or parts.fragment:
        raise UsageError(
            f"--base-url {base_url}: no address. It is like https://archive.example or https://a.example/desk/"
        )
    return {**options, "base_url": base_url}, {**SETTINGS, "base_url": f"{parts.path.rstrip('/')}/"}


class _Announcing(uvicorn.Server):
    """A server that says when it answers, and answers at once: by then it has asked itself for its first page."""

    def __init__(self, config: uvicorn.Config, path: str, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._path, self._ready = path, ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            await warm_up(self.config.loaded_app, self._path)
            self._ready()


async def warm_up(app: Any, path: str) -> None:
    """Ask an application for a page and throw it away: its templates are compiled and the archive is open for whoever comes.

    What goes wrong is told to whoever comes.
    """
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http", "path": path,
        "raw_path": path.encode(), "root_path": "", "query_string": b"", "headers": [(b"host", b"127.0.0.1")],
        "client": ("127.0.0.1", 0), "server": ("127.0.0.1", 80), "state": {},
    }  # fmt: skip

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        pass

    with contextlib.suppress(Exception):
        await app(scope, receive, send)


def announce(url: str, open_browser: bool, on_ready: Callable[[str], None] | None) -> None:
    if on_ready:
        on_ready(url)
    if open_browser and has_browser(sys.platform, os.environ):
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def has_browser(platform: str, environ: Mapping[str, str]) -> bool:
    """Whether a window can be opened: on a Linux without a screen a browser of the terminal would take it. Pure."""
    return platform == "darwin" or any(environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything else is started; port 0 takes any free one.

    Raises UsageError when it cannot be had.
    """
    if ":" in host:
        family = socket.AF_INET6
    else:
        family = socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise UsageError(
            f"Cannot listen on {host}:{port} ({error.strerror}). Nothing was started; name another --port."
        ) from error
    listening.listen(128)
    return listening


def show_host(host: str) -> str:
    """How a host stands in an address that works on this machine."""
    if ":" in host:
        return f"[{host}]"
    if host == "0.0.0.0":
        return "127.0.0.1"
    return host
