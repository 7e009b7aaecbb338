"""Evidence packs: one bit of any file changed, and whether it is found; what a pack costs to make and to check.

usage: python bench/pack.py [--flips N] [--log]

Each flip is put to the pack's own `verify.py` and to `embedarchive verify`, once with the lists of the bag as they were, once
with the lists made to fit, as whoever hides a change would do: what the log proves stands without them. (Then left out are the
files that the log does not prove: the card, the description, the record of custody, and of the web archive all but its bodies.)
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import json
import random
import runpy
import shutil
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from archive_builder import SAMPLES, build_archive
from embedarchive.export.bag import MANIFEST, TAG_MANIFEST
from embedarchive.export.checking import MADE, WITHDRAWN, check_pack
from embedarchive.export.exhibits import find_exhibits
from embedarchive.export.pack import VERIFIER, write_pack
from embedarchive.export.signing import find_signer
from embedarchive.store.sharing import open_shared
from logged import sign_log

RESULTS = Path(__file__).resolve().parent / "results" / "pack.md"
UNPROVED = (*MADE, "custody.jsonl", "key.pem", "consistency.json")
"""Files that the lists of the bag guard and the log does not; of the key another spelling is the same key."""


def run_verifier(verifier: Path, pack: Path) -> bool:
    """Whether the pack's own script finds something, run in this process."""
    before, sys.argv = sys.argv, [str(verifier), str(pack)]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            runpy.run_path(str(verifier))
    except SystemExit as end:
        return end.code == 7
    except SyntaxError:
        return True
    finally:
        sys.argv = before
    return False


def list_anew(pack: Path) -> None:
    """Write the lists of the bag anew, as they fit what is there."""
    lines: dict[str, list[str]] = {MANIFEST: [], TAG_MANIFEST: []}
    for manifest in lines:
        for each in sorted(pack.rglob("*")):
            name = each.relative_to(pack).as_posix()
            if each.is_file() and name != TAG_MANIFEST and (manifest == MANIFEST) == name.startswith("data/"):
                lines[manifest].append(f"{hashlib.sha256(each.read_bytes()).hexdigest()}  {name}\n")
        (pack / manifest).write_text("".join(lines[manifest]), "utf-8")


def flip(body: bytes, chance: random.Random) -> bytes:
    """One bit changed; not the one that makes a hexadecimal digit of the other case, which is the same number."""
    spoilt = bytearray(body)
    spoilt[chance.randrange(len(spoilt))] ^= 1 << chance.randrange(5)
    return bytes(spoilt)


def try_flips(pack: Path, copy: Path, flips: int, *, listed: bool) -> tuple[int, int, int]:
    """(flips, found by both, on which they agree) over the files of a pack, in turn."""
    chance, tried, caught, agreed = random.Random(flips), 0, 0, 0
    files = [each.relative_to(pack) for each in sorted(pack.rglob("*")) if each.is_file() and each.stat().st_size]
    if listed:
        files = [each for each in files if each.parts[0] == "data" and each.name not in UNPROVED]
    while tried < flips:
        name = files[tried % len(files)]
        (copy / name).write_bytes(flip((pack / name).read_bytes(), chance))
        if listed:
            list_anew(copy)
        ours = any(each.code != WITHDRAWN for each in check_pack(copy))
        theirs = run_verifier(pack / VERIFIER, copy)
        tried, caught, agreed = tried + 1, caught + (ours and theirs), agreed + (ours == theirs)
        if not (ours and theirs):
            print(f"not found by both: {name} (listed: {listed}; verify: {ours}, verify.py: {theirs})", file=sys.stderr)
        for each in (name, MANIFEST, TAG_MANIFEST):
            shutil.copy(pack / each, copy / each)
    return tried, caught, agreed


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--flips", type=int, default=1000)
    parser.add_argument("--log", action="store_true", help="write bench/results/pack.md")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room)
        path = build_archive(folder / "embeds.db")
        sign_log(path)
        sign = find_signer(folder / "key.pem")
        with closing(open_shared(path, "public")) as conn:
            started = time.perf_counter()
            done = write_pack(conn, folder / "pack.zip", find_exhibits(conn, SAMPLES[0].post.key), sign)
            made_s = time.perf_counter() - started
        started = time.perf_counter()
        assert not list(check_pack(folder / "pack.zip"))
        checked_s = time.perf_counter() - started
        shutil.unpack_archive(folder / "pack.zip", folder / "one")
        [pack] = (folder / "one").iterdir()
        copy = Path(shutil.copytree(pack, folder / "copy"))
        plain = try_flips(pack, copy, chosen.flips, listed=False)
        listed = try_flips(pack, copy, chosen.flips, listed=True)
    flips, caught, agreed = (a + b for a, b in zip(plain, listed, strict=True))
    says = {"flips": flips, "caught": caught, "agree": agreed, "made_s": round(made_s, 2), "checked_s": round(checked_s, 3),
            "bytes": done.bytes}  # fmt: skip
    lines = [
        "# Evidence packs: what is found of a change",
        "",
        f"`python bench/pack.py --flips {chosen.flips}`: one bit of one file changed at a time, the files of a pack of one "
        "carousel in turn, each put to the pack's own `verify.py` and to `embedarchive verify`.",
        "",
        "| lists of the bag | flips | found by both | both say the same |",
        "|---|---|---|---|",
        f"| as they were | {plain[0]} | {plain[1]} | {plain[2]} |",
        f"| made to fit the change | {listed[0]} | {listed[1]} | {listed[2]} |",
        "",
        f"The pack of {done.files} files and {done.bytes:,} bytes was made in {made_s:.2f} s and checked in {checked_s:.3f} s.",
        "",
        f"    {json.dumps(says)}",
    ]
    print("\n".join(lines))
    if chosen.log:
        RESULTS.write_text("\n".join(lines) + "\n", "utf-8")
    print(json.dumps(says))


if __name__ == "__main__":
    main()
