"""What a visit may take. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VisitLimits:
    """Seconds a visit may take: to the first byte of the page, until it has settled, until it is complete.

    Each of these passes in any case, and more where the machine is crowded. Beyond it, what the page has asked for is
    waited for as long as something arrives: never longer than `idle_s` without a byte (for what is not of the post:
    `rest_s`), nor than `phase_s`, nor than `whole_s` in all. A page whose answer is `grace_s` late is asked whether it
    hears at all, and has hung if it says nothing for as long again. `memory_mb` is what one page may hold; a page that
    holds more is killed. `film` says whether films are kept, `max_bytes` how large a media file may be, if that is
    bounded.
    """

    navigate_s: float = 45.0
    settle_s: float = 20.0
    rest_s: float = 15.0
    idle_s: float = 45.0
    phase_s: float = 240.0
    screenshot_s: float = 15.0
    whole_s: float = 780.0
    grace_s: float = 4.0
    quiet_ms: int = 700
    memory_mb: int = 1500
    film: bool = True
    max_bytes: int | None = None
