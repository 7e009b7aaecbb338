"""Ask a reading room what would take the machine down: how much memory its server comes to, how long each answer takes.

usage: python bench/hostile.py [--together]

A real server, `embedarchive serve`, over a small archive with one page of 15 MB and one file of 45 MB; more
than thirty requests that anyone could send, one after the other, or all at once. All figures go to standard error; the
last line, on standard output, is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from archive_builder import build_archive
from hostile_requests import REQUESTS, add_large_files
from reading_room import serving

FORM = {"content-type": "multipart/form-data; boundary=x"}


def peak_mb(pid: int) -> float:
    """The most memory a process has had in use, MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def ask_all(client: httpx.Client, pid: int) -> Iterator[tuple[str, int, float, float]]:
    """Each request's name, its status, how long its answer took (s), the peak after it (MB)."""
    for name, (method, url, body) in REQUESTS.items():
        began = time.perf_counter()
        answer = client.request(method, url, content=body, headers=FORM)
        yield name, answer.status_code, time.perf_counter() - began, peak_mb(pid)


def ask_at_once(origin: str, pid: int) -> Iterator[tuple[str, int, float, float]]:
    """The same of all requests sent at one moment, each in a thread; the peak is the last one."""

    def ask(name: str) -> tuple[str, int, float, float]:
        method, url, body = REQUESTS[name]
        with connect(origin) as client:
            began = time.perf_counter()
            answer = client.request(method, url, content=body, headers=FORM)
            return name, answer.status_code, time.perf_counter() - began, peak_mb(pid)

    with ThreadPoolExecutor(len(REQUESTS)) as pool:
        yield from pool.map(ask, REQUESTS)


def connect(origin: str) -> httpx.Client:
    return httpx.Client(base_url=origin, timeout=120, trust_env=False, follow_redirects=True)


def cpu_s(pid: int) -> float:
    """Seconds that a process's threads have worked."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--together", action="store_true", help="send all requests at one moment")
    together = parser.parse_args().together
    with tempfile.TemporaryDirectory() as folder:
        path = build_archive(Path(folder) / "embeds.db")
        add_large_files(path)
        with serving(path, quiet=False) as (origin, pid), connect(origin) as client:
            client.get("/embeds/-/archive")
            at_rest = peak_mb(pid)
            print(f"at rest {at_rest:.0f} MB", file=sys.stderr)
            slowest, answers, worked = 0.0, Counter[int](), cpu_s(pid)
            for name, status, seconds, peak in ask_at_once(origin, pid) if together else ask_all(client, pid):
                answers[status] += 1
                slowest = max(slowest, seconds)
                print(f"{name:>40}  {status}  {seconds:5.2f} s  peak {peak:4.0f} MB", file=sys.stderr)
            peak = peak_mb(pid)
            assert client.get("/embeds/-/archive").status_code == 200
            figures = {
                "requests": len(REQUESTS), "at_rest_mb": round(at_rest), "peak_mb": round(peak),
                "slowest_s": round(slowest, 2), "cpu_s": round(cpu_s(pid) - worked, 1),
                "answers": dict(sorted(answers.items())),
            }  # fmt: skip
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
