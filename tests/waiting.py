"""How tests wait: for a sign, within a bound that only a sign which never comes can meet."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

BOUND_S = 180.0
"""Seconds. It costs nothing when the sign comes, and a machine may have twenty other things to do."""
NEVER_S = 3600.0
"""Seconds that a server of a test's own keeps whoever asks waiting."""
_LOOK_AGAIN_S = 0.02


async def until(sign: Callable[[], object], missing: str) -> None:
    """Wait until there is a sign, in an event loop; `missing` says what never came."""
    end = time.monotonic() + BOUND_S
    while not sign():
        assert time.monotonic() < end, missing
        await asyncio.sleep(_LOOK_AGAIN_S)


def wait_until(sign: Callable[[], object], missing: str) -> None:
    """Wait until there is a sign; `missing` says what never came."""
    end = time.monotonic() + BOUND_S
    while not sign():
        assert time.monotonic() < end, missing
        time.sleep(_LOOK_AGAIN_S)
