"""A page that others recorded, or only answers beside it -> what a platform's rules make of it. Pure.

A recorded frame is as it was served: what scripts drew of it is seldom there. And often the frame itself is not, but the
post's own page is, or an answer of the platform's services. These are judged as a visit judges them whose frame was refused:
the post was seen where they name it and tell all of it, and in no other case. They never prove a loss.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from embedarchive.core.model import Answer, Description, Media, Page, Post, Sign, Verdict
from embedarchive.platforms.kit.fields import as_kind, merge_readings, read_json
from embedarchive.platforms.kit.outcomes import is_told_in_full
from embedarchive.platforms.kit.public_page import read_objects
from embedarchive.platforms.kit.specification import Visitable

NOT_RECORDED = "not_recorded"
"""Why there is no document, or no file: whoever recorded the rest did not record it."""

PAGE = "page"
"""The name of the post's own page among the answers."""
TOLD = "told"
"""What a tool wrote down of a post in words of its own, as an answer: no platform's rules can judge it."""
_FILM = re.compile(r"(?i)\.(?:mp4|m4v|mov|webm)(?:\?|$)")


def judge_recorded(page: Page, post: Post, visit: Visitable) -> Verdict:
    """What a recorded page and the answers beside it mean for its post: by its frame, its services, or its public page.

    A page without a document has `NOT_RECORDED` for its error.
    """
    verdict = _judge(page, post, visit)[1]
    if verdict.outcome in ("error", "blocked") and verdict.reason != "wrong_post" and read_public(page, post, visit):
        return Verdict("available", None, (Sign("page or frame as served tells of it", "page", post.native_id),))
    return verdict


def read_public(page: Page, post: Post, visit: Visitable) -> Mapping[str, Any]:
    """What the post's own page tells, where the platform's rules read no page, else its frame before scripts ran; empty where
    that is not all of it."""
    told = (*_read_own_page(page, post, visit), *_read_unrun_frame(page, post, visit))
    return next((fields for fields in told if is_told_in_full(fields)), {})


def _read_own_page(page: Page, post: Post, visit: Visitable) -> Iterator[Mapping[str, Any]]:
    answer = page.answer(PAGE)
    if answer is None or any(probe.name == PAGE for probe in visit.probes):
        return
    if visit.read_page:
        yield visit.read_page(answer, post)
    yield read_objects(answer, post)


def _read_unrun_frame(page: Page, post: Post, visit: Visitable) -> Iterator[Mapping[str, Any]]:
    if visit.read_unrun and page.body and not page.error:
        yield visit.read_unrun(Answer(PAGE, page.url, page.status, page.final_url, page.body, page.truncated), post)


def describe_recorded(page: Page, post: Post, visit: Visitable) -> Description:
    """What the post said, read from where it was seen."""
    if told := page.answer(TOLD):
        return describe_told(told)
    seen, verdict = _judge(page, post, visit)
    public = read_public(page, post, visit)
    if verdict.outcome != "available" and public:
        known = visit.describe(seen, post)
        return merge_readings(("page", public), ("id", {"posted_at": known.posted_at}))
    return visit.describe(_judge(page, post, visit)[0], post)


def _judge(page: Page, post: Post, visit: Visitable) -> tuple[Page, Verdict]:
    """The page as it is to be read, and what it means. A wall or a shell in the frame's place says nothing of the answers."""
    seen = visit.classify(page, post)
    if seen.outcome not in ("error", "blocked") or seen.reason == "wrong_post" or not page.answers:
        return page, seen
    stand_in = _stand_in(page, post, visit)
    told, empty = visit.classify(stand_in, post), visit.classify(replace(stand_in, answers=()), post)
    if told.outcome != "available" or empty.outcome == "available":
        return page, seen
    # What the stand-in gave is no sign, and whether the frame may be shown is not known.
    signs = tuple(sign for sign in told.signs if sign not in empty.signs)
    return stand_in, replace(told, signs=signs, embedding=None)


def _stand_in(page: Page, post: Post, visit: Visitable) -> Page:
    """The page with a frame that says nothing of the post, as far as the platform has one."""
    status, markup = visit.silent
    markup = markup.replace("{id}", post.native_id)
    return replace(
        page, final_url=page.url, status=status, body=markup, dom=markup, error=None, truncated=None, redirects=()
    )


def describe_told(answer: Answer) -> Description:
    """What a tool says that a post said (`run/importing_sheets.py` writes it)."""
    said = read_json(answer.body)
    if not isinstance(said, dict):
        return Description()
    urls = [url for url in said.get("files") or () if isinstance(url, str)]
    media = tuple(Media("media", place, url) for place, url in enumerate(urls, 1))
    text = said.get("text") or said.get("title")
    fields: dict[str, Any] = {"kind": as_kind(media, moving=any(map(_FILM.search, urls))), "text": text, "media": media}
    fields |= {"author_name": said.get("author"), "posted_at": said.get("posted_at")}
    if said.get("title") != text:
        fields["title"] = said.get("title")
    return merge_readings(("row", fields))
