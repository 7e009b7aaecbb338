"""The wall clock, as the archive writes time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def now() -> str:
    return iso(datetime.now(UTC))


def later(seconds: float) -> str:
    """The time so many seconds from now; negative for the past."""
    return iso(datetime.now(UTC) + timedelta(seconds=seconds))


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
