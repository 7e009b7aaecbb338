"""What a search of an article as served found, and of the same article as rendered -> one account of both. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import fields, replace

from embedarchive.core.model import Claim, Embed, Found
from embedarchive.detect.obstacles import OBSTACLES

_HEAD = ("title", "canonical_url", "published_at", "lang", "site_name")


def merge_found(html: Found, dom: Found) -> Found:
    """Make one list of what was found in the HTML and in the rendered DOM, each embed saying where it was seen.

    The first appearance of a post in the one is its first appearance in the other, the second its second. What only
    the DOM shows stands after the embed it follows there.
    """
    partners = _pair(html.embeds, dom.embeds)
    shown = {there: here for here, there in partners.items()}
    after: dict[int, list[Embed]] = defaultdict(list)
    last = -1
    for there, embed in enumerate(dom.embeds):
        if there in shown:
            last = max(last, shown[there])
        elif not _is_settled(embed, html):
            after[last].append(replace(embed, seen_in="dom"))
    merged = after[-1]
    for here, embed in enumerate(html.embeds):
        if here in partners:
            embed = _join(embed, dom.embeds[partners[here]])
        if here in partners or not _is_settled(embed, dom):
            merged.append(embed)
        merged += after[here]
    head = {name: getattr(html, name) or getattr(dom, name) for name in _HEAD}
    said = None
    if dom.truncated:
        said = f"rendered: {dom.truncated}"
    if merged:  # what one search stood before is no obstacle where the other found something
        if dom.truncated in OBSTACLES:
            said = None
        if html.truncated in OBSTACLES:
            truncated = said
        else:
            truncated = html.truncated or said
    else:
        truncated = html.truncated or said
    return Found(tuple(replace(e, position=n) for n, e in enumerate(merged, 1)), truncated, **head)


def _pair(html: tuple[Embed, ...], dom: tuple[Embed, ...]) -> dict[int, int]:
    """Which place in the HTML's list is which place in the DOM's."""
    places: dict[tuple[str | None, ...], list[int]] = defaultdict(list)
    for there, embed in enumerate(dom):
        places[_name(embed)].append(there)
    return {here: places[_name(e)].pop(0) for here, e in enumerate(html) if places[_name(e)]}


def _name(embed: Embed) -> tuple[str | None, ...]:
    """What makes two matches one: the post; without a post whatever else names it."""
    if embed.post:
        return embed.kind, embed.post.key
    claim = embed.claim
    return embed.kind, embed.platform, embed.url, claim.author_handle or claim.author_name


def _is_settled(embed: Embed, other: Found) -> bool:
    """Whether this only mentions a post that the other text embeds."""
    key = None
    if embed.post and embed.kind == "mention":
        key = embed.post.key
    return key is not None and any(e.kind == "embed" and e.post and e.post.key == key for e in other.embeds)


def _join(html: Embed, dom: Embed) -> Embed:
    """One embed seen in both: the publisher's own markup, and what claim either makes."""
    claim = Claim(*(getattr(html.claim, f.name) or getattr(dom.claim, f.name) for f in fields(Claim)))
    return replace(html, claim=claim, seen_in="both")
