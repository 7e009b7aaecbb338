"""What capture tests share: a replica, the door to it, and a real browser behind the door."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from playwright.async_api import async_playwright

from embedarchive.browser import Browser, Login, ScreenshotFormat, VisitLimits, find_browser
from embedarchive.core.model import Answer, Artifact, Capture, Description, Page, Post
from embedarchive.detect import identify_post
from embedarchive.egress import Door, DoorPolicy, parse_resolve
from embedarchive.fetch import Fetcher
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform
from embedarchive.replica import PostFact, Replica
from waiting import BOUND_S

SHORT = VisitLimits(navigate_s=6.0, settle_s=6.0, rest_s=4.0, idle_s=6.0, phase_s=15.0, whole_s=60.0)
"""For tests of what happens when a time runs out."""
PATIENT = VisitLimits(
    navigate_s=60.0, settle_s=60.0, rest_s=60.0, idle_s=60.0, screenshot_s=60.0, phase_s=BOUND_S, whole_s=3 * BOUND_S
)
"""For all others. A visit goes on at a sign of the page's, and meets these times only where none ever comes."""
UNANSWERED = replace(PATIENT, navigate_s=1.0, idle_s=1.0)
"""For a server that never answers."""
RESTLESS = replace(PATIENT, settle_s=2.0, rest_s=2.0, idle_s=2.0, phase_s=20.0)
"""For a page that never gives a sign, or moves on for ever: that is a sign, too."""
HUNG = replace(PATIENT, settle_s=0.5, idle_s=0.5, grace_s=0.5)
"""For a page whose scripts never end: it takes a whole processor as long as it is waited for."""


@dataclass
class Camera:
    """A browser pointed at a replica."""

    replica: Replica
    door: Door
    browser: Browser

    async def take(self, name: str, state: str | None = None, **options: Any) -> Capture:
        """Capture the post of that name, in that state."""
        fact = self.replica.post(name)
        with self.playing(fact, state or fact.state):
            return await self.browser.capture(post_of(fact), BY_NAME[fact.platform], **options)

    @contextlib.contextmanager
    def playing(self, fact: PostFact, state: str) -> Iterator[None]:
        """Let the replica play a state of a post; nothing is waited for that this state never does."""
        limits = self.browser.limits
        self.replica.set_state(fact.key, state)
        if state == "hang":
            self.browser.limits = UNANSWERED
        try:
            yield
        finally:
            self.browser.limits = limits
            self.replica.set_state(fact.key, fact.state)


@dataclass
class Edges:
    """A run's edges as far as posts need them: a real browser, with the tests' short deadlines."""

    camera: Camera
    at_work: int = 0
    seen: list[int] = field(default_factory=list)
    """How many visits were at work as each began."""

    async def capture(self, post: Post, platform: Platform, *, media: bool) -> Capture:
        self.at_work += 1
        self.seen.append(self.at_work)
        try:
            return await self.camera.browser.capture(post, platform, media=media)
        finally:
            self.at_work -= 1


def post_of(fact: PostFact) -> Post:
    return Post(fact.platform, fact.key, BY_NAME[fact.platform].canonical(fact.key))


@contextlib.asynccontextmanager
async def open_camera(
    replica: Replica,
    *,
    tabs: int = 1,
    limits: VisitLimits = PATIENT,
    screenshot_format: ScreenshotFormat | None = None,
    login: Login | None = None,
    **policy: Any,
) -> AsyncIterator[Camera]:
    rules = DoorPolicy(resolve=tuple(parse_resolve(rule) for rule in replica.resolve), **policy)
    choice = find_browser(None, os.environ)
    async with (
        Door(rules) as door,
        Fetcher(door, user_agent="tests", ca_file=str(replica.ca_file)) as fetcher,
        Browser(
            door,
            choice,
            ca_file=replica.ca_file,
            tabs=tabs,
            fetcher=fetcher,
            limits=limits,
            screenshot_format=screenshot_format,
            login=login,
        ) as browser,
    ):
        yield Camera(replica, door, browser)


def artifacts(capture: Capture, role: str) -> list[Artifact]:
    return [a for a in capture.artifacts if a.role == role]


def short(capture: Capture) -> tuple[str, str | None]:
    return capture.verdict.outcome, capture.verdict.reason


async def take_as_found(camera: Camera, name: str, state: str | None = None) -> Capture:
    """Capture the post as the finder would hand it over, in that state."""
    fact = camera.replica.post(name)
    post = identify_post(fact.url)
    assert post
    assert post.key == f"{fact.platform}:{fact.key}"
    with camera.playing(fact, state or fact.state):
        return await camera.browser.capture(post, BY_NAME[fact.platform])


def describe_again(capture: Capture) -> Description:
    """Read the description from what was kept alone, as the archive will whenever a rule improves."""
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


@contextlib.asynccontextmanager
async def open_playwright() -> AsyncIterator[Any]:
    """The bare browser, for tests that need an oracle rather than a capture."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(None, os.environ).path)
        try:
            yield browser
        finally:
            await browser.close()
