"""An evidence pack is checked without us: by its own script, by sha256sum and openssl, by BagIt's and WACZ's validators."""

from __future__ import annotations

import hashlib
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import async_playwright

from archive_builder import ARTICLES, SAMPLES, build_archive
from authorities import Stamper
from embedarchive.browser import find_browser
from embedarchive.core.checkpoint import SignedNote, read_checkpoint, read_note, read_notes, sign_checkpoint
from embedarchive.core.errors import DamagedArchive, UsageError
from embedarchive.core.merkle import find_root
from embedarchive.export.bag import MANIFEST, TAG_MANIFEST
from embedarchive.export.checking import NEWER, WITHDRAWN, check_pack, list_zip
from embedarchive.export.exhibits import find_exhibits, show_alone
from embedarchive.export.pack import VERIFIER, Packed, write_pack
from embedarchive.export.read_me import READ_ME
from embedarchive.export.signing import find_signer
from embedarchive.library import post_record
from embedarchive.platforms import PLATFORMS
from embedarchive.store import Archive, evidence, open_reader
from embedarchive.store.keyring import Keyring
from embedarchive.store.sharing import Eyes, open_shared
from embedarchive.store.stamps import keep_answer, read_due_stamps, want_stamps
from embedarchive.store.timestamps import judge_stamp, make_stamp_request, read_roots
from in_process import run
from logged import SIGNED_AT, sign_log
from reading_room import open_room
from tools import find_python_tools
from waiting import BOUND_S

POST = SAMPLES[0].post.key
ARTICLE = ARTICLES[0][0]
PLAIN = (
    "card.html",
    "description.json",
    "evidence/custody.jsonl",
    "evidence/consistency.json",
    "ro-crate-metadata.json",
)
"""What is our reading or record of the evidence, or read by `embedarchive verify` only: the lists of the bag guard it."""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = build_archive(tmp_path_factory.mktemp("pack") / "embeds.db")
    sign_log(path)
    return path


def make(archive: Path, out: Path, name: str = POST, *, every: bool = False, eyes: Eyes = "public") -> Packed:
    with closing(open_shared(archive, eyes)) as conn:
        chosen = find_exhibits(conn, name, every=every)
        return write_pack(conn, out, chosen, find_signer(archive.with_name("key.pem")))


def unpack(path: Path, folder: Path) -> Path:
    with zipfile.ZipFile(path) as packed:
        packed.extractall(folder)
    [made] = folder.iterdir()
    return made


@pytest.fixture(scope="module")
def zipped(archive: Path) -> Path:
    make(archive, archive.with_name("one.zip"))
    return archive.with_name("one.zip")


@pytest.fixture(scope="module")
def unpacked(zipped: Path) -> Path:
    return unpack(zipped, zipped.with_name("one"))


@pytest.fixture
def copy(unpacked: Path, tmp_path: Path) -> Path:
    """A pack of one's own, to spoil."""
    return shutil.copytree(unpacked, tmp_path / unpacked.name)


def run_verifier(pack: Path) -> tuple[int, set[str]]:
    """The exit code of the pack's own script, and the codes of what it says."""
    done = subprocess.run([sys.executable, "-IS", pack / VERIFIER], capture_output=True, text=True, check=False)
    return done.returncode, {line.split()[1] for line in done.stdout.splitlines() if line.startswith("DAMAGED")}


def find_codes(pack: Path) -> set[str]:
    return {each.code for each in check_pack(pack)} - {WITHDRAWN}


# ----------------------------------------------------------------------------------------------------------- what it is


def test_the_same_pack_twice_is_the_same_bytes(archive: Path, zipped: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == zipped.read_bytes()


def test_the_page_of_plain_words_is_followed_line_by_line(unpacked: Path, tmp_path: Path) -> None:
    """With the system's own tools and nothing else: no package of Python's, no variable of ours."""
    for name in ("python3", "openssl", "sha256sum", "sh"):
        found = shutil.which(name, path="/usr/bin:/bin:/usr/local/bin")
        if found is None:
            pytest.skip(f"NOT CHECKED: there is no {name} on this system")
        (tmp_path / name).symlink_to(found)
    page = (unpacked / READ_ME).read_text("utf-8")
    commands = re.findall(r"^  ((?:sha256sum|python3|openssl) .*)$", page, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["sha256sum", "python3", "openssl"]
    for command in commands:
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=unpacked, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert max(map(len, page.splitlines())) < 150
    assert "DOES NOT PROVE" in page


def test_others_validators_accept_it(unpacked: Path) -> None:
    done = subprocess.run(
        [find_python_tools("bagit") / "bagit.py", "--validate", "--quiet", unpacked], capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    wacz = find_python_tools("wacz") / "wacz"
    done = subprocess.run([wacz, "validate", "-f", unpacked / "data/page.wacz"], capture_output=True, check=False)
    assert b"the passed WACZ is valid" in done.stdout


def test_the_script_is_short_and_of_the_standard_library(unpacked: Path) -> None:
    text = (unpacked / VERIFIER).read_text("utf-8")
    assert len(text.splitlines()) <= 100
    imported = {name for line in re.findall(r"^(?:import|from) ([\w, ]+?)(?: import .*)?$", text, re.MULTILINE)
                for name in line.split(", ")}  # fmt: skip
    assert imported
    assert imported <= sys.stdlib_module_names


def test_what_was_kept_is_in_it(archive: Path, unpacked: Path) -> None:
    entry = json.loads((unpacked / "data/evidence/entry.json").read_text("utf-8"))
    hashes = {
        hashlib.sha256(each.read_bytes()).hexdigest() for each in (unpacked / "data").rglob("*") if each.is_file()
    }
    shown = [each for each in entry["artifacts"] if each["role"] != "dom"]
    assert len(shown) >= 5
    assert {each["sha256"] for each in shown} <= hashes
    told = json.loads((unpacked / "data/description.json").read_text("utf-8"))
    assert told["description"]["sources"]["text"] == "contextJSON"
    card = (unpacked / "data/card.html").read_text("utf-8")
    assert "<script" not in card
    assert "default-src &#x27;none&#x27;" in card
    crate = json.loads((unpacked / "data/ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    root = next(each for each in crate if each["@id"] == "./")
    files = {
        each.relative_to(unpacked / "data").as_posix() for each in (unpacked / "data").rglob("*") if each.is_file()
    }
    assert {each["@id"] for each in root["hasPart"]} == files - {"ro-crate-metadata.json"}


def test_an_article_brings_its_download_its_picture_and_its_posts(archive: Path, tmp_path: Path) -> None:
    done = make(archive, tmp_path / "story.zip", ARTICLE)
    pack = unpack(tmp_path / "story.zip", tmp_path / "story")
    kinds = [json.loads(each.read_text("utf-8"))["kind"] for each in sorted(pack.glob("data/*/evidence/entry.json"))]
    assert kinds == ["fetch", "rendering", "capture", "capture"]
    assert (done.captures, done.downloads) == (2, 1)
    assert run_verifier(pack) == (0, set())
    assert find_codes(pack) == set()


# ------------------------------------------------------------------------------------------------------- never two in one


def test_no_folder_has_files_of_two_captures(archive: Path, tmp_path: Path) -> None:
    make(archive, tmp_path / "all.zip", every=True)
    pack = unpack(tmp_path / "all.zip", tmp_path / "all")
    entries = sorted(pack.glob("data/*/evidence/entry.json"))
    assert len(entries) == len(SAMPLES[0].looks)
    for path in entries:
        named = {each["sha256"] for each in json.loads(path.read_text("utf-8"))["artifacts"]}
        folder = path.parent.parent
        files = [*folder.glob("media/*"), *folder.glob("screenshot.*")]
        assert {hashlib.sha256(each.read_bytes()).hexdigest() for each in files} <= named
    assert run_verifier(pack) == (0, set())


def test_a_card_of_one_capture_borrows_nothing(archive: Path) -> None:
    with closing(open_reader(archive)) as conn:
        record = post_record(conn, POST)
    assert record
    assert record.best
    other = next(each for each in record.captures if each.id != record.best.id and each.outcome == "available")
    alone = show_alone(record, other)
    assert alone.best == other
    assert alone.captures == (other,)
    assert alone.said == other.description
    assert alone.said != record.said, "the newer look saw an edit, which is no part of the older"


# ------------------------------------------------------------------------------------------------------------ who sees it


def test_what_is_withheld_is_in_no_pack(archive: Path, tmp_path: Path) -> None:
    path = shutil.copy(archive, tmp_path / "embeds.db")
    assert run("access", "hide", POST, "-a", path, "--level", "staff").code == 0
    refused = run("evidence", "pack", POST, "-a", path, "-o", tmp_path / "no.zip")
    assert refused.code != 0
    assert not (tmp_path / "no.zip").exists()
    assert run("evidence", "pack", POST, "-a", path, "-o", tmp_path / "staff.zip", "--staff").code == 0
    assert run("verify", tmp_path / "staff.zip").code == 0
    assert run("access", "hide", POST, "-a", path, "--level", "sealed").code == 0
    assert run("evidence", "pack", POST, "-a", path, "-o", tmp_path / "no.zip", "--staff").code != 0
    assert not (tmp_path / "no.zip").exists()


def test_the_page_of_an_article_is_not_in_it_while_a_post_in_it_is_withheld(archive: Path, tmp_path: Path) -> None:
    path = shutil.copy(archive, tmp_path / "embeds.db")
    assert run("access", "hide", SAMPLES[2].post.key, "-a", path).code == 0
    done = run("evidence", "pack", ARTICLE, "-a", path, "-o", tmp_path / "story.zip")
    assert done.code in (0, 2), done.err
    if done.code == 0:
        pack = unpack(tmp_path / "story.zip", tmp_path / "story")
        text = b"".join(each.read_bytes() for each in pack.rglob("*") if each.is_file())
        assert SAMPLES[2].post.native_id.encode() not in text
        assert run_verifier(pack) == (0, set())


def test_the_record_of_custody_says_what_happened_since(archive: Path, tmp_path: Path) -> None:
    """What left, and what was decided of it; packs, which it would change by itself, are noted in the archive alone."""
    path = shutil.copy(archive, tmp_path / "embeds.db")
    assert run("export", "--wacz", tmp_path / "post.wacz", POST, "-a", path).code == 0
    hidden = run("access", "hide", POST, "-a", path, "--reason", "court", "--ref", "2026-041")
    assert run("access", "decide", hidden.err.partition("case ")[2].partition(",")[0], "restore", "-a", path).code == 0
    for name in ("one.zip", "two.zip"):
        done = run("evidence", "pack", POST, "-a", path, "-o", tmp_path / name)
        assert done.code == 0, done.err
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    pack = unpack(tmp_path / "one.zip", tmp_path / "one")
    lines = (pack / "data/evidence/custody.jsonl").read_text("utf-8").splitlines()
    events = [json.loads(line) for line in lines]
    assert {"capture", "checkpoint", "export", "access"} == {event["what"] for event in events}
    assert [event["form"] for event in events if event["what"] == "export"] == ["wacz"]
    levels = [(event["level"], event["reason"], event["reference"]) for event in events if event["what"] == "access"]
    assert levels == [("sealed", "court", "2026-041"), ("public", "court", "2026-041")]
    assert [event["at"] for event in events] == sorted(event["at"] for event in events)


# ------------------------------------------------------------------------------------------------- nothing to prove it by


def test_what_nothing_proves_yet_is_refused(tmp_path: Path) -> None:
    path = build_archive(tmp_path / "embeds.db")
    with closing(sqlite3.connect(path)) as conn, conn:  # as after a run that was killed before it signed
        assert conn.execute("SELECT count(*) FROM checkpoints").fetchone() == (0,)
    done = run("evidence", "pack", POST, "-a", path, "-o", tmp_path / "pack.zip")
    assert done.code == 2
    assert "evidence checkpoint" in done.err
    assert not (tmp_path / "pack.zip").exists()


def test_what_is_not_known_is_refused(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="embedarchive lookup"):
        make(archive, tmp_path / "pack.zip", "https://news.example/nowhere")
    with pytest.raises(UsageError, match="never captured"):
        make(archive, tmp_path / "pack.zip", SAMPLES[7].post.key)
    assert run("verify", tmp_path / "pack.zip").code == 2
    assert run("verify", archive).code == 2, "an archive is named with -a"


@pytest.mark.parametrize("given", [("--sample", "5"), ("--since", "2026-03-20"), ("--archive", "embeds.db")])
def test_what_is_of_archives_is_not_ignored_beside_a_pack(zipped: Path, given: tuple[str, str]) -> None:
    done = run("verify", zipped, *given)
    assert done.code == 2
    assert f"{given[0]} is of archives" in done.err
    assert "Nothing was checked" in done.err


def test_rows_that_are_not_as_they_were_logged_are_refused(archive: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(archive, tmp_path / "embeds.db"))
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("DROP TRIGGER captures_no_update")
        conn.execute("UPDATE captures SET finished_at = '2026-01-01T00:00:00.000Z' WHERE post_key = ?", (POST,))
    with pytest.raises(DamagedArchive, match="not as its log has it"):
        make(path, tmp_path / "pack.zip")


# ----------------------------------------------------------------------------------------------- withdrawn, and damaged


def withdraw(path: Path, sha256: str) -> None:
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute(
            "INSERT INTO redactions (table_name, row_id, column_name, sha256, size, reason, redacted_at) "
            "SELECT 'blobs', sha256, 'body', sha256, size, 'asked', '2026-03-21T00:00:00.000Z' FROM blobs WHERE sha256 = ?",
            (sha256,),
        )
        conn.execute("UPDATE blobs SET body = x'' WHERE sha256 = ?", (sha256,))


def find_media(path: Path) -> str:
    with closing(open_reader(path)) as conn:
        record = post_record(conn, POST)
    assert record
    assert record.best
    return record.best.kept("media")[0].sha256


def test_withdrawn_is_told_from_damaged(archive: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(archive, tmp_path / "embeds.db"))
    sha256 = find_media(path)
    withdraw(path, sha256)
    make(path, tmp_path / "pack.zip")
    pack = unpack(tmp_path / "pack.zip", tmp_path / "pack")
    done = subprocess.run([sys.executable, pack / VERIFIER], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert f"WITHDRAWN file {sha256}" in done.stdout
    assert [(each.code, each.what) for each in check_pack(pack)] == [(WITHDRAWN, sha256)]


def test_damaged_bytes_are_left_out_and_named(archive: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(archive, tmp_path / "embeds.db"))
    sha256 = find_media(path)
    with closing(sqlite3.connect(path)) as conn, conn:
        conn.execute("DROP TRIGGER blobs_no_update")
        conn.execute("UPDATE blobs SET body = CAST('other' || substr(body, 6) AS BLOB) WHERE sha256 = ?", (sha256,))
    done = run("evidence", "pack", POST, "-a", path, "-o", tmp_path / "pack.zip")
    assert done.code == 7
    assert sha256 in done.err
    pack = unpack(tmp_path / "pack.zip", tmp_path / "pack")
    assert run_verifier(pack) == (7, {"body_missing"})
    assert find_codes(pack) == {"body_missing"}


# ----------------------------------------------------------------------------------------------------- one bit changed


def flip(path: Path, chance: random.Random) -> None:
    body = bytearray(path.read_bytes())
    at = chance.randrange(len(body))
    body[at] ^= 1 << chance.randrange(5)  # no higher: a hexadecimal digit in the other case is the same
    path.write_bytes(body)


def list_anew(pack: Path) -> None:
    """Write the lists of the bag anew, as whoever wants to hide a change would."""

    def line(each: Path) -> str:
        return f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {each.relative_to(pack).as_posix()}\n"

    files = [each for each in sorted(pack.rglob("*")) if each.is_file()]
    (pack / MANIFEST).write_text("".join(line(each) for each in files if each.is_relative_to(pack / "data")))
    tags = [each for each in files if each.parent == pack and each.name != TAG_MANIFEST]
    (pack / TAG_MANIFEST).write_text("".join(map(line, tags)))


def spoil(copy: Path, unpacked: Path, *, listed: bool) -> Iterator[Path]:
    """Each file of a pack with one bit of it changed, one after another; with the lists made to fit where `listed`."""
    chance = random.Random(5)
    for path in [each for each in sorted(copy.rglob("*")) if each.is_file() and each.stat().st_size]:
        name = path.relative_to(copy)
        flip(path, chance)
        if listed:
            list_anew(copy)
        yield name
        for each in (name, MANIFEST, TAG_MANIFEST):
            shutil.copy(unpacked / each, copy / each)


def test_any_bit_that_is_changed_is_found(copy: Path, unpacked: Path) -> None:
    for name in spoil(copy, unpacked, listed=False):
        assert find_codes(copy), name
    assert find_codes(copy) == set()


def test_the_script_finds_the_same(copy: Path, unpacked: Path) -> None:
    """Where the lists were made to fit, too: what the log proves stands without them."""
    found = 0
    for name in spoil(copy, unpacked, listed=True):
        if name.parts[0] != "data" or name.as_posix().removeprefix("data/") in (*PLAIN, "page.wacz"):
            continue
        code, codes = run_verifier(copy)
        assert (code, bool(codes)) == (7, True), name
        assert find_codes(copy), name
        found += 1
    assert found >= 12


JUNK = (
    b"", b"[" * 200_000, b"null", b"{}", b"[1,2]", b'{"index":1e400}', b'{"index":1,"size":2,"hashes":5,"leaf":7}',
    b"\xff\xfe\0", b"PK\3\4", b"\x1f\x8b\x08\0" + bytes(30), b'[{"column":"captures/1/x","salt":"zz","words":1}]',
    b"-----BEGIN PUBLIC KEY-----\nMA==\n-----END PUBLIC KEY-----\n", b'{"sha256":[1]}\n',
)  # fmt: skip
"""What no file of a pack holds, and any file of a stranger's may."""


@pytest.mark.parametrize("junk", JUNK)
def test_nothing_in_a_strangers_pack_is_a_traceback(copy: Path, unpacked: Path, junk: bytes) -> None:
    for path in [each for each in sorted(copy.rglob("*")) if each.is_file()]:
        path.write_bytes(junk)
        assert find_codes(copy), path
        shutil.copy(unpacked / path.relative_to(copy), path)


def test_what_swells_is_not_read(zipped: Path) -> None:
    with zipfile.ZipFile(zipped) as packed, pytest.raises(ValueError, match="swells"):
        list_zip(packed, most_bytes=1000)


SPOILT: dict[str, Callable[[Path], object]] = {
    "file_missing": lambda pack: (pack / "data/card.html").unlink(),
    "file_foreign": lambda pack: (pack / "data/more.html").write_text("more"),
    "file_changed": lambda pack: (pack / READ_ME).write_text("It proves everything."),
    "body_missing": lambda pack: ((pack / "data/media/media-2.jpg").unlink(), (pack / "data/page.wacz").unlink(),
                                  list_anew(pack)),
    "file_unknown": lambda pack: (pack / "data/media/media-2.jpg").write_bytes(b"another picture"),
    "signature": lambda pack: (pack / "data/evidence/checkpoint.sig").write_bytes(bytes(64)),
    "words": lambda pack: (pack / "data/evidence/words.json").write_text(
        (pack / "data/evidence/words.json").read_text().replace("embed/captioned", "embed/other")),
    "unreadable": lambda pack: (pack / "data/evidence/proof.json").write_text("{}"),
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(SPOILT))
def test_each_thing_that_is_wrong_has_its_code(copy: Path, code: str) -> None:
    SPOILT[code](copy)
    assert code in find_codes(copy)
    exit_code, codes = run_verifier(copy)
    assert exit_code == 7
    assert code in codes


def test_an_entry_of_another_log_is_found(copy: Path) -> None:
    path = copy / "data/evidence/entry.json"
    path.write_bytes(path.read_bytes().replace(b'"outcome":"available"', b'"outcome":"gone"', 1))
    list_anew(copy)
    assert find_codes(copy) == {"not_in_log"}
    assert run_verifier(copy) == (7, {"not_in_log"})


def test_a_pack_of_nothing_is_damaged(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as packed:
        packed.writestr("../../etc/passwd", "no")
    assert find_codes(tmp_path / "empty.zip") == {"unreadable"}
    assert os.listdir(tmp_path) == ["empty.zip"]


# --------------------------------------------------------------------------------------------------- stamps, and erasing


def stamp(path: Path, *authorities: Stamper) -> None:
    """Have the newest checkpoint stamped, as at the end of a run."""
    with Archive(path, platforms=PLATFORMS) as archive, archive.transaction():
        [note] = archive.conn.execute("SELECT note FROM checkpoints ORDER BY id DESC LIMIT 1").fetchone()
        for each in authorities:
            want_stamps(archive.conn, [f"http://{each.name}.example/tsr"], SIGNED_AT)
        for due, authority in zip(read_due_stamps(archive.conn, SIGNED_AT), authorities, strict=True):
            token = authority.answer(make_stamp_request(note.encode()))
            judged = judge_stamp(token, note.encode(), read_roots(authority.root))
            assert judged.code == "stamped", judged
            keep_answer(archive.conn, due.id, token, judged)


def test_stamps_of_two_authorities_go_along(archive: Path, tmp_path: Path) -> None:
    """One of them sends its certificates in an order that not every reader takes."""
    path = Path(shutil.copy(archive, tmp_path / "embeds.db"))
    shutil.copytree(archive.with_name("keys"), tmp_path / "keys")
    stamp(path, Stamper(tmp_path / "one", "one", chain=True), Stamper(tmp_path / "two", "two"))
    make(path, tmp_path / "pack.zip")
    pack = unpack(tmp_path / "pack.zip", tmp_path / "pack")
    assert run_verifier(pack) == (0, set())
    assert find_codes(pack) == set()
    page = (pack / READ_ME).read_text("utf-8")
    assert "which one.example and two.example confirmed then" in " ".join(page.split())
    [command] = re.findall(r"^  (openssl ts .*)$", page, re.MULTILINE)
    assert subprocess.run(["/bin/sh", "-c", command], cwd=pack, capture_output=True, check=False).returncode == 0
    other = Stamper(tmp_path / "other", "other")
    shutil.copy(other.root, pack / "data/evidence/stamp-2.pem")
    list_anew(pack)
    assert run_verifier(pack) == (7, {"stamp"})
    assert find_codes(pack) == {"stamp"}
    note = (pack / "data/evidence/checkpoint.note").read_bytes()
    (pack / "data/evidence/stamp-1.tsr").write_bytes(other.answer(make_stamp_request(note + b"?")))
    shutil.copy(other.root, pack / "data/evidence/stamp-1.pem")
    list_anew(pack)
    assert run_verifier(pack)[0] == 7
    assert {each.what for each in check_pack(pack) if each.code == "stamp"} == {
        f"data/evidence/stamp-{number}.tsr" for number in (1, 2)
    }


def test_what_was_erased_is_withdrawn_by_the_log_itself(archive: Path, tmp_path: Path) -> None:
    """An entry that a withdrawal stands in for: both are in the pack, and each under the signed root."""
    path = Path(shutil.copy(archive, tmp_path / "embeds.db"))
    shutil.copytree(archive.with_name("keys"), tmp_path / "keys")
    with Archive(path, platforms=PLATFORMS) as opened, opened.transaction():
        number = opened.conn.execute("SELECT best_capture_id FROM conclusions WHERE post_key = ?", (POST,)).fetchone()[
            0
        ]
        opened.conn.execute(
            "INSERT INTO redactions (table_name, row_id, column_name, reason, redacted_at) VALUES ('captures', ?, "
            "'final_url', 'asked', '2026-03-21T00:00:00.000Z')",
            (number,),
        )
        opened.conn.execute("UPDATE captures SET final_url = '' WHERE id = ?", (number,))
        evidence.append_withdrawal(opened.conn, "capture", number)
    with pytest.raises(UsageError, match="no signed checkpoint"):
        make(path, tmp_path / "pack.zip")
    sign_log(path, "2026-03-22T08:00:00.000Z")
    make(path, tmp_path / "pack.zip")
    pack = unpack(tmp_path / "pack.zip", tmp_path / "pack")
    assert run_verifier(pack) == (0, set())
    assert WITHDRAWN in {each.code for each in check_pack(pack)}
    assert "withdrawn on purpose" in " ".join((pack / READ_ME).read_text("utf-8").split())
    for name in ("withdrawal.json", "withdrawal-proof.json"):
        body = (pack / "data/evidence" / name).read_text("utf-8")
        (pack / "data/evidence" / name).write_text(body.replace("0", "1"))
        list_anew(pack)
        assert run_verifier(pack)[0] == 7
        assert find_codes(pack)
        (pack / "data/evidence" / name).write_text(body)


def test_a_log_that_was_made_anew_is_caught_by_an_older_checkpoint(archive: Path, tmp_path: Path) -> None:
    """Whoever rewrites all and signs again has a pack in which nothing is wrong, but by what somebody held elsewhere."""
    older = archive.with_suffix(".checkpoints")
    path = build_archive(tmp_path / "embeds.db")
    sign_log(path)
    make(path, tmp_path / "forged.zip")
    make(archive, tmp_path / "true.zip")
    assert run("verify", tmp_path / "forged.zip").code == 0
    assert run("verify", tmp_path / "true.zip", "--against", older).code == 0
    forged = run("verify", tmp_path / "forged.zip", "--against", older)
    assert (forged.code, forged.out.split()[0]) == (7, "against_other")
    assert run("verify", tmp_path / "true.zip", "--require-stamp").code == 8
    assert run("verify", tmp_path / "true.zip", "--against", tmp_path / "true.zip").code == 2


@pytest.fixture(scope="module")
def grown(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive whose log was signed five times, with something more in it each time, and a pack of the last."""
    folder = tmp_path_factory.mktemp("grown")
    path = Path(shutil.copy(archive, folder / "embeds.db"))
    shutil.copytree(archive.with_name("keys"), folder / "keys")
    for day in range(21, 25):
        key = POST if day == 24 else SAMPLES[1].post.key
        with Archive(path, platforms=PLATFORMS) as opened, opened.transaction() as conn:
            for (number,) in conn.execute("SELECT id FROM captures WHERE post_key = ?", (key,)).fetchall():
                evidence.append_withdrawal(conn, "capture", number)
        sign_log(path, f"2026-03-{day}T08:00:00.000Z")
    make(path, folder / "pack.zip")
    return path


def held_elsewhere(path: Path, size: int, root: bytes | None = None) -> list[SignedNote]:
    """A checkpoint of an archive's log of this size, as it was, or with this root, signed by its key."""
    with closing(open_reader(path)) as conn:
        newest = read_checkpoint(read_note(conn.execute("SELECT note FROM checkpoints").fetchone()[0]).text)
        true = find_root(evidence.KeptHashes(conn), min(size, evidence.count_leaves(conn)))
    key = Keyring(path.parent / "keys").current()
    return [sign_checkpoint(replace(newest, size=size, root=root or true), [key])]


def test_an_older_checkpoint_judges_what_grew_since(grown: Path) -> None:
    """Each that the archive signed; one of another log of that size, one that it never signed, and one that is newer."""
    pack = grown.with_name("pack.zip")
    for note in read_notes(grown.with_suffix(".checkpoints").read_text("utf-8")):
        assert list(check_pack(pack, [note])) == list(check_pack(pack))
    with closing(open_reader(grown)) as conn:
        sizes = [row[0] for row in conn.execute("SELECT size FROM checkpoints ORDER BY size")]
    assert len(sizes) == 5

    def judge(size: int, root: bytes | None = None) -> set[str]:
        return {each.code for each in check_pack(pack, held_elsewhere(grown, size, root))} - {WITHDRAWN}

    for size in sizes:
        assert judge(size) == set()
        assert judge(size, bytes(32)) == {"against_root"}
    assert judge(sizes[1] - 1) == {"against_growth"}
    assert judge(sizes[-1] + 1) == {NEWER}
    newer = grown.with_name("newer.checkpoints")
    newer.write_text(f"{held_elsewhere(grown, sizes[-1] + 1)[0]}\n", "utf-8")
    assert run("verify", pack, "--against", newer).code == 0


def test_a_proof_of_growth_that_does_not_hold_is_found(grown: Path, tmp_path: Path) -> None:
    pack = unpack(grown.with_name("pack.zip"), tmp_path / "pack")
    path, chance = pack / "data/evidence/consistency.json", random.Random(3)
    body = path.read_bytes()
    told = json.loads(body)
    assert len(told["from"]) == 4
    for _ in range(60):
        flip(path, chance)
        list_anew(pack)
        assert find_codes(pack), path.read_bytes()
        path.write_bytes(body)
    told["from"][2]["way"].reverse()
    path.write_text(json.dumps(told))
    list_anew(pack)
    assert find_codes(pack) == {"growth"}


# ------------------------------------------------------------------------------------------------------ in the reading room


async def test_what_proves_a_post_is_a_sentence_and_three_clicks(archive: Path, zipped: Path, tmp_path: Path) -> None:
    """From its page to the sentence, from there to the pack, and the commands that check it stand beside."""
    room = await open_room(archive)
    post = (await room.client.get(f"/embeds/-/post/{POST}")).text
    proof_at = re.search(r'href="([^"]+/-/proof/[^"]+)"', post)
    assert proof_at
    page = (await room.client.get(proof_at[1])).text
    assert "as they were when the archive signed for them on 20 March 2026" in page
    assert "openssl pkeyutl -verify" in page
    pack_at = re.search(r'href="([^"]+/-/pack/[^"?]+)"', page)
    assert pack_at
    answer = await room.client.get(pack_at[1])
    assert answer.headers["content-type"] == "application/zip"
    assert f'filename="evidence-{POST.replace(":", "-")}.zip"' in answer.headers["content-disposition"]
    (tmp_path / "pack.zip").write_bytes(answer.content)
    assert run_verifier(unpack(tmp_path / "pack.zip", tmp_path / "pack")) == (0, set())
    every = await room.client.get(f"{pack_at[1]}?all=1")
    assert len(every.content) > len(answer.content)


async def test_the_room_does_not_claim_what_nothing_proves(archive: Path, tmp_path: Path) -> None:
    path = build_archive(tmp_path / "embeds.db")
    room = await open_room(path)
    assert "Nothing yet" in (await room.client.get(f"/embeds/-/proof/{POST}")).text
    refused = await room.client.get(f"/embeds/-/pack/{POST}")
    assert refused.status_code == 404
    assert "evidence checkpoint" in refused.text
    assert "Nothing of this post" in (await room.client.get(f"/embeds/-/proof/{SAMPLES[7].post.key}")).text
    assert (await room.client.get("/embeds/-/proof/instagram:nope")).status_code == 404
    altered = Path(shutil.copy(archive, tmp_path / "altered.db"))
    with closing(sqlite3.connect(altered)) as conn, conn:
        conn.execute("DROP TRIGGER captures_no_update")
        conn.execute("UPDATE captures SET status = 203 WHERE post_key = ?", (POST,))
    room = await open_room(altered)
    page = (await room.client.get(f"/altered/-/proof/{POST}")).text
    assert "not what was logged" in page
    assert "pack/" not in page


def zip_again(pack: Path, out: Path) -> Path:
    """A folder as a zip without compression, as packs are."""
    with zipfile.ZipFile(out, "w") as packed:
        for each in sorted(pack.rglob("*")):
            if each.is_file():
                packed.write(each, f"{pack.name}/{each.relative_to(pack).as_posix()}")
    return out


SEEN_BY_THE_PAGE = ("file_changed", "file_foreign", "file_missing", "file_unknown", "signature", "unreadable", "words")


@pytest.mark.browser
async def test_a_page_from_a_disk_checks_a_dropped_pack(zipped: Path, unpacked: Path, tmp_path: Path) -> None:
    """As the room gives it, saved, opened without a server; it sends nothing and finds what the others find."""
    room = await open_room()
    answer = await room.client.get("/-/embedarchive/check")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; script-src 'sha256-")
    (tmp_path / "check.html").write_text(answer.text, "utf-8")
    asked: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=find_browser(None, os.environ).path)
        page = await browser.new_page()
        page.on("request", lambda request: asked.append(request.url))
        await page.goto((tmp_path / "check.html").as_uri())

        async def check(pack: Path) -> tuple[str, str]:
            await page.evaluate("document.querySelector('#says').className = ''")
            await page.set_input_files("#pack", pack)
            await page.wait_for_selector("#says.good, #says.bad", timeout=BOUND_S * 1000)
            return await page.inner_text("#says"), await page.inner_text("#found")

        says, found = await check(zipped)
        assert says.startswith("Nothing is wrong with one.zip. It was signed for on 2026-03-20, 08:00 UTC"), found
        assert found == ""
        for code in SEEN_BY_THE_PAGE:
            spoilt = Path(shutil.copytree(unpacked, tmp_path / code / unpacked.name))
            SPOILT[code](spoilt)
            says, found = await check(zip_again(spoilt, tmp_path / f"{code}.zip"))
            assert says == f"{code}.zip is not as it was made."
            assert f"{code} " in found, (code, found)
        await browser.close()
    assert [url for url in asked if not url.startswith("file:")] == []
