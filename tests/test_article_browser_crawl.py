"""`--render` and `--in-article` as users give them: the command line, real Chromium, one archive."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import through
from embedarchive.replica import Replica
from embedarchive.store import open_reader
from in_process import run as embedarchive

pytestmark = pytest.mark.browser

PAGES = [f"https://forms.example/situations/{n}" for n in ("consent-overlay", "lazy-on-scroll", "shadow-dom")]


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "embeds.db"


def rows(path: Path, sql: str) -> list[tuple[object, ...]]:
    conn = open_reader(path)
    try:
        return [tuple(row) for row in conn.execute(sql)]
    finally:
        conn.close()


def opened(replica: Replica) -> int:
    """How often a browser asked for one of the pages."""
    return sum(h.host == "forms.example" and h.header("sec-fetch-dest") == "document" for h in replica.hits)


SEEN = "SELECT f.url, e.seen_in FROM fetches f LEFT JOIN embeds e ON e.fetch_id = f.id ORDER BY f.url"
PLACED = "SELECT f.url, c.outcome, c.reason FROM captures c JOIN fetches f ON f.id = c.fetch_id ORDER BY f.url"


def test_a_crawl_finds_with_a_browser_what_it_does_not_find_without(replica: Replica, path: Path) -> None:
    args = ("crawl", *PAGES, "-a", path, "--json", *through(replica))
    replica.clear_hits()
    assert embedarchive(*args).json["embeds"] == 1
    assert rows(path, SEEN) == [(PAGES[0], "html"), (PAGES[1], None), (PAGES[2], None)]
    assert opened(replica) == 0
    done = embedarchive(*args, "--render")
    assert (done.code, done.json["articles"]["ok"], opened(replica)) == (0, 0, 3), done.err
    assert rows(path, SEEN) == [(PAGES[0], "both"), (PAGES[1], "dom"), (PAGES[2], "dom")]
    assert embedarchive(*args, "--render").json["embeds"] == 0
    assert opened(replica) == 3, "what is rendered is not rendered again"
    altered = rows(path, "SELECT alterations FROM fetches WHERE dom_sha256 IS NOT NULL ORDER BY url")
    assert "div#consent" in str(altered[0])


def test_find_says_where_it_saw_each_embed_and_keeps_nothing(replica: Replica, path: Path) -> None:
    plain = embedarchive("find", *PAGES, "--nl", *through(replica))
    drawn = embedarchive("find", *PAGES, "--nl", "--render", *through(replica))
    assert [json.loads(line)["seen_in"] for line in plain.out.splitlines()] == ["html"]
    assert sorted(json.loads(line)["seen_in"] for line in drawn.out.splitlines()) == ["both", "dom", "dom"]
    assert not path.exists()


def test_posts_are_photographed_in_their_articles_once(replica: Replica, path: Path) -> None:
    args = ("crawl", *PAGES, "-a", path, "--json", "--render", "--in-article", *through(replica))
    done = embedarchive(*args)
    assert (done.code, done.json["in_place"]) == (0, 3), done.err
    assert rows(path, PLACED) == [(page, "available", None) for page in PAGES]
    own = "SELECT count(*) FROM captures WHERE fetch_id IS NULL AND outcome = 'available'"
    assert rows(path, own) == [(1,)], "the post is visited by itself too, once"
    assert rows(path, "SELECT count(*) FROM fetches WHERE screenshot_sha256 IS NOT NULL") == [(3,)]
    assert rows(path, "SELECT count(*) FROM descriptions") == [(4,)]
    shown = "SELECT count(*), min(score) > 0.95 FROM replays r JOIN captures c ON c.id = r.capture_id"
    assert rows(path, f"{shown} WHERE c.fetch_id IS NOT NULL") == [(3, 1)], "they are shown again from the archive, too"
    best = "SELECT c.fetch_id FROM post_status s JOIN captures c ON c.id = s.best_capture_id"
    assert rows(path, best) == [(None,)]
    replica.clear_hits()
    again = embedarchive(*args)
    assert (again.json["in_place"], again.json["captures"]["available"], len(replica.hits)) == (0, 0, 0)


def test_a_refused_post_is_photographed_in_its_article_unasked(replica: Replica, path: Path) -> None:
    fact = replica.post("fjord")
    args = ("crawl", PAGES[0], "-a", path, "--json", *through(replica))
    replica.set_state(fact.key, "embed_refused")
    try:
        done = embedarchive(*args)
        assert (done.code, done.json["captures"]["available"], done.json["in_place"]) == (0, 1, 1), done.err
        assert rows(path, PLACED) == [(PAGES[0], "unavailable", "unconfirmed")]
        assert rows(path, "SELECT status, reason, embedding FROM post_status") == [("available", None, "refused")]
        assert embedarchive(*args).json["in_place"] == 0
    finally:
        replica.set_state(fact.key, fact.state)
