"""Markup made up around a known post is found again, whatever order, quoting, case, nesting, encoding and junk."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import base64
import html
from urllib.parse import quote

from hypothesis import given, settings
from hypothesis import strategies as st

from embedarchive.detect import find_embeds

SHORTCODES = st.from_regex(r"[A-Za-z0-9_-]{10}[A-Za-z0-9]", fullmatch=True).filter(lambda c: c[0] not in "-_")
SPACES = st.sampled_from([" ", "\n", "\t ", "  \r\n"])
JUNK = st.sampled_from(
    [
        "",
        "<p>Some text &amp; more.</p>",
        "<!-- <iframe src='https://www.instagram.com/p/AAAAAAAAAAA/embed'></iframe> -->",
        "<script>var a = '<b>' + 1 < 2;</script>",
        "<style>.instagram-media{color:red}</style>",
        '<a href="https://www.instagram.com/rook.field/">follow</a>',
        "<ul><li>a<li>b</ul>",
        "text > with < odd & signs",
        '<img alt="a > b" src=x>',
        "<svg><title>x</title></svg>",
        "Ünïcödé 🕊 日本語",
    ]
)
WRAPPERS = st.sampled_from(["{}", "<div>{}</div>", "<figure><div class=embed>{}</div></figure>", "<section><p>a</p>{}", "<td>{}</td>",
                            "<noscript>{}</noscript>", "<template>{}</template>", "<details><summary>x</summary>{}</details>"])  # fmt: skip
ESCAPES = st.sampled_from(
    [
        lambda m: m,
        lambda m: f'<div data-content="{html.escape(m)}"></div>',
        lambda m: f"<div data-content='{html.escape(m)}'></div>",
        lambda m: f'<div data-content="{quote(m)}"></div>',
        lambda m: f'<div data-html="{html.escape(html.escape(m))}"></div>',
        lambda m: f'<div data-consent-id="instagram" data-content="{base64.b64encode(m.encode()).decode()}"></div>',
        lambda m: f'<iframe srcdoc="{html.escape(m)}"></iframe>',
    ]
)


@st.composite
def attributes(draw: st.DrawFn, code: str) -> str:
    """A quote's start tag, its attributes in any order, case and quoting."""
    path = draw(st.sampled_from(["p", "reel", "tv"]))
    link = f"https://www.instagram.com/{path}/{code}/?utm_source=ig_embed&amp;utm_campaign=loading"
    q = draw(st.sampled_from(['"', "'"]))
    pairs = [f"class={q}instagram-media extra{q}", f"data-instgrm-permalink={q}{link}{q}", "data-instgrm-captioned",
             f"data-instgrm-version={q}14{q}", "style=width:100%"]  # fmt: skip
    return draw(SPACES).join(draw(st.permutations(pairs)))


@settings(max_examples=150, deadline=None)
@given(st.data(), SHORTCODES)
def test_a_quote_is_found_again(data: st.DataObject, code: str) -> None:
    tag = data.draw(st.sampled_from(["blockquote", "BLOCKQUOTE", "Blockquote"]))
    markup = f"<{tag} {data.draw(attributes(code))}><p>A post shared by X (@x)</p></{tag}>"
    markup = data.draw(WRAPPERS).format(data.draw(ESCAPES)(markup))
    page = data.draw(JUNK) + markup + data.draw(JUNK)
    encoding = data.draw(st.sampled_from(["utf-8", "utf-16", "utf-8-sig"]))
    found = find_embeds(page.encode(encoding)).embeds
    assert [e.post.native_id for e in found if e.post] == [code]


FRAMES = st.sampled_from(
    [
        ("https://www.youtube.com/embed/{}?rel=0", "youtube", r"[A-Za-z0-9_-]{11}"),
        ("//player.vimeo.com/video/{}", "vimeo", r"[1-9][0-9]{7}"),
        ("https://www.tiktok.com/embed/v2/{}", "tiktok", r"7[0-9]{18}"),
        ("https://open.spotify.com/embed/track/{}", "spotify", r"[A-Za-z0-9]{22}"),
        ("https://platform.twitter.com/embed/Tweet.html?dnt=true&amp;id={}", "x", r"1[0-9]{18}"),
    ]
)


@settings(max_examples=120, deadline=None)
@given(st.data(), FRAMES)
def test_a_frame_is_found_again(data: st.DataObject, frame: tuple[str, str, str]) -> None:
    address, platform, pattern = frame
    native_id = data.draw(
        st.from_regex(pattern, fullmatch=True).filter(lambda i: i not in ("videoseries", "live_stream"))
    )
    name = data.draw(st.sampled_from(["src", "SRC", "data-src", "data-lazy-src", "data-cmp-src"]))
    src = f'{name}{data.draw(st.sampled_from(["=", " = "]))}"{address.format(native_id)}"'
    pairs = data.draw(st.permutations([src, 'width="1"', "allowfullscreen", "class=x"]))
    markup = data.draw(ESCAPES)(f"<iframe {data.draw(SPACES).join(pairs)}></iframe>")
    found = find_embeds(data.draw(JUNK) + markup + data.draw(JUNK)).embeds
    assert [(e.platform, e.post.native_id.removeprefix("track/")) for e in found if e.post] == [(platform, native_id)]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_break_the_finder(junk: bytes, prefilter: bool) -> None:
    page = (
        b'<div data-x="' + junk + b'"><script>' + junk + b"https://x.com/a/status/1349129669258448897</script>" + junk
    )
    find_embeds(page, prefilter=prefilter, mentions=True, unknown=True)
