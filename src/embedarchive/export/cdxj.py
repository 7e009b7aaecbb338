"""Addresses and places of records -> a sorted CDXJ index in gzip blocks, and the index of those blocks.

The keys follow the convention of the Internet Archive's tools (sort-friendly URI, canonicalized), so that other players
find what we wrote. They fold case, so they are for looking up only: a post's identity never rests on one.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from urllib.parse import quote_from_bytes, unquote_to_bytes

LINES_A_BLOCK = 1024

_PARTS = re.compile(r"(?is)(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?")
_WWW = re.compile(r"^www\d*\.")
_SAFE = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_SESSION = re.compile(
    r"(?i)(?:jsessionid=[0-9a-z]{32}|phpsessid=[0-9a-z]{32}|sid=[0-9a-z]{32}|aspsessionid[a-z]{8}=[a-z]{24}"
    r"|cfid=[^&]+&cftoken=[^&]+)(?:&|$)"
)


def canonicalize_surt(url: str) -> str:
    """The key an address is indexed under: `https://www.a.example/B/?d&c` -> `example,a)/b?c&d`. Others stay. Pure."""
    parts = _PARTS.match(url)
    if not parts:
        return re.sub(r"\s", "%20", url)
    scheme, authority, path, query = parts.groups()
    return f"{_key_host(authority, scheme.lower())}){_key_path(path)}{_key_query(query or '')}"


def _key_host(authority: str, scheme: str) -> str:
    host, colon, port = authority.rpartition("@")[2].rpartition(":")
    if not colon or not port.isdecimal():
        host, port = authority.rpartition("@")[2].rstrip(":"), ""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            host = _escape(host)
    host = _WWW.sub("", host.lower().replace("..", ".").strip("."))
    default = {"http": "80", "https": "443"}[scheme]
    return ",".join(reversed(host.split("."))) + (f":{port}" if port not in ("", default) else "")


def _key_path(path: str) -> str:
    """Decoded, dots resolved, slashes single, none at the end, encoded once, in lower case."""
    kept: list[str] = []
    for segment in _unescape(path).split("/"):
        if segment == ".." and kept:
            kept.pop()
        elif segment not in ("", "."):
            kept.append(segment)
    return "/" + _escape("/".join(kept)).lower()


def _key_query(query: str) -> str:
    query = _escape(_SESSION.sub("", _unescape(query))).lower()
    if query:
        return "?" + "&".join(sorted(query.split("&"), key=lambda pair: pair.split("=", 1)))
    return ""


def _unescape(text: str) -> str:
    """Percent-decode until nothing changes, for one address can be encoded twice. Bytes stay one to one."""
    raw = text.encode("utf-8", "replace")
    while (decoded := unquote_to_bytes(raw)) != raw:
        raw = decoded
    return raw.decode("utf-8", "surrogateescape")


def _escape(text: str) -> str:
    return quote_from_bytes(text.encode("utf-8", "surrogateescape"), safe=_SAFE)


def render_line(url: str, date: str, fields: Mapping[str, str]) -> str:
    """One line of an index; `date` is ISO 8601, to the second or finer. Pure."""
    key = canonicalize_surt(add_method(url, fields.get("method", "GET")))
    return f"{key} {render_timestamp(date)} {json.dumps({'url': url} | dict(fields))}\n"


def add_method(url: str, method: str) -> str:
    """The address that players look up for a request that is no GET (its body would follow; we keep none). Pure."""
    if method == "GET":
        return url
    join = "&" if "?" in url else "?"
    return f"{url}{join}__wb_method={method}&"


def render_timestamp(date: str) -> str:
    """ISO 8601 UTC -> the 14 digits that indexes and replay addresses carry. Pure."""
    return re.sub(r"\D", "", date)[:14].ljust(14, "0")


class Index:
    """The lines of an index, sorted outside memory: SQLite's empty name is a private file that vanishes by itself."""

    def __init__(self) -> None:
        self._scratch = sqlite3.connect("", isolation_level=None)
        self._scratch.execute("PRAGMA journal_mode = OFF")
        self._scratch.execute("CREATE TABLE lines (line TEXT NOT NULL)")
        self._scratch.execute("CREATE TABLE payloads (sha256 TEXT PRIMARY KEY, url TEXT, date TEXT) WITHOUT ROWID")
        self._scratch.execute("BEGIN")

    def close(self) -> None:
        self._scratch.close()

    def add(self, line: str) -> None:
        self._scratch.execute("INSERT INTO lines VALUES (?)", (line,))

    def first_of(self, sha256: str, url: str, date: str) -> tuple[str, str] | None:
        """Where those bytes were first written (address, date), or None when that is here."""
        found = self._scratch.execute("SELECT url, date FROM payloads WHERE sha256 = ?", (sha256,)).fetchone()
        if not found:
            self._scratch.execute("INSERT INTO payloads VALUES (?, ?, ?)", (sha256, url, date))
        if found:
            return (found[0], found[1])
        return None

    def lines(self) -> Iterator[str]:
        for (line,) in self._scratch.execute("SELECT line FROM lines ORDER BY line"):
            yield line


def pack_blocks(lines: Iterable[str], size: int = LINES_A_BLOCK) -> Iterator[tuple[str, bytes]]:
    """Sorted lines -> (the first line's key and time, a gzip block). Pure.

    The lines of one key stay in one block: players that keep a final slash in their keys look in one block only.
    """
    block: list[str] = []
    for _, same_key in groupby(lines, lambda line: line.partition(" ")[0]):
        if len(block) >= size:
            yield pack_block(block)
            block = []
        block += same_key
    if block:
        yield pack_block(block)


def pack_block(block: list[str]) -> tuple[str, bytes]:
    return block[0].partition(" {")[0], gzip.compress("".join(block).encode(), mtime=0)


def render_block_line(first: str, offset: int, block: bytes, filename: str) -> str:
    """One line of the index of blocks. Pure."""
    digest = f"sha256:{hashlib.sha256(block).hexdigest()}"
    return f"{first} {json.dumps({'offset': offset, 'length': len(block), 'digest': digest, 'filename': filename})}\n"
