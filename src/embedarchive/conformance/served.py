"""A post of the replica -> what its platform's servers answer, asked without a network and without a browser."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from embedarchive.core.model import Answer, Page, Post
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Platform, fill_url
from embedarchive.replica import PostFact, State
from embedarchive.replica.sites import Site, answer_request, find_sites
from embedarchive.replica.wire import Reply, Request
from embedarchive.replica.world import World

_NAVIGATION = (
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
    ),
    ("accept-language", "en-US,en;q=0.9"),
    ("sec-fetch-mode", "navigate"),
)
_MOST_REDIRECTS = 5


@cache
def load_sites() -> tuple[Site, ...]:
    """The replica's sites, once."""
    return find_sites()


def find_facts(platform: str) -> tuple[PostFact, ...]:
    """The posts that the replica has of a platform; none when it does not play it."""
    return tuple(fact for site in load_sites() for fact in site.posts if fact.platform == platform)


def find_states(platform: str) -> Mapping[str, State]:
    """The states that the replica can set a platform's posts to; none when it does not play it."""
    return next((site.states for site in load_sites() if site.posts and site.posts[0].platform == platform), {})


def find_published(fact: PostFact) -> Mapping[str, Any]:
    """What the replica publishes of a living post."""
    site = next(site for site in load_sites() if fact in site.posts)
    assert site.publishes, f"the replica does not say what it publishes of {fact.platform}"
    return site.publishes(fact)


def set_world(fact: PostFact, state: str) -> World:
    """A world of its own in which a post of the replica is in that state."""
    return World(tuple(each for site in load_sites() for each in site.posts), states={fact.key: state})


def serve_page(fact: PostFact, state: str = "live") -> Page:
    """The frame of a post of the replica in one of its states, and the answers to all its probes."""
    platform, post = BY_NAME[fact.platform], identify_post(fact.url)
    assert post, f"{fact.url} names no post"
    visit = platform.visit
    assert visit, f"{platform.name} cannot be visited"
    world = set_world(fact, state)
    url = fill_url(visit.frame.url, post, visit)
    reply, final = ask_replica(world, url, referrer=visit.frame.referrer)
    answers = tuple(_ask_probes(platform, post, world))
    if reply.ending:
        return Page(url, url, None, error="connection", answers=answers)
    return Page(url, final, reply.status, read_reply(reply), answers=answers)


def _ask_probes(platform: Platform, post: Post, world: World) -> Iterator[Answer]:
    assert platform.visit
    for name, template in {probe.name: probe.url for probe in platform.visit.probes}.items():
        url = fill_url(template, post, platform.visit)
        if url:
            reply, final = ask_replica(world, url)
            status: int | None = reply.status
            if reply.ending:
                status = None
            yield Answer(name, url, status, final, read_reply(reply), reply.ending or None)


def ask_replica(world: World, url: str, referrer: str = "") -> tuple[Reply, str]:
    """What the replica answers at an address, after redirects, and where that is."""
    reply = Reply()
    for _ in range(_MOST_REDIRECTS):
        parts = urlsplit(url)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        headers: tuple[tuple[str, str], ...] = _NAVIGATION
        if referrer:
            headers = (*_NAVIGATION, ("referer", referrer))
        reply = answer_request(load_sites(), world, Request("GET", "https", parts.hostname or "", target, headers))
        if not 300 <= reply.status < 400:
            break
        url = urljoin(url, reply.header("location"))
    return reply, url


def read_reply(reply: Reply) -> str:
    """The text of an answer, as much of it as is sent."""
    body = reply.body
    if callable(body):
        body = body()
    return body[: round(len(body) * reply.sent)].decode("utf-8", "replace")
