"""Every way of carrying a post, with every kind of platform in it: forms and platforms combine freely."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import base64
import html
import json
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from embedarchive.detect import find_embeds
from embedarchive.replica.markup import FORMS as REPLICA_FORMS
from embedarchive.replica.sites.instagram.posts import POSTS


@dataclass(frozen=True)
class Carried:
    """A post as forms carry it: its address, its frame's, its widget's markup."""

    key: str
    title: str
    url: str
    frame: str
    widget: str


CARRIED = (
    Carried(
        "instagram:BwiVvR9lD0m",
        "Instagram",
        "https://www.instagram.com/p/BwiVvR9lD0m/",
        "https://www.instagram.com/p/BwiVvR9lD0m/embed/captioned/",
        '<blockquote class="instagram-media" data-instgrm-permalink="https://www.instagram.com/p/BwiVvR9lD0m/?utm_source=ig_embed'
        '&amp;utm_campaign=loading" data-instgrm-version="14"><a href="https://www.instagram.com/p/BwiVvR9lD0m/">A post shared by'
        " Rook Field (@rook.field)</a></blockquote>",
    ),
    Carried(
        "x:1349129669258448897",
        "Twitter",
        "https://twitter.com/maralind/status/1349129669258448897",
        "https://platform.twitter.com/embed/Tweet.html?id=1349129669258448897",
        '<blockquote class="twitter-tweet"><p lang="en">Morning</p>&mdash; Mara Lind (@maralind)'
        ' <a href="https://twitter.com/maralind/status/1349129669258448897">January 12, 2021</a></blockquote>',
    ),
    Carried(
        "tiktok:7336306383119191339",
        "TikTok",
        "https://www.tiktok.com/@mara.lind/video/7336306383119191339",
        "https://www.tiktok.com/embed/v2/7336306383119191339",
        '<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@mara.lind/video/7336306383119191339"'
        ' data-video-id="7336306383119191339"><section></section></blockquote>',
    ),
    Carried(
        "youtube:jP6fEHm-lA0",
        "YouTube",
        "https://www.youtube.com/watch?v=jP6fEHm-lA0",
        "https://www.youtube.com/embed/jP6fEHm-lA0",
        '<iframe src="https://www.youtube.com/embed/jP6fEHm-lA0?rel=0&amp;x=1"></iframe>',
    ),
    Carried(
        "facebook:928812574504508",
        "Facebook",
        "https://www.facebook.com/rookfield/posts/928812574504508",
        "https://www.facebook.com/plugins/post.php?href=https%3A%2F%2Fwww.facebook.com%2Frookfield%2Fposts%2F928812574504508",
        '<div class="fb-post" data-href="https://www.facebook.com/rookfield/posts/928812574504508"></div>',
    ),
    Carried(
        "threads:DDYEM_foiI1",
        "Threads",
        "https://www.threads.net/@mara.lind/post/DDYEM_foiI1",
        "https://www.threads.net/@mara.lind/post/DDYEM_foiI1/embed",
        '<blockquote class="text-post-media" data-text-post-permalink="https://www.threads.net/@mara.lind/post/DDYEM_foiI1">'
        "</blockquote>",
    ),
    Carried(
        "vimeo:879269983",
        "Vimeo",
        "https://vimeo.com/879269983",
        "https://player.vimeo.com/video/879269983",
        '<iframe src="https://player.vimeo.com/video/879269983"></iframe>',
    ),
)
PARKED = [
    "data-src",
    "data-lazy-src",
    "data-url",
    "data-litespeed-src",
    "data-cookieblock-src",
    "data-src-cmplz",
    "data-uc-src",
    "data-suppressedsrc",
    "src-consent",
    "consent-original-src-_",
    "consent-click-original-src-_",
    "data-consent-src",
    "data-wpconsent-src",
    "data-gdpr-iframesrc",
    "data-privacy-src",
    "data-embed-src",
    "data-orig",
    "data-original-src",
    "data-opt-src",
    "data-cmp-src",
    "data-iframe-src",
    "data-anything",
]


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def esc(text: str) -> str:
    return html.escape(text, quote=True)


def next_data(article: object) -> str:
    data = {"props": {"pageProps": {"article": article}}}
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(data).replace("<", chr(92) + "u003c")}</script>'


FORMS = {
    "widget": lambda c: c.widget,
    "frame": lambda c: f'<iframe src="{esc(c.frame)}"></iframe>',
    "frame-unquoted-shouting": lambda c: f"<IFRAME WIDTH=1 SRC={c.frame} ></IFRAME>",
    "frame-of-the-post-itself": lambda c: f'<iframe src="{esc(c.url)}"></iframe>',
    "frame-without-scheme": lambda c: f"<iframe src='{esc(c.frame.removeprefix('https:'))}'></iframe>",
    "object": lambda c: f'<object data="{esc(c.frame)}"><embed src="{esc(c.frame)}"></object>',
    "wordpress-block-with-widget": lambda c: (
        f'<figure class="wp-block-embed"><div class="wp-block-embed__wrapper">{c.widget}</div></figure>'
    ),
    "wordpress-block-unexpanded": lambda c: (
        f'<figure class="wp-block-embed"><div class="wp-block-embed__wrapper">\n{esc(c.url)}\n</div></figure>'
    ),
    "lone-address": lambda c: f"<p>{esc(c.url)}</p>",
    "lone-address-linked": lambda c: f'<p>\n <a href="{esc(c.url)}">{esc(c.url)}</a>\n</p>',
    "escaped-in-attribute": lambda c: (
        f'<script type="text/x" data-role="template" data-content="{esc(c.widget)}"></script>'
    ),
    "percent-in-attribute": lambda c: f'<div class="load-later" data-content="{quote(c.widget)}"></div>',
    "escaped-twice": lambda c: f'<div data-x="{esc(esc(c.widget))}"></div>',
    "base64-borlabs-3": lambda c: (
        f'<div data-borlabs-cookie-content-blocker-id="{c.title.lower()}" data-borlabs-cookie-content="{b64(c.widget)}"></div>'
    ),
    "base64-borlabs-2": lambda c: (
        f'<div class="BorlabsCookie"><div class="borlabs-hide" data-borlabs-cookie-id="{c.title.lower()}">'
        f'<script type="text/template">{b64(c.widget)}</script></div></div>'
    ),
    "json-attribute": lambda c: (
        f"""<div class="js-socialembed" data-feed="{esc(c.url)}" data-config='{{"type":"{c.title}","url":"{c.url}"}}'>"""
        f'<noscript><a href="{esc(c.url)}">x</a></noscript></div>'
    ),
    "markup-in-json-attribute": lambda c: (
        f'<div class="sqs-block-embed" data-block-json="{esc(json.dumps({"html": c.widget}))}"></div>'
    ),
    "oembed-element": lambda c: f'<figure class="media"><oembed url="{esc(c.url)}"></oembed></figure>',
    "oembed-attribute": lambda c: f'<div data-oembed-url="{esc(c.url)}"><div></div></div>',
    "embedded-service": lambda c: f'<figure embedded-service="oembed" data-src="{esc(c.url)}"></figure>',
    "tumblr-figure": lambda c: (
        f'<figure class="tmblr-embed" data-provider="{c.title.lower()}" data-url="{quote(c.url, safe="")}"></figure>'
    ),
    "embedly-frame": lambda c: (
        f'<iframe src="https://cdn.embedly.com/widgets/media.html?src={quote(c.frame, safe="")}&amp;x=1"></iframe>'
    ),
    "iframely-link": lambda c: (
        f'<div class="iframely-embed"><a data-iframely-url="//cdn.iframe.ly/x?url={quote(c.url, safe="")}"></a></div>'
    ),
    "own-wrapper": lambda c: f'<iframe src="/embed?url={quote(c.url, safe="")}&amp;id=mntl_1"></iframe>',
    "lazy-partial": lambda c: (
        f'<p data-lazy-partial-path="/a/embed?url={quote(c.url, safe="")}"><a href="{esc(c.url)}">see</a></p>'
    ),
    "wayback": lambda c: f'<iframe src="https://web.archive.org/web/20190101000000if_/{esc(c.frame)}"></iframe>',
    "noscript": lambda c: f"<div><noscript>{c.widget}</noscript></div>",
    "template": lambda c: f"<template>{c.widget}</template>",
    "srcdoc": lambda c: f'<iframe srcdoc="{esc(c.widget)}"></iframe>',
    "instant-article": lambda c: f'<figure class="op-interactive"><iframe>{c.widget}</iframe></figure>',
    "hidden-textarea": lambda c: f'<textarea style="display:none">{esc(c.widget)}</textarea>',
    "parked-script": lambda c: f'<script type="text/template">{c.widget}</script>',
    "s9e": lambda c: f"""<span data-s9e-mediaembed-iframe='{json.dumps(["allow", "", "src", c.frame])}'></span>""",
    "arc-json": lambda c: next_data(
        {
            "content_elements": [
                {"type": "oembed_response", "raw_oembed": {"html": c.widget, "url": c.url, "author_name": "M"}}
            ]
        }
    ),
    "next-json": lambda c: next_data({"blocks": [{"type": "embed", "url": c.url, "provider": c.title.lower()}]}),
    "apollo-json": lambda c: (
        '<script>window.__APOLLO_STATE__={"Block:1":'
        + json.dumps({"__typename": "EmbedBlock", "embedUrl": c.url})
        + "};</script>"
    ),
    "json-in-a-string": lambda c: (
        f"<script>window._preloads = JSON.parse({json.dumps(json.dumps({'embed': {'url': c.url}}))})</script>"
    ),
    "flight": lambda c: (
        f"<script>self.__next_f.push([1,{json.dumps('5:' + json.dumps({'embed': {'url': c.url}}) + chr(10))}])</script>"
    ),
    "nuxt-table": lambda c: (
        '<script type="application/json" id="__NUXT_DATA__">'
        + json.dumps([{"a": 1}, {"__typename": 3, "provider": 4, "url": 5}, 0, "Embed", c.title, c.url])
        + "</script>"
    ),
    "nuxt-program": lambda c: (
        f"<script>window.__NUXT__=(function(a,b){{return {{body:{json.dumps(c.widget).replace('/', chr(92) + '/')},x:a}}}}(1,2))</script>"
    ),
    "call": lambda c: f'<div class="x"></div><script>renderExternalContent("{c.frame}")</script>',
    "frame-in-any-attribute": lambda c: f"<span class='flying' data-src='{esc(c.frame)}' onclick='go(this)'></span>",
    "lazy-image": lambda c: f'<img class="raw-embed" data-src="{esc(c.frame)}">',
    "inside-table-and-details": lambda c: f"<details><table><tr><td>{c.widget}</table></details>",
    "inside-open-tags": lambda c: f"<div><p><b><i><span>{c.widget}",
}
COMBINED = [pytest.param(FORMS[f], c, id=f"{f}-{c.key.partition(':')[0]}") for f in FORMS for c in CARRIED]


@pytest.mark.parametrize(("form", "carried"), COMBINED)
@pytest.mark.parametrize("prefilter", [True, False], ids=["prefiltered", "thorough"])
def test_each_form_carries_each_platform(form, carried: Carried, prefilter: bool) -> None:  # type: ignore[no-untyped-def]
    page = f"<html><body><h1>T</h1><p>Text before.</p>{form(carried)}<p>Text after.</p></body></html>"
    found = find_embeds(page, url="https://news.example/2026/a-story", prefilter=prefilter).embeds
    assert [e.post.key if e.post else None for e in found] == [carried.key]
    assert found[0].kind == "embed"
    assert found[0].snippet
    assert found[0].form
    assert found[0].rule


@pytest.mark.parametrize("name", sorted(REPLICA_FORMS.keys() - {"14-profile-iframe"}))
@pytest.mark.parametrize("prefilter", [True, False], ids=["prefiltered", "thorough"])
def test_each_page_of_the_replica_shows_its_post(name: str, prefilter: bool) -> None:
    post = {p.name: p for p in POSTS}["fjord"]
    page = f"<html><body><p>Text before.</p>{REPLICA_FORMS[name](post)}<p>Text after.</p></body></html>"
    found = find_embeds(page, url="https://news.example/2026/a-story", prefilter=prefilter).embeds
    assert [e.post.key for e in found if e.post] == [f"instagram:{post.key}"]


@pytest.mark.parametrize("name", PARKED)
def test_consent_managers_park_the_address_in_any_attribute(name: str) -> None:
    for carried in CARRIED:
        page = f'<iframe class="x" src="about:blank" {name}="{esc(carried.frame)}"></iframe>'
        found = find_embeds(page).embeds
        assert [(e.post.key if e.post else None, e.form) for e in found] == [(carried.key, "lazy-iframe")]


AMP = {
    '<amp-instagram shortcode="BwiVvR9lD0m"></amp-instagram>': "instagram:BwiVvR9lD0m",
    '<amp-instagram data-shortcode="BwiVvR9lD0m" layout="responsive"></amp-instagram>': "instagram:BwiVvR9lD0m",
    '<amp-twitter data-tweetid="https://twitter.com/a/status/1349129669258448897"></amp-twitter>': "x:1349129669258448897",
    '<amp-twitter data-tweetid="1349129669258448897"></amp-twitter>': "x:1349129669258448897",
    '<amp-facebook data-href="https://www.facebook.com/rookfield/posts/928812574504508"></amp-facebook>': "facebook:928812574504508",
    '<amp-vimeo data-videoid="879269983"></amp-vimeo>': "vimeo:879269983",
    '<amp-iframe src="https://www.tiktok.com/embed/v2/7336306383119191339"></amp-iframe>': "tiktok:7336306383119191339",
}


@pytest.mark.parametrize("markup", AMP)
def test_amp(markup: str) -> None:
    name = markup[1:].split(" ")[0]
    page = f'<html amp><script async custom-element="{name}" src="https://cdn.ampproject.org/v0/{name}-0.1.js"></script>{markup}'
    for body in (page, markup, f"<p>Text.</p>{markup}", f'<div data-html="{esc(markup)}"></div>'):
        assert [e.post.key for e in find_embeds(body).embeds if e.post] == [AMP[markup]]


SPECIAL = {
    "rendered": ('<iframe class="instagram-media instagram-media-rendered" data-instgrm-payload-id="p-0" '
                 'src="https://www.instagram.com/p/BwiVvR9lD0m/embed/?cr=1&amp;v=14#%7B%7D"></iframe>'
                 '<blockquote class=" instagram-media-registered" data-instgrm-permalink="https://www.instagram.com/p/BwiVvR9lD0m/">'
                 "</blockquote>", "instagram:BwiVvR9lD0m", "rendered-iframe"),
    "version-7-without-permalink": ('<blockquote class="instagram-media" data-instgrm-version="7"><p><a href="https://www.instagram.com/p/'
                                    'BwiVvR9lD0m/">Moor im Nebel</a></p><p>Ein Beitrag geteilt von Rook Field (@rook.field) am '
                                    '<time datetime="2019-04-21T23:47:18+00:00">Apr 21, 2019 um 4:47 PDT</time></p></blockquote>',
                                    "instagram:BwiVvR9lD0m", "blockquote"),
    "class-stripped": ('<blockquote data-instgrm-permalink="https://www.instagram.com/reel/BwiVvR9lD0m/"></blockquote>',
                       "instagram:BwiVvR9lD0m", "blockquote"),
    "all-stripped": ('<blockquote><p>Hi</p>— Mara Lind (@maralind) <a href="https://x.com/maralind/status/1349129669258448897">Jan 12</a>'
                     "</blockquote>", "x:1349129669258448897", "blockquote"),
    "static-quote": ('<blockquote class="own"><a href="https://twitter.com/maralind">@maralind</a><p>Hi</p><time><a '
                     'href="https://twitter.com/maralind/status/1349129669258448897">Jan 12</a></time><a '
                     'href="https://twitter.com/intent/tweet?in_reply_to=1">Reply</a></blockquote>', "x:1349129669258448897", "blockquote"),
    "empty-quote": ('<blockquote class="twitter-tweet"><a href="https://twitter.com/a/status/1349129669258448897"> </a></blockquote>',
                    "x:1349129669258448897", "blockquote"),
    "quoted-tweet-before": ('<blockquote class="twitter-tweet"><p>See <a href="https://twitter.com/b/status/1349129669258448111">this</a>'
                            '</p>— M (@m) <a href="https://twitter.com/m/status/1349129669258448897">x</a></blockquote>',
                            "x:1349129669258448897", "blockquote"),
    "substack": ('<div class="tweet" data-attrs="{&quot;url&quot;:&quot;https://twitter.com/m/status/1349129669258448897?s=20&quot;,'
                 '&quot;full_text&quot;:&quot;Morning&quot;,&quot;username&quot;:&quot;m&quot;}"></div>', "x:1349129669258448897", "custom-element"),
    "substack-instagram": ('<div class="instagram-embed-wrap" data-attrs="{&quot;instagram_id&quot;:&quot;BwiVvR9lD0m&quot;}"><a '
                           'href="https://instagram.com/p/BwiVvR9lD0m">x</a></div>', "instagram:BwiVvR9lD0m", "custom-element"),
    "s9e-fragment": ("""<span data-s9e-mediaembed-iframe='["allow","","src","https:\\/\\/s9e.github.io\\/iframe\\/2\\/twitter.min.html#"""
                     """1349129669258448897#theme=auto"]'></span>""", "x:1349129669258448897", "json-attribute"),
    "id-only": ('<div class="js-tweet" data-tweet-id="1349129669258448897"></div>', "x:1349129669258448897", "custom-element"),
    "service-and-id": ('<div data-service="vimeo" data-id="879269983"></div>', "vimeo:879269983", "custom-element"),
    "embetty": ('<embetty-video type="youtube" video-id="jP6fEHm-lA0"></embetty-video>', "youtube:jP6fEHm-lA0", "custom-element"),
    "embetty-tweet": ('<embetty-tweet status="1349129669258448897"></embetty-tweet>', "x:1349129669258448897", "custom-element"),
    "create-tweet": ('<script src="https://platform.twitter.com/widgets.js"></script><script>twttr.widgets.createTweet('
                     '"1349129669258448897", el)</script>', "x:1349129669258448897", "call"),
    "oembed-api": ('<div data-extcontent_type="instagram" data-extcontent_url="https://graph.facebook.com/v8.0/instagram_oembed?url='
                   'https://www.instagram.com/p/BwiVvR9lD0m/"></div>', "instagram:BwiVvR9lD0m", "custom-element"),
}  # fmt: skip


@pytest.mark.parametrize("name", SPECIAL)
def test_shapes_of_single_platforms(name: str) -> None:
    markup, key, form = SPECIAL[name]
    found = find_embeds(f"<body><p>Before.</p>{markup}<p>After.</p>").embeds
    assert [(e.post.key if e.post else None, e.form) for e in found] == [(key, form)]


YOUTUBE = "youtube:jP6fEHm-lA0"
HELD = {
    "plyr": ('<div class="plyr" data-plyr-provider="youtube" data-plyr-embed-id="jP6fEHm-lA0"></div>', [YOUTUBE]),
    "wordpress-video": (
        '<video class="wp-video-shortcode"><source type="video/youtube" src="https://www.youtube.com/watch?v=jP6fEHm-lA0&#038;_=1" />'
        '<a href="https://www.youtube.com/watch?v=jP6fEHm-lA0">https://www.youtube.com/watch?v=jP6fEHm-lA0</a></video>',
        [YOUTUBE],
    ),
    "rumble-call": ('<div id="r"></div><script>Rumble("play", {"video":"v2abcd","div":"r"});</script>', ["rumble:v2abcd"]),
    "dailymotion-script": (
        '<script src="https://geo.dailymotion.com/player/xb2l3.js" data-video="x67iqc9"></script>', ["dailymotion:x67iqc9"]
    ),
    "tarteaucitron": (
        '<div class="instagram_post" postId="p/BwiVvR9lD0m" width="400"></div><div class="dailymotion_player" videoID="x67iqc9"></div>'
        '<div class="spotify_player" spotifyID="track/5xPxMLvzGXqfOD5hZ0h3or"></div>'
        '<div class="soundcloud_player" data-playable-id="180961263" data-playable-type="playlist"></div>',
        ["instagram:BwiVvR9lD0m", "dailymotion:x67iqc9", "spotify:track/5xPxMLvzGXqfOD5hZ0h3or", "soundcloud:playlists/180961263"],
    ),
    "s9e-parts": (
        "".join(
            f'<iframe src="https://s9e.github.io/iframe/2/{name}.min.html#{held}"></iframe>'
            for name, held in {
                "tumblr": "2JT2XTaiTxO08wh21dqQrw/92003045999", "facebook": "rookfield/posts/928812574504511",
                "mastodon": "kestrel@heath.example/109579438603578399", "soundcloud": "maralind/kestrel-song",
            }.items()
        ),
        ["tumblr:92003045999", "facebook:928812574504511", "mastodon:heath.example/109579438603578399", "soundcloud:maralind/kestrel-song"],
    ),
    "object-param-embed": (
        '<object width="425"><param name="movie" value="//www.youtube.com/v/jP6fEHm-lA0"><embed src="//www.youtube.com/v/jP6fEHm-lA0"></object>',
        [YOUTUBE],
    ),
    "frame-and-noscript": (
        '<div><iframe src="https://www.youtube.com/embed/jP6fEHm-lA0"></iframe><noscript><iframe src="https://www.youtube.com/embed/jP6fEHm-lA0">'
        "</iframe></noscript></div>",
        [YOUTUBE],
    ),
    "facade": (
        '<div class="lyte"><noscript><a href="https://youtu.be/jP6fEHm-lA0"><img src="https://paper.example/t.php?o=https%3A%2F%2Fi.ytimg.com'
        '%2Fvi%2FjP6fEHm-lA0%2F0.jpg"></a></noscript></div>',
        [YOUTUBE],
    ),
    "facade-beside": (
        '<figure class="player"><img src="//img.youtube.com/vi/jP6fEHm-lA0/hqdefault.jpg"><a class="play" href="https://www.youtube.com/watch?v='
        'jP6fEHm-lA0">Play</a></figure>',
        [YOUTUBE],
    ),
    "picture-in-a-box": (
        '<div class="embed embed--tweet"><a href="https://x.com/maralind/status/1349129669258448897"><img src="shot.png" alt="A post"></a></div>',
        ["x:1349129669258448897"],
    ),
    "compound-type-in-state": (
        next_data({"blocks": [{"@type": "DocumentBlockExternalContent", "url": "https://x.com/m/status/1349129669258448897"}]}),
        ["x:1349129669258448897"],
    ),
    "comment-embed": (
        '<div class="fb-comment-embed" data-href="https://www.facebook.com/m/posts/928812574504511?comment_id=119353146"></div><iframe src="https://'
        'www.facebook.com/plugins/comment_embed.php?href=https%3A%2F%2Fwww.facebook.com%2Fm%2Fposts%2F928812574504512%3Fcomment_id%3D119353147">'
        "</iframe>",
        ["facebook:928812574504511/119353146", "facebook:928812574504512/119353147"],
    ),
    "frames-with-short-links": (
        "".join(
            f'<iframe src="https://www.facebook.com/plugins/{kind}.php?href={quote(link, safe="")}"></iframe>'
            for kind, link in (("post", "https://www.facebook.com/share/p/1AbCdEfGh2/"), ("video", "https://fb.watch/aBcDeF1234/"))
        ),
        ["facebook:https://www.facebook.com/share/p/1AbCdEfGh2/", "facebook:https://fb.watch/aBcDeF1234/"],
    ),
    "quote-without-link": (
        '<blockquote class="twitter-tweet"><p>The kestrel is back at last.</p></blockquote><blockquote class="instagram-media" '
        'data-instgrm-version="4"></blockquote>',
        [None, None],
    ),
    "quote-without-permalink": (
        '<blockquote class="twitter-tweet"><p>The kestrel is back.</p>— Mara Lind (<a href="https://twitter.com/maralind">@maralind</a>)</blockquote>',
        [None],
    ),
    "saved-frames": (
        '<iframe srcdoc="&lt;html&gt;&lt;!-- saved from url=(0041)https://www.youtube.com/embed/jP6fEHm-lA0 --&gt;&lt;p&gt;x"></iframe><p>Text.</p>'
        '<iframe srcdoc="&lt;link rel=canonical href=https://www.instagram.com/p/BwiVvR9lD0m/&gt;&lt;p&gt;x"></iframe>',
        [YOUTUBE, "instagram:BwiVvR9lD0m"],
    ),
    "slide-deck": (
        '<textarea id="source"># One\n\n---\n&lt;iframe src="https://www.youtube.com/embed/jP6fEHm-lA0"&gt;&lt;/iframe&gt;</textarea>',
        [YOUTUBE],
    ),
    "facade-by-id": ('<div class="youtube" data-embed="jP6fEHm-lA0"><div class="play-button"></div></div>', [YOUTUBE]),
    "twitch-by-number": ('<div class="twitch_player" videoID="123456789" parent="x"></div>', ["twitch:v123456789"]),
    "social-post-in-state": (
        '<script>window.D={"b":[{"__typename":"SocialMediaPostBlock","url":"https://x.com/m/status/1349129669258448897"}]}</script>',
        ["x:1349129669258448897"],
    ),
    "in-an-article-open-for-comments": ('<article class="post comments-open no-comments"><p>https://youtu.be/jP6fEHm-lA0</p></article>', [YOUTUBE]),
    "amp-vk": ('<amp-vk data-embedtype="post" data-owner-id="1" data-post-id="45616" data-hash="x"></amp-vk>', ["vk:wall1_45616"]),
}  # fmt: skip


@pytest.mark.parametrize("name", HELD)
@pytest.mark.parametrize("prefilter", [True, False], ids=["prefiltered", "thorough"])
def test_what_libraries_and_placeholders_hold(name: str, prefilter: bool) -> None:
    markup, keys = HELD[name]
    page = f"<html><body><p>Text before.</p>{markup}<p>Text after.</p></body></html>"
    found = find_embeds(page, url="https://news.example/2026/a-story", prefilter=prefilter).embeds
    assert [e.post.key if e.post else None for e in found] == keys
