"""Posts by what they are like: lists, counts, dates in lookups and searches, near misses."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path

import pytest

from archive_builder import SAMPLES, build_archive
from embedarchive.core.periods import Period, fill_months, month_of
from embedarchive.library import lookup, search
from embedarchive.library.browse import (
    STATES,
    Filters,
    count_facets,
    count_makers,
    is_state,
    list_posts,
    list_unnamed,
)
from embedarchive.store import open_reader
from in_process import run

KEYS = [sample.post.key for sample in SAMPLES]
MARCH = month_of(2026, 3)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db")


@pytest.fixture(scope="module")
def conn(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(open_reader(path)) as conn:
        yield conn


def keys(conn: sqlite3.Connection, asked: Filters) -> set[str]:
    return {line.key for line in list_posts(conn, asked).lines}


CHOICES = {
    "platform": (None, "instagram", "x", "tiktok"),
    "outlet": (None, "the-meridian.example", "forma.example", "nobody.example"),
    "state": (None, *STATES),
    "lang": (None, "en", "ja"),
    "period": (None, MARCH, month_of(2026, 2)),
}


def test_every_count_is_what_the_list_holds(conn: sqlite3.Connection) -> None:
    """Every combination: what is counted, by kept counts or now, is what is listed."""
    for chosen in product(*CHOICES.values()):
        asked = Filters(**dict(zip(CHOICES, chosen, strict=True)))
        facets = count_facets(conn, asked)
        lines = list_posts(conn, asked, most=100).lines
        assert facets.posts == len(lines), asked
        assert dict(facets.platforms) == {
            p: n for p in ("instagram", "x") if (n := sum(e.platform == p for e in lines))
        }
        for state, number in facets.states:
            assert number == len(
                list_posts(conn, Filters(**{**asked_values(asked), "state": state}), most=100).lines
            ) or (asked.state not in (None, state))


def asked_values(asked: Filters) -> dict[str, object]:
    return {name: getattr(asked, name) for name in CHOICES}


def test_makers_are_counted_with_and_without_a_choice(conn: sqlite3.Connection) -> None:
    every, chosen = count_makers(conn), count_makers(conn, Filters(platform="x"))
    assert dict(every.outlets) == {"the-meridian.example": 7, "kuestenbote.example": 2, "forma.example": 1}
    assert dict(every.authors)["marit.solheim.foto"] == 1
    assert (dict(chosen.outlets), dict(chosen.authors)) == ({"the-meridian.example": 1}, {"clara_writes": 1})


def test_an_author_s_posts_are_listed(conn: sqlite3.Connection) -> None:
    assert keys(conn, Filters.read({"author": "@Marit.Solheim.Foto"})) == {KEYS[0]}
    assert count_facets(conn, Filters(author="marit.solheim.foto")).posts == 1


def test_single_days_are_counted_too(conn: sqlite3.Connection) -> None:
    line = list_posts(conn, Filters(platform="x")).lines[0]
    day = (line.posted_at or "")[:10]
    asked = Filters.read({"period": day, "platform": "x"})
    assert asked.period is not None
    assert not asked.by_month
    assert count_facets(conn, asked).posts == len(keys(conn, asked)) == 1


@pytest.mark.parametrize("asked", [Filters(), Filters(platform="instagram"), Filters(outlet="the-meridian.example")])
def test_pages_follow_one_another_and_lose_nothing(conn: sqlite3.Connection, asked: Filters) -> None:
    whole = [line.key for line in list_posts(conn, asked).lines]
    found, after = [], None
    while True:
        page = list_posts(conn, asked, after, most=2)
        found += [line.key for line in page.lines]
        after = page.after
        if after is None:
            break
    assert found == whole
    assert len(set(found)) == len(found) > 3


def test_a_state_in_sql_is_the_state_in_words(conn: sqlite3.Connection) -> None:
    statuses = ("available", "gone", "unavailable", "blocked", "error", "not captured", "unresolved")
    for name, (_, sql) in STATES.items():
        for status, kept in product(statuses, ("whole", "partial", "none")):
            row = conn.execute(f"SELECT {sql} FROM (SELECT ? AS status, ? AS kept)", (status, kept)).fetchone()
            assert bool(row[0]) == is_state(name, status, kept)


def test_what_an_address_says_is_what_was_asked_for() -> None:
    asked = Filters("x", "a.example", "ann", Period(MARCH.start, MARCH.start), "gone-kept", "photo", "en", "my set")
    assert Filters.read(asked.tell()) == asked
    assert Filters.read({"state": "nonsense", "period": "11.2.2026", "platform": " "}) == Filters()
    assert asked.tell(platform=None, period=None).keys() == asked.tell().keys() - {"platform", "period"}


def test_embeds_that_name_no_post_are_listed(conn: sqlite3.Connection) -> None:
    assert len(list_unnamed(conn, Filters())) == 2
    assert len(list_unnamed(conn, Filters(outlet="forma.example"))) == 1


def test_months_without_posts_are_months() -> None:
    assert fill_months({"2025-11": 1}, {"2026-02": 2}) == ("2025-11", "2025-12", "2026-01", "2026-02")


# ---------------------------------------------------------------------------------------------------------------- dates


def date_of(conn: sqlite3.Connection, key: str) -> str:
    return str(conn.execute("SELECT posted_at FROM browsing WHERE outlet = '' AND post_key = ?", (key,)).fetchone()[0])


def test_a_date_finds_the_posts_of_that_day_and_no_other(conn: sqlite3.Connection) -> None:
    day = date_of(conn, KEYS[1])[:10]
    for text in (day, day.replace("-", "/")):
        found = lookup(conn, text)
        assert {line.key for line in found.posts} == {k for k in KEYS if date_of(conn, k).startswith(day)}
        assert found.browse == {"period": day}
    assert {hit.post.key for hit in search(conn, day) if hit.post} == {line.key for line in found.posts}


def test_a_month_finds_its_posts(conn: sqlite3.Connection) -> None:
    dated = [key for key in KEYS if date_of(conn, key).startswith("2026-02")]
    for text in ("feb 2026", "February 2026", "2026-02", "Februar 2026"):
        found = lookup(conn, text)
        assert ({line.key for line in found.posts}, found.total) == (set(dated), len(dated)), text


def test_a_day_without_posts_is_answered_with_none_and_nearly(conn: sqlite3.Connection) -> None:
    found = lookup(conn, "11 February 2019")
    assert not found.found
    assert len(found.near) == 1
    assert "after" in found.near[0][1]


@pytest.mark.parametrize("text", ["11.2.2026", "30 February 2026", "2026-02-30"])
def test_what_is_no_certain_day_finds_no_post(conn: sqlite3.Connection, text: str) -> None:
    found = lookup(conn, text)
    assert not found.found
    assert search(conn, text) == ()
    assert found.spelt == (("2026-02-11", "2026-11-02") if text == "11.2.2026" else ())


def test_words_beside_a_date_are_looked_for_on_that_date(conn: sqlite3.Connection) -> None:
    month = date_of(conn, KEYS[0])[:7]
    assert [hit.post.key for hit in search(conn, f"ferry {month}") if hit.post] == [KEYS[0]]
    assert "in posts of" in lookup(conn, f"ferry {month}").understood
    assert search(conn, "ferry", within=Filters(period=month_of(2019, 1))) == ()
    assert search(conn, "ferr", within=Filters(platform="x")) == ()


@pytest.mark.parametrize(
    ("text", "understood", "first"),
    [
        ("instagram feb 2026", "posts of February 2026, on instagram", KEYS[0]),
        ("feb 2026 instagram", "posts of February 2026, on instagram", KEYS[0]),
        ("instagram @marit.solheim.foto", "posts by @marit.solheim.foto, on instagram", KEYS[0]),
        ("Instagram: marit.solheim.foto", "posts by marit.solheim.foto, on instagram", KEYS[0]),
        ("ferry instagram", "words in posts on instagram", KEYS[0]),
        ("themeridian", "an outlet", None),
    ],
)
def test_a_platform_beside_other_words_narrows_them(
    conn: sqlite3.Connection, text: str, understood: str, first: str | None
) -> None:
    found = lookup(conn, text)
    keys = [line.key for line in found.posts] + [hit.post.key for hit in found.hits if hit.post]
    assert found.understood == understood
    assert first is None or first in keys


@pytest.mark.parametrize("text", ["x marks nothing here", "instagram zzyyxx", "nowhere gazette", "instagram 11.2.2026"])
def test_a_platform_beside_what_nothing_holds_finds_nothing_of_it(conn: sqlite3.Connection, text: str) -> None:
    assert not lookup(conn, text).posts


@pytest.mark.parametrize("text", ["instagram", "Instagram", "IG", "insta gram"])
def test_a_platform_s_word_lists_it(conn: sqlite3.Connection, text: str) -> None:
    found = lookup(conn, text)
    assert (found.understood, found.total, len(found.posts)) == ("a platform", 7, 7)


def test_an_outlet_s_host_lists_it(conn: sqlite3.Connection) -> None:
    assert lookup(conn, "the-meridian.example").understood == "an outlet"


def test_what_is_nearly_so_says_why(conn: sqlite3.Connection) -> None:
    native = KEYS[0].partition(":")[2]
    found = lookup(conn, native.swapcase())
    assert not found.found
    assert [line.key for line, _ in found.near] == [KEYS[0]]
    assert "marit.solheim.foto" in lookup(conn, "@marit.solhiem.foto").spelt


# --------------------------------------------------------------------------------------------------------- command line


def test_the_command_line_takes_the_same_filters(path: Path) -> None:
    def out(*words: str) -> tuple[int, str]:
        done = run("search", *words, "-a", path)
        return done.code, done.out + done.err

    assert out("--state", "gone-lost")[0] == 0
    assert "Teatro" in out("--state", "gone-lost")[1]
    assert "Clara" in out("--platform", "x")[1]
    assert "Clara" in out("delete", "--platform", "x")[1]
    assert out("delete", "--platform", "instagram")[0] == 1
    assert out("delete", "--platform", "instagram")[1] == "Nothing found. There is something without --platform.\n"
    assert "without --state" in out("--platform", "x", "--state", "partly-kept")[1]
    assert "embedarchive lookup zzzqq" in out("zzzqq")[1]
    assert out("--platform", "tiktok")[0] == 1
    assert out()[0] == 2
    code, told = out("--period", "11.2.2026")
    assert code == 2
    assert "11 February 2026 or 2 November 2026" in told
