"""Whose observation a capture is: told everywhere it is shown, never taken for a visit, and a bound of a life all the same."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import in_process
from embedarchive.core.model import Capture, Post, Verdict
from embedarchive.core.version import __version__
from embedarchive.library.lifetimes import read_survival
from embedarchive.library.posts import post_record, read_lines
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.recorded import describe_recorded
from embedarchive.run.recorded import Witness, gather, judge, make_capture
from embedarchive.show.badges import ORIGIN_SHAPES, SHAPES
from embedarchive.show.card import render_card
from embedarchive.show.words import find_changes, find_events, find_runs, say_post_status, say_sighting
from embedarchive.store import Archive, open_reader
from embedarchive.store.fixity import read_blob
from embedarchive.store.reading import read_page
from embedarchive.store.recorded import keep_recorded
from web_archives import BROWSERTRIX, THEN, find_post, find_scene, record_scene

NOW = "2026-11-27T12:00:00.000Z"
CRAWLER = Witness("import", BROWSERTRIX, "harbour.wacz!archive/data.warc.gz")
WAYBACK = Witness("memento", "the Wayback Machine", "https://web.archive.org/web/20240309100000id_/x")
WITNESSES = {"instagram": CRAWLER, "threads": WAYBACK}
FIRST, SECOND, GONE = "2026-03-01T10:00:00.000Z", "2026-03-05T10:00:00.000Z", "2026-04-01T10:00:00.000Z"


def theirs(name: str, witness: Witness, at: str = THEN) -> Capture:
    scene = find_scene(name)
    recorded = record_scene(scene, at)
    files = {each.url: each for each in recorded}
    return make_capture(judge(gather(find_post(scene), recorded)[0]), witness, NOW, files)


def ours(name: str, at: str, verdict: Verdict | None = None) -> Capture:
    """A visit of ours that saw the same, or what is said."""
    seen = theirs(name, CRAWLER, at)
    return replace(seen, origin="visit", environment={}, verdict=verdict or seen.verdict)


def describe(archive: Archive) -> None:
    """Describe all that is to be described, as a run does."""
    for row in archive.conn.execute("SELECT * FROM captures_to_describe").fetchall():
        visit = BY_NAME[row["platform"]].visit
        platform, _, native_id = row["post_key"].partition(":")
        assert visit
        page = read_page(archive.conn, row["id"])
        said = describe_recorded(page, Post(platform, native_id, ""), visit)
        archive.keep_description(row["id"], row["post_key"], said, visit.rules, NOW)
    archive.conclude_all()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One post that only a crawler saw, one that only an archive remembers, one that we saw go and others saw in between."""
    path = tmp_path_factory.mktemp("provenance") / "embeds.db"
    with Archive(path, platforms=PLATFORMS) as archive:
        run = archive.start_crawl("import", NOW, __version__, {})
        for name, witness in WITNESSES.items():
            keep_recorded(archive, theirs(name, witness), run, NOW)
        archive.keep_capture(ours("bluesky", FIRST), run)
        lost = Verdict("gone", "deleted")
        archive.keep_control(ours("tiktok", GONE), run)
        archive.keep_capture(ours("bluesky", GONE, lost), run)
        other = find_post(find_scene("bluesky"))
        control = replace(ours("bluesky", GONE), post=replace(other, native_id="did:plc:other/3mbjzk7xvaxxx"))
        archive.keep_control(control, run)
        keep_recorded(archive, theirs("bluesky", WAYBACK, SECOND), run, NOW)
        keep_recorded(archive, theirs("bluesky", WAYBACK, "2026-05-01T10:00:00.000Z"), run, NOW)
        describe(archive)
    return path


def key_of(name: str) -> str:
    return find_post(find_scene(name)).key


@pytest.fixture
def conn(path: Path) -> Iterator[Any]:
    with closing(open_reader(path)) as opened:
        yield opened


SAID = {
    "instagram": "Seen by Browsertrix-Crawler 1.5.0 (with warcio.js 2.4.2) on 9 March 2024; imported from harbour.wacz on "
    "27 November 2026",
    "threads": "Memento of the Wayback Machine, which saw it on 9 March 2024; fetched from there on 27 November 2026",
}
BRIEFLY = {
    "instagram": "Not visited by us · preserved, seen by Browsertrix-Crawler 1.5.0, 9 Mar 2024",
    "threads": "Not visited by us · preserved, memento of the Wayback Machine, 9 Mar 2024",
}


@pytest.mark.parametrize("name", WITNESSES)
def test_the_card_says_first_who_saw_it_by_another_mark_and_colour(conn: Any, name: str) -> None:
    record = post_record(conn, key_of(name))
    assert record
    assert record.sighting
    html = render_card(record, lambda sha256: read_blob(conn, sha256)).partition("<body>")[2]
    origin = WITNESSES[name].origin
    assert f'data-origin="{origin}"' in html
    assert html.index(SAID[name]) < html.index("post-by"), "before anything of the post"
    assert f'class="origin {origin}"' in html
    assert ORIGIN_SHAPES[origin] in html
    assert "Captured " not in html
    assert BRIEFLY[name] in html


def test_marks_and_colours_of_others_are_no_state_s() -> None:
    assert not set(ORIGIN_SHAPES.values()) & set(SHAPES.values())
    assert len(set(ORIGIN_SHAPES.values())) == 2


def test_a_post_that_we_saw_is_shown_as_we_saw_it_whatever_others_saw(conn: Any) -> None:
    record = post_record(conn, key_of("bluesky"))
    assert record
    assert record.best
    assert record.sighting is None
    assert record.best.started_at == FIRST
    assert say_post_status(record).startswith("Gone by 1 Apr 2026")
    assert "post-origin" not in render_card(record, lambda sha256: None).partition("<body>")[2]
    theirs = [each for each in record.captures if each.sighting]
    assert len(theirs) == 2, "they are listed beside it"
    assert find_changes(record.captures) == (), "and nothing is compared with them"
    events = find_events(find_runs(record.observations), (), record.captures)
    assert [event.at for event in events if event.sighting] == [SECOND, "2026-05-01T10:00:00.000Z"]


@pytest.mark.parametrize("name", WITNESSES)
def test_lists_search_lookup_and_show_say_it(path: Path, conn: Any, name: str) -> None:
    key = key_of(name)
    assert say_post_status(read_lines(conn, [key])[key]) == BRIEFLY[name]
    word = {"import": "imported", "memento": "memento"}[WITNESSES[name].origin]
    found = in_process.run("lookup", key, "-a", path)
    assert word in found.out
    assert BRIEFLY[name] in " ".join(found.out.split())
    found = in_process.run("search", "--platform", name, "-a", path)
    assert word in found.out
    shown = in_process.run("show", key, "-a", path)
    assert SAID[name] in " ".join(shown.out.split())
    told = json.loads(in_process.run("lookup", key, "--json", "-a", path).out)["posts"][0]
    assert told["sighting"]["seen_by"] == WITNESSES[name].seen_by
    assert told["sighting"]["origin"] == WITNESSES[name].origin
    assert told["sighting"]["seen_at"] == THEN


@pytest.mark.parametrize("name", WITNESSES)
def test_exports_say_it(path: Path, name: str, tmp_path: Path) -> None:
    in_process.run("export", "--csv", tmp_path / "posts.csv", "-a", path)
    rows = list(csv.DictReader(io.StringIO((tmp_path / "posts.csv").read_text("utf-8-sig"))))
    row = next(row for row in rows if row["key"] == key_of(name))
    assert (row["origin"], row["seen_at"], row["seen_by"]) == (WITNESSES[name].origin, THEN, WITNESSES[name].seen_by)
    done = in_process.run("export", "--site", tmp_path / "site", "-a", path)
    assert done.code == 0, done.err
    pages = [page.read_text("utf-8") for page in (tmp_path / "site").rglob("*.html")]
    assert any(SAID[name] in page for page in pages)


def test_a_copy_for_the_public_says_it(path: Path, tmp_path: Path) -> None:
    done = in_process.run("publish", tmp_path / "public.db", "-a", path)
    assert done.code == 0, done.err
    with closing(open_reader(tmp_path / "public.db")) as copied:
        for name in WITNESSES:
            record = post_record(copied, key_of(name))
            assert record
            assert record.sighting
            assert say_sighting(record.sighting) == SAID[name]


# ------------------------------------------------------------------------------------------------------------- bounding


def test_others_bound_a_loss_and_change_nothing_else_of_it(conn: Any) -> None:
    key = key_of("bluesky")
    row = conn.execute("SELECT * FROM post_status WHERE key = ?", (key,)).fetchone()
    assert (row["status"], row["last_available_at"], row["visits"]) == ("gone", FIRST, 2)
    loss = conn.execute("SELECT * FROM losses WHERE post_key = ?", (key,)).fetchone()
    assert (loss["alive_at"], loss["missing_at"]) == (SECOND, GONE), "what others saw after that is no return"
    life = conn.execute("SELECT * FROM lifetimes WHERE key = ?", (key,)).fetchone()
    assert (life["entered_at"], life["alive_at"], life["missing_at"]) == (FIRST, SECOND, GONE)


def test_a_post_that_only_others_saw_is_in_no_estimate_and_in_no_history(conn: Any) -> None:
    only = [key_of(name) for name in WITNESSES]
    assert not [row["key"] for row in conn.execute("SELECT key FROM lifetimes") if row["key"] in only]
    assert read_survival(conn, resamples=0).whole.posts <= 1
    for view in ("post_history", "posts_to_check", "posts_to_observe"):
        column = "post_key" if view == "post_history" else "key"
        found = conn.execute(f"SELECT {column} FROM {view} WHERE {column} IN (?, ?)", only).fetchall()
        assert found == [], view


def test_an_article_that_embeds_a_post_of_others_makes_it_due(path: Path, tmp_path: Path) -> None:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        run = archive.start_crawl("import", NOW, __version__, {})
        keep_recorded(archive, theirs("instagram", CRAWLER), run, NOW)
        due = "SELECT count(*) FROM posts_to_capture"
        assert archive.conn.execute(due).fetchone()[0] == 0
        archive.keep_target(run, find_post(find_scene("instagram")), NOW, forced=False)
        assert archive.conn.execute(due).fetchone()[0] == 1
