"""The schema has a history: numbered steps that stay as they are, and archives of every age that open and go on."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import closing

from embedarchive.store import schema

FROZEN = {
    "001.sql": "879041af4a4d926d80830d5f869d6b66da1f68106d8c5baa6ad5d7c3226045cf",
    "002.sql": "20a4919188ce06a2d16ea720aa8acc6f8786928cc2215ab236a5853cc22a9287",
    "003.sql": "6435393830caf84565b2583131d845c0d44708d74db0628cf3e9cf82967c3c64",
}
"""sha256 of each step. A step that is on the main branch is never edited: archives have taken it. Add another instead."""


def new_archive() -> sqlite3.Connection:
    conn = sqlite3.connect(":memory:", isolation_level=None)
    schema.apply_schema(conn)
    return conn


def test_no_step_is_edited_and_none_is_missing() -> None:
    assert {name: hashlib.sha256(schema.read_sql(name).encode()).hexdigest() for name in schema.STEPS} == FROZEN
    assert [int(name.removesuffix(".sql")) for name in schema.STEPS] == list(range(1, schema.SCHEMA_VERSION + 1))


def test_the_tables_are_made_by_the_steps_alone() -> None:
    """Whatever else made or changed a table would be missing in archives that are brought up from an older schema."""
    with closing(new_archive()) as conn:
        records = {name for name in schema.read_objects(conn) if "_sqlite_migrations" in name}
        built = {name: sql for name, sql in schema.read_objects(conn).items() if name not in records}
        assert built == schema.read_built(schema.SCHEMA_VERSION)
        assert schema.read_version(conn) == schema.SCHEMA_VERSION
        taken = conn.execute("SELECT name FROM _sqlite_migrations WHERE migration_set = 'embedarchive'").fetchall()
        assert [f"{row[0]}.sql" for row in taken] == list(schema.STEPS)
