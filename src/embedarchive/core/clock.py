"""The wall clock, as the archive writes time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from embedarchive.core.dates import to_iso


def now() -> str:
    return to_iso(datetime.now(UTC))


def later(seconds: float) -> str:
    """The time so many seconds from now; negative for the past."""
    return to_iso(datetime.now(UTC) + timedelta(seconds=seconds))
