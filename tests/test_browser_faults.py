"""The browser killed, stopped, hung, bombed: the capture says so or is taken again, and nothing is left running."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from capturing import HUNG, PATIENT, RESTLESS, Camera, artifacts, open_camera, post_of
from embedarchive.browser import VisitLimits
from embedarchive.browser.watch import find_members
from embedarchive.core.model import Capture
from embedarchive.platforms import instagram
from embedarchive.replica import Replica, Saved
from waiting import BOUND_S, until

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(replica: Replica) -> AsyncIterator[Camera]:
    async with open_camera(replica) as opened:
        await opened.take("moon")
        yield opened


def group_of(camera: Camera) -> int:
    assert camera.browser._chrome
    return camera.browser._chrome.group


def members(group: int) -> list[int]:
    return [p for p in find_members(group) if b"Z" not in Path(f"/proc/{p}/stat").read_bytes().rpartition(b")")[2][:3]]


def renderers(group: int) -> list[int]:
    return [p for p in members(group) if b"--type=renderer" in Path(f"/proc/{p}/cmdline").read_bytes()]


def is_gone(group: int) -> bool:
    with contextlib.suppress(OSError):  # a member that ends while it is looked at
        return not members(group)
    return False


async def until_gone(group: int) -> None:
    await until(lambda: is_gone(group), f"processes of group {group} are left")


async def test_no_switch_is_given_twice(camera: Camera) -> None:
    """Of two `--disable-features` Chromium hears the last."""
    assert camera.browser._chrome
    line = Path(f"/proc/{camera.browser._chrome.pid}/cmdline").read_text().split("\0")
    names = [switch.partition("=")[0] for switch in line if switch.startswith("--")]
    assert len(names) == len(set(names))


async def test_the_sandbox_is_off_for_root_alone(camera: Camera) -> None:
    """Chromium does not start with its sandbox as root."""
    assert camera.browser._chrome
    line = Path(f"/proc/{camera.browser._chrome.pid}/cmdline").read_text().split("\0")
    assert ("--no-sandbox" in line) == (os.geteuid() == 0)


# --------------------------------------------------------------------------------------------------- killed and stopped


def is_asked(replica: Replica) -> bool:
    return count_asked(replica) > 0


def count_asked(replica: Replica) -> int:
    return sum("/embed/captioned/" in hit.target for hit in replica.hits)


async def disturb(camera: Camera, act: Callable[[], None], **turn: Any) -> Capture:
    """Start a capture of a slow post, and act while the page is on its way. Only the first visit has little time."""
    camera.replica.clear_hits()
    camera.browser.limits = replace(PATIENT, navigate_s=3.0, idle_s=3.0)
    taking = asyncio.create_task(camera.take("moon", "slow", **turn))
    await until(lambda: is_asked(camera.replica) or taking.done(), "the visit never began")
    act()
    camera.browser.limits = PATIENT
    return await taking


def stop_all(group: int) -> None:
    for member in find_members(group):
        os.kill(member, signal.SIGSTOP)


FAULTS: dict[str, Callable[[int], None]] = {
    "killed": lambda group: os.killpg(group, signal.SIGKILL),
    "renderers killed": lambda group: [os.kill(p, signal.SIGKILL) for p in renderers(group)] and None,
    "everything stopped": stop_all,
}


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_capture_survives_its_browser(camera: Camera, fault: str) -> None:
    before, turns, told = group_of(camera), [], []

    async def ready() -> None:
        turns.append(count_asked(camera.replica))

    capture = await disturb(camera, lambda: FAULTS[fault](before), ready=ready, asked=lambda: told.append(len(turns)))
    assert turns == [0, 1]  # a visit anew waits for another turn, and neither began before its own
    assert count_asked(camera.replica) == 2
    assert told[-1] == 2  # as the request went out; of the visit that came to nothing word may have been lost
    assert (capture.verdict.outcome, capture.missing) == ("available", ()), capture.verdict
    if fault != "renderers killed":
        assert group_of(camera) != before
        await until_gone(before)


async def test_a_browser_that_dies_every_time_is_named(camera: Camera) -> None:
    async def kill_again_and_again() -> None:
        while True:
            if is_asked(camera.replica):
                with contextlib.suppress(OSError):
                    os.killpg(group_of(camera), signal.SIGKILL)
                camera.replica.clear_hits()
            await asyncio.sleep(0.02)

    camera.replica.clear_hits()
    killing = asyncio.create_task(kill_again_and_again())
    capture = await camera.take("moon", "slow")
    killing.cancel()
    assert (capture.verdict.outcome, capture.verdict.reason) == ("error", "browser_crashed")
    assert capture.verdict.signs[0].saw
    assert (await camera.take("moon")).verdict.outcome == "available"


# -------------------------------------------------------------------------------------------------------- hostile pages


CARD = "<div class=Embed>"


async def visit(camera: Camera, script: str, body: str = CARD, limits: VisitLimits = PATIENT) -> Capture:
    """Capture a post whose frame is a page of ours."""
    camera.browser.limits = limits
    fact = camera.replica.post("aurora")
    page = f"<!doctype html><body>{body}<script>{script}</script>"
    camera.replica.serve(f"https://www.instagram.com/p/{fact.key}/embed/captioned/", Saved(body=page.encode()))
    try:
        return await camera.browser.capture(post_of(fact), instagram.PLATFORM)
    finally:
        camera.browser.limits = PATIENT


async def assert_well(camera: Camera) -> None:
    assert (await camera.take("moon")).verdict.outcome == "available"


HANGS = {
    "loop": "for(;;);",
    "loop later": "setTimeout(() => { for(;;); }, 300)",
}


@pytest.mark.parametrize("script", HANGS.values(), ids=HANGS.keys())
async def test_a_page_that_hangs_costs_its_deadline_and_no_browser(camera: Camera, script: str) -> None:
    before = group_of(camera)
    capture = await visit(camera, script, "<p>wait", HUNG)
    assert (capture.verdict.outcome, capture.verdict.reason) == ("error", "hung")
    assert group_of(camera) == before
    await assert_well(camera)


async def test_a_page_that_eats_memory_is_stopped(replica: Replica) -> None:
    greedy = "const all = []; setInterval(() => { all.push(new Uint8Array(4e7).fill(7)); document.body.append(1) }, 20)"
    async with open_camera(replica) as camera:
        capture = await visit(camera, greedy, "<p>wait", replace(PATIENT, memory_mb=400))
        assert (capture.verdict.outcome, capture.verdict.reason) == ("error", "browser_crashed")
        await assert_well(camera)


NOISES = {
    "popups": ("for (let i = 0; i < 60; i++) window.open('https://www.instagram.com/about/')", "popups_closed"),
    "alerts": ("for (let i = 0; i < 60; i++) alert(i)", "dialogs_closed"),
    "prompts": ("prompt(1); confirm(2)", "dialogs_closed"),
}


@pytest.mark.parametrize("noise", NOISES)
async def test_noise_is_closed(camera: Camera, noise: str) -> None:
    script, counted = NOISES[noise]
    capture = await visit(camera, script, limits=replace(PATIENT, rest_s=2.0, idle_s=2.0))
    assert capture.verdict.reason == "wrong_post", "the page was read, and is not the post"
    assert counted == "popups_closed" or capture.environment[counted] > 0
    assert camera.browser._chrome
    told = await camera.browser._chrome.connection.root.send("Target.getTargets")
    assert sum(each["type"] == "page" for each in told["targetInfos"]) == 1
    await assert_well(camera)


async def test_nothing_is_downloaded(camera: Camera, tmp_path: Path) -> None:
    marker = b"embedarchive download test" * 1000
    url = "https://www.instagram.com/file.bin"
    headers = (("Content-Type", "application/octet-stream"), ("Content-Disposition", "attachment; filename=a.sh"))
    camera.replica.serve(url, Saved(headers=headers, body=marker))
    await visit(
        camera,
        f"location = '{url}'; const a = document.createElement('a'); a.href = '{url}'; a.download = 'b';"
        "document.body.append(a); a.click()",
    )
    assert camera.browser._chrome
    profile = camera.browser._chrome.process.profile
    assert [p for p in profile.rglob("*") if p.is_file() and marker[:26] in p.read_bytes()] == []
    await assert_well(camera)


REDIRECTS = {
    "script loop": "location.replace('?' + Math.random())",
    "meta refresh loop": "document.head.innerHTML = '<meta http-equiv=refresh content=0>'",
    "to a file": "location = 'file:///etc/passwd'",
    "to the browser": "location = 'chrome://version'",
    "to script": "location = 'javascript:document.write(1)'",
}


@pytest.mark.parametrize("script", REDIRECTS.values(), ids=REDIRECTS.keys())
async def test_a_page_that_moves_on_is_followed_to_no_bad_place(camera: Camera, script: str) -> None:
    capture = await visit(camera, script, limits=RESTLESS)
    assert capture.verdict.outcome == "error"
    assert capture.final_url.startswith("https://www.instagram.com/")
    assert not any(b"root:" in (a.body or b"") for a in artifacts(capture, "dom"))
    await assert_well(camera)


# -------------------------------------------------------------------------------------------------------------- orphans

RUN = """
import asyncio, os, sys
sys.path.insert(0, {tests!r})
from capturing import open_camera, post_of
from embedarchive.platforms import instagram
from embedarchive.replica import Replica
from waiting import until
async def visit_what_hangs(camera):
    fact = camera.replica.post("moon")
    camera.replica.set_state(fact.key, "hang")
    camera.replica.clear_hits()
    visiting = asyncio.create_task(camera.browser.capture(post_of(fact), instagram.PLATFORM))
    await until(lambda: camera.replica.hits, "the visit never began")
    print("visiting", flush=True)
    await visiting
async def main():
    with Replica() as replica:
        async with open_camera(replica) as camera:
            await camera.take("moon")
            print(camera.browser._chrome.group, flush=True)
            {then}
asyncio.run(main())
"""
ENDS = {
    "by itself": ("pass", None),
    "by an error": ("raise RuntimeError('on purpose')", None),
    "by exit": ("os._exit(3)", None),
    "by SIGTERM": ("await visit_what_hangs(camera)", signal.SIGTERM),
    "by SIGINT": ("await visit_what_hangs(camera)", signal.SIGINT),
    "by SIGKILL": ("await visit_what_hangs(camera)", signal.SIGKILL),
}


@pytest.mark.parametrize("end", ENDS)
async def test_no_process_is_left_however_it_ends(end: str) -> None:
    then, number = ENDS[end]
    script = RUN.format(tests=str(Path(__file__).parent), then=then)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout
    async with asyncio.timeout(BOUND_S):
        group = int(await process.stdout.readline())
        if number:
            assert await process.stdout.readline() == b"visiting\n"
            process.send_signal(number)
        await process.wait()
    await until_gone(group)
