"""Pixelfed and PeerTube in a real browser: whole, described, honest; and found in the newsroom by their embed codes."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID

import pytest
import pytest_asyncio

from capturing import SHORT, Camera, artifacts, describe_again, open_camera, short, take_as_found
from embedarchive.detect import find_embeds, identify_post
from embedarchive.platforms import pixelfed
from embedarchive.platforms.peertube import canonical, read_uuid
from embedarchive.replica import Replica
from embedarchive.replica.sites.newsroom.stories import all_stories

PLATFORMS = ("pixelfed", "peertube")
POSTS = ("pf-heath", "pf-stalls", "pf-waves", "pt-weir", "pt-bowl")


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(replica: Replica) -> AsyncIterator[Camera]:
    async with open_camera(replica, limits=replace(SHORT, rest_s=20.0, whole_s=60.0)) as opened:
        yield opened


def test_a_story_of_the_newsroom_shows_one_post_of_each() -> None:
    story = next(s for s in all_stories() if {p.platform for p in s.posts} >= set(PLATFORMS))
    found = [e.post.key for e in find_embeds(story.body).embeds if e.post]
    assert found == [f"{p.platform}:{p.key}" for p in story.posts]


@pytest.mark.parametrize("name", POSTS)
@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_a_post_is_captured_whole_and_described(camera: Camera, name: str) -> None:
    fact = camera.replica.post(name)
    capture = await take_as_found(camera, name)
    assert short(capture) == ("available", None)
    assert capture.missing == ()
    said = describe_again(capture)
    assert fact.caption in (said.text, said.title)
    assert (said.kind, said.author_name, said.likes, said.comments) == (
        fact.kind,
        fact.author.name,
        fact.likes,
        fact.comments,
    )
    assert said.posted_at
    assert said.posted_at[:19] == fact.posted_at[:19]
    assert [a.position for a in artifacts(capture, "media")] == list(range(1, len(fact.slides) + 1))


def test_a_post_without_its_author_asks_nobody() -> None:
    """An address that names no author leads to the post's page: the API would deny a post of nobody."""
    post = identify_post("https://pixels.example/i/web/post/712345678901234567")
    assert post
    assert pixelfed.fill(post) == {"frame": post.url, "ask": ""}


@pytest.mark.parametrize("number", [1, 57, 58, 2**64, 2**128 - 1])
def test_a_short_id_and_its_uuid_are_one(number: int) -> None:
    long = str(UUID(int=number, version=4))
    assert read_uuid(urlsplit(canonical(f"tube.example/{long}"))) == long
