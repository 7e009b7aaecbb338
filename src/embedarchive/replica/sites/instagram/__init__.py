"""instagram.com with its static and media hosts: a request into what the platform answers now."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any
from urllib.parse import quote, urlsplit

from embedarchive.core.model import Media
from embedarchive.replica.assets import asset, read
from embedarchive.replica.facts import PostFact, State
from embedarchive.replica.published import Published, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.sites.instagram import media, pages
from embedarchive.replica.sites.instagram.embed import audio_line, render_broken, render_embed
from embedarchive.replica.sites.instagram.media import answer_media
from embedarchive.replica.sites.instagram.posts import POSTS
from embedarchive.replica.wire import Reply, Request, html, json_text, redirect
from embedarchive.replica.world import World

STATES = {
    "live": State("the post"),
    "edited": State("the post with its caption edited", tells=lambda post: _publish(post, edited(post))),
    "slow_css": State("the post; its style sheet takes two seconds"),
    "silent": State("the post; the frame never says MOUNTED"),
    "late": State("the post; the frame says MOUNTED after twelve seconds"),
    "images_403": State("the post; its pictures answer 403", whole=False),
    "images_aborted": State("the post; connections for its pictures are reset", whole=False),
    "wrong_post": State("another post under this address", "error", "wrong_post"),
    "gone": State("broken page; oEmbed 404; no full page", "gone", "deleted"),
    "gone_old_class": State("the same with the class name of some years ago", "gone", "deleted"),
    "private": State("broken page; the full page names the user", "unavailable", "private"),
    "followers": State(
        "the same; whoever is logged in (has a cookie `sessionid`) sees the post", "unavailable", "private"
    ),
    "age": State("broken page; the full page says the age", "unavailable", "age"),
    "embed_refused": State(
        "broken page; the full page and oEmbed have the post",
        tells=lambda post: _publish_page(post),
        embedding="refused",
    ),
    "shell": State("the empty application, also to browsers", "blocked", "shell"),
    "login": State("redirect to the login page", "blocked", "login"),
    "challenge": State("redirect to the challenge page", "blocked", "challenge"),
    "rate": State("429", "blocked", "rate"),
    "rate_after": State("429 with Retry-After", "blocked", "rate"),
    "rate_json": State("401 with JSON that asks to wait", "blocked", "rate"),
    "unsupported": State("redirect to the page for unsupported browsers", "blocked", "unsupported_browser"),
    "forbidden": State("403", "error", "http_403"),
    "server_error": State("500", "error", "http_500"),
    "hang": State("no answer at all", "error", "timeout"),
    "reset": State("the connection is reset", "error", "reset"),
    "slow": State("the post, after three seconds"),
    "truncated": State("the beginning of the card, then the connection ends", "error", "truncated"),
    "empty": State("200 with nothing in it", "error", "blank"),
}
"""Every state a post can be set to, and what the platform then answers."""

_POST_PATH = re.compile(r"/(?:[\w.]+/)?(p|reel|reels|tv)/([\w-]{5,64})/?(embed(?:/captioned)?)?/?")
_BROKEN = {"gone", "gone_old_class", "private", "followers", "age", "embed_refused"}
_RID_BYTES = 16


def answer_instagram(request: Request, world: World) -> Reply | None:
    """Answer for instagram.com itself."""
    if request.path in ("/embed.js", "/en_US/embeds.js", "//platform.instagram.com/en_US/embeds.js"):
        return asset("instagram/loader.js")
    if not request.header("user-agent"):
        return redirect("https://www.facebook.com/unsupportedbrowser")
    if request.path.startswith("/api/v1/oembed"):
        return _answer_oembed(request, world)
    if request.path.startswith(("/accounts/login", "/challenge")):
        return html(pages.render_wall("Log in"))
    match = _POST_PATH.fullmatch(request.path)
    if not match:
        return html(pages.render_error_root("PROFILE"), 404)
    folder, code, embed = match.groups()
    post = world.find("instagram", code)
    reply = _refuse(request, world, post)
    if reply:
        return reply
    if embed:
        return _answer_embed(request, world, post, code, "captioned" in embed)
    return _answer_page(world, post, folder)


def _refuse(request: Request, world: World, post: PostFact | None) -> Reply | None:
    """Give the answers that have nothing of the post in them."""
    state = world.state(post) if post else "live"
    if world.over_limit("instagram"):
        state = "rate_after"
    here = quote(request.path)
    wait = {"message": "Please wait a few minutes before you try again.", "require_login": True, "status": "fail"}
    answers = {
        "shell": html(pages.render_error_root("EMBEDS")) if state == "shell" else Reply(),
        "login": redirect(f"https://www.instagram.com/accounts/login/?next={here}"),
        "challenge": redirect(f"https://www.instagram.com/challenge/?next={here}"),
        "rate": html("", 429),
        "rate_after": html("", 429, (("Retry-After", "120"),)),
        "rate_json": json_text(json.dumps(wait), 401),
        "unsupported": redirect("https://www.facebook.com/unsupportedbrowser"),
        "forbidden": html("Forbidden", 403),
        "server_error": html("<title>Error</title>Sorry, something went wrong.", 500),
        "hang": Reply(ending="hang"),
        "reset": Reply(ending="reset"),
        "empty": html(""),
    }
    return answers.get(state)


def _answer_embed(request: Request, world: World, post: PostFact | None, code: str, captioned: bool) -> Reply:
    rid = f"A{uuid.uuid4().hex[:22]}"
    state = world.state(post)
    # Only something that looks like a browser's navigation (or a known crawler) is served the rendered page.
    if request.header("sec-fetch-mode") != "navigate" and "Mozilla" in request.header("user-agent"):
        return html(pages.render_error_root("EMBEDS"))
    cookies = read_cookies(request)
    is_follower = state == "followers" and "sessionid" in cookies
    if post is None or (state in _BROKEN and not is_follower):
        lang = request.header("accept-language")[:2].lower()
        old = state == "gone_old_class"
        return html(render_broken(code, rid, lang, captioned=captioned, old_class=old), headers=_cookies())
    shown = post
    if state == "wrong_post":
        shown = next(other for other in POSTS if other.key != post.key)
    text = render_embed(
        shown, rid, captioned=captioned, caption=caption_now(world, shown), slow_css=state == "slow_css"
    )
    if state in ("silent", "late"):
        text = text.replace('<body class="', f'<body data-mounted="{state}" class="')
    if "csrftoken" in cookies:  # the platform hands the visitor's own token back in the page's settings
        text += f'<script type="application/json">{json.dumps({"csrf_token": cookies["csrftoken"]})}</script>'
    reply = html(text, headers=_cookies())
    # Cut inside the card: its opening is there, the caption is not.
    cut = 1.0
    if state == "truncated":
        cut = text.index('class="Content') / len(text)
    return replace(reply, sent=cut, delay_s=3.0 if state == "slow" else 0.0)


def caption_now(world: World, post: PostFact) -> str:
    """Give the caption as it reads at this visit."""
    if world.state(post) != "edited":
        return post.caption
    return edited(post)


def edited(post: PostFact) -> str:
    """Give the caption as it reads after its edit."""
    return post.edited or f"{post.caption}\n\n(edited)"


def _answer_page(world: World, post: PostFact | None, folder: str) -> Reply:
    state = world.state(post)
    if post is None or state in ("gone", "gone_old_class"):
        return html(pages.render_error_root("MEDIA"), 404)
    if folder == "reel" and post.kind != "reel":
        return html(pages.render_error_root("MEDIA"), 404)
    framing = (("X-Frame-Options", "DENY"), ("Content-Security-Policy", "frame-ancestors 'self'"))
    if state in ("private", "followers"):
        return html(pages.render_private_page(post), headers=framing)
    if state == "age":
        return html(pages.render_error_root("MEDIA", "MA", 25), headers=framing)
    return html(pages.render_post_page(post, caption_now(world, post)), headers=(*framing, *_cookies()))


def _answer_oembed(request: Request, world: World) -> Reply:
    match = _POST_PATH.match(urlsplit(request.param("url")).path)
    post = None
    if match:
        post = world.find("instagram", match[2])
    if reply := post and _refuse(request, world, post):
        return reply
    state = world.state(post)
    if post is None or state in ("gone", "gone_old_class", "private", "followers"):
        return json_text("No Media Match", 404, (("Content-Type", "text/html"),))
    if state == "age":
        gate = {
            "message": "geoblock_required",
            "blocks_logging_data": "MIN_AGE_ACCOUNT",
            "gating_type": "age",
            "media_igid": post.media_id,
            "status": "fail",
        }
        return json_text(json.dumps(gate), 400)
    return json_text(pages.oembed(post, caption_now(world, post)))


def read_cookies(request: Request) -> dict[str, str]:
    """Take a request's cookies apart."""
    pairs = (each.strip().partition("=") for each in request.header("cookie").split(";"))
    return {name: value for name, _, value in pairs if name}


def _cookies() -> tuple[tuple[str, str], ...]:
    end = "Domain=.instagram.com; Path=/; Secure"
    return (
        ("Set-Cookie", f"csrftoken={uuid.uuid4().hex}; {end}"),
        ("Set-Cookie", f"mid={uuid.uuid4().hex[:27]}; {end}; HttpOnly; SameSite=None"),
    )


def answer_static(request: Request, world: World) -> Reply | None:
    """Serve the style sheets, scripts and icon of the embed page."""
    name = request.path.rpartition("/")[2]
    if name in ("embed.css", "slow-embed.css") or (world.stand_ins and name.endswith(".css")):
        return replace(asset("instagram/embed.css"), delay_s=2.0 if name.startswith("slow") else 0.0)
    if name == "weight.css":
        return replace(asset("instagram/embed.css"), body=_css_weight())
    if name == "frame.js":
        return replace(asset("instagram/frame.js"), body=_frame_script())
    if name == "icon.svg":
        return asset("instagram/icon.svg")
    return None


def answer_facebook(request: Request, world: World) -> Reply | None:
    """Serve the one page of facebook.com that Instagram redirects to."""
    if request.path == "/unsupportedbrowser":
        return html("<!DOCTYPE html><title>Update Your Browser</title><h1>Update Your Browser</h1>")
    return None


@cache
def _css_weight() -> bytes:
    """Give as many unused rules as the platform ships (about 34 KB)."""
    return "".join(f"._rw{n:04x}{{margin:{n % 40}px;padding:{n % 24}px}}" for n in range(900)).encode()


@cache
def _frame_script() -> bytes:
    """Give the frame's script with as much code around it as the platform ships (about 205 KB)."""
    module = "__d({n},function(a,b){{var c=a*{n}%97;return b?b.map(function(d){{return d+c}}):c}});\n"
    return read("instagram/frame.js") + "".join(module.format(n=n) for n in range(2500)).encode()


def _publish(post: PostFact, caption: str | None = None) -> Published:
    """A photo's page has no JSON: who shared it for its picture's words, and shortened numbers of followers."""
    author, plain = post.author, post.kind == "photo"
    names = ("kind", "author_handle", "likes", "comments", "posted_at")
    told: dict[str, Any] = {
        "author_url": f"https://www.instagram.com/{author.handle}/",
        "author_followers": author.followers,
        "author_verified": author.verified,
        "text": caption,
        "audio": _sound(post),
    }
    if caption is None:
        told["text"] = post.caption
    if post.collaborator:
        told["collaborators"] = (post.collaborator.handle,)
    if plain and post.collaborator:
        told["author_verified"] = None  # beside two names no badge fits
    if plain and not post.audio:
        told["author_followers"] = read_shortened(author.followers)
    if not plain:
        told["alt_text"] = post.slides[0].alt
    return publish(post, *names, **told, media=tuple(_files(post)))


def _sound(post: PostFact) -> str | None:
    """Only a reel's JSON names the artist of original audio."""
    if post.audio is None:
        return None
    if post.kind == "reel":
        return " · ".join(post.audio)
    return audio_line(*post.audio)


def read_shortened(number: int) -> int:
    """Give what is left of a number that is shortened to one decimal."""
    for size in (10**6, 10**3):
        if number >= size:
            return round(number / size * 10) * size // 10
    return number


def _files(post: PostFact) -> Iterator[Media]:
    if post.kind == "photo":
        alt = f"Instagram post shared by @{post.author.handle}"
        yield Media("media", 1, media.image_url(post, 0), post.slides[0].width, alt=alt)
    else:
        for n, slide in enumerate(post.slides):
            size = slide.width, slide.height
            picture = media.image_url(post, n)
            if not slide.video:
                yield Media("media", n + 1, picture, *size, slide.alt)
            else:
                length, kept_back = (2.0 if post.kind != "carousel" else None), post.copyright_blocked
                film = ""
                if not kept_back:
                    film = media.video_url(post, n)
                missing = None
                if kept_back:
                    missing = "copyright_blocked"
                yield Media("media", n + 1, film, *size, slide.alt, length, missing)
                yield Media("poster", n + 1, picture, *size, slide.alt)
    yield Media("avatar", 0, media.avatar_url(post.author))


def _publish_page(post: PostFact) -> Published:
    title = f'{post.author.name} on Instagram: "{post.caption}"'
    link = f"https://www.instagram.com/{post.author.handle}/"
    files = (Media("media", 1, "", missing="not_served"), Media("poster", 1, media.image_url(post, 0)))
    return publish(post, "author_name", "author_handle", "text", title=title, author_url=link, media=files)


SITES = (
    Site(
        ("www.instagram.com", "instagram.com", "m.instagram.com", "instagr.am", "platform.instagram.com"),
        answer_instagram,
        POSTS,
        STATES,
        publishes=_publish,
    ),
    Site(("static.cdninstagram.com",), answer_static),
    Site((".cdninstagram.com", ".fbcdn.net"), answer_media),
    Site(("www.facebook.com",), answer_facebook),
)
