"""Responses that others recorded -> what they show of posts, as captures that say who saw it.

`read_address` says which post an address is about and what of it (its frame, its own page, an answer of a service);
`gather` puts what was recorded of one post within a day together; `judge` has the platform's own rules say what that means;
`make_capture` makes the capture of it. Nothing is asked of anybody, and nothing is ever made up of what was not recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from embedarchive.browser.pictures import look_at, size_of, sniff
from embedarchive.browser.redact import redact_headers, redact_url
from embedarchive.core.decode import decode_html
from embedarchive.core.image_hash import hash_picture
from embedarchive.core.model import Answer, Artifact, Capture, Exchange, Media, Origin, Page, Post, Verdict
from embedarchive.core.standing import seconds_between
from embedarchive.detect import identify_post
from embedarchive.detect.identity import make_post
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.recorded import NOT_RECORDED, describe_recorded, judge_recorded
from embedarchive.platforms.kit.specification import Platform, Visitable, fill_url

FRAME = "frame"
PAGE = "page"
TOGETHER_S = 86_400
"""What was recorded of a post within a day is taken for one sight of it."""
MOST_HOPS = 5
MOST_FILES = 80
_EXPECTED = {
    "media": ("image/", "video/", "audio/"),
    "poster": ("image/",),
    "avatar": ("image/",),
    "subtitles": ("text/vtt",),
}


@dataclass(frozen=True, slots=True)
class Witness:
    """Who saw what is imported or recovered.

    `origin` is `import` (a file that we were given) or `memento` (a web archive that was asked). `seen_by` names who: the
    software that wrote the file, or the archive; `source` says where it was found: a file's name, or the memento's address.
    """

    origin: Origin
    seen_by: str
    source: str


@dataclass(frozen=True, slots=True)
class Sight:
    """What was recorded of one post within a day: its frame or none, and answers by the name of their probe.

    `hops` are the redirects before the frame, in order.
    """

    post: Post
    frame: Exchange | None = None
    hops: tuple[Exchange, ...] = ()
    answers: tuple[tuple[str, Exchange], ...] = ()

    @property
    def seen_at(self) -> str:
        """When the post looked so: the moment of its frame, else of the first answer."""
        if self.frame:
            return self.frame.started_at
        return min(each.started_at for _, each in self.answers)


@dataclass(frozen=True, slots=True)
class JudgedSight:
    """A sight, the page that it is for the platform's rules, and what they say of it."""

    sight: Sight
    page: Page
    verdict: Verdict


# ------------------------------------------------------------------------------------------------------------ addresses


def read_address(url: str, post: Post | None = None) -> tuple[Post, str] | None:
    """The post that a recorded address is about, and what of it: `frame`, `page`, or the name of a probe.

    With a `post` only what is about that one. None for any other address, and of platforms that cannot be visited.
    """
    if heard := find_heard(url):
        return heard if post is None or post.key == heard[0].key else None
    named = identify_post(url)
    about = post or named
    platform = None
    if about and about.resolved:
        platform = BY_NAME.get(about.platform)
    if about is None or platform is None or platform.visit is None:
        return None
    is_own = named is not None and named.key == about.key
    role = _find_role(url, about, platform, platform.visit, is_own=is_own)
    if role:
        return (about, role)
    return None


def find_heard(url: str) -> tuple[Post, str] | None:
    """The post that an answer to a platform's own page is about, by its address, and the probe that it is an answer to."""
    for platform, role, pattern in _list_heard():
        if found := pattern.match(url):
            return make_post(platform, found[1]), role
    return None


@lru_cache(maxsize=1)
def _list_heard() -> tuple[tuple[Platform, str, re.Pattern[str]], ...]:
    visitable = [(platform, platform.visit) for platform in PLATFORMS if platform.visit]
    return tuple((each, role, re.compile(pattern)) for each, visit in visitable for role, pattern in visit.heard)


def _find_role(url: str, post: Post, platform: Platform, visit: Visitable, *, is_own: bool) -> str | None:
    parts = _split(url)
    if parts is None:
        return None
    shows = platform.is_frame(parts)
    frame = fill_url(visit.frame.url, post, visit)
    is_frame = _is_same_place(url, frame, post) and (shows or not platform.is_frame(urlsplit(frame)))
    if is_frame or (is_own and shows):
        return FRAME
    probes = {probe.name: fill_url(probe.url, post, visit) for probe in visit.probes}
    asked = next((name for name, place in probes.items() if place and _is_same_place(url, place, post)), None)
    if asked or not is_own or platform.identify(parts) != post.native_id:
        return asked
    pages = (probe.name for probe in visit.probes if probe.navigate and _is_page(probes[probe.name], platform, post))
    return next(pages, PAGE)


def _is_page(url: str, platform: Platform, post: Post) -> bool:
    """Whether a probe asks for the post's own page."""
    parts = _split(url)
    return parts is not None and platform.identify(parts) == post.native_id and not platform.is_frame(parts)


def _is_same_place(url: str, place: str, post: Post) -> bool:
    """Whether two addresses ask the same of a post: host and path are the same, and what of the query names it."""
    one, other = _split(url), _split(place)
    if one is None or other is None or _name_place(one, post) != _name_place(other, post):
        return False
    given, number = dict(parse_qsl(one.query)), post.native_id.rpartition("/")[2]
    for name, value in parse_qsl(other.query):
        if number in value or identify_post(value):
            told = given.get(name, "")
            inner = None
            if "/" in told:
                inner = identify_post(told)
            if told != value and (inner is None or inner.key != post.key):
                return False
    return True


def _split(url: str) -> Any:
    try:
        parts = urlsplit(url)
        if parts.hostname:
            return parts
        return None
    except ValueError:
        return None


def _name_place(parts: Any, post: Post) -> tuple[str, str]:
    """Host and path without what makes no difference: `www.`, and which of the platform's names the host is under."""
    host = parts.hostname.removeprefix("www.")
    for name in BY_NAME[post.platform].hosts:
        if host == name or host.endswith(f".{name}"):
            host = f"{host.removesuffix(name)}{post.platform}"
            break
    return host, unquote(parts.path).rstrip("/")


# ------------------------------------------------------------------------------------------------------------- gathering


def gather(post: Post, recorded: Iterable[Exchange]) -> list[Sight]:
    """What was recorded of a post, one sight a day, the earliest first; of one thing seen twice a day each is a sight.

    Each exchange needs `url`, `status`, `response_headers`, `body` (decoded), `content_type` and `started_at`.
    """
    held = sorted(recorded, key=lambda each: each.started_at)
    named = [(each, about[1]) for each in held if (about := read_address(each.url, post))]
    frames = [each for each, role in named if role == FRAME and not _is_hop_to(each, held)]
    answers = [(role, each) for each, role in named if role != FRAME]
    sights = [Sight(post, *_follow(frame, held)) for frame in frames]
    used: set[int] = set()
    for place, sight in enumerate(sights):
        near = _choose_near(sight.seen_at, answers)
        used.update(id(each) for _, each in near)
        sights[place] = replace(sight, answers=tuple((role, _arrive(each, held)) for role, each in near))
    rest = [(role, each) for role, each in answers if id(each) not in used]
    while rest:
        near = _choose_near(rest[0][1].started_at, rest)
        sights.append(Sight(post, answers=tuple((role, _arrive(each, held)) for role, each in near)))
        chosen = {id(each) for _, each in near}
        rest = [(role, each) for role, each in rest if id(each) not in chosen]
    return sorted(sights, key=lambda sight: sight.seen_at)


def _choose_near(at: str, answers: Sequence[tuple[str, Exchange]]) -> list[tuple[str, Exchange]]:
    """Of each name the answer nearest to a moment, within a day of it; a good answer before any other."""
    chosen: dict[str, Exchange] = {}
    near = [each for each in answers if abs(seconds_between(at, each[1].started_at)) <= TOGETHER_S]
    near.sort(key=lambda each: (each[1].status != 200, abs(seconds_between(at, each[1].started_at))))
    for role, each in near:
        chosen.setdefault(role, each)
    return list(chosen.items())


def _is_hop_to(exchange: Exchange, held: Sequence[Exchange]) -> bool:
    """Whether this is where a recorded redirect of the same minute leads: it is told by that one."""
    moment = exchange.started_at[:16]
    return any(
        _find_target(each) == exchange.url for each in held if each is not exchange and each.started_at[:16] == moment
    )


def _find_target(exchange: Exchange) -> str | None:
    if exchange.status is None or not 300 <= exchange.status < 400:
        return None
    location = next((value for name, value in exchange.response_headers if name.lower() == "location"), None)
    try:
        if location:
            return urljoin(exchange.url, location)
        return None
    except ValueError:
        return None


def _follow(first: Exchange, held: Sequence[Exchange]) -> tuple[Exchange, tuple[Exchange, ...]]:
    """Where recorded redirects lead from an exchange, and the redirects."""
    hops: list[Exchange] = []
    now = first
    while (target := _find_target(now)) and len(hops) < MOST_HOPS:
        found = [each for each in held if each.url == target and each not in hops]
        if not found:
            break
        hops.append(now)
        now = min(found, key=lambda each: abs(seconds_between(first.started_at, each.started_at)))
    return now, tuple(hops)


def _arrive(first: Exchange, held: Sequence[Exchange]) -> Exchange:
    return _follow(first, held)[0]


# ---------------------------------------------------------------------------------------------------------- judging


def judge(sight: Sight, dom: str = "") -> JudgedSight:
    """Have the rules of the platform say what was seen. `dom` is the frame as rendered, where that was recorded too."""
    visit = _visit_of(sight.post)
    page = _make_page(sight, dom)
    return JudgedSight(sight, page, judge_recorded(page, sight.post, visit))


def _visit_of(post: Post) -> Visitable:
    visit = BY_NAME[post.platform].visit
    assert visit is not None, "only addresses of platforms that can be visited are read"
    return visit


def _make_page(sight: Sight, dom: str) -> Page:
    answers = tuple(make_answer(name, each) for name, each in sight.answers)
    frame = sight.frame
    if frame is None:
        first = sight.answers[0][1].url
        return Page(first, first, None, answers=answers, error=NOT_RECORDED)
    asked = (sight.hops or (frame,))[0].url
    redirects = tuple((each.status or 302, each.url) for each in sight.hops)
    error = None
    if frame.status is None:
        error = frame.error
    where = _find_target(frame) or frame.url
    return Page(
        asked, where, frame.status, _read_text(frame), dom, frame.response_headers, redirects, answers,
        error, frame.truncated,
    )  # fmt: skip


def make_answer(name: str, exchange: Exchange) -> Answer:
    """What was recorded of an answer, as a platform's rules read it."""
    if exchange.status is None:
        error = exchange.error
    else:
        error = exchange.truncated
    return Answer(name, exchange.url, exchange.status, exchange.url, _read_text(exchange), error)


def _read_text(exchange: Exchange) -> str:
    return decode_html(exchange.body or b"", exchange.content_type)


# ---------------------------------------------------------------------------------------------------------- capturing


def name_files(judged: JudgedSight) -> tuple[Media, ...]:
    """The files of which a post consists, by what was recorded of it; none where the post was not seen."""
    if judged.verdict.outcome != "available":
        return ()
    return describe_recorded(judged.page, judged.sight.post, _visit_of(judged.sight.post)).media[:MOST_FILES]


def make_capture(
    judged: JudgedSight,
    witness: Witness,
    now: str,
    files: Mapping[str, Exchange] | None = None,
    screenshot: bytes | None = None,
) -> Capture:
    """The capture of what was recorded, taken over `now` (ISO 8601): as it was seen, by whom, and never as our own visit.

    `files` are recorded answers with media by their address (as `name_files` names them); what is not there is missing.
    `screenshot` is a picture of the very frame, where whoever recorded it took one.
    """
    sight, page = judged.sight, judged.page
    exchanges = [replace(hop, resource_type="document") for hop in sight.hops]
    exchanges += [replace(sight.frame, resource_type="document")] if sight.frame else []
    exchanges += [replace(each, resource_type=f"probe:{name}") for name, each in sight.answers]
    artifacts, missing = [*_keep_picture(screenshot)], []
    if page.dom:
        artifacts.append(
            Artifact("dom", page.dom.encode("utf-8", "replace"), "text/html; charset=utf-8", url=page.final_url)
        )
    for media in name_files(judged):
        exchange = _find_file(media.url, files or {})
        if media.missing:
            missing.append(f"{media.name}: {media.missing}")
        elif exchange and (made := _keep_file(media, exchange)):
            artifacts.append(made)
            exchanges.append(replace(exchange, resource_type="media"))
        else:
            missing.append(f"{media.name}: {NOT_RECORDED}")
    return Capture(
        post=sight.post,
        visit_url=redact_url(page.url),
        final_url=redact_url(page.final_url),
        started_at=sight.seen_at,
        finished_at=max(sight.seen_at, *(each.started_at for each in exchanges)),
        verdict=judged.verdict,
        status=page.status,
        artifacts=tuple(artifacts),
        exchanges=tuple(map(_redact, exchanges)),
        missing=tuple(missing),
        environment=_tell_witness(page, witness, now),
        origin=witness.origin,
        seen_at=sight.seen_at,
    )


def _tell_witness(page: Page, witness: Witness, now: str) -> dict[str, Any]:
    noted = {"page_error": page.error, "page_truncated": page.truncated}
    told = {"seen_by": witness.seen_by, "source": witness.source, "taken_over_at": now}
    return told | {name: value for name, value in noted.items() if value}


def _redact(exchange: Exchange) -> Exchange:
    """The exchange as it is kept: whoever recorded it may have been logged in."""
    return replace(
        exchange,
        url=redact_url(exchange.url),
        request_headers=redact_headers(exchange.request_headers),
        response_headers=redact_headers(exchange.response_headers),
    )


def _keep_picture(screenshot: bytes | None) -> Iterator[Artifact]:
    if not screenshot:
        return
    try:
        picture = look_at(screenshot)
    except (OSError, ValueError, SyntaxError):
        return  # no picture, whatever it was called
    kind = sniff(screenshot) or "image/png"
    yield Artifact("screenshot", screenshot, kind, 0, None, picture.width, picture.height, dhash=picture.dhash)
    yield Artifact("thumbnail", picture.thumbnail, "image/jpeg", 0, None, *picture.thumbnail_size)


def _find_file(url: str, files: Mapping[str, Exchange]) -> Exchange | None:
    """The recorded answer of a file: at its address, else where only what is signed in the address differs."""
    return files.get(url) or files.get(without_query(url))


@lru_cache(maxsize=4096)
def without_query(url: str) -> str:
    """An address without its query and fragment: what is signed stands there."""
    return url.partition("#")[0].partition("?")[0]


def _keep_file(media: Media, exchange: Exchange) -> Artifact | None:
    if not exchange.body or exchange.status not in (200, 203, 206):
        return None
    kind = sniff(exchange.body)
    if kind is None or not kind.startswith(_EXPECTED[media.role]):
        return None
    is_picture = kind.startswith("image/")
    width, height = size_of(exchange.body) if is_picture else (media.width, media.height)
    dhash = None
    if is_picture and media.role in ("media", "poster"):
        dhash = hash_picture(exchange.body)
    cut = exchange.truncated or ("partial_content" if exchange.status == 206 else None)
    return Artifact(media.role, exchange.body, kind, media.position, media.url, width, height, media.alt, cut, dhash)
