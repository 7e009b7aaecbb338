"""Put made-up and spoiled input to whatever reads what others wrote, and look for what must never come of it.

usage: python bench/fuzz.py [TARGET ...] [--minutes M] [--lanes N] [--seed N] [--log]

Hypothesis makes the input: whole ones spoiled (bits turned, pieces cut out, repeated, moved, put in from a list of what has
meaning there), or such pieces alone. A target is a function here: it gives what is to be tried and a check, which raises
where a promise does not hold; an error that the reader's docstring names is no finding. Each target has its time (ten minutes
unless told otherwise), in rounds with seeds that follow from the first one; `--lanes` targets are at work at a time, each in
a process of its own. What is found is shrunk and told, and belongs into a test. `--log` writes bench/results/fuzz.md; the
last line, on standard output, is one JSON object.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import sqlite3
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from protego import Protego
from selectolax.lexbor import LexborHTMLParser
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from archive_builder import build_archive
from embedarchive.browser.login import read_login
from embedarchive.browser.secrets import forget_text, read_secrets
from embedarchive.conformance.reading import find_readings, make_page
from embedarchive.core.completeness import name_file
from embedarchive.core.errors import EmbedArchiveError, RefusedError, SourceError, UsageError
from embedarchive.core.model import Answer, Page, Post
from embedarchive.core.urls import canonicalize_url, is_canonical
from embedarchive.detect import find_embeds, identify_post
from embedarchive.detect.anything import find_pasted, identify_anything
from embedarchive.detect.claims import read_claim
from embedarchive.egress.policy import canonicalize_host
from embedarchive.egress.request import Refused, find_response_head, read_request
from embedarchive.fetch.body import Body
from embedarchive.library import lookup, search
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.recorded import NOT_RECORDED, PAGE, describe_recorded, judge_recorded
from embedarchive.platforms.kit.specification import Platform
from embedarchive.show.snapshot import render_sanitised
from embedarchive.show.tags import sanitize
from embedarchive.show.terminal import escape_terminal
from embedarchive.sources import canonicalize_article
from embedarchive.sources.auto_archiver import is_sheet, read_file, read_sheet
from embedarchive.sources.intake import Intake
from embedarchive.sources.listing import MAX_ENTRIES, find_listing
from embedarchive.sources.saved import read_har, read_mhtml
from embedarchive.sources.warcs import read_web_archive
from embedarchive.store import open_reader
from embedarchive.store.header import Header
from embedarchive.store.sidefiles import find_strangers
from spellings import PLACES, SPELLINGS  # type: ignore[attr-defined]  # of tests/; bench/ has one too

ROUND = 1_000
"""Examples to a round: after it the clock is looked at."""
RESULT = Path(__file__).parent / "results" / "fuzz.md"


IN_QUOTES = re.compile(r"""(?<=["'])(?:https?:)?\\?/\\?/[^"'\s<>]*""")
VALUE = re.compile(rb'"([^"<>]{0,300})"')
"""An address, and whatever else stands in quotes: an attribute's value, or a text of JSON."""


@dataclass(frozen=True)
class Target:
    """What is tried, and the check, which raises where a promise does not hold. `promise` is said in the log."""

    promise: str
    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], object]


# ----------------------------------------------------------------------------------------------------------- made input


@st.composite
def spoiled(draw: st.DrawFn, wholes: tuple[bytes, ...], words: tuple[bytes, ...] = ()) -> bytes:
    """One of `wholes` with up to six things done to it; `words` are pieces that have a meaning there."""
    data = bytearray(draw(st.sampled_from(wholes)))
    for _ in range(draw(st.integers(0, 6))):
        at, length = draw(st.integers(0, max(len(data) - 1, 0))), draw(st.integers(0, 64))
        match draw(st.sampled_from(["turn", "cut", "end", "repeat", "move", "noise", "word", "value"])):
            case "turn" if data:
                data[at] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del data[at : at + length]
            case "end":
                del data[at:]
            case "repeat":
                data[at:at] = data[at : at + length] * draw(st.integers(1, 50))
            case "move":
                piece = data[at : at + length]
                del data[at : at + length]
                to = draw(st.integers(0, len(data)))
                data[to:to] = piece
            case "noise":
                data[at:at] = draw(st.binary(max_size=12))
            case "value" if words and (values := list(VALUE.finditer(data))):
                start, end = draw(st.sampled_from(values)).span(1)
                data[start:end] = draw(st.sampled_from(words))
            case _ if words:
                data[at : at + draw(st.integers(0, 8))] = draw(st.sampled_from(words))
    return bytes(data)


def pieces(words: tuple[str, ...], longest: int = 12) -> st.SearchStrategy[str]:
    """Texts of pieces that have a meaning, and of any characters."""
    return st.lists(st.sampled_from(words) | st.text(max_size=6), max_size=longest).map("".join)


ADDRESSES = tuple(example.url for platform in PLATFORMS for example in platform.examples if example.url)
MARKUP = tuple(
    f'<div><blockquote class="{name}" data-instgrm-permalink="{url}"><p>Words &amp; more</p>&mdash; A (@a) '
    f'<a href="{url}">May 3, 2021</a></blockquote><iframe src="{url}"></iframe><script>var a = "{url}";</script></div>'
    for url, name in zip(ADDRESSES, ["instagram-media", "twitter-tweet", "x"] * len(ADDRESSES), strict=False)
)
TAGS = ("<", ">", "</", "<!--", "-->", "<![CDATA[", "<script>", "</script>", "<iframe src=", "<template>", "<svg>", "<math>",
        "<blockquote class=twitter-tweet>", "<noscript>", "srcdoc='", "&lt;", "&#x", "&amp;", '"', "'", "=", "\0", "\ufeff",
        "onerror=", "javascript:", "style=", "<a href=", "<base href=", "<meta http-equiv=refresh content='0;url=x'>",
        "https://x.com/a/status/1349129669258448897", "instagram.com/p/CpQ9x1mNq8r/")  # fmt: skip
TAG_BYTES = tuple(tag.encode() for tag in TAGS)


READINGS = tuple(
    (platform, reading, post)
    for platform in PLATFORMS
    for reading in find_readings(platform.name)
    if platform.visit and (reading.page or reading.answers) and (post := identify_post(reading.url))
)
PAGE_WORDS = (*TAG_BYTES, b"http://[", b"https://[x]/", b"//[", b"null", b"[]", b"{}", b"1e999", b"-1", b'""', b"true", b"[",
              b"]", b"{", b"99999999999999999999", b"\\ud800", b"2026-13-45T99:99:99Z")  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- targets


def finder(_: Path) -> Target:
    def check(page: bytes) -> None:
        found = find_embeds(page, url="https://news.test/a", mentions=True, unknown=True)
        positions = [embed.position for embed in found.embeds]
        assert positions == sorted(set(positions)), "positions count in reading order"
        for embed in found.embeds:
            json.dumps(embed.claim.text or "").encode()

    wholes = tuple(text.encode() for text in MARKUP)
    promise = "any bytes are searched, and what is found is in reading order"
    return Target(promise, spoiled(wholes, TAG_BYTES) | pieces(TAGS).map(lambda t: t.encode("utf-8", "replace")), check)


def claims(_: Path) -> Target:
    def check(asked: tuple[str, Any]) -> None:
        claim = read_claim(*asked)
        if claim.posted_at:
            assert re.match(r"\d{4}-\d\d-\d\d", claim.posted_at), claim.posted_at

    texts = st.sampled_from(MARKUP).flatmap(lambda m: pieces((*TAGS, m[: len(m) // 2], m), 6))
    platform = st.sampled_from([*PLATFORMS, None])
    return Target("any markup is read as a claim, whose date is one", st.tuples(texts, platform), check)


def pasted(_: Path) -> Target:
    def check(text: str) -> None:
        identify_anything(text)
        find_pasted(text)

    words = (*ADDRESSES, "https://", "web.archive.org/web/2020/", "?url=", "%2F", "%25", "](", "<", "@", ":", "[", "]", "#",
             "instagram:", "at://", "spotify:", "…")  # fmt: skip
    return Target("any text pasted is understood or not, and nothing is raised", pieces(words), check)


@st.composite
def spoiled_readings(draw: st.DrawFn) -> tuple[Platform, Post, Page]:
    """What a visit may bring back of a post, one text of it spoiled."""
    platform, reading, post = draw(st.sampled_from(READINGS))
    page = make_page(platform, reading, post)
    texts = [page.dom.encode(), *(answer.body.encode() for answer in page.answers)]
    which = draw(st.integers(0, len(texts) - 1))
    text = draw(spoiled((texts[which],), PAGE_WORDS)).decode("utf-8", "replace")
    if draw(st.booleans()):
        text = IN_QUOTES.sub(draw(st.sampled_from(["http://[", "//[", "https://[x]/p/1", "?", "#", "/"])), text)
    if which == 0:
        return platform, post, replace(page, dom=text, body=text)
    answers = list(page.answers)
    answers[which - 1] = replace(answers[which - 1], body=text)
    return platform, post, replace(page, answers=tuple(answers))


def platform_pages(_: Path) -> Target:
    def check(made: tuple[Platform, Post, Page]) -> None:
        platform, post, page = made
        assert platform.visit
        platform.visit.classify(page, post)
        for file in platform.visit.describe(page, post).media:
            name_file(file)

    return Target("any page in a post's place is judged and described", spoiled_readings(), check)


def addresses(_: Path) -> Target:
    def check(text: str) -> None:
        if is_canonical(text):
            assert canonicalize_url(text) == text, "what is canonical at a glance is so"
        canonicalize_url(text)
        with contextlib.suppress(RefusedError):
            once = canonicalize_article(text)
            assert canonicalize_article(once) == once, "canonical is final"

    words = ("http://", "https://", "HTTPS://WWW.", "a.test", ":443", ":80", "/amp", "/amp/", "?amp=1", "&utm_source=x", "#",
             "?", "=", "%2f", "//", "..", "/", "index.html", "[::1]", "@", "\\", "xn--", "ß", "。")  # fmt: skip
    return Target("an address is refused, or its canonical form is final", pieces(words), check)


def make_warc(*, gz: bool) -> bytes:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=gz)
    for url, kind in (("https://news.test/one", "text/html"), ("https://news.test/p.jpg", "image/jpeg")):
        head = StatusAndHeaders(
            "200 OK", [("Content-Type", kind), ("Transfer-Encoding", "chunked")], protocol="HTTP/1.1"
        )
        body = io.BytesIO(b"1a\r\n<html><title>A</title></html\r\n0\r\n\r\n")
        writer.write_record(writer.create_warc_record(url, "response", payload=body, http_headers=head))
        writer.write_record(
            writer.create_revisit_record(url, "sha1:AAAA", url, "2020-01-01T00:00:00Z", http_headers=head)
        )
    return out.getvalue()


def _reads_web_archive(path: Path) -> Callable[[bytes], None]:
    def check(data: bytes) -> None:
        path.write_bytes(data)
        with contextlib.suppress(SourceError):
            for each in read_web_archive(path, Intake()):
                assert each.fetch or each.url

    return check


def warc(folder: Path) -> Target:
    words = (b"WARC/1.0\r\n", b"Content-Length: ", b"99999999999999999999", b"-1", b"\r\n\r\n", b"WARC-Type: revisit\r\n",
             b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: gzip\r\n", b"filedesc://", b"HTTP/1.1 ",
             b"\x1f\x8b\x08")  # fmt: skip
    promise = "a damaged WARC gives what is whole, and says that it is damaged"
    inputs = spoiled((make_warc(gz=False), make_warc(gz=True)), words)
    return Target(promise, inputs, _reads_web_archive(folder / "a.warc"))


def wacz(folder: Path) -> Target:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("archive/data.warc.gz", make_warc(gz=True))
        package.writestr("archive/plain.warc", make_warc(gz=False))
        package.writestr("pages/pages.jsonl", '{"format": "json-pages-1.0"}\n{"url": "https://news.test/one"}\n')
        package.writestr("datapackage.json", "{}")
    words = (
        b"PK\x03\x04",
        b"PK\x01\x02",
        b"PK\x05\x06",
        b"\xff\xff\xff\xff",
        b"\0\0\0\0",
        b"../",
        b"{}",
        b"[]",
        b"\x63\0",
    )
    promise = "a damaged WACZ gives what is whole, and says that it is damaged"
    return Target(promise, spoiled((out.getvalue(),), words), _reads_web_archive(folder / "a.wacz"))


def _reads_listing(data: bytes) -> None:
    listing = find_listing(data, "https://news.test/list")
    for entry in listing.entries if listing else ():
        assert re.match(r"https?://", entry.url), entry.url
    assert listing is None or len(listing.entries) <= MAX_ENTRIES


XML_WORDS = (b"<!DOCTYPE a [<!ENTITY b 'c'>]>", b"&b;", b"<![CDATA[", b"]]>", b"<?xml version='1.0' encoding='utf-16'?>",
             b"<loc>", b"</loc>", b"<url>", b"http://[", b"javascript:", b"//x", b"&#0;", b"&amp;", b"\xff\xfe", b"<link href=",
             b"2026-13-45", b"Thu, 99 Foo 0000", b"<item>", b"</item>", b"<content:encoded>")  # fmt: skip


def sitemap(_: Path) -> Target:
    whole = (
        b'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
        b"<url><loc>https://news.test/a?x=1&amp;y=2</loc><lastmod>2026-01-02T03:04:05+01:00</lastmod></url>"
        b"<url><loc> /b </loc></url></urlset>"
    )
    index = whole.replace(b"urlset", b"sitemapindex").replace(b"url>", b"sitemap>")
    inputs = spoiled((whole, index, zlib.compress(whole, wbits=31)), XML_WORDS)
    return Target("any bytes are a listing of http addresses, or none", inputs, _reads_listing)


def feed(_: Path) -> Target:
    rss = (
        b'<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><link>https://news.test/</link>'
        b"<item><link>https://news.test/a</link><guid>x</guid><pubDate>Thu, 05 Mar 2026 10:00:00 GMT</pubDate>"
        b"<content:encoded><![CDATA[<p>A</p>]]></content:encoded></item></channel></rss>"
    )
    atom = (
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><link rel="alternate" href="/a"/>'
        b"<updated>2026-03-05T10:00:00Z</updated>"
        b'<content type="html">&lt;p&gt;A</content></entry></feed>'
    )
    data = b'{"version":"https://jsonfeed.org/version/1.1","items":[{"id":"1","url":"/a","content_html":"<p>A","date_published":"x"}]}'
    words = (*XML_WORDS, b"null", b"[]", b"{}", b"1e999", b'"', b"\\ud800", b"[[[[[[[[[[")
    return Target("any bytes are a feed of http addresses, or none", spoiled((rss, atom, data), words), _reads_listing)


def robots(_: Path) -> Target:
    def check(asked: tuple[bytes, str]) -> None:
        rules = Protego.parse(asked[0].decode("utf-8-sig", "replace"))
        rules.can_fetch(canonicalize_url(asked[1]), "embedarchive")
        delay = rules.crawl_delay("embedarchive")
        assert delay is None or float(delay) >= 0

    whole = b"User-agent: *\nDisallow: /a*b$\nAllow: /\nCrawl-delay: 2\n\nUser-agent: embedarchive\nDisallow: /x?"
    words = (b"*" * 40, b"$", b"%", b"%ff", b"Disallow: ", b"Crawl-delay: -1", b"Crawl-delay: nan", b"Request-rate: 1/0", b"\0",
             b"\r", b"Visit-time: ", b"User-agent:", b"Crawl-delay: 1e999", b"http://[")  # fmt: skip
    paths = pieces(("/", "a", "b", "%", "%2F", "?", "*", "$", "é", "]", "["))
    inputs = st.tuples(spoiled((whole,), words), paths.map("https://news.test/".__add__))
    return Target("any robots.txt is read, and answers for any path", inputs, check)


def _open_small(folder: Path) -> sqlite3.Connection:
    path = folder / "embeds.db"
    return open_reader(path if path.exists() else build_archive(path))


def words(folder: Path) -> Target:
    conn = _open_small(folder)

    def check(text: str) -> None:
        for hit in search(conn, text):
            assert any(matched for _, matched in hit.pieces), "what is found says why"

    terms = ("ferry", "quay", '"', "'", "*", "NEAR(", "AND", "OR", "NOT", "-", "^", ":", "+", "{", "}", "(", ")",
             "author_handle :", " ", "街", "\0", "%", "_", "\u0301", "🕊")  # fmt: skip
    return Target("any words are searched for as words", pieces(terms), check)


def looking_up(folder: Path) -> Target:
    conn = _open_small(folder)

    def check(text: str) -> None:
        assert lookup(conn, text).tried or not text.replace("\0", " ").strip()

    terms = (
        *ADDRESSES[:80],
        "' OR 1=1 --",
        '"',
        "@",
        "instagram:",
        "https://",
        "://",
        "marit.solheim.foto",
        "%",
        "\0",
        " ",
        "<",
    )
    return Target("anything pasted is looked up, and what was tried is said", pieces(terms), check)


def storage_state(folder: Path) -> Target:
    path = folder / "state.json"

    def check(data: bytes) -> None:
        path.write_bytes(data)
        with contextlib.suppress(UsageError):
            login = read_login(path, 1_700_000_000.0)
            assert "s3cret" not in repr(login)
            assert isinstance(login.secrets.values, frozenset)
            assert login.script
            assert isinstance(login.sites, tuple)

    cookie = {"name": "sid", "value": "s3cret-s3cret", "domain": ".x.com", "path": "/", "expires": -1, "httpOnly": True}
    origin = {"origin": "https://x.com", "localStorage": [{"name": "t", "value": '{"token": "s3cret-s3cret"}'}]}
    whole = json.dumps(
        {"cookies": [cookie, {**cookie, "sameSite": "Lax", "expires": 1.9e9}], "origins": [origin]}
    ).encode()
    replaced = (
        b"null",
        b"[]",
        b"{}",
        b"1e999",
        b"-1",
        b'""',
        b"NaN",
        b"true",
        b"[[",
        b"\xff",
        b"\xef\xbb\xbf",
        b"\\ud800",
    )
    return Target("a storage state is read or refused in words, and shows no value", spoiled((whole,), replaced), check)


def archive_file(folder: Path) -> Target:
    """The first pages of an archive, which hold its header and its schema."""
    whole = build_archive(folder / "whole.db").read_bytes()
    path = folder / "spoiled.db"
    questions = (
        "SELECT count(*) FROM posts",
        "SELECT * FROM captures",
        "SELECT key FROM posts",
        "SELECT * FROM conclusions",
    )

    def check(start: bytes) -> None:
        path.write_bytes(start + whole[len(start) :])
        try:
            with contextlib.closing(open_reader(path)) as conn:
                for question in questions:
                    conn.execute(question).fetchall()
        except EmbedArchiveError as error:
            told = str(error)
        else:
            told = str(path)
        assert str(path) in told, "the message names the file"

    replaced = (b"CREATE ", b"VIEW", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x02\x02", b"\x01\x01", b"SQLite format 3\0")
    inputs = spoiled((whole[:100], whole[:4096], whole[: 4096 * 12]), replaced)
    return Target("an archive with a damaged beginning is told in a sentence that names it", inputs, check)


def side_files(folder: Path) -> Target:
    path = build_archive(folder / "beside.db")
    with contextlib.closing(sqlite3.connect(path)) as conn:
        conn.execute("PRAGMA journal_mode = wal")
        conn.execute("CREATE TABLE extra (x)")
        conn.commit()
        log = path.with_name("beside.db-wal").read_bytes()
    log_path, journal = path.with_name("beside.db-wal"), path.with_name("beside.db-journal")

    def check(data: bytes) -> None:
        for beside in (log_path, journal):
            beside.write_bytes(data)
        for stranger in find_strangers(path):
            assert stranger in (log_path, journal)
        Header.parse(data[:100].ljust(100, b"\0"))

    first = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + (1).to_bytes(4, "big") * 4 + (512).to_bytes(4, "big") * 2
    wholes = (log[:4200], first.ljust(512, b"\0") + (1).to_bytes(4, "big") + bytes(4100))
    replaced = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\1", b"\x37\x7f\x06\x82", b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7")
    return Target("any log and journal is known as an archive's own or another's", spoiled(wholes, replaced), check)


def door_requests(_: Path) -> Target:
    def check(data: bytes) -> None:
        with contextlib.suppress(Refused):
            request, _ = read_request(data)
            if not request.is_tunnel:
                assert request.head.count(b"\r\n\r\n") == 1
                assert request.head.lower().count(b"\r\nhost:") == 1
                assert b"\r\nproxy-authorization:" not in request.head.lower()
            with contextlib.suppress(RefusedError):
                host = canonicalize_host(request.host)
                assert re.fullmatch(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", host), host
        find_response_head(data)

    wholes = (
        b"GET http://a.test/x?y HTTP/1.1\r\nHost: a.test\r\nProxy-Authorization: Basic eA==\r\nContent-Length: 2\r\n\r\nhi",
        b"CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n",
        b"GET http://::1:81/ HTTP/1.1\r\nHost: [::1]:81\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nConnection: keep-alive\r\n\r\n",
    )
    replaced = (b"\r\n", b"\n", b"\r", b" ", b"\0", b":", b"Host: b.test\r\n", b"Transfer-Encoding: chunked\r\n", b"@", b"[",
                b"]", b"\\", b"\t", b"\r\n ", b"Content-Length: 3\r\n", b"%0d%0a")  # fmt: skip
    return Target("what the door passes on is one request to one host", spoiled(wholes, replaced), check)


def codings(_: Path) -> Target:
    most = 200_000
    page = b"<html>" + b"A story. " * 200 + b"</html>"
    gzipped = zlib.compress(page, wbits=31)
    bomb = zlib.compress(bytes(5_000_000), wbits=31)

    def check(asked: tuple[bytes, tuple[str, ...], int]) -> None:
        data, applied, step = asked
        body = Body(applied, most)
        for at in range(0, len(data), step):
            if not body.add(data[at : at + step]):
                break
        body.finish(framed=True)
        assert len(body.data) <= most
        if applied == ("gzip",) and body.truncated is None and data:
            assert bytes(body.data) == b"".join(_inflate(data)), "what counts as whole is whole"

    codes = st.lists(st.sampled_from(["gzip", "deflate", "br", "zstd"]), min_size=1, max_size=2).map(tuple)
    inputs = st.tuples(spoiled((gzipped, bomb, zlib.compress(gzipped), page)), codes, st.integers(1, 4096))
    return Target("a body stays within its bound, and what was cut is never whole", inputs, check)


def _inflate(data: bytes) -> list[bytes]:
    import gzip

    try:
        return [gzip.decompress(data)]
    except (OSError, EOFError, zlib.error):
        inflater = zlib.decompressobj(31)
        return [inflater.decompress(data)]


def saved_pages(_: Path) -> Target:
    mhtml = (
        b"MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=b\r\nDate: Thu, 5 Mar 2026 10:00:00 +0000\r\n"
        b"Snapshot-Content-Location: https://news.test/a\r\n\r\n--b\r\nContent-Type: text/html; charset=utf-8\r\n"
        b"Content-Transfer-Encoding: quoted-printable\r\nContent-Location: https://news.test/a\r\n\r\n<p>A=3D</p>\r\n--b--\r\n"
    )
    entry = {"startedDateTime": "2026-03-05T10:00:00Z", "request": {"url": "https://news.test/a", "method": "GET"},
             "pageref": "p", "response": {"status": 200, "headers": [{"name": "Content-Type", "value": "text/html"}],
                          "content": {"mimeType": "text/html", "text": "PHA+QTwvcD4=", "encoding": "base64"}}}  # fmt: skip
    har = json.dumps(
        {"log": {"pages": [{"id": "p", "startedDateTime": "2026-03-05T10:00:00Z"}], "entries": [entry]}}
    ).encode()

    def check(data: bytes) -> None:
        read_mhtml(data)
        with contextlib.suppress(ValueError):
            list(read_har(data))

    replaced = (b"null", b"[]", b"{}", b"1e999", b'""', b"--b", b"base64", b"boundary=", b"\r\n\r\n", b"charset=x",
                b"=?utf-8?b?x?=", b"Date: x", b"\\ud800", b"<iframe src=cid:x>")  # fmt: skip
    return Target("a saved page is read, or refused as none", spoiled((mhtml, har), replaced), check)


def sheets(folder: Path) -> Target:
    """What auto-archiver wrote down, of any form."""
    (folder / "a.jpg").write_bytes(b"\xff\xd8\xff")
    url = "https://www.instagram.com/p/C79gQqLpkul/"
    said = f"{{'_processed_at': datetime.datetime(2024, 3, 9, tzinfo=datetime.timezone.utc), 'url': '{url}', 'title': 'T'}}"
    media = "[{'filename': 'a.jpg', '_key': 'a.jpg', 'urls': ['./a.jpg'], 'properties': {'hash': 'SHA-256:0'}}]"
    database = f'status,metadata,media\ninsta post: success,"{said}","{media}"\n'.encode()
    sheet = f"Link,Archive status,Archive location,Archive date\n{url},insta post: success,a.jpg,2024-03-09\n".encode()
    told = {"status": "x", "metadata": {"url": url, "timestamp": "2024-03-09"}, "media": [{"urls": ["a.jpg"]}]}

    def check(data: bytes) -> None:
        for ending in ("csv", "json"):
            path = folder / f"s.{ending}"
            path.write_bytes(data)
            is_sheet(path)
            with contextlib.suppress(SourceError):
                for row in read_sheet(path):
                    for file in row.files if row else ():
                        assert file.path is None or file.path.parent == folder, file.path
                        read_file(file)

    replaced = (b"__import__('os')", b"[" * 300, b"{", b"'\\ud800'", b"../", b"/etc/passwd", b"http://[", b"9" * 5000, b"None",
                b"datetime.datetime(1)", b"\x00", b'"', b"\r", b"SHA-256:", b"-" * 200, b"lambda: 0", b"{**{}}")  # fmt: skip
    wholes = (database, sheet, json.dumps(told).encode())
    return Target("a sheet is read, and no file but those beside it", spoiled(wholes, replaced), check)


def public_pages(_: Path) -> Target:
    """A post's own page, in schema.org's forms and platforms' own."""
    post = identify_post("https://www.youtube.com/watch?v=jNQXAC9IVRw")
    assert post is not None
    said = {
        "@type": "VideoObject",
        "url": post.url,
        "name": "T",
        "author": {"name": "A"},
        "mainEntity": {},
        "thumbnailUrl": [],
    }
    head = f'<link rel=canonical href="{post.url}">'
    pages = (
        f'{head}<script type="application/ld+json">{json.dumps(said)}</script>',
        f'{head}<div itemscope itemtype="http://schema.org/VideoObject"><link itemprop=url href="{post.url}">'
        "<b itemprop=author itemscope itemtype=x><meta itemprop=name content=A></b><meta itemprop=name content=T></div>",
        'ytInitialPlayerResponse = {"videoDetails":{"videoId":"jNQXAC9IVRw","author":"A"},"playabilityStatus":{"status":"OK"}}',
        "<shreddit-post id=t3_a author=A post-title=T post-type=image content-href=x><b slot=text-body>T</b></shreddit-post>",
        '<article data-testid=tweet><a href="/a/status/20"><time></time></a>'
        "<b data-testid=User-Name><span>A</span></b></article>",
    )
    asked = [each for url in (post.url, "https://x.com/a/status/20", "https://www.reddit.com/r/a/comments/a/")
             if (each := identify_post(url))]  # fmt: skip

    def check(data: bytes) -> None:
        body = data.decode("utf-8", "replace")
        for one in asked:
            visit = BY_NAME[one.platform].visit
            assert visit is not None
            page = Page(
                one.url, one.url, None, answers=(Answer(PAGE, one.url, 200, one.url, body),), error=NOT_RECORDED
            )
            found = judge_recorded(page, one, visit)
            assert found.outcome in ("available", "error", "unavailable", "blocked"), found
            describe_recorded(page, one, visit)

    replaced = (
        b"null",
        b"[]",
        b"{}",
        b"1e999",
        b'""',
        b"<template>",
        b"itemscope",
        b"itemprop",
        b"\\ud800",
        b"</script>",
    )
    return Target("a public page is judged, and told of", spoiled(tuple(map(str.encode, pages)), replaced), check)


ACTIVE = re.compile(r"^(?:on|formaction$|srcdoc$|ping$)")


def snapshots(_: Path) -> Target:
    def check(markup: str) -> None:
        assert set(re.findall(r"<(/?[a-z]+)", sanitize(markup))) <= {"a", "/a", "br"}
        tree = LexborHTMLParser(render_sanitised(markup, "note"))
        assert not tree.css("script, iframe, frame, object, embed, base, portal"), "nothing that acts or calls"
        for node in tree.css("*"):
            for name, value in node.attributes.items():
                assert not ACTIVE.match(name), name
                assert not re.match(r"[\s\0-\x20]*(?:javascript|vbscript):", value or "", re.I), value

    return Target(
        "no markup acts or calls once it is sanitised",
        st.sampled_from(MARKUP).flatmap(lambda m: pieces((*TAGS, m))),
        check,
    )


def login_secrets(_: Path) -> Target:
    token = "48291:qX7/secret+session-12%3AZ"
    given_login = read_secrets([("sessionid", token, True)])

    def check(asked: tuple[str, str, str, str]) -> None:
        before, spelling, place, after = asked
        written = SPELLINGS[spelling](token)
        kept = forget_text(before + " " + PLACES[place].format(written) + " " + after, given_login)
        assert written not in kept
        assert token not in kept

    around = pieces(
        ("%", "%25", "&", "&amp;", "\\", "\\u00", '"', "'", "+", "=", "/", ":", "s:3:", "\\x", "&#x", "<", ">", " ")
    )
    inputs = st.tuples(around, st.sampled_from(list(SPELLINGS)), st.sampled_from(list(PLACES)), around)
    return Target("a secret is known in every spelling, whatever stands around it", inputs, check)


def terminal(_: Path) -> Target:
    forbidden = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

    def check(text: str) -> None:
        assert not forbidden.search(escape_terminal(text, lines=True))
        assert "\n" not in escape_terminal(text)

    return Target(
        "no text speaks to the terminal", pieces(("\x1b]52;c;", "\x9b2J", "\a", "\r", "\u202e", "\ud800", "\n")), check
    )


TARGETS: Mapping[str, Callable[[Path], Target]] = {
    target.__name__: target
    for target in (
        finder, claims, pasted, addresses, platform_pages, warc, wacz, sitemap, feed, robots, words, looking_up,
        storage_state, archive_file, side_files, door_requests, codings, saved_pages, sheets,
        public_pages, snapshots, login_secrets, terminal,
    )
}  # fmt: skip


# -------------------------------------------------------------------------------------------------------------- running


@dataclass
class Outcome:
    """What came of one target."""

    name: str
    promise: str
    executions: int = 0
    seconds: float = 0.0
    cpu_s: float = 0.0
    finding: str | None = None


def fuzz(name: str, seconds: float, first: int) -> Outcome:
    """Put a target to the test until its time is over or something was found; what was found is shrunk first."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        target = TARGETS[name](Path(folder))
        outcome, began, number = Outcome(name, target.promise), time.monotonic(), first
        cpu_began = time.process_time()

        def counted(made: Any) -> None:
            outcome.executions += 1
            target.check(made)

        while time.monotonic() - began < seconds and not outcome.finding:
            attempt = settings(
                max_examples=ROUND,
                deadline=None,
                database=None,
                print_blob=False,
                suppress_health_check=list(HealthCheck),
            )(seed(number)(given(target.inputs)(counted)))
            try:
                attempt()
            except Exception as error:
                outcome.finding = f"seed {number}: {say_finding(error)}"
            number += 1
        outcome.seconds = time.monotonic() - began
        outcome.cpu_s = time.process_time() - cpu_began
    return outcome


def fuzz_all(names: list[str], seconds: float, first: int, lanes: int) -> Iterator[Outcome]:
    """What came of each target, as it comes; as many at a time as there are lanes, each in a new process."""
    with ProcessPoolExecutor(lanes, max_tasks_per_child=1, mp_context=get_context("spawn")) as pool:
        for done in as_completed([pool.submit(fuzz, name, seconds, first) for name in names]):
            yield done.result()


def say_finding(error: Exception) -> str:
    """What was raised, for which input, and where; of several different faults each."""
    if isinstance(error, ExceptionGroup):
        return "; ".join(map(say_finding, error.exceptions))
    last = traceback.extract_tb(error.__traceback__)[-1]
    notes = " ".join(" ".join(getattr(error, "__notes__", [])).split())
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}:{last.lineno}) {notes}"[:600]


def write_log(outcomes: list[Outcome], first: int, lanes: int) -> None:
    """Write the table of the targets that were run, in the order in which they stand here."""
    order = list(TARGETS)
    lines = ["# Fuzzing", "", f"`make fuzz`, {lanes} processes at a time, seed {first}. Each target is a function of "
             "`bench/fuzz.py`.", "",
             "| target | promise | executions | s | CPU s | found |", "|---|---|---|---|---|---|"]  # fmt: skip
    for each in sorted(outcomes, key=lambda outcome: order.index(outcome.name)):
        found = (each.finding or "nothing").replace("|", "\\|").replace("\n", " ")
        times = f"{each.seconds:.0f} | {each.cpu_s:.0f}"
        lines.append(f"| {each.name} | {each.promise} | {each.executions:,} | {times} | {found} |")
    total, cpu_s = sum(each.executions for each in outcomes), sum(each.cpu_s for each in outcomes)
    lines += ["", f"{total:,} executions in {sum(each.seconds for each in outcomes):,.0f} s, {cpu_s:,.0f} s of a core."]
    RESULT.write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"one of {', '.join(TARGETS)}; all unless told")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    parser.add_argument("--lanes", type=int, default=1, help="targets at work at a time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", action="store_true", help="write bench/results/fuzz.md")
    asked = parser.parse_args()
    if unknown := set(asked.targets) - set(TARGETS):
        parser.error(f"no such target: {', '.join(sorted(unknown))}")
    outcomes = []
    for outcome in fuzz_all(asked.targets or list(TARGETS), asked.minutes * 60, asked.seed, asked.lanes):
        outcomes.append(outcome)
        told = outcome.finding or "nothing found"
        print(
            f"{outcome.name:>14}  {outcome.executions:>9,} in {outcome.seconds:4.0f} s  {told}",
            file=sys.stderr,
            flush=True,
        )
        if asked.log:
            write_log(outcomes, asked.seed, asked.lanes)
    found = sum(each.finding is not None for each in outcomes)
    print(
        json.dumps({"targets": len(outcomes), "executions": sum(each.executions for each in outcomes), "found": found})
    )
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
