"""Statuses as Mastodon and its relatives serve them: the frame's card and the API's JSON, judged and read. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from embedarchive.core.model import Answer, Description, Media, Page, Post, Sign, Verdict
from embedarchive.core.urls import split_anything
from embedarchive.platforms.kit.fields import (
    add_choices,
    as_count,
    as_kind,
    as_list,
    as_size,
    as_text,
    as_time,
    dig,
    merge_readings,
    parse_html,
    read_json,
    read_meta,
    read_rich_text,
    text_of,
)
from embedarchive.platforms.kit.framed import attribute
from embedarchive.platforms.kit.outcomes import (
    MAX_HTML,
    classify_answer,
    classify_strange,
    is_blank,
    judge_refused_frame,
    verdict,
)
from embedarchive.platforms.kit.public_page import is_of, parse_page
from embedarchive.platforms.kit.specification import Move

CARD = ".detailed-status"
MOVES = (
    Move("click", ".detailed-status .content-warning button, .detailed-status .status__content__spoiler-link"),
    Move("click", ".detailed-status .spoiler-button:not(.spoiler-button--minified) button"),
)
"""A content warning and a blurred picture are opened: a reader may, and the capture says that it did."""

_FALLBACK = ".quote-inline"
"""What stands for a quote where nothing can draw one (`RE: address`, since Mastodon 4.5): no words of the author's."""

_NUMBER = re.compile(r"/(\d{12,20})(?=[/?#]|$)")


def classify_status(page: Page, number: str) -> Verdict:
    """Say what a frame and the API's answer (`status`) mean for the status of that number, by structure only."""
    early = classify_answer(page)
    if early:
        return early
    drawn = parse_html(page.dom or page.body)
    card = drawn.css_first(CARD)
    if card and page.status == 200:
        return _classify_card(page, card, number)
    if page.status not in (200, 404, 410) or drawn.css_first('input[type="password"]') or is_blank(drawn):
        return classify_strange(page, drawn)
    return _classify_absence(page, drawn, number)


def _classify_card(page: Page, card: LexborNode, number: str) -> Verdict:
    links = {m[1] for n in card.css("a[href]") if (m := _NUMBER.search(n.attributes.get("href") or ""))}
    api = _read_answer(page)
    seen = as_text(dig(api, "id")) or (number if number in links else next(iter(links), None))
    if seen is None:
        m = _NUMBER.search(page.final_url)
        seen = m[1] if m else "no number"
    if seen != number:
        return verdict("error", "wrong_post", "number is the post's", CARD, seen)
    return verdict("available", None, "number is the post's", CARD, seen)


def _classify_absence(page: Page, drawn: LexborHTMLParser, number: str) -> Verdict:
    """Frame and API must both deny the status; either alone may only refuse to show it."""
    frame = Sign("frame has a card", CARD, f"missing, status {page.status}")
    answer = page.answer("status")
    if answer is None:
        return Verdict("unavailable", "unconfirmed", (frame,))
    data = read_json(answer.body)
    api = Sign("API knows the status", "/api/v1/statuses", str(answer.status))
    if answer.status == 200 and dig(data, "id") == number:
        return judge_refused_frame(read_status(data, ""), frame, api)
    if page.status == 200:
        return classify_strange(page, drawn)
    if answer.status in (404, 410) and as_text(dig(data, "error")):
        return Verdict("gone", "deleted", (frame, api))
    return Verdict("unavailable", "unconfirmed", (frame, api))


def describe_status(page: Page, posted_at: str | None, number: str, host: str) -> Description:
    """Read what the status said: the API's answer, and the card where the API keeps to itself."""
    known = ("id", {"posted_at": posted_at})
    found = classify_status(page, number)
    if found.outcome != "available" and found.embedding != "refused":
        return merge_readings(known)
    data = _read_answer(page)
    card = None
    if found.embedding != "refused":
        card = parse_html(page.dom or page.body).css_first(CARD)
    if dig(data, "id") == number:
        api = read_status(data, host)
    else:
        api = {}
    return merge_readings(("api", api), ("markup", _read_card(card, host) if card else {}), known)


def _read_answer(page: Page) -> Any:
    answer = page.answer("status")
    if answer and answer.status == 200:
        return read_json(answer.body)
    return None


def read_status(status: Any, host: str) -> dict[str, Any]:
    """Read the API's JSON of one status into fields of a description."""
    account = dig(status, "account")
    name = as_text(dig(account, "acct"))
    media = tuple(_read_media(status))
    sensitive = dig(status, "sensitive")
    if isinstance(sensitive, bool):
        sensitive = bool(sensitive or dig(status, "spoiler_text"))
    else:
        sensitive = None
    kind, body = as_kind(media), parse_html(as_text(dig(status, "content")) or "").body
    text, rich = read_rich_text(body, f"https://{host}/", _FALLBACK)
    text, rich = add_choices(
        text, rich, (as_text(dig(each, "title")) for each in as_list(dig(status, "poll", "options")))
    )
    return {
        "kind": "link" if kind == "text" and dig(status, "card", "url") else kind,
        "author_name": as_text(dig(account, "display_name")) or name,
        "author_handle": name_on(host, name),
        "author_url": as_text(dig(account, "url")),
        "author_followers": as_count(dig(account, "followers_count")),
        "text": text,
        "text_html": rich,
        "title": as_text(dig(status, "spoiler_text")) or as_text(dig(status, "card", "title")),
        "lang": as_text(dig(status, "language")),
        "sensitive": sensitive,
        "posted_at": as_time(dig(status, "created_at")),
        "likes": as_count(dig(status, "favourites_count")),
        "comments": as_count(dig(status, "replies_count")),
        "shares": as_count(dig(status, "reblogs_count")),
        "quoted_url": as_text(dig(status, "quote", "quoted_status", "url")),
        "media": media,
    }


def _read_media(status: Any) -> Iterator[Media]:
    for position, each in enumerate(as_list(dig(status, "media_attachments")), 1):
        size = as_size(dig(each, "meta", "original", "width")), as_size(dig(each, "meta", "original", "height"))
        length, alt = dig(each, "meta", "original", "duration"), as_text(dig(each, "description"))
        seconds = None
        if isinstance(length, (int, float)):
            seconds = float(length)
        url = as_text(dig(each, "url")) or as_text(dig(each, "remote_url"))
        yield Media("media", position, url or "", *size, alt, seconds, None if url else "not_served")
        poster = as_text(dig(each, "preview_url"))
        if poster and dig(each, "type") in ("video", "gifv"):
            yield Media("poster", position, poster, alt=alt)
    face = as_text(dig(status, "account", "avatar"))
    if face:
        yield Media("avatar", 0, face)


def name_on(host: str, name: str | None) -> str | None:
    """An account's name with its instance, which the instance leaves out of its own accounts' names."""
    if name and "@" not in name:
        return f"{name}@{host}"
    return name


def _read_card(card: LexborNode, host: str) -> dict[str, Any]:
    """Read the card itself; counts are left out, for it shortens them."""
    name, body = text_of(card.css_first(".display-name__account")), card.css_first(".status__content, .e-content")
    handle = (name or "").strip("@") or None
    text, rich = read_rich_text(body, f"https://{host}/", _FALLBACK)
    face = attribute(card, ".account__avatar img[src], img.account__avatar[src]", "src")
    shown = card.css(".media-gallery img[src], .media-gallery video[src], .video-player video[src]")
    media = [
        Media("media", position, node.attributes.get("src") or "", alt=node.attributes.get("alt") or None)
        for position, node in enumerate(shown, 1)
    ]
    kind = as_kind(media, moving=any(node.tag == "video" for node in shown))
    if face:
        media.append(Media("avatar", 0, face))
    return {
        "kind": kind,
        "author_name": text_of(card.css_first(".display-name__html, .display-name strong")),
        "author_handle": name_on(host, handle),
        "text": text,
        "text_html": rich,
        "posted_at": as_time(attribute(card, "time[datetime]", "datetime")),
        "media": tuple(media),
    }


# ------------------------------------------------------------------------------------------------ as others recorded it

_WHO = re.compile(r"(?s)(.*\S)\s*\(@?([\w.\-]{1,64}@[\w.\-]{3,100})\)")
_ATTACHED = frozenset(("summary_large_image", "player"))


def read_unrun_frame(answer: Answer, post: Post) -> dict[str, Any]:
    """What a frame whose script never ran holds of its status: the object that the script would have drawn.

    Only an object that has the post's number and an address of the post, at the frame's own server.
    """
    if answer.status != 200 or answer.error or not answer.body.rstrip().lower().endswith("</html>"):
        return {}  # what was cut off is no sight of it
    node = parse_html(answer.body[:MAX_HTML]).css_first('script#initial-state[type="application/json"]')
    held = read_json(node.text()) if node else None
    number = post.native_id.rpartition("/")[2]
    for status in (held, dig(held, "status"), dig(held, "statuses", number)):
        url = as_text(dig(status, "url")) or ""
        if as_text(dig(status, "id")) == number and is_of(url, answer.final_url, post):
            return read_status(status, _host_of(answer.final_url))
    return {}


def read_public_status(answer: Answer, post: Post) -> dict[str, Any]:
    """What the head of a status's own page tells of it. Source: `app/views/statuses/show.html.haml` of Mastodon.

    Its description begins with what is attached and warned of, in the server's language, and has the text after that.
    """
    tree = parse_page(answer, post)
    if tree is None:
        return {}
    meta = read_meta(tree)
    who = _WHO.fullmatch(meta.get("og:title", ""))
    if meta.get("og:type") != "article" or who is None:
        return {}
    text, media = meta.get("og:description", ""), tuple[Media, ...]()
    if meta.get("twitter:card") in _ATTACHED:
        text, media = text.partition("\n\n")[2], tuple(_read_attached(tree))
    return {
        "kind": as_kind(media, moving="og:video" in meta),
        "author_name": who[1],
        "author_handle": who[2],
        "text": as_text(text),
        "lang": meta.get("og:locale"),
        "posted_at": as_time(meta.get("og:published_time")),
        "media": media,
    }


def _read_attached(tree: LexborHTMLParser) -> list[Media]:
    """The files that a status's page names: a picture before a film is its still, one before a sound the author's."""
    found: list[Media] = []
    for node in tree.css("meta[property][content]"):
        name, url = node.attributes.get("property"), node.attributes.get("content") or ""
        place = 1 + sum(each.role == "media" for each in found)
        if name == "og:image":
            found.append(Media("media", place, url))
        elif name == "og:image:alt" and found:
            found[-1] = replace(found[-1], alt=url)
        elif name in ("og:video", "og:audio") and found:
            still = found.pop()
            found.append(Media("media", still.position, url))
            if name == "og:video":
                found.append(replace(still, role="poster"))
    return found


def _host_of(url: str) -> str:
    return split_anything(url).hostname or ""
