"""A play that was recorded -> the play as other rules would have had it, without a browser.

Where they ask for what was asked for, they get what was seen, scripts run. Where they ask for anything else, the replica is
asked again: if it answers as it did, nothing is different; else its answer is what they get, as it was served.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from embedarchive.conformance.playing import Play
from embedarchive.conformance.served import ask_replica, read_reply, set_world
from embedarchive.core.model import Answer, Artifact, Capture, Exchange, Page, Post, Verdict
from embedarchive.core.page_in_hand import page_in_hand
from embedarchive.detect import identify_post
from embedarchive.platforms.kit.specification import Frame, Platform, Visitable, fill_url

_AFTER = {"unavailable": "doubt", "gone": "doubt", "available": "available"}


def retake(play: Play, was: Platform, now: Platform) -> Play | str:
    """The play by the rules of `now`, recorded by those of `was`; or why there can be none."""
    post = identify_post(play.scene.fact.url)
    if post is None or post.key != play.capture.post.key:
        return f"{play.scene.fact.url} names {post.key if post else 'nothing'}"
    assert was.visit
    assert now.visit
    page = _visit(play, was.visit, now.visit, post)
    page, verdict = _judge(play, now.visit, page, post)
    if play.capture.verdict.reason == "blank" and verdict.outcome == "available":
        verdict = play.capture.verdict  # the picture was of one colour, whatever the rules say
    return Play(play.scene, _as_capture(play.capture, page, post, verdict))


def _visit(play: Play, was: Visitable, now: Visitable, post: Post) -> Page:
    seen = replace(page_in_hand(play.capture), answers=())
    url = fill_url(now.frame.url, post, now)
    if (url, now.frame.referrer) == (play.capture.visit_url, was.frame.referrer):
        return seen
    before = _ask(play, play.capture.visit_url, was.frame)
    after = _ask(play, url, now.frame)
    if before[1:] == after[1:]:
        return replace(seen, url=url, final_url=url if seen.final_url == seen.url else seen.final_url)
    final, status, ending, text = after
    return Page(url, final, None if ending else status, text, text, error=ending or None)


def _ask(play: Play, url: str, frame: Frame) -> tuple[str, int, str, str]:
    if not url.startswith("https://"):
        return url, 0, "no address", ""
    reply, final = ask_replica(set_world(play.scene.fact, play.scene.name), url, referrer=frame.referrer)
    return final, reply.status, reply.ending, read_reply(reply)


def _judge(play: Play, visit: Visitable, page: Page, post: Post) -> tuple[Page, Verdict]:
    """Ask the probes in the order that a visit does."""
    verdict = visit.classify(page, post)
    if verdict.outcome != "blocked":
        page = replace(page, answers=tuple(_ask_probes(play, visit, post, "always")))
        verdict = visit.classify(page, post) if page.answers else verdict
    more = tuple(_ask_probes(play, visit, post, _AFTER.get(verdict.outcome, "")))
    if more:
        page = replace(page, answers=(*page.answers, *more))
        verdict = visit.classify(page, post)
    return page, verdict


def _ask_probes(play: Play, visit: Visitable, post: Post, when: str) -> Iterator[Answer]:
    recorded = {(answer.name, answer.url): answer for answer in page_in_hand(play.capture).answers}
    for probe in visit.probes:
        url = fill_url(probe.url, post, visit) if probe.when == when else ""
        if not url:
            continue
        if known := recorded.get((probe.name, url)):
            yield known
            continue
        final, status, ending, text = _ask(play, url, replace(visit.frame, referrer=""))
        yield Answer(probe.name, url, None if ending else status, final, text, ending or None)


def _as_capture(capture: Capture, page: Page, post: Post, verdict: Verdict) -> Capture:
    """The capture with the page in it that these rules would have kept."""
    documents = [e for e in capture.exchanges if e.resource_type == "document"]
    artifacts = capture.artifacts
    if page.dom != page_in_hand(capture).dom or page.status != capture.status:
        documents = [Exchange(page.final_url, status=page.status, body=page.body.encode(), resource_type="document")]
        kept = [a for a in artifacts if a.role != "dom"]
        artifacts = (*kept, Artifact("dom", page.dom.encode(), "text/html"))
    probes = (
        Exchange(a.url, status=a.status, body=a.body.encode(), resource_type=f"probe:{a.name}") for a in page.answers
    )
    return replace(
        capture,
        post=post,
        visit_url=page.url,
        final_url=page.final_url,
        status=page.status,
        verdict=verdict,
        exchanges=(*documents, *probes),
        artifacts=artifacts,
    )
