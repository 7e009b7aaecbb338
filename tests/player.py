"""Tools that others made, for judging what we export: installed once from the registries into a cache, never pinned to.

Where they cannot be installed the test is skipped, and says so.
"""

from __future__ import annotations

import functools
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import platformdirs
import pytest

CACHE = platformdirs.user_cache_path("embedarchive-tests")
INSTALL_S = 300


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    arguments = [str(part) for part in command]
    return subprocess.run(arguments, cwd=cwd, capture_output=True, text=True, timeout=INSTALL_S, check=False)


def install_python_tools(*packages: str) -> Path:
    """The bin folder of an environment of their own that has those packages, made on first use."""
    home = CACHE / "-".join((*packages, "python{}.{}".format(*sys.version_info)))
    done = home / "installed"
    if not done.exists():
        shutil.rmtree(home, ignore_errors=True)
        made = run(sys.executable, "-m", "venv", home)
        got = run(home / "bin" / "pip", "install", "--quiet", *packages) if not made.returncode else made
        if got.returncode:
            pytest.skip(f"NOT CHECKED by {packages}: they could not be installed: {got.stderr[-300:]}")
        done.touch()
    return home / "bin"


def unpack_npm_package(name: str) -> Path:
    """The folder of an npm package as published, without its dependencies, fetched on first use."""
    home = CACHE / f"npm-{name}"
    if not (home / "package").exists():
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        npm = shutil.which("npm")
        got = run(npm, "pack", name, cwd=home) if npm else None
        if got is None or got.returncode:
            pytest.skip(f"NOT CHECKED by {name}: it could not be installed: {got.stderr[-300:] if got else 'no npm'}")
        with tarfile.open(next(home.glob("*.tgz"))) as tar:
            tar.extractall(home, filter="data")
    return home / "package"


class _Handler(SimpleHTTPRequestHandler):
    """Files of a folder, also by range (players read archives piece by piece), and nothing said on the terminal."""

    def do_GET(self) -> None:
        path = Path(self.translate_path(self.path))
        wanted = self.headers.get("Range", "")
        if not wanted.startswith("bytes=") or not path.is_file():
            return super().do_GET()
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        size = path.stat().st_size
        start = int(first) if first else max(0, size - int(last))
        end = min(int(last), size - 1) if first and last else size - 1
        self.send_response(206)
        self.send_header("Content-Type", "application/wacz")
        self.send_header("Content-Range", f"bytes {start}-{end}/{size}")
        self.send_header("Content-Length", str(end - start + 1))
        self.end_headers()
        with path.open("rb") as file:
            file.seek(start)
            self.wfile.write(file.read(end - start + 1))
        return None

    def end_headers(self) -> None:
        self.send_header("Accept-Ranges", "bytes")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on loopback; give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Handler, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
