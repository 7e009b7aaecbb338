"""What a run is told not to visit or not to keep: which posts stay due, what is said of them, when they come."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from capturing import PATIENT, artifacts, open_camera, post_of
from embedarchive.api.commands import choose_platforms, make_settings, say_options
from embedarchive.cli.progress import partly_text
from embedarchive.core.completeness import Lack, is_chosen, over_bytes
from embedarchive.core.errors import UsageError
from embedarchive.core.model import (
    Artifact,
    Capture,
    Claim,
    Description,
    Embed,
    Exchange,
    Fetch,
    Found,
    Media,
    Post,
    Verdict,
)
from embedarchive.detect import identify_post
from embedarchive.library.records import MissingFile
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.replica import Replica
from embedarchive.run.report import Standings, count_left_out
from embedarchive.show.words import say_why
from embedarchive.store import Archive
from in_process import run

NOW = "2026-03-01T09:00:00.000Z"
ARTICLE = "https://news.example/story"
REEL, PHOTO, TWEET = (
    identify_post(url)
    for url in (
        "https://www.instagram.com/reel/C79gQqLpkul/",
        "https://www.instagram.com/p/CpQ9x1mNq8r/",
        "https://x.com/ida/status/1932100000000000201",
    )
)


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        archive.conn.execute("PRAGMA synchronous = OFF")
        yield archive


def begin(archive: Archive, **options: object) -> int:
    """Start a run with these options, as a command would keep them."""
    given = {name: value for name, value in options.items() if name in ("no_film", "max_bytes")}
    chosen = {name: value for name, value in options.items() if name not in given}
    return archive.start_crawl("crawl", NOW, "test", say_options(chosen, make_settings(**given)))  # type: ignore[arg-type]


def keep_article(archive: Archive, crawl_id: int, *posts: Post | None) -> None:
    article_id = archive.keep_seed(crawl_id, ARTICLE, "list", NOW)
    fetch_id = archive.keep_fetch(article_id, crawl_id, Fetch(ARTICLE, ARTICLE, NOW, "ok", 200, body=b"<p>"))
    assert fetch_id is not None
    embeds = tuple(
        Embed(n, "embed", post.platform, post, post.url, "blockquote", "dom", "quote", "<q>", Claim())
        for n, post in enumerate(posts, 1)
        if post
    )
    archive.keep_found(fetch_id, Found(embeds), 1, NOW, crawl_id)


def keep_visit(archive: Archive, crawl_id: int, post: Post | None, at: str, *whys: str) -> None:
    """Keep a visit that lacks its files for these reasons, or holds its one file."""
    assert post is not None
    page = Exchange(post.url, status=200, body=at.encode(), content_type="text/html", resource_type="document")
    media = tuple(Media("media", n, f"https://cdn.example/{n}.mp4") for n in range(1, max(2, len(whys) + 1)))
    held = () if whys else (Artifact("media", b"film", "video/mp4", 1),)
    missing = tuple(f"media {n}: {why}" for n, why in enumerate(whys, 1))
    capture = Capture(
        post, post.url, post.url, at, at, Verdict("available"), 200, exchanges=(page,), artifacts=held, missing=missing
    )
    capture_id = archive.keep_capture(capture, crawl_id)
    archive.keep_description(capture_id, post.key, Description(text="said", media=media), 99, at)
    archive.conclude_all()


def targets(archive: Archive, crawl_id: int) -> set[str]:
    query = "SELECT key FROM targets_to_visit WHERE crawl_id = ?"
    return {row[0].partition(":")[0] for row in archive.conn.execute(query, (crawl_id,))}


# ------------------------------------------------------------------------------------------------------------ platforms


def test_a_run_visits_the_platforms_that_it_names_and_the_others_stay_due(archive: Archive) -> None:
    first = begin(archive, platforms=("x", "tiktok"))
    keep_article(archive, first, REEL, PHOTO, TWEET)
    assert targets(archive, first) == {"x"}
    assert count_left_out(archive, first) == 2
    second = begin(archive)
    archive.keep_all_due(second)
    assert (targets(archive, second), count_left_out(archive, second)) == ({"x", "instagram"}, 0)
    third = begin(archive, platforms=("instagram",))
    archive.keep_all_due(third)
    assert targets(archive, third) == {"instagram"}


def test_a_check_looks_at_the_platforms_that_it_names(archive: Archive) -> None:
    crawl_id = begin(archive)
    keep_article(archive, crawl_id, REEL, TWEET)
    for post in (REEL, TWEET):
        keep_visit(archive, crawl_id, post, NOW)
    for named, expected in ((("x",), {"x"}), ((), {"x", "instagram"})):
        check = begin(archive, platforms=named)
        archive.keep_check_targets(check, "9999", -1)
        assert targets(archive, check) == expected


def test_names_of_platforms_are_read_and_a_wrong_one_says_which_was_meant() -> None:
    assert choose_platforms(["Instagram,x", "tiktok"]) == ("instagram", "x", "tiktok")
    with pytest.raises(UsageError, match="Did you mean instagram"):
        choose_platforms(["instagramm"])


def test_what_is_left_to_other_runs_is_told(tmp_path: Path) -> None:
    quote = '<blockquote class="twitter-tweet"><a href="https://twitter.com/ida/status/1932100000000000201">x</a></blockquote>'
    (tmp_path / "a.html").write_text(f"<html><body>{quote}</body></html>")
    at = ("-a", tmp_path / "out", "--browser-path=/none")
    done = run("crawl", tmp_path / "a.html", "--platform", "vine", *at, "--json")
    assert (done.code, done.json["skipped"], done.json["posts_left_due"]) == (0, {"other_platform": 1}, 0)
    done = run("capture", "https://x.com/ida/status/1932100000000000201", "--platform", "vine", *at)
    assert (done.code, "other platforms" in done.out) == (0, True)
    with closing(sqlite3.connect(tmp_path / "out" / "embeds.db")) as conn:
        assert conn.execute("SELECT count(*) FROM posts_to_capture").fetchone() == (1,)
        assert json.loads(conn.execute("SELECT options FROM crawls").fetchone()[0])["platforms"] == ["vine"]
    for command in (("crawl", tmp_path / "a.html"), ("capture", "https://x.com/i/status/20"), ("check",)):
        done = run(*command, "--platform", "instagramm", *at)
        assert (done.code, "Did you mean instagram?" in done.err) == (2, True)
    done = run("crawl", tmp_path / "a.html", "--platform", "vine", "--dry-run")
    assert (done.code, "x:19321" in done.out) == (0, False)


# ------------------------------------------------------------------------------------------------ films and large files


def test_what_was_not_to_be_kept_is_due_for_a_run_that_keeps_it(archive: Archive) -> None:
    first = begin(archive, no_film=True, max_bytes=1_000_000)
    keep_article(archive, first, REEL, PHOTO, TWEET)
    keep_visit(archive, first, REEL, NOW, "no_film")
    keep_visit(archive, first, PHOTO, NOW, over_bytes(1_000_000))
    keep_visit(archive, first, TWEET, NOW, "only_streamed")
    stands = "SELECT post_key, kept, passing, due_at FROM conclusions ORDER BY 1"
    assert {row[1:] for row in map(tuple, archive.conn.execute(stands))} == {("partial", 0, None)}
    assert archive.conn.execute("SELECT count(*) FROM posts_to_capture").fetchone()[0] == 0

    def due(**options: object) -> set[str]:
        found = []
        for prepare in (
            lambda crawl_id: archive.keep_seed(crawl_id, ARTICLE, "list", NOW, fresh_since=NOW),
            archive.keep_all_due,
            lambda crawl_id: [archive.keep_target(crawl_id, p, NOW, forced=False) for p in (REEL, PHOTO, TWEET) if p],
        ):
            crawl_id = begin(archive, **options)
            prepare(crawl_id)
            query = "SELECT key FROM targets_to_visit WHERE crawl_id = ?"
            found.append({row[0] for row in archive.conn.execute(query, (crawl_id,))})
            archive.conn.execute("UPDATE posts SET capture_after = NULL")
        assert found[0] == found[1] == found[2]
        return found[0]

    assert REEL
    assert PHOTO
    assert due(no_film=True, max_bytes=1_000_000) == set()
    assert due(no_film=True, max_bytes=900_000) == set()
    assert due(no_film=True, max_bytes=2_000_000) == {PHOTO.key}
    assert due(no_film=True) == {PHOTO.key}
    assert due(max_bytes=1_000_000) == {REEL.key}
    assert due() == {REEL.key, PHOTO.key}
    last = begin(archive)
    archive.keep_all_due(last)
    keep_visit(archive, last, REEL, "2026-03-02T09:00:00.000Z")
    assert archive.conn.execute("SELECT kept FROM conclusions WHERE post_key = ?", (REEL.key,)).fetchone()[0] == "whole"


def test_what_was_not_to_be_kept_is_said_in_words() -> None:
    for why in ("no_film", over_bytes(20_000_000)):
        assert is_chosen(why)
        assert not Lack(1, why).passing
    assert say_why(MissingFile(1, "no_film", False)) == "was left out, as all films were"
    assert say_why(MissingFile(1, over_bytes(20_000_000), False)) == "is larger than was to be kept (20 MB)"
    assert "2 for --no-film or --max-bytes" in partly_text(Standings(partly_preserved=3, left_out=2))


@pytest.mark.parametrize(("size", "code"), [("0", 2), ("-1", 2), ("20 bananas", 2), ("1e9", 2)])
def test_what_is_no_size_is_wrong_use(size: str, code: int, tmp_path: Path) -> None:
    done = run("crawl", "https://a.test/", "--max-bytes", size, "-a", tmp_path / "a")
    assert (done.code, (tmp_path / "a").exists()) == (code, False)


@pytest.mark.browser
async def test_films_and_large_files_are_not_kept_and_named() -> None:
    with Replica() as replica:
        facts = [fact for fact in replica.posts if fact.platform == "instagram" and fact.state == "live"]
        reel, photo = (post_of(next(f for f in facts if f.kind == kind)) for kind in ("video", "photo"))
        async with open_camera(replica, limits=PATIENT) as camera:
            platform = BY_NAME["instagram"]
            for post, choice, expected in (
                (reel, {"film": False}, ("media 1: no_film",)),
                (photo, {"film": False}, ()),
                (photo, {"max_bytes": 500}, ("media 1: over_500_bytes",)),
            ):
                camera.browser.limits = replace(PATIENT, **choice)  # type: ignore[arg-type]
                capture = await camera.browser.capture(post, platform)
                assert capture.verdict.outcome == "available"
                assert tuple(line for line in capture.missing if line.startswith("media")) == expected
                assert len(artifacts(capture, "media")) == (0 if expected else 1)
                types = [e.content_type or "" for e in capture.exchanges if e.body and e.resource_type != "document"]
                if "film" in choice:
                    assert not [t for t in types if t.startswith("video/")]
                if expected and post is photo:
                    large = [e for e in capture.exchanges if len(e.body or b"") > 500]
                    assert not [e for e in large if (e.content_type or "").startswith("image/")]


def test_the_environment_can_say_it(tmp_path: Path) -> None:
    done = run("crawl", "https://a.test/", "-a", tmp_path / "a", EMBEDARCHIVE_CRAWL_MAX_BYTES="bananas")
    assert done.code == 2
