"""A web archive (WARC, ARC, WACZ) turned into `Seed`s: the HTML pages in it, with the address and date of their capture.

How the file is packed does not matter (`iterating.py`). What is not taken is counted.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any
from urllib.parse import urljoin, urlsplit
from zipfile import ZipFile

from embedarchive.core import clock
from embedarchive.core.errors import RefusedError, SourceError
from embedarchive.core.model import Fetch, Headers, PagePlace
from embedarchive.egress import check_url
from embedarchive.fetch import redact_headers
from embedarchive.fetch.body import find_codings
from embedarchive.fetch.judge import judge
from embedarchive.sources.intake import Intake
from embedarchive.sources.iterating import Located, locate_file
from embedarchive.sources.media import is_html, is_platform_page
from embedarchive.sources.plain_records import ABOUT_THE_CRAWL
from embedarchive.sources.records import (
    DAMAGE,
    find_header,
    find_status,
    find_type,
    find_url,
    is_web_archive,
    iterate_records,
    peek,
    read_date,
    read_payload,
    unpack_records,
)
from embedarchive.sources.seed import Seed

_MAX_PAGES_LIST = 64 * 1024 * 1024
_MOST_REVISITS = 200_000
_MOST_UNLISTED = 200_000
_DEEPEST = 3
PAGES = ("response", "resource", "conversion")


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
        if not self.keys:
            return True
        key = _page_key(url)
        held = key in self.keys or key.partition("/")[0] in self.hosts
        if not held and len(self.unlisted) < _MOST_UNLISTED:
            self.unlisted.add(key)
        return held


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
    except DAMAGE as error:
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
        except DAMAGE:
            pass  # was said when it was read
        waiting = [revisit for revisit in waiting if revisit not in finder.found]
    for revisit in waiting:
        intake.skip(revisit.source, "revisit_unresolved", revisit.url)


def read_record(file: IO[bytes], source: str) -> Fetch | None:
    """The first answer recorded in a piece of a web archive, or None where there is none that can be read."""
    try:
        for record in iterate_records(unpack_records(file)):
            url = find_url(record)
            if url and record.rec_type in PAGES:
                return read_located(Located(record), url, source, Path(source))
    except DAMAGE:
        return None
    return None


class _RecordReader:
    """Reads one file. Its archives within archives are read as streams: no name in the file can lead anywhere."""

    def __init__(self, path: Path, intake: Intake) -> None:
        self.path = path
        self.intake = intake

    def read(self, file: IO[bytes], source: str, depth: int) -> Iterator[Seed]:
        start = peek(file, 4)
        if start.startswith(b"PK"):
            yield from self.read_zip(file, source, depth)
        else:
            yield from self.read_records(file, source, _Pages())

    def read_zip(self, file: IO[bytes], source: str, depth: int) -> Iterator[Seed]:
        with ZipFile(file) as wacz:
            pages, taken = _read_pages(wacz), 0
            names = sorted(wacz.namelist())
            for name in (n for n in names if is_web_archive(n)):
                with wacz.open(name) as member:
                    for seed in self.read_records(member, f"{source}!{name}", pages):
                        taken += 1
                        yield seed
            if not taken:
                pages.believe_nothing()
            for name in names:
                if pages.later and is_web_archive(name):
                    with wacz.open(name) as member:
                        yield from self.read_later(member, f"{source}!{name}", pages)
            for name in (n for n in names if n.lower().endswith(".wacz") and depth < _DEEPEST):
                with wacz.open(name) as member:
                    yield from self.read(member, f"{source}!{name}", depth + 1)

    def read_records(self, file: IO[bytes], source: str, pages: _Pages) -> Iterator[Seed]:
        for found in locate_file(file, partial(self.skip_damage, source)):
            seed = self.take(found, source, pages)
            if seed:
                yield seed

    def skip_damage(self, source: str, at: int) -> None:
        self.intake.skip(source, "damaged", f"byte {at}")

    def read_later(self, file: IO[bytes], source: str, pages: _Pages) -> Iterator[Seed]:
        """Give the pages that a redirect named only after they had been passed."""
        for found in locate_file(file):
            url = find_url(found.record)
            if url and found.record.rec_type in PAGES and _page_key(url) in pages.later:
                seed = self.take(found, source, pages)
                if seed:
                    self.intake.skipped["not_listed"] -= 1
                    yield seed

    def take(self, found: Located, source: str, pages: _Pages) -> Seed | None:
        """The page of a record, or None, counted by why not."""
        record = found.record
        if record.rec_type in ABOUT_THE_CRAWL:
            self.intake.skip(source, "about_the_crawl")
            return None
        url = find_url(record)
        reason = self.find_reason_to_skip(record, url, pages)
        if reason is None and record.rec_type == "revisit":
            self.keep_revisit(record, url or "", source)
            return None
        fetch = None
        if not reason:
            fetch = read_located(found, url or "", source, self.path)
        if fetch and (fetch.outcome != "ok" or is_html(fetch.content_type, fetch.body[:4096])):
            return Seed(fetch.url, source, fetch)
        self.intake.skip(source, reason or "other_type")
        return None

    def find_reason_to_skip(self, record: Any, url: str | None, pages: _Pages) -> str | None:
        """Why a record is no page, as far as its headers tell; a redirect of a page makes its target one."""
        kind, status, location = record.rec_type, find_status(record), find_header(record, "Location")
        if not kind:
            return "damaged"
        if kind not in (*PAGES, "revisit"):
            return "about_the_crawl"
        if url is None:
            return "no_web_address"
        if status is not None and status >= 300 and not (kind == "revisit" and status == 304):
            if location and pages.keys and pages.holds(url):
                pages.add(urljoin(url, location))
            if status < 400:
                return "redirect"
            return "http_error"
        if is_html(find_type(record)) is False:
            return "other_type"
        if is_platform_page(url):
            return "platform_page"
        if pages.holds(url):
            return None
        return "not_listed"

    def keep_revisit(self, record: Any, url: str, source: str) -> None:
        """Note a revisit until all files were read: its original may stand behind it, or in another."""
        headers = record.rec_headers
        uri, date = headers.get_header("WARC-Refers-To-Target-URI"), headers.get_header("WARC-Refers-To-Date")
        refers_to = None
        if uri and date:
            refers_to = (uri.strip("<>"), date[:19])
        digest = headers.get_header("WARC-Payload-Digest")
        if record.http_headers:
            http = record.http_headers.headers
        else:
            http = []
        revisit = Revisit(
            url,
            read_date(record, self.path),
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

    def read_records(self, file: IO[bytes], source: str, pages: _Pages) -> Iterator[Seed]:
        for found in locate_file(file):
            if found.record.rec_type in PAGES:
                yield from self.match(found, source)

    def match(self, found: Located, source: str) -> Iterator[Seed]:
        headers = found.record.rec_headers
        uri, date = headers.get_header("WARC-Target-URI") or "", headers.get_header("WARC-Date") or ""
        said = headers.get_header("WARC-Payload-Digest"), headers.get_header("WARC-Record-ID")
        names = (*said, (uri.strip("<>"), date[:19]))
        revisits = dict.fromkeys(r for name in names for r in self._waiting.get(name, ()) if r not in self.found)
        if not revisits:
            return
        fetch = read_located(found, uri.strip("<>"), source, self.path)
        self.found.update(revisits)
        if fetch.outcome != "ok" or not is_html(fetch.content_type, fetch.body[:4096]):
            for revisit in revisits:
                self.intake.skip(revisit.source, "other_type" if fetch.outcome == "ok" else "http_error", revisit.url)
            return
        for revisit in revisits:
            again = Fetch(
                url=revisit.url, final_url=revisit.url, fetched_at=revisit.date, outcome="ok", status=fetch.status,
                headers=revisit.headers or fetch.headers, content_type=fetch.content_type, body=fetch.body,
                truncated=fetch.truncated, source=revisit.source, place=fetch.place,
            )  # fmt: skip
            yield Seed(revisit.url, revisit.source, again)


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


def read_located(found: Located, url: str, source: str, path: Path) -> Fetch:
    """The answer that a record holds, of the page at `url`. `path` is the file that it is in, `source` what that is called."""
    record = found.record
    status = find_status(record)
    codings = find_codings(find_header(record, "Content-Encoding"))
    body = None
    if codings is not None:
        body = read_payload(record, codings)
    if body and record.rec_headers.get_header("WARC-Truncated"):
        body.cut(record.rec_headers.get_header("WARC-Truncated"))
    outcome, reason = judge(200 if status is None else status, body, None if body else "unsupported_encoding")
    return Fetch(
        url=url,
        final_url=url,
        fetched_at=read_date(record, path),
        outcome=outcome,
        status=status,
        reason=reason,
        headers=redact_headers(record.http_headers.headers if record.http_headers else ()),
        content_type=find_type(record),
        body=bytes(body.data) if body else b"",
        truncated=body.truncated if body else None,
        remote_address=record.rec_headers.get_header("WARC-IP-Address"),
        source=source,
        place=PagePlace(str(path.absolute()), source.removeprefix(str(path))[1:], found.offset, found.length),
    )


def _describe_damage(path: Path) -> Fetch:
    url = path.resolve().as_uri()
    return Fetch(url, url, clock.now(), "failed", reason="damaged", source=str(path))
