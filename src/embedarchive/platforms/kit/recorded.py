"""A page that others recorded, or only answers beside it -> what a platform's rules make of it. Pure.

A recorded frame is as it was served: what scripts drew of it is seldom there. And often the frame itself is not, but the
post's own page is, or an answer of the platform's services. These are judged as a visit judges them whose frame was refused:
the post was seen where they name it and tell all of it, and in no other case. They never prove a loss.
"""

from __future__ import annotations

from dataclasses import replace

from embedarchive.core.model import Description, Page, Post, Verdict
from embedarchive.platforms.kit.specification import Visitable

NOT_RECORDED = "not_recorded"
"""Why there is no document, or no file: whoever recorded the rest did not record it."""


def judge_recorded(page: Page, post: Post, visit: Visitable) -> Verdict:
    """What a recorded page and the answers beside it mean for its post.

    A page without a document has `NOT_RECORDED` for its error.
    """
    return _judge(page, post, visit)[1]


def describe_recorded(page: Page, post: Post, visit: Visitable) -> Description:
    """What the post said, read from where it was seen."""
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
