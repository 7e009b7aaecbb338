"""A site of plain files is browsed from a disk, asks nobody for anything, and is renewed in place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page, sync_playwright

from archive_builder import SAMPLES, build_archive
from embedarchive.browser.find import find_browser
from embedarchive.core.errors import UsageError
from embedarchive.export.folder import MARKER, Folder
from embedarchive.export.places import SUFFIXES, make_name
from embedarchive.export.selection import find_selection
from embedarchive.export.site import StaticSite, export_site
from embedarchive.show.content_types import SHOWABLE
from embedarchive.store import Archive, open_reader
from embedarchive.store.redactions import redact_file
from in_process import run

NOW = "2026-03-21T08:00:00.000Z"
XSS = '"><img src=x onerror=window.hit=1><script>window.hit=1</script><svg onload=window.hit=1>{{7*7}}</textarea>'


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample archive, in which one post says in every field what would run if it could."""
    says = SAMPLES[4].says
    assert says is not None
    evil = replace(
        says, text=XSS, text_html=XSS, author_name=XSS, author_handle=XSS, location=XSS, title=XSS,
        author_url="javascript:window.hit=1", quoted_url="javascript:window.hit=1", sources={"text": XSS},
    )  # fmt: skip
    samples = (*SAMPLES[:4], replace(SAMPLES[4], says=evil, alts=(XSS,)), *SAMPLES[5:])
    return build_archive(tmp_path_factory.mktemp("archive") / "embeds.db", samples)


@pytest.fixture(scope="module")
def site(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("public") / "site"
    done = export_site(path, out, NOW)
    assert done == StaticSite(22, done.files, done.written, 0)
    return out


def test_every_type_that_is_shown_has_a_name_on_a_disk() -> None:
    assert SUFFIXES.keys() == SHOWABLE


class Links(HTMLParser):
    """Every address that a page loads or leads to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            assert not name.startswith("on"), (tag, name)
            if name in ("src", "poster", "srcset", "data") or (
                tag == "link" and dict(attrs).get("rel") == "stylesheet"
            ):
                self.loads += [value] if value and name != "rel" else []
            elif name in ("href", "action") and value:
                self.leads.append(value)


def test_every_page_stands_in_the_folder_and_asks_for_nothing_beyond(site: Path) -> None:
    pages = sorted(site.rglob("*.html"))
    assert len(pages) == 22
    for page in pages:
        links = Links(page.read_text("utf-8"))
        for url in (*links.loads, *(url for url in links.leads if not re.match(r"https?://|#", url))):
            target = (page.parent / unquote(urlsplit(url).path)).resolve()
            assert target.is_file(), (page, url)
            assert target.is_relative_to(site), (page, url)
        assert not [url for url in links.leads if not re.match(r"(https?://|#|[\w./-]+\.html)", url)]


def test_every_post_is_reached_without_a_script(site: Path) -> None:
    reached, due = {site / "index.html"}, [site / "index.html"]
    while due:
        page = due.pop()
        for url in Links(page.read_text("utf-8")).leads:
            target = (page.parent / urlsplit(url).path).resolve()
            if not re.match(r"https?:", url) and target.suffix == ".html" and target not in reached:
                reached.add(target)
                due.append(target)
    assert set(site.rglob("*.html")) - reached == set()


def test_files_are_named_by_hash_and_held_once(site: Path) -> None:
    media = [p for p in (site / "media").rglob("*") if p.is_file()]
    assert all(re.fullmatch(r"[0-9a-f]{64}\.(jpg|png|webp)", p.name) for p in media)
    assert len({p.name for p in media}) == len(media) == 16


# -------------------------------------------------------------------------------------------------------------- renewal


def stamps(root: Path) -> dict[str, int]:
    return {p.relative_to(root).as_posix(): p.stat().st_mtime_ns for p in root.rglob("*") if p.is_file()}


def test_it_is_renewed_in_place(path: Path, tmp_path: Path) -> None:
    """What did not change is not touched, what is gone from the archive goes, what the owner put there stays."""
    out, held = tmp_path / "site", tmp_path / "embeds.db"
    held.write_bytes(path.read_bytes())
    first = export_site(held, out, NOW)
    (out / "CNAME").write_text("posts.example")
    (out / "posts" / "old-0123456789.html").write_text("a page of an older version")
    before = stamps(out)
    again = export_site(held, out, NOW)
    assert (again.written, again.removed) == (0, 1)
    assert stamps(out) == {k: v for k, v in before.items() if "old-" not in k}
    withdraw_media(held, SAMPLES[0].post.key)
    renewed = export_site(held, out, NOW)
    assert renewed.files == first.files - 3
    assert renewed.removed == 3
    assert 0 < renewed.written < 10
    assert (out / "CNAME").read_text() == "posts.example"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["embeds.db", "embeds.db.lock", "site"]


def withdraw_media(path: Path, key: str) -> None:
    with Archive(path) as archive, archive.transaction() as conn:
        query = (
            "SELECT DISTINCT b.sha256, b.size FROM blobs b JOIN artifacts a USING (sha256) "
            "JOIN captures c ON c.id = a.capture_id WHERE c.post_key = ? AND a.role = 'media'"
        )
        for sha256, _ in conn.execute(query, (key,)).fetchall():
            redact_file(conn, sha256, "asked", NOW)


def test_a_folder_with_something_else_is_left_alone(path: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(UsageError, match="holds something else"):
        export_site(path, tmp_path, NOW)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.txt"]


def test_renewing_follows_no_link_out_of_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside.html"
    outside.write_text("mine")
    root = tmp_path / "site"
    earlier = Folder(root)
    earlier.begin()
    earlier.write("posts/a-0000000000.html", b"old")
    (root / "posts" / "b.html").symlink_to(outside)
    folder = Folder(root)
    folder.write("posts/b.html", b"new")
    assert folder.finish() == 1
    assert outside.read_text() == "mine"
    assert {p.relative_to(root).as_posix() for p in root.rglob("*") if p.is_file()} == {MARKER, "posts/b.html"}


def test_a_selection_shows_its_posts_and_no_other(path: Path, tmp_path: Path) -> None:
    conn = open_reader(path)
    chosen = find_selection(conn, [SAMPLES[3].post.key])
    conn.close()
    done = export_site(path, tmp_path / "site", NOW, chosen, thumbnails_only=True)
    text = "".join(p.read_text("utf-8") for p in (tmp_path / "site").rglob("*.*ml"))
    assert "Clara Whitcombe" in text
    assert "Solheim" not in text
    assert done.pages == 8


@given(st.text(max_size=200), st.text(max_size=200))
def test_names_are_safe_and_tell_apart(one: str, other: str) -> None:
    assert re.fullmatch(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-[0-9a-f]{10}", make_name(one))
    assert len(make_name(one)) <= 60
    assert (make_name(one) == make_name(other)) == (one == other)


def test_the_command_tells_what_it_did(path: Path, tmp_path: Path) -> None:
    done = run("export", "--site", tmp_path / "site", "-a", path)
    assert done.code == 0
    assert "22 pages" in done.err
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a").touch()
    assert run("export", "--site", tmp_path / "mine", "-a", path).code == 2


# -------------------------------------------------------------------------------------------------------------- browser


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """A page of a real browser; every request and every message it makes is noted on it."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(None, os.environ).path)
        page = browser.new_page(viewport={"width": 1100, "height": 900})
        yield page
        browser.close()


@pytest.mark.browser
def test_it_is_browsed_from_the_disk(site: Path, page: Page) -> None:
    requests: list[str] = []
    messages: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: messages.append(message.text))
    for place in sorted(site.rglob("*.html")):
        page.goto(place.as_uri())
        assert page.evaluate("window.hit") is None, place
        pictures = page.evaluate("[...document.images].filter(i => i.loading !== 'lazy').map(i => i.naturalWidth)")
        assert all(pictures), place
        assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(246, 242, 233)"
    assert {url for url in requests if not url.startswith(site.as_uri())} == set()
    assert messages == []


@pytest.mark.browser
def test_a_site_with_an_address_has_what_others_read(path: Path, tmp_path: Path) -> None:
    export_site(path, tmp_path / "site", NOW, base_url="https://site.example/kept/")
    listed = set(re.findall(r"<loc>(.*?)</loc>", (tmp_path / "site/sitemap.xml").read_text()))
    pages = {each.relative_to(tmp_path / "site").as_posix() for each in (tmp_path / "site").rglob("*.html")}
    assert listed == {f"https://site.example/kept/{page}" for page in pages}
    post = next((tmp_path / "site/posts").iterdir()).read_text()
    assert 'rel="canonical" href="https://site.example/kept/posts/' in post
    assert "<entry>" in (tmp_path / "site/lost.atom").read_text()
    assert 'property="og:image" content="https://site.example/kept/' in "".join(
        each.read_text() for each in (tmp_path / "site/posts").iterdir()
    )


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("https://www.instagram.com/reel/{id}/?igsh=MzRlODBiNWFlZA==&img_index=2", "Marit Solheim"),
        (
            '<blockquote data-instgrm-permalink="https://www.instagram.com/p/{id}/?utm_source=ig_embed">',
            "Marit Solheim",
        ),
        ("{id}", "Marit Solheim"),
        ("@marit.solheim.foto", "Marit Solheim"),
        ("LEIRVIK ferry", "The last ferry out of Leirvik"),
        ("quarant’anni", "Teatro della Lanterna"),
        ("誰もいない", "東京夜景部"),
        ("http://the-meridian.example/2026/03/what-the-council-deleted/?fbclid=1", "What the council deleted"),
    ],
)
def test_it_is_searched_from_the_disk(site: Path, page: Page, asked: str, found: str) -> None:
    page.goto((site / "articles" / "1.html").as_uri())
    page.fill("input[name=q]", asked.format(id=SAMPLES[0].post.native_id))
    page.press("input[name=q]", "Enter")
    page.wait_for_url("**/search.html?*")
    assert page.text_content("#found") != "Not in this archive"
    page.click(f"#results a:has-text('{found}')")
    assert found in str(page.text_content("h1"))


@pytest.mark.browser
def test_what_is_not_there_is_told_and_runs_nothing(site: Path, page: Page) -> None:
    page.goto((site / "search.html").as_uri() + "?q=" + "%3Cimg%20src%3Dx%20onerror%3Dwindow.hit%3D1%3E%20zzz")
    assert page.text_content("#found") == "Not in this archive"
    assert page.evaluate("window.hit") is None
