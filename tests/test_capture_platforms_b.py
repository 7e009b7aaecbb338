"""Reddit, Telegram, Pinterest, LinkedIn, Tumblr and the players beside the suite that all pass: walls, rules, real answers."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest
import pytest_asyncio

from capturing import Camera, artifacts, describe_again, open_camera, short, take_as_found
from embedarchive.core.model import Answer, Description, Page, Post
from embedarchive.detect import find_embeds
from embedarchive.platforms import BY_NAME
from embedarchive.replica import Replica
from embedarchive.replica.cdn import make_words

F = TypeVar("F", bound=Callable[..., object])


def in_browser(test: F) -> F:
    """Mark a test that drives the module's one browser."""
    return pytest.mark.browser(pytest.mark.asyncio(loop_scope="module")(test))


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def camera(replica: Replica) -> AsyncIterator[Camera]:
    async with open_camera(replica) as opened:
        yield opened


@in_browser
async def test_a_film_is_played_by_the_articles_own_player_where_no_other_plays_it(camera: Camera) -> None:
    fact, dailymotion = camera.replica.post("dm-phare"), BY_NAME["dailymotion"]
    own = '<script src="https://geo.dailymotion.com/player/xb2l3.js" data-video="x9r4v1m"></script>'
    (found,) = find_embeds(f"<p>{own}</p>", url="https://news.example/phare").embeds
    assert found.post is not None
    seen = await camera.browser.capture(found.post, dailymotion)
    assert (short(seen), seen.visit_url.partition("?")[0]) == (SEEN, "https://geo.dailymotion.com/player/xb2l3.html")
    assert dailymotion.visit
    assert describe_again(seen).title == fact.caption
    assert short(await camera.take("dm-phare")) != SEEN, "the player without an ID does not play it"


@in_browser
async def test_a_film_is_kept_with_its_subtitles(camera: Camera) -> None:
    fact = camera.replica.post("vm-hands")
    (words,) = artifacts(await camera.take("vm-hands"), "subtitles")
    assert (words.body, words.content_type, words.alt) == (make_words(fact), "text/vtt", "en")


# --------------------------------------------------------------------------------------------------------------- honest

SEEN = ("available", None)
GONE, UNSURE = ("gone", "deleted"), ("unavailable", "unconfirmed")
PRIVATE, REFUSED = ("unavailable", "private"), ("unavailable", "embed_refused")
STRANGE = ("error", "unrecognized")


@in_browser
@pytest.mark.parametrize("name", ["vm-hands", "dm-quai"])
async def test_whoever_is_kept_out_asks_nothing_more(camera: Camera, name: str) -> None:
    camera.replica.clear_hits()
    await take_as_found(camera, name, "rate_after")
    assert len({hit.url for hit in camera.replica.hits if "favicon" not in hit.url}) == 1


@in_browser
async def test_a_refused_film_is_described_by_those_who_tell_of_it(camera: Camera) -> None:
    said = describe_again(await take_as_found(camera, "st-goal", "refused"))
    assert (said.title, said.sources["title"]) == (camera.replica.post("st-goal").caption, "video")


# ------------------------------------------------------------------------------------------------- the rules, by hand


def page_of(body: str, *answers: Answer, url: str = "https://frame.example/", status: int = 200) -> Page:
    return Page(url, url, status, body, answers=answers)


def judge(platform: str, native_id: str, page: Page) -> tuple[str, str | None]:
    visit = BY_NAME[platform].visit
    assert visit
    found = visit.classify(page, Post(platform, native_id, BY_NAME[platform].canonical(native_id)))
    return found.outcome, found.reason


def answer(name: str, body: str, status: int = 200) -> Answer:
    return Answer(name, "https://x.example/", status, "https://x.example/", body)


MINE = (
    "reddit",
    "telegram",
    "pinterest",
    "linkedin",
    "vimeo",
    "tumblr",
    "soundcloud",
    "spotify",
    "imgur",
    "giphy",
    "flickr",
    "twitch",
    "dailymotion",
    "rumble",
    "bandcamp",
    "streamable",
    "vk",
    "snapchat",
    "vine",
)
DOCUMENT = "<!DOCTYPE html><title>x</title><h1>Not found</h1>"


@pytest.mark.parametrize("platform", MINE)
@pytest.mark.parametrize("status", [404, 410])
def test_a_missing_frame_alone_proves_nothing(platform: str, status: int) -> None:
    native_id = BY_NAME[platform].examples[0].native_id
    visit = BY_NAME[platform].visit
    assert visit
    errors = tuple(answer(p.name, DOCUMENT, 404) for p in visit.probes if not p.navigate)
    assert judge(platform, native_id, page_of(DOCUMENT, status=status)) == UNSURE
    assert judge(platform, native_id, page_of(DOCUMENT, *errors, status=status)) == UNSURE, "anybody's error pages"


WITNESSES = {
    "somebody's error page": (answer("oembed", DOCUMENT, 404), UNSURE),
    "nothing at all": (answer("oembed", "", 404), UNSURE),
    "a line of text": (answer("oembed", "Not Found", 404), UNSURE),
    "JSON": (answer("oembed", '{"error":"Not found"}', 404), UNSURE),
    "a rate limit": (answer("oembed", "{}", 429), UNSURE),
    "a server's error": (answer("oembed", "{}", 500), UNSURE),
    "a refusal": (answer("oembed", "Unauthorized", 401), PRIVATE),
    "a bot wall": (answer("oembed", DOCUMENT, 403), UNSURE),
    "a post that is not named": (answer("oembed", '{"title":"A kestrel","author_name":"Mara"}'), UNSURE),
    "the post, and little of it": (answer("oembed", '{"video_id":879269983,"title":"A kestrel"}'), REFUSED),
    "the post": (answer("oembed", '{"video_id":879269983,"title":"A kestrel","author_name":"Mara"}'), SEEN),
}


@pytest.mark.parametrize(("witness", "expected"), WITNESSES.values(), ids=WITNESSES.keys())
def test_what_a_witness_says_decides(witness: Answer, expected: tuple[str, str]) -> None:
    assert judge("vimeo", "879269983", page_of(DOCUMENT, witness, status=404)) == expected


@pytest.mark.parametrize("said", ["Not Found", '{"error":"Not found"}'], ids=["a line of text", "JSON"])
def test_a_witness_agrees_with_a_frame_that_is_the_platforms_own(said: str) -> None:
    own = "<!DOCTYPE html><title>Sorry | Vimeo</title><h1>Sorry</h1>"
    assert judge("vimeo", "879269983", page_of(own, answer("oembed", said, 404), status=404)) == GONE
    assert judge("vimeo", "879269983", page_of(own, status=404)) == UNSURE


ALBUM, NAMED = "album=3296236997", "maralind.bandcamp.com/album/kestrel"
UNKNOWN = answer("details", '{"error":true,"error_message":"No"}')
SOUNDS = {
    "no player, and the service knows no such number": (ALBUM, page_of(DOCUMENT, UNKNOWN, status=404), GONE),
    "a player of an unknown make, and the same": (ALBUM, page_of(DOCUMENT, UNKNOWN), UNSURE),
    "no player, and a service that names nothing": (
        ALBUM,
        page_of(DOCUMENT, answer("details", '{"error":false}'), status=404),
        UNSURE,
    ),
    "no player, and a service that is out of order": (
        ALBUM,
        page_of(DOCUMENT, answer("details", "", 500), status=404),
        UNSURE,
    ),
    "a page by name that is none": (NAMED, page_of(DOCUMENT, status=404), UNSURE),
    "a page by name of an unknown make": (NAMED, page_of(DOCUMENT), STRANGE),
}


@pytest.mark.parametrize(("native_id", "page", "expected"), SOUNDS.values(), ids=SOUNDS.keys())
def test_a_number_can_be_asked_about_and_a_name_cannot(
    native_id: str, page: Page, expected: tuple[str, str | None]
) -> None:
    assert judge("bandcamp", native_id, page) == expected


def test_whoever_refuses_us_with_999_keeps_us_out() -> None:
    assert judge("linkedin", "urn:li:share:7000000000000000000", page_of("<script></script>", status=999)) == (
        "blocked",
        "refused",
    )


def test_a_frame_that_holds_what_oembed_says_is_the_post_whatever_its_make() -> None:
    player = "https://w.soundcloud.com/player/?url=https%3A%2F%2Fapi.soundcloud.com%2Ftracks/180961263"
    told = answer("oembed", f'{{"title":"A kestrel &amp; her nest","author_name":"Mara","html":"{player}"}}')
    other = answer("oembed", '{"title":"A kestrel &amp; her nest","author_name":"Mara"}')
    frame = "<div class=new-make-of-2031><h2>A kestrel &amp;amp; her\n nest</h2></div>"
    assert judge("soundcloud", "tracks/180961263", page_of(frame, told)) == ("available", None)
    assert judge("soundcloud", "tracks/180961263", page_of(frame, other)) == STRANGE, "it may tell of another"
    assert judge("soundcloud", "tracks/180961263", page_of(DOCUMENT, told)) == STRANGE


@pytest.mark.parametrize("platform", MINE)
def test_no_ordinary_page_in_a_posts_place_is_the_post(platform: str, shared: Path) -> None:
    """Article pages in the place of a frame, each for one platform; with a witness of the post, and without."""
    native_id = BY_NAME[platform].examples[0].native_id
    told = answer("oembed", '{"title":"Zwölf Graureiher zählen","author_name":"Mara Lind 🕊"}')
    for file in sorted((shared / "corpus" / "pages").rglob("*.html*"))[MINE.index(platform) :: len(MINE)]:
        text = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        body = text.decode("utf-8", "replace")[:400_000]
        for answers in ((), (told,)):
            assert judge(platform, native_id, page_of(body, *answers))[0] not in ("available", "gone"), file.name


def test_a_poll_of_telegram_is_its_question_and_its_choices() -> None:
    options = "".join(f'<div class="tgme_widget_message_poll_option_text">{n}</div>' for n in ("Harbour", "Hill"))
    poll = f'<div class="tgme_widget_message_poll"><div class="tgme_widget_message_poll_question">Where?</div>{options}</div>'
    page = page_of(f'<div class="tgme_widget_message" data-post="rookfield/9">{poll}</div>')
    assert said_of("telegram", "rookfield/9", page).text == "Where?\n\n○ Harbour\n○ Hill"


def test_language_warning_and_subtitles_are_what_the_platform_says() -> None:
    config = {
        "video": {"id": 76979871, "lang": "fr"},
        "request": {"text_tracks": [{"lang": "en", "url": "/texttrack/1.vtt"}]},
    }
    film = said_of("vimeo", "76979871", page_of(f"<script>window.playerConfig = {json.dumps(config)}</script>"))
    words = [m for m in film.media if m.role == "subtitles"]
    assert (film.lang, words[0].alt, words[0].url) == ("fr", "en", "https://player.vimeo.com/texttrack/1.vtt")
    video = answer(
        "video", '{"id":"x67iqc9","title":"A kestrel","owner.screenname":"M","language":"en","explicit":true}'
    )
    clip = said_of("dailymotion", "x67iqc9", page_of(DOCUMENT, video, status=404))
    assert (clip.lang, clip.sensitive) == ("en", True)
    state = {
        "props": {"pageProps": {"state": {"data": {"entity": {"id": "4mVq", "name": "Stop", "isExplicit": True}}}}}
    }
    track = f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(state)}</script>'
    assert said_of("spotify", "track/4mVq", page_of(track)).sensitive is True


def said_of(platform: str, native_id: str, page: Page) -> Description:
    visit = BY_NAME[platform].visit
    assert visit
    return visit.describe(page, Post(platform, native_id, BY_NAME[platform].canonical(native_id)))


# --------------------------------------------------------------------------------------------------- real saved answers

SAVED: dict[str, tuple[str, str, dict[str, object]]] = {
    "www.reddit.com.oembed.3ede": ("reddit", "7pfpeq", {"author_name": "dennisrieves", "title": "Buffett on"}),
    "www.reddit.com.oembed.89fa": ("reddit", "7pfpeq", {"author_name": "dennisrieves", "title": "Buffett on"}),
    "www.pinterest.com": (
        "pinterest",
        "106890191127977979",
        {"author_name": "Leslie Carruthers", "title": "Pourparler"},
    ),
    "vimeo.com.api-oembed.json.ebd0": ("vimeo", "235352744", {"author_name": "Vimeo", "text": "Professional live"}),
    "www.tumblr.com": ("tumblr", "165326273724", {"author_name": "He-who-photographs-rather-OK"}),
    "soundcloud.com.oembed.a0c7": ("soundcloud", "zedsdead/lost-you", {"title": "Zeds Dead feat. Twin Shadow"}),
    "soundcloud.com.oembed.5de7": ("soundcloud", "tracks/191904624", {"author_name": "IDIDTHAT.co"}),
    "open.spotify.com.oembed.3632": ("spotify", "album/7s66wU1XJ2NsUuWM2NKiUV", {"title": "A Cantar con Xabarin"}),
    "www.dailymotion.com": ("dailymotion", "xy0wd", {"title": "Chats paresseux", "author_name": "jeanbamin"}),
    "www.flickr.com.services-oembed.a0ab": ("flickr", "16055522574", {"author_name": "desescribir"}),
}


@pytest.mark.parametrize("name", SAVED)
def test_real_oembed_answer(shared: Path, name: str) -> None:
    platform, native_id, expected = SAVED[name]
    (file,) = (f for f in (shared / "fixtures" / "oembed").iterdir() if f.name.startswith(name))
    said = refused(platform, native_id, answer("oembed", file.read_text()))
    for field, start in expected.items():
        assert str(getattr(said, field)).startswith(str(start))
        assert said.sources[field] == "oembed"
    posters = [m.url for m in said.media if m.role == "poster"]
    told = json.loads(file.read_text()).get("thumbnail_url")
    assert posters == ([told] if told and "placeholder" not in told else [])


@pytest.mark.parametrize("name", SAVED)
def test_a_refused_frame_beside_an_answer_that_tells_the_post(shared: Path, name: str) -> None:
    """Whatever status the frame is refused with: the post is there, and that it was refused is said beside it."""
    platform, native_id, _ = SAVED[name]
    visit = BY_NAME[platform].visit
    assert visit
    (file,) = (f for f in (shared / "fixtures" / "oembed").iterdir() if f.name.startswith(name))
    post = Post(platform, native_id, BY_NAME[platform].canonical(native_id))
    told = answer("oembed", file.read_text())
    said = refused(platform, native_id, told)
    in_full = bool(said.author_name and (said.title or said.text))
    refusals = [s for s in (403, 404, 410) if judge(platform, native_id, page_of(DOCUMENT, status=s)) == UNSURE]
    assert 404 in refusals
    assert (403 in refusals) == (platform == "vimeo"), "elsewhere a 403 keeps us out, and says nothing of the post"
    for status in refusals:
        found = visit.classify(page_of(DOCUMENT, told, status=status), post)
        assert (found.outcome, found.reason) == (SEEN if in_full else REFUSED), status
        assert found.embedding == "refused"


def refused(platform: str, native_id: str, *answers: Answer) -> Description:
    """What is known of a post whose frame is refused, from its witnesses alone."""
    visit = BY_NAME[platform].visit
    assert visit
    post = Post(platform, native_id, BY_NAME[platform].canonical(native_id))
    return visit.describe(page_of(DOCUMENT, *answers, status=404), post)


def test_the_title_of_a_sound_has_no_author_in_it(shared: Path) -> None:
    (file,) = (f for f in (shared / "fixtures" / "oembed").iterdir() if f.name.startswith("soundcloud.com.oembed.a0c7"))
    said = refused("soundcloud", "zedsdead/lost-you", answer("oembed", file.read_text()))
    assert said.title == "Zeds Dead feat. Twin Shadow & D'Angelo Lacy - Lost You"


def test_real_oembed_of_a_film_only_for_some_sites(shared: Path) -> None:
    (file,) = (
        f for f in (shared / "fixtures" / "oembed").iterdir() if f.name.startswith("vimeo.com.api-oembed.json.a647")
    )
    assert judge("vimeo", "235352744", page_of(DOCUMENT, answer("oembed", file.read_text()), status=403)) == REFUSED


def test_real_pins(shared: Path) -> None:
    pins = shared / "fixtures" / "pinterest"
    photo = refused("pinterest", "66287425756772418", answer("pin", (pins / "pinterest-pin-image.json").read_text()))
    assert (photo.kind, photo.title, photo.author_name) == ("photo", "Great grandma's Dilly Bread", "Robin Fixture")
    assert (photo.posted_at, photo.comments, photo.shares) == ("2021-10-27T16:00:23.000Z", 0, 4)
    assert photo.media[0].url.startswith("https://i.pinimg.com/originals/")
    film = refused("pinterest", "4855512095802122", answer("pin", (pins / "pinterest-pin-video.json").read_text()))
    assert (film.kind, film.likes, film.shares) == ("video", 3235, 2255)
    assert film.media[0].url.endswith("_720w.mp4")
    assert (film.media[0].width, film.media[0].height, film.media[0].duration_s) == (720, 1280, 15.333)


IMGUR = {
    "imgur-api-album": ("a/iX265HX", "enen-no-shouboutai", 2, "Suppress fire"),
    "imgur-api-still": ("QAcLnaf", None, 1, None),
    "imgur-api-animated": ("Aa2IZ5m", None, 1, "Suppress fire"),
}


@pytest.mark.parametrize("name", IMGUR)
def test_real_imgur_answer(shared: Path, name: str) -> None:
    native_id, title, files, alt = IMGUR[name]
    said = refused("imgur", native_id, answer("post", (shared / "fixtures" / "imgur" / f"{name}.json").read_text()))
    assert (said.title, len(said.media), said.media[0].alt) == (title, files, alt)
    assert all(m.url.startswith("https://i.imgur.com/") and m.width for m in said.media)
    assert said.posted_at


@pytest.mark.parametrize("name", ["66287425756772418", "1"])
def test_an_answer_about_another_post_is_not_listened_to(shared: Path, name: str) -> None:
    text = (shared / "fixtures" / "pinterest" / "pinterest-pin-image.json").read_text()
    assert bool(refused("pinterest", name, answer("pin", text)).title) == (name == "66287425756772418")
