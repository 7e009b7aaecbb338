"""The table of assumptions -> what live platforms say to each; for whoever has the internet at hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from embedarchive.core.model import Page, Post
from embedarchive.detect import identify_post
from embedarchive.fetch import NAVIGATION_HEADERS
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.assumptions import (
    ASSUMPTIONS,
    KNOWN,
    POSTS,
    Assumption,
    find_address,
    judge_answer,
    judge_visit,
)
from embedarchive.platforms.kit.fields import decode_html
from embedarchive.run.services import Services, Settings
from embedarchive.store import open_reader

NEWEST = """SELECT url FROM post_status WHERE platform = ? AND status = 'available'
            ORDER BY last_available_at DESC LIMIT 1"""

LONGEST_WAIT_S = 10.0
"""A host that put up a wall is not waited for: whoever asks sits before the screen."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of asking: `held` is None when it could not be asked."""

    assumption: Assumption
    url: str
    held: bool | None
    seen: str


async def ask_platforms(settings: Settings, archive: Path, platforms: tuple[str, ...]) -> AsyncIterator[Heard]:
    """Ask the assumptions one by one, politely; about the archive's own posts where it has some."""
    async with Services(settings) as services:
        for assumption in ASSUMPTIONS:
            if not platforms or assumption.platform in platforms:
                yield await ask_platform(services, assumption, archive)


async def ask_platform(services: Services, assumption: Assumption, archive: Path) -> Heard:
    own = find_post(assumption, archive)
    url = own or POSTS[assumption.platform][assumption.of]
    post = identify_post(url) if url else None
    if post is None:
        return Heard(assumption, "", None, "no post to ask about: name an archive that has one, with -a")
    heard = await (visit_post if assumption.ask == "visit" else fetch_answer)(services, assumption, post)
    if heard.held is False and assumption.of == KNOWN and not own:
        heard = replace(heard, seen=f"{heard.seen} (if this very post is gone, ask about one of your own, with -a)")
    return heard


def find_post(assumption: Assumption, archive: Path) -> str | None:
    """The archive's post that was last seen, for an assumption about one that is there."""
    if assumption.of != KNOWN or not archive.exists():
        return None
    with closing(open_reader(archive)) as conn:
        row = conn.execute(NEWEST, (assumption.platform,)).fetchone()
    return str(row[0]) if row else None


async def fetch_answer(services: Services, assumption: Assumption, post: Post) -> Heard:
    visit = BY_NAME[post.platform].visit
    assert visit is not None, "the table names platforms that can be visited"
    url, navigates = find_address(assumption, post, visit)
    wait = (await services.politeness.allow(url, robots=False)).wait_s
    if wait > LONGEST_WAIT_S:
        return Heard(assumption, url, None, f"deferred: its host is left alone for {wait:.0f} s")
    headers = {"User-Agent": (await services.open_browser()).user_agent, "Accept-Language": "en-US,en;q=0.9"}
    headers |= NAVIGATION_HEADERS if navigates else {"Accept": "application/json, */*;q=0.1"}
    headers |= {"Referer": visit.frame.referrer} if assumption.ask == "frame" and visit.frame.referrer else {}
    fetch = await services.politeness.fetch(url, headers=headers, robots=False)
    body = decode_html(fetch.body, fetch.content_type)
    page = Page(url, fetch.final_url, fetch.status, body, error=None if fetch.status else fetch.reason)
    return Heard(assumption, url, *judge_answer(assumption, page))


async def visit_post(services: Services, assumption: Assumption, post: Post) -> Heard:
    capture = await services.capture(post, BY_NAME[post.platform], media=False)
    return Heard(assumption, capture.visit_url, *judge_visit(assumption, capture.verdict))
