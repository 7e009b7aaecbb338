"""Files of the replica's pages: read once, served with the right type."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from embedarchive.replica.wire import Reply

_TYPES = {
    "html": "text/html; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "js": "application/javascript; charset=utf-8",
    "svg": "image/svg+xml; charset=utf-8",
    "mp4": "video/mp4",
}


@cache
def read(name: str) -> bytes:
    """Give the bytes of a file of this folder."""
    return files(__name__).joinpath(name).read_bytes()


@cache
def asset(name: str) -> Reply:
    """Give a file as hosts of static files serve it: cacheable, readable from any origin."""
    headers = (
        ("Content-Type", _TYPES[name.rpartition(".")[2]]),
        ("Access-Control-Allow-Origin", "*"),
        ("Cross-Origin-Resource-Policy", "cross-origin"),
        ("Cache-Control", "public,max-age=31536000,immutable"),
    )
    return Reply(200, headers, read(name))
