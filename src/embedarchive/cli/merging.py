"""The command that makes two archives one: merge."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import Progress

from embedarchive.cli.options import archive_option
from embedarchive.core.errors import ExitCode
from embedarchive.core.shell import say_command
from embedarchive.show.words import printable, say_count, say_size

if TYPE_CHECKING:
    from embedarchive.api.merging import MergeReport
    from embedarchive.store.merging.counting import MergePlan
    from embedarchive.store.merging.union import Merged

MOST_TOLD = 20


@click.command()
@click.argument("others", metavar="OTHER...", nargs=-1, required=True)
@archive_option
@click.option("--dry-run", is_flag=True, help="Only say what each would bring.")
@click.option("--nl", "as_json", is_flag=True, help="One JSON object a line, one for each OTHER.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but what was left out or differs.")
def merge(others: tuple[str, ...], archive: str, dry_run: bool, as_json: bool, quiet: bool) -> int:
    """Make other archives a part of this one: all that they hold and it does not. They are only read.

    What any of them withholds, opted out or erased is so here first; the stricter wins. Visits, downloads, runs, notes, tags
    and collections are united, each visit says which archive held it (held_by), and that one's own checkpoint still proves it.
    What is derived is made anew, without a network. A second time changes nothing; broken off, the same command goes on.

    \b
    embedarchive merge ../election-2026 -a archive
    embedarchive merge /mnt/library/embeds.db --dry-run
    """
    from embedarchive.api import merging

    if dry_run:
        for plan in merging.plan(*others, archive=archive):
            told = asdict(plan) | {"place": str(plan.place)}
            click.echo(json.dumps(told) if as_json else printable(say_plan(plan)))
        return ExitCode.DONE
    console = Console(stderr=True)
    silent = quiet or as_json or not console.is_terminal
    with Progress(console=console, transient=True, disable=silent, redirect_stdout=False) as progress:
        task = progress.add_task("visits", total=None)
        report = merging.merge(
            *others,
            archive=archive,
            on_step=lambda made: progress.update(task, completed=sum(each.captures for each in made.merged)),
        )
    for done in report.merged:
        if as_json:
            click.echo(json.dumps(merging.tell(done), ensure_ascii=False))
        elif not quiet:
            click.echo(printable(say_merged(done)))
        for line in say_beside(done):
            click.echo(printable(line), err=True)
    if not quiet:
        click.echo(printable(say_report(report)), err=True)
    lost = report.derived.failed or any(each.left_out for each in report.merged)
    if lost:
        return ExitCode.IN_PART
    return ExitCode.DONE


def say_plan(plan: MergePlan) -> str:
    """What merging an archive would bring. Pure."""
    said = [f"{plan.new[what]:,} of {plan.new[what] + plan.known[what]:,} {what} are new" for what in plan.new]
    erased = ""
    if plan.to_erase:
        erased = f"; {say_count(plan.to_erase, 'thing')} erased in one of both would be in both"
    return f"{plan.place}: {', '.join(said)}{erased}."


def say_merged(done: Merged) -> str:
    """What was new in an archive. Pure."""
    if done.is_nothing:
        return f"{done.place}: nothing new; {say_count(done.captures_known, 'visit')} of it were held already."
    new = (
        f"{say_count(done.captures, 'visit')} ({done.captures_known:,} more were held already)",
        say_count(done.posts, "post"),
        say_count(done.articles, "article"),
        say_count(done.fetches, "download"),
        f"{say_count(done.files, 'file')} ({say_size(done.bytes)})",
        say_count(done.notes, "note"),
    )
    return f"{done.place}: new are {', '.join(new)}."


def say_beside(done: Merged) -> Iterator[str]:
    """What was left out, and what differed, a line each. Pure."""
    for what in done.left_out[:MOST_TOLD]:
        look = say_command("embedarchive", "verify", "-a", done.place)
        yield f"Left out, for its bytes are damaged in {done.place} ({look}): {what}"
    if len(done.left_out) > MOST_TOLD:
        yield f"… and {len(done.left_out) - MOST_TOLD:,} more that were left out."
    for what in done.told[:MOST_TOLD]:
        yield f"Differs: {what}."
    if len(done.told) > MOST_TOLD:
        yield f"… and {len(done.told) - MOST_TOLD:,} more that differ."


def say_report(report: MergeReport) -> str:
    """What was derived, and what is to be done. Pure."""
    made = report.derived
    said = (
        f"{report.archive}: {say_count(made.searched, 'download')} searched, {say_count(made.described, 'visit')} described, "
        f"{say_count(made.concluded, 'post')} concluded."
    )
    return f"{said} {report.unsigned}".strip()
