"""The DevTools protocol as it comes out of a pipe: in pieces, out of turn, to nobody, or no more; and what is left of it."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest

from embedarchive.browser.cdp import BrowserPipe, ProtocolError, whole_text
from embedarchive.browser.process import clear_profiles


class Sink(asyncio.WriteTransport):
    """The far end of a pipe: what was written to it."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        text = bytes(data)
        assert text.endswith(b"\0")
        self.sent.append(json.loads(text[:-1]))


@pytest.fixture
async def pipe() -> BrowserPipe:
    made = BrowserPipe()
    made.connection_made(Sink())
    return made


def say(*messages: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\0" for each in messages)


@pytest.mark.parametrize("size", [1, 2, 7, 64, 100_000])
async def test_messages_are_whole_however_they_are_cut(pipe: BrowserPipe, size: int) -> None:
    heard: list[str] = []
    pipe.root.on("said", lambda event: heard.append(event["text"]))
    texts = ["", "ø" * 300, '"\\\u0000"', "last"]
    data = say(*({"method": "said", "params": {"text": text}} for text in texts))
    for at in range(0, len(data), size):
        pipe.data_received(data[at : at + size])
    assert heard == texts


async def test_answers_find_who_asked_in_whatever_order_they_come(pipe: BrowserPipe) -> None:
    page = pipe.attach("page")
    first, second = page.send("One"), page.send("Two", {"a": 1})
    sink = pipe._pipe
    assert isinstance(sink, Sink)
    assert [(each["method"], each["sessionId"]) for each in sink.sent] == [("One", "page"), ("Two", "page")]
    two, one = ({"id": each["id"], "sessionId": "page"} for each in reversed(sink.sent))
    pipe.data_received(say({**two, "result": {"n": 2}}, {**one, "error": {"code": -32000, "message": "no"}}))
    assert await second == {"n": 2}
    with pytest.raises(ProtocolError, match="no"):
        await first


async def test_what_comes_for_nobody_harms_nobody(pipe: BrowserPipe) -> None:
    given_up = pipe.root.send("Given.up")
    given_up.cancel()
    pipe.data_received(say({"id": 1, "result": {}}, {"id": 99, "result": {}}))
    pipe.data_received(say({"method": "x", "params": {}, "sessionId": "gone"}, {"method": "unheard", "params": {}}))
    assert not pipe.lost.is_set()


async def test_nobody_waits_for_a_browser_that_has_ended(pipe: BrowserPipe) -> None:
    page, waiting = pipe.attach("page"), pipe.root.send("Browser.getVersion")
    frame = pipe.attach("frame").send("Page.enable")
    pipe.detach("frame")
    pipe.connection_lost(None)
    assert pipe.lost.is_set()
    for each in (frame, waiting, page.send("Page.navigate")):
        with pytest.raises(ProtocolError, match="closed"):
            await each


def test_text_with_half_a_character_can_be_written() -> None:
    assert whole_text("a\ud83d b \U0001f54a").encode() == "a\ufffd b \U0001f54a".encode()


def test_the_profiles_of_those_who_were_killed_are_cleared_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for name in ("embedarchive-browser-left", "embedarchive-browser-held", "embedarchive-browser-new", "of-another"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "held").touch()
        if not name.endswith("new"):
            os.utime(tmp_path / name, (0, 0))
    with (tmp_path / "embedarchive-browser-held" / "held").open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        clear_profiles()
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"embedarchive-browser-held", "embedarchive-browser-new", "of-another"}
