"""Bluesky: the frame, the application, the public API, oEmbed; live, gone, closed accounts, members only."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from html import escape
from typing import Any
from urllib.parse import urlsplit

from embedarchive.replica import people as p
from embedarchive.replica.assets import asset, read
from embedarchive.replica.cdn import answer_media, avatar_url, picture_url
from embedarchive.replica.facts import Person, PostFact, Slide, State, kind_of, milliseconds, number_from
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault, in_languages, split_language
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, json_text
from embedarchive.replica.world import World

MEDIA = "cdn.bsky.app"
STATES = {
    **in_languages(
        {"live": State("the post"), "gone": State("not found, from frame and API", "gone", "deleted")}, "gone"
    ),
    "deactivated": State("not found; the account is closed by its owner", "unavailable", "deactivated"),
    "suspended": State("not found; the account is taken down", "unavailable", "suspended"),
    "blocked": State("the API says that the author blocks", "unavailable", "private"),
    "login_only": State("the frame says that the author shows posts to members only", embedding="refused"),
    "api_rate": State("the post's API answers 429", "blocked", "rate"),
    "api_down": State("the post's API answers 502", "error", "http_502"),
    "not_drawn": State("the frame's script draws nothing", "error", "unrecognized"),
    "unsure": State("not found by one service, known to the other", "unavailable", "unconfirmed"),
    **FAULTS,
}
_SAID = {
    "en": ("Post not found, it may have been deleted.", "The author does not show posts on external sites."),
    "de": ("Beitrag nicht gefunden, möglicherweise gelöscht.", "Nur für angemeldete Personen."),
    "ja": ("投稿が見つかりません。削除された可能性があります。", "外部サイトでは表示されません。"),
    "ar": ("المنشور غير موجود، ربما تم حذفه.", "لا يعرض الكاتب منشوراته هنا."),
}
_ORIGIN = (("Access-Control-Allow-Origin", "*"),)
_ALPHABET = "234567abcdefghijklmnopqrstuvwxyz"


def record_key(iso: str, name: str) -> str:
    """Make the record key of a post of that moment: microseconds and a clock id, in sortable base 32."""
    number = milliseconds(iso) * 1000 << 10 | number_from(f"bsky:{name}", 1 << 10)
    letters = ""
    for _ in range(13):
        number, digit = divmod(number, 32)
        letters = _ALPHABET[digit] + letters
    return letters


def _did(person: Person) -> str:
    number, letters = number_from(f"did:{person.handle}", 1 << 62), ""
    for _ in range(24):
        number, digit = (number * 6364136223846793005 + 1442695040888963407) % (1 << 64), number >> 57 & 31
        letters += "abcdefghijklmnopqrstuvwxyz234567"[digit]
    return f"did:plc:{letters}"


def _handle(person: Person) -> str:
    return f"{person.handle.replace('.', '-').replace('_', '-')}.bsky.social"


def _post(
    name: str, at: str, author: Person, text: str, *slides: Slide, by_handle: bool = False, **more: Any
) -> PostFact:
    who, key = _handle(author) if by_handle else _did(author), record_key(at, name)
    url, kind = f"https://bsky.app/profile/{who}/post/{key}", kind_of(slides)
    return PostFact("bluesky", name, f"{who}/{key}", url, kind, author, at, text, slides, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "bs-comet",
        "2026-01-03T18:20:11Z",
        p.HALLEY,
        "Four hours, one comet, no sleep.\n\nIt will be back in 68,000 years. Set a reminder.",
        likes=5_120,
        comments=88,
    ),
    _post(
        "bs-typo",
        "2025-10-22T09:00:30Z",
        p.CLARA,
        "It was hail, not Hal. Sorry, Hal.",
        likes=402,
        comments=17,
        state="gone",
    ),
    _post(
        "bs-ridge",
        "2026-01-04T05:02:00Z",
        p.HALLEY,
        "Two frames from last night. Notes: https://halley.example/notes",
        Slide("stars:ridge", "Photo of stars above a dark ridge."),
        Slide("mountains:dawn", None),
        likes=2_204,
        comments=31,
        quotes="bs-comet",
    ),
    _post(
        "bs-hanok",
        "2026-02-18T22:10:00Z",
        p.HANOK,
        "비 오는 아침, 처마 끝.\n\n소리를 켜고 보세요.",
        Slide("forest:mist", "처마 끝에서 떨어지는 빗물", video=True),
        likes=640,
        comments=12,
        lang="ko",
    ),
    _post(
        "bs-bees",
        "2026-03-01T10:05:00Z",
        p.BEES,
        "First flight of the year, eleven degrees, no wind.",
        likes=211,
        comments=9,
        by_handle=True,
    ),
)
_BY_KEY = {post.key: post for post in POSTS}
_BY_NAME = {post.name: post for post in POSTS}


def _uri(post: PostFact) -> str:
    return f"at://{_did(post.author)}/app.bsky.feed.post/{post.key.partition('/')[2]}"


def quote_html(post: PostFact) -> str:
    """Give the embed code: the whole text, name, handle and date."""
    text = escape(post.caption).replace("\n", "<br>")
    day = datetime.fromisoformat(post.posted_at.replace("Z", "+00:00"))
    return (
        f'<blockquote class="bluesky-embed" data-bluesky-uri="{_uri(post)}" data-bluesky-cid="bafyreib2rxk3rh6kzwq">'
        f'<p lang="{post.lang}">{text}</p>&mdash; {escape(post.author.name)} (<a href="https://bsky.app/profile/'
        f'{_did(post.author)}?ref_src=embed">@{_handle(post.author)}</a>) <a href="{post.url}?ref_src=embed">'
        f"{day:%B} {day.day}, {day.year} at {day:%H:%M}</a></blockquote>"
        '<script async src="https://embed.bsky.app/static/embed.js" charset="utf-8"></script>'
    )


def _view(post: PostFact, labels: list[dict[str, str]]) -> dict[str, Any]:
    view = {
        "$type": "app.bsky.feed.defs#postView",
        "uri": _uri(post),
        "cid": "bafyreib2rxk3rh6kzwq",
        "author": _author(post, labels),
        "record": _record(post),
        "replyCount": post.comments,
        "repostCount": post.likes // 11,
        "likeCount": post.likes,
        "quoteCount": 3,
        "indexedAt": post.posted_at,
        "labels": [],
    }
    if post.slides:
        return {**view, "embed": _embed(post)}
    return view


def _author(post: PostFact, labels: list[dict[str, str]]) -> dict[str, Any]:
    author = post.author
    return {
        "did": _did(author),
        "handle": _handle(author),
        "displayName": author.name,
        "avatar": avatar_url(MEDIA, author),
        "labels": labels,
        "verification": {"verifications": [], "verifiedStatus": "valid" if author.verified else "none"},
    }


def _record(post: PostFact) -> dict[str, Any]:
    """A link in the text is told by its place, in bytes of UTF-8."""
    facets = []
    for word in (w for w in post.caption.split() if w.startswith("https://")):
        start = len(post.caption[: post.caption.index(word)].encode())
        features = [{"$type": "app.bsky.richtext.facet#link", "uri": word}]
        facets.append({"index": {"byteStart": start, "byteEnd": start + len(word.encode())}, "features": features})
    record = {"$type": "app.bsky.feed.post", "createdAt": post.posted_at, "langs": [post.lang], "text": post.caption}
    if facets:
        return {**record, "facets": facets}
    return record


def _embed(post: PostFact) -> dict[str, Any]:
    slide = post.slides[0]
    ratio = {"width": slide.width, "height": slide.height}
    if slide.video:
        list_url, cover = f"https://video.bsky.app/watch/{post.name}/playlist.m3u8", picture_url(MEDIA, post, 0)
        video = {"$type": "app.bsky.embed.video#view", "cid": f"bafkrei{post.name[3:]}", "playlist": list_url}
        return {**video, "thumbnail": cover, "alt": slide.alt or "", "aspectRatio": ratio}
    images = [
        {"thumb": url, "fullsize": url, "alt": s.alt or "", "aspectRatio": {"width": s.width, "height": s.height}}
        for n, s in enumerate(post.slides)
        for url in (picture_url(MEDIA, post, n),)
    ]
    media = {"$type": "app.bsky.embed.images#view", "images": images}
    if not post.quotes:
        return media
    other = _BY_NAME[post.quotes]
    quoted = {"uri": _uri(other), "author": _author(other, []), "value": {"text": other.caption}}
    return {"$type": "app.bsky.embed.recordWithMedia#view", "media": media, "record": {"record": quoted}}


def _find(uri: str) -> PostFact | None:
    author, _, key = uri.removeprefix("at://").replace("/app.bsky.feed.post/", "/").partition("/")
    return next((p for p in POSTS if author in (_did(p.author), _handle(p.author)) and p.key.endswith(f"/{key}")), None)


def _answer_api(request: Request, world: World) -> Reply | None:
    method = request.path.rpartition("/")[2].rpartition(".")[2]
    post = _find(request.param("uris") or request.param("uri"))
    state = split_language(world.state(post), request)[0]
    if method == "getProfile":
        return _answer_profile(world, request.param("actor"))
    if method == "getPosts":
        known = post and state in ("live", "unsure")
        return json_text(json.dumps({"posts": [_view(post, [])] if post and known else []}), headers=_ORIGIN)
    if method == "getPostThread":
        return _answer_thread(post, state, request.param("uri"))
    return None


def _answer_thread(post: PostFact | None, state: str, uri: str) -> Reply:
    if state in ("api_rate", "api_down"):
        return json_text('{"error":"Upstream"}', 429 if state == "api_rate" else 502, _ORIGIN)
    if state == "blocked":
        thread = {"$type": "app.bsky.feed.defs#blockedPost", "uri": uri, "blocked": True}
        return json_text(json.dumps({"thread": thread}), headers=_ORIGIN)
    if post is None or state in ("gone", "deactivated", "suspended", "unsure"):
        return json_text(json.dumps({"error": "NotFound", "message": f"Post not found: {uri}"}), 400, _ORIGIN)
    if state == "login_only":
        labels = [{"val": "!no-unauthenticated"}]
    else:
        labels = []
    thread = {"$type": "app.bsky.feed.defs#threadViewPost", "post": _view(post, labels), "replies": []}
    return json_text(json.dumps({"thread": thread}), headers=_ORIGIN)


def _answer_profile(world: World, actor: str) -> Reply:
    states = {world.state(post) for post in POSTS if actor in (_did(post.author), _handle(post.author))}
    for state, error in (("deactivated", "AccountDeactivated"), ("suspended", "AccountTakedown")):
        if state in states:
            return json_text(json.dumps({"error": error, "message": "Account is closed"}), 400, _ORIGIN)
    return json_text(json.dumps({"did": actor}), headers=_ORIGIN)


def _answer_frame(request: Request, world: World) -> Reply | None:
    parts = request.path.strip("/").split("/")
    if request.path == "/static/embed.js":
        return asset("bluesky/embed.js")
    if request.path == "/oembed":
        return _answer_oembed(request, world)
    if len(parts) != 4 or parts[0] not in ("embed", "profile"):
        return answer_block_page(request)
    post = _find(f"{parts[1]}/{parts[3]}")
    state, lang = split_language(world.state(post), request)
    if fault := answer_fault(state, request):
        return fault
    if parts[0] == "embed" and not parts[1].startswith("did:"):
        return html("Bad Request", 400)
    page = read("bluesky/frame.html").decode().replace("{said}", json.dumps(_SAID[lang], ensure_ascii=False))
    return html(page.partition("<script>")[0] + "<p>…</p>" if state == "not_drawn" else page)


def _answer_oembed(request: Request, world: World) -> Reply:
    key = urlsplit(request.param("url")).path.removeprefix("/profile/").replace("/post/", "/")
    post = _BY_KEY.get(key)
    if post is None or world.state(post) != "live":
        return json_text('{"message":"Not Found"}', 404)
    answer = {"type": "rich", "version": "1.0", "author_name": post.author.name, "html": quote_html(post)}
    return json_text(json.dumps({**answer, "provider_name": "Bluesky Social", "width": 600, "height": None}))


def _answer_blob(request: Request, world: World) -> Reply | None:
    post = next((p for p in POSTS if request.param("cid") == f"bafkrei{p.name[3:]}"), None)
    if post is None or request.path != "/xrpc/com.atproto.sync.getBlob":
        return None
    return Reply(200, (("Content-Type", "video/mp4"),), read("clip.mp4"))


def _publish(post: PostFact) -> Published:
    names = ("kind", "author_name", "author_verified", "text", "lang", "posted_at", "likes", "comments")
    files = list_files(post, MEDIA, sizes=True, avatar=True)
    blob = f"https://bsky.social/xrpc/com.atproto.sync.getBlob?did={_did(post.author)}&cid=bafkrei{post.name[3:]}"
    files = tuple(replace(each, url=blob) if each.url.endswith(".mp4") else each for each in files)
    handle = _handle(post.author)
    more = {"author_handle": handle, "author_url": f"https://bsky.app/profile/{handle}", "shares": post.likes // 11}
    if post.quotes:
        quoted = {"quoted_url": _BY_NAME[post.quotes].url}
    else:
        quoted = {}
    return publish(post, *names, media=files, sensitive=False, **more, **quoted)


SITES = (
    Site(("embed.bsky.app", "bsky.app"), _answer_frame, POSTS, STATES, publishes=_publish),
    Site(("public.api.bsky.app", "api.bsky.app"), _answer_api),
    Site((MEDIA,), lambda request, world: answer_media(request, world, POSTS)),
    Site(("bsky.social",), _answer_blob),
)
