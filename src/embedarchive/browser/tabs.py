"""The tabs of one browser, kept warm: lent empty, emptied when they come back, replaced before their renderers hoard."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from embedarchive.browser.launch import Chrome
from embedarchive.browser.tab import Tab, open_tab
from embedarchive.core.errors import BrowserCrashed
from embedarchive.egress import Door

RENEW_AFTER = 200
"""Visits after which a tab is replaced: what its context has cached goes with it. To open one costs as much as a visit: over
170 visits, with 20 here each takes 139 CPU-ms, with 40 134, with 80 129. At 320 its page holds no more than at 80."""

LOOK_AFTER, MOST_HELD = 20, 96 << 20
"""Visits after which, each time, it is asked how many bytes a tab's page holds; one that holds more than that is replaced at
once. Light pages' garbage is collected at 80 MB; one that hoards would make each visit after it dearer."""


class WarmTabs:
    """Tabs behind one door, of whichever browser is running; `furnish` is done once with each new one."""

    def __init__(self, door: Door, furnish: Callable[[Tab], Awaitable[None]] | None = None) -> None:
        self._door, self._furnish = door, furnish
        self._idle: list[Tab] = []

    @contextlib.asynccontextmanager
    async def lend(self, chrome: Chrome, size: tuple[int, int], scale: float) -> AsyncIterator[Tab]:
        """Lend an idle tab of this browser, or a new one; take it back empty, or not at all.

        A tab's scale is for life; its size is the borrower's to change. Raises BrowserCrashed.
        """
        tab = await self._take(chrome, size, scale)
        sound = False
        try:
            yield tab
            sound = True
        finally:
            sound = sound and not tab.spoiled and tab.visits < RENEW_AFTER
            await asyncio.shield(_give_back(tab, self._idle, sound=sound))

    async def _take(self, chrome: Chrome, size: tuple[int, int], scale: float) -> Tab:
        while self._idle:
            tab = self._idle.pop()
            if tab.chrome is chrome and tab.scale == scale and not tab.spoiled:
                return tab
            await _give_back(tab, [], sound=False)
        try:
            tab = await open_tab(chrome, self._door, size, scale)
            if self._furnish:
                await self._furnish(tab)
        except BrowserCrashed:
            chrome.kill()
            raise
        return tab


async def _give_back(tab: Tab, idle: list[Tab], *, sound: bool) -> None:
    """Empty a tab and lay it with the idle ones; close it when it is not sound, and its browser when it will not close."""
    if sound:
        try:
            await tab.clear()
            sound = tab.visits % LOOK_AFTER > 0 or await tab.count_held() <= MOST_HELD
        except BrowserCrashed:
            sound = False
    if tab.chrome.dead:
        return
    if sound:
        idle.append(tab)
    elif not await tab.close():
        tab.chrome.kill()
