"""The save button in a real browser: two pages of a site that is public, pressed, kept by a watch that is at rest."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest
from playwright.sync_api import BrowserContext, Page, sync_playwright

from commands import command, through
from embedarchive.browser import find_browser
from embedarchive.core.errors import ArchiveError
from embedarchive.platforms import PLATFORMS
from embedarchive.replica import Replica
from embedarchive.store import Archive, open_reader
from embedarchive.store.handed_in import list_handed_in, read_waiting
from waiting import BOUND_S, wait_until

pytestmark = pytest.mark.browser

STORIES = ("elf-tage-bis-zu-diesem-schatten", "olive-season")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "embeds.db"
    with Archive(path, platforms=PLATFORMS):
        return path


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@contextmanager
def started(*args: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A command that stays, ended with Ctrl-C."""
    env = os.environ | {"PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(command(*args), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=env)
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=BOUND_S)


@pytest.fixture(scope="module")
def room(path: Path) -> Iterator[str]:
    with started("serve", path, "--intake", "--no-open", "--port=0") as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        assert "http://127.0.0.1:" in said, said
        yield next(word for word in said.split() if word.startswith("http://")).rstrip("/")


@pytest.fixture(scope="module")
def browser(replica: Replica) -> Iterator[BrowserContext]:
    """A browser to which the replica is a public site, so that it asks before a script there may reach this machine."""
    rules = f"MAP *.example:443 127.0.0.1:{replica.tls_port},MAP www.instagram.com:443 127.0.0.1:{replica.tls_port}"
    args = [
        f"--ignore-certificate-errors-spki-list={replica.ca_spki}",
        f"--host-resolver-rules={rules}",
        f"--ip-address-space-overrides=127.0.0.1:{replica.tls_port}=public",
        "--no-sandbox",
    ]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=find_browser(None, os.environ).path, args=args)
        context = chromium.new_context()
        context.set_default_timeout(1000 * BOUND_S)
        yield context
        chromium.close()


@pytest.fixture(scope="module")
def button(browser: BrowserContext, room: str) -> str:
    """The address of the bookmark, as the room's page gives it and a browser reads it."""
    page = browser.new_page()
    page.goto(f"{room}/embeds/-/save")
    href: str = page.locator("a.save-button").evaluate("a => a.href")
    assert href.startswith("javascript:(")
    assert unquote(page.locator("textarea").input_value()) == unquote(href)
    page.close()
    return href


FOLLOW = """href => {
  const link = Object.assign(document.createElement("a"), { href });
  document.body.append(link);
  link.click();
  link.remove();
}"""
"""Go to an address as a bookmark does: one of `javascript:` runs in the page that is open."""


def press(page: Page, button: str) -> str:
    """What the window says that the button opens."""
    with page.expect_popup() as opened:
        page.evaluate(FOLLOW, button)
    opened.value.wait_for_load_state()
    said = opened.value.locator("main").inner_text()
    opened.value.close()
    return said


def find_kept(path: Path) -> set[str]:
    try:
        with closing(open_reader(path)) as conn:
            return {str(row[0]) for row in conn.execute("SELECT key FROM preserved_posts")}
    except ArchiveError:  # a run begins or ends at this very moment
        return set()


def test_five_posts_of_two_pages_are_kept_under_a_watch_at_rest(
    browser: BrowserContext, replica: Replica, path: Path, room: str, button: str
) -> None:
    articles = [article for article in replica.articles if any(name in article.url for name in STORIES)]
    wanted = {f"{post.platform}:{post.key}" for article in articles for post in article.posts}
    assert (len(articles), len(wanted)) == (2, 5)
    with started("watch", "-a", path, "--no-replay", *through(replica)):
        pages = [browser.new_page() for _ in articles]
        for page, article in zip(pages, articles, strict=True):
            page.goto(article.url, wait_until="domcontentloaded")
        for page, article in zip(pages, articles, strict=True):
            said = press(page, button)
            assert "Handed in" in said, said
            assert article.url in said
            page.close()
        wait_until(lambda: find_kept(path) >= wanted, "the posts were not kept")
    assert [each.state for each in list_handed_in(path, 10)] == ["ok", "ok"]
    page = browser.new_page()
    page.goto(f"{room}/embeds/-/save")
    assert page.locator("td a[href*='/-/article/']").count() == 2
    page.close()


def test_what_stands_in_shadow_roots_and_frames_is_handed_in_and_what_is_the_readers_own_is_not(
    browser: BrowserContext, path: Path, button: str
) -> None:
    page = browser.new_page()
    page.goto("https://forms.example/situations/consent-overlay", wait_until="domcontentloaded")
    page.evaluate(
        """() => {
          const host = document.body.appendChild(document.createElement("x-card"));
          host.attachShadow({ mode: "open" }).innerHTML = "<p>in the shadow</p>";
          const frame = document.body.appendChild(document.createElement("iframe"));
          frame.contentDocument.body.innerHTML = "<p>in the frame</p>";
          document.body.insertAdjacentHTML("beforeend", "<input value='my secret'><textarea>my diary</textarea>");
          document.title = "Œuvre 🎭";
          document.cookie = "session=a1b2c3d4e5f6a7b8c9; path=/";
          document.head.insertAdjacentHTML("beforeend", "<meta name='csrf-token' content='of this session'>");
          document.head.insertAdjacentHTML("beforeend", "<script>window.me = {key: 'a1b2c3d4e5f6a7b8c9'}</scr" + "ipt>");
        }"""
    )
    assert "Handed in" in press(page, button)
    page.close()
    body = read_newest(path)
    assert '<template shadowrootmode="open"><p>in the shadow</p></template>' in body
    assert "in the frame" in body
    assert "<title>Œuvre 🎭</title>" in body
    assert "my secret" not in body
    assert "my diary" not in body
    assert "of this session" not in body
    assert "a1b2c3d4e5f6a7b8c9" not in body
    assert "key: '[redacted]'" in body


def read_newest(path: Path) -> str:
    """The DOM that was handed in last, and waits."""
    *_, page = read_waiting(path)
    return page.body.decode("utf-8")


@pytest.mark.parametrize("policy", ["no-referrer", "same-origin", "strict-origin"])
def test_a_page_that_tells_nobody_where_it_is_from_can_be_handed_in(
    browser: BrowserContext, button: str, policy: str
) -> None:
    page = browser.new_page()
    page.goto("https://forms.example/situations/consent-overlay", wait_until="domcontentloaded")
    page.evaluate(
        "p => document.head.appendChild(Object.assign(document.createElement('meta'), {name: 'referrer', content: p}))",
        policy,
    )
    assert "Handed in" in press(page, button)
    page.close()


def test_the_site_is_public_to_the_browser_so_that_no_script_of_it_reaches_this_machine(
    browser: BrowserContext, room: str
) -> None:
    page = browser.new_page()
    page.goto("https://forms.example/situations/consent-overlay", wait_until="domcontentloaded")
    ask = "room => fetch(room, { mode: 'no-cors' }).then(() => 'reached', () => 'refused')"
    assert page.evaluate(ask, room) == "refused"
    page.close()


def test_a_site_that_forbids_it_is_told_of(browser: BrowserContext, button: str) -> None:
    page = browser.new_page()
    page.goto("https://forms.example/situations/consent-overlay", wait_until="domcontentloaded")
    page.evaluate(
        """() => document.head.appendChild(Object.assign(document.createElement("meta"),
          { httpEquiv: "Content-Security-Policy", content: "form-action 'self'" }))"""
    )
    with page.expect_event("dialog") as told:
        page.evaluate(FOLLOW, button)
    assert "does not let its pages be handed on" in told.value.message
    told.value.dismiss()
    page.close()
