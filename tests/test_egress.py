"""The one door against real sockets: what may not be reached is not reached, what may be passes unchanged."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from embedarchive.core.errors import UsageError
from embedarchive.egress import Door, DoorLimits, DoorPolicy, find_special, parse_resolve
from embedarchive.fetch import Fetcher, FetchLimits
from loopback import Origin, door_to, page
from waiting import BOUND_S, NEVER_S

# ------------------------------------------------------------------------------------------------------- which address

SPECIAL = [  # every row of IANA's two registries, by its first and last address where it is a range
    *[("0.0.0.0", "this_network"), ("0.255.255.255", "this_network"), ("10.0.0.0", "private")],
    *[("10.255.255.255", "private"), ("100.64.0.0", "shared"), ("100.127.255.255", "shared")],
    *[("127.0.0.0", "loopback"), ("127.255.255.255", "loopback"), ("169.254.0.0", "link_local")],
    *[("169.254.169.254", "link_local"), ("172.16.0.0", "private"), ("172.31.255.255", "private")],
    *[("192.0.0.0", "protocol"), ("192.0.0.8", "protocol"), ("192.0.0.9", "protocol"), ("192.0.0.10", "protocol")],
    *[("192.0.0.170", "protocol"), ("192.0.0.171", "protocol"), ("192.0.0.192", "protocol")],
    *[("192.0.2.1", "documentation"), ("192.31.196.1", "as112"), ("192.52.193.1", "amt")],
    *[("192.88.99.2", "6to4_relay"), ("192.168.0.0", "private"), ("192.168.255.255", "private")],
    *[("192.175.48.1", "as112"), ("198.18.0.0", "benchmark"), ("198.19.255.255", "benchmark")],
    *[("198.51.100.1", "documentation"), ("203.0.113.1", "documentation"), ("224.0.0.1", "multicast")],
    *[("239.255.255.255", "multicast"), ("240.0.0.0", "reserved"), ("255.255.255.255", "reserved")],
    ("168.63.129.16", "cloud_host"),
    *[("::", "unspecified"), ("::1", "loopback"), ("::127.0.0.1", "v4_compatible"), ("::8.8.8.8", "v4_compatible")],
    *[("::ffff:127.0.0.1", "loopback"), ("::ffff:10.1.2.3", "private"), ("::ffff:a9fe:a9fe", "link_local")],
    *[("64:ff9b::7f00:1", "loopback"), ("64:ff9b::a00:1", "private"), ("64:ff9b::a9fe:a9fe", "link_local")],
    *[("64:ff9b:1::1", "nat64_local"), ("64:ff9b:1:ffff::", "nat64_local"), ("100::1", "discard")],
    *[("100:0:0:1::1", "dummy"), ("2001::1", "teredo"), ("2001:0:7f00:1::", "teredo"), ("2001:1::1", "protocol")],
    *[("2001:1::2", "protocol"), ("2001:1::3", "protocol"), ("2001:2::1", "protocol"), ("2001:3::1", "protocol")],
    *[
        ("2001:4:112::1", "protocol"),
        ("2001:10::1", "protocol"),
        ("2001:20::1", "protocol"),
        ("2001:30::1", "protocol"),
    ],
    *[("2001:1ff:ffff::", "protocol"), ("2001:db8::1", "documentation"), ("2002:7f00:1::", "6to4")],
    *[("2002:808:808::1", "6to4"), ("2620:4f:8000::1", "as112"), ("3fff::1", "documentation")],
    *[("3fff:fff:ffff::", "documentation"), ("5f00::1", "segment_routing"), ("fc00::1", "private")],
    *[("fd00:ec2::254", "private"), ("fe80::1", "link_local"), ("fe80::1%eth0", "link_local")],
    *[("febf::1", "link_local"), ("fec0::1", "site_local"), ("ff02::1", "multicast"), ("ff0e::1", "multicast")],
    *[("4000::1", "reserved"), ("200::1", "reserved"), ("1::1", "reserved"), ("e000::1", "reserved")],
    *[("localhost", "bad_address"), ("", "bad_address"), ("127.1", "bad_address"), ("0x7f000001", "bad_address")],
]
PUBLIC = [
    *[
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
    ],
    *["169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.167.255.255", "192.169.0.0"],
    *["198.17.255.255", "198.20.0.0", "223.255.255.255", "157.240.1.174", "2001:200::1", "2606:4700:4700::1111"],
    *["2a03:2880:f12f:83:face:b00c:0:25de", "2620:4f:7fff::1", "::ffff:8.8.8.8", "64:ff9b::808:808"],
]


@pytest.mark.parametrize(("address", "name"), SPECIAL)
def test_every_special_range_is_named(address: str, name: str) -> None:
    assert find_special(address) == name
    assert DoorPolicy().find_objection(address) == name


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_not_special(address: str) -> None:
    assert find_special(address) is None


def test_private_networks_open_by_name_only_and_the_rest_never() -> None:
    policy = DoorPolicy(allow_private=True)
    opened = {name for address, name in SPECIAL if policy.find_objection(address) is None}
    assert opened == {"private", "loopback", "shared"}


# ----------------------------------------------------------------------------------------------------------- --resolve


@pytest.mark.parametrize(
    ("text", "host", "port", "address", "target"),
    [
        ("news.test:443:127.0.0.1", "news.test", 443, "127.0.0.1", 443),
        ("News.Test.:443:127.0.0.1:8443", "news.test", 443, "127.0.0.1", 8443),
        ("*:80:10.0.0.1:8080", "*", 80, "10.0.0.1", 8080),
        ("news.test:443:[::1]:8443", "news.test", 443, "::1", 8443),
        ("[2001:db8::1]:443:[::1]", "[2001:db8::1]", 443, "::1", 443),
        ("bücher.test:80:127.0.0.1", "xn--bcher-kva.test", 80, "127.0.0.1", 80),
    ],
)
def test_resolve_is_read_as_curl_writes_it(text: str, host: str, port: int, address: str, target: int) -> None:
    rule = parse_resolve(text)
    assert (rule.host, rule.port, rule.address, rule.target_port) == (host, port, address, target)


@pytest.mark.parametrize(
    "text",
    [
        *["", "news.test", "news.test:443", "news.test:443:localhost", "news.test:0:127.0.0.1", "a.test:x:127.0.0.1"],
        *[
            "news.test:443:127.0.0.1:99999",
            "news.test:443:::1",
            ":443:127.0.0.1",
            "a b:443:127.0.0.1",
            "a.test:443:127.1",
        ],
    ],
)
def test_a_resolve_that_cannot_be_read_says_how_to_write_it(text: str) -> None:
    with pytest.raises(UsageError, match="HOST:PORT:ADDRESS"):
        parse_resolve(text)


def test_a_named_exception_goes_before_the_star_and_the_star_is_for_names() -> None:
    rules = tuple(map(parse_resolve, ["*:443:127.0.0.1:1", "news.test:443:127.0.0.1:2", "10.0.0.1:443:127.0.0.1:3"]))
    policy = DoorPolicy(resolve=rules)
    targets = [
        policy.find_exception(host, 443) for host in ("news.test", "other.test", "10.0.0.1", "10.0.0.2", "[::1]")
    ]
    assert [rule and rule.target_port for rule in targets] == [2, 1, 3, None, None]
    assert policy.find_exception("news.test", 80) is None


# ---------------------------------------------------------------------------------------------------- through the door


def credentials(door: Door, user: str = "door") -> str:
    return base64.b64encode(f"{user}:{door.proxy['password']}".encode()).decode()


async def knock(door: Door, request: str, *, signed: bool = True) -> bytes:
    """Send one raw request to the door and give all that comes back."""
    if signed:
        head, end, rest = request.partition("\r\n\r\n")
        request = f"{head}\r\nProxy-Authorization: Basic {credentials(door)}{end}{rest}"
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    writer.write(request.encode("latin-1"))
    try:
        return await asyncio.wait_for(reader.read(), BOUND_S)
    except ConnectionError:
        return b""
    finally:
        writer.close()


def connect(target: str) -> str:
    return f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n"


@asynccontextmanager
async def open_door(origin: Origin, *names: str, **options: object) -> AsyncIterator[Door]:
    async with origin, door_to(origin, *names, **options) as door:
        yield door


async def test_a_tunnel_carries_bytes_both_ways_unchanged() -> None:
    async with open_door(Origin(page(b"hello"))) as door:
        got = await _tunnel(door, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert got == page(b"hello")


async def _tunnel(door: Door, data: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
    head = connect("news.test:443").removesuffix("\r\n")
    writer.write(f"{head}Proxy-Authorization: Basic {credentials(door)}\r\n\r\n".encode())
    assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.write(data)
    got = await reader.read(65536)
    writer.close()
    return got


async def test_a_plain_request_reaches_its_origin_cleaned() -> None:
    async with open_door(origin := Origin(page(b"hello", "Keep-Alive: timeout=5", "X-Door: forged"))) as door:
        got = await knock(
            door, "GET http://news.test/a?b=c HTTP/1.1\r\nHost: other.test\r\nX-Y: z\r\nProxy-Connection: x\r\n\r\n"
        )
    assert origin.head() == "get /a?b=c http/1.1\r\nhost: news.test\r\nx-y: z\r\nconnection: close\r\n\r\n"
    head = got.lower()
    assert head.endswith(b"\r\n\r\nhello")
    assert head.count(b"connection: close") == 1
    assert b"keep-alive" not in head
    assert b"forged" not in head


async def test_a_posted_body_reaches_its_origin() -> None:
    bodies: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        bodies.append(await reader.readexactly(4))
        writer.write(page(b"got it"))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    rule = parse_resolve(f"*:80:127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with server, Door(DoorPolicy(resolve=(rule,))) as door:
        got = await knock(door, "POST http://news.test/ HTTP/1.1\r\nContent-Length: 4\r\n\r\nbody")
    assert bodies == [b"body"]
    assert got.endswith(b"got it")


async def test_interim_answers_pass() -> None:
    answer = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + page(b"hello", "Connection: keep-alive")
    async with open_door(Origin(answer)) as door:
        got = await knock(door, "GET http://news.test/ HTTP/1.1\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nConnection: close\r\n")


async def test_the_remote_address_is_remembered() -> None:
    async with open_door(Origin(page(b""))) as door:
        assert door.remote_address("news.test", 80) is None
        await knock(door, "GET http://News.Test/ HTTP/1.1\r\n\r\n")
        assert door.remote_address("news.test", 80) == "127.0.0.1"
        assert door.remote_address("NEWS.test.", 80) == "127.0.0.1"


@pytest.mark.parametrize("password", [None, "", "wrong", "Basic", "bm9ib2R5Om5vdGhpbmc="])
@pytest.mark.parametrize("request_line", ["CONNECT news.test:443", "GET http://news.test/", "GET http://door.invalid/"])
async def test_nobody_passes_without_the_password(password: str | None, request_line: str) -> None:
    header = "" if password is None else f"Proxy-Authorization: Basic {password}\r\n"
    async with open_door(origin := Origin(page(b""))) as door:
        got = await knock(door, f"{request_line} HTTP/1.1\r\n{header}\r\n", signed=False)
    assert got.startswith(b"HTTP/1.1 407 Proxy Authentication Required\r\n")
    assert b"\r\nProxy-Authenticate: Basic realm=" in got
    assert origin.connections == 0


async def test_every_door_has_its_own_password_and_listens_on_loopback_only() -> None:
    async with Door() as one, Door() as other:
        assert one.proxy["password"] != other.proxy["password"]
        assert one._server
        assert [s.getsockname()[0] for s in one._server.sockets] == ["127.0.0.1"]
        signed_in = await knock(one, f"GET {one.sign_in_url} HTTP/1.1\r\n\r\n")
    assert signed_in.startswith(b"HTTP/1.1 200 OK\r\n")


def test_only_the_right_scheme_and_token_name_a_client() -> None:
    door = Door(token="right")
    asked = [
        b"Basic " + base64.b64encode(b"tab:right"),
        base64.b64encode(b"tab:right"),
        b"Basic dGFiOndyb25n",
        b"Basic !",
        None,
    ]
    assert [door.find_user(password) for password in asked] == ["tab", None, None, None, None]


async def test_a_barred_client_is_cut_off_and_gets_nothing_until_it_is_admitted() -> None:
    async def ask(door: Door, user: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        head = connect("news.test:443").removesuffix("\r\n")
        writer.write(f"{head}Proxy-Authorization: Basic {credentials(door, user)}\r\n\r\n".encode())
        return reader, writer, (await reader.readuntil(b"\r\n")).split()[1]

    async def never(head: bytes, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(NEVER_S)

    async with open_door(Origin(never)) as door:
        tunnels = {user: await ask(door, user) for user in ("one", "other")}
        for _, writer, _ in tunnels.values():
            writer.write(b"GET / HTTP/1.1\r\n\r\n")
        door.bar("one")
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(tunnels["one"][0].read(), BOUND_S) in (b"", b"\r\n")
        assert not tunnels["other"][0].at_eof()
        assert (await ask(door, "one"))[2] == b"503"
        assert (await ask(door, "other"))[2] == b"200"
        door.admit("one")
        assert (await ask(door, "one"))[2] == b"200"


@pytest.mark.parametrize("port", [1, 21, 22, 25, 81, 445, 3306, 6379, 8080, 65535])
async def test_other_ports_are_shut(port: int) -> None:
    async def resolver(host: str, port: int) -> list[str]:
        raise AssertionError("a shut port must not even be resolved")

    async with Door(resolver=resolver) as door:
        got = await knock(door, connect(f"news.test:{port}"))
    assert got.startswith(b"HTTP/1.1 403 refused_port\r\n")
    assert [(r.host, r.port, r.reason) for r in door.refusals] == [("news.test", port, "refused_port")]


SMUGGLED = [
    "GET / HTTP/1.1\r\nHost: news.test\r\n\r\n",
    "GET https://news.test/ HTTP/1.1\r\n\r\n",
    "GET http://a@news.test/ HTTP/1.1\r\n\r\n",
    "GET http://news.test:99999/ HTTP/1.1\r\n\r\n",
    "GET http://news.test/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    "GET http://news.test/ HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "GET http://news.test/ HTTP/1.1\r\nX : y\r\n\r\n",
    "GET http://news.test/ HTTP/1.1\r\nX: y\nEvil: z\r\n\r\n",
    "GET http://news.test/ HTTP/1.1\r\n folded: y\r\n\r\n",
    "GET http://news.test/ HTTP/2.0\r\n\r\n",
    "get http://news.test/ HTTP/1.1\r\n\r\n",
    "GET  http://news.test/ HTTP/1.1\r\n\r\n",
    "CONNECT news.test HTTP/1.1\r\n\r\n",
    "CONNECT news.test:443:80 HTTP/1.1\r\n\r\n",
    "CONNECT news.test:0 HTTP/1.1\r\n\r\n",
    "CONNECT http://news.test:443 HTTP/1.1\r\n\r\n",
    "CONNECT news.test:443/ HTTP/1.1\r\n\r\n",
    "CONNECT [::1:443 HTTP/1.1\r\n\r\n",
    "\r\n\r\n",
    "\x16\x03\x01\x02\x00\x01\r\n\r\n",
]


@pytest.mark.parametrize("request_text", SMUGGLED)
async def test_a_request_that_could_be_read_two_ways_is_refused(request_text: str) -> None:
    async with open_door(origin := Origin(page(b""))) as door:
        got = await knock(door, request_text)
    assert got.startswith(b"HTTP/1.1 400 ")
    assert origin.connections == 0


async def test_a_head_without_end_is_refused() -> None:
    async with Door() as door:
        got = await knock(door, "GET http://news.test/ HTTP/1.1\r\nX: " + "a" * 200_000, signed=False)
    assert got == b"" or got.startswith(b"HTTP/1.1 431 ")
    assert not door._tunnels


async def test_who_says_nothing_is_not_waited_for_and_who_is_idle_is_let_go() -> None:
    async with open_door(Origin(b""), limits=DoorLimits(head_s=1.0, idle_s=1.0)) as door:
        silent = await asyncio.open_connection("127.0.0.1", door.port)
        assert await asyncio.wait_for(silent[0].read(), BOUND_S) == b""
        assert (await asyncio.wait_for(knock(door, connect("news.test:443")), BOUND_S)).startswith(b"HTTP/1.1 200 ")
        silent[1].close()


async def test_a_server_that_never_accepts_ends_in_a_timeout() -> None:
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    port = full.getsockname()[1]
    waiting = [socket.socket() for _ in range(3)]
    for one in waiting:
        one.setblocking(False)
        one.connect_ex(("127.0.0.1", port))
    rule = parse_resolve(f"*:443:127.0.0.1:{port}")
    async with Door(DoorPolicy(resolve=(rule,)), limits=DoorLimits(connect_s=0.3)) as door:
        got = await knock(door, connect("news.test:443"))
    assert got.startswith(b"HTTP/1.1 504 timeout\r\n")
    for one in [full, *waiting]:
        one.close()


async def test_a_slow_reader_slows_the_sender_down() -> None:
    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        for _ in range(4000):
            writer.write(b"x" * 65536)
            await writer.drain()
            sent.append(65536)

    sent: list[int] = []
    async with open_door(Origin(answer)) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port, limit=65536)
        writer.write(f"GET http://a.test/ HTTP/1.1\r\nProxy-Authorization: Basic {credentials(door)}\r\n\r\n".encode())
        await asyncio.sleep(0.5)
        assert sum(sent) < 32 * 1024 * 1024
        assert len(await reader.readexactly(20_000_000)) == 20_000_000
        writer.close()


async def test_closing_the_door_ends_every_tunnel() -> None:
    async with open_door(Origin(b"")) as door:
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        head = connect("a.test:443").removesuffix("\r\n")
        writer.write(f"{head}Proxy-Authorization: Basic {credentials(door)}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
    assert await asyncio.wait_for(reader.read(), BOUND_S) == b""
    writer.close()


# ----------------------------------------------------------------------------------------------------------- rebinding


class Resolver:
    """A name server of the test's own, giving the next answer each time it is asked."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    async def __call__(self, host: str, port: int) -> list[str]:
        self.asked += 1
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.mark.parametrize(
    ("answers", "reason"),
    [
        ([["127.0.0.1"]], "refused_loopback"),
        ([["::1"]], "refused_loopback"),
        ([["::ffff:127.0.0.1"]], "refused_loopback"),
        ([["64:ff9b::7f00:1"]], "refused_loopback"),
        ([["10.0.0.1", "127.0.0.1"]], "refused_private"),
        ([["169.254.169.254"]], "refused_link_local"),
        ([["0.0.0.0"]], "refused_this_network"),
        ([["255.255.255.255"]], "refused_reserved"),
        ([["fe80::1%1"]], "refused_link_local"),
        ([["not an address"]], "refused_bad_address"),
        ([[]], "dns"),
    ],
)
async def test_a_name_that_leads_to_a_forbidden_address_is_refused(answers: list[list[str]], reason: str) -> None:
    async with (
        Origin(page(b"")) as canary,
        Door(DoorPolicy(ports=frozenset({canary.port})), resolver=Resolver(*answers)) as door,
    ):
        got = await knock(door, connect(f"evil.test:{canary.port}"))
    assert got.split(b"\r\n")[0].decode().endswith(f" {reason}")
    assert canary.connections == 0
    assert [r.reason for r in door.refusals] == [reason]


async def test_a_second_answer_is_never_asked_for() -> None:
    """Rebinding: the name is public when checked and private when connected to. Here there is no second time."""
    resolver = Resolver(["192.0.2.1"], ["127.0.0.1"])
    policy = DoorPolicy(ports=frozenset({80}))
    async with Door(policy, resolver=resolver) as door:
        await knock(door, connect("evil.test:80"))
    assert resolver.asked == 1
    assert door.refusals[0].reason == "refused_documentation"


async def test_only_the_allowed_ones_of_several_addresses_are_tried() -> None:
    """With private networks open: link-local and multicast beside them are left out, a dead one is passed over."""
    async with Origin(page(b"hello")) as origin:
        policy = DoorPolicy(allow_private=True, ports=frozenset({origin.port}))
        resolver = Resolver(["169.254.169.254", "ff02::1", "::1", "127.0.0.9", "127.0.0.1"])
        async with Door(policy, resolver=resolver, limits=DoorLimits(connect_s=BOUND_S)) as door:
            got = await knock(door, f"GET http://lan.test:{origin.port}/ HTTP/1.1\r\n\r\n")
            assert got.endswith(b"hello")
            assert door.remote_address("lan.test", origin.port) == "127.0.0.1"


async def test_a_hanging_name_server_is_not_waited_for() -> None:
    async def resolver(host: str, port: int) -> list[str]:
        await asyncio.sleep(NEVER_S)
        return []

    async with Door(resolver=resolver, limits=DoorLimits(resolve_s=0.2)) as door:
        got = await knock(door, connect("slow.test:443"))
    assert got.startswith(b"HTTP/1.1 504 dns_timeout\r\n")


# ----------------------------------------------------------------------------------------------------------- spellings

HOSTS = [
    *["127.0.0.1", "127.1", "127.0.1", "127.255.255.254", "2130706433", "017700000001", "0x7f000001", "0x7f.1"],
    *[
        "0x7F.0.0.1",
        "0177.0.0.1",
        "0177.1",
        "00000177.0.0.1",
        "127.0.0.01",
        "127.0.0.0x1",
        "127.00.00.01",
        "127.0.0.1.",
    ],
    *["0", "0.0.0.0", "0x0", "00", "0.0", "localhost", "LOCALHOST", "localhost.", "LocalHost.", "ip6-localhost"],
    *["localhost.localdomain", "127。0。0。1", "127．0．0．1", "127｡0｡0｡1", "１２７.0.0.1", "①②⑦.⓪.⓪.①", "ⓛocalhost"],
    *[
        "ｌｏｃａｌｈｏｓｔ",
        "loc\u00adalhost",
        "lo\u200bcalhost",
        "[::1]",
        "[::]",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
    ],
    *["[::ffff:7f00:1]", "[0:0:0:0:0:ffff:7f00:0001]", "[::127.0.0.1]", "[::7f00:1]", "[64:ff9b::7f00:1]"],
    *[
        "[64:ff9b::127.0.0.1]",
        "[2002:7f00:1::]",
        "[fe80::1]",
        "[fec0::1]",
        "[::1%25lo]",
        "[::1%lo]",
        "[fe80::1%25eth0]",
    ],
    *["[::ffff:0:127.0.0.1]", "[::FFFF:7F00:1]", "%31%32%37.0.0.1", "127%2e0%2e0%2e1", "loc%61lhost", "%6cocalhost"],
    *[
        "3232235777",
        "0xc0a80101",
        "192.168.257",
        "10.1",
        "169.254.169.254",
        "2852039166",
        "0xa9fea9fe",
        "0251.0376.0251.0376",
    ],
    *[
        "[::ffff:a9fe:a9fe]",
        "[fd00:ec2::254]",
        "metadata.google.internal",
        "evil.test",
        "1.1.1.1&@127.0.0.1",
        "127.0.0.1#",
    ],
    *[
        "4294967297",
        "256.256.256.256",
        "127.0.0.1.1",
        "1e3",
        "0b1111111.1",
        "127.0.0.1\u3002",
        "127.0.0.1%00",
        "[127.0.0.1]",
    ],
]
FORMS = ["http://{h}:{p}/", "HTTP://{h}:{p}", "http://{h}:0{p}/x?y"]
ODD = [
    *["http:/127.0.0.1:{p}/", "http:127.0.0.1:{p}/", "http:///127.0.0.1:{p}/", "//127.0.0.1:{p}/", "127.0.0.1:{p}"],
    *[
        "http:\\\\127.0.0.1:{p}\\",
        "http:/\\127.0.0.1:{p}/",
        "\\\\127.0.0.1:{p}\\x",
        "http://evil.test\\@127.0.0.1:{p}/",
    ],
    *["http://127.0.0.1:{p}\\@evil.test/", "http://evil.test@127.0.0.1:{p}/", "http://a:b@127.0.0.1:{p}/"],
    *["http://a@b@127.0.0.1:{p}/", "http://127.0.0.1:{p}@evil.test:{p}/", "http://evil.test#@127.0.0.1:{p}/"],
    *[
        "http://evil.test?@127.0.0.1:{p}/",
        " http://127.0.0.1:{p}/",
        "\thttp://127.0.0.1:{p}/",
        "\x00http://127.0.0.1:{p}/",
    ],
    *[
        "ht\ntp://127.0.0.1:{p}/",
        "http://127.0\t.0.1:{p}/",
        "http://127.0.0.1\r\n:{p}/",
        "http://127.0.0.1:{p}/\r\nX: y",
    ],
    *["http://127.0.0.1 :{p}/", "http:// 127.0.0.1:{p}/", "http://127.0.0.1:\t{p}/", "http://[::1]@evil.test:{p}/"],
    *[
        "http://[::1:{p}/",
        "http://::1:{p}/",
        "http://[[::1]]:{p}/",
        "http://127.0.0.1:{p}:80/",
        "http://127.0.0.1:+{p}/",
    ],
    *[
        "file:///etc/passwd",
        "file:/etc/passwd",
        "file://127.0.0.1:{p}/x",
        "ftp://127.0.0.1:{p}/",
        "gopher://127.0.0.1:{p}/_x",
    ],
    *[
        "dict://127.0.0.1:{p}/",
        "ws://127.0.0.1:{p}/",
        "view-source:http://127.0.0.1:{p}/",
        "chrome://settings",
        "about:blank",
    ],
    *[
        "javascript:fetch('http://127.0.0.1:{p}')",
        "data:text/html,x",
        "blob:http://127.0.0.1:{p}/x",
        "jar:http://127.0.0.1:{p}!/",
    ],
    *[
        "http+unix://127.0.0.1:{p}/",
        "httpx://127.0.0.1:{p}/",
        "http://",
        "http://:{p}/",
        "http://.:{p}/",
        "",
        "http://-:{p}/",
    ],
]
SPELLINGS = [form.replace("{h}", host) for form in FORMS for host in HOSTS] + ODD


async def resolve_worst(host: str, port: int) -> list[str]:
    """Read numbers as the system would, and give every name the address an attacker would give it."""
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(row[4][0]) for row in rows]
    except OSError:
        return ["127.0.0.1", "::1"]


@asynccontextmanager
async def canary() -> AsyncIterator[tuple[Door, Origin]]:
    """A listener on loopback that must never hear anything, on a port that the door does allow."""
    async with Origin(page(b"caught")) as origin:
        policy = DoorPolicy(ports=frozenset({80, 443, origin.port}))
        async with Door(policy, resolver=resolve_worst) as door:
            yield door, origin


async def test_no_spelling_of_a_url_reaches_a_private_address() -> None:
    assert len(set(SPELLINGS)) >= 200
    async with (
        canary() as (door, origin),
        Fetcher(door, user_agent="t", limits=FetchLimits(total_s=BOUND_S)) as fetcher,
    ):
        for spelling in SPELLINGS:
            for port in (origin.port, 80):
                got = await fetcher.fetch(spelling.replace("{p}", str(port)))
                assert got.outcome == "failed", spelling
                assert (got.reason or "").startswith(("refused_", "bad_request")), (spelling, got.reason)
                assert got.status is None, spelling
        assert origin.connections == 0


async def test_no_spelling_of_a_host_gets_past_the_door_itself() -> None:
    """A browser writes its own requests: whatever it writes, the door alone must hold."""
    async with canary() as (door, origin):
        for host in HOSTS:
            raw = host.encode().decode("latin-1")
            for request in (connect(f"{raw}:{origin.port}"), f"GET http://{raw}:{origin.port}/ HTTP/1.1\r\n\r\n"):
                got = await knock(door, request)
                assert got.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 403 refused_")), (host, got[:60])
        assert origin.connections == 0


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://[::1]/", "refused_loopback"),
        ("http://[::ffff:127.0.0.1]:80/x", "refused_loopback"),
        ("http://[fe80::1]/", "refused_link_local"),
        ("http://[2001:db8::1]:443/", "refused_documentation"),
        ("http://[2001:db8::1]:8080/", "refused_port"),
        ("https://[::1]/", "refused_loopback"),
        ("http://[fe80::1%25eth0]/", "refused_url"),
    ],
)
async def test_an_ipv6_address_is_refused_for_what_it_is(url: str, reason: str) -> None:
    async with Door() as door, Fetcher(door, user_agent="t", limits=FetchLimits(total_s=BOUND_S)) as fetcher:
        got = await fetcher.fetch(url)
    assert (got.status, got.reason) == (None, reason)


@pytest.mark.parametrize("port", [80, 8443])
async def test_an_ipv6_address_is_served_under_its_own_name(port: int) -> None:
    """httpcore leaves its brackets out of what it asks a proxy for."""
    async with Origin(page(b"six")) as origin:
        exceptions = (parse_resolve(f"[2001:db8::1]:{port}:127.0.0.1:{origin.port}"),)
        async with Door(DoorPolicy(resolve=exceptions)) as door, Fetcher(door, user_agent="t") as fetcher:
            got = await fetcher.fetch(f"http://[2001:db8::1]:{port}/story")
    assert (got.status, bytes(got.body)) == (200, b"six")
    assert f"[2001:db8::1]{'' if port == 80 else f':{port}'}".encode() in origin.requests[0]


async def test_the_canary_would_sing() -> None:
    """The proof that the two tests above can fail: the same listener, with private addresses allowed."""
    async with Origin(page(b"caught")) as origin:
        policy = DoorPolicy(allow_private=True, ports=frozenset({origin.port}))
        async with Door(policy, resolver=resolve_worst) as door, Fetcher(door, user_agent="t") as fetcher:
            got = await fetcher.fetch(f"http://evil.test:{origin.port}/")
    assert (got.outcome, got.body, origin.connections) == ("ok", b"caught", 1)
