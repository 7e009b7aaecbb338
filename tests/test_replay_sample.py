"""Which captures are shown again, and when: a sample at once, the rest in a run's spare time, all or none when told so."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from commands import through
from embedarchive.core.model import Artifact, Capture, Description, Exchange, Fetch, Post, Replay, Verdict
from embedarchive.library import capture_record, stats
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import Platform
from embedarchive.replay import Replayable, Shown
from embedarchive.replica import Replica
from embedarchive.run.ledger import MOST_AT_THE_END, ReplayChoice, Run
from embedarchive.run.spare import MOST_MARKED, MOST_MARKED_AT_THE_END, Marking, SpareTime
from embedarchive.store import Archive
from embedarchive.store.sample import ONE_IN, is_drawn
from in_process import run as embedarchive

NOW, LATER = "2026-03-20T08:00:00.000Z", "2026-03-21T08:00:00.000Z"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with open_archive(tmp_path) as opened:
        opened.start_crawl("crawl", NOW, "0", {})
        yield opened


def open_archive(folder: Path) -> Archive:
    return Archive(folder / "embeds.db", platforms=PLATFORMS)


def visit(n: int, platform: str = "instagram", file: str = "image/jpeg", **fields: Any) -> Capture:
    """One visit whose page is its own, with a file of that type."""
    post = Post(platform, f"C{n:09}", f"https://www.{platform}.com/p/C{n:09}/")
    page = Exchange(post.url, status=200, body=b"%d" % n, content_type="text/html", resource_type="document")
    file_kept = Artifact("media", b"\xff\xd8%d" % n, file, 1, f"https://cdn.example/{n}")
    kept: dict[str, Any] = {"exchanges": (page,), "artifacts": (file_kept,)}
    return Capture(post, post.url, post.url, NOW, NOW, Verdict("available"), 200, **kept | fields)


def keep(archive: Archive, capture: Capture, kind: str = "photo", rules: int = 7, in_place: bool = False) -> int:
    if in_place:
        url = "https://paper.example/1"
        fetch = Fetch(url, url, NOW, "ok", 200, content_type="text/html", body=b"<p>")
        fetch_id = archive.keep_fetch(archive.keep_seed(1, url, "list", NOW), 1, fetch)
        assert fetch_id
        number = archive.keep_capture_in_place(capture, 1, fetch_id)
    else:
        number = archive.keep_capture(capture, 1)
    archive.keep_description(number, capture.post.key, Description(kind=kind), rules, NOW)
    return number


def waiting(archive: Archive) -> dict[int, str]:
    """What is pending of each capture that is to be shown again."""
    return dict(tuple(row) for row in archive.conn.execute("SELECT id, work FROM captures_to_replay"))


# ------------------------------------------------------------------------------------------------------------- the rule


def test_the_first_of_each_kind_is_shown_again_at_once_and_no_other(archive: Archive) -> None:
    n = count()
    a_photo = keep(archive, visit(next(n)))
    same = keep(archive, visit(next(n)))
    a_carousel = keep(archive, visit(next(n)), kind="carousel")
    a_webp = keep(archive, visit(next(n), file="image/webp"))
    both_again = keep(archive, visit(next(n), file="image/webp"), kind="carousel")
    elsewhere = keep(archive, replace(visit(next(n), "x"), started_at=LATER))
    by_new_rules = keep(archive, visit(next(n)), rules=8)
    in_an_article = keep(archive, visit(next(n)), rules=8, in_place=True)
    also_in_one = keep(archive, visit(next(n)), rules=8, in_place=True)
    checked = keep(archive, visit(next(n), "tiktok", purpose="check"))
    at_once = {a_photo, a_carousel, a_webp, elsewhere, by_new_rules, in_an_article}
    later = {number for number in (same, both_again, also_in_one) if not is_drawn(number)}
    asked = waiting(archive)
    assert {number for number, work in asked.items() if work == "replay later"} == later
    assert asked.keys() - later - at_once == {same, both_again, also_in_one} - later
    assert all(asked[number] == "replay" for number in at_once)
    assert checked not in asked


def test_of_one_kind_one_of_every_ten_is_shown_again(archive: Archive) -> None:
    archive.conn.execute("PRAGMA synchronous = OFF")
    for n in range(309):
        keep(archive, visit(n))
    first, *others = waiting(archive).items()
    assert first == (1, "replay")
    drawn = [number for number, work in others if work == "replay"]
    assert [number // ONE_IN for number in drawn] == list(range(31)), "one of each ten, the first of which ends with 9"
    assert len({number % ONE_IN for number in drawn}) == ONE_IN, "not always the same of the ten"


def test_what_was_shown_again_is_known_to_the_next_run_and_what_was_not_is_still_due(tmp_path: Path) -> None:
    n = count()
    with open_archive(tmp_path) as archive:
        archive.start_crawl("crawl", NOW, "0", {})
        shown, left = keep(archive, visit(next(n))), keep(archive, visit(next(n)), kind="reel")
        archive.keep_replay(shown, Replay(1, 0, 1, 0, 0, None, LATER))
    with open_archive(tmp_path) as archive:
        assert waiting(archive) == {left: "replay"}, "a run that was killed is made good"
        more = [keep(archive, visit(next(n)), kind=kind) for kind in ("photo", "reel", "carousel")]
        assert waiting(archive) == {left: "replay"} | dict(
            zip(more, ("replay later", "replay later", "replay"), strict=True)
        )


def test_what_newer_rules_describe_anew_is_shown_again_once(archive: Archive) -> None:
    n = count()
    old = [keep(archive, visit(next(n))) for _ in range(3)]
    archive.keep_replay(old[0], Replay(1, 0, 1, 0, 0, None, NOW))
    for number in old:
        for _ in range(2):  # doing it twice is harmless
            key = archive.conn.execute("SELECT post_key FROM captures WHERE id = ?", (number,)).fetchone()[0]
            archive.keep_description(number, key, Description(kind="photo"), 8, LATER)
    assert waiting(archive) == {old[1]: "replay", old[2]: "replay later"}


def test_a_replay_done_early_is_due_no_longer(archive: Archive) -> None:
    n = count()
    first, second = keep(archive, visit(next(n))), keep(archive, visit(next(n)))
    assert waiting(archive) == {first: "replay", second: "replay later"}
    assert (stats(archive.conn).replayed, stats(archive.conn).not_replayed) == (0, 2)
    for number in (second, first):
        record = capture_record(archive.conn, number)
        assert record
        assert (record.replay_due, record.replay_score) == (True, None)
        archive.keep_replay(number, Replay(0.5, 0, 1, 0, 0, None, NOW))
        record = capture_record(archive.conn, number)
        assert record
        assert (record.replay_due, record.replay_score) == (False, 0.5)
    assert waiting(archive) == {}
    assert (stats(archive.conn).replayed, stats(archive.conn).not_replayed) == (2, 0)


# ----------------------------------------------------------------------------------------------------------- spare time


async def test_a_run_has_time_while_its_visits_wait_and_at_the_end() -> None:
    spare, told = SpareTime(), list[tuple[bool, bool]]()

    def tell() -> None:
        told.append((spare.while_visits_wait, spare.at_the_end))

    async def work(row: object) -> None:
        with spare.waiting():
            tell()
        with spare.visiting(), spare.waiting():
            tell()

    tell()  # nothing was visited: no browser is running
    await spare.counted(work)({})
    tell()
    doing = spare.counted(work)({})
    tell()
    await doing
    nothing, waits, ends = (False, False), (True, False), (False, True)
    assert told == [nothing, nothing, nothing, ends, nothing, waits, nothing]


@pytest.mark.parametrize(
    ("kept", "waits", "visits_nothing", "marked"),
    [
        (1, False, False, MOST_MARKED_AT_THE_END),  # its own, which is the newest, and of what others left
        (MOST_MARKED_AT_THE_END, False, False, MOST_MARKED_AT_THE_END),
        (MOST_MARKED_AT_THE_END + 1, False, False, 0),  # more would keep the user waiting
        (300, True, False, MOST_MARKED),  # as the second between two visits lets it
        (0, False, False, 0),
        (0, False, True, MOST_MARKED),
    ],
)
def test_a_run_marks_what_a_user_would_wait_for(kept: int, waits: bool, visits_nothing: bool, marked: int) -> None:
    """Of an archive in which very many wait."""
    spare, done = SpareTime(), 0
    marking = Marking(spare, visits_nothing)
    for _ in range(kept):
        with spare.visiting():
            marking.note_kept()
    with contextlib.ExitStack() as stack:
        if waits:
            stack.enter_context(spare.waiting())
        while marking.is_due:
            marking.note_marked()
            done += 1
    assert done == marked


class Stage:
    """A world in which every visit goes well and whatever is captured is shown again; which it was asked to show."""

    def __init__(self) -> None:
        self.shown: list[int] = []

    async def capture(self, post: Post, platform: Platform, *, media: bool) -> Capture:
        return replace(visit(int(post.native_id[1:])), post=post)

    async def show(self, capture: Replayable) -> Shown:
        self.shown.append(capture.capture_id)
        return Shown(settled="card")


def rules_of(platform: str) -> int:
    visitable = BY_NAME[platform].visit
    assert visitable
    return visitable.rules


@pytest.mark.parametrize(
    ("choice", "visits", "waiting_before", "shown"),
    [
        ("none", 1, 2, 0),
        ("sample", 0, 2, 1),  # what is due at once; no browser was started for the other
        ("sample", 1, MOST_AT_THE_END, 1 + MOST_AT_THE_END),  # few are left at the end, and are done
        ("sample", 1, 1 + MOST_AT_THE_END, 1),  # more would keep the user waiting
        ("all", 0, 9, 9),
        ("all", 1, 9, 10),
    ],
)
async def test_a_run_replays_what_it_was_told_to(
    archive: Archive, choice: ReplayChoice, visits: int, waiting_before: int, shown: int
) -> None:
    n, stage, rules = count(), Stage(), rules_of("instagram")
    for _ in range(waiting_before):
        keep(archive, visit(next(n)), rules=rules)
    for _ in range(visits):
        archive.keep_target(1, visit(next(n)).post, NOW, forced=True)
    run = Run(archive, stage, 1, lambda event: None, replay=choice)  # type: ignore[arg-type]
    await run.run(asyncio.Event())
    assert len(stage.shown) == len(set(stage.shown)) == shown


# ---------------------------------------------------------------------------------------------------------- the command


def ask(folder: Path, sql: str) -> list[Any]:
    """The first column of the answer."""
    with closing(sqlite3.connect(folder / "embeds.db")) as conn:
        return [row[0] for row in conn.execute(sql)]


@pytest.mark.browser
def test_a_run_says_what_was_not_yet_replayed_and_another_makes_it_good(tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    with Replica() as replica:
        urls = [replica.post(name).url for name in ("fjord", "lighthouse", "premiere")]
        args = ("-a", folder, *through(replica))
        none = embedarchive("capture", *urls, *args, "--no-replay")
        assert none.code == 0, none.err
        assert "Replayed  3 not yet (a run does it" in none.out
        assert "0  shown again from the archive alone, 3 not yet replayed" in embedarchive("stats", "-a", folder).out
        at_once = len(ask(folder, "SELECT id FROM captures_to_replay WHERE work = 'replay'"))
        assert at_once in (2, 3), "a photo and a carousel, and one in ten others"
        few = embedarchive("capture", urls[0], *args, "--json")
        assert few.json["replays"] == {"ok": at_once, "poor": 0}, "nothing was visited: what can wait waits"
        assert few.json["not_yet_replayed"] == 3 - at_once
        every = embedarchive("check", *args, "--replay", "--json")
        left = {"ok": 3 - at_once, "poor": 0}
        assert (every.json["replays"], every.json["not_yet_replayed"]) == (left, 0), every.err
        assert every.json["captures"]["available"] == 3
    options = [json.loads(each)["replay"] for each in ask(folder, "SELECT options FROM crawls ORDER BY id")]
    assert options == ["none", "sample", "all"]
    assert ask(folder, "SELECT score > 0.9 FROM replays") == [1, 1, 1]


@pytest.mark.browser
def test_a_short_run_replays_all_that_it_captured(tmp_path: Path) -> None:
    with Replica() as replica:
        urls = [replica.post(name).url for name in ("fjord", "lighthouse")]
        done = embedarchive("capture", *urls, "-a", tmp_path / "archive", "--json", *through(replica))
    assert (done.json["replays"], done.json["not_yet_replayed"]) == ({"ok": 2, "poor": 0}, 0), done.err
