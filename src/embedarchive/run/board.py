"""The articles of a run -> how the posts of each stand, told once, when the run has nothing left to do for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from embedarchive.core.model import PostStanding
from embedarchive.store import Archive

MOST_UNFINISHED = 50
"""Articles that are told at a run's end although posts of theirs are still due."""

MOST_OF_A_POST = 500
"""Articles of a run that are looked at when one post that they embed is concluded; more are not told one by one."""

POSTS = """
SELECT e.post_key, coalesce(p.platform, e.platform, '') AS platform, p.resolved, f.visitable, n.status, n.kept, n.doubt,
  EXISTS (SELECT 1 FROM targets_to_visit t WHERE t.crawl_id = :crawl AND t.key = e.post_key) AS waits
FROM current_embeds e LEFT JOIN posts p ON p.key = e.post_key LEFT JOIN platforms f ON f.name = p.platform
LEFT JOIN conclusions n ON n.post_key = e.post_key
WHERE e.article_id = :article AND e.kind = 'embed' ORDER BY e.position"""

ARTICLES = """
SELECT DISTINCT a.id, a.url FROM embeds e JOIN seeds s ON s.crawl_id = :crawl AND s.article_id = e.article_id
JOIN articles a ON a.id = e.article_id WHERE e.post_key = :key LIMIT :most"""


class Keep(Protocol):
    """Calls a function in the archive's own thread."""

    def __call__(self, call: Callable[..., Any], *args: Any) -> Awaitable[Any]: ...


@dataclass
class Board:
    """Which articles of a run were told. `tell` is called with an article's address and its posts, in reading order."""

    archive: Archive
    crawl_id: int
    keep: Keep
    tell: Callable[[str, tuple[PostStanding, ...]], None]
    _told: set[int] = field(default_factory=set)
    _unfinished: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Articles that wait, each with its address and one post that it waits for: it is looked at again when that is settled."""
    _visited: set[str] = field(default_factory=set)
    """The posts that were visited, and of which nothing is concluded yet."""

    def note_visit(self, key: str) -> None:
        """A post was visited; where it stands is told when it is concluded."""
        self._visited.add(key)

    async def settle(self, *keys: str) -> None:
        """Something was concluded of a post, or of a short link to it: tell the articles that waited for nothing else."""
        self._visited.difference_update(keys)
        for row in await self.keep(find_articles, self.archive.conn, self.crawl_id, keys[-1]):
            _, awaited = self._unfinished.get(row["id"], ("", keys[-1]))
            if awaited in keys:
                await self.look(row["id"], row["url"])

    async def look(self, article_id: int, url: str) -> None:
        """Tell an article if none of its posts has anything before it in this run."""
        if article_id in self._told:
            return
        rows = await self.keep(find_posts, self.archive.conn, self.crawl_id, article_id)
        awaited = next((row["post_key"] for row in rows if self.judge(row) == "due"), None)
        if awaited is not None:
            self._unfinished[article_id] = (url, awaited)
            return
        self._unfinished.pop(article_id, None)
        self._told.add(article_id)
        self.tell(url, self.read(rows))

    async def close(self) -> None:
        """Tell the articles that the run leaves unfinished, as far as they are few."""
        self._visited.clear()
        for article_id, (url, _) in list(self._unfinished.items())[:MOST_UNFINISHED]:
            self.tell(url, self.read(await self.keep(find_posts, self.archive.conn, self.crawl_id, article_id)))

    def read(self, rows: Sequence[sqlite3.Row]) -> tuple[PostStanding, ...]:
        return tuple(PostStanding(row["platform"], self.judge(row), row["kept"] or "none") for row in rows)

    def judge(self, row: sqlite3.Row) -> str:
        """Where one embedded post stands, in a word of `PostStanding`."""
        if row["post_key"] is None:
            return "unresolved"
        if row["waits"] or row["post_key"] in self._visited:
            return "due"
        if row["status"] == "unavailable" and row["doubt"]:
            return "perhaps gone"
        if row["status"]:
            return str(row["status"])
        if not row["resolved"]:
            return "unresolved"
        return "not captured"


def find_posts(conn: sqlite3.Connection, crawl_id: int, article_id: int) -> list[sqlite3.Row]:
    return conn.execute(POSTS, {"crawl": crawl_id, "article": article_id}).fetchall()


def find_articles(conn: sqlite3.Connection, crawl_id: int, key: str) -> list[sqlite3.Row]:
    return conn.execute(ARTICLES, {"crawl": crawl_id, "key": key, "most": MOST_OF_A_POST}).fetchall()
