"""Killed between an observation and what is concluded from it, or between a partial capture and its completion: nothing is
lost, nothing is twice, and what is said meanwhile is true."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from embedarchive.library import post_record
from embedarchive.platforms import PLATFORMS
from embedarchive.show.words import say_post_status
from embedarchive.store import Archive, open_reader
from test_time_shifted import NAMED, NOW, Look, keep_look
from waiting import BOUND_S

STORY = NAMED["in part"]
PART, WHOLE = (Look(day, slides=("a", "b"), held=held) for day, held in ((3, (1,)), (4, (1, 2))))
GONE = Look(9, "gone", "not_found")

KILLED = """
import os, signal, sys
from pathlib import Path
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive
import test_killed_conclusion as case
archive = Archive(Path(sys.argv[1]), platforms=PLATFORMS)
looks, last = case.CASES[sys.argv[2]], sys.argv[3] == "before"
crawl = archive.start_crawl("check", case.NOW, "test", {})
for number, look in enumerate(looks):
    case.keep_look(archive, crawl, case.STORY.post, look)
    if number < len(looks) - 1:
        archive.conclude_all()
if last:
    os.kill(os.getpid(), signal.SIGKILL)
conn = archive.conn
conn.execute("BEGIN IMMEDIATE")
from embedarchive.store import conclusions
conclusions.conclude_post(conn, case.STORY.post.key)
os.kill(os.getpid(), signal.SIGKILL)
"""
CASES = {"in part": (PART,), "completed": (PART, WHOLE), "gone": (WHOLE, GONE)}
MEANWHILE = {
    "in part": "Online 3 Mar 2026 · partly preserved",
    "completed": "Online 3 Mar 2026 · partly preserved: 1 of 2 pictures",
    "gone": "Online 4 Mar 2026 · preserved",
}
AFTERWARDS = {
    "in part": "Online 3 Mar 2026 · partly preserved: 1 of 2 pictures",
    "completed": "Online 4 Mar 2026 · preserved",
    "gone": "Gone by 9 Mar 2026 · preserved 4 Mar 2026",
}


def say(path: Path) -> str:
    conn = open_reader(path)
    record = post_record(conn, STORY.post.key)
    conn.close()
    assert record is not None
    return say_post_status(record)


def concluded(path: Path) -> list[list[tuple[object, ...]]]:
    with Archive(path, platforms=PLATFORMS) as archive:
        archive.conclude_all()
        sql = ("SELECT * FROM conclusions", "SELECT * FROM post_counts", "SELECT key, capture_after FROM posts ORDER BY 1",
               "SELECT uid FROM captures ORDER BY 1", "SELECT work, capture_id FROM pending")  # fmt: skip
        return [[tuple(row) for row in archive.conn.execute(each)] for each in sql]


@pytest.mark.parametrize("when", ["before", "within"])
@pytest.mark.parametrize("case", CASES)
def test_a_kill_loses_no_conclusion(tmp_path: Path, case: str, when: str) -> None:
    path, calm = tmp_path / "embeds.db", tmp_path / "calm.db"
    env = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run([sys.executable, "-c", KILLED, path, case, when], env=env, timeout=BOUND_S, check=False)
    assert done.returncode == -signal.SIGKILL
    assert say(path) == MEANWHILE[case]
    with Archive(calm, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("check", NOW, "test", {})
        for look in CASES[case]:
            keep_look(archive, crawl, STORY.post, look)
            archive.conclude_all()
    assert concluded(path) == concluded(calm)
    assert say(path) == AFTERWARDS[case]
