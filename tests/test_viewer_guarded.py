"""The reading room against whoever asks: what it may not see, under which name, how much at once."""

# ruff: noqa: E501 (a question is one line)

from __future__ import annotations

import asyncio
import json
import sqlite3
import threading
import tracemalloc
from collections.abc import AsyncIterator, Iterator, MutableMapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio
from datasette import hookimpl
from datasette.app import Datasette
from datasette.plugins import pm

from archive_builder import SAMPLES, build_archive
from embedarchive.core.errors import UsageError
from embedarchive.store import open_reader
from embedarchive.viewer import asgi_wrapper
from embedarchive.viewer.admission import MOST_QUESTIONS, App, Receive, Send
from embedarchive.viewer.hosts import is_loopback, read_name
from embedarchive.viewer.serve import arrange
from embedarchive.viewer.shims import configure, is_1_0
from hostile_requests import REQUESTS, add_large_files
from logged import sign_log
from reading_room import a_browser, open_room, serve_room
from waiting import BOUND_S

LOST = SAMPLES[0].post
KEY = LOST.key


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build_archive(tmp_path_factory.mktemp("archive") / "embeds.db")
    sign_log(path)
    return path


@pytest_asyncio.fixture
async def room(path: Path) -> AsyncIterator[Datasette]:
    yield await open_room(path)


def find_hashes(path: Path) -> dict[str, str]:
    """One file of an artifact, one that only came over the network, one of an article."""
    conn = open_reader(path)
    hashes = {
        "artifact": "SELECT sha256 FROM artifacts WHERE role = 'media'",
        "exchange": "SELECT body_sha256 FROM exchanges WHERE body_sha256 NOT IN (SELECT sha256 FROM artifacts)",
        "article": "SELECT html_sha256 FROM fetches WHERE html_sha256 IS NOT NULL",
    }
    found = {name: conn.execute(f"{sql} LIMIT 1").fetchone()[0] for name, sql in hashes.items()}
    conn.close()
    return found


# ---------------------------------------------------------------------------------------------------------- permissions


def routes_of(path: Path) -> dict[str, str]:
    """Every address at which the room shows something of an archive, by name."""
    hashes = find_hashes(path)
    files = {
        f"{route} of {kind}": f"/embeds/-/{route}/{sha}"
        for route in ("media", "source")
        for kind, sha in hashes.items()
    }
    return {
        **files,
        "archive": "/embeds/-/archive",
        "find": "/embeds/-/find?q=ferry",
        "fragment": "/embeds/-/find?q=" + quote("orning at the mou"),
        "lost": "/embeds/-/lost",
        "browse": "/embeds/-/browse?platform=instagram",
        "day": "/embeds/-/find?q=2026-02-11",
        "desk": "/embeds/-/desk",
        "feed": "/embeds/-/alerts.atom",
        "preserved": "/embeds/-/preserved.atom",
        "losses": "/embeds/-/lost.atom",
        "sitemap": "/embeds/-/sitemap.xml",
        "outlets": "/embeds/-/outlets",
        "outlet": "/embeds/-/outlet/the-meridian.example",
        "post": f"/embeds/-/post/{KEY}",
        "card": f"/embeds/-/card/{KEY}",
        "evidence": f"/embeds/-/evidence/{KEY}",
        "proof": f"/embeds/-/proof/{KEY}",
        "pack": f"/embeds/-/pack/{KEY}",
        "embed": "/embeds/-/embed/5",
        "capture": "/embeds/-/capture/1",
        "snapshot": "/embeds/-/snapshot/1",
        "article": "/embeds/-/article/2",
        "oembed": "/-/embedarchive/oembed?url=" + quote(LOST.url),
        "timemap": f"/timemap/link/{LOST.url}",
        "timegate": f"/timegate/{LOST.url}",
    }


HIDES = {"media of exchange": "exchanges", "source of exchange": "exchanges"}
"""What a file is of, beside what SQLite can tell: its hash stands in the blobs alone."""


class Watch:
    """A plugin that notes which tables and views any connection reads."""

    __name__ = "watch"

    def __init__(self) -> None:
        self.read: set[str] = set()

    @hookimpl(trylast=True)
    def prepare_connection(self, conn: sqlite3.Connection) -> None:
        def note(action: int, table: str | None, *_: object) -> int:
            if action == sqlite3.SQLITE_READ and table:
                self.read.add(table)
            return sqlite3.SQLITE_OK

        conn.set_authorizer(note)


@contextmanager
def watching() -> Iterator[Watch]:
    watch = Watch()
    pm.register(watch)
    try:
        yield watch
    finally:
        pm.unregister(watch)


async def get(room: Datasette, url: str, **headers: str) -> httpx.Response:
    response: httpx.Response = await room.client.get(url, headers=headers)
    return response


def deny(table: str) -> dict[str, Any]:
    about = {"databases": {"embeds": {"tables": {table: {"allow": False}}}}}
    return {"config" if "config" in Datasette.__init__.__code__.co_varnames else "metadata": about}


async def test_a_denied_table_closes_every_route_that_shows_of_it(path: Path) -> None:
    """Each route × each table: what a route reads is what SQLite's authorizer saw it read."""
    routes, reads = routes_of(path), dict[str, set[str]]()
    with watching() as watch:
        for name, url in routes.items():
            room = await open_room(path)
            conn = open_reader(path)
            tables = {row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'view')")}
            conn.close()
            watch.read.clear()
            assert (await get(room, url)).status_code in (200, 302), name
            reads[name] = {table for table in watch.read if table in tables and not table.startswith("sqlite_")}
    assert "exchanges" in reads["capture"], "else the watch sees nothing"
    shadows = ("_config", "_data", "_docsize", "_idx", "_content")
    closed = 0
    for table in sorted(set.union(*reads.values(), set(HIDES.values()))):
        if table.endswith(shadows):
            continue  # parts of a full-text table, which is asked about under its own name
        room = await open_room(path, **deny(table))
        for name, url in routes.items():
            if table in reads[name] or HIDES.get(name) == table:
                assert (await get(room, url)).status_code == 403, (name, table)
                closed += 1
    assert closed > 150


async def test_what_is_not_denied_stays_open(path: Path) -> None:
    room = await open_room(path, **deny("exchanges"))
    shown = {name: (await get(room, url)).status_code for name, url in routes_of(path).items()}
    assert {name for name, status in shown.items() if status == 403} == {
        "capture", "evidence", "pack", "proof", "media of exchange", "source of exchange",
    }  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- the name


@pytest.mark.parametrize(
    ("host", "name", "ours"),
    [
        ("localhost", "localhost", True), ("LOCALHOST:8001", "localhost", True), ("desk.localhost.", "desk.localhost", True),
        ("127.0.0.1:8001", "127.0.0.1", True), ("127.8.8.8", "127.8.8.8", True), ("[::1]:8001", "::1", True),
        ("evil.example", "evil.example", False), ("localhost.evil.example", "localhost.evil.example", False),
        ("127.0.0.1.evil.example", "127.0.0.1.evil.example", False), ("10.0.0.7", "10.0.0.7", False),
        ("", "", False), ("[::1", "", False), ("evil.example@127.0.0.1", "127.0.0.1", True), ("0", "0", False),
    ],
)  # fmt: skip
def test_names(host: str, name: str, ours: bool) -> None:
    assert read_name(host) == name
    assert is_loopback(name) is ours


@pytest.mark.parametrize(
    "base_url", ["archive.example", "ftp://a.example", "https://", "https://a.example/?q=1", "//x"]
)
def test_an_address_that_is_none_is_refused(base_url: str) -> None:
    with pytest.raises(UsageError, match="--base-url"):
        arrange("127.0.0.1", base_url)


async def serve_as(path: Path, host: str, base_url: str | None) -> httpx.AsyncClient:
    options, settings = arrange(host, base_url)
    room = await open_room(path, settings=settings, **configure({**options, "memory_mb": None}))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=room.app()), base_url="http://127.0.0.1:8001")


async def test_it_answers_to_known_names_alone(path: Path) -> None:
    async with await serve_as(path, "0.0.0.0", "https://archive.example/desk/") as client:
        for host in ("127.0.0.1:8001", "localhost", "archive.example", "ARCHIVE.example:443"):
            assert (await client.get("/desk/embeds/-/archive", headers={"host": host})).status_code == 200, host
        for host in ("evil.example", "archive.example.evil.example", "192.168.1.7:8001", "0.0.0.0:8001"):
            for url in ("/desk/embeds/-/archive", "/desk/embeds.json", "/desk/-/embedarchive/heal.js", "/nowhere"):
                refused = await client.get(url, headers={"host": host})
                assert refused.status_code == 421, (host, url)
                assert "--base-url" in refused.text
                assert host not in refused.text


async def test_its_addresses_bear_the_name_it_was_given(path: Path) -> None:
    async with await serve_as(path, "127.0.0.1", "https://archive.example/desk/") as client:
        answer = (await client.get("/desk/-/embedarchive/oembed?url=" + quote(LOST.url))).json()
        assert answer["card_url"] == f"https://archive.example/desk/embeds/-/card/{KEY}"
        card = (await client.get(f"/desk/embeds/-/card/{KEY}")).text
        assert f'data-versionurl="https://archive.example/desk/embeds/-/card/{KEY}"' in card


async def test_no_page_repeats_a_name_that_a_request_made_up(path: Path) -> None:
    """Under Datasette's own command, which was told nothing of names, pages are shown under any; ours say none of them."""
    room = await open_room(path)
    strange = "evil.example"
    for name, url in routes_of(path).items():
        response = await get(room, url, host=strange)
        assert strange not in response.text + str(response.headers), name
    refused = await get(room, "/-/embedarchive/oembed?url=" + quote(LOST.url), host=strange)
    assert refused.status_code == 421
    assert "base_url" in refused.json()["error"]


class Trap(BaseHTTPRequestHandler):
    """A page of a stranger's: it asks its own origin, whoever that may be by then, for the archive."""

    PAGE = b"<!doctype html><title>trap</title>"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(self.PAGE)))
        self.send_header("connection", "close")
        self.end_headers()
        self.wfile.write(self.PAGE)

    def log_message(self, *_: object) -> None:
        pass


async def rebind(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """Pass a connection on to a port of this machine, byte for byte."""
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

    async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(65536):
            sink.write(piece)
            await sink.drain()
        sink.close()

    await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer), return_exceptions=True)


ASK = """async urls => {
  const got = [];
  for (const url of urls) {
    const answer = await fetch(url);
    got.push([answer.status, await answer.text()]);
  }
  return got;
}"""


@pytest.mark.browser
async def test_a_page_whose_name_comes_to_lead_here_gets_nothing(path: Path) -> None:
    """In a real browser: the name leads to a stranger's server first, and to the reading room when its page is open."""
    trap = ThreadingHTTPServer(("127.0.0.1", 0), Trap)
    threading.Thread(target=trap.serve_forever, daemon=True).start()
    with serve_room(path) as origin:
        leads_to = [trap.server_port]
        forward = await asyncio.start_server(lambda r, w: rebind(r, w, leads_to[0]), "127.0.0.1", 0)
        port = forward.sockets[0].getsockname()[1]
        async with a_browser("--host-resolver-rules=MAP rebind.example 127.0.0.1") as browser:
            page = await browser.new_page()
            await page.goto(f"http://rebind.example:{port}/")
            assert await page.title() == "trap"
            leads_to[0] = int(origin.rpartition(":")[2])
            urls = [
                "/embeds.json?sql=select+1",
                "/embeds/-/archive",
                f"/embeds/-/card/{KEY}",
                "/-/embedarchive/heal.js",
            ]
            for status, text in await page.evaluate(ASK, urls):
                assert status == 421
                assert KEY not in text
            own = await browser.new_page()
            await own.goto(f"http://127.0.0.1:{port}/embeds/-/archive")
            assert "3 of these 8 posts are gone" in await own.content(), "else the way did not lead here"
        forward.close()
    trap.shutdown()


# ------------------------------------------------------------------------------------------------------------ how much


async def ask(room: Datasette, sql: str, options: str = "") -> httpx.Response:
    return await get(room, f"/embeds{'/-/query' if is_1_0(room) else ''}.json?_shape=array{options}&sql={quote(sql)}")


@pytest.mark.parametrize(
    "sql",
    [
        "select instr('abc', 'c'), instr('abc', 'x'), instr('abc', ''), instr(null, 'a'), instr(x'0102', x'02'), instr(123, 2)",
        "select replace('aXbX', 'X', 'yy'), replace('abc', '', 'x'), replace(null, 'a', 'b'), replace(121, 1, 3)",
        "select trim('  a '), ltrim('  a '), rtrim('  a '), trim('xxaxx', 'x'), trim('abcba', 'ab'), trim(null), trim('', 'x')",
        "select trim('äöä', 'ä'), rtrim('abc', ''), ltrim('xyxa', 'yx')",
        "select 'Abc' like 'a%C', 'abc' like 'a_c', 'ÄB' like 'äb', 'a%c' like 'a\\%c' escape '\\', 'abc' like '', null like 'a'",
        "select 'a.c' like 'a.c', 'abc' like 'a.c', 'aXbXc' like '%x%x%', 'ab' like '%b%b', 12 like '1%', x'61' like 'a', 'a' || char(10) like 'a_'",
        "select 'abc' glob 'a*', 'Abc' glob 'a*', 'abc' glob '?b[c-d]', 'abc' glob 'ab[^c]', 'a]c' glob 'a[]]c', 'a[' glob 'a[', 'a-c' glob 'a[x-]c'",
        "select 'a^c' glob 'a[x^]c', 'abc' glob '*[a-c]', 'a*c' glob 'a[*]c', '' glob '*', 'ab' glob '*b*b', 'a' glob '[^]a]', 'b' glob '[^]a]'",
    ],
    ids=["instr", "replace", "trim", "letters", "like", "likes", "glob", "sets"],
)
async def test_functions_that_were_replaced_say_what_sqlite_says(room: Datasette, sql: str) -> None:
    theirs = sqlite3.connect(":memory:").execute(sql).fetchone()
    assert tuple((await ask(room, sql)).json()[0].values()) == theirs


async def test_an_answer_is_bounded_in_sum(room: Datasette) -> None:
    for sql in (
        "select zeroblob(99000) from captures a, captures b",
        "select printf('%.99000c', 'x') from captures a, embeds b",
    ):
        refused = await ask(room, sql)
        assert refused.status_code == 400
        assert "Ask for fewer rows" in refused.text
    assert (await ask(room, "select 1 as one")).json() == [{"one": 1}]


@pytest.mark.parametrize(
    "sql",
    [
        "with recursive n(i) as (select 1 union all select i + 1 from n where i like '%') select count(*) from n",
        "with recursive n(i) as (select 1 union all select i + 1 from n) select max(post_key('https://x.example/' || i)) from n",
        "select 'a' like printf('%.*c', 200, 'x')",
        "select replace(printf('%.*c', 9000, 'x'), 'x', '0123456789abcdef')",
    ],
    ids=["time is up in like", "time is up in post_key", "pattern too long", "result too long"],
)
async def test_what_a_function_raises_is_the_answer_to_one_question(room: Datasette, sql: str) -> None:
    """Its time is up, its value is too long: nothing of that is printed, for to Python it would be an error of ours."""
    refused = await ask(room, sql, "&_timelimit=5")
    assert refused.status_code == 400
    assert "Traceback" not in refused.text


async def test_the_list_of_files_is_shown_without_their_bytes(room: Datasette) -> None:
    for url, there in (
        ("/embeds/blobs", "?_nocol=body&_nosuggest=1"),
        ("/embeds/blobs.json?_size=3", "?_size=3&_nocol=body&_nosuggest=1"),
    ):
        led = await get(room, url)
        assert (led.status_code, led.headers["location"]) == (302, url.partition("?")[0] + there)
        assert (await get(room, led.headers["location"])).status_code == 200
    assert (await get(room, "/embeds/blobs?_col=size&_nosuggest=1")).status_code == 200


def test_the_written_config_bounds_memory_and_has_a_place_for_names(path: Path, tmp_path: Path) -> None:
    from datasette.utils import parse_metadata

    from in_process import run

    config = tmp_path / "datasette.yaml"
    assert run("serve", "-a", path, "--write-config", config).code == 0
    ours = parse_metadata(config.read_text("utf-8"))["plugins"]["embedarchive"]
    assert (ours["hosts"], ours["memory_mb"]) == ([], 64)
    assert json.dumps(ours)


# ---------------------------------------------------------------------------------------------------- many at one moment


async def ask_app(app: App, path: str) -> int:
    """The status of an answer."""
    sent = list[MutableMapping[str, Any]]()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b""}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1")]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
             "headers": headers}  # fmt: skip
    await app(scope, receive, send)
    status: int = sent[0]["status"]
    return status


async def test_what_comes_at_one_moment_is_answered_or_told_to_come_again(path: Path) -> None:
    """Questions that take for ever keep others waiting no longer than is said, and no page, file or slow reader at all."""
    let_go, film_begun, begun = asyncio.Event(), asyncio.Event(), list[str]()

    async def room(scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        begun.append(scope["path"])
        if "/media/" in scope["path"]:
            film_begun.set()
        if "slowly" in scope["path"]:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await let_go.wait()
            return
        if not scope["path"].startswith("/embeds/-/post/"):
            await let_go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})

    options, _ = arrange("127.0.0.1", None)
    app = asgi_wrapper(Datasette([str(path)], **configure(options)))(room)
    readers = [asyncio.create_task(ask_app(app, "/embeds/read-slowly")) for _ in range(20)]
    questions = ["/embeds.json", "/embeds/blobs", "/embeds/-/query.json", "/embeds/-/find", "/embeds/-/source/0"] * 8
    asked = [asyncio.create_task(ask_app(app, question)) for question in questions]
    done, waiting = await asyncio.wait(asked, timeout=BOUND_S, return_when=asyncio.FIRST_COMPLETED)
    assert {task.result() for task in done} == {503}
    assert (await ask_app(app, f"/embeds/-/post/{KEY}"), begun[-1]) == (200, f"/embeds/-/post/{KEY}")
    film = asyncio.create_task(ask_app(app, "/embeds/-/media/0"))
    await asyncio.wait_for(film_begun.wait(), BOUND_S)
    while len(waiting) > MOST_QUESTIONS:
        done, waiting = await asyncio.wait(waiting, timeout=BOUND_S, return_when=asyncio.FIRST_COMPLETED)
        assert {task.result() for task in done} == {503}
    let_go.set()
    assert await asyncio.gather(*waiting, film) == [200] * (MOST_QUESTIONS + 1)
    assert len([name for name in begun if name in questions]) == MOST_QUESTIONS
    assert await ask_app(app, "/embeds.json") == 200, "and places are given back"
    await asyncio.gather(*readers)


@pytest.fixture(scope="module")
def laden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build_archive(tmp_path_factory.mktemp("laden") / "embeds.db")
    add_large_files(path)
    return path


QUICK = (
    "files in every row", "small blobs in every row", "texts of wide letters", "one text in many columns",
    "square of a text, instr", "square of a text, replace", "square of a text, trim",
    "a text that inflates for ever", "a film of 45 MB",
)  # fmt: skip
"""Of each kind one that ends by itself; `bench/hostile.py` asks them all."""


async def test_what_would_take_all_memory_takes_little(laden: Path) -> None:
    """Python's own memory, in this process; the server's whole is measured by the bench."""
    room = await open_room(laden, settings={"sql_time_limit_ms": 30_000})
    tracemalloc.start()
    try:
        for name in QUICK:
            method, url, body = REQUESTS[name]
            if is_1_0(room):
                url = url.replace("/embeds.json?sql=", "/embeds/-/query.json?sql=")
            kind = {"content-type": "multipart/form-data; boundary=x"}
            tracemalloc.reset_peak()
            answer = await room.client.request(method, url, content=body, headers=kind)
            assert answer.status_code in (200, 302, 400, 404, 413, 500, 503), (name, answer.text[:300])
            assert "Traceback" not in answer.text
            assert tracemalloc.get_traced_memory()[1] < 250_000_000, name
    finally:
        tracemalloc.stop()
