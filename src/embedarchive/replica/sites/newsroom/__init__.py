"""Four invented publications in three scripts: a path into the article, feed, sitemap or picture it stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from embedarchive.replica.assets import asset
from embedarchive.replica.pictures import photo
from embedarchive.replica.sites import Site
from embedarchive.replica.sites.newsroom import pages
from embedarchive.replica.sites.newsroom.stories import NO_HERO, OUTLETS, Outlet, Story, all_stories
from embedarchive.replica.wire import Reply, Request, html
from embedarchive.replica.world import World


def stories_of(outlet: Outlet) -> tuple[Story, ...]:
    """Give an outlet's stories, newest first."""
    mine = (story for story in all_stories() if story.outlet == outlet)
    return tuple(sorted(mine, key=lambda s: s.date, reverse=True))


def _answer(request: Request, world: World) -> Reply | None:
    outlet = next(o for o in OUTLETS if o.host == request.host)
    stories = stories_of(outlet)
    for story in stories:
        if request.path == story.path:
            others = tuple(s for s in stories if s is not story)
            if story.layout == "amp":
                page = pages.render_amp(story)
            else:
                page = pages.render_article(story, others)
            return _fresh(request, page)
    return _answer_furniture(request.path, outlet, stories)


def _fresh(request: Request, page: str) -> Reply:
    tag = f'"{hashlib.sha256(page.encode()).hexdigest()[:16]}"'
    headers = (("ETag", tag), ("Cache-Control", "max-age=60"))
    if request.header("if-none-match") == tag:
        return Reply(304, headers)
    return html(page, headers=headers)


def _answer_furniture(path: str, outlet: Outlet, stories: tuple[Story, ...]) -> Reply | None:
    if path == "/":
        return html(pages.render_front(outlet, stories))
    if path == "/style.css":
        return asset(f"newsroom/{outlet.key}.css")
    if path == "/icon.svg":
        return asset("newsroom/icon.svg")
    if path.startswith("/img/"):
        return _picture(path, stories)
    texts: dict[str, tuple[str, Callable[[], str]]] = {
        "/robots.txt": ("text/plain", lambda: pages.render_robots(outlet)),
        "/sitemap-index.xml": ("application/xml", lambda: pages.render_sitemap_index(outlet)),
        "/sitemap.xml": ("application/xml", lambda: pages.render_sitemap(stories)),
        "/sitemap-news.xml": ("application/xml", lambda: pages.render_news_sitemap(stories)),
        "/feed.xml": ("application/rss+xml", lambda: pages.render_rss(outlet, stories)),
        "/atom.xml": ("application/atom+xml", lambda: pages.render_atom(outlet, stories)),
    }
    if path not in texts:
        return None
    kind, render = texts[path]
    return Reply(200, (("Content-Type", f"{kind}; charset=utf-8"),), render().encode())


def _picture(path: str, stories: tuple[Story, ...]) -> Reply | None:
    recipe = path[5:].removesuffix(".jpg").replace("-", ":")
    if recipe not in {s.hero for s in stories} | {NO_HERO}:
        return None
    headers = (("Content-Type", "image/jpeg"), ("Cache-Control", "public, max-age=86400"))
    return Reply(200, headers, lambda: photo(recipe, 1200, 675))


SITES = (
    Site(
        tuple(outlet.host for outlet in OUTLETS),
        _answer,
        articles=tuple(story.fact for outlet in OUTLETS for story in stories_of(outlet)),
    ),
)
