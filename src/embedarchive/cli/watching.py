"""The command that knows soon that a post went: watch, with its plan and its alerts."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from embedarchive.api import commands as api
from embedarchive.cli.console import open_console
from embedarchive.cli.groups import Group
from embedarchive.cli.options import (
    DISPLAY_OPTIONS,
    WORLD_OPTIONS,
    Age,
    archive_option,
    farm_option,
    login_option,
    take_settings,
    with_options,
)
from embedarchive.cli.running import replay_option, run_shown
from embedarchive.core import clock
from embedarchive.core.errors import ArchiveBusy, ArchiveLocked, ExitCode, FetchError, IntakeError
from embedarchive.library.alerts import describe_alert, read_alerts
from embedarchive.platforms import BY_NAME
from embedarchive.run.ledger import say_archive
from embedarchive.run.services import Services, Settings
from embedarchive.run.telling import TEST_ALERT, Webhook, make_request, make_webhooks, say_answer
from embedarchive.run.watch import PER_DAY, PlatformPlan, Watch, has_work, plan_watch
from embedarchive.store import archive_path, open_reader
from embedarchive.store.collections import refuse_unknown
from embedarchive.store.handed_in import find_newest

LONGEST_SLEEP_S = 60.0
"""How often a watch that stays asks the archive whether anything is due; that is answered by indexes."""


BETWEEN_LOOKS_S = 1.0
"""How often it asks whether a reader handed a page in."""


class BudgetType(click.ParamType[tuple[str, int]]):
    """Observations a day: `2000/d`, or `x=2000/d` for one platform."""

    name = "budget"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, int]:
        platform, _, number = str(value).rpartition("=")
        number = number.removesuffix("/d")
        if platform and platform not in BY_NAME:
            self.fail(f"there is no platform {platform!r} (see: embedarchive platforms)", param, ctx)
        if not number.isdecimal() or len(number) > 9:
            self.fail(f"{value!r} is no number a day; write 2000/d, or x=2000/d for one platform", param, ctx)
        return platform, int(number)


webhook_secret = click.option(
    "--webhook-secret", envvar="EMBEDARCHIVE_WEBHOOK_SECRET", show_envvar=True, metavar="TEXT",
    help="What signs each request to a webhook. Better in the environment than in a list of processes.",
)  # fmt: skip
room_option = click.option(
    "--base-url",
    "--room",
    "room",
    default="",
    metavar="URL",
    help="The address of your reading room, for links in alerts.",
)


@click.group(
    cls=Group, invoke_without_command=True, options_metavar="[OPTIONS]", subcommand_metavar="[COMMAND [OPTIONS]...]"
)
@archive_option
@click.option("--once", is_flag=True, help="Do what is due now, and end (for cron or a timer).")
@click.option(
    "--plan", is_flag=True, help="Say what this archive needs a day, and what the budget leaves late; visit nothing."
)
@click.option("--budget", "budgets", type=BudgetType(), multiple=True, metavar="[PLATFORM=]N/d",
              help=f"At most so many observations of a platform a day.  [default: {PER_DAY}/d]")  # fmt: skip
@click.option("--longest", type=Age(), default="30d", show_default=True, help="Observe each post at least this often.")
@click.option("--collection", metavar="NAME", help="Only the posts, articles and feeds of this collection.")
@click.option("--webhook", "webhooks", multiple=True, metavar="URL", help="Post each change there, as JSON, signed.")
@webhook_secret
@room_option
@login_option
@replay_option
@farm_option
@with_options(WORLD_OPTIONS)
@with_options(DISPLAY_OPTIONS)
@click.pass_context
def watch(ctx: click.Context, /, **values: Any) -> int | None:
    """Know soon that a post went, and tell the people whose story it is in.

    Observes every post that was seen alive again, those first that are likeliest to be lost and that most articles embed,
    within a budget a day for each platform; reads articles, feeds and sitemaps again, and captures what is new in them. It
    stays, and stops as any run does; the same command goes on. What changed is in the reading room (its page Desk, its
    feeds), and goes to those whom you name, and to nobody else. `check` looks now, outside of any budget.

    \b
    embedarchive watch --budget 500/d --budget x=2000/d
    embedarchive watch --once                        exit code 10: posts were newly found gone, and are named
    embedarchive watch --plan
    embedarchive watch alerts --since 24h
    """
    if ctx.invoked_subcommand:
        return None
    chosen = take_watch(values)
    if values.pop("plan"):
        return print_plan(archive_path(values["archive"]), chosen, as_json=values["as_json"])
    if values.pop("once"):
        return run_shown(partial(api.watch, choice=chosen), "watch", values)
    return stay(chosen, values)


def take_watch(values: dict[str, Any]) -> Watch:
    """Take from a command's values how an archive is to be watched. Raises UsageError for what cannot be meant."""
    budgets = dict(values.pop("budgets"))
    longest: timedelta = values.pop("longest")
    hooks = make_webhooks(values.pop("webhooks"), values.pop("webhook_secret"))
    per_day = budgets.pop("", PER_DAY)
    days = max(1.1, longest.total_seconds() / 86_400)
    stays = not (values["once"] or values["plan"])
    return Watch(budgets, per_day, days, hooks, values.pop("room"), stays, values.pop("collection"))


def stay(chosen: Watch, values: dict[str, Any]) -> int:
    """Do what is due whenever it is, until somebody ends it; between two rounds the archive is at rest, for others to write."""
    values.pop("once", None)
    path = archive_path(values["archive"])
    with closing(open_reader(path)) as conn:
        if chosen.collection is not None:
            refuse_unknown(conn, chosen.collection)
    while True:
        handed_in = find_handed_in(path)
        with closing(open_reader(path)) as conn:
            due = has_work(conn, chosen, clock.now())
        if due or handed_in:
            try:
                run_shown(partial(api.watch, choice=chosen), "watch", values)
            except (ArchiveLocked, ArchiveBusy) as error:
                click.echo(f"embedarchive: {error} It is tried again in a minute.", err=True)
        rest(path, handed_in)


def rest(path: Path, handed_in: int) -> None:
    """Wait a while, and no longer than until a page is handed in after the one of that number."""
    until = time.monotonic() + LONGEST_SLEEP_S
    while time.monotonic() < until and find_handed_in(path) <= handed_in:
        time.sleep(BETWEEN_LOOKS_S)


def find_handed_in(path: Path) -> int:
    """The number of the newest page that readers handed in, 0 where none waits; what is wrong with their file a run tells."""
    newest = 0
    with suppress(IntakeError):
        newest = find_newest(path)
    return newest


def print_plan(path: Path, chosen: Watch, *, as_json: bool) -> int:
    """Print what an archive needs a day, by platform."""
    with closing(open_reader(path)) as conn:
        if chosen.collection is not None:
            refuse_unknown(conn, chosen.collection)
        plans = plan_watch(conn, chosen, clock.now())
    if as_json:
        click.echo(json.dumps([asdict(each) for each in plans]))
        return ExitCode.DONE
    if not plans:
        click.echo("No post of this archive was seen alive, so none is observed. Crawl articles first.")
        return ExitCode.DONE
    table = Table(box=None, padding=(0, 2), pad_edge=False)
    for title in (
        "Platform",
        "Posts",
        "Budget a day",
        "Used today",
        "Planned a day",
        "Least a day",
        "Due now",
        "Days late",
    ):
        table.add_column(title, justify="left" if title == "Platform" else "right")
    for each in plans:
        table.add_row(
            *map(
                str,
                (
                    each.platform,
                    each.posts,
                    each.budget,
                    each.used,
                    each.planned,
                    each.needed,
                    each.due,
                    each.late_days,
                ),
            )
        )
    open_console().print(table)
    click.echo(say_shortfall(plans, chosen.longest_d))
    return ExitCode.DONE


def say_shortfall(plans: tuple[PlatformPlan, ...], longest_d: float) -> str:
    """What a budget leaves late, in a sentence."""
    short = [each.platform for each in plans if each.needed > each.budget]
    if not short:
        return f"Every post is observed at least every {longest_d:g} days."
    return (
        f"The budget of {', '.join(short)} is less than it takes to observe each post every {longest_d:g} days: those that "
        "most is lost by come first, the others late. Give more with --budget, or a longer --longest."
    )


@watch.command("alerts")
@archive_option
@click.option("--since", type=Age(), default="24h", show_default=True, help="What was first told in this time.")
@click.option("--outlet", help="Only of posts that this outlet's stories embed.")
@click.option("--collection", metavar="NAME", help="Only of posts of this collection.")
@click.option(
    "--test", "test", metavar="URL", help="Send this webhook an alert that is made up, and say how it answered."
)
@webhook_secret
@room_option
@with_options(WORLD_OPTIONS)
def alerts(archive: str, since: timedelta, outlet: str | None, collection: str | None, test: str | None,
           webhook_secret: str | None, room: str, **values: Any) -> int:  # fmt: skip
    """Print what changed, one JSON object a line, oldest first. Exit code 10 when posts are among it that are gone.

    \b
    embedarchive watch alerts --since 7d --outlet thelanternpost.example
    embedarchive watch alerts --test https://hooks.newsroom.example/embeds
    """
    if test:
        return send_test(make_webhooks((test,), webhook_secret)[0], take_settings(values))
    path = archive_path(archive)
    with closing(open_reader(path)) as conn:
        if collection:
            refuse_unknown(conn, collection)
        found = read_alerts(conn, clock.later(-since.total_seconds()), outlet, collection=collection)
    for each in reversed(found):
        click.echo(json.dumps(describe_alert(each, say_archive(path), room), ensure_ascii=False))
    if any(each.change == "missing" for each in found):
        return ExitCode.NEWLY_LOST
    return ExitCode.DONE


def send_test(hook: Webhook, settings: Settings) -> int:
    """Send a made-up alert to a webhook. Raises FetchError when it is not taken."""
    answer = asyncio.run(hand_over(hook, settings, TEST_ALERT))
    if answer != "ok":
        raise FetchError(answer, f"{hook.url} did not take the test alert ({answer}). Nothing else was sent.")
    click.echo(f"{hook.url} took the test alert.")
    return ExitCode.DONE


async def hand_over(hook: Webhook, settings: Settings, said: Mapping[str, Any]) -> str:
    """Hand one alert over, through a door of its own."""
    async with Services(settings) as services:
        return say_answer(await services.hand_over(hook.url, *make_request(hook, said)))
