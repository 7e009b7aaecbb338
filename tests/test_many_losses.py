"""More posts lost at once than posts are lost: withheld until a person has looked, and never on a first crawl."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from embedarchive.core.model import Capture, Description, Outcome, Post, Verdict
from embedarchive.platforms import PLATFORMS
from embedarchive.run.backoff import BackOff
from embedarchive.run.controls import MOST_LOSSES, Controls
from embedarchive.store import Archive

ALIVE, GONE = "2026-03-01T10:00:{:02}.000Z", "2026-03-09T10:00:{:02}.000Z"


def post(number: int) -> Post:
    return Post("instagram", f"CMany{number:06}", f"https://www.instagram.com/p/CMany{number:06}/")


def seen(each: Post, outcome: Outcome, at: str) -> Capture:
    return Capture(each, each.url, each.url, at, at, Verdict(outcome, "deleted" if outcome == "gone" else None), 200)


def keep_alive(archive: Archive, crawl: int, each: Post, at: str) -> None:
    """Keep that a post was seen alive, with what it said: nothing is concluded before that is read."""
    number = archive.keep_capture(seen(each, "available", at), crawl)
    archive.keep_description(number, each.key, Description(text="Words"), 1, at)


async def call(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


async def lose_slowly(archive: Archive, crawl: int, posts: list[Post]) -> int:
    """Find these posts gone; give how often the run's visits were counted for that."""
    asked: list[str] = []

    async def listen(function: Callable[..., Any], *args: Any) -> Any:
        asked.append(function.__name__)
        return function(*args)

    controls = Controls(archive, None, crawl, listen, BackOff(), lambda *_: None)  # type: ignore[arg-type]
    archive.keep_control(seen(post(9999), "available", GONE.format(0)), crawl)
    for each in posts:
        archive.keep_capture(seen(each, "gone", GONE.format(2)), crawl)
        assert archive.conclude(each.key)["status"] == "gone"
        await controls.weigh_losses(each.key)
    return asked.count("count_losses")


async def test_a_long_run_is_not_counted_anew_with_every_loss(tmp_path: Path) -> None:
    posts = [post(number) for number in range(300)]
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        archive.conn.execute("PRAGMA synchronous = OFF")
        first = archive.start_crawl("crawl", ALIVE.format(0), "1", {})
        for each in posts:
            keep_alive(archive, first, each, ALIVE.format(1))
        second = archive.start_crawl("check", GONE.format(0), "1", {})
        for each in posts[60:]:
            keep_alive(archive, second, each, GONE.format(1))
        assert await lose_slowly(archive, second, posts[:58]) <= 5, "58 of 300 are nearly a fifth"


async def lose(archive: Archive, crawl: int, posts: list[Post]) -> list[str]:
    """Find these posts gone, one after another, as a run does; give the holds that it told of."""
    told: list[str] = []
    controls = Controls(archive, None, crawl, call, BackOff(), lambda what, *rest: told.append(what))  # type: ignore[arg-type]
    archive.keep_control(seen(post(999), "available", GONE.format(0)), crawl)
    for second, each in enumerate(posts):
        archive.keep_capture(seen(each, "gone", GONE.format(second)), crawl)
        concluded = archive.conclude(each.key)
        if concluded["status"] == "gone" and concluded["last_available_at"]:
            await controls.weigh_losses(each.key)
    archive.conclude_all()
    return told


@pytest.mark.parametrize(
    ("lost", "visits", "held"),
    [(MOST_LOSSES, 30, False), (MOST_LOSSES + 1, 30, True), (MOST_LOSSES + 4, 130, False), (30, 30, True)],
)
async def test_posts_seen_alive_before_are_not_lost_by_the_score(
    tmp_path: Path, lost: int, visits: int, held: bool
) -> None:
    posts = [post(number) for number in range(visits)]
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        first = archive.start_crawl("crawl", ALIVE.format(0), "1", {})
        for number, each in enumerate(posts):
            keep_alive(archive, first, each, ALIVE.format(number % 60))
        second = archive.start_crawl("check", GONE.format(0), "1", {})
        for each in posts[lost:]:
            keep_alive(archive, second, each, GONE.format(1))
        told = await lose(archive, second, posts[:lost])
        gone = archive.conn.execute("SELECT count(*) FROM conclusions WHERE status = 'gone'").fetchone()[0]
        doubts = archive.conn.execute("SELECT DISTINCT doubt FROM conclusions WHERE doubt IS NOT NULL").fetchall()
        assert (gone, ["hold"] * held, [row[0] for row in doubts]) == (
            0 if held else lost,
            told,
            ["held: many at once"] if held else [],
        )
        assert archive.release_holds("instagram", "person", GONE.format(59)) == int(held)
        archive.conclude_all()
        assert archive.conn.execute("SELECT count(*) FROM conclusions WHERE status = 'gone'").fetchone()[0] == lost


async def test_a_first_crawl_of_old_articles_may_find_all_of_them_gone(tmp_path: Path) -> None:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", GONE.format(0), "1", {})
        assert await lose(archive, crawl, [post(number) for number in range(40)]) == []
        assert archive.conn.execute("SELECT count(*) FROM conclusions WHERE status = 'gone'").fetchone()[0] == 40
