"""Rows of an archive -> the records of a WARC file, as values; bytes are only named. Pure.

WARC 1.1: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/. Generated resources are named
`urn:<what>:<address>`, as browsertrix does.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from embedarchive.core.urls import split_anything
from embedarchive.store.blobs import parse_json

Row = Mapping[str, Any]
Type = Literal["warcinfo", "response", "request", "resource", "metadata", "revisit"]
Headers = tuple[tuple[str, str], ...]

OURS = uuid.UUID("5e0c1bd2-0f7e-5c5a-9a54-3d8f7a7f0b0e")  # the namespace of every id made here
LEAST_SHARED = 512
"""Bytes. A smaller body is written again: a revisit record would be no shorter."""

_UNDONE = ("content-encoding", "transfer-encoding", "content-length")
_TOKEN = re.compile(r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]+")
_WITHOUT_BODY = {204, 205, 304}
_CUT = {
    "too_large": "length",
    "timeout": "time",
    "incomplete": "disconnect",
    "connection": "disconnect",
    "reset": "disconnect",
}
_GENERATED = {"screenshot": "view", "thumbnail": "thumbnail", "dom": "dom"}


@dataclass(frozen=True, slots=True)
class Stored:
    """Bytes that the archive holds under their sha256."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class ExportLine:
    """One WARC record. `start` is the HTTP start line, empty without HTTP; `found_by` is what an index says of it."""

    type: Type
    id: str
    url: str
    date: str
    content_type: str = ""
    start: str = ""
    http: Headers = ()
    body: bytes | Stored = b""
    warc: Headers = ()
    found_by: Mapping[str, str] | None = None


def make_id(*parts: object) -> str:
    """The id of a record, the same whenever the same thing is exported."""
    return f"<urn:uuid:{uuid.uuid5(OURS, ' '.join(map(str, parts)))}>"


def make_warcinfo(filename: str, now: str, software: str) -> ExportLine:
    fields = {
        "software": software,
        "format": "WARC File Format 1.1",
        "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
        "description": "Exported from an embedarchive archive. Bodies are decoded; original framing headers are kept "
        "as X-Archive-Orig-*; credentials were redacted before anything was kept.",
    }
    body = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    id, kind = make_id("warcinfo", filename, now), "application/warc-fields"
    return ExportLine("warcinfo", id, "", now, kind, body=body, warc=(("WARC-Filename", filename),))


# ------------------------------------------------------------------------------------------------------------ exchanges


def find_exchange_records(row: Row, place: str, held: Stored | None) -> Iterator[ExportLine]:
    """One exchange -> its response (if any came) and its request. `held` is its body, None if there is none to give.

    `place` tells this exchange from all others of the archive, here and below.
    """
    if row["url"].startswith("urn:"):
        if held:  # what somebody wrote down: nobody asked for it, and nobody answered
            yield make_resource(row["url"], row["started_at"], place, row["content_type"] or "text/plain", held)
        return
    concurrent: Headers = ()
    if row["status"] is not None:
        response = make_id("response", place, row["url"], row["started_at"])
        yield make_response(row, response, held)
        concurrent = (("WARC-Concurrent-To", response),)
    yield make_request(row, make_id("request", place, row["url"], row["started_at"]), concurrent)


def make_response(row: Row, id: str, held: Stored | None) -> ExportLine:
    """A response as it came, but for its framing: we keep bodies decoded, and say so in its headers."""
    status, body = int(row["status"]), held or b""
    lost = held is None and status not in _WITHOUT_BODY and not 300 <= status < 400 and row["method"] != "HEAD"
    warc = []
    if ip := find_ip(row["remote_address"]):
        warc.append(("WARC-IP-Address", ip))
    if row["truncated"] not in (None, "partial_content"):
        warc.append(("WARC-Truncated", _CUT.get(row["truncated"], "unspecified")))
    elif lost:
        warc.append(("WARC-Truncated", "unspecified"))
    size = 0
    if held:
        size = held.size
    headers = reframe_headers(parse_json(row["response_headers"]), size)
    http = f"HTTP/1.1 {status} {find_phrase(status)}".rstrip()
    kind = "application/http; msgtype=response"
    found_by = None
    if not lost:
        found_by = index_response(row)
    return ExportLine("response", id, row["url"], row["started_at"], kind, http, headers, body, tuple(warc), found_by)


def index_response(row: Row) -> dict[str, str]:
    """What the index says of a response."""
    mime = str(row["content_type"] or "").partition(";")[0].strip().lower()
    found_by = {"mime": mime or "unk", "status": str(int(row["status"]))}
    if row["method"] != "GET":
        found_by["method"] = row["method"]
    return found_by


def make_request(row: Row, id: str, warc: Headers) -> ExportLine:
    """A request as the browser reported it; an answer that never came is told by a header of ours."""
    parts = split_anything(row["url"])
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = clean_headers(parse_json(row["request_headers"]))
    if not any(name.lower() == "host" for name, _ in headers):
        headers = (("Host", parts.netloc.rpartition("@")[2]), *headers)
    if row["error"]:
        headers += clean_headers([("X-Archive-Error", row["error"])])
    start, kind = f"{row['method']} {target} HTTP/1.1", "application/http; msgtype=request"
    return ExportLine("request", id, row["url"], row["started_at"], kind, start, headers, warc=warc)


def make_revisit(record: ExportLine, first: tuple[str, str]) -> ExportLine:
    """A response whose bytes were written before, at that address and date: its headers, and where the rest is."""
    warc = (
        *record.warc,
        ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"),
        ("WARC-Refers-To-Target-URI", first[0]),
        ("WARC-Refers-To-Date", first[1]),
    )
    found_by = dict(record.found_by or {}) | {"mime": "warc/revisit"}
    return ExportLine("revisit", record.id, record.url, record.date, record.content_type, record.start, record.http,
                  record.body, warc, found_by)  # fmt: skip


def clean_headers(headers: Iterable[Sequence[str]]) -> Headers:
    """Headers that can stand in a message: tokens for names, no pseudo-headers, one line each (joined ones apart)."""
    return tuple(
        (name, _CONTROLS.sub(" ", line).strip())
        for name, value in headers
        if _TOKEN.match(name)
        for line in value.split("\n")
    )


def reframe_headers(headers: Iterable[Sequence[str]], size: int) -> Headers:
    """A response's headers for its decoded body: what told of coding and length is renamed, the true length added."""
    kept = ((f"X-Archive-Orig-{name}" if name.lower() in _UNDONE else name, v) for name, v in clean_headers(headers))
    return (*kept, ("Content-Length", str(size)))


def find_phrase(status: int) -> str:
    """The usual words for a status; servers may send others, and nobody may rely on them (RFC 9112 §4)."""
    if status in HTTPStatus._value2member_map_:
        return HTTPStatus(status).phrase
    return ""


def find_ip(address: str | None) -> str | None:
    """`203.0.113.7:443` or `[2001:db8::1]:443` -> the address alone."""
    if not address:
        return None
    if address.startswith("["):
        return address[1:].partition("]")[0]
    if address.count(":") == 1:
        return address.partition(":")[0]
    return address


# --------------------------------------------------------------------------------------------- what we made or fetched


def make_resource(
    url: str, date: str, place: str, content_type: str, body: bytes | Stored, warc: Headers = ()
) -> ExportLine:
    """Bytes without an exchange: a screenshot, a DOM, a text, a file named by the post and had another way."""
    mime = content_type.partition(";")[0].strip().lower()
    found_by = {"mime": mime or "unk", "status": "200"}
    return ExportLine("resource", make_id("resource", place, url, date), url, date, content_type, body=body, warc=warc,
                  found_by=found_by)  # fmt: skip


def make_metadata(url: str, date: str, place: str, about: str | None, values: Mapping[str, Any]) -> ExportLine:
    """What we know of a visit or a fetch, as JSON, tied to the record it is about."""
    body = json.dumps(values, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    warc: Headers = ()
    if about:
        warc = (("WARC-Refers-To", about),)
    id, found_by = make_id("metadata", place, url, date), {"mime": "application/json", "status": "200"}
    return ExportLine("metadata", id, f"urn:metadata:{url}", date, "application/json", body=body, warc=warc,
                  found_by=found_by)  # fmt: skip


def name_artifact(role: str, position: int, url: str | None, visited: str) -> str:
    """The address an artifact is written under: its own, or `urn:<what>:<visited page>` for what we made."""
    made = _GENERATED.get(role)
    if made:
        return f"urn:{made}:{visited}"
    return url or f"urn:{role}:{position}:{visited}"
