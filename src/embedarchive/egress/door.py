"""An HTTP proxy in our own process: resolves names itself, checks the address, and connects to exactly that address.

Redirects, workers, WebSockets and prefetches of a hostile page all come through here, and so does httpx, so this is the
one place where "no byte to a private address" is true. A name is resolved once and never again, so rebinding has no
second answer to give.
"""

from __future__ import annotations

import asyncio
import base64
import errno
import hmac
import secrets
import socket
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from types import TracebackType

from embedarchive.core.errors import NetworkDown, RefusedError
from embedarchive.egress.policy import DoorLimits, DoorPolicy, canonicalize_host
from embedarchive.egress.request import Refused
from embedarchive.egress.tunnel import SIGN_IN_HOST, Tunnel
from embedarchive.egress.upstream import NotThrough, ProxyFault, Upstream, knock, open_through

Resolver = Callable[[str, int], Awaitable[Iterable[str]]]
"""A host name and a port to addresses; raises OSError when there are none."""

_REMEMBERED_HOSTS = 10_000
_MAX_ADDRESSES = 6
_STATUS = {"timeout": 504}
"""What a client is answered by the reason why nothing could be reached; 502 for every other."""
_NO_ROUTE = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})
_NO_RESOLVER = frozenset({socket.EAI_AGAIN})
"""What this machine says when nobody answers for names at all; a name that does not exist is another error."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A connection that was asked for and not made. `reason` is a short code (`refused_private`, `dns` …)."""

    host: str
    port: int
    reason: str


class Door:
    """Open with `async with`; give `proxy` to a browser and `proxy_url` to httpx.

    `resolver` and `token` are there for tests; by default the system resolves, and the token is new for every door.
    With an `upstream` all that passes goes through that proxy; `proxy_fault` says why nothing can, once that is sure.
    """

    def __init__(
        self,
        policy: DoorPolicy | None = None,
        *,
        resolver: Resolver | None = None,
        limits: DoorLimits | None = None,
        token: str | None = None,
        upstream: Upstream | None = None,
    ) -> None:
        self.policy = policy or DoorPolicy()
        self.upstream = upstream
        self.proxy_fault: str | None = None
        self.limits = limits or DoorLimits()
        self.refusals: deque[Refusal] = deque(maxlen=1000)
        self.port = 0
        self._resolver = resolver or resolve_name
        self._token = token or secrets.token_urlsafe(24)
        self._barred: set[str] = set()
        self._remote: dict[tuple[str, int], str] = {}
        self._heard: dict[str, float] = {}
        self._reached_at = self._cut_off_at = 0.0
        self._tunnels: set[Tunnel] = set()
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Door:
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: Tunnel(self), "127.0.0.1", 0)
            self.port = self._server.sockets[0].getsockname()[1]
            _, knocking = await asyncio.open_connection("127.0.0.1", self.port)
            knocking.close()
        except OSError as error:
            raise NetworkDown(
                f"This machine cannot be reached by itself, on 127.0.0.1 ({error}), where everything passes on its way out."
            ) from error
        if self.upstream:
            await self._knock_at(self.upstream)
        self._sweeper = asyncio.create_task(self._sweep())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._sweeper:
            self._sweeper.cancel()
        if self._server:
            self._server.close()
        for tunnel in list(self._tunnels):
            tunnel.close()
        await asyncio.sleep(0)  # let the transports say that they are gone

    async def _knock_at(self, upstream: Upstream) -> None:
        """See that the proxy is there before anything is begun. Raises NetworkDown."""
        try:
            async with asyncio.timeout(self.limits.connect_s):
                (await knock(upstream)).close()
        except (ProxyFault, TimeoutError) as error:
            await self.__aexit__(None, None, None)
            raise NetworkDown(say_proxy_fault(upstream, str(error) or "it does not answer")) from error

    @property
    def server(self) -> str:
        """Where the door listens, without its password."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def proxy(self) -> dict[str, str]:
        """Where it is, and what it wants to know of who comes: a name and its password.

        A browser asked for a password at every request is slow: Playwright's `proxy=` intercepts them all and turns the HTTP
        cache off (measured: 16 pages/s instead of 26, 7 requests a page instead of 1). Chromium sends it by itself for the
        life of a context in which one visit to `sign_in_url` was answered with it (`browser.tab.sign_in`).
        """
        return self.proxy_for("door")

    def proxy_for(self, user: str) -> dict[str, str]:
        """The same for one of several clients, under a name of its own: `bar` and `admit` then concern only that one."""
        return {"server": self.server, "username": user, "password": self._token}

    @property
    def proxy_url(self) -> str:
        """The same as one URL, for httpx."""
        return f"http://door:{self._token}@127.0.0.1:{self.port}"

    @property
    def sign_in_url(self) -> str:
        """An address that the door answers itself, with 200 and nothing, once the password was given."""
        return f"http://{SIGN_IN_HOST}/"

    def remote_address(self, host: str, port: int) -> str | None:
        """The address that host and port were last connected to."""
        return self._remote.get((host.lower().removesuffix("."), port))

    def find_user(self, password: bytes | None) -> str | None:
        """Check the Proxy-Authorization header; give the client's name."""
        scheme, _, given = (password or b"").partition(b" ")
        if scheme != b"Basic":
            return None
        try:
            user, _, token = base64.b64decode(given, validate=True).partition(b":")
        except ValueError:
            return None
        if hmac.compare_digest(token, self._token.encode()):
            return user.decode("latin-1")
        return None

    def bar(self, user: str) -> None:
        """Cut every connection of a client, and let it make none until it is admitted: no answer is still to come."""
        self._barred.add(user)
        self._heard.pop(user, None)
        for tunnel in [t for t in self._tunnels if t.user == user]:
            tunnel.abort()

    def admit(self, user: str) -> None:
        """Let a client that was barred connect again."""
        self._barred.discard(user)

    def is_barred(self, user: str) -> bool:
        """Whether a client is barred now."""
        return user in self._barred

    def hear(self, user: str, at: float) -> None:
        """Note that something arrived for a client."""
        self._heard[user] = self._reached_at = at

    def heard(self, user: str) -> float:
        """When, by the loop's clock, something last arrived for a client; 0 if nothing did since it was barred."""
        return self._heard.get(user, 0.0)

    def is_cut_off(self, since: float) -> bool:
        """Whether, since that moment of the loop's clock, the network itself failed us and nothing arrived from anywhere."""
        return self._cut_off_at >= since > self._reached_at

    async def connect(self, host: str, port: int, pipe: asyncio.Protocol, *, is_tunnel: bool = True) -> bool:
        """Check host and port and connect `pipe` there, or raise `Refused`; remember which it was.

        Gives whether `pipe` leads to an HTTP proxy that is still to be told where: it does for what is no tunnel.
        """
        try:
            host = canonicalize_host(host)
            address, is_direct = await self._connect_checked(host, port, pipe, is_tunnel=is_tunnel)
        except RefusedError as error:
            self.refusals.append(Refusal(host, port, error.reason))
            raise Refused(403, error.reason) from error
        except Refused as refused:
            self.refusals.append(Refusal(host, port, refused.reason))
            raise
        if len(self._remote) >= _REMEMBERED_HOSTS:
            del self._remote[next(iter(self._remote))]
        if address:
            self._remote[host, port] = address
        return not is_direct

    async def _connect_checked(
        self, host: str, port: int, pipe: asyncio.Protocol, *, is_tunnel: bool
    ) -> tuple[str | None, bool]:
        """Give the address that was connected to (None where only the proxy knows), and whether it is the far end."""
        exception = self.policy.find_exception(host, port)
        if exception:
            return await self._connect_first([exception.address], exception.target_port, pipe), True
        if port not in self.policy.ports:
            raise Refused(403, "refused_port")
        if self.upstream and self.upstream.looks_names_up:
            objection = self.policy.find_objection_to_name(host)
            if objection:
                raise Refused(403, f"refused_{objection}")
            if self.upstream.scheme == "http" and not is_tunnel:
                await self._reach(self.upstream, None, 0, pipe)
                return None, False
            await self._reach(self.upstream, host.strip("[]"), port, pipe)
            return None, True
        found = await self._resolve(host.strip("[]"), port)
        objections = {address: self.policy.find_objection(address) for address in found}
        allowed = [address for address, objection in objections.items() if objection is None]
        if not allowed:
            raise Refused(403, f"refused_{next(iter(objections.values()))}")
        return await self._connect_first(allowed[:_MAX_ADDRESSES], port, pipe), True

    async def _reach(self, upstream: Upstream, host: str | None, port: int, pipe: asyncio.Protocol) -> None:
        """Connect `pipe` through the proxy, or with no host to the proxy itself."""
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(2 * self.limits.connect_s):
                if host:
                    sock = await open_through(upstream, host, port)
                else:
                    sock = await knock(upstream)
                await loop.create_connection(lambda: pipe, sock=sock)
        except NotThrough as error:
            raise Refused(_STATUS.get(error.reason, 502), error.reason) from error
        except ProxyFault as error:
            self.note_proxy_fault(error.reason, str(error))
            raise Refused(502, error.reason) from error
        except TimeoutError as error:
            raise Refused(504, "timeout") from error

    def note_proxy_fault(self, reason: str, says: str) -> None:
        """Remember that the proxy itself fails: one that does not know us never will, one that is away may come back."""
        assert self.upstream, "only a proxy has a fault of its own"
        self._note_cut_off()
        if reason == "proxy_auth":
            self.proxy_fault = say_proxy_fault(self.upstream, says)

    async def _resolve(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(self.limits.resolve_s):
                found = list(await self._resolver(host, port))
        except TimeoutError as error:
            self._note_cut_off()
            raise Refused(504, "dns_timeout") from error
        except (OSError, UnicodeError) as error:
            if isinstance(error, socket.gaierror) and error.errno in _NO_RESOLVER:
                self._note_cut_off()
            raise Refused(502, "dns") from error
        if not found:
            raise Refused(502, "dns")
        return found

    async def _connect_first(self, addresses: list[str], port: int, pipe: asyncio.Protocol) -> str:
        """Try one address after another (a broken IPv6 route must not hide a working IPv4), within one deadline."""
        loop = asyncio.get_running_loop()
        each = self.limits.connect_s / len(addresses)
        reason = "connection"
        for address in addresses:
            try:
                if self.upstream:
                    await self._reach(self.upstream, address, port, pipe)
                    return address
                async with asyncio.timeout(each):
                    await loop.create_connection(lambda: pipe, address, port)
                return address
            except TimeoutError:
                reason = "timeout"
            except OSError as error:
                reason = "connection"
                if error.errno in _NO_ROUTE:
                    reason = "no_network"
        if reason == "no_network":
            self._note_cut_off()
        raise Refused(_STATUS.get(reason, 502), reason)

    def _note_cut_off(self) -> None:
        self._cut_off_at = asyncio.get_running_loop().time()

    def open_tunnel(self, tunnel: Tunnel) -> bool:
        """Count a new client in, unless there are too many."""
        if len(self._tunnels) >= self.limits.tunnels:
            return False
        self._tunnels.add(tunnel)
        return True

    def close_tunnel(self, tunnel: Tunnel) -> None:
        self._tunnels.discard(tunnel)

    async def _sweep(self) -> None:
        """Close what is idle or old: one timer for all tunnels costs less than a timer each."""
        clock = asyncio.get_running_loop().time
        while True:
            await asyncio.sleep(min(5.0, self.limits.idle_s / 4, self.limits.head_s / 4))
            for tunnel in [t for t in self._tunnels if t.is_over(clock(), self.limits)]:
                tunnel.close()


def say_proxy_fault(upstream: Upstream, says: str) -> str:
    """What a proxy that fails means, and what to do; without its secrets."""
    return (
        f"Nothing can be reached: the proxy {upstream.label} fails ({says}), and without it nothing is sent. "
        "Start or correct it (--proxy), then run the same command again."
    )


async def resolve_name(host: str, port: int) -> list[str]:
    """Ask the system for the addresses of a host.

    In a daemon thread of its own: a resolver that hangs must neither block others nor keep the process from ending.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[list[str]] = loop.create_future()

    def settle(result: list[str] | OSError | UnicodeError) -> None:
        if answer.done():
            return
        if isinstance(result, list):
            answer.set_result(result)
        else:
            answer.set_exception(result)

    def work() -> None:
        result: list[str] | OSError | UnicodeError
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            result = list(dict.fromkeys(str(row[4][0]) for row in rows))
        except (OSError, UnicodeError) as error:
            result = error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, result)

    threading.Thread(target=work, daemon=True, name=f"resolve {host}").start()
    return await answer
