"""What a platform declares of itself beside its rules: assumptions, gaps, states; each said once, and true. Pure but for
the replica, which is asked what it can play."""

from __future__ import annotations

from collections.abc import Iterator

from embedarchive.conformance.findings import Problem
from embedarchive.conformance.served import find_facts, find_published, find_states
from embedarchive.conformance.visiting import is_selector
from embedarchive.detect import identify_post
from embedarchive.platforms.kit.live import find_address
from embedarchive.platforms.kit.specification import LiveCheck, Platform


def check_assumptions(platform: Platform) -> Iterator[Problem]:
    """It says what it takes for granted, each thing once, and what it asks live can be asked."""
    said = [each.says for each in platform.assumptions]
    if not said:
        yield "assumptions", "empty: nothing is said of how far the platform's file can be trusted"
    yield from ((each, "is said twice") for each in dict.fromkeys(said) if said.count(each) > 1)
    for each in platform.assumptions:
        if each.live:
            yield from ((each.says, problem) for problem in _try_asking(platform, each.live))


def _try_asking(platform: Platform, check: LiveCheck) -> Iterator[str]:
    made_up = None
    if platform.made_up_url:
        made_up = identify_post(platform.made_up_url)
    if platform.known_url:
        known = identify_post(platform.known_url)
    else:
        known = made_up
    for post in (made_up, known):
        if platform.visit is None or post is None or post.platform != platform.name:
            yield "there is no post to ask about: made_up_url or known_url names none"
        elif check.ask not in ("frame", "visit", *(probe.name for probe in platform.visit.probes)):
            yield f"{check.ask} is no probe"
        elif check.ask != "visit" and not find_address(check, post, platform.visit)[0].startswith("https://"):
            yield f"no address to ask about {post.key}"
    if check.ask == "visit" and check.outcome is None:
        yield "a visit says which outcome it should end in"
    if check.css and not is_selector(check.css):
        yield f"{check.css!r} is no selector"


def check_states(platform: Platform) -> Iterator[Problem]:
    """The replica can play what the platform declares; and a post's end is among it, or declared not to be told."""
    if platform.visit is None:
        return
    played = find_states(platform.name)
    if not any(fact.state == "live" for fact in find_facts(platform.name)):
        yield "replica", "no site of the replica has a living post of it"
    if "live" not in platform.states:
        yield "live", "is not declared"
    yield from ((name, "is declared, and the replica cannot play it") for name in platform.states if name not in played)
    ends = [name for name, state in played.items() if state.outcome == "gone"]
    silent = any(gap.kind == "no_second_sign" for gap in platform.gaps)
    if not ends and not silent:
        yield "gone", "no state ends in gone, and no gap says why"


CORE = (("author_name", "author_handle"), ("posted_at",), ("likes",), ("comments",))
"""What a reader asks of every post; each is told by one field or another, or a gap says that it is not."""


def check_gaps(platform: Platform) -> Iterator[Problem]:
    """What is told of no living post is declared a gap, and so is a file that is not given out; and nothing else is."""
    posts = [fact for fact in find_facts(platform.name) if fact.state == "live"]
    if platform.visit is None or not posts:
        return
    told = [{"posted_at": platform.date(fact.key), **find_published(fact)} for fact in posts]
    silent = {name for gap in platform.gaps for name in gap.fields}
    for names in CORE:
        known = any(each.get(name) is not None for each in told for name in names)
        if known == bool(silent.intersection(names)):
            yield "/".join(names), "is told, and declared a gap" if known else "is never told, and no gap says so"
    lost = any(media.missing for each in told for media in each.get("media", ()))
    if lost and not any(gap.kind == "no_file" for gap in platform.gaps):
        yield "media", "a file is given to nobody, and no gap says so"
