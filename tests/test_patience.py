"""How long something is waited for: pure, with a clock of our own, and against real waits."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from embedarchive.browser.patience import MOST_CROWDED, Patience, crowding


@dataclass
class Page:
    """A page as a patience sees it: a clock, what was last heard, and whether something is owed."""

    at: float = 1000.0
    heard: float = 0.0
    owes: bool = True
    patience: Patience = field(init=False)

    def __post_init__(self) -> None:
        self.patience = Patience(10, 30, 100, lambda: self.heard, lambda: self.owes, lambda: self.at)

    def after(self, seconds: float, *, heard: float | None = None) -> float:
        """What is left after so many seconds, something having been heard after those others."""
        self.at = self.patience.began + seconds
        if heard is not None:
            self.heard = self.patience.began + heard
        return self.patience.left()


def test_a_while_passes_in_any_case() -> None:
    page = Page(owes=False)
    assert page.after(0) == 10
    assert page.after(4) == 6
    assert page.after(10) <= 0


def test_what_still_arrives_is_waited_for() -> None:
    page = Page()
    assert page.after(20, heard=19) == 29
    assert page.after(60, heard=59) == 29


def test_silence_ends_it() -> None:
    assert Page().after(40, heard=10) <= 0
    assert Page().after(31) <= 0, "nothing was ever heard"
    assert Page().after(29) == 1


def test_what_arrives_without_being_owed_keeps_nobody_waiting() -> None:
    assert Page(owes=False).after(20, heard=20) <= 0


def test_what_arrives_for_ever_ends_too() -> None:
    page = Page()
    assert page.after(95, heard=95) == 5
    assert page.after(101, heard=101) <= 0


async def test_a_wait_goes_on_while_something_is_heard_and_gives_what_came() -> None:
    loop, heard = asyncio.get_running_loop(), [0.0]

    async def arrive() -> str:
        for _ in range(8):
            await asyncio.sleep(0.1)
            heard[0] = loop.time()
        return "whole"

    assert await Patience(0.1, 5.0, 60.0, lambda: heard[0]).wait(arrive()) == "whole"


async def test_a_wait_without_a_sign_ends_and_what_was_waited_for_is_cancelled() -> None:
    silent = asyncio.ensure_future(asyncio.sleep(60))
    with pytest.raises(TimeoutError):
        await Patience(0.05, 0.2, 60.0, lambda: 0.0).wait(silent)
    await asyncio.gather(silent, return_exceptions=True)
    assert silent.cancelled()


def test_a_machine_is_crowded_by_what_runs_on_it() -> None:
    assert 1.0 <= crowding() <= MOST_CROWDED
