"""A WACZ of ours -> its captures and downloads as they were: with their pictures, their dates, and whose observation each was.

What the file says is believed as far as its records bear it out: bytes are those of their sha256, a capture's name is made of
them, and no time lies ahead of us. What is derived (descriptions, conclusions) is made anew.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedarchive.core.model import Artifact, Capture, Exchange, Fetch, Headers, Post, Rendering, Sign, Verdict
from embedarchive.core.version import __version__
from embedarchive.export.whole import CAPTURES, FETCHES, FORMAT
from embedarchive.platforms import BY_NAME
from embedarchive.run.gathering import Gathering
from embedarchive.run.ledger import Event
from embedarchive.run.prepare import Emit
from embedarchive.sources.recordings import RecordingReader, read_whole
from embedarchive.store import Archive
from embedarchive.store.optouts import OPTED_OUT, read_optouts
from embedarchive.store.recorded import (
    CheckRow,
    Whole,
    find_fetch,
    has_rendering,
    keep_doubted_run,
    keep_holders,
    keep_whole,
)

Line = Mapping[str, Any]
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
_SHA256 = re.compile(r"sha256:([0-9a-f]{64})")


def import_whole(archive: Archive, crawl_id: int, path: Path, emit: Emit, now: str) -> None:
    """Take a WACZ of ours back, and tell of each capture what became of it (`kept`, `known`, `not wanted`).

    Raises SourceError for a file that cannot be read, ArchiveError when nothing more can be kept.
    """
    with tempfile.TemporaryDirectory(prefix="embedarchive-import-") as folder:
        gathering = Gathering.open(Path(folder))
        with closing(gathering.conn):
            gather_bodies(gathering, path)
            runs = Runs(archive, crawl_id, now)
            keep_fetches(gathering, runs, path, emit)
            keep_captures(gathering, runs, path, emit)


@dataclass
class Runs:
    """The run that takes a file back, and one more for each reason for which a run elsewhere is not believed."""

    archive: Archive
    crawl_id: int
    now: str
    doubted: dict[str, int] = field(default_factory=dict)

    def choose(self, line: Line) -> int:
        """The run under which a line is kept."""
        why = _or_none(line.get("clock_suspect"))
        if why is None:
            return self.crawl_id
        if why not in self.doubted:
            self.doubted[why] = keep_doubted_run(self.archive, why, __version__, self.now)
        return self.doubted[why]


def read_holders(line: Line) -> tuple[str, ...]:
    """The names of the archives that held what a line tells of; older files do not say."""
    return tuple(_text(name) for name in line.get("held_by") or ())


def gather_bodies(gathering: Gathering, path: Path) -> None:
    """Gather the bytes that the file's own lines name."""
    wanted = {
        sha256 for part in (CAPTURES, FETCHES) for line in read_whole(path, part, FORMAT) for sha256 in name_bytes(line)
    }

    def wants(url: str, digest: str | None) -> bool:
        named = _SHA256.fullmatch(digest or "")
        return bool(named and named[1] in wanted)

    for recording in RecordingReader(wants).read(path):
        gathering.add(recording, None)


def name_bytes(line: Line) -> Iterator[str]:
    """The hashes of all bytes that a line names."""
    listed = [line, *_list(line, "artifacts"), *_list(line, "exchanges"), *_list(line, "page_files")]
    for each in listed:
        for name in ("sha256", "body_sha256", "html_sha256", "dom_sha256", "screenshot_sha256"):
            if isinstance(each.get(name), str):
                yield each[name]


def _list(line: Line, name: str) -> list[Line]:
    held = line.get(name)
    if not isinstance(held, list):
        return []
    return [each for each in held if isinstance(each, dict)]


# ------------------------------------------------------------------------------------------------------------- articles


def keep_fetches(gathering: Gathering, runs: Runs, path: Path, emit: Emit) -> None:
    """Keep the downloads of articles, with what a browser made of them; to be searched as any."""
    archive, crawl_id, now = runs.archive, runs.crawl_id, runs.now
    optouts = read_optouts(archive.conn, now)
    for line in read_whole(path, FETCHES, FORMAT):
        try:
            article, fetch, rendering = read_article(gathering, line, now)
            holders = read_holders(line)
        except (KeyError, TypeError, ValueError):
            emit(Event("skipped", path.name, "damaged"))
            continue
        if any(map(optouts.bars_address, (article, fetch.final_url))):
            emit(Event("skipped", article, OPTED_OUT))
            continue
        article_id = archive.keep_seed(crawl_id, article, str(path), now, fresh_since="")
        known = find_fetch(archive.conn, article, fetch.fetched_at)
        fetch_id = known or archive.keep_fetch(article_id, runs.choose(line), fetch)
        if fetch_id:
            with archive.transaction() as conn:
                keep_holders(conn, "fetch", fetch_id, holders, now)
        if fetch_id and rendering and not has_rendering(archive.conn, fetch_id):
            archive.keep_rendering(fetch_id, rendering)
            archive.keep_opened(fetch_id, crawl_id, (), rendering)
        emit(Event("article", article, "unchanged" if known else fetch.outcome, fetch.truncated or ""))


def read_article(gathering: Gathering, line: Line, now: str) -> tuple[str, Fetch, Rendering | None]:
    """A line as the article's address, its download, and what a browser made of it. Raises ValueError and its like."""
    if line["outcome"] not in ("ok", "unchanged", "failed"):
        raise ValueError(line["outcome"])
    fetch = Fetch(
        url=_text(line["url"]), final_url=_text(line["final_url"]), fetched_at=_time(line["fetched_at"], now),
        outcome=line["outcome"], status=_number(line["status"]), reason=_or_none(line["reason"]),
        headers=_pairs(line["headers"]), content_type=_or_none(line["content_type"]),
        body=_find(gathering, line["html_sha256"]) or b"", truncated=_or_none(line["truncated"]),
        redirects=tuple((int(status), _text(url)) for status, url in line["redirects"]),
        remote_address=_or_none(line["remote_address"]), elapsed_ms=int(line["elapsed_ms"]), source=_text(line["source"]),
    )  # fmt: skip
    if not line["rendered_at"] and not line["screenshot_sha256"]:
        return _text(line["article"]), fetch, None
    dom = _find(gathering, line["dom_sha256"]) or b""
    rendering = Rendering(
        fetch.url, fetch.final_url, _time(line["rendered_at"] or fetch.fetched_at, now), reason=_or_none(line["render_reason"]),
        dom=dom.decode("utf-8", "replace"), screenshot=_find(gathering, line["screenshot_sha256"]),
        alterations=tuple(map(_text, line["alterations"])),
        files=tuple(_read_page_file(gathering, each) for each in _list(line, "page_files")),
    )  # fmt: skip
    return _text(line["article"]), fetch, rendering


# ------------------------------------------------------------------------------------------------------------- captures


def keep_captures(gathering: Gathering, runs: Runs, path: Path, emit: Emit) -> None:
    """Keep captures as they were."""
    for line in read_whole(path, CAPTURES, FORMAT):
        try:
            whole = read_capture(gathering, line, runs.now)
            became = keep_whole(runs.archive, whole, runs.choose(line), runs.now)
        except (KeyError, TypeError, ValueError, sqlite3.IntegrityError):
            emit(Event("skipped", f"{path.name}: {line.get('uid')}", "damaged"))
            continue
        emit(Event("import", whole.capture.post.key, became, whole.capture.verdict.outcome))


def read_capture(gathering: Gathering, line: Line, now: str) -> Whole:
    """A line as the capture that it tells. Raises ValueError, KeyError and TypeError for what is none."""
    if line["origin"] not in ("visit", "memento", "import") or line["purpose"] not in ("post", "check", "control"):
        raise ValueError("no capture of ours")
    signs = tuple(Sign(_text(each["rule"]), _text(each["where"]), _text(each["saw"])) for each in line["evidence"])
    check = line["check"]
    embedding = check["embedding"] if check else None
    capture = Capture(
        post=_read_post(line["post"]),
        visit_url=_text(line["visit_url"]),
        final_url=_text(line["final_url"]),
        started_at=_time(line["started_at"], now),
        finished_at=_time(line["finished_at"], now),
        verdict=Verdict(line["outcome"], _or_none(line["reason"]), signs, embedding),
        status=_number(line["status"]),
        artifacts=tuple(filter(None, (_read_artifact(gathering, each) for each in line["artifacts"]))),
        exchanges=tuple(_read_exchange(gathering, each) for each in line["exchanges"]),
        alterations=tuple(map(_text, line["alterations"])),
        missing=tuple(map(_text, line["missing"])),
        environment=dict(line["environment"]),
        origin=line["origin"],
        purpose=line["purpose"],
        seen_at=_time(line["seen_at"], now) if line["seen_at"] else None,
    )
    place = line["in_article"]
    return Whole(
        capture,
        _text(line["uid"]),
        CheckRow(
            _time(check["checked_at"], now), _text(check["outcome"]), _or_none(check["reason"]), _or_none(embedding)
        )
        if check
        else None,
        tuple(map(_read_post, line["names"])),
        (_text(place["article"]), _text(place["fetched_at"])) if place else None,
        read_holders(line),
    )


def _read_post(told: Line) -> Post:
    platform, native_id = _text(told["platform"]), _text(told["native_id"])
    if platform not in BY_NAME or not native_id or len(native_id) > 2000:
        raise ValueError(platform)
    return Post(platform, native_id, _text(told["url"]), _or_none(told["posted_at"]), bool(told["resolved"]))


def _read_artifact(gathering: Gathering, told: Line) -> Artifact | None:
    body = _find(gathering, told["sha256"])
    if body is None:
        return None
    sizes = (_number(told["width"]), _number(told["height"]))
    return Artifact(
        told["role"], body, _text(told["content_type"]), int(told["position"]), _or_none(told["url"]), *sizes,
        _or_none(told["alt"]), _or_none(told["truncated"]), _number(told["dhash"]),
    )  # fmt: skip


def _read_exchange(gathering: Gathering, told: Line) -> Exchange:
    return Exchange(
        url=_text(told["url"]), method=_text(told["method"]), status=_number(told["status"]),
        request_headers=_pairs(told["request_headers"]), response_headers=_pairs(told["response_headers"]),
        body=_find(gathering, told["body_sha256"]), content_type=_or_none(told["content_type"]),
        resource_type=_text(told["resource_type"]), remote_address=_or_none(told["remote_address"]),
        started_at=_text(told["started_at"]), elapsed_ms=int(told["elapsed_ms"]), truncated=_or_none(told["truncated"]),
        error=_or_none(told["error"]),
    )  # fmt: skip


def _read_page_file(gathering: Gathering, told: Line) -> Exchange:
    return Exchange(
        url=_text(told["url"]), status=_number(told["status"]), response_headers=_pairs(told["headers"]),
        body=_find(gathering, told["sha256"]), content_type=_or_none(told["content_type"]),
        resource_type=_text(told["kind"]), started_at=_text(told["fetched_at"]),
    )  # fmt: skip


def _find(gathering: Gathering, sha256: Any) -> bytes | None:
    """The bytes of that hash, as they were recorded; their name was made of them."""
    found = None
    if sha256:
        found = gathering.conn.execute("SELECT body FROM bodies WHERE sha256 = ?", (sha256,)).fetchone()
    if found:
        return bytes(found[0])
    return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _or_none(value: Any) -> Any:
    if value is None:
        return None
    return _text(value)


def _number(value: Any) -> int | None:
    if value is None:
        return None
    return int(value)


def _time(value: Any, now: str) -> str:
    """A time as the archive writes it, which does not lie ahead."""
    if not _TIME.fullmatch(_text(value)) or value > now:
        raise ValueError("no time of ours")
    return str(value)


def _pairs(value: Any) -> Headers:
    return tuple((_text(name), _text(held)) for name, held in value)
