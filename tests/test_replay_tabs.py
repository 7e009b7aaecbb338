"""Replays in reused tabs: nothing of one is left in the next, and each scores as in a tab of its own."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from capturing import open_camera, take_as_found
from embedarchive.browser import find_browser, tabs
from embedarchive.core.model import Capture, Description, Exchange, Post, Replay, Verdict
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.replay import ReplayBrowser, read_replayable, replay_capture
from embedarchive.replay.score import FIELDS
from embedarchive.replica import Replica
from embedarchive.store import Archive
from embedarchive.store.reading import read_page

pytestmark = pytest.mark.browser

NOW = "2026-03-20T08:00:00.000Z"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as opened:
        opened.start_crawl("crawl", NOW, "0", {})
        yield opened


def keep(archive: Archive, capture: Capture, said: Description | None = None) -> int:
    """Keep a capture with what its platform's rules read from it (or with what is given)."""
    number = archive.keep_capture(capture, 1)
    visit = BY_NAME[capture.post.platform].visit
    assert visit
    said = said or visit.describe(read_page(archive.conn, number), capture.post)
    archive.keep_description(number, capture.post.key, said, visit.rules, NOW)
    return number


# --------------------------------------------------------------------------------------------------------------- scores

POSTS = (
    "fjord", "premiere", "marathon", "th-yakei", "tt-band", "fb-lanterna", "bs-ridge", "yt-start", "ms-tram", "rd-frame",
    "tg-route", "sp-terminal", "x-alarm", "li-crane", "pi-bowl",
)  # fmt: skip
"""One of each of thirteen platforms, and the three shapes of Instagram's."""

NOISE = 10 / FIELDS**2
"""How far two showings of one page are apart, in fresh tabs too: Chromium's threads scale pictures this way or that."""


async def test_every_platform_scores_in_a_reused_tab_as_in_a_fresh_one(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Replica() as replica:
        async with open_camera(replica, tabs=3) as camera:
            numbers = [keep(archive, each) for each in await asyncio.gather(*(take_as_found(camera, n) for n in POSTS))]

    async def score_all() -> tuple[list[Replay], int]:
        async with ReplayBrowser(find_browser(None, os.environ), tabs=3) as stage:
            replays = await asyncio.gather(*(replay_capture(archive.conn, number, stage) for number in numbers))
            return replays, stage.opened

    warm, few = await score_all()
    with monkeypatch.context() as patch:
        patch.setattr(tabs, "LOOK_AFTER", 1)
        patch.setattr(tabs, "MOST_HELD", 0)
        fresh, many = await score_all()
    assert (few, many) == (3, len(fresh)), "else it is not warm and fresh tabs that are compared"
    for name, one, other in zip(POSTS, fresh, warm, strict=True):
        assert one.score > 0.9, (name, one)
        assert other.score == pytest.approx(one.score, abs=NOISE), (name, one, other)
        assert (other.text_found, other.media_found) == (one.text_found, one.media_found), (name, one, other)
        assert (other.media_expected, other.note) == (one.media_expected, one.note), (name, one, other)


# --------------------------------------------------------------------------------------------------------------- traces

LOOK = """async () => {
  const files = [];
  for await (const name of (await navigator.storage.getDirectory()).keys()) files.push(name);
  return { cookie: document.cookie, local: {...localStorage}, session: {...sessionStorage}, name: window.name,
    history: history.length, caches: await caches.keys(), files, asset: window.asset, here: location.hash,
    databases: (await indexedDB.databases()).map(each => each.name), opener: window.opener, scrolled: scrollY,
    workers: (await navigator.serviceWorker?.getRegistrations() || []).length, width: innerWidth };
}"""
LEAVE = """async me => {
  const mark = () => { document.cookie = `me=${me};path=/;secure;max-age=9999`; localStorage.me = sessionStorage.me = me };
  mark(); setInterval(mark);
  window.name = "me" + me; await caches.open("me" + me); history.pushState(1, "", "#" + me);
  await new Promise(done => { indexedDB.open("me" + me).onsuccess = done });
  await (await navigator.storage.getDirectory()).getFileHandle("me" + me, {create: true});
  try { await navigator.serviceWorker.register("/worker.js") } catch (error) {}
  try { new SharedWorker("/worker.js", "me") } catch (error) {}
  document.body.style.height = "5000px"; scrollTo(0, 100); window.open("/popup");
  addEventListener("pagehide", () => { mark(); navigator.sendBeacon("/late"); fetch("/late", {keepalive: true}) });
}"""
PAGE = """<!doctype html><script src="/asset.js"></script><body><script>
(async () => {
  const look = %s, leave = %s, before = await look();
  await leave(%r);
  const card = document.createElement("p");
  card.className = "Embed";
  card.textContent = JSON.stringify({before, after: await look()});
  document.body.append(card);
})()
</script>"""


def trace(me: str) -> Capture:
    """A hostile post that says what it finds, leaves itself all that it can, and is known by `me`."""
    post = Post("instagram", "Cp1x1mNq8r", "https://www.instagram.com/p/Cp1x1mNq8r/")
    url = f"{post.url}embed/captioned/"
    forever = ("cache-control", "public, max-age=31536000, immutable")

    def answer(path: str, kind: str, body: str, *more: tuple[str, str], resource: str = "script") -> Exchange:
        return Exchange(
            f"https://www.instagram.com{path}", status=200, body=body.encode(), content_type=kind, started_at=NOW,
            resource_type=resource, response_headers=(("content-type", kind), forever, *more),
        )  # fmt: skip

    page = answer(
        "/p/Cp1x1mNq8r/embed/captioned/", "text/html", PAGE % (LOOK, LEAVE, me),
        ("set-cookie", f"served={me}; Path=/; Secure; Max-Age=9999"), resource="document",
    )  # fmt: skip
    late = answer("/late", "text/plain", "x", ("set-cookie", f"late={me}; Path=/; Secure"))
    asset = answer("/asset.js", "text/javascript", f"window.asset = {me!r}")
    worker = answer("/worker.js", "text/javascript", "")
    return Capture(
        post, url, url, NOW, NOW, Verdict("available"), 200,
        exchanges=(page, asset, late, replace(late, method="POST"), worker, answer("/popup", "text/html", "")),
    )  # fmt: skip


def found_fresh(me: str) -> dict[str, Any]:
    """What such a post finds in a tab where nothing was before."""
    return {
        "cookie": f"served={me}", "local": {}, "session": {}, "name": "", "history": 2, "caches": [], "files": [],
        "asset": me, "here": "", "databases": [], "opener": None, "scrolled": 0, "workers": 0, "width": 540,
    }  # fmt: skip


async def test_nothing_of_one_replay_is_left_in_the_next(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tabs, "RENEW_AFTER", 12)
    marks = [f"m{n}" for n in range(tabs.RENEW_AFTER + 3)]
    numbers = [keep(archive, trace(me), Description(text="x")) for me in marks]
    said = []
    async with ReplayBrowser(find_browser(None, os.environ), tabs=1) as stage:
        for number in numbers:
            shown = await stage.show(read_replayable(archive.conn, number))
            assert shown.settled == "card", shown
            said.append(json.loads(shown.text))
        assert stage.opened == 2, "else it is not reuse, or never renewal, that was seen"
    assert [each["before"] for each in said] == [found_fresh(me) for me in marks]
    for me, after in zip(marks, (each["after"] for each in said), strict=True):
        assert f"me={me}" in after["cookie"]
        left = (after["local"], after["session"], after["name"], after["caches"], after["files"], after["databases"])
        assert left == ({"me": me}, {"me": me}, f"me{me}", [f"me{me}"], [f"me{me}"], [f"me{me}"])
        assert (after["history"], after["here"]) == (3, f"#{me}")
