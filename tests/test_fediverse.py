"""Pixelfed and PeerTube: found in the newsroom by their embed codes; their ids and addresses."""

from __future__ import annotations

from urllib.parse import urlsplit
from uuid import UUID

import pytest

from embedarchive.detect import find_embeds, identify_post
from embedarchive.platforms import pixelfed
from embedarchive.platforms.peertube import canonical, read_uuid
from embedarchive.replica.sites.newsroom.stories import all_stories

PLATFORMS = ("pixelfed", "peertube")


def test_a_story_of_the_newsroom_shows_one_post_of_each() -> None:
    story = next(s for s in all_stories() if {p.platform for p in s.posts} >= set(PLATFORMS))
    found = [e.post.key for e in find_embeds(story.body).embeds if e.post]
    assert found == [f"{p.platform}:{p.key}" for p in story.posts]


def test_a_post_without_its_author_asks_nobody() -> None:
    """An address that names no author leads to the post's page: the API would deny a post of nobody."""
    post = identify_post("https://pixels.example/i/web/post/712345678901234567")
    assert post
    assert pixelfed.fill(post) == {"frame": post.url, "ask": ""}


@pytest.mark.parametrize("number", [1, 57, 58, 2**64, 2**128 - 1])
def test_a_short_id_and_its_uuid_are_one(number: int) -> None:
    long = str(UUID(int=number, version=4))
    assert read_uuid(urlsplit(canonical(f"tube.example/{long}"))) == long
