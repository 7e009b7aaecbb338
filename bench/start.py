"""Every command's `--help` in a process of its own -> processor seconds until it is shown, and what it imported.

usage: python bench/start.py [--log]     (--log writes bench/results/start.md; half a minute)
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from embedarchive.cli import COMMANDS

RESULTS = Path(__file__).resolve().parent / "results" / "start.md"
REPEATS = 3
HEAVY = (
    "playwright", "httpx", "datasette", "PIL", "cryptography", "feedparser", "warcio", "lxml", "hyperscan", "selectolax",
    "rich",
)  # fmt: skip

SCRIPT = """
import sys
from embedarchive.cli import main
try:
    main()
except SystemExit:
    pass
print(*sys.modules, file=sys.stderr)
"""

# At commit a4bbe1a, on the same machine: processor seconds, and which of HEAVY, before edges were imported where they are used.
BEFORE: dict[str, tuple[float, str]] = {
    **dict.fromkeys(
        ("crawl", "capture", "find", "watch", "check", "demo", "platforms"),
        (1.00, "playwright httpx PIL cryptography feedparser lxml hyperscan selectolax rich"),
    ),
    "heal": (0.97, "playwright httpx PIL cryptography feedparser warcio lxml hyperscan selectolax rich"),
    **dict.fromkeys(
        ("query", "export", "publish", "rehydrate"), (0.50, "PIL cryptography warcio hyperscan selectolax rich")
    ),
    "access": (0.47, "PIL cryptography warcio hyperscan selectolax"),
    **dict.fromkeys(
        ("lookup", "search", "show", "serve", "stats", "verify", "backup", "restore", "doctor", "install"),
        (0.43, "PIL selectolax rich"),
    ),
}


def measure(command: str) -> tuple[float, str]:
    """Processor seconds of one start, the middle of several, and the heavy libraries that it imported."""
    seconds, imported = [], ""
    for _ in range(REPEATS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, command, "--help"], capture_output=True, text=True, check=True
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        names = set(done.stderr.split())
        imported = " ".join(name for name in HEAVY if name in names)
    return statistics.median(seconds), imported


def main() -> None:
    rows = ["| command | CPU-s | before | imports | before |", "|---|---|---|---|---|"]
    for command in COMMANDS:
        now, imported = measure(command)
        then, brought = BEFORE.get(command, (None, "it is new"))
        before = "–" if then is None else f"{then:.2f}"
        rows.append(f"| `{command}` | {now:.2f} | {before} | {imported} | {brought} |")
    text = "\n".join(rows)
    print(text)
    if "--log" in sys.argv:
        day = datetime.now(UTC).date().isoformat()
        head = (
            "# Start-up of every command\n\n`COMMAND --help` in a process of its own, the middle of three: processor "
            f"seconds, and which large libraries it imports. Written by `bench/start.py --log` on {day}; *before* is commit "
            "a4bbe1a on the same machine.\n\n"
        )
        RESULTS.write_text(f"{head}{text}\n", "utf-8")


if __name__ == "__main__":
    main()
