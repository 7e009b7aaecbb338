"""The commands about the machine: doctor, install."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import sys
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextlib import closing
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click
from rich.table import Table
from rich.text import Text

from embedarchive.cli.console import open_console
from embedarchive.cli.options import DOOR_OPTIONS, archive_option, take_settings, with_options
from embedarchive.core.dates import to_iso
from embedarchive.core.errors import DamagedArchive, EmbedArchiveError, ExitCode, UsageError
from embedarchive.show.words import printable
from embedarchive.store import archive_path
from embedarchive.store.faults import has_reset_fault

if TYPE_CHECKING:
    from embedarchive.cli.configuration import ConfigFile
    from embedarchive.egress import Upstream
    from embedarchive.run.services import Settings

Examined = tuple[bool, str]
"""Whether it is well, and what was seen (with the remedy, if not)."""


@click.command()
@click.argument("topic", nargs=-1, metavar="[config [COMMAND]]")
@archive_option
@click.option(
    "--live",
    is_flag=True,
    help="Ask the platforms and web archives, too, whether what is assumed of them still holds (some fifty requests).",
)
@click.option("--full", is_flag=True, help="Let SQLite look through the whole archive, which reads all of it.")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="NAME",
    help="With --live: ask only this platform, or wayback or commoncrawl.",
)
@click.option("--lift", metavar="HOST", help="Let a host be asked again that asked to be left alone; do nothing else.")
@with_options(DOOR_OPTIONS)
def doctor(
    topic: tuple[str, ...],
    archive: str,
    live: bool,
    full: bool,
    platforms: tuple[str, ...],
    lift: str | None,
    **values: Any,
) -> int:
    """Say whether this machine can do the work: browser, fonts, disk, SQLite, the network door, hosts to be left alone.

    Nothing is sent out, except with --live: then it says which assumptions of docs/reality.md hold, which do not, and
    which could not be asked. Those about a post that is there are asked of the archive's own posts, where it has some.

    With `config` it says instead which options files and the environment set, and which file or variable; with a COMMAND,
    all options of that one.

    \b
    embedarchive doctor --live --platform instagram
    embedarchive doctor config
    embedarchive doctor config crawl
    """
    if topic:
        return tell_config(topic, archive)
    if lift is not None:
        return lift_host(lift)
    settings = take_settings(values)
    code = examine_machine(archive, settings.browser_path, settings.proxy, full=full)
    if live:
        asked = asyncio.run(examine_platforms(settings, archive_path(archive), platforms))
    else:
        asked = ExitCode.DONE
    return code or asked


def tell_config(topic: tuple[str, ...], archive: str) -> int:
    """Print where options come from. Raises UsageError for a topic that is none, and for a file with a wrong name in it."""
    from embedarchive.cli import COMMANDS, WITHOUT_FILES, list_options, load_command
    from embedarchive.cli.configuration import check_file, own_file, read_files
    from embedarchive.cli.sources_of_options import find_sources, gather, walk

    name = topic[1] if len(topic) == 2 else ""
    if topic[0] != "config" or len(topic) > 2 or (name and name not in COMMANDS):
        raise UsageError(f"There is nothing to say of {' '.join(topic)!r}. Try: embedarchive doctor config crawl")
    files: Sequence[ConfigFile] = ()
    if not click.get_current_context().meta.get(WITHOUT_FILES):
        files = read_files(archive_path(archive).parent)
    for file in files:
        check_file(file, COMMANDS, load_command, list_options)
    table = Table(box=None, padding=(0, 2, 0, 0))
    commands = [each for one in ([name] if name else COMMANDS) for each in walk((one,), load_command(one))]
    sources = [each for names, command in commands for each in find_sources(files, names, command, os.environ)]
    if name:
        titles = ("command", "option", "is", "from")
    else:
        titles = ("option", "is", "from", "for")
    for title in titles:
        table.add_column(title, style="", header_style="dim", overflow="fold")
    if name:
        rows = [(each.command, each.option, each.value, each.source) for each in sources]
    else:
        rows = list(gather(sources))
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    console = open_console()
    named = ", ".join(str(file.path) for file in files) or "none"
    console.print(
        Text(f"Files read: {named}. Yours is {own_file()}; an archive's lies beside its embeds.db."), soft_wrap=True
    )
    if rows:
        console.print(table)
    else:
        console.print("Every option is its default.")
    return ExitCode.DONE


def examine_machine(
    archive: str, browser_path: str | None, proxy: Upstream | None = None, *, full: bool = False
) -> ExitCode:
    """Print what was found of the machine, and give DONE if all is well, DAMAGED if the archive is not, else ERROR."""
    examinations: list[tuple[str, Callable[[], Coroutine[Any, Any, Examined]]]] = [
        ("Python", examine_python),
        ("Finder", examine_finder),
        ("SQLite", examine_sqlite),
        ("Disk", lambda: examine_disk(archive_path(archive))),
        ("Archive", lambda: examine_archive(archive_path(archive), full=full)),
        ("Its tables", lambda: examine_schema(archive_path(archive))),
        ("Browser", lambda: examine_browser(browser_path)),
        ("Fonts", lambda: examine_fonts(browser_path)),
        ("Door", examine_door),
        *([("Proxy", lambda: examine_proxy(proxy))] if proxy else []),
        ("Hosts", examine_hosts),
    ]
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    codes = {ExitCode.DONE}
    for name, examine in examinations:
        try:
            fine, seen = asyncio.run(examine())
            codes.add(ExitCode.DONE if fine else ExitCode.ERROR)
        except (EmbedArchiveError, OSError) as error:
            fine, seen = False, str(error)
            codes.add(error.exit_code if isinstance(error, DamagedArchive) else ExitCode.ERROR)
        table.add_row(Text("✓", style="green") if fine else Text("✗", style="red"), name, seen)
    open_console().print(table)
    return max(codes)


SIGNS = {True: ("✓", "green"), False: ("✗", "red"), None: ("?", "yellow")}


async def examine_platforms(settings: Settings, path: Path, platforms: tuple[str, ...]) -> int:
    """Print what live platforms say to each assumption; ERROR if one does not hold, IN_PART if some were not asked.

    Raises UsageError for a platform of which nothing is asked.
    """
    from embedarchive.cli.live import ask_archives, ask_platforms, list_questions
    from embedarchive.recovery.live import ARCHIVE_QUESTIONS

    asked = dict.fromkeys(question.platform.name for question in list_questions())
    asked |= dict.fromkeys(question.archive for question in ARCHIVE_QUESTIONS)
    if unknown := set(platforms) - set(asked):
        raise UsageError(f"Nothing is asked of {', '.join(sorted(unknown))}; there are {', '.join(asked)}.")
    console, tally = open_console(), Counter[bool | None]()
    async for heard in ask_platforms(settings, path, platforms):
        tally[heard.held] += 1
        mark, colour = SIGNS[heard.held]
        console.print(
            Text.assemble((mark, colour), f" {heard.question.platform.name}: {heard.question.says}"), soft_wrap=True
        )
        console.print(Text(f"  {heard.seen} {heard.url}", style="dim"), soft_wrap=True)
    async for question, held, seen in ask_archives(settings, platforms):
        tally[held] += 1
        mark, colour = SIGNS[held]
        console.print(Text.assemble((mark, colour), f" {question.archive}: {question.says}"), soft_wrap=True)
        console.print(Text(f"  {seen} {question.url}", style="dim"), soft_wrap=True)
    console.print(f"{tally[True]} hold, {tally[False]} do not, {tally[None]} could not be asked.")
    if tally[False]:
        return ExitCode.ERROR
    if tally[None]:
        return ExitCode.IN_PART
    return ExitCode.DONE


RESET_FAULT = (
    " has the fault at the reset of its log, by which two programs that write to one file may damage it (mended in 3.44.6, "
    "3.50.7, 3.51.3). A run does not meet it; let no other program write to an archive meanwhile"
)


async def examine_python() -> Examined:
    return sys.version_info >= (3, 11), f"{sys.version.split()[0]} at {sys.executable}"


async def examine_finder() -> Examined:
    from embedarchive.detect.keywords import HAS_HYPERSCAN

    if HAS_HYPERSCAN:
        return True, f"with Hyperscan {version('hyperscan')}"
    return True, "without Hyperscan: the same answers, several times as slow (pip install hyperscan)"


async def examine_sqlite() -> Examined:
    with sqlite3.connect(":memory:") as conn:
        options = {row[0] for row in conn.execute("PRAGMA compile_options")}
    if sqlite3.sqlite_version_info < (3, 37) or "ENABLE_FTS5" not in options:
        return False, f"{sqlite3.sqlite_version}; needs 3.37 with FTS5: use a newer Python"
    note = ""
    if has_reset_fault(sqlite3.sqlite_version_info):
        note = RESET_FAULT
    return True, f"{sqlite3.sqlite_version}{note}"


async def examine_disk(path: Path) -> Examined:
    folder = next(p for p in (path.parent, *path.parent.resolve().parents) if p.exists())
    free = shutil.disk_usage(folder).free
    writable = os.access(folder, os.W_OK)
    remedy = "; the folder cannot be written to"
    if writable:
        remedy = ""
    return free > 1_000_000_000 and writable, f"{free / 1e9:.1f} GB free at {folder}{remedy}"


async def examine_schema(path: Path) -> Examined:
    """What in the archive could run or be read in place of what is ours, and which tables and views are a user's own."""
    from embedarchive.store import open_reader
    from embedarchive.store.schema.strangers import find_others, find_strange

    if not path.exists():
        return True, "none yet"
    with closing(open_reader(path)) as conn:
        strange, others = find_strange(conn), find_others(conn)
    kept = "none but ours"
    if others:
        kept = f"of your own, and left alone: {', '.join(map(printable, others))}"
    if not strange:
        return True, kept
    named = "; ".join(printable(each.says) for each in strange)
    return False, f"{named}. Nothing is written to this archive, and only plain tables of it are read ({kept})"


LOGGED_IN = """SELECT 1 FROM (SELECT environment FROM captures ORDER BY id DESC LIMIT 2000)
               WHERE json_extract(environment, '$.logged_in') IS NOT NULL LIMIT 1"""


def say_rights(path: Path, *, logged_in: bool) -> str:
    """Who may read an archive's file, by its rights and its folder's; what to do where a login saw what others may not."""
    folder, file = (stat.S_IMODE(each.stat().st_mode) for each in (path.parent, path))
    shown = f"its folder {folder:o}, its file {file:o}"
    if not file & 0o077 or not folder & 0o077:
        return f"only its owner may read it ({shown})"
    warning = ""
    if logged_in:
        warning = f"; it holds what a login saw: chmod 700 {quote(str(path.parent))}"
    return f"other users of this machine may read it ({shown}){warning}"


async def examine_archive(path: Path, *, full: bool = False) -> Examined:
    """What the archive holds; in `full`, once SQLite has looked through it. Raises DamagedArchive for what SQLite finds."""
    from embedarchive.store import open_reader
    from embedarchive.store.sidefiles import find_orphans

    if not path.exists():
        return True, f"none yet at {path}"
    with closing(open_reader(path)) as conn:
        state = "ok"
        if full:
            state = conn.execute("PRAGMA quick_check(1)").fetchone()[0]
        if state != "ok":
            raise DamagedArchive.seen(" ".join(state.split()), path)
        captures = conn.execute("SELECT count(*) FROM captures").fetchone()[0]
        logged_in = conn.execute(LOGGED_IN).fetchone() is not None
    aside = ", ".join(each.name for each in find_orphans(path))
    note = ""
    if aside:
        note = f"; set aside, for they were of another file: {aside}"
    note += f"; {say_rights(path, logged_in=logged_in)}"
    looked = "not looked through (--full does; embedarchive verify reads every byte)"
    if full:
        looked = "looked through"
    return True, f"{path}: {captures} captures, {path.stat().st_size / 1e6:.1f} MB, {looked}{note}"


async def examine_browser(browser_path: str | None) -> Examined:
    from embedarchive.browser import find_browser, read_version

    choice = find_browser(browser_path, os.environ)
    return True, f"{await read_version(choice)} ({choice.why})"


async def examine_fonts(browser_path: str | None) -> Examined:
    from embedarchive.browser import find_browser, find_missing_fonts

    missing = await find_missing_fonts(find_browser(browser_path, os.environ))
    if not missing:
        return True, "Latin, Arabic, Hebrew, Devanagari, Chinese, Japanese, Korean and emoji are drawn"
    remedy = "apt-get install fonts-noto-cjk fonts-noto-core fonts-noto-color-emoji"
    return False, f"posts in {', '.join(missing)} would show boxes; on Debian or Ubuntu: {remedy}"


async def examine_door() -> Examined:
    """Knock at a listener of our own through the door: it must refuse, and nothing may arrive."""
    from embedarchive.egress import Door
    from embedarchive.fetch import Fetcher

    knocks: list[bytes] = []
    server = await asyncio.start_server(lambda r, w: knocks.append(b"!"), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Door() as door, Fetcher(door, user_agent="doctor") as fetcher:
        fetch = await fetcher.fetch(f"http://127.0.0.1:{port}/")
    server.close()
    fine = fetch.outcome == "failed" and not knocks
    return fine, "refuses private addresses" if fine else "a private address could be reached; do not crawl with this"


async def examine_proxy(proxy: Upstream) -> Examined:
    """Knock at the proxy itself: whether it knows us, only a request would say."""
    from embedarchive.core.errors import NetworkDown
    from embedarchive.egress import Door

    try:
        async with Door(upstream=proxy):
            return True, f"{proxy.label} is there; everything is sent through it"
    except NetworkDown as error:
        return False, str(error)


async def examine_hosts() -> Examined:
    """Which hosts have asked to be left alone, and until when: that is no fault of this machine."""
    from embedarchive.politeness.limiter import RateLimiter, manners_path

    with closing(RateLimiter(manners_path())) as limiter:
        closed = limiter.list_closed(time.time())
    if not closed:
        return True, "none has asked to be left alone"
    named = [
        f"{host} until {to_iso(datetime.fromtimestamp(until, UTC))[:16].replace('T', ' ')} UTC"
        for host, until in closed
    ]
    return True, f"{', '.join(named)} (they asked to be left alone; embedarchive doctor --lift HOST)"


def lift_host(host: str) -> int:
    """Let a host be asked again at once, and say whether it had been closed."""
    from embedarchive.politeness.limiter import RateLimiter, manners_path

    name = (urlsplit(host if "://" in host else f"//{host}").netloc or host).lower()
    with closing(RateLimiter(manners_path())) as limiter:
        lifted = limiter.lift(name)
    click.echo(f"{name} may be asked again." if lifted else f"{name} has not asked to be left alone.")
    return ExitCode.DONE


@click.command()
def install() -> None:
    """Provide a browser and fonts, if this machine has none."""
    from embedarchive.browser import ensure_browser

    choice = asyncio.run(ensure_browser(None, os.environ))
    click.echo(f"{choice.name}: {choice.why}")
