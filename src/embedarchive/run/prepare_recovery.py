"""Which posts a run asks others about -> rows of the archive; what files in hand hold of them is kept at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

from embedarchive.core import clock
from embedarchive.core.errors import UsageError
from embedarchive.core.model import Post
from embedarchive.run.importing import import_posts
from embedarchive.run.ledger import Event
from embedarchive.run.own_files import read_exchanges
from embedarchive.run.prepare import Emit, Prepare
from embedarchive.run.recorded import Witness, gather, judge, make_capture, name_files
from embedarchive.run.recovering import Recover
from embedarchive.sources.files import find_web_archives
from embedarchive.store import Archive, open_reader, recovering
from embedarchive.store.consulted import forget_old
from embedarchive.store.fixity import read_blob
from embedarchive.store.posts import keep_post
from embedarchive.store.reading import read_post
from embedarchive.store.recorded import keep_recorded

DATABASES = (".db", ".sqlite", ".sqlite3")

SEEN = """SELECT id, environment FROM captures WHERE post_key = ? AND outcome = 'available' AND purpose <> 'control'
          AND fetch_id IS NULL ORDER BY origin = 'visit' DESC, started_at DESC LIMIT 1"""
SCREENSHOT = "SELECT sha256 FROM artifacts WHERE capture_id = ? AND role = 'screenshot' ORDER BY position LIMIT 1"
KEPT_NOW = "SELECT post_key FROM captures WHERE crawl_id = ? AND outcome = 'available'"


def prepare_recovery(posts: Sequence[Post], choice: Recover, files: Iterable[Path] = ()) -> Prepare:
    """These posts, else all that are lost; what `files` hold (archives of ours, web archives, folders of both) is taken first.

    Raises UsageError for a file that is not there.
    """
    named = list(files)
    if missing := [path for path in named if not path.exists()]:
        raise UsageError(
            f"{missing[0]} is not here. Give an archive, a web archive, or a folder of them. Nothing was done."
        )

    def prepare(archive: Archive, crawl_id: int, emit: Emit) -> None:
        with archive.transaction() as conn:
            forget_old(conn)
        if choice.unresolved:
            return
        now = clock.now()
        with archive.transaction() as conn:
            keys = [keep_post(conn, post, now) for post in posts] or recovering.find_lost(conn)
            recovering.plan_searches(conn, crawl_id, keys, choice.sources, now, again=bool(posts))
        if named and not choice.dry_run:
            take_from_files(archive, crawl_id, named, keys, emit, now)

    return prepare


def take_from_files(
    archive: Archive, crawl_id: int, files: Iterable[Path], keys: Sequence[str], emit: Emit, now: str
) -> None:
    """Keep what files in hand hold of these posts; who has one is asked nothing else of it."""
    paths = [inner for path in files for inner in list_files(path)]
    for path in (each for each in paths if each.suffix in DATABASES):
        if path.resolve() != archive.path.resolve():
            take_from_archive(archive, crawl_id, path, keys, emit, now)
    web_archives = [path for path in paths if path.suffix not in DATABASES]
    if web_archives:
        import_posts(archive, crawl_id, web_archives, emit, now, only=frozenset(keys))
    found = [str(row[0]) for row in archive.conn.execute(KEPT_NOW, (crawl_id,)).fetchall()]
    with archive.transaction() as conn:
        for key in found:
            recovering.leave_rest(conn, crawl_id, key)


def list_files(path: Path) -> Iterator[Path]:
    """The archives and web archives that a name stands for."""
    if path.is_dir():
        yield from sorted(each for each in path.rglob("*") if each.suffix in DATABASES and each.is_file())
    elif path.suffix in DATABASES:
        yield path
        return
    yield from find_web_archives(path)


def take_from_archive(archive: Archive, crawl_id: int, path: Path, keys: Iterable[str], emit: Emit, now: str) -> None:
    """Keep what another archive of ours saw of these posts. Raises NotAnArchive, NewerArchive, DamagedArchive."""
    with closing(open_reader(path)) as other:
        for key in keys:
            row = other.execute(SEEN, (key,)).fetchone()
            post = None
            if row:
                post = read_post(archive.conn, key)
            if post:
                take_capture(archive, crawl_id, other, row, post, Witness("import", "embedarchive", path.name), now)
                emit(Event("import", key, "kept", f"of {path.name}"))


def take_capture(
    archive: Archive, crawl_id: int, other: sqlite3.Connection, row: sqlite3.Row, post: Post, witness: Witness, now: str
) -> None:
    """Judge what another archive keeps of one visit anew, and keep it."""
    exchanges = list(read_exchanges(other, row["id"]))
    by_url = {each.url: each for each in exchanges}
    picture = other.execute(SCREENSHOT, (row["id"],)).fetchone()
    for sight in gather(post, exchanges):
        judged = judge(sight)
        if judged.verdict.outcome == "available":
            files = {media.url: by_url[media.url] for media in name_files(judged) if media.url in by_url}
            screenshot = None
            if picture:
                screenshot = read_blob(other, picture[0])
            keep_recorded(archive, make_capture(judged, witness, now, files, screenshot), crawl_id, now)
            return
