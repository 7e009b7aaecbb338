"""Telegram: the widget script and the frame of a channel's message; live and gone."""

from __future__ import annotations

from html import escape
from typing import Any

from embedarchive.replica import people as p
from embedarchive.replica.assets import asset, read
from embedarchive.replica.facts import Person, PostFact, Slide
from embedarchive.replica.pictures import photo, resized
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html
from embedarchive.replica.world import World

STATES = {"live": "the message", "gone": "the frame says that there is no such message"}
_CDN = "cdn4.telesco.pe"


def _post(name: str, key: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    return PostFact("telegram", name, key, f"https://t.me/{key}", "text", author, at, text, slides, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "tg-rain",
        "yakei_channel/1208",
        "2025-11-24T13:05:00Z",
        p.YAKEI,
        "雨、上がりました。渋谷口に21時集合。\n傘はいりません。",
        Slide("city:neon:gather", None),
        likes=2_300,
        lang="ja",
    ),
    _post(
        "tg-cancelled",
        "yakei_channel/1199",
        "2025-11-20T09:00:00Z",
        p.YAKEI,
        "今夜は中止です。",
        lang="ja",
        state="gone",
    ),
)
_BY_KEY = {post.key: post for post in POSTS}


def script_html(post: PostFact) -> str:
    """Give the embed code: a script that names the message, and no fallback."""
    return (
        '<script async src="https://telegram.org/js/telegram-widget.js?22" '
        f'data-telegram-post="{post.key}" data-width="100%"></script>'
    )


def _answer(request: Request, world: World) -> Reply | None:
    key = request.path.strip("/")
    post = _BY_KEY.get(key)
    if not request.param("embed"):
        return html("<!DOCTYPE html><title>Telegram</title><a href='tg://resolve'>View in Telegram</a>")
    page = read("telegram/frame.html").decode()
    if post is None or world.state(post) != "live":
        channel = escape(key.partition("/")[0])
        return html(
            page.replace("{message}", f'<div class="tgme_widget_message_error">Post not found: {channel}</div>')
        )
    return html(page.replace("{message}", _message(post)))


def _message(post: PostFact) -> str:
    name = post.author.picture[7:]
    when, views = post.posted_at, f"{post.likes / 1000:.1f}K"
    text = escape(post.caption).replace("\n", "<br/>")
    image = "".join(
        f'<a class="tgme_widget_message_photo_wrap" href="{post.url}" '
        f"style=\"width:500px;background-image:url('https://{_CDN}/file/{post.name}-{n}.jpg')\">"
        '<div class="tgme_widget_message_photo" style="padding-top:100%"></div></a>'
        for n in range(len(post.slides))
    )
    return (
        f'<div class="tgme_widget_message js-widget_message" data-post="{post.key}">'
        f'<div class="tgme_widget_message_author"><i class="tgme_widget_message_user_photo">'
        f'<img src="https://{_CDN}/avatar/{name}.jpg" alt=""></i><a class="tgme_widget_message_owner_name" '
        f'href="https://t.me/{post.key.partition("/")[0]}"><span dir="auto">{escape(post.author.name)}</span></a></div>'
        f'{image}<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>'
        f'<div class="tgme_widget_message_footer"><span class="tgme_widget_message_views">{views}</span> '
        f'<a class="tgme_widget_message_date" href="{post.url}"><time datetime="{when.replace("Z", "+00:00")}" '
        f'class="datetime">{when[:10]} {when[11:16]}</time></a></div></div>'
    )


def _answer_widget(request: Request, world: World) -> Reply | None:
    return asset("telegram/widget.js") if request.path == "/js/telegram-widget.js" else None


def _answer_files(request: Request, world: World) -> Reply | None:
    folder, _, file = request.path.strip("/").partition("/")
    kind = (("Content-Type", "image/jpeg"),)
    if folder == "avatar":
        return Reply(200, kind, lambda: photo(POSTS[0].author.picture, 96, 96))
    name, _, number = file.removesuffix(".jpg").rpartition("-")
    slide = next((post.slides[int(number)] for post in POSTS if post.name == name), None)
    if slide is None:
        return None
    return Reply(200, kind, lambda: resized(slide.picture, slide.width, slide.height, (800, 1000)))


SITES = (
    Site(("t.me",), _answer, POSTS, STATES),
    Site(("telegram.org",), _answer_widget),
    Site((_CDN,), _answer_files),
)
