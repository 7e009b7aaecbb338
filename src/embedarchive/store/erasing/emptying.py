"""A plan of what is to be erased -> that done, logged and barred from coming again, in the caller's transaction.

What is erased is words and bytes. Rows stay, with their ids, times and outcomes: that something was kept can be told.
The file itself is made anew afterwards, by `compacting.py`.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from embedarchive.store import browsing, evidence, rows
from embedarchive.store.cases import Subject, set_level
from embedarchive.store.conclusions import uncount
from embedarchive.store.erasing.columns import APPEND_ONLY, DELETED, ERASED, POSTS, SELECTED, literal
from embedarchive.store.erasing.pages import replace_page
from embedarchive.store.erasing.planning import Erasure
from embedarchive.store.fulltext import INDEXES
from embedarchive.store.redactions import license_words, redact_file


def erase_rows(conn: sqlite3.Connection, plan: Erasure, now: str) -> None:
    """Empty all that a plan names, in the caller's transaction, and bar it from coming again. Done twice, it is done once."""
    bar(conn, plan, now)
    for page in plan.pages:
        replace_page(conn, page, plan, now)
    replaced = {page.sha256: page.cut for page in plan.pages if page.cut is not None}
    for sha256 in plan.files:
        redact_file(conn, sha256, plan.reason, now, plan.case, replaced.get(sha256))
    emptied = {table: empty_rows(conn, table, columns, plan, now) for table, columns in ERASED.items()}
    for key in plan.posts:
        uncount(conn, key)
    referred = conn.execute(f"SELECT fetch_id FROM page_places WHERE {DELETED['page_places']}", plan.given).fetchall()
    emptied["fetches"] = [*emptied["fetches"], *(row[0] for row in referred)]
    for table, which in DELETED.items():
        conn.execute(f"DELETE FROM {table} WHERE {which}", plan.given)
    conn.execute(f"UPDATE posts SET capture_after = NULL WHERE key {POSTS}", plan.given)
    while browsing.refresh(conn):
        pass
    for index in INDEXES:
        conn.execute(f"INSERT INTO {index}({index}) VALUES ('optimize')")
    log_erasure(conn, plan, emptied)


def log_erasure(conn: sqlite3.Connection, plan: Erasure, emptied: Mapping[str, list[Any]]) -> None:
    """Log that what was kept is no longer as it was: of each visit and page that lost something."""
    of_parts = {
        row[0]
        for table in ("artifacts", "exchanges")
        for row in conn.execute(
            f"SELECT capture_id FROM {table} WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(emptied[table]),),
        )
    }
    for capture_id in sorted(of_parts.union(emptied["captures"])):
        evidence.append_withdrawal(conn, "capture", capture_id)
    served = {page.fetch_id for page in plan.pages if page.column == "html_sha256"}
    rendered = {page.fetch_id for page in plan.pages if page.column != "html_sha256"}
    for fetch_id in sorted(served.union(emptied["fetches"])):
        evidence.append_withdrawal(conn, "fetch", fetch_id)
    for fetch_id in sorted(rendered.union(emptied["fetches"])):
        evidence.append_withdrawal(conn, "rendering", fetch_id)


def bar(conn: sqlite3.Connection, plan: Erasure, now: str) -> None:
    """Give posts, accounts and articles the level `erased`, for good: the view `barred_posts` is what everything asks.

    Runs leave alone what is on the list of opt-outs: the posts, and all that is known to be of the accounts.
    """
    subjects = [Subject("post", key) for key in plan.posts] + [Subject("article", url) for url in plan.addresses]
    subjects += [Subject("outlet", host) for host in plan.outlets]
    subjects += plan.accounts
    known = "SELECT 1 FROM access WHERE kind = ? AND subject = ? AND platform IS ? AND level = 'erased'"
    new = [each for each in subjects if not conn.execute(known, (each.kind, each.name, each.platform)).fetchone()]
    set_level(conn, plan.case, new, "erased", now)
    conn.executemany(
        "INSERT INTO optouts (kind, pattern, platform, from_at, source, withdrawal_id) VALUES (?, ?, ?, ?, 'withdrawal', ?)",
        [(each.kind, each.name, each.platform, now, plan.case) for each in new if each.kind in ("post", "account")],
    )


def empty_rows(
    conn: sqlite3.Connection, table: str, columns: Mapping[str, str | None], plan: Erasure, now: str
) -> list[Any]:
    """Empty columns of a table's rows where they hold something; give the keys of those that did."""
    key = "key" if table == "posts" else "id"
    filled = " OR ".join(f"{name} IS NOT {literal(empty)}" for name, empty in columns.items())
    found = conn.execute(f"SELECT {key} FROM {table} WHERE ({SELECTED[table]}) AND ({filled})", plan.given)
    numbers = [row[0] for row in found.fetchall()]
    if table in APPEND_ONLY:
        license_words(conn, table, numbers, columns, plan.reason, now, plan.case)
    sets = ", ".join(f"{name} = {literal(empty)}" for name, empty in columns.items())
    for number in numbers:
        if table in rows.FULL_TEXT:
            rows.index(conn, table, number, remove=True)
        conn.execute(f"UPDATE {table} SET {sets} WHERE {key} = ?", (number,))
        if table in rows.FULL_TEXT:
            rows.index(conn, table, number)
    return numbers
