"""Common Crawl: the list of its crawls, the index of each, and ranges of the WARC files that hold its pages."""

from __future__ import annotations

import gzip
import hashlib
import json
from datetime import date, timedelta
from urllib.parse import parse_qsl

from embedarchive.replica.mementos import Memento, make_key
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, json_text
from embedarchive.replica.world import World

INDEX, DATA = "index.commoncrawl.org", "data.commoncrawl.org"
WEEKS = (4, 12, 18, 30, 38, 46)


def _span(year: int, week: int) -> tuple[str, str]:
    begins = date.fromisocalendar(year, week, 1)
    return begins.isoformat(), (begins + timedelta(days=13)).isoformat()


CRAWLS = {f"CC-MAIN-{year}-{week:02}": _span(year, week) for year in range(2025, 2013, -1) for week in reversed(WEEKS)}
"""Crawl -> its first and last day, the newest first; named by year and week, as the real ones are."""
_OLDEST = min(CRAWLS)


def _crawl_of(held: Memento) -> str:
    """The last crawl that had begun."""
    day = f"{held.at[:4]}-{held.at[4:6]}-{held.at[6:8]}"
    return next((name for name, (first, _) in CRAWLS.items() if day >= first), _OLDEST)


def _answer_index(request: Request, world: World) -> Reply | None:
    if request.path == "/collinfo.json":
        return json_text(json.dumps([_describe_crawl(name) for name in CRAWLS]))
    name = request.path.strip("/").removesuffix("-index")
    if name not in CRAWLS:
        return None
    if trouble := world.archives.count("index"):
        return trouble
    asked = dict(parse_qsl(request.query, keep_blank_values=True))
    url, match = asked.get("url", ""), asked.get("matchType", "exact")
    if asked.get("page", "0") != "0":
        return json_text(json.dumps({"message": "Page out of range"}), 400)
    if url.endswith("*"):
        url, match = url[:-1], "prefix"
    held = [each for each in world.archives.find("commoncrawl", url, match) if _crawl_of(each) == name]
    if asked.get("showNumPages") == "true":
        return json_text(json.dumps({"pages": int(bool(held)), "pageSize": 5, "blocks": int(bool(held))}))
    if not held:
        return json_text(json.dumps({"message": f"No Captures found for: {url}"}), 404)
    limit = int(asked.get("limit", "0") or 0) or len(held)
    lines = [json.dumps(_make_row(world, each)) for each in held[:limit]]
    return Reply(200, (("Content-Type", "text/x-ndjson"),), ("\n".join(lines) + "\n").encode())


def _describe_crawl(name: str) -> dict[str, str]:
    first, last = CRAWLS[name]
    return {
        "id": name, "name": f"{name} Index", "timegate": f"https://{INDEX}/{name}/", "cdx-api": f"https://{INDEX}/{name}-index",
        "from": f"{first}T00:00:00", "to": f"{last}T23:59:59",
    }  # fmt: skip


def _make_row(world: World, held: Memento) -> dict[str, str]:
    name, offset, length = _place(world, held)
    return {
        "urlkey": make_key(held.url), "timestamp": held.at, "url": held.url, "mime": held.mime, "mime-detected": held.mime,
        "status": str(held.status), "digest": held.digest, "length": str(length), "offset": str(offset), "filename": name,
    }  # fmt: skip


def _place(world: World, held: Memento) -> tuple[str, int, int]:
    """File, offset and length of the record that holds a memento."""
    crawl = _crawl_of(held)
    offset = 0
    for each in _held_in(world, crawl):
        record = make_record(each)
        if each is held:
            return _file(crawl), offset, len(record)
        offset += len(record)
    raise LookupError(held.url)


def _held_in(world: World, crawl: str) -> list[Memento]:
    return [each for each in world.archives.held if each.holder == "commoncrawl" and _crawl_of(each) == crawl]


def _file(crawl: str) -> str:
    return f"crawl-data/{crawl}/segments/1/warc/{crawl}-00000.warc.gz"


def make_record(held: Memento) -> bytes:
    """A memento as one gzip member of a WARC file; a truncated one lacks its end."""
    status = f"HTTP/1.1 {held.status} OK\r\n"
    http = (status + "".join(f"{name}: {value}\r\n" for name, value in held.headers) + "\r\n").encode() + held.body
    date = f"{held.at[:4]}-{held.at[4:6]}-{held.at[6:8]}T{held.at[8:10]}:{held.at[10:12]}:{held.at[12:]}Z"
    number = hashlib.sha256(f"{held.url} {held.at}".encode()).hexdigest()[:12]
    head = (
        "WARC/1.0\r\nWARC-Type: response\r\n"
        f"WARC-Record-ID: <urn:uuid:00000000-0000-4000-8000-{number}>\r\nWARC-Date: {date}\r\n"
        f"WARC-Target-URI: {held.url}\r\nWARC-Payload-Digest: sha1:{held.digest}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    record = gzip.compress(head.encode() + http + b"\r\n\r\n", mtime=0)
    if held.flaw == "truncated":
        return record[: len(record) * 2 // 3]
    return record


def _answer_data(request: Request, world: World) -> Reply | None:
    if trouble := world.archives.count("data"):
        return trouble
    for crawl in CRAWLS:
        if request.path == f"/{_file(crawl)}":
            body = b"".join(map(make_record, _held_in(world, crawl)))
            return Reply(200, (("Content-Type", "application/octet-stream"), ("Accept-Ranges", "bytes")), body)
    return None


SITES = (Site((INDEX,), _answer_index), Site((DATA,), _answer_data))
