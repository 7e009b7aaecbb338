"""Platforms -> a table of what each keeps: `python -m embedarchive.conformance [--play] [NAME …]`."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from embedarchive.conformance import CHECKS, Finding, check_platform
from embedarchive.conformance.playing import judge_frame, judge_play
from embedarchive.platforms import BY_NAME, PLATFORMS

PLAYED = ("played", "descriptions", "frame")
"""Columns of what only a browser shows."""


def draw_table(names: Sequence[str], heads: Sequence[str], findings: Sequence[Finding]) -> str:
    """Platform × check: a dot where it is kept, else in how many cases it is not."""
    lines = [" " * 13 + "  ".join(heads)]
    for name in names:
        counts = [sum(f.platform == name and f.check == head for f in findings) for head in heads]
        cells = (f"{count or '·':^{len(head)}}" for count, head in zip(counts, heads, strict=True))
        lines.append(f"{name:<13}" + "  ".join(cells).rstrip())
    return "\n".join(lines)


def main() -> int:
    """Print the table and each finding; 1 when there is one."""
    parser = argparse.ArgumentParser(prog="python -m embedarchive.conformance", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help="a platform's name; all of them when none is given")
    parser.add_argument("--play", action="store_true", help="have every state played to a browser, too (minutes)")
    parser.add_argument("--json", action="store_true", help="one finding a line, as JSON")
    given = parser.parse_args()
    names = given.names or [p.name for p in PLATFORMS]
    if unknown := [name for name in names if name not in BY_NAME]:
        parser.error(f"no platform is called {', '.join(unknown)}; there are {', '.join(BY_NAME)}")
    findings = [finding for name in names for finding in check_platform(BY_NAME[name])]
    heads = [check.name for check in CHECKS]
    if given.play:
        from embedarchive.conformance.recording import record_plays  # a browser is imported only when one is asked for

        plays = asyncio.run(record_plays([BY_NAME[name] for name in names]))
        findings += [finding for play in plays for finding in judge_play(play)]
        for name in names:
            findings += judge_frame(BY_NAME[name], [p for p in plays if p.scene.fact.platform == name])
        heads += PLAYED
    if given.json:
        print("".join(json.dumps(asdict(f), ensure_ascii=False) + "\n" for f in findings), end="")
    else:
        print(draw_table(names, heads, findings), *findings, sep="\n")
    if findings:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
