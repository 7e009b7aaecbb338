"""How fast, and with which pauses, the replica's servers let their answers out."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

_PIECES_PER_S = 5


@dataclass(frozen=True, slots=True)
class Weather:
    """What may be wrong with servers that mean well.

    Each host sends at most `bytes_per_s`, over all its connections together. One of `stall_every` answers, counted over
    all hosts, halts for `stall_s` seconds in the middle of its body. Zero is fair weather. It is like that at hosts
    whose names end in one of `hosts`, or at all.
    """

    bytes_per_s: int = 0
    stall_every: int = 0
    stall_s: float = 30.0
    hosts: tuple[str, ...] = ("",)


@dataclass
class Pacing:
    """Cuts bodies into pieces and says when each may go. `weather` may change while answers are on their way."""

    weather: Weather = field(default_factory=Weather)
    _free_at: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    _answers: int = 0

    async def pieces(self, host: str, body: bytes) -> AsyncIterator[bytes]:
        """Yield the pieces of an answer's body, each when it may be sent."""
        if not host.endswith(self.weather.hosts):
            yield body
            return
        stall_at = None
        if self._is_stalled(body):
            stall_at = len(body) // 2
        size = max(1, self.weather.bytes_per_s // _PIECES_PER_S or len(body))
        cuts = sorted({*range(size, len(body), size), stall_at or len(body), len(body)})
        start = 0
        for end in cuts:
            await self._turn(host, end - start)
            yield body[start:end]
            if end == stall_at:
                await asyncio.sleep(self.weather.stall_s)
            start = end

    def _is_stalled(self, body: bytes) -> bool:
        if not self.weather.stall_every or len(body) < 2:
            return False
        self._answers += 1
        return self._answers % self.weather.stall_every == 0

    async def _turn(self, host: str, size: int) -> None:
        """Wait until the host has sent what it was asked to send before."""
        if self.weather.bytes_per_s:
            now = asyncio.get_running_loop().time()
            begins = max(now, self._free_at[host])
            self._free_at[host] = begins + size / self.weather.bytes_per_s
            await asyncio.sleep(self._free_at[host] - now)
