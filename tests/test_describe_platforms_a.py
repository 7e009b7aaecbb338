"""Real saved answers of TikTok, Facebook, Bluesky, Mastodon and YouTube read right; no strange page ever believed."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import pytest

from embedarchive.core.model import Answer, Description, Media, Page, Post, Verdict
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.fields import as_kind, as_time, parse_html, read_rich_text
from embedarchive.platforms.kit.statuses import read_status

SHARED = Path(__file__).parents[2] / "shared"
IDS = {
    "tiktok": "7660566211100511518",
    "facebook": "1111111111111111",
    "threads": "DDYEM_foiI1",
    "youtube": "eiHXASgRTcA",
    "bluesky": "did:plc:z72i7hdynmk6r22z27h6tvur/3l6oveex3ii2l",
    "mastodon": "social.example/116995942822091302",
    "truthsocial": "116995942822091302",
}
DENIED = {
    "tiktok": Answer(
        "page", "u", 200, "u", '<script id="__UNIVERSAL_DATA_FOR_REHYDRATION__">{"__DEFAULT_SCOPE__":{}}</script>'
    ),
    "facebook": Answer("page", "u", 404, "u", "<p>Not found</p>"),
    "threads": Answer("page", "u", 404, "https://www.threads.com/@i/post/DDYEM_foiI1", "<p>Not found</p>"),
    "youtube": Answer("oembed", "u", 404, "https://www.youtube.com/oembed?url=u", "Not Found"),
    "bluesky": Answer("posts", "u", 200, "u", '{"posts":[]}'),
    "mastodon": Answer("status", "u", 404, "u", '{"error":"Record not found"}'),
    "truthsocial": Answer("status", "u", 404, "u", '{"error":"Record not found"}'),
}
"""The second look at its most damning: with a page that means nothing it must mean nothing."""


def saved(*path: str) -> str:
    file = SHARED.joinpath("fixtures", *path)
    if not SHARED.is_dir():
        pytest.skip("../shared is not here")
    return file.read_text(encoding="utf-8")


def post_of(platform: str, native_id: str) -> Post:
    return Post(platform, native_id, BY_NAME[platform].canonical(native_id))


def look(platform: str, page: Page, native_id: str = "") -> tuple[Verdict, Description]:
    visit, post = BY_NAME[platform].visit, post_of(platform, native_id or IDS[platform])
    assert visit
    return visit.classify(page, post), visit.describe(page, post)


def page_of(body: str, *answers: Answer, status: int = 200) -> Page:
    return Page("https://frame.example/", "https://frame.example/", status, body, body, answers=answers)


# --------------------------------------------------------------------------------------------------------------- TikTok


def tiktok(name: str, native_id: str) -> tuple[Verdict, Description]:
    answer = Answer("page", "u", 200, "u", saved("tiktok", f"tiktok-{name}.html"))
    return look("tiktok", page_of("<p>x</p>", answer, status=400), native_id)


def test_a_real_tiktok_page_tells_why_the_frame_refused() -> None:
    assert tiktok("deleted", IDS["tiktok"])[0].outcome == "gone"
    assert tiktok("homepage", IDS["tiktok"])[0].reason == "unconfirmed"
    seen = tiktok("video", IDS["tiktok"])[0]
    assert (seen.outcome, seen.reason, seen.embedding) == ("available", None, "refused")
    assert tiktok("video", "7660566211100511519")[0].reason == "unconfirmed", "another video's page proves nothing"


def test_a_real_tiktok_video_is_read_whole() -> None:
    said = tiktok("video", IDS["tiktok"])[1]
    assert (said.kind, said.author_handle, said.author_verified) == ("video", "mysticaquariumct", False)
    assert said.text == "Duck’s fish era has officially begun. 🐟✨"
    assert (said.likes, said.comments, said.shares, said.views) == (21000, 82, 4060, 76000)
    assert said.audio == "Mystic Aquarium · original sound"
    assert next((m.role, m.width, m.height, m.duration_s) for m in said.media) == ("media", 720, 1280, 67)
    assert said.posted_at
    assert said.posted_at.startswith("2026-07-09T")


def test_the_page_for_phones_tells_the_same() -> None:
    text = saved("tiktok", "tiktok-video.html").replace('"webapp.video-detail"', '"webapp.reflow.video.detail"')
    page = page_of("<p>x</p>", Answer("page", "u", 200, "u", text), status=400)
    found, said = look("tiktok", page, IDS["tiktok"])
    assert (found.outcome, said) == ("available", tiktok("video", IDS["tiktok"])[1])
    words = [m for m in said.media if m.role == "subtitles"]
    assert [(m.position, m.alt) for m in words] == [(1, "eng-US")]


def test_the_choices_of_a_status_poll_are_words_of_the_post() -> None:
    poll = {"options": [{"title": "Tea", "votes_count": 3}, {"title": "<Coffee>"}]}
    said = read_status({"id": "1", "content": "<p>Which?</p>", "poll": poll}, "social.example")
    assert (said["text"], said["text_html"]) == (
        "Which?\n\n○ Tea\n○ <Coffee>",
        "Which?<br><br>○ Tea<br>○ &lt;Coffee&gt;",
    )


def test_a_real_tiktok_slideshow_is_every_picture() -> None:
    said = tiktok("slideshow", "7663591047909379341")[1]
    pictures = [m for m in said.media if m.role == "media"]
    assert said.kind == "carousel"
    assert len(pictures) > 1
    assert {(m.width, m.height) for m in pictures} == {(1080, 1350), (640, 800)}
    assert said.lang is None, "the page says `un`, which is no language"


# ------------------------------------------------------------------------------------------------------------- Facebook

PLUGINS = {
    "multiphoto": (IDS["facebook"], "NPR", "carousel", 5),
    "photo-nocaption": ("3333333333333333", "National Geographic", "photo", 1),
    "post": (IDS["facebook"], "WYFF News 4", "photo", 1),
    "style-dims": (IDS["facebook"], "NPR", "photo", 1),
    "unlinked-byline": ("7777777777777777", "Humans of New York", "photo", 1),
}


@pytest.mark.parametrize(("name", "expected"), PLUGINS.items())
def test_a_real_facebook_card_is_read(name: str, expected: tuple[str, str, str, int]) -> None:
    native_id, author, kind, pictures = expected
    found, said = look("facebook", page_of(saved("facebook", f"facebook-plugin-{name}.html")), native_id)
    assert (found.outcome, found.reason) == ("available", None)
    assert (said.author_name, said.kind) == (author, kind)
    assert len([m for m in said.media if m.role == "media"]) == pictures
    assert [m.role for m in said.media if m.position == 0] == ["avatar"]


def test_the_counts_and_the_date_of_a_real_facebook_card() -> None:
    said = look("facebook", page_of(saved("facebook", "facebook-plugin-post.html")))[1]
    assert (said.likes, said.comments, said.shares) == (2600, 4600, None)
    assert (said.posted_at, said.author_handle, said.author_verified) == ("2026-08-05T20:59:31.000Z", "WYFF4", True)
    assert said.text
    assert said.text.endswith("LATEST INFO ⬇️")


def test_a_real_facebook_card_of_another_post_is_not_the_post() -> None:
    found = look("facebook", page_of(saved("facebook", "facebook-plugin-post.html")), "8888888888888888")[0]
    assert (found.outcome, found.reason) == ("error", "wrong_post")


REFUSED = '<html id="facebook"><body><div class="pam uiBoxWhite"><p class="_1q3v">?</p></div></body></html>'
BEHIND = {
    "facebook-age-gated": ("", "unavailable", "age"),
    "facebook-post-page": ("122206800968682898", "available", None),
    "facebook-page-caption-only": ("1304655294363177", "available", None),
    "metashare-th-disowns": ("", "unavailable", "unconfirmed"),
}


@pytest.mark.parametrize(("name", "expected"), BEHIND.items())
def test_a_real_facebook_page_tells_what_stands_behind_the_refusal(
    name: str, expected: tuple[str, str, str | None]
) -> None:
    answer = Answer("page", "u", 200, "u", saved("facebook", f"{name}.html"))
    native_id, outcome, reason = expected
    found, said = look("facebook", page_of(REFUSED, answer), native_id)
    assert (found.outcome, found.reason) == (outcome, reason)
    assert bool(said.text and said.author_name) == (found.embedding == "refused") == (outcome == "available")
    assert look("facebook", page_of(REFUSED, answer))[0].outcome == "unavailable", "another post's page tells nothing"


PFBID = Post(
    "facebook",
    "pfbid02" + "aZ9" * 14,
    f"https://www.facebook.com/permalink.php?story_fbid=pfbid02{'aZ9' * 14}&id=100064701234567",
)


def test_an_owners_number_and_a_name_are_one_only_where_the_posts_page_says_so() -> None:
    card = page_of(saved("facebook", "facebook-plugin-post.html"))
    visit = BY_NAME["facebook"].visit
    assert visit
    assert visit.classify(card, PFBID).reason == "unconfirmed"
    meta = '<meta property="og:url" content="https://www.facebook.com/WYFF4/posts/{}/">' + (
        '<meta property="og:title" content="WYFF News 4"><meta property="og:description" content="Fire">'
    )
    said = {
        final: visit.classify(replace(card, answers=(Answer("page", PFBID.url, 200, final, meta.format(n)),)), PFBID)
        for n, final in (("1111111111111111", PFBID.url), ("2222222222222222", PFBID.url + "&x"))
    }
    assert [found.outcome for found in said.values()] == ["available", "unavailable"]


HOMES = {
    "https://www.facebook.com/profile.php?id=100064701234567&ref=embed_post": ("available", None),
    "/people/Mara-Lind/100064701234567/?ref=embed_post": ("available", None),
    "/100064701234567?ref=embed_post": ("available", None),
    "https://www.facebook.com/profile.php?id=100064709999999": ("error", "wrong_post"),
    "https://www.facebook.com/WYFF4?ref=embed_post": ("unavailable", "unconfirmed"),
    "https://www.facebook.com/": ("unavailable", "unconfirmed"),
}


@pytest.mark.parametrize(("home", "expected"), HOMES.items())
def test_a_card_without_a_name_names_its_owner_by_number(home: str, expected: tuple[str, str | None]) -> None:
    """Whoever has no name has a number in the byline; where Facebook walls the post's page, that is all there is."""
    card = saved("facebook", "facebook-plugin-post.html").replace("https://www.facebook.com/WYFF4?ref=embed_post", home)
    visit = BY_NAME["facebook"].visit
    assert visit
    wall = Answer("page", PFBID.url, 200, "https://www.facebook.com/login/?next=x", "<p>Log in</p>")
    found = visit.classify(page_of(card, wall), PFBID)
    assert (found.outcome, found.reason) == expected


# -------------------------------------------------------------------------------------------------------------- Bluesky


def bluesky(thread: object, native_id: str) -> tuple[Verdict, Description]:
    answer = Answer("thread", "u", 200, "u", json.dumps(thread))
    return look("bluesky", page_of('<div id="app"><div><time datetime="x"></time></div></div>', answer), native_id)


def test_a_real_bluesky_post_is_read_whole() -> None:
    found, said = bluesky(json.loads(saved("bluesky", "bluesky-post.json")), IDS["bluesky"])
    assert found.outcome == "available"
    assert (said.author_name, said.author_handle, said.lang) == ("Bluesky", "bsky.app", "en")
    assert (said.likes, said.comments, said.shares) == (63531, 8514, 9531)
    assert said.text
    assert "\n\nWe share Bluesky updates" in said.text
    assert said.posted_at
    assert said.posted_at.startswith("2024-10-17T07:06:51")


def test_pictures_video_and_quote_of_bluesky_posts_are_read() -> None:
    cases = json.loads(saved("bluesky", "bluesky-media-cases.json"))
    pictures = bluesky(cases["images"]["raw"], "alice.bsky.social/3k2a")[1]
    assert [(m.width, m.alt) for m in pictures.media if m.role == "media"] == [(1200, "first"), (900, None)]
    film = bluesky(cases["video"]["raw"], "bob.bsky.social/3v1d")[1]
    assert [(m.role, m.missing) for m in film.media] == [("media", "stream_only"), ("poster", None), ("avatar", None)]
    quote = json.loads(saved("bluesky", "fxembed-thread-quote-notfound.json"))
    said = bluesky(quote, "did:plc:test111/rkeyquotehost")[1]
    assert said.quoted_url == "https://bsky.app/profile/did:plc:other/post/rkeygone"
    assert bluesky(quote, "did:plc:test111/anotherkey")[0].reason == "wrong_post"


# ------------------------------------------------------------------------------------------------------------- Mastodon

STATUSES = {
    "images": ("Portes_Thomas@mastox.eu", "carousel"),
    "gifv": ("jimbob@aus.social", "video"),
    "text": ("mainichi_rss_etc_mainichiflash@rss-mstdn.studiofreesia.com", "link"),
    "video": ("somos_FOX@sportsbots.xyz", "video"),
}


@pytest.mark.parametrize(("name", "expected"), STATUSES.items())
def test_a_real_status_is_read(name: str, expected: tuple[str, str]) -> None:
    text = saved("mastodon", f"masto-status-{name}.json")
    status = json.loads(text)
    card = f'<div class="detailed-status"><a href="/@x/{status["id"]}">x</a></div>'
    found, said = look("mastodon", page_of(card, Answer("status", "u", 200, "u", text)), f"mstdn.social/{status['id']}")
    assert found.outcome == "available"
    assert (said.author_handle, said.kind) == expected
    assert said.posted_at == status["created_at"]
    assert all(m.width and m.height for m in said.media if m.role == "media")


def test_paragraphs_lines_and_links_of_a_real_status_are_kept() -> None:
    text = saved("mastodon", "masto-status-text.json")
    number = json.loads(text)["id"]
    card = f'<div class="detailed-status"><a href="/@x/{number}">x</a></div>'
    said = look("mastodon", page_of(card, Answer("status", "u", 200, "u", text)), f"mstdn.social/{number}")[1]
    assert said.text
    link, empty, tags = said.text.split("\n")[1:]
    assert link == "https://mainichi.jp/articles/20260728/k00/00m/010/108000c"
    assert (empty, tags[:1]) == ("", "#")
    assert said.text_html
    assert f'<a href="{link}">{link}</a>' in said.text_html


def test_what_stands_for_a_quote_is_none_of_the_authors_words_and_a_warning_is_told() -> None:
    status = json.loads(saved("mastodon", "masto-status-text.json"))
    fallback = '<p class="quote-inline">RE: <a href="https://mstdn.social/@a/1">https://mstdn.social/@a/1</a></p>'
    for warned in (False, True):
        told = json.dumps({**status, "content": f"{fallback}<p>My words.</p>", "sensitive": warned})
        card = f'<div class="detailed-status"><a href="/@x/{status["id"]}">x</a></div>'
        answer = Answer("status", "u", 200, "u", told)
        said = look("mastodon", page_of(card, answer), f"mstdn.social/{status['id']}")[1]
        assert (said.text, said.sensitive) == ("My words.", warned)


# -------------------------------------------------------------------------------------------------------------- YouTube


def test_a_real_oembed_answer_describes_a_video_whose_player_refuses() -> None:
    text = saved("oembed", "www.youtube.com.oembed.4e2dd395e94cc4f7fd39a8081b0cdc17.json")
    state = json.dumps(json.dumps({"previewPlayabilityStatus": {"status": "UNPLAYABLE"}}))
    answer = Answer("oembed", "u", 200, "https://www.youtube.com/oembed?url=u", text)
    found, said = look("youtube", page_of(f'<script>x({{"embedded_player_response":{state}}})</script>', answer))
    assert (found.outcome, found.reason, found.embedding) == ("available", None, "refused")
    assert (said.title, said.author_handle) == ("Noisy kittens waiting for dinner!", "smshdchrb")


# --------------------------------------------------------------------------------------------------------------- honest


@pytest.mark.parametrize("platform", IDS)
def test_no_ordinary_page_in_a_posts_place_is_available_or_gone(platform: str) -> None:
    """Also when the second look says all that a deletion would make it say."""
    pages = SHARED / "corpus" / "pages"
    if not pages.is_dir():
        pytest.skip("../shared is not here")
    files = sorted(pages.glob("*.gz"))[::4]
    assert len(files) > 30
    for file in files:
        body = gzip.decompress(file.read_bytes()).decode("utf-8", "replace")
        assert look(platform, page_of(body, DENIED[platform]))[0].outcome in ("error", "blocked"), file.name


@pytest.mark.parametrize("platform", IDS)
def test_no_other_platforms_page_is_the_post(platform: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("../shared is not here")
    for file in sorted(SHARED.glob("fixtures/*/*.html")):
        if file.parent.name != platform:
            page = page_of(file.read_text(encoding="utf-8"), DENIED[platform])
            assert look(platform, page)[0].outcome not in ("available", "gone"), file.name


HOSTILE = (
    "",
    "<",
    "<html>",
    '<a href="http://[">',
    "<script id=__FRONTITY_CONNECT_STATE__>{</script>",
    "\x00",
    "[" * 5000,
)


@pytest.mark.parametrize("platform", IDS)
@pytest.mark.parametrize("body", HOSTILE, ids=range(len(HOSTILE)))
def test_broken_answers_of_every_kind_are_only_errors(platform: str, body: str) -> None:
    names = ("page", "oembed", "thread", "posts", "profile", "status")
    for status in (200, 400, 404, 410):
        for inner in (
            body,
            '{"posts":7,"thread":[1],"error":3}',
            "null",
            '{"thread":{"post":{"author":[],"embed":7}}}',
        ):
            answers = tuple(Answer(n, "u", 200, "http://[", inner) for n in names)
            page = replace(page_of(body, *answers), status=status)
            assert look(platform, page)[0].outcome not in ("available", "gone")


# -------------------------------------------------------------------------------------------------------------- readers

TIMES = {
    "2026-03-09T14:05:06Z": "2026-03-09T14:05:06.000Z",
    "2026-03-09T16:05:06.25+02:00": "2026-03-09T14:05:06.250Z",
    "2026-03-09T14:05:06": "2026-03-09T14:05:06.000Z",
    "1785963571": "2026-08-05T20:59:31.000Z",
    1785963571: "2026-08-05T20:59:31.000Z",
    "yesterday": None,
    "9" * 30: None,
    None: None,
}


@pytest.mark.parametrize(("value", "expected"), TIMES.items())
def test_times_are_read_or_left_alone(value: object, expected: str | None) -> None:
    assert as_time(value) == expected


def test_a_posts_kind_is_told_by_its_files() -> None:
    photo, film, face = Media("media", 1, "u"), Media("poster", 1, "u"), Media("avatar", 0, "u")
    assert as_kind([face]) == "text"
    assert as_kind([photo, face]) == "photo"
    assert as_kind([photo, film]) == as_kind([photo], moving=True) == "video"
    assert as_kind([photo, Media("media", 2, "u")]) == "carousel"


def test_paragraphs_and_preformatted_lines_keep_their_breaks() -> None:
    body = parse_html("<div><p>one<br>two</p><p>three</p></div>").css_first("div")
    assert body
    assert read_rich_text(body, "https://x.example/") == ("one\ntwo\n\nthree", "one<br>two<br><br>three")
    body = parse_html("<div>one \n two</div>").css_first("div")
    assert body
    assert read_rich_text(body, "https://x.example/", pre=True)[0] == "one\ntwo"
    assert read_rich_text(body, "https://x.example/")[0] == "one two"
