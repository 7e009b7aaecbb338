"""An archive of an older schema, open for reading -> one that reads as the newest; its file is not written.

An archive may lie on a medium that nobody can write to, and be of another's making. So what newer steps added is laid over
it for the one connection: a temporary view for each table that lacks columns (they show their defaults), an empty one for
each table that is not there, and the views as they are now. SQLite looks for a name among the temporary ones first.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing

from embedarchive.store.browsing import OUTLETS, ROWS
from embedarchive.store.schema import (
    SCHEMA_VERSION,
    build,
    read_built,
    read_version,
    read_views,
    register_step_functions,
    views_differ,
)
from embedarchive.store.schema.strangers import is_virtual

FILLED = {
    16: {
        "outlet_figures": OUTLETS,
        "totals": "SELECT 'platform' AS what, platform AS value, posts AS number FROM browsing_counts WHERE outlet = '' "
        "UNION ALL SELECT 'state', status || '/' || kept, posts FROM browsing_counts WHERE outlet = '' "
        "UNION ALL SELECT 'kind', kind, posts FROM browsing_counts WHERE outlet = '' "
        "UNION ALL SELECT 'lang', lang, posts FROM browsing_counts WHERE outlet = '' "
        "UNION ALL SELECT 'month', month, posts FROM browsing_counts WHERE outlet = '' "
        "UNION ALL SELECT 'lost_in', lost_in, posts FROM browsing_counts WHERE outlet = '' "
        f"UNION ALL {ROWS}",
    },
    12: {
        # Figures of outlets are counted as they are asked for, and so no row is counted for one (`embeds`).
        "browsing": "SELECT outlet, platform, status, kept, kind, lang, posted_at, post_key, author, lost_in, 0 AS embeds "
        "FROM browsable",
        "browsing_counts": "SELECT outlet, platform, status, kept, kind, lang, substr(posted_at, 1, 7) AS month, lost_in, "
        "1 AS posts FROM browsable",
        "browsing_totals": "SELECT iif(outlet = '', 'author', 'outlet') AS facet, iif(outlet = '', author, outlet) AS value, "
        "1 AS posts FROM browsable",
    },
    3: {"pending": "SELECT work, capture_id FROM main.pending UNION ALL SELECT 'conclude', id FROM main.captures"},
}
"""Number of a step -> table -> the rows that it would have in an archive which has not taken the step, where a step filled
a table of which readers make something."""


TOLD = {
    2: {
        "captures": {
            "uid": "capture_uid(post_key, started_at, coalesce("
            "(SELECT x.body_sha256 FROM main.exchanges x WHERE x.capture_id = captures.id AND x.resource_type = 'document' "
            "AND x.body_sha256 IS NOT NULL ORDER BY x.position LIMIT 1), "
            "(SELECT a.sha256 FROM main.artifacts a WHERE a.capture_id = captures.id AND a.role = 'dom' ORDER BY a.position "
            "LIMIT 1), '') || iif(EXISTS (SELECT 1 FROM main.captures o WHERE o.post_key = captures.post_key "
            "AND o.started_at = captures.started_at AND o.id < captures.id), '#' || id, ''))",
            "seen_at": "started_at",
            "purpose": "iif(EXISTS (SELECT 1 FROM main.crawls r WHERE r.id = captures.crawl_id AND r.command = 'check'), "
            "'check', 'post')",
        },
        "checks": {"embedding": "iif(reason = 'embed_refused', 'refused', NULL)"},
    },
    11: {"redactions": {"table_name": "'blobs'", "row_id": "sha256", "column_name": "'body'"}},
}
"""Number of a step -> table -> columns that it filled -> what stands there in an archive which has not taken it."""


def read_as_newest(conn: sqlite3.Connection) -> None:
    """Let a connection see an archive as the newest schema has it. Writes to the connection's own temporary space only."""
    version = read_version(conn)
    old = version < SCHEMA_VERSION
    if not old and not views_differ(conn):
        return
    if old:
        register_step_functions(conn)
        lay_tables(conn, version)
        lay_indexes(conn)
        for step in range(version + 1, SCHEMA_VERSION + 1):
            for table, rows in FILLED.get(step, {}).items():
                conn.execute(f"DROP VIEW IF EXISTS temp.{table}")
                conn.execute(f"CREATE TEMP VIEW {table} AS {rows}")
    for sql in read_views().values():
        conn.execute(sql.replace("CREATE VIEW", "CREATE TEMP VIEW", 1))


def lay_indexes(conn: sqlite3.Connection) -> None:
    """Lay an empty full-text index over each that newer steps made: nothing is found in it."""
    held = {row[0] for row in conn.execute("SELECT name FROM pragma_table_list WHERE schema = 'main'")}
    for name, sql in read_built(SCHEMA_VERSION).items():
        if is_virtual(sql) and name not in held:
            conn.execute(sql.replace(f"TABLE {name}", f"TABLE temp.{name}", 1))


def lay_tables(conn: sqlite3.Connection, version: int) -> None:
    """Lay a temporary view over each table that newer steps made or gave columns."""
    with closing(build(SCHEMA_VERSION)) as newest:
        tables = (
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
        )
        for (table,) in newest.execute(tables).fetchall():
            columns = newest.execute("SELECT name, dflt_value FROM pragma_table_info(?)", (table,)).fetchall()
            held = {row[0] for row in conn.execute("SELECT name FROM pragma_table_info(?, 'main')", (table,))}
            if held.issuperset(name for name, _ in columns):
                continue
            told: dict[str, str] = {}
            for step in range(version + 1, SCHEMA_VERSION + 1):
                told |= TOLD.get(step, {}).get(table, {})
            stand_ins = {
                name: f"{told.get(name, default or 'NULL')} AS {name}" for name, default in columns if name not in held
            }
            shown = ", ".join(stand_ins.get(name, name) for name, _ in columns)
            rows = "WHERE FALSE"
            if held:
                rows = f"FROM main.{table}"
            conn.execute(f"CREATE TEMP VIEW {table} AS SELECT {shown} {rows}")
