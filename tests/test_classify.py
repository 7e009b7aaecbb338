"""What an answer means for its post: every known state, three languages, and never a false `available` or `gone`."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from embedarchive.core.model import Answer, Verdict
from embedarchive.platforms import instagram
from embedarchive.platforms.kit.outcomes import read_retry_after
from test_describe import CODE, PK, card, page_of, saved

PAGES = Path(__file__).parents[2] / "shared" / "corpus" / "pages"

MESSAGES = (
    "The link to this photo or video may be broken, or the post may have been removed.",
    "写真・動画のリンクに問題があるか、投稿が削除された可能性があります。",
    "Der Link zu diesem Foto oder Video ist möglicherweise defekt.",
    "",
)
API = "https://www.instagram.com/api/v1/oembed/?url="
POST_URL = f"https://www.instagram.com/p/{CODE}/"
OEMBED_404 = Answer("oembed", API, 404, API, '{"message":"No Media Match"}')
OEMBED_200 = Answer("oembed", API, 200, API, f'{{"media_id":"{PK}_77","author_name":"rook.field"}}')
SHELL = f'<script>{{"pageID":"httpErrorPage","url":"/p/{CODE}/"}}</script>'


def broken(message: str = MESSAGES[0], css: str = "EmbedBrokenMedia", code: str = CODE) -> str:
    link = f"https://www.instagram.com/p/{code}/?utm_source=ig_embed&amp;utm_campaign=invalid"
    return f'<div class="{css}"><div class="ebmMessage">{message}</div><a href="{link}">Instagram</a></div>'


def full(body: str, status: int = 200) -> Answer:
    return Answer("page", POST_URL, status, POST_URL, body)


def judge(body: str, *answers: Answer, **more: object) -> Verdict:
    page, post = page_of(body, CODE, *answers)
    return instagram.classify(replace(page, **more), post)  # type: ignore[arg-type]


def short(found: Verdict) -> tuple[str, str | None]:
    return found.outcome, found.reason


# ----------------------------------------------------------------------------------------------------------- the states


def test_the_post_itself() -> None:
    assert short(judge(card())) == ("available", None)


@pytest.mark.parametrize("message", MESSAGES)
@pytest.mark.parametrize("css", ["EmbedBrokenMedia", "EmbedIsBroken"])
def test_gone_needs_the_frame_and_a_second_sign_in_any_language(message: str, css: str) -> None:
    found = judge(broken(message, css), OEMBED_404, full(SHELL, 404))
    assert short(found) == ("gone", "deleted")
    assert len(found.signs) == 2
    assert short(judge(broken(message, css))) == ("unavailable", "unconfirmed")


UNPROVED = {
    "a proxy's error page": Answer("oembed", API, 404, API, "<html>Not found</html>"),
    "an empty 404": Answer("oembed", API, 404, API, ""),
    "a 404 of elsewhere": Answer("oembed", API, 404, "https://www.instagram.com/", "No"),
    "a stranger's name": Answer("page", POST_URL, 200, POST_URL, f'{{"username":"rook.field","url":"/p/{CODE}/"}}'),
    "a private profile": Answer("page", POST_URL, 200, POST_URL, '{"user":{"username":"rook","is_private":true}}'),
    "an owner named elsewhere": Answer("page", POST_URL, 200, "https://www.instagram.com/", '{"username":"rook"}'),
    "a rate limit": Answer("oembed", API, 429, API, "{}"),
    "a server error": Answer("oembed", API, 500, API, "{}"),
    "no answer": Answer("oembed", API, None, API, "", "timeout"),
    "a login wall": full('<input type="password">'),
    "a missing page": full(SHELL, 404),
}


@pytest.mark.parametrize("answer", UNPROVED.values(), ids=UNPROVED.keys())
def test_a_second_look_that_proves_nothing_leaves_it_unconfirmed(answer: Answer) -> None:
    assert short(judge(broken(), answer)) == ("unavailable", "unconfirmed")


GATED = {
    "age by page": (full(SHELL + '{"failure_reason":"MA","restricted_age":25}'), "age"),
    "age by oembed": (Answer("oembed", API, 400, API, '{"blocks_logging_data":"MIN_AGE_ACCOUNT"}'), "age"),
    "country": (Answer("oembed", API, 400, API, '{"message":"geoblock_required","gating_type":3}'), "geo"),
    "private": (full(f'{{"shortcode":"{CODE}","owner":{{"username":"rook.field","is_private":true}}}}'), "private"),
    "refused, by an oembed that tells little": (OEMBED_200, "embed_refused"),
    "refused, by a page that tells little": (
        full(f'<meta property="og:url" content="/rook/p/{CODE}/"><meta property="og:image" content="i">'),
        "embed_refused",
    ),
}


@pytest.mark.parametrize(("answer", "reason"), GATED.values(), ids=GATED.keys())
def test_a_post_that_is_there_but_not_for_us_is_never_gone(answer: Answer, reason: str) -> None:
    assert short(judge(broken(), answer)) == ("unavailable", reason)
    if answer.name == "page":
        assert short(judge(broken(), answer, OEMBED_404)) == ("unavailable", reason)


LOGIN = "https://www.instagram.com/accounts/login/?next=%2Fp%2F"
STATES = {
    "login wall": ({"final_url": LOGIN, "body": "<input type=password>"}, ("blocked", "login")),
    "login wall that looks like a card": ({"final_url": LOGIN, "body": card()}, ("blocked", "login")),
    "challenge": ({"final_url": "https://www.instagram.com/challenge/"}, ("blocked", "challenge")),
    "unsupported browser": (
        {"final_url": "https://www.facebook.com/unsupportedbrowser"},
        ("blocked", "unsupported_browser"),
    ),
    "429": ({"status": 429}, ("blocked", "rate")),
    "401 in disguise": ({"status": 401, "body": '{"require_login":true,"status":"fail"}'}, ("blocked", "rate")),
    "401": ({"status": 401, "body": "{}"}, ("blocked", "login")),
    "403": ({"status": 403}, ("error", "http_403")),
    "500": ({"status": 500, "body": card()}, ("error", "http_500")),
    "404 with nothing known": ({"status": 404, "body": "<p>Not found</p>"}, ("error", "http_404")),
    "timeout": ({"status": None, "error": "timeout"}, ("error", "timeout")),
    "crash after the card came": ({"error": "browser_crashed", "body": card()}, ("error", "browser_crashed")),
    "empty 200": ({"body": " \n"}, ("error", "blank")),
    "white page": ({"body": "<html><body><script>x</script><div> </div></body></html>"}, ("error", "blank")),
    "shell": ({"body": '<script>{"page_type":"EMBEDS"}</script>'}, ("blocked", "shell")),
    "login form without redirect": ({"body": "<form><input type=password></form>"}, ("blocked", "login")),
    "cut on the way": ({"body": card(), "truncated": "incomplete"}, ("error", "truncated")),
    "cut without a word": ({"body": card().partition('<div class="Caption">')[0]}, ("error", "truncated")),
    "another post": ({"body": card(pk="3386004377145068453")}, ("error", "wrong_post")),
    "no media id": ({"body": '<div class="Embed"><div class="Footer"></div></div>'}, ("error", "wrong_post")),
    "another broken post": ({"body": broken(code="C79gQqLpkul")}, ("error", "wrong_post")),
}


@pytest.mark.parametrize(("change", "expected"), STATES.values(), ids=STATES.keys())
def test_state(change: dict[str, object], expected: tuple[str, str]) -> None:
    assert short(judge(str(change.pop("body", card())), OEMBED_404, **change)) == expected


@pytest.mark.parametrize("trap", [*MESSAGES, "Sorry, this page isn't available.", 'class="EmbedBrokenMedia"', "Log in"])
def test_a_caption_cannot_make_its_post_gone(trap: str) -> None:
    assert short(judge(card(trap.replace("<", "&lt;")), OEMBED_404)) == ("available", None)


# ----------------------------------------------------------------------------------------------------------- real pages

REAL = (
    ("instagram-single.html", "C79gQqLpkul", ("available", None)),
    ("instagram-carousel.html", "DaQ5CPTki4E", ("available", None)),
    ("instagram-reel.html", "Da5ynsiuAZ_", ("available", None)),
    ("instagram-copyright-blocked.html", "DbN6SsKum-9", ("available", "copyright_blocked")),
    ("instagram-gone.html", "DaQ5CPTkiAE", ("gone", "deleted")),
    ("irenify-post_rimosso.html", "PrOvArImOsS", ("gone", "deleted")),
    ("instagram-decoy.html", "C79gQqLpkul", ("blocked", "shell")),
    ("instagram-fullpage-agegated.html", "DZFDtEhoNPy", ("blocked", "shell")),
    ("instagram-fullpage-public.html", "DZghoo7PAzi", ("error", "unrecognized")),
    ("instagram-single.html", "Da5ynsiuAZ_", ("error", "wrong_post")),
)


@pytest.mark.parametrize(("name", "code", "expected"), REAL)
def test_real_page(name: str, code: str, expected: tuple[str, str | None]) -> None:
    page, post = page_of(saved(name), code, OEMBED_404)
    assert short(instagram.classify(page, post)) == expected


@pytest.mark.parametrize(
    ("name", "reason"),
    [("instagram-fullpage-public.html", None), ("instagram-fullpage-agegated.html", "age")],
)
def test_real_second_look(name: str, reason: str | None) -> None:
    page, post = page_of(saved("instagram-embed-shell.html"), "DZghoo7PAzi", full(saved(name)), OEMBED_404)
    found = instagram.classify(page, post)
    assert short(found) == ("unavailable" if reason else "available", reason)
    assert (found.embedding == "refused") == (reason is None)


def test_no_ordinary_page_in_a_posts_place_is_available_or_gone() -> None:
    if not PAGES.is_dir():
        pytest.skip("../shared is not here")
    files = sorted(PAGES.glob("*.gz"))
    for file in files:
        body = gzip.decompress(file.read_bytes()).decode("utf-8", "replace")
        assert judge(body, OEMBED_404).outcome in ("error", "blocked"), file.name
    assert len(files) > 100


# -------------------------------------------------------------------------------------------------------------- waiting

NOW = "2026-03-09T14:05:06.000Z"
WAITS = {
    "120": 120.0,
    " 5 ": 5.0,
    "Mon, 09 Mar 2026 14:06:06 GMT": 60.0,
    "Mon, 09 Mar 2020 14:06:06 GMT": None,
    "soon": None,
    "-5": None,
    "": None,
    None: None,
    "9" * 40: 999_999_999.0,
}


@pytest.mark.parametrize(("value", "seconds"), WAITS.items())
def test_retry_after(value: str | None, seconds: float | None) -> None:
    assert read_retry_after(value, NOW) == seconds
