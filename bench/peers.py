"""Take the same posts with another tool, beside our whole way and the bare loop, in one run.

usage: python bench/peers.py [-n 60] [--rounds 2]      (Linux)

shot-scraper, from the registries, into an environment of its own: `multi` over the same pages, the card's picture as JPEG
85; once alone, once with `--har-file`, which keeps all that the page received. It gets the same browser as we do. It knows
no door, no fresh identity, no description and no outcome: this says what those cost, not which tool is better.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from capture import Figures, Meter, measure_ceiling, measure_ours, post_fact, site
from embedarchive.browser import find_browser
from tools import prepare_python_tools

FIND_BROWSER = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
ASKED: dict[str, Any] = {"capture_output": True, "text": True, "check": True}
WAYS = {"picture": (), "picture and HAR": ("--har-file", "all.har")}


def lend_browser(bin_folder: Path, browsers: Path) -> None:
    """Put our browser where the peer's Playwright looks for its own, the headless one."""
    environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(browsers)}
    chrome = Path(subprocess.run([bin_folder / "python", "-c", FIND_BROWSER], env=environment, **ASKED).stdout.strip())
    revision = next(part.rpartition("-")[2] for part in chrome.parts if part.startswith("chromium"))
    system = chrome.parent.name.removeprefix("chrome-")
    place = (
        browsers / f"chromium_headless_shell-{revision}" / f"chrome-headless-shell-{system}" / "chrome-headless-shell"
    )
    place.parent.mkdir(parents=True, exist_ok=True)
    chosen = find_browser(None, os.environ).path
    assert chosen, "this machine's browser is Playwright's own"
    place.symlink_to(chosen)


def measure_peer(
    count: int, rules: tuple[str, ...], bin_folder: Path, browsers: Path, extra: tuple[str, ...]
) -> Figures:
    """Seconds, CPU and memory of the peer over so many posts; every picture must have been taken."""
    port = next(rule.rpartition(":")[2] for rule in rules if ":443:" in rule)
    with tempfile.TemporaryDirectory() as folder:
        shots = [
            {
                "url": f"https://www.instagram.com/p/{post_fact(n).key}/embed/captioned/",
                "selector": ".Embed", "output": f"{n}.jpg", "quality": 85, "width": 560, "height": 1000,
            }
            for n in range(count)
        ]  # fmt: skip
        Path(folder, "shots.yml").write_text(json.dumps(shots))
        switches = (f"--host-resolver-rules=MAP * 127.0.0.1:{port}", "--ignore-certificate-errors", "--no-sandbox")
        command = [str(bin_folder / "shot-scraper"), "multi", "shots.yml", "--silent", *extra]
        command += [part for switch in switches for part in ("--browser-arg", switch)]
        environment = {**os.environ, "PLAYWRIGHT_BROWSERS_PATH": str(browsers)}
        with Meter() as meter:
            subprocess.run(command, cwd=folder, env=environment, check=True)
        assert len(list(Path(folder).glob("*.jpg"))) == count, "the peer missed some posts"
        size = sum(file.stat().st_size for file in Path(folder).iterdir())
    return Figures(count, meter.wall_s, meter.cpu_s, meter.peak_mb, size // count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("-n", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    bin_folder = prepare_python_tools("shot-scraper", "shot-scraper") / "bin"
    with tempfile.TemporaryDirectory() as browsers, site(options.n) as (rules, ca_file):
        lend_browser(bin_folder, Path(browsers))
        for _ in range(options.rounds):
            print(f"{'bare loop':28}{measure_ceiling(options.n, 3, rules, ca_file)[0]}", flush=True)
            print(f"{'ours':28}{measure_ours(options.n, 3, rules, ca_file)[0]}", flush=True)
            for name, extra in WAYS.items():
                figures = measure_peer(options.n, rules, bin_folder, Path(browsers), extra)
                print(f"{'shot-scraper, ' + name:28}{figures}", flush=True)


if __name__ == "__main__":
    main()
