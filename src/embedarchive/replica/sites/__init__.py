"""The hosts of the replica: one module or package per platform or outlet, each holding its `SITES`."""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from embedarchive.replica.facts import ArticleFact, PostFact, State
from embedarchive.replica.wire import Reply, Request, not_found
from embedarchive.replica.world import World

__path__ = [str(Path(root, "replica", "sites")) for root in sys.modules["embedarchive"].__path__]
"""Sites may stand elsewhere on the import path, as platforms may."""


@dataclass(frozen=True, slots=True)
class Site:
    """Who answers for which hosts. A host that begins with a dot stands for every host below it."""

    hosts: tuple[str, ...]
    answer: Callable[[Request, World], Reply | None]
    posts: tuple[PostFact, ...] = ()
    states: Mapping[str, State] = field(default_factory=dict)
    """Every state its posts can be set to, and what is answered then."""
    articles: tuple[ArticleFact, ...] = ()
    publishes: Callable[[PostFact], Mapping[str, Any]] | None = None
    """What its pages and answers say of a post, in the fields of a description."""
    embed: Callable[[PostFact], str] | None = None
    """The platform's embed code of a post, with which a story of the newsroom shows the first one."""


def find_sites(*, without: str = "") -> tuple[Site, ...]:
    """Give the `SITES` of every module here but one, in order of their names."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if m.name != without)
    return tuple(site for name in names for site in import_module(f"{__name__}.{name}").SITES)


def choose_site(sites: tuple[Site, ...], host: str) -> Site | None:
    """Give the site that answers for a host; a whole name beats a suffix."""
    for site in sites:
        if host in site.hosts:
            return site
    for site in sites:
        suffixes = tuple(name for name in site.hosts if name.startswith("."))
        if host.endswith(suffixes):
            return site
    return None


def answer_request(sites: tuple[Site, ...], world: World, request: Request) -> Reply:
    """Answer from the saved pages, else from the host's site, else with a quick 404."""
    if saved := world.saved_for(request):
        return Reply(saved.status, saved.headers, saved.body)
    site = choose_site(sites, request.host)
    return (site and site.answer(request, world)) or not_found()
