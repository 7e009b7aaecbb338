"""Nothing of a login is kept: every spelling in every place, what is learned on the way, what is short, what is packed."""

from __future__ import annotations

import gzip
import zlib
from time import process_time

import pytest

from embedarchive.browser.secrets import (
    REDACTED,
    Secrets,
    forget,
    forget_bytes,
    forget_text,
    read_parameters,
    read_secrets,
    read_stored,
)
from embedarchive.core.model import Artifact, Exchange, Post
from spellings import PLACES, SPELLINGS

TOKEN = "48291:qX7/secret+session-12%3AZ"
GIVEN = read_secrets([("sessionid", TOKEN, True)])


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_secret_is_known_in_every_spelling_and_place(spelling: str, place: str) -> None:
    written = SPELLINGS[spelling](TOKEN)
    said = PLACES[place].format(written)
    kept = forget_text(said, GIVEN)
    assert REDACTED in kept
    assert written not in kept
    assert TOKEN not in kept
    assert kept.startswith(PLACES[place].split("{}", 1)[0].replace("{{", "{")[:12]), "what stands around it stays"
    assert kept.rstrip().endswith(PLACES[place].split("{}", 1)[1].replace("{{", "{").replace("}}", "}")[-6:])
    body = said.encode("utf-8", "surrogateescape")
    assert written.encode() not in forget_bytes(body, GIVEN)


def test_there_are_as_many_as_are_claimed() -> None:
    assert len(SPELLINGS) >= 40
    assert len(PLACES) == 6


@pytest.mark.parametrize(
    "text",
    ["", "no secret here", "a=1&b=%20c", '{"a": "\\u00e9\\/b"}', "&amp;&lt;" * 50, "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=",
     "d41d8cd98f00b204e9800998ecf8427e", "48291:qX7", "\\", "%", "&#;", "\\u12", "=", "\0\0", "🕊" * 9],
)  # fmt: skip
def test_what_holds_no_secret_is_left_as_it_is(text: str) -> None:
    assert forget_text(text, GIVEN) == text
    body = text.encode("utf-8") + b"\xff\xfe"
    assert forget_bytes(body, GIVEN) is body


def test_several_secrets_and_what_stands_between_them() -> None:
    both = GIVEN | read_secrets([("a", "other-token-77", False)])
    assert forget_text(f"x {TOKEN} y other%2Dtoken%2D77 z", both) == f"x {REDACTED} y {REDACTED} z"


def test_what_is_packed_and_holds_a_secret_is_withheld() -> None:
    for packed in (gzip.compress(f"<{TOKEN}>".encode()), zlib.compress(TOKEN.encode())):
        assert forget_bytes(packed, GIVEN) == REDACTED.encode()
    other = gzip.compress(b"nothing")
    assert forget_bytes(other, GIVEN) == other


def test_a_picture_stays_one() -> None:
    picture = b"\xff\xd8\xff\xe0" + bytes(9) + TOKEN.encode() + bytes(9)
    less = forget_bytes(picture, GIVEN)
    assert TOKEN.encode() not in less
    assert (len(less), less[:4]) == (len(picture), picture[:4])


# ------------------------------------------------------------------------------------------------------- what is secret

SHORT = read_secrets([("sid", "a1b2", True), ("lang", "en", False), ("auth_key", "k", False)])


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Cookie: sid=a1b2; lang=en", f"Cookie: sid={REDACTED}; lang=en"),
        ('{"sid": "a1b2", "lang": "en"}', f'{{"sid": "{REDACTED}", "lang": "en"}}'),
        ('<input name="sid" value="a1b2">', f'<input name="sid" value="{REDACTED}">'),
        ("?sid%3Da1b2", f"?sid%3D{REDACTED}"),
        ("a1b2 stands in words, and sid too", "a1b2 stands in words, and sid too"),
        ("sid=a1b2c3", "sid=a1b2c3"),
        ("auth_key=k&k=1", f"auth_key={REDACTED}&k=1"),
    ],
)
def test_a_short_value_is_known_by_its_place(said: str, kept: str) -> None:
    assert forget_text(said, SHORT) == kept


def test_a_header_that_is_a_short_secret() -> None:
    seen = Exchange("https://a.example/", response_headers=(("x-s", "a1b2"), ("x-t", "en")))
    assert forget(seen, SHORT).response_headers == (("x-s", REDACTED), ("x-t", "en"))


def test_credentials_in_addresses_are_learned() -> None:
    url = "https://a.example/?auth=Zx81kkQ0a&page=longer-than-eight#access_token=abcd1234efgh"
    assert read_secrets(read_parameters(url)).values == {"Zx81kkQ0a", "abcd1234efgh"}
    assert list(read_parameters("https://[")) == []


def test_what_a_page_stores_is_a_secret_only_where_it_may_be_one() -> None:
    stored = [("theme", "darkblue"), ("post", "A long walk by the sea, and back"), ("t", "q8Zk21mmPd"), ("me", "https://a.example/12"),
              ("token", "correcthorsebattery")]  # fmt: skip
    assert read_stored(stored).values == {"q8Zk21mmPd", "correcthorsebattery"}
    assert "A long walk by the sea, and back" in read_stored(stored, given=True).values


def test_everything_that_holds_texts_is_gone_through() -> None:
    post = Post("instagram", TOKEN, f"https://a.example/{TOKEN}", None)
    made = (Artifact("dom", TOKEN.encode(), "text/html", url=f"https://a.example/?t={TOKEN}"), {"a": [TOKEN]}, post)
    dom, noted, same = forget(made, GIVEN)
    assert (dom.body, dom.url, noted) == (REDACTED.encode(), f"https://a.example/?t={REDACTED}", {"a": [REDACTED]})
    assert same is post


def test_no_secret_shows_in_what_is_printed() -> None:
    assert TOKEN not in repr(GIVEN)


def test_a_long_page_takes_no_longer_than_it_is_long() -> None:
    many = Secrets(frozenset(f"token-{n:04}-abcdefgh" for n in range(40)))

    def measure(size: int) -> float:
        page = '<p data-x="a\\u0041&amp;%20%2Fb">SGVsbG8gd29ybGQ=</p>' * size
        began = process_time()
        assert forget_text(page, many) == page
        return process_time() - began

    measure(100)
    assert measure(8_000) < 8 * 8 * max(measure(1_000), 0.005)


def test_what_is_nested_without_end_is_a_text() -> None:
    assert not read_stored([("deep", "[" * 100_000)]).named
