"""A week of a watched newsroom, by a moved clock: a loss, an edit, walls, a changed template, an intermediary, a return.

The replica's own list of what was done to its posts is the truth that every alert is held to.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from commands import Done
from embedarchive.core.errors import ExitCode
from embedarchive.replica import Replica
from embedarchive.store import archive_path, open_reader
from in_process import run

EDITED, WALLED, LOST, STEADY, PRIVATE = (
    f"instagram:{key}" for key in ("DH_rNhDn9ir", "DPkLq5fzXml", "DKKxpYDpq0c", "DUm6L771dVL", "DSKNf_7ug1s")
)
ALL = (EDITED, WALLED, LOST, STEADY, PRIVATE)
ARTICLES = ("dreissig-segel-auf-dem-watt", "elf-tage-bis-zu-diesem-schatten", "the-bowl-that-is-not-broken")
HOOK = "http://hooks.newsroom.example/embeds"
SECRET = "a long random text"
BUDGET = 20


@dataclass
class Week:
    """What each round printed and ended with, what the hook was sent, and when what was really done to the posts."""

    path: Path
    rounds: list[Done] = field(default_factory=list)
    sent: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    done: list[tuple[str, str, str]] = field(default_factory=list)

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with closing(open_reader(self.path)) as conn:
            return [tuple(row) for row in conn.execute(sql)]

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.sent]


@pytest.fixture(scope="module")
def week(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Week]:
    folder = tmp_path_factory.mktemp("week")
    kept = Week(archive_path(folder / "archive"))
    begun = datetime.now(UTC)
    with HTTPServer() as hooks, Replica() as replica, pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        patch.setenv("EMBEDARCHIVE_WEBHOOK_SECRET", SECRET)
        answers = iter([503])

        def take(request: Request) -> Response:
            kept.sent.append((dict(request.headers), request.get_data()))
            return Response(status=next(answers, 204))

        hooks.expect_request("/embeds", "POST").respond_with_handler(take)
        world = [f"--resolve=hooks.newsroom.example:80:127.0.0.1:{hooks.port}"]
        world += [f"--resolve={rule}" for rule in replica.resolve]
        world += [f"--ca-file={replica.ca_file}", "--delay=0", "-a", str(kept.path)]
        urls = [url for url in replica.article_urls if any(name in url for name in ARTICLES)]

        def let(state: str, *keys: str) -> None:
            for key in keys:
                replica.set_state(key.partition(":")[2], state)
                kept.done.append((now(), key, state))

        def watch(days: float, *args: str) -> None:
            with time_machine.travel(begun + timedelta(days=days), tick=True):
                kept.rounds.append(
                    run("watch", "--once", "--json", f"--budget={BUDGET}/d", f"--webhook={HOOK}", "--no-replay", *world)
                    if not args else run(*args, *world)
                )  # fmt: skip

        def now() -> str:
            return datetime.now(UTC).isoformat()

        watch(0, "crawl", *urls, "--no-replay", "--json")
        with time_machine.travel(begun + timedelta(days=1), tick=True):
            let("edited", EDITED)
            let("login", WALLED)
            let("gone", LOST)
        watch(1.2)
        with time_machine.travel(begun + timedelta(days=2), tick=True):  # an intermediary that denies everything
            known = [post.key for post in replica.posts if post.platform == "instagram"]
            let("gone", *(f"instagram:{key}" for key in known))
        watch(2.4)
        with time_machine.travel(begun + timedelta(days=3), tick=True):
            let("live", *(f"instagram:{key}" for key in known))
            let("edited", EDITED)
            let("gone", LOST)
            let("private", PRIVATE)
            let("shell", WALLED)  # a changed template
        watch(3.7)
        with time_machine.travel(begun + timedelta(days=5), tick=True):
            let("live", LOST, WALLED)
        watch(5.5 + 32)  # what is gone is looked at once a month
        yield kept


def test_every_alert_is_right_and_none_is_false(week: Week) -> None:
    assert [done.code for done in week.rounds][:2] == [ExitCode.DONE, ExitCode.NEWLY_LOST], week.rounds[1].err
    told = [(row[0], row[1]) for row in week.rows("SELECT post_key, change FROM changes ORDER BY by, change")]
    assert sorted(told) == sorted([
        (EDITED, "edited"), (LOST, "missing"), (LOST, "gone"), (PRIVATE, "private"), (LOST, "came back"),
    ])  # fmt: skip
    assert week.rounds[1].json["newly_lost"] == [LOST]
    assert [done.json["newly_lost"] for done in week.rounds[2:]] == [[], [], []]


def test_each_interval_holds_the_moment_at_which_it_was_really_done(week: Week) -> None:
    truth = {(key, state): at for at, key, state in reversed(week.done) if key in ALL}
    missing = week.rows("SELECT alive_at, missing_at, confirmed, back_at FROM losses")
    assert len(missing) == 1
    alive_at, missing_at, confirmed, back_at = missing[0]
    assert alive_at < truth[LOST, "gone"] <= missing_at < back_at
    assert confirmed == 1
    (edit,) = week.rows("SELECT after, by FROM changes WHERE change = 'edited'")
    assert edit[0] < truth[EDITED, "edited"] <= edit[1]
    (private,) = week.rows("SELECT after, by FROM changes WHERE change = 'private'")
    assert private[0] < truth[PRIVATE, "private"] <= private[1]


def test_the_hook_is_told_of_each_change_once_that_it_took(week: Week) -> None:
    ids = [headers["Idempotency-Key"] for headers, _ in week.sent]
    taken = ids[1:]
    assert sorted(taken) == sorted(row[0] for row in week.rows("SELECT id FROM changes"))
    assert ids[0] in taken, "told again after it was answered with 503"
    for headers, body in week.sent:
        signed = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        assert headers["X-Embedarchive-Signature"] == f"sha256={signed}"
        assert json.loads(body)["id"] == headers["Idempotency-Key"]
    assert not week.rows("SELECT * FROM changes_to_tell")
    first = next(said for said in week.told() if said["change"] == "missing")
    assert first["post"] == LOST
    assert {story["outlet"] for story in first["stories"]} == {"kuestenblatt.example", "letters.thelanternpost.example"}
    assert first["heal"]
    assert all(line.startswith("embedarchive heal https://") for line in first["heal"])


def test_no_day_costs_more_than_its_budget(week: Week) -> None:
    assert week.rows("SELECT count(*) FROM budgets WHERE used > allowed")[0][0] == 0
    by_day = dict(week.rows(
        "SELECT substr(c.started_at, 1, 10), count(*) FROM captures c JOIN crawls r ON r.id = c.crawl_id "
        "WHERE r.command = 'watch' GROUP BY 1"))  # fmt: skip
    counted = dict(week.rows("SELECT day, sum(used) FROM budgets WHERE scope = 'instagram' GROUP BY day"))
    assert by_day == counted, "controls are counted too, and nothing else"


def test_what_was_not_confirmed_was_withheld_and_said(week: Week) -> None:
    assert "No living post of instagram could be seen" in week.rounds[2].err
    assert week.rows("SELECT count(*) FROM holds WHERE released_at IS NULL") == [(0,)]


def test_alerts_are_lines_of_json_and_end_with_10(week: Week) -> None:
    done = run("watch", "alerts", "--since", "9999d", "-a", week.path)
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert done.code == ExitCode.NEWLY_LOST
    assert sorted(line["change"] for line in lines) == ["came back", "edited", "gone", "missing", "private"]
    assert [line["noted_at"] for line in lines] == sorted(line["noted_at"] for line in lines)
    assert not any("sha256" in json.dumps(line) for line in lines), "never a picture"
