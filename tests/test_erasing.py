"""What is erased is nowhere any more, in no byte, and nothing brings it back; what is not, stays."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import zlib
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

import erased_often
from archive_builder import SAMPLES, build_archive, draw_picture, instagram, make_embed
from embedarchive.core.errors import ArchiveBusy, DiskFull
from embedarchive.core.model import (
    Artifact,
    Capture,
    Claim,
    Description,
    Exchange,
    Fetch,
    Found,
    Post,
    Rendering,
    Verdict,
)
from embedarchive.detect import FINDER_RULES, find_embeds
from embedarchive.detect.cutting import cut_posts, find_runs, make_traces
from embedarchive.platforms import PLATFORMS
from embedarchive.run.deriving import Derived, derive_all
from embedarchive.store import Archive, compacting, open_reader, schema
from embedarchive.store.blobs import hash_bytes
from embedarchive.store.erasing.columns import DELETED, ERASED, KEPT, REPLACED
from embedarchive.store.fixity import read_blob
from embedarchive.store.optouts import is_barred, read_optouts
from embedarchive.store.sharing import read_level
from embedarchive.store.verify import VerifyScope, verify
from in_process import run
from planting import find_left, plant
from reading_room import open_room

NOW = "2026-03-21T08:00:00.000Z"
TO_GO, TO_STAY = SAMPLES[0].post, SAMPLES[1].post
URL = "https://the-meridian.example/2026/03/two-ships"
CAPTION = "CAPTIONCANARY was cancelled for good last week while people waited for it on the quay"
STAYS = "This one stays where it is and nobody has asked for it to be removed"


OWN = {"embeds.db", "embeds.db.lock", "embeds.checkpoints"}
"""What lies in an archive's folder while nobody writes."""


def page(*, words: str = CAPTION, url: str = TO_GO.url) -> bytes:
    """An article that embeds both posts, tells of the first in its state and in its head as well, and quotes it."""
    embeds = "".join(
        f'<blockquote class="instagram-media" data-instgrm-permalink="{link}"><p>{text}</p></blockquote><p>Between them.</p>'
        for link, text in ((url, words), (TO_STAY.url, STAYS))
    )
    state = json.dumps({"embeds": [{"html": f"<p>{words}</p>"}]}).replace("<", "\\u003c")
    return (
        f'<!doctype html><html><head><title>Two ships</title><meta property="og:description" content="{words}">'
        f"<script>window.state = {state}</script></head><body><p>The article's own words.</p>{embeds}"
        f"<p>She wrote: <q>{words}</q></p><!-- {words} --><p>Its end.</p></body></html>"
    ).encode()


def keep_article(archive: Archive, crawl: int, html: bytes, at: str = NOW) -> int:
    article = archive.keep_seed(crawl, URL, URL, at)
    fetch = archive.keep_fetch(article, crawl, Fetch(URL, URL, at, "ok", 200, content_type="text/html", body=html))
    assert fetch is not None
    style = f"q::after {{ content: '{CAPTION}' }}".encode()
    drawn = Exchange(
        f"https://img.the-meridian.example/{CAPTION[:13]}.css", status=200, body=style, content_type="text/css",
        resource_type="stylesheet", started_at=at,
    )  # fmt: skip
    picture = draw_picture(f"page {at}", (640, 900))
    rendering = Rendering(URL, URL, at, 200, dom=html.decode(), screenshot=picture, files=(drawn,))
    archive.keep_rendering(fetch, rendering)
    found = find_embeds(html, url=URL)
    archive.keep_found(fetch, found, FINDER_RULES, at, crawl)
    archive.keep_opened(fetch, crawl, (), rendering)
    return fetch


def visit(post: Post, at: str = NOW, word: str = "VISITCANARY") -> Capture:
    return Capture(
        post, post.url, post.url, at, at, Verdict("available"), 200,
        (Artifact("media", draw_picture(word, (540, 540)), "image/jpeg", 1, None, 540, 540, f"{word} in a picture"),),
    )  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = build_archive(tmp_path_factory.mktemp("built") / "embeds.db")
    with Archive(made, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {})
        keep_article(archive, crawl, page())
        archive.conclude_all()
        archive.finish_crawl(crawl, NOW, "done", {})
    return made


@pytest.fixture(scope="module")
def without(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, erased."""
    path = copy_of(built, tmp_path_factory.mktemp("without"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))  # the key that signs is made there
        erase(path, TO_GO.key)
    return path


@pytest.fixture
def path(built: Path, tmp_path: Path) -> Path:
    return copy_of(built, tmp_path / "in")


@pytest.fixture
def erased(without: Path, tmp_path: Path) -> Path:
    return copy_of(without, tmp_path / "in")


def copy_of(archive: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    return Path(shutil.copy(archive, folder / "embeds.db"))


def decide(path: Path, *things: str) -> str:
    done = run("access", "hide", *things, "-a", path)
    case = done.err.partition("case ")[2].partition(",")[0]
    assert run("access", "decide", case, "erase", "-a", path, "--basis", "GDPR 17(1)(c)").code == 0
    return case


def erase(path: Path, *things: str) -> str:
    case = decide(path, *things)
    done = run("access", "erase", case, "-a", path)
    assert done.code == 0, done.err
    return case


def middle(picture: bytes) -> bytes:
    """Bytes that are this picture's alone: all JPEGs begin alike."""
    return bytes(picture[len(picture) // 2 :][:48])


def text_of(path: Path) -> str:
    """All rows that tell of posts, as one text."""
    with closing(open_reader(path)) as conn:
        return "\n".join(str(tuple(row)) for table in ERASED for row in conn.execute(f"SELECT * FROM {table}"))


def flaws(path: Path) -> list[str]:
    with closing(open_reader(path)) as conn:
        return [each.says for each in verify(conn, VerifyScope())]


# ------------------------------------------------------------------------------------------------------ nothing is left


def test_every_column_of_every_table_has_its_fate() -> None:
    """A new column with text or bytes needs its place: it is emptied, or there is a reason why it stays."""
    with closing(schema.build(schema.SCHEMA_VERSION)) as conn:
        sql = "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite_%'"
        for (table,) in conn.execute(sql).fetchall():
            known = {*ERASED.get(table, ()), *(REPLACED if table == "fetches" else ())}
            columns = {row[0] for row in conn.execute("SELECT name FROM pragma_table_info(?)", (table,))}
            assert known <= columns
            words = "SELECT name FROM pragma_table_info(?) WHERE type NOT IN ('INTEGER', 'REAL')"
            left = {row[0] for row in conn.execute(words, (table,))} - known
            kept = set(KEPT.get(table, ("", ""))[1].split())
            assert table in DELETED or left == kept, (
                f"say in store/erasing/columns.py what becomes of {table}: {left ^ kept}"
            )


def test_what_is_erased_is_in_no_byte_any_more(path: Path, tmp_path: Path) -> None:
    canaries = plant(path, TO_GO.key) | {"caption": b"CAPTIONCANARY"}
    with closing(open_reader(path)) as conn:
        sql = "SELECT b.sha256, b.body FROM artifacts a JOIN captures c ON c.id = a.capture_id JOIN blobs b USING (sha256) "
        pictures = conn.execute(
            sql + "WHERE c.post_key = ? AND a.role IN ('media', 'screenshot', 'avatar')", (TO_GO.key,)
        )
        canaries |= {f"picture {sha256}": middle(body) for sha256, body in pictures}
        stays = conn.execute(sql + "WHERE c.post_key = ? AND a.role = 'media'", (TO_STAY.key,)).fetchone()[0]
    assert len(canaries) >= 40
    assert find_left([path.parent], canaries) == set(canaries)
    exports = tmp_path / "out"
    exports.mkdir()
    erase(path, TO_GO.key)
    for number, form in enumerate((("publish",), ("export", "--jsonl"), ("export", "--wacz"), ("export", "--site"))):
        assert run(*form, exports / f"{number}.db", "-a", path).code in (0, 3)
    assert run("backup", exports / "backup.db", "-a", path).code == 0
    assert find_left([path.parent, exports], canaries) == set()
    assert {each.name for each in path.parent.iterdir()} <= OWN
    assert flaws(path) == []
    assert STAYS[:20] in text_of(path)
    with closing(open_reader(path)) as conn:
        assert conn.execute("SELECT length(body) FROM blobs WHERE sha256 = ?", (stays,)).fetchone()[0] > 0
        visits = "SELECT outcome FROM captures WHERE post_key = ? AND started_at <> ''"
        assert conn.execute(visits, (TO_GO.key,)).fetchone()  # that it was visited, when and how that ended
        for index in ("descriptions", "embeds"):
            conn.execute(f"SELECT * FROM {index}_fts WHERE {index}_fts MATCH 'fjord'").fetchall()


def test_the_article_stays_without_the_post(path: Path) -> None:
    with closing(open_reader(path)) as conn:
        before = conn.execute("SELECT html_sha256 FROM fetches WHERE url = ?", (URL,)).fetchone()[0]
    erase(path, TO_GO.key)
    with Archive(path, platforms=PLATFORMS) as archive:
        row = archive.conn.execute("SELECT * FROM fetches WHERE url = ?", (URL,)).fetchone()
        body = archive.conn.execute("SELECT body FROM blobs WHERE sha256 = ?", (row["html_sha256"],)).fetchone()[0]
        html = body if body.startswith(b"<") else zlib.decompress(body)
        assert b"own words" in html
        assert b"Its end." in html
        assert STAYS.encode() in html
        assert row["screenshot_sha256"] is None
        replaced = archive.conn.execute("SELECT replaced_by FROM redactions WHERE sha256 = ?", (before,)).fetchone()[0]
        assert replaced == row["html_sha256"]
        # Searched again, by better rules, the article still embeds both, each in its place.
        archive.keep_found(row["id"], find_embeds(html, url=URL), FINDER_RULES + 1, NOW, 1)
        seen = archive.conn.execute("SELECT position, post_key FROM embeds WHERE fetch_id = ? ORDER BY 1", (row["id"],))
        assert [tuple(each) for each in seen.fetchall()] == [(1, TO_GO.key), (2, TO_STAY.key)]


def test_thorough_looks_into_articles_that_do_not_embed_it(path: Path) -> None:
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl, url = archive.start_crawl("crawl", NOW, "0.1.0", {}), "https://elsewhere.example/quote"
        body = f"<html><body><p>She wrote: {CAPTION}</p><p>So it is.</p></body></html>".encode()
        article = archive.keep_seed(crawl, url, url, NOW)
        archive.keep_fetch(article, crawl, Fetch(url, url, NOW, "ok", 200, content_type="text/html", body=body))
        archive.finish_crawl(crawl, NOW, "done", {})
    case = decide(path, TO_GO.key)
    assert url not in run("access", "erase", case, "--dry-run", "-a", path).out
    assert run("access", "erase", case, "--thorough", "-a", path).code == 0
    assert find_left([path.parent], {"caption": b"CAPTIONCANARY"}) == set()


@pytest.mark.parametrize("thing", ["@marit.solheim.foto", "https://www.kuestenbote.example/reportage/letzte-faehre"])
def test_accounts_and_articles_are_erased(path: Path, thing: str) -> None:
    erase(path, thing)
    told = text_of(path)
    assert ("Marit Solheim" in told) == (not thing.startswith("@"))
    if not thing.startswith("@"):
        assert "The last ferry out of Leirvik" not in told
    assert flaws(path) == []


def test_nothing_more_is_kept_of_an_outlet_that_is_erased(path: Path) -> None:
    erase(path, "the-meridian.example")
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl, url = archive.start_crawl("crawl", NOW, "0.1.0", {}), "https://the-meridian.example/2026/04/new"
        article = archive.keep_seed(crawl, url, url, NOW)
        assert archive.conn.execute("SELECT * FROM articles_to_fetch WHERE id = ?", (article,)).fetchone() is None
        assert (
            archive.conn.execute("SELECT fetch_after FROM seeds WHERE article_id = ?", (article,)).fetchone()[0] is None
        )
        page = Fetch(url, url, NOW, "ok", 200, content_type="text/html", body=b"<p>CAPTIONCANARY</p>")
        assert archive.keep_fetch(article, crawl, page) is None
        archive.finish_crawl(crawl, NOW, "done", {})
    assert find_left([path.parent], {"words": b"CAPTIONCANARY"}) == set()
    assert "Two ships" not in text_of(path)


def test_a_picture_is_erased_with_every_post_that_shows_it(path: Path, tmp_path: Path) -> None:
    picture = tmp_path / "face.jpg"
    picture.write_bytes(draw_picture("neon:5", (540, 675)))
    erase(path, str(picture))
    assert find_left([path.parent], {"picture": middle(draw_picture("neon:5", (540, 675)))}) == set()
    assert "東京夜景部" not in text_of(path).replace(json.dumps("東京夜景部"), "")


# -------------------------------------------------------------------------------------------------------- what refuses


def test_what_is_held_or_undecided_is_not_erased(path: Path) -> None:
    assert run("access", "hide", TO_GO.key, "-a", path).code == 0
    before = path.read_bytes()
    done = run("access", "erase", "1", "-a", path)
    assert (done.code, "is not decided to be erased" in done.err) == (2, True)
    assert path.read_bytes() == before
    run("access", "decide", "1", "erase", "-a", path)
    run("access", "hold", "1", "--until", "2999-01-01", "-a", path)
    done = run("access", "erase", "1", "-a", path)
    assert (done.code, "legal hold until 2999-01-01" in done.err) == (2, True)
    run("access", "hold", "1", "--lift", "-a", path)
    assert run("access", "erase", "1", "-a", path).code == 0
    done = run("access", "decide", "1", "restore", "-a", path)
    assert (done.code, "nothing left to decide" in done.err) == (2, True)


def test_what_another_case_holds_is_not_erased(path: Path) -> None:
    case = decide(path, TO_GO.key)
    assert run("access", "hide", "@marit.solheim.foto", "-a", path).code == 0
    run("access", "hold", "2", "--until", "2999-01-01", "-a", path)
    before = path.read_bytes()
    done = run("access", "erase", case, "-a", path)
    assert (done.code, "Case 2 holds some of it until 2999-01-01" in done.err) == (2, True)
    assert path.read_bytes() == before


def test_the_copies_that_were_handed_out_are_named(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        sql = "INSERT INTO exports (made_at, form, place, eyes, posts) VALUES (?, 'publish', ?, 'public', 1)"
        for place, key in (("/srv/public.db", TO_GO.key), ("/srv/other.db", TO_STAY.key)):
            made = conn.execute(sql, (NOW, place))
            conn.execute("INSERT INTO export_posts VALUES (?, ?)", (key, made.lastrowid))
    said = run("access", "erase", decide(path, TO_GO.key), "--dry-run", "-a", path).err
    assert "handed out: publish /srv/public.db, 2026-03-21" in said
    assert "/srv/other.db" not in said


def test_a_tombstone_is_all_that_is_shown(erased: Path) -> None:
    for command in (("show", TO_GO.key), ("lookup", TO_GO.url)):
        done = run(*command, "-a", erased)
        assert (done.code, "It was erased." in done.err) == (1, True)
        assert "Marit" not in done.out + done.err
    done = run("access", "open", TO_GO.key, "--why", "to see", "-o", erased.parent / "card.html", "-a", erased)
    assert (done.code, "there is nothing to open" in done.err) == (2, True)


async def test_a_running_room_goes_on_with_the_new_file(path: Path) -> None:
    room = await open_room(path, settings={"num_sql_threads": 1})  # so that there is one connection
    assert (
        run("access", "hide", SAMPLES[2].post.key, "-a", path).code == 0
    )  # from now on it is read as who asks may see it
    pages = {post.key: f"/embeds/-/post/{post.key}" for post in (TO_GO, TO_STAY)}
    assert [(await room.client.get(each)).status_code for each in pages.values()] == [200, 200]
    erase(path, TO_GO.key)
    gone = await room.client.get(pages[TO_GO.key])
    assert (gone.status_code, "It was erased." in gone.text) == (410, True)
    assert (await room.client.get(pages[TO_STAY.key])).status_code == 200
    assert run("access", "hide", TO_STAY.key, "-a", path).code == 0  # in the file that there is now
    assert (await room.client.get(pages[TO_STAY.key])).status_code == 410


def test_a_dry_run_says_all_of_it_and_changes_nothing(path: Path) -> None:
    case = decide(path, TO_GO.key)
    before = path.read_bytes()
    said = run("access", "erase", case, "--dry-run", "--json", "-a", path)
    assert path.read_bytes() == before
    done = run("access", "erase", case, "--json", "-a", path)
    assert json.loads(said.out) == json.loads(done.out)
    assert "backups, copies that were handed out" in said.err
    assert json.loads(run("access", "erase", case, "--json", "-a", path).out)["words"] == {}


def test_without_room_nothing_is_erased(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = compacting.shutil.disk_usage(path.parent)
    monkeypatch.setattr(compacting.shutil, "disk_usage", lambda _: usage._replace(free=1_000))
    case = decide(path, TO_GO.key)
    before = path.read_bytes()
    with pytest.raises(DiskFull, match="make room"):
        compacting.refuse_without_room(path)
    assert run("access", "erase", case, "-a", path).code != 0
    assert path.read_bytes() == before


def test_who_reads_meanwhile_is_waited_for_and_told(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compacting, "PATIENCE_MS", 50)
    case = decide(path, TO_GO.key)
    with Archive(path) as archive:
        archive.erase(int(case), NOW)
        reader = open_reader(path)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM posts").fetchone()
    with pytest.raises(ArchiveBusy, match="run the same command again"):
        compacting.compact(path, int(case), NOW)
    reader.close()
    assert run("access", "erase", case, "-a", path).code == 0
    assert find_left([path.parent], {"caption": b"CAPTIONCANARY"}) == set()


# ------------------------------------------------------------------------------------------------- nothing brings it back


def barred_rows(path: Path) -> tuple[object, ...]:
    with closing(open_reader(path)) as conn:
        return tuple(
            tuple(map(tuple, conn.execute(sql, (TO_GO.key,)).fetchall()))
            for sql in (
                "SELECT * FROM captures WHERE post_key = ?",
                "SELECT * FROM descriptions WHERE post_key = ?",
                "SELECT * FROM conclusions WHERE post_key = ?",
                "SELECT * FROM checks WHERE post_key = ?",
            )
        )


def describe_again(archive: Archive, crawl: int) -> None:
    """Rules of a later version: whatever is due is described again, and what is not due is refused as well."""
    archive.keep_platforms([replace(p, visit=replace(p.visit, rules=99)) if p.visit else p for p in PLATFORMS])
    due = {row["post_key"] for row in archive.conn.execute("SELECT * FROM captures_to_describe")}
    assert due
    assert TO_GO.key not in due
    capture = archive.conn.execute("SELECT id FROM captures WHERE post_key = ?", (TO_GO.key,)).fetchone()[0]
    archive.keep_description(capture, TO_GO.key, Description(text="VISITCANARY"), 99, NOW)


def search_again(archive: Archive, crawl: int) -> None:
    for row in archive.conn.execute("SELECT * FROM fetches_to_search").fetchall():
        archive.keep_found(row["id"], Found((make_embed(1, SAMPLES[0]),)), 99, NOW, crawl)


def conclude_again(archive: Archive, crawl: int) -> None:
    archive.conn.execute("INSERT OR IGNORE INTO pending SELECT 'conclude', id FROM captures")
    archive.conclude_all()
    archive.conclude(TO_GO.key)


def crawl_again(archive: Archive, crawl: int) -> None:
    fetch = keep_article(archive, crawl, page(), "2026-03-22T08:00:00.000Z")
    row = archive.conn.execute("SELECT * FROM fetches WHERE id = ?", (fetch,)).fetchone()
    assert row["screenshot_sha256"] is None
    embeds = archive.conn.execute("SELECT post_key, text FROM embeds WHERE fetch_id = ? ORDER BY position", (fetch,))
    assert next(tuple(each) for each in embeds) == (TO_GO.key, None)


def import_again(archive: Archive, crawl: int) -> None:
    article = archive.keep_seed(crawl, URL + "/saved", "saved.html", NOW)
    url = URL + "/saved"
    archive.keep_fetch(
        article, crawl, Fetch(url, url, NOW, "ok", content_type="text/html", body=page(), source="saved.html")
    )


def visit_again(archive: Archive, crawl: int) -> None:
    archive.keep_target(crawl, TO_GO, NOW, forced=True)
    archive.keep_all_due(crawl)
    for view in ("targets_to_visit", "posts_to_capture", "posts_to_observe", "posts_to_check"):
        assert TO_GO.key not in {row["key"] for row in archive.conn.execute(f"SELECT key FROM {view}")}
    assert archive.keep_capture(visit(TO_GO), crawl) == 0
    assert archive.keep_control(visit(TO_GO, "2026-03-21T08:00:01.000Z"), crawl) == 0
    assert archive.keep_capture_in_place(visit(TO_GO, "2026-03-21T08:00:02.000Z"), crawl, 1) == 0


def follow_again(archive: Archive, crawl: int) -> None:
    """A short link that nobody had followed leads to it."""
    short = Post("instagram", "https://instagr.am/s/1", "https://instagr.am/s/1", None, resolved=False)
    fetch = keep_article(archive, crawl, page(words="", url="https://elsewhere.example/"), "2026-03-23T08:00:00.000Z")
    embed = replace(
        make_embed(5, SAMPLES[0]), post=short, url=short.url, claim=Claim("V", "v", "VISITCANARY " + CAPTION)
    )
    archive.keep_found(fetch, Found((embed,)), FINDER_RULES, NOW, crawl)
    archive.keep_resolution(crawl, short.key, TO_GO, NOW)


def name_again(archive: Archive, crawl: int) -> None:
    """A post that was visited under another name turns out to be the same."""
    other = Post("instagram", "DOTHERnAME1", "https://www.instagram.com/p/DOTHERnAME1/")
    archive.keep_target(crawl, other, NOW, forced=True)
    capture = archive.keep_capture(visit(other, "2026-03-25T08:00:00.000Z"), crawl)
    assert capture
    archive.keep_description(capture, other.key, Description(text="VISITCANARY"), 1, NOW, also=(TO_GO,))
    assert archive.keep_capture(visit(other, "2026-03-26T08:00:00.000Z"), crawl) == 0


def share_a_picture(archive: Archive, crawl: int) -> None:
    """The same file comes with another post."""
    other = visit(instagram(3_842_007_115_046_129_999), "2026-03-24T08:00:00.000Z")
    same = replace(other.artifacts[0], body=draw_picture("quay:1", (540, 675)), alt=None)
    archive.keep_capture(replace(other, artifacts=(same,)), crawl)


WAYS = (
    describe_again,
    search_again,
    conclude_again,
    crawl_again,
    import_again,
    visit_again,
    follow_again,
    name_again,
    share_a_picture,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_nothing_brings_it_back(erased: Path, way: object) -> None:
    before = barred_rows(erased)
    with Archive(erased, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {"render": True})
        way(archive, crawl)  # type: ignore[operator]
        archive.finish_crawl(crawl, NOW, "done", {})
    assert barred_rows(erased) == before
    picture = middle(draw_picture("quay:1", (540, 675)))
    assert find_left([erased.parent], {"words": b"CAPTIONCANARY", "visit": b"VISITCANARY", "picture": picture}) == set()


def test_a_page_that_is_looked_through_only_afterwards_is_cut(path: Path) -> None:
    """It was downloaded three times before; a run was killed before it searched, or an older finder did not see the post."""
    url, later = "https://elsewhere.example/late", "2026-03-22T08:00:00.000Z"
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {})
        article = archive.keep_seed(crawl, url, url, NOW)
        pages = ((NOW, page()), (later, page()), ("2026-03-23T08:00:00.000Z", page() + b"<!-- edited -->"))
        fetched = [Fetch(url, url, at, "ok", 200, content_type="text/html", body=body) for at, body in pages]
        fetches = [archive.keep_fetch(article, crawl, each) for each in fetched]
    erase(path, TO_GO.key)
    with Archive(path, platforms=PLATFORMS) as archive:
        derive_all(archive, crawl, Derived())
        for fetch in fetches:
            sql = "SELECT post_key, snippet <> '' FROM embeds WHERE fetch_id = ? ORDER BY position"
            embeds = archive.conn.execute(sql, (fetch,)).fetchall()
            assert [tuple(row) for row in embeds] == [(TO_GO.key, 0), (TO_STAY.key, 1)]
    assert find_left([path.parent], {"words": b"CAPTIONCANARY"}) == set()
    assert all("The article's own words." in text_of_page(path, fetch or 0) for fetch in fetches)
    assert flaws(path) == []


def text_of_page(path: Path, fetch: int) -> str:
    sql = "SELECT html_sha256 FROM fetches WHERE id = ?"
    with closing(open_reader(path)) as conn:
        return (read_blob(conn, conn.execute(sql, (fetch,)).fetchone()[0]) or b"").decode()


@pytest.mark.parametrize("thing", ["@Marit.Solheim.foto", "instagram:@marit.solheim.foto"])
def test_what_an_erased_account_posts_later_is_barred(path: Path, thing: str) -> None:
    """Whoever names it first: a publisher, then no run asks for it; the post itself or one beside, then it goes at once."""
    erase(path, thing)
    named, seen, beside_it, other = (
        Post("instagram", f"D{name}lATER01", f"https://www.instagram.com/p/D{name}lATER01/")
        for name in ("NAMED", "SEENS", "BESID", "OTHER")
    )
    handle = "marit.solheim.foto"
    says = {
        seen: Description(text="LATERCANARY", author_handle="Marit.Solheim.Foto", author_name="Marit Solheim"),
        beside_it: Description(text="LATERCANARY", author_handle="kystvakta.nord", collaborators=(handle,)),
        other: Description(text="STAYS", author_handle="marit.solheim"),
    }
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {})
        fetch = keep_article(archive, crawl, page(words="", url="https://else.example/"), "2026-03-23T08:00:00.000Z")
        embed = replace(make_embed(5, SAMPLES[0]), post=named, url=named.url, claim=Claim("M", handle, "a claim"))
        archive.keep_found(fetch, Found((embed,)), FINDER_RULES, NOW, crawl)
        for number, (post, said) in enumerate(says.items()):
            archive.keep_target(crawl, post, NOW, forced=True)
            capture = archive.keep_capture(
                visit(post, f"2026-03-25T08:00:0{number}.000Z", f"LATERCANARY{number}"), crawl
            )
            archive.keep_description(capture, post.key, said, 1, NOW)
        archive.conclude_all()
        archive.finish_crawl(crawl, NOW, "done", {})
    with closing(open_reader(path)) as conn:
        listed = read_optouts(conn, "2026-12-01T00:00:00.000Z")
        barred = {key for (key,) in conn.execute("SELECT key FROM barred_posts")}
        for post in (named, seen, beside_it):
            assert read_level(conn, post.key) == "erased"
            assert is_barred(conn, listed, post.key, post.url)
        assert {seen.key, beside_it.key} <= barred
        assert read_level(conn, other.key) == "public"
        assert not is_barred(conn, listed, other.key, other.url)
    assert (
        find_left([path.parent], {"words": b"LATERCANARY0", "more": b"LATERCANARY1", "said": b'LATERCANARY"'}) == set()
    )
    assert "Marit Solheim" not in text_of(path)
    assert "STAYS" in text_of(path)
    assert flaws(path) == []


def test_what_was_dehydrated_is_joined_with_nothing(path: Path, tmp_path: Path) -> None:
    dry, joined = tmp_path / "dry.jsonl", tmp_path / "joined.jsonl"
    assert run("export", "--dehydrated", dry, "-a", path).code == 0
    erase(path, TO_GO.key)
    run("rehydrate", dry, "-a", path, "-o", joined)
    assert TO_STAY.key in joined.read_text("utf-8")
    assert find_left([joined], {"words": b"CAPTIONCANARY", "name": b"Marit"}) == set()


@pytest.mark.parametrize("thing", [TO_GO.key, "instagram:@marit.solheim.foto"])
def test_a_backup_that_is_restored_brings_nothing_back(path: Path, tmp_path: Path, thing: str) -> None:
    place = tmp_path / "backup" / "embeds.db"
    place.parent.mkdir()
    assert run("backup", place, "-a", path).code == 0
    erase(path, thing)
    done = run("restore", place, "-a", path)
    assert (done.code, "Erased in it" in done.err) == (0, True), done.err
    assert find_left([path], {"words": b"CAPTIONCANARY"}) == set()
    assert STAYS[:20] in text_of(path)
    assert flaws(path) == []
    assert "beside the archive" in run("access", "erase", "1", "-a", path).err  # what was replaced


def test_a_plan_holds_no_page(path: Path) -> None:
    """However many articles there are, their pages are cut one at a time, as each is replaced."""
    size, pages = 40_000, 3
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "0.1.0", {})
        for number in range(pages):
            filling = f"<p>{number} {'of the many pages ' * (size // 18)}</p>"
            keep_article(archive, crawl, page() + filling.encode(), f"2026-03-22T0{number}:00:00.000Z")
        archive.finish_crawl(crawl, NOW, "done", {})
    case = int(decide(path, TO_GO.key))
    with Archive(path, platforms=PLATFORMS) as archive:
        plan = archive.erase(case, NOW)
        cut = [each.cut for each in plan.pages if each.cut is not None]
        assert len(cut) >= 2 * pages
        assert len(repr(plan)) < size
        for sha256 in cut:
            body = read_blob(archive.conn, sha256)
            assert body
            assert hash_bytes(body) == sha256
            assert b"CAPTIONCANARY" not in body


def test_after_many_erasures_it_is_whole_and_any_other_change_is_caught(tmp_path: Path) -> None:
    """Of posts, accounts and articles drawn by chance; `bench/erase.py --erasures 1000` is the same for longer."""
    path = tmp_path / "embeds.db"
    erased_often.build(path, 40)
    erased_often.erase_and_sign(path, 40, 20)
    assert erased_often.find_flaws(path) == []
    assert erased_often.find_unnamed(path) == []
    tried, uncaught = erased_often.find_uncaught(path, tmp_path, rounds=1)
    assert (tried, uncaught) == (len(erased_often.CHANGES), [])


# ------------------------------------------------------------------------------------------------- before, or after

KILLED = """
import os, signal, sys
sys.path.insert(0, {tests!r})
from pathlib import Path
from embedarchive.store import Archive, compacting
from embedarchive.store.erasing import emptying
at = sys.argv[2]
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
if at == "in the transaction":
    emptying.log_erasure = die
if at == "before it is written anew":
    compacting.write_anew = die
if at == "before the new file takes its place":
    compacting.os.replace = die
path = Path(sys.argv[1])
with Archive(path) as archive:
    archive.erase(1, "2026-03-22T08:00:00.000Z")
compacting.compact(path, 1, "2026-03-22T08:00:00.000Z")
"""


@pytest.mark.parametrize(
    "at", ["in the transaction", "before it is written anew", "before the new file takes its place"]
)
def test_killed_it_is_before_or_after_and_run_again_finished(path: Path, at: str) -> None:
    """Every system call: bench/erase.py."""
    decide(path, TO_GO.key)
    whole = text_of(path)
    script = KILLED.format(tests=str(Path(__file__).parent))
    done = subprocess.run([sys.executable, "-c", script, path, at], check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL
    assert (text_of(path) == whole) == (at == "in the transaction")
    assert flaws(path) == []
    assert run("access", "erase", "1", "-a", path).code == 0
    assert find_left([path.parent], {"caption": b"CAPTIONCANARY"}) == set()
    assert {each.name for each in path.parent.iterdir()} <= OWN
    with closing(open_reader(path)) as conn:
        assert conn.execute("SELECT erased_at FROM withdrawals").fetchone()[0]


# ------------------------------------------------------------------------------------------------------------- cutting

ESCAPES = {
    "plain": CAPTION,
    "entities": "".join(f"&#{ord(c)};" for c in CAPTION),
    "json": "".join(f"\\u{ord(c):04x}" for c in CAPTION),
    "percent": CAPTION.replace(" ", "%20"),
    "tags": CAPTION.replace(" ", " <b></b>"),
}


PLACES = ("<p>{}</p>", '<img alt="{}">', "<!--{}-->", "<script>var a = '{}'</script>", "<title>{}</title>")


@pytest.mark.parametrize("escape", ESCAPES)
@pytest.mark.parametrize("place", PLACES)
def test_words_are_cut_in_every_place_and_under_every_escape(escape: str, place: str) -> None:
    html = f"<html><body><p>Before.</p>{place.format(ESCAPES[escape])}<p>After.</p></body></html>".encode()
    cut = cut_posts(html, make_traces([TO_GO.key], [CAPTION]))
    assert cut is not None
    assert b"<p>Before.</p><!-- a post was erased here --><p>After.</p>" in cut


@pytest.mark.parametrize(
    "form", ['<iframe src="{}"></iframe>', '<p><a href="{}">{}</a></p>', "<script>var u = '{}'</script>"]
)
def test_every_post_of_every_platform_is_cut_out(form: str) -> None:
    for platform in PLATFORMS:
        for example in platform.examples:
            carried = form.format(example.url, example.url)
            html = f"<html><body><p>Before it.</p>{carried}<p>After it.</p></body></html>".encode()
            posts = {e.post.key for e in find_embeds(html, mentions=True).embeds if e.post}
            cut = cut_posts(html, make_traces(posts))
            assert cut is not None, example.url
            assert not posts & {e.post.key for e in find_embeds(cut, mentions=True).embeds if e.post}
            assert b"Before it." in cut
            assert b"After it." in cut


def test_a_page_without_the_post_stays_as_it_is() -> None:
    html = page(words="")
    assert cut_posts(html, make_traces(["instagram:CpQ9x1mNq8r"], [CAPTION])) is html


def test_runs_of_words_are_known_in_scripts_without_spaces() -> None:
    assert find_runs(["雨上がりの交差点。誰もいない五分間だけ"])
    assert find_runs(["ok"]) == frozenset()
