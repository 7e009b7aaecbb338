"""Tweets: their JSON read field by field, their tombstones judged honestly, their token computed as a browser would."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from capturing import open_playwright
from embedarchive.core.model import Answer, Page, Post
from embedarchive.platforms import x

ID = "1900000000000000000"
FRAME = f"https://platform.twitter.com/embed/Tweet.html?id={ID}"
RESULT = "https://cdn.syndication.twimg.com/tweet-result"


def page_of(result: object, status: int = 200, *more: Answer, native_id: str = ID) -> tuple[Page, Post]:
    body = result if isinstance(result, str) else json.dumps(result)
    answers = (Answer("result", RESULT, status, RESULT, body), *more)
    return Page(FRAME, FRAME, 200, body="<div id=app></div>", answers=answers), Post(
        "x", native_id, x.canonical(native_id)
    )


def tweet(text: str = "Hello", **more: object) -> dict[str, object]:
    user = {"name": "Mara Lind 🕊", "screen_name": "maralind", "is_blue_verified": True}
    return {"__typename": "Tweet", "id_str": ID, "text": text, "user": user, "lang": "de", "favorite_count": 7, **more}


def judge(result: object, status: int = 200, *more: Answer) -> tuple[str, str | None]:
    found = x.classify(*page_of(result, status, *more))
    return found.outcome, found.reason


# ---------------------------------------------------------------------------------------------------------------- token


@pytest.mark.parametrize(("status_id", "token"), [("20", "6dq1a2xwd93"), ("1349129669258448897", "39qeyy97t9x")])
def test_token(status_id: str, token: str) -> None:
    assert x.make_token(status_id) == token


@pytest.mark.browser
async def test_base_36_is_written_as_a_browser_writes_it() -> None:
    draw = random.Random(36)
    numbers = [draw.randrange(20, 2**61) / 1e15 * 3.141592653589793 for _ in range(2000)]
    numbers += [0.5, 1.0, 35.999999999999, 36.0, 1e-7, 0.1, 123456.789, 35.99999999999999]
    async with open_playwright() as browser:
        page = await browser.new_page()
        expected = await page.evaluate("numbers => numbers.map(n => n.toString(36))", numbers)
    assert [x.to_base36(n) for n in numbers] == expected


# --------------------------------------------------------------------------------------------------------------- honest

GONE = Answer("oembed", "u", 404, "u", '{"error":"Not Found","request":"/oembed"}')
VERDICTS = {
    "live": (tweet(), 200, ("available", None)),
    "other": (tweet(id_str="77"), 200, ("error", "wrong_post")),
    "no user": (tweet(user=None), 200, ("unavailable", "suspended")),
    "tombstone": ({"__typename": "TweetTombstone", "tombstone": {}}, 200, ("unavailable", "tombstone")),
    "tombstone that says deleted": (
        {"__typename": "TweetTombstone", "tombstone": {"text": {"text": "This Post was deleted by the Post author."}}},
        200,
        ("unavailable", "tombstone"),
    ),
    "bad token": ({}, 200, ("error", "bad_token")),
    "not JSON": ("<html>", 200, ("error", "bad_token")),
    "a list": ([1], 200, ("error", "bad_token")),
    "rate": ("{}", 429, ("blocked", "rate")),
    "error": ("", 503, ("error", "http_503")),
    "both deny it": ("<title>404</title>", 404, ("gone", "deleted")),
}


@pytest.mark.parametrize(("result", "status", "expected"), VERDICTS.values(), ids=VERDICTS.keys())
def test_verdict(result: object, status: int, expected: tuple[str, str | None]) -> None:
    assert judge(result, status, GONE) == expected


@pytest.mark.parametrize(
    "second", [(), (Answer("oembed", "u", 500, "u", ""),), (Answer("oembed", "u", 404, "u", "<p>"),)]
)
def test_one_denial_is_not_enough(second: tuple[Answer, ...]) -> None:
    assert judge("", 404, *second) == ("unavailable", "unconfirmed")


def test_no_answer_of_the_json_is_an_error() -> None:
    page, post = page_of("")
    silent = Answer("result", RESULT, None, RESULT, "", "timeout")
    assert x.classify(Page(page.url, page.url, 200, body="x", answers=(silent,)), post).reason == "timeout"


# ------------------------------------------------------------------------------------------------------------ described


def test_links_are_spelled_out_and_the_media_link_is_not_text() -> None:
    entities = {
        "urls": [
            {"url": "https://t.co/abc", "expanded_url": "https://a.example/x?y=1&z", "display_url": "a.example/x"}
        ],
        "media": [{"url": "https://t.co/pic"}],
    }
    said = x.describe(*page_of(tweet("@you A &amp; B\n#sea https://t.co/abc https://t.co/pic", entities=entities)))
    assert said.text == "@you A & B\n#sea https://a.example/x?y=1&z"
    assert said.text_html == (
        '<a href="https://x.com/you">@you</a> A &amp; B<br><a href="https://x.com/hashtag/sea">#sea</a> '
        '<a href="https://a.example/x?y=1&amp;z">a.example/x</a>'
    )


def test_a_link_that_runs_script_is_text() -> None:
    entities = {"urls": [{"url": "https://t.co/abc", "expanded_url": "javascript:x()", "display_url": "<b>"}]}
    said = x.describe(*page_of(tweet("https://t.co/abc", entities=entities)))
    assert said.text_html == "&lt;b&gt;"


def test_media_at_its_largest() -> None:
    video = {
        "variants": [
            {"content_type": "video/mp4", "bitrate": b, "url": f"https://v.example/{b}.mp4"} for b in (1, 9, 5)
        ]
    }
    details = [
        {"type": "photo", "media_url_https": "https://pbs.twimg.com/media/A.jpg", "ext_alt_text": "A boat"},
        {
            "type": "video",
            "media_url_https": "https://pbs.twimg.com/p.jpg",
            "video_info": {**video, "duration_millis": 1500},
        },
    ]
    said = x.describe(*page_of(tweet(mediaDetails=details)))
    assert [(m.role, m.position, m.url, m.alt, m.duration_s) for m in said.media] == [
        ("media", 1, "https://pbs.twimg.com/media/A?format=jpg&name=orig", "A boat", None),
        ("media", 2, "https://v.example/9.mp4", None, 1.5),
        ("poster", 2, "https://pbs.twimg.com/p.jpg", None, None),
    ]
    assert (said.kind, said.author_name, said.author_handle) == ("video", "Mara Lind 🕊", "maralind")


@pytest.mark.parametrize(
    "broken", [{"entities": 3}, {"mediaDetails": [1, {}]}, {"display_text_range": "x"}, {"user": {}}]
)
def test_odd_shapes_are_survived(broken: dict[str, object]) -> None:
    assert x.describe(*page_of(tweet(**broken))).text == "Hello"


def poll(name: str = "poll2choice_text_only", **more: object) -> dict[str, object]:
    labels = {
        f"choice{n}_label": {"type": "STRING", "string_value": said} for n, said in ((2, "No & never"), (1, "Yes"))
    }
    return {"name": name, "binding_values": {**labels, "counts_are_final": {"boolean_value": True}, **more}}


def as_list_of_values(card: dict[str, object]) -> dict[str, object]:
    bound = card["binding_values"]
    assert isinstance(bound, dict)
    return {**card, "binding_values": [{"key": key, "value": value} for key, value in bound.items()]}


@pytest.mark.parametrize("card", [poll(), as_list_of_values(poll())], ids=["an object", "a list, as guests get it"])
def test_the_choices_of_a_poll_are_words_of_the_post(card: dict[str, object]) -> None:
    said = x.describe(*page_of(tweet("Well?", card=card)))
    assert (said.text, said.kind) == ("Well?\n\n○ Yes\n○ No & never", "text")
    assert said.text_html == "Well?<br><br>○ Yes<br>○ No &amp; never"


def test_a_guests_poll_is_read_and_the_picture_above_one() -> None:
    picture = {"image_original": {"image_value": {"url": "https://pbs.example/p.jpg", "width": 600, "height": 314}}}
    result = {
        "__typename": "Tweet",
        "rest_id": ID,
        "card": {"legacy": as_list_of_values(poll("poll2choice_image", **picture))},
    }
    result |= {"legacy": {"id_str": ID, "full_text": "Well?"}, "core": {"user_results": {"result": {"legacy": {}}}}}
    said = x.describe(*page_of({"data": {"tweetResult": {"result": result}}}))
    assert (said.text or "").endswith("○ Yes\n○ No & never")
    assert [(m.role, m.url, m.width) for m in said.media] == [("media", "https://pbs.example/p.jpg", 600)]


def test_a_card_that_cannot_be_read_is_said_to_be_missing_and_a_preview_is_none() -> None:
    strange = x.describe(*page_of(tweet(card={"name": "745291183405076480:hologram", "binding_values": {}})))
    assert [m.missing for m in strange.media] == ["unknown_attachment:hologram"]
    assert x.describe(*page_of(tweet(card={"name": "summary_large_image"}))).media == ()


def test_a_warning_of_the_post_or_of_one_of_its_files_marks_it() -> None:
    warned = {"media_url_https": "https://x.example/1.jpg", "type": "photo", "sensitive_media_warning": {"other": True}}
    flags: list[tuple[dict[str, object], bool | None]] = [({}, None), ({"possibly_sensitive": False}, False)]
    flags += [({"possibly_sensitive": True}, True), ({"possibly_sensitive": False, "mediaDetails": [warned]}, True)]
    for more, expected in flags:
        assert x.describe(*page_of(tweet(**more))).sensitive is expected


# -------------------------------------------------------------------------------------------------------- saved answers

SAVED = {
    "twitter-text": ("text", "jack", "just setting up my twttr", 307_574, 0),
    "twitter-photo": ("photo", "TheEllenShow", "#oscars", 1_870_232, 1),
    "twitter-multiphoto": ("photo", "BTS_twt", "#StopAAPIHate", 2_302_505, 2),
    "twitter-video": ("video", "NASA", "#VisionsOfVenus", 3376, 1),
    "twitter-gif": ("video", "Astropartigirl", "#UnfoldTheUniverse #JWST", 1372, 1),
    "twitter-quote": ("photo", "elonmusk", "rude & irresponsible!", 465_962, 1),
    "twitter-reply": ("text", "elonmusk", "deadname 😢", 21_320, 0),
    "twitter-guest-tweet": ("text", "jack", "just setting up my twttr", 307_574, 0),
    "twitter-guest-quote": ("photo", "elonmusk", "rude & irresponsible!", 465_962, 1),
    "twitter-guest-reply": ("text", "elonmusk", "deadname 😢", 21_319, 0),
    "fxembed-20": ("text", "jack", "just setting up my twttr", 263_922, 0),
}


@pytest.mark.parametrize("name", SAVED)
def test_real_answer(shared: Path, name: str) -> None:
    kind, handle, end, likes, files = SAVED[name]
    text = (shared / "fixtures" / "twitter" / f"{name}.json").read_text()
    data = json.loads(text)
    native_id = data["id_str"] if "id_str" in data else data["data"]["tweetResult"]["result"]["rest_id"]
    page, post = page_of(text, native_id=native_id)
    said = x.describe(page, post)
    assert (said.kind, said.author_handle, said.likes) == (kind, handle, likes)
    assert said.text
    assert said.text.endswith(end)
    assert sum(m.role == "media" for m in said.media) == files
    assert said.posted_at


REAL_TOMBSTONES = {
    "twitter-tombstone": "tombstone",
    "twitter-guest-blurred-tombstone": "age",
    "fxembed-991500": "suspended",
}


@pytest.mark.parametrize(("name", "reason"), REAL_TOMBSTONES.items())
def test_real_tombstone_is_no_deletion(shared: Path, name: str, reason: str) -> None:
    text = (shared / "fixtures" / "twitter" / f"{name}.json").read_text()
    assert judge(text, 200, GONE) == ("unavailable", reason)


@pytest.mark.parametrize(("given", "expected"), [(True, True), (False, False), (None, None), ("yes", None)])
def test_a_flag_that_media_are_sensitive_is_read(given: object, expected: bool | None) -> None:
    assert x.describe(*page_of(tweet(possibly_sensitive=given))).sensitive is expected
