"""Options that several commands share."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from embedarchive.core.dates import read_age
from embedarchive.core.errors import UsageError

if TYPE_CHECKING:  # they bring feed readers and a browser's library, half a second that most commands need not wait
    from embedarchive.run.services import Settings
    from embedarchive.sources import LinkScope

Command = Callable[..., Any]


class Age(click.ParamType[timedelta]):
    """A length of time: 30m, 12h, 7d, 2w; plain numbers are days."""

    name = "age"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        age = read_age(str(value))
        if age is None:
            self.fail(f"{value!r} is no length of time; write 30m, 12h, 7d or 2w", param, ctx)
        return age


archive_option = click.option(
    "-a", "--archive", default="archive", show_default=True, envvar="EMBEDARCHIVE_ARCHIVE", show_envvar=True,
    help="The archive: a folder that holds embeds.db, or a .db file.",
)  # fmt: skip

DOOR_OPTIONS = (
    click.option("--resolve", multiple=True, metavar="HOST:PORT:ADDR[:PORT]",
                 help="Connect there for that host, as curl does; also opens that address. HOST may be *."),
    click.option("--proxy", metavar="URL", envvar="EMBEDARCHIVE_PROXY", show_envvar=True,
                 help="Send everything through this proxy: http://HOST:PORT, socks5h://… (names are looked up there) or "
                      "socks5://… (here), with USER:PASSWORD@ where it wants them, which are neither kept nor told."),
    click.option("--ca-file", type=click.Path(path_type=Path, exists=True, dir_okay=False),
                 help="Trust this certificate authority too (PEM). For replicas and test networks only: Chromium then "
                      "takes any chain that holds its key, whatever host name or date it is for."),
    click.option("--allow-private", is_flag=True, help="Allow addresses of private networks and of this machine."),
    click.option("--browser-path", envvar="EMBEDARCHIVE_BROWSER", show_envvar=True,
                 help="The Chromium, Chrome, Edge or headless shell to use."),
    click.option("--delay", type=click.FloatRange(min=0), default=1.0, show_default=True,
                 help="Least seconds between two requests to one host."),
)  # fmt: skip

STAMP_OPTIONS = (
    click.option("--tsa", multiple=True, metavar="URL", envvar="EMBEDARCHIVE_TSA", show_envvar=True,
                 help="Have each checkpoint stamped by this time stamping authority (RFC 3161); name two or more."),
    click.option("--tsa-root", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
                 envvar="EMBEDARCHIVE_TSA_ROOT", show_envvar=True,
                 help="Believe authorities by these certificates (PEM); else by those that this system trusts."),
)  # fmt: skip

WORLD_OPTIONS = (
    *DOOR_OPTIONS,
    *STAMP_OPTIONS,
    click.option("--concurrency", type=click.IntRange(1, 64), default=6, show_default=True, help="Articles at once."),
    click.option("--tabs", type=click.IntRange(1, 16), default=3, show_default=True,
                 help="Posts at once, at most: fewer while visits run out of time."),
    click.option("--contact", help="A URL or address for webmasters, sent in the User-Agent of article fetches."),
    click.option("--ignore-robots", is_flag=True, help="Fetch articles that robots.txt asks robots to leave alone."),
)  # fmt: skip

farm_option = click.option(
    "--farm", metavar="ADDRESS", envvar="EMBEDARCHIVE_FARM", show_envvar=True,
    help="Let a farm's workers visit posts, open articles and search web archives, as many at once as they have tabs "
    "(see: embedarchive farm).",
)  # fmt: skip

login_option = click.option(
    "--storage-state", metavar="FILE", type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Let the browser be logged in, by the cookies and local storage in this file (Playwright's storage state). "
         "They are never kept; what the account can see is.",
)  # fmt: skip


class Bytes(click.ParamType[int]):
    """A number of bytes: 500k, 20MB, 1.5G (powers of 1000), or plain."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        size = re.fullmatch(r"([0-9]{1,15}(?:\.[0-9]{1,6})?) ?([kmg]?)b?", str(value).strip().lower())
        if size is None or not float(size[1]):
            self.fail(f"{value!r} is no size; write 500k, 20MB or 1G", param, ctx)
        return max(1, int(float(size[1]) * {"": 1, "k": 1_000, "m": 1_000_000, "g": 1_000_000_000}[size[2]]))


platform_option = click.option(
    "--platform", "platforms", multiple=True, metavar="NAME",
    help="Visit posts of these platforms only (several, or with commas); what is due of others stays due.",
)  # fmt: skip

MEDIA_OPTIONS = (
    click.option("--no-film", is_flag=True,
                 help="Keep no films: their posts are partly preserved, and due again for a run without this."),
    click.option("--max-bytes", type=Bytes(), metavar="SIZE",
                 help="Keep no media file larger than this (20MB): its post is partly preserved, and due again for a run "
                      "that allows more."),
)  # fmt: skip

render_option = click.option(
    "--render", is_flag=True,
    help="Run each article's scripts in a browser, and search what it became as well as what was served.",
)  # fmt: skip

base_url_option = click.option("--base-url", help="The address of a saved article that does not say its own.")

column_option = click.option(
    "--column",
    metavar="NAME",
    help="The column of a table (CSV, TSV) that holds addresses, by heading or number; else it is found.",
)

SCOPE_OPTIONS = (
    click.option("--follow", is_flag=True, help="Follow links from the seeds, within the scope."),
    click.option("--scope", type=click.Choice(["prefix", "host", "domain"]), default="host", show_default=True,
                 help="How far following goes: below the seed's folder, its host, or all hosts of its domain."),
    click.option("--depth", type=click.IntRange(0), default=3, show_default=True, help="Links from a seed at most."),
    click.option("--include", multiple=True, metavar="REGEX",
                 help="Only articles whose address matches one of these, and where it leads: seeds, entries, links."),
    click.option("--exclude", multiple=True, metavar="REGEX",
                 help="No address that matches one of these, not even as the target of a redirect."),
    click.option("--since", metavar="DATE",
                 help="Leave out what sitemaps and feeds say changed before, and what was saved or archived before: "
                      "2026-01-31, or 7d."),
    click.option("--limit", type=click.IntRange(1), help="At most so many articles."),
)  # fmt: skip

DISPLAY_OPTIONS = (
    click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors."),
    click.option("-v", "--verbose", is_flag=True, help="One line for every event, also on a terminal."),
    click.option("--json", "as_json", is_flag=True, help="Print the summary as one JSON object."),
    click.option(
        "--log-file",
        metavar="FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Append every event to this file, one JSON object a line, with its time.",
    ),
)


def with_options(options: tuple[Callable[[Command], Command], ...]) -> Callable[[Command], Command]:
    def add(command: Command) -> Command:
        for option in reversed(options):
            command = option(command)
        return command

    return add


def take_scope(values: dict[str, Any], seeds: tuple[str, ...]) -> LinkScope:
    """The scope out of a command's values; without --follow it reaches no further than listings."""
    from embedarchive.api.commands import make_scope

    follow, depth = values.pop("follow"), values.pop("depth")
    chosen = {name: values.pop(name) for name in ("scope", "include", "exclude", "since")}
    return make_scope(seeds, depth=depth if follow else 0, **chosen)


def take_settings(values: dict[str, Any]) -> Settings:
    """The world's settings out of a command's values, which keep the rest."""
    from embedarchive.run.services import SettingsOptions, make_settings

    return make_settings(**{name: values.pop(name) for name in SettingsOptions.__annotations__ if name in values})


def read_day(text: str | None) -> str | None:
    """A day -> its beginning, as the archive writes time. Raises UsageError."""
    if not text:
        return None
    try:
        return f"{date.fromisoformat(text).isoformat()}T00:00:00.000Z"
    except ValueError:
        raise UsageError(f"{text} is no day; write 2030-01-01. Nothing was changed.") from None
