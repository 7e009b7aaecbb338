"""A platform's words for itself: each is shown by an example, so that none can be wrong unnoticed. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser

from embedarchive.conformance.findings import Problem
from embedarchive.core.urls import find_parents, host_of, split_url
from embedarchive.detect.data import squeeze
from embedarchive.detect.selectors import read_place
from embedarchive.platforms.kit.specification import Platform


def check_shown(platform: Platform) -> Iterator[Problem]:
    """Every host, selector, place of a selector, name and word of the platform occurs in one of its examples."""
    if squeeze(platform.title) != squeeze(platform.name):
        yield "title", f"{platform.title} is not {platform.name} in other letters"
    hosts = set(_find_hosts(platform))
    yield from ((host, "is a host of no example") for host in platform.hosts if host != "*" and host not in hosts)
    markup = "".join(example.html for example in platform.markup)
    tree = LexborHTMLParser(markup)
    names = {squeeze(name) for node in tree.css("*") for name in node.attributes}
    yield from ((name, "names the id in no example") for name in platform.id_names if name not in names)
    yield from _find_unshown_places(platform, tree)
    words = {"bylines": platform.bylines, "link_parameters": platform.link_parameters, "services": platform.services}
    for field, each in words.items():
        yield from ((word, f"is shown by no example ({field})") for word in each if word not in markup.lower())
    patterns = (*platform.calls, *platform.thumbnails)
    yield from ((pattern, "matches no example") for pattern in patterns if not re.search(pattern, markup))


def _find_hosts(platform: Platform) -> Iterator[str]:
    for address in (*(each.url for each in platform.examples), *platform.short_links, *platform.not_posts):
        url = split_url(address)
        yield from find_parents(host_of(url)) if url else ()


def _find_unshown_places(platform: Platform, tree: LexborHTMLParser) -> Iterator[Problem]:
    """Compounds of selectors that fit no element of the examples, and places in which none of those holds anything."""
    for selector in platform.selectors:
        shown = []
        for compound in (css.strip() for css in selector.css.split(",")):
            found = tree.css(compound)
            shown += found
            if not found:
                yield compound, "fits no element of an example"
        for place in (*selector.url, *selector.id):
            if not any(value for node in shown for value in read_place(node, place)):
                yield f"{selector.css} {place}", "holds nothing in any example"
