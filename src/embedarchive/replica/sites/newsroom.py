"""The newsroom's first three articles."""

from __future__ import annotations

from embedarchive.replica.sites import Site
from embedarchive.replica.sites.instagram.posts import POSTS
from embedarchive.replica.wire import Reply, Request, html
from embedarchive.replica.world import World

_HOST = "www.thelanternpost.example"
_ARTICLES = {"/a/1": ["fjord", "premiere"], "/a/2": ["marathon", "snow"], "/a/3": ["fjord", "rescue"]}


def _page(path: str) -> str:
    quotes = "".join(
        f'<blockquote class="instagram-media" data-instgrm-captioned data-instgrm-permalink="{p.url}?utm_source=ig_embed'
        f'&amp;utm_campaign=loading" data-instgrm-version="14"><a href="{p.url}">View this post on Instagram</a>'
        f"<p>A post shared by {p.author.name} (@{p.author.handle})</p></blockquote>"
        for p in POSTS
        if p.name in _ARTICLES[path]
    )
    loader = '<script async src="https://www.instagram.com/embed.js"></script>'
    return f"<!DOCTYPE html><title>Article {path}</title><h1>Article</h1>{quotes}{loader}"


def _answer(request: Request, world: World) -> Reply | None:
    return html(_page(request.path)) if request.path in _ARTICLES else None


SITES = (Site((_HOST,), _answer, article_urls=tuple(f"https://{_HOST}{path}" for path in _ARTICLES)),)
