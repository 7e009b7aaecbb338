"""The replica answers on real sockets: its own TLS authority, every state, media that must be asked for properly."""

from __future__ import annotations

import html
import io
import json
import os
import re
import signal
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from embedarchive.replica import Replica, Saved, Weather
from replica_client import Answer, connect, get
from waiting import BOUND_S


@pytest.fixture(scope="module")
def running() -> Iterator[Replica]:
    with Replica() as replica:
        yield replica


@pytest.fixture
def replica(running: Replica) -> Iterator[Replica]:
    yield running
    for post in running.posts:
        running.set_state(post.key, post.state)
    running.limit(None)
    running.weather = Weather()


def embed(replica: Replica, name: str, **headers: str) -> Answer:
    return get(replica, f"https://www.instagram.com/p/{replica.post(name).key}/embed/captioned/", **headers)


def context_of(text: str) -> Any:
    match = re.search(r'"contextJSON":("(?:[^"\\]|\\.)*")', text)
    return json.loads(json.loads(match[1]))["gql_data"]["shortcode_media"] if match else None


def test_certificates_are_valid_for_every_name_and_only_with_our_authority(replica: Replica) -> None:
    assert get(replica, "https://www.instagram.com/embed.js").status == 200
    assert get(replica, "https://nobody-knows-this.example/").status == 404
    with pytest.raises(ssl.SSLCertVerificationError):
        ssl.create_default_context().wrap_socket(connect(replica), server_hostname="www.instagram.com")


def test_a_photo_has_everything_in_its_markup_and_no_json(replica: Replica) -> None:
    post = replica.post("fjord")
    text = embed(replica, "fjord").text
    assert f'data-media-id="{post.media_id}"' in text
    assert '"contextJSON":null' in text
    assert "</html>" not in text
    assert "#nordlys</a>" in text


def test_a_carousel_names_all_its_slides(replica: Replica) -> None:
    media = context_of(embed(replica, "premiere").text)
    children = [edge["node"] for edge in media["edge_sidecar_to_children"]["edges"]]
    assert [child["is_video"] for child in children] == [False, True] + [False] * 8
    assert all("__typename" not in child for child in children)
    assert "video_url" in children[1]


def test_a_shell_for_clients_that_do_not_look_like_a_browser(replica: Replica) -> None:
    answer = embed(replica, "fjord", Sec_Fetch_Mode="")
    assert answer.status == 200
    assert len(answer.body) > 500_000
    assert 'class="Embed"' not in answer.text


def test_a_signed_picture_is_given_only_for_its_exact_address(replica: Replica) -> None:
    raw = re.search(r'EmbeddedMediaImage"[^>]* src="([^"]+)"', embed(replica, "fjord").text)
    assert raw
    good = get(replica, html.unescape(raw[1]))
    assert (good.status, good.headers["content-type"]) == (200, "image/jpeg")
    assert get(replica, raw[1]).status == 403
    assert Image.open(io.BytesIO(good.body)).size == (1080, 1350)


def test_a_video_answers_ranges(replica: Replica) -> None:
    url = context_of(embed(replica, "marathon").text)["video_url"]
    whole = get(replica, url)
    part = get(replica, url, Range="bytes=4-7")
    assert (part.status, part.body) == (206, b"ftyp")
    assert part.headers["content-range"] == f"bytes 4-7/{len(whole.body)}"


@pytest.mark.parametrize(
    ("state", "status", "page", "oembed"),
    [
        ("gone", 200, 404, 404),
        ("private", 200, 200, 404),
        ("age", 200, 200, 400),
        ("embed_refused", 200, 200, 200),
        ("login", 302, 302, 302),
        ("challenge", 302, 302, 302),
        ("rate", 429, 429, 429),
        ("rate_json", 401, 401, 401),
        ("server_error", 500, 500, 500),
        ("empty", 200, 200, 200),
    ],
)
def test_states_can_be_switched_between_two_visits(
    replica: Replica, state: str, status: int, page: int, oembed: int
) -> None:
    post = replica.post("fjord")
    assert f'data-media-id="{post.media_id}"' in embed(replica, "fjord").text
    replica.set_state(post.key, state)
    answer = embed(replica, "fjord")
    assert answer.status == status
    assert ("EmbedBrokenMedia" in answer.text) == (state in ("gone", "private", "age", "embed_refused"))
    assert f'data-media-id="{post.media_id}"' not in answer.text
    assert get(replica, post.url).status == page
    assert get(replica, f"https://www.instagram.com/api/v1/oembed/?url={post.url}").status == oembed


def test_a_broken_page_speaks_the_readers_language(replica: Replica) -> None:
    said = {lang: embed(replica, "snow", Accept_Language=lang).text for lang in ("en-US", "ja,en", "de-DE")}
    assert all("EmbedBrokenMedia" in text for text in said.values())
    assert "may have been removed" in said["en-US"]
    assert "可能性があります" in said["ja,en"]
    assert "entfernt" in said["de-DE"]


def test_pages_beyond_the_limit_are_refused_with_a_time_to_wait(replica: Replica) -> None:
    replica.limit(2)
    answers = [embed(replica, "fjord") for _ in range(3)]
    assert [a.status for a in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "120"


def test_connections_can_end_badly(replica: Replica) -> None:
    replica.set_state("fjord", "reset")
    with pytest.raises(ConnectionError):
        embed(replica, "fjord")
    replica.set_state("fjord", "truncated")
    with pytest.raises(IncompleteRead) as cut:
        embed(replica, "fjord")
    assert b'class="Embed"' in cut.value.partial
    assert b'class="Caption"' not in cut.value.partial


def test_saved_bytes_are_served_at_their_own_address_and_logged(replica: Replica) -> None:
    replica.serve("https://old.example/story?id=7", Saved(203, (("Content-Type", "text/plain"),), b"kept"))
    replica.clear_hits()
    answer = get(replica, "https://old.example/story?id=7")
    assert (answer.status, answer.body) == (203, b"kept")
    assert [(h.url, h.status) for h in replica.hits] == [("https://old.example/story?id=7", 203)]


def test_a_state_nobody_knows_is_refused(replica: Replica) -> None:
    with pytest.raises(ValueError, match="fjord"):
        replica.set_state("fyord", "gone")
    with pytest.raises(ValueError, match="embed_refused"):
        replica.set_state("fjord", "dead")


def test_every_state_of_instagram_can_be_asked_for(replica: Replica) -> None:
    url = f"https://www.instagram.com/p/{replica.post('fjord').key}/embed/"
    for state in set(replica.states_of("instagram")) - {"hang", "reset", "truncated", "slow"}:
        replica.set_state("fjord", state)
        assert get(replica, url).status in (200, 302, 401, 403, 429, 500), state


def test_media_of_saved_pages_can_be_stood_in_for() -> None:
    picture = (
        "https://scontent-fra3-2.cdninstagram.com/v/t51.82787-15/1_2_3_n.jpg?stp=dst-jpg_e35_s640x640_tt6&oh=x&oe=1"
    )
    with Replica(stand_ins=True) as replica:
        answer = get(replica, picture)
        assert Image.open(io.BytesIO(answer.body)).size == (640, 640)
        assert get(replica, "https://static.cdninstagram.com/rsrc.php/v5/yE/any.css").status == 200
        assert get(replica, "https://static.cdninstagram.com/rsrc.php/v5/yE/any.js").status == 404
    with Replica() as plain:
        assert get(plain, picture).status == 404


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_by_itself_says_how_to_crawl_it_and_leaves_nothing(tmp_path: Path, ending: signal.Signals) -> None:
    command = [sys.executable, "-m", "embedarchive.replica", "--state", "fjord=gone"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(tmp_path)}
    ) as run:
        assert run.stdout
        lines = iter(run.stdout.readline, "\nnever\n")
        said = next(line for line in lines if "embedarchive crawl https://" in line)
        folder = Path(said.split("--ca-file ")[1].strip())
        assert folder.exists()
        assert "--resolve '*:443:127.0.0.1:" in said
        run.send_signal(ending)
        assert run.wait(BOUND_S) == 0
    assert not list(tmp_path.iterdir())


def test_in_foul_weather_a_host_sends_slowly_and_the_others_do_not_wait(replica: Replica) -> None:
    for host in ("slow.example", "other.example"):
        replica.serve(f"https://{host}/file", Saved(body=b"x" * 20_000))
    replica.weather = Weather(bytes_per_s=20_000)
    with ThreadPoolExecutor(3) as pool:
        began = time.monotonic()
        both = [pool.submit(get, replica, "https://slow.example/file") for _ in range(2)]
        other = pool.submit(get, replica, "https://other.example/file")
        assert len(other.result().body) == 20_000
        others_took = time.monotonic() - began
        assert [len(answer.result().body) for answer in both] == [20_000, 20_000]
    assert time.monotonic() - began >= 2, "two files of one host share what it can send"
    assert others_took < time.monotonic() - began


def test_in_gusts_one_answer_of_so_many_halts_in_its_middle_and_goes_on(replica: Replica) -> None:
    replica.serve("https://gusty.example/file", Saved(body=bytes(range(100))))
    replica.weather = Weather(stall_every=3, stall_s=2.0)
    took = []
    for _ in range(6):
        began = time.monotonic()
        assert get(replica, "https://gusty.example/file").body == bytes(range(100))
        took.append(time.monotonic() - began)
    assert sum(each >= 2 for each in took) >= 2
    assert min(took) < 2
