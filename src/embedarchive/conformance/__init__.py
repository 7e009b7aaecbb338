"""What every platform must keep, whoever wrote it: a list of checks, and a platform -> what it does not keep.

    from embedarchive.conformance import check_platform
    for finding in check_platform(PLATFORM): print(finding)

`python -m embedarchive.conformance [NAME …]` prints a table. The checks need no browser; `playing` has those that do.
"""

from __future__ import annotations

from collections.abc import Sequence

from embedarchive.conformance.declared import check_assumptions, check_gaps, check_states
from embedarchive.conformance.finding import check_markup, check_not_embeds, check_prefilter
from embedarchive.conformance.findings import Check, Finding
from embedarchive.conformance.identity import (
    check_addresses,
    check_archived_forms,
    check_bare_ids,
    check_dates,
    check_examples,
    check_mirrors,
    check_other_pages,
    check_short_links,
)
from embedarchive.conformance.nothing_seen import check_nothing_seen
from embedarchive.conformance.reading import check_readings
from embedarchive.conformance.shown import check_shown
from embedarchive.conformance.spelling import check_spellings
from embedarchive.conformance.visiting import (
    check_css,
    check_frame_address,
    check_names,
    check_templates,
)
from embedarchive.conformance.wording import check_words
from embedarchive.platforms.kit.specification import Platform

__all__ = ["CHECKS", "Check", "Finding", "check_platform"]

CHECKS: tuple[Check, ...] = (
    Check("examples", "it stands in the folder and brings its examples", check_examples),
    Check("addresses", "its addresses name their posts, and no other platform claims them", check_addresses),
    Check("mirrors", "at its mirrors the same posts are known", check_mirrors),
    Check("dates", "ids that carry time are read", check_dates),
    Check("archived forms", "where an archive may hold its posts, the same posts are known", check_archived_forms),
    Check("bare ids", "ids without an address mean their posts", check_bare_ids),
    Check("short links", "links that redirect wait to be followed", check_short_links),
    Check("other pages", "its other pages are no posts", check_other_pages),
    Check("spellings", "its addresses and ids are read in spellings that no example has", check_spellings),
    Check("markup", "its markup is found", check_markup),
    Check("shown", "its hosts, selectors, names and words are shown by examples", check_shown),
    Check("not embeds", "what only looks like an embed is none", check_not_embeds),
    Check("prefilter", "the prefilter changes nothing", check_prefilter),
    Check("frame address", "its own frame is found as the same post", check_frame_address),
    Check("templates", "addresses to visit fill whole and stay on its hosts", check_templates),
    Check("assumptions", "what it takes for granted is said, and can be asked", check_assumptions),
    Check("states", "the replica can play what it declares", check_states),
    Check("gaps", "what it never tells is declared", check_gaps),
    Check("selectors", "its selectors parse", check_css),
    Check("names", "its rules read answers that are asked for", check_names),
    Check("words", "outcomes, reasons and roles are words that are known", check_words),
    Check("readings", "its rules make of its own pages and answers what they should", check_readings),
    Check("nothing seen", "no page that is not the post makes it available or gone", check_nothing_seen),
)


def check_platform(platform: Platform, checks: Sequence[Check] = CHECKS) -> tuple[Finding, ...]:
    """Everything that a platform does not keep; empty when it conforms. No browser, no network."""
    return tuple(
        Finding(platform.name, check.name, case, problem) for check in checks for case, problem in check.run(platform)
    )
