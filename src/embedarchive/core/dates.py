"""Moments as the archive writes them (ISO 8601, UTC, milliseconds), and ages as people do. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

AGES = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
"""Seconds by the letter that a length of time ends with."""


def read_age(text: str) -> timedelta | None:
    """A length of time: 30m, 12h, 7d, 2w; plain numbers are days. None for what is none."""
    age = re.fullmatch(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)([smhdw]?)", text.strip().lower())
    if age:
        return timedelta(seconds=min(float(age[1]) * AGES[age[2] or "d"], 1000 * 365.25 * 86400))
    return None


def parse_iso(iso: str | None) -> datetime | None:
    """The moment an ISO text means, in UTC, which it is of where it names no zone; None if it means none."""
    try:
        moment = datetime.fromisoformat(iso or "")
    except ValueError:
        return None
    try:
        if moment.tzinfo is None:
            return moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def to_iso(moment: datetime) -> str:
    """`2026-03-01T09:30:00.000Z` for a moment of any time zone."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
