"""Posts by month -> a figure: what was posted above the line, what was found gone below it. Script-free SVG. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import ceil

from embedarchive.core.periods import fill_months
from embedarchive.show.tags import Html
from embedarchive.show.words import MONTHS, say_count, say_number

WIDTH, ABOVE, BELOW, LABELS = 720, 90, 44, 26
MOST_BARS = 72
"""Of more months, the years are shown."""
MOST_YEARS = 7
"""So many of them bear their names: more would touch on a phone."""
NAME = 90
"""How wide `Feb 2026` is on a phone, where letters are larger than here."""
GAP = 0.18


def render_timeline(posted: Mapping[str, int], lost: Mapping[str, int]) -> Html:
    """The figure, '' where fewer than two months were posted in: one bar says nothing that its number does not say.

    Each side has a scale of its own: its tallest bar fills the room.
    """
    if len(posted) < 2:
        return Html("")
    months = fill_months(posted, lost)
    if len(months) > MOST_BARS:
        posted, lost = add_years(posted), add_years(lost)
        first, last = months[0][:4], months[-1][:4]
        months = tuple(str(year) for year in range(int(first), int(last) + 1))
    step = min(WIDTH / len(months), 48)
    parts = []
    for at, month in enumerate(months):
        parts.append(draw_bar(at * step, step, posted.get(month, 0), max(posted.values(), default=1), month, up=True))
        parts.append(draw_bar(at * step, step, lost.get(month, 0), max(lost.values(), default=1), month, up=False))
    width = round(step * len(months), 1)
    ticks = "".join(draw_tick(at * step, months[at]) for at in find_ticks(months, step))
    height = ABOVE + LABELS + (BELOW if lost else 0)
    says = f"By month: {say_count(sum(posted.values()), 'post')} posted"
    if lost:
        says += f", {say_number(sum(lost.values()))} found gone"
    return Html(
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" preserveAspectRatio="xMinYMid" role="img" aria-label="{says}, '
        f'{say_month(months[0])} to {say_month(months[-1])}">'
        f'<line class="axis" x1="0" x2="{width}" y1="{ABOVE}" y2="{ABOVE}"/>{"".join(parts)}{ticks}</svg>'
    )


def say_losses(lost: Mapping[str, int]) -> str:
    """`Found gone: 1 in November 2026, 2 in March 2027`, in the order of time."""
    told = ", ".join(f"{say_number(number)} in {say_month(month)}" for month, number in sorted(lost.items()))
    return f"Found gone: {told}."


def add_years(months: Mapping[str, int]) -> Mapping[str, int]:
    sums: Counter[str] = Counter()
    for month, number in months.items():
        sums[month[:4]] += number
    return sums


def draw_bar(x: float, step: float, number: int, most: int, month: str, *, up: bool) -> str:
    """One bar with its number as a tooltip; nothing for none."""
    if not number:
        return ""
    room = ABOVE - 6 if up else BELOW - 2
    height = max(2.0, room * number / most)
    y = ABOVE - height if up else ABOVE + LABELS
    told = f"{say_month(month)}: {say_number(number)} {'posted' if up else 'found gone'}"
    return (
        f'<rect class="{"posted" if up else "went"}" x="{x + step * GAP / 2:.1f}" y="{y:.1f}" '
        f'width="{step * (1 - GAP):.1f}" height="{height:.1f}"><title>{told}</title></rect>'
    )


def find_ticks(months: tuple[str, ...], step: float) -> tuple[int, ...]:
    """The places of what bears its name: each January, then the first and the last, where they do not touch another.

    Of years the last, and as many before it as a phone has room for.
    """
    if len(months[0]) == len("2026"):
        every = ceil(len(months) / MOST_YEARS)
        return tuple(at for at in range(len(months)) if (len(months) - 1 - at) % every == 0)
    ticks = [at for at, month in enumerate(months) if month.endswith("-01")]
    for at in (0, len(months) - 1):
        is_free = all(abs(at - other) * step >= NAME for other in ticks)
        if is_free and at * step + NAME <= WIDTH:
            ticks.append(at)
    return tuple(sorted(ticks))


def draw_tick(x: float, month: str) -> str:
    year, _, number = month.partition("-")
    if number in ("", "01"):
        name = year
    else:
        name = f"{MONTHS[int(number) - 1][:3]} {year}"
    return f'<text class="tick" x="{x:.1f}" y="{ABOVE + 19}">{name}</text>'


def say_month(month: str) -> str:
    """`2026-02` -> `February 2026`; a year stays one."""
    year, _, number = month.partition("-")
    if number.isdigit() and 1 <= int(number) <= 12:
        return f"{MONTHS[int(number) - 1]} {year}"
    return year
