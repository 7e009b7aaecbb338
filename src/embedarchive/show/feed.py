"""Alerts -> a feed in Atom (RFC 4287), for all stories or those of one outlet. Pure."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from xml.etree import ElementTree

from embedarchive.core.shell import say_heal
from embedarchive.core.texts import shorten
from embedarchive.library.records import Alert, PostLine
from embedarchive.show.words import CHANGE_WORDS, say_count, say_interval, say_post_status

ATOM = "http://www.w3.org/2005/Atom"
MEDIA_TYPE = "application/atom+xml; charset=utf-8"

# XML 1.0 can hold no other characters, not even escaped (https://www.w3.org/TR/xml/#charsets).
_UNSPEAKABLE = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def render_feed(
    alerts: Sequence[Alert],
    *,
    title: str,
    named: str,
    self_url: str,
    page_url: str,
    updated: str,
    post_url: Callable[[str], str],
    heal: Callable[[Alert], Sequence[str]] = lambda alert: (),
) -> bytes:
    """A feed of these alerts, newest first. `named` is what the feed's permanent id is made of, `updated` when it has none.

    `post_url` gives the address of a post's page, by its key.
    """
    if alerts:
        newest = alerts[0].noted_at
    else:
        newest = updated
    feed = _begin_feed(title, named, newest, self_url, page_url)
    _add(feed, "generator", "embedarchive")
    for alert in alerts:
        _add_entry(feed, alert, post_url(alert.post.key), heal(alert))
    return ElementTree.tostring(feed, "unicode", xml_declaration=True).encode()


def _begin_feed(title: str, named: str, updated: str, self_url: str, page_url: str) -> ElementTree.Element:
    """A feed without entries."""
    feed = ElementTree.Element("feed", {"xmlns": ATOM})
    _add(feed, "id", uuid.uuid5(uuid.NAMESPACE_URL, named).urn)
    _add(feed, "title", title)
    _add(feed, "updated", updated)
    ElementTree.SubElement(feed, "link", {"rel": "self", "type": "application/atom+xml", "href": self_url})
    ElementTree.SubElement(feed, "link", {"rel": "alternate", "type": "text/html", "href": page_url})
    _add(ElementTree.SubElement(feed, "author"), "name", "embedarchive")
    return feed


def _add_entry(feed: ElementTree.Element, alert: Alert, url: str, heal: Sequence[str]) -> None:
    entry = ElementTree.SubElement(feed, "entry")
    _add(entry, "id", uuid.UUID(alert.id).urn)
    _add(entry, "title", say_alert(alert))
    _add(entry, "updated", alert.noted_at)
    _add(entry, "published", alert.noted_at)
    ElementTree.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": url})
    ElementTree.SubElement(entry, "category", {"term": alert.change})
    _add(entry, "summary", "\n".join(say_details(alert, heal)))


def _add(parent: ElementTree.Element, name: str, text: str) -> None:
    ElementTree.SubElement(parent, name).text = _UNSPEAKABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def say_alert(alert: Alert) -> str:
    """`Missing, being confirmed: a post by Clara Whitcombe in “What the council deleted” and 3 other stories`."""
    by = alert.post.author_name or alert.post.author_handle
    if by:
        who = f"a post by {by}"
    else:
        who = f"a post ({alert.post.key})"
    return f"{CHANGE_WORDS[alert.change]}: {who}{say_stories(alert)}"


def say_stories(alert: Alert) -> str:
    """` in “What the council deleted” and 3 other stories`, or '' where no story embeds the post."""
    if not alert.stories:
        return ""
    first, others = alert.stories[0], len(alert.stories) - 1
    more = ""
    if others:
        more = f" and {say_count(others, 'other story', 'other stories')}"
    return f" in “{first.title or first.url}”{more}"


def say_details(alert: Alert, heal: Sequence[str] = ()) -> tuple[str, ...]:
    """What an entry says below its title: when, the words, where it stands, the stories, what closes the holes."""
    words = None
    if alert.post.text:
        words = shorten(alert.post.text, 200)
    lines = [
        f"It changed {say_interval(alert.after, alert.happened_by)}.",
        words,
        f"{say_post_status(alert.post)}.",
        alert.post.url,
    ]
    return (*filter(None, lines), *(each.url for each in alert.stories), *heal)


def list_heals(alert: Alert) -> tuple[str, ...]:
    """The commands that close the holes of an alert's stories, where there is a copy and the post is gone."""
    if not alert.healable:
        return ()
    return tuple(say_heal(each.url) for each in alert.stories)


def render_posts_feed(
    lines: Sequence[tuple[PostLine, str]],
    *,
    title: str,
    named: str,
    self_url: str,
    page_url: str,
    updated: str,
    post_url: Callable[[str], str],
) -> bytes:
    """A feed of posts, each with the moment that it is in the feed for, newest first; the rest is as for `render_feed`."""
    newest = max((at for _, at in lines), default=updated)
    feed = _begin_feed(title, named, newest, self_url, page_url)
    for line, at in lines:
        entry = ElementTree.SubElement(feed, "entry")
        _add(entry, "id", uuid.uuid5(uuid.NAMESPACE_URL, f"{named} {line.key} {line.first_gone_at or ''}").urn)
        who = line.author_name or line.author_handle
        _add(
            entry,
            "title",
            f"{say_post_status(line)}: a post by {who}" if who else f"{say_post_status(line)}: {line.key}",
        )
        _add(entry, "updated", at)
        ElementTree.SubElement(entry, "link", {"rel": "alternate", "type": "text/html", "href": post_url(line.key)})
        _add(entry, "summary", "\n".join(filter(None, (shorten(line.text or "", 200), line.url))))
    return ElementTree.tostring(feed, "unicode", xml_declaration=True).encode()


SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
MOST_IN_A_SITEMAP = 10_000
"""The standard allows 50,000; a page of the reading room holds fewer."""


def render_sitemap(pages: Sequence[tuple[str, str | None]], kind: str = "url") -> bytes:
    """Addresses, each with when it last changed where that is known, as a sitemap (https://www.sitemaps.org/protocol.html).

    With `kind` sitemap it is an index of sitemaps.
    """
    root = ElementTree.Element("urlset" if kind == "url" else "sitemapindex", {"xmlns": SITEMAP})
    for address, changed in pages:
        entry = ElementTree.SubElement(root, kind)
        _add(entry, "loc", address)
        if changed:
            _add(entry, "lastmod", changed[:10])
    return ElementTree.tostring(root, "unicode", xml_declaration=True).encode()
