"""`stats survival`, `stats rot`, their figures, and researchers' questions, over an archive whose truth is known."""

from __future__ import annotations

import asyncio
import csv
import io
import random
import re
import sqlite3
import subprocess
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from datasette.app import Datasette

from archive_builder import SAMPLES, build_archive, instagram
from conftest import ROOT
from embedarchive.core.model import Claim
from embedarchive.core.shares import wilson
from embedarchive.core.survival import METHOD
from embedarchive.library.estimates import GROUPINGS, ROT_SELECTION, SELECTION
from embedarchive.library.lifetimes import read_rot, read_spans, read_survival
from embedarchive.library.questions import QUESTIONS
from embedarchive.show.plots import MOST_CURVES, STYLE, WIDTH, render_rot, render_survival
from embedarchive.store import open_reader
from embedarchive.viewer.counting import rot_of
from embedarchive.viewer.studies import STUDIES
from in_process import run
from reading_room import open_room
from studied import Made, Page, at, make_archive, watch
from tools import find_python_tools
from waiting import BOUND_S

SVG = "{http://www.w3.org/2000/svg}"
PAGES = [Page(n, "the-meridian.example" if n % 3 else "kuestenbote.example", 30.0 * n) for n in range(1, 26)]


def make_posts() -> list[Made]:
    """x dies twice as fast as instagram; tiktok is too little for a curve; and one of each odd fate."""
    draw = random.Random(1)
    posts = [
        watch(platform, n, draw.uniform(0, 400), draw.expovariate(1 / mean), draw, account=f"{platform}{n // 4}",
              articles=(1 + n % 24,), kind="photo" if n % 3 else "video", lang="en" if n % 2 else None)
        for platform, mean, number in (("instagram", 600, 120), ("x", 200, 100), ("tiktok", 400, 12))
        for n in range(number)
    ]  # fmt: skip
    odd = [
        Made("vimeo", 1, 10, (40.0,), "gone", "not_found", articles=(3,)),  # gone before anyone looked
        Made("vimeo", 2, 10, (11.0, 20.0), "unavailable", "private", articles=(4,), kept="partial"),
        Made("vimeo", 3, 10, (11.0, 20.0, 30.0), "gone", "not_found", doubted=True, articles=(4,)),
        Made("vimeo", 4, 10, (11.0, 300.0), articles=(3, 4)),  # in two articles, of two outlets
        Made("vimeo", 5, 10, (11.0, 300.0), articles=(25,)),  # in an article without a hole
    ]
    return posts + odd


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_archive(tmp_path_factory.mktemp("archive") / "embeds.db", make_posts(), PAGES)


@pytest.fixture(scope="module")
def conn(path: Path) -> sqlite3.Connection:
    return open_reader(path)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A band of fewer samples: enough to be one."""
    monkeypatch.setattr("embedarchive.library.lifetimes.RESAMPLES", 25)


# -------------------------------------------------------------------------------------------------------------- the data


def test_lifetimes_keep_what_is_still_there_and_what_is_doubted(conn: sqlite3.Connection) -> None:
    spans = {span.key: span for span in read_spans(conn)}
    assert len(spans) == len(make_posts())
    before, private, doubted, there = (spans[f"vimeo:{n}"] for n in range(1, 5))
    assert (before.life, before.event, before.missing) == (None, "gone", pytest.approx(30))
    assert (private.event, private.cause, private.missing) == ("other", "private", pytest.approx(10))
    assert private.life.missing is None  # type: ignore[union-attr]
    assert (doubted.event, doubted.seen, doubted.missing) == (None, pytest.approx(10), None)
    assert (there.event, there.seen, sorted(there.outlets)) == (
        None, pytest.approx(290), ["kuestenbote.example", "the-meridian.example"],
    )  # fmt: skip
    for made in make_posts():
        span = spans[made.key]
        if made.last == "available":
            assert (span.event, span.missing) == (None, None)
            assert span.seen == pytest.approx(made.looks[-1] - made.posted, abs=1e-4)


def test_holes_say_of_each_article_what_is_gone_and_what_is_not_known(conn: sqlite3.Connection) -> None:
    rows = {row["article_id"]: row for row in conn.execute("SELECT * FROM holes")}
    made = make_posts()
    for page in PAGES:
        of = [post for post in made if page.number in post.articles]
        gone = [post for post in of if post.last == "gone" and not post.doubted]
        row = rows[page.number]
        assert (row["embeds"], row["gone"]) == (len(of), len(gone))
        assert row["gone_but_kept"] == sum(len(post.looks) > 1 for post in gone)
        assert row["perhaps_gone"] == sum(post.doubted for post in of)


def test_a_post_of_two_outlets_counts_in_each_once_and_in_all_once(conn: sqlite3.Connection) -> None:
    told = read_survival(conn, "outlet", resamples=0)
    assert told.whole.posts + told.whole.gone_before == len(make_posts())
    assert sum(group.posts for group in told.groups) == told.whole.posts + 1


# ------------------------------------------------------------------------------------------------------------- survival


def test_what_dies_faster_is_said_to(path: Path) -> None:
    told = run("stats", "survival", "--json", "-a", path).json
    groups = {group["name"]: group for group in told["groups"]}
    assert groups["tiktok"]["curve"] is None
    left = {}
    for name in ("instagram", "x"):
        curve = groups[name]["curve"]
        number = max(n for n, day in enumerate(curve["days"]) if day <= 182)
        left[name] = (curve["low"][number], curve["alive"][number], curve["high"][number])
    assert abs(left["instagram"][1] - 0.738) < 0.1  # exp(-182 / 600)
    assert abs(left["x"][1] - 0.402) < 0.1  # exp(-182 / 200)
    assert left["x"][2] < left["instagram"][0]


def test_the_table_says_how_much_it_rests_on(path: Path) -> None:
    done = run("stats", "survival", "-a", path, COLUMNS="160")
    assert done.code == 0, done.err
    said = " ".join(done.out.split())
    made = make_posts()
    seen = [post for post in made if len(post.looks) > 1 or post.last == "available"]
    lost = [post for post in seen if post.last == "gone" and not post.doubted]
    assert f"{len(seen)} posts seen alive, {len(lost)} of them lost since, 1 private or refused" in said
    assert f"{sum(len(post.looks) for post in seen):,} observations" in said
    assert "days apart in the median" in said
    assert "1 more post was gone before anyone looked, 30 days old in the median; not in the curve." in said
    assert "Late entry: " in said
    assert SELECTION in said
    assert "too few" in next(line for line in done.out.splitlines() if "TikTok" in line)


@pytest.mark.parametrize("by", GROUPINGS)
@pytest.mark.parametrize("what", ["survival", "rot"])
def test_every_grouping_gives_groups(path: Path, what: str, by: str) -> None:
    done = run("stats", what, "--by", by, "--csv", "-", "-a", path)
    assert done.code == 0, done.err
    rows = list(csv.DictReader(io.StringIO(done.out)))
    assert len({row.get(by) or row.get("group") for row in rows}) > 1


def test_the_data_are_written_for_other_programs(path: Path) -> None:
    rows = list(csv.DictReader(io.StringIO(run("stats", "survival", "--intervals", "-", "-a", path).out)))
    made = {post.key: post for post in make_posts()}
    assert {row["key"] for row in rows} == made.keys()
    assert sum(row["event"] == "gone" for row in rows) == sum(p.last == "gone" and not p.doubted for p in made.values())
    embeds = list(csv.DictReader(io.StringIO(run("stats", "rot", "--intervals", "-", "-a", path).out)))
    assert len(embeds) == sum(len(post.articles) for post in made.values())


def test_stats_alone_are_the_totals(path: Path) -> None:
    assert run("stats", "--json", "-a", path).json["posts"] == len(make_posts())
    assert run("stats", "--by", "outlet", "-a", path).code == 2


def test_an_archive_of_nothing_is_told_so(tmp_path: Path) -> None:
    empty = make_archive(tmp_path / "embeds.db", [], [])
    for what in ("survival", "rot"):
        done = run("stats", what, "-a", empty, "--svg", "-")
        assert done.code == 0, done.err
        assert "Too little was seen" in done.out or "No article" in done.out
        assert run("stats", what, "-a", empty).code == 0


# ------------------------------------------------------------------------------------------------------------------ rot


def test_rot_counts_articles_and_not_embeds(conn: sqlite3.Connection) -> None:
    made = make_posts()
    told = read_rot(conn, "outlet")
    for group in told.groups:
        pages = [page.number for page in PAGES if page.outlet == group.name]
        holed = {n for n in pages for p in made if n in p.articles and p.last == "gone" and not p.doubted}
        assert (group.articles, group.holes) == (len(pages), len(holed))
        assert (group.low, group.high) == wilson(group.holes, group.articles)
        assert group.low <= group.share <= group.high
    assert told.whole.articles == len(PAGES)
    assert [month.name for month in told.months] == sorted({month.name for month in told.months})


def test_a_doubted_loss_is_no_hole(tmp_path: Path) -> None:
    doubted = Made("x", 1, 0, (1.0, 2.0), "gone", "not_found", doubted=True, articles=(1,))
    private = Made("x", 2, 0, (1.0, 2.0), "unavailable", "private", articles=(2,))
    wall = Made("x", 3, 0, (1.0,), "blocked", "login_wall", articles=(3,))
    with closing(open_reader(make_archive(tmp_path / "embeds.db", [doubted, private, wall], PAGES[:3]))) as conn:
        whole = read_rot(conn).whole
    assert (whole.articles, whole.holes, whole.perhaps, whole.hidden, whole.not_known) == (2, 0, 1, 1, 1)


def test_the_interval_is_wilsons() -> None:
    """As in Newcombe, 1998, https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8<857::AID-SIM777>3.0.CO;2-E, table I."""
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0, 0.1611), abs=5e-5)
    assert wilson(1, 29) == pytest.approx((0.0061, 0.1718), abs=5e-5)
    assert wilson(0, 0) == (0, 1)


# -------------------------------------------------------------------------------------------------------------- figures


@pytest.fixture(scope="module")
def figures(conn: sqlite3.Connection) -> dict[str, str]:
    evil = '<script>alert("x")</script> & \x1b[31m'
    return {
        "platforms": render_survival(read_survival(conn, resamples=5)),
        "all": render_survival(read_survival(conn, "form", resamples=5), evil),
        "rot": render_rot(read_rot(conn), evil),
    }


@pytest.mark.parametrize("name", ["platforms", "all", "rot"])
def test_a_figure_is_one_small_file_without_scripts_that_says_what_it_shows(figures: dict[str, str], name: str) -> None:
    figure = figures[name]
    root = ElementTree.fromstring(figure)
    assert len(figure.encode()) < 40_000
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "g", "line", "text", "polyline", "polygon", "circle",
    }  # fmt: skip
    assert not [name for each in root.iter() for name in each.attrib if name.startswith("on") or "href" in name]
    assert root.get("role") == "img"
    assert {root.find(f"{SVG}{tag}").get("id") for tag in ("title", "desc")} == set(
        root.get("aria-labelledby", "").split()
    )  # type: ignore[union-attr]
    assert (ROT_SELECTION if name == "rot" else SELECTION) in " ".join(
        "".join(root.find(f"{SVG}desc").itertext()).split()
    )  # type: ignore[union-attr]
    assert "url(" not in STYLE
    assert "@import" not in STYLE


@pytest.mark.parametrize("name", ["platforms", "all", "rot"])
def test_all_letters_of_a_figure_are_within_it_and_large_enough_on_a_phone(figures: dict[str, str], name: str) -> None:
    root = ElementTree.fromstring(figures[name])
    height = float(root.get("height", "0"))
    for text in root.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x", "-1")) <= WIDTH
        assert 0 < float(text.get("y", "-1")) < height
    sizes = [float(size) for size in re.findall(r"([\d.]+)px", STYLE)]
    assert min(sizes) * 320 / WIDTH >= 9


def test_lines_differ_without_their_colours(figures: dict[str, str]) -> None:
    root = ElementTree.fromstring(figures["platforms"])
    curves = [group for group in root.iter(f"{SVG}g") if group.find(f"{SVG}polyline") is not None]
    assert 1 < len(curves) <= MOST_CURVES
    dashes = [next(group.iter(f"{SVG}polyline")).get("stroke-dasharray") for group in curves]
    assert len(set(dashes)) == len(dashes)
    assert {"TikTok", "Vimeo"} & {text.text for text in root.iter(f"{SVG}text")} == set()
    assert "Too few for a curve" in figures["platforms"]


def test_colours_can_be_told_from_the_paper() -> None:
    """WCAG 2.2: 4.5 for letters, 3 for lines; labels bear the colour of their line, so all have 4.5."""
    light, dark = STYLE.split("@media (prefers-color-scheme: dark)")
    for part in (light, dark.split("@media print")[0]):
        paper = re.search(r"\.paper { fill: (#\w+)", part)[1]  # type: ignore[index]
        soft = re.findall(r"(?:fill|--c): (#\w{6})", part)
        for colour in set(soft) - {paper}:
            assert contrast(colour, paper) >= 4.5, (colour, paper)


def contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


# ------------------------------------------------------------------------------------------------------ saved questions


def ask(path: Path, name: str) -> list[dict[str, object]]:
    done = run("query", name, "--json", "-a", path)
    assert done.code == 0, done.err
    return done.json  # type: ignore[no-any-return]


def is_lost(post: Made) -> bool:
    return post.last == "gone" and not post.doubted


def test_the_question_of_lifetimes_gives_every_post_and_its_censoring(path: Path) -> None:
    rows = {row["key"]: row for row in ask(path, "lifetimes")}
    for post in make_posts():
        row = rows[post.key]
        assert (row["missing_days"] is not None) == (is_lost(post) or post.last == "unavailable"), post
        alive = [look for n, look in enumerate(post.looks) if n < len(post.looks) - 1 or post.last == "available"]
        for name, look in (("entered_days", alive[0] if alive else None), ("seen_days", alive[-1] if alive else None)):
            assert row[name] == (None if look is None else pytest.approx(look - post.posted, abs=0.02)), (post, name)


def test_the_question_of_holes_gives_whole_articles_too(path: Path) -> None:
    rows = ask(path, "holes")
    assert len(rows) == len(PAGES)
    holed = {page.number for page in PAGES for post in make_posts() if page.number in post.articles and is_lost(post)}
    assert sum(bool(row["has_hole"]) for row in rows) == len(holed) < len(PAGES)


def test_shares_of_dead_embeds_are_by_outlet_and_year_with_intervals(path: Path) -> None:
    rows = ask(path, "dead-by-outlet-and-year")
    counted: dict[tuple[str, str], list[bool]] = {}
    for page in PAGES:
        year = at(page.published)[:4]
        for post in make_posts():
            if page.number in post.articles:
                counted.setdefault((page.outlet, year), []).append(is_lost(post))
    assert {(row["outlet"], row["year"]) for row in rows} == counted.keys()
    for row in rows:
        lost = counted[str(row["outlet"]), str(row["year"])]
        low, high = wilson(sum(lost), len(lost))
        assert (row["gone"], row["embeds"]) == (sum(lost), len(lost))
        assert (row["low"], row["high"]) == (round(100 * low, 1), round(100 * high, 1))


def test_rates_are_by_the_time_that_posts_were_watched(path: Path) -> None:
    rows = {row["platform"]: row for row in ask(path, "loss-rates")}
    assert next(iter(rows)) == "x"
    for platform in ("instagram", "x"):
        years = lost = 0.0
        for post in make_posts():
            if post.platform == platform and len(post.looks) > 1:
                gone = is_lost(post)
                end = (post.looks[-2] + post.looks[-1]) / 2 if gone else post.looks[-1]
                years += (end - post.looks[0]) / 365.25
                lost += gone
        assert rows[platform]["post_years"] == pytest.approx(years, abs=0.06)
        assert rows[platform]["lost_per_100_post_years"] == pytest.approx(100 * lost / years, abs=0.1)


def test_what_several_outlets_embed(path: Path) -> None:
    assert [(row["key"], row["outlets"], row["articles"]) for row in ask(path, "shared-by-outlets")] == [
        ("vimeo:4", 2, 2)
    ]


def test_embeds_an_article_by_month(path: Path) -> None:
    rows = ask(path, "embeds-per-article")
    assert sum(int(str(row["articles"])) for row in rows) == len(PAGES)
    assert sum(int(str(row["embeds"])) for row in rows) == sum(len(post.articles) for post in make_posts())
    assert [row["month"] for row in rows] == sorted(str(row["month"]) for row in rows)


def test_languages_and_kinds_are_counted(path: Path) -> None:
    seen = [post for post in make_posts() if len(post.looks) > 1 or post.last == "available"]
    langs = {row["lang"]: row["posts"] for row in ask(path, "languages")}
    assert langs == {"en": sum(p.lang == "en" for p in seen), "not known": sum(p.lang is None for p in seen)}
    kinds = {(row["platform"], row["kind"]): (row["posts"], row["gone"]) for row in ask(path, "kinds")}
    videos = [post for post in make_posts() if post.platform == "x" and post.kind == "video"]
    assert kinds["x", "video"] == (len(videos), sum(map(is_lost, videos)))


def test_what_the_archive_cannot_know_is_counted(path: Path) -> None:
    rows = {row["platform"]: row for row in ask(path, "coverage")}
    assert (rows["vimeo"]["posts"], rows["vimeo"]["gone_before"], rows["vimeo"]["nothing_known"]) == (5, 1, 0)
    late = sum(p.platform == "x" and p.looks[0] - p.posted > 1 for p in make_posts())
    assert rows["x"]["late_entry"] == late


def test_edits_are_of_those_that_were_looked_at_again(path: Path) -> None:
    """Every look of these made-up posts reads other words."""
    rows = ask(path, "edits-by-month")
    assert rows
    for row in rows:
        assert row["edited"] == row["looked_at_again"]
        assert row["high"] == pytest.approx(100)


def test_what_is_lost_by_outlet_and_by_platform(path: Path) -> None:
    made = make_posts()
    for row in ask(path, "lost-by-outlet"):
        of = [p for p in made if any(page.number in p.articles for page in PAGES if page.outlet == row["outlet"])]
        assert (row["posts"], row["gone"]) == (len(of), sum(map(is_lost, of)))
        assert row["gone_but_kept"] == sum(is_lost(post) and len(post.looks) > 1 for post in of)
    for row in ask(path, "loss-by-platform"):
        of = [post for post in made if post.platform == row["platform"]]
        assert (row["posts"], row["gone"]) == (len(of), sum(map(is_lost, of)))
        assert row["perhaps_gone"] == sum(post.doubted for post in of)
        assert row["unavailable"] == sum(post.doubted or post.last == "unavailable" for post in of)


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("most-embedded", ["vimeo:4"]),
        ("perhaps-gone", ["vimeo:3"]),
        ("lost-and-not-kept", ["vimeo:1"]),
        ("kept-in-part", ["vimeo:2"]),
        ("claims-that-differ", []),
    ],
)
def test_questions_of_odd_posts_give_those_and_no_other(path: Path, name: str, keys: list[str]) -> None:
    assert [row["key"] for row in ask(path, name)] == keys


def test_hours_from_post_to_article_are_of_articles_that_came_later(path: Path) -> None:
    for row in ask(path, "embedded-after"):
        hours = [
            24 * (page.published - post.posted)
            for page in PAGES
            for post in make_posts()
            if page.outlet == row["outlet"] and page.number in post.articles and page.published > post.posted
        ]
        assert row["embeds"] == len(hours)
        assert row["hours_on_average"] == pytest.approx(sum(hours) / len(hours), abs=0.1)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive made by the writer, of posts that share pictures, were edited, and stood behind walls."""
    twin = replace(SAMPLES[1], post=instagram(3_842_916_204_715_883_021), claim=Claim("Somebody", "somebody.else"))
    return build_archive(tmp_path_factory.mktemp("samples") / "embeds.db", (*SAMPLES[:4], twin, *SAMPLES[4:]))


def test_questions_of_pictures_claims_edits_and_walls(samples: Path) -> None:
    assert {row["posts"] for row in ask(samples, "same-picture")} == {2}
    assert {row["claimed"] for row in ask(samples, "claims-that-differ")} == {"somebody.else"}
    assert [row["post_key"] for row in ask(samples, "edited-posts")] == [SAMPLES[0].post.key]
    assert len(ask(samples, "embeds-without-a-post")) == 2
    walls = [row for row in ask(samples, "walls-by-month") if row["outcome"] == "blocked"]
    assert [(row["month"], row["reason"]) for row in walls] == [("2026-03", "login_wall")]
    handle = run("query", "posts-by-handle", "-p", "handle", "Clara_Writes", "--json", "-a", samples).json
    assert {row["key"] for row in handle} == {SAMPLES[3].post.key}
    asked = run("query", "post-of-a-url", "-p", "url", SAMPLES[3].post.url + "?s=20", "--json", "-a", samples).json
    assert [row["key"] for row in asked] == [SAMPLES[3].post.key]


def test_no_saved_question_ends_before_its_answer() -> None:
    assert [name for name, asked in QUESTIONS.items() if re.search(r"\bLIMIT \d+\s*$", asked["sql"])] == []


# ------------------------------------------------------------------------------------------------------ the reading room


async def get_made(room: Datasette, url: str) -> Any:
    """The answer once it is made: an estimate is made in the background."""
    end = time.monotonic() + BOUND_S
    while True:
        answer = await room.client.get(url)
        if time.monotonic() > end or (answer.status_code != 503 and "look again in a moment" not in answer.text):
            return answer
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("study", STUDIES)
async def test_the_room_shows_the_figure_the_table_and_what_they_rest_on(path: Path, study: str) -> None:
    room = await open_room(path)
    page = await get_made(room, f"/embeds/-/{study}?by=platform")
    assert page.status_code == 200
    assert f'src="/embeds/-/{study}.svg?by=platform&amp;notes=no"' in page.text
    assert (SELECTION if study == "survival" else ROT_SELECTION) in page.text
    assert "Instagram" in page.text
    assert f"embedarchive stats {study} --by platform" in page.text
    figure = await get_made(room, f"/embeds/-/{study}.svg?by=platform")
    assert figure.headers["content-type"] == "image/svg+xml; charset=utf-8"
    assert "script-src" not in figure.headers["content-security-policy"]
    ElementTree.fromstring(figure.text)
    sheet = await get_made(room, f"/embeds/-/{study}.csv?by=platform")
    assert len(list(csv.DictReader(io.StringIO(sheet.text)))) > 3
    assert (await get_made(room, f"/embeds/-/{study}?by=nonsense")).status_code == 200


@pytest.mark.parametrize("study", STUDIES)
async def test_who_may_not_see_what_an_estimate_reads_sees_none(path: Path, study: str) -> None:
    for table in ("posts", "checks", "conclusions", *STUDIES[study].reads):
        about = {"databases": {"embeds": {"tables": {table: {"allow": False}}}}}
        named = "config" if "config" in Datasette.__init__.__code__.co_varnames else "metadata"
        room = await open_room(path, **{named: about})
        for form in ("", ".svg", ".csv"):
            assert (await room.client.get(f"/embeds/-/{study}{form}")).status_code == 403, (table, form)


async def test_an_estimate_is_kept_until_the_archive_changes(path: Path) -> None:
    room = await open_room(path)
    database = room.get_database("embeds")
    await get_made(room, "/embeds/-/rot")
    first = await rot_of(room, database, "outlet")
    assert first is not None
    assert await rot_of(room, database, "outlet") is first


# ----------------------------------------------------------------------------------------------------- what the docs show


def test_the_figure_of_the_docs_is_one_of_ours() -> None:
    figure = (ROOT / "docs" / "survival.svg").read_text("utf-8")
    root = ElementTree.fromstring(figure)
    said = " ".join("".join(root.find(f"{SVG}desc").itertext()).split())  # type: ignore[union-attr]
    assert SELECTION in said
    assert METHOD in said
    assert root.find(f"{SVG}style").text == STYLE  # type: ignore[union-attr]


def test_pandas_and_duckdb_read_an_archive_as_the_docs_say(path: Path, tmp_path: Path) -> None:
    python = find_python_tools("statistics") / "python"
    page = (ROOT / "docs" / "researchers.md").read_text("utf-8")
    example = re.search(r"^```py\n(.*?)^```$", page, re.M | re.S)[1]  # type: ignore[index]
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "embeds.db").write_bytes(path.read_bytes())
    (tmp_path / "lifetimes.csv").write_text(run("query", "lifetimes", "--csv", "-a", path).out, "utf-8")
    done = subprocess.run(
        [python, "-c", example], cwd=tmp_path, capture_output=True, text=True, timeout=BOUND_S, check=False
    )
    assert done.returncode == 0, done.stderr
    made = [post for post in make_posts() if post.platform == "instagram"]
    share = sum(map(is_lost, made)) / len(made)
    assert re.search(rf"instagram +{share:.2f}", done.stdout)
    assert re.search(rf"instagram\D+{len(made)}\D+{sum(map(is_lost, made))}\D", done.stdout)
