"""What an archive keeps, refuses and promises."""

from __future__ import annotations

import os
import random
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from embedarchive.core.errors import ArchiveError, ArchiveLocked, NewerArchive, NotAnArchive
from embedarchive.core.model import (
    Artifact,
    Capture,
    Claim,
    Description,
    Embed,
    Exchange,
    Fetch,
    Found,
    Post,
    Sign,
    Verdict,
)
from embedarchive.detect.identity import make_post
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.store import Archive, archive_path, open_reader
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.reading import read_blob, read_page
from embedarchive.store.verify import VerifyScope, verify

NOW, LATER = "2026-03-01T10:00:00.000Z", "2026-03-02T10:00:00.000Z"
ARTICLE = "https://news.example/story"
POST = Post("instagram", "C79gQqLpkul", "https://www.instagram.com/p/C79gQqLpkul/", "2024-06-08T12:00:00.000Z")


def fetched(body: bytes = b"<p>story</p>", *, source: str = "network", outcome: str = "ok") -> Fetch:
    return Fetch(ARTICLE, ARTICLE, NOW, outcome, 200, content_type="text/html", body=body, source=source)  # type: ignore[arg-type]


def found(*posts: Post | None, canonical: str | None = None) -> Found:
    embeds = tuple(
        Embed(
            n,
            "embed",
            "instagram",
            post,
            post and post.url,
            "blockquote",
            "dom",
            "quote",
            "<blockquote>",
            Claim("Ines"),
        )
        for n, post in enumerate(posts, 1)
    )
    return Found(embeds, title="A story", canonical_url=canonical)


def visited(outcome: str = "available", *, at: str = NOW, body: bytes = b"<html>post</html>") -> Capture:
    return Capture(
        post=POST, visit_url=POST.url + "embed/", final_url=POST.url + "embed/", started_at=at, finished_at=at,
        verdict=Verdict(outcome, None if outcome == "available" else "why", (Sign("rule", "dom", "saw"),)), status=200,  # type: ignore[arg-type]
        artifacts=(Artifact("screenshot", b"\x89PNG" + body, "image/png"), Artifact("dom", body, "text/html")),
        exchanges=(
            Exchange(POST.url + "embed/", status=200, body=body, content_type="text/html", resource_type="document"),
            Exchange("https://www.instagram.com/api/v1/oembed/", status=404, body=b"{}", resource_type="probe:oembed"),
        ),
    )  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return archive_path(tmp_path / "a folder 🕊")


def crawl(archive: Archive, *posts: Post | None) -> tuple[int, int]:
    crawl_id = archive.start_crawl("crawl", NOW, "test", {})
    article_id = archive.keep_seed(crawl_id, ARTICLE, "argument", NOW)
    fetch_id = archive.keep_fetch(article_id, crawl_id, fetched())
    assert fetch_id is not None
    archive.keep_found(fetch_id, found(*posts), 1, NOW, crawl_id)
    return crawl_id, article_id


def due(archive: Archive, view: str) -> list[sqlite3.Row]:
    return archive.conn.execute(f"SELECT * FROM {view}").fetchall()


def dump(path: Path) -> list[str]:
    """All that is kept; SQLite's own statistics follow whatever was asked last."""
    return [line for line in open_reader(path).iterdump() if "sqlite_stat" not in line]


def test_a_run_leaves_one_file_that_reads_as_it_was_kept(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, POST)
        capture_id = archive.keep_capture(visited(), crawl_id)
        archive.keep_description(capture_id, POST.key, Description(text="héllo", sources={"text": "markup"}), 1, NOW)
    assert {p.name for p in path.parent.iterdir()} == {"embeds.db", "embeds.db.lock"}
    reader = open_reader(path)
    page = read_page(reader, capture_id)
    assert (page.body, page.dom, page.status) == ("<html>post</html>", "<html>post</html>", 200)
    assert [(a.name, a.status, a.body) for a in page.answers] == [("oembed", 404, "{}")]
    row = reader.execute("SELECT status, text, capture_id, screenshot FROM preserved_posts").fetchone()
    assert tuple(row)[:3] == ("available", "héllo", capture_id)
    assert read_blob(reader, row["screenshot"]) == b"\x89PNG<html>post</html>"


@pytest.mark.parametrize(
    ("outcome", "still_due"), [("available", 0), ("gone", 0), ("unavailable", 0), ("blocked", 1), ("error", 1)]
)
def test_a_post_is_due_until_a_visit_answers_about_it(path: Path, outcome: str, still_due: int) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, POST)
        assert [row["key"] for row in due(archive, "posts_to_capture")] == [POST.key]
        archive.keep_capture(visited(outcome), crawl_id, retry_at=LATER)
        assert len(due(archive, "posts_to_capture")) == still_due
        assert due(archive, "targets_to_visit") == []


def test_a_check_that_meets_a_wall_does_not_make_a_preserved_post_due_again(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, POST)
        archive.keep_capture(visited(), crawl_id)
        archive.keep_capture(visited("blocked", at=LATER), crawl_id, retry_at=LATER)
        assert due(archive, "posts_to_capture") == []
        status = archive.conn.execute("SELECT status, last_available_at FROM post_status").fetchone()
        assert tuple(status) == ("available", NOW)


def test_gone_after_available_is_dated_from_both_sides(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, POST)
        archive.keep_capture(visited(), crawl_id)
        archive.keep_capture(visited("gone", at=LATER), crawl_id)
        other = Post("instagram", "CControl123", "https://www.instagram.com/p/CControl123/")
        archive.keep_control(replace(visited(at=LATER), post=other), crawl_id)
        archive.conclude(POST.key)
        row = archive.conn.execute(
            "SELECT status, last_available_at, first_gone_at, best_capture_id FROM post_status"
        ).fetchone()
        assert tuple(row) == ("gone", NOW, LATER, 1)
        assert [r["preserved"] for r in due(archive, "lost_posts")] == [1]


def test_keeping_the_same_twice_changes_nothing(path: Path) -> None:
    saved = fetched(source="story.html")
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, article_id = crawl(archive, POST)
        first = archive.keep_fetch(article_id, crawl_id, saved)
        assert first is not None
        archive.keep_found(first, found(POST), 1, NOW, crawl_id)
    before = dump(path)
    with Archive(path, platforms=PLATFORMS) as archive:
        assert archive.keep_fetch(article_id, crawl_id, saved) is None
        archive.keep_seed(crawl_id, ARTICLE, "argument", LATER, fresh_since=NOW)
    assert dump(path) == before


def test_an_embed_without_a_post_is_kept_and_searchable(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl(archive, None)
        row = archive.conn.execute("SELECT post_key, author_name FROM embeds").fetchone()
        assert tuple(row) == (None, "Ines")
        hits = archive.conn.execute("SELECT rowid FROM embeds_fts WHERE embeds_fts MATCH 'ines'").fetchall()
        assert len(hits) == 1


def test_better_rules_replace_embeds_and_their_index(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, None, POST)
        archive.keep_found(1, found(POST), 2, NOW, crawl_id)
        assert archive.conn.execute("SELECT count(*) FROM embeds").fetchone()[0] == 1
        assert archive.conn.execute("SELECT count(*) FROM embeds_fts WHERE embeds_fts MATCH 'ines'").fetchone()[0] == 1
        archive.conn.execute("INSERT INTO embeds_fts(embeds_fts) VALUES ('integrity-check')")


def test_variants_of_an_article_become_one(path: Path) -> None:
    amp = ARTICLE + "/amp"
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, article_id = crawl(archive, POST)
        other = archive.keep_seed(crawl_id, amp, "argument", NOW)
        fetch_id = archive.keep_fetch(other, crawl_id, fetched(b"<p>amp</p>"))
        assert fetch_id is not None
        archive.keep_found(fetch_id, found(POST, canonical=ARTICLE), 1, NOW, crawl_id)
        assert archive.keep_seed(crawl_id, amp, "argument", NOW) == article_id
        assert archive.conn.execute("SELECT count(*) FROM articles").fetchone()[0] == 1
        archive.conn.execute("INSERT INTO articles_fts(articles_fts) VALUES ('integrity-check')")


@pytest.mark.parametrize("canonical", ["https://other.example/story", "https://news.example/", ARTICLE])
def test_a_careless_canonical_merges_nothing(path: Path, canonical: str) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, article_id = crawl(archive)
        archive.keep_seed(crawl_id, "https://news.example/", "argument", NOW)
        archive.keep_found(1, found(canonical=canonical), 1, NOW, crawl_id)
        assert archive.conn.execute("SELECT url FROM articles WHERE id = ?", (article_id,)).fetchone()[0] == ARTICLE


def test_a_short_link_hands_its_embeds_to_the_post_it_names(path: Path) -> None:
    link = Post("instagram", "share/BAx", "https://www.instagram.com/share/BAx", resolved=False)
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, link)
        archive.keep_resolution(crawl_id, link.key, POST, NOW)
        assert [r["key"] for r in due(archive, "targets_to_visit")] == [POST.key]
        archive.keep_found(1, found(link), 2, NOW, crawl_id)
        assert archive.conn.execute("SELECT post_key FROM embeds").fetchone()[0] == POST.key


def test_a_post_that_its_platform_names_twice_is_one(path: Path) -> None:
    handle, did = (
        Post("bluesky", f"{name}/3lcxjuygrwk2p", f"https://bsky.app/{name}") for name in ("m.example", "did:plc:abcdef")
    )
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, handle, did)
        capture = archive.keep_capture(replace(visited(), post=handle), crawl_id)
        archive.keep_description(capture, handle.key, Description(text="It is back."), 1, NOW, (did,))
        assert [r["key"] for r in due(archive, "targets_to_visit")] == []
        assert {r["post_key"] for r in due(archive, "embeds")} == {handle.key}
        archive.keep_found(1, found(did), 2, NOW, crawl_id)
        assert {r["post_key"] for r in due(archive, "embeds")} == {handle.key}
        archive.keep_description(capture, handle.key, Description(text="It is back."), 2, NOW, (did, handle))
        assert [r["same_as"] for r in due(archive, "posts")] == [None, handle.key]


def test_posts_that_were_both_visited_stay_two(path: Path) -> None:
    handle, did = (
        Post("bluesky", f"{name}/3lcxjuygrwk2p", f"https://bsky.app/{name}") for name in ("m.example", "did:plc:abcdef")
    )
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, handle, did)
        for number, post in enumerate((did, handle)):
            capture = archive.keep_capture(replace(visited(body=b"%d" % number), post=post), crawl_id)
        archive.keep_description(capture, handle.key, Description(text="It is back."), 1, NOW, (did,))
        assert [r["same_as"] for r in due(archive, "posts")] == [None, None]


def test_an_address_made_of_an_id_gives_way_to_the_posts_own(path: Path) -> None:
    bare = make_post(BY_NAME["reddit"], "1ab2cd")
    own, other = (
        make_post(BY_NAME["reddit"], "1ab2cd", f"https://www.reddit.com/r/{name}/comments/1ab2cd/")
        for name in ("birds", "b")
    )
    with Archive(path, platforms=PLATFORMS) as archive:
        for post, kept in ((bare, bare), (own, own), (other, own), (bare, own)):
            crawl(archive, post)
            assert [r["url"] for r in due(archive, "posts")] == [kept.url]


@pytest.mark.parametrize("table", ["captures", "artifacts", "exchanges", "checks", "blobs"])
@pytest.mark.parametrize("change", ["UPDATE {} SET rowid = rowid", "DELETE FROM {}"])
def test_what_was_observed_cannot_be_changed(path: Path, table: str, change: str) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, POST)
        archive.keep_capture(visited(), crawl_id)
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            archive.conn.execute(change.format(table))


def test_hostile_text_and_numbers_are_kept_harmless(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, POST)
        capture_id = archive.keep_capture(visited(), crawl_id)
        description = Description(text="a\0b\ud800c", likes=2**70, title="'; DROP TABLE posts;--")
        archive.keep_description(capture_id, POST.key, description, 1, NOW)
        row = archive.conn.execute("SELECT text, likes, title FROM descriptions").fetchone()
        assert tuple(row) == ("a\ufffdb?c", None, "'; DROP TABLE posts;--")


def test_bytes_are_stored_once_and_text_is_packed(path: Path) -> None:
    body = b"<p>the same words again</p>" * 1000
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id, _ = crawl(archive, POST)
        for at in (NOW, LATER):
            archive.keep_capture(visited(at=at, body=body), crawl_id)
        row = archive.conn.execute(
            "SELECT count(*), encoding, size, length(body) FROM blobs WHERE sha256 = ?", (hash_bytes(body),)
        ).fetchone()
        assert tuple(row)[:3] == (1, "zlib", len(body))
        assert row[3] < len(body) / 50


def test_a_second_writer_is_refused_and_readers_are_not(path: Path) -> None:
    with Archive(path) as _:
        with pytest.raises(ArchiveLocked, match="Nothing was changed"):
            Archive(path)
        assert open_reader(path).execute("SELECT count(*) FROM posts").fetchone()[0] == 0


@pytest.mark.parametrize(
    ("content", "error"),
    [(b"", NotAnArchive), (b"hello" * 100, NotAnArchive), (None, NotAnArchive), ("newer", NewerArchive)],
)
def test_what_is_no_archive_is_left_untouched(
    path: Path, content: bytes | str | None, error: type[ArchiveError]
) -> None:
    path.parent.mkdir(parents=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content == "newer":
        Archive(path).close()
        with sqlite3.connect(path) as conn:
            conn.execute("PRAGMA user_version = 99")
    else:
        with sqlite3.connect(path) as conn:
            conn.execute("CREATE TABLE theirs (x)")
    before = path.read_bytes()
    with pytest.raises(error):
        Archive(path)
    assert path.read_bytes() == before


def test_opening_the_newest_schema_writes_nothing(path: Path) -> None:
    Archive(path, platforms=PLATFORMS).close()
    before = dump(path)
    Archive(path, platforms=PLATFORMS).close()
    assert dump(path) == before


def test_no_archive_yet_says_how_to_make_one(path: Path) -> None:
    with pytest.raises(ArchiveError, match="embedarchive crawl"):
        open_reader(path)


def test_what_was_acknowledged_survives_a_kill(path: Path) -> None:
    """A process that is killed right after an acknowledgement loses nothing of what it acknowledged."""
    script = (
        "import os, sys; sys.path.insert(0, sys.argv[2]); import test_archive as t; from pathlib import Path\n"
        "a = t.Archive(Path(sys.argv[1]), platforms=t.PLATFORMS); c, _ = t.crawl(a, t.POST)\n"
        "a.keep_capture(t.visited(), c); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", script, str(path), str(Path(__file__).parent)], check=False)
    assert done.returncode == -9
    with Archive(path, platforms=PLATFORMS) as archive:
        assert archive.conn.execute("SELECT outcome FROM captures").fetchone()[0] == "available"
        assert archive.conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


def test_a_reader_mends_what_a_killed_writer_left(path: Path) -> None:
    """With a rollback journal in the way, a read-only connection alone would fail: it may not write."""
    Archive(path, platforms=PLATFORMS).close()
    script = (
        "import os, sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "c.execute('PRAGMA cache_size = 1'); c.execute('BEGIN IMMEDIATE')\n"
        "rows = ((str(n) * 99,) for n in range(5000))\n"
        "c.executemany('INSERT INTO articles (url, first_seen_at) VALUES (?, 1)', rows)\n"
        "os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", script, str(path)], check=False).returncode == -9
    assert path.with_name(path.name + "-journal").exists()
    assert open_reader(path).execute("SELECT count(*) FROM articles").fetchone()[0] == 0


@contextmanager
def a_full_disk(path: Path) -> Iterator[None]:
    """No file of this process grows beyond what the archive has now: its log cannot be written into it."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@contextmanager
def no_place_for_a_journal(path: Path) -> Iterator[None]:
    """The log can be written into the file, but not be turned off."""
    folder = path.with_name(path.name + "-journal")
    folder.mkdir()
    try:
        yield
    finally:
        folder.rmdir()


@pytest.mark.parametrize("failing", [a_full_disk, no_place_for_a_journal])
def test_a_disk_that_fails_as_an_archive_is_closed_is_told(
    path: Path, failing: Callable[[Path], AbstractContextManager[None]]
) -> None:
    archive = Archive(path, platforms=PLATFORMS)
    run, _ = crawl(archive, POST)
    archive.keep_capture(visited(body=os.urandom(300_000)), run)
    with failing(path), pytest.raises(ArchiveError, match="kept"), archive:
        pass
    with closing(open_reader(path)) as reader:
        assert reader.execute("SELECT count(*) FROM captures").fetchone()[0] == 1
    Archive(path, platforms=PLATFORMS).close()
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}
    archive = Archive(path, platforms=PLATFORMS)
    crawl(archive, POST)
    with failing(path), pytest.raises(ValueError, match="another"), archive:
        raise ValueError("another error came first, and is the one that is told")


def test_a_closed_archive_is_closed_whoever_still_holds_a_question(path: Path) -> None:
    """As the traceback of an error does; else the next run would wait for a reader that is nobody."""
    archive = Archive(path, platforms=PLATFORMS)
    crawl(archive, POST)
    held = archive.conn.execute("SELECT key FROM posts")
    reader = open_reader(path)
    rows = reader.execute("SELECT key FROM posts")
    assert next(rows)
    reader.close()
    archive.close()
    assert {file.name for file in path.parent.iterdir()} == {path.name, f"{path.name}.lock"}
    Archive(path, platforms=PLATFORMS, patience_s=0).close()
    del held, rows


# ------------------------------------------------------------------------------------------------------------- endurance


def test_a_commit_is_asked_to_reach_the_disk(path: Path) -> None:
    """Without it a power cut takes what was acknowledged; SQLite's own tests replay the cuts."""
    with Archive(path, platforms=PLATFORMS) as archive:
        asked = [archive.conn.execute(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "foreign_keys")]
    assert asked == [2, 1], "FULL, and no dangling reference"


SECTOR = 512


def tear(old: bytes, new: bytes, chance: random.Random) -> bytes:
    """A file on its way from `old` to `new` as a power cut leaves it: each sector is written or not, in no order."""
    length = chance.randrange(len(old), max(len(new), len(old)) + 1, SECTOR)
    old = old.ljust(length, b"\0")
    sides = [chance.choice((old, new)) for _ in range(0, length, SECTOR)]
    return b"".join(side[n * SECTOR : (n + 1) * SECTOR] for n, side in enumerate(sides))


@pytest.mark.parametrize("seed", range(8))
def test_a_power_cut_takes_nothing_that_was_acknowledged(path: Path, tmp_path: Path, seed: int) -> None:
    """What was not synced is dropped or torn: of the log as a commit is written, of the file as the log goes into it."""
    chance, log = random.Random(seed), path.with_name(path.name + "-wal")
    with Archive(path, platforms=PLATFORMS) as archive:
        run, _ = crawl(archive, POST)
        archive.keep_capture(visited(body=chance.randbytes(60_000)), run)
        file, acknowledged = path.read_bytes(), log.read_bytes()
        archive.keep_capture(visited(at=LATER, body=chance.randbytes(60_000)), run)
        both = log.read_bytes()
        archive.conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()
        written = path.read_bytes()
    cuts = {(1, 2): (file, tear(acknowledged, both, chance)), (2,): (tear(file, written, chance), both)}
    for held, (data, beside) in cuts.items():
        after = tmp_path / str(len(held)) / "embeds.db"
        after.parent.mkdir()
        after.write_bytes(data)
        after.with_name("embeds.db-wal").write_bytes(beside)
        with closing(open_reader(after)) as conn:
            assert not list(verify(conn, VerifyScope()))
            assert conn.execute("SELECT count(*) FROM captures").fetchone()[0] in held
        assert not list(after.parent.glob("*.orphan-*"))
        Archive(after, platforms=PLATFORMS).close()


def test_many_captures_leave_no_descriptor_and_little_memory(path: Path) -> None:
    def held() -> tuple[int, int]:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
        return len(os.listdir("/proc/self/fd")), pages * os.sysconf("SC_PAGESIZE")

    with Archive(path, platforms=PLATFORMS) as archive:
        run, _ = crawl(archive, POST)
        figures = []
        for number in range(600):
            archive.keep_capture(visited(body=b"<html>%d" % number + os.urandom(20_000)), run)
            if number in (199, 599):
                figures.append(held())
    assert figures[1][0] <= figures[0][0]  # fewer where what other tests left is collected meanwhile
    assert figures[1][1] - figures[0][1] < 20_000_000, "24 MB of other bytes went through"
