"""What others recorded comes in: posts as captures of theirs, articles as articles, and a WACZ of ours whole."""

from __future__ import annotations

import gzip
import json
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import in_process
from embedarchive.api.commands import import_files
from embedarchive.core.errors import ExitCode, UsageError
from embedarchive.core.model import Exchange
from embedarchive.export import export_wacz
from embedarchive.export.whole import CAPTURES, FORMAT
from embedarchive.library.posts import post_record
from embedarchive.platforms import PLATFORMS
from embedarchive.run.report import Report
from embedarchive.show.card import render_card
from embedarchive.sources.recordings import read_whole
from embedarchive.store import Archive, open_reader
from embedarchive.store.optouts import OptOut, add_optouts
from test_export_wacz import NOW, fill
from web_archives import (
    BROWSERTRIX,
    THEN,
    fetch_file,
    find_post,
    find_scene,
    move,
    record_scene,
    write_wacz,
    write_warc,
)

ARTICLE = "https://news.example/harbour"
NAMES = ("instagram", "x", "bluesky", "mastodon", "youtube", "telegram")


def select(path: Path, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as conn:
        return [tuple(row) for row in conn.execute(sql, values)]


def make_article() -> Exchange:
    frames = "".join(f'<iframe src="{find_post(find_scene(name)).url}embed/"></iframe>' for name in ("instagram",))
    html = f"<!doctype html><html><title>The harbour</title><h1>Fog</h1>{frames}</html>"
    return Exchange(ARTICLE, status=200, body=html.encode(), content_type="text/html", started_at=THEN)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A crawl of an article and of six posts, by somebody else's crawler."""
    folder = tmp_path_factory.mktemp("collection")
    recorded = [make_article(), *(each for name in NAMES for each in record_scene(find_scene(name)))]
    warc = write_warc(folder / "data.warc.gz", recorded)
    frames = [each.url for each in recorded if "embed" in each.url]
    return write_wacz(folder / "harbour.wacz", warc, [ARTICLE, *frames])


@pytest.fixture(scope="module")
def imported(collection: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Report]:
    path = tmp_path_factory.mktemp("imported") / "embeds.db"
    return path, import_files(collection, archive=path)


def test_posts_become_captures_that_say_who_saw_them_and_articles_come_in(imported: tuple[Path, Report]) -> None:
    path, report = imported
    assert report.imported == {"kept": len(NAMES)}
    assert select(path, "SELECT url FROM articles") == [(ARTICLE,)], "a platform's frame is never an article"
    found = select(path, "SELECT p.platform, c.origin, c.outcome, c.seen_at, c.environment FROM captures c JOIN posts p "
                         "ON p.key = c.post_key ORDER BY p.platform")  # fmt: skip
    assert [each[:4] for each in found] == [(name, "import", "available", THEN) for name in sorted(NAMES)]
    for each in found:
        told = json.loads(each[4])
        assert told["seen_by"] == BROWSERTRIX
        assert told["source"] == "harbour.wacz!archive/data.warc.gz"
    assert select(path, "SELECT count(*) FROM current_descriptions") == [(len(NAMES),)]
    assert select(path, "SELECT count(*) FROM checks") == [(0,)]


def test_what_was_imported_is_held_with_its_media(imported: tuple[Path, Report]) -> None:
    path, _ = imported
    kept = dict(select(path, "SELECT p.platform, n.kept FROM conclusions n JOIN posts p ON p.key = n.post_key"))
    assert kept == dict.fromkeys(NAMES, "whole") | {"youtube": "partial"}, "a film that is only streamed nobody has"
    status = "SELECT DISTINCT s.status FROM post_status s JOIN captures c ON c.post_key = s.key"
    assert select(path, status) == [("not captured",)], "nobody visited them"
    files = select(path, "SELECT role, count(*) FROM artifacts GROUP BY role")
    assert dict(files)["media"] >= 2
    assert "screenshot" not in dict(files)


def test_only_what_an_article_embeds_is_due(imported: tuple[Path, Report]) -> None:
    path, _ = imported
    assert select(path, "SELECT key FROM posts_to_capture") == [(find_post(find_scene("instagram")).key,)]


def test_the_same_again_changes_nothing(imported: tuple[Path, Report], collection: Path, tmp_path: Path) -> None:
    path, _ = imported
    before = select(path, "SELECT id, uid FROM captures")
    report = import_files(collection, archive=path)
    assert select(path, "SELECT id, uid FROM captures") == before
    assert report.articles["unchanged"] == 1
    assert report.exit_code == ExitCode.DONE


def test_walls_denials_and_shells_are_counted_and_nothing_is_made_of_them(tmp_path: Path) -> None:
    """Of each: no capture, no article, not even the post; what is not the post is a number."""
    scenes = [
        ("instagram", "gone"),
        ("instagram", "login"),
        ("x", "gone"),
        ("youtube", "consent"),
        ("tiktok", "challenge"),
    ]
    for at, (platform, name) in enumerate(scenes):
        warc = write_warc(tmp_path / f"{at}.warc", record_scene(find_scene(platform, name))[:1], packed=False)
        report = import_files(warc, archive=tmp_path / str(at))
        assert "kept" not in report.imported, (platform, name, report.imported)
        if name == "gone":  # walls stand at addresses that name no post
            assert report.exit_code == ExitCode.DONE, "nothing that anybody wanted was lost"
        held = "SELECT (SELECT count(*) FROM captures), (SELECT count(*) FROM articles), (SELECT count(*) FROM posts)"
        assert select(tmp_path / str(at) / "embeds.db", held) == [(0, 0, 0)], (platform, name)


def test_a_picture_of_the_frame_is_its_screenshot_and_revisits_are_resolved(tmp_path: Path) -> None:
    scene = find_scene("instagram")
    frame, *rest = record_scene(scene)
    picture = fetch_file(scene, next(each.url for each in rest if (each.content_type or "").startswith("image/")))
    view = Exchange(f"urn:view:{frame.url}", body=picture.body, content_type="image/jpeg", started_at=THEN)
    warc = write_warc(tmp_path / "view.warc.gz", [frame, *rest], pictures=[view])
    import_files(warc, archive=tmp_path)
    roles = {role for (role,) in select(tmp_path / "embeds.db", "SELECT role FROM artifacts")}
    assert {"screenshot", "thumbnail", "media"} <= roles


def test_what_was_recorded_on_two_days_is_two_captures(tmp_path: Path) -> None:
    recorded = record_scene(find_scene("bluesky"))
    later = move(recorded, "2025-06-01T00:00:00.000Z")
    warc = write_warc(tmp_path / "twice.warc.gz", [*recorded, *later])
    report = import_files(warc, archive=tmp_path)
    assert report.imported == {"kept": 2}


def test_what_nobody_can_have_seen_or_is_not_wanted_is_not_kept(tmp_path: Path) -> None:
    scene = find_scene("bluesky")
    ahead = write_warc(tmp_path / "ahead.warc", move(record_scene(scene), "2099-01-01T00:00:00.000Z"), packed=False)
    assert import_files(ahead, archive=tmp_path).imported == {"not wanted": 1}
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        add_optouts(archive, [OptOut("post", find_post(scene).key)], THEN, "a letter")
    warc = write_warc(tmp_path / "now.warc", record_scene(scene), packed=False)
    assert import_files(warc, archive=tmp_path).imported == {"not wanted": 1}


def test_a_damaged_file_gives_what_it_holds_and_says_so(collection: Path, tmp_path: Path) -> None:
    recorded = record_scene(find_scene("bluesky"))
    warc = write_warc(tmp_path / "cut.warc", [*recorded, make_article()], packed=False)
    warc.write_bytes(warc.read_bytes()[:-100])
    done = in_process.run("import", warc, "-a", tmp_path)
    assert done.code == ExitCode.IN_PART, done.out
    assert "1 kept" in done.out
    assert "damaged" in done.out


def test_what_is_not_here_is_said_before_there_is_an_archive(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not here"):
        import_files(tmp_path / "nothing.wacz", archive=tmp_path / "new")
    assert not (tmp_path / "new").exists()


# -------------------------------------------------------------------------------------------------------- ours, whole

CAPTURE = """SELECT c.uid, c.post_key, c.outcome, c.reason, c.evidence, c.visit_url, c.final_url, c.status, c.started_at,
  c.finished_at, c.missing, c.alterations, c.environment, c.origin, c.purpose, c.seen_at FROM captures c ORDER BY c.uid"""
ARTIFACTS = """SELECT c.uid, a.role, a.position, a.sha256, a.content_type, a.size, a.url, a.width, a.height, a.alt, a.truncated,
  a.dhash FROM artifacts a JOIN captures c ON c.id = a.capture_id ORDER BY c.uid, a.id"""
EXCHANGES = """SELECT c.uid, x.position, x.url, x.method, x.status, x.resource_type, x.content_type, x.request_headers,
  x.response_headers, x.body_sha256, x.remote_address, x.started_at, x.elapsed_ms, x.truncated, x.error
  FROM exchanges x JOIN captures c ON c.id = x.capture_id ORDER BY c.uid, x.position"""
CHECKS = """SELECT c.uid, k.checked_at, k.outcome, k.reason, k.embedding FROM checks k JOIN captures c ON c.id = k.capture_id
  ORDER BY c.uid"""
POSTS = "SELECT key, url, posted_at, resolved, same_as FROM posts ORDER BY key"
FETCHES = """SELECT a.url, f.url, f.fetched_at, f.outcome, f.status, f.headers, f.html_sha256, f.source, f.dom_sha256,
  f.screenshot_sha256 FROM fetches f JOIN articles a ON a.id = f.article_id ORDER BY f.id"""
STANDINGS = """SELECT post_key, status, reason, last_available_at, first_gone_at FROM conclusions WHERE status <> 'not captured'
  ORDER BY post_key"""
DOUBTS = """SELECT c.uid, r.clock_suspect FROM captures c JOIN crawls r ON r.id = c.crawl_id WHERE r.clock_suspect IS NOT NULL
  UNION ALL SELECT f.fetched_at, r.clock_suspect FROM fetches f JOIN crawls r ON r.id = f.crawl_id
  WHERE r.clock_suspect IS NOT NULL ORDER BY 1"""
EVERYTHING = (CAPTURE, ARTIFACTS, EXCHANGES, CHECKS, POSTS, FETCHES, STANDINGS, DOUBTS)


def export(path: Path, out: Path) -> Path:
    with closing(open_reader(path)) as conn:
        export_wacz(conn, out, NOW)
    return out


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An archive with visits, a loss, and what others saw; and its WACZ."""
    folder = tmp_path_factory.mktemp("ours")
    warc = write_warc(folder / "theirs.warc.gz", record_scene(find_scene("bluesky")))
    with Archive(folder / "embeds.db", platforms=PLATFORMS) as archive:
        fill(archive)
    import_files(warc, archive=folder)
    with Archive(folder / "embeds.db", platforms=PLATFORMS) as archive:
        archive.doubt_clock(select(archive.path, "SELECT max(id) FROM crawls")[0][0], "set back while it ran")
        archive.conclude_all()
    return folder / "embeds.db", export(folder / "embeds.db", folder / "ours.wacz")


def test_a_wacz_of_ours_comes_back_whole(ours: tuple[Path, Path], tmp_path: Path) -> None:
    path, wacz = ours
    report = import_files(wacz, archive=tmp_path)
    assert report.imported == {"kept": 5}
    for query in EVERYTHING:
        assert select(tmp_path / "embeds.db", query) == select(path, query), query
    assert import_files(wacz, archive=tmp_path).imported == {"known": 5}, "the same again"
    again = export(tmp_path / "embeds.db", tmp_path / "again.wacz")
    third = tmp_path / "third"
    import_files(again, archive=third)
    for query in EVERYTHING:
        assert select(third / "embeds.db", query) == select(path, query), query
    verified = in_process.run("verify", "-a", third)
    assert verified.code == ExitCode.DONE, verified.out + verified.err


def test_which_archive_held_it_is_kept_and_its_own_log_proves_it_later(ours: tuple[Path, Path], tmp_path: Path) -> None:
    """Each capture and download names the archive that the file came from; merged, that one's log takes the name's place."""
    import_files(ours[1], archive=tmp_path)
    held = "SELECT kind, seq IS NULL, count(*) FROM held_by GROUP BY 1, 2 ORDER BY 1"
    count = select(ours[0], "SELECT (SELECT count(*) FROM captures), (SELECT count(*) FROM fetches)")[0]
    assert select(tmp_path / "embeds.db", held) == [("capture", 1, count[0]), ("fetch", 1, count[1])]
    [(name,)] = select(tmp_path / "embeds.db", "SELECT name FROM merged_archives")
    again = export(tmp_path / "embeds.db", tmp_path / "again.wacz")
    names = {each for line in read_whole(again, CAPTURES, FORMAT) for each in line["held_by"]}
    assert names > {name}, "who held it first is told by each that follows"
    import_files(again, archive=ours[0].parent)
    assert name not in {each for (each,) in select(ours[0], "SELECT name FROM merged_archives")}, "it is this one"
    merged = in_process.run("merge", ours[0], "-a", tmp_path)
    assert merged.code == ExitCode.DONE, merged.out + merged.err
    assert select(tmp_path / "embeds.db", f"{held} LIMIT 1") == [("capture", 0, count[0])]
    assert in_process.run("verify", "-a", tmp_path).code == ExitCode.DONE


def test_origins_are_kept_in_it(ours: tuple[Path, Path], tmp_path: Path) -> None:
    import_files(ours[1], archive=tmp_path)
    origins = dict(select(tmp_path / "embeds.db", "SELECT origin, count(*) FROM captures GROUP BY origin"))
    assert origins == {"visit": 4, "import": 1}


def change(wacz: Path, out: Path, **changes: Any) -> Path:
    """The WACZ with the lines of its captures changed, as somebody might who forges one."""
    with zipfile.ZipFile(wacz) as before, zipfile.ZipFile(out, "w") as after:
        for info in before.infolist():
            body = before.read(info)
            if info.filename == CAPTURES:
                head, *lines = gzip.decompress(body).splitlines()
                changed = [json.dumps(json.loads(line) | changes).encode() for line in lines]
                body = gzip.compress(b"\n".join([head, *changed, b""]))
            after.writestr(info.filename, body)
    return out


@pytest.mark.parametrize(
    "changes",
    [
        {"uid": "0" * 32},
        {"started_at": "2099-01-01T00:00:00.000Z"},
        {"started_at": "yesterday"},
        {"outcome": "splendid"},
        {"origin": "rumour"},
        {"post": {"platform": "nowhere", "native_id": "1", "url": "", "posted_at": None, "resolved": 1}},
        {"exchanges": "none"},
        {"artifacts": [{"role": "media"}]},
        {"evidence": None},
        {"check": {"checked_at": "2099-01-01T00:00:00.000Z", "outcome": "gone", "reason": None, "embedding": None}},
    ],
    ids=lambda each: next(iter(each.items()))[0],
)
def test_lines_that_no_archive_of_ours_wrote_are_damage(
    ours: tuple[Path, Path], tmp_path: Path, changes: dict[str, Any]
) -> None:
    forged = change(ours[1], tmp_path / "forged.wacz", **changes)
    report = import_files(forged, archive=tmp_path / "new")
    assert not report.imported
    assert report.skipped["damaged"] == 5
    assert select(tmp_path / "new" / "embeds.db", "SELECT count(*) FROM captures") == [(0,)]


def test_a_cut_list_is_told(ours: tuple[Path, Path], tmp_path: Path) -> None:
    with zipfile.ZipFile(ours[1]) as before, zipfile.ZipFile(tmp_path / "cut.wacz", "w") as after:
        for info in before.infolist():
            body = before.read(info)
            after.writestr(info.filename, body[: len(body) // 2] if info.filename == CAPTURES else body)
    done = in_process.run("import", tmp_path / "cut.wacz", "-a", tmp_path / "new")
    assert done.code != ExitCode.DONE
    assert "damaged" in done.err
    assert "Traceback" not in done.err


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("ERROR")


def test_a_visit_that_was_brought_in_says_so(ours: tuple[Path, Path], tmp_path: Path) -> None:
    import_files(ours[1], archive=tmp_path)
    with closing(open_reader(tmp_path / "embeds.db")) as conn:
        record = post_record(conn, "instagram:Cp2x1mNq8r")
    assert record
    assert "in another archive; brought in by ours.wacz" in render_card(record, lambda sha256: None)
