"""The proxy's side of HTTP/1.1: a request head read and cleaned, a response head made honest. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass


class Refused(Exception):
    """A request the door will not serve; `status` and `reason` are what the client is told."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ProxyRequest:
    """What a client asked of the proxy. `head` is what the origin will be sent (empty for a tunnel)."""

    is_tunnel: bool
    host: str
    port: int
    password: bytes | None
    head: bytes = b""


_LINE = re.compile(rb"([A-Z]{1,16}) ([\x21-\x7e]+) HTTP/1\.[01]")
_AUTHORITY = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[^:\[\]@/?#]+)(?::(\d{1,5}))?")
_BARE_IPV6 = re.compile(
    rb"([0-9A-Fa-f:.]{0,45}:[0-9A-Fa-f:.]{0,45}):(\d{1,5})"
)  # as httpcore 1.0 writes it in a CONNECT
_ABSOLUTE = re.compile(rb"[Hh][Tt][Tt][Pp]://([^/?#]*)([^#]*)")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\x00]*?)[ \t]*")
_HOP = {
    b"proxy-authorization",
    b"proxy-connection",
    b"connection",
    b"keep-alive",
    b"te",
    b"trailer",
    b"upgrade",
    b"host",
}
_REASONS = {200: b"OK", 407: b"Proxy Authentication Required"}


def read_request(data: bytes) -> tuple[ProxyRequest, bytes]:
    """Split off the request head and read it; give it with the bytes that came after. Raise `Refused` if it is odd."""
    head, _, rest = data.partition(b"\r\n\r\n")
    line, *lines = head.split(b"\r\n")
    match = _LINE.fullmatch(line)
    if not match:
        raise Refused(400, "bad_request")
    headers = [_read_header(one) for one in lines]
    password = next((value for name, value in headers if name.lower() == b"proxy-authorization"), None)
    if match[1] == b"CONNECT":
        host, port = _read_authority(_BARE_IPV6.sub(rb"[\1]:\2", match[2]), None)
        return ProxyRequest(True, host, port, password), rest
    return _read_plain(match[0], match[1], match[2], headers, password), rest


def _read_plain(
    line: bytes, method: bytes, target: bytes, headers: list[tuple[bytes, bytes]], password: bytes | None
) -> ProxyRequest:
    """Make an absolute-form request into what its origin expects, one request to a connection.

    One only, because the next request on it may be for another host, and must not follow the first one's tunnel.
    """
    absolute = _ABSOLUTE.fullmatch(target)
    names = [name.lower() for name, _ in headers]
    if not absolute or names.count(b"content-length") + names.count(b"transfer-encoding") > 1:
        raise Refused(400, "bad_request")
    authority = _bracket(absolute[1], headers)
    host, port = _read_authority(authority, 80)
    if absolute[2].startswith(b"/"):
        path = absolute[2]
    else:
        path = b"/" + absolute[2]
    out = [line[: len(method)] + b" " + path + b" HTTP/1.1", b"Host: " + authority]
    out += [name + b": " + value for name, value in headers if name.lower() not in _HOP]
    out += [b"Connection: close", b"", b""]
    return ProxyRequest(False, host, port, password, b"\r\n".join(out))


def _bracket(authority: bytes, headers: list[tuple[bytes, bytes]]) -> bytes:
    """An authority with the brackets of its IPv6 address, which httpcore 1.0 leaves out of the target and not of `Host`."""
    hosts = [value for name, value in headers if name.lower() == b"host"]
    if len(hosts) == 1 and hosts[0].startswith(b"[") and hosts[0].translate(None, b"[]") == authority:
        return hosts[0]
    return authority


def address_proxy(request: ProxyRequest, authorization: bytes) -> bytes:
    """The head of a plain request as another proxy wants it: with the whole address, and who asks."""
    line, _, fields = request.head.partition(b"\r\n")
    method, path, version = line.split(b" ", 2)
    host = re.search(rb"(?i)^host: ([^\r]*)", fields)
    if host:
        authority = host[1]
    else:
        authority = request.host.encode("ascii")
    return method + b" http://" + authority + path + b" " + version + b"\r\n" + authorization + fields


def _read_header(line: bytes) -> tuple[bytes, bytes]:
    match = _HEADER.fullmatch(line)
    if not match:
        raise Refused(400, "bad_request")
    return match[1], match[2]


def _read_authority(authority: bytes, default_port: int | None) -> tuple[str, int]:
    match = _AUTHORITY.fullmatch(authority)
    if not match or not authority.isascii():
        raise Refused(400, "bad_request")
    port = int(match[2]) if match[2] else default_port
    if port is None or not 0 < port < 65536:
        raise Refused(400, "bad_request")
    return match[1].decode("ascii"), port


_OWN = re.compile(rb"(?im)^(?:connection|keep-alive|proxy-[a-z-]+|x-door)[ \t]*:[^\n]*\n(?:[ \t][^\n]*\n)*")


def find_response_head(data: bytes) -> bytes | None:
    """Say `Connection: close` in the final response head of these bytes, and drop what only a proxy may say.

    None while that head is not complete. Interim (1xx) responses are passed on as they are. What does not begin like
    HTTP/1 is passed on untouched, for the client to judge.
    """
    if not b"HTTP/1.".startswith(data[:7]):
        return data
    end = re.search(rb"\r?\n\r?\n", data)
    if not end:
        return None
    head, rest = data[: end.end()], data[end.end() :]
    if re.match(rb"HTTP/1\.\d 1\d\d", head):
        tail = find_response_head(rest)
        if tail is None:
            return None
        return head + tail
    line, _, fields = head.partition(b"\n")
    return line + b"\nConnection: close\r\n" + _OWN.sub(b"", fields) + rest


def render_answer(status: int, reason: str) -> bytes:
    """An answer of the door itself; `X-Door` tells the fetcher that it is not the origin's."""
    phrase = _REASONS.get(status, reason.encode("ascii"))
    challenge = b""
    if status == 407:
        challenge = b'Proxy-Authenticate: Basic realm="door"\r\n'
    return b"HTTP/1.1 %d %s\r\nX-Door: %s\r\n%sContent-Length: 0\r\nConnection: close\r\n\r\n" % (
        status,
        phrase,
        reason.encode("ascii"),
        challenge,
    )
