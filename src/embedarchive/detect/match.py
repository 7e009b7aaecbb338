"""Matches of posts in a document -> embeds: one for each appearance, in reading order. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from embedarchive.core.model import Claim, Embed, Kind, Post

LONGEST_SNIPPET = 20_000
_NEAR = 4
"""Ancestors two carriers of one appearance may be apart: a quote and its frame share a wrapper, chapters do not."""

SHOWN = frozenset(("blockquote", "iframe", "rendered-iframe", "object", "amp"))
"""Forms that a reader sees where they stand; the others wait for a click or a script, often beside a text that says so."""


@dataclass(frozen=True, slots=True)
class Match:
    """One carrier of a post, seen once. `trail` names its element and the elements around it, innermost first;
    `apart` says that a reader sees text between this and the match before it, `spare` that it stands for browsers that
    show nothing else (in `noscript`)."""

    kind: Kind
    platform: str | None
    post: Post | None
    url: str | None
    form: str
    layer: str
    rule: str
    markup: str
    claim: Claim = Claim()  # noqa: RUF009 (frozen)
    trail: tuple[int, ...] = ()
    apart: bool = False
    spare: bool = False


def _contains(outer: Match, inner: Match) -> bool:
    return bool(outer.trail) and outer.trail[0] in inner.trail


def _is_same_appearance(earlier: Match, later: Match, adjacent: bool) -> bool:
    if _contains(earlier, later) or _contains(later, earlier):
        return True
    near = set(earlier.trail[:_NEAR]) & set(later.trail[:_NEAR])
    shown_twice = later.apart and {earlier.form, later.form} <= SHOWN
    one_is_spare = earlier.spare != later.spare
    return adjacent and not shown_twice and (earlier.form != later.form or one_is_spare) and bool(near)


def merge_claims(one: Claim, two: Claim) -> Claim:
    """What the first claims, and where it is silent the second."""
    return Claim(*(getattr(one, f) or getattr(two, f) for f in Claim.__slots__))


def _merge(one: Match, two: Match) -> Match:
    """Keep the first carrier, and whatever claim either of them makes."""
    claim = merge_claims(one.claim, two.claim)
    return replace(one, claim=claim, markup=one.markup if one.claim != Claim() or not two.markup else two.markup)


def merge_matches(matches: Iterable[Match]) -> list[Match]:
    """Fold the carriers of one appearance into one; what only state JSON tells is added where nothing else told it."""
    kept: list[Match] = []
    last: dict[tuple[str | None, str | None], int] = {}
    before: tuple[str | None, str | None] | None = None
    for seen in matches:
        key = (seen.kind if seen.kind != "embed" else seen.platform, seen.post.key if seen.post else seen.url)
        at = None
        if seen.post or seen.url:
            at = last.get(key)
        if at is not None and (seen.layer == "state" or _is_same_appearance(kept[at], seen, adjacent=before == key)):
            kept[at] = _merge(kept[at], seen)
        else:
            last[key] = len(kept)
            kept.append(seen)
        before = key
    return kept


def number_embeds(matches: Iterable[Match]) -> tuple[Embed, ...]:
    """Give each appearance its position, from 1."""
    return tuple(
        Embed(i, s.kind, s.platform, s.post, s.url, s.form, s.layer, s.rule, s.markup[:LONGEST_SNIPPET], s.claim)
        for i, s in enumerate(matches, 1)
    )
