"""TikTok, Facebook, Threads, YouTube, Bluesky, Mastodon, Truth Social in a real browser: what is particular to each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from capturing import Camera, artifacts, describe_again, open_camera, short, take_as_found
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME
from embedarchive.replica import Replica

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(replica: Replica) -> AsyncIterator[Camera]:
    async with open_camera(replica) as opened:
        yield opened


# --------------------------------------------------------------------------------------------------------------- honest

WALLED = ("th-keeper", "tt-band", "fb-hafen", "bs-comet", "yt-start", "ms-tram", "ts-nightbus")


@pytest.mark.parametrize("name", WALLED)
async def test_a_wall_is_met_once(camera: Camera, name: str) -> None:
    camera.replica.clear_hits()
    capture = await take_as_found(camera, name, "rate_after")
    assert capture.retry_after_s == 120
    asked = [hit.url for hit in camera.replica.hits if hit.path != "/favicon.ico"]
    assert asked == [capture.visit_url], "not even another host of the same platform is asked"


async def test_a_bluesky_post_named_by_its_authors_handle_is_visited_on_its_own_page(camera: Camera) -> None:
    fact = camera.replica.post("bs-ridge")
    post = identify_post(f"https://bsky.app/profile/halley-ridge-observatory.bsky.social/post/{fact.key[-13:]}")
    assert post
    capture = await camera.browser.capture(post, BY_NAME["bluesky"])
    assert short(capture) == ("available", None)
    said = describe_again(capture)
    assert (
        said.text_html
        == 'Two frames from last night. Notes: <a href="https://halley.example/notes">https://halley.example/notes</a>'
    )
    assert said.quoted_url == camera.replica.post("bs-comet").url
    assert [m.alt for m in said.media if m.role == "media"] == ["Photo of stars above a dark ridge.", None]


async def test_youtube_is_told_where_the_visit_comes_from(camera: Camera) -> None:
    camera.replica.clear_hits()
    await take_as_found(camera, "yt-start")
    frame = next(hit for hit in camera.replica.hits if hit.path.startswith("/embed/"))
    assert frame.header("referer") == "https://www.youtube.com/"


@pytest.mark.parametrize("state", ["old_server", "api_closed"])
async def test_a_status_is_read_whether_or_not_its_server_has_an_open_api(camera: Camera, state: str) -> None:
    fact = camera.replica.post("ms-tram")
    said = describe_again(await take_as_found(camera, "ms-tram", state))
    assert said.text == fact.caption
    assert (said.author_name, said.author_handle) == (fact.author.name, "tramvaj@social.wattwetter.example")
    assert said.sources["text"] == ("api" if state == "old_server" else "markup")


async def test_a_content_warning_is_opened_and_that_is_written_down(camera: Camera) -> None:
    capture = await take_as_found(camera, "ms-storm")
    assert len(capture.alterations) == 2, "the warning, and the blurred picture under it"
    assert capture.alterations[0].startswith("click .detailed-status .content-warning button")
    closed, opened = (artifacts(c, "screenshot")[0].height for c in (await take_as_found(camera, "ms-amboss"), capture))
    assert opened
    assert closed
    assert opened > closed + 200
