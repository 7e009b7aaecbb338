"""What people come for, done: seconds of the commands, clicks and seconds in the reading room, persona by persona.

usage: python bench/tasks.py ARCHIVE [--program PROGRAM]

ARCHIVE is a folder that `embedarchive demo` made; it is copied first. Each command runs three times in a process of
its own, and the middle of the three counts. In the room a real browser begins at the address that `serve` prints
(or on the page that the task says) and makes each click; typing with Enter and choosing a file count as one each. A
task is done when the words that it is about are on the page. PROGRAM is another `embedarchive`, an older one. What
fails is a dash. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urljoin

from playwright.sync_api import Error, Page, expect, sync_playwright

from embedarchive.browser import find_browser
from lookups import copy_archive, mark, write_pictures

OURS = f"{shlex.quote(sys.executable)} -c 'from embedarchive.cli import main; main()'"
POST, LINK = "instagram:DUm6L771dVL", "https://www.instagram.com/p/DUm6L771dVL/?igsh=MzRl"
PORT, PATIENCE_MS = 8897, 5000


@dataclass(frozen=True)
class Command:
    """A task that one line does. `{room}` is a folder to write to, `{shot}` the file of a screenshot, cut."""

    persona: str
    task: str
    line: str
    good: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Route:
    """A task in the reading room: steps (`=words` typed into the box, `<file`, else what is clicked), and what then is there.

    `otherwise` are the steps where the first cannot be made.
    """

    persona: str
    task: str
    steps: tuple[str, ...]
    there: str
    start: str = ""
    otherwise: tuple[str, ...] = ()


COMMANDS = (
    Command("archivist", "what is gone, and nothing of it kept", "search --state gone-lost"),
    Command("archivist", "name a set of articles", "collection add elections https://www.thelanternpost.example/2026/01/20/the-last-keeper"),
    Command("archivist", "where does each setting come from?", "doctor config"),
    Command("archivist", "is every byte as it was kept?", "verify"),
    Command("archivist", "copy the archive while it is written to", "backup {room}/copy"),
    Command("journalist", "is this link preserved?", f"lookup {LINK}"),
    Command("journalist", "what was posted on that day?", "lookup '11 February 2026'"),
    Command("journalist", "whose post is this cut screenshot of?", "lookup {shot}"),
    Command("journalist", "the post as one file", f"show {POST} -o {{room}}/post.html"),
    Command("journalist", "a pack that an expert can check without us", f"evidence pack {POST} -o {{room}}/pack.zip"),
    Command("researcher", "share of dead embeds by outlet and year", "query dead-by-outlet-and-year"),
    Command("researcher", "how long do posts live?", "stats survival"),
    Command("researcher", "posts of one platform and month", "search --platform instagram --period 2026-02"),
    Command("researcher", "all embeds as a table", "export --csv {room}/embeds.csv --table embeds"),
    Command("researcher", "a data set that another lab can rebuild", "export --dehydrated {room}/study.jsonl"),
)  # fmt: skip
ROUTES = (
    Route("archivist", "open the room", (), "can still be read here"),
    Route("archivist", "what is gone, and nothing of it kept", ("main a >> text=Gone and lost",), "3 posts"),
    Route("archivist", "all that is gone, kept or not", ("main a >> text=All losses",), "not preserved"),
    Route("archivist", "what one outlet has lost", ("main a[href$='/outlet/kuestenblatt.example']",), "5 gone",
          otherwise=("nav >> text=Outlets", "main a[href$='/outlet/kuestenblatt.example']")),
    Route("journalist", "is this link preserved?", (f"={LINK}",), "Gone by"),
    Route("journalist", "what was posted on that day?", ("=11 February 2026",), "@marit.solheim.foto"),
    Route("journalist", "whose post is this cut screenshot of?", ("<{shot}",), "@marit.solheim.foto"),
    Route("journalist", "what went of my stories, with the copy ready", ("nav >> text=Desk",), "The copy is ready"),
    Route("journalist", "words to cite", ("button:has-text('Copy') >> nth=0",), "Copied", f"/embeds/-/post/{POST}"),
    Route("journalist", "a pack that an expert can check without us",
          ("text=What proves it", "text=Take the evidence pack"), "download", f"/embeds/-/post/{POST}"),
    Route("researcher", "share of dead embeds by outlet and year",
          ("nav >> text=Tables", "text=What share of each outlet"), "thelanternpost.example"),
    Route("researcher", "how long do posts live?", ("nav >> text=Survival",), "How long"),
    Route("researcher", "posts of one platform and month", ("main a[href$='platform=instagram'] >> nth=0",
          "main a[href*='period=2026'] >> nth=0", "main a[href*='period=2026-02'] >> nth=0"), "2 posts"),
)  # fmt: skip


# ------------------------------------------------------------------------------------------------------------- commands


def time_command(command: Command, program: list[str], archive: Path, places: dict[str, str]) -> float | None:
    """The middle of three times, in seconds; None if it cannot be done."""
    times = []
    for number in range(3):
        room = Path(places["room"]) / f"{number}-{time.monotonic_ns()}"
        room.mkdir()
        words = [word.format(**places | {"room": str(room)}) for word in shlex.split(command.line)]
        begun = time.perf_counter()
        archived = [] if words[0] == "doctor" else ["-a", str(archive)]
        done = subprocess.run([*program, *words, *archived], capture_output=True, check=False)
        times.append(time.perf_counter() - begun)
        if done.returncode not in command.good:
            return None
    return round(statistics.median(times), 2)


# ------------------------------------------------------------------------------------------------------------- the room


def wait_until_open(url: str) -> None:
    for _ in range(100):
        try:
            urllib.request.urlopen(url).close()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the reading room did not open")


@contextmanager
def serving(program: list[str], archive: Path) -> Iterator[str]:
    command = [*program, "serve", "-a", str(archive), "--port", str(PORT), "--no-open"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = re.search(r"http://\S+", process.stderr.readline())
        assert said is not None
        wait_until_open(said[0])
        yield said[0]
    finally:
        process.terminate()
        process.wait()


def walk(page: Page, route: Route, front: str, shot: str) -> tuple[int, float] | None:
    """The clicks that a task took and the seconds from the first page to the last; None if it cannot be done so."""
    page.set_default_timeout(PATIENCE_MS)
    begun = time.perf_counter()
    try:
        page.goto(urljoin(front, route.start))
        for step in route.steps[:-1]:
            take(page, step, shot)
        if route.there == "download":
            with page.expect_download():
                take(page, route.steps[-1], shot)
        else:
            for step in route.steps[-1:]:
                take(page, step, shot)
            expect(page.locator("body")).to_contain_text(route.there, timeout=PATIENCE_MS)
    except (Error, AssertionError):
        return None
    return len(route.steps), round(time.perf_counter() - begun, 2)


def take(page: Page, step: str, shot: str) -> None:
    if step.startswith("="):
        page.fill("main input[type=search]", step[1:])
        page.press("main input[type=search]", "Enter")
    elif step.startswith("<"):
        page.set_input_files("input[type=file]", shot)
        if not page.url.endswith("/find"):
            page.wait_for_url("**/find*")
    else:
        page.click(step)


def is_done(told: object) -> str:
    return "–" if told is None else str(told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--program", default=OURS)
    options = parser.parse_args()
    program = shlex.split(options.program)
    figures: dict[str, float | None] = {}
    with tempfile.TemporaryDirectory() as room, sync_playwright() as playwright:
        archive = Path(room) / "archive"
        archive.mkdir()
        copy_archive(options.archive / "embeds.db", archive / "embeds.db")
        if options.program == OURS:
            mark(archive / "embeds.db")
        shots = {start.what: start.pasted for start in write_pictures(archive / "embeds.db", Path(room))}
        places = {"room": room, "shot": shots["cut to 60 %"]}
        print("| who | task | command | seconds |\n|---|---|---|---|")
        for command in COMMANDS:
            seconds = time_command(command, program, archive, places)
            print(f"| {command.persona} | {command.task} | `{command.line}` | {is_done(seconds)} |", flush=True)
            figures[f"{command.persona}, command: {command.task}"] = seconds
        choice = find_browser(None, os.environ)
        browser = playwright.chromium.launch(executable_path=choice.path, channel=choice.channel)
        print("\n| who | task | clicks | seconds |\n|---|---|---|---|")
        with serving(program, archive) as front:
            for route in ROUTES:
                done = None
                for steps in filter(None, (route.steps or ("",), route.otherwise)):
                    context = browser.new_context(permissions=["clipboard-write"])
                    way = replace(route, steps=tuple(filter(None, steps)))
                    done = done or walk(context.new_page(), way, front, places["shot"])
                    context.close()
                clicks, seconds = done or (None, None)
                print(f"| {route.persona} | {route.task} | {is_done(clicks)} | {is_done(seconds)} |", flush=True)
                figures[f"{route.persona}, room: {route.task}"] = seconds
        browser.close()
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
