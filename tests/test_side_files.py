"""The log that a killed run leaves: played into its own file, and into no other, whatever a user does between."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from embedarchive import open_archive
from embedarchive.core.errors import ArchiveBusy, ArchiveError
from embedarchive.core.model import Fetch
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.faults import has_reset_fault
from embedarchive.store.sidefiles import JOURNAL_MAGIC, find_strangers
from in_process import run
from reading_room import open_room
from strangers import write_protected
from waiting import BOUND_S

NOW = "2026-03-20T08:00:00.000Z"
LARGE = 1_500_000


def keep_articles(archive: Archive, count: int, name: str, size: int = LARGE) -> None:
    """Fetched articles, each a transaction, with bytes that do not pack."""
    noise = random.Random(name)
    crawl = archive.start_crawl("crawl", NOW, "test", {})
    for number in range(count):
        url = f"https://{name}.example/{number}"
        article = archive.keep_seed(crawl, url, url, NOW)
        fetch = Fetch(url, url, NOW, "ok", 200, content_type="text/html", body=noise.randbytes(size))
        archive.keep_fetch(article, crawl, fetch)


def die(path: Path, aside: Path) -> None:
    """A run that is killed in the midst, its log begun anew some times, having let others copy the file while it ran."""
    with Archive(path, platforms=PLATFORMS) as archive:
        keep_articles(archive, 12, "before")
        shutil.copyfile(path, aside / "copied-while-it-ran.db")
        with closing(sqlite3.connect(aside / "backup-while-it-ran.db")) as copy:
            archive.conn.backup(copy)
        keep_articles(archive, 15, "after")
        os.kill(os.getpid(), 9)


def die_upgrading(path: Path) -> None:
    """A change to the tables of an archive at rest that is killed when half of it is written."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA cache_size = 1")
    conn.execute("BEGIN IMMEDIATE")
    conn.executemany("INSERT INTO articles (url, first_seen_at) VALUES (?, 1)", ((f"{n}" * 99,) for n in range(3000)))
    os.kill(os.getpid(), 9)


KILL = "import sys; sys.path.insert(0, {tests!r}); from pathlib import Path; import test_side_files as t; t.{call}"


def killed(call: str) -> None:
    script = KILL.format(tests=str(Path(__file__).parent), call=call)
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True)
    assert done.returncode == -9, done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders: `killed` with its log, `upgrading` with its journal, `other` killed too; and files to put in their place."""
    room = tmp_path_factory.mktemp("made")
    for name in ("killed", "other", "upgrading"):
        (room / name).mkdir()
    with Archive(room / "sound.db", platforms=PLATFORMS) as archive:
        keep_articles(archive, 50, "backup", 100)
    shutil.copy(room / "sound.db", room / "killed" / "embeds.db")
    killed(f"die(Path({str(room / 'killed' / 'embeds.db')!r}), Path({str(room)!r}))")
    with Archive(room / "other" / "embeds.db", platforms=PLATFORMS) as archive:
        keep_articles(archive, 7, "other", 100)
        shutil.copytree(room / "other", room / "other-killed")
    shutil.copy(room / "other" / "embeds.db", room / "upgrading" / "embeds.db")
    killed(f"die_upgrading(Path({str(room / 'upgrading' / 'embeds.db')!r}))")
    return room


# ------------------------------------------------------------------------------------------- what a user may have done


def restore(folder: Path, made: Path) -> None:
    shutil.copyfile(made / "sound.db", folder / "embeds.db")


def restore_by_renaming(folder: Path, made: Path) -> None:
    shutil.copyfile(made / "sound.db", folder / "restored")
    (folder / "restored").rename(folder / "embeds.db")


def copy_of_another(folder: Path, made: Path) -> None:
    """Of an archive that was killed as well, without its log."""
    shutil.copyfile(made / "other-killed" / "embeds.db", folder / "embeds.db")


def earlier_copy(folder: Path, made: Path) -> None:
    """Made with cp while the run wrote."""
    shutil.copyfile(made / "copied-while-it-ran.db", folder / "embeds.db")


def earlier_backup(folder: Path, made: Path) -> None:
    """Made with SQLite's own while the run wrote."""
    shutil.copyfile(made / "backup-while-it-ran.db", folder / "embeds.db")


def delete(folder: Path, made: Path) -> None:
    (folder / "embeds.db").unlink()


def rename(folder: Path, made: Path) -> None:
    (folder / "embeds.db").rename(folder / "kept.db")


def delete_and_restore(folder: Path, made: Path) -> None:
    delete(folder, made)
    restore(folder, made)


def rename_and_restore(folder: Path, made: Path) -> None:
    rename(folder, made)
    restore_by_renaming(folder, made)


def restore_and_rename(folder: Path, made: Path) -> None:
    restore(folder, made)
    rename(folder, made)


def nothing(folder: Path, made: Path) -> None:
    pass


DONE: dict[Callable[[Path, Path], None], int | None] = {
    nothing: 50 + 12 + 15,
    restore: 50,
    restore_by_renaming: 50,
    copy_of_another: 0,  # its seven were in its log
    earlier_copy: None,
    earlier_backup: 50 + 12,
    delete: 0,
    rename: 0,
    delete_and_restore: 50,
    rename_and_restore: 50,
    restore_and_rename: 0,
}
"""What was done between the kill and our command, and how many articles are then in `embeds.db`; None: any, but sound."""


def count(path: Path) -> int:
    """The articles in a file, which must be sound, read by a SQLite that knows nothing of us."""
    with closing(sqlite3.connect(path)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
        return int(conn.execute("SELECT count(*) FROM articles").fetchone()[0])


# ------------------------------------------------------------------------------------------------------------- the doors


def by_open(path: Path) -> int:
    with open_archive(path) as archive:
        return archive.stats().articles


def by_read(path: Path) -> int:
    done = run("query", "SELECT count(*) FROM articles", "-a", path, "--csv")
    if done.code:
        raise ArchiveError(done.err)
    return int(done.out.split()[-1])


def by_crawl(path: Path) -> int:
    with Archive(path, platforms=PLATFORMS) as archive:
        before = archive.conn.execute("SELECT count(*) FROM articles").fetchone()[0]
        keep_articles(archive, 1, f"anew{before}", 100)
    assert count(path) == before + 1
    return int(before)


def by_publish(path: Path) -> int:
    out = path.with_name("public.db")
    done = run("publish", out, "-a", path, "--overwrite")
    if done.code:
        raise ArchiveError(done.err)
    count(out)
    with closing(open_reader(path)) as conn:
        return int(conn.execute("SELECT count(*) FROM articles").fetchone()[0])


DOORS = {"open": by_open, "read": by_read, "crawl": by_crawl, "publish": by_publish}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def lay(made: Path, kind: str, folder: Path) -> None:
    shutil.copytree(made / kind, folder)


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("done", DONE, ids=lambda done: done.__name__)
def test_a_log_is_played_into_its_own_file_only(
    door: str, done: Callable[[Path, Path], None], made: Path, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    lay(made, "killed", folder)
    log = (folder / "embeds.db-wal").read_bytes()
    done(folder, made)
    path = folder / "embeds.db"
    there = path.exists()
    if not there and door != "crawl":
        with pytest.raises(ArchiveError, match="no archive"):
            DOORS[door](path)
        return
    found = DOORS[door](path)
    assert count(path) == found + (door == "crawl")
    assert DONE[done] in (None, found)
    aside = [file for file in folder.iterdir() if re.fullmatch(r"embeds\.db-wal\.orphan-\d{8}T\d{6}Z", file.name)]
    assert len(aside) == (done is not nothing)
    assert all(file.read_bytes() == log for file in aside)


# ------------------------------------------------------------------------------------------------------- every order

STEPS = ("delete", "restore", "copy over", "rename", "rename back")
ORDERS = [order for length in (1, 2, 3) for order in itertools.permutations(STEPS, length)]
"""What a user may do after the kill and before our next command, in every order."""
HELD = {"own": 50 + 12 + 15, "sound": 50, "other": 0}
"""The articles in each file once it is opened beside the log of `own`."""


def take_steps(order: tuple[str, ...], folder: Path, made: Path) -> str | None:
    """Do what a user does, and give whose file is then at `embeds.db`."""
    path, kept = folder / "embeds.db", folder / "kept.db"
    there: dict[Path, str | None] = {path: "own", kept: None}
    for step in order:
        if step == "delete":
            path.unlink(missing_ok=True)
            there[path] = None
        elif step == "restore":
            restore(folder, made)
            there[path] = "sound"
        elif step == "copy over":
            copy_of_another(folder, made)
            there[path] = "other"
        elif step == "rename" and there[path]:
            path.rename(kept)
            there |= {path: None, kept: there[path]}
        elif step == "rename back" and there[kept]:
            kept.rename(path)
            there |= {path: there[kept], kept: None}
    return there[path]


def by_serve(path: Path) -> int:
    async def ask() -> int:
        room = await open_room(path)
        answer = await room.client.get("/embeds.json?sql=select+count(*)+as+n+from+articles&_shape=array")
        for database in room.databases.values():
            database.close()
        return int(answer.json()[0]["n"])

    return asyncio.run(ask())


EVERY_DOOR = {**DOORS, "serve": by_serve}


@pytest.mark.parametrize("turn", range(len(EVERY_DOOR)))
def test_in_every_order_each_file_holds_its_own(turn: int, made: Path, tmp_path: Path) -> None:
    """Each order by one door, so that each door has a fifth of them; and after it a run, for readers came first."""
    for number, order in enumerate(ORDERS):
        if number % len(EVERY_DOOR) != turn:
            continue
        folder = tmp_path / str(number)
        lay(made, "killed", folder)
        whose = take_steps(order, folder, made)
        path, door = folder / "embeds.db", list(EVERY_DOOR)[(number + number // len(EVERY_DOOR)) % len(EVERY_DOOR)]
        if whose is None and door != "crawl":
            with pytest.raises(ArchiveError, match="no archive"):
                by_open(path)
            continue
        expected = HELD[whose] if whose else 0
        assert EVERY_DOOR[door](path) == expected, (order, door)
        assert by_crawl(path) == expected + (door == "crawl"), (order, door)
        assert bool(list(folder.glob("*-wal.orphan-*"))) == (whose != "own"), (order, door)
        shutil.rmtree(folder)


@pytest.mark.parametrize("done", [restore, copy_of_another, delete_and_restore], ids=lambda done: done.__name__)
async def test_datasette_does_not_play_it_either(
    done: Callable[[Path, Path], None], made: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lay(made, "killed", folder)
    done(folder, made)
    room = await open_room(folder / "embeds.db")
    answer = await room.client.get("/embeds.json?sql=select+count(*)+as+n+from+articles&_shape=array")
    assert answer.json() == [{"n": DONE[done]}]
    assert "was not played" in caplog.text
    assert list(folder.glob("*.orphan-*"))


@pytest.mark.parametrize("door", DOORS)
def test_a_journal_is_played_into_its_own_file_only(door: str, made: Path, folder: Path) -> None:
    lay(made, "upgrading", folder)
    shutil.copyfile(made / "sound.db", folder / "embeds.db")
    assert DOORS[door](folder / "embeds.db") == 50
    assert len(list(folder.glob("embeds.db-journal.orphan-*"))) == 1
    shutil.rmtree(folder)
    lay(made, "upgrading", folder)
    assert DOORS[door](folder / "embeds.db") == 7
    assert not list(folder.glob("*.orphan-*"))


def test_a_run_that_is_killed_while_it_draws_its_number_is_gone_on_with(made: Path, folder: Path) -> None:
    """The journal of that change alone, left valid beside the file that has the change already."""
    folder.mkdir()
    path, journal = folder / "embeds.db", folder / "embeds.db-journal"
    shutil.copyfile(made / "sound.db", path)
    before = path.read_bytes()
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode = PERSIST")
        conn.execute("PRAGMA schema_version = 123456789")
    left = bytearray(journal.read_bytes())  # its head was made naught, to end the transaction
    sector, page_size, pages = 512, 8192, len(before) // 8192
    record = left[sector : sector + 8 + page_size]
    page = record[4:-4]
    drawn = (int.from_bytes(record[-4:]) - sum(page[at] for at in range(page_size - 200, 0, -200))) % 2**32
    left[:28] = JOURNAL_MAGIC + struct.pack(">IIIII", 1, drawn, pages, sector, page_size)
    journal.write_bytes(left)
    other = folder / "other.db"
    shutil.copyfile(made / "other" / "embeds.db", other)
    shutil.copyfile(journal, folder / "other.db-journal")
    assert by_open(path) == 50
    assert path.read_bytes()[:24] + path.read_bytes()[100:] == before[:24] + before[100:]
    assert path.read_bytes()[40:44] == before[40:44]  # played: the number is the one before
    assert not list(folder.glob("*.orphan-*"))
    assert by_crawl(path) == 50
    assert by_open(other) == 7
    assert len(list(folder.glob("other.db-journal.orphan-*"))) == 1


def test_the_user_is_told_where_it_is(made: Path, folder: Path) -> None:
    lay(made, "killed", folder)
    restore(folder, made)
    done = run("stats", "-a", folder)
    aside = next(folder.glob("*.orphan-*"))
    assert done.code == 0
    assert done.err.count("\n") == 1
    assert aside.name in done.err
    assert "not played" in done.err
    assert run("stats", "-a", folder).err == ""


def test_an_archive_goes_on_after_every_kill(made: Path, folder: Path) -> None:
    """Killed, read, gone on with, killed again, a backup put back, gone on with: nothing foreign, nothing lost."""
    lay(made, "killed", folder)
    path = folder / "embeds.db"
    assert by_open(path) == 77
    killed(f"die(Path({str(path)!r}), Path({str(folder)!r}))")
    assert by_read(path) == 77
    (folder / "embeds.db-shm").unlink()
    assert by_crawl(path) == 77
    assert not list(folder.glob("*.orphan-*"))
    killed(f"die(Path({str(path)!r}), Path({str(folder)!r}))")
    restore(folder, made)
    assert by_crawl(path) == 50


def test_beside_a_run_that_lives_nothing_is_moved(made: Path, folder: Path) -> None:
    folder.mkdir()
    path = folder / "embeds.db"
    with Archive(path, platforms=PLATFORMS) as archive:
        keep_articles(archive, 3, "live", 100)
        assert by_open(path) == 3
        path.rename(folder / "kept.db")
        shutil.copyfile(made / "sound.db", path)
        with pytest.raises(ArchiveBusy, match="end that run first"):
            open_reader(path)
        assert not list(folder.glob("*.orphan-*"))
        path.unlink()
        (folder / "kept.db").rename(path)
    assert count(path) == 3


def test_readers_beside_a_run_never_take_its_log_for_anothers(folder: Path) -> None:
    folder.mkdir()
    path = folder / "embeds.db"
    with Archive(path, platforms=PLATFORMS) as archive:
        for round_ in range(8):
            keep_articles(archive, 2, f"live{round_}")
            assert find_strangers(path) == []
            with closing(open_reader(path)) as conn:
                assert conn.execute("SELECT count(*) FROM articles").fetchone()[0] == 2 * (round_ + 1)


def test_where_it_cannot_be_set_aside_nothing_is_read(made: Path, folder: Path) -> None:
    lay(made, "killed", folder)
    restore(folder, made)
    with write_protected(folder):
        done = run("stats", "-a", folder)
    assert done.code == 1
    assert "cannot be" in done.err
    assert done.err.count("\n") == 1


def test_to_look_at_a_file_drops_no_lock_on_it(made: Path, folder: Path) -> None:
    """A process that closes a file drops all its locks on it: another program would then write beneath a reader."""
    folder.mkdir()
    path = folder / "embeds.db"
    shutil.copyfile(made / "sound.db", path)
    write = (
        "import sqlite3, sys; sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None).execute('BEGIN EXCLUSIVE')"
    )
    with closing(open_reader(path)) as conn:
        rows = conn.execute("SELECT * FROM articles")
        rows.fetchone()
        open_reader(path).close()
        done = subprocess.run([sys.executable, "-c", write, str(path)], check=False, capture_output=True, text=True)
        assert "database is locked" in done.stderr


def test_a_run_waits_for_a_reader_and_says_so(made: Path, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder.mkdir()
    path = folder / "embeds.db"
    shutil.copyfile(made / "sound.db", path)
    with closing(sqlite3.connect(path, check_same_thread=False)) as reader:
        rows = reader.execute("SELECT * FROM articles")
        rows.fetchone()
        before = path.read_bytes()
        with pytest.raises(ArchiveBusy, match="Nothing was changed"):
            Archive(path, platforms=PLATFORMS, patience_s=0)
        assert path.read_bytes() == before
        caplog.clear()
        leave = threading.Timer(1.5, rows.close)
        leave.start()
        with Archive(path, platforms=PLATFORMS, patience_s=BOUND_S) as archive:
            keep_articles(archive, 1, "beside", 100)
            assert "the run begins when that has ended" in caplog.text
            rows = reader.execute("SELECT * FROM articles")
            rows.fetchone()
            keep_articles(archive, 1, "and", 100)  # once it has begun, neither waits for the other
        leave.join()
    assert count(path) == 52


def test_what_lies_beside_another_programs_file_is_left_alone(made: Path, folder: Path) -> None:
    lay(made, "killed", folder)
    path = folder / "embeds.db"
    with closing(sqlite3.connect(folder / "theirs.db")) as conn:
        conn.execute("CREATE TABLE theirs (x)")
    (folder / "theirs.db").rename(path)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    for command in ("stats", "check"):
        assert run(command, "-a", path).code == 1
    after = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert after == before | {"embeds.db.lock": b""}


@pytest.mark.parametrize(
    ("version", "has"),
    [((3, 40, 1), True), ((3, 44, 5), True), ((3, 44, 6), False), ((3, 45, 0), True), ((3, 50, 6), True), ((3, 50, 7), False),
     ((3, 51, 0), True), ((3, 51, 2), True), ((3, 51, 3), False), ((3, 53, 0), False), ((3, 6, 23), False)],
)  # fmt: skip
def test_which_sqlite_has_the_fault_at_the_reset_of_its_log(version: tuple[int, ...], has: bool) -> None:
    assert has_reset_fault(version) == has


def test_a_run_is_the_only_one_that_writes_its_log_into_the_file(made: Path, folder: Path) -> None:
    """The order of calls that does not meet that fault: readers cannot, and the last of them to leave does not."""
    folder.mkdir()
    path = folder / "embeds.db"
    with Archive(path, platforms=PLATFORMS) as archive:
        keep_articles(archive, 2, "one", 100)
        before, log = path.read_bytes(), (folder / "embeds.db-wal").read_bytes()
        for _ in range(3):
            with closing(open_reader(path)) as conn, pytest.raises(ArchiveError):
                conn.execute("PRAGMA wal_checkpoint")
        assert (path.read_bytes(), (folder / "embeds.db-wal").read_bytes()) == (before, log)


@pytest.mark.skipif(shutil.which("sqlite3") is None, reason="the sqlite3 shell writes dumps that can be read in again")
def test_what_was_made_from_a_text_dump_says_so_and_how_to_mend_it(made: Path, folder: Path) -> None:
    folder.mkdir()
    path = folder / "it's made again.db"
    text = subprocess.run(["sqlite3", str(made / "sound.db"), ".dump"], check=True, capture_output=True).stdout
    subprocess.run(["sqlite3", str(path)], input=text, check=True)
    before = path.read_bytes()
    for command in ("stats", "check"):
        done = run(command, "-a", path)
        assert done.code == 1
        assert ".dump" in done.err
        assert path.read_bytes() == before
    subprocess.run(done.err.partition("mend it with: ")[2], shell=True, check=True)
    assert by_open(path) == 50
    assert by_crawl(path) == 50
    assert run("verify", "-a", path, "-q").code == 0
