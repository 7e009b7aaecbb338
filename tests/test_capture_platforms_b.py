"""Reddit, Telegram, Pinterest, LinkedIn, Tumblr and the players in a real browser: whole, described, honest."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from capturing import SHORT, Camera, artifacts, open_camera
from embedarchive.detect import identify_post
from embedarchive.model import Answer, Capture, Description, Page, Post
from embedarchive.platforms import BY_NAME
from embedarchive.replica import PostFact, Replica

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(replica: Replica) -> AsyncIterator[Camera]:
    async with open_camera(
        replica, limits=replace(SHORT, rest_s=20.0)
    ) as opened:  # the first look at a picture paints it
        yield opened


async def take(camera: Camera, name: str, state: str | None = None) -> Capture:
    """Capture the post as the finder would hand it over, in that state; put the state back afterwards."""
    fact = camera.replica.post(name)
    post = identify_post(fact.url)
    assert post
    assert post.key == f"{fact.platform}:{fact.key}"
    camera.replica.set_state(fact.key, state or fact.state)
    try:
        return await camera.browser.capture(post, BY_NAME[fact.platform])
    finally:
        camera.replica.set_state(fact.key, fact.state)


def short(capture: Capture) -> tuple[str, str | None]:
    return capture.verdict.outcome, capture.verdict.reason


def describe(capture: Capture) -> Description:
    """Read the description again from what was kept alone, as the archive will whenever a rule improves."""
    document = next(e for e in capture.exchanges if e.resource_type == "document")
    probes = [e for e in capture.exchanges if e.resource_type.startswith("probe:")]
    answers = tuple(
        Answer(e.resource_type.removeprefix("probe:"), e.url, e.status, e.url, (e.body or b"").decode()) for e in probes
    )
    dom, body = artifacts(capture, "dom")[0].body.decode(), (document.body or b"").decode()
    visit = BY_NAME[capture.post.platform].visit
    assert visit
    page = Page(capture.visit_url, capture.final_url, capture.status, body, dom, answers=answers)
    return visit.describe(page, capture.post)


# ---------------------------------------------------------------------------------------------------------------- whole

STREAMED = ("media 1: only_streamed",)
LIVE: dict[str, tuple[str, ...]] = {
    "vm-hands": (),
    "tw-bridge": (),
    "dm-quai": STREAMED,
    "ru-dunes": (),
    "st-goal": (),
    "sn-flour": (),
    "vi-gull": (),
    "sc-depot": STREAMED,
    "bc-pine": ("media 2: not_served",),
    "im-kestrel": (),
    "gi-wave": (),
    "fl-ridge": (),
    "vk-depo": (),
    "vk-film": STREAMED,
}
"""Every kind of post, and what its platform gives to nobody."""


@pytest.mark.browser
@pytest.mark.parametrize("name", LIVE)
async def test_a_post_is_captured_whole_and_described_as_its_author_made_it(camera: Camera, name: str) -> None:
    fact = camera.replica.post(name)
    capture = await take(camera, name)
    assert (short(capture), capture.missing) == (("available", None), LIVE[name])
    check_words(fact, describe(capture))
    check_files(fact, capture)


NAMELESS = {"twitch", "vk"}
"""Platforms whose frame and answers do not name the author."""
UNDATED = {"vimeo", "twitch", "soundcloud", "bandcamp", "giphy", "flickr", "vk"}
"""Platforms that tell nobody when it was posted."""
COUNTED = {"imgur", "dailymotion", "vine"}
"""Platforms that say how many liked it."""


def check_words(fact: PostFact, said: Description) -> None:
    assert fact.caption in (said.title, said.text)
    assert said.kind == fact.kind
    if fact.platform not in NAMELESS:
        assert said.author_name == fact.author.name or said.author_handle == fact.author.handle.replace(".", "")
    if fact.platform in UNDATED:
        assert said.posted_at is None
    else:
        assert (said.posted_at or "")[:16] == fact.posted_at[:16]
    assert (said.likes, said.comments or 0)[: len(fact.platform)] == (
        (fact.likes, fact.comments) if fact.platform in COUNTED else (None, 0)
    )
    filled = {name for name in ("kind", "title", "text", "author_name", "posted_at", "media") if getattr(said, name)}
    assert filled <= said.sources.keys()


def check_files(fact: PostFact, capture: Capture) -> None:
    """What the description names is kept: pictures in their own size, a film as a film; the screenshot shows something."""
    kept = artifacts(capture, "media") + artifacts(capture, "poster")
    pictures = [(a.width, a.height) for a in kept if a.content_type.startswith("image/")]
    assert pictures == [(slide.width, slide.height) for slide in fact.slides]
    films = [a for a in artifacts(capture, "media") if not a.content_type.startswith("image/")]
    assert bool(films) == (fact.kind in ("video", "audio") and STREAMED != capture.missing)
    shot = artifacts(capture, "screenshot")[0]
    assert (shot.width or 0) >= 300
    assert (shot.height or 0) >= 100


# --------------------------------------------------------------------------------------------------------------- honest

GONE, UNSURE = ("gone", "deleted"), ("unavailable", "unconfirmed")
PRIVATE, REFUSED = ("unavailable", "private"), ("unavailable", "embed_refused")
STRANGE = ("error", "unrecognized")
WALLS = {
    "login": ("blocked", "login"),
    "challenge": ("blocked", "challenge"),
    "rate": ("blocked", "rate"),
    "rate_after": ("blocked", "rate"),
    "forbidden": ("error", "http_403"),
    "server_error": ("error", "http_500"),
    "reset": ("error", "connection"),
    "empty": ("error", "blank"),
}
ALONE = {"gone": UNSURE, "unsure": UNSURE, "private": UNSURE, "refused": UNSURE, "strange": STRANGE}
"""Where nobody but the frame can be asked, nothing is known of a post without a frame."""
WITNESSED = {"gone": GONE, "unsure": UNSURE, "private": PRIVATE, "refused": REFUSED, "strange": STRANGE}
STATES: dict[str, dict[str, tuple[str, str]]] = {
    "vm-hands": {
        **WITNESSED,
        **WALLS,
        "hang": ("error", "timeout"),
        "wrong_post": ("error", "wrong_post"),
        "password": ("unavailable", "password"),
        "domain": REFUSED,
    },
    "tw-bridge": {**ALONE, "refused": REFUSED},
    "dm-quai": {**WITNESSED, "unsure": STRANGE, "refused": STRANGE},  # its frame of nothing says nothing by structure
    "sc-depot": WITNESSED,
    "im-kestrel": WITNESSED,
    "gi-wave": WITNESSED,
    "fl-ridge": WITNESSED,
    "ru-dunes": WITNESSED,
    "st-goal": WITNESSED,
    "vi-gull": WITNESSED,
    "bc-pine": ALONE,
    "sn-flour": ALONE,
    "vk-depo": ALONE,
    "vk-film": ALONE,
}


@pytest.mark.browser
@pytest.mark.parametrize(("name", "state"), [(name, state) for name, states in STATES.items() for state in states])
async def test_every_state_has_its_name(camera: Camera, name: str, state: str) -> None:
    capture = await take(camera, name, state)
    assert short(capture) == STATES[name][state], capture.verdict.signs
    outcome = capture.verdict.outcome
    assert outcome != "gone" or len({sign.rule for sign in capture.verdict.signs}) >= 2
    if outcome in ("blocked", "error"):
        assert not artifacts(capture, "media"), "nothing of a wall is kept as the post's"


@pytest.mark.browser
@pytest.mark.parametrize("name", ["vm-hands", "dm-quai"])
async def test_whoever_is_kept_out_asks_nothing_more(camera: Camera, name: str) -> None:
    camera.replica.clear_hits()
    await take(camera, name, "rate_after")
    assert len({hit.url for hit in camera.replica.hits if "favicon" not in hit.url}) == 1


@pytest.mark.browser
async def test_a_refused_film_is_described_by_those_who_tell_of_it(camera: Camera) -> None:
    said = describe(await take(camera, "st-goal", "refused"))
    assert (said.title, said.sources["title"]) == (camera.replica.post("st-goal").caption, "video")
