"""What another archive has beside its observations -> the same here: runs, lists, holds, notes, collections, copies.

Each is united by what it says: a row that is here word for word is not added again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Protocol

from embedarchive.store import conclusions
from embedarchive.store.rows import insert

Crawls = dict[int | None, int | None]
"""The number of a run there -> here."""


class Noted(Protocol):
    notes: int


def columns_of(conn: sqlite3.Connection, table: str, *without: str) -> list[str]:
    """The columns of a table here, whatever steps brought them."""
    return [
        row[0]
        for row in conn.execute("SELECT name FROM pragma_table_info(?, 'main')", (table,))
        if row[0] not in without
    ]


def unite_crawls(conn: sqlite3.Connection, other: sqlite3.Connection) -> Crawls:
    """Keep the other's runs; a run is known by its command and when it began."""
    names = columns_of(conn, "crawls", "id")
    found: Crawls = {None: None}
    for row in other.execute(f"SELECT id, {', '.join(names)} FROM crawls ORDER BY id").fetchall():
        told = dict(zip(names, tuple(row)[1:], strict=True))
        key = (told["command"], told["started_at"], told["version"])
        sql = "SELECT id FROM crawls WHERE command = ? AND started_at = ? AND version = ?"
        known = conn.execute(sql, key).fetchone()
        if known is None:
            found[row[0]] = insert(conn, "crawls", told)
            continue
        found[row[0]] = int(known[0])
        conn.execute(
            "UPDATE crawls SET finished_at = coalesce(finished_at, :finished_at), ended = coalesce(ended, :ended), "
            "summary = coalesce(summary, :summary) WHERE id = :id",
            told | {"id": known[0]},
        )
        if told["clock_suspect"]:
            doubted = conn.execute(
                "UPDATE crawls SET clock_suspect = ? WHERE id = ? AND clock_suspect IS NULL",
                (told["clock_suspect"], known[0]),
            )
            if doubted.rowcount:
                conclusions.ask_for_run(conn, known[0])
    return found


def unite_before(conn: sqlite3.Connection, other: sqlite3.Connection, crawls: Crawls) -> None:
    """What conclusions hang on: holds, and how often a platform's posts are observed."""
    unite_holds(conn, other, crawls)
    for row in other.execute("SELECT platform, solved_on, per_day, pace, longest_d, factor FROM pacing").fetchall():
        told = tuple(row)
        known = conn.execute(
            "SELECT platform, solved_on, per_day, pace, longest_d, factor FROM pacing WHERE platform = ?", (told[0],)
        ).fetchone()
        if known is None or told > tuple(known):
            conn.execute(
                "INSERT OR REPLACE INTO pacing (platform, solved_on, per_day, pace, longest_d, factor) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                told,
            )
            conn.execute(
                "INSERT OR IGNORE INTO pending SELECT 'conclude', max(c.id) FROM schedule s JOIN captures c "
                "ON c.post_key = s.post_key WHERE s.platform = ? AND c.purpose <> 'control' GROUP BY s.post_key",
                (told[0],),
            )


def unite_holds(conn: sqlite3.Connection, other: sqlite3.Connection, crawls: Crawls) -> None:
    """Keep what withholds losses; what was released there is released here where it is the same."""
    same = "platform = ? AND host IS ? AND since = ? AND until IS ? AND why = ?"
    sql = "SELECT platform, host, since, until, why, crawl_id, released_at, released_by FROM holds ORDER BY id"
    for row in other.execute(sql).fetchall():
        key, crawl, released = tuple(row)[:5], row[5], (row[6], row[7])
        known = conn.execute(f"SELECT id, released_at FROM holds WHERE {same}", key).fetchone()
        if known is None:
            values = (*key, crawls.get(crawl), *released)
            conn.execute(
                "INSERT INTO holds (platform, host, since, until, why, crawl_id, released_at, released_by) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        elif released[0] and known[1] is None:
            conn.execute("UPDATE holds SET released_at = ?, released_by = ? WHERE id = ?", (*released, known[0]))
        else:
            continue
        conclusions.ask_for_losses(conn, conclusions.PostScope(row[0], row[1]), row[2])


def unite_beside(conn: sqlite3.Connection, other: sqlite3.Connection, crawls: Crawls, done: Noted) -> None:
    """What refers to posts, articles and runs by their names."""
    unite_notes(conn, other, done)
    unite_collections(conn, other)
    unite_listings(conn, other)
    unite_seeds(conn, other, crawls)
    unite_exports(conn, other)
    unite_mementos(conn, other)
    unite_openings(conn, other)
    unite_deliveries(conn, other)


def unite_openings(conn: sqlite3.Connection, other: sqlite3.Connection) -> None:
    names = columns_of(conn, "openings", "id")
    same = " AND ".join(f"{name} IS ?" for name in names)
    for row in other.execute(f"SELECT {', '.join(names)} FROM openings"):
        if conn.execute(f"SELECT 1 FROM openings WHERE {same}", tuple(row)).fetchone() is None:
            insert(conn, "openings", dict(zip(names, row, strict=True)))


DELIVERED = "coalesce({0}delivered_at, '~'), -{0}tried, {0}noted_at, coalesce({0}answer, '')"


def unite_deliveries(conn: sqlite3.Connection, other: sqlite3.Connection) -> None:
    """What was told to whom: told by either it is told, and of both it counts who was first."""
    names = columns_of(conn, "deliveries")
    sets = ", ".join(f"{name} = excluded.{name}" for name in names)
    conn.executemany(
        f"INSERT INTO deliveries ({', '.join(names)}) VALUES ({marks(names)}) ON CONFLICT DO UPDATE SET {sets} "
        f"WHERE ({DELIVERED.format('excluded.')}) < ({DELIVERED.format('deliveries.')})",
        map(tuple, other.execute(f"SELECT {', '.join(names)} FROM deliveries")),
    )


def unite_notes(conn: sqlite3.Connection, other: sqlite3.Connection, done: Noted) -> None:
    names = ("subject_kind", "subject", "name", "value", "by", "at")
    same = "subject_kind = ? AND subject = ? AND name = ? AND value IS ? AND by = ? AND at = ?"
    for row in other.execute(f"SELECT {', '.join(names)} FROM notes ORDER BY id").fetchall():
        if conn.execute(f"SELECT 1 FROM notes WHERE {same}", tuple(row)).fetchone() is None:
            insert(conn, "notes", dict(zip(names, tuple(row), strict=True)))
            done.notes += 1


def unite_collections(conn: sqlite3.Connection, other: sqlite3.Connection) -> None:
    """Of a member that both have it counts who put it in first."""
    for row in other.execute("SELECT name, kind, subject, by, at FROM collections").fetchall():
        conn.execute(
            "INSERT INTO collections (name, kind, subject, by, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
            "by = excluded.by, at = excluded.at WHERE (excluded.at, excluded.by) < (at, by)",
            tuple(row),
        )


def unite_listings(conn: sqlite3.Connection, other: sqlite3.Connection) -> None:
    """Of a list that both read the later reading counts."""
    names = columns_of(conn, "listings")
    sets = ", ".join(f"{name} = excluded.{name}" for name in names if name not in ("url", "named_by"))
    for row in other.execute(f"SELECT {', '.join(names)} FROM listings").fetchall():
        conn.execute(
            f"INSERT INTO listings ({', '.join(names)}) VALUES ({', '.join('?' for _ in names)}) ON CONFLICT DO UPDATE SET "
            f"{sets}, named_by = coalesce(named_by, excluded.named_by) WHERE excluded.read_at > read_at",
            tuple(row),
        )


def unite_seeds(conn: sqlite3.Connection, other: sqlite3.Connection, crawls: Crawls) -> None:
    """What named which article, so that it can be taken back; nothing is due by it: it is no run of this archive."""
    sql = (
        "SELECT s.crawl_id, a.url, s.origin, s.depth, s.followed, s.outlet FROM seeds s "
        "JOIN articles a ON a.id = s.article_id"
    )
    for crawl, url, *told in other.execute(sql):
        conn.execute(
            "INSERT INTO seeds (crawl_id, article_id, origin, depth, followed, outlet) "
            "SELECT ?, article_id, ?, ?, ?, ? FROM article_urls WHERE url = ? ON CONFLICT DO UPDATE SET "
            "origin = min(origin, excluded.origin), depth = min(depth, excluded.depth), "
            "followed = max(followed, excluded.followed)",
            (crawls[crawl], *told, url),
        )


def unite_exports(conn: sqlite3.Connection, other: sqlite3.Connection) -> None:
    """Which copies were handed out, and of which posts: who withdraws something has to know of all."""
    names = columns_of(conn, "exports", "id", "gone_at")
    same = " AND ".join(f"{name} IS ?" for name in names)
    for number, gone_at, *told in other.execute(
        f"SELECT id, gone_at, {', '.join(names)} FROM exports ORDER BY id"
    ).fetchall():
        known = conn.execute(f"SELECT id FROM exports WHERE {same}", told).fetchone()
        if known:
            here = int(known[0])
        else:
            here = insert(conn, "exports", dict(zip(names, told, strict=True)))
        if gone_at:
            conn.execute("UPDATE exports SET gone_at = ? WHERE id = ? AND gone_at IS NULL", (gone_at, here))
        for (key,) in other.execute("SELECT post_key FROM export_posts WHERE export_id = ?", (number,)):
            conn.execute("INSERT OR IGNORE INTO export_posts (post_key, export_id) VALUES (?, ?)", (key, here))


LEFT_BARE = "post_key NOT IN (SELECT key FROM barred_posts)"


def unite_mementos(conn: sqlite3.Connection, other: sqlite3.Connection) -> None:
    """What others were asked about posts, and what they hold: the later answer counts. Nothing is due by it here."""
    names = columns_of(conn, "searches", "crawl_id", "due_at")
    sets = ", ".join(f"{name} = excluded.{name}" for name in names)
    for row in other.execute(
        f"SELECT {', '.join(names)} FROM searches WHERE asked_at IS NOT NULL AND {LEFT_BARE}"
    ).fetchall():
        conn.execute(
            f"INSERT INTO searches ({', '.join(names)}) VALUES ({marks(names)}) ON CONFLICT DO UPDATE SET {sets} "
            "WHERE excluded.asked_at > coalesce(asked_at, '')",
            tuple(row),
        )
    names = columns_of(conn, "mementos", "id", "crawl_id", "article_id", "capture_id")
    sets = ", ".join(f"{name} = excluded.{name}" for name in (*names, "capture_id"))
    sql = (
        "SELECT (SELECT url FROM articles a WHERE a.id = m.article_id), "
        "(SELECT uid FROM captures c WHERE c.id = m.capture_id), "
        f"{', '.join(names)} FROM mementos m WHERE {LEFT_BARE} ORDER BY id"
    )
    for article, uid, *told in other.execute(sql).fetchall():
        conn.execute(
            f"INSERT INTO mementos (article_id, capture_id, {', '.join(names)}) VALUES ("
            "(SELECT article_id FROM article_urls WHERE url = ?), (SELECT id FROM captures WHERE uid = ?), "
            f"{marks(names)}) ON CONFLICT DO UPDATE SET {sets} WHERE coalesce(excluded.tried_at, '') > coalesce(tried_at, '')",
            (article, uid, *told),
        )


def marks(names: Sequence[str]) -> str:
    """As many placeholders as names. Pure."""
    return ", ".join("?" for _ in names)
