"""State JSON in scripts -> sightings of posts that belong to this article. Pure."""

from __future__ import annotations

from embedarchive.detect.sighting import Sighting


def find_in_state(scripts: list[str], url: str | None) -> list[Sighting]:
    """What the article's own state embeds."""
    return []
