"""Read every web archive in a folder by our reader, by warcio's own and by fastwarc's, and print their counts side by side.

usage: python bench/archives.py FOLDER [--log]

FOLDER holds archives of others (WARC, ARC, WACZ, packed or not), at any depth, best one folder for each project they are from.
warcio is what we read odd records with; here it reads and decodes by itself. fastwarc comes from the registries into an
environment of its own. Records are counted, and pages compared by the sha1 of their decoded bodies; every difference gets its
reason, by a rule (`WHYS`).
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from embedarchive.core.errors import SourceError
from embedarchive.sources import expand_seeds
from embedarchive.sources.intake import Intake
from tools import prepare_python_tools

RESULTS = Path(__file__).parent / "results" / "archives.md"
NAMES = (".warc", ".arc", ".wacz", ".warc.gz", ".arc.gz", ".warc.zst", ".bad")
PEERS = ("warcio", "fastwarc")
OF_FILES = ("nothing_found", "damaged", "unreadable")
"""Reasons that are told of a file, not of a record."""


@dataclass(frozen=True)
class Counted:
    """What one reader made of one file; `told` is what it said besides, `damaged` how many places it told as damage."""

    records: int
    pages: Counter[str]
    told: str
    damaged: int = 0


def read_ours(path: Path) -> Counted:
    """Count as the commands do: every record is a page or has a reason."""
    intake = Intake()
    try:
        seeds = list(expand_seeds([str(path)], intake=intake, stdin=[]))
    except SourceError as error:
        return Counted(0, Counter(), str(error)[:80])
    fetches = [seed.fetch for seed in seeds if seed.fetch]
    whole = [fetch for fetch in fetches if fetch.outcome == "ok"]
    ends = Counter(f"{f.outcome}: {f.reason or f.truncated}" for f in fetches if f.reason or f.truncated)
    skipped = {reason: count for reason, count in intake.skipped.items() if count > 0}
    records = len([f for f in fetches if f.url.startswith("http")])
    records += sum(count for reason, count in skipped.items() if reason not in OF_FILES)
    told = [f"{reason} {count}" for reason, count in (*sorted(skipped.items()), *ends.items())]
    damaged = skipped.get("damaged", 0) + sum(f.reason == "damaged" for f in fetches)
    return Counted(records, Counter(hashlib.sha1(f.body).hexdigest() for f in whole), ", ".join(told), damaged)


def read_peer(name: str, paths: Sequence[Path]) -> list[Counted]:
    python = sys.executable if name == "warcio" else prepare_python_tools(name, name) / "bin" / "python"
    script, given = Path(__file__).with_name("records.py"), "\n".join(map(str, paths))
    done = subprocess.run([python, script, name], input=given, capture_output=True, text=True, check=True)
    rows = map(json.loads, done.stdout.splitlines())
    return [Counted(row["records"], Counter(row["pages"]), row["ended"]) for row in rows]


@dataclass(frozen=True)
class Why:
    """A reason for which counts differ, and how it is told from them."""

    says: str
    holds: Callable[[Counted, Counted], bool]


WHYS: Mapping[str, Why] = {
    "ended": Why(
        "The peer ended with an error (in the table), before the end of the file or within a body: not every peer reads ARC, "
        "brotli and HTTP's chunks, and a line that is no record's ends both.",
        lambda ours, peer: bool(peer.told) and peer.records <= ours.records + ours.damaged,
    ),
    "stopped": Why(
        "The peer took a record for the end of the file, or passed over it, without a word: empty lines between records, a "
        "record that hides its neighbour by a wrong length.",
        lambda ours, peer: not peer.told and peer.records < ours.records,
    ),
    "damage": Why(
        "Records that break the format (no length, a head without its body, an unknown version) are no records for us and are "
        "told as damage, exit code 3; the peer gives them as empty ones.",
        lambda ours, peer: ours.damaged > 0 and peer.records != ours.records and peer.pages == ours.pages,
    ),
    "platform": Why(
        "Pages of platforms are no articles, and are counted as such.",
        lambda ours, peer: "platform_page" in ours.told and not ours.pages - peer.pages,
    ),
    "revisit": Why(
        "Revisits are resolved to the page that they stand for, and pages without a declared type are known by their first "
        "bytes.",
        lambda ours, peer: peer.records == ours.records and not peer.pages - ours.pages,
    ),
}


def explain(ours: Counted, peer: Counted) -> str:
    """The name of the first reason that holds, nothing where the counts are alike."""
    if ours.records == peer.records and ours.pages == peer.pages:
        return ""
    return next((name for name, why in WHYS.items() if why.holds(ours, peer)), "NOT EXPLAINED")


def say_row(name: str, ours: Counted, peers: Sequence[Counted]) -> str:
    """One file as a row of the table: records and pages by each, why they differ, and what was told."""
    cells = [name, str(ours.records), *(str(peer.records) for peer in peers), str(ours.pages.total())]
    cells += [str(peer.pages.total()) for peer in peers]
    cells += [explain(ours, peer) for peer in peers]
    said = [ours.told, *(f"{peer}: {c.told}" for peer, c in zip(PEERS, peers, strict=True) if c.told)]
    told = re.sub(r"[^ -~]", "?", "; ".join(filter(None, said)).replace("|", "/"))
    return f"| {' | '.join(cells)} | {told} |"


HEADS = ("archive", "records, ours", *PEERS, "pages, ours", *PEERS, *(f"why not as {peer}" for peer in PEERS), "told")


def say_table(rows: Sequence[str]) -> str:
    return "\n".join([f"| {' | '.join(HEADS)} |", "|---" * len(HEADS) + "|", *rows])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--log", action="store_true", help="write what differs into bench/results/archives.md")
    options = parser.parse_args()
    paths = sorted(p for p in options.folder.rglob("*") if p.is_file() and p.name.lower().endswith(NAMES))
    ours, peers = [read_ours(path) for path in paths], [read_peer(name, paths) for name in PEERS]
    beside = [(path, ours[at], [peer[at] for peer in peers]) for at, path in enumerate(paths)]
    rows = {str(path.relative_to(options.folder)): (mine, theirs) for path, mine, theirs in beside}
    print(say_table([say_row(name, *row) for name, row in rows.items()]))
    whys = Counter(explain(mine, their) for mine, theirs in rows.values() for their in theirs)
    alike = {
        name: sum(not explain(mine, theirs[at]) for mine, theirs in rows.values()) for at, name in enumerate(PEERS)
    }
    figures = {"archives": len(rows), "records": sum(mine.records for mine in ours)}
    figures |= {"pages": sum(mine.pages.total() for mine in ours)}
    last = json.dumps(figures | {"alike": alike, "why": {name: count for name, count in whys.items() if name}})
    print(last)
    if options.log:
        RESULTS.write_text(say_results(rows, last), "utf-8")


def say_results(rows: Mapping[str, tuple[Counted, Sequence[Counted]]], last: str) -> str:
    """What was read from where, which archives are not read alike, and why."""
    projects = Counter(name.partition("/")[0] for name in rows)
    differ = [say_row(name, *row) for name, row in rows.items() if any(explain(row[0], peer) for peer in row[1])]
    reasons = [f"- **{name}**: {why.says}" for name, why in WHYS.items()]
    named = [f"{name.replace('+', '/')} ({count})" for name, count in projects.items()]
    parts = [
        "# Web archives of others, read by three readers",
        f"`python bench/archives.py FOLDER --log`, {date.today():%d %B %Y}. The archives are those that these projects ship "
        f"for their own tests, from their packages and repositories: {', '.join(named)}. None of them is in this repository. "
        "Pages are compared by the sha1 of their decoded bodies.",
        f"```json\n{last}\n```",
        "## Why some are not read alike",
        "\n".join(reasons),
        "## Those",
        say_table(differ),
    ]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
