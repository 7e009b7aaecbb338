"""What may come in a post's place without being the post, at every address alike: never `available`, never `gone`.

Every page is one that a visit can meet: an intermediary answers for the platform, a wall stands before it, or the
platform shows something else. The post may be there all the same, so nothing may be said of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from embedarchive.conformance.findings import Problem
from embedarchive.conformance.served import find_facts, find_states, serve_page
from embedarchive.conformance.visiting import find_examples
from embedarchive.core.model import Answer, Page, Post
from embedarchive.platforms import PLATFORMS
from embedarchive.platforms.kit.specification import Platform, Visitable, fill_url

PAGES = Path(__file__).parent / "pages"
JSON_404 = '{"message": "Not Found"}'

Kind = Callable[[Platform, Post], Iterator[Page]]
"""What a visit to this post brings back; more than one page where the same thing comes in several ways."""


@cache
def read_page(name: str) -> str:
    """One of the pages that come in a post's place."""
    return (PAGES / f"{name}.html").read_text("utf-8")


def answer_alike(
    platform: Platform, post: Post, body: str, status: int | None = 200, final: str = "", error: str | None = None
) -> Iterator[Page]:
    """One page at every address of the post; and in the frame's place alone, with nothing heard of the others."""
    page = replace(make_page(platform, post), status=status, body=body, dom=body, error=error)
    page = replace(page, final_url=final or page.url)
    probes = list_probes(platform, post)
    yield replace(page, answers=tuple(Answer(n, u, status, final or u, body, error) for n, u in probes.items()))
    yield replace(page, answers=tuple(Answer(n, u, None, u, "", "timeout") for n, u in probes.items()))
    yield page


def make_page(platform: Platform, post: Post) -> Page:
    """A visit to the post's frame of which nothing is known yet."""
    visit = _visit(platform)
    url = fill_url(visit.frame.url, post, visit)
    return Page(url, url, 200)


def list_probes(platform: Platform, post: Post) -> dict[str, str]:
    """The address of each probe that is asked about a post, by name."""
    visit = _visit(platform)
    filled = {probe.name: fill_url(probe.url, post, visit) for probe in visit.probes}
    return {name: url for name, url in filled.items() if url}


def _visit(platform: Platform) -> Visitable:
    assert platform.visit, f"{platform.name} cannot be visited"
    return platform.visit


def _home_of(platform: Platform, post: Post) -> str:
    if platform.hosts[0] != "*":
        host = platform.hosts[0]
    else:
        host = post.native_id.partition("/")[0]
    return f"https://www.{host}/"


# --------------------------------------------------------------------------------------------------------------- kinds


def no_answer(platform: Platform, post: Post) -> Iterator[Page]:
    yield from answer_alike(platform, post, "", None, error="timeout")


def empty(platform: Platform, post: Post) -> Iterator[Page]:
    yield from answer_alike(platform, post, "")
    yield from answer_alike(platform, post, "<html><head></head><body></body></html>")


def server_error(platform: Platform, post: Post) -> Iterator[Page]:
    yield from answer_alike(platform, post, read_page("server-error"), 500)


def html_404(platform: Platform, post: Post) -> Iterator[Page]:
    yield from answer_alike(platform, post, read_page("intermediary-404"), 404)


def json_404(platform: Platform, post: Post) -> Iterator[Page]:
    yield from answer_alike(platform, post, JSON_404, 404)


def captive_portal(platform: Platform, post: Post) -> Iterator[Page]:
    yield from answer_alike(platform, post, read_page("captive-portal"))
    yield from answer_alike(platform, post, read_page("captive-portal"), final="http://portal.example/welcome")


def challenge(platform: Platform, post: Post) -> Iterator[Page]:
    for status in (200, 403, 404, 429, 503):
        yield from answer_alike(platform, post, read_page("challenge"), status)


def consent(platform: Platform, post: Post) -> Iterator[Page]:
    page = read_page("consent").replace("ADDRESS", make_page(platform, post).url)
    yield from answer_alike(platform, post, page)
    yield from answer_alike(platform, post, page, final="https://consent.example/m?continue=https%3A%2F%2Fexample%2F")


def home_page(platform: Platform, post: Post) -> Iterator[Page]:
    home = _home_of(platform, post)
    page = read_page("home").replace("HOME", home).replace("TITLE", platform.title)
    yield from answer_alike(platform, post, page)
    yield from answer_alike(platform, post, page, final=home)


def ordinary_article(platform: Platform, post: Post) -> Iterator[Page]:
    yield from answer_alike(platform, post, read_page("article"))
    yield from answer_alike(platform, post, read_page("article"), final="https://harbour-post.example/ferry")


def other_platforms_post(platform: Platform, post: Post) -> Iterator[Page]:
    """The frame of each other platform that the replica plays."""
    for shown in _serve_one_each(platform.name):
        yield from answer_alike(platform, post, shown.body)


@cache
def _serve_one_each(left_out: str) -> tuple[Page, ...]:
    names = (p.name for p in PLATFORMS if p.name != left_out)
    return tuple(serve_page(facts[0]) for name in names if (facts := find_facts(name)))


def other_post(platform: Platform, post: Post) -> Iterator[Page]:
    """Another post of the same platform, as the replica serves it: whole, and in the frame alone."""
    facts = (fact for fact in find_facts(platform.name) if fact.key != post.native_id)
    for fact in facts:
        yield from put_in_place(platform, post, serve_page(fact))


def other_post_behind_a_refusal(platform: Platform, post: Post) -> Iterator[Page]:
    """The frame that is refused, and another post where the page or the service should have told of this one."""
    facts = [fact for fact in find_facts(platform.name) if fact.key != post.native_id]
    for name, state in find_states(platform.name).items() if facts else ():
        if state.embedding == "refused":
            yield from put_in_place(platform, post, serve_page(facts[0], name))


def put_in_place(platform: Platform, post: Post, shown: Page) -> Iterator[Page]:
    """The page of another post under this post's address, and after a redirect; with its answers, and without."""
    own = make_page(platform, post)
    answers = tuple(replace(a, url=url) for a in shown.answers for url in _own_address(platform, post, a.name))
    for page in (replace(shown, url=own.url, final_url=own.url), replace(shown, url=own.url)):
        yield replace(page, answers=answers)
        yield replace(page, answers=tuple(Answer(a.name, a.url, None, a.url, "", "timeout") for a in answers))
        yield replace(page, answers=())


def _own_address(platform: Platform, post: Post, name: str) -> Iterator[str]:
    probes = list_probes(platform, post)
    if name in probes:
        yield probes[name]


KINDS: Mapping[str, Kind] = {
    "no answer": no_answer,
    "empty": empty,
    "500": server_error,
    "HTML 404": html_404,
    "JSON 404": json_404,
    "captive portal": captive_portal,
    "challenge": challenge,
    "consent": consent,
    "home page": home_page,
    "article": ordinary_article,
    "another platform's post": other_platforms_post,
    "another post": other_post,
    "another post behind a refusal": other_post_behind_a_refusal,
}
"""Every kind of nothing seen, by the name of its case."""


def check_nothing_seen(platform: Platform) -> Iterator[Problem]:
    """No page of any kind makes a post available or gone."""
    for kind in KINDS:
        yield from judge_nothing_seen(platform, kind)


def judge_nothing_seen(platform: Platform, kind: str) -> Iterator[Problem]:
    """What is wrong with the verdicts on one kind, each kind of wrong once."""
    if platform.visit:
        posts = {post.key: post for post in find_examples(platform)}
    else:
        posts = {}
    met = ((post, page) for post in posts.values() for page in KINDS[kind](platform, post))
    yield from ((kind, problem) for problem in _judge(platform, met))


def judge_drawn(platform: Platform, drawn: Mapping[Post, Page]) -> Iterator[Problem]:
    """The same of living posts as a browser drew them: every other platform's, and every other of its own."""
    posts = [post for post in drawn if post.platform == platform.name]
    strangers = [page for post, page in drawn.items() if post.platform != platform.name]
    alike = ((p, page) for p in posts[:1] for each in strangers for page in answer_alike(platform, p, each.dom))
    others = ((p, page) for p in posts for q in posts if p != q for page in put_in_place(platform, p, drawn[q]))
    yield from (("another platform's post, drawn", problem) for problem in _judge(platform, alike))
    yield from (("another post, drawn", problem) for problem in _judge(platform, others))


def _judge(platform: Platform, met: Iterable[tuple[Post, Page]]) -> Iterator[str]:
    wrong: dict[str, str] = {}
    for post, page in met:
        found = _visit(platform).classify(page, post)
        if found.outcome in ("available", "gone"):
            told = ", ".join(f"{a.name} {a.status}" for a in page.answers) or "no probe"
            said = f"{found.outcome} ({post.key}, status {page.status}, {told}): {found.signs}"
            wrong.setdefault(found.outcome, said)
    yield from wrong.values()
