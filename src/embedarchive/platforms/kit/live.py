"""What a platform takes for granted -> what to ask of it, and what the answer says of each check. Pure."""

from __future__ import annotations

from embedarchive.core.model import Page, Post, Verdict
from embedarchive.platforms.kit.fields import dig, read_json
from embedarchive.platforms.kit.outcomes import classify_answer, parse_page
from embedarchive.platforms.kit.specification import LiveCheck, Visitable, fill_url


def find_address(check: LiveCheck, post: Post, visit: Visitable) -> tuple[str, bool]:
    """The address to ask, and whether as a browser that goes there. Raises KeyError for a probe that does not exist."""
    if check.ask == "frame":
        return fill_url(visit.frame.url, post, visit), True
    probe = {probe.name: probe for probe in visit.probes}[check.ask]
    return fill_url(probe.url, post, visit), probe.navigate


def judge_answer(check: LiveCheck, page: Page) -> tuple[bool | None, str]:
    """Whether the assumption holds by this answer, and what was seen; None when we were kept out or heard nothing."""
    early = classify_answer(page)
    kept_out = early is not None and (early.outcome == "blocked" or page.status is None or page.status >= 500)
    if early and (kept_out or page.status == 403) and page.status not in check.status:
        return None, f"{early.outcome}: {early.reason}"
    if page.status not in check.status:
        return False, f"status {page.status}"
    if check.css and not parse_page(page).css_first(check.css):
        return False, f"no {check.css}"
    if check.holds and check.holds not in page.body:
        return False, f"no “{check.holds}”"
    data = None
    if check.has or check.lacks:
        data = read_json(page.body)
    if check.has and dig(data, *check.has) is None:
        return False, f"JSON without {_say_path(check.has)}"
    if check.lacks and (data is None or dig(data, *check.lacks) is not None):
        return False, f"JSON with {_say_path(check.lacks)}" if data is not None else "no JSON"
    return True, f"status {page.status}"


def judge_visit(check: LiveCheck, found: Verdict) -> tuple[bool | None, str]:
    """Whether the assumption holds by what a visit found; None when it was kept out or failed."""
    if found.reason:
        seen = f"{found.outcome}: {found.reason}"
    else:
        seen = found.outcome
    unheard = found.outcome == "blocked" or (found.outcome == "error" and found.reason not in ("unrecognized", "blank"))
    return (None if unheard else found.outcome == check.outcome), seen


def _say_path(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))
