"""What a run asked others about lost posts, and what came of it: counted from the archive's rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from embedarchive.run.engine import Row

ASKED = """
SELECT source, coalesce(answer, 'not asked') AS answer, count(*) AS posts, sum(mementos) AS mementos, sum(requests) AS requests
FROM searches WHERE crawl_id = ? GROUP BY 1, 2"""
TRIED = """
SELECT source, verdict, count(*) AS mementos, count(DISTINCT post_key) AS posts FROM mementos
WHERE crawl_id = ? AND verdict IS NOT NULL GROUP BY 1, 2"""
RECOVERED = """
SELECT DISTINCT c.post_key, n.kept, d.text IS NOT NULL AS has_text, EXISTS (SELECT 1 FROM artifacts a
  WHERE a.capture_id = c.id AND a.role IN ('media', 'poster')) AS has_picture
FROM captures c LEFT JOIN conclusions n ON n.post_key = c.post_key LEFT JOIN current_descriptions d ON d.capture_id = c.id
WHERE c.crawl_id = ? AND c.outcome = 'available' AND c.origin <> 'visit' ORDER BY 1"""
UNTRIED = """
SELECT count(*) FROM mementos WHERE tried_at IS NULL AND post_key IN (SELECT post_key FROM searches WHERE crawl_id = ?)"""
POSTS = "SELECT count(DISTINCT post_key) FROM searches WHERE crawl_id = ?"


def read_recovery(conn: sqlite3.Connection, crawl_id: int) -> dict[str, Any]:
    """What a run asked and what came of it, as `--json` prints it.

    `posts` were asked about. By source: `answers`, the posts by what it answered; `held`, the mementos that it lists;
    `requests`; `tried`, the mementos by what they turned out to be. `recovered` has the keys of posts by how much of them:
    `whole`, `partial`, `text only`, `picture only`. `claims` counts posts of which an older article says more, `untried` the
    mementos that are left.
    """
    counted: dict[str, Any] = {"answers": {}, "held": {}, "requests": {}, "tried": {}, "recovered": {}, "claims": 0}
    for row in conn.execute(ASKED, (crawl_id,)):
        counted["answers"].setdefault(row["source"], {})[row["answer"]] = row["posts"]
        for name, value in (("held", row["mementos"]), ("requests", row["requests"])):
            counted[name][row["source"]] = counted[name].get(row["source"], 0) + value
    for row in conn.execute(TRIED, (crawl_id,)):
        counted["tried"].setdefault(row["source"], {})[row["verdict"]] = row["mementos"]
        if row["verdict"] == "claim":
            counted["claims"] += row["posts"]
    for row in conn.execute(RECOVERED, (crawl_id,)):
        keys = counted["recovered"].setdefault(say_extent(row), [])
        if row["post_key"] not in keys:
            keys.append(row["post_key"])
    posts, untried = (conn.execute(query, (crawl_id,)).fetchone()[0] for query in (POSTS, UNTRIED))
    return {"posts": posts} | counted | {"untried": untried}


def say_extent(row: Row) -> str:
    """How much of a post was recovered."""
    if row["kept"] == "whole":
        return "whole"
    if row["has_text"] and not row["has_picture"]:
        return "text only"
    if row["has_picture"] and not row["has_text"]:
        return "picture only"
    return "partial"


def count_answers(recovery: Mapping[str, Any], answer: str) -> int:
    """How many questions of a run ended so."""
    return sum(answers.get(answer, 0) for answers in recovery.get("answers", {}).values())
