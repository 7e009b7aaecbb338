"""Moments as the archive writes them: ISO 8601, UTC, milliseconds. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def to_iso(moment: datetime) -> str:
    """`2026-03-01T09:30:00.000Z` for a moment of any time zone."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
