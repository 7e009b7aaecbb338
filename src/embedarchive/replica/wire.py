"""HTTP/1.1 on the wire: bytes of a connection into `Request`, a `Reply` into bytes, with every way to misbehave."""

from __future__ import annotations

import asyncio
import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Literal
from urllib.parse import parse_qsl, unquote

Headers = tuple[tuple[str, str], ...]

_MAX_HEAD = 64 * 1024
_COMPRESSIBLE = re.compile(r"text/|application/(json|javascript|xml|rss|atom)|image/svg")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came. Header names are lower case; `target` is path and query as sent."""

    method: str
    scheme: str
    host: str
    target: str
    headers: Headers = ()
    body: bytes = b""

    @property
    def path(self) -> str:
        return unquote(self.target.partition("?")[0])

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}{self.target}"

    def header(self, name: str) -> str:
        """Give the first header of that lower-case name, or an empty text."""
        return next((v for k, v in self.headers if k == name), "")

    def param(self, name: str) -> str:
        """Give the first query parameter of that name, or an empty text."""
        return next((v for k, v in parse_qsl(self.query, keep_blank_values=True) if k == name), "")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer. A callable `body` is made in a thread (pictures); it must give the same bytes each time.

    `delay_s` passes before the first byte. `sent` is the share of the body that leaves before the connection is closed.
    `ending` `hang` never answers at all, `reset` kills the connection with a TCP reset.
    """

    status: int = 200
    headers: Headers = ()
    body: bytes | Callable[[], bytes] = b""
    delay_s: float = 0.0
    sent: float = 1.0
    ending: Literal["", "hang", "reset"] = ""

    def header(self, name: str) -> str:
        """Give the first header of that name (any case), or an empty text."""
        return next((v for k, v in self.headers if k.lower() == name.lower()), "")


def html(text: str, status: int = 200, headers: Headers = ()) -> Reply:
    """Give a UTF-8 HTML page."""
    return Reply(status, (("Content-Type", "text/html; charset=utf-8"), *headers), text.encode())


def json_text(text: str, status: int = 200, headers: Headers = ()) -> Reply:
    """Give a JSON document that is already text."""
    return Reply(status, (("Content-Type", "application/json; charset=utf-8"), *headers), text.encode())


def redirect(location: str, status: int = 302, headers: Headers = ()) -> Reply:
    """Send the client elsewhere."""
    return Reply(status, (("Location", location), ("Content-Type", "text/html; charset=utf-8"), *headers))


def not_found(text: str = "Not Found") -> Reply:
    """Give the quick 404 of a host or path nobody serves."""
    return html(f"<!DOCTYPE html><title>404</title><h1>{text}</h1>", 404)


class BadRequest(ValueError):
    """What came is not HTTP/1.1."""


async def read_request(reader: asyncio.StreamReader, scheme: str) -> Request | None:
    """Read one request, or None when the client is done with it. Raises BadRequest for what is no HTTP/1 request."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except asyncio.LimitOverrunError as error:
        raise BadRequest("head too large") from error
    lines = head.decode("latin-1").split("\r\n")
    method, _, rest = lines[0].partition(" ")
    target, _, version = rest.rpartition(" ")
    if version not in ("HTTP/1.1", "HTTP/1.0") or not target.startswith("/"):
        raise BadRequest(lines[0][:80])
    headers = tuple((k.strip().lower(), v.strip()) for k, _, v in (x.partition(":") for x in lines[1:]) if k)
    fields = dict(headers)
    body = await reader.readexactly(int(fields.get("content-length", "0") or 0))
    return Request(method, scheme, _host_of(fields.get("host", "")), target, headers, body)


def _host_of(value: str) -> str:
    if re.search(r":\d+$", value):
        return value.rpartition(":")[0].lower()
    return value.lower()


def frame_reply(request: Request, reply: Reply, body: bytes) -> tuple[bytes, bytes]:
    """Give head and body as they go out: ranges cut, text compressed when the client takes gzip."""
    status, headers = reply.status, [*reply.headers]
    if reply.header("Accept-Ranges") and (span := _range_of(request.header("range"), len(body))):
        headers.append(("Content-Range", f"bytes {span.start}-{span.stop - 1}/{len(body)}"))
        status, body = 206, body[span.start : span.stop]
    elif _wants_gzip(request, reply, body):
        body = _compressed(body)
        headers += [("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")]
    names = {k.lower() for k, _ in headers}
    if "content-length" not in names and status not in (204, 304):
        headers.append(("Content-Length", str(len(body))))
    if reply.sent < 1:
        body = body[: int(len(body) * reply.sent)]
    try:
        phrase = HTTPStatus(status).phrase
    except ValueError:
        phrase = "Unknown"
    head = f"HTTP/1.1 {status} {phrase}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers) + "\r\n"
    if request.method == "HEAD" or status in (204, 304):
        body = b""
    return head.encode("latin-1"), body


def _wants_gzip(request: Request, reply: Reply, body: bytes) -> bool:
    # A cut body goes out uncompressed, so that what arrived of it can be read.
    return (
        reply.sent >= 1
        and len(body) > 1000
        and "gzip" in request.header("accept-encoding")
        and not reply.header("Content-Encoding")
        and bool(_COMPRESSIBLE.match(reply.header("Content-Type")))
    )


@lru_cache(maxsize=64)
def _compressed(body: bytes) -> bytes:
    return gzip.compress(body, 1, mtime=0)


def _range_of(value: str, size: int) -> range | None:
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", value)
    if not match or not any(match.groups()):
        return None
    first, last = match.groups()
    if first:
        start = int(first)
    else:
        start = max(0, size - int(last))
    if first and last:
        stop = min(size, int(last) + 1)
    else:
        stop = size
    if start < stop:
        return range(start, stop)
    return None
