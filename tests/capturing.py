"""What capture tests share: a replica, the door to it, and a real browser behind the door."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

from playwright.async_api import async_playwright

from embedarchive.browser import Browser, Limits, Login, Shutter, find_browser
from embedarchive.egress import Door, DoorPolicy, parse_resolve
from embedarchive.fetch import Fetcher
from embedarchive.model import Artifact, Capture, Post
from embedarchive.platforms import BY_NAME
from embedarchive.replica import PostFact, Replica

SHORT = Limits(navigate_s=6.0, settle_s=6.0, rest_s=4.0, whole_s=40.0)


@dataclass
class Camera:
    """A browser pointed at a replica."""

    replica: Replica
    door: Door
    browser: Browser

    async def take(self, name: str, state: str | None = None, **options: Any) -> Capture:
        """Capture the post of that name, in that state; put the state back afterwards."""
        fact = self.replica.post(name)
        if state:
            self.replica.set_state(fact.key, state)
        try:
            return await self.browser.capture(post_of(fact), BY_NAME[fact.platform], **options)
        finally:
            self.replica.set_state(fact.key, fact.state)


def post_of(fact: PostFact) -> Post:
    return Post(fact.platform, fact.key, BY_NAME[fact.platform].canonical(fact.key))


@contextlib.asynccontextmanager
async def open_camera(
    replica: Replica,
    *,
    tabs: int = 1,
    limits: Limits = SHORT,
    shutter: Shutter | None = None,
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
            shutter=shutter,
            login=login,
        ) as browser,
    ):
        yield Camera(replica, door, browser)


def artifacts(capture: Capture, role: str) -> list[Artifact]:
    return [a for a in capture.artifacts if a.role == role]


@contextlib.asynccontextmanager
async def open_playwright() -> AsyncIterator[Any]:
    """The bare browser, for tests that need an oracle rather than a capture."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(None, os.environ).path)
        try:
            yield browser
        finally:
            await browser.close()
