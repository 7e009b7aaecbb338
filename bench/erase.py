"""Canaries in a real crawled archive, erased: is any of them left in any byte, and does anything bring one back?

usage: python bench/erase.py [--step N] [--most-s S]      (Linux; strace for the calls; four minutes)
       python bench/erase.py --erasures 1000              (two minutes)

The replica's articles are crawled with a real browser, rendered, with their posts photographed in place. Words are planted in
every column of one post's rows; to these come its caption in every file, and its pictures. It is erased, and every byte is
searched: the file, whatever lies beside it, what is packed in it, free pages, new exports of each form, a new backup. Then it
is crawled and checked again, by rules of a later version. Last, a copy is erased with every N-th system call killed or failed.

With `--erasures`, and nothing else: of an archive of twice as many posts so many posts, accounts and articles are erased, drawn
by chance; `verify` must find it whole, each thing that went named, and whatever else somebody changes in it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

import erased_often
from embedarchive.core.errors import EmbedArchiveError
from embedarchive.platforms import PLATFORMS
from embedarchive.replica import Replica
from embedarchive.store import Archive, open_reader
from embedarchive.store.compacting import compact
from embedarchive.store.verify import VerifyScope, verify
from in_process import run
from planting import find_left, plant

ROOT = Path(__file__).resolve().parent.parent
NOW = "2026-03-28T08:00:00.000Z"
ARTICLES = 4
CALLS = ("openat", "pwrite64", "fdatasync", "fsync", "rename", "unlink", "ftruncate")
ROUNDS = 3
"""How often each kind of change is made to an archive of many erasures."""
FAULTS = ("signal=KILL", "error=ENOSPC", "error=EIO")
FORMS = (
    ("publish", "out.db"), ("export", "--site", "site"), ("export", "--wacz", "out.wacz"), ("export", "--jsonl", "out.jsonl"),
    ("export", "--csv", "out.csv"), ("export", "--dehydrated", "out.txt"), ("backup", "backup.db"),
)  # fmt: skip


def crawl(replica: Replica, path: Path, command: str = "crawl") -> None:
    to_it = [
        *(f"--resolve={each}" for each in replica.resolve),
        f"--ca-file={replica.ca_file}",
        "--delay=0",
        "-a",
        str(path),
    ]
    articles = replica.article_urls[:ARTICLES] if command == "crawl" else ()
    options = ["--render", "--in-article", "--refresh", "0s", "--replay"] if command == "crawl" else []
    done = run(command, *articles, *options, *to_it)
    if done.code not in (0, 3, 10):
        raise SystemExit(f"{command} ended with {done.code}: {done.err}")


def choose(path: Path) -> str:
    """The post with most files that an article embeds."""
    with closing(open_reader(path)) as conn:
        row = conn.execute(
            "SELECT c.post_key FROM captures c JOIN artifacts a ON a.capture_id = c.id AND a.role = 'media' "
            "JOIN descriptions d ON d.capture_id = c.id JOIN embeds e ON e.post_key = c.post_key AND length(e.text) > 40 "
            "WHERE c.outcome = 'available' AND length(d.text) > 60 GROUP BY 1 ORDER BY count(DISTINCT a.sha256) DESC, 1 LIMIT 1"
        ).fetchone()
    return str(row[0])


def find_captions(path: Path, key: str) -> dict[str, bytes]:
    """Of each file that holds words of the post's caption, those words: place -> words."""
    with closing(open_reader(path)) as conn:
        caption = max(
            (row[0] for row in conn.execute("SELECT text FROM descriptions WHERE post_key = ?", (key,))), key=len
        )
        words = caption.split()
        phrases = [" ".join(words[n : n + 4]) for n in range(0, len(words) - 3, 2)]
        places = {}
        for sha256, encoding, body in conn.execute("SELECT sha256, encoding, body FROM blobs"):
            plain = zlib.decompress(body) if encoding == "zlib" and body else body
            for phrase in phrases:
                if len(phrase) > 16 and phrase.encode() in plain:
                    places[f"file {sha256[:12]}"] = phrase.encode()
                    break
    return places


def find_pictures(path: Path, key: str) -> dict[str, bytes]:
    """The middle of each picture and film that only this post has: all of a kind begin alike."""
    sql = """SELECT DISTINCT b.sha256, b.body
             FROM artifacts a JOIN captures c ON c.id = a.capture_id JOIN blobs b USING (sha256)
             WHERE c.post_key = ?1 AND b.encoding = 'identity' AND length(b.body) > 2000 AND NOT EXISTS (
               SELECT 1 FROM artifacts o JOIN captures p ON p.id = o.capture_id
               WHERE o.sha256 = b.sha256 AND p.post_key <> ?1)"""
    with closing(open_reader(path)) as conn:
        rows = conn.execute(sql, (key,)).fetchall()
    return {f"picture {sha256[:12]}": bytes(body[len(body) // 2 :][:48]) for sha256, body in rows}


def export_all(path: Path, out: Path) -> None:
    out.mkdir()
    for *words, name in FORMS:
        done = run(*words, out / name, "-a", path)
        if done.code not in (0, 1, 3):
            raise SystemExit(f"{words} ended with {done.code}: {done.err}")


def is_sound(path: Path) -> bool:
    with closing(open_reader(path)) as conn:
        return next(iter(verify(conn, VerifyScope())), None) is None


def erase(path: Path) -> None:
    """What the command does, without its words: the child of the sweep."""
    with Archive(path) as archive:
        archive.erase(1, NOW)
    compact(path, 1, NOW)


def sweep(template: Path, canaries: Mapping[str, bytes], step: int, most_s: float) -> tuple[int, list[str]]:
    """Kill or fail every N-th call of each kind, in turns, for so many seconds at most; give the cases and what was wrong.

    The archive must be before or after, sound, and finished by a second try.
    """
    until, cases, wrong = time.monotonic() + most_s, 0, list[str]()
    left = [(call, fault) for fault in FAULTS for call in CALLS]
    for number in count(1, step):
        for call, fault in tuple(left):
            if time.monotonic() > until:
                return cases, wrong
            with tempfile.TemporaryDirectory(prefix="embedarchive-erase-") as folder:
                path = Path(shutil.copy(template, Path(folder) / "embeds.db"))
                if not break_at(path, call, fault, number):
                    left.remove((call, fault))  # it ended before it came to that call
                    continue
                cases += 1
                wrong += [f"{call} {number} {fault}: {each}" for each in examine(path, canaries)]
        if not left:
            break
    return cases, wrong


def break_at(path: Path, call: str, fault: str, number: int) -> bool:
    """Whether the child got as far as that call."""
    names = [path.name + end for end in ("", "-wal", "-shm", "-journal", ".erasing", ".erasing-journal")]
    watched = [part for name in names for part in ("-P", str(path.with_name(name)))]
    command = ["strace", "-f", "-qq", "-o", "/dev/null", *watched, "-e", f"inject={call}:{fault}:when={number}"]
    done = subprocess.run(
        [*command, sys.executable, __file__, "--child", str(path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return done.returncode != 0


def examine(path: Path, canaries: Mapping[str, bytes]) -> list[str]:
    with closing(open_reader(path)) as conn:
        state = conn.execute("PRAGMA integrity_check").fetchone()[0]
        wrong = [] if state == "ok" else [state]
        held = conn.execute("SELECT count(*) FROM descriptions WHERE text LIKE '%CANARY%'").fetchone()[0]
        claims = conn.execute("SELECT count(*) FROM embeds WHERE text LIKE '%CANARY%'").fetchone()[0]
    if bool(held) != bool(claims):
        wrong.append("half of it is erased")
    erase(path)
    left = find_left([path.parent], canaries, deep=False)
    return wrong + [f"left: {name}" for name in sorted(left)] + ([] if is_sound(path) else ["not sound afterwards"])


def make_small(path: Path) -> dict[str, bytes]:
    """A small archive with a case that is decided, for the sweep."""
    from archive_builder import SAMPLES, build_archive

    build_archive(path)
    key = SAMPLES[0].post.key
    planted = plant(path, key)
    run("access", "hide", key, "-a", path)
    run("access", "decide", "1", "erase", "-a", path)
    return planted


def erase_often(erasures: int) -> int:
    """Many erasures in one archive, and many changes to it; written to bench/results/erasures.md."""
    with tempfile.TemporaryDirectory(prefix="embedarchive-erase-") as folder:
        path, posts = Path(folder) / "embeds.db", 2 * erasures
        erased_often.build(path, posts)
        size, started = path.stat().st_size, time.monotonic()
        erased_often.erase_and_sign(path, posts, erasures)
        erased_s, started = time.monotonic() - started, time.monotonic()
        flaws = erased_often.find_flaws(path)
        verified_s = time.monotonic() - started
        unnamed = erased_often.find_unnamed(path)
        tried, uncaught = erased_often.find_uncaught(path, Path(folder), ROUNDS)
        with closing(open_reader(path)) as conn:
            gone = conn.execute("SELECT count(*) FROM barred_posts").fetchone()[0]
            logged = conn.execute("SELECT count(*) FROM log WHERE kind = 'withdrawal'").fetchone()[0]
    figures = {"erasures": erasures, "posts_gone": gone, "withdrawals": logged, "flaws": len(flaws), "unnamed": len(unnamed),
               "changes": tried, "caught": tried - len(uncaught), "erased_s": round(erased_s, 1),
               "verified_s": round(verified_s, 2)}  # fmt: skip
    lines = [
        "# Many erasures", "", f"An archive of {posts:,} posts ({size:,} bytes), of which {erasures:,} posts, accounts and "
        f"articles were erased, one after another, each a case of its own. Then {ROUNDS} changes of each of "
        f"{len(erased_often.CHANGES)} kinds were made to copies of it:", "",
        *(f"- {name}" for name in erased_often.CHANGES), "",
        *(f"- NOT CAUGHT: {name}" for name in uncaught), *(f"- FLAW: {each.code} {each.what}" for each in flaws),
        *(f"- NOT NAMED: {each}" for each in unnamed), json.dumps(figures), "",
    ]  # fmt: skip
    (ROOT / "bench" / "results" / "erasures.md").write_text("\n".join(lines), "utf-8")
    print(json.dumps(figures))
    return 1 if flaws or unnamed or uncaught else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=5, help="of the calls that are killed or failed, every so many")
    parser.add_argument("--most-s", type=float, default=150.0, help="seconds for these; 0 leaves them out")
    parser.add_argument("--child", type=Path)
    parser.add_argument("--erasures", type=int, default=0, help="only many erasures of one archive, and changes to it")
    args = parser.parse_args()
    if args.erasures:
        return erase_often(args.erasures)
    if args.child:
        try:
            erase(args.child)
        except EmbedArchiveError as error:
            print(error, file=sys.stderr)
            return error.exit_code
        return 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="embedarchive-erase-") as folder, Replica() as replica:
        path = Path(folder) / "in" / "embeds.db"
        crawl(replica, path)
        key = choose(path)
        canaries = find_captions(path, key) | find_pictures(path, key) | plant(path, key)
        planted = find_left([path.parent], canaries)
        assert planted == set(canaries), f"not found before: {set(canaries) - planted}"
        run("access", "hide", key, "-a", path)
        run("access", "decide", "1", "erase", "-a", path)
        said = run("access", "erase", "1", "--json", "-a", path)
        assert said.code == 0, said.err
        report = json.loads(said.out)
        export_all(path, Path(folder) / "out")
        left = find_left([path.parent, Path(folder) / "out"], canaries)
        sound = is_sound(path)
        crawl(replica, path)
        crawl(replica, path, "check")
        with Archive(
            path, platforms=[replace(p, visit=replace(p.visit, rules=99)) if p.visit else p for p in PLATFORMS]
        ) as archive:
            archive.conclude_all()
        crawl(replica, path)
        export_all(path, Path(folder) / "again")
        back = find_left([path.parent, Path(folder) / "again"], canaries)
        small = Path(folder) / "small.db"
        interrupted = make_small(small)
        cases, wrong = (
            sweep(small, interrupted, args.step, args.most_s) if shutil.which("strace") else (0, ["strace is not here"])
        )
    pages = [f"- {each['what']} of {each['url']}: {each['fate']} {each['why']}" for each in report["pages"]]
    files = f"{report['files']} files erased ({report['bytes']:,} bytes), {len(report['shared'])} shared and kept."
    took = f"{cases} interruptions (every {args.step}th call), {time.monotonic() - started:.0f} s."
    figures = {"canaries": len(canaries), "left": len(left), "brought_back": len(back), "sound": sound,
               "interrupted": cases, "half": len(wrong)}  # fmt: skip
    lines = [
        "# Erasing", "", f"`{key}`, in {len({each['url'] for each in report['pages']})} articles of the replica. {files}", "",
        "| place | canary |", "|---|---|", *(f"| {name} | {word[:24]!r} |" for name, word in canaries.items()), "", *pages, "",
        *(f"- left: {name}" for name in sorted(left)), *(f"- brought back: {name}" for name in sorted(back)),
        *(f"- {each}" for each in wrong), "", took, "", json.dumps(figures), "",
    ]  # fmt: skip
    (ROOT / "bench" / "results" / "erase.md").write_text("\n".join(lines), "utf-8")
    print(json.dumps(figures))
    return 1 if left or back or wrong or not sound else 0


if __name__ == "__main__":
    sys.exit(main())
