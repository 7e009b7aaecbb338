"""Capture N distinct posts and keep everything; say how near that comes to a browser that only looks.

usage: python bench/capture.py [--posts 300] [--tabs 3] [--rounds 2] [--ways ceiling default]      (Linux)

Every post is a page of about 82 KB with 34 KB of styles, 205 KB of script, an avatar, and a 1080 x 1080 photograph of
154 KB that no other post has, served by another process over TLS at the platform's host names. `ours` is the whole
way: visit, picture, document, every body, description, all kept durably, one transaction a post. `ceiling` is a bare
loop over the same number of reused tabs of the same browser, which goes to the page, waits for it to load, and takes
the same picture; nothing else. `default` is the command as it is shipped, in a process of its own: `embedarchive capture`
with its self-check by the default rule, only the second between two visits to one platform left out (`--delay 0`).
All are measured in turn in the same run, with start-up. `replay` is the self-check alone, of every capture. The last line is
one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from PIL import Image
from playwright.async_api import CDPSession, Page, async_playwright

from embedarchive.browser import Browser, find_browser
from embedarchive.browser.launch import GUARDED, OFF, OFF_WHEN_DRIVEN, trust
from embedarchive.browser.tab import ScreenshotFormat
from embedarchive.core import clock
from embedarchive.core.model import Post
from embedarchive.egress import Door, DoorPolicy, parse_resolve
from embedarchive.fetch import Fetcher
from embedarchive.platforms import PLATFORMS, instagram
from embedarchive.replay import ReplayBrowser, replay_capture
from embedarchive.replica import Replica, Saved
from embedarchive.replica.facts import Person, PostFact, Slide
from embedarchive.replica.sites.instagram.embed import render_embed
from embedarchive.replica.wire import Request
from embedarchive.store import Archive
from embedarchive.store.reading import read_page

CDN = "https://scontent-bench1-1.cdninstagram.com/v"
FIRST_PK = 3_500_000_000_000_000_000
CARD_SIZE = "(({width, height}) => ({width, height}))(document.querySelector('.Embed').getBoundingClientRect())"
PAGE_BYTES, PHOTO_BYTES = 82_000, 154_000


# ------------------------------------------------------------------------------------------------------------- the site


def post_fact(n: int) -> PostFact:
    code = instagram.shortcode_of(FIRST_PK + n * 10**12)
    author = Person("bench.account", "Bench", "avatar:bench", followers=1234)
    caption = f"Post {n} of the bench.\n\nA caption of ordinary length with #tags and @mentions, and an emoji. 🕊"
    url, at = instagram.canonical(code), "2026-01-01T00:00:00Z"
    return PostFact(
        "instagram", f"b{n}", code, url, "photo", author, at, caption, (Slide("bench"),), likes=n, comments=7
    )


class NotingReplica(Replica):
    """Writes into a file when each frame was asked for, as the platform saw it."""

    def __init__(self, arrivals: Path) -> None:
        super().__init__(stand_ins=True)
        self._arrivals = arrivals.open("a", buffering=1)

    def _log(self, request: Request, status: int) -> None:
        super()._log(request, status)
        if "/embed/" in request.target:
            print(time.time(), request.target, file=self._arrivals)


def serve(count: int, arrivals: Path) -> None:
    """Serve the posts until standard input closes; say on standard output how to reach them."""
    photo, avatar = paint(1080, PHOTO_BYTES), paint(100, 3_000)
    with NotingReplica(arrivals) as replica:
        for n in range(count):
            fact = post_fact(n)
            html = render_embed(fact, f"A{n:021d}", captioned=True, caption=fact.caption)
            html = plain_media(html, n)
            html += " " * max(0, PAGE_BYTES - len(html.encode()))
            replica.serve(f"https://www.instagram.com/p/{fact.key}/embed/captioned/", Saved(body=html.encode()))
            image = Saved(headers=(("Content-Type", "image/jpeg"),), body=photo + b"%08d" % n)
            replica.serve(f"{CDN}/{n}.jpg", image)
        replica.serve(f"{CDN}/avatar.jpg", Saved(headers=(("Content-Type", "image/jpeg"),), body=avatar))
        print(json.dumps({"resolve": replica.resolve, "ca_file": str(replica.ca_file)}), flush=True)
        sys.stdin.read()


def plain_media(html: str, n: int) -> str:
    """Point every picture of the card to the bench's own: one photograph, one avatar, no other posts."""
    html = re.sub(r'<div class="HoverCard">.*?(?=<div class="Feedback">)', "", html, flags=re.S)
    html = re.sub(r'(class="EmbeddedMediaImage"[^>]*?) src="[^"]*" srcset="[^"]*"', rf'\1 src="{CDN}/{n}.jpg"', html)
    return re.sub(r'<img src="[^"]*" alt="bench.account"', f'<img src="{CDN}/avatar.jpg" alt="bench.account"', html)


def paint(side: int, size: int) -> bytes:
    """A JPEG of that many bytes, as hard to compress as a photograph: every octave holds as much contrast (Field 1987)."""
    draw = random.Random(side)
    image = Image.new("RGB", (side, side))
    for octave, cells in enumerate(4 << n for n in range(side.bit_length() - 2)):
        noise = Image.frombytes("RGB", (cells, cells), draw.randbytes(cells * cells * 3))
        image = Image.blend(image, noise.resize(image.size, Image.Resampling.BICUBIC), 1 / (octave + 1))
    for quality in range(95, 10, -5):
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality)
        if out.tell() <= size:
            break
    return out.getvalue() + b"\0" * (size - out.tell())


@contextlib.contextmanager
def site(count: int, arrivals: Path = Path(os.devnull)) -> Iterator[tuple[tuple[str, ...], Path]]:
    """How to reach that many posts; when each frame was asked for is written to `arrivals`."""
    command = [sys.executable, __file__, "--serve", str(count), "--arrivals", str(arrivals)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        said = json.loads(process.stdout.readline())
        try:
            yield tuple(said["resolve"]), Path(said["ca_file"])
        finally:
            assert process.stdin
            process.stdin.close()


# ------------------------------------------------------------------------------------------------------------- measured


@dataclass(frozen=True)
class Figures:
    count: int
    wall_s: float
    cpu_s: float
    peak_mb: int
    bytes_each: int = 0

    @property
    def per_minute(self) -> float:
        return self.count / self.wall_s * 60

    @property
    def cpu_each(self) -> float:
        return self.cpu_s / self.count

    def __str__(self) -> str:
        each = f", {self.bytes_each / 1000:.0f} KB" if self.bytes_each else ""
        return f"{self.per_minute:6.0f}/min, {self.cpu_each:.3f} CPU-s{each} a capture, peak {self.peak_mb} MB"


class Meter:
    """Samples, while it is open, the memory (proportional set size) and CPU time of this process and all below it."""

    def __init__(self) -> None:
        self.peak_mb = 0
        self.series: list[int] = []
        self._used: dict[int, tuple[str, float]] = {}
        self._before = 0.0
        self._own = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Meter:
        self._began = time.perf_counter()
        self._before = cpu_of(os.getpid())
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_s = time.perf_counter() - self._began
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(0.5):
            self._own = time.thread_time()
            pids = tree(os.getpid())
            for pid in pids:
                known, used = self._used.get(pid, ("", 0.0))
                self._used[pid] = (kind_of(pid) or known, max(used, cpu_of(pid)))  # one that has just ended has neither
            self.series.append(sum(pss_mb(pid) for pid in pids))
            self.peak_mb = max(self.peak_mb, self.series[-1])

    @property
    def cpu_s(self) -> float:
        """Without what measuring took: reading everybody's memory is a few milliseconds each time."""
        return sum(used for _, used in self._used.values()) - self._before - self._own

    def shares(self, count: int) -> dict[str, int]:
        """CPU milliseconds a capture by kind of process."""
        kinds: dict[str, float] = {"python": -self._before - self._own}
        for kind, used in self._used.values():
            kinds[kind] = kinds.get(kind, 0.0) + used
        return {kind: round(used / count * 1000) for kind, used in kinds.items()}


def cpu_of(pid: int) -> float:
    with contextlib.suppress(OSError, IndexError, ValueError):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return 0.0


def kind_of(pid: int) -> str:
    with contextlib.suppress(OSError):
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        if b"--type=" in line:
            return line.partition(b"--type=")[2].replace(b"\0", b" ").split()[0].decode()
        return "browser" if b"--no-startup-window" in line else Path(line.split(b"\0")[0].decode()).name
    return "?"


def tree(root: int) -> list[int]:
    """This process and all below it, but not the site's."""
    parents: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                fields = Path(entry.path, "stat").read_text().rpartition(")")[2].split()
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, queue = [], [root]
    while queue:
        pid = queue.pop()
        with contextlib.suppress(OSError):
            if b"--serve" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
                queue += parents.get(pid, [])
    return found


def pss_mb(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/smaps_rollup").read_text().split("Pss:")[1].split()[0]) >> 10
    return 0


# --------------------------------------------------------------------------------------------------------- the two ways


async def capture_all(posts: list[Post], tabs: int, rules: tuple[str, ...], ca_file: Path, path: Path) -> list[float]:
    """Our whole way. Give the seconds at which each post was kept."""
    took: list[float] = []
    policy = DoorPolicy(resolve=tuple(parse_resolve(rule) for rule in rules))
    queue = list(reversed(posts))
    visit = instagram.PLATFORM.visit
    assert visit
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("bench", clock.now(), "bench", {})
        keeping = asyncio.Lock()
        async with (
            Door(policy) as door,
            Fetcher(door, user_agent="bench", ca_file=str(ca_file)) as fetcher,
            Browser(door, find_browser(None, os.environ), ca_file=ca_file, tabs=tabs, fetcher=fetcher) as browser,
        ):

            async def work() -> None:
                while queue:
                    post = queue.pop()
                    capture = await browser.capture(post, instagram.PLATFORM)
                    assert capture.verdict.outcome == "available", capture.verdict
                    assert not capture.missing, capture.missing
                    async with keeping:
                        await asyncio.to_thread(keep, archive, capture, crawl)
                    took.append(time.perf_counter())

            await asyncio.gather(*(work() for _ in range(tabs + 2)))
    return took


def keep(archive: Archive, capture, crawl: int) -> None:  # type: ignore[no-untyped-def]
    capture_id = archive.keep_capture(capture, crawl)
    visit = instagram.PLATFORM.visit
    assert visit
    said = visit.describe(read_page(archive.conn, capture_id), capture.post)
    assert said.text
    archive.keep_description(capture_id, capture.post.key, said, visit.rules, clock.now())


async def look_at_all(posts: list[Post], tabs: int, rules: tuple[str, ...], ca_file: Path) -> None:
    """The ceiling: the same browser and tabs, through Playwright; the page loaded, the picture taken, nothing else."""
    policy = DoorPolicy(resolve=tuple(parse_resolve(rule) for rule in rules))
    queue = list(reversed(posts))
    visit = instagram.PLATFORM.visit
    assert visit
    switches = [*GUARDED, f"--disable-features={','.join((*OFF_WHEN_DRIVEN, *OFF))}", *trust(ca_file)]
    path = find_browser(None, os.environ).path
    async with Door(policy) as door, async_playwright() as playwright:
        chrome = await playwright.chromium.launch(executable_path=path, args=switches, proxy={"server": door.server})

        async def work(n: int) -> None:
            context = await chrome.new_context(
                viewport={"width": 540, "height": 1000},
                locale="en-US",
                timezone_id="UTC",
                proxy={"server": door.server},
            )
            page = await context.new_page()
            cdp = await context.new_cdp_session(page)
            await sign_in(page, cdp, door, f"bare-{n}")
            while queue:
                url = visit.frame.url.format(id=queue.pop().native_id)
                await page.goto(url, wait_until="load")
                found = await cdp.send("Runtime.evaluate", {"expression": CARD_SIZE, "returnByValue": True})
                clip = {"x": 0, "y": 0, **found["result"]["value"], "scale": 1}
                options = {"format": "jpeg", "quality": ScreenshotFormat().quality, "clip": clip}
                base64.b64decode((await cdp.send("Page.captureScreenshot", options))["data"])

        await asyncio.gather(*(work(n) for n in range(tabs)))
        await chrome.close()


async def sign_in(page: Page, cdp: CDPSession, door: Door, user: str) -> None:
    """Let Chromium learn the door's password once: given to Playwright, it would turn the HTTP cache off for good."""
    proxy = door.proxy_for(user)
    answer = {"response": "ProvideCredentials", "username": proxy["username"], "password": proxy["password"]}

    async def give(event: dict[str, Any]) -> None:
        await cdp.send("Fetch.continueWithAuth", {"requestId": event["requestId"], "authChallengeResponse": answer})

    async def let_on(event: dict[str, Any]) -> None:
        await cdp.send("Fetch.continueRequest", {"requestId": event["requestId"]})

    cdp.on("Fetch.authRequired", give)
    cdp.on("Fetch.requestPaused", let_on)
    await cdp.send("Fetch.enable", {"handleAuthRequests": True})
    await page.goto(door.sign_in_url)
    await cdp.send("Fetch.disable")


async def replay_all(path: Path, tabs: int) -> None:
    """The replay pass: show every capture again from the archive alone, and compare."""
    with Archive(path, platforms=PLATFORMS) as archive:
        ids = [row[0] for row in archive.conn.execute("SELECT id FROM captures ORDER BY id DESC")]
        async with ReplayBrowser(find_browser(None, os.environ), tabs=tabs) as stage:

            async def work() -> None:
                while ids:
                    capture_id = ids.pop()
                    replay = await replay_capture(archive.conn, capture_id, stage)
                    assert replay.score > 0.9, replay
                    archive.keep_replay(capture_id, replay)

            await asyncio.gather(*(work() for _ in range(tabs)))


def measure_ours(count: int, tabs: int, rules: tuple[str, ...], ca_file: Path) -> tuple[Figures, Meter]:
    """Capture all, then show all again; the second is told on a line of its own."""
    posts = [Post("instagram", f.key, f.url) for f in map(post_fact, range(count))]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "embeds.db"
        with Meter() as meter:
            asyncio.run(capture_all(posts, tabs, rules, ca_file, path))
        size = path.stat().st_size
        with Meter() as again:
            asyncio.run(replay_all(path, tabs))
        print(f"replay  {Figures(count, again.wall_s, again.cpu_s, again.peak_mb)}", flush=True)
    return Figures(count, meter.wall_s, meter.cpu_s, meter.peak_mb, size // count), meter


def measure_default(count: int, tabs: int, rules: tuple[str, ...], ca_file: Path) -> tuple[Figures, Meter]:
    """The command as it is shipped; what its self-check did is told on a line of its own."""
    urls = [post_fact(n).url for n in range(count)]
    options = ["--tabs", str(tabs), "--delay", "0", "--ca-file", str(ca_file), *(f"--resolve={rule}" for rule in rules)]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-c", "from embedarchive.cli import main; main()", "capture", *urls, "-a", folder]
        with Meter() as meter:
            done = subprocess.run(
                [*command, *options, "--json"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
            )
        size = (Path(folder) / "embeds.db").stat().st_size
    said = json.loads(done.stdout)
    assert (said["captures"]["available"], said["incomplete"], said["replays"]["poor"]) == (count, 0, 0), said
    print(f"checked {said['replays']['ok']} at once, {said['not_yet_replayed']} later", flush=True)
    return Figures(count, meter.wall_s, meter.cpu_s, meter.peak_mb, size // count), meter


def measure_ceiling(count: int, tabs: int, rules: tuple[str, ...], ca_file: Path) -> tuple[Figures, Meter]:
    posts = [Post("instagram", f.key, f.url) for f in map(post_fact, range(count))]
    with Meter() as meter:
        asyncio.run(look_at_all(posts, tabs, rules, ca_file))
    return Figures(count, meter.wall_s, meter.cpu_s, meter.peak_mb), meter


WAYS = {"ceiling": measure_ceiling, "ours": measure_ours, "default": measure_default}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", "--posts", type=int, default=300)
    parser.add_argument("--tabs", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--serve", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--arrivals", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve(options.serve, options.arrivals)
        return
    results: dict[str, list[Figures]] = {way: [] for way in WAYS}
    with site(options.posts) as (rules, ca_file):
        for _ in range(options.rounds):
            for way in options.ways:
                figures, meter = WAYS[way](options.posts, options.tabs, rules, ca_file)
                results[way].append(figures)
                tenths = meter.series[:: max(1, len(meter.series) // 10)]
                print(f"{way:8}{figures}; CPU-ms {meter.shares(options.posts)}; MB each tenth {tenths}", flush=True)
    ceilings, ours, shipped = results.values()
    print(json.dumps({
        "per_minute": middle(ours, "per_minute"),
        "ceiling_per_minute": middle(ceilings, "per_minute"),
        "ratio": ratio(ours, ceilings, "per_minute"),
        "cpu_s_per_capture": middle(ours, "cpu_each"),
        "bytes_per_capture": middle(ours, "bytes_each"),
        "peak_mb": max((o.peak_mb for o in ours), default=None),
        "ratio_default": ratio(shipped, ceilings, "per_minute"),
        "cpu_ratio_default": ratio(shipped, ceilings, "cpu_each"),
    }))  # fmt: skip


def middle(some: list[Figures], figure: str) -> float | None:
    """The middle one of the rounds; None for a way that was not asked for."""
    return round(median(getattr(each, figure) for each in some), 3) if some else None


def ratio(some: list[Figures], others: list[Figures], figure: str) -> float | None:
    """How one way stands to another by a figure, round by round; the middle one of the rounds."""
    if not some or not others:
        return None
    ratios: list[float] = [getattr(a, figure) / getattr(b, figure) for a, b in zip(some, others, strict=True)]
    return round(median(ratios), 3)


if __name__ == "__main__":
    main()
