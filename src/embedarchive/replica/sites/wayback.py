"""The Wayback Machine: its index of captures (CDX), and what it kept, as it was served (`id_`)."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from email.utils import format_datetime
from urllib.parse import parse_qsl, urljoin

from embedarchive.replica.mementos import Memento, answer_trouble, choose_fields, make_key
from embedarchive.replica.sites import Site
from embedarchive.replica.wire import Reply, Request, html
from embedarchive.replica.world import World

HOST = "web.archive.org"
FIELDS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
_CAPTURE = re.compile(r"/web/(\d{4,14})(id_|im_|if_|js_|cs_)?/(.+)", re.S)
_NOT_HELD = (
    "org.archive.wayback.exception.ResourceNotInArchiveException: the Resource you requested is not in this archive"
)
_EXCLUDED = "org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error"


def _answer(request: Request, world: World) -> Reply | None:
    if re.match(r"/cdx(?:/|$)", request.path):
        return world.archives.count("cdx") or _answer_index(request, world)
    found = _CAPTURE.fullmatch(request.target)
    if not found:
        return None
    return world.archives.count("web") or _answer_capture(world, *found.groups())


# --------------------------------------------------------------------------------------------------------------- index


def _answer_index(request: Request, world: World) -> Reply:
    asked = dict(parse_qsl(request.query, keep_blank_values=True))
    filters = [value for name, value in parse_qsl(request.query) if name == "filter"]
    url, match = asked.get("url", ""), asked.get("matchType", "exact")
    if not url:
        return Reply(400, (("Content-Type", "text/plain"),), b"The url param is required\n")
    if asked.get("page", "0") != "0":
        return Reply(400, (("Content-Type", "text/plain"),), b"Page out of range\n")
    if url.endswith("*"):
        url, match = url[:-1], "prefix"
    held = world.archives.find("wayback", url, match)
    if any(each.flaw == "excluded" for each in held):
        return answer_trouble("blocked")
    rows = [row for row in map(_make_row, held) if all(_passes(row, each) for each in filters)]
    rows = [row for row in rows if asked.get("from", "0") <= row["timestamp"] <= asked.get("to", "9").ljust(14, "9")]
    rows = _collapse(rows, asked.get("collapse", ""))
    return _write_rows(rows, asked)


def _make_row(held: Memento) -> dict[str, str]:
    if held.flaw == "day_00":
        at = held.at[:6] + "00" + held.at[8:]
    else:
        at = held.at
    row = {
        "urlkey": make_key(held.url), "timestamp": at, "original": held.url, "mimetype": held.mime,
        "statuscode": str(held.status), "digest": held.digest, "length": str(len(held.body)),
    }  # fmt: skip
    if held.flaw == "revisit":
        row |= {"mimetype": "warc/revisit", "statuscode": "-", "length": "-"}
    return row


def _passes(row: dict[str, str], text: str) -> bool:
    name, _, pattern = text.removeprefix("!").partition(":")
    matches = re.fullmatch(pattern, row.get(name, "")) is not None
    return matches != text.startswith("!")


def _collapse(rows: list[dict[str, str]], by: str) -> list[dict[str, str]]:
    """Of neighbours that share a field, or its first digits, the first."""
    name, _, digits = by.partition(":")
    kept: list[dict[str, str]] = []
    for row in rows:
        if by and kept and kept[-1][name][: int(digits or 99)] == row[name][: int(digits or 99)]:
            continue
        kept.append(row)
    return kept


def _write_rows(rows: list[dict[str, str]], asked: dict[str, str]) -> Reply:
    limit = int(asked.get("limit", "0") or 0)
    start = int(asked.get("resumeKey", "0") or 0)
    if limit > 0:
        chosen = rows[start : start + limit]
    else:
        chosen = rows[limit:]
    is_cut = limit > 0 and start + limit < len(rows) and asked.get("showResumeKey") == "true"
    if asked.get("fl"):
        names = tuple(asked.get("fl", "").split(","))
    else:
        names = FIELDS
    lines = [choose_fields(names, row) for row in chosen]
    if asked.get("output") == "json":
        table: list[list[str]] = [list(names), *lines] if lines else []
        table += [[], [str(start + limit)]] if is_cut else []
        return Reply(200, (("Content-Type", "application/json"),), json.dumps(table).encode())
    text = "".join(" ".join(line) + "\n" for line in lines) + (f"\n{start + limit}\n" if is_cut else "")
    return Reply(200, (("Content-Type", "text/plain"),), text.encode())


# ------------------------------------------------------------------------------------------------------------ captures


def _answer_capture(world: World, at: str, kind: str | None, url: str) -> Reply:
    """Give what was kept nearest to a moment; another moment than the one asked for is a redirect to it."""
    held = world.archives.find("wayback", url, "exact")
    if any(each.flaw == "excluded" for each in held):
        return html("<h1>Blocked Site Error</h1>", 403, (("x-archive-wayback-runtime-error", _EXCLUDED),))
    held = [each for each in held if each.flaw != "missing"]
    if not held:
        return html("<h1>Not in archive</h1>", 404, (("x-archive-wayback-runtime-error", _NOT_HELD),))
    nearest = min(held, key=lambda each: abs(int(each.at) - int(at.ljust(14, "0"))))
    if nearest.at != at.ljust(14, "0"):
        return Reply(302, (("Location", f"https://{HOST}/web/{nearest.at}{kind or ''}/{nearest.url}"),))
    return _give(nearest, kind or "")


def _give(held: Memento, kind: str) -> Reply:
    """Give a memento with its own status, and its own headers under other names; a redirect leads on within the archive."""
    moment = datetime.strptime(held.at, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    said = format_datetime(moment, usegmt=True)
    told: list[tuple[str, str]] = [
        ("Memento-Datetime", said),
        ("Link", f'<{held.url}>; rel="original", <https://{HOST}/web/timemap/link/{held.url}>; rel="timemap"; '
                 f'type="application/link-format", <https://{HOST}/web/{held.url}>; rel="timegate"'),
        ("x-archive-src", "replica-00000.warc.gz"),
    ]  # fmt: skip
    for name, value in held.headers:
        told.append((f"x-archive-orig-{name.lower()}", value))
        if name.lower() == "content-type":
            told.append((name, value))
        if name.lower() == "location":
            told.append((name, f"https://{HOST}/web/{held.at}{kind}/{urljoin(held.url, value)}"))
    return Reply(held.status, tuple(told), held.body, sent=0.5 if held.flaw == "truncated" else 1.0)


SITES = (Site((HOST,), _answer),)
