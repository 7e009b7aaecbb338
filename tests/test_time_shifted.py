"""Ten days of looks at posts of many platforms: every verdict and sentence, in the terminal, reading room and exported site."""

from __future__ import annotations

import html
import io
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from archive_builder import NOW, draw_picture
from embedarchive.core.model import Artifact, Capture, Description, Embedding, Exchange, Media, Outcome, Post, Verdict
from embedarchive.detect import identify_post
from embedarchive.detect.identity import make_post
from embedarchive.export.places import place_post
from embedarchive.export.site import export_site
from embedarchive.library import post_record
from embedarchive.library.questions import QUESTIONS
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.show.card import render_card
from embedarchive.show.terminal import render_terminal
from embedarchive.store import Archive, open_reader
from embedarchive.store.conclusions import MANY_AT_ONCE, PostScope, ask_for_all
from embedarchive.store.reading import read_blob
from reading_room import open_room

TWO, THREE = ("a", "b"), ("a", "b", "c")


@dataclass(frozen=True)
class Look:
    """One visit: the day of March, what it met, and what of the post it kept. `control` says whether another post of the
    platform was seen alive in that hour."""

    day: int
    outcome: Outcome = "available"
    reason: str | None = None
    control: bool = True
    text: str | None = "As it was."
    title: str | None = None
    read_from: str = "markup"
    slides: tuple[str, ...] = ("a",)
    held: tuple[int, ...] = (1,)
    why: str = "http_403"
    embedding: Embedding | None = None

    @property
    def at(self) -> str:
        return f"2026-03-{self.day:02}T09:00:00.000Z"


@dataclass(frozen=True)
class Story:
    """What happened to a post, and the sentences that every place must have of it, and must not."""

    name: str
    post: Post
    looks: tuple[Look, ...]
    says: str
    history: str
    also: tuple[str, ...] = ()
    never: tuple[str, ...] = field(default=())


def post_of(platform: str, native_id: str) -> Post:
    return make_post(BY_NAME[platform], native_id)


ADDRESSES = {
    "bluesky": "https://bsky.app/profile/did:plc:mpfh56k2i5zl7h45afuj7ane/post/3m3ria7ydw2au",
    "bluesky_twice": "https://bsky.app/profile/did:plc:mpfh56k2i5zl7h45afuj7ane/post/3m3ria7ydw2bb",
    "threads": "https://www.threads.com/@zuck/post/CuVuPGyRhSg",
    "vimeo": "https://vimeo.com/76979871",
    "tiktok": "https://www.tiktok.com/@scout2015/video/6718335390845095173",
    "facebook": "https://www.facebook.com/zuck/posts/10102577175875681",
    "youtube": "https://www.youtube.com/watch?v=jNQXAC9IVRw",
    "vk": "https://vk.com/wall-1_2",
    "linkedin": "https://www.linkedin.com/feed/update/urn:li:activity:7123456789012345678",
    "x": "https://x.com/jack/status/20",
    "mastodon": "https://mastodon.social/@Gargron/100254678717223630",
    "tumblr": "https://www.tumblr.com/rookfield/775120334455667712",
    "reddit": "https://www.reddit.com/r/birds/comments/7pfpeq/kestrel/",
    "dailymotion": "https://www.dailymotion.com/video/x8abcde",
    "mastodon_link": "https://mastodon.social/@Gargron/100254678717223631",
    "soundcloud": "https://soundcloud.com/forss/flickermood",
    "spotify": "https://open.spotify.com/track/4mVq2l0nVq1aYzR9bY2h3k",
}


def known(platform: str) -> Post:
    post = identify_post(ADDRESSES[platform])
    assert post is not None
    return post


STORIES = (
    Story("live", post_of("instagram", "DUm6L771dVL"), (Look(3), Look(9)), "Online 9 Mar 2026 · preserved",
          "Online 3 Mar 2026 – 9 Mar 2026", never=("What could not be kept", "partly", "Edited")),
    Story("edited", known("bluesky"),
          (Look(3, slides=TWO, held=(1, 2)), Look(9, text="As it is now.", slides=TWO, held=(), why="not_asked")),
          "Online 9 Mar 2026 · preserved", "Online 3 Mar 2026 – 9 Mar 2026", also=("As it is now.", "As it was.")),
    Story("retitled", known("soundcloud"), (Look(3, text=None, title="As it was."), Look(9, text=None, title="As it is now.")),
          "Online 9 Mar 2026 · preserved", "Online 3 Mar 2026 – 9 Mar 2026", also=("As it is now.", "As it was.")),
    Story("a link retitled", known("mastodon_link"), (Look(3, title="A page"), Look(9, title="Its new title")),
          "Online 9 Mar 2026 · preserved", "Online 3 Mar 2026 – 9 Mar 2026", never=("what it said before", "before:")),
    Story("read in two places", known("spotify"),
          (Look(3), Look(9, text="As it…", read_from="oembed"), Look(12, read_from="oembed", text="As it…")),
          "Online 12 Mar 2026 · preserved", "Online 3 Mar 2026 – 12 Mar 2026", never=("what it said before", "before:")),
    Story("a slide refused once", post_of("instagram", "DUm6L771dVM"),
          (Look(3, slides=THREE, held=(1, 2)), Look(9, slides=THREE, held=(2, 3), why="timeout")),
          "Online 9 Mar 2026 · preserved", "Online 3 Mar 2026 – 9 Mar 2026", also=("1 is from the visit of 3 March 2026",)),
    Story("a slide removed", known("threads"),
          (Look(3, slides=THREE, held=(1, 2, 3)), Look(9, slides=TWO, held=(1,), why="timeout")),
          "Online 9 Mar 2026 · preserved", "Online 3 Mar 2026 – 9 Mar 2026", never=("from the visit of",)),
    Story("in part", post_of("instagram", "DUm6L771dVP"), (Look(3, slides=THREE, held=(1, 3)),),
          "Online 3 Mar 2026 · partly preserved: 2 of 3 pictures", "Online 3 Mar 2026",
          also=("File 2 was refused.", "Tried again from 3 March 2026, 09:00 UTC on.")),
    Story("only streamed", known("vimeo"), (Look(3, slides=("",), held=(), why="only_streamed"),),
          "Online 3 Mar 2026 · partly preserved: without its film, which is only streamed", "Online 3 Mar 2026",
          also=("No other visit would bring it.",)),
    Story("private", known("tiktok"), (Look(3), Look(9, "unavailable", "private")),
          "Unavailable (private) · preserved 3 Mar 2026", "Online 3 Mar 2026, Unavailable 9 Mar 2026"),
    Story("a wall", known("facebook"), (Look(3), Look(9, "blocked", "login_wall")),
          "Online 3 Mar 2026 · preserved", "Online 3 Mar 2026, Not known 9 Mar 2026"),
    Story("an intermediary", known("youtube"), (Look(3), Look(9, "gone", "not_found", control=False)),
          "Perhaps gone, not confirmed (no other post of its platform was seen alive at that hour) · preserved 3 Mar 2026",
          "Online 3 Mar 2026, Perhaps gone 9 Mar 2026", never=("Gone by",)),
    Story("gone once by a guess", known("vk"), (Look(3), Look(9, "gone", "not_found")),
          "Perhaps gone, not confirmed (a second answer, on another day, must say the same) · preserved 3 Mar 2026",
          "Online 3 Mar 2026, Perhaps gone 9 Mar 2026", never=("Gone by",)),
    Story("gone twice by a guess", known("linkedin"),
          (Look(3), Look(9, "gone", "not_found"), Look(11, "gone", "not_found")),
          "Gone by 9 Mar 2026 · preserved 3 Mar 2026", "Online 3 Mar 2026, Gone by 9 Mar 2026", never=("Perhaps",)),
    Story("gone before anybody came", known("x"), (Look(9, "gone", "not_found"),),
          "Gone by 9 Mar 2026 · not preserved", "Gone by 9 Mar 2026"),
    Story("back", known("mastodon"),
          (Look(3), Look(9, "gone", "not_found"), Look(12)),
          "Online 12 Mar 2026, back by 12 Mar 2026 after it was gone · preserved",
          "Online 3 Mar 2026, Gone by 9 Mar 2026, Online 12 Mar 2026"),
    Story("back twice", known("bluesky_twice"),
          (Look(3), Look(5, "gone", "deleted"), Look(7), Look(10, "gone", "deleted", control=False), Look(11),
           Look(13, "gone", "deleted"), Look(15)),
          "Online 15 Mar 2026, back by 15 Mar 2026 after it was gone · preserved",
          "Online 3 Mar 2026, Gone by 5 Mar 2026, Online 7 Mar 2026, Perhaps gone 10 Mar 2026, Online 11 Mar 2026, "
          "Gone by 13 Mar 2026, Online 15 Mar 2026"),
    Story("may not be embedded", known("tumblr"),
          (Look(3, embedding="refused"), Look(9, embedding="refused")),
          "Online 9 Mar 2026 · preserved · its author or platform does not let it be embedded",
          "Online 3 Mar 2026 – 9 Mar 2026", also=("As it was.",)),
    Story("may be embedded again", known("reddit"),
          (Look(3, embedding="refused"), Look(9)), "Online 9 Mar 2026 · preserved", "Online 3 Mar 2026 – 9 Mar 2026",
          never=("let it be embedded",)),
    Story("withheld", known("dailymotion"), (Look(3), Look(9, "gone", "not_found")),
          "Perhaps gone, not confirmed (withheld until a person has looked, for too many posts seemed gone at once) · "
          "preserved 3 Mar 2026", "Online 3 Mar 2026, Perhaps gone 9 Mar 2026", never=("Gone by",)),
)  # fmt: skip
NAMED = {story.name: story for story in STORIES}


def keep_look(archive: Archive, crawl: int, post: Post, look: Look) -> None:
    seen = look.outcome == "available"
    final = look.why == "only_streamed"
    media = tuple(
        Media("media", n, f"https://cdn.example/{name}.jpg?sig={look.day}" if name else "", duration_s=None if name else 9.0,
              missing=look.why if final else None)
        for n, name in enumerate(look.slides, 1)
    )  # fmt: skip
    files = [
        Artifact("media", draw_picture(f"{name}{post.key}", (60, 60)), "image/jpeg", n, media[n - 1].url, 60, 60)
        for n, name in enumerate(look.slides, 1)
        if n in look.held
    ]
    shot = Artifact("screenshot", draw_picture(f"shot{post.key}{look.day}", (80, 90)), "image/jpeg", 0, None, 80, 90)
    missing = tuple(f"media {m.position}: {look.why}" for m in media if m.position not in look.held)
    page = Exchange(post.url, status=200, body=f"{look}".encode(), content_type="text/html", resource_type="document",
                    started_at=look.at)  # fmt: skip
    capture = Capture(
        post, post.url, post.url, look.at, look.at, Verdict(look.outcome, look.reason, embedding=look.embedding), 200,
        (*files, *(() if look.embedding else (shot,))) if seen else (), (page,), missing=missing if seen else (),
    )  # fmt: skip
    number = archive.keep_capture(capture, crawl)
    if seen:
        kind = "video" if final else "carousel"
        said = Description(
            kind=kind,
            author_name="Nina Example",
            text=look.text,
            title=look.title,
            media=media,
            sources={"text": look.read_from, "title": look.read_from},
        )
        archive.keep_description(number, post.key, said, 9, look.at)
    elif look.outcome == "gone" and look.control:
        host = f"{post.native_id.partition('/')[0]}/" if "/" in post.native_id else ""
        other = Post(post.platform, f"{host}control", f"https://control.example/{post.platform}")
        alive = Capture(other, other.url, other.url, look.at, look.at, Verdict("available"), 200)
        archive.keep_control(alive, crawl)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shifted") / "embeds.db"
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("check", NOW, "test", {})
        for day in range(1, 20):  # one run a day, in the order in which things happened
            for story in STORIES:
                for look in (each for each in story.looks if each.day == day):
                    keep_look(archive, crawl, story.post, look)
            archive.conclude_all()
        archive.keep_hold(PostScope("dailymotion"), "2026-03-08T00:00:00.000Z", MANY_AT_ONCE, crawl)
        archive.conclude_all()
        archive.finish_crawl(crawl, NOW, "done", {})
    return path


@pytest.fixture(scope="module")
def conn(path: Path) -> Iterator[sqlite3.Connection]:
    conn = open_reader(path)
    yield conn
    conn.close()


@pytest.fixture(scope="module")
def site(path: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The sentences of each post's page in an exported site, by key."""
    out = tmp_path_factory.mktemp("site") / "out"
    export_site(path, out, NOW)
    return {s.post.key: read_words((out / place_post(s.post.key)).read_text("utf-8")) for s in STORIES}


def read_words(page: str) -> str:
    """What a reader of a page reads, on one line."""
    shown = re.sub(r"(?s)<(style|script|textarea|svg)\b.*?</\1>", " ", page)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", shown)).split())


def assert_said(story: Story, words: str) -> None:
    assert story.says in words, words[:600]
    for each in story.also:
        assert each in words, (each, words[:900])
    for each in (*story.never, "cdn.example"):
        assert each not in words, each


@pytest.mark.parametrize("name", NAMED)
def test_the_terminal_says_it(conn: sqlite3.Connection, name: str) -> None:
    record = post_record(conn, NAMED[name].post.key)
    assert record is not None
    out = io.StringIO()
    Console(file=out, width=100).print(render_terminal(record, 100))
    words = " ".join(out.getvalue().replace("│", " ").split())
    assert_said(NAMED[name], words)
    assert NAMED[name].history in words


@pytest.mark.parametrize("name", NAMED)
def test_the_card_says_it(conn: sqlite3.Connection, name: str) -> None:
    record = post_record(conn, NAMED[name].post.key)
    assert record is not None
    card = render_card(record, partial(read_blob, conn))
    assert_said(NAMED[name], read_words(card))
    if name == "in part":  # what is missing has its place among the others
        assert card.index("1/3") < card.index("This picture was refused.") < card.index("2/3") < card.index("3/3")


@pytest.mark.parametrize("name", NAMED)
async def test_the_reading_room_says_it(path: Path, name: str) -> None:
    room = await open_room(path)
    answer = await room.client.get(f"/embeds/-/post/{NAMED[name].post.key.replace('/', '%2F')}")
    assert answer.status_code == 200
    assert_said(NAMED[name], read_words(answer.text))


@pytest.mark.parametrize("name", NAMED)
def test_an_exported_site_says_it(site: dict[str, str], name: str) -> None:
    story = NAMED[name]
    if name == "in part":  # a copy for the public does not tell what is due here
        story = replace(story, also=("File 2 was refused.", "Another visit may still bring it."))
    assert_said(story, site[story.post.key])


def test_only_what_was_edited_is_found_edited(conn: sqlite3.Connection) -> None:
    found = conn.execute(QUESTIONS["edited_posts"]["sql"]).fetchall()
    edited = {(NAMED[name].post.key, "As it was.", "As it is now.") for name in ("edited", "retitled")}
    assert {(row["post_key"], row["first_text"], row["later_text"]) for row in found} == edited


def test_conclusions_made_anew_are_those_kept(path: Path) -> None:
    sql = "SELECT * FROM conclusions ORDER BY post_key", "SELECT * FROM post_counts ORDER BY 1, 2, 3"
    with Archive(path, platforms=PLATFORMS) as archive:
        kept = [[tuple(row) for row in archive.conn.execute(each)] for each in sql]
        with archive.transaction() as conn:
            ask_for_all(conn)
        archive.conclude_all()
        assert [[tuple(row) for row in archive.conn.execute(each)] for each in sql] == kept
