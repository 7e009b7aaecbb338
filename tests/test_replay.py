"""Captures shown again from the archive alone: whatever is lost shows, and nothing leaves the machine."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import pytest_asyncio
from PIL import Image, ImageDraw

from capturing import open_camera
from embedarchive.browser import Browser, find_browser
from embedarchive.core import clock
from embedarchive.core.errors import ArchiveError, BrowserCrashed
from embedarchive.core.model import Artifact, Capture, Description, Exchange, Post, Replay, Verdict
from embedarchive.egress import Door, DoorPolicy
from embedarchive.fetch import Fetcher
from embedarchive.library.posts import capture_record
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.replay import ReplayBrowser, Shown, read_replayable, replay_capture, score_replay
from embedarchive.replay.answers import Answers, StoredAnswer
from embedarchive.replay.score import measure_distance, share_words
from embedarchive.replica import Replica
from embedarchive.run.ledger import Event, Run
from embedarchive.run.services import Services, Settings
from embedarchive.store import Archive
from embedarchive.store.reading import read_page
from loopback import Origin

NOW = "2026-03-20T08:00:00.000Z"


# --------------------------------------------------------------------------------------------------------- in a browser

NAMES = ("fjord", "premiere", "marathon")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def captures() -> dict[str, Capture]:
    """A photo, a carousel and a reel, captured from a replica that is gone when the tests begin."""
    with Replica() as replica:
        async with open_camera(replica) as camera:
            return {name: await camera.take(name) for name in NAMES}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage() -> AsyncIterator[ReplayBrowser]:
    async with ReplayBrowser(find_browser(None, os.environ)) as opened:
        yield opened


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def beside_visits() -> AsyncIterator[ReplayBrowser]:
    """Tabs for replays in a browser that was started for visits, behind a door through which it reaches everything."""
    choice = find_browser(None, os.environ)
    async with (
        Door(DoorPolicy(allow_private=True, ports=frozenset(range(1, 65536)))) as door,
        Fetcher(door, user_agent="t") as fetcher,
        Browser(door, choice, tabs=1, fetcher=fetcher) as browser,
        ReplayBrowser(choice, tabs=1, running=browser.running) as opened,
    ):
        yield opened


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive(tmp_path / "embeds.db", platforms=PLATFORMS) as opened:
        yield opened


def keep(archive: Archive, capture: Capture, said: Description | None = None) -> int:
    """Keep a capture with what its platform's rules read from it (or with what is given)."""
    number = archive.keep_capture(capture, archive.start_crawl("crawl", NOW, "0", {}))
    visit = BY_NAME[capture.post.platform].visit
    assert visit
    said = said or visit.describe(read_page(archive.conn, number), capture.post)
    archive.keep_description(number, capture.post.key, said, visit.rules, NOW)
    return number


def without(capture: Capture, kind: str) -> Capture:
    """The same capture, had no answer of that type come."""
    lost = [e for e in capture.exchanges if kind in (e.content_type or "")]
    assert lost
    artifacts = tuple(a for a in capture.artifacts if not (kind in a.content_type and a.url))
    return replace(capture, exchanges=tuple(e for e in capture.exchanges if e not in lost), artifacts=artifacts)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_a_whole_capture_comes_back_whole(
    captures: dict[str, Capture], stage: ReplayBrowser, archive: Archive, name: str
) -> None:
    replay = await replay_capture(archive.conn, keep(archive, captures[name]), stage)
    assert replay.score >= 0.98, replay
    assert replay.distance is not None
    assert replay.distance <= 0.02
    assert (replay.text_found, replay.note) == (1.0, None)
    assert replay.media_found == replay.media_expected >= 3
    assert not stage.refusals


@pytest.mark.parametrize(
    ("kind", "worst", "says"), [("css", 0.8, "without an answer"), ("image/jpeg", 0.1, "not held whole: media 1")]
)
@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_what_is_lost_shows_in_the_score(
    captures: dict[str, Capture], stage: ReplayBrowser, archive: Archive, kind: str, worst: float, says: str
) -> None:
    replay = await replay_capture(archive.conn, keep(archive, without(captures["fjord"], kind)), stage)
    assert replay.score < worst
    assert says in (replay.note or "")


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_another_page_in_the_posts_place_scores_nothing(
    captures: dict[str, Capture], stage: ReplayBrowser, archive: Archive
) -> None:
    good = captures["fjord"]
    shell = tuple(
        replace(e, body=b"<title>Instagram</title><p>Log in to continue") if e.resource_type == "document" else e
        for e in good.exchanges
    )
    said = Description(text="Four in the morning, minus eleven")
    replay = await replay_capture(archive.conn, keep(archive, replace(good, exchanges=shell), said), stage)
    assert replay.score == 0
    assert "the post did not appear" in (replay.note or "")


@pytest.mark.parametrize("whose", ["its own browser", "the visits' browser"])
@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_nothing_leaves_the_machine(
    stage: ReplayBrowser, beside_visits: ReplayBrowser, archive: Archive, whose: str
) -> None:
    stage = stage if whose == "its own browser" else beside_visits
    async with Origin(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as canary:
        there = f"127.0.0.1:{canary.port}"
        page = f"""<!doctype html><meta http-equiv=refresh content="9;url=http://{there}/refresh">
        <link rel=preconnect href="http://{there}"><link rel=prefetch href="http://{there}/prefetch">
        <link rel=dns-prefetch href="//canary.example"><div class=Embed><p>A post</p>
        <img src="http://{there}/image"><iframe src="http://{there}/frame"></iframe></div><script>
        const go = [() => new WebSocket("ws://{there}/socket"), () => fetch("http://{there}/fetch"),
          () => navigator.sendBeacon("http://{there}/beacon"), () => window.open("http://{there}/popup"),
          () => new EventSource("http://{there}/events"), () => fetch("/moved"),
          () => new Worker(URL.createObjectURL(new Blob([`fetch("http://{there}/w"); new WebSocket("ws://{there}/w")`]))),
          () => {{ const c = new RTCPeerConnection({{ iceServers: [{{ urls: "stun:{there}" }}] }});
            c.createDataChannel("x"); c.createOffer().then((o) => c.setLocalDescription(o)); }}];
        for (const each of go) try {{ each() }} catch (error) {{}}
        </script>""".encode()
        moved = Exchange("https://www.instagram.com/moved", status=302, started_at=NOW,
                         response_headers=(("location", f"http://{there}/moved"),))  # fmt: skip
        number = keep(archive, hand_made(page, moved), Description(text="A post"))
        shown = await stage.show(read_replayable(archive.conn, number))
        await asyncio.sleep(0.5)
        assert shown.settled == "card"
        asked = {url.rpartition("/")[2] for url in shown.unanswered}
        assert asked >= {"image", "frame", "fetch", "events", "moved"}, "else the page did not even try"
        assert canary.connections == 0
        stage.refusals.clear()


@pytest.mark.browser
@pytest.mark.asyncio(loop_scope="module")
async def test_a_browser_that_died_says_nothing_of_the_capture_and_is_started_again(archive: Archive) -> None:
    number = keep(
        archive, hand_made(b"<div class=Embed>A post<script>for (;;) {}</script></div>"), Description(text="A")
    )
    good = keep(archive, hand_made(b"<div class=Embed>A post</div>"), Description(text="A"))
    async with ReplayBrowser(find_browser(None, os.environ)) as stage:
        patient, stage.limits = (
            stage.limits,
            replace(stage.limits, navigate_s=1.0, settle_s=0.5, grace_s=0.5, whole_s=1.0),
        )
        with contextlib.suppress(BrowserCrashed):
            replay = await replay_capture(archive.conn, number, stage)
            assert replay.score == 0, "a page that never ends shows no post"
        stage.limits = patient
        assert (await replay_capture(archive.conn, good, stage)).score == 1


def hand_made(page: bytes, *more: Exchange) -> Capture:
    post = Post("instagram", "Cp1x1mNq8r", "https://www.instagram.com/p/Cp1x1mNq8r/")
    url = f"{post.url}embed/captioned/"
    document = Exchange(url, status=200, body=page, content_type="text/html", resource_type="document", started_at=NOW,
                        response_headers=(("content-type", "text/html; charset=utf-8"),))  # fmt: skip
    return Capture(post, url, url, NOW, NOW, Verdict("available"), 200, exchanges=(document, *more))


# ---------------------------------------------------------------------------------------------------------- the archive


def test_a_replay_is_due_once_and_its_score_stands_by_the_post(archive: Archive) -> None:
    number = keep(archive, hand_made(b"<p>"), Description(text="x"))
    gone = replace(hand_made(b"<p>"), verdict=Verdict("gone", "deleted"))
    archive.keep_capture(gone, 1)
    due = "SELECT id FROM captures_to_replay"
    assert [row[0] for row in archive.conn.execute(due)] == [number]
    archive.keep_replay(number, Replay(0.4, 0.5, 0.8, 2, 3, "1 of 2 pictures not drawn", NOW))
    seen = capture_record(archive.conn, number)
    assert seen
    assert (seen.replay_score, seen.replay_note) == (0.4, "1 of 2 pictures not drawn")
    archive.keep_replay(number, Replay(0.5, 0.4, 0.8, 2, 3, None, clock.later(1)))
    assert not archive.conn.execute(due).fetchall()
    assert [row[0] for row in archive.conn.execute("SELECT replay_score FROM preserved_posts")] == [0.5]


def test_a_capture_without_a_page_cannot_be_replayed(archive: Archive) -> None:
    number = archive.keep_capture(replace(hand_made(b""), exchanges=()), archive.start_crawl("crawl", NOW, "0", {}))
    with pytest.raises(ArchiveError, match="no page"):
        read_replayable(archive.conn, number)


async def test_a_capture_that_cannot_be_shown_again_says_so(archive: Archive) -> None:
    number = keep(archive, replace(hand_made(b""), exchanges=()), Description(text="A post"))
    told: list[Event] = []
    run = Run(archive, Services(Settings()), 1, told.append)
    for row in archive.conn.execute("SELECT * FROM captures_to_replay").fetchall():
        await run.replay_capture(row)
    kept = archive.conn.execute("SELECT capture_id, score, note FROM replays").fetchall()
    assert [tuple(row) for row in kept] == [(number, 0.0, "not replayable: no page is kept of it")]
    assert not archive.conn.execute("SELECT * FROM captures_to_replay").fetchall()
    assert told[0].outcome == "poor"


SIZES = "https://cdn.example/photo.jpg?size="
ANSWERS = Answers(
    (
        StoredAnswer("GET", f"{SIZES}320", 200, (("content-type", "image/jpeg"),), b"small"),
        StoredAnswer("GET", f"{SIZES}1080", 200, (("Content-Type", "image/jpeg"),), b"the largest"),
        StoredAnswer("GET", "https://api.example/post?id=1", 200, (("content-type", "application/json"),), b"{}"),
    )
)


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("GET", f"{SIZES}320", b"small"),
        ("GET", f"{SIZES}640", b"the largest"),
        ("POST", f"{SIZES}640", None),
        ("GET", "https://cdn.example/other.jpg?size=320", None),
        ("GET", "https://api.example/post?id=2", None),
    ],
)
def test_only_a_picture_is_answered_by_another_of_its_sizes(method: str, url: str, body: bytes | None) -> None:
    found = ANSWERS.replay().find(method, url)
    assert (found.body if found else None) == body


def test_what_a_frame_asked_for_itself_answers_it_again(archive: Archive) -> None:
    """In an article the frame's own request serves as the second look, and is kept as such."""
    asked = Exchange(
        "https://api.example/post?id=1", status=200, body=b"{}", resource_type="probe:result", started_at=NOW
    )
    number = keep(archive, hand_made(b"<p>", asked), Description(text="x"))
    assert read_replayable(archive.conn, number).answers.replay().find("GET", asked.url)


def test_a_picture_cut_short_is_not_whole(archive: Archive) -> None:
    picture = draw(400)
    named = Artifact("media", picture[: len(picture) // 2], "image/png", 1, "https://cdn.example/1.png")
    number = keep(archive, replace(hand_made(b"<p>"), artifacts=(named,)), Description(text="x"))
    replay = score_replay(read_replayable(archive.conn, number), Shown(settled="card", text="x"), NOW)
    assert (replay.media_found, replay.media_expected, replay.score) == (0, 1, 0)


# ------------------------------------------------------------------------------------------------------------ comparing


def draw(width: int, photo: str = "#336699", quality: int | None = None) -> bytes:
    """A card: white, a line of text, a photo of one colour with a darker half."""
    card, out = Image.new("RGB", (width, 600), "white"), io.BytesIO()
    pen = ImageDraw.Draw(card)
    pen.text((20, 20), "An invented caption of some length", fill="black")
    pen.rectangle((0, 60, width, 500), fill=photo)
    pen.rectangle((0, 60, width // 2, 500), fill="#102030" if photo != "white" else photo)
    card.save(out, "JPEG" if quality else "PNG", **({"quality": quality} if quality else {}))
    return out.getvalue()


@pytest.mark.parametrize(
    ("other", "least", "most"),
    [
        (draw(400), 0.0, 0.0),
        (draw(400, quality=60), 0.0, 0.02),
        (draw(400, "white"), 0.6, 0.8),
        (draw(400, "#3366cc"), 0.3, 0.5),
        (draw(600), 0.2, 0.6),
        (None, 1.0, 1.0),
        (draw(400)[:900], 1.0, 1.0),
        (draw(400, quality=85)[:-9], 1.0, 1.0),
    ],
)
def test_the_distance_is_the_share_that_looks_different(other: bytes | None, least: float, most: float) -> None:
    distance = measure_distance(draw(400), other)
    assert distance is not None
    assert least <= distance <= most


@pytest.mark.parametrize("width", [7, 397, 403])
def test_the_distance_does_not_depend_on_how_a_picture_is_written(width: int) -> None:
    card = Image.radial_gradient("L").resize((width, 611)).convert("RGB")
    written = []
    for kind in ("PNG", "JPEG", "WEBP"):
        out = io.BytesIO()
        card.save(out, kind, quality=90)
        written.append(out.getvalue())
    assert [measure_distance(one, other) for one in written for other in written] == [0.0] * 9


def test_without_a_picture_there_is_no_distance() -> None:
    assert measure_distance(None, draw(400)) is None


@pytest.mark.parametrize(
    ("text", "dom", "shown", "share"),
    [
        ("Fog, fog on #nordlys!", "<p>Fog fog on <a>#nordlys</a>", "FOG on #nordlys", 1.0),
        ("one two three four", "<p>one two three four", "one two", 0.5),
        ("seen hidden", "<p>seen<script>hidden</script>", "seen", 1.0),
        ("only in the answer of a probe", "<p>Watch this", "Watch this", None),
        ("雨上がりの交差点。誰もいない", "<p>雨上がりの交差点。誰もいない", "雨上がりの交差点。", 0.5),
        ("", "", "anything", None),
        ("kept without a page", "", "kept without", 0.5),
    ],
)
def test_words_are_those_the_captured_page_showed(text: str, dom: str, shown: str, share: float | None) -> None:
    assert share_words(text, dom, shown) == share


# -------------------------------------------------------------------------------------------------------------- answers


def kept(url: str, body: bytes = b"", status: int = 200, **headers: str) -> StoredAnswer:
    return StoredAnswer("GET", url, status, tuple(headers.items()), body)


def test_who_asks_again_is_answered_as_the_visit_was() -> None:
    answers = Answers([kept("https://a.example/x", b"1"), kept("https://a.example/x", b"2")])
    for _ in range(2):
        replaying = answers.replay()
        found = [replaying.find("GET", f"https://a.example/x#{n}") for n in range(3)]
        assert [each.body for each in found if each] == [b"1", b"2", b"2"]
        assert replaying.find("POST", "https://a.example/x") is None


def test_redirects_are_followed_for_the_browser_and_end() -> None:
    loop = kept("https://a.example/loop", status=302, location="/loop")
    moved = kept("https://a.example/1", status=301, Location="//b.example/2")
    answers = Answers([moved, kept("https://b.example/2", b"!"), loop])
    found = answers.replay().find("GET", "https://a.example/1")
    assert found
    assert found.body == b"!"
    assert answers.replay().find("GET", "https://a.example/loop") is None


def test_addresses_kept_without_their_credentials_are_found() -> None:
    found = Answers([kept("https://a.example/?access_token=[redacted]&b=1", b"!")])
    assert found.replay().find("GET", "https://a.example/?access_token=s3cret&b=1")


def test_headers_are_true_for_the_decoded_body() -> None:
    answer = StoredAnswer(
        "GET", "https://a.example/", 200, (("Content-Encoding", "br"), ("vary", "a"), ("vary", "b")), b""
    )
    assert answer.framed() == {"vary": "a\nb"}
