"""Facebook: the plugin's frame as the server renders it, the post's own page; live, gone, private, gated, refused."""

from __future__ import annotations

from dataclasses import replace
from html import escape
from typing import Any
from urllib.parse import urlsplit

from embedarchive.core.model import Media
from embedarchive.replica import people as p
from embedarchive.replica.assets import asset
from embedarchive.replica.cdn import answer_media, avatar_url, picture_url, video_url
from embedarchive.replica.facts import Person, PostFact, Slide, State, kind_of, milliseconds, number_from
from embedarchive.replica.faults import FAULTS, answer_block_page, answer_fault, in_languages, split_language
from embedarchive.replica.published import Published, list_files, publish
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html, redirect
from embedarchive.replica.world import World

HOST, MEDIA = "www.facebook.com", "scontent-replica.xx.fbcdn.net"
STATES = {
    **in_languages(
        {
            "live": State("the post"),
            "gone": State("the refusal; the post's own page answers 404", "gone", "deleted"),
            "private": State(
                "the refusal; the post's own page redirects to the login page", "unavailable", "unconfirmed"
            ),
            "age": State("the refusal; the post's own page names the age", "unavailable", "age"),
            "embed_refused": State(
                "the refusal; the post's own page has the post",
                tells=lambda post: _publish_page(post),
                embedding="refused",
            ),
        },
        "gone",
        "private",
    ),
    "other_id": State("the post, its links naming its other id"),
    "wrong_post": State("another post under this address", "error", "wrong_post"),
    "shell": State("a small page without anything", "error", "blank"),
    "truncated": State("the beginning of the card, then the connection ends", "error", "truncated"),
    **FAULTS,
}
_REFUSED = ("gone", "private", "age", "embed_refused")
_SAID = {
    "en": "This Facebook post is no longer available. It may have been removed or the privacy settings of the post may "
    "have changed.",
    "de": "Dieser Facebook-Beitrag ist nicht mehr verfügbar. Möglicherweise wurde er entfernt.",
    "ja": "このFacebook投稿はご利用いただけません。削除されたか、プライバシー設定が変更された可能性があります。",
    "ar": "لم يعد منشور فيسبوك هذا متاحًا. ربما تمت إزالته أو تغيرت إعدادات الخصوصية الخاصة به.",
}


def _post(name: str, at: str, author: Person, text: str, *slides: Slide, **more: Any) -> PostFact:
    key = str(number_from(f"facebook:{name}", 10**15) + 10**15)
    kind = kind_of(slides)
    folder = "videos" if kind == "video" else "posts"
    url = f"https://{HOST}/{author.handle}/{folder}/{key}"
    return PostFact("facebook", name, key, url, kind, author, at, text, slides, **more)


POSTS: tuple[PostFact, ...] = (
    _post(
        "fb-hafen",
        "2026-02-27T10:15:00Z",
        p.HAFEN,
        "Heute vor 70 Jahren: Stapellauf.\n\nDas Foto hing dreißig Jahre im Flur der Werft, hinter der Garderobe.",
        Slide("sea:harbour", "Könnte ein Bild von Schiff und Wasser sein."),
        likes=2_600,
        comments=140,
        lang="de",
    ),
    _post(
        "fb-lanterna",
        "2026-03-07T18:00:00Z",
        p.LANTERNA,
        "Prova generale. 🎭\n\nPortate un cuscino, davvero.",
        Slide("stage:curtain"),
        Slide("stage:blue"),
        Slide("stage:gold"),
        likes=890,
        comments=61,
        lang="it",
    ),
    _post(
        "fb-zaytoun",
        "2026-01-30T12:00:00Z",
        p.ZAYTOUNA,
        "شكراً لكل من ساعدنا في تنظيف الحديقة.\n\nالقهوة علينا هذا الأسبوع.",
        likes=1_204,
        comments=95,
        lang="ar",
    ),
    _post(
        "fb-regatta",
        "2025-08-02T14:20:00Z",
        p.ILSE,
        "Seven minutes before the wind went home.",
        Slide("sea:sails", None, video=True, width=1280, height=720),
        likes=77,
        comments=8,
    ),
    _post("fb-fest", "2025-06-21T09:00:00Z", p.KYSTVAKTA, "Cancelled: gale warning.", likes=12, state="gone"),
)
_BY_KEY = {post.key: post for post in POSTS}


def _other_than(post: PostFact) -> PostFact:
    """Another post, shown in place of this one."""
    if post is POSTS[0]:
        return POSTS[1]
    return POSTS[0]


def quote_html(post: PostFact) -> str:
    """Give the embed code of the SDK: the box and its fallback."""
    inner = "".join(f"<p>{escape(part)}</p>" for part in post.caption.split("\n\n"))
    return (
        f'<div class="fb-post" data-href="{post.url}" data-width="500" data-show-text="true"><blockquote '
        f'cite="{post.url}" class="fb-xfbml-parse-ignore">{inner}Posted by <a href="https://{HOST}/{post.author.handle}">'
        f'{escape(post.author.name)}</a> on <a href="{post.url}">{post.posted_at[:10]}</a></blockquote></div>'
    )


def frame_html(post: PostFact) -> str:
    """Give the embed code of the plugin: a bare frame."""
    href = post.url.replace(":", "%3A").replace("/", "%2F")
    src = f"https://{HOST}/plugins/post.php?href={href}&amp;show_text=true&amp;width=500"
    return f'<iframe src="{src}" width="500" height="640" style="border:none" scrolling="no"></iframe>'


def _answer(request: Request, world: World) -> Reply | None:
    if request.path == "/unsupportedbrowser":
        return html("<!DOCTYPE html><title>Update Your Browser</title><h1>Update Your Browser</h1>")
    if wall := answer_block_page(request):
        return wall
    if request.path == "/embed.css":
        return asset("facebook/embed.css")
    plugin = request.path in ("/plugins/post.php", "/plugins/video.php")
    if plugin:
        path = urlsplit(request.param("href")).path
    else:
        path = request.path
    post = _BY_KEY.get(path.rstrip("/").rpartition("/")[2])
    state, lang = split_language(world.state(post), request)
    if fault := answer_fault(state, request):
        return fault
    if plugin:
        return _answer_plugin(post, state, lang)
    if post or path.count("/") > 2:
        return _answer_page(post, state)
    return None


def _answer_plugin(post: PostFact | None, state: str, lang: str) -> Reply:
    if state == "shell":
        return html('<!DOCTYPE html><html id="facebook"><head><title>Facebook</title></head><body></body></html>')
    if post is None or state in _REFUSED:
        return html(_document(_refusal(lang)))
    if state == "wrong_post":
        shown = _other_than(post)
    else:
        shown = post
    text = _document(_card(shown, "pfbid02" + "aZ9" * 14 if state == "other_id" else shown.key))
    cut = 1.0
    if state == "truncated":
        cut = text.index('class="_2iem') / len(text)
    return replace(html(text), sent=cut)


def _refusal(lang: str) -> str:
    return (
        '<div class="_5pcb" data-testid="newsFeedStream"><div role="feed"><div class="pam uiBoxWhite">'
        f'<p class="_1q3v">{_SAID[lang]}</p><div class="_1q3w"><a href="#">?</a></div></div></div></div>'
    )


def _document(inner: str) -> str:
    return (
        '<!DOCTYPE html>\n<html lang="en" id="facebook" class="no_svg no_js"><head><meta charset="utf-8" />'
        f'<title>Facebook</title><link rel="stylesheet" href="https://{HOST}/embed.css" /></head>'
        '<body dir="ltr" class="plugin x1 Locale_en_US"><div class="_li"><div class="pluginSkinLight">'
        f"{inner}</div></div></body></html>"
    )


def _card(post: PostFact, key: str) -> str:
    author, home = post.author, f"https://{HOST}/{post.author.handle}?ref=embed_post"
    link = f"/{author.handle}/posts/{key}?ref=embed_post"
    badge = ""
    if author.verified:
        badge = '<span class="_56_f" aria-label="Verified profile"></span>'
    seconds = milliseconds(post.posted_at) // 1000
    moving = post.kind == "video"
    time = f'<abbr data-utime="{seconds}" class="timestamp"><span>{post.posted_at[:10]}</span></abbr>'
    head = (
        f'<div class="clearfix"><a href="{home}" class="_3rt8" tabindex="-1"><img class="_s0 img" role="img" '
        f'src="{avatar_url(MEDIA, author)}" alt="" aria-label="{escape(author.name)}" /></a><div class="_6a">'
        f'<div class="_2iem"><a href="{home}"><span class="_2_79">{escape(author.name)}</span></a>{badge}</div>'
        f'<a href="{link}" class="_2q21" target="_blank">{"" if moving else time}</a></div></div>'
    )
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in post.caption.split("\n\n"))
    message = f'<div class="_4i-s"><div data-testid="post_message" class="_5pbx" dir="auto">{paragraphs}</div></div>'
    return f'<div class="_4-u2 _5v3q">{head}{_media(post)}{message}{_buttons(post, link)}</div>'


def _media(post: PostFact) -> str:
    if post.kind == "video":
        slide = post.slides[0]
        poster = f'<img class="_1p6f _1p6g img" src="{picture_url(MEDIA, post, 0)}" alt="" width="552" height="310" />'
        file = video_url(MEDIA, post, 0).replace("/", "\\/")
        script = f'<script>window.videoData={{"video_id":"{post.key}","hd_src":"{file}","sd_src":null}};</script>'
        sized = f'data-video-width="{slide.width}" data-video-height="{slide.height}"'
        return f'<div class="_1c_u"><video preload="none" {sized}></video>{poster}<i class="play"></i></div>{script}'
    images = (
        f'<img class="_46-i img" src="{picture_url(MEDIA, post, n)}" alt="{escape(slide.alt or "")}" '
        f'width="{slide.width}" height="{slide.height}" />'
        for n, slide in enumerate(post.slides)
    )
    if post.slides:
        return f'<div class="_2l7q n{len(post.slides)}">{"".join(images)}</div>'
    return ""


def _buttons(post: PostFact, link: str) -> str:
    return (
        '<div class="_2162"><table class="uiGrid"><tbody><tr><td><span role="button" class="embeddedLikeButton">'
        f'<div title="Like"><i></i>{_short(post.likes)}</div></span></td><td><a class="_29bd" href="{link}">'
        f'<div title="Comment"><i></i>{_short(post.comments)}</div></a></td><td>'
        '<a class="_29bd" href="/sharer/sharer.php"><div title="Share"><i></i>3</div></a></td></tr></tbody></table>'
        "</div>"
    )


def _short(number: int) -> str:
    if number >= 10_000:
        return f"{number / 1000:.1f}".removesuffix(".0") + "K"
    return f"{number:,}"


def _answer_page(post: PostFact | None, state: str) -> Reply:
    if post is None or state == "gone":
        return html(_SHELL, 404)
    if state == "private":
        return redirect(f"https://{HOST}/login/?next={post.url}")
    if state == "age":
        return html(
            _SHELL.replace(
                "{}", '{"rootView":{"allResources":[{"__dr":"CometAgeInappropriateLoggedOutErrorRoot.react"}]}}'
            )
        )
    metas = {
        "og:type": "video.other",
        "og:title": post.author.name,
        "og:description": post.caption,
        "og:url": post.url + "/",
    }
    if post.slides:
        metas["og:image"] = picture_url(MEDIA, post, 0)
    head = "".join(f'<meta property="{k}" content="{escape(v)}" />' for k, v in metas.items())
    return html(
        f"<!DOCTYPE html><html><head>{head}<title>{escape(post.author.name)}</title></head><body></body></html>"
    )


_SHELL = (
    '<!DOCTYPE html><html id="facebook"><head><title>Facebook</title></head>'
    '<body><script type="application/json">{}</script></body></html>'
)


def _publish(post: PostFact) -> Published:
    """A film's frame has no date, and its poster's size is the frame's."""
    moving = post.kind == "video"
    names = ("kind", "author_name", "author_handle", "author_verified", "text", "likes", "comments")
    files = list_files(post, MEDIA, sizes=not moving, avatar=True)
    files = tuple(replace(each, width=552, height=310) if each.role == "poster" else each for each in files)
    told = publish(post, *names, author_url=f"https://{HOST}/{post.author.handle}", shares=3, media=files)
    if moving:
        return told
    return {**told, **publish(post, "posted_at")}


def _publish_page(post: PostFact) -> Published:
    files = (Media("media", 1, "", missing="not_served"), Media("poster", 1, picture_url(MEDIA, post, 0)))
    return publish(post, "author_name", "text", media=files)


SITES = (
    Site((HOST, "facebook.com", "m.facebook.com"), _answer, POSTS, STATES, publishes=_publish),
    Site((MEDIA,), lambda request, world: answer_media(request, world, POSTS)),
)
