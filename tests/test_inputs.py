"""Every kind of input that people hold: what is found in it, and what is said of the rest."""

from __future__ import annotations

import base64
import csv
import gzip
import html
import io
import json
import os
import quopri
import sqlite3
import zipfile
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_httpserver import HTTPServer
from warcio.archiveiterator import ArchiveIterator

from embedarchive import open_archive
from embedarchive.api.commands import read_since
from embedarchive.core.errors import UsageError
from embedarchive.core.model import Fetch
from embedarchive.detect import find_embeds, find_in_document
from embedarchive.fetch.zstd import zstd
from embedarchive.run.failures import find_failure
from embedarchive.run.ledger import Event
from embedarchive.sources import Seed, expand_seeds, find_listing, members
from embedarchive.sources.intake import LOST, ORDINARY, Intake, say_skipped
from embedarchive.sources.media import refuse_no_article
from embedarchive.sources.plain_records import ABOUT_THE_CRAWL, read_plain_record
from embedarchive.sources.saved import read_har, read_mhtml
from embedarchive.sources.versions import FeedVersions
from in_process import run

DATE = "2025-06-10T06:15:00Z"


def article(n: int, more: str = "") -> bytes:
    """A page that embeds one post, whose id ends with `n`."""
    url = f"https://twitter.com/ida/status/19321000000000002{n:02}"
    head = f"<meta charset=utf-8><title>W{n}</title>{more}"
    quote = f'<blockquote class="twitter-tweet"><a href="{url}">x</a></blockquote>'
    return f"<!doctype html><html><head>{head}</head><body>{quote}</body></html>".encode()


def record(kind: str, url: str, body: bytes, content_type: str, *more: str, date: str = DATE) -> bytes:
    head = [
        "WARC/1.0", f"WARC-Type: {kind}", f"WARC-Record-ID: <urn:uuid:{hash((kind, url, body)) & 0xFFFFFFFF:08x}>",
        f"WARC-Date: {date}", f"WARC-Target-URI: {url}", f"Content-Type: {content_type}", *more,
        f"Content-Length: {len(body)}",
    ]  # fmt: skip
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body + b"\r\n\r\n"


def response(
    url: str, body: bytes, *headers: str, status: str = "200 OK", content_type: str = "text/html", date: str = DATE
) -> bytes:
    typed = [f"Content-Type: {content_type}"] if content_type else []
    head = "\r\n".join([f"HTTP/1.1 {status}", *typed, *headers]).encode() + b"\r\n\r\n"
    return record("response", url, head + body, "application/http; msgtype=response", date=date)


def revisit(url: str, *more: str) -> bytes:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    return record("revisit", url, head, "application/http; msgtype=response", *more)


def find_id(record: bytes) -> str:
    return record.split(b"WARC-Record-ID: ")[1].split(b"\r\n")[0].decode()


def chunked(body: bytes) -> bytes:
    pieces = [body[at : at + 50] for at in range(0, len(body), 50)]
    return b"".join(f"{len(p):x}\r\n".encode() + p + b"\r\n" for p in pieces) + b"0\r\n\r\n"


def take(*args: object, **options: str) -> tuple[list[Seed], Intake]:
    intake = Intake()
    return list(expand_seeds([str(arg) for arg in args], intake=intake, stdin=[], **options)), intake  # type: ignore[arg-type]


def posts(seeds: list[Seed]) -> list[str]:
    """The last two digits of the id of every post embedded in what was read."""
    fetches = [seed.fetch for seed in seeds if seed.fetch]
    found = [find_embeds(f.body, url=f.url, content_type=f.content_type).embeds for f in fetches]
    return [embed.post.native_id[-2:] for embeds in found for embed in embeds if embed.post]


# ------------------------------------------------------------------------------------------------------ bytes in WARC

N = "https://news.test/"
ORIGINAL = ("WARC-Refers-To-Target-URI: https://news.test/a", f"WARC-Refers-To-Date: {DATE}")

FORMS = {
    "plain": ([response(N, article(1))], ["01"], {}),
    "gzip": ([response(N, gzip.compress(article(1)), "Content-Encoding: gzip")], ["01"], {}),
    "brotli": ([response(N, brotli.compress(article(1)), "Content-Encoding: br")], ["01"], {}),
    "zstd": ([response(N, zstd.compress(article(1)), "content-encoding: ZSTD")], ["01"], {}),
    "two codings": (
        [response(N, brotli.compress(gzip.compress(article(1))), "Content-Encoding: gzip, br")], ["01"], {},
    ),
    "chunked": ([response(N, chunked(article(1)), "Transfer-Encoding: Chunked")], ["01"], {}),
    "chunked and packed": (
        [response(N, chunked(brotli.compress(article(1))), "Transfer-Encoding: chunked", "Content-Encoding: br")],
        ["01"], {},
    ),
    "said to be packed, and is not": ([response(N, article(1), "Content-Encoding: br")], ["01"], {}),
    "no type": ([response(N, article(1), content_type="")], ["01"], {}),
    "an unknown type": ([response(N, article(1), content_type="application/octet-stream")], ["01"], {}),
    "no type, no page": ([response(N, b"\x89PNG", content_type="")], [], {"other_type": 1, "nothing_found": 1}),
    "status 203": ([response(N, article(1), status="203 Non-Authoritative")], ["01"], {}),
    "in brackets": ([response(f"<{N}>", article(1))], ["01"], {}),
    "two dates, the same bytes": (
        [response(N, article(1)), response(N, article(1), date="2026-01-01T00:00:00Z")], ["01", "01"], {},
    ),
    "resource": ([record("resource", N, article(1), "text/html")], ["01"], {}),
    "conversion": ([record("conversion", N, article(1), "text/html")], ["01"], {}),
    "revisit": ([response(N + "a", article(1)), revisit(N + "b", *ORIGINAL)], ["01", "01"], {}),
    "revisit before its original": ([revisit(N + "b", *ORIGINAL), response(N + "a", article(1))], ["01", "01"], {}),
    "revisit of a record by its id": (
        [response(N + "a", article(1)), revisit(N + "b", f"WARC-Refers-To: {find_id(response(N + 'a', article(1)))}")],
        ["01", "01"], {},
    ),
    "revisit of nothing": ([response(N, article(1)), revisit(N + "b")], ["01"], {"revisit_unresolved": 1}),
    "what is no page": (
        [
            response(N, article(1)),
            response(N + "r", b"", "Location: /", status="301 Moved"),
            response(N + "gone", article(2), status="404 Not Found"),
            response(N + "p.jpg", b"\xff\xd8", content_type="image/jpeg"),
            response("https://platform.twitter.com/embed/Tweet.html?id=1", article(3)),
            record("request", N, b"GET / HTTP/1.1\r\n\r\n", "application/http"),
            record("resource", "urn:view:https://news.test/", b"\x89PNG", "image/png"),
        ],
        ["01"],
        {"redirect": 1, "http_error": 1, "other_type": 1, "platform_page": 1, "about_the_crawl": 1, "no_web_address": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_what_a_web_archive_holds_is_read_or_counted(form: str, tmp_path: Path) -> None:
    records, found, skipped = FORMS[form]
    path = tmp_path / "a.warc"
    path.write_bytes(b"".join(records))
    seeds, intake = take(path)
    assert (posts(seeds), dict(intake.skipped)) == (found, skipped)
    assert all(seed.fetch and seed.fetch.outcome == "ok" and not seed.fetch.truncated for seed in seeds)


def dictionary() -> tuple[bytes, zstd.ZstdDict]:
    """A .warc.zst's first frame, and the dictionary in it."""
    trained = zstd.train_dict([response(N + str(n), article(n % 90) * 5) for n in range(200)], 4096)
    packed = zstd.compress(trained.dict_content)
    return b"\x5d\x2a\x4d\x18" + len(packed).to_bytes(4, "little") + packed, trained


@pytest.mark.parametrize("packing", ["record by record", "as a whole", "zstd", "zstd with a dictionary", "cut"])
def test_a_web_archive_is_read_however_it_is_packed(packing: str, tmp_path: Path) -> None:
    records = [response(N + str(n), article(n)) for n in range(1, 4)]
    path = tmp_path / ("a.warc.zst" if "zstd" in packing else "a.warc.gz")
    if packing == "as a whole":
        path.write_bytes(gzip.compress(b"".join(records)))
    elif packing == "zstd":
        path.write_bytes(b"".join(map(zstd.compress, records)))
    elif packing == "zstd with a dictionary":
        frame, trained = dictionary()
        path.write_bytes(frame + b"".join(zstd.compress(r, zstd_dict=trained) for r in records))
    else:
        packed = b"".join(map(gzip.compress, records))
        path.write_bytes(packed[:-150] if packing == "cut" else packed)
    seeds, _ = take(path)
    if packing == "cut":
        assert posts(seeds)[:2] == ["01", "02"]
        assert seeds[-1].fetch
        assert seeds[-1].fetch.reason == "damaged"
        path.write_bytes(gzip.compress(response(N, article(1, os.urandom(60_000).hex())))[:-9000])
        *whole, last = [seed.fetch for seed in take(path)[0] if seed.fetch]
        assert ([fetch.truncated for fetch in whole], last.reason) == (["damaged"], "damaged")
    else:
        assert posts(seeds) == ["01", "02", "03"]


def lie(record: bytes, by: int) -> bytes:
    """A record that says another length than it has."""
    head, length, rest = record.partition(b"Content-Length: ")
    said, end, rest = rest.partition(b"\r\n")
    return head + length + str(int(said) + by).encode() + end + rest


ARC = b"%s 192.0.2.1 20090102030405 text/html %d\n%s"
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
LINES = b"\n<p>1\n<p>2\n<p>3\n<p>4\n"
LOST_ONE = {"damaged": 1}
ONE, TWO = response(N + "1", article(1)), response(N + "2", article(2))
BROKEN: dict[str, tuple[list[bytes], list[str], dict[str, int]]] = {
    "a length too long by a line's end": ([lie(ONE, 2), TWO], ["01", "02"], {}),
    "a length into the next": ([lie(ONE, 30), TWO], ["01", "02"], {}),
    "a length too short": ([lie(response(N + "1", article(1) + LINES), -20), TWO], ["01", "02"], LOST_ONE),
    "rubbish between": ([ONE, b"rubbish\n" * 20_000, TWO], ["01", "02"], LOST_ONE),
    "rubbish before": ([b"rubbish\n" * 9, b"\n", response(N, article(1))], ["01"], LOST_ONE),
    "no length": (
        [ONE.replace(b"Content-Length: ", b"X-Length: "), TWO], ["02"], LOST_ONE,
    ),
    "no address": (
        [ONE.replace(b"WARC-Target-URI", b"X-URI"), TWO], ["02"], LOST_ONE,
    ),
    "no type": ([ONE.replace(b"WARC-Type", b"X-Type"), TWO], ["02"], LOST_ONE),
    "a cut picture": ([ONE, response(N + "p", b"\xff" * 99, content_type="image/jpeg")[:-9]], ["01"], LOST_ONE),
    "the head alone": ([ONE, TWO.split(b"HTTP/1.1")[0]], ["01"], LOST_ONE),
    "an ARC without line's ends": (
        [ARC % (b"https://news.test/%d" % n, len(HTTP + article(n)), HTTP + article(n)) for n in (1, 2, 3)],
        ["01", "02", "03"], {},
    ),
    "an ARC with a length too short": (
        [ARC % (b"https://news.test/%d" % n, len(HTTP + article(n)), HTTP + article(n) + LINES) for n in (1, 2)],
        ["01", "02"], LOST_ONE,
    ),
}  # fmt: skip


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", BROKEN)
def test_behind_what_cannot_be_read_it_goes_on_and_tells(kind: str, packed: bool, tmp_path: Path) -> None:
    pieces, found, skipped = BROKEN[kind]
    name = ("a.arc" if "ARC" in kind else "a.warc") + ".gz" * packed
    (tmp_path / name).write_bytes(b"".join(map(gzip.compress, pieces)) if packed else b"".join(pieces))
    seeds, intake = take(tmp_path / name)
    assert posts(seeds) == found
    lost = {reason: count for reason, count in intake.skipped.items() if reason in LOST}
    ends = [seed.fetch for seed in seeds if seed.fetch and seed.fetch.reason == "damaged"]
    assert (lost if lost or not ends else LOST_ONE) == skipped


MEMBERS = [gzip.compress(response(N + str(n), article(n, os.urandom(900).hex()))) for n in range(1, 8)]
SPOILED: dict[str, Callable[[bytes], bytes]] = {
    "a bit": lambda member: member[:500] + bytes([member[500] ^ 4]) + member[501:],
    "its end": lambda member: member[:-300],
    "its checksum": lambda member: member[:-8] + b"\x00" * 4 + member[-4:],
    "its size": lambda member: member[:-4] + b"\xff" * 4,
    "its beginning": lambda member: b"\x00" * 40 + member[40:],
    "all but its head": lambda member: member[:10] + b"\x00" * len(member),
}


@pytest.mark.parametrize("at", [1, 3])
@pytest.mark.parametrize("what", SPOILED)
def test_a_damaged_member_costs_that_member(what: str, at: int, tmp_path: Path) -> None:
    pieces = [SPOILED[what](member) if n == at else member for n, member in enumerate(MEMBERS)]
    (tmp_path / "a.warc.gz").write_bytes(b"".join(pieces))
    seeds, intake = take(tmp_path / "a.warc.gz")
    sound = [seed.url for seed in seeds if seed.fetch and not seed.fetch.truncated]
    assert sound == [f"{N}{n + 1}" for n in range(len(MEMBERS)) if n != at]
    assert intake.skipped["damaged"] == 1


def test_a_member_too_long_to_be_held_is_read_and_so_is_what_follows(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    long = gzip.compress(response(N + "9", article(9, os.urandom(40_000).hex())))
    path = tmp_path / "a.warc.gz"
    path.write_bytes(b"".join([*MEMBERS[:2], long, *MEMBERS[2:]]))
    before = [seed.fetch for seed in take(path)[0]]
    monkeypatch.setattr(members, "_LONGEST", 20_000)
    monkeypatch.setattr(members, "_READ", 5_000)
    assert [seed.fetch for seed in take(path)[0]] == before
    assert len(before) == len(MEMBERS) + 1


HEADS = ("WARC-Date: 2019-05-06T07:08:09Z", "warc-ip-address: 203.0.113.7", "WARC-Date: 2020-01-01T00:00:00Z", "X:",
         "X: a\r\n b", "Content-Length: 7", "WARC-Type: request", "content-type: text/plain", "X : y", "Ü: ü", "X:  y ",
         "WARC-Truncated: length", "X: \x80", "WARC-Target-URI: <https://news.test/>")  # fmt: skip
ANSWERS = ("Content-Type: text/html", "Transfer-Encoding: chunked", "content-encoding: gzip", "Set-Cookie: a=b", "X: \xe9",
           "Location:", "Content-Type: image/png", "X-Y: a\r\n\tb", "no header", "Content-Type:text/html")  # fmt: skip


@given(st.lists(st.sampled_from(HEADS), max_size=3), st.lists(st.sampled_from(ANSWERS), max_size=4),
       st.sampled_from([article(1), b"", b"\r\n\r\n"]), st.sampled_from(["response", "request", "revisit", "resource"]),
       st.sampled_from(["200 OK", "404", "301 Moved  on", "20 x", "abc"]))  # fmt: skip
def test_a_record_read_as_it_stands_is_as_warcio_reads_it(
    heads: list[str], answers: list[str], body: bytes, kind: str, status: str
) -> None:
    said = response(N, body, *answers, status=status).replace(b"WARC-Type: response", b"WARC-Type: " + kind.encode())
    at = said.index(b"\r\n") + 2
    data = said[:at] + "".join(f"{line}\r\n" for line in heads).encode("latin-1") + said[at:]
    ours = read_plain_record(bytearray(data))
    if ours is None or ours.rec_type in ABOUT_THE_CRAWL:
        return
    theirs = next(ArchiveIterator(io.BytesIO(data)))
    assert ours.rec_type == theirs.rec_type
    for name in ("WARC-Date", "WARC-Target-URI", "WARC-IP-Address", "WARC-Truncated", "Content-Type", "X"):
        assert ours.rec_headers.get_header(name) == theirs.rec_headers.get_header(name), name
    assert ours.http_headers
    assert ours.http_headers.headers == theirs.http_headers.headers
    assert ours.http_headers.get_statuscode() == theirs.http_headers.get_statuscode()
    assert ours.raw_stream.read() == theirs.raw_stream.read()


def test_trailers_behind_the_last_chunk_are_no_cut(tmp_path: Path) -> None:
    body = chunked(article(1))[:-2] + b"X-Checked: yes\r\n\r\n"
    (tmp_path / "a.warc").write_bytes(response(N, body, "Transfer-Encoding: chunked", "Trailer: X-Checked"))
    [seed], _ = take(tmp_path / "a.warc")
    assert seed.fetch
    assert (posts([seed]), seed.fetch.truncated) == (["01"], None)


@pytest.mark.parametrize("lost", [1, 30])
def test_what_came_before_a_cut_is_read(lost: int, tmp_path: Path) -> None:
    """Of a packed file that ends early the page is given as far as it goes, however small it is."""
    (tmp_path / "a.warc.gz").write_bytes(gzip.compress(response(N, article(1, os.urandom(2000).hex())))[:-lost])
    page, damage = (seed.fetch for seed in take(tmp_path / "a.warc.gz")[0])
    assert page
    assert damage
    assert (page.outcome, b"<title>W1" in page.body, damage.reason) == ("ok", True, "damaged")


def test_a_revisit_of_what_is_no_page_is_counted(tmp_path: Path) -> None:
    picture = response(N + "a", b"\xff\xd8", content_type="image/jpeg")
    (tmp_path / "a.warc").write_bytes(picture + revisit(N + "b", *ORIGINAL) * 2)
    seeds, intake = take(tmp_path / "a.warc")
    assert (seeds, dict(intake.skipped)) == ([], {"other_type": 2, "repeated": 1})


def test_a_coding_that_nobody_undoes_is_a_failed_fetch(tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(response(N, b"?", "Content-Encoding: klingon"))
    [seed], _ = take(path)
    assert seed.fetch
    assert (seed.fetch.outcome, seed.fetch.reason) == ("failed", "unsupported_encoding")


def test_a_revisit_is_resolved_across_the_files_of_one_run(tmp_path: Path) -> None:
    (tmp_path / "1.warc").write_bytes(revisit(N + "b", *ORIGINAL))
    (tmp_path / "2.warc.gz").write_bytes(gzip.compress(response(N + "a", article(1))))
    seeds, intake = take(tmp_path)
    assert ([seed.url for seed in seeds], posts(seeds)) == ([N + "a", N + "b"], ["01", "01"])
    assert not intake.losses


def test_an_arc_is_read(tmp_path: Path) -> None:
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + article(1)
    head = b"1 0 Test\nURL IP-address Archive-date Content-type Archive-length\n"
    first = b"filedesc://a.arc 0.0.0.0 20090102030405 text/plain %d\n%s\n" % (len(head), head)
    body = first + b"https://news.test/ 192.0.2.1 20090102030405 text/html %d\n%s\n" % (len(http), http)
    for name, data in {"a.arc": body, "b.arc.gz": gzip.compress(body), "c": body}.items():
        (tmp_path / name).write_bytes(data)
        [seed], _ = take(tmp_path / name)
        assert seed.fetch
        assert (posts([seed]), seed.fetch.fetched_at) == (["01"], "2009-01-02T03:04:05.000Z")


# --------------------------------------------------------------------------------------------------------------- WACZ


def wacz(path: Path, pages: list[str], *records: bytes, more: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("archive/data.warc.gz", b"".join(map(gzip.compress, records)))
        if pages:
            lines = [{"format": "json-pages-1.0"}, *({"url": url} for url in pages)]
            out.writestr("pages/pages.jsonl", "\n".join(map(json.dumps, lines)))
        for name, data in (more or {}).items():
            out.writestr(name, data)
    return path


@pytest.mark.parametrize(
    "said",
    [
        "https://news.test/ä",
        "https://news.test/%C3%A4#c",
        "http://News.Test/ä/",
        "https://news.test:443/ä",
        "https://news.test/other",
    ],
)
def test_a_page_list_is_matched_however_it_spells_and_is_not_taken_as_whole(said: str, tmp_path: Path) -> None:
    path = wacz(
        tmp_path / "a.wacz",
        [said],
        response("https://news.test/%C3%A4", article(1)),
        response("https://ads.test/", article(2)),
    )
    seeds, intake = take(path)
    assert (posts(seeds), dict(intake.skipped)) == (["01"], {"not_listed": 1})


def test_a_page_list_that_names_nothing_that_is_there_is_not_believed(tmp_path: Path) -> None:
    path = wacz(
        tmp_path / "a.wacz", ["https://elsewhere.test/"], response(N, article(1)), response(N + "b", article(2))
    )
    seeds, intake = take(path)
    assert (posts(seeds), dict(+intake.skipped)) == (["01", "02"], {})


@pytest.mark.parametrize("after", [True, False])
def test_the_page_is_where_its_redirect_led_before_or_behind_it(after: bool, tmp_path: Path) -> None:
    hop = response("https://short.test/x", b"", "Location: https://news.test/a", status="302 Found")
    page = response("https://news.test/a", article(1))
    path = wacz(tmp_path / "a.wacz", ["https://short.test/x"], *([page, hop] if after else [hop, page]))
    seeds, intake = take(path)
    assert (posts(seeds), +intake.skipped) == (["01"], {"redirect": 1})


def test_web_archives_within_one_and_those_named_zip_are_read(tmp_path: Path) -> None:
    inner = wacz(tmp_path / "inner.wacz", [], response(N, article(2))).read_bytes()
    path = wacz(tmp_path / "a.zip", [], response(N, article(1)), more={"nested.wacz": inner})
    assert posts(take(path)[0]) == ["01", "02"]


# -------------------------------------------------------------------------------------------------------------- lists

A, B = "https://n.test/a", "https://n.test/b"

LISTS: dict[str, tuple[str, bytes, list[str]]] = {
    "plain": ("l.txt", f"{A}\n{B}\n".encode(), [A, B]),
    "mark and Windows' ends": ("l.txt", f"\ufeff{A}\r\n{B}\r\n# c\r\n".encode(), [A, B]),
    "UTF-16": ("l.txt", f"{A}\n{B}\n".encode("utf-16"), [A, B]),
    "UTF-16 without its mark": ("l.txt", f"{A}\n{B}\n".encode("utf-16-le"), [A, B]),
    "Windows' letters": ("l.txt", f"{A} # über\n{B}\n".encode("cp1252"), [A, B]),
    "quoted, in brackets, noted": ("l.txt", f'"{A}",\n<{B}>  \n{A} # x\n{B} and a note\n'.encode(), [A, B]),
    "Markdown": ("l.md", f"- [x]({A})\n* see {B}.\n".encode(), [A, B]),
    "without a scheme": ("l.txt", b"n.test/a\nn.test/b # note\n", [A, B]),
    "Org": ("l.org", f"* [[{A}][label]]\n* [[{B}]]\n".encode(), [A, B]),
    "a wiki": ("l.txt", f"* [{A} label]\n* {{{{cite web|url={B}|title=x}}}}\n".encode(), [A, B]),
    "a table of Markdown": ("l.md", f"| x | {A} |\n|y|{B}|\n".encode(), [A, B]),
    "escaped brackets": ("l.txt", f"&lt;{A}&gt;\n<URL:{B}>\n".encode(), [A, B]),
    "Windows' shortcuts": ("l.url", f"URL={A}\r\nURL={B}\r\n".encode(), [A, B]),
    "Excel's links": ("l.csv", f'Link\n"=HYPERLINK(""{A}"",""x"")"\n"=HYPERLINK(""{B}"";""y"")"\n'.encode(), [A, B]),
    "several on a line": ("l.txt", f"{A} {B}\n".encode(), [A, B]),
    "several with commas": ("l.txt", f"{A}, {B};\n".encode(), [A, B]),
    "a page given as a list": ("l.htm", f'<!doctype html><p>See <a href="{A}">a</a>, <a href="{B}">b</a>'.encode(), [A, B]),
    "a heading": ("l.txt", f"URL\n{A}\n{B}\n".encode(), [A, B]),
    "one column": ("l.csv", f"url\n{A}\n{B}\n".encode(), [A, B]),
    "many columns": ("l.csv", f'title,url,notes\n"W, 1",{A},see https://x.test/\nTwo,{B},"a\nb"\n'.encode(), [A, B]),
    "no such heading": ("l.csv", f"what,where\none,{A}\ntwo,{B}\n".encode(), [A, B]),
    "semicolons": ("l.csv", f"Titel;Link\neins;{A}\nzwei;{B}\n".encode(), [A, B]),
    "no headings": ("l.csv", f"one,{A}\ntwo,{B}\n".encode(), [A, B]),
    "two in a row": ("l.tsv", f"{A}\t{B}\n".encode(), [A, B]),
    "a table named text": ("l.txt", f"title\turl\nx\t{A}\ny\t{B}\n".encode(), [A, B]),
    "packed": ("l.csv.gz", gzip.compress(f"url\n{A}\n{B}\n".encode()), [A, B]),
    "bookmarks": (
        "b.html", f'<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><DT><A HREF="{A}">a</A><DT><A HREF="{B}">b</A></DL>'.encode(),
        [A, B],
    ),
    "Pocket's page": (
        "ril_export.html", b'<!DOCTYPE html>\n<html>\n<!--So long and thanks for all the fish-->'
        b'' + f'<a href="{A}">a</a><a href="{B}">b</a>'.encode(),
        [A, B],
    ),
    "Instapaper": ("i.csv", f"URL,Title,Selection,Folder,Timestamp\n{A},a,,Unread,1\n{B},b,,Archive,2\n".encode(), [A, B]),
    "Excel's own first line": ("l.csv", f"sep=;\nurl;x\n{A};1\n{B};2\n".encode(), [A, B]),
    "Instapaper's page": (
        "i.html", "<!DOCTYPE html>\n<html>\n<head>\n<title>Instapaper: Export</title>\n</head>\n<body><h1>Unread</h1>"
        f'<ol><li><a href="{A}">a</a></ol><h1>Archive</h1><ol><li><a href="{B}">b</a></ol>'.encode(), [A, B],
    ),
    "Firefox's backup": (
        "b.json", json.dumps({"title": "", "type": "text/x-moz-place-container", "children": [
            {"title": "a", "uri": A}, {"title": "p", "uri": "place:sort=8"}, {"children": [{"title": "b", "uri": B}]},
        ]}).encode(), [A, B],
    ),
    "Chrome's bookmarks": (
        "Bookmarks", json.dumps({"checksum": "0", "roots": {"bookmark_bar": {"children": [
            {"name": "a", "type": "url", "url": A}, {"name": "f", "type": "folder", "children": [{"url": B}]},
        ]}}}).encode(), [A, B],
    ),
    "JSON Lines": ("l.jsonl", f'{{"article": "{A}", "url": "https://x.com/i/1"}}\n{{"article": "{B}"}}\n'.encode(), [A, B]),
    "OPML": ("f.opml", f'<?xml version="1.0"?><opml><body><outline text="x"><outline xmlUrl="{A}"/></outline>'
        f'<outline xmlUrl="{B}" title="b"/></body></opml>'.encode(), [A, B]),
    "auto-archiver's sheet": (
        "s.csv", f"Link,Archive status,Archive location,Screenshot\n{A},ok,https://s3.test/x,https://s3.test/y\n{B},,,\n".encode(),
        [A, B],
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", LISTS)
def test_lists_give_each_address_once(kind: str, tmp_path: Path) -> None:
    name, data, expected = LISTS[kind]
    path = tmp_path / name
    path.write_bytes(data)
    seeds, intake = take(f"@{path}")
    assert ([seed.url for seed in seeds], intake.losses) == (expected, 0)
    if not name.endswith((".txt", ".md", ".htm", ".org", ".url")):
        assert [seed.url for seed in take(path)[0]] == expected
    decoded = gzip.decompress(data) if name.endswith(".gz") else data
    if b"\x00" not in decoded and "Windows" not in kind:
        lines = decoded.decode("utf-8-sig").splitlines(keepends=True)
        if name != "l.csv" or b'\n"' not in decoded:
            stdin = list(expand_seeds(["-"], stdin=lines))
            assert {A, B} <= {seed.url for seed in stdin}


def test_other_columns_are_notes(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_bytes(f"url,notes,section\n{A},first,news\n{B},,\n".encode())
    seeds, _ = take(path)
    assert [dict(seed.notes) for seed in seeds] == [{"notes": "first", "section": "news"}, {}]


def test_a_column_is_named_by_heading_or_number(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_bytes(f"Link,Archive\n{A},{B}\n".encode())
    assert [take(path, column=name)[0][0].url for name in ("archive", "2", "1")] == [B, B, A]
    with pytest.raises(UsageError, match=r"no column 'x'; there are Link, Archive"):
        take(path, column="x")


def test_one_bad_line_never_stops_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "l.txt"
    path.write_text(f"{A}\nhttps://\nno address\n./missing.html\n{B}\nftp://n.test/c\nmailto:ida@n.test\n")
    seeds, intake = take(f"@{path}")
    assert [seed.url for seed in seeds] == [A, B]
    assert [(lost.reason, lost.subject) for lost in intake.lost] == [
        ("bad_line", "line 2: https://"), ("bad_line", "line 3: no address"), ("bad_line", "line 4: ./missing.html"),
        ("bad_line", "line 6: ftp://n.test/c"), ("bad_line", "line 7: mailto:ida@n.test"),
    ]  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ telling


def test_every_reason_has_words() -> None:
    assert not ORDINARY.keys() & LOST.keys()
    assert say_skipped({"redirect": 3, "bad_line": 1, "comment": 0}).startswith("1 lines that name no article")


@pytest.mark.parametrize("command", ["find", "crawl"])
def test_what_was_not_taken_is_told_and_is_exit_code_3(command: str, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.html").write_bytes(article(1, '<link rel=canonical href="https://news.test/a">'))
    (folder / "b.warc").write_bytes(response(N, b"\xff\xd8", content_type="image/jpeg"))
    (folder / "c.xyz").write_bytes(b"?")
    (folder / "d.png").write_bytes(b"\x89PNG")
    more = (
        ["--nl"] if command == "find" else ["--json", "--no-replay", "-a", tmp_path / "out", "--browser-path", "/none"]
    )
    done = run(command, folder, *more)
    assert "c.xyz" in done.err
    if command == "find":
        assert (done.code, len(done.out.splitlines())) == (3, 1)
        assert "2 no page" in done.err
    else:
        said = json.loads(done.out) if done.out else {}
        assert done.code in (3, 4)
        if said:
            assert said["skipped"] == {"unknown_kind": 1, "nothing_found": 1, "other_type": 2}


def test_a_damaged_web_archive_alone_is_exit_code_3(tmp_path: Path) -> None:
    packed = io.BytesIO()
    packed.write(gzip.compress(response(N, b"<!doctype html><html><p>No post here."))[:-30])
    (tmp_path / "a.warc.gz").write_bytes(packed.getvalue())
    done = run("crawl", tmp_path / "a.warc.gz", "--json", "-a", tmp_path / "out")
    assert done.code == 3
    assert done.json["articles"]["failed"]


def test_pages_read_from_files_count_as_articles(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<!doctype html><html><p>No post here.")
    done = run("crawl", tmp_path / "a.html", "-a", tmp_path / "out")
    assert (done.code, "1 fetched" in done.out) == (0, True)
    assert "1 unchanged" in run("crawl", tmp_path / "a.html", "-a", tmp_path / "out").out


# -------------------------------------------------------------------------------------------- what browsers save

QUOTE = (
    '<blockquote class="twitter-tweet"><a href="https://twitter.com/ida/status/1932100000000000201">x</a></blockquote>'
)
WIDGET_QUOTE = (
    '<blockquote class="instagram-media"><a href="https://www.instagram.com/p/DKq4bC_EfG7/">p</a></blockquote>'
)
WIDGET = '<html><body><a href="https://www.instagram.com/p/DKq4bC_EfG7/?utm_source=ig_embed">View</a></body></html>'


def keys(seeds: list[Seed]) -> list[str]:
    found = [find_embeds(s.fetch.body, content_type=s.fetch.content_type).embeds for s in seeds if s.fetch]
    return [embed.post.key for embeds in found for embed in embeds if embed.post]


def mhtml(*parts: tuple[str, str, str]) -> bytes:
    """An MHTML page of parts: content id, location, text."""
    head = "Snapshot-Content-Location: https://news.test/a\r\nDate: Tue, 10 Jun 2025 08:15:00 +0200\r\nMIME-Version: 1.0\r\n"
    head += 'Content-Type: multipart/related; type="text/html"; boundary="=b="\r\n\r\n'
    body = "".join(
        f"--=b=\r\nContent-Type: text/html\r\nContent-ID: <{name}>\r\nContent-Transfer-Encoding: quoted-printable\r\n"
        f"Content-Location: {url}\r\n\r\n{quopri.encodestring(text.encode()).decode()}\r\n"
        for name, url, text in parts
    )
    return (head + body + "--=b=--\r\n").encode()


def test_an_mhtml_page_is_read_with_its_frames_and_its_date(tmp_path: Path) -> None:
    page = f'<html><body>{QUOTE}<iframe id="instagram-embed-0" src="cid:f2@m"></iframe></body></html>'
    (tmp_path / "a.mhtml").write_bytes(mhtml(("f1@m", "https://news.test/a", page), ("f2@m", "cid:x", WIDGET)))
    (tmp_path / "b").write_bytes(mhtml(("f1@m", "https://news.test/b", page)))
    [a, b], intake = take(tmp_path)
    assert keys([a]) == ["x:1932100000000000201", "instagram:DKq4bC_EfG7"]
    assert a.fetch
    assert (a.url, b.url, a.fetch.fetched_at) == (
        "https://news.test/a",
        "https://news.test/b",
        "2025-06-10T06:15:00.000Z",
    )
    assert not intake.skipped


def test_a_field_of_an_mhtml_page_may_hold_any_bytes() -> None:
    whole = mhtml(("f1@m", "https://news.test/a", "<html>A</html>"))
    for field in (b"Date: ", b"Content-Location: ", b"Content-ID: ", b"Snapshot-Content-Location: "):
        page = read_mhtml(whole.replace(field, field.rstrip() + b"\x80 "))
        assert page
        assert b"A" in page.body


@pytest.mark.parametrize("data", [b"null", b"[]", b'{"log": 3}', b'{"log": {}}', b'"x"', b"{", b"[" * 100_000])
def test_what_is_no_har_is_said_to_be_none(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (json says it in words of its own)
        list(read_har(data))
    (tmp_path / "a.har").write_bytes(data)
    take(tmp_path / "a.har")


@pytest.mark.parametrize("folder", ["Wall 2_files", "Wall 2-Dateien", "Wall 2_fichiers"])
def test_a_saved_page_is_read_with_the_frames_in_its_folder(folder: str, tmp_path: Path) -> None:
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "saved_resource(1).html").write_text(WIDGET)
    (tmp_path / "secret.html").write_text(WIDGET.replace("DKq4bC_EfG7", "BwiVvR9lD0m"))
    frames = f'<iframe class="instagram-media-rendered" src="./{folder}/saved_resource(1).html"></iframe>'
    frames += '<iframe class="instagram-media-rendered" src="secret.html"></iframe>'
    page = tmp_path / "Wall 2.html"
    page.write_text(f"<!doctype html><html><body>{QUOTE}{frames}</body></html>")
    assert keys(take(page)[0]) == ["x:1932100000000000201", "instagram:DKq4bC_EfG7"]
    seeds, intake = take(tmp_path)
    assert (len(seeds), dict(intake.skipped)) == (2, {"part_of_page": 1})


def test_singlefile_says_when_it_saved_a_page(tmp_path: Path) -> None:
    head = "<!--\n Page saved with SingleFile \n url: https://news.test/a \n"
    head += " saved date: Tue Jun 10 2025 08:15:00 GMT+0200 (CET)\n-->"
    (tmp_path / "a.html").write_text(f"<!DOCTYPE html> <html lang=en>{head}<body>{QUOTE}</body>")
    [seed], _ = take(tmp_path / "a.html")
    assert seed.fetch
    assert (seed.url, seed.fetch.fetched_at) == ("https://news.test/a", "2025-06-10T06:15:00.000Z")


def entry(
    url: str, text: str | None, *, status: int = 200, mime: str = "text/html", page: str = "p1", kind: str = "document"
) -> object:
    content: dict[str, object] = {"mimeType": mime}
    if text is not None:
        content |= {"text": base64.b64encode(text.encode()).decode(), "encoding": "base64"}
    return {
        "pageref": page, "startedDateTime": "2025-06-10T08:15:00+02:00", "_resourceType": kind, "request": {"url": url},
        "response": {"status": status, "content": content},
    }  # fmt: skip


def test_a_har_gives_its_pages_and_counts_the_rest(tmp_path: Path) -> None:
    page = article(1).decode()
    entries = [
        entry("https://news.test/r", "", status=301), entry("https://news.test/a", page),
        entry("https://ads.test/", page), entry("https://news.test/api", page, kind="xhr"),
        entry("https://news.test/p.jpg", "x", mime="image/jpeg", kind="image"),
        entry("https://news.test/b", None, page="p2"), {"request": {}},
        entry("https://www.instagram.com/p/DKq4bC_EfG7/", page, page="p3"),
        entry("https://news.test/cached", article(2).decode(), status=304, page="p4"),
        entry("https://news.test/n", None, status=304),
    ]  # fmt: skip
    (tmp_path / "a.har").write_text(json.dumps({"log": {"entries": entries}}))
    [seed, cached], intake = take(tmp_path / "a.har")
    assert seed.fetch
    assert posts([cached]) == ["02"]
    assert (seed.url, posts([seed]), seed.fetch.fetched_at) == (
        "https://news.test/a",
        ["01"],
        "2025-06-10T06:15:00.000Z",
    )
    told = {"redirect": 2, "not_listed": 1, "other_type": 2, "without_body": 1, "damaged": 1, "platform_page": 1}
    assert dict(intake.skipped) == told


# ------------------------------------------------------------------------------------------- listings, saved and far

ITEMS = f"<item><link>{A}</link></item><item><link>{B}</link></item>"
FEED = f"<?xml version='1.0'?><rss version='2.0'><channel>{ITEMS}</channel></rss>"
LOCS = f"<url><loc>{A}</loc></url><url><loc>{B}</loc></url>"
SITEMAP = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{LOCS}</urlset>"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("feed.xml", FEED),
        ("sitemap.xml", SITEMAP),
        ("sitemap.txt", f"{A}\n{B}\n"),
        ("export?output=csv", f"x,y\n1,{A}\n2,{B}\n"),
    ],
)
def test_listings_are_read_from_files_and_from_afar(name: str, text: str, packed: bool, tmp_path: Path) -> None:
    data = gzip.compress(text.encode()) if packed else text.encode()
    listing = find_listing(data, f"https://n.test/{name}")
    assert listing
    assert [found.url for found in listing.entries] == [A, B]
    if "?" not in name:
        (tmp_path / (name + ".gz" * packed)).write_bytes(data)
        assert [seed.url for seed in take(tmp_path / (name + ".gz" * packed))[0]] == [A, B]


@pytest.mark.parametrize(
    "text",
    [
        "A text about https://n.test/a.\n",
        "https://www.instagram.com/p/DKq4bC_EfG7/\n",
        "one,two\n",
        '{"url": "https://n.test/a"}',
    ],
)
def test_a_text_is_no_list(text: str) -> None:
    assert find_listing(text.encode(), "https://n.test/story") is None


# ------------------------------------------------------------------------------------------------------- the report


def test_the_report_lists_every_failure_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "l.txt").write_text(f"./missing.html\n{tmp_path}/a.warc\n")
    (tmp_path / "a.warc").write_bytes(response(N, b"?", "Content-Encoding: klingon"))
    table = tmp_path / "failures.csv"
    done = run("crawl", f"@{tmp_path}/l.txt", "--report", table, "-a", tmp_path / "out")
    rows = list(csv.DictReader(table.open(encoding="utf-8-sig", newline="")))
    assert done.code == 3
    assert [(row["what"], row["outcome"], row["reason"].split(":")[0]) for row in rows] == [
        ("article", "failed", "unsupported_encoding"), ("skipped", "lost", "bad_line"),
    ]  # fmt: skip
    assert all(len(row["to_do"]) > 20 for row in rows)
    assert run("crawl", A, "--report", tmp_path, "-a", tmp_path / "out").code == 2


@pytest.mark.parametrize(
    ("event", "advice"),
    [
        (Event("article", "u", "failed", "http_403"), "save the page"),
        (Event("article", "u", "failed", "http_503"), "run the same command again"),
        (Event("article", "u", "ok", "incomplete"), "--refresh"),
        (Event("capture", "x:1", "blocked", "challenge"), "kept us out"),
        (Event("capture", "x:1", "available", "media: timeout"), "run the same command"),
        (Event("fault", "1", "search", "ValueError: x"), "report it"),
        (Event("article", "u", "ok"), None),
        (Event("capture", "x:1", "gone", "removed"), None),
        (Event("skipped", "a.warc", "redirect", "", 3), None),
    ],
)
def test_what_to_do_follows_from_the_reason(event: Event, advice: str | None) -> None:
    failure = find_failure(event)
    assert (failure is None) == (advice is None)
    assert failure is None or (advice or "") in failure.to_do


@pytest.mark.parametrize("since", ["banana", "2026-13-01", "7x", "yesterday"])
def test_what_is_no_date_is_wrong_use_at_once(since: str, tmp_path: Path) -> None:
    done = run("crawl", A, "--since", since, "-a", tmp_path / "out")
    assert (done.code, (tmp_path / "out").exists()) == (2, False)


def test_since_takes_dates_and_ages() -> None:
    assert [read_since(text) for text in ("2026", "2026-02", "2026-02-03")] == ["2026", "2026-02", "2026-02-03"]
    assert read_since("2026-02-03T01:00:00+02:00") == "2026-02-02T23:00:00.000Z"
    week = datetime.fromisoformat(read_since("7d") or "")
    assert abs(datetime.now(UTC) - week - timedelta(days=7)) < timedelta(minutes=5)


# --------------------------------------------------------------------------------- what stands in an article's place

FULL = (
    "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
    f"<item><link>{A}</link><description>short</description><content:encoded><![CDATA[<p>T</p>{QUOTE}]]></content:encoded></item>"
    f"<item><link>{B}</link><description>&lt;p&gt;T&lt;/p&gt;</description></item><item><link>https://n.test/c</link>"
    "<description>plain words</description></item></channel></rss>"
)


def test_a_feed_carries_versions_of_its_articles() -> None:
    listing = find_listing(FULL.encode(), "https://n.test/full.xml")
    assert listing
    assert [entry.content is not None for entry in listing.entries] == [True, True, False]
    feed = {"version": "https://jsonfeed.org/version/1.1", "items": [{"url": A, "content_html": QUOTE}, {"url": B}]}
    listing = find_listing(json.dumps(feed).encode(), "https://n.test/feed.json")
    assert listing
    assert [entry.content for entry in listing.entries] == [QUOTE, None]
    versions = FeedVersions()
    versions.add(A + "?utm_source=feed", QUOTE)
    fetch = versions.take(A)
    assert fetch
    assert (fetch.source, keys([Seed(A, "", fetch)]), versions.take(A)) == ("feed", ["x:1932100000000000201"], None)


OBSTRUCTED = {
    "JSON-LD": (
        b'<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree": false}</script>',
        "paywall",
    ),
    "a string": (b'<script type="application/ld+json">{"isAccessibleForFree":"False"}</script>', "paywall"),
    "microdata": (b'<meta itemprop="isAccessibleForFree" content="false">', "paywall"),
    "a tier": (b'<meta property="article:content_tier" content="locked">', "paywall"),
    "free": (b'<script type="application/ld+json">{"isAccessibleForFree": true}</script>', None),
    "a challenge": (b"<script>window._cf_chl_opt={cvId:'3'}</script>", "challenge"),
    "a guard's script in a page": (b'<script src="/cdn-cgi/challenge-platform/scripts/jsd/main.js"></script>', None),
}


@pytest.mark.parametrize("kind", OBSTRUCTED)
def test_what_stands_in_an_articles_place_is_no_clean_zero(kind: str, tmp_path: Path) -> None:
    head, why = OBSTRUCTED[kind]
    assert find_in_document(head, url="https://n.test/a", obstacles=True).truncated == why
    assert find_in_document(b"<p>x" * 9999 + head * 2, url="https://n.test/a", obstacles=True).truncated == why
    assert find_in_document(head, url="https://n.test/a").truncated is None


def test_consent_hosts_are_known() -> None:
    url = "https://consent.n.test/collect?x=1"
    assert find_in_document(b"<p>x", url=url, obstacles=True).truncated == "consent"


@pytest.mark.parametrize("command", ["find", "crawl"])
def test_a_paywalled_page_without_embeds_is_exit_code_3(command: str, tmp_path: Path) -> None:
    page = b"<!doctype html><html><body>" + OBSTRUCTED["JSON-LD"][0] + b"<p>Subscribe.</p></body></html>"
    (tmp_path / "a.html").write_bytes(page)
    done = run(command, tmp_path / "a.html", *(["--json", "-a", tmp_path / "out"] if command == "crawl" else ["--nl"]))
    assert (done.code, "paywall" in done.err) == (3, True)
    assert command == "crawl" or "save it in your browser, logged in" in done.err
    if command == "crawl":
        assert done.json["searched_in_part"] == {"paywall": 1}


def test_a_feed_stands_in_for_articles_that_cannot_be_had(httpserver: HTTPServer, tmp_path: Path) -> None:
    """Article a is a paywall's stub, b answers 403; the feed carries a post of each."""
    feed = FULL.replace("&lt;p&gt;T&lt;/p&gt;", html.escape(WIDGET_QUOTE)).replace("https://n.test", "http://n.test")
    stub = "<!doctype html><html>" + OBSTRUCTED["JSON-LD"][0].decode() + "</html>"
    httpserver.expect_request("/full.xml").respond_with_data(feed, content_type="application/rss+xml")
    httpserver.expect_request("/a").respond_with_data(stub, content_type="text/html")
    for path in ("/b", "/c"):
        httpserver.expect_request(path).respond_with_data("", status=403)
    more = [f"--resolve=n.test:80:127.0.0.1:{httpserver.port}", "--delay", "0", "--ignore-robots"]
    found = run("find", "http://n.test/full.xml", "--nl", *more)
    rows = [json.loads(line) for line in found.out.splitlines()]
    expected = [("feed", "instagram:DKq4bC_EfG7"), ("feed", "x:1932100000000000201")]
    assert (sorted((row["source"], row["key"]) for row in rows if "key" in row), found.code) == (expected, 3)
    assert [row["truncated"] for row in rows if "key" not in row] == ["paywall"]
    (tmp_path / "full.xml").write_text(feed)
    for seed, name in (("http://n.test/full.xml", "a"), (tmp_path / "full.xml", "b")):
        run("crawl", seed, "-a", tmp_path / name, "--browser-path", "/none", *more)
        query = "SELECT DISTINCT f.source, e.post_key FROM embeds e JOIN fetches f ON f.id = e.fetch_id ORDER BY 2"
        with closing(sqlite3.connect(tmp_path / name / "embeds.db")) as conn:
            assert conn.execute(query).fetchall() == expected


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        ("text/html", b"<p>x", None), ("text/plain", b"x", None), (None, b"x", None), ("application/json", b"{}", "no_article"),
        ("application/pdf", b"%PDF", "no_article"), ("image/png", b"\x89PNG", "no_article"),
        ("application/octet-stream", b"\x00\x01", "no_article"), ("application/octet-stream", b"<html>", None),
        ("image/png", b"<!doctype html><p>x", None),
    ],
)  # fmt: skip
def test_what_is_no_article_by_its_type(content_type: str | None, body: bytes, reason: str | None) -> None:
    fetch = Fetch(A, A, "2026-01-01T00:00:00.000Z", "ok", 200, content_type=content_type, body=body)
    assert refuse_no_article(fetch).reason == reason


def test_a_line_that_is_no_json_is_named_among_those_that_are(tmp_path: Path) -> None:
    (tmp_path / "l.jsonl").write_text(f'{{"url": "{A}", "title": "T", "guid": "x"}}\n{{"url": \n{{"url": "{B}"}}\n')
    seeds, intake = take(tmp_path / "l.jsonl")
    assert ([seed.url for seed in seeds], dict(seeds[0].notes)) == ([A, B], {"title": "T"})
    assert [lost.subject.strip() for lost in intake.lost] == ['line 2: {"url":']


def test_a_row_that_cannot_be_read_never_stops_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "l.csv"
    path.write_text(f"url,note\n{A},x\n\0{B},\0\nhttps://n.test/c,{'y' * (1 << 24)}y\nhttps://n.test/d,z\n")
    seeds, intake = take(path)
    assert {A, B, "https://n.test/d"} <= {seed.url for seed in seeds}
    assert intake.losses <= 1


CASES = {
    "webarchives/enc-br.warc.gz": 1, "webarchives/multi-enc.warc.gz": 1, "webarchives/no-content-type.warc.gz": 1,
    "webarchives/page-redirect-after.wacz": 1, "webarchives/page-upper-host.wacz": 1, "webarchives/pywacz-url.wacz": 2,
    "webarchives/page-with-fragment.wacz": 1, "webarchives/platform-page.warc.gz": 0, "webarchives/resource-html.warc.gz": 1,
    "webarchives/same-bytes-two-dates.warc.gz": 2, "webarchives/single-member.warc.gz": 2, "inputs/12-warc-forms/t.warc.gz": 8,
    "inputs/12-warc-forms/one.warc.gz": 8, "inputs/09-saved-pages/singlefile.html": 3,
    "inputs/09-saved-pages/chrome.html": 3, "inputs/09-saved-pages/page.mhtml": 1,
}  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("name", CASES)
def test_inputs_that_others_made(name: str, shared: Path) -> None:
    """The number of embeds, counted in every page that was read."""
    seeds, _ = take(shared / "cases" / name)
    assert len(keys(seeds)) == CASES[name]


# -------------------------------------------------------------------------------------------------------------- notes


def test_what_a_list_notes_is_shown_found_and_exported_and_is_no_evidence(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_bytes(article(1, f'<link rel=canonical href="{A}">'))
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(
        f"url,Section,Seen by\n{page},Küste,Ida\n{page},Hafen,\n{B}?utm_source=x,Politik,=cmd|calc\n", encoding="utf-8"
    )
    more = ["-a", tmp_path / "out", "--no-replay", "--browser-path", "/none", "--resolve", "n.test:443:127.0.0.1:1"]
    run("crawl", sheet, *more)
    with open_archive(tmp_path / "out") as library:
        record = library.article(A)
        assert record
        assert [(note.name, note.value) for note in record.notes] == [
            ("Section", "Küste"), ("Seen by", "Ida"), ("Section", "Hafen"),
        ]  # fmt: skip
        assert [note.by for note in record.notes] == [str(sheet)] * 3
        for words in ("kuste", "Politik", "üste", "Polytik"):
            assert [hit.where for hit in library.search(words)] == ["note"], words
        assert [hit.article.url for hit in library.lookup("Politik").hits if hit.article] == [B]
    assert "Küste" in run("show", A, "-a", tmp_path / "out").out
    rows = list(
        csv.DictReader(io.StringIO(run("export", "--csv", "-", "--table", "notes", "-a", tmp_path / "out").out))
    )
    assert [(row["article_url"], row["name"], row["value"]) for row in rows] == [
        (A, "Section", "Küste"), (A, "Seen by", "Ida"), (A, "Section", "Hafen"),
        (B, "Section", "Politik"), (B, "Seen by", "'=cmd|calc"),
    ]  # fmt: skip
    one = run("export", "--jsonl", "-", "--table", "notes", A, "-a", tmp_path / "out").out
    assert [json.loads(line)["value"] for line in one.splitlines()] == ["Küste", "Ida", "Hafen"]
    run("publish", tmp_path / "public.db", "-a", tmp_path / "out")
    assert "Küste".encode() not in (tmp_path / "public.db").read_bytes()

    sheet.write_text(f"url,Section\n{page},Meer\n", encoding="utf-8")
    for _ in range(2):
        run("crawl", sheet, *more)
    with open_archive(tmp_path / "out") as library:
        record = library.article(A)
        assert record
        assert [(note.name, note.value) for note in record.notes] == [("Section", "Meer"), ("Seen by", "Ida")]
        assert library.search("Hafen") == ()
        assert [row["n"] for row in library.query("SELECT count(*) AS n FROM notes")] == [6]
