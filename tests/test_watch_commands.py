"""What `watch --plan` and `watch alerts --test` say: before anything is visited, and to whom a made-up alert went."""

from __future__ import annotations

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from archive_builder import build_archive
from embedarchive.core.errors import ExitCode
from embedarchive.platforms import PLATFORMS
from embedarchive.run.telling import TEST_ALERT
from embedarchive.store import Archive
from in_process import run

SECRET = "a long random text"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("watched") / "embeds.db")


def test_a_plan_says_what_each_platform_needs_and_visits_nothing(path: Path) -> None:
    before = path.read_bytes()
    done = run("watch", "--plan", "-a", path)
    assert done.code == ExitCode.DONE, done.err
    assert "Platform" in done.out
    assert "instagram" in done.out
    assert "Every post is observed at least every 30 days." in done.out
    told = json.loads(run("watch", "--plan", "--json", "-a", path).out)
    assert sum(each["posts"] for each in told) > 0
    for each in told:
        assert each["budget"] == 500
        assert each["posts"] >= 0
        assert each["due"] >= 0, "of posts that are gone as well: they may come back"
        assert each["planned"] >= each["needed"] >= 0, "no longer than the longest interval"
        assert each["used"] == 0
    assert path.read_bytes() == before


def test_a_plan_names_the_platform_whose_budget_is_too_small(path: Path) -> None:
    done = run("watch", "--plan", "--budget", "instagram=0/d", "--longest", "1d", "-a", path)
    assert done.code == ExitCode.DONE, done.err
    assert "The budget of instagram is less than it takes" in done.out
    assert "--budget" in done.out


def test_an_archive_without_living_posts_has_no_plan(tmp_path: Path) -> None:
    empty = tmp_path / "embeds.db"
    with Archive(empty, platforms=PLATFORMS):
        pass
    done = run("watch", "--plan", "-a", empty)
    assert done.code == ExitCode.DONE
    assert "No post of this archive was seen alive" in done.out


@pytest.mark.parametrize(("status", "code"), [(204, ExitCode.DONE), (500, None)])
def test_a_test_alert_goes_to_the_webhook_that_was_named_and_nowhere_else(
    path: Path, tmp_path: Path, httpserver: HTTPServer, status: int, code: ExitCode | None
) -> None:
    taken: list[Request] = []

    def take(request: Request) -> Response:
        taken.append(request)
        return Response(status=status)

    httpserver.expect_request("/embeds", "POST").respond_with_handler(take)
    before = path.read_bytes()
    done = run(
        "watch", "alerts", "--test", "http://hooks.newsroom.example/embeds", "-a", path,
        f"--resolve=hooks.newsroom.example:80:127.0.0.1:{httpserver.port}",
        EMBEDARCHIVE_WEBHOOK_SECRET=SECRET, XDG_STATE_HOME=str(tmp_path),
    )  # fmt: skip
    (sent,) = taken
    body = sent.get_data()
    assert json.loads(body) == dict(TEST_ALERT)
    assert json.loads(body)["test"] is True
    signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    assert sent.headers["X-Embedarchive-Signature"] == f"sha256={signed}"
    assert sent.headers["Idempotency-Key"] == TEST_ALERT["id"]
    if code is None:
        assert done.code not in (ExitCode.DONE, ExitCode.NEWLY_LOST)
        assert "did not take the test alert (http_500)" in done.err
    else:
        assert done.code == code, done.err
        assert "took the test alert" in done.out
    assert path.read_bytes() == before


def test_a_test_alert_needs_a_secret(path: Path) -> None:
    done = run(
        "watch", "alerts", "--test", "http://hooks.newsroom.example/embeds", "-a", path, EMBEDARCHIVE_WEBHOOK_SECRET=""
    )
    assert done.code == ExitCode.WRONG_USE
    assert "EMBEDARCHIVE_WEBHOOK_SECRET" in done.err
