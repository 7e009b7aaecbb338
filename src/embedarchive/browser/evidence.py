"""What a visit brought back -> a capture: second looks, the verdict, the media before their addresses expire."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from embedarchive.browser.launch import Chrome, describe_environment
from embedarchive.browser.limits import VisitLimits
from embedarchive.browser.pictures import Picture, size_of, sniff
from embedarchive.browser.redact import redact_headers, redact_url
from embedarchive.browser.tab import ScreenshotFormat
from embedarchive.browser.visit import Visit
from embedarchive.core import clock
from embedarchive.core.completeness import NO_FILM, over_bytes, tell_what
from embedarchive.core.decode import decode_html
from embedarchive.core.image_hash import hash_picture
from embedarchive.core.model import Answer, Artifact, Capture, Description, Exchange, Fetch, Media, Post, Sign, Verdict
from embedarchive.core.version import __version__
from embedarchive.fetch import NAVIGATION_HEADERS, FetchLimits
from embedarchive.platforms.kit.outcomes import read_retry_after
from embedarchive.platforms.kit.specification import Probe, Visitable, fill_url

PROBE_LIMITS = FetchLimits(total_s=180.0, max_bytes=8 * 1024 * 1024)
MEDIA_LIMITS = FetchLimits(total_s=900.0, max_bytes=128 * 1024 * 1024)
MAX_MEDIA = 80
"""Files kept of one post; more than any platform allows in one."""
_AT_ONCE = 4
_MEDIA_TYPES = ("image/", "video/", "audio/")
_BROKEN_OFF = frozenset({"reset", "connection", "incomplete"})
"""A connection that ended too soon, as idle ones do when they are used again: worth a second try at once."""
_EXPECTED = {
    "media": ("image/", "video/", "audio/"),
    "poster": ("image/",),
    "avatar": ("image/",),
    "subtitles": ("text/vtt",),
}


class Asks(Protocol):
    """What second looks and files are asked by: a `Fetcher`, or what opens one when it is first needed."""

    async def fetch(
        self, url: str, *, headers: Mapping[str, str] | None = None, limits: FetchLimits | None = None
    ) -> Fetch: ...


@dataclass
class _Haul:
    """Media that were kept, and what was not."""

    artifacts: list[Artifact] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


async def conclude(
    seen: Visit,
    picture: Picture | None,
    post: Post,
    visit: Visitable,
    fetcher: Asks,
    chrome: Chrome,
    screenshot_format: ScreenshotFormat,
    *,
    media: bool,
    limits: VisitLimits,
) -> Capture:
    """Turn a visit into the capture of its post; a file that sends nothing for `limits.idle_s` is not waited for."""
    verdict = await _judge(seen, post, visit, fetcher, chrome.user_agent)
    verdict = _insist_on_picture(verdict, picture)
    haul = _Haul()
    if verdict.outcome in ("available", "unavailable"):
        description = visit.describe(seen.page, post)
        await _collect(description, seen, fetcher, chrome.user_agent, haul, limits, media=media)
        haul.artifacts[:] = await asyncio.to_thread(_hash_pictures, haul.artifacts)
    missing = [*haul.missing, *(f"image did not load: {url}" for url in seen.broken)]
    missing += ["screenshot: cut at the tallest picture that can be taken"] if seen.cut else []
    missing += [f"screenshot: timeout ({what} still on their way)" for what in seen.unseen]
    headers = {name.lower(): value for name, value in seen.page.headers}
    return Capture(
        post=post,
        visit_url=seen.page.url,
        final_url=redact_url(seen.page.final_url),
        started_at=seen.started_at,
        finished_at=clock.now(),
        verdict=verdict,
        status=seen.page.status,
        # A picture of a refusal is no picture of the post; what was answered is kept all the same.
        artifacts=(*_picture_artifacts(seen, None if verdict.embedding == "refused" else picture), *haul.artifacts),
        exchanges=tuple(_leave_out(each, limits) for each in (*seen.exchanges, *haul.exchanges)),
        alterations=tuple(seen.alterations),
        missing=tuple(missing) if verdict.outcome == "available" else (),
        environment=_environment(seen, visit, chrome, screenshot_format),
        retry_after_s=read_retry_after(headers.get("retry-after"), clock.now()),
    )


# -------------------------------------------------------------------------------------------------------------- verdict


async def _judge(seen: Visit, post: Post, visit: Visitable, fetcher: Asks, user_agent: str) -> Verdict:
    """Judge the page; where it is an answer but not the post, look a second time before saying why.

    A wall is met with silence: whoever keeps us out is asked nothing more.
    """
    verdict = visit.classify(seen.page, post)
    always = [p for p in visit.probes if p.when == "always"]
    if always and verdict.outcome != "blocked":
        await _ask(always, seen, post, visit, fetcher, user_agent)
        verdict = visit.classify(seen.page, post)
    wanted = _PROBES_AFTER.get(verdict.outcome)
    probes = [p for p in visit.probes if p.when == wanted]
    if not probes:
        return verdict
    await _ask(probes, seen, post, visit, fetcher, user_agent)
    return visit.classify(seen.page, post)


_PROBES_AFTER = {"unavailable": "doubt", "gone": "doubt", "available": "available"}
"""Which probes are asked after which verdict of the page itself; after any other, none."""


async def _ask(
    probes: Iterable[Probe], seen: Visit, post: Post, visit: Visitable, fetcher: Asks, user_agent: str
) -> None:
    """Put each probe's answer into the page, and its exchange into the evidence."""
    for probe in probes:
        url = fill_url(probe.url, post, visit)
        if not url:
            continue  # nobody can be asked about this very post
        headers = {
            "User-Agent": user_agent,
            "Accept": "application/json, */*;q=0.1",
            "Accept-Language": "en-US,en;q=0.9",
        }
        headers |= NAVIGATION_HEADERS if probe.navigate else {}
        fetch = await fetcher.fetch(url, headers=headers, limits=PROBE_LIMITS)
        body = decode_html(fetch.body, fetch.content_type)
        if fetch.status is None:
            error = fetch.reason
        else:
            error = fetch.truncated
        answer = Answer(probe.name, url, fetch.status, fetch.final_url, body, error)
        seen.page = replace(seen.page, answers=(*seen.page.answers, answer))
        seen.exchanges.append(_exchange(fetch, headers, f"probe:{probe.name}"))


def _exchange(fetch: Fetch, headers: Mapping[str, str], kind: str) -> Exchange:
    return Exchange(
        url=redact_url(fetch.final_url),
        status=fetch.status,
        request_headers=redact_headers(headers.items()),
        response_headers=redact_headers(fetch.headers),
        body=fetch.body if fetch.status is not None else None,
        content_type=fetch.content_type,
        resource_type=kind,
        remote_address=fetch.remote_address,
        started_at=fetch.fetched_at,
        elapsed_ms=fetch.elapsed_ms,
        truncated=fetch.truncated,
        error=fetch.reason if fetch.status is None else None,
    )


def _insist_on_picture(verdict: Verdict, picture: Picture | None) -> Verdict:
    """A post that left no picture, or one of a single colour, was not seen; unless it was seen beside its frame."""
    is_framed = verdict.outcome == "available" and verdict.embedding != "refused"
    if not is_framed or (picture and not picture.blank):
        return verdict
    saw = "none"
    if picture:
        saw = "one colour all over"
    return Verdict("error", "blank", (*verdict.signs, Sign("something on the screenshot", "screenshot", saw)))


# ---------------------------------------------------------------------------------------------------------------- media


async def _collect(
    description: Description,
    seen: Visit,
    fetcher: Asks,
    user_agent: str,
    haul: _Haul,
    limits: VisitLimits,
    *,
    media: bool,
) -> None:
    """Keep the bytes of every file the description names: from what the page loaded, else (with `media`) fetched at once."""
    wanted = description.media[:MAX_MEDIA]
    haul.missing += (f"{m.name}: too_many" for m in description.media[MAX_MEDIA:])
    haul.missing += (f"{m.name}: {m.missing}" for m in wanted if m.missing)
    slots = asyncio.Semaphore(_AT_ONCE)
    headers = {"User-Agent": user_agent, "Accept": "*/*", "Referer": seen.page.url}
    films = {m.url for m in wanted if not limits.film and m.role == "media" and tell_what(m, description) == "film"}
    found: dict[str, Exchange | None] = {
        m.url: seen.bodies.get(m.url) for m in wanted if not m.missing and m.url not in films
    }
    most = min(MEDIA_LIMITS.max_bytes, limits.max_bytes or MEDIA_LIMITS.max_bytes)
    allowed = replace(MEDIA_LIMITS, idle_s=limits.idle_s, max_bytes=most)

    async def bring(url: str) -> None:
        async with slots:
            got = await fetcher.fetch(url, headers=headers, limits=allowed)
            if (got.truncated or got.reason) in _BROKEN_OFF:
                got = await fetcher.fetch(url, headers=headers, limits=allowed)
        found[url] = _exchange(got, headers, "media")
        haul.exchanges.append(_exchange(got, headers, "media"))

    if media:
        await asyncio.gather(*(bring(url) for url, exchange in found.items() if exchange is None))
    for each in wanted:
        if each.url in films and not each.missing:
            haul.missing.append(f"{each.name}: {NO_FILM}")
        elif not each.missing:
            _keep(each, found[each.url], haul, limits)


def _keep(media: Media, exchange: Exchange | None, haul: _Haul, limits: VisitLimits) -> None:
    """Keep one file if its bytes are what they should be, and wanted; else say why not."""
    body = exchange.body if exchange else None
    kind = sniff(body) if body else None
    unwanted = None
    if exchange:
        unwanted = _find_unwanted(exchange, kind, limits)
    if unwanted:
        haul.missing.append(f"{media.name}: {unwanted}")
    elif exchange is None:
        haul.missing.append(f"{media.name}: not_asked")
    elif not body or exchange.status not in (200, 203, 206):
        why = exchange.error or (f"http_{exchange.status}" if exchange.status else "no_answer")
        haul.missing.append(f"{media.name}: {why}")
    elif kind is None or not kind.startswith(_EXPECTED[media.role]):
        haul.missing.append(f"{media.name}: no_media_file")
    else:
        if exchange.truncated:
            haul.missing.append(f"{media.name}: {exchange.truncated} (the beginning is kept)")
        width, height = size_of(body) if kind.startswith("image/") else (media.width, media.height)
        haul.artifacts.append(
            Artifact(media.role, body, kind, media.position, media.url, width, height, media.alt, exchange.truncated)
        )


def _find_unwanted(exchange: Exchange, kind: str | None, limits: VisitLimits) -> str | None:
    """Why a media file that came is not to be kept, if it is not; `kind` is its type by its bytes."""
    kind, body = kind or "", exchange.body or b""
    if not limits.film and kind.startswith("video/"):
        return NO_FILM
    most = limits.max_bytes
    if most is None or not kind.startswith(_MEDIA_TYPES):
        return None
    too_large = len(body) > most or (exchange.truncated == "too_large" and most < MEDIA_LIMITS.max_bytes)
    if too_large:
        return over_bytes(most)
    return None


def _leave_out(exchange: Exchange, limits: VisitLimits) -> Exchange:
    """The exchange without the bytes of a media file that is not to be kept."""
    if limits.film and limits.max_bytes is None:
        return exchange
    said = (exchange.content_type or "").lower()
    kind = (sniff(exchange.body) if exchange.body else None) or said
    unwanted = _find_unwanted(exchange, kind, limits)
    if unwanted and exchange.body is not None:
        return replace(exchange, body=None, truncated=unwanted)
    return exchange


def _hash_pictures(artifacts: Iterable[Artifact]) -> list[Artifact]:
    """The same, so that their pictures can be found by an image hash; faces in avatars are nobody's post."""
    shown = ("media", "poster")
    return [replace(a, dhash=hash_picture(a.body)) if a.role in shown and _is_picture(a) else a for a in artifacts]


def _is_picture(artifact: Artifact) -> bool:
    return artifact.content_type.startswith("image/")


# ------------------------------------------------------------------------------------------------------------- the rest


def _picture_artifacts(seen: Visit, picture: Picture | None) -> list[Artifact]:
    artifacts = []
    cut = "too_tall" if seen.cut else None
    if seen.screenshot and picture:
        kind = sniff(seen.screenshot) or "image/png"
        artifacts += [
            Artifact(
                "screenshot", seen.screenshot, kind, 0, None, picture.width, picture.height, None, cut, picture.dhash
            ),
            Artifact("thumbnail", picture.thumbnail, "image/jpeg", 0, None, *picture.thumbnail_size),
        ]
    if seen.page.dom:
        dom = seen.page.dom.encode("utf-8", "replace")
        artifacts.append(Artifact("dom", dom, "text/html; charset=utf-8", url=redact_url(seen.page.final_url)))
    return artifacts


def _environment(seen: Visit, visit: Visitable, chrome: Chrome, screenshot_format: ScreenshotFormat) -> dict[str, Any]:
    """Everything that shaped what was seen, so that another visitor can tell why he sees something else."""
    noted = {
        "settled": seen.settled, "late": seen.late, "popups_closed": seen.popups, "dialogs_closed": seen.dialogs,
        "page_error": seen.page.error, "page_truncated": seen.page.truncated,
    }  # fmt: skip
    return {
        "tool": "embedarchive",
        "tool_version": __version__,
        **describe_environment(chrome),
        "viewport": [visit.frame.width, visit.frame.height],
        "scale": screenshot_format.scale,
        "screenshot": f"{screenshot_format.kind} {screenshot_format.quality}",
        "language": "en-US",
        "time_zone": "UTC",
        "timings": seen.timings,
        **{name: value for name, value in noted.items() if value},
    }
