"""A web archive (WARC, ARC, WACZ) turned into `Seed`s: the HTML pages in it, with the address and date of their capture.

Records are read by warcio from a stream that is unpacked here, so that it does not matter how the file was packed: record by
record, whole, with gzip or zstd. Bodies go through the fetcher's own rules. What is not taken is counted.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urljoin, urlsplit
from zipfile import BadZipFile, ZipFile

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed

from embedarchive.core import clock
from embedarchive.core.dates import to_iso
from embedarchive.core.errors import RefusedError, SourceError
from embedarchive.core.model import Fetch, Headers
from embedarchive.egress import check_url
from embedarchive.fetch import redact_headers
from embedarchive.fetch.body import DECODER_FAULTS, Body, decode_stream, find_codings
from embedarchive.fetch.judge import judge
from embedarchive.fetch.zstd import zstd
from embedarchive.sources.intake import Intake
from embedarchive.sources.media import is_html, is_platform_page, starts_as_html
from embedarchive.sources.seed import Seed

MAX_BYTES = 100 * 1024 * 1024
"""Of one page, decoded."""

_MAX_PAGES_LIST = 64 * 1024 * 1024
_MOST_REVISITS = 200_000
_MOST_UNLISTED = 200_000
_DEEPEST = 3
_CHUNK = 1 << 16
# A ZIP's unknown packing is a NotImplementedError, a password that is wanted a RuntimeError.
_DAMAGE = (
    *(ArchiveLoadFailed, OSError, EOFError, BadZipFile, *DECODER_FAULTS),
    *(UnicodeError, ValueError, OverflowError, NotImplementedError, RuntimeError),
)
_PAGES = ("response", "resource", "conversion")


@dataclass(frozen=True, slots=True)
class Revisit:
    """A record that says "the same as before": what it stands for is in another record."""

    url: str
    date: str
    source: str
    headers: Headers
    digest: str | None
    refers_to: tuple[str, str] | None
    """Address and time (to the second) of the original."""


@dataclass
class _Pages:
    """What a WACZ calls its pages, by `_page_key`. A list need not be whole: what stands on their hosts is one too."""

    keys: set[str] = field(default_factory=set)
    hosts: set[str] = field(default_factory=set)
    unlisted: set[str] = field(default_factory=set)
    later: set[str] = field(default_factory=set)
    """What was left as unlisted before a redirect of a page led there."""

    def add(self, url: str) -> None:
        key = _page_key(url)
        self.keys.add(key)
        self.hosts.add(key.partition("/")[0])
        if key in self.unlisted:
            self.later.add(key)

    def holds(self, url: str) -> bool:
        key = _page_key(url)
        held = not self.keys or key in self.keys or key.partition("/")[0] in self.hosts
        if not held and len(self.unlisted) < _MOST_UNLISTED:
            self.unlisted.add(key)
        return held


def _iterate(stream: Stream) -> Iterator[Any]:
    """What records a web archive holds; what warcio trips over (a record without an address) is damage."""
    records = iter(ArchiveIterator(stream, arc2warc=True))
    while True:
        try:
            record = next(records)
        except StopIteration:
            return
        except (AttributeError, TypeError, LookupError) as error:
            raise ArchiveLoadFailed(f"A record cannot be read ({error}).") from error
        yield record


class Stream(Protocol):
    """What records are read from."""

    def read(self, size: int, /) -> bytes: ...


def read_web_archive(path: Path, intake: Intake) -> Iterator[Seed]:
    """Give the pages of a WARC, ARC or WACZ file one by one. Damage ends it with a failed fetch that says so.

    Raises SourceError when the file cannot be read at all.
    """
    intake.web_archives.append(path)
    reader, taken, waiting = _RecordReader(path, intake), 0, len(intake.revisits)
    try:
        with path.open("rb") as file:
            for seed in reader.read(file, str(path), 0):
                taken += 1
                yield seed
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno:
            raise SourceError(f"{path} cannot be read: {error.strerror}. Nothing of it was taken.") from error
        yield Seed(path.resolve().as_uri(), str(path), _describe_damage(path))
        return
    if not taken and len(intake.revisits) == waiting:
        intake.skip(str(path), "nothing_found", str(path))


def resolve_revisits(intake: Intake) -> Iterator[Seed]:
    """Give the pages that revisits stand for: each web archive of the run is read once more for their originals.

    What none of them holds is counted as `revisit_unresolved`.
    """
    waiting, intake.revisits = list(dict.fromkeys(intake.revisits)), []
    for path in intake.web_archives if waiting else ():
        finder = _Originals(path, Intake(), waiting)
        try:
            with path.open("rb") as file:
                yield from finder.read(file, str(path), 0)
        except _DAMAGE:
            pass  # was said when it was read
        waiting = [revisit for revisit in waiting if revisit not in finder.found]
    for revisit in waiting:
        intake.skip(revisit.source, "revisit_unresolved", revisit.url)


class _RecordReader:
    """Reads one file. Its archives within archives are read as streams: no name in the file can lead anywhere."""

    def __init__(self, path: Path, intake: Intake) -> None:
        self.path = path
        self.intake = intake

    def read(self, file: IO[bytes], source: str, depth: int) -> Iterator[Seed]:
        start = _peek(file, 4)
        if start.startswith(b"PK"):
            yield from self.read_zip(file, source, depth)
        else:
            yield from self.read_records(_unpack(file), source, _Pages())

    def read_zip(self, file: IO[bytes], source: str, depth: int) -> Iterator[Seed]:
        with ZipFile(file) as wacz:
            pages = _read_pages(wacz)
            names = sorted(wacz.namelist())
            for name in (n for n in names if _is_web_archive(n)):
                with wacz.open(name) as member:
                    yield from self.read_records(_unpack(member), f"{source}!{name}", pages)
            for name in names:
                if pages.later and _is_web_archive(name):
                    with wacz.open(name) as member:
                        yield from self.read_later(_unpack(member), f"{source}!{name}", pages)
            for name in (n for n in names if n.lower().endswith(".wacz") and depth < _DEEPEST):
                with wacz.open(name) as member:
                    yield from self.read(member, f"{source}!{name}", depth + 1)

    def read_records(self, stream: Stream, source: str, pages: _Pages) -> Iterator[Seed]:
        for record in _iterate(stream):
            seed = self.take(record, source, pages)
            if seed:
                yield seed

    def read_later(self, stream: Stream, source: str, pages: _Pages) -> Iterator[Seed]:
        """Give the pages that a redirect named only after they had been passed."""
        for record in _iterate(stream):
            url = _find_url(record)
            if url and record.rec_type in _PAGES and _page_key(url) in pages.later:
                seed = self.take(record, source, pages)
                if seed:
                    self.intake.skipped["not_listed"] -= 1
                    yield seed

    def take(self, record: Any, source: str, pages: _Pages) -> Seed | None:
        """The page of a record, or None, counted by why not."""
        url = _find_url(record)
        reason = self.find_reason_to_skip(record, url, pages)
        if reason is None and record.rec_type == "revisit":
            self.keep_revisit(record, url or "", source)
            return None
        fetch = None if reason else _read_fetch(record, url or "", source, self.path)
        if fetch and (fetch.outcome != "ok" or is_html(fetch.content_type, fetch.body[:4096])):
            return Seed(fetch.url, source, fetch)
        self.intake.skip(source, reason or "other_type")
        return None

    def find_reason_to_skip(self, record: Any, url: str | None, pages: _Pages) -> str | None:
        """Why a record is no page, as far as its headers tell; a redirect of a page makes its target one."""
        kind, status, location = record.rec_type, _find_status(record), _find_header(record, "Location")
        if kind not in (*_PAGES, "revisit"):
            return "about_the_crawl"
        if url is None:
            return "no_web_address"
        if status is not None and status >= 300 and not (kind == "revisit" and status == 304):
            if location and pages.keys and pages.holds(url):
                pages.add(urljoin(url, location))
            return "redirect" if status < 400 else "http_error"
        if is_html(_find_type(record)) is False:
            return "other_type"
        if is_platform_page(url):
            return "platform_page"
        return None if pages.holds(url) else "not_listed"

    def keep_revisit(self, record: Any, url: str, source: str) -> None:
        """Note a revisit until all files were read: its original may stand behind it, or in another."""
        headers = record.rec_headers
        uri, date = headers.get_header("WARC-Refers-To-Target-URI"), headers.get_header("WARC-Refers-To-Date")
        refers_to = (uri.strip("<>"), date[:19]) if uri and date else None
        digest = headers.get_header("WARC-Payload-Digest")
        http = record.http_headers.headers if record.http_headers else []
        revisit = Revisit(url, _read_date(record, self.path), source, redact_headers(http), digest, refers_to)
        if len(self.intake.revisits) < _MOST_REVISITS:
            self.intake.revisits.append(revisit)
        else:
            self.intake.skip(source, "revisit_unresolved", url)


class _Originals(_RecordReader):
    """Reads a file again for the originals of revisits."""

    def __init__(self, path: Path, intake: Intake, waiting: list[Revisit]) -> None:
        super().__init__(path, intake)
        self.found: set[Revisit] = set()
        self._waiting: dict[object, list[Revisit]] = {}
        for revisit in waiting:
            for name in (revisit.digest, revisit.refers_to):
                if name:
                    self._waiting.setdefault(name, []).append(revisit)

    def read_records(self, stream: Stream, source: str, pages: _Pages) -> Iterator[Seed]:
        for record in _iterate(stream):
            if record.rec_type in _PAGES:
                yield from self.match(record, source)

    def match(self, record: Any, source: str) -> Iterator[Seed]:
        headers = record.rec_headers
        uri, date = headers.get_header("WARC-Target-URI") or "", headers.get_header("WARC-Date") or ""
        names = (headers.get_header("WARC-Payload-Digest"), (uri.strip("<>"), date[:19]))
        revisits = dict.fromkeys(r for name in names for r in self._waiting.get(name, ()) if r not in self.found)
        if not revisits:
            return
        fetch = _read_fetch(record, uri.strip("<>"), source, self.path)
        self.found.update(revisits)
        if fetch.outcome != "ok" or not is_html(fetch.content_type, fetch.body[:4096]):
            return
        for revisit in revisits:
            again = Fetch(
                url=revisit.url, final_url=revisit.url, fetched_at=revisit.date, outcome="ok", status=fetch.status,
                headers=revisit.headers or fetch.headers, content_type=fetch.content_type, body=fetch.body,
                truncated=fetch.truncated, source=revisit.source,
            )  # fmt: skip
            yield Seed(revisit.url, revisit.source, again)


# ---------------------------------------------------------------------------------------------------------- unpacking


def _peek(file: IO[bytes], size: int) -> bytes:
    start = file.read(size)
    file.seek(0)
    return start


def _unpack(file: IO[bytes]) -> Stream:
    """A stream of records, however the file is packed."""
    start = _peek(file, 8)
    if start.startswith(b"\x1f\x8b"):
        return _Unpacked(decode_stream(iter(partial(file.read, _CHUNK), b""), "gzip"))
    if start[:4] in (_ZSTD_FRAME, _ZSTD_DICTIONARY):
        dictionary = _read_dictionary(file)
        return _Unpacked(decode_stream(iter(partial(file.read, _CHUNK), b""), "zstd", dictionary))
    return file


class _Unpacked:
    """Pieces as a file that is read once. A fault comes when all before it was read (Python's own readers drop that), and again
    at every further read: a record's reader that lives with it must not hide it from the next."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = b""
        self._fault: Exception | None = None

    def read(self, size: int) -> bytes:
        while not self._piece:
            if self._fault:
                raise self._fault
            try:
                piece = next(self._pieces, None)
            except (ValueError, OSError, *DECODER_FAULTS) as fault:
                self._fault = fault
                continue
            if piece is None:
                return b""
            self._piece = piece
        given, self._piece = self._piece[:size], self._piece[size:]
        return given


_ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
_ZSTD_DICTIONARY = b"\x5d\x2a\x4d\x18"
"""A skippable frame at the very start of a .warc.zst holds its dictionary, itself packed or not
(https://iipc.github.io/warc-specifications/specifications/warc-zstd/)."""


def _read_dictionary(file: IO[bytes]) -> zstd.ZstdDict | None:
    start = file.read(8)
    packed = b""
    if start[:4] == _ZSTD_DICTIONARY:
        packed = file.read(min(struct.unpack("<I", start[4:])[0], MAX_BYTES))
    file.seek(0)
    if not packed:
        return None
    if packed.startswith(_ZSTD_FRAME):
        packed = zstd.ZstdDecompressor().decompress(packed, MAX_BYTES)
    return zstd.ZstdDict(packed)


def _is_web_archive(name: str) -> bool:
    plain = name.lower().removesuffix(".gz").removesuffix(".zst")
    return plain.endswith((".warc", ".arc"))


# -------------------------------------------------------------------------------------------------------- page lists


def _read_pages(wacz: ZipFile) -> _Pages:
    """The addresses that the crawl called pages; none where it does not say."""
    pages = _Pages()
    for name in wacz.namelist():
        if not (name.startswith("pages/") and name.endswith(".jsonl")):
            continue
        with wacz.open(name) as file:
            for line in file.read(_MAX_PAGES_LIST).splitlines():
                page = _read_json(line)
                if isinstance(page, dict) and isinstance(page.get("url"), str):
                    pages.add(page["url"])
    return pages


def _read_json(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _page_key(url: str) -> str:
    """What spellings of a page's address share: fragment, scheme, the host's case, IRI or not, a slash at the end."""
    try:
        url = check_url(url.strip("<>").partition("#")[0])
    except RefusedError:
        return url
    parts = urlsplit(url)
    query = f"?{parts.query}" if parts.query else ""
    return f"{parts.netloc}{parts.path.rstrip('/')}/{query}"


# ------------------------------------------------------------------------------------------------------------ records


def _find_url(record: Any) -> str | None:
    said = (record.rec_headers.get_header("WARC-Target-URI") or "").strip().strip("<>")
    try:
        return check_url(said.partition("#")[0])
    except RefusedError:
        return None


def _find_status(record: Any) -> int | None:
    if not record.http_headers:
        return None
    said = record.http_headers.get_statuscode() or ""
    return int(said) if said.isdecimal() else None


def _find_header(record: Any, name: str) -> str | None:
    return record.http_headers.get_header(name) if record.http_headers else None


def _find_type(record: Any) -> str | None:
    """The page's own content type; of a record without HTTP headers it is the record's."""
    if record.http_headers:
        return _find_header(record, "Content-Type")
    # Of a revisit it is the type of the record, not of the page.
    return None if record.rec_type == "revisit" else record.rec_headers.get_header("Content-Type")


def _read_fetch(record: Any, url: str, source: str, path: Path) -> Fetch:
    status = _find_status(record)
    codings = find_codings(_find_header(record, "Content-Encoding"))
    body = None if codings is None else _read_payload(record, codings)
    if body and record.rec_headers.get_header("WARC-Truncated"):
        body.cut(record.rec_headers.get_header("WARC-Truncated"))
    outcome, reason = judge(200 if status is None else status, body, None if body else "unsupported_encoding")
    return Fetch(
        url=url,
        final_url=url,
        fetched_at=_read_date(record, path),
        outcome=outcome,
        status=status,
        reason=reason,
        headers=redact_headers(record.http_headers.headers if record.http_headers else ()),
        content_type=_find_type(record),
        body=bytes(body.data) if body else b"",
        truncated=body.truncated if body else None,
        remote_address=record.rec_headers.get_header("WARC-IP-Address"),
        source=source,
    )


def _read_payload(record: Any, codings: tuple[str, ...]) -> Body:
    """Read and decode a record's body. warcio takes a cut file for a short one; the length it announced tells.

    Some crawlers keep the body as the browser had it, decoded, and the headers as the server sent them.
    """
    stream = record.raw_stream
    if "chunked" in (_find_header(record, "Transfer-Encoding") or "").lower():
        stream = ChunkedDataReader(stream, decomp_type=None)
    body, first = Body(codings, MAX_BYTES), True
    try:
        while chunk := stream.read(_CHUNK):
            if first and codings and starts_as_html(chunk):
                body = Body((), MAX_BYTES)
            first = False
            if not body.add(chunk):
                break
        else:
            body.finish(framed=True)
    except _DAMAGE:
        body.cut("damaged")
    if getattr(record.raw_stream, "limit", 0) > 0 and not body.truncated:
        body.cut("incomplete")
    return body


def _read_date(record: Any, path: Path) -> str:
    """When a record was captured; where it does not say, when its file was written."""
    try:
        moment = datetime.fromisoformat(record.rec_headers.get_header("WARC-Date") or "")
    except ValueError:
        moment = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return to_iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _describe_damage(path: Path) -> Fetch:
    url = path.resolve().as_uri()
    return Fetch(url, url, clock.now(), "failed", reason="damaged", source=str(path))
