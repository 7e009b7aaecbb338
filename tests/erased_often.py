"""An archive made for it -> the same after many erasures drawn by chance, and what `verify` says of it and of changes to it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from embedarchive.core.model import Artifact, Capture, Description, Exchange, Fetch, Verdict
from embedarchive.detect import FINDER_RULES, find_embeds
from embedarchive.detect.identity import make_post
from embedarchive.platforms import BY_NAME, PLATFORMS
from embedarchive.store import Archive, open_reader
from embedarchive.store.access import decide, withhold
from embedarchive.store.cases import Subject
from embedarchive.store.checkpoints import make_checkpoint
from embedarchive.store.compacting import compact
from embedarchive.store.keyring import Keyring
from embedarchive.store.verify import Flaw, VerifyScope, verify
from tampering import tamper

NOW = "2026-03-21T08:00:00.000Z"
PER_ARTICLE = 4
PER_ACCOUNT = 3
FIRST_ID = 2_028_591_126_443_921_508
KINDS = ("post", "account", "article")
WEIGHTS = (16, 2, 2)

CHANGES = {
    "a byte of a page": (
        "SELECT html_sha256 FROM fetches WHERE html_sha256 IS NOT NULL",
        "UPDATE blobs SET body = CAST('?' || substr(body, 2) AS BLOB) WHERE sha256 = ?",
    ),
    "another page": (
        "SELECT id FROM fetches",
        "UPDATE fetches SET html_sha256 = (SELECT f.html_sha256 FROM fetches f WHERE f.html_sha256 IS NOT NULL "
        "AND f.html_sha256 IS NOT fetches.html_sha256 LIMIT 1) WHERE id = ?",
    ),
    "a file emptied without a word": (
        "SELECT sha256 FROM blobs WHERE length(body) > 0",
        "UPDATE blobs SET body = x'', encoding = 'identity' WHERE sha256 = ?",
    ),
    "words back in what was withdrawn": (
        "SELECT id FROM captures WHERE final_url = ''",
        "UPDATE captures SET final_url = 'https://x.com/back' WHERE id = ?",
    ),
    "an outcome of what was withdrawn": (
        "SELECT id FROM captures WHERE final_url = ''",
        "UPDATE captures SET outcome = 'gone' WHERE id = ?",
    ),
    "a visit that stayed": (
        "SELECT id FROM captures WHERE final_url <> ''",
        "UPDATE captures SET status = 203 WHERE id = ?",
    ),
    "a file of a visit left out": ("SELECT id FROM artifacts", "DELETE FROM artifacts WHERE id = ?"),
    "a withdrawal dropped": ("SELECT seq FROM log WHERE kind = 'withdrawal'", "DELETE FROM log WHERE seq = ?"),
    "a withdrawal of another": (
        "SELECT seq FROM log WHERE kind = 'withdrawal'",
        "UPDATE log SET subject = subject - 1 WHERE seq = ?",
    ),
    "that an emptied file was withdrawn": (
        "SELECT row_id FROM redactions WHERE table_name = 'blobs'",
        "DELETE FROM redactions WHERE table_name = 'blobs' AND row_id = ?",
    ),
}
"""What somebody may do to an archive besides what was withdrawn: which rows there are for it, and the SQL for one."""


def build(path: Path, posts: int) -> None:
    """An archive of so many posts, each visited and described, four to an article and three to an account."""
    chance = random.Random(posts)
    made = [make_post(BY_NAME["x"], str(FIRST_ID + number)) for number in range(posts)]
    with Archive(path, platforms=PLATFORMS) as archive:
        crawl = archive.start_crawl("crawl", NOW, "bench", {})
        for number, post in enumerate(made):
            words = f"the {number:05} ship came in at noon and nobody on the quay had heard of it before"
            page = Exchange(post.url, status=200, body=f"<p>{words}</p>".encode(), content_type="text/html",
                            resource_type="document", started_at=NOW)  # fmt: skip
            file = Artifact("media", chance.randbytes(900), "image/jpeg", 1)
            archive.keep_target(crawl, post, NOW, forced=False)
            at = f"2026-03-{1 + number % 20:02}T08:{number // 60 % 60:02}:{number % 60:02}.{number // 3600:03}Z"
            seen = Capture(post, post.url, post.url, at, at, Verdict("available"), 200, (file,), (page,))
            said = Description(text=words, author_handle=f"keeper{number // PER_ACCOUNT}")
            archive.keep_description(archive.keep_capture(seen, crawl), post.key, said, 1, NOW)
        for first in range(0, posts, PER_ARTICLE):
            url = f"https://quay.example/{first // PER_ARTICLE}"
            quotes = "".join(
                f'<p>Part {number}</p><blockquote class="twitter-tweet"><p>the {number:05} ship came in at noon and nobody '
                f'on the quay had heard of it before</p><a href="{made[number].url}">March</a></blockquote>'
                for number in range(first, min(first + PER_ARTICLE, posts))
            )
            body = f"<title>Quay {first}</title>{quotes}".encode()
            article = archive.keep_seed(crawl, url, url, NOW)
            served = Fetch(url, url, NOW, "ok", 200, content_type="text/html", body=body)
            fetch = archive.keep_fetch(article, crawl, served)
            archive.keep_found(fetch or 0, find_embeds(body, url=url), FINDER_RULES, NOW, crawl)
        archive.conclude_all()
        archive.finish_crawl(crawl, NOW, "done", {})


def erase_many(archive: Archive, posts: int, erasures: int) -> int:
    """Erase so many posts, accounts and articles, each a case of its own; give the number of the last."""
    chance, case = random.Random(erasures), 0
    names = {
        "post": [f"x:{FIRST_ID + number}" for number in range(posts)],
        "account": [f"keeper{number}" for number in range(posts // PER_ACCOUNT)],
        "article": [f"https://quay.example/{number}" for number in range(posts // PER_ARTICLE)],
    }
    for kind in chance.choices(KINDS, WEIGHTS, k=erasures):
        name = names[kind].pop(chance.randrange(len(names[kind])))
        case = withhold(archive, [Subject(kind, name)], "sealed", NOW, NOW)  # type: ignore[arg-type]
        decide(archive, case, "erase", NOW)
        archive.erase(case, NOW)
    return case


def erase_and_sign(path: Path, posts: int, erasures: int) -> None:
    """The same from before its first signature to after its last, with the file written anew."""
    ring = Keyring(path.parent / "keys")
    with Archive(path, platforms=PLATFORMS) as archive:
        make_checkpoint(archive, ring, NOW)
        case = erase_many(archive, posts, erasures)
        make_checkpoint(archive, ring, NOW)
    compact(path, case, NOW)


def find_flaws(path: Path) -> list[Flaw]:
    with closing(open_reader(path)) as conn:
        return list(verify(conn, VerifyScope()))


def find_unnamed(path: Path) -> list[str]:
    """What was erased and is not named as withdrawn: by a withdrawal of its visit in the log, by the case of its level."""
    with closing(open_reader(path)) as conn:
        return [*list_unnamed(conn)]


def list_unnamed(conn: sqlite3.Connection) -> Iterator[str]:
    visits = conn.execute(
        "SELECT c.post_key FROM captures c JOIN barred_posts b ON b.key = c.post_key WHERE NOT EXISTS (SELECT 1 FROM log l "
        "JOIN log w ON w.kind = 'withdrawal' AND w.subject = l.seq WHERE l.kind = 'capture' AND l.subject = c.id)"
    )
    yield from (f"visit of {row[0]}" for row in visits)
    cases = conn.execute("SELECT subject FROM access WHERE level = 'erased' AND withdrawal_id IS NULL")
    yield from (f"level of {row[0]}" for row in cases)
    words = conn.execute("SELECT count(*) FROM redactions WHERE withdrawal_id IS NULL").fetchone()[0]
    if words:
        yield f"{words} redactions"
    left = conn.execute(
        "SELECT d.post_key FROM descriptions d JOIN barred_posts b ON b.key = d.post_key WHERE d.text <> ''"
    )
    yield from (f"words of {row[0]}" for row in left)


def find_uncaught(path: Path, room: Path, rounds: int) -> tuple[int, list[str]]:
    """How many changes were tried, of each kind in turn, and those that `verify` says nothing of."""
    chance, tried, uncaught = random.Random(rounds), 0, []
    with closing(open_reader(path)) as conn:
        rows = {name: [row[0] for row in conn.execute(of)] for name, (of, _) in CHANGES.items()}
    for _ in range(rounds):
        for name, (_, sql) in CHANGES.items():
            line = (sql, (chance.choice(rows[name]),))
            changed = tamper(path, room / "changed.db", "PRAGMA foreign_keys = OFF", line)
            tried += 1
            if not find_flaws(changed):
                uncaught.append(name)
    return tried, uncaught
