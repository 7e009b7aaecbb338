"""Time stamps of checkpoints: two authorities on this machine, and everything that an answer of one can be."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from archive_builder import build_archive
from authorities import Stamper, serving
from embedarchive.store import open_reader
from embedarchive.store.timestamps import (
    Judged,
    judge_by_client,
    judge_by_openssl,
    judge_stamp,
    make_stamp_request,
    read_certificates,
)
from in_process import run

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl here to play an authority")

DATA = b"a checkpoint\n"
EXPIRED = Path(__file__).parent / "stamps"

Answers = dict[str, tuple[bytes, Path]]


@pytest.fixture(scope="module")
def stampers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stamper]:
    room = tmp_path_factory.mktemp("stampers")
    return {
        "plain": Stamper(room / "plain", "Plain"),
        "chained": Stamper(room / "chained", "Chained", chain=True),
        "picky": Stamper(room / "picky", "Picky", digests="sha512"),
        "late": Stamper(room / "late", "Late", valid_days=(-9, -1)),
    }


@pytest.fixture(scope="module")
def answers(stampers: dict[str, Stamper]) -> Answers:
    """Name -> what the authority answered about DATA, and its root."""
    made = {name: (each.answer(make_stamp_request(DATA)), each.root) for name, each in stampers.items()}
    made["expired now"] = ((EXPIRED / "answer.tsr").read_bytes(), EXPIRED / "root.pem")
    return made


def judge(answers: Answers, name: str, data: bytes = DATA, root: str = "") -> Judged:
    answer, own = answers[name]
    return judge_stamp(answer, data, read_certificates((answers[root][1] if root else own).read_bytes()))


def test_a_good_answer_says_when(answers: Answers) -> None:
    for name in ("plain", "chained"):
        judged = judge(answers, name)
        assert judged.code == "stamped"
        assert judged.stamped_at
        assert judged.root == answers[name][1].read_text()


def test_certificates_in_another_order_are_judged_all_the_same(answers: Answers) -> None:
    answer, root = answers["chained"]
    with pytest.raises(ValueError, match="InvalidSetOrdering"):
        judge_by_client(answer, DATA, read_certificates(root.read_bytes()))
    assert judge(answers, "chained").code == "stamped"


def test_a_certificate_that_ran_out_since_was_valid_then(answers: Answers) -> None:
    (certificate,) = read_certificates((EXPIRED / "tsa.pem").read_bytes())
    judged = judge(answers, "expired now")
    assert judged.code == "stamped"
    assert judged.stamped_at
    assert judged.stamped_at[:19] < certificate.not_valid_after_utc.isoformat()[:19]


@pytest.mark.parametrize(
    ("name", "changes", "code"),
    [
        ("plain", {"data": b"other"}, "other_data"),
        ("chained", {"data": b"other"}, "other_data"),
        ("plain", {"root": "chained"}, "untrusted"),
        ("chained", {"root": "plain"}, "untrusted"),
        ("picky", {}, "refused"),
        ("late", {}, "not_valid_then"),
    ],
)
def test_each_fault_has_its_own_code(name: str, changes: dict[str, bytes], code: str, answers: Answers) -> None:
    assert judge(answers, name, **changes).code == code  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["plain", "picky", "late"])
def test_both_judges_agree(name: str, answers: Answers) -> None:
    roots = read_certificates(answers[name][1].read_bytes())
    one, other = (judging(answers[name][0], DATA, roots) for judging in (judge_by_client, judge_by_openssl))
    assert (one.code, one.stamped_at) == (other.code, other.stamped_at)


@pytest.mark.parametrize("junk", [b"", b"junk", b"<html>502</html>", b"\x30\x03\x02\x01\x00"])
def test_what_is_no_answer_stamps_nothing(junk: bytes, answers: Answers) -> None:
    assert judge_stamp(junk, DATA, read_certificates(answers["plain"][1].read_bytes())).code in (
        "unreadable",
        "refused",
    )


def test_no_bit_of_what_is_stamped_can_change(answers: Answers) -> None:
    """The signature and what it is over: any bit of the last 100 bytes, which are the signature."""
    answer, root = answers["plain"]
    roots = read_certificates(root.read_bytes())
    for bit in range(len(answer) * 8 - 400, len(answer) * 8, 7):
        flipped = bytearray(answer)
        flipped[bit // 8] ^= 1 << bit % 8
        assert judge_stamp(bytes(flipped), DATA, roots).code != "stamped", bit


# ------------------------------------------------------------------------------------------------------------ an archive


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_archive(tmp_path_factory.mktemp("whole") / "embeds.db")


@pytest.fixture
def copy(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path / "embeds.db"))


ONE, TWO = "http://one.example/tsr", "http://two.example/tsr"


def ask(path: Path, *places: str, root: Path) -> int:
    """Have an archive stamped by authorities that listen at these places, the first of them called ONE."""
    named: list[str] = []
    for address, place in zip((ONE, TWO), places, strict=False):
        named += ["--tsa", address, "--resolve", f"{address.split('/')[2]}:80:{place}"]
    return run("evidence", "stamp", "-a", path, *named, "--tsa-root", root).code


def read_states(path: Path) -> list[tuple[str, str | None]]:
    with closing(open_reader(path)) as conn:
        return [(row[0], row[1]) for row in conn.execute("SELECT state, answer FROM stamps ORDER BY id")]


def test_two_authorities_stamp_a_checkpoint(copy: Path, tmp_path: Path, stampers: dict[str, Stamper]) -> None:
    roots = tmp_path / "roots.pem"
    roots.write_text(stampers["plain"].root.read_text() + stampers["chained"].root.read_text())
    assert run("verify", "-a", copy, "--require-stamp").code == 8
    with serving(stampers["plain"]) as one, serving(stampers["chained"]) as two:
        assert ask(copy, one, two, root=roots) == 0
        done = run("verify", "-a", copy, "--require-stamp")
        assert done.code == 0
        assert ONE in done.err
        assert TWO in done.err
        assert ask(copy, one, two, root=roots) == 0  # nothing new: nobody is asked
    assert len(read_states(copy)) == 2
    assert run("verify", "-a", copy, "--require-stamp", "--tsa-root", roots).code == 0
    done = run("verify", "-a", copy, "--tsa-root", stampers["picky"].root)
    assert (done.code, done.out.count("stamp stamps ")) == (7, 2)


def test_who_does_not_answer_is_asked_again_and_nothing_is_called_stamped(
    copy: Path, stampers: dict[str, Stamper]
) -> None:
    with serving(None) as silent:
        assert ask(copy, silent, root=stampers["plain"].root) == 3
        assert read_states(copy) == [("unstamped", "http_503")]
        assert run("verify", "-a", copy, "--require-stamp").code == 8
    with closing(sqlite3.connect(copy)) as conn:
        assert conn.execute("SELECT tried, due_at IS NOT NULL FROM stamps").fetchall() == [(1, 1)]
        conn.execute("UPDATE stamps SET due_at = NULL")  # it was given up
        conn.commit()
    with serving(stampers["plain"]) as place:
        assert ask(copy, place, root=stampers["plain"].root) == 0
    assert read_states(copy) == [("stamped", None)]


def test_an_answer_that_is_not_believed_is_kept_and_judged_again(copy: Path, stampers: dict[str, Stamper]) -> None:
    with serving(stampers["chained"]) as address:
        assert ask(copy, address, root=stampers["plain"].root) == 3
        ((state, answer),) = read_states(copy)
        assert (state, (answer or "").partition(":")[0]) == ("refused", "untrusted")
        assert run("verify", "-a", copy, "--require-stamp").code == 8
        assert ask(copy, address, root=stampers["chained"].root) == 0
    assert read_states(copy) == [("stamped", None)]
    assert run("verify", "-a", copy, "--require-stamp").code == 0


def test_a_run_has_its_checkpoint_stamped(copy: Path, tmp_path: Path, stampers: dict[str, Stamper]) -> None:
    (tmp_path / "page.html").write_text("<p>nothing</p>", "utf-8")
    root = ("--tsa-root", stampers["plain"].root)
    with serving(stampers["plain"]) as place:
        to_it = ("--tsa", ONE, "--resolve", f"one.example:80:{place}", *root)
        done = run("crawl", tmp_path / "page.html", "-a", copy, "--platform", "vine", "--json", *to_it)
    assert json.loads(done.out.splitlines()[-1])["log"]["stamps"] == 1
    assert run("verify", "-a", copy, "--require-stamp").code == 0
    (tmp_path / "page.html").write_text("<p>nothing else</p>", "utf-8")
    done = run(
        "crawl", tmp_path / "page.html", "-a", copy, "--platform", "vine", "--tsa", "http://127.0.0.1:80/", *root
    )
    assert "did not stamp" in done.err  # the door lets nobody out to a private address
    assert run("verify", "-a", copy, "--require-stamp").code == 8
