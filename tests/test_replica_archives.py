"""The replica's web archives: what they answer, in which weather, and what other clients of the real ones make of it."""

from __future__ import annotations

import gzip
import json
import subprocess
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from embedarchive.replica import Replica, Saved
from embedarchive.replica.mementos import make_key
from replica_client import Answer, get
from tools import find_python_tools
from waiting import BOUND_S

CDX = "https://web.archive.org/cdx/search/cdx"


@pytest.fixture(scope="module")
def replica() -> Iterator[Replica]:
    with Replica() as running:
        yield running


@pytest.fixture(autouse=True)
def empty(replica: Replica) -> None:
    replica.archives.held.clear()
    replica.archives.troubles.clear()
    replica.archives.asked.clear()


def ask(replica: Replica, place: str, **fields: str) -> Answer:
    return get(replica, f"{place}?{urllib.parse.urlencode(fields)}" if fields else place)


# ----------------------------------------------------------------------------------------------------------- the answers


def test_an_index_gives_a_table_whose_first_row_names_the_columns(replica: Replica) -> None:
    replica.archive_post("fjord", "20230503101500")
    url = f"instagram.com/p/{replica.post('fjord').key}"
    rows = json.loads(ask(replica, CDX, url=url, output="json", matchType="prefix").body)
    assert rows[0] == ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
    assert [row[1] for row in rows[1:]] == ["20230503101500"]
    assert json.loads(ask(replica, CDX, url="instagram.com/p/nothing", output="json").body) == []


def test_what_stands_for_another_says_no_status_and_a_day_may_be_unknown(replica: Replica) -> None:
    replica.archive_post("fjord", "20230503101500", flaw="revisit")
    replica.archive_post("fjord", "20230603101500", flaw="day_00")
    url = f"instagram.com/p/{replica.post('fjord').key}"
    rows = json.loads(ask(replica, CDX, url=url, output="json", matchType="prefix").body)[1:]
    assert [(row[1], row[3], row[4]) for row in rows] == [
        ("20230503101500", "warc/revisit", "-"), ("20230600101500", "text/html", "200"),
    ]  # fmt: skip


def test_a_long_answer_ends_with_a_key_to_go_on_with(replica: Replica) -> None:
    for day in range(1, 6):
        replica.archive("https://a.example/page", f"2023010{day}000000", saved=Saved(body=b"x"))
    rows = json.loads(ask(replica, CDX, url="a.example/page", output="json", limit="2", showResumeKey="true").body)
    assert rows[-2] == []
    more = json.loads(ask(replica, CDX, url="a.example/page", output="json", limit="9", resumeKey=rows[-1][0]).body)
    assert [row[1][:8] for row in rows[1:3] + more[1:]] == [f"2023010{day}" for day in range(1, 6)]


def test_a_capture_is_as_it_was_served(replica: Replica) -> None:
    held = replica.archive_post("fjord", "20230503101500")
    answer = ask(replica, f"https://web.archive.org/web/20230503101500id_/{held.url}")
    assert (answer.status, answer.body) == (200, held.body)
    assert answer.headers["memento-datetime"] == "Wed, 03 May 2023 10:15:00 GMT"
    assert answer.headers["x-archive-orig-content-type"].startswith("text/html")
    assert f'<{held.url}>; rel="original"' in answer.headers["link"]
    other = ask(replica, f"https://web.archive.org/web/20220101000000id_/{held.url}")
    assert (other.status, other.headers["location"]) == (
        302,
        f"https://web.archive.org/web/20230503101500id_/{held.url}",
    )


def test_walls_and_missing_pages_come_as_they_were(replica: Replica) -> None:
    wall = replica.archive_post("fjord", "20230503101500", state="login")
    answer = ask(replica, f"https://web.archive.org/web/20230503101500id_/{wall.url}")
    assert answer.status == 302
    login = "https://web.archive.org/web/20230503101500id_/https://www.instagram.com/accounts"
    assert answer.headers["location"].startswith(login)
    not_held = ask(replica, answer.headers["location"]).headers["x-archive-wayback-runtime-error"]
    assert not_held.endswith("not in this archive")
    replica.archive_post("harbour", "20230503101500", flaw="excluded")
    place = f"https://www.instagram.com/p/{replica.post('harbour').key}/embed/captioned/"
    kept_out = ask(replica, f"https://web.archive.org/web/2023id_/{place}")
    assert (kept_out.status, "AccessControl" in kept_out.headers["x-archive-wayback-runtime-error"]) == (403, True)


def test_common_crawl_gives_lines_and_a_range_is_one_record(replica: Replica) -> None:
    held = replica.archive_post("fjord", "20240503101500", holder="commoncrawl")
    crawls = json.loads(ask(replica, "https://index.commoncrawl.org/collinfo.json").body)
    index = next(each["cdx-api"] for each in crawls if each["id"] == "CC-MAIN-2024-18")
    url = f"www.instagram.com/p/{replica.post('fjord').key}*"
    row = json.loads(ask(replica, index, url=url, output="json").body.splitlines()[0])
    none = ask(replica, index, url="www.instagram.com/p/nothing", output="json")
    assert (none.status, json.loads(none.body)["message"][:17]) == (404, "No Captures found")
    first, last = int(row["offset"]), int(row["offset"]) + int(row["length"]) - 1
    part = get(replica, f"https://data.commoncrawl.org/{row['filename']}", Range=f"bytes={first}-{last}")
    assert part.status == 206
    assert held.body in gzip.decompress(part.body)


@pytest.mark.parametrize(
    ("trouble", "status"), [("429", 429), ("429_after", 429), ("503", 503), ("text", 200), ("blocked", 403)]
)
def test_the_weather_is_as_it_was_set_and_then_clears(replica: Replica, trouble: Any, status: int) -> None:
    replica.trouble("cdx", trouble)
    assert ask(replica, CDX, url="a.example/", output="json").status == status
    assert json.loads(ask(replica, CDX, url="a.example/", output="json").body) == []


def test_who_asks_too_often_is_told(replica: Replica) -> None:
    said = [ask(replica, CDX, url="a.example/", output="json").status for _ in range(31)]
    assert said == [200] * 30 + [429]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.Instagram.com/p/AbC/", "com,instagram)/p/abc"),
        ("http://twitter.com/a/status/1?s=20&a=1", "com,twitter)/a/status/1?a=1&s=20"),
        ("https://a.example", "example,a)/"),
    ],
)
def test_addresses_have_the_keys_of_an_index(url: str, key: str) -> None:
    assert make_key(url) == key


# ------------------------------------------------------------------------------------------------------- other clients

THROUGH = """
import sys, urllib3.util.connection
port, real = int(sys.argv[1]), urllib3.util.connection.create_connection
urllib3.util.connection.create_connection = lambda place, *more, **named: real(("127.0.0.1", port), *more, **named)
"""

WAYBACK = (
    THROUGH
    + """
import wayback
session = wayback.WaybackSession(retries=0, search_calls_per_second=0, memento_calls_per_second=0)
with wayback.WaybackClient(session) as client:
    for record in client.search(sys.argv[2], match_type="prefix", limit=2):
        whole = record.status_code == 200
        memento = client.get_memento(record, mode=wayback.Mode.original, exact_redirects=False) if whole else None
        print(record.timestamp.isoformat(), record.status_code, len(memento.content) if memento else 0)
"""
)

CDX_TOOLKIT = (
    THROUGH
    + """
import cdx_toolkit, cdx_toolkit.myrequests
for each in cdx_toolkit.myrequests.retry_info.values():
    each["minimum_interval"] = 0
for source, crawl in (("ia", {}), ("cc", {"crawl": ["CC-MAIN-2024-18"]})):
    for found in cdx_toolkit.CDXFetcher(source=source, **crawl).iter(sys.argv[2] + "*", limit=10):
        record = found.fetch_warc_record() if source == "cc" else None
        print(source, found["timestamp"], found["status"], len(record.content_stream().read()) if record else 0)
"""
)


def run_there(replica: Replica, script: str, url: str, home: Path) -> list[str]:
    """What a script printed in the environment of the tools, with every host here."""
    python = find_python_tools("archives") / "python"
    ca_file = str(replica.ca_file)
    env = {"HOME": str(home), "REQUESTS_CA_BUNDLE": ca_file, "SSL_CERT_FILE": ca_file, "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [str(python), "-W", "error::UserWarning", "-c", script, str(replica.tls_port), url],
        capture_output=True, text=True, timeout=BOUND_S, check=False, env=env,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.splitlines()


def test_wayback_reads_it_without_complaint(replica: Replica, tmp_path: Path) -> None:
    sizes = [len(replica.archive_post("fjord", f"2023050{day}101500").body) for day in (1, 2, 3)]
    replica.archive_post("fjord", "20230504101500", state="login")
    replica.archive_post("fjord", "20230505101500", flaw="revisit")
    said = run_there(replica, WAYBACK, f"https://www.instagram.com/p/{replica.post('fjord').key}/", tmp_path)
    assert said == [
        *(f"2023-05-0{day}T10:15:00+00:00 200 {size}" for day, size in zip((1, 2, 3), sizes, strict=True)),
        "2023-05-04T10:15:00+00:00 302 0", "2023-05-05T10:15:00+00:00 None 0",
    ]  # fmt: skip


def test_cdx_toolkit_reads_both_without_complaint(replica: Replica, tmp_path: Path) -> None:
    replica.archive_post("fjord", "20230501101500")
    held = replica.archive_post("fjord", "20240502101500", holder="commoncrawl")
    said = run_there(replica, CDX_TOOLKIT, f"https://www.instagram.com/p/{replica.post('fjord').key}/", tmp_path)
    assert said == ["ia 20230501101500 200 0", f"cc 20240502101500 200 {len(held.body)}"]
