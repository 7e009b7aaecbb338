"""What a user points at becomes articles: addresses, lists, saved pages, folders, web archives."""

from __future__ import annotations

import gzip
import io
import json
import os
import zipfile
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from embedarchive.core.errors import SourceError
from embedarchive.sources import Seed, expand_seeds
from in_process import run

PAGE = b'<!doctype html><html><head><link rel="canonical" href="https://news.test/story"></head><body>Hi</body></html>'
BARE = b"<!doctype html><html><head><title>No address</title></head><body>Hi</body></html>"
WHEN = 1_773_064_800  # 2026-03-09T14:00:00Z


def save(path: Path, body: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    os.utime(path, (WHEN, WHEN))
    return path


def expand(*args: object, base_url: str | None = None, stdin: list[str] | None = None) -> list[Seed]:
    return list(expand_seeds([str(arg) for arg in args], base_url=base_url, stdin=stdin or []))


# ---------------------------------------------------------------------------------------------------------- addresses


def test_addresses_are_canonical_and_come_once() -> None:
    seeds = expand("HTTPS://News.Test:443/a#part", "https://news.test/a", "news.test/b?c=d", "http://bücher.test/")
    assert [(s.url, s.origin, s.fetch) for s in seeds] == [
        ("https://news.test/a", "argument", None),
        ("https://news.test/b?c=d", "argument", None),
        ("http://xn--bcher-kva.test/", "argument", None),
    ]


@pytest.mark.parametrize(
    "arg",
    [
        "ftp://news.test/a",
        "http://",
        "no such file.html",
        "./missing.html",
        "http://user@news.test/",
        "",
        "javascript:alert(1)",
        "x" * 5000,
        "nul\0",
    ],
)
def test_what_is_no_article_says_what_would_be(arg: str) -> None:
    with pytest.raises(SourceError, match="Nothing was done"):
        expand(arg)


def test_lists_hold_a_seed_on_a_line(tmp_path: Path) -> None:
    saved = save(tmp_path / "a.html", PAGE)
    lines = f"\ufeff# my list\nhttps://news.test/a#top\n\n  https://news.test/b  # why\r\n{saved}\n"
    listed = save(tmp_path / "list.txt", lines.encode())
    expected = ["https://news.test/a", "https://news.test/b", "https://news.test/story"]
    assert [s.url for s in expand(f"@{listed}")] == expected
    assert [s.url for s in expand("-", stdin=lines.splitlines(keepends=True))] == expected
    assert {s.origin for s in expand("-", stdin=["https://news.test/a"])} == {"-"}


def test_a_list_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"missing\.txt"):
        expand(f"@{tmp_path / 'missing.txt'}")


# -------------------------------------------------------------------------------------------------------- saved pages


@pytest.mark.parametrize("name", ["a.html", "a.HTM", "a.html.gz", "a.xhtml", "saved page", "article.php"])
def test_a_saved_page_comes_as_a_fetch(name: str, tmp_path: Path) -> None:
    path = save(tmp_path / name, gzip.compress(PAGE) if name.endswith(".gz") else PAGE)
    [seed] = expand(path)
    assert seed.fetch
    assert (seed.url, seed.fetch.url, seed.fetch.final_url) == ("https://news.test/story",) * 3
    assert (seed.fetch.outcome, seed.fetch.body, seed.fetch.content_type) == ("ok", PAGE, "text/html")
    assert (seed.fetch.source, seed.fetch.fetched_at) == (str(path), "2026-03-09T14:00:00.000Z")
    assert seed == expand(path)[0]


@pytest.mark.parametrize(
    ("head", "url"),
    [
        ('<link rel="shortlink canonical" href="https://a.test/x">', "https://a.test/x"),
        ("<LINK REL=Canonical HREF=https://a.test/x#y>", "https://a.test/x"),
        ('<meta property="og:url" content="https://a.test/og">', "https://a.test/og"),
        (
            '<meta property="og:url" content="https://a.test/og"><link rel=canonical href="https://a.test/c">',
            "https://a.test/c",
        ),
        (
            '<link rel=canonical href="javascript:alert(1)"><meta property="og:url" content="https://a.test/og">',
            "https://a.test/og",
        ),
        ("<!-- saved from url=(0016)https://a.test/s -->", "https://a.test/s"),
        ("<!-- saved from url=(0016)https://a.test/s --><link rel=canonical href=/c>", "https://a.test/c"),
        ("<!--\n Page saved with SingleFile \n url: https://a.test/sf \n saved date: x\n-->", "https://a.test/sf"),
        ("</head><body><link rel=canonical href=https://a.test/in-body>", None),
        ("", None),
    ],
)
def test_a_saved_page_says_its_address(head: str, url: str | None, tmp_path: Path) -> None:
    path = save(
        tmp_path / "a.html", f"<!doctype html><html><head>{head}<title>T</title></head><body></body></html>".encode()
    )
    assert expand(path)[0].url == (url or path.as_uri())
    assert expand(path, base_url="https://b.test/mine")[0].url == "https://b.test/mine"


def test_a_plain_text_article_is_text(tmp_path: Path) -> None:
    [seed] = expand(save(tmp_path / "story.txt", "View this post on Instagram 🕊".encode()))
    assert seed.fetch
    assert (seed.fetch.content_type, seed.url) == ("text/plain", (tmp_path / "story.txt").as_uri())
    assert expand((tmp_path / "story.txt").as_uri())[0] == seed


def test_a_folder_gives_its_pages_in_order_and_nothing_else(tmp_path: Path) -> None:
    for name, body in {
        "b/2.html": BARE,
        "b/1.html.gz": gzip.compress(BARE),
        "a.htm": BARE,
        "c/story": BARE,
        "c/photo.jpg": b"\xff\xd8\xff",
        "c/style.css": b"p { }",
        ".hidden.html": BARE,
    }.items():
        save(tmp_path / "site" / name, body)
    (tmp_path / "site/loop").symlink_to(tmp_path / "site", target_is_directory=True)
    seeds = expand(tmp_path / "site")
    assert [Path(s.origin).relative_to(tmp_path / "site").as_posix() for s in seeds] == [
        "a.htm",
        "b/1.html.gz",
        "b/2.html",
        "c/story",
    ]
    assert [s.url for s in expand(tmp_path / "site", base_url="https://news.test/x/")][
        -1
    ] == "https://news.test/x/c/story"


def test_a_page_cut_short_is_marked(tmp_path: Path) -> None:
    [seed] = expand(save(tmp_path / "a.html.gz", gzip.compress(PAGE * 500)[:-20]))
    assert seed.fetch
    assert seed.fetch.truncated == "incomplete"
    assert (PAGE * 500).startswith(seed.fetch.body)


def test_a_bomb_in_a_folder_is_cut(tmp_path: Path) -> None:
    save(tmp_path / "bomb.html.gz", gzip.compress(b"\0" * (110 << 20)))
    [seed] = expand(tmp_path)
    assert seed.fetch
    assert (seed.fetch.truncated, len(seed.fetch.body)) == ("too_large", 100 << 20)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="is no HTML, text"):
        expand(save(tmp_path / "photo.jpg", b"\xff\xd8\xff"))


# ------------------------------------------------------------------------------------------------------- web archives


def warc(*records: tuple[str, str, list[tuple[str, str]], bytes], gz: bool = True) -> bytes:
    """A WARC of responses: url, status line, headers, body."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gz)
    out_of_place = writer.create_warc_record("urn:text:x", "resource", payload=io.BytesIO(PAGE))
    writer.write_record(out_of_place)
    for url, status, headers, body in records:
        http = StatusAndHeaders(status, headers, protocol="HTTP/1.1")
        extra = {"WARC-Date": "2019-05-06T07:08:09Z", "WARC-IP-Address": "203.0.113.7"}
        writer.write_record(
            writer.create_warc_record(
                url, "response", payload=io.BytesIO(body), http_headers=http, warc_headers_dict=extra
            )
        )
    return out.getvalue()


HTML = [("Content-Type", "text/html; charset=utf-8")]
RECORDS = [
    ("https://news.test/one", "200 OK", [*HTML, ("Set-Cookie", "sid=s3cret")], PAGE),
    ("https://news.test/photo.jpg", "200 OK", [("Content-Type", "image/jpeg")], b"\xff\xd8"),
    ("https://news.test/gone", "404 Not Found", HTML, BARE),
    ("https://news.test/two", "200 OK", [*HTML, ("Content-Encoding", "gzip")], gzip.compress(BARE)),
    ("https://frames.test/ad", "200 OK", HTML, BARE),
]


@pytest.mark.parametrize("name", ["crawl.warc.gz", "crawl.warc", "crawl"])
def test_a_warc_gives_its_pages_with_their_own_dates(name: str, tmp_path: Path) -> None:
    path = save(tmp_path / name, warc(*RECORDS, gz=name.endswith(".gz")))
    seeds = expand(path)
    assert [s.url for s in seeds] == ["https://news.test/one", "https://news.test/two", "https://frames.test/ad"]
    one, two = seeds[0].fetch, seeds[1].fetch
    assert one
    assert two
    assert (one.body, two.body) == (PAGE, BARE)
    assert (one.fetched_at, one.status, one.remote_address) == ("2019-05-06T07:08:09.000Z", 200, "203.0.113.7")
    assert (one.source, one.content_type) == (str(path), "text/html; charset=utf-8")
    assert "s3cret" not in repr(seeds)


def wacz(path: Path, pages: list[str] | None, body: bytes, name: str = "archive/data.warc.gz") -> Path:
    with zipfile.ZipFile(path, "w") as out:
        out.writestr(name, body)
        if pages is not None:
            lines = [{"format": "json-pages-1.0"}, *({"url": url} for url in pages)]
            out.writestr("pages/pages.jsonl", "\n".join(map(json.dumps, lines)))
    return path


def test_a_wacz_gives_what_its_crawl_called_pages(tmp_path: Path) -> None:
    hop = ("https://news.test/short", "301 Moved", [("Location", "/two")], b"")
    body = warc(hop, *RECORDS)
    listed = wacz(tmp_path / "a.wacz", ["https://news.test/one", "https://news.test/short"], body)
    assert [s.url for s in expand(listed)] == ["https://news.test/one", "https://news.test/two"]
    assert len(expand(wacz(tmp_path / "b.wacz", None, body))) == 3


def test_a_wacz_is_read_without_unpacking_it_anywhere(tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    path = wacz(tmp_path / "x/a.wacz", None, warc(*RECORDS), "archive/../../evil.warc.gz")
    assert len(expand(path)) == 3
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.wacz", "x"]


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.95])
def test_a_damaged_warc_gives_what_is_whole_and_says_that_it_is_damaged(cut: float, tmp_path: Path) -> None:
    whole = warc(
        *((f"https://news.test/{i}", "200 OK", HTML, os.urandom(3000).hex().encode()) for i in range(10)), gz=False
    )
    seeds = expand(save(tmp_path / "a.warc", whole[: int(len(whole) * cut)]))
    fetches = [s.fetch for s in seeds if s.fetch]
    assert 1 <= len([f for f in fetches if f.truncated is None and f.outcome == "ok"]) < 10
    assert fetches[-1].truncated or fetches[-1].reason == "damaged"


@pytest.mark.parametrize(
    "junk", [b"", b"WARC/1.0\r\njunk", b"WARC/1.0\r\nWARC-Type: response", b"PK\x03\x04junk", b"\x1f\x8bjunk"]
)
@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.wacz"])
def test_junk_is_no_crash(junk: bytes, name: str, tmp_path: Path) -> None:
    seeds = expand(save(tmp_path / name, junk))
    assert all(s.fetch and s.fetch.outcome == "failed" and s.fetch.reason == "damaged" for s in seeds)


def test_a_list_of_pages_that_cannot_be_read_lists_none(tmp_path: Path) -> None:
    path = wacz(tmp_path / "a.wacz", None, warc(*RECORDS))
    with zipfile.ZipFile(path, "a") as out:
        out.writestr("pages/pages.jsonl", "[" * 100_000)
    assert len(expand(path)) == 3


def test_a_web_archive_does_not_speak_to_the_terminal(tmp_path: Path) -> None:
    """Neither what is told of it, nor what the library that reads it has to say: that quotes what it cannot read."""
    head = "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://news.test/a \x1b]0;pwned\x07 b\r\n"
    rest = "WARC-Date: 2026-01-01T00:00:00Z\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {}\r\n\r\n"
    page = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>\x1b[31mred</p>"
    records = [f"{head}{rest.format(length)}{page}\r\n\r\n" for length in (len(page), len(page), len(page) - 30)]
    (tmp_path / "a.warc").write_bytes("".join(records).encode())
    for command in (("find",), ("crawl", "--dry-run")):
        done = run(*command, tmp_path / "a.warc")
        assert not set("\x1b\x07") & set(done.out + done.err)
        assert "damaged" in done.out + done.err
        assert "WARNING" not in done.err


def test_a_length_beyond_every_machine_is_damage(tmp_path: Path) -> None:
    before, name, after = warc(RECORDS[0], gz=False).rpartition(b"Content-Length: ")
    [seed] = expand(save(tmp_path / "a.warc", before + name + b"9" * 20 + after))
    assert seed.fetch
    assert seed.fetch.reason == "damaged" or seed.fetch.truncated


def test_a_real_warc_like_folder_mixes_pages_and_archives(tmp_path: Path) -> None:
    save(tmp_path / "a.html", PAGE)
    save(tmp_path / "b.warc.gz", warc(*RECORDS))
    assert len(expand(tmp_path)) == 4


# ---------------------------------------------------------------------------------------------------- real saved pages


@pytest.mark.shared
def test_real_saved_pages_are_read_with_their_addresses(shared: Path) -> None:
    seeds = expand(shared / "corpus/pages")
    assert len(seeds) == len(list((shared / "corpus/pages").glob("*.gz")))
    assert all(s.fetch and s.fetch.truncated is None for s in seeds)
    assert sum(s.url.startswith("http") for s in seeds) / len(seeds) > 0.95
