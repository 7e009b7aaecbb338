"""What of each platform can be read in a web archive of somebody else's -> a row of a table, as its replica is served.

A crawler writes down what was served: the frame before its scripts ran, the post's own page, answers of services. Which of
these show a post by themselves is tried here with the platform's own rules.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from embedarchive.conformance.playing import list_scenes
from embedarchive.conformance.served import find_facts, serve_page
from embedarchive.core.model import Answer, Page, Post
from embedarchive.detect import identify_post
from embedarchive.platforms.kit.recorded import NOT_RECORDED, PAGE, judge_recorded
from embedarchive.platforms.kit.specification import Platform, Visitable


@dataclass(frozen=True, slots=True)
class AsRecorded:
    """Which of the things that others recorded of a post show it by themselves: `page` says by which rules."""

    frame: bool
    page: str
    answers: tuple[str, ...]


def try_recorded(platform: Platform) -> AsRecorded | None:
    """What is read of a platform; None for one that cannot be visited, or that the replica does not play."""
    visit = platform.visit
    if visit is None or not find_facts(platform.name):
        return None
    scene = next(scene for scene in list_scenes(platform) if scene.name == "live")
    post, page = identify_post(scene.fact.url), serve_page(scene.fact)
    assert post is not None, "an address of the replica names its post"
    frame = judge_recorded(replace(page, answers=()), post, visit).outcome == "available"
    names = dict.fromkeys(answer.name for answer in page.answers)
    told = (name for name in names if shows((each for each in page.answers if each.name == name), page, post, visit))
    return AsRecorded(frame, say_page(visit), tuple(told))


def shows(answers: Iterable[Answer], page: Page, post: Post, visit: Visitable) -> bool:
    """Whether answers show a post of which nothing else was recorded."""
    alone = Page(page.url, page.url, None, answers=tuple(answers), error=NOT_RECORDED)
    return judge_recorded(alone, post, visit).outcome == "available"


def say_page(visit: Visitable) -> str:
    """By which rules the post's own page is read."""
    if any(probe.name == PAGE for probe in visit.probes):
        return "its rules"
    if visit.read_page:
        return "its own markup, schema.org"
    return "schema.org"
