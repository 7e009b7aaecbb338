"""A post that seems to be gone -> is its platform itself at this hour? Living posts are the control; without one, a hold.

An intermediary, a captive portal or a changed template can deny every post of a platform in the same words. So before a
loss counts, another post of the same platform (of the same instance, in the Fediverse) must have been seen alive by the
same route within the hour: one that this run saw anyway; else the one that this archive saw last; else one that the
platform's file names. If none of them is seen, nothing of that platform counts as gone until one is. And when more posts
seem lost at once than posts are lost, a person is asked.
"""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from embedarchive.core import clock
from embedarchive.core.model import Capture, Post
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform
from embedarchive.run.backoff import BackOff
from embedarchive.store import Archive
from embedarchive.store.conclusions import (
    CONTROL_FAILED,
    MANY_AT_ONCE,
    PostScope,
    count_losses,
    find_controls,
    is_controlled,
    read_scope,
)

MOST_TRIED = 3
"""Living posts that are visited before nothing is believed: the last one seen may be gone by itself."""

MOST_LOSSES, MOST_LOST = 20, 0.2
"""Posts seen alive before that one run may find gone, in number and as a share of its visits to the platform: the larger
of both. More at once is more likely a fault of ours or theirs than so many deletions."""


class Visitor(Protocol):
    """What visits posts."""

    async def capture(self, post: Post, platform: Platform, *, media: bool) -> Capture: ...


@dataclass
class Controls:
    """The controls of one run. `keep` calls the archive in its own thread."""

    archive: Archive
    services: Visitor
    crawl_id: int
    keep: Callable[..., Awaitable[Any]]
    backoff: BackOff
    emit: Callable[..., None]
    permit: Callable[[Post], Awaitable[bool]] | None = None
    """Whether a control may be visited, where visits have a budget."""
    is_barred: Callable[[str, str], Awaitable[bool]] | None = None
    """Whether the post of that key and address does not want to be archived."""
    _asking: dict[PostScope, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    _failed: set[PostScope] = field(default_factory=set)
    _losses: Counter[str] = field(default_factory=Counter)
    _believed: dict[str, int] = field(default_factory=dict)
    """Up to how many losses of a platform nothing has to be counted in the archive."""

    async def settle(self, post: Post, at: str) -> None:
        """See to it that what a visit at that time said of a loss can be believed, or is withheld."""
        conn = self.archive.conn
        scope, _ = await self.keep(read_scope, conn, post.key)
        async with self._asking[scope]:
            if scope in self._failed or await self.keep(is_controlled, conn, scope, at, post.key):
                return
            candidates = [each for each in await self.find_candidates(scope, post.key) if await self.is_asked(each)]
            for control in candidates:
                if self.permit and not await self.permit(control):
                    return  # nothing is believed and nothing withheld until there is a budget again
                if await self.visit(control):
                    return
            if candidates:
                self._failed.add(scope)
                self.backoff.rest(scope.platform)
                await self.keep(self.archive.keep_hold, scope, at, CONTROL_FAILED, self.crawl_id)
                self.emit("hold", scope.platform, "blocked", CONTROL_FAILED)

    async def find_candidates(self, scope: PostScope, but: str) -> list[Post]:
        """Posts that should be alive: those that this archive saw last, then the one that the platform's file names."""
        found: list[Post] = await self.keep(find_controls, self.archive.conn, scope, but, MOST_TRIED)
        known = identify_post(BY_NAME[scope.platform].known_url)
        if known is None or known.key == but:
            return found
        is_of_scope = scope.host is None or known.native_id.startswith(f"{scope.host}/")
        if is_of_scope:
            return [*found, known]
        return found

    async def is_asked(self, post: Post) -> bool:
        """Whether a post may be a control."""
        return self.is_barred is None or not await self.is_barred(post.key, post.url)

    async def visit(self, post: Post) -> bool:
        """Visit a control and keep what was seen; whether it is alive."""
        await self.backoff.turn(post.platform)
        seen = await self.services.capture(post, BY_NAME[post.platform], media=False)
        await self.keep(self.archive.keep_control, seen, self.crawl_id)
        self.emit("control", post.key, seen.verdict.outcome, seen.verdict.reason or "")
        return seen.verdict.outcome == "available" and seen.verdict.embedding != "refused"

    async def weigh_losses(self, post_key: str) -> None:
        """Withhold this run's losses of a platform when they are more than may be believed."""
        scope, _ = await self.keep(read_scope, self.archive.conn, post_key)
        self._losses[scope.platform] += 1
        if self._losses[scope.platform] <= self._believed.get(scope.platform, MOST_LOSSES):
            return
        lost, visits, since = await self.keep(count_losses, self.archive.conn, self.crawl_id, scope.platform)
        most = max(MOST_LOSSES, MOST_LOST * visits)
        # To count reads all of the run's visits. They only grow in number, so for so many more losses there is no need to.
        self._believed[scope.platform] = self._losses[scope.platform] + int(most) - lost
        if lost > most:
            whole = PostScope(scope.platform)
            await self.keep(self.archive.keep_hold, whole, since or clock.now(), MANY_AT_ONCE, self.crawl_id)
            self.emit("hold", scope.platform, "blocked", MANY_AT_ONCE, lost)
