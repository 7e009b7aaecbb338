"""An archive -> what may be shared of it without its content: ids, places, times, outcomes, hashes; and back again.

One JSON object a line. `embed` lines say which article embeds which post where, `post` lines how each look at a post
ended and the hashes of what was kept. Whoever holds an archive of the same posts joins the content to them again.
"""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TextIO

from embedarchive.core.errors import SourceError
from embedarchive.export.atomic import drafting
from embedarchive.export.formats import ExportJob, Written
from embedarchive.export.jsonl import write_jsonl
from embedarchive.export.selection import EVERYTHING, Selection
from embedarchive.export.tables import say_rows
from embedarchive.library.posts import read_artifacts, read_descriptions
from embedarchive.library.rows import HELD, select, select_each, select_one

FORMAT = "embedarchive-dehydrated-1"
LONGEST_LINE = 10_000_000
Line = dict[str, Any]

_EMBEDS = (
    "SELECT e.article_url AS article, e.position, e.kind, e.platform, e.post_key AS post, e.form, f.fetched_at, "
    "f.html_sha256 FROM current_embeds e JOIN fetches f ON f.id = e.fetch_id "
    "WHERE (:all OR e.post_key IN (SELECT value FROM json_each(:posts)) "
    "OR e.article_id IN (SELECT value FROM json_each(:articles))) ORDER BY e.article_url, e.position"
)
_POSTS = (
    "SELECT key, platform, native_id, posted_at, status, kept, held, expected FROM post_status WHERE TRUE "
    "AND (:all OR key IN (SELECT value FROM json_each(:posts))) ORDER BY key"
)


def write(job: ExportJob) -> Written:
    with drafting(job.out, job.overwrite) as file:
        rows = export_dehydrated(job.conn, file, job.chosen)
    return say_rows(job.out, rows)


def export_dehydrated(conn: sqlite3.Connection, out: TextIO, chosen: Selection = EVERYTHING) -> int:
    """Write embeds and posts without anything that anyone said or showed; give the number of lines."""
    return write_jsonl(dehydrate(conn, chosen), out)


def dehydrate(conn: sqlite3.Connection, chosen: Selection = EVERYTHING) -> Iterator[Line]:
    """The lines of a dehydrated export, one at a time."""
    posts, articles = json.dumps(chosen.posts or ()), json.dumps(chosen.articles or ())
    given = {"all": int(chosen.posts is None), "posts": posts, "articles": articles}
    yield {"type": "format", "format": FORMAT}
    for row in select_each(conn, _EMBEDS, given):
        yield {"type": "embed", **row}
    for row in select_each(conn, _POSTS, given):
        yield {"type": "post", **row, "looks": read_looks(conn, row["key"])}


def read_looks(conn: sqlite3.Connection, key: str) -> list[Line]:
    """Every visit to a post, oldest first, with the hashes of what it kept."""
    visits = select(
        conn,
        "SELECT id, started_at, outcome, reason, origin FROM captures "
        "WHERE post_key = ? AND purpose <> 'control' ORDER BY 2, uid",
        key,
    )
    artifacts = read_artifacts(conn, [visit["id"] for visit in visits])
    return [
        {
            "at": visit["started_at"],
            "origin": visit["origin"],
            "outcome": visit["outcome"],
            "reason": visit["reason"],
            "files": [{"role": a.role, "position": a.position, "sha256": a.sha256} for a in artifacts[visit["id"]]],
        }
        for visit in visits
    ]


# ------------------------------------------------------------------------------------------------------------ and back


@dataclass(slots=True)
class Rejoined:
    """What of a dehydrated export the held archive could give back."""

    embeds: int = 0
    embeds_held: int = 0
    posts: int = 0
    posts_held: int = 0
    files: int = 0
    files_held: int = 0
    not_held: list[str] = field(default_factory=list)
    """Keys of posts that the archive has never seen."""

    @property
    def complete(self) -> bool:
        return (self.embeds, self.posts, self.files) == (self.embeds_held, self.posts_held, self.files_held)


def rehydrate(conn: sqlite3.Connection, lines: Iterable[str], out: TextIO) -> Rejoined:
    """Join the lines of a dehydrated export with a held archive: write each with its content, `held` saying whether.

    Raises SourceError for what is no such export.
    """
    sums = Rejoined()
    write_jsonl((rejoin(conn, line, sums) for line in read_lines(lines)), out)
    return sums


def read_lines(lines: Iterable[str]) -> Iterator[Line]:
    """The objects of a dehydrated export. Raises SourceError, naming the line, for anything else."""
    for number, text in enumerate(lines, 1):
        try:
            line = None
            if len(text) < LONGEST_LINE:
                line = json.loads(text)
        except (ValueError, RecursionError):
            line = None
        if not isinstance(line, dict) or (number == 1 and line.get("format") != FORMAT):
            raise SourceError(
                f"Line {number} is not of a dehydrated export ({FORMAT}). Such a file is made with: "
                "embedarchive export --dehydrated OUT.jsonl"
            )
        yield line


def rejoin(conn: sqlite3.Connection, line: Line, sums: Rejoined) -> Line:
    """One line with what the archive holds of it; lines of unknown types stay as they are."""
    if line.get("type") == "embed":
        return _rejoin_embed(conn, line, sums)
    if line.get("type") == "post":
        return _rejoin_post(conn, line, sums)
    return line


def _rejoin_embed(conn: sqlite3.Connection, line: Line, sums: Rejoined) -> Line:
    row = select_one(
        conn,
        "SELECT a.title, a.outlet, a.published_at, e.author_name, e.author_handle, e.text, e.posted_at, e.snippet "
        "FROM embeds e JOIN articles a ON a.id = e.article_id JOIN fetches f ON f.id = e.fetch_id "
        "WHERE a.url = ? AND f.fetched_at = ? AND e.position = ? AND e.post_key IS ?",
        *(_plain(line.get(name)) for name in ("article", "fetched_at", "position", "post")),
    )
    sums.embeds += 1
    sums.embeds_held += row is not None
    if row is None:
        return {**line, "held": False}
    claim = {name: row[name] for name in ("author_name", "author_handle", "text", "posted_at", "snippet")}
    return {**line, "held": True, **{n: row[n] for n in ("title", "outlet", "published_at")}, "claim": claim}


def _rejoin_post(conn: sqlite3.Connection, line: Line, sums: Rejoined) -> Line:
    key = _plain(line.get("key"))
    status = select_one(conn, "SELECT url, status, best_capture_id FROM post_status WHERE key = ?", key)
    said = _descriptions(conn, key)
    looks = [_rejoin_look(conn, each, said, sums) for each in _list(line.get("looks")) if isinstance(each, dict)]
    best = None
    if status:
        best = status["best_capture_id"]
    sums.posts += 1
    sums.posts_held += best is not None
    if best is None:
        sums.not_held.append(str(key))
        return {**line, "held": False, "looks": looks}
    newest = read_descriptions(conn, [best]).get(best)
    description = None
    if newest:
        description = dataclasses.asdict(newest)
    return {**line, "held": True, "url": status["url"] if status else None, "description": description, "looks": looks}


def _descriptions(conn: sqlite3.Connection, key: Any) -> dict[str, Line]:
    """What each look at a post read, by its time."""
    rows = select(conn, "SELECT id, started_at FROM captures WHERE post_key = ? ORDER BY id", key)
    said = read_descriptions(conn, [row["id"] for row in rows])
    return {row["started_at"]: dataclasses.asdict(said[row["id"]]) for row in rows if row["id"] in said}


def _rejoin_look(conn: sqlite3.Connection, look: Line, said: Mapping[str, Line], sums: Rejoined) -> Line:
    files = [each for each in _list(look.get("files")) if isinstance(each, dict)]
    held = find_held(conn, [str(each.get("sha256")) for each in files])
    sums.files += len(files)
    sums.files_held += sum(str(each.get("sha256")) in held for each in files)
    joined = {**look, "files": [{**each, "held": str(each.get("sha256")) in held} for each in files]}
    same = said.get(str(look.get("at")))
    if same:
        return {**joined, "description": same}
    return joined


def find_held(conn: sqlite3.Connection, hashes: list[str]) -> frozenset[str]:
    """Which of these sha256 the archive has the bytes of."""
    wanted = json.dumps(hashes)
    rows = select(conn, f"SELECT w.value AS sha256 FROM json_each(?) w WHERE {HELD.format('w.value')}", wanted)
    return frozenset(row["sha256"] for row in rows)


def _plain(value: Any) -> Any:
    """A value that SQLite can compare; of a damaged line anything else is nothing."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if type(value) is int and abs(value) < 2**63:
        return value
    return None


def _list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return []
