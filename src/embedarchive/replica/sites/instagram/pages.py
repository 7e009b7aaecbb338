"""Instagram's other pages: the whole post page, the shell, the walls, oEmbed. Pure but for signing."""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from html import escape

from embedarchive.replica.facts import PostFact
from embedarchive.replica.sites.instagram import media
from embedarchive.replica.sites.instagram.embed import STATIC


@cache
def _ballast(size: int) -> str:
    rows = (f'"PolarisReplicaModule{n}.react":[{n},{n * 7}]' for n in range(size // 40))
    return '<script type="application/json" data-sjs>{"rsrcMap":{' + ",".join(rows) + "}}</script>"


def render_app(head: str, props: str = "", size: int = 590_000) -> str:
    """Give the single-page application's document: big, complete, empty without its scripts."""
    return f"""<!DOCTYPE html><html class="_9dls _ar44" lang="en" dir="ltr"><head>\
<meta name="bingbot" content="noarchive" /><meta charset="utf-8" /><title>Instagram</title>{head}</head>\
<body class="_ar45 system-fonts--body"><div id="splash-screen" style="position:fixed;inset:0">\
<img width="80" height="80" alt="" style="position:absolute;top:50%;left:50%;margin:-40px 0 0 -40px" \
src="{STATIC}/yr/r/icon.svg" /></div>{_ballast(size)}
<script type="application/json" data-sjs>\
{{"require":[["ScheduledServerJS","handle",null,[{{"__bbox":{{{props}}}}}]]]}}</script>
<div id='has-finished-comet-page' hidden style='display: none;'></div></body></html>
"""


def render_error_root(page_type: str, failure: str | None = None, age: int | None = None) -> str:
    """Give the application's error page; it says what failed only in its data."""
    props = json.dumps(
        {
            "page_logging": {"name": "httpErrorPage", "params": {}},
            "failure_reason": failure,
            "restricted_age": age,
            "page_type": page_type,
            "show_lox_redesigned_404_page": True,
        },
        separators=(",", ":"),
    )
    return render_app(
        "",
        f'"resource":{{"__dr":"PolarisErrorRoot.react"}},"props":{props},'
        '"entryPoint":{"__dr":"PolarisErrorRoot.entrypoint"},"polarisRouteConfig":{"pageID":"httpErrorPage"}',
    )


def render_post_page(post: PostFact, caption: str) -> str:
    """Give the full page of a public post: its head says who, what and when."""
    author, day = post.author, dt.datetime.fromisoformat(post.posted_at.replace("Z", "+00:00"))
    counts = f"{_rounded(post.likes)} likes, {post.comments:,} comments"
    said = f"{counts} - {author.handle} on {day:%B} {day.day}, {day.year}"
    folder = "reel" if post.kind == "reel" else "p"
    pairs = {
        "og:type": "article",
        "og:site_name": "Instagram",
        "og:title": f'{author.name} on Instagram: "{caption}"',
        "og:description": f'{said}: "{caption}". ',
        "twitter:title": f"{author.name} (@{author.handle}) • Instagram {'reel' if post.kind == 'reel' else 'photo'}",
        "og:image": media.image_url(post, 0, "cmp1_dst-jpg_e35_s640x640_tt6"),
        "og:url": f"https://www.instagram.com/{author.handle}/{folder}/{post.key}/",
        "al:ios:url": f"instagram://media?id={post.media_id}",
    }
    metas = "".join(f'<meta property="{k}" content="{_attribute(v)}" />' for k, v in pairs.items())
    links = f'<link rel="canonical" href="{post.url}" />' + "".join(
        f'<link rel="alternate" href="https://www.instagram.com/p/{post.key}/?hl={lang}" hreflang="{lang}" />'
        for lang in ("en", "de", "fr", "ja")
    )
    description = f'<meta name="description" content="{_attribute(pairs["og:description"])}" />'
    return render_app(metas + description + links)


def render_private_page(post: PostFact) -> str:
    """Give the full page of a post of a private account: a name, and nothing else."""
    owner = f'"owner":{{"username":"{post.author.handle}","is_private":true}}'
    return render_app("", f'"shortcode":"{post.key}",{owner},"media":null')


def render_wall(title: str) -> str:
    """Give the page one lands on instead: a login form, a challenge."""
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8" /><title>{title} • Instagram</title></head>'
        f'<body><main><h1>Instagram</h1><form id="loginForm" method="post"><input name="username" />'
        f'<input name="password" type="password" /><button type="submit">{title}</button></form></main></body></html>'
    )


def oembed(post: PostFact, caption: str) -> str:
    """Give the oEmbed answer of a public post."""
    return json.dumps(
        {
            "version": "1.0",
            "title": caption,
            "author_name": post.author.handle,
            "author_url": f"https://www.instagram.com/{post.author.handle}",
            "author_id": int(post.author.id),
            "media_id": f"{post.media_id}_{post.author.id}",
            "provider_name": "Instagram",
            "provider_url": "https://www.instagram.com",
            "type": "rich",
            "width": 658,
            "html": f'<blockquote class="instagram-media" data-instgrm-permalink="{post.url}"></blockquote>',
            "thumbnail_url": media.image_url(post, 0, "dst-jpg_e35_s640x640_sh2.08_tt6"),
            "thumbnail_width": 640,
        }
    )


def _attribute(text: str) -> str:
    return escape(text).replace("@", "&#064;")


def _rounded(number: int) -> str:
    if number >= 10_000:
        return f"{number // 1000}K"
    return f"{number:,}"
