"""The code of today -> `NNN.db.gz`, an archive of today's schema: what a newer embedarchive will have to read and go on with.

python tests/archives/make.py

Run it before a new step is added, and commit what it writes. It crawls two articles of the replica, lets one of their posts go,
and looks again; large files are withdrawn from it. Real Chromium, real TLS; nothing leaves this machine.
"""

from __future__ import annotations

import gzip
import os
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from embedarchive.replica import Replica
from embedarchive.store.redactions import redact_file
from embedarchive.store.schema import SCHEMA_VERSION

HERE = Path(__file__).resolve().parent
ARTICLES = ("a-house-goes-quiet", "werftfotos-zum-ersten-mal")
LARGE = 30_000
LOST = "DOk9AsTqLAJ"


def main() -> None:
    with tempfile.TemporaryDirectory() as room, Replica() as replica:
        path = Path(room) / "embeds.db"
        to_it = [
            *(f"--resolve={r}" for r in replica.resolve),
            f"--ca-file={replica.ca_file}",
            "--delay=0",
            "-a",
            str(path),
        ]
        articles = [url for url in replica.article_urls if any(name in url for name in ARTICLES)]
        run("crawl", *articles, *to_it)
        replica.set_state(LOST, "gone")
        run("check", *to_it)
        withdraw_large(path)
        out = HERE / f"{SCHEMA_VERSION:03}.db.gz"
        out.write_bytes(gzip.compress(path.read_bytes(), 9, mtime=0))
        print(f"{out.name}: {out.stat().st_size:,} bytes")


def withdraw_large(path: Path) -> None:
    """Empty what is large, as a withdrawal does: the repository is no place for it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        large = conn.execute("SELECT sha256 FROM blobs WHERE length(body) > ?", (LARGE,)).fetchall()
        for (sha256,) in large:
            redact_file(conn, sha256, "large", "2026-03-20T08:00:00.000Z")
        conn.execute("VACUUM")


def run(*words: str) -> None:
    subprocess.run(
        [sys.executable, "-c", "from embedarchive.cli import main; main()", *words], check=False, env=os.environ
    )


if __name__ == "__main__":
    main()
