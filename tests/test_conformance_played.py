"""Every platform in a real browser, in every state that the replica plays: the outcome, the evidence, the words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio

from capturing import SHORT, open_camera
from embedarchive.conformance.playing import Play, judge_play, list_scenes, play_scenes
from embedarchive.platforms import PLATFORMS
from embedarchive.replica import Replica
from known_faults import mark_known

SCENES = {(p.name, scene.case): scene for p in PLATFORMS for scene in list_scenes(p)}
AT_ONCE, TABS = 4, 12
"""Most of a visit is waiting; the tabs to spare are for those that only wait."""
LIMITS = replace(SHORT, navigate_s=15.0, settle_s=12.0, rest_s=20.0, whole_s=90.0)

pytestmark = pytest.mark.browser


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def plays(request: pytest.FixtureRequest) -> AsyncIterator[dict[tuple[str, str], Play]]:
    """All scenes that were selected, played together."""
    mine = [item for item in request.session.items if item.path == request.path and hasattr(item, "callspec")]
    wanted = [(item.callspec.params["name"], item.callspec.params["case"]) for item in mine]
    with Replica() as replica:
        async with open_camera(replica, tabs=TABS, limits=LIMITS) as camera:
            played = await play_scenes(replica, camera.browser.capture, [SCENES[key] for key in wanted], AT_ONCE)
    yield {(play.scene.fact.platform, play.scene.case): play for play in played}


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("name", "case"), [mark_known(*key) for key in SCENES])
async def test_a_scene_ends_as_declared(plays: dict[tuple[str, str], Play], name: str, case: str) -> None:
    found = list(judge_play(plays[name, case]))
    assert not found, "\n".join(map(str, found))
