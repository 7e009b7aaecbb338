"""Threads: the frame as the server renders it, the post's own page, embed.js; live, quoted, gone, private, refused."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import Any

from embedarchive.replica import people as p
from embedarchive.replica.assets import asset, read
from embedarchive.replica.cdn import answer_media, avatar_url, picture_url, video_url
from embedarchive.replica.facts import Person, PostFact, Slide, State, shortcode_at
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault, in_languages, split_language
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, redirect
from embedarchive.replica.world import World

HOST, MEDIA = "www.threads.com", "scontent-threads.cdninstagram.com"
STATES = {
    **in_languages(
        {
            "live": State("the post"),
            "gone": State("the error card; the post's own page answers 404", "gone", "deleted"),
            "private": State(
                "the error card; the post's own page is the empty application", "unavailable", "unconfirmed"
            ),
            "embed_refused": State(
                "the error card; the post's own page has the post",
                tells=lambda post: _publish_page(post),
                embedding="refused",
            ),
        },
        "gone",
        "private",
    ),
    "shell": State("the empty application in the frame's place", "error", "blank"),
    "wrong_post": State("another post under this address", "error", "wrong_post"),
    "truncated": State("the beginning of the card, then the connection ends", "error", "truncated"),
    **FAULTS,
}
_SAID = {
    "en": "Thread not available",
    "de": "Thread nicht verfügbar",
    "ja": "このスレッドは表示できません",
    "ar": "المنشور غير متاح",
}


def _post(name: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    code = shortcode_at(at, name)
    url = f"https://{HOST}/@{author.handle}/post/{code}"
    return PostFact("threads", name, code, url, more.pop("kind", "text"), author, at, text, slides, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "th-keeper",
        "2026-01-18T19:30:00Z",
        p.MARIT,
        "He asked me not to photograph him switching it off.\n\nSo I photographed the dark instead. @kystvakta.nord",
        Slide("sea:lighthouse", "Photo of a lighthouse against a sunset over the sea."),
        kind="photo",
        likes=4_100,
        comments=233,
    ),
    _post(
        "th-yakei",
        "2026-02-20T11:05:00Z",
        p.YAKEI,
        "終電のあと、雨。\n\n一枚目は銀座、二枚目は動画です。",
        Slide("city:neon", "Photo of a street in the rain."),
        Slide("city:tram", None, video=True),
        kind="carousel",
        likes=812,
        comments=40,
        lang="ja",
    ),
    _post(
        "th-clip",
        "2026-03-01T07:00:00Z",
        p.BEES,
        "",
        Slide("still:honey", None, video=True, width=720, height=1280),
        kind="video",
        likes=0,
    ),
    _post(
        "th-zaytoun",
        "2026-02-02T15:45:00Z",
        p.ZAYTOUNA,
        "المقهى مغلق اليوم بسبب المطر.\nنعود غداً إن شاء الله ☕",
        likes=96,
        comments=11,
        lang="ar",
        quotes="th-keeper",
    ),
    _post("th-typo", "2025-11-11T11:11:11Z", p.CLARA, "Fog, not frog.", likes=51, comments=4, state="gone"),
)
_BY_CODE = {post.key: post for post in POSTS}
_BY_NAME = {post.name: post for post in POSTS}


def _other_than(post: PostFact) -> PostFact:
    """Another post, shown in place of this one."""
    return _BY_NAME["th-clip" if post.name == "th-typo" else "th-typo"]


def quote_html(post: PostFact) -> str:
    """Give the embed code: a link and no text of the post."""
    return (
        f'<blockquote class="text-post-media" data-text-post-permalink="{post.url}" data-text-post-version="0" '
        f'id="ig-tp-{post.key}"><a href="{post.url}" target="_blank"><div>View on Threads</div></a></blockquote>'
        f'<script async src="https://{HOST}/embed.js"></script>'
    )


def _answer(request: Request, world: World) -> Reply | None:
    parts = request.path.strip("/").split("/")
    if request.host != HOST:
        return redirect(f"https://{HOST}{request.target}", 301)
    if request.path == "/embed.js":
        return asset("threads/embed.js")
    if wall := answer_block_page(request):
        return wall
    embed, code = parts[-1] == "embed", next((part for part in parts if part in _BY_CODE), "")
    post = _BY_CODE.get(code)
    state, lang = split_language(world.state(post), request)
    if fault := answer_fault(state, request):
        return fault
    if embed:
        return _answer_frame(post, state, lang)
    if len(parts) in (2, 3):
        return _answer_page(post, state)
    return None


def _answer_frame(post: PostFact | None, state: str, lang: str) -> Reply:
    if state == "shell":
        return html(_SHELL)
    if post is None or state in ("gone", "private", "embed_refused"):
        inner = f'<div class="OuterErrorContainer"><span class="ErrorText">{_SAID[lang]}</span></div>'
        return html(_document(f'<div class="EmbedError">{inner}</div>'))
    if state == "wrong_post":
        shown = _other_than(post)
    else:
        shown = post
    text = _document(_card(shown))
    reply = html(text)
    cut = text.index('class="TextContentContainer') / len(text)
    if state == "truncated":
        return Reply(reply.status, reply.headers, reply.body, sent=cut)
    return reply


_SHELL = (
    '<!DOCTYPE html><html lang="en"><head><title>Threads</title></head>'
    '<body><div id="barcelona-page-layout"></div></body></html>'
)


def _answer_page(post: PostFact | None, state: str) -> Reply:
    if post is None or state == "gone":
        return html(_SHELL, 404)
    if state == "private":
        return html(_SHELL)
    metas = {
        "og:type": "article",
        "og:title": f"{post.author.name} (@{post.author.handle}) on Threads",
        "og:url": post.url,
        "description": post.caption,
    }
    head = "".join(f'<meta property="{k}" content="{escape(v)}" />' for k, v in metas.items())
    return html(f"<!DOCTYPE html><html><head>{head}<title>Threads</title></head><body></body></html>")


def _document(inner: str) -> str:
    """The server's page: no end tags, as it leaves them out."""
    style = read("threads/embed.css").decode()
    return (
        '<!DOCTYPE html>\n<html lang="en" id="facebook" class="no_js">\n<head><meta charset="utf-8" />'
        f'<title id="pageTitle">Threads</title><style>{style}</style></head><body class="x1 Locale_en_US" dir="ltr">'
        f'<div class="_am-e">{inner}</div>\n\n'
    )


def _card(post: PostFact) -> str:
    link = f'<div class="LinkContainer"><a target="_blank" href="{escape(post.url)}?xmt=AQG0"></a></div>'
    logo = '<div class="BarcelonaBigLogoContainer"><span class="BarcelonaLogoText">View on Threads</span></div>'
    small = '<div class="BarcelonaSmallLogoContainer"></div>'
    return f'<div class="Embed">{link}<div class="EmbedContainer">{_body(post)}{logo}{small}</div></div>'


_BADGE = '<div class="VerifiedBadge"><svg viewBox="0 0 8 8"><circle cx="4" cy="4" r="4"/></svg></div>'


def _body(post: PostFact, quoted: bool = False) -> str:
    author, when = post.author, datetime.fromisoformat(post.posted_at.replace("Z", "+00:00"))
    suffix = "QuotePost" if quoted else ""
    badge = _BADGE if author.verified else ""
    stamp = f'<span class="Timestamp">{when:%I:%M %p} · {when:%b} {when.day}, {when.year}</span>'
    quote = ""
    if post.quotes:
        quote = f'<div class="QuotePostContainer">{_body(_BY_NAME[post.quotes], True)}</div>'
    return (
        f'<div><div class="OuterContainer OuterContainer{suffix or "Full"}">'
        f'<div class="AvatarContainer{suffix} AvatarContainer"><img class="img" src="{avatar_url(MEDIA, author)}" '
        f'alt="{author.handle}" /></div><div class="HeaderContainer"><div class="NameContainer{suffix} NameContainer">'
        f'<a href="https://{HOST}/@{author.handle}?xmt=AQG0" target="_blank" class="HeaderLink">'
        f"<span>{author.handle}</span></a>{badge}</div></div>"
        '<div class="BodyContainerNoThreadLine"><span class="TextContentContainer"><span class="BodyTextContainer">'
        f'<span dir="auto">{_text(post)}</span></span></span>{_media(post)}{quote}'
        f'<div class="PostDateContainer">{stamp}</div>{_actions(post)}</div></div></div>'
    )


def _text(post: PostFact) -> str:
    words = (
        f'<a href="https://{HOST}/{word}?xmt=AQG0">{word}</a>' if word.startswith("@") else escape(word)
        for word in post.caption.split(" ")
    )
    return " ".join(words)


def _actions(post: PostFact) -> str:
    counts = (post.likes, post.comments, post.likes // 20, post.likes // 50)
    shown = (f'<span class="ActionBarCount">{_short(n)}</span>' if n else "" for n in counts)
    marks = ("♡", "◌", "⇄", "➤")
    icons = (f'<span class="ActionBarIcon"><b>{m}</b>{n}</span>' for m, n in zip(marks, shown, strict=True))
    return f'<div class="ActionBarContainer">{"".join(icons)}</div>'


def _short(number: int) -> str:
    if number >= 1000:
        return f"{number / 1000:.1f}".removesuffix(".0") + "K"
    return str(number)


def _media(post: PostFact) -> str:
    if len(post.slides) == 1:
        return f'<div class="SoloMediaContainer"><div class="SingleInnerMediaContainer">{_slide(post, 0)}</div></div>'
    if not post.slides:
        return ""
    inner = "".join(f'<div class="MediaScrollImageContainer">{_slide(post, n)}</div>' for n in range(len(post.slides)))
    return f'<div class="MediaScrollContainer"><div class="MediaContainer">{inner}</div></div>'


def _slide(post: PostFact, n: int) -> str:
    slide = post.slides[n]
    if slide.video:
        file = video_url(MEDIA, post, n, "?oh=00_AQ&amp;oe=6AC2E69F")
        return f'<video controls="1" loop="1"><source src="{file}" /></video>'
    source = picture_url(MEDIA, post, n, "?stp=dst-jpg_e35_tt6&amp;oe=6AC6B09C")
    return f'<img class="img" src="{source}" draggable="false" alt="{escape(slide.alt or "")}" />'


def _publish(post: PostFact) -> Published:
    """The frame names the author by handle alone; a count of nought is left out."""
    counts = {"likes": post.likes or None, "comments": post.comments or None, "shares": post.likes // 20 or None}
    names = ("kind", "author_handle", "author_verified", "text", "posted_at")
    link = f"https://{HOST}/@{post.author.handle}"
    return publish(post, *names, author_url=link, media=list_files(post, MEDIA, posters=False, avatar=True), **counts)


def _publish_page(post: PostFact) -> Published:
    return publish(post, "author_name", "author_handle", "text", author_url=f"https://{HOST}/@{post.author.handle}")


SITES = (
    Site((HOST, "threads.com", "www.threads.net", "threads.net"), _answer, POSTS, STATES, publishes=_publish),
    Site((MEDIA,), lambda request, world: answer_media(request, world, POSTS)),
)
