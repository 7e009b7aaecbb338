"""From Python: an archive answers typed, lazily and read-only, and importing the package costs nothing."""

from __future__ import annotations

import dataclasses
import doctest
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import embedarchive
from archive_builder import SAMPLES, build_archive
from conftest import ROOT
from embedarchive import Library, UsageError, open_archive
from embedarchive.api import library as reading
from embedarchive.core.errors import ArchiveError
from embedarchive.library.asking import TooSlow
from waiting import BOUND_S

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT "
SHIPS, TOKYO, CAFE, STATEMENT, BOWL, LOST, WALLED, UNSEEN = (sample.post.key for sample in SAMPLES)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db")


@pytest.fixture
def library(path: Path) -> Iterator[Library]:
    with open_archive(path.parent) as library:
        yield library


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        ({}, {SHIPS, TOKYO, CAFE, STATEMENT, BOWL, LOST, WALLED, UNSEEN}),
        ({"platform": "x"}, {STATEMENT}),
        ({"status": "gone"}, {SHIPS, STATEMENT, LOST}),
        ({"status": "not captured"}, {UNSEEN}),
        ({"author": "@Marit.Solheim.Foto"}, {SHIPS}),
        ({"author": "teatro.della.lanterna"}, {LOST}),  # known only from a publisher's markup
        ({"outlet": "www.kuestenbote.example"}, {SHIPS, CAFE}),
        ({"since": "2026-03-01", "until": "2026-03-03"}, {TOKYO, STATEMENT}),
        ({"text": "minutes meeting"}, {STATEMENT}),
        ({"text": "quarant’anni"}, {LOST}),
        ({"text": 'fjord" OR NEAR('}, set()),
        ({"text": ""}, set()),
        ({"status": "gone", "outlet": "the-meridian.example", "author": "clara_writes"}, {STATEMENT}),
    ],
)
def test_posts_meet_every_condition(library: Library, asked: dict[str, Any], wanted: set[str]) -> None:
    keys = [post.key for post in library.posts(**asked)]
    assert set(keys) == wanted
    assert keys == sorted(keys)


def test_many_posts_come_in_pieces_each_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIECE", 3)
    with open_archive(path) as library:
        statements: list[str] = []
        library._conn.set_trace_callback(statements.append)
        posts = library.posts()
        assert statements == []
        assert next(posts).key == min(sample.post.key for sample in SAMPLES)
        begun = len([sql for sql in statements if sql.startswith("SELECT s.key FROM post_status")])
        assert begun == 1
        assert len({post.key for post in posts}) == len(SAMPLES) - 1
        assert len(list(library.embeds())) == 12


@pytest.mark.parametrize(
    "form",
    [
        SHIPS,
        SHIPS.partition(":")[2],
        SAMPLES[0].post.url + "?igsh=abc&img_index=2",
        SAMPLES[0].post.url.replace("/p/", "/reel/"),
        f'<blockquote class="instagram-media" data-instgrm-permalink="{SAMPLES[0].post.url}"></blockquote>',
    ],
)
def test_a_post_answers_to_every_form_of_it(library: Library, form: str) -> None:
    record = library.post(form)
    assert record is not None
    assert record.post == SAMPLES[0].post
    assert record.status == "gone"
    assert record.best is not None


def test_what_is_not_there_is_none_or_told(library: Library) -> None:
    assert library.post("https://www.instagram.com/p/AAAAAAAAAAA/") is None
    assert library.post("the ferry") is None
    assert library.article("https://nowhere.example/") is None
    assert list(library.embeds(article="https://nowhere.example/")) == []
    with pytest.raises(UsageError, match="no post instagram:nothing"):
        library.card("instagram:nothing")
    with pytest.raises(UsageError, match="no status 'deleted'"):
        library.posts(status="deleted")
    with pytest.raises(ArchiveError, match="no archive"):
        open_archive("/nonexistent")


def test_media_and_card_carry_the_bytes(library: Library) -> None:
    files = list(library.media(SHIPS))
    assert [kept.position for kept, _ in files] == [1, 2, 3]
    assert all(body.startswith(b"\xff\xd8\xff") and len(body) == kept.size for kept, body in files)
    assert [kept.role for kept, _ in library.media(SHIPS, roles=("screenshot",))] == ["screenshot"]
    assert list(library.media(LOST)) == []
    card = library.card(next(library.posts(author="marit.solheim.foto")))
    assert card.count("data:image/jpeg;base64,") >= 3
    assert "<script" not in card


def test_articles_and_embeds(library: Library) -> None:
    assert [a.outlet for a in library.articles()] == [
        "kuestenbote.example", "the-meridian.example", "the-meridian.example", "forma.example",
    ]  # fmt: skip
    article = library.article("http://the-meridian.example/2026/03/what-the-council-deleted/")
    assert article is not None
    placed = list(library.embeds(article=article.id))
    assert [p.post.key if p.post else None for p in placed] == [STATEMENT, SHIPS, None, WALLED]
    assert {p.appearance.outlet for p in library.embeds(post=SHIPS)} == {"kuestenbote.example", "the-meridian.example"}
    assert list(library.embeds(kind="mention")) == []
    assert library.stats().gone == 3
    assert sum(outlet.gone for outlet in library.outlets()) == 4  # one of them in two outlets
    assert library.search("bowls")[0].post is not None
    assert library.lookup("@clara_writes").found


def test_records_are_frozen(library: Library) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        next(library.posts()).status = "available"  # type: ignore[misc]


# ---------------------------------------------------------------------------------------------------------------- query


def test_a_query_gives_rows_and_knows_our_functions(library: Library) -> None:
    rows = library.query(
        "SELECT key, post_key(:url) AS same FROM posts WHERE key = post_key(:url)", url=SAMPLES[3].post.url
    )
    assert list(rows) == [{"key": STATEMENT, "same": STATEMENT}]


@pytest.mark.parametrize(
    ("sql", "says"),
    [
        ("SELECT * FROM post", "no such table: post. There are: .*posts"),
        ("SELECT colour FROM posts", "no such column: colour"),
        ("SELECT :handle", r"value for :handle. On the command line: -p handle VALUE"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("DELETE FROM posts", "readonly"),
        ("CREATE TABLE mine (x)", "readonly"),
        ("ATTACH '{path}' AS other", "attached"),
        ("VACUUM INTO '{path}.leak'", "attached"),
        ("SELECT zeroblob(1000000000)", "too big"),
        ("SELECT load_extension('{path}')", "not authorized|no such function"),
    ],
)
def test_a_query_can_only_read_and_is_told_why(path: Path, library: Library, sql: str, says: str) -> None:
    before = sorted(path.parent.iterdir())
    with pytest.raises(UsageError, match=says):
        list(library.query(sql.format(path=path)))
    assert sorted(path.parent.iterdir()) == before


@pytest.mark.parametrize("sql", [ENDLESS + "count(*) FROM n", ENDLESS + "i FROM n"])
def test_a_runaway_query_ends(library: Library, sql: str) -> None:
    with pytest.raises(TooSlow, match=r"stopped after 0\.2 seconds"):
        for _ in library.query(sql, longest_s=0.2):
            pass


def test_time_in_which_the_reader_thinks_does_not_count(library: Library) -> None:
    rows = library.query("SELECT key FROM post_status", longest_s=1.0)
    next(rows)
    time.sleep(1.2)
    assert len(list(rows)) == len(SAMPLES) - 1


# ------------------------------------------------------------------------------------------------------------- package


def test_importing_the_package_brings_nothing_along() -> None:
    code = (
        "import sys, time; before = set(sys.modules); start = time.process_time(); import embedarchive; "
        "took = time.process_time() - start; new = {m for m in sys.modules if m.startswith('embedarchive')}; "
        "assert took < 0.05, took; assert new == {'embedarchive'}, new; "
        "assert 'sqlite3' not in set(sys.modules) - before; assert 'open_archive' in dir(embedarchive)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=BOUND_S, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["find_embeds", "open_archive", "Report", "EmbedArchiveError"])
def test_who_only_reads_or_finds_pays_for_no_browser(name: str) -> None:
    code = f"import sys; from embedarchive import {name}; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=BOUND_S, check=True)
    heavy = {"playwright", "httpx", "datasette"} if name != "Report" else {"datasette"}
    assert not heavy & set(done.stdout.split())


def test_public_names_lead_where_they_should() -> None:
    assert all(hasattr(embedarchive, name) for name in embedarchive.__all__)
    assert embedarchive.find_embeds("<p>nothing</p>").embeds == ()
    with pytest.raises(AttributeError, match="no attribute 'crawl_everything'"):
        embedarchive.crawl_everything  # noqa: B018


def test_the_examples_in_the_documentation_of_the_code_hold(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent.parent)
    (path.parent.parent / "archive").exists() or (path.parent.parent / "archive").symlink_to(path.parent)
    found = doctest.testmod(reading, optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert found.attempted >= 8
    assert found.failed == 0


TYPED = """
from collections.abc import Iterator
from datetime import timedelta
from typing import assert_type
from embedarchive import Captured, Library, Report, capture, check, crawl, find_embeds, open_archive
from embedarchive.core.model import Found
from embedarchive.library.records import ArticleLine, StoredFile, Placed, PostLine, PostRecord

with open_archive("archive") as library:
    assert_type(library, Library)
    assert_type(library.posts(status="gone"), Iterator[PostLine])
    assert_type(library.post("x:1"), PostRecord | None)
    assert_type(library.articles(), Iterator[ArticleLine])
    assert_type(library.embeds(), Iterator[Placed])
    assert_type(library.media("x:1"), Iterator[tuple[StoredFile, bytes]])
    assert_type(library.card("x:1"), str)
    library.posts(colour="red")

assert_type(find_embeds("<p>"), Found)
assert_type(capture("https://x.com/a/status/1", archive="archive", tabs=1, resolve=("a:1:1.1.1.1",)), Report)
assert_type(crawl("https://news.example/", render=True, scope="domain", include=["/a/"]), Report)
assert_type(check("archive", older_than=timedelta(days=7)).kept, tuple[Captured, ...])
capture("https://x.com/a/status/1", tab=1)
crawl("https://news.example/", scope="planet")
"""


def test_who_uses_it_is_told_the_types(tmp_path: Path) -> None:
    """A type checker that sees the package as an installed one accepts right use and refuses wrong use."""
    script = tmp_path / "uses.py"
    script.write_text(TYPED, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--follow-imports=silent",
         f"--cache-dir={ROOT / '.mypy_cache' / 'uses'}", script.name],
        cwd=tmp_path, capture_output=True, text=True, timeout=BOUND_S, check=False,
    )  # fmt: skip
    errors = [line for line in done.stdout.splitlines() if "error:" in line]
    assert len(errors) == 3, done.stdout + done.stderr
    assert 'Unexpected keyword argument "colour"' in errors[0]
    assert 'Unexpected keyword argument "tab"' in errors[1]
    assert "incompatible type \"Literal['planet']\"" in errors[2]
