"""A backup is the archive as it was committed, whatever happens beside it; restored, it is that again, and nothing is lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from archive_builder import SAMPLES, build_archive, day
from embedarchive.core.errors import ArchiveLocked, DamagedArchive, ExitCode, UsageError
from embedarchive.core.model import Fetch
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.backup import back_up, restore
from embedarchive.store.conclusions import PostScope
from embedarchive.store.redactions import redact_file
from embedarchive.store.schema import read_sql
from in_process import run
from strangers import write_protected


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("built") / "embeds.db")


@pytest.fixture
def path(built: Path, tmp_path: Path) -> Path:
    (tmp_path / "archive").mkdir()
    return Path(shutil.copy(built, tmp_path / "archive" / "embeds.db"))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "backup" / "embeds.db"


def content(path: Path) -> list[str]:
    """All that a file holds, which must be sound, and at rest in one file."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as conn:
        assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return list(conn.iterdump())


def keep_article(path: Path, name: str, body: bytes = b"<p>new words</p>") -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        keep_in(archive, name, body)


def keep_in(archive: Archive, name: str, body: bytes = b"<p>new words</p>") -> None:
    crawl = archive.start_crawl("crawl", day("03-21"), "test", {})
    url = f"https://{name}.example/"
    article = archive.keep_seed(crawl, url, url, day("03-21"))
    archive.keep_fetch(article, crawl, Fetch(url, url, day("03-21"), "ok", 200, content_type="text/html", body=body))
    archive.finish_crawl(crawl, day("03-21"), "done", {})


def test_a_backup_is_the_archive_and_at_rest(path: Path, place: Path) -> None:
    made = back_up(path, place)
    assert made.whole
    assert content(place) == content(path)
    assert place.read_bytes()[18:20] == b"\1\1"
    assert {file.name for file in place.parent.iterdir()} == {"embeds.db", "embeds.db.lock"}
    assert run("lookup", SAMPLES[0].post.key, "-a", place).code == 0


def test_what_did_not_change_is_not_written_again(path: Path, place: Path) -> None:
    back_up(path, place)
    before = place.stat()
    made = back_up(path, place)
    assert (made.whole, made.rows) == (False, 0)
    assert (place.stat().st_mtime_ns, place.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_later_backup_writes_what_is_new(path: Path, place: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        keep_in(archive, "large", os.urandom(6_000_000))
    back_up(path, place)
    with Archive(path, platforms=PLATFORMS) as archive:
        keep_in(archive, "more")
        archive.keep_target(
            archive.start_crawl("check", day("03-22"), "test", {}), SAMPLES[7].post, day("03-22"), forced=True
        )
        archive.conclude_all()
    before = place.stat().st_ino, written()
    made = back_up(path, place)
    assert not made.whole
    assert made.files == 1
    assert place.stat().st_ino == before[0]
    assert written() - before[1] < 1_500_000
    assert content(place) == content(path)


def written() -> int:
    """Bytes that this process has given the system to write."""
    with open("/proc/self/io") as counts:
        return int(next(line for line in counts if line.startswith("wchar")).split()[1])


def test_a_committed_state_while_a_run_writes(path: Path, place: Path) -> None:
    stop, kept = threading.Event(), []

    with Archive(path, platforms=PLATFORMS) as archive:

        def write() -> None:
            for number in range(200):
                if stop.is_set():
                    return
                keep_in(archive, f"live{number}", os.urandom(200_000))
                kept.append(number)

        keep_in(archive, "first")
        writing = threading.Thread(target=write)
        writing.start()
        try:
            whole = back_up(path, place)
            some = len(kept)
            later = back_up(path, place)
        finally:
            stop.set()
            writing.join()
        assert whole.whole
        assert not later.whole
        assert (
            some
            <= sum("live" in line for line in content(place) if line.startswith('INSERT INTO "articles" VALUES'))
            <= len(kept)
        )
    assert run("verify", "-a", place, "-q").code == ExitCode.DONE


def withdraw(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("BEGIN")
        (sha256,) = conn.execute("SELECT sha256 FROM blobs ORDER BY size DESC").fetchone()
        redact_file(conn, sha256, "asked for", "2026-03-22T00:00:00.000Z")
        conn.execute("COMMIT")


def release_a_hold(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        archive.release_holds("instagram", "somebody", day("03-22"))


def add_a_table(path: Path) -> None:
    with closing(sqlite3.connect(path)) as conn:
        conn.execute("CREATE TABLE mine (x)")


@pytest.mark.parametrize(
    ("change", "whole"),
    [(withdraw, True), (add_a_table, True), (release_a_hold, False)],
    ids=lambda change: getattr(change, "__name__", ""),
)
def test_what_new_rows_cannot_bring_makes_a_whole_copy(
    change: Callable[[Path], None], whole: bool, path: Path, place: Path
) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("check", day("03-21"), "test", {})
        archive.keep_hold(PostScope("instagram"), day("03-21"), "many at once", crawl)
    back_up(path, place)
    change(path)
    assert back_up(path, place).whole == whole
    assert content(place) == content(path)


def test_a_backup_of_an_older_schema_is_made_anew(path: Path, place: Path) -> None:
    place.parent.mkdir()
    with closing(sqlite3.connect(place)) as conn:
        conn.executescript(read_sql("001.sql") + "PRAGMA application_id = 0x656D6272; PRAGMA user_version = 1;")
    assert back_up(path, place).whole
    assert content(place) == content(path)


def test_another_archive_is_left_alone(path: Path, place: Path) -> None:
    back_up(path, place)
    keep_article(place, "of-the-backup")
    before = place.read_bytes()
    with pytest.raises(UsageError, match="no backup of"):
        back_up(path, place)
    assert place.read_bytes() == before
    with pytest.raises(UsageError, match="the archive itself"):
        back_up(path, path)
    place.write_bytes(b"hello" * 100)
    assert run("backup", place, "-a", path).code == ExitCode.ERROR
    assert place.read_bytes() == b"hello" * 100


def test_an_unsound_archive_does_not_replace_a_sound_backup(path: Path, place: Path) -> None:
    back_up(path, place)
    before = place.read_bytes()
    keep_article(path, "more")
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        guard = conn.execute("SELECT sql FROM sqlite_schema WHERE name = 'blobs_no_update'").fetchone()[0]
        conn.execute("DROP TRIGGER blobs_no_update")
        conn.execute("UPDATE blobs SET body = zeroblob(length(body)) WHERE rowid = (SELECT max(rowid) FROM blobs)")
        conn.execute(guard)
    for remove in (False, True):
        if remove:
            place.unlink()
        done = run("backup", place, "-a", path)
        assert done.code == ExitCode.DAMAGED
        assert "embedarchive verify" in done.err
        assert done.err.count("\n") == 1
        assert (place.read_bytes() == before) if not remove else not place.exists()


def test_where_nothing_may_be_written_that_is_said(path: Path, place: Path) -> None:
    back_up(path, place)
    keep_article(path, "more")
    with write_protected(place.parent):
        done = run("backup", place, "-a", path)
    assert done.code == ExitCode.ERROR
    assert "Nothing was changed" in done.err
    assert done.err.count("\n") == 1


# -------------------------------------------------------------------------------------------------------------- restore


def test_a_restored_archive_is_the_backup_and_nothing_is_lost(path: Path, place: Path) -> None:
    back_up(path, place)
    keep_article(path, "since")
    before = content(path)
    done = restore(place, path)
    assert content(path) == content(place)
    assert done.replaced is not None
    assert content(done.replaced) == before
    keep_article(path, "afterwards")


def test_restored_where_there_is_none(path: Path, place: Path, tmp_path: Path) -> None:
    back_up(path, place)
    done = run("restore", place.parent, "-a", tmp_path / "new")
    assert done.code == 0
    assert "nothing is wrong with it" in done.err
    assert content(tmp_path / "new" / "embeds.db") == content(path)


def test_beside_a_run_nothing_is_restored(path: Path, place: Path) -> None:
    back_up(path, place)
    with Archive(path, platforms=PLATFORMS):
        with pytest.raises(ArchiveLocked):
            restore(place, path)
        assert run("restore", place, "-a", path).code == ExitCode.LOCKED
    assert content(path) == content(place)


def killed(path: Path, folder: Path) -> Path:
    """The archive as a run leaves it that is killed: the files as they are in its midst."""
    folder.mkdir()
    with Archive(path, platforms=PLATFORMS) as archive:
        keep_in(archive, "unfinished")
        for file in path.parent.iterdir():
            shutil.copy(file, folder)
    return folder / path.name


def test_what_a_killed_run_left_goes_with_its_file(path: Path, place: Path, tmp_path: Path) -> None:
    back_up(path, place)
    left = killed(path, tmp_path / "killed")
    done = restore(place, left)
    assert content(left) == content(place)
    assert done.replaced is not None
    with closing(open_reader(done.replaced)) as conn:
        assert conn.execute("SELECT count(*) FROM articles WHERE url LIKE '%unfinished%'").fetchone()[0] == 1
    assert not list(left.parent.glob("*-wal"))


def test_a_damaged_archive_is_replaced_with_its_log(path: Path, place: Path, tmp_path: Path) -> None:
    back_up(path, place)
    left = killed(path, tmp_path / "killed")
    with left.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 60_000)
    log = left.with_name("embeds.db-wal").read_bytes()
    done = restore(place, left)
    assert content(left) == content(place)
    assert done.replaced is not None
    kept = done.replaced.with_name(done.replaced.name + "-wal")
    assert not kept.exists() or kept.read_bytes() == log


def test_an_unsound_backup_is_not_put_back(path: Path, place: Path) -> None:
    back_up(path, place)
    with place.open("r+b") as file:
        file.seek(place.stat().st_size // 2)
        file.write(b"\xff" * 30_000)
    before = path.read_bytes()
    with pytest.raises(DamagedArchive):
        restore(place, path)
    assert path.read_bytes() == before
    assert {file.name for file in path.parent.iterdir()} <= {"embeds.db", "embeds.db.lock"}


def test_no_backup_is_said(path: Path, tmp_path: Path) -> None:
    done = run("restore", tmp_path / "nowhere", "-a", path)
    assert done.code == ExitCode.ERROR
    assert "There is no archive at" in done.err
