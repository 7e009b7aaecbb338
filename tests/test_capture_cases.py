"""Pages in the shapes of real ones that were once misread, each with what it means; third-party, read from `../shared`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from embedarchive.core.model import Answer, Page, Post
from embedarchive.detect import identify_post
from embedarchive.platforms import BY_NAME

THREAD = Post("threads", "DcA1b2C3d4E", "https://www.threads.com/@ada.quill/post/DcA1b2C3d4E")
FILM = Post("youtube", "jNQXAC9IVRw", "https://www.youtube.com/watch?v=jNQXAC9IVRw")


@pytest.fixture
def cases(shared: Path) -> Path:
    return shared / "cases" / "capture"


def page_of(post: Post, body: str, *answers: Answer) -> Page:
    return Page(post.url, post.url, 200, body, answers=answers)


@pytest.mark.parametrize("name", ["threads-reply-frame", "threads-reply-to-another-user-frame"])
def test_a_reply_is_read_and_not_its_parent(cases: Path, name: str) -> None:
    visit = BY_NAME["threads"].visit
    assert visit
    page = page_of(THREAD, (cases / f"{name}.html").read_text("utf-8"))
    assert visit.classify(page, THREAD).outcome == "available"
    said = visit.describe(page, THREAD)
    assert said.author_handle == "ada.quill"
    assert (said.text or "").startswith("THE POST ITSELF")
    assert (said.likes, said.comments, said.shares) == (92, 5, 1)
    assert [media.role for media in said.media] == ["avatar"]


def test_an_address_that_a_page_repeats_is_no_evidence(cases: Path) -> None:
    visit = BY_NAME["threads"].visit
    assert visit
    own = (cases / "threads-unavailable-page.html").read_text("utf-8")
    page = page_of(
        THREAD,
        (cases / "threads-unavailable-frame.html").read_text("utf-8"),
        Answer("page", THREAD.url, 200, THREAD.url, own),
    )
    found = visit.classify(page, THREAD)
    assert (found.outcome, found.reason) == ("unavailable", "unconfirmed")


@pytest.mark.parametrize("status", [200, 404])
def test_a_refusal_of_us_is_no_fact_about_the_film(cases: Path, status: int) -> None:
    visit = BY_NAME["youtube"].visit
    assert visit
    body = (cases / "youtube-153-frame.html").read_text("utf-8")
    oembed = Answer("oembed", "https://www.youtube.com/oembed", status, "https://www.youtube.com/oembed", "Not Found")
    found = visit.classify(page_of(FILM, body, oembed), FILM)
    assert (found.outcome, found.reason) == ("blocked", "no_referrer")


def test_a_gallery_is_read_picture_by_picture(cases: Path) -> None:
    thread = (cases / "bluesky-gallery-thread.json").read_text("utf-8")
    post = identify_post("https://bsky.app/profile/did:plc:abcdefghijklmnopqrstuvwx/post/3mtestgallery")
    assert post
    visit = BY_NAME["bluesky"].visit
    assert visit
    body = '<div id="app"><div><p>Three boats</p><time></time></div></div>'
    page = Page(post.url, post.url, 200, body, body, answers=(Answer("thread", "u", 200, "u", thread),))
    said = visit.describe(page, post)
    assert [(m.role, m.alt) for m in said.media] == [("media", f"boat {n}") for n in (1, 2, 3)]
    assert said.kind == "carousel"
    strange = json.loads(thread.replace("app.bsky.embed.gallery", "app.bsky.embed.hologram"))
    page = Page(post.url, post.url, 200, body, body, answers=(Answer("thread", "u", 200, "u", json.dumps(strange)),))
    assert visit.describe(page, post).media[0].missing == "unknown_attachment:app.bsky.embed.hologram"


def test_a_handle_and_the_did_it_stands_for_name_one_post() -> None:
    visit = BY_NAME["bluesky"].visit
    assert visit
    author = {"did": "did:plc:abcdefghijklmnopqrstuvwx", "handle": "mara.example"}
    for own, other in (author.values(), reversed(author.values())):
        post = identify_post(f"https://bsky.app/profile/{own}/post/3lcxjuygrwk2p")
        assert post
        uri = f"at://{author['did']}/app.bsky.feed.post/3lcxjuygrwk2p"
        record = {"$type": "app.bsky.feed.post", "text": "Hi"}
        view = {"$type": "app.bsky.feed.defs#threadViewPost", "post": {"uri": uri, "author": author, "record": record}}
        body = '<div id="app"><div><p>Hi</p><time></time></div></div>'
        for handle, also in (("mara.example", (f"{other}/3lcxjuygrwk2p",)), ("handle.invalid", None)):
            view["post"]["author"] = author | {"handle": handle}
            answer = Answer("thread", "u", 200, "u", json.dumps({"thread": view}))
            page = Page(post.url, post.url, 200, body, body, answers=(answer,))
            assert visit.also(page, post) == (also if also is not None else ())
        assert visit.also(Page(post.url, post.url, 404, "", ""), post) == ()


@pytest.mark.parametrize("name", ["intermediary-404.html", "intermediary-404.json", "captive-portal.html"])
def test_what_stands_between_ends_no_post(cases: Path, name: str) -> None:
    body = (cases / name).read_text("utf-8")
    status = 200 if "portal" in name else 404
    for platform in BY_NAME.values():
        for example in platform.examples if platform.visit else ():
            post = identify_post(example.url)
            assert post
            assert platform.visit
            answers = (Answer(p.name, "https://x.example/", status, post.url, body) for p in platform.visit.probes)
            found = platform.visit.classify(Page(post.url, post.url, status, body, body, answers=tuple(answers)), post)
            assert found.outcome not in ("gone", "available"), (platform.name, example.url, found)


def test_a_serial_number_of_before_august_2011_has_no_date() -> None:
    post = identify_post("https://www.instagram.com/p/BWrVZ/")
    assert post
    assert post.posted_at is None
