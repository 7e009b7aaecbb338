"""What an embed says beside its post: claims, order, appearances; the article's facts; encodings."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import html
import json
import subprocess
import sys

import pytest

from embedarchive.core.decode import encode_as_sent
from embedarchive.detect import decode_html, find_embeds
from waiting import BOUND_S

QUOTE = '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/{0}/">{1}</blockquote>'
ONE, TWO = "BwiVvR9lD0m", "ByxilPNJK3M"


def test_the_claim_is_read_by_structure_in_any_language() -> None:
    page = QUOTE.format(ONE, (
        '<p><a href="https://www.instagram.com/p/x">Nebel über dem Moor</a></p><p>Ein Beitrag geteilt von Rook Field 🕊 (@rook.field)'
        ' am <time datetime="2019-04-21T23:47:18+00:00">Apr 21, 2019 um 4:47 PDT</time></p>'))  # fmt: skip
    claim = find_embeds(page).embeds[0].claim
    assert (claim.author_name, claim.author_handle) == ("Rook Field 🕊", "rook.field")
    assert claim.text == "Nebel über dem Moor"
    assert claim.posted_at == "2019-04-21T23:47:18.000Z"


@pytest.mark.parametrize(
    ("text", "day"),
    [(text, "2021-01-12") for text in (
        "January 12, 2021", "12. Januar 2021", "2021-01-12", "12 janvier 2021", "12 de enero de 2021", "12 gennaio 2021", "12 de jan. de 2021",
        "12 stycznia 2021", "12 января 2021 г.", "2021年1月12日", "午後10:13 · 2021年1月12日", "2021년 1월 12일", "12 Ocak 2021", "12 يناير، 2021",
        "Dienstag, 12. Januar 2021", "10:13 PM · Jan 12, 2021", "12. Januar 2021 um 22:13", "12 janvier 2021 à 22:13", "12th January 2021", "12 בינואר 2021", "۱۲ ژانویهٔ ۲۰۲۱", "12 जनवरी 2021", "Jan 12, 2021 at 9:24am PDT",
    )]
    + [("12.01.2021", None), ("12 มกราคม 2564", None), ("12 January 2564", None), ("01/12/2021", None), ("12 listopada 2021", None), ("12 Sonstwas 2021", None), ("31 February 2021", None)],
)  # fmt: skip
def test_a_localised_date_is_believed_only_where_it_cannot_be_misread(text: str, day: str | None) -> None:
    page = f'<blockquote class="twitter-tweet" lang="sv"><p lang="en">Hi</p>&mdash; M (@m) <a href="https://x.com/m/status/1349129669258448897">{text}</a></blockquote>'
    claim = find_embeds(page).embeds[0].claim
    assert claim.posted_at == day
    assert claim.lang == "en"
    assert claim.text == "Hi"


def test_a_claim_is_read_from_the_json_that_names_the_post() -> None:
    said = {"url": "https://twitter.com/m/status/1349129669258448897?s=20", "full_text": "Morning. ", "username": "m"}
    said |= {"name": "Mara Lind", "date": "2021-01-12T22:58:17.000Z"}
    markup = html.escape(json.dumps(said))
    claim = (
        find_embeds(f'<div class="tweet" data-attrs="{markup}"><span class="tweet-author">x</span></div>')
        .embeds[0]
        .claim
    )
    assert (claim.author_name, claim.author_handle, claim.text) == ("Mara Lind", "m", "Morning.")
    assert claim.posted_at == "2021-01-12T22:58:17.000Z"


def test_a_byline_without_a_post_is_kept() -> None:
    found = find_embeds(
        '<blockquote class="instagram-media"><p>A post shared by Rook Field (@rook.field)</p></blockquote>'
    ).embeds
    assert [(e.platform, e.post, e.claim.author_handle) for e in found] == [("instagram", None, "rook.field")]


def test_positions_count_in_reading_order() -> None:
    page = (QUOTE.format(ONE, "") + '<p>x</p><iframe src="https://youtu.be/jP6fEHm-lA0"></iframe>'
            + '<div data-x="&lt;iframe src=&quot;https://player.vimeo.com/video/879269983&quot;&gt;"></div>' + QUOTE.format(TWO, ""))  # fmt: skip
    found = find_embeds(page).embeds
    assert [(e.position, e.post.native_id) for e in found if e.post] == [
        (1, ONE),
        (2, "jP6fEHm-lA0"),
        (3, "879269983"),
        (4, TWO),
    ]


@pytest.mark.parametrize(
    "copies",
    [
        QUOTE + '<noscript><iframe src="https://www.instagram.com/p/{0}/embed"></iframe></noscript>',
        '<iframe class="instagram-media-rendered" src="https://www.instagram.com/p/{0}/embed"></iframe>' + QUOTE,
        '<div data-embed-url="https://www.instagram.com/p/{0}/"><a href="https://www.instagram.com/p/{0}/">x</a>'
        + QUOTE
        + "</div>",
        QUOTE + '<script>window.s={{"embed":{{"url":"https://www.instagram.com/p/{0}/"}}}}</script>',
    ],
)
def test_two_carriers_of_one_appearance_are_one_embed(copies: str) -> None:
    found = find_embeds(f"<body><article><p>a</p><div>{copies.format(ONE, '')}</div></article>").embeds
    assert [e.post.native_id for e in found if e.post] == [ONE]


def test_two_appearances_are_two_embeds() -> None:
    page = f"<article>{QUOTE.format(ONE, '')}<p>Again:</p>{QUOTE.format(ONE, '')}</article>"
    assert [e.position for e in find_embeds(page).embeds] == [1, 2]


@pytest.mark.parametrize("between", ["<p>Once more:</p>", "<div><h2>Once more</h2>", "Once more <b></b>"])
def test_a_quote_and_a_frame_with_text_between_are_two(between: str) -> None:
    quote = QUOTE.format(ONE, "") + "<script>var text;</script>"
    frame = f'<iframe src="https://www.instagram.com/p/{ONE}/embed/"></iframe>'
    assert len(find_embeds(f"<article>{quote}{between}{frame}</article>").embeds) == 2
    assert len(find_embeds(f"<article>{quote}<!-- no text --> {frame}</article>").embeds) == 1


def test_state_counts_only_if_it_is_of_this_article() -> None:
    state = """<script>window.__S__={"own":{"headline":"A","canonical_url":"https://news.example/2026/a-story","body":[{"embed":
        {"url":"https://www.instagram.com/p/BwiVvR9lD0m/"}}]},"other":{"headline":"B","canonical_url":"https://news.example/2020/b-story",
        "body":[{"embed":{"url":"https://www.instagram.com/p/ByxilPNJK3M/"}}]}}</script>"""
    found = find_embeds(state, url="https://news.example/2026/a-story").embeds
    assert [(e.post.native_id, e.layer) for e in found if e.post] == [(ONE, "state")]


def test_the_articles_facts() -> None:
    page = """<html lang="de-AT"><head><title> A &amp; B </title><meta content="Die Zeitung" property='og:site_name'>
        <link href="/2026/story?utm_source=x" rel="canonical"><meta property="article:published_time" content="2026-03-09T15:05:06+01:00">
        </head>"""
    found = find_embeds(page, url="https://www.news.example/2026/story/amp")
    assert (found.title, found.lang, found.site_name) == ("A & B", "de-AT", "Die Zeitung")
    assert found.canonical_url == "https://www.news.example/2026/story"
    assert found.published_at == "2026-03-09T14:05:06.000Z"


def test_facts_from_linked_data() -> None:
    page = """<script type="application/ld+json">{"@graph":[{"@type":"NewsArticle","headline":"Fog","datePublished":"2026-03-09",
        "publisher":{"name":"The Paper"}}]}</script>"""
    found = find_embeds(page)
    assert (found.title, found.published_at, found.site_name) == ("Fog", "2026-03-09", "The Paper")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (lambda s: s.encode("utf-8"), None),
        (lambda s: b"\xef\xbb\xbf" + s.encode("utf-8"), "text/html; charset=iso-8859-1"),
        (lambda s: s.encode("utf-16"), None),
        (lambda s: s.encode("utf-16-le"), "text/html"),
        (lambda s: s.encode("utf-16-be"), "text/html"),
        (lambda s: s.replace("🕊", "").encode("cp1252"), "text/html; charset=windows-1252"),
        (lambda s: b"<meta charset=iso-8859-1>" + s.replace("🕊", "").encode("cp1252"), None),
        (lambda s: s.encode("utf-8"), 'text/html; charset=foo"bar'),
        (lambda s: b"<meta charset=windows-1252>" + s.encode("utf-8"), None),
    ],
)
def test_encodings(body, content_type: str | None) -> None:  # type: ignore[no-untyped-def]
    page = "<p>Überraschung</p>" + QUOTE.format(ONE, "<p>A post shared by Zoë 🕊 (@zoe)</p>")
    found = find_embeds(body(page), content_type=content_type).embeds
    assert [(e.post.native_id if e.post else None, (e.claim.author_name or "")[:3]) for e in found] == [(ONE, "Zoë")]


def test_a_seven_bit_encoding_is_not_taken_for_plain_text() -> None:
    page = "<meta charset=iso-2022-jp>" + QUOTE.format(ONE, "<p>霧の投稿 (@kiri)</p>")
    assert find_embeds(page.encode("iso2022_jp")).embeds[0].claim.author_name == "霧の投稿"


def test_facts_in_any_spelling_of_their_tags() -> None:
    usual = """<html lang="de"><head><title>T</title><meta property="og:title" content="Fog &amp; moor">
        <link rel="canonical" href="https://news.example/a?utm_source=x"><meta name='date' content='2026-03-09'></head>"""
    odd = """<HTML LANG=de><HEAD><TITLE>T</TITLE><META content="Fog &amp; moor" data-x property = 'OG:Title'>
        <link href=https://news.example/a rel="nofollow Canonical"><meta data-a="1" itemprop=date content=2026-03-09></HEAD>"""
    assert find_embeds(usual) == find_embeds(odd)
    assert find_embeds(usual).title == "Fog & moor"
    assert find_embeds(usual).canonical_url == "https://news.example/a"


def test_only_a_link_says_what_is_canonical() -> None:
    head = '<meta name="canonical" content="https://news.example/b"><link rel="icon" href="https://news.example/canonical.png">'
    assert find_embeds(head, url="https://news.example/a").canonical_url == "https://news.example/a"


def test_threads_do_not_disturb_each_other() -> None:
    """Not even those of a fresh process, all of which ask for the machine before it is made."""
    code = """if True:
        from concurrent.futures import ThreadPoolExecutor
        from embedarchive.detect import find_embeds
        quote = '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/%011d/">'
        pages = ["<p>x</p>" * 1_000 + quote % i for i in range(100)]
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(find_embeds, pages))
        assert [f.embeds[0].post.native_id for f in found] == ["%011d" % i for i in range(100)]
    """
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=BOUND_S, check=False
        )
        assert done.returncode == 0, done.stderr


def test_utf7_is_not_an_encoding_of_the_web() -> None:
    assert (
        find_embeds(
            b"<meta charset=utf-7>+ADw-iframe src+AD0-https://www.instagram.com/p/BwiVvR9lD0m/embed+AD4-"
        ).embeds
        == ()
    )


@pytest.mark.parametrize(
    "junk", ["\x00" * 50, "\ud800\udfff\ud800", "\ufffe\uffff", "<!" * 500, "&" * 500, "<div " * 500 + ">"]
)
def test_junk_hides_nothing_and_breaks_nothing(junk: str) -> None:
    found = find_embeds(f"{junk}><p>a</p>{QUOTE.format(ONE, '')}").embeds
    assert [e.post.native_id for e in found if e.post] == [ONE]
    assert found[0].snippet.encode("utf-8")


def test_a_call_to_view_the_post_is_no_caption() -> None:
    page = (f'<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/{ONE}/" data-instgrm-version="14">'
            "<p>View this post on Instagram</p><p>A post shared by Rook Field (@rook.field)</p></blockquote>")  # fmt: skip
    claim = find_embeds(page).embeds[0].claim
    assert (claim.author_handle, claim.text) == ("rook.field", None)


@pytest.mark.parametrize("prefilter", [True, False], ids=["prefiltered", "thorough"])
def test_a_byline_is_found_where_its_quote_was_stripped(prefilter: bool) -> None:
    lines = ("View this post on Instagram", "A post shared by Rook Field 🕊 (@rook.field)")
    page = "<article><p>Text.</p>{}<p>More.</p></article>".format("\n".join(f"<p>{line}</p>" for line in lines))
    found = find_embeds(page, prefilter=prefilter).embeds
    assert [(e.platform, e.post, e.claim.author_handle) for e in found] == [("instagram", None, "rook.field")]
    linked = page.replace(lines[1], 'By <a href="/a">Rook</a> (@rook.field)')
    assert find_embeds(linked, prefilter=prefilter).embeds == ()


@pytest.mark.parametrize(
    "markup", ['<figure embedded-service="oembed" data-src="{}"></figure>', '<figure data-oembed-url="{}"></figure>']
)
def test_an_editors_figure(markup: str) -> None:
    found = find_embeds(markup.format(f"https://www.instagram.com/p/{ONE}/")).embeds
    assert [e.post.native_id for e in found if e.post] == [ONE]


UNSAID = {
    "windows-1251": "Сегодня утром над пустошью снова видели пустельгу, и местные жители рады.",
    "koi8-r": "Сегодня утром над пустошью снова видели пустельгу, и местные жители рады.",
    "shift_jis": "今朝、荒野の上でまたハヤブサが見られ、住民は喜んでいる。鳥類学者がそう伝えた。",
    "euc_jp": "今朝、荒野の上でまたハヤブサが見られ、住民は喜んでいる。鳥類学者がそう伝えた。",
    "big5": "今天早上,人們在荒原上空再次看到紅隼,當地居民非常高興。一位鳥類學家這樣說。",
    "euc_kr": "오늘 아침 황야 위에서 황조롱이가 다시 목격되었고 주민들은 기뻐하고 있다.",
    "cp1252": "Heute früh wurde über der Heide ein Turmfalke gesehen, die Bewohner freuen sich sehr. Größe und Fülle.",
}


@pytest.mark.parametrize("charset", UNSAID)
def test_a_charset_that_nobody_says_is_guessed(charset: str) -> None:
    page = f"<html><head><title>{UNSAID[charset]}</title></head><body><p>{UNSAID[charset]}</p></body></html>"
    assert find_embeds(page.encode(charset)).title == UNSAID[charset]


def test_utf8_that_was_cut_is_utf8() -> None:
    assert decode_html("<p>früh, früher, am frühesten: ü".encode()[:-1]).startswith("<p>früh, früher")


@pytest.mark.parametrize("charset", UNSAID)
def test_a_text_goes_back_into_the_bytes_it_was(charset: str) -> None:
    page = f'<html><head><meta charset="{charset}"></head><body>{UNSAID[charset]}</body></html>'
    sent = page.encode(charset)
    for said in (None, "text/html", f"text/html; charset={charset}"):
        assert encode_as_sent(decode_html(sent, said), said) == sent
    assert encode_as_sent(page, "application/json") == page.encode()
    assert encode_as_sent(f"{page}\N{OWL}", "text/html") == f"{page}\N{OWL}".encode()
