"""An archive file -> a local reading room, until Ctrl-C."""

from __future__ import annotations

import contextlib
import socket
import threading
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from datasette.app import Datasette

from embedarchive.core.errors import UsageError
from embedarchive.store.reading import open_reader
from embedarchive.viewer.bounds import LARGEST_HEAP_MB
from embedarchive.viewer.hosts import read_name
from embedarchive.viewer.shims import configure

SETTINGS = {"default_page_size": 50, "sql_time_limit_ms": 3000, "num_sql_threads": 4}


def serve(
    path: Path,
    host: str = "127.0.0.1",
    port: int = 8001,
    open_browser: bool = False,
    *,
    base_url: str | None = None,
    on_ready: Callable[[str], None] | None = None,
) -> None:
    """Serve the archive until Ctrl-C or SIGTERM; `on_ready` is called with the address once it answers.

    It answers to loopback's names, to `host` and to the name in `base_url`, the address at which others reach it.
    Raises ArchiveError when there is no archive at `path`, UsageError when the port is taken or `base_url` is no address.
    """
    options, settings = arrange(host, base_url)
    open_reader(path).close()
    listening = listen(host, port)
    at = f"http://{show_host(host)}:{listening.getsockname()[1]}"
    url = f"{at}{settings.get('base_url', '/')}-/embedarchive"
    app = Datasette([str(path)], settings=settings, **configure(options)).app()
    config = uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=3)
    server = _Announcing(config, lambda: announce(url, open_browser, on_ready))
    with contextlib.suppress(KeyboardInterrupt), listening:
        server.run(sockets=[listening])


def arrange(host: str, base_url: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our options and Datasette's settings for a room at these names. Raises UsageError."""
    options: dict[str, Any] = {"memory_mb": LARGEST_HEAP_MB, "hosts": [show_host(host)]}
    if base_url is None:
        return options, SETTINGS
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not read_name(parts.netloc) or parts.query or parts.fragment:
        raise UsageError(
            f"--base-url {base_url}: no address. It is like https://archive.example or https://a.example/desk/"
        )
    return {**options, "base_url": base_url}, {**SETTINGS, "base_url": f"{parts.path.rstrip('/')}/"}


class _Announcing(uvicorn.Server):
    """A server that says when it answers."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._ready()


def announce(url: str, open_browser: bool, on_ready: Callable[[str], None] | None) -> None:
    if on_ready:
        on_ready(url)
    if open_browser:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def listen(host: str, port: int) -> socket.socket:
    """A listening socket, taken before anything else is started; port 0 takes any free one.

    Raises UsageError when it cannot be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
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
    return "127.0.0.1" if host == "0.0.0.0" else host
