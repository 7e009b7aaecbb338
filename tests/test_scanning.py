"""Web archives as one task a file: the same pages in the same order, whoever dies; and pages that are kept by reference."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from embedarchive.cli.lines import is_told
from embedarchive.platforms import PLATFORMS
from embedarchive.run.ledger import Event, Run
from embedarchive.run.prepare import prepare_crawl
from embedarchive.run.scan_child import ScanChild, ScanOrder
from embedarchive.run.scanning import FileScan
from embedarchive.run.services import Services, Settings
from embedarchive.run.session import run_apart
from embedarchive.sources import expand_seeds
from embedarchive.sources.intake import Intake
from embedarchive.sources.versions import FeedVersions
from embedarchive.store import Archive, open_reader
from embedarchive.store.verify import VerifyScope, verify
from in_process import run
from test_erasing import decide
from web_archives import write_wacz

NOW = "2026-03-21T08:00:00.000Z"
POST = '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/{}/"></blockquote>'
CODES = ("BwiVvR9lD0m", "CpQ9x1mNq8r", "C79gQqLpkul")


def make_page(number: int) -> bytes:
    embed = POST.format(CODES[number % len(CODES)]) if number % 2 else ""
    return f"<html><title>Story {number}</title><p>{'Words. ' * 40}</p>{embed}</html>".encode()


def write_pages(path: Path, numbers: Iterator[int] | range, *, packed: bool = True) -> Path:
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=packed)
        for number in numbers:
            http = StatusAndHeaders("200 OK", [("Content-Type", "text/html; charset=utf-8")], protocol="HTTP/1.1")
            url, at = f"https://news.example/story/{number}", {"WARC-Date": "2026-03-20T08:00:00Z"}
            page = BytesIO(make_page(number))
            writer.write_record(
                writer.create_warc_record(url, "response", page, http_headers=http, warc_headers_dict=at)
            )
    return path


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """A packed file, one that is not, one that is damaged in the middle, and a WACZ."""
    plain = write_pages(tmp_path / "b.warc", range(6, 9), packed=False)
    damaged = write_pages(tmp_path / "c.warc.gz", range(10, 15))
    bytes_of = bytearray(damaged.read_bytes())
    bytes_of[len(bytes_of) // 2] ^= 0xFF
    damaged.write_bytes(bytes_of)
    inner = write_pages(tmp_path / "inner.warc.gz", range(20, 23))
    wacz = write_wacz(tmp_path / "d.wacz", inner, [f"https://news.example/story/{n}" for n in range(20, 23)])
    inner.unlink()
    return [write_pages(tmp_path / "a.warc.gz", range(6)), plain, damaged, wacz]


def find(*files: Path) -> tuple[int, str]:
    done = run("find", *files, "--nl")
    return done.code, done.out


def test_files_side_by_side_are_as_one_by_one(files: list[Path]) -> None:
    done = run("find", *files, "--nl")
    one_by_one = [run("find", each, "--nl") for each in files]
    assert done.out == "".join(each.out for each in one_by_one)
    assert done.out.count("\n") >= 7
    assert done.code == max(each.code for each in one_by_one) == 3
    assert "damaged" in done.err


def test_a_fault_comes_in_its_turn(files: list[Path], tmp_path: Path) -> None:
    """What is wrong with a later argument holds back nothing of the earlier ones."""
    done = run("find", files[0], files[1], tmp_path / "not-there.warc.gz", "--nl")
    assert done.code == 2
    assert done.out == run("find", files[0], "--nl").out + run("find", files[1], "--nl").out


def test_a_page_that_a_child_dies_of_costs_itself(files: list[Path]) -> None:
    """It is killed once it has begun; the next child takes the rest, and says which page was not searched."""
    with closing(ScanChild()) as child:
        lines = child.scan(ScanOrder(str(files[0]), {}))
        first = json.loads(next(lines))
        assert child.process.pid is not None
        os.kill(child.process.pid, signal.SIGKILL)
        told = [first, *map(json.loads, lines)]
    pages, [end] = [each for each in told if "fetch" in each], [each for each in told if "skipped" in each]
    assert [each["url"] for each in pages] == [f"https://news.example/story/{n}" for n in range(6)]
    assert sum(each["found"]["truncated"] == "time" for each in pages) <= 1
    assert end["lost"] == []


class Dying:
    """A searcher that answers in part."""

    def __init__(self, fault: Exception | None) -> None:
        self.fault = fault

    def scan(self, order: ScanOrder) -> Iterator[bytes]:
        for line in ScanLines(order):
            yield line
            break
        if self.fault:
            raise self.fault

    def stop(self) -> None: ...

    def close(self) -> None: ...


def ScanLines(order: ScanOrder) -> Iterator[bytes]:
    from embedarchive.run.scan_child import scan_file

    return (json.dumps(each).encode() for each in scan_file(order))


@pytest.mark.parametrize("fault", [None, OSError("no more processes")])
def test_a_file_that_is_not_searched_to_its_end_is_told(files: list[Path], fault: Exception | None) -> None:
    intake = Intake()
    with FileScan(lambda: [Dying(fault)], {}) as scan:
        seeds = list(expand_seeds([str(files[0]), str(files[1])], intake=intake, scan=scan.expand))
    assert [seed.url for seed in seeds] == ["https://news.example/story/0", "https://news.example/story/6"]
    assert [(each.reason, each.subject) for each in intake.lost] == [("unsearched", str(each)) for each in files[:2]]


# --------------------------------------------------------------------------------------------------------- by reference


def crawl(path: Path, *files: Path, by_reference: bool = True, apart: bool = True) -> list[Event]:
    """What a crawl puts into the archive before it visits anything; not `apart`, it reads the files one after the other."""
    events, intake = list[Event](), Intake()
    options = {"obstacles": True}
    with (
        FileScan(lambda: [ScanChild()], options, refer=by_reference, copy=not by_reference) as scan,
        Archive(path, platforms=PLATFORMS) as archive,
    ):
        found = scan.expand if apart else None
        seeds = expand_seeds([*map(str, files)], intake=intake, scan=found)
        prepare = prepare_crawl(
            seeds, intake, FeedVersions(), limit=None, fresh_since="", all_due=False, by_reference=by_reference
        )
        crawl_id = archive.start_crawl("crawl", NOW, "0", {})
        prepare(archive, crawl_id, events.append)
    return events


def test_pages_by_reference_have_a_place_and_no_copy(files: list[Path], tmp_path: Path) -> None:
    path = tmp_path / "embeds.db"
    told = crawl(path, *files)
    assert sum(each.count for each in told if each.what == "search") >= 7
    assert all(before.what == "article" for before, each in pairwise(told) if each.what == "search")
    with open_reader(path) as conn:
        kept = conn.execute("SELECT count(*), count(html_sha256) FROM fetches WHERE outcome = 'ok'").fetchone()
        assert tuple(kept) == (16, 0)
        assert conn.execute("SELECT count(*) FROM blobs").fetchone()[0] == 0
        assert conn.execute("SELECT count(*) FROM embeds").fetchone()[0] >= 7
        assert conn.execute("SELECT count(*) FROM fetches_to_search").fetchone()[0] == 0
        assert [each.says for each in verify(conn, VerifyScope())] == []
    shown = json.loads(run("show", "https://news.example/story/1", "-a", path, "--json").out)
    place = shown["fetches"][0]["place"]
    assert (place["file"], place["member"], place["size"]) == (str(files[0]), "", len(make_page(1)))
    assert f"by reference: {files[0]}" in run("show", "https://news.example/story/1", "-a", path).out.replace("\n", "")
    for number in (1, 7, 11, 21):
        done = run("show", f"https://news.example/story/{number}", "-a", path, "--page")
        assert done.out.encode() == make_page(number)
    again = crawl(path, *files)
    assert {each.outcome for each in again if each.what == "article"} <= {"unchanged", "failed"}


def test_pages_that_are_kept_are_searched_file_by_file_too(files: list[Path], tmp_path: Path) -> None:
    """The archive is the same as by one file after the other, each search told after its article."""
    held, told = list[object](), list[list[tuple[str, str, str]]]()
    for name, apart in (("apart.db", True), ("in-turn.db", False)):
        path = tmp_path / name
        events = crawl(path, *files, by_reference=False, apart=apart)
        told.append([(each.what, each.subject, each.outcome) for each in events])
        ended = go_on(path)
        assert any(each.what == "search" for each in ended) is not apart
        with open_reader(path) as conn:
            pages = conn.execute("SELECT id, url, outcome, html_sha256, search_note FROM fetches ORDER BY id")
            embeds = conn.execute("SELECT fetch_id, position, post_key, form FROM embeds ORDER BY fetch_id, position")
            held.append([*map(tuple, pages), *map(tuple, embeds)])
    searched = [n for n, each in enumerate(told[0]) if each[0] == "search"]
    assert len(searched) == 16
    assert all(told[0][n - 1][:2] == ("article", told[0][n][1]) for n in searched)
    assert [each for each in told[0] if each[0] != "search"] == told[1]
    assert held[0] == held[1]


def test_a_page_that_is_not_there_any_more_is_said_plainly(files: list[Path], tmp_path: Path) -> None:
    path, url = tmp_path / "embeds.db", "https://news.example/story/1"
    crawl(path, files[0])
    write_pages(files[0], range(1, 4))  # the page is in it still, elsewhere
    assert run("show", url, "-a", path, "--page").out.encode() == make_page(1)
    write_pages(files[0], range(2, 5))
    other = run("show", url, "-a", path, "--page")
    assert (other.code, other.out) == (1, "")
    assert "does not hold it any more" in other.err
    files[0].unlink()
    gone = run("show", url, "-a", path, "--page")
    assert (gone.code, gone.out) == (1, "")
    assert "is not there" in gone.err


def age(path: Path, *numbers: int) -> None:
    """Let a finder of before have searched these pages, and have found nothing."""
    urls = json.dumps([f"https://news.example/story/{n}" for n in numbers])
    of_them = "(SELECT id FROM fetches WHERE url IN (SELECT value FROM json_each(?)))"
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(f"DELETE FROM embeds WHERE fetch_id IN {of_them}", (urls,))
        conn.execute(f"UPDATE fetches SET searched_rules = 1 WHERE id IN {of_them}", (urls,))


def go_on(path: Path) -> list[Event]:
    """What a run does that visits nothing."""
    events = list[Event]()

    async def search() -> None:
        async with Services(Settings()) as services:
            await Run(archive, services, crawl_id, events.append, offline=True).run(asyncio.Event())

    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id = archive.start_crawl("crawl", NOW, "0", {})
        run_apart(search())
    return events


def count_embeds(path: Path) -> int:
    with open_reader(path) as conn:
        assert [each.says for each in verify(conn, VerifyScope())] == []
        return int(conn.execute("SELECT count(*) FROM current_embeds").fetchone()[0])


def test_a_newer_finder_searches_pages_where_they_stand(files: list[Path], tmp_path: Path) -> None:
    """In a file packed record by record, in one that is not, and in a WACZ; of a file that is not there it is told."""
    path = tmp_path / "embeds.db"
    crawl(path, *files)
    before = count_embeds(path)
    age(path, *range(23))
    files[2].rename(tmp_path / "elsewhere")
    assert count_embeds(path) == 0
    told = go_on(path)
    [left] = [each for each in told if each.what == "skipped"]
    assert (left.subject, left.outcome) == (str(files[2]), "not_read_again")
    assert "is not there" in left.detail
    assert is_told(left, "crawl")
    assert sum(each.what == "search" for each in told) == 16 - left.count
    done = run("verify", "-a", path)
    assert done.code == 0, done.out
    assert f"{16 - left.count} of 16 pages are there and agree. {files[2]} is not there" in done.err
    (tmp_path / "elsewhere").rename(files[2])
    go_on(path)
    assert count_embeds(path) == before
    assert go_on(path) == []
    write_pages(files[0], range(1, 5))
    done = run("verify", "-a", path)
    assert (done.code, done.out.count("referred_changed")) == (7, 2)
    assert "14 of 16 pages are there and agree." in done.err


def test_a_newer_finder_keeps_nothing_of_what_was_erased(files: list[Path], tmp_path: Path) -> None:
    path, key = tmp_path / "embeds.db", f"instagram:{CODES[1]}"
    crawl(path, files[0], files[1])  # pages 1 and 7 embed it
    age(path, 1)
    assert run("access", "erase", decide(path, key), "-a", path).code == 0
    go_on(path)
    with open_reader(path) as conn:
        placed = "SELECT f.url FROM page_places p JOIN fetches f ON f.id = p.fetch_id"
        assert not {f"https://news.example/story/{n}" for n in (1, 7)} & {url for (url,) in conn.execute(placed)}
    assert count_embeds(path) >= 2


def test_what_is_erased_takes_the_place_with_it(files: list[Path], tmp_path: Path) -> None:
    path, key = tmp_path / "embeds.db", f"instagram:{CODES[1]}"
    crawl(path, files[0])
    case = decide(path, key)
    assert run("access", "erase", case, "-a", path).code == 0
    crawl(path, *files)
    with open_reader(path) as conn:
        placed = "SELECT count(*) FROM page_places p JOIN embeds e USING (fetch_id) WHERE e.post_key = ?"
        assert conn.execute(placed, (key,)).fetchone()[0] == 0
        assert conn.execute("SELECT count(*) FROM page_places").fetchone()[0] > 0
        assert [each.says for each in verify(conn, VerifyScope())] == []


def test_a_merge_takes_places_and_what_was_found_there(files: list[Path], tmp_path: Path) -> None:
    mine, other = tmp_path / "mine.db", tmp_path / "other.db"
    crawl(mine, files[1])
    crawl(other, files[0])
    assert run("merge", other, "-a", mine).code == 0
    with open_reader(mine) as conn:
        assert conn.execute("SELECT count(*) FROM page_places").fetchone()[0] == 9
        assert conn.execute("SELECT count(*) FROM current_embeds").fetchone()[0] == 4
        assert [each.says for each in verify(conn, VerifyScope())] == []


def test_after_a_merge_pages_are_searched_where_they_stand_for_posts_whose_names_differ(
    files: list[Path], tmp_path: Path
) -> None:
    """What is the same as one post here and as another there is the first of both, in pages without a copy too."""
    paths, keys = (tmp_path / "mine.db", tmp_path / "other.db"), [f"instagram:{code}" for code in CODES]
    for path, same in zip(paths, (keys[2], keys[0]), strict=True):
        crawl(path, files[0])
        with closing(sqlite3.connect(path)) as conn, conn:
            conn.execute("UPDATE posts SET same_as = ?, capture_after = NULL WHERE key = ?", (same, keys[1]))
            conn.execute("UPDATE embeds SET post_key = ? WHERE post_key = ?", (same, keys[1]))
    assert run("merge", paths[1], "-a", paths[0]).code == 0
    with open_reader(paths[0]) as conn:
        embeds = "SELECT e.post_key FROM current_embeds e JOIN articles a ON a.id = e.article_id WHERE a.url LIKE '%/1'"
        assert [key for (key,) in conn.execute(embeds)] == [keys[0]]
