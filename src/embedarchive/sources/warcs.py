"""A web archive (WARC, ARC, WACZ) turned into `Seed`s: the HTML pages in it, with the address and date of their capture.

Records are read by warcio from a stream that is unpacked here, so that it does not matter how the file was packed: record by
record, whole, with gzip or zstd. Bodies go through the fetcher's own rules. What is not taken is counted.
"""

from __future__ import annotations

import json
import logging
import re
import struct
from collections.abc import Callable, Iterator
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
    record: str | None = None
    """The id of the original."""


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

    def believe_nothing(self) -> None:
        """Take what was left as unlisted for pages: a list that names none of what is there is of no use."""
        self.keys |= self.unlisted
        self.later |= self.unlisted

    def holds(self, url: str) -> bool:
        key = _page_key(url)
        held = not self.keys or key in self.keys or key.partition("/")[0] in self.hosts
        if not held and len(self.unlisted) < _MOST_UNLISTED:
            self.unlisted.add(key)
        return held


class _Records(ArchiveIterator):  # type: ignore[misc]  # warcio has no types
    INC_RECORD = ""
    """What warcio writes to the terminal about a record whose length is wrong. Damage is told by us, once."""


logging.getLogger("warcio.recordloader").disabled = True  # it quotes a stranger's addresses, as they are


class Stream(Protocol):
    """What records are read from."""

    def read(self, size: int, /) -> bytes: ...


def _iterate(stream: Stream, on_damage: Callable[[int], None] = lambda at: None) -> Iterator[Any]:
    """Give the records of a web archive. Where one cannot be read, it goes on with the next that begins behind the last.

    A record that says a wrong length hides the beginning of the next, and nothing is lost. Where something had to be
    passed over, `on_damage` is told at which byte. Raises what there is in `_DAMAGE` where no further record begins.
    """
    window, passed, ends = _Window(stream), 0, 0
    for _ in range(_MOST_DAMAGE):
        records = _Records(window, arc2warc=True)
        try:
            while record := next(records, None):
                passed = window.given - records.reader.rem_length()
                if record.rec_headers.get_header("Content-Length") is None:
                    raise LookupError("it does not say its length")
                ends = passed + getattr(record.raw_stream, "limit", 0)
                yield record
            stream.read(1)  # a fault of what is packed was an end to warcio
            begun = window.find_record(ends)
            if begun is not None or ends > window.given:
                on_damage(window.given if begun is None else begun)  # as was a record that is cut
            return
        except (ArchiveLoadFailed, AttributeError, TypeError, LookupError) as error:
            failed = window.given - records.reader.rem_length() if records.reader else window.given
            begins = window.go_to_record(passed, ends)
            if begins is None:
                raise ArchiveLoadFailed(f"A record cannot be read ({error}).") from error
            if begins > failed:
                on_damage(failed)
            passed, ends = begins + 1, -1
    raise ArchiveLoadFailed("Too many records cannot be read.")


_RECORD = re.compile(
    rb"WARC/\d\.\d{1,2}\r?\n(?=[A-Za-z-]{1,64}:)"
    rb"|[a-z][a-z0-9+.-]{1,10}:\S{1,2000} (?:\d{1,3}\.){3}\d{1,3} \d{14} \S{1,200} (?:\S{1,200} ){0,5}\d{1,12}\r?\n"
)
"""How a record begins: with WARC's first line, or the one that is the header of ARC's."""
_BEGINNING = re.compile(rb"(?:\A|(?<=\n))(?:" + _RECORD.pattern + rb")")
_LONGEST_BEGINNING = 4096
_MOST_DAMAGE = 10_000
"""Places in one file behind which a further record is looked for."""

_KEPT = 1 << 20


class _Window:
    """A stream whose last megabyte can be looked at again. `given` counts its bytes up to the next that is given."""

    def __init__(self, stream: Stream) -> None:
        self.given = 0
        self._stream = stream
        self._last = bytearray()
        self._again = b""

    def read(self, size: int) -> bytes:
        if self._again:
            data, self._again = self._again[:size], self._again[size:]
        else:
            data = self._stream.read(size)
        self._last += data
        self.given += len(data)
        if len(self._last) > 2 * _KEPT:
            del self._last[:-_KEPT]
        return data

    def go_to_record(self, behind: int, ends: int) -> int | None:
        """Make the next record that begins behind a byte the next that is given; give where it begins, None if there is none.

        Where the last one `ends`, one may begin without a line of its own.
        """
        at = ends - (self.given - len(self._last))
        begins = ends if at >= 0 and _RECORD.match(self._last, at) else self.find_record(behind)
        while begins is None:
            del self._last[:-_LONGEST_BEGINNING]
            if not self.read(_CHUNK):
                return None
            begins = self.find_record(behind)
        at = begins - self.given  # from the end
        self._again = bytes(self._last[at:]) + self._again
        del self._last[at:]
        self.given = begins
        return begins

    def find_record(self, behind: int) -> int | None:
        """Where, behind a byte, a record begins in what was given last."""
        first = self.given - len(self._last)
        found = _BEGINNING.search(self._last, max(0, behind - first))
        return first + found.start() if found else None


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
    waiting, named, intake.revisits = list(dict.fromkeys(intake.revisits)), len(intake.revisits), []
    intake.skipped.update(["repeated"] * (named - len(waiting)))
    for path in intake.web_archives if waiting else ():
        finder = _Originals(path, intake, waiting)
        try:
            with path.open("rb") as file:
                yield from finder.read(file, str(path), 0)
        except _DAMAGE:
            pass  # was said when it was read
        waiting = [revisit for revisit in waiting if revisit not in finder.found]
    for revisit in waiting:
        intake.skip(revisit.source, "revisit_unresolved", revisit.url)


def read_record(file: IO[bytes], source: str) -> Fetch | None:
    """The first answer recorded in a piece of a web archive, or None where there is none that can be read."""
    try:
        for record in _iterate(_unpack(file)):
            url = _find_url(record)
            if url and record.rec_type in _PAGES:
                return _read_fetch(record, url, source, Path(source))
    except _DAMAGE:
        return None
    return None


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
            pages, taken = _read_pages(wacz), 0
            names = sorted(wacz.namelist())
            for name in (n for n in names if _is_web_archive(n)):
                with wacz.open(name) as member:
                    for seed in self.read_records(_unpack(member), f"{source}!{name}", pages):
                        taken += 1
                        yield seed
            if not taken:
                pages.believe_nothing()
            for name in names:
                if pages.later and _is_web_archive(name):
                    with wacz.open(name) as member:
                        yield from self.read_later(_unpack(member), f"{source}!{name}", pages)
            for name in (n for n in names if n.lower().endswith(".wacz") and depth < _DEEPEST):
                with wacz.open(name) as member:
                    yield from self.read(member, f"{source}!{name}", depth + 1)

    def read_records(self, stream: Stream, source: str, pages: _Pages) -> Iterator[Seed]:
        for record in _iterate(stream, partial(self.skip_damage, source)):
            seed = self.take(record, source, pages)
            if seed:
                yield seed

    def skip_damage(self, source: str, at: int) -> None:
        self.intake.skip(source, "damaged", f"byte {at}")

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
        if not kind:
            return "damaged"
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
        revisit = Revisit(
            url,
            _read_date(record, self.path),
            source,
            redact_headers(http),
            digest,
            refers_to,
            headers.get_header("WARC-Refers-To"),
        )
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
            for name in (revisit.digest, revisit.refers_to, revisit.record):
                if name:
                    self._waiting.setdefault(name, []).append(revisit)

    def read_records(self, stream: Stream, source: str, pages: _Pages) -> Iterator[Seed]:
        for record in _iterate(stream):
            if record.rec_type in _PAGES:
                yield from self.match(record, source)

    def match(self, record: Any, source: str) -> Iterator[Seed]:
        headers = record.rec_headers
        uri, date = headers.get_header("WARC-Target-URI") or "", headers.get_header("WARC-Date") or ""
        said = headers.get_header("WARC-Payload-Digest"), headers.get_header("WARC-Record-ID")
        names = (*said, (uri.strip("<>"), date[:19]))
        revisits = dict.fromkeys(r for name in names for r in self._waiting.get(name, ()) if r not in self.found)
        if not revisits:
            return
        fetch = _read_fetch(record, uri.strip("<>"), source, self.path)
        self.found.update(revisits)
        if fetch.outcome != "ok" or not is_html(fetch.content_type, fetch.body[:4096]):
            for revisit in revisits:
                self.intake.skip(revisit.source, "other_type" if fetch.outcome == "ok" else "http_error", revisit.url)
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
    """Pieces as a file that is read once. A fault is first an end, so that readers give what they had before it (else they drop
    that), and then raised at every further read: a record's reader that lives with it must not hide it from the next."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._piece = b""
        self._fault: Exception | None = None

    def read(self, size: int) -> bytes:
        if self._fault:
            raise self._fault
        while not self._piece:
            try:
                piece = next(self._pieces, None)
            except (ValueError, OSError, *DECODER_FAULTS) as fault:
                self._fault = fault
                return b""
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
            while record.raw_stream.read(_CHUNK):
                pass  # what follows the last chunk: trailers
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
