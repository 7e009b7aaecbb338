"""Make the contact sheets of the documentation: every platform, and every state of a post, as captures of them look.

usage: python docs/make_sheets.py

The replica plays them; each is captured as any post is and kept in an archive, and what was kept is laid out.
"""

from __future__ import annotations

import asyncio
import base64
import os
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import escape
from itertools import cycle
from pathlib import Path

from playwright.sync_api import sync_playwright

from embedarchive import __version__
from embedarchive.browser import Browser, VisitLimits, find_browser
from embedarchive.core import clock
from embedarchive.core.model import Capture
from embedarchive.detect import identify_post
from embedarchive.egress import Door, DoorPolicy, parse_resolve
from embedarchive.fetch import Fetcher
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.replica import PostFact, Replica
from embedarchive.show.words import STATUS_WORDS, say_reason
from embedarchive.store import Archive
from embedarchive.store.reading import read_blob

IMAGES = Path(__file__).resolve().parent / "images"
WIDTH = 1500
TAKEN = """SELECT a.sha256, a.content_type FROM artifacts a WHERE a.capture_id = ? AND a.role = 'screenshot'"""
STYLE = """body { margin: 0; padding: 28px; background: #e9e7e2; font: 15px/1.35 "Noto Sans", system-ui, sans-serif }
h1 { font-size: 24px; margin: 0 0 4px } p { margin: 0 0 22px; color: #555 }
main { display: grid; grid-template-columns: repeat(6, 1fr); gap: 18px } figure { margin: 0 }
.frame { height: 290px; padding: 8px; background: #d9d6cf; box-sizing: border-box }
img { width: 100%; height: 100%; object-fit: contain } .none { display: grid; height: 100%; place-items: center; color: #777 }
figcaption { padding: 6px 2px 0 } figcaption span { display: block; color: #666; font-size: 13px }"""


@dataclass(frozen=True)
class Cell:
    """One place on a sheet: what is to be captured in which state, and later the number of its capture."""

    post: PostFact
    state: str
    number: int = 0


def choose_posts(replica: Replica) -> Iterator[Cell]:
    """The first post of every platform that is there to be seen."""
    for platform in PLATFORMS:
        post = next((p for p in replica.posts if p.platform == platform.name and p.state == "live"), None)
        if post:
            yield Cell(post, "live")


def choose_states(replica: Replica) -> Iterator[Cell]:
    """One post of Instagram in every state it can be in, and what other platforms add."""
    added = (
        ("x-roof", "withheld"), ("x-roof", "suspended"), ("tt-band", "friends"), ("fb-hafen", "gone"), ("th-keeper", "gone_ja"),
        ("yt-start", "geo"), ("bs-comet", "login_only"), ("rd-honey", "removed"), ("vm-hands", "password"), ("tg-rain", "gone"),
    )  # fmt: skip
    # Each of another post where there is one: what a state does not let through must not come from the cache.
    posts = [post for post in replica.posts if post.platform == "instagram" and post.state == "live" and post.slides]
    yield from (Cell(post, state) for post, state in zip(cycle(posts), replica.states_of("instagram"), strict=False))
    yield from (Cell(replica.post(name), state) for name, state in added)


async def capture_all(replica: Replica, archive: Archive, cells: Iterable[Cell]) -> list[Cell]:
    """Capture and keep each, one after the other: the state of a post is that of the whole replica."""
    policy = DoorPolicy(resolve=tuple(map(parse_resolve, replica.resolve)))
    limits, choice = VisitLimits(navigate_s=6.0, settle_s=20.0, rest_s=30.0), find_browser(None, os.environ)
    crawl_id = archive.start_crawl("capture", clock.now(), __version__, {})
    async with (
        Door(policy) as door,
        Fetcher(door, user_agent="embedarchive", ca_file=replica.ca_file) as fetcher,
        Browser(door, choice, ca_file=replica.ca_file, fetcher=fetcher, limits=limits) as browser,
    ):
        kept = []
        for cell in cells:
            replica.set_state(cell.post.key, cell.state)
            capture = await capture_one(browser, cell.post)
            replica.set_state(cell.post.key, cell.post.state)
            kept.append(Cell(cell.post, cell.state, archive.keep_capture(capture, crawl_id, clock.later(0))))
    return kept


async def capture_one(browser: Browser, fact: PostFact) -> Capture:
    post = identify_post(fact.url)
    assert post is not None, fact.url
    return await browser.capture(post, BY_NAME[fact.platform])


def write_sheet(conn: sqlite3.Connection, title: str, text: str, cells: Iterable[Cell], *, states: bool) -> str:
    figures = "".join(write_figure(conn, cell, states=states) for cell in cells)
    head = f"<!doctype html><meta charset=utf-8><style>{STYLE}</style>"
    return f"{head}<h1>{escape(title)}</h1><p>{escape(text)}</p><main>{figures}</main>"


def write_figure(conn: sqlite3.Connection, cell: Cell, *, states: bool) -> str:
    query = "SELECT outcome, reason, missing FROM captures WHERE id = ?"
    outcome, reason, missing = conn.execute(query, (cell.number,)).fetchone()
    row = conn.execute(TAKEN, (cell.number,)).fetchone()
    body = read_blob(conn, row[0]) if row else None
    picture = (
        f'<img src="data:{row[1]};base64,{base64.b64encode(body).decode()}">'
        if body
        else "<i class=none>no picture</i>"
    )
    platform = BY_NAME[cell.post.platform].title
    said = "No answer" if outcome == "error" else STATUS_WORDS[outcome]
    said += (f" ({say_reason(reason)})" if reason else "") + (", incomplete" if missing != "[]" else "")
    words = (f"{platform}: {cell.state.replace('_', ' ')}", said) if states else (platform, f"{cell.post.kind}, {said}")
    caption = f"<figcaption><b>{escape(words[0])}</b><span>{escape(words[1])}</span></figcaption>"
    return f"<figure><div class=frame>{picture}</div>{caption}</figure>"


def photograph(sheets: dict[str, str]) -> None:
    choice = find_browser(None, os.environ)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=choice.path, channel=choice.channel)
        for name, html in sheets.items():
            page = browser.new_page(viewport={"width": WIDTH, "height": 900})
            page.set_content(html, wait_until="load")
            page.screenshot(path=IMAGES / f"{name}.jpg", full_page=True, type="jpeg", quality=72)
        browser.close()


def main() -> None:
    note = "Captures of posts of the bundled replica: the people and the posts are invented."
    with (
        tempfile.TemporaryDirectory() as folder,
        Replica() as replica,
        Archive(Path(folder) / "embeds.db", platforms=PLATFORMS) as archive,
    ):
        seen = asyncio.run(capture_all(replica, archive, choose_posts(replica)))
        states = asyncio.run(capture_all(replica, archive, choose_states(replica)))
        title = "What a visit finds, and what it is called"
        photograph({
            "sheet-platforms": write_sheet(archive.conn, f"{len(seen)} platforms", note, seen, states=False),
            "sheet-states": write_sheet(archive.conn, title, note, states, states=True),
        })  # fmt: skip


if __name__ == "__main__":
    main()
