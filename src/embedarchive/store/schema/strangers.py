"""An open archive -> what stands in it that could run, or be read, in place of what is ours; and what is merely the user's.

Anybody may have made the file. A trigger on our tables would run as we write, a view of the name of a table would be read
as if it were that, and either can run for ever. Such a file is not written to, and of it are read plain tables only.
Tables, views and indexes of a user's own are none of our business.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

from embedarchive.core.errors import StrangeArchive
from embedarchive.store.schema import SCHEMA_VERSION, build, normalize, path_of, read_objects, read_version, read_views

FALSE = ", whose name something else has"
"""What SQLite says of a table in whose place something else stands, for it is asked for one of this name."""

RECORD = "_sqlite_migrations"
"""Where sqlite-utils keeps which steps were taken; it is made with the first of them."""


@dataclass(frozen=True, slots=True)
class Strange:
    """One thing of a file's schema that is not as we made it. `is_read` says that reading would run or believe it."""

    code: str
    name: str
    says: str
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class SchemaPlan:
    """What a version's schema has: name -> SQL of what we wrote ourselves, and the tables that FTS5 made for itself.

    `tables` are all of which we read or write rows, in lower case, as SQLite compares names.
    """

    objects: Mapping[str, str]
    shadows: frozenset[str]
    tables: frozenset[str]


@cache
def read_plan(version: int) -> SchemaPlan:
    """The schema of a version, without views: those are made anew or laid over wherever they differ."""
    with closing(build(version)) as conn:
        rows = conn.execute("SELECT name FROM pragma_table_list WHERE type = 'shadow'").fetchall()
        objects, shadows = read_objects(conn), frozenset(name for (name,) in rows)
    made = {name for name, sql in objects.items() if is_table(sql)}
    return SchemaPlan(objects, shadows, frozenset(name.lower() for name in (*made, *shadows, RECORD)))


def is_table(sql: str) -> bool:
    return sql.upper().startswith(("CREATE TABLE", "CREATE VIRTUAL TABLE"))


def find_strange(conn: sqlite3.Connection) -> tuple[Strange, ...]:
    """All that is strange in an archive's schema, by name. Reads nothing but the schema."""
    plan = read_plan(read_version(conn))
    rows = conn.execute("SELECT type, name, tbl_name, sql FROM main.sqlite_schema").fetchall()
    present = {str(row[1]).lower(): tuple(row) for row in rows}
    ours = [strange for name, sql in plan.objects.items() if (strange := judge(name, sql, present.get(name.lower())))]
    shadows = [judge_shadow(name, present.get(name.lower())) for name in (*sorted(plan.shadows), RECORD)]
    return (*ours, *filter(None, shadows), *find_planted(conn, rows, plan), *find_acting_keys(conn, plan))


def judge(name: str, sql: str, row: tuple[Any, ...] | None) -> Strange | None:
    """What is strange about one object of ours, as it is in a file; None if it is as we made it. Pure."""
    if row is None:
        return Strange("schema_missing", name, f"{name} is missing")
    kind = str(row[0])
    if not same_kind(sql, kind, row[3]):
        what = "virtual table"
        if not is_virtual(row[3]):
            what = kind
        return Strange("schema_foreign", name, f"a {what} has the name of our {name}", is_read=True)
    if row[3] == sql or normalize(str(row[3] or "")) == normalize(sql):
        return None
    return Strange("schema_altered", name, f"{name} is not as it was made", is_read=is_risky(str(row[3])))


def same_kind(sql: str, kind: str, found: str | None) -> bool:
    """Whether an object is of the kind that our SQL makes. Pure."""
    return sql.split()[1].lower().replace("virtual", "table").replace("unique", "index") == kind and (
        is_virtual(sql) == is_virtual(found)
    )


def is_virtual(sql: str | None) -> bool:
    return (sql or "").upper().startswith("CREATE VIRTUAL")


def is_risky(sql: str) -> bool:
    """Whether an altered table computes what is read of it, or holds values of any type. Pure."""
    words = normalize(sql).upper()
    is_plain = words.endswith(("STRICT", "STRICT, WITHOUT ROWID", "WITHOUT ROWID, STRICT"))
    return (
        words.startswith("CREATE VIRTUAL")
        or (is_table(words) and not is_plain)
        or " AS (" in words.replace("AS(", "AS (")
    )


def judge_shadow(name: str, row: tuple[Any, ...] | None) -> Strange | None:
    """What is strange about a table that SQLite or sqlite-utils made for ours. Pure."""
    if row is None:
        if name == RECORD:
            return None
        return Strange("schema_missing", name, f"{name} is missing")
    if row[0] == "table" and not is_virtual(row[3]):
        return None
    return Strange("schema_foreign", name, f"a {row[0]} has the name of our {name}", is_read=True)


def find_planted(conn: sqlite3.Connection, rows: list[Any], plan: SchemaPlan) -> list[Strange]:
    """Triggers on our tables, and indexes that compute something of them, which are not ours."""
    known = {name.lower() for name in plan.objects}
    found = []
    for kind, name, table, sql in rows:
        if str(table).lower() not in plan.tables or str(name).lower() in known:
            continue
        if kind == "trigger":
            found.append(Strange("schema_trigger", str(name), f"the trigger {name} runs when {table} is written"))
        elif kind == "index" and sql and computes(conn, str(name)):
            found.append(Strange("schema_index", str(name), f"the index {name} computes something of {table}"))
    return found


def computes(conn: sqlite3.Connection, index: str) -> bool:
    """Whether an index is over an expression, or over the rows that meet one."""
    columns = conn.execute("SELECT 1 FROM pragma_index_xinfo(?, 'main') WHERE cid = -2", (index,)).fetchone()
    owner = "SELECT tbl_name FROM main.sqlite_schema WHERE type = 'index' AND name = ?"
    partial = f"SELECT 1 FROM pragma_index_list(({owner}), 'main') WHERE name = ? AND partial = 1"
    return columns is not None or conn.execute(partial, (index, index)).fetchone() is not None


def find_acting_keys(conn: sqlite3.Connection, plan: SchemaPlan) -> list[Strange]:
    """Foreign keys of others' tables that change or delete rows there when ours change: what those fire is not ours."""
    sql = (
        "SELECT DISTINCT t.name, k.\"table\" FROM main.sqlite_schema t, pragma_foreign_key_list(t.name, 'main') k "
        "WHERE t.type = 'table' AND t.sql NOT LIKE 'CREATE VIRTUAL%' "
        "AND (k.on_update NOT IN ('NO ACTION', 'RESTRICT') OR k.on_delete NOT IN ('NO ACTION', 'RESTRICT'))"
    )
    return [
        Strange("schema_key", str(name), f"the table {name} acts when rows of {table} change")
        for name, table in conn.execute(sql).fetchall()
        if str(table).lower() in plan.tables and str(name).lower() not in plan.tables
    ]


def find_others(conn: sqlite3.Connection) -> tuple[str, ...]:
    """The names of the tables and views that are a user's own."""
    plan = read_plan(read_version(conn))
    views = {name.lower() for name in read_views()}
    sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' ORDER BY name"
    rows = conn.execute(sql).fetchall()
    names = (str(row[0]) for row in rows)
    return tuple(n for n in names if n.lower() not in plan.tables | views and not n.lower().startswith("sqlite_"))


# ------------------------------------------------------------------------------------------------------- what is done then


def refuse_strange(conn: sqlite3.Connection) -> None:
    """Refuse to write to an archive that holds what is strange. Raises StrangeArchive, naming it.

    Of an older one what is missing or altered is told when its steps are to be taken (`check_tables`).
    """
    is_old = read_version(conn) < SCHEMA_VERSION
    told_later = ("schema_missing", "schema_altered") if is_old else ()
    if strange := tuple(each for each in find_strange(conn) if each.code not in told_later):
        raise StrangeArchive(f"{path_of(conn)} {say_strange(strange)}")


def refuse_false_tables(conn: sqlite3.Connection) -> None:
    """Refuse to copy an archive in which something else stands in place of a table. Raises StrangeArchive, naming it."""
    if strange := tuple(each for each in find_strange(conn) if each.is_read):
        raise StrangeArchive(f"{path_of(conn)} {say_strange(strange)}")


def say_strange(strange: tuple[Strange, ...]) -> str:
    """What is the matter with a file, and what to do, to go behind its name. Pure."""
    first, *others = strange
    more = ""
    if others:
        more = f", and {len(others)} more (embedarchive doctor names all)"
    return (
        f"is not as embedarchive makes it: {first.says}{more}. It was left as it is, for that could run or be read in "
        "place of what is ours. Take it out if you put it there, or use a copy of the archive that has not left your hands."
    )


def keep_to_tables(conn: sqlite3.Connection) -> None:
    """Let a connection read of a strange archive what is in plain tables, and nothing that would run or be believed.

    Over each false table a temporary view is laid that names what is not there, and our own views are laid over the file's,
    for those would look past it. What is asked of the file by its full name, the authorizer refuses.
    """
    closed = find_closed(conn)
    if not closed:
        return
    for name in sorted(closed):
        conn.execute(f'DROP VIEW IF EXISTS temp."{name}"')
        conn.execute(f'CREATE TEMP VIEW "{name}" AS SELECT * FROM temp."{name}{FALSE}"')
    for name, sql in read_views().items():
        conn.execute(f"DROP VIEW IF EXISTS temp.{name}")
        conn.execute(sql.replace("CREATE VIEW", "CREATE TEMP VIEW", 1))

    def allow(action: int, name: str | None, _column: str | None, schema: str | None, inner: str | None) -> int:
        is_read = action == sqlite3.SQLITE_READ and schema != "temp" and (name or "").lower() in closed
        is_closed = is_read or (inner or "").lower() in closed
        if is_closed:
            return sqlite3.SQLITE_DENY
        return sqlite3.SQLITE_OK

    conn.set_authorizer(allow)


def find_closed(conn: sqlite3.Connection) -> frozenset[str]:
    """The names, in lower case, under which nothing of a file is to be read; with a table of FTS5's, its full text too."""
    false = {each.name.lower() for each in find_strange(conn) if each.is_read}
    words = {name for name, sql in read_plan(read_version(conn)).objects.items() if is_virtual(sql)}
    return frozenset(false | {name for name in words if any(each.startswith(f"{name}_") for each in false)})
