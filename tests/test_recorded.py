"""What others recorded of posts: judged by the platforms' own rules, kept as theirs, never a check, never due."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urljoin

import pytest

from embedarchive.conformance.playing import Scene, list_scenes
from embedarchive.conformance.served import ask_replica, find_facts, serve_page, set_world
from embedarchive.core.model import Answer, Capture, Description, Exchange, Page, Post
from embedarchive.core.version import __version__
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.recorded import NOT_RECORDED, PAGE, describe_recorded, judge_recorded
from embedarchive.platforms.kit.specification import Platform
from embedarchive.run.recorded import FRAME, Witness, gather, judge, make_capture, name_files, read_address
from embedarchive.store import Archive
from embedarchive.store.optouts import OptOut, add_optouts
from embedarchive.store.recorded import keep_recorded

THEN, NOW = "2024-03-09T10:00:00.000Z", "2026-11-27T12:00:00.000Z"
CRAWLER = Witness("import", "Browsertrix-Crawler 1.5.0", "harbour.wacz!archive/data.warc.gz")
VISITABLE = [platform for platform in PLATFORMS if platform.visit and find_facts(platform.name)]
SCENES = [scene for platform in VISITABLE for scene in list_scenes(platform)]
BLIND = {"spotify", "tumblr", "twitch", "vk"}
"""Of these no answer beside the frame tells all of a post."""


def find_post(scene: Scene) -> Post:
    post = identify_post(scene.fact.url)
    assert post
    return post


def as_exchange(url: str, status: int | None, body: str, kind: str = "text/html", at: str = THEN) -> Exchange:
    return Exchange(url, status=status, body=body.encode(), content_type=kind, started_at=at)


def record(page: Page) -> list[Exchange]:
    """A page and its answers as a crawler would have written them down: as they were served, and nothing drawn."""
    frame = [as_exchange(page.final_url, page.status, page.body)] if page.status else []
    return [*frame, *(record_answer(answer) for answer in page.answers)]


def record_answer(answer: Answer) -> Exchange:
    return as_exchange(answer.final_url or answer.url, answer.status, answer.body, "application/json")


def record_live(name: str) -> tuple[Post, list[Exchange]]:
    scene = next(scene for scene in list_scenes(BY_NAME[name]) if scene.name == "live")
    return find_post(scene), record(serve_page(scene.fact))


# ------------------------------------------------------------------------------------------------------------- judging


@pytest.mark.parametrize("platform", VISITABLE, ids=lambda each: each.name)
def test_a_living_post_is_seen_in_what_was_recorded_of_it(platform: object) -> None:
    name = platform.name  # type: ignore[attr-defined]
    post, recorded = record_live(name)
    [sight] = gather(post, recorded)
    assert judge(sight).verdict.outcome == "available", judge(sight)
    if name in BLIND:
        return
    alone = [each for each in recorded if read_address(each.url, post) != (post, FRAME)]
    [sight] = gather(post, alone)
    told = judge(sight)
    assert (told.verdict.outcome, told.verdict.embedding) == ("available", None), told.verdict
    assert told.verdict.signs, "it rests on something that was recorded"
    assert told.page.error == NOT_RECORDED


@pytest.mark.parametrize("scene", SCENES, ids=lambda each: f"{each.fact.platform} {each.case}")
def test_what_was_recorded_of_a_post_is_never_more_than_was_there(scene: Scene) -> None:
    """A wall, a shell, a denial or another post in the frame is no post, whatever platform it is of."""
    post, page = find_post(scene), serve_page(scene.fact, scene.name)
    visit = BY_NAME[post.platform].visit
    assert visit
    frame = judge_recorded(replace(page, answers=()), post, visit)
    assert frame.outcome != "gone", "one frame alone proves no loss"
    if scene.name not in ("live", "truncated", "old_server") and scene.expected[0] != "available":
        assert frame.outcome != "available", frame
    nothing = Page(page.url, page.url, None, error=NOT_RECORDED)
    assert judge_recorded(nothing, post, visit).outcome == "error", "the frame that stands in says nothing by itself"


def test_another_post_in_the_frame_is_never_made_good_by_an_answer() -> None:
    for scene in SCENES:
        page, post = serve_page(scene.fact, scene.name), find_post(scene)
        visit = BY_NAME[post.platform].visit
        assert visit
        if visit.classify(page, post).reason == "wrong_post":
            assert judge_recorded(page, post, visit).reason == "wrong_post", scene.case


@pytest.mark.parametrize("platform", VISITABLE, ids=lambda each: each.name)
def test_every_address_that_a_visit_asks_is_known_again(platform: object) -> None:
    post, recorded = record_live(platform.name)  # type: ignore[attr-defined]
    roles = [read_address(each.url, post) for each in recorded]
    assert roles[0] == (post, FRAME)
    assert len({role for role in roles if role}) == len(recorded), roles


@pytest.mark.parametrize(
    ("url", "role"),
    [
        ("https://www.instagram.com/p/DUm6L771dVL/embed/", "frame"),
        ("https://instagram.com/p/DUm6L771dVL/embed/captioned/?cr=1", "frame"),
        ("https://www.instagram.com/reel/DUm6L771dVL/", "page"),
        ("https://www.instagram.com/api/v1/oembed/?url=https://www.instagram.com/p/DUm6L771dVL/", "oembed"),
        ("https://platform.twitter.com/embed/Tweet.html?theme=dark&id=2028598996631503871", "frame"),
        ("https://cdn.syndication.twimg.com/tweet-result?id=2028598996631503871&token=x", "result"),
        ("https://publish.twitter.com/oembed?url=https://twitter.com/a/status/2028598996631503871", "oembed"),
        ("https://twitter.com/somebody/status/2028598996631503871", "page"),
        ("https://t.me/yakei_channel/1208?embed=1", "frame"),
        ("https://www.youtube-nocookie.com/embed/q7ZxLrT2fNo", "frame"),
        ("https://www.instagram.com/accounts/login/?next=/p/DUm6L771dVL/", None),
        ("https://news.example/p/DUm6L771dVL/", None),
    ],
)
def test_an_address_says_what_it_is_of_a_post(url: str, role: str | None) -> None:
    about = read_address(url)
    assert (about and about[1]) == role


# ------------------------------------------------------------------------------------------------------- public pages

WHO = {"@type": "Person", "name": "Mara Lind", "url": "https://example.org/mara"}


def write_page(post: Post, url: str, kind: str = "VideoObject", canonical: str = "") -> str:
    """A public page that says whose it is twice: by its canonical address, and by an object of schema.org's at `url`."""
    said = {"@context": "https://schema.org", "@type": kind, "url": url, "name": "The harbour", "description": "Fog over it",
            "author": [WHO], "uploadDate": "2024-03-08T09:00:00Z", "thumbnailUrl": ["https://cdn.example/a.jpg"]}  # fmt: skip
    head = f'<link rel="canonical" href="{canonical or post.url}">'
    return f'<html><head>{head}<script type="application/ld+json">{json.dumps(said)}</script></head></html>'


def judge_page(post: Post, body: str, status: int = 200) -> tuple[str, Description]:
    """What is made of a crawl of the post's own page, and of nothing else."""
    answer = Answer(PAGE, post.url, status, post.url, body)
    page = Page(post.url, post.url, None, answers=(answer,), error=NOT_RECORDED)
    visit = BY_NAME[post.platform].visit
    assert visit
    return judge_recorded(page, post, visit).outcome, describe_recorded(page, post, visit)


UNREAD = [each for each in VISITABLE if each.visit and PAGE not in {probe.name for probe in each.visit.probes}]


@pytest.mark.parametrize("platform", UNREAD, ids=lambda each: each.name)
def test_a_public_page_that_names_its_post_twice_tells_of_it_and_no_other_does(platform: Platform) -> None:
    scene = next(scene for scene in list_scenes(platform) if scene.name == "live")
    post = find_post(scene)
    outcome, said = judge_page(post, write_page(post, post.url))
    assert outcome == "available"
    assert (said.author_name, said.title, said.text, said.posted_at) == (
        "Mara Lind", "The harbour", "Fog over it", "2024-03-08T09:00:00.000Z",
    )  # fmt: skip
    other = urljoin(post.url, "/aaaaaaaaaaa")
    for body, status in (
        (write_page(post, other), 200),  # of another post: a list, or what comes next
        (write_page(post, post.url, canonical=other), 200),
        (write_page(post, post.url, canonical="https://news.example/harbour"), 200),  # an article that embeds it
        (write_page(post, "https://news.example/harbour"), 200),
        (write_page(post, post.url, "Person"), 200),
        (write_page(post, post.url, "NewsArticle"), 200),
        (write_page(post, post.url), 404),
        (f'<link rel="canonical" href="{post.url}"><meta property="og:title" content="Log in">', 200),
        ("", 200),
    ):
        outcome, said = judge_page(post, body, status)
        assert (outcome, said.author_name, said.text) == ("error", None, None), body


FILM = "q7ZxLrT2fNo"
OWN_PAGES = {
    "a film's state": (
        f"https://www.youtube.com/watch?v={FILM}",
        'var ytInitialPlayerResponse = {"playabilityStatus":{"status":"OK"},"videoDetails":{"videoId":"q7ZxLrT2fNo",'
        '"title":"The harbour","author":"Mara Lind","shortDescription":"Fog","viewCount":"12"}};',
        ("Mara Lind", "Fog"),
    ),
    "microdata": (
        f"https://www.youtube.com/watch?v={FILM}",
        f'<link rel=canonical href="https://www.youtube.com/watch?v={FILM}"><div itemscope itemtype="http://schema.org/'
        f'VideoObject"><link itemprop=url href="https://www.youtube.com/watch?v={FILM}"><meta itemprop=name content="Fog">'
        '<span itemprop=author itemscope itemtype="http://schema.org/Person"><link itemprop=name content="Mara Lind"></span>'
        "</div>",
        ("Mara Lind", "Fog"),
    ),
    "Reddit's element": (
        "https://www.reddit.com/r/birds/comments/1ab2cd/",
        '<shreddit-post id="t3_1ab2cd" author="mara" post-title="The harbour" created-timestamp="2024-03-08T09:00:00+00:00">'
        "<div slot=text-body><p>Fog</p></div></shreddit-post><shreddit-post id=t3_zz author=other post-title=Other>",
        ("mara", "Fog"),
    ),
    "a post as X draws it": (
        "https://x.com/mara/status/1766400000000000000",
        '<article data-testid="tweet"><a href="/other/status/1"><time></time></a>'
        "<div data-testid=tweetText>Before</div></article>"
        '<article data-testid="tweet"><div data-testid="User-Name"><a href="/mara"><span>Mara Lind</span></a></div>'
        '<div data-testid=tweetText>Fog</div><a href="/mara/status/1766400000000000000"><time></time></a>'
        '<div role=link><div data-testid="User-Name"><span>Other</span></div>'
        "<div data-testid=tweetText>Quoted</div></div></article>",
        ("Mara Lind", "Fog"),
    ),
    "the head of a status's page": (
        "https://social.example/@mara/113628000000000000",
        '<meta property="og:type" content="article"><meta property="og:title" content="Mara Lind (@mara@social.example)">'
        '<meta property="og:url" content="https://social.example/@mara/113628000000000000">'
        '<meta property="og:description" content="Angeh\u00e4ngt: 1 Bild\n\nFog">'
        '<meta property="og:image" content="https://social.example/a.jpg"><meta property="og:image:alt" content="Fog">'
        '<meta property="twitter:card" content="summary_large_image">',
        ("Mara Lind", "Fog"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", OWN_PAGES)
def test_pages_in_the_platform_s_own_markup_tell_of_their_post_only(name: str) -> None:
    url, body, told = OWN_PAGES[name]
    post = identify_post(url)
    assert post
    outcome, said = judge_page(post, body)
    assert (outcome, said.author_name, said.text) == ("available", *told)
    own = post.native_id.rpartition("/")[2]
    number = own[:-1] + "9"
    other = replace(post, native_id=post.native_id.replace(own, number), url=post.url.replace(own, number))
    assert judge_page(other, body)[0] == "error"
    for spoiled in (
        body.replace('"OK"', '"ERROR"').replace("VideoObject", "Person"),
        body.replace("mara", "[deleted]"),
        "<p>",
    ):
        if spoiled != body and not (name.startswith(("micro", "a post")) and "[deleted]" in spoiled):
            assert judge_page(post, spoiled)[0] == "error"


@pytest.mark.parametrize("platform", ["mastodon", "truthsocial"])
def test_a_frame_whose_script_never_ran_tells_of_its_own_status_only(platform: str) -> None:
    post, [frame, *_] = record_live(platform)
    [sight] = gather(post, [replace(frame, body=(frame.body or b"").replace(b'class="detailed-status', b'class="x'))])
    judged = judge(sight)
    visit = BY_NAME[platform].visit
    assert judged.verdict.outcome == "available"
    assert visit
    assert describe_recorded(judged.page, post, visit).text
    number = post.native_id.rpartition("/")[2].encode()
    for spoiled in (
        (frame.body or b"").replace(number, number[::-1]),
        (frame.body or b"").replace(b"initial-state", b"state"),
        (frame.body or b"").replace(b'"url"', b'"uri_of"'),
        (frame.body or b"").replace(b"/@", b".evil.example/@"),
        (frame.body or b"")[:-20],
    ):
        [sight] = gather(post, [replace(frame, body=spoiled)])
        assert judge(sight).verdict.outcome != "available", spoiled[-300:]


def test_what_a_page_of_x_asks_for_is_read_as_the_answer_that_it_is() -> None:
    asked = (
        "https://x.com/i/api/graphql/abc-D_1/TweetResultByRestId?variables=%7B%22tweetId%22%3A%2220%22%2C%22a%22%3A1%7D"
    )
    about = read_address(asked)
    assert about is not None
    assert (about[0].key, about[1]) == ("x:20", "result")
    assert read_address(asked.replace("%22", '"').replace("%3A", ":").replace("%2C", ",")) == about
    assert read_address(asked, replace(about[0], native_id="21")) is None
    assert read_address("https://x.com/i/api/graphql/abc/UserByRestId?variables=%7B%22userId%22%3A%2220%22%7D") is None


# ------------------------------------------------------------------------------------------------------------ gathering


def test_what_was_recorded_on_two_days_is_two_sights_and_redirects_are_followed() -> None:
    post, [frame, *answers] = record_live("instagram")
    later = [replace(each, started_at="2025-01-01T00:00:00.000Z") for each in (frame, *answers)]
    asked = "https://instagram.com/p/DUm6L771dVL/embed/captioned/"
    first = Exchange(asked, status=301, response_headers=(("Location", frame.url),), started_at=THEN)
    sights = gather(post, [*later, frame, first, *answers])
    assert [sight.seen_at for sight in sights] == [THEN, "2025-01-01T00:00:00.000Z"]
    assert judge(sights[0]).page.url == asked
    assert judge(sights[0]).page.final_url == frame.url
    assert [len(sight.answers) for sight in sights] == [2, 2]


def test_a_redirect_to_the_login_is_a_wall() -> None:
    post, [frame, *_] = record_live("instagram")
    login = (("location", "https://www.instagram.com/accounts/login/?next=/p/"),)
    [sight] = gather(post, [replace(frame, status=302, body=b"", response_headers=login)])
    assert (judge(sight).verdict.outcome, judge(sight).verdict.reason) == ("blocked", "login")


def test_the_media_of_a_post_are_found_among_what_was_recorded() -> None:
    scene = next(scene for scene in list_scenes(BY_NAME["instagram"]) if scene.name == "live")
    post, recorded = record_live("instagram")
    judged = judge(gather(post, recorded)[0])
    wanted = [each for each in name_files(judged) if not each.missing]
    files = {each.url: fetch_file(scene, each.url) for each in wanted}
    whole = make_capture(judged, CRAWLER, NOW, files)
    assert whole.missing == ()
    assert {a.role for a in whole.artifacts} >= {"media", "avatar"}
    assert all(a.dhash for a in whole.artifacts if a.role == "media")
    assert (whole.origin, whole.seen_at, whole.environment["seen_by"]) == ("import", THEN, CRAWLER.seen_by)
    without = make_capture(judged, CRAWLER, NOW, {})
    assert without.missing == tuple(
        f"{m.role if m.position == 0 else f'{m.role} {m.position}'}: not_recorded" for m in wanted
    )


def fetch_file(scene: Scene, url: str) -> Exchange:
    reply, final = ask_replica(set_world(scene.fact, scene.name), url)
    body = reply.body() if callable(reply.body) else reply.body
    return Exchange(final, status=reply.status, body=body, started_at=THEN)


# --------------------------------------------------------------------------------------------------------------- keeping


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as opened:
        yield opened


def make_recorded(name: str = "instagram", at: str = THEN, witness: Witness = CRAWLER) -> Capture:
    post, recorded = record_live(name)
    moved = [replace(each, started_at=at) for each in recorded]
    return make_capture(judge(gather(post, moved)[0]), witness, NOW)


def start(archive: Archive) -> int:
    return archive.start_crawl("import", NOW, __version__, {})


def test_what_others_saw_is_no_check_and_nothing_of_it_is_due(archive: Archive) -> None:
    capture = make_recorded()
    number = keep_recorded(archive, capture, start(archive), NOW)
    assert keep_recorded(archive, capture, start(archive), NOW) == number, "kept twice, it is there once"
    ask = archive.conn.execute
    assert ask("SELECT count(*) FROM captures").fetchone()[0] == 1
    assert ask("SELECT count(*) FROM checks").fetchone()[0] == 0
    for view in ("posts_to_capture", "posts_to_observe", "posts_to_check", "captures_to_replay"):
        assert ask(f"SELECT count(*) FROM {view}").fetchone()[0] == 0, view
    row = ask("SELECT origin, seen_at, started_at, crawl_id FROM captures").fetchone()
    assert tuple(row)[:3] == ("import", THEN, THEN)


def test_what_was_erased_is_not_wanted_or_cannot_have_been_is_not_kept(archive: Archive) -> None:
    capture, crawl = make_recorded(), start(archive)
    assert keep_recorded(archive, replace(capture, started_at="2030-01-01T00:00:00.000Z"), crawl, NOW) == 0
    add_optouts(archive, [OptOut("post", capture.post.key)], THEN, "a letter")
    assert keep_recorded(archive, capture, crawl, NOW) == 0
    assert archive.conn.execute("SELECT count(*) FROM posts").fetchone()[0] == 0
