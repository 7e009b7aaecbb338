"""What is handed out is noted: when, where to, in which form, which posts; who withdraws one is told which copies hold it."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from archive_builder import ARTICLES, SAMPLES, build_archive
from embedarchive.store import Archive, open_reader
from embedarchive.store.exports import WAITING, HandedOut, find_handed_out, take_in
from embedarchive.store.handing_out import note_beside
from embedarchive.store.sidefiles import beside
from in_process import run
from logged import sign_log
from reading_room import open_room

LOST, OTHER = SAMPLES[0].post, SAMPLES[1].post
FORMS = {
    "wacz": ("export", "--wacz", "{out}/post.wacz", LOST.key),
    "csv": ("export", "--csv", "{out}/posts.csv"),
    "jsonl": ("export", "--jsonl", "-", "--table", "embeds", ARTICLES[0][0]),
    "dehydrated": ("export", "--dehydrated", "{out}/ids.jsonl"),
    "pseudonymised": ("export", "--pseudonymised", "{out}/study.jsonl"),
    "site": ("export", "--site", "{out}/site"),
    "publish": ("publish", "{out}/public.db", LOST.url),
    "heal": ("heal", "{out}/story.html", "-o", "{out}/healed.html"),
}
WHOLE = {"csv", "dehydrated", "pseudonymised", "site"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return build_archive(tmp_path_factory.mktemp("exports") / "embeds.db").read_bytes()


@pytest.fixture
def path(made: bytes, tmp_path: Path) -> Path:
    kept = tmp_path / "embeds.db"
    kept.write_bytes(made)
    html = f'<blockquote class="instagram-media" data-instgrm-permalink="{LOST.url}"></blockquote>'
    (tmp_path / "story.html").write_text(html)
    return kept


def hand_out(path: Path, form: str) -> None:
    done = run(*(part.format(out=path.parent) for part in FORMS[form]), "-a", path)
    assert done.code in (0, 3), done.err


def copies(path: Path, key: str) -> list[str]:
    with closing(open_reader(path)) as conn:
        return [each.form for each in find_handed_out(conn, [key])]


@pytest.mark.parametrize("form", FORMS)
def test_each_form_is_noted_with_its_posts(path: Path, form: str) -> None:
    hand_out(path, form)
    with closing(open_reader(path)) as conn:
        row = conn.execute("SELECT form, place, posts, eyes FROM exports").fetchone()
        named = {each[0] for each in conn.execute("SELECT post_key FROM export_posts")}
    assert (row["form"], row["eyes"]) == (form, "public")
    assert row["place"] == "standard output" or Path(row["place"]).exists()
    assert (named == set()) is (form in WHOLE)
    assert row["posts"] == (len(named) or len(SAMPLES))
    assert LOST.key in named or form in WHOLE
    assert copies(path, LOST.key) == [form]
    assert copies(path, OTHER.key) == ([form] if form in WHOLE else [])
    assert copies(path, "x:later") == []


def test_nothing_is_noted_of_what_was_not_written(path: Path) -> None:
    before = path.read_bytes()
    assert run("heal", path.parent / "story.html", "--dry-run", "-a", path).code == 0
    assert run("export", "--csv", path.parent / "no.csv", "x:1", "-a", path).code == 2
    assert run("publish", path, "-a", path).code == 2
    assert path.read_bytes() == before


def test_whoever_withdraws_a_post_is_told_of_the_copies(path: Path) -> None:
    hand_out(path, "wacz")
    hand_out(path, "site")
    run("access", "hide", LOST.key, "-a", path)
    run("access", "hide", OTHER.key, "-a", path)
    lines = [json.loads(line) for line in run("access", "list", "-a", path, "--json").out.splitlines()]
    assert [[copy.split()[0] for copy in each["copies"]] for each in lines] == [["wacz", "site"], ["site"]]
    assert run("access", "list", "-a", path).out.count("in a copy that was handed out") == 3
    asked = run(
        "access", "subject", f"@{SAMPLES[0].says.author_handle}" if SAMPLES[0].says else "", "-a", path, "--json"
    )
    exports = [each for each in map(json.loads, asked.out.splitlines()) if each["kind"] == "export"]
    assert sorted(each["says"].split()[0] for each in exports) == ["site", "wacz"]


def test_a_note_waits_while_a_run_writes(path: Path) -> None:
    """The copy is made all the same; the next one to write takes its note in, once."""
    waiting = beside(path, WAITING)
    with Archive(path):
        hand_out(path, "csv")
        assert waiting.exists()
        assert copies(path, LOST.key) == []
        kept = waiting.read_bytes()
    with Archive(path):
        pass
    assert not waiting.exists()
    assert copies(path, LOST.key) == ["csv"]
    waiting.write_bytes(kept + b"no note at all\n")  # a run that was killed before it took the file away
    with Archive(path):
        pass
    assert waiting.read_text() == "no note at all\n"
    assert copies(path, LOST.key) == ["csv"]


def test_a_room_notes_while_a_run_takes_in(path: Path) -> None:
    """Each note is kept once, whoever is in the middle of what."""
    noting, each = 3, 12

    def note(number: int) -> None:
        for count in range(each):
            note_beside(path, HandedOut("2026-03-28T08:00:00.000Z", "pack", "a room", posts=(f"x:{number}{count:02}",)))

    with ThreadPoolExecutor(noting) as threads, Archive(path) as archive:
        done = [threads.submit(note, number) for number in range(noting)]
        while not all(one.done() for one in done):
            take_in(archive.conn, path)
        take_in(archive.conn, path)
        kept = [row[0] for row in archive.conn.execute("SELECT post_key FROM export_posts ORDER BY 1")]
    assert kept == sorted(f"x:{number}{count:02}" for number in range(noting) for count in range(each))
    assert not beside(path, WAITING).exists()


async def test_what_a_visitor_of_the_room_takes_along_is_noted(path: Path) -> None:
    """Once a day for each post and form; the room writes nothing into the archive itself."""
    sign_log(path)
    before = path.read_bytes()
    room = await open_room(path)
    for page in (f"pack/{LOST.key}", f"pack/{LOST.key}?all=1", f"evidence/{LOST.key}", f"pack/{LOST.key}"):
        assert (await room.client.get(f"/embeds/-/{page}")).status_code == 200
    for refused in ("pack/x:nowhere", f"pack/{SAMPLES[7].post.key}", "evidence/x:nowhere"):
        assert (await room.client.get(f"/embeds/-/{refused}")).status_code == 404
    assert path.read_bytes() == before
    hidden = run("access", "hide", LOST.key, "-a", path)
    assert hidden.code == 0, hidden.err
    with closing(open_reader(path)) as conn:
        made = find_handed_out(conn, [LOST.key])
        assert conn.execute("SELECT count(*) FROM exports").fetchone()[0] == 2
    assert [(each.form, each.place, each.eyes) for each in made] == [
        ("pack", "a visitor of the reading room", "public"),
        ("wacz", "a visitor of the reading room", "public"),
    ]
    assert "a visitor of the reading room" in run("access", "list", "-a", path).out


def test_what_was_noted_stays_noted(path: Path) -> None:
    hand_out(path, "csv")
    with closing(sqlite3.connect(path)) as conn:
        for change in ("UPDATE exports SET place = 'elsewhere'", "DELETE FROM exports"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                conn.execute(change)
