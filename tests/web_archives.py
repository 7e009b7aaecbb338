"""Web archives as others make them of the replica's posts: what its servers answer, written down by warcio, with no browser."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from embedarchive.conformance.playing import Scene, list_scenes
from embedarchive.conformance.served import ask_replica, serve_page, set_world
from embedarchive.core.model import Exchange, Page, Post
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME
from embedarchive.run.recorded import gather, judge, name_files

THEN = "2024-03-09T10:00:00.000Z"
BROWSERTRIX = "Browsertrix-Crawler 1.5.0 (with warcio.js 2.4.2)"


def find_scene(platform: str, name: str = "live") -> Scene:
    return next(scene for scene in list_scenes(BY_NAME[platform]) if scene.name == name)


def find_post(scene: Scene) -> Post:
    post = identify_post(scene.fact.url)
    assert post
    return post


def record(page: Page, at: str = THEN) -> list[Exchange]:
    """A page and its answers as a crawler would have written them down: as they were served, and nothing drawn."""
    kinds = [(page.final_url, page.status, page.body, "text/html; charset=utf-8")] if page.status else []
    kinds += [
        (answer.final_url or answer.url, answer.status, answer.body, "application/json") for answer in page.answers
    ]
    return [
        Exchange(url, status=status, body=body.encode(), content_type=kind, started_at=at)
        for url, status, body, kind in kinds
    ]


def record_scene(scene: Scene, at: str = THEN) -> list[Exchange]:
    """What is served of a post: its frame, what else is asked about it, and the files that it names."""
    recorded = record(serve_page(scene.fact, scene.name), at)
    for sight in gather(find_post(scene), recorded):
        for media in name_files(judge(sight)):
            if media.url and not media.missing:
                recorded.append(fetch_file(scene, media.url, at))
    return recorded


def fetch_file(scene: Scene, url: str, at: str = THEN) -> Exchange:
    reply, final = ask_replica(set_world(scene.fact, scene.name), url)
    body = reply.body() if callable(reply.body) else reply.body
    kind = reply.header("content-type") or "image/jpeg"
    return Exchange(final, status=reply.status, body=body, content_type=kind, started_at=at)


def write_warc(
    path: Path,
    exchanges: Iterable[Exchange],
    *,
    software: str = BROWSERTRIX,
    packed: bool = True,
    pictures: Sequence[Exchange] = (),
) -> Path:
    """A WARC of these responses, after a record that says what wrote it; pictures of pages are resources, as `urn:view:…`."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=packed)
        if software:
            writer.write_record(
                writer.create_warcinfo_record(path.name, {"software": software, "format": "WARC File Format 1.1"})
            )
        for each in exchanges:
            headers = [("Content-Type", each.content_type or "text/html"), *each.response_headers]
            http = StatusAndHeaders(f"{each.status} -", headers, protocol="HTTP/1.1")
            body = io.BytesIO(each.body or b"")
            dated = {"WARC-Date": each.started_at}
            writer.write_record(
                writer.create_warc_record(each.url, "response", body, http_headers=http, warc_headers_dict=dated)
            )
        for each in pictures:
            dated = {"WARC-Date": each.started_at}
            body = io.BytesIO(each.body or b"")
            kind = each.content_type or "image/png"
            writer.write_record(
                writer.create_warc_record(each.url, "resource", body, warc_content_type=kind, warc_headers_dict=dated)
            )
    return path


def write_wacz(path: Path, warc: Path, pages: Iterable[str], software: str = "some packer 1.0") -> Path:
    """A WACZ around a WARC, with its list of pages."""
    head = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}
    lines = [json.dumps(head), *(json.dumps({"url": url, "ts": THEN}) for url in pages)]
    with zipfile.ZipFile(path, "w") as wacz:
        wacz.writestr("datapackage.json", json.dumps({"profile": "data-package", "software": software}))
        wacz.writestr("pages/pages.jsonl", "\n".join(lines) + "\n")
        wacz.write(warc, f"archive/{warc.name}")
    return path


def move(exchanges: Iterable[Exchange], at: str) -> list[Exchange]:
    return [replace(each, started_at=at) for each in exchanges]
