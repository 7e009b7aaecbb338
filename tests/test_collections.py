"""Named sets: filled by hand and by a list's column, and what is chosen by them."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from datasette.app import Datasette

from archive_builder import ARTICLES, NOW, SAMPLES, build_archive
from embedarchive.export.selection import find_selection
from embedarchive.library.browse import Filters, count_facets, list_posts, read_collections
from embedarchive.platforms import PLATFORMS
from embedarchive.run.prepare import prepare_check
from embedarchive.store import Archive, open_reader
from embedarchive.store.collections import split_names
from in_process import run
from reading_room import open_room

KEYS = [sample.post.key for sample in SAMPLES]
FERRY, COUNCIL = ARTICLES[0][0], ARTICLES[1][0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return build_archive(tmp_path / "embeds.db")


def collect(path: Path, *words: str) -> str:
    done = run("collection", *words, "-a", path)
    assert done.code == 0, done.err
    return done.out


def members(path: Path, name: str) -> set[str]:
    with closing(open_reader(path)) as conn:
        return {line.key for line in list_posts(conn, Filters(collection=name)).lines}


def test_posts_and_articles_are_put_in_counted_and_taken_out(path: Path) -> None:
    assert "2 new" in collect(path, "add", "fjord", FERRY, SAMPLES[3].post.url)
    assert "0 new" in collect(path, "add", "fjord", KEYS[3])
    assert members(path, "fjord") == {KEYS[0], KEYS[2], KEYS[3]}
    assert collect(path, "list") == "fjord: 3 posts (2 gone, 3 kept) of 2 members\n"
    assert f"post\t{KEYS[3]}" in collect(path, "list", "fjord")
    assert "1 taken out" in collect(path, "remove", "fjord", FERRY)
    assert members(path, "fjord") == {KEYS[3]}
    collect(path, "remove", "fjord", "--all")
    with closing(open_reader(path)) as conn:
        assert read_collections(conn) == ()
        assert conn.execute("SELECT count(*) FROM posts WHERE key = ?", (KEYS[3],)).fetchone()[0] == 1


def test_a_seed_brings_what_it_named(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {})
        archive.keep_seed(crawl, COUNCIL, "https://the-meridian.example/sitemap.xml", NOW)
    collect(path, "add", "meridian", "https://the-meridian.example/sitemap.xml")
    assert members(path, "meridian") == {KEYS[3], KEYS[0], KEYS[6]}


NOT_THERE = (("add", "a", "https://nowhere.example/x"), ("remove", "nobody", "x:1"), ("remove", "a"), ("list", "b"))


@pytest.mark.parametrize("words", NOT_THERE)
def test_what_is_not_there_is_said(path: Path, words: tuple[str, ...]) -> None:
    done = run("collection", *words, "-a", path)
    assert done.code == 2
    assert done.err
    assert "Traceback" not in done.err


def test_a_column_of_a_list_fills_collections(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        archive.keep_notes(
            [(FERRY, "Collection", "islands; ferries"), (COUNCIL, "collections", "ferries")], "x.csv", NOW
        )
    assert members(path, "islands") == {KEYS[0], KEYS[2]}
    assert members(path, "ferries") == {KEYS[0], KEYS[2], KEYS[3], KEYS[6]}
    assert split_names(" a ;b,,c| ") == ["a", "b", "c"]


def test_it_is_searched_exported_and_checked_by(path: Path, tmp_path: Path) -> None:
    collect(path, "add", "fjord", FERRY)
    told = run("search", "--collection", "fjord", "--json", "-a", path)
    assert {line["key"] for line in json.loads(told.out)} == {KEYS[0], KEYS[2]}
    assert run("search", "delete", "--collection", "fjord", "-a", path).code == 1
    with closing(open_reader(path)) as conn:
        chosen = find_selection(conn, ["collection:fjord"])
        assert (set(chosen.posts or ()), chosen.articles) == ({KEYS[0], KEYS[2]}, (1,))
        assert count_facets(conn, Filters(collection="fjord")).posts == 2
    assert run("publish", tmp_path / "public.db", "collection:fjord", "-a", path).code == 0
    with closing(sqlite3.connect(tmp_path / "public.db")) as conn:
        assert {row[0] for row in conn.execute("SELECT post_key FROM browsing")} == {KEYS[0], KEYS[2]}
        assert conn.execute("SELECT count(*) FROM collections").fetchone()[0] == 0
    assert run("publish", tmp_path / "none.db", "collection:nobody", "-a", path).code == 2
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("check", NOW, "0.1.0", {"collection": "fjord"})
        prepare_check(seen_before="9999", limit=None)(archive, crawl, lambda _: None)
        targets = {row[0] for row in archive.conn.execute("SELECT post_key FROM targets")}
    assert targets == {KEYS[0], KEYS[2]}


async def test_the_room_lists_it_and_alerts_are_told_by_it(path: Path) -> None:
    collect(path, "add", "my fjord", FERRY)
    room = await open_room(path)
    page = (await room.client.get("/embeds/-/browse?collection=my+fjord")).text
    assert ("2 posts" in page, "Clara" in page) == (True, False)
    assert "collection=my+fjord" in (await room.client.get("/embeds/-/browse")).text
    assert "my fjord" in (await room.client.get(f"/embeds/-/post/{KEYS[0]}")).text
    every = run("watch", "alerts", "--since", "9000d", "-a", path).out
    chosen = run("watch", "alerts", "--since", "9000d", "--collection", "my fjord", "-a", path).out
    assert {json.loads(line)["post"] for line in chosen.splitlines()} == {
        told for line in every.splitlines() if (told := json.loads(line)["post"]) in (KEYS[0], KEYS[2])
    }
    assert chosen


# ---------------------------------------------------------------------------------------------------------------- notes


def note(path: Path, *words: str) -> None:
    done = run("note", *words, "-a", path)
    assert done.code == 0, done.err


def found(path: Path, *words: str) -> set[str]:
    done = run("search", *words, "--json", "-a", path)
    told = json.loads(done.out)
    return {(each.get("post") or each.get("article") or each).get("key", "article") for each in told}


def test_notes_and_tags_are_searched_listed_exported_and_taken_back(path: Path, tmp_path: Path) -> None:
    note(path, "add", KEYS[1], "Zauberlehrling rang twice")
    note(path, "tag", KEYS[3], "#council")
    note(path, "tag", FERRY, "islands")
    assert found(path, "zauberlehrling") == {KEYS[1]}
    assert found(path, "--tag", "council") == {KEYS[3]}
    assert found(path, "--tag", "islands") == {KEYS[0], KEYS[2]}
    assert "Zauberlehrling" in run("note", "list", "-a", path).out
    note(path, "add", KEYS[1], "Consent given")
    note(path, "untag", KEYS[3], "council")
    assert run("search", "zauberlehrling", "-a", path).code == 1
    assert run("search", "--tag", "council", "-a", path).code == 1
    with closing(open_reader(path)) as conn:
        said = conn.execute("SELECT count(*) FROM notes WHERE value = 'Zauberlehrling rang twice'").fetchone()[0]
        assert said == 1, "what was said stays"
        before = conn.execute("SELECT count(*) FROM descriptions WHERE text LIKE '%Consent%'").fetchone()[0]
        assert before == 0, "and is never mixed with what the post said"


def test_a_column_of_tags_tags_articles(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        archive.keep_notes([(COUNCIL, "Tags", "town; vote")], "x.csv", NOW)
    assert found(path, "--tag", "vote") == {KEYS[0], KEYS[3], KEYS[6]}


async def test_the_room_shows_notes_as_notes(path: Path) -> None:
    note(path, "add", KEYS[1], "Consent given")
    note(path, "tag", KEYS[1], "night")
    room = await open_room(path)
    page = (await room.client.get(f"/embeds/-/post/{KEYS[1]}")).text
    assert "Consent given" in page
    assert "not seen by us" in page
    assert "tag=night" in page
    assert "tag=night" in (await room.client.get("/embeds/-/browse")).text


def sign_in(room: Datasette, actor: str) -> dict[str, str]:
    return {"ds_actor": room.sign({"a": {"id": actor}}, "actor")}


async def send(room: Datasette, actor: str, **said: str) -> httpx.Response:
    """Send the form of a page as a browser does, with the token that the page holds."""
    cookies = sign_in(room, actor)
    page = await room.client.get(f"/embeds/-/post/{KEYS[1]}", cookies=cookies)
    token = re.search(r'name="csrftoken" value="([^"]*)"', page.text)
    cookies |= dict(page.cookies)
    form = {"of": KEYS[1], "csrftoken": token[1] if token else "", **said}
    answer: httpx.Response = await room.client.post("/embeds/-/note", data=form, cookies=cookies)
    return answer


async def test_staff_notes_and_collects_in_the_room(path: Path) -> None:
    room = await open_room(path)
    assert (await send(room, "root", note="Ask again", tags="#night, city", collections="my set")).status_code == 302
    page = (await room.client.get(f"/embeds/-/post/{KEYS[1]}")).text
    assert "Ask again" in page
    assert members(path, "my set") == {KEYS[1]}
    assert found(path, "--tag", "city") == {KEYS[1]}


async def test_nobody_else_is_shown_the_form_or_taken_one_from(path: Path) -> None:
    room = await open_room(path)
    assert "note-form" not in (await room.client.get(f"/embeds/-/post/{KEYS[1]}")).text
    assert (await send(room, "a reader", note="Graffiti")).status_code == 403
    assert (await room.client.get("/embeds/-/note")).status_code == 404
    with closing(open_reader(path)) as conn:
        assert conn.execute("SELECT count(*) FROM notes WHERE value = 'Graffiti'").fetchone()[0] == 0


async def test_while_a_run_writes_that_is_said(path: Path) -> None:
    room = await open_room(path)
    with Archive(path, platforms=PLATFORMS):
        answer = await send(room, "root", note="Too early")
    assert (answer.status_code, "A run is writing" in answer.text) == (503, True)
