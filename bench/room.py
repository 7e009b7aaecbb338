"""Time what the reading room costs its server, page by page, in processor time.

usage: python bench/room.py [--requests 300]

A real server, `embedarchive serve`, over a small archive with one picture of 70 kB; each address is asked over one kept
connection, the ways in turn, so that all meet the same machine. `bare` is a page of Datasette's own that reads nothing.
All figures go to standard error; the last line, on standard output, is one JSON object of milliseconds.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from archive_builder import SAMPLES, build_archive
from embedarchive.store import open_reader
from reading_room import serving

ROUND = 20
TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


def find_addresses(path: Path) -> dict[str, str]:
    conn = open_reader(path)
    sha256 = conn.execute("SELECT sha256 FROM artifacts WHERE role = 'media' LIMIT 1").fetchone()[0]
    conn.close()
    key = SAMPLES[0].post.key
    return {
        "bare": "/-/versions.json",
        "media": f"/embeds/-/media/{sha256}",
        "post": f"/embeds/-/post/{key}",
        "card": f"/embeds/-/card/{key}",
        "front": "/embeds/-/archive",
        "find": "/embeds/-/find?q=ferry",
        "article": "/embeds/-/article/2",
    }


def spent_ms(pid: int) -> float:
    """Processor milliseconds of a process so far, its own and the system's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_MS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=300)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = build_archive(Path(folder) / "embeds.db")
        with serving(path) as (origin, pid):
            host, _, port = origin.removeprefix("http://").rpartition(":")
            client = http.client.HTTPConnection(host, int(port))
            busy: dict[str, list[float]] = {name: [] for name in find_addresses(path)}
            waited: dict[str, list[float]] = {name: [] for name in busy}
            for turn in range(options.requests // ROUND + 1):
                for name, url in find_addresses(path).items():
                    before = spent_ms(pid)
                    for _ in range(ROUND):
                        began = time.perf_counter()
                        client.request("GET", url)
                        answer = client.getresponse()
                        body = answer.read()
                        assert answer.status == 200, (url, body[:200])
                        waited[name].append((time.perf_counter() - began) * 1000)
                    if turn:  # the first round warms up
                        busy[name].append((spent_ms(pid) - before) / ROUND)
    for name in busy:
        told = f"{statistics.mean(busy[name]):6.2f} ms of the processor, {statistics.median(waited[name]):6.2f} ms by the clock"
        print(f"{name:>10}  {told}", file=sys.stderr)
    print(json.dumps({f"{name}_cpu_ms": round(statistics.mean(each), 2) for name, each in busy.items()}))


if __name__ == "__main__":
    main()
