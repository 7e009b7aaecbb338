"""The commands that write to an archive, as plain functions: crawl, capture, check.

They keep the same things in the same way as the commands, which call them. Interrupted in the main thread (Ctrl-C, a
notebook's stop button), they finish what is at work and then raise KeyboardInterrupt; a second time drops it. What was
kept stays kept, and the same call again goes on. What happens meanwhile is told to the logger `embedarchive`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from difflib import get_close_matches
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, Unpack, get_args

from embedarchive.core import clock
from embedarchive.core.dates import AGES, read_age, to_iso
from embedarchive.core.errors import UsageError
from embedarchive.core.mementos import SOURCES, Source
from embedarchive.core.model import Post
from embedarchive.detect.anything import find_pasted
from embedarchive.detect.bounded import search_page
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.run.failures import FailureTable
from embedarchive.run.ledger import Event, ReplayChoice
from embedarchive.run.plan import (
    MOST_SEARCHED,
    CrawlPlan,
    Subjects,
    gather_addresses,
    gather_due,
    make_plan,
    read_averages,
)
from embedarchive.run.prepare import gather_handed_in, prepare_capture, prepare_check, prepare_crawl, prepare_watch
from embedarchive.run.report import Report, Tally
from embedarchive.run.services import Settings, SettingsOptions, make_settings
from embedarchive.run.session import Watcher, run_apart, run_session
from embedarchive.run.watch import Watch
from embedarchive.sources import LinkScope, expand_seeds
from embedarchive.sources.article_url import spell_seed
from embedarchive.sources.intake import Intake
from embedarchive.sources.seeds import Scan
from embedarchive.sources.versions import FeedVersions
from embedarchive.sources.walk import choose_seeds
from embedarchive.store import Archive, archive_path, open_reader
from embedarchive.store.collections import refuse_unknown
from embedarchive.store.forgetting import Brought

Reach = Literal["prefix", "host", "domain"]
REPLAYS: Mapping[bool | None, ReplayChoice] = {True: "all", None: "sample", False: "none"}

log = logging.getLogger("embedarchive")


def crawl(
    *seeds: str | Path,
    archive: str | Path = "archive",
    base_url: str | None = None,
    column: str | None = None,
    refresh: timedelta = timedelta(days=1),
    render: bool = False,
    in_article: bool = False,
    follow: bool = False,
    scope: Reach = "host",
    depth: int = 3,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    since: str | None = None,
    limit: int | None = None,
    by_reference: bool = False,
    report: str | Path | None = None,
    platforms: Sequence[str] = (),
    replay: bool | None = None,
    watcher: Watcher | None = None,
    **settings: Unpack[SettingsOptions],
) -> Report:
    """Fetch articles, find the posts they embed, capture and keep them.

    A seed is an article's URL, a sitemap, a feed, a saved page, a folder of them, a web archive (WARC, ARC, WACZ), a table
    (CSV, TSV), a browser's bookmarks, or `@FILE` with one seed a line; what of it is not taken, the report says. Without a seed
    it goes on with all that the archive says is due. The archive is made if there is none.

    `base_url` is the address of a saved article that does not say its own, `column` the heading or number of the column of
    a table that holds addresses (else it is found). What was fetched longer ago than `refresh` is fetched again. `render`
    also searches what an article's scripts made of it, `in_article` photographs every post in its article too. `follow`
    follows links from the seeds within `scope`, `depth` links at most; `include` and `exclude` are regular expressions that
    addresses must and must not match, whatever named them, and where they lead (a seed that is not included is read for what it
    lists or links to, and is no article); `since` (a date, or an age as `7d`) leaves out what sitemaps and feeds say changed
    before, and what was saved or archived before; `limit` is the most articles. Of pages out of web archives only the
    place and the digest are kept `by_reference`, no copy. `report` is a CSV file in which every failure
    is listed, with its reason and what to do. `platforms` are those whose posts are visited; what is due of others stays due.
    `replay` shows captures again from the archive alone, and keeps how much of it
    came back: all, none (False), or (None) a sample at once and others while the browser would wait.
    For `settings` see `SettingsOptions`.

    Raises UsageError and SourceError for what cannot be meant or read, BrowserMissing when there are posts to capture and
    nothing to do it with, ArchiveLocked, NotAnArchive, NewerArchive and DamagedArchive for a file that cannot be written
    to, DiskFull when nothing more can be kept. A post or an article that could not be had is no error: the report says so.
    """
    names, intake, versions = tuple(map(str, seeds)), Intake(), FeedVersions()
    links = make_scope(names, scope, depth if follow else 0, include, exclude, since)
    chosen, world = choose_platforms(platforms), make_settings(**settings)
    if by_reference and follow:
        raise UsageError("Links are followed in pages that are kept; --by-reference keeps none. Nothing was done.")
    bounds: dict[str, Any] = {"scope": links, "limit": limit, "fresh_since": clock.later(-refresh.total_seconds())}
    options = {
        "render": render, "in_article": in_article, "follow": follow, "scope": scope if follow else "",
        "depth": links.depth, "include": include, "exclude": exclude, "since": since, "limit": limit,
        "platforms": chosen, "replay": REPLAYS[replay], "by_reference": by_reference,
    }  # fmt: skip
    watched = watch_failures(watcher, report)
    with reading_archives(names, world, watched, by_reference=by_reference) as scan:
        sources = expand_seeds(names, base_url=base_url, column=column, intake=intake, scan=scan)
        prepare = prepare_crawl(sources, intake, versions, all_due=not seeds, by_reference=by_reference, **bounds)
        return run_session(
            archive_path(archive), "crawl", world, say_options(options, world), prepare, watched,
            versions=versions, replay=REPLAYS[replay], **bounds,
        )  # fmt: skip


def watch_failures(watcher: Watcher | None, report: str | Path | None) -> Watcher:
    """Whoever is told what happens, if nobody the log; with a `report`, a table of failures is written beside it."""
    watched: Watcher = watcher or LogWatcher()
    if report is None:
        return watched
    return FailureTable(Path(report), watched)


@contextmanager
def reading_archives(
    names: Sequence[str], settings: Settings, watcher: Watcher, *, by_reference: bool
) -> Iterator[Scan | None]:
    """How web archives are read: file by file, side by side; (None) one after another, as seeds, where there can be none."""
    if not may_hold_archives(names):
        yield None
        return
    from embedarchive.run.scanning import make_scan  # it brings warcio

    options = {"obstacles": True}
    with make_scan(settings.farm, options, refer=by_reference, copy=not by_reference, note=watcher.note) as scan:
        yield scan.expand


def may_hold_archives(names: Sequence[str]) -> bool:
    """Whether seeds may be files that are searched side by side: not what comes by a pipe, which is taken as it comes."""
    return "-" not in names and not all(name.startswith(("http://", "https://")) for name in names)


def plan(
    *seeds: str | Path,
    archive: str | Path = "archive",
    base_url: str | None = None,
    column: str | None = None,
    refresh: timedelta = timedelta(days=1),
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    since: str | None = None,
    limit: int | None = None,
    platforms: Sequence[str] = (),
    intake: Intake | None = None,
    **settings: Unpack[SettingsOptions],
) -> CrawlPlan:
    """Say what `crawl` with these would cost, and send nothing: what lists on the web name is not known before they are read.

    Pages in hand are searched, 200 of them at most. Raises UsageError and SourceError for what cannot be meant or read,
    NotAnArchive, NewerArchive and DamagedArchive for an archive that cannot be read; there need not be one.
    """
    names, path = tuple(map(str, seeds)), archive_path(archive)
    links, chosen = make_scope(names, "host", 0, include, exclude, since), choose_platforms(platforms)
    world, counted = make_settings(**settings), Intake() if intake is None else intake
    sources = choose_seeds(expand_seeds(names, base_url=base_url, column=column, intake=counted), links, counted)
    subjects = Subjects()
    with ExitStack() as stack:
        conn = None
        if path.exists():
            conn = stack.enter_context(closing(open_reader(path)))
        if conn and not seeds:
            gather_due(conn, subjects)
        fresh_since = clock.later(-refresh.total_seconds())
        taken = chain(islice(sources, limit), gather_handed_in(path))
        for seed in gather_addresses(conn, taken, subjects, fresh_since):
            assert seed.fetch is not None, "only pages in hand come here"
            if subjects.searched < MOST_SEARCHED:
                page = search_page(seed.fetch.body, url=seed.fetch.final_url, content_type=seed.fetch.content_type)
                subjects.add_found(run_apart(page), conn)
        averages = read_averages(conn, film=world.limits.film, max_bytes=world.limits.max_bytes)
    return make_plan(subjects, averages, platforms=chosen, limit=limit, delay=world.delay, tabs=world.tabs)


def capture(
    *posts: str,
    archive: str | Path = "archive",
    again: bool = False,
    platforms: Sequence[str] = (),
    replay: bool | None = None,
    watcher: Watcher | None = None,
    **settings: Unpack[SettingsOptions],
) -> Report:
    """Capture posts by their own address, in any form of it, and keep them. The archive is made if there is none.

    What is preserved already is left alone, except with `again`; of a mixed list, so are posts of other
    than `platforms`. `replay` is as for `crawl`. For `settings` see
    `SettingsOptions`; what is raised is what `crawl` raises, UsageError also for an address that is no post's.
    """
    chosen = choose_platforms(platforms)
    prepare = prepare_capture(list(identify_all(posts)), again=again, platforms=chosen)
    world = make_settings(**settings)
    options = say_options({"again": again, "platforms": chosen, "replay": REPLAYS[replay]}, world)
    path = archive_path(archive)
    return run_session(path, "capture", world, options, prepare, watcher or LogWatcher(), replay=REPLAYS[replay])


def import_files(*files: str | Path, archive: str | Path = "archive", watcher: Watcher | None = None) -> Report:
    """Bring in what others recorded: web archives (WACZ, WARC, ARC), saved pages, auto-archiver's sheets, and folders of them.

    Nothing is asked of anybody.

    Posts in them become captures that say who saw them; articles come in as they do for `crawl`, their posts are due for it.
    A WACZ that `export` wrote comes back whole. Kept twice, a thing is there once. `imported` of the report says what became
    of what was recorded of posts. Raises UsageError for a file that is not here, SourceError for one that cannot be read, and
    what `crawl` raises for an archive that cannot be written to.
    """
    from embedarchive.run.importing import prepare_import  # which reads web archives and pictures, as few commands do

    intake, named = Intake(), [Path(each) for each in files]
    options = {"files": [path.name for path in named]}
    prepare = prepare_import(named, intake)
    return run_session(
        archive_path(archive), "import", make_settings(), options, prepare, watcher or LogWatcher(), offline=True
    )


def recover(
    *posts: str,
    archive: str | Path = "archive",
    files: Sequence[str | Path] = (),
    sources: Sequence[str] = (),
    dry_run: bool = False,
    thorough: bool = False,
    unresolved: bool = False,
    watcher: Watcher | None = None,
    **settings: Unpack[SettingsOptions],
) -> Report:
    """Ask others for posts that are gone: these, or all that are gone and of which nothing is held.

    The `sources` are asked in order, or those of them that are named: `archive` (what its articles say), `files` (archives of
    ours, web archives, folders of both), `wayback`, `articles` (their older versions there), `commoncrawl`,
    `cdn` (the platform's own server, for files whose addresses were kept earlier: no proof of the post by themselves). What the
    platform's rules see as the very post is kept, as seen by whoever saw it. With `dry_run` only who holds what is asked and
    kept; `thorough` asks for every address and goes on after the first find. With `unresolved` it asks instead for older
    versions of articles whose embeds name no post: what they name are candidates (`library.possible`), and nothing is linked.
    `recovery` of the report says what came of it. For `settings` see `SettingsOptions`; what is raised is what `check` raises,
    UsageError also for an address that is no post's, a source that is none, and a file that is not there.
    """
    from embedarchive.run.prepare_recovery import prepare_recovery  # which reads web archives and pictures
    from embedarchive.run.recovering import Recover

    path, named = archive_path(archive), list(identify_all(posts))
    open_reader(path).close()  # nothing is lost of an archive that there is not
    chosen = choose_sources(sources)
    choice = Recover(chosen, dry_run=dry_run, thorough=thorough, unresolved=unresolved)
    prepare = prepare_recovery(named, choice, map(Path, files))
    world = make_settings(**settings)
    options = {
        "sources": chosen,
        "dry_run": dry_run,
        "thorough": thorough,
        "unresolved": unresolved,
        "files": [Path(each).name for each in files],
    }
    return run_session(
        path, "recover", world, say_options(options, world), prepare, watcher or LogWatcher(), recover=choice
    )


def choose_sources(names: Sequence[str]) -> tuple[Source, ...]:
    """The sources of these names (all where none is named), in the order in which they are asked. Raises UsageError."""
    wanted = {part.strip() for name in names for part in name.split(",") if part.strip()}
    if unknown := sorted(wanted - set(SOURCES)):
        raise UsageError(f"There is no source {unknown[0]!r}; there are {', '.join(SOURCES)}. Nothing was done.")
    return tuple(source for source in SOURCES if not wanted or source in wanted)


def check(
    archive: str | Path = "archive",
    *,
    older_than: timedelta = timedelta(0),
    limit: int | None = None,
    platforms: Sequence[str] = (),
    collection: str | None = None,
    replay: bool | None = None,
    watcher: Watcher | None = None,
    **settings: Unpack[SettingsOptions],
) -> Report:
    """Visit preserved posts again and record, with evidence, whether each is still there.

    Only those of `platforms` (of all, if none is named), and of a `collection` if one is, last looked at longer ago than
    `older_than`, at most `limit` of them, those unseen for longest first.
    `replay` is as for `crawl`, of captures made before: a check's own keep no media. For `settings` see `SettingsOptions`;
    what is raised is what `crawl` raises, ArchiveError also when there is no archive.
    """
    path, chosen = archive_path(archive), choose_platforms(platforms)
    with closing(open_reader(path)) as conn:  # a check makes no archive
        if collection is not None:
            refuse_unknown(conn, collection)
    prepare = prepare_check(seen_before=clock.later(-older_than.total_seconds()), limit=limit)
    world = make_settings(**settings)
    options = say_options(
        {
            "older_than_s": older_than.total_seconds(),
            "limit": limit,
            "platforms": chosen,
            "replay": REPLAYS[replay],
            **({"collection": collection} if collection else {}),
        },
        world,
    )
    return run_session(
        path, "check", world, options, prepare, watcher or LogWatcher(), media=False, replay=REPLAYS[replay]
    )


def watch(
    archive: str | Path = "archive",
    *,
    choice: Watch | None = None,
    replay: bool | None = None,
    watcher: Watcher | None = None,
    **settings: Unpack[SettingsOptions],
) -> Report:
    """Do once what is due of a watched archive, and tell what changed.

    Posts are observed that are due (`posts_to_observe`), within what `choice` allows of each platform a day; articles and feeds
    are read again whose time has come, and posts that are new in them captured. `newly_lost` of the report are the posts that
    were found gone and nobody was told of. For `settings` see `SettingsOptions`; what is raised is what `check` raises.
    """
    path = archive_path(archive)
    asked = choice or Watch()
    with closing(open_reader(path)) as conn:
        if asked.collection is not None:
            refuse_unknown(conn, asked.collection)
    world = make_settings(**settings)
    options: dict[str, object] = {
        "budgets": dict(asked.budgets),
        "per_day": asked.per_day,
        "longest_d": asked.longest_d,
    }
    if asked.collection is not None:
        options["collection"] = asked.collection
    return run_session(
        path, "watch", world, say_options(options | {"replay": REPLAYS[replay]}, world), prepare_watch(asked),
        watcher or LogWatcher(), media=False, replay=REPLAYS[replay], watch=asked,
    )  # fmt: skip


def release(platform: str, archive: str | Path = "archive") -> tuple[int, int]:
    """Let the losses of a platform that are withheld count, as somebody who has looked into them.

    Gives how many holds there were, and of how many posts it was concluded anew where they stand. Raises UsageError for
    what is no platform, ArchiveError when there is no archive, ArchiveLocked, NotAnArchive, NewerArchive and DamagedArchive
    for a file that cannot be written to.
    """
    if platform not in BY_NAME:
        raise UsageError(f"There is no platform {platform!r} (see: embedarchive platforms). Nothing was done.")
    path = archive_path(archive)
    open_reader(path).close()  # nothing can be withheld in an archive that there is not
    with Archive(path, platforms=PLATFORMS) as held:
        return held.release_holds(platform, "person", clock.now()), held.conclude_all()


def forget(*seeds: str | Path, archive: str | Path = "archive", dry_run: bool = False) -> Brought:
    """Take out of the plan what these seeds brought to `crawl` and nothing else did; with `dry_run` only say what that is.

    What was seen stays, and to crawl a seed again takes all of it back. Raises UsageError where the archive knows of nothing
    that they brought, ArchiveError when there is no archive, ArchiveLocked, NotAnArchive, NewerArchive and DamagedArchive for
    a file that cannot be written to.
    """
    path, names = archive_path(archive), list(map(str, seeds))
    open_reader(path).close()
    spelled = {spelling for name in names for spelling in spell_seed(name)}
    with Archive(path, platforms=PLATFORMS) as held:
        brought = held.find_brought(spelled)
        if brought.is_nothing:
            raise UsageError(
                f"Nothing in {path} was brought by {', '.join(names)}. Write the seed as it was given to crawl. "
                "Nothing was done."
            )
        if not dry_run:
            held.forget(brought, clock.now())
    return brought


def trust_clock(archive: str | Path = "archive") -> tuple[int, int]:
    """Believe this machine's clock, and not the runs that were after what it says now.

    Gives how many runs are believed again that were marked for being before those, and how many are no more. Raises
    ArchiveError when there is no archive, ArchiveLocked, NotAnArchive, NewerArchive and DamagedArchive for a file that cannot
    be written to.
    """
    path = archive_path(archive)
    open_reader(path).close()
    with Archive(path, platforms=PLATFORMS) as held:
        changed = held.trust_clock(clock.now())
        held.conclude_all()
        return changed


def choose_platforms(names: Sequence[str]) -> tuple[str, ...]:
    """The platforms of these names, each of which may be several with commas. Raises UsageError for what is none."""
    chosen = tuple(dict.fromkeys(part.strip().lower() for name in names for part in name.split(",") if part.strip()))
    if unknown := [name for name in chosen if name not in BY_NAME]:
        near = get_close_matches(unknown[0], BY_NAME, 1)
        meant = ""
        if near:
            meant = f"Did you mean {near[0]}? "
        raise UsageError(
            f"There is no platform {unknown[0]!r}. {meant}There are {', '.join(sorted(BY_NAME))}. Nothing was done."
        )
    return chosen


def identify_all(posts: Sequence[str]) -> Iterator[Post]:
    """The posts that these addresses name, whatever they stand in. Raises UsageError for a text that names none."""
    for text in posts:
        named = find_pasted(text)
        if not named:
            raise UsageError(
                f"{text} is no post of a platform this version knows (see: embedarchive platforms). Nothing was done."
            )
        yield from named


def make_scope(
    seeds: Sequence[str],
    scope: Reach,
    depth: int,
    include: Sequence[str],
    exclude: Sequence[str],
    since: str | None,
) -> LinkScope:
    """The links that are followed. Raises UsageError for what is no scope, no regular expression, no date and no age."""
    if scope not in get_args(Reach):
        raise UsageError(f"There is no scope {scope!r}; there are {', '.join(get_args(Reach))}.")
    for pattern in (*include, *exclude):
        try:
            re.compile(pattern)
        except re.error as error:
            raise UsageError(f"{pattern!r} is no regular expression ({error}). Nothing was done.") from error
    return LinkScope(tuple(seeds), scope, depth, tuple(include), tuple(exclude), read_since(since))


def read_since(since: str | None) -> str | None:
    """The date that is meant, as ISO 8601: a date, a year, a month, or an age (`7d`, `12h`) before now. Raises UsageError."""
    text = (since or "").strip()
    if not text:
        return None
    age = None
    if text[-1:].lower() in AGES:
        age = read_age(text)
    if age is not None:
        return clock.later(-age.total_seconds())
    try:
        padded = {4: f"{text}-01-01", 7: f"{text}-01"}.get(len(text), text)
        if len(padded) != len(text) and date.fromisoformat(padded):
            return text
        return to_iso_date(text)
    except ValueError:
        raise UsageError(
            f"{since!r} is no date and no age; write 2026-01-31, 2026-01 or 7d. Nothing was done."
        ) from None


def to_iso_date(text: str) -> str:
    """A date or a time as dates of listings are compared to: a time in UTC. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if len(text) <= 10:
        return moment.date().isoformat()
    return to_iso(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def say_options(options: Mapping[str, object], settings: Settings) -> dict[str, object]:
    """What the archive keeps of how a run was asked for; nothing of the machine, and nothing of a login."""
    chosen = {name: value for name, value in options.items() if value}
    if not settings.limits.film:
        chosen["no_film"] = True
    if settings.limits.max_bytes is not None:
        chosen["max_bytes"] = settings.limits.max_bytes
    world: dict[str, object] = {"delay": settings.delay, "tabs": settings.tabs}
    if settings.farm:
        world["farm"] = settings.farm
    return chosen | {"settings": world | ({"proxy": settings.proxy.label} if settings.proxy else {})}


class LogWatcher:
    """Tells the logger `embedarchive` what happens: events as INFO, what the user should know as WARNING."""

    def begin(self, tally: Tally) -> None:
        pass

    def emit(self, event: Event) -> None:
        if event.what == "fault":
            level = logging.WARNING
        else:
            level = logging.INFO
        log.log(level, "%s %s: %s %s", event.what, event.outcome, event.subject, event.detail)

    def note(self, text: str) -> None:
        log.warning("%s", text)

    def end(self, report: Report) -> None:
        log.info("%s: %s", report.ended, report.archive)
