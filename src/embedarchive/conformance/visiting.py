"""A platform's frame and probes: whole templates, its own hosts, selectors that parse, names that exist. Pure."""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from embedarchive.conformance.findings import Problem
from embedarchive.core.model import Post
from embedarchive.core.urls import find_parents, host_of, split_url
from embedarchive.detect import find_embeds, identify_post
from embedarchive.platforms.kit.fields import FIELDS
from embedarchive.platforms.kit.specification import Platform, Visitable, fill_url

ANY_HOST = "*"
MOST_BY_CHANCE = 3
"""So many names of fields in one dict make it a reading."""


def find_examples(platform: Platform) -> tuple[Post, ...]:
    """The posts of the platform's example addresses, as the finder would hand them over."""
    posts = (identify_post(example.url) for example in platform.examples)
    return tuple(dict.fromkeys(post for post in posts if post and post.platform == platform.name))


def check_frame_address(platform: Platform) -> Iterator[Problem]:
    """The address of the frame that is visited, put into an article, is found as the same post."""
    visit = platform.visit
    if visit is None:
        return
    for post in find_examples(platform):
        url = fill_url(visit.frame.url, post, visit)
        found = find_embeds(f'<iframe src="{url.replace("&", "&amp;")}"></iframe>').embeds
        keys = [e.post.key if e.post else "no post" for e in found]
        if keys != [post.key]:
            yield post.key, f"{url} is found as {', '.join(keys) or 'nothing'}"


# ----------------------------------------------------------------------------------------------------------- templates


def check_templates(platform: Platform) -> Iterator[Problem]:
    """Every template of the frame and of the probes fills whole, and leads to a host of the platform's own."""
    visit = platform.visit
    if visit is None:
        return
    for post in find_examples(platform):
        templates = {"frame": visit.frame.url} | {probe.name: probe.url for probe in visit.probes}
        for name, template in templates.items():
            yield from ((f"{name} of {post.key}", said) for said in _fill(platform, visit, template, post))


def _fill(platform: Platform, visit: Visitable, template: str, post: Post) -> Iterator[str]:
    try:
        url = fill_url(template, post, visit)
    except (KeyError, IndexError, ValueError) as error:
        yield f"{template} cannot be filled: {error!r}"
        return
    parts = split_url(url) if url else None
    if not url:
        return  # a probe that is not asked about this post
    if parts is None or parts.scheme != "https" or re.search(r"[{}\s]|None", url):
        yield f"{url} is no address"
    elif not is_own_host(platform, post, host_of(parts)):
        yield f"{parts.hostname} is no host of {platform.name}"


def is_own_host(platform: Platform, post: Post, host: str) -> bool:
    """Whether a host is the platform's, one of those that answer for it, or the post's own where any host may be."""
    own = {*platform.hosts, *platform.answering_hosts} - {ANY_HOST}
    if ANY_HOST in platform.hosts:
        own.add(post.native_id.partition("/")[0])
    return any(parent in own for parent in find_parents(host))


# ----------------------------------------------------------------------------------------------------------- selectors

_NOTHING = LexborHTMLParser("<p></p>")
_QUERIES = {"css", "css_first", "css_matches"}
_READERS = {"read_script", "read_attribute", "attribute"}
"""Functions of the kit that take a selector as their second argument."""


def check_css(platform: Platform) -> Iterator[Problem]:
    """Every selector that the platform's rules use is one that the parser and the browser understand."""
    for where, css in dict.fromkeys(_find_css(platform)):
        if not is_selector(css):
            yield where, f"{css!r} is no selector"


def is_selector(css: str) -> bool:
    """Whether the parser can read it."""
    try:
        _NOTHING.css_first(css)
    except SelectolaxError:
        return False
    return True


def _find_css(platform: Platform) -> Iterator[tuple[str, str]]:
    for selector in platform.selectors:
        yield "selectors", selector.css
        inner = (
            place.partition("@")[0].removesuffix(":last")
            for place in (*selector.url, *selector.id)
            if "@" in place and "{@" not in place
        )
        yield from (("selectors", css) for css in inner if css)
    if platform.visit:
        frame = platform.visit.frame
        yield "card", frame.card
        yield from (("dead", css) for css in frame.dead)
        yield from (("pending", css) for css in frame.pending)
        yield from (("moves", css) for move in frame.moves for css in (move.css, move.until) if css)
    for node in ast.walk(read_source(platform)):
        yield from (("rules", css) for css in _find_queried(node))


def _find_queried(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    if isinstance(node.func, ast.Attribute):
        name = node.func.attr
    else:
        name = getattr(node.func, "id", "")
    asked = None
    if name in _QUERIES:
        asked = node.args[0]
    elif name in _READERS and node.args[1:]:
        asked = node.args[1]
    if isinstance(asked, ast.Constant) and isinstance(asked.value, str):
        yield asked.value


@cache
def read_source(platform: Platform) -> ast.Module:
    """The syntax tree of the file that holds the platform."""
    return ast.parse(inspect.getsource(sys.modules[platform.identify.__module__]))


# --------------------------------------------------------------------------------------------------------------- names


def check_names(platform: Platform) -> Iterator[Problem]:
    """The rules read answers of probes that exist, and fields that descriptions have."""
    if platform.visit is None:
        return
    asked = {probe.name for probe in platform.visit.probes}
    read = set(platform.visit.reads)
    for node in ast.walk(read_source(platform)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "answer":
            read.update(str(a.value) for a in node.args if isinstance(a, ast.Constant))
    yield from ((name, "is read, and no probe is called so") for name in sorted(read - asked))
    for node in ast.walk(read_source(platform)):
        yield from ((name, "is read, and no description has such a field") for name in _find_unknown_fields(node))


def _find_unknown_fields(node: ast.AST) -> list[str]:
    """The keys of a reading that are none of a description's fields; a reading has some that are. (`id` is dropped.)"""
    if not isinstance(node, ast.Dict):
        return []
    keys = {key.value for key in node.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}
    if len(keys & FIELDS) >= MOST_BY_CHANCE:
        return sorted(keys - FIELDS - {"id"})
    return []
