"""The bytes of one WARC record -> the record, where every line of it is as the standard has it. Pure.

What is odd in any way is for warcio, which knows what crawlers have made of the standard. Of the rest, it says the same: a test
holds both against each other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from io import BytesIO

_HEAD = re.compile(rb"WARC/1\.[01]\r\n((?:[A-Za-z][A-Za-z0-9-]{1,60}: [\x21-\x7e][\x20-\x7e]{0,4000}\r\n){3,60})\r\n")
_HTTP = re.compile(
    rb"HTTP/1\.[01] ([1-5]\d\d)(?: [\x20-\x7e]{0,100})?\r\n"
    rb"((?:[A-Za-z][A-Za-z0-9-]{0,60}: [\x21-\x7e][\x20-\x7e]{0,8000}\r\n){0,120})\r\n"
)
_LINE = re.compile(r"([A-Za-z0-9-]+): ([^\r]+)\r\n")
_LENGTH = re.compile(rb"\nContent-Length: (\d{1,18})\r\n")
_TYPE = re.compile(rb"\nWARC-Type: ([a-z]+)\r\n")
_END = b"\r\n\r\n"
ABOUT_THE_CRAWL = frozenset(("warcinfo", "request", "metadata"))
"""Types of records that hold no page."""


class HeaderLines:
    """The lines of a head, by name in any case: of those of one name the first."""

    def __init__(self, block: bytes, status: str = "") -> None:
        self.headers = [(name, value.rstrip()) for name, value in _LINE.findall(block.decode("ascii"))]
        self._status = status
        self._first = {name.lower(): value for name, value in reversed(self.headers)}

    def get_header(self, name: str) -> str | None:
        return self._first.get(name.lower())

    def get_statuscode(self) -> str:
        return self._status


_NONE = HeaderLines(b"")


@dataclass(frozen=True, slots=True)
class PlainRecord:
    """A record as its readers ask it, by warcio's names. The heads of a record about the crawl are not read."""

    rec_type: str
    rec_headers: HeaderLines = _NONE
    http_headers: HeaderLines | None = None
    raw_stream: BytesIO = BytesIO()  # noqa: RUF009 (nothing is ever written to it)


_OF_CRAWL = {kind.encode(): PlainRecord(kind) for kind in ABOUT_THE_CRAWL}


def is_whole(data: bytearray) -> bool:
    """Whether these bytes are one WARC record, all of it and nothing else, by the length that it says."""
    return _find_head(data) is not None


def read_plain_record(data: bytearray) -> PlainRecord | None:
    """The record that these bytes are; None where there is anything odd about it."""
    head = _find_head(data)
    kind = None
    if head:
        kind = _TYPE.search(data, 0, head.end())
    if head is None or kind is None:
        return None
    if kind[1] != b"response":
        return _OF_CRAWL.get(kind[1])
    lines, stop = HeaderLines(head[1]), len(data) - len(_END)
    http = None
    if _is_of_web(lines):
        http = _HTTP.match(data, head.end(), stop)
    if http is None:
        return None
    body = bytes(memoryview(data)[http.end() : stop])
    return PlainRecord("response", lines, HeaderLines(http[2], http[1].decode()), BytesIO(body))


def _find_head(data: bytearray) -> re.Match[bytes] | None:
    head = _HEAD.match(data)
    if head:
        said = _LENGTH.findall(data, 0, head.end())
    else:
        said = []
    whole = head is not None and len(said) == 1 and head.end() + int(said[0]) + len(_END) == len(data)
    if whole and data.endswith(_END):
        return head
    return None


def _is_of_web(lines: HeaderLines) -> bool:
    """Whether a response is what a web server answered."""
    said = (lines.get_header("Content-Type") or "").lower().replace(" ", "")
    url = lines.get_header("WARC-Target-URI") or ""
    return url.startswith(("http://", "https://")) and said in ("application/http;msgtype=response", "application/http")
