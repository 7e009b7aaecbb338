"""Run the replica in the foreground and say how to crawl it: `python -m embedarchive.replica`."""

from __future__ import annotations

import argparse
import contextlib
import shlex
import signal
import threading
from pathlib import Path

from embedarchive.replica import Replica, Weather


def crawl_command(replica: Replica, urls: tuple[str, ...]) -> str:
    """Give the command line that crawls these addresses of the replica."""
    resolve = [part for value in replica.resolve for part in ("--resolve", value)]
    return shlex.join(["embedarchive", "crawl", *urls, *resolve, "--ca-file", str(replica.ca_file)])


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(prog="python -m embedarchive.replica", description=__doc__)
    parser.add_argument("--folder", type=Path, help="keep the certificates here, not in a temporary folder")
    parser.add_argument("--per-minute", type=int, help="answer 429 after so many post pages a minute")
    parser.add_argument("--state", action="append", default=[], metavar="POST=STATE", help="e.g. fjord=gone")
    parser.add_argument("--bytes-per-s", type=int, default=0, help="let each host send no more than this")
    parser.add_argument("--stall-every", type=int, default=0, help="let one of so many answers halt in its middle …")
    parser.add_argument("--stall-s", type=float, default=30.0, help="… for so many seconds")
    given = parser.parse_args()
    for ending in (signal.SIGINT, signal.SIGTERM):  # a shell that starts it in the background has it ignore the first
        signal.signal(ending, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt), Replica(given.folder, per_minute=given.per_minute) as replica:
        replica.weather = Weather(given.bytes_per_s, given.stall_every, given.stall_s)
        for pair in given.state:
            name, _, state = pair.partition("=")
            replica.set_state(name, state)
        print(f"{len(replica.article_urls)} articles and {len(replica.posts)} posts, on 127.0.0.1:{replica.tls_port}\n")
        print("One article:\n ", crawl_command(replica, replica.article_urls[:1]))
        print("\nAll of them:\n ", crawl_command(replica, replica.article_urls))
        print("\nCtrl-C stops it.", flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
