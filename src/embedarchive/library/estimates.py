"""What is estimated of posts' lives and counted of articles' holes, as frozen records. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from embedarchive.core.survival import METHOD, SurvivalCurve

GROUPINGS = ("platform", "outlet", "account", "form", "kind", "year")
"""What posts, and articles by their posts, can be grouped by."""

LATE_DAYS = 1.0
"""A post that was older when it was first seen entered late."""

AGES: Mapping[str, float] = {"1 month": 30.44, "3 months": 91.31, "6 months": 182.6, "1 year": 365.25, "2 years": 730.5}
"""The ages at which tables read a curve, in days."""

SELECTION = (
    "An archive is no sample of a platform: these are posts that articles embed and that were still there when they were first "
    "looked at, and they may live longer or shorter than others."
)
ROT_SELECTION = (
    "An archive is no sample of the press: these are articles that somebody chose to keep, as they embed posts now."
)
"""What stands below every figure of lives, and of articles."""


@dataclass(frozen=True, slots=True)
class SurvivalGroup:
    """The posts of one group, and how long they live.

    `posts` are those that were seen alive and have a date, `lost` those of them that are gone, `other` those that turned
    private or refuse to be embedded. `median_gap` is in days between two answers about one post, `late` how many posts were
    more than LATE_DAYS old when first seen. `gone_before` were gone before anyone looked, at `gone_before_age` days in the
    median. `curve` is None where there are too few posts or losses.
    """

    name: str
    posts: int
    lost: int
    other: int
    observations: int
    median_gap: float | None
    late: int
    gone_before: int
    gone_before_age: float | None
    undated: int
    curve: SurvivalCurve | None


@dataclass(frozen=True, slots=True)
class Survival:
    """How long the posts of an archive live: all of them, and by groups, those with most posts first.

    `from_at` and `to_at` are the first and the last answer about any of them.
    """

    by: str
    whole: SurvivalGroup
    groups: tuple[SurvivalGroup, ...]
    from_at: str | None
    to_at: str | None
    method: str = METHOD
    selection: str = SELECTION


@dataclass(frozen=True, slots=True)
class RotGroup:
    """Articles of one group whose posts were looked at, and those with a hole.

    `holes` have an embed whose post is gone, `perhaps` none but one whose loss is not confirmed, `hidden` none of these but one
    that turned private or may not be embedded; of all holes `kept` are those that this archive can fill. `share` lies between
    `low` and `high` (95 %, Wilson). Those of which no post was seen or found missing
    yet, `not_known`, count nowhere.
    """

    name: str
    articles: int
    holes: int
    perhaps: int
    hidden: int
    kept: int
    not_known: int
    share: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Rot:
    """How many articles have a hole, all together and by groups; by month of publication too."""

    by: str
    whole: RotGroup
    groups: tuple[RotGroup, ...]
    months: tuple[RotGroup, ...]
    selection: str = ROT_SELECTION
