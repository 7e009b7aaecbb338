"""What is taken for granted of platforms and web archives -> what the live ones say to it; for whoever has the internet."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from embedarchive.core.decode import decode_html
from embedarchive.core.model import Page, Post
from embedarchive.detect.identity import identify_pasted
from embedarchive.fetch import NAVIGATION_HEADERS
from embedarchive.platforms import PLATFORMS
from embedarchive.platforms.kit.live import find_address, judge_answer, judge_visit
from embedarchive.platforms.kit.specification import LiveCheck, Platform
from embedarchive.recovery.live import ARCHIVE_QUESTIONS, ArchiveQuestion, judge_answer_of
from embedarchive.run.services import Services, Settings
from embedarchive.store import open_reader

NEWEST = """SELECT url FROM post_status WHERE platform = ? AND status = 'available'
            ORDER BY last_available_at DESC LIMIT 1"""

LONGEST_WAIT_S = 10.0
"""A host that put up a wall is not waited for: whoever asks sits before the screen."""


@dataclass(frozen=True, slots=True)
class Question:
    """One assumption of one platform that can be asked."""

    platform: Platform
    says: str
    check: LiveCheck


@dataclass(frozen=True, slots=True)
class Heard:
    """What came of asking: `held` is None when it could not be asked."""

    question: Question
    url: str
    held: bool | None
    seen: str


def list_questions() -> tuple[Question, ...]:
    """Every assumption that has a live check, platform by platform."""
    return tuple(Question(p, each.says, each.live) for p in PLATFORMS for each in p.assumptions if each.live)


async def ask_platforms(settings: Settings, archive: Path, platforms: tuple[str, ...]) -> AsyncIterator[Heard]:
    """Ask the assumptions one by one, politely; about the archive's own posts where it has some."""
    async with Services(settings) as services:
        for question in list_questions():
            if not platforms or question.platform.name in platforms:
                yield await ask_platform(services, question, archive)


async def ask_archives(
    settings: Settings, names: tuple[str, ...]
) -> AsyncIterator[tuple[ArchiveQuestion, bool | None, str]]:
    """Ask web archives what is assumed of them, at the pace that they allow: each question, whether it holds, what was seen."""
    async with Services(settings) as services:
        for question in ARCHIVE_QUESTIONS:
            if not names or question.archive in names:
                yield question, *judge_answer_of(question, await services.consult(question.url))


async def ask_platform(services: Services, question: Question, archive: Path) -> Heard:
    known = question.check.about == "known"
    own = None
    if known:
        own = find_post(question.platform.name, archive)
    url = own or (question.platform.known_url if known else question.platform.made_up_url)
    post = identify_pasted(url) if url else None
    if post is None:
        return Heard(question, "", None, "no post to ask about: name an archive that has one, with -a")
    heard = await (visit_post if question.check.ask == "visit" else fetch_answer)(services, question, post)
    if heard.held is False and known and not own:
        heard = replace(heard, seen=f"{heard.seen} (if this very post is gone, ask about one of your own, with -a)")
    return heard


def find_post(platform: str, archive: Path) -> str | None:
    """The archive's post of a platform that was last seen, if it has one."""
    if not archive.exists():
        return None
    with closing(open_reader(archive)) as conn:
        row = conn.execute(NEWEST, (platform,)).fetchone()
    if row:
        return str(row[0])
    return None


async def fetch_answer(services: Services, question: Question, post: Post) -> Heard:
    check, visit = question.check, question.platform.visit
    assert visit is not None, "only platforms that can be visited have live checks"
    url, navigates = find_address(check, post, visit)
    client = await services.open_client()
    wait = (await client.allow(url, robots=False)).wait_s
    if wait > LONGEST_WAIT_S:
        return Heard(question, url, None, f"deferred: its host is left alone for {wait:.0f} s")
    headers = {"User-Agent": (await services.open_browser()).user_agent, "Accept-Language": "en-US,en;q=0.9"}
    headers |= NAVIGATION_HEADERS if navigates else {"Accept": "application/json, */*;q=0.1"}
    headers |= {"Referer": visit.frame.referrer} if check.ask == "frame" and visit.frame.referrer else {}
    fetch = await client.fetch(url, headers=headers, robots=False)
    body = decode_html(fetch.body, fetch.content_type)
    page = Page(url, fetch.final_url, fetch.status, body, error=None if fetch.status else fetch.reason)
    return Heard(question, url, *judge_answer(check, page))


async def visit_post(services: Services, question: Question, post: Post) -> Heard:
    capture = await services.capture(post, question.platform, media=False)
    return Heard(question, capture.visit_url, *judge_visit(question.check, capture.verdict))
