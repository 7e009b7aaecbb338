"""An archive -> what is wrong with it: every byte against its sha256, every row against what its column may hold.

Offline, read-only, in one pass over the file. Each check is a function that yields findings, and one line of CHECKS: what else
there is to prove (a log, a signature, a time stamp) is one more.
"""

from __future__ import annotations

import os
import random
import sqlite3
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from embedarchive.core.errors import DamagedArchive, EmbedArchiveError
from embedarchive.store.faults import FAULTS, explain
from embedarchive.store.fixity import WRONG, Held, judge, judge_whole, read_stored
from embedarchive.store.reading import LONGEST_VALUE, open_reader
from embedarchive.store.schema import build, capture_uid, read_version
from embedarchive.store.schema.strangers import find_strange
from embedarchive.store.verify_log import LOG_CODES, LogScope, check_log
from embedarchive.store.words import WORDS

LARGEST_AT_ONCE = 8_000_000
"""Stored bytes that are taken with their row; larger ones are read in pieces."""

JUDGES = min(4, os.cpu_count() or 1)
"""Threads that unpack and hash; each may hold a file of the size above and 16 MB of text."""

LONGEST_LOOK_S = 10.0
"""For an explanation of what nobody expected."""

CODES: Mapping[str, str] = {
    "page": "SQLite finds its own structure damaged: a page, an index, a row that breaks a rule of its table",
    "schema_missing": "a table, an index, a trigger of ours is not there",
    "schema_altered": "a table, an index, a trigger of ours is not as it was made",
    "schema_foreign": "something else has the name of a table of ours",
    "schema_trigger": "a trigger that is not ours runs when a table of ours is written",
    "schema_index": "an index that is not ours computes something of a table of ours",
    "schema_key": "a table of somebody's acts when rows of ours change",
    "row_type": "a value is of another type than its column",
    "row_long": "a value is larger than any that is ever kept",
    "row_json": "a list or record is no JSON, or another kind of it",
    "row_word": "a value is none of the words that its column may hold",
    "row_time": "a time is none",
    "row_uid": "a capture's uid is not that of its post, start and first document",
    "row_reference": "a row refers to one that is not there",
    "blob_missing": "bytes are not there, and nothing says that they were withdrawn",
    **{code: f"bytes kept under a sha256 are not those: {says}" for code, says in WRONG.items()},
    "referred_changed": "the web archive of a page that is kept by reference is there and does not hold that page any more",
    **LOG_CODES,
    "unreadable": "something could not be read at all",
}
"""What a finding may be. The codes do not change from version to version; new ones may come."""

PAIR = "type <> 'array' OR json_array_length(value) <> 2"

JSON: Mapping[str, Mapping[str, str]] = {
    "crawls": {"options": "object", "summary": "object"},
    "fetches": {"headers": "array", "redirects": "array", "alterations": "array"},
    "page_files": {"headers": "array"},
    "captures": {"evidence": "array", "missing": "array", "alterations": "array", "environment": "object"},
    "exchanges": {"request_headers": "array", "response_headers": "array"},
    "descriptions": {"collaborators": "array", "media": "array", "sources": "object"},
    "conclusions": {"lacking": "array", "joined": "object"},
}
"""Table -> column -> the kind of JSON that it holds."""

ELEMENTS: Mapping[str, Mapping[str, str]] = {
    "fetches": {"headers": PAIR, "alterations": "type <> 'text'"},
    "page_files": {"headers": PAIR},
    "captures": {"evidence": "type <> 'object'", "missing": "type <> 'text'", "alterations": "type <> 'text'"},
    "exchanges": {"request_headers": PAIR, "response_headers": PAIR},
    "descriptions": {"collaborators": "type <> 'text'", "media": "type <> 'object'", "sources": "type <> 'text'"},
    "conclusions": {"lacking": "type <> 'object'", "joined": "type <> 'integer' OR key GLOB '*[^0-9]*'"},
}
"""Table -> column -> SQL that is true of an element of its JSON, as json_each has it, which should not be there."""

TIMES: Mapping[str, tuple[str, ...]] = {
    "crawls": ("started_at", "finished_at"),
    "fetches": ("fetched_at", "rendered_at"),
    "page_files": ("fetched_at",),
    "captures": ("started_at", "finished_at", "seen_at"),
    "checks": ("checked_at",),
    "replays": ("checked_at",),
}
A_TIME = "[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]T[0-9][0-9]:[0-9][0-9]*"
TYPES = {"TEXT": "'text'", "INTEGER": "'integer'", "REAL": "'real'", "BLOB": "'blob'"}


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is wrong. `code` is one of CODES, `what` names the thing: a sha256, a table with a row, an object."""

    code: str
    what: str
    says: str


@dataclass
class VerifyScope:
    """What is looked at, and what was: of a sample or of new things, the structure of the file is not.

    `sample` is the share of the bytes' rows, 0 to 1, drawn by `seed`; `since` a time as the archive writes it.
    """

    sample: float = 1.0
    since: str | None = None
    seed: int = 0
    blobs: int = 0
    bytes: int = 0
    rows: int = 0
    log: LogScope = field(default_factory=LogScope)
    on_progress: Callable[[int, int], None] = field(default=lambda done, total: None)

    @property
    def is_whole(self) -> bool:
        return self.sample >= 1 and self.since is None


Check = Callable[[sqlite3.Connection, VerifyScope], Iterator[Flaw]]


def verify(conn: sqlite3.Connection, scope: VerifyScope) -> Iterator[Flaw]:
    """Everything that is wrong with an archive, as it is found. Reads only; what cannot be read is a finding too."""
    for check in CHECKS:
        try:
            yield from check(conn, scope)
        except (*FAULTS, EmbedArchiveError) as error:
            told = explain(error, "it") if isinstance(error, FAULTS) else error
            code = "unreadable"
            if isinstance(told, DamagedArchive):
                code = "page"
            yield Flaw(code, check.__name__.removeprefix("check_"), say_error(error))


def explain_surprise(path: Path, longest_s: float = LONGEST_LOOK_S) -> DamagedArchive | None:
    """What makes an archive break the one who reads it: the first value that its column may not hold, if there is any.

    A large archive is not looked through to its end: whoever waits for the answer has something else to say.
    """
    until = time.monotonic() + longest_s
    try:
        with closing(open_reader(path)) as conn:
            conn.set_progress_handler(lambda: int(time.monotonic() > until), 100_000)
            finding = next(check_rows(conn, VerifyScope()), None)
    except (*FAULTS, EmbedArchiveError):
        return None
    if finding:
        return DamagedArchive.seen(finding.says, path)
    return None


def say_error(error: Exception) -> str:
    """What SQLite itself said, on one line, where an error of ours tells of it in more words. Pure."""
    said: BaseException = error
    if isinstance(error.__cause__, FAULTS):
        said = error.__cause__
    return " ".join(str(said).split())


# ----------------------------------------------------------------------------------------------------------- the checks


def check_schema(conn: sqlite3.Connection, scope: VerifyScope) -> Iterator[Flaw]:
    """Every table, index and trigger of ours is there and as it was made, and nothing is planted among them."""
    for strange in find_strange(conn):
        yield Flaw(strange.code, strange.name, strange.says)


def check_pages(conn: sqlite3.Connection, scope: VerifyScope) -> Iterator[Flaw]:
    """What SQLite says of its own structure (https://www.sqlite.org/pragma.html#pragma_integrity_check)."""
    if scope.is_whole:
        for (said,) in conn.execute("PRAGMA integrity_check(1000)"):
            if said != "ok":
                yield Flaw("page", "file", " ".join(str(said).split()))


def check_rows(conn: sqlite3.Connection, scope: VerifyScope) -> Iterator[Flaw]:
    """Every value of every row of ours is what its column may hold."""
    for table, columns in read_columns(read_version(conn)).items():
        kinds = conn.execute("SELECT type FROM main.sqlite_schema WHERE name = ?", (table,)).fetchone()
        if kinds is None or kinds[0] != "table":
            continue  # check_schema says so
        scope.rows += conn.execute(f"SELECT count(*) FROM main.{table}").fetchone()[0]
        yield from check_table(conn, table, columns)


def check_references(conn: sqlite3.Connection, scope: VerifyScope) -> Iterator[Flaw]:
    """Every row that a row refers to is there."""
    for table, row, parent, _ in conn.execute("PRAGMA main.foreign_key_check"):
        code = "row_reference"
        if parent == "blobs":
            code = "blob_missing"
        if row is not None:
            where = f"{table} {row}"
        else:
            where = table
        yield Flaw(code, where, f"{where} refers to a row of {parent} that is not there")


def check_uids(conn: sqlite3.Connection, scope: VerifyScope) -> Iterator[Flaw]:
    """Every capture bears the name that its post, start and first document give it, where those are all held."""
    if "uid" not in read_columns(read_version(conn)).get("captures", {}):
        return
    sql = (
        "SELECT c.id, c.uid, c.post_key, c.started_at, (SELECT x.body_sha256 FROM exchanges x WHERE x.capture_id = c.id "
        "AND x.resource_type = 'document' AND x.body_sha256 IS NOT NULL ORDER BY x.position LIMIT 1) AS document "
        "FROM captures c WHERE document IS NOT NULL"
    )
    for number, uid, post, started, document in conn.execute(sql):
        names = (capture_uid(post, started, end) for end in (document, f"{document}#{number}"))
        if uid not in names:
            yield Flaw("row_uid", f"captures {number}", f"captures {number} has the uid {uid}, which is not its own")


def check_blobs(conn: sqlite3.Connection, scope: VerifyScope) -> Iterator[Flaw]:
    """All bytes are those that their sha256 names."""
    where, values = "", {}
    if scope.since:
        where, values = f"WHERE sha256 IN ({NEW_BLOBS})", {"since": scope.since}
    total = int(conn.execute(f"SELECT count(*) FROM blobs {where}", values).fetchone()[0])
    chance = random.Random(scope.seed)
    sql = (
        f"SELECT sha256, rowid, encoding, size, length(body), iif(length(body) <= {LARGEST_AT_ONCE}, body, NULL) "
        f"FROM blobs {where} ORDER BY rowid"
    )
    rows = enumerate(conn.execute(sql, values), 1)
    drawn = (
        (number, Held(*row), body)
        for number, (*row, body) in rows
        if scope.sample >= 1 or chance.random() < scope.sample
    )
    for number, held, code in judge_all(conn, drawn):
        scope.blobs, scope.bytes = scope.blobs + 1, scope.bytes + held.stored
        if held.size and not held.stored:
            yield from check_withdrawn(conn, held)
        elif code:
            yield Flaw(code, held.sha256, f"{held.sha256}: {WRONG[code]}")
        scope.on_progress(number, total)


def judge_all(
    conn: sqlite3.Connection, rows: Iterable[tuple[int, Held, bytes | None]]
) -> Iterator[tuple[int, Held, str | None]]:
    """(number, where bytes are kept, which of WRONG they are), in order; a few are judged at a time, each by a core.

    To unpack and to hash leaves the interpreter free. Bytes that did not come with their row are read here, in pieces: the
    connection is this thread's.
    """
    with ThreadPoolExecutor(JUDGES) as pool:
        waiting = deque[tuple[int, Held, Future[str | None]]]()
        for number, held, body in rows:
            if len(waiting) >= 2 * JUDGES:
                yield take_first(waiting)
            if body is not None:
                waiting.append((number, held, pool.submit(judge_whole, held, body)))
                continue
            while waiting:
                yield take_first(waiting)
            yield number, held, judge(held, read_stored(conn, held))
        while waiting:
            yield take_first(waiting)


def take_first(waiting: deque[tuple[int, Held, Future[str | None]]]) -> tuple[int, Held, str | None]:
    number, held, judged = waiting.popleft()
    return number, held, judged.result()


NEW_BLOBS = (
    "SELECT a.sha256 FROM artifacts a JOIN captures c ON c.id = a.capture_id WHERE c.started_at >= :since "
    "UNION SELECT x.body_sha256 FROM exchanges x JOIN captures c ON c.id = x.capture_id WHERE c.started_at >= :since "
    "UNION SELECT html_sha256 FROM fetches WHERE fetched_at >= :since "
    "UNION SELECT dom_sha256 FROM fetches WHERE fetched_at >= :since "
    "UNION SELECT screenshot_sha256 FROM fetches WHERE fetched_at >= :since "
    "UNION SELECT sha256 FROM page_files WHERE fetched_at >= :since"
)


def check_withdrawn(conn: sqlite3.Connection, held: Held) -> Iterator[Flaw]:
    if conn.execute("SELECT 1 FROM redactions WHERE sha256 = ?", (held.sha256,)).fetchone() is None:
        says = f"the bytes of {held.sha256} are gone, and nothing says that they were withdrawn"
        yield Flaw("blob_missing", held.sha256, says)


def check_evidence(conn: sqlite3.Connection, scope: VerifyScope) -> Iterator[Flaw]:
    """Every entry of the log is what the rows say, and the whole what was signed."""
    scope.log.sample, scope.log.since, scope.log.seed = scope.sample, scope.since, scope.seed
    try:
        for flaw in check_log(conn, scope.log):
            yield Flaw(flaw.code, flaw.what, flaw.says)
    except (ValueError, TypeError) as error:  # a value that no writer of ours put there
        yield Flaw("unreadable", "log", f"the log cannot be read: {' '.join(str(error).split())}")


CHECKS: tuple[Check, ...] = (
    check_schema, check_pages, check_rows, check_references, check_uids, check_evidence, check_blobs,
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------ the rows


@cache
def read_columns(version: int) -> Mapping[str, Mapping[str, tuple[str, bool]]]:
    """Table -> column -> its type, and whether it is of the table's key, in a version's schema; no full-text tables."""
    with closing(build(version)) as conn:
        tables = conn.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
        ).fetchall()
        return {
            name: {
                column: (kind, bool(key))
                for _, column, kind, _, _, key in conn.execute(f"PRAGMA table_info({name})").fetchall()
            }
            for (name,) in sorted(tables)
        }


def check_table(conn: sqlite3.Connection, table: str, columns: Mapping[str, tuple[str, bool]]) -> Iterator[Flaw]:
    """The values of one table that are not what their columns hold; one finding a row."""
    held = {row[0] for row in conn.execute("SELECT name FROM pragma_table_info(?, 'main')", (table,))}
    tests = make_tests(table, {name: kind for name, (kind, _) in columns.items() if name in held})
    key = " || ' ' || ".join(f"quote({name})" for name, (_, is_key) in columns.items() if is_key and name in held)
    cases = " ".join(f"WHEN {test} THEN '{code} {column}'" for column, code, test in tests)
    sql = f"SELECT {key or 'rowid'}, wrong FROM (SELECT *, CASE {cases} END AS wrong FROM main.{table}) WHERE wrong NOT NULL"
    try:
        for row, wrong in conn.execute(sql):
            code, _, column = wrong.partition(" ")
            yield Flaw(code, f"{table} {row}", f"{table}.{column} of {row}: {CODES[code]}")
    except (*FAULTS, EmbedArchiveError) as error:
        yield from find_long(conn, table, tuple(columns), error)


def make_tests(table: str, kinds: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """(column, code, SQL that is true of a wrong value), types before all that rests on them. Pure."""
    tests = [
        (name, "row_type", f"typeof({name}) NOT IN ({TYPES[kind]}, 'null')")
        for name, kind in kinds.items()
        if kind in TYPES and name != "body"
    ]
    tests += [(name, "row_long", f"length({name}) > {LONGEST_VALUE}") for name, kind in kinds.items() if kind == "TEXT"]
    for name, kind in JSON.get(table, {}).items():
        if name in kinds:
            tests.append((name, "row_json", f"{name} NOT NULL AND NOT json_valid({name})"))
            tests.append((name, "row_json", f"ifnull(json_type({name}), '{kind}') <> '{kind}'"))
    for name, other in ELEMENTS.get(table, {}).items():
        if name in kinds:
            tests.append((name, "row_json", f"EXISTS (SELECT 1 FROM json_each({name}) WHERE {other})"))
    for name, words in WORDS.get(table, {}).items():
        if name in kinds:
            tests.append((name, "row_word", f"{name} NOT IN ({', '.join(repr(word) for word in words)})"))
    tests += [(name, "row_time", f"{name} NOT GLOB '{A_TIME}'") for name in TIMES.get(table, ()) if name in kinds]
    return tests


def find_long(conn: sqlite3.Connection, table: str, columns: tuple[str, ...], error: Exception) -> Iterator[Flaw]:
    """Which value it was that could not be read."""
    for column in columns:
        try:
            if column != "body":
                conn.execute(f"SELECT max(length({column})) FROM main.{table}").fetchone()
        except (*FAULTS, EmbedArchiveError) as met:
            row = find_row(conn, table, column)
            if is_too_long(met):
                yield Flaw("row_long", f"{table} {row}", f"{table}.{column} of {row}: {CODES['row_long']}")
            else:
                yield Flaw("page", f"{table} {row}", say_error(met))
            return
    yield Flaw("page", table, say_error(error))


def is_too_long(error: Exception) -> bool:
    """Whether it was the length of a value that SQLite refused."""
    cause = error if isinstance(error, sqlite3.Error) else error.__cause__
    return getattr(cause, "sqlite_errorcode", 0) == sqlite3.SQLITE_TOOBIG


def find_row(conn: sqlite3.Connection, table: str, column: str) -> str:
    """The first row whose value of a column cannot be read; '?' in a table whose rows have no numbers."""
    try:
        for (number,) in conn.execute(f"SELECT rowid FROM main.{table}"):
            try:
                conn.execute(f"SELECT length({column}) FROM main.{table} WHERE rowid = ?", (number,)).fetchone()
            except (*FAULTS, EmbedArchiveError):
                return str(number)
    except (*FAULTS, EmbedArchiveError):
        pass
    return "?"
