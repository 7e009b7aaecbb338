"""An archive that cannot be read, whatever is wrong with it: one clear sentence, the right exit code, never a traceback."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from datasette.app import Datasette

from archive_builder import SAMPLES, build_archive
from commands import Done
from embedarchive import open_archive
from embedarchive.core.errors import ArchiveError, DamagedArchive
from embedarchive.store import opening, reading
from embedarchive.store.schema import SCHEMA_VERSION, build
from embedarchive.viewer import archives
from in_process import run
from reading_room import open_room

KEY = SAMPLES[0].post.key
ARTICLE = '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/C79gQqLpkul/">'

READING: dict[str, tuple[str, ...]] = {
    "lookup": ("lookup", KEY),
    "lookup a handle": ("lookup", "@nobody.at.all"),
    "lookup words": ("lookup", "fjord", "ships"),
    "show": ("show", KEY),
    "show as a card": ("show", KEY, "-o", "{out}"),
    "search": ("search", "fjord"),
    "stats": ("stats",),
    "query": ("query", "SELECT key, text FROM preserved_posts"),
    "query, saved": ("query", "lost-by-outlet"),
    "export a table": ("export", "--jsonl", "{out}"),
    "export embeds": ("export", "--csv", "{out}", "--table", "embeds"),
    "export, dehydrated": ("export", "--dehydrated", "{out}"),
    "export a web archive": ("export", "--wacz", "{out}"),
    "export a site": ("export", "--site", "{out}"),
    "publish": ("publish", "{out}"),
    "rehydrate": ("rehydrate", "{lines}", "-o", "{out}"),
    "heal": ("heal", "{article}", "-o", "{out}"),
    "serve": ("serve", "--write-config", "{out}"),
}
"""Every command that reads an archive and ends by itself."""

SLOW = ("export a site", "export a web archive", "serve", "lookup a handle", "query", "export, dehydrated")
"""Commands that write much, or ask no more than others do: they are tried with the tables that hold most."""

FULL = ("descriptions", "captures", "fetches")

EVERY_PAIR = "TRY_EVERY_PAIR"
"""Set by `make strangers`. Else tables take turns: one that is not in `FULL` meets a third of the commands that read."""


def takes_turn(tables: Sequence[str], table: str, number: int, command: str) -> bool:
    """Whether a table is tried with that command."""
    if table in FULL or EVERY_PAIR in os.environ:
        return True
    return command not in SLOW and (tables.index(table) + number) % 3 == 0


def build_whole(folder: Path) -> Path:
    """A sound archive, beside it an article to heal and a dehydrated export of it."""
    path = build_archive(folder / "embeds.db")
    (folder / "story.html").write_text(ARTICLE, "utf-8")
    (folder / "nothing.html").write_text("<p>nothing</p>", "utf-8")
    assert run("export", "--dehydrated", folder / "lines.jsonl", "-a", path).code == 0
    return path


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_whole(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def as_usual(whole: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """What each command says of the archive while it is whole, having written `out`."""
    return {command: ask(command, whole, whole, tmp_path_factory.mktemp("usual") / "out") for command in READING}


def ask(command: str, path: Path, whole: Path, out: Path) -> Done:
    places = {
        "{out}": str(out),
        "{lines}": str(whole.parent / "lines.jsonl"),
        "{article}": str(whole.parent / "story.html"),
    }
    out.parent.mkdir(exist_ok=True)
    return run(*(places.get(word, word) for word in READING[command]), "-a", path)


def told_once(done: Done, path: Path) -> bool:
    """Whether a command said what is wrong in one line, of the archive it was asked about."""
    lines = [line for line in done.err.splitlines() if line]
    says = (f"{path} ", f"There is no archive at {path} yet. ", "The archive is damaged (")
    return len(lines) == 1 and lines[0].removeprefix("embedarchive: ").startswith(says)


# ------------------------------------------------------------------------------------------------------ what is wrong


def cut(at: float) -> Callable[[Path], None]:
    """Only the first so many bytes, or that share of all, are left."""

    def damage(path: Path) -> None:
        size = path.stat().st_size
        with path.open("r+b") as file:
            file.truncate(int(at * size) if 0 < at < 1 else int(at) if at >= 0 else size + int(at))

    return damage


def scramble(start: int, end: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with path.open("r+b") as file:
            file.seek(start)
            file.write(random.Random(start).randbytes(end - start))

    return damage


def version(number: int) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        with closing(sqlite3.connect(path)) as conn:
            conn.execute(f"PRAGMA user_version = {number}")
            conn.commit()

    return damage


def a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, tuple[Callable[[Path], None], int]] = {
    "nothing there": (Path.unlink, 1),
    "0 bytes": (cut(0), 1),
    "a folder": (a_folder, 1),
    "a picture": (lambda path: path.write_bytes(b"\x89PNG\r\n\x1a\n" * 900) and None, 1),
    "cut within its header": (cut(50), 7),
    "cut after its header": (cut(100), 7),
    "cut after a page": (cut(8192), 7),
    "cut at a quarter": (cut(0.25), 7),
    "cut in the middle": (cut(0.5), 7),
    "its last byte lost": (cut(-1), 7),
    "its header scrambled": (scramble(0, 100), 1),
    "the number of its format lost": (scramble(44, 48), 7),
    "its schema scrambled": (scramble(100, 8192), 7),
    "too new": (version(99), 1),
    "too old": (version(0), 1),
}


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("command", READING)
def test_a_command_says_what_is_wrong(command: str, damage: str, whole: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    do, code = DAMAGES[damage]
    do(path)
    before = path.read_bytes() if path.is_file() else None
    done = ask(command, path, whole, tmp_path / "out")
    assert (done.code, done.out) == (code, "")
    assert told_once(done, path), done.err
    assert (path.read_bytes() if path.is_file() else None) == before
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("seed", range(10))
def test_an_overwritten_page_is_told_or_not_in_the_way(
    seed: int, whole: Path, as_usual: dict[str, Done], tmp_path: Path
) -> None:
    """A page that a command does not look at cannot be in its way; one that it does ends it with a sentence."""
    dice = random.Random(seed)
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    pages = path.stat().st_size // 8192
    with path.open("r+b") as file:
        for page in dice.sample(range(1, pages), k=max(1, pages // 12)):
            file.seek(8192 * page)
            file.write(dice.choice((dice.randbytes, bytes))(8192))
    told = 0
    for number, command in enumerate(READING):
        done = ask(command, path, whole, tmp_path / f"{number}" / "out")
        if done.code == 7:
            assert told_once(done, path), done.err
            assert not (tmp_path / f"{number}" / "out").exists(), command
            told += 1
        else:
            assert "Traceback" not in done.err
            assert done.code == as_usual[command].code, (command, done)
    assert told, "nothing was in any command's way: overwrite more"


@pytest.mark.parametrize("seed", range(6))
def test_some_overwritten_bytes_are_told_or_not_in_the_way(seed: int, whole: Path, tmp_path: Path) -> None:
    """Few bytes may change what is read, which only a comparison of hashes finds; but they never end in a traceback."""
    dice = random.Random(seed)
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    size = path.stat().st_size
    with path.open("r+b") as file:
        for _ in range(dice.choice((1, 5, 30, 200))):
            file.seek(dice.randrange(100, size))
            file.write(dice.randbytes(dice.choice((1, 1, 4, 50, 2000))))
    for number, command in enumerate(READING):
        done = ask(command, path, whole, tmp_path / f"{number}" / "out")
        assert "Traceback" not in done.err
        assert done.code != 7 or told_once(done, path) or "not handed on" in done.err, done.err


def own_tables() -> list[str]:
    with closing(build(SCHEMA_VERSION)) as conn:
        query = (
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type <> 'shadow' AND name NOT LIKE 'sqlite%'"
        )
        return sorted(row[0] for row in conn.execute(query))


TABLES = own_tables()


@pytest.mark.parametrize("table", TABLES)
def test_a_missing_table_is_told_or_not_in_the_way(
    table: str, whole: Path, as_usual: dict[str, Done], tmp_path: Path
) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    with closing(sqlite3.connect(path)) as conn:
        conn.execute(f"DROP TABLE {table}")
    for number, command in enumerate(READING):
        if not takes_turn(TABLES, table, number, command):
            continue
        done = ask(command, path, whole, tmp_path / f"{number}" / "out")
        usual = as_usual[command]
        if (done.code, bool(done.err)) != (usual.code, bool(usual.err)):
            assert told_once(done, path) or "There are: " in done.err, (command, done)
            # What is withheld is looked up before any question is read.
            is_question = command.startswith("query") and table not in ("access", "optouts")
            assert done.code == (2 if is_question else 1), (command, done)


@pytest.mark.parametrize("command", [*READING, "crawl", "capture", "check"])
def test_a_locked_archive_is_told(command: str, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    monkeypatch.setattr(reading, "LONGEST_WAIT_S", 0.01)
    monkeypatch.setattr(opening, "LONGEST_WAIT_S", 0.01)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        if command in READING:
            done = ask(command, path, whole, tmp_path / "out")
        else:
            done = run(command, *WRITING[command], "-a", path)
    assert done.code == 1
    assert told_once(done, path), done.err
    assert "locked by another program" in done.err


WRITING = {"crawl": ("https://news.example/story",), "capture": (SAMPLES[0].post.url,), "check": ()}


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name != "nothing there"])
@pytest.mark.parametrize("command", WRITING)
def test_a_command_that_writes_says_it_too(command: str, damage: str, whole: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    do, code = DAMAGES[damage]
    do(path)
    before = path.read_bytes() if path.is_file() else None
    done = run(command, *WRITING[command], "-a", path)
    assert (done.code, done.out) == (code, "")
    assert told_once(done, path), done.err
    assert (path.read_bytes() if path.is_file() else None) == before


def test_doctor_tells_a_damaged_archive_from_other_faults(whole: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    scramble(8192 * 3, 8192 * 9)(path)
    done = run("doctor", "--full", "-a", path)
    assert done.code == 7
    assert "is damaged" in " ".join(done.out.split())


def test_from_python_it_is_an_error_of_ours(whole: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    scramble(8192 * 8, 8192 * 60)(path)
    with pytest.raises(DamagedArchive, match=r"embeds\.db is damaged"), open_archive(path) as library:
        list(library.posts())
    with closing(sqlite3.connect(whole)) as conn:
        page = conn.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'posts'").fetchone()[0]
    shutil.copy(whole, path)
    scramble(8192 * (page - 1), 8192 * page)(path)
    with open_archive(path) as library:
        with pytest.raises(DamagedArchive, match=r"embeds\.db is damaged"):
            list(library.posts())
        with pytest.raises(DamagedArchive, match=r"embeds\.db is damaged"):
            list(library.query("SELECT * FROM posts"))
    with pytest.raises(ArchiveError, match="There is no archive"):
        open_archive(tmp_path / "nowhere")


# ------------------------------------------------------------------------------------------------- in the reading room

PAGES = (
    "/-/embedarchive", "/embeds/-/archive", "/embeds/-/lost", "/embeds/-/desk", "/embeds/-/alerts.atom",
    "/embeds/-/outlets", "/embeds/-/find?q=fjord",
    f"/embeds/-/post/{KEY}", f"/embeds/-/card/{KEY}", "/embeds/-/capture/1", "/embeds/-/snapshot/1", "/embeds/-/article/1",
    "/embeds/-/embed/1", "/embeds/-/outlet/forma.example", f"/embeds/-/media/{'0' * 64}", f"/embeds/-/evidence/{KEY}",
    f"/-/embedarchive/post/{KEY}", "/embeds/posts", "/embeds/preserved_posts", "/embeds",
)  # fmt: skip


async def expect_it_on_every_page(room: Datasette, status: int, said: str) -> None:
    for page in PAGES:
        answer = await room.client.get(page, follow_redirects=True)
        assert answer.headers["content-type"].startswith("text/html"), page
        assert answer.status_code == status, (page, answer.text)
        assert said in answer.text, (page, answer.text)
        assert "Traceback" not in answer.text


# Datasette 0.65 makes two questions, asks the first, and drops the other where that one fails.
@pytest.mark.filterwarnings("ignore:coroutine 'Database.table_exists' was never awaited:RuntimeWarning")
@pytest.mark.parametrize("damage", ["cut after a page", "cut in the middle", "its schema scrambled"])
async def test_the_reading_room_says_it_in_a_page(damage: str, whole: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    DAMAGES[damage][0](path)
    try:
        room = await open_room(path)
    except sqlite3.DatabaseError:
        pytest.skip("Datasette 1.0 does not start with such a file; `embedarchive serve` says why before it does")
    await expect_it_on_every_page(room, 500, "is damaged")


@pytest.mark.parametrize("damage", ["cut after a page", "cut in the middle"])
async def test_the_reading_room_says_it_also_when_it_happens_later(damage: str, whole: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    room = await open_room(path)
    DAMAGES[damage][0](path)
    await expect_it_on_every_page(room, 500, "is damaged")


async def test_the_reading_room_says_that_an_archive_is_locked(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Path(shutil.copy(whole, tmp_path / "embeds.db"))
    monkeypatch.setattr(archives, "LONGEST_WAIT_MS", 10)
    room = await open_room(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        await expect_it_on_every_page(room, 503, "is locked by another program")
    assert (await room.client.get("/embeds/-/archive")).status_code == 200
