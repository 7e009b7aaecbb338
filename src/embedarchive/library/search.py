"""Words -> the posts, claims, articles and notes that hold them, best first. Read-only; no words can raise or inject."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from embedarchive.core.grams import fold
from embedarchive.core.periods import Ambiguous, find_period, is_date, read_period
from embedarchive.library.articles import article_lines
from embedarchive.library.browse import Filters, keep_only, list_posts, select_rows
from embedarchive.library.endings import cut_endings, split_run, strip_endings
from embedarchive.library.fragments import CLOSE, OPEN, find_fragment, find_fragments, find_similar
from embedarchive.library.notes import find_noted, find_noted_posts
from embedarchive.library.posts import IN_KEYS, find_key, read_lines
from embedarchive.library.records import Hit, Piece, Way
from embedarchive.library.respelling import join_words, respell
from embedarchive.library.rows import APPEARANCE, Row, in_list, read_appearance, select

MOST_WORDS = 32
LEAST_BEGUN = 6
"""Of a word on its way, with its quotes: every word that begins with fewer letters would have to be walked through."""

EVERYTHING = Filters()
WIDE = 10
"""Times as many are looked through where only some of them may be as asked for."""

MOST_RESPELT = 6
"""Words of a text that are looked for in other spellings; in a longer one, those that are known tell enough."""

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


def search(
    conn: sqlite3.Connection, text: str, limit: int = 20, within: Filters = EVERYTHING, *, dates: bool = True
) -> tuple[Hit, ...]:
    """What holds these words, best first; a post found in several places comes once. Never raises for any text.

    Of posts as they are asked for by `within`, where it asks for anything. A date, alone or beside words, is that of the
    posts (`ferry february 2026`), unless `dates` is False or nothing is found so.

    When nothing holds all of them, what holds them written together or apart, or with other signs (`respelling`); then what
    holds the very characters, also inside of words; then what holds the words
    without their particles (`strip_endings`); then those words that the archive knows at all, if they are half of what
    was asked; and at last what is spelt nearly so. Each hit says which (`way`).
    """
    if dates and within.period is None and (found := _search_dated(conn, text, limit, within)) is not None:
        return found
    asked, terms = fold(text), quote_terms(text)
    if within == EVERYTHING:
        wide = limit
    else:
        wide = WIDE * limit
    ways: tuple[tuple[Way, Callable[[], Iterable[Found]]], ...] = (
        ("words", lambda: _find_all(conn, asked, terms, limit, within)),
        ("respelt", lambda: _find_respelt(conn, asked, terms, limit, within)),
        ("fragment", lambda: _each(lambda index: find_fragment(conn, index.table, text.strip(), wide))),
        ("fragment", lambda: _each(lambda index: find_fragments(conn, index.table, split_run(text), wide))),
        ("ending", lambda: _each(lambda index: find_fragments(conn, index.table, strip_endings(text), wide))),
        ("ending", lambda: _each(lambda index: find_fragments(conn, index.table, cut_endings(text), wide))),
        ("part", lambda: _find_known(conn, asked, terms, limit, within)),
        ("similar", lambda: _each(lambda index: find_similar(conn, index.table, text, wide))),
    )
    for way, find in ways if asked else ():
        if hits := keep_hits(conn, _read_best(conn, find(), asked, wide, way), within)[:limit]:
            return hits
    return ()


def _search_dated(conn: sqlite3.Connection, text: str, limit: int, within: Filters) -> tuple[Hit, ...] | None:
    """What a text with a date in it finds by that date; None where it has none, or finds nothing so."""
    period = read_period(text)
    if isinstance(period, Ambiguous) or (period is None and is_date(text)):
        return ()
    if period and len(text.strip()) > len("2026"):  # four digits alone are a word like others
        page = list_posts(conn, replace(within, period=period), most=limit)
        return tuple(
            Hit("post", ((" ".join((line.text or "").split())[:200], False),), post=line) for line in page.lines
        )
    dated = find_period(text)
    if dated is None:
        return None
    return search(conn, dated[1], limit, replace(within, period=dated[0]), dates=False) or None


def keep_hits(conn: sqlite3.Connection, hits: Sequence[Hit], within: Filters) -> tuple[Hit, ...]:
    """Those of some hits that are of posts as asked for."""
    if within == EVERYTHING:
        return tuple(hits)
    kept = keep_only(conn, [hit.post.key for hit in hits if hit.post], within)
    return tuple(hit for hit in hits if hit.post and hit.post.key in kept)


def _each(find: Callable[[_Index], list[Row]]) -> list[Found]:
    return [(index, row) for index in INDEXES for row in find(index)]


def _find_all(conn: sqlite3.Connection, asked: str, terms: Sequence[str], limit: int, within: Filters) -> list[Found]:
    found = _each(lambda index: _match(conn, index, " AND ".join(terms), 2 * limit, within))
    return [(index, {**row, "share": _share(row, asked)}) for index, row in found]


def _find_respelt(
    conn: sqlite3.Connection, asked: str, terms: Sequence[str], limit: int, within: Filters
) -> list[Found]:
    """What holds all of the words, those that an index does not know written otherwise; or two of them as one."""
    found: list[Found] = []
    for index in INDEXES:
        for query in _write_respelt(conn, index, terms):
            found += [(index, {**row, "share": 1.0}) for row in _match(conn, index, query, 2 * limit, within)]
    return found


def _write_respelt(conn: sqlite3.Connection, index: _Index, terms: Sequence[str]) -> Iterator[str]:
    """Questions for the same words in other spellings; none where each stands as it is and no two make one."""
    words = [term.strip('"') for term in terms[:MOST_RESPELT]]
    if not words or len(terms) > MOST_RESPELT:
        return
    known = [_stands(conn, index, term) for term in terms]
    if not all(known):
        spelt = ([word] if stands else [word, *respell(word)] for word, stands in zip(words, known, strict=True))
        yield " AND ".join("(" + " OR ".join(f'"{each}"' for each in one) + ")" for one in spelt)
    for joined in join_words(words):
        yield " AND ".join(f'"{each}"' for each in joined)


def _find_known(conn: sqlite3.Connection, asked: str, terms: Sequence[str], limit: int, within: Filters) -> list[Found]:
    """What holds those of the words that an index knows at all, all of them or some, but half of what was asked."""
    known = {index.table: _known(conn, index, terms) for index in INDEXES}
    for joint in (" AND ", " OR "):
        found = _each(lambda index, joint=joint: _match(conn, index, joint.join(known[index.table]), 2 * limit, within))  # type: ignore[misc]
        found = [(index, {**row, "share": _share(row, asked)}) for index, row in found]
        found = [(index, _name_way(row)) for index, row in found if row["share"] >= LEAST_SHARE]
        if found:
            return found
    return []


def _name_way(row: Row) -> Row:
    """A row that holds every word, the last of them as a beginning, is not a part of what was asked."""
    if row["share"] == 1.0:
        return {**row, "way": "words"}
    return row


def _known(conn: sqlite3.Connection, index: _Index, terms: Sequence[str]) -> list[str]:
    """The terms that stand anywhere in an index; the last may be the beginning of a word."""
    known = [term for term in terms if _stands(conn, index, term)]
    begun = ""
    if terms and len(terms[-1]) >= LEAST_BEGUN:
        begun = terms[-1] + "*"
    if begun and terms[-1] not in known and _stands(conn, index, begun):
        known.append(begun)
    return known


def _stands(conn: sqlite3.Connection, index: _Index, term: str) -> bool:
    fts = f"{index.table}_fts"
    return conn.execute(f"SELECT 1 FROM {fts} WHERE {fts} MATCH ? LIMIT 1", (term,)).fetchone() is not None


def _read_best(conn: sqlite3.Connection, found: Iterable[Found], asked: str, limit: int, way: Way) -> tuple[Hit, ...]:
    """Hits of the best rows: the very words in their order first, then those that show most of them, then the newest.

    Only as many rows as may be shown become records, for that is most of the work.
    """
    ranked = sorted(found, key=lambda each: (asked not in fold(_plain(each[1])), -each[1]["share"]))
    best: dict[object, Hit] = {}
    for at in range(0, len(ranked), limit):
        chunk = ranked[at : at + limit]
        hits = {
            (index.table, rowid): hit
            for index in INDEXES
            for rowid, hit in index.read(conn, [row for each, row in chunk if each is index])
        }
        for index, row in chunk:
            if hit := hits.get((index.table, row["rowid"])):
                best.setdefault(_subject(hit), replace(hit, way=row.get("way", way)))
        if len(best) >= limit:
            break
    return tuple(best.values())[:limit]


def _plain(row: Row) -> str:
    said = row["snippet"] or ""
    return str(said).replace(OPEN, "").replace(CLOSE, "")


def _share(row: Row, asked: str) -> float:
    """How much of what was asked stands in a row's snippet, by words or, where these are long ones, by letters."""
    words = set(asked.split())
    found = {word for piece, matched in split_snippet(row["snippet"]) if matched for word in fold(piece).split()}
    held = [word for word in words if any(each.startswith(word) for each in found)]
    return max(len(held) / max(1, len(words)), sum(map(len, held)) / max(1, sum(map(len, words))))


def _subject(hit: Hit) -> object:
    if hit.post:
        return hit.post.key
    if hit.appearance:
        return (hit.appearance.article_id, hit.appearance.claim)
    if hit.article:
        return hit.article.id
    return None


# ------------------------------------------------------------------------------------------------------------- matching


def _match(conn: sqlite3.Connection, index: _Index, query: str, limit: int, within: Filters) -> list[Row]:
    """The newest rows of one index that match, with a marked snippet.

    Not by `bm25`: it walks the whole list of every common word, a second for an archive of a million posts.
    """
    fts = f"{index.table}_fts"
    sql = (
        f"SELECT rowid, snippet({fts}, -1, ?, ?, '…', 28) AS snippet "
        f"FROM {fts} WHERE {fts} MATCH ? ORDER BY rowid DESC LIMIT ?"
    )
    if not query:
        return []
    if within == EVERYTHING:
        return select(conn, sql, OPEN, CLOSE, query, limit)
    if index.table not in ("descriptions", "embeds"):
        return []
    source, values = select_rows(within)
    source = source.replace("FROM browsing b", f"FROM {index.table} d CROSS JOIN browsing b ON b.post_key = d.post_key")
    values |= {"open": OPEN, "close": CLOSE, "query": query}
    sql = (
        f"SELECT rowid, snippet({fts}, -1, :open, :close, '…', 28) AS snippet FROM {fts} WHERE {fts} MATCH :query "
        f"AND EXISTS (SELECT 1 {source} AND d.id = {fts}.rowid) ORDER BY rowid DESC LIMIT {limit}"
    )
    cursor = conn.execute(sql, values)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, tuple(row), strict=True)) for row in cursor]


def split_snippet(snippet: str | None) -> tuple[Piece, ...]:
    """A marked snippet -> its pieces, each with whether it matched. Pure."""
    pieces: list[Piece] = []
    for number, part in enumerate(re.split(f"[{OPEN}{CLOSE}]", snippet or "")):
        if part:
            pieces.append((part, number % 2 == 1))
    return tuple(pieces)


# --------------------------------------------------------------------------------------------------------- rows to hits


def _post_hits(conn: sqlite3.Connection, rows: Sequence[Row]) -> Iterator[tuple[int, Hit]]:
    owners = _owners(conn, "SELECT id, post_key FROM descriptions", rows)
    lines = read_lines(conn, owners.values())
    for row in rows:
        line = lines.get(owners.get(row["rowid"], ""))
        if line:
            yield row["rowid"], Hit("post", split_snippet(row["snippet"]), post=line)


def _claim_hits(conn: sqlite3.Connection, rows: Sequence[Row]) -> Iterator[tuple[int, Hit]]:
    found = {
        r["embed_id"]: r for r in select(conn, APPEARANCE + f"WHERE e.id {IN_KEYS}", in_list(r["rowid"] for r in rows))
    }
    keys = {r["post_key"]: find_key(conn, r["post_key"]) for r in found.values() if r["post_key"]}
    lines = read_lines(conn, (key for key in keys.values() if key))
    for row in rows:
        if row["rowid"] in found:
            embed = found[row["rowid"]]
            line = lines.get(keys.get(embed["post_key"]) or "")
            pieces = split_snippet(row["snippet"])
            yield row["rowid"], Hit("claim", pieces, post=line, appearance=read_appearance(embed))


def _article_hits(conn: sqlite3.Connection, rows: Sequence[Row]) -> Iterator[tuple[int, Hit]]:
    lines = article_lines(conn, (r["rowid"] for r in rows))
    for row in rows:
        if row["rowid"] in lines:
            yield row["rowid"], Hit("article", split_snippet(row["snippet"]), article=lines[row["rowid"]])


def _note_hits(conn: sqlite3.Connection, rows: Sequence[Row]) -> Iterator[tuple[int, Hit]]:
    noted = find_noted(conn, (r["rowid"] for r in rows))
    lines = article_lines(conn, noted.values())
    of_posts = find_noted_posts(conn, (r["rowid"] for r in rows))
    posts = read_lines(conn, of_posts.values())
    for row in rows:
        if post := posts.get(of_posts.get(row["rowid"], "")):
            yield row["rowid"], Hit("note", split_snippet(row["snippet"]), post=post)
        line = lines.get(noted.get(row["rowid"], 0))
        if line:
            yield row["rowid"], Hit("note", split_snippet(row["snippet"]), article=line)


def _owners(conn: sqlite3.Connection, sql: str, rows: Sequence[Row]) -> dict[int, str]:
    ids = in_list(r["rowid"] for r in rows)
    return {r["id"]: r["post_key"] for r in select(conn, f"{sql} WHERE id {IN_KEYS}", ids)}


@dataclass(frozen=True, slots=True)
class _Index:
    """One table whose words are indexed, and how its rows become hits."""

    table: str
    read: Callable[[sqlite3.Connection, Sequence[Row]], Iterator[tuple[int, Hit]]]


Found = tuple[_Index, Row]
INDEXES = (
    _Index("descriptions", _post_hits),
    _Index("embeds", _claim_hits),
    _Index("articles", _article_hits),
    _Index("notes", _note_hits),
)
