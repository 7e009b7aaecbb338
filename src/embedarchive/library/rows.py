"""Rows of an archive -> records; JSON columns that are damaged read as empty, never as an exception."""

from __future__ import annotations

import dataclasses
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from embedarchive.core.model import Claim, Description, Media, Origin, Sign
from embedarchive.library.records import Appearance, CaptureRecord, Sighting, StoredFile
from embedarchive.store.fixity import DAMAGED

Row = Mapping[str, Any]
T = TypeVar("T")

HELD = "EXISTS (SELECT 1 FROM blobs b WHERE b.sha256 = {0} AND (length(b.body) > 0 OR b.size = 0))"

APPEARANCE = (
    "SELECT e.id AS embed_id, e.article_id, a.url AS article_url, a.title AS article_title, a.outlet, "
    "a.published_at AS article_published_at, f.fetched_at, f.html_sha256, e.post_key, e.position, e.kind, e.platform, "
    "e.url, e.form, e.snippet, e.author_name, e.author_handle, e.text, e.posted_at, e.lang, "
    "e.fetch_id = (SELECT n.id FROM fetches n WHERE n.article_id = e.article_id AND n.searched_rules IS NOT NULL "
    "ORDER BY n.fetched_at DESC, n.id DESC LIMIT 1) AS current "
    "FROM embeds e JOIN articles a ON a.id = e.article_id JOIN fetches f ON f.id = e.fetch_id "
)


def select(conn: sqlite3.Connection, sql: str, *values: Any) -> list[Row]:
    """All rows as mappings, whatever the connection's row factory is."""
    cursor = conn.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, tuple(row), strict=True)) for row in cursor]


def select_each(conn: sqlite3.Connection, sql: str, given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same one after another, for what may be more than memory holds; `given` are its named parameters."""
    cursor = conn.execute(sql, given)
    names = [column[0] for column in cursor.description]
    return (dict(zip(names, tuple(row), strict=True)) for row in cursor)


def select_one(conn: sqlite3.Connection, sql: str, *values: Any) -> Row | None:
    return next(iter(select(conn, sql, *values)), None)


def in_list(values: Iterable[Any]) -> str:
    """The argument for `IN (SELECT value FROM json_each(?))`: any number of values in one parameter."""
    return json.dumps(list(values))


def read_json(text: Any, kind: type[T]) -> T:
    """The value a JSON column holds if it is of that kind, else an empty one."""
    try:
        value = json.loads(text or "null")
    except (TypeError, ValueError, RecursionError):
        value = None
    if isinstance(value, kind):
        return value
    return kind()


def read_strings(text: Any) -> tuple[str, ...]:
    return tuple(str(each) for each in read_json(text, list))


def pick(kind: type[T], values: Any) -> T | None:
    """A frozen value from a JSON object, unknown names ignored; None if a needed one is not there."""
    if not isinstance(values, dict):
        return None
    names = {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    try:
        return kind(**{name: value for name, value in values.items() if name in names})
    except TypeError:
        return None


def read_all(kind: type[T], text: Any) -> tuple[T, ...]:
    found = (pick(kind, each) for each in read_json(text, list))
    return tuple(each for each in found if each is not None)


def read_description(row: Row) -> Description:
    plain = {f.name: row[f.name] for f in dataclasses.fields(Description) if f.name in row}
    flags = {name: row[name] for name in ("author_verified", "sensitive")}
    return Description(
        **plain
        | {name: None if flag is None else bool(flag) for name, flag in flags.items()}
        | {
            "collaborators": read_strings(row["collaborators"]),
            "media": read_all(Media, row["media"]),
            "sources": read_json(row["sources"], dict),
        }
    )


def read_kept(row: Row) -> StoredFile:
    names = [f.name for f in dataclasses.fields(StoredFile) if f.name not in ("held", "damaged", "lent_at")]
    is_damaged = str(row["left_out"] or "").startswith(DAMAGED)
    return StoredFile(**{name: row[name] for name in names}, held=bool(row["held"]), damaged=is_damaged)


def read_capture(
    row: Row, artifacts: Sequence[StoredFile] = (), description: Description | None = None
) -> CaptureRecord:
    same = (
        "id",
        "post_key",
        "outcome",
        "reason",
        "visit_url",
        "final_url",
        "status",
        "started_at",
        "finished_at",
        "fetch_id",
        "article_id",
        "replay_score",
        "replay_note",
    )
    return CaptureRecord(
        **{name: row[name] for name in same},
        signs=read_all(Sign, row["evidence"]),
        missing=read_strings(row["missing"]),
        alterations=read_strings(row["alterations"]),
        environment=read_json(row["environment"], dict),
        version=None if row["brought"] else row["version"],
        brought_in=read_strings(json.dumps(read_json(row["brought"], dict).get("files"))),
        artifacts=tuple(artifacts),
        description=description,
        sensitive=bool(row["sensitive"]),
        replay_due=bool(row["replay_due"]),
        sighting=read_sighting(row["origin"], row["seen_at"], read_json(row["environment"], dict)),
    )


def read_sighting(origin: str | None, seen_at: Any, told: Row) -> Sighting | None:
    """Who saw a post, as the circumstances of a capture tell it; None where it was ours, or there is none."""
    if origin not in ("import", "memento"):
        return None
    whose: Origin = "import" if origin == "import" else "memento"
    seen_by, source, taken_over_at = (told.get(name) for name in ("seen_by", "source", "taken_over_at"))
    taken = None
    if taken_over_at:
        taken = str(taken_over_at)
    return Sighting(whose, str(seen_by or "somebody"), str(seen_at or ""), str(source or ""), taken)


def read_appearance(row: Row) -> Appearance:
    same = (
        "embed_id", "article_id", "article_url", "article_title", "outlet", "fetched_at", "position", "kind",
        "platform", "url", "form", "snippet",
    )  # fmt: skip
    claim = Claim(row["author_name"], row["author_handle"], row["text"], row["posted_at"], row["lang"])
    return Appearance(
        **{name: row[name] for name in same},
        published_at=row["article_published_at"],
        claim=claim,
        current=bool(row["current"]),
    )
