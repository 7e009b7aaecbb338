"""The sockets of the replica: every host name, TLS and plain, answered from one loop in one thread."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from embedarchive.replica.authority import Authority
from embedarchive.replica.weather import Pacing
from embedarchive.replica.wire import BadRequest, Reply, Request, frame_reply, read_request

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER on, zero seconds: close() then sends RST instead of FIN."""


class Server:
    """Listens on two loopback ports (TLS, plain) from `start` to `stop`; `answer` decides, `log` is told the status."""

    def __init__(
        self,
        authority: Authority,
        answer: Callable[[Request], Reply],
        log: Callable[[Request, int], None],
    ) -> None:
        self._authority = authority
        self._answer = answer
        self._log = log
        self._thread = threading.Thread(target=self._run, name="replica", daemon=True)
        self._ready = threading.Event()
        self._loop: asyncio.AbstractEventLoop
        self._done: asyncio.Event
        self._failure: BaseException | None = None
        self.pacing = Pacing()
        self._pool = ThreadPoolExecutor(2, "replica-body")
        self.tls_port = 0
        self.plain_port = 0

    def start(self) -> None:
        """Listen; returns when both ports are open. Raises what kept them shut."""
        self._thread.start()
        self._ready.wait()
        if self._failure:
            raise self._failure

    def stop(self) -> None:
        """Close both ports and every connection, also those that hang on purpose."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._done.set)
            self._thread.join()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        context = self._authority.server_context()
        tls = await asyncio.start_server(
            lambda r, w: self._connection("https", r, w), "127.0.0.1", 0, ssl=context, backlog=512
        )
        plain = await asyncio.start_server(lambda r, w: self._connection("http", r, w), "127.0.0.1", 0, backlog=512)
        self.tls_port = tls.sockets[0].getsockname()[1]
        self.plain_port = plain.sockets[0].getsockname()[1]
        self._loop.set_exception_handler(lambda loop, context: None)
        self._ready.set()
        await self._done.wait()
        tls.close()
        plain.close()
        mine = [t for t in asyncio.all_tasks() if t is not asyncio.current_task()]
        for task in mine:
            task.cancel()
        await asyncio.gather(*mine, return_exceptions=True)

    async def _connection(self, scheme: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, TimeoutError, OSError):
            while request := await self._next(scheme, reader, writer):
                if not await self._reply(request, writer):
                    break
                if request.header("connection").lower() == "close":
                    break
        with contextlib.suppress(Exception):
            writer.close()

    async def _next(self, scheme: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
        try:
            return await read_request(reader, scheme)
        except BadRequest:
            writer.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return None

    def _answer_safely(self, request: Request) -> Reply:
        try:
            return self._answer(request)
        except Exception as error:
            return _failed(error)

    async def _finish(self, reply: Reply) -> tuple[Reply, bytes]:
        if not callable(reply.body):
            return reply, reply.body
        try:
            return reply, await self._loop.run_in_executor(self._pool, reply.body)
        except Exception as error:
            return _failed(error), repr(error).encode()

    async def _reply(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection must not be used again."""
        reply = self._answer_safely(request)
        self._log(request, 0 if reply.ending else reply.status)
        if reply.delay_s:
            await asyncio.sleep(reply.delay_s)
        if reply.ending == "hang":
            await self._done.wait()
            return False
        if reply.ending == "reset":
            _reset(writer)
            return False
        reply, body = await self._finish(reply)
        head, body = frame_reply(request, reply, body)
        writer.write(head)
        async for piece in self.pacing.pieces(request.host, body):
            writer.write(piece)
            await writer.drain()
        return reply.sent >= 1


def _failed(error: Exception) -> Reply:
    # A mistake of ours must not look like one of a platform's failures: it is loud, and nobody else answers 555.
    traceback.print_exception(error)
    return Reply(555, (("Content-Type", "text/plain; charset=utf-8"),), repr(error).encode())


def _reset(writer: asyncio.StreamWriter) -> None:
    raw = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    writer.transport.abort()
