"""The names under which a reading room answers -> a refusal of every other, and addresses that repeat no foreign one.

A page anywhere may let its own name lead to this machine after it was opened (DNS rebinding); a browser then takes what
is served here for that page's own. Only the `Host` of the request still tells (https://www.rfc-editor.org/rfc/rfc9110#section-7.2).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from embedarchive.viewer.shims import read_options

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]

REFUSAL = (
    "This reading room does not answer to the name of that address. Nothing was shown. Open it as http://127.0.0.1 with "
    "its port; to let others reach it under a name, start it with --base-url https://that.name (with Datasette's own "
    "command: name it in `plugins: embedarchive: hosts`)."
)


class ForeignHost(Exception):
    """An absolute address is wanted, and the only name at hand is one that the request made up."""


def read_name(host: str) -> str:
    """The name in a Host header, without its port; empty for what is none. Pure."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_loopback(name: str) -> bool:
    """Whether a name or an address can only be this machine's (RFC 6761 section 6.3). Pure."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def find_names(datasette: Any) -> frozenset[str] | None:
    """The names, beside loopback's, that a room was told to answer to; None where it was told nothing of names."""
    options = read_options(datasette)
    base = options.get("base_url")
    if base is None and "hosts" not in options:
        return None
    return frozenset(
        {*(read_name(str(each)) for each in options.get("hosts", ())), urlsplit(base or "").hostname or ""}
    )


def is_known(name: str, names: frozenset[str] | None) -> bool:
    """Whether a room may call itself so. Pure."""
    return is_loopback(name) or (bool(name) and name in (names or ()))


def make_absolute(datasette: Any, request: Any, path: str) -> str:
    """The whole address of a path here. Raises ForeignHost when only a stranger's name would stand in it."""
    base = read_options(datasette).get("base_url")
    if base:
        parts = urlsplit(base)
        return f"{parts.scheme}://{parts.netloc}{path}"
    if not is_known(read_name(request.headers.get("host", "")), find_names(datasette)):
        raise ForeignHost
    return str(datasette.absolute_url(request, path))


def is_only_here(datasette: Any, request: Any) -> bool:
    """Whether the addresses that a page gives of itself work on this machine only."""
    return not read_options(datasette).get("base_url") and is_loopback(read_name(request.headers.get("host", "")))


def refuse_foreign(app: App, names: frozenset[str]) -> App:
    """The application, answering to loopback's names and to those alone."""

    async def guarded(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "")
            if not is_known(read_name(host), names):
                await _refuse(send)
                return
        await app(scope, receive, send)

    return guarded


async def _refuse(send: Any) -> None:
    body = REFUSAL.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 421, "headers": [*headers, (b"cache-control", b"no-store")]})
    await send({"type": "http.response.body", "body": body})
