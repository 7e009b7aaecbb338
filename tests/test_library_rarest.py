"""Seeking from the rarest grams on finds what looking at every text finds."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from embedarchive.core.grams import fold
from embedarchive.core.model import Fetch, Found
from embedarchive.library.fragments import MOST_READ, find_fragment
from embedarchive.library.rarest import SAMPLE, find_newest, sort_by_rarity
from embedarchive.store import Archive, open_reader

NOW = "2026-03-20T08:00:00.000Z"
WORDS = ["the", "sea", "storm", "Hafen", "été", "ferry", "буря", "море", "lighthouse", "кот", "rope", "安全", "نورس"]


def write_titles(count: int) -> list[str]:
    """Titles in which the first words are common and the last ones rare, with some that hold very many."""
    rng = random.Random(11)
    weights = [1 / (n + 1) ** 1.5 for n in range(len(WORDS))]
    return [" ".join(rng.choices(WORDS, weights, k=rng.choice((3, 5, 8, 12)))) for _ in range(count)]


TITLES = write_titles(250)


@pytest.fixture(scope="module")
def conn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    conn = open_reader(make_archive(tmp_path_factory.mktemp("rarest"), TITLES))
    yield conn
    conn.close()


def make_archive(folder: Path, titles: list[str]) -> Path:
    """An archive of one article for each title, numbered alike (from 1)."""
    path = folder / "embeds.db"
    with Archive(path) as archive:
        archive.conn.execute("PRAGMA synchronous = OFF")
        crawl_id = archive.start_crawl("crawl", NOW, "test", {})
        for n, title in enumerate(titles, 1):
            assert archive.keep_seed(crawl_id, f"https://paper.example/{n}", "list", NOW) == n
            url = f"https://paper.example/{n}"
            fetch_id = archive.keep_fetch(n, crawl_id, Fetch(url, url, NOW, "ok", 200, body=b"<p>%d" % n))
            assert fetch_id is not None
            archive.keep_found(fetch_id, Found(title=title), 1, NOW, crawl_id)
    return path


def test_the_rarest_term_comes_first_and_an_unknown_one_ends_it(conn: sqlite3.Connection) -> None:
    words = ["the", "storm", "安全", "lighthouse"]
    held = {word: sum(word in title.split() for title in TITLES) for word in words}
    assert held["the"] > SAMPLE > held["lighthouse"], "both how often and how far back are looked at"
    assert sort_by_rarity(conn, "articles_fts", words) == sorted(words, key=lambda word: held[word])
    assert sort_by_rarity(conn, "articles_fts", [*words, "nobody"]) == []
    assert sort_by_rarity(conn, "articles_fts", []) == []


def test_the_newest_come_first_and_no_more_than_asked_for(conn: sqlite3.Connection) -> None:
    newest = [n for n in range(len(TITLES), 0, -1) if "sea" in TITLES[n - 1].split()]
    assert find_newest(conn, "articles_fts", ["sea"], 9) == newest[:9]


def test_fragments_are_found_as_by_reading_every_title(conn: sqlite3.Connection) -> None:
    rng, found = random.Random(6), 0
    for title in TITLES:
        start = rng.randrange(len(title) - 8)
        fragment = title[start : start + rng.randint(5, 14)].strip()
        wanted = [n for n in range(len(TITLES), 0, -1) if fold(fragment) in fold(TITLES[n - 1])]
        assert [row["rowid"] for row in find_fragment(conn, "articles", fragment, 500)] == wanted, fragment
        found += len(wanted)
    assert found > len(TITLES)


@pytest.mark.parametrize(("newer", "found"), [(MOST_READ - 1, True), (MOST_READ + 50, True), (2 * MOST_READ, False)])
def test_older_rows_are_read_when_the_newest_only_look_like_it(tmp_path: Path, newer: int, found: bool) -> None:
    conn = open_reader(make_archive(tmp_path, ["a storm rope", *["rope storm"] * newer]))
    assert [row["rowid"] for row in find_fragment(conn, "articles", "torm rop", 20)] == [1] * found
    conn.close()
