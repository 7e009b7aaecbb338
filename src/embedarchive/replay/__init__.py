"""Captures shown again from the archive alone, with the network shut, and compared with what was seen."""

from __future__ import annotations

import asyncio
import sqlite3

from embedarchive import clock
from embedarchive.model import Replay
from embedarchive.replay.kept import Replayable, read_replayable
from embedarchive.replay.score import fail_replay, score_replay
from embedarchive.replay.stage import Shown, Stage

__all__ = ["Replay", "Replayable", "Shown", "Stage", "fail_replay", "read_replayable", "replay_capture", "score_replay"]


async def replay_capture(conn: sqlite3.Connection, capture_id: int, stage: Stage) -> Replay:
    """Show a capture again and say how much of it came back. Raises ArchiveError, BrowserCrashed."""
    capture = read_replayable(conn, capture_id)
    shown = await stage.show(capture)
    return await asyncio.to_thread(score_replay, capture, shown, clock.now())
