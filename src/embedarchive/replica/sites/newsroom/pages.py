"""Stories into what a news site serves: article pages, AMP, front pages, sitemaps, feeds."""

from __future__ import annotations

import json
import re
from datetime import datetime
from email.utils import format_datetime
from html import escape, unescape

from embedarchive.replica.markup.quotes import LOADER
from embedarchive.replica.sites.newsroom.stories import NO_HERO, Outlet, Story
from embedarchive.replica.sites.x import WIDGETS

_FOLLOW = "https://www.instagram.com/{}/"


def render_article(story: Story, others: tuple[Story, ...]) -> str:
    """Give the page of a story."""
    outlet = story.outlet
    page = f"""<article><p class="kicker">{story.section}</p>
<h1>{story.title}</h1>
<p class="lead">{story.lead}</p>
<div class="byline"><span>{outlet.words["by"]} <b>{story.author}</b></span> \
<time datetime="{story.date}">{story.date[:10]}</time></div>
{_hero(story)}<div class="body">
{story.body}
</div></article>
<div class="share"><a href="https://www.instagram.com/" class="share-instagram">{outlet.words["share"]}</a>\
<a href="mailto:?subject={escape(plain(story.title))}">E-Mail</a></div>
{_related(outlet, others)}"""
    return _frame(outlet, _head(story), page + _scripts(story))


def plain(html: str) -> str:
    """Take the tags out."""
    return unescape(re.sub(r"<[^>]+>", "", html))


def _hero(story: Story) -> str:
    if not story.hero:
        return ""
    return (
        f'<figure class="hero"><img src="/img/{story.hero.replace(":", "-")}.jpg" width="1200" height="675" '
        f'alt=""><figcaption>{story.credit}</figcaption></figure>\n'
    )


def _scripts(story: Story) -> str:
    wanted = ((LOADER, 'class="instagram-media'), (WIDGETS, "twitter-tweet"))
    return "".join(script for script, keyword in wanted if keyword in story.body and "alice-consent" not in story.body)


def _head(story: Story) -> str:
    outlet, title = story.outlet, escape(plain(story.title))
    image = f"https://{outlet.host}/img/{(story.hero or NO_HERO).replace(':', '-')}.jpg"
    data = {
        "@context": "https://schema.org",
        "@type": "NewsArticle",
        "headline": plain(story.title),
        "datePublished": story.date,
        "author": [{"@type": "Person", "name": story.author}],
        "image": [image],
        "publisher": {
            "@type": "NewsMediaOrganization",
            "name": outlet.name,
            "sameAs": [_FOLLOW.format(outlet.key + ".daily")],
        },
        "mainEntityOfPage": story.url,
    }
    return f"""<title>{title} – {outlet.name}</title>
<link rel="canonical" href="{story.url}">
<meta name="description" content="{escape(story.lead)}">
<meta property="og:type" content="article"><meta property="og:title" content="{title}">
<meta property="og:site_name" content="{outlet.name}"><meta property="og:url" content="{story.url}">
<meta property="og:description" content="{escape(story.lead)}"><meta property="og:image" content="{image}">
<meta property="article:published_time" content="{story.date}"><meta name="author" content="{escape(story.author)}">
<script type="application/ld+json">{json.dumps(data, ensure_ascii=False)}</script>"""


def _frame(outlet: Outlet, head: str, inside: str) -> str:
    sections = " ".join(f'<a href="/">{name}</a>' for name in outlet.sections)
    return f"""<!DOCTYPE html>
<html lang="{outlet.lang}" dir="{outlet.direction}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
{head}
<link rel="stylesheet" href="/style.css"><link rel="icon" href="/icon.svg">
<link rel="alternate" type="application/rss+xml" title="{outlet.name}" href="/feed.xml">
</head>
<body>
<header class="masthead"><a class="name" href="/">{outlet.name}</a> <span class="motto">{outlet.motto}</span></header>
<nav>{sections}</nav>
<main>
{inside}
</main>
<footer>© {outlet.name} · <a href="{_FOLLOW.format(outlet.key + ".daily")}">{outlet.words["follow"]}</a></footer>
</body></html>
"""


def _related(outlet: Outlet, others: tuple[Story, ...]) -> str:
    rows = "".join(f'<li><a href="{s.path}">{s.title}</a></li>' for s in others[:4])
    return f'<aside class="related"><h2>{outlet.words["related"]}</h2><ul>{rows}</ul></aside>'


def render_front(outlet: Outlet, stories: tuple[Story, ...]) -> str:
    """Give the page that links to every story of an outlet."""
    rows = "\n".join(
        f'<article><a href="{s.path}">{_thumbnail(s)}</a><div><p class="kicker">{s.section}</p>'
        f'<h2><a href="{s.path}">{s.title}</a></h2><p>{s.lead}</p></div></article>'
        for s in stories
    )
    head = f'<title>{outlet.name}</title><link rel="canonical" href="https://{outlet.host}/">'
    return _frame(outlet, head, f'<div class="front">{rows}</div>')


def _thumbnail(story: Story) -> str:
    return f'<img src="/img/{(story.hero or NO_HERO).replace(":", "-")}.jpg" alt="" loading="lazy">'


def render_amp(story: Story) -> str:
    """Give a story as an AMP page."""
    return f"""<!doctype html>
<html ⚡ lang="{story.outlet.lang}"><head><meta charset="utf-8"><title>{escape(plain(story.title))}</title>
<link rel="canonical" href="{story.url}"><meta name="viewport" content="width=device-width">
<meta property="og:site_name" content="{story.outlet.name}">
<meta property="article:published_time" content="{story.date}">
<script async src="https://cdn.ampproject.org/v0.js"></script>
<script async custom-element="amp-instagram" src="https://cdn.ampproject.org/v0/amp-instagram-0.1.js"></script>
<style amp-custom>body {{ font: 19px/1.6 Georgia, "Noto Serif", serif; max-width: 640px; margin: auto; padding: 20px; }}
amp-instagram, amp-twitter {{ display: block; min-height: 300px; margin: 24px 0; background: #efece4; }}</style>
</head><body><header><a href="/">{story.outlet.name}</a></header><article><h1>{story.title}</h1>
<p><i>{story.lead}</i></p><p>{story.author} · {story.date[:10]}</p>
{story.body}
</article></body></html>
"""


_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'


def render_sitemap(stories: tuple[Story, ...]) -> str:
    """Give the sitemap of an outlet."""
    rows = "".join(f"<url><loc>{s.url}</loc><lastmod>{s.date}</lastmod></url>\n" for s in stories)
    return f'{_XML}<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</urlset>\n'


def render_news_sitemap(stories: tuple[Story, ...]) -> str:
    """Give the news sitemap of an outlet."""
    rows = "".join(
        f"<url><loc>{s.url}</loc><news:news><news:publication><news:name>{s.outlet.name}</news:name>"
        f"<news:language>{s.outlet.lang}</news:language></news:publication><news:publication_date>{s.date}"
        f"</news:publication_date><news:title>{escape(plain(s.title))}</news:title></news:news></url>\n"
        for s in stories
    )
    spaces = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"'
    return f"{_XML}<urlset {spaces}>\n{rows}</urlset>\n"


def render_sitemap_index(outlet: Outlet) -> str:
    """Give the sitemap that names the others."""
    rows = "".join(
        f"<sitemap><loc>https://{outlet.host}/{name}</loc></sitemap>\n" for name in ("sitemap.xml", "sitemap-news.xml")
    )
    return f'{_XML}<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{rows}</sitemapindex>\n'


def render_robots(outlet: Outlet) -> str:
    """Give the rules for crawlers."""
    host = f"https://{outlet.host}"
    return f"User-agent: *\nDisallow: /intern/\nCrawl-delay: 0\n\nSitemap: {host}/sitemap-index.xml\n"


def render_rss(outlet: Outlet, stories: tuple[Story, ...]) -> str:
    """Give the outlet's RSS feed, stories in full."""
    items = "".join(
        f"<item><title>{escape(plain(s.title))}</title><link>{s.url}</link><guid>{s.url}</guid>"
        f"<pubDate>{format_datetime(datetime.fromisoformat(s.date.replace('Z', '+00:00')))}</pubDate>"
        f"<description>{escape(plain(s.lead))}</description>"
        f"<content:encoded>{escape(s.body)}</content:encoded></item>\n"
        for s in stories
    )
    return (
        f'{_XML}<rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel>'
        f"<title>{outlet.name}</title><link>https://{outlet.host}/</link><description>{outlet.motto}</description>\n"
        f"{items}</channel></rss>\n"
    )


def render_atom(outlet: Outlet, stories: tuple[Story, ...]) -> str:
    """Give the outlet's Atom feed: titles and links."""
    entries = "".join(
        f'<entry><title>{escape(plain(s.title))}</title><link href="{s.url}"/><id>{s.url}</id>'
        f"<updated>{s.date}</updated></entry>\n"
        for s in stories
    )
    newest = max(s.date for s in stories)
    return (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom"><title>{outlet.name}</title><id>https://{outlet.host}/</id>'
        f"<updated>{newest}</updated>\n{entries}</feed>\n"
    )
