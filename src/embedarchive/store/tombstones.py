"""What an archive withholds -> lines for its mirrors, and back: keys and hashes, levels, reasons, dates; no content, no names.

A line is one JSON object. An account's handle is a person's name, so what is withheld by it goes out as the keys of its posts.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, cast, get_args

from embedarchive.core.errors import UsageError
from embedarchive.store.access import DECIDED, REASONS
from embedarchive.store.archive import Archive
from embedarchive.store.cases import Kind, Level, Subject, set_level
from embedarchive.store.optouts import OptOut, insert_optouts
from embedarchive.store.sharing import LEVELS

FORM = "embedarchive tombstones 1"
SOURCE = "a tombstone"
"""How the case of an import is referred to, before its file's name, and who put its posts on the list of opt-outs."""

TombstoneKind = Literal["post", "file"]
_SUBJECT: dict[TombstoneKind, Kind] = {"post": "post", "file": "picture"}

_POSTS = """
SELECT h.key, h.strictness, w.reason, h.decided_at FROM withheld_posts h LEFT JOIN withdrawals w ON w.id = h.withdrawal_id
WHERE h.withdrawal_id IS NOT NULL ORDER BY h.key"""
_PICTURES = """
SELECT n.subject, n.strictness, w.reason, n.decided_at FROM access_now n JOIN withdrawals w ON w.id = n.withdrawal_id
WHERE n.kind = 'picture' ORDER BY n.subject"""
_FILES = (
    "SELECT row_id, 3, reason, redacted_at FROM redactions WHERE table_name = 'blobs' AND withdrawal_id IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class TombstoneLine:
    """One thing that is withheld: a post's key or a file's sha256, how strictly, for which kind of reason, since when."""

    kind: TombstoneKind
    subject: str
    level: Level
    reason: str
    at: str


@dataclass(frozen=True, slots=True)
class TakenOver:
    """What an import did: how many lines there were, how many withhold more than before, the cases that it made, and the
    posts that are erased where they come from and only sealed here."""

    lines: int
    new: int
    cases: tuple[int, ...] = ()
    to_erase: tuple[str, ...] = ()


# -------------------------------------------------------------------------------------------------------------- giving


def read_tombstones(conn: sqlite3.Connection) -> Iterator[TombstoneLine]:
    """All that is withheld by a decision, posts first; what somebody opted out of is on another list."""
    for row in conn.execute(_POSTS):
        yield make_line("post", row)
    files = {row[0]: make_line("file", row) for row in conn.execute(_PICTURES)}
    files |= {row[0]: make_line("file", row) for row in conn.execute(_FILES)}
    yield from (files[sha256] for sha256 in sorted(files))


def make_line(kind: TombstoneKind, row: Any) -> TombstoneLine:
    reason = row[2] if row[2] in REASONS else REASONS[0]  # whatever somebody wrote there does not leave
    return TombstoneLine(kind, row[0], cast(Level, LEVELS[row[1]]), reason, row[3])


def write_line(line: TombstoneLine) -> str:
    """A line of the file. Pure."""
    names = {"kind": line.kind, "subject": line.subject, "level": line.level, "reason": line.reason, "at": line.at}
    return json.dumps(names, ensure_ascii=False)


def write_header(now: str) -> str:
    return json.dumps({"form": FORM, "made_at": now})


# -------------------------------------------------------------------------------------------------------------- taking


def read_lines(lines: Iterable[str]) -> list[TombstoneLine]:
    """The tombstones of a file. Raises UsageError for one that is none, or that has a line which cannot be meant. Pure."""
    said = [line for line in lines if line.strip()]
    if not said or read_object(said[0]).get("form") != FORM:
        raise UsageError(
            f'This is no file of tombstones (its first line says no {{"form": "{FORM}"}}). Nothing was changed.'
        )
    return [read_line(number, line) for number, line in enumerate(said[1:], 2)]


def read_object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    if isinstance(value, dict):
        return value
    return {}


def read_line(number: int, line: str) -> TombstoneLine:
    """A line of a file. Raises UsageError for one that is no tombstone. Pure."""
    value = read_object(line)
    kind, subject, level, reason, at = (value.get(name) for name in ("kind", "subject", "level", "reason", "at"))
    known = kind in get_args(TombstoneKind) and level in LEVELS[1:] and reason in REASONS
    if not known or not isinstance(subject, str) or not subject or not isinstance(at, str):
        raise UsageError(f"Line {number} is no tombstone: {line[:80]}. Nothing was changed.")
    return TombstoneLine(cast(TombstoneKind, kind), subject, cast(Level, level), str(reason), at)


def take_over(archive: Archive, lines: Iterable[TombstoneLine], now: str, due_at: str, name: str) -> TakenOver:
    """Withhold at least as strictly as these say, and capture none of their posts any more; a second time changes nothing.

    What is erased elsewhere is sealed here until it is erased here. Each kind of reason becomes one case, to be decided like
    any other; what was decided about such a case stands.
    """
    held = list(lines)
    new = [each for each in held if not is_known(archive.conn, each)]
    by_reason: defaultdict[str, list[TombstoneLine]] = defaultdict(list)
    for each in new:
        by_reason[each.reason].append(each)
    cases: list[int] = []
    with archive.transaction() as conn:
        for reason, some in sorted(by_reason.items()):
            case = conn.execute(
                "INSERT INTO withdrawals (received_at, reason, reference, due_at) VALUES (?, ?, ?, ?)",
                (now, reason, f"{SOURCE} of {name}", due_at),
            )
            cases.append(int(case.lastrowid or 0))
            for level in ("staff", "sealed"):
                subjects = [find_subject(each) for each in some if find_level(each) == level]
                set_level(conn, cases[-1], subjects, level, now)
        insert_optouts(conn, [OptOut("post", each.subject) for each in held if each.kind == "post"], now, SOURCE)
    erased = tuple(each.subject for each in new if each.level == "erased")
    return TakenOver(len(held), len(new), tuple(cases), erased)


def find_subject(line: TombstoneLine) -> Subject:
    return Subject(_SUBJECT[line.kind], line.subject)


def find_level(line: TombstoneLine) -> Level:
    """The level that a tombstone has here: nothing is erased by a line in a file."""
    if line.level == "erased":
        return DECIDED["erase"]
    return line.level


def is_known(conn: sqlite3.Connection, line: TombstoneLine) -> bool:
    """Whether as much is withheld already, or was because of such a line, and somebody has decided since."""
    subject, strictness = find_subject(line), LEVELS.index(find_level(line))
    now = conn.execute(
        "SELECT max(strictness) FROM access_now WHERE kind = ? AND subject = ? AND withdrawal_id IS NOT NULL",
        (subject.kind, subject.name),
    ).fetchone()[0]
    if (now or 0) >= strictness:
        return True
    once = conn.execute(
        "SELECT a.level FROM access a JOIN withdrawals w ON w.id = a.withdrawal_id "
        "WHERE a.kind = ? AND a.subject = ? AND w.reference LIKE ? || ' %' AND w.decision IS NOT NULL",
        (subject.kind, subject.name, SOURCE),
    ).fetchall()
    return any(LEVELS.index(row[0]) >= strictness for row in once)
