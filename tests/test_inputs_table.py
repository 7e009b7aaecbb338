"""The table of inputs: every kind of file and list that people hold × what is found in it, what is told, the exit code.

Each is given to `find` and to `crawl`, which must agree. The embeds name no post, so that no browser is needed: their authors
tell them apart.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import brotli
import pytest
from pytest_httpserver import HTTPServer

from embedarchive.fetch.zstd import zstd
from embedarchive.replica.authority import Authority
from embedarchive.sources.intake import LOST
from in_process import run
from test_inputs import entry, mhtml, record, response, revisit, wacz

SITE = "https://n.test/"
A, B = SITE + "a", SITE + "b"


def embed(n: int) -> str:
    return f'<blockquote class="instagram-media"><p>A post shared by Ann (@ann{n:02})</p></blockquote>'


def article(n: int, head: str = "") -> bytes:
    """A page that embeds a post by author `n`."""
    return f"<!doctype html><html><head><meta charset=utf-8>{head}</head><body><p>W{n}</p>{embed(n)}</body></html>".encode()


PAYWALL = '<script type="application/ld+json">{"isAccessibleForFree": false}</script>'
REMOTE: dict[str, tuple[bytes, str]] = {
    "/a": (article(1), "text/html"),
    "/b": (article(2), "text/html"),
    "/list.txt": (f"{A}\n{B}\n".encode(), "text/plain"),
    "/list.csv": (f"title,url\nx,{A}\ny,{B}\n".encode(), "text/csv"),
    "/sheet?output=csv": (f"x,y\n1,{A}\n2,{B}\n".encode(), "text/csv"),
    "/map.txt.gz": (gzip.compress(f"{A}\n{B}\n".encode()), "application/gzip"),
    "/paywall": (f"<!doctype html><html><head>{PAYWALL}</head><p>Subscribe.".encode(), "text/html"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[str]]:
    """The options that lead a command to a newsroom with TLS."""
    authority = Authority(tmp_path_factory.mktemp("ca"))
    server = HTTPServer(ssl_context=authority.server_context(), threaded=True)
    for address, (body, content_type) in REMOTE.items():
        path, _, query = address.partition("?")
        asked = server.expect_request(path, query_string=query) if query else server.expect_request(path)
        asked.respond_with_data(body, content_type=content_type)
    server.start()  # type: ignore[no-untyped-call]
    to_it = [f"--resolve=n.test:443:127.0.0.1:{server.port}", f"--ca-file={authority.ca_file}"]
    yield [*to_it, "--delay=0", "--ignore-robots"]
    server.stop()  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class Kind:
    """Files by name; what is given to the command (else the first file); what must come of it."""

    files: dict[str, bytes | Callable[[Path], object]]
    found: list[int]
    told: dict[str, int] = field(default_factory=dict)
    code: int = 0
    given: tuple[str, ...] = ()


BOTH = [1, 2]
ORIGINAL = (f"WARC-Refers-To-Target-URI: {A}", "WARC-Refers-To-Date: 2025-06-10T06:15:00Z")
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
ARC = b"filedesc://a.arc 0.0.0.0 20090102030405 text/plain 9\n1 0 Test\n\n" + (
    b"%s 192.0.2.1 20090102030405 text/html %d\n%s\n" % (A.encode(), len(HTTP + article(1)), HTTP + article(1))
)
BOOKMARKS = f'<!DOCTYPE NETSCAPE-Bookmark-file-1>\n<DL><p><DT><A HREF="{A}">a</A><DT><A HREF="{B}">b</A></DL>'
POCKET = f'<!DOCTYPE html>\n<html>\n<!--So long and thanks for all the fish-->\n<ul><a href="{A}">a</a><a href="{B}">b</a></ul>'
SHEET = f"Link,Archive status,Archive location,Screenshot\n{A},success,https://s3.test/x,\n{B},,,\n"
FEED = f"<rss version='2.0'><channel><item><link>{A}</link></item><item><link>{B}</link></item></channel></rss>"
MAP = f"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>{A}</loc></url><url><loc>{B}</loc></url></urlset>"
FULL = (
    "<rss version='2.0' xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel>"
    f"<item><link>{SITE}paywall</link><content:encoded><![CDATA[<p>T</p>{embed(3)}]]></content:encoded></item></channel></rss>"
)
SAVED = f'<!doctype html><html><head><link rel=canonical href="{A}"></head><iframe src="./A_files/f.html"></iframe>'
SINGLE = (
    "<!--\n Page saved with SingleFile \n url: https://n.test/a \n saved date: Tue Jun 10 2025 08:15:00 GMT+0200\n-->"
)
CHROME = b"<!-- saved from url=(0016)https://n.test/a -->"
HAR = json.dumps({"log": {"entries": [entry(A, article(1).decode()), entry(A + "/r", "", status=301)]}}).encode()


def pack(*pages: str) -> Callable[[Path], object]:
    """A WACZ whose page list spells the address of `/ä`, if it names any, in these ways."""
    page, other = response("https://n.test/%C3%A4", article(1)), response("https://ads.test/", article(9))
    return lambda path: wacz(path, list(pages), page, other)


def pack_hop(*, after: bool) -> Callable[[Path], object]:
    """A WACZ that lists the address of a redirect, which stands before its target or behind it."""
    hop = response("https://short.test/x", b"", f"Location: {A}", status="302 Found")
    records = [response(A, article(1)), hop] if after else [hop, response(A, article(1))]
    return lambda path: wacz(path, ["https://short.test/x"], *records)


def nest(path: Path) -> object:
    inner = wacz(path.with_name("inner"), [], response(B, article(2))).read_bytes()
    path.with_name("inner").unlink()
    return wacz(path, [], response(A, article(1)), more={"b.wacz": inner})


LISTED = {"comment": 1}
UNLISTED = {"not_listed": 1}
ONE, TWO = response(A, article(1)), response(B, article(2))
COPY = ("l.csv", "--column", "Copy")
KINDS: dict[str, Kind] = {
    # ---------------------------------------------------------------------------------------------------------- lists
    "a list": Kind({"l.txt": f"# mine\n{A}\n\n{B}\n".encode()}, BOTH, given=("@l.txt",)),
    "a list by its name": Kind({"l.txt": f"{A}\n{B}\n".encode()}, BOTH),
    "UTF-16": Kind({"l.txt": f"{A}\r\n{B}\r\n".encode("utf-16")}, BOTH, given=("@l.txt",)),
    "a byte order mark": Kind({"l.txt": f"\ufeff{A}\n{B}\n".encode()}, BOTH, given=("@l.txt",)),
    "a heading": Kind({"l.txt": f"URL\n{A}\n{B}\n".encode()}, BOTH, LISTED, given=("@l.txt",)),
    "quoted lines": Kind({"l.txt": f'"{A}"\n\'{B}\',\n'.encode()}, BOTH, given=("@l.txt",)),
    "brackets": Kind({"l.txt": f"<{A}>\n({B})\n".encode()}, BOTH, given=("@l.txt",)),
    "notes behind": Kind({"l.txt": f"{A} # first\n{B} the second, see p. 3\n".encode()}, BOTH, given=("@l.txt",)),
    "in sentences": Kind({"l.txt": f"1. See {A}, of May.\n- [story]({B})\n".encode()}, BOTH, given=("@l.txt",)),
    "no schemes": Kind({"l.txt": b"n.test/a\n//n.test/b\n"}, BOTH, given=("@l.txt",)),
    "percent-encoded": Kind({"l.txt": b"https%3A%2F%2Fn.test%2Fa\nhxxps://n.test/b\n"}, BOTH, given=("@l.txt",)),
    "one bad line": Kind({"l.txt": f"{A}\nno address\n{B}\n".encode()}, BOTH, {"bad_line": 1}, 3, ("@l.txt",)),
    "named twice": Kind({"l.txt": f"{A}\n{A}\n".encode()}, [1], {"repeated": 1}, given=("@l.txt",)),
    "an empty list": Kind({"l.txt": b"# nothing\n"}, [], {"nothing_found": 1}, 3, ("@l.txt",)),
    "CSV": Kind({"l.csv": f"title,url,note\nx,{A},see p. 3\ny,{B},\n".encode()}, BOTH, LISTED),
    "CSV of Europe": Kind({"l.csv": f"Titel;Link\nx;{A}\ny;{B}\n".encode("cp1252")}, BOTH, LISTED),
    "CSV, the column named": Kind({"l.csv": f"Link,Copy\n{A},{B}\n".encode()}, [2], LISTED, given=COPY),
    "TSV": Kind({"l.tsv": f"when\twhere\n1\t{A}\n2\t{B}\n".encode()}, BOTH, LISTED),
    "bookmarks": Kind({"b.html": BOOKMARKS.encode()}, BOTH),
    "Pocket": Kind({"ril_export.html": POCKET.encode()}, BOTH),
    "Pocket's table": Kind(
        {"p.csv": f"title,url,time_added,tags,status\nx,{A},1,,unread\ny,{B},2,,archive\n".encode()}, BOTH, LISTED,
    ),
    "Instapaper": Kind(
        {"i.csv": f"URL,Title,Selection,Folder,Timestamp\n{A},a,,Unread,1\n{B},b,,,2\n".encode()}, BOTH, LISTED,
    ),
    "auto-archiver": Kind({"s.csv": SHEET.encode()}, BOTH, LISTED),
    "a text sitemap": Kind({"sitemap.txt": f"{A}\n{B}\n".encode()}, BOTH),
    "a text sitemap, packed": Kind({"sitemap.txt.gz": gzip.compress(f"{A}\n{B}\n".encode())}, BOTH),
    "a list afar": Kind({}, BOTH, given=(SITE + "list.txt",)),
    "a table afar": Kind({}, BOTH, given=(SITE + "list.csv",)),
    "a sheet afar": Kind({}, BOTH, given=(SITE + "sheet?output=csv",)),
    "a packed text sitemap afar": Kind({}, BOTH, given=(SITE + "map.txt.gz",)),
    "a list of files": Kind({"l.txt": b"a.html\nb.warc\n", "a.html": article(1), "b.warc": TWO}, BOTH, given=("@l.txt",)),
    # ------------------------------------------------------------------------------------------------- feeds and pages
    "a saved feed": Kind({"feed.xml": FEED.encode()}, BOTH),
    "a saved sitemap": Kind({"sitemap.xml.gz": gzip.compress(MAP.encode())}, BOTH),
    "a feed for a paywall's article": Kind({"full.xml": FULL.encode()}, [3], code=3),
    "a saved page": Kind({"a.html": article(1)}, [1]),
    "a packed page": Kind({"a.html.gz": gzip.compress(article(1))}, [1]),
    "SingleFile": Kind({"a.html": article(1).replace(b"<head>", b"<head>" + SINGLE.encode())}, [1]),
    "Chrome's page": Kind({"a.html": article(1).replace(b"<html>", CHROME + b"<html>")}, [1]),
    "a page with its folder": Kind(
        {"A.html": SAVED.encode(), "A_files/f.html": f"<html><body>{embed(1)}</body></html>".encode(), "A_files/x.css": b""},
        [1], {"part_of_page": 1}, given=(".",),
    ),
    "MHTML": Kind({"a.mhtml": mhtml(("f@m", A, article(1).decode()))}, [1]),
    "HAR": Kind({"a.har": HAR}, [1], {"redirect": 1}),
    "a paywall's page": Kind({"a.html": REMOTE["/paywall"][0]}, [], code=3),
    # ---------------------------------------------------------------------------------------------------- web archives
    "WARC": Kind({"a.warc": ONE}, [1]),
    "WARC, record by record": Kind({"a.warc.gz": gzip.compress(ONE) + gzip.compress(TWO)}, BOTH),
    "WARC, packed whole": Kind({"a.warc.gz": gzip.compress(ONE + TWO)}, BOTH),
    "WARC in zstd": Kind({"a.warc.zst": zstd.compress(ONE) + zstd.compress(TWO)}, BOTH),
    "ARC": Kind({"a.arc": ARC}, [1], {"about_the_crawl": 1}),
    "ARC, packed": Kind({"a.arc.gz": gzip.compress(ARC)}, [1], {"about_the_crawl": 1}),
    "brotli": Kind({"a.warc": response(A, brotli.compress(article(1)), "Content-Encoding: br")}, [1]),
    "zstd": Kind({"a.warc": response(A, zstd.compress(article(1)), "Content-Encoding: zstd")}, [1]),
    "gzip twice": Kind(
        {"a.warc": response(A, gzip.compress(gzip.compress(article(1))), "Content-Encoding: gzip, gzip")}, [1],
    ),
    "an unknown coding": Kind({"a.warc": response(A, b"?", "Content-Encoding: klingon")}, [], code=3),
    "no type": Kind({"a.warc": response(A, article(1), content_type="")}, [1]),
    "status 203": Kind({"a.warc": response(A, article(1), status="203 Non-Authoritative")}, [1]),
    "a part": Kind({"a.warc": response(A, article(1), status="206 Partial Content")}, [1], code=3),
    "two dates": Kind({"a.warc": ONE + response(A, article(1), date="2026-01-01T00:00:00Z")}, [1]),
    "resource": Kind({"a.warc": record("resource", A, article(1), "text/html")}, [1]),
    "conversion": Kind({"a.warc": record("conversion", A, article(1), "text/html")}, [1]),
    "a revisit": Kind({"a.warc": revisit(B, *ORIGINAL) + ONE}, [1]),
    "a revisit across files": Kind({"1.warc": revisit(B, *ORIGINAL), "2.warc": ONE}, [1], given=(".",)),
    "a revisit of nothing": Kind({"a.warc": ONE + revisit(B)}, [1], {"revisit_unresolved": 1}, 3),
    "a platform's page": Kind(
        {"a.warc": response("https://www.instagram.com/p/DKq4bC_EfG7/", article(9)) + ONE},
        [1], {"platform_page": 1},
    ),
    "WACZ": Kind({"a.wacz": pack("https://n.test/%C3%A4")}, [1], UNLISTED),
    "WACZ, a fragment": Kind({"a.wacz": pack("https://n.test/%C3%A4#comments")}, [1], UNLISTED),
    "WACZ, a slash": Kind({"a.wacz": pack("https://n.test/%C3%A4/")}, [1], UNLISTED),
    "WACZ, the host's case": Kind({"a.wacz": pack("https://N.Test/%C3%A4")}, [1], UNLISTED),
    "WACZ, http": Kind({"a.wacz": pack("http://n.test/%C3%A4")}, [1], UNLISTED),
    "WACZ, an IRI": Kind({"a.wacz": pack("https://n.test/ä")}, [1], UNLISTED),
    "WACZ, a list that is not whole": Kind({"a.wacz": pack("https://n.test/other")}, [1], UNLISTED),
    "WACZ without pages": Kind({"a.wacz": pack()}, [1, 9]),
    "WACZ, a redirect before": Kind({"a.wacz": pack_hop(after=False)}, [1], {"redirect": 1}),
    "WACZ, a redirect behind": Kind({"a.wacz": pack_hop(after=True)}, [1], {"redirect": 1}),
    "several WACZ in one": Kind({"a.wacz": nest}, BOTH),
    "WACZ named .zip": Kind({"a.zip": pack()}, [1, 9]),
    # --------------------------------------------------------------------------------------------- damaged, and mixed
    "a cut WARC": Kind({"a.warc.gz": gzip.compress(ONE) + gzip.compress(TWO)[:-99]}, [1], code=3),
    "a WARC with rubbish": Kind({"a.warc": ONE + b"x\n" * 9 + TWO}, BOTH, {"damaged": 1}, 3),
    "what only says to be a WACZ": Kind({"a.wacz": b"PK\x03\x04 no"}, [], code=3),
    "a WARC without pages": Kind(
        {"a.warc": response(A, b"\xff\xd8", content_type="image/jpeg")}, [], {"other_type": 1, "nothing_found": 1}, 3,
    ),
    "a mixed folder": Kind(
        {
            "a.warc": ONE, "b.mhtml": mhtml(("f@m", B, article(2).decode())), "c.har": b'{"log": {',
            "d.arc": b"rubbish", "e.csv": f"url\n{A}\n".encode(), "f.docx": b"PK", "g.xyz": b"?", "h.html": article(3),
        },
        [1, 2, 3], {"damaged": 1, "list_in_folder": 1, "other_type": 1, "unknown_kind": 1}, 3, (".",),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KINDS)
def test_find_and_crawl_take_it_and_tell_the_same(
    name: str, tmp_path: Path, site: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kind, given = KINDS[name], tmp_path / "given"
    given.mkdir()
    for file, content in kind.files.items():
        (given / file).parent.mkdir(exist_ok=True)
        content(given / file) if callable(content) else (given / file).write_bytes(content)
    monkeypatch.chdir(given)
    arguments = kind.given or (next(iter(kind.files)),)

    found = run("find", *arguments, "--nl", *site)
    rows = [json.loads(line) for line in found.out.splitlines()]
    authors = {row["author_handle"] for row in rows if "author_handle" in row}
    done = run("crawl", *arguments, "--json", "--no-replay", "-a", tmp_path / "out", *site)
    with closing(sqlite3.connect(tmp_path / "out" / "embeds.db")) as conn:
        kept = {author for (author,) in conn.execute("SELECT DISTINCT author_handle FROM embeds")}

    assert authors == kept == {f"ann{n:02}" for n in kind.found}
    assert (found.code, done.code) == (kind.code, kind.code), found.err + done.err
    assert done.json["skipped"] == kind.told
    for reason, count in kind.told.items():
        assert f"{count} {LOST.get(reason, '')}" in found.err
    assert done.json["lost"] == sum(count for reason, count in kind.told.items() if reason in LOST)
