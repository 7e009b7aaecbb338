"""Telegram: messages of public channels, in a script's attribute or a frame. Pure."""

# ruff: noqa: E501 (markup is given as articles write it)

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import SplitResult

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.model import Answer, Media, Page, Post
from embedarchive.platforms.kit.counts import read_count
from embedarchive.platforms.kit.fields import add_choices, as_kind, as_time, parse_html, text_of
from embedarchive.platforms.kit.framed import Framed, Said, attribute, make_visit, rich_text_of
from embedarchive.platforms.kit.ids import match_path, query
from embedarchive.platforms.kit.specification import (
    Assumption,
    Example,
    Frame,
    Gap,
    LiveCheck,
    MarkupExample,
    Platform,
    Selector,
)

_PATH = re.compile(r"^/(?:s/)?([A-Za-z]\w{3,40})/(\d{1,12})(?:/(\d{1,12}))?/?$")
_NOT_CHANNELS = {
    "share",
    "joinchat",
    "addstickers",
    "proxy",
    "socks",
    "login",
    "addlist",
    "addemoji",
    "setlanguage",
    "boost",
    "confirmphone",
    "addtheme",
    "giftcode",
    "invoice",
    "contact",
}


def identify(url: SplitResult) -> str | None:
    """`channel/number`; a topic's message keeps its last number."""
    m = _PATH.match(url.path)
    if m and m[1].lower() not in _NOT_CHANNELS:
        return f"{m[1]}/{m[3] or m[2]}"
    return None


def canonical(native_id: str) -> str:
    """The public address."""
    return f"https://t.me/{native_id}"


def handle(url: SplitResult) -> str | None:
    """The channel's name."""
    return match_path(_PATH, url)


def is_frame(url: SplitResult) -> bool:
    """`?embed=1`."""
    return query(url, "embed") is not None


SELECTORS = (Selector("script", "script[data-telegram-post]", id=("@data-telegram-post",)),)

EXAMPLES = (
    Example(
        "https://t.me/s/rookfield/123?embed=1",
        "rookfield/123",
        "https://t.me/rookfield/123",
        handle="rookfield",
        frame=True,
    ),
    Example("https://telegram.me/mmaralind/123/1", "mmaralind/1", "https://t.me/mmaralind/1", handle="mmaralind"),
    Example("https://t.me/mmaralind/1", "mmaralind/1", "https://t.me/mmaralind/1", handle="mmaralind"),
    Example("https://t.me/Z123/123", "Z123/123", "https://t.me/Z123/123", handle="Z123"),
    Example("https://t.me/mmar/123", "mmar/123", "https://t.me/mmar/123", handle="mmar", bare=("mmar/123",)),
)

MARKUP = (
    MarkupExample(
        '<script async src="https://telegram.org/js/telegram-widget.js?22" data-telegram-post="rookfield/123" data-width="100%"></script>',
        ("rookfield/123",),
        "script",
    ),
    MarkupExample('<iframe src="https://t.me/rookfield/123?embed=1"></iframe>', ("rookfield/123",), "iframe"),
    MarkupExample(
        '<script data-telegram-post="rookfield/123"></script>',
        ("rookfield/123",),
        "script",
    ),
    MarkupExample(
        '<div data-telegrampost="rookfield/123"></div><div data-provider="telegram" data-id="rookfield/123"></div>',
        ("rookfield/123",) * 2,
        "custom-element",
    ),
)

# ------------------------------------------------------------------------------------------------------------ capturing

_HOME = "https://t.me/"
_CARD = ".tgme_widget_message[data-post]"
_PICTURE = re.compile(r"""background-image:\s*url\(['"]?([^'")]+)""")


def read_frame(page: Page, tree: LexborHTMLParser, post: Post) -> Said:
    """Read the message's card."""
    card = tree.css_first(_CARD)
    if card is None:
        return {}
    return _read_message(card)


def _read_message(card: LexborNode) -> dict[str, Any]:
    """Read one message, which the frame and the channel's page draw alike."""
    channel, _, number = (card.attributes.get("data-post") or "").rpartition("/")
    media = tuple(_read_media(card))
    return {
        "id": number,
        "kind": as_kind(media),
        "author_name": text_of(card.css_first(".tgme_widget_message_owner_name, .tgme_widget_message_author")),
        "author_handle": channel,
        "author_url": channel and _HOME + channel,
        **_read_words(card),
        "posted_at": as_time(attribute(card, ".tgme_widget_message_date time[datetime]", "datetime")),
        "views": read_count(text_of(card.css_first(".tgme_widget_message_views"))),
        "media": media,
    }


def _read_words(card: LexborNode) -> dict[str, Any]:
    """The text of a message; of a poll, its question and what there is to choose from."""
    said = rich_text_of(card.css_first(".js-message_text"), _HOME)
    question = text_of(card.css_first(".tgme_widget_message_poll_question"))
    if not question:
        return dict(said)
    choices = [text_of(node) for node in card.css(".tgme_widget_message_poll_option_text")]
    text, rich = add_choices(question, html.escape(question, quote=False), choices)
    return {"text": text, "text_html": rich}


def _read_media(card: LexborNode) -> Iterator[Media]:
    """Photos are backgrounds, films play in place; what Telegram will not show on the web is said to be missing."""
    slides = card.css(
        ".tgme_widget_message_photo_wrap, .tgme_widget_message_video_player, .message_media_not_supported"
    )
    for position, slide in enumerate(slides, 1):
        film = attribute(slide, "video[src]", "src")
        thumb = slide.css_first(".tgme_widget_message_video_thumb")
        picture = _PICTURE.search((thumb or slide).attributes.get("style") or "")
        is_photo = "tgme_widget_message_photo_wrap" in (slide.attributes.get("class") or "")
        if is_photo and picture:
            yield Media("media", position, picture[1])
            continue
        yield Media("media", position, film or "", missing=None if film else "not_served")
        if picture:
            yield Media("poster", position, picture[1])
    face = attribute(card, ".tgme_widget_message_user_photo img[src]", "src")
    if face:
        yield Media("avatar", 0, face)


def read_channel(answer: Answer, post: Post) -> Said:
    """Read the message in the channel's public page; that only older and newer ones are there denies it."""
    channel, _, number = post.native_id.lower().rpartition("/")
    shown = {(n.attributes.get("data-post") or "").lower(): n for n in parse_html(answer.body).css(_CARD)}
    own = shown.get(post.native_id.lower())
    if own:
        return _read_message(own)
    numbers = [
        int(name.rpartition("/")[2]) for name in shown if re.fullmatch(rf"{re.escape(channel)}/\d{{1,12}}", name)
    ]
    if numbers and min(numbers) < int(number) < max(numbers):
        return None
    return {}


FRAMED = Framed(
    frame=Frame(
        "https://t.me/{id}?embed=1&mode=tme", card=_CARD, dead=(".tgme_widget_message_error",), pending=(".js-loading",)
    ),
    kind="",
    says=read_frame,
    asks={"channel": "https://t.me/s/{host}/{name}"},
    readers={"channel": read_channel},
    navigates=("channel",),
)

# ------------------------------------------------------------------------------------------- what is taken for granted

ASSUMPTIONS = (
    Assumption(
        "`t.me/CHANNEL/N?embed=1&mode=tme` holds `.tgme_widget_message[data-post]`, or "
        "`.tgme_widget_message_error` with 200",
        "reported",
        source="ten projects",
        check="open one of each",
        live=LiveCheck("frame", css=".tgme_widget_message_error"),
    ),
    Assumption(
        "Photos are backgrounds of `.tgme_widget_message_photo_wrap`, films `video[src]` with a "
        "`.tgme_widget_message_video_thumb`",
        "reported",
        check="capture an album with a film",
    ),
    Assumption(
        "`t.me/s/CHANNEL/N` shows the messages around N even when N is deleted; that is the second sign",
        "reported",
        check="open it for a deleted one",
    ),
)
GAPS = (
    Gap(
        "no_second_sign",
        "The last message of a channel, once deleted, has nothing newer beside it",
        "it stays `unconfirmed` until there is",
    ),
    Gap("not_told", "Nobody says how many liked it or commented", "these counts stay empty", ("likes", "comments")),
)

# ---------------------------------------------------------------------------------------------------------------- value

PLATFORM = Platform(
    name="telegram",
    title="Telegram",
    hosts=("t.me", "telegram.me"),
    mirrors=("telegram.dog",),
    identify=identify,
    canonical=canonical,
    handle=handle,
    is_frame=is_frame,
    id_pattern=r"[A-Za-z]\w{3,40}/\d{1,12}",
    id_names=("telegrampost",),
    selectors=SELECTORS,
    examples=EXAMPLES,
    markup=MARKUP,
    not_posts=(
        "https://t.me/rookfield",
        "https://t.me/share/url?url=https%3A%2F%2Fnews.example",
        "https://t.me/share/123",
        "https://t.me/proxy/123",
        "https://t.me/socks/123",
        "https://t.me/addlist/123",
        "https://t.me/joinchat/123",
        "https://t.me/addstickers/123",
    ),
    visit=make_visit(FRAMED, rules=3),
    assumptions=ASSUMPTIONS,
    gaps=GAPS,
    archived=(
        "https://t.me/{id}?embed=1",
        "https://t.me/s/{id}",
        "https://t.me/{id}",
    ),
    made_up_url="https://t.me/telegram/999999999",
    states=("live", "gone", "unsure", "newest", "refused", "strange", "wrong_post"),
)
