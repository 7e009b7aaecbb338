"""Platforms -> a table of what each keeps: `python -m embedarchive.conformance [NAME …]`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict

from embedarchive.conformance import CHECKS, Finding, check_platform
from embedarchive.platforms import BY_NAME, PLATFORMS


def draw_table(names: Sequence[str], findings: Sequence[Finding]) -> str:
    """Platform × check: a dot where it is kept, else in how many cases it is not."""
    heads = [check.name for check in CHECKS]
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
    parser.add_argument("--json", action="store_true", help="one finding a line, as JSON")
    given = parser.parse_args()
    names = given.names or [p.name for p in PLATFORMS]
    if unknown := [name for name in names if name not in BY_NAME]:
        parser.error(f"no platform is called {', '.join(unknown)}; there are {', '.join(BY_NAME)}")
    findings = [finding for name in names for finding in check_platform(BY_NAME[name])]
    if given.json:
        print("".join(json.dumps(asdict(f), ensure_ascii=False) + "\n" for f in findings), end="")
    else:
        print(draw_table(names, findings), *findings, sep="\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
