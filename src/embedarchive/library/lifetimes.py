"""An archive -> how long its posts live, and how many of its articles have holes, in groups. Read-only."""

from __future__ import annotations

import sqlite3
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from statistics import median
from typing import Any

from embedarchive.core.shares import wilson
from embedarchive.core.survival import RESAMPLES, Lifetime, estimate
from embedarchive.library.estimates import LATE_DAYS, Rot, RotGroup, Survival, SurvivalGroup
from embedarchive.library.rows import Row, select_one

SEED = 1
"""The band of the same posts is the same whoever draws it."""


@dataclass(frozen=True, slots=True)
class Span:
    """What is known of one post's life, as a row of the view `lifetimes` says it; ages in days since it was posted.

    `event` is gone, other or None (there when last seen). `entered` is when we saw it alive first, `seen` when
    anybody did last; None where nobody has.
    """

    key: str
    platform: str
    account: str | None
    kind: str | None
    outlets: tuple[str, ...]
    forms: tuple[str, ...]
    born_at: str | None
    entered: float | None
    seen: float | None
    missing: float | None
    event: str | None
    cause: str | None
    observations: int

    @property
    def life(self) -> Lifetime | None:
        """What the estimate is given; None of a post without a date, or that was gone before anyone looked.

        One that turned private, or may not be embedded any more, was there as long as it was seen: it is not lost.
        """
        if self.entered is None or self.seen is None:
            return None
        missing = None
        if self.event == "gone":
            missing = self.missing
        return Lifetime(self.entered, self.seen, missing, f"{self.platform}:{self.account or self.key}")


_SPANS = """
SELECT key, platform, handle, kind, outlets, forms, born_at, event, cause, observations,
  julianday(entered_at) - julianday(born_at) AS entered, julianday(alive_at) - julianday(born_at) AS seen,
  julianday(missing_at) - julianday(born_at) AS missing
FROM lifetimes ORDER BY key"""

_ANSWERS = """
SELECT post_key, julianday(checked_at) FROM checks WHERE outcome IN ('available', 'gone', 'unavailable')
ORDER BY post_key, checked_at"""

_FROM_TO = (
    "SELECT min(checked_at) AS from_at, max(checked_at) AS to_at FROM checks "
    "WHERE outcome IN ('available', 'gone', 'unavailable')"
)


def read_spans(conn: sqlite3.Connection) -> Iterator[Span]:
    """The rows of `lifetimes`, one at a time, by key."""
    cursor = conn.execute(_SPANS)
    names = [column[0] for column in cursor.description]
    return (_read_span(dict(zip(names, tuple(row), strict=True))) for row in cursor)


def _read_span(row: Row) -> Span:
    plain: dict[str, Any] = {name: row[name] for name in Span.__slots__ if name in row}
    lists = {name: tuple((row[name] or "").split(",")) if row[name] else () for name in ("outlets", "forms")}
    return Span(**plain | lists, account=row["handle"])


def name_groups(by: str, span: Span) -> tuple[str, ...]:
    """The groups that a post is of: several outlets and forms, where several articles embed it."""
    if by == "outlet":
        return span.outlets
    if by == "form":
        return span.forms
    if by == "year":
        if span.born_at:
            return (span.born_at[:4],)
        return ()
    if by == "account":
        if span.account:
            return (f"@{span.account} ({span.platform})",)
        return ()
    return ((span.kind if by == "kind" else span.platform) or "not known",)


@dataclass(slots=True)
class _Pile:
    """What is gathered of a group while the posts go by."""

    lives: list[Lifetime] = field(default_factory=list)
    gaps: array[float] = field(default_factory=lambda: array("f"))
    before: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What was read of an archive's posts: what is estimated of them needs no database."""

    by: str
    piles: Mapping[str, _Pile]
    from_at: str | None
    to_at: str | None

    def estimate(self, groups: int, resamples: int | None = None) -> Survival:
        """All posts together, and the largest groups, as curves with their bands."""
        if resamples is None:
            number = RESAMPLES
        else:
            number = resamples
        piles = dict(self.piles)
        whole = _close("all posts", piles.pop("", _Pile()), number)
        largest = sorted(piles.items(), key=lambda each: (-len(each[1].lives), each[0]))
        if self.by == "year":
            largest.sort(key=lambda each: each[0], reverse=True)
        told = tuple(_close(name, pile, number) for name, pile in largest[:groups])
        return Survival(self.by, whole, told, self.from_at, self.to_at)


def read_survival(
    conn: sqlite3.Connection, by: str = "platform", *, groups: int = 12, resamples: int | None = None
) -> Survival:
    """How long posts live, all together and in the largest groups (one of GROUPINGS); curves with their bands."""
    return gather(conn, by).estimate(groups, resamples)


def gather(conn: sqlite3.Connection, by: str) -> Gathered:
    """Read what an estimate in these groups needs; the empty name is of all posts."""
    piles: defaultdict[str, _Pile] = defaultdict(_Pile)
    gaps = _read_gaps(conn)
    next_key, next_gaps = next(gaps, (None, ()))
    for span in read_spans(conn):
        while next_key is not None and next_key < span.key:
            next_key, next_gaps = next(gaps, (None, ()))
        if next_key == span.key:
            between = next_gaps
        else:
            between = ()
        for name in ("", *name_groups(by, span)):
            _gather(piles[name], span, between)
    times = select_one(conn, _FROM_TO) or {}
    return Gathered(by, piles, times.get("from_at"), times.get("to_at"))


def _read_gaps(conn: sqlite3.Connection) -> Iterator[tuple[str | None, Sequence[float]]]:
    """(Key, days between each two answers) of each post, by key."""
    key, before, gaps = None, 0.0, array("f")
    for post_key, at in conn.execute(_ANSWERS):
        if post_key != key:
            if key is not None:
                yield key, gaps
            key, gaps = post_key, array("f")
        elif at is not None:
            gaps.append(at - before)
        before = at or before
    if key is not None:
        yield key, gaps


def _gather(pile: _Pile, span: Span, gaps: Sequence[float]) -> None:
    life = span.life
    if life is not None:
        pile.lives.append(life)
        pile.gaps.extend(gaps)
        pile.counts["observations"] += span.observations
        pile.counts["other"] += span.event == "other"
        pile.counts["late"] += life.entered > LATE_DAYS
    elif span.born_at is None:
        pile.counts["undated"] += 1
    elif span.event == "gone":
        pile.counts["gone_before"] += 1
        pile.before.append(max(span.missing or 0.0, 0.0))


def _close(name: str, pile: _Pile, resamples: int) -> SurvivalGroup:
    counts = pile.counts
    return SurvivalGroup(
        name,
        posts=len(pile.lives),
        lost=sum(life.missing is not None for life in pile.lives),
        other=counts["other"],
        observations=counts["observations"],
        median_gap=round(median(pile.gaps), 2) if pile.gaps else None,
        late=counts["late"],
        gone_before=counts["gone_before"],
        gone_before_age=round(median(pile.before), 1) if pile.before else None,
        undated=counts["undated"],
        curve=estimate(pile.lives, Random(SEED) if resamples else None, resamples),
    )


# ------------------------------------------------------------------------------------------------------------------ rot


@dataclass(frozen=True, slots=True)
class EmbedStanding:
    """An embed as an article has it now. `standing` is gone, perhaps gone, hidden, there, or None: not known."""

    article_id: int
    outlet: str
    published_at: str | None
    platform: str
    form: str
    account: str | None
    kind: str | None
    standing: str | None
    kept: bool


_EMBEDS = """
SELECT e.article_id, e.outlet, a.published_at, e.platform, e.form, coalesce(d.author_handle, e.author_handle) AS account,
  d.kind,
  CASE WHEN n.status = 'gone' THEN 'gone' WHEN n.status = 'unavailable' AND n.reason IS 'unconfirmed' THEN 'perhaps gone'
    WHEN n.status = 'unavailable' THEN 'hidden' WHEN n.status = 'available' THEN 'there' END AS standing, n.kept
FROM current_embeds e JOIN articles a ON a.id = e.article_id LEFT JOIN conclusions n ON n.post_key = e.post_key
LEFT JOIN current_descriptions d ON d.capture_id = n.best_capture_id WHERE e.kind = 'embed' ORDER BY e.article_id, e.position"""


def read_embeds(conn: sqlite3.Connection) -> Iterator[EmbedStanding]:
    """Each embed of each article as last read, with the standing of its post."""
    for article_id, outlet, published_at, platform, form, account, kind, standing, kept in conn.execute(_EMBEDS):
        whole = (outlet or "", published_at, platform or "", form, account, kind, standing, kept not in (None, "none"))
        yield EmbedStanding(article_id, *whole)


ALL_ARTICLES = "all articles"


def name_group(each: EmbedStanding, by: str) -> str | None:
    """The group that an embed is counted in, by one of GROUPINGS or the `whole`; None where it is in no group."""
    if by == "whole":
        return ALL_ARTICLES
    if by == "account":
        if each.account is None:
            return None
        return f"@{each.account} ({each.platform})"
    date = each.published_at or ""
    named = {
        "platform": each.platform or "not known",
        "outlet": each.outlet or "files",
        "form": each.form,
        "kind": each.kind or "not known",
        "year": date[:4] or "no date",
        "month": date[:7] or "no date",
    }
    return named[by]


def read_rot(conn: sqlite3.Connection, by: str = "outlet") -> Rot:
    """How many articles have a hole, by one of GROUPINGS: an article counts once in each group that a post of it is of."""
    groups: defaultdict[tuple[str, str], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for hole in read_embeds(conn):
        signs = {hole.standing or "not known"}
        if hole.standing == "gone" and hole.kept:
            signs.add("kept")
        for grouping in ("whole", "month", by):
            name = name_group(hole, grouping)
            if name is not None:
                groups[grouping, name][hole.article_id] |= signs
    whole = _count_holes(ALL_ARTICLES, groups["whole", ALL_ARTICLES])
    named, months = (
        [_count_holes(name, articles) for (grouping, name), articles in groups.items() if grouping == wanted]
        for wanted in (by, "month")
    )
    months.sort(key=lambda group: group.name)
    if by == "year":
        named.sort(key=lambda group: group.name)
    else:
        named.sort(key=lambda group: (-group.articles, group.name))
    return Rot(by, whole, tuple(named), tuple(months))


def _count_holes(name: str, articles: Mapping[int, set[str]]) -> RotGroup:
    """What is said of a group's articles, by what signs the embeds of each bear."""
    signs = list(articles.values())
    known = [each for each in signs if each - {"not known"}]
    holes = sum("gone" in each for each in known)
    low, high = wilson(holes, len(known))
    return RotGroup(
        name,
        articles=len(known),
        holes=holes,
        perhaps=sum("perhaps gone" in each and "gone" not in each for each in known),
        hidden=sum("hidden" in each and not each & {"gone", "perhaps gone"} for each in known),
        kept=sum("kept" in each for each in known),
        not_known=len(signs) - len(known),
        share=holes / len(known) if known else 0.0,
        low=low,
        high=high,
    )
