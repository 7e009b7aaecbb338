"""What a page sends for when it is left: its answers set no cookie in the next visit to the same site."""

from __future__ import annotations

import asyncio
import os
import re
from pathlib import Path

from capturing import PATIENT
from embedarchive.browser import Browser, find_browser
from embedarchive.browser.tab import sign_in
from embedarchive.core.model import Post
from embedarchive.egress import Door
from embedarchive.fetch import Fetcher
from embedarchive.platforms import BY_NAME
from loopback import Authority, Origin, door_to, page
from waiting import until

LEAVING = b"""<html><body><h1>A page</h1><script>
fetch('/slow?keepalive', {keepalive: true, method: 'POST', body: 'x'});
addEventListener('pagehide', () => { navigator.sendBeacon('/slow?beacon'); fetch('/slow?hide', {keepalive: true}); });
(async () => {
  while (await (await fetch('/later')).text() !== 'known') await new Promise((done) => setTimeout(done, 100));
})();
</script></body></html>"""
SLOW_S = 0.35


async def leave(browser: Browser, door: Door, url: str) -> None:
    """Go to the page, and away from it once its scripts have run; bar nothing."""
    assert browser._chrome
    target = await browser._chrome.targets.open([], door.server)
    await sign_in(target, door)
    await target.navigate(f"{url}embed/")
    await target.main.evaluate("new Promise(run => document.readyState === 'complete' ? run() : onload = () => run())")
    await target.navigate("about:blank")


async def test_no_answer_to_an_earlier_visit_sets_a_cookie_in_a_later_one(tmp_path: Path) -> None:
    """Beacons outlive their page; their answers come while the next post is on show. Each tells its visit's number.

    A page asks until its own visit's cookie has come, and then is quiet: every answer to an earlier one was due before.
    """
    asked: list[tuple[int, str]] = []
    visits = 0

    async def answer(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal visits
        text = head.decode("latin-1")
        visits += "/embed/" in text.splitlines()[0]
        mine = visits
        asked.append((mine, text))
        if "/slow" in text.splitlines()[0]:
            await asyncio.sleep(SLOW_S)
            writer.write(page(b"x", f"Set-Cookie: visit={mine}; Path=/; Secure"))
        elif "/later" in text.splitlines()[0]:
            writer.write(page(b"known" if f"visit={mine}" in text else b"not yet"))
        else:
            writer.write(page(LEAVING, "Content-Type: text/html"))

    authority, choice = Authority(tmp_path), find_browser(None, os.environ)
    async with (
        Origin(answer, authority.context("www.instagram.com")) as origin,
        door_to(origin) as door,
        Fetcher(door, user_agent="tests", ca_file=str(authority.file)) as fetcher,
        Browser(door, choice, ca_file=authority.file, tabs=1, fetcher=fetcher, limits=PATIENT) as browser,
    ):
        for n in range(4):
            post = Post("instagram", f"BwiVvR9lD0{n}", f"https://www.instagram.com/p/BwiVvR9lD0{n}/")
            await browser.capture(post, BY_NAME["instagram"])
        told_by_captures = asked[:]
        await leave(browser, door, post.url)
        await until(lambda: any("beacon" in text.splitlines()[0] for _, text in asked), "nothing is sent on leaving")
    told = [(mine, [int(n) for n in re.findall(r"visit=(\d+)", text)]) for mine, text in told_by_captures]
    assert len({mine for mine, _ in told}) == 4
    assert any(mine in numbers for mine, numbers in told), "no cookie was ever sent: this shows nothing"
    assert [(mine, numbers) for mine, numbers in told if set(numbers) - {mine}] == []
