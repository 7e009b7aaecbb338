"""`stats survival`, `stats rot`, their figures, and researchers' questions, over an archive whose truth is known."""

from __future__ import annotations

import csv
import io
import random
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from xml.etree import ElementTree

import pytest

from embedarchive.core.shares import wilson
from embedarchive.library.estimates import GROUPINGS, SELECTION
from embedarchive.library.lifetimes import read_rot, read_spans, read_survival
from embedarchive.show.plots import MOST_CURVES, STYLE, WIDTH, render_rot, render_survival
from embedarchive.store import open_reader
from in_process import run
from studied import Made, Page, make_archive, watch

SVG = "{http://www.w3.org/2000/svg}"
PAGES = [Page(n, "the-meridian.example" if n % 3 else "kuestenbote.example", 30.0 * n) for n in range(1, 25)]


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
        Made("vimeo", 2, 10, (11.0, 20.0), "unavailable", "private", articles=(4,)),
        Made("vimeo", 3, 10, (11.0, 20.0, 30.0), "gone", "not_found", doubted=True, articles=(4,)),
        Made("vimeo", 4, 10, (11.0, 300.0), articles=(3, 4)),  # in two articles, of two outlets
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
    assert SELECTION in " ".join("".join(root.find(f"{SVG}desc").itertext()).split())  # type: ignore[union-attr]
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
