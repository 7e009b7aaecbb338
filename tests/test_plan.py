"""`crawl --plan`: what a run would cost, from what is known, and nothing is sent."""

from __future__ import annotations

import re
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer

from embedarchive.core.errors import ExitCode
from embedarchive.platforms import PLATFORMS
from embedarchive.run.plan import DEFAULTS, ENOUGH, Subjects, make_plan, read_averages
from embedarchive.store import Archive, open_reader
from in_process import run
from test_due import NOW, keep_history

QUOTE = '<blockquote class="twitter-tweet"><a href="https://twitter.com/ida/status/19321000000000002{:02}">x</a></blockquote>'


def plan(subjects: Subjects, **options: object):  # type: ignore[no-untyped-def]
    given = {"platforms": (), "limit": None, "delay": 1.0, "tabs": 3} | options
    return make_plan(subjects, DEFAULTS, **given)  # type: ignore[arg-type]


def test_what_is_not_read_yet_is_estimated_from_a_source_that_is_said() -> None:
    planned = plan(Subjects(by_host=Counter({"a.test": 900, "b.test": 100})))
    assert (planned.articles, planned.hosts, planned.posts["x"], planned.posts["instagram"]) == (1000, 2, 730, 240)
    assert planned.estimated == sum(planned.posts.values())
    assert planned.requests == round(1002 + planned.estimated * DEFAULTS.requests)
    assert any("249 real article pages" in source for source in planned.sources)
    assert planned.gigabytes == pytest.approx((1000 * 40_000 + planned.estimated * 300_000) / 1e9)


def test_time_is_that_of_the_slowest_host_or_of_the_visits() -> None:
    subjects = Subjects(by_host=Counter({"a.test": 86_400}))
    assert plan(subjects, platforms=("vimeo",)).days == pytest.approx(1.0)
    assert plan(subjects, platforms=("vimeo",), delay=10.0).days == pytest.approx(10.0)
    visited = Subjects(due=Counter({"x": 43_200}))
    assert plan(visited).days == pytest.approx(43_200 * 6 / 3 / 86_400)
    assert plan(visited, delay=20.0).days == pytest.approx(10.0)


def test_what_is_known_is_counted_and_options_hold() -> None:
    subjects = Subjects(
        in_hand=400, searched=200, found=Counter({"x": 100}), due=Counter({"x": 5, "tiktok": 7, "misskey": 9})
    )
    planned = plan(subjects)
    assert planned.posts == {"x": 100 + 100 + 5, "tiktok": 7}, "posts of misskey are not visited"
    assert planned.estimated == 100
    assert plan(subjects, platforms=("tiktok",)).posts == {"tiktok": 7}
    assert plan(Subjects(by_host=Counter({"a.test": 50})), limit=10).articles == 10


@pytest.mark.parametrize("size", [ENOUGH - 1, ENOUGH])
def test_an_archive_that_has_seen_enough_is_believed(size: int, tmp_path: Path) -> None:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        archive.conn.execute("PRAGMA synchronous = OFF")
        keep_history(archive, archive.start_crawl("crawl", NOW, "test", {}), size)
    with closing(open_reader(tmp_path / "embeds.db")) as conn:
        averages = read_averages(conn)
    if size < ENOUGH:
        assert averages == DEFAULTS
        return
    assert averages.posts == {"instagram": 1.0}
    assert averages.requests == 1.0
    assert (averages.posts_from, averages.visits_from) == (
        f"this archive's own {size} articles",
        f"this archive's own {size} visits",
    )
    assert 0 < averages.post_bytes < (tmp_path / "embeds.db").stat().st_size / size


def test_nothing_is_sent_and_nothing_kept(httpserver: HTTPServer, tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    for n in range(3):
        (pages / f"{n}.html").write_text(f"<html><body>{QUOTE.format(n)}{QUOTE.format(9)}</body></html>")
    seeds = ["http://paper.test/a", "http://paper.test/b", "http://paper.test/sitemap.xml", pages]
    more = ("-a", tmp_path / "out", f"--resolve=*:80:127.0.0.1:{httpserver.port}", "--browser-path=/none")
    done = run("crawl", *seeds, "--plan", *more)
    assert done.code == ExitCode.DONE, done.err
    assert "Articles  3 to fetch, at 1 host; 3 in hand; 0 fetched lately enough" in done.out
    assert re.search(r"Posts {5}about \d+ to visit: x 6", done.out)
    for word in ("Requests", "Time", "Room", "1 address may be lists", "From      Posts of pages not read yet"):
        assert word in done.out
    done = run("crawl", *seeds, "--plan", "--json", "--platform", "x", "--exclude", "paper.test/a", *more)
    assert (done.json["articles"], done.json["in_hand"], set(done.json["posts"])) == (2, 3, {"x"})
    assert httpserver.log == []
    assert not (tmp_path / "out").exists()
    assert run("crawl", "--plan", "http://a.test/", "--since", "banana", *more).code == 2


def test_without_seeds_it_is_what_is_due(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_text(f"<html><body>{QUOTE.format(1)}{QUOTE.format(2)}</body></html>")
    more = ("-a", tmp_path / "out", "--browser-path=/none")
    assert run("crawl", page, *more).code == ExitCode.NO_BROWSER
    before = (tmp_path / "out" / "embeds.db").read_bytes()
    planned = run("crawl", "--plan", "--json", *more).json
    assert (planned["articles"], planned["posts"], planned["estimated"]) == (0, {"x": 2}, 0)
    again = run("crawl", page, "--plan", "--json", *more).json
    assert again["posts"] == {"x": 2}
    assert (tmp_path / "out" / "embeds.db").read_bytes() == before
