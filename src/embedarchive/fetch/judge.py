"""A status and a body -> the outcome of a fetch: one rule for the network, for files and for web archives. Pure."""

from __future__ import annotations

from typing import Literal

from embedarchive.fetch.body import Body


def judge(
    status: int | None, body: Body | None, reason: str | None
) -> tuple[Literal["ok", "unchanged", "failed"], str | None]:
    """Give a fetch's outcome and reason; `reason` is what went wrong before there was a body. A part (206) is marked as one."""
    if reason or status is None:
        return "failed", reason or "connection"
    if status == 304:
        return "unchanged", None
    if status >= 300:
        return "failed", f"http_{status}"
    if body and status == 206:
        body.cut("incomplete")
    if body and body.truncated and not body.data:
        return "failed", body.truncated
    return "ok", None
