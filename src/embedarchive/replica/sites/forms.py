"""One short page per shape of markup, and per awkward situation of a page, each at an address that never changes.

`/forms/NAME` holds one embed (of the post `fjord`), `/not-embeds/NAME` none, `/situations/NAME` embeds that are hard to
see or to load.
"""

from __future__ import annotations

from collections.abc import Callable
from html import escape

from embedarchive.replica.facts import PostFact
from embedarchive.replica.markup import FORMS, NOT_EMBEDS
from embedarchive.replica.markup.quotes import LOADER, bare_byline, v14
from embedarchive.replica.sites import Site
from embedarchive.replica.sites.instagram.posts import POSTS
from embedarchive.replica.wire import Headers, Reply, Request, html
from embedarchive.replica.world import World

HOST = "forms.example"
_POST = {post.name: post for post in POSTS}
_FJORD, _FIVE = _POST["fjord"], [_POST[n] for n in ("fjord", "harbour", "olives", "tram", "hanok", "dunes")]


def form_url(name: str) -> str:
    """Give the address of the page of one shape."""
    return f"https://{HOST}/forms/{name}"


def _page(title: str, body: str, head: str = "") -> str:
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>{head}</head>'
        f"<body><article><h1>{escape(title)}</h1><p>Before the post.</p>\n{body}\n<p>After the post.</p></article>"
        "</body></html>"
    )


def _hydrated(post: PostFact) -> str:
    return v14(post) + LOADER


def _overlay() -> str:
    style = "position:fixed;inset:0;z-index:99999;background:rgba(0,0,0,.8);color:#fff;padding:20vh 20vw"
    return (
        f'{_hydrated(_FJORD)}<div id="consent" role="dialog" style="{style}"><h2>We value your privacy</h2>'
        '<button onclick="this.parentNode.remove()">Accept</button></div>'
    )


def _lazy() -> str:
    code = _js(v14(_FJORD))
    return (
        '<div style="height:3000px">A long way down.</div><div id="slot" style="min-height:10px"></div><script>'
        "new IntersectionObserver(function(es,o){if(!es[0].isIntersecting)return;o.disconnect();"
        f"document.getElementById('slot').innerHTML={code};"
        "var s=document.createElement('script');s.src='https://www.instagram.com/embed.js';document.body.append(s)})"
        ".observe(document.getElementById('slot'))</script>"
    )


def _endless() -> str:
    return (
        f'{_hydrated(_FJORD)}<div id="end">…</div><script>new IntersectionObserver(function(es){{'
        "if(es[0].isIntersecting){for(var i=0;i<9;i++){var p=document.createElement('p');p.style.height='200px';"
        "p.textContent='More news.';"
        "document.getElementById('end').before(p)}}}).observe(document.getElementById('end'))</script>"
    )


def _js(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("</", "<\\/") + "'"


def _shadow() -> str:
    return (
        f"<social-post></social-post><script>customElements.define('social-post',class extends HTMLElement{{"
        f"connectedCallback(){{this.attachShadow({{mode:'open'}}).innerHTML={_js(FORMS['12-iframe'](_FJORD))}}}}})</script>"
    )


def _declared_shadow() -> str:
    return f'<social-post><template shadowrootmode="open">{FORMS["12-iframe"](_FJORD)}</template></social-post>'


SITUATIONS: dict[str, tuple[Callable[[], str], Headers]] = {
    "six-embeds": (lambda: "".join(map(v14, _FIVE)) + LOADER, ()),
    "same-post-twice": (lambda: v14(_FJORD) + "<p>Once more:</p>" + FORMS["12-iframe"](_FJORD) + LOADER, ()),
    "consent-overlay": (_overlay, ()),
    "lazy-on-scroll": (_lazy, ()),
    "endless-page": (_endless, ()),
    "closed-details": (lambda: f"<details><summary>The post</summary>{_hydrated(_FJORD)}</details>", ()),
    "hidden-tab": (lambda: f'<div role="tabpanel" hidden>{_hydrated(_FJORD)}</div>', ()),
    "same-origin-frame": (lambda: '<iframe src="/forms/01-v14" width="600" height="900"></iframe>', ()),
    "shadow-dom": (_shadow, ()),
    "declared-shadow-dom": (_declared_shadow, ()),
    "frames-forbidden": (lambda: _hydrated(_FJORD), (("Content-Security-Policy", "frame-src 'none'"),)),
    "scripts-forbidden": (lambda: _hydrated(_FJORD), (("Content-Security-Policy", "script-src 'self'"),)),
    "bare-byline": (lambda: bare_byline(_FJORD), ()),
}
"""Awkward situations: the body, and headers of the page."""

ALL_URLS = (
    *(form_url(name) for name in FORMS),
    *(f"https://{HOST}/not-embeds/{name}" for name in NOT_EMBEDS),
    *(f"https://{HOST}/situations/{name}" for name in SITUATIONS),
)


def _answer(request: Request, world: World) -> Reply | None:
    folder, _, name = request.path.strip("/").partition("/")
    if folder == "forms" and name in FORMS:
        return html(_page(name, FORMS[name](_FJORD)))
    if folder == "not-embeds" and name in NOT_EMBEDS:
        return html(_page(name, NOT_EMBEDS[name](_FJORD)))
    if folder == "situations" and name in SITUATIONS:
        body, headers = SITUATIONS[name]
        return html(_page(name, body()), headers=headers)
    if request.path == "/embed":
        return html(_page("The publisher's own frame", _hydrated(_FJORD)))
    if request.path == "/":
        rows = "".join(f'<li><a href="{url}">{url}</a></li>' for url in ALL_URLS)
        return html(
            f'<!DOCTYPE html><html lang="en"><head><title>Forms</title></head><body><ul>{rows}</ul></body></html>'
        )
    return None


SITES = (Site((HOST,), _answer),)
