"""A WACZ holds what the archive holds: every record whole and findable, shared bytes once, nothing more."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import random
import subprocess
import sys
import zipfile
from base64 import b64decode
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from warcio.archiveiterator import ArchiveIterator
from warcio.recordloader import ArcWarcRecord

from embedarchive.cli import load_command
from embedarchive.core.errors import DiskFull, UsageError
from embedarchive.core.model import (
    Artifact,
    Capture,
    Description,
    Embed,
    Exchange,
    Fetch,
    Found,
    Post,
    Rendering,
    Verdict,
)
from embedarchive.export import export_wacz, find_selection
from embedarchive.export.cdxj import canonicalize_surt, pack_blocks, render_line
from embedarchive.export.signing import find_signer
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.redactions import redact_file
from waiting import BOUND_S

NOW = "2026-03-20T08:00:01.000Z"
SCRIPT = b"const shared = 1;" * 100
NOISE = random.Random(7).randbytes(700_000)
ARTICLE = "https://news.example/story"


def post(n: int) -> Post:
    code = f"Cp{n}x1mNq8r"
    return Post("instagram", code, f"https://www.instagram.com/p/{code}/")


def visit(n: int, minute: int, *more: Exchange) -> Capture:
    """A visit to the nth post, with a script that every visit loads and a photo of its own."""
    at = f"2026-03-10T09:{minute:02}:00.000Z"
    page, photo = f"https://www.instagram.com/p/{post(n).native_id}/embed/", NOISE[n * 1000 : n * 1000 + 9000]
    coded = (("content-type", "text/html"), ("Content-Encoding", "br"), ("content-length", "71"), ("vary", "a\nb"))
    html = f"<h1>Föhn {n}</h1>".encode() * 50
    exchanges = (
        Exchange(page, status=200, body=html, content_type="text/html", resource_type="document", started_at=at,
                 response_headers=coded, request_headers=(("user-agent", "Chrome"), (":path", "/")),
                 remote_address="203.0.113.7:443"),
        Exchange("https://static.example/app.js", status=200, body=SCRIPT, content_type="text/javascript",
                 resource_type="script", started_at=at, response_headers=(("Transfer-Encoding", "chunked"),)),
        Exchange(f"https://cdn.example/{n}.jpg", status=200, body=photo, content_type="image/jpeg",
                 resource_type="image", started_at=at),
        *more,
    )  # fmt: skip
    artifacts = (
        Artifact("screenshot", b"\x89PNG" + photo[:5000][::-1], "image/png"),
        Artifact("dom", html + b"<p>", "text/html; charset=utf-8", url=page),
        Artifact("media", photo, "image/jpeg", 1, f"https://cdn.example/{n}.jpg"),
        Artifact("media", photo[::-1], "image/jpeg", 2, f"https://cdn.example/{n}-second.jpg"),
    )
    return Capture(post(n), page, page, at, at.replace(":00.", ":04."), Verdict("available"), 200, artifacts, exchanges)


ODD = (
    Exchange("https://a.example/moved", status=302, started_at="", response_headers=(("location", "/x"),)),
    Exchange("https://a.example/never", error="net::ERR_FAILED", started_at="2026-03-10T09:01:01.000Z"),
    Exchange("https://a.example/big", status=200, truncated="too_large", started_at="2026-03-10T09:01:02.000Z"),
    Exchange("https://a.example/api", method="POST", status=200, body=b"{}", started_at="2026-03-10T09:01:03.000Z"),
    Exchange("https://a.example/evil", status=200, body=b"x", started_at="2026-03-10T09:01:04.000Z",
             response_headers=(("x-a", "1\r\nX-Injected: y\r\n\r\n<b>"), ("bad name", "x"), ("ü", "é"), ("x-b", "é"))),
)  # fmt: skip


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as opened:
        fill(opened)
        yield opened


def fill(archive: Archive) -> None:
    """One article that embeds the first of three posts; the first is visited twice, the third is gone."""
    crawl = archive.start_crawl("crawl", NOW, "0", {})
    article = archive.keep_seed(crawl, ARTICLE, "seed", NOW)
    html = Fetch(ARTICLE, ARTICLE, "2026-03-10T08:59:00.000Z", "ok", 200, body=b"<title>S</title>" * 40,
                 content_type="text/html", headers=(("content-encoding", "gzip"),))  # fmt: skip
    fetch = archive.keep_fetch(article, crawl, html) or 0
    embed = Embed(1, "embed", "instagram", post(1), post(1).url, "blockquote", "mark", "1", "<blockquote>")
    archive.keep_found(fetch, Found((embed,), title="A story"), 1, NOW, crawl)
    for capture in (visit(1, 1, *ODD), visit(2, 2), visit(1, 3)):
        number = archive.keep_capture(capture, crawl)
        says = Description(author_handle="marit", text=f"Said by {capture.post.key}\nand ö")
        archive.keep_description(number, capture.post.key, says, 1, NOW)
    gone = replace(visit(3, 4), verdict=Verdict("gone", "deleted"), artifacts=())
    archive.keep_capture(gone, crawl)


Export = Callable[..., "Package"]


class Package:
    """A WACZ, read by the standard library and warcio only."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as file:
            self.infos = {info.filename: info for info in file.infolist()}
            self.parts = {name: file.read(name) for name in self.infos}
        self.warcs = {name.removeprefix("archive/"): b for name, b in self.parts.items() if name.startswith("archive/")}

    def records(self, check: str | bool = "raise") -> Iterator[tuple[ArcWarcRecord, bytes]]:
        for warc in self.warcs.values():
            for record in ArchiveIterator(io.BytesIO(warc), check_digests=check):
                yield record, record.content_stream().read()

    def find(self, url: str, kind: str = "response") -> list[tuple[ArcWarcRecord, bytes]]:
        return [(r, b) for r, b in self.records() if r.rec_type == kind and r.rec_headers["WARC-Target-URI"] == url]

    @property
    def index(self) -> list[str]:
        return gzip.decompress(self.parts["indexes/index.cdx.gz"]).decode().splitlines()

    def pages(self, name: str = "pages") -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.parts[f"pages/{name}.jsonl"].splitlines()[1:]]


@pytest.fixture
def export(archive: Archive, tmp_path: Path) -> Export:
    def run(*names: str, now: str = NOW, **options: Any) -> Package:
        conn = open_reader(archive.path)
        export_wacz(conn, tmp_path / "out.wacz", now, find_selection(conn, names), **options)
        conn.close()
        return Package(tmp_path / "out.wacz")

    return run


# -------------------------------------------------------------------------------------------------------------- records


def test_every_record_is_whole_and_its_digests_are_true(export: Export) -> None:
    records = [record for record, _ in export().records()]
    assert len({record.rec_headers["WARC-Record-ID"] for record in records}) == len(records)
    kinds = [record.rec_type for record in records]
    assert set(kinds) == {"warcinfo", "response", "request", "resource", "metadata", "revisit"}
    assert kinds.count("response") + kinds.count("revisit") == 4 * 3 + len(ODD) - 1 + 1
    assert kinds.count("request") == 4 * 3 + len(ODD) + 1


def test_bodies_are_decoded_and_their_framing_says_so(export: Export) -> None:
    [(record, body)] = export("instagram:Cp2x1mNq8r").find("https://www.instagram.com/p/Cp2x1mNq8r/embed/")
    headers = record.http_headers
    assert body == "<h1>Föhn 2</h1>".encode() * 50
    assert headers["content-length"] == str(len(body))
    assert headers["content-encoding"] is None
    assert (headers["x-archive-orig-content-encoding"], headers["x-archive-orig-content-length"]) == ("br", "71")
    assert [v for k, v in headers.headers if k == "vary"] == ["a", "b"]
    assert record.rec_headers["WARC-IP-Address"] == "203.0.113.7"
    assert record.rec_headers["WARC-Payload-Digest"] == f"sha256:{hashlib.sha256(body).hexdigest()}"


def test_a_request_names_its_response_and_carries_no_pseudo_header(export: Export) -> None:
    package = export("instagram:Cp2x1mNq8r")
    url = "https://www.instagram.com/p/Cp2x1mNq8r/embed/"
    [(request, _)], [(response, _)] = package.find(url, "request"), package.find(url)
    assert request.rec_headers["WARC-Concurrent-To"] == response.rec_headers["WARC-Record-ID"]
    assert request.http_headers.headers == [("Host", "www.instagram.com"), ("user-agent", "Chrome")]


def test_bytes_shared_by_visits_are_written_once_and_referred_to(export: Export) -> None:
    package = export()
    url = "https://static.example/app.js"
    [(first, body)], again = package.find(url), package.find(url, "revisit")
    assert body == SCRIPT
    assert len(again) == 3
    for record, nothing in again:
        assert nothing == b""
        assert record.rec_headers["WARC-Refers-To-Target-URI"] == url
        assert record.rec_headers["WARC-Refers-To-Date"] == first.rec_headers["WARC-Date"]
        assert record.rec_headers["WARC-Payload-Digest"] == first.rec_headers["WARC-Payload-Digest"]


def test_hostile_headers_stay_one_header(export: Export) -> None:
    [(record, body)] = export().find("https://a.example/evil")
    assert body == b"x"
    assert {name for name, _ in record.http_headers.headers} == {"x-a", "x-b", "Content-Length"}


def test_what_did_not_come_whole_is_marked_and_not_offered_to_players(export: Export) -> None:
    package = export()
    [(big, _)] = package.find("https://a.example/big")
    assert big.rec_headers["WARC-Truncated"] == "length"
    [(never, _)] = package.find("https://a.example/never", "request")
    assert never.http_headers["x-archive-error"] == "net::ERR_FAILED"
    assert not package.find("https://a.example/never")
    assert not [line for line in package.index if "/big" in line or "/never" in line]
    assert [line for line in package.index if line.startswith("example,a)/api?&__wb_method=post ")]


def test_withdrawn_bytes_are_nowhere_in_the_export(archive: Archive, export: Export) -> None:
    photo = NOISE[1000:10000]
    sha256 = hashlib.sha256(photo).hexdigest()
    with archive.transaction() as conn:
        redact_file(conn, sha256, "asked", NOW)
    package = export()
    assert photo not in b"".join(body for _, body in package.records())
    assert {r.rec_headers["WARC-Truncated"] for r, _ in package.find("https://cdn.example/1.jpg")} == {"unspecified"}
    assert not [line for line in package.index if line.startswith("example,cdn)/1.jpg")]


def test_what_was_made_of_a_page_stands_beside_it(export: Export) -> None:
    package, page = export("instagram:Cp2x1mNq8r"), "https://www.instagram.com/p/Cp2x1mNq8r/embed/"
    [(view, shot)] = package.find(f"urn:view:{page}", "resource")
    assert view.rec_headers["Content-Type"] == "image/png"
    assert shot.startswith(b"\x89PNG")
    assert package.find(f"urn:dom:{page}", "resource")[0][1].endswith(b"<p>")
    assert package.find(f"urn:text:{page}", "resource")[0][1].decode() == "Said by instagram:Cp2x1mNq8r\nand ö"
    assert [u for u in ("1", "2", "2-second") if package.find(f"https://cdn.example/{u}.jpg", "resource")] == [
        "2-second"
    ]
    [(record, body)] = package.find(f"urn:metadata:{page}", "metadata")
    told = json.loads(body)
    assert (told["outcome"], told["description"]["author_handle"]) == ("available", "marit")
    assert record.rec_headers["WARC-Refers-To"] == package.find(page)[0][0].rec_headers["WARC-Record-ID"]


def test_an_article_as_a_browser_made_it_and_posts_seen_in_it(archive: Archive, export: Export) -> None:
    """Several posts of one article share its address and, here, the very moment; each is told from the others."""
    dom, picture = "<p>made by scripts", b"\x89PNG of the whole article"
    rendering = Rendering(ARTICLE, ARTICLE, NOW, 200, dom=dom, screenshot=picture, screenshot_type="image/png")
    archive.keep_rendering(1, rendering)
    archive.keep_opened(1, 1, (), rendering)
    for n in (1, 2):
        seen = replace(visit(n, 30), visit_url=ARTICLE, final_url=ARTICLE, started_at=NOW, finished_at=NOW)
        archive.keep_capture_in_place(seen, 1, 1)
    package = export()
    ids = [record.rec_headers["WARC-Record-ID"] for record, _ in package.records()]
    assert len(ids) == len(set(ids))
    [(view, body)] = package.find(f"urn:view:{ARTICLE}", "resource")
    assert (view.rec_headers["Content-Type"], body) == ("image/png", picture)
    assert [body for _, body in package.find(f"urn:dom:{ARTICLE}", "resource")] == [dom.encode()]
    assert package.find(f"urn:view:{post(2).url}", "resource")


# -------------------------------------------------------------------------------------------------------------- package


def test_every_part_is_stored_listed_and_hashed(export: Export) -> None:
    package = export()
    assert {info.compress_type for info in package.infos.values()} == {zipfile.ZIP_STORED}
    listing = json.loads(package.parts["datapackage.json"])
    assert listing["wacz_version"] == "1.1.1"
    assert {r["path"] for r in listing["resources"]} == set(package.parts) - {
        "datapackage.json",
        "datapackage-digest.json",
    }
    for resource in listing["resources"]:
        body = package.parts[resource["path"]]
        assert resource["bytes"] == len(body)
        assert resource["hash"] == f"sha256:{hashlib.sha256(body).hexdigest()}"
    digest = json.loads(package.parts["datapackage-digest.json"])
    assert digest["hash"] == f"sha256:{hashlib.sha256(package.parts['datapackage.json']).hexdigest()}"


def test_the_list_of_parts_is_signed_as_players_check_it(export: Export, tmp_path: Path) -> None:
    sign = find_signer(tmp_path / "key.pem")
    first, again = export(sign=sign), export(sign=find_signer(tmp_path / "key.pem"))
    assert first.parts == again.parts, "a signature is the same every time"
    signed = json.loads(first.parts["datapackage-digest.json"])["signedData"]
    assert signed["created"] == json.loads(first.parts["datapackage.json"])["created"]
    raw, public = b64decode(signed["signature"]), load_der_public_key(b64decode(signed["publicKey"]))
    der = encode_dss_signature(int.from_bytes(raw[:48], "big"), int.from_bytes(raw[48:], "big"))
    public.verify(der, signed["hash"].encode(), ECDSA(SHA256()))
    with pytest.raises(InvalidSignature):
        public.verify(der, signed["hash"].encode()[:-1] + b"x", ECDSA(SHA256()))
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_no_key_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("my notes")
    with pytest.raises(UsageError, match="Move it away"):
        find_signer(tmp_path / "key.pem")
    assert (tmp_path / "key.pem").read_text() == "my notes"


def test_pages_are_preserved_posts_and_apart_from_them_all_else(export: Export) -> None:
    package = export()
    assert [p["title"] for p in package.pages()] == [f"@marit: Said by instagram:Cp{n}x1mNq8r and ö" for n in (1, 2, 1)]
    assert len({p["id"] for p in package.pages()}) == 3
    assert [p["title"] for p in package.pages("extraPages")] == ["A story", "instagram:Cp3x1mNq8r · gone · deleted"]


def test_the_index_leads_to_its_records(export: Export) -> None:
    package = export(full_warc=20_000)
    assert len(package.warcs) > 2
    lines = package.index
    assert lines == sorted(lines)
    for line in lines:
        key, stamp, fields = line.split(" ", 2)
        told = json.loads(fields)
        start = int(told["offset"])
        member = package.warcs[told["filename"]][start : start + int(told["length"])]
        assert told["recordDigest"] == f"sha256:{hashlib.sha256(member).hexdigest()}"
        [record] = ArchiveIterator(io.BytesIO(member))
        assert record.rec_headers["WARC-Target-URI"] == told["url"]
        assert record.rec_headers["WARC-Payload-Digest"] == told["digest"]
        assert record.rec_headers["WARC-Date"].translate(str.maketrans("", "", "-:TZ.")).startswith(stamp)
        assert key == canonicalize_surt(told["url"]) or told.get("method")


def test_the_same_archive_and_time_give_the_same_bytes(export: Export, tmp_path: Path) -> None:
    export()
    first = (tmp_path / "out.wacz").read_bytes()
    export()
    assert (tmp_path / "out.wacz").read_bytes() == first
    export(now="2026-03-21T08:00:00.000Z")
    assert (tmp_path / "out.wacz").read_bytes() != first


def test_an_empty_archive_gives_a_whole_package(tmp_path: Path) -> None:
    with Archive(tmp_path / "embeds.db"):
        pass
    exported = export_wacz(open_reader(tmp_path / "embeds.db"), tmp_path / "out.wacz", NOW)
    assert (exported.visits, exported.records) == (0, 0)
    assert [r.rec_type for r, _ in Package(tmp_path / "out.wacz").records()] == ["warcinfo"]


# ------------------------------------------------------------------------------------------------------------ selection

TWO, ONE = {"Cp2x1mNq8r"}, {"Cp1x1mNq8r"}


@pytest.mark.parametrize(
    ("names", "posts", "articles"),
    [
        (("instagram:Cp2x1mNq8r",), TWO, 0),
        (("https://www.instagram.com/reel/Cp2x1mNq8r/?igsh=abc",), TWO, 0),
        ((ARTICLE,), ONE, 1),
        (("http://www.news.example/story/?utm_source=x",), ONE, 1),
        (("instagram:Cp2x1mNq8r", ARTICLE), ONE | TWO, 1),
        ((), ONE | TWO | {"Cp3x1mNq8r"}, 1),
    ],
)
def test_a_selection_is_named_by_posts_and_articles(
    export: Export, names: tuple[str, ...], posts: set[str], articles: int
) -> None:
    package = export(*names)
    visited = {
        url.split("/")[4] for r, _ in package.records() if "/embed/" in (url := r.rec_headers["WARC-Target-URI"] or "")
    }
    assert visited == posts
    assert len(package.find(ARTICLE)) == articles


def test_an_unknown_name_is_refused_before_anything_is_written(export: Export, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no article https://other\.example/x"):
        export("instagram:Cp2x1mNq8r", "https://other.example/x")
    assert not list(tmp_path.glob("*out.wacz*"))


def test_the_command_writes_tells_and_does_not_overwrite(archive: Archive, tmp_path: Path) -> None:
    out = tmp_path / "out.wacz"
    call = ["-a", str(archive.path), "--wacz", str(out)]
    done = CliRunner().invoke(load_command("export"), [*call, "--json", ARTICLE], standalone_mode=False)
    told = json.loads(done.output)
    assert (told["visits"], told["articles"], told["bytes"]) == (2, 1, out.stat().st_size)
    assert told["records"] == len(list(Package(out).records())) - 1
    again = CliRunner().invoke(load_command("export"), call, standalone_mode=False)
    assert isinstance(again.exception, UsageError)
    assert CliRunner().invoke(load_command("export"), [*call, "--overwrite"], standalone_mode=False).exception is None
    assert len(Package(out).pages()) == 3


# ----------------------------------------------------------------------------------------------------------- robustness

CHILD = """
import resource, sqlite3, sys
from pathlib import Path
from embedarchive.export import export_wacz
from embedarchive.store import open_reader
path, out, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
Path("/proc/self/clear_refs").write_text("5")  # forget the peak of the process that this one was forked from
export_wacz(open_reader(path), out, "2026-03-20T08:00:01.000Z")
print(next(line for line in Path("/proc/self/status").open() if line.startswith("VmHWM")).split()[1])
"""


def in_child(path: Path, out: Path, limit: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, str(path), str(out), str(limit)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=BOUND_S)


def test_without_room_the_file_stays_as_it_was(archive: Archive, tmp_path: Path) -> None:
    out = tmp_path / "out.wacz"
    out.write_bytes(b"the export of yesterday")
    failed = in_child(archive.path, out, 8_000)
    assert DiskFull.__name__ in failed.stderr
    assert out.read_bytes() == b"the export of yesterday"
    assert not list(tmp_path.glob(".out*"))


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="needs Linux to measure its own peak")
def test_memory_does_not_grow_with_what_is_exported(tmp_path: Path) -> None:
    peaks = []
    for count in (1, 12):
        path = tmp_path / f"{count}.db"
        with Archive(path, platforms=PLATFORMS) as archive:
            crawl = archive.start_crawl("crawl", NOW, "0", {})
            for n in range(count):
                video = Exchange(f"https://cdn.example/{n}.mp4", status=200, body=bytes([n]) + NOISE * 9,
                                 content_type="video/mp4", started_at=NOW)  # fmt: skip
                archive.keep_capture(visit(n, n, video), crawl)
        done = in_child(path, tmp_path / "out.wacz")
        assert done.returncode == 0, done.stderr
        peaks.append(int(done.stdout))
    assert (tmp_path / "out.wacz").stat().st_size > 10 * len(NOISE)
    assert peaks[1] - peaks[0] < 3_000, f"{peaks} kB"


def test_what_is_written_meanwhile_is_left_out(archive: Archive, export: Export) -> None:
    def keep_more(done: int) -> None:
        if done == 1:
            archive.keep_capture(visit(9, 9), archive.start_crawl("crawl", NOW, "0", {}))

    package = export(on_progress=keep_more)
    assert "Cp9x1mNq8r" not in "".join(package.index)
    assert "Cp9x1mNq8r" in "".join(export().index)


# ---------------------------------------------------------------------------------------------------------------- index

SURTS = (  # what the Internet Archive's own tool gives
    ("https://www.instagram.com/p/DUm6L771dVL/embed/captioned/", "com,instagram)/p/dum6l771dvl/embed/captioned"),
    ("https://WWW2.Example.com:443/A/../B/./c//d/?b=2&a=1&A=0", "com,example)/b/c/d?a=0&a=1&b=2"),
    ("http://example.com", "com,example)/"),
    ("http://example.com:8080/?", "com,example:8080)/"),
    ("https://user:pw@example.com/x%20y/%7Eé?q=%C3%A9&x=%2526#frag", "com,example)/x%20y/~%c3%a9?&q=%c3%a9&x="),
    ("https://münchen.example/straße", "example,xn--mnchen-3ya)/stra%c3%9fe"),
    ("https://a.example/x?jsessionid=0123456789abcdef0123456789abcdef&b=1", "example,a)/x?b=1"),
    ("https://a.example/x?&b=1&&a", "example,a)/x?&&a&b=1"),
    ("http://127.0.0.1:8000/a", "1,0,0,127:8000)/a"),
    ("urn:view:https://a.example/Q", "urn:view:https://a.example/Q"),
)


@pytest.mark.parametrize(("url", "key"), SURTS)
def test_keys_are_those_of_other_tools(url: str, key: str) -> None:
    assert canonicalize_surt(url) == key


def test_a_key_is_never_cut_apart_by_blocks() -> None:
    lines = [render_line(f"https://a.example/{n // 5}", f"2026-03-{n % 5 + 1:02}", {}) for n in range(40)]
    blocks = [gzip.decompress(block).decode().splitlines() for _, block in pack_blocks(sorted(lines), 3)]
    keys = [{line.partition(" ")[0] for line in block} for block in blocks]
    assert [len(block) for block in blocks] == [5] * 8
    assert len(set().union(*keys)) == sum(map(len, keys))
