"""Who withholds what in another archive -> the same here, before a byte is copied: the stricter of both wins.

All of it is one transaction. What was erased there is erased here in the same; what was erased here must be so there before its
rows are read (`union.py` sees to that).
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from embedarchive.store import erasing, evidence
from embedarchive.store.cases import Subject
from embedarchive.store.evidence import EntryKind
from embedarchive.store.merging.files import copy_file
from embedarchive.store.redactions import redact_file
from embedarchive.store.sharing import LEVELS

Row = tuple[Any, ...]
Cases = Mapping[int | None, int | None]
"""The number of a case there -> here."""

PAGES: Mapping[str, EntryKind] = {"html_sha256": "fetch", "dom_sha256": "rendering", "screenshot_sha256": "rendering"}
"""Where a download names a file, and the kind of the log's entry that tells of it."""

_CASE = "received_at, reason, reference, due_at"
_DECIDED = "decision, basis, decided_by, decided_at, note"
_ACCESS = "kind, subject, platform, level, from_at, until_at, withdrawal_id, decided_at"
_OPTOUT = "kind, pattern, platform, from_at, until_at, source"
_EFFECTIVE = f"""SELECT {_ACCESS} FROM access a WHERE id = (SELECT max(n.id) FROM access n WHERE n.kind = a.kind
  AND n.subject = a.subject AND n.platform IS a.platform
  AND n.from_at <= :now AND (n.until_at IS NULL OR n.until_at > :now))"""


def unite_levels(
    conn: sqlite3.Connection, other: sqlite3.Connection, now: str, told: list[str] | None = None
) -> tuple[int, ...]:
    """Withhold here whatever the other archive withholds, and erase here what was erased there.

    Gives the cases of which something was erased, whose file is to be written anew. Raises UsageError where some of that is
    under a legal hold: the caller's transaction is to be given up.
    """
    newest = conn.execute("SELECT coalesce(max(id), 0) FROM withdrawals").fetchone()[0]
    differing: list[str] = []
    if told is not None:
        differing = told
    cases = unite_cases(conn, other, differing)
    erased_before = read_erased(conn)
    unite_access(conn, other, cases, now)
    unite_optouts(conn, other, cases)
    erased = erase_subjects(conn, read_erased(other).keys() - erased_before.keys(), now)
    empty_files(conn, other, cases)
    note_elsewhere(
        conn, other, {there: here for there, here in cases.items() if here and here > newest and here not in erased}
    )
    return erased


def note_elsewhere(conn: sqlite3.Connection, other: sqlite3.Connection, cases: Cases) -> None:
    """Note of new cases that all of them has left the file, where there was nothing of them here."""
    for there, here in cases.items():
        row = other.execute("SELECT erased_at FROM withdrawals WHERE id = ?", (there,)).fetchone()
        conn.execute("UPDATE withdrawals SET erased_at = ? WHERE id = ?", (row[0], here))


# ---------------------------------------------------------------------------------------------------------------- cases


def unite_cases(
    conn: sqlite3.Connection, other: sqlite3.Connection, differing: list[str]
) -> dict[int | None, int | None]:
    """Keep the other's cases; of one that both know the later decision and the longer hold count."""
    cases: dict[int | None, int | None] = {None: None}
    for row in other.execute(f"SELECT id, {_CASE}, {_DECIDED}, hold_until FROM withdrawals ORDER BY id").fetchall():
        number, *told = tuple(row)
        key, decided, hold = told[:4], told[4:9], told[9]
        cases[number] = known = find_case(conn, key)
        if known is None:
            values = (*key, *decided, hold)
            made = conn.execute(
                f"INSERT INTO withdrawals ({_CASE}, {_DECIDED}, hold_until) VALUES ({marks(values)})", values
            )
            cases[number] = int(made.lastrowid or 0)
            continue
        mine = conn.execute(f"SELECT {_DECIDED} FROM withdrawals WHERE id = ?", (known,)).fetchone()
        if mine[0] and decided[0] and tuple(mine) != tuple(decided):
            differing.append(
                f"the case {key[2] or known} of {key[0]} was decided {mine[0]} on {mine[3]} here ({mine[1]}, {mine[2]}) and "
                f"{decided[0]} on {decided[3]} there ({decided[1]}, {decided[2]}); the later is kept"
            )
        if in_order(decided) > in_order(mine):
            conn.execute(f"UPDATE withdrawals SET ({_DECIDED}) = (?, ?, ?, ?, ?) WHERE id = ?", (*decided, known))
        conn.execute(
            "UPDATE withdrawals SET hold_until = ?1 WHERE id = ?2 AND ?1 > coalesce(hold_until, '')", (hold, known)
        )
    return cases


def in_order(decided: Sequence[Any]) -> tuple[str, ...]:
    """Where a decision stands among others, alike in every archive: by when it was made, then by what it says. Pure."""
    return (str(decided[3] or ""), *map(str, decided))


def find_case(conn: sqlite3.Connection, key: Iterable[Any]) -> int | None:
    sql = (
        "SELECT id FROM withdrawals WHERE received_at = ? AND reason = ? AND reference IS ? AND due_at = ? ORDER BY id"
    )
    row = conn.execute(sql, tuple(key)).fetchone()
    if row:
        return int(row[0])
    return None


def marks(values: Iterable[Any]) -> str:
    """As many placeholders as values. Pure."""
    return ", ".join("?" for _ in values)


# --------------------------------------------------------------------------------------------------------------- levels


def unite_access(conn: sqlite3.Connection, other: sqlite3.Connection, cases: Cases, now: str) -> None:
    """Keep the other's rules, and say the stricter again where the newest here would not be it.

    A rule counts as taken back where the archive that took it back knew of it: where it is among that one's own.
    """
    ours, theirs = read_rules(conn, {}, now), read_rules(other, cases, now)
    known, told = read_all(conn, {}), read_all(other, cases)
    wanted = ours | theirs
    for subject in ours.keys() & theirs.keys():
        wanted[subject] = choose_rule(ours[subject], theirs[subject], known, told)
    add_rules(conn, (row for row in told if row not in known))
    united = read_rules(conn, {}, now)
    add_rules(conn, (row for subject, row in wanted.items() if united[subject] != row))


def choose_rule(mine: Row, row: Row, known: Container[Row], told: Container[Row]) -> Row:
    """Which of two rules about one subject holds: the newer where one archive knew of the other's, else the stricter. Pure."""
    if row in known:
        return mine
    if mine in told:
        return row
    return max(mine, row, key=lambda each: (LEVELS.index(each[3]), each[7], str(each)))


def read_all(conn: sqlite3.Connection, cases: Cases) -> dict[Row, None]:
    """Every rule, in the order in which they were made, with the number that its case has here."""
    rows = conn.execute(f"SELECT {_ACCESS} FROM access ORDER BY id").fetchall()
    return dict.fromkeys(with_case(tuple(row), 6, cases) for row in rows)


def read_rules(conn: sqlite3.Connection, cases: Cases, now: str) -> dict[tuple[str, str, str | None], Row]:
    """(kind, name, platform) -> the rule that holds of it now."""
    rows = (with_case(tuple(row), 6, cases) for row in conn.execute(_EFFECTIVE, {"now": now}).fetchall())
    return {(row[0], row[1], row[2]): row for row in rows}


def with_case(row: Row, place: int, cases: Cases) -> Row:
    """A row with the number of its case here, in that place. Pure."""
    return (*row[:place], cases.get(row[place], row[place]), *row[place + 1 :])


def add_rules(conn: sqlite3.Connection, rows: Iterable[Row]) -> None:
    conn.executemany(f"INSERT INTO access ({_ACCESS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", list(rows))


def unite_optouts(conn: sqlite3.Connection, other: sqlite3.Connection, cases: Cases) -> None:
    """Keep the other's list; what was taken off it there was so here, too, where it is the same line."""
    same = "kind = ? AND pattern = ? AND platform IS ? AND from_at = ? AND until_at IS ? AND source = ?"
    for row in other.execute(f"SELECT {_OPTOUT}, withdrawal_id, removed_at FROM optouts ORDER BY id").fetchall():
        key, case, removed_at = tuple(row)[:6], row[6], row[7]
        if conn.execute(f"SELECT 1 FROM optouts WHERE {same}", key).fetchone() is None:
            conn.execute(
                f"INSERT INTO optouts ({_OPTOUT}, withdrawal_id, removed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*key, cases.get(case), removed_at),
            )
        elif removed_at:
            conn.execute(f"UPDATE optouts SET removed_at = ? WHERE {same} AND removed_at IS NULL", (removed_at, *key))


# -------------------------------------------------------------------------------------------------------------- erasing


def read_erased(conn: sqlite3.Connection) -> dict[Subject, int | None]:
    """What is erased in an archive, with the first case that says so."""
    sql = "SELECT kind, subject, platform, withdrawal_id FROM access WHERE level = 'erased' ORDER BY id DESC"
    return {Subject(row[0], row[1], row[2]): row[3] for row in conn.execute(sql).fetchall()}


def holds_any(conn: sqlite3.Connection, subjects: Iterable[Subject]) -> bool:
    """Whether an archive knows a post or an article that these are about."""
    for subject in subjects:
        posts, articles, embeds = erasing.resolve(conn, subject)
        keys = erasing.with_names(conn, posts)
        known = (conn.execute("SELECT 1 FROM posts WHERE key = ?", (key,)).fetchone() for key in keys)
        if articles or embeds or any(known):
            return True
    return False


def erase_subjects(conn: sqlite3.Connection, subjects: Iterable[Subject], now: str) -> tuple[int, ...]:
    """Erase what is here of these, each by its case. Raises UsageError where another case holds some of it."""
    case_of = read_erased(conn)
    by_case: defaultdict[int | None, list[Subject]] = defaultdict(list)
    for subject in sorted(subjects, key=str):
        by_case[case_of.get(subject)].append(subject)
    done = []
    for case, some in by_case.items():
        plan = plan_subjects(conn, case, some)
        erasing.refuse_held(conn, plan, now)
        erasing.erase_rows(conn, plan, now)
        # What an article says of itself was emptied with it: what is left of its page says it again, as in a new archive.
        cut = [(page.fetch_id,) for page in plan.pages]
        conn.executemany("UPDATE fetches SET searched_rules = NULL WHERE id = ?", cut)
        if case is not None and not plan.is_empty:
            done.append(case)
    return tuple(done)


def plan_subjects(conn: sqlite3.Connection, case: int | None, subjects: Iterable[Subject]) -> erasing.Erasure:
    """All that is to go with these subjects."""
    some = tuple(subjects)
    posts, articles, embeds = set[str](), set[int](), set[int]()
    for subject in some:
        of_posts, of_articles, of_embeds = erasing.resolve(conn, subject)
        posts |= of_posts
        articles |= of_articles
        embeds |= of_embeds
    reason = conn.execute("SELECT reason FROM withdrawals WHERE id = ?", (case,)).fetchone()
    plan = erasing.plan_posts(conn, posts, articles, embeds, case, reason[0] if reason else "request")
    outlets = tuple(each.name for each in some if each.kind == "outlet")
    return replace(plan, outlets=outlets, accounts=tuple(each for each in some if each.kind == "account"))


def empty_files(conn: sqlite3.Connection, other: sqlite3.Connection, cases: Cases) -> None:
    """Empty each file here that was withdrawn there, and bar it where it is not here."""
    sql = (
        "SELECT row_id, reason, redacted_at, withdrawal_id, replaced_by, size FROM redactions "
        "WHERE table_name = 'blobs' ORDER BY row_id"
    )
    for sha256, reason, at, case, replaced_by, size in other.execute(sql).fetchall():
        if conn.execute("SELECT 1 FROM redactions WHERE sha256 = ?", (sha256,)).fetchone():
            continue
        if replaced_by is not None:
            copy_file(conn, other, replaced_by)
        conn.execute(
            "INSERT OR IGNORE INTO blobs (sha256, size, encoding, body) VALUES (?, ?, 'identity', x'')", (sha256, size)
        )
        redact_file(conn, sha256, reason, at, cases.get(case), replaced_by)
        follow_file(conn, sha256)


def follow_file(conn: sqlite3.Connection, sha256: str) -> None:
    """Let downloads that name a page which was emptied name what stands there instead: it is looked through anew."""
    emptied = conn.execute(
        "SELECT reason, redacted_at, replaced_by FROM redactions WHERE table_name = 'blobs' AND row_id = ?", (sha256,)
    ).fetchone()
    if emptied is None:
        return
    for column, kind in PAGES.items():
        named = conn.execute(f"SELECT id FROM fetches WHERE {column} = ?", (sha256,)).fetchall()
        for (fetch,) in named:
            conn.execute(
                "INSERT OR IGNORE INTO redactions (table_name, row_id, column_name, reason, redacted_at, replaced_by) "
                "VALUES ('fetches', ?, ?, ?, ?, ?)",
                (str(fetch), column, *emptied),
            )
            conn.execute(f"UPDATE fetches SET {column} = ?, searched_rules = NULL WHERE id = ?", (emptied[2], fetch))
            evidence.append_withdrawal(conn, kind, fetch)
