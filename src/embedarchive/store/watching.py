"""Conclusions -> when each post is observed next, what changed of it, who is told; and what a day's observations may cost.

The schedule and the changes are derived with each conclusion (`keep_watched`) and can be made anew; what a day cost and what
was told to whom (`budgets`, `deliveries`) are records.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from embedarchive.core.changes import PostChange
from embedarchive.core.model import Fetch
from embedarchive.core.schedule import (
    ENOUGH_LOSSES,
    FEED_S,
    LONGEST_D,
    PACE,
    SITEMAP_S,
    Watched,
    age_in_days,
    chance_of_loss,
    expected_losses,
    next_reading,
    plan_observation,
    solve_pace,
)
from embedarchive.core.standing import LivenessCheck, Standing, later
from embedarchive.store.articles import keep_seed
from embedarchive.store.posts import CONCLUSIVE
from embedarchive.store.rows import insert

FEED = "feed"
"""The channel that is always there: the reading room's page and feeds, and `watch alerts`."""

FLOCK_A_DAY = 50
"""Observations of one account's other posts a day, after its first loss."""

RESERVE = 0.1
"""Share of a budget that is not planned for: confirmations, controls, an account's other posts."""

OF_POSTS = """(:collection IS NULL
  OR {0} IN (SELECT post_key FROM collection_posts WHERE name = :collection))"""
OF_ARTICLES = """(:collection IS NULL
  OR {0} IN (SELECT article_id FROM collection_articles WHERE name = :collection))"""
OF_SEEDS = """(:collection IS NULL
  OR {0} IN (SELECT subject FROM collections WHERE name = :collection AND kind = 'seed'))"""
"""Whether it is of the collection that is watched; everything is, where none is named."""


# ------------------------------------------------------------------------------------------------------------- derived


def keep_watched(
    conn: sqlite3.Connection,
    post_key: str,
    platform: str,
    seen: Sequence[LivenessCheck],
    standing: Standing,
    changes: Iterable[PostChange],
    best_capture_id: int | None,
) -> None:
    """Make a post's changes and its place in the schedule anew, and its account's where that has lost its first."""
    account = read_account(conn, platform, best_capture_id)
    lost_before = read_account_loss(conn, account)
    conn.execute("DELETE FROM changes WHERE post_key = ?", (post_key,))
    for change in changes:
        insert(conn, "changes", asdict(change) | {"articles": count_articles(conn, post_key, change.by)})
    conn.execute("DELETE FROM schedule WHERE post_key = ?", (post_key,))
    if standing.last_available_at is None:
        return
    row = _make_row(conn, post_key, platform, account, seen, standing)
    insert(conn, "schedule", row)
    if account and read_account_loss(conn, account) != lost_before:
        _ask_for_account(conn, account, post_key)
    _place(conn, post_key, seen, standing)


def _make_row(
    conn: sqlite3.Connection,
    post_key: str,
    platform: str,
    account: str | None,
    seen: Sequence[LivenessCheck],
    standing: Standing,
) -> dict[str, object]:
    """The row of a post before it is known when it is observed: `_place` needs its account's other posts."""
    posted_at, first_seen_at = conn.execute(
        "SELECT posted_at, first_seen_at FROM posts WHERE key = ?", (post_key,)
    ).fetchone()
    answered_at = max(each.at for each in seen if each.outcome in CONCLUSIVE)
    factor = read_pacing(conn, platform)[2]
    age = age_in_days(posted_at, min(first_seen_at, seen[0].at), answered_at)
    return {
        "post_key": post_key, "platform": platform, "account": account, "observe_after": answered_at,
        "observe_why": "age", "articles": count_articles(conn, post_key), "chance": chance_of_loss(platform, age, factor),
        "last_seen_at": standing.last_available_at if standing.status == "available" else None,
    }  # fmt: skip


def _place(conn: sqlite3.Connection, post_key: str, seen: Sequence[LivenessCheck], standing: Standing) -> None:
    """Say when a post is observed next."""
    row = conn.execute("SELECT * FROM schedule WHERE post_key = ?", (post_key,)).fetchone()
    answered_at = row["observe_after"]
    walls = [each.at for each in seen if each.outcome not in CONCLUSIVE and each.at > answered_at]
    lost_at = conn.execute(
        f"{_ACCOUNT_LOSS} AND c.post_key <> ?", (row["account"], post_key)
    ).fetchone()[0]  # fmt: skip
    confirmed = conn.execute(
        "SELECT 1 FROM changes WHERE post_key = ? AND change = 'gone' AND by >= ?",
        (post_key, standing.first_gone_at or ""),
    ).fetchone()
    watched = Watched(
        post_key, standing, answered_at, row["chance"], row["articles"], len(walls), walls[-1] if walls else None,
        lost_at, confirmed is not None,
    )  # fmt: skip
    pace, longest_d, _ = read_pacing(conn, row["platform"])
    at, why = plan_observation(watched, pace, longest_d)
    conn.execute("UPDATE schedule SET observe_after = ?, observe_why = ? WHERE post_key = ?", (at, why, post_key))


_ACCOUNT_LOSS = """SELECT min(c.by) FROM schedule s CROSS JOIN changes c ON c.post_key = s.post_key
                   WHERE s.account = ? AND c.change = 'missing'"""


def read_account_loss(conn: sqlite3.Connection, account: str | None) -> str | None:
    """When the first post of an account was found gone that had been seen alive, or None."""
    if account is None:
        return None
    lost_at: str | None = conn.execute(_ACCOUNT_LOSS, (account,)).fetchone()[0]
    return lost_at


def _ask_for_account(conn: sqlite3.Connection, account: str, but: str) -> None:
    """Let an account's other posts be concluded anew: their next observations hang on its first loss."""
    conn.execute(
        "INSERT OR IGNORE INTO pending SELECT 'conclude', max(c.id) FROM schedule s JOIN captures c ON c.post_key = s.post_key "
        "WHERE s.account = ? AND s.post_key <> ? AND c.purpose <> 'control' GROUP BY s.post_key",
        (account, but),
    )


def read_account(conn: sqlite3.Connection, platform: str, capture_id: int | None) -> str | None:
    """Who posted what a capture shows, with the platform; None where that is not known."""
    row = conn.execute(
        "SELECT coalesce(author_handle, author_url, author_name) FROM descriptions WHERE capture_id = ? "
        "ORDER BY rules DESC LIMIT 1",
        (capture_id,),
    ).fetchone()
    if row and row[0]:
        return f"{platform}:{row[0].casefold()}"
    return None


def count_articles(conn: sqlite3.Connection, post_key: str, by: str = "9999") -> int:
    """How many articles embed a post, as they were read until then."""
    query = """SELECT count(DISTINCT e.article_id) FROM embeds e JOIN fetches f ON f.id = e.fetch_id
               WHERE e.post_key = ? AND e.kind = 'embed' AND f.fetched_at <= ?"""
    return int(conn.execute(query, (post_key, by)).fetchone()[0])


def ask_where_articles_differ(conn: sqlite3.Connection, fetch_id: int) -> None:
    """Let the posts of an article be concluded anew that are embedded more often than they were."""
    rows = conn.execute(
        "SELECT DISTINCT s.post_key, s.articles FROM embeds e JOIN schedule s ON s.post_key = e.post_key WHERE e.fetch_id = ?",
        (fetch_id,),
    ).fetchall()
    for post_key, articles in rows:
        if count_articles(conn, post_key) != articles:
            conn.execute(
                "INSERT OR IGNORE INTO pending SELECT 'conclude', max(id) FROM captures "
                "WHERE post_key = ? AND purpose <> 'control'",
                (post_key,),
            )


# ------------------------------------------------------------------------------------------------------ pace and budget


def read_pacing(conn: sqlite3.Connection, platform: str) -> tuple[float, float, float]:
    """Pace, longest interval in days and factor of a platform."""
    row = conn.execute("SELECT pace, longest_d, factor FROM pacing WHERE platform = ?", (platform,)).fetchone()
    if row:
        return (row[0], row[1], row[2])
    return (PACE, LONGEST_D, 1.0)


def settle_pacing(conn: sqlite3.Connection, platform: str, per_day: int, longest_d: float, today: str) -> None:
    """Solve a platform's pace from its budget, once a day or when the budget changed; if it moves, conclude anew."""
    before = conn.execute("SELECT * FROM pacing WHERE platform = ?", (platform,)).fetchone()
    if before and (before["per_day"], before["longest_d"], before["solved_on"]) == (per_day, longest_d, today):
        return
    factor = estimate_factor(conn, platform)
    pace = find_pace(conn, platform, per_day, longest_d, factor)
    conn.execute(
        "INSERT OR REPLACE INTO pacing (platform, per_day, pace, longest_d, factor, solved_on) VALUES (?, ?, ?, ?, ?, ?)",
        (platform, per_day, pace, longest_d, factor, today),
    )
    if before:
        was = (before["pace"], before["longest_d"], before["factor"])
    else:
        was = (PACE, LONGEST_D, 1.0)
    if (pace, longest_d, factor) != was:
        conn.execute(
            "INSERT OR IGNORE INTO pending SELECT 'conclude', max(c.id) FROM schedule s JOIN captures c "
            "ON c.post_key = s.post_key WHERE s.platform = ? AND c.purpose <> 'control' GROUP BY s.post_key",
            (platform,),
        )


def find_pace(
    conn: sqlite3.Connection, platform: str, per_day: int, longest_d: float, factor: float | None = None
) -> float:
    """The pace at which a platform's living posts cost no more than a budget."""
    old = read_pacing(conn, platform)[2]
    scale = 1.0
    if factor is not None:
        scale = factor / old
    groups = [(chance * scale, articles, n) for chance, articles, n in read_groups(conn, platform)]
    return solve_pace(groups, per_day * (1 - RESERVE), longest_d)


def read_groups(conn: sqlite3.Connection, platform: str, collection: str | None = None) -> list[tuple[float, int, int]]:
    """(Chance of a loss a day, articles, number) of a platform's living posts."""
    query = f"""SELECT chance, articles, count(*) FROM schedule WHERE platform = :platform AND last_seen_at IS NOT NULL
               AND {OF_POSTS.format("post_key")} GROUP BY chance, articles"""
    asked = {"platform": platform, "collection": collection}
    return [tuple(row) for row in conn.execute(query, asked).fetchall()]


_LIVES = """
SELECT p.posted_at, p.first_seen_at, n.last_available_at, min(iif(c.change = 'missing', c.by, NULL)) AS lost_by
FROM schedule s JOIN posts p ON p.key = s.post_key JOIN conclusions n ON n.post_key = s.post_key
LEFT JOIN changes c ON c.post_key = s.post_key WHERE s.platform = ? GROUP BY s.post_key"""


def estimate_factor(conn: sqlite3.Connection, platform: str) -> float:
    """How many more losses an archive saw of a platform than the table expects of its posts; 1 while they are few.

    To a tenth, so that it does not move every day.
    """
    lost = "SELECT count(DISTINCT post_key) FROM changes WHERE change = 'missing' AND post_key GLOB ? || ':*'"
    losses = conn.execute(lost, (platform,)).fetchone()[0]
    if losses < ENOUGH_LOSSES:
        return 1.0
    expected = 0.0
    for posted_at, first_seen_at, seen_at, lost_by in conn.execute(_LIVES, (platform,)):
        until = lost_by or seen_at or first_seen_at
        begin, end = (age_in_days(posted_at, first_seen_at, at) for at in (first_seen_at, until))
        expected += expected_losses(platform, begin, end)
    return round(float(min(max(losses / max(expected, 1e-9), 0.1), 10.0)), 1)


def spend(conn: sqlite3.Connection, scope: str, day: str, allowed: int) -> bool:
    """Count one observation of a day before it is made; False where the day's budget allows no more."""
    conn.execute(
        "INSERT INTO budgets (scope, day, allowed) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET allowed = excluded.allowed",
        (scope, day, allowed),
    )
    done = conn.execute(
        "UPDATE budgets SET used = used + 1 WHERE scope = ? AND day = ? AND used < allowed", (scope, day)
    )
    return done.rowcount == 1


def read_used(conn: sqlite3.Connection, day: str) -> Mapping[str, int]:
    """What of each budget was used on a day."""
    return dict(conn.execute("SELECT scope, used FROM budgets WHERE day = ?", (day,)).fetchall())


def spend_on(conn: sqlite3.Connection, post_key: str, now: str, per_day: int) -> bool:
    """The same for a post, whose account has a budget of its own where its first loss brought the post forward."""
    platform = conn.execute("SELECT platform FROM posts WHERE key = ?", (post_key,)).fetchone()
    row = conn.execute("SELECT account, observe_why FROM schedule WHERE post_key = ?", (post_key,)).fetchone()
    day = now[:10]
    if row and row["observe_why"] == "account" and not spend(conn, row["account"], day, FLOCK_A_DAY):
        return False
    return spend(conn, platform[0] if platform else post_key.partition(":")[0], day, per_day)


# ------------------------------------------------------------------------------------------------------- what is due

_DUE = f"""
INSERT OR IGNORE INTO targets (crawl_id, post_key, turn, forced)
SELECT :crawl, key, platform, 1 FROM
  (SELECT * FROM posts_to_observe WHERE platform = :platform AND observe_after <= :now AND {OF_POSTS.format("key")}
   ORDER BY observe_after LIMIT :some)
ORDER BY observe_why <> 'confirm', worth * max(julianday(:now) - coalesce(julianday(last_seen_at), 0), 0) DESC LIMIT :most"""
SOME = 10
"""Of so many times more that have waited longest those are observed that most is lost by: all that is due may be a million."""


def target_due(
    conn: sqlite3.Connection, crawl_id: int, platform: str, now: str, most: int, collection: str | None = None
) -> None:
    """Make a run about a platform's posts that are due, at most so many."""
    conn.execute(
        _DUE,
        {
            "crawl": crawl_id,
            "platform": platform,
            "now": now,
            "most": most,
            "some": SOME * most,
            "collection": collection,
        },
    )


def target_new(conn: sqlite3.Connection, crawl_id: int, collection: str | None = None) -> None:
    """Make a run about the posts that no visit has answered for yet: they cost no budget of what is watched."""
    conn.execute(
        "INSERT OR IGNORE INTO targets (crawl_id, post_key, turn) SELECT :crawl, key, iif(resolved, platform, 'link') "
        f"FROM posts_to_capture WHERE key NOT IN (SELECT post_key FROM schedule) AND {OF_POSTS.format('key')}",
        {"crawl": crawl_id, "collection": collection},
    )


def find_platforms(conn: sqlite3.Connection) -> list[str]:
    """The platforms that have posts to observe."""
    query = """SELECT name FROM platforms f WHERE visitable AND EXISTS (SELECT 1 FROM schedule WHERE platform = f.name)
               ORDER BY name"""
    return [row[0] for row in conn.execute(query).fetchall()]


_PLATFORM_DUE = (
    f"FROM posts_to_observe WHERE platform = :platform AND observe_after <= :now AND {OF_POSTS.format('key')}"
)


def count_due(conn: sqlite3.Connection, platform: str, now: str, collection: str | None = None) -> int:
    """How many of a platform's posts are due."""
    asked = {"platform": platform, "now": now, "collection": collection}
    return int(conn.execute(f"SELECT count(*) {_PLATFORM_DUE}", asked).fetchone()[0])


def has_due(conn: sqlite3.Connection, platform: str, now: str, collection: str | None = None) -> bool:
    """Whether a post of a platform is due."""
    asked = {"platform": platform, "now": now, "collection": collection}
    return conn.execute(f"SELECT 1 {_PLATFORM_DUE} LIMIT 1", asked).fetchone() is not None


_LISTING_DUE = f"""(kind = 'feed' AND read_at <= :feeds
  OR kind IN ('sitemap', 'sitemap_index') AND named_by IS NULL AND read_at <= :sitemaps) AND {OF_SEEDS.format("url")}"""
"""Feeds, and the sitemaps that no other names: those are read with it."""


def has_other_work(conn: sqlite3.Connection, now: str, collection: str | None = None) -> bool:
    """Whether something else is due: an article, a feed, a first visit, something to tell."""
    asked = {"now": now, "feeds": later(now, -FEED_S), "sitemaps": later(now, -SITEMAP_S), "collection": collection}
    queries = (
        f"SELECT 1 FROM articles WHERE reread_after <= :now AND {OF_ARTICLES.format('id')}",
        f"SELECT 1 FROM articles_to_fetch WHERE fetch_after <= :now AND {OF_ARTICLES.format('id')}",
        f"SELECT 1 FROM listings WHERE {_LISTING_DUE}",
        "SELECT 1 FROM changes_to_tell WHERE due_at <= :now",
        "SELECT 1 FROM posts_to_capture WHERE capture_after <= :now AND key NOT IN (SELECT post_key FROM schedule) "
        f"AND {OF_POSTS.format('key')}",
    )
    return any(conn.execute(f"{query} LIMIT 1", asked).fetchone() is not None for query in queries)


def has_watched(conn: sqlite3.Connection, crawl_id: int) -> bool:
    """Whether an earlier run watched this archive to its end, so that what it had to tell was told."""
    query = "SELECT 1 FROM crawls WHERE command = 'watch' AND id < ? AND finished_at IS NOT NULL LIMIT 1"
    return conn.execute(query, (crawl_id,)).fetchone() is not None


def plan_reading(conn: sqlite3.Connection, article_id: int, fetch: Fetch) -> None:
    """Say when an article is read again that was fetched from its own address."""
    if fetch.source != "network":
        return
    first = conn.execute("SELECT first_seen_at FROM articles WHERE id = ?", (article_id,)).fetchone()
    at = next_reading(fetch.url, first[0], fetch.fetched_at)
    conn.execute("UPDATE articles SET reread_after = ? WHERE id = ?", (at, article_id))


def seed_due(conn: sqlite3.Connection, crawl_id: int, now: str, most: int, collection: str | None = None) -> int:
    """Make a run about at most so many articles that are to be read again, and about feeds and sitemaps; give how many."""
    asked = {
        "crawl": crawl_id, "now": now, "most": most, "collection": collection,
        "feeds": later(now, -FEED_S), "sitemaps": later(now, -SITEMAP_S),
    }  # fmt: skip
    due = conn.execute(
        f"SELECT id, url FROM articles WHERE reread_after <= :now AND {OF_ARTICLES.format('id')} "
        "ORDER BY reread_after LIMIT :most",
        asked,
    ).fetchall()
    for article_id, url in due:
        conn.execute("UPDATE articles SET fetch_after = ? WHERE id = ?", (now, article_id))
        keep_seed(conn, crawl_id, url, "watch", now, "", 0)
    listings = conn.execute(f"SELECT url FROM listings WHERE {_LISTING_DUE}", asked).fetchall()
    for (url,) in listings:
        keep_seed(conn, crawl_id, url, "watch", now, now, 0)
        # Also where it cannot be had: that is no reason to ask for it again before its time.
        conn.execute("UPDATE listings SET read_at = ? WHERE url = ?", (now, url))
    left_over = conn.execute(
        "INSERT OR IGNORE INTO seeds (crawl_id, article_id, origin, outlet, fetch_after) "
        f"SELECT :crawl, id, 'due', coalesce(outlet, ''), fetch_after FROM articles_to_fetch WHERE {OF_ARTICLES.format('id')}",
        asked,
    )
    return len(due) + len(listings) + left_over.rowcount


# ------------------------------------------------------------------------------------------------------------- telling

NOT_TOLD = "no article shows it"

_NEW = f"""SELECT id, post_key, by FROM changes c
  WHERE NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.channel = 'feed' AND d.change_id = c.id)
    AND {OF_POSTS.format("post_key")} ORDER BY by, id"""

GONE_ARTICLE = """coalesce((SELECT f.reason FROM fetches f WHERE f.article_id = e.article_id
  ORDER BY f.fetched_at DESC, f.id DESC LIMIT 1) IN ('http_404', 'http_410'), 0)"""
"""Whether the article of an embed `e` was itself gone when it was last read."""

_SHOWN = f"""
SELECT NOT EXISTS (SELECT 1 FROM embeds WHERE post_key = :key AND kind = 'embed') OR EXISTS (
  SELECT 1 FROM current_embeds e WHERE e.post_key = :key AND e.kind = 'embed' AND NOT {GONE_ARTICLE})"""


def announce(
    conn: sqlite3.Connection,
    now: str,
    channels: Sequence[str],
    collection: str | None = None,
    *,
    since_ever: bool = False,
) -> list[str]:
    """Note what nobody was told of; give the ids of what is told. What no article shows any more is told to nobody."""
    told = []
    for row in conn.execute(_NEW, {"collection": collection}).fetchall():
        is_shown = conn.execute(_SHOWN, {"key": row["post_key"]}).fetchone()[0]
        noted_at = now
        if since_ever:
            noted_at = row["by"]
        note = {"change_id": row["id"], "noted_at": noted_at}
        answer: str | None = NOT_TOLD
        if is_shown:
            answer = None
        insert(conn, "deliveries", note | {"channel": FEED, "delivered_at": noted_at, "answer": answer})
        if not is_shown or since_ever:
            continue
        told.append(row["id"])
        for channel in channels:
            insert(conn, "deliveries", note | {"channel": channel, "due_at": now}, or_ignore=True)
    return told


def keep_delivery(
    conn: sqlite3.Connection, channel: str, change_id: str, now: str, answer: str, retry_at: str | None
) -> None:
    """Keep how a channel answered; with neither a time to retry nor a good answer it is given up."""
    conn.execute(
        "UPDATE deliveries SET tried = tried + 1, answer = ?, due_at = ?, delivered_at = iif(? = 'ok', ?, NULL) "
        "WHERE channel = ? AND change_id = ?",
        (answer, retry_at, answer, now, channel, change_id),
    )
