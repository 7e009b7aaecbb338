"""A proxy that somebody names -> connections through it: the door's own way out, where it is not the open one."""

from __future__ import annotations

import asyncio
import base64
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import unquote

from embedarchive.core.errors import RefusedError, UsageError
from embedarchive.egress.policy import canonicalize_host

Scheme = Literal["http", "socks5", "socks5h"]
_PORTS: Mapping[Scheme, int] = {"http": 8080, "socks5": 1080, "socks5h": 1080}
_URL = re.compile(
    r"(?i)(?P<scheme>[a-z0-9]+)://(?:(?P<user>[^:@/]*)(?::(?P<password>[^@/]*))?@)?(?P<host>\[[0-9a-f:.]+\]|[^:@/\[\]]+)"
    r"(?::(?P<port>\d{1,5}))?/?"
)
_HEAD_BYTES = 16_384
_STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")


@dataclass(frozen=True, slots=True)
class Upstream:
    """An HTTP or SOCKS5 proxy. `socks5h` and `http` look names up at the proxy, `socks5` here. No secret is in its repr."""

    scheme: Scheme
    host: str
    port: int
    user: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """What may be told and kept of it: without user and password."""
        return f"{self.scheme}://{self.host}:{self.port}"

    @property
    def looks_names_up(self) -> bool:
        return self.scheme != "socks5"

    @property
    def authorization(self) -> bytes:
        """The header line that an HTTP proxy is told who we are by; empty if it need not be."""
        if self.user is None:
            return b""
        pair = f"{self.user}:{self.password or ''}".encode()
        return b"Proxy-Authorization: Basic " + base64.b64encode(pair) + b"\r\n"


class ProxyFault(Exception):
    """The proxy itself failed, not what was to be reached through it.

    `reason` is `proxy_down` (there is none, or it does not answer as one) or `proxy_auth` (it does not know us).
    """

    def __init__(self, reason: Literal["proxy_down", "proxy_auth"], says: str) -> None:
        super().__init__(says)
        self.reason = reason


class NotThrough(Exception):
    """The proxy works, and could or would not connect there; `reason` is the door's."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse_proxy(text: str) -> Upstream:
    """Read `http://HOST:PORT`, `socks5h://…` or `socks5://…`, with `USER:PASSWORD@` before the host where it wants them.

    Raises UsageError, which does not repeat the text: it may hold a password.
    """
    try:
        return _read_proxy(text.strip())
    except (ValueError, RefusedError):
        raise UsageError(
            "The proxy cannot be read. Write http://HOST:PORT, socks5h://HOST:PORT (names are looked up there) or "
            "socks5://HOST:PORT (names are looked up here), with USER:PASSWORD@ before the host where it wants them; what is "
            "special in those is written as %40 and the like. Nothing was done."
        ) from None


def _read_proxy(text: str) -> Upstream:
    match = _URL.fullmatch(text)
    scheme = next((known for known in _PORTS if match and known == match["scheme"].lower()), None)
    if match is None or scheme is None:
        raise ValueError
    port = int(match["port"] or _PORTS[scheme])
    if not 0 < port < 65536:
        raise ValueError
    user, password = (unquote(match[name]) if match[name] is not None else None for name in ("user", "password"))
    return Upstream(scheme, canonicalize_host(match["host"]), port, user, password)


async def knock(upstream: Upstream) -> socket.socket:
    """Connect to the proxy itself. Raises ProxyFault when nobody is there."""
    loop = asyncio.get_running_loop()
    said = "nobody is there"
    try:
        rows = await loop.getaddrinfo(upstream.host.strip("[]"), upstream.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ProxyFault("proxy_down", str(error.strerror or error)) from error
    for family, kind, protocol, _, address in rows:
        sock = socket.socket(family, kind, protocol)
        sock.setblocking(False)
        try:
            await loop.sock_connect(sock, address)
        except OSError as error:
            sock.close()
            said = str(error.strerror or error)
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise ProxyFault("proxy_down", said)


async def open_through(upstream: Upstream, host: str, port: int) -> socket.socket:
    """A socket that the proxy has connected to host and port. Raises ProxyFault and NotThrough.

    `host` is a name or an address (IPv6 without brackets).
    """
    if upstream.scheme == "http":
        return await _open_by_connect(upstream, host, port)
    return await _open_by_socks(upstream, host, port)


async def _open_by_connect(upstream: Upstream, host: str, port: int) -> socket.socket:
    """RFC 9110, 9.3.6."""
    loop, sock = asyncio.get_running_loop(), await knock(upstream)
    if ":" in host:
        authority = f"[{host}]:{port}"
    else:
        authority = f"{host}:{port}"
    ask = f"CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n".encode() + upstream.authorization + b"\r\n"
    try:
        await loop.sock_sendall(sock, ask)
        head = b""
        while b"\r\n\r\n" not in head and len(head) < _HEAD_BYTES:
            piece = await loop.sock_recv(sock, _HEAD_BYTES)
            if not piece:
                break
            head += piece
        judge_connect(head)
    except OSError as error:
        sock.close()
        raise ProxyFault("proxy_down", str(error.strerror or error)) from error
    except BaseException:
        sock.close()
        raise
    return sock


def judge_connect(head: bytes) -> None:
    """What an HTTP proxy's answer to CONNECT means. Raises ProxyFault and NotThrough; pure."""
    status = _STATUS.match(head)
    if not status or b"\r\n\r\n" not in head:
        raise ProxyFault("proxy_down", "it does not answer as an HTTP proxy")
    code = int(status[1])
    if code == 407:
        raise ProxyFault("proxy_auth", "it does not accept the user and password")
    if not 200 <= code < 300:
        reasons = {504: "timeout", 500: "connection", 502: "connection", 503: "connection"}
        raise NotThrough(reasons.get(code, "proxy_refused"))
    if not head.endswith(b"\r\n\r\n"):
        raise NotThrough("bad_http")  # it speaks before it was asked: no web server


_NOT_ALLOWED = 2  # RFC 1928, 6


async def _open_by_socks(upstream: Upstream, host: str, port: int) -> socket.socket:
    """RFC 1928 and 1929. The library is imported where a proxy is used, which most runs do not."""
    from python_socks import ProxyConnectionError, ProxyError, ProxyType
    from python_socks.async_.asyncio import Proxy

    password = None
    if upstream.user is not None:
        password = upstream.password or ""
    proxy = Proxy(ProxyType.SOCKS5, upstream.host.strip("[]"), upstream.port, upstream.user, password, rdns=True)
    try:
        return await proxy.connect(host, port)
    except ProxyConnectionError as error:
        raise ProxyFault("proxy_down", str(error)) from error
    except ProxyError as error:
        if error.error_code is not None:
            raise NotThrough("proxy_refused" if error.error_code == _NOT_ALLOWED else "connection") from error
        if re.search(r"(?i)authentication|acceptable", str(error)):
            raise ProxyFault("proxy_auth", "it does not accept the user and password") from error
        raise ProxyFault("proxy_down", "it does not answer as a SOCKS5 proxy") from error
