"""A public copy shows what may be shown and holds, in all its bytes, nothing of what was left out."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from archive_builder import SAMPLES, build_archive
from embedarchive import UsageError, open_archive
from embedarchive.core.model import Artifact, Capture, Description, Exchange, Fetch, Verdict
from embedarchive.export.publish import COPIED, FILES, LEFT_OUT, Published, publish
from embedarchive.export.selection import find_selection
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.reading import read_blob
from embedarchive.store.redactions import redact_file
from embedarchive.store.schema import apply_schema
from embedarchive.store.schema.meanings import read_disclosures
from embedarchive.store.verify import VerifyScope, verify
from in_process import run
from reading_room import open_room

NOW = "2026-03-21T08:00:00.000Z"
SHIPS, TOKYO, STATEMENT = SAMPLES[0].post.key, SAMPLES[1].post.key, SAMPLES[3].post.key
WITHDRAWN = b"\x89PNG\r\n\x1a\n withdrawn on request: MARK-WITHDRAWN"
SECRETS = (
    "MARK-HEADER", "MARK-BODY", "MARK-DOM", "MARK-HTML", "MARK-OPTION", "MARK-REASON", "MARK-HOME", "MARK-HOST",
    "MARK-WITHDRAWN", "MARK-ORIGIN", "MARK-SUMMARY", "MARK-ADDRESS",
)  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive, and one more post around which everything that must not leave bears a mark."""
    path = build_archive(tmp_path_factory.mktemp("archive") / "embeds.db")
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {"contact": "MARK-OPTION"})
        saved = "file:///home/MARK-HOME/saved/story.html"
        article = archive.keep_seed(crawl, saved, "/home/MARK-ORIGIN/list.txt", NOW)
        archive.keep_fetch(article, crawl, fetch_of(saved))
        number = archive.keep_capture(visit(), crawl)
        archive.keep_description(number, TOKYO, SAMPLES[1].says or Description(), 1, NOW)
        archive.finish_crawl(crawl, NOW, "done", {"note": "MARK-SUMMARY"})
        withdraw(archive, hash_bytes(WITHDRAWN))
    return path


def fetch_of(saved: str) -> Fetch:
    """The reading of a saved page, with a mark in everything that tells of the machine."""
    return Fetch(
        saved, saved, NOW, "ok", 200, headers=(("x-a", "MARK-HEADER"),), body=b"<p>MARK-HTML</p>",
        remote_address="MARK-ADDRESS", source="/home/MARK-HOME/story.html",
    )  # fmt: skip


def visit() -> Capture:
    """A second look at a post, with a mark in everything private."""
    post = SAMPLES[1].post
    headers = (("set-cookie", "MARK-HEADER"),)
    exchange = Exchange(post.url, status=200, request_headers=headers, response_headers=headers, started_at=NOW,
                        body=b"<html>MARK-BODY</html>", remote_address="MARK-ADDRESS")  # fmt: skip
    return Capture(
        post, post.url, post.url, NOW, NOW, Verdict("available"), 200,
        (Artifact("dom", b"<p>MARK-DOM</p>", "text/html"), Artifact("media", WITHDRAWN, "image/png", 1)),
        (exchange,), environment={"browser": "Chrome", "machine": "MARK-HOST"},
    )  # fmt: skip


def withdraw(archive: Archive, sha256: str) -> None:
    with archive.transaction() as conn:
        redact_file(conn, sha256, "asked by MARK-REASON", NOW)


def dump(path: Path) -> bytes:
    """All bytes of a file, and of every value in it as SQLite reads them, unpacked."""
    conn = open_reader(path)
    tables = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    values = b"\n".join(str(tuple(row)).encode() for t in tables for row in conn.execute(f"SELECT * FROM {t}"))
    bodies = b"\n".join(read_blob(conn, row[0]) or b"" for row in conn.execute("SELECT sha256 FROM blobs"))
    conn.close()
    return path.read_bytes() + values + bodies


def test_the_marks_are_in_the_archive_itself(source: Path) -> None:
    text = dump(source)
    assert [mark for mark in SECRETS if mark.encode() not in text] == ["MARK-WITHDRAWN"]  # redacted already


@pytest.mark.parametrize("thumbnails_only", [False, True])
def test_nothing_private_is_in_any_byte(source: Path, tmp_path: Path, thumbnails_only: bool) -> None:
    out = tmp_path / "public.db"
    publish(source, out, NOW, thumbnails_only=thumbnails_only)
    text = dump(out)
    assert [mark for mark in SECRETS if mark.encode() in text] == []
    assert sorted(p.name for p in tmp_path.iterdir()) == ["public.db"]
    conn = open_reader(out)
    for table in LEFT_OUT:
        assert conn.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == 0, table
    assert conn.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert conn.execute("PRAGMA foreign_key_check").fetchall() == []
    assert conn.execute("SELECT count(*) FROM posts_to_capture").fetchone()[0] == 0
    assert conn.execute("PRAGMA freelist_count").fetchone()[0] == 0
    conn.close()


def test_everything_public_is_there_as_it_was(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "public.db"
    done = publish(source, out, NOW, with_dom=True)
    with open_archive(source) as before, open_archive(out) as after:
        assert list(after.posts()) == list(before.posts())
        assert after.post(SHIPS) == before.post(SHIPS)
        assert [a.title for a in after.articles()] == [a.title for a in before.articles()]
        assert list(after.media(SHIPS)) == list(before.media(SHIPS))
        assert {hit.post.key for hit in after.search("fjord") if hit.post} == {SHIPS}
        assert {hit.post.key for hit in after.search("もいない五分") if hit.post} == {TOKYO}
        hashed = "SELECT sha256, dhash FROM artifacts WHERE role <> 'dom' ORDER BY id"
        assert list(after.query(hashed)) == list(before.query(hashed))
        assert [o.gone for o in after.outlets()] == [o.gone for o in before.outlets()]
        assert "file:///saved/5/story.html" in {a.url for a in after.articles()}
        withdrawn = [k for c in after.post(TOKYO).captures for k in c.artifacts if not k.held]  # type: ignore[union-attr]
        assert [kept.sha256 for kept in withdrawn] == [hash_bytes(WITHDRAWN)]
    assert done == Published(8, 15, 5, done.files, out.stat().st_size)
    assert done.bytes < source.stat().st_size


def test_the_page_as_rendered_leaves_only_when_asked(source: Path, tmp_path: Path) -> None:
    publish(source, tmp_path / "public.db", NOW, with_dom=True)
    assert b"MARK-DOM" in dump(tmp_path / "public.db")
    assert b"MARK-BODY" not in dump(tmp_path / "public.db")


def test_thumbnails_are_small_marked_and_all_there_is(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "public.db"
    publish(source, out, NOW, thumbnails_only=True)
    with open_archive(out) as copy, open_archive(source) as whole:
        files = list(copy.media(SHIPS, roles=("media", "screenshot", "avatar")))
        assert len(files) == 5
        for kept, body in files:
            with Image.open(io.BytesIO(body)) as picture:
                assert max(picture.size) <= 320
                assert (kept.width, kept.height) == picture.size
            assert kept.truncated == "thumbnail only"
        originals = {kept.sha256 for kept, _ in whole.media(SHIPS, roles=("media", "screenshot", "avatar"))}
        assert not originals & {row["sha256"] for row in copy.query("SELECT sha256 FROM blobs")}
        assert "only a part (thumbnail only)" in copy.card(SHIPS)


def test_a_selection_brings_its_posts_and_no_other(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "public.db"
    conn = open_reader(source)
    article = "https://www.kuestenbote.example/reportage/letzte-faehre"
    chosen = find_selection(conn, [SAMPLES[3].post.url + "?s=20", article])
    conn.close()
    publish(source, out, NOW, chosen)
    with open_archive(out) as copy:
        assert {p.key for p in copy.posts()} == {STATEMENT, SHIPS, SAMPLES[2].post.key}
        titles = {a.title for a in copy.articles()}
        assert "Kiln day: the potters who post everything" not in titles
        assert len(titles) == 3  # the one named, and those that embed the same posts
        assert len(list(copy.embeds())) == 5
        assert len(list(copy.embeds(article=article))) == 2
    text = dump(out)
    for other in (SAMPLES[1], SAMPLES[4], SAMPLES[5]):
        assert other.post.native_id.encode() not in text
    assert "東京夜景部".encode() not in text
    assert "bowls" not in text.decode("utf-8", "replace")


def test_what_someone_logged_in_saw_leaves_only_when_asked(source: Path, tmp_path: Path) -> None:
    path = tmp_path / "archive.db"
    path.write_bytes(source.read_bytes())
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("capture", NOW, "0.1.0", {})
        seen = replace(visit(), environment={"logged_in": ["instagram.com"]})
        picture = Artifact("media", b"\xff\xd8\xff for followers: MARK-FOLLOWERS", "image/jpeg", 1)
        number = archive.keep_capture(replace(seen, artifacts=(picture,)), crawl)
        archive.keep_description(number, TOKYO, Description(text="MARK-FOLLOWERS"), 1, NOW)
    without = publish(path, tmp_path / "public.db", NOW)
    assert without.withheld == 1
    assert b"MARK-FOLLOWERS" not in dump(tmp_path / "public.db")
    assert "1 visit by someone logged in" in run("publish", tmp_path / "again.db", "-a", path).err
    whole = publish(path, tmp_path / "all.db", NOW, with_logged_in=True)
    assert (whole.withheld, whole.visits) == (0, without.visits + 1)
    assert b"MARK-FOLLOWERS" in dump(tmp_path / "all.db")


BROWSED = {
    "browsing", "browsing_counts", "browsing_totals", "browsing_due",
    "totals", "outlet_figures", "article_figures", "article_figures_due",
}  # fmt: skip
"""Made anew of what was copied."""


def test_a_new_table_or_column_needs_a_decision() -> None:
    """What the schema has and this list does not would be left out silently, or leave unseen: both are mistakes."""
    conn = sqlite3.connect(":memory:", isolation_level=None)
    apply_schema(conn)
    query = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE '%sqlite%'"
    ours = {row[0] for row in conn.execute(query)}
    assert ours == {*COPIED, *LEFT_OUT, "artifacts", "blobs", "picture_marks", "redactions", "post_counts", *BROWSED}
    private = {
        "crawls": {"options", "summary"}, "articles": {"fetch_after", "failures"},
        "posts": {"capture_after", "is_control"}, "conclusions": {"due_at"},
        "replays": {"note"},
        "fetches": {"headers", "redirects", "remote_address", "html_sha256", "to_render", "dom_sha256",
                    "screenshot_sha256"},
    }  # fmt: skip
    for table, copied in {**COPIED, "artifacts": FILES}.items():
        columns = {row[1] for row in conn.execute(f"PRAGMA table_info({table})")} - read_disclosures().get(
            table, {}
        ).keys()
        assert columns - {*copied.columns.split(), *copied.instead} == private.get(table, set()), table
    conn.close()


def test_it_never_replaces_the_archive_itself(source: Path, tmp_path: Path) -> None:
    before = source.read_bytes()
    (tmp_path / "same.db").symlink_to(source)
    for name in (source, tmp_path / "same.db"):
        with pytest.raises(UsageError, match="the archive itself"):
            publish(source, name, NOW)
    assert source.read_bytes() == before


async def test_the_reading_room_and_datasette_read_the_copy_as_immutable(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "public.db"
    publish(source, out, NOW)
    room = await open_room(immutables=[str(out)])
    front = await room.client.get("/public/-/archive")
    assert front.status_code == 200
    assert "Marit Solheim" in front.text
    page = await room.client.get(f"/public/-/post/{SHIPS}")
    assert page.status_code == 200
    sha = re.search(r"<img[^>]*/-/media/([0-9a-f]{64})", page.text)
    assert sha is not None
    picture = await room.client.get(f"/public/-/media/{sha[1]}")
    assert picture.content.startswith(b"\xff\xd8\xff")
    rows = await room.client.get("/public/preserved_posts.json?_shape=array")
    assert len(rows.json()) == 5
    words = await room.client.get("/public/descriptions.json?_search=fjord&_shape=array")
    assert {row["post_key"] for row in words.json()} == {SHIPS}


def test_the_command_says_what_the_copy_holds(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "public.db"
    done = run("publish", out, STATEMENT, "-a", source, "--json")
    assert done.code == 0, done.err
    assert done.json["posts"] == 1
    assert done.json["path"] == str(out)
    again = run("publish", out, "-a", source)
    assert again.code == 2
    assert "--overwrite" in again.err
    unknown = run("publish", tmp_path / "b.db", "https://www.instagram.com/p/AAAAAAAAAAA/", "-a", source)
    assert unknown.code == 2
    assert "Nothing was written" in unknown.err
    assert not (tmp_path / "b.db").exists()
    assert json.loads(run("query", "SELECT count(*) AS n FROM posts", "-a", out).out) == [{"n": 1}]


# ------------------------------------------------------------------------------------------------- onto an earlier copy


def read_rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, but for when the steps of the schema were taken and what planners noted."""
    with closing(sqlite3.connect(path)) as conn:
        tables = conn.execute("SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'").fetchall()
        names = [name for (name,) in tables if not name.startswith(("sqlite_", "_sqlite"))]
        return {name: sorted(map(tuple, conn.execute(f"SELECT * FROM {name}")), key=repr) for name in names}


def find_words(path: Path, words: str) -> list[str]:
    with open_archive(path) as copy:
        return sorted(hit.post.key for hit in copy.search(words) if hit.post)


def test_onto_an_earlier_copy_only_what_changed_is_written(source: Path, tmp_path: Path) -> None:
    """Whatever was added, withheld or withdrawn since: it is what a new copy would be, in every row and by every search."""
    path, out = tmp_path / "archive.db", tmp_path / "public.db"
    path.write_bytes(source.read_bytes())
    assert publish(path, out, NOW).renewed is False
    held = {row[0]: row[1] for row in sqlite3.connect(out).execute("SELECT sha256, rowid FROM blobs")}
    file = out.stat().st_ino
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("capture", NOW, "0.1.0", {})
        picture = Artifact("media", b"\xff\xd8\xff a new picture", "image/jpeg", 1)
        number = archive.keep_capture(
            replace(visit(), started_at=LATER, finished_at=LATER, artifacts=(picture,)), crawl
        )
        archive.keep_description(number, TOKYO, Description(text="newly worded"), 1, LATER)
        archive.conclude_all()
    check_renewed(path, out)
    assert find_words(out, "newly") == [TOKYO]
    kept = {row[0]: row[1] for row in sqlite3.connect(out).execute("SELECT sha256, rowid FROM blobs")}
    assert kept.items() > held.items()  # where they were: none was written again

    gone = read_texts(out, SHIPS)
    assert run("access", "hide", SHIPS, "-a", path, "--level", "sealed").code == 0
    with Archive(path, platforms=PLATFORMS) as archive:
        withdraw(archive, hash_bytes(picture.body))
    check_renewed(path, out)
    assert out.stat().st_ino == file
    text = dump(out)
    assert not [each for each in (*gone, b"a new picture") if each in text]
    assert find_words(out, "fjord") == []


LATER = "2026-03-22T09:00:00.000Z"


def read_texts(path: Path, key: str) -> list[bytes]:
    """What only a post says, and its pictures, as they lie in the file."""
    with closing(sqlite3.connect(path)) as conn:
        said = conn.execute("SELECT text FROM descriptions WHERE post_key = ? AND text IS NOT NULL", (key,)).fetchall()
        files = conn.execute(
            "SELECT substr(body, 1, 2000) FROM blobs WHERE length(body) > 0 AND sha256 IN (SELECT a.sha256 FROM artifacts a "
            "JOIN captures c ON c.id = a.capture_id WHERE c.post_key = ?)", (key,)
        ).fetchall()  # fmt: skip
        assert said
        assert files
        return [key.encode(), *(text.encode() for (text,) in said), *(body for (body,) in files)]


def check_renewed(path: Path, out: Path) -> None:
    """Published again onto a copy it is, row by row, what is published anew."""
    new = out.with_name("new.db")
    again, anew = publish(path, out, LATER), publish(path, new, LATER)
    assert (again.renewed, anew.renewed) == (True, False)
    assert replace(again, bytes=0, renewed=False) == replace(anew, bytes=0)
    assert read_rows(out) == read_rows(new)
    with closing(open_reader(out)) as conn:
        assert list(verify(conn, VerifyScope())) == []
    new.unlink()


def test_what_is_no_earlier_copy_is_written_anew(source: Path, tmp_path: Path) -> None:
    out = tmp_path / "public.db"
    publish(source, out, NOW, thumbnails_only=True)
    assert publish(source, out, NOW).renewed is False
    assert publish(source, out, NOW, with_dom=True).renewed is True
    assert b"MARK-DOM" in dump(out)
    publish(source, out, NOW)
    assert b"MARK-DOM" not in dump(out)
    assert publish(source, out, NOW, thumbnails_only=True).renewed is False
    out.write_bytes(b"something else")
    assert publish(source, out, NOW).renewed is False
