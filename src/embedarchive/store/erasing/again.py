"""What comes again of posts that were erased -> erased again, in the caller's transaction."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from embedarchive.core.model import Found
from embedarchive.store import evidence, rows
from embedarchive.store.cases import Subject
from embedarchive.store.erasing.emptying import erase_rows
from embedarchive.store.erasing.pages import has_barred, keep_places
from embedarchive.store.erasing.planning import plan_posts
from embedarchive.store.erasing.subjects import with_names


def find_account(conn: sqlite3.Connection, platform: str, handles: Iterable[str | None]) -> Subject | None:
    """The account that was erased, of those whom a post is of."""
    named = [each.removeprefix("@") for each in handles if each]
    found = conn.execute(
        "SELECT kind, subject, platform FROM access WHERE kind = 'account' AND level = 'erased' "
        "AND (platform IS NULL OR platform = ?) AND EXISTS (SELECT 1 FROM json_each(?) j "
        "WHERE j.value = access.subject COLLATE NOCASE) LIMIT 1",
        (platform, json.dumps(named)),
    ).fetchone()
    if found:
        return Subject(*found)
    return None


def erase_again(
    conn: sqlite3.Connection, key: str, now: str, also: Iterable[str] = (), account: Subject | None = None
) -> None:
    """Erase what came again of a post that is barred, under another of its names; `also` are such as were just learnt.

    `account` is the erased one that the post turned out to be of.
    """
    conn.execute("PRAGMA secure_delete = ON")
    names = with_names(conn, {key, *also})
    case = conn.execute(
        "SELECT withdrawal_id FROM access WHERE level = 'erased' AND (kind = 'post' "
        "AND subject IN (SELECT value FROM json_each(?)) OR kind = 'account' AND subject = ? AND platform IS ?) "
        "ORDER BY id LIMIT 1",
        (json.dumps(names), account and account.name, account and account.platform),
    ).fetchone()
    plan = plan_posts(conn, names, case=case[0] if case else None)
    if not plan.is_empty:
        erase_rows(conn, plan, now)


def cut_found(conn: sqlite3.Connection, fetch_id: int, found: Found, now: str) -> None:
    """Cut posts that were erased out of a page that was here before, and is looked through only now, or now by better rules.

    Other downloads of the same page lose it with this one, and keep where it embedded them.
    """
    if not has_barred(conn):
        return
    barred = tuple(each for each in found.embeds if each.post and rows.is_barred(conn, each.post.key))
    if not barred:
        return
    same = (
        "SELECT o.id, o.article_id FROM fetches f JOIN fetches o ON o.html_sha256 = f.html_sha256 AND o.id <> f.id "
        "WHERE f.id = ?"
    )
    for other, article_id in conn.execute(same, (fetch_id,)).fetchall():
        keep_places(conn, other, article_id, barred, now)
    drop_place(conn, fetch_id)
    for key in sorted({each.post.key for each in barred if each.post}):
        erase_again(conn, key, now)


def drop_place(conn: sqlite3.Connection, fetch_id: int) -> None:
    """Forget where a page stands that is kept by reference, for it embeds what was erased, and log that."""
    if conn.execute("DELETE FROM page_places WHERE fetch_id = ?", (fetch_id,)).rowcount:
        evidence.append_withdrawal(conn, "fetch", fetch_id)
