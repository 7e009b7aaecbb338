"""TikTok, Facebook, Threads, YouTube, Bluesky, Mastodon, Truth Social in a real browser: whole, described, honest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
import pytest_asyncio

from capturing import SHORT, Camera, artifacts, describe_again, open_camera, short, take_as_found
from embedarchive.core.model import Capture
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME
from embedarchive.replica import PostFact, Replica

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(replica: Replica) -> AsyncIterator[Camera]:
    # The replica paints each photograph when it is first asked for: on a busy machine that takes seconds.
    async with open_camera(replica, limits=replace(SHORT, rest_s=20.0, whole_s=60.0)) as opened:
        yield opened


# ---------------------------------------------------------------------------------------------------------------- whole

LIVE = (
    "th-keeper",
    "th-yakei",
    "th-clip",
    "th-zaytoun",
    "tt-band",
    "tt-zaytoun",
    "fb-hafen",
    "fb-lanterna",
    "fb-zaytoun",
    "fb-regatta",
    "bs-comet",
    "bs-ridge",
    "bs-hanok",
    "yt-start",
    "yt-yakei",
    "ms-amboss",
    "ms-tram",
    "ms-storm",
    "ts-nightbus",
    "ts-dunas",
)


@pytest.mark.parametrize("name", LIVE)
async def test_a_post_is_captured_whole_and_described_as_its_author_made_it(camera: Camera, name: str) -> None:
    fact = camera.replica.post(name)
    capture = await take_as_found(camera, name)
    assert short(capture) == ("available", None)
    assert capture.missing == UNSERVED.get(fact.platform, ())
    said = describe_again(capture)
    warned = f"CW: {said.title}\n\n{said.text}"
    assert (warned if fact.caption.startswith("CW:") else said.text or said.title or "") == fact.caption
    assert said.author_name == fact.author.name or said.author_handle == handle_of(fact)
    assert said.kind == fact.kind
    assert said.posted_at is None or said.posted_at[:16] == fact.posted_at[:16]
    assert (said.likes or 0, said.comments or 0) == COUNTS.get(fact.platform, (fact.likes, fact.comments))
    assert all(said.sources.get(name) for name in ("kind", "media") if getattr(said, name))
    check_files(fact, capture)


UNSERVED: dict[str, tuple[str, ...]] = {"youtube": ("media 1: not_served",)}
"""What a platform gives to nobody, and is said to be missing."""
COUNTS: dict[str, tuple[int, int]] = {"youtube": (0, 0)}
"""Platforms whose frame shows no counts."""


def handle_of(fact: PostFact) -> str:
    return fact.author.handle


def check_files(fact: PostFact, capture: Capture) -> None:
    """Every slide is there in its order, as the kind of file it is; the screenshot shows something."""
    slides = artifacts(capture, "media")
    expected = [n for n, slide in enumerate(fact.slides, 1) if not (slide.video and fact.platform in UNSERVED)]
    assert [a.position for a in slides] == expected
    for artifact in slides:
        slide = fact.slides[artifact.position - 1]
        assert artifact.content_type.startswith("video/" if slide.video else "image/")
        if not slide.video:
            assert (artifact.width, artifact.height) == (slide.width, slide.height)
    shot = artifacts(capture, "screenshot")[0]
    assert shot.height
    assert shot.height > 100


# --------------------------------------------------------------------------------------------------------------- honest

WALLED = ("th-keeper", "tt-band", "fb-hafen", "bs-comet", "yt-start", "ms-tram", "ts-nightbus")


@pytest.mark.parametrize("name", WALLED)
async def test_a_wall_is_met_once(camera: Camera, name: str) -> None:
    camera.replica.clear_hits()
    capture = await take_as_found(camera, name, "rate_after")
    assert capture.retry_after_s == 120
    asked = [hit.url for hit in camera.replica.hits if hit.path != "/favicon.ico"]
    assert asked == [capture.visit_url], "not even another host of the same platform is asked"


REFUSED = (
    ("th-keeper", "embed_refused"),
    ("tt-band", "embed_refused"),
    ("fb-hafen", "embed_refused"),
    ("yt-start", "geo"),
)


@pytest.mark.parametrize(("name", "state"), REFUSED)
async def test_a_refused_frame_is_described_by_what_else_is_public(camera: Camera, name: str, state: str) -> None:
    fact = camera.replica.post(name)
    said = describe_again(await take_as_found(camera, name, state))
    assert (said.text or said.title) == fact.caption
    assert said.author_name == fact.author.name


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
    assert len(capture.alterations) == 1
    assert capture.alterations[0].startswith("click .detailed-status .content-warning button")
    closed, opened = (artifacts(c, "screenshot")[0].height for c in (await take_as_found(camera, "ms-amboss"), capture))
    assert opened
    assert closed
    assert opened > closed + 200
