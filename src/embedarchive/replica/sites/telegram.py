"""Telegram: the widget script, the frame of a channel's message, the channel's public page; live, gone, unproved."""

from __future__ import annotations

from html import escape
from typing import Any

from embedarchive.replica import people as p
from embedarchive.replica.assets import asset, read
from embedarchive.replica.cdn import answer_media, avatar_url, picture_url, video_url
from embedarchive.replica.facts import Person, PostFact, Slide, State
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html
from embedarchive.replica.world import World

STATES = {
    "live": State("the message"),
    "gone": State(
        "the frame says that there is no such message; the channel's page shows older and newer ones", "gone", "deleted"
    ),
    "unsure": State("the same; the channel has no public page", "unavailable", "unconfirmed"),
    "newest": State("the same; the channel's page shows only older ones", "unavailable", "unconfirmed"),
    "refused": State("the same; the channel's page shows the message", embedding="refused"),
    "strange": State("a page of another make", "error", "unrecognized"),
    "wrong_post": State("the frame of another message", "error", "wrong_post"),
    **FAULTS,
}
_CDN = "cdn4.telesco.pe"


def _post(name: str, key: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    return PostFact(
        "telegram", name, key, f"https://t.me/{key}", more.pop("kind", "text"), author, at, text, slides, **more
    )


POSTS: tuple[PostFact, ...] = (
    _post(
        "tg-rain",
        "yakei_channel/1208",
        "2025-11-24T13:05:00Z",
        p.YAKEI,
        "雨、上がりました。渋谷口に21時集合。\n傘はいりません。",
        Slide("city:neon:gather", None),
        kind="photo",
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
    _post(
        "tg-route",
        "yakei_channel/1215",
        "2025-11-30T12:00:00Z",
        p.YAKEI,
        "次の散歩。\n詳しくは #夜景 で。",
        Slide("city:neon:gather", None),
        Slide("city:market", None),
        kind="carousel",
        likes=1_100,
        lang="ja",
    ),
    _post(
        "tg-rails",
        "yakei_channel/1220",
        "2025-12-04T15:40:00Z",
        p.YAKEI,
        "終電。",
        Slide("city:tram", None, video=True, width=1280, height=720),
        kind="video",
        likes=870,
        lang="ja",
    ),
    _post(
        "tg-words", "yakei_channel/1222", "2025-12-05T09:00:00Z", p.YAKEI, "明日は休みます。", likes=12_400, lang="ja"
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
    if wall := answer_block_page(request):
        return wall
    if key.startswith("s/"):
        return _answer_channel(key[2:], world)
    post = _BY_KEY.get(key)
    state = world.state(post)
    if not request.param("embed"):
        return html("<!DOCTYPE html><title>Telegram</title><a href='tg://resolve'>View in Telegram</a>")
    if fault := answer_fault(state, request):
        return fault
    if state == "strange":
        return html("<!DOCTYPE html><title>Telegram</title><main><h1>Telegram</h1><p>a new era of messaging</p></main>")
    if post and state == "wrong_post":
        post, state = next(each for each in POSTS if each is not post), "live"
    page = read("telegram/frame.html").decode()
    if post is None or state != "live":
        channel = escape(key.partition("/")[0])
        return html(
            page.replace("{message}", f'<div class="tgme_widget_message_error">Post not found: {channel}</div>')
        )
    return html(page.replace("{message}", _message(post)))


def _answer_channel(key: str, world: World) -> Reply:
    """Give the channel's public page around a message; it is there whether or not the message is."""
    channel, _, number = key.partition("/")
    post = _BY_KEY.get(key)
    state = world.state(post)
    near = {"live": (-1, 0, 1), "refused": (-1, 0, 1), "gone": (-1, 1), "newest": (-2, -1)}.get(state, ())
    shown = "".join(
        _message(post)
        if post and n == 0
        else f'<div class="tgme_widget_message" data-post="{channel}/{int(number) + n}"><p>…</p></div>'
        for n in near
    )
    return html(f"<!DOCTYPE html><title>Telegram: {escape(channel)}</title><main>{shown}</main>")


def _message(post: PostFact) -> str:
    when, views = post.posted_at, f"{post.likes / 1000:.1f}K" if post.likes >= 1000 else str(post.likes)
    text = escape(post.caption).replace("\n", "<br/>")
    return (
        f'<div class="tgme_widget_message js-widget_message" data-post="{post.key}">'
        f'<div class="tgme_widget_message_author"><i class="tgme_widget_message_user_photo">'
        f'<img src="{avatar_url(_CDN, post.author)}" alt=""></i><a class="tgme_widget_message_owner_name" '
        f'href="https://t.me/{post.key.partition("/")[0]}"><span dir="auto">{escape(post.author.name)}</span></a></div>'
        f'{_slides(post)}<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>'
        f'<div class="tgme_widget_message_footer"><span class="tgme_widget_message_views">{views}</span> '
        f'<a class="tgme_widget_message_date" href="{post.url}"><time datetime="{when.replace("Z", "+00:00")}" '
        f'class="datetime">{when[:10]} {when[11:16]}</time></a></div></div>'
    )


def _slides(post: PostFact) -> str:
    return "".join(
        f'<a class="tgme_widget_message_video_player" href="{post.url}"><i class="tgme_widget_message_video_thumb" '
        f"style=\"background-image:url('{picture_url(_CDN, post, n)}')\"></i>"
        f'<video hidden preload="none" src="{video_url(_CDN, post, n)}"></video></a>'
        if slide.video
        else f'<a class="tgme_widget_message_photo_wrap" href="{post.url}" '
        f"style=\"width:500px;background-image:url('{picture_url(_CDN, post, n)}')\">"
        '<div class="tgme_widget_message_photo" style="padding-top:100%"></div></a>'
        for n, slide in enumerate(post.slides)
    )


def _answer_widget(request: Request, world: World) -> Reply | None:
    if request.path == "/js/telegram-widget.js":
        return asset("telegram/widget.js")
    return None


def _answer_files(request: Request, world: World) -> Reply | None:
    return answer_media(request, world, POSTS)


def _publish(post: PostFact) -> Published:
    """Views are shortened to one decimal, which these numbers outlive; nobody says how many liked it."""
    channel = post.key.partition("/")[0]
    who = {"author_handle": channel, "author_url": f"https://t.me/{channel}"}
    files = list_files(post, _CDN, alts=False, avatar=True)
    return publish(post, "kind", "author_name", "text", "posted_at", "views", media=files, **who)


SITES = (
    Site(("t.me",), _answer, POSTS, STATES, publishes=_publish),
    Site(("telegram.org",), _answer_widget),
    Site((_CDN,), _answer_files),
)
