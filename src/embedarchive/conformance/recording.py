"""Platforms -> their plays: every state of each, played by a replica of our own to a browser of our own."""

from __future__ import annotations

import os
from collections.abc import Iterable

from embedarchive.browser import Browser, VisitLimits, find_browser
from embedarchive.conformance.playing import Play, list_scenes, play_scenes
from embedarchive.egress import Door, DoorPolicy, parse_resolve
from embedarchive.fetch import Fetcher
from embedarchive.platforms.kit.specification import Platform
from embedarchive.replica import Replica

AT_ONCE, TABS = 4, 12
"""Most of a visit is waiting; the tabs to spare are for those that only wait."""
LIMITS = VisitLimits(navigate_s=15.0, settle_s=12.0, rest_s=20.0, idle_s=15.0, phase_s=60.0, whole_s=180.0)


async def record_plays(platforms: Iterable[Platform], limits: VisitLimits = LIMITS) -> tuple[Play, ...]:
    """Have every scene of these platforms captured. Raises BrowserMissing where there is no browser."""
    scenes = [scene for platform in platforms for scene in list_scenes(platform)]
    browser_path = find_browser(None, os.environ)
    with Replica() as replica:
        policy = DoorPolicy(resolve=tuple(parse_resolve(rule) for rule in replica.resolve))
        ca_file = replica.ca_file
        async with (
            Door(policy) as door,
            Fetcher(door, user_agent="conformance", ca_file=str(ca_file)) as fetcher,
            Browser(door, browser_path, ca_file=ca_file, tabs=TABS, fetcher=fetcher, limits=limits) as browser,
        ):
            return await play_scenes(replica, browser.capture, scenes, AT_ONCE)
