"""Words -> the posts, claims and articles that hold them, best first. Read-only; no words can raise or inject."""

from __future__ import annotations

import re
import sqlite3
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from embedarchive.library.articles import article_lines
from embedarchive.library.posts import IN_KEYS, find_key, read_lines
from embedarchive.library.rows import SIGHTING, Row, in_list, read_sighting, select, select_one
from embedarchive.records import Hit, Piece

OPEN, CLOSE = "\ue000", "\ue001"
"""Private-use characters around what matched; a text that holds them itself is only marked oddly."""

MOST_WORDS = 32
MOST_SCANNED = 20_000
"""Rows that may be read one by one to find a fragment the full-text index cannot."""

LEAST_SHARE = 0.5
"""How much of what was asked a hit must hold."""

# What FTS5's unicode61 takes for a word: letters, digits and marks; all else separates.
_WORD = re.compile(r"[^\W_]+")
_QUOTED = re.compile(r'"([^"]*)"')


# -------------------------------------------------------------------------------------------------------------- asking


def find_words(text: str) -> list[str]:
    """The words of a text as the index knows them. Pure."""
    return _WORD.findall(text)[:MOST_WORDS]


def quote_terms(text: str) -> tuple[str, ...]:
    """What a reader typed as terms of FTS5: phrases where quoted, else words. Pure.

    Every word is quoted, so that no operator of FTS5 can stand outside of quotes. Empty if there are no words.
    """
    phrases = [" ".join(find_words(quoted)) for quoted in _QUOTED.findall(text)]
    return tuple(f'"{term}"' for term in (*phrases, *find_words(_QUOTED.sub(" ", text))) if term)[:MOST_WORDS]


def search(conn: sqlite3.Connection, text: str, limit: int = 20) -> tuple[Hit, ...]:
    """What holds these words, best first; a post found in several places comes once. Never raises for any text.

    When nothing holds all of them, what holds those that the archive knows at all, then what holds at least half; when
    it knows none, what holds the very characters.
    """
    terms, fragment = quote_terms(text), text.strip()
    stages: tuple[tuple[Callable[[_Index], str], float], ...] = (
        (lambda index: " AND ".join(terms), 0.0),
        (lambda index: " AND ".join(_known(conn, index, terms)), LEAST_SHARE),
        (lambda index: " OR ".join(_known(conn, index, terms)), LEAST_SHARE),
    )
    for ask, share in stages if terms else ():
        hits = _gather([(index, _match(conn, index, ask(index), limit * 3)) for index in INDEXES], conn, text)
        hits = tuple(hit for hit in hits if _share(hit, text) >= share)
        if hits:
            return hits[:limit]
    scanned = [(index, _scan(conn, index, fragment, limit)) for index in INDEXES] if fragment else []
    return _gather(scanned, conn, text)[:limit]


def _known(conn: sqlite3.Connection, index: _Index, terms: Sequence[str]) -> list[str]:
    """The terms that stand anywhere in an index; the last may be the beginning of a word."""
    known = [term for term in terms if _match(conn, index, term, 1)]
    begun = terms[-1] + "*"
    if terms[-1] not in known and len(begun) > 4 and _match(conn, index, begun, 1):
        known.append(begun)
    return known


def _gather(rows: Iterable[tuple[_Index, list[Row]]], conn: sqlite3.Connection, text: str) -> tuple[Hit, ...]:
    """Hits of all indexes: the very words in their order first, then those that show most of them, then the newest."""
    hits = [hit for index, found in rows for hit in index.read(conn, found)]
    asked = _fold(text)
    best: dict[object, Hit] = {}
    for hit in sorted(hits, key=lambda hit: (asked not in _plain(hit), -_share(hit, text))):
        best.setdefault(_subject(hit), hit)
    return tuple(best.values())


def _fold(text: str) -> str:
    """The words of a text without case and accents, as the index compares them."""
    plain = unicodedata.normalize("NFKD", " ".join(find_words(text))).casefold()
    return "".join(char for char in plain if not unicodedata.combining(char))


def _plain(hit: Hit) -> str:
    return _fold("".join(piece for piece, _ in hit.pieces))


def _share(hit: Hit, text: str) -> float:
    """How much of what was asked stands in the hit's snippet."""
    words = set(_fold(text).split())
    found = {word for piece, matched in hit.pieces if matched for word in _fold(piece).split()}
    return len([word for word in words if any(each.startswith(word) for each in found)]) / max(1, len(words))


def _subject(hit: Hit) -> object:
    if hit.post:
        return hit.post.key
    if hit.sighting:
        return (hit.sighting.article_id, hit.sighting.claim)
    return hit.article.id if hit.article else None


# ------------------------------------------------------------------------------------------------------------- matching


def _match(conn: sqlite3.Connection, index: _Index, query: str, limit: int) -> list[Row]:
    """The newest rows of one index that match, with a marked snippet.

    Not by `bm25`: it walks the whole list of every common word, a second for an archive of a million posts.
    """
    fts = f"{index.table}_fts"
    sql = (
        f"SELECT rowid, snippet({fts}, -1, ?, ?, '…', 28) AS snippet "
        f"FROM {fts} WHERE {fts} MATCH ? ORDER BY rowid DESC LIMIT ?"
    )
    return select(conn, sql, OPEN, CLOSE, query, limit) if query else []


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
    return [{"rowid": r["rowid"], "snippet": _cut_around(r["text"], fragment)} for r in rows]


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
            yield Hit("post", split_snippet(row["snippet"]), post=line)


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
            yield Hit("claim", pieces, post=line, sighting=read_sighting(embed))


def _article_hits(conn: sqlite3.Connection, rows: Sequence[Row]) -> Iterable[Hit]:
    lines = article_lines(conn, (r["rowid"] for r in rows))
    for row in rows:
        if row["rowid"] in lines:
            yield Hit("article", split_snippet(row["snippet"]), article=lines[row["rowid"]])


def _owners(conn: sqlite3.Connection, sql: str, rows: Sequence[Row]) -> dict[int, str]:
    ids = in_list(r["rowid"] for r in rows)
    return {r["id"]: r["post_key"] for r in select(conn, f"{sql} WHERE id {IN_KEYS}", ids)}


@dataclass(frozen=True, slots=True)
class _Index:
    """One full-text index: its table, the column whose fragments may be scanned, and how its rows become hits."""

    table: str
    column: str
    read: Callable[[sqlite3.Connection, Sequence[Row]], Iterable[Hit]]


INDEXES = (
    _Index("descriptions", "text", _post_hits),
    _Index("embeds", "text", _claim_hits),
    _Index("articles", "title", _article_hits),
)
