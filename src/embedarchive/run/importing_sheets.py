"""Rows of auto-archiver's -> captures of the posts that it read: what the row says of each, and the files that are in hand.

A row is what a tool wrote down, and no page that a platform's rules could judge: it counts where something read the post itself
(`sources/auto_archiver.READERS`), and says so in its evidence. Pictures that it took of pages are left: nobody knows of what.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from embedarchive.browser.pictures import sniff
from embedarchive.browser.redact import redact_url
from embedarchive.core.model import Capture, Exchange, Page, Post, Sign, Verdict
from embedarchive.core.urls import join_url
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.recorded import NOT_RECORDED, TOLD
from embedarchive.run.ledger import Event
from embedarchive.run.prepare import Emit
from embedarchive.run.recorded import JudgedSight, Sight, Witness, make_answer, make_capture
from embedarchive.sources.auto_archiver import NAME, Told, ToldFile, read_file, read_sheet
from embedarchive.sources.files import find_file_date
from embedarchive.sources.intake import Intake
from embedarchive.store import Archive
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.recorded import keep_recorded

MOST_OF_A_ROW = 40
_ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "image/gif": "gif", "video/mp4": "mp4",
            "video/webm": "webm", "audio/mpeg": "mp3", "audio/mp4": "m4a"}  # fmt: skip


def import_sheets(
    archive: Archive, crawl_id: int, sheets: Iterable[Path], intake: Intake, emit: Emit, now: str
) -> None:
    """Keep what the rows of sheets say of posts. Raises SourceError for a file that cannot be read."""
    for path in sheets:
        for told in read_sheet(path):
            if told is None:
                intake.skip(str(path), "damaged", "a row")
                continue
            post = find_post(told.url)
            if post is None:
                intake.skip(str(path), "only_address", told.url)
                continue
            keep_row(archive, crawl_id, path, told, post, emit, now)


def find_post(url: str) -> Post | None:
    """The post that a row is about, of a platform that this version can describe."""
    post = identify_post(url)
    if post is None or not post.resolved or BY_NAME[post.platform].visit is None:
        return None
    return post


def keep_row(archive: Archive, crawl_id: int, path: Path, told: Told, post: Post, emit: Emit, now: str) -> None:
    """Keep one row's post, where something read it; else tell that nothing did."""
    if not told.is_read:
        emit(Event("import", post.key, "error", told.status[:80]))
        return
    capture = make_told_capture(told, post, path.name, told.at or find_file_date(path), now)
    kept = keep_recorded(archive, capture, crawl_id, now)
    outcome = "not wanted"
    if kept:
        outcome = "kept"
    emit(Event("import", post.key, outcome, f"seen by {NAME} on {capture.started_at[:10]}"))


def make_told_capture(told: Told, post: Post, source: str, at: str, now: str) -> Capture:
    """The capture that a row tells of: its words as an answer of the tool's, and its files."""
    files = list(read_files(told.files[:MOST_OF_A_ROW], post))
    listed = [url for url, _ in files]
    said = {"url": told.url, "status": told.status, "archived_at": told.at, "title": told.title, "text": told.text,
            "author": told.author, "posted_at": told.posted_at, "files": listed}  # fmt: skip
    body = json.dumps(said, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    row = Exchange(f"urn:{NAME}:{post.url}", body=body, content_type="application/json", started_at=at)
    verdict = Verdict("available", None, (Sign("a tool's own word", f"{NAME}: status", told.status[:300]),))
    judged = JudgedSight(Sight(post, answers=((TOLD, row),)), make_page(post, row), verdict)
    held = {url: Exchange(url, status=200, body=body, started_at=at) for url, body in files if body}
    capture = make_capture(judged, Witness("import", NAME, source), now, held)
    return keep_row_only(capture)


def make_page(post: Post, row: Exchange) -> Page:
    return Page(post.url, post.url, None, answers=(make_answer(TOLD, row),), error=NOT_RECORDED)


def keep_row_only(capture: Capture) -> Capture:
    """The capture without requests that nobody is known to have made: its files are of the row's folder."""
    rows = tuple(each for each in capture.exchanges if each.url.startswith("urn:"))
    return replace(capture, exchanges=rows)


def read_files(files: Iterable[ToldFile], post: Post) -> Iterator[tuple[str, bytes | None]]:
    """The files of a row, each once: their address (one beside the post, where a row says none), and their bytes if in hand."""
    seen: set[str] = set()
    for number, file in enumerate(files, 1):
        body = read_file(file)
        kind = (body and sniff(body)) or ""
        if body and kind not in _ENDINGS:
            body = None
        url = redact_url(file.url) or join_url(post.url, f"{NAME}/{number}")
        if body and not file.url:
            url = join_url(post.url, f"{NAME}/{hash_bytes(body)[:32]}.{_ENDINGS[kind]}")
        if url not in seen:
            seen.add(url)
            yield url, body
