"""Events of a run -> what a person sees: a live display on a terminal, else one line an event."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from rich.console import Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from embedarchive.cli.console import open_console
from embedarchive.cli.lines import STYLES, heading_line, is_told, say_event
from embedarchive.core import clock
from embedarchive.core.model import OUTCOMES
from embedarchive.run.ledger import Event
from embedarchive.run.report import Report, Standings, Tally
from embedarchive.show.terminal import STATE_MARKS
from embedarchive.show.words import CHANGE_WORDS, printable, say_count, say_moment
from embedarchive.sources.intake import say_skipped

NO_ARTICLES = "none were due: all were fetched lately enough"
WONDERED_AFTER_S = 3.0
MOST_NAMED = 20
"""Posts that a summary names one by one."""


class Display:
    """Shows on standard error a tally that moves, where there is a terminal, and one line for each article with its posts.

    A run of another command than `crawl` is about posts, and has a line for each (of a check for each that is not well); with
    `verbose` every event has one.
    At the end it prints the summary to standard output, or with `as_json` one JSON object.
    """

    def __init__(self, title: str, *, quiet: bool, verbose: bool, as_json: bool, command: str = "crawl") -> None:
        self.title, self.quiet, self.as_json = title, quiet, as_json
        self.verbose, self.command, self.headed = verbose, command, False
        self.tally = Tally()
        self.console = open_console(stderr=True)
        live = self.console.is_terminal and not quiet
        self.live = (
            Live(get_renderable=self.render, console=self.console, refresh_per_second=8, transient=True)
            if live
            else None
        )

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        if self.live:
            self.live.stop()

    def begin(self, tally: Tally) -> None:
        self.tally = tally
        if self.live:
            self.live.start()

    def emit(self, event: Event) -> None:
        if self.quiet or not (self.verbose or is_told(event, self.command)):
            return
        width = None
        if self.console.is_terminal:
            width = self.console.width
        if event.what == "posts" and not self.headed:
            self.headed = True
            self.console.print(heading_line(width), soft_wrap=True)
        self.console.print(say_event(event, width), soft_wrap=True)

    def end(self, report: Report) -> None:
        self.close()
        if self.as_json:
            ended = {"ended": report.ended, "archive": str(report.archive)}
            click.echo(json.dumps(self.tally.summary() | ended))
        elif not self.quiet:
            self.console.print()
            print_summary(self.tally, describe_file(report.archive), self.command)

    def note(self, text: str) -> None:
        if not self.quiet:
            self.console.print(Text(text, style="yellow"))

    def render(self) -> Group:
        tally, due = self.tally, self.tally.due
        width = min(28, self.console.width // 6)
        grid = Table.grid(padding=(0, 2))
        fetched = sum(tally.articles.values())
        if due.get("articles"):
            grid.add_row("articles", bar(fetched, due["articles"], width), articles_text(tally))
        grid.add_row("posts", bar(tally.visits, due.get("visited", 0) + tally.waiting, width))
        if tally.visits:
            seen = [captures_text(tally.captures)]
        else:
            seen = []
        return Group(Text(), Text(self.title, style="bold"), grid, *seen, Text(pace(tally), style="dim"), *waits(tally))


def waits(tally: Tally) -> list[Text]:
    """What is waited for, once a person may wonder."""
    if tally.waited_s < WONDERED_AFTER_S:
        return []
    said = f"waiting for {printable(tally.waits_for)} ({tally.waited_s:.0f} s)"
    return [Text(said, style="dim", no_wrap=True, overflow="ellipsis")]


def bar(done: int, total: int, width: int) -> Table:
    row = Table.grid(padding=(0, 1))
    row.add_row(ProgressBar(total=max(total, 1), completed=min(done, total), width=width), f"{done}/{total}")
    return row


def articles_text(tally: Tally) -> Text:
    text = Text(say_count(tally.embeds, "embed"))
    if tally.articles["failed"]:
        text.append(f"  {tally.articles['failed']} failed", style="red")
    return text


def captures_text(captures: Counter[str]) -> Text:
    """Each outcome by shape, number and word, so that colour is never all that tells them apart."""
    parts = [Text(f"{STATE_MARKS[o]} {captures[o]} {o}", style=STYLES[o]) for o in OUTCOMES if captures[o]]
    return Text("  ").join(parts)


def pace(tally: Tally) -> str:
    rate = tally.visits / max(tally.seconds, 0.1)
    left = tally.waiting
    text = f"{duration(tally.seconds)} elapsed"
    if rate and tally.visits >= 3:
        text += f" · {rate * 60:.0f} posts/min"
        text += f" · about {duration(left / rate)} left" if left > 0 else ""
    return text


def duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"
    return f"{minutes}:{rest:02}"


def print_summary(tally: Tally, where: str, command: str = "crawl") -> None:
    """Say on standard output what a run did, and where to look."""
    console = open_console()
    grid = Table.grid(padding=(0, 2))
    if tally.due.get("articles"):
        articles = ", ".join(f"{n} {word}" for word, n in articles_words(tally) if n) or NO_ARTICLES
        grid.add_row("Articles", articles)
        grid.add_row("Embeds", str(tally.embeds))
    if tally.in_part.total():
        why = ", ".join(f"{count} {reason}" for reason, count in tally.in_part.items() if count)
        grid.add_row("Seen in part", f"{why} (--report FILE.csv says which, and what to do)")
    if tally.recovery:
        for title, text in say_recovery(tally.recovery):
            grid.add_row(title, Text(printable(text)))
    if tally.skipped:
        grid.add_row("Not taken", say_skipped(tally.skipped))
    if command == "import":
        grid.add_row("Posts", say_imported(tally.imported))
    else:
        grid.add_row("Posts", captures_text(tally.captures) if tally.visits else Text(say_no_visits(tally)))
    if tally.standing.partly_preserved:
        grid.add_row("In part", partly_text(tally.standing))
    if tally.standing.perhaps_gone:
        posts = say_count(tally.standing.perhaps_gone, "post")
        grid.add_row("Not confirmed", f"{posts} perhaps gone; looked at again before that is said")
    if tally.newly_gone and not tally.newly_lost:
        named = list(map(printable, tally.newly_gone[:MOST_NAMED]))
        more = len(tally.newly_gone) - len(named)
        text = "\n".join(named + ([f"and {more} more (--json names all)"] if more else []))
        grid.add_row("Newly gone", Text(text, style="red"))
    if tally.newly_lost:
        grid.add_row("Newly gone", Text("\n".join(map(printable, tally.newly_lost)), style="red"))
    if others := {kind: n for kind, n in tally.changes.items() if kind != "missing"}:
        grid.add_row("Changed", ", ".join(f"{n} {CHANGE_WORDS[kind].lower()}" for kind, n in others.items()))
    if tally.in_place:
        grid.add_row("In place", f"{tally.in_place} posts photographed in their articles")
    if tally.replays.total() or tally.not_replayed:
        grid.add_row("Replayed", replays_text(tally))
    if tally.not_marked:
        later = "a run sees to that while its visits wait"
        grid.add_row("Pictures", f"{tally.not_marked} captures are found by a part of their picture later; {later}")
    if tally.waiting:
        grid.add_row("Still due", f"{tally.waiting} posts; {GOES_ON.get(command, GOES_ON[''])}")
    if beyond := tally.due.get("beyond"):
        grid.add_row("Found only", f"{beyond} posts of platforms not captured yet (see: embedarchive platforms)")
    if tally.log:
        size, root = tally.log["size"], tally.log["root"]
        grid.add_row("Log", f"{say_count(size, 'entry', 'entries')}, head {root[:16]} (embedarchive evidence)")
    grid.add_row("Archive", where)
    console.print(grid)


GOES_ON = {"": "the same command goes on with them", "import": "embedarchive crawl, without an address, visits them"}
"""How posts that still wait for a visit come to it, by command."""

IMPORTED = {
    "kept": "{} kept", "known": "{} known before", "not wanted": "{} erased before, or not wanted (access)",
    "unavailable": "{} not shown in what was recorded", "gone": "{} said to be gone", "blocked": "{} block pages",
    "error": "{} of which too little was recorded",
}  # fmt: skip
"""What became of what was recorded of posts, in words."""


def say_imported(imported: Counter[str]) -> str:
    """What became of what others saw of posts."""
    said = [words.format(imported[outcome]) for outcome, words in IMPORTED.items() if imported[outcome]]
    return ", ".join(said) or "none were in it"


SOURCE_TITLES = {
    "archive": "Own articles",
    "files": "Files",
    "wayback": "Wayback",
    "articles": "Old articles",
    "commoncrawl": "Common Crawl",
    "cdn": "Platform's files",
}


def say_recovery(recovery: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was asked of whom about lost posts, and what came of it: a line a source, then what was recovered."""
    yield "Asked about", say_count(recovery["posts"], "post")
    for source, title in SOURCE_TITLES.items():
        answers = recovery["answers"].get(source, {})
        if not answers:
            continue
        parts = [f"{n} {answer}" for answer, n in answers.items()]
        parts += [
            f"{n} {verdict}" for verdict, n in recovery["tried"].get(source, {}).items() if verdict != "recovered"
        ]
        parts += [f"{recovery['requests'][source]} requests"] if recovery["requests"].get(source) else []
        yield title, ", ".join(parts)
    for extent, keys in recovery["recovered"].items():
        yield "Recovered", f"{extent}: " + ", ".join(keys[:MOST_NAMED]) + (" …" if len(keys) > MOST_NAMED else "")
    if recovery["claims"]:
        yield "Claims", f"older articles say more of {say_count(recovery['claims'], 'post')}"
    if recovery["untried"]:
        yield "Untried", f"{say_count(recovery['untried'], 'memento')} (the same command tries them; --all tries more)"


def say_no_visits(tally: Tally) -> str:
    """Why no post was visited: that none was due is said only where nothing was found or waits."""
    if tally.waiting:
        return "none was visited"
    if tally.in_place:
        return "none was visited by itself"
    if tally.embeds:
        return "none had to be visited: they were before, or name no post, or cannot be"
    return "none were due"


def partly_text(standing: Standings) -> str:
    """How many posts are preserved in part, and when they are tried again."""
    text = f"{say_count(standing.partly_preserved, 'post')} partly preserved; each says what is missing"
    if standing.left_out:
        text += f" ({standing.left_out} for --no-film or --max-bytes; a run without may bring it)"
        if not standing.to_complete:
            return text
    if not standing.to_complete:
        return f"{text}, and no other visit would bring it"
    at = standing.tried_again_at
    if at is None or at <= clock.now():
        when = "at once"
    else:
        when = f"from {say_moment(at)} on"
    return f"{text}. {standing.to_complete} may be completed by the same command, {when}"


def replays_text(tally: Tally) -> str:
    """How many captures were shown again, how well, and how many of the archive never were."""
    said = []
    if tally.replays.total():
        said.append(f"{tally.replays.total()} shown again from the archive alone")
    if tally.replays["poor"]:
        said[-1] += f", {tally.replays['poor']} of them poorly: something a reader saw is missing"
    if tally.not_replayed:
        said.append(f"{tally.not_replayed} not yet (a run does it while its browser waits, --replay at once)")
    return "; ".join(said)


def describe_file(path: Path) -> str:
    return f"{path} ({path.stat().st_size / 1_000_000:.1f} MB)"


def articles_words(tally: Tally) -> list[tuple[str, int]]:
    a = tally.articles
    return [("fetched", a["ok"]), ("unchanged", a["unchanged"]), ("failed", a["failed"])]
