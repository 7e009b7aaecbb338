"""A run leaves its full-text indexes in one piece each, and rewrites none of them for a few words more."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from embedarchive.core.model import Fetch, Found
from embedarchive.library import search
from embedarchive.store import Archive, open_reader
from embedarchive.store.fulltext import INDEXES, count_pages

NOW = "2026-03-20T08:00:00.000Z"
INDEXED = ("articles_fts", "articles_grams")


def keep_titles(path: Path, first: int, count: int) -> None:
    """One transaction after another, as a run does it; each title is a thousand letters and its number."""
    with Archive(path) as archive:
        archive.conn.execute("PRAGMA synchronous = OFF")
        crawl_id = archive.start_crawl("crawl", NOW, "test", {})
        for n in range(first, first + count):
            rng, url = random.Random(n), f"https://paper.example/{n}"
            words = ("".join(rng.choices("abcdefghijklmnop", k=rng.randint(2, 9))) for _ in range(180))
            article_id = archive.keep_seed(crawl_id, url, "list", NOW)
            fetch_id = archive.keep_fetch(article_id, crawl_id, Fetch(url, url, NOW, "ok", 200, body=b"<p>%d" % n))
            assert fetch_id is not None
            archive.keep_found(fetch_id, Found(title=f"number{n} {' '.join(words)}"), 1, NOW, crawl_id)


def find_pieces(path: Path) -> dict[str, list[int]]:
    conn = open_reader(path)
    pieces = {index: count_pages(conn, index) for index in INDEXES}
    conn.close()
    return pieces


@pytest.mark.parametrize("count", [1, 60])
def test_a_run_leaves_one_piece_of_each_index(tmp_path: Path, count: int) -> None:
    path = tmp_path / "embeds.db"
    keep_titles(path, 0, count)
    pieces = find_pieces(path)
    assert [len(pieces[index]) for index in INDEXED] == [1, 1]
    conn = open_reader(path)
    assert [len(search(conn, f"number{n}")) for n in range(count)] == [1] * count
    assert len(search(conn, f"umber{count - 1}")) == 1, "by its grams"
    conn.close()


def test_a_few_more_words_are_a_piece_of_their_own_and_many_are_not(tmp_path: Path) -> None:
    path = tmp_path / "embeds.db"
    keep_titles(path, 0, 120)
    (large,) = find_pieces(path)["articles_fts"]
    keep_titles(path, 120, 2)
    few = find_pieces(path)["articles_fts"]
    assert len(few) > 1, "not rewritten for two titles"
    assert max(few) == large
    keep_titles(path, 122, 80)
    assert len(find_pieces(path)["articles_fts"]) == 1
    conn = open_reader(path)
    assert [len(search(conn, f"number{n}")) for n in (0, 119, 120, 121, 150)] == [1] * 5
    conn.close()
