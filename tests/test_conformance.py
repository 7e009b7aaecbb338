"""Every platform keeps what all must keep; and a platform that does not is found out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest

from embedarchive.conformance import CHECKS, Check, check_platform
from embedarchive.conformance.nothing_seen import KINDS, judge_nothing_seen
from embedarchive.conformance.playing import list_scenes, play_scenes
from embedarchive.conformance.reading import find_readings, make_page, make_readings
from embedarchive.core.completeness import name_file
from embedarchive.core.model import Artifact, Capture, Description, Post, Verdict
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import Platform, Selector, fill_url
from embedarchive.replica import Replica
from waiting import BOUND_S

NAMES = [platform.name for platform in PLATFORMS]
ONE_BY_ONE = "nothing seen"


@pytest.mark.parametrize(("name", "check"), [(name, c.name) for name in NAMES for c in CHECKS if c.name != ONE_BY_ONE])
def test_a_platform_keeps(name: str, check: str) -> None:
    found = check_platform(BY_NAME[name], [c for c in CHECKS if c.name == check])
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(("name", "kind"), [(name, kind) for name in NAMES for kind in KINDS])
def test_nothing_seen_is_never_the_post_nor_its_end(name: str, kind: str) -> None:
    assert list(judge_nothing_seen(BY_NAME[name], kind)) == []


def test_archives_are_asked_for_each_address_of_a_post() -> None:
    post = identify_post("https://twitter.com/jack/status/1349129669258448897")
    assert post
    forms = BY_NAME["x"].archived_forms(post, "jack")
    assert forms[:2] == (
        "https://twitter.com/jack/status/1349129669258448897",
        "https://cdn.syndication.twimg.com/tweet-result?id=1349129669258448897",
    )
    assert not any(
        "jack" in form for form in BY_NAME["x"].archived_forms(replace(post, url="https://x.com/i/status/1"))
    )
    lost = replace(BY_NAME["x"], archived=("https://twitter.com/jack/status/1",))
    assert [f.check for f in check_platform(lost, [c for c in CHECKS if c.name == "archived forms"])]


IN_QUOTES = re.compile(r"""(?<=["'])(?:https?:)?\\?/\\?/[^"'\s<>]*""")


@pytest.mark.parametrize("address", ["http://[", "//[", "https://[x]/p/1"])
@pytest.mark.parametrize("name", NAMES)
def test_addresses_that_are_none_break_no_reading(name: str, address: str) -> None:
    """Anybody may run an instance, and its pages may hold what no library splits; found by `make fuzz`."""
    visit = BY_NAME[name].visit
    for reading in find_readings(name):
        post = identify_post(reading.url)
        if visit is None or post is None:
            continue
        page = make_page(BY_NAME[name], reading, post)
        dom, body = (IN_QUOTES.sub(address, text) for text in (page.dom, page.body))
        answers = tuple(replace(each, body=IN_QUOTES.sub(address, each.body)) for each in page.answers)
        spoiled = replace(page, dom=dom, body=body, answers=answers)
        visit.classify(spoiled, post)
        assert all(name_file(file) is not None for file in visit.describe(spoiled, post).media)


# ------------------------------------------------------------------------------------------------ a suite that catches

RUMBLE = BY_NAME["rumble"]
assert RUMBLE.visit
BROKEN = {
    "addresses": replace(RUMBLE, examples=(replace(RUMBLE.examples[0], native_id="other"),)),
    "dates": replace(RUMBLE, examples=(replace(RUMBLE.examples[0], posted_at="2020-01-01T00:00:00"),)),
    "mirrors": replace(RUMBLE, mirrors=("rumble.example",)),
    "other pages": replace(RUMBLE, not_posts=(RUMBLE.examples[0].url,)),
    "short links": replace(RUMBLE, short_links=("https://rumble.com/about",)),
    "markup": replace(RUMBLE, markup=(replace(RUMBLE.markup[0], form="amp"),)),
    "not embeds": replace(RUMBLE, not_embeds=(RUMBLE.markup[0].html,)),
    "examples": replace(RUMBLE, examples=()),
    "frame address": replace(
        RUMBLE, visit=replace(RUMBLE.visit, frame=replace(RUMBLE.visit.frame, url="https://rumble.com/about/{id}"))
    ),
    "templates": replace(
        RUMBLE, visit=replace(RUMBLE.visit, frame=replace(RUMBLE.visit.frame, url="https://rumble.com/embed/{nmae}/"))
    ),
    "selectors": replace(RUMBLE, visit=replace(RUMBLE.visit, frame=replace(RUMBLE.visit.frame, dead=("div[",)))),
    "assumptions": replace(RUMBLE, assumptions=RUMBLE.assumptions[:1] * 2),
    "states": replace(RUMBLE, states=("live", "never_played")),
    "gaps": replace(RUMBLE, gaps=()),
    "names": replace(RUMBLE, visit=replace(RUMBLE.visit, reads=("vedio",))),
    "bare ids": replace(RUMBLE, examples=(replace(RUMBLE.examples[0], bare=("?",)),)),
    "shown": replace(RUMBLE, hosts=(*RUMBLE.hosts, "rumble.example")),
    "words": replace(RUMBLE, selectors=(), gaps=(replace(RUMBLE.gaps[0], kind="no_flie"),)),  # type: ignore[arg-type]
    "spellings": replace(RUMBLE, is_short=lambda url: True),
    "readings": replace(RUMBLE, visit=replace(RUMBLE.visit, describe=lambda page, post: Description(kind="audio"))),
}


@pytest.mark.parametrize("check", BROKEN)
def test_a_platform_with_a_mistake_is_found_out(check: str) -> None:
    assert check in {finding.check for finding in check_platform(BROKEN[check], [_named(check)])}


A_READING = {
    "name": "a film",
    "page": "<b>Low tide</b>",
    "data": {"a": [{"b": 1}]},
    "told": {"title": "Low tide", "likes": 1},
}


def test_a_reading_that_is_like_another_says_only_what_differs() -> None:
    change = {"like": "a film", "but": {"/data/a/0/b": 2}, "swap": {"tide": "sun"}, "told": {"likes": None}}
    one, other = make_readings([A_READING, change])
    assert (one.data, one.page) == ({"a": [{"b": 1}]}, "<b>Low tide</b>")
    assert (other.data, other.page, other.outcome) == ({"a": [{"b": 2}]}, "<b>Low sun</b>", "available")
    assert other.told == {"title": "Low tide", "likes": None}


@pytest.mark.parametrize("change", [{"without": ["/data/c"]}, {"swap": {"high": "low"}}, {"but": {"/data/a/4/b": 2}}])
def test_a_reading_that_changes_what_is_not_there_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(LookupError):
        list(make_readings([A_READING, {"like": "a film", **change}]))


def test_of_a_reading_that_ends_otherwise_nothing_is_told() -> None:
    _, other = make_readings([A_READING, {"like": "a film", "status": 404, "outcome": "gone", "reason": "deleted"}])
    assert other.told == {}


UNSAID = {
    "the author": replace(RUMBLE, handle=lambda url: "somebody"),
    "the frame": replace(RUMBLE, is_frame=lambda url: False),
    "the address that is kept": replace(RUMBLE, permalink=lambda url: "https://rumble.com/"),
    "the date": replace(RUMBLE, date=lambda native_id: "2020-01-01T00:00:00.000Z"),
}
"""Mistakes in what an example leaves out, or says."""


@pytest.mark.parametrize("mistake", UNSAID)
def test_what_an_example_does_not_say_must_not_be_there(mistake: str) -> None:
    checks = [_named("addresses"), _named("dates")]
    assert check_platform(UNSAID[mistake], checks)


UNSHOWN = {
    "a title": replace(RUMBLE, title="Rumpel"),
    "a name of an id": replace(RUMBLE, id_names=("rumpelid",)),
    "a place": replace(RUMBLE, selectors=(Selector("iframe", "iframe", url=("@data-nowhere",)),)),
    "a compound": replace(RUMBLE, selectors=(Selector("iframe", "iframe.rumpel", url=("@src",)),)),
    "a word": replace(RUMBLE, services=("rumpel",)),
    "a call": replace(RUMBLE, calls=(r"rumpel\((\w+)",)),
}


@pytest.mark.parametrize("what", UNSHOWN)
def test_what_no_example_shows_is_found_out(what: str) -> None:
    assert check_platform(UNSHOWN[what], [_named("shown")])


def _named(name: str) -> Check:
    return next(check for check in CHECKS if check.name == name)


def test_a_frame_that_leads_elsewhere_is_found_out() -> None:
    assert RUMBLE.visit
    frame = replace(RUMBLE.visit.frame, url="https://rumble.example/embed/{id}/")
    found = check_platform(replace(RUMBLE, visit=replace(RUMBLE.visit, frame=frame)), [_named("templates")])
    assert "rumble.example is no host of rumble" in str(found[0])


def test_the_table_is_printed_and_every_finding() -> None:
    command = [sys.executable, "-m", "embedarchive.conformance", "bluesky"]
    table = subprocess.run(command, capture_output=True, text=True, timeout=5 * BOUND_S, check=False)
    lines = subprocess.run([*command, "--json"], capture_output=True, text=True, timeout=5 * BOUND_S, check=False)
    assert table.stdout.splitlines()[1].startswith("bluesky")
    assert all(json.loads(line)["platform"] == "bluesky" for line in lines.stdout.splitlines())
    assert table.returncode == lines.returncode == bool(lines.stdout)


@pytest.mark.parametrize(("verdicts", "visits"), [
    ((("error", "restless"), ("error", "truncated")), 2),
    ((("error", "truncated"),), 1),
    ((("error", "hung"),) * 3, 3),
    ((("gone", "deleted"),), 1),
])  # fmt: skip
async def test_what_a_run_would_try_again_is_played_again(verdicts: tuple[Any, ...], visits: int) -> None:
    """A fault of the moment is, a wrong word about the post is not; three visits are all that are made."""
    scene = next(each for each in list_scenes(BY_NAME["instagram"]) if each.name == "truncated")
    left = list(verdicts)

    async def take(post: Post, platform: Platform) -> Capture:
        assert platform.visit
        url = fill_url(platform.visit.frame.url, post, platform.visit)
        outcome, reason = left.pop(0)
        seen = Artifact("dom", b"<html>", "text/html")
        return Capture(
            post, url, url, "2026-03-09T08:00:00Z", "2026-03-09T08:00:01Z", Verdict(outcome, reason),
            status=200, artifacts=(seen,), environment={"page_truncated": "incomplete"},
        )  # fmt: skip

    with Replica() as replica:
        (play,) = await play_scenes(replica, take, [scene])
    assert len(verdicts) - len(left) == visits
    assert (play.capture.verdict.outcome, play.capture.verdict.reason) == verdicts[visits - 1]
