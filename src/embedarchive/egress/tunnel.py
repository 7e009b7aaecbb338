"""A client's connection to the door, tied to the far one: a request head is read, then bytes are pumped both ways."""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from typing import Protocol, cast

from embedarchive.egress.policy import DoorLimits
from embedarchive.egress.request import (
    ProxyRequest,
    Refused,
    address_proxy,
    find_response_head,
    read_request,
    render_answer,
)
from embedarchive.egress.upstream import Upstream

SIGN_IN_HOST = "door.invalid"
"""The door answers this name itself: a browser context that went there once has its proxy password in memory."""


class Doorkeeper(Protocol):
    """What a tunnel asks of the door that it belongs to: who may pass, and to be connected."""

    limits: DoorLimits
    upstream: Upstream | None

    def open_tunnel(self, tunnel: Tunnel) -> bool: ...
    def close_tunnel(self, tunnel: Tunnel) -> None: ...
    def find_user(self, password: bytes | None) -> str | None: ...
    def is_barred(self, user: str) -> bool: ...
    def hear(self, user: str, at: float) -> None: ...
    async def connect(self, host: str, port: int, pipe: Pipe, *, is_tunnel: bool) -> bool: ...
    def note_proxy_fault(self, reason: str, says: str) -> None: ...


class Pipe(asyncio.Protocol):
    """The far end of a tunnel: what arrives is handed to the client, at the client's pace."""

    def __init__(self, tunnel: Tunnel) -> None:
        self.tunnel = tunnel
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one, and says so nowhere

    def data_received(self, data: bytes) -> None:
        self.tunnel.receive_from_far(data)

    def pause_writing(self) -> None:
        self.tunnel.transport.pause_reading()

    def resume_writing(self) -> None:
        self.tunnel.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.tunnel.lose_far_end(error)


class Tunnel(asyncio.Protocol):
    """One client connection: reads one request head, has the door connect, then only pumps bytes both ways."""

    transport: asyncio.Transport

    def __init__(self, door: Doorkeeper) -> None:
        self.door = door
        self.user = ""
        self.far: Pipe | None = None
        self.head: bytes | None = b""
        self.reply_head: bytes | None = None
        self.to_proxy = False
        self.opening: asyncio.Task[None] | None = None
        self.clock = asyncio.get_running_loop().time
        self.born = self.touched = self.clock()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is one, and says so nowhere
        if not self.door.open_tunnel(self):
            self.transport.abort()

    def data_received(self, data: bytes) -> None:
        self.touched = self.clock()
        if self.far and self.far.transport:
            self.far.transport.write(data)
            return
        self.head = (self.head or b"") + data
        if self.opening is None and b"\r\n\r\n" in self.head:
            self.transport.pause_reading()
            self.opening = asyncio.create_task(self._open(self.head))
        elif len(self.head) > self.door.limits.head_bytes:
            self._answer(431, "headers_too_large")

    async def _open(self, head: bytes) -> None:
        try:
            request, rest = read_request(head)
            user = self.door.find_user(request.password)
            if user is None:
                raise Refused(407, "password_needed")
            self.user = user
            if self.door.is_barred(user):
                raise Refused(503, "barred")
            if request.host == SIGN_IN_HOST:
                raise Refused(200, "signed_in")
            pipe = Pipe(self)
            self.to_proxy = await self.door.connect(request.host, request.port, pipe, is_tunnel=request.is_tunnel)
            if self.door.is_barred(user):
                assert pipe.transport
                pipe.transport.abort()
                raise Refused(503, "barred")
            self._start(pipe, request, rest)
        except Refused as refused:
            self._answer(refused.status, refused.reason)

    def _start(self, pipe: Pipe, request: ProxyRequest, rest: bytes) -> None:
        assert pipe.transport
        self.far, self.head = pipe, None
        if self.transport.is_closing():
            pipe.transport.abort()
            return
        if request.is_tunnel:
            self.transport.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            pipe.transport.write(rest)
        else:
            self.reply_head = b""
            upstream = None
            if self.to_proxy:
                upstream = self.door.upstream
            if upstream:
                head = address_proxy(request, upstream.authorization)
            else:
                head = request.head
            pipe.transport.write(head + rest)
        self.transport.resume_reading()

    def receive_from_far(self, data: bytes) -> None:
        self.touched = self.clock()
        self.door.hear(self.user, self.touched)
        if self.far is None:  # it speaks before it was asked: no web server, and it must not seem to be the door
            self.transport.abort()
            return
        if self.reply_head is None:
            self.transport.write(data)
            return
        self.reply_head += data
        found = find_response_head(self.reply_head)
        if found and self.to_proxy and re.match(rb"HTTP/1\.\d 407\b", found):
            self.door.note_proxy_fault("proxy_auth", "it does not accept the user and password")
            self._answer(502, "proxy_auth")
        elif found:
            self.reply_head = None
            self.transport.write(found)
        elif len(self.reply_head) > self.door.limits.head_bytes:
            self._answer(502, "headers_too_large")

    def _answer(self, status: int, reason: str) -> None:
        self.transport.write(render_answer(status, reason))
        self.close()

    def pause_writing(self) -> None:
        if self.far and self.far.transport:
            self.far.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.far and self.far.transport:
            self.far.transport.resume_reading()

    def lose_far_end(self, error: Exception | None) -> None:
        """Hand on how the far end ended: a reset must not look like a proper end."""
        if self.reply_head:
            self.transport.write(self.reply_head)
        if error is None:
            self.transport.close()
            return
        sock = self.transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self.door.close_tunnel(self)
        if self.opening:
            self.opening.cancel()
        if self.far and self.far.transport:
            self.far.transport.close()

    def is_over(self, now: float, limits: DoorLimits) -> bool:
        """Whether this client has said too little for too long, or been here too long."""
        if self.opening is None:
            longest_silence = limits.head_s
        else:
            longest_silence = limits.idle_s
        return now - self.touched > longest_silence or now - self.born > limits.tunnel_s

    def abort(self) -> None:
        """Close both ends at once, and throw away what was still to be written."""
        self.transport.abort()
        if self.far and self.far.transport:
            self.far.transport.abort()

    def close(self) -> None:
        """Close both ends; a second call does not wait for what is still to be written."""
        if self.transport.is_closing():
            self.transport.abort()
        self.transport.close()
        if self.far and self.far.transport:
            self.far.transport.close()
