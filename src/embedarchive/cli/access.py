"""The group of commands that say who may see what: access hide, decide, list, hold, open."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import timedelta
from itertools import groupby
from pathlib import Path
from typing import Any, get_args

import click

from embedarchive.cli.groups import Group
from embedarchive.cli.options import Age, archive_option, read_day
from embedarchive.cli.optout import optout
from embedarchive.cli.subject import subject
from embedarchive.cli.tombstones import tombstones
from embedarchive.core import clock
from embedarchive.core.errors import ExitCode, SigningError, UsageError
from embedarchive.core.shell import say_command
from embedarchive.library import post_record
from embedarchive.library.posts import find_key
from embedarchive.library.subject_access import find_coauthored, find_quoting
from embedarchive.library.subjects import find_subjects
from embedarchive.show.card import render_card
from embedarchive.show.words import printable, say_count, say_date
from embedarchive.store import Archive, archive_path, open_reader
from embedarchive.store.access import REASONS, Decision, hold_until, keep_opening, withhold
from embedarchive.store.access import decide as keep_decision
from embedarchive.store.cases import Withdrawal, find_posts, read_withdrawal, read_withdrawals
from embedarchive.store.compacting import compact, find_copies, refuse_without_room
from embedarchive.store.erasing import Erasure, plan_erasure, refuse_erasing, refuse_held
from embedarchive.store.exports import find_handed_out
from embedarchive.store.fixity import Checked
from embedarchive.store.sharing import read_level


@click.group(cls=Group)
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
    the file of a picture: every post that shows it. An account takes along the posts that have it beside their author.

    \b
    embedarchive access hide instagram:CpQ9x1mNq8r --reason request --ref 2026-041
    embedarchive access hide @maria.silva --reason minor
    embedarchive access hide face.jpg
    """
    path = archive_path(archive)
    with closing(open_reader(path)) as conn:
        subjects = tuple(dict.fromkeys(each for thing in things for each in find_subjects(conn, thing)))
        subjects = tuple(dict.fromkeys((*subjects, *find_coauthored(conn, subjects))))
    until, now, due_at = read_day(until), clock.now(), clock.later(due.total_seconds())
    with Archive(path) as held:
        number = withhold(held, subjects, level, now, due_at, reason=reason, reference=reference, until=until)
        total = count_withheld(held.conn)
        quoting = find_quoting(held.conn, find_posts(held.conn, read_withdrawal(held.conn, number)))
    for each in subjects:
        click.echo(f"{each.kind:8} {printable(str(each))}")
    decides = say_command("embedarchive", "access", "decide", number)
    click.echo(
        f"Withheld as {level}: case {number}, to be decided by {say_date(due_at)}. "
        f"Not public now: {say_count(total, 'post')} of this archive.\n"
        f"Decide with one of: {decides} {', '.join(get_args(Decision))}",
        err=True,
    )
    if quoting:
        again = say_command("embedarchive", "access", "hide", *quoting[:20])
        click.echo(
            f"Not withheld: {say_count(len(quoting), 'post')} of others that quote it. To withhold these, too: {again}",
            err=True,
        )


@access.command(short_help="Decide a case: restore, staff, seal or erase.")
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


@access.command("list", short_help="List the cases, what is due, and which copies hold them.")
@archive_option
@click.option("--open", "open_only", is_flag=True, help="Only cases that are not decided.")
@click.option("--json", "as_json", is_flag=True, help="Print each case as one JSON object a line.")
def list_cases(archive: str, open_only: bool, as_json: bool) -> int:
    """List the cases: what was asked, when it is due, what was decided, and which copies that were handed out hold it.

    Exits with 3 while one is overdue.
    """
    with closing(open_reader(archive_path(archive))) as conn:
        cases = [each for each in read_withdrawals(conn) if not (open_only and each.decision)]
        copies = {each.id: find_handed_out(conn, find_posts(conn, each)) for each in cases}
    for each in cases:
        if as_json:
            click.echo(json.dumps(asdict(each) | {"copies": list(map(str, copies[each.id]))}, ensure_ascii=False))
            continue
        click.echo(say_case(each))
        for copy in copies[each.id]:
            click.echo(printable(f"    in a copy that was handed out: {copy}"))
    if not cases:
        click.echo("No case.", err=True)
    now = clock.now()
    if any(each.decision is None and each.due_at < now for each in cases):
        return ExitCode.IN_PART
    return ExitCode.DONE


@access.command(short_help="Erase what a case is about, for good, once decided.")
@click.argument("case", type=int)
@archive_option
@click.option("--dry-run", is_flag=True, help="Only say what would be erased, and what cannot be reached.")
@click.option(
    "--thorough", is_flag=True, help="Look for its words in every article. Say it at once: later they are not known."
)
@click.option("--json", "as_json", is_flag=True, help="Print what is erased as one JSON object.")
def erase(case: int, archive: str, dry_run: bool, thorough: bool, as_json: bool) -> None:
    """Erase what a case is about, for good: decide it first, with `decide CASE erase`.

    Words and bytes go: of every visit, of all descriptions, from full text, from what publishers say of the posts, and from
    the pages of their articles, in which the posts are cut out. That they were there stays, and nothing of them is kept again.
    The file is written anew, which needs its size in free room. Interrupted, it is before or after; run again, it is finished.
    """
    path = archive_path(archive)
    with closing(open_reader(path)) as conn:
        request = read_withdrawal(conn, case)
        refuse_erasing(request, clock.now())
        plan = plan_erasure(conn, request, thorough=thorough)
        refuse_held(conn, plan, clock.now())
    if not dry_run:
        refuse_without_room(path)
        with Archive(path) as held:
            plan = held.erase(case, clock.now(), thorough=thorough)
            sign_log(held)
        compact(path, case, clock.now())
    if as_json:
        click.echo(json.dumps(tell_erasure(plan), ensure_ascii=False))
    else:
        for line in say_erasure(plan):
            click.echo(printable(line))
    for line in say_unreached(plan, path):
        click.echo(printable(line), err=True)
    again = say_command("embedarchive", "access", "erase", case)
    click.echo(
        f"Nothing was erased; to erase it: {again}" if dry_run else f"Case {case} is erased; {path} was written anew.",
        err=True,
    )


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


@access.command("open", short_help="Write the card of a sealed post; who opened it is noted.")
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
        level = read_level(conn, key) if key else None
    if key and level == "erased":
        raise UsageError(f"{key} was erased: there is nothing to open. Nothing was changed.")
    if key is None:
        raise UsageError(f"The archive holds no post {post}. Nothing was opened.")
    with Archive(path) as held:  # noted before it is shown
        keep_opening(held, key, clock.now(), by, why)
    with closing(open_reader(path)) as conn:
        record = post_record(conn, key)
        card = ""
        if record:
            card = render_card(record, Checked(conn).read)
    output.write_text(card, "utf-8")
    click.echo(f"{output} shows {key}; that {by} opened it is noted in the archive.", err=True)


def sign_log(archive: Archive) -> None:
    """Sign what the log says now; where that cannot be done, the next run does it."""
    from embedarchive.store.checkpoints import make_checkpoint
    from embedarchive.store.keyring import Keyring

    try:
        make_checkpoint(archive, Keyring(), clock.now())
    except SigningError as error:
        click.echo(f"The log was not signed: {error}", err=True)


def tell_erasure(plan: Erasure) -> dict[str, Any]:
    """What an erasure touches, as values for JSON. Pure."""
    pages = [{"url": each.url, "what": PAGES[each.column], "fate": each.fate, "why": each.why} for each in plan.pages]
    return {
        "case": plan.case, "posts": plan.posts, "articles": plan.addresses, "captures": len(plan.captures),
        "words": plan.words, "files": len(plan.files), "bytes": sum(plan.files.values()), "shared": plan.shared,
        "pages": pages, "exports": plan.exports,
    }  # fmt: skip


PAGES = {
    "html_sha256": "the page as served",
    "dom_sha256": "the page as rendered",
    "screenshot_sha256": "the picture of the page",
}


def say_erasure(plan: Erasure) -> Iterator[str]:
    """What an erasure touches, a line each. Pure."""
    if plan.is_empty:
        yield "Nothing of it is held (any more)."
    yield from (f"post      {key}" for key in plan.posts)
    yield from (f"article   {url}" for url in plan.addresses)
    for table, columns in groupby(plan.words.items(), key=lambda each: each[0].partition(".")[0]):
        counts = dict(columns)
        names = ", ".join(name.partition(".")[2] for name in counts)
        yield f"words     {say_count(max(counts.values()), 'row')} of {table}: {names}"
    if plan.files:
        yield f"files     {say_count(len(plan.files), 'file')}, {sum(plan.files.values()):,} bytes"
    for page in plan.pages:
        fate = "the post is cut out"
        if page.fate != "cut":
            fate = f"gone, for {page.why}"
        yield f"page      {page.url}: {PAGES[page.column]}: {fate}"
    yield from (f"kept      file {sha256}: something else uses it, too" for sha256 in plan.shared)


def say_unreached(plan: Erasure, path: Path) -> Iterator[str]:
    """What erasing cannot reach, a line each."""
    yield from (f"Not reached: this copy was handed out: {copy}" for copy in plan.exports)
    yield from (f"Not reached: {copy} lies beside the archive" for copy in find_copies(path))
    yield (
        "Not reached: backups, copies that were handed out and are not listed here, snapshots of the file system, and what a "
        "disk keeps of deleted files. Tell those who have copies (GDPR 17(2)); make backups anew."
    )
    yield "Not reached: Datasette's own tables, where it is running, show the old file until it is started anew."
    yield (
        "Kept on purpose: the case with its reference, basis and note, and the names under which it is withheld; look whether "
        "they tell more than they have to."
    )


def look_for(path: Path, case: int) -> None:
    """Raise UsageError where there is no such case, before the archive is opened for writing."""
    with closing(open_reader(path)) as conn:
        read_withdrawal(conn, case)


def count_withheld(conn: Any) -> int:
    return int(conn.execute("SELECT count(*) FROM withheld_posts").fetchone()[0])


def say_case(case: Withdrawal) -> str:
    """A case in one line. Pure."""
    about = ", ".join(f"{each.kind} {each}" for each in case.subjects[:3])
    more = ""
    if len(case.subjects) > 3:
        more = f" and {len(case.subjects) - 3} more"
    fate = f"due {say_date(case.due_at)}"
    if case.decision:
        fate = f"{case.decision} on {say_date(case.decided_at or '')}"
        fate += f" by {case.decided_by}" if case.decided_by else ""
    if case.decision == "erase" and not case.erased_at:
        fate += ", not erased yet"
    if case.erased_at:
        fate += f", erased on {say_date(case.erased_at)}"
    held = ""
    if case.hold_until:
        held = f", held until {case.hold_until}"
    reference = ""
    if case.reference:
        reference = f" ({case.reference})"
    return printable(f"{case.id}  {fate}{held}: {case.reason}{reference}, {about}{more}")
