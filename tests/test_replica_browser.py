"""The replica in a real browser: the loader's protocol, frames that draw themselves, what readers of an article see."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, sync_playwright

from embedarchive.browser import find_browser
from embedarchive.replica import Replica
from embedarchive.replica.sites.forms import form_url

pytestmark = pytest.mark.browser

FRAMES = """() => [...document.querySelectorAll('iframe')].map(f => [f.className, Number(f.getAttribute('height'))])"""


@pytest.fixture(scope="module")
def running() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@pytest.fixture
def replica(running: Replica) -> Iterator[Replica]:
    yield running
    running.set_state("fjord", "live")


@pytest.fixture(scope="module")
def opened(running: Replica) -> Iterator[Page]:
    rules = f"MAP *:443 127.0.0.1:{running.tls_port},MAP *:80 127.0.0.1:{running.plain_port}"
    trust = f"--ignore-certificate-errors-spki-list={running.ca_spki}"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(find_browser(None, os.environ).path),
            args=[trust, f"--host-resolver-rules={rules}", "--no-sandbox"],
        )
        yield browser.new_page(viewport={"width": 800, "height": 1200})
        browser.close()


@pytest.fixture
def page(opened: Page) -> Page:
    opened.goto("about:blank")
    return opened


def test_the_loader_replaces_every_quote_by_a_frame_as_high_as_its_card(replica: Replica, page: Page) -> None:
    page.goto("https://forms.example/situations/six-embeds", wait_until="domcontentloaded")
    page.wait_for_function("document.querySelectorAll('iframe.instagram-media-rendered[height]').length === 6")
    page.wait_for_function("[...document.querySelectorAll('iframe')].every(f => f.height > 100)")
    assert page.locator("blockquote").count() == 0
    src = page.locator("iframe").first.get_attribute("src") or ""
    assert "/embed/captioned/?cr=1&v=14&wp=" in src
    assert "rd=https%3A%2F%2Fforms.example" in src


def test_a_silent_frame_stays_hidden_and_its_quote_stays(replica: Replica, page: Page) -> None:
    replica.set_state("fjord", "silent")
    page.goto(form_url("01-v14"))
    page.add_script_tag(url="https://www.instagram.com/embed.js")
    page.frame_locator("iframe").locator(".Embed").wait_for(state="attached")
    assert page.evaluate(FRAMES) == [["instagram-media", 0]]
    assert page.locator("blockquote.instagram-media-registered").count() == 1


def test_where_frames_are_forbidden_the_quote_is_all_a_reader_gets(replica: Replica, page: Page) -> None:
    page.goto("https://forms.example/situations/frames-forbidden")
    page.locator("iframe").wait_for(state="attached")
    assert page.locator("blockquote.instagram-media-registered").count() == 1
    assert page.locator("iframe.instagram-media-rendered").count() == 0


@pytest.mark.parametrize(("name", "hydrated"), [("premiere", "button[aria-label=Next]"), ("marathon", "video[poster]")])
def test_rich_posts_are_redrawn_after_a_while(replica: Replica, page: Page, name: str, hydrated: str) -> None:
    url = f"https://www.instagram.com/p/{replica.post(name).key}/embed/captioned/"
    page.goto(url, wait_until="domcontentloaded")
    assert page.locator(".EmbeddedMediaImage").count() == 1
    assert page.locator(hydrated).count() == 0
    page.locator(hydrated).wait_for()
    assert page.locator(".EmbeddedMediaImage").count() == 0


def test_a_carousel_can_be_walked_to_its_end(replica: Replica, page: Page) -> None:
    page.goto(f"https://www.instagram.com/p/{replica.post('premiere').key}/embed/captioned/", wait_until="commit")
    following = page.locator("button[aria-label=Next]")
    following.wait_for()
    for _ in range(9):
        following.click()
    assert not following.is_visible()


def test_the_video_plays(replica: Replica, page: Page) -> None:
    page.goto(f"https://www.instagram.com/p/{replica.post('marathon').key}/embed/captioned/", wait_until="commit")
    page.locator("video").wait_for()
    page.evaluate("document.querySelector('video').muted = true, document.querySelector('video').play()")
    page.wait_for_function("document.querySelector('video').currentTime > 0.2")


def test_without_its_style_sheet_the_card_is_a_bare_list(replica: Replica, page: Page) -> None:
    url = f"https://www.instagram.com/p/{replica.post('fjord').key}/embed/captioned/"
    width = "getComputedStyle(document.querySelector('.Avatar img')).borderRadius"
    page.goto(url)
    assert page.evaluate(width) == "50%"
    page.route("**/*.css", lambda route: route.abort())
    page.goto(url)
    page.unroute("**/*.css")
    assert page.evaluate(width) == "0px"


@pytest.mark.parametrize(
    ("name", "url", "card"),
    [
        ("x-hail", "https://platform.twitter.com/embed/Tweet.html?id={key}", "article time"),
        ("tt-band", "https://www.tiktok.com/embed/v2/{key}", ".card .info"),
        ("tg-rain", "https://t.me/{key}?embed=1&mode=tme", ".js-message_text"),
        ("yt-start", "https://www.youtube-nocookie.com/embed/{key}", ".ytp-title"),
        ("ms-amboss", "{url}/embed", ".status__content"),
        ("rd-honey", "https://embed.reddit.com/r/UrbanBeekeeping/comments/{key}/", "shreddit-embed h1"),
    ],
)
def test_other_platforms_draw_their_post(replica: Replica, page: Page, name: str, url: str, card: str) -> None:
    post = replica.post(name)
    page.goto(url.format(key=post.key, url=post.url))
    page.locator(card).first.wait_for()
    assert post.caption.split("\n")[0].split("#")[0].strip() in page.inner_text("body")


def test_a_deleted_tweet_draws_no_post(replica: Replica, page: Page) -> None:
    page.goto(f"https://platform.twitter.com/embed/Tweet.html?id={replica.post('x-gone').key}")
    page.locator("article.dead").wait_for()
    assert page.locator("article time").count() == 0
