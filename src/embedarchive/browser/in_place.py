"""An open article and a post it embeds -> the post as the article shows it: found, waited for, photographed, judged."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

from embedarchive.browser.article import WINDOW, Opened, find_candidates, photograph_page
from embedarchive.browser.cdp import ProtocolError, whole_text
from embedarchive.browser.evidence import Asks, conclude
from embedarchive.browser.frame import PageFrame
from embedarchive.browser.launch import Chrome
from embedarchive.browser.limits import VisitLimits
from embedarchive.browser.patience import Patience, crowding
from embedarchive.browser.pictures import Picture
from embedarchive.browser.redact import redact_headers, redact_url
from embedarchive.browser.tab import MAX_SIDE, PAGE_SCRIPT, PageLeft
from embedarchive.browser.visit import Visit, name_failure
from embedarchive.core import clock
from embedarchive.core.decode import decode_html
from embedarchive.core.model import Answer, Capture, Description, Exchange, Page, Post, Sign, Verdict
from embedarchive.detect import find_embeds
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Frame, Visitable, fill_url

STILL_MS = 400
_CHANGES = 4
"""How often an embed may turn into another element before it is taken as it is."""
_TALLEST = 6000
_FRAMES = ("iframe", "frame", "object", "embed")
_QUOTE_WAIT_S = 10.0
"""How long an article's quotes may take, together, to become frames: as long as one silent frame of Instagram's."""

_REFUSED = Verdict("unavailable", "frame_refused", (Sign("the frame opened", "article", "the browser's error page"),))
_FALLBACK = Verdict("unavailable", "fallback", (Sign("a frame of the post", "article", "the publisher's own markup"),))
_ABSENT = Verdict("unavailable", "not_shown", (Sign("an element of the post", "article", "none"),))
_WITHHELD = Verdict("unavailable", "not_loaded", (Sign("the frame was loaded", "article", "an empty frame"),))
_DECODED = "Promise.allSettled([...document.images].map(image => image.decode())).then(() => 0)"
_LOADED = "document.readyState === 'complete' || new Promise(done => addEventListener('load', () => done(true)))"
_MARKUP = """(document.doctype ? new XMLSerializer().serializeToString(document.doctype) : "") +
  document.documentElement.outerHTML"""
_NEXT_DOCUMENT_S = 0.05
_LONG_MS = 600_000
_UNREAD = Verdict("error", "unreadable", (Sign("the frame could be read", "article", "no"),))
_UNJUDGED = Verdict("unavailable", "not_judged", (Sign("rules for this platform", "embedarchive", "none"),))

_NO_RULES = Visitable(Frame("", ""), lambda page, post: _UNJUDGED, lambda page, post: Description())
"""How a platform is read that this version cannot visit: a picture is kept, nothing is claimed."""


@dataclass
class InPlace:
    """One post as its article showed it. `verdict` is set where no frame's document is there to be judged."""

    post: Post
    seen: Visit
    verdict: Verdict | None = None


async def photograph_posts(opened: Opened, posts: Sequence[Post]) -> list[InPlace]:
    """Photograph each post in place, then the whole page, as long as the page and its time last."""
    taken: list[InPlace] = []
    end, time_left = monotonic() + opened.limits.embeds_s, [_QUOTE_WAIT_S * crowding()]
    for post in posts:
        one = InPlace(post, Visit(Page(opened.url, opened.final_url or opened.url, opened.status), clock.now()))
        taken.append(one)
        if opened.reason not in (None, "too_large") or opened.tab.spoiled or monotonic() > end:
            one.verdict = Verdict("error", opened.reason or "late", (Sign("article opened", "article", opened.url),))
            continue
        try:
            await _photograph(opened, one, time_left)
        except PageLeft:
            opened.reason = "page_left"
            one.verdict = Verdict("error", "page_left", (Sign("article stayed", "article", opened.url),))
        except TimeoutError:
            opened.tab.spoiled, opened.reason = True, "hung"
            one.verdict = Verdict("error", "hung", (Sign("article answered", "article", opened.url),))
    if opened.dom and not opened.tab.spoiled:
        await photograph_page(opened)
    return taken


async def _photograph(opened: Opened, one: InPlace, time_left: list[float]) -> None:
    """Find the post's element, bring it into view, wait for it, and take its picture."""
    index, tag = await _settle_on(opened, one.post, time_left)
    one.seen.alterations = opened.alterations[:]
    if index is None:
        one.verdict = _ABSENT
        return
    frame = None
    if tag in _FRAMES:
        frame = await _find_frame(opened, await opened.ask("place", 5.0, index=index))
    if frame:
        await _wait_for_frame(opened, frame, one.post)
    await _fit(opened, index)
    hidden = await opened.ask("uncover", 5.0, index=index)
    one.seen.alterations = [*opened.alterations, *hidden]
    place = await opened.ask("place", 5.0, index=index)
    one.seen.screenshot = await _shoot(opened, place)
    await opened.ask("restore", 5.0)
    if frame:
        await _read_frame(opened, one, frame)
    else:
        one.seen.page = replace(one.seen.page, dom=whole_text(place["markup"]))
        one.verdict = _UNREAD if tag in _FRAMES else _FALLBACK
    one.seen.finished_at = clock.now()


async def _settle_on(opened: Opened, post: Post, time_left: list[float]) -> tuple[int | None, str]:
    """Choose the element that shows the post, and bring it into view; a quote is given time to become a frame."""
    index, tag = None, ""
    for _ in range(_CHANGES):
        await opened.alter("unblur")
        found = await find_candidates(opened)
        index = await asyncio.to_thread(choose, found, post)
        if index is None:
            return None, ""
        tag = found[index]["tag"]
        await opened.alter("show", opened.limits.embed_s, index=index, still_ms=STILL_MS)
        started = monotonic()
        if tag in _FRAMES or await opened.ask("become", time_left[0], index=index) != "other":
            break
        time_left[0] = max(0.1, time_left[0] - (monotonic() - started))
    return index, tag


def choose(found: Sequence[dict[str, Any]], post: Post) -> int | None:
    """The element that shows a post best: one that is shown before one that is not, a frame before a quote. Pure."""
    named = [n for n, each in enumerate(found) if post.key in name_posts(each["markup"])]
    return min(named, key=lambda n: (not found[n]["shown"], _rank(found[n]["tag"]), n), default=None)


def _rank(tag: str) -> int:
    """Which of two elements is rather the post itself: a frame, a custom element, a quote, anything."""
    if tag in _FRAMES:
        return 0
    if "-" in tag:
        return 1
    if tag == "blockquote":
        return 2
    return 3


@lru_cache(maxsize=2048)
def name_posts(markup: str) -> frozenset[str]:
    """The posts that a piece of markup embeds. Pure."""
    found = find_embeds(markup, prefilter=False)
    return frozenset(e.post.key for e in found.embeds if e.post and e.kind == "embed")


async def _fit(opened: Opened, index: int) -> None:
    """Wait until the element is still; make the window as tall as it is, so that all of it is drawn."""
    await opened.alter("show", opened.limits.embed_s, index=index, still_ms=STILL_MS)
    place = await opened.ask("place", 5.0, index=index)
    height = min(_TALLEST, max(WINDOW[1], int(place["height"]) + 80))
    if opened.tab.size[1] != height:
        await opened.tab.resize(WINDOW[0], height)
        await opened.alter("show", opened.limits.embed_s, index=index, still_ms=STILL_MS)


async def _shoot(opened: Opened, place: dict[str, Any]) -> bytes | None:
    tallest = min(_TALLEST, MAX_SIDE / opened.screenshot_format.scale)
    box = {
        "x": max(0, round(place["left"])), "y": max(0, round(place["top"])),
        "width": max(1, round(place["width"])), "height": max(1, min(round(place["height"]), tallest)),
    }  # fmt: skip
    if place["width"] < 2 or place["height"] < 2:
        return None
    return await opened.tab.photograph(
        box, opened.screenshot_format, opened.limits.screenshot_s * crowding(), in_view=True
    )


# ------------------------------------------------------------------------------------------------------------ the frame


async def _find_frame(opened: Opened, place: dict[str, Any]) -> PageFrame | None:
    """The frame whose element stands at that place. The page cannot lie about that, as it can about names."""
    target = opened.tab.target
    sides = [place[side] for side in ("x", "y", "width", "height")]
    for frame in tuple(target.frames.values()):
        if frame.parent and frame.parent.session is target.session:  # where a place is one in the window
            with contextlib.suppress(ProtocolError, TimeoutError):
                async with asyncio.timeout(3 * crowding()):
                    box = await frame.find_box()
                if all(abs(found - wanted) < 3 for found, wanted in zip(box, sides, strict=True)):
                    return frame
    return None


async def _wait_for_frame(opened: Opened, frame: PageFrame, post: Post) -> None:
    """Wait until the frame has loaded, its card or what stands for it is there, and its pictures are decoded."""
    limits, recorder = opened.limits, opened.tab.recorder
    assert recorder is not None, "an open article is recorded"
    owes = partial(recorder.owes, frame)
    patience = Patience(limits.embed_s * crowding(), limits.idle_s, limits.late_embed_s, opened.tab.heard, owes)
    visit = BY_NAME[post.platform].visit
    await _patiently(_insist(frame, _LOADED), patience)
    if visit:
        await _patiently(_insist(frame, _await_element(", ".join((visit.frame.card, *visit.frame.dead)))), patience)
        await recorder.settle(max(0.1, patience.left()))
        served = _read_document(opened, frame).body
        for move in visit.frame.moves:
            if move.do == "wait" and move.until and move.when in served:
                await _patiently(_insist(frame, _await_element(move.until)), patience)
    await _patiently(frame.evaluate(_DECODED), patience)


async def _patiently(wait: Awaitable[Any], patience: Patience) -> None:
    """Wait for a sign from a frame; whether it came is seen later."""
    with contextlib.suppress(ProtocolError, TimeoutError):
        await patience.wait(wait)


async def _insist(frame: PageFrame, expression: str) -> None:
    """Evaluate in whatever document the frame has, again in the next one when it leaves. Only cancelling ends it."""
    while True:
        try:
            await frame.evaluate(expression)
            return
        except ProtocolError:
            await asyncio.sleep(_NEXT_DOCUMENT_S)


def _await_element(css: str) -> str:
    """The expression that ends when there is such an element."""
    return f"{PAGE_SCRIPT}.changes({_LONG_MS}, () => document.querySelector({json.dumps(css)}) ? 'there' : '')"


async def _read_frame(opened: Opened, one: InPlace, frame: PageFrame) -> None:
    """Take the frame's document into the visit, as served and as rendered, with all it asked for."""
    recorder = opened.tab.recorder
    assert recorder is not None, "an open article is recorded"
    await recorder.settle(opened.limits.embed_s)
    page = _read_document(opened, frame)
    if frame.url.startswith("chrome-error:"):
        one.seen.page = replace(page, final_url=page.url)
        one.verdict = _failed(page.error) if page.error and "BLOCKED_BY" not in page.error else _REFUSED
        return
    if page.status is None:
        one.verdict = _WITHHELD
    try:
        async with asyncio.timeout(10 * crowding()):
            markup = await frame.evaluate(_MARKUP)
        page = replace(page, dom=whole_text(markup), error=None)
    except (ProtocolError, TimeoutError):
        one.verdict = _UNREAD
    one.seen.page = page
    one.seen.exchanges = [_as_of_visit(e, frame.url) for e in recorder.exchanges(frame)]
    one.seen.bodies = recorder.bodies()
    _take_answers(one)


def _read_document(opened: Opened, frame: PageFrame) -> Page:
    """The frame's own document as it was served; without a status if none came."""
    page = Page(frame.url, frame.url, None)
    for entry in opened.tab.recorder.entries.values() if opened.tab.recorder else ():
        request, response = entry.request, entry.response
        if not request.is_navigation or request.frame is not frame:
            continue
        page = replace(page, url=page.url if request.redirected_from else request.url, error=entry.error)
        if response:
            page = replace(
                page,
                status=response.status,
                headers=redact_headers(response.headers.items()),
                body=decode_html(entry.body or b"", response.headers.get("content-type")),
                truncated=entry.truncated,
            )
    return page


def _as_of_visit(exchange: Exchange, url: str) -> Exchange:
    """In the capture of a post, its frame's document is the document."""
    own = exchange.resource_type == "frame" and exchange.url.partition("#")[0] == redact_url(url).partition("#")[0]
    if own:
        return replace(exchange, resource_type="document")
    return exchange


def _take_answers(one: InPlace) -> None:
    """What a second look would have asked for, the frame may have asked for itself."""
    visit = BY_NAME[one.post.platform].visit
    for probe in visit.probes if visit else ():
        wanted = urlsplit(fill_url(probe.url, one.post, visit or _NO_RULES))
        for n, each in enumerate(one.seen.exchanges):
            parts = urlsplit(each.url)
            if (parts.hostname, parts.path) != (wanted.hostname, wanted.path) or one.post.native_id not in each.url:
                continue
            body = decode_html(each.body or b"", each.content_type)
            answer = Answer(probe.name, each.url, each.status, each.url, body, each.error)
            one.seen.page = replace(one.seen.page, answers=(*one.seen.page.answers, answer))
            one.seen.exchanges[n] = replace(each, resource_type=f"probe:{probe.name}")
            break


# -------------------------------------------------------------------------------------------------------------- verdict


async def conclude_in_place(
    one: InPlace, picture: Picture | None, opened: Opened, fetcher: Asks, chrome: Chrome, limits: VisitLimits
) -> Capture:
    """Turn what an article showed into a capture, by the platform's own rules."""
    rules = BY_NAME[one.post.platform].visit or _NO_RULES
    size = replace(rules.frame, width=WINDOW[0], height=WINDOW[1])

    def judge(page: Page, post: Post) -> Verdict:
        return soften(one.verdict or rules.classify(page, post))

    # Where a platform's frame proves nothing alone, its witness is asked, if the frame has not asked it already.
    answered = {answer.name for answer in one.seen.page.answers}
    witnesses = tuple(p for p in rules.probes if p.when == "always" and p.name not in answered and not one.verdict)
    visit = replace(rules, probes=witnesses, classify=judge, frame=size)
    capture = await conclude(
        one.seen, picture, one.post, visit, fetcher, chrome, opened.screenshot_format, media=True, limits=limits
    )
    return replace(capture, environment={**capture.environment, "in_article": redact_url(opened.url)})


def soften(verdict: Verdict) -> Verdict:
    """An article's frame alone never proves that a post is gone. Pure."""
    if verdict.outcome == "gone":
        return replace(verdict, outcome="unavailable", reason="unconfirmed")
    return verdict


def _failed(error: str) -> Verdict:
    return Verdict("error", name_failure(error), (Sign("the frame opened", "article", error[:300]),))


def failed_in_place(post: Post, url: str, started_at: str, reason: str, detail: str) -> Capture:
    """The capture of a post whose article could not be opened at all."""
    verdict = Verdict("error", reason, (Sign("article opened", "browser", detail[:300]),))
    return Capture(post, url, url, started_at, clock.now(), verdict, environment={"in_article": url})
