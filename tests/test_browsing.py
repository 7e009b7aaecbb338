"""What posts are browsed by: rows and counts that follow every change, and equal a recount at any time."""

from __future__ import annotations

import gzip
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from archive_builder import ARTICLES, NOW, SAMPLES, Look, Sample, build_archive, day, instagram, keep_look, make_embed
from embedarchive.core.model import Claim, Fetch, Found
from embedarchive.export.publish import publish
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.browsing import ARTICLE, COLUMNS, COUNT, OUTLETS, TOTAL, TOTALS
from embedarchive.store.sharing import open_shared
from in_process import run

LOST = SAMPLES[0].post.key
HERE = Path(__file__).resolve().parent


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return build_archive(tmp_path / "embeds.db")


def rows(conn: sqlite3.Connection, sql: str, *values: object) -> list[tuple[object, ...]]:
    return sorted(tuple(row) for row in conn.execute(sql, values))


def check_counted(conn: sqlite3.Connection) -> None:
    """The rows are those of the view, and the counts those of the rows."""
    assert rows(conn, "SELECT * FROM browsing_due") == []
    every = f"SELECT {COLUMNS}, embeds FROM"
    assert rows(conn, f"{every} browsing") == rows(conn, f"{every} browsable")
    assert rows(conn, "SELECT * FROM browsing_counts") == rows(conn, COUNT)
    assert rows(conn, "SELECT * FROM browsing_totals") == rows(conn, TOTAL)
    check_figures(conn)
    assert rows(conn, "SELECT * FROM article_figures") == rows(conn, ARTICLE.format("TRUE"))


def check_figures(conn: sqlite3.Connection) -> None:
    """The totals and the figures of outlets are what a recount gives, through whatever eyes."""
    totals = "SELECT what, value, sum(number) FROM totals GROUP BY what, value"
    assert [row for row in rows(conn, totals) if row[2]] == [row for row in rows(conn, TOTALS) if row[2]]
    names = OUTLETS.partition("articles,")[2].partition("FROM")[0].replace(" ", "").split(",")
    sums = ", ".join(f"sum({name})" for name in ["articles", *names])
    kept = f"SELECT outlet, {sums} FROM outlet_figures GROUP BY outlet HAVING sum(embeds) > 0"
    assert rows(conn, kept) == rows(conn, OUTLETS)


def test_each_post_has_a_row_and_one_for_each_outlet(path: Path) -> None:
    with closing(open_reader(path)) as conn:
        check_counted(conn)
        assert rows(conn, "SELECT count(*) FROM browsing WHERE outlet = ''") == [(len(SAMPLES),)]
        told = "SELECT outlet, status, kept, kind, lang, author, lost_in FROM browsing WHERE post_key = ?"
        same = ("gone", "whole", "carousel", "en", "marit.solheim.foto", "2026-03")
        assert rows(conn, told, LOST) == [("", *same), ("kuestenbote.example", *same), ("the-meridian.example", *same)]


def test_rows_and_counts_follow_every_change(path: Path) -> None:
    met = Sample(
        instagram(3_849_999_999_999_999_999), SAMPLES[1].says, (Look(day("03-19")),), claim=Claim(author_name="New")
    )
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {})
        url = ARTICLES[3][0]
        article = archive.keep_seed(crawl, url, url, NOW)
        fetch = archive.keep_fetch(
            article, crawl, Fetch(url, url, NOW, "ok", 200, content_type="text/html", body=b"<p>new")
        )
        archive.keep_found(fetch or 0, Found((make_embed(1, met), make_embed(2, SAMPLES[0]))), 1, NOW, crawl)
        archive.refresh_browsing()
        check_counted(archive.conn)
        assert rows(archive.conn, "SELECT outlet, status FROM browsing WHERE post_key = ?", met.post.key) == [
            ("", "not captured"), ("forma.example", "not captured")
        ]  # fmt: skip
        keep_look(archive, crawl, met, met.looks[0])
        archive.conclude(met.post.key)
        assert rows(archive.conn, "SELECT status, kept FROM browsing WHERE outlet = '' AND post_key = ?", met.post.key) == [
            ("available", "whole")
        ]  # fmt: skip
        for look in (Look(day("03-21"), "gone", "not_found"), Look(day("03-23"), "gone", "not_found")):
            keep_look(archive, crawl, met, look)
        archive.conclude_all()
        archive.keep_found(fetch or 0, Found((make_embed(1, met),)), 2, NOW, crawl)
    with closing(open_reader(path)) as conn:
        check_counted(conn)
        assert rows(conn, "SELECT status, lost_in FROM browsing WHERE outlet = '' AND post_key = ?", met.post.key) == [
            ("gone", "2026-03")
        ]  # fmt: skip
        assert rows(conn, "SELECT outlet FROM browsing WHERE post_key = ? AND outlet = 'forma.example'", LOST) == []


def test_posts_concluded_within_a_second_are_counted_together(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    due = "SELECT post_key FROM browsing_due"
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {})

        def conclude(sample: Sample, when: str) -> None:
            keep_look(archive, crawl, sample, Look(day(when)))
            archive.conclude(sample.post.key)

        conclude(SAMPLES[1], "03-21")
        assert rows(archive.conn, due) == []
        conclude(SAMPLES[2], "03-21")
        assert rows(archive.conn, due) == [(SAMPLES[2].post.key,)]
        monkeypatch.setattr("embedarchive.store.archive.REFRESHED_EVERY_S", -1.0)
        conclude(SAMPLES[3], "03-21")
        check_counted(archive.conn)
        monkeypatch.setattr("embedarchive.store.archive.REFRESHED_EVERY_S", 3600.0)
        conclude(SAMPLES[2], "03-23")
        assert rows(archive.conn, due) == [(SAMPLES[2].post.key,)], "what a killed run leaves is still due"
    with closing(open_reader(path)) as conn:
        check_counted(conn)


def test_a_short_link_that_named_a_post_is_no_post_any_more(path: Path) -> None:
    post = replace(SAMPLES[1].post, native_id="share-1", url="https://www.instagram.com/share/1/", resolved=False)
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {})
        archive.keep_target(crawl, post, NOW, forced=False)
        archive.refresh_browsing()
        assert rows(archive.conn, "SELECT status FROM browsing WHERE post_key = ?", post.key) == [("unresolved",)]
        archive.keep_resolution(crawl, post.key, SAMPLES[1].post, NOW)
    with closing(open_reader(path)) as conn:
        check_counted(conn)
        assert rows(conn, "SELECT status FROM browsing WHERE post_key = ?", post.key) == []


def test_what_is_withheld_is_counted_for_nobody_else(path: Path) -> None:
    hide(path, LOST)
    with closing(open_shared(path, "public")) as conn:
        assert rows(conn, "SELECT post_key FROM browsing WHERE post_key = ?", LOST) == []
        summed = (
            "SELECT platform, status, kept, sum(posts) FROM browsing_counts GROUP BY 1, 2, 3 HAVING sum(posts) <> 0"
        )
        assert rows(conn, summed) == rows(
            conn, "SELECT platform, status, kept, count(*) FROM browsing GROUP BY 1, 2, 3"
        )
        totals = "SELECT facet, value, sum(posts) FROM browsing_totals WHERE value <> '' GROUP BY 1, 2 HAVING sum(posts) <> 0"
        assert rows(conn, totals) == rows(conn, TOTAL)
        check_figures(conn)


def test_a_withheld_article_tells_no_outlet(path: Path) -> None:
    """Its outlet embedded the post in no other article: that it did is withheld with it."""
    hide(path, ARTICLES[0][0])
    with closing(open_shared(path, "public")) as conn:
        assert rows(conn, "SELECT post_key FROM browsing WHERE outlet = 'kuestenbote.example'") == []
        assert rows(conn, "SELECT sum(posts) FROM browsing_counts WHERE outlet = 'kuestenbote.example'") == [(0,)]
        assert len(rows(conn, "SELECT outlet FROM browsing WHERE post_key = ?", LOST)) == 2
        check_figures(conn)
        assert rows(conn, "SELECT outlet FROM outlet_figures GROUP BY outlet HAVING sum(embeds) > 0") != []
    run("access", "hide", ARTICLES[1][0], "-a", path, "--level", "staff")
    run("access", "hide", SAMPLES[1].post.key, "-a", path, "--level", "staff")
    with closing(open_shared(path, "public")) as conn:
        check_figures(conn)
    with closing(open_shared(path, "staff")) as conn:
        check_figures(conn)


def test_a_public_copy_is_browsed_as_well(path: Path, tmp_path: Path) -> None:
    publish(path, tmp_path / "public.db", NOW)
    with closing(open_reader(tmp_path / "public.db")) as conn:
        check_counted(conn)
        assert rows(conn, "SELECT count(*) FROM browsing WHERE outlet = ''") != [(0,)]


def test_an_archive_of_before_is_browsed_too(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    old.write_bytes(gzip.decompress((HERE / "archives/011.db.gz").read_bytes()))
    with closing(open_reader(old)) as conn:
        before = rows(conn, f"SELECT {COLUMNS} FROM browsing")
        assert before
        assert rows(conn, "SELECT sum(posts) FROM browsing_counts") == [(len(before),)]
    with Archive(old, platforms=PLATFORMS):
        pass
    with closing(open_reader(old)) as conn:
        check_counted(conn)
        assert rows(conn, f"SELECT {COLUMNS} FROM browsing") == before


def hide(path: Path, subject: str) -> None:
    done = run("access", "hide", subject, "-a", path, "--level", "sealed")
    assert done.code == 0, done.err
