"""Posts and articles that changed -> their rows in `browsing` and `article_figures`, with the counts of them.

Triggers note in `browsing_due` and `article_figures_due` what changed, whoever writes; here their rows are made anew, those of
posts from the view `browsable`, and the counts follow by the difference. What is counted equals a recount at any time: pages,
filters and totals read the counts, so that none of them costs more in a larger archive.
"""

from __future__ import annotations

import json
import sqlite3

MOST_AT_ONCE = 2_000
COLUMNS = "outlet, platform, status, kept, kind, lang, posted_at, post_key, author, lost_in"
CELL = "outlet, platform, status, kept, kind, lang, substr(posted_at, 1, 7), lost_in"

FACETS = {
    "platform": "platform",
    "state": "status || '/' || kept",
    "kind": "kind",
    "lang": "lang",
    "month": "substr(posted_at, 1, 7)",
    "lost_in": "lost_in",
}
"""What of `totals` is counted of the row that each post has -> of which value of it."""

FIGURES = """count(*) AS posts, total(status = 'gone') AS gone, total(status = 'gone' AND kept <> 'none') AS gone_but_kept,
  total(kept <> 'none') AS preserved, total(kept = 'partial') AS partly_preserved"""

ARTICLE = """
SELECT a.id AS article_id, coalesce(a.outlet, '') AS outlet, count(*) AS embeds, count(*) - count(e.post_key) AS unresolved
FROM main.articles a CROSS JOIN main.embeds e ON e.fetch_id = (
    SELECT n.id FROM main.fetches n WHERE n.article_id = a.id AND n.searched_rules IS NOT NULL
    ORDER BY n.fetched_at DESC, n.id DESC LIMIT 1)
WHERE e.kind = 'embed' AND {0} GROUP BY a.id"""
"""How much articles embed, those of which a condition is true."""


def select_facets(which: str, archive: str = "") -> str:
    """SQL: (what, value) of each post of which a condition is true, once for each of FACETS. Pure."""
    parts = (f"SELECT '{name}' AS what, {value} AS value FROM {archive}browsing WHERE outlet = '' AND {which}"
             for name, value in FACETS.items())  # fmt: skip
    return " UNION ALL ".join(parts)


COUNT = f"SELECT {CELL}, count(*) FROM browsing GROUP BY {CELL}"
TOTAL = """SELECT 'outlet', outlet, count(*) FROM browsing WHERE outlet <> '' GROUP BY outlet
           UNION ALL SELECT 'author', author, count(*) FROM browsing WHERE outlet = '' AND author <> '' GROUP BY author"""
ROWS = """SELECT 'articles', coalesce(outlet, ''), count(*) FROM articles GROUP BY 2
  UNION ALL SELECT 'captures', '', count(*) FROM captures WHERE purpose <> 'control'
  UNION ALL SELECT 'blobs', '', count(*) FROM blobs
  UNION ALL SELECT 'replayed', '', count(DISTINCT capture_id) FROM replays
  UNION ALL SELECT 'to replay', '', count(*) FROM pending WHERE work IN ('replay', 'replay later')"""
TOTALS = f"SELECT what, value, count(*) FROM ({select_facets('TRUE')}) GROUP BY what, value UNION ALL {ROWS}"
OUTLETS = """SELECT coalesce(outlet, '') AS outlet, articles, embeds, unresolved, posts, gone, gone_but_kept, preserved,
             partly_preserved FROM embeds_by_outlet"""
"""What the counts are, from nothing but the rows."""

_IN = "post_key IN (SELECT value FROM json_each(:keys))"
_MORE_POSTS = "ON CONFLICT DO UPDATE SET posts = posts + excluded.posts"
_ADD = f"""INSERT INTO browsing_counts SELECT {CELL}, :sign * count(*) FROM browsing
           WHERE {_IN} GROUP BY {CELL} {_MORE_POSTS}"""
_ADD_OUTLETS = f"""INSERT INTO browsing_totals SELECT 'outlet', outlet, :sign * count(*) FROM browsing
                   WHERE outlet <> '' AND {_IN} GROUP BY outlet {_MORE_POSTS}"""
_ADD_AUTHORS = f"""INSERT INTO browsing_totals SELECT 'author', author, :sign * count(*) FROM browsing
                   WHERE outlet = '' AND author <> '' AND {_IN} GROUP BY author {_MORE_POSTS}"""
_ADD_FACETS = f"""INSERT INTO totals SELECT what, value, :sign * count(*) FROM ({select_facets(_IN)}) GROUP BY what, value
                  ON CONFLICT DO UPDATE SET number = number + excluded.number"""
_ADD_FIGURES = f"""
INSERT INTO outlet_figures (outlet, posts, gone, gone_but_kept, preserved, partly_preserved)
SELECT outlet, :sign * posts, :sign * CAST(gone AS INTEGER), :sign * CAST(gone_but_kept AS INTEGER),
  :sign * CAST(preserved AS INTEGER), :sign * CAST(partly_preserved AS INTEGER)
FROM (SELECT outlet, {FIGURES} FROM browsing WHERE embeds > 0 AND {_IN} GROUP BY outlet) WHERE TRUE
ON CONFLICT DO UPDATE SET posts = posts + excluded.posts, gone = gone + excluded.gone,
  gone_but_kept = gone_but_kept + excluded.gone_but_kept, preserved = preserved + excluded.preserved,
  partly_preserved = partly_preserved + excluded.partly_preserved"""
_ADD_ARTICLES = """
INSERT INTO outlet_figures (outlet, articles, embeds, unresolved)
SELECT outlet, :sign * count(*), :sign * sum(embeds), :sign * sum(unresolved) FROM article_figures
WHERE article_id IN (SELECT value FROM json_each(:ids)) GROUP BY outlet
ON CONFLICT DO UPDATE SET articles = articles + excluded.articles, embeds = embeds + excluded.embeds,
  unresolved = unresolved + excluded.unresolved"""


def is_due(conn: sqlite3.Connection) -> bool:
    """Whether anything is to be made anew."""
    sql = "SELECT 1 FROM browsing_due UNION ALL SELECT 1 FROM article_figures_due LIMIT 1"
    return conn.execute(sql).fetchone() is not None


def refresh(conn: sqlite3.Connection, most: int = MOST_AT_ONCE) -> int:
    """Make the rows of what changed anew, inside the caller's transaction; give of how many, at most `most` of each kind."""
    done = refresh_posts(conn, most) + refresh_articles(conn, most)
    drop_empty(conn)
    return done


def refresh_posts(conn: sqlite3.Connection, most: int) -> int:
    found = conn.execute("SELECT post_key FROM browsing_due LIMIT ?", (most,)).fetchall()
    keys = json.dumps([row[0] for row in found])
    if found:
        count(conn, keys, -1)
        conn.execute(f"DELETE FROM browsing WHERE {_IN}", {"keys": keys})
        # Key by key: into a view that is two queries SQLite pushes one value down, and no list.
        conn.executemany(
            f"INSERT INTO browsing ({COLUMNS}, embeds) SELECT {COLUMNS}, embeds FROM browsable WHERE post_key = ?",
            map(tuple, found),
        )
        count(conn, keys, 1)
        conn.execute("DELETE FROM browsing_counts WHERE posts = 0")
        conn.execute("DELETE FROM browsing_totals WHERE posts = 0")
        conn.execute(f"DELETE FROM browsing_due WHERE {_IN}", {"keys": keys})
    return len(found)


def drop_empty(conn: sqlite3.Connection) -> None:
    """Let a value of which there is nothing any more be named no longer."""
    conn.execute("DELETE FROM outlet_figures WHERE embeds = 0 AND articles = 0 AND posts = 0")
    conn.execute(f"DELETE FROM totals WHERE number = 0 AND what IN ('articles', {', '.join(map(repr, FACETS))})")


def count(conn: sqlite3.Connection, keys: str, sign: int) -> None:
    """Add the rows of some posts to the counts, or with -1 take them away."""
    for statement in (_ADD, _ADD_OUTLETS, _ADD_AUTHORS, _ADD_FACETS, _ADD_FIGURES):
        conn.execute(statement, {"keys": keys, "sign": sign})


def refresh_articles(conn: sqlite3.Connection, most: int) -> int:
    found = conn.execute("SELECT article_id FROM article_figures_due LIMIT ?", (most,)).fetchall()
    ids = {"ids": json.dumps([row[0] for row in found])}
    if found:
        conn.execute(_ADD_ARTICLES, {**ids, "sign": -1})
        for table in ("article_figures", "article_figures_due"):
            conn.execute(f"DELETE FROM {table} WHERE article_id IN (SELECT value FROM json_each(:ids))", ids)
        conn.executemany(f"INSERT INTO article_figures {ARTICLE.format('a.id = ?')}", map(tuple, found))
        conn.execute(_ADD_ARTICLES, {**ids, "sign": 1})
    return len(found)
