"""Web archives that others made -> captures of the posts in them: what was recorded is gathered, judged, and kept as theirs.

A file is read twice at least: first what is at addresses of posts, then the files that these posts name. Articles come in as
they do for a crawl, and a WACZ of ours comes back whole (`importing_whole.py`). Nothing is asked of anybody.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from embedarchive.core import clock
from embedarchive.core.errors import UsageError
from embedarchive.core.model import Exchange, Media, Post
from embedarchive.export.whole import CAPTURES
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.platforms.kit.specification import fill_url
from embedarchive.run.gathering import Gathering, names_file
from embedarchive.run.importing_sheets import import_sheets
from embedarchive.run.importing_whole import import_whole
from embedarchive.run.ledger import Event
from embedarchive.run.prepare import Emit, Prepare, keep_documents, tell_skipped
from embedarchive.run.recorded import (
    JudgedSight,
    Sight,
    Witness,
    gather,
    judge,
    make_capture,
    name_files,
    read_address,
    without_query,
)
from embedarchive.sources import Seed, expand_seeds
from embedarchive.sources.auto_archiver import REPORT, find_sheets
from embedarchive.sources.files import find_web_archives
from embedarchive.sources.intake import Intake
from embedarchive.sources.media import is_platform_page
from embedarchive.sources.recordings import RecordingReader, holds_part
from embedarchive.sources.saved_recordings import find_saved_pages, read_recorded
from embedarchive.store import Archive
from embedarchive.store.recorded import keep_recorded

MOST_BYTES = 16 * 1024 * 1024
"""Of one page or answer; no platform's comes near it."""
MOST_READINGS = 4
"""Times that a file is read for what refers to something else in it."""
NOBODY = "software that does not say its name"

_PICTURES = ("urn:view:", "urn:fullPage:", "urn:fullpage:", "urn:screenshot:")
"""How crawlers name a picture of a page (Browsertrix, Scoop, ourselves)."""
_DOM = "urn:dom:"
_NO_PAGE = ("image/", "video/", "audio/", "font/", "text/css")

# ------------------------------------------------------------------------------------------------------------ gathering


_ANSWERS = re.compile(
    r"https?://[^/]+/api/(?:v\d/(?:videos|statuses|profile)/[^?]+|mobile/\d+/tralbum_details)(?:\?|$)"
)
"""Answers of services that live on any host, or whose address is made by a rule."""


@lru_cache(maxsize=1)
def _services() -> tuple[str, ...]:
    """How the addresses begin at which services tell of a post in a way of their own."""
    probes = (probe.url for platform in PLATFORMS if platform.visit for probe in platform.visit.probes)
    begins = (without_query(url.partition("{")[0]) for url in probes)
    return tuple(sorted({each for each in begins if urlsplit(each).path.strip("/")}))


def find_subject(url: str) -> str | None:
    """The key of the post that a recorded address is about, '' where it may be about one that is not known yet, else None."""
    inner = _page_of(url) or url
    about = read_address(inner)
    if about:
        return about[0].key
    if inner != url:
        return None
    if url.startswith(_services()) or _ANSWERS.match(url):
        return ""
    return None


def _page_of(url: str) -> str | None:
    """The page that a picture or a DOM is of, by the name that its crawler gave it."""
    return next((url.removeprefix(start) for start in (*_PICTURES, _DOM) if url.startswith(start)), None)


def gather_posts(gathering: Gathering, paths: Iterable[Path], only: Collection[str] | None = None) -> None:
    """Read files for what is recorded at addresses of posts, or `only` of those of these keys; of an answer that does not
    say itself which post it is about, it is not known yet. Raises SourceError for a file that cannot be read."""

    def wants(url: str, digest: str | None) -> bool:
        subject = find_subject(url)
        return subject is not None and (only is None or not subject or subject in only)

    reader = RecordingReader(wants, _note(gathering))
    for path in paths:
        for recording in read_recorded(reader, path):
            if not _is_too_much(recording.exchange):
                subject = find_subject(recording.exchange.url)
                gathering.add(recording, subject or None)
                about = read_address(_page_of(recording.exchange.url) or recording.exchange.url)
                if about:
                    gathering.add_post(about[0])
    _claim(gathering)


def _is_too_much(exchange: Exchange) -> bool:
    """Whether a response is no page and no answer about a post, whatever its address says."""
    if exchange.url.startswith("urn:"):
        return False
    said = (exchange.content_type or "").strip().lower()
    return said.startswith(_NO_PAGE) or len(exchange.body or b"") > MOST_BYTES


def _note(gathering: Gathering) -> Any:
    def note(source: str, at: int) -> None:
        if (source, at) not in gathering.damaged:
            gathering.damaged.append((source, at))

    return note


def _claim(gathering: Gathering) -> None:
    """Give answers whose address names their post in a way of the service's own to the posts that were met otherwise."""
    places: dict[str, list[Post]] = {}
    for post in gathering.list_posts():
        visit = BY_NAME[post.platform].visit
        assert visit is not None, "only posts of platforms that can be visited are gathered"
        for probe in visit.probes:
            url = fill_url(probe.url, post, visit)
            if url:
                places.setdefault(without_query(url), []).append(post)
    rows = gathering.conn.execute("SELECT id, url FROM recorded WHERE post IS NULL").fetchall()
    for number, url in rows:
        near = places.get(without_query(url), ())
        claimed = next((post for post in near if read_address(url, post)), None)
        if claimed:
            gathering.conn.execute("UPDATE OR IGNORE recorded SET post = ? WHERE id = ?", (claimed.key, number))


def gather_files(gathering: Gathering, paths: Iterable[Path], most: int = MOST_READINGS) -> None:
    """Read files for the media that the posts name, and for what records refer to."""
    paths, wanted = list(paths), _want_files(gathering)
    for _ in range(most):
        digests, places = gathering.list_missing()
        if not (wanted or digests or places):
            return
        addresses = {url for url, _ in places}

        def wants(url: str, digest: str | None) -> bool:
            return url in wanted or without_query(url) in wanted or digest in digests or url in addresses  # noqa: B023

        reader = RecordingReader(wants, _note(gathering))
        for path in paths:
            for recording in read_recorded(reader, path):
                gathering.add(recording, None)
        wanted = set()


def _want_files(gathering: Gathering) -> set[str]:
    """The addresses of the files that the gathered posts consist of, as named and without what is signed in them."""
    wanted: set[str] = set()
    for post in gathering.list_posts():
        for judged, _ in judge_all(gathering, post):
            for media in name_files(judged):
                if media.url and not media.missing:
                    wanted |= {media.url, without_query(media.url)} if names_file(media.url) else {media.url}
    return wanted


# -------------------------------------------------------------------------------------------------------------- judging


def judge_all(gathering: Gathering, post: Post) -> Iterator[tuple[JudgedSight, Witness]]:
    """What was recorded of a post, a sight a day, each judged, with who saw it."""
    held = gathering.read_post(post)
    by = {id(exchange): (seen_by, source) for exchange, seen_by, source in held}
    responses = [exchange for exchange, _, _ in held if not exchange.url.startswith("urn:")]
    for sight in gather(post, responses):
        first = sight.frame or sight.answers[0][1]
        seen_by, source = by[id(first)]
        dom = _find_made(held, sight, (_DOM,))
        text = ""
        if dom:
            text = (dom.body or b"").decode("utf-8", "replace")
        yield judge(sight, text), Witness("import", seen_by or NOBODY, source)


def _find_made(held: Iterable[tuple[Exchange, str, str]], sight: Sight, kinds: tuple[str, ...]) -> Exchange | None:
    """What a crawler made of the very page that was seen: its picture, or its DOM."""
    pages = {hop.url for hop in sight.hops} | {each.url for _, each in sight.answers}
    pages |= {sight.frame.url} if sight.frame else set()
    made = [e for e, _, _ in held if e.body and e.url.startswith(kinds) and _page_of(e.url) in pages]
    made.sort(key=lambda each: each.url.startswith(_PICTURES[0]))
    return next(iter(made), None)


def keep_posts(gathering: Gathering, archive: Archive, crawl_id: int, emit: Emit, now: str) -> None:
    """Keep what was seen of each post, and tell what was not; nothing else is made of it."""
    for post in gathering.list_posts():
        for judged, witness in judge_all(gathering, post):
            verdict = judged.verdict
            if verdict.outcome != "available":
                emit(Event("import", post.key, verdict.outcome, verdict.reason or ""))
                continue
            pictures = _find_made(gathering.read_post(post), judged.sight, _PICTURES)
            files = _collect(gathering, name_files(judged))
            capture = make_capture(judged, witness, now, files, pictures.body if pictures else None)
            kept = keep_recorded(archive, capture, crawl_id, now)
            outcome = "kept" if kept else "not wanted"
            emit(Event("import", post.key, outcome, f"seen by {witness.seen_by} on {judged.sight.seen_at[:10]}"))


def _collect(gathering: Gathering, wanted: Iterable[Media]) -> Mapping[str, Exchange]:
    found = ((media.url, gathering.find_file(media.url)) for media in wanted if media.url)
    return {url: exchange for url, exchange in found if exchange}


def import_posts(
    archive: Archive, crawl_id: int, paths: Iterable[Path], emit: Emit, now: str, only: Collection[str] | None = None
) -> set[str]:
    """Bring the posts of web archives in, or `only` those of these keys; give the files that hold something of one, by name.

    Raises SourceError for a file that cannot be read.
    """
    files = list(paths)
    with tempfile.TemporaryDirectory(prefix="embedarchive-import-") as folder:
        gathering = Gathering.open(Path(folder))
        with closing(gathering.conn):
            gather_posts(gathering, files, only)
            if only is not None:
                gathering.keep_only(only)
            gather_files(gathering, files)
            keep_posts(gathering, archive, crawl_id, emit, now)
            return gathering.list_sources()


def prepare_import(paths: Iterable[Path], intake: Intake) -> Prepare:
    """Web archives, saved pages, and folders of them: what is in them is all that the run is about.

    Raises UsageError for what is not there.
    """
    named = list(paths)
    if missing := [path for path in named if not path.exists()]:
        raise UsageError(f"{missing[0]} is not here. Give a WACZ or WARC file, or a folder of them. Nothing was done.")

    def prepare(archive: Archive, crawl_id: int, emit: Emit) -> None:
        now = clock.now()
        whole = [path for each in named for path in find_web_archives(each) if holds_part(path, CAPTURES)]
        for path in whole:
            import_whole(archive, crawl_id, path, emit, now)
        sheets = [path for each in named for path in find_sheets(each)]
        import_sheets(archive, crawl_id, sheets, intake, emit, now)
        others = [path for path in named if path not in (*whole, *sheets)]
        seeds = expand_seeds(map(str, others), intake=intake)
        keep_documents(archive, crawl_id, choose_pages(seeds, whole, intake), emit, now)
        archives = [path for each in others for path in find_web_archives(each) if path not in whole]
        archives += [path for each in others for path in find_saved_pages(each)]
        held = import_posts(archive, crawl_id, archives, emit, now)
        forgive(intake, held)
        forgive_sheets(intake, sheets)
        tell_skipped(intake, emit)

    return prepare


def choose_pages(seeds: Iterable[Seed], whole: Collection[Path], intake: Intake) -> Iterator[Seed]:
    """The articles whose page is in hand. What lists, feeds and sitemaps only name is counted: nobody is asked here."""
    for seed in seeds:
        if is_of(seed, whole) or is_platform_page(seed.url):
            continue
        if seed.fetch is None:
            intake.skip(seed.origin, "only_address", seed.url)
            continue
        if REPORT in seed.fetch.body and seed.url.startswith("file:"):
            intake.skip(seed.origin, "about_the_crawl", seed.url)
            continue
        yield seed


def forgive_sheets(intake: Intake, sheets: Collection[Path]) -> None:
    """Let sheets in a folder, which is no list to be crawled, count as read."""
    lost = [
        each
        for each in intake.lost
        if each.reason in ("list_in_folder", "unknown_kind") and Path(each.subject) in sheets
    ]
    intake.lost[:] = [each for each in intake.lost if each not in lost]
    for each in lost:
        intake.skipped[each.reason] -= 1


def forgive(intake: Intake, held: Collection[str]) -> None:
    """Let files without any article count as read that hold something of a post."""
    lost = [each for each in intake.lost if each.reason == "nothing_found" and Path(each.source).name in held]
    intake.lost[:] = [each for each in intake.lost if each not in lost]
    intake.skipped["nothing_found"] -= len(lost)


def is_of(seed: Seed, paths: Iterable[Path]) -> bool:
    """Whether an article was read from one of these files, which come back whole. Pure."""
    return seed.origin.partition("!")[0] in set(map(str, paths))
