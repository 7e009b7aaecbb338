"""Ask a reading room what would take the machine down: how much memory its server comes to, how long each answer takes.

usage: python bench/hostile.py

A real server, `embedarchive serve`, over a small archive with one page of 40 MB and one file of 45 MB; more
than thirty requests that anyone could send, one after the other. All figures go to standard error; the last line,
on standard output, is one JSON object.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from archive_builder import build_archive
from hostile_requests import REQUESTS, add_large_files
from reading_room import serving


def peak_mb(pid: int) -> float:
    """The most memory a process has had in use, MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def ask_all(client: httpx.Client, pid: int) -> Iterator[tuple[str, int, float, float]]:
    """Each request's name, its status, how long its answer took (s), the peak after it (MB)."""
    for name, (method, url, body) in REQUESTS.items():
        began = time.perf_counter()
        answer = client.request(method, url, content=body, headers={"content-type": "multipart/form-data; boundary=x"})
        yield name, answer.status_code, time.perf_counter() - began, peak_mb(pid)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = build_archive(Path(folder) / "embeds.db")
        add_large_files(path)
        with serving(path, quiet=False) as (origin, pid):
            client = httpx.Client(base_url=origin, timeout=120, trust_env=False, follow_redirects=True)
            client.get("/embeds/-/archive")
            at_rest = peak_mb(pid)
            print(f"at rest {at_rest:.0f} MB", file=sys.stderr)
            slowest = 0.0
            for name, status, seconds, peak in ask_all(client, pid):
                slowest = max(slowest, seconds)
                print(f"{name:>40}  {status}  {seconds:5.2f} s  peak {peak:4.0f} MB", file=sys.stderr)
            in_turn = peak_mb(pid)
            assert client.get("/embeds/-/archive").status_code == 200
            figures = {
                "requests": len(REQUESTS), "at_rest_mb": round(at_rest), "peak_mb": round(in_turn),
                "slowest_s": round(slowest, 2),
            }  # fmt: skip
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
