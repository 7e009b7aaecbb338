"""A server that speaks Mastodon's tongue: frames (drawn by script, or by the server as before 4.3), API, oEmbed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from typing import Any

from embedarchive.replica.assets import asset, read
from embedarchive.replica.cdn import answer_media, avatar_url, picture_url, video_url
from embedarchive.replica.facts import PostFact, State
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault, in_languages, split_language
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

STATES = {
    **in_languages({"live": State("the post"), "gone": State("404: record not found", "gone", "deleted")}, "gone"),
    "old_server": State("the post as servers before 4.3 render it"),
    "gone_quickly": State("410 and record not found", "gone", "deleted"),
    "api_closed": State("the post; the API wants a login", tells=lambda post: publish_card(post, host_of(post))),
    "embed_refused": State(
        "404 in the frame; the API has the post",
        tells=lambda post: publish_status(post, host_of(post)),
        embedding="refused",
    ),
    "frame_missing": State("404 in the frame; the API wants a login", "unavailable", "unconfirmed"),
    "application": State("the web application in the frame's place, the API has nothing", "error", "unrecognized"),
    "wrong_post": State("another post under this address", "error", "wrong_post"),
    "truncated": State("the beginning of the frame, then the connection ends", "error", "truncated"),
    **FAULTS,
}
_SAID = {
    "en": "The page you are looking for isn't here.",
    "de": "Diese Seite existiert nicht.",
    "ja": "お探しのページは見つかりませんでした。",
    "ar": "الصفحة التي تبحث عنها ليست هنا.",
}


def user(post: PostFact) -> str:
    """Give the author's name on its server: in the address of the post, before its number."""
    parts = post.url.removesuffix("/").split("/")
    return next(part for part in reversed(parts[:-1]) if part not in ("posts", "statuses")).removeprefix("@")


def host_of(post: PostFact) -> str:
    """Give the server that the post is on."""
    return post.url.split("/")[2]


def answer_server(request: Request, world: World, posts: Sequence[PostFact]) -> Reply | None:
    """Answer for the server of these posts."""
    parts = request.path.strip("/").split("/")
    if request.path == "/embed.js":
        return asset("mastodon/embed.js")
    if wall := answer_block_page(request):
        return wall
    if parts[0] == "media":
        return answer_media(replace(request, target=request.target.removeprefix("/media")), world, posts)
    number = next((p for p in reversed(parts) if p.isdecimal() and len(p) > 11), "")
    post = None
    if number:
        post = next((p for p in posts if p.key.endswith(number)), None)
    state, lang = split_language(world.state(post), request)
    if fault := answer_fault(state, request):
        return fault
    if parts[:3] == ["api", "v1", "statuses"]:
        return _answer_api(request, post, state)
    if parts[0].startswith("@") and number:
        return _answer_page(request, posts, post, state, lang)
    return None


def _answer_api(request: Request, post: PostFact | None, state: str) -> Reply:
    if state in ("api_closed", "frame_missing"):
        return json_text('{"error":"This method requires an authenticated user"}', 422)
    if post is None or state in ("gone", "gone_quickly", "application"):
        return json_text('{"error":"Record not found"}', 404)
    return json_text(json.dumps(status_json(post, request.host)))


def _answer_page(request: Request, posts: Sequence[PostFact], post: PostFact | None, state: str, lang: str) -> Reply:
    if post is None or state in ("gone", "gone_quickly", "embed_refused", "frame_missing"):
        said = f'<div class="dialog"><div class="dialog__message"><h1>{_SAID[lang]}</h1></div></div>'
        body = f'<body class="error" style="font:16px sans-serif;padding:40px">{said}</body>'
        status = 410 if state == "gone_quickly" else 404
        # Browsers keep a 410 for good unless they are told not to.
        return html(f"<!DOCTYPE html><title>404</title>{body}", status, (("Cache-Control", "private, no-store"),))
    if state != "application" and not request.path.endswith("/embed"):
        return _answer_own_page(request, post)
    if state == "application":
        head = f'<meta property="og:title" content="{escape(post.author.name)}"><title>Mastodon</title>'
        body = '<body><div id="mastodon"><noscript>Enable JavaScript</noscript>Loading</div></body>'
        return html(f"<!DOCTYPE html><html><head>{head}</head>{body}</html>", headers=(("X-Frame-Options", "DENY"),))
    if state == "wrong_post":
        shown = next(p for p in posts if p is not post)
    else:
        shown = post
    frame = read("mastodon/frame.html").decode()
    if state == "old_server":
        return html(
            frame.partition("<body>")[0] + f'<body class="embed">{_server_card(shown, request.host)}</body></html>'
        )
    data = json.dumps(status_json(shown, request.host), ensure_ascii=False).replace("<", "\\u003c")
    reply = html(frame.replace("{status}", data))
    if state == "truncated":
        return replace(reply, sent=0.6)
    return reply


def _answer_own_page(request: Request, post: PostFact) -> Reply:
    """A status's own page: its head tells of it, the rest is drawn by script (`app/views/statuses/show.html.haml`)."""
    data = status_json(post, request.host)
    attached = data["media_attachments"]
    who = f"{user(post)}@{host_of(post)}"
    told = [("og:type", "article"), ("og:title", f"{post.author.name} (@{who})"), ("og:url", post.url)]
    told += [("og:published_time", data["created_at"]), ("og:locale", post.lang), ("profile:username", who)]
    text = post.caption
    if attached:
        text = f"Attached: {len(attached)} image\n\n{text}"
    told.append(("og:description", text))
    for each in attached:
        told += [("og:image", each["preview_url"]), ("og:image:alt", each["description"] or "")]
        if each["type"] == "video":
            told.append(("og:video", each["url"]))
    told.append(("twitter:card", "summary_large_image" * bool(attached) or "summary"))
    head = "".join(f'<meta property="{name}" content="{escape(said or "")}">' for name, said in told)
    body = '<body><div id="mastodon"><noscript>Enable JavaScript</noscript>Loading</div></body>'
    return html(
        f"<!DOCTYPE html><html><head>{head}<title>Mastodon</title></head>{body}</html>",
        headers=(("X-Frame-Options", "DENY"),),
    )


def status_json(post: PostFact, host: str, media: str = "media") -> dict[str, Any]:
    """Give the API's answer; its files are below `media`.

    A caption that begins with `CW: …` and an empty line has that as its warning.
    """
    warning, text = _split_warning(post.caption)
    return {
        "id": post.key.rpartition("/")[2],
        "created_at": post.posted_at.replace("Z", ".000Z"),
        "visibility": "public",
        "sensitive": bool(warning),
        "spoiler_text": warning,
        "language": post.lang,
        "uri": post.url,
        "url": post.url,
        "replies_count": post.comments,
        "reblogs_count": post.likes // 4,
        "favourites_count": post.likes,
        "content": "".join(f"<p>{escape(part).replace(chr(10), '<br>')}</p>" for part in text.split("\n\n")),
        "account": {
            "id": post.author.id,
            "username": user(post),
            "acct": user(post),
            "display_name": post.author.name,
            "url": f"https://{host}/@{user(post)}",
            "avatar": avatar_url(f"{host}/{media}", post.author),
            "followers_count": post.author.followers,
        },
        "media_attachments": [_attachment(post, n, f"{host}/{media}") for n in range(len(post.slides))],
    }


def publish_status(post: PostFact, host: str, media: str = "media") -> Published:
    """Give what the API tells of a post; a warning before its text is its title."""
    warning, text = _split_warning(post.caption)
    names = ("kind", "author_name", "author_followers", "lang", "posted_at", "likes", "comments")
    files = list_files(post, f"{host}/{media}", sizes=True, avatar=True, seconds=2.0)
    files = tuple(each if each.role != "poster" else replace(each, width=None, height=None) for each in files)
    who = {"author_handle": f"{user(post)}@{host}", "author_url": f"https://{host}/@{user(post)}"}
    said = {"text": text, "title": warning or None, "sensitive": bool(warning), "shares": post.likes // 4}
    return publish(post, *names, **who, **said, media=files)


def publish_card(post: PostFact, host: str) -> Published:
    """Give what the card alone tells."""
    handle, files = f"{user(post)}@{host}", list_files(post, f"{host}/media", avatar=True, posters=False)
    return publish(post, "kind", "author_name", "text", "posted_at", author_handle=handle, media=files)


def _split_warning(caption: str) -> tuple[str, str]:
    first, _, rest = caption.partition("\n\n")
    if first.startswith("CW: "):
        return (first.removeprefix("CW: "), rest)
    return ("", caption)


def _attachment(post: PostFact, n: int, media: str) -> dict[str, Any]:
    slide = post.slides[n]
    original = {"width": slide.width, "height": slide.height, **({"duration": 2.0} if slide.video else {})}
    return {
        "id": f"{n + 1}",
        "type": "video" if slide.video else "image",
        "url": video_url(media, post, n) if slide.video else picture_url(media, post, n),
        "preview_url": picture_url(media, post, n),
        "meta": {"original": original},
        "description": slide.alt,
    }


def _server_card(post: PostFact, host: str) -> str:
    data = status_json(post, host)
    images = "".join(
        f'<img src="{m["url"]}" alt="{escape(m["description"] or "")}">' for m in data["media_attachments"]
    )
    gallery = ""
    if images:
        gallery = f'<div class="media-gallery">{images}</div>'
    return (
        '<div class="activity-stream activity-stream--headless"><div class="entry"><div class="detailed-status">'
        f'<a class="detailed-status__display-name" href="{data["account"]["url"]}"><img class="account__avatar" alt="" '
        f'src="{data["account"]["avatar"]}"><span class="display-name"><strong class="display-name__html">'
        f'{escape(post.author.name)}</strong><span class="display-name__account">@{user(post)}@{host}</span></span></a>'
        f'<div class="status__content"><div class="e-content">{data["content"]}</div></div>{gallery}'
        f'<div class="detailed-status__meta"><a class="detailed-status__datetime" href="{post.url}">'
        f'<time datetime="{post.posted_at}">{post.posted_at[:10]}</time></a></div></div></div></div>'
    )
