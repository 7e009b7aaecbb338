"""The group of commands that say who may see what: access hide, decide, list, hold, open."""

from __future__ import annotations

import getpass
import json
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import click

from embedarchive.cli.options import Age, archive_option, read_day
from embedarchive.cli.optout import optout
from embedarchive.cli.subject import subject
from embedarchive.cli.tombstones import tombstones
from embedarchive.core import clock
from embedarchive.core.errors import ExitCode, UsageError
from embedarchive.core.shell import say_command
from embedarchive.library import post_record
from embedarchive.library.posts import find_key
from embedarchive.library.subjects import find_subjects
from embedarchive.show.card import render_card
from embedarchive.show.words import printable, say_count, say_date
from embedarchive.store import Archive, archive_path, open_reader
from embedarchive.store.access import (
    REASONS,
    Decision,
    Withdrawal,
    hold_until,
    keep_opening,
    read_withdrawal,
    read_withdrawals,
    withhold,
)
from embedarchive.store.access import decide as keep_decision
from embedarchive.store.fixity import Checked


@click.group()
def access() -> None:
    """Say who may see what: hide at once, decide later, remember why.

    A post, an account (@handle), an article, an outlet or a picture is public, for staff, or sealed; the strictest level that
    fits holds. What is not public leaves the archive in no export, and shows in no page to anybody who is not signed in.
    """


access.add_command(subject)
access.add_command(optout)
access.add_command(tombstones)


@access.command()
@click.argument("things", nargs=-1, required=True, metavar="THING...")
@archive_option
@click.option("--level", type=click.Choice(["staff", "sealed"]), default="sealed", show_default=True)
@click.option("--reason", type=click.Choice(REASONS), default="request", show_default=True)
@click.option(
    "--ref", "reference", metavar="TEXT", help="Your own number of the case. No person's name: it stays for ever."
)
@click.option("--until", metavar="DATE", help="An embargo: public again from then on.")
@click.option("--due", type=Age(), default="7d", show_default=True, metavar="AGE", help="How soon it is to be decided.")
def hide(
    things: tuple[str, ...],
    archive: str,
    level: Any,
    reason: str,
    reference: str | None,
    until: str | None,
    due: timedelta,
) -> None:
    """Withhold THING at once, and note that a decision is due.

    THING is a post's key or address, an account as @handle or platform:@handle, an article's address, an outlet's host, or
    the file of a picture: every post that shows it.

    \b
    embedarchive access hide instagram:CpQ9x1mNq8r --reason request --ref 2026-041
    embedarchive access hide @maria.silva --reason minor
    embedarchive access hide face.jpg
    """
    path = archive_path(archive)
    with closing(open_reader(path)) as conn:
        subjects = tuple(dict.fromkeys(each for thing in things for each in find_subjects(conn, thing)))
    until, now, due_at = read_day(until), clock.now(), clock.later(due.total_seconds())
    with Archive(path) as held:
        number = withhold(held, subjects, level, now, due_at, reason=reason, reference=reference, until=until)
        total = count_withheld(held.conn)
    for each in subjects:
        click.echo(f"{each.kind:8} {printable(str(each))}")
    decides = say_command("embedarchive", "access", "decide", number)
    click.echo(
        f"Withheld as {level}: case {number}, to be decided by {say_date(due_at)}. "
        f"Not public now: {say_count(total, 'post')} of this archive.\n"
        f"Decide with one of: {decides} {', '.join(get_args(Decision))}",
        err=True,
    )


@access.command()
@click.argument("case", type=int)
@click.argument("decision", type=click.Choice(get_args(Decision)))
@archive_option
@click.option("--basis", metavar="TEXT", help="The rule it rests on, as: GDPR 17(1)(c).")
@click.option("--by", metavar="NAME", help="Who decided.")
@click.option("--note", metavar="TEXT")
def decide(case: int, decision: Any, archive: str, basis: str | None, by: str | None, note: str | None) -> None:
    """Decide a case: restore makes it public again; staff and seal leave it withheld; erase seals it until it is erased."""
    path = archive_path(archive)
    look_for(path, case)
    with Archive(path) as held:
        decided = keep_decision(held, case, decision, clock.now(), basis=basis, by=by, note=note)
    click.echo(say_case(decided), err=True)


@access.command("list")
@archive_option
@click.option("--open", "open_only", is_flag=True, help="Only cases that are not decided.")
@click.option("--json", "as_json", is_flag=True, help="Print each case as one JSON object a line.")
def list_cases(archive: str, open_only: bool, as_json: bool) -> int:
    """List the cases: what was asked, when it is due, what was decided. Exits with 3 while one is overdue."""
    with closing(open_reader(archive_path(archive))) as conn:
        cases = [each for each in read_withdrawals(conn) if not (open_only and each.decision)]
    for each in cases:
        click.echo(json.dumps(asdict(each), ensure_ascii=False) if as_json else say_case(each))
    if not cases:
        click.echo("No case.", err=True)
    now = clock.now()
    return ExitCode.IN_PART if any(each.decision is None and each.due_at < now for each in cases) else ExitCode.DONE


@access.command()
@click.argument("case", type=int)
@archive_option
@click.option("--until", metavar="DATE", help="Erase nothing of it before that day.")
@click.option("--lift", is_flag=True, help="Lift the hold.")
def hold(case: int, archive: str, until: str | None, lift: bool) -> None:
    """Put a case under a legal hold: nothing of it can be erased."""
    if lift == (until is not None):
        raise UsageError("Say either --until DATE or --lift. Nothing was changed.")
    path = archive_path(archive)
    look_for(path, case)
    with Archive(path) as held:
        hold_until(held, case, read_day(until))
    click.echo(f"Case {case} is held until {until}." if until else f"Case {case} is held no longer.", err=True)


@access.command("open")
@click.argument("post")
@archive_option
@click.option("--why", required=True, metavar="TEXT", help="Why: it is noted with your name and the time.")
@click.option("--by", metavar="NAME", default=getpass.getuser, help="Who opens it; else the name of your login here.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Write its card there."
)
def open_sealed(post: str, archive: str, why: str, by: str, output: Path) -> None:
    """Write the card of a post that is sealed, and note who opened it and why."""
    path = archive_path(archive)
    with closing(open_reader(path)) as conn:
        key = next((each.name for each in find_subjects(conn, post) if each.kind == "post"), None)
        key = find_key(conn, key) if key else None
    if key is None:
        raise UsageError(f"The archive holds no post {post}. Nothing was opened.")
    with Archive(path) as held:  # noted before it is shown
        keep_opening(held, key, clock.now(), by, why)
    with closing(open_reader(path)) as conn:
        record = post_record(conn, key)
        card = render_card(record, Checked(conn).read) if record else ""
    output.write_text(card, "utf-8")
    click.echo(f"{output} shows {key}; that {by} opened it is noted in the archive.", err=True)


def look_for(path: Path, case: int) -> None:
    """Raise UsageError where there is no such case, before the archive is opened for writing."""
    with closing(open_reader(path)) as conn:
        read_withdrawal(conn, case)


def count_withheld(conn: Any) -> int:
    return int(conn.execute("SELECT count(*) FROM withheld_posts").fetchone()[0])


def say_case(case: Withdrawal) -> str:
    """A case in one line. Pure."""
    about = ", ".join(f"{each.kind} {each}" for each in case.subjects[:3])
    more = f" and {len(case.subjects) - 3} more" if len(case.subjects) > 3 else ""
    fate = f"due {say_date(case.due_at)}"
    if case.decision:
        fate = f"{case.decision} on {say_date(case.decided_at or '')}"
        fate += f" by {case.decided_by}" if case.decided_by else ""
    held = f", held until {case.hold_until}" if case.hold_until else ""
    reference = f" ({case.reference})" if case.reference else ""
    return printable(f"{case.id}  {fate}{held}: {case.reason}{reference}, {about}{more}")
