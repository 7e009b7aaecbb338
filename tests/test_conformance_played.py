"""Every platform in a real browser, in every state that the replica plays: the outcome, the evidence, the words."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio

from capturing import SHORT, open_camera
from embedarchive.conformance.nothing_seen import judge_drawn
from embedarchive.conformance.playing import (
    Play,
    Scene,
    judge_frame,
    judge_play,
    list_scenes,
    play_scenes,
)
from embedarchive.conformance.served import find_published
from embedarchive.core.model import Page, Post
from embedarchive.core.page_in_hand import page_in_hand
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.replica import Replica
from embedarchive.replica.faults import FAULTS
from embedarchive.run.deriving import describe_page
from embedarchive.store import Archive
from embedarchive.store.reading import read_page, read_post

EVERY_FAULT = "PLAY_EVERY_FAULT"
"""Set by `make played`. The faults are one code for all sites and for all platforms, so that else each platform takes its turn
at a sixth of them; what a platform's own rules make of them is asked without a browser (`conformance/nothing_seen.py`)."""


TONGUES = ("de", "ja", "ar")
"""In which a state is played once more where a platform speaks its reader's: structure decides and never wording, so each
platform is played in one of them."""


def is_its_turn(number: int, scene: Scene) -> bool:
    """Whether a platform, by its number, plays a scene that is much like those of others."""
    if EVERY_FAULT in os.environ:
        return True
    tongue = scene.name.rpartition("_")[2]
    if tongue in TONGUES:
        return (number + TONGUES.index(tongue)) % len(TONGUES) == 0
    if scene.state is not FAULTS.get(scene.name):
        return True
    return (number + list(FAULTS).index(scene.name)) % 6 == 0


SCENES = {
    (p.name, scene.case): scene
    for number, p in enumerate(PLATFORMS)
    for scene in list_scenes(p)
    if is_its_turn(number, scene)
}
LIVING = [key for key, scene in SCENES.items() if scene.name == "live"]
FRAME = "frame"
DRAWN = ("another platform's post, drawn", "another post, drawn")

AT_ONCE, TABS = 4, 12
"""Most of a visit is waiting; the tabs to spare are for those that only wait."""
LIMITS = replace(SHORT, rest_s=10.0, phase_s=30.0, whole_s=120.0)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]
Plays = dict[tuple[str, str], Play]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plays(request: pytest.FixtureRequest) -> AsyncIterator[Plays]:
    """All scenes that the selected tests are about, played together."""
    mine = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    asked = [(item.callspec.params["name"], item.callspec.params["case"]) for item in mine]
    living = LIVING if any(case in DRAWN for _, case in asked) else []
    framed = {name for name, case in asked if case == FRAME}
    wanted = dict.fromkeys((*(key for key in SCENES if key in asked or key[0] in framed), *living))
    with Replica() as replica:
        async with open_camera(replica, tabs=TABS, limits=LIMITS) as camera:
            played = await play_scenes(replica, camera.browser.capture, [SCENES[key] for key in wanted], AT_ONCE)
    yield {(play.scene.fact.platform, play.scene.case): play for play in played}


@pytest.fixture(scope="module")
def drawn(plays: Plays) -> dict[Post, Page]:
    """Every living post of every platform, as the browser drew it."""
    return {plays[key].capture.post: page_in_hand(plays[key].capture) for key in LIVING}


@pytest.mark.parametrize(("name", "case"), list(SCENES))
async def test_a_scene_ends_as_declared(plays: Plays, name: str, case: str) -> None:
    found = list(judge_play(plays[name, case]))
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(("name", "case"), [(p.name, case) for p in PLATFORMS for case in DRAWN])
async def test_what_was_drawn_of_another_post_is_not_this_one(drawn: dict[Post, Page], name: str, case: str) -> None:
    assert [problem for kind, problem in judge_drawn(BY_NAME[name], drawn) if kind == case] == []


LIES = {
    "title": {"title": "Another title"},
    "likes": {"likes": 0},
    "author_name": {"author_name": None},
    "media 1": {"media": ()},
}


@pytest.mark.parametrize(("name", "case", "field"), [("rumble", "ru-dunes live", field) for field in LIES])
async def test_a_description_that_differs_is_found_out(plays: Plays, name: str, case: str, field: str) -> None:
    play = plays[name, case]
    told = {**find_published(play.scene.fact), **LIES[field]}
    lying = replace(play, scene=replace(play.scene, state=replace(play.scene.state, tells=lambda post: told)))
    assert any(finding.problem.startswith(f"{field} is ") for finding in judge_play(lying))


@pytest.mark.parametrize(("name", "case"), [(p.name, FRAME) for p in PLATFORMS])
async def test_every_selector_of_a_frame_is_met(plays: Plays, name: str, case: str) -> None:
    mine = [play for (platform, _), play in plays.items() if platform == name]
    found = list(judge_frame(BY_NAME[name], mine))
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(("name", "case"), [(p.name, FRAME) for p in PLATFORMS])
async def test_what_is_read_of_a_visit_in_hand_is_what_is_read_of_it_from_the_archive(
    plays: Plays, tmp_path: Path, name: str, case: str
) -> None:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as archive:
        archive.start_crawl("capture", "2026-03-20T08:00:00.000Z", "0", {})
        for capture in (play.capture for (platform, _), play in plays.items() if platform == name):
            number = archive.keep_capture(capture, 1)
            in_hand, kept = page_in_hand(capture), read_page(archive.conn, number)
            assert in_hand == kept
            post = read_post(archive.conn, capture.post.key)
            assert post
            assert describe_page(in_hand, capture.post, "visit") == describe_page(kept, post, "visit")
