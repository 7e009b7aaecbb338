"""A fetch against real sockets: what the world does wrong becomes a reason, and nothing is unbounded."""

from __future__ import annotations

import asyncio
import gzip
import os
import resource
import socket
import struct
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import brotli
import pytest

from embedarchive.core.model import Fetch
from embedarchive.egress import Door, DoorLimits, DoorPolicy, parse_resolve
from embedarchive.fetch import NAVIGATION_HEADERS, Fetcher, FetchLimits
from embedarchive.fetch.body import Body
from embedarchive.fetch.zstd import zstd
from loopback import Authority, Origin, door_to, page
from waiting import BOUND_S, NEVER_S, until

packed = partial(gzip.compress, mtime=0)  # the same bytes in every process, or test names would differ

URL = "http://news.test/story"
HTML = b"<!doctype html><html><body><p>A story.</p></body></html>"


@asynccontextmanager
async def fetching(origin: Origin, **options: object) -> AsyncIterator[Fetcher]:
    async with origin, door_to(origin) as door, Fetcher(door, user_agent="embedarchive-test", **options) as fetcher:  # type: ignore[arg-type]
        yield fetcher


async def fetch(answer: object, url: str = URL, *, limits: FetchLimits | None = None, **options: object) -> Fetch:
    async with fetching(Origin(answer)) as fetcher:  # type: ignore[arg-type]
        return await fetcher.fetch(url, limits=limits, **options)  # type: ignore[arg-type]


# --------------------------------------------------------------------------------------------------------- what works


async def test_a_page_is_fetched_with_its_headers_address_and_times() -> None:
    got = await fetch(page(HTML, "Content-Type: text/html; charset=utf-8", 'ETag: "a1"', "Set-Cookie: sid=s3cret"))
    assert (got.outcome, got.status, got.reason, got.truncated, got.body) == ("ok", 200, None, None, HTML)
    assert got.content_type == "text/html; charset=utf-8"
    assert got.header("etag") == '"a1"'
    assert got.remote_address == "127.0.0.1"
    assert got.fetched_at.endswith("Z")
    assert len(got.fetched_at) == 24
    assert "s3cret" not in repr(got)


async def test_the_request_is_the_one_announced() -> None:
    origin = Origin(page(HTML))
    async with fetching(origin) as fetcher:
        await fetcher.fetch(URL, headers=NAVIGATION_HEADERS)
    head = origin.head()
    assert head.startswith("get /story http/1.1\r\nhost: news.test\r\n")
    assert "user-agent: embedarchive-test" in head
    assert "accept-encoding: gzip, deflate, br, zstd\r\n" in head
    assert "sec-fetch-mode: navigate" in head
    assert "proxy-" not in head


async def test_validators_make_a_fetch_conditional() -> None:
    origin = Origin(b'HTTP/1.1 304 Not Modified\r\nETag: "a1"\r\n\r\n')
    async with fetching(origin) as fetcher:
        got = await fetcher.fetch(URL, etag='"a1"', last_modified="Mon, 09 Mar 2026 10:00:00 GMT")
    assert (got.outcome, got.status, got.body) == ("unchanged", 304, b"")
    assert 'if-none-match: "a1"' in origin.head()
    assert "if-modified-since: mon, 09 mar 2026 10:00:00 gmt" in origin.head()


async def test_head_asks_for_no_body() -> None:
    origin = Origin(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n")
    async with fetching(origin) as fetcher:
        got = await fetcher.fetch(URL, method="HEAD")
    assert (got.outcome, got.body, got.truncated) == ("ok", b"", None)


@pytest.mark.parametrize(
    ("status", "reason"), [("404 Not Found", "http_404"), ("410 Gone", "http_410"), ("503 No", "http_503")]
)
async def test_an_error_status_fails_and_keeps_its_body(status: str, reason: str) -> None:
    got = await fetch(page(b"<html>nothing here</html>", status=status))
    assert (got.outcome, got.reason, got.body) == ("failed", reason, b"<html>nothing here</html>")


# ---------------------------------------------------------------------------------------------------------- redirects


def redirecting(hops: dict[str, str]) -> Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        host = next(line for line in head.decode().split("\r\n") if line.lower().startswith("host:"))[6:]
        target = hops.get(host + head.split()[1].decode())
        writer.write(page(b"", f"Location: {target}", status="302 Found") if target else page(HTML))

    return answer


async def test_each_redirect_is_recorded() -> None:
    hops = {"news.test/story": "/moved?a=1", "news.test/moved?a=1": "http://other.test/final#part"}
    got = await fetch(redirecting(hops))
    assert got.outcome == "ok"
    assert got.final_url == "http://other.test/final"
    assert got.redirects == ((302, "http://news.test/story"), (302, "http://news.test/moved?a=1"))


@pytest.mark.parametrize("hops", [10, 11])
async def test_ten_redirects_are_followed_and_no_more(hops: int) -> None:
    chain = {f"news.test/{i}": f"/{i + 1}" for i in range(hops)}
    got = await fetch(redirecting(chain), "http://news.test/0")
    assert (got.outcome, got.reason) == (("ok", None) if hops == 10 else ("failed", "too_many_redirects"))


async def test_a_redirect_loop_ends() -> None:
    got = await fetch(redirecting({"news.test/story": "/story"}))
    assert (got.outcome, got.reason, len(got.redirects)) == ("failed", "too_many_redirects", 11)


async def test_a_site_that_wants_its_cookie_back_is_answered_within_one_fetch_only() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        has = b"gate=open" in head
        writer.write(page(HTML) if has else page(b"", "Location: /story", "Set-Cookie: gate=open", status="302 Found"))

    origin = Origin(answer)
    async with fetching(origin) as fetcher:
        got = [await fetcher.fetch(URL) for _ in range(2)]
    assert [g.outcome for g in got] == ["ok", "ok"]
    assert ["cookie: gate=open" in origin.head(i) for i in range(4)] == [False, True, False, True]


async def test_no_secret_follows_a_redirect_to_another_origin() -> None:
    origin = Origin(redirecting({"news.test/story": "http://news.test/b", "news.test/b": "http://other.test/"}))
    secrets = {"X-Api-Key": "k3y", "Authorization": "Bearer t0ken", "Cookie": "sid=c00kie"}
    async with fetching(origin) as fetcher:
        await fetcher.fetch(URL, headers={**secrets, "Accept": "text/html"}, etag='"a1"')
    assert all(secret in origin.head(1) for secret in ("k3y", "t0ken", "c00kie"))
    assert not any(secret in origin.head(2) for secret in ("k3y", "t0ken", "c00kie"))
    assert "accept: text/html" in origin.head(2)
    assert 'if-none-match: "a1"' in origin.head(2)


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("http://127.0.0.1/", "refused_loopback"),
        ("https://[::ffff:10.0.0.1]/", "refused_private"),
        ("http://169.254.169.254/latest/meta-data/", "refused_link_local"),
        ("http://news.test:22/", "refused_port"),
        ("file:///etc/passwd", "refused_scheme"),
        ("javascript:alert(1)", "refused_scheme"),
        ("http://user:pass@news.test/", "refused_url"),
        ("http://news.test\\@127.0.0.1/", "refused_url"),
        ("http://[bad/", "refused_url"),
        ("http://2130706433/", "refused_url"),
    ],
)
@pytest.mark.parametrize("hop", [0, 1, 9])
async def test_a_redirect_to_a_forbidden_place_is_refused(target: str, reason: str, hop: int) -> None:
    chain = {f"news.test/{i}": f"/{i + 1}" for i in range(hop)} | {f"news.test/{hop}": target}
    got = await fetch(redirecting(chain), "http://news.test/0")
    assert (got.outcome, got.reason) == ("failed", reason)
    assert len(got.redirects) == hop + 1


# --------------------------------------------------------------------------------------------------------- decoding


def deflate_raw(data: bytes) -> bytes:
    squeezer = zlib.compressobj(wbits=-15)
    return squeezer.compress(data) + squeezer.flush()


@pytest.mark.parametrize(
    ("coding", "wire"),
    [
        ("gzip", packed(HTML)),
        ("X-GZip", packed(HTML)),
        ("gzip, identity", packed(HTML)),
        ("gzip", packed(HTML[:9]) + packed(HTML[9:])),
        ("gzip", packed(HTML) + b"\0" * 300),
        ("deflate", zlib.compress(HTML)),
        ("deflate", deflate_raw(HTML)),
        ("identity", HTML),
        ("br", brotli.compress(HTML)),
        ("zstd", zstd.compress(HTML)),
        ("zstd", zstd.compress(HTML[:9]) + zstd.compress(HTML[9:])),
        ("gzip, gzip", packed(packed(HTML))),
        ("gzip, br", brotli.compress(packed(HTML))),
        ("br, zstd, gzip", packed(zstd.compress(brotli.compress(HTML)))),
    ],
)
async def test_a_content_coding_is_undone(coding: str, wire: bytes) -> None:
    async def byte_by_byte(head: bytes, writer: asyncio.StreamWriter) -> None:
        whole = page(wire, f"Content-Encoding: {coding}")
        for start in range(0, len(whole), 7):
            writer.write(whole[start : start + 7])
            await writer.drain()

    for answer in (page(wire, f"Content-Encoding: {coding}"), byte_by_byte):
        got = await fetch(answer)
        assert (got.outcome, got.truncated, got.body) == ("ok", None, HTML)


@pytest.mark.parametrize("coding", ["klingon", "gzip, klingon", "dcb", "gzip, gzip, gzip, gzip, gzip"])
async def test_a_coding_that_nobody_undoes_is_refused(coding: str) -> None:
    got = await fetch(page(packed(packed(packed(b"\0" * 9999))), f"Content-Encoding: {coding}"))
    assert (got.outcome, got.reason, got.body) == ("failed", "unsupported_encoding", b"")


def test_a_decoder_that_has_failed_can_still_be_asked() -> None:
    body = Body(("br",), 10_000)
    taken = [body.add(bytes([each])) for each in packed(HTML)]
    assert False in taken
    body.finish(framed=True)
    assert body.truncated == "bad_encoding"


@pytest.mark.parametrize(
    ("coding", "wire", "outcome", "body", "truncated"),
    [
        ("gzip", packed(HTML * 500)[:-12], "ok", None, "incomplete"),
        ("gzip", packed(HTML)[:5], "failed", b"", "incomplete"),
        ("gzip", b"\x1f", "failed", b"", "incomplete"),
        ("gzip", HTML, "failed", b"", "bad_encoding"),
        ("deflate", b"\xff\xff\xff\xff", "failed", b"", "bad_encoding"),
        ("gzip", packed(HTML)[:-8] + b"\0\0\0\0\0\0\0\0", "failed", b"", "bad_encoding"),
        ("br", brotli.compress(HTML * 500)[:-3], "ok", None, "incomplete"),
        ("zstd", zstd.compress(HTML * 500)[:-3], "failed", b"", "incomplete"),
        ("zstd", HTML, "failed", b"", "bad_encoding"),
        ("gzip, br", brotli.compress(packed(HTML * 500)[:-12]), "ok", None, "incomplete"),
    ],
)
async def test_a_damaged_coding_is_never_passed_off_as_whole(
    coding: str, wire: bytes, outcome: str, body: bytes | None, truncated: str
) -> None:
    got = await fetch(page(wire, f"Content-Encoding: {coding}"))
    assert (got.outcome, got.truncated) == (outcome, truncated)
    assert (HTML * 500).startswith(got.body)
    if body is not None:
        assert got.body == body


def gzip_bomb(size: int) -> bytes:
    squeezer = zlib.compressobj(9, wbits=31)
    block = b"\0" * (1 << 20)
    return b"".join(squeezer.compress(block) for _ in range(size >> 20)) + squeezer.flush()


def brotli_bomb(size: int) -> bytes:
    squeezer, block = brotli.Compressor(quality=1), b"\0" * (1 << 20)
    return b"".join(squeezer.process(block) for _ in range(size >> 20)) + squeezer.finish()


def zstd_bomb(size: int) -> bytes:
    squeezer, block = zstd.ZstdCompressor(), b"\0" * (1 << 20)
    return b"".join(squeezer.compress(block) for _ in range(size >> 20)) + squeezer.flush()


BOMBS = {
    "gzip": gzip_bomb,
    "gzip, gzip": lambda size: packed(gzip_bomb(size)),
    "br": brotli_bomb,
    "zstd": zstd_bomb,
}


@pytest.mark.parametrize("coding", BOMBS)
async def test_hundreds_of_megabytes_in_few_are_cut_without_being_held(coding: str) -> None:
    make, most = BOMBS[coding], FetchLimits().max_bytes
    bomb = page(make(256 << 20), f"Content-Encoding: {coding}")
    await fetch(page(make(1 << 20), f"Content-Encoding: {coding}"))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    got = await fetch(bomb)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert (got.outcome, got.truncated, len(got.body)) == ("ok", "too_large", most)
    assert grown < 64 * 1024, f"{grown} KB"


# ---------------------------------------------------------------------------------------------------------- deadlines


async def drip(writer: asyncio.StreamWriter, data: bytes) -> None:
    while True:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0.05)


async def test_headers_that_never_end_meet_the_deadline() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        await drip(writer, b"X-A: b\r\n")

    await _assert_timely(answer, "failed", None)


async def test_a_body_that_never_ends_meets_the_deadline_and_is_kept() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await drip(writer, b"a")

    got = await _assert_timely(answer, "ok", "timeout")
    assert got.body.startswith(b"aaa")


async def test_silence_meets_the_idle_limit() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(NEVER_S)

    await _assert_timely(answer, "failed", None, FetchLimits(total_s=NEVER_S, idle_s=0.4))


async def _assert_timely(
    answer: object, outcome: str, truncated: str | None, limits: FetchLimits | None = None
) -> Fetch:
    async with asyncio.timeout(BOUND_S):
        got = await fetch(answer, limits=limits or FetchLimits(total_s=2.0))
    assert (got.outcome, got.truncated) == (outcome, truncated)
    assert outcome == "ok" or got.reason == "timeout"
    return got


async def test_an_endless_body_is_cut_at_the_limit() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 65536)
            await writer.drain()

    got = await fetch(answer, limits=FetchLimits(max_bytes=300_000))
    assert (got.outcome, got.truncated, len(got.body)) == ("ok", "too_large", 300_000)


# -------------------------------------------------------------------------------------------------------- connections


def cut(data: bytes, *, reset: bool = False) -> Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]:
    """Send the data, then end the connection, politely or by a reset."""

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0.05)
        if reset:
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        writer.close()

    return answer


OPEN = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"


@pytest.mark.parametrize(
    ("answer", "outcome", "code"),
    [
        (cut(OPEN + b"Content-Length: 999\r\n\r\n<html>half"), "ok", "incomplete"),
        (cut(OPEN + b"Content-Length: 999\r\n\r\n<html>half", reset=True), "ok", "reset"),
        (cut(OPEN + b"Transfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\n5\r\nha"), "ok", "incomplete"),
        (cut(OPEN + b"Transfer-Encoding: chunked\r\n\r\n6\r\n<html>\r\nzz\r\n"), "ok", "incomplete"),
        (cut(OPEN + b"\r\n<html>half"), "ok", "unknown_length"),
        (cut(OPEN + b"\r\n<html>half", reset=True), "ok", "reset"),
        (cut(OPEN + b"\r\n<html>whole</html>\n"), "ok", None),
        (cut(OPEN + b"Content-Length: 6\r\n\r\n<html>more than said"), "ok", None),
        (cut(b""), "failed", "connection"),
        (cut(b"", reset=True), "failed", "reset"),
        (cut(b"HTTP/1.1 200"), "failed", "connection"),
        (cut(b"just text, as HTTP/0.9 had it\r\n\r\n"), "failed", "bad_http"),
        (cut(b"HTTP/1.1 200 OK\r\nX: " + b"a" * 5_000_000 + b"\r\n\r\n"), "failed", "headers_too_large"),
    ],
)
async def test_a_broken_connection_has_its_own_code(answer: object, outcome: str, code: str | None) -> None:
    got = await fetch(answer)
    assert (got.outcome, got.truncated if outcome == "ok" else got.reason) == (outcome, code)
    assert outcome == "failed" or got.body.startswith(b"<html>")


async def test_nobody_listening_is_a_connection_error() -> None:
    origin = Origin(b"")
    async with origin, door_to(origin) as door:
        origin._server.close()
        await origin._server.wait_closed()
        async with Fetcher(door, user_agent="t") as fetcher:
            for scheme in ("http", "https"):
                got = await fetcher.fetch(f"{scheme}://news.test/")
                assert (got.outcome, got.reason, got.status) == ("failed", "connection", None)


async def test_a_name_without_address_is_a_dns_error() -> None:
    async def resolver(host: str, port: int) -> list[str]:
        if host == "slow.test":
            await asyncio.sleep(NEVER_S)
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    door = Door(DoorPolicy(), resolver=resolver, limits=DoorLimits(resolve_s=0.2))
    expected = {"https://no.test/": "dns", "http://no.test/": "dns", "https://slow.test/": "dns_timeout"}
    async with door, Fetcher(door, user_agent="t") as fetcher:
        for url, reason in expected.items():
            got = await fetcher.fetch(url)
            assert (got.outcome, got.reason, got.remote_address) == ("failed", reason, None)


# ---------------------------------------------------------------------------------------------------------------- TLS


@pytest.mark.parametrize(
    ("options", "trusted", "reason"),
    [
        ({}, True, None),
        ({}, False, "tls_untrusted"),
        ({"days": -1}, True, "tls_expired"),
        ({"self_signed": True}, True, "tls_self_signed"),
        ({"host": "other.test"}, True, "tls_wrong_host"),
    ],
)
async def test_a_certificate_is_checked(
    options: dict[str, object], trusted: bool, reason: str | None, tmp_path: Path
) -> None:
    ca = Authority(tmp_path)
    options = dict(options)
    context = ca.context(str(options.pop("host", "news.test")), **options)  # type: ignore[arg-type]
    origin = Origin(page(HTML), tls=context)
    async with fetching(origin, ca_file=str(ca.file) if trusted else None) as fetcher:
        got = await fetcher.fetch("https://news.test/")
    assert (got.outcome, got.reason) == (("failed", reason) if reason else ("ok", None))
    assert got.remote_address == "127.0.0.1"


async def test_what_is_no_tls_at_all_is_a_tls_error() -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(b"220 mail.test ESMTP\r\n")

    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    policy = DoorPolicy(resolve=(parse_resolve(f"*:443:127.0.0.1:{port}"),))
    async with server, Door(policy) as door, Fetcher(door, user_agent="t") as fetcher:
        got = await fetcher.fetch("https://news.test/")
    assert (got.outcome, got.reason) == ("failed", "tls")


async def test_the_environment_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent")
    assert (await fetch(page(HTML))).outcome == "ok"


async def test_many_fetches_at_once_keep_their_answers() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.01)
        writer.write(page(head.split()[1]))

    async with fetching(Origin(answer)) as fetcher:
        got = await asyncio.gather(*(fetcher.fetch(f"http://h{i % 40}.test/{i}") for i in range(200)))
    assert [g.body.decode() for g in got] == [f"/{i}" for i in range(200)]


async def test_many_fetches_leave_no_descriptor() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(page(b"x"))

    before = len(os.listdir("/proc/self/fd"))
    async with fetching(Origin(answer)) as fetcher:
        for start in range(0, 300, 30):
            await asyncio.gather(*(fetcher.fetch(f"http://h{i}.test/{i}") for i in range(start, start + 30)))
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before, "descriptors are left")
