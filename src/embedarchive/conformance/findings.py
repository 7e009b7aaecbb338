"""What a check is, and what it gives: a finding for each case in which a platform does not keep its word. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from embedarchive.core.model import Post
from embedarchive.platforms.kit.specification import Platform

Problem = tuple[str, str]
"""(case, what is wrong with it). A case has the same name in every run."""


def say_post(post: Post | None) -> str:
    """The post that something names, in a problem's words."""
    if post is None:
        return "nothing"
    return post.key


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that one platform does not keep, in one case of one check."""

    platform: str
    check: str
    case: str
    problem: str

    def __str__(self) -> str:
        return f"{self.platform}: {self.check}: {self.case}: {self.problem}"


@dataclass(frozen=True, slots=True)
class Check:
    """One question asked of every platform. `run` gives what is wrong, and nothing where all is well."""

    name: str
    says: str
    run: Callable[[Platform], Iterator[Problem]]
