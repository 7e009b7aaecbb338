"""A platform's example addresses: each names its post, no other platform's, and leads back to itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from embedarchive.conformance.findings import Problem, say_post
from embedarchive.core.model import Post
from embedarchive.core.urls import split_url
from embedarchive.detect import identify_post
from embedarchive.detect.identity import find_platforms, identify_pasted, read_bare_id
from embedarchive.platforms import BY_NAME
from embedarchive.platforms.kit.specification import Example, Platform

_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def check_examples(platform: Platform) -> Iterator[Problem]:
    """A platform stands in the folder under its own name and brings examples of all that it can tell."""
    if BY_NAME.get(platform.name) is not platform:
        yield "name", "platforms/ has no such platform, or another value under this name"
    for name in ("examples", "markup", "not_posts", "hosts"):
        if not getattr(platform, name):
            yield name, "empty"


def check_addresses(platform: Platform) -> Iterator[Problem]:
    """Each example address names its post, and the post's canonical address names the same post again."""
    for example in platform.examples:
        post = identify_post(example.url)
        if post is None or (post.platform, post.native_id) != (platform.name, example.native_id):
            yield example.url, f"names {say_post(post)}, not {platform.name}:{example.native_id}"
            continue
        if platform.canonical(post.native_id) != example.canonical:
            yield example.url, f"its canonical address is {platform.canonical(post.native_id)}"
        yield from ((example.url, said) for said in _read_address(platform, example, post))
        for address in (example.canonical, post.url):
            again = identify_post(address)
            if again is None or again.key != post.key:
                yield example.url, f"{address} names {say_post(again)}"
        yield from ((example.url, said) for said in _find_claimants(platform, example))


def _read_address(platform: Platform, example: Example, post: Post) -> Iterator[str]:
    """What else an address tells: the one that is kept, its author, whether it is a frame's."""
    url = split_url(example.url)
    assert url
    kept = platform.permalink(url) or platform.canonical(post.native_id)
    if kept != (example.permalink or example.canonical):
        yield f"is kept as {kept}"
    if platform.handle(url) != example.handle:
        yield f"names the author {platform.handle(url)}, not {example.handle}"
    if platform.is_frame(url) != example.frame:
        said = "is taken for a frame's"
        if example.frame:
            said = "is not taken for a frame's"
        yield said


def check_mirrors(platform: Platform) -> Iterator[Problem]:
    """A mirror shows the same post at the same path, and the post keeps the platform's own address."""
    home = platform.hosts[0]
    own = [each for each in platform.examples if f"//{home}/" in each.url or f".{home}/" in each.url]
    for mirror in platform.mirrors:
        url = own[0].url.replace(f"www.{home}/", f"{home}/").replace(f"{home}/", mirror.replace("*", "example") + "/")
        post = identify_post(url)
        if post is None or post.key != f"{platform.name}:{own[0].native_id}":
            yield url, f"names {say_post(post)}, not {own[0].native_id}"
        elif home.partition(".")[0] not in post.url:
            yield url, f"is kept as {post.url}"


def check_archived_forms(platform: Platform) -> Iterator[Problem]:
    """Each address at which an archive may hold a post is found again as that post."""
    handles = [each.handle for each in platform.examples if each.handle]
    for example in platform.examples:
        post = identify_post(example.url)
        if post is None:
            continue
        for form in platform.archived_forms(post, next(iter(handles), None)):
            again = identify_pasted(form)
            if again is None or again.key != post.key:
                yield form, f"names {say_post(again)}, not {post.key}"


def check_bare_ids(platform: Platform) -> Iterator[Problem]:
    """Each bare id, and each number, is read as the post it means."""
    for example in platform.examples:
        for bare in example.bare:
            post = read_bare_id(platform, bare)
            means = set()
            if post:
                means.add(post.native_id)
            if bare[0].isdigit():
                means.update(platform.read_number(bare))
            if example.native_id not in means:
                yield bare, f"means {say_post(post)}, not {example.native_id}"


def _find_claimants(platform: Platform, example: Example) -> Iterator[str]:
    names = []
    if url := split_url(example.url):
        names = [p.name for p in find_platforms(url) if p.identify(url)]
    if names != [platform.name]:
        yield f"claimed by {', '.join(names) or 'nobody'}"


def check_dates(platform: Platform) -> Iterator[Problem]:
    """Where an id carries time, it is read to the second."""
    for example in platform.examples:
        made = platform.date(example.native_id)
        if made and not _ISO.fullmatch(made):
            yield example.url, f"{made} is no ISO time in UTC with milliseconds"
        to_the_second = made and made.partition(".")[0]
        if to_the_second != example.posted_at:
            yield example.url, f"dated {made}, not {example.posted_at}"


def check_short_links(platform: Platform) -> Iterator[Problem]:
    """A link that redirects to a post names the platform, and waits to be followed."""
    if not platform.short_links and platform.is_short is not Platform.__dataclass_fields__["is_short"].default:
        yield "short_links", "empty, though is_short tells some"
    for url in platform.short_links:
        post = identify_post(url)
        if post is None or post.platform != platform.name or post.resolved:
            yield url, f"names {say_post(post)}"


def check_other_pages(platform: Platform) -> Iterator[Problem]:
    """Addresses of the platform that are no posts name none."""
    for url in platform.not_posts:
        if post := identify_post(url):
            yield url, f"names {post.key}"
