"""An open archive -> the same as somebody with less rights may see it: whoever reads it need know nothing of that.

What may be shared is said by the views `withheld_posts`, `withheld_articles` and `shareable_posts`. For a reader who is not to
see all, temporary views are laid over every table that holds words or bytes; they leave out what is withheld. SQLite looks for
a name among the temporary ones first, so every query of ours, and every view, reads what is left.

`public` is everybody: what is exported, published, healed with, given by the library. `staff` is who keeps the archive, at the
command line or signed in to the reading room: they see all but what is sealed or erased.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from embedarchive.core.model import Tombstone
from embedarchive.store.browsing import ARTICLE, FIGURES, select_facets
from embedarchive.store.faults import FAULTS, Connection, raise_ours
from embedarchive.store.reading import open_reader
from embedarchive.store.schema import read_views

Eyes = Literal["public", "staff"]
LEAST: Mapping[Eyes, int] = {"public": 1, "staff": 2}
"""The strictness from which on something is withheld from them."""

LEVELS = ("public", "staff", "sealed", "erased")
"""By strictness, from 0."""

HIDDEN = {
    "hidden_posts": "SELECT key AS id FROM {0}.withheld_posts WHERE strictness >= :least",
    "hidden_articles": "SELECT id FROM {0}.withheld_articles WHERE strictness >= :least",
    # The publisher's words on a post that the markup does not name, by an account that is withheld.
    "hidden_embeds": """SELECT e.id FROM {0}.access_now n
      CROSS JOIN {0}.embeds e ON e.author_handle = n.subject COLLATE NOCASE
      WHERE n.kind = 'account' AND n.strictness >= :least AND e.post_key IS NULL
        AND (n.platform IS NULL OR e.platform IS NULL OR n.platform = e.platform)""",
    "hidden_captures": "SELECT id FROM {0}.captures WHERE post_key IN (SELECT id FROM temp.hidden_posts)",
    # What browsing says of an outlet: that it embedded a post, which only articles show that are withheld.
    "hidden_outlets": """SELECT DISTINCT outlet FROM {0}.articles a WHERE id IN (SELECT id FROM temp.hidden_articles)
      AND outlet IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {0}.articles o
        WHERE o.outlet = a.outlet AND o.id NOT IN (SELECT id FROM temp.hidden_articles))""",
    "hidden_listings": """SELECT a.outlet || ' ' || e.post_key FROM {0}.articles a JOIN {0}.embeds e ON e.article_id = a.id
      WHERE a.id IN (SELECT id FROM temp.hidden_articles) AND a.outlet IS NOT NULL AND e.post_key IS NOT NULL
        AND NOT EXISTS (SELECT 1 FROM {0}.embeds s JOIN {0}.articles o ON o.id = s.article_id
          WHERE s.post_key = e.post_key AND o.outlet = a.outlet AND s.kind = 'embed'
            AND o.id NOT IN (SELECT id FROM temp.hidden_articles))""",
    # The page of an article holds the words of each post that it embeds, and so does its picture.
    "veiled_articles": """SELECT article_id AS id FROM {0}.embeds WHERE post_key IN (SELECT id FROM temp.hidden_posts)
      UNION SELECT article_id FROM {0}.embeds WHERE id IN (SELECT id FROM temp.hidden_embeds)
      UNION SELECT id FROM temp.hidden_articles""",
    # Bytes that a post which may be shown has as well are no secret: a style sheet, an avatar of the platform's.
    "hidden_files": """SELECT w.id FROM (
        SELECT sha256 AS id FROM {0}.artifacts WHERE capture_id IN (SELECT id FROM temp.hidden_captures)
        UNION SELECT body_sha256 FROM {0}.exchanges
          WHERE capture_id IN (SELECT id FROM temp.hidden_captures) AND body_sha256 IS NOT NULL
        UNION SELECT html_sha256 FROM {0}.fetches WHERE article_id IN (SELECT id FROM temp.veiled_articles)
        UNION SELECT dom_sha256 FROM {0}.fetches WHERE article_id IN (SELECT id FROM temp.veiled_articles)
        UNION SELECT screenshot_sha256 FROM {0}.fetches WHERE article_id IN (SELECT id FROM temp.veiled_articles)
        UNION SELECT sha256 FROM {0}.page_files WHERE fetch_id IN (
          SELECT id FROM {0}.fetches WHERE article_id IN (SELECT id FROM temp.veiled_articles))) w
      WHERE w.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM {0}.artifacts a
          WHERE a.sha256 = w.id AND a.capture_id NOT IN (SELECT id FROM temp.hidden_captures))
        AND NOT EXISTS (SELECT 1 FROM {0}.exchanges x
          WHERE x.body_sha256 = w.id AND x.capture_id NOT IN (SELECT id FROM temp.hidden_captures))
        AND NOT EXISTS (SELECT 1 FROM {0}.page_files p JOIN {0}.fetches f ON f.id = p.fetch_id
          WHERE p.sha256 = w.id AND f.article_id NOT IN (SELECT id FROM temp.veiled_articles))""",
}
"""Temporary table -> the ids of what is not to be seen, in the order in which they are filled; {0} is the archive."""

_OF_POST = "post_key NOT IN (SELECT id FROM temp.hidden_posts)"
_OF_CAPTURE = "capture_id NOT IN (SELECT id FROM temp.hidden_captures)"
_OF_ARTICLE = "article_id NOT IN (SELECT id FROM temp.hidden_articles)"
_UNVEILED = "iif(article_id IN (SELECT id FROM temp.veiled_articles), NULL, {0}) AS {0}"

SEEN = {
    "browsing": f"""{_OF_POST} AND outlet NOT IN (SELECT id FROM temp.hidden_outlets)
      AND outlet || ' ' || post_key NOT IN (SELECT id FROM temp.hidden_listings)""",
    "posts": "key NOT IN (SELECT id FROM temp.hidden_posts)",
    "captures": _OF_POST,
    "descriptions": _OF_POST,
    "checks": _OF_POST,
    "conclusions": _OF_POST,
    "schedule": _OF_POST,
    "changes": _OF_POST,
    "searches": _OF_POST,
    "mementos": _OF_POST,
    "consulted": "0",  # the bytes of a run at work
    "artifacts": _OF_CAPTURE,
    "picture_marks": """artifact_id NOT IN (
      SELECT id FROM main.artifacts WHERE capture_id IN (SELECT id FROM temp.hidden_captures))""",
    "exchanges": _OF_CAPTURE,
    "replays": _OF_CAPTURE,
    "pending": _OF_CAPTURE,
    "articles": "id NOT IN (SELECT id FROM temp.hidden_articles)",
    "article_urls": _OF_ARTICLE,
    "fetches": _OF_ARTICLE,
    # What an article is drawn with may be a picture of the post.
    "page_files": """fetch_id NOT IN (
      SELECT id FROM main.fetches WHERE article_id IN (SELECT id FROM temp.veiled_articles))""",
    "page_places": """fetch_id NOT IN (
      SELECT id FROM main.fetches WHERE article_id IN (SELECT id FROM temp.veiled_articles))""",
    "embeds": f"{_OF_ARTICLE} AND (post_key IS NULL OR {_OF_POST}) AND id NOT IN (SELECT id FROM temp.hidden_embeds)",
    "blobs": "sha256 NOT IN (SELECT id FROM temp.hidden_files)",
    "collections": """NOT (kind = 'post' AND subject IN (SELECT id FROM temp.hidden_posts))
      AND NOT (kind = 'article' AND subject IN (
        SELECT url FROM main.article_urls WHERE article_id IN (SELECT id FROM temp.hidden_articles)))""",
    "notes": """NOT (subject_kind = 'posts' AND subject IN (SELECT id FROM temp.hidden_posts))
      AND NOT (subject_kind = 'articles' AND subject IN (
        SELECT url FROM main.article_urls WHERE article_id IN (SELECT id FROM temp.hidden_articles)))""",
}
"""Table -> which of its rows are left. Every table that holds what a post or a publisher said has its line here."""

_LEFT_IN_ARTICLES = """a.id IN (SELECT id FROM temp.veiled_articles)
  AND a.id NOT IN (SELECT id FROM temp.hidden_articles) AND e.id NOT IN (SELECT id FROM temp.hidden_embeds)
  AND (e.post_key IS NULL OR e.post_key NOT IN (SELECT id FROM temp.hidden_posts))"""

_HIDDEN_ROWS = """FROM (
    SELECT b.* FROM temp.hidden_posts h CROSS JOIN main.browsing b ON b.post_key = h.id
    UNION SELECT b.* FROM temp.hidden_outlets h CROSS JOIN main.browsing b ON b.outlet = h.id
    UNION SELECT b.* FROM temp.hidden_listings h CROSS JOIN main.browsing b
      ON b.post_key = substr(h.id, instr(h.id, ' ') + 1) AND b.outlet = substr(h.id, 1, instr(h.id, ' ') - 1))"""

_NOT_LOOKED = "work IN ('replay', 'replay later')"

COUNTED = {
    # The counts that are kept with the conclusions.
    "post_counts": """SELECT platform, status, kept, sum(posts) AS posts FROM (
      SELECT platform, status, kept, posts FROM main.post_counts
      UNION ALL SELECT p.platform, n.status, n.kept, -1 FROM temp.hidden_posts h
        CROSS JOIN main.conclusions n ON n.post_key = h.id CROSS JOIN main.posts p ON p.key = h.id)
      GROUP BY platform, status, kept HAVING sum(posts) > 0""",
    "browsing_counts": f"""SELECT * FROM main.browsing_counts
      UNION ALL SELECT outlet, platform, status, kept, kind, lang, substr(posted_at, 1, 7), lost_in, -1 {_HIDDEN_ROWS}""",
    "browsing_totals": f"""SELECT * FROM main.browsing_totals
      UNION ALL SELECT iif(outlet = '', 'author', 'outlet'), iif(outlet = '', author, outlet), -1 {_HIDDEN_ROWS}""",
    "totals": f"""SELECT * FROM main.totals
      UNION ALL SELECT what, value, -1 FROM ({select_facets("post_key IN (SELECT id FROM temp.hidden_posts)", "main.")})
      UNION ALL SELECT 'articles', coalesce(a.outlet, ''), -1 FROM temp.hidden_articles h
        CROSS JOIN main.articles a ON a.id = h.id
      UNION ALL SELECT 'captures', '', -count(*) FROM temp.hidden_captures h CROSS JOIN main.captures c ON c.id = h.id
        WHERE c.purpose <> 'control'
      UNION ALL SELECT 'blobs', '', -count(*) FROM temp.hidden_files h CROSS JOIN main.blobs b ON b.sha256 = h.id
      UNION ALL SELECT 'replayed', '', -count(DISTINCT r.capture_id) FROM temp.hidden_captures h
        CROSS JOIN main.replays r ON r.capture_id = h.id
      UNION ALL SELECT 'to replay', '', -count(*) FROM main.pending
        WHERE {_NOT_LOOKED} AND capture_id IN (SELECT id FROM temp.hidden_captures)""",
    "outlet_figures": "SELECT * FROM main.outlet_figures UNION ALL SELECT * FROM temp.hidden_figures",
}
"""Table of counts -> the same less what is withheld, as rows that take it away: who reads them adds them up."""

HIDDEN_POSTS = f"""
SELECT outlet, 0, 0, 0, -posts, -gone, -gone_but_kept, -preserved, -partly_preserved FROM (SELECT outlet, {FIGURES} FROM (
    SELECT b.* FROM temp.hidden_posts h CROSS JOIN main.browsing b ON b.post_key = h.id WHERE b.embeds > 0
    UNION SELECT b.* FROM (
      SELECT DISTINCT coalesce(a.outlet, '') AS outlet, e.post_key FROM temp.hidden_articles h
        CROSS JOIN main.articles a ON a.id = h.id CROSS JOIN main.embeds e ON e.article_id = h.id
      WHERE e.post_key IS NOT NULL AND e.kind = 'embed') x
    CROSS JOIN main.browsing b ON b.post_key = x.post_key AND b.outlet = x.outlet
    WHERE b.embeds > 0 AND NOT EXISTS (
      SELECT 1 FROM main.embeds s CROSS JOIN main.articles o ON o.id = s.article_id
      WHERE s.post_key = x.post_key AND s.kind = 'embed' AND coalesce(o.outlet, '') = x.outlet
        AND s.article_id NOT IN (SELECT id FROM temp.hidden_articles) AND s.fetch_id = (
          SELECT n.id FROM main.fetches n WHERE n.article_id = s.article_id AND n.searched_rules IS NOT NULL
          ORDER BY n.fetched_at DESC, n.id DESC LIMIT 1)))
  GROUP BY outlet)"""
"""What the figures of outlets are less, for posts that are withheld or shown in none but withheld articles of the outlet."""

HIDDEN_EMBEDS = f"""
SELECT outlet, -1, -embeds, -unresolved, 0, 0, 0, 0, 0 FROM main.article_figures
  WHERE article_id IN (SELECT id FROM temp.veiled_articles)
UNION ALL SELECT outlet, 1, embeds, unresolved, 0, 0, 0, 0, 0 FROM ({ARTICLE.format(_LEFT_IN_ARTICLES)})"""
"""The same for articles that are withheld, or that embed what is."""

REPLACED = {"fetches": ("html_sha256", "dom_sha256", "screenshot_sha256")}
"""Columns that are empty where the row is left and what they name is not."""


def open_shared(path: Path, eyes: Eyes, factory: type[sqlite3.Connection] = Connection) -> sqlite3.Connection:
    """Open an archive to be read by whoever has these eyes. Raises what `open_reader` raises."""
    conn = open_reader(path, factory)
    try:
        share(conn, eyes)
    except BaseException as error:
        conn.close()
        if isinstance(error, FAULTS):
            raise_ours(error, path)
        raise
    return conn


def is_restricted(conn: sqlite3.Connection) -> bool:
    """Whether anything in an archive ever was other than public."""
    return conn.execute("SELECT 1 FROM access UNION ALL SELECT 1 FROM optouts LIMIT 1").fetchone() is not None


def share(conn: sqlite3.Connection, eyes: Eyes) -> None:
    """Let a connection see what these eyes may see, as of now. It costs nothing where nothing is withheld."""
    if not is_restricted(conn):
        return
    with writable(conn):
        laid = conn.execute("SELECT 1 FROM temp.sqlite_schema WHERE name = 'hidden_posts'").fetchone()
        fill_hidden(conn, eyes)
        fill_figures(conn)
        if laid:  # the views read what was filled in now
            return
        held = {row[0] for row in conn.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")}
        for table in SEEN.keys() & held:  # what newer steps made is laid over an older archive, from what is seen here
            conn.execute(f"DROP VIEW IF EXISTS temp.{table}")
            conn.execute(
                f"CREATE TEMP VIEW {table} AS SELECT {list_columns(conn, table)} FROM main.{table} WHERE {SEEN[table]}"
            )
        for table in COUNTED.keys() & held:
            conn.execute(f"DROP VIEW IF EXISTS temp.{table}")
            conn.execute(f"CREATE TEMP VIEW {table} AS {COUNTED[table]}")
        for name, sql in read_views().items():
            conn.execute(f"DROP VIEW IF EXISTS temp.{name}")
            conn.execute(sql.replace("CREATE VIEW", "CREATE TEMP VIEW", 1))


def fill_hidden(conn: sqlite3.Connection, eyes: Eyes, archive: str = "main") -> None:
    """Note, in temporary tables, what is not to be seen in the `archive`, the name under which it is attached."""
    for name, query in HIDDEN.items():
        conn.execute(f"CREATE TEMP TABLE IF NOT EXISTS {name} (id PRIMARY KEY) WITHOUT ROWID")
        conn.execute(f"DELETE FROM temp.{name}")
        conn.execute(f"INSERT OR IGNORE INTO temp.{name} {query.format(archive)}", {"least": LEAST[eyes]})


def fill_figures(conn: sqlite3.Connection) -> None:
    """Count once what the figures of outlets are less than those that are kept, where they are kept."""
    columns = [row[0] for row in conn.execute("SELECT name FROM pragma_table_info('outlet_figures', 'main')")]
    if columns:
        conn.execute(f"CREATE TEMP TABLE IF NOT EXISTS hidden_figures ({', '.join(columns)})")
        conn.execute("DELETE FROM temp.hidden_figures")
        for query in (HIDDEN_POSTS, HIDDEN_EMBEDS):
            conn.execute(f"INSERT INTO temp.hidden_figures {query}")


def list_columns(conn: sqlite3.Connection, table: str) -> str:
    """What is read of a table in its view: its columns, some of them veiled, and the number of its row where it has one."""
    columns = [row[0] for row in conn.execute("SELECT name FROM pragma_table_info(?, 'main')", (table,))]
    veiled = {name: _UNVEILED.format(name) for name in REPLACED.get(table, ())}
    shown = [veiled.get(name, name) for name in columns]
    if table == "blobs":
        shown.insert(0, "rowid AS rowid")
    return ", ".join(shown)


@contextmanager
def writable(conn: sqlite3.Connection) -> Iterator[None]:
    """Let a reader write to its own temporary space for as long as this lasts."""
    closed = conn.execute("PRAGMA query_only").fetchone()[0]
    conn.execute("PRAGMA query_only = OFF")
    try:
        yield
        conn.commit()  # Python began a transaction before the first INSERT
    finally:
        conn.execute(f"PRAGMA query_only = {closed}")


def count_hidden(conn: sqlite3.Connection) -> int:
    """How many posts are left out of what a connection sees."""
    made = conn.execute("SELECT 1 FROM sqlite_temp_master WHERE name = 'hidden_posts'").fetchone()
    if made is None:
        return 0
    sql = "SELECT count(*) FROM temp.hidden_posts JOIN main.posts ON key = id WHERE same_as IS NULL AND is_control = 0"
    return int(conn.execute(sql).fetchone()[0])


def find_tombstone(conn: sqlite3.Connection, key: str, eyes: Eyes) -> Tombstone | None:
    """What is said in place of a post that these eyes may not see; None for one that they may see, or that is not there."""
    if not is_restricted(conn):
        return None
    row = conn.execute(
        "SELECT h.strictness, h.decided_at, w.reason, w.reference FROM main.withheld_posts h "
        "LEFT JOIN withdrawals w ON w.id = h.withdrawal_id WHERE h.key = ? AND h.strictness >= ?",
        (key, LEAST[eyes]),
    ).fetchone()
    if not row:
        return None
    return Tombstone(key, LEVELS[row[0]], row[1], row[2], row[3])


def read_level(conn: sqlite3.Connection, key: str) -> str:
    """The level of a post, one of LEVELS, whoever asks."""
    if not is_restricted(conn):
        return LEVELS[0]
    row = conn.execute("SELECT strictness FROM main.withheld_posts WHERE key = ?", (key,)).fetchone()
    if row is None:
        return LEVELS[0]
    return LEVELS[row[0]]
