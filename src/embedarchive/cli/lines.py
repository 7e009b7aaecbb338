"""Events of a run -> one line each: an article with its posts, a post, what could not be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from embedarchive.core.model import OUTCOMES, PostStanding
from embedarchive.run.failures import find_failure
from embedarchive.run.ledger import Event
from embedarchive.run.referred import NOT_READ_AGAIN
from embedarchive.show.terminal import STATE_MARKS
from embedarchive.show.words import printable, say_count, say_missing
from embedarchive.sources.intake import LOST

STYLES = {"available": "green", "gone": "red", "unavailable": "yellow", "blocked": "magenta", "error": "red"}
"""The colour of each outcome; its mark and its word say the same without colour."""

STANDINGS: dict[str, tuple[str, str, str]] = {
    "available": ("available", "preserved", "online, nothing kept"),
    "gone": ("gone", "gone, preserved before", "gone"),
    "perhaps gone": ("unavailable", "perhaps gone, preserved before", "perhaps gone"),
    "unavailable": ("unavailable", "unavailable, preserved before", "unavailable"),
    "blocked": ("blocked", "kept out, preserved before", "kept out"),
    "error": ("error", "failed, preserved before", "failed"),
    "due": ("not captured", "still due", "still due"),
    "not captured": ("not captured", "not captured", "found only"),
    "unresolved": ("not captured", "without a post named", "without a post named"),
}
"""Where a post of an article stands -> its mark, and its words where something of it is kept and where nothing is."""

WIDEST = 130
NARROW = 76
"""Columns below which the posts of an article stand on a line of their own."""
PIPED_ADDRESS = 78
"""Columns that an address takes at least where nothing is cut."""

NOTEWORTHY = frozenset({"fault", "pace", "listing", "waiting", "change"})
"""What is told line by line in any case."""


TOLD_POSTS = {"crawl": frozenset[str](), "capture": frozenset[str](OUTCOMES)}
"""The outcomes of visits that have a line of their own, by command. A crawl tells articles; other commands what is not well."""

TOLD_OF_RECOVERY = {
    "seek": frozenset({"refused", "error", "excluded"}),
    "salvage": frozenset({"recovered", "claim"}),
}
"""What has a line of its own where others are asked for lost posts: what was found, and who did not answer."""

NOT_WELL = frozenset[str](OUTCOMES) - {"available"}


def is_told(event: Event, command: str) -> bool:
    """Whether an event of a command has a line of its own: an article when it is done, posts, what failed."""
    if event.what == "skipped":
        return event.outcome in LOST or event.outcome == NOT_READ_AGAIN
    if event.what == "import":
        return event.outcome == "not wanted"
    if event.what in TOLD_OF_RECOVERY:
        return event.outcome in TOLD_OF_RECOVERY[event.what]
    if event.what == "capture":
        return event.outcome in TOLD_POSTS.get(command, NOT_WELL)
    if event.what in ("article", "feed", "link", "render", "search", "tell"):
        return event.outcome in ("failed", "truncated") or event.what == "feed"
    return event.what == "posts" or event.what in NOTEWORTHY


def say_event(event: Event, width: int | None = None) -> Text:
    """The line of an event, for a terminal of that many columns; without a width nothing is cut."""
    if event.what == "posts":
        return article_line(event, width)
    if event.what == "waiting":
        return Text(f"  waiting for {printable(event.subject)} ({event.detail} so far)", style="dim")
    return event_line(event)


def event_line(event: Event) -> Text:
    """What happened, its outcome by mark and word, what it is about, and what to do about it."""
    style = STYLES.get(event.outcome, "red" if event.outcome == "failed" else "")
    text = Text(f"{STATE_MARKS.get(event.outcome, '·')} ", style=style)
    if event.what != "capture":
        text.append(f"{event.what:8} ", style="dim")
    text.append(f"{event.outcome:12} ", style=style)
    text.append(printable(event.subject))
    if event.what == "search":
        text.append(f"  {say_count(event.count, 'embed')}", style="dim")
    if event.detail:
        said = dict.fromkeys(map(say_missing, event.detail.split("; ")))
        text.append(f"  {'; '.join(said)}", style="dim")
    failure = None
    has_advice = event.what in ("article", "listing", "link")
    if event.what == "capture":
        has_advice = event.outcome in ("error", "blocked")
    if has_advice:
        failure = find_failure(event)
    if failure:
        text.append(f" ({failure.to_do})", style="dim")
    return text


def heading_line(width: int | None) -> Text:
    """What stands above the lines of articles."""
    if width is not None and width < NARROW:
        return Text("Article, and its posts", style="bold dim")
    if width is None:
        column = PIPED_ADDRESS + 2
    else:
        column = find_column(width)
    return Text(f"{'Article':<{column}}Its posts", style="bold dim")


def find_column(width: int) -> int:
    """Where the posts of an article begin on a terminal of so many columns."""
    return min(width, WIDEST) * 11 // 20


def article_line(event: Event, width: int | None) -> Text:
    """An article and where each of its posts stands."""
    address = printable(event.subject)
    whole = say_posts(event.posts, named=True)
    if width is None:
        return Text(f"{address:<{PIPED_ADDRESS}}  ").append_text(whole)
    if width < NARROW:
        if whole.cell_len <= width - 4:
            posts = whole
        else:
            posts = say_posts(event.posts, named=False)
        return Text(f"{cut_middle(show_address(address), width - 1)}\n    ").append_text(posts)
    column = find_column(width)
    if whole.cell_len <= width - column - 1:
        posts = whole
    else:
        posts = say_posts(event.posts, named=False)
    cut = cut_middle(show_address(address), column - 2)
    return Text(set_cell_size(cut, column)).append_text(posts)


def say_posts(posts: Iterable[PostStanding], *, named: bool) -> Text:
    """Posts by where they stand, each group by its mark, number and word; `named` says of which platforms."""
    groups: dict[tuple[str, str], Counter[str]] = {}
    for post in posts:
        mark, kept, lost = STANDINGS[post.state]
        if (post.state, post.kept) == ("available", "partial"):
            word = f"{kept} in part"
        else:
            word = kept
        group = groups.setdefault((mark, lost if post.kept == "none" else word), Counter())
        group[post.platform] += 1
    if not groups:
        return Text("no posts", style="dim")
    order = list(STATE_MARKS)
    ordered = sorted(groups.items(), key=lambda item: order.index(item[0][0]))
    return Text("  ").join(say_group(mark, word, platforms, named) for (mark, word), platforms in ordered)


def say_group(mark: str, word: str, platforms: Counter[str], named: bool) -> Text:
    text = Text(f"{STATE_MARKS[mark]} {platforms.total()} {word}", style=STYLES.get(mark, ""))
    names = ", ".join(say_platform(name, count) for name, count in platforms.items() if name)
    if named and names:
        text.append(f" ({names})", style="not bold dim")
    return text


def say_platform(name: str, count: int) -> str:
    if count == 1:
        return name
    return f"{count} {name}"


def show_address(url: str) -> str:
    """An address as a reader knows it."""
    return url.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")


def cut_middle(text: str, width: int) -> str:
    """A text of so many columns at most; where it is longer, its middle gives way, for both ends say which it is."""
    if cell_len(text) <= width:
        return text
    head = (width - 1) // 2
    tail = width - 1 - head
    return f"{set_cell_size(text, head)}…{text[-tail:]}"
