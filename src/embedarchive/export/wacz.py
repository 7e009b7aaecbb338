"""An archive -> one WACZ file that any web-archive player opens: records, index, pages, and the hash of each part.

WACZ 1.1.1: https://specs.webrecorder.net/wacz/1.1.1/. What is written does not depend on how much the archive holds:
bodies are streamed, the index is sorted outside memory, and the file appears under its name only when it is whole.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO, cast

from embedarchive.export import whole
from embedarchive.export.atomic import atomic_write, refuse_existing
from embedarchive.export.cdxj import Index, pack_blocks, render_block_line, render_line
from embedarchive.export.formats import ExportJob, Written
from embedarchive.export.lines import LEAST_SHARED, ExportLine, Stored, make_revisit, make_warcinfo
from embedarchive.export.package import SOFTWARE, Package, Part, Sign
from embedarchive.export.selection import EVERYTHING, Selection, count_selected, read_selected
from embedarchive.export.signing import find_signer
from embedarchive.export.visits import (
    PageLine,
    find_fetch_page,
    find_fetch_records,
    find_visit_page,
    find_visit_records,
)
from embedarchive.export.warc import Place, Warc, find_digest
from embedarchive.store.fixity import Checked

FULL_WARC = 1_000_000_000
"""Bytes after which the next WARC file is begun, as web archives usually cut them."""

SEEN = "outcome = 'available'"
FETCHED = "html_sha256 IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export holds. `shared` counts bodies that were written once and referred to from then on.

    `damaged` are those that were left out, for they are not what their sha256 names: sha256 -> what is wrong with them.
    """

    visits: int
    articles: int
    records: int
    shared: int
    bytes: int
    damaged: Mapping[str, str] = field(default_factory=dict)


def write(job: ExportJob) -> Written:
    refuse_existing(job.out, job.overwrite)
    total = count_selected(job.conn, job.chosen)
    done = export_wacz(
        job.conn, job.out, job.now, job.chosen, sign=find_signer(), on_progress=lambda n: job.on_progress(n, total)
    )
    return Written(asdict(done), say_exported(job.out, done), done.damaged)


def say_exported(path: Path, done: Exported) -> str:
    """What was written, and how to look at it."""
    held = f"{done.visits} visits to posts and {done.articles} downloads of articles"
    size = f"{done.records} records, {done.shared} of them shared, {done.bytes / 1_000_000:.1f} MB"
    return f"{path} holds {held} ({size}). Open it with any web-archive player, such as replayweb.page."


def export_wacz(
    conn: sqlite3.Connection,
    out: Path,
    now: str,
    selection: Selection = EVERYTHING,
    *,
    full_warc: int = FULL_WARC,
    sign: Sign | None = None,
    on_progress: Callable[[int], None] = lambda done: None,
) -> Exported:
    """Write what is selected to `out`; `now` (ISO 8601) is the only thing in it that the archive does not say.

    `sign` signs the list of its parts (`find_signer`). `on_progress` is told how many visits and downloads are written.
    Raises DiskFull; `out` is then as it was.
    """
    with (
        atomic_write(out, overwrite=True) as draft,
        contextlib.closing(Index()) as index,
        one_moment(conn),
        Package(draft, now) as package,
    ):
        export = Export(conn, package, index, selection, full_warc, on_progress)
        export.write(sign)
    count = export.count
    return Exported(
        count["visits"], count["articles"], count["records"], count["shared"], out.stat().st_size, export.files.damaged
    )


@contextlib.contextmanager
def one_moment(conn: sqlite3.Connection) -> Iterator[None]:
    """Read one state of the archive from beginning to end, whatever is written to it meanwhile."""
    conn.execute("BEGIN")
    try:
        yield
    finally:
        conn.rollback()


@dataclass
class Export:
    """One export at work: what it is about, where it goes, what it has counted."""

    conn: sqlite3.Connection
    package: Package
    index: Index
    selection: Selection
    full_warc: int
    on_progress: Callable[[int], None]
    count: Counter[str] = field(default_factory=Counter)
    files: Checked = field(init=False)

    def __post_init__(self) -> None:
        self.files = Checked(self.conn)

    def write(self, sign: Sign | None) -> None:
        self.write_warcs()
        self.write_index()
        self.write_pages()
        self.write_whole()
        count = self.count
        held = f"{count['visits']} visits to posts, {count['articles']} downloads of articles"
        left_out = ""
        if self.files.damaged:
            left_out = f"; {len(self.files.damaged)} damaged files left out"
        self.package.finish(held + left_out, sign)

    def write_warcs(self) -> None:
        """Write all records, in files of about `full_warc` bytes; at least one file, if only with its own record."""
        units = self.units()
        unit = next(units, None)
        number = 1
        while unit is not None or number == 1:
            filename = f"data-{number:05}.warc.gz"
            with self.package.part(f"archive/{filename}") as part:
                warc = Warc(self.conn, cast(IO[bytes], part))
                warc.write(make_warcinfo(filename, self.package.now, SOFTWARE))
                while unit is not None and warc.size < self.full_warc:
                    for record in unit:
                        self.write_record(warc, record, filename)
                    self.on_progress(self.count["visits"] + self.count["articles"])
                    unit = next(units, None)
            number += 1

    def units(self) -> Iterator[Iterable[ExportLine]]:
        """The records of each article download, then of each visit, in the archive's order."""
        for fetch in read_selected(self.conn, "fetches", self.selection.fetches, FETCHED):
            self.count["articles"] += 1
            yield find_fetch_records(self.files, fetch)
        for capture in read_selected(self.conn, "captures", self.selection.captures):
            self.count["visits"] += 1
            yield find_visit_records(self.files, capture)

    def write_record(self, warc: Warc, record: ExportLine, filename: str) -> None:
        """Write one record, or where its bytes were written before; index it if players may look for it."""
        body = record.body
        if record.type == "response" and record.found_by and isinstance(body, Stored) and body.size >= LEAST_SHARED:
            first = self.index.first_of(body.sha256, record.url, record.date)
            if first:
                self.count["shared"] += 1
                record = make_revisit(record, first)
        place = warc.write(record)
        self.count["records"] += 1
        if record.found_by:
            self.index.add(render_line(record.url, record.date, find_place(record, place, filename)))

    def write_index(self) -> None:
        """Write the sorted index in gzip blocks, and the index of the blocks: a player reads only those it needs."""
        meta = {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
        summary = [f"!meta 0 {json.dumps(meta)}\n"]
        with self.package.part("indexes/index.cdx.gz") as part:
            for first, block in pack_blocks(self.index.lines()):
                summary.append(render_block_line(first, part.size, block, "index.cdx.gz"))
                part.write(block)
        with self.package.part("indexes/index.idx") as part:
            part.write("".join(summary).encode())

    def write_pages(self) -> None:
        """List what a reader wants to open, preserved posts, and apart from them the articles and all other visits."""
        chosen = self.selection.captures
        seen = read_selected(self.conn, "captures", chosen, SEEN)
        others = read_selected(self.conn, "captures", chosen, f"NOT ({SEEN})")
        fetches = read_selected(self.conn, "fetches", self.selection.fetches, FETCHED)
        with self.package.part("pages/pages.jsonl") as part:
            write_head(part, "pages", "Posts")
            write_lines(part, (find_visit_page(self.files, row) for row in seen))
        with self.package.part("pages/extraPages.jsonl") as part:
            write_head(part, "extraPages", "Articles and other visits")
            write_lines(part, (find_fetch_page(self.files, row) for row in fetches))
            write_lines(part, (find_visit_page(self.files, row) for row in others))

    def write_whole(self) -> None:
        """Say of what the records are parts, so that an archive that is given the file takes all of it back."""
        captures = read_selected(self.conn, "captures", self.selection.captures)
        fetches = read_selected(self.conn, "fetches", self.selection.fetches, FETCHED)
        with self.package.part(whole.FETCHES) as part:
            whole.write_packed(part, (whole.tell_fetch(self.conn, row) for row in fetches))
        with self.package.part(whole.CAPTURES) as part:
            whole.write_packed(part, (whole.tell_capture(self.conn, row) for row in captures))


def find_place(record: ExportLine, place: Place, filename: str) -> dict[str, str]:
    """What a line of the index says of a record beside its address. Pure."""
    where = {"digest": find_digest(record.body), "length": str(place.length), "offset": str(place.offset)}
    return {**(record.found_by or {}), **where, "filename": filename, "recordDigest": f"sha256:{place.sha256}"}


def write_head(part: Part, id: str, title: str) -> None:
    head = {"format": "json-pages-1.0", "id": id, "title": title, "hasText": True}
    part.write((json.dumps(head) + "\n").encode())


def write_lines(part: Part, pages: Iterable[PageLine | None]) -> None:
    for page in pages:
        if page:
            line = {"id": page.id, "url": page.url, "ts": page.date, "title": page.title, "text": page.text}
            part.write((json.dumps(line, ensure_ascii=False) + "\n").encode("utf-8", "replace"))
