"""Estimates -> figures as SVG: no script, no outside file, readable at 320 px, in grey and in the dark. Pure.

A figure is 440 units wide, so that its smallest letters are 9 px high on a phone and a column of a paper can take it as it is.
Lines differ in their dashes as well as their colours, and bear their names.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from math import ceil
from typing import Any

from embedarchive.core.survival import FEW_AT_RISK, LEAST_LOST, LEAST_POSTS, SurvivalCurve
from embedarchive.core.texts import cut_text
from embedarchive.library.estimates import Rot, RotGroup, Survival, SurvivalGroup
from embedarchive.platforms import BY_NAME
from embedarchive.show.words import printable, say_count, say_date, say_number

WIDTH = 440
MARGIN = 16
NOTE = 13
"""The smallest letters, in units."""
MOST_CURVES, MOST_ROWS = 6, 25
ROW = 40
LINE, BETWEEN = 17, 7
"""Of the notes: from line to line, and from note to note."""

STYLE = """\
.paper { fill: #fffdf8; }
text { fill: #1d1a16; font-family: system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif; }
.title { font: 600 20px/1.2 "Iowan Old Style", "Palatino Linotype", P052, "Noto Serif", Georgia, serif; }
.name { font-size: 14px; font-weight: 600; }
.soft, .tick { fill: #5b544a; font-size: 13px; }
.rule { stroke: #dcd4c4; } .axis { stroke: #5b544a; } .lead { stroke: #aca391; }
.c0 { --c: #9a2e1b; } .c1 { --c: #1f4e79; } .c2 { --c: #8a5a00; }
.c3 { --c: #2c6b4a; } .c4 { --c: #6a3d8f; } .c5 { --c: #4d4d4d; }
.line { fill: none; stroke: var(--c); stroke-linejoin: round; } .band { fill: var(--c); fill-opacity: .13; }
.dot, .label { fill: var(--c); } .whisker { stroke: var(--c); }
@media (prefers-color-scheme: dark) {
  .paper { fill: #1e1c18; }
  text { fill: #ece7db; }
  .soft, .tick { fill: #aba393; }
  .rule { stroke: #3a362e; } .axis { stroke: #aba393; } .lead { stroke: #6a6355; } .band { fill-opacity: .2; }
  .c0 { --c: #f0917a; } .c1 { --c: #8fbbe6; } .c2 { --c: #e5b95c; }
  .c3 { --c: #86cfa6; } .c4 { --c: #cda8ee; } .c5 { --c: #c9c9c9; }
  .dot, .label { fill: var(--c); }
}
@media print { .paper { fill: #fff; } }
"""
UNITS = (
    ("years", 365.25, (1, 2, 5), 900),
    ("months", 30.44, (1, 2, 3, 6, 12), 75),
    ("days", 1.0, (1, 2, 5, 7, 14), 0),
)
"""Of ages along the bottom: their length in days, how far apart ticks may be, and from how many days on they are taken."""
DASHES = ("", "7 3", "2 3", "10 3 2 3", "4 2", "1 4")


@dataclass(frozen=True, slots=True)
class _Frame:
    """The plot inside a figure: its edges, and what stands at the right and the top of it."""

    left: float
    right: float
    top: float
    bottom: float
    most_x: float
    most_y: float = 1.0

    def x(self, value: float) -> float:
        return round(self.left + (self.right - self.left) * min(value / self.most_x, 1), 1)

    def y(self, value: float) -> float:
        return round(self.bottom - (self.bottom - self.top) * value / self.most_y, 1)


# ------------------------------------------------------------------------------------------------------------- survival


TOO_LITTLE = f"Too little was seen for a curve: it takes {LEAST_POSTS} posts and {LEAST_LOST} losses."


def has_curves(told: Survival) -> bool:
    """Whether enough was seen of all posts, or of those of one group, to say how long they live."""
    return any(group.curve for group in (told.whole, *told.groups))


def render_survival(told: Survival, title: str = "", *, with_notes: bool = True) -> str:
    """How long posts live, one line a group: an SVG document. Groups of too few posts or losses are named below.

    Without notes it is for a page that has them beside it, as text of its own size.
    """
    groups = [group for group in told.groups if group.curve][:MOST_CURVES] or ([told.whole] if told.whole.curve else [])
    title = title or "How long embedded posts stay online"
    left_out = [group for group in told.groups if not group.curve]
    notes = [*_say_left_out(left_out), *say_survival_notes(told)]
    if not groups:
        return _document(title, TOO_LITTLE, "", [TOO_LITTLE, *notes], 0, most=None if with_notes else 1)
    most = max(group.curve.days[-1] for group in groups if group.curve)
    head = _title_height(title)
    frame = _Frame(MARGIN + 44, WIDTH - 124, head + 34, head + 270, most)
    parts = [_draw_shares(frame), _draw_ages(frame)]
    parts += [_draw_curve(frame, group.curve, n, band=len(groups) < 4) for n, group in enumerate(groups) if group.curve]
    parts.append(_label_curves(frame, told.by, groups))
    under = f"Share still there, by age; {'with 95 % bands' if len(groups) < 4 else 'the bands are in the table'}"
    said = "; ".join(_say_curve(group) for group in groups)
    return _document(
        title,
        said,
        _text(MARGIN, head + 14, under, "soft") + "".join(parts),
        notes,
        frame.bottom + 46,
        most=None if with_notes else 0,
    )


def _say_curve(group: SurvivalGroup) -> str:
    curve = group.curve
    assert curve is not None
    end = f"{curve.alive[-1]:.0%} are left at {say_age(curve.days[-1])}"
    return f"{group.name}: {say_number(group.posts)} posts, {say_number(group.lost)} lost; {end}".replace("%", " %")


def say_survival_notes(told: Survival) -> tuple[str, ...]:
    """What has to be known to read these figures, in sentences: how many, how often seen, since when, by which method."""
    whole = told.whole
    seen = f"{say_count(whole.posts, 'post')} seen alive, {say_number(whole.lost)} of them lost since"
    if whole.other:
        seen += f", {say_number(whole.other)} private or refused (not counted as lost)"
    looks = f"{say_count(whole.observations, 'observation')}"
    if whole.median_gap is not None:
        looks += f", {say_age(whole.median_gap)} apart in the median"
    if told.from_at:
        looks += f", {say_date(told.from_at)} to {say_date(told.to_at)}"
    late = ""
    if whole.posts:
        late = f"Late entry: {whole.late / whole.posts:.0%} were more than a day old when first seen.".replace(
            "%", " %"
        )
    before = ""
    if whole.gone_before:
        age = ""
        if whole.gone_before_age is not None:
            age = f", {say_age(whole.gone_before_age)} old in the median"
        were = "were"
        if whole.gone_before == 1:
            were = "was"
        before = f"{say_count(whole.gone_before, 'more post')} {were} gone before anyone looked{age}; not in the curve."
    undated = ""
    if whole.undated:
        undated = f"{say_count(whole.undated, 'post')} without a date left out."
    method = (
        f"Method: {told.method}, interval-censored with late entry, bootstrap over accounts. "
        f"Thin where fewer than {FEW_AT_RISK} posts are at risk."
    )
    return tuple(
        filter(None, (f"{seen}. {looks}.", " ".join(filter(None, (late, before, undated))), method, told.selection))
    )


def _say_left_out(groups: Sequence[SurvivalGroup]) -> tuple[str, ...]:
    if not groups:
        return ()
    named = ", ".join(f"{g.name} ({say_number(g.posts)} posts, {say_number(g.lost)} lost)" for g in groups[:4])
    more = ""
    if len(groups) > 4:
        more = f" and {len(groups) - 4} more"
    return (f"Too few for a curve ({LEAST_POSTS} posts, {LEAST_LOST} losses): {named}{more}.",)


def say_group(by: str, name: str) -> str:
    """A group as people call it: a platform by its title."""
    if by == "platform" and name in BY_NAME:
        return BY_NAME[name].title
    return name


def say_range(share: float, low: float, high: float) -> str:
    """`91 % (88–93)`."""
    return f"{100 * share:.0f} % ({100 * low:.0f}–{100 * high:.0f})"


def say_age(days: float | None) -> str:
    """An age in its largest fitting unit."""
    if days is None:
        return "not yet"
    for unit, length, least in (("year", 365.25, 730), ("month", 30.44, 61), ("day", 1, 1)):
        if days >= least:
            number = days / length
            if number < 10:
                text = f"{number:.1f}".removesuffix(".0")
            else:
                text = f"{number:.0f}"
            return f"{text} {unit}{'' if text == '1' else 's'}"
    hours = round(days * 24)
    if hours < 1:
        return "less than an hour"
    return say_count(hours, "hour")


def _draw_shares(frame: _Frame) -> str:
    """Lines across, a quarter apart."""
    parts = []
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = frame.y(share)
        parts.append(_line(frame.left, y, frame.right, y, "rule" if share else "axis"))
        parts.append(_text(frame.left - 6, y + 4.5, f"{share:.0%}".replace("%", " %"), "tick", "end"))
    return "".join(parts)


def _draw_ages(frame: _Frame) -> str:
    """Ticks along the bottom, in days, months or years."""
    unit, length, steps = next(each for each in UNITS if frame.most_x >= each[3])[:3]
    span = frame.most_x / length
    step = next((each for each in steps if span / each <= 5.5), ceil(span / 5))
    parts = []
    for number in range(0, int(span) + 1, step):
        x = frame.x(number * length)
        parts.append(_line(x, frame.bottom, x, frame.bottom + 5, "axis"))
        parts.append(_text(x, frame.bottom + 19, str(number), "tick", "middle"))
    parts.append(
        _text((frame.left + frame.right) / 2, frame.bottom + 36, f"{unit} since it was posted", "tick", "middle")
    )
    return "".join(parts)


def _draw_curve(frame: _Frame, curve: SurvivalCurve, number: int, *, band: bool) -> str:
    """One line, thin where few are at risk, and its band."""
    kept = _thin_out(frame, curve)
    parts = []
    if band:
        up = [f"{frame.x(curve.days[n])},{frame.y(curve.high[n])}" for n in kept]
        down = [f"{frame.x(curve.days[n])},{frame.y(curve.low[n])}" for n in reversed(kept)]
        parts.append(f'<polygon class="band" points="{" ".join(up + down)}"/>')
    for width, few in ((2.4, False), (1.0, True)):
        for run in _find_runs(curve, kept, few=few):
            points = " ".join(f"{frame.x(curve.days[n])},{frame.y(curve.alive[n])}" for n in run)
            dash = ""
            if DASHES[number]:
                dash = f' stroke-dasharray="{DASHES[number]}"'
            parts.append(f'<polyline class="line" stroke-width="{width}"{dash} points="{points}"/>')
    return f'<g class="c{number}">{"".join(parts)}</g>'


def _thin_out(frame: _Frame, curve: SurvivalCurve) -> list[int]:
    """The points that are at least a unit apart, and the last."""
    kept = [0]
    for n in range(1, len(curve.days)):
        if n == len(curve.days) - 1 or frame.x(curve.days[n]) - frame.x(curve.days[kept[-1]]) >= 1.5:
            kept.append(n)
    return kept


def _find_runs(curve: SurvivalCurve, kept: Sequence[int], *, few: bool) -> list[list[int]]:
    """Stretches of points between which few, or enough, are at risk."""
    runs: list[list[int]] = []
    for before, after in pairwise(kept):
        if (curve.at_risk[after] < FEW_AT_RISK) != few:
            continue
        if runs and runs[-1][-1] == before:
            runs[-1].append(after)
        else:
            runs.append([before, after])
    return runs


def _label_curves(frame: _Frame, by: str, groups: Sequence[SurvivalGroup]) -> str:
    """Each line's name, n and lost, as near to its end as the others let it."""
    high = 36
    ends = sorted((frame.y(g.curve.alive[-1]), frame.x(g.curve.days[-1]), n) for n, g in enumerate(groups) if g.curve)
    places = _spread([end for end, _, _ in ends], high, frame.top + 8, frame.bottom - 12)
    parts = []
    for (end, x, number), place in zip(ends, places, strict=True):
        group = groups[number]
        parts.append(
            f'<g class="c{number}">{_line(x + 3, end, frame.right + 9, place, "lead")}'
            f"{_text(frame.right + 12, place + 1, cut_text(say_group(by, group.name), 15), 'name label')}"
            f"{_text(frame.right + 12, place + 16, f'{_short(group.posts)}, {_short(group.lost)} lost', 'soft')}</g>"
        )
    return "".join(parts)


def _short(number: int) -> str:
    if number < 100_000:
        return say_number(number)
    return f"{number // 1000:,}k"


def _spread(wanted: Sequence[float], apart: float, top: float, bottom: float) -> list[float]:
    """Places that far apart, in the same order, and as near to the wanted ones as goes: half of the push is up, half down."""
    down, up = list(wanted), list(wanted)
    for n in range(1, len(down)):
        down[n] = max(down[n], down[n - 1] + apart)
    for n in range(len(up) - 2, -1, -1):
        up[n] = min(up[n], up[n + 1] - apart)
    places = [(one + other) / 2 for one, other in zip(down, up, strict=True)]
    for n, place in enumerate(places):
        places[n] = max(place, top if n == 0 else places[n - 1] + apart)
    for n in range(len(places) - 1, -1, -1):
        places[n] = min(places[n], bottom if n == len(places) - 1 else places[n + 1] - apart)
    return [round(place, 1) for place in places]


# ------------------------------------------------------------------------------------------------------------------ rot


def render_rot(told: Rot, title: str = "", *, with_notes: bool = True) -> str:
    """The share of articles with a hole, one row a group with its interval: an SVG document."""
    rows = list(told.groups if len(told.groups) > 1 else (told.whole,))
    if told.by != "year":
        rows = sorted(rows[:MOST_ROWS], key=lambda row: -row.share)
    else:
        rows = rows[:MOST_ROWS]
    title = title or "Articles with a hole where a post was"
    head = _title_height(title)
    notes = say_rot_notes(told)
    if not told.whole.articles:
        few = "No article's posts have been seen yet."
        return _document(title, few, "", [few, *notes], 0, most=None if with_notes else 1)
    most = next(limit for limit in (0.1, 0.25, 0.5, 1.0) if limit >= min(max(row.high for row in rows), 1.0))
    frame = _Frame(MARGIN + 168, WIDTH - 66, head + 40, head + 40 + ROW * len(rows), most)
    parts = []
    for share in (0, most / 2, most):
        x = frame.x(share)
        parts.append(_line(x, frame.top - 6, x, frame.bottom, "axis" if not share else "rule"))
        parts.append(_text(x, frame.bottom + 18, f"{100 * share:g} %", "tick", "middle"))
    parts += [_draw_row(frame, told.by, row, frame.top + ROW * n + ROW / 2) for n, row in enumerate(rows)]
    under = "Share of articles, with its 95 % interval"
    said = "; ".join(f"{row.name}: {row.share:.0%} of {say_number(row.articles)}" for row in rows).replace("%", " %")
    return _document(
        title,
        said,
        _text(MARGIN, head + 14, under, "soft") + "".join(parts),
        notes,
        frame.bottom + 30,
        most=None if with_notes else 0,
    )


def _draw_row(frame: _Frame, by: str, row: RotGroup, y: float) -> str:
    share = f"{row.share:.0%}".replace("%", " %")
    return (
        f'<g class="c0">{_text(MARGIN, y - 2, cut_text(say_group(by, row.name), 19), "name")}'
        f"{_text(MARGIN, y + 14, f'{say_number(row.holes)} of {say_number(row.articles)}', 'soft')}"
        f'<line class="whisker" stroke-width="2" x1="{frame.x(row.low)}" y1="{y}" x2="{frame.x(row.high)}" y2="{y}"/>'
        f'<circle class="dot" cx="{frame.x(row.share)}" cy="{y}" r="5"/>'
        f"{_text(WIDTH - MARGIN, y + 5, share, 'name', 'end')}</g>"
    )


def say_rot_notes(told: Rot) -> tuple[str, ...]:
    """What has to be known to read these figures, in sentences."""
    whole = told.whole
    seen = f"{say_count(whole.articles, 'article')} with a post that was seen or found missing; "
    seen += f"{say_number(whole.holes)} have a hole"
    seen += f", {say_number(whole.kept)} of which this archive can fill" if whole.holes else ""
    apart = []
    if whole.perhaps:
        apart.append(f"{say_number(whole.perhaps)} more have a loss that is not confirmed")
    if whole.hidden:
        apart.append(f"{say_number(whole.hidden)} more a post that turned private or may not be embedded")
    if whole.not_known:
        apart.append(f"of {say_number(whole.not_known)} nothing is known yet")
    said = f"{seen}."
    if apart:
        said += f" Not counted: {'; '.join(apart)}."
    return said, told.selection


# --------------------------------------------------------------------------------------------------------------- tables


def list_curves(told: Survival) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """Every point of every curve; ages in days."""
    names = (told.by, "posts", "lost", "day", "alive", "low", "high", "at_risk")

    def rows() -> Iterator[tuple[Any, ...]]:
        for group in (told.whole, *told.groups):
            curve = group.curve
            if curve is None:
                yield group.name, group.posts, group.lost, None, None, None, None, None
                continue
            points = zip(curve.days, curve.alive, curve.low, curve.high, curve.at_risk, strict=True)
            for day, *shares, at_risk in points:
                yield group.name, group.posts, group.lost, day, *(round(share, 5) for share in shares), at_risk

    return names, rows()


def list_shares(told: Rot) -> tuple[tuple[str, ...], Iterator[tuple[Any, ...]]]:
    """Every group, and every month of publication."""
    names = ("by", "group", "articles", "holes", "share", "low", "high", "perhaps", "hidden", "kept", "not_known")
    listed = [("all", told.whole), *((told.by, g) for g in told.groups), *(("month", g) for g in told.months)]

    def row(by: str, g: RotGroup) -> tuple[Any, ...]:
        shares = (round(each, 5) for each in (g.share, g.low, g.high))
        return by, g.name, g.articles, g.holes, *shares, g.perhaps, g.hidden, g.kept, g.not_known

    return names, (row(*each) for each in listed)


# ------------------------------------------------------------------------------------------------------------- documents


def _document(title: str, said: str, body: str, notes: Sequence[str], bottom: float, *, most: int | None = None) -> str:
    """The whole SVG: its title and description for who cannot see it, the figure, the notes below it, at `most` so many."""
    bottom = bottom or _title_height(title)
    at, below = bottom + NOTE + BETWEEN, []
    for note in notes[:most]:
        for line in _wrap(printable(note), 64):
            below.append(_text(MARGIN, at, line, "soft"))
            at += LINE
        at += BETWEEN
    height, foot = ceil(at - LINE + MARGIN), "".join(below)
    heading = "".join(_text(MARGIN, 32 + 24 * n, line, "title") for n, line in enumerate(_wrap(printable(title), 42)))
    told = " ".join([said, *notes])
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-labelledby="title desc">\n<title id="title">{_escape(title)}</title>\n'
        f'<desc id="desc">{_escape(told)}</desc>\n<style>{STYLE}</style>\n'
        f'<rect class="paper" width="{WIDTH}" height="{height}"/>\n{heading}\n{body}\n{foot}\n</svg>\n'
    )


def _title_height(title: str) -> float:
    return 18 + 24 * len(_wrap(printable(title), 42))


def _wrap(text: str, most: int) -> list[str]:
    """Lines of at most so many letters."""
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + 1 + len(word) > most:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def _text(x: float, y: float, text: str, look: str, anchor: str = "start") -> str:
    end = ""
    if anchor != "start":
        end = f' text-anchor="{anchor}"'
    return f'<text class="{look}" x="{x:g}" y="{y:g}"{end}>{_escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, look: str) -> str:
    return f'<line class="{look}" x1="{x1:g}" y1="{y1:g}" x2="{x2:g}" y2="{y2:g}"/>'


def _escape(text: str) -> str:
    return escape(printable(text))
