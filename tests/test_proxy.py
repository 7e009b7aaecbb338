"""`--proxy`: everything goes through it, names as it says, secrets nowhere; without it nothing goes at all."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from capturing import post_of
from commands import Done
from embedarchive.cli.upkeep import examine_proxy
from embedarchive.core.errors import ExitCode, NetworkDown, UsageError
from embedarchive.core.model import Fetch
from embedarchive.egress import Door, DoorPolicy, parse_proxy
from embedarchive.fetch import Fetcher
from embedarchive.replica import Replica
from in_process import run
from upstreams import Proxy, running

LOGIN, SECRET = "ida:p%40ss-w0rd", "p@ss-w0rd"
STORY = "https://www.thelanternpost.example/2026/03/09/river-marathon-live"
PLAIN = "http://www.thelanternpost.example/2026/03/09/river-marathon-live"
HOST = "www.thelanternpost.example"


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@pytest.fixture
def proxy(replica: Replica) -> Iterator[Proxy]:
    with running(Proxy({443: replica.tls_port, 80: replica.plain_port}, login=f"ida:{SECRET}")) as proxy:
        yield proxy


# ---------------------------------------------------------------------------------------------------------- its address


@pytest.mark.parametrize(
    ("text", "label", "user", "password"),
    [
        ("http://proxy.test:3128", "http://proxy.test:3128", None, None),
        ("HTTP://Proxy.Test", "http://proxy.test:8080", None, None),
        ("socks5h://ida:a%3Ab%40c@127.0.0.1:9050/", "socks5h://127.0.0.1:9050", "ida", "a:b@c"),
        ("socks5://ida@[::1]", "socks5://[::1]:1080", "ida", None),
    ],
)
def test_a_proxy_is_read(text: str, label: str, user: str | None, password: str | None) -> None:
    upstream = parse_proxy(text)
    assert (upstream.label, upstream.user, upstream.password) == (label, user, password)
    assert password is None or password not in repr(upstream)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "proxy:80",
        "ftp://p",
        "socks4://p",
        "http://",
        "http://h:0",
        "http://h:99999",
        f"http://{LOGIN}@",
        f"//{LOGIN}@h",
    ],
)
@pytest.mark.parametrize("command", ["find", "crawl", "capture", "doctor"])
def test_what_is_no_proxy_is_wrong_use_and_not_repeated(text: str, command: str, tmp_path: Path) -> None:
    if command == "find":
        with pytest.raises(UsageError) as raised:
            parse_proxy(text)
        assert "p%40ss" not in str(raised.value)
    elif text.startswith("//"):
        subject = {"crawl": [STORY], "capture": ["https://x.com/a/status/20"]}.get(command, [])
        done = run(command, *subject, "--proxy", text, "-a", tmp_path / "a")
        assert (done.code, "p%40ss" in done.err, (tmp_path / "a").exists()) == (ExitCode.WRONG_USE, False, False)


# -------------------------------------------------------------------------------------------------- fetching through it


async def fetch(replica: Replica, url: str, proxy: str, policy: DoorPolicy | None = None) -> tuple[Fetch, Door]:
    async def resolve(host: str, port: int) -> list[str]:
        return ["93.184.216.34"]

    door = Door(policy, upstream=parse_proxy(proxy), resolver=resolve)
    async with door, Fetcher(door, user_agent="t", ca_file=replica.ca_file) as fetcher:
        return await fetcher.fetch(url), door


@pytest.mark.parametrize("url", [STORY, PLAIN])
@pytest.mark.parametrize("scheme", ["http", "socks5h", "socks5"])
async def test_pages_come_through_and_names_are_looked_up_where_the_scheme_says(
    scheme: str, url: str, replica: Replica, proxy: Proxy
) -> None:
    got, _ = await fetch(replica, url, f"{scheme}://{LOGIN}@127.0.0.1:{proxy.port}")
    assert (got.outcome, b"marathon" in got.body.lower()) == ("ok", True), got.reason
    port = 443 if url == STORY else 80
    how = {"http": "CONNECT" if url == STORY else "GET", "socks5h": "name", "socks5": "address"}[scheme]
    assert (how, "93.184.216.34" if scheme == "socks5" else HOST, port) in proxy.asked
    assert {asked[0] for asked in proxy.asked} <= {how, "CONNECT"}
    assert got.remote_address == ("93.184.216.34" if scheme == "socks5" else None)


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_what_is_private_is_refused_as_far_as_its_name_tells(scheme: str, replica: Replica, proxy: Proxy) -> None:
    upstream = f"{scheme}://{LOGIN}@127.0.0.1:{proxy.port}"
    for host in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]", "localhost", "a.localhost",
                 "printer", "nas.local", "wiki.internal", "box.home.arpa"):  # fmt: skip
        got, _ = await fetch(replica, f"https://{host}/", upstream)
        assert (got.outcome, (got.reason or "")[:8]) == ("failed", "refused_"), host
    got, _ = await fetch(replica, f"https://{HOST}:22/", upstream)
    assert got.reason == "refused_port"
    assert proxy.asked == []
    got, _ = await fetch(replica, "http://intranet.internal/", upstream, DoorPolicy(allow_private=True))
    assert proxy.asked


@pytest.mark.parametrize("url", [STORY, PLAIN])
@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_a_proxy_that_will_not_connect_there_is_no_dead_one(
    scheme: str, url: str, replica: Replica, proxy: Proxy
) -> None:
    proxy.closed = (HOST,)
    got, door = await fetch(replica, url, f"{scheme}://{LOGIN}@127.0.0.1:{proxy.port}")
    expected = "http_403" if (scheme, url) == ("http", PLAIN) else "proxy_refused"
    assert (got.outcome, got.reason, door.proxy_fault) == ("failed", expected, None)


@pytest.mark.parametrize("url", [STORY, PLAIN])
@pytest.mark.parametrize("scheme", ["http", "socks5h", "socks5"])
@pytest.mark.parametrize("login", ["", "ida:wrong@"])
async def test_a_proxy_that_does_not_know_us_is_told(
    login: str, scheme: str, url: str, replica: Replica, proxy: Proxy
) -> None:
    got, door = await fetch(replica, url, f"{scheme}://{login}127.0.0.1:{proxy.port}")
    assert (got.outcome, got.reason) == ("failed", "proxy_auth")
    assert door.proxy_fault
    assert "wrong" not in door.proxy_fault


@pytest.mark.parametrize("scheme", ["http", "socks5h"])
async def test_a_proxy_that_goes_away_cuts_us_off(scheme: str, replica: Replica) -> None:
    with running(Proxy({443: replica.tls_port})) as proxy:
        door = Door(upstream=parse_proxy(f"{scheme}://127.0.0.1:{proxy.port}"))
        await door.__aenter__()
    since = asyncio.get_running_loop().time()
    async with Fetcher(door, user_agent="t", ca_file=replica.ca_file) as fetcher:
        got = await fetcher.fetch(STORY)
    assert (got.reason, door.is_cut_off(since)) == ("proxy_down", True)
    await door.__aexit__(None, None, None)


async def test_where_nothing_listens_nothing_begins() -> None:
    with pytest.raises(NetworkDown, match=r"socks5h://127\.0\.0\.1:1 fails"):
        async with Door(upstream=parse_proxy(f"socks5h://{LOGIN}@127.0.0.1:1")):
            pytest.fail("there is no way out")


# -------------------------------------------------------------------------------------------------- in the commands


def through_proxy(replica: Replica, path: Path, proxy: str, *command: str) -> Done:
    more = ("--json", f"--ca-file={replica.ca_file}", "--delay=0", "--no-replay")
    return run(*command, "-a", path, "--proxy", proxy, *more)


@pytest.mark.parametrize("dead", ["nobody", "stranger"])
def test_a_dead_proxy_is_one_message_and_stops_the_run(
    dead: str, replica: Replica, proxy: Proxy, tmp_path: Path
) -> None:
    at = {"nobody": f"{LOGIN}@127.0.0.1:1", "stranger": f"{LOGIN}x@127.0.0.1:{proxy.port}"}[dead]
    done = through_proxy(replica, tmp_path, f"socks5h://{at}", "crawl", STORY)
    assert (done.code, done.err.count("Nothing can be reached: the proxy socks5h://127.0.0.1:")) == (
        ExitCode.NO_NETWORK,
        1,
    )
    assert "ss-w0rd" not in done.err + done.out
    with closing(sqlite3.connect(tmp_path / "embeds.db")) as conn:
        assert conn.execute("SELECT count(*) FROM fetches").fetchone() == (0,)
        assert conn.execute("SELECT count(*) FROM articles_to_fetch").fetchone() == (1,)


@pytest.mark.browser
def test_a_visit_through_a_proxy_keeps_which_and_no_secret(replica: Replica, proxy: Proxy, tmp_path: Path) -> None:
    replica.clear_hits()
    post = post_of(replica.post("fjord")).url
    done = through_proxy(replica, tmp_path, f"socks5h://{LOGIN}@127.0.0.1:{proxy.port}", "capture", post)
    assert done.json["captures"]["available"] == 1, done.err
    label = f"socks5h://127.0.0.1:{proxy.port}"
    with closing(sqlite3.connect(tmp_path / "embeds.db")) as conn:
        environments = [json.loads(row[0]) for row in conn.execute("SELECT environment FROM captures")]
        options = json.loads(conn.execute("SELECT options FROM crawls").fetchone()[0])
    assert {environment["proxy"] for environment in environments} == {label}
    assert options["settings"]["proxy"] == label
    assert {hit.host for hit in replica.hits} == {host for _, host, _ in proxy.asked}
    kept = (tmp_path / "embeds.db").read_bytes()
    told = (done.out + done.err).encode()
    assert not any(secret in kept + told for secret in (b"ss-w0rd", b"aWRhOn"))


def test_doctor_knocks_at_the_proxy(proxy: Proxy) -> None:
    assert asyncio.run(examine_proxy(parse_proxy(f"http://127.0.0.1:{proxy.port}")))[0]
    fine, says = asyncio.run(examine_proxy(parse_proxy(f"http://{LOGIN}@127.0.0.1:1")))
    assert (fine, "ss-w0rd" in says, "http://127.0.0.1:1" in says) == (False, False, True)
