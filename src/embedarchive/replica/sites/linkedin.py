"""LinkedIn: the frame as the server renders it, the update's own page, the walls; text, pictures, a film, gone."""

from __future__ import annotations

import json
from html import escape
from typing import Any

from embedarchive.replica import people as p
from embedarchive.replica.assets import read
from embedarchive.replica.cdn import answer_media, avatar_url, picture_url, video_url
from embedarchive.replica.facts import Person, PostFact, Slide, State, milliseconds, number_from
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault, in_languages, split_language
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, redirect
from embedarchive.replica.world import World

STATES = {
    **in_languages(
        {
            "live": State("the update"),
            "gone": State("404 from the frame and from the update's page", "gone", "deleted"),
        },
        "gone",
    ),
    "unsure": State("404 from the frame; the page leads to a wall", "unavailable", "unconfirmed"),
    "refused": State(
        "404 from the frame; the page has the update",
        tells=lambda post: _publish_page(post),
        embedding="refused",
    ),
    "authwall": State("the frame leads to a wall", "blocked", "login"),
    "denied": State("999 to whoever asks", "blocked", "login"),
    "strange": State("a page of another make", "unavailable", "unconfirmed"),
    "wrong_post": State("the frame of another update", "error", "wrong_post"),
    **FAULTS,
}
_SAID = {
    "en": "This post cannot be displayed.",
    "de": "Dieser Beitrag kann nicht angezeigt werden.",
    "ja": "この投稿は表示できません。",
    "ar": "لا يمكن عرض هذا المنشور.",
}
_CDN = "media.licdn.com"


def _post(name: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    key = f"urn:li:share:{milliseconds(at) << 22 | number_from(name, 1 << 22)}"
    url = f"https://www.linkedin.com/feed/update/{key}/"
    return PostFact("linkedin", name, key, url, more.pop("kind", "text"), author, at, text, slides, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "li-crane",
        "2025-03-17T07:30:00Z",
        p.HAFEN,
        "Nach elf Jahren fährt der Kran wieder.\n\nDanke an alle, die an einem Sonntag geschweißt haben.",
        Slide("sea:harbour", "Der Kran am Kai.", width=1080, height=810),
        kind="photo",
        likes=1_288,
        comments=64,
        lang="de",
    ),
    _post(
        "li-hiring",
        "2025-04-01T08:00:00Z",
        p.HALLEY,
        "We are hiring a night assistant. Bring a hat.",
        likes=310,
        comments=41,
    ),
    _post(
        "li-tour",
        "2025-04-20T08:00:00Z",
        p.HALLEY,
        "Two seconds of the dome opening.",
        Slide("stars:ridge", None, video=True, width=1280, height=720),
        kind="video",
        likes=95,
        comments=3,
    ),
)
_BY_KEY = {post.key: post for post in POSTS}


def _answer(request: Request, world: World) -> Reply | None:
    if wall := answer_block_page(request):
        return wall
    if request.path == "/authwall":
        return html("<!DOCTYPE html><title>Sign Up</title><form><input type=password></form>")
    post = next((post for key, post in _BY_KEY.items() if key in request.path), None)
    state, lang = split_language(world.state(post), request)
    if request.path.startswith("/feed/update/"):
        return _answer_page(post, state, lang)
    if not request.path.startswith("/embed/feed/update/"):
        return None
    if state == "authwall":
        return redirect("https://www.linkedin.com/authwall?trk=embed")
    if state == "denied":
        return html("<script>location.href='/authwall'</script>", 999)
    if fault := answer_fault(state, request):
        return fault
    if state == "strange":
        return html("<!DOCTYPE html><title>LinkedIn</title><main><h1>Welcome</h1><p>Your community.</p></main>")
    if post and state == "wrong_post":
        post, state = next(each for each in POSTS if each is not post), "live"
    if post is None or state != "live":
        return html(_page(f'<section class="nothing"><h1>{_SAID[lang]}</h1></section>'), 404)
    return html(_page(_card(post)))


def _answer_page(post: PostFact | None, state: str, lang: str) -> Reply:
    if state in ("unsure", "authwall"):
        return redirect("https://www.linkedin.com/authwall?trk=gf")
    if post is None or state not in ("live", "refused"):
        return html(
            f'<!DOCTYPE html><title>LinkedIn</title><meta name="pageKey" content="d_404"><h1>{_SAID[lang]}</h1>', 404
        )
    data = {
        "@context": "http://schema.org",
        "@type": "SocialMediaPosting",
        "@id": f"https://www.linkedin.com/posts/{_slug(post)}_update-share-{post.key.rpartition(':')[2]}-kQx7",
        "datePublished": post.posted_at,
        "articleBody": post.caption,
        "author": {
            "@type": "Organization",
            "name": post.author.name,
            "url": f"https://www.linkedin.com/company/{_slug(post)}",
        },
    }
    return html(f'<!DOCTYPE html><title>LinkedIn</title><script type="application/ld+json">{json.dumps(data)}</script>')


def _slug(post: PostFact) -> str:
    return post.author.handle.replace(".", "-")


def _page(body: str) -> str:
    return read("linkedin/frame.html").decode().replace("{body}", body)


def _card(post: PostFact) -> str:
    link = f"https://www.linkedin.com/company/{_slug(post)}?trk=public_post_embed"
    text = escape(post.caption).replace("\n", "<br>")
    activity = f"urn:li:activity:{number_from(post.key, 10**19)}"
    return (
        f'<article data-attributed-urn="{post.key}" data-activity-urn="{activity}">'
        f'<header><img alt="" src="{avatar_url(_CDN, post.author)}"><span><a href="{link}" '
        f'data-tracking-control-name="public_post_embed_feed-actor-name">{escape(post.author.name)}</a>'
        f"<small>{post.author.followers:,} followers</small></span><em>in</em></header>"
        '<p class="attributed-text-segment-list__content" data-test-id="main-feed-activity-card__commentary">'
        f"{text}</p>{_media(post)}<footer>"
        f'<a data-test-id="social-actions__reactions" data-num-reactions="{post.likes}">'
        f'👍 {post.likes:,}</a><a data-test-id="social-actions__comments" data-num-comments="{post.comments}">'
        f"{post.comments:,} comments</a></footer></article>"
    )


def _media(post: PostFact) -> str:
    if post.kind == "video":
        sources = [
            {"src": video_url(_CDN, post, 0, f"?b={rate}"), "type": "video/mp4", "data-bitrate": rate}
            for rate in (400_000, 1_600_000)
        ]
        poster = picture_url(_CDN, post, 0)
        data = escape(json.dumps(sources))
        return f'<video data-sources="{data}" data-poster-url="{poster}" poster="{poster}" preload="none"></video>'
    images = "".join(
        f'<img data-delayed-url="{picture_url(_CDN, post, n)}" alt="{escape(slide.alt or "")}">'
        for n, slide in enumerate(post.slides)
    )
    if images:
        return f'<ul data-test-id="feed-images-content">{images}</ul>'
    return ""


def _answer_media(request: Request, world: World) -> Reply | None:
    return answer_media(request, world, POSTS)


def _publish(post: PostFact) -> Published:
    names = ("kind", "author_name", "text", "posted_at", "likes", "comments")
    return publish(post, *names, author_url=_link(post), media=list_files(post, _CDN))


def _publish_page(post: PostFact) -> Published:
    return publish(post, "author_name", "text", "posted_at", author_url=_link(post))


def _link(post: PostFact) -> str:
    return f"https://www.linkedin.com/company/{_slug(post)}"


SITES = (Site(("www.linkedin.com",), _answer, POSTS, STATES, publishes=_publish), Site((_CDN,), _answer_media))
