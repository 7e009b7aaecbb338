"""What names a post and does not show it: kept as mentions when asked for, never as embeds."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import json

import pytest

from embedarchive.detect import find_embeds

POST = "https://www.instagram.com/p/BwiVvR9lD0m/"
TWEET = "https://twitter.com/maralind/status/1349129669258448897"

FRIENDS = {
    "smash-balloon-feed": f'<div id="sb_instagram" class="sbi"><div class="sbi_item" id="sbi_1"><a class="sbi_photo" href="{POST}" '
                          f'data-full-res="https://cdn.example/a.jpg"><img src="x.jpg"></a></div></div>',
    "jetpack-widget": f'<div class="wpcom-instagram-images"><a href="{POST}"><img src="x.jpg"></a></div>',
    "ifttt": f'<div class="ifttt-instagram-images"><a href="{POST}?ref=badge"><img src="x.jpg"></a></div>',
    "instagram-pics": f'<ul class="instagram-pics"><li><a href="{POST}"><img src="x.jpg"></a></li></ul>',
    "zoom-widget": f'<ul class="zoom-instagram-widget__items"><li><a style="background-image: url({POST}media/?size=t)" href="{POST}"></a></li></ul>',
    "photo-credit": f'<figure><img src="x.jpg"><figcaption>Photo: <a href="{POST}">@rook.field</a></figcaption></figure>',
    "json-ld-sameas": f'<script type="application/ld+json">{json.dumps({"@type": "Person", "sameAs": [POST + "?utm_source=ig_embed"]})}</script>',
    "share-button": f'<a class="share" href="{POST}" data-share-url="{POST}">Partager sur Instagram</a>',
    "share-div": f'<div class="share-button" data-url="{TWEET}" data-embed="no"></div>',
    "gallery-click-through": f'<div class="sqs-gallery"><a href="{POST}" class="image-slide"><img data-src="x.jpg"></a></div>',
    "prose-link": f'<p>As she <a href="{TWEET}">said on Monday</a>, it was late.</p>',
    "prose-link-out-of-an-embed-code": f'<p>As she <a href="{POST}?utm_source=ig_embed">said on Monday</a>, it was late.</p>',
    "such-a-link-beside-another-box": f'<div class="ad"></div><p>As she <a href="{POST}?utm_source=ig_embed">said</a>.</p>',
    "such-a-link-far-from-the-box": f'<div class="embed instagram"></div><p>Text.</p><p><a href="{POST}?utm_source=ig_embed">It</a></p>',
    "such-a-link-beside-a-full-box": f'<div class="embed instagram"><a href="/x">More</a></div><p><a href="{POST}?utm_source=ig_embed">It</a></p>',
    "prose-quote-with-link": f'<blockquote><p>I <a href="{TWEET}">wrote</a> it down and then I forgot all of it.</p></blockquote>',
    "follow-button": '<iframe src="https://platform.twitter.com/widgets/follow_button.html?screen_name=maralind"></iframe>',
    "tweet-button": f'<iframe src="https://platform.twitter.com/widgets/tweet_button.html?url={TWEET}"></iframe>',
    "share-link-with-its-class": '<a class="twitter-tweet" href="https://twitter.com/share?url=https://news.example">Tweet</a>',
    "timeline": '<a class="twitter-timeline" href="https://twitter.com/maralind">Tweets by maralind</a>',
    "like-plugin": '<iframe src="https://www.facebook.com/plugins/like.php?href=https%3A%2F%2Fwww.facebook.com%2Fa%2Fposts%2F928812574504508"></iframe>',
    "page-plugin": '<div class="fb-page" data-href="https://www.facebook.com/rookfield/"></div>',
    "profile-embed": '<iframe src="https://www.instagram.com/rook.field/embed/"></iframe>',
    "pin-button": '<a data-pin-do="buttonPin" href="https://www.pinterest.com/pin/create/button/?url=x"></a>',
    "in-a-comment": f'<!-- <iframe src="{POST}embed/"></iframe> -->',
    "embed-code-to-copy": f'<textarea>&lt;iframe src="{POST}embed/"&gt;&lt;/iframe&gt;</textarea>',
    "clipboard": f"""<button data-clipboard-text='<iframe src="{POST}embed/"></iframe>'>Copy</button>""",
    "video-image": '<img src="https://img.youtube.com/vi/jP6fEHm-lA0/0.jpg"><link rel="preload" href="https://www.youtube.com/embed/jP6fEHm-lA0">',
    "og-video": '<meta property="og:video" content="https://www.youtube.com/embed/jP6fEHm-lA0">',
    "other-articles-in-state": '<script>window.__STATE__=' + json.dumps({"related": [{"embed": {"url": TWEET}}],
                               "feed": [{"headline": "Other", "canonical_url": "/2020/other-story", "body": {"embedUrl": TWEET}}]}) + "</script>",
    "links-in-state": '<script>window.__STATE__=' + json.dumps({"body": [{"type": "link", "href": TWEET}, {"html": f'<p><a href="{TWEET}">x</a></p>'}]}) + "</script>",
    "channel-player": '<iframe src="https://player.twitch.tv/?channel=maralind&parent=x"></iframe>',
    "playlist": '<iframe src="https://www.youtube.com/embed/videoseries?list=PL0123456789"></iframe>',
}  # fmt: skip


@pytest.mark.parametrize("name", FRIENDS)
@pytest.mark.parametrize("prefilter", [True, False], ids=["prefiltered", "thorough"])
def test_false_friends_are_never_embeds(name: str, prefilter: bool) -> None:
    page = f"<body><article><p>Text.</p>{FRIENDS[name]}<p>More text.</p></article></body>"
    assert find_embeds(page, url="https://news.example/2026/a-story", prefilter=prefilter).embeds == ()


@pytest.mark.parametrize("name", ["jetpack-widget", "photo-credit", "prose-link", "gallery-click-through"])
def test_linked_posts_are_mentions_when_asked_for(name: str) -> None:
    found = find_embeds(FRIENDS[name], mentions=True).embeds
    assert [e.kind for e in found] == ["mention"]
    assert found[0].post is not None


def test_unknown_frames_are_listed_when_asked_for() -> None:
    page = ('<iframe src="https://charts.example/abc"></iframe><iframe src="https://news.example/own"></iframe>'
            f'<iframe src="{POST}embed/"></iframe>')  # fmt: skip
    found = find_embeds(page, url="https://news.example/a", unknown=True).embeds
    assert [(e.kind, e.url) for e in found] == [("unknown", "https://charts.example/abc"), ("embed", f"{POST}embed/")]
    assert len(find_embeds(page, url="https://news.example/a").embeds) == 1


ELSEWHERE = {
    "comment-autolink": f'<ol class="comment-list"><li id="comment-9" class="comment depth-1"><div class="comment-content"><p><a href="{TWEET}">{TWEET}</a></p></div></li></ol>',
    "menu": f'<nav class="menu"><ul><li><p>{TWEET}</p></li></ul></nav>',
    "listen-on-directory": """<div data-podcast='{"name":"The Show","itunesUrl":"https://itunes.apple.com/x","pocketCastsUrl":"https://pca.st/show","spotifyUrl":"https://open.spotify.com/show/2PnWnDNwU3wKesCHCpyAAA"}'></div>""",
    "listen-on-attributes": '<div class="player-links" data-apple-url="https://podcasts.apple.com/x" data-spotify-url="https://open.spotify.com/show/2PnWnDNwU3wKesCHCpyAAA"></div>',
    "link-and-icon-in-state": "<script>window.S=" + json.dumps({"items": [{"type": "social", "icon": "twitter", "url": TWEET}]}) + "</script>",
    "related-by-its-type": "<script>window.S=" + json.dumps({"items": [{"@type": "RelatedVideoEmbed", "url": TWEET}]}) + "</script>",
    "thumbnail-elsewhere": '<aside class="sidebar"><a href="https://youtu.be/jP6fEHm-lA0"><img src="https://i.ytimg.com/vi/jP6fEHm-lA0/0.jpg"></a></aside>',
    "thumbnails-side-by-side": "<div>" + "".join(f'<div><a href="https://youtu.be/{c * 11}"><img src="https://i.ytimg.com/vi/{c * 11}/0.jpg"></a></div>' for c in "abcd") + "</div>",
    "listen-on-list": '<ul><li data-service="spotify" data-url="https://open.spotify.com/show/2PnWnDNwU3wKesCHCpyAAA"></li><li data-service="apple" data-url="https://podcasts.apple.com/x"></li></ul>',
    "teaser-in-state": "<script>window.S=" + json.dumps({"items": [{"__typename": "VideoTeaser", "url": "https://www.youtube.com/watch?v=jP6fEHm-lA0"}]}) + "</script>",
    "thumbnail-of-another": '<a href="https://youtu.be/jP6fEHm-lA0"><img src="https://i.ytimg.com/vi/aaaaaaaaaaa/0.jpg"></a>',
    "picture-in-a-plain-box": f'<div class="photo"><a href="{TWEET}"><img src="shot.png"></a></div>',
    "several-in-an-embed-box": f'<div class="embed"><a href="{TWEET}"><img src="a.png"></a><a href="/1">1</a><a href="/2">2</a><a href="/3">3</a></div>',
    "creator-card": '<blockquote class="tiktok-embed" cite="https://www.tiktok.com/@mara.lind" data-embed-type="creator"><section>Mara Lind on TikTok</section></blockquote>',
    "video-of-the-site": '<video><source type="video/mp4" src="https://cdn.example/a.mp4"></video>',
}  # fmt: skip


@pytest.mark.parametrize("name", ELSEWHERE)
@pytest.mark.parametrize("prefilter", [True, False], ids=["prefiltered", "thorough"])
def test_what_stands_for_something_else_is_no_embed(name: str, prefilter: bool) -> None:
    page = f"<body><article><p>Text.</p>{ELSEWHERE[name]}<p>More text.</p></article></body>"
    assert find_embeds(page, url="https://news.example/2026/a-story", prefilter=prefilter).embeds == ()
