"""Before a loss is believed its platform must show a living post at that hour; where it shows none, nothing is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from embedarchive.core import clock
from embedarchive.core.model import Capture, Description, Post, Verdict
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import Platform
from embedarchive.run.backoff import BackOff
from embedarchive.run.controls import MOST_TRIED, Controls
from embedarchive.store import Archive

ALIVE, REFUSED, GONE = Verdict("available"), Verdict("available", embedding="refused"), Verdict("gone", "deleted")
PUBLIC = identify_post(BY_NAME["x"].known_url)
assert PUBLIC is not None


def x(number: int) -> Post:
    return Post("x", f"{number:019}", f"https://x.com/i/status/{number:019}")


def toot(host: str, number: int) -> Post:
    return Post("mastodon", f"{host}/{number:018}", f"https://{host}/@mara/{number:018}")


@dataclass
class World:
    """What a platform shows, and who went to look."""

    shows: Mapping[str, Verdict]
    asked: list[str] = field(default_factory=list)

    async def capture(self, post: Post, platform: Platform, *, media: bool) -> Capture:
        assert not media, "a control is looked at, not collected"
        self.asked.append(post.key)
        await asyncio.sleep(0)
        return seen(post, self.shows.get(post.key, GONE), clock.now())


def seen(post: Post, verdict: Verdict, at: str) -> Capture:
    return Capture(post, post.url, post.url, at, at, verdict, 200)


@dataclass
class Scene:
    """An archive in which posts were seen alive a week ago, and a run that finds some of them gone."""

    archive: Archive
    told: list[tuple[Any, ...]] = field(default_factory=list)
    backoff: BackOff = field(default_factory=BackOff)

    def __post_init__(self) -> None:
        self.crawl = self.archive.start_crawl("check", clock.now(), "1", {})

    def saw(self, *posts: Post, verdict: Verdict = ALIVE, ago_s: float = 7 * 86_400.0) -> None:
        """Keep that posts were seen; the last of them last."""
        for number, post in enumerate(posts):
            at = clock.later(number - ago_s)
            capture = self.archive.keep_capture(seen(post, verdict, at), self.crawl)
            if verdict.outcome == "available":
                self.archive.keep_description(capture, post.key, Description(text="Words"), 1, at)
        self.archive.conclude_all()

    async def lose(self, world: World, *posts: Post) -> None:
        """Find these posts gone, side by side."""
        controls = Controls(self.archive, world, self.crawl, call, self.backoff, lambda *what: self.told.append(what))

        async def lose_one(post: Post) -> None:
            at = clock.now()
            self.archive.keep_capture(seen(post, GONE, at), self.crawl)
            await controls.settle(post, at)

        await asyncio.gather(*map(lose_one, posts))
        self.archive.conclude_all()

    def says(self, post: Post) -> tuple[str, str | None]:
        row = self.archive.conn.execute(
            "SELECT status, doubt FROM conclusions WHERE post_key = ?", (post.key,)
        ).fetchone()
        return tuple(row)

    def one(self, sql: str) -> Any:
        return self.archive.conn.execute(sql).fetchone()[0]


async def call(function: Callable[..., Any], *args: Any) -> Any:
    return function(*args)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        yield Scene(archive)


async def test_a_post_that_was_seen_anyway_is_control_enough(scene: Scene) -> None:
    scene.saw(x(1), x(2))
    scene.saw(x(2), ago_s=60)
    await scene.lose(world := World({}), x(1))
    assert (world.asked, scene.says(x(1))) == ([], ("gone", None))


async def test_else_the_post_that_was_seen_last_is_visited_and_counted_nowhere(scene: Scene) -> None:
    scene.saw(x(1), x(2), x(3))
    before = scene.one("SELECT count(*) FROM checks"), scene.one("SELECT count(*) FROM seeds")
    await scene.lose(world := World({x(3).key: ALIVE}), x(1))
    assert (world.asked, scene.says(x(1))) == ([x(3).key], ("gone", None))
    assert scene.one("SELECT count(*) FROM captures WHERE purpose = 'control'") == 1, "it is kept as evidence"
    assert scene.one("SELECT count(*) FROM checks") == before[0] + 1, "the loss is a look, its control is none"


async def test_else_the_one_that_the_platforms_file_names(scene: Scene) -> None:
    posts = [x(number) for number in range(1, 8)]
    scene.saw(*posts)
    await scene.lose(world := World({PUBLIC.key: ALIVE}), posts[0])
    assert world.asked == [*(each.key for each in posts[: -MOST_TRIED - 1 : -1]), PUBLIC.key]
    assert scene.says(posts[0]) == ("gone", None)
    assert not scene.one(f"SELECT count(*) FROM post_status WHERE key = '{PUBLIC.key}'"), "nobody's post here"


async def test_where_no_living_post_is_seen_nothing_is_gone_and_one_message_says_so(scene: Scene) -> None:
    posts = [x(number) for number in range(1, 8)]
    scene.saw(*posts)
    await scene.lose(world := World({}), *posts[:3])
    assert len(world.asked) == MOST_TRIED + 1, "the controls are visited once, not once a loss"
    assert {scene.says(each) for each in posts[:3]} == {("unavailable", "held: control failed")}
    assert [what[:3] for what in scene.told if what[0] == "hold"] == [("hold", "x", "blocked")]
    assert scene.backoff.cooling_down == {"x"}, "nothing more of it is visited in this run"
    assert scene.one("SELECT count(*) FROM holds WHERE released_at IS NULL") == 1
    due = "SELECT count(*) FROM posts WHERE key IN (SELECT post_key FROM conclusions WHERE doubt IS NOT NULL)"
    assert scene.one(f"{due} AND capture_after IS NOT NULL") == 3, "each is looked at again"


async def test_a_living_post_seen_later_releases_what_was_withheld(scene: Scene) -> None:
    scene.saw(x(1), x(2))
    await scene.lose(World({}), x(1))
    assert scene.says(x(1)) == ("unavailable", "held: control failed")
    scene.saw(x(2), ago_s=-1)
    assert scene.one("SELECT count(*) FROM holds WHERE released_at IS NULL") == 0
    assert scene.says(x(1)) == ("gone", None)


async def test_a_post_whose_frame_is_refused_is_no_control(scene: Scene) -> None:
    """What its own page tells says nothing of the frames, by which the others are denied."""
    scene.saw(x(1), x(2))
    scene.saw(x(3), verdict=REFUSED, ago_s=60)
    await scene.lose(world := World({x(2).key: REFUSED, PUBLIC.key: REFUSED}), x(1))
    assert world.asked == [x(2).key, PUBLIC.key]
    assert scene.says(x(1)) == ("unavailable", "held: control failed")
    scene.archive.keep_control(seen(x(2), REFUSED, clock.later(1)), scene.crawl)
    scene.archive.conclude_all()
    assert scene.says(x(1)) == ("unavailable", "held: control failed"), "nor does it release what was withheld"


async def test_another_instance_is_no_control(scene: Scene) -> None:
    here, there = toot("kystvakta.social", 1), toot("elsewhere.social", 2)
    scene.saw(here, toot("kystvakta.social", 3))
    scene.saw(there, ago_s=60)
    await scene.lose(world := World({there.key: ALIVE}), here)
    assert (world.asked, scene.says(here)[1]) == ([toot("kystvakta.social", 3).key], "held: control failed")


async def test_without_anybody_to_ask_a_loss_is_kept_unconfirmed(scene: Scene) -> None:
    alone = toot("alone.social", 1)
    scene.saw(alone)
    await scene.lose(world := World({}), alone)
    assert (world.asked, scene.told) == ([], [])
    assert scene.says(alone) == ("unavailable", "no control")
    assert scene.one("SELECT count(*) FROM holds") == 0
