"""Read web archives with warcio or fastwarc, and print what is in each as a line of JSON. Needs nothing of ours.

usage: python bench/records.py warcio|fastwarc    (paths of files on standard input; `bench/archives.py` runs it)

A page is what a record of a page is by its own headers: response, resource or conversion, of an http(s) address, with a status
of 2xx or none, of type HTML. Its body is what the peer decodes; of that the sha1 is printed.
"""

from __future__ import annotations

import hashlib
import io
import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from typing import IO, Any

HTML = ("text/html", "application/xhtml+xml")
PAGES = ("response", "resource", "conversion")
Record = tuple[str, str, "int | None", str, Callable[[], bytes]]
"""Kind, address, status, content type, and what gives the body."""


def read_warcio(file: IO[bytes]) -> Iterator[Record]:
    from warcio.archiveiterator import ArchiveIterator

    for record in ArchiveIterator(file, arc2warc=True):
        head, warc = record.http_headers, record.rec_headers
        said = head.get_statuscode() if head else ""
        kind = (head or warc).get_header("Content-Type") or ""
        status = int(said) if said.isdecimal() else None
        yield record.rec_type, warc.get_header("WARC-Target-URI") or "", status, kind, record.content_stream().read


def read_fastwarc(file: IO[bytes]) -> Iterator[Record]:
    from fastwarc.warc import ArchiveIterator, WarcRecordType  # type: ignore[import-not-found]

    for record in ArchiveIterator(file, record_types=WarcRecordType.any_type, auto_decode="all"):
        head, warc = record.http_headers, record.headers
        kind = (head if head is not None else warc).get("Content-Type") or ""
        status = head.status_code if head is not None else None
        yield record.headers.get("WARC-Type") or "", warc.get("WARC-Target-URI") or "", status, kind, record.reader.read


READERS = {"warcio": read_warcio, "fastwarc": read_fastwarc}


def open_parts(path: str) -> Iterator[IO[bytes]]:
    """The file, or what of a WACZ is a web archive."""
    with open(path, "rb") as file:
        if not zipfile.is_zipfile(file):
            file.seek(0)
            yield file
            return
        with zipfile.ZipFile(file) as wacz:
            names = [name for name in sorted(wacz.namelist()) if name.startswith("archive/") and name[-1] != "/"]
            yield from (io.BytesIO(wacz.read(name)) for name in names)


def is_page(record: Record) -> bool:
    kind, url, status, content_type, _ = record
    declared = content_type.split(";")[0].strip().lower()
    good = status is None or 200 <= status < 300
    return kind in PAGES and good and declared in HTML and url.strip("<> ").lower().startswith("http")


def count(path: str, read: Callable[[IO[bytes]], Iterator[Record]]) -> dict[str, Any]:
    """How many records a file holds, the sha1 of each page, and what ended the reading."""
    found: dict[str, Any] = {"path": path, "records": 0, "pages": [], "ended": ""}
    try:
        for file in open_parts(path):
            for record in read(file):
                found["records"] += 1
                if is_page(record):
                    found["pages"].append(hashlib.sha1(record[4]()).hexdigest())
    except Exception as error:  # whatever a peer raises is what it says of the file
        found["ended"] = f"{type(error).__name__}: {error}".splitlines()[0][:80]
    return found


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(count(line.rstrip("\n"), READERS[sys.argv[1]])), flush=True)
