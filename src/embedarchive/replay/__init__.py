"""Captures shown again from the archive alone, with the network shut, and compared with what was seen."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

from embedarchive.core import clock
from embedarchive.core.lazy import import_lazily
from embedarchive.replay.kept import Replayable, read_replayable

if TYPE_CHECKING:
    from embedarchive.core.model import Replay
    from embedarchive.replay.score import fail_replay, score_replay
    from embedarchive.replay.stage import ReplayBrowser, Shown

_HOMES = {"ReplayBrowser": "stage", "Shown": "stage", "fail_replay": "score", "score_replay": "score"}

__all__ = [
    "Replay",
    "ReplayBrowser",
    "Replayable",
    "Shown",
    "fail_replay",
    "read_replayable",
    "replay_capture",
    "score_replay",
]

__getattr__ = import_lazily(__name__, _HOMES)


async def replay_capture(conn: sqlite3.Connection, capture_id: int, stage: ReplayBrowser) -> Replay:
    """Show a capture again and say how much of it came back. Raises ArchiveError, BrowserCrashed."""
    from embedarchive.replay.score import score_replay

    capture = read_replayable(conn, capture_id)
    shown = await stage.show(capture)
    return await asyncio.to_thread(score_replay, capture, shown, clock.now())
