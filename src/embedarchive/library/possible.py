"""Embeds that name no post -> posts that they may have shown, by handle, date and words. Read-only; nothing is linked by it."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from embedarchive.core.grams import fold

LONGEST_WORDS = 5
BEFORE_ARTICLE_D = 14
"""Days before an article within which a post was that it embeds, where the embed names no day: news show what is new."""
MOST_OF_AN_ACCOUNT = 500

UNRESOLVED = """
SELECT e.id, e.article_id, e.article_url, a.published_at AS article_at, e.platform, e.author_handle, e.author_name, e.posted_at,
  e.text FROM current_embeds e JOIN articles a ON a.id = e.article_id
WHERE e.post_key IS NULL AND e.kind = 'embed' AND e.author_handle IS NOT NULL ORDER BY e.id"""

OLDER = """
SELECT posted_at, text FROM embeds WHERE article_id = ? AND post_key IS NULL AND kind = 'embed' AND id <> ? AND platform IS ?
  AND ltrim(author_handle, '@') = ? COLLATE NOCASE"""
"""What other versions of an article say of a post of the same account that they do not name."""

OF_ACCOUNT = """
SELECT p.key, p.url, coalesce(p.posted_at, d.posted_at) AS posted_at, d.text AS text, 'seen' AS by
FROM descriptions d JOIN posts p ON p.key = d.post_key
WHERE d.author_handle = :handle COLLATE NOCASE AND (:platform IS NULL OR p.platform = :platform)
UNION
SELECT p.key, p.url, coalesce(p.posted_at, e.posted_at), e.text, 'embedded'
FROM embeds e JOIN posts p ON p.key = e.post_key
WHERE e.author_handle = :handle COLLATE NOCASE AND (:platform IS NULL OR p.platform = :platform)
UNION
SELECT p.key, p.url, p.posted_at, NULL, 'listed'
FROM mementos m JOIN posts p ON p.key = m.post_key
WHERE m.article_id IS NULL AND (:platform IS NULL OR p.platform = :platform)
  AND (instr(lower(m.url), '/' || lower(:handle) || '/') OR instr(lower(m.url), '/@' || lower(:handle) || '/')
    OR instr(lower(m.url), '//' || lower(:handle) || '.'))
LIMIT :most"""


@dataclass(frozen=True, slots=True)
class PossiblePost:
    """A post that an embed without a link may have shown.

    `agrees` is in what beside the handle: `words` (the five longest that the publisher quotes), `time` (to the second), `day`,
    `article` (no day is named; it is of the two weeks before the article).
    `is_likely` where words or time do; else it is only one of the account's.
    """

    key: str
    url: str
    posted_at: str | None
    agrees: tuple[str, ...]

    @property
    def is_likely(self) -> bool:
        return bool({"words", "time"} & set(self.agrees))


@dataclass(frozen=True, slots=True)
class Unnamed:
    """An embed that names no post, and the posts that it may have shown, the likeliest first."""

    embed_id: int
    article: str
    platform: str | None
    handle: str
    posted_at: str | None
    text: str | None
    candidates: tuple[PossiblePost, ...]


def find_candidates(conn: sqlite3.Connection) -> Iterator[Unnamed]:
    """Each embed of the archive that names no post and says whose it is, with the posts of that account that are known."""
    for row in conn.execute(UNRESOLVED).fetchall():
        handle = str(row["author_handle"]).lstrip("@")
        posted_at, text = read_claim(conn, row, handle)
        bound = {"handle": handle, "platform": row["platform"], "most": MOST_OF_AN_ACCOUNT}
        found: dict[str, PossiblePost] = {}
        for post in conn.execute(OF_ACCOUNT, bound).fetchall():
            is_about = is_about_then(posted_at, row["article_at"], post["posted_at"])
            if post["by"] == "listed" and not is_about:
                continue  # an archive lists it: of an account that may have thousands
            agrees = compare(posted_at, text, post["posted_at"], post["text"])
            if is_about and not posted_at:
                agrees = ("article", *agrees)
            before = found.get(post["key"])
            merged = tuple(sorted({*agrees, *(before.agrees if before else ())}))
            found[post["key"]] = PossiblePost(post["key"], post["url"], post["posted_at"], merged)
        ordered = sorted(found.values(), key=lambda each: (not each.is_likely, -len(each.agrees), each.key))
        yield Unnamed(row["id"], row["article_url"], row["platform"], handle, posted_at, text, tuple(ordered))


def read_claim(conn: sqlite3.Connection, row: sqlite3.Row, handle: str) -> tuple[str | None, str | None]:
    """The day and the words of an embed that names no post; what it does not say, as other versions of its article say it.

    Only where they agree: of an account whose posts stand twice in an article nobody knows which is which.
    """
    older = conn.execute(OLDER, (row["article_id"], row["id"], row["platform"], handle)).fetchall()
    days = {each["posted_at"] for each in older if each["posted_at"]}
    words = {each["text"] for each in older if len(find_words(each["text"] or "")) == LONGEST_WORDS}
    posted_at, text = row["posted_at"], row["text"]
    if not posted_at and len(days) == 1:
        posted_at = days.pop()
    if len(find_words(text or "")) < LONGEST_WORDS and len(words) == 1:
        text = words.pop()
    return posted_at, text


def is_about_then(claimed_at: str | None, article_at: str | None, posted_at: str | None) -> bool:
    """Whether a post is of about the day that is claimed; where none is, of the two weeks before the article. Pure."""
    if claimed_at:
        return is_near(claimed_at, posted_at)
    try:
        article, post = (date.fromisoformat((each or "")[:10]) for each in (article_at, posted_at))
    except ValueError:
        return False
    return -1 <= (article - post).days <= BEFORE_ARTICLE_D


def compare(claimed_at: str | None, claimed: str | None, posted_at: str | None, text: str | None) -> tuple[str, ...]:
    """In what a publisher's claim and a post agree. Pure."""
    agrees = []
    words = find_words(claimed or "")
    if len(words) == LONGEST_WORDS and words <= find_all_words(text or ""):
        agrees.append("words")
    if claimed_at and posted_at:
        if claimed_at[:19] == posted_at[:19] and len(claimed_at) > 10:
            agrees.append("time")
        if claimed_at[:10] == posted_at[:10]:
            agrees.append("day")
    return tuple(agrees)


def is_near(claimed_at: str | None, posted_at: str | None) -> bool:
    """Whether two times are of about one day: a publisher's is of his own zone, and often without an hour. Pure."""
    try:
        one, other = (date.fromisoformat((each or "")[:10]) for each in (claimed_at, posted_at))
    except ValueError:
        return False
    return abs((one - other).days) <= 1


def find_words(text: str) -> frozenset[str]:
    """The five longest words of a text, the first of equals."""
    every = list(dict.fromkeys(re.findall(r"\w+", fold(text))))
    return frozenset(sorted(every, key=len, reverse=True)[:LONGEST_WORDS])


def find_all_words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", fold(text)))
