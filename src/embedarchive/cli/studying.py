"""The command that counts and estimates: stats, stats survival, stats rot."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from embedarchive.cli.options import archive_option
from embedarchive.cli.reading import json_option, reading, say, say_json
from embedarchive.core.errors import UsageError
from embedarchive.library import stats as read_stats
from embedarchive.library.estimates import AGES, GROUPINGS, Rot, Survival, SurvivalGroup
from embedarchive.library.lifetimes import read_embeds, read_rot, read_spans, read_survival
from embedarchive.show.plots import (
    list_curves,
    list_shares,
    render_rot,
    render_survival,
    say_age,
    say_group,
    say_range,
    say_rot_notes,
    say_survival_notes,
)
from embedarchive.show.terminal import escape_terminal, render_figures
from embedarchive.show.words import say_number

MOST_GROUPS = 40
INTERVALS = (
    "key", "platform", "account", "kind", "outlets", "forms", "born_at", "entered", "seen", "missing", "event", "cause",
    "observations",
)  # fmt: skip
"""The columns of `--intervals`, for R and others; ages in days."""
Listed = tuple[tuple[str, ...], Iterable[Iterable[Any]]]
"""A table: the names of its columns, and its rows."""
EMBEDS = ("article_id", "outlet", "published_at", "platform", "form", "account", "kind", "standing", "kept")

text_file = click.Path(path_type=Path, dir_okay=False, allow_dash=True)


@click.command()
@click.argument("what", required=False, type=click.Choice(["survival", "rot"]), metavar="[survival|rot]")
@archive_option
@click.option("--by", type=click.Choice(GROUPINGS), help="In groups (survival by platform, rot by outlet unless said).")
@click.option("--csv", "csv_out", type=text_file, metavar="OUT", help="Write the curves, or the shares, as CSV.")
@click.option("--svg", type=text_file, metavar="OUT", help="Draw them: one SVG without scripts.")
@click.option("--title", default="", help="The title of the figure.")
@click.option(
    "--intervals", type=text_file, metavar="OUT", help="Write what they are made of, a post (an embed) a row."
)
@click.option("--overwrite", is_flag=True, help="Replace what is there.")
@json_option
def stats(
    what: str | None,
    archive: str,
    by: str | None,
    csv_out: Path | None,
    svg: Path | None,
    title: str,
    intervals: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Count what an archive holds, and what of it is gone elsewhere; say how long posts live, and how many articles have holes.

    `survival` estimates the share of posts that are still there at each age, from between which looks each went: those still
    there count too. `rot` is the share of articles with a post that is gone. OUT may be - for standard output.

    \b
    embedarchive stats
    embedarchive stats survival --by outlet
    embedarchive stats survival --svg posts.svg --csv posts.csv
    embedarchive stats rot --by year
    """
    if what is None:
        if by or csv_out or svg or intervals or title:
            raise UsageError("Say of what: embedarchive stats survival, or embedarchive stats rot")
        with reading(archive) as conn:
            figures = read_stats(conn)
        if as_json:
            say_json(figures)
        else:
            say(render_figures(figures))
        return
    with reading(archive) as conn:
        if intervals:
            names, each_row = list_intervals(conn, what)
            write_rows(intervals, names, each_row, overwrite=overwrite)
            if not (by or csv_out or svg or as_json):
                return
        if what == "survival":
            told: Survival | Rot = read_survival(conn, by or "platform", groups=MOST_GROUPS)
        else:
            told = read_rot(conn, by or "outlet")
    if csv_out:
        names, each_row = list_estimates(told)
        write_rows(csv_out, names, each_row, overwrite=overwrite)
    if svg:
        write_figure(svg, told, title, overwrite=overwrite)
    if as_json:
        say_json(told)
    elif not (csv_out or svg):
        say(render_estimates(told))


def list_intervals(conn: sqlite3.Connection, what: str) -> Listed:
    """What estimates are made of: each post's life, or each embed with the standing of its post."""
    if what == "survival":
        return INTERVALS, ([getattr(span, name) for name in INTERVALS] for span in read_spans(conn))
    return EMBEDS, ([getattr(each, name) for name in EMBEDS] for each in read_embeds(conn))


def list_estimates(told: Survival | Rot) -> Listed:
    """Estimates as a table."""
    if isinstance(told, Survival):
        return list_curves(told)
    return list_shares(told)


def render_estimates(told: Survival | Rot) -> RenderableType:
    """Estimates as a terminal shows them."""
    if isinstance(told, Survival):
        return render_lives(told)
    return render_holes(told)


def write_rows(out: Path, names: Iterable[str], rows: Iterable[Iterable[Any]], *, overwrite: bool) -> None:
    """Write a table as CSV; a list in a cell has commas."""
    from embedarchive.export.atomic import drafting  # here, for the folder brings what totals need not wait for
    from embedarchive.export.csv import write_csv

    with drafting(out, overwrite) as file:
        write_csv(names, ([",".join(c) if isinstance(c, tuple) else c for c in row] for row in rows), file)


def write_figure(out: Path, told: Survival | Rot, title: str, *, overwrite: bool) -> None:
    """Write the figure as SVG."""
    from embedarchive.export.atomic import drafting

    with drafting(out, overwrite) as file:
        file.write(render_survival(told, title) if isinstance(told, Survival) else render_rot(told, title))


# ---------------------------------------------------------------------------------------------------------- on a terminal


def _table(*heads: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for number, head in enumerate(heads):
        table.add_column(head, justify="right" if number else "left", overflow="fold")
    return table


def _with_notes(table: Table, notes: Iterable[str]) -> RenderableType:
    return Group(table, *(Text(f"\n{escape_terminal(note)}", style="dim") for note in notes))


def render_lives(told: Survival) -> RenderableType:
    """The share of posts that are left at each of AGES, with its band, a row a group."""
    ages = [name for name, age in AGES.items() if any(_reaches(g, age) for g in (told.whole, *told.groups))]
    table = _table(told.by, "posts", "lost", *ages, "half are left at")
    for group in (*told.groups, told.whole) if len(told.groups) > 1 else told.groups or (told.whole,):
        cells = [_say_left(group, AGES[name]) for name in ages]
        half = _say_half(group)
        named = escape_terminal(say_group(told.by, group.name))
        table.add_row(Text(named), say_number(group.posts), say_number(group.lost), *cells, half)
    return _with_notes(table, say_survival_notes(told))


def _reaches(group: SurvivalGroup, age: float) -> bool:
    return group.curve is not None and group.curve.alive_at(age) is not None


def _say_left(group: SurvivalGroup, age: float) -> str:
    read = None
    if group.curve:
        read = group.curve.alive_at(age)
    if read:
        return say_range(*read)
    return "–"


def _say_half(group: SurvivalGroup) -> str:
    if group.curve is None:
        return "too few"
    half, low, high = group.curve.day_when(0.5)
    if half is None:
        return f"over {say_age(group.curve.days[-1])}"
    return f"{say_age(half)} ({say_age(low) if low else 'none'} to {say_age(high) if high else 'later'})"


def render_holes(told: Rot) -> RenderableType:
    """The share of articles with a hole, a row a group."""
    table = _table(told.by, "articles", "holes", "share (95 %)", "fillable", "perhaps", "hidden")
    rows = (*told.groups[:MOST_GROUPS], told.whole) if len(told.groups) > 1 else told.groups or (told.whole,)
    for g in rows:
        numbers = (say_number(n) for n in (g.kept, g.perhaps, g.hidden))
        share = "–"
        if g.articles:
            share = say_range(g.share, g.low, g.high)
        named = escape_terminal(say_group(told.by, g.name))
        table.add_row(Text(named), say_number(g.articles), say_number(g.holes), share, *numbers)
    return _with_notes(table, say_rot_notes(told))
