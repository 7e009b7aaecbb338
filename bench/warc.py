"""How fast web archives are scanned for embeds, beside fastwarc reading them and nothing else.

usage: python bench/warc.py [--pages N] [--log]    (the corpus is read from ../shared; fastwarc comes from the registries)

A mixture like Common Crawl's is written: one page in 50 holds embeds. Of the others one in five is a page of the corpus without
embeds, all of which talk about posts, and the rest are made-up news pages (`find.make_plain_pages`); a second mixture has the
corpus' pages only. Each page has a request, a response and a metadata record, packed record by record.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from io import BytesIO
from itertools import cycle, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from embedarchive.core.model import Fetch
from embedarchive.detect import find_embeds
from embedarchive.detect.pool import SearchPool
from embedarchive.run.scan_child import ScanChild
from embedarchive.run.scanning import FileScan
from embedarchive.sources import expand_seeds
from embedarchive.sources.intake import Intake
from embedarchive.sources.members import read_members
from embedarchive.sources.warcs import read_web_archive
from find import make_plain_pages, read_pages
from tools import prepare_python_tools

RESULTS = Path(__file__).parent / "results" / "warc.md"
ROUNDS = 3
FILES = 4
ONE_IN = 50
"""Pages of which one holds embeds."""
READ_ALONE = """
import sys, time
from fastwarc.warc import ArchiveIterator, WarcRecordType
best = 9e9
for _ in range(int(sys.argv[2])):
    start, pages = time.process_time(), 0
    with open(sys.argv[1], "rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response, parse_http=True):
            record.reader.read()
            pages += 1
    best = min(best, time.process_time() - start)
print(pages / best)
"""
Keys = list[tuple[str, list[str]]]
"""Address and keys of each page with embeds, in order."""


def mix(count: int, one_real_in: int) -> Iterator[bytes]:
    """Pages of which one in `ONE_IN` holds embeds; of the others one in `one_real_in` is from the corpus."""
    pages = read_pages()
    full = cycle(body for page, body in pages if page["embeds"])
    empty = cycle(body for page, body in pages if not page["embeds"])
    plain = cycle(make_plain_pages(200))
    for i in range(count):
        if i % ONE_IN == ONE_IN // 2:
            yield next(full)
        elif i % one_real_in == 0:
            yield next(empty)
        else:
            yield next(plain)


def write_warc(path: Path, bodies: Iterator[bytes]) -> tuple[Keys, int]:
    """Write a web archive; give what is in its pages, searched one by one, and their bytes."""
    keys, size = [], 0
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for i, body in enumerate(bodies):
            url = f"https://news{i}.example/story"
            headers = [("Content-Type", "text/html; charset=UTF-8"), ("Content-Length", str(len(body)))]
            http = StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1")
            writer.write_record(writer.create_warc_record(url, "request", BytesIO(b"GET / HTTP/1.1\r\n\r\n")))
            writer.write_record(writer.create_warc_record(url, "response", BytesIO(body), http_headers=http))
            writer.write_record(writer.create_warc_record(url, "metadata", BytesIO(b"fetchTimeMs: 12\r\n")))
            keys += list_keys(url, find_embeds(body, url=url, content_type=headers[0][1]).embeds)
            size += len(body)
    return keys, size


def list_keys(url: str, embeds: Any) -> Keys:
    found = [embed.post.key for embed in embeds if embed.post]
    return [(url, found)] if found else []


def read_archive(path: Path) -> Iterator[Fetch]:
    return (seed.fetch for seed in read_web_archive(path, Intake()) if seed.fetch)


def read_only(path: Path) -> Keys:
    for _ in read_archive(path):
        pass
    return []


def scan(path: Path) -> Keys:
    """Read and search in one process."""
    keys: Keys = []
    for fetch in read_archive(path):
        keys += list_keys(fetch.url, find_embeds(fetch.body, url=fetch.url, content_type=fetch.content_type).embeds)
    return keys


def scan_in_pool(path: Path) -> Keys:
    """Read here, search in two children, as `find` does on two cores."""
    keys: Keys = []
    with SearchPool(2) as pool:
        waiting = []
        for fetch in read_archive(path):
            waiting.append((fetch.url, pool.submit(fetch.body, url=fetch.url, content_type=fetch.content_type)))
            if len(waiting) > 40:
                url, found = waiting.pop(0)
                keys += list_keys(url, found.result().embeds)
        for url, found in waiting:
            keys += list_keys(url, found.result().embeds)
    return keys


def scan_files(path: Path) -> Keys:
    """One task a file, in two children; by reference, so that each page is hashed and comes with its place."""
    keys: Keys = []
    with FileScan(lambda: [ScanChild(), ScanChild()], {}, refer=True) as scanned:
        for seed in expand_seeds(
            [str(each) for each in sorted(path.parent.glob("part*.warc.gz"))], scan=scanned.expand
        ):
            if seed.found:
                keys += list_keys(seed.url, seed.found.embeds)
    return keys


def split_archive(path: Path, parts: int) -> None:
    """Write the same records as files of about one size beside it, cut where a request begins."""
    members = [
        (m.start, m.end) for m in read_members(path.open("rb")) if m.data and b"WARC-Type: request" in m.data[:400]
    ]
    starts = [members[len(members) * n // parts][0] for n in range(parts)] + [path.stat().st_size]
    data = path.read_bytes()
    for n, (start, end) in enumerate(pairwise(starts)):
        path.with_name(f"part{n}.warc.gz").write_bytes(data[start:end])


def measure_cpu() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + ended.ru_utime + ended.ru_stime


def rate(work: Callable[[Path], Keys], path: Path, pages: int) -> tuple[float, Keys]:
    """Pages a second of CPU, the best of some rounds, and what was found."""
    best, keys = float("inf"), []
    for _ in range(ROUNDS):
        start = measure_cpu()
        keys = work(path)
        best = min(best, measure_cpu() - start)
    return pages / best, keys


def read_alone(path: Path) -> float:
    python = prepare_python_tools("fastwarc", "fastwarc") / "bin" / "python"
    done = subprocess.run([python, "-c", READ_ALONE, path, str(ROUNDS)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def measure(name: str, count: int, one_real_in: int) -> tuple[list[str], dict[str, Any]]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "mixture.warc.gz"
        expected, size = write_warc(path, mix(count, one_real_in))
        alone, (reading, _) = read_alone(path), rate(read_only, path, count)
        (scanned, found), (pooled, found_too) = rate(scan, path, count), rate(scan_in_pool, path, count)
        split_archive(path, FILES)
        by_file, found_there = rate(scan_files, path, count)
    same = found == found_too == found_there == expected
    mean = size / count
    rows = [
        f"| {name}: {what} | {pages:,.0f} | {pages * mean / 1e6:.0f} | {pages / alone:.2f} |"
        for what, pages in (("fastwarc, reading only", alone), ("our reader", reading), ("read and searched", scanned),
                            ("the same in a pool of two", pooled),
                            (f"the same in {FILES} files, a task each, by reference", by_file))
    ]  # fmt: skip
    return rows, {"pages_s_core": round(scanned), "of_fastwarc": round(scanned / alone, 2), "same_embeds": same}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--log", action="store_true", help="write bench/results/warc.md")
    options = parser.parse_args()
    find_embeds("<p>")  # the keywords are compiled once
    real, _ = measure("pages of the corpus only", options.pages // 4, 1)
    mixed, figures = measure("mixture", options.pages, 5)
    table = ["| what | pages a second and core | MB | of fastwarc |", "|---|---|---|---|", *mixed, *real]
    last = json.dumps(figures)
    print("\n".join(table))
    print(last)
    if options.log:
        said = [f"`python bench/warc.py --log`, {date.today():%d %B %Y}.", __doc__.split("\n\n")[2].strip()]
        text = "\n\n".join(["# Web archives, scanned for embeds", *said, "\n".join(table), f"```json\n{last}\n```"])
        RESULTS.write_text(f"{text}\n", "utf-8")


if __name__ == "__main__":
    main()
