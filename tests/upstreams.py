"""Proxies of the tests' own on loopback, HTTP and SOCKS5 at one port, that lead every name to one place."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """Knows who may use it (`user:password`, or anybody), and remembers what it was asked to connect to and how.

    `ports` says where a port leads; `closed` are hosts that it will not connect to.
    """

    ports: dict[int, int]
    login: str = ""
    closed: tuple[str, ...] = ()
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            first = await reader.readexactly(1)
            far = await (self._socks(reader, writer) if first == b"\x05" else self._http(first, reader, writer))
            if far:
                await asyncio.gather(pump(reader, far[1]), pump(far[0], writer))
        writer.close()

    async def _open(self, host: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.ports.get(port, port))

    async def _socks(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        methods = await reader.readexactly((await reader.readexactly(1))[0])
        wanted = 2 if self.login else 0
        writer.write(bytes([5, wanted if wanted in methods else 255]))
        if wanted not in methods:
            return None
        if self.login:
            await reader.readexactly(1)
            user, password = [await reader.readexactly((await reader.readexactly(1))[0]) for _ in range(2)]
            fine = f"{user.decode()}:{password.decode()}" == self.login
            writer.write(bytes([1, 0 if fine else 1]))
            if not fine:
                return None
        kind = (await reader.readexactly(4))[3]
        if kind == 3:
            host = (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        else:
            host = socket.inet_ntop(*((socket.AF_INET, await reader.readexactly(4)) if kind == 1 else
                                      (socket.AF_INET6, await reader.readexactly(16))))  # fmt: skip
        port = int.from_bytes(await reader.readexactly(2), "big")
        self.asked.append(("name" if kind == 3 else "address", host, port))
        reply = b"\0\1\0\0\0\0\0\0"
        if host in self.closed:
            writer.write(b"\5\2" + reply)
            return None
        far = await self._open(host, port)
        writer.write(b"\5\0" + reply)
        return far

    async def _http(
        self, first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
        head = first + await reader.readuntil(b"\r\n\r\n")
        given = f"\r\nProxy-Authorization: Basic {base64.b64encode(self.login.encode()).decode()}\r\n".encode()
        if self.login and given not in head:
            writer.write(b"HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n")
            return None
        method, target, _ = head.split(b"\r\n")[0].decode().split(" ")
        authority = target if method == "CONNECT" else target.split("/")[2]
        host, _, port = authority.rpartition(":") if authority.split(":")[-1].isdigit() else (authority, "", "80")
        self.asked.append((method, host, int(port)))
        if host in self.closed:
            writer.write(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")
            return None
        far = await self._open(host, int(port))
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Go ahead\r\n")
            await writer.drain()
            writer.write(b"Via: tests\r\n\r\n")
        else:
            path = "/" + target.split("/", 3)[3]
            far[1].write(head.replace(target.encode(), path.encode(), 1).replace(given[2:], b""))
        return far


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65_536):
            writer.write(piece)
            await writer.drain()
    writer.close()


@contextlib.contextmanager
def running(proxy: Proxy) -> Iterator[Proxy]:
    """The proxy at a port of its own, in a loop and a thread of its own."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    loop.set_exception_handler(lambda loop, context: None)
    ended = asyncio.Event()

    async def work() -> None:
        server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
        proxy.port = server.sockets[0].getsockname()[1]
        ready.set()
        await ended.wait()
        server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    thread = threading.Thread(target=loop.run_until_complete, args=(work(),), daemon=True)
    thread.start()
    ready.wait()
    try:
        yield proxy
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()
