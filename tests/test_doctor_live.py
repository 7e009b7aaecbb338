"""`doctor --live` against the replica, over real TLS: which assumptions hold, which do not, which could not be asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from commands import Done, through
from embedarchive.cli.live import list_questions
from embedarchive.platforms import BY_NAME
from embedarchive.recovery.live import ARCHIVE_QUESTIONS
from embedarchive.replica import Replica, Saved
from in_process import run as embedarchive

QUESTIONS = list_questions()

OWN = ("fjord", "x-alarm", "tt-band", "yt-start", "vm-hands", "tw-bridge", "dm-quai")
"""One post of each platform that is asked about a post that is there."""
UNPLAYED = {"mastodon", "vk"}
"""Where the replica does not play what is assumed of a post that never was: it has no such server, or plays only its own."""


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


def ask(replica: Replica, archive: Path, *platforms: str) -> Done:
    chosen = [f"--platform={name}" for name in platforms]
    return embedarchive("doctor", "--live", "-a", archive, *chosen, *through(replica))


def lines(done: Done) -> list[str]:
    """What was heard of the platforms; the doctor says more, of the machine."""
    told = (line for line in done.out.splitlines() if line[:1] in "✓✗?")
    return [line for line in told if line[2:].partition(": ")[0] in BY_NAME]


# ---------------------------------------------------------------------------------------------------------- the command


@pytest.mark.browser
def test_the_replica_keeps_what_is_assumed_of_the_platforms(replica: Replica, tmp_path: Path) -> None:
    urls = [replica.post(name).url for name in OWN]
    kept = embedarchive("capture", *urls, "-a", tmp_path, "--no-replay", "--json", *through(replica))
    assert kept.json["captures"]["available"] == len(OWN), kept.err
    done = ask(replica, tmp_path)
    said = Counter(line[0] for line in lines(done))
    broken = {line.split(": ")[0][2:] for line in lines(done) if line.startswith("✗")}
    assert broken == UNPLAYED, done.out
    assert said == {"✓": len(QUESTIONS) - len(UNPLAYED), "✗": len(UNPLAYED)}
    assert done.code == 1
    archives = [line[0] for line in done.out.splitlines() if line[2:].startswith(("wayback: ", "commoncrawl: "))]
    assert archives == ["✓"] * len(ARCHIVE_QUESTIONS)
    hold = len(QUESTIONS) + len(ARCHIVE_QUESTIONS) - len(UNPLAYED)
    assert f"{hold} hold, {len(UNPLAYED)} do not, 0 could not be asked." in done.out


@pytest.mark.browser
def test_what_has_changed_is_told(replica: Replica, tmp_path: Path) -> None:
    replica.serve("https://www.instagram.com/p/B0000000000/embed/captioned/", Saved(body=b"<div class=EmbedOther>"))
    replica.set_state("first", "gone")
    try:
        done = ask(replica, tmp_path, "instagram")
    finally:
        replica.set_state("first", "live")
    assert [line[0] for line in lines(done)] == ["✗", "✗", "✓"]
    assert "no .EmbedBrokenMedia" in done.out
    assert "if this very post is gone" in done.out, "the first asks about a post that may be lost by itself"
    assert done.code == 1


@pytest.mark.browser
def test_a_wall_says_nothing_of_an_assumption(tmp_path: Path) -> None:
    with Replica(per_minute=0) as walled:
        done = ask(walled, tmp_path, "instagram", "twitch")
        assert sum(hit.host == "www.instagram.com" for hit in walled.hits) == 1, (
            "who puts up a wall is asked nothing more"
        )
    assert [line[0] for line in lines(done)] == ["?", "?", "?", "?"]
    assert all(said in done.out for said in ("blocked: rate", "deferred", "no post to ask about"))
    assert done.code == 3


def test_a_platform_nobody_asks_is_named(replica: Replica, tmp_path: Path) -> None:
    done = ask(replica, tmp_path, "myspace")
    assert done.code == 2
    assert "myspace" in done.err
