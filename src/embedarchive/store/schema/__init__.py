"""Connections -> an archive of the newest schema: identity, numbered steps, views.

The tables are made by frozen steps, `001.sql`, `002.sql` …, and a file's `user_version` is the number of its last one. A
step is never edited once it is on the main branch: what changes, changes by a further step (`docs/adding-a-column.md`). All
steps that an archive lacks are one transaction, each with its record in `_sqlite_migrations` (sqlite-utils'): an archive is
as it was or of the newest schema. The views are derived from the tables, so they have no history: `views.sql` says how they
are now, and they are made anew where an archive's differ. Each bears a comment with its own name, `OURS`; a view without
that comment is somebody else's, and is left alone like every other table, index and trigger that we did not make.
"""

from __future__ import annotations

import hashlib
import re
import shlex
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from embedarchive.core.errors import ArchiveError, DamagedArchive, NewerArchive, NotAnArchive, OlderArchive
from embedarchive.store.header import MAGIC, SIZE, Header, read_first

if TYPE_CHECKING:
    from sqlite_utils import Database

APPLICATION_ID = 0x656D6272  # "embr", so that file(1) and we can tell an archive from any other SQLite file
LEFT = "It was left untouched; name another -a."
STEPS = tuple(sorted(p.name for p in files(__package__).iterdir() if re.fullmatch(r"\d{3}\.sql", p.name)))
SCHEMA_VERSION = len(STEPS)
OURS = "-- embedarchive: {}"
"""The comment at the head of each view that we made; `{}` is its name, for a user's copy has another."""

_VIEW = re.compile(r"^CREATE VIEW (\w+) AS\n(.*?);$", re.S | re.M)
_COMMENT = re.compile(r"--[^\n]*")


def read_sql(name: str) -> str:
    """The text of one SQL file of this folder."""
    return files(__package__).joinpath(name).read_text("utf-8")


def read_steps() -> str:
    """The text of all steps, first to last."""
    return "\n".join(map(read_sql, STEPS))


def run_script(conn: sqlite3.Connection, script: str) -> None:
    """Run every statement of a script inside the caller's transaction (executescript would commit it)."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            conn.execute(statement)
            statement = ""


# ------------------------------------------------------------------------------------------------------------- identity


def check_identity(path: Path) -> None:
    """Refuse a file that is no archive of ours, or one of another time, by reading its first 100 bytes only.

    Raises NotAnArchive, NewerArchive, OlderArchive, DamagedArchive, ArchiveError where it cannot be read. The layout is
    https://www.sqlite.org/fileformat.html#the_database_header.
    """
    data = read_header(path)
    if not data.startswith(MAGIC):
        raise NotAnArchive(f"{path} is not an embedarchive archive (no SQLite file). {LEFT}")
    if len(data) < SIZE:
        raise DamagedArchive.seen("it ends within its first hundred bytes", path)
    header = Header.parse(data)
    if header.application != APPLICATION_ID:
        raise NotAnArchive(explain_foreign(path))
    version = header.user_version
    if version > SCHEMA_VERSION:
        raise NewerArchive(
            f"{path} was written by a newer embedarchive (schema {version}, this one knows {SCHEMA_VERSION}). "
            "It was left untouched; run: pipx upgrade embedarchive"
        )
    if version < 1:
        raise OlderArchive(
            f"{path} is older than the first schema this embedarchive knows. It was left untouched; "
            "crawl its articles into a new archive."
        )
    check_length(path)


def explain_foreign(path: Path) -> str:
    """What a SQLite file is that does not bear our number: another program's, or an archive written out and in again."""
    try:
        with closing(
            sqlite3.connect(f"file:{quote(str(path))}?immutable=1", uri=True)
        ) as conn:  # touches no log of theirs
            taken = conn.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'embedarchive'").fetchall()
    except sqlite3.Error:
        taken = []
    numbers = [int(name) for (name,) in taken if str(name).isdecimal()]
    if not numbers:
        return f"{path} is a SQLite file of another program. {LEFT}"
    return (
        f"{path} holds an archive's tables and lacks the number that says so: it was made from a text dump (sqlite3 .dump), "
        "which leaves that out. It was left untouched; mend it with: "
        f"sqlite3 {shlex.quote(str(path))} 'PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {max(numbers)}'"
    )


def check_length(path: Path) -> None:
    """Refuse a file that is shorter than its header says: SQLite fills up the last page with zeros and says nothing.

    Not while a log or a journal stands beside it, for then its pages are being written. Raises DamagedArchive.
    """
    if is_written(path):
        return
    header, size = Header.parse(read_header(path)), path.stat().st_size
    said = header.page_size * header.pages
    if header.changes == header.counted_at and size < said and not is_written(path):
        raise DamagedArchive.seen(f"it ends after {size:,} of {said:,} bytes", path)


def is_written(path: Path) -> bool:
    """Whether a run has the file open, or was killed when it had."""
    return any(path.with_name(path.name + end).exists() for end in ("-wal", "-journal"))


def read_header(path: Path) -> bytes:
    """The first 100 bytes of a file, or all it has.

    Raises NotAnArchive for a folder, ArchiveError when it cannot be read.
    """
    try:
        return read_first(path)
    except IsADirectoryError:
        raise NotAnArchive(f"{path} is a folder, where an archive's file should be. {LEFT}") from None
    except OSError as error:
        raise ArchiveError(f"{path} cannot be read ({error.strerror}). {LEFT}") from error


def is_ours(path: Path) -> bool:
    """Whether the first bytes of a file say that it is an archive of ours, be it whole or damaged."""
    data = read_header(path)
    return data.startswith(MAGIC) and len(data) == SIZE and Header.parse(data).application == APPLICATION_ID


def capture_uid(post_key: str, started_at: str, document: str) -> str:
    """What names a capture in every archive that holds it: 128 bits in hex. Pure.

    `started_at` is its time as kept, `document` the sha256 in hex of its first document: the first exchange of type
    document that has a body, else the page as rendered, else ''. Frozen: steps and archives of all times rest on it.
    """
    told = "\n".join((post_key, started_at, document))
    return hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:32]


# ---------------------------------------------------------------------------------------------------------------- steps


def apply_schema(conn: sqlite3.Connection) -> None:
    """Bring an open archive, or an empty file, to the newest schema and views; on the newest already, write nothing.

    Raises ArchiveError where the tables are not those of the file's version, or where something of the user's bears a
    name that is needed; the archive is then as it was.
    """
    version = read_version(conn)
    if version == SCHEMA_VERSION and not views_differ(conn):
        return
    with immediate(conn):
        if version < SCHEMA_VERSION:
            apply_steps(conn, version)
        apply_views(conn)


@contextmanager
def immediate(conn: sqlite3.Connection) -> Iterator[None]:
    """One transaction that locks the file from its beginning."""
    conn.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if conn.in_transaction:  # a full disk makes SQLite roll back by itself
            conn.execute("ROLLBACK")
        raise
    conn.execute("COMMIT")


def apply_steps(conn: sqlite3.Connection, version: int) -> None:
    """Take the steps after `version`, inside the caller's transaction, each recorded by sqlite-utils."""
    from sqlite_utils import Database, Migrations  # here, for readers need neither it nor the 40 ms of its import

    before, after = read_built(version), read_built(SCHEMA_VERSION)
    check_tables(conn, version, before)
    check_free(conn, after.keys() - before.keys())
    register_step_functions(conn)
    database = Database(conn, recursive_triggers=False, execute_plugins=False)
    migrations = Migrations("embedarchive")
    for number, name in enumerate(STEPS, 1):
        taken = number <= version  # perhaps before steps were recorded by their numbers
        migrations(name=name.removesuffix(".sql"))(make_step("" if taken else read_sql(name)))
    migrations.apply(database)
    conn.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    conn.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def make_step(script: str) -> Callable[[Database], None]:
    def step(db: Database) -> None:
        run_script(db.conn, script)

    return step


def register_step_functions(conn: sqlite3.Connection) -> None:
    """Let steps call what they fill columns with. A function stays as it is for as long as a step calls it."""
    conn.create_function("capture_uid", 3, capture_uid, deterministic=True)


def read_version(conn: sqlite3.Connection) -> int:
    """The number of the last step that a file has taken; 0 for an empty one."""
    return int(conn.execute("PRAGMA user_version").fetchone()[0])


def build(version: int) -> sqlite3.Connection:
    """An empty archive of that version in memory, without views."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    register_step_functions(conn)
    for name in STEPS[:version]:
        run_script(conn, read_sql(name))
    return conn


def read_built(version: int) -> dict[str, str]:
    """Name -> SQL of every table, index and trigger of that version."""
    with closing(build(version)) as conn:
        return read_objects(conn)


def read_objects(conn: sqlite3.Connection) -> dict[str, str]:
    """Name -> SQL of every table, index and trigger in a file, but for those that FTS5 keeps for itself."""
    sql = (
        "SELECT name, sql FROM sqlite_schema WHERE type <> 'view' AND sql IS NOT NULL "
        "AND tbl_name NOT IN (SELECT name FROM pragma_table_list WHERE type = 'shadow')"
    )
    return dict(conn.execute(sql).fetchall())


def check_tables(conn: sqlite3.Connection, version: int, wanted: Mapping[str, str]) -> None:
    """Raises OlderArchive when the tables are not those of the version: steps could not be relied on."""
    present = read_objects(conn)
    strange = [name for name, sql in wanted.items() if normalize(present.get(name, "")) != normalize(sql)]
    if strange:
        raise OlderArchive(
            f"{path_of(conn)} was made by an embedarchive between two versions: it says it has schema {version}, and its "
            f"{strange[0]} is another. It was left untouched, and can still be read; crawl into a new archive."
        )


def normalize(sql: str) -> str:
    """SQL without comments and line breaks, to compare what it does. Pure."""
    return " ".join(_COMMENT.sub("", sql).split())


def check_free(conn: sqlite3.Connection, needed: Iterable[str]) -> None:
    """Raises ArchiveError when what is to be made would bear the name of something of the user's."""
    present = {row[0].lower(): (row[1], row[0]) for row in conn.execute("SELECT name, type FROM sqlite_schema")}
    for name in sorted(needed):
        if name.lower() in present:
            kind, theirs = present[name.lower()]
            raise ArchiveError(
                f"{path_of(conn)} holds a {kind} of yours named {theirs}, a name that this embedarchive needs. Nothing "
                f"was changed; give yours another name, and run the same command again."
            )


def path_of(conn: sqlite3.Connection) -> str:
    """The file that a connection has open."""
    return str(conn.execute("PRAGMA database_list").fetchone()[2])


# ---------------------------------------------------------------------------------------------------------------- views


def read_views() -> dict[str, str]:
    """Name -> SQL of each view as it is now, marked as ours."""
    return {
        name: f"CREATE VIEW {name} AS {OURS.format(name)}\n{body}"
        for name, body in _VIEW.findall(read_sql("views.sql"))
    }


def find_our_views(conn: sqlite3.Connection) -> dict[str, str]:
    """Name -> SQL of the views in an archive that we made."""
    views = conn.execute("SELECT name, sql FROM main.sqlite_schema WHERE type = 'view'").fetchall()
    return {name: sql for name, sql in views if sql.partition("\n")[0].endswith(OURS.format(name))}


def views_differ(conn: sqlite3.Connection) -> bool:
    """Whether an archive's own views are not those of this version."""
    return find_our_views(conn) != read_views()


def apply_views(conn: sqlite3.Connection) -> None:
    """Make every view of ours anew, inside the caller's transaction; what others made stays."""
    for name in find_our_views(conn):
        conn.execute(f'DROP VIEW "{name}"')
    wanted = read_views()
    check_free(conn, wanted)
    for sql in wanted.values():
        conn.execute(sql)
