"""A capture in an archive -> all that a replay of it needs, bytes included. Read-only."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from embedarchive.core.errors import ArchiveError
from embedarchive.core.model import Post
from embedarchive.core.page_in_hand import PROBE
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Visitable
from embedarchive.replay.answers import Answers, StoredAnswer
from embedarchive.store.blobs import parse_json
from embedarchive.store.fixity import read_blob
from embedarchive.store.reading import main_document, read_post, select_rows

PICTURES = ("screenshot", "thumbnail")


@dataclass(frozen=True, slots=True)
class Replayable:
    """A capture as it is to be shown again: where to go, what answers, and what should come of it.

    `visit` is the platform's today, with the address that was visited then; of a post photographed in its article
    (`in_place`), with the size that its frame had there. `text` is what the post said as far as the
    visited page showed it. `media` maps each file the post names, by role and position, to its bytes, None where the
    archive does not hold them.
    """

    capture_id: int
    post: Post
    visit: Visitable
    in_place: bool
    scale: float
    answers: Answers
    screenshot: bytes | None
    dom: str
    text: str
    media: Mapping[tuple[str, int], bytes | None]


def read_replayable(conn: sqlite3.Connection, capture_id: int) -> Replayable:
    """Read a capture whole. Raises ArchiveError when it has no document to show or its platform cannot be visited."""
    capture = select_rows(conn, "SELECT * FROM captures WHERE id = ?", capture_id)[0]
    post = read_post(conn, capture["post_key"])
    visit = None
    if post and post.platform in BY_NAME:
        visit = BY_NAME[post.platform].visit
    exchanges = select_rows(conn, "SELECT * FROM exchanges WHERE capture_id = ? ORDER BY position", capture_id)
    document = main_document(exchanges, capture["final_url"])
    if post is None or visit is None or document is None:
        raise ArchiveError(f"Capture {capture_id} holds no page that this version can show again.")
    artifacts = select_rows(conn, "SELECT * FROM artifacts WHERE capture_id = ? ORDER BY id", capture_id)
    in_place, scale = capture["fetch_id"] is not None, float(parse_json(capture["environment"]).get("scale") or 1.0)
    bodies = {(a["role"], a["position"]): read_blob(conn, a["sha256"]) for a in artifacts}
    said = select_rows(conn, "SELECT text, media FROM current_descriptions WHERE capture_id = ?", capture_id)
    text, media = "", []
    if said:
        text, media = said[0]["text"] or "", parse_json(said[0]["media"])
    size = None
    if in_place:
        size = find_size(artifacts, scale)
    return Replayable(
        capture_id,
        post,
        pin(visit, document["url"], size),
        in_place,
        scale,
        read_answers(conn, exchanges, artifacts),
        bodies.get(("screenshot", 0)),
        (bodies.get(("dom", 0)) or b"").decode("utf-8", "replace"),
        text,
        find_media(media, bodies),
    )


def pin(visit: Visitable, url: str, size: tuple[int, int] | None = None) -> Visitable:
    """The platform's rules with one fixed address to visit, in a window of another size if one is given. Pure."""
    width, height = size or (visit.frame.width, visit.frame.height)
    return replace(visit, frame=replace(visit.frame, url=re.sub(r"([{}])", r"\1\1", url), width=width, height=height))


def find_size(artifacts: Sequence[sqlite3.Row], scale: float) -> tuple[int, int] | None:
    """The size of the screenshot in CSS pixels. Pure."""
    shot = next((a for a in artifacts if a["role"] == "screenshot" and a["width"] and a["height"]), None)
    if shot:
        return (round(shot["width"] / scale), round(shot["height"] / scale))
    return None


def find_media(
    named: Sequence[Mapping[str, Any]], bodies: Mapping[tuple[str, int], bytes | None]
) -> dict[tuple[str, int], bytes | None]:
    """The bytes of every file the post names and its platform would give; without names, of every file kept. Pure."""
    if not named:
        return {key: body for key, body in bodies.items() if key[0] not in (*PICTURES, "dom")}
    keys = [(str(each["role"]), int(each["position"])) for each in named if not each.get("missing")]
    return {key: bodies.get(key) for key in keys}


def read_answers(conn: sqlite3.Connection, exchanges: list[sqlite3.Row], artifacts: list[sqlite3.Row]) -> Answers:
    """What the page was answered then, in order, and behind it the files that came another way."""
    kept: list[StoredAnswer] = []
    looks: list[StoredAnswer] = []
    files: list[StoredAnswer] = []
    for row in exchanges:
        body = None
        if row["status"] is not None:
            body = read_body(conn, row)
        if body is not None:
            headers = tuple((name, value) for name, value in parse_json(row["response_headers"]))
            into = looks if row["resource_type"].startswith(PROBE) else kept  # a frame may have asked it for itself
            into.append(StoredAnswer(row["method"], row["url"], row["status"], headers, body))
    for row in artifacts:
        body = None
        if row["url"] and row["role"] != "dom":
            body = read_blob(conn, row["sha256"])
        if body is not None:
            headers = (("content-type", row["content_type"]), ("access-control-allow-origin", "*"))
            files.append(StoredAnswer("GET", row["url"], 200, headers, body))
    return Answers((*kept, *looks, *files))


def read_body(conn: sqlite3.Connection, row: sqlite3.Row) -> bytes | None:
    """The body of an exchange; empty where there is none by nature (a redirect), None where it is not held."""
    if row["body_sha256"]:
        return read_blob(conn, row["body_sha256"])
    if row["truncated"] is None:
        return b""
    return None
