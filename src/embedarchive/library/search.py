"""Words -> the posts, claims and articles that hold them, best first. Read-only; no words can raise or inject."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from embedarchive.library.articles import article_lines
from embedarchive.library.posts import IN_KEYS, find_key, read_lines
from embedarchive.library.rows import SIGHTING, Row, in_list, read_sighting, select, select_one
from embedarchive.records import Hit, Piece

OPEN, CLOSE = "\ue000", "\ue001"
"""Private-use characters around what matched; a text that holds them itself is only marked oddly."""

MOST_WORDS = 32
MOST_RANKED = 2_000
"""Ranking reads every match; words commoner than this are answered newest first instead."""
MOST_SCANNED = 20_000
"""Rows that may be read one by one to find a fragment the full-text index cannot."""

# What FTS5's unicode61 takes for a word: letters, digits and marks; all else separates.
_WORD = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r'"([^"]*)"')


@dataclass(frozen=True, slots=True)
class _Index:
    """One full-text index: its table, and the column whose fragments may be scanned."""

    table: str
    column: str


POSTS, CLAIMS, ARTICLES = _Index("descriptions", "text"), _Index("embeds", "text"), _Index("articles", "title")


# --------------------------------------------------------------------------------------------------------------- asking


def find_words(text: str) -> list[str]:
    """The words of a text as the index knows them. Pure."""
    return _WORD.findall(text)[:MOST_WORDS]


def quote_words(text: str) -> tuple[str, ...]:
    """FTS5 queries for what a reader typed, strictest first: as phrases where quoted, all words, any word. Pure.

    Every word is quoted, so that no operator of FTS5 can stand outside of quotes. Empty if there are no words.
    """
    phrases = [words for quoted in _QUOTED.findall(text) if (words := find_words(quoted))]
    loose = find_words(_QUOTED.sub(" ", text))
    if not phrases and not loose:
        return ()
    every = [f'"{" ".join(words)}"' for words in phrases] + [f'"{word}"' for word in loose]
    if loose:
        # The last word may still be on its way.
        every[-1] += "*"
    all_of, any_of = " AND ".join(every), " OR ".join(every)
    return (all_of,) if len(every) == 1 else (all_of, any_of)


def search(conn: sqlite3.Connection, text: str, limit: int = 20) -> tuple[Hit, ...]:
    """What holds these words, best first; a post found in several places comes once. Never raises for any text.

    When nothing holds all of them, what holds at least half; when the index knows none, what holds the very characters.
    """
    queries = quote_words(text)
    for query in queries:
        found = _gather(conn, lambda index, query=query: _match(conn, index, query, limit * 3), limit)  # type: ignore[misc]
        hits = found if query == queries[0] else tuple(h for h in found if _share(h, text) >= 0.5)
        if hits:
            return hits
    fragment = text.strip()
    if not fragment:
        return ()
    return _gather(conn, lambda index: _scan(conn, index, fragment, limit * 3), limit)


def _gather(conn: sqlite3.Connection, find: Callable[[_Index], list[Row]], limit: int) -> tuple[Hit, ...]:
    hits = [
        *_post_hits(conn, find(POSTS)),
        *_claim_hits(conn, find(CLAIMS)),
        *_article_hits(conn, find(ARTICLES)),
    ]
    best: dict[object, Hit] = {}
    for hit in sorted(hits, key=lambda h: h.score):
        best.setdefault(_subject(hit), hit)
    return tuple(best.values())[:limit]


def _share(hit: Hit, text: str) -> float:
    """How much of what was asked stands in the hit's snippet."""
    words = {word.lower() for word in find_words(text)}
    found = {word.lower() for piece, matched in hit.pieces if matched for word in find_words(piece)}
    return len(found) / len(words) if words else 0.0


def _subject(hit: Hit) -> object:
    if hit.post:
        return hit.post.key
    if hit.sighting:
        return (hit.sighting.article_id, hit.sighting.claim)
    return hit.article.id if hit.article else None


# ------------------------------------------------------------------------------------------------------------- matching


def _match(conn: sqlite3.Connection, index: _Index, query: str, limit: int) -> list[Row]:
    """Rows (rowid, score, snippet) of one index; the better, the lower the score."""
    fts = f"{index.table}_fts"
    common = f"SELECT count(*) AS n FROM (SELECT 1 FROM {fts} WHERE {fts} MATCH ? LIMIT {MOST_RANKED + 1})"
    few = select(conn, common, query)[0]["n"] <= MOST_RANKED
    score, order = ("bm25(" + fts + ")", "score") if few else ("0.0", "rowid DESC")
    return select(
        conn,
        f"SELECT rowid, {score} AS score, snippet({fts}, -1, ?, ?, '…', 28) AS snippet "
        f"FROM {fts} WHERE {fts} MATCH ? ORDER BY {order} LIMIT ?",
        OPEN,
        CLOSE,
        query,
        limit,
    )


def _scan(conn: sqlite3.Connection, index: _Index, fragment: str, limit: int) -> list[Row]:
    """The same by reading row after row, for fragments, emoji and scripts without spaces; small archives only."""
    size = select_one(conn, f"SELECT max(id) AS n FROM {index.table}")
    if not size or (size["n"] or 0) > MOST_SCANNED:
        return []
    rows = select(
        conn,
        f"SELECT id AS rowid, {index.column} AS text FROM {index.table} "
        f"WHERE instr(lower({index.column}), lower(?)) ORDER BY id DESC LIMIT ?",
        fragment,
        limit,
    )
    return [{"rowid": r["rowid"], "score": 0.0, "snippet": _cut_around(r["text"], fragment)} for r in rows]


def _cut_around(text: str, fragment: str, reach: int = 80) -> str:
    at = text.lower().find(fragment.lower())
    start, end = max(0, at), max(0, at) + len(fragment)
    before, after = text[max(0, start - reach) : start], text[end : end + reach]
    lead, tail = "…" if start > reach else "", "…" if len(text) > end + reach else ""
    return f"{lead}{before}{OPEN}{text[start:end]}{CLOSE}{after}{tail}"


def split_snippet(snippet: str | None) -> tuple[Piece, ...]:
    """A marked snippet -> its pieces, each with whether it matched. Pure."""
    pieces: list[Piece] = []
    for number, part in enumerate(re.split(f"[{OPEN}{CLOSE}]", snippet or "")):
        if part:
            pieces.append((part, number % 2 == 1))
    return tuple(pieces)


# --------------------------------------------------------------------------------------------------------- rows to hits


def _post_hits(conn: sqlite3.Connection, rows: Sequence[Row]) -> Iterable[Hit]:
    owners = _owners(conn, "SELECT id, post_key FROM descriptions", rows)
    lines = read_lines(conn, owners.values())
    for row in rows:
        line = lines.get(owners.get(row["rowid"], ""))
        if line:
            yield Hit("post", split_snippet(row["snippet"]), row["score"], post=line)


def _claim_hits(conn: sqlite3.Connection, rows: Sequence[Row]) -> Iterable[Hit]:
    found = {
        r["embed_id"]: r for r in select(conn, SIGHTING + f"WHERE e.id {IN_KEYS}", in_list(r["rowid"] for r in rows))
    }
    keys = {r["post_key"]: find_key(conn, r["post_key"]) for r in found.values() if r["post_key"]}
    lines = read_lines(conn, (key for key in keys.values() if key))
    for row in rows:
        if row["rowid"] in found:
            embed = found[row["rowid"]]
            line = lines.get(keys.get(embed["post_key"]) or "")
            pieces = split_snippet(row["snippet"])
            yield Hit("claim", pieces, row["score"], post=line, sighting=read_sighting(embed))


def _article_hits(conn: sqlite3.Connection, rows: Sequence[Row]) -> Iterable[Hit]:
    lines = article_lines(conn, (r["rowid"] for r in rows))
    for row in rows:
        if row["rowid"] in lines:
            yield Hit("article", split_snippet(row["snippet"]), row["score"], article=lines[row["rowid"]])


def _owners(conn: sqlite3.Connection, sql: str, rows: Sequence[Row]) -> dict[int, str]:
    ids = in_list(r["rowid"] for r in rows)
    return {r["id"]: r["post_key"] for r in select(conn, f"{sql} WHERE id {IN_KEYS}", ids)}
