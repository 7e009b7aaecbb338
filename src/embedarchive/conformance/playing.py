"""The replica plays every state of a platform to whoever captures -> what came of each, and what is wrong with it.

The capturing is given: `play_platforms(replica, take, platforms)` hands each post to `take`, in each state, and
`judge_play` compares the capture with what the state must give. Judging touches nothing: a play can be judged again by
other rules.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from embedarchive.conformance.findings import Finding
from embedarchive.conformance.served import find_facts, find_published, find_states
from embedarchive.core.model import Capture, Description, Media, Outcome, Post
from embedarchive.core.page_in_hand import page_in_hand
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.fields import parse_html
from embedarchive.platforms.kit.specification import Platform, fill_url
from embedarchive.replica import PostFact, Replica, State

PLAYED_AGAIN = 2
"""Times, of a play that a busy machine may have spoiled."""
Take = Callable[[Post, Platform], Awaitable[Capture]]
"""How a post is captured: a browser's `capture`, or anything that gives the same."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One post of the replica in one of its states, and what must come of it."""

    fact: PostFact
    name: str
    state: State

    @property
    def case(self) -> str:
        return f"{self.fact.name} {self.name}"

    @property
    def expected(self) -> tuple[Outcome, str | None]:
        return self.fact.unlike.get(self.name, (self.state.outcome, self.state.reason))


@dataclass(frozen=True, slots=True)
class Play:
    """What came of a scene."""

    scene: Scene
    capture: Capture


def list_scenes(platform: Platform) -> tuple[Scene, ...]:
    """Every living post as it is, the first of them in all other states, and posts that are unlike it in theirs."""
    facts, states = find_facts(platform.name), find_states(platform.name)
    if not facts:
        return ()
    living = [fact for fact in facts if fact.state == "live"]
    scenes = [Scene(fact, "live", states["live"]) for fact in living]
    scenes += [Scene(living[0], name, state) for name, state in states.items() if name != "live"]
    scenes += [Scene(each, name, states[name]) for each in living[1:] for name in each.unlike if name != "live"]
    return tuple(scenes)


async def play_scenes(replica: Replica, take: Take, scenes: Sequence[Scene], at_once: int = 3) -> tuple[Play, ...]:
    """Play scenes, several at once, but never two of one post; each post is put back as it was.

    A scene that ends by running out of time costs nothing but that, and so does not count among those at once: whoever
    captures should have tabs to spare.
    """
    by_post: dict[str, list[Scene]] = {}
    for scene in scenes:
        by_post.setdefault(scene.fact.name, []).append(scene)
    places = asyncio.Semaphore(at_once)

    async def play_post(mine: list[Scene]) -> list[Play]:
        return [await _play(replica, take, scene, places) for scene in mine]

    played = await asyncio.gather(*(play_post(mine) for mine in by_post.values()))
    return tuple(play for plays in played for play in plays)


async def _play(replica: Replica, take: Take, scene: Scene, places: asyncio.Semaphore) -> Play:
    post = identify_post(scene.fact.url)
    assert post, f"the replica's address {scene.fact.url} names no post"
    async with contextlib.nullcontext() if scene.state.reason == "timeout" else places:
        replica.set_state(scene.fact.name, scene.name)
        try:
            play = Play(scene, await take(post, BY_NAME[scene.fact.platform]))
            for _ in range(PLAYED_AGAIN):
                if not is_spoiled(play):
                    break
                play = Play(scene, await take(post, BY_NAME[scene.fact.platform]))
            return play
        finally:
            replica.set_state(scene.fact.name, scene.fact.state)


def is_spoiled(play: Play) -> bool:
    """Whether a play went wrong in a way that a run would try again: a fault of that moment, or files still missing.

    What a platform's rules get wrong is wrong each time.
    """
    may_pass = play.capture.verdict.outcome == "error" or bool(play.capture.missing)
    return may_pass and any(judge_play(play))


# ------------------------------------------------------------------------------------------------------------- judging


def judge_play(play: Play) -> Iterator[Finding]:
    """What is wrong with a capture, by the state that it was taken in, and with what its platform's rules make of it."""
    problems = list(judge_outcome(play)) or list(judge_rules(play))
    yield from (Finding(play.scene.fact.platform, "played", play.scene.case, problem) for problem in problems)
    if not problems:
        for problem in judge_words(play):
            yield Finding(play.scene.fact.platform, "descriptions", play.scene.case, problem)


def judge_outcome(play: Play) -> Iterator[str]:
    """The outcome is the declared one, rests on what such an outcome must rest on, and keeps what it must keep."""
    scene, capture, found = play.scene, play.capture, play.capture.verdict
    if (found.outcome, found.reason) != scene.expected:
        yield f"{_say(found.outcome, found.reason)}, not {_say(*scene.expected)}: {found.signs}"
        return
    roles = [artifact.role for artifact in capture.artifacts]
    if found.outcome == "gone" and len({(sign.rule, sign.where) for sign in found.signs}) < 2:
        yield f"gone by one sign alone: {found.signs}"
    if found.outcome in ("blocked", "error") and "media" in roles:
        yield "something of a wall is kept as the post's file"
    if capture.status is not None and found.reason not in ("blank", "timeout") and "dom" not in roles:
        yield "what came is not kept as evidence"
    if scene.name not in scene.fact.unlike and found.embedding != scene.state.embedding:
        yield f"embedding is {found.embedding}, not {scene.state.embedding}"
    if found.outcome == "available" and ("screenshot" in roles) != (found.embedding != "refused"):
        yield f"kept is {roles}: a post in its frame is photographed, and a refusal is not"


def judge_rules(play: Play) -> Iterator[str]:
    """The rules of today say of what was kept what was said of what was seen, and would have gone to the same address."""
    capture, platform = play.capture, BY_NAME[play.scene.fact.platform]
    assert platform.visit
    url = fill_url(platform.visit.frame.url, capture.post, platform.visit)
    if url != capture.visit_url:
        yield f"the frame is at {url}, {capture.visit_url} was visited"
    page, frame = page_in_hand(capture), platform.visit.frame
    is_framed = capture.verdict.outcome == "available" and capture.verdict.embedding != "refused"
    if is_framed and not parse_html(page.dom).css_first(frame.card):
        yield f"nothing in it is the card {frame.card}"
    found = platform.visit.classify(page, capture.post)
    seen = capture.verdict
    if (found.outcome, found.reason) != (seen.outcome, seen.reason) and seen.reason != "blank":
        yield f"what was kept is {_say(found.outcome, found.reason)}, what was seen was {_say(seen.outcome, seen.reason)}"


def _say(outcome: Outcome, reason: str | None) -> str:
    if reason:
        return f"{outcome} ({reason})"
    return outcome


# ---------------------------------------------------------------------------------------------------------------- words

COMPARED = tuple(field.name for field in fields(Description) if field.name not in ("sources", "media", "text_html"))


def judge_words(play: Play) -> Iterator[str]:
    """The description equals what the replica says it published, field by field, and says where each was read."""
    visit = BY_NAME[play.scene.fact.platform].visit
    assert visit
    if play.scene.state.outcome in ("blocked", "error"):
        return
    said = visit.describe(page_in_hand(play.capture), play.capture.post)
    told = find_told(play)
    for name in COMPARED:
        mine, theirs = _plain(name, getattr(said, name)), _plain(name, told.get(name))
        if mine != theirs:
            yield f"{name} is {mine!r}, published was {theirs!r}"
    yield from _compare_files(said.media, told.get("media", ()))
    yield from _judge_rich_text(said)
    filled = {name for name in (*COMPARED, "text_html", "media") if getattr(said, name) not in (None, "", ())}
    if filled != said.sources.keys():
        yield f"sources name {sorted(filled ^ said.sources.keys())}, which are not both filled and read"
    if play.scene.expected[0] == "available" and play.scene.state.whole:
        yield from _judge_kept(play, said)


def _plain(name: str, value: Any) -> Any:
    """A value to compare: an empty text is none, and invented posts are made to the second."""
    if value in ("", ()):
        return None
    if name == "posted_at" and value:
        return value[:19]
    return value


def find_told(play: Play) -> Mapping[str, Any]:
    """What is told of the post in its state; the id alone may tell when it was made."""
    scene, post = play.scene, play.capture.post
    known = {"posted_at": BY_NAME[post.platform].date(post.native_id)}
    if scene.state.tells:
        return {**known, **scene.state.tells(scene.fact)}
    return {**known, **(find_published(scene.fact) if scene.state.outcome == "available" else {})}


def _compare_files(said: Sequence[Media], told: Sequence[Media]) -> Iterator[str]:
    """Files are the same by role, place, path, size, words and length; what follows a `?` is a signature."""
    mine, theirs = (
        {(m.role, m.position): replace(m, url=m.url.partition("?")[0]) for m in each} for each in (said, told)
    )
    for key in dict.fromkeys((*mine, *theirs)):
        if mine.get(key) != theirs.get(key):
            yield f"{key[0]} {key[1]} is {mine.get(key)}, published was {theirs.get(key)}"


def _judge_rich_text(said: Description) -> Iterator[str]:
    plain = html.unescape(re.sub(r"<[^>]*>", "", (said.text_html or "").replace("<br>", "\n")))
    if said.text_html and plain != said.text:
        yield f"text_html reads {plain!r}, text is {said.text!r}"


def _judge_kept(play: Play, said: Description) -> Iterator[str]:
    """Every file that is told of and given out is kept, in its own size; every other is said to be missing."""
    kept = {(artifact.role, artifact.position): artifact for artifact in play.capture.artifacts}
    lost = tuple(f"{m.role} {m.position}: {m.missing}" for m in said.media if m.missing)
    if play.capture.missing != lost:
        yield f"missing is {play.capture.missing}, told to be missing is {lost}"
    for media in said.media:
        artifact = kept.get((media.role, media.position))
        if artifact is None and not media.missing:
            yield f"{media.role} {media.position} is not kept"
        slides = play.scene.fact.slides
        if artifact is None or media.role != "media" or media.position > len(slides):
            continue
        slide = slides[media.position - 1]
        moving = artifact.content_type.startswith(("video/", "audio/"))
        if moving != (slide.video or play.scene.fact.kind == "audio"):
            yield f"media {media.position} is kept as {artifact.content_type}"
        if not moving and (artifact.width, artifact.height) != (slide.width, slide.height):
            yield f"media {media.position} is kept at {artifact.width} x {artifact.height}"


# ---------------------------------------------------------------------------------------------------------------- frame


def judge_frame(platform: Platform, plays: Sequence[Play]) -> Iterator[Finding]:
    """Each selector of the frame, and each move, is met in some state: what is never met cannot be seen to be wrong."""
    if platform.visit is None or not plays:
        return
    frame = platform.visit.frame
    pages = [page_in_hand(play.capture) for play in plays]
    trees = [parse_html(text) for page in pages for text in (page.dom, page.body) if text]
    done = " ".join(each for play in plays for each in play.capture.alterations)
    wanted = {"card": (frame.card,), "dead": frame.dead, "pending": frame.pending}
    for field, selectors in wanted.items():
        for css in (part for selector in selectors for part in split_selectors(selector)):
            if not any(tree.css_first(css) for tree in trees):
                yield Finding(platform.name, "frame", f"{field} {css}", "is met in no state")
    for move in frame.moves:
        if move.do != "wait" and f"{move.do} {move.css}" not in done:
            yield Finding(platform.name, "frame", f"{move.do} {move.css}", "is done in no state")
        if move.until and not any(tree.css_first(move.until) for tree in trees):
            yield Finding(platform.name, "frame", f"until {move.until}", "is met in no state")
        if move.when and not any(move.when in page.body for page in pages):
            yield Finding(platform.name, "frame", f"when {move.when}", "is in no page")


def split_selectors(css: str) -> list[str]:
    """The parts of a comma list, not those within brackets."""
    parts, depth = [""], 0
    for char in css:
        depth += (char in "([") - (char in ")]")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return [part.strip() for part in parts]
