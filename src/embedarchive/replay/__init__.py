"""Captures shown again from the archive alone, with the network shut, and compared with what was seen."""

from __future__ import annotations

import asyncio
import sqlite3

from embedarchive.core import clock
from embedarchive.core.model import Replay
from embedarchive.replay.kept import Replayable, read_replayable
from embedarchive.replay.score import fail_replay, score_replay
from embedarchive.replay.stage import ReplayBrowser, Shown

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


async def replay_capture(conn: sqlite3.Connection, capture_id: int, stage: ReplayBrowser) -> Replay:
    """Show a capture again and say how much of it came back. Raises ArchiveError, BrowserCrashed."""
    capture = read_replayable(conn, capture_id)
    shown = await stage.show(capture)
    return await asyncio.to_thread(score_replay, capture, shown, clock.now())
