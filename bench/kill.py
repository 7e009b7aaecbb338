"""Kill the writer at every system call that touches the disk, reopen, and compare with what it had acknowledged.

usage: python bench/kill.py [--step N]      (Linux with strace; about five minutes; --step 7 tries every 7th call)

Each case starts a fresh writer that keeps an article and its captures and prints a line after each acknowledgement, and
kills it (or fails the call with ENOSPC, EDQUOT, EIO or EINTR) at the N-th call of one kind. Then the archive must open, pass
SQLite's integrity check, hold every acknowledged capture with all its bytes, and finish the same job.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from embedarchive.core.errors import EmbedArchiveError
from embedarchive.core.model import Artifact, Capture, Claim, Embed, Exchange, Fetch, Found, Post, Verdict
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.fixity import read_blob

ROOT = Path(__file__).resolve().parent.parent
NOW = "2026-03-01T10:00:00.000Z"
CALLS = ("openat", "pwrite64", "fdatasync", "fsync", "rename", "unlink", "ftruncate")
FAULTS = ("signal=KILL", "error=ENOSPC", "error=EDQUOT", "error=EIO", "error=EINTR")
POSTS = 3


def post(n: int) -> Post:
    return Post("instagram", f"C79gQqLpk{n:02}", f"https://www.instagram.com/p/C79gQqLpk{n:02}/")


def capture(n: int) -> Capture:
    photo = bytes(range(256)) * 400 + bytes([n])
    document = Exchange("https://www.instagram.com/", status=200, body=b"<p>post</p>" * 2000, content_type="text/html")
    return Capture(
        post(n), "https://www.instagram.com/", "https://www.instagram.com/", NOW, NOW, Verdict("available"), 200,
        artifacts=(Artifact("screenshot", photo, "image/jpeg"), Artifact("media", photo[1:], "image/jpeg", 1)),
        exchanges=(document,),
    )  # fmt: skip


def write(path: Path) -> None:
    """Do the whole job, and say each acknowledgement as soon as it is given."""
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl_id = archive.start_crawl("crawl", NOW, "bench", {})
        article_id = archive.keep_seed(crawl_id, "https://news.example/a", "bench", NOW)
        fetch = Fetch("u", "u", NOW, "ok", 200, body=b"<p>article</p>" * 500, content_type="text/html", source="file")
        fetch_id = archive.keep_fetch(article_id, crawl_id, fetch)
        if fetch_id is not None:
            posts = [post(n) for n in range(POSTS)]
            embeds = (
                Embed(n + 1, "embed", p.platform, p, p.url, "f", "l", "r", "", Claim()) for n, p in enumerate(posts)
            )
            archive.keep_found(fetch_id, Found(tuple(embeds)), 1, NOW, crawl_id)
        for n in range(POSTS):
            key = archive.conn.execute("SELECT key FROM posts_to_capture WHERE key = ?", (post(n).key,)).fetchone()
            if key or not archive.conn.execute("SELECT 1 FROM posts WHERE key = ?", (post(n).key,)).fetchone():
                archive.keep_capture(capture(n), crawl_id)
                print(post(n).key, flush=True)


def run_writer(path: Path, inject: str | None = None) -> tuple[int, list[str]]:
    command = [sys.executable, __file__, "--write", str(path)]
    if inject:
        command = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", str(path), *paths_of(path), "-e", inject, *command]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout.split()


def paths_of(path: Path) -> list[str]:
    """Only calls on the archive's own files are counted and failed."""
    names = [path.name + end for end in ("-wal", "-shm", "-journal", ".new", ".new-journal")]
    return [part for name in names for part in ("-P", str(path.with_name(name)))]


def examine(path: Path, acknowledged: list[str]) -> list[str]:
    """What is wrong with an archive after a fault; an empty list is a pass."""
    wrong = []
    if path.exists():
        conn = open_reader(path)
        if (state := conn.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
            wrong.append(f"integrity: {state}")
        kept = {row[0] for row in conn.execute("SELECT post_key FROM captures")}
        wrong += [f"lost {key}" for key in acknowledged if key not in kept]
        hashes = conn.execute("SELECT sha256 FROM artifacts UNION SELECT body_sha256 FROM exchanges").fetchall()
        wrong += [f"no bytes for {h[0]}" for h in hashes if h[0] and read_blob(conn, h[0]) is None]
        conn.close()
    elif acknowledged:
        wrong.append("no archive")
    code, _ = run_writer(path)
    if code:
        return [*wrong, f"the next run failed with {code}"]
    count = open_reader(path).execute("SELECT count(DISTINCT post_key) FROM captures").fetchone()[0]
    return wrong if count == POSTS else [*wrong, f"after the next run {count} of {POSTS} posts"]


def sweep(call: str, fault: str, step: int) -> tuple[int, list[str]]:
    """Fail the N-th call of one kind, for every N until the job ends untouched; give the cases and what was wrong."""
    cases, wrong = 0, list[str]()
    for n in range(1, 10_000, step):
        with tempfile.TemporaryDirectory(prefix="embedarchive-kill-") as folder:
            path = Path(folder) / "embeds.db"
            code, acknowledged = run_writer(path, f"inject={call}:{fault}:when={n}")
            if code == 0:
                return cases, wrong
            cases += 1
            wrong += [f"{call} {n} {fault}: {problem}" for problem in examine(path, acknowledged)]
    return cases, wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--write", type=Path)
    args = parser.parse_args()
    if args.write:
        try:
            write(args.write)
        except EmbedArchiveError as error:
            print(error, file=sys.stderr)
            return error.exit_code
        return 0
    if not shutil.which("strace"):
        print("strace is not here: on Debian or Ubuntu, apt-get install strace")
        return 1
    started, cases, wrong = time.monotonic(), Counter[str](), []
    lines = ["# Kill sweep", "", "| call | fault | cases | wrong |", "|---|---|---|---|"]
    for fault in FAULTS:
        for call in CALLS:
            count, problems = sweep(call, fault, args.step)
            cases[fault] += count
            wrong += problems
            lines.append(f"| {call} | {fault} | {count} | {len(problems)} |")
            print(lines[-1], *problems[:5], sep="\n", flush=True)
    figures = {"cases": sum(cases.values()), "wrong": len(wrong), "step": args.step}
    lines += ["", *(f"- {w}" for w in wrong), "", f"{time.monotonic() - started:.0f} s", "", json.dumps(figures), ""]
    (ROOT / "bench" / "results" / "kill.md").write_text("\n".join(lines), "utf-8")
    print(json.dumps(figures))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
