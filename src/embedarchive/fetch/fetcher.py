"""A URL turned into a `Fetch` by HTTP, through the door; the world's faults become reasons, never exceptions.

The only module that imports httpx. Its client is left aside and its transport used alone: redirects, cookies,
decompression and deadlines are ours, so that each is bounded and each hop is checked and recorded.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Literal
from urllib.parse import urljoin, urlsplit

import httpx

from embedarchive.core import clock
from embedarchive.core.errors import RefusedError
from embedarchive.core.model import Fetch, Headers
from embedarchive.egress import Door, check_url
from embedarchive.fetch.body import ACCEPT_ENCODING, Body, find_codings
from embedarchive.fetch.judge import judge
from embedarchive.fetch.limits import ARTICLE_LIMITS, NAVIGATION_HEADERS, FetchLimits, redact_headers

MayGo = Callable[[str], Awaitable[str | None]]
"""Asked for the target of a redirect before it is requested: the reason why it must not be, or None. It may wait its turn."""

# What may follow a redirect to another origin. All else (keys, cookies, tokens, whatever they are called) stays behind.
_CARRIED = frozenset(
    ["user-agent", "accept", "accept-encoding", "accept-language", "if-none-match", "if-modified-since", "range"]
    + [name.lower() for name in NAVIGATION_HEADERS]
)
_REDIRECTS = frozenset([301, 302, 303, 307, 308])
_CONDITIONS = frozenset(["if-none-match", "if-modified-since"])

# httpx slows down with the size of its pool: 5 pools of 10 do 600 requests per CPU second, one of 50 does 230.
_POOLS = 5
_POOL_SIZE = 10


@dataclass(slots=True)
class _Trip:
    """One fetch on its way."""

    url: str
    method: str
    headers: dict[str, str]
    limits: FetchLimits
    may_go: MayGo | None = None
    content: bytes = b""
    cookies: httpx.Cookies = field(default_factory=httpx.Cookies)
    redirects: list[tuple[int, str]] = field(default_factory=list)
    status: int | None = None
    reply: Headers = ()
    remote_address: str | None = None
    body: Body | None = None
    reason: str | None = None

    def fail(self, reason: str) -> None:
        """Note what went wrong: a body that had begun is kept and marked, before that the fetch failed."""
        if self.body is not None:
            self.body.cut("incomplete" if reason == "bad_http" else reason)
        else:
            self.reason = reason


class Fetcher:
    """Fetches over a door. Open with `async with`; safe to use from many tasks at once."""

    def __init__(
        self, door: Door, *, user_agent: str, ca_file: str | Path | None = None, limits: FetchLimits = ARTICLE_LIMITS
    ) -> None:
        self.door = door
        self.limits = limits
        self._user_agent = user_agent
        context = httpx.create_ssl_context(trust_env=False)
        # Since Python 3.13 certificates are held to rules of RFC 5280 that browsers do not hold them to.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if ca_file:
            context.load_verify_locations(ca_file)
        self._context = context
        self._transports: list[httpx.AsyncHTTPTransport] = []

    async def __aenter__(self) -> Fetcher:
        limits = httpx.Limits(max_connections=_POOL_SIZE, max_keepalive_connections=_POOL_SIZE, keepalive_expiry=30)
        proxy = httpx.Proxy(self.door.proxy_url)
        self._transports = [
            httpx.AsyncHTTPTransport(verify=self._context, trust_env=False, limits=limits, proxy=proxy)
            for _ in range(_POOLS)
        ]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for transport in self._transports:
            await transport.aclose()

    async def fetch(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        etag: str | None = None,
        last_modified: str | None = None,
        limits: FetchLimits | None = None,
        method: Literal["GET", "HEAD", "POST"] = "GET",
        may_go: MayGo | None = None,
        content: bytes = b"",
    ) -> Fetch:
        """Fetch a URL; `etag` and `last_modified` of an earlier fetch make it conditional, `content` is what is posted.

        What is posted goes to that address alone: then a redirect is an answer like any other.

        `may_go` is asked before each redirect is followed, and what it waits counts for nothing.

        Reasons of a failure: `refused_…` (by the door), `dns`, `dns_timeout`, `timeout`, `reset`, `connection`, `tls_…`,
        `bad_http`, `headers_too_large`, `too_many_redirects`, `unsupported_encoding`, `bad_encoding`, `http_404` ….
        Reasons of `truncated`: `too_large`, `timeout`, `reset`, `connection`, `incomplete`, `unknown_length`, `bad_encoding`.
        """
        wanted = {"if-none-match": etag, "if-modified-since": last_modified}
        merged = {"user-agent": self._user_agent, "accept": "*/*"}
        merged |= {name.lower(): value for name, value in (headers or {}).items()}
        merged |= {name: value for name, value in wanted.items() if value}
        merged["accept-encoding"] = ACCEPT_ENCODING
        trip = _Trip(url, method, merged, limits or self.limits, may_go, content)
        started, ticks = clock.now(), asyncio.get_running_loop().time
        began = ticks()
        await self._travel(trip)
        return _conclude(trip, url, started, int((ticks() - began) * 1000))

    async def _travel(self, trip: _Trip) -> None:
        try:
            async with asyncio.timeout(trip.limits.total_s) as deadline:
                trip.url = check_url(trip.url.partition("#")[0])
                while (location := await self._visit(trip)) is not None:
                    if len(trip.redirects) > trip.limits.redirects:
                        trip.reason = "too_many_redirects"
                        return
                    _go_to(trip, location)
                    trip.reason = await _ask_to_go(trip, deadline)
                    if trip.reason:
                        return
                if trip.status == 304 and not _CONDITIONS & trip.headers.keys():
                    trip.headers["cache-control"] = "no-cache"
                    await self._visit(trip)
                    trip.reason = "http_304" if trip.status == 304 else trip.reason
        except TimeoutError:
            trip.fail("timeout")
        except (httpx.HTTPError, httpx.InvalidURL, RefusedError, OSError, ValueError) as error:
            trip.fail(find_reason(error))

    async def _visit(self, trip: _Trip) -> str | None:
        """Make one request. Give the address it redirects to, or read the body and give None."""
        timeout = httpx.Timeout(trip.limits.idle_s, pool=None).as_dict()
        content = None
        if trip.method == "POST":
            content = trip.content
        request = httpx.Request(
            trip.method, trip.url, headers=trip.headers, content=content, extensions={"timeout": timeout}
        )
        trip.cookies.set_cookie_header(request)
        trip.status, trip.reply, trip.remote_address = None, (), None
        host, port = request.url.host, request.url.port or {"http": 80, "https": 443}[request.url.scheme]
        transport = self._transports[zlib.crc32(host.encode()) % len(self._transports)]
        try:
            response = await transport.handle_async_request(request)
        finally:
            trip.remote_address = self.door.remote_address(host, port)
        try:
            return await self._receive(trip, request, response)
        finally:
            await response.aclose()

    async def _receive(self, trip: _Trip, request: httpx.Request, response: httpx.Response) -> str | None:
        from_door = None
        if request.url.scheme == "http":
            from_door = response.headers.get("x-door")
        if from_door:
            trip.fail(from_door)
            return None
        response.request = request
        trip.cookies.extract_cookies(response)
        trip.status, trip.reply = response.status_code, redact_headers(_decode_headers(response.headers))
        location = response.headers.get("location")
        if location is not None and trip.status in _REDIRECTS and trip.method != "POST":
            trip.redirects.append((trip.status, trip.url))
            return str(location)
        if trip.method != "HEAD" and trip.status not in (204, 304):
            await _read_body(trip, response)
        return None


async def _ask_to_go(trip: _Trip, deadline: asyncio.Timeout) -> str | None:
    """Ask whether the redirect's target may be requested, without a deadline; give the reason why not."""
    if trip.may_go is None:
        return None
    time_of = asyncio.get_running_loop().time
    asked, due = time_of(), deadline.when()
    deadline.reschedule(None)
    reason = await trip.may_go(trip.url)
    deadline.reschedule(due + time_of() - asked if due is not None else None)
    return reason


def _go_to(trip: _Trip, location: str) -> None:
    """Point the trip at a redirect's target; to another origin goes only what every browser sends."""
    target = check_url(urljoin(trip.url, location.strip()).partition("#")[0])
    if urlsplit(target)[:2] != urlsplit(trip.url)[:2]:
        trip.headers = {name: value for name, value in trip.headers.items() if name in _CARRIED}
    trip.url = target


async def _read_body(trip: _Trip, response: httpx.Response) -> None:
    codings = find_codings(response.headers.get("content-encoding"))
    if codings is None:
        trip.reason = "unsupported_encoding"
        return
    trip.body = Body(codings, trip.limits.max_bytes)
    assert isinstance(response.stream, httpx.AsyncByteStream)
    async for chunk in response.stream:
        if not trip.body.add(chunk):
            return
    trip.body.finish(framed="content-length" in response.headers or "transfer-encoding" in response.headers)


def _conclude(trip: _Trip, asked: str, started: str, elapsed_ms: int) -> Fetch:
    outcome, reason = judge(trip.status, trip.body, trip.reason)
    headers = httpx.Headers(list(trip.reply))
    return Fetch(
        url=asked,
        final_url=trip.url,
        fetched_at=started,
        outcome=outcome,
        status=trip.status,
        reason=reason,
        headers=trip.reply,
        content_type=headers.get("content-type"),
        body=bytes(trip.body.data) if trip.body else b"",
        truncated=trip.body.truncated if trip.body else None,
        redirects=tuple(trip.redirects),
        remote_address=trip.remote_address,
        elapsed_ms=elapsed_ms,
    )


def _decode_headers(headers: httpx.Headers) -> Iterator[tuple[str, str]]:
    for name, value in headers.raw:
        yield name.decode("latin-1"), value.decode(headers.encoding, "replace")


# X509_V_ERR_…, https://docs.openssl.org/master/man3/X509_STORE_CTX_get_error/
_TLS = {10: "tls_expired", 18: "tls_self_signed", 19: "tls_untrusted", 20: "tls_untrusted", 62: "tls_wrong_host"}


def find_reason(error: BaseException) -> str:
    """Give the short code for what ended a fetch, from the error and what caused it."""
    for cause in _find_causes(error):
        if isinstance(cause, RefusedError):
            return cause.reason
        if isinstance(cause, httpx.ProxyError):
            return str(cause).partition(" ")[2] or "connection"
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _TLS.get(cause.verify_code, "tls_certificate")
        if isinstance(cause, ssl.SSLError):
            return "tls"
        if isinstance(cause, httpx.TimeoutException):
            return "timeout"
        if isinstance(cause, ConnectionResetError):
            return "reset"
        if isinstance(cause, httpx.InvalidURL | ValueError):
            return "refused_url"
        if getattr(cause, "error_status_hint", None) == 431:
            return "headers_too_large"
        if type(cause).__module__.startswith("h11"):
            return "bad_http"
    return "connection"


def _find_causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
