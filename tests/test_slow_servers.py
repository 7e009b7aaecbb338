"""Servers that are slow, or stall: what still arrives is waited for, and what never does is said to be missing."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from capturing import SHORT, Camera, artifacts, open_camera, short
from embedarchive.core.completeness import Lack, read_reasons
from embedarchive.core.model import Capture
from embedarchive.replica import Replica, Weather

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

MEDIA = (".cdninstagram.com",)
LATE = SHORT.rest_s + 2
"""Seconds after which a fixed clock of the tests' limits would have rung."""


@pytest.fixture(scope="module")
def running() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@pytest.fixture
def replica(running: Replica) -> Iterator[Replica]:
    yield running
    running.weather = Weather()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(running: Replica) -> AsyncIterator[Camera]:
    async with open_camera(running, tabs=2, limits=SHORT) as opened:
        yield opened


def files(capture: Capture) -> set[tuple[str, int, bytes]]:
    return {(a.role, a.position, a.body) for role in ("media", "poster") for a in artifacts(capture, role)}


@pytest.mark.parametrize(("name", "kind"), [("olives", "image/"), ("bees", "video/")])
async def test_a_slow_post_is_whole(camera: Camera, replica: Replica, name: str, kind: str) -> None:
    fair = await camera.take(name)
    weight = max(len(a.body) for a in artifacts(fair, "media") if a.content_type.startswith(kind))
    replica.weather = Weather(bytes_per_s=int(weight / LATE), hosts=MEDIA)
    slow = await camera.take(name)
    assert short(slow) == ("available", None)
    assert files(slow) == files(fair)
    assert (slow.missing, slow.environment.get("late")) == ((), None)


async def test_a_post_is_whole_although_files_stall(camera: Camera, replica: Replica) -> None:
    fair = await camera.take("premiere")
    replica.weather = Weather(stall_every=3, stall_s=SHORT.rest_s + 1)
    assert SHORT.rest_s + 1 < SHORT.idle_s
    stalled = await camera.take("premiere")
    assert short(stalled) == ("available", None)
    assert files(stalled) == files(fair)
    assert stalled.missing == ()


async def test_a_file_that_never_comes_is_missing_for_a_reason_that_may_pass(replica: Replica) -> None:
    async with open_camera(replica, limits=dataclasses.replace(SHORT, rest_s=2.0, idle_s=2.0)) as camera:
        await camera.take("olives")  # the styles are in the cache now
        replica.weather = Weather(stall_every=1, stall_s=60, hosts=MEDIA)
        capture = await camera.take("fjord")
    assert short(capture) == ("available", None)
    assert any(line.startswith("screenshot: timeout") for line in capture.missing)
    reasons = read_reasons(capture.missing)
    assert reasons == {1: "timeout"}
    assert Lack(1, reasons[1]).passing
