"""The replica plays every state of a platform to whoever captures -> what came of each, and what is wrong with it.

The capturing is given: `play_platforms(replica, take, platforms)` hands each post to `take`, in each state, and
`judge_play` compares the capture with what the state must give. Judging touches nothing: a play can be judged again by
other rules.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from embedarchive.conformance.findings import Finding
from embedarchive.conformance.served import find_facts, find_states
from embedarchive.core.model import Answer, Capture, Outcome, Page, Post
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform
from embedarchive.replica import PostFact, Replica, State

Take = Callable[[Post, Platform], Awaitable[Capture]]
"""How a post is captured: a browser's `capture`, or anything that gives the same."""
STATES = "states"


@dataclass(frozen=True, slots=True)
class Scene:
    """One post of the replica in one of its states, and what must come of it."""

    fact: PostFact
    name: str
    state: State

    @property
    def case(self) -> str:
        return f"{self.fact.name} {self.name}"

    @property
    def expected(self) -> tuple[Outcome, str | None]:
        return self.fact.unlike.get(self.name, (self.state.outcome, self.state.reason))


@dataclass(frozen=True, slots=True)
class Play:
    """What came of a scene."""

    scene: Scene
    capture: Capture


def list_scenes(platform: Platform) -> tuple[Scene, ...]:
    """Every living post as it is, the first of them in all other states, and posts that are unlike it in theirs."""
    facts, states = find_facts(platform.name), find_states(platform.name)
    if not facts:
        return ()
    living = [fact for fact in facts if fact.state == "live"]
    scenes = [Scene(fact, "live", states["live"]) for fact in living]
    scenes += [Scene(living[0], name, state) for name, state in states.items() if name != "live"]
    scenes += [Scene(each, name, states[name]) for each in living[1:] for name in each.unlike if name != "live"]
    return tuple(scenes)


async def play_scenes(replica: Replica, take: Take, scenes: Sequence[Scene], at_once: int = 3) -> tuple[Play, ...]:
    """Play scenes, several at once, but never two of one post; each post is put back as it was.

    A scene that ends by running out of time costs nothing but that, and so does not count among those at once: whoever
    captures should have tabs to spare.
    """
    by_post: dict[str, list[Scene]] = {}
    for scene in scenes:
        by_post.setdefault(scene.fact.name, []).append(scene)
    places = asyncio.Semaphore(at_once)

    async def play_post(mine: list[Scene]) -> list[Play]:
        return [await _play(replica, take, scene, places) for scene in mine]

    played = await asyncio.gather(*(play_post(mine) for mine in by_post.values()))
    return tuple(play for plays in played for play in plays)


async def _play(replica: Replica, take: Take, scene: Scene, places: asyncio.Semaphore) -> Play:
    post = identify_post(scene.fact.url)
    assert post, f"the replica's address {scene.fact.url} names no post"
    async with contextlib.nullcontext() if scene.state.reason == "timeout" else places:
        replica.set_state(scene.fact.name, scene.name)
        try:
            return Play(scene, await take(post, BY_NAME[scene.fact.platform]))
        finally:
            replica.set_state(scene.fact.name, scene.fact.state)


# ------------------------------------------------------------------------------------------------------------- judging


def judge_play(play: Play) -> Iterator[Finding]:
    """What is wrong with a capture, by the state that it was taken in."""
    for problem in judge_outcome(play):
        yield Finding(play.scene.fact.platform, STATES, play.scene.case, problem)


def judge_outcome(play: Play) -> Iterator[str]:
    """The outcome is the declared one, rests on what such an outcome must rest on, and keeps what it must keep."""
    scene, capture, found = play.scene, play.capture, play.capture.verdict
    if (found.outcome, found.reason) != scene.expected:
        yield f"{_say(found.outcome, found.reason)}, not {_say(*scene.expected)}: {found.signs}"
        return
    roles = [artifact.role for artifact in capture.artifacts]
    if found.outcome == "gone" and len({(sign.rule, sign.where) for sign in found.signs}) < 2:
        yield f"gone by one sign alone: {found.signs}"
    if found.outcome in ("blocked", "error") and "media" in roles:
        yield "something of a wall is kept as the post's file"
    if capture.status is not None and found.reason not in ("blank", "timeout") and "dom" not in roles:
        yield "what came is not kept as evidence"
    if found.outcome == "available" and "screenshot" not in roles:
        yield "no picture of it is kept"


def _say(outcome: Outcome, reason: str | None) -> str:
    return f"{outcome} ({reason})" if reason else outcome


def read_capture(capture: Capture) -> Page:
    """The page as rules read it, made again from what a capture holds."""
    document = next(
        (e for e in capture.exchanges if e.resource_type == "document" and e.url == capture.final_url), None
    )
    document = document or next((e for e in capture.exchanges if e.resource_type == "document"), None)
    dom = next((a.body.decode("utf-8", "replace") for a in capture.artifacts if a.role == "dom"), "")
    body = (document.body or b"").decode("utf-8", "replace") if document else ""
    probes = [e for e in capture.exchanges if e.resource_type.startswith("probe:")]
    answers = tuple(
        Answer(
            e.resource_type.removeprefix("probe:"), e.url, e.status, e.url, (e.body or b"").decode("utf-8", "replace")
        )
        for e in probes
    )
    return Page(capture.visit_url, capture.final_url, capture.status, body, dom, answers=answers)
