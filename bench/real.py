"""Real input, end to end: real saved article pages crawled at their own addresses, real saved Instagram pages captured.

usage: python bench/real.py          (needs ../shared; sends nothing outside this machine)

The expectations come from elsewhere than the code under test: the embeds from the hand-checked truth beside the pages,
the descriptions from a second, independent reading of the saved pages with Beautiful Soup and json.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup

from embedarchive.cli.progress import Display
from embedarchive.core import clock
from embedarchive.core.model import Post
from embedarchive.detect import identify_post
from embedarchive.library import post_record
from embedarchive.platforms import BY_NAME
from embedarchive.replica import Replica, Saved
from embedarchive.run.prepare import Emit
from embedarchive.run.services import Settings
from embedarchive.run.session import run_session
from embedarchive.show.words import say_kept
from embedarchive.store import Archive, open_reader

ROOT = Path(__file__).resolve().parent.parent
SHARED = ROOT.parent / "shared"
HTML = (("content-type", "text/html; charset=utf-8"),)
ARTICLES = 48


@dataclass(frozen=True)
class Case:
    """A real saved Instagram page, served as a post's frame; what its post must turn out to be."""

    file: str
    outcome: str
    reason: str | None
    code: str | None = None
    full_page: str | None = None
    oembed: int = 404
    refused: bool = False
    """Whether its frame is refused, and the full page has the post."""


CASES = (
    Case("instagram-single.html", "available", None),
    Case("instagram-carousel.html", "available", None),
    Case("instagram-reel.html", "available", None),
    Case("instagram-copyright-blocked.html", "available", None),
    Case("instagram-gone.html", "gone", None, "Cgone000001"),
    Case("irenify-post_rimosso.html", "gone", None, "Cgone000002"),
    Case("instagram-gone.html", "unavailable", None, "Cdoubt00001", oembed=500),
    Case(
        "instagram-embed-shell.html",
        "available",
        None,
        "Crefuse0001",
        "instagram-fullpage-public.html",
        200,
        refused=True,
    ),
    Case("instagram-gone.html", "unavailable", "age", "Cage0000001", "instagram-fullpage-agegated.html", 400),
    Case("instagram-decoy.html", "blocked", "shell", "Cshell00001"),
)


def read(name: str) -> bytes:
    return (SHARED / "fixtures" / "instagram" / name).read_bytes()


def code_of(case: Case) -> str:
    """The shortcode a saved page is of, as it says itself."""
    if case.code:
        return case.code
    found = re.search(r'data-permalink="[^"]*/(?:p|reel|tv)/([\w-]+)', read(case.file).decode("utf-8", "replace"))
    assert found, case.file
    return found[1]


def page_of(case: Case, file: str) -> bytes:
    """A saved page; one that only names the post it was asked for gets the case's own shortcode."""
    page = read(file)
    named = re.search(rb"/(?:p|reel|tv)\\?/([A-Za-z0-9_-]{8,14})", page)
    return page.replace(named[1], case.code.encode()) if named and case.code else page


def serve_case(replica: Replica, case: Case) -> Post:
    post = identify_post(f"https://www.instagram.com/p/{code_of(case)}/")
    assert post is not None
    page = page_of(case, case.full_page) if case.full_page else b"<html><head><title>Instagram</title></head></html>"
    replica.serve(f"{post.url}embed/captioned/", Saved(200, HTML, page_of(case, case.file)))
    replica.serve(post.url, Saved(200 if case.full_page else 404, HTML, page))
    replica.serve(oembed_url(post), Saved(case.oembed, (("content-type", "application/json"),), oembed_body(case)))
    return post


def oembed_url(post: Post) -> str:
    """The address our own second look asks at, so that the saved answer stands where the platform's would."""
    visit = BY_NAME["instagram"].visit
    assert visit is not None
    template = next(p.url for p in visit.probes if p.name == "oembed")
    from urllib.parse import quote

    return template.format(id=post.native_id, url=post.url, quoted_url=quote(post.url, safe=""))


def oembed_body(case: Case) -> bytes:
    if case.oembed == 404:
        return b"No Media Match"
    if case.oembed == 400:
        return json.dumps({"message": "geoblock_required", "blocks_logging_data": "MIN_AGE_ACCOUNT"}).encode()
    return b"{}" if case.oembed == 200 else b"error"


# ------------------------------------------------------------------------------------------------- the second reading


def read_again(case: Case) -> dict[str, Any]:
    """What a saved live page says, read without any of the project's code."""
    soup = BeautifulSoup(read(case.file), "html.parser")
    caption = soup.select_one(".Caption")
    context = read_context(read(case.file).decode("utf-8", "replace"))
    media = context.get("gql_data", {}).get("shortcode_media", {}) if context else {}
    children = media.get("edge_sidecar_to_children", {}).get("edges", [])
    owner = media.get("owner") or {}
    names = [e.get_text(strip=True) for e in soup.select(".UsernameText")]
    return {
        "handles": set(names),
        "media": max(len(children), 1),
        "words": set(re.findall(r"\w{4,}", caption.get_text(" "))) if caption else set(),
        "verified": soup.select_one(".Header .VerifiedSprite") is not None or bool(owner.get("is_verified")),
        "owner": owner.get("username"),
    }


def read_context(text: str) -> dict[str, Any]:
    found = re.search(r'"contextJSON":"((?:[^"\\]|\\.)*)"', text)
    value = json.loads(json.loads(f'"{found[1]}"')) if found else {}
    return value if isinstance(value, dict) else {}


# --------------------------------------------------------------------------------------------------------- the crawl


def choose_articles() -> list[dict[str, Any]]:
    """Pages with Instagram embeds first, then with posts on X, then without any, up to the number wanted."""
    truth = [json.loads(line) for line in (SHARED / "corpus" / "truth.jsonl").read_text("utf-8").splitlines()]

    def rank(page: dict[str, Any]) -> tuple[int, str]:
        platforms = {e["platform"] for e in page["embeds"]}
        return (0 if "instagram" in platforms else 1 if "twitter" in platforms else 2, page["page"])

    chosen = sorted((page for page in truth if page["url"]), key=rank)
    return chosen[: ARTICLES - 8] + [p for p in chosen if not p["embeds"]][:8]


def serve_article(replica: Replica, page: dict[str, Any]) -> None:
    body = gzip.decompress((SHARED / "corpus" / "pages" / page["page"]).read_bytes())
    replica.serve(page["url"], Saved(200, (("content-type", "text/html"),), body))


def wanted_keys(page: dict[str, Any], *, ambiguous: bool) -> set[str]:
    names = {"instagram": "instagram", "twitter": "x"}
    wanted = [e for e in page["embeds"] if e["platform"] in names and bool(e.get("ambiguous")) == ambiguous]
    return {f"{names[e['platform']]}:{e['post_id']}" for e in wanted}


def crawl(path: Path, replica: Replica, articles: list[dict[str, Any]], posts: list[Post]) -> None:
    settings = Settings(resolve=replica.resolve, ca_file=replica.ca_file, delay=0.0, ignore_robots=True)

    def prepare(archive: Archive, crawl_id: int, _emit: Emit) -> None:
        for post in posts:
            archive.keep_target(crawl_id, post, clock.now(), forced=False)
        for page in articles:
            archive.keep_seed(crawl_id, page["url"], "bench", clock.now())

    with Display(f"real input → {path}", quiet=False, verbose=False, as_json=False) as display:
        run_session(path, "crawl", settings, {}, prepare, display)


# -------------------------------------------------------------------------------------------------------- the report


def judge_case(path: Path, case: Case, post: Post) -> tuple[str, list[str]]:
    """One line on a saved page's capture, and what is wrong with it."""
    conn = open_reader(path)
    row = conn.execute("SELECT * FROM captures WHERE post_key = ? ORDER BY id DESC", (post.key,)).fetchone()
    if row is None:
        return f"| {case.file} | – | not visited | | |", [f"{case.file}: not visited"]
    wrong = []
    if row["outcome"] != case.outcome or (case.reason and row["reason"] != case.reason):
        wrong.append(f"{case.file}: {row['outcome']}/{row['reason']}, expected {case.outcome}/{case.reason}")
    said = conn.execute("SELECT * FROM current_descriptions WHERE capture_id = ?", (row["id"],)).fetchone()
    if case.refused:
        wrong += compare_refused(case, said, conn, row["id"])
    elif case.outcome == "available":
        wrong += compare(case, said, conn, row["id"])
    elif said is not None:
        wrong.append(f"{case.file}: described although it was not seen")
    seen = f"{said['kind']} by @{said['author_handle']}" if said else ""
    record = post_record(conn, post.key)
    kept = say_kept(record) if record else ""
    return f"| {case.file} | {post.native_id} | {row['outcome']} {row['reason'] or ''} | {seen} | {kept} |", wrong


def compare_refused(case: Case, said: Any, conn: Any, capture_id: int) -> list[str]:
    """A post seen on its full page alone: its author and words are told, and no picture of the refusal is kept."""
    check = conn.execute("SELECT embedding FROM checks WHERE capture_id = ?", (capture_id,)).fetchone()
    shots = conn.execute(
        "SELECT 1 FROM artifacts WHERE capture_id = ? AND role = 'screenshot'", (capture_id,)
    ).fetchall()
    soup = BeautifulSoup(read(case.full_page or ""), "html.parser")
    shown = soup.select_one('meta[property="og:title"]')
    words = str(shown["content"] if shown else "")
    wrong = [] if check and check[0] == "refused" else [f"{case.file}: not said to be refused"]
    wrong += [f"{case.file}: a picture of the refusal is kept"] if shots else []
    if not said or not said["author_handle"] or not said["text"] or said["text"].split()[0] not in words:
        wrong.append(f"{case.file}: not described from its full page")
    return wrong


def compare(case: Case, said: Any, conn: Any, capture_id: int) -> list[str]:
    wanted = read_again(case)
    if said is None:
        return [f"{case.file}: not described"]
    wrong = []
    if said["author_handle"] not in wanted["handles"] | {wanted["owner"]}:
        wrong.append(f"{case.file}: author {said['author_handle']}, expected one of {wanted['handles']}")
    if bool(said["author_verified"]) != wanted["verified"]:
        wrong.append(f"{case.file}: verified {said['author_verified']}")
    words = set(re.findall(r"\w{4,}", said["text"] or ""))
    missing = {w for w in wanted["words"] if w not in words and w not in wanted["handles"]}
    if len(missing) > 6:  # "View all 30 comments" and the user's name stand in the caption's element too
        wrong.append(f"{case.file}: caption lacks {sorted(missing)[:5]}")
    slides = [m for m in json.loads(said["media"]) if m["role"] == "media"]
    if len(slides) != wanted["media"]:
        wrong.append(f"{case.file}: {len(slides)} media, expected {wanted['media']}")
    shots = conn.execute(
        "SELECT height FROM artifacts WHERE capture_id = ? AND role = 'screenshot'", (capture_id,)
    ).fetchall()
    if not shots or shots[0][0] < 300:
        wrong.append(f"{case.file}: screenshot {shots and shots[0][0]}")
    return wrong


def judge_articles(path: Path, articles: list[dict[str, Any]]) -> tuple[int, int, list[str]]:
    """How many articles ended as the truth has them, of how many, and what is wrong with the others."""
    conn, right, wrong = open_reader(path), 0, []
    for page in articles:
        rows = conn.execute(
            "SELECT DISTINCT e.post_key FROM embeds e JOIN article_urls u ON u.article_id = e.article_id "
            "WHERE u.url IN (?, ?) AND e.kind = 'embed' AND e.post_key IS NOT NULL "
            "AND e.platform IN ('instagram', 'x')",
            (page["url"], page["url"].split("#")[0]),
        ).fetchall()
        wanted = wanted_keys(page, ambiguous=False)
        got = {r[0] for r in rows} - (wanted_keys(page, ambiguous=True) - wanted)
        if got == wanted:
            right += 1
        else:
            wrong.append(f"{page['page']}: missed {sorted(wanted - got)[:3]}, too many {sorted(got - wanted)[:3]}")
    return right, len(articles), wrong


def main() -> int:
    if not SHARED.is_dir():
        print("../shared is not here: the real pages are third-party material and not part of the project.")
        return 0
    started, articles = time.monotonic(), choose_articles()
    with tempfile.TemporaryDirectory(prefix="embedarchive-real-") as folder, Replica(stand_ins=True) as replica:
        path = Path(folder) / "embeds.db"
        for page in articles:
            serve_article(replica, page)
        posts = [serve_case(replica, case) for case in CASES]
        crawl(path, replica, articles, posts)
        cases = [judge_case(path, case, post) for case, post in zip(CASES, posts, strict=True)]
        right, total, wrong = judge_articles(path, articles)
        outcomes = Counter(r[0] for r in open_reader(path).execute("SELECT outcome FROM captures"))
        held = Counter(r[0] for r in open_reader(path).execute("SELECT kept FROM post_status"))
        kept = path.stat().st_size
    wrong += [w for _, problems in cases for w in problems]
    figures = {
        "articles": total, "articles_right": right, "saved_posts": len(CASES),
        "saved_posts_right": sum(not problems for _, problems in cases), "captures": dict(outcomes), "kept": dict(held),
        "seconds": round(time.monotonic() - started, 1), "bytes": kept,
    }  # fmt: skip
    report = "\n".join([
        "# Real input", "",
        f"{total} real saved articles, {right} with exactly the Instagram and X posts they embed.", "",
        "| saved page | shortcode | outcome | described as | kept |", "|---|---|---|---|---|", *(line for line, _ in cases), "",
        "## What is not as expected", "", *(f"- {w}" for w in wrong or ["nothing"]), "",
        "```json", json.dumps(figures), "```", "",
    ])  # fmt: skip
    (ROOT / "bench" / "results").mkdir(parents=True, exist_ok=True)
    (ROOT / "bench" / "results" / "real.md").write_text(report, "utf-8")
    print(report)
    print(json.dumps(figures))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
