"""A fragment, or words misspelt -> the rows of a table that hold it, or something close. Read-only, bounded.

The gram index says which rows may; their own texts, folded, decide.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import chain

from embedarchive.core.grams import END, cut, fold
from embedarchive.library.rarest import FEW, find_newest, sort_by_rarity
from embedarchive.library.rows import Row, in_list, select
from embedarchive.store.rows import FULL_TEXT

OPEN, CLOSE = "\ue000", "\ue001"
"""Private-use characters around what matched; a text that holds them itself is only marked oddly."""

MOST_READ = 300
"""Rows of one table whose texts are compared at once, newest first; where nothing is found in them, as many again."""

LONGEST_FRAGMENT = 40
"""Characters; what is longer has whole words in it, and these find it sooner."""

MOST_MISSPELT = 4
MOST_ASKED = 2
"""Words that the gram index is asked for, the longest; the texts themselves are asked for the others."""

LEAST_LETTERS = 4
LEAST_LIKE = 0.72
"""How alike two words must be, by difflib: one letter wrong in a word of four is 0.75."""

REACH = 80
_RUN = re.compile(r"\S+")


def find_fragment(conn: sqlite3.Connection, table: str, fragment: str, limit: int) -> list[Row]:
    """The newest rows that hold these very characters, whatever their case and accents, with a marked snippet."""
    return find_fragments(conn, table, (fragment,), limit)


def find_fragments(conn: sqlite3.Connection, table: str, fragments: Sequence[str], limit: int) -> list[Row]:
    """The newest rows that hold each of these, anywhere; the longest is marked in the snippet."""
    wanted = [fold(fragment) for fragment in fragments]
    short = [each for each in wanted if len(each) <= LONGEST_FRAGMENT]
    asked = list(dict.fromkeys(chain.from_iterable(map(ask_for_fragment, short))))
    longest = max(fragments, key=len, default="")
    found: list[Row] = []
    for rowids in _find_holders(conn, f"{table}_grams", asked):
        for rowid, text in _texts(conn, table, rowids):
            plain = fold(text)
            if all(each in plain for each in wanted):
                found.append({"rowid": rowid, "snippet": mark(text, longest, fold(longest)), "share": 1.0})
            if len(found) == limit:
                break
        if found:
            break
    return found


def _find_holders(conn: sqlite3.Connection, index: str, asked: list[str]) -> Iterator[list[int]]:
    """The rows that may hold what these terms are of, newest first, as many at once as may be read at once.

    The rarest few terms decide, and a few more if these leave too many: the others seldom say anything new.
    """
    # Not by a beginning of grams, if it can be helped: SQLite would first put together all grams that begin so.
    whole = [term for term in asked if not term.endswith("*")]
    ranked = sort_by_rarity(conn, index, whole)
    if len(ranked) < len(whole) or not asked:
        return
    rowids = find_newest(conn, index, ranked[:FEW] or asked, MOST_READ)
    if len(rowids) == MOST_READ:
        rowids = find_newest(conn, index, ranked[: FEW + 2] or asked, MOST_READ)
    yield rowids
    if len(rowids) == MOST_READ:
        yield find_newest(conn, index, ranked[: FEW + 2] or asked, MOST_READ, before=rowids[-1])


def find_similar(conn: sqlite3.Connection, table: str, text: str, limit: int) -> list[Row]:
    """The rows whose words are most like these, where not one letter need be where it should, but most are."""
    words = sorted((w for w in fold(text).split() if len(w) >= LEAST_LETTERS), key=len, reverse=True)[:MOST_MISSPELT]
    asked = [f"({ask_for_similar(word)})" for word in words[:MOST_ASKED]]
    found: list[Row] = []
    for rowid, said in _texts(conn, table, find_newest(conn, f"{table}_grams", asked, MOST_READ) if asked else []):
        close = [find_closest(word, said) for word in words]
        share = min(ratio for ratio, _ in close)
        if share >= LEAST_LIKE:
            found.append({"rowid": rowid, "snippet": mark(said, close[0][1], close[0][1]), "share": share})
    return sorted(found, key=lambda row: -row["share"])[:limit]


def _texts(conn: sqlite3.Connection, table: str, rowids: list[int]) -> Iterator[tuple[int, str]]:
    """These rows, newest first, with their whole text."""
    columns = FULL_TEXT[table]
    sql = f"SELECT id, {', '.join(columns)} FROM {table} WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id DESC"
    for row in select(conn, sql, in_list(rowids)):
        yield row["id"], " · ".join(row[name] for name in columns if row[name])


# ----------------------------------------------------------------------------------------------------------- questions


def ask_for_fragment(folded: str) -> list[str]:
    """The terms to ask a gram index for, all of them; none if a folded fragment is too short for one. Pure.

    All but the last word end where they end; two characters are the beginning of some gram.
    """
    words = folded.split()
    grams = [gram for word in words[:-1] for gram in cut(word + END)] + [g for w in words[-1:] for g in cut(w)]
    asked = [quote(gram) for gram in dict.fromkeys(grams) if len(gram) == 3]
    if words and len(words[-1]) < 3 and (not asked or not words[-1].isascii()) and not folded.isascii():
        asked.append(quote(words[-1]) + "*")
    return asked


def ask_for_similar(word: str) -> str:
    """The question for words with one half of this one unharmed, or its two ends: one slip spares one. Pure."""
    half, last = len(word) // 2, len(word) - 2
    spared = (cut(word[: max(3, half)]), cut(word[min(half, last) :] + END), [word[:3], word[last:] + END])
    return " OR ".join("(" + " AND ".join(map(quote, grams)) + ")" for grams in spared)


def quote(gram: str) -> str:
    """A gram as a term of FTS5; folded text holds no quotation mark."""
    return f'"{gram}"'


def find_closest(word: str, text: str) -> tuple[float, str]:
    """The word of a text that is most like this one, folded, and how alike they are (0 to 1). Pure."""
    close = {w for w in fold(text).split() if abs(len(w) - len(word)) <= 2}
    close = {w for w in close if w.startswith(word[:3]) or w.endswith(word[-2:])}
    return max(((compare(word, each), each) for each in sorted(close)), default=(0.0, ""))


@lru_cache(maxsize=1 << 14)
def compare(word: str, other: str) -> float:
    """How alike two words are, 0 to 1; remembered, for a few words make most of any language."""
    return SequenceMatcher(None, word, other).ratio()


# ------------------------------------------------------------------------------------------------------------- snippets


def mark(text: str, fragment: str, folded: str) -> str:
    """The part of a text around a fragment, which is marked: itself, or the words it stands in."""
    start = text.lower().find(fragment.lower())
    start, end = (start, start + len(fragment)) if start >= 0 else find_run(text, folded)
    before, after = text[max(0, start - REACH) : start], text[end : end + REACH]
    lead, tail = "…" if start > REACH else "", "…" if len(text) > end + REACH else ""
    return f"{lead}{before}{OPEN}{text[start:end]}{CLOSE}{after}{tail}"


def find_run(text: str, folded: str) -> tuple[int, int]:
    """Where in a text the words stand that hold a folded fragment. Pure."""
    runs = [(match.start(), match.end(), fold(match[0])) for match in _RUN.finditer(text)]
    runs = [run for run in runs if run[2]]
    at = " ".join(run[2] for run in runs).find(folded)
    if at < 0:
        return 0, 0
    inside, passed = [], 0
    for start, end, plain in runs:
        if passed < at + len(folded) and passed + len(plain) > at:
            inside.append((start, end))
        passed += len(plain) + 1
    return inside[0][0], inside[-1][1]
